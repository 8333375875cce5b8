#include "sqlite/fn_row.h"

#include "sqlite/fn_array.h"

#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

static const PgType *find_type(void *env, uint32_t oid)
{
	return fn_env_type(env, oid);
}

int fn_row_read(FnEnv *env, uint32_t type, Str stored, Arena *a, PgRow *out)
{
	const PgType *t = fn_env_type(env, type);
	if (!t || !type_is_row(t))
		return err_set(&env->error, "XX000", "type %u is not a row type", type);
	return row_read(t, stored, (TypeSource){ find_type, env }, a, out, &env->error);
}

int fn_row_columns(FnEnv *env, Str columns, Arena *a, PgRow *out)
{
	return row_read_columns(&columns, (TypeSource){ find_type, env }, a, out, &env->error);
}

const PgType *fn_row_type(FnEnv *env, uint32_t oid)
{
	return fn_env_type(env, oid);
}

/* Inside a record, values of named types become records: what prints them does not need the catalog then. */
static int describe_fields(FnEnv *env, PgRow *r, Arena *a)
{
	PgField *fields = arena_dup_more(a, r->fields, r->n * sizeof *fields, sizeof *fields);
	r->fields = fields;
	for (size_t i = 0; i < r->n; i++) {
		const PgType *t = fields[i].type;
		PgRow inner;
		if (t->typtype != 'c' || !t->fields || r->vals[i].kind != VAL_TEXT || (r->vals[i].s.n && r->vals[i].s.p[0] == 'R'))
			continue;
		if (fn_row_read(env, t->oid, r->vals[i].s, a, &inner) || describe_fields(env, &inner, a))
			return -1;
		r->vals[i] = row_val(&inner, true, a);
		fields[i].typmod = ROW_DESCRIBED;
	}
	return 0;
}

static void make_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ARENA(a);
	FnEnv *env = fn_env(ctx);
	PgRow r;
	Str header = fn_arg_str(argv[0]);
	if (row_read_columns(&header, (TypeSource){ find_type, env }, a, &r, &env->error)) {
		fn_fail(ctx);
		return;
	}
	r.vals = arena_array(a, Val, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		r.vals[i] = (int)i + 1 < argc ? fn_arg(argv[i + 1]) : val_null();
	if (describe_fields(env, &r, a)) {
		fn_fail(ctx);
		return;
	}
	Val v = row_val(&r, true, a);
	fn_result(ctx, &v);
}

static void make_composite(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ARENA(a);
	const PgType *t = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	if (!t || t->nfields != (size_t)argc - 1) {
		fn_raise(ctx, "XX000", "the row type has changed");
		return;
	}
	PgRow r = { .n = t->nfields, .fields = t->fields, .vals = arena_array(a, Val, t->nfields + 1) };
	for (size_t i = 0; i < r.n; i++)
		r.vals[i] = fn_arg(argv[i + 1]);
	Val v = row_val(&r, false, a);
	fn_result(ctx, &v);
}

