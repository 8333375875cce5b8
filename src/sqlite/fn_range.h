/* What the functions and aggregates of ranges share. Room-internal. */
#ifndef US_SQLITE_FN_RANGE_H
#define US_SQLITE_FN_RANGE_H

#include "pgtype/range.h"
#include "sqlite/fn.h"

/* An argument of a range or multirange type, in `a`. -1 after it has failed the statement. */
int fn_ranges_arg(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, Arena *a, PgRanges *out);
const RangeType *fn_range_type(sqlite3_context *ctx, uint32_t type); /* NULL when it is no range or multirange */
void fn_ranges_result(sqlite3_context *ctx, const RangeType *k, bool multi, const PgRanges *x);

typedef void RangesRule(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out);

#endif
