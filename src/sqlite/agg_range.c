/* range_agg, range_intersect_agg, and unnest of a multirange. */
#include "sqlite/fn_range.h"
#include "sqlite/vtab_set.h"

/* What was met so far, in its own arena, which is replaced when it has grown to several times of what it holds. */
typedef struct Gathered {
	Arena *a;
	const RangeType *k;
	bool multi;
	PgRanges all;
} Gathered;

static Val keep_val(Val v, Arena *a)
{
	if (v.kind == VAL_TEXT)
		v.s.p = arena_strndup(a, v.s.p, v.s.n);
	return v;
}

static void gather(sqlite3_context *ctx, sqlite3_value **argv, RangesRule *how)
{
	Gathered *g = sqlite3_aggregate_context(ctx, sizeof *g);
	PgRanges x, r;
	_cleanup_(arena_freep) Arena *scratch = arena_new();
	uint32_t type = (uint32_t)sqlite3_value_int64(argv[0]);
	if (!g || fn_ranges_arg(ctx, type, argv[1], scratch, &x))
		return;
	bool first = !g->k;
	g->k = fn_range_type(ctx, type);
	g->multi = type == g->k->multirange;
	if (first)
		r = x;
	else
		how(g->k, &g->all, &x, scratch, &r);
	Arena *a = arena_new();
	g->all = (PgRanges){ .items = arena_array(a, PgRange, r.n + 1), .n = r.n };
	for (size_t i = 0; i < r.n; i++) {
		g->all.items[i] = r.items[i];
		g->all.items[i].lo.v = keep_val(r.items[i].lo.v, a);
		g->all.items[i].hi.v = keep_val(r.items[i].hi.v, a);
	}
	arena_freep(&g->a);
	g->a = a;
}

static void agg_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	gather(ctx, argv, ranges_union);
}

static void intersect_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	gather(ctx, argv, ranges_intersect);
}

static void show(sqlite3_context *ctx, bool always_multi)
{
	const Gathered *g = sqlite3_aggregate_context(ctx, 0);
	if (g && g->k)
		fn_ranges_result(ctx, g->k, always_multi || g->multi, &g->all);
}

static void agg_value(sqlite3_context *ctx)
{
	show(ctx, true);
}

static void intersect_value(sqlite3_context *ctx)
{
	show(ctx, false);
}

static void gathered_free(sqlite3_context *ctx)
{
	Gathered *g = sqlite3_aggregate_context(ctx, 0);
	if (g)
		arena_freep(&g->a);
}

static void agg_final(sqlite3_context *ctx)
{
	agg_value(ctx);
	gathered_free(ctx);
}

static void intersect_final(sqlite3_context *ctx)
{
	intersect_value(ctx);
	gathered_free(ctx);
}

/* What the lost row alone brought is not known. */
static void no_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_raise(ctx, "0A000", "aggregates of ranges over a window frame whose start moves are not available in SQLite mode");
}

const SqliteAgg agg_table_range[] = {
	{ "range_agg.anyrange", 1, FN_TYPED | FN_STRICT, agg_step, agg_final, agg_value, no_inverse },
	{ "range_agg.anymultirange", 1, FN_TYPED | FN_STRICT, agg_step, agg_final, agg_value, no_inverse },
	{ "range_intersect_agg.anyrange", 1, FN_TYPED | FN_STRICT, intersect_step, intersect_final, intersect_value, no_inverse },
	{ "range_intersect_agg.anymultirange", 1, FN_TYPED | FN_STRICT, intersect_step, intersect_final, intersect_value, no_inverse },
	{ NULL },
};
_Static_assert(sizeof(Gathered) <= AGG_STATE_MAX, "the state fits into an ordered aggregate");

/* ---- pg_unnest_multirange(range type, multirange) ---- */

typedef struct Unnest {
	const RangeType *k;
	PgRanges x;
	size_t at;
} Unnest;

static int unnest_start(SetCall *c)
{
	Unnest *u = arena_new_of(c->a, Unnest);
	c->state = u;
	u->k = range_type_of(c->env->type_lookup(c->env->catalog, (uint32_t)set_arg_int(c, 0)));
	if (!u->k)
		return err_set(&c->env->error, "XX000", "type %u is not a range type", (uint32_t)set_arg_int(c, 0));
	return range_parse(u->k, true, set_arg_text(c, 1), &type_env_stored, c->a, &u->x, &c->env->error);
}

static int unnest_next(SetCall *c)
{
	Unnest *u = c->state;
	if (u->at >= u->x.n)
		return 0;
	PgRanges one = { .items = &u->x.items[u->at++], .n = 1 };
	Buf b = { 0 };
	int rc = range_print(u->k, false, &one, &type_env_stored, &b, &c->env->error);
	c->value = val_text((Str){ arena_strndup(c->a, b.len ? (const char *)b.data : "", b.len), b.len });
	buf_free(&b);
	return rc ? -1 : 1;
}

const SetFn set_fns_range[] = {
	{ "pg_unnest_multirange", 2, 2, unnest_start, unnest_next, NULL },
	{ NULL },
};
