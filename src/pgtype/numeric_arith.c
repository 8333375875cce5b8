#include "pgtype/numeric.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

enum { MIN_SIGNIFICANT = 16, MAX_RESULT_SCALE = 1000, BASE_DIGITS = 4 };

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

static void align(const Numeric *x, const Numeric *y, mpz_t a, mpz_t b)
{
	mpz_init_set(a, x->coef);
	mpz_init_set(b, y->coef);
	numeric_scale_up(a, y->scale - x->scale);
	numeric_scale_up(b, x->scale - y->scale);
}

/* Sum where an operand is NaN or infinite; `flip` negates y. */
static void add_special(const Numeric *x, const Numeric *y, bool flip, Numeric *r)
{
	NumKind k = y->kind;
	if (flip)
		k = k == NUM_PINF ? NUM_NINF : k == NUM_NINF ? NUM_PINF : k;
	if (x->kind == NUM_NAN || k == NUM_NAN)
		numeric_set_special(r, NUM_NAN);
	else if (x->kind == NUM_FINITE)
		numeric_set_special(r, k);
	else
		numeric_set_special(r, k == NUM_FINITE || k == x->kind ? x->kind : NUM_NAN);
}

static int add_or_sub(const Numeric *x, const Numeric *y, bool subtract, Numeric *r, Error *err)
{
	if (x->kind != NUM_FINITE || y->kind != NUM_FINITE) {
		add_special(x, y, subtract, r);
		return 0;
	}
	int scale = max_int(x->scale, y->scale);
	if (x->scale == y->scale) {
		if (subtract)
			mpz_sub(r->coef, x->coef, y->coef);
		else
			mpz_add(r->coef, x->coef, y->coef);
	} else {
		mpz_t a, b;
		align(x, y, a, b);
		if (subtract)
			mpz_sub(r->coef, a, b);
		else
			mpz_add(r->coef, a, b);
		mpz_clears(a, b, NULL);
	}
	r->kind = NUM_FINITE;
	r->scale = scale;
	return numeric_check(r, err);
}

int numeric_add(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	return add_or_sub(x, y, false, r, err);
}

int numeric_sub(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	return add_or_sub(x, y, true, r, err);
}

int numeric_mul(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	if (x->kind != NUM_FINITE || y->kind != NUM_FINITE) {
		int sign = numeric_sign(x) * numeric_sign(y);
		bool nan = x->kind == NUM_NAN || y->kind == NUM_NAN || sign == 0;
		numeric_set_special(r, nan ? NUM_NAN : sign > 0 ? NUM_PINF : NUM_NINF);
		return 0;
	}
	int scale = x->scale + y->scale;
	mpz_mul(r->coef, x->coef, y->coef);
	r->kind = NUM_FINITE;
	r->scale = scale;
	if (scale > 16383)
		numeric_rescale(r, 16383, true);
	return numeric_check(r, err);
}

void numeric_first_digit(const Numeric *n, int *weight, int *digit)
{
	*weight = *digit = 0;
	long digits = numeric_digits(n);
	if (digits == 0)
		return;
	/* Position of the first digit relative to the point: 0 is the units digit. */
	long top = digits - n->scale - 1;
	long w = top >= 0 ? top / BASE_DIGITS : -((-top + BASE_DIGITS - 1) / BASE_DIGITS);
	/* The base-10000 digit holds decimal positions w*4 .. w*4+3; cut off everything below. */
	long drop = w * BASE_DIGITS + n->scale;
	mpz_t z, p;
	mpz_init_set(z, n->coef);
	mpz_init(p);
	mpz_abs(z, z);
	mpz_ui_pow_ui(p, 10, (unsigned long)labs(drop));
	if (drop > 0)
		mpz_tdiv_q(z, z, p);
	else
		mpz_mul(z, z, p);
	*digit = (int)mpz_get_si(z);
	*weight = (int)w;
	mpz_clears(z, p, NULL);
}

/* At least 16 significant digits, at least the scale of either operand. */
static int division_scale(const Numeric *x, const Numeric *y)
{
	int wx, wy, dx, dy;
	numeric_first_digit(x, &wx, &dx);
	numeric_first_digit(y, &wy, &dy);
	int weight = wx - wy - (dx <= dy);
	int scale = max_int(MIN_SIGNIFICANT - weight * BASE_DIGITS, max_int(x->scale, y->scale));
	scale = max_int(scale, 0);
	return scale > MAX_RESULT_SCALE ? MAX_RESULT_SCALE : scale;
}

