/* CREATE FUNCTION and CREATE PROCEDURE. */
#include "sql/ddl.h"
#include "sql/deparse.h"
#include "sql/expr.h"
#include "sql/program.h"

#include <stdio.h>

typedef struct Create {
	Ddl *d;
	const PgQuery__CreateFunctionStmt *s;
	CatFunction *f;
	const char *as;
	bool has_language;
	Buf config;
} Create;

static const char *def_string(const PgQuery__DefElem *e)
{
	return e->arg && e->arg->node_case == PG_QUERY__NODE__NODE_STRING ? e->arg->string->sval : "";
}

static bool def_bool(const PgQuery__DefElem *e)
{
	return !e->arg || (e->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN && e->arg->boolean->boolval) ||
	       (e->arg->node_case == PG_QUERY__NODE__NODE_INTEGER && e->arg->integer->ival);
}

static double def_number(const PgQuery__DefElem *e)
{
	if (e->arg && e->arg->node_case == PG_QUERY__NODE__NODE_INTEGER)
		return e->arg->integer->ival;
	return e->arg && e->arg->node_case == PG_QUERY__NODE__NODE_FLOAT ? strtod(e->arg->float_->fval, NULL) : 0;
}

/* SET name = value of a function: a line of its configuration, each value as SET would take it. */
static int add_config(Ddl *d, Buf *out, const PgQuery__VariableSetStmt *v)
{
	Plan plan = { 0 };
	if (v->kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE)
		return an_refuse(d->ps, -1, "this form of SET in a function");
	if (plan_variable_set(d->ps, v, &plan))
		return -1;
	buf_printf(out, "%s=", plan.name);
	for (size_t i = 0; i < plan.nvalues; i++) {
		buf_puts(out, i ? ", " : "");
		bool list = streq(plan.name, "search_path");
		buf_puts(out, list ? quote_name(d->a, plan.values[i]) : plan.values[i]);
	}
	buf_puts(out, "\n");
	return 0;
}

static int set_language(Create *c, const char *name)
{
	c->has_language = true;
	c->f->language = arena_strdup(c->d->a, str_iis(str_of(name), "sql") ? "sql" : str_iis(str_of(name), "plpgsql") ? "plpgsql" : name);
	if (streq(c->f->language, "sql") || streq(c->f->language, "plpgsql") || c->d->ps->env->any_language)
		return 0;
	if (streq(name, "c") || streq(name, "C") || streq(name, "internal"))
		return an_refuse(c->d->ps, -1, "a function in language %s", name);
	an_error(c->d->ps, -1, "42704", "language \"%s\" does not exist", name);
	return err_hint(c->d->err, "Use CREATE EXTENSION to load the language into the database.");
}

static int set_body(Create *c, const PgQuery__DefElem *e)
{
	const PgQuery__List *l = e->arg && e->arg->node_case == PG_QUERY__NODE__NODE_LIST ? e->arg->list : NULL;
	if (!l || l->n_items != 1)
		return an_error(c->d->ps, -1, "42P13", "only one AS item needed for language \"%s\"",
				c->f->language ? c->f->language : "sql");
	c->as = node_string(l->items[0]);
	return 0;
}

static int take_option(Create *c, const PgQuery__DefElem *e, unsigned *seen)
{
	static const char *const names[] = { "as",   "language", "volatility", "strict", "security", "leakproof",
					     "cost", "rows",	 "parallel",   "window", "set" };
	CatFunction *f = c->f;
	size_t which = 0;
	while (which < ARRAY_LEN(names) && !streq(names[which], e->defname))
		which++;
	if (which < 10 && *seen & 1u << which)
		return an_error(c->d->ps, e->location, "42601", "conflicting or redundant options");
	*seen |= 1u << which;
	switch (which) {
	case 0:
		return set_body(c, e);
	case 1:
		return set_language(c, def_string(e));
	case 2:
		f->proc.volatility = def_string(e)[0];
		return 0;
	case 3:
		f->proc.strict = def_bool(e);
		return 0;
	case 4:
		f->security_definer = def_bool(e);
		return 0;
	case 5:
		f->leakproof = def_bool(e);
		return 0;
	case 6:
		f->cost = def_number(e);
		return f->cost > 0 ? 0 : an_error(c->d->ps, -1, "22023", "COST must be positive");
	case 7:
		f->rows = def_number(e);
		return f->rows > 0 ? 0 : an_error(c->d->ps, -1, "22023", "ROWS must be positive");
	case 8:
		f->parallel = def_string(e)[0];
		return 0;
	case 10:
		return add_config(c->d, &c->config, e->arg->variable_set_stmt);
	default:
		return an_refuse(c->d->ps, e->location, "%s of a function", e->defname);
	}
}

