/*
 * numeric: roots, exponentials, logarithms, powers. PostgreSQL decides the scale of each result from estimates of its size;
 * the same estimates are made here, and the value itself is computed with enough spare digits to be rounded rightly.
 *
 * Transcendental functions work on fixed-point numbers: integers that stand for themselves times 2^-bits.
 */
#include "pgtype/numeric.h"
#include "pgtype/numeric_math.h"

#include <math.h>

enum { MIN_SIGNIFICANT = 16, MAX_DISPLAY_SCALE = 1000, MAX_RESULT_SCALE = 2000, BASE_DIGITS = 4, SPARE_BITS = 96, SQUARE_ROOTS = 8 };

static const double log10_e = 0.434294481903252, ln_10 = 2.302585092994046, bits_per_digit = 3.3219280948873626;

static int overflow(Error *err)
{
	return err_set(err, "22003", "value overflows numeric format");
}

static int clamp_scale(double wanted, int at_least)
{
	double s = wanted > at_least ? wanted : at_least;
	return s > MAX_DISPLAY_SCALE ? MAX_DISPLAY_SCALE : s < 0 ? 0 : (int)s;
}

static void set_int(Numeric *r, long v, int scale)
{
	r->kind = NUM_FINITE;
	r->scale = 0;
	mpz_set_si(r->coef, v);
	numeric_rescale(r, scale, true);
}

/* Nearest double; huge values become infinite. */
static double to_double(const Numeric *x)
{
	Buf b = { 0 };
	numeric_print(x, &b);
	double d = strtod(buf_cstr(&b), NULL);
	buf_free(&b);
	return d;
}

/* The first `n` base-10000 digits of |x| as a whole number; *weight is the weight of the last of them. */
static double leading_digits(const Numeric *x, int n, int *weight)
{
	int first;
	numeric_first_digit(x, weight, &first);
	*weight -= n - 1;
	long drop = (long)*weight * BASE_DIGITS + x->scale;
	mpz_t z, p;
	mpz_inits(z, p, NULL);
	mpz_abs(z, x->coef);
	mpz_ui_pow_ui(p, 10, (unsigned long)labs(drop));
	if (drop > 0)
		mpz_tdiv_q(z, z, p);
	else
		mpz_mul(z, z, p);
	double d = mpz_get_d(z);
	mpz_clears(z, p, NULL);
	return d;
}

/* ---- square root ---- */

void numeric_sqrt_scaled(const Numeric *x, int scale, Numeric *r)
{
	mpz_t z, p;
	mpz_init_set(z, x->coef);
	mpz_init(p);
	/* floor(2 * sqrt(v)), with one added and halved, is sqrt(v) rounded. */
	mpz_mul_2exp(z, z, 2);
	numeric_scale_up(z, 2 * scale - x->scale);
	if (2 * scale < x->scale) {
		mpz_ui_pow_ui(p, 10, (unsigned long)(x->scale - 2 * scale));
		mpz_tdiv_q(z, z, p);
	}
	mpz_sqrt(z, z);
	mpz_add_ui(z, z, 1);
	mpz_fdiv_q_2exp(r->coef, z, 1);
	r->kind = NUM_FINITE;
	r->scale = scale;
	mpz_clears(z, p, NULL);
}

int numeric_sqrt(const Numeric *x, Numeric *r, Error *err)
{
	if (numeric_sign(x) < 0)
		return err_set(err, "2201F", "cannot take square root of a negative number");
	if (x->kind != NUM_FINITE) {
		numeric_set_special(r, x->kind);
		return 0;
	}
	int weight, digit;
	numeric_first_digit(x, &weight, &digit);
	int digits = weight >= 0 ? (weight + 1) * BASE_DIGITS / 2 - 1 : -((-weight - 1) * BASE_DIGITS / 2) - 1;
	numeric_sqrt_scaled(x, clamp_scale(MIN_SIGNIFICANT - digits, x->scale), r);
	return 0;
}

/* ---- fixed point ---- */

/* x in fixed point, cut. */
static void fix_set(mpz_t r, const Numeric *x, long bits)
{
	mpz_t p;
	mpz_init(p);
	mpz_ui_pow_ui(p, 10, (unsigned long)x->scale);
	mpz_mul_2exp(r, x->coef, (mp_bitcnt_t)bits);
	mpz_tdiv_q(r, r, p);
	mpz_clear(p);
}

