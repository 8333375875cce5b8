#include "sqlite/totals.h"

#include "pgtype/floats.h"

#include <math.h>

static Val numeric_val(const Numeric *n, Arena *a)
{
	Buf b = { 0 };
	numeric_print(n, &b);
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return v;
}

static int average(const Numeric *sum, int64_t count, Arena *a, Val *out, Error *err)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	_cleanup_(numeric_clear) Numeric r;
	numeric_init(&r);
	numeric_from_int8(count, &n);
	if (numeric_div(sum, &n, &r, err) != 0)
		return -1;
	*out = numeric_val(&r, a);
	return 0;
}

/* --- whole numbers --- */

int int_total_whole(const IntTotal *t, const char *type, Val *out, Error *err)
{
	*out = val_null();
	if (t->n == 0)
		return 0;
	if (t->sum > INT64_MAX || t->sum < INT64_MIN)
		return err_set(err, "22003", "%s out of range", type);
	*out = val_int((int64_t)t->sum);
	return 0;
}

int int_total_numeric(const IntTotal *t, Arena *a, Val *out)
{
	*out = val_null();
	if (t->n == 0)
		return 0;
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numsmall_from_int128(t->sum, &n);
	*out = numeric_val(&n, a);
	return 0;
}

int int_total_average(const IntTotal *t, Arena *a, Val *out, Error *err)
{
	*out = val_null();
	if (t->n == 0)
		return 0;
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numsmall_from_int128(t->sum, &n);
	return average(&n, t->n, a, out, err);
}

/* --- numerics --- */

static void count_scale(NumTotal *t, int scale, int sign)
{
	if (scale >= t->nscales) {
		t->scales = mem_realloc(t->scales, sizeof *t->scales * (size_t)(scale + 1));
		while (t->nscales <= scale)
			t->scales[t->nscales++] = 0;
	}
	t->scales[scale] += sign;
}

/* A value that is not small, or no longer fits the small sum. */
static int add_any(NumTotal *t, Str text, int sign, Error *err)
{
	if (!t->sum) {
		t->sum = mem_alloc(sizeof *t->sum);
		numeric_init(t->sum);
	}
	_cleanup_(numeric_clear) Numeric x;
	numeric_init(&x);
	numeric_read(text, &x);
	t->nans += x.kind == NUM_NAN ? sign : 0;
	t->pinfs += x.kind == NUM_PINF ? sign : 0;
	t->ninfs += x.kind == NUM_NINF ? sign : 0;
	if (x.kind != NUM_FINITE)
		return 0;
	count_scale(t, x.scale, sign);
	return (sign > 0 ? numeric_add : numeric_sub)(t->sum, &x, t->sum, err);
}

int num_total_add(NumTotal *t, Str text, int sign, Error *err)
{
	NumSmall x;
	t->n += sign;
	if (!numsmall_read(text, &x) || !numsmall_sum_add(&t->small, &x, sign))
		return add_any(t, text, sign, err);
	count_scale(t, x.scale, sign);
	return 0;
}

static int num_total(const NumTotal *t, Numeric *r, Error *err)
{
	if (t->nans || (t->pinfs && t->ninfs)) {
		numeric_set_special(r, NUM_NAN);
		return 0;
	}
	if (t->pinfs || t->ninfs) {
		numeric_set_special(r, t->pinfs ? NUM_PINF : NUM_NINF);
		return 0;
	}
	int scale = t->nscales - 1;
	while (scale > 0 && t->scales[scale] == 0)
		scale--;
	numsmall_sum_get(&t->small, r);
	if (t->sum && numeric_add(r, t->sum, r, err) != 0)
		return -1;
	numeric_rescale(r, scale < 0 ? 0 : scale, false);
	return 0;
}

static int num_result(const NumTotal *t, bool mean, Arena *a, Val *out, Error *err)
{
	*out = val_null();
	if (t->n == 0)
		return 0;
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	if (num_total(t, &n, err) != 0)
		return -1;
	if (mean)
		return average(&n, t->n, a, out, err);
	*out = numeric_val(&n, a);
	return 0;
}

int num_total_sum(const NumTotal *t, Arena *a, Val *out, Error *err)
{
	return num_result(t, false, a, out, err);
}

int num_total_average(const NumTotal *t, Arena *a, Val *out, Error *err)
{
	return num_result(t, true, a, out, err);
}

void num_total_clear(NumTotal *t)
{
	if (t->sum)
		numeric_clear(t->sum);
	free(t->sum);
	free(t->scales);
	t->sum = NULL;
	t->scales = NULL;
}

/* --- floating point --- */

static int float_add(FloatTotal *t, double x, double sum, Error *err)
{
	if (isinf(sum) && !isinf(t->sum) && !isinf(x))
		return err_set(err, "22003", "value out of range: overflow");
	t->sum = sum;
	t->n++;
	return 0;
}

int float_total_add(FloatTotal *t, double v, Error *err)
{
	return float_add(t, v, t->n ? t->sum + v : v, err); /* -0 alone stays -0 */
}

int float_total_add4(FloatTotal *t, float v, Error *err)
{
	float sum = t->n ? (float)t->sum + v : v;
	return float_add(t, v, sum, err);
}

Val float_total_sum(const FloatTotal *t)
{
	return t->n ? float8_val(t->sum) : val_null();
}

Val float_total_average(const FloatTotal *t)
{
	return t->n ? float8_val(t->sum / (double)t->n + 0.0) : val_null();
}
