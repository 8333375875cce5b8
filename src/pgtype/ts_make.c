#include "pgtype/ts_make.h"

#include <ctype.h>

void ts_maker_init(TsMaker *m, const TsConfig *c, Arena *a)
{
	*m = (TsMaker){ .config = *c, .a = a };
}

void ts_maker_clear(TsMaker *m)
{
	ts_stemmers_clear(&m->stemmers);
}

static void add_word(TsMaker *m, Str s)
{
	if (m->n == m->cap) {
		TsWord *grown = arena_array(m->a, TsWord, m->cap = m->cap ? m->cap * 2 : 16);
		if (m->n)
			memcpy(grown, m->words, m->n * sizeof *grown);
		m->words = grown;
	}
	m->words[m->n++] = (TsWord){ s, m->pos > TS_MAX_POS ? TS_MAX_POS : m->pos };
}

/* A stop word has a position too. */
void ts_maker_text(TsMaker *m, Str text)
{
	TsParser p;
	TsToken t;
	ts_parser_init(&p, text);
	while (ts_parser_next(&p, &t)) {
		const TsDict *d = ts_config_dict(&m->config, t.type);
		if (!d || t.s.n >= TS_MAX_LEXEME)
			continue;
		m->pos++;
		Str s = ts_lexize(&m->stemmers, d, t.s, m->a);
		if (s.p)
			add_word(m, s);
	}
}

void ts_maker_value(TsMaker *m, Str text)
{
	size_t before = m->n;
	ts_maker_text(m, text);
	m->pos += m->n > before;
}

int ts_maker_vector(TsMaker *m, TsVector *out, Error *err)
{
	size_t bytes = 0;
	*out = (TsVector){ 0 };
	for (size_t i = 0; i < m->n; i++)
		ts_lexeme_add(ts_vector_add(out, m->words[i].s, m->a), m->words[i].pos, 0, m->a);
	ts_vector_finish(out, m->a);
	for (size_t i = 0; i < out->n; i++)
		bytes += out->items[i].s.n + 2 + 2 * out->items[i].npos;
	if (bytes > TS_MAX_VECTOR)
		return err_set(err, "54000", "string is too long for tsvector (%zu bytes, max %d bytes)", bytes, TS_MAX_VECTOR);
	return 0;
}

/* ---- queries ---- */

/* A stop word holds its place in the tree until all is read: a value without text. */
static TsNode *stop_node(Arena *a)
{
	return ts_node(TSQ_VAL, NULL, NULL, a);
}

static TsNode *joined(TsqKind kind, TsNode *left, TsNode *right, Arena *a)
{
	return left ? ts_node(kind, left, right, a) : right;
}

/* A tree is as deep as it has words. */
enum { MAX_WORDS = 10000 };

/* The lexemes of one operand, with stop words between them. */
static TsNode *operand_tree(const TsConfig *c, TsqKind between, const TsNode *operand, Arena *a)
{
	TsMaker m;
	TsNode *tree = NULL;
	int pos = 0;
	ts_maker_init(&m, c, a);
	ts_maker_text(&m, operand->s);
	ts_maker_clear(&m);
	for (size_t i = 0; i < m.n; i++) {
		for (; pos > 0 && pos + 1 < m.words[i].pos; pos++)
			tree = joined(between, tree, stop_node(a), a);
		pos = m.words[i].pos;
		TsNode *v = ts_node(TSQ_VAL, NULL, NULL, a);
		v->s = m.words[i].s;
		v->weights = operand->weights;
		v->prefix = operand->prefix;
		tree = joined(between, tree, v, a);
	}
	return tree ? tree : stop_node(a);
}

static TsNode *replace_operands(const TsConfig *c, TsNode *q, Arena *a)
{
	if (q->kind == TSQ_VAL)
		return operand_tree(c, TSQ_PHRASE, q, a);
	if (q->left)
		q->left = replace_operands(c, q->left, a);
	q->right = replace_operands(c, q->right, a);
	return q;
}

static int check_size(const TsNode *q, Error *err)
{
	size_t depth = 0;
	for (; q; q = q->left)
		if (++depth > MAX_WORDS)
			return err_set(err, "54001", "stack depth limit exceeded");
	return 0;
}

/* What a removed phrase leaves to the distances of its neighbours. */
typedef struct Gap {
	int left, right;
} Gap;

/* Takes the stop words out; NULL when nothing is left. */
static TsNode *without_stops(TsNode *q, Gap *gap)
{
	Gap l, r;
	*gap = (Gap){ 0 };
	if (q->kind == TSQ_VAL)
		return q->s.p ? q : NULL;
	if (q->kind == TSQ_NOT) {
		q->right = without_stops(q->right, gap);
		return q->right ? q : NULL;
	}
	bool phrase = q->kind == TSQ_PHRASE;
	int distance = phrase ? q->distance : 0;
	q->left = without_stops(q->left, &l);
	q->right = without_stops(q->right, &r);
	if (!q->left && !q->right) {
		gap->left = gap->right = phrase ? l.left + distance + r.left : l.left > r.left ? l.left : r.left;
		return NULL;
	}
	if (!q->left) {
		*gap = phrase ? (Gap){ l.left + distance + r.left, r.right } : r;
		return q->right;
	}
	if (!q->right) {
		*gap = phrase ? (Gap){ l.left, l.right + distance + r.right } : l;
		return q->left;
	}
	if (phrase) {
		q->distance += l.right + r.left;
		*gap = (Gap){ l.left, r.right };
	}
	return q;
}

