#include "pgtype/bits.h"
#include "pgtype/family.h"
#include "pgtype/text.h"

enum { OID_VARBIT = 1562, HEX_BITS = 4 };

static int bad_digit(Str at, const char *kind, Error *err)
{
	return err_set(err, "22P02", "\"%.*s\" is not a valid %s digit", (int)utf8_char_bytes(at.p, at.n), at.p, kind);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_hex(Str s, Buf *out, Error *err)
{
	if (s.n > BITS_MAX / HEX_BITS)
		return err_set(err, "54000", "bit string length exceeds the maximum allowed (%d)", BITS_MAX);
	for (size_t i = 0; i < s.n; i++) {
		int v = hex_digit(s.p[i]);
		if (v < 0)
			return bad_digit((Str){ s.p + i, s.n - i }, "hexadecimal", err);
		for (int bit = HEX_BITS - 1; bit >= 0; bit--)
			buf_put_u8(out, v >> bit & 1 ? '1' : '0');
	}
	return 0;
}

int bits_parse(Str text, Buf *out, Error *err)
{
	char first = text.n ? (char)(text.p[0] | 0x20) : 0;
	if (first == 'x')
		return parse_hex((Str){ text.p + 1, text.n - 1 }, out, err);
	Str s = first == 'b' ? (Str){ text.p + 1, text.n - 1 } : text;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '0' && s.p[i] != '1')
			return bad_digit((Str){ s.p + i, s.n - i }, "binary", err);
	buf_put_str(out, s);
	return 0;
}

void bits_from_int(int64_t v, int count, Buf *out)
{
	for (int bit = count - 1; bit >= 0; bit--)
		buf_put_u8(out, v >> (bit > 63 ? 63 : bit) & 1 ? '1' : '0');
}

int bits_to_int(Str bits, int width, int64_t *out, Error *err)
{
	if (bits.n > (size_t)width)
		return err_set(err, "22003", "%s out of range", width > 32 ? "bigint" : "integer");
	uint64_t v = 0;
	for (size_t i = 0; i < bits.n; i++)
		v = v << 1 | (bits.p[i] == '1');
	*out = width > 32 ? (int64_t)v : (int32_t)v;
	return 0;
}

Str bits_part(Str bits, int64_t start, int64_t len)
{
	int64_t end = len < 0 ? (int64_t)bits.n + 1 : start + len;
	if (start < 1)
		start = 1;
	if (end > (int64_t)bits.n + 1)
		end = (int64_t)bits.n + 1;
	return end <= start ? (Str){ "", 0 } : (Str){ bits.p + start - 1, (size_t)(end - start) };
}

/* Values of a type with a length that come from outside, or are assigned, must have it (bit) or not more (bit varying). */
static int check_length(const PgType *t, int32_t typmod, size_t n, Error *err)
{
	if (typmod <= 0)
		return 0;
	if (t->oid == OID_VARBIT && n > (size_t)typmod)
		return err_set(err, "22001", "bit string too long for type bit varying(%d)", typmod);
	if (t->oid != OID_VARBIT && n != (size_t)typmod)
		return err_set(err, "22026", "bit string length %zu does not match type bit(%d)", n, typmod);
	return 0;
}

static Val bits_val(Buf *b, Arena *a)
{
	Val v = val_text((Str){ arena_strndup(a, b->len ? (const char *)b->data : "", b->len), b->len });
	buf_free(b);
	return v;
}

static int bits_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Buf b = { 0 };
	int rc = bits_parse(text, &b, err);
	if (rc == 0)
		rc = check_length(t, typmod, b.len, err);
	*out = bits_val(&b, a);
	return rc;
}

static int bits_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	int32_t n = bytes.n < 4 ? -1 : (int32_t)get_u32(bytes.p);
	if (bytes.n < 4)
		return family_check_length(bytes, 4, err);
	if (n < 0 || n > BITS_MAX)
		return err_set(err, "22P03", "invalid length in external bit string");
	if (check_length(t, typmod, (size_t)n, err) || family_check_length(bytes, 4 + ((size_t)n + 7) / 8, err))
		return -1;
	char *p = arena_alloc(a, (size_t)n + 1);
	for (size_t i = 0; i < (size_t)n; i++)
		p[i] = (uint8_t)bytes.p[4 + i / 8] >> (7 - i % 8) & 1 ? '1' : '0';
	*out = val_text((Str){ p, (size_t)n });
	return 0;
}

static int bits_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u32(out, (uint32_t)v->s.n);
	for (size_t i = 0; i < v->s.n; i += 8) {
		unsigned byte = 0;
		for (size_t bit = 0; bit < 8 && i + bit < v->s.n; bit++)
			byte |= (unsigned)(v->s.p[i + bit] == '1') << (7 - bit);
		buf_put_u8(out, (uint8_t)byte);
	}
	return 0;
}

static int bits_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	size_t want = (size_t)typmod;
	*out = *v;
	if (typmod == 0 || v->s.n == want || (t->oid == OID_VARBIT && v->s.n < want))
		return 0;
	if (!is_explicit)
		return check_length(t, typmod, v->s.n, err);
	char *p = arena_alloc(a, want + 1);
	memset(p, '0', want);
	memcpy(p, v->s.p, v->s.n < want ? v->s.n : want);
	out->s = (Str){ p, want };
	return 0;
}

const TypeFamily family_bits = { bits_in, family_text_out, bits_recv, bits_send, family_text_compare, bits_typmod, "TEXT", NULL };
