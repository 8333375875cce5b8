/* numeric: operators, rounding, conversions. */
#include "sqlite/fn.h"
#include "sqlite/fn_numeric_math.h"

#include "pgtype/floats.h"
#include "pgtype/numeric.h"
#include "pgtype/numeric_small.h"

#include <math.h>

typedef int (*Binary)(const Numeric *x, const Numeric *y, Numeric *r, Error *err);
typedef void (*Unary)(const Numeric *x, Numeric *r);

void fn_numeric_result(sqlite3_context *ctx, const Numeric *n)
{
	Buf b = { 0 };
	numeric_print(n, &b);
	sqlite3_result_text64(ctx, (const char *)b.data, b.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	buf_free(&b);
}

void fn_numeric_arg(sqlite3_value *v, Numeric *n)
{
	numeric_init(n);
	numeric_read(fn_arg_str(v), n);
}

static void binary(sqlite3_context *ctx, sqlite3_value **argv, Binary how)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	_cleanup_(numeric_clear) Numeric y;
	fn_numeric_arg(argv[1], &y);
	_cleanup_(numeric_clear) Numeric r;
	numeric_init(&r);
	if (how(&x, &y, &r, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		fn_numeric_result(ctx, &r);
}

typedef bool (*SmallBinary)(const NumSmall *x, const NumSmall *y, NumSmall *r);

/* Sums and products that fit a machine word need no numbers of any size. */
static void arithmetic(sqlite3_context *ctx, sqlite3_value **argv, SmallBinary small, Binary how)
{
	NumSmall x, y;
	if (!numsmall_read(fn_arg_str(argv[0]), &x) || !numsmall_read(fn_arg_str(argv[1]), &y) || !small(&x, &y, &x)) {
		binary(ctx, argv, how);
		return;
	}
	char text[NUMSMALL_TEXT];
	size_t n = numsmall_print(&x, text);
	sqlite3_result_text64(ctx, text, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void unary(sqlite3_context *ctx, sqlite3_value **argv, Unary how)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	_cleanup_(numeric_clear) Numeric r;
	numeric_init(&r);
	how(&x, &r);
	fn_numeric_result(ctx, &r);
}

static void to_int(sqlite3_context *ctx, sqlite3_value **argv, const char *name, int64_t lo, int64_t hi)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	int64_t v;
	if (numeric_to_int(&x, name, lo, hi, &v, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, v);
}

#define BINARY(prosrc, how)                                                                                                                \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		binary(ctx, argv, how);                                                                                                    \
	}
#define ARITHMETIC(prosrc, small, how)                                                                                                     \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		arithmetic(ctx, argv, small, how);                                                                                         \
	}
#define UNARY(prosrc, how)                                                                                                                 \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		unary(ctx, argv, how);                                                                                                     \
	}
#define COMPARE(prosrc, op)                                                                                                                \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		int c = numeric_compare_text(fn_arg_str(argv[0]), fn_arg_str(argv[1]));                                                    \
		sqlite3_result_int(ctx, c op 0);                                                                                           \
	}
#define TO_INT(prosrc, name, lo, hi)                                                                                                       \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		to_int(ctx, argv, name, lo, hi);                                                                                           \
	}

ARITHMETIC(numeric_add, numsmall_add, numeric_add)
ARITHMETIC(numeric_sub, numsmall_sub, numeric_sub)
ARITHMETIC(numeric_mul, numsmall_mul, numeric_mul)
BINARY(numeric_div, numeric_div)
BINARY(numeric_div_trunc, numeric_div_trunc)
BINARY(numeric_mod, numeric_mod)
UNARY(numeric_uminus, numeric_neg)
UNARY(numeric_abs, numeric_abs)
UNARY(numeric_ceil, numeric_ceil)
UNARY(numeric_floor, numeric_floor)
COMPARE(numeric_eq, ==)
COMPARE(numeric_ne, !=)
COMPARE(numeric_lt, <)
COMPARE(numeric_le, <=)
COMPARE(numeric_gt, >)
COMPARE(numeric_ge, >=)
TO_INT(numeric_int2, "smallint", INT16_MIN, INT16_MAX)
TO_INT(numeric_int4, "integer", INT32_MIN, INT32_MAX)
TO_INT(numeric_int8, "bigint", INT64_MIN, INT64_MAX)

