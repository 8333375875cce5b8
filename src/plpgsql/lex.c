/* Tokens of a body: by PostgreSQL's own lexer. */
#include "plpgsql/parse.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

enum { NAME_BYTES = 63 };

int pl_error(Parser *p, const Token *t, const char *state, const char *fmt, ...)
{
	char message[sizeof p->err->message];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	err_set(p->err, state, "%s", message);
	return t ? err_at(p->err, (int)utf8_length(p->body.p, (size_t)t->start) + 1) : -1;
}

const char *pl_slice(const Parser *p, int start, int end)
{
	return arena_strndup(p->a, p->body.p + start, end > start ? (size_t)(end - start) : 0);
}

int pl_syntax_error(Parser *p)
{
	const Token *t = pl_now(p);
	if (!t->kind)
		return pl_error(p, t, "42601", "syntax error at end of input");
	return pl_error(p, t, "42601", "syntax error at or near \"%s\"", pl_slice(p, t->start, t->end));
}

static int count_lines(const char *p, int from, int to)
{
	int n = 0;
	for (int i = from; i < to; i++)
		n += p[i] == '\n';
	return n;
}

int pl_lex(Parser *p)
{
	const char *text = arena_strndup(p->a, p->body.p, p->body.n);
	PgQueryScanResult scan = pg_query_scan(text);
	if (scan.error) {
		err_set(p->err, "42601", "%s", scan.error->message);
		err_at(p->err, scan.error->cursorpos);
		pg_query_free_scan_result(scan);
		return -1;
	}
	PgQuery__ScanResult *r = pg_query__scan_result__unpack(NULL, scan.pbuf.len, (const uint8_t *)scan.pbuf.data);
	size_t n = r ? r->n_tokens : 0;
	p->tokens = arena_array(p->a, Token, n + 4);
	int line = 1, counted = 0;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__ScanToken *t = r->tokens[i];
		if (t->token == PG_QUERY__TOKEN__SQL_COMMENT || t->token == PG_QUERY__TOKEN__C_COMMENT)
			continue;
		line += count_lines(text, counted, t->start);
		counted = t->start;
		p->tokens[p->ntokens++] = (Token){ (int)t->token, t->start, t->end, line };
	}
	for (size_t i = 0; i < 4; i++) /* so that looking ahead needs no check */
		p->tokens[p->ntokens + i] = (Token){ 0, (int)p->body.n, (int)p->body.n, line };
	if (r)
		pg_query__scan_result__free_unpacked(r, NULL);
	pg_query_free_scan_result(scan);
	return 0;
}

static Str token_text(const Parser *p, size_t at)
{
	const Token *t = &p->tokens[at < p->ntokens ? at : p->ntokens];
	return (Str){ p->body.p + t->start, (size_t)(t->end - t->start) };
}

bool pl_is(const Parser *p, size_t at, const char *word)
{
	return at < p->ntokens && str_iis(token_text(p, at), word);
}

bool pl_take(Parser *p, const char *word)
{
	bool is = pl_is(p, p->at, word);
	p->at += is;
	return is;
}

int pl_need(Parser *p, const char *word)
{
	return pl_take(p, word) ? 0 : pl_syntax_error(p);
}

bool pl_is_name(const Parser *p, size_t at)
{
	Str s = token_text(p, at);
	if (!s.n)
		return false;
	unsigned char c = (unsigned char)s.p[0];
	return c == '"' || c == '_' || c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *pl_peek_name(const Parser *p, size_t at)
{
	Str s = token_text(p, at);
	char *out = arena_strndup(p->a, s.p, s.n);
	size_t n = 0;
	if (!pl_is_name(p, at))
		return NULL;
	if (s.p[0] == '"') {
		for (size_t i = 1; i + 1 < s.n; i++) {
			out[n++] = s.p[i];
			i += s.p[i] == '"';
		}
	} else {
		for (; n < s.n; n++)
			out[n] = s.p[n] >= 'A' && s.p[n] <= 'Z' ? (char)(s.p[n] + 32) : s.p[n];
	}
	if (n > NAME_BYTES)
		for (n = NAME_BYTES; ((unsigned char)out[n] & 0xc0) == 0x80;)
			n--;
	out[n] = '\0';
	return out;
}

const char *pl_name(Parser *p)
{
	const char *s = pl_peek_name(p, p->at);
	if (!s)
		pl_syntax_error(p);
	else
		p->at++;
	return s;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One escape of E'...' at s[i], behind the backslash. */
static size_t unescape(Str s, size_t i, char *out, size_t *n)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *at = strchr(from, s.p[i]);
	if (s.p[i] == 'x' && i + 1 < s.n && hex_digit(s.p[i + 1]) >= 0) {
		int v = hex_digit(s.p[i + 1]);
		bool two = i + 2 < s.n && hex_digit(s.p[i + 2]) >= 0;
		out[(*n)++] = (char)(two ? v * 16 + hex_digit(s.p[i + 2]) : v);
		return i + (two ? 2 : 1);
	}
	out[(*n)++] = at && *at ? to[at - from] : s.p[i];
	return i;
}

const char *pl_string(Parser *p)
{
	Str s = token_text(p, p->at);
	if (pl_now(p)->kind != PG_QUERY__TOKEN__SCONST)
		return pl_syntax_error(p), NULL;
	p->at++;
	if (s.p[0] == '$') {
		size_t tag = 1;
		while (tag < s.n && s.p[tag] != '$')
			tag++;
		return arena_strndup(p->a, s.p + tag + 1, s.n - 2 * (tag + 1));
	}
	bool escapes = s.p[0] == 'e' || s.p[0] == 'E';
	char *out = arena_alloc(p->a, s.n + 1);
	size_t n = 0;
	for (size_t i = escapes ? 2 : 1; i + 1 < s.n; i++) {
		if (escapes && s.p[i] == '\\')
			i = unescape(s, i + 1, out, &n);
		else
			out[n++] = s.p[i];
		i += s.p[i] == '\'' && i + 2 < s.n && s.p[i + 1] == '\'';
	}
	out[n] = '\0';
	return out;
}
