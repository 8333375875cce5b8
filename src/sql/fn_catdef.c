/* Definitions as PostgreSQL shows them: pg_get_expr, pg_get_indexdef, pg_get_constraintdef, pg_get_viewdef. The catalog keeps the text
 * that was given; it is analysed and written out anew here. What the deparser cannot write is shown as it was given. */
#include "sql/fn_catdef.h"

#include "catalog/sessionvars.h"
#include "sql/analyze.h"
#include "sql/emit.h"
#include "sql/plan_internal.h"
#include "sql/query.h"

#include <stdio.h>

typedef struct Shown {
	SqlEnv env;
	Arena *a;
	bool pretty;
} Shown;

bool fn_sql_env(sqlite3_context *ctx, SqlEnv *env)
{
	const FnEnv *fe = fn_env(ctx);
	const SessionVars *v = fe->session;
	*env = (SqlEnv){ .cat = fe->catalog, .types = fe->types ? fe->types : &type_env_stored };
	if (v) {
		env->search_path = v->search_path;
		env->nsearch_path = v->nsearch_path;
		env->user = v->user;
		env->database = v->database;
		env->temp_schema = v->temp_schema;
		env->temp_named = v->temp_named;
	}
	return env->cat != NULL;
}

void fn_result_cstr(sqlite3_context *ctx, const char *s)
{
	if (s)
		sqlite3_result_text(ctx, s, -1, SQLITE_TRANSIENT);
}

static const Expr *analysed(const Shown *s, const char *text, const CatRel *rel, ExprPlace place, uint32_t want, int32_t typmod)
{
	Error ignored;
	return an_expr_text(&s->env, s->a, text, rel, place, want, typmod, &ignored);
}

static const char *expr_shown(const Shown *s, const Expr *x, const char *text)
{
	Error ignored;
	const char *shown = x ? deparse_expr(&s->env, x, s->pretty, s->a, &ignored) : NULL;
	return shown ? shown : text;
}

static const char *default_shown(const Shown *s, const CatRel *r, const CatColumn *c)
{
	ExprPlace place = c->generated ? AT_CHECK : AT_DEFAULT;
	const Expr *x = analysed(s, c->default_sql, c->generated ? r : NULL, place, c->type->oid, c->typmod);
	return expr_shown(s, x, c->default_sql);
}

static bool looks_like_function(const Expr *x)
{
	return !x->cast && ((x->kind == X_FUNC && !x->op) || x->kind == X_COALESCE || x->kind == X_MINMAX || x->kind == X_NULLIF ||
			    x->kind == X_SQLVALUE);
}

static const char *key_shown(const Shown *s, const CatIndex *x, size_t i, bool parens)
{
	if (x->keys[i])
		return quote_name(s->a, catrel_attnum(x->table, x->keys[i])->name);
	const Expr *e = analysed(s, x->exprs[i], x->table, AT_INDEX_EXPR, 0, -1);
	const char *text = expr_shown(s, e, x->exprs[i]);
	return parens && !(e && looks_like_function(e)) ? arena_printf(s->a, "(%s)", text) : text;
}

/* " name" of an operator class that is not the default one of the types it takes. */
static const char *opclass_shown(const Shown *s, const CatIndex *x, size_t i)
{
	static const char *const others[] = { "jsonb_path_ops",	  "gin_trgm_ops", "gist_trgm_ops", "gin__int_ops",
					      "gist__intbig_ops", "kd_point_ops", "varchar_ops",   "cidr_ops" };
	const char *name = x->opclasses[i];
	bool shown = name && (strstr(name, "_pattern_ops") || strstr(name, "_bloom_ops") || strstr(name, "_minmax_multi_ops") ||
			      (streq(name, "inet_ops") && streq(x->method, "gist")));
	for (size_t k = 0; name && k < ARRAY_LEN(others); k++)
		shown = shown || streq(others[k], name);
	return shown ? arena_printf(s->a, " %s", quote_name(s->a, name)) : "";
}

