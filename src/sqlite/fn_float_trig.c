/* Trigonometry over double precision, in radians and in degrees. */
#include "sqlite/fn_float.h"

#include <math.h>

static const double radians_per_degree = 0.0174532925199432957692;

static void out_of_range(sqlite3_context *ctx)
{
	fn_raise(ctx, "22003", "input is out of range");
}

/* What a call may be given: all but infinities, all, or only [-1, 1]. */
typedef enum { TAKES_FINITE, TAKES_ALL, TAKES_UNIT } Domain;

static void trig(sqlite3_context *ctx, sqlite3_value **argv, Domain domain, double (*how)(double), bool may_overflow)
{
	double x = fn_float_arg(argv[0]);
	if (isnan(x))
		fn_float_result(ctx, x);
	else if ((domain == TAKES_FINITE && isinf(x)) || (domain == TAKES_UNIT && (x < -1 || x > 1)))
		out_of_range(ctx);
	else
		fn_float_checked(ctx, how(x), may_overflow, true);
}

static double cotangent(double x)
{
	return 1.0 / tan(x);
}

/*
 * Degrees: a function of a well-known angle is exact, because every piece is divided by its own value at 30, 45 or 60 degrees.
 * `volatile` keeps the compiler from computing those with another rounding than the C library's.
 */
static volatile const double deg_30 = 30, deg_45 = 45, deg_60 = 60, half = 0.5, one = 1;

static double sin_to_30(double x)
{
	return sin(x * radians_per_degree) / sin(deg_30 * radians_per_degree) / 2;
}

static double cos_to_60(double x)
{
	volatile const double rest = 1 - cos(x * radians_per_degree);
	volatile const double rest_60 = 1 - cos(deg_60 * radians_per_degree);
	return 1 - rest / rest_60 / 2;
}

static double sin_quadrant(double x)
{
	return x <= 30 ? sin_to_30(x) : cos_to_60(90 - x);
}

static double cos_quadrant(double x)
{
	return x <= 60 ? cos_to_60(x) : sin_to_30(90 - x);
}

static double sin_degrees(double x)
{
	int sign = 1;
	x = fmod(x, 360);
	if (x < 0) {
		x = -x;
		sign = -sign;
	}
	if (x > 180) {
		x = 360 - x;
		sign = -sign;
	}
	if (x > 90)
		x = 180 - x;
	return sign * sin_quadrant(x);
}

static double cos_degrees(double x)
{
	int sign = 1;
	x = fabs(fmod(x, 360));
	if (x > 180)
		x = 360 - x;
	if (x > 90) {
		x = 180 - x;
		sign = -sign;
	}
	return sign * cos_quadrant(x);
}

/* Reduces to the first quadrant for tangent and cotangent. */
static double reduce_tangent(double x, int *sign)
{
	*sign = 1;
	x = fmod(x, 360);
	if (x < 0) {
		x = -x;
		*sign = -*sign;
	}
	if (x > 180) {
		x = 360 - x;
		*sign = -*sign;
	}
	if (x > 90) {
		x = 180 - x;
		*sign = -*sign;
	}
	return x;
}

static double plus_zero(double x)
{
	return x == 0 ? 0 : x;
}

static double tan_degrees(double x)
{
	int sign;
	x = reduce_tangent(x, &sign);
	volatile const double t = sin_quadrant(x) / cos_quadrant(x), t_45 = sin_quadrant(deg_45) / cos_quadrant(deg_45);
	return plus_zero(sign * (t / t_45));
}

static double cot_degrees(double x)
{
	int sign;
	x = reduce_tangent(x, &sign);
	volatile const double t = cos_quadrant(x) / sin_quadrant(x), t_45 = cos_quadrant(deg_45) / sin_quadrant(deg_45);
	return plus_zero(sign * (t / t_45));
}

static double asin_quadrant(double x)
{
	return x <= 0.5 ? asin(x) / asin(half) * 30 : 90 - acos(x) / acos(half) * 60;
}

static double acos_quadrant(double x)
{
	return x <= 0.5 ? 90 - asin(x) / asin(half) * 30 : acos(x) / acos(half) * 60;
}

static double asin_degrees(double x)
{
	return x >= 0 ? asin_quadrant(x) : -asin_quadrant(-x);
}

static double acos_degrees(double x)
{
	return x >= 0 ? acos_quadrant(x) : 90 + asin_quadrant(-x);
}

static double atan_degrees(double x)
{
	return atan(x) / atan(one) * 45;
}

#define TRIG(prosrc, domain, how, may_overflow)                                                                                            \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		trig(ctx, argv, domain, how, may_overflow);                                                                                \
	}

TRIG(dsin, TAKES_FINITE, sin, false)
TRIG(dcos, TAKES_FINITE, cos, false)
TRIG(dtan, TAKES_FINITE, tan, true)
TRIG(dcot, TAKES_FINITE, cotangent, true)
TRIG(dasin, TAKES_UNIT, asin, false)
TRIG(dacos, TAKES_UNIT, acos, false)
TRIG(datan, TAKES_ALL, atan, false)
TRIG(dsind, TAKES_FINITE, sin_degrees, false)
TRIG(dcosd, TAKES_FINITE, cos_degrees, false)
TRIG(dtand, TAKES_FINITE, tan_degrees, true)
TRIG(dcotd, TAKES_FINITE, cot_degrees, true)
TRIG(dasind, TAKES_UNIT, asin_degrees, false)
TRIG(dacosd, TAKES_UNIT, acos_degrees, false)
TRIG(datand, TAKES_ALL, atan_degrees, false)
TRIG(dsinh, TAKES_ALL, sinh, true)
TRIG(dcosh, TAKES_ALL, cosh, true)
TRIG(dtanh, TAKES_ALL, tanh, false)
TRIG(dasinh, TAKES_ALL, asinh, true)
TRIG(datanh, TAKES_UNIT, atanh, true)

static void f_dacosh(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]);
	if (x < 1)
		out_of_range(ctx);
	else
		fn_float_result(ctx, acosh(x));
}

static void f_datan2(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_float_result(ctx, atan2(fn_float_arg(argv[0]), fn_float_arg(argv[1])));
}

static void f_datan2d(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_float_result(ctx, atan2(fn_float_arg(argv[0]), fn_float_arg(argv[1])) / atan(one) * 45);
}

static void f_degrees(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]);
	fn_float_checked(ctx, x / radians_per_degree, isinf(x), x == 0);
}

static void f_radians(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double x = fn_float_arg(argv[0]);
	fn_float_checked(ctx, x * radians_per_degree, isinf(x), x == 0);
}

static void f_dpi(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, M_PI);
}

#define FN(prosrc, nargs)                                                                                                                  \
	{                                                                                                                                  \
#prosrc, nargs, FN_STRICT | FN_IMMUTABLE, f_##prosrc                                                                       \
	}

const SqliteFn fn_table_float_trig[] = {
	FN(dsin, 1),	FN(dcos, 1),	FN(dtan, 1),	FN(dcot, 1),   FN(dasin, 1),  FN(dacos, 1),  FN(datan, 1),
	FN(dsind, 1),	FN(dcosd, 1),	FN(dtand, 1),	FN(dcotd, 1),  FN(dasind, 1), FN(dacosd, 1), FN(datand, 1),
	FN(dsinh, 1),	FN(dcosh, 1),	FN(dtanh, 1),	FN(dasinh, 1), FN(dacosh, 1), FN(datanh, 1), FN(datan2, 2),
	FN(datan2d, 2), FN(degrees, 1), FN(radians, 1), FN(dpi, 0),    { NULL },
};
