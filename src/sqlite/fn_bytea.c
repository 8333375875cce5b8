/* bytea: parts, bits, trimming. */
#include "sqlite/fn_text.h"

#include <limits.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE };

static void result_bytes(sqlite3_context *ctx, Str s)
{
	sqlite3_result_blob64(ctx, s.n ? s.p : "", s.n, SQLITE_TRANSIENT);
}

static Str part(Str s, int64_t start, int64_t end)
{
	if (start < 1)
		start = 1;
	if (end > (int64_t)s.n + 1)
		end = (int64_t)s.n + 1;
	return end <= start ? (Str){ "", 0 } : (Str){ s.p + start - 1, (size_t)(end - start) };
}

static void byte_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, (int64_t)fn_arg_str(argv[0]).n);
}

static void bit_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, (int64_t)fn_arg_str(argv[0]).n * 8);
}

static void cat(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	buf_put_str(&b, fn_arg_str(argv[0]));
	buf_put_str(&b, fn_arg_str(argv[1]));
	fn_result_blob_buf(ctx, &b);
}

static void substr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t start = sqlite3_value_int64(argv[1]), len = argc > 2 ? sqlite3_value_int64(argv[2]) : INT_MAX;
	if (len < 0)
		fn_raise(ctx, "22011", "negative substring length not allowed");
	else
		result_bytes(ctx, part(fn_arg_str(argv[0]), start, argc > 2 ? start + len : INT64_MAX));
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
		buf_put_str(&b, part(s, 1, start));
		buf_put_str(&b, by);
		buf_put_str(&b, part(s, start + len, INT64_MAX));
		fn_result_blob_buf(ctx, &b);
	}
}

static void position(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), find = fn_arg_str(argv[1]);
	const char *at = find.n ? memmem(s.p, s.n, find.p, find.n) : s.p;
	sqlite3_result_int64(ctx, at ? at - s.p + 1 : 0);
}

static bool index_ok(sqlite3_context *ctx, int64_t at, int64_t n)
{
	if (at >= 0 && at < n)
		return true;
	fn_raise(ctx, "2202E", "index %lld out of valid range, 0..%lld", (long long)at, (long long)n - 1);
	return false;
}

static void get_byte(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t at = sqlite3_value_int64(argv[1]);
	if (index_ok(ctx, at, (int64_t)s.n))
		sqlite3_result_int(ctx, (uint8_t)s.p[at]);
}

static void get_bit(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t at = sqlite3_value_int64(argv[1]);
	if (index_ok(ctx, at, (int64_t)s.n * 8))
		sqlite3_result_int(ctx, (uint8_t)s.p[at / 8] >> at % 8 & 1);
}

static void set_byte(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t at = sqlite3_value_int64(argv[1]);
	if (!index_ok(ctx, at, (int64_t)s.n))
		return;
	Buf b = { 0 };
	buf_put_str(&b, s);
	b.data[at] = (uint8_t)sqlite3_value_int64(argv[2]);
	fn_result_blob_buf(ctx, &b);
}

static void set_bit(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t at = sqlite3_value_int64(argv[1]), bit = sqlite3_value_int64(argv[2]);
	if (!index_ok(ctx, at, (int64_t)s.n * 8))
		return;
	if (bit != 0 && bit != 1) {
		fn_raise(ctx, "22023", "new bit must be 0 or 1");
		return;
	}
	Buf b = { 0 };
	buf_put_str(&b, s);
	uint8_t mask = (uint8_t)(1u << at % 8);
	b.data[at / 8] = (uint8_t)(bit ? b.data[at / 8] | mask : b.data[at / 8] & ~mask);
	fn_result_blob_buf(ctx, &b);
}

static void bit_count(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += __builtin_popcount((uint8_t)s.p[i]);
	sqlite3_result_int64(ctx, n);
}

static void trim(sqlite3_context *ctx, sqlite3_value **argv, bool at_left, bool at_right)
{
	Str s = fn_arg_str(argv[0]), set = fn_arg_str(argv[1]);
	while (at_left && s.n && set.n && memchr(set.p, s.p[0], set.n)) {
		s.p++;
		s.n--;
	}
	while (at_right && s.n && set.n && memchr(set.p, s.p[s.n - 1], set.n))
		s.n--;
	result_bytes(ctx, s);
}

static void btrim(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	trim(ctx, argv, true, true);
}

static void ltrim(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	trim(ctx, argv, true, false);
}

static void rtrim(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	trim(ctx, argv, false, true);
}

const SqliteFn fn_table_bytea[] = {
	{ "byteaoctetlen", 1, PURE, byte_length },
	{ "bit_length_bytea", 1, PURE, bit_length },
	{ "byteacat", 2, PURE, cat },
	{ "bytea_substr", 3, PURE, substr },
	{ "bytea_substr_no_len", 2, PURE, substr },
	{ "byteaoverlay", 4, PURE, overlay },
	{ "byteaoverlay_no_len", 3, PURE, overlay },
	{ "byteapos", 2, PURE, position },
	{ "byteaGetByte", 2, PURE, get_byte },
	{ "byteaSetByte", 3, PURE, set_byte },
	{ "byteaGetBit", 2, PURE, get_bit },
	{ "byteaSetBit", 3, PURE, set_bit },
	{ "bytea_bit_count", 1, PURE, bit_count },
	{ "byteatrim", 2, PURE, btrim },
	{ "bytealtrim", 2, PURE, ltrim },
	{ "byteartrim", 2, PURE, rtrim },
	{ NULL },
};
