#include "pgtype/jsonpath_lex.h"

#include "pgtype/family.h"

#include <ctype.h>

int jp_syntax_error(JpLexer *lx)
{
	if (lx->token == TOK_END)
		return err_set(lx->err, "42601", "syntax error at end of jsonpath input");
	return err_set(lx->err, "42601", "syntax error at or near \"%.*s\" of jsonpath input", STR_ARG(lx->raw));
}

static int lex_error(JpLexer *lx, const char *what, const char *from, const char *to)
{
	return err_set(lx->err, "42601", "%s at or near \"%.*s\" of jsonpath input", what, (int)(to - from), from);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Characters that end a name. */
static bool is_special(char c)
{
	return c && strchr("?%$.[]{}()|&!=<>@#,*:-+/", c);
}

static bool is_name_char(const JpLexer *lx, const char *p)
{
	return p < lx->end && !is_blank(*p) && !is_special(*p) && *p != '"';
}

static int skip_blanks(JpLexer *lx)
{
	for (;;) {
		while (lx->p < lx->end && is_blank(*lx->p))
			lx->p++;
		if (lx->end - lx->p < 2 || lx->p[0] != '/' || lx->p[1] != '*')
			return 0;
		const char *q = lx->p + 2;
		while (q + 1 < lx->end && !(q[0] == '*' && q[1] == '/'))
			q++;
		if (q + 1 >= lx->end)
			return err_set(lx->err, "42601", "unexpected end of comment at end of jsonpath input");
		lx->p = q + 2;
	}
}

/* ---- escapes ---- */

static int hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

/* At the character after `\u`: four digits, or one to six in braces. */
static int unicode_digits(JpLexer *lx, const char *start, uint32_t *out)
{
	uint32_t v = 0;
	bool braces = lx->p < lx->end && *lx->p == '{';
	const char *q = lx->p + braces;
	int n = 0;
	for (; n < (braces ? 6 : 4) && q < lx->end && hex_value(*q) >= 0; n++, q++)
		v = v * 16 + (uint32_t)hex_value(*q);
	if (braces ? n == 0 || q == lx->end || *q != '}' : n != 4)
		return lex_error(lx, "invalid unicode sequence", start, q);
	lx->p = q + braces;
	*out = v;
	return 0;
}

static int surrogate_error(JpLexer *lx, bool high)
{
	err_set(lx->err, "22P02", "invalid input syntax for type jsonpath");
	return err_detail(lx->err, high ? "Unicode high surrogate must not follow a high surrogate."
					: "Unicode low surrogate must follow a high surrogate.");
}

static int unicode_escape(JpLexer *lx, const char *start, Buf *out)
{
	uint32_t c, low;
	char utf8[4];
	if (unicode_digits(lx, start, &c) < 0)
		return -1;
	if (c >= 0xD800 && c < 0xDC00) {
		if (lx->end - lx->p < 2 || lx->p[0] != '\\' || lx->p[1] != 'u')
			return surrogate_error(lx, false);
		lx->p += 2;
		if (unicode_digits(lx, lx->p - 2, &low) < 0)
			return -1;
		if (low < 0xDC00 || low >= 0xE000)
			return surrogate_error(lx, low >= 0xD800 && low < 0xDC00);
		c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
	} else if (c >= 0xDC00 && c < 0xE000) {
		return surrogate_error(lx, false);
	}
	if (c == 0) {
		err_set(lx->err, "22P05", "unsupported Unicode escape sequence");
		return err_detail(lx->err, "\\u0000 cannot be converted to text.");
	}
	if (c > 0x10FFFF)
		return err_set(lx->err, "22021", "invalid Unicode code point");
	buf_put(out, utf8, utf8_encode(c, utf8));
	return 0;
}

/* Behind a backslash. */
static int escape(JpLexer *lx, Buf *out)
{
	static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
	const char *start = lx->p - 1;
	if (lx->p == lx->end)
		return lex_error(lx, "unexpected end after backslash", start, lx->p);
	char c = *lx->p++;
	const char *at = c ? strchr(from, c) : NULL;
	if (at) {
		buf_put_u8(out, (uint8_t)to[at - from]);
	} else if (c == 'u') {
		return unicode_escape(lx, start, out);
	} else if (c == 'x') {
		if (lx->end - lx->p < 2 || hex_value(lx->p[0]) < 0 || hex_value(lx->p[1]) < 0)
			return lex_error(lx, "invalid hex character sequence", start, lx->p);
		char utf8[4];
		uint32_t v = (uint32_t)(hex_value(lx->p[0]) * 16 + hex_value(lx->p[1]));
		if (v == 0) {
			err_set(lx->err, "22P05", "unsupported Unicode escape sequence");
			return err_detail(lx->err, "\\u0000 cannot be converted to text.");
		}
		buf_put(out, utf8, utf8_encode(v, utf8));
		lx->p += 2;
	} else {
		buf_put_u8(out, (uint8_t)c);
	}
	return 0;
}

/* ---- tokens ---- */

static Str keep(JpLexer *lx, const Buf *b)
{
	return (Str){ arena_strndup(lx->a, (const char *)b->data, b->len), b->len };
}

/* Behind the opening quote. */
static int quoted(JpLexer *lx, int token)
{
	_cleanup_(buf_free) Buf b = { 0 };
	while (lx->p < lx->end && *lx->p != '"') {
		char c = *lx->p++;
		if (c != '\\')
			buf_put_u8(&b, (uint8_t)c);
		else if (escape(lx, &b) < 0)
			return -1;
	}
	if (lx->p == lx->end)
		return err_set(lx->err, "42601", "unexpected end of quoted string at end of jsonpath input");
	lx->p++;
	lx->value = keep(lx, &b);
	lx->token = token;
	return 0;
}

static int name(JpLexer *lx, int token)
{
	_cleanup_(buf_free) Buf b = { 0 };
	while (is_name_char(lx, lx->p)) {
		char c = *lx->p++;
		if (c != '\\')
			buf_put_u8(&b, (uint8_t)c);
		else if (escape(lx, &b) < 0)
			return -1;
	}
	lx->value = keep(lx, &b);
	lx->token = token;
	return 0;
}

typedef struct Keyword {
	const char *word;
	bool lower; /* only when written so */
	int token;
	JpKind method;
} Keyword;

static const Keyword keywords[] = {
	{ "null", true, TOK_NULL, 0 },
	{ "true", true, TOK_TRUE, 0 },
	{ "false", true, TOK_FALSE, 0 },
	{ "is", false, TOK_IS, 0 },
	{ "unknown", false, TOK_UNKNOWN, 0 },
	{ "exists", false, TOK_EXISTS, 0 },
	{ "strict", false, TOK_STRICT, 0 },
	{ "lax", false, TOK_LAX, 0 },
	{ "last", false, TOK_LAST, 0 },
	{ "to", false, TOK_TO, 0 },
	{ "starts", false, TOK_STARTS, 0 },
	{ "with", false, TOK_WITH, 0 },
	{ "like_regex", false, TOK_LIKE_REGEX, 0 },
	{ "flag", false, TOK_FLAG, 0 },
	{ "type", false, TOK_METHOD, JP_TYPE },
	{ "size", false, TOK_METHOD, JP_SIZE },
	{ "abs", false, TOK_METHOD, JP_ABS },
	{ "floor", false, TOK_METHOD, JP_FLOOR },
	{ "ceiling", false, TOK_METHOD, JP_CEILING },
	{ "double", false, TOK_METHOD, JP_DOUBLE },
	{ "keyvalue", false, TOK_METHOD, JP_KEYVALUE },
	{ "datetime", false, TOK_METHOD, JP_DATETIME },
};

static int identifier(JpLexer *lx)
{
	if (name(lx, TOK_IDENT) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		const Keyword *k = &keywords[i];
		if (k->lower ? !str_is(lx->value, k->word) : !str_iis(lx->value, k->word))
			continue;
		lx->token = k->token;
		lx->method = k->method;
	}
	return 0;
}

static const char *skip_digits(const JpLexer *lx, const char *q)
{
	while (q < lx->end && isdigit((unsigned char)*q))
		q++;
	return q;
}

static int number(JpLexer *lx)
{
	const char *start = lx->p, *q = *start == '0' ? start + 1 : skip_digits(lx, start);
	lx->token = TOK_INT;
	if (q < lx->end && *q == '.') {
		q = skip_digits(lx, q + 1);
		lx->token = TOK_NUMERIC;
	}
	if (q < lx->end && (*q == 'e' || *q == 'E')) {
		const char *e = q + 1;
		if (e < lx->end && (*e == '+' || *e == '-'))
			e++;
		const char *d = skip_digits(lx, e);
		if (d == e)
			return lex_error(lx, "trailing junk after numeric literal", start, q + 1);
		q = d;
		lx->token = TOK_NUMERIC;
	}
	if (is_name_char(lx, q))
		return lex_error(lx, "trailing junk after numeric literal", start, q + 1);
	lx->value = (Str){ start, (size_t)(q - start) };
	lx->p = q;
	return 0;
}

static int operator(JpLexer *lx)
{
	static const struct {
		const char text[3];
		int token;
	} pairs[] = { { "&&", TOK_AND }, { "||", TOK_OR }, { "==", TOK_EQ }, { "!=", TOK_NE },
		      { "<>", TOK_NE },	 { "<=", TOK_LE }, { ">=", TOK_GE }, { "**", TOK_ANY } };
	for (size_t i = 0; lx->end - lx->p >= 2 && i < ARRAY_LEN(pairs); i++) {
		if (lx->p[0] != pairs[i].text[0] || lx->p[1] != pairs[i].text[1])
			continue;
		lx->p += 2;
		lx->token = pairs[i].token;
		return 0;
	}
	lx->token = (unsigned char)*lx->p++;
	return 0;
}

static int scan(JpLexer *lx)
{
	char c = *lx->p, d = lx->p + 1 < lx->end ? lx->p[1] : '\0';
	if (c == '"') {
		lx->p++;
		return quoted(lx, TOK_STRING);
	}
	if (c == '$' && d == '"') {
		lx->p += 2;
		return quoted(lx, TOK_VARIABLE);
	}
	if (c == '$' && is_name_char(lx, lx->p + 1)) {
		lx->p++;
		return name(lx, TOK_VARIABLE);
	}
	if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)d)))
		return number(lx);
	return is_special(c) ? operator(lx) : identifier(lx);
}

int jp_next(JpLexer *lx)
{
	if (skip_blanks(lx) < 0)
		return -1;
	const char *start = lx->p;
	int rc = 0;
	if (lx->p == lx->end)
		lx->token = TOK_END;
	else
		rc = scan(lx);
	lx->raw = (Str){ start, (size_t)(lx->p - start) };
	return rc;
}
