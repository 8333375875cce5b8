#include "pgtype/hstore.h"
#include "pgtype/family.h"
#include "pgtype/json.h"

#include <stdlib.h>

static int compare_keys(Str x, Str y)
{
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return x.n ? memcmp(x.p, y.p, x.n) : 0;
}

/* The order in which they were added decides among equal keys: where the pairs are in memory says it no more while they are sorted. */
typedef struct Numbered {
	HPair pair;
	size_t at;
} Numbered;

static int compare_numbered(const void *x, const void *y)
{
	const Numbered *a = x, *b = y;
	int c = compare_keys(a->pair.key, b->pair.key);
	return c ? c : (a->at > b->at) - (a->at < b->at);
}

void hstore_add(HStore *h, Str key, const Str *value, Arena *a)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 8;
		HPair *more = arena_array(a, HPair, cap);
		if (h->n)
			memcpy(more, h->pairs, h->n * sizeof *more);
		h->pairs = more;
		h->cap = cap;
	}
	h->pairs[h->n++] = (HPair){ key, value ? *value : (Str){ "", 0 }, !value };
}

void hstore_finish(HStore *h)
{
	Numbered *all = mem_alloc((h->n + 1) * sizeof *all);
	size_t kept = 0;
	for (size_t i = 0; i < h->n; i++)
		all[i] = (Numbered){ h->pairs[i], i };
	qsort(all, h->n, sizeof *all, compare_numbered);
	for (size_t i = 0; i < h->n; i++)
		if (!kept || compare_keys(h->pairs[kept - 1].key, all[i].pair.key) != 0)
			h->pairs[kept++] = all[i].pair;
	h->n = kept;
	free(all);
}

const HPair *hstore_find(const HStore *h, Str key)
{
	size_t lo = 0, hi = h->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = compare_keys(h->pairs[mid].key, key);
		if (c == 0)
			return &h->pairs[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool hstore_same(const HPair *x, const HPair *y)
{
	return x->null == y->null && (x->null || str_eq(x->value, y->value));
}

static void print_quoted(Str s, Buf *out)
{
	buf_puts(out, "\"");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_puts(out, "\\");
		buf_put_u8(out, (uint8_t)s.p[i]);
	}
	buf_puts(out, "\"");
}

void hstore_print(const HStore *h, Buf *out)
{
	for (size_t i = 0; i < h->n; i++) {
		buf_puts(out, i ? ", " : "");
		print_quoted(h->pairs[i].key, out);
		buf_puts(out, "=>");
		if (h->pairs[i].null)
			buf_puts(out, "NULL");
		else
			print_quoted(h->pairs[i].value, out);
	}
}

bool hstore_is_number(Str s)
{
	size_t i = s.n && s.p[0] == '-';
	Error ignored;
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && json_validate(s, &ignored) == 0;
}

void hstore_print_json(const HStore *h, bool loose, Buf *out)
{
	buf_puts(out, "{");
	for (size_t i = 0; i < h->n; i++) {
		const HPair *p = &h->pairs[i];
		buf_puts(out, i ? ", " : "");
		json_print_string(p->key, out);
		buf_puts(out, ": ");
		if (p->null)
			buf_puts(out, "null");
		else if (loose && (str_is(p->value, "t") || str_is(p->value, "f")))
			buf_puts(out, str_is(p->value, "t") ? "true" : "false");
		else if (loose && hstore_is_number(p->value))
			buf_put_str(out, p->value);
		else
			json_print_string(p->value, out);
	}
	buf_puts(out, "}");
}

/* ---- reading ---- */

typedef struct Reader {
	Str text;
	size_t at;
	Arena *a;
	Error *err;
} Reader;

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(Reader *r)
{
	while (r->at < r->text.n && is_blank(r->text.p[r->at]))
		r->at++;
}

static int unexpected(Reader *r)
{
	if (r->at >= r->text.n)
		return err_set(r->err, "XX000", "Unexpected end of string");
	size_t n = 1;
	while (r->at + n < r->text.n && ((unsigned char)r->text.p[r->at + n] & 0xC0) == 0x80)
		n++;
	return err_set(r->err, "XX000", "Syntax error near \"%.*s\" at position %zu", (int)n, r->text.p + r->at, r->at);
}

/* A word: in quotes, or to a blank, a comma (of a value) or "=" (of a key). */
static int read_word(Reader *r, bool key, Str *out, bool *quoted)
{
	skip_blanks(r);
	char *p = arena_alloc(r->a, r->text.n - r->at + 1);
	size_t n = 0;
	*quoted = r->at < r->text.n && r->text.p[r->at] == '"';
	if (r->at >= r->text.n || (key && r->text.p[r->at] == '=') || (!key && r->text.p[r->at] == ','))
		return unexpected(r);
	r->at += *quoted;
	for (; r->at < r->text.n; r->at++) {
		char c = r->text.p[r->at];
		if (*quoted ? c == '"' : is_blank(c) || (key ? c == '=' : c == ','))
			break;
		if (c == '\\' && ++r->at >= r->text.n)
			return unexpected(r);
		p[n++] = r->text.p[r->at];
	}
	if (*quoted && r->at >= r->text.n)
		return unexpected(r);
	r->at += *quoted;
	*out = (Str){ p, n };
	return 0;
}

static int read_pair(Reader *r, HStore *out)
{
	Str key, value;
	bool quoted;
	if (read_word(r, true, &key, &quoted))
		return -1;
	skip_blanks(r);
	if (r->at >= r->text.n || r->text.p[r->at] != '=')
		return unexpected(r);
	if (++r->at >= r->text.n || r->text.p[r->at] != '>')
		return unexpected(r);
	r->at++;
	if (read_word(r, false, &value, &quoted))
		return -1;
	bool null = !quoted && str_ieq(value, str_of("null"));
	hstore_add(out, key, null ? NULL : &value, r->a);
	return 0;
}

int hstore_parse(Str text, Arena *a, HStore *out, Error *err)
{
	Reader r = { text, 0, a, err };
	*out = (HStore){ 0 };
	for (skip_blanks(&r); r.at < text.n; skip_blanks(&r)) {
		if (read_pair(&r, out))
			return -1;
		skip_blanks(&r);
		if (r.at < text.n && text.p[r.at++] != ',') {
			r.at--;
			return unexpected(&r);
		}
	}
	hstore_finish(out);
	return 0;
}

/* ---- the type ---- */

static Val stored(HStore *h, Arena *a)
{
	Buf b = { 0 };
	hstore_print(h, &b);
	Val v = val_text((Str){ arena_strndup(a, b.len ? (const char *)b.data : "", b.len), b.len });
	buf_free(&b);
	return v;
}

static int hstore_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	HStore h;
	if (family_check_utf8(text, err) || hstore_parse(text, a, &h, err))
		return -1;
	*out = stored(&h, a);
	return 0;
}

