/* Values packed into one text, and taken out again: see pack.h. */
#include "sqlite/pack.h"

#include "pgtype/array.h"

#include <stdio.h>

static void put_hex(Buf *b, Str s)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < s.n; i++) {
		buf_put_u8(b, (uint8_t)digits[(uint8_t)s.p[i] >> 4]);
		buf_put_u8(b, (uint8_t)digits[(uint8_t)s.p[i] & 15]);
	}
}

static void put_value(Buf *b, sqlite3_value *v)
{
	double r;
	uint64_t bits;
	Str s;
	switch (sqlite3_value_type(v)) {
	case SQLITE_INTEGER:
		buf_printf(b, "I%lld;", (long long)sqlite3_value_int64(v));
		return;
	case SQLITE_FLOAT:
		r = sqlite3_value_double(v);
		memcpy(&bits, &r, sizeof bits);
		buf_printf(b, "R%016llx", (unsigned long long)bits);
		return;
	case SQLITE_TEXT:
		s = fn_arg_str(v);
		buf_printf(b, "T%zu:", s.n);
		buf_put(b, s.p, s.n);
		return;
	case SQLITE_BLOB:
		s = fn_arg_str(v);
		buf_printf(b, "B%zu:", s.n * 2);
		put_hex(b, s);
		return;
	default:
		buf_puts(b, "N");
	}
}

static void pack(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	for (int i = 0; i < argc; i++)
		put_value(&b, argv[i]);
	sqlite3_result_text64(ctx, b.len ? (const char *)b.data : "", b.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	buf_free(&b);
}

bool pack_take(Str *s, char *kind, Str *body)
{
	if (!s->n)
		return false;
	*kind = s->p[0];
	size_t at = 1, n = 0;
	if (*kind == 'R') {
		n = 16;
	} else if (*kind == 'I') {
		while (at + n < s->n && s->p[at + n] != ';')
			n++;
	} else if (*kind == 'T' || *kind == 'B') {
		while (at < s->n && s->p[at] >= '0' && s->p[at] <= '9' && n <= s->n)
			n = n * 10 + (size_t)(s->p[at++] - '0');
		at++;
	}
	if (at > s->n || n > s->n - at)
		return false;
	*body = (Str){ s->p + at, n };
	at += n + (*kind == 'I' && at + n < s->n);
	*s = (Str){ s->p + at, s->n - at };
	return true;
}

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

Val pack_value(char kind, Str body, Arena *a)
{
	uint64_t bits = 0;
	double r;
	uint8_t *p;
	switch (kind) {
	case 'I':
		return val_int(strtoll(body.p, NULL, 10));
	case 'R':
		for (size_t i = 0; i < body.n; i++)
			bits = bits << 4 | (uint64_t)(hex_digit(body.p[i]) & 15);
		memcpy(&r, &bits, sizeof r);
		return val_real(r);
	case 'T':
		return val_text(body);
	case 'B':
		p = arena_alloc(a, body.n / 2 + 1);
		for (size_t i = 0; i + 1 < body.n; i += 2)
			p[i / 2] = (uint8_t)(hex_digit(body.p[i]) << 4 | hex_digit(body.p[i + 1]));
		return val_blob((Str){ (const char *)p, body.n / 2 });
	default:
		return val_null();
	}
}

static void unpack(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str s = fn_arg_str(argv[0]), body = { 0 };
	char kind = 'N';
	for (int i = sqlite3_value_int(argv[1]); i >= 0; i--)
		if (!pack_take(&s, &kind, &body)) {
			fn_raise(ctx, "XX000", "malformed row of a lateral subquery");
			return;
		}
	_cleanup_(arena_freep) Arena *a = kind == 'B' ? arena_new() : NULL;
	Val v = pack_value(kind, body, a);
	fn_result(ctx, &v);
}

static void rows_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf *b = sqlite3_aggregate_context(ctx, sizeof *b);
	if (!b)
		return;
	if (argc == 1) {
		put_value(b, argv[0]);
		return;
	}
	Buf row = { 0 };
	for (int i = 0; i < argc; i++)
		put_value(&row, argv[i]);
	buf_printf(b, "T%zu:", row.len);
	buf_put_str(b, buf_str(&row));
	buf_free(&row);
}

static void rows_final(sqlite3_context *ctx)
{
	Buf *b = sqlite3_aggregate_context(ctx, 0);
	if (!b)
		return;
	sqlite3_result_text64(ctx, b->len ? (const char *)b->data : "", b->len, SQLITE_TRANSIENT, SQLITE_UTF8);
	buf_free(b);
}

const SqliteAgg agg_table_pack[] = {
	{ "pack_rows", -1, 0, rows_step, rows_final, NULL, NULL },
	{ NULL },
};

static void array_packed(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	const PgType *elem = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	size_t n = 0, bytes = 0;
	for (int i = 1; i < argc; i++)
		bytes += (size_t)sqlite3_value_bytes(argv[i]);
	Val *items = arena_array(a, Val, bytes + 1);
	for (int i = 1; i < argc; i++) {
		Str s = fn_arg_str(argv[i]), body;
		char kind;
		while (pack_take(&s, &kind, &body))
			items[n++] = pack_value(kind, body, a);
	}
	if (!elem) {
		fn_raise(ctx, "XX000", "cache lookup failed for type %u", (uint32_t)sqlite3_value_int64(argv[0]));
		return;
	}
	PgArray x = array_of(elem, items, n);
	Val v = array_val(&x, a);
	fn_result(ctx, &v);
}

const SqliteFn fn_table_pack[] = {
	{ "array_packed", -1, FN_IMMUTABLE, array_packed },
	{ "pack", -1, FN_IMMUTABLE, pack },
	{ "unpack", 2, FN_IMMUTABLE | FN_STRICT, unpack },
	{ NULL },
};
