/*
 * Aggregates with WITHIN GROUP. percentile_cont, percentile_disc and mode get their rows sorted, from pg_agg_ordered; their arguments are
 * the direct ones and the value. The hypothetical-set ones get for each row how it compares with the hypothetical one:
 *
 *   pg_key_compare(nkeys, type, flags, ..., keys, values)    -1, 0 or 1; flags as in pg_agg_ordered
 */
#include "sqlite/fn_array.h"
#include "sqlite/fn_datetime.h"
#include "sqlite/fn_float.h"
#include "sqlite/sort_key.h"

#include <math.h>

typedef struct Values {
	sqlite3_value *fraction; /* of the first row */
	uint32_t fraction_type, type;
	sqlite3_value **items;
	size_t n, cap;
} Values;

static void keep(sqlite3_context *ctx, sqlite3_value *type, sqlite3_value *v)
{
	Values *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (!s)
		return;
	s->type = (uint32_t)sqlite3_value_int64(type);
	s->items = mem_grow(s->items, &s->cap, s->n + 1, sizeof(sqlite3_value *));
	s->items[s->n++] = sqlite3_value_dup(v);
}

/* (type of the fraction, type of the value, fraction, value) */
static void percentile_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Values *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (!s)
		return;
	if (!s->fraction) {
		s->fraction = sqlite3_value_dup(argv[2]);
		s->fraction_type = (uint32_t)sqlite3_value_int64(argv[0]);
	}
	keep(ctx, argv[1], argv[3]);
}

static void mode_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	keep(ctx, argv[0], argv[1]);
}

static void values_free(Values *s)
{
	for (size_t i = 0; i < s->n; i++)
		sqlite3_value_free(s->items[i]);
	free(s->items);
	sqlite3_value_free(s->fraction);
	*s = (Values){ 0 };
}

static bool check_fraction(sqlite3_context *ctx, double p)
{
	if (p >= 0 && p <= 1)
		return true;
	fn_raise(ctx, "22003", "percentile value %g is not between 0 and 1", p);
	return false;
}

static Val disc(sqlite3_context *ctx, const Values *s, double p, Arena *a)
{
	double row = ceil(p * (double)s->n);
	return fn_arg(s->items[row < 1 ? 0 : (size_t)row - 1]);
}

static Val cont_float(sqlite3_context *ctx, const Values *s, double p, Arena *a)
{
	double at = p * (double)(s->n - 1), first = floor(at);
	double lo = fn_float_arg(s->items[(size_t)first]), hi = fn_float_arg(s->items[(size_t)ceil(at)]);
	double r = first == ceil(at) ? lo : lo + (at - first) * (hi - lo);
	return isnan(r) ? val_text(str_of("NaN")) : val_real(r);
}

static Val cont_interval(sqlite3_context *ctx, const Values *s, double p, Arena *a)
{
	double at = p * (double)(s->n - 1), first = floor(at);
	Interval lo, hi, diff;
	char buf[DT_BUF];
	if (!dt_arg_interval(ctx, s->items[(size_t)first], &lo) || !dt_arg_interval(ctx, s->items[(size_t)ceil(at)], &hi))
		return val_null();
	if (first != ceil(at) &&
	    (!dt_ok(ctx, interval_negate(&lo, &diff, dt_err(ctx))) || !dt_ok(ctx, interval_add(&hi, &diff, &diff, dt_err(ctx))) ||
	     !dt_ok(ctx, interval_multiply(&diff, at - first, &diff, dt_err(ctx))) ||
	     !dt_ok(ctx, interval_add(&lo, &diff, &lo, dt_err(ctx)))))
		return val_null();
	size_t n = interval_to_stored(&lo, buf);
	return val_text((Str){ arena_strndup(a, buf, n), n });
}

typedef Val (*Percentile)(sqlite3_context *ctx, const Values *s, double p, Arena *a);

/* One result for each fraction of an array, in its shape. */
static void percentile_array(sqlite3_context *ctx, const Values *s, Percentile fn, Arena *a)
{
	PgArray x;
	const PgType *float8 = fn_type(ctx, 701), *elem = fn_type(ctx, s->type);
	if (!elem || fn_array_read(float8, fn_arg_str(s->fraction), a, &x, &fn_env(ctx)->error)) {
		fn_fail(ctx);
		return;
	}
	for (size_t i = 0; i < x.n; i++) {
		const Val *p = &x.items[i];
		if (p->kind == VAL_NULL)
			continue;
		double d = p->kind == VAL_REAL ? p->r : p->kind == VAL_INT ? (double)p->i : NAN;
		if (!check_fraction(ctx, d))
			return;
		x.items[i] = fn(ctx, s, d, a);
	}
	x.elem = elem;
	fn_array_result(ctx, &x, a);
}

