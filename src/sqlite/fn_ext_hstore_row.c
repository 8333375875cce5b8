/* Rows as hstore, and hstore's values in rows. */
#include "sqlite/fn_row.h"
#include "sqlite/fn_text.h"

#include "pgtype/hstore.h"

/* hstore(record): the columns' names and texts. A NULL of a named type has NULLs. */
static void from_record(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	FnEnv *env = fn_env(ctx);
	uint32_t type = (uint32_t)sqlite3_value_int64(argv[0]);
	const PgType *t = fn_row_type(env, type);
	bool null = sqlite3_value_type(argv[1]) == SQLITE_NULL;
	PgRow r = { .n = t ? t->nfields : 0, .fields = t ? t->fields : NULL };
	HStore h = { 0 };
	Buf b = { 0 };
	if (null && !(t && t->fields))
		return;
	if (!null && fn_row_read(env, type, fn_arg_str(argv[1]), a, &r)) {
		fn_fail(ctx);
		return;
	}
	for (size_t i = 0; i < r.n; i++) {
		const PgField *f = &r.fields[i];
		if (null || r.vals[i].kind == VAL_NULL) {
			hstore_add(&h, str_of(f->name), NULL, a);
			continue;
		}
		buf_clear(&b);
		if (type_out(f->type, f->typmod, &r.vals[i], env->types, &b, &env->error)) {
			fn_fail(ctx);
			buf_free(&b);
			return;
		}
		Str value = { arena_strndup(a, b.len ? (const char *)b.data : "", b.len), b.len };
		hstore_add(&h, str_of(f->name), &value, a);
	}
	buf_clear(&b);
	hstore_finish(&h);
	hstore_print(&h, &b);
	fn_result_buf(ctx, &b);
}

static int fill(FnEnv *env, const HStore *h, PgRow *r, Arena *a)
{
	for (size_t i = 0; i < r->n; i++) {
		const PgField *f = &r->fields[i];
		const HPair *p = hstore_find(h, str_of(f->name));
		if (p && p->null)
			r->vals[i] = val_null();
		else if (p && type_in(f->type, f->typmod, p->value, env->types, a, &r->vals[i], &env->error))
			return -1;
	}
	return 0;
}

/* populate_record(base, hstore); arguments: the types of both, then both. */
static void populate_record(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	FnEnv *env = fn_env(ctx);
	uint32_t type = (uint32_t)sqlite3_value_int64(argv[0]);
	const PgType *t = fn_row_type(env, type);
	PgRow r = { .n = t ? t->nfields : 0, .fields = t ? t->fields : NULL };
	HStore h;
	if (sqlite3_value_type(argv[3]) == SQLITE_NULL) {
		sqlite3_result_value(ctx, argv[2]);
		return;
	}
	if (!t || !t->fields) {
		fn_raise(ctx, type == 2249 ? "0A000" : "42804",
			 type == 2249 ? "hstore in a record without a type is not available in SQLite mode"
				      : "first argument must be a rowtype");
		return;
	}
	r.vals = arena_array(a, Val, r.n + 1);
	bool base = sqlite3_value_type(argv[2]) != SQLITE_NULL;
	if ((base && fn_row_read(env, type, fn_arg_str(argv[2]), a, &r)) || hstore_parse(fn_arg_str(argv[3]), a, &h, &env->error) ||
	    fill(env, &h, &r, a)) {
		fn_fail(ctx);
		return;
	}
	Val v = row_val(&r, false, a);
	fn_result(ctx, &v);
}

const SqliteFn fn_table_ext_hstore_row[] = {
	{ "hstore_from_record", 1, FN_TYPED, from_record },
	{ "hstore_populate_record", 2, FN_TYPED, populate_record },
	{ NULL },
};
