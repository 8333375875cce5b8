#include "sql/escapes.h"

#include "sql/lexer.h"

#include <ctype.h>

typedef struct Strings {
	Str text;
	Buf *out;
	EscapeWarning warn;
	void *ctx;
	Error *err;
	const char *start; /* of the string at hand */
	uint32_t high;	   /* the first half of a surrogate pair, or 0 */
	bool program;	   /* DO, FUNCTION or PROCEDURE was said: a dollar quote may hold statements */
} Strings;

static int position(const Strings *s, const char *p)
{
	int n = 1;
	for (const char *c = s->text.p; c < p; c++)
		n += ((unsigned char)*c & 0xc0) != 0x80;
	return n;
}

static int fail(Strings *s, const char *p, const char *sqlstate, const char *message)
{
	err_set(s->err, sqlstate, "%s", message);
	return err_at(s->err, position(s, p));
}

static void warn_of(Strings *s, char escaped)
{
	Error e;
	if (escaped == '\'') {
		err_set(&e, "22P06", "nonstandard use of \\' in a string literal");
		err_hint(&e, "Use '' to write quotes in strings, or use the escape string syntax (E'...').");
	} else if (escaped == '\\') {
		err_set(&e, "22P06", "nonstandard use of \\\\ in a string literal");
		err_hint(&e, "Use the escape string syntax for backslashes, e.g., E'\\\\'.");
	} else {
		err_set(&e, "22P06", "nonstandard use of escape in a string literal");
		err_hint(&e, "Use the escape string syntax for escapes, e.g., E'\\r\\n'.");
	}
	err_at(&e, position(s, s->start));
	s->warn(s->ctx, &e);
}

static void put_byte(Strings *s, uint8_t b)
{
	if (b == '\'')
		buf_put_u8(s->out, b);
	buf_put_u8(s->out, b);
}

