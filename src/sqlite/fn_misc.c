/* Converters that the emitter calls for casts, and helpers of its own. */
#include "sqlite/db.h"
#include "sqlite/fn_let.h"
#include "sqlite/fn.h"

#include "pgtype/array.h"

static const PgType *type_arg(sqlite3_context *ctx, sqlite3_value *v)
{
	uint32_t oid = (uint32_t)sqlite3_value_int64(v);
	const PgType *t = fn_type(ctx, oid);
	if (!t)
		fn_raise(ctx, "XX000", "cache lookup failed for type %u", oid);
	return t;
}

static bool is_null(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_NULL;
}

static void cast_out(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const PgType *t = is_null(argv[2]) ? NULL : type_arg(ctx, argv[0]);
	if (!t)
		return;
	FnEnv *env = fn_env(ctx);
	Val v = fn_arg(argv[2]);
	Buf b = { 0 };
	if (type_out(t, sqlite3_value_int(argv[1]), &v, env->types, &b, &env->error)) {
		fn_fail(ctx);
	} else {
		Val text = val_text(buf_str(&b));
		fn_result(ctx, &text);
	}
	buf_free(&b);
}

static void cast_in(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const PgType *t = is_null(argv[2]) ? NULL : type_arg(ctx, argv[0]);
	if (!t)
		return;
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val v;
	if (type_in(t, sqlite3_value_int(argv[1]), fn_arg_str(argv[2]), env->types, a, &v, &env->error))
		fn_fail(ctx);
	else
		fn_result(ctx, &v);
}

static void apply_typmod(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const PgType *t = is_null(argv[3]) ? NULL : type_arg(ctx, argv[0]);
	if (!t)
		return;
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val in = fn_arg(argv[3]), v;
	if (type_apply_typmod(t, sqlite3_value_int(argv[1]), sqlite3_value_int(argv[2]), &in, a, &v, &env->error))
		fn_fail(ctx);
	else
		fn_result(ctx, &v);
}

static void end_statement(void *p)
{
	sqlite3_finalize(p);
}

/* The SELECT that casts one element, kept with the call while its text stays the same. */
static sqlite3_stmt *element_cast(sqlite3_context *ctx, sqlite3_value *sql)
{
	sqlite3_stmt *st = sqlite3_get_auxdata(ctx, 2);
	if (st)
		return st;
	Str text = fn_arg_str(sql);
	sqlite3 *db = sqlite3_context_db_handle(ctx);
	if (sqlite3_prepare_v2(db, text.p, (int)text.n, &st, NULL) != SQLITE_OK) {
		fn_raise(ctx, "XX000", "%s", sqlite3_errmsg(db));
		return NULL;
	}
	sqlite3_set_auxdata(ctx, 2, st, end_statement);
	return sqlite3_get_auxdata(ctx, 2);
}

static int cast_item(sqlite3_stmt *st, Arena *a, Val *v)
{
	db_bind(st, 1, v);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*v = fn_arg(sqlite3_column_value(st, 0));
		if (v->kind == VAL_TEXT || v->kind == VAL_BLOB)
			v->s.p = arena_strndup(a, v->s.p, v->s.n);
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* pg_array_cast(element type, target's element type, 'SELECT cast of ?1', array) */
static void array_cast(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (is_null(argv[3]))
		return;
	const PgType *from = type_arg(ctx, argv[0]), *to = from ? type_arg(ctx, argv[1]) : NULL;
	sqlite3_stmt *st = to ? element_cast(ctx, argv[2]) : NULL;
	if (!st)
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	int rc = array_read(from, fn_arg_str(argv[3]), a, &x, &fn_env(ctx)->error);
	for (size_t i = 0; rc == 0 && i < x.n; i++)
		if (x.items[i].kind != VAL_NULL)
			rc = cast_item(st, a, &x.items[i]);
	if (rc) {
		fn_fail(ctx);
		return;
	}
	x.elem = to;
	Val v = array_val(&x, a);
	fn_result(ctx, &v);
}

static void single_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (sqlite3_value_int64(argv[0]) > 1)
		fn_raise(ctx, "21000", "more than one row returned by a subquery used as an expression");
	else
		sqlite3_result_value(ctx, argv[1]);
}

/* Two objects, or two arrays, of text JSON that are not empty, as one. */
static void json_splice(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str a = fn_arg_str(argv[0]), b = fn_arg_str(argv[1]);
	Buf out = { 0 };
	buf_put(&out, a.p, a.n ? a.n - 1 : 0);
	buf_puts(&out, ", ");
	buf_put(&out, b.p + (b.n > 0), b.n ? b.n - 1 : 0);
	Val v = val_text(buf_str(&out));
	fn_result(ctx, &v);
	buf_free(&out);
}

/* pg_minmax(type, least, values...): GREATEST and LEAST, which pass over NULLs and keep the first of equal values. */
static void minmax(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const PgType *t = type_arg(ctx, argv[0]);
	bool least = sqlite3_value_int(argv[1]);
	int best = 0;
	for (int i = 2; t && i < argc; i++) {
		if (is_null(argv[i]))
			continue;
		Val v = fn_arg(argv[i]), b = best ? fn_arg(argv[best]) : val_null();
		int order = best ? type_compare(t, &v, &b) : -1;
		if (!best || (least ? order < 0 : order > 0))
			best = i;
	}
	if (best)
		sqlite3_result_value(ctx, argv[best]);
}

/* A name is 64 bytes, read from 0; those behind its text are zero, as "char" the empty text. */
static void name_get(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str name = fn_arg_str(argv[1]);
	int64_t i = sqlite3_value_int64(argv[2]);
	if (i < 0 || i >= 64)
		return;
	bool inside = (size_t)i < name.n;
	if (inside && (unsigned char)name.p[i] >= 0x80)
		fn_raise(ctx, "0A000", "one byte of a character of several is not available in SQLite mode");
	else
		sqlite3_result_text(ctx, inside ? name.p + i : "", inside, SQLITE_TRANSIENT);
}

const SqliteFn fn_table_misc[] = {
	{ "name_get", 3, FN_STRICT | FN_IMMUTABLE, name_get },
	{ "minmax", -1, FN_IMMUTABLE, minmax },
	{ "cast_out", 3, 0, cast_out },
	{ "cast_out_fixed", 3, FN_IMMUTABLE, cast_out },
	{ "cast_in", 3, 0, cast_in },
	{ "cast_in_fixed", 3, FN_IMMUTABLE, cast_in },
	{ "typmod", 4, FN_IMMUTABLE, apply_typmod },
	{ "array_cast", 4, 0, array_cast },
	{ "single_row", 2, 0, single_row },
	{ "json_splice", 2, FN_STRICT | FN_IMMUTABLE, json_splice },
	{ "let", 2, 0, fn_let },
	{ "kept", 1, 0, fn_kept },
	{ NULL },
};
