/*
 * How much of its parser's stack SQLite needs for a text. The stack has 100 entries in SQLite 3.40, whatever the memory, and it is
 * the nesting of brackets, calls, CASE and clauses that fills it; see emit_flat.c for what is done about it.
 *
 * The parser is followed token by token: what stands on its stack before each token is what later reductions still wait for.
 */
#include "sql/emit_internal.h"

enum { MAX_WAITING = 12 };

/* What is open at one level of brackets or CASE. */
typedef struct Level {
	int below;   /* entries of the levels around it */
	int opening; /* of its own opening: "name(", "(", CASE */
	int clause;  /* of the clause or list it is in */
	int base;    /* of what stays for the whole level: a set operation's left side */
	int nwaiting;
	unsigned char waiting[MAX_WAITING]; /* precedences of operators that wait for their right side */
} Level;

typedef struct Scan {
	const char *p, *end;
	Level *levels;
	size_t n, cap;
	int most;
	char last; /* the token before: 'w' a word that may be a function's name, 'o' an operator, 'k' a keyword, 'x' an operand */
} Scan;

static int level_size(const Level *l)
{
	return l->below + l->opening + l->base + l->clause + 2 * l->nwaiting;
}

static Level *top(Scan *s)
{
	return &s->levels[s->n - 1];
}

static void reach(Scan *s, int more)
{
	int size = level_size(top(s)) + more;
	if (size > s->most)
		s->most = size;
}

static void push_level(Scan *s, int opening)
{
	int below = s->n ? level_size(top(s)) : 0;
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->levels = mem_realloc(s->levels, s->cap * sizeof *s->levels);
	}
	s->levels[s->n++] = (Level){ .below = below, .opening = opening };
	reach(s, 1);
}

static void pop_level(Scan *s)
{
	if (s->n > 1)
		s->n--;
	s->last = 'x';
}

/* Operators that bind as tightly or tighter are complete when this one comes. */
static void operator_seen(Scan *s, int precedence)
{
	Level *l = top(s);
	while (l->nwaiting && l->waiting[l->nwaiting - 1] >= precedence)
		l->nwaiting--;
	if (l->nwaiting < MAX_WAITING)
		l->waiting[l->nwaiting++] = (unsigned char)precedence;
	reach(s, 1);
	s->last = 'o';
}

static void clause_begins(Scan *s, int entries)
{
	Level *l = top(s);
	l->nwaiting = 0;
	l->clause = entries;
	reach(s, 1);
	s->last = 'k';
}

typedef struct Word {
	const char *text;
	char kind; /* 'c' begins a clause of `n` entries, 'o' an operator of precedence `n`, otherwise what it is */
	int n;
} Word;

static const Word words[] = {
	{ "OR", 'o', 1 },      { "AND", 'o', 2 },    { "NOT", 'o', 3 },	      { "IS", 'o', 4 },	       { "IN", 'o', 4 },
	{ "BETWEEN", 'o', 4 }, { "MATCH", 'o', 4 },  { "COLLATE", 'o', 10 },  { "SELECT", 'c', 3 },    { "DISTINCT", 'c', 3 },
	{ "FROM", 'c', 5 },    { "JOIN", 'c', 5 },   { "ON", 'c', 10 },	      { "WHERE", 'c', 5 },     { "GROUP", 'c', 8 },
	{ "HAVING", 'c', 7 },  { "ORDER", 'c', 11 }, { "LIMIT", 'c', 9 },     { "OFFSET", 'c', 11 },   { "WITH", 'c', 4 },
	{ "SET", 'c', 9 },     { "VALUES", 'c', 2 }, { "RETURNING", 'c', 9 }, { "PARTITION", 'c', 3 }, { "FILTER", 'k', 0 },
	{ "OVER", 'k', 0 },    { "AS", 'a', 0 },     { "CASE", 'C', 0 },      { "WHEN", 'c', 2 },      { "THEN", 'c', 4 },
	{ "ELSE", 'c', 2 },    { "END", 'E', 0 },    { "UNION", 'u', 2 },     { "INTERSECT", 'u', 2 }, { "EXCEPT", 'u', 2 },
	{ "EXISTS", 'k', 0 },  { "CAST", 'w', 0 },   { "BY", 'k', 0 },
};

