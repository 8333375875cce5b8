#include "pgtype/numeric.h"
#include "pgtype/family.h"

#include <ctype.h>
#include <limits.h>

enum { MAX_WEIGHT_DIGITS = 131072, MAX_SCALE = 16383 };

void numeric_init(Numeric *n)
{
	n->kind = NUM_FINITE;
	n->scale = 0;
	mpz_init(n->coef);
}

void numeric_clear(Numeric *n)
{
	mpz_clear(n->coef);
}

void numeric_set(Numeric *r, const Numeric *x)
{
	if (r == x)
		return;
	r->kind = x->kind;
	r->scale = x->scale;
	mpz_set(r->coef, x->coef);
}

void numeric_set_special(Numeric *r, NumKind kind)
{
	r->kind = kind;
	r->scale = 0;
	mpz_set_ui(r->coef, 0);
}

void numeric_scale_up(mpz_t z, int digits)
{
	if (digits <= 0 || mpz_sgn(z) == 0)
		return;
	mpz_t p;
	mpz_init(p);
	mpz_ui_pow_ui(p, 10, (unsigned long)digits);
	mpz_mul(z, z, p);
	mpz_clear(p);
}

long numeric_digits(const Numeric *n)
{
	if (mpz_sgn(n->coef) == 0)
		return 0;
	long guess = (long)mpz_sizeinbase(n->coef, 10);
	mpz_t p;
	mpz_init(p);
	mpz_ui_pow_ui(p, 10, (unsigned long)guess - 1);
	if (mpz_cmpabs(n->coef, p) < 0)
		guess--;
	mpz_clear(p);
	return guess;
}

int numeric_check(const Numeric *n, Error *err)
{
	if (n->kind == NUM_FINITE && (numeric_digits(n) - n->scale > MAX_WEIGHT_DIGITS || n->scale > MAX_SCALE))
		return err_set(err, "22003", "value overflows numeric format");
	return 0;
}

void numeric_rescale(Numeric *n, int scale, bool round)
{
	if (n->kind != NUM_FINITE)
		return;
	if (scale >= n->scale) {
		numeric_scale_up(n->coef, scale - n->scale);
		n->scale = scale;
		return;
	}
	mpz_t p, rest;
	mpz_inits(p, rest, NULL);
	mpz_ui_pow_ui(p, 10, (unsigned long)(n->scale - scale));
	mpz_tdiv_qr(n->coef, rest, n->coef, p);
	if (round) {
		mpz_mul_ui(rest, rest, 2);
		if (mpz_cmpabs(rest, p) >= 0) {
			if (mpz_sgn(rest) < 0)
				mpz_sub_ui(n->coef, n->coef, 1);
			else
				mpz_add_ui(n->coef, n->coef, 1);
		}
	}
	mpz_clears(p, rest, NULL);
	n->scale = scale;
}

static bool parse_special(Str s, Numeric *r)
{
	bool negative = s.n && s.p[0] == '-', has_sign = negative || (s.n && s.p[0] == '+');
	if (!has_sign && str_iis(s, "nan")) {
		numeric_set_special(r, NUM_NAN);
		return true;
	}
	if (has_sign)
		s.p++, s.n--;
	if (!str_iis(s, "infinity") && !str_iis(s, "inf"))
		return false;
	numeric_set_special(r, negative ? NUM_NINF : NUM_PINF);
	return true;
}

/* Copies the digits of [sign]digits[.digits] to `digits` and counts those after the point; returns how many bytes were read. */
static size_t scan_digits(Str s, char *digits, size_t *ndigits, long *scale)
{
	size_t i = 0, n = 0;
	bool point = false;
	for (; i < s.n; i++) {
		if (isdigit((unsigned char)s.p[i])) {
			digits[n++] = s.p[i];
			*scale += point;
		} else if (s.p[i] == '.' && !point) {
			point = true;
		} else {
			break;
		}
	}
	digits[n] = '\0';
	*ndigits = n;
	return i;
}

/* The exponent after the digits: 0 = none, -1 = malformed. Absurd ones come out smaller, but still absurd. */
static int scan_exponent(Str s, long *out)
{
	*out = 0;
	if (s.n == 0)
		return 0;
	if (s.p[0] != 'e' && s.p[0] != 'E')
		return -1;
	s.p++, s.n--;
	bool negative = s.n && s.p[0] == '-';
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s.p++, s.n--;
	if (s.n == 0)
		return -1;
	long v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (!isdigit((unsigned char)s.p[i]))
			return -1;
		if (v < INT_MAX / 20) /* beyond that the value overflows anyway */
			v = v * 10 + (s.p[i] - '0');
	}
	*out = negative ? -v : v;
	return 0;
}

int numeric_parse(Str text, Numeric *r, Error *err)
{
	Str s = str_trim(text);
	if (parse_special(s, r))
		return 0;
	Str rest = s;
	bool negative = rest.n && rest.p[0] == '-';
	if (rest.n && (rest.p[0] == '-' || rest.p[0] == '+'))
		rest.p++, rest.n--;
	_cleanup_(mem_freep) char *digits = mem_alloc(rest.n + 2);
	size_t ndigits;
	long scale = 0, exponent;
	size_t used = scan_digits(rest, digits, &ndigits, &scale);
	if (ndigits == 0 || scan_exponent((Str){ rest.p + used, rest.n - used }, &exponent))
		return family_bad_text(err, "numeric", text);
	if (exponent > scale && strspn(digits, "0") == ndigits)
		exponent = scale;
	if (exponent > MAX_WEIGHT_DIGITS * 2 || exponent < -MAX_SCALE * 4 || scale - exponent > MAX_SCALE)
		return err_set(err, "22003", "value overflows numeric format");
	mpz_set_str(r->coef, digits, 10);
	if (negative)
		mpz_neg(r->coef, r->coef);
	scale -= exponent;
	if (scale < 0) {
		numeric_scale_up(r->coef, (int)-scale);
		scale = 0;
	}
	r->kind = NUM_FINITE;
	r->scale = (int)scale;
	return numeric_check(r, err);
}

