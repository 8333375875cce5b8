/* Functions and operators of tsquery, searching and ranking. */
#include "sqlite/fn_ts.h"

#include "pgtype/array.h"
#include "pgtype/ts_match.h"

enum { OID_FLOAT4 = 700 };

bool ts_arg_query(sqlite3_context *ctx, sqlite3_value *v, Arena *a, TsNode **out)
{
	if (ts_query_parse(fn_arg_str(v), a, out, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

void ts_result_query(sqlite3_context *ctx, const TsNode *q)
{
	_cleanup_(buf_free) Buf b = { 0 };
	ts_query_print(q, &b);
	ts_result_buf(ctx, &b);
}

static void combine(sqlite3_context *ctx, sqlite3_value **argv, TsqKind kind, int64_t distance)
{
	TS_ARENA(a);
	TsNode *x, *y;
	if (ts_check_distance(distance, &fn_env(ctx)->error) < 0)
		fn_fail(ctx);
	else if (ts_arg_query(ctx, argv[0], a, &x) && ts_arg_query(ctx, argv[1], a, &y))
		ts_result_query(ctx, ts_join(kind, (int)distance, x, y, a));
}
TS_FN(fn_and)
{
	combine(ctx, argv, TSQ_AND, 0);
}
TS_FN(fn_or)
{
	combine(ctx, argv, TSQ_OR, 0);
}
TS_FN(fn_phrase)
{
	combine(ctx, argv, TSQ_PHRASE, 1);
}
TS_FN(fn_phrase_distance)
{
	combine(ctx, argv, TSQ_PHRASE, sqlite3_value_int64(argv[2]));
}
TS_FN(fn_not)
{
	TS_ARENA(a);
	TsNode *q;
	if (ts_arg_query(ctx, argv[0], a, &q))
		ts_result_query(ctx, q ? ts_node(TSQ_NOT, NULL, q, a) : NULL);
}

TS_FN(fn_numnode)
{
	TS_ARENA(a);
	TsNode *q;
	if (ts_arg_query(ctx, argv[0], a, &q))
		sqlite3_result_int64(ctx, (int64_t)ts_query_nodes(q));
}

TS_FN(fn_querytree)
{
	TS_ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	TsNode *q;
	if (!ts_arg_query(ctx, argv[0], a, &q))
		return;
	ts_query_tree(q, a, &b);
	ts_result_buf(ctx, &b);
}

static bool compare(sqlite3_context *ctx, sqlite3_value **argv, int *c)
{
	TS_ARENA(a);
	TsNode *x, *y;
	if (!ts_arg_query(ctx, argv[0], a, &x) || !ts_arg_query(ctx, argv[1], a, &y))
		return false;
	*c = ts_query_compare(x, y);
	return true;
}
FN_COMPARISONS(compare)

/* Whether every word of y is one of x, whatever the operators are. */
static void contains(sqlite3_context *ctx, sqlite3_value *vx, sqlite3_value *vy)
{
	TS_ARENA(a);
	TsNode *x, *y;
	if (!ts_arg_query(ctx, vx, a, &x) || !ts_arg_query(ctx, vy, a, &y))
		return;
	const TsNode **wx = arena_array(a, const TsNode *, ts_query_nodes(x) + 1),
		     **wy = arena_array(a, const TsNode *, ts_query_nodes(y) + 1);
	size_t nx = x ? ts_values(x, wx) : 0, ny = y ? ts_values(y, wy) : 0;
	bool all = true;
	for (size_t i = 0; i < ny && all; i++) {
		bool found = false;
		for (size_t k = 0; k < nx && !found; k++)
			found = str_eq(wx[k]->s, wy[i]->s);
		all = found;
	}
	sqlite3_result_int(ctx, all);
}
TS_FN(fn_contains)
{
	contains(ctx, argv[0], argv[1]);
}
TS_FN(fn_contained)
{
	contains(ctx, argv[1], argv[0]);
}

/* ---- searching ---- */

static void match(sqlite3_context *ctx, sqlite3_value *vector, sqlite3_value *query)
{
	TS_ARENA(a);
	TsVector v;
	TsNode *q;
	if (ts_arg_vector(ctx, vector, a, &v) && ts_arg_query(ctx, query, a, &q))
		sqlite3_result_int(ctx, ts_match(&v, q, a));
}
TS_FN(fn_match_vq)
{
	match(ctx, argv[0], argv[1]);
}
TS_FN(fn_match_qv)
{
	match(ctx, argv[1], argv[0]);
}

static bool vector_of(sqlite3_context *ctx, Str text, const TsConfig *c, Arena *a, TsVector *out)
{
	TsMaker m;
	ts_maker_init(&m, c, a);
	ts_maker_text(&m, text);
	int rc = ts_maker_vector(&m, out, &fn_env(ctx)->error);
	ts_maker_clear(&m);
	if (rc < 0)
		fn_fail(ctx);
	return rc == 0;
}

/* text @@ tsquery, and text @@ text, which is taken as plainto_tsquery. */
TS_FN(fn_match_tq)
{
	TS_ARENA(a);
	TsConfig c;
	TsVector v;
	TsNode *q;
	if (ts_arg_config(ctx, NULL, &c) && vector_of(ctx, fn_arg_str(argv[0]), &c, a, &v) && ts_arg_query(ctx, argv[1], a, &q))
		sqlite3_result_int(ctx, ts_match(&v, q, a));
}
TS_FN(fn_match_tt)
{
	TS_ARENA(a);
	TsConfig c;
	TsVector v;
	TsNode *q;
	if (!ts_arg_config(ctx, NULL, &c) || !vector_of(ctx, fn_arg_str(argv[0]), &c, a, &v))
		return;
	if (ts_make_query(&c, TS_PLAIN, fn_arg_str(argv[1]), a, &q, &fn_env(ctx)->error) < 0)
		fn_fail(ctx);
	else
		sqlite3_result_int(ctx, ts_match(&v, q, a));
}

/* ---- ranking ---- */

static bool read_weights(sqlite3_context *ctx, sqlite3_value *v, float *out)
{
	static const float defaults[] = { 0.1f, 0.2f, 0.4f, 1.0f };
	TS_ARENA(a);
	PgArray x;
	if (array_read(pgtype_builtin(OID_FLOAT4), fn_arg_str(v), a, &x, &fn_env(ctx)->error) < 0) {
		fn_fail(ctx);
		return false;
	}
	if (x.ndim > 1) {
		fn_raise(ctx, "2202E", "array of weight must be one-dimensional");
		return false;
	}
	if (x.n < 4) {
		fn_raise(ctx, "2202E", "array of weight is too short");
		return false;
	}
	for (size_t i = 0; i < x.n; i++) {
		if (x.items[i].kind == VAL_NULL) {
			fn_raise(ctx, "22004", "array of weight must not contain nulls");
			return false;
		}
	}
	for (int i = 0; i < 4; i++) {
		double w = x.items[i].kind == VAL_INT ? (double)x.items[i].i : x.items[i].kind == VAL_REAL ? x.items[i].r : 0;
		out[i] = w >= 0 ? (float)w : defaults[i];
		if (out[i] > 1.0f) {
			fn_raise(ctx, "22023", "weight out of range");
			return false;
		}
	}
	return true;
}

static void rank(sqlite3_context *ctx, sqlite3_value *weights, sqlite3_value **argv, sqlite3_value *method, bool covers)
{
	TS_ARENA(a);
	float w[4];
	TsVector v;
	TsNode *q;
	if ((weights && !read_weights(ctx, weights, w)) || !ts_arg_vector(ctx, argv[0], a, &v) || !ts_arg_query(ctx, argv[1], a, &q))
		return;
	int m = method ? sqlite3_value_int(method) : 0;
	float r = covers ? ts_rank_cd(weights ? w : NULL, &v, q, m, a) : ts_rank(weights ? w : NULL, &v, q, m, a);
	sqlite3_result_double(ctx, (double)r);
}
#define RANK(name, covers)                                                                                                                 \
	TS_FN(name##_tt)                                                                                                                   \
	{                                                                                                                                  \
		rank(ctx, NULL, argv, NULL, covers);                                                                                       \
	}                                                                                                                                  \
	TS_FN(name##_ttf)                                                                                                                  \
	{                                                                                                                                  \
		rank(ctx, NULL, argv, argv[2], covers);                                                                                    \
	}                                                                                                                                  \
	TS_FN(name##_wtt)                                                                                                                  \
	{                                                                                                                                  \
		rank(ctx, argv[0], argv + 1, NULL, covers);                                                                                \
	}                                                                                                                                  \
	TS_FN(name##_wttf)                                                                                                                 \
	{                                                                                                                                  \
		rank(ctx, argv[0], argv + 1, argv[3], covers);                                                                             \
	}
RANK(fn_rank, false)
RANK(fn_rankcd, true)

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_ts_query[] = {
	{ "tsquery_and", 2, PURE, fn_and },
	{ "tsquery_or", 2, PURE, fn_or },
	{ "tsquery_not", 1, PURE, fn_not },
	{ "tsquery_phrase", 2, PURE, fn_phrase },
	{ "tsquery_phrase_distance", 3, PURE, fn_phrase_distance },
	{ "tsquery_numnode", 1, PURE, fn_numnode },
	{ "tsquerytree", 1, PURE, fn_querytree },
	{ "tsquery_eq", 2, PURE, fn_eq },
	{ "tsquery_ne", 2, PURE, fn_ne },
	{ "tsquery_lt", 2, PURE, fn_lt },
	{ "tsquery_le", 2, PURE, fn_le },
	{ "tsquery_gt", 2, PURE, fn_gt },
	{ "tsquery_ge", 2, PURE, fn_ge },
	{ "tsquery_cmp", 2, PURE, fn_cmp },
	{ "tsq_mcontains", 2, PURE, fn_contains },
	{ "tsq_mcontained", 2, PURE, fn_contained },
	{ "ts_match_vq", 2, PURE, fn_match_vq },
	{ "ts_match_qv", 2, PURE, fn_match_qv },
	{ "ts_match_tq", 2, FN_STRICT, fn_match_tq },
	{ "ts_match_tt", 2, FN_STRICT, fn_match_tt },
	{ "ts_rank_tt", 2, PURE, fn_rank_tt },
	{ "ts_rank_ttf", 3, PURE, fn_rank_ttf },
	{ "ts_rank_wtt", 3, PURE, fn_rank_wtt },
	{ "ts_rank_wttf", 4, PURE, fn_rank_wttf },
	{ "ts_rankcd_tt", 2, PURE, fn_rankcd_tt },
	{ "ts_rankcd_ttf", 3, PURE, fn_rankcd_ttf },
	{ "ts_rankcd_wtt", 3, PURE, fn_rankcd_wtt },
	{ "ts_rankcd_wttf", 4, PURE, fn_rankcd_wttf },
	{ 0 },
};
