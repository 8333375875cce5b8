/* What information_schema asks of relations and routines: whether a view can be changed, and the defaults of parameters. */
#include "sql/fn_catdef.h"
#include "sql/query.h"
#include "sql/plan_internal.h"

enum { CAN_UPDATE = 1 << 2, CAN_INSERT = 1 << 3, CAN_DELETE = 1 << 4 };

static ViewDml *changeable(const SqlEnv *env, const CatRel *view, Arena *a)
{
	Error ignored;
	ParseState *ps = plan_state(env, a, (Str){ "", 0 }, &ignored);
	return view->kind == REL_VIEW && view->oid >= FIRST_USER_OID ? view_dml_open(ps, view, "update", -1) : NULL;
}

static bool is_base_column(const ViewDml *v, size_t i)
{
	const Expr *x = i < v->ncols ? v->cols[i] : NULL;
	return x && x->kind == X_VAR && x->rte == v->base && x->column > 0;
}

static void f_relation_is_updatable(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	const CatRel *r = fn_sql_env(ctx, &env) ? catalog_rel_by_oid(env.cat, (uint32_t)sqlite3_value_int64(argv[0])) : NULL;
	int can = 0;
	if (r && (r->kind == REL_TABLE || r->kind == REL_VIRTUAL))
		can = CAN_UPDATE | CAN_INSERT | CAN_DELETE;
	const ViewDml *v = r && r->kind == REL_VIEW ? changeable(&env, r, a) : NULL;
	if (v)
		can = CAN_DELETE;
	for (size_t i = 0; v && i < v->ncols; i++)
		can |= is_base_column(v, i) ? CAN_UPDATE | CAN_INSERT : 0;
	sqlite3_result_int(ctx, can);
}

static void f_column_is_updatable(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	const CatRel *r = fn_sql_env(ctx, &env) ? catalog_rel_by_oid(env.cat, (uint32_t)sqlite3_value_int64(argv[0])) : NULL;
	int column = sqlite3_value_int(argv[1]);
	const ViewDml *v = r && r->kind == REL_VIEW ? changeable(&env, r, a) : NULL;
	bool table = r && (r->kind == REL_TABLE || r->kind == REL_VIRTUAL);
	sqlite3_result_int(ctx, column > 0 && (table || (v && is_base_column(v, (size_t)column - 1))));
}

/* Parameters are counted as in pg_proc.proallargtypes; only those that take a value have a default. */
static void f_arg_default(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	const CatFunction *f = fn_sql_env(ctx, &env) ? catalog_function(env.cat, (uint32_t)sqlite3_value_int64(argv[0])) : NULL;
	int n = sqlite3_value_int(argv[1]);
	const CatArg *arg = f && n > 0 && (size_t)n <= f->nargs ? &f->args[n - 1] : NULL;
	if (!arg || !arg->default_sql)
		return;
	Error ignored;
	const Expr *x = an_expr_text(&env, a, arg->default_sql, NULL, AT_DEFAULT, arg->type, -1, &ignored);
	const char *shown = x ? deparse_expr(&env, x, false, a, &ignored) : NULL;
	fn_result_cstr(ctx, shown ? shown : arg->default_sql);
}

const SqliteFn fn_table_updatable[] = {
	{ "pg_relation_is_updatable", 2, FN_STRICT, f_relation_is_updatable },
	{ "pg_column_is_updatable", 3, FN_STRICT, f_column_is_updatable },
	{ "pg_get_function_arg_default", 2, FN_STRICT, f_arg_default },
	{ NULL },
};
