/* Correlation, covariance and linear regression over pairs of double precision. */
#include "sqlite/fn_numeric_math.h"

#include "pgtype/floats.h"

#include <math.h>

/* The state of PostgreSQL's float8_regr_accum; the first argument of the aggregates is y. */
typedef struct Pairs {
	double n, sx, sxx, sy, syy, sxy;
} Pairs;

static bool overflowed(const Pairs *s, const Pairs *old, double x, double y)
{
	bool x_finite = !isinf(old->sx) && !isinf(x), y_finite = !isinf(old->sy) && !isinf(y);
	return ((isinf(s->sx) || isinf(s->sxx)) && x_finite) || ((isinf(s->sy) || isinf(s->syy)) && y_finite) ||
	       (isinf(s->sxy) && x_finite && y_finite);
}

static double no_infinity(double v)
{
	return isinf(v) ? NAN : v;
}

static void pairs_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Pairs *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (!s)
		return;
	Val vy = fn_arg(argv[0]), vx = fn_arg(argv[1]);
	double y = float8_of(&vy), x = float8_of(&vx);
	Pairs old = *s;
	s->n += 1;
	s->sx += x;
	s->sy += y;
	if (old.n == 0) {
		if (!isfinite(x))
			s->sxx = s->sxy = NAN;
		if (!isfinite(y))
			s->syy = s->sxy = NAN;
		return;
	}
	double dx = x * s->n - s->sx, dy = y * s->n - s->sy, scale = 1.0 / (s->n * old.n);
	s->sxx += dx * dx * scale;
	s->syy += dy * dy * scale;
	s->sxy += dx * dy * scale;
	if (overflowed(s, &old, x, y)) {
		fn_raise(ctx, "22003", "value out of range: overflow");
		return;
	}
	s->sxx = no_infinity(s->sxx);
	s->syy = no_infinity(s->syy);
	s->sxy = no_infinity(s->sxy);
}

static void pairs_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_raise(ctx, "0A000", "regression aggregates over a window frame whose start moves are not available in SQLite mode");
}

/* Each gives false for NULL. */
typedef bool (*Final)(const Pairs *s, double *r);

static void pairs_result(sqlite3_context *ctx, Final how)
{
	const Pairs *s = sqlite3_aggregate_context(ctx, 0);
	double r;
	if (!s || s->n < 1 || !how(s, &r))
		return;
	Val v = float8_val(r);
	fn_result(ctx, &v);
}

static bool corr(const Pairs *s, double *r)
{
	*r = s->sxy / sqrt(s->sxx * s->syy);
	return s->sxx != 0 && s->syy != 0;
}

static bool covar_pop(const Pairs *s, double *r)
{
	*r = s->sxy / s->n;
	return true;
}

static bool covar_samp(const Pairs *s, double *r)
{
	*r = s->sxy / (s->n - 1);
	return s->n >= 2;
}

static bool regr_avgx(const Pairs *s, double *r)
{
	*r = s->sx / s->n;
	return true;
}

static bool regr_avgy(const Pairs *s, double *r)
{
	*r = s->sy / s->n;
	return true;
}

static bool regr_intercept(const Pairs *s, double *r)
{
	*r = (s->sy - s->sx * s->sxy / s->sxx) / s->n;
	return s->sxx != 0;
}

static bool regr_slope(const Pairs *s, double *r)
{
	*r = s->sxy / s->sxx;
	return s->sxx != 0;
}

static bool regr_r2(const Pairs *s, double *r)
{
	*r = s->syy == 0 ? 1 : (s->sxy * s->sxy) / (s->sxx * s->syy);
	return s->sxx != 0;
}

static bool regr_sxx(const Pairs *s, double *r)
{
	*r = s->sxx;
	return true;
}

static bool regr_sxy(const Pairs *s, double *r)
{
	*r = s->sxy;
	return true;
}

static bool regr_syy(const Pairs *s, double *r)
{
	*r = s->syy;
	return true;
}

static void count_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Pairs *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (s)
		s->n += 1;
}

static void count_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Pairs *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (s)
		s->n -= 1;
}

static void final_regr_count(sqlite3_context *ctx)
{
	const Pairs *s = sqlite3_aggregate_context(ctx, 0);
	sqlite3_result_int64(ctx, s ? (int64_t)s->n : 0);
}

#define FINAL(name)                                                                                                                        \
	static void final_##name(sqlite3_context *ctx)                                                                                     \
	{                                                                                                                                  \
		pairs_result(ctx, name);                                                                                                   \
	}

FINAL(corr)
FINAL(covar_pop)
FINAL(covar_samp)
FINAL(regr_avgx)
FINAL(regr_avgy)
FINAL(regr_intercept)
FINAL(regr_slope)
FINAL(regr_r2)
FINAL(regr_sxx)
FINAL(regr_sxy)
FINAL(regr_syy)

#define AGG(name)                                                                                                                          \
	{                                                                                                                                  \
#name ".float8,float8", 2, FN_STRICT, pairs_step, final_##name, final_##name, pairs_inverse                                \
	}

const SqliteAgg agg_table_regr[] = {
	AGG(corr),	 AGG(covar_pop),
	AGG(covar_samp), AGG(regr_avgx),
	AGG(regr_avgy),	 AGG(regr_intercept),
	AGG(regr_r2),	 AGG(regr_slope),
	AGG(regr_sxx),	 AGG(regr_sxy),
	AGG(regr_syy),	 { "regr_count.float8,float8", 2, FN_STRICT, count_step, final_regr_count, final_regr_count, count_inverse },
	{ NULL },
};
