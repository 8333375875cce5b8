/* ts_rank_cd: the density of covers, the shortest stretches of a document that satisfy the query. */
#include "pgtype/ts_match.h"

#include <math.h>

enum { MAX_PLACES = 256, NORM_LOG_LENGTH = 1, NORM_LENGTH = 2, NORM_COVERS = 4, NORM_UNIQUE = 8, NORM_LOG_UNIQUE = 16, NORM_R_PLUS_1 = 32 };

/* One word of the document that the query names. */
typedef struct Hit {
	TsPos pos;
	const TsLexeme *lexeme;
	const TsNode *value;
} Hit;

/* What of the document is inside the stretch looked at. */
typedef struct Stretch {
	const Hit *first, *last;
} Stretch;

typedef struct Cover {
	size_t from;	   /* where to look for the next one */
	size_t begin, end; /* hits */
	int begin_pos, end_pos;
} Cover;

static int compare_hits(const void *x, const void *y)
{
	const Hit *a = x, *b = y;
	if (a->pos.pos != b->pos.pos)
		return a->pos.pos < b->pos.pos ? -1 : 1;
	if (a->pos.weight != b->pos.weight)
		return a->pos.weight < b->pos.weight ? -1 : 1;
	return (a->lexeme > b->lexeme) - (a->lexeme < b->lexeme);
}

static Hit *find_hits(const TsVector *v, const TsNode *q, size_t *n, Arena *a)
{
	const TsNode **values = arena_array(a, const TsNode *, ts_query_nodes(q));
	size_t nvalues = ts_values(q, values), cap = 16;
	Hit *hits = arena_array(a, Hit, cap);
	*n = 0;
	for (size_t i = 0; i < nvalues; i++) {
		size_t count;
		const TsLexeme *l = ts_entries(v, values[i], &count);
		for (size_t e = 0; e < count; e++) {
			for (size_t k = 0; k < l[e].npos; k++) {
				if (values[i]->weights && !(values[i]->weights & 1u << l[e].pos[k].weight))
					continue;
				if (*n == cap) {
					Hit *grown = arena_array(a, Hit, cap * 2);
					memcpy(grown, hits, cap * sizeof *hits);
					hits = grown;
					cap *= 2;
				}
				hits[(*n)++] = (Hit){ l[e].pos[k], &l[e], values[i] };
			}
		}
	}
	qsort(hits, *n, sizeof *hits, compare_hits);
	return hits;
}

static bool same_word(const Hit *x, const Hit *y)
{
	return x->pos.pos == y->pos.pos && x->pos.weight == y->pos.weight && x->lexeme == y->lexeme;
}

static TsAnswer in_stretch(void *arg, const TsNode *value, TsPlaces *out, Arena *a)
{
	const Stretch *s = arg;
	TsAnswer r = TS_NO;
	if (out)
		out->pos = arena_array(a, uint32_t, MAX_PLACES);
	for (const Hit *h = s->first; h <= s->last; h++) {
		if (h->value != value)
			continue;
		r = TS_YES;
		if (!out)
			return r;
		if (out->n < MAX_PLACES && (out->n == 0 || out->pos[out->n - 1] != h->pos.pos))
			out->pos[out->n++] = h->pos.pos;
	}
	return r;
}

/* The index of the word that a hit is part of: its first hit, or the last one. */
static size_t word_start(const Hit *hits, size_t i)
{
	while (i > 0 && same_word(&hits[i - 1], &hits[i]))
		i--;
	return i;
}

static size_t word_end(const Hit *hits, size_t n, size_t i)
{
	while (i + 1 < n && same_word(&hits[i + 1], &hits[i]))
		i++;
	return i;
}

static bool next_cover(const Hit *hits, size_t n, const TsNode *q, Cover *c, Arena *a)
{
	for (; c->from < n; c->from = word_end(hits, n, c->from) + 1) {
		Stretch s = { &hits[c->from], NULL };
		size_t end = c->from;
		bool found = false;
		for (; end < n; end++) {
			end = word_end(hits, n, end);
			s.last = &hits[end];
			if ((found = ts_execute(q, in_stretch, &s, a)))
				break;
		}
		if (!found)
			return false;
		c->end = end;
		c->end_pos = hits[end].pos.pos;
		size_t begin = word_start(hits, end);
		bool down = false;
		for (;; begin = word_start(hits, begin - 1)) {
			s.first = &hits[begin];
			if ((down = ts_execute(q, in_stretch, &s, a)) || begin == c->from)
				break;
		}
		if (down) {
			c->begin = begin;
			c->begin_pos = hits[begin].pos.pos;
			c->from = word_end(hits, n, begin) + 1;
			return true;
		}
	}
	return false;
}

/* Words between two hits, a word counting once. */
static size_t words_between(const Hit *hits, size_t begin, size_t end)
{
	size_t n = 0;
	for (size_t i = begin + 1; i <= end; i++)
		n += !same_word(&hits[i - 1], &hits[i]);
	return n;
}

static double cover_rank(const double *inverse, const Hit *hits, const Cover *c)
{
	double sum = 0;
	for (size_t i = c->begin; i <= c->end; i++)
		if (i == c->begin || !same_word(&hits[i - 1], &hits[i]))
			sum += inverse[hits[i].pos.weight];
	int words = (int)words_between(hits, c->begin, c->end), noise = c->end_pos - c->begin_pos - words;
	if (noise < 0) /* positions beyond the last one that is kept look the same */
		noise = words / 2;
	return (words + 1) / sum / (double)(1 + noise);
}

float ts_rank_cd(const float *weights, const TsVector *v, const TsNode *q, int method, Arena *a)
{
	const float *w = weights ? weights : ts_default_weights;
	double inverse[4], rank = 0, distances = 0, before = 0;
	size_t n = 0, covers = 0;
	Cover c = { 0 };
	for (int i = 0; i < 4; i++)
		inverse[i] = 1.0 / (double)w[i];
	const Hit *hits = q ? find_hits(v, q, &n, a) : NULL;
	if (!n)
		return 0;
	while (next_cover(hits, n, q, &c, a)) {
		rank += cover_rank(inverse, hits, &c);
		double middle = (double)(c.end_pos + c.begin_pos) / 2.0;
		if (covers > 0 && middle > before)
			distances += 1.0 / (middle - before);
		before = middle;
		covers++;
	}
	if (method & NORM_LOG_LENGTH)
		rank /= log((double)(ts_vector_length(v) + 1));
	if (method & NORM_LENGTH)
		rank /= (double)ts_vector_length(v);
	if (method & NORM_COVERS && covers > 0 && distances > 0)
		rank /= (double)covers / distances;
	if (method & NORM_UNIQUE)
		rank /= (double)v->n;
	if (method & NORM_LOG_UNIQUE)
		rank /= log((double)(v->n + 1)) / log(2.0);
	if (method & NORM_R_PLUS_1)
		rank /= rank + 1;
	return (float)rank;
}
