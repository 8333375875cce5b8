#include "pgtype/sysid.h"
#include "pgtype/family.h"

#include <errno.h>
#include <inttypes.h>

static Val text_val(Buf *b, Arena *a)
{
	Val v = val_text((Str){ arena_strndup(a, (const char *)b->data, b->len), b->len });
	buf_free(b);
	return v;
}

/* ---- xid8 ---- */

static Val xid8_val(uint64_t x, Arena *a)
{
	return val_text(str_of(arena_printf(a, "%" PRIu64, x)));
}

uint64_t xid8_read(Str stored)
{
	uint64_t v = 0;
	for (size_t i = 0; i < stored.n; i++)
		v = v * 10 + (uint64_t)(stored.p[i] - '0');
	return v;
}

/* As C reads a number: any base, a sign, and what follows it is not looked at. */
static int xid8_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	*out = xid8_val(strtoull(arena_strndup(a, text.p, text.n), NULL, 0), a);
	return 0;
}

static int xid8_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 8, err))
		return -1;
	*out = xid8_val(get_u64(bytes.p), a);
	return 0;
}

static int xid8_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u64(out, xid8_read(v->s));
	return 0;
}

static int xid8_compare(const PgType *t, const Val *x, const Val *y)
{
	uint64_t a = xid8_read(x->s), b = xid8_read(y->s);
	return (a > b) - (a < b);
}

const TypeFamily family_xid8 = { xid8_in, family_text_out, xid8_recv, xid8_send, xid8_compare, NULL, "TEXT", "pgxid8" };

/* ---- tid ---- */

static Val tid_val(Tid x, Arena *a)
{
	return val_text(str_of(arena_printf(a, "(%" PRIu32 ",%u)", x.block, x.offset)));
}

static int tid_parse(Str text, Tid *out, Arena *a, Error *err)
{
	const char *s = arena_strndup(a, text.p, text.n), *open = strpbrk(s, "(,)");
	char *end;
	if (!open || *open != '(')
		return family_bad_text(err, "tid", text);
	errno = 0;
	unsigned long block = strtoul(open + 1, &end, 10);
	/* A block may be written as a negative number of 32 bits. */
	bool fits = block <= UINT32_MAX || block >= (unsigned long)INT32_MIN;
	if (errno || *end != ',' || !fits)
		return family_bad_text(err, "tid", text);
	unsigned long offset = strtoul(end + 1, &end, 10);
	if (errno || *end != ')' || offset > UINT16_MAX)
		return family_bad_text(err, "tid", text);
	*out = (Tid){ (uint32_t)block, (uint16_t)offset };
	return 0;
}

Tid tid_read(Str stored)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Tid x = { 0 };
	Error scratch = { 0 };
	tid_parse(stored, &x, a, &scratch);
	return x;
}

static int tid_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Tid x;
	if (tid_parse(text, &x, a, err))
		return -1;
	*out = tid_val(x, a);
	return 0;
}

static int tid_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 6, err))
		return -1;
	*out = tid_val((Tid){ get_u32(bytes.p), get_u16(bytes.p + 4) }, a);
	return 0;
}

static int tid_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	Tid x = tid_read(v->s);
	buf_put_u32(out, x.block);
	buf_put_u16(out, x.offset);
	return 0;
}

static int tid_compare(const PgType *t, const Val *x, const Val *y)
{
	Tid a = tid_read(x->s), b = tid_read(y->s);
	return a.block != b.block ? (a.block < b.block ? -1 : 1) : (a.offset > b.offset) - (a.offset < b.offset);
}

const TypeFamily family_tid = { tid_in, family_text_out, tid_recv, tid_send, tid_compare, NULL, "TEXT", "pgtid" };

/* ---- pg_lsn ---- */

/* One to eight hexadecimal digits at the front of s. */
static bool take_hex(Str *s, uint64_t *v)
{
	size_t n = 0;
	for (*v = 0; n < s->n; n++) {
		char c = s->p[n];
		char letter = (char)(c | 0x20);
		if (c >= '0' && c <= '9')
			*v = *v << 4 | (uint64_t)(c - '0');
		else if (letter >= 'a' && letter <= 'f')
			*v = *v << 4 | (uint64_t)(letter - 'a' + 10);
		else
			break;
	}
	*s = (Str){ s->p + n, s->n - n };
	return n >= 1 && n <= 8;
}

int lsn_parse(Str text, uint64_t *out, Error *err)
{
	uint64_t high, low;
	Str s = text;
	bool ok = take_hex(&s, &high) && s.n && s.p[0] == '/';
	s = ok ? (Str){ s.p + 1, s.n - 1 } : s;
	if (!ok || !take_hex(&s, &low) || s.n)
		return family_bad_text(err, "pg_lsn", text);
	*out = high << 32 | low;
	return 0;
}

void lsn_print(uint64_t lsn, Buf *out)
{
	buf_printf(out, "%" PRIX32 "/%" PRIX32, (uint32_t)(lsn >> 32), (uint32_t)lsn);
}

static int lsn_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	uint64_t x;
	Buf b = { 0 };
	if (lsn_parse(text, &x, err))
		return -1;
	lsn_print(x, &b);
	*out = text_val(&b, a);
	return 0;
}

static int lsn_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Buf b = { 0 };
	if (family_check_length(bytes, 8, err))
		return -1;
	lsn_print(get_u64(bytes.p), &b);
	*out = text_val(&b, a);
	return 0;
}

static int lsn_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	uint64_t x;
	if (lsn_parse(v->s, &x, err))
		return -1;
	buf_put_u64(out, x);
	return 0;
}

static int lsn_compare(const PgType *t, const Val *x, const Val *y)
{
	uint64_t a = 0, b = 0;
	lsn_parse(x->s, &a, NULL);
	lsn_parse(y->s, &b, NULL);
	return (a > b) - (a < b);
}

const TypeFamily family_lsn = { lsn_in, family_text_out, lsn_recv, lsn_send, lsn_compare, NULL, "TEXT", "pgpg_lsn" };
