/* path and polygon: where they lie, what they contain, distances; polygons and circles. */
#include "sqlite/geo_shape.h"

#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

static Points points_arg(sqlite3_value *v, uint32_t type, Arena *a)
{
	Geo g = { .type = type };
	Error scratch = { 0 };
	if (geo_parse(type, fn_arg_str(v), a, &g, &scratch))
		g.n = 0;
	Point *at = arena_array(a, Point, g.n / 2 + 1);
	for (size_t i = 0; i < g.n / 2; i++)
		at[i] = (Point){ g.v[2 * i], g.v[2 * i + 1] };
	return (Points){ .n = g.n / 2, .at = at, .closed = type == OID_POLYGON || g.closed };
}

typedef bool PointsQuestion(const Points *x, const Points *y);

static void ask(sqlite3_context *ctx, sqlite3_value **argv, uint32_t type, PointsQuestion *question)
{
	ARENA(a);
	Points x = points_arg(argv[0], type, a), y = points_arg(argv[1], type, a);
	sqlite3_result_int(ctx, x.n && y.n && question(&x, &y));
}

#define QUESTION(name, type, answer)                                                                                                       \
	static bool name##_answer(const Points *x, const Points *y)                                                                        \
	{                                                                                                                                  \
		return answer;                                                                                                             \
	}                                                                                                                                  \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		ask(ctx, argv, type, name##_answer);                                                                                       \
	}
#define POLYGON(name, answer) QUESTION(name, OID_POLYGON, answer)

/* The same points from another start, or the other way round. */
static bool same_points(const Points *x, const Points *y)
{
	for (size_t start = 0; x->n == y->n && start < x->n; start++) {
		size_t forth = 0, back = 0;
		while (forth < x->n && geo_same_point(x->at[forth], y->at[(start + forth) % x->n]))
			forth++;
		while (back < x->n && geo_same_point(x->at[back], y->at[(start + x->n - back) % x->n]))
			back++;
		if (forth == x->n || back == x->n)
			return true;
	}
	return false;
}

static bool paths_meet(const Points *x, const Points *y)
{
	if (!boxes_overlap(points_box(x), points_box(y)))
		return false;
	for (size_t i = 0; i < points_segments(x); i++)
		for (size_t k = 0; k < points_segments(y); k++)
			if (segment_meets_segment(points_segment(x, i), points_segment(y, k), NULL))
				return true;
	return false;
}

POLYGON(poly_left, points_box(x).high.x < points_box(y).low.x)
POLYGON(poly_overleft, points_box(x).high.x <= points_box(y).high.x)
POLYGON(poly_right, points_box(x).low.x > points_box(y).high.x)
POLYGON(poly_overright, points_box(x).low.x >= points_box(y).low.x)
POLYGON(poly_below, points_box(x).high.y < points_box(y).low.y)
POLYGON(poly_overbelow, points_box(x).high.y <= points_box(y).high.y)
POLYGON(poly_above, points_box(x).low.y > points_box(y).high.y)
POLYGON(poly_overabove, points_box(x).low.y >= points_box(y).low.y)
POLYGON(poly_same, same_points(x, y))
POLYGON(poly_overlap, polygons_overlap(x, y))
POLYGON(poly_contain, polygon_contains(x, y))
POLYGON(poly_contained, polygon_contains(y, x))
QUESTION(path_inter, OID_PATH, paths_meet(x, y))

static void lies_in(sqlite3_context *ctx, sqlite3_value *points, uint32_t type, sqlite3_value *point)
{
	ARENA(a);
	Points x = points_arg(points, type, a);
	Point p = geo_point_arg(point);
	bool found = x.closed && polygon_side(&x, p);
	for (size_t i = 0; !x.closed && !found && i < points_segments(&x); i++)
		found = segment_has_point(points_segment(&x, i), p);
	sqlite3_result_int(ctx, found);
}

FN(poly_contain_pt)
{
	lies_in(ctx, argv[0], OID_POLYGON, argv[1]);
}

FN(pt_contained_poly)
{
	lies_in(ctx, argv[1], OID_POLYGON, argv[0]);
}

FN(on_ppath)
{
	lies_in(ctx, argv[1], OID_PATH, argv[0]);
}

FN(path_contain_pt)
{
	lies_in(ctx, argv[0], OID_PATH, argv[1]);
}

static double polygon_to_point(const Points *x, Point p)
{
	return polygon_side(x, p) ? 0 : point_to_points(x, p);
}

static void point_distance(sqlite3_context *ctx, sqlite3_value *points, uint32_t type, sqlite3_value *point)
{
	ARENA(a);
	Points x = points_arg(points, type, a);
	Point p = geo_point_arg(point);
	double d = type == OID_POLYGON ? polygon_to_point(&x, p) : points_segments(&x) ? point_to_points(&x, p) : 0;
	geo_result_number(ctx, d, false);
}

FN(dist_ppoly)
{
	point_distance(ctx, argv[1], OID_POLYGON, argv[0]);
}

FN(dist_polyp)
{
	point_distance(ctx, argv[0], OID_POLYGON, argv[1]);
}

FN(dist_ppath)
{
	point_distance(ctx, argv[1], OID_PATH, argv[0]);
}

FN(dist_pathp)
{
	point_distance(ctx, argv[0], OID_PATH, argv[1]);
}

