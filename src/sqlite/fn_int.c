/* Whole numbers: arithmetic that notices overflow, bit operations, conversions. */
#include "sqlite/fn.h"

#include <math.h>

typedef struct Range {
	const char *name;
	int64_t lo, hi;
} Range;

static const Range range2 = { "smallint", INT16_MIN, INT16_MAX }, range4 = { "integer", INT32_MIN, INT32_MAX },
		   range8 = { "bigint", INT64_MIN, INT64_MAX };

static void result_in(sqlite3_context *ctx, const Range *r, bool overflow, int64_t v)
{
	if (overflow || v < r->lo || v > r->hi)
		fn_raise(ctx, "22003", "%s out of range", r->name);
	else
		sqlite3_result_int64(ctx, v);
}

static int64_t arg(sqlite3_value **argv, int i)
{
	return sqlite3_value_int64(argv[i]);
}

static void add(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	int64_t v;
	bool overflow = __builtin_add_overflow(arg(argv, 0), arg(argv, 1), &v);
	result_in(ctx, r, overflow, v);
}

static void subtract(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	int64_t v;
	bool overflow = __builtin_sub_overflow(arg(argv, 0), arg(argv, 1), &v);
	result_in(ctx, r, overflow, v);
}

static void multiply(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	int64_t v;
	bool overflow = __builtin_mul_overflow(arg(argv, 0), arg(argv, 1), &v);
	result_in(ctx, r, overflow, v);
}

static void divide(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	int64_t x = arg(argv, 0), y = arg(argv, 1);
	if (y == 0)
		fn_raise(ctx, "22012", "division by zero");
	else if (y == -1) /* the one quotient that can overflow, and traps */
		result_in(ctx, r, x == INT64_MIN, x == INT64_MIN ? 0 : -x);
	else
		result_in(ctx, r, false, x / y);
}

static void modulo(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	int64_t x = arg(argv, 0), y = arg(argv, 1);
	if (y == 0)
		fn_raise(ctx, "22012", "division by zero");
	else
		sqlite3_result_int64(ctx, y == -1 ? 0 : x % y);
}

static void negate(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	int64_t v;
	bool overflow = __builtin_sub_overflow((int64_t)0, arg(argv, 0), &v);
	result_in(ctx, r, overflow, v);
}

static void absolute(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	if (arg(argv, 0) < 0)
		negate(ctx, argv, r);
	else
		sqlite3_result_int64(ctx, arg(argv, 0));
}

static void convert(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	result_in(ctx, r, false, arg(argv, 0));
}

static void bit_and(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	sqlite3_result_int64(ctx, arg(argv, 0) & arg(argv, 1));
}

static void bit_or(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	sqlite3_result_int64(ctx, arg(argv, 0) | arg(argv, 1));
}

static void bit_xor(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	sqlite3_result_int64(ctx, arg(argv, 0) ^ arg(argv, 1));
}

static void bit_not(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	sqlite3_result_int64(ctx, ~arg(argv, 0));
}

/* Shifts take the count modulo the width, as PostgreSQL's machines do; smallint is shifted as integer. */
static void shift_left(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	uint64_t x = (uint64_t)arg(argv, 0);
	int n = (int)arg(argv, 1);
	int64_t v = r == &range8 ? (int64_t)(x << (n & 63)) : (int32_t)((uint32_t)x << (n & 31));
	sqlite3_result_int64(ctx, r == &range2 ? (int16_t)v : v);
}

static void shift_right(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	int n = (int)arg(argv, 1);
	sqlite3_result_int64(ctx, arg(argv, 0) >> (r == &range8 ? n & 63 : n & 31));
}

/* Half goes to the even neighbour, as rint does for PostgreSQL. */
static void from_float(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	double v = sqlite3_value_type(argv[0]) == SQLITE_TEXT ? NAN : rint(sqlite3_value_double(argv[0]));
	/* hi + 1 is a power of two and exact as a double, hi itself is not for bigint. */
	if (isnan(v) || v < (double)r->lo || v >= -(double)r->lo)
		fn_raise(ctx, "22003", "%s out of range", r->name);
	else
		sqlite3_result_int64(ctx, (int64_t)v);
}

