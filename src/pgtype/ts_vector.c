#include "pgtype/family.h"
#include "pgtype/ts.h"

#include <ctype.h>

int ts_weight(char letter)
{
	switch (letter) {
	case 'a':
	case 'A':
		return 3;
	case 'b':
	case 'B':
		return 2;
	case 'c':
	case 'C':
		return 1;
	case 'd':
	case 'D':
		return 0;
	default:
		return -1;
	}
}

int ts_compare_bytes(Str x, Str y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int c = n ? memcmp(x.p, y.p, n) : 0;
	return c ? c : (x.n > y.n) - (x.n < y.n);
}

/* ---- reading ---- */

static int syntax_error(TsReader *r)
{
	return err_set(r->err, "42601", "syntax error in %s: \"%.*s\"", r->query ? "tsquery" : "tsvector", STR_ARG(r->text));
}

static bool ends_word(const TsReader *r, char c)
{
	return isspace((unsigned char)c) || c == '\0' || c == ':' || (r->query && strchr("!&|()<", c));
}

static int escaped(TsReader *r, Buf *b)
{
	if (++r->p == r->end)
		return err_set(r->err, "42601", "there is no escaped character: \"%.*s\"", STR_ARG(r->text));
	buf_put_u8(b, (uint8_t)*r->p++);
	return 0;
}

static int quoted_word(TsReader *r, Buf *b)
{
	for (r->p++;;) {
		if (r->p == r->end)
			return syntax_error(r);
		if (*r->p == '\\') {
			if (escaped(r, b) < 0)
				return -1;
		} else if (*r->p != '\'') {
			buf_put_u8(b, (uint8_t)*r->p++);
		} else if (r->p + 1 < r->end && r->p[1] == '\'') {
			buf_put_u8(b, '\'');
			r->p += 2;
		} else {
			r->p++;
			return b->len ? 0 : syntax_error(r);
		}
	}
}

static int plain_word(TsReader *r, Buf *b)
{
	bool first = true;
	while (r->p < r->end && (!ends_word(r, *r->p) || (first && *r->p == ':' && !r->query))) {
		if (*r->p != '\\')
			buf_put_u8(b, (uint8_t)*r->p++);
		else if (escaped(r, b) < 0)
			return -1;
		first = false;
	}
	return b->len ? 0 : syntax_error(r);
}

/* Behind a colon: 1A,2,3 */
static int positions(TsReader *r, TsLexeme *l)
{
	for (;;) {
		int64_t pos = 0;
		int weight = -1;
		if (r->p == r->end || !isdigit((unsigned char)*r->p))
			return syntax_error(r);
		for (; r->p < r->end && isdigit((unsigned char)*r->p); r->p++)
			pos = pos > TS_MAX_POS ? pos : pos * 10 + (*r->p - '0');
		if (pos == 0)
			return err_set(r->err, "42601", "wrong position info in tsvector: \"%.*s\"", STR_ARG(r->text));
		for (; r->p < r->end && *r->p != ',' && !isspace((unsigned char)*r->p); r->p++) {
			int w = *r->p == '*' ? 3 : ts_weight(*r->p);
			if (w >= 0 && weight > 0)
				return syntax_error(r);
			if (w >= 0)
				weight = w;
			else if (!isdigit((unsigned char)*r->p))
				return syntax_error(r);
		}
		ts_lexeme_add(l, pos > TS_MAX_POS ? TS_MAX_POS : (int)pos, weight < 0 ? 0 : weight, r->a);
		if (r->p == r->end || *r->p != ',')
			return 0;
		r->p++;
	}
}

int ts_read_word(TsReader *r, TsLexeme *out)
{
	_cleanup_(buf_free) Buf b = { 0 };
	while (r->p < r->end && isspace((unsigned char)*r->p))
		r->p++;
	*out = (TsLexeme){ 0 };
	if (r->p == r->end)
		return 0;
	bool quoted = *r->p == '\'';
	if ((quoted ? quoted_word(r, &b) : plain_word(r, &b)) < 0)
		return -1;
	if (b.len >= TS_MAX_LEXEME)
		return err_set(r->err, "54000", "word is too long (%zu bytes, max %d bytes)", b.len, TS_MAX_LEXEME - 1);
	out->s = (Str){ arena_strndup(r->a, (const char *)b.data, b.len), b.len };
	if (!r->query && r->p < r->end && *r->p == ':') {
		r->p++;
		if (positions(r, out) < 0)
			return -1;
	}
	return 1;
}

/* ---- building ---- */

