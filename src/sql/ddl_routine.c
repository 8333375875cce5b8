/* Bodies of functions checked; functions found by their signature, dropped, renamed, commented on; DO and CALL. */
#include "catalog/acl.h"
#include "sql/acl_check.h"
#include "sql/ddl.h"
#include "sql/expr.h"
#include "sql/program.h"
#include "sql/query.h"

/* Positions in a body become positions in the statement, where the body stands in it as it is. */
static void move_position(Ddl *d, const CatFunction *f, Str text, size_t offset)
{
	Error *err = d->err;
	const char *at = err->position > 0 ? memmem(text.p, text.n, f->body, strlen(f->body)) : NULL;
	if (!at) {
		err->position = 0;
		return;
	}
	size_t before = utf8_length(d->ps->source.p, (size_t)(at - d->ps->source.p));
	err->position += (int)(before + utf8_length(f->body, offset));
}

static int check_plpgsql(Ddl *d, const CatFunction *f, Str text)
{
	PlSignature sig;
	PlFunction *pl;
	sql_function_signature(f, d->a, &sig);
	if (pl_parse(str_of(f->body), &sig, d->a, &pl, d->err) < 0) {
		move_position(d, f, text, 0);
		return -1;
	}
	for (size_t i = 0; i < pl->nexprs; i++) {
		const PlExpr *e = pl->exprs[i];
		ParsedSql parsed;
		if (!e->sql)
			continue;
		if (sql_parse(str_of(e->sql), d->a, &parsed, d->err) < 0) {
			int prefix = (int)strlen(e->sql) - (int)strlen(e->text);
			d->err->position = d->err->position > prefix ? d->err->position - prefix : 0;
			move_position(d, f, text, (size_t)e->offset);
			return -1;
		}
		sql_parsed_free(&parsed);
	}
	return 0;
}

static int check_sql(Ddl *d, const CatFunction *f, Str text)
{
	ParsedSql parsed;
	SqlVars vars;
	SqlWants wants;
	SqlEnv env = *d->ps->env;
	for (size_t i = 0; i < f->proc.nargs; i++)
		if (is_polymorphic(f->proc.args[i]))
			return 0; /* PostgreSQL does not look at these, either */
	if (sql_parse(str_of(f->body), d->a, &parsed, d->err) < 0) {
		move_position(d, f, text, 0);
		return -1;
	}
	sql_function_vars(&f->proc, f->proc.args, d->a, &vars);
	sql_function_wants(env.cat, &f->proc, f->proc.rettype, d->a, &wants);
	env.vars = &vars;
	Plan *plan = NULL;
	int rc = 0;
	for (size_t i = 0; i < parsed.n && rc == 0; i++) {
		env.wants = i + 1 == parsed.n && wants.n ? &wants : NULL;
		rc = sql_plan(&env, &parsed, i, NULL, 0, d->a, &plan, d->err);
		if (rc < 0)
			move_position(d, f, text, 0);
	}
	if (rc == 0 && f->proc.kind != 'p')
		rc = sql_function_check(env.cat, &f->proc, f->proc.rettype, plan, d->a, d->err);
	sql_parsed_free(&parsed);
	return rc;
}

int ddl_check_body(Ddl *d, const CatFunction *f, Str text)
{
	return streq(f->language, "plpgsql") ? check_plpgsql(d, f, text) : check_sql(d, f, text);
}

/* --- finding --- */

typedef struct Wanted {
	const char *schema, *name;
	uint32_t types[100];
	size_t n;
	bool any_args;
	char kind; /* f p, or 0 for a routine */
} Wanted;

static const char *wanted_text(Ddl *d, const Wanted *w)
{
	Buf b = { 0 };
	if (w->schema)
		buf_printf(&b, "%s.", w->schema);
	buf_puts(&b, w->name);
	for (size_t i = 0; i < w->n; i++)
		buf_printf(&b, "%s%s", i ? "," : "(", type_name(d->ps, w->types[i]));
	if (!w->any_args)
		buf_puts(&b, w->n ? ")" : "()");
	const char *s = arena_strndup(d->a, (const char *)b.data, b.len);
	buf_free(&b);
	return s;
}

