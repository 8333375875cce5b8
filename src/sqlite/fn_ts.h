/* What the functions of full-text search share. Room-internal. */
#ifndef US_SQLITE_FN_TS_H
#define US_SQLITE_FN_TS_H

#include "pgtype/ts_make.h"
#include "sqlite/fn.h"

#define TS_FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
#define TS_ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

/* Arguments; false after failing the statement. */
bool ts_arg_vector(sqlite3_context *ctx, sqlite3_value *v, Arena *a, TsVector *out);
bool ts_arg_query(sqlite3_context *ctx, sqlite3_value *v, Arena *a, TsNode **out);
/* The configuration with an OID, or the default one when v is NULL. */
bool ts_arg_config(sqlite3_context *ctx, sqlite3_value *v, TsConfig *out);

void ts_result_vector(sqlite3_context *ctx, const TsVector *v);
void ts_result_query(sqlite3_context *ctx, const TsNode *q);
void ts_result_buf(sqlite3_context *ctx, const Buf *b);

#endif
