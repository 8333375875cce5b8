/* bit and bit varying: operators, parts, conversions, aggregates. */
#include "sqlite/fn_text.h"

#include "pgtype/bits.h"

#include <limits.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE };

static void combine(sqlite3_context *ctx, sqlite3_value **argv, const char *word, const char truth[4])
{
	Str x = fn_arg_str(argv[0]), y = fn_arg_str(argv[1]);
	if (x.n != y.n) {
		fn_raise(ctx, "22026", "cannot %s bit strings of different sizes", word);
		return;
	}
	Buf b = { 0 };
	for (size_t i = 0; i < x.n; i++)
		buf_put_u8(&b, (uint8_t)truth[(x.p[i] == '1') * 2 + (y.p[i] == '1')]);
	fn_result_buf(ctx, &b);
}

static void bits_and(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	combine(ctx, argv, "AND", "0001");
}

static void bits_or(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	combine(ctx, argv, "OR", "0111");
}

static void bits_xor(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	combine(ctx, argv, "XOR", "0110");
}

static void bits_not(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str x = fn_arg_str(argv[0]);
	Buf b = { 0 };
	for (size_t i = 0; i < x.n; i++)
		buf_put_u8(&b, x.p[i] == '1' ? '0' : '1');
	fn_result_buf(ctx, &b);
}

/* To the left when `by` is positive; zeros come in. */
static void shift(sqlite3_context *ctx, Str x, int64_t by)
{
	Buf b = { 0 };
	for (int64_t i = 0, n = (int64_t)x.n; i < n; i++)
		buf_put_u8(&b, i + by >= 0 && i + by < n ? (uint8_t)x.p[i + by] : '0');
	fn_result_buf(ctx, &b);
}

static void shift_left(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shift(ctx, fn_arg_str(argv[0]), sqlite3_value_int64(argv[1]));
}

static void shift_right(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shift(ctx, fn_arg_str(argv[0]), -sqlite3_value_int64(argv[1]));
}

static void substr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t start = sqlite3_value_int64(argv[1]), len = argc > 2 ? sqlite3_value_int64(argv[2]) : -1;
	if (argc > 2 && len < 0)
		fn_raise(ctx, "22011", "negative substring length not allowed");
	else
		fn_result_str(ctx, bits_part(fn_arg_str(argv[0]), start, len));
}

static void overlay(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), by = fn_arg_str(argv[1]);
	int64_t start = sqlite3_value_int64(argv[2]), len = argc > 3 ? sqlite3_value_int64(argv[3]) : (int64_t)by.n;
	if (start <= 0) {
		fn_raise(ctx, "22011", "negative substring length not allowed");
	} else if (start + len > INT_MAX || start + len < INT_MIN) {
		fn_raise(ctx, "22003", "integer out of range");
	} else {
		Buf b = { 0 };
		buf_put_str(&b, bits_part(s, 1, start - 1));
		buf_put_str(&b, by);
		buf_put_str(&b, bits_part(s, start + len, -1));
		fn_result_buf(ctx, &b);
	}
}

static void position(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), find = fn_arg_str(argv[1]);
	const char *at = !s.n ? NULL : find.n ? memmem(s.p, s.n, find.p, find.n) : s.p;
	sqlite3_result_int64(ctx, at ? at - s.p + 1 : 0);
}

static void octet_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, ((int64_t)fn_arg_str(argv[0]).n + 7) / 8);
}

static void count_ones(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '1';
	sqlite3_result_int64(ctx, n);
}

static bool index_ok(sqlite3_context *ctx, int64_t at, Str s)
{
	if (at >= 0 && at < (int64_t)s.n)
		return true;
	fn_raise(ctx, "2202E", "bit index %lld out of valid range (0..%lld)", (long long)at, (long long)s.n - 1);
	return false;
}

static void get_bit(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t at = sqlite3_value_int64(argv[1]);
	if (index_ok(ctx, at, s))
		sqlite3_result_int(ctx, s.p[at] == '1');
}

static void set_bit(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t at = sqlite3_value_int64(argv[1]), bit = sqlite3_value_int64(argv[2]);
	if (!index_ok(ctx, at, s))
		return;
	if (bit != 0 && bit != 1) {
		fn_raise(ctx, "22023", "new bit must be 0 or 1");
		return;
	}
	Buf b = { 0 };
	buf_put_str(&b, s);
	b.data[at] = bit ? '1' : '0';
	fn_result_buf(ctx, &b);
}

static void from_int(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int count = sqlite3_value_int(argv[1]);
	Buf b = { 0 };
	bits_from_int(sqlite3_value_int64(argv[0]), count > 0 ? count : 1, &b);
	fn_result_buf(ctx, &b);
}

