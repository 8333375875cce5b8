/* Paths and polygons as rows of points. See geo_shape.h. */
#include "sqlite/geo_shape.h"

size_t points_segments(const Points *x)
{
	return x->closed ? x->n : x->n ? x->n - 1 : 0;
}

Segment points_segment(const Points *x, size_t i)
{
	if (!x->closed)
		return (Segment){ x->at[i], x->at[i + 1] };
	return (Segment){ x->at[i ? i - 1 : x->n - 1], x->at[i] };
}

Box points_box(const Points *x)
{
	Box b = { x->at[0], x->at[0] };
	for (size_t i = 1; i < x->n; i++) {
		b.high = (Point){ fmax(b.high.x, x->at[i].x), fmax(b.high.y, x->at[i].y) };
		b.low = (Point){ fmin(b.low.x, x->at[i].x), fmin(b.low.y, x->at[i].y) };
	}
	return b;
}

enum { ON_EDGE = 1000 };

/* How an edge from `prev` to `p` crosses the positive x axis, in halves: counted upwards as positive. The edge touches the origin: ON_EDGE.
 */
static int crossing(Point p, Point prev)
{
	const double eps = GEO_TOLERANCE;
	bool p_on_axis = fabs(p.y) <= eps, prev_on_axis = fabs(prev.y) <= eps;
	if (p_on_axis) {
		if (fabs(p.x) <= eps)
			return ON_EDGE;
		if (p.x > eps)
			return prev_on_axis ? (prev.x > eps ? 0 : ON_EDGE) : prev.y < -eps ? 1 : -1;
		return prev_on_axis && !geo_lt(prev.x, 0) ? ON_EDGE : 0;
	}
	int up = p.y > eps ? 1 : -1;
	if (prev_on_axis)
		return geo_lt(prev.x, 0) ? 0 : up;
	if (up < 0 ? geo_lt(prev.y, 0) : geo_lt(0, prev.y))
		return 0;
	if (geo_le(0, p.x) && geo_lt(0, prev.x))
		return 2 * up;
	if (geo_lt(p.x, 0) && geo_le(prev.x, 0))
		return 0;
	double z = (p.x - prev.x) * p.y - (p.y - prev.y) * p.x;
	if (fabs(z) <= eps)
		return ON_EDGE;
	return (up < 0 ? geo_lt(z, 0) : geo_lt(0, z)) ? 0 : 2 * up;
}

int polygon_side(const Points *x, Point p)
{
	int sum = 0;
	if (!x->n)
		return 0;
	for (size_t i = 1; i <= x->n; i++) {
		Point to = x->at[i % x->n], from = x->at[i - 1];
		int c = crossing((Point){ to.x - p.x, to.y - p.y }, (Point){ from.x - p.x, from.y - p.y });
		if (c == ON_EDGE)
			return 2;
		sum += c;
	}
	return sum != 0;
}

static bool edges_meet(const Points *x, const Points *y)
{
	for (size_t i = 0; i < points_segments(x); i++)
		for (size_t k = 0; k < points_segments(y); k++)
			if (segment_meets_segment(points_segment(x, i), points_segment(y, k), NULL))
				return true;
	return false;
}

bool polygons_overlap(const Points *x, const Points *y)
{
	if (!boxes_overlap(points_box(x), points_box(y)))
		return false;
	return edges_meet(x, y) || polygon_side(y, x->at[0]) || polygon_side(x, y->at[0]);
}

enum { MAX_CUTS = 5000 };

/* The part of a segment between two points that both lie in the polygon: it is inside when it does not leave it between the edges it meets.
 */
static bool stays_inside(const Points *x, Segment s, size_t from, int depth)
{
	for (size_t i = from; i < points_segments(x); i++) {
		Segment edge = points_segment(x, i);
		Point cut;
		bool p_on = segment_has_point(edge, s.p), q_on = segment_has_point(edge, s.q);
		if (p_on && q_on)
			return true;
		if (!segment_meets_segment(s, edge, &cut) || geo_same_point(cut, s.p) || geo_same_point(cut, s.q))
			continue;
		if (depth > MAX_CUTS)
			return false;
		return stays_inside(x, (Segment){ s.p, cut }, i + 1, depth + 1) && stays_inside(x, (Segment){ cut, s.q }, i + 1, depth + 1);
	}
	return polygon_side(x, (Point){ (s.p.x + s.q.x) / 2, (s.p.y + s.q.y) / 2 }) != 0;
}

bool polygon_contains(const Points *outer, const Points *inner)
{
	Box a = points_box(outer), b = points_box(inner);
	if (!(geo_le(b.high.x, a.high.x) && geo_le(a.low.x, b.low.x) && geo_le(b.high.y, a.high.y) && geo_le(a.low.y, b.low.y)))
		return false;
	for (size_t i = 0; i < inner->n; i++)
		if (!polygon_side(outer, inner->at[i]))
			return false;
	for (size_t i = 0; i < points_segments(inner); i++)
		if (!stays_inside(outer, points_segment(inner, i), 0, 0))
			return false;
	return true;
}

double points_distance(const Points *x, const Points *y)
{
	double least = INFINITY;
	for (size_t i = 0; i < points_segments(x); i++)
		for (size_t k = 0; k < points_segments(y); k++)
			least = fmin(least, segment_nearest_to_segment(points_segment(x, i), points_segment(y, k), NULL));
	return least;
}

double point_to_points(const Points *x, Point p)
{
	double least = INFINITY;
	for (size_t i = 0; i < points_segments(x); i++)
		least = fmin(least, segment_nearest_to_point(points_segment(x, i), p, NULL));
	return least;
}
