#include "pgtype/content.h"

#include "pgtype/array.h"
#include "pgtype/hstore.h"
#include "pgtype/json.h"
#include "pgtype/ts.h"

#include <stdlib.h>
#include <xxhash.h>

/* What a key says of its value; part of the hash. */
enum { TAG_ITEM = 1, TAG_EMPTY, TAG_NULL, TAG_NAME, TAG_SCALAR, TAG_TRIGRAM };

static Val hash_key(int tag, uint64_t context, Str s)
{
	return val_int((int64_t)XXH3_64bits_withSeed(s.p, s.n, context * 31 + (uint64_t)tag));
}

static void add_key(ContentKeys *k, Val v, Arena *a)
{
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 16;
		Val *more = arena_array(a, Val, cap);
		if (k->n)
			memcpy(more, k->items, k->n * sizeof *more);
		k->items = more;
		k->cap = cap;
	}
	k->items[k->n++] = v;
}

static int compare_hashes(const void *x, const void *y)
{
	int64_t a = ((const Val *)x)->i, b = ((const Val *)y)->i;
	return (a > b) - (a < b);
}

static void sort_hashes(ContentKeys *k)
{
	size_t kept = 0;
	if (k->n)
		qsort(k->items, k->n, sizeof *k->items, compare_hashes);
	for (size_t i = 0; i < k->n; i++)
		if (!kept || k->items[kept - 1].i != k->items[i].i)
			k->items[kept++] = k->items[i];
	k->n = kept;
}

/* ---- arrays ---- */

/* Equal numbers have one text when the zeros at the end of the fraction are left out. */
static Str plain_number(Str s)
{
	if (!memchr(s.p, '.', s.n))
		return s;
	while (s.n && s.p[s.n - 1] == '0')
		s.n--;
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return str_is(s, "-0") ? str_of("0") : s;
}

static int array_keys(ContentKind kind, Str value, Arena *a, ContentKeys *out, Error *err)
{
	PgArray x;
	if (array_read(pgtype_builtin(25), value, a, &x, err))
		return -1;
	for (size_t i = 0; i < x.n; i++) {
		const Val *v = &x.items[i];
		Str s = v->kind == VAL_NULL ? (Str){ "", 0 } : kind == CONTENT_NUMERIC_ARRAY ? plain_number(v->s) : v->s;
		add_key(out, hash_key(v->kind == VAL_NULL ? TAG_NULL : TAG_ITEM, 0, s), a);
	}
	if (!x.n)
		add_key(out, hash_key(TAG_EMPTY, 0, (Str){ "", 0 }), a);
	return 0;
}

/* ---- jsonb ---- */

static Str scalar_text(const Json *j)
{
	switch (j->kind) {
	case JSON_STRING:
		return j->s;
	case JSON_NUMBER:
		return plain_number(j->s);
	case JSON_BOOL:
		return str_of(j->b ? "t" : "f");
	default:
		return (Str){ "", 0 };
	}
}

/* Each scalar with the keys on the way to it; arrays are not seen. */
static void add_scalars(const Json *j, uint64_t path, Arena *a, ContentKeys *out)
{
	for (size_t i = 0; j->kind == JSON_ARRAY && i < j->n; i++)
		add_scalars(j->items[i], path, a, out);
	for (size_t i = 0; j->kind == JSON_OBJECT && i < j->n; i++)
		add_scalars(j->pairs[i].value, XXH3_64bits_withSeed(j->pairs[i].key.p, j->pairs[i].key.n, path + 1), a, out);
	if (j->kind != JSON_ARRAY && j->kind != JSON_OBJECT)
		add_key(out, hash_key(TAG_SCALAR, path * 8 + j->kind, scalar_text(j)), a);
}

/* What the operator ? finds: keys of the outermost object, strings of the outermost array, or the string itself. */
static void add_names(const Json *j, Arena *a, ContentKeys *out)
{
	for (size_t i = 0; j->kind == JSON_OBJECT && i < j->n; i++)
		add_key(out, hash_key(TAG_NAME, 0, j->pairs[i].key), a);
	for (size_t i = 0; j->kind == JSON_ARRAY && i < j->n; i++)
		if (j->items[i]->kind == JSON_STRING)
			add_key(out, hash_key(TAG_NAME, 0, j->items[i]->s), a);
	if (j->kind == JSON_STRING)
		add_key(out, hash_key(TAG_NAME, 0, j->s), a);
}

