/* Arrays: changed and joined. */
#include "sqlite/fn_array.h"

#include <limits.h>

static bool is_null(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_NULL;
}

static uint32_t oid_of(sqlite3_value *v)
{
	return (uint32_t)sqlite3_value_int64(v);
}

/* The array argument `v` (NULL reads as empty) of an array type. */
static int read_array(FnEnv *env, uint32_t array_oid, sqlite3_value *v, Arena *a, PgArray *x)
{
	const PgType *elem = fn_array_elem(env, array_oid);
	if (!elem)
		return -1;
	*x = array_of(elem, NULL, 0);
	return is_null(v) ? 0 : fn_array_read(elem, fn_arg_str(v), a, x, &env->error);
}

/* One more item at an end of an empty or one-dimensional array; the lower bound stays. */
static void add_item(sqlite3_context *ctx, uint32_t array_oid, sqlite3_value *array, sqlite3_value *item, bool in_front)
{
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (read_array(env, array_oid, array, a, &x)) {
		fn_fail(ctx);
		return;
	}
	if (x.ndim > 1) {
		fn_raise(ctx, "22000", "argument must be empty or one-dimensional array");
		return;
	}
	int lower = x.ndim ? x.lower[0] : 1;
	if (in_front ? lower == INT_MIN : (int64_t)lower + (int64_t)x.n > INT_MAX) {
		fn_raise(ctx, "22003", "integer out of range");
		return;
	}
	Val *items = arena_array(a, Val, x.n + 1);
	if (x.n)
		memcpy(items + in_front, x.items, x.n * sizeof *items);
	items[in_front ? 0 : x.n] = fn_arg(item);
	x = array_of(x.elem, items, x.n + 1);
	x.lower[0] = lower;
	fn_array_result(ctx, &x, a);
}

static void f_array_append(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	add_item(ctx, oid_of(argv[0]), argv[2], argv[3], false);
}

static void f_array_prepend(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	add_item(ctx, oid_of(argv[1]), argv[3], argv[2], true);
}

static int incompatible(Error *err, const char *detail)
{
	err_set(err, "2202E", "cannot concatenate incompatible arrays");
	return err_detail(err, "%s", detail);
}

