#include "sqlite/fn_json.h"

#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

static Json *wrapped(Json *j, Arena *a)
{
	if (j->kind == JSON_ARRAY)
		return j;
	Json *r = json_new(JSON_ARRAY, a);
	json_append(r, j, a);
	return r;
}

JF(jf_concat)
{
	ARENA(a);
	Json *x = jf_arg(ctx, argv[0], true, a), *y = x ? jf_arg(ctx, argv[1], true, a) : NULL;
	if (!y)
		return;
	if (x->kind == JSON_OBJECT && y->kind == JSON_OBJECT) {
		for (size_t i = 0; i < y->n; i++)
			json_add_pair(x, y->pairs[i].key, y->pairs[i].value, a);
		json_sort_keys(x);
		jf_result(ctx, x);
		return;
	}
	x = wrapped(x, a);
	y = wrapped(y, a);
	for (size_t i = 0; i < y->n; i++)
		json_append(x, y->items[i], a);
	jf_result(ctx, x);
}

static void remove_at(Json *j, size_t i)
{
	j->n--;
	if (j->kind == JSON_ARRAY)
		memmove(&j->items[i], &j->items[i + 1], (j->n - i) * sizeof *j->items);
	else
		memmove(&j->pairs[i], &j->pairs[i + 1], (j->n - i) * sizeof *j->pairs);
}

static void remove_key(Json *j, Str key)
{
	for (size_t i = j->n; i-- > 0;) {
		if (j->kind == JSON_OBJECT ? str_eq(j->pairs[i].key, key) : j->items[i]->kind == JSON_STRING && str_eq(j->items[i]->s, key))
			remove_at(j, i);
	}
}

/* Parses the first argument and refuses scalars. */
static Json *container(sqlite3_context *ctx, sqlite3_value *v, const char *refusal, Arena *a)
{
	Json *j = jf_arg(ctx, v, true, a);
	if (j && j->kind < JSON_ARRAY) {
		fn_raise(ctx, "22023", "%s", refusal);
		return NULL;
	}
	return j;
}

JF(jf_delete)
{
	ARENA(a);
	Json *j = container(ctx, argv[0], "cannot delete from scalar", a);
	if (!j)
		return;
	remove_key(j, fn_arg_str(argv[1]));
	jf_result(ctx, j);
}

JF(jf_delete_idx)
{
	ARENA(a);
	Json *j = container(ctx, argv[0], "cannot delete from scalar", a);
	int64_t i = sqlite3_value_int64(argv[1]);
	if (!j)
		return;
	if (j->kind == JSON_OBJECT) {
		fn_raise(ctx, "22023", "cannot delete from object using integer index");
		return;
	}
	if (i < 0)
		i += (int64_t)j->n;
	if (i >= 0 && (uint64_t)i < j->n)
		remove_at(j, (size_t)i);
	jf_result(ctx, j);
}

JF(jf_delete_array)
{
	ARENA(a);
	Str *keys;
	int n = jf_text_array(ctx, argv[1], a, &keys);
	Json *j = n < 0 ? NULL : container(ctx, argv[0], "cannot delete from scalar", a);
	if (!j)
		return;
	for (int i = 0; i < n; i++)
		if (keys[i].p)
			remove_key(j, keys[i]);
	jf_result(ctx, j);
}

typedef enum { EDIT_DELETE, EDIT_SET, EDIT_INSERT } EditKind;

typedef struct Edit {
	EditKind kind;
	bool flag; /* set: create what is missing; insert: after */
	Str *path;
	int n;
	Json *value;
	Arena *a;
	sqlite3_context *ctx;
	bool failed;
} Edit;

static void insert_at(Json *arr, size_t at, Json *v, Arena *a)
{
	json_append(arr, v, a);
	memmove(&arr->items[at + 1], &arr->items[at], (arr->n - 1 - at) * sizeof *arr->items);
	arr->items[at] = v;
}

static void edit_object(Edit *e, Json *j, int level, bool last);
static void edit_array(Edit *e, Json *j, int level, bool last);

static void edit_node(Edit *e, Json *j, int level)
{
	if (e->failed)
		return;
	if (!e->path[level].p) {
		e->failed = true;
		fn_raise(e->ctx, "22004", "path element at position %d is null", level + 1);
	} else if (j->kind == JSON_OBJECT) {
		edit_object(e, j, level, level + 1 == e->n);
	} else if (j->kind == JSON_ARRAY) {
		edit_array(e, j, level, level + 1 == e->n);
	}
}

