/* JSON and PostgreSQL's arrays. */
#include "pgtype/array.h"
#include "sqlite/fn_json.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

static int put_level(sqlite3_context *ctx, const PgArray *x, int dim, size_t *at, bool lines, Buf *out)
{
	buf_put_u8(out, '[');
	for (int i = 0; i < x->dims[dim]; i++) {
		if (i)
			buf_puts(out, lines ? ",\n " : ",");
		int rc = dim + 1 < x->ndim ? put_level(ctx, x, dim + 1, at, false, out)
					   : jf_put_val(ctx, x->elem->oid, &x->items[(*at)++], false, out);
		if (rc < 0)
			return -1;
	}
	buf_put_u8(out, ']');
	return 0;
}

int jf_put_array(sqlite3_context *ctx, const PgType *elem, Str stored, bool lines, Buf *out)
{
	ARENA(a);
	PgArray x;
	size_t at = 0;
	if (array_read(elem, stored, a, &x, &fn_env(ctx)->error) < 0)
		return -1;
	if (x.ndim == 0) {
		buf_puts(out, "[]");
		return 0;
	}
	return put_level(ctx, &x, 0, &at, lines, out);
}

static void array_to_json(sqlite3_context *ctx, uint32_t oid, sqlite3_value *v, bool lines)
{
	_cleanup_(buf_free) Buf b = { 0 };
	const PgType *t = fn_type(ctx, oid);
	if (!t || !t->elem)
		fn_raise(ctx, "0A000", "array_to_json of type %u is not supported on SQLite", oid);
	else if (jf_put_array(ctx, t->elem, fn_arg_str(v), lines, &b) < 0)
		fn_fail(ctx);
	else
		jf_result_str(ctx, buf_str(&b));
}
FN(fn_array_to_json)
{
	array_to_json(ctx, (uint32_t)sqlite3_value_int64(argv[0]), argv[1], false);
}
FN(fn_array_to_json_pretty)
{
	array_to_json(ctx, (uint32_t)sqlite3_value_int64(argv[0]), argv[2], sqlite3_value_int(argv[3]));
}

/* ---- json_object(text[]) and its kin ---- */

static bool read_texts(sqlite3_context *ctx, sqlite3_value *v, Arena *a, PgArray *x)
{
	if (array_read(pgtype_builtin(25), fn_arg_str(v), a, x, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

static bool put_text_pair(sqlite3_context *ctx, const Val *key, const Val *value, Buf *out)
{
	if (key->kind == VAL_NULL) {
		fn_raise(ctx, "22004", "null value not allowed for object key");
		return false;
	}
	buf_puts(out, out->len > 1 ? ", " : "");
	json_print_string(key->s, out);
	buf_puts(out, " : ");
	if (value->kind == VAL_NULL)
		buf_puts(out, "null");
	else
		json_print_string(value->s, out);
	return true;
}

static void finish_object(sqlite3_context *ctx, Buf *b, bool canonical)
{
	ARENA(a);
	buf_put_u8(b, '}');
	Json *j = canonical ? json_parse(buf_str(b), true, a, &fn_env(ctx)->error) : NULL;
	if (!canonical)
		jf_result_str(ctx, buf_str(b));
	else if (j)
		jf_result(ctx, j);
	else
		fn_fail(ctx);
}

static void object_of(sqlite3_context *ctx, sqlite3_value **argv, bool canonical)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	PgArray x;
	if (!read_texts(ctx, argv[0], a, &x))
		return;
	if (x.ndim == 1 && x.n % 2)
		fn_raise(ctx, "2202E", "array must have even number of elements");
	else if (x.ndim == 2 && x.dims[1] != 2)
		fn_raise(ctx, "2202E", "array must have two columns");
	else if (x.ndim > 2)
		fn_raise(ctx, "2202E", "wrong number of array subscripts");
	else {
		buf_put_u8(&b, '{');
		for (size_t i = 0; i + 1 < x.n; i += 2)
			if (!put_text_pair(ctx, &x.items[i], &x.items[i + 1], &b))
				return;
		finish_object(ctx, &b, canonical);
	}
}
FN(fn_json_object)
{
	object_of(ctx, argv, false);
}
FN(fn_jsonb_object)
{
	object_of(ctx, argv, true);
}

static void object_of_two(sqlite3_context *ctx, sqlite3_value **argv, bool canonical)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	PgArray keys, values;
	if (!read_texts(ctx, argv[0], a, &keys) || !read_texts(ctx, argv[1], a, &values))
		return;
	if (keys.ndim > 1 || keys.ndim != values.ndim) {
		fn_raise(ctx, "2202E", "wrong number of array subscripts");
		return;
	}
	if (keys.n != values.n) {
		fn_raise(ctx, "2202E", "mismatched array dimensions");
		return;
	}
	buf_put_u8(&b, '{');
	for (size_t i = 0; i < keys.n; i++)
		if (!put_text_pair(ctx, &keys.items[i], &values.items[i], &b))
			return;
	finish_object(ctx, &b, canonical);
}
FN(fn_json_object_two)
{
	object_of_two(ctx, argv, false);
}
FN(fn_jsonb_object_two)
{
	object_of_two(ctx, argv, true);
}

/* ---- jsonb_set_lax ---- */

/* What a NULL value does is named by the last argument. */
FN(fn_set_lax)
{
	for (int i = 0; i < 4; i++)
		if (i != 2 && sqlite3_value_type(argv[i]) == SQLITE_NULL)
			return;
	if (sqlite3_value_type(argv[4]) == SQLITE_NULL) {
		fn_raise(ctx, "22023",
			 "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"");
		return;
	}
	Str how = fn_arg_str(argv[4]);
	if (sqlite3_value_type(argv[2]) != SQLITE_NULL) {
		jf_set(ctx, 4, argv);
	} else if (str_is(how, "raise_exception")) {
		Error *err = &fn_env(ctx)->error;
		err_set(err, "22004", "JSON value must not be null");
		err_detail(err, "Exception was raised because null_value_treatment is \"raise_exception\".");
		err_hint(err, "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.");
		fn_fail(ctx);
	} else if (str_is(how, "use_json_null")) {
		jf_set_null(ctx, argc, argv);
	} else if (str_is(how, "delete_key")) {
		jf_delete_path(ctx, 2, argv);
	} else if (str_is(how, "return_target")) {
		sqlite3_result_value(ctx, argv[0]);
	} else {
		fn_raise(ctx, "22023",
			 "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"");
	}
}

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_json_array[] = {
	{ "array_to_json", 1, FN_STRICT | FN_TYPED, fn_array_to_json },
	{ "array_to_json_pretty", 2, FN_STRICT | FN_TYPED, fn_array_to_json_pretty },
	{ "json_object", 1, PURE, fn_json_object },
	{ "jsonb_object", 1, PURE, fn_jsonb_object },
	{ "json_object_two_arg", 2, PURE, fn_json_object_two },
	{ "jsonb_object_two_arg", 2, PURE, fn_jsonb_object_two },
	{ "jsonb_set_lax", 5, FN_IMMUTABLE, fn_set_lax },
	{ 0 },
};
