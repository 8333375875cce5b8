/* point and lseg: constructors, parts, operators; what the other geometric types share. */
#include "sqlite/fn_geo.h"

void geo_numbers_arg(sqlite3_value *v, uint32_t type, double *out, size_t n)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Geo g;
	Error scratch = { 0 };
	memset(out, 0, n * sizeof *out);
	if (geo_parse(type, fn_arg_str(v), a, &g, &scratch) == 0)
		memcpy(out, g.v, n * sizeof *out);
}

Point geo_point_arg(sqlite3_value *v)
{
	double n[2];
	geo_numbers_arg(v, OID_POINT, n, 2);
	return (Point){ n[0], n[1] };
}

Box geo_box_arg(sqlite3_value *v)
{
	double n[4];
	geo_numbers_arg(v, OID_BOX, n, 4);
	return (Box){ { n[0], n[1] }, { n[2], n[3] } };
}

Circle geo_circle_arg(sqlite3_value *v)
{
	double n[3];
	geo_numbers_arg(v, OID_CIRCLE, n, 3);
	return (Circle){ { n[0], n[1] }, n[2] };
}

double geo_number_arg(sqlite3_value *v)
{
	Val x = fn_arg(v);
	return float8_of(&x);
}

void geo_result(sqlite3_context *ctx, uint32_t type, double *v, size_t n)
{
	Geo g = { .type = type, .closed = true, .n = n, .v = v };
	Buf b = { 0 };
	geo_print(&g, 1, &b);
	fn_result_buf(ctx, &b);
}

/* A number computed from finite ones must be finite; `inputs_finite` says that they were. */
static bool in_range(sqlite3_context *ctx, double v, bool inputs_finite)
{
	if (!isinf(v) || !inputs_finite)
		return true;
	fn_raise(ctx, "22003", "value out of range: overflow");
	return false;
}

static bool finite_point(Point p)
{
	return !isinf(p.x) && !isinf(p.y);
}

void geo_result_number(sqlite3_context *ctx, double v, bool inputs_finite)
{
	Val r = float8_val(v);
	if (in_range(ctx, v, inputs_finite))
		fn_result(ctx, &r);
}

void geo_result_point(sqlite3_context *ctx, Point p, bool inputs_finite)
{
	double v[] = { p.x, p.y };
	if (in_range(ctx, p.x, inputs_finite) && in_range(ctx, p.y, inputs_finite))
		geo_result(ctx, OID_POINT, v, 2);
}

void geo_result_box(sqlite3_context *ctx, Point p, Point q)
{
	double v[] = { p.x, p.y, q.x, q.y };
	geo_order_corners(v);
	geo_result(ctx, OID_BOX, v, 4);
}

void geo_result_circle(sqlite3_context *ctx, Point center, double radius)
{
	double v[] = { center.x, center.y, radius };
	geo_result(ctx, OID_CIRCLE, v, 3);
}

/* ---- points ---- */

bool geo_same_point(Point p, Point q)
{
	if (isnan(p.x) || isnan(p.y) || isnan(q.x) || isnan(q.y))
		return float8_compare(p.x, q.x) == 0 && float8_compare(p.y, q.y) == 0;
	return geo_eq(p.x, q.x) && geo_eq(p.y, q.y);
}

double geo_distance(Point p, Point q)
{
	return geo_hypot(p.x - q.x, p.y - q.y);
}

FN(make_point)
{
	geo_result_point(ctx, (Point){ geo_number_arg(argv[0]), geo_number_arg(argv[1]) }, false);
}

typedef bool PointQuestion(Point p, Point q);

static void ask_points(sqlite3_context *ctx, sqlite3_value **argv, PointQuestion *question)
{
	sqlite3_result_int(ctx, question(geo_point_arg(argv[0]), geo_point_arg(argv[1])));
}

#define POINT_QUESTION(name, answer)                                                                                                       \
	static bool name##_answer(Point p, Point q)                                                                                        \
	{                                                                                                                                  \
		return answer;                                                                                                             \
	}                                                                                                                                  \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		ask_points(ctx, argv, name##_answer);                                                                                      \
	}

POINT_QUESTION(point_eq, geo_same_point(p, q))
POINT_QUESTION(point_ne, !geo_same_point(p, q))
POINT_QUESTION(point_left, geo_lt(p.x, q.x))
POINT_QUESTION(point_right, geo_lt(q.x, p.x))
POINT_QUESTION(point_above, geo_lt(q.y, p.y))
POINT_QUESTION(point_below, geo_lt(p.y, q.y))
POINT_QUESTION(point_vert, geo_eq(p.x, q.x))
POINT_QUESTION(point_horiz, geo_eq(p.y, q.y))

FN(point_distance)
{
	Point p = geo_point_arg(argv[0]), q = geo_point_arg(argv[1]);
	geo_result_number(ctx, geo_distance(p, q), finite_point(p) && finite_point(q));
}