static void edit_object(Edit *e, Json *j, int level, bool last)
{
	size_t i = 0;
	while (i < j->n && !str_eq(j->pairs[i].key, e->path[level]))
		i++;
	if (i == j->n) {
		if (last && e->kind != EDIT_DELETE && (e->kind == EDIT_INSERT || e->flag)) {
			json_add_pair(j, e->path[level], e->value, e->a);
			json_sort_keys(j);
		}
	} else if (!last) {
		edit_node(e, j->pairs[i].value, level + 1);
	} else if (e->kind == EDIT_DELETE) {
		remove_at(j, i);
	} else if (e->kind == EDIT_SET) {
		j->pairs[i].value = e->value;
	} else {
		e->failed = true;
		Error *err = &fn_env(e->ctx)->error;
		err_set(err, "22023", "cannot replace existing key");
		err_hint(err, "Try using the function jsonb_set to replace key value.");
		fn_fail(e->ctx);
	}
}

static void edit_array(Edit *e, Json *j, int level, bool last)
{
	int64_t at, n = (int64_t)j->n;
	if (!jf_index(e->path[level], &at)) {
		e->failed = true;
		fn_raise(e->ctx, "22P02", "path element at position %d is not an integer: \"%.*s\"", level + 1, STR_ARG(e->path[level]));
		return;
	}
	bool before_start = at < 0 && -at > n;
	if (at < 0)
		at += n;
	bool inside = !before_start && at < n;
	if (!last) {
		if (inside)
			edit_node(e, j->items[at], level + 1);
		return;
	}
	if (e->kind == EDIT_DELETE) {
		if (inside)
			remove_at(j, (size_t)at);
	} else if (!inside) {
		if (e->kind == EDIT_INSERT || e->flag)
			insert_at(j, before_start ? 0 : j->n, e->value, e->a);
	} else if (e->kind == EDIT_SET) {
		j->items[at] = e->value;
	} else {
		insert_at(j, (size_t)at + e->flag, e->value, e->a);
	}
}

static void edit(sqlite3_context *ctx, int argc, sqlite3_value **argv, EditKind kind, bool null_value)
{
	ARENA(a);
	Edit e = { .kind = kind, .a = a, .ctx = ctx };
	e.n = jf_text_array(ctx, argv[1], a, &e.path);
	if (e.n < 0)
		return;
	Json *j = container(ctx, argv[0], kind == EDIT_DELETE ? "cannot delete path in scalar" : "cannot set path in scalar", a);
	if (!j)
		return;
	if (argc > 2 && !(e.value = null_value ? json_new(JSON_NULL, a) : jf_arg(ctx, argv[2], true, a)))
		return;
	e.flag = argc > 3 && sqlite3_value_int(argv[3]);
	if (e.n > 0 && (j->n > 0 || kind == EDIT_INSERT || (kind == EDIT_SET && e.flag)))
		edit_node(&e, j, 0);
	if (!e.failed)
		jf_result(ctx, j);
}
JF(jf_delete_path)
{
	edit(ctx, argc, argv, EDIT_DELETE, false);
}
JF(jf_set)
{
	edit(ctx, argc, argv, EDIT_SET, false);
}
JF(jf_set_null)
{
	edit(ctx, 4, argv, EDIT_SET, true);
}
JF(jf_insert)
{
	edit(ctx, argc, argv, EDIT_INSERT, false);
}

static void strip(Json *j)
{
	size_t n = 0;
	for (size_t i = 0; j->kind >= JSON_ARRAY && i < j->n; i++) {
		Json *v = j->kind == JSON_ARRAY ? j->items[i] : j->pairs[i].value;
		strip(v);
		if (j->kind == JSON_OBJECT && v->kind != JSON_NULL)
			j->pairs[n++] = j->pairs[i];
	}
	if (j->kind == JSON_OBJECT)
		j->n = n;
}

JF(jf_strip_nulls_b)
{
	ARENA(a);
	Json *j = jf_arg(ctx, argv[0], true, a);
	if (!j)
		return;
	strip(j);
	jf_result(ctx, j);
}

static void print_compact(const Json *j, Buf *out)
{
	if (j->kind < JSON_ARRAY) {
		if (j->kind == JSON_STRING)
			json_print_string(j->s, out);
		else
			buf_put_str(out, j->raw);
		return;
	}
	bool array = j->kind == JSON_ARRAY;
	buf_put_u8(out, array ? '[' : '{');
	for (size_t i = 0; i < j->n; i++) {
		if (i)
			buf_put_u8(out, ',');
		if (!array) {
			json_print_string(j->pairs[i].key, out);
			buf_put_u8(out, ':');
		}
		print_compact(array ? j->items[i] : j->pairs[i].value, out);
	}
	buf_put_u8(out, array ? ']' : '}');
}

/* json keeps its order, its duplicates and its numbers as written; white space goes. */
JF(jf_strip_nulls)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	Json *j = jf_arg(ctx, argv[0], false, a);
	if (!j)
		return;
	strip(j);
	print_compact(j, &b);
	jf_result_str(ctx, buf_str(&b));
}