static const char *predicate_shown(const Shown *s, const CatIndex *x)
{
	return expr_shown(s, analysed(s, x->predicate, x->table, AT_INDEX_WHERE, 16, -1), x->predicate);
}

static const char *table_shown(const Shown *s, const CatRel *r)
{
	const CatSchema *ns = catalog_schema_by_oid(s->env.cat, r->schema);
	return s->pretty ? relation_name(&s->env, r, s->a) : qualified_name(&s->env, ns ? ns->name : "", r->name, true, s->a);
}

static const char *indexdef(const Shown *s, const CatIndex *x, int column)
{
	Arena *a = s->a;
	if (column > 0)
		return (size_t)column <= x->nkeys ? key_shown(s, x, (size_t)column - 1, true) : "";
	const char *t = arena_printf(a, "CREATE %sINDEX %s ON %s%s USING %s (", x->unique ? "UNIQUE " : "", quote_name(a, x->name),
				     x->table->part ? "ONLY " : "", table_shown(s, x->table), x->method);
	for (size_t i = 0; i < x->nkeys; i++) {
		bool desc = x->options[i] & 1, first = x->options[i] & 2;
		const char *order = desc ? (first ? " DESC" : " DESC NULLS LAST") : first ? " NULLS FIRST" : "";
		t = arena_printf(a, "%s%s%s%s%s", t, i ? ", " : "", key_shown(s, x, i, true), opclass_shown(s, x, i), order);
	}
	t = arena_printf(a, "%s)%s", t, x->nulls_not_distinct ? " NULLS NOT DISTINCT" : "");
	return x->predicate ? arena_printf(a, "%s WHERE %s", t, predicate_shown(s, x)) : t;
}

static const char *names_shown(const Shown *s, const CatRel *r, const int16_t *cols, size_t n)
{
	const char *t = "";
	for (size_t i = 0; i < n; i++)
		t = arena_printf(s->a, "%s%s%s", t, i ? ", " : "", quote_name(s->a, catrel_attnum(r, cols[i])->name));
	return t;
}

static const char *action_shown(char action)
{
	return action == 'c' ? "CASCADE" : action == 'n' ? "SET NULL" : action == 'd' ? "SET DEFAULT" : "RESTRICT";
}

static const char *foreign_key_shown(const Shown *s, const CatConstraint *k)
{
	const char *t = arena_printf(s->a, "FOREIGN KEY (%s) REFERENCES %s(%s)", names_shown(s, k->table, k->cols, k->ncols),
				     relation_name(&s->env, k->ref, s->a), names_shown(s, k->ref, k->ref_cols, k->ncols));
	if (k->match == 'f')
		t = arena_printf(s->a, "%s MATCH FULL", t);
	if (k->on_update != 'a')
		t = arena_printf(s->a, "%s ON UPDATE %s", t, action_shown(k->on_update));
	if (k->on_delete != 'a')
		t = arena_printf(s->a, "%s ON DELETE %s", t, action_shown(k->on_delete));
	return t;
}

static const char *check_shown(const Shown *s, const CatConstraint *k)
{
	return expr_shown(s, analysed(s, k->check_sql, k->table, AT_CHECK, 16, -1), k->check_sql);
}

static const char *domain_check_shown(const Shown *s, const PgType *t, const PgDomainCheck *k)
{
	Error ignored;
	return expr_shown(s, an_domain_check(&s->env, s->a, k->sql, t->base, t->domain->typmod, &ignored), k->sql);
}

static const char *constraintdef(const Shown *s, const CatConstraint *k)
{
	const char *t;
	if (k->type == 'f')
		t = foreign_key_shown(s, k);
	else if (k->type == 'c')
		t = arena_printf(s->a, "CHECK (%s)", check_shown(s, k));
	else
		t = arena_printf(s->a, "%s (%s)",
				 k->type == 'p'			? "PRIMARY KEY"
				 : k->index->nulls_not_distinct ? "UNIQUE NULLS NOT DISTINCT"
								: "UNIQUE",
				 names_shown(s, k->table, k->cols, k->ncols));
	return arena_printf(s->a, "%s%s%s%s%s", t, k->no_inherit ? " NO INHERIT" : "", k->deferrable ? " DEFERRABLE" : "",
			    k->deferred ? " INITIALLY DEFERRED" : "", k->not_valid ? " NOT VALID" : "");
}