FN(point_slope)
{
	Point p = geo_point_arg(argv[0]), q = geo_point_arg(argv[1]);
	double slope = geo_eq(p.x, q.x) ? INFINITY : geo_eq(p.y, q.y) ? 0.0 : (p.y - q.y) / (p.x - q.x);
	geo_result_number(ctx, slope, false);
}

Point geo_plus(Point p, Point q)
{
	return (Point){ p.x + q.x, p.y + q.y };
}

Point geo_minus(Point p, Point q)
{
	return (Point){ p.x - q.x, p.y - q.y };
}

Point geo_times(Point p, Point q)
{
	return (Point){ p.x * q.x - p.y * q.y, p.x * q.y + p.y * q.x };
}

Point geo_over(Point p, Point q)
{
	double d = q.x * q.x + q.y * q.y;
	return (Point){ (p.x * q.x + p.y * q.y) / d, (p.y * q.x - p.x * q.y) / d };
}

static bool divides(sqlite3_context *ctx, Point q)
{
	if (q.x * q.x + q.y * q.y != 0)
		return true;
	fn_raise(ctx, "22012", "division by zero");
	return false;
}

void geo_move(sqlite3_context *ctx, sqlite3_value **argv, uint32_t type, PointRule *rule)
{
	Point by = geo_point_arg(argv[1]);
	if (rule == geo_over && !divides(ctx, by))
		return;
	if (type == OID_POINT) {
		Point p = geo_point_arg(argv[0]);
		geo_result_point(ctx, rule(p, by), finite_point(p) && finite_point(by));
	} else if (type == OID_BOX) {
		Box b = geo_box_arg(argv[0]);
		geo_result_box(ctx, rule(b.high, by), rule(b.low, by));
	} else {
		Circle c = geo_circle_arg(argv[0]);
		double size = geo_hypot(by.x, by.y);
		double radius = rule == geo_times ? c.radius * size : rule == geo_over ? c.radius / size : c.radius;
		geo_result_circle(ctx, rule(c.center, by), radius);
	}
}

MOVES(point, OID_POINT)

/* ---- line segments, and the numbers of a fixed-length value ---- */

FN(make_lseg)
{
	Point p = geo_point_arg(argv[0]), q = geo_point_arg(argv[1]);
	double v[] = { p.x, p.y, q.x, q.y };
	geo_result(ctx, OID_LSEG, v, 4);
}

FN(lseg_length)
{
	double v[4];
	geo_numbers_arg(argv[0], OID_LSEG, v, 4);
	geo_result_number(ctx, geo_distance((Point){ v[0], v[1] }, (Point){ v[2], v[3] }), false);
}

FN(lseg_center)
{
	double v[4];
	geo_numbers_arg(argv[0], OID_LSEG, v, 4);
	geo_result_point(ctx, (Point){ (v[0] + v[2]) / 2.0, (v[1] + v[3]) / 2.0 }, false);
}

/* pg_geo_get(type, value, subscript): from 0; NULL behind the end. */
FN(geo_get)
{
	uint32_t type = (uint32_t)sqlite3_value_int64(argv[0]);
	int64_t at = sqlite3_value_int64(argv[2]);
	bool points = type == OID_LSEG || type == OID_BOX;
	size_t n = type == OID_LINE ? 3 : points ? 4 : 2;
	double v[4];
	geo_numbers_arg(argv[1], type, v, n);
	if (at < 0 || at >= (int64_t)(points ? n / 2 : n))
		return;
	if (points)
		geo_result(ctx, OID_POINT, v + 2 * at, 2);
	else
		geo_result_number(ctx, v[at], false);
}

const SqliteFn fn_table_geo[] = {
	{ "construct_point", 2, PURE, make_point },
	{ "point_eq", 2, PURE, point_eq },
	{ "point_ne", 2, PURE, point_ne },
	{ "point_left", 2, PURE, point_left },
	{ "point_right", 2, PURE, point_right },
	{ "point_above", 2, PURE, point_above },
	{ "point_below", 2, PURE, point_below },
	{ "point_vert", 2, PURE, point_vert },
	{ "point_horiz", 2, PURE, point_horiz },
	{ "point_distance", 2, PURE, point_distance },
	{ "point_slope", 2, PURE, point_slope },
	{ "point_add", 2, PURE, point_add },
	{ "point_sub", 2, PURE, point_sub },
	{ "point_mul", 2, PURE, point_mul },
	{ "point_div", 2, PURE, point_div },
	{ "lseg_construct", 2, PURE, make_lseg },
	{ "lseg_length", 1, PURE, lseg_length },
	{ "lseg_center", 1, PURE, lseg_center },
	{ "geo_get", 3, PURE, geo_get },
	{ NULL },
};
