/* Row values in SQLite functions. The emitter calls, beside PostgreSQL's own functions over records:
 *   pg_row('R2;23,-1,1:a...', v, ...)    a record of these columns
 *   pg_composite(type, v, ...)           a value of a named type
 *   pg_field(type, row, i)               column i, from 0, of a row
 *   pg_row_null(type, row, negated)      row IS [NOT] NULL: whether all columns are (not) null
 *   pg_to_row(type, record)              a record as a value of a named type, for columns that are stored alike
 */
#ifndef US_SQLITE_FN_ROW_H
#define US_SQLITE_FN_ROW_H

#include "pgtype/row.h"
#include "sqlite/fn.h"

/* -1 with env->error filled. */
int fn_row_read(FnEnv *env, uint32_t type, Str stored, Arena *a, PgRow *out);

/* The columns in front of a record, and a row type; NULL when there is none. */
int fn_row_columns(FnEnv *env, Str columns, Arena *a, PgRow *out);
const PgType *fn_row_type(FnEnv *env, uint32_t oid);

extern const SqliteFn fn_table_row[], fn_table_json_row[];

#endif