static char mode_of(PgQuery__FunctionParameterMode m)
{
	switch (m) {
	case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT:
		return 'o';
	case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_INOUT:
		return 'b';
	case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC:
		return 'v';
	case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE:
		return 't';
	default:
		return 'i';
	}
}

static bool is_input(char mode)
{
	return strchr("ibv", mode) != NULL;
}

static int check_arg_type(Create *c, const PgType *t, char mode)
{
	ParseState *ps = c->d->ps;
	const char *noun = c->f->proc.kind == 'p' ? "procedures" : "functions";
	if (t->typtype == 'p' && !is_polymorphic(t->oid) && t->oid != T_RECORD)
		return an_error(ps, -1, "42P13", "%s cannot %s type %s", noun, is_input(mode) ? "accept" : "return", t->name);
	if (t->typtype != 'p' && !type_is_supported(t))
		return an_refuse(ps, -1, "a parameter of type %s", t->name);
	if (mode == 'v' && is_polymorphic(t->oid))
		return an_refuse(ps, -1, "a polymorphic VARIADIC parameter");
	if (mode == 'v' && !(t->elem_oid && t->category == 'A'))
		return an_error(ps, -1, "42P13", "VARIADIC parameter must be an array");
	return 0;
}

static int take_arg(Create *c, const PgQuery__FunctionParameter *p, bool *had_default)
{
	Ddl *d = c->d;
	CatFunction *f = c->f;
	char mode = mode_of(p->mode);
	int32_t typmod;
	if (p->arg_type->setof)
		return an_error(d->ps, -1, "42P13", "%s cannot accept set arguments", f->proc.kind == 'p' ? "procedures" : "functions");
	const PgType *t = an_typename(d->ps, p->arg_type, &typmod);
	if (!t || check_arg_type(c, t, mode))
		return -1;
	for (size_t i = 0; i < f->nargs && p->name && *p->name; i++) {
		bool both = (is_input(mode) || mode == 'b') == (is_input(f->args[i].mode) || f->args[i].mode == 'b');
		if (both && streq(f->args[i].name, p->name))
			return an_error(d->ps, -1, "42P13", "parameter name \"%s\" used more than once", p->name);
		if (f->args[i].mode == 'v' && mode == 'v')
			return an_error(d->ps, -1, "42P13", "VARIADIC parameter must be the last input parameter");
	}
	for (size_t i = 0; i < f->nargs && is_input(mode); i++)
		if (f->args[i].mode == 'v')
			return an_error(d->ps, -1, "42P13", "VARIADIC parameter must be the last input parameter");
	CatArg *a = &f->args[f->nargs++];
	*a = (CatArg){ .name = arena_strdup(d->a, p->name ? p->name : ""), .mode = mode, .type = t->oid };
	if (p->defexpr) {
		if (!is_input(mode))
			return an_error(d->ps, -1, "42P13", "only input parameters can have default values");
		a->default_sql = (char *)ddl_expr_sql(d, p->defexpr);
		if (!a->default_sql ||
		    (t->typtype != 'p' && !an_expr_text(d->ps->env, d->a, a->default_sql, NULL, AT_DEFAULT, t->oid, -1, d->err)))
			return -1;
		*had_default = true;
	} else if (*had_default && is_input(mode)) {
		return an_error(d->ps, -1, "42P13", "input parameters after one with a default value must also have defaults");
	}
	return 0;
}

