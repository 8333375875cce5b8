/* path, polygon, lseg and line: points, lengths, conversions. */
#include "sqlite/fn_geo.h"

#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

static Geo read_geo(sqlite3_value *v, uint32_t type, Arena *a)
{
	Geo g = { .type = type };
	Error scratch = { 0 };
	if (geo_parse(type, fn_arg_str(v), a, &g, &scratch))
		g.n = 0;
	return g;
}

static void result_points(sqlite3_context *ctx, Geo g, uint32_t type, bool closed)
{
	Buf b = { 0 };
	g.type = type;
	g.closed = closed;
	geo_print(&g, 1, &b);
	fn_result_buf(ctx, &b);
}

static size_t count(const Geo *g)
{
	return g->n / 2;
}

static Point at(const Geo *g, size_t i)
{
	return (Point){ g->v[2 * i], g->v[2 * i + 1] };
}

FN(path_count)
{
	ARENA(a);
	Geo g = read_geo(argv[0], OID_PATH, a);
	sqlite3_result_int64(ctx, (int64_t)count(&g));
}

FN(polygon_count)
{
	ARENA(a);
	Geo g = read_geo(argv[0], OID_POLYGON, a);
	sqlite3_result_int64(ctx, (int64_t)count(&g));
}

FN(is_closed)
{
	ARENA(a);
	sqlite3_result_int(ctx, read_geo(argv[0], OID_PATH, a).closed);
}

FN(is_open)
{
	ARENA(a);
	sqlite3_result_int(ctx, !read_geo(argv[0], OID_PATH, a).closed);
}

FN(close_path)
{
	ARENA(a);
	result_points(ctx, read_geo(argv[0], OID_PATH, a), OID_PATH, true);
}

FN(open_path)
{
	ARENA(a);
	result_points(ctx, read_geo(argv[0], OID_PATH, a), OID_PATH, false);
}

FN(path_length)
{
	ARENA(a);
	Geo g = read_geo(argv[0], OID_PATH, a);
	double sum = 0;
	for (size_t i = g.closed ? 0 : 1; i < count(&g); i++)
		sum += geo_distance(at(&g, i ? i - 1 : count(&g) - 1), at(&g, i));
	geo_result_number(ctx, sum, false);
}

/* NULL for an open path. */
FN(path_area)
{
	ARENA(a);
	Geo g = read_geo(argv[0], OID_PATH, a);
	double area = 0;
	if (!g.closed)
		return;
	for (size_t i = 0; i < count(&g); i++) {
		Point p = at(&g, i), q = at(&g, (i + 1) % count(&g));
		area += p.x * q.y;
		area -= p.y * q.x;
	}
	geo_result_number(ctx, fabs(area) / 2.0, false);
}

/* Paths compare by their number of points. */
#define PATH_QUESTION(name, op)                                                                                                            \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		ARENA(a);                                                                                                                  \
		Geo x = read_geo(argv[0], OID_PATH, a), y = read_geo(argv[1], OID_PATH, a);                                                \
		sqlite3_result_int(ctx, x.n op y.n);                                                                                       \
	}

PATH_QUESTION(path_eq, ==)
PATH_QUESTION(path_lt, <)
PATH_QUESTION(path_le, <=)
PATH_QUESTION(path_gt, >)
PATH_QUESTION(path_ge, >=)

/* NULL when either is closed. */
FN(path_join)
{
	ARENA(a);
	Geo x = read_geo(argv[0], OID_PATH, a), y = read_geo(argv[1], OID_PATH, a);
	if (x.closed || y.closed)
		return;
	Geo r = { .n = x.n + y.n, .v = arena_array(a, double, x.n + y.n + 1) };
	memcpy(r.v, x.v, x.n * sizeof *r.v);
	memcpy(r.v + x.n, y.v, y.n * sizeof *r.v);
	result_points(ctx, r, OID_PATH, false);
}

static void move_path(sqlite3_context *ctx, sqlite3_value **argv, PointRule *rule)
{
	ARENA(a);
	Geo g = read_geo(argv[0], OID_PATH, a);
	Point by = geo_point_arg(argv[1]);
	if (rule == geo_over && by.x * by.x + by.y * by.y == 0) {
		fn_raise(ctx, "22012", "division by zero");
		return;
	}
	for (size_t i = 0; i < count(&g); i++) {
		Point p = rule(at(&g, i), by);
		g.v[2 * i] = p.x;
		g.v[2 * i + 1] = p.y;
	}
	result_points(ctx, g, OID_PATH, g.closed);
}