static int json_keys(ContentKind kind, Str value, Arena *a, ContentKeys *out, Error *err)
{
	const Json *j = json_parse(value, true, a, err);
	if (!j)
		return -1;
	add_scalars(j, 0, a, out);
	if (kind == CONTENT_JSONB)
		add_names(j, a, out);
	return 0;
}

/* Pairs, and their keys when an index is to find these. */
static int pair_keys(Str value, bool names, Arena *a, ContentKeys *out, Error *err)
{
	HStore h;
	if (hstore_parse(value, a, &h, err))
		return -1;
	for (size_t i = 0; i < h.n; i++) {
		const HPair *p = &h.pairs[i];
		uint64_t key = XXH3_64bits(p->key.p, p->key.n);
		add_key(out, hash_key(p->null ? TAG_NULL : TAG_SCALAR, key, p->value), a);
		if (names)
			add_key(out, hash_key(TAG_NAME, 0, p->key), a);
	}
	return 0;
}

int content_keys(ContentKind kind, Str value, Arena *a, ContentKeys *out, Error *err)
{
	TsVector v = { 0 };
	Trigrams t;
	int rc = 0;
	*out = (ContentKeys){ 0 };
	switch (kind) {
	case CONTENT_TSVECTOR:
		if (ts_vector_parse(value, a, &v, err))
			return -1;
		for (size_t i = 0; i < v.n; i++)
			add_key(out, val_text(v.items[i].s), a);
		return 0;
	case CONTENT_ARRAY:
	case CONTENT_NUMERIC_ARRAY:
		rc = array_keys(kind, value, a, out, err);
		break;
	case CONTENT_JSONB:
	case CONTENT_JSONB_PATH:
		rc = json_keys(kind, value, a, out, err);
		break;
	case CONTENT_TRIGRAM:
		trigrams_of(value, false, a, &t);
		for (size_t i = 0; i < t.n; i++)
			add_key(out, hash_key(TAG_TRIGRAM, 0, t.items[i]), a);
		break;
	case CONTENT_HSTORE:
		rc = pair_keys(value, true, a, out, err);
		break;
	case CONTENT_NONE:
		break;
	}
	sort_hashes(out);
	return rc;
}

/* ---- searches ---- */

static ContentSearch *new_search(SearchKind kind, Arena *a)
{
	ContentSearch *s = arena_new_of(a, ContentSearch);
	s->kind = kind;
	return s;
}

static ContentSearch *key_search(Val key, Arena *a)
{
	ContentSearch *s = new_search(SEARCH_KEY, a);
	s->key = key;
	return s;
}

static ContentSearch *some_of(const ContentKeys *k, size_t need, Arena *a)
{
	ContentSearch *s = new_search(SEARCH_SOME, a);
	s->parts = arena_array(a, ContentSearch *, k->n + 1);
	s->n = k->n;
	s->need = need;
	for (size_t i = 0; i < k->n; i++)
		s->parts[i] = key_search(k->items[i], a);
	return s;
}

/* All of the keys; every row when there are none. */
static ContentSearch *all_of(const ContentKeys *k, Arena *a)
{
	return k->n ? some_of(k, k->n, a) : new_search(SEARCH_ALL, a);
}

static ContentSearch *join(ContentSearch *x, ContentSearch *y, bool both, Arena *a)
{
	if (x->kind == SEARCH_ALL || y->kind == SEARCH_ALL)
		return !both ? new_search(SEARCH_ALL, a) : x->kind == SEARCH_ALL ? y : x;
	ContentSearch *s = new_search(SEARCH_SOME, a);
	s->parts = arena_array(a, ContentSearch *, 2);
	s->parts[0] = x;
	s->parts[1] = y;
	s->n = 2;
	s->need = both ? 2 : 1;
	return s;
}

/* A query without lexemes finds nothing. */
static ContentSearch *ts_search(const TsNode *q, Arena *a)
{
	if (!q)
		return new_search(SEARCH_SOME, a);
	switch (q->kind) {
	case TSQ_VAL: {
		ContentSearch *s = key_search(val_text(q->s), a);
		s->kind = q->prefix ? SEARCH_PREFIX : SEARCH_KEY;
		return s;
	}
	case TSQ_NOT:
		return new_search(SEARCH_ALL, a);
	case TSQ_OR:
		return join(ts_search(q->left, a), ts_search(q->right, a), false, a);
	default:
		return join(ts_search(q->left, a), ts_search(q->right, a), true, a);
	}
}

