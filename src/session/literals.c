#include "session/literals.h"

#include "base/str.h"

#include <strings.h>

typedef enum { T_NONE, T_WORD, T_NUMBER, T_STRING, T_OPERATOR, T_PUNCT } TokenKind;

typedef struct Token {
	TokenKind kind;
	Str s;
	bool integer; /* of T_NUMBER: nothing but digits */
} Token;

typedef struct Lifter {
	const char *p, *end;
	Token prev;
	bool plain;    /* neither ORDER BY nor the like: signed literals may be lifted, too */
	int depth;     /* of parentheses */
	int row_depth; /* of the rows of VALUES; 0 = not there */
} Lifter;

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) || (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool word_is(Str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool word_in(Str s, const char *const *words)
{
	for (; *words; words++)
		if (word_is(s, *words))
			return true;
	return false;
}

/* Up to the closing quote. False when there is none, or when a backslash could mean something. */
static bool take_quoted(Lifter *l, char quote)
{
	for (l->p++; l->p < l->end; l->p++) {
		if (*l->p == '\\')
			return false;
		if (*l->p != quote)
			continue;
		if (l->p + 1 < l->end && l->p[1] == quote) {
			l->p++;
			continue;
		}
		l->p++;
		return true;
	}
	return false;
}

/* False when letters belong to it: 1e-5 goes on behind the minus. */
static bool take_number(Lifter *l, Token *t)
{
	t->integer = true;
	for (; l->p < l->end && (is_word(*l->p) || *l->p == '.'); l->p++) {
		if (!is_digit(*l->p) && *l->p != '.')
			return false;
		t->integer = t->integer && *l->p != '.';
	}
	return true;
}

/* The next token; false when the text holds something that only PostgreSQL's own scanner should judge. */
static bool next_token(Lifter *l, Token *t)
{
	static const char operators[] = "+-*/<>=~!@#%^&|`?:";
	const char *start = l->p;
	char c = *l->p;
	*t = (Token){ T_PUNCT };
	if (is_digit(c) || (c == '.' && l->p + 1 < l->end && is_digit(l->p[1]))) {
		t->kind = T_NUMBER;
		if (!take_number(l, t))
			return false;
	} else if (is_word(c)) {
		t->kind = T_WORD;
		while (l->p < l->end && is_word(*l->p))
			l->p++;
		/* E'...', B'...' and their kin have rules of their own; so has U&"...". */
		if (l->p < l->end && (*l->p == '\'' || *l->p == '"' || *l->p == '&'))
			return false;
	} else if (c == '\'' || c == '"') {
		t->kind = c == '"' ? T_WORD : T_STRING;
		if (!take_quoted(l, c))
			return false;
	} else if (memchr(operators, c, sizeof operators - 1)) {
		t->kind = T_OPERATOR;
		while (l->p < l->end && memchr(operators, *l->p, sizeof operators - 1)) {
			if (l->p > start && ((l->p[-1] == '-' && *l->p == '-') || (l->p[-1] == '/' && *l->p == '*')))
				return false;
			l->p++;
		}
	} else if (c == '$' || c == '\0') {
		return false;
	} else {
		l->p++;
	}
	t->s = (Str){ start, (size_t)(l->p - start) };
	return true;
}

static bool operator_in(Str s, const char *const *ops)
{
	for (; *ops; ops++)
		if (str_is(s, *ops))
			return true;
	return false;
}

/* Whether a parameter may stand behind the token before. */
static bool place_fits(const Lifter *l)
{
	static const char *const comparisons[] = { "=", "<", ">", "<=", ">=", "<>", "!=", NULL }, *const signs[] = { "+", "-", NULL };
	const Token *t = &l->prev;
	if (t->kind == T_OPERATOR)
		return operator_in(t->s, comparisons) || (l->plain && operator_in(t->s, signs));
	return t->kind == T_PUNCT && l->row_depth && l->depth == l->row_depth && (*t->s.p == '(' || *t->s.p == ',');
}

static void note(Lifter *l, const Token *t)
{
	if (t->kind == T_WORD && word_is(t->s, "values")) {
		l->row_depth = l->depth + 1;
	} else if (t->kind == T_WORD && l->row_depth && l->depth < l->row_depth) {
		l->row_depth = 0; /* RETURNING, ON CONFLICT */
	} else if (t->kind == T_PUNCT && *t->s.p == '(') {
		l->depth++;
	} else if (t->kind == T_PUNCT && *t->s.p == ')') {
		l->depth--;
		if (l->depth + 1 < l->row_depth)
			l->row_depth = 0;
	}
	l->prev = *t;
}

/* Words after which the meaning of a literal may depend on its being one. */
static bool is_barred(Str word)
{
	static const char *const barred[] = { "group",	   "distinct", "window",   "over", "partition", "union",
					      "intersect", "except",   "interval", "into", NULL };
	return word_in(word, barred);
}

static bool insert_into(const Lifter *l, Str word)
{
	return word_is(word, "into") && l->prev.kind == T_WORD && word_is(l->prev.s, "insert");
}

static bool starts_well(const Token *t)
{
	static const char *const first[] = { "select", "insert", "update", "delete", NULL };
	return t->kind == T_WORD && word_in(t->s, first);
}

static bool lift(Lifter *l, const Token *t, Buf *out, Val *vals, size_t *n)
{
	/* At most nine digits: an integer in PostgreSQL's eyes. */
	if (t->kind != T_NUMBER || !t->integer || t->s.n > 9 || *n == LITERALS_MAX || !place_fits(l))
		return false;
	int64_t v = 0;
	for (size_t i = 0; i < t->s.n; i++)
		v = v * 10 + (t->s.p[i] - '0');
	vals[(*n)++] = (Val){ .kind = VAL_INT, .i = v };
	buf_printf(out, "$%zu", *n);
	return true;
}

size_t literals_lift(Str text, Buf *out, Val vals[LITERALS_MAX])
{
	Lifter l = { .p = text.p, .end = text.p + text.n, .plain = true };
	size_t n = 0;
	bool ended = false;
	if (text.n > LITERALS_TEXT_MAX)
		return 0;
	buf_clear(out);
	while (l.p < l.end) {
		if (is_space(*l.p)) {
			buf_put_u8(out, (uint8_t)*l.p++);
			continue;
		}
		Token t;
		if (ended || !next_token(&l, &t))
			return 0;
		if (l.prev.kind == T_NONE && !starts_well(&t))
			return 0;
		if (t.kind == T_WORD && is_barred(t.s) && !insert_into(&l, t.s))
			return 0;
		if (t.kind == T_WORD && word_is(t.s, "order"))
			l.plain = false;
		if (t.kind == T_PUNCT && *t.s.p == ';')
			ended = true;
		if (!lift(&l, &t, out, vals, &n))
			buf_put_str(out, t.s);
		note(&l, &t);
	}
	return n;
}
