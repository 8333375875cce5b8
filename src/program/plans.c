/* Statements of programs planned: with the variables that they can see, and again when something has changed. */
#include "program/internal.h"

typedef struct View {
	Frame *f;
	const PlExpr *e;
} View;

/* The variable of a name, as the scopes around the expression have it. */
static int find_variable(void *ctx, const char *label, const char *name)
{
	const View *v = ctx;
	for (const PlScope *s = v->e->scope; s; s = s->outer) {
		size_t n = s == v->e->scope ? v->e->visible : s->n;
		if (label && !(s->label && streq(s->label, label)))
			continue;
		for (size_t i = n; i-- > 0;)
			if (streq(s->names[i], name))
				return s->vars[i]->index;
	}
	return -1;
}

static int describe_record(Frame *f, int var, SqlVar *out, Arena *a, Error *err)
{
	PgRow row;
	out->type = T_RECORD;
	out->unassigned = !f->shapes[var];
	if (out->unassigned)
		return 0;
	Str s = str_of(f->shapes[var]);
	if (row_read_columns(&s, program_types(f), a, &row, err) != 0)
		return -1;
	out->fields = row.fields;
	out->nfields = row.n;
	return 0;
}

static int make_vars(Frame *f, View *view, Arena *a, SqlVars *out, Error *err)
{
	const PlFunction *pl = f->p->pl;
	*out = (SqlVars){ .find = find_variable, .ctx = view, .nvars = pl->nvars, .conflict = pl->conflict };
	out->nparams = f->p->fn ? f->p->fn->nargs : 0;
	out->vars = arena_array(a, SqlVar, pl->nvars + 1);
	for (size_t i = 0; i < pl->nvars; i++) {
		const ProgramVar *v = &f->p->vars[i];
		out->vars[i] = (SqlVar){ .type = v->type ? v->type->oid : 0, .typmod = v->typmod };
		if (!v->type && describe_record(f, (int)i, &out->vars[i], a, err) != 0)
			return -1;
	}
	return 0;
}

static bool is_current(const Frame *f, const StmtPlan *s, uint64_t key)
{
	if (!s->plan || s->plan->cat != f->t->cat || s->key != key)
		return false;
	for (size_t i = 0; i < s->nrecords; i++) {
		const char *now = f->shapes[s->records[i]];
		if (!now || !streq(now, s->shapes[i]))
			return false;
	}
	return true;
}

static void remember(Frame *f, StmtPlan *s, CachedPlan *plan, uint64_t key, const SqlVars *vars)
{
	plan_unref(s->plan);
	for (size_t i = 0; i < s->nrecords; i++)
		free(s->shapes[i]);
	s->plan = plan;
	s->key = key;
	s->nrecords = 0;
	size_t cap = 0;
	free(s->shapes);
	free(s->records);
	s->shapes = NULL;
	s->records = NULL;
	for (size_t i = 0; i < vars->nvars; i++) {
		if (!vars->vars[i].used || vars->vars[i].type != T_RECORD || !f->shapes[i])
			continue;
		size_t cap2 = cap;
		s->records = mem_grow(s->records, &cap, s->nrecords + 1, sizeof *s->records);
		s->shapes = mem_grow(s->shapes, &cap2, s->nrecords + 1, sizeof *s->shapes);
		s->records[s->nrecords] = (int)i;
		s->shapes[s->nrecords++] = mem_strdup(f->shapes[i]);
	}
}

/* Errors of planning have their position in the text of the expression as it stands in the program. */
static void shift_position(const PlExpr *e, Error *err)
{
	int prefix = e->sql && e->text ? (int)(strlen(e->sql) - strlen(e->text)) : 0;
	err->position = err->position > prefix ? err->position - prefix : 0;
	err->internal = true;
}

static CachedPlan *plan_with(Frame *f, const PlExpr *e, const SqlWants *wants, int assigned, Error *err)
{
	StmtPlan *s = &f->p->plans[e->id];
	SqlEnv env;
	uint64_t key;
	if (program_env(f->t, &env, &key, err) != 0)
		return NULL;
	if (is_current(f, s, key))
		return s->plan;
	_cleanup_(arena_freep) Arena *a = arena_new();
	View view = { f, e };
	SqlVars vars;
	if (make_vars(f, &view, a, &vars, err) != 0)
		return NULL;
	env.vars = &vars;
	env.wants = wants;
	env.fixed_params = true;
	CachedPlan *plan;
	if (assigned < 0) {
		plan = database_plan_apart(f->t, str_of(e->sql), NULL, 0, &env, key, err);
	} else {
		plan = plan_adopt(f->t, key);
		ParsedSql parsed;
		int rc = sql_parse(str_of(e->sql), plan->arena, &parsed, err);
		if (rc == 0) {
			rc = sql_plan_assign(&env, &parsed, assigned, plan->arena, &plan->plan, err);
			sql_parsed_free(&parsed);
		}
		if (rc != 0) {
			plan_unref(plan);
			plan = NULL;
		}
	}
	if (!plan) {
		shift_position(e, err);
		return NULL;
	}
	remember(f, s, plan, key, &vars);
	return plan;
}

CachedPlan *frame_plan(Frame *f, const PlExpr *e, uint32_t want, int32_t typmod, Error *err)
{
	const SqlWants wants = { .types = &want, .typmods = &typmod, .n = 1 };
	return plan_with(f, e, want ? &wants : NULL, -1, err);
}

CachedPlan *frame_plan_wants(Frame *f, const PlExpr *e, const SqlWants *wants, Error *err)
{
	return plan_with(f, e, wants, -1, err);
}

CachedPlan *frame_plan_assign(Frame *f, const PlExpr *e, int var, Error *err)
{
	return plan_with(f, e, NULL, var, err);
}

CachedPlan *frame_plan_sql(Frame *f, size_t stmt, bool last, Error *err)
{
	Program *p = f->p;
	StmtPlan *s = &p->plans[stmt];
	SqlEnv env;
	uint64_t key;
	if (program_env(f->t, &env, &key, err) != 0)
		return NULL;
	if (is_current(f, s, key))
		return s->plan;
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlVars vars;
	SqlWants wants;
	sql_function_vars(p->proc, p->arg_types, a, &vars);
	sql_function_wants(f->t->cat, p->proc, p->rettype, a, &wants);
	env.vars = &vars;
	env.wants = last && wants.n ? &wants : NULL;
	env.fixed_params = true;
	CachedPlan *plan = database_plan_apart(f->t, p->stmts[stmt], NULL, 0, &env, key, err);
	if (!plan) {
		err->internal = true;
		return NULL;
	}
	remember(f, s, plan, key, &(SqlVars){ 0 });
	return plan;
}

CachedPlan *frame_plan_dynamic(Frame *f, Str text, const uint32_t *types, size_t n, Error *err)
{
	SqlEnv env;
	uint64_t key;
	if (program_env(f->t, &env, &key, err) != 0)
		return NULL;
	CachedPlan *plan = database_plan(f->t, text, types, n, &env, key, err);
	if (!plan)
		err->internal = true;
	return plan;
}
