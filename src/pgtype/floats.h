/* float4 and float8. */
#ifndef US_PGTYPE_FLOATS_H
#define US_PGTYPE_FLOATS_H

#include "base/buf.h"
#include "base/err.h"
#include "pgtype/val.h"

/* Appends the text PostgreSQL prints: with extra_float_digits > 0 the shortest digits that read back as the same number. */
void float8_print(double v, int extra_float_digits, Buf *out);
void float4_print(float v, int extra_float_digits, Buf *out);
/* PostgreSQL's float8in and float4in; 22P02 and 22003. */
int float8_parse(Str text, double *out, Error *err);
int float4_parse(Str text, float *out, Error *err);
/* NaN equals NaN and is greater than every number. */
int float8_compare(double x, double y);

/* The stored form holds NaN as text. */
double float8_of(const Val *v);
Val float8_val(double v);

#endif
