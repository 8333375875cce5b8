/* Text: parts of strings, positions, padding, trimming, replacing. */
#include "sqlite/fn_text.h"

#include "pgtype/text.h"

#include <limits.h>
#include <stdlib.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE, MAX_RESULT = 0x3fffffff };

void fn_result_buf(sqlite3_context *ctx, Buf *b)
{
	if (b->data)
		sqlite3_result_text64(ctx, (char *)b->data, b->len, free, SQLITE_UTF8);
	else
		sqlite3_result_text(ctx, "", 0, SQLITE_STATIC);
	*b = (Buf){ 0 };
}

void fn_result_blob_buf(sqlite3_context *ctx, Buf *b)
{
	if (b->data)
		sqlite3_result_blob64(ctx, b->data, b->len, free);
	else
		sqlite3_result_zeroblob(ctx, 0);
	*b = (Buf){ 0 };
}

void fn_result_str(sqlite3_context *ctx, Str s)
{
	sqlite3_result_text64(ctx, s.n ? s.p : "", s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static size_t char_count(Str s)
{
	return utf8_length(s.p, s.n);
}

static void octet_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, (int64_t)fn_arg_str(argv[0]).n);
}

static void bit_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, (int64_t)fn_arg_str(argv[0]).n * 8);
}

static void text_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, (int64_t)char_count(fn_arg_str(argv[0])));
}

static void bpchar_length(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, (int64_t)char_count(text_rtrim_blanks(fn_arg_str(argv[0]))));
}

/* Characters `start` (1-based, may lie before the string) up to, not including, `end`. */
static Str part(Str s, int64_t start, int64_t end)
{
	if (start < 1)
		start = 1;
	if (end <= start)
		return (Str){ "", 0 };
	size_t from = utf8_offset(s, (size_t)start - 1);
	Str rest = { s.p + from, s.n - from };
	size_t len = end - start >= (int64_t)rest.n ? rest.n : utf8_offset(rest, (size_t)(end - start));
	return (Str){ rest.p, len };
}

static void substr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t start = sqlite3_value_int64(argv[1]), len = argc > 2 ? sqlite3_value_int64(argv[2]) : INT_MAX;
	if (len < 0)
		fn_raise(ctx, "22011", "negative substring length not allowed");
	else
		fn_result_str(ctx, part(fn_arg_str(argv[0]), start, argc > 2 ? start + len : INT64_MAX));
}

static void overlay(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), by = fn_arg_str(argv[1]);
	int64_t start = sqlite3_value_int64(argv[2]), len = argc > 3 ? sqlite3_value_int64(argv[3]) : (int64_t)char_count(by);
	if (start <= 0) {
		fn_raise(ctx, "22011", "negative substring length not allowed");
	} else if (start + len > INT_MAX || start + len < INT_MIN) {
		fn_raise(ctx, "22003", "integer out of range");
	} else {
		Buf b = { 0 };
		buf_put_str(&b, part(s, 1, start));
		buf_put_str(&b, by);
		buf_put_str(&b, part(s, start + len, INT64_MAX));
		fn_result_buf(ctx, &b);
	}
}

static void position(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), find = fn_arg_str(argv[1]);
	const char *at = find.n ? memmem(s.p, s.n, find.p, find.n) : s.p;
	sqlite3_result_int64(ctx, at ? (int64_t)utf8_length(s.p, (size_t)(at - s.p)) + 1 : 0);
}

static void left(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t n = sqlite3_value_int64(argv[1]);
	if (n < 0)
		n += (int64_t)char_count(s);
	fn_result_str(ctx, part(s, 1, n + 1));
}

static void right(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t n = sqlite3_value_int64(argv[1]);
	int64_t skip = n < 0 ? -n : (int64_t)char_count(s) - n;
	fn_result_str(ctx, part(s, skip + 1, INT64_MAX));
}

