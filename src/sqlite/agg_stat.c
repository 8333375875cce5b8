/* Variance and standard deviation, and the bitwise aggregates. */
#include "sqlite/fn_numeric_math.h"

#include "pgtype/floats.h"
#include "pgtype/numeric.h"
#include "pgtype/numeric_math.h"

#include <math.h>

/* Which of the four results a final function gives. */
enum { SAMPLE = 1, ROOT = 2 };

/* Sums of numerics and of their squares; exact. */
typedef struct Squares {
	int64_t n, specials;
	Numeric *sum, *squares;
	int scale; /* the largest of any value yet */
} Squares;

static Squares *squares_of(sqlite3_context *ctx)
{
	Squares *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (s && !s->sum) {
		s->sum = mem_alloc(sizeof *s->sum);
		s->squares = mem_alloc(sizeof *s->squares);
		numeric_init(s->sum);
		numeric_init(s->squares);
	}
	return s;
}

static void squares_add(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	Squares *s = squares_of(ctx);
	if (!s)
		return;
	Error *err = &fn_env(ctx)->error;
	_cleanup_(numeric_clear) Numeric x;
	numeric_init(&x);
	numeric_read(fn_arg_str(argv[0]), &x);
	s->n += sign;
	if (x.kind != NUM_FINITE) {
		s->specials += sign;
		return;
	}
	if (x.scale > s->scale)
		s->scale = x.scale;
	int (*combine)(const Numeric *, const Numeric *, Numeric *, Error *) = sign > 0 ? numeric_add : numeric_sub;
	int rc = combine(s->sum, &x, s->sum, err);
	if (rc == 0)
		rc = numeric_mul(&x, &x, &x, err) || combine(s->squares, &x, s->squares, err);
	if (rc)
		fn_fail(ctx);
}

static void squares_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	squares_add(ctx, argv, 1);
}

static void squares_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	squares_add(ctx, argv, -1);
}

/* (n * squares - sum * sum) / (n * (n - 1) or n * n), and its root to the same scale. */
static int spread(const Squares *s, int how, Numeric *r, Error *err)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	_cleanup_(numeric_clear) Numeric top;
	numeric_init(&top);
	_cleanup_(numeric_clear) Numeric square;
	numeric_init(&square);
	numeric_from_int8(s->n, &n);
	if (numeric_mul(&n, s->squares, &top, err) || numeric_mul(s->sum, s->sum, &square, err) || numeric_sub(&top, &square, &top, err))
		return -1;
	if (numeric_sign(&top) <= 0) {
		numeric_from_int8(0, r);
		return 0;
	}
	mpz_mul_si(n.coef, n.coef, how & SAMPLE ? s->n - 1 : s->n);
	if (numeric_div(&top, &n, r, err))
		return -1;
	if (how & ROOT)
		numeric_sqrt_scaled(r, r->scale, r);
	return 0;
}

static void squares_value(sqlite3_context *ctx, int how)
{
	const Squares *s = sqlite3_aggregate_context(ctx, 0);
	if (!s || s->n <= (how & SAMPLE))
		return;
	_cleanup_(numeric_clear) Numeric r;
	numeric_init(&r);
	if (s->specials) {
		numeric_set_special(&r, NUM_NAN);
	} else if (spread(s, how, &r, &fn_env(ctx)->error)) {
		fn_fail(ctx);
		return;
	}
	Buf b = { 0 };
	numeric_print(&r, &b);
	Val v = val_text(buf_str(&b));
	fn_result(ctx, &v);
	buf_free(&b);
}

static void squares_free(sqlite3_context *ctx)
{
	Squares *s = sqlite3_aggregate_context(ctx, 0);
	if (!s || !s->sum)
		return;
	numeric_clear(s->sum);
	numeric_clear(s->squares);
	free(s->sum);
	free(s->squares);
	*s = (Squares){ 0 };
}

/* The state of PostgreSQL's float8_accum (Youngs and Cramer). */
typedef struct Deviation {
	double n, sum, squares;
} Deviation;

static void deviation_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Deviation *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (!s)
		return;
	Val v = fn_arg(argv[0]);
	double x = float8_of(&v), before = s->n, old_sum = s->sum;
	s->n += 1;
	s->sum += x;
	if (before == 0) {
		if (!isfinite(x))
			s->squares = NAN;
		return;
	}
	double d = x * s->n - s->sum;
	s->squares += d * d / (s->n * before);
	if (isinf(s->sum) || isinf(s->squares)) {
		if (!isinf(old_sum) && !isinf(x)) {
			fn_raise(ctx, "22003", "value out of range: overflow");
			return;
		}
		s->squares = NAN;
	}
}