FN(path_distance)
{
	ARENA(a);
	Points x = points_arg(argv[0], OID_PATH, a), y = points_arg(argv[1], OID_PATH, a);
	if (points_segments(&x) && points_segments(&y))
		geo_result_number(ctx, points_distance(&x, &y), false);
}

FN(poly_distance)
{
	ARENA(a);
	Points x = points_arg(argv[0], OID_POLYGON, a), y = points_arg(argv[1], OID_POLYGON, a);
	geo_result_number(ctx, polygons_overlap(&x, &y) ? 0 : points_distance(&x, &y), false);
}

static void circle_distance(sqlite3_context *ctx, sqlite3_value *circle, sqlite3_value *polygon)
{
	ARENA(a);
	Points x = points_arg(polygon, OID_POLYGON, a);
	Circle c = geo_circle_arg(circle);
	geo_result_number(ctx, fmax(0, polygon_to_point(&x, c.center) - c.radius), false);
}

FN(dist_cpoly)
{
	circle_distance(ctx, argv[0], argv[1]);
}

FN(dist_polyc)
{
	circle_distance(ctx, argv[1], argv[0]);
}

/* The mean of the points, and their mean distance from it. */
static Circle circle_of(const Points *x)
{
	Circle c = { 0 };
	for (size_t i = 0; i < x->n; i++)
		c.center = (Point){ c.center.x + x->at[i].x, c.center.y + x->at[i].y };
	c.center = (Point){ c.center.x / (double)x->n, c.center.y / (double)x->n };
	for (size_t i = 0; i < x->n; i++)
		c.radius += geo_distance(x->at[i], c.center);
	c.radius /= (double)x->n;
	return c;
}

FN(poly_center)
{
	ARENA(a);
	Points x = points_arg(argv[0], OID_POLYGON, a);
	geo_result_point(ctx, circle_of(&x).center, false);
}

FN(poly_circle)
{
	ARENA(a);
	Points x = points_arg(argv[0], OID_POLYGON, a);
	Circle c = circle_of(&x);
	geo_result_circle(ctx, c.center, c.radius);
}

static void polygon_of(sqlite3_context *ctx, int64_t n, sqlite3_value *circle)
{
	ARENA(a);
	Circle c = geo_circle_arg(circle);
	enum { MOST_POINTS = 10 * 1000 * 1000 };
	if (geo_eq(c.radius, 0)) {
		fn_raise(ctx, "0A000", "cannot convert circle with radius zero to polygon");
		return;
	}
	if (n < 2) {
		fn_raise(ctx, "22023", "must request at least 2 points");
		return;
	}
	if (n > MOST_POINTS) {
		fn_raise(ctx, "54000", "too many points requested");
		return;
	}
	double *v = arena_array(a, double, (size_t)n * 2), step = 2 * M_PI / (double)n;
	for (int64_t i = 0; i < n; i++) {
		v[2 * i] = c.center.x - c.radius * cos(step * (double)i);
		v[2 * i + 1] = c.center.y + c.radius * sin(step * (double)i);
	}
	geo_result(ctx, OID_POLYGON, v, (size_t)n * 2);
}

FN(circle_poly)
{
	polygon_of(ctx, sqlite3_value_int64(argv[0]), argv[1]);
}

FN(circle_poly_12)
{
	polygon_of(ctx, 12, argv[0]);
}

const SqliteFn fn_table_geo_polygon[] = {
	{ "poly_left", 2, PURE, poly_left },
	{ "poly_overleft", 2, PURE, poly_overleft },
	{ "poly_right", 2, PURE, poly_right },
	{ "poly_overright", 2, PURE, poly_overright },
	{ "poly_below", 2, PURE, poly_below },
	{ "poly_overbelow", 2, PURE, poly_overbelow },
	{ "poly_above", 2, PURE, poly_above },
	{ "poly_overabove", 2, PURE, poly_overabove },
	{ "poly_same", 2, PURE, poly_same },
	{ "poly_overlap", 2, PURE, poly_overlap },
	{ "poly_contain", 2, PURE, poly_contain },
	{ "poly_contained", 2, PURE, poly_contained },
	{ "path_inter", 2, PURE, path_inter },
	{ "poly_contain_pt", 2, PURE, poly_contain_pt },
	{ "pt_contained_poly", 2, PURE, pt_contained_poly },
	{ "on_ppath", 2, PURE, on_ppath },
	{ "sql_path_contain_pt_2", 2, PURE, path_contain_pt },
	{ "dist_ppoly", 2, PURE, dist_ppoly },
	{ "dist_polyp", 2, PURE, dist_polyp },
	{ "dist_ppath", 2, PURE, dist_ppath },
	{ "dist_pathp", 2, PURE, dist_pathp },
	{ "path_distance", 2, PURE, path_distance },
	{ "poly_distance", 2, PURE, poly_distance },
	{ "dist_cpoly", 2, PURE, dist_cpoly },
	{ "dist_polyc", 2, PURE, dist_polyc },
	{ "poly_center", 1, PURE, poly_center },
	{ "poly_circle", 1, PURE, poly_circle },
	{ "circle_poly", 2, PURE, circle_poly },
	{ "sql_polygon_1", 1, PURE, circle_poly_12 },
	{ NULL },
};
