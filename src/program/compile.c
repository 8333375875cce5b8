/* Functions compiled, and kept by the session. */
#include "program/internal.h"

#include <stdio.h>

Programs *programs_of(SqliteTxn *t)
{
	if (!t->programs)
		t->programs = (struct Programs *)mem_alloc(sizeof(Programs));
	return (Programs *)t->programs;
}

static void stmt_plan_free(StmtPlan *s)
{
	plan_unref(s->plan);
	for (size_t i = 0; i < s->nrecords; i++)
		free(s->shapes[i]);
	free(s->shapes);
	free(s->records);
	*s = (StmtPlan){ 0 };
}

void program_unref(Program *p)
{
	if (!p || --p->refs)
		return;
	for (size_t i = 0; i < p->nplans; i++)
		stmt_plan_free(&p->plans[i]);
	catalog_unref(p->cat);
	arena_free(p->a);
}

static void map_programs_free(Map *m)
{
	size_t at = 0;
	for (MapEntry *e; (e = map_next(m, &at));)
		program_unref(e->value);
	map_free(m);
}

void programs_free(Programs *p)
{
	map_programs_free(&p->by_key);
	map_programs_free(&p->plans);
	free(p);
}

CachedPlan *program_kept(SqliteTxn *t, const char *name, uint64_t key)
{
	Program *p = map_get(&programs_of(t)->plans, str_of(name));
	return p && p->cat == t->cat && p->key == key ? p->plans->plan : NULL;
}

static Program *program_new(SqliteTxn *t, uint64_t key)
{
	Arena *a = arena_new();
	Program *p = arena_new_of(a, Program);
	*p = (Program){ .refs = 1, .a = a, .cat = catalog_ref(t->cat), .key = key };
	return p;
}

void program_keep(SqliteTxn *t, const char *name, uint64_t key, CachedPlan *plan)
{
	Program *p = program_new(t, key);
	p->nplans = 1;
	p->plans = arena_new_of(p->a, StmtPlan);
	p->plans->plan = plan;
	program_unref(map_put(&programs_of(t)->plans, str_of(name), p));
}

int program_env(SqliteTxn *t, SqlEnv *env, uint64_t *key, Error *err)
{
	if (!t->plan_env)
		return err_refuse(err, 0, "a program is not available here in SQLite mode");
	t->plan_env(t->session, env, key);
	return 0;
}

/* The types that a call of a polymorphic function tells. */
static int actual_types(Program *p, Str types)
{
	const PgProc *proc = &p->fn->proc;
	const char *at = arena_strndup(p->a, types.p, types.n);
	char *end;
	p->nargs = proc->nargs;
	p->arg_types = arena_array(p->a, uint32_t, proc->nargs + 1);
	p->rettype = proc->rettype;
	for (size_t i = 0; i < proc->nargs; i++)
		p->arg_types[i] = proc->args[i];
	if (!types.n)
		return 0;
	p->rettype = (uint32_t)strtoul(at, &end, 10);
	for (size_t i = 0; i < proc->nargs && *end == ','; i++)
		p->arg_types[i] = (uint32_t)strtoul(end + 1, &end, 10);
	return 0;
}

static int resolve_type(Program *p, const SqlEnv *env, const PlVar *v, Error *err)
{
	ProgramVar *out = &p->vars[v->index];
	char kind = v->type.kind == PL_TYPE_OF_NAME ? 'c' : v->type.kind == PL_TYPE_OF_ROW ? 'r' : 0;
	out->typmod = -1;
	switch (v->type.kind) {
	case PL_TYPE_RECORD:
		return 0;
	case PL_TYPE_OF_VAR:
		*out = p->vars[v->type.var];
		return 0;
	case PL_TYPE_ARG:
		return 0; /* set already */
	default:
		out->type = sql_type(env, p->a, v->type.text, kind, &out->typmod, err);
		if (!out->type)
			return -1;
		if (out->type->oid == T_RECORD) {
			out->type = NULL;
			return 0;
		}
		if (out->type->typtype == 'p')
			return err_set(err, "0A000", "variable \"%s\" has pseudo-type %s", v->name, out->type->name);
		return type_is_supported(out->type)
			       ? 0
			       : err_refuse(err, 0, "a variable of type %s is not available in SQLite mode", out->type->name);
	}
}

/* Parameters first: their types are the call's, or those of the catalog. */
static void parameter_types(Program *p)
{
	const CatFunction *fn = p->fn;
	size_t in = 0;
	for (size_t i = 0; i < fn->nargs; i++) {
		bool input = strchr("ibv", fn->args[i].mode) != NULL;
		uint32_t type = fn->args[i].type;
		if (input || (fn->proc.kind == 'p' && fn->args[i].mode == 'o'))
			type = p->arg_types[in++];
		const PgType *t = catalog_type(p->cat, type);
		/* a polymorphic result has the type of the call's */
		if (t && t->typtype == 'p' && t->oid != T_RECORD)
			t = catalog_type(p->cat, p->rettype);
		p->vars[i] = (ProgramVar){ .type = t && t->oid == T_RECORD ? NULL : t, .typmod = -1 };
	}
}

