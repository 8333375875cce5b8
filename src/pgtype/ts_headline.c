/* ts_headline: the part of a text that shows best why it matches, with the words of the query marked. */
#include "pgtype/ts_make.h"
#include "pgtype/ts_match.h"

#include <ctype.h>
#include <limits.h>

typedef struct Options {
	Str start, stop, delimiter;
	int64_t max_words, min_words, short_word, max_fragments;
	bool all;
} Options;

/* A token of the text. One that stands for several values of the query comes once more for each, `again`. */
typedef struct Piece {
	Str s;
	TsTokenType type;
	const TsNode *value;
	uint16_t pos;
	bool again, in, marked, blank, hidden;
} Piece;

typedef struct Text {
	Piece *items;
	size_t n, cap;
	const TsNode *q;
	Options o;
	int64_t max_cover;
	Arena *a;
} Text;

/* ---- options: name = value, ... ---- */

static void blanks(Str *s)
{
	while (s->n && isspace((unsigned char)s->p[0]))
		*s = (Str){ s->p + 1, s->n - 1 };
}

/* Up to the closing quote, which doubled stands for itself; in single quotes a doubled backslash does, too. */
static bool quoted_word(Str *s, char quote, Arena *a, Str *out)
{
	char *text = arena_alloc(a, s->n + 1);
	size_t n = 0, i = 0;
	for (;; i++) {
		bool twice = i + 1 < s->n && s->p[i + 1] == s->p[i];
		if (i >= s->n)
			return false;
		if (s->p[i] == quote && !twice)
			break;
		i += twice && (s->p[i] == quote || (quote == '\'' && s->p[i] == '\\'));
		text[n++] = s->p[i];
	}
	*s = (Str){ s->p + i + 1, s->n - i - 1 };
	*out = (Str){ text, n };
	return true;
}

static Str bare_word(Str *s, char end)
{
	size_t i = 0;
	while (i < s->n && s->p[i] != end && !isspace((unsigned char)s->p[i]))
		i++;
	Str word = { s->p, i };
	*s = (Str){ s->p + i, s->n - i };
	return word;
}

static bool option_name(Str *s, Arena *a, Str *out)
{
	if (s->p[0] == '"') {
		*s = (Str){ s->p + 1, s->n - 1 };
		if (!quoted_word(s, '"', a, out))
			return false;
	} else {
		*out = bare_word(s, '=');
	}
	blanks(s);
	if (!s->n || s->p[0] != '=')
		return false;
	*s = (Str){ s->p + 1, s->n - 1 };
	return true;
}

static bool option_value(Str *s, Arena *a, Str *out)
{
	blanks(s);
	if (!s->n)
		return false;
	size_t escape = s->n > 1 && s->p[0] == 'E' && s->p[1] == '\'';
	char quote = s->p[escape];
	if (quote != '"' && quote != '\'') {
		*out = bare_word(s, ',');
		return true;
	}
	*s = (Str){ s->p + escape + 1, s->n - escape - 1 };
	return quoted_word(s, quote, a, out);
}

static int option_number(Str name, Str v, int64_t *out, Error *err)
{
	Val val;
	_cleanup_(arena_freep) Arena *a = arena_new();
	if (type_in(pgtype_builtin(23), -1, v, &type_env_stored, a, &val, err) < 0)
		return -1;
	*out = val.i;
	return 0;
}

static int set_option(Options *o, Str name, Str v, Error *err)
{
	static const char *const yes[] = { "1", "on", "true", "t", "y", "yes" };
	struct {
		const char *name;
		int64_t *number;
		Str *text;
	} known[] = {
		{ "MaxWords", &o->max_words, NULL },	     { "MinWords", &o->min_words, NULL }, { "ShortWord", &o->short_word, NULL },
		{ "MaxFragments", &o->max_fragments, NULL }, { "StartSel", NULL, &o->start },	  { "StopSel", NULL, &o->stop },
		{ "FragmentDelimiter", NULL, &o->delimiter }
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_iis(name, known[i].name))
			continue;
		if (known[i].number)
			return option_number(name, v, known[i].number, err);
		*known[i].text = v;
		return 0;
	}
	if (!str_iis(name, "HighlightAll"))
		return err_set(err, "22023", "unrecognized headline parameter: \"%.*s\"", STR_ARG(name));
	o->all = false;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		o->all |= str_iis(v, yes[i]);
	return 0;
}

