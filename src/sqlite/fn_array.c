/* Arrays: made, taken apart, measured, compared. */
#include "sqlite/fn_array.h"

#include <limits.h>
#include <stdio.h>

const PgType *fn_env_type(const FnEnv *env, uint32_t oid)
{
	const PgType *t = pgtype_builtin(oid);
	return t || !env->type_lookup ? t : env->type_lookup(env->catalog, oid);
}

const PgType *fn_array_elem(FnEnv *env, uint32_t array_oid)
{
	const PgType *t = fn_env_type(env, array_oid);
	const PgType *elem = t ? t->elem : NULL;
	if (t && !elem && t->elem_oid)
		elem = fn_env_type(env, t->elem_oid);
	if (!elem)
		err_set(&env->error, "XX000", "cache lookup failed for the elements of type %u", array_oid);
	return elem;
}

/* Turns the blanks of int2vector and oidvector into an array literal. */
static Str vector_literal(Str s, Arena *a)
{
	char *text = arena_alloc(a, s.n + 3);
	text[0] = '{';
	for (size_t i = 0; i < s.n; i++)
		text[i + 1] = s.p[i] == ' ' ? ',' : s.p[i];
	text[s.n + 1] = '}';
	return (Str){ text, s.n + 2 };
}

int fn_array_read(const PgType *elem, Str stored, Arena *a, PgArray *out, Error *err)
{
	if (stored.n && (stored.p[0] == '{' || stored.p[0] == '['))
		return array_read(elem, stored, a, out, err);
	if (array_read(elem, vector_literal(str_trim(stored), a), a, out, err))
		return -1;
	out->lower[0] = 0;
	return 0;
}

void fn_array_result(sqlite3_context *ctx, const PgArray *x, Arena *a)
{
	Val v = array_val(x, a);
	fn_result(ctx, &v);
}

bool fn_array_same_shape(const PgArray *x, int from, const PgArray *y, int shift)
{
	for (int i = from; i < x->ndim; i++)
		if (x->dims[i] != y->dims[i + shift] || x->lower[i] != y->lower[i + shift])
			return false;
	return true;
}

static bool is_null(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_NULL;
}

/* array_make(element type, items...) */
static void array_make(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	uint32_t oid = argc > 0 ? (uint32_t)sqlite3_value_int64(argv[0]) : 0;
	const PgType *elem = fn_env_type(env, oid);
	if (!elem) {
		fn_raise(ctx, "XX000", "cache lookup failed for type %u", oid);
		return;
	}
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val *items = arena_array(a, Val, argc);
	for (int i = 1; i < argc; i++)
		items[i - 1] = fn_arg(argv[i]);
	PgArray x = array_of(elem, items, (size_t)argc - 1);
	fn_array_result(ctx, &x, a);
}

/* Stacks equally shaped arrays; -1 when they differ. NULL and empty arrays are allowed only when all are. */
static int stack_arrays(sqlite3_context *ctx, const PgType *elem, int argc, sqlite3_value **argv, Arena *a, PgArray *out)
{
	Error *err = &fn_env(ctx)->error;
	PgArray *parts = arena_array(a, PgArray, argc);
	int n = 0;
	bool empty = false;
	for (int i = 0; i < argc; i++) {
		if (!is_null(argv[i]) && fn_array_read(elem, fn_arg_str(argv[i]), a, &parts[n], err))
			return -1;
		if (is_null(argv[i]) || parts[n].ndim == 0)
			empty = true;
		else
			n++;
	}
	*out = array_of(elem, NULL, 0);
	if (n == 0)
		return 0;
	bool fits = !empty;
	for (int i = 1; fits && i < n; i++)
		fits = parts[i].ndim == parts[0].ndim && fn_array_same_shape(&parts[i], 0, &parts[0], 0);
	if (!fits)
		return err_set(err, "2202E", "multidimensional arrays must have array expressions with matching dimensions");
	if (parts[0].ndim >= ARRAY_MAX_DIMS)
		return err_set(err, "54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", parts[0].ndim + 1,
			       ARRAY_MAX_DIMS);
	out->ndim = parts[0].ndim + 1;
	out->dims[0] = n;
	out->lower[0] = 1;
	memcpy(out->dims + 1, parts[0].dims, sizeof(int) * (size_t)parts[0].ndim);
	memcpy(out->lower + 1, parts[0].lower, sizeof(int) * (size_t)parts[0].ndim);
	out->n = parts[0].n * (size_t)n;
	out->items = arena_array(a, Val, out->n);
	for (int i = 0; i < n; i++)
		memcpy(out->items + (size_t)i * parts[0].n, parts[i].items, parts[0].n * sizeof(Val));
	return 0;
}