/* The number f * 2^-bits rounded half away from zero. `bits` may be negative. */
static void fix_get(const mpz_t f, long bits, int scale, Numeric *r)
{
	int sign = mpz_sgn(f);
	mpz_t z;
	mpz_init(z);
	mpz_abs(z, f);
	numeric_scale_up(z, scale);
	if (bits > 0) {
		mpz_fdiv_q_2exp(z, z, (mp_bitcnt_t)bits - 1);
		mpz_add_ui(z, z, 1);
		mpz_fdiv_q_2exp(z, z, 1);
	} else {
		mpz_mul_2exp(z, z, (mp_bitcnt_t)-bits);
	}
	if (sign < 0)
		mpz_neg(z, z);
	mpz_swap(r->coef, z);
	mpz_clear(z);
	r->kind = NUM_FINITE;
	r->scale = scale;
}

/* r += factor * artanh(1 / n) */
static void add_artanh_inverse(mpz_t r, long factor, unsigned long n, long bits)
{
	mpz_t power, term;
	mpz_inits(power, term, NULL);
	mpz_set_si(power, factor);
	mpz_mul_2exp(power, power, (mp_bitcnt_t)bits);
	mpz_tdiv_q_ui(power, power, n);
	for (unsigned long k = 1; mpz_sgn(power) != 0; k += 2) {
		mpz_tdiv_q_ui(term, power, k);
		mpz_add(r, r, term);
		mpz_tdiv_q_ui(power, power, n * n);
	}
	mpz_clears(power, term, NULL);
}

static void fix_ln2(mpz_t r, long bits)
{
	mpz_set_ui(r, 0);
	add_artanh_inverse(r, 18, 26, bits);
	add_artanh_inverse(r, -2, 4801, bits);
	add_artanh_inverse(r, 8, 8749, bits);
}

/* ln of a fixed-point number between 1/2 and 2: brought near to one by square roots, then 2 artanh((y - 1) / (y + 1)). */
static void fix_ln_near_one(mpz_t r, long bits)
{
	mpz_t one, power, square, term;
	mpz_inits(one, power, square, term, NULL);
	mpz_set_ui(one, 1);
	mpz_mul_2exp(one, one, (mp_bitcnt_t)bits);
	for (int i = 0; i < SQUARE_ROOTS; i++) {
		mpz_mul_2exp(r, r, (mp_bitcnt_t)bits);
		mpz_sqrt(r, r);
	}
	mpz_sub(power, r, one);
	mpz_add(r, r, one);
	mpz_mul_2exp(power, power, (mp_bitcnt_t)bits);
	mpz_tdiv_q(power, power, r);
	mpz_mul(square, power, power);
	mpz_tdiv_q_2exp(square, square, (mp_bitcnt_t)bits);
	mpz_set_ui(r, 0);
	for (unsigned long k = 1; mpz_sgn(power) != 0; k += 2) {
		mpz_tdiv_q_ui(term, power, k);
		mpz_add(r, r, term);
		mpz_mul(power, power, square);
		mpz_tdiv_q_2exp(power, power, (mp_bitcnt_t)bits);
	}
	mpz_mul_2exp(r, r, SQUARE_ROOTS + 1);
	mpz_clears(one, power, square, term, NULL);
}

/* ln(x) for x > 0, good to some bits less than `bits`. */
static void fix_ln(mpz_t r, const Numeric *x, long bits)
{
	mpz_t p;
	mpz_init(p);
	mpz_ui_pow_ui(p, 10, (unsigned long)x->scale);
	long k = (long)mpz_sizeinbase(x->coef, 2) - (long)mpz_sizeinbase(p, 2);
	if (bits - k >= 0) {
		mpz_mul_2exp(r, x->coef, (mp_bitcnt_t)(bits - k));
	} else {
		mpz_set(r, x->coef);
		mpz_mul_2exp(p, p, (mp_bitcnt_t)(k - bits));
	}
	mpz_tdiv_q(r, r, p);
	fix_ln_near_one(r, bits);
	if (k) {
		fix_ln2(p, bits);
		mpz_mul_si(p, p, k);
		mpz_add(r, r, p);
	}
	mpz_clear(p);
}

