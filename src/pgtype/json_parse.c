#include "pgtype/json.h"

#include <ctype.h>
#include <limits.h>

#define MAX_WHOLE_DIGITS 131072
#define MAX_SCALE 16383

typedef struct Parser {
	const char *p, *end;
	bool canonical, build;
	Arena *a;
	Error *err;
	int depth;
} Parser;

typedef enum {
	EXPECT_VALUE,
	EXPECT_ITEM,
	EXPECT_KEY,
	EXPECT_KEY_ONLY,
	EXPECT_COLON,
	EXPECT_ARRAY_NEXT,
	EXPECT_OBJECT_NEXT,
	EXPECT_END
} Expect;

static int bad_syntax(Parser *ps)
{
	return err_set(ps->err, "22P02", "invalid input syntax for type json");
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void skip_space(Parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\n' || *ps->p == '\r'))
		ps->p++;
}

/* The token at the current place, for messages. */
static Str token_here(const Parser *ps)
{
	const char *q = ps->p;
	if (q < ps->end && *q == '"') {
		for (q++; q < ps->end && *q != '"'; q++)
			if (*q == '\\' && q + 1 < ps->end)
				q++;
		return (Str){ ps->p, (size_t)(q < ps->end ? q + 1 - ps->p : q - ps->p) };
	}
	while (q < ps->end && (is_word_byte(*q) || (*ps->p >= '0' && *ps->p <= '9' && strchr("+-.", *q))))
		q++;
	if (q == ps->p && q < ps->end)
		q++;
	return (Str){ ps->p, (size_t)(q - ps->p) };
}

static bool is_token(Str t)
{
	return t.n > 1 ? t.p[0] == '"' || isdigit((unsigned char)t.p[0]) || t.p[0] == '-' || str_is(t, "true") || str_is(t, "false") ||
				 str_is(t, "null")
		       : t.n == 1 && (strchr("{}[],:", t.p[0]) || isdigit((unsigned char)t.p[0]));
}

static int unexpected(Parser *ps, Expect what)
{
	static const char *const words[] = { "JSON value", "array element or \"]\"", "string or \"}\"", "string",
					     "\":\"",	   "\",\" or \"]\"",	     "\",\" or \"}\"",	"end of input" };
	Str t = token_here(ps);
	bad_syntax(ps);
	if (t.n == 0)
		return err_detail(ps->err, "The input string ended unexpectedly.");
	if (!is_token(t))
		return err_detail(ps->err, "Token \"%.*s\" is invalid.", STR_ARG(t));
	return err_detail(ps->err, "Expected %s, but found \"%.*s\".", words[what], STR_ARG(t));
}

/* ---- strings ---- */

static int hex4(const char *p, const char *end, unsigned *out)
{
	unsigned v = 0;
	for (int i = 0; i < 4; i++) {
		if (p + i >= end || !isxdigit((unsigned char)p[i]))
			return -1;
		v = v * 16 + (unsigned)(isdigit((unsigned char)p[i]) ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
	}
	*out = v;
	return 0;
}

static int surrogate_error(Parser *ps, bool high)
{
	bad_syntax(ps);
	return err_detail(ps->err, high ? "Unicode high surrogate must not follow a high surrogate."
					: "Unicode low surrogate must follow a high surrogate.");
}

/* A \u escape, four digits, with its partner. A syntax check alone looks at the digits only: what cannot be text is an error when it is
 * made text. */
static int unicode_escape(Parser *ps, char **w)
{
	unsigned c, low;
	if (hex4(ps->p, ps->end, &c) < 0) {
		bad_syntax(ps);
		return err_detail(ps->err, "\"\\u\" must be followed by four hexadecimal digits.");
	}
	ps->p += 4;
	bool high = c >= 0xD800 && c < 0xDC00;
	if (high && ps->end - ps->p >= 6 && ps->p[0] == '\\' && ps->p[1] == 'u' && hex4(ps->p + 2, ps->end, &low) == 0) {
		if (low >= 0xDC00 && low < 0xE000) {
			c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
			ps->p += 6;
			high = false;
		} else if (ps->build && low >= 0xD800 && low < 0xDC00) {
			return surrogate_error(ps, true);
		}
	}
	if (ps->build && (high || (c >= 0xDC00 && c < 0xE000)))
		return surrogate_error(ps, false);
	if (ps->build && c == 0) {
		err_set(ps->err, "22P05", "unsupported Unicode escape sequence");
		return err_detail(ps->err, "\\u0000 cannot be converted to text.");
	}
	*w += utf8_encode(c, *w);
	return 0;
}

static int escape(Parser *ps, char **w)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (ps->p == ps->end) {
		bad_syntax(ps);
		return err_detail(ps->err, "The input string ended unexpectedly.");
	}
	char c = *ps->p++;
	if (c == 'u')
		return unicode_escape(ps, w);
	const char *at = c ? strchr(from, c) : NULL;
	if (!at) {
		bad_syntax(ps);
		return err_detail(ps->err, "Escape sequence \"\\%c\" is invalid.", c);
	}
	*(*w)++ = to[at - from];
	return 0;
}

/* At an opening quote. */
static int string_value(Parser *ps, Str *out)
{
	const char *start = ++ps->p, *q = start;
	while (q < ps->end && *q != '"' && *q != '\\' && (unsigned char)*q >= 0x20)
		q++;
	if (q < ps->end && *q == '"') {
		*out = (Str){ start, (size_t)(q - start) };
		ps->p = q + 1;
		return 0;
	}
	const char *close = q;
	while (close < ps->end && *close != '"')
		close += *close == '\\' && close + 1 < ps->end ? 2 : 1;
	/* no escape makes a string longer */
	char *buf = arena_alloc(ps->a, (size_t)(close - start) + 4), *w = buf;
	while (ps->p < ps->end && *ps->p != '"') {
		unsigned char c = (unsigned char)*ps->p++;
		if (c < 0x20) {
			bad_syntax(ps);
			return err_detail(ps->err, "Character with value 0x%02x must be escaped.", c);
		}
		if (c != '\\')
			*w++ = (char)c;
		else if (escape(ps, &w) < 0)
			return -1;
	}
	if (ps->p >= ps->end) {
		ps->p = start - 1;
		bad_syntax(ps);
		Str t = { start - 1, (size_t)(ps->end - start + 1) };
		return err_detail(ps->err, "Token \"%.*s\" is invalid.", STR_ARG(t));
	}
	ps->p++;
	*out = (Str){ buf, (size_t)(w - buf) };
	return 0;
}

/* ---- numbers ---- */

static const char *digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p;
}

