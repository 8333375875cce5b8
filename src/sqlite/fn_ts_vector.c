/* Functions and operators of tsvector. */
#include "sqlite/fn_ts.h"

#include "pgtype/array.h"

enum { OID_CHAR = 18, OID_TEXT = 25 };

bool ts_arg_vector(sqlite3_context *ctx, sqlite3_value *v, Arena *a, TsVector *out)
{
	if (ts_vector_parse(fn_arg_str(v), a, out, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

void ts_result_buf(sqlite3_context *ctx, const Buf *b)
{
	sqlite3_result_text64(ctx, b->len ? (const char *)b->data : "", b->len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

void ts_result_vector(sqlite3_context *ctx, const TsVector *v)
{
	_cleanup_(buf_free) Buf b = { 0 };
	ts_vector_print(v, &b);
	ts_result_buf(ctx, &b);
}

static bool arg_array(sqlite3_context *ctx, sqlite3_value *v, uint32_t elem, Arena *a, PgArray *out)
{
	if (array_read(pgtype_builtin(elem), fn_arg_str(v), a, out, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

static bool arg_weight(sqlite3_context *ctx, Str s, int *out)
{
	*out = s.n == 1 ? ts_weight(s.p[0]) : -1;
	if (*out >= 0)
		return true;
	if (s.n == 1 && s.p[0] >= ' ')
		fn_raise(ctx, "22023", "unrecognized weight: \"%c\"", s.p[0]);
	else
		fn_raise(ctx, "22023", "unrecognized weight: \"\\%03o\"", s.n ? (unsigned char)s.p[0] : 0);
	return false;
}

TS_FN(fn_length)
{
	TS_ARENA(a);
	TsVector v;
	if (ts_arg_vector(ctx, argv[0], a, &v))
		sqlite3_result_int64(ctx, (int64_t)v.n);
}

TS_FN(fn_strip)
{
	TS_ARENA(a);
	TsVector v;
	if (!ts_arg_vector(ctx, argv[0], a, &v))
		return;
	for (size_t i = 0; i < v.n; i++)
		v.items[i].npos = 0;
	ts_result_vector(ctx, &v);
}

static void set_weight(TsLexeme *l, int w)
{
	for (size_t k = 0; k < l->npos; k++)
		l->pos[k].weight = (uint8_t)w;
}

TS_FN(fn_setweight)
{
	TS_ARENA(a);
	TsVector v;
	int w;
	if (!arg_weight(ctx, fn_arg_str(argv[1]), &w) || !ts_arg_vector(ctx, argv[0], a, &v))
		return;
	for (size_t i = 0; i < v.n; i++)
		set_weight(&v.items[i], w);
	ts_result_vector(ctx, &v);
}

static bool has_null(sqlite3_context *ctx, const PgArray *x, const char *what)
{
	for (size_t i = 0; i < x->n; i++) {
		if (x->items[i].kind == VAL_NULL) {
			fn_raise(ctx, "22004", "%s array may not contain nulls", what);
			return true;
		}
	}
	return false;
}

TS_FN(fn_setweight_by_filter)
{
	TS_ARENA(a);
	TsVector v;
	PgArray words;
	int w;
	if (!arg_weight(ctx, fn_arg_str(argv[1]), &w) || !ts_arg_vector(ctx, argv[0], a, &v) ||
	    !arg_array(ctx, argv[2], OID_TEXT, a, &words))
		return;
	for (size_t i = 0; i < words.n; i++) {
		const TsLexeme *l = words.items[i].kind == VAL_NULL ? NULL : ts_vector_find(&v, words.items[i].s);
		if (l)
			set_weight(&v.items[l - v.items], w);
	}
	ts_result_vector(ctx, &v);
}

static void delete_lexeme(TsVector *v, Str s)
{
	const TsLexeme *l = ts_vector_find(v, s);
	if (!l)
		return;
	size_t at = (size_t)(l - v->items);
	v->n--;
	memmove(&v->items[at], &v->items[at + 1], (v->n - at) * sizeof *v->items);
}

TS_FN(fn_delete)
{
	TS_ARENA(a);
	TsVector v;
	if (!ts_arg_vector(ctx, argv[0], a, &v))
		return;
	delete_lexeme(&v, fn_arg_str(argv[1]));
	ts_result_vector(ctx, &v);
}

TS_FN(fn_delete_array)
{
	TS_ARENA(a);
	TsVector v;
	PgArray words;
	if (!ts_arg_vector(ctx, argv[0], a, &v) || !arg_array(ctx, argv[1], OID_TEXT, a, &words))
		return;
	for (size_t i = 0; i < words.n; i++)
		if (words.items[i].kind != VAL_NULL)
			delete_lexeme(&v, words.items[i].s);
	ts_result_vector(ctx, &v);
}

/* Keeps positions with these weights; lexemes without any of them go. */
TS_FN(fn_filter)
{
	TS_ARENA(a);
	TsVector v;
	PgArray weights;
	unsigned mask = 0;
	size_t n = 0;
	if (!ts_arg_vector(ctx, argv[0], a, &v) || !arg_array(ctx, argv[1], OID_CHAR, a, &weights) || has_null(ctx, &weights, "weight"))
		return;
	for (size_t i = 0; i < weights.n; i++) {
		int w;
		if (!arg_weight(ctx, weights.items[i].s, &w))
			return;
		mask |= 1u << w;
	}
	for (size_t i = 0; i < v.n; i++) {
		TsLexeme l = v.items[i];
		size_t kept = 0;
		for (size_t k = 0; k < l.npos; k++)
			if (mask & 1u << l.pos[k].weight)
				l.pos[kept++] = l.pos[k];
		l.npos = kept;
		if (kept)
			v.items[n++] = l;
	}
	v.n = n;
	ts_result_vector(ctx, &v);
}

/* The positions of the second follow those of the first. */
TS_FN(fn_concat)
{
	TS_ARENA(a);
	TsVector x, y;
	int last = 0;
	if (!ts_arg_vector(ctx, argv[0], a, &x) || !ts_arg_vector(ctx, argv[1], a, &y))
		return;
	for (size_t i = 0; i < x.n; i++)
		if (x.items[i].npos && x.items[i].pos[x.items[i].npos - 1].pos > last)
			last = x.items[i].pos[x.items[i].npos - 1].pos;
	for (size_t i = 0; i < y.n; i++) {
		TsLexeme *l = ts_vector_add(&x, y.items[i].s, a);
		for (size_t k = 0; k < y.items[i].npos && last < TS_MAX_POS; k++)
			ts_lexeme_add(l, y.items[i].pos[k].pos + last, y.items[i].pos[k].weight, a);
	}
	ts_vector_finish(&x, a);
	ts_result_vector(ctx, &x);
}

TS_FN(fn_to_array)
{
	TS_ARENA(a);
	TsVector v;
	if (!ts_arg_vector(ctx, argv[0], a, &v))
		return;
	Val *items = arena_array(a, Val, v.n + 1);
	for (size_t i = 0; i < v.n; i++)
		items[i] = val_text(v.items[i].s);
	PgArray x = array_of(pgtype_builtin(OID_TEXT), items, v.n);
	Val r = array_val(&x, a);
	fn_result(ctx, &r);
}

TS_FN(fn_from_array)
{
	TS_ARENA(a);
	TsVector v = { 0 };
	PgArray words;
	if (!arg_array(ctx, argv[0], OID_TEXT, a, &words) || has_null(ctx, &words, "lexeme"))
		return;
	for (size_t i = 0; i < words.n; i++) {
		if (words.items[i].s.n == 0) {
			fn_raise(ctx, "2200F", "lexeme array may not contain empty strings");
			return;
		}
		ts_vector_add(&v, words.items[i].s, a);
	}
	ts_vector_finish(&v, a);
	ts_result_vector(ctx, &v);
}

static bool compare(sqlite3_context *ctx, sqlite3_value **argv, int *c)
{
	TS_ARENA(a);
	TsVector x, y;
	if (!ts_arg_vector(ctx, argv[0], a, &x) || !ts_arg_vector(ctx, argv[1], a, &y))
		return false;
	*c = ts_vector_compare(&x, &y);
	return true;
}
FN_COMPARISONS(compare)

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_ts_vector[] = {
	{ "tsvector_length", 1, PURE, fn_length },
	{ "tsvector_strip", 1, PURE, fn_strip },
	{ "tsvector_setweight", 2, PURE, fn_setweight },
	{ "tsvector_setweight_by_filter", 3, PURE, fn_setweight_by_filter },
	{ "tsvector_delete_str", 2, PURE, fn_delete },
	{ "tsvector_delete_arr", 2, PURE, fn_delete_array },
	{ "tsvector_filter", 2, PURE, fn_filter },
	{ "tsvector_concat", 2, PURE, fn_concat },
	{ "tsvector_to_array", 1, PURE, fn_to_array },
	{ "array_to_tsvector", 1, PURE, fn_from_array },
	{ "tsvector_eq", 2, PURE, fn_eq },
	{ "tsvector_ne", 2, PURE, fn_ne },
	{ "tsvector_lt", 2, PURE, fn_lt },
	{ "tsvector_le", 2, PURE, fn_le },
	{ "tsvector_gt", 2, PURE, fn_gt },
	{ "tsvector_ge", 2, PURE, fn_ge },
	{ "tsvector_cmp", 2, PURE, fn_cmp },
	{ 0 },
};
