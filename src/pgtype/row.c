#include "pgtype/row.h"

#include "pgtype/array.h"

#include <stdlib.h>

bool type_is_row(const PgType *t)
{
	return t->oid == OID_RECORD || (t->typtype == 'c' && t->fields);
}

typedef struct Parser {
	Str whole;
	const char *p, *end;
	Arena *a;
	Error *err;
	bool stored;
} Parser;

static int malformed(const Parser *ps, const char *detail)
{
	err_set(ps->err, "22P02", "malformed record literal: \"%.*s\"", STR_ARG(ps->whole));
	return err_detail(ps->err, "%s", detail);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One column's text, up to the comma or parenthesis that ends it. */
static int parse_text(Parser *ps, Str *out)
{
	char *text = arena_alloc(ps->a, (size_t)(ps->end - ps->p) + 1);
	size_t n = 0;
	bool quoted = false;
	for (;; ps->p++) {
		if (ps->p >= ps->end)
			return malformed(ps, "Unexpected end of input.");
		char c = *ps->p;
		if (!quoted && (c == ',' || c == ')'))
			break;
		if (c == '\\') {
			if (++ps->p >= ps->end)
				return malformed(ps, "Unexpected end of input.");
			text[n++] = *ps->p;
		} else if (c == '"' && quoted && ps->p + 1 < ps->end && ps->p[1] == '"') {
			text[n++] = *++ps->p;
		} else if (c == '"') {
			quoted = !quoted;
		} else {
			text[n++] = c;
		}
	}
	*out = (Str){ text, n };
	return 0;
}

/* Splits a literal; texts[i].p NULL is a null column. */
static int split(Parser *ps, size_t n, Str *texts)
{
	while (ps->p < ps->end && is_blank(*ps->p))
		ps->p++;
	if (ps->p >= ps->end || *ps->p++ != '(')
		return malformed(ps, "Missing left parenthesis.");
	for (size_t i = 0; i < n; i++) {
		texts[i] = (Str){ 0 };
		if (i && ps->stored && ps->p < ps->end && *ps->p == ')')
			continue; /* the value is older than the column */
		if (i && (ps->p >= ps->end || *ps->p++ != ','))
			return malformed(ps, "Too few columns.");
		if (ps->p < ps->end && (*ps->p == ',' || *ps->p == ')'))
			continue;
		if (parse_text(ps, &texts[i]))
			return -1;
	}
	if (ps->p >= ps->end || *ps->p++ != ')')
		return malformed(ps, "Too many columns.");
	while (ps->p < ps->end && is_blank(*ps->p))
		ps->p++;
	return ps->p < ps->end ? malformed(ps, "Junk after right parenthesis.") : 0;
}

/* env NULL: the columns' texts are stored ones. */
static int parse_literal(Str text, const TypeEnv *env, Arena *a, PgRow *r, Error *err)
{
	Parser ps = { .whole = text, .p = text.p, .end = text.p + text.n, .a = a, .err = err, .stored = !env };
	Str *texts = arena_array(a, Str, r->n + 1);
	if (split(&ps, r->n, texts))
		return -1;
	r->vals = arena_array(a, Val, r->n + 1);
	for (size_t i = 0; i < r->n; i++) {
		const PgField *f = &r->fields[i];
		r->vals[i] = val_null();
		if (texts[i].p && (env ? type_in(f->type, f->typmod, texts[i], env, a, &r->vals[i], err)
				       : array_elem_from_stored(f->type, texts[i], a, &r->vals[i], err)))
			return -1;
	}
	return 0;
}

int row_parse(const PgType *t, Str text, const TypeEnv *env, Arena *a, PgRow *out, Error *err)
{
	*out = (PgRow){ .n = t->nfields, .fields = t->fields };
	return parse_literal(text, env, a, out, err);
}

/* A type that is not known here: its values pass as the text that they are stored as, or are rows that say what they are. */
static const PgType *opaque_type(uint32_t oid, bool described, Arena *a)
{
	static const PgField none;
	PgType *t = arena_new_of(a, PgType);
	*t = (PgType){ .oid = oid, .name = "unknown", .schema = "pg_catalog", .typtype = 'e', .delim = ',', .len = -1 };
	if (described) {
		t->typtype = 'c';
		t->fields = &none;
	}
	return t;
}

static bool take_number(Str *s, char after, long *out)
{
	size_t n = 0;
	bool negative = s->n && s->p[0] == '-';
	*out = 0;
	for (n = negative; n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && n < 12; n++)
		*out = *out * 10 + (s->p[n] - '0');
	if (n == (size_t)negative || n >= s->n || s->p[n] != after)
		return false;
	if (negative)
		*out = -*out;
	*s = (Str){ s->p + n + 1, s->n - n - 1 };
	return true;
}

int row_read_columns(Str *s, TypeSource src, Arena *a, PgRow *out, Error *err)
{
	long n, oid, typmod, len;
	*s = s->n ? (Str){ s->p + 1, s->n - 1 } : *s;
	if (!take_number(s, ';', &n) || n < 0 || (size_t)n > s->n)
		return err_set(err, "XX000", "malformed record");
	PgField *fields = arena_array(a, PgField, (size_t)n + 1);
	for (long i = 0; i < n; i++) {
		if (!take_number(s, ',', &oid) || !take_number(s, ',', &typmod) || !take_number(s, ':', &len) || len < 0 ||
		    (size_t)len > s->n)
			return err_set(err, "XX000", "malformed record");
		const PgType *t = pgtype_builtin((uint32_t)oid);
		if (!t && src.find)
			t = src.find(src.arg, (uint32_t)oid);
		fields[i] = (PgField){ arena_strndup(a, s->p, (size_t)len), t ? t : opaque_type((uint32_t)oid, typmod == ROW_DESCRIBED, a),
				       (int32_t)typmod };
		*s = (Str){ s->p + len, s->n - (size_t)len };
	}
	*out = (PgRow){ .n = (size_t)n, .fields = fields };
	return 0;
}

int row_read(const PgType *t, Str stored, TypeSource src, Arena *a, PgRow *out, Error *err)
{
	if (stored.n && stored.p[0] == 'R') {
		if (row_read_columns(&stored, src, a, out, err))
			return -1;
	} else {
		*out = (PgRow){ .n = t->nfields, .fields = t->fields };
	}
	return parse_literal(stored, NULL, a, out, err);
}

void row_print_columns(const PgRow *r, Buf *out)
{
	buf_printf(out, "R%zu;", r->n);
	for (size_t i = 0; i < r->n; i++)
		buf_printf(out, "%u,%d,%zu:%s", r->fields[i].type->oid, r->fields[i].typmod, strlen(r->fields[i].name), r->fields[i].name);
}

static bool needs_quotes(Str s)
{
	if (!s.n)
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '(' || s.p[i] == ')' || s.p[i] == ',' || is_blank(s.p[i]))
			return true;
	return false;
}

