/* numeric: roots, powers, logarithms, divisors, scales, buckets. */
#include "sqlite/fn_numeric_math.h"

#include "pgtype/numeric.h"

typedef int (*Unary)(const Numeric *x, Numeric *r, Error *err);
typedef int (*Binary)(const Numeric *x, const Numeric *y, Numeric *r, Error *err);

static void unary(sqlite3_context *ctx, sqlite3_value **argv, Unary how)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	_cleanup_(numeric_clear) Numeric r;
	numeric_init(&r);
	if (how(&x, &r, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		fn_numeric_result(ctx, &r);
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

/* Both to the same scale, so that their coefficients can be worked on as whole numbers. */
static int common_scale(const Numeric *x, const Numeric *y, Numeric *a, Numeric *b)
{
	int scale = x->scale > y->scale ? x->scale : y->scale;
	numeric_set(a, x);
	numeric_set(b, y);
	numeric_rescale(a, scale, false);
	numeric_rescale(b, scale, false);
	return scale;
}

static int divisor_or_multiple(const Numeric *x, const Numeric *y, void (*how)(mpz_t, const mpz_t, const mpz_t), Numeric *r, Error *err)
{
	if (x->kind != NUM_FINITE || y->kind != NUM_FINITE) {
		numeric_set_special(r, NUM_NAN);
		return 0;
	}
	_cleanup_(numeric_clear) Numeric a;
	numeric_init(&a);
	_cleanup_(numeric_clear) Numeric b;
	numeric_init(&b);
	int scale = common_scale(x, y, &a, &b);
	how(r->coef, a.coef, b.coef);
	r->kind = NUM_FINITE;
	r->scale = scale;
	return numeric_check(r, err);
}

static void whole_gcd(mpz_t r, const mpz_t x, const mpz_t y)
{
	mpz_gcd(r, x, y);
}

static void whole_lcm(mpz_t r, const mpz_t x, const mpz_t y)
{
	mpz_lcm(r, x, y);
}

static int greatest_divisor(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	return divisor_or_multiple(x, y, whole_gcd, r, err);
}

static int least_multiple(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	return divisor_or_multiple(x, y, whole_lcm, r, err);
}

/* Digits after the point without trailing zeros. */
static int least_scale(const Numeric *x)
{
	if (mpz_sgn(x->coef) == 0)
		return 0;
	mpz_t z;
	mpz_init_set(z, x->coef);
	int scale = x->scale;
	while (scale > 0 && mpz_divisible_ui_p(z, 10)) {
		mpz_divexact_ui(z, z, 10);
		scale--;
	}
	mpz_clear(z);
	return scale;
}

static int trimmed(const Numeric *x, Numeric *r, Error *err)
{
	numeric_set(r, x);
	if (r->kind == NUM_FINITE)
		numeric_rescale(r, least_scale(x), false);
	return 0;
}

static int larger(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	numeric_set(r, numeric_compare(x, y) > 0 ? x : y);
	return 0;
}

static int smaller(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	numeric_set(r, numeric_compare(x, y) < 0 ? x : y);
	return 0;
}

#define UNARY(prosrc, how)                                                                                                                 \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		unary(ctx, argv, how);                                                                                                     \
	}
#define BINARY(prosrc, how)                                                                                                                \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		binary(ctx, argv, how);                                                                                                    \
	}

UNARY(numeric_sqrt, numeric_sqrt)
UNARY(numeric_exp, numeric_exp)
UNARY(numeric_ln, numeric_ln)
UNARY(numeric_trim_scale, trimmed)
BINARY(numeric_log, numeric_log)
BINARY(numeric_power, numeric_power)
BINARY(numeric_gcd, greatest_divisor)
BINARY(numeric_lcm, least_multiple)
BINARY(numeric_larger, larger)
BINARY(numeric_smaller, smaller)

static void f_numeric_scale(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	if (x.kind == NUM_FINITE)
		sqlite3_result_int(ctx, x.scale);
}

static void f_numeric_min_scale(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	if (x.kind == NUM_FINITE)
		sqlite3_result_int(ctx, least_scale(&x));
}

static void f_numeric_fac(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t n = sqlite3_value_int64(argv[0]);
	if (n < 0) {
		fn_raise(ctx, "22003", "factorial of a negative number is undefined");
		return;
	}
	if (n > 32177) { /* the last one that numeric can hold */
		fn_raise(ctx, "22003", "value overflows numeric format");
		return;
	}
	_cleanup_(numeric_clear) Numeric r;
	numeric_init(&r);
	mpz_fac_ui(r.coef, (unsigned long)n);
	fn_numeric_result(ctx, &r);
}

