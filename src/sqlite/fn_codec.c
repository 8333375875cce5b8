/* Digests, encode and decode, and character set conversion. */
#include "sqlite/fn_text.h"
#include "sqlite/openssl.h"

#include "pgtype/bytea.h"
#include "pgtype/encoding.h"
#include "pgtype/text.h"

enum { PURE = FN_STRICT | FN_IMMUTABLE, BASE64_LINE = 76 };

static bool digest(sqlite3_context *ctx, const char *name, Str s, uint8_t out[EVP_MAX_MD_SIZE], unsigned *n)
{
	const OpenSsl *lib = openssl();
	const EVP_MD *md = lib ? lib->digest_named(name) : NULL;
	if (md && lib->digest(s.p, s.n, out, n, md, NULL) == 1)
		return true;
	fn_raise(ctx, "XX000", md ? "could not compute hash" : "could not load OpenSSL's libcrypto, which md5 and sha need");
	return false;
}

static void md5(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n;
	if (!digest(ctx, "MD5", fn_arg_str(argv[0]), sum, &n))
		return;
	Buf b = { 0 };
	hex_encode((Str){ (const char *)sum, n }, &b);
	fn_result_buf(ctx, &b);
}

static void sha(sqlite3_context *ctx, sqlite3_value **argv, const char *name)
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n;
	if (digest(ctx, name, fn_arg_str(argv[0]), sum, &n))
		sqlite3_result_blob(ctx, sum, (int)n, SQLITE_TRANSIENT);
}

static void sha224(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sha(ctx, argv, "SHA224");
}

static void sha256(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sha(ctx, argv, "SHA256");
}

static void sha384(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sha(ctx, argv, "SHA384");
}

static void sha512(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sha(ctx, argv, "SHA512");
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_encode(Str s, Buf *out)
{
	size_t line = 0;
	for (size_t i = 0; i < s.n; i += 3) {
		size_t n = s.n - i < 3 ? s.n - i : 3;
		uint32_t v = (uint32_t)(uint8_t)s.p[i] << 16 | (n > 1 ? (uint32_t)(uint8_t)s.p[i + 1] << 8 : 0) |
			     (n > 2 ? (uint8_t)s.p[i + 2] : 0);
		char group[4] = { base64_digits[v >> 18], base64_digits[v >> 12 & 63], n > 1 ? base64_digits[v >> 6 & 63] : '=',
				  n > 2 ? base64_digits[v & 63] : '=' };
		buf_put(out, group, 4);
		line += 4;
		if (line >= BASE64_LINE && n == 3) {
			buf_put_u8(out, '\n');
			line = 0;
		}
	}
}

static int base64_digit(char c)
{
	const char *at = c ? strchr(base64_digits, c) : NULL;
	return at ? (int)(at - base64_digits) : -1;
}

static int base64_decode(Str s, Buf *out, Error *err)
{
	uint32_t v = 0;
	int pos = 0, end = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			continue;
		int digit = base64_digit(c);
		if (c == '=') {
			if (!end && pos != 2 && pos != 3)
				return err_set(err, "22023", "unexpected \"=\" while decoding base64 sequence");
			if (!end)
				end = pos == 2 ? 1 : 2;
			digit = 0;
		} else if (digit < 0) {
			size_t n = 1;
			while (i + n < s.n && ((unsigned char)s.p[i + n] & 0xC0) == 0x80)
				n++;
			return err_set(err, "22023", "invalid symbol \"%.*s\" found while decoding base64 sequence", (int)n, s.p + i);
		}
		v = v << 6 | (uint32_t)digit;
		if (++pos < 4)
			continue;
		buf_put_u8(out, (uint8_t)(v >> 16));
		if (end == 0 || end > 1)
			buf_put_u8(out, (uint8_t)(v >> 8));
		if (end == 0 || end > 2)
			buf_put_u8(out, (uint8_t)v);
		pos = 0;
		v = 0;
	}
	if (pos == 0)
		return 0;
	err_set(err, "22023", "invalid base64 end sequence");
	return err_hint(err, "Input data is missing padding, is truncated, or is otherwise corrupted.");
}

/* Unlike bytea's own escape form, control characters stay as they are. */
static void escape_encode(Str s, Buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (c == 0 || c >= 0x80)
			buf_printf(out, "\\%03o", c);
		else if (c == '\\')
			buf_puts(out, "\\\\");
		else
			buf_put_u8(out, c);
	}
}

static int escape_decode(Str s, Buf *out, Error *err)
{
	if (s.n < 2 || s.p[0] != '\\' || s.p[1] != 'x')
		return bytea_parse(s, out, err);
	return err_set(err, "22P02", "invalid input syntax for type bytea");
}

typedef enum { CODEC_HEX, CODEC_BASE64, CODEC_ESCAPE, CODEC_NONE } Codec;

static Codec codec_of(sqlite3_context *ctx, sqlite3_value *v)
{
	Str name = fn_arg_str(v);
	if (str_iis(name, "hex"))
		return CODEC_HEX;
	if (str_iis(name, "base64"))
		return CODEC_BASE64;
	if (str_iis(name, "escape"))
		return CODEC_ESCAPE;
	fn_raise(ctx, "22023", "unrecognized encoding: \"%.*s\"", STR_ARG(name));
	return CODEC_NONE;
}

static void encode(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	Codec codec = codec_of(ctx, argv[1]);
	if (codec == CODEC_NONE)
		return;
	Buf b = { 0 };
	if (codec == CODEC_HEX)
		hex_encode(s, &b);
	else if (codec == CODEC_BASE64)
		base64_encode(s, &b);
	else
		escape_encode(s, &b);
	fn_result_buf(ctx, &b);
}

