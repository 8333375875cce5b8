/* hstore's functions and operators. */
#include "sqlite/fn_text.h"
#include "sqlite/vtab_set.h"

#include "pgtype/array.h"
#include "pgtype/hstore.h"
#include "pgtype/json.h"

enum { PURE = FN_STRICT | FN_IMMUTABLE, OID_TEXT = 25 };

static bool read_store(sqlite3_context *ctx, sqlite3_value *v, Arena *a, HStore *out)
{
	if (hstore_parse(fn_arg_str(v), a, out, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

static bool read_array(sqlite3_context *ctx, sqlite3_value *v, Arena *a, PgArray *out)
{
	if (array_read(pgtype_builtin(OID_TEXT), fn_arg_str(v), a, out, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

static void give_store(sqlite3_context *ctx, HStore *h)
{
	Buf b = { 0 };
	hstore_finish(h);
	hstore_print(h, &b);
	fn_result_buf(ctx, &b);
}

static void give_array(sqlite3_context *ctx, Val *items, size_t n, int width, Arena *a)
{
	PgArray x = array_of(pgtype_builtin(OID_TEXT), items, n);
	if (width && n) {
		x.ndim = 2;
		x.dims[0] = (int)(n / 2);
		x.dims[1] = x.lower[1] = 1;
		x.dims[1] = width;
	}
	Val v = array_val(&x, a);
	fn_result(ctx, &v);
}

static Val value_of(const HPair *p)
{
	return !p || p->null ? val_null() : val_text(p->value);
}

#define STORE_FN(name)                                                                                                                     \
	static void name##_in(sqlite3_context *ctx, const HStore *h, sqlite3_value **argv, Arena *a);                                      \
	static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                             \
	{                                                                                                                                  \
		_cleanup_(arena_freep) Arena *a = arena_new();                                                                             \
		HStore h;                                                                                                                  \
		if (read_store(ctx, argv[0], a, &h))                                                                                       \
			name##_in(ctx, &h, argv, a);                                                                                       \
	}                                                                                                                                  \
	static void name##_in(sqlite3_context *ctx, const HStore *h, sqlite3_value **argv, Arena *a)

STORE_FN(fetchval)
{
	Val v = value_of(hstore_find(h, fn_arg_str(argv[1])));
	fn_result(ctx, &v);
}

STORE_FN(exists)
{
	sqlite3_result_int(ctx, hstore_find(h, fn_arg_str(argv[1])) != NULL);
}

STORE_FN(defined)
{
	const HPair *p = hstore_find(h, fn_arg_str(argv[1]));
	sqlite3_result_int(ctx, p && !p->null);
}

static void exists_some(sqlite3_context *ctx, const HStore *h, sqlite3_value *keys, bool all, Arena *a)
{
	PgArray x;
	bool result = all;
	if (!read_array(ctx, keys, a, &x))
		return;
	for (size_t i = 0; i < x.n && result == all; i++)
		if (x.items[i].kind != VAL_NULL)
			result = hstore_find(h, x.items[i].s) != NULL;
	sqlite3_result_int(ctx, result);
}

STORE_FN(exists_any)
{
	exists_some(ctx, h, argv[1], false, a);
}

STORE_FN(exists_all)
{
	exists_some(ctx, h, argv[1], true, a);
}

STORE_FN(akeys)
{
	Val *items = arena_array(a, Val, h->n + 1);
	for (size_t i = 0; i < h->n; i++)
		items[i] = val_text(h->pairs[i].key);
	give_array(ctx, items, h->n, 0, a);
}

STORE_FN(avals)
{
	Val *items = arena_array(a, Val, h->n + 1);
	for (size_t i = 0; i < h->n; i++)
		items[i] = value_of(&h->pairs[i]);
	give_array(ctx, items, h->n, 0, a);
}

static Val *flat(const HStore *h, Arena *a)
{
	Val *items = arena_array(a, Val, 2 * h->n + 1);
	for (size_t i = 0; i < h->n; i++) {
		items[2 * i] = val_text(h->pairs[i].key);
		items[2 * i + 1] = value_of(&h->pairs[i]);
	}
	return items;
}

STORE_FN(to_array)
{
	give_array(ctx, flat(h, a), 2 * h->n, 0, a);
}

STORE_FN(to_matrix)
{
	give_array(ctx, flat(h, a), 2 * h->n, 2, a);
}

STORE_FN(slice)
{
	PgArray x;
	HStore out = { 0 };
	if (!read_array(ctx, argv[1], a, &x))
		return;
	for (size_t i = 0; i < x.n; i++) {
		const HPair *p = x.items[i].kind == VAL_NULL ? NULL : hstore_find(h, x.items[i].s);
		if (p)
			hstore_add(&out, p->key, p->null ? NULL : &p->value, a);
	}
	give_store(ctx, &out);
}

STORE_FN(slice_array)
{
	PgArray x;
	if (!read_array(ctx, argv[1], a, &x))
		return;
	for (size_t i = 0; i < x.n; i++)
		x.items[i] = x.items[i].kind == VAL_NULL ? val_null() : value_of(hstore_find(h, x.items[i].s));
	Val v = array_val(&x, a);
	fn_result(ctx, &v);
}

static void keep(HStore *out, const HPair *p, Arena *a)
{
	hstore_add(out, p->key, p->null ? NULL : &p->value, a);
}

STORE_FN(delete_key)
{
	HStore out = { 0 };
	Str key = fn_arg_str(argv[1]);
	for (size_t i = 0; i < h->n; i++)
		if (!str_eq(h->pairs[i].key, key))
			keep(&out, &h->pairs[i], a);
	give_store(ctx, &out);
}

STORE_FN(delete_keys)
{
	HStore out = { 0 };
	PgArray x;
	if (!read_array(ctx, argv[1], a, &x))
		return;
	for (size_t i = 0; i < h->n; i++) {
		bool gone = false;
		for (size_t k = 0; k < x.n; k++)
			gone |= x.items[k].kind != VAL_NULL && str_eq(x.items[k].s, h->pairs[i].key);
		if (!gone)
			keep(&out, &h->pairs[i], a);
	}
	give_store(ctx, &out);
}

STORE_FN(delete_pairs)
{
	HStore out = { 0 }, other;
	if (!read_store(ctx, argv[1], a, &other))
		return;
	for (size_t i = 0; i < h->n; i++) {
		const HPair *p = hstore_find(&other, h->pairs[i].key);
		if (!p || !hstore_same(p, &h->pairs[i]))
			keep(&out, &h->pairs[i], a);
	}
	give_store(ctx, &out);
}

/* The right one's values stand before the left one's. */
STORE_FN(concat)
{
	HStore out;
	if (!read_store(ctx, argv[1], a, &out))
		return;
	for (size_t i = 0; i < h->n; i++)
		keep(&out, &h->pairs[i], a);
	give_store(ctx, &out);
}

static bool contains(const HStore *h, const HStore *part)
{
	for (size_t i = 0; i < part->n; i++) {
		const HPair *p = hstore_find(h, part->pairs[i].key);
		if (!p || !hstore_same(p, &part->pairs[i]))
			return false;
	}
	return true;
}

STORE_FN(contains_part)
{
	HStore other;
	if (read_store(ctx, argv[1], a, &other))
		sqlite3_result_int(ctx, contains(h, &other));
}

STORE_FN(contained)
{
	HStore other;
	if (read_store(ctx, argv[1], a, &other))
		sqlite3_result_int(ctx, contains(&other, h));
}

static void to_json(sqlite3_context *ctx, const HStore *h, bool loose)
{
	Buf b = { 0 };
	hstore_print_json(h, loose, &b);
	fn_result_buf(ctx, &b);
}

STORE_FN(as_json)
{
	to_json(ctx, h, false);
}

STORE_FN(as_json_loose)
{
	to_json(ctx, h, true);
}

static void as_jsonb(sqlite3_context *ctx, const HStore *h, bool loose, Arena *a)
{
	Json *doc = json_new(JSON_OBJECT, a);
	for (size_t i = 0; i < h->n; i++) {
		const HPair *p = &h->pairs[i];
		Json *value = p->null							  ? json_new(JSON_NULL, a)
			      : loose && (str_is(p->value, "t") || str_is(p->value, "f")) ? json_new_bool(str_is(p->value, "t"), a)
			      : loose && hstore_is_number(p->value) ? json_new_number(p->value, a, &fn_env(ctx)->error)
								    : json_new_string(p->value, a);
		if (!value) {
			fn_fail(ctx);
			return;
		}
		json_add_pair(doc, p->key, value, a);
	}
	Buf b = { 0 };
	json_sort_keys(doc);
	json_print(doc, &b);
	fn_result_buf(ctx, &b);
}

STORE_FN(to_jsonb)
{
	as_jsonb(ctx, h, false, a);
}

STORE_FN(to_jsonb_loose)
{
	as_jsonb(ctx, h, true, a);
}

/* ---- made of other values ---- */

static void from_text(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	HStore h = { 0 };
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return;
	Str value = fn_arg_str(argv[1]);
	hstore_add(&h, fn_arg_str(argv[0]), sqlite3_value_type(argv[1]) == SQLITE_NULL ? NULL : &value, a);
	give_store(ctx, &h);
}

/* Keys and values at steps of `step`; no values: all NULL. */
static void from_items(sqlite3_context *ctx, const Val *keys, const Val *values, size_t n, size_t step, Arena *a)
{
	HStore h = { 0 };
	for (size_t i = 0; i < n; i++) {
		const Val *k = &keys[i * step], *v = values ? &values[i * step] : NULL;
		if (k->kind == VAL_NULL) {
			fn_raise(ctx, "22004", "null value not allowed for hstore key");
			return;
		}
		hstore_add(&h, k->s, !v || v->kind == VAL_NULL ? NULL : &v->s, a);
	}
	give_store(ctx, &h);
}

static void from_array(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (!read_array(ctx, argv[0], a, &x))
		return;
	if (x.ndim > 2)
		fn_raise(ctx, "2202E", "wrong number of array subscripts");
	else if (x.ndim == 2 && x.dims[1] != 2)
		fn_raise(ctx, "2202E", "array must have two columns");
	else if (x.n % 2)
		fn_raise(ctx, "2202E", "array must have even number of elements");
	else
		from_items(ctx, x.items, x.items + 1, x.n / 2, 2, a);
}

static void from_arrays(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray keys, values;
	bool none = sqlite3_value_type(argv[1]) == SQLITE_NULL;
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL || !read_array(ctx, argv[0], a, &keys) ||
	    (!none && !read_array(ctx, argv[1], a, &values)))
		return;
	if (keys.ndim > 1 || (!none && values.ndim > 1))
		fn_raise(ctx, "2202E", "wrong number of array subscripts");
	else if (!none && values.n != keys.n)
		fn_raise(ctx, "2202E", "arrays must have same bounds");
	else
		from_items(ctx, keys.items, none ? NULL : values.items, keys.n, 1, a);
}

const SqliteFn fn_table_ext_hstore[] = {
	{ "hstore_fetchval", 2, PURE, fetchval },
	{ "hstore_exists", 2, PURE, exists },
	{ "hstore_defined", 2, PURE, defined },
	{ "hstore_exists_any", 2, PURE, exists_any },
	{ "hstore_exists_all", 2, PURE, exists_all },
	{ "hstore_akeys", 1, PURE, akeys },
	{ "hstore_avals", 1, PURE, avals },
	{ "hstore_to_array", 1, PURE, to_array },
	{ "hstore_to_matrix", 1, PURE, to_matrix },
	{ "hstore_slice_to_hstore", 2, PURE, slice },
	{ "hstore_slice_to_array", 2, PURE, slice_array },
	{ "hstore_delete", 2, PURE, delete_key },
	{ "hstore_delete_array", 2, PURE, delete_keys },
	{ "hstore_delete_hstore", 2, PURE, delete_pairs },
	{ "hstore_concat", 2, PURE, concat },
	{ "hstore_contains", 2, PURE, contains_part },
	{ "hstore_contained", 2, PURE, contained },
	{ "hstore_to_json", 1, PURE, as_json },
	{ "hstore_to_json_loose", 1, PURE, as_json_loose },
	{ "hstore_to_jsonb", 1, PURE, to_jsonb },
	{ "hstore_to_jsonb_loose", 1, PURE, to_jsonb_loose },
	{ "hstore_from_text", 2, FN_IMMUTABLE, from_text },
	{ "hstore_from_array", 1, PURE, from_array },
	{ "hstore_from_arrays", 2, FN_IMMUTABLE, from_arrays },
	{ NULL },
};

/* ---- its pairs as rows ---- */

typedef struct Pairs {
	HStore h;
	size_t at;
} Pairs;

static int pairs_start(SetCall *c)
{
	Pairs *p = arena_new_of(c->a, Pairs);
	c->state = p;
	c->row = arena_array(c->a, Val, 2);
	return hstore_parse(set_arg_text(c, 0), c->a, &p->h, &c->env->error);
}

static bool next_pair(SetCall *c)
{
	Pairs *p = c->state;
	if (p->at >= p->h.n)
		return false;
	c->row[0] = val_text(p->h.pairs[p->at].key);
	c->row[1] = value_of(&p->h.pairs[p->at++]);
	return true;
}

static int keys_next(SetCall *c)
{
	if (!next_pair(c))
		return 0;
	c->value = c->row[0];
	return 1;
}

static int values_next(SetCall *c)
{
	if (!next_pair(c))
		return 0;
	c->value = c->row[1];
	return 1;
}

static int each_next(SetCall *c)
{
	return next_pair(c);
}

const SetFn set_fns_hstore[] = {
	{ "pg_hstore_skeys", 1, 1, pairs_start, keys_next, NULL, NULL, 0 },
	{ "pg_hstore_svals", 1, 1, pairs_start, values_next, NULL, NULL, 0 },
	{ "pg_hstore_each", 1, 1, pairs_start, each_next, NULL, "key, value", 2 },
	{ NULL },
};
