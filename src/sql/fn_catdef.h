/* Inside the sql room: SQL functions that need the analyser and the deparser. */
#ifndef US_SQL_FN_CATDEF_H
#define US_SQL_FN_CATDEF_H

#include "sql/deparse.h"
#include "sqlite/fn.h"

/* The world of the session whose statement runs; false when there is no catalog (a connection outside of a session). */
bool fn_sql_env(sqlite3_context *ctx, SqlEnv *env);
void fn_result_cstr(sqlite3_context *ctx, const char *s); /* NULL: nothing, which is SQL NULL */

/* pg_get_expr and kin; names of objects. For fn_add_table. */
extern const SqliteFn fn_table_catdef[], fn_table_regname[], fn_table_privilege[];

/* fn_partdef.c: "FOR VALUES ..." of a partition; the partition key of a table, or of it only the expressions. NULL when it is none. */
const char *fn_bound_text(const SqlEnv *env, uint32_t oid, Arena *a);
const char *fn_partition_key(const SqlEnv *env, uint32_t oid, bool strategy, Arena *a);
extern const SqliteFn fn_table_partdef[];

/* fn_progdef.c: of a function of the user; the result is NULL for procedures. */
const char *function_arguments(const SqlEnv *env, const CatFunction *f, bool identity, Arena *a);
const char *function_result(const SqlEnv *env, const CatFunction *f, Arena *a);
extern const SqliteFn fn_table_progdef[], fn_table_updatable[];

#endif