static bool take(Str *bytes, size_t n, Str *out)
{
	if (bytes->n < n)
		return false;
	*out = (Str){ bytes->p, n };
	bytes->p += n;
	bytes->n -= n;
	return true;
}

static bool take_int(Str *bytes, int32_t *out)
{
	Str s;
	if (!take(bytes, 4, &s))
		return false;
	const uint8_t *p = (const uint8_t *)s.p;
	*out = (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
	return true;
}

static int hstore_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	HStore h = { 0 };
	int32_t pairs, n;
	if (!take_int(&bytes, &pairs) || pairs < 0)
		return err_set(err, "08P01", "insufficient data left in message");
	for (int32_t i = 0; i < pairs; i++) {
		Str key, value = { "", 0 };
		if (!take_int(&bytes, &n) || n < 0 || !take(&bytes, (size_t)n, &key) || !take_int(&bytes, &n) ||
		    (n >= 0 && !take(&bytes, (size_t)n, &value)))
			return err_set(err, "08P01", "insufficient data left in message");
		if (type_recv_text(key, env, a, &key, err) || type_recv_text(value, env, a, &value, err))
			return -1;
		hstore_add(&h, key, n < 0 ? NULL : &value, a);
	}
	hstore_finish(&h);
	*out = stored(&h, a);
	return family_check_length(bytes, 0, err);
}

static int send_part(Str s, const TypeEnv *env, Buf *out, Error *err)
{
	size_t at = out->len;
	buf_put_u32(out, 0);
	if (type_send_text(s, env, out, err) != 0)
		return -1;
	buf_set_u32(out, at, (uint32_t)(out->len - at - 4));
	return 0;
}

static int hstore_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	HStore h;
	if (hstore_parse(v->s, a, &h, err))
		return -1;
	buf_put_u32(out, (uint32_t)h.n);
	for (size_t i = 0; i < h.n; i++) {
		if (send_part(h.pairs[i].key, env, out, err) != 0)
			return -1;
		if (h.pairs[i].null)
			buf_put_u32(out, UINT32_MAX);
		else if (send_part(h.pairs[i].value, env, out, err) != 0)
			return -1;
	}
	return 0;
}

const TypeFamily family_hstore = {
	.in = hstore_in,
	.out = family_text_out,
	.recv = hstore_recv,
	.send = hstore_send,
	.compare = family_text_compare,
	.storage = "TEXT",
};
