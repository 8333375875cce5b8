/* What the functions over geometric types share. Room-internal. */
#ifndef US_SQLITE_FN_GEO_H
#define US_SQLITE_FN_GEO_H

#include "pgtype/floats.h"
#include "pgtype/geo.h"
#include "sqlite/fn_text.h"

#include <math.h>

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

enum { PURE = FN_STRICT | FN_IMMUTABLE };

/* Comparisons allow the tolerance that PostgreSQL has. */
#define GEO_TOLERANCE 1.0e-6

static inline bool geo_eq(double x, double y)
{
	return x == y || fabs(x - y) <= GEO_TOLERANCE;
}
static inline bool geo_lt(double x, double y)
{
	return x + GEO_TOLERANCE < y;
}
static inline bool geo_le(double x, double y)
{
	return x <= y + GEO_TOLERANCE;
}

typedef struct Point {
	double x, y;
} Point;
typedef struct Box {
	Point high, low;
} Box;
typedef struct Circle {
	Point center;
	double radius;
} Circle;

/* Arguments. The first reads the n numbers of a value of any type with at least as many. */
void geo_numbers_arg(sqlite3_value *v, uint32_t type, double *out, size_t n);
Point geo_point_arg(sqlite3_value *v);
Box geo_box_arg(sqlite3_value *v);
Circle geo_circle_arg(sqlite3_value *v);
double geo_number_arg(sqlite3_value *v);

/* Results. What was computed from finite numbers must be finite: 22003. */
void geo_result(sqlite3_context *ctx, uint32_t type, double *v, size_t n);
void geo_result_number(sqlite3_context *ctx, double v, bool inputs_finite);
void geo_result_point(sqlite3_context *ctx, Point p, bool inputs_finite);
void geo_result_box(sqlite3_context *ctx, Point p, Point q);
void geo_result_circle(sqlite3_context *ctx, Point center, double radius);

bool geo_same_point(Point p, Point q);
double geo_distance(Point p, Point q);

/* + - * / of points, and of values made of points with a point. */
typedef Point PointRule(Point p, Point q);
Point geo_plus(Point p, Point q);
Point geo_minus(Point p, Point q);
Point geo_times(Point p, Point q);
Point geo_over(Point p, Point q);
/* The rule on each point of the first argument, whose type is `type`. */
void geo_move(sqlite3_context *ctx, sqlite3_value **argv, uint32_t type, PointRule *rule);

#define MOVES(type, oid)                                                                                                                   \
	FN(type##_add)                                                                                                                     \
	{                                                                                                                                  \
		geo_move(ctx, argv, oid, geo_plus);                                                                                        \
	}                                                                                                                                  \
	FN(type##_sub)                                                                                                                     \
	{                                                                                                                                  \
		geo_move(ctx, argv, oid, geo_minus);                                                                                       \
	}                                                                                                                                  \
	FN(type##_mul)                                                                                                                     \
	{                                                                                                                                  \
		geo_move(ctx, argv, oid, geo_times);                                                                                       \
	}                                                                                                                                  \
	FN(type##_div)                                                                                                                     \
	{                                                                                                                                  \
		geo_move(ctx, argv, oid, geo_over);                                                                                        \
	}

extern const SqliteFn fn_table_geo_box[], fn_table_geo_circle[], fn_table_geo_path[], fn_table_geo_segment[], fn_table_geo_polygon[];

#endif
