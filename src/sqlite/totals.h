/*
 * The states of sum and avg, without SQLite: agg_math.c feeds them row by row, group.c group by group. All zeroes is an empty state.
 *
 * Results are what PostgreSQL's sum and avg give: NULL (VAL_NULL) for no rows, otherwise the stored form of the result type. Text of a
 * result lives in the arena. -1 = error filled.
 */
#ifndef US_SQLITE_TOTALS_H
#define US_SQLITE_TOTALS_H

#include "base/mem.h"
#include "pgtype/numeric_small.h"
#include "pgtype/val.h"

/* Whole numbers, in 128 bits. SQLite aligns states to eight bytes, less than __int128 asks for by itself. */
typedef struct __attribute__((packed, aligned(8))) IntTotal {
	int64_t n;
	__int128 sum;
} IntTotal;

static inline void int_total_add(IntTotal *t, int64_t v, int sign)
{
	t->n += sign;
	t->sum += (__int128)v * sign;
}
int int_total_whole(const IntTotal *t, const char *type, Val *out, Error *err); /* 22003 "<type> out of range" */
int int_total_numeric(const IntTotal *t, Arena *a, Val *out);
int int_total_average(const IntTotal *t, Arena *a, Val *out, Error *err);

/* Numerics. Special values are counted, so that a window can lose them again. */
typedef struct NumTotal {
	int64_t n, nans, pinfs, ninfs;
	NumSmallSum small; /* what still fits there, beside `sum` */
	Numeric *sum;
	int64_t *scales; /* how many values have each scale: the sum shows the largest */
	int nscales;
} NumTotal;

int num_total_add(NumTotal *t, Str text, int sign, Error *err);
int num_total_sum(const NumTotal *t, Arena *a, Val *out, Error *err);
int num_total_average(const NumTotal *t, Arena *a, Val *out, Error *err);
void num_total_clear(NumTotal *t);

typedef struct FloatTotal {
	int64_t n;
	double sum;
} FloatTotal;

int float_total_add(FloatTotal *t, double v, Error *err); /* double precision */
int float_total_add4(FloatTotal *t, float v, Error *err); /* real: sums are rounded to it at every step */
Val float_total_sum(const FloatTotal *t);
Val float_total_average(const FloatTotal *t);

#endif
