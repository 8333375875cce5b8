/* sum, avg and the aggregates over bool. Sums of whole numbers are kept in 128 bits, others in numeric. */
#include "sqlite/fn.h"
#include "sqlite/fn_numeric_math.h"

#include "pgtype/floats.h"
#include "pgtype/numeric.h"

#include <math.h>

/* SQLite aligns the state to eight bytes, less than __int128 asks for by itself. */
typedef struct __attribute__((packed, aligned(8))) Total {
	int64_t n;
	__int128 sum;
} Total;

static void total_add(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	Total *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (!t)
		return;
	t->n += sign;
	t->sum += (__int128)sqlite3_value_int64(argv[0]) * sign;
}

static void total_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	total_add(ctx, argv, 1);
}

static void total_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	total_add(ctx, argv, -1);
}

static void set_i128(__int128 v, Numeric *r)
{
	unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
	r->kind = NUM_FINITE;
	r->scale = 0;
	mpz_set_ui(r->coef, (unsigned long)(u >> 64));
	mpz_mul_2exp(r->coef, r->coef, 64);
	mpz_add_ui(r->coef, r->coef, (unsigned long)u);
	if (v < 0)
		mpz_neg(r->coef, r->coef);
}

static void total_whole(sqlite3_context *ctx, const char *type)
{
	const Total *t = sqlite3_aggregate_context(ctx, 0);
	if (!t || t->n == 0)
		return;
	if (t->sum > INT64_MAX || t->sum < INT64_MIN)
		fn_raise(ctx, "22003", "%s out of range", type);
	else
		sqlite3_result_int64(ctx, (int64_t)t->sum);
}

static void total_int8(sqlite3_context *ctx)
{
	total_whole(ctx, "bigint");
}

static void total_money(sqlite3_context *ctx)
{
	total_whole(ctx, "money");
}

static void total_numeric(sqlite3_context *ctx)
{
	const Total *t = sqlite3_aggregate_context(ctx, 0);
	if (!t || t->n == 0)
		return;
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	set_i128(t->sum, &n);
	fn_numeric_result(ctx, &n);
}

static void average(sqlite3_context *ctx, const Numeric *sum, int64_t count)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	_cleanup_(numeric_clear) Numeric r;
	numeric_init(&r);
	numeric_from_int8(count, &n);
	if (numeric_div(sum, &n, &r, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		fn_numeric_result(ctx, &r);
}

static void total_average(sqlite3_context *ctx)
{
	const Total *t = sqlite3_aggregate_context(ctx, 0);
	if (!t || t->n == 0)
		return;
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	set_i128(t->sum, &n);
	average(ctx, &n, t->n);
}

/* Sum of numerics. Special values are counted, so that a window can lose them again. */
typedef struct NumTotal {
	int64_t n, nans, pinfs, ninfs;
	Numeric *sum;
	int64_t *scales; /* how many values have each scale: the sum shows the largest */
	int nscales;
} NumTotal;

static void count_scale(NumTotal *t, int scale, int sign)
{
	if (scale >= t->nscales) {
		t->scales = mem_realloc(t->scales, sizeof *t->scales * (size_t)(scale + 1));
		while (t->nscales <= scale)
			t->scales[t->nscales++] = 0;
	}
	t->scales[scale] += sign;
}

static void num_add(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	NumTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (!t)
		return;
	if (!t->sum) {
		t->sum = mem_alloc(sizeof *t->sum);
		numeric_init(t->sum);
	}
	_cleanup_(numeric_clear) Numeric x;
	numeric_init(&x);
	numeric_read(fn_arg_str(argv[0]), &x);
	t->n += sign;
	t->nans += x.kind == NUM_NAN ? sign : 0;
	t->pinfs += x.kind == NUM_PINF ? sign : 0;
	t->ninfs += x.kind == NUM_NINF ? sign : 0;
	if (x.kind != NUM_FINITE)
		return;
	count_scale(t, x.scale, sign);
	if (sign > 0 ? numeric_add(t->sum, &x, t->sum, &fn_env(ctx)->error) : numeric_sub(t->sum, &x, t->sum, &fn_env(ctx)->error))
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

static void num_total(const NumTotal *t, Numeric *r)
{
	if (t->nans || (t->pinfs && t->ninfs)) {
		numeric_set_special(r, NUM_NAN);
		return;
	}
	if (t->pinfs || t->ninfs) {
		numeric_set_special(r, t->pinfs ? NUM_PINF : NUM_NINF);
		return;
	}
	int scale = t->nscales - 1;
	while (scale > 0 && t->scales[scale] == 0)
		scale--;
	numeric_set(r, t->sum);
	numeric_rescale(r, scale < 0 ? 0 : scale, false);
}

static void num_show(sqlite3_context *ctx, bool mean)
{
	const NumTotal *t = sqlite3_aggregate_context(ctx, 0);
	if (!t || t->n == 0)
		return;
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	num_total(t, &n);
	if (mean)
		average(ctx, &n, t->n);
	else
		fn_numeric_result(ctx, &n);
}

static void num_free(sqlite3_context *ctx)
{
	NumTotal *t = sqlite3_aggregate_context(ctx, 0);
	if (!t || !t->sum)
		return;
	numeric_clear(t->sum);
	free(t->sum);
	free(t->scales);
	t->sum = NULL;
	t->scales = NULL;
}

static void num_sum_value(sqlite3_context *ctx)
{
	num_show(ctx, false);
}

static void num_sum_final(sqlite3_context *ctx)
{
	num_show(ctx, false);
	num_free(ctx);
}

static void num_avg_value(sqlite3_context *ctx)
{
	num_show(ctx, true);
}

static void num_avg_final(sqlite3_context *ctx)
{
	num_show(ctx, true);
	num_free(ctx);
}

typedef struct FloatTotal {
	int64_t n;
	double sum;
} FloatTotal;

static void float_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FloatTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (!t)
		return;
	Val v = fn_arg(argv[0]);
	double x = float8_of(&v), sum = t->sum + x;
	if (isinf(sum) && !isinf(t->sum) && !isinf(x)) {
		fn_raise(ctx, "22003", "value out of range: overflow");
		return;
	}
	t->sum = sum;
	t->n++;
}

static void float4_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FloatTotal *t = sqlite3_aggregate_context(ctx, sizeof *t);
	if (!t)
		return;
	Val v = fn_arg(argv[0]);
	float x = (float)float8_of(&v), sum = (float)t->sum + x;
	if (isinf(sum) && !isinf(t->sum) && !isinf(x)) {
		fn_raise(ctx, "22003", "value out of range: overflow");
		return;
	}
	t->sum = sum;
	t->n++;
}

