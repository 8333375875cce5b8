#include "pgtype/text.h"
#include "pgtype/family.h"

enum { NAME_BYTES = 63, TYPMOD_HEADER = 4 };

size_t utf8_char_bytes(const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	return len < n ? len : n;
}

size_t utf8_offset(Str s, size_t chars)
{
	size_t at = 0;
	while (chars-- && at < s.n)
		at += utf8_char_bytes(s.p + at, s.n - at);
	return at;
}

Str text_rtrim_blanks(Str s)
{
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

static int text_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_utf8(text, err))
		return -1;
	*out = val_text(text);
	return 0;
}

static int text_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return text_in(t, typmod, bytes, env, a, out, err);
}

/* Cuts to the type's length. Blanks beyond it always go; anything else only when the cast is explicit. */
static int limit_length(const char *type_name, int32_t typmod, bool is_explicit, Str s, Val *out, Error *err)
{
	int limit = typmod - TYPMOD_HEADER;
	size_t at = limit < 0 ? s.n : utf8_offset(s, (size_t)limit);
	if (!is_explicit && text_rtrim_blanks((Str){ s.p + at, s.n - at }).n)
		return err_set(err, "22001", "value too long for type %s(%d)", type_name, limit);
	*out = val_text((Str){ s.p, at });
	return 0;
}

static int varchar_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	return limit_length("character varying", typmod, is_explicit, v->s, out, err);
}

static int varchar_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return family_check_utf8(text, err) ? -1 : limit_length("character varying", typmod, false, text, out, err);
}

static int bpchar_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	if (typmod < TYPMOD_HEADER) {
		*out = *v;
		return 0;
	}
	if (limit_length("character", typmod, is_explicit, v->s, out, err))
		return -1;
	size_t chars = utf8_length(out->s.p, out->s.n), limit = (size_t)(typmod - TYPMOD_HEADER);
	if (chars < limit) {
		size_t blanks = limit - chars;
		char *p = arena_alloc(a, out->s.n + blanks + 1);
		if (out->s.n)
			memcpy(p, out->s.p, out->s.n);
		memset(p + out->s.n, ' ', blanks);
		out->s = (Str){ p, out->s.n + blanks };
	}
	return 0;
}

static int bpchar_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Val v = val_text(text);
	return family_check_utf8(text, err) ? -1 : bpchar_typmod(t, typmod, false, &v, a, out, err);
}

static int bpchar_compare(const PgType *t, const Val *x, const Val *y)
{
	Val a = val_text(text_rtrim_blanks(x->s)), b = val_text(text_rtrim_blanks(y->s));
	return family_text_compare(t, &a, &b);
}

static int name_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_utf8(text, err))
		return -1;
	if (text.n > NAME_BYTES) {
		size_t at = 0, next = 0;
		while (next <= NAME_BYTES) {
			at = next;
			next += utf8_char_bytes(text.p + next, text.n - next);
		}
		text.n = at;
	}
	*out = val_text(text);
	return 0;
}

static int name_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_utf8(bytes, err))
		return -1;
	if (bytes.n > NAME_BYTES) {
		err_set(err, "42622", "identifier too long");
		return err_detail(err, "Identifier must be less than 64 characters.");
	}
	*out = val_text(bytes);
	return 0;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

uint8_t char_parse(Str text)
{
	const char *p = text.p;
	if (text.n == 4 && p[0] == '\\' && is_octal(p[1]) && is_octal(p[2]) && is_octal(p[3]))
		return (uint8_t)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
	return text.n ? (uint8_t)p[0] : 0;
}

uint8_t char_byte(Str stored)
{
	if (stored.n < 2)
		return stored.n ? (uint8_t)stored.p[0] : 0;
	return (uint8_t)((stored.p[0] & 3) << 6 | (stored.p[1] & 0x3f));
}

size_t char_store(uint8_t c, char out[2])
{
	out[0] = (char)(c < 0x80 ? c : 0xC0 | c >> 6);
	out[1] = (char)(0x80 | (c & 0x3f));
	return c == 0 ? 0 : c < 0x80 ? 1 : 2;
}

size_t char_print(uint8_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return c != 0;
	}
	out[0] = '\\';
	out[1] = (char)('0' + (c >> 6));
	out[2] = (char)('0' + (c >> 3 & 7));
	out[3] = (char)('0' + (c & 7));
	return 4;
}

static Val char_val(uint8_t c, Arena *a)
{
	char text[2];
	size_t n = char_store(c, text);
	return val_text((Str){ arena_strndup(a, text, n), n });
}

static int char_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	*out = char_val(char_parse(text), a);
	return 0;
}

static int char_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	char text[4];
	size_t n = char_print(char_byte(v->s), text);
	buf_put(out, text, n);
	return 0;
}

static int char_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 1, err))
		return -1;
	*out = char_val((uint8_t)bytes.p[0], a);
	return 0;
}

static int char_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u8(out, char_byte(v->s));
	return 0;
}

const TypeFamily family_text = { text_in, family_text_out, text_recv, family_text_out, family_text_compare, NULL, "TEXT", NULL };
const TypeFamily family_varchar = { varchar_in,		 family_text_out, varchar_in, family_text_out,
				    family_text_compare, varchar_typmod,  "TEXT",     NULL };
const TypeFamily family_bpchar = { bpchar_in, family_text_out, bpchar_in, family_text_out, bpchar_compare, bpchar_typmod, "TEXT", "RTRIM" };
const TypeFamily family_name = { name_in, family_text_out, name_recv, family_text_out, family_text_compare, NULL, "TEXT", NULL };
const TypeFamily family_char = { char_in, char_out, char_recv, char_send, family_text_compare, NULL, "TEXT", NULL };

static int void_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	*out = val_text((Str){ "", 0 });
	return 0;
}

static int void_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	return 0;
}

const TypeFamily family_void = { void_in, void_out, void_in, void_out, family_text_compare, NULL, "TEXT", NULL };

static int enum_position(const PgType *t, Str label)
{
	for (size_t i = 0; i < t->nlabels; i++)
		if (str_is(label, t->labels[i]))
			return (int)i;
	return -1;
}

int enum_check_label(const PgType *t, size_t at, Error *err)
{
	if (!t->label_unsafe || !t->label_unsafe[at])
		return 0;
	_cleanup_(arena_freep) Arena *a = arena_new();
	err_set(err, "55P04", "unsafe use of new value \"%s\" of enum type %s", t->labels[at], type_format(t, -1, a));
	return err_hint(err, "New enum values must be committed before they can be used.");
}

static int enum_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	int at = enum_position(t, text);
	if (at < 0)
		return err_set(err, "22P02", "invalid input value for enum %s: \"%.*s\"", type_format(t, -1, a), STR_ARG(text));
	*out = val_text(str_of(t->labels[at]));
	return enum_check_label(t, (size_t)at, err);
}

static int enum_compare(const PgType *t, const Val *x, const Val *y)
{
	int a = enum_position(t, x->s), b = enum_position(t, y->s);
	return (a > b) - (a < b);
}

const TypeFamily family_enum = { enum_in, family_text_out, enum_in, family_text_out, enum_compare, NULL, "TEXT", NULL };
