/* sum and avg of intervals. */
#include "sqlite/fn_datetime.h"

typedef struct Total {
	int64_t n;
	Interval sum;
} Total;

static void add(sqlite3_context *ctx, sqlite3_value **argv, bool minus)
{
	Interval iv;
	Total *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (!t || !dt_arg_interval(ctx, argv[0], &iv) || (minus && !dt_ok(ctx, interval_negate(&iv, &iv, dt_err(ctx)))))
		return;
	if (dt_ok(ctx, interval_add(&t->sum, &iv, &t->sum, dt_err(ctx))))
		t->n += minus ? -1 : 1;
}

static void step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	add(ctx, argv, false);
}

static void inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	add(ctx, argv, true);
}

static void sum(sqlite3_context *ctx)
{
	const Total *t = sqlite3_aggregate_context(ctx, 0);
	if (t && t->n)
		dt_result_interval(ctx, &t->sum);
}

static void average(sqlite3_context *ctx)
{
	const Total *t = sqlite3_aggregate_context(ctx, 0);
	Interval r;
	if (t && t->n && dt_ok(ctx, interval_divide(&t->sum, (double)t->n, &r, dt_err(ctx))))
		dt_result_interval(ctx, &r);
}

const SqliteAgg agg_table_datetime[] = {
	{ "sum.interval", 1, FN_STRICT, step, sum, sum, inverse },
	{ "avg.interval", 1, FN_STRICT, step, average, average, inverse },
	{ 0 },
};