/* e^f; the result is r * 2^(*shift - bits). */
static void fix_exp(mpz_t r, const mpz_t f, long bits, long *shift)
{
	enum { HALVINGS = 16 };
	mpz_t ln2, k, x, term;
	mpz_inits(ln2, k, x, term, NULL);
	fix_ln2(ln2, bits);
	mpz_fdiv_qr(k, x, f, ln2);
	*shift = mpz_get_si(k);
	mpz_fdiv_q_2exp(x, x, HALVINGS);
	mpz_set_ui(term, 1);
	mpz_mul_2exp(term, term, (mp_bitcnt_t)bits);
	mpz_set_ui(r, 0);
	for (unsigned long i = 1; mpz_sgn(term) != 0; i++) {
		mpz_add(r, r, term);
		mpz_mul(term, term, x);
		mpz_fdiv_q_2exp(term, term, (mp_bitcnt_t)bits);
		mpz_tdiv_q_ui(term, term, i);
	}
	for (int i = 0; i < HALVINGS; i++) {
		mpz_mul(r, r, r);
		mpz_fdiv_q_2exp(r, r, (mp_bitcnt_t)bits);
	}
	mpz_clears(ln2, k, x, term, NULL);
}

/* Bits that a result of this size and scale needs. */
static long working_bits(double digits_before_point, int scale)
{
	return (long)(((digits_before_point > 0 ? digits_before_point : 0) + scale + 2) * bits_per_digit) + SPARE_BITS;
}

/* ---- exp, ln, log ---- */

/* e^(f * 2^-bits) to `scale` digits. `estimate` is the exponent as a double. */
static int exp_to_scale(const mpz_t f, long bits, double estimate, int scale, Numeric *r, Error *err)
{
	if (fabs(estimate) >= MAX_RESULT_SCALE * 3) {
		if (estimate > 0)
			return overflow(err);
		set_int(r, 0, scale);
		return 0;
	}
	mpz_t e;
	long shift;
	mpz_init(e);
	fix_exp(e, f, bits, &shift);
	fix_get(e, bits - shift, scale, r);
	mpz_clear(e);
	return numeric_check(r, err);
}

int numeric_exp(const Numeric *x, Numeric *r, Error *err)
{
	if (x->kind != NUM_FINITE) {
		if (x->kind == NUM_NINF)
			set_int(r, 0, 0);
		else
			numeric_set_special(r, x->kind);
		return 0;
	}
	double v = to_double(x), digits = v * log10_e;
	digits = digits > MAX_RESULT_SCALE ? MAX_RESULT_SCALE : digits < -MAX_RESULT_SCALE ? -MAX_RESULT_SCALE : digits;
	int scale = clamp_scale(MIN_SIGNIFICANT - (int)digits, x->scale);
	if (fabs(v) >= MAX_RESULT_SCALE * 3) {
		if (v > 0)
			return overflow(err);
		set_int(r, 0, scale);
		return 0;
	}
	long bits = working_bits(v * log10_e, scale);
	mpz_t f;
	mpz_init(f);
	fix_set(f, x, bits);
	int rc = exp_to_scale(f, bits, v, scale, r, err);
	mpz_clear(f);
	return rc;
}

/* Compares with n / 10. */
static int compare_tenths(const Numeric *x, long n)
{
	Numeric t;
	numeric_init(&t);
	mpz_set_si(t.coef, n);
	t.scale = 1;
	int c = numeric_compare(x, &t);
	numeric_clear(&t);
	return c;
}

/* The decimal weight of ln(x), as PostgreSQL estimates it. */
static int ln_weight(const Numeric *x)
{
	int weight;
	if (numeric_sign(x) <= 0)
		return 0;
	if (compare_tenths(x, 9) >= 0 && compare_tenths(x, 11) <= 0) {
		Numeric one, d;
		numeric_init(&one);
		numeric_init(&d);
		set_int(&one, 1, 0);
		numeric_sub(x, &one, &d, NULL);
		int first, r = 0;
		if (numeric_sign(&d) != 0) {
			numeric_first_digit(&d, &weight, &first);
			r = weight * BASE_DIGITS + (int)log10(first);
		}
		numeric_clear(&one);
		numeric_clear(&d);
		return r;
	}
	double lead = leading_digits(x, 2, &weight);
	return (int)log10(fabs(log(lead) + (double)weight * BASE_DIGITS * ln_10));
}

