/* Subscripts of jsonb: reading and assigning a part of a document. */
#include "sqlite/fn_json.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

/* pg_jsonb_subscript(document, subscript text ...) */
FN(fn_subscript)
{
	ARENA(a);
	Json *j = jf_arg(ctx, argv[0], true, a);
	for (int i = 1; j && i < argc; i++) {
		int64_t at;
		if (j->kind == JSON_OBJECT)
			j = json_get(j, fn_arg_str(argv[i]));
		else if (j->kind == JSON_ARRAY && jf_index(fn_arg_str(argv[i]), &at))
			j = json_at(j, at);
		else
			return;
	}
	if (j)
		jf_result(ctx, j);
}

typedef struct Assign {
	Str *path;
	int n;
	Json *value;
	Arena *a;
	Error *err;
} Assign;

static void pad(const Assign *s, Json *array, size_t n)
{
	while (array->n < n)
		json_append(array, json_new(JSON_NULL, s->a), s->a);
}

/* A subscript that creates may make an array as long as it says; longer ones than PostgreSQL could hold are refused. */
#define MAX_ELEMENTS (1 << 27)

static int check_length(const Assign *s, int64_t at)
{
	return at < MAX_ELEMENTS
		       ? 0
		       : err_set(s->err, "54000", "number of jsonb array elements exceeds the maximum allowed (%d)", MAX_ELEMENTS);
}

/* What stands at path[level] and below when nothing was there: objects, arrays for integers, and the value. */
static Json *chain(const Assign *s, int level)
{
	int64_t at;
	if (level == s->n)
		return s->value;
	Json *inner = chain(s, level + 1);
	bool array = jf_index(s->path[level], &at);
	if (!inner || (array && check_length(s, at) < 0))
		return NULL;
	Json *j = json_new(array ? JSON_ARRAY : JSON_OBJECT, s->a);
	if (array) {
		pad(s, j, at > 0 ? (size_t)at : 0);
		json_append(j, inner, s->a);
	} else {
		json_add_pair(j, s->path[level], inner, s->a);
	}
	return j;
}

/* The place for path[level], NULL inside when it is new. */
static Json **place_in_array(const Assign *s, Json *j, int level)
{
	int64_t at, n = (int64_t)j->n;
	if (!jf_index(s->path[level], &at)) {
		err_set(s->err, "22P02", "path element at position %d is not an integer: \"%.*s\"", level + 1, STR_ARG(s->path[level]));
		return NULL;
	}
	if (at < -n) {
		err_set(s->err, "22023", "path element at position %d is out of range: %d", level + 1, (int)at);
		return NULL;
	}
	if (at < 0)
		at += n;
	if (check_length(s, at) < 0)
		return NULL;
	if (at >= n) {
		pad(s, j, (size_t)at);
		json_append(j, NULL, s->a);
	}
	return &j->items[at];
}

static Json **place_in_object(const Assign *s, Json *j, int level)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < j->n; i++)
			if (str_eq(j->pairs[i].key, s->path[level]))
				return &j->pairs[i].value;
		json_add_pair(j, s->path[level], NULL, s->a);
		json_sort_keys(j);
	}
	return NULL;
}

static int assign(const Assign *s, Json *root)
{
	Json *j = root;
	for (int level = 0; level < s->n; level++) {
		if (j->kind < JSON_ARRAY) {
			err_set(s->err, "22023", "cannot replace existing key");
			return err_detail(s->err, "The path assumes key is a composite object, but it is a scalar value.");
		}
		Json **place = j->kind == JSON_ARRAY ? place_in_array(s, j, level) : place_in_object(s, j, level);
		if (!place)
			return -1;
		if (level + 1 == s->n || !*place)
			return (*place = chain(s, level + 1)) ? 0 : -1;
		j = *place;
	}
	return 0;
}

/* pg_jsonb_assign(first subscript is an integer, document, value, subscript text ...). A NULL document begins empty, a NULL value is
 * JSON's null. */
FN(fn_assign)
{
	ARENA(a);
	Error *err = &fn_env(ctx)->error;
	Assign s = { .n = argc - 3, .a = a, .err = err };
	s.path = arena_array(a, Str, argc);
	for (int i = 0; i < s.n; i++) {
		if (sqlite3_value_type(argv[i + 3]) == SQLITE_NULL) {
			fn_raise(ctx, "22004", "jsonb subscript in assignment must not be null");
			return;
		}
		s.path[i] = fn_arg_str(argv[i + 3]);
	}
	Json *root = sqlite3_value_type(argv[1]) != SQLITE_NULL ? jf_arg(ctx, argv[1], true, a)
								: json_new(sqlite3_value_int(argv[0]) ? JSON_ARRAY : JSON_OBJECT, a);
	if (!root)
		return;
	s.value = sqlite3_value_type(argv[2]) != SQLITE_NULL ? jf_arg(ctx, argv[2], true, a) : json_new(JSON_NULL, a);
	if (!s.value)
		return;
	if (assign(&s, root) < 0)
		fn_fail(ctx);
	else
		jf_result(ctx, root);
}

const SqliteFn fn_table_json_assign[] = {
	{ "jsonb_subscript", -1, FN_STRICT | FN_IMMUTABLE, fn_subscript },
	{ "jsonb_assign", -1, FN_IMMUTABLE, fn_assign },
	{ 0 },
};