static void f_numeric_cmp(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int c = numeric_compare_text(fn_arg_str(argv[0]), fn_arg_str(argv[1]));
	sqlite3_result_int(ctx, (c > 0) - (c < 0));
}

static void f_numeric_round(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	numeric_round(&x, sqlite3_value_int(argv[1]), &x);
	if (numeric_check(&x, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		fn_numeric_result(ctx, &x);
}

static void f_numeric_trunc(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	numeric_trunc(&x, sqlite3_value_int(argv[1]), &x);
	fn_numeric_result(ctx, &x);
}

static void f_numeric_sign(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	if (x.kind != NUM_NAN)
		numeric_from_int8(numeric_sign(&x), &x);
	fn_numeric_result(ctx, &x);
}

static void f_same_text(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Val v = val_text(fn_arg_str(argv[0]));
	fn_result(ctx, &v);
}

static void from_float(sqlite3_context *ctx, sqlite3_value **argv, int digits)
{
	Val v = fn_arg(argv[0]);
	_cleanup_(numeric_clear) Numeric x;
	numeric_init(&x);
	numeric_from_float8(float8_of(&v), digits, &x);
	fn_numeric_result(ctx, &x);
}

static void f_float8_numeric(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	from_float(ctx, argv, 15);
}

static void f_float4_numeric(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	from_float(ctx, argv, 6);
}

static void f_numeric_float8(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double d;
	if (float8_parse(fn_arg_str(argv[0]), &d, &fn_env(ctx)->error)) {
		fn_fail(ctx);
		return;
	}
	Val v = float8_val(d);
	fn_result(ctx, &v);
}

static void f_numeric_float4(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	float f;
	if (float4_parse(fn_arg_str(argv[0]), &f, &fn_env(ctx)->error)) {
		fn_fail(ctx);
		return;
	}
	Val v = float8_val(f);
	fn_result(ctx, &v);
}

#define FN(prosrc, nargs, fn)                                                                                                              \
	{                                                                                                                                  \
#prosrc, nargs, FN_STRICT | FN_IMMUTABLE, fn                                                                               \
	}

const SqliteFn fn_table_numeric[] = {
	FN(numeric_add, 2, f_numeric_add),
	FN(numeric_sub, 2, f_numeric_sub),
	FN(numeric_mul, 2, f_numeric_mul),
	FN(numeric_div, 2, f_numeric_div),
	FN(numeric_div_trunc, 2, f_numeric_div_trunc),
	FN(numeric_mod, 2, f_numeric_mod),
	FN(numeric_uminus, 1, f_numeric_uminus),
	FN(numeric_uplus, 1, f_same_text),
	FN(numeric_abs, 1, f_numeric_abs),
	FN(numeric_ceil, 1, f_numeric_ceil),
	FN(numeric_floor, 1, f_numeric_floor),
	FN(numeric_sign, 1, f_numeric_sign),
	FN(numeric_round, 2, f_numeric_round),
	FN(numeric_trunc, 2, f_numeric_trunc),
	FN(numeric_eq, 2, f_numeric_eq),
	FN(numeric_ne, 2, f_numeric_ne),
	FN(numeric_lt, 2, f_numeric_lt),
	FN(numeric_le, 2, f_numeric_le),
	FN(numeric_gt, 2, f_numeric_gt),
	FN(numeric_ge, 2, f_numeric_ge),
	FN(numeric_cmp, 2, f_numeric_cmp),
	FN(numeric_int2, 1, f_numeric_int2),
	FN(numeric_int4, 1, f_numeric_int4),
	FN(numeric_int8, 1, f_numeric_int8),
	FN(numeric_float8, 1, f_numeric_float8),
	FN(numeric_float4, 1, f_numeric_float4),
	FN(int2_numeric, 1, f_same_text),
	FN(int4_numeric, 1, f_same_text),
	FN(int8_numeric, 1, f_same_text),
	FN(float8_numeric, 1, f_float8_numeric),
	FN(float4_numeric, 1, f_float4_numeric),
	{ NULL },
};
