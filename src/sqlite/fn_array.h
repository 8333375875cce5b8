/* Shared by the array functions of this room. */
#ifndef US_SQLITE_FN_ARRAY_H
#define US_SQLITE_FN_ARRAY_H

#include "pgtype/array.h"
#include "sqlite/fn.h"

/* A stored array, int2vector or oidvector (numbers with blanks between, lower bound 0). */
int fn_array_read(const PgType *elem, Str stored, Arena *a, PgArray *out, Error *err);
/* The type with this OID as seen by a connection, or NULL. */
const PgType *fn_env_type(const FnEnv *env, uint32_t oid);
/* The element type of an array type (or of int2vector, oidvector). NULL with env->error filled. */
const PgType *fn_array_elem(FnEnv *env, uint32_t array_oid);
/* The array as a result; items stay in `a`. */
void fn_array_result(sqlite3_context *ctx, const PgArray *x, Arena *a);
/* Shapes: whether dimensions from..ndim-1 of x equal those of y shifted by `shift`, bounds included. */
bool fn_array_same_shape(const PgArray *x, int from, const PgArray *y, int shift);

/* Parts of fn_table_array, one per file; each ends with a NULL name and is registered by fn.c. */
extern const SqliteFn fn_table_array_edit[], fn_table_array_search[], fn_table_array_text[], fn_table_array_assign[], fn_table_variadic[];

#endif