static void deviation_value(sqlite3_context *ctx, int how)
{
	const Deviation *s = sqlite3_aggregate_context(ctx, 0);
	if (!s || s->n <= (how & SAMPLE))
		return;
	double r = s->squares / (how & SAMPLE ? s->n - 1 : s->n);
	Val v = float8_val(how & ROOT ? sqrt(r) : r);
	fn_result(ctx, &v);
}

static void deviation_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_raise(ctx, "0A000", "variance of floating point values over a window frame whose start moves is not available in SQLite mode");
}

#define FINALS(name, how)                                                                                                                  \
	static void squares_value_##name(sqlite3_context *ctx)                                                                             \
	{                                                                                                                                  \
		squares_value(ctx, how);                                                                                                   \
	}                                                                                                                                  \
	static void squares_final_##name(sqlite3_context *ctx)                                                                             \
	{                                                                                                                                  \
		squares_value(ctx, how);                                                                                                   \
		squares_free(ctx);                                                                                                         \
	}                                                                                                                                  \
	static void deviation_##name(sqlite3_context *ctx)                                                                                 \
	{                                                                                                                                  \
		deviation_value(ctx, how);                                                                                                 \
	}

FINALS(var_pop, 0)
FINALS(var_samp, SAMPLE)
FINALS(stddev_pop, ROOT)
FINALS(stddev_samp, ROOT | SAMPLE)

typedef struct Bits {
	int64_t n, value;
} Bits;

typedef enum { BITS_AND, BITS_OR, BITS_XOR } BitsOp;

static void bits_add(sqlite3_context *ctx, sqlite3_value **argv, BitsOp op)
{
	Bits *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (!s)
		return;
	int64_t x = sqlite3_value_int64(argv[0]);
	if (s->n++ == 0)
		s->value = x;
	else
		s->value = op == BITS_AND ? s->value & x : op == BITS_OR ? s->value | x : s->value ^ x;
}

static void bits_and(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	bits_add(ctx, argv, BITS_AND);
}

static void bits_or(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	bits_add(ctx, argv, BITS_OR);
}

static void bits_xor(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	bits_add(ctx, argv, BITS_XOR);
}

static void bits_value(sqlite3_context *ctx)
{
	const Bits *s = sqlite3_aggregate_context(ctx, 0);
	if (s && s->n)
		sqlite3_result_int64(ctx, s->value);
}

static void bits_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_raise(ctx, "0A000", "bitwise aggregates over a window frame whose start moves are not available in SQLite mode");
}

static void xor_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Bits *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (s)
		s->value ^= sqlite3_value_int64(argv[0]);
	if (s)
		s->n--;
}

#define NUMERIC(name, how, type)                                                                                                           \
	{                                                                                                                                  \
		name "." type, 1, FN_STRICT, squares_step, squares_final_##how, squares_value_##how, squares_inverse                       \
	}
#define FLOAT(name, how, type)                                                                                                             \
	{                                                                                                                                  \
		name "." type, 1, FN_STRICT, deviation_step, deviation_##how, deviation_##how, deviation_inverse                           \
	}
#define SPREAD(name, how)                                                                                                                  \
	NUMERIC(name, how, "int2"), NUMERIC(name, how, "int4"), NUMERIC(name, how, "int8"), NUMERIC(name, how, "numeric"),                 \
		FLOAT(name, how, "float4"), FLOAT(name, how, "float8")
#define BITS(type)                                                                                                                         \
	{ "bit_and." type, 1, FN_STRICT, bits_and, bits_value, bits_value, bits_inverse },                                                 \
		{ "bit_or." type, 1, FN_STRICT, bits_or, bits_value, bits_value, bits_inverse },                                           \
	{                                                                                                                                  \
		"bit_xor." type, 1, FN_STRICT, bits_xor, bits_value, bits_value, xor_inverse                                               \
	}

const SqliteAgg agg_table_stat[] = {
	SPREAD("var_pop", var_pop),
	SPREAD("var_samp", var_samp),
	SPREAD("variance", var_samp),
	SPREAD("stddev_pop", stddev_pop),
	SPREAD("stddev_samp", stddev_samp),
	SPREAD("stddev", stddev_samp),
	BITS("int2"),
	BITS("int4"),
	BITS("int8"),
	{ NULL },
};
_Static_assert(sizeof(Squares) <= AGG_STATE_MAX, "the state fits into an ordered aggregate");