FN(path_plus)
{
	move_path(ctx, argv, geo_plus);
}

FN(path_minus)
{
	move_path(ctx, argv, geo_minus);
}

FN(path_times)
{
	move_path(ctx, argv, geo_times);
}

FN(path_over)
{
	move_path(ctx, argv, geo_over);
}

FN(path_to_polygon)
{
	ARENA(a);
	Geo g = read_geo(argv[0], OID_PATH, a);
	if (g.closed)
		result_points(ctx, g, OID_POLYGON, true);
	else
		fn_raise(ctx, "22023", "open path cannot be converted to polygon");
}

FN(polygon_to_path)
{
	ARENA(a);
	result_points(ctx, read_geo(argv[0], OID_POLYGON, a), OID_PATH, true);
}

FN(polygon_to_box)
{
	ARENA(a);
	Geo g = read_geo(argv[0], OID_POLYGON, a);
	Point high = at(&g, 0), low = high;
	for (size_t i = 1; i < count(&g); i++) {
		Point p = at(&g, i);
		high = (Point){ p.x > high.x ? p.x : high.x, p.y > high.y ? p.y : high.y };
		low = (Point){ p.x < low.x ? p.x : low.x, p.y < low.y ? p.y : low.y };
	}
	geo_result_box(ctx, high, low);
}

FN(box_to_polygon)
{
	Box b = geo_box_arg(argv[0]);
	double v[] = { b.low.x, b.low.y, b.low.x, b.high.y, b.high.x, b.high.y, b.high.x, b.low.y };
	geo_result(ctx, OID_POLYGON, v, ARRAY_LEN(v));
}

FN(make_line)
{
	Point p = geo_point_arg(argv[0]), q = geo_point_arg(argv[1]);
	double v[3], ends[] = { p.x, p.y, q.x, q.y };
	if (geo_line_of_points(ends, v))
		geo_result(ctx, OID_LINE, v, 3);
	else
		fn_raise(ctx, "22023", "invalid line specification: must be two distinct points");
}

FN(lseg_eq)
{
	double x[4], y[4];
	geo_numbers_arg(argv[0], OID_LSEG, x, 4);
	geo_numbers_arg(argv[1], OID_LSEG, y, 4);
	sqlite3_result_int(ctx, geo_same_point((Point){ x[0], x[1] }, (Point){ y[0], y[1] }) &&
					geo_same_point((Point){ x[2], x[3] }, (Point){ y[2], y[3] }));
}

const SqliteFn fn_table_geo_path[] = {
	{ "path_npoints", 1, PURE, path_count },
	{ "poly_npoints", 1, PURE, polygon_count },
	{ "path_isclosed", 1, PURE, is_closed },
	{ "path_isopen", 1, PURE, is_open },
	{ "path_close", 1, PURE, close_path },
	{ "path_open", 1, PURE, open_path },
	{ "path_length", 1, PURE, path_length },
	{ "path_area", 1, PURE, path_area },
	{ "path_n_eq", 2, PURE, path_eq },
	{ "path_n_lt", 2, PURE, path_lt },
	{ "path_n_le", 2, PURE, path_le },
	{ "path_n_gt", 2, PURE, path_gt },
	{ "path_n_ge", 2, PURE, path_ge },
	{ "path_add", 2, PURE, path_join },
	{ "path_add_pt", 2, PURE, path_plus },
	{ "path_sub_pt", 2, PURE, path_minus },
	{ "path_mul_pt", 2, PURE, path_times },
	{ "path_div_pt", 2, PURE, path_over },
	{ "path_poly", 1, PURE, path_to_polygon },
	{ "poly_path", 1, PURE, polygon_to_path },
	{ "poly_box", 1, PURE, polygon_to_box },
	{ "box_poly", 1, PURE, box_to_polygon },
	{ "line_construct_pp", 2, PURE, make_line },
	{ "lseg_eq", 2, PURE, lseg_eq },
	{ NULL },
};
