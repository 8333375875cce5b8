/* ts_rank: how often and how near to each other the words of a query stand. The arithmetic, float or double, is PostgreSQL's. */
#include "pgtype/ts_match.h"

#include <math.h>

enum { NORM_LOG_LENGTH = 1, NORM_LENGTH = 2, NORM_UNIQUE = 8, NORM_LOG_UNIQUE = 16, NORM_R_PLUS_1 = 32 };

const float ts_default_weights[4] = { 0.1f, 0.2f, 0.4f, 1.0f };

const TsLexeme *ts_entries(const TsVector *v, const TsNode *value, size_t *n)
{
	size_t at = ts_vector_lower(v, value->s), end = at;
	while (end < v->n && v->items[end].s.n >= value->s.n && memcmp(v->items[end].s.p, value->s.p, value->s.n) == 0 &&
	       (value->prefix || v->items[end].s.n == value->s.n))
		end++;
	*n = end - at;
	return *n ? &v->items[at] : NULL;
}

size_t ts_values(const TsNode *q, const TsNode **out)
{
	if (q->kind == TSQ_VAL) {
		*out = q;
		return 1;
	}
	size_t n = ts_values(q->right, out);
	return q->left ? n + ts_values(q->left, out + n) : n;
}

static int compare_values(const void *x, const void *y)
{
	return ts_compare_bytes((*(const TsNode *const *)x)->s, (*(const TsNode *const *)y)->s);
}

/* The values in order, each once. */
static const TsNode **unique_values(const TsNode *q, size_t *n, Arena *a)
{
	const TsNode **v = arena_array(a, const TsNode *, ts_query_nodes(q));
	size_t all = ts_values(q, v), k = 0;
	qsort(v, all, sizeof *v, compare_values);
	for (size_t i = 0; i < all; i++)
		if (k == 0 || !str_eq(v[k - 1]->s, v[i]->s))
			v[k++] = v[i];
	*n = k;
	return v;
}

typedef struct Positions {
	const TsPos *pos;
	size_t n;
	bool unknown;
} Positions;

static float word_distance(int w)
{
	return w > 100 ? 1e-30f : (float)(1.0 / (1.005 + 0.05 * exp(((float)w) / 1.5 - 2)));
}

static float pair_rank(const float *w, const Positions *x, const Positions *y, float res)
{
	for (size_t l = 0; l < x->n; l++) {
		for (size_t p = 0; p < y->n; p++) {
			int dist = abs((int)x->pos[l].pos - (int)y->pos[p].pos);
			if (!dist && !x->unknown && !y->unknown)
				continue;
			float cur = (float)sqrt(w[x->pos[l].weight] * w[y->pos[p].weight] * word_distance(dist ? dist : TS_MAX_POS + 1));
			res = res < 0 ? cur : (float)(1.0 - (1.0 - res) * (1.0 - cur));
		}
	}
	return res;
}

static float rank_or(const float *w, const TsVector *v, const TsNode **values, size_t n)
{
	static const TsPos none = { 0, 0 };
	float res = 0;
	for (size_t i = 0; i < n; i++) {
		size_t count;
		const TsLexeme *l = ts_entries(v, values[i], &count);
		for (size_t e = 0; e < count; e++) {
			const TsPos *pos = l[e].npos ? l[e].pos : &none;
			float sum = 0, best = -1;
			size_t at = 0;
			for (size_t k = 0; k < (l[e].npos ? l[e].npos : 1); k++) {
				sum = sum + w[pos[k].weight] / (float)((k + 1) * (k + 1));
				if (w[pos[k].weight] > best) {
					best = w[pos[k].weight];
					at = k;
				}
			}
			/* the series 1/i^2 goes to pi^2/6 */
			res = (float)(res + (best + sum - best / (float)((at + 1) * (at + 1))) / 1.64493406685);
		}
	}
	return n ? res / (float)n : res;
}

static float rank_and(const float *w, const TsVector *v, const TsNode **values, size_t n, Arena *a)
{
	static const TsPos nowhere = { TS_MAX_POS, 0 };
	Positions *all = arena_array(a, Positions, n);
	float res = -1;
	if (n < 2)
		return rank_or(w, v, values, n);
	for (size_t i = 0; i < n; i++) {
		size_t count;
		const TsLexeme *l = ts_entries(v, values[i], &count);
		for (size_t e = 0; e < count; e++) {
			all[i] = l[e].npos ? (Positions){ l[e].pos, l[e].npos, false } : (Positions){ &nowhere, 1, true };
			for (size_t k = 0; k < i; k++)
				if (all[k].n)
					res = pair_rank(w, &all[i], &all[k], res);
		}
	}
	return res;
}

int ts_vector_length(const TsVector *v)
{
	int n = 0;
	for (size_t i = 0; i < v->n; i++)
		n += v->items[i].npos ? (int)v->items[i].npos : 1;
	return n;
}

float ts_rank(const float *weights, const TsVector *v, const TsNode *q, int method, Arena *a)
{
	const float *w = weights ? weights : ts_default_weights;
	size_t n;
	if (!v->n || !q)
		return 0;
	const TsNode **values = unique_values(q, &n, a);
	float res = q->kind == TSQ_AND || q->kind == TSQ_PHRASE ? rank_and(w, v, values, n, a) : rank_or(w, v, values, n);
	if (res < 0)
		res = 1e-20f;
	if (method & NORM_LOG_LENGTH)
		res = (float)(res / (log((double)(ts_vector_length(v) + 1)) / log(2.0)));
	if (method & NORM_LENGTH)
		res /= (float)ts_vector_length(v);
	if (method & NORM_UNIQUE)
		res /= (float)v->n;
	if (method & NORM_LOG_UNIQUE)
		res = (float)(res / (log((double)(v->n + 1)) / log(2.0)));
	if (method & NORM_R_PLUS_1)
		res /= (res + 1);
	return res;
}
