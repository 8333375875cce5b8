#include "pgtype/money.h"
#include "pgtype/family.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { DECIMALS = 2, CENTS = 100 };

static int out_of_range(Str text, Error *err)
{
	return err_set(err, "22003", "value \"%.*s\" is out of range for type money", STR_ARG(text));
}

static bool is_digit(Str s)
{
	return s.n && isdigit((unsigned char)s.p[0]);
}

static bool skip(Str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static void skip_symbol(Str *s)
{
	while (s->n && isspace((unsigned char)s->p[0]))
		skip(s, s->p[0]);
	skip(s, '$');
	while (s->n && isspace((unsigned char)s->p[0]))
		skip(s, s->p[0]);
}

/* Counted downwards, for the negative range is the larger one. False when it is too small. */
static bool push_digit(int64_t *v, int digit)
{
	return !__builtin_mul_overflow(*v, (int64_t)10, v) && !__builtin_sub_overflow(*v, (int64_t)digit, v);
}

/* The number as cents, negative. What is behind it stays in `s`. */
static bool read_amount(Str *s, int64_t *v)
{
	bool point = false;
	int decimals = 0;
	*v = 0;
	while (s->n) {
		if (is_digit(*s) && decimals < DECIMALS) {
			if (!push_digit(v, s->p[0] - '0'))
				return false;
			decimals += point;
			skip(s, s->p[0]);
		} else if (!point && skip(s, '.')) {
			point = true;
		} else if (!skip(s, ',')) {
			break;
		}
	}
	if (is_digit(*s) && s->p[0] >= '5' && __builtin_sub_overflow(*v, (int64_t)1, v))
		return false;
	for (; decimals < DECIMALS; decimals++)
		if (!push_digit(v, 0))
			return false;
	while (is_digit(*s))
		skip(s, s->p[0]);
	return true;
}

int money_parse(Str text, int64_t *out, Error *err)
{
	Str s = text;
	skip_symbol(&s);
	bool negative = skip(&s, '-') || skip(&s, '(');
	if (!negative)
		skip(&s, '+');
	skip_symbol(&s);
	if (!read_amount(&s, out))
		return out_of_range(text, err);
	while (s.n) {
		bool minus = skip(&s, '-');
		negative |= minus;
		if (!minus && !skip(&s, ')') && !skip(&s, '+') && !skip(&s, '$') && !(isspace((unsigned char)s.p[0]) && skip(&s, s.p[0])))
			return family_bad_text(err, "money", text);
	}
	if (!negative && __builtin_sub_overflow((int64_t)0, *out, out))
		return out_of_range(text, err);
	return 0;
}

static uint64_t absolute(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

void money_print(int64_t cents, Buf *out)
{
	char digits[24];
	uint64_t v = absolute(cents);
	int n = snprintf(digits, sizeof digits, "%" PRIu64, v / CENTS);
	buf_puts(out, cents < 0 ? "-$" : "$");
	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			buf_puts(out, ",");
		buf_put_u8(out, (uint8_t)digits[i]);
	}
	buf_printf(out, ".%02u", (unsigned)(v % CENTS));
}

/* A number below 1000. */
static void put_words(unsigned v, Buf *out)
{
	static const char *const small[] = { "zero",	 "one",	    "two",     "three",	    "four",	"five",	   "six",
					     "seven",	 "eight",   "nine",    "ten",	    "eleven",	"twelve",  "thirteen",
					     "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen" };
	static const char *const tens[] = { "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety" };
	unsigned rest = v % 100;
	if (v >= 100) {
		buf_printf(out, "%s hundred", small[v / 100]);
		if (!rest)
			return;
		/* PostgreSQL says "and" before the numbers that are one word below twenty. */
		buf_puts(out, rest < 20 ? " and " : " ");
	}
	if (rest < 20)
		buf_puts(out, small[rest]);
	else
		buf_printf(out, rest % 10 ? "%s %s" : "%s", tens[rest / 10], small[rest % 10]);
}

void money_words(int64_t cents, Buf *out)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} groups[] = { { 1000000000000000, "quadrillion" },
		       { 1000000000000, "trillion" },
		       { 1000000000, "billion" },
		       { 1000000, "million" },
		       { 1000, "thousand" } };
	uint64_t v = absolute(cents), dollars = v / CENTS;
	size_t start = out->len;
	buf_puts(out, cents < 0 ? "minus " : "");
	size_t first = out->len;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		unsigned n = (unsigned)(dollars / groups[i].unit % 1000);
		if (!n)
			continue;
		put_words(n, out);
		buf_printf(out, " %s ", groups[i].name);
	}
	if (dollars % 1000 || out->len == first)
		put_words((unsigned)(dollars % 1000), out);
	buf_puts(out, dollars == 1 ? " dollar and " : " dollars and ");
	put_words((unsigned)(v % CENTS), out);
	buf_puts(out, v % CENTS == 1 ? " cent" : " cents");
	out->data[start] = (uint8_t)toupper(out->data[start]);
}

static int money_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	int64_t v;
	if (money_parse(text, &v, err))
		return -1;
	*out = val_int(v);
	return 0;
}

static int money_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	money_print(v->i, out);
	return 0;
}

static int money_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 8, err))
		return -1;
	*out = val_int((int64_t)get_u64(bytes.p));
	return 0;
}

static int money_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u64(out, (uint64_t)v->i);
	return 0;
}

static int money_compare(const PgType *t, const Val *x, const Val *y)
{
	return (x->i > y->i) - (x->i < y->i);
}

const TypeFamily family_money = { money_in, money_out, money_recv, money_send, money_compare, NULL, "INTEGER", NULL };