static int check_logarithm(const Numeric *x, Error *err)
{
	if (x->kind == NUM_NAN)
		return 0;
	if (numeric_sign(x) < 0)
		return err_set(err, "2201E", "cannot take logarithm of a negative number");
	if (numeric_sign(x) == 0)
		return err_set(err, "2201E", "cannot take logarithm of zero");
	return 0;
}

int numeric_ln(const Numeric *x, Numeric *r, Error *err)
{
	if (check_logarithm(x, err))
		return -1;
	if (x->kind != NUM_FINITE) {
		numeric_set_special(r, x->kind);
		return 0;
	}
	int scale = clamp_scale(MIN_SIGNIFICANT - ln_weight(x), x->scale);
	long bits = working_bits(6, scale);
	mpz_t f;
	mpz_init(f);
	fix_ln(f, x, bits);
	fix_get(f, bits, scale, r);
	mpz_clear(f);
	return 0;
}

int numeric_log(const Numeric *base, const Numeric *x, Numeric *r, Error *err)
{
	if (base->kind == NUM_NAN || x->kind == NUM_NAN) {
		numeric_set_special(r, NUM_NAN);
		return 0;
	}
	bool infinite = base->kind != NUM_FINITE || x->kind != NUM_FINITE;
	if (infinite && (numeric_sign(base) < 0 || numeric_sign(x) < 0))
		return err_set(err, "2201E", "cannot take logarithm of a negative number");
	if (check_logarithm(base, err) || check_logarithm(x, err))
		return -1;
	if (infinite) {
		if (base->kind == NUM_FINITE)
			numeric_set_special(r, NUM_PINF);
		else if (x->kind != NUM_FINITE)
			numeric_set_special(r, NUM_NAN);
		else
			set_int(r, 0, 0);
		return 0;
	}
	int base_weight = ln_weight(base), weight = ln_weight(x) - base_weight;
	int scale = clamp_scale(MIN_SIGNIFICANT - weight, base->scale > x->scale ? base->scale : x->scale);
	/* A base near one has a small logarithm, which makes the quotient large. */
	long bits = working_bits(6 + abs(weight) + abs(base_weight) * 2.0, scale);
	mpz_t f, g;
	mpz_inits(f, g, NULL);
	fix_ln(f, x, bits);
	fix_ln(g, base, bits);
	int rc = 0;
	if (mpz_sgn(g) == 0) {
		rc = err_set(err, "22012", "division by zero");
	} else {
		mpz_mul_2exp(f, f, (mp_bitcnt_t)bits);
		mpz_tdiv_q(f, f, g);
		fix_get(f, bits, scale, r);
	}
	mpz_clears(f, g, NULL);
	return rc;
}

/* ---- power ---- */

static bool is_whole(const Numeric *x)
{
	if (x->kind != NUM_FINITE)
		return x->kind != NUM_NAN;
	mpz_t p;
	mpz_init(p);
	mpz_ui_pow_ui(p, 10, (unsigned long)x->scale);
	bool whole = mpz_divisible_p(x->coef, p);
	mpz_clear(p);
	return whole;
}

/* Whether a whole number is odd; infinity is even. */
static bool is_odd(const Numeric *x)
{
	if (x->kind != NUM_FINITE)
		return false;
	Numeric t;
	numeric_init(&t);
	numeric_trunc(x, 0, &t);
	bool odd = mpz_odd_p(t.coef);
	numeric_clear(&t);
	return odd;
}

/* A floating number m * 2^e with at most `bits` bits. */
typedef struct Float {
	mpz_t m;
	long e;
} Float;

static void float_trim(Float *x, long bits)
{
	long extra = (long)mpz_sizeinbase(x->m, 2) - bits;
	if (extra <= 0)
		return;
	mpz_tdiv_q_2exp(x->m, x->m, (mp_bitcnt_t)extra);
	x->e += extra;
}