static void word_seen(Scan *s, Str w)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const Word *k = &words[i];
		if (!str_is(w, k->text))
			continue;
		switch (k->kind) {
		case 'o':
			operator_seen(s, k->n);
			return;
		case 'c':
			clause_begins(s, k->n);
			return;
		case 'C':
			push_level(s, 2);
			s->last = 'k';
			return;
		case 'E':
			pop_level(s);
			return;
		case 'u':
			top(s)->base = k->n;
			clause_begins(s, 0);
			return;
		default:
			s->last = k->kind == 'w' ? 'w' : 'k';
			return;
		}
	}
	s->last = 'w';
	reach(s, 3);
}

static void quoted_seen(Scan *s, char quote)
{
	s->p++;
	while (s->p < s->end) {
		const char *close = memchr(s->p, quote, (size_t)(s->end - s->p));
		s->p = close ? close + 1 : s->end;
		if (s->p >= s->end || *s->p != quote)
			break;
		s->p++;
	}
	s->last = quote == '"' ? 'w' : 'x';
	reach(s, 3);
}

static int symbol_precedence(char c)
{
	switch (c) {
	case '=':
	case '!':
		return 4;
	case '<':
	case '>':
		return 5;
	case '&':
		return 6;
	case '+':
	case '-':
		return 7;
	case '*':
	case '/':
	case '%':
		return 8;
	case '|':
		return 9;
	default:
		return 11;
	}
}

static void symbol_seen(Scan *s)
{
	char c = *s->p++;
	if (c == '(') {
		push_level(s, s->last == 'w' || s->last == 'k' ? 3 : 1);
		s->last = 'k';
	} else if (c == ')') {
		pop_level(s);
	} else if (c == ',') {
		Level *l = top(s);
		l->nwaiting = 0;
		if (l->clause < 2)
			l->clause = 2;
		else if (l->clause == 10) /* the condition of a join is complete */
			l->clause = 5;
		reach(s, 1);
		s->last = 'k';
	} else if (c == '.' || c == '?' || c == ';') {
		s->last = 'x';
	} else if (c == '*' && s->last == 'k') {
		s->last = 'x';
	} else {
		while (s->p < s->end && strchr("=<>|!", *s->p))
			s->p++;
		operator_seen(s, symbol_precedence(c));
	}
}

static bool word_byte(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

int emit_stack_need(Str text)
{
	Scan s = { .p = text.p, .end = text.p + text.n, .last = 'k' };
	push_level(&s, 0);
	while (s.p < s.end) {
		char c = *s.p;
		if (c == ' ') {
			s.p++;
		} else if (c == '\'' || c == '"') {
			quoted_seen(&s, c);
		} else if (word_byte(c)) {
			Str w = { s.p, 0 };
			while (s.p < s.end && word_byte(*s.p))
				s.p++;
			w.n = (size_t)(s.p - w.p);
			word_seen(&s, w);
		} else {
			symbol_seen(&s);
		}
	}
	free(s.levels);
	return s.most;
}

/* "?" numbers itself: SQLite looks up each "?5" in the list of all of them, which takes long when there are tens of thousands. */
void emit_plain_params(Emitter *e)
{
	Buf out = { 0 };
	Scan s = { .p = (const char *)e->out.data, .end = (const char *)e->out.data + e->out.len };
	unsigned long seen = 0;
	push_level(&s, 0);
	while (s.p < s.end) {
		const char *from = s.p;
		if (*s.p == '\'' || *s.p == '"') {
			quoted_seen(&s, *s.p);
		} else if (*s.p == '?') {
			char *end;
			unsigned long n = strtoul(s.p + 1, &end, 10);
			s.p = end;
			if (n == seen + 1)
				s.p = from + 1;
			seen = n > seen ? n : seen;
			buf_put(&out, from, (size_t)(s.p - from));
			s.p = end;
			continue;
		} else {
			s.p++;
		}
		buf_put(&out, from, (size_t)(s.p - from));
	}
	free(s.levels);
	buf_free(&e->out);
	e->out = out;
}
