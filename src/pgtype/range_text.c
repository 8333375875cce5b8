/* Ranges and multiranges as text. */
#include "pgtype/range.h"

#include <ctype.h>

typedef struct Reader {
	const char *p, *end;
	Str whole;
	const char *kind; /* "range" or "multirange" */
	Error *err;
} Reader;

static int malformed(const Reader *r, const char *detail)
{
	err_set(r->err, "22P02", "malformed %s literal: \"%.*s\"", r->kind, STR_ARG(r->whole));
	return err_detail(r->err, "%s", detail);
}

static void skip_blanks(Reader *r)
{
	while (r->p < r->end && isspace((unsigned char)*r->p))
		r->p++;
}

static bool at(const Reader *r, const char *any)
{
	return r->p < r->end && strchr(any, *r->p) && *r->p;
}

static bool take_empty(Reader *r)
{
	static const size_t n = sizeof "empty" - 1;
	if ((size_t)(r->end - r->p) < n || !str_iis((Str){ r->p, n }, "empty"))
		return false;
	r->p += n;
	return true;
}

/* The text of a bound up to the comma or bracket behind it, without its quotes. */
static int bound_text(Reader *r, Buf *out)
{
	bool quoted = false;
	while (quoted || !at(r, ",)]")) {
		if (r->p == r->end)
			return malformed(r, "Unexpected end of input.");
		char c = *r->p++;
		if (c == '\\') {
			if (r->p == r->end)
				return malformed(r, "Unexpected end of input.");
			buf_put_u8(out, (uint8_t)*r->p++);
		} else if (c != '"') {
			buf_put_u8(out, (uint8_t)c);
		} else if (quoted && at(r, "\"")) {
			buf_put_u8(out, '"');
			r->p++;
		} else {
			quoted = !quoted;
		}
	}
	return 0;
}

typedef struct BoundText {
	Str s;
	bool infinite;
} BoundText;

static int read_bound(Reader *r, Arena *a, BoundText *out)
{
	Buf b = { 0 };
	out->infinite = at(r, ",)]");
	int rc = bound_text(r, &b);
	out->s = (Str){ arena_strndup(a, b.len ? (const char *)b.data : "", b.len), b.len };
	buf_free(&b);
	return rc;
}

static int parse_one(const RangeType *k, Str text, const TypeEnv *env, Arena *a, PgRanges *out, Error *err)
{
	Reader r = { text.p, text.p + text.n, text, "range", err };
	*out = (PgRanges){ .items = arena_array(a, PgRange, 2) };
	skip_blanks(&r);
	if (take_empty(&r)) {
		skip_blanks(&r);
		return r.p < r.end ? malformed(&r, "Junk after \"empty\" key word.") : 0;
	}
	RangeBound lo = { .inclusive = at(&r, "[") }, hi = { 0 };
	BoundText lo_text, hi_text;
	if (!at(&r, "[("))
		return malformed(&r, "Missing left parenthesis or bracket.");
	r.p++;
	if (read_bound(&r, a, &lo_text))
		return -1;
	if (!at(&r, ","))
		return malformed(&r, "Missing comma after lower bound.");
	r.p++;
	if (read_bound(&r, a, &hi_text))
		return -1;
	hi.inclusive = at(&r, "]");
	if (!at(&r, ")]"))
		return malformed(&r, "Too many commas.");
	r.p++;
	skip_blanks(&r);
	if (r.p < r.end)
		return malformed(&r, "Junk after right parenthesis or bracket.");
	const PgType *sub = range_subtype(k);
	lo.infinite = lo_text.infinite;
	hi.infinite = hi_text.infinite;
	if ((!lo.infinite && type_in(sub, -1, lo_text.s, env, a, &lo.v, err)) ||
	    (!hi.infinite && type_in(sub, -1, hi_text.s, env, a, &hi.v, err)))
		return -1;
	return range_make(k, lo, hi, a, out, err);
}

