/* box: constructors, parts, operators. */
#include "sqlite/fn_geo.h"

/* NaN counts as the largest number. */
static double smaller(double x, double y)
{
	return float8_compare(x, y) < 0 ? x : y;
}

static double larger(double x, double y)
{
	return float8_compare(x, y) > 0 ? x : y;
}

static bool box_holds(Box b, Point p)
{
	return b.high.x >= p.x && b.low.x <= p.x && b.high.y >= p.y && b.low.y <= p.y;
}

FN(box_contain_point)
{
	sqlite3_result_int(ctx, box_holds(geo_box_arg(argv[0]), geo_point_arg(argv[1])));
}

FN(point_in_box)
{
	sqlite3_result_int(ctx, box_holds(geo_box_arg(argv[1]), geo_point_arg(argv[0])));
}

static Point box_middle(Box b)
{
	return (Point){ (b.high.x + b.low.x) / 2.0, (b.high.y + b.low.y) / 2.0 };
}

static double box_size(Box b)
{
	return (b.high.x - b.low.x) * (b.high.y - b.low.y);
}

static bool box_within(Box x, Box y)
{
	return geo_le(x.high.x, y.high.x) && geo_le(y.low.x, x.low.x) && geo_le(x.high.y, y.high.y) && geo_le(y.low.y, x.low.y);
}

static bool boxes_meet(Box x, Box y)
{
	return geo_le(x.low.x, y.high.x) && geo_le(y.low.x, x.high.x) && geo_le(x.low.y, y.high.y) && geo_le(y.low.y, x.high.y);
}

typedef bool BoxQuestion(Box x, Box y);

static void ask_boxes(sqlite3_context *ctx, sqlite3_value **argv, BoxQuestion *question)
{
	sqlite3_result_int(ctx, question(geo_box_arg(argv[0]), geo_box_arg(argv[1])));
}

#define BOX_QUESTION(name, answer)                                                                                                         \
	static bool name##_answer(Box x, Box y)                                                                                            \
	{                                                                                                                                  \
		return answer;                                                                                                             \
	}                                                                                                                                  \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		ask_boxes(ctx, argv, name##_answer);                                                                                       \
	}

BOX_QUESTION(box_same, geo_same_point(x.high, y.high) && geo_same_point(x.low, y.low))
BOX_QUESTION(box_overlap, boxes_meet(x, y))
BOX_QUESTION(box_left, geo_lt(x.high.x, y.low.x))
BOX_QUESTION(box_overleft, geo_le(x.high.x, y.high.x))
BOX_QUESTION(box_right, geo_lt(y.high.x, x.low.x))
BOX_QUESTION(box_overright, geo_le(y.low.x, x.low.x))
BOX_QUESTION(box_below, geo_lt(x.high.y, y.low.y))
BOX_QUESTION(box_overbelow, geo_le(x.high.y, y.high.y))
BOX_QUESTION(box_above, geo_lt(y.high.y, x.low.y))
BOX_QUESTION(box_overabove, geo_le(y.low.y, x.low.y))
BOX_QUESTION(box_below_eq, geo_le(x.high.y, y.low.y))
BOX_QUESTION(box_above_eq, geo_le(y.high.y, x.low.y))
BOX_QUESTION(box_contained, box_within(x, y))
BOX_QUESTION(box_contain, box_within(y, x))
BOX_QUESTION(box_eq, geo_eq(box_size(x), box_size(y)))
BOX_QUESTION(box_lt, geo_lt(box_size(x), box_size(y)))
BOX_QUESTION(box_gt, geo_lt(box_size(y), box_size(x)))
BOX_QUESTION(box_le, geo_le(box_size(x), box_size(y)))
BOX_QUESTION(box_ge, geo_le(box_size(y), box_size(x)))

FN(points_box)
{
	geo_result_box(ctx, geo_point_arg(argv[0]), geo_point_arg(argv[1]));
}

FN(point_box)
{
	geo_result_box(ctx, geo_point_arg(argv[0]), geo_point_arg(argv[0]));
}