static int out_result(Create *c)
{
	CatFunction *f = c->f;
	size_t n = 0;
	for (size_t i = 0; i < f->nargs; i++)
		if (strchr("obt", f->args[i].mode)) {
			f->proc.rettype = f->args[i].type;
			n++;
		}
	if (n > 1 || (n && f->proc.kind == 'p'))
		f->proc.rettype = T_RECORD;
	return (int)n;
}

/* The result and the output parameters. */
static int check_polymorphic(Create *c)
{
	Ddl *d = c->d;
	const CatFunction *f = c->f;
	uint32_t *in = arena_array(d->a, uint32_t, f->nargs + 1);
	size_t n = 0;
	for (size_t i = 0; i < f->nargs; i++)
		if (is_input(f->args[i].mode))
			in[n++] = f->args[i].type;
	for (size_t i = 0; i <= f->nargs; i++) {
		if (i < f->nargs && !strchr("obt", f->args[i].mode))
			continue;
		uint32_t t = i < f->nargs ? f->args[i].type : f->proc.rettype;
		const char *wants = is_polymorphic(t) ? polymorphic_inputs_for(t, in, n) : NULL;
		if (!wants)
			continue;
		an_error(d->ps, -1, "42P13", "cannot determine result data type");
		return err_detail(d->err, "A result of type %s requires at least one input of type %s.", type_name(d->ps, t), wants);
	}
	return 0;
}

static int take_result(Create *c)
{
	Ddl *d = c->d;
	CatFunction *f = c->f;
	const PgQuery__TypeName *tn = c->s->return_type;
	int32_t typmod;
	int nout = out_result(c);
	if (!tn && !nout && f->proc.kind != 'p')
		return an_error(d->ps, -1, "42P13", "function result type must be specified");
	if (!tn) {
		f->proc.rettype = nout ? f->proc.rettype : T_VOID;
		return check_polymorphic(c);
	}
	PgQuery__TypeName plain = *tn;
	plain.setof = false;
	const PgType *t = an_typename(d->ps, &plain, &typmod);
	if (!t)
		return -1;
	f->proc.retset = tn->setof;
	bool table = f->nargs && f->args[f->nargs - 1].mode == 't';
	if (table) /* the grammar gives the columns' type, or record, as a set */
		f->proc.retset = true;
	if (nout && !table && f->proc.rettype != t->oid)
		return an_error(d->ps, -1, "42P13", "function result type must be %s because of OUT parameters",
				type_name(d->ps, f->proc.rettype));
	if (!nout)
		f->proc.rettype = t->oid;
	bool known = t->typtype != 'p' || is_polymorphic(t->oid) || t->oid == T_RECORD || t->oid == T_VOID || t->oid == T_TRIGGER;
	if (t->oid == 3838)
		return an_refuse(d->ps, -1, "an event trigger function");
	if (!known)
		return an_error(d->ps, -1, "42P13", "%s functions cannot return type %s", streq(f->language, "sql") ? "SQL" : "PL/pgSQL",
				t->name);
	if (t->oid == T_TRIGGER && streq(f->language, "sql"))
		return an_error(d->ps, -1, "42P13", "SQL functions cannot return type trigger");
	if (t->oid == T_TRIGGER && f->nargs) {
		an_error(d->ps, -1, "42P13", "trigger functions cannot have declared arguments");
		return err_hint(d->err, "The arguments of the trigger can be accessed through TG_NARGS and TG_ARGV instead.");
	}
	return check_polymorphic(c);
}

/* The text of BEGIN ATOMIC ... END without these words, or of RETURN expression as a SELECT. NULL on error. */
static const char *sql_body_text(Ddl *d, const PgNode *body)
{
	if (body->node_case == PG_QUERY__NODE__NODE_RETURN_STMT) {
		const char *e = ddl_expr_sql(d, body->return_stmt->returnval);
		return e ? arena_printf(d->a, "SELECT %s", e) : NULL;
	}
	const PgQuery__List *l = body->list;
	if (l->n_items == 1 && l->items[0]->node_case == PG_QUERY__NODE__NODE_LIST)
		l = l->items[0]->list;
	const char *text = "";
	for (size_t i = 0; i < l->n_items; i++) {
		const PgNode *n = l->items[i];
		const char *one = n->node_case == PG_QUERY__NODE__NODE_RETURN_STMT ? sql_body_text(d, n) : ddl_statement_sql(d, n);
		if (!one)
			return NULL;
		text = arena_printf(d->a, "%s%s; ", text, one);
	}
	return text;
}

