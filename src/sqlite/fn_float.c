/* real and double precision: arithmetic that notices overflow and underflow, rounding, powers, logarithms. */
#include "sqlite/fn_float.h"

#include <errno.h>
#include <math.h>

double fn_float_arg(sqlite3_value *v)
{
	Val x = fn_arg(v);
	return float8_of(&x);
}

void fn_float_result(sqlite3_context *ctx, double r)
{
	Val v = float8_val(r);
	fn_result(ctx, &v);
}

void fn_float_overflow(sqlite3_context *ctx)
{
	fn_raise(ctx, "22003", "value out of range: overflow");
}

void fn_float_underflow(sqlite3_context *ctx)
{
	fn_raise(ctx, "22003", "value out of range: underflow");
}

void fn_float_checked(sqlite3_context *ctx, double r, bool may_be_infinite, bool may_be_zero)
{
	if (isinf(r) && !may_be_infinite)
		fn_float_overflow(ctx);
	else if (r == 0 && !may_be_zero)
		fn_float_underflow(ctx);
	else
		fn_float_result(ctx, r);
}

static void add(sqlite3_context *ctx, double x, double y, bool single)
{
	double r = single ? (double)((float)x + (float)y) : x + y;
	fn_float_checked(ctx, r, isinf(x) || isinf(y), true);
}

static void subtract(sqlite3_context *ctx, double x, double y, bool single)
{
	double r = single ? (double)((float)x - (float)y) : x - y;
	fn_float_checked(ctx, r, isinf(x) || isinf(y), true);
}

static void multiply(sqlite3_context *ctx, double x, double y, bool single)
{
	double r = single ? (double)((float)x * (float)y) : x * y;
	fn_float_checked(ctx, r, isinf(x) || isinf(y), x == 0 || y == 0);
}

static void divide(sqlite3_context *ctx, double x, double y, bool single)
{
	if (y == 0 && !isnan(x)) {
		fn_raise(ctx, "22012", "division by zero");
		return;
	}
	double r = single ? (double)((float)x / (float)y) : x / y;
	fn_float_checked(ctx, r, isinf(x), x == 0 || isinf(y));
}

#define BINARY(prosrc, how, single)                                                                                                        \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		how(ctx, fn_float_arg(argv[0]), fn_float_arg(argv[1]), single);                                                            \
	}

BINARY(float4pl, add, true)
BINARY(float4mi, subtract, true)
BINARY(float4mul, multiply, true)
BINARY(float4div, divide, true)
BINARY(float48pl, add, false)
BINARY(float48mi, subtract, false)
BINARY(float48mul, multiply, false)
BINARY(float48div, divide, false)
BINARY(float84pl, add, false)
BINARY(float84mi, subtract, false)
BINARY(float84mul, multiply, false)
BINARY(float84div, divide, false)
BINARY(float8pl, add, false)
BINARY(float8mi, subtract, false)
BINARY(float8mul, multiply, false)
BINARY(float8div, divide, false)

static void larger(sqlite3_context *ctx, double x, double y, bool single)
{
	fn_float_result(ctx, float8_compare(x, y) > 0 ? x : y);
}

static void smaller(sqlite3_context *ctx, double x, double y, bool single)
{
	fn_float_result(ctx, float8_compare(x, y) < 0 ? x : y);
}

BINARY(float4larger, larger, true)
BINARY(float4smaller, smaller, true)
BINARY(float8larger, larger, false)
BINARY(float8smaller, smaller, false)

/* Functions of one argument that cannot fail. */
static double negate(double x)
{
	return -x;
}

static double sign_of(double x)
{
	return x > 0 ? 1 : x < 0 ? -1 : 0; /* of NaN too */
}

static double same(double x)
{
	return x;
}

#define UNARY(prosrc, how)                                                                                                                 \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		fn_float_result(ctx, how(fn_float_arg(argv[0])));                                                                          \
	}

UNARY(float8um, negate)
UNARY(float8up, same)
UNARY(float8abs, fabs)
UNARY(dround, rint)
UNARY(dtrunc, trunc)
UNARY(dceil, ceil)
UNARY(dfloor, floor)
UNARY(dsign, sign_of)
UNARY(ftod, same)

static void f_dtof(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]);
	fn_float_checked(ctx, (float)x, isinf(x), x == 0);
}

static void f_dsqrt(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]);
	if (x < 0)
		fn_raise(ctx, "2201F", "cannot take square root of a negative number");
	else
		fn_float_checked(ctx, sqrt(x), isinf(x), x == 0);
}

static void f_dcbrt(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]);
	fn_float_checked(ctx, cbrt(x), isinf(x), x == 0);
}

/* Powers with an infinite exponent. */
static double power_to_infinity(double x, double y)
{
	double size = fabs(x);
	if (size == 1)
		return 1;
	return (size > 1) == (y > 0) ? INFINITY : 0;
}

static double power_of_infinity(double x, double y)
{
	if (y == 0)
		return 1;
	if (x > 0)
		return y > 0 ? x : 0;
	bool odd = floor(y / 2) != y / 2 && floor(y) == y;
	if (y > 0)
		return odd ? x : -x;
	return odd ? -0.0 : 0.0;
}