static void put_padding(Buf *b, Str fill, size_t chars)
{
	for (size_t at = 0; chars--;) {
		size_t n = utf8_char_bytes(fill.p + at, fill.n - at);
		buf_put(b, fill.p + at, n);
		at = at + n < fill.n ? at + n : 0;
	}
}

static void pad(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool on_left)
{
	Str s = fn_arg_str(argv[0]), fill = argc > 2 ? fn_arg_str(argv[2]) : (Str){ " ", 1 };
	int64_t want = sqlite3_value_int64(argv[1]), have = (int64_t)char_count(s);
	if (want > MAX_RESULT / 4) {
		fn_raise(ctx, "54000", "requested length too large");
		return;
	}
	if (want < 0)
		want = 0;
	size_t missing = want > have && fill.n ? (size_t)(want - have) : 0;
	Buf b = { 0 };
	if (on_left)
		put_padding(&b, fill, missing);
	buf_put_str(&b, part(s, 1, want + 1));
	if (!on_left)
		put_padding(&b, fill, missing);
	fn_result_buf(ctx, &b);
}

static void lpad(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	pad(ctx, argc, argv, true);
}

static void rpad(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	pad(ctx, argc, argv, false);
}

static bool has_char(Str set, const char *p, size_t n)
{
	for (size_t i = 0; i < set.n;) {
		size_t len = utf8_char_bytes(set.p + i, set.n - i);
		if (len == n && memcmp(set.p + i, p, n) == 0)
			return true;
		i += len;
	}
	return false;
}

static Str trim_set(Str s, Str set, bool at_left, bool at_right)
{
	while (at_left && s.n) {
		size_t n = utf8_char_bytes(s.p, s.n);
		if (!has_char(set, s.p, n))
			break;
		s.p += n;
		s.n -= n;
	}
	while (at_right && s.n) {
		size_t n = 1;
		while (n < s.n && ((unsigned char)s.p[s.n - n] & 0xC0) == 0x80)
			n++;
		if (!has_char(set, s.p + s.n - n, n))
			break;
		s.n -= n;
	}
	return s;
}

static void trim(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool at_left, bool at_right)
{
	Str set = argc > 1 ? fn_arg_str(argv[1]) : (Str){ " ", 1 };
	fn_result_str(ctx, trim_set(fn_arg_str(argv[0]), set, at_left, at_right));
}

static void ltrim(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	trim(ctx, argc, argv, true, false);
}

static void rtrim(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	trim(ctx, argc, argv, false, true);
}

static void btrim(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	trim(ctx, argc, argv, true, true);
}

static void replace(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), from = fn_arg_str(argv[1]), to = fn_arg_str(argv[2]);
	Buf b = { 0 };
	const char *at;
	while (from.n && (at = memmem(s.p, s.n, from.p, from.n))) {
		buf_put(&b, s.p, (size_t)(at - s.p));
		buf_put_str(&b, to);
		s = (Str){ at + from.n, s.n - (size_t)(at - s.p) - from.n };
		if (b.len > MAX_RESULT)
			break;
	}
	buf_put_str(&b, s);
	fn_result_buf(ctx, &b);
}

static void translate(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), from = fn_arg_str(argv[1]), to = fn_arg_str(argv[2]);
	Buf b = { 0 };
	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_char_bytes(s.p + i, s.n - i), at = 0, index = 0;
		while (at < from.n) {
			size_t m = utf8_char_bytes(from.p + at, from.n - at);
			if (m == n && memcmp(from.p + at, s.p + i, n) == 0)
				break;
			at += m;
			index++;
		}
		size_t target = utf8_offset(to, index);
		if (at >= from.n)
			buf_put(&b, s.p + i, n);
		else if (target < to.n)
			buf_put(&b, to.p + target, utf8_char_bytes(to.p + target, to.n - target));
		i += n;
	}
	fn_result_buf(ctx, &b);
}