static void greatest_divisor(sqlite3_context *ctx, sqlite3_value **argv, const Range *r)
{
	uint64_t x = (uint64_t)arg(argv, 0), y = (uint64_t)arg(argv, 1);
	x = arg(argv, 0) < 0 ? 0 - x : x;
	y = arg(argv, 1) < 0 ? 0 - y : y;
	while (y) {
		uint64_t rest = x % y;
		x = y;
		y = rest;
	}
	result_in(ctx, r, x > INT64_MAX, (int64_t)x);
}

#define DEFINE(prosrc, how, range)                                                                                                         \
	static void f_##prosrc(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		how(ctx, argv, &range);                                                                                                    \
	}

DEFINE(int2pl, add, range2)
DEFINE(int2mi, subtract, range2)
DEFINE(int2mul, multiply, range2)
DEFINE(int2div, divide, range2)
DEFINE(int24pl, add, range4)
DEFINE(int24mi, subtract, range4)
DEFINE(int24mul, multiply, range4)
DEFINE(int24div, divide, range4)
DEFINE(int28pl, add, range8)
DEFINE(int28mi, subtract, range8)
DEFINE(int28mul, multiply, range8)
DEFINE(int28div, divide, range8)
DEFINE(int42pl, add, range4)
DEFINE(int42mi, subtract, range4)
DEFINE(int42mul, multiply, range4)
DEFINE(int42div, divide, range4)
DEFINE(int4pl, add, range4)
DEFINE(int4mi, subtract, range4)
DEFINE(int4mul, multiply, range4)
DEFINE(int4div, divide, range4)
DEFINE(int48pl, add, range8)
DEFINE(int48mi, subtract, range8)
DEFINE(int48mul, multiply, range8)
DEFINE(int48div, divide, range8)
DEFINE(int82pl, add, range8)
DEFINE(int82mi, subtract, range8)
DEFINE(int82mul, multiply, range8)
DEFINE(int82div, divide, range8)
DEFINE(int84pl, add, range8)
DEFINE(int84mi, subtract, range8)
DEFINE(int84mul, multiply, range8)
DEFINE(int84div, divide, range8)
DEFINE(int8pl, add, range8)
DEFINE(int8mi, subtract, range8)
DEFINE(int8mul, multiply, range8)
DEFINE(int8div, divide, range8)
DEFINE(int2mod, modulo, range2)
DEFINE(int2um, negate, range2)
DEFINE(int2abs, absolute, range2)
DEFINE(int2and, bit_and, range2)
DEFINE(int2or, bit_or, range2)
DEFINE(int2xor, bit_xor, range2)
DEFINE(int2not, bit_not, range2)
DEFINE(int2shl, shift_left, range2)
DEFINE(int2shr, shift_right, range2)
DEFINE(int4mod, modulo, range4)
DEFINE(int4um, negate, range4)
DEFINE(int4abs, absolute, range4)
DEFINE(int4and, bit_and, range4)
DEFINE(int4or, bit_or, range4)
DEFINE(int4xor, bit_xor, range4)
DEFINE(int4not, bit_not, range4)
DEFINE(int4shl, shift_left, range4)
DEFINE(int4shr, shift_right, range4)
DEFINE(int8mod, modulo, range8)
DEFINE(int8um, negate, range8)
DEFINE(int8abs, absolute, range8)
DEFINE(int8and, bit_and, range8)
DEFINE(int8or, bit_or, range8)
DEFINE(int8xor, bit_xor, range8)
DEFINE(int8not, bit_not, range8)
DEFINE(int8shl, shift_left, range8)
DEFINE(int8shr, shift_right, range8)
DEFINE(int4gcd, greatest_divisor, range4)
DEFINE(int8gcd, greatest_divisor, range8)
DEFINE(i2toi4, convert, range4)
DEFINE(i4toi2, convert, range2)
DEFINE(int28, convert, range8)
DEFINE(int82, convert, range2)
DEFINE(int48, convert, range8)
DEFINE(int84, convert, range4)
DEFINE(bool_int4, convert, range4)
DEFINE(dtoi2, from_float, range2)
DEFINE(dtoi4, from_float, range4)
DEFINE(dtoi8, from_float, range8)
DEFINE(ftoi2, from_float, range2)
DEFINE(ftoi4, from_float, range4)
DEFINE(ftoi8, from_float, range8)

static void f_int4_bool(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx, arg(argv, 0) != 0);
}

static void f_oid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t v = arg(argv, 0);
	if (v < 0 || v > UINT32_MAX)
		fn_raise(ctx, "22003", "OID out of range");
	else
		sqlite3_result_int64(ctx, v);
}

