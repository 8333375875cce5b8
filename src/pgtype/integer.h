/* Whole numbers. */
#ifndef US_PGTYPE_INTEGER_H
#define US_PGTYPE_INTEGER_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* Reads a decimal integer, surrounding blanks allowed, that must lie between lo and hi; the errors are PostgreSQL's (22P02, 22003)
 * and name the type as `type_name`. */
int integer_parse(Str text, const char *type_name, int64_t lo, int64_t hi, int64_t *out, Error *err);

#endif