static const char *scan_number(const char *p, const char *end)
{
	const char *q;
	if (p < end && *p == '-')
		p++;
	q = p < end && *p == '0' ? p + 1 : digits(p, end);
	if (q == p)
		return NULL;
	p = q;
	if (p < end && *p == '.') {
		q = digits(p + 1, end);
		if (q == p + 1)
			return NULL;
		p = q;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		q = digits(p, end);
		if (q == p)
			return NULL;
		p = q;
	}
	return p < end && is_word_byte(*p) ? NULL : p;
}

/* A number's text without exponent, as numeric prints it. */
static int normal_number(Str s, Arena *a, Str *out, Error *err)
{
	bool neg = s.n && s.p[0] == '-';
	const char *p = s.p + neg, *end = s.p + s.n, *whole_end = digits(p, end), *frac = whole_end, *frac_end = whole_end;
	if (frac < end && *frac == '.')
		frac_end = digits(++frac, end);
	long e = 0;
	if (frac_end < end) {
		const char *q = frac_end + 1;
		bool eneg = *q == '-';
		q += *q == '-' || *q == '+';
		for (; q < end; q++)
			e = e > 1000000 ? e : e * 10 + (*q - '0');
		e = eneg ? -e : e;
	}
	while (p < whole_end - 1 && *p == '0')
		p++;
	long nwhole = whole_end - p, nfrac = frac_end - frac, total = nwhole + nfrac;
	long point = nwhole + e, scale = nfrac > e ? nfrac - e : 0; /* point: digits before the decimal point */
	bool zero = true;
	for (long i = 0; i < total; i++)
		zero &= (i < nwhole ? p[i] : frac[i - nwhole]) == '0';
	if ((!zero && point > MAX_WHOLE_DIGITS) || scale > MAX_SCALE || e > INT_MAX / 2)
		return err_set(err, "22003", "value overflows numeric format");
	if (zero)
		point = 1;
	Buf b = { 0 };
	if (neg && !zero)
		buf_put_u8(&b, '-');
	size_t sign_len = b.len;
	for (long i = 0; i < point; i++) {
		char c = (char)(zero || i >= total ? '0' : i < nwhole ? p[i] : frac[i - nwhole]);
		if (c != '0' || b.len > sign_len)
			buf_put_u8(&b, (uint8_t)c);
	}
	if (b.len == sign_len)
		buf_put_u8(&b, '0');
	if (scale > 0)
		buf_put_u8(&b, '.');
	for (long k = 0, i = point; k < scale; k++, i++)
		buf_put_u8(&b, (uint8_t)(zero || i < 0 || i >= total ? '0' : i < nwhole ? p[i] : frac[i - nwhole]));
	*out = (Str){ arena_strndup(a, (char *)b.data, b.len), b.len };
	buf_free(&b);
	return 0;
}

static bool is_normal(Str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 'e' || s.p[i] == 'E')
			return false;
	return s.n < 1000 && s.p[0] != '-';
}

Json *json_new_number(Str s, Arena *a, Error *err)
{
	Json *j = json_new(JSON_NUMBER, a);
	j->s = s;
	if (!is_normal(s) && normal_number(s, a, &j->s, err) < 0)
		return NULL;
	return j;
}

/* ---- the grammar ---- */

static int parse_value(Parser *ps, Expect what, Json **out);

static Json *node(Parser *ps, JsonKind kind)
{
	return ps->build ? json_new(kind, ps->a) : NULL;
}

