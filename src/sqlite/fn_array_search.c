/* Arrays: searched, compared as sets, and to and from text. */
#include "sqlite/fn_array.h"

static bool is_null(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_NULL;
}

static uint32_t oid_of(sqlite3_value *v)
{
	return (uint32_t)sqlite3_value_int64(v);
}

/* False when an error was raised. */
static bool read_array(sqlite3_context *ctx, sqlite3_value *type, sqlite3_value *v, Arena *a, PgArray *x)
{
	FnEnv *env = fn_env(ctx);
	const PgType *elem = fn_array_elem(env, oid_of(type));
	if (elem && fn_array_read(elem, fn_arg_str(v), a, x, &env->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

static bool items_equal(const PgType *elem, const Val *x, const Val *y)
{
	if (x->kind == VAL_NULL || y->kind == VAL_NULL)
		return x->kind == y->kind;
	return type_compare(elem, x, y) == 0;
}

static bool read_searched(sqlite3_context *ctx, sqlite3_value *type, sqlite3_value *v, Arena *a, PgArray *x)
{
	if (is_null(v) || !read_array(ctx, type, v, a, x))
		return false;
	if (x->ndim > 1)
		fn_raise(ctx, "0A000", "searching for elements in multidimensional arrays is not supported");
	return x->ndim <= 1;
}

/* Types of the n arguments come first. `start` NULL searches from the beginning. */
static void position(sqlite3_context *ctx, sqlite3_value *type, sqlite3_value **v, sqlite3_value *start)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (!read_searched(ctx, type, v[0], a, &x) || x.ndim == 0)
		return;
	bool has_null = false;
	for (size_t i = 0; i < x.n; i++)
		has_null |= x.items[i].kind == VAL_NULL;
	if (is_null(v[1]) && !has_null)
		return;
	if (start && is_null(start)) {
		fn_raise(ctx, "22004", "initial position must not be null");
		return;
	}
	int64_t from = start ? sqlite3_value_int64(start) : x.lower[0];
	Val item = fn_arg(v[1]);
	for (size_t i = 0; i < x.n; i++) {
		int64_t at = x.lower[0] + (int64_t)i;
		if (at >= from && items_equal(x.elem, &x.items[i], &item)) {
			sqlite3_result_int64(ctx, at);
			return;
		}
	}
}

static void f_array_position(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	position(ctx, argv[0], argv + 2, NULL);
}

static void f_array_position_start(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	position(ctx, argv[0], argv + 3, argv[5]);
}

static void f_array_positions(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (!read_searched(ctx, argv[0], argv[2], a, &x))
		return;
	Val item = fn_arg(argv[3]);
	Val *found = arena_array(a, Val, x.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < x.n; i++)
		if (items_equal(x.elem, &x.items[i], &item))
			found[n++] = val_int(x.lower[0] + (int64_t)i);
	PgArray r = array_of(pgtype_builtin(23), found, n);
	fn_array_result(ctx, &r, a);
}

/* A NULL item is equal to nothing here. */
static bool contains_item(const PgArray *x, const Val *item)
{
	for (size_t i = 0; item->kind != VAL_NULL && i < x->n; i++)
		if (x->items[i].kind != VAL_NULL && type_compare(x->elem, &x->items[i], item) == 0)
			return true;
	return false;
}

/* array_holds(array type, array, x): x = ANY (array) */
static void f_array_holds(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (is_null(argv[1]) || !read_array(ctx, argv[0], argv[1], a, &x))
		return;
	Val item = fn_arg(argv[2]);
	bool unknown = item.kind == VAL_NULL && x.n > 0;
	if (contains_item(&x, &item)) {
		sqlite3_result_int(ctx, 1);
		return;
	}
	for (size_t i = 0; i < x.n; i++)
		unknown |= x.items[i].kind == VAL_NULL;
	if (!unknown)
		sqlite3_result_int(ctx, 0);
}

/* How many items of y occur in x. */
static void contains(sqlite3_context *ctx, sqlite3_value **argv, int outer, int inner, bool all)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x, y;
	if (!read_array(ctx, argv[0], argv[outer], a, &x) || !read_array(ctx, argv[0], argv[inner], a, &y))
		return;
	for (size_t i = 0; i < y.n; i++) {
		if (contains_item(&x, &y.items[i]) != all) {
			sqlite3_result_int(ctx, !all);
			return;
		}
	}
	sqlite3_result_int(ctx, all);
}

static void f_arraycontains(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	contains(ctx, argv, 2, 3, true);
}

static void f_arraycontained(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	contains(ctx, argv, 3, 2, true);
}

static void f_arrayoverlap(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	contains(ctx, argv, 2, 3, false);
}

const SqliteFn fn_table_array_search[] = {
	{ "array_holds", 3, FN_IMMUTABLE, f_array_holds },
	{ "array_position", 2, FN_TYPED | FN_IMMUTABLE, f_array_position },
	{ "array_position_start", 3, FN_TYPED | FN_IMMUTABLE, f_array_position_start },
	{ "array_positions", 2, FN_TYPED | FN_IMMUTABLE, f_array_positions },
	{ "arraycontains", 2, FN_TYPED | FN_STRICT | FN_IMMUTABLE, f_arraycontains },
	{ "arraycontained", 2, FN_TYPED | FN_STRICT | FN_IMMUTABLE, f_arraycontained },
	{ "arrayoverlap", 2, FN_TYPED | FN_STRICT | FN_IMMUTABLE, f_arrayoverlap },
	{ NULL },
};