TsLexeme *ts_vector_add(TsVector *v, Str s, Arena *a)
{
	if (v->n == v->cap) {
		TsLexeme *grown = arena_array(a, TsLexeme, v->cap = v->cap ? v->cap * 2 : 8);
		if (v->n)
			memcpy(grown, v->items, v->n * sizeof *grown);
		v->items = grown;
	}
	v->items[v->n] = (TsLexeme){ .s = s };
	return &v->items[v->n++];
}

/* Room is doubled whenever the count is a power of two. */
void ts_lexeme_add(TsLexeme *l, int pos, int weight, Arena *a)
{
	if ((l->npos & (l->npos - 1)) == 0) {
		TsPos *grown = arena_array(a, TsPos, l->npos ? l->npos * 2 : 1);
		if (l->npos)
			memcpy(grown, l->pos, l->npos * sizeof *grown);
		l->pos = grown;
	}
	l->pos[l->npos++] = (TsPos){ (uint16_t)(pos > TS_MAX_POS ? TS_MAX_POS : pos), (uint8_t)weight };
}

static int compare_lexemes(const void *x, const void *y)
{
	return ts_compare_bytes(((const TsLexeme *)x)->s, ((const TsLexeme *)y)->s);
}

static int compare_positions(const void *x, const void *y)
{
	const TsPos *a = x, *b = y;
	return a->pos != b->pos ? (int)a->pos - (int)b->pos : (int)b->weight - (int)a->weight;
}

static void finish_positions(TsLexeme *l)
{
	if (l->npos < 2)
		return;
	qsort(l->pos, l->npos, sizeof *l->pos, compare_positions);
	size_t n = 1;
	for (size_t i = 1; i < l->npos && n < TS_MAX_POSITIONS && l->pos[n - 1].pos != TS_MAX_POS; i++)
		if (l->pos[i].pos != l->pos[n - 1].pos)
			l->pos[n++] = l->pos[i];
	l->npos = n;
}

void ts_vector_finish(TsVector *v, Arena *a)
{
	if (v->n == 0)
		return;
	qsort(v->items, v->n, sizeof *v->items, compare_lexemes);
	size_t n = 1;
	for (size_t i = 1; i < v->n; i++) {
		TsLexeme *last = &v->items[n - 1];
		if (!str_eq(v->items[i].s, last->s)) {
			v->items[n++] = v->items[i];
			continue;
		}
		for (size_t k = 0; k < v->items[i].npos; k++)
			ts_lexeme_add(last, v->items[i].pos[k].pos, v->items[i].pos[k].weight, a);
	}
	v->n = n;
	for (size_t i = 0; i < n; i++)
		finish_positions(&v->items[i]);
}

int ts_vector_parse(Str text, Arena *a, TsVector *out, Error *err)
{
	TsReader r = { .p = text.p, .end = text.p + text.n, .a = a, .err = err, .text = text };
	TsLexeme l;
	int rc;
	*out = (TsVector){ 0 };
	while ((rc = ts_read_word(&r, &l)) > 0)
		*ts_vector_add(out, l.s, a) = l;
	if (rc < 0)
		return -1;
	ts_vector_finish(out, a);
	size_t bytes = 0;
	for (size_t i = 0; i < out->n; i++)
		bytes += out->items[i].s.n + 2 * out->items[i].npos;
	if (bytes > TS_MAX_VECTOR)
		return err_set(err, "54000", "string is too long for tsvector (%zu bytes, max %d bytes)", bytes, TS_MAX_VECTOR);
	return 0;
}

size_t ts_vector_lower(const TsVector *v, Str s)
{
	size_t lo = 0, hi = v->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (ts_compare_bytes(v->items[mid].s, s) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const TsLexeme *ts_vector_find(const TsVector *v, Str s)
{
	size_t at = ts_vector_lower(v, s);
	return at < v->n && str_eq(v->items[at].s, s) ? &v->items[at] : NULL;
}

/* ---- printing and comparing ---- */

static void print_quoted(Str s, Buf *out)
{
	buf_put_u8(out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'' || s.p[i] == '\\')
			buf_put_u8(out, (uint8_t)s.p[i]);
		buf_put_u8(out, (uint8_t)s.p[i]);
	}
	buf_put_u8(out, '\'');
}

void ts_vector_print(const TsVector *v, Buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		const TsLexeme *l = &v->items[i];
		buf_puts(out, i ? " " : "");
		print_quoted(l->s, out);
		for (size_t k = 0; k < l->npos; k++) {
			buf_printf(out, "%c%u", k ? ',' : ':', l->pos[k].pos);
			if (l->pos[k].weight)
				buf_put_u8(out, (uint8_t) "DCBA"[l->pos[k].weight]);
		}
	}
}