static void put_code_point(Strings *s, uint32_t c)
{
	if (c < 0x80) {
		put_byte(s, (uint8_t)c);
	} else if (c < 0x800) {
		buf_put_u8(s->out, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_put_u8(s->out, (uint8_t)(0xe0 | c >> 12));
		buf_put_u8(s->out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_put_u8(s->out, (uint8_t)(0xf0 | c >> 18));
		buf_put_u8(s->out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_put_u8(s->out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	if (c >= 0x80)
		buf_put_u8(s->out, (uint8_t)(0x80 | (c & 0x3f)));
}

/* Up to `max` digits of a base at p; *n of them. */
static uint32_t digits(const char *p, const char *end, unsigned base, size_t max, size_t *n)
{
	uint32_t v = 0;
	for (*n = 0; *n < max && p < end && isxdigit((unsigned char)*p); p++, (*n)++) {
		unsigned d = isdigit((unsigned char)*p) ? (unsigned)(*p - '0') : (unsigned)(*p | 0x20) - 'a' + 10;
		if (d >= base)
			break;
		v = v * base + d;
	}
	return v;
}

/* \u with four digits, or \U with eight; p is at the letter. Returns the byte after it, NULL on error. */
static const char *unicode(Strings *s, const char *p, const char *end)
{
	size_t n, want = *p == 'u' ? 4 : 8;
	uint32_t c = digits(p + 1, end, 16, want, &n);
	if (n != want) {
		fail(s, p - 1, "22025", "invalid Unicode escape");
		err_hint(s->err, "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.");
		return NULL;
	}
	bool low = c >= 0xdc00 && c <= 0xdfff;
	if (low != (s->high != 0))
		return fail(s, p - 1, "42601", "invalid Unicode surrogate pair"), NULL;
	if (c == 0 || c > 0x10ffff)
		return fail(s, p - 1, "42601", "invalid Unicode escape value"), NULL;
	if (c >= 0xd800 && c <= 0xdbff) {
		s->high = c;
	} else {
		put_code_point(s, low ? 0x10000 + ((s->high - 0xd800) << 10) + (c - 0xdc00) : c);
		s->high = 0;
	}
	return p + 1 + want;
}

/* What stands behind a backslash, from p on. */
static const char *escape(Strings *s, const char *p, const char *end)
{
	static const char letters[] = "bfnrtv", values[] = "\b\f\n\r\t\v";
	const char *known = strchr(letters, *p);
	size_t n;
	if (*p == 'u' || *p == 'U')
		return unicode(s, p, end);
	uint32_t byte = *p == 'x' ? digits(p + 1, end, 16, 2, &n) : digits(p, end, 8, 3, &n);
	if (n == 0) {
		put_byte(s, (uint8_t)(known ? values[known - letters] : *p));
		return p + 1;
	}
	if ((byte & 0xff) == 0)
		return err_set(s->err, "22021", "invalid byte sequence for encoding \"UTF8\": 0x00"), NULL;
	put_byte(s, (uint8_t)byte);
	return p + n + (*p == 'x');
}

static size_t characters(const char *p, const char *end)
{
	size_t n = 0;
	for (; p < end; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

static const char *unterminated(Strings *s)
{
	const char *end = s->text.p + s->text.n;
	err_set(s->err, "42601", "unterminated quoted string at or near \"%.*s\"", (int)(end - s->start), s->start);
	err_at(s->err, position(s, s->start));
	return NULL;
}

/* One ordinary string, written as a standard one; p is at its quote. */
static const char *ordinary(Strings *s, const char *p)
{
	const char *end = s->text.p + s->text.n;
	size_t before = s->out->len;
	bool warned = !s->warn;
	s->start = p;
	buf_put_u8(s->out, (uint8_t)*p++);
	while (p && p < end) {
		if (*p == '\\' && p + 1 < end) {
			if (!warned)
				warn_of(s, p[1]);
			warned = true;
			p = escape(s, p + 1, end);
		} else if (s->high) {
			return fail(s, p, "42601", "invalid Unicode surrogate pair"), NULL;
		} else if (*p != '\'') {
			buf_put_u8(s->out, (uint8_t)*p++);
		} else if (p + 1 < end && p[1] == '\'') {
			put_byte(s, '\'');
			p += 2;
		} else {
			buf_put_u8(s->out, '\'');
			const char *written = (const char *)s->out->data;
			size_t now = characters(written + before, written + s->out->len);
			for (size_t was = characters(s->start, p + 1); now < was; now++)
				buf_put_u8(s->out, ' ');
			return p + 1;
		}
	}
	return p ? unterminated(s) : NULL;
}

static const char *keep(Strings *s, const char *p, const char *after)
{
	buf_put(s->out, p, (size_t)(after - p));
	return after;
}

/* An E string, and what continues it on other lines, which is read as it is. */
static const char *escape_string(const char *p, const char *end)
{
	for (;;) {
		const char *after = lex_quote(p, end, true);
		bool newline = false;
		for (p = after; p < end && isspace((unsigned char)*p); p++)
			newline |= *p == '\n';
		if (!newline || p == end || *p != '\'')
			return after;
	}
}

static const char *unit(Strings *s, const char *p)
{
	const char *end = s->text.p + s->text.n;
	bool quoted = p + 1 < end && p[1] == '\'';
	char prefix = (char)(*p | 0x20);
	Str word;
	if (*p == '\'')
		return ordinary(s, p);
	if (prefix == 'u' && p + 2 < end && p[1] == '&' && p[2] == '\'') {
		fail(s, p, "0A000", "unsafe use of string constant with Unicode escapes");
		err_detail(s->err, "String constants with Unicode escapes cannot be used when standard_conforming_strings is off.");
		return NULL;
	}
	if (quoted && prefix == 'e')
		return keep(s, p, escape_string(p + 1, end));
	if (quoted && (prefix == 'b' || prefix == 'x'))
		return keep(s, p, lex_quote(p + 1, end, false));
	const char *after = lex_token(p, end, &word);
	s->program |= str_iis(word, "do") || str_iis(word, "function") || str_iis(word, "procedure");
	if (s->program && *p == '$' && memchr(p, '\\', (size_t)(after - p))) {
		err_refuse(s->err, position(s, p), "a backslash in a program while standard_conforming_strings is off");
		return NULL;
	}
	return keep(s, p, after);
}

int sql_resolve_escapes(Str text, Buf *out, EscapeWarning warn, void *ctx, Error *err)
{
	Strings s = { .text = text, .out = out, .warn = warn, .ctx = ctx, .err = err };
	const char *p = text.p, *end = text.p + text.n;
	while (p && p < end)
		p = unit(&s, p);
	return p ? 0 : -1;
}
