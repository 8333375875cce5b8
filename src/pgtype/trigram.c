/* Trigrams: three characters side by side in a word that has two blanks put before it and one behind it. */
#include "pgtype/content.h"
#include "pgtype/text.h"
#include "pgtype/ts_parse.h"

#include <stdlib.h>

static void add(Trigrams *t, Str s, Arena *a)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 16;
		Str *more = arena_array(a, Str, cap);
		if (t->n)
			memcpy(more, t->items, t->n * sizeof *more);
		t->items = more;
		t->cap = cap;
	}
	t->items[t->n++] = s;
}

static int compare(const void *x, const void *y)
{
	const Str *a = x, *b = y;
	size_t n = a->n < b->n ? a->n : b->n;
	int c = n ? memcmp(a->p, b->p, n) : 0;
	return c ? c : (a->n > b->n) - (a->n < b->n);
}

/* Every three characters of a piece of text. */
static void add_windows(Trigrams *t, Str s, Arena *a)
{
	size_t at[4] = { 0 }, chars = 0;
	for (size_t i = 0; i < s.n;) {
		i += utf8_char_bytes(s.p + i, s.n - i);
		at[++chars] = i;
		if (chars < 3)
			continue;
		add(t, (Str){ s.p + at[0], at[3] - at[0] }, a);
		memmove(at, at + 1, 3 * sizeof *at);
		chars = 2;
	}
}

/* A word whose ends are known to be ends, or not. */
static void add_word(Trigrams *t, Str word, bool begins, bool ends, Arena *a)
{
	const char *padded = arena_printf(a, "%s%.*s%s", begins ? "  " : "", STR_ARG(word), ends ? " " : "");
	add_windows(t, str_of(padded), a);
}

static void sort_unique(Trigrams *t)
{
	size_t kept = 0;
	if (t->n)
		qsort(t->items, t->n, sizeof *t->items, compare);
	for (size_t i = 0; i < t->n; i++)
		if (!kept || compare(&t->items[kept - 1], &t->items[i]) != 0)
			t->items[kept++] = t->items[i];
	t->n = kept;
}

/* Words of literal text; its own ends are those of a word when `open` is false there. */
static void add_literal(Trigrams *t, Str s, bool open_before, bool open_after, Arena *a)
{
	size_t n;
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		while (i < s.n && ts_in_word(s.p + i, s.p + s.n, &n))
			i += n;
		if (i > from)
			add_word(t, (Str){ s.p + from, i - from }, from > 0 || !open_before, i < s.n || !open_after, a);
		else
			i += n;
	}
}

static Str lower(Str s, Arena *a)
{
	Buf b = { 0 };
	ts_lower(s, &b);
	Str out = { arena_strndup(a, (const char *)b.data, b.len), b.len };
	buf_free(&b);
	return out;
}

void trigrams_of(Str text, bool sorted, Arena *a, Trigrams *out)
{
	*out = (Trigrams){ 0 };
	add_literal(out, lower(text, a), false, false, a);
	if (sorted)
		sort_unique(out);
}

void trigrams_of_pattern(Str pattern, Arena *a, Trigrams *out)
{
	Str p = lower(pattern, a);
	char *literal = arena_alloc(a, p.n + 1);
	size_t n = 0;
	bool open = false;
	*out = (Trigrams){ 0 };
	for (size_t i = 0; i < p.n; i++) {
		if (p.p[i] == '%' || p.p[i] == '_') {
			add_literal(out, (Str){ literal, n }, open, true, a);
			literal += n;
			n = 0;
			open = true;
			continue;
		}
		i += p.p[i] == '\\' && i + 1 < p.n;
		literal[n++] = p.p[i];
	}
	add_literal(out, (Str){ literal, n }, open, false, a);
	sort_unique(out);
}
