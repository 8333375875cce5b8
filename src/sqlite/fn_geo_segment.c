/* lseg and line: questions, distances, where they meet and what is nearest. */
#include "sqlite/geo_shape.h"

static Segment segment_arg(sqlite3_value *v)
{
	double n[4];
	geo_numbers_arg(v, OID_LSEG, n, 4);
	return (Segment){ { n[0], n[1] }, { n[2], n[3] } };
}

static Line line_arg(sqlite3_value *v)
{
	double n[3];
	geo_numbers_arg(v, OID_LINE, n, 3);
	return (Line){ n[0], n[1], n[2] };
}

#define P(i) geo_point_arg(argv[i])
#define S(i) segment_arg(argv[i])
#define L(i) line_arg(argv[i])
#define B(i) geo_box_arg(argv[i])

#define QUESTION(name, answer)                                                                                                             \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		sqlite3_result_int(ctx, answer);                                                                                           \
	}
#define NUMBER(name, value)                                                                                                                \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		geo_result_number(ctx, value, false);                                                                                      \
	}
/* NULL unless `found`, which sets p. */
#define PLACE(name, found)                                                                                                                 \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		Point p;                                                                                                                   \
		if (found)                                                                                                                 \
			geo_result_point(ctx, p, false);                                                                                   \
	}

/* ---- alone ---- */

static bool is_vertical(Segment s)
{
	return geo_eq(s.p.x, s.q.x);
}

static bool is_horizontal(Segment s)
{
	return geo_eq(s.p.y, s.q.y);
}

QUESTION(lseg_vertical, is_vertical(S(0)))
QUESTION(lseg_horizontal, is_horizontal(S(0)))
QUESTION(line_vertical, geo_eq(L(0).b, 0))
QUESTION(line_horizontal, geo_eq(L(0).a, 0))

/* ---- compared ---- */

static bool same_segment(Segment s, Segment t)
{
	return geo_same_point(s.p, t.p) && geo_same_point(s.q, t.q);
}

static bool are_parallel(Segment s, Segment t)
{
	return geo_eq(segment_slope(s), segment_slope(t));
}

static bool same_line(Line l, Line m)
{
	if (isnan(l.a) || isnan(l.b) || isnan(l.c) || isnan(m.a) || isnan(m.b) || isnan(m.c))
		return float8_compare(l.a, m.a) == 0 && float8_compare(l.b, m.b) == 0 && float8_compare(l.c, m.c) == 0;
	double ratio = !geo_eq(m.a, 0) ? l.a / m.a : !geo_eq(m.b, 0) ? l.b / m.b : !geo_eq(m.c, 0) ? l.c / m.c : 1;
	return geo_eq(l.a, ratio * m.a) && geo_eq(l.b, ratio * m.b) && geo_eq(l.c, ratio * m.c);
}

static bool lines_are_perpendicular(Line l, Line m)
{
	if (geo_eq(l.a, 0))
		return geo_eq(m.b, 0);
	if (geo_eq(m.a, 0))
		return geo_eq(l.b, 0);
	if (geo_eq(l.b, 0))
		return geo_eq(m.a, 0);
	if (geo_eq(m.b, 0))
		return geo_eq(l.a, 0);
	return geo_eq((l.a * m.a) / (l.b * m.b), -1);
}

QUESTION(lseg_ne, !same_segment(S(0), S(1)))
QUESTION(lseg_lt, geo_lt(segment_length(S(0)), segment_length(S(1))))
QUESTION(lseg_le, geo_le(segment_length(S(0)), segment_length(S(1))))
QUESTION(lseg_gt, geo_lt(segment_length(S(1)), segment_length(S(0))))
QUESTION(lseg_ge, geo_le(segment_length(S(1)), segment_length(S(0))))
QUESTION(lseg_parallel, are_parallel(S(0), S(1)))
QUESTION(lseg_perp, geo_eq(segment_slope(S(0)), segment_slope_across(S(1))))
QUESTION(lseg_intersect, segment_meets_segment(S(0), S(1), NULL))
QUESTION(line_eq, same_line(L(0), L(1)))
QUESTION(line_parallel, !line_meets_line(L(0), L(1), NULL))
QUESTION(line_perp, lines_are_perpendicular(L(0), L(1)))
QUESTION(line_intersect, line_meets_line(L(0), L(1), NULL))

static bool line_meets_box(Line l, Box b)
{
	Segment edges[4];
	bool found = false;
	box_edges(b, edges);
	for (int i = 0; i < 4; i++)
		found = found || segment_meets_line(edges[i], l, NULL);
	return found;
}

QUESTION(inter_sl, segment_meets_line(S(0), L(1), NULL))
QUESTION(inter_sb, box_meets_segment(B(1), S(0)))
QUESTION(inter_lb, line_meets_box(L(0), B(1)))
QUESTION(on_ps, segment_has_point(S(1), P(0)))
QUESTION(on_pl, line_has_point(L(1), P(0)))
QUESTION(on_sl, line_has_point(L(1), S(0).p) && line_has_point(L(1), S(0).q))
QUESTION(on_sb, box_has_point(B(1), S(0).p) && box_has_point(B(1), S(0).q))