static int parse_array(Parser *ps, Json **out)
{
	Json *arr = *out = node(ps, JSON_ARRAY), *item;
	ps->p++;
	skip_space(ps);
	if (ps->p < ps->end && *ps->p == ']') {
		ps->p++;
		return 0;
	}
	for (Expect what = EXPECT_ITEM;; what = EXPECT_VALUE) {
		if (parse_value(ps, what, &item) < 0)
			return -1;
		if (arr)
			json_append(arr, item, ps->a);
		skip_space(ps);
		if (ps->p < ps->end && *ps->p == ',') {
			ps->p++;
		} else if (ps->p < ps->end && *ps->p == ']') {
			ps->p++;
			return 0;
		} else {
			return unexpected(ps, EXPECT_ARRAY_NEXT);
		}
	}
}

static int parse_object(Parser *ps, Json **out)
{
	Json *obj = *out = node(ps, JSON_OBJECT), *value;
	ps->p++;
	skip_space(ps);
	if (ps->p < ps->end && *ps->p == '}') {
		ps->p++;
		return 0;
	}
	for (Expect what = EXPECT_KEY;; what = EXPECT_KEY_ONLY) {
		Str key;
		skip_space(ps);
		if (ps->p == ps->end || *ps->p != '"')
			return unexpected(ps, what);
		if (string_value(ps, &key) < 0)
			return -1;
		skip_space(ps);
		if (ps->p == ps->end || *ps->p != ':')
			return unexpected(ps, EXPECT_COLON);
		ps->p++;
		if (parse_value(ps, EXPECT_VALUE, &value) < 0)
			return -1;
		if (obj)
			json_add_pair(obj, key, value, ps->a);
		skip_space(ps);
		if (ps->p < ps->end && *ps->p == ',') {
			ps->p++;
		} else if (ps->p < ps->end && *ps->p == '}') {
			ps->p++;
			if (obj && ps->canonical)
				json_sort_keys(obj);
			return 0;
		} else {
			return unexpected(ps, EXPECT_OBJECT_NEXT);
		}
	}
}

static int parse_number(Parser *ps, Json **out)
{
	const char *end = scan_number(ps->p, ps->end);
	if (!end) {
		const char *q = ps->p;
		while (q < ps->end && (is_word_byte(*q) || strchr("+-.", *q)))
			q++;
		bad_syntax(ps);
		return err_detail(ps->err, "Token \"%.*s\" is invalid.", (int)(q - ps->p), ps->p);
	}
	Str s = { ps->p, (size_t)(end - ps->p) };
	ps->p = end;
	*out = NULL;
	if (!ps->build)
		return 0;
	if (ps->canonical)
		*out = json_new_number(s, ps->a, ps->err);
	else
		(*out = json_new(JSON_NUMBER, ps->a))->s = s;
	return *out ? 0 : -1;
}

static int parse_word(Parser *ps, Expect what, Json **out)
{
	Str t = token_here(ps);
	JsonKind kind = str_is(t, "null") ? JSON_NULL : JSON_BOOL;
	if (kind == JSON_BOOL && !str_is(t, "true") && !str_is(t, "false"))
		return unexpected(ps, what);
	ps->p += t.n;
	if ((*out = node(ps, kind)))
		(*out)->b = t.p[0] == 't';
	return 0;
}

static int parse_value(Parser *ps, Expect what, Json **out)
{
	Str s;
	int rc;
	if (++ps->depth > JSON_MAX_DEPTH)
		return err_set(ps->err, "54001", "stack depth limit exceeded");
	skip_space(ps);
	const char *start = ps->p;
	char c = ps->p < ps->end ? *ps->p : '\0';
	if (c == '{') {
		rc = parse_object(ps, out);
	} else if (c == '[') {
		rc = parse_array(ps, out);
	} else if (c == '"') {
		rc = string_value(ps, &s);
		if (rc == 0 && (*out = node(ps, JSON_STRING)))
			(*out)->s = s;
	} else if (c == '-' || isdigit((unsigned char)c)) {
		rc = parse_number(ps, out);
	} else {
		rc = parse_word(ps, what, out);
	}
	if (rc == 0 && *out)
		(*out)->raw = (Str){ start, (size_t)(ps->p - start) };
	ps->depth--;
	return rc;
}

static int parse_all(Parser *ps, Json **out)
{
	if (parse_value(ps, EXPECT_VALUE, out) < 0)
		return -1;
	skip_space(ps);
	return ps->p == ps->end ? 0 : unexpected(ps, EXPECT_END);
}

Json *json_parse(Str text, bool canonical, Arena *a, Error *err)
{
	Parser ps = { text.p, text.p + text.n, canonical, true, a, err, 0 };
	Json *j = NULL;
	return parse_all(&ps, &j) < 0 ? NULL : j;
}

int json_validate(Str text, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Parser ps = { text.p, text.p + text.n, false, false, a, err, 0 };
	Json *j = NULL;
	return parse_all(&ps, &j);
}
