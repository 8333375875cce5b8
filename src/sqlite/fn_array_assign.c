/* Assignment to elements and slices of arrays: UPDATE ... SET column[...] = value. */
#include "sqlite/fn_array.h"

static int bad_subscript(FnEnv *env, const char *message)
{
	return err_set(&env->error, "2202E", "%s", message);
}

/* The array that is assigned to; NULL is an empty one. */
static int read_target(FnEnv *env, sqlite3_value **argv, Arena *a, PgArray *x)
{
	const PgType *elem = fn_array_elem(env, (uint32_t)sqlite3_value_int64(argv[0]));
	if (!elem)
		return -1;
	*x = (PgArray){ .elem = elem };
	return sqlite3_value_type(argv[1]) == SQLITE_NULL ? 0 : fn_array_read(elem, fn_arg_str(argv[1]), a, x, &env->error);
}

static bool is_open(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_TEXT;
}

static int check_subscripts(FnEnv *env, int n, sqlite3_value **v)
{
	for (int i = 0; i < n; i++)
		if (sqlite3_value_type(v[i]) == SQLITE_NULL)
			return err_set(&env->error, "22004", "array subscript in assignment must not be null");
	return 0;
}

/* Makes a one-dimensional array reach from `lo` to `hi` as well, with NULLs between. */
static int extend(FnEnv *env, PgArray *x, int64_t lo, int64_t hi, Arena *a)
{
	int64_t first = x->lower[0] < lo ? x->lower[0] : lo, end = (int64_t)x->lower[0] + x->dims[0] - 1;
	int64_t last = end > hi ? end : hi, n = last - first + 1;
	if (n > ARRAY_MAX_ITEMS || last >= INT32_MAX)
		return err_set(&env->error, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
	if (n == (int64_t)x->n)
		return 0;
	Val *items = arena_array(a, Val, n);
	for (int64_t i = 0; i < n; i++) {
		int64_t old = i + first - x->lower[0];
		items[i] = old >= 0 && old < (int64_t)x->n ? x->items[old] : val_null();
	}
	x->items = items;
	x->n = (size_t)n;
	x->dims[0] = (int)n;
	x->lower[0] = (int)first;
	return 0;
}

/* An array of which only the bounds are known yet. */
static int create(FnEnv *env, PgArray *x, int ndim, const int64_t *lower, const int64_t *upper, Arena *a)
{
	int64_t n = 1;
	for (int i = 0; i < ndim; i++) {
		int64_t size = upper[i] - lower[i] + 1;
		if (__builtin_mul_overflow(n, size, &n) || n > ARRAY_MAX_ITEMS)
			return err_set(&env->error, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
		x->dims[i] = (int)size;
		x->lower[i] = (int)lower[i];
	}
	x->ndim = ndim;
	x->n = (size_t)n;
	x->items = arena_array(a, Val, n);
	return 0;
}

static int assign_element(FnEnv *env, PgArray *x, int n, sqlite3_value **subs, Val v, Arena *a)
{
	int64_t at[ARRAY_MAX_DIMS];
	for (int i = 0; i < n; i++)
		at[i] = sqlite3_value_int64(subs[i]);
	if (x->ndim == 0) {
		if (create(env, x, n, at, at, a))
			return -1;
	} else if (x->ndim != n) {
		return bad_subscript(env, "wrong number of array subscripts");
	} else if (n == 1 && extend(env, x, at[0], at[0], a)) {
		return -1;
	}
	size_t place = 0;
	for (int i = 0; i < n; i++) {
		int64_t k = at[i] - x->lower[i];
		if (k < 0 || k >= x->dims[i])
			return bad_subscript(env, "array subscript out of range");
		place = place * (size_t)x->dims[i] + (size_t)k;
	}
	x->items[place] = v;
	return 0;
}

/* array_assign(array type, array, value, subscripts...) */
static void element(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	int n = argc - 3;
	if (n < 1 || n > ARRAY_MAX_DIMS || check_subscripts(env, n, argv + 3) || read_target(env, argv, a, &x) ||
	    assign_element(env, &x, n, argv + 3, fn_arg(argv[2]), a))
		fn_fail(ctx);
	else
		fn_array_result(ctx, &x, a);
}

/* The bounds of the slice, those left out from the array itself. */
static int slice_bounds(FnEnv *env, const PgArray *x, int n, sqlite3_value **v, int64_t *lower, int64_t *upper)
{
	int ndim = x->ndim ? x->ndim : n;
	for (int i = 0; i < ndim; i++) {
		bool given_low = i < n && !is_open(v[2 * i]), given_high = i < n && !is_open(v[2 * i + 1]);
		if (x->ndim == 0 && !(given_low && given_high)) {
			bad_subscript(env, "array slice subscript must provide both boundaries");
			return err_detail(&env->error, "When assigning to a slice of an empty array value, slice boundaries must be fully "
						       "specified.");
		}
		lower[i] = given_low ? sqlite3_value_int64(v[2 * i]) : x->lower[i];
		upper[i] = given_high ? sqlite3_value_int64(v[2 * i + 1]) : (int64_t)x->lower[i] + x->dims[i] - 1;
		if (lower[i] > upper[i] && (i < n || x->ndim == 0))
			return bad_subscript(env, "upper bound cannot be less than lower bound");
		if (x->ndim > 1 && (lower[i] < x->lower[i] || upper[i] >= (int64_t)x->lower[i] + x->dims[i]))
			return bad_subscript(env, "array subscript out of range");
	}
	return 0;
}

static int assign_slice(FnEnv *env, PgArray *x, int n, sqlite3_value **v, const PgArray *source, Arena *a)
{
	int64_t lower[ARRAY_MAX_DIMS], upper[ARRAY_MAX_DIMS], at[ARRAY_MAX_DIMS];
	if (x->ndim && x->ndim < n)
		return bad_subscript(env, "wrong number of array subscripts");
	if (slice_bounds(env, x, n, v, lower, upper) || (x->ndim == 0 && create(env, x, n, lower, upper, a)) ||
	    (x->ndim == 1 && extend(env, x, lower[0], upper[0], a)))
		return -1;
	size_t wanted = 1;
	for (int i = 0; i < x->ndim; i++) {
		wanted *= (size_t)(upper[i] - lower[i] + 1);
		at[i] = lower[i];
	}
	if (source->n < wanted)
		return bad_subscript(env, "source array too small");
	for (size_t k = 0; k < wanted; k++) {
		size_t place = 0;
		for (int i = 0; i < x->ndim; i++)
			place = place * (size_t)x->dims[i] + (size_t)(at[i] - x->lower[i]);
		x->items[place] = source->items[k];
		for (int i = x->ndim - 1; i >= 0 && ++at[i] > upper[i]; i--)
			at[i] = lower[i];
	}
	return 0;
}

/* array_assign_slice(array type, array, source, lower and upper bounds in turn; '' = open). A NULL source changes nothing. */
static void slice(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x, source;
	int n = (argc - 3) / 2, rc = n < 1 || n > ARRAY_MAX_DIMS ? -1 : 0;
	if (!rc)
		rc = check_subscripts(env, 2 * n, argv + 3) || read_target(env, argv, a, &x) ? -1 : 0;
	if (!rc && sqlite3_value_type(argv[2]) != SQLITE_NULL)
		rc = fn_array_read(x.elem, fn_arg_str(argv[2]), a, &source, &env->error) || assign_slice(env, &x, n, argv + 3, &source, a)
			     ? -1
			     : 0;
	if (rc)
		fn_fail(ctx);
	else
		fn_array_result(ctx, &x, a);
}

const SqliteFn fn_table_array_assign[] = {
	{ "array_assign", -1, FN_IMMUTABLE, element },
	{ "array_assign_slice", -1, FN_IMMUTABLE, slice },
	{ NULL },
};
