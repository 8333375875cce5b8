/* Values of domains: the rules that PostgreSQL applies when a value becomes one. Values with a label that is renamed. */
#include "sqlite/db.h"

#include "pgtype/array.h"
#include "pgtype/range.h"
#include "pgtype/row.h"

#include <stddef.h>

typedef struct Checker {
	Db *db;
	const PgType *domain; /* that the value is to be of, for messages */
	const Val *v;
} Checker;

static int violated(const Checker *k, const PgDomainCheck *c)
{
	Error *err = &k->db->env.error;
	_cleanup_(arena_freep) Arena *a = arena_new();
	const char *name = type_format(k->domain, -1, a);
	if (c)
		err_set(err, "23514", "value for domain %s violates check constraint \"%s\"", name, c->name);
	else
		err_set(err, "23502", "domain %s does not allow null values", name);
	err_object(err, k->domain->schema, NULL, NULL, c ? c->name : NULL);
	return err_datatype(err, k->domain->name);
}

/* 1 true or unknown, 0 false, -1 and env.error. */
static int run_test(Db *db, const char *test, const Val *v)
{
	sqlite3_stmt *st;
	Error err;
	if (db_prepare(db, str_of(test), &st, &err)) {
		db->env.error = err;
		return -1;
	}
	db_bind(st, 1, v);
	int rc = sqlite3_step(st), holds = 1;
	if (rc == SQLITE_ROW)
		holds = sqlite3_column_type(st, 0) == SQLITE_NULL || sqlite3_column_int(st, 0) != 0;
	else if (db_error(db, rc, &err))
		db->env.error = err;
	db_done(db, st);
	return rc == SQLITE_ROW ? holds : -1;
}

/* The rules of the domains below come first. */
static int run_checks(const Checker *k, const PgType *t)
{
	if (!t->domain)
		return 0;
	if (run_checks(k, t->base))
		return -1;
	for (size_t i = 0; i < t->domain->nchecks; i++) {
		int holds = run_test(k->db, t->domain->checks[i].test, k->v);
		if (holds <= 0)
			return holds < 0 ? -1 : violated(k, &t->domain->checks[i]);
	}
	return 0;
}

static int check_domain(Db *db, const PgType *t, const Val *v)
{
	Checker k = { db, t, v };
	for (const PgType *d = t; v->kind == VAL_NULL && d && d->domain; d = d->base)
		if (d->domain->not_null)
			return violated(&k, NULL);
	return run_checks(&k, t);
}

static int check_inside(Db *db, const PgType *t, const Val *v);

static int check_elements(Db *db, const PgType *elem, Str text, Arena *a)
{
	PgArray x;
	if (array_read(elem, text, a, &x, &db->env.error))
		return -1;
	for (size_t i = 0; i < x.n; i++)
		if (check_inside(db, elem, &x.items[i]))
			return -1;
	return 0;
}

static int check_fields(Db *db, const PgType *t, Str text, Arena *a)
{
	PgRow r;
	if (row_read(t, text, (TypeSource){ 0 }, a, &r, &db->env.error))
		return -1;
	for (size_t i = 0; i < r.n; i++)
		if (r.fields[i].type->checked && check_inside(db, r.fields[i].type, &r.vals[i]))
			return -1;
	return 0;
}

static int check_bounds(Db *db, const PgType *t, Str text, Arena *a)
{
	const RangeType *k = t->range;
	PgRanges x;
	if (range_parse(k, t->typtype == 'm', text, &type_env_stored, a, &x, &db->env.error))
		return -1;
	for (size_t i = 0; i < x.n; i++) {
		const RangeBound *lo = &x.items[i].lo, *hi = &x.items[i].hi;
		if ((!lo->infinite && check_inside(db, k->user_subtype, &lo->v)) ||
		    (!hi->infinite && check_inside(db, k->user_subtype, &hi->v)))
			return -1;
	}
	return 0;
}

static int check_parts(Db *db, const PgType *t, Str text, Arena *a)
{
	if (t->range)
		return check_bounds(db, t, text, a);
	return t->elem ? check_elements(db, t->elem, text, a) : check_fields(db, t, text, a);
}

