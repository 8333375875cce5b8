/* Letter case and single characters, and the conversions among text, name, char(n) and "char". */
#include "pgtype/icu.h"
#include "sqlite/fn_text.h"

#include "pgtype/text.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE, NAME_BYTES = 63 };

static locale_t case_locale;
static pthread_once_t case_once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
	case_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* The locale in which PostgreSQL's C.UTF-8 databases change case; (locale_t)0, that is ASCII only, where libc lacks it. */
static locale_t c_utf8(void)
{
	pthread_once(&case_once, make_locale);
	return case_locale;
}

void utf8_append(Buf *out, uint32_t c)
{
	out->len += utf8_encode(c, (char *)buf_reserve(out, 4));
}

static uint32_t to_lower(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	return c_utf8() ? (uint32_t)towlower_l((wint_t)c, c_utf8()) : c;
}

static uint32_t to_upper(uint32_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - 32 : c;
	return c_utf8() ? (uint32_t)towupper_l((wint_t)c, c_utf8()) : c;
}

static bool is_alnum(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return c_utf8() && iswalnum_l((wint_t)c, c_utf8());
}

static void map_chars(Str s, uint32_t (*change)(uint32_t), Buf *out)
{
	buf_reserve(out, s.n + 1);
	for (size_t i = 0, n; i < s.n; i += n)
		utf8_append(out, change(utf8_decode(s.p + i, s.n - i, &n)));
}

void text_lower(Str s, Buf *out)
{
	map_chars(s, to_lower, out);
}

static void lower(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	map_chars(fn_arg_str(argv[0]), to_lower, &b);
	fn_result_buf(ctx, &b);
}

static void upper(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	map_chars(fn_arg_str(argv[0]), to_upper, &b);
	fn_result_buf(ctx, &b);
}

static void initcap(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	Buf b = { 0 };
	bool in_word = false;
	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t c = utf8_decode(s.p + i, s.n - i, &n);
		c = in_word ? to_lower(c) : to_upper(c);
		utf8_append(&b, c);
		in_word = is_alnum(c);
	}
	fn_result_buf(ctx, &b);
}

/* ---- with collation "C" only the letters of ASCII are letters ---- */

static bool is_ascii_letter(char c, char first)
{
	return c >= first && c <= first + 25;
}

static void map_ascii(sqlite3_context *ctx, Str s, char first)
{
	_cleanup_(buf_free) Buf b = { 0 };
	for (size_t i = 0; i < s.n; i++)
		buf_put_u8(&b, (uint8_t)(is_ascii_letter(s.p[i], first) ? s.p[i] ^ 0x20 : s.p[i]));
	Val v = val_text(buf_str(&b));
	fn_result(ctx, &v);
}

static void lower_ascii(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	map_ascii(ctx, fn_arg_str(argv[0]), 'A');
}

static void upper_ascii(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	map_ascii(ctx, fn_arg_str(argv[0]), 'a');
}

static void initcap_ascii(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	_cleanup_(buf_free) Buf b = { 0 };
	bool in_word = false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool small = is_ascii_letter(c, 'a'), large = is_ascii_letter(c, 'A');
		buf_put_u8(&b, (uint8_t)((in_word ? large : small) ? c ^ 0x20 : c));
		in_word = small || large || (c >= '0' && c <= '9');
	}
	Val v = val_text(buf_str(&b));
	fn_result(ctx, &v);
}

/* ---- normal forms ---- */

