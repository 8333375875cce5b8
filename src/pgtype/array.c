#include "pgtype/array.h"
#include "pgtype/bytea.h"
#include "pgtype/family.h"
#include "pgtype/floats.h"

#include <limits.h>

typedef struct {
	Str whole; /* the literal, for messages */
	const char *p, *end;
	const PgType *elem;
	int32_t typmod;
	const TypeEnv *env; /* NULL: elements are stored text */
	Arena *arena;
	PgArray *out;
	size_t cap;
	Error *err;
	bool first_leaf_done; /* the depth of the first leaf fixes the number of dimensions */
} Parser;

static int malformed(Parser *ps, const char *detail)
{
	err_set(ps->err, "22P02", "malformed array literal: \"%.*s\"", STR_ARG(ps->whole));
	return err_detail(ps->err, "%s", detail);
}

static int unexpected(Parser *ps, char c)
{
	char detail[40] = "Unexpected \"?\" character.";
	detail[12] = c;
	return malformed(ps, detail);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(Parser *ps)
{
	while (ps->p < ps->end && is_blank(*ps->p))
		ps->p++;
}

int array_elem_from_stored(const PgType *elem, Str text, Arena *a, Val *out, Error *err)
{
	const TypeFamily *f = family_of(elem);
	if (f && streq(f->storage, "TEXT")) {
		*out = val_text(text);
		return 0;
	}
	return type_in(elem, -1, text, &type_env_stored, a, out, err);
}

static int add_item(Parser *ps, Str text, bool is_null)
{
	PgArray *x = ps->out;
	if (x->n >= ARRAY_MAX_ITEMS)
		return err_set(ps->err, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
	if (x->n == ps->cap) {
		size_t cap = ps->cap ? ps->cap * 2 : 8;
		Val *items = arena_array(ps->arena, Val, cap);
		if (x->n)
			memcpy(items, x->items, x->n * sizeof *items);
		x->items = items;
		ps->cap = cap;
	}
	Val *v = &x->items[x->n++];
	*v = val_null();
	if (is_null)
		return 0;
	if (!ps->env)
		return array_elem_from_stored(ps->elem, text, ps->arena, v, ps->err);
	return type_in(ps->elem, ps->typmod, text, ps->env, ps->arena, v, ps->err);
}

/* An element in double quotes; ps->p stands on the opening one. */
static int parse_quoted(Parser *ps)
{
	char *text = arena_alloc(ps->arena, (size_t)(ps->end - ps->p) + 1);
	size_t n = 0;
	for (ps->p++; ps->p < ps->end && *ps->p != '"'; ps->p++) {
		if (*ps->p == '\\' && ++ps->p == ps->end)
			break;
		text[n++] = *ps->p;
	}
	if (ps->p >= ps->end)
		return malformed(ps, "Unexpected end of input.");
	ps->p++;
	skip_blanks(ps);
	if (ps->p < ps->end && *ps->p != ps->elem->delim && *ps->p != '}' && *ps->p != '{')
		return malformed(ps, "Unexpected array element.");
	return add_item(ps, (Str){ text, n }, false);
}

static int parse_bare(Parser *ps)
{
	const char *start = ps->p;
	bool escaped = false;
	while (ps->p < ps->end && *ps->p != ps->elem->delim && *ps->p != '}' && *ps->p != '{') {
		if (*ps->p == '"')
			return malformed(ps, "Unexpected array element.");
		if (*ps->p == '\\') {
			escaped = true;
			if (++ps->p == ps->end)
				break;
		}
		ps->p++;
	}
	if (ps->p >= ps->end)
		return malformed(ps, "Unexpected end of input.");
	if (*ps->p == '{')
		return unexpected(ps, '{');
	Str s = { start, (size_t)(ps->p - start) };
	if (!escaped) {
		s = str_trim(s);
		return add_item(ps, s, str_iis(s, "null"));
	}
	char *text = arena_alloc(ps->arena, s.n + 1);
	size_t n = 0, keep = 0; /* an escaped blank at the end stays */
	for (size_t i = 0; i < s.n; i++) {
		bool was_escaped = s.p[i] == '\\';
		text[n++] = s.p[was_escaped ? ++i : i];
		if (was_escaped || !is_blank(text[n - 1]))
			keep = n;
	}
	return add_item(ps, (Str){ text, keep }, false);
}

/* One level of braces; ps->p stands on the opening one. */
static int parse_level(Parser *ps, int level)
{
	PgArray *x = ps->out;
	if (level >= ARRAY_MAX_DIMS)
		return err_set(ps->err, "54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", level + 1,
			       ARRAY_MAX_DIMS);
	int count = 0;
	ps->p++;
	skip_blanks(ps);
	if (ps->p < ps->end && *ps->p == '}') {
		if (level > 0)
			return unexpected(ps, '}');
		ps->p++;
		return 0;
	}
	for (;; count++) {
		skip_blanks(ps);
		if (ps->p >= ps->end)
			return malformed(ps, "Unexpected end of input.");
		char c = *ps->p;
		if (c == ps->elem->delim || c == '}')
			return unexpected(ps, c);
		if (c == '{') {
			if (ps->first_leaf_done && level + 1 >= x->ndim)
				return unexpected(ps, '{');
			if (parse_level(ps, level + 1))
				return -1;
		} else {
			if (ps->first_leaf_done && level + 1 != x->ndim)
				return malformed(ps, "Unexpected array element.");
			x->ndim = level + 1;
			ps->first_leaf_done = true;
			if (c == '"' ? parse_quoted(ps) : parse_bare(ps))
				return -1;
		}
		skip_blanks(ps);
		if (ps->p >= ps->end)
			return malformed(ps, "Unexpected end of input.");
		if (*ps->p == '}')
			break;
		if (*ps->p != ps->elem->delim)
			return *ps->p == '{' ? unexpected(ps, '{') : malformed(ps, "Unexpected array element.");
		ps->p++;
	}
	ps->p++;
	count++;
	if (x->dims[level] == 0)
		x->dims[level] = count;
	else if (x->dims[level] != count)
		return malformed(ps, "Multidimensional arrays must have sub-arrays with matching dimensions.");
	return 0;
}

static bool parse_bound(Parser *ps, int *out)
{
	char *end;
	long v = strtol(ps->p, &end, 10); /* array_parse made sure that a NUL follows */
	if (end == ps->p || end > ps->end || v > INT_MAX || v < INT_MIN)
		return false;
	ps->p = end;
	*out = (int)v;
	return true;
}

/* The decoration [l:u][l:u]= before the braces. */
static int parse_bounds(Parser *ps, int *ndim, int *dims, int *lower)
{
	*ndim = 0;
	while (ps->p < ps->end && *ps->p == '[') {
		if (*ndim >= ARRAY_MAX_DIMS)
			return err_set(ps->err, "54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", *ndim + 1,
				       ARRAY_MAX_DIMS);
		int lo = 1, hi;
		ps->p++;
		if (!parse_bound(ps, &hi))
			return malformed(ps, "\"[\" must introduce explicitly-specified array dimensions.");
		if (ps->p < ps->end && *ps->p == ':') {
			lo = hi;
			ps->p++;
			if (!parse_bound(ps, &hi))
				return malformed(ps, "Missing array dimension value.");
		}
		if (ps->p >= ps->end || *ps->p != ']')
			return malformed(ps, "Missing \"]\" after array dimensions.");
		ps->p++;
		if (hi < lo)
			return err_set(ps->err, "2202E", "upper bound cannot be less than lower bound");
		if ((int64_t)hi - lo + 1 > ARRAY_MAX_ITEMS)
			return err_set(ps->err, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
		dims[*ndim] = hi - lo + 1;
		lower[(*ndim)++] = lo;
		skip_blanks(ps);
	}
	if (*ndim == 0)
		return ps->p < ps->end && *ps->p == '{' ? 0 : malformed(ps, "Array value must start with \"{\" or dimension information.");
	if (ps->p >= ps->end || *ps->p != '=')
		return malformed(ps, "Missing \"=\" after array dimensions.");
	ps->p++;
	skip_blanks(ps);
	return ps->p < ps->end && *ps->p == '{' ? 0 : malformed(ps, "Array contents must start with \"{\".");
}

static int parse_array(Parser *ps)
{
	PgArray *x = ps->out;
	int ndim, dims[ARRAY_MAX_DIMS], lower[ARRAY_MAX_DIMS];
	skip_blanks(ps);
	if (parse_bounds(ps, &ndim, dims, lower) || parse_level(ps, 0))
		return -1;
	skip_blanks(ps);
	if (ps->p < ps->end)
		return malformed(ps, "Junk after closing right brace.");
	for (int i = 0; i < x->ndim; i++)
		x->lower[i] = 1;
	if (ndim == 0)
		return 0;
	if (ndim != x->ndim || memcmp(dims, x->dims, (size_t)ndim * sizeof *dims) != 0)
		return malformed(ps, "Specified array dimensions do not match array contents.");
	memcpy(x->lower, lower, (size_t)ndim * sizeof *lower);
	return 0;
}

int array_parse(const PgType *elem, int32_t typmod, Str text, const TypeEnv *env, Arena *a, PgArray *out, Error *err)
{
	*out = (PgArray){ .elem = elem };
	Str copy = { arena_strndup(a, text.p, text.n), text.n };
	Parser ps = { .whole = text,
		      .p = copy.p,
		      .end = copy.p + copy.n,
		      .elem = elem,
		      .typmod = typmod,
		      .env = env,
		      .arena = a,
		      .out = out,
		      .err = err };
	return parse_array(&ps);
}

int array_read(const PgType *elem, Str stored, Arena *a, PgArray *out, Error *err)
{
	return array_parse(elem, -1, stored, NULL, a, out, err);
}

static bool needs_quotes(Str s, char delim)
{
	if (s.n == 0 || str_iis(s, "null"))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '{' || s.p[i] == '}' || s.p[i] == delim || is_blank(s.p[i]))
			return true;
	return false;
}

static void print_text(Str s, char delim, Buf *out)
{
	if (!needs_quotes(s, delim)) {
		buf_put_str(out, s);
		return;
	}
	buf_put_u8(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_put_u8(out, '\\');
		buf_put_u8(out, (uint8_t)s.p[i]);
	}
	buf_put_u8(out, '"');
}

/* env NULL prints stored text. */
static int print_item(const PgArray *x, size_t i, int32_t typmod, const TypeEnv *env, Buf *out, Error *err)
{
	const Val *v = &x->items[i];
	if (v->kind == VAL_NULL) {
		buf_puts(out, "NULL");
		return 0;
	}
	if (!env && v->kind == VAL_TEXT) {
		print_text(v->s, x->elem->delim, out);
		return 0;
	}
	Buf b = { 0 };
	int rc = type_out(x->elem, typmod, v, env ? env : &type_env_stored, &b, err);
	if (rc == 0)
		print_text(buf_str(&b), x->elem->delim, out);
	buf_free(&b);
	return rc;
}

static int print_level(const PgArray *x, int level, size_t *at, int32_t typmod, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u8(out, '{');
	for (int i = 0; i < x->dims[level]; i++) {
		if (i)
			buf_put_u8(out, (uint8_t)x->elem->delim);
		int rc = level + 1 < x->ndim ? print_level(x, level + 1, at, typmod, env, out, err)
					     : print_item(x, (*at)++, typmod, env, out, err);
		if (rc)
			return -1;
	}
	buf_put_u8(out, '}');
	return 0;
}

static int print_array(const PgArray *x, int32_t typmod, const TypeEnv *env, Buf *out, Error *err)
{
	if (x->ndim == 0) {
		buf_puts(out, "{}");
		return 0;
	}
	bool decorate = false;
	for (int i = 0; i < x->ndim; i++)
		decorate |= x->lower[i] != 1;
	for (int i = 0; decorate && i < x->ndim; i++)
		buf_printf(out, "[%d:%d]", x->lower[i], x->lower[i] + x->dims[i] - 1);
	if (decorate)
		buf_put_u8(out, '=');
	size_t at = 0;
	return print_level(x, 0, &at, typmod, env, out, err);
}

Val array_val(const PgArray *x, Arena *a)
{
	Buf b = { 0 };
	print_array(x, -1, NULL, &b, NULL);
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return v;
}

PgArray array_of(const PgType *elem, Val *items, size_t n)
{
	PgArray x = { .elem = elem, .n = n, .items = items };
	if (n) {
		x.ndim = 1;
		x.dims[0] = (int)n;
		x.lower[0] = 1;
	}
	return x;
}

static int compare_ints(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int array_compare(const PgArray *x, const PgArray *y)
{
	for (size_t i = 0; i < x->n && i < y->n; i++) {
		const Val *a = &x->items[i], *b = &y->items[i];
		int c;
		if (a->kind == VAL_NULL || b->kind == VAL_NULL)
			c = (a->kind == VAL_NULL) - (b->kind == VAL_NULL);
		else
			c = type_compare(x->elem, a, b);
		if (c)
			return c;
	}
	if (x->n != y->n)
		return compare_ints((int64_t)x->n, (int64_t)y->n);
	if (x->ndim != y->ndim)
		return compare_ints(x->ndim, y->ndim);
	for (int i = 0; i < x->ndim; i++)
		if (x->dims[i] != y->dims[i])
			return compare_ints(x->dims[i], y->dims[i]);
	for (int i = 0; i < x->ndim; i++)
		if (x->lower[i] != y->lower[i])
			return compare_ints(x->lower[i], y->lower[i]);
	return 0;
}

int array_compare_text(const PgType *elem, Str x, Str y)
{
	if (str_eq(x, y))
		return 0;
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray ax, ay;
	if (array_read(elem, x, a, &ax, NULL) || array_read(elem, y, a, &ay, NULL)) {
		Val vx = val_text(x), vy = val_text(y);
		return family_text_compare(NULL, &vx, &vy);
	}
	return array_compare(&ax, &ay);
}
