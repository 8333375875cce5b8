/* Values kept within an expression: see fn_let.c. */
#ifndef US_SQLITE_FN_LET_H
#define US_SQLITE_FN_LET_H

#include "sqlite/fn.h"

void fn_let(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void fn_kept(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void fn_kept_free(FnEnv *env);

#endif
