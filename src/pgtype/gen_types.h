/* The generated table behind pgtype_builtin: rows ascend by OID. */
#ifndef US_PGTYPE_GEN_TYPES_H
#define US_PGTYPE_GEN_TYPES_H

#include "pgtype/pgtype.h"

extern const PgType gen_types[];
extern const size_t gen_types_count;

#endif