/* x^n to `bits` bits, for powers whose exact digits would be too many. */
static void float_power(Float *x, unsigned long n, long bits)
{
	Float r = { .e = 0 };
	mpz_init_set_ui(r.m, 1);
	for (; n; n >>= 1) {
		if (n & 1) {
			mpz_mul(r.m, r.m, x->m);
			r.e += x->e;
			float_trim(&r, bits);
		}
		mpz_mul(x->m, x->m, x->m);
		x->e *= 2;
		float_trim(x, bits);
	}
	mpz_swap(x->m, r.m);
	x->e = r.e;
	mpz_clear(r.m);
}

/* base^n (or its inverse) as num/den, both exact. */
static void exact_power(const Numeric *base, unsigned long n, bool inverse, int scale, Numeric *r)
{
	mpz_t num, den;
	mpz_inits(num, den, NULL);
	mpz_pow_ui(num, base->coef, n);
	mpz_ui_pow_ui(den, 10, (unsigned long)base->scale * n);
	if (inverse)
		mpz_swap(num, den);
	numeric_scale_up(num, scale);
	int sign = mpz_sgn(num) * mpz_sgn(den);
	mpz_abs(num, num);
	mpz_abs(den, den);
	mpz_mul_2exp(num, num, 1);
	mpz_add(num, num, den);
	mpz_mul_2exp(den, den, 1);
	mpz_tdiv_q(num, num, den);
	if (sign < 0)
		mpz_neg(num, num);
	mpz_swap(r->coef, num);
	mpz_clears(num, den, NULL);
	r->kind = NUM_FINITE;
	r->scale = scale;
}

static void rounded_power(const Numeric *base, unsigned long n, bool inverse, double digits, int scale, Numeric *r)
{
	long bits = working_bits(digits, scale) + 64;
	Float x = { .e = -bits };
	mpz_init(x.m);
	fix_set(x.m, base, bits);
	if (inverse) {
		/* One divided by the base, so that the exponent is positive. */
		mpz_t p;
		mpz_init(p);
		mpz_ui_pow_ui(p, 10, (unsigned long)base->scale);
		long extra = bits + (long)mpz_sizeinbase(base->coef, 2);
		mpz_mul_2exp(p, p, (mp_bitcnt_t)extra);
		mpz_tdiv_q(x.m, p, base->coef);
		x.e = -extra;
		mpz_clear(p);
	}
	float_power(&x, n, bits);
	fix_get(x.m, -x.e, scale, r);
	mpz_clear(x.m);
}

enum { EXACT_BITS = 1 << 22, MAX_DIGITS = 131072 };

static int whole_power(const Numeric *base, long n, int scale, Numeric *r, Error *err)
{
	if (n == 0) {
		set_int(r, 1, scale);
		return 0;
	}
	if (numeric_sign(base) == 0) {
		if (n < 0)
			return err_set(err, "22012", "division by zero");
		set_int(r, 0, scale);
		return 0;
	}
	int weight;
	double lead = leading_digits(base, 4, &weight);
	double digits = (double)n * (log10(lead) + (double)weight * BASE_DIGITS);
	if (digits > MAX_DIGITS + 2)
		return overflow(err);
	if (digits + 1 < -scale) {
		set_int(r, 0, scale);
		return 0;
	}
	unsigned long count = (unsigned long)labs(n);
	double bits = (double)count * ((double)mpz_sizeinbase(base->coef, 2) + base->scale * bits_per_digit);
	if (bits <= EXACT_BITS || count <= 2)
		exact_power(base, count, n < 0, scale, r);
	else
		rounded_power(base, count, n < 0, digits, scale, r);
	return numeric_check(r, err);
}

/* y * ln(base) with about eight digits, rounded where PostgreSQL rounds it: the scale of the result depends on it. */
static double rough_exponent(const Numeric *base, const Numeric *y)
{
	int weight = ln_weight(base), scale = weight > 8 ? 0 : 8 - weight;
	long bits = working_bits(6, scale);
	Numeric t;
	numeric_init(&t);
	fix_ln(t.coef, base, bits);
	fix_get(t.coef, bits, scale, &t);
	mpz_mul(t.coef, t.coef, y->coef);
	t.scale += y->scale;
	numeric_rescale(&t, scale, true);
	double v = to_double(&t);
	numeric_clear(&t);
	return v;
}