static void repeat(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int64_t count = sqlite3_value_int64(argv[1]), total;
	if (count < 0)
		count = 0;
	if (__builtin_mul_overflow(count, (int64_t)s.n, &total) || total > MAX_RESULT - 4) {
		fn_raise(ctx, "54000", "requested length too large");
		return;
	}
	Buf b = { 0 };
	buf_reserve(&b, (size_t)total + 1);
	while (s.n && count--)
		buf_put_str(&b, s);
	fn_result_buf(ctx, &b);
}

static void reverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	Buf b = { 0 };
	uint8_t *out = buf_reserve(&b, s.n + 1);
	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_char_bytes(s.p + i, s.n - i);
		memcpy(out + s.n - i - n, s.p + i, n);
		i += n;
	}
	b.len = s.n;
	fn_result_buf(ctx, &b);
}

static int64_t count_fields(Str s, Str sep)
{
	int64_t n = 1;
	const char *at;
	for (; (at = memmem(s.p, s.n, sep.p, sep.n)); n++)
		s = (Str){ at + sep.n, s.n - (size_t)(at - s.p) - sep.n };
	return n;
}

static Str nth_field(Str s, Str sep, int64_t field)
{
	const char *at;
	while ((at = memmem(s.p, s.n, sep.p, sep.n)) && field > 1) {
		s = (Str){ at + sep.n, s.n - (size_t)(at - s.p) - sep.n };
		field--;
	}
	if (field > 1)
		return (Str){ "", 0 };
	return at ? (Str){ s.p, (size_t)(at - s.p) } : s;
}

/* A negative field counts from the end, over the same left-to-right division of the string. */
static void split_part(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), sep = fn_arg_str(argv[1]);
	int64_t field = sqlite3_value_int64(argv[2]);
	if (field == 0) {
		fn_raise(ctx, "22023", "field position must not be zero");
		return;
	}
	if (sep.n == 0) {
		fn_result_str(ctx, field == 1 || field == -1 ? s : (Str){ "", 0 });
		return;
	}
	if (field < 0)
		field += count_fields(s, sep) + 1;
	fn_result_str(ctx, field < 1 ? (Str){ "", 0 } : nth_field(s, sep, field));
}

static void starts_with(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), p = fn_arg_str(argv[1]);
	sqlite3_result_int(ctx, p.n <= s.n && memcmp(s.p, p.p, p.n) == 0);
}

static void larger(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Val x = fn_arg(argv[0]), y = fn_arg(argv[1]);
	sqlite3_result_value(ctx, argv[type_compare(pgtype_builtin(25), &x, &y) > 0 ? 0 : 1]);
}

static void smaller(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Val x = fn_arg(argv[0]), y = fn_arg(argv[1]);
	sqlite3_result_value(ctx, argv[type_compare(pgtype_builtin(25), &x, &y) < 0 ? 0 : 1]);
}

static void compare(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Val x = fn_arg(argv[0]), y = fn_arg(argv[1]);
	int c = type_compare(pgtype_builtin(25), &x, &y);
	sqlite3_result_int(ctx, (c > 0) - (c < 0));
}

/* The difference of the first bytes that differ, as the C library's comparison of texts has it; an end counts as 0. */
static void text_difference(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str x = fn_arg_str(argv[0]), y = fn_arg_str(argv[1]);
	size_t n = x.n < y.n ? x.n : y.n, i = 0;
	while (i < n && x.p[i] == y.p[i])
		i++;
	sqlite3_result_int(ctx, (i < x.n ? (unsigned char)x.p[i] : 0) - (i < y.n ? (unsigned char)y.p[i] : 0));
}

/* memcmp, then the lengths. */
static void bytes_difference(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Val x = fn_arg(argv[0]), y = fn_arg(argv[1]);
	size_t n = x.s.n < y.s.n ? x.s.n : y.s.n, i = 0;
	while (i < n && x.s.p[i] == y.s.p[i])
		i++;
	sqlite3_result_int(ctx, i < n ? (unsigned char)x.s.p[i] - (unsigned char)y.s.p[i] : (x.s.n > y.s.n) - (x.s.n < y.s.n));
}

