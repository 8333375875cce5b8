/* See geo_shape.h. Vertical lines have an infinite slope. */
#include "sqlite/geo_shape.h"

static bool is_zero(double v)
{
	return fabs(v) <= GEO_TOLERANCE;
}

static double without_sign_of_zero(double v)
{
	return v == 0 ? 0 : v;
}

/* ---- lines ---- */

Line line_with_slope(Point p, double slope)
{
	if (isinf(slope))
		return (Line){ -1, 0, p.x };
	if (slope == 0)
		return (Line){ 0, -1, p.y };
	return (Line){ slope, -1, without_sign_of_zero(p.y - slope * p.x) };
}

double line_slope(Line l)
{
	return is_zero(l.a) ? 0 : is_zero(l.b) ? INFINITY : l.a / -l.b;
}

double line_slope_across(Line l)
{
	return is_zero(l.a) ? INFINITY : is_zero(l.b) ? 0 : l.b / l.a;
}

/* l is not vertical. */
static bool meet(Line l, Line m, Point *where)
{
	if (geo_eq(m.a, l.a * (m.b / l.b)))
		return false;
	double x = (l.b * m.c - m.b * l.c) / (l.a * m.b - m.a * l.b), y = -(l.a * x + l.c) / l.b;
	if (where)
		*where = (Point){ without_sign_of_zero(x), without_sign_of_zero(y) };
	return true;
}

bool line_meets_line(Line l, Line m, Point *where)
{
	return !is_zero(l.b) ? meet(l, m, where) : !is_zero(m.b) && meet(m, l, where);
}

bool line_has_point(Line l, Point p)
{
	return is_zero(l.a * p.x + l.b * p.y + l.c);
}

double line_nearest(Line l, Point p, Point *where)
{
	Point foot;
	if (!line_meets_line(line_with_slope(p, line_slope_across(l)), l, &foot)) {
		if (where)
			*where = (Point){ NAN, NAN };
		return NAN;
	}
	if (where)
		*where = foot;
	return geo_distance(foot, p);
}

/* ---- segments ---- */

double segment_length(Segment s)
{
	return geo_distance(s.p, s.q);
}

double segment_slope(Segment s)
{
	return geo_eq(s.p.x, s.q.x) ? INFINITY : geo_eq(s.p.y, s.q.y) ? 0 : (s.p.y - s.q.y) / (s.p.x - s.q.x);
}

double segment_slope_across(Segment s)
{
	return geo_eq(s.p.x, s.q.x) ? 0 : geo_eq(s.p.y, s.q.y) ? INFINITY : (s.p.x - s.q.x) / (s.q.y - s.p.y);
}

bool segment_has_point(Segment s, Point p)
{
	return geo_eq(geo_distance(p, s.p) + geo_distance(p, s.q), geo_distance(s.p, s.q));
}

static Line line_along(Segment s)
{
	return line_with_slope(s.p, segment_slope(s));
}

bool segment_meets_line(Segment s, Line l, Point *where)
{
	Point p;
	if (!line_meets_line(line_along(s), l, &p) || !segment_has_point(s, p))
		return false;
	if (where)
		*where = geo_same_point(s.p, p) ? s.p : geo_same_point(s.q, p) ? s.q : p;
	return true;
}

bool segment_meets_segment(Segment s, Segment t, Point *where)
{
	Point p;
	if (!segment_meets_line(s, line_along(t), &p) || !segment_has_point(t, p))
		return false;
	if (where)
		*where = p;
	return true;
}

double segment_nearest_to_line(Segment s, Line l, Point *where)
{
	if (segment_meets_line(s, l, where))
		return 0;
	double of_p = line_nearest(l, s.p, NULL), of_q = line_nearest(l, s.q, NULL);
	if (where)
		*where = of_p < of_q ? s.p : s.q;
	return of_p < of_q ? of_p : of_q;
}

double segment_nearest_to_point(Segment s, Point p, Point *where)
{
	Point near;
	segment_nearest_to_line(s, line_with_slope(p, segment_slope_across(s)), &near);
	if (where)
		*where = near;
	return geo_distance(near, p);
}

typedef struct Nearest {
	double distance;
	Point where;
} Nearest;

static void take_nearer(Nearest *n, double distance, Point where)
{
	if (distance < n->distance || isnan(n->distance))
		*n = (Nearest){ distance, where };
}

double segment_nearest_to_segment(Segment s, Segment t, Point *where)
{
	Point p;
	if (segment_meets_segment(s, t, where))
		return 0;
	Nearest n = { INFINITY, s.p };
	double d = segment_nearest_to_point(s, t.p, &p);
	take_nearer(&n, d, p);
	d = segment_nearest_to_point(s, t.q, &p);
	take_nearer(&n, d, p);
	take_nearer(&n, segment_nearest_to_point(t, s.p, NULL), s.p);
	take_nearer(&n, segment_nearest_to_point(t, s.q, NULL), s.q);
	if (where)
		*where = n.where;
	return n.distance;
}

/* ---- boxes ---- */

bool box_has_point(Box b, Point p)
{
	return b.high.x >= p.x && b.low.x <= p.x && b.high.y >= p.y && b.low.y <= p.y;
}

bool boxes_overlap(Box a, Box b)
{
	return geo_le(a.low.x, b.high.x) && geo_le(b.low.x, a.high.x) && geo_le(a.low.y, b.high.y) && geo_le(b.low.y, a.high.y);
}

void box_edges(Box b, Segment edges[4])
{
	Point top_left = { b.low.x, b.high.y }, bottom_right = { b.high.x, b.low.y };
	edges[0] = (Segment){ b.low, top_left };
	edges[1] = (Segment){ b.high, top_left };
	edges[2] = (Segment){ b.low, bottom_right };
	edges[3] = (Segment){ b.high, bottom_right };
}

static Box box_around(Segment s)
{
	return (Box){ { fmax(s.p.x, s.q.x), fmax(s.p.y, s.q.y) }, { fmin(s.p.x, s.q.x), fmin(s.p.y, s.q.y) } };
}

bool box_meets_segment(Box b, Segment s)
{
	Segment edges[4];
	if (!boxes_overlap(box_around(s), b))
		return false;
	if (box_has_point(b, s.p) || box_has_point(b, s.q))
		return true;
	box_edges(b, edges);
	for (int i = 0; i < 4; i++)
		if (segment_meets_segment(edges[i], s, NULL))
			return true;
	return false;
}

double box_nearest_to_point(Box b, Point p, Point *where)
{
	Segment edges[4];
	Nearest n = { 0, p };
	Point q;
	box_edges(b, edges);
	for (int i = 0; i < 4 && !box_has_point(b, p); i++) {
		double d = segment_nearest_to_point(edges[i], p, &q);
		if (i == 0)
			n = (Nearest){ d, q };
		take_nearer(&n, d, q);
	}
	if (where)
		*where = n.where;
	return n.distance;
}

double box_nearest_to_segment(Box b, Segment s, Point *where)
{
	Segment edges[4];
	Nearest n = { 0 };
	Point q;
	if (box_meets_segment(b, s)) {
		if (where) /* the point of the segment that is nearest to the middle of the box */
			segment_nearest_to_point(s, (Point){ (b.high.x + b.low.x) / 2, (b.high.y + b.low.y) / 2 }, where);
		return 0;
	}
	box_edges(b, edges);
	for (int i = 0; i < 4; i++) {
		double d = segment_nearest_to_segment(edges[i], s, &q);
		if (i == 0)
			n = (Nearest){ d, q };
		take_nearer(&n, d, q);
	}
	if (where)
		*where = n.where;
	return n.distance;
}