static bool fits(const CatFunction *f, const Wanted *w)
{
	size_t n = 0;
	if (!streq(f->proc.name, w->name) || (w->kind && f->proc.kind != w->kind))
		return false;
	for (size_t i = 0; i < f->nargs && !w->any_args; i++) {
		if (!strchr("ibv", f->args[i].mode))
			continue;
		if (n >= w->n || w->types[n++] != f->args[i].type)
			return false;
	}
	return w->any_args || n == w->n;
}

static int read_wanted(Ddl *d, const PgQuery__ObjectWithArgs *o, char kind, Wanted *w)
{
	*w = (Wanted){ .kind = kind, .any_args = o->args_unspecified };
	w->name = node_string(o->objname[o->n_objname - 1]);
	w->schema = o->n_objname > 1 ? node_string(o->objname[o->n_objname - 2]) : NULL;
	for (size_t i = 0; i < o->n_objargs && w->n < 100; i++) {
		int32_t typmod;
		const PgType *t = an_typename(d->ps, o->objargs[i]->type_name, &typmod);
		if (!t)
			return -1;
		w->types[w->n++] = t->oid;
	}
	return 0;
}

static size_t search(Ddl *d, const Wanted *w, const CatFunction **out)
{
	size_t found = 0, npath = w->schema ? 1 : d->ps->env->nsearch_path;
	for (size_t k = 0; k < npath && !found; k++) {
		const CatSchema *ns = env_schema(d->ps->env, w->schema ? w->schema : d->ps->env->search_path[k]);
		for (size_t i = 0; ns && i < d->cat->nfunctions; i++)
			if (d->cat->functions[i]->schema == ns->oid && fits(d->cat->functions[i], w)) {
				*out = d->cat->functions[i];
				found++;
			}
	}
	return found;
}

static const char *noun_of(char kind)
{
	return kind == 'p' ? "procedure" : kind == 'f' ? "function" : "routine";
}

/* 1 found, 0 missing and that is allowed (a notice was added), -1 error. */
int ddl_find_function(Ddl *d, const PgQuery__ObjectWithArgs *o, char kind, bool missing_ok, const CatFunction **out)
{
	Wanted w;
	if (read_wanted(d, o, kind, &w)) {
		if (!missing_ok || (!err_is(d->err, "42704") && !err_is(d->err, "3F000")))
			return -1;
		ddl_notice(d, "00000", "%s", d->err->message);
		d->steps[d->n - 1].message = arena_printf(d->a, "%s, skipping", d->err->message);
		return 0;
	}
	size_t n = search(d, &w, out);
	if (n == 1)
		return 1;
	const char *noun = noun_of(kind), *text = wanted_text(d, &w);
	if (n > 1) {
		an_error(d->ps, -1, "42725", "%s name \"%s\" is not unique", noun, text);
		return err_hint(d->err, "Specify the argument list to select the %s unambiguously.", noun);
	}
	Wanted other = w;
	other.kind = 0;
	if (kind && search(d, &other, out) == 1)
		return an_error(d->ps, -1, "42809", "%s is not a %s", text, noun);
	if (missing_ok) {
		ddl_notice(d, "00000", "%s %s does not exist, skipping", noun, text);
		return 0;
	}
	if (w.any_args)
		return an_error(d->ps, -1, "42883", "could not find a %s named \"%s\"", noun, text);
	return an_error(d->ps, -1, "42883", "%s %s does not exist", noun, text);
}

/* --- DROP, ALTER, COMMENT --- */

/* The name stands in the text as a call. */
static bool mentions(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = text; at && (at = strstr(at, name)); at += n) {
		const char *after = at + n;
		bool begins =
			at == text || !(strchr("_\"$", at[-1]) || (at[-1] >= '0' && at[-1] <= '9') || (at[-1] >= 'a' && at[-1] <= 'z'));
		after += *after == '"';
		if ((begins || at[-1] == '"') && (*after == '(' || *after == ' '))
			return true;
	}
	return false;
}

