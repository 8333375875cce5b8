/* Geometric types. Stored: the text that PostgreSQL prints. None of them has an order. */
#ifndef US_PGTYPE_GEO_H
#define US_PGTYPE_GEO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>

enum { OID_POINT = 600, OID_LSEG = 601, OID_PATH = 602, OID_BOX = 603, OID_POLYGON = 604, OID_LINE = 628, OID_CIRCLE = 718 };

/*
 * The numbers of a value, n of them:
 *   point x y; lseg x1 y1 x2 y2; box the upper right corner, then the lower left; line A B C; circle x y radius;
 *   path, polygon x and y of each point.
 */
typedef struct Geo {
	uint32_t type;
	bool closed; /* paths */
	size_t n;
	double *v;
} Geo;

/* Text as a client writes it; numbers in `a`. 22P02, 22003. */
int geo_parse(uint32_t type, Str text, Arena *a, Geo *out, Error *err);
void geo_print(const Geo *g, int extra_float_digits, Buf *out);
/* The line A B C through two points; false when they are one. */
bool geo_line_of_points(const double p[4], double v[3]);
/* Puts the corners of a box in their places. */
void geo_order_corners(double v[4]);
/* PostgreSQL's distance between two points, without overflow on the way. */
double geo_hypot(double x, double y);

#endif
