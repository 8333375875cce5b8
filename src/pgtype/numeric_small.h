/*
 * Numerics of at most 18 digits, in a machine word: most values of most applications. Whatever does not fit is left to numeric.h; every
 * function returns false then and changes nothing.
 */
#ifndef US_PGTYPE_NUMERIC_SMALL_H
#define US_PGTYPE_NUMERIC_SMALL_H

#include "pgtype/numeric.h"

enum { NUMSMALL_DIGITS = 18, NUMSMALL_TEXT = 48 };

/* coef * 10^-scale, |coef| < 10^18, 0 <= scale <= 36 */
typedef struct NumSmall {
	int64_t coef;
	int scale;
} NumSmall;

/* Stored text (numeric_read). */
bool numsmall_read(Str text, NumSmall *r);
/* As numeric_print, without a terminating NUL; returns the length, at most NUMSMALL_TEXT. */
size_t numsmall_print(const NumSmall *n, char *out);

bool numsmall_add(const NumSmall *x, const NumSmall *y, NumSmall *r);
bool numsmall_sub(const NumSmall *x, const NumSmall *y, NumSmall *r);
bool numsmall_mul(const NumSmall *x, const NumSmall *y, NumSmall *r);

/* A running sum that is exact until it no longer fits. */
typedef struct __attribute__((packed, aligned(8))) NumSmallSum {
	__int128 coef;
	int64_t scale;
} NumSmallSum;

bool numsmall_sum_add(NumSmallSum *s, const NumSmall *x, int sign);
void numsmall_sum_get(const NumSmallSum *s, Numeric *r);
void numsmall_from_int128(__int128 v, Numeric *r);

#endif