/* Dimensions of x || y, neither empty. */
static int joined_shape(const PgArray *x, const PgArray *y, PgArray *r, Error *err)
{
	const PgArray *big = x->ndim >= y->ndim ? x : y;
	if (abs(x->ndim - y->ndim) > 1) {
		err_set(err, "2202E", "cannot concatenate incompatible arrays");
		return err_detail(err, "Arrays of %d and %d dimensions are not compatible for concatenation.", x->ndim, y->ndim);
	}
	*r = (PgArray){ .elem = x->elem, .ndim = big->ndim };
	memcpy(r->dims, big->dims, sizeof r->dims);
	memcpy(r->lower, big->lower, sizeof r->lower);
	if (x->ndim == y->ndim) {
		if (!fn_array_same_shape(x, 1, y, 0))
			return incompatible(err, "Arrays with differing element dimensions are not compatible for concatenation.");
		r->dims[0] = x->dims[0] + y->dims[0];
	} else {
		if (!fn_array_same_shape(big == x ? y : x, 0, big, 1))
			return incompatible(err, "Arrays with differing dimensions are not compatible for concatenation.");
		r->dims[0]++;
	}
	r->n = x->n + y->n;
	if (r->n > ARRAY_MAX_ITEMS)
		return err_set(err, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
	return 0;
}

static void f_array_cat(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (is_null(argv[2]) || is_null(argv[3])) {
		sqlite3_result_value(ctx, argv[is_null(argv[2]) ? 3 : 2]);
		return;
	}
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x, y, r;
	if (read_array(env, oid_of(argv[0]), argv[2], a, &x) || read_array(env, oid_of(argv[0]), argv[3], a, &y)) {
		fn_fail(ctx);
	} else if (x.ndim == 0 || y.ndim == 0) {
		sqlite3_result_value(ctx, argv[x.ndim == 0 && y.ndim ? 3 : 2]);
	} else if (joined_shape(&x, &y, &r, &env->error)) {
		fn_fail(ctx);
	} else {
		r.items = arena_array(a, Val, r.n);
		memcpy(r.items, x.items, x.n * sizeof *r.items);
		memcpy(r.items + x.n, y.items, y.n * sizeof *r.items);
		fn_array_result(ctx, &r, a);
	}
}

static bool items_equal(const PgType *elem, const Val *x, const Val *y)
{
	if (x->kind == VAL_NULL || y->kind == VAL_NULL)
		return x->kind == y->kind;
	return type_compare(elem, x, y) == 0;
}

static void f_array_remove(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (is_null(argv[2]))
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (read_array(fn_env(ctx), oid_of(argv[0]), argv[2], a, &x)) {
		fn_fail(ctx);
		return;
	}
	if (x.ndim > 1) {
		fn_raise(ctx, "0A000", "removing elements from multidimensional arrays is not supported");
		return;
	}
	Val item = fn_arg(argv[3]);
	size_t kept = 0;
	for (size_t i = 0; i < x.n; i++)
		if (!items_equal(x.elem, &x.items[i], &item))
			x.items[kept++] = x.items[i];
	int lower = x.lower[0];
	x = array_of(x.elem, x.items, kept);
	x.lower[0] = lower;
	fn_array_result(ctx, &x, a);
}

static void f_array_replace(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (is_null(argv[3]))
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (read_array(fn_env(ctx), oid_of(argv[0]), argv[3], a, &x)) {
		fn_fail(ctx);
		return;
	}
	Val from = fn_arg(argv[4]), to = fn_arg(argv[5]);
	for (size_t i = 0; i < x.n; i++)
		if (items_equal(x.elem, &x.items[i], &from))
			x.items[i] = to;
	fn_array_result(ctx, &x, a);
}

/* trim_array(array, n): without the last n items of its first dimension; bounds start at 1 again. */
static void f_trim_array(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (read_array(fn_env(ctx), oid_of(argv[0]), argv[2], a, &x)) {
		fn_fail(ctx);
		return;
	}
	int64_t n = sqlite3_value_int64(argv[3]);
	int length = x.ndim ? x.dims[0] : 0;
	if (n < 0 || n > length) {
		fn_raise(ctx, "2202E", "number of elements to trim must be between 0 and %d", length);
		return;
	}
	if (n == length) {
		x = array_of(x.elem, NULL, 0);
	} else {
		x.n = x.n / (size_t)length * (size_t)(length - n);
		x.dims[0] = length - (int)n;
		for (int i = 0; i < x.ndim; i++)
			x.lower[i] = 1;
	}
	fn_array_result(ctx, &x, a);
}

static int bad_subscripts(Error *err, const char *detail)
{
	err_set(err, "2202E", "wrong number of array subscripts");
	return err_detail(err, "%s", detail);
}

/* The dimensions or lower bounds that array_fill is given. */
static int fill_sizes(FnEnv *env, sqlite3_value *v, Arena *a, PgArray *x)
{
	if (is_null(v))
		return err_set(&env->error, "22004", "dimension array or low bound array cannot be null");
	if (fn_array_read(pgtype_builtin(23), fn_arg_str(v), a, x, &env->error))
		return -1;
	if (x->ndim > 1)
		return bad_subscripts(&env->error, "Dimension array must be one dimensional.");
	for (size_t i = 0; i < x->n; i++)
		if (x->items[i].kind == VAL_NULL)
			return err_set(&env->error, "22004", "dimension values cannot be null");
	return 0;
}

/* There are at most ARRAY_MAX_DIMS dimensions. */
static int fill_shape(const PgArray *dims, const PgArray *lower, PgArray *r, Error *err)
{
	if (lower && lower->n != dims->n)
		return bad_subscripts(err, "Low bound array has different size than dimensions array.");
	uint64_t n = 1;
	for (size_t i = 0; i < dims->n; i++) {
		int64_t d = dims->items[i].i;
		if (d < 0 || (n *= (uint64_t)d) > ARRAY_MAX_ITEMS)
			return err_set(err, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
		r->dims[i] = (int)d;
		r->lower[i] = lower ? (int)lower->items[i].i : 1;
	}
	for (size_t i = 0; i < dims->n; i++)
		if ((int64_t)r->lower[i] + r->dims[i] > INT_MAX)
			return err_set(err, "54000", "array lower bound is too large: %d", r->lower[i]);
	r->ndim = dims->n && n ? (int)dims->n : 0;
	r->n = r->ndim ? n : 0;
	return 0;
}

static void fill(sqlite3_context *ctx, int nargs, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray dims, lower, r = { 0 };
	r.elem = fn_type(ctx, oid_of(argv[0]));
	if (!r.elem) {
		fn_raise(ctx, "XX000", "cache lookup failed for type %u", oid_of(argv[0]));
		return;
	}
	sqlite3_value **v = argv + nargs;
	/* A NULL for the bounds is noticed before anything is wrong with the dimensions. */
	if (nargs > 2 && is_null(v[2]) ? fill_sizes(env, v[2], a, &lower) : fill_sizes(env, v[1], a, &dims)) {
		fn_fail(ctx);
		return;
	}
	if (dims.n > ARRAY_MAX_DIMS) {
		fn_raise(ctx, "54000", "number of array dimensions (%zu) exceeds the maximum allowed (%d)", dims.n, ARRAY_MAX_DIMS);
		return;
	}
	if ((nargs > 2 && fill_sizes(env, v[2], a, &lower)) || fill_shape(&dims, nargs > 2 ? &lower : NULL, &r, &env->error)) {
		fn_fail(ctx);
		return;
	}
	r.items = arena_array(a, Val, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		r.items[i] = fn_arg(v[0]);
	fn_array_result(ctx, &r, a);
}

static void f_array_fill(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fill(ctx, 2, argv);
}

static void f_array_fill_with_lower_bounds(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fill(ctx, 3, argv);
}

const SqliteFn fn_table_array_edit[] = {
	{ "array_append", 2, FN_TYPED | FN_IMMUTABLE, f_array_append },
	{ "array_prepend", 2, FN_TYPED | FN_IMMUTABLE, f_array_prepend },
	{ "array_cat", 2, FN_TYPED | FN_IMMUTABLE, f_array_cat },
	{ "array_remove", 2, FN_TYPED | FN_IMMUTABLE, f_array_remove },
	{ "array_replace", 3, FN_TYPED | FN_IMMUTABLE, f_array_replace },
	{ "trim_array", 2, FN_TYPED | FN_STRICT | FN_IMMUTABLE, f_trim_array },
	{ "array_fill", 2, FN_TYPED | FN_IMMUTABLE, f_array_fill },
	{ "array_fill_with_lower_bounds", 3, FN_TYPED | FN_IMMUTABLE, f_array_fill_with_lower_bounds },
	{ NULL },
};