/* base > 0 with any exponent, through logarithms. `size` is about the number of bits before the point of y. */
static int real_power(const Numeric *base, const Numeric *y, Numeric *r, Error *err)
{
	double v = rough_exponent(base, y), size = (double)mpz_sizeinbase(y->coef, 2) - y->scale * bits_per_digit;
	if (fabs(v) > MAX_RESULT_SCALE * 3.01) {
		if (v > 0)
			return overflow(err);
		set_int(r, 0, MAX_DISPLAY_SCALE);
		return 0;
	}
	double digits = v * log10_e;
	int scale = clamp_scale(MIN_SIGNIFICANT - (int)digits, base->scale > y->scale ? base->scale : y->scale);
	long bits = working_bits(digits, scale) + (size > 0 ? (long)size : 0) + 34;
	mpz_t f, p;
	mpz_inits(f, p, NULL);
	fix_ln(f, base, bits);
	mpz_mul(f, f, y->coef);
	mpz_ui_pow_ui(p, 10, (unsigned long)y->scale);
	mpz_tdiv_q(f, f, p);
	int rc = exp_to_scale(f, bits, v, scale, r, err);
	mpz_clears(f, p, NULL);
	return rc;
}

/* Powers where an operand is infinite, neither is NaN. */
static void infinite_power(const Numeric *x, const Numeric *y, Numeric *r)
{
	int sign = numeric_sign(y);
	Numeric size, one;
	numeric_init(&size);
	numeric_init(&one);
	numeric_abs(x, &size);
	set_int(&one, 1, 0);
	int order = numeric_compare(&size, &one);
	bool is_one = numeric_compare(x, &one) == 0;
	numeric_clear(&size);
	numeric_clear(&one);
	if (is_one || sign == 0)
		set_int(r, 1, 0);
	else if (numeric_sign(x) == 0)
		set_int(r, 0, 0);
	else if (y->kind != NUM_FINITE && order == 0)
		set_int(r, 1, 0);
	else if (y->kind != NUM_FINITE ? (order > 0) != (sign > 0) : sign < 0)
		set_int(r, 0, 0);
	else
		numeric_set_special(r, x->kind == NUM_NINF && y->kind == NUM_FINITE && is_odd(y) ? NUM_NINF : NUM_PINF);
}

static bool equals_int(const Numeric *x, long v)
{
	Numeric t;
	numeric_init(&t);
	set_int(&t, v, 0);
	bool same = numeric_compare(x, &t) == 0;
	numeric_clear(&t);
	return same;
}

static int power_nan(const Numeric *x, const Numeric *y, Numeric *r)
{
	if (x->kind == NUM_NAN ? equals_int(y, 0) : equals_int(x, 1))
		set_int(r, 1, 0);
	else
		numeric_set_special(r, NUM_NAN);
	return 0;
}

static int finite_power(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	int scale = clamp_scale(MIN_SIGNIFICANT, x->scale);
	if (is_whole(y)) {
		Numeric n;
		numeric_init(&n);
		numeric_trunc(y, 0, &n);
		bool small = mpz_fits_sint_p(n.coef);
		long v = small ? mpz_get_si(n.coef) : 0;
		numeric_clear(&n);
		if (small)
			return whole_power(x, v, scale, r, err);
	}
	if (numeric_sign(x) == 0) {
		set_int(r, 0, MIN_SIGNIFICANT);
		return 0;
	}
	bool negative = numeric_sign(x) < 0 && is_odd(y);
	Numeric base;
	numeric_init(&base);
	numeric_abs(x, &base);
	int rc = real_power(&base, y, r, err);
	numeric_clear(&base);
	if (rc == 0 && negative)
		mpz_neg(r->coef, r->coef);
	return rc;
}

int numeric_power(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	if (x->kind == NUM_NAN || y->kind == NUM_NAN)
		return power_nan(x, y, r);
	if (numeric_sign(x) == 0 && numeric_sign(y) < 0)
		return err_set(err, "2201F", "zero raised to a negative power is undefined");
	if (numeric_sign(x) < 0 && !is_whole(y))
		return err_set(err, "2201F", "a negative number raised to a non-integer power yields a complex result");
	if (x->kind != NUM_FINITE || y->kind != NUM_FINITE) {
		infinite_power(x, y, r);
		return 0;
	}
	return finite_power(x, y, r, err);
}
