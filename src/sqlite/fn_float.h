/* Shared by the floating point functions of this room. */
#ifndef US_SQLITE_FN_FLOAT_H
#define US_SQLITE_FN_FLOAT_H

#include "pgtype/floats.h"
#include "sqlite/fn.h"

double fn_float_arg(sqlite3_value *v);
void fn_float_result(sqlite3_context *ctx, double r);
/* 22003 with PostgreSQL's words. */
void fn_float_overflow(sqlite3_context *ctx);
void fn_float_underflow(sqlite3_context *ctx);
/* The result, unless it became infinite or zero without leave. */
void fn_float_checked(sqlite3_context *ctx, double r, bool may_be_infinite, bool may_be_zero);

/* Trigonometry (fn_float_trig.c), registered by fn.c; ends with a NULL name. */
extern const SqliteFn fn_table_float_trig[];

#endif
