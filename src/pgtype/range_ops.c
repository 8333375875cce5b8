/* Order of ranges and what is asked of two of them. */
#include "pgtype/range.h"

/* A bound and the side that it bounds. */
typedef struct Side {
	const RangeBound *b;
	bool lower;
} Side;

static Side low(const PgRange *r)
{
	return (Side){ &r->lo, true };
}
static Side high(const PgRange *r)
{
	return (Side){ &r->hi, false };
}
static const PgRange *last(const PgRanges *x)
{
	return &x->items[x->n - 1];
}

/* The values alone, as places on the line: an infinite bound lies beyond all of them. */
static int compare_values(const RangeType *k, Side x, Side y)
{
	int px = !x.b->infinite ? 0 : x.lower ? -1 : 1, py = !y.b->infinite ? 0 : y.lower ? -1 : 1;
	return px || py ? px - py : type_compare(range_subtype(k), &x.b->v, &y.b->v);
}

/* A bound that excludes its value lies a little inside: after it when it is a lower one, before it when it is an upper one. */
static int compare_sides(const RangeType *k, Side x, Side y)
{
	int order = compare_values(k, x, y);
	if (order || x.b->infinite)
		return order;
	int dx = x.b->inclusive ? 0 : x.lower ? 1 : -1, dy = y.b->inclusive ? 0 : y.lower ? 1 : -1;
	return dx - dy;
}

static int compare_one(const RangeType *k, const PgRange *x, const PgRange *y)
{
	int order = compare_sides(k, low(x), low(y));
	return order ? order : compare_sides(k, high(x), high(y));
}

int ranges_compare(const RangeType *k, const PgRanges *x, const PgRanges *y)
{
	for (size_t i = 0; i < x->n && i < y->n; i++) {
		int order = compare_one(k, &x->items[i], &y->items[i]);
		if (order)
			return order;
	}
	return (x->n > y->n) - (x->n < y->n);
}

bool ranges_hold_value(const RangeType *k, const PgRanges *x, const Val *v)
{
	RangeBound point = { .v = *v, .inclusive = true };
	for (size_t i = 0; i < x->n; i++)
		if (compare_sides(k, low(&x->items[i]), (Side){ &point, true }) <= 0 &&
		    compare_sides(k, high(&x->items[i]), (Side){ &point, false }) >= 0)
			return true;
	return false;
}

bool ranges_hold(const RangeType *k, const PgRanges *x, const PgRanges *y)
{
	size_t at = 0;
	for (size_t i = 0; i < y->n; i++) {
		while (at < x->n && compare_sides(k, high(&x->items[at]), high(&y->items[i])) < 0)
			at++;
		if (at == x->n || compare_sides(k, low(&x->items[at]), low(&y->items[i])) > 0)
			return false;
	}
	return true;
}

static bool one_before(const RangeType *k, const PgRange *x, const PgRange *y)
{
	return compare_sides(k, high(x), low(y)) < 0;
}

bool ranges_overlap(const RangeType *k, const PgRanges *x, const PgRanges *y)
{
	for (size_t i = 0, j = 0; i < x->n && j < y->n;) {
		if (one_before(k, &x->items[i], &y->items[j]))
			i++;
		else if (one_before(k, &y->items[j], &x->items[i]))
			j++;
		else
			return true;
	}
	return false;
}

bool ranges_before(const RangeType *k, const PgRanges *x, const PgRanges *y)
{
	return x->n && y->n && one_before(k, last(x), &y->items[0]);
}

bool ranges_overleft(const RangeType *k, const PgRanges *x, const PgRanges *y)
{
	return x->n && y->n && compare_sides(k, high(last(x)), high(last(y))) <= 0;
}

bool ranges_overright(const RangeType *k, const PgRanges *x, const PgRanges *y)
{
	return x->n && y->n && compare_sides(k, low(&x->items[0]), low(&y->items[0])) >= 0;
}

/* Nothing between x's end and y's beginning, and no value in both. */
static bool touches(const RangeType *k, const PgRange *x, const PgRange *y)
{
	return !x->hi.infinite && !y->lo.infinite && compare_values(k, high(x), low(y)) == 0 && x->hi.inclusive != y->lo.inclusive;
}

bool ranges_adjacent(const RangeType *k, const PgRanges *x, const PgRanges *y)
{
	return x->n && y->n && (touches(k, last(x), &y->items[0]) || touches(k, last(y), &x->items[0]));
}

static int sort_order(const void *x, const void *y, void *k)
{
	return compare_one(k, x, y);
}

int ranges_normalize(const RangeType *k, PgRanges *x)
{
	size_t n = 0;
	qsort_r(x->items, x->n, sizeof *x->items, sort_order, (void *)(uintptr_t)k);
	for (size_t i = 0; i < x->n; i++) {
		PgRange *before = n ? &x->items[n - 1] : NULL;
		if (!before || (one_before(k, before, &x->items[i]) && !touches(k, before, &x->items[i])))
			x->items[n++] = x->items[i];
		else if (compare_sides(k, high(before), high(&x->items[i])) < 0)
			before->hi = x->items[i].hi;
	}
	x->n = n;
	return 0;
}

static PgRanges room_for(size_t n, Arena *a)
{
	return (PgRanges){ .items = arena_array(a, PgRange, n + 1) };
}

void ranges_union(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out)
{
	*out = room_for(x->n + y->n, a);
	for (size_t i = 0; i < x->n; i++)
		out->items[out->n++] = x->items[i];
	for (size_t i = 0; i < y->n; i++)
		out->items[out->n++] = y->items[i];
	ranges_normalize(k, out);
}

/* Two canonical bounds give a canonical range, if any value is between them. */
static void add_between(const RangeType *k, RangeBound lo, RangeBound hi, PgRanges *out)
{
	PgRange r = { lo, hi };
	if (compare_sides(k, low(&r), high(&r)) <= 0)
		out->items[out->n++] = r;
}

void ranges_intersect(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out)
{
	*out = room_for(x->n + y->n, a);
	for (size_t i = 0, j = 0; i < x->n && j < y->n;) {
		const PgRange *p = &x->items[i], *q = &y->items[j];
		bool p_ends_first = compare_sides(k, high(p), high(q)) < 0;
		add_between(k, compare_sides(k, low(p), low(q)) > 0 ? p->lo : q->lo, p_ends_first ? p->hi : q->hi, out);
		i += p_ends_first;
		j += !p_ends_first;
	}
}

static RangeBound opposite(RangeBound b)
{
	b.inclusive = !b.inclusive;
	return b;
}

void ranges_minus(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out)
{
	*out = room_for(x->n + y->n, a);
	for (size_t i = 0; i < x->n; i++) {
		PgRange rest = x->items[i];
		bool some = true;
		for (size_t j = 0; j < y->n && some; j++) {
			const PgRange *q = &y->items[j];
			if (one_before(k, q, &rest) || one_before(k, &rest, q))
				continue;
			if (compare_sides(k, low(&rest), low(q)) < 0)
				add_between(k, rest.lo, opposite(q->lo), out);
			some = compare_sides(k, high(&rest), high(q)) > 0;
			if (some)
				rest.lo = opposite(q->hi);
		}
		if (some)
			add_between(k, rest.lo, rest.hi, out);
	}
}

void ranges_span(const PgRanges *x, Arena *a, PgRanges *out)
{
	*out = room_for(1, a);
	if (x->n)
		out->items[out->n++] = (PgRange){ x->items[0].lo, last(x)->hi };
}