/* One range of a multirange, found by its closing bracket. */
static int take_range(Reader *r, Str *out)
{
	const char *start = r->p;
	bool quoted = false;
	if (take_empty(r)) {
		*out = (Str){ start, (size_t)(r->p - start) };
		return 0;
	}
	if (!at(r, "[("))
		return malformed(r, "Expected range start.");
	for (; quoted || !at(r, ")]"); r->p++) {
		if (r->p < r->end && *r->p == '\\')
			r->p++;
		else if (r->p < r->end && *r->p == '"')
			quoted = !quoted;
		if (r->p >= r->end)
			return malformed(r, "Unexpected end of input.");
	}
	r->p++;
	*out = (Str){ start, (size_t)(r->p - start) };
	return 0;
}

static int add_ranges(PgRanges *x, size_t *cap, const PgRanges *more, Arena *a)
{
	if (x->n + more->n + 1 > *cap) {
		*cap = *cap * 2 + 8;
		PgRange *items = arena_array(a, PgRange, *cap);
		if (x->n)
			memcpy(items, x->items, x->n * sizeof *items);
		x->items = items;
	}
	for (size_t i = 0; i < more->n; i++)
		x->items[x->n++] = more->items[i];
	return 0;
}

static int parse_multi(const RangeType *k, Str text, const TypeEnv *env, Arena *a, PgRanges *out, Error *err)
{
	Reader r = { text.p, text.p + text.n, text, "multirange", err };
	size_t cap = 0, seen = 0;
	*out = (PgRanges){ .items = arena_array(a, PgRange, 1) };
	skip_blanks(&r);
	if (!at(&r, "{"))
		return malformed(&r, "Missing left brace.");
	r.p++;
	for (;;) {
		Str part;
		PgRanges one;
		skip_blanks(&r);
		if (r.p == r.end)
			return malformed(&r, "Unexpected end of input.");
		if (at(&r, "}") && seen == 0)
			break;
		if (take_range(&r, &part) || parse_one(k, part, env, a, &one, err))
			return -1;
		add_ranges(out, &cap, &one, a);
		seen++;
		skip_blanks(&r);
		if (r.p == r.end)
			return malformed(&r, "Unexpected end of input.");
		if (at(&r, "}"))
			break;
		if (!at(&r, ","))
			return malformed(&r, "Expected comma or end of multirange.");
		r.p++;
	}
	r.p++;
	skip_blanks(&r);
	return r.p < r.end ? malformed(&r, "Junk after closing right brace.") : ranges_normalize(k, out);
}

int range_parse(const RangeType *k, bool multi, Str text, const TypeEnv *env, Arena *a, PgRanges *out, Error *err)
{
	return multi ? parse_multi(k, text, env, a, out, err) : parse_one(k, text, env, a, out, err);
}

static bool needs_quotes(Str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("\"\\()[],", s.p[i]) || isspace((unsigned char)s.p[i]))
			return true;
	return s.n == 0;
}

static int print_bound(const RangeType *k, const RangeBound *b, const TypeEnv *env, Buf *out, Error *err)
{
	if (b->infinite)
		return 0;
	_cleanup_(buf_free) Buf text = { 0 };
	if (type_out(range_subtype(k), -1, &b->v, env, &text, err))
		return -1;
	Str s = buf_str(&text);
	bool quotes = needs_quotes(s);
	buf_puts(out, quotes ? "\"" : "");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_put_u8(out, (uint8_t)s.p[i]);
		buf_put_u8(out, (uint8_t)s.p[i]);
	}
	buf_puts(out, quotes ? "\"" : "");
	return 0;
}

static int print_one(const RangeType *k, const PgRange *r, const TypeEnv *env, Buf *out, Error *err)
{
	buf_puts(out, r->lo.inclusive ? "[" : "(");
	if (print_bound(k, &r->lo, env, out, err))
		return -1;
	buf_puts(out, ",");
	if (print_bound(k, &r->hi, env, out, err))
		return -1;
	buf_puts(out, r->hi.inclusive ? "]" : ")");
	return 0;
}

int range_print(const RangeType *k, bool multi, const PgRanges *x, const TypeEnv *env, Buf *out, Error *err)
{
	if (!multi && x->n == 0)
		buf_puts(out, "empty");
	buf_puts(out, multi ? "{" : "");
	for (size_t i = 0; i < x->n; i++) {
		buf_puts(out, i ? "," : "");
		if (print_one(k, &x->items[i], env, out, err))
			return -1;
	}
	buf_puts(out, multi ? "}" : "");
	return 0;
}
