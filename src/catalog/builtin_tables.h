/* The generated tables behind builtin.h. Only builtin.c and the gen_*.c files include this. */
#ifndef US_CATALOG_BUILTIN_TABLES_H
#define US_CATALOG_BUILTIN_TABLES_H

#include "catalog/builtin.h"

/* Sorted by name (strcmp), then OID; *_oid_order are indexes into the table in ascending order of OID. */
extern const PgProc pgproc_table[];
extern const size_t pgproc_count;
extern const uint16_t pgproc_oid_order[];
extern const PgOperator pgoperator_table[];
extern const size_t pgoperator_count;
extern const uint16_t pgoperator_oid_order[];

/* Sorted by source, then target. */
extern const PgCast pgcast_table[];
extern const size_t pgcast_count;

/* Sorted by OID of the function. */
extern const PgAggregate pgaggregate_table[];
extern const size_t pgaggregate_count;

/* Sorted by name. */
extern const PgCatRel pgcatrel_table[];
extern const size_t pgcatrel_count;

extern const PgCatRows pgcatrows_table[];
extern const size_t pgcatrows_count;

#endif
