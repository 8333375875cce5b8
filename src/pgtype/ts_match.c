/* tsvector @@ tsquery. A phrase is matched by the sets of positions at which its parts end. */
#include "pgtype/ts_match.h"

typedef struct Matcher {
	TsLookup lookup;
	void *arg;
	Arena *a;
} Matcher;

/* ---- looking up in a vector ---- */

static bool has_weight(const TsLexeme *l, unsigned weights)
{
	for (size_t i = 0; i < l->npos; i++)
		if (weights & 1u << l->pos[i].weight)
			return true;
	return false;
}

static TsAnswer entry(const TsLexeme *l, const TsNode *q, TsPlaces *out, Arena *a)
{
	if (l->npos == 0)
		return out ? TS_MAYBE : TS_YES;
	if (!out)
		return !q->weights || has_weight(l, q->weights) ? TS_YES : TS_NO;
	size_t before = out->n;
	uint32_t *grown = arena_array(a, uint32_t, out->n + l->npos);
	if (out->n)
		memcpy(grown, out->pos, out->n * sizeof *grown);
	out->pos = grown;
	for (size_t i = 0; i < l->npos; i++)
		if (!q->weights || q->weights & 1u << l->pos[i].weight)
			out->pos[out->n++] = l->pos[i].pos;
	return out->n > before ? TS_YES : TS_NO;
}

static int compare_u32(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	return (a > b) - (a < b);
}

static void sort_places(TsPlaces *p)
{
	if (p->n < 2)
		return;
	qsort(p->pos, p->n, sizeof *p->pos, compare_u32);
	size_t n = 1;
	for (size_t i = 1; i < p->n; i++)
		if (p->pos[i] != p->pos[n - 1])
			p->pos[n++] = p->pos[i];
	p->n = n;
}

static TsAnswer in_vector(void *arg, const TsNode *q, TsPlaces *out, Arena *a)
{
	const TsVector *v = arg;
	if (!q->prefix) {
		const TsLexeme *l = ts_vector_find(v, q->s);
		return l ? entry(l, q, out, a) : TS_NO;
	}
	TsAnswer r = TS_NO;
	for (size_t i = ts_vector_lower(v, q->s); i < v->n; i++) {
		const TsLexeme *l = &v->items[i];
		if (l->s.n < q->s.n || memcmp(l->s.p, q->s.p, q->s.n) != 0)
			break;
		TsAnswer one = entry(l, q, out, a);
		if (one == TS_YES && !out)
			return TS_YES;
		if (one == TS_MAYBE || (one == TS_YES && r == TS_NO))
			r = one;
		if (r == TS_MAYBE)
			break;
	}
	if (out && r == TS_YES)
		sort_places(out);
	return r;
}

/* ---- the tree ---- */

enum { BOTH = 1, LEFT_ONLY = 2, RIGHT_ONLY = 4 };

static TsAnswer merge(Matcher *m, const TsPlaces *l, const TsPlaces *r, int emit, int l_offset, int r_offset, TsPlaces *out)
{
	size_t i = 0, k = 0;
	out->pos = arena_array(m->a, uint32_t, l->n + r->n + 1);
	out->n = 0;
	while (i < l->n || k < r->n) {
		int64_t lp = i < l->n ? (int64_t)l->pos[i] + l_offset : INT64_MAX,
			rp = k < r->n ? (int64_t)r->pos[k] + r_offset : INT64_MAX;
		int which = lp < rp ? LEFT_ONLY : lp > rp ? RIGHT_ONLY : BOTH;
		if (emit & which)
			out->pos[out->n++] = (uint32_t)(lp < rp ? lp : rp);
		i += lp <= rp;
		k += rp <= lp;
	}
	return out->n ? TS_YES : TS_NO;
}

static TsAnswer phrase(Matcher *m, const TsNode *q, TsPlaces *out);

static TsAnswer phrase_and(Matcher *m, const TsNode *q, TsPlaces *out)
{
	TsPlaces l = { 0 }, r = { 0 };
	TsAnswer a = phrase(m, q->left, &l);
	if (a == TS_NO)
		return TS_NO;
	TsAnswer b = phrase(m, q->right, &r);
	if (b == TS_NO)
		return TS_NO;
	if (a == TS_MAYBE || b == TS_MAYBE)
		return TS_MAYBE;
	int l_offset, r_offset = 0;
	if (q->kind == TSQ_PHRASE) {
		l_offset = q->distance + r.width;
		out->width = q->distance + l.width + r.width;
	} else {
		out->width = l.width > r.width ? l.width : r.width;
		l_offset = out->width - l.width;
		r_offset = out->width - r.width;
	}
	if (l.negate && r.negate) {
		merge(m, &l, &r, BOTH | LEFT_ONLY | RIGHT_ONLY, l_offset, r_offset, out);
		out->negate = true;
		return TS_YES;
	}
	return merge(m, &l, &r, l.negate ? RIGHT_ONLY : r.negate ? LEFT_ONLY : BOTH, l_offset, r_offset, out);
}

static TsAnswer phrase_or(Matcher *m, const TsNode *q, TsPlaces *out)
{
	TsPlaces l = { 0 }, r = { 0 };
	TsAnswer a = phrase(m, q->left, &l), b = phrase(m, q->right, &r);
	if (a == TS_NO && b == TS_NO)
		return TS_NO;
	if (a == TS_MAYBE || b == TS_MAYBE)
		return TS_MAYBE;
	if (a == TS_NO)
		l.width = 0;
	if (b == TS_NO)
		r.width = 0;
	out->width = l.width > r.width ? l.width : r.width;
	int l_offset = out->width - l.width, r_offset = out->width - r.width;
	if (!l.negate && !r.negate)
		return merge(m, &l, &r, BOTH | LEFT_ONLY | RIGHT_ONLY, l_offset, r_offset, out);
	merge(m, &l, &r, l.negate && r.negate ? BOTH : l.negate ? LEFT_ONLY : RIGHT_ONLY, l_offset, r_offset, out);
	out->negate = true;
	return TS_YES;
}

static TsAnswer phrase(Matcher *m, const TsNode *q, TsPlaces *out)
{
	TsAnswer a;
	switch (q->kind) {
	case TSQ_VAL:
		return m->lookup(m->arg, q, out, m->a);
	case TSQ_NOT:
		a = phrase(m, q->right, out);
		if (a == TS_NO) {
			*out = (TsPlaces){ .negate = true };
			return TS_YES;
		}
		if (a == TS_MAYBE)
			return a;
		out->negate = !out->negate;
		return out->n || out->negate ? TS_YES : TS_NO;
	case TSQ_OR:
		return phrase_or(m, q, out);
	default:
		return phrase_and(m, q, out);
	}
}

static bool match(Matcher *m, const TsNode *q)
{
	TsPlaces p = { 0 };
	switch (q->kind) {
	case TSQ_VAL:
		return m->lookup(m->arg, q, NULL, m->a) == TS_YES;
	case TSQ_NOT:
		return !match(m, q->right);
	case TSQ_AND:
		return match(m, q->left) && match(m, q->right);
	case TSQ_OR:
		return match(m, q->left) || match(m, q->right);
	default:
		return phrase(m, q, &p) == TS_YES;
	}
}

bool ts_execute(const TsNode *q, TsLookup lookup, void *arg, Arena *a)
{
	Matcher m = { lookup, arg, a };
	return match(&m, q);
}

bool ts_match(const TsVector *v, const TsNode *q, Arena *a)
{
	return q && ts_execute(q, in_vector, (void *)(uintptr_t)v, a);
}
