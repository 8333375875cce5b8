#include "pgtype/numeric.h"
#include "sqlite/fn_json.h"

#include <errno.h>

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

Json *jf_arg(sqlite3_context *ctx, sqlite3_value *v, bool canonical, Arena *a)
{
	Json *j = json_parse(fn_arg_str(v), canonical, a, &fn_env(ctx)->error);
	if (!j)
		fn_fail(ctx);
	return j;
}

void jf_result_str(sqlite3_context *ctx, Str s)
{
	sqlite3_result_text64(ctx, s.n ? s.p : "", s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

void jf_result(sqlite3_context *ctx, const Json *j)
{
	_cleanup_(buf_free) Buf b = { 0 };
	json_print(j, &b);
	jf_result_str(ctx, buf_str(&b));
}

void jf_result_text(sqlite3_context *ctx, const Json *j, bool canonical)
{
	if (!j || j->kind == JSON_NULL)
		return;
	if (j->kind == JSON_STRING)
		jf_result_str(ctx, j->s);
	else if (canonical)
		jf_result(ctx, j);
	else
		jf_result_str(ctx, j->raw);
}

void jf_result_value(sqlite3_context *ctx, const Json *j, bool canonical, bool as_text)
{
	if (!j)
		return;
	if (as_text)
		jf_result_text(ctx, j, canonical);
	else if (canonical)
		jf_result(ctx, j);
	else
		jf_result_str(ctx, j->raw);
}

/* ---- text[] ---- */

static bool array_element(const char **at, const char *end, Arena *a, Str *out)
{
	const char *p = *at;
	char *buf = arena_alloc(a, (size_t)(end - p) + 1);
	size_t n = 0;
	bool quoted = p < end && *p == '"';
	for (p += quoted; p < end && (quoted ? *p != '"' : *p != ',' && *p != '}'); p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		buf[n++] = *p;
	}
	if (p == end)
		return false;
	*at = p + quoted;
	*out = (Str){ buf, n };
	if (!quoted && str_iis(*out, "NULL"))
		*out = (Str){ NULL, 0 };
	return true;
}

int jf_text_array(sqlite3_context *ctx, sqlite3_value *v, Arena *a, Str **out)
{
	Str s = fn_arg_str(v);
	const char *p = s.p, *end = s.p + s.n;
	size_t n = 0, cap = 0;
	*out = NULL;
	if (s.n >= 2 && str_is(s, "{}"))
		return 0;
	if (s.n < 2 || *p++ != '{' || (p < end && *p == '{')) {
		fn_raise(ctx, "2202E", "wrong number of array subscripts");
		return -1;
	}
	for (;;) {
		if (n == cap) {
			cap = cap ? cap * 2 : 8;
			Str *bigger = arena_array(a, Str, cap);
			if (n)
				memcpy(bigger, *out, n * sizeof **out);
			*out = bigger;
		}
		if (!array_element(&p, end, a, &(*out)[n++]) || p >= end)
			break;
		if (*p == '}' && p + 1 == end)
			return (int)n;
		if (*p++ != ',')
			break;
	}
	fn_raise(ctx, "22P02", "malformed array literal: \"%.*s\"", STR_ARG(s));
	return -1;
}

bool jf_index(Str s, int64_t *out)
{
	char buf[24], *end;
	if (s.n == 0 || s.n >= sizeof buf)
		return false;
	memcpy(buf, s.p, s.n);
	buf[s.n] = '\0';
	errno = 0;
	*out = strtoll(buf, &end, 10);
	return !errno && *end == '\0' && *out >= INT32_MIN && *out <= INT32_MAX;
}

/* ---- reading ---- */

static void field(sqlite3_context *ctx, sqlite3_value **argv, bool canonical, bool as_text)
{
	ARENA(a);
	Json *j = jf_arg(ctx, argv[0], canonical, a);
	if (j && j->kind == JSON_OBJECT)
		jf_result_value(ctx, json_get(j, fn_arg_str(argv[1])), canonical, as_text);
}
FN(fn_json_field)
{
	field(ctx, argv, false, false);
}
FN(fn_json_field_text)
{
	field(ctx, argv, false, true);
}
FN(fn_jsonb_field)
{
	field(ctx, argv, true, false);
}
FN(fn_jsonb_field_text)
{
	field(ctx, argv, true, true);
}

static void element(sqlite3_context *ctx, sqlite3_value **argv, bool canonical, bool as_text)
{
	ARENA(a);
	Json *j = jf_arg(ctx, argv[0], canonical, a);
	if (j && j->kind == JSON_ARRAY)
		jf_result_value(ctx, json_at(j, sqlite3_value_int64(argv[1])), canonical, as_text);
	else if (j && canonical && j->kind < JSON_ARRAY && (sqlite3_value_int64(argv[1]) == 0 || sqlite3_value_int64(argv[1]) == -1))
		jf_result_value(ctx, j, canonical, as_text); /* a scalar jsonb is kept as an array of one */
}
FN(fn_json_element)
{
	element(ctx, argv, false, false);
}
FN(fn_json_element_text)
{
	element(ctx, argv, false, true);
}
FN(fn_jsonb_element)
{
	element(ctx, argv, true, false);
}
FN(fn_jsonb_element_text)
{
	element(ctx, argv, true, true);
}

static void extract(sqlite3_context *ctx, sqlite3_value **argv, bool canonical, bool as_text)
{
	ARENA(a);
	Str *path;
	int n = jf_text_array(ctx, argv[1], a, &path);
	Json *j = n < 0 ? NULL : jf_arg(ctx, argv[0], canonical, a);
	for (int i = 0; j && i < n; i++) {
		int64_t at;
		if (!path[i].p)
			return;
		if (j->kind == JSON_OBJECT)
			j = json_get(j, path[i]);
		else if (j->kind == JSON_ARRAY && jf_index(path[i], &at))
			j = json_at(j, at);
		else
			return;
	}
	if (j)
		jf_result_value(ctx, j, canonical, as_text);
}
FN(fn_json_extract)
{
	extract(ctx, argv, false, false);
}
FN(fn_json_extract_text)
{
	extract(ctx, argv, false, true);
}
FN(fn_jsonb_extract)
{
	extract(ctx, argv, true, false);
}
FN(fn_jsonb_extract_text)
{
	extract(ctx, argv, true, true);
}

FN(fn_typeof)
{
	ARENA(a);
	Json *j = jf_arg(ctx, argv[0], false, a);
	if (j)
		jf_result_str(ctx, str_of(json_kind_name(j->kind)));
}
FN(fn_array_length)
{
	ARENA(a);
	Json *j = jf_arg(ctx, argv[0], false, a);
	if (!j)
		return;
	if (j->kind == JSON_ARRAY)
		sqlite3_result_int64(ctx, (int64_t)j->n);
	else
		fn_raise(ctx, "22023",
			 j->kind == JSON_OBJECT ? "cannot get array length of a non-array" : "cannot get array length of a scalar");
}
FN(fn_pretty)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	Json *j = jf_arg(ctx, argv[0], true, a);
	if (!j)
		return;
	json_print_pretty(j, &b);
	jf_result_str(ctx, buf_str(&b));
}

/* ---- tests ---- */

static void contains(sqlite3_context *ctx, sqlite3_value *x, sqlite3_value *y)
{
	ARENA(a);
	Json *jx = jf_arg(ctx, x, true, a), *jy = jx ? jf_arg(ctx, y, true, a) : NULL;
	if (jy)
		sqlite3_result_int(ctx, json_contains(jx, jy));
}
FN(fn_contains)
{
	contains(ctx, argv[0], argv[1]);
}
FN(fn_contained)
{
	contains(ctx, argv[1], argv[0]);
}

static bool has_key(const Json *j, Str key)
{
	if (j->kind == JSON_OBJECT)
		return json_get(j, key) != NULL;
	if (j->kind == JSON_STRING)
		return str_eq(j->s, key);
	for (size_t i = 0; j->kind == JSON_ARRAY && i < j->n; i++)
		if (j->items[i]->kind == JSON_STRING && str_eq(j->items[i]->s, key))
			return true;
	return false;
}
FN(fn_exists)
{
	ARENA(a);
	Json *j = jf_arg(ctx, argv[0], true, a);
	if (j)
		sqlite3_result_int(ctx, has_key(j, fn_arg_str(argv[1])));
}
static void exists_many(sqlite3_context *ctx, sqlite3_value **argv, bool all)
{
	ARENA(a);
	Str *keys;
	int n = jf_text_array(ctx, argv[1], a, &keys);
	Json *j = n < 0 ? NULL : jf_arg(ctx, argv[0], true, a);
	if (!j)
		return;
	bool r = all;
	for (int i = 0; i < n && r == all; i++)
		if (keys[i].p)
			r = has_key(j, keys[i]);
	sqlite3_result_int(ctx, r);
}
FN(fn_exists_any)
{
	exists_many(ctx, argv, false);
}
FN(fn_exists_all)
{
	exists_many(ctx, argv, true);
}

static bool compare(sqlite3_context *ctx, sqlite3_value **argv, int *c)
{
	ARENA(a);
	Json *x = jf_arg(ctx, argv[0], true, a), *y = x ? jf_arg(ctx, argv[1], true, a) : NULL;
	if (!y)
		return false;
	*c = json_compare(x, y);
	return true;
}
FN_COMPARISONS(compare)

/* ---- casts of jsonb ---- */

static Json *scalar_of(sqlite3_context *ctx, sqlite3_value *v, JsonKind kind, const char *type, Arena *a)
{
	static const char *const words[] = { "null", "string", "numeric", "boolean", "array", "object" };
	Json *j = jf_arg(ctx, v, true, a);
	if (!j || j->kind == kind)
		return j;
	fn_raise(ctx, "22023", "cannot cast jsonb %s to type %s", words[j->kind], type);
	return NULL;
}
FN(fn_to_bool)
{
	ARENA(a);
	Json *j = scalar_of(ctx, argv[0], JSON_BOOL, "boolean", a);
	if (j)
		sqlite3_result_int(ctx, j->b);
}
FN(fn_to_numeric)
{
	ARENA(a);
	Json *j = scalar_of(ctx, argv[0], JSON_NUMBER, "numeric", a);
	if (j)
		jf_result_str(ctx, j->s);
}
static void to_int(sqlite3_context *ctx, sqlite3_value *v, const char *type, int64_t lo, int64_t hi)
{
	ARENA(a);
	int64_t r;
	Json *j = scalar_of(ctx, v, JSON_NUMBER, type, a);
	if (!j)
		return;
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numeric_read(j->s, &n);
	if (numeric_to_int(&n, type, lo, hi, &r, &fn_env(ctx)->error) < 0)
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, r);
}
FN(fn_to_int2)
{
	to_int(ctx, argv[0], "smallint", INT16_MIN, INT16_MAX);
}
FN(fn_to_int4)
{
	to_int(ctx, argv[0], "integer", INT32_MIN, INT32_MAX);
}
FN(fn_to_int8)
{
	to_int(ctx, argv[0], "bigint", INT64_MIN, INT64_MAX);
}
static void to_float(sqlite3_context *ctx, sqlite3_value *v, const char *type, uint32_t oid)
{
	ARENA(a);
	Val r;
	FnEnv *env = fn_env(ctx);
	Json *j = scalar_of(ctx, v, JSON_NUMBER, type, a);
	if (!j)
		return;
	if (type_in(pgtype_builtin(oid), -1, j->s, env->types, a, &r, &env->error) < 0)
		fn_fail(ctx);
	else
		fn_result(ctx, &r);
}
FN(fn_to_float4)
{
	to_float(ctx, argv[0], "real", 700);
}
FN(fn_to_float8)
{
	to_float(ctx, argv[0], "double precision", 701);
}

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_json[] = {
	{ "json_object_field", 2, PURE, fn_json_field },
	{ "json_object_field_text", 2, PURE, fn_json_field_text },
	{ "jsonb_object_field", 2, PURE, fn_jsonb_field },
	{ "jsonb_object_field_text", 2, PURE, fn_jsonb_field_text },
	{ "json_array_element", 2, PURE, fn_json_element },
	{ "json_array_element_text", 2, PURE, fn_json_element_text },
	{ "jsonb_array_element", 2, PURE, fn_jsonb_element },
	{ "jsonb_array_element_text", 2, PURE, fn_jsonb_element_text },
	{ "json_extract_path", 2, PURE, fn_json_extract },
	{ "json_extract_path_text", 2, PURE, fn_json_extract_text },
	{ "jsonb_extract_path", 2, PURE, fn_jsonb_extract },
	{ "jsonb_extract_path_text", 2, PURE, fn_jsonb_extract_text },
	{ "json_typeof", 1, PURE, fn_typeof },
	{ "jsonb_typeof", 1, PURE, fn_typeof },
	{ "json_array_length", 1, PURE, fn_array_length },
	{ "jsonb_array_length", 1, PURE, fn_array_length },
	{ "jsonb_pretty", 1, PURE, fn_pretty },
	{ "jsonb_contains", 2, PURE, fn_contains },
	{ "jsonb_contained", 2, PURE, fn_contained },
	{ "jsonb_exists", 2, PURE, fn_exists },
	{ "jsonb_exists_any", 2, PURE, fn_exists_any },
	{ "jsonb_exists_all", 2, PURE, fn_exists_all },
	{ "jsonb_eq", 2, PURE, fn_eq },
	{ "jsonb_ne", 2, PURE, fn_ne },
	{ "jsonb_lt", 2, PURE, fn_lt },
	{ "jsonb_le", 2, PURE, fn_le },
	{ "jsonb_gt", 2, PURE, fn_gt },
	{ "jsonb_ge", 2, PURE, fn_ge },
	{ "jsonb_cmp", 2, PURE, fn_cmp },
	{ "jsonb_bool", 1, PURE, fn_to_bool },
	{ "jsonb_numeric", 1, PURE, fn_to_numeric },
	{ "jsonb_int2", 1, PURE, fn_to_int2 },
	{ "jsonb_int4", 1, PURE, fn_to_int4 },
	{ "jsonb_int8", 1, PURE, fn_to_int8 },
	{ "jsonb_float4", 1, PURE, fn_to_float4 },
	{ "jsonb_float8", 1, PURE, fn_to_float8 },
	{ "jsonb_concat", 2, PURE, jf_concat },
	{ "jsonb_delete", 2, PURE, jf_delete },
	{ "jsonb_delete_idx", 2, PURE, jf_delete_idx },
	{ "jsonb_delete_array", 2, PURE, jf_delete_array },
	{ "jsonb_delete_path", 2, PURE, jf_delete_path },
	{ "jsonb_set", 4, PURE, jf_set },
	{ "jsonb_insert", 4, PURE, jf_insert },
	{ "jsonb_strip_nulls", 1, PURE, jf_strip_nulls_b },
	{ "json_strip_nulls", 1, PURE, jf_strip_nulls },
	{ "to_json", 1, FN_STRICT | FN_TYPED, jf_to_json },
	{ "to_jsonb", 1, FN_STRICT | FN_TYPED, jf_to_jsonb },
	{ "row_to_json", 1, FN_STRICT | FN_TYPED, jf_row_to_json },
	{ "row_to_json_pretty", 2, FN_STRICT | FN_TYPED, jf_row_to_json_pretty },
	{ "json_build_array", -1, FN_TYPED, jf_build_array },
	{ "jsonb_build_array", -1, FN_TYPED, jf_build_arrayb },
	{ "json_build_array_noargs", 0, 0, jf_build_array },
	{ "jsonb_build_array_noargs", 0, 0, jf_build_arrayb },
	{ "json_build_object", -1, FN_TYPED, jf_build_object },
	{ "jsonb_build_object", -1, FN_TYPED, jf_build_objectb },
	{ "json_build_object_noargs", 0, 0, jf_build_object },
	{ "jsonb_build_object_noargs", 0, 0, jf_build_objectb },
	{ 0 },
};
