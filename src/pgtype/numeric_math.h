/* What the aggregates need of numeric_math.c beside numeric.h. */
#ifndef US_PGTYPE_NUMERIC_MATH_H
#define US_PGTYPE_NUMERIC_MATH_H

#include "pgtype/numeric.h"

/* Square root of a finite number that is not negative, rounded half up to `scale` digits. */
void numeric_sqrt_scaled(const Numeric *x, int scale, Numeric *r);

#endif
