/* Tables of this room that fn.c registers beside those of fn.h; each ends with a NULL name. */
#ifndef US_SQLITE_FN_NUMERIC_MATH_H
#define US_SQLITE_FN_NUMERIC_MATH_H

#include "sqlite/fn.h"

extern const SqliteFn fn_table_numeric_math[];
extern const SqliteAgg agg_table_stat[], agg_table_regr[];

#endif
