#include "pgtype/numeric_small.h"

static const int64_t powers[] = { INT64_C(1),
				  INT64_C(10),
				  INT64_C(100),
				  INT64_C(1000),
				  INT64_C(10000),
				  INT64_C(100000),
				  INT64_C(1000000),
				  INT64_C(10000000),
				  INT64_C(100000000),
				  INT64_C(1000000000),
				  INT64_C(10000000000),
				  INT64_C(100000000000),
				  INT64_C(1000000000000),
				  INT64_C(10000000000000),
				  INT64_C(100000000000000),
				  INT64_C(1000000000000000),
				  INT64_C(10000000000000000),
				  INT64_C(100000000000000000),
				  INT64_C(1000000000000000000) };

enum { MAX_SMALL_SCALE = 2 * NUMSMALL_DIGITS };

bool numsmall_read(Str text, NumSmall *r)
{
	const char *p = text.p, *end = p + text.n;
	bool negative = p < end && *p == '-';
	p += negative;
	/* A point beside the digits; longer texts are not small, or have zeros in front, which PostgreSQL does not print. */
	if (p == end || end - p > NUMSMALL_DIGITS + 1)
		return false;
	int64_t v = 0;
	const char *point = NULL;
	int digits = 0;
	for (; p < end; p++) {
		unsigned d = (unsigned char)*p - (unsigned)'0';
		if (d < 10) {
			if (digits++ == NUMSMALL_DIGITS)
				return false;
			v = v * 10 + (int64_t)d;
		} else if (*p == '.' && !point) {
			point = p + 1;
		} else {
			return false;
		}
	}
	if (digits == 0)
		return false;
	r->coef = negative ? -v : v;
	r->scale = point ? (int)(end - point) : 0;
	return true;
}

size_t numsmall_print(const NumSmall *n, char *out)
{
	char digits[MAX_SMALL_SCALE + 4];
	uint64_t v = n->coef < 0 ? -(uint64_t)n->coef : (uint64_t)n->coef;
	int len = 0;
	/* Backwards, with at least one digit before the point. */
	while (v || len <= n->scale) {
		digits[len++] = (char)('0' + v % 10);
		v /= 10;
	}
	size_t at = 0;
	if (n->coef < 0)
		out[at++] = '-';
	while (len) {
		if (len == n->scale)
			out[at++] = '.';
		out[at++] = digits[--len];
	}
	return at;
}

static bool fits(__int128 v)
{
	return v < powers[NUMSMALL_DIGITS] && v > -(__int128)powers[NUMSMALL_DIGITS];
}

static bool add_signed(const NumSmall *x, const NumSmall *y, int sign, NumSmall *r)
{
	int scale = x->scale > y->scale ? x->scale : y->scale;
	int up_x = scale - x->scale, up_y = scale - y->scale;
	if (up_x > NUMSMALL_DIGITS || up_y > NUMSMALL_DIGITS)
		return false;
	__int128 v = (__int128)x->coef * powers[up_x] + (__int128)y->coef * powers[up_y] * sign;
	if (!fits(v))
		return false;
	r->coef = (int64_t)v;
	r->scale = scale;
	return true;
}

bool numsmall_add(const NumSmall *x, const NumSmall *y, NumSmall *r)
{
	return add_signed(x, y, 1, r);
}

bool numsmall_sub(const NumSmall *x, const NumSmall *y, NumSmall *r)
{
	return add_signed(x, y, -1, r);
}

bool numsmall_mul(const NumSmall *x, const NumSmall *y, NumSmall *r)
{
	__int128 v = (__int128)x->coef * y->coef;
	if (!fits(v) || x->scale + y->scale > MAX_SMALL_SCALE)
		return false;
	r->coef = (int64_t)v;
	r->scale = x->scale + y->scale;
	return true;
}

bool numsmall_sum_add(NumSmallSum *s, const NumSmall *x, int sign)
{
	__int128 sum = s->coef, v = (__int128)x->coef * sign;
	int64_t scale = s->scale;
	if (x->scale > NUMSMALL_DIGITS)
		return false;
	if (x->scale < scale)
		v *= powers[scale - x->scale]; /* at most 10^36 */
	else if (x->scale > scale && __builtin_mul_overflow(sum, (__int128)powers[x->scale - scale], &sum))
		return false;
	if (__builtin_add_overflow(sum, v, &sum))
		return false;
	s->coef = sum;
	s->scale = x->scale > scale ? x->scale : scale;
	return true;
}

void numsmall_from_int128(__int128 v, Numeric *r)
{
	unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
	r->kind = NUM_FINITE;
	r->scale = 0;
	mpz_set_ui(r->coef, (unsigned long)(u >> 64));
	mpz_mul_2exp(r->coef, r->coef, 64);
	mpz_add_ui(r->coef, r->coef, (unsigned long)u);
	if (v < 0)
		mpz_neg(r->coef, r->coef);
}

void numsmall_sum_get(const NumSmallSum *s, Numeric *r)
{
	numsmall_from_int128(s->coef, r);
	r->scale = (int)s->scale;
}
