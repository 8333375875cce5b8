#include "pgtype/bytea.h"
#include "pgtype/family.h"
#include "pgtype/text.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int bad_hex_digit(Str at, Error *err)
{
	return err_set(err, "22023", "invalid hexadecimal digit: \"%.*s\"", (int)utf8_char_bytes(at.p, at.n), at.p);
}

int hex_decode(Str s, Buf *out, Error *err)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\t' || s.p[i] == '\r')
			continue;
		int hi = hex_value(s.p[i]);
		if (hi < 0)
			return bad_hex_digit((Str){ s.p + i, s.n - i }, err);
		if (++i >= s.n)
			return err_set(err, "22023", "invalid hexadecimal data: odd number of digits");
		int lo = hex_value(s.p[i]);
		if (lo < 0)
			return bad_hex_digit((Str){ s.p + i, s.n - i }, err);
		buf_put_u8(out, (uint8_t)(hi << 4 | lo));
	}
	return 0;
}

void hex_encode(Str s, Buf *out)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *p = buf_reserve(out, s.n * 2 + 1);
	for (size_t i = 0; i < s.n; i++) {
		*p++ = (uint8_t)digits[(unsigned char)s.p[i] >> 4];
		*p++ = (uint8_t)digits[s.p[i] & 15];
	}
	out->len += s.n * 2;
}

static bool is_octal(char c, char most)
{
	return c >= '0' && c <= most;
}

int bytea_parse(Str s, Buf *out, Error *err)
{
	if (s.n >= 2 && s.p[0] == '\\' && s.p[1] == 'x')
		return hex_decode((Str){ s.p + 2, s.n - 2 }, out, err);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\') {
			buf_put_u8(out, (uint8_t)s.p[i]);
		} else if (i + 1 < s.n && s.p[i + 1] == '\\') {
			buf_put_u8(out, '\\');
			i++;
		} else if (i + 3 < s.n && is_octal(s.p[i + 1], '3') && is_octal(s.p[i + 2], '7') && is_octal(s.p[i + 3], '7')) {
			buf_put_u8(out, (uint8_t)((s.p[i + 1] - '0') << 6 | (s.p[i + 2] - '0') << 3 | (s.p[i + 3] - '0')));
			i += 3;
		} else {
			return err_set(err, "22P02", "invalid input syntax for type bytea");
		}
	}
	return 0;
}

void bytea_print(Str s, bool escape, Buf *out)
{
	if (!escape) {
		buf_puts(out, "\\x");
		hex_encode(s, out);
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '\\')
			buf_puts(out, "\\\\");
		else if (c < 0x20 || c > 0x7e)
			buf_printf(out, "\\%03o", c);
		else
			buf_put_u8(out, c);
	}
}

static int bytea_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Buf b = { 0 };
	int rc = bytea_parse(text, &b, err);
	if (rc == 0)
		*out = val_blob((Str){ arena_strndup(a, b.len ? (const char *)b.data : "", b.len), b.len });
	buf_free(&b);
	return rc;
}

static int bytea_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	bytea_print(v->s, env->bytea_escape, out);
	return 0;
}

static int bytea_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	*out = val_blob(bytes);
	return 0;
}

const TypeFamily family_bytea = { bytea_in, bytea_out, bytea_recv, family_text_out, family_text_compare, NULL, "BLOB", NULL };

/* 32 hex digits in any of PostgreSQL's forms: braces around, a hyphen after any group of four. */
static bool parse_uuid(Str s, uint8_t out[16])
{
	bool braces = s.n && s.p[0] == '{';
	size_t at = braces;
	for (int i = 0; i < 16; i++) {
		if (at + 1 >= s.n || hex_value(s.p[at]) < 0 || hex_value(s.p[at + 1]) < 0)
			return false;
		out[i] = (uint8_t)(hex_value(s.p[at]) << 4 | hex_value(s.p[at + 1]));
		at += 2;
		if (i % 2 == 1 && i < 15 && at < s.n && s.p[at] == '-')
			at++;
	}
	if (braces && (at >= s.n || s.p[at++] != '}'))
		return false;
	return at == s.n;
}

static Val uuid_val(const uint8_t bytes[16], Arena *a)
{
	Buf b = { 0 };
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_put_u8(&b, '-');
		hex_encode((Str){ (const char *)bytes + i, 1 }, &b);
	}
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return v;
}

static int uuid_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	uint8_t bytes[16];
	if (!parse_uuid(text, bytes))
		return family_bad_text(err, "uuid", text);
	*out = uuid_val(bytes, a);
	return 0;
}

static int uuid_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 16, err))
		return -1;
	*out = uuid_val((const uint8_t *)bytes.p, a);
	return 0;
}

static int uuid_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	uint8_t bytes[16];
	if (!parse_uuid(v->s, bytes))
		return family_bad_text(err, "uuid", v->s);
	buf_put(out, bytes, sizeof bytes);
	return 0;
}

const TypeFamily family_uuid = { uuid_in, family_text_out, uuid_recv, uuid_send, family_text_compare, NULL, "TEXT", NULL };