/* array_make_md(element type, arrays...) */
static void array_make_md(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	uint32_t oid = argc > 0 ? (uint32_t)sqlite3_value_int64(argv[0]) : 0;
	const PgType *elem = fn_env_type(fn_env(ctx), oid);
	if (!elem) {
		fn_raise(ctx, "XX000", "cache lookup failed for type %u", oid);
		return;
	}
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (stack_arrays(ctx, elem, argc - 1, argv + 1, a, &x))
		fn_fail(ctx);
	else
		fn_array_result(ctx, &x, a);
}

/* Reads the array of (array type, array, subscripts...); false when the result is NULL or an error. */
static bool read_subscripted(sqlite3_context *ctx, int argc, sqlite3_value **argv, Arena *a, PgArray *x)
{
	for (int i = 1; i < argc; i++)
		if (is_null(argv[i]))
			return false;
	if (argc < 3)
		return false;
	FnEnv *env = fn_env(ctx);
	const PgType *elem = fn_array_elem(env, (uint32_t)sqlite3_value_int64(argv[0]));
	if (elem && fn_array_read(elem, fn_arg_str(argv[1]), a, x, &env->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

/* array_get(array type, array, subscripts...): NULL outside the bounds and for a wrong number of subscripts. */
static void array_get(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (!read_subscripted(ctx, argc, argv, a, &x) || x.ndim != argc - 2 || x.ndim == 0)
		return;
	size_t at = 0;
	for (int i = 0; i < x.ndim; i++) {
		int64_t k = sqlite3_value_int64(argv[i + 2]) - x.lower[i];
		if (k < 0 || k >= x.dims[i])
			return;
		at = at * (size_t)x.dims[i] + (size_t)k;
	}
	fn_result(ctx, &x.items[at]);
}

/* Copies the part of `x` that starts at `from` (0-based, per dimension) and has the dimensions of `out`. */
static void copy_part(const PgArray *x, const int *from, PgArray *out, Arena *a)
{
	out->n = 1;
	for (int i = 0; i < out->ndim; i++)
		out->n *= (size_t)out->dims[i];
	out->items = arena_array(a, Val, out->n);
	int at[ARRAY_MAX_DIMS] = { 0 };
	for (size_t k = 0; k < out->n; k++) {
		size_t source = 0;
		for (int i = 0; i < x->ndim; i++)
			source = source * (size_t)x->dims[i] + (size_t)(from[i] + at[i]);
		out->items[k] = x->items[source];
		for (int i = x->ndim - 1; i >= 0 && ++at[i] == out->dims[i]; i--)
			at[i] = 0;
	}
}

static bool is_open(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_TEXT;
}

/* array_slice(array type, array, lower and upper bounds in turn; '' = open). Dimensions without bounds are taken whole. */
static void array_slice(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (!read_subscripted(ctx, argc, argv, a, &x))
		return;
	PgArray out = { .elem = x.elem, .ndim = x.ndim };
	int from[ARRAY_MAX_DIMS] = { 0 };
	bool empty = (argc - 2) / 2 > x.ndim || x.ndim == 0;
	for (int i = 0; !empty && i < x.ndim; i++) {
		int64_t lo = x.lower[i], hi = lo + x.dims[i] - 1;
		int k = 2 + i * 2;
		if (k + 1 < argc && !is_open(argv[k]) && sqlite3_value_int64(argv[k]) > lo)
			lo = sqlite3_value_int64(argv[k]);
		if (k + 1 < argc && !is_open(argv[k + 1]) && sqlite3_value_int64(argv[k + 1]) < hi)
			hi = sqlite3_value_int64(argv[k + 1]);
		empty = lo > hi;
		from[i] = (int)(lo - x.lower[i]);
		out.dims[i] = (int)(hi - lo + 1);
		out.lower[i] = 1;
	}
	if (empty)
		out = array_of(x.elem, NULL, 0);
	else
		copy_part(&x, from, &out, a);
	fn_array_result(ctx, &out, a);
}

/* Dimensions do not depend on the element type: everything reads as text. */
static bool read_shape(sqlite3_context *ctx, sqlite3_value *v, Arena *a, PgArray *x)
{
	if (fn_array_read(pgtype_builtin(25), fn_arg_str(v), a, x, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

typedef enum { SHAPE_LENGTH, SHAPE_LOWER, SHAPE_UPPER } ShapePart;

static void shape_of_dimension(sqlite3_context *ctx, sqlite3_value **argv, ShapePart part)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	int64_t dim = sqlite3_value_int64(argv[1]);
	if (!read_shape(ctx, argv[0], a, &x) || dim < 1 || dim > x.ndim)
		return;
	int lower = x.lower[dim - 1], n = x.dims[dim - 1];
	sqlite3_result_int64(ctx, part == SHAPE_LENGTH ? n : part == SHAPE_LOWER ? lower : (int64_t)lower + n - 1);
}

static void f_array_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shape_of_dimension(ctx, argv, SHAPE_LENGTH);
}

static void f_array_lower(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shape_of_dimension(ctx, argv, SHAPE_LOWER);
}

static void f_array_upper(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shape_of_dimension(ctx, argv, SHAPE_UPPER);
}

static void f_array_ndims(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (read_shape(ctx, argv[0], a, &x) && x.ndim)
		sqlite3_result_int(ctx, x.ndim);
}

static void f_array_cardinality(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (read_shape(ctx, argv[0], a, &x))
		sqlite3_result_int64(ctx, (int64_t)x.n);
}

static void f_array_dims(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (!read_shape(ctx, argv[0], a, &x) || x.ndim == 0)
		return;
	Buf b = { 0 };
	for (int i = 0; i < x.ndim; i++)
		buf_printf(&b, "[%d:%d]", x.lower[i], x.lower[i] + x.dims[i] - 1);
	Val v = val_text(buf_str(&b));
	fn_result(ctx, &v);
	buf_free(&b);
}

/* Order of two arrays given with their types; false when an error was raised. */
static bool compare_typed(sqlite3_context *ctx, sqlite3_value **argv, int *order)
{
	FnEnv *env = fn_env(ctx);
	const PgType *elem = fn_array_elem(env, (uint32_t)sqlite3_value_int64(argv[0]));
	if (!elem) {
		fn_fail(ctx);
		return false;
	}
	*order = array_compare_text(elem, fn_arg_str(argv[2]), fn_arg_str(argv[3]));
	return true;
}

#define COMPARE(prosrc, op)                                                                                                                \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		int c;                                                                                                                     \
		if (compare_typed(ctx, argv, &c))                                                                                          \
			sqlite3_result_int(ctx, c op 0);                                                                                   \
	}

COMPARE(array_eq, ==)
COMPARE(array_ne, !=)
COMPARE(array_lt, <)
COMPARE(array_le, <=)
COMPARE(array_gt, >)
COMPARE(array_ge, >=)

static void f_btarraycmp(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int c;
	if (compare_typed(ctx, argv, &c))
		sqlite3_result_int(ctx, (c > 0) - (c < 0));
}

static void f_array_larger(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int c;
	if (compare_typed(ctx, argv, &c))
		sqlite3_result_value(ctx, argv[c > 0 ? 2 : 3]);
}

static void f_array_smaller(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int c;
	if (compare_typed(ctx, argv, &c))
		sqlite3_result_value(ctx, argv[c < 0 ? 2 : 3]);
}

static int compare_vectors(sqlite3_value **argv)
{
	Val x = val_text(fn_arg_str(argv[0])), y = val_text(fn_arg_str(argv[1]));
	return type_compare(pgtype_builtin(30), &x, &y);
}

#define COMPARE_VECTORS(prosrc, op)                                                                                                        \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		sqlite3_result_int(ctx, compare_vectors(argv) op 0);                                                                       \
	}

COMPARE_VECTORS(oidvectoreq, ==)
COMPARE_VECTORS(oidvectorne, !=)
COMPARE_VECTORS(oidvectorlt, <)
COMPARE_VECTORS(oidvectorle, <=)
COMPARE_VECTORS(oidvectorgt, >)
COMPARE_VECTORS(oidvectorge, >=)

#define FN(prosrc, nargs, flags)                                                                                                           \
	{                                                                                                                                  \
#prosrc, nargs, FN_STRICT | FN_IMMUTABLE | (flags), f_##prosrc                                                             \
	}

const SqliteFn fn_table_array[] = {
	{ "array_make", -1, 0, array_make },
	{ "array_make_md", -1, 0, array_make_md },
	{ "array_get", -1, 0, array_get },
	{ "array_slice", -1, 0, array_slice },
	FN(array_length, 2, 0),
	FN(array_lower, 2, 0),
	FN(array_upper, 2, 0),
	FN(array_ndims, 1, 0),
	FN(array_dims, 1, 0),
	FN(array_cardinality, 1, 0),
	FN(array_eq, 2, FN_TYPED),
	FN(array_ne, 2, FN_TYPED),
	FN(array_lt, 2, FN_TYPED),
	FN(array_le, 2, FN_TYPED),
	FN(array_gt, 2, FN_TYPED),
	FN(array_ge, 2, FN_TYPED),
	FN(btarraycmp, 2, FN_TYPED),
	FN(array_larger, 2, FN_TYPED),
	FN(array_smaller, 2, FN_TYPED),
	FN(oidvectoreq, 2, 0),
	FN(oidvectorne, 2, 0),
	FN(oidvectorlt, 2, 0),
	FN(oidvectorle, 2, 0),
	FN(oidvectorgt, 2, 0),
	FN(oidvectorge, 2, 0),
	{ NULL },
};