static void percentile_final(sqlite3_context *ctx, Percentile fn)
{
	Values *s = sqlite3_aggregate_context(ctx, 0);
	if (!s || !s->n)
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	if (s->fraction_type != 701) {
		percentile_array(ctx, s, fn, a);
	} else if (check_fraction(ctx, fn_float_arg(s->fraction))) {
		Val v = fn(ctx, s, fn_float_arg(s->fraction), a);
		fn_result(ctx, &v);
	}
	if (fn_env(ctx)->error.sqlstate[0])
		fn_fail(ctx);
	values_free(s);
}

static void disc_final(sqlite3_context *ctx)
{
	percentile_final(ctx, disc);
}

static void cont_float_final(sqlite3_context *ctx)
{
	percentile_final(ctx, cont_float);
}

static void cont_interval_final(sqlite3_context *ctx)
{
	percentile_final(ctx, cont_interval);
}

/* The first of the longest runs of equal values. */
static void mode_final(sqlite3_context *ctx)
{
	Values *s = sqlite3_aggregate_context(ctx, 0);
	if (!s || !s->n)
		return;
	SortKey key = { fn_type(ctx, s->type), 0 };
	size_t best = 0, longest = 0, start = 0;
	for (size_t i = 1; key.type && i <= s->n; i++) {
		if (i < s->n && sort_key_compare(&key, s->items[i - 1], s->items[i]) == 0)
			continue;
		if (i - start > longest) {
			longest = i - start;
			best = start;
		}
		start = i;
	}
	sqlite3_result_value(ctx, s->items[best]);
	values_free(s);
}

static void key_compare(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int n = sqlite3_value_int(argv[0]), c = 0;
	if (n < 1 || argc != 1 + 4 * n) {
		fn_raise(ctx, "XX000", "malformed call of pg_key_compare");
		return;
	}
	for (int i = 0; i < n && c == 0; i++) {
		SortKey key = { fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[1 + 2 * i])),
				(unsigned)sqlite3_value_int(argv[2 + 2 * i]) };
		if (key.type)
			c = sort_key_compare(&key, argv[1 + 2 * n + i], argv[1 + 3 * n + i]);
	}
	sqlite3_result_int(ctx, (c > 0) - (c < 0));
}

typedef struct Standing {
	int64_t before, equal, n;
} Standing;

static void standing_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Standing *s = sqlite3_aggregate_context(ctx, sizeof *s);
	int c = sqlite3_value_int(argv[0]);
	if (!s)
		return;
	s->before += c < 0;
	s->equal += c == 0;
	s->n++;
}

static Standing standing_of(sqlite3_context *ctx)
{
	const Standing *s = sqlite3_aggregate_context(ctx, 0);
	return s ? *s : (Standing){ 0 };
}

static void rank_final(sqlite3_context *ctx)
{
	sqlite3_result_int64(ctx, standing_of(ctx).before + 1);
}

static void percent_rank_final(sqlite3_context *ctx)
{
	Standing s = standing_of(ctx);
	fn_float_result(ctx, s.n ? (double)s.before / (double)s.n : 0);
}

static void cume_dist_final(sqlite3_context *ctx)
{
	Standing s = standing_of(ctx);
	fn_float_result(ctx, (double)(s.before + s.equal + 1) / (double)(s.n + 1));
}

const SqliteFn fn_table_within[] = {
	{ "key_compare", -1, 0, key_compare },
	{ NULL },
};

const SqliteAgg agg_table_within[] = {
	{ "percentile_disc.float8,anyelement", 2, FN_TYPED | FN_STRICT, percentile_step, disc_final, NULL, NULL },
	{ "percentile_disc._float8,anyelement", 2, FN_TYPED | FN_STRICT, percentile_step, disc_final, NULL, NULL },
	{ "percentile_cont.float8,float8", 2, FN_TYPED | FN_STRICT, percentile_step, cont_float_final, NULL, NULL },
	{ "percentile_cont._float8,float8", 2, FN_TYPED | FN_STRICT, percentile_step, cont_float_final, NULL, NULL },
	{ "percentile_cont.float8,interval", 2, FN_TYPED | FN_STRICT, percentile_step, cont_interval_final, NULL, NULL },
	{ "percentile_cont._float8,interval", 2, FN_TYPED | FN_STRICT, percentile_step, cont_interval_final, NULL, NULL },
	{ "mode.anyelement", 1, FN_TYPED | FN_STRICT, mode_step, mode_final, NULL, NULL },
	{ "hypothetical.rank", 1, 0, standing_step, rank_final, NULL, NULL },
	{ "hypothetical.dense_rank", 1, 0, standing_step, rank_final, NULL, NULL },
	{ "hypothetical.percent_rank", 1, 0, standing_step, percent_rank_final, NULL, NULL },
	{ "hypothetical.cume_dist", 1, 0, standing_step, cume_dist_final, NULL, NULL },
	{ NULL },
};
_Static_assert(sizeof(Values) <= AGG_STATE_MAX, "the state fits into an ordered aggregate");