static const char *viewdef(const Shown *s, const CatRel *r)
{
	Error ignored;
	const char *text = NULL, **names = arena_array(s->a, const char *, r->ncols + 1);
	for (size_t i = 0; i < r->ncols; i++)
		names[i] = r->cols[i].name;
	Query *q = an_view(&s->env, s->a, r, &ignored);
	if (q && q->ncols == r->ncols) {
		view_rename_all(q, r, s->a);
		text = deparse_query(&s->env, q, names, s->pretty, s->a, &ignored);
	}
	return text ? arena_printf(s->a, "%s;", text) : arena_printf(s->a, " %s;", r->view_sql);
}

/* pg_get_expr's first argument is one of the references that the virtual tables give instead of PostgreSQL's node trees. */
static const char *reference_shown(const Shown *s, const char *ref)
{
	unsigned oid;
	int attnum;
	const Catalog *cat = s->env.cat;
	if (sscanf(ref, "{DEFAULT %u %d}", &oid, &attnum) == 2) {
		const CatRel *r = catalog_rel_by_oid(cat, oid);
		const CatColumn *c = r ? catrel_attnum(r, attnum) : NULL;
		return c && c->default_sql ? default_shown(s, r, c) : NULL;
	}
	const PgType *domain = sscanf(ref, "{TYPE %u}", &oid) == 1 ? catalog_type(cat, oid) : NULL;
	if (domain && domain->domain)
		return domain->domain->default_sql;
	if (sscanf(ref, "{BOUND %u}", &oid) == 1)
		return fn_bound_text(&s->env, oid, s->a);
	if (sscanf(ref, "{PARTITION %u}", &oid) == 1)
		return fn_partition_key(&s->env, oid, false, s->a);
	if (sscanf(ref, "{CHECK %u}", &oid) == 1) {
		const PgType *t;
		const CatConstraint *k = catalog_constraint(cat, oid);
		const PgDomainCheck *c = k ? NULL : catalog_domain_check(cat, oid, &t);
		return c ? domain_check_shown(s, t, c) : k && k->check_sql ? check_shown(s, k) : NULL;
	}
	bool predicate = sscanf(ref, "{PREDICATE %u}", &oid) == 1;
	const CatIndex *x = predicate || sscanf(ref, "{INDEX %u}", &oid) == 1 ? catalog_index(cat, oid) : NULL;
	if (predicate)
		return x && x->predicate ? predicate_shown(s, x) : NULL;
	const char *t = NULL;
	for (size_t i = 0; x && i < x->nkeys; i++) {
		if (!x->keys[i])
			t = arena_printf(s->a, "%s%s%s", t ? t : "", t ? ", " : "", key_shown(s, x, i, false));
	}
	return t;
}

typedef const char *(*Show)(const Shown *s, int argc, sqlite3_value **argv);

static void run(sqlite3_context *ctx, bool pretty, Show show, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Shown s = { .a = a, .pretty = pretty };
	if (fn_sql_env(ctx, &s.env))
		fn_result_cstr(ctx, show(&s, argc, argv));
}

static uint32_t oid_of(sqlite3_value *v)
{
	return (uint32_t)sqlite3_value_int64(v);
}

static const char *show_expr(const Shown *s, int argc, sqlite3_value **argv)
{
	return reference_shown(s, (const char *)sqlite3_value_text(argv[0]));
}

static const char *show_index(const Shown *s, int argc, sqlite3_value **argv)
{
	const CatIndex *x = catalog_index(s->env.cat, oid_of(argv[0]));
	return x ? indexdef(s, x, argc > 1 ? sqlite3_value_int(argv[1]) : 0) : NULL;
}

