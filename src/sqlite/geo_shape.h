/* Geometry of segments, lines, boxes and polygons, with the tolerance that PostgreSQL has. Room-internal. */
#ifndef US_SQLITE_GEO_SHAPE_H
#define US_SQLITE_GEO_SHAPE_H

#include "sqlite/fn_geo.h"

typedef struct Line { /* ax + by + c = 0 */
	double a, b, c;
} Line;
typedef struct Segment {
	Point p, q;
} Segment;
typedef struct Points { /* of a path or polygon */
	size_t n;
	const Point *at;
	bool closed; /* a segment leads from the last point to the first */
} Points;

/* The line through a point with a slope, which may be infinite. */
Line line_with_slope(Point p, double slope);
double line_slope(Line l);
double line_slope_across(Line l); /* of what is perpendicular to it */
bool line_meets_line(Line l, Line m, Point *where);
bool line_has_point(Line l, Point p);
/* The distance of a point, and the nearest point of the line; NaN when it cannot be computed. `where` may be NULL, here and below. */
double line_nearest(Line l, Point p, Point *where);

double segment_length(Segment s);
double segment_slope(Segment s);
double segment_slope_across(Segment s);
bool segment_has_point(Segment s, Point p);
bool segment_meets_line(Segment s, Line l, Point *where);
bool segment_meets_segment(Segment s, Segment t, Point *where);
/* Distances, and the nearest point on the segment s. */
double segment_nearest_to_point(Segment s, Point p, Point *where);
double segment_nearest_to_line(Segment s, Line l, Point *where);
double segment_nearest_to_segment(Segment s, Segment t, Point *where);

bool box_has_point(Box b, Point p);
bool boxes_overlap(Box a, Box b);
/* The edges in the order left, top, bottom, right. */
void box_edges(Box b, Segment edges[4]);
bool box_meets_segment(Box b, Segment s);
double box_nearest_to_point(Box b, Point p, Point *where);
double box_nearest_to_segment(Box b, Segment s, Point *where);

/* Segment i of n (closed: of n, the first one leads from the last point to the first; open: of n - 1). */
size_t points_segments(const Points *x);
Segment points_segment(const Points *x, size_t i);
Box points_box(const Points *x);
/* 0 outside, 1 inside, 2 on an edge. */
int polygon_side(const Points *x, Point p);
bool polygons_overlap(const Points *x, const Points *y);
bool polygon_contains(const Points *outer, const Points *inner);
double points_distance(const Points *x, const Points *y); /* of their edges; infinite when there are none */
double point_to_points(const Points *x, Point p);

#endif
