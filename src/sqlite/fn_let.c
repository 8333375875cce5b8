/*
 * pg_let(n, value) keeps a value, pg_kept(n) gives it: how parts of an expression that nests too deeply for SQLite's parser are computed
 * before it (sql/emit_flat.c). The two stand in one expression and the numbers are unique in a statement, so nothing comes between.
 */
#include "sqlite/fn_let.h"

enum { MAX_KEPT = 1000000 };

void fn_let(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	sqlite3_int64 at = sqlite3_value_int64(argv[0]);
	if (at < 0 || at >= MAX_KEPT) {
		fn_raise(ctx, "54001", "stack depth limit exceeded");
		return;
	}
	if ((size_t)at >= env->nkept) {
		size_t n = (size_t)at * 2 + 16;
		env->kept = mem_realloc(env->kept, n * sizeof(sqlite3_value *));
		memset(env->kept + env->nkept, 0, (n - env->nkept) * sizeof(sqlite3_value *));
		env->nkept = n;
	}
	sqlite3_value_free(env->kept[at]);
	env->kept[at] = sqlite3_value_dup(argv[1]);
	sqlite3_result_int(ctx, 0);
}

void fn_kept(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	sqlite3_int64 at = sqlite3_value_int64(argv[0]);
	if (at >= 0 && (size_t)at < env->nkept && env->kept[at])
		sqlite3_result_value(ctx, env->kept[at]);
}

void fn_kept_free(FnEnv *env)
{
	for (size_t i = 0; i < env->nkept; i++)
		sqlite3_value_free(env->kept[i]);
	free(env->kept);
	env->kept = NULL;
	env->nkept = 0;
}