static int read_options(Str s, Options *o, Arena *a, Error *err)
{
	Str whole = s;
	*o = (Options){ .start = str_of("<b>"),
			.stop = str_of("</b>"),
			.delimiter = str_of(" ... "),
			.max_words = 35,
			.min_words = 15,
			.short_word = 3 };
	for (;;) {
		Str name, v;
		while (s.n && (s.p[0] == ',' || isspace((unsigned char)s.p[0])))
			s = (Str){ s.p + 1, s.n - 1 };
		if (!s.n)
			break;
		if (!option_name(&s, a, &name) || !option_value(&s, a, &v))
			return err_set(err, "42601", "invalid parameter list format: \"%.*s\"", STR_ARG(whole));
		if (set_option(o, name, v, err) < 0)
			return -1;
	}
	if (o->all)
		return 0;
	if (o->min_words >= o->max_words)
		return err_set(err, "22023", "MinWords should be less than MaxWords");
	if (o->min_words <= 0)
		return err_set(err, "22023", "MinWords should be positive");
	if (o->short_word < 0)
		return err_set(err, "22023", "ShortWord should be >= 0");
	return o->max_fragments < 0 ? err_set(err, "22023", "MaxFragments should be >= 0") : 0;
}

/* ---- the text in pieces ---- */

static Piece *add_piece(Text *t, const Piece *p)
{
	if (t->n == t->cap) {
		Piece *grown = arena_array(t->a, Piece, t->cap = t->cap ? t->cap * 2 : 64);
		if (t->n)
			memcpy(grown, t->items, t->n * sizeof *grown);
		t->items = grown;
	}
	t->items[t->n] = *p;
	return &t->items[t->n++];
}

static bool stands_for(const TsNode *v, Str lexeme)
{
	if (v->prefix)
		return lexeme.n >= v->s.n && memcmp(lexeme.p, v->s.p, v->s.n) == 0;
	return str_eq(lexeme, v->s);
}

static void find_values(Text *t, const TsNode **values, size_t n, Str lexeme, uint16_t pos)
{
	size_t at = t->n - 1;
	t->items[at].pos = pos;
	for (size_t i = 0; i < n; i++) {
		if (!stands_for(values[i], lexeme))
			continue;
		if (!t->items[at].value) {
			t->items[at].value = values[i];
			continue;
		}
		Piece more = t->items[at];
		more.value = values[i];
		more.again = true;
		add_piece(t, &more);
	}
}

static void split(Text *t, const TsConfig *c, Str text)
{
	TsParser ps;
	TsToken tok;
	TsStemmers stemmers = { 0 };
	const TsNode **values = arena_array(t->a, const TsNode *, ts_query_nodes(t->q) + 1);
	size_t n = t->q ? ts_values(t->q, values) : 0;
	int pos = 0;
	ts_parser_init(&ps, text);
	while (ts_parser_next(&ps, &tok)) {
		const TsDict *d = ts_config_dict(c, tok.type);
		add_piece(t, &(Piece){ .s = tok.s, .type = tok.type });
		if (!d || tok.s.n >= TS_MAX_LEXEME)
			continue;
		pos++;
		Str s = ts_lexize(&stemmers, d, tok.s, t->a);
		if (s.p)
			find_values(t, values, n, s, (uint16_t)(pos > TS_MAX_POS ? TS_MAX_POS : pos));
	}
	ts_stemmers_clear(&stemmers);
}

/* Compounds are shown by their parts, tags as a blank. */
static bool is_skipped(TsTokenType t)
{
	return t == TS_URL || t == TS_NUMHWORD || t == TS_ASCIIHWORD || t == TS_HWORD;
}

static bool is_word(const Piece *p)
{
	return p->type != TS_BLANK && p->type != TS_TAG && !is_skipped(p->type);
}

static bool is_interesting(const Piece *p)
{
	return p->value && !p->again;
}

/* A headline had better not end here. */
static bool is_bad_end(const Text *t, int64_t i)
{
	const Piece *p = &t->items[i];
	bool no_end = !is_word(p) || p->type == TS_SFLOAT || p->type == TS_VERSION || p->type == TS_FLOAT || p->type == TS_INT ||
		      p->type == TS_UINT;
	return (no_end || (int64_t)p->s.n <= t->o.short_word) && !is_interesting(p);
}

/* ---- covers ---- */