static void finite_power(sqlite3_context *ctx, double x, double y)
{
	errno = 0;
	double r = pow(x, y);
	if (errno == ERANGE && r != 0)
		fn_float_overflow(ctx);
	else
		fn_float_checked(ctx, r, false, x == 0);
}

static void f_dpow(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]), y = fn_float_arg(argv[1]);
	if (isnan(x) || isnan(y))
		fn_float_result(ctx, isnan(x) ? (y == 0 ? 1 : NAN) : (x == 1 ? 1 : NAN));
	else if (x == 0 && y < 0)
		fn_raise(ctx, "2201F", "zero raised to a negative power is undefined");
	else if (x < 0 && floor(y) != y)
		fn_raise(ctx, "2201F", "a negative number raised to a non-integer power yields a complex result");
	else if (isinf(y))
		fn_float_result(ctx, power_to_infinity(x, y));
	else if (isinf(x))
		fn_float_result(ctx, power_of_infinity(x, y));
	else
		finite_power(ctx, x, y);
}

static void f_dexp(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]);
	if (isinf(x))
		fn_float_result(ctx, x > 0 ? x : 0);
	else
		fn_float_checked(ctx, exp(x), false, false);
}

static void logarithm(sqlite3_context *ctx, double x, double (*how)(double))
{
	if (x == 0)
		fn_raise(ctx, "2201E", "cannot take logarithm of zero");
	else if (x < 0)
		fn_raise(ctx, "2201E", "cannot take logarithm of a negative number");
	else
		fn_float_checked(ctx, how(x), isinf(x), x == 1);
}

static void f_dlog1(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	logarithm(ctx, fn_float_arg(argv[0]), log);
}

static void f_dlog10(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	logarithm(ctx, fn_float_arg(argv[0]), log10);
}

static int64_t bucket_of(double x, double lo, double hi, int64_t count)
{
	double part = isinf(hi - lo) ? (x / 2 - lo / 2) / (hi / 2 - lo / 2) : (x - lo) / (hi - lo);
	double r = (double)count * part;
	int64_t bucket = (int64_t)r;
	return (bucket >= count ? count - 1 : bucket) + 1; /* the quotient may round up to one */
}

static void f_width_bucket_float8(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]), lo = fn_float_arg(argv[1]), hi = fn_float_arg(argv[2]);
	int64_t count = sqlite3_value_int64(argv[3]), bucket;
	if (count <= 0) {
		fn_raise(ctx, "2201G", "count must be greater than zero");
		return;
	}
	if (isnan(x) || isnan(lo) || isnan(hi)) {
		fn_raise(ctx, "2201G", "operand, lower bound, and upper bound cannot be NaN");
		return;
	}
	if (isinf(lo) || isinf(hi)) {
		fn_raise(ctx, "2201G", "lower and upper bounds must be finite");
		return;
	}
	if (lo == hi) {
		fn_raise(ctx, "2201G", "lower bound cannot equal upper bound");
		return;
	}
	if (lo < hi ? x < lo : x > lo)
		bucket = 0;
	else if (lo < hi ? x >= hi : x <= hi)
		bucket = count + 1;
	else
		bucket = lo < hi ? bucket_of(x, lo, hi, count) : bucket_of(-x, -lo, -hi, count);
	if (bucket > INT32_MAX)
		fn_raise(ctx, "22003", "integer out of range");
	else
		sqlite3_result_int64(ctx, bucket);
}

#define FN(prosrc, nargs)                                                                                                                  \
	{                                                                                                                                  \
#prosrc, nargs, FN_STRICT | FN_IMMUTABLE, f_##prosrc                                                                       \
	}

const SqliteFn fn_table_float[] = {
	FN(float4pl, 2),
	FN(float4mi, 2),
	FN(float4mul, 2),
	FN(float4div, 2),
	FN(float48pl, 2),
	FN(float48mi, 2),
	FN(float48mul, 2),
	FN(float48div, 2),
	FN(float84pl, 2),
	FN(float84mi, 2),
	FN(float84mul, 2),
	FN(float84div, 2),
	FN(float8pl, 2),
	FN(float8mi, 2),
	FN(float8mul, 2),
	FN(float8div, 2),
	FN(float4larger, 2),
	FN(float4smaller, 2),
	FN(float8larger, 2),
	FN(float8smaller, 2),
	{ "float4um", 1, FN_STRICT | FN_IMMUTABLE, f_float8um },
	{ "float4up", 1, FN_STRICT | FN_IMMUTABLE, f_float8up },
	{ "float4abs", 1, FN_STRICT | FN_IMMUTABLE, f_float8abs },
	FN(float8um, 1),
	FN(float8up, 1),
	FN(float8abs, 1),
	FN(dround, 1),
	FN(dtrunc, 1),
	FN(dceil, 1),
	FN(dfloor, 1),
	FN(dsign, 1),
	FN(ftod, 1),
	FN(dtof, 1),
	FN(dsqrt, 1),
	FN(dcbrt, 1),
	FN(dpow, 2),
	FN(dexp, 1),
	FN(dlog1, 1),
	FN(dlog10, 1),
	FN(width_bucket_float8, 4),
	{ NULL },
};