FN(box_area)
{
	geo_result_number(ctx, box_size(geo_box_arg(argv[0])), false);
}

FN(box_width)
{
	Box b = geo_box_arg(argv[0]);
	geo_result_number(ctx, b.high.x - b.low.x, false);
}

FN(box_height)
{
	Box b = geo_box_arg(argv[0]);
	geo_result_number(ctx, b.high.y - b.low.y, false);
}

FN(box_center)
{
	geo_result_point(ctx, box_middle(geo_box_arg(argv[0])), false);
}

FN(box_distance)
{
	geo_result_number(ctx, geo_distance(box_middle(geo_box_arg(argv[0])), box_middle(geo_box_arg(argv[1]))), false);
}

FN(box_intersect)
{
	Box x = geo_box_arg(argv[0]), y = geo_box_arg(argv[1]);
	Point high = { smaller(x.high.x, y.high.x), smaller(x.high.y, y.high.y) },
	      low = { larger(x.low.x, y.low.x), larger(x.low.y, y.low.y) };
	if (boxes_meet(x, y)) {
		double v[] = { high.x, high.y, low.x, low.y };
		geo_result(ctx, OID_BOX, v, 4);
	}
}

FN(box_bound)
{
	Box x = geo_box_arg(argv[0]), y = geo_box_arg(argv[1]);
	geo_result_box(ctx, (Point){ larger(x.high.x, y.high.x), larger(x.high.y, y.high.y) },
		       (Point){ smaller(x.low.x, y.low.x), smaller(x.low.y, y.low.y) });
}

FN(box_diagonal)
{
	double v[4];
	geo_numbers_arg(argv[0], OID_BOX, v, 4);
	geo_result(ctx, OID_LSEG, v, 4);
}

FN(box_to_circle)
{
	Box b = geo_box_arg(argv[0]);
	geo_result_circle(ctx, box_middle(b), geo_distance(box_middle(b), b.high));
}

MOVES(box, OID_BOX)

const SqliteFn fn_table_geo_box[] = {
	{ "box_contain_pt", 2, PURE, box_contain_point },
	{ "on_pb", 2, PURE, point_in_box },
	{ "box_same", 2, PURE, box_same },
	{ "box_overlap", 2, PURE, box_overlap },
	{ "box_left", 2, PURE, box_left },
	{ "box_overleft", 2, PURE, box_overleft },
	{ "box_right", 2, PURE, box_right },
	{ "box_overright", 2, PURE, box_overright },
	{ "box_below", 2, PURE, box_below },
	{ "box_overbelow", 2, PURE, box_overbelow },
	{ "box_above", 2, PURE, box_above },
	{ "box_overabove", 2, PURE, box_overabove },
	{ "box_below_eq", 2, PURE, box_below_eq },
	{ "box_above_eq", 2, PURE, box_above_eq },
	{ "box_contained", 2, PURE, box_contained },
	{ "box_contain", 2, PURE, box_contain },
	{ "box_eq", 2, PURE, box_eq },
	{ "box_lt", 2, PURE, box_lt },
	{ "box_gt", 2, PURE, box_gt },
	{ "box_le", 2, PURE, box_le },
	{ "box_ge", 2, PURE, box_ge },
	{ "points_box", 2, PURE, points_box },
	{ "point_box", 1, PURE, point_box },
	{ "box_area", 1, PURE, box_area },
	{ "box_width", 1, PURE, box_width },
	{ "box_height", 1, PURE, box_height },
	{ "box_center", 1, PURE, box_center },
	{ "box_distance", 2, PURE, box_distance },
	{ "box_intersect", 2, PURE, box_intersect },
	{ "boxes_bound_box", 2, PURE, box_bound },
	{ "box_diagonal", 1, PURE, box_diagonal },
	{ "box_circle", 1, PURE, box_to_circle },
	{ "box_add", 2, PURE, box_add },
	{ "box_sub", 2, PURE, box_sub },
	{ "box_mul", 2, PURE, box_mul },
	{ "box_div", 2, PURE, box_div },
	{ NULL },
};