/* The names of ?, ?| and ?&. */
static ContentSearch *name_search(const char *op, Str value, Arena *a, Error *err)
{
	ContentKeys k = { 0 };
	PgArray x;
	if (streq(op, "?")) {
		add_key(&k, hash_key(TAG_NAME, 0, value), a);
		return all_of(&k, a);
	}
	if (array_read(pgtype_builtin(25), value, a, &x, err))
		return NULL;
	for (size_t i = 0; i < x.n; i++)
		if (x.items[i].kind != VAL_NULL)
			add_key(&k, hash_key(TAG_NAME, 0, x.items[i].s), a);
	sort_hashes(&k);
	return streq(op, "?|") ? some_of(&k, 1, a) : all_of(&k, a);
}

static ContentSearch *json_search(ContentKind kind, const char *op, Str value, Arena *a, Error *err)
{
	ContentKeys k = { 0 };
	if (op[0] == '?')
		return kind == CONTENT_JSONB ? name_search(op, value, a, err) : new_search(SEARCH_ALL, a);
	if (!streq(op, "@>"))
		return new_search(SEARCH_ALL, a);
	const Json *j = json_parse(value, true, a, err);
	if (!j)
		return NULL;
	add_scalars(j, 0, a, &k);
	for (size_t i = 0; kind == CONTENT_JSONB && j->kind == JSON_OBJECT && i < j->n; i++)
		add_key(&k, hash_key(TAG_NAME, 0, j->pairs[i].key), a);
	sort_hashes(&k);
	return all_of(&k, a);
}

static ContentSearch *array_search(ContentKind kind, const char *op, Str value, Arena *a, Error *err)
{
	ContentKeys k = { 0 };
	if (array_keys(kind, value, a, &k, err))
		return NULL;
	sort_hashes(&k);
	Val empty = hash_key(TAG_EMPTY, 0, (Str){ "", 0 });
	bool none = k.n == 1 && k.items[0].i == empty.i;
	if (streq(op, "&&"))
		return some_of(&k, 1, a);
	if (streq(op, "<@")) {
		add_key(&k, empty, a);
		return some_of(&k, 1, a);
	}
	/* Everything contains the empty array. */
	return none && streq(op, "@>") ? new_search(SEARCH_ALL, a) : all_of(&k, a);
}

static ContentSearch *trigram_search(const char *op, Str value, Arena *a)
{
	ContentKeys k = { 0 };
	Trigrams t = { 0 };
	bool pattern = streq(op, "~~") || streq(op, "~~*");
	if (pattern)
		trigrams_of_pattern(value, a, &t);
	else if (streq(op, "=") || streq(op, "%"))
		trigrams_of(value, true, a, &t);
	for (size_t i = 0; i < t.n; i++)
		add_key(&k, hash_key(TAG_TRIGRAM, 0, t.items[i]), a);
	sort_hashes(&k);
	return streq(op, "%") ? some_of(&k, 1, a) : all_of(&k, a);
}

ContentSearch *content_search(ContentKind kind, const char *op, Str value, Arena *a, Error *err)
{
	TsNode *q;
	ContentKeys keys = { 0 };
	switch (kind) {
	case CONTENT_TSVECTOR:
		return ts_query_parse(value, a, &q, err) ? NULL : ts_search(q, a);
	case CONTENT_ARRAY:
	case CONTENT_NUMERIC_ARRAY:
		return array_search(kind, op, value, a, err);
	case CONTENT_JSONB:
	case CONTENT_JSONB_PATH:
		return json_search(kind, op, value, a, err);
	case CONTENT_TRIGRAM:
		return trigram_search(op, value, a);
	case CONTENT_HSTORE:
		if (op[0] == '?')
			return name_search(op, value, a, err);
		if (pair_keys(value, false, a, &keys, err))
			return NULL;
		sort_hashes(&keys);
		return all_of(&keys, a);
	default:
		return new_search(SEARCH_ALL, a);
	}
}
