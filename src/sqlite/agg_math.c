/* sum, avg and the aggregates over bool. Sums of whole numbers are kept in 128 bits, others in numeric. */
#include "sqlite/fn.h"
#include "sqlite/totals.h"

#include "pgtype/floats.h"

static void int_add(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	IntTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (t)
		int_total_add(t, sqlite3_value_int64(argv[0]), sign);
}

static void int_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int_add(ctx, argv, 1);
}

static void int_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int_add(ctx, argv, -1);
}

/* What the functions of totals.h have given. */
static void give(sqlite3_context *ctx, int rc, const Val *v, Arena *a)
{
	if (rc != 0)
		fn_fail(ctx);
	else
		fn_result(ctx, v);
	arena_free(a);
}

static void int_int8(sqlite3_context *ctx)
{
	const IntTotal *t = sqlite3_aggregate_context(ctx, 0);
	Val v;
	if (t)
		give(ctx, int_total_whole(t, "bigint", &v, &fn_env(ctx)->error), &v, NULL);
}

static void int_money(sqlite3_context *ctx)
{
	const IntTotal *t = sqlite3_aggregate_context(ctx, 0);
	Val v;
	if (t)
		give(ctx, int_total_whole(t, "money", &v, &fn_env(ctx)->error), &v, NULL);
}

static void int_numeric(sqlite3_context *ctx)
{
	const IntTotal *t = sqlite3_aggregate_context(ctx, 0);
	Arena *a = t ? arena_new() : NULL;
	Val v;
	if (t)
		give(ctx, int_total_numeric(t, a, &v), &v, a);
}

static void int_average(sqlite3_context *ctx)
{
	const IntTotal *t = sqlite3_aggregate_context(ctx, 0);
	Arena *a = t ? arena_new() : NULL;
	Val v;
	if (t)
		give(ctx, int_total_average(t, a, &v, &fn_env(ctx)->error), &v, a);
}

static void num_add(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	NumTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (t && num_total_add(t, fn_arg_str(argv[0]), sign, &fn_env(ctx)->error) != 0)
		fn_fail(ctx);
}

static void num_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	num_add(ctx, argv, 1);
}

static void num_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	num_add(ctx, argv, -1);
}

static void num_show(sqlite3_context *ctx, int (*result)(const NumTotal *t, Arena *a, Val *out, Error *err))
{
	const NumTotal *t = sqlite3_aggregate_context(ctx, 0);
	Arena *a = t ? arena_new() : NULL;
	Val v;
	if (t)
		give(ctx, result(t, a, &v, &fn_env(ctx)->error), &v, a);
}

static void num_free(sqlite3_context *ctx)
{
	NumTotal *t = sqlite3_aggregate_context(ctx, 0);
	if (t)
		num_total_clear(t);
}

static void num_sum_value(sqlite3_context *ctx)
{
	num_show(ctx, num_total_sum);
}

static void num_sum_final(sqlite3_context *ctx)
{
	num_show(ctx, num_total_sum);
	num_free(ctx);
}

static void num_avg_value(sqlite3_context *ctx)
{
	num_show(ctx, num_total_average);
}

static void num_avg_final(sqlite3_context *ctx)
{
	num_show(ctx, num_total_average);
	num_free(ctx);
}

static void float_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FloatTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	Val v = fn_arg(argv[0]);
	if (t && float_total_add(t, float8_of(&v), &fn_env(ctx)->error) != 0)
		fn_fail(ctx);
}

static void float4_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FloatTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	Val v = fn_arg(argv[0]);
	if (t && float_total_add4(t, (float)float8_of(&v), &fn_env(ctx)->error) != 0)
		fn_fail(ctx);
}

static void float_sum(sqlite3_context *ctx)
{
	const FloatTotal *t = sqlite3_aggregate_context(ctx, 0);
	Val v = t ? float_total_sum(t) : val_null();
	fn_result(ctx, &v);
}

static void float_avg(sqlite3_context *ctx)
{
	const FloatTotal *t = sqlite3_aggregate_context(ctx, 0);
	Val v = t ? float_total_average(t) : val_null();
	fn_result(ctx, &v);
}

/* Taking a value away from a rounded sum would leave another sum than PostgreSQL's. */
static void float_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_raise(ctx, "0A000",
		 "sum and avg of floating point values over a window frame whose start moves are not available in SQLite mode");
}

typedef struct BoolTotal {
	int64_t trues, falses;
} BoolTotal;

static void bool_add(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	BoolTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (t && sqlite3_value_int(argv[0]))
		t->trues += sign;
	else if (t)
		t->falses += sign;
}

static void bool_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	bool_add(ctx, argv, 1);
}

static void bool_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	bool_add(ctx, argv, -1);
}

static void bool_all(sqlite3_context *ctx)
{
	const BoolTotal *t = sqlite3_aggregate_context(ctx, 0);
	if (t && t->trues + t->falses)
		sqlite3_result_int(ctx, t->falses == 0);
}

static void bool_any(sqlite3_context *ctx)
{
	const BoolTotal *t = sqlite3_aggregate_context(ctx, 0);
	if (t && t->trues + t->falses)
		sqlite3_result_int(ctx, t->trues > 0);
}

const SqliteAgg agg_table_math[] = {
	{ "sum.int2", 1, FN_STRICT, int_step, int_int8, int_int8, int_inverse },
	{ "sum.int4", 1, FN_STRICT, int_step, int_int8, int_int8, int_inverse },
	{ "sum.int8", 1, FN_STRICT, int_step, int_numeric, int_numeric, int_inverse },
	{ "sum.money", 1, FN_STRICT, int_step, int_money, int_money, int_inverse },
	{ "sum.numeric", 1, FN_STRICT, num_step, num_sum_final, num_sum_value, num_inverse },
	{ "sum.float4", 1, FN_STRICT, float4_step, float_sum, float_sum, float_inverse },
	{ "sum.float8", 1, FN_STRICT, float_step, float_sum, float_sum, float_inverse },
	{ "avg.int2", 1, FN_STRICT, int_step, int_average, int_average, int_inverse },
	{ "avg.int4", 1, FN_STRICT, int_step, int_average, int_average, int_inverse },
	{ "avg.int8", 1, FN_STRICT, int_step, int_average, int_average, int_inverse },
	{ "avg.numeric", 1, FN_STRICT, num_step, num_avg_final, num_avg_value, num_inverse },
	{ "avg.float4", 1, FN_STRICT, float_step, float_avg, float_avg, float_inverse },
	{ "avg.float8", 1, FN_STRICT, float_step, float_avg, float_avg, float_inverse },
	{ "bool_and.bool", 1, FN_STRICT, bool_step, bool_all, bool_all, bool_inverse },
	{ "every.bool", 1, FN_STRICT, bool_step, bool_all, bool_all, bool_inverse },
	{ "bool_or.bool", 1, FN_STRICT, bool_step, bool_any, bool_any, bool_inverse },
	{ NULL },
};