static void finish_proc(Create *c)
{
	CatFunction *f = c->f;
	uint32_t *in = arena_array(c->d->a, uint32_t, f->nargs + 1), *out = arena_array(c->d->a, uint32_t, f->nargs + 1);
	const char **names = arena_array(c->d->a, const char *, f->nargs + 1);
	size_t nout = 0;
	for (size_t i = 0; i < f->nargs; i++) {
		if (is_input(f->args[i].mode) || (f->proc.kind == 'p' && f->args[i].mode == 'o')) {
			in[f->proc.nargs] = f->args[i].type;
			names[f->proc.nargs++] = f->args[i].name;
		}
		if (strchr("obt", f->args[i].mode))
			out[nout++] = f->args[i].type;
	}
	f->proc.args = in;
	f->proc.argnames = names;
	f->proc.out_types = out;
	f->proc.nout = f->proc.rettype == T_RECORD ? (uint8_t)nout : 0;
}

/* The function that this one replaces or collides with: same name and input types. */
static const CatFunction *existing(Create *c)
{
	const Catalog *cat = c->d->cat;
	for (size_t i = 0; i < cat->nfunctions; i++) {
		const CatFunction *o = cat->functions[i];
		size_t n = 0, k = 0;
		if (o->schema != c->f->schema || !streq(o->proc.name, c->f->proc.name))
			continue;
		bool same = true;
		for (size_t x = 0; x < o->nargs; x++)
			n += is_input(o->args[x].mode);
		for (size_t x = 0; x < c->f->nargs && same; x++) {
			if (!is_input(c->f->args[x].mode))
				continue;
			size_t at = k++, y = 0;
			for (; y < o->nargs && (!is_input(o->args[y].mode) || at); y++)
				at -= is_input(o->args[y].mode);
			same = y < o->nargs && o->args[y].type == c->f->args[x].type;
		}
		if (same && n == k)
			return o;
	}
	return NULL;
}

static int check_replaced(Create *c, const CatFunction *old)
{
	Ddl *d = c->d;
	const CatFunction *f = c->f;
	const char *noun = f->proc.kind == 'p' ? "procedure" : "function";
	if (!c->s->replace)
		return an_error(d->ps, -1, "42723", "function \"%s\" already exists with same argument types", f->proc.name);
	if (old->proc.kind != f->proc.kind) {
		an_error(d->ps, -1, "42809", "cannot change routine kind");
		return err_detail(d->err, "\"%s\" is a %s.", old->proc.name, old->proc.kind == 'p' ? "procedure" : "function");
	}
	bool same = old->proc.rettype == f->proc.rettype && old->proc.retset == f->proc.retset && old->proc.nout == f->proc.nout;
	for (size_t i = 0; i < f->proc.nout && same; i++)
		same = old->proc.out_types[i] == f->proc.out_types[i];
	if (!same) {
		an_error(d->ps, -1, "42P13", "cannot change return type of existing %s", noun);
		if (f->proc.nout || old->proc.nout)
			err_detail(d->err, "Row type defined by OUT parameters is different.");
		return err_hint(d->err, "Use DROP %s %s first.", f->proc.kind == 'p' ? "PROCEDURE" : "FUNCTION",
				sql_function_name(d->cat, old, false, d->a));
	}
	for (size_t i = 0; i < old->nargs && i < f->nargs; i++) {
		if (!*old->args[i].name || streq(old->args[i].name, f->args[i].name))
			continue;
		an_error(d->ps, -1, "42P13", "cannot change name of input parameter \"%s\"", old->args[i].name);
		return err_hint(d->err, "Use DROP %s %s first.", f->proc.kind == 'p' ? "PROCEDURE" : "FUNCTION",
				sql_function_name(d->cat, old, false, d->a));
	}
	return 0;
}

