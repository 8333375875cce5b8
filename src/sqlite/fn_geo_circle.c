/* circle: constructors, parts, operators. */
#include "sqlite/fn_geo.h"

static double circle_size(Circle c)
{
	return c.radius * c.radius * M_PI;
}

static double gap(Circle x, Circle y)
{
	double d = geo_distance(x.center, y.center) - (x.radius + y.radius);
	return d < 0 ? 0 : d;
}

typedef bool CircleQuestion(Circle x, Circle y);

static void ask_circles(sqlite3_context *ctx, sqlite3_value **argv, CircleQuestion *question)
{
	sqlite3_result_int(ctx, question(geo_circle_arg(argv[0]), geo_circle_arg(argv[1])));
}

#define CIRCLE_QUESTION(name, answer)                                                                                                      \
	static bool name##_answer(Circle x, Circle y)                                                                                      \
	{                                                                                                                                  \
		return answer;                                                                                                             \
	}                                                                                                                                  \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		ask_circles(ctx, argv, name##_answer);                                                                                     \
	}

CIRCLE_QUESTION(circle_same, ((isnan(x.radius) && isnan(y.radius)) || geo_eq(x.radius, y.radius)) && geo_same_point(x.center, y.center))
CIRCLE_QUESTION(circle_overlap, geo_le(geo_distance(x.center, y.center), x.radius + y.radius))
CIRCLE_QUESTION(circle_contained, geo_le(geo_distance(x.center, y.center), y.radius - x.radius))
CIRCLE_QUESTION(circle_contain, geo_le(geo_distance(x.center, y.center), x.radius - y.radius))
CIRCLE_QUESTION(circle_left, geo_lt(x.center.x + x.radius, y.center.x - y.radius))
CIRCLE_QUESTION(circle_overleft, geo_le(x.center.x + x.radius, y.center.x + y.radius))
CIRCLE_QUESTION(circle_right, geo_lt(y.center.x + y.radius, x.center.x - x.radius))
CIRCLE_QUESTION(circle_overright, geo_le(y.center.x - y.radius, x.center.x - x.radius))
CIRCLE_QUESTION(circle_below, geo_lt(x.center.y + x.radius, y.center.y - y.radius))
CIRCLE_QUESTION(circle_overbelow, geo_le(x.center.y + x.radius, y.center.y + y.radius))
CIRCLE_QUESTION(circle_above, geo_lt(y.center.y + y.radius, x.center.y - x.radius))
CIRCLE_QUESTION(circle_overabove, geo_le(y.center.y - y.radius, x.center.y - x.radius))
CIRCLE_QUESTION(circle_eq, geo_eq(circle_size(x), circle_size(y)))
CIRCLE_QUESTION(circle_ne, !geo_eq(circle_size(x), circle_size(y)))
CIRCLE_QUESTION(circle_lt, geo_lt(circle_size(x), circle_size(y)))
CIRCLE_QUESTION(circle_gt, geo_lt(circle_size(y), circle_size(x)))
CIRCLE_QUESTION(circle_le, geo_le(circle_size(x), circle_size(y)))
CIRCLE_QUESTION(circle_ge, geo_le(circle_size(y), circle_size(x)))

FN(make_circle)
{
	geo_result_circle(ctx, geo_point_arg(argv[0]), geo_number_arg(argv[1]));
}

FN(circle_area)
{
	geo_result_number(ctx, circle_size(geo_circle_arg(argv[0])), false);
}

FN(circle_diameter)
{
	geo_result_number(ctx, geo_circle_arg(argv[0]).radius * 2.0, false);
}

FN(circle_radius)
{
	geo_result_number(ctx, geo_circle_arg(argv[0]).radius, false);
}

FN(circle_center)
{
	geo_result_point(ctx, geo_circle_arg(argv[0]).center, false);
}

FN(circle_distance)
{
	geo_result_number(ctx, gap(geo_circle_arg(argv[0]), geo_circle_arg(argv[1])), false);
}

FN(circle_to_point)
{
	Circle c = geo_circle_arg(argv[0]);
	geo_result_number(ctx, gap(c, (Circle){ geo_point_arg(argv[1]), 0 }), false);
}

FN(point_to_circle)
{
	Circle c = geo_circle_arg(argv[1]);
	geo_result_number(ctx, gap(c, (Circle){ geo_point_arg(argv[0]), 0 }), false);
}

FN(circle_contain_point)
{
	Circle c = geo_circle_arg(argv[0]);
	sqlite3_result_int(ctx, geo_distance(c.center, geo_point_arg(argv[1])) <= c.radius);
}

FN(point_in_circle)
{
	Circle c = geo_circle_arg(argv[1]);
	sqlite3_result_int(ctx, geo_distance(c.center, geo_point_arg(argv[0])) <= c.radius);
}

FN(circle_to_box)
{
	Circle c = geo_circle_arg(argv[0]);
	double half = c.radius / sqrt(2.0);
	geo_result_box(ctx, (Point){ c.center.x + half, c.center.y + half }, (Point){ c.center.x - half, c.center.y - half });
}

MOVES(circle, OID_CIRCLE)

const SqliteFn fn_table_geo_circle[] = {
	{ "circle_same", 2, PURE, circle_same },
	{ "circle_overlap", 2, PURE, circle_overlap },
	{ "circle_contained", 2, PURE, circle_contained },
	{ "circle_contain", 2, PURE, circle_contain },
	{ "circle_left", 2, PURE, circle_left },
	{ "circle_overleft", 2, PURE, circle_overleft },
	{ "circle_right", 2, PURE, circle_right },
	{ "circle_overright", 2, PURE, circle_overright },
	{ "circle_below", 2, PURE, circle_below },
	{ "circle_overbelow", 2, PURE, circle_overbelow },
	{ "circle_above", 2, PURE, circle_above },
	{ "circle_overabove", 2, PURE, circle_overabove },
	{ "circle_eq", 2, PURE, circle_eq },
	{ "circle_ne", 2, PURE, circle_ne },
	{ "circle_lt", 2, PURE, circle_lt },
	{ "circle_gt", 2, PURE, circle_gt },
	{ "circle_le", 2, PURE, circle_le },
	{ "circle_ge", 2, PURE, circle_ge },
	{ "cr_circle", 2, PURE, make_circle },
	{ "circle_area", 1, PURE, circle_area },
	{ "circle_diameter", 1, PURE, circle_diameter },
	{ "circle_radius", 1, PURE, circle_radius },
	{ "circle_center", 1, PURE, circle_center },
	{ "circle_distance", 2, PURE, circle_distance },
	{ "dist_cpoint", 2, PURE, circle_to_point },
	{ "dist_pc", 2, PURE, point_to_circle },
	{ "circle_contain_pt", 2, PURE, circle_contain_point },
	{ "pt_contained_circle", 2, PURE, point_in_circle },
	{ "circle_box", 1, PURE, circle_to_box },
	{ "circle_add_pt", 2, PURE, circle_add },
	{ "circle_sub_pt", 2, PURE, circle_sub },
	{ "circle_mul_pt", 2, PURE, circle_mul },
	{ "circle_div_pt", 2, PURE, circle_div },
	{ NULL },
};