/* What would be left without the function: "default value for column a of table t"; NULL when nothing. */
static const char *relation_use(Ddl *d, const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->ncols; i++)
		if (!r->cols[i].dropped && mentions(r->cols[i].default_sql, name))
			return arena_printf(d->a,
					    r->cols[i].generated ? "column %s of table %s" : "default value for column %s of table %s",
					    r->cols[i].name, r->name);
	for (size_t i = 0; i < r->nconstraints; i++)
		if (mentions(r->constraints[i]->check_sql, name))
			return arena_printf(d->a, "constraint %s on table %s", r->constraints[i]->name, r->name);
	for (size_t i = 0; i < r->nindexes; i++) {
		const CatIndex *x = r->indexes[i];
		bool uses = mentions(x->predicate, name);
		for (size_t k = 0; k < x->nkeys; k++)
			uses = uses || mentions(x->exprs[k], name);
		if (uses)
			return arena_printf(d->a, "index %s", x->name);
	}
	for (size_t i = 0; r->part && i < r->part->n; i++)
		if (mentions(r->part->exprs[i], name))
			return arena_printf(d->a, "table %s", r->name);
	return mentions(r->view_sql, name) ? arena_printf(d->a, "view %s", r->name) : NULL;
}

const char *ddl_function_user(Ddl *d, const CatFunction *f)
{
	const char *use = NULL;
	for (size_t i = 0; i < d->cat->nrels && !use; i++)
		use = relation_use(d, d->cat->rels[i], f->proc.name);
	return use;
}

void ddl_forget_trigger(Ddl *d, uint32_t oid)
{
	ddl_sql(d, "DELETE FROM _understudy_trigger WHERE oid = %u", oid);
	ddl_sql(d, "DELETE FROM _understudy_trigger_arg WHERE trigger = %u", oid);
	ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = 2620", oid);
}

void ddl_forget_function(Ddl *d, uint32_t oid)
{
	ddl_sql(d, "DELETE FROM _understudy_function WHERE oid = %u", oid);
	ddl_sql(d, "DELETE FROM _understudy_function_arg WHERE function = %u", oid);
	ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = 1255", oid);
}

static int drop_users(Ddl *d, const CatFunction *f, bool cascade)
{
	const char *name = sql_function_name(d->cat, f, false, d->a);
	for (size_t i = 0; i < d->cat->ntriggers; i++) {
		const CatTrigger *t = d->cat->triggers[i];
		if (t->function != f->proc.oid)
			continue;
		const char *what = arena_printf(d->a, "trigger %s on table %s", t->name, t->table->name);
		if (!cascade) {
			an_error(d->ps, -1, "2BP01", "cannot drop function %s because other objects depend on it", name);
			err_detail(d->err, "%s depends on function %s", what, name);
			return err_hint(d->err, "Use DROP ... CASCADE to drop the dependent objects too.");
		}
		ddl_notice(d, "00000", "drop cascades to %s", what);
		ddl_forget_trigger(d, t->oid);
	}
	return 0;
}

static bool uses_type(const CatFunction *f, const PgType *t)
{
	bool uses = f->proc.rettype == t->oid || (t->array_oid && f->proc.rettype == t->array_oid);
	for (size_t i = 0; i < f->nargs; i++)
		uses = uses || f->args[i].type == t->oid || (t->array_oid && f->args[i].type == t->array_oid);
	return uses;
}

int ddl_release_functions(Ddl *d, const PgType *t, const char *what, bool cascade)
{
	for (size_t i = 0; i < d->cat->nfunctions; i++) {
		const CatFunction *f = d->cat->functions[i];
		if (!uses_type(f, t))
			continue;
		const char *name = sql_function_name(d->cat, f, false, d->a);
		if (!cascade)
			return ddl_depend_error(d, what, arena_printf(d->a, "function %s depends on type %s", name, t->name));
		ddl_notice(d, "00000", "drop cascades to function %s", name);
		ddl_forget_function(d, f->proc.oid);
	}
	return 0;
}

static char kind_of(PgQuery__ObjectType t)
{
	return t == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION ? 'f' : t == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE ? 'p' : 0;
}

bool ddl_is_routine(int t)
{
	return t == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION || t == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE ||
	       t == PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE;
}

uint32_t ddl_routine_oid(Ddl *d, const PgQuery__ObjectWithArgs *o, int object_type)
{
	const CatFunction *f;
	return ddl_find_function(d, o, kind_of((PgQuery__ObjectType)object_type), false, &f) < 0 ? 0 : f->proc.oid;
}