static bool read_arg(sqlite3_context *ctx, sqlite3_value *type, sqlite3_value *v, Arena *a, PgRow *r)
{
	if (sqlite3_value_type(v) == SQLITE_NULL)
		return false;
	if (fn_row_read(fn_env(ctx), (uint32_t)sqlite3_value_int64(type), fn_arg_str(v), a, r) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

static void field(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ARENA(a);
	PgRow r;
	int64_t i = sqlite3_value_int64(argv[2]);
	if (read_arg(ctx, argv[0], argv[1], a, &r) && i >= 0 && (size_t)i < r.n)
		fn_result(ctx, &r.vals[i]);
}

/* A record that must have certain columns, those of a column definition list. What gave it: 0 a function in PL/pgSQL, 1 its RETURN QUERY, 2
 * a function in SQL, whose columns PostgreSQL would convert. */
static void record_as(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ARENA(a);
	PgRow r, want;
	FnEnv *env = fn_env(ctx);
	int from = sqlite3_value_int(argv[2]);
	if (fn_row_read(env, OID_RECORD, fn_arg_str(argv[0]), a, &r) || fn_row_columns(env, fn_arg_str(argv[1]), a, &want)) {
		fn_fail(ctx);
		return;
	}
	size_t at = 0;
	while (at < r.n && at < want.n && r.fields[at].type->oid == want.fields[at].type->oid)
		at++;
	if (at == r.n && at == want.n) {
		sqlite3_result_value(ctx, argv[0]);
		return;
	}
	if (from == 2) {
		err_refuse(&env->error, 0,
			   "a column definition list with other types than the function's result is not available in SQLite mode");
	} else {
		err_set(&env->error, "42804",
			from ? "structure of query does not match function result type"
			     : "returned record type does not match expected record type");
		if (r.n != want.n)
			err_detail(&env->error, "Number of returned columns (%zu) does not match expected column count (%zu).", r.n,
				   want.n);
		else
			err_detail(&env->error, "Returned type %s does not match expected type %s in column %zu.",
				   type_format(r.fields[at].type, -1, a), type_format(want.fields[at].type, -1, a), at + 1);
	}
	fn_fail(ctx);
}

static void row_null(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ARENA(a);
	PgRow r;
	bool negated = sqlite3_value_int(argv[2]), all = true;
	if (sqlite3_value_type(argv[1]) == SQLITE_NULL) {
		sqlite3_result_int(ctx, !negated);
		return;
	}
	if (!read_arg(ctx, argv[0], argv[1], a, &r))
		return;
	for (size_t i = 0; i < r.n; i++)
		all = all && (r.vals[i].kind == VAL_NULL) != negated;
	sqlite3_result_int(ctx, all);
}

static void to_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	ARENA(a);
	PgRow r;
	if (!read_arg(ctx, argv[0], argv[1], a, &r))
		return;
	Val v = row_val(&r, false, a);
	fn_result(ctx, &v);
}

static bool compare(sqlite3_context *ctx, sqlite3_value **argv, int *order)
{
	ARENA(a);
	PgRow x, y;
	if (!read_arg(ctx, argv[0], argv[2], a, &x) || !read_arg(ctx, argv[1], argv[3], a, &y))
		return false;
	if (row_compare(&x, &y, order, &fn_env(ctx)->error) == 0)
		return true;
	fn_fail(ctx);
	return false;
}

#define COMPARE(name, result)                                                                                                              \
	static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                             \
	{                                                                                                                                  \
		int order;                                                                                                                 \
		if (compare(ctx, argv, &order))                                                                                            \
			sqlite3_result_int(ctx, result);                                                                                   \
	}
COMPARE(eq, order == 0)
COMPARE(ne, order != 0)
COMPARE(lt, order < 0)
COMPARE(le, order <= 0)
COMPARE(gt, order > 0)
COMPARE(ge, order >= 0)
COMPARE(cmp, (order > 0) - (order < 0))

enum { PURE = FN_STRICT | FN_IMMUTABLE };

const SqliteFn fn_table_row[] = {
	{ "row", -1, 0, make_row },
	{ "composite", -1, 0, make_composite },
	{ "field", 3, 0, field },
	{ "record_as", 3, FN_STRICT, record_as },
	{ "row_null", 3, 0, row_null },
	{ "to_row", 2, 0, to_row },
	{ "record_eq", 2, PURE | FN_TYPED, eq },
	{ "record_ne", 2, PURE | FN_TYPED, ne },
	{ "record_lt", 2, PURE | FN_TYPED, lt },
	{ "record_le", 2, PURE | FN_TYPED, le },
	{ "record_gt", 2, PURE | FN_TYPED, gt },
	{ "record_ge", 2, PURE | FN_TYPED, ge },
	{ "btrecordcmp", 2, PURE | FN_TYPED, cmp },
	{ NULL },
};
