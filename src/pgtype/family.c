#include "pgtype/family.h"

#include <stdio.h>

int family_bad_text(Error *err, const char *type_name, Str text)
{
	return err_set(err, "22P02", "invalid input syntax for type %s: \"%.*s\"", type_name, STR_ARG(text));
}

int family_check_length(Str bytes, size_t want, Error *err)
{
	if (bytes.n < want)
		return err_set(err, "08P01", "insufficient data left in message");
	if (bytes.n > want)
		return err_set(err, "22P03", "incorrect binary data format");
	return 0;
}

static size_t announced_length(unsigned char c)
{
	if (c < 0xC0)
		return 1;
	return c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1;
}

int family_check_utf8(Str text, Error *err)
{
	if (utf8_valid(text.p, text.n))
		return 0;
	/* Find the first bad sequence, only to name its bytes. */
	size_t at = 0;
	while (at < text.n) {
		size_t n = announced_length((unsigned char)text.p[at]);
		if (n > text.n - at || !utf8_valid(text.p + at, n))
			break;
		at += n;
	}
	char bytes[32] = "";
	size_t used = 0;
	size_t n = announced_length((unsigned char)text.p[at]);
	for (size_t i = 0; i < n && at + i < text.n; i++)
		used += (size_t)snprintf(bytes + used, sizeof bytes - used, "%s0x%02x", i ? " " : "", (unsigned char)text.p[at + i]);
	return err_set(err, "22021", "invalid byte sequence for encoding \"UTF8\": %s", bytes);
}

int family_text_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_str(out, v->s);
	return 0;
}

int family_text_compare(const PgType *t, const Val *x, const Val *y)
{
	size_t n = x->s.n < y->s.n ? x->s.n : y->s.n;
	int c = n ? memcmp(x->s.p, y->s.p, n) : 0;
	return c ? c : (x->s.n > y->s.n) - (x->s.n < y->s.n);
}
