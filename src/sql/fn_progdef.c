/* Functions and triggers of the user as PostgreSQL shows them: pg_get_functiondef, pg_get_triggerdef and the lists of parameters. */
#include "sql/fn_catdef.h"

#include "sql/analyze.h"
#include "sql/emit.h"
#include "sql/oids.h"
#include "sql/plan_internal.h"

#include <stdio.h>

static const char *type_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const PgType *t = catalog_type(env->cat, oid);
	return t ? type_format(t, -1, a) : "???";
}

static const char *default_shown(const SqlEnv *env, const CatArg *arg, Arena *a)
{
	Error ignored;
	const PgType *t = catalog_type(env->cat, arg->type);
	bool polymorphic = !t || t->typtype == 'p';
	const Expr *x = polymorphic ? NULL : an_expr_text(env, a, arg->default_sql, NULL, AT_DEFAULT, arg->type, -1, &ignored);
	const char *shown = x ? deparse_expr(env, x, false, a, &ignored) : NULL;
	return shown ? shown : arg->default_sql;
}

const char *function_arguments(const SqlEnv *env, const CatFunction *f, bool identity, Arena *a)
{
	const char *t = "";
	for (size_t i = 0; i < f->nargs; i++) {
		const CatArg *x = &f->args[i];
		const char *mode = x->mode == 'o' ? "OUT " : x->mode == 'b' ? "INOUT " : x->mode == 'v' ? "VARIADIC " : "";
		if (x->mode == 't')
			continue;
		if (f->proc.kind == 'p' && x->mode == 'i')
			mode = "IN ";
		t = arena_printf(a, "%s%s%s%s%s%s", t, *t ? ", " : "", mode, *x->name ? quote_name(a, x->name) : "", *x->name ? " " : "",
				 type_shown(env, x->type, a));
		if (!identity && x->default_sql)
			t = arena_printf(a, "%s DEFAULT %s", t, default_shown(env, x, a));
	}
	return t;
}

const char *function_result(const SqlEnv *env, const CatFunction *f, Arena *a)
{
	const char *cols = "";
	if (f->proc.kind == 'p')
		return NULL;
	for (size_t i = 0; i < f->nargs; i++)
		if (f->args[i].mode == 't')
			cols = arena_printf(a, "%s%s%s %s", cols, *cols ? ", " : "", quote_name(a, f->args[i].name),
					    type_shown(env, f->args[i].type, a));
	if (*cols)
		return arena_printf(a, "TABLE(%s)", cols);
	return arena_printf(a, "%s%s", f->proc.retset ? "SETOF " : "", type_shown(env, f->proc.rettype, a));
}

static const char *schema_of(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const CatSchema *ns = catalog_schema_by_oid(env->cat, oid);
	return quote_name(a, ns ? ns->name : "???");
}

static const char *options_shown(const CatFunction *f, Arena *a)
{
	const PgProc *p = &f->proc;
	const char *t = "";
	if (p->volatility != 'v')
		t = p->volatility == 'i' ? " IMMUTABLE" : " STABLE";
	if (f->parallel != 'u')
		t = arena_printf(a, "%s PARALLEL %s", t, f->parallel == 's' ? "SAFE" : "RESTRICTED");
	t = arena_printf(a, "%s%s%s%s", t, p->strict ? " STRICT" : "", f->security_definer ? " SECURITY DEFINER" : "",
			 f->leakproof ? " LEAKPROOF" : "");
	if (f->cost != 100)
		t = arena_printf(a, "%s COST %g", t, f->cost);
	if (f->rows > 0 && f->rows != 1000)
		t = arena_printf(a, "%s ROWS %g", t, f->rows);
	return *t ? arena_printf(a, "%s\n", t) : t;
}

/* "public, pg_temp" as 'public', 'pg_temp'. */
static const char *list_shown(const char *list, size_t n, Arena *a)
{
	const char *t = "";
	for (size_t at = 0; at < n;) {
		const char *comma = memmem(list + at, n - at, ", ", 2);
		size_t end = comma ? (size_t)(comma - list) : n, from = at;
		bool quoted = end > at + 1 && list[at] == '"';
		t = arena_printf(a, "%s%s'%.*s'", t, *t ? ", " : "", (int)(end - from - (quoted ? 2 : 0)), list + from + quoted);
		at = comma ? end + 2 : n;
	}
	return t;
}

static const char *settings_shown(const CatFunction *f, Arena *a)
{
	const char *t = "";
	for (const char *line = f->config; line && *line;) {
		const char *end = strchrnul(line, '\n'), *eq = memchr(line, '=', (size_t)(end - line));
		if (!eq)
			break;
		bool list = strncmp(line, "search_path=", 12) == 0;
		const char *value =
			list ? list_shown(eq + 1, (size_t)(end - eq - 1), a) : arena_printf(a, "'%.*s'", (int)(end - eq - 1), eq + 1);
		t = arena_printf(a, "%s SET %.*s TO %s\n", t, (int)(eq - line), line, value);
		line = *end ? end + 1 : end;
	}
	return t;
}