static bool normal_form(sqlite3_context *ctx, Arena *a, sqlite3_value **argv, Str *out)
{
	static const char *const names[] = { [ICU_NFC] = "NFC", [ICU_NFD] = "NFD", [ICU_NFKC] = "NFKC", [ICU_NFKD] = "NFKD" };
	Str name = fn_arg_str(argv[1]);
	size_t form = 0;
	while (form < ARRAY_LEN(names) && !str_iis(name, names[form]))
		form++;
	if (form == ARRAY_LEN(names)) {
		fn_raise(ctx, "22023", "invalid normalization form: %.*s", (int)name.n, name.p);
		return false;
	}
	if (icu_normalize((IcuForm)form, fn_arg_str(argv[0]), a, out, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

static void normalize(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Str s;
	if (!normal_form(ctx, a, argv, &s))
		return;
	Val v = val_text(s);
	fn_result(ctx, &v);
}

static void is_normalized(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Str s;
	if (normal_form(ctx, a, argv, &s))
		sqlite3_result_int(ctx, str_eq(s, fn_arg_str(argv[0])));
}

static void ascii(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	size_t n;
	sqlite3_result_int64(ctx, s.n ? utf8_decode(s.p, s.n, &n) : 0);
}

static void chr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t c = sqlite3_value_int64(argv[0]);
	if (c < 0) {
		fn_raise(ctx, "22023", "character number must be positive");
	} else if (c == 0) {
		fn_raise(ctx, "54000", "null character not permitted");
	} else if (c > 0x10FFFF) {
		fn_raise(ctx, "54000", "requested character too large for encoding: %u", (unsigned)c);
	} else if (c >= 0xD800 && c <= 0xDFFF) {
		fn_raise(ctx, "54000", "requested character not valid for encoding: %u", (unsigned)c);
	} else {
		Buf b = { 0 };
		utf8_append(&b, (uint32_t)c);
		fn_result_buf(ctx, &b);
	}
}

/* The number of hex digits that an escape at p[1] takes, and where they begin; 0 when it is none. */
static size_t escape_form(Str s, size_t *skip)
{
	if (s.n < 2)
		return 0;
	*skip = s.p[1] == 'u' || s.p[1] == 'U' || s.p[1] == '+' ? 2 : 1;
	size_t digits = s.p[1] == 'U' ? 8 : s.p[1] == '+' ? 6 : 4;
	if (s.n < *skip + digits)
		return 0;
	for (size_t i = 0; i < digits; i++)
		if (!strchr("0123456789abcdefABCDEF", s.p[*skip + i]))
			return 0;
	return digits;
}

static uint32_t hex_number(const char *p, size_t n)
{
	char digits[9] = { 0 };
	memcpy(digits, p, n);
	return (uint32_t)strtoul(digits, NULL, 16);
}

static int unescape(Str s, Buf *b, Error *err)
{
	uint32_t first = 0; /* of a surrogate pair */
	while (s.n) {
		size_t skip = 0, digits = s.p[0] == '\\' ? escape_form(s, &skip) : 0;
		if (digits == 0) {
			if (first)
				return err_set(err, "42601", "invalid Unicode surrogate pair");
			bool doubled = s.n > 1 && s.p[0] == '\\' && s.p[1] == '\\';
			if (s.p[0] == '\\' && !doubled) {
				err_set(err, "42601", "invalid Unicode escape");
				return err_hint(err, "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
			}
			buf_put_u8(b, (uint8_t)s.p[0]);
			s.p += 1 + doubled;
			s.n -= 1u + doubled;
			continue;
		}
		uint32_t c = hex_number(s.p + skip, digits);
		if (c == 0 || c > 0x10FFFF)
			return err_set(err, "22023", "invalid Unicode code point: %04X", c);
		bool low = c >= 0xDC00 && c <= 0xDFFF;
		if (low != (first != 0))
			return err_set(err, "42601", "invalid Unicode surrogate pair");
		if (low) {
			utf8_append(b, 0x10000 + ((first & 0x3FF) << 10) + (c & 0x3FF));
			first = 0;
		} else if (c >= 0xD800 && c <= 0xDBFF) {
			first = c;
		} else {
			utf8_append(b, c);
		}
		s.p += skip + digits;
		s.n -= skip + digits;
	}
	return first ? err_set(err, "42601", "invalid Unicode surrogate pair") : 0;
}

static void unistr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	if (unescape(fn_arg_str(argv[0]), &b, &fn_env(ctx)->error)) {
		buf_free(&b);
		fn_fail(ctx);
	} else {
		fn_result_buf(ctx, &b);
	}
}

static void to_hex32(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	buf_printf(&b, "%x", (unsigned)sqlite3_value_int64(argv[0]));
	fn_result_buf(ctx, &b);
}

static void to_hex64(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	buf_printf(&b, "%llx", (unsigned long long)sqlite3_value_int64(argv[0]));
	fn_result_buf(ctx, &b);
}

static void to_name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = text_rtrim_blanks(fn_arg_str(argv[0]));
	size_t at = 0;
	while (at < s.n) {
		size_t n = utf8_char_bytes(s.p + at, s.n - at);
		if (at + n > NAME_BYTES)
			break;
		at += n;
	}
	fn_result_str(ctx, (Str){ s.p, at });
}

static void text_to_name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	if (s.n > NAME_BYTES)
		to_name(ctx, argc, argv);
	else
		sqlite3_result_value(ctx, argv[0]);
}

