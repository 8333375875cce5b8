/* What the files of the json functions share. */
#ifndef US_SQLITE_FN_JSON_H
#define US_SQLITE_FN_JSON_H

#include "pgtype/json.h"
#include "sqlite/fn.h"

/* A text[] argument in stored form; NULL elements have p == NULL. Returns the count, or -1 after failing the statement. */
int jf_text_array(sqlite3_context *ctx, sqlite3_value *v, Arena *a, Str **out);
/* A json or jsonb argument; NULL after failing the statement. */
Json *jf_arg(sqlite3_context *ctx, sqlite3_value *v, bool canonical, Arena *a);
/* Prints and returns a jsonb. */
void jf_result(sqlite3_context *ctx, const Json *j);
void jf_result_str(sqlite3_context *ctx, Str s);
/* What ->> and its kin give: unquoted strings, SQL NULL for null. `canonical` prints jsonb, otherwise the text as written. */
void jf_result_text(sqlite3_context *ctx, const Json *j, bool canonical);
/* A member of a document: its text as written or canonical, or unquoted as jf_result_text does. */
void jf_result_value(sqlite3_context *ctx, const Json *j, bool canonical, bool as_text);
/* An array index written as text; false when it is none. */
bool jf_index(Str s, int64_t *out);
/* Appends a stored value of a PostgreSQL type as JSON. -1 with env->error filled. */
int jf_put_typed(sqlite3_context *ctx, uint32_t oid, sqlite3_value *v, bool is_key, Buf *out);
int jf_put_val(sqlite3_context *ctx, uint32_t oid, const Val *v, bool is_key, Buf *out);
/* fn_json_array.c: a stored array; `lines` puts each element of the outer level on a line of its own. */
int jf_put_array(sqlite3_context *ctx, const PgType *elem, Str stored, bool lines, Buf *out);

#define JF(name) void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
/* fn_json_edit.c */
JF(jf_concat);
JF(jf_delete);
JF(jf_delete_idx);
JF(jf_delete_array);
JF(jf_delete_path);
JF(jf_set);
JF(jf_insert);
JF(jf_set_null); /* jsonb_set with JSON's null as the value */
JF(jf_strip_nulls);
JF(jf_strip_nulls_b);
/* fn_json_build.c */
JF(jf_to_json);
JF(jf_to_jsonb);
JF(jf_row_to_json);
JF(jf_row_to_json_pretty);
JF(jf_build_array);
JF(jf_build_arrayb);
JF(jf_build_object);
JF(jf_build_objectb);

/* vtab_json.c: registers pg_json_each and its kin on a connection; `env` must outlive it. Returns SQLite's code. */
int vtab_json_register(sqlite3 *db, FnEnv *env);

#endif