static const char *function_shown(const SqlEnv *env, const CatFunction *f, Arena *a)
{
	bool procedure = f->proc.kind == 'p';
	const char *quote = procedure ? "$procedure$" : "$function$", *result = function_result(env, f, a);
	const char *head = arena_printf(a, "CREATE OR REPLACE %s %s.%s(%s)\n", procedure ? "PROCEDURE" : "FUNCTION",
					schema_of(env, f->schema, a), quote_name(a, f->proc.name), function_arguments(env, f, false, a));
	head = arena_printf(a, "%s%s%s%s LANGUAGE %s\n%s%s", head, result ? " RETURNS " : "", result ? result : "", result ? "\n" : "",
			    f->language, options_shown(f, a), settings_shown(f, a));
	if (f->sql_body && strncmp(f->body, "SELECT ", 7) == 0 && !strchr(f->body, ';'))
		return arena_printf(a, "%sRETURN %s\n", head, f->body + 7);
	if (f->sql_body)
		return arena_printf(a, "%sBEGIN ATOMIC\n %s\nEND\n", head, f->body);
	while (strstr(f->body, quote))
		quote = arena_printf(a, "%.*sx$", (int)strlen(quote) - 1, quote);
	return arena_printf(a, "%sAS %s%s%s\n", head, quote, f->body, quote);
}

static bool is_visible(const SqlEnv *env, uint32_t schema)
{
	for (size_t i = 0; i < env->nsearch_path; i++) {
		const CatSchema *ns = catalog_schema(env->cat, env->search_path[i]);
		if (ns && ns->oid == schema)
			return true;
	}
	return false;
}

static const char *events_shown(const CatTrigger *t, Arena *a)
{
	const char *s = "";
	if (t->events & TRIGGER_INSERT)
		s = " INSERT";
	if (t->events & TRIGGER_DELETE)
		s = arena_printf(a, "%s%s DELETE", s, *s ? " OR" : "");
	if (t->events & TRIGGER_UPDATE) {
		s = arena_printf(a, "%s%s UPDATE", s, *s ? " OR" : "");
		for (size_t i = 0; i < t->ncols; i++)
			s = arena_printf(a, "%s%s %s", s, i ? "," : " OF", quote_name(a, t->table->cols[t->cols[i] - 1].name));
	}
	if (t->events & TRIGGER_TRUNCATE)
		s = arena_printf(a, "%s%s TRUNCATE", s, *s ? " OR" : "");
	return s;
}

static const char *trigger_shown(const SqlEnv *env, const CatTrigger *t, bool pretty, Arena *a)
{
	const CatFunction *f = catalog_function(env->cat, t->function);
	bool short_table = pretty && is_visible(env, t->table->schema);
	const char *table = quote_name(a, t->table->name), *args = "";
	if (!short_table)
		table = arena_printf(a, "%s.%s", schema_of(env, t->table->schema, a), table);
	const char *s = arena_printf(a, "CREATE %sTRIGGER %s %s%s ON %s", t->constraint ? "CONSTRAINT " : "", quote_name(a, t->name),
				     t->timing == 'b' ? "BEFORE" : "AFTER", events_shown(t, a), table);
	if (t->constraint)
		s = arena_printf(a, "%s NOT DEFERRABLE INITIALLY IMMEDIATE", s);
	s = arena_printf(a, "%s FOR EACH %s ", s, t->row ? "ROW" : "STATEMENT");
	if (t->when_sql)
		s = arena_printf(a, pretty ? "%sWHEN (%s) " : "%sWHEN ((%s)) ", s, t->when_sql);
	for (size_t i = 0; i < t->nargs; i++) {
		Buf b = { 0 };
		emit_text(&b, str_of(t->args[i]));
		args = arena_printf(a, "%s%s%.*s", args, i ? ", " : "", (int)b.len, (const char *)b.data);
		buf_free(&b);
	}
	const char *name = f ? quote_name(a, f->proc.name) : "???";
	if (f && !is_visible(env, f->schema))
		name = arena_printf(a, "%s.%s", schema_of(env, f->schema, a), name);
	return arena_printf(a, "%sEXECUTE FUNCTION %s(%s)", s, name, args);
}

static void f_functiondef(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	const CatFunction *f = fn_sql_env(ctx, &env) ? catalog_function(env.cat, (uint32_t)sqlite3_value_int64(argv[0])) : NULL;
	if (f)
		fn_result_cstr(ctx, function_shown(&env, f, a));
}

static void f_triggerdef(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[0]);
	bool pretty = argc > 1 && sqlite3_value_int(argv[1]);
	for (size_t i = 0; fn_sql_env(ctx, &env) && i < env.cat->ntriggers; i++)
		if (env.cat->triggers[i]->oid == oid)
			fn_result_cstr(ctx, trigger_shown(&env, env.cat->triggers[i], pretty, a));
}

const SqliteFn fn_table_progdef[] = {
	{ "pg_get_functiondef", 1, FN_STRICT, f_functiondef },
	{ "pg_get_triggerdef", 1, FN_STRICT, f_triggerdef },
	{ "pg_get_triggerdef_ext", 2, FN_STRICT, f_triggerdef },
	{ NULL },
};