static void same(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_value(ctx, argv[0]);
}

static void result_char(sqlite3_context *ctx, uint8_t c)
{
	char text[2];
	size_t n = char_store(c, text);
	fn_result_str(ctx, (Str){ text, n });
}

static void text_to_char(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_char(ctx, char_parse(fn_arg_str(argv[0])));
}

static void char_to_text(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	char text[4];
	size_t n = char_print(char_byte(fn_arg_str(argv[0])), text);
	fn_result_str(ctx, (Str){ text, n });
}

static void char_to_int(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx, (int8_t)char_byte(fn_arg_str(argv[0])));
}

static void int_to_char(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t i = sqlite3_value_int64(argv[0]);
	if (i < -128 || i > 127)
		fn_raise(ctx, "22003", "\"char\" out of range");
	else
		result_char(ctx, (uint8_t)i);
}

/* PostgreSQL gives the byte itself here, which may be no text at all. */
static void char_to_bpchar(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (char_byte(fn_arg_str(argv[0])) >= 0x80)
		fn_raise(ctx, "0A000", "a cast of a \"char\" outside ASCII to character is not available in SQLite mode");
	else
		fn_result_str(ctx, fn_arg_str(argv[0]));
}

static void bool_to_text(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_text(ctx, sqlite3_value_int(argv[0]) ? "true" : "false", -1, SQLITE_STATIC);
}

static void cast_length(sqlite3_context *ctx, sqlite3_value **argv, uint32_t type)
{
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val in = fn_arg(argv[0]), v;
	if (type_apply_typmod(pgtype_builtin(type), sqlite3_value_int(argv[1]), sqlite3_value_int(argv[2]), &in, a, &v, &env->error))
		fn_fail(ctx);
	else
		fn_result(ctx, &v);
}

static void cast_varchar(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	cast_length(ctx, argv, 1043);
}

static void cast_bpchar(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	cast_length(ctx, argv, 1042);
}

const SqliteFn fn_table_chars[] = {
	{ "unicode_normalize_func", 2, PURE, normalize },
	{ "unicode_is_normalized", 2, PURE, is_normalized },
	{ "lower_ascii", 1, PURE, lower_ascii },
	{ "upper_ascii", 1, PURE, upper_ascii },
	{ "initcap_ascii", 1, PURE, initcap_ascii },
	{ "lower", 1, PURE, lower },
	{ "upper", 1, PURE, upper },
	{ "initcap", 1, PURE, initcap },
	{ "ascii", 1, PURE, ascii },
	{ "chr", 1, PURE, chr },
	{ "unistr", 1, PURE, unistr },
	{ "to_hex32", 1, PURE, to_hex32 },
	{ "to_hex64", 1, PURE, to_hex64 },
	{ "text_name", 1, PURE, text_to_name },
	{ "bpchar_name", 1, PURE, to_name },
	{ "name_text", 1, PURE, same },
	{ "name_bpchar", 1, PURE, same },
	{ "char_text", 1, PURE, char_to_text },
	{ "char_bpchar", 1, PURE, char_to_bpchar },
	{ "text_char", 1, PURE, text_to_char },
	{ "chartoi4", 1, PURE, char_to_int },
	{ "i4tochar", 1, PURE, int_to_char },
	{ "booltext", 1, PURE, bool_to_text },
	{ "varchar", 3, PURE, cast_varchar },
	{ "bpchar", 3, PURE, cast_bpchar },
	{ NULL },
};