/* ---- websearch ---- */

typedef struct Web {
	const char *p, *end;
	const TsConfig *c;
	Arena *a;
	int nots; /* the longest chain of minus signs */
} Web;

static bool is_operator(char c)
{
	return c && strchr("!&|()<", c);
}

static void skip_blanks(Web *w)
{
	while (w->p < w->end && isspace((unsigned char)*w->p))
		w->p++;
}

/* Behind an operand signs mean nothing. */
static void skip_signs(Web *w)
{
	while (w->p < w->end && (isspace((unsigned char)*w->p) || is_operator(*w->p)))
		w->p++;
}

/* The word "or" with something to come behind it. */
static bool at_or(Web *w)
{
	size_t n;
	if (w->end - w->p < 3 || (w->p[0] | 32) != 'o' || (w->p[1] | 32) != 'r')
		return false;
	const char *q = w->p + 2;
	TsParser ps;
	TsToken t;
	ts_parser_init(&ps, (Str){ q, (size_t)(w->end - q) });
	if (*q == '-' || *q == '_' ||
	    (ts_parser_next(&ps, &t) && t.s.p == q && t.type != TS_BLANK && t.type != TS_TAG && t.type != TS_ENTITY && t.type != TS_FILE &&
	     t.type != TS_INT))
		return false;
	utf8_decode(q, (size_t)(w->end - q), &n);
	for (q += n; q < w->end && isspace((unsigned char)*q); q++)
		;
	return q < w->end;
}

static TsNode *web_value(Web *w)
{
	TsNode v = { .kind = TSQ_VAL };
	const char *start = w->p;
	if (*start == '"') {
		start = ++w->p;
		while (w->p < w->end && *w->p != '"')
			w->p++;
		v.s = (Str){ start, (size_t)(w->p - start) };
		w->p += w->p < w->end;
	} else {
		w->p++;
		while (w->p < w->end && !isspace((unsigned char)*w->p) && !is_operator(*w->p) && *w->p != '"' && *w->p != ':')
			w->p++;
		v.s = (Str){ start, (size_t)(w->p - start) };
	}
	return operand_tree(w->c, TSQ_PHRASE, &v, w->a);
}

/* Minus signs, then a word or a quoted text. At the end of the text a stop word stands in. */
static TsNode *web_operand(Web *w)
{
	int nots = 0;
	for (skip_blanks(w); w->p < w->end && (*w->p == '-' || is_operator(*w->p)); skip_blanks(w))
		nots += *w->p++ == '-';
	TsNode *v = w->p < w->end ? web_value(w) : stop_node(w->a);
	if (nots > w->nots)
		w->nots = nots;
	if (nots > MAX_WORDS)
		return v;
	for (; nots > 0; nots--)
		v = ts_node(TSQ_NOT, NULL, v, w->a);
	return v;
}

static TsNode *websearch(const TsConfig *c, Str text, Arena *a, Error *err)
{
	Web w = { .p = text.p, .end = text.p + text.n, .c = c, .a = a };
	TsNode *all = NULL, *both = web_operand(&w);
	for (skip_signs(&w); w.p < w.end; skip_signs(&w)) {
		if (at_or(&w)) {
			w.p += 2;
			all = joined(TSQ_OR, all, both, a);
			both = web_operand(&w);
		} else {
			both = ts_node(TSQ_AND, both, web_operand(&w), a);
		}
	}
	if (w.nots > MAX_WORDS)
		return err_set(err, "54001", "stack depth limit exceeded"), NULL;
	return joined(TSQ_OR, all, both, a);
}

int ts_make_query(const TsConfig *c, TsQueryForm form, Str text, Arena *a, TsNode **out, Error *err)
{
	Gap gap;
	TsNode *q = NULL, whole = { .kind = TSQ_VAL, .s = text };
	if (form == TS_TO_QUERY) {
		if (ts_query_parse(text, a, &q, err) < 0)
			return -1;
		q = q ? replace_operands(c, q, a) : NULL;
	} else if (form == TS_WEBSEARCH) {
		q = websearch(c, text, a, err);
		if (!q)
			return -1;
	} else {
		q = operand_tree(c, form == TS_PHRASE ? TSQ_PHRASE : TSQ_AND, &whole, a);
	}
	*out = NULL;
	if (check_size(q, err) < 0)
		return -1;
	*out = q ? without_stops(q, &gap) : NULL;
	return 0;
}