void row_print_text(Str s, Buf *out)
{
	if (!needs_quotes(s)) {
		buf_put_str(out, s);
		return;
	}
	buf_put_u8(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_put_u8(out, (uint8_t)s.p[i]);
		buf_put_u8(out, (uint8_t)s.p[i]);
	}
	buf_put_u8(out, '"');
}

Val row_val(const PgRow *r, bool record, Arena *a)
{
	Buf b = { 0 }, one = { 0 };
	if (record)
		row_print_columns(r, &b);
	buf_put_u8(&b, '(');
	for (size_t i = 0; i < r->n; i++) {
		const Val *v = &r->vals[i];
		if (i)
			buf_put_u8(&b, ',');
		if (v->kind == VAL_TEXT) {
			row_print_text(v->s, &b);
		} else if (v->kind != VAL_NULL) {
			buf_clear(&one);
			type_out(r->fields[i].type, -1, v, &type_env_stored, &one, NULL);
			row_print_text(buf_str(&one), &b);
		}
	}
	buf_put_u8(&b, ')');
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	buf_free(&one);
	return v;
}

int row_compare(const PgRow *x, const PgRow *y, int *order, Error *err)
{
	*order = 0;
	for (size_t i = 0; i < x->n && i < y->n && !*order; i++) {
		const Val *a = &x->vals[i], *b = &y->vals[i];
		if (x->fields[i].type->oid != y->fields[i].type->oid) {
			_cleanup_(arena_freep) Arena *mem = arena_new();
			return err_set(err, "42804", "cannot compare dissimilar column types %s and %s at record column %zu",
				       type_format(x->fields[i].type, -1, mem), type_format(y->fields[i].type, -1, mem), i + 1);
		}
		if (a->kind == VAL_NULL || b->kind == VAL_NULL)
			*order = (a->kind == VAL_NULL) - (b->kind == VAL_NULL);
		else
			*order = type_compare(x->fields[i].type, a, b);
	}
	if (!*order && x->n != y->n)
		return err_set(err, "42804", "cannot compare record types with different numbers of columns");
	return 0;
}