static void to_int(sqlite3_context *ctx, sqlite3_value **argv, int width)
{
	int64_t v;
	if (bits_to_int(fn_arg_str(argv[0]), width, &v, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, v);
}

static void to_int4(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	to_int(ctx, argv, 32);
}

static void to_int8(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	to_int(ctx, argv, 64);
}

const SqliteFn fn_table_bits[] = {
	{ "bit_and", 2, PURE, bits_and },	  { "bit_or", 2, PURE, bits_or },
	{ "bitxor", 2, PURE, bits_xor },	  { "bitnot", 1, PURE, bits_not },
	{ "bitshiftleft", 2, PURE, shift_left },  { "bitshiftright", 2, PURE, shift_right },
	{ "bitsubstr", 3, PURE, substr },	  { "bitsubstr_no_len", 2, PURE, substr },
	{ "bitoverlay", 4, PURE, overlay },	  { "bitoverlay_no_len", 3, PURE, overlay },
	{ "bitposition", 2, PURE, position },	  { "bitoctetlength", 1, PURE, octet_length },
	{ "bit_bit_count", 1, PURE, count_ones }, { "bitgetbit", 2, PURE, get_bit },
	{ "bitsetbit", 3, PURE, set_bit },	  { "bitfromint4", 2, PURE, from_int },
	{ "bitfromint8", 2, PURE, from_int },	  { "bittoint4", 1, PURE, to_int4 },
	{ "bittoint8", 1, PURE, to_int8 },	  { NULL },
};

/* How many of the n values have a 1 at each place. */
typedef struct Ones {
	int64_t n, *at;
	size_t len;
} Ones;

static void ones_add(sqlite3_context *ctx, sqlite3_value *v, int sign, const char *word)
{
	Ones *o = sqlite3_aggregate_context(ctx, sizeof *o);
	Str s = fn_arg_str(v);
	if (!o)
		return;
	if (!o->at) {
		o->at = mem_alloc(sizeof *o->at * (s.n + 1));
		o->len = s.n;
	} else if (o->n && o->len != s.n) {
		fn_raise(ctx, "22026", "cannot %s bit strings of different sizes", word);
		return;
	} else if (o->len != s.n) {
		free(o->at);
		o->at = mem_alloc(sizeof *o->at * (s.n + 1));
		o->len = s.n;
	}
	o->n += sign;
	for (size_t i = 0; i < s.n; i++)
		o->at[i] += s.p[i] == '1' ? sign : 0;
}

static void and_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ones_add(ctx, argv[0], 1, "AND");
}

static void or_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ones_add(ctx, argv[0], 1, "OR");
}

static void xor_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ones_add(ctx, argv[0], 1, "XOR");
}

static void ones_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ones_add(ctx, argv[0], -1, "XOR");
}

typedef bool OneRule(const Ones *o, int64_t ones);

static bool all_ones(const Ones *o, int64_t ones)
{
	return ones == o->n;
}

static bool any_one(const Ones *o, int64_t ones)
{
	return ones > 0;
}

static bool odd_ones(const Ones *o, int64_t ones)
{
	return ones & 1;
}

static void ones_show(sqlite3_context *ctx, OneRule *rule)
{
	const Ones *o = sqlite3_aggregate_context(ctx, 0);
	if (!o || !o->n)
		return;
	Buf b = { 0 };
	for (size_t i = 0; i < o->len; i++)
		buf_put_u8(&b, rule(o, o->at[i]) ? '1' : '0');
	fn_result_buf(ctx, &b);
}

static void ones_end(sqlite3_context *ctx, OneRule *rule)
{
	Ones *o = sqlite3_aggregate_context(ctx, 0);
	ones_show(ctx, rule);
	if (o) {
		free(o->at);
		o->at = NULL;
	}
}

static void and_value(sqlite3_context *ctx)
{
	ones_show(ctx, all_ones);
}

static void and_final(sqlite3_context *ctx)
{
	ones_end(ctx, all_ones);
}

static void or_value(sqlite3_context *ctx)
{
	ones_show(ctx, any_one);
}

static void or_final(sqlite3_context *ctx)
{
	ones_end(ctx, any_one);
}

static void xor_value(sqlite3_context *ctx)
{
	ones_show(ctx, odd_ones);
}

static void xor_final(sqlite3_context *ctx)
{
	ones_end(ctx, odd_ones);
}

const SqliteAgg agg_table_bits[] = {
	{ "bit_and.bit", 1, FN_STRICT, and_step, and_final, and_value, ones_inverse },
	{ "bit_or.bit", 1, FN_STRICT, or_step, or_final, or_value, ones_inverse },
	{ "bit_xor.bit", 1, FN_STRICT, xor_step, xor_final, xor_value, ones_inverse },
	{ NULL },
};