static int divide_special(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	if (x->kind == NUM_NAN || y->kind == NUM_NAN) {
		numeric_set_special(r, NUM_NAN);
	} else if (x->kind != NUM_FINITE) {
		if (y->kind == NUM_FINITE && numeric_sign(y) == 0)
			return err_set(err, "22012", "division by zero");
		int sign = numeric_sign(x) * numeric_sign(y);
		numeric_set_special(r, y->kind != NUM_FINITE ? NUM_NAN : sign > 0 ? NUM_PINF : NUM_NINF);
	} else {
		numeric_set_special(r, NUM_FINITE);
	}
	return 0;
}

static int divide(const Numeric *x, const Numeric *y, int scale, bool round, Numeric *r, Error *err)
{
	if (x->kind != NUM_FINITE || y->kind != NUM_FINITE)
		return divide_special(x, y, r, err);
	if (mpz_sgn(y->coef) == 0)
		return err_set(err, "22012", "division by zero");
	/* One digit more than wanted, and a sticky one, so that rounding half away is exact. */
	mpz_t num, den;
	mpz_init_set(num, x->coef);
	mpz_init_set(den, y->coef);
	int shift = scale + y->scale - x->scale;
	numeric_scale_up(num, shift);
	numeric_scale_up(den, -shift);
	mpz_t rest;
	mpz_init(rest);
	int sign = mpz_sgn(num) * mpz_sgn(den);
	mpz_tdiv_qr(num, rest, num, den);
	mpz_mul_ui(rest, rest, 2);
	if (round && mpz_cmpabs(rest, den) >= 0) {
		if (sign < 0)
			mpz_sub_ui(num, num, 1);
		else
			mpz_add_ui(num, num, 1);
	}
	mpz_set(r->coef, num);
	r->kind = NUM_FINITE;
	r->scale = scale;
	mpz_clears(num, den, rest, NULL);
	return numeric_check(r, err);
}

int numeric_div(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	int scale = x->kind == NUM_FINITE && y->kind == NUM_FINITE ? division_scale(x, y) : 0;
	return divide(x, y, scale, true, r, err);
}

int numeric_div_trunc(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	return divide(x, y, 0, false, r, err);
}

int numeric_mod(const Numeric *x, const Numeric *y, Numeric *r, Error *err)
{
	if (x->kind != NUM_FINITE || y->kind != NUM_FINITE) {
		if (x->kind == NUM_NAN || y->kind == NUM_NAN) {
			numeric_set_special(r, NUM_NAN);
		} else if (x->kind != NUM_FINITE) {
			if (y->kind == NUM_FINITE && numeric_sign(y) == 0)
				return err_set(err, "22012", "division by zero");
			numeric_set_special(r, NUM_NAN);
		} else {
			numeric_set(r, x);
		}
		return 0;
	}
	if (mpz_sgn(y->coef) == 0)
		return err_set(err, "22012", "division by zero");
	int scale = max_int(x->scale, y->scale);
	mpz_t a, b;
	align(x, y, a, b);
	mpz_tdiv_r(r->coef, a, b);
	mpz_clears(a, b, NULL);
	r->kind = NUM_FINITE;
	r->scale = scale;
	return 0;
}

void numeric_neg(const Numeric *x, Numeric *r)
{
	numeric_set(r, x);
	mpz_neg(r->coef, r->coef);
	if (x->kind == NUM_PINF || x->kind == NUM_NINF)
		r->kind = x->kind == NUM_PINF ? NUM_NINF : NUM_PINF;
}

void numeric_abs(const Numeric *x, Numeric *r)
{
	numeric_set(r, x);
	mpz_abs(r->coef, r->coef);
	if (x->kind == NUM_NINF)
		r->kind = NUM_PINF;
}

static void change_scale(const Numeric *x, int scale, bool round, Numeric *r)
{
	numeric_set(r, x);
	if (r->kind != NUM_FINITE)
		return;
	scale = scale < -16383 * 8 ? -16383 * 8 : scale > 16383 ? 16383 : scale;
	if (scale >= 0) {
		numeric_rescale(r, scale, round);
		return;
	}
	/* Work on the digits before the point: shift them behind it and back. */
	if (-(long)scale > numeric_digits(r) - r->scale + 1) {
		mpz_set_ui(r->coef, 0);
		r->scale = 0;
		return;
	}
	r->scale -= scale;
	numeric_rescale(r, 0, round);
	numeric_scale_up(r->coef, -scale);
}