static TsAnswer in_pieces(void *arg, const TsNode *value, TsPlaces *out, Arena *a)
{
	const Str *range = arg; /* pieces as bytes */
	const Piece *p = (const Piece *)range->p;
	TsAnswer r = TS_NO;
	if (out)
		out->pos = arena_array(a, uint32_t, range->n);
	for (size_t i = 0; i < range->n; i++) {
		if (p[i].value != value)
			continue;
		r = TS_YES;
		if (!out)
			return r;
		out->pos[out->n++] = p[i].pos;
	}
	return r;
}

static int64_t next_value(const Text *t, int64_t from)
{
	for (int64_t i = from; i >= 0 && i < (int64_t)t->n; i++)
		if (t->items[i].value)
			return i;
	return -1;
}

/* The earliest and then shortest stretch from *p on that satisfies the query. */
static bool next_cover(const Text *t, int64_t *p, int64_t *q)
{
	for (int64_t first = next_value(t, *p), second; first >= 0; first = second) {
		int64_t last = first;
		second = next_value(t, first + 1);
		do {
			_cleanup_(arena_freep) Arena *a = arena_new();
			Str range = { (const char *)&t->items[first], (size_t)(last - first + 1) };
			if (ts_execute(t->q, in_pieces, &range, a)) {
				*p = first;
				*q = last;
				return true;
			}
			last = next_value(t, last + 1);
		} while (last >= 0 && last - first < t->max_cover);
	}
	return false;
}

static void show(Text *t, int64_t begin, int64_t end)
{
	for (int64_t i = begin; i <= end && i < (int64_t)t->n; i++) {
		Piece *p = &t->items[i];
		p->marked |= p->value != NULL;
		p->blank |= !t->o.all && p->type == TS_TAG;
		p->hidden |= is_skipped(p->type);
		p->in = !p->again;
	}
}

/* The first words, when nothing matches. */
static void show_beginning(Text *t)
{
	int64_t words = 0, end = 0;
	for (int64_t i = 0; i < (int64_t)t->n && words < t->o.min_words; i++) {
		words += is_word(&t->items[i]);
		end = i;
	}
	show(t, 0, end);
}

/* ---- one headline ---- */

typedef struct Headline {
	int64_t begin, end, words, values;
	bool whole; /* it holds its cover */
} Headline;

static void count(const Text *t, Headline *h, int64_t i, int64_t by)
{
	h->words += is_word(&t->items[i]) ? by : 0;
	h->values += is_interesting(&t->items[i]) ? by : 0;
}

static void lengthen(const Text *t, Headline *h, int64_t i, int64_t p, int64_t q)
{
	const Options *o = &t->o;
	for (i = i - 1; i < (int64_t)t->n && h->words < o->max_words; i++) {
		if (i > q)
			count(t, h, i, 1);
		h->end = i;
		if (!is_bad_end(t, i) && h->words >= o->min_words)
			break;
	}
	if (h->words >= o->min_words)
		return;
	for (i = p - 1; i >= 0; i--) {
		count(t, h, i, 1);
		if (h->words >= o->max_words || (!is_bad_end(t, i) && h->words >= o->min_words))
			break;
	}
	h->begin = i >= 0 ? i : 0;
}

static Headline around_cover(const Text *t, int64_t p, int64_t q)
{
	Headline h = { .begin = p, .end = p };
	int64_t i = p;
	for (; i <= q && h.words < t->o.max_words; i++) {
		count(t, &h, i, 1);
		h.end = i;
	}
	if (h.words < t->o.max_words) {
		lengthen(t, &h, i, p, q);
	} else {
		for (i = i > q ? q : i; h.words > t->o.min_words && is_bad_end(t, i); i--) {
			count(t, &h, i, -1);
			h.end = i - 1;
		}
	}
	h.whole = h.begin <= p && h.end >= q;
	return h;
}

static bool is_better(const Text *t, const Headline *h, const Headline *best)
{
	if (h->whole != best->whole)
		return h->whole;
	if (h->values != best->values)
		return h->values > best->values;
	return !is_bad_end(t, h->end) && is_bad_end(t, best->end);
}

static void show_best(Text *t)
{
	int64_t p = 0, q = 0;
	Headline best = { .values = -1 };
	for (; t->q && next_cover(t, &p, &q); p++) {
		Headline h = around_cover(t, p, q);
		if (best.values < 0 || is_better(t, &h, &best))
			best = h;
	}
	if (best.values < 0)
		show_beginning(t);
	else
		show(t, best.begin, best.end);
}

/* ---- several fragments ---- */

typedef struct Fragment {
	int64_t begin, end, words, values;
	bool used;
} Fragment;

