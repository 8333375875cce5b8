/* Names of objects as the input functions of regclass and its kin read them. Room-internal; reg_lookup is in expr.h. */
#ifndef US_SQL_REGNAME_H
#define US_SQL_REGNAME_H

#include "sql/expr.h"

/* Splits a possibly quoted, dotted name; unquoted parts are lowered. Returns the number of parts, 0 when malformed. */
size_t reg_split_name(ParseState *ps, Str text, const char **parts, size_t max);
uint32_t reg_schema_oid(ParseState *ps, const char *name); /* 0 when there is none */

/* regname_args.c. Each -1 with PostgreSQL's error when there is no such object. */
int reg_procedure(ParseState *ps, Str text, int location, uint32_t *oid);
int reg_operator(ParseState *ps, Str text, int location, uint32_t *oid);
int reg_operator_named(ParseState *ps, Str text, int location, uint32_t *oid);
int reg_collation(ParseState *ps, Str text, int location, uint32_t *oid);

#endif