void numeric_round(const Numeric *x, int scale, Numeric *r)
{
	Numeric copy;
	numeric_init(&copy);
	numeric_set(&copy, x);
	change_scale(&copy, scale, true, r);
	numeric_clear(&copy);
}

void numeric_trunc(const Numeric *x, int scale, Numeric *r)
{
	Numeric copy;
	numeric_init(&copy);
	numeric_set(&copy, x);
	change_scale(&copy, scale, false, r);
	numeric_clear(&copy);
}

static void to_whole(const Numeric *x, bool up, Numeric *r)
{
	numeric_set(r, x);
	if (r->kind != NUM_FINITE)
		return;
	mpz_t p;
	mpz_init(p);
	mpz_ui_pow_ui(p, 10, (unsigned long)r->scale);
	if (up)
		mpz_cdiv_q(r->coef, r->coef, p);
	else
		mpz_fdiv_q(r->coef, r->coef, p);
	mpz_clear(p);
	r->scale = 0;
}

void numeric_ceil(const Numeric *x, Numeric *r)
{
	to_whole(x, true, r);
}

void numeric_floor(const Numeric *x, Numeric *r)
{
	to_whole(x, false, r);
}

void numeric_from_int8(int64_t v, Numeric *r)
{
	r->kind = NUM_FINITE;
	r->scale = 0;
	mpz_set_si(r->coef, v);
}

int numeric_to_int(const Numeric *n, const char *type_name, int64_t lo, int64_t hi, int64_t *out, Error *err)
{
	if (n->kind != NUM_FINITE)
		return err_set(err, "0A000", "cannot convert %s to %s", n->kind == NUM_NAN ? "NaN" : "infinity", type_name);
	Numeric whole;
	numeric_init(&whole);
	numeric_round(n, 0, &whole);
	bool fits = mpz_fits_slong_p(whole.coef);
	int64_t v = fits ? mpz_get_si(whole.coef) : 0;
	numeric_clear(&whole);
	if (!fits || v < lo || v > hi)
		return err_set(err, "22003", "%s out of range", type_name);
	*out = v;
	return 0;
}

void numeric_from_float8(double v, int digits, Numeric *r)
{
	if (isnan(v) || isinf(v)) {
		numeric_set_special(r, isnan(v) ? NUM_NAN : v > 0 ? NUM_PINF : NUM_NINF);
		return;
	}
	char text[64];
	snprintf(text, sizeof text, "%.*g", digits, v);
	numeric_read(str_of(text), r);
}

int numeric_to_float8(const Numeric *n, double *out, Error *err)
{
	if (n->kind != NUM_FINITE) {
		*out = n->kind == NUM_NAN ? NAN : n->kind == NUM_PINF ? INFINITY : -INFINITY;
		return 0;
	}
	Buf b = { 0 };
	numeric_print(n, &b);
	*out = strtod(buf_cstr(&b), NULL);
	int rc = 0;
	if (isinf(*out) || (*out == 0 && mpz_sgn(n->coef) != 0))
		rc = err_set(err, "22003", "\"%s\" is out of range for type double precision", buf_cstr(&b));
	buf_free(&b);
	return rc;
}

int numeric_apply_typmod(Numeric *n, int32_t typmod, Error *err)
{
	if (typmod < 4 || n->kind == NUM_NAN)
		return 0;
	int precision = ((typmod - 4) >> 16) & 0xffff;
	int scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
	if (n->kind != NUM_FINITE) {
		err_set(err, "22003", "numeric field overflow");
		return err_detail(err, "A field with precision %d, scale %d cannot hold an infinite value.", precision, scale);
	}
	numeric_round(n, scale, n);
	int whole = precision - scale;
	if (numeric_digits(n) - n->scale > whole && mpz_sgn(n->coef) != 0) {
		err_set(err, "22003", "numeric field overflow");
		return err_detail(err, "A field with precision %d, scale %d must round to an absolute value less than %s%d.", precision,
				  scale, whole ? "10^" : "", whole ? whole : 1);
	}
	return 0;
}
