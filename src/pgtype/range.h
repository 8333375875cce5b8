/*
 * Ranges and multiranges. Stored: the text that PostgreSQL prints with the settings of type_env_stored; each type has a
 * collation of its name (pgint4range, pgint4multirange, ...).
 *
 * A multirange is a list of ranges that are not empty, in order, and neither overlap nor touch. So is a range here: a list of
 * one, or of none when it is empty. What is asked of two of them is asked of lists, whichever they are.
 */
#ifndef US_PGTYPE_RANGE_H
#define US_PGTYPE_RANGE_H

#include "pgtype/pgtype.h"

struct RangeType {
	uint32_t range, multirange, subtype;
	bool discrete;		    /* [) is the canonical form */
	const PgType *user_subtype; /* of a user's range; builtin ones have a builtin subtype */
	uint32_t collation;
	const char *opclass, *diff; /* as declared, or NULL */
};

typedef struct RangeBound {
	Val v;
	bool infinite, inclusive;
} RangeBound;

typedef struct PgRange {
	RangeBound lo, hi;
} PgRange;

typedef struct PgRanges {
	PgRange *items; /* one more could be added */
	size_t n;
} PgRanges;

/* The kind that a range or multirange type belongs to, or NULL for any other type. */
const RangeType *range_type_of(const PgType *t);
const PgType *range_subtype(const RangeType *k);

/* The range between two bounds in canonical form, one or none. 22000 when they are the wrong way round; 22003, 22008. */
int range_make(const RangeType *k, RangeBound lo, RangeBound hi, Arena *a, PgRanges *out, Error *err);
/* Text of a range or multirange as a client writes it. Values live in `a` or `text`. 22P02 and the subtype's errors. */
int range_parse(const RangeType *k, bool multi, Str text, const TypeEnv *env, Arena *a, PgRanges *out, Error *err);
int range_print(const RangeType *k, bool multi, const PgRanges *x, const TypeEnv *env, Buf *out, Error *err);
/* Sorts any ranges and joins those that overlap or touch. */
int ranges_normalize(const RangeType *k, PgRanges *x);

/* PostgreSQL's btree order. An empty range comes first. */
int ranges_compare(const RangeType *k, const PgRanges *x, const PgRanges *y);
bool ranges_hold_value(const RangeType *k, const PgRanges *x, const Val *v);
bool ranges_hold(const RangeType *k, const PgRanges *x, const PgRanges *y);
bool ranges_overlap(const RangeType *k, const PgRanges *x, const PgRanges *y);
bool ranges_before(const RangeType *k, const PgRanges *x, const PgRanges *y);
/* x ends not after y; x begins not before y. */
bool ranges_overleft(const RangeType *k, const PgRanges *x, const PgRanges *y);
bool ranges_overright(const RangeType *k, const PgRanges *x, const PgRanges *y);
bool ranges_adjacent(const RangeType *k, const PgRanges *x, const PgRanges *y);

void ranges_union(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out);
void ranges_intersect(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out);
void ranges_minus(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out);
/* From the first bound to the last. */
void ranges_span(const PgRanges *x, Arena *a, PgRanges *out);

#endif