static void save(Ddl *d, const CatFunction *f)
{
	const PgProc *p = &f->proc;
	ddl_sql(d, "DELETE FROM _understudy_function WHERE oid = %u", p->oid);
	ddl_sql(d, "DELETE FROM _understudy_function_arg WHERE function = %u", p->oid);
	ddl_sql(d,
		"INSERT INTO _understudy_function (oid, schema, name, kind, language, owner, rettype, retset, volatility, is_strict, "
		"security_definer, leakproof, parallel, cost, rows, sql_body, config, body) VALUES (%u, %u, %s, '%c', %s, %u, %u, %d, "
		"'%c', %d, %d, %d, '%c', %.17g, %.17g, %d, %s, %s)",
		p->oid, f->schema, ddl_lit(d, p->name), p->kind, ddl_lit(d, f->language), f->owner, p->rettype, p->retset, p->volatility,
		p->strict, f->security_definer, f->leakproof, f->parallel, f->cost, f->rows, f->sql_body, ddl_lit(d, f->config),
		ddl_lit(d, f->body));
	for (size_t i = 0; i < f->nargs; i++)
		ddl_sql(d, "INSERT INTO _understudy_function_arg VALUES (%u, %zu, %s, '%c', %u, %s)", p->oid, i + 1,
			ddl_lit(d, f->args[i].name), f->args[i].mode, f->args[i].type, ddl_lit(d, f->args[i].default_sql));
}

static int take_all(Create *c)
{
	Ddl *d = c->d;
	const PgQuery__CreateFunctionStmt *s = c->s;
	CatFunction *f = c->f;
	unsigned seen = 0;
	bool had_default = false;
	for (size_t i = 0; i < s->n_options; i++)
		if (take_option(c, s->options[i]->def_elem, &seen))
			return -1;
	if (!c->has_language && !s->sql_body)
		return an_error(d->ps, -1, "42P13", "no language specified");
	if (!f->language)
		f->language = arena_strdup(d->a, "sql");
	f->args = arena_array(d->a, CatArg, s->n_parameters + 1);
	for (size_t i = 0; i < s->n_parameters; i++)
		if (take_arg(c, s->parameters[i]->function_parameter, &had_default))
			return -1;
	if (take_result(c))
		return -1;
	if (!c->as && !s->sql_body)
		return an_error(d->ps, -1, "42P13", "no function body specified");
	if (c->as && s->sql_body)
		return an_error(d->ps, -1, "42P13", "duplicate function body specified");
	if (s->sql_body && !streq(f->language, "sql"))
		return an_error(d->ps, -1, "42P13", "inline SQL function body only valid for language SQL");
	if (f->rows && !f->proc.retset)
		return an_error(d->ps, -1, "22023", "ROWS is not applicable when function does not return a set");
	f->rows = f->rows ? f->rows : f->proc.retset ? 1000 : 0;
	f->sql_body = s->sql_body != NULL;
	f->body = arena_strdup(d->a, c->as ? c->as : "");
	return 0;
}

int plan_create_function(Ddl *d, const PgQuery__CreateFunctionStmt *s, Str text)
{
	const char *name;
	CatFunction f = { .proc = { .kind = s->is_procedure ? 'p' : 'f', .volatility = 'v', .src = "user" },
			  .parallel = 'u',
			  .cost = 100,
			  .owner = d->owner };
	Create c = { .d = d, .s = s, .f = &f };
	f.schema = ddl_names_schema(d, s->funcname, s->n_funcname, &name);
	if (!f.schema)
		return -1;
	f.proc.name = name;
	int rc = take_all(&c);
	if (c.config.len)
		f.config = arena_strndup(d->a, (const char *)c.config.data, c.config.len - 1);
	buf_free(&c.config);
	if (rc)
		return -1;
	if (f.sql_body && !(f.body = (char *)sql_body_text(d, s->sql_body)))
		return -1;
	finish_proc(&c);
	const CatFunction *old = existing(&c);
	if (old && check_replaced(&c, old))
		return -1;
	f.proc.oid = old ? old->proc.oid : ddl_oid(d);
	f.owner = old ? old->owner : f.owner;
	if (!d->ps->env->skip_bodies && ddl_check_body(d, &f, text))
		return -1;
	save(d, &f);
	return ddl_finish(d, s->is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION");
}