int plan_drop_function(Ddl *d, const PgQuery__DropStmt *s)
{
	char kind = kind_of(s->remove_type);
	for (size_t i = 0; i < s->n_objects; i++) {
		const CatFunction *f;
		int rc = ddl_find_function(d, s->objects[i]->object_with_args, kind, s->missing_ok, &f);
		if (rc < 0 || (rc && drop_users(d, f, s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)))
			return -1;
		const char *user = rc ? ddl_function_user(d, f) : NULL;
		if (user) {
			const char *name = sql_function_name(d->cat, f, false, d->a);
			if (s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
				return an_refuse(d->ps, -1, "DROP ... CASCADE of a function that %s uses", user);
			an_error(d->ps, -1, "2BP01", "cannot drop function %s because other objects depend on it", name);
			err_detail(d->err, "%s depends on function %s", user, name);
			return err_hint(d->err, "Use DROP ... CASCADE to drop the dependent objects too.");
		}
		if (rc)
			ddl_forget_function(d, f->proc.oid);
	}
	return ddl_finish(d, kind == 'p' ? "DROP PROCEDURE" : kind == 'f' ? "DROP FUNCTION" : "DROP ROUTINE");
}

static const char *alter_tag(char kind)
{
	return kind == 'p' ? "ALTER PROCEDURE" : kind == 'f' ? "ALTER FUNCTION" : "ALTER ROUTINE";
}

static int check_free(Ddl *d, const CatFunction *f, uint32_t schema, const char *name)
{
	for (size_t i = 0; i < d->cat->nfunctions; i++) {
		const CatFunction *o = d->cat->functions[i];
		if (o == f || o->schema != schema || !streq(o->proc.name, name) || o->proc.nargs != f->proc.nargs)
			continue;
		if (o->proc.nargs && memcmp(o->proc.args, f->proc.args, o->proc.nargs * sizeof *o->proc.args) != 0)
			continue;
		const CatSchema *ns = catalog_schema_by_oid(d->cat, schema);
		CatFunction named = *f;
		named.proc.name = name;
		return an_error(d->ps, -1, "42723", "function %s already exists in schema \"%s\"",
				sql_function_name(d->cat, &named, false, d->a), ns ? ns->name : "");
	}
	return 0;
}

int plan_rename_function(Ddl *d, const PgQuery__RenameStmt *s)
{
	const CatFunction *f;
	char kind = kind_of(s->rename_type);
	if (ddl_find_function(d, s->object->object_with_args, kind, false, &f) < 0 || check_free(d, f, f->schema, s->newname))
		return -1;
	const char *user = ddl_function_user(d, f);
	if (user)
		return an_refuse(d->ps, -1, "RENAME of a function that %s uses", user);
	ddl_sql(d, "UPDATE _understudy_function SET name = %s WHERE oid = %u", ddl_lit(d, s->newname), f->proc.oid);
	return ddl_finish(d, alter_tag(kind));
}

int plan_function_schema(Ddl *d, const PgQuery__AlterObjectSchemaStmt *s)
{
	const CatFunction *f;
	char kind = kind_of(s->object_type);
	const CatSchema *ns = catalog_schema(d->cat, s->newschema);
	if (ddl_find_function(d, s->object->object_with_args, kind, false, &f) < 0)
		return -1;
	if (!ns)
		return an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", s->newschema);
	if (check_free(d, f, ns->oid, f->proc.name))
		return -1;
	ddl_sql(d, "UPDATE _understudy_function SET schema = %u WHERE oid = %u", ns->oid, f->proc.oid);
	return ddl_finish(d, alter_tag(kind));
}

int plan_function_owner(Ddl *d, const PgQuery__AlterOwnerStmt *s, uint32_t owner)
{
	const CatFunction *f;
	char kind = kind_of(s->object_type);
	if (ddl_find_function(d, s->object->object_with_args, kind, false, &f) < 0)
		return -1;
	AclObject o = acl_of_function(d->cat, f->proc.oid);
	ddl_change_owner(d, &o, owner);
	ddl_sql(d, "UPDATE _understudy_function SET owner = %u WHERE oid = %u", owner, f->proc.oid);
	return ddl_finish(d, alter_tag(kind));
}

int plan_alter_function(Ddl *d, const PgQuery__AlterFunctionStmt *s)
{
	const CatFunction *f;
	char kind = kind_of(s->objtype);
	if (ddl_find_function(d, s->func, kind, false, &f) < 0)
		return -1;
	for (size_t i = 0; i < s->n_actions; i++) {
		const PgQuery__DefElem *e = s->actions[i]->def_elem;
		bool yes = e->arg && ((e->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN && e->arg->boolean->boolval) ||
				      (e->arg->node_case == PG_QUERY__NODE__NODE_INTEGER && e->arg->integer->ival));
		const char *word = e->arg && e->arg->node_case == PG_QUERY__NODE__NODE_STRING ? e->arg->string->sval : "";
		const char *column = streq(e->defname, "volatility")  ? "volatility"
				     : streq(e->defname, "strict")    ? "is_strict"
				     : streq(e->defname, "security")  ? "security_definer"
				     : streq(e->defname, "leakproof") ? "leakproof"
				     : streq(e->defname, "parallel")  ? "parallel"
								      : NULL;
		if (!column)
			return an_refuse(d->ps, e->location, "ALTER FUNCTION ... %s", e->defname);
		if (*word)
			ddl_sql(d, "UPDATE _understudy_function SET %s = '%c' WHERE oid = %u", column, word[0], f->proc.oid);
		else
			ddl_sql(d, "UPDATE _understudy_function SET %s = %d WHERE oid = %u", column, yes, f->proc.oid);
	}
	return ddl_finish(d, alter_tag(kind));
}

/* --- DO and CALL --- */

int plan_do(ParseState *ps, const PgQuery__DoStmt *s, Plan *plan)
{
	const char *body = NULL, *language = "plpgsql";
	for (size_t i = 0; i < s->n_args; i++) {
		const PgQuery__DefElem *e = s->args[i]->def_elem;
		const char *text = e->arg->node_case == PG_QUERY__NODE__NODE_STRING ? e->arg->string->sval : "";
		if (streq(e->defname, "as"))
			body = text;
		else
			language = text;
	}
	if (!body)
		return an_error(ps, -1, "42601", "no inline code specified");
	if (streq(language, "sql"))
		return an_error(ps, -1, "0A000", "language \"%s\" does not support inline code execution", language);
	if (!streq(language, "plpgsql"))
		return an_error(ps, -1, "42704", "language \"%s\" does not exist", language);
	plan->kind = PLAN_DO;
	plan->tag = "DO";
	plan->name = "plpgsql";
	plan->inner_text = (Str){ arena_strdup(ps->a, body), strlen(body) };
	plan->writes = true;
	plan->may_write = true;
	return 0;
}

int plan_call(ParseState *ps, const PgQuery__CallStmt *s, Plan *plan)
{
	Expr *call = an_call(ps, s->funccall);
	if (!call)
		return -1;
	Query *q = arena_new_of(ps->a, Query);
	const PgProc *p = call->proc;
	if (acl_check_call(ps, p))
		return -1;
	uint32_t *types = arena_array(ps->a, uint32_t, call->args.n + 1), *params = arena_array(ps->a, uint32_t, call->args.n + 1);
	for (size_t i = 0; i < call->args.n; i++) {
		Expr *e = coerce_unknown_to_text(ps, call->args.items[i]);
		if (!e || target_add(ps, &q->targets, e, "") < 0)
			return -1;
		types[i] = e->type;
		params[i] = e->kind == X_PARAM ? (uint32_t)e->param : 0;
	}
	if (call->args.n == 0 && target_add(ps, &q->targets, expr_const(ps, T_INT4, val_null()), "") < 0)
		return -1;
	query_set_columns(ps, q, &q->targets);
	plan->kind = PLAN_CALL;
	plan->tag = "CALL";
	plan->inner_types = params;
	plan->ninner_types = call->args.n;
	plan->inner_result = types;
	plan->target_oid = p->oid;
	plan->writes = plan->may_write = true;
	plan->sql = plan_emit(ps, q);
	plan->ncols = p->nout;
	plan->returns_rows = p->nout > 0;
	plan->cols = arena_array(ps->a, PlanColumn, p->nout + 1);
	for (size_t i = 0; i < p->nout; i++) {
		const PgType *t = catalog_type(ps->env->cat, p->out_types[i]);
		if (!t)
			return an_error(ps, -1, "XX000", "cache lookup failed for type %u", p->out_types[i]);
		plan->cols[i] = (PlanColumn){ .name = p->out_names[i], .type = t, .typmod = -1 };
	}
	return plan->sql ? 0 : -1;
}
