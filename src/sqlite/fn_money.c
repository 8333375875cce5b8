/* money: arithmetic, conversions, sum. */
#include "sqlite/fn_numeric_math.h"
#include "sqlite/fn_text.h"

#include "pgtype/floats.h"
#include "pgtype/money.h"

#include <math.h>

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

enum { PURE = FN_STRICT | FN_IMMUTABLE, CENTS = 100 };

static void out_of_range(sqlite3_context *ctx)
{
	fn_raise(ctx, "22003", "money out of range");
}

static void whole(sqlite3_context *ctx, bool overflow, int64_t v)
{
	if (overflow)
		out_of_range(ctx);
	else
		sqlite3_result_int64(ctx, v);
}

/* Cents from a computation in floating point, rounded half to even. */
static void rounded(sqlite3_context *ctx, double v)
{
	v = rint(v);
	if (isnan(v) || v < -0x1p63 || v >= 0x1p63)
		out_of_range(ctx);
	else
		sqlite3_result_int64(ctx, (int64_t)v);
}

static double number(sqlite3_value *v)
{
	Val x = fn_arg(v);
	return float8_of(&x);
}

FN(add)
{
	int64_t r;
	bool overflow = __builtin_add_overflow(sqlite3_value_int64(argv[0]), sqlite3_value_int64(argv[1]), &r);
	whole(ctx, overflow, r);
}

FN(subtract)
{
	int64_t r;
	bool overflow = __builtin_sub_overflow(sqlite3_value_int64(argv[0]), sqlite3_value_int64(argv[1]), &r);
	whole(ctx, overflow, r);
}

FN(times_int)
{
	int64_t r;
	bool overflow = __builtin_mul_overflow(sqlite3_value_int64(argv[0]), sqlite3_value_int64(argv[1]), &r);
	whole(ctx, overflow, r);
}

FN(money_times_float)
{
	rounded(ctx, (double)sqlite3_value_int64(argv[0]) * number(argv[1]));
}

FN(float_times_money)
{
	rounded(ctx, number(argv[0]) * (double)sqlite3_value_int64(argv[1]));
}

FN(over_int)
{
	int64_t x = sqlite3_value_int64(argv[0]), y = sqlite3_value_int64(argv[1]);
	if (y == 0)
		fn_raise(ctx, "22012", "division by zero");
	else
		whole(ctx, x == INT64_MIN && y == -1, y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y);
}

FN(over_float)
{
	double y = number(argv[1]);
	if (y == 0)
		fn_raise(ctx, "22012", "division by zero");
	else
		rounded(ctx, (double)sqlite3_value_int64(argv[0]) / y);
}

FN(over_money)
{
	int64_t y = sqlite3_value_int64(argv[1]);
	if (y == 0)
		fn_raise(ctx, "22012", "division by zero");
	else
		sqlite3_result_double(ctx, (double)sqlite3_value_int64(argv[0]) / (double)y);
}

FN(from_int)
{
	int64_t r;
	if (__builtin_mul_overflow(sqlite3_value_int64(argv[0]), (int64_t)CENTS, &r))
		fn_raise(ctx, "22003", "bigint out of range");
	else
		sqlite3_result_int64(ctx, r);
}

FN(from_numeric)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	_cleanup_(numeric_clear) Numeric hundred;
	numeric_init(&hundred);
	numeric_from_int8(CENTS, &hundred);
	int64_t v;
	Error *err = &fn_env(ctx)->error;
	if (numeric_mul(&x, &hundred, &x, err) || numeric_to_int(&x, "bigint", INT64_MIN, INT64_MAX, &v, err))
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, v);
}

FN(to_numeric)
{
	_cleanup_(numeric_clear) Numeric x;
	numeric_init(&x);
	numeric_from_int8(sqlite3_value_int64(argv[0]), &x);
	x.scale = 2;
	fn_numeric_result(ctx, &x);
}

FN(words)
{
	Buf b = { 0 };
	money_words(sqlite3_value_int64(argv[0]), &b);
	fn_result_buf(ctx, &b);
}

const SqliteFn fn_table_money[] = {
	{ "cash_pl", 2, PURE, add },
	{ "cash_mi", 2, PURE, subtract },
	{ "cash_mul_int2", 2, PURE, times_int },
	{ "cash_mul_int4", 2, PURE, times_int },
	{ "cash_mul_int8", 2, PURE, times_int },
	{ "int2_mul_cash", 2, PURE, times_int },
	{ "int4_mul_cash", 2, PURE, times_int },
	{ "int8_mul_cash", 2, PURE, times_int },
	{ "cash_mul_flt4", 2, PURE, money_times_float },
	{ "cash_mul_flt8", 2, PURE, money_times_float },
	{ "flt4_mul_cash", 2, PURE, float_times_money },
	{ "flt8_mul_cash", 2, PURE, float_times_money },
	{ "cash_div_int2", 2, PURE, over_int },
	{ "cash_div_int4", 2, PURE, over_int },
	{ "cash_div_int8", 2, PURE, over_int },
	{ "cash_div_flt4", 2, PURE, over_float },
	{ "cash_div_flt8", 2, PURE, over_float },
	{ "cash_div_cash", 2, PURE, over_money },
	{ "int4_cash", 1, PURE, from_int },
	{ "int8_cash", 1, PURE, from_int },
	{ "numeric_cash", 1, PURE, from_numeric },
	{ "cash_numeric", 1, PURE, to_numeric },
	{ "cash_words", 1, PURE, words },
	{ NULL },
};
