/* citext: text whose comparisons do not see case. Stored as it was written. */
#include "pgtype/family.h"

#include "pgtype/ts_parse.h"

static int citext_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return family_text.in(t, typmod, text, env, a, out, err);
}

static int citext_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return family_text.recv(t, typmod, bytes, env, a, out, err);
}

static int citext_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_str(out, v->s);
	return 0;
}

static bool is_ascii(Str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] & 0x80)
			return false;
	return true;
}

static int lower_ascii(char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : (unsigned char)c;
}

static int compare_ascii(Str x, Str y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	for (size_t i = 0; i < n; i++) {
		int d = lower_ascii(x.p[i]) - lower_ascii(y.p[i]);
		if (d)
			return d;
	}
	return (x.n > y.n) - (x.n < y.n);
}

static int citext_compare(const PgType *t, const Val *x, const Val *y)
{
	if (is_ascii(x->s) && is_ascii(y->s))
		return compare_ascii(x->s, y->s);
	Buf bx = { 0 }, by = { 0 };
	ts_lower(x->s, &bx);
	ts_lower(y->s, &by);
	Val vx = val_text((Str){ (const char *)bx.data, bx.len }), vy = val_text((Str){ (const char *)by.data, by.len });
	int c = family_text_compare(t, &vx, &vy);
	buf_free(&bx);
	buf_free(&by);
	return c;
}

const TypeFamily family_citext = {
	.in = citext_in,
	.out = family_text_out,
	.recv = citext_recv,
	.send = citext_send,
	.compare = citext_compare,
	.storage = "TEXT",
	.collation = "pgcitext",
};