void numeric_read(Str text, Numeric *r)
{
	/* Most values are short: read them without allocating. */
	int64_t v = 0;
	int scale = 0;
	size_t i = text.n && text.p[0] == '-', start = i;
	bool point = false;
	for (; i < text.n && i - start < 18; i++) {
		char c = text.p[i];
		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			break;
		v = v * 10 + (c - '0');
		scale += point;
	}
	if (i == text.n && i > start) {
		r->kind = NUM_FINITE;
		r->scale = scale;
		mpz_set_si(r->coef, start ? -v : v);
		return;
	}
	if (numeric_parse(text, r, NULL))
		numeric_set_special(r, NUM_NAN);
}

void numeric_print(const Numeric *n, Buf *out)
{
	if (n->kind != NUM_FINITE) {
		buf_puts(out, n->kind == NUM_NAN ? "NaN" : n->kind == NUM_PINF ? "Infinity" : "-Infinity");
		return;
	}
	_cleanup_(mem_freep) char *digits = mem_alloc(mpz_sizeinbase(n->coef, 10) + 2);
	mpz_get_str(digits, 10, n->coef);
	const char *p = digits;
	if (*p == '-') {
		buf_put_u8(out, '-');
		p++;
	}
	size_t len = strlen(p), scale = (size_t)n->scale;
	if (len > scale)
		buf_put(out, p, len - scale);
	else
		buf_put_u8(out, '0');
	if (scale == 0)
		return;
	buf_put_u8(out, '.');
	for (size_t i = len; i < scale; i++)
		buf_put_u8(out, '0');
	buf_put(out, len > scale ? p + len - scale : p, len > scale ? scale : len);
}

/* Rank of the special values around the finite ones. */
static int text_rank(Str s)
{
	if (s.n == 0)
		return 0;
	if (s.p[0] == 'N')
		return 2;
	if (s.p[0] == 'I')
		return 1;
	return s.n > 1 && s.p[1] == 'I' ? -1 : 0;
}

typedef struct {
	Str whole, fraction;
	int sign;
} Parts;

static Parts text_parts(Str s)
{
	Parts p = { .sign = 1 };
	if (s.n && s.p[0] == '-') {
		p.sign = -1;
		s.p++, s.n--;
	}
	const char *point = s.n ? memchr(s.p, '.', s.n) : NULL;
	p.whole = (Str){ s.p, point ? (size_t)(point - s.p) : s.n };
	if (point)
		p.fraction = (Str){ point + 1, s.n - p.whole.n - 1 };
	while (p.whole.n && p.whole.p[0] == '0')
		p.whole.p++, p.whole.n--;
	while (p.fraction.n && p.fraction.p[p.fraction.n - 1] == '0')
		p.fraction.n--;
	if (p.whole.n == 0 && p.fraction.n == 0)
		p.sign = 0;
	return p;
}

int numeric_compare_text(Str x, Str y)
{
	int rx = text_rank(x), ry = text_rank(y);
	if (rx || ry)
		return (rx > ry) - (rx < ry);
	Parts a = text_parts(x), b = text_parts(y);
	if (a.sign != b.sign)
		return a.sign < b.sign ? -1 : 1;
	if (a.whole.n != b.whole.n)
		return a.whole.n < b.whole.n ? -a.sign : a.sign;
	int c = a.whole.n ? memcmp(a.whole.p, b.whole.p, a.whole.n) : 0;
	if (c == 0) {
		size_t n = a.fraction.n < b.fraction.n ? a.fraction.n : b.fraction.n;
		c = n ? memcmp(a.fraction.p, b.fraction.p, n) : 0;
		if (c == 0)
			c = (a.fraction.n > b.fraction.n) - (a.fraction.n < b.fraction.n);
	}
	return c == 0 ? 0 : (c < 0 ? -a.sign : a.sign);
}

static int kind_rank(NumKind k)
{
	return k == NUM_NAN ? 2 : k == NUM_PINF ? 1 : k == NUM_NINF ? -1 : 0;
}

int numeric_compare(const Numeric *x, const Numeric *y)
{
	if (x->kind != NUM_FINITE || y->kind != NUM_FINITE) {
		int rx = kind_rank(x->kind), ry = kind_rank(y->kind);
		return (rx > ry) - (rx < ry);
	}
	if (x->scale == y->scale)
		return mpz_cmp(x->coef, y->coef);
	mpz_t z;
	mpz_init_set(z, x->scale < y->scale ? x->coef : y->coef);
	numeric_scale_up(z, abs(x->scale - y->scale));
	int c = x->scale < y->scale ? mpz_cmp(z, y->coef) : mpz_cmp(x->coef, z);
	mpz_clear(z);
	return c;
}

int numeric_sign(const Numeric *n)
{
	return n->kind == NUM_FINITE ? mpz_sgn(n->coef) : n->kind == NUM_PINF ? 1 : n->kind == NUM_NINF ? -1 : 0;
}
