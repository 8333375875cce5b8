#include "backend/script.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

typedef enum Token { TOKEN_END, TOKEN_WORD, TOKEN_SEMICOLON, TOKEN_OTHER, TOKEN_BAD } Token;

typedef struct Lexer {
	const char *p, *end;
	bool backslashes;
	bool after_escapes; /* the last token was a string with escapes: one that follows it is of the same kind */
	Str word;
} Lexer;

static bool is_word_start(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word_part(char c)
{
	return is_word_start(c) || isdigit((unsigned char)c) || c == '$';
}

static bool skip_comment(Lexer *l)
{
	int depth = 0;
	while (l->end - l->p >= 2) {
		if (l->p[0] == '/' && l->p[1] == '*') {
			depth++;
			l->p += 2;
		} else if (l->p[0] == '*' && l->p[1] == '/') {
			l->p += 2;
			if (--depth == 0)
				return true;
		} else {
			l->p++;
		}
	}
	return false;
}

/* Blanks and comments. False when a comment is not closed. */
static bool skip_blank(Lexer *l)
{
	while (l->p < l->end) {
		bool pair = l->end - l->p >= 2;
		if (isspace((unsigned char)*l->p)) {
			l->p++;
		} else if (pair && l->p[0] == '-' && l->p[1] == '-') {
			while (l->p < l->end && *l->p != '\n' && *l->p != '\r')
				l->p++;
		} else if (pair && l->p[0] == '/' && l->p[1] == '*') {
			if (!skip_comment(l))
				return false;
		} else {
			break;
		}
	}
	return true;
}

/* From an opening quote to behind the closing one; a doubled quote goes on. */
static Token take_quoted(Lexer *l, bool escapes)
{
	char quote = *l->p;
	do {
		for (l->p++; l->p < l->end && *l->p != quote; l->p++)
			if (escapes && *l->p == '\\' && l->end - l->p > 1)
				l->p++;
		if (l->p >= l->end)
			return TOKEN_BAD;
		l->p++;
	} while (l->p < l->end && *l->p == quote);
	l->after_escapes = escapes;
	return TOKEN_OTHER;
}

/* $tag$ ... $tag$, or a parameter, or an operator's character. */
static Token take_dollar(Lexer *l)
{
	const char *tag = l->p, *q = tag + 1;
	if (q < l->end && is_word_start(*q))
		while (q < l->end && *q != '$' && is_word_part(*q))
			q++;
	if (q >= l->end || *q != '$') {
		l->p++;
		return TOKEN_OTHER;
	}
	size_t n = (size_t)(q + 1 - tag);
	const char *close = memmem(q + 1, (size_t)(l->end - q - 1), tag, n);
	if (!close)
		return TOKEN_BAD;
	l->p = close + n;
	return TOKEN_OTHER;
}

static Token take_word(Lexer *l)
{
	const char *begin = l->p;
	while (l->p < l->end && is_word_part(*l->p))
		l->p++;
	l->word = (Str){ begin, (size_t)(l->p - begin) };
	if (l->p < l->end && *l->p == '\'' && str_iis(l->word, "e"))
		return take_quoted(l, true);
	return TOKEN_WORD;
}

static Token next_token(Lexer *l)
{
	if (!skip_blank(l))
		return TOKEN_BAD;
	if (l->p >= l->end)
		return TOKEN_END;
	bool after_escapes = l->after_escapes;
	l->after_escapes = false;
	switch (*l->p) {
	case ';':
		l->p++;
		return TOKEN_SEMICOLON;
	case '\'':
		return after_escapes && !l->backslashes ? TOKEN_BAD : take_quoted(l, l->backslashes);
	case '"':
		return take_quoted(l, false);
	case '$':
		return take_dollar(l);
	default:
		break;
	}
	if (is_word_start(*l->p))
		return take_word(l);
	if (!isdigit((unsigned char)*l->p)) {
		l->p++;
		return TOKEN_OTHER;
	}
	while (l->p < l->end && is_word_part(*l->p))
		l->p++;
	return TOKEN_OTHER;
}

typedef enum Class { CLASS_EMPTY, CLASS_READ, CLASS_WRITE, CLASS_WITH, CLASS_BESIDE, CLASS_BEGIN, CLASS_COMMIT, CLASS_OTHER } Class;

static const struct {
	const char *word;
	Class class;
} first_words[] = {
	{ "insert", CLASS_WRITE },  { "update", CLASS_WRITE },	   { "delete", CLASS_WRITE },	{ "merge", CLASS_WRITE },
	{ "execute", CLASS_WRITE }, { "truncate", CLASS_WRITE },   { "with", CLASS_WITH },	{ "select", CLASS_READ },
	{ "values", CLASS_READ },   { "table", CLASS_READ },	   { "show", CLASS_READ },	{ "set", CLASS_BESIDE },
	{ "reset", CLASS_BESIDE },  { "savepoint", CLASS_BESIDE }, { "release", CLASS_BESIDE }, { "begin", CLASS_BEGIN },
	{ "start", CLASS_BEGIN },   { "commit", CLASS_COMMIT },	   { "end", CLASS_COMMIT },
};

static Class class_of(Str word)
{
	for (size_t i = 0; i < ARRAY_LEN(first_words); i++)
		if (str_iis(word, first_words[i].word))
			return first_words[i].class;
	return CLASS_OTHER;
}

/* The class of a statement with one more of its tokens: a read may write in a WITH, and COMMIT stands alone or it is another statement. */
static Class refine(Class c, Token t, Str word)
{
	bool is_word = t == TOKEN_WORD;
	if (c == CLASS_EMPTY)
		return is_word ? class_of(word) : t == TOKEN_OTHER ? CLASS_EMPTY : CLASS_OTHER;
	if (c == CLASS_WITH && is_word && class_of(word) == CLASS_WRITE && !str_iis(word, "execute") && !str_iis(word, "truncate"))
		return CLASS_WRITE;
	if (c == CLASS_COMMIT && !(is_word && (str_iis(word, "work") || str_iis(word, "transaction"))))
		return CLASS_OTHER;
	return c;
}

/* What has been read of the text so far. */
typedef struct Script {
	unsigned statements;
	bool begins, ends, writes;
	size_t end_at; /* behind the `;` before the COMMIT */
} Script;

static bool take_statement(Script *s, Class c, size_t at, bool in_transaction)
{
	bool first = s->statements == 0;
	if (s->ends || c == CLASS_OTHER || (c == CLASS_BEGIN && (!first || in_transaction)))
		return false;
	s->begins |= c == CLASS_BEGIN;
	s->writes |= c == CLASS_WRITE;
	if (c == CLASS_COMMIT) {
		s->ends = true;
		s->end_at = at;
		return !first;
	}
	s->statements++;
	return true;
}

static bool is_answer(const Script *s, bool in_transaction, size_t length, ScriptPoint *out)
{
	*out = (ScriptPoint){ s->ends ? s->end_at : length, s->statements, s->ends };
	if (in_transaction)
		return s->ends;
	return s->writes && s->begins == s->ends;
}

bool script_find_point(Str text, bool in_transaction, bool backslashes, ScriptPoint *out)
{
	Lexer l = { .p = text.p, .end = text.p + text.n, .backslashes = backslashes };
	Script s = { 0 };
	for (;;) {
		size_t at = (size_t)(l.p - text.p);
		Class c = CLASS_EMPTY;
		bool blank = true;
		Token t;
		while ((t = next_token(&l)) != TOKEN_END && t != TOKEN_SEMICOLON) {
			if (t == TOKEN_BAD)
				return false;
			c = refine(c, t, l.word);
			blank = false;
		}
		if (!blank && !take_statement(&s, c == CLASS_EMPTY ? CLASS_OTHER : c, at, in_transaction))
			return false;
		if (t == TOKEN_END)
			return is_answer(&s, in_transaction, text.n, out);
	}
}