static void f_to_float8(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, (double)arg(argv, 0));
}

static void f_to_float4(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, (float)arg(argv, 0));
}

const SqliteFn fn_table_int[] = {
	{ "int2pl", 2, FN_STRICT | FN_IMMUTABLE, f_int2pl },	   { "int2mi", 2, FN_STRICT | FN_IMMUTABLE, f_int2mi },
	{ "int2mul", 2, FN_STRICT | FN_IMMUTABLE, f_int2mul },	   { "int2div", 2, FN_STRICT | FN_IMMUTABLE, f_int2div },
	{ "int24pl", 2, FN_STRICT | FN_IMMUTABLE, f_int24pl },	   { "int24mi", 2, FN_STRICT | FN_IMMUTABLE, f_int24mi },
	{ "int24mul", 2, FN_STRICT | FN_IMMUTABLE, f_int24mul },   { "int24div", 2, FN_STRICT | FN_IMMUTABLE, f_int24div },
	{ "int28pl", 2, FN_STRICT | FN_IMMUTABLE, f_int28pl },	   { "int28mi", 2, FN_STRICT | FN_IMMUTABLE, f_int28mi },
	{ "int28mul", 2, FN_STRICT | FN_IMMUTABLE, f_int28mul },   { "int28div", 2, FN_STRICT | FN_IMMUTABLE, f_int28div },
	{ "int42pl", 2, FN_STRICT | FN_IMMUTABLE, f_int42pl },	   { "int42mi", 2, FN_STRICT | FN_IMMUTABLE, f_int42mi },
	{ "int42mul", 2, FN_STRICT | FN_IMMUTABLE, f_int42mul },   { "int42div", 2, FN_STRICT | FN_IMMUTABLE, f_int42div },
	{ "int4pl", 2, FN_STRICT | FN_IMMUTABLE, f_int4pl },	   { "int4mi", 2, FN_STRICT | FN_IMMUTABLE, f_int4mi },
	{ "int4mul", 2, FN_STRICT | FN_IMMUTABLE, f_int4mul },	   { "int4div", 2, FN_STRICT | FN_IMMUTABLE, f_int4div },
	{ "int48pl", 2, FN_STRICT | FN_IMMUTABLE, f_int48pl },	   { "int48mi", 2, FN_STRICT | FN_IMMUTABLE, f_int48mi },
	{ "int48mul", 2, FN_STRICT | FN_IMMUTABLE, f_int48mul },   { "int48div", 2, FN_STRICT | FN_IMMUTABLE, f_int48div },
	{ "int82pl", 2, FN_STRICT | FN_IMMUTABLE, f_int82pl },	   { "int82mi", 2, FN_STRICT | FN_IMMUTABLE, f_int82mi },
	{ "int82mul", 2, FN_STRICT | FN_IMMUTABLE, f_int82mul },   { "int82div", 2, FN_STRICT | FN_IMMUTABLE, f_int82div },
	{ "int84pl", 2, FN_STRICT | FN_IMMUTABLE, f_int84pl },	   { "int84mi", 2, FN_STRICT | FN_IMMUTABLE, f_int84mi },
	{ "int84mul", 2, FN_STRICT | FN_IMMUTABLE, f_int84mul },   { "int84div", 2, FN_STRICT | FN_IMMUTABLE, f_int84div },
	{ "int8pl", 2, FN_STRICT | FN_IMMUTABLE, f_int8pl },	   { "int8mi", 2, FN_STRICT | FN_IMMUTABLE, f_int8mi },
	{ "int8mul", 2, FN_STRICT | FN_IMMUTABLE, f_int8mul },	   { "int8div", 2, FN_STRICT | FN_IMMUTABLE, f_int8div },
	{ "int2mod", 2, FN_STRICT | FN_IMMUTABLE, f_int2mod },	   { "int2um", 1, FN_STRICT | FN_IMMUTABLE, f_int2um },
	{ "int2abs", 1, FN_STRICT | FN_IMMUTABLE, f_int2abs },	   { "int2and", 2, FN_STRICT | FN_IMMUTABLE, f_int2and },
	{ "int2or", 2, FN_STRICT | FN_IMMUTABLE, f_int2or },	   { "int2xor", 2, FN_STRICT | FN_IMMUTABLE, f_int2xor },
	{ "int2not", 1, FN_STRICT | FN_IMMUTABLE, f_int2not },	   { "int2shl", 2, FN_STRICT | FN_IMMUTABLE, f_int2shl },
	{ "int2shr", 2, FN_STRICT | FN_IMMUTABLE, f_int2shr },	   { "int4mod", 2, FN_STRICT | FN_IMMUTABLE, f_int4mod },
	{ "int4um", 1, FN_STRICT | FN_IMMUTABLE, f_int4um },	   { "int4abs", 1, FN_STRICT | FN_IMMUTABLE, f_int4abs },
	{ "int4and", 2, FN_STRICT | FN_IMMUTABLE, f_int4and },	   { "int4or", 2, FN_STRICT | FN_IMMUTABLE, f_int4or },
	{ "int4xor", 2, FN_STRICT | FN_IMMUTABLE, f_int4xor },	   { "int4not", 1, FN_STRICT | FN_IMMUTABLE, f_int4not },
	{ "int4shl", 2, FN_STRICT | FN_IMMUTABLE, f_int4shl },	   { "int4shr", 2, FN_STRICT | FN_IMMUTABLE, f_int4shr },
	{ "int8mod", 2, FN_STRICT | FN_IMMUTABLE, f_int8mod },	   { "int8um", 1, FN_STRICT | FN_IMMUTABLE, f_int8um },
	{ "int8abs", 1, FN_STRICT | FN_IMMUTABLE, f_int8abs },	   { "int8and", 2, FN_STRICT | FN_IMMUTABLE, f_int8and },
	{ "int8or", 2, FN_STRICT | FN_IMMUTABLE, f_int8or },	   { "int8xor", 2, FN_STRICT | FN_IMMUTABLE, f_int8xor },
	{ "int8not", 1, FN_STRICT | FN_IMMUTABLE, f_int8not },	   { "int8shl", 2, FN_STRICT | FN_IMMUTABLE, f_int8shl },
	{ "int8shr", 2, FN_STRICT | FN_IMMUTABLE, f_int8shr },	   { "int4gcd", 2, FN_STRICT | FN_IMMUTABLE, f_int4gcd },
	{ "int8gcd", 2, FN_STRICT | FN_IMMUTABLE, f_int8gcd },	   { "i2toi4", 1, FN_STRICT | FN_IMMUTABLE, f_i2toi4 },
	{ "i4toi2", 1, FN_STRICT | FN_IMMUTABLE, f_i4toi2 },	   { "int28", 1, FN_STRICT | FN_IMMUTABLE, f_int28 },
	{ "int82", 1, FN_STRICT | FN_IMMUTABLE, f_int82 },	   { "int48", 1, FN_STRICT | FN_IMMUTABLE, f_int48 },
	{ "int84", 1, FN_STRICT | FN_IMMUTABLE, f_int84 },	   { "bool_int4", 1, FN_STRICT | FN_IMMUTABLE, f_bool_int4 },
	{ "dtoi2", 1, FN_STRICT | FN_IMMUTABLE, f_dtoi2 },	   { "dtoi4", 1, FN_STRICT | FN_IMMUTABLE, f_dtoi4 },
	{ "dtoi8", 1, FN_STRICT | FN_IMMUTABLE, f_dtoi8 },	   { "ftoi2", 1, FN_STRICT | FN_IMMUTABLE, f_ftoi2 },
	{ "ftoi4", 1, FN_STRICT | FN_IMMUTABLE, f_ftoi4 },	   { "ftoi8", 1, FN_STRICT | FN_IMMUTABLE, f_ftoi8 },
	{ "i2tod", 1, FN_STRICT | FN_IMMUTABLE, f_to_float8 },	   { "i4tod", 1, FN_STRICT | FN_IMMUTABLE, f_to_float8 },
	{ "i8tod", 1, FN_STRICT | FN_IMMUTABLE, f_to_float8 },	   { "i2tof", 1, FN_STRICT | FN_IMMUTABLE, f_to_float4 },
	{ "i4tof", 1, FN_STRICT | FN_IMMUTABLE, f_to_float4 },	   { "i8tof", 1, FN_STRICT | FN_IMMUTABLE, f_to_float4 },
	{ "int4_bool", 1, FN_STRICT | FN_IMMUTABLE, f_int4_bool }, { "i8tooid", 1, FN_STRICT | FN_IMMUTABLE, f_oid },
	{ "oidtoi8", 1, FN_STRICT | FN_IMMUTABLE, f_oid },	   { NULL },
};