static void trigger_types(Program *p, const CatRel *rel)
{
	static const uint32_t types[PL_TRIGGER_VARS] = {
		0, 0, T_NAME, T_TEXT, T_TEXT, T_TEXT, T_OID, T_NAME, T_NAME, T_NAME, T_INT4, 1009
	};
	const PgType *row = catalog_type(p->cat, rel->rowtype);
	for (size_t i = 0; i < PL_TRIGGER_VARS; i++)
		p->vars[i] = (ProgramVar){ .type = i < 2 ? row : catalog_type(p->cat, types[i]), .typmod = -1 };
}

static int compile_plpgsql(Program *p, Str body, const PlSignature *sig, const CatRel *rel, const SqlEnv *env, Error *err)
{
	if (pl_parse(body, sig, p->a, &p->pl, err) < 0) {
		err->position = 0;
		return -1;
	}
	p->vars = arena_array(p->a, ProgramVar, p->pl->nvars + 1);
	p->nplans = p->pl->nexprs;
	p->plans = arena_array(p->a, StmtPlan, p->nplans + 1);
	if (p->fn)
		parameter_types(p);
	if (rel)
		trigger_types(p, rel);
	for (size_t i = 0; i < p->pl->nvars; i++)
		if (resolve_type(p, env, p->pl->vars[i], err) < 0)
			return -1;
	return 0;
}

static int compile_sql(Program *p, Error *err)
{
	ParsedSql parsed;
	p->proc = &p->fn->proc;
	if (sql_parse(str_of(p->fn->body), p->a, &parsed, err) < 0) {
		err->position = 0;
		return -1;
	}
	p->nplans = parsed.n;
	p->plans = arena_array(p->a, StmtPlan, p->nplans + 1);
	p->stmts = arena_array(p->a, Str, parsed.n + 1);
	for (size_t i = 0; i < parsed.n; i++)
		p->stmts[i] = parsed.stmts[i].text;
	sql_parsed_free(&parsed);
	return 0;
}

static Program *compile(SqliteTxn *t, const CatFunction *fn, const CatRel *rel, Str types, const SqlEnv *env, uint64_t key, Error *err)
{
	if (!streq(fn->language, "plpgsql") && !streq(fn->language, "sql")) {
		err_refuse(err, 0, "function %s in language %s is not available in SQLite mode", fn->proc.name, fn->language);
		return NULL;
	}
	Program *p = program_new(t, key);
	int rc;
	p->fn = fn;
	p->name = sql_function_name(p->cat, fn, false, p->a);
	actual_types(p, types);
	const PgType *r = catalog_type(p->cat, p->rettype);
	p->returns_row = r && (r->oid == T_RECORD || r->typtype == 'c');
	if (streq(fn->language, "plpgsql")) {
		PlSignature sig;
		sql_function_signature(fn, p->a, &sig);
		rc = compile_plpgsql(p, str_of(fn->body), &sig, rel, env, err);
	} else {
		rc = compile_sql(p, err);
	}
	if (rc == 0)
		return p;
	program_unref(p);
	return NULL;
}

Program *program_find(SqliteTxn *t, const CatFunction *fn, const CatRel *rel, Str types, Error *err)
{
	Programs *all = programs_of(t);
	char name[300];
	SqlEnv env;
	uint64_t key;
	if (program_env(t, &env, &key, err) != 0)
		return NULL;
	int n = snprintf(name, sizeof name, "%u %u %.*s", fn->proc.oid, rel ? rel->oid : 0, (int)(types.n < 200 ? types.n : 200), types.p);
	Str k = { name, (size_t)n };
	Program *p = map_get(&all->by_key, k);
	if (!p || p->cat != t->cat || p->key != key) {
		Program *made = compile(t, fn, rel, types, &env, key, err);
		if (!made)
			return NULL;
		program_unref(map_put(&all->by_key, k, made));
		p = made;
	}
	p->refs++;
	return p;
}

Program *program_inline(SqliteTxn *t, Str body, Error *err)
{
	SqlEnv env;
	uint64_t key;
	if (program_env(t, &env, &key, err) != 0)
		return NULL;
	Program *p = program_new(t, key);
	const PlSignature sig = { .name = "inline_code_block", .returns_void = true };
	p->name = "inline_code_block";
	p->rettype = T_VOID;
	if (compile_plpgsql(p, body, &sig, NULL, &env, err) == 0)
		return p;
	program_unref(p);
	return NULL;
}

static const PgType *find_type(void *arg, uint32_t oid)
{
	return catalog_type(arg, oid);
}

TypeSource program_types(const Frame *f)
{
	return (TypeSource){ find_type, f->t->cat };
}