/* ---- distances ---- */

static double lines_apart(Line l, Line m)
{
	if (line_meets_line(l, m, NULL))
		return 0;
	double ratio = 1;
	if (!geo_eq(l.a, 0) && !isnan(l.a) && !geo_eq(m.a, 0) && !isnan(m.a))
		ratio = l.a / m.a;
	else if (!geo_eq(l.b, 0) && !isnan(l.b) && !geo_eq(m.b, 0) && !isnan(m.b))
		ratio = l.b / m.b;
	return fabs(l.c - ratio * m.c) / geo_hypot(l.a, l.b);
}

NUMBER(line_distance, lines_apart(L(0), L(1)))
NUMBER(lseg_distance, segment_nearest_to_segment(S(0), S(1), NULL))
NUMBER(dist_pl, line_nearest(L(1), P(0), NULL))
NUMBER(dist_lp, line_nearest(L(0), P(1), NULL))
NUMBER(dist_ps, segment_nearest_to_point(S(1), P(0), NULL))
NUMBER(dist_sp, segment_nearest_to_point(S(0), P(1), NULL))
NUMBER(dist_sl, segment_nearest_to_line(S(0), L(1), NULL))
NUMBER(dist_ls, segment_nearest_to_line(S(1), L(0), NULL))
NUMBER(dist_pb, box_nearest_to_point(B(1), P(0), NULL))
NUMBER(dist_bp, box_nearest_to_point(B(0), P(1), NULL))
NUMBER(dist_sb, box_nearest_to_segment(B(1), S(0), NULL))
NUMBER(dist_bs, box_nearest_to_segment(B(0), S(1), NULL))

/* ---- places ---- */

PLACE(line_interpt, line_meets_line(L(0), L(1), &p))
PLACE(lseg_interpt, segment_meets_segment(S(0), S(1), &p))
PLACE(close_pl, !isnan(line_nearest(L(1), P(0), &p)))
PLACE(close_ps, !isnan(segment_nearest_to_point(S(1), P(0), &p)))
PLACE(close_lseg, !are_parallel(S(0), S(1)) && !isnan(segment_nearest_to_segment(S(1), S(0), &p)))
PLACE(close_ls, !geo_eq(segment_slope(S(1)), line_slope(L(0))) && !isnan(segment_nearest_to_line(S(1), L(0), &p)))
PLACE(close_pb, !isnan(box_nearest_to_point(B(1), P(0), &p)))
PLACE(close_sb, !isnan(box_nearest_to_segment(B(1), S(0), &p)))

#define FUNCTION(name, nargs)                                                                                                              \
	{                                                                                                                                  \
#name, nargs, PURE, name                                                                                                   \
	}

const SqliteFn fn_table_geo_segment[] = {
	FUNCTION(lseg_vertical, 1), FUNCTION(lseg_horizontal, 1), FUNCTION(line_vertical, 1), FUNCTION(line_horizontal, 1),
	FUNCTION(lseg_ne, 2),	    FUNCTION(lseg_lt, 2),	  FUNCTION(lseg_le, 2),	      FUNCTION(lseg_gt, 2),
	FUNCTION(lseg_ge, 2),	    FUNCTION(lseg_parallel, 2),	  FUNCTION(lseg_perp, 2),     FUNCTION(lseg_intersect, 2),
	FUNCTION(line_eq, 2),	    FUNCTION(line_parallel, 2),	  FUNCTION(line_perp, 2),     FUNCTION(line_intersect, 2),
	FUNCTION(inter_sl, 2),	    FUNCTION(inter_sb, 2),	  FUNCTION(inter_lb, 2),      FUNCTION(on_ps, 2),
	FUNCTION(on_pl, 2),	    FUNCTION(on_sl, 2),		  FUNCTION(on_sb, 2),	      FUNCTION(line_distance, 2),
	FUNCTION(lseg_distance, 2), FUNCTION(dist_pl, 2),	  FUNCTION(dist_lp, 2),	      FUNCTION(dist_ps, 2),
	FUNCTION(dist_sp, 2),	    FUNCTION(dist_sl, 2),	  FUNCTION(dist_ls, 2),	      FUNCTION(dist_pb, 2),
	FUNCTION(dist_bp, 2),	    FUNCTION(dist_sb, 2),	  FUNCTION(dist_bs, 2),	      FUNCTION(line_interpt, 2),
	FUNCTION(lseg_interpt, 2),  FUNCTION(close_pl, 2),	  FUNCTION(close_ps, 2),      FUNCTION(close_lseg, 2),
	FUNCTION(close_ls, 2),	    FUNCTION(close_pb, 2),	  FUNCTION(close_sb, 2),      { NULL },
};
