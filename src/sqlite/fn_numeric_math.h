/* Numbers as arguments and results, and tables of this room that fn.c registers beside those of fn.h; each ends with a NULL name. */
#ifndef US_SQLITE_FN_NUMERIC_MATH_H
#define US_SQLITE_FN_NUMERIC_MATH_H

#include "pgtype/numeric.h"
#include "sqlite/fn.h"

extern const SqliteFn fn_table_numeric_math[];
extern const SqliteAgg agg_table_stat[], agg_table_regr[];

/* A numeric argument, to be cleared by the caller; a numeric result. Stored form both. */
void fn_numeric_arg(sqlite3_value *v, Numeric *n);
void fn_numeric_result(sqlite3_context *ctx, const Numeric *n);

#endif
