/*
 * numeric: exact decimals of any size, with PostgreSQL's rules for the scale of each result.
 *
 * A Numeric owns GMP memory: numeric_init before use, numeric_clear (or _cleanup_(numeric_clear)) after. Results may be the
 * same object as an operand. Functions that can fail return -1 with `err` filled, as everywhere.
 */
#ifndef US_PGTYPE_NUMERIC_H
#define US_PGTYPE_NUMERIC_H

#include "base/buf.h"
#include "base/err.h"

#include <gmp.h>
#include <stdint.h>

typedef enum { NUM_FINITE, NUM_NAN, NUM_PINF, NUM_NINF } NumKind;

/* coef * 10^-scale; `scale` is what is displayed, never negative. */
typedef struct Numeric {
	NumKind kind;
	int scale;
	mpz_t coef;
} Numeric;

void numeric_init(Numeric *n);
void numeric_clear(Numeric *n);
void numeric_set(Numeric *r, const Numeric *x);
void numeric_set_special(Numeric *r, NumKind kind);

/* Text as a client writes it (blanks around, exponent, NaN, Infinity). 22P02, 22003. */
int numeric_parse(Str text, Numeric *r, Error *err);
/* Text in PostgreSQL's own print, which is the stored form. Never fails on such text; anything else reads as far as it can. */
void numeric_read(Str text, Numeric *r);
void numeric_print(const Numeric *n, Buf *out);

/* Compares stored texts without building numbers. NaN is greater than everything and equal to itself. */
int numeric_compare_text(Str x, Str y);
int numeric_compare(const Numeric *x, const Numeric *y);
int numeric_sign(const Numeric *n); /* -1, 0, 1; NaN counts as 0 */

int numeric_add(const Numeric *x, const Numeric *y, Numeric *r, Error *err);
int numeric_sub(const Numeric *x, const Numeric *y, Numeric *r, Error *err);
int numeric_mul(const Numeric *x, const Numeric *y, Numeric *r, Error *err);
int numeric_div(const Numeric *x, const Numeric *y, Numeric *r, Error *err);
int numeric_div_trunc(const Numeric *x, const Numeric *y, Numeric *r, Error *err);
int numeric_mod(const Numeric *x, const Numeric *y, Numeric *r, Error *err);
void numeric_neg(const Numeric *x, Numeric *r);
void numeric_abs(const Numeric *x, Numeric *r);
/* Round half away from zero, or cut, to `scale` digits after the point; negative scales work on the digits before it. */
void numeric_round(const Numeric *x, int scale, Numeric *r);
void numeric_trunc(const Numeric *x, int scale, Numeric *r);
void numeric_ceil(const Numeric *x, Numeric *r);
void numeric_floor(const Numeric *x, Numeric *r);
/* 22003 as PostgreSQL when the value has too many digits for numeric. */
int numeric_check(const Numeric *n, Error *err);

void numeric_from_int8(int64_t v, Numeric *r);
/* Rounds; 22003 "<type_name> out of range", 0A000 "cannot convert NaN to <type_name>". */
int numeric_to_int(const Numeric *n, const char *type_name, int64_t lo, int64_t hi, int64_t *out, Error *err);
/* `digits` is 15 for double precision, 6 for real, as PostgreSQL converts. */
void numeric_from_float8(double v, int digits, Numeric *r);
int numeric_to_float8(const Numeric *n, double *out, Error *err);

/* Applies numeric(p,s). 22003 with PostgreSQL's DETAIL. */
int numeric_apply_typmod(Numeric *n, int32_t typmod, Error *err);

/* numeric_math.c: results have the digits PostgreSQL shows. 2201F, 2201E and 22003 as PostgreSQL. */
int numeric_sqrt(const Numeric *x, Numeric *r, Error *err);
int numeric_exp(const Numeric *x, Numeric *r, Error *err);
int numeric_ln(const Numeric *x, Numeric *r, Error *err);
int numeric_log(const Numeric *base, const Numeric *x, Numeric *r, Error *err);
int numeric_power(const Numeric *x, const Numeric *y, Numeric *r, Error *err);

/* Shared by the numeric files. */
void numeric_scale_up(mpz_t z, int digits);		 /* z * 10^digits */
void numeric_rescale(Numeric *n, int scale, bool round); /* to exactly `scale` digits, rounding half away or cutting */
long numeric_digits(const Numeric *n);			 /* number of decimal digits of the coefficient, 0 for zero */
/* Weight and value of the first base-10000 digit, on which PostgreSQL's scale rules depend; 0 and 0 for zero. */
void numeric_first_digit(const Numeric *n, int *weight, int *digit);

#endif