static int check_inside(Db *db, const PgType *t, const Val *v)
{
	const PgType *base = type_base_of(t);
	if (v->kind != VAL_NULL && base && base->checked) {
		_cleanup_(arena_freep) Arena *a = arena_new();
		if (check_parts(db, base, v->s, a))
			return -1;
	}
	return t->domain ? check_domain(db, t, v) : 0;
}

/* pg_domain(type, whether to look inside, value) */
static void domain(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	Db *db = (Db *)((char *)env - offsetof(Db, env));
	const PgType *t = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	Val v = fn_arg(argv[2]);
	if (!t || (sqlite3_value_int(argv[1]) ? check_inside(db, t, &v) : check_domain(db, t, &v))) {
		fn_fail(ctx);
		return;
	}
	sqlite3_result_value(ctx, argv[2]);
}

/* pg_domain_test(test, value): whether a rule that is not in the catalog yet holds */
static void domain_test(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Db *db = (Db *)((char *)fn_env(ctx) - offsetof(Db, env));
	_cleanup_(arena_freep) Arena *a = arena_new();
	Str test = fn_arg_str(argv[0]);
	Val v = fn_arg(argv[1]);
	int holds = run_test(db, arena_strndup(a, test.p, test.n), &v);
	if (holds < 0)
		fn_fail(ctx);
	else
		sqlite3_result_int(ctx, holds);
}

/* Characters of a value that the error shows. */
enum { SHOWN_BYTES = 64 };

/* pg_view_check(view, text of each column): the error of WITH CHECK OPTION */
static void view_check(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	fn_raise(ctx, "44000", "new row violates check option for view \"%s\"", (const char *)sqlite3_value_text(argv[0]));
	for (int i = 1; i < argc; i++) {
		Str s = fn_arg_str(argv[i]);
		size_t n = s.n;
		if (n > SHOWN_BYTES)
			for (n = SHOWN_BYTES; n && ((unsigned char)s.p[n] & 0xc0) == 0x80;)
				n--;
		buf_puts(&b, i > 1 ? ", " : "");
		if (sqlite3_value_type(argv[i]) == SQLITE_NULL)
			buf_puts(&b, "null");
		else
			buf_put(&b, s.p, n);
		buf_puts(&b, n < s.n ? "..." : "");
	}
	err_detail(&fn_env(ctx)->error, "Failing row contains (%s).", buf_cstr(&b));
	buf_free(&b);
}

/* A label of an enum inside of a value of another type. */
typedef struct Relabel {
	uint32_t type; /* the enum */
	Str old, new;
	Arena *a;
	Error *err;
} Relabel;

static int relabel(const Relabel *r, const PgType *t, Val *v)
{
	t = type_base_of(t);
	if (v->kind != VAL_TEXT || !t)
		return 0;
	if (t->oid == r->type) {
		v->s = str_eq(v->s, r->old) ? r->new : v->s;
	} else if (t->elem) {
		PgArray x;
		if (array_read(t->elem, v->s, r->a, &x, r->err))
			return -1;
		for (size_t i = 0; i < x.n; i++)
			if (relabel(r, t->elem, &x.items[i]))
				return -1;
		*v = array_val(&x, r->a);
	} else if (type_is_row(t)) {
		PgRow row;
		if (row_read(t, v->s, (TypeSource){ 0 }, r->a, &row, r->err))
			return -1;
		for (size_t i = 0; i < row.n; i++)
			if (relabel(r, row.fields[i].type, &row.vals[i]))
				return -1;
		*v = row_val(&row, false, r->a);
	}
	return 0;
}

/* pg_enum_relabel(type of the value, enum, old label, new label, value) */
static void enum_relabel(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	const PgType *t = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	Relabel r = { (uint32_t)sqlite3_value_int64(argv[1]), fn_arg_str(argv[2]), fn_arg_str(argv[3]), a, &fn_env(ctx)->error };
	Val v = fn_arg(argv[4]);
	if (!t || relabel(&r, t, &v))
		fn_fail(ctx);
	else
		fn_result(ctx, &v);
}

const SqliteFn fn_table_domain[] = {
	{ "view_check", -1, 0, view_check },
	{ "domain", 3, FN_IMMUTABLE, domain },
	{ "domain_test", 2, 0, domain_test },
	{ "enum_relabel", 5, 0, enum_relabel },
	{ NULL },
};