static bool find_rte(Expr *x, void *arg)
{
	if (x->kind == X_VAR)
		*(const Rte **)arg = x->rte;
	return true;
}

/* An expression of an index, analysed; NULL when that key is a column. */
static Expr *index_expr(const Shown *s, sqlite3_value **argv)
{
	Error ignored;
	const CatIndex *x = catalog_index(s->env.cat, oid_of(argv[0]));
	int i = sqlite3_value_int(argv[1]) - 1;
	if (!x || i < 0 || (size_t)i >= x->nkeys || x->keys[i])
		return NULL;
	return an_expr_text(&s->env, s->a, x->exprs[i], x->table, AT_INDEX_EXPR, 0, -1, &ignored);
}

/* Its SQLite text, in which columns have their names in the file. */
static const char *show_index_key_sql(const Shown *s, int argc, sqlite3_value **argv)
{
	Error ignored;
	const Rte *rte = NULL;
	Expr *e = index_expr(s, argv);
	if (e)
		expr_walk(e, find_rte, &rte);
	return rte ? emit_table_expr(s->env.cat, s->env.types, e, rte, s->a, &ignored) : NULL;
}

static const char *show_index_key_type(const Shown *s, int argc, sqlite3_value **argv)
{
	const Expr *e = index_expr(s, argv);
	return e ? arena_printf(s->a, "%u", e->type) : NULL;
}

static const char *show_constraint(const Shown *s, int argc, sqlite3_value **argv)
{
	const PgType *t;
	const CatConstraint *k = catalog_constraint(s->env.cat, oid_of(argv[0]));
	const PgDomainCheck *c = k ? NULL : catalog_domain_check(s->env.cat, oid_of(argv[0]), &t);
	if (c)
		return arena_printf(s->a, "CHECK (%s)%s", domain_check_shown(s, t, c), c->validated ? "" : " NOT VALID");
	return k ? constraintdef(s, k) : NULL;
}

static const char *show_view(const Shown *s, int argc, sqlite3_value **argv)
{
	const CatRel *r = catalog_rel_by_oid(s->env.cat, oid_of(argv[0]));
	return r && catrel_is_view(r) && r->view_sql ? viewdef(s, r) : NULL;
}

static void f_expr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, argc > 2 && sqlite3_value_int(argv[2]), show_expr, argc, argv);
}

static void f_indexdef(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, argc > 2 && sqlite3_value_int(argv[2]), show_index, argc, argv);
}

static void f_index_key_sql(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, false, show_index_key_sql, argc, argv);
}

static void f_index_key_type(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, false, show_index_key_type, argc, argv);
}

static void f_constraintdef(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, argc > 1 && sqlite3_value_int(argv[1]), show_constraint, argc, argv);
}

static void f_viewdef(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, argc > 1 && sqlite3_value_int(argv[1]), show_view, argc, argv);
}

const SqliteFn fn_table_catdef[] = {
	{ "pg_get_expr", 2, FN_STRICT, f_expr },
	{ "pg_get_expr_ext", 3, FN_STRICT, f_expr },
	{ "pg_get_indexdef", 1, FN_STRICT, f_indexdef },
	{ "pg_get_indexdef_ext", 3, FN_STRICT, f_indexdef },
	{ "index_key_sql", 2, FN_STRICT, f_index_key_sql }, /* not PostgreSQL's: for catalog/constraint_key.c */
	{ "index_key_type", 2, FN_STRICT, f_index_key_type },
	{ "pg_get_constraintdef", 1, FN_STRICT, f_constraintdef },
	{ "pg_get_constraintdef_ext", 2, FN_STRICT, f_constraintdef },
	{ "pg_get_viewdef", 1, FN_STRICT, f_viewdef },
	{ "pg_get_viewdef_ext", 2, FN_STRICT, f_viewdef },
	{ "pg_get_viewdef_wrap", 2, FN_STRICT, f_viewdef },
	{ NULL },
};