static void lcm_in(sqlite3_context *ctx, sqlite3_value **argv, const char *type_name, int64_t most)
{
	uint64_t x = (uint64_t)sqlite3_value_int64(argv[0]), y = (uint64_t)sqlite3_value_int64(argv[1]);
	x = (int64_t)x < 0 ? 0 - x : x;
	y = (int64_t)y < 0 ? 0 - y : y;
	uint64_t a = x, b = y;
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	unsigned __int128 r = x && y ? (unsigned __int128)(x / a) * y : 0;
	if (r > (unsigned __int128)most)
		fn_raise(ctx, "22003", "%s out of range", type_name);
	else
		sqlite3_result_int64(ctx, (int64_t)r);
}

static void f_int4lcm(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	lcm_in(ctx, argv, "integer", INT32_MAX);
}

static void f_int8lcm(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	lcm_in(ctx, argv, "bigint", INT64_MAX);
}

/* 1 + floor(count * (x - lo) / (hi - lo)) with lo < hi and x between them. */
static int64_t bucket_between(const Numeric *x, const Numeric *lo, const Numeric *hi, int64_t count)
{
	_cleanup_(numeric_clear) Numeric a;
	numeric_init(&a);
	_cleanup_(numeric_clear) Numeric b;
	numeric_init(&b);
	_cleanup_(numeric_clear) Numeric c;
	numeric_init(&c);
	_cleanup_(numeric_clear) Numeric d;
	numeric_init(&d);
	numeric_sub(x, lo, &a, NULL);
	numeric_sub(hi, lo, &b, NULL);
	common_scale(&a, &b, &c, &d);
	mpz_mul_si(c.coef, c.coef, count);
	mpz_tdiv_q(c.coef, c.coef, d.coef);
	return mpz_get_si(c.coef) + 1;
}

static int64_t find_bucket(const Numeric *x, const Numeric *lo, const Numeric *hi, int64_t count)
{
	int up = numeric_compare(lo, hi) < 0 ? 1 : -1;
	if (numeric_compare(x, lo) * up < 0)
		return 0;
	if (numeric_compare(x, hi) * up >= 0)
		return count + 1;
	if (up > 0)
		return bucket_between(x, lo, hi, count);
	_cleanup_(numeric_clear) Numeric distance;
	numeric_init(&distance);
	_cleanup_(numeric_clear) Numeric width;
	numeric_init(&width);
	_cleanup_(numeric_clear) Numeric zero;
	numeric_init(&zero);
	numeric_sub(lo, x, &distance, NULL);
	numeric_sub(lo, hi, &width, NULL);
	return bucket_between(&distance, &zero, &width, count);
}

static void f_width_bucket_numeric(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(numeric_clear) Numeric x;
	fn_numeric_arg(argv[0], &x);
	_cleanup_(numeric_clear) Numeric lo;
	fn_numeric_arg(argv[1], &lo);
	_cleanup_(numeric_clear) Numeric hi;
	fn_numeric_arg(argv[2], &hi);
	int64_t count = sqlite3_value_int64(argv[3]);
	if (count <= 0)
		fn_raise(ctx, "2201G", "count must be greater than zero");
	else if (x.kind == NUM_NAN || lo.kind == NUM_NAN || hi.kind == NUM_NAN)
		fn_raise(ctx, "2201G", "operand, lower bound, and upper bound cannot be NaN");
	else if (lo.kind != NUM_FINITE || hi.kind != NUM_FINITE)
		fn_raise(ctx, "2201G", "lower and upper bounds must be finite");
	else if (numeric_compare(&lo, &hi) == 0)
		fn_raise(ctx, "2201G", "lower bound cannot equal upper bound");
	else {
		int64_t bucket = find_bucket(&x, &lo, &hi, count);
		if (bucket > INT32_MAX)
			fn_raise(ctx, "22003", "integer out of range");
		else
			sqlite3_result_int64(ctx, bucket);
	}
}

#define FN(prosrc, nargs)                                                                                                                  \
	{                                                                                                                                  \
#prosrc, nargs, FN_STRICT | FN_IMMUTABLE, f_##prosrc                                                                       \
	}

const SqliteFn fn_table_numeric_math[] = {
	FN(numeric_sqrt, 1),
	FN(numeric_exp, 1),
	FN(numeric_ln, 1),
	FN(numeric_log, 2),
	FN(numeric_power, 2),
	FN(numeric_trim_scale, 1),
	FN(numeric_gcd, 2),
	FN(numeric_lcm, 2),
	FN(numeric_larger, 2),
	FN(numeric_smaller, 2),
	FN(numeric_scale, 1),
	FN(numeric_min_scale, 1),
	FN(numeric_fac, 1),
	FN(int4lcm, 2),
	FN(int8lcm, 2),
	FN(width_bucket_numeric, 4),
	{ NULL },
};