/* The difference of the first bytes that differ. */
static void uuid_difference(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str x = fn_arg_str(argv[0]), y = fn_arg_str(argv[1]);
	size_t i = 0, digits = 0;
	while (i < x.n && i < y.n && x.p[i] == y.p[i])
		digits += x.p[i++] != '-';
	if (i == x.n || i == y.n) {
		sqlite3_result_int(ctx, 0);
		return;
	}
	i -= digits % 2;
	char a[3] = { x.p[i], x.p[i + 1] }, b[3] = { y.p[i], y.p[i + 1] };
	sqlite3_result_int(ctx, (int)(strtol(a, NULL, 16) - strtol(b, NULL, 16)));
}

static void bpchar_larger(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Val x = fn_arg(argv[0]), y = fn_arg(argv[1]);
	sqlite3_result_value(ctx, argv[type_compare(pgtype_builtin(1042), &x, &y) >= 0 ? 0 : 1]);
}

static void bpchar_smaller(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Val x = fn_arg(argv[0]), y = fn_arg(argv[1]);
	sqlite3_result_value(ctx, argv[type_compare(pgtype_builtin(1042), &x, &y) <= 0 ? 0 : 1]);
}

static void concat_two(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	buf_put_str(&b, fn_arg_str(argv[0]));
	buf_put_str(&b, fn_arg_str(argv[1]));
	fn_result_buf(ctx, &b);
}

const SqliteFn fn_table_text[] = {
	{ "textlen", 1, PURE, text_length },
	{ "textoctetlen", 1, PURE, octet_length },
	{ "bpcharlen", 1, PURE, bpchar_length },
	{ "bpcharoctetlen", 1, PURE, octet_length },
	{ "bit_length_text", 1, PURE, bit_length },
	{ "textcat", 2, PURE, concat_two },
	{ "text_substr", 3, PURE, substr },
	{ "text_substr_no_len", 2, PURE, substr },
	{ "textoverlay", 4, PURE, overlay },
	{ "textoverlay_no_len", 3, PURE, overlay },
	{ "textpos", 2, PURE, position },
	{ "text_left", 2, PURE, left },
	{ "text_right", 2, PURE, right },
	{ "lpad", 3, PURE, lpad },
	{ "rpad", 3, PURE, rpad },
	{ "lpad_blanks", 2, PURE, lpad },
	{ "rpad_blanks", 2, PURE, rpad },
	{ "ltrim", 2, PURE, ltrim },
	{ "ltrim1", 1, PURE, ltrim },
	{ "rtrim", 2, PURE, rtrim },
	{ "rtrim1", 1, PURE, rtrim },
	{ "btrim", 2, PURE, btrim },
	{ "btrim1", 1, PURE, btrim },
	{ "replace_text", 3, PURE, replace },
	{ "translate", 3, PURE, translate },
	{ "repeat", 2, PURE, repeat },
	{ "text_reverse", 1, PURE, reverse },
	{ "split_part", 3, PURE, split_part },
	{ "text_starts_with", 2, PURE, starts_with },
	{ "text_larger", 2, PURE, larger },
	{ "text_smaller", 2, PURE, smaller },
	{ "bpchar_larger", 2, PURE, bpchar_larger },
	{ "bpchar_smaller", 2, PURE, bpchar_smaller },
	{ "bttextcmp", 2, PURE, text_difference },
	{ "bttext_pattern_cmp", 2, PURE, compare },
	{ "bpcharcmp", 2, PURE, text_difference },
	{ "btbpchar_pattern_cmp", 2, PURE, compare },
	{ "btnamecmp", 2, PURE, text_difference },
	{ "btnametextcmp", 2, PURE, compare },
	{ "bttextnamecmp", 2, PURE, compare },
	{ "btcharcmp", 2, PURE, text_difference },
	{ "byteacmp", 2, PURE, bytes_difference },
	{ "uuid_cmp", 2, PURE, uuid_difference },
	{ NULL },
};
