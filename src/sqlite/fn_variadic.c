/* Calls f(..., VARIADIC array) of functions that take any number of arguments of any type. */
#include "sqlite/db.h"
#include "sqlite/fn_array.h"

typedef struct Elements { /* the arguments that the array stands for */
	sqlite3_value **items;
	size_t n;
} Elements;

static void end_statement(void *p)
{
	sqlite3_finalize(p);
}

/* SQLite makes values only as results of statements: this one gives back what is bound to it. */
static sqlite3_stmt *echo_statement(sqlite3_context *ctx)
{
	sqlite3_stmt *st = sqlite3_get_auxdata(ctx, 0);
	if (st)
		return st;
	sqlite3 *db = sqlite3_context_db_handle(ctx);
	if (sqlite3_prepare_v2(db, "SELECT ?1", -1, &st, NULL) != SQLITE_OK) {
		fn_raise(ctx, "XX000", "%s", sqlite3_errmsg(db));
		return NULL;
	}
	sqlite3_set_auxdata(ctx, 0, st, end_statement);
	return sqlite3_get_auxdata(ctx, 0);
}

static sqlite3_value *echo(sqlite3_stmt *st, const Val *v)
{
	db_bind(st, 1, v);
	sqlite3_value *copy = sqlite3_step(st) == SQLITE_ROW ? sqlite3_value_dup(sqlite3_column_value(st, 0)) : NULL;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return copy;
}

static int read_elements(sqlite3_context *ctx, const PgArray *x, Arena *a, Elements *out)
{
	sqlite3_stmt *st = x->n ? echo_statement(ctx) : NULL;
	if (x->n && !st)
		return -1;
	out->items = arena_array(a, sqlite3_value *, x->n + 1);
	for (; out->n < x->n; out->n++)
		if (!(out->items[out->n] = echo(st, &x->items[out->n]))) {
			fn_raise(ctx, "53200", "out of memory");
			return -1;
		}
	return 0;
}

/* The call with `fixed` arguments before those of the array: all types, then all values. */
static void call_with(sqlite3_context *ctx, const SqliteFn *fn, size_t fixed, sqlite3_value **types, sqlite3_value **args,
		      sqlite3_value *elem, const Elements *e, Arena *a)
{
	size_t n = fixed + e->n;
	sqlite3_value **v = arena_array(a, sqlite3_value *, 2 * n + 1);
	for (size_t i = 0; i < fixed; i++) {
		v[i] = types[i];
		v[n + i] = args[i];
	}
	for (size_t i = 0; i < e->n; i++) {
		v[fixed + i] = elem;
		v[n + fixed + i] = e->items[i];
	}
	bool typed = fn->flags & FN_TYPED;
	fn->fn(ctx, (int)(typed ? 2 * n : n), typed ? v : v + n);
}

/* pg_variadic(function, element type of the array, types of the other arguments..., array, other arguments...) */
static void variadic(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	const char *name = (const char *)sqlite3_value_text(argv[0]);
	const SqliteFn *fn = fn_find(name);
	size_t half = (size_t)(argc - 1) / 2, fixed = half - 1;
	sqlite3_value **types = argv + 2, **args = argv + 2 + half;
	bool null = sqlite3_value_type(args[-1]) == SQLITE_NULL;
	if (null && !streq(name, "text_format")) /* format takes it for an array without elements */
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	const PgType *elem = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[1]));
	PgArray x = { 0 };
	if (!elem || (!null && fn_array_read(elem, fn_arg_str(args[-1]), a, &x, &env->error))) {
		fn_fail(ctx);
		return;
	}
	Elements e = { 0 };
	if (read_elements(ctx, &x, a, &e) == 0)
		call_with(ctx, fn, fixed, types, args, argv[1], &e, a);
	for (size_t i = 0; i < e.n; i++)
		sqlite3_value_free(e.items[i]);
}

const SqliteFn fn_table_variadic[] = {
	{ "variadic", -1, 0, variadic },
	{ NULL },
};