static void decode(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	Codec codec = codec_of(ctx, argv[1]);
	if (codec == CODEC_NONE)
		return;
	Error *err = &fn_env(ctx)->error;
	Buf b = { 0 };
	int rc = codec == CODEC_HEX	 ? hex_decode(s, &b, err)
		 : codec == CODEC_BASE64 ? base64_decode(s, &b, err)
					 : escape_decode(s, &b, err);
	if (rc == 0) {
		fn_result_blob_buf(ctx, &b);
		return;
	}
	buf_free(&b);
	fn_fail(ctx);
}

/* An argument that names a source or destination encoding; only those that can be converted to and from UTF-8 here. */
static bool encoding_arg(sqlite3_context *ctx, sqlite3_value *v, const char *what, int *out)
{
	Str name = fn_arg_str(v);
	*out = encoding_named(name);
	if (*out == ENCODING_NONE)
		fn_raise(ctx, "22023", "invalid %sencoding name \"%.*s\"", what, STR_ARG(name));
	else if (!encoding_is_known(*out))
		fn_raise(ctx, "0A000", "conversion between UTF8 and encoding \"%s\" is not available in SQLite mode", encoding_name(*out));
	else
		return true;
	return false;
}

static bool is_utf8(sqlite3_context *ctx, Str s)
{
	if (utf8_valid(s.p, s.n))
		return true;
	size_t at = 0;
	for (size_t len = 0; at < s.n; at += len) {
		len = utf8_char_bytes(s.p + at, s.n - at);
		if (!utf8_valid(s.p + at, len))
			break;
	}
	uint8_t c = (uint8_t)s.p[at];
	size_t n = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1;
	Buf b = { 0 };
	for (size_t i = 0; i < n && at + i < s.n; i++)
		buf_printf(&b, "%s0x%02x", i ? " " : "", (uint8_t)s.p[at + i]);
	fn_raise(ctx, "22021", "invalid byte sequence for encoding \"UTF8\": %s", buf_cstr(&b));
	buf_free(&b);
	return false;
}

static void convert_from(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int from;
	if (!encoding_arg(ctx, argv[1], "source ", &from))
		return;
	if (from == ENCODING_UTF8) {
		if (is_utf8(ctx, s))
			fn_result_str(ctx, s);
		return;
	}
	Buf b = { 0 };
	if (encoding_to_utf8(from, s, &b, &fn_env(ctx)->error) == 0) {
		fn_result_buf(ctx, &b);
		return;
	}
	buf_free(&b);
	fn_fail(ctx);
}

/* `s` is valid UTF-8. */
static void result_in_encoding(sqlite3_context *ctx, Str s, int to)
{
	Buf b = { 0 };
	if (to == ENCODING_UTF8) {
		sqlite3_result_blob64(ctx, s.n ? s.p : "", s.n, SQLITE_TRANSIENT);
	} else if (encoding_from_utf8(to, s, &b, &fn_env(ctx)->error) == 0) {
		fn_result_blob_buf(ctx, &b);
	} else {
		buf_free(&b);
		fn_fail(ctx);
	}
}

static void convert_to(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int to;
	if (encoding_arg(ctx, argv[1], "destination ", &to))
		result_in_encoding(ctx, fn_arg_str(argv[0]), to);
}

static void convert(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int from, to;
	if (!encoding_arg(ctx, argv[1], "source ", &from) || !encoding_arg(ctx, argv[2], "destination ", &to))
		return;
	if (from == ENCODING_UTF8) {
		if (is_utf8(ctx, s))
			result_in_encoding(ctx, s, to);
		return;
	}
	Buf b = { 0 };
	if (to != ENCODING_UTF8) {
		fn_raise(ctx, "0A000", "conversion between encodings %s and %s is not available in SQLite mode", encoding_name(from),
			 encoding_name(to));
	} else if (encoding_to_utf8(from, s, &b, &fn_env(ctx)->error) == 0) {
		fn_result_blob_buf(ctx, &b);
	} else {
		buf_free(&b);
		fn_fail(ctx);
	}
}

static void length_in_encoding(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]);
	int from;
	if (!encoding_arg(ctx, argv[1], "", &from))
		return;
	size_t chars;
	if (from != ENCODING_UTF8 && encoding_length(from, s, &chars, &fn_env(ctx)->error) != 0)
		fn_fail(ctx);
	else if (from != ENCODING_UTF8)
		sqlite3_result_int64(ctx, (int64_t)chars);
	else if (is_utf8(ctx, s))
		sqlite3_result_int64(ctx, (int64_t)utf8_length(s.p, s.n));
}

const SqliteFn fn_table_codec[] = {
	{ "md5_text", 1, PURE, md5 },
	{ "md5_bytea", 1, PURE, md5 },
	{ "sha224_bytea", 1, PURE, sha224 },
	{ "sha256_bytea", 1, PURE, sha256 },
	{ "sha384_bytea", 1, PURE, sha384 },
	{ "sha512_bytea", 1, PURE, sha512 },
	{ "binary_encode", 2, PURE, encode },
	{ "binary_decode", 2, PURE, decode },
	{ "pg_convert_from", 2, PURE, convert_from },
	{ "pg_convert_to", 2, PURE, convert_to },
	{ "pg_convert", 3, PURE, convert },
	{ "length_in_encoding", 2, PURE, length_in_encoding },
	{ NULL },
};
