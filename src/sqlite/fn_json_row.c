/*
 * JSON objects as rows: json_populate_record and its kin.
 *   pg_json_row(columns or type, base, object)    columns: as a record has them in front (pgtype/row.h); base: what absent keys keep
 */
#include "sqlite/fn_json.h"
#include "sqlite/fn_row.h"

#include "pgtype/array.h"

typedef struct Fill {
	FnEnv *env;
	Arena *a;
	bool canonical; /* from jsonb */
} Fill;

static int fill_value(const Fill *f, const PgType *t, int32_t typmod, const Json *j, Val *out);

static Str json_text(const Fill *f, const Json *j)
{
	if (!f->canonical && j->raw.p)
		return j->raw;
	Buf b = { 0 };
	json_print(j, &b);
	Str s = { arena_strndup(f->a, b.len ? (const char *)b.data : "", b.len), b.len };
	buf_free(&b);
	return s;
}

static int fill_row(const Fill *f, const Json *object, PgRow *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const PgField *c = &r->fields[i];
		const Json *j = json_get(object, str_of(c->name));
		if (j && fill_value(f, c->type, c->typmod, j, &r->vals[i]))
			return -1;
	}
	return 0;
}

static int count_dims(const Json *j, int *dims)
{
	int n = 0;
	for (; j && j->kind == JSON_ARRAY && n < ARRAY_MAX_DIMS; j = j->n ? j->items[0] : NULL)
		dims[n++] = (int)j->n;
	return n;
}

static int fill_items(const Fill *f, const Json *j, int level, int32_t typmod, PgArray *x)
{
	if (level == x->ndim)
		return fill_value(f, x->elem, typmod, j, &x->items[x->n++]);
	if (j->kind != JSON_ARRAY)
		return err_set(&f->env->error, "22P02", "expected JSON array");
	if ((int)j->n != x->dims[level]) {
		err_set(&f->env->error, "22P02", "malformed JSON array");
		return err_detail(&f->env->error, "Multidimensional arrays must have sub-arrays with matching dimensions.");
	}
	for (size_t i = 0; i < j->n; i++)
		if (fill_items(f, j->items[i], level + 1, typmod, x))
			return -1;
	return 0;
}

static int fill_array(const Fill *f, const PgType *t, int32_t typmod, const Json *j, Val *out)
{
	PgArray x = { .elem = t->elem };
	size_t total = 1;
	x.ndim = t->elem->oid == 114 || t->elem->oid == 3802 ? 1 : count_dims(j, x.dims);
	x.dims[0] = (int)j->n;
	for (int i = 0; i < x.ndim; i++) {
		x.lower[i] = 1;
		if (__builtin_mul_overflow(total, (size_t)x.dims[i], &total) || total > ARRAY_MAX_ITEMS)
			return err_set(&f->env->error, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
	}
	x.items = arena_array(f->a, Val, total + 1);
	if (total && fill_items(f, j, 0, typmod, &x))
		return -1;
	if (!total)
		x.ndim = 0;
	*out = array_val(&x, f->a);
	return 0;
}

static int fill_value(const Fill *f, const PgType *t, int32_t typmod, const Json *j, Val *out)
{
	*out = val_null();
	if (j->kind == JSON_NULL)
		return 0;
	if (t->oid == 114 || t->oid == 3802)
		return type_in(t, -1, json_text(f, j), f->env->types, f->a, out, &f->env->error);
	if (t->elem && j->kind == JSON_ARRAY)
		return fill_array(f, t, typmod, j, out);
	if (t->elem && j->kind != JSON_STRING)
		return err_set(&f->env->error, "22P02", "expected JSON array");
	if (type_is_row(t) && j->kind == JSON_OBJECT && t->fields) {
		PgRow r = { .n = t->nfields, .fields = t->fields, .vals = arena_array(f->a, Val, t->nfields + 1) };
		if (fill_row(f, j, &r))
			return -1;
		*out = row_val(&r, false, f->a);
		return 0;
	}
	if (type_is_row(t) && j->kind != JSON_STRING)
		return err_set(&f->env->error, "22023", "cannot call populate_composite on %s",
			       j->kind == JSON_ARRAY ? "an array" : "a scalar");
	return type_in(t, typmod, j->kind == JSON_STRING ? j->s : json_text(f, j), f->env->types, f->a, out, &f->env->error);
}

/* The row to fill: the base's, or one of NULLs. */
static int base_row(const Fill *f, sqlite3_value *shape, sqlite3_value *base, bool *record, PgRow *r)
{
	uint32_t oid = (uint32_t)sqlite3_value_int64(shape);
	*record = sqlite3_value_type(shape) == SQLITE_TEXT;
	if (sqlite3_value_type(base) != SQLITE_NULL)
		return fn_row_read(f->env, *record ? OID_RECORD : oid, fn_arg_str(base), f->a, r);
	if (*record) {
		Str columns = fn_arg_str(shape);
		if (fn_row_columns(f->env, columns, f->a, r))
			return -1;
	} else {
		const PgType *t = fn_row_type(f->env, oid);
		if (!t || !t->fields)
			return err_set(&f->env->error, "42804", "first argument of %s must be a row type",
				       f->canonical ? "jsonb_populate_record" : "json_populate_record");
		*r = (PgRow){ .n = t->nfields, .fields = t->fields };
	}
	r->vals = arena_array(f->a, Val, r->n + 1);
	return 0;
}

static void populate(sqlite3_context *ctx, sqlite3_value *shape, sqlite3_value *base, sqlite3_value *doc, bool canonical)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Fill f = { fn_env(ctx), a, canonical };
	PgRow r;
	bool record;
	if (sqlite3_value_type(doc) == SQLITE_NULL) {
		sqlite3_result_value(ctx, base);
		return;
	}
	const Json *j = jf_arg(ctx, doc, canonical, a);
	if (!j)
		return;
	if (j->kind != JSON_OBJECT) {
		fn_raise(ctx, "22023", "cannot call populate_composite on %s", j->kind == JSON_ARRAY ? "an array" : "a scalar");
		return;
	}
	if (base_row(&f, shape, base, &record, &r) || fill_row(&f, j, &r)) {
		fn_fail(ctx);
		return;
	}
	Val v = row_val(&r, record, a);
	fn_result(ctx, &v);
}

static void json_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	populate(ctx, argv[0], argv[1], argv[2], false);
}

static void jsonb_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	populate(ctx, argv[0], argv[1], argv[2], true);
}

/* Typed: base type, json type (and that of a flag of old), base, document. */
static void json_populate(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	populate(ctx, argv[0], argv[3], argv[4], false);
}

static void jsonb_populate(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	populate(ctx, argv[0], argv[2], argv[3], true);
}

const SqliteFn fn_table_json_row[] = {
	{ "json_row", 3, 0, json_row },
	{ "jsonb_row", 3, 0, jsonb_row },
	{ "json_populate_record", 3, FN_TYPED, json_populate },
	{ "jsonb_populate_record", 2, FN_TYPED, jsonb_populate },
	{ NULL },
};