/* The size of PostgreSQL's own form, which its order goes by first. */
static size_t stored_size(const TsVector *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n; i++) {
		n += v->items[i].s.n;
		if (v->items[i].npos)
			n = ((n + 1) & ~(size_t)1) + 2 + 2 * v->items[i].npos;
	}
	return n + 4 * v->n;
}

static int compare_entries(const TsLexeme *x, const TsLexeme *y)
{
	if (!x->npos != !y->npos)
		return x->npos ? -1 : 1;
	int c = ts_compare_bytes(x->s, y->s);
	if (c || !x->npos)
		return c;
	if (x->npos != y->npos)
		return x->npos > y->npos ? -1 : 1;
	for (size_t i = 0; i < x->npos; i++) {
		if (x->pos[i].pos != y->pos[i].pos)
			return x->pos[i].pos > y->pos[i].pos ? -1 : 1;
		if (x->pos[i].weight != y->pos[i].weight)
			return x->pos[i].weight > y->pos[i].weight ? -1 : 1;
	}
	return 0;
}

int ts_vector_compare(const TsVector *x, const TsVector *y)
{
	size_t sx = stored_size(x), sy = stored_size(y);
	if (sx != sy)
		return sx < sy ? -1 : 1;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	int c = 0;
	for (size_t i = 0; i < x->n && c == 0; i++)
		c = compare_entries(&x->items[i], &y->items[i]);
	return c;
}

/* ---- the type ---- */

static int vector_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	_cleanup_(buf_free) Buf b = { 0 };
	TsVector v;
	if (ts_vector_parse(text, tmp, &v, err) < 0)
		return -1;
	ts_vector_print(&v, &b);
	*out = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	return 0;
}

static int vector_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	_cleanup_(buf_free) Buf b = { 0 };
	TsVector v = { 0 };
	size_t at = 4;
	if (bytes.n < 4)
		return err_set(err, "08P01", "insufficient data left in message");
	uint32_t n = get_u32(bytes.p);
	for (uint32_t i = 0; i < n; i++) {
		const char *nul = at < bytes.n ? memchr(bytes.p + at, 0, bytes.n - at) : NULL;
		size_t len = nul ? (size_t)(nul - bytes.p) - at : 0;
		if (!nul || bytes.n - at - len - 1 < 2)
			return err_set(err, "08P01", "insufficient data left in message");
		Str s = { bytes.p + at, len };
		if (type_recv_text(s, env, tmp, &s, err) < 0)
			return -1;
		at += len + 1;
		size_t npos = get_u16(bytes.p + at);
		at += 2;
		if (s.n >= TS_MAX_LEXEME || npos > TS_MAX_POSITIONS || bytes.n - at < npos * 2)
			return err_set(err, "22P03", "invalid tsvector: unexpected number of positions or lexeme length");
		TsLexeme *l = ts_vector_add(&v, s, tmp);
		for (size_t k = 0; k < npos; k++, at += 2)
			ts_lexeme_add(l, get_u16(bytes.p + at) & TS_MAX_POS, get_u16(bytes.p + at) >> 14, tmp);
	}
	ts_vector_finish(&v, tmp);
	ts_vector_print(&v, &b);
	*out = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	return 0;
}

static int vector_send(const PgType *t, int32_t typmod, const Val *val, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	TsVector v;
	if (ts_vector_parse(val->s, tmp, &v, err) < 0)
		return -1;
	buf_put_u32(out, (uint32_t)v.n);
	for (size_t i = 0; i < v.n; i++) {
		if (type_send_text(v.items[i].s, env, out, err) != 0)
			return -1;
		buf_put_u8(out, 0);
		buf_put_u16(out, (uint16_t)v.items[i].npos);
		for (size_t k = 0; k < v.items[i].npos; k++)
			buf_put_u16(out, (uint16_t)(v.items[i].pos[k].weight << 14 | v.items[i].pos[k].pos));
	}
	return 0;
}

static int vector_compare(const PgType *t, const Val *x, const Val *y)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	TsVector p, q;
	if (ts_vector_parse(x->s, tmp, &p, NULL) < 0 || ts_vector_parse(y->s, tmp, &q, NULL) < 0)
		return family_text_compare(t, x, y);
	return ts_vector_compare(&p, &q);
}

const TypeFamily family_tsvector = { .in = vector_in,
				     .out = family_text_out,
				     .recv = vector_recv,
				     .send = vector_send,
				     .compare = vector_compare,
				     .storage = "TEXT",
				     .collation = "pgtsvector" };