static void float_sum(sqlite3_context *ctx)
{
	const FloatTotal *t = sqlite3_aggregate_context(ctx, 0);
	if (!t || t->n == 0)
		return;
	Val v = float8_val(t->sum);
	fn_result(ctx, &v);
}

static void float_avg(sqlite3_context *ctx)
{
	const FloatTotal *t = sqlite3_aggregate_context(ctx, 0);
	if (!t || t->n == 0)
		return;
	Val v = float8_val(t->sum / (double)t->n);
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
	{ "sum.int2", 1, FN_STRICT, total_step, total_int8, total_int8, total_inverse },
	{ "sum.int4", 1, FN_STRICT, total_step, total_int8, total_int8, total_inverse },
	{ "sum.int8", 1, FN_STRICT, total_step, total_numeric, total_numeric, total_inverse },
	{ "sum.money", 1, FN_STRICT, total_step, total_money, total_money, total_inverse },
	{ "sum.numeric", 1, FN_STRICT, num_step, num_sum_final, num_sum_value, num_inverse },
	{ "sum.float4", 1, FN_STRICT, float4_step, float_sum, float_sum, float_inverse },
	{ "sum.float8", 1, FN_STRICT, float_step, float_sum, float_sum, float_inverse },
	{ "avg.int2", 1, FN_STRICT, total_step, total_average, total_average, total_inverse },
	{ "avg.int4", 1, FN_STRICT, total_step, total_average, total_average, total_inverse },
	{ "avg.int8", 1, FN_STRICT, total_step, total_average, total_average, total_inverse },
	{ "avg.numeric", 1, FN_STRICT, num_step, num_avg_final, num_avg_value, num_inverse },
	{ "avg.float4", 1, FN_STRICT, float_step, float_avg, float_avg, float_inverse },
	{ "avg.float8", 1, FN_STRICT, float_step, float_avg, float_avg, float_inverse },
	{ "bool_and.bool", 1, FN_STRICT, bool_step, bool_all, bool_all, bool_inverse },
	{ "every.bool", 1, FN_STRICT, bool_step, bool_all, bool_all, bool_inverse },
	{ "bool_or.bool", 1, FN_STRICT, bool_step, bool_any, bool_any, bool_inverse },
	{ NULL },
};