typedef struct Fragments {
	Fragment *items;
	size_t n, cap;
} Fragments;

/* A stretch of at most MaxWords words that begins and ends with a word of the query. */
static Fragment cut(const Text *t, int64_t begin, int64_t end)
{
	Headline h = { 0 };
	while (begin < end && !is_interesting(&t->items[begin]))
		begin++;
	int64_t i = begin;
	for (; i <= end && h.words < t->o.max_words; i++)
		count(t, &h, i, 1);
	if (end > i) {
		for (end = i; i >= begin; i--) {
			end = i;
			if (is_interesting(&t->items[i]))
				break;
			h.words -= is_word(&t->items[i]);
		}
	}
	return (Fragment){ begin, end, h.words, h.values, false };
}

static void find_fragments(const Text *t, Fragments *f)
{
	int64_t p = 0, q = 0;
	for (; t->q && next_cover(t, &p, &q); p++) {
		for (int64_t begin = p; begin <= q; begin = f->items[f->n - 1].end + 1) {
			f->items = mem_grow(f->items, &f->cap, f->n + 1, sizeof *f->items);
			f->items[f->n++] = cut(t, begin, q);
		}
	}
}

static void stretch(const Text *t, Fragment *f)
{
	int64_t room = (t->o.max_words - f->words) / 2, added = 0, edge = f->begin, i;
	if (f->words >= t->o.max_words)
		return;
	for (i = f->begin - 1; i >= 0 && added < room && !t->items[i].in; i--) {
		added += is_word(&t->items[i]);
		edge = i;
	}
	f->words += added;
	for (i = edge; i < f->begin && is_bad_end(t, i); i++)
		f->words -= is_word(&t->items[i]);
	f->begin = i;
	edge = f->end;
	for (i = f->end + 1; i < (int64_t)t->n && f->words < t->o.max_words && !t->items[i].in; i++) {
		f->words += is_word(&t->items[i]);
		edge = i;
	}
	for (i = edge; i > f->end && is_bad_end(t, i); i--)
		f->words -= is_word(&t->items[i]);
	f->end = i;
}

static Fragment *best_fragment(Fragments *f)
{
	Fragment *best = NULL;
	for (size_t i = 0; i < f->n; i++) {
		Fragment *x = &f->items[i];
		int64_t values = best ? best->values : 0, words = best ? best->words : INT_MAX;
		if (!x->used && (x->values > values || (x->values == values && x->words < words)))
			best = x;
	}
	return best;
}

static void show_fragments(Text *t)
{
	Fragments f = { 0 };
	bool any = false;
	find_fragments(t, &f);
	for (int64_t k = 0; k < t->o.max_fragments; k++) {
		Fragment *best = best_fragment(&f);
		if (!best)
			break;
		stretch(t, best);
		show(t, best->begin, best->end);
		any = best->used = true;
		for (size_t i = 0; i < f.n; i++)
			f.items[i].used |= f.items[i].begin <= best->end && f.items[i].end >= best->begin;
	}
	if (!any)
		show_beginning(t);
	free(f.items);
}

/* ---- output ---- */

static void print(const Text *t, Buf *out)
{
	bool inside = false;
	int fragments = 0;
	for (size_t i = 0; i < t->n; i++) {
		const Piece *p = &t->items[i];
		if (p->again)
			continue;
		if (!p->in) {
			inside = false;
			continue;
		}
		if (!inside && fragments++)
			buf_put_str(out, t->o.delimiter);
		inside = true;
		if (p->blank) {
			buf_puts(out, " ");
		} else if (!p->hidden) {
			if (p->marked)
				buf_put_str(out, t->o.start);
			buf_put_str(out, p->s);
			if (p->marked)
				buf_put_str(out, t->o.stop);
		}
	}
}

int ts_headline(const TsConfig *c, Str text, const TsNode *q, Str options, Arena *a, Buf *out, Error *err)
{
	Text t = { .q = q, .a = a };
	if (read_options(options, &t.o, a, err) < 0)
		return -1;
	t.max_cover = t.o.max_words * 10 > 100 ? t.o.max_words * 10 : 100;
	if (t.o.max_fragments > 0)
		t.max_cover *= t.o.max_fragments;
	split(&t, c, text);
	if (t.o.all)
		show(&t, 0, (int64_t)t.n - 1);
	else if (t.o.max_fragments > 0)
		show_fragments(&t);
	else
		show_best(&t);
	print(&t, out);
	return 0;
}
