/* sql_plan: one statement -> plan, by its kind. */
#include "sql/acl_check.h"
#include "sql/content.h"
#include "sql/plan_copy.h"
#include "sql/fields.h"
#include "sql/plan_internal.h"

#include "sql/emit.h"
#include "sql/parts.h"
#include "sql/vars.h"

ParseState *plan_state(const SqlEnv *env, Arena *a, Str source, Error *err)
{
	ParseState *ps = arena_new_of(a, ParseState);
	*ps = (ParseState){ .env = env,
			    .a = a,
			    .err = err,
			    .source = source,
			    .params = arena_new_of(a, ParamTypes),
			    .next_id = arena_new_of(a, int),
			    .volatile_fn = arena_new_of(a, bool),
			    .writes = arena_new_of(a, bool),
			    .nowait = arena_new_of(a, const char *),
			    .skip_locked = arena_new_of(a, bool) };
	return ps;
}

const char *plan_emit(ParseState *ps, const Query *q)
{
	Emitter e = { .a = ps->a,
		      .cat = ps->env->cat,
		      .types = ps->env->types,
		      .source = ps->source,
		      .err = ps->err,
		      .plain_groups = ps->env->plain_groups };
	const char *text = emit_query(&e, q) < 0 ? NULL : arena_strndup(ps->a, (const char *)e.out.data, e.out.len);
	buf_free(&e.out);
	return text;
}

static const TargetList *result_targets(const Query *q)
{
	return q->cmd == CMD_SELECT ? &q->targets : &q->returning;
}

int plan_columns(ParseState *ps, const Query *q, Plan *plan)
{
	plan->cols = arena_array(ps->a, PlanColumn, q->ncols + 1);
	plan->ncols = q->ncols;
	for (size_t i = 0; i < q->ncols; i++) {
		PlanColumn *c = &plan->cols[i];
		*c = (PlanColumn){ .name = q->cols[i].name,
				   .type = catalog_type(ps->env->cat, q->cols[i].type),
				   .typmod = q->cols[i].typmod };
		if (!c->type)
			return err_set(ps->err, "XX000", "cache lookup failed for type %u", q->cols[i].type);
	}
	const TargetList *t = result_targets(q);
	for (size_t i = 0, k = 0; q->setop == SETOP_NONE && i < t->n; i++) {
		if (t->items[i].junk)
			continue;
		plan->cols[k].table_oid = t->items[i].table_oid;
		plan->cols[k++].attnum = t->items[i].table_attnum;
	}
	return 0;
}

/* Calls of the user's functions in a statement, defaults included. */
typedef struct ProgramCalls {
	bool writes; /* a volatile one, which may write */
} ProgramCalls;

static bool note_program(Expr *x, void *arg)
{
	ProgramCalls *p = arg;
	if (x->kind == X_FUNC && is_user_proc(x->proc))
		p->writes |= x->proc->volatility == 'v';
	return true;
}

int plan_analysed(ParseState *ps, Query *q, Plan *plan)
{
	static const char *const tags[] = {
		[CMD_SELECT] = "SELECT", [CMD_INSERT] = "INSERT 0", [CMD_UPDATE] = "UPDATE", [CMD_DELETE] = "DELETE", [CMD_MERGE] = "MERGE"
	};
	ProgramCalls programs = { 0 };
	query_walk(q, note_program, &programs);
	if (parts_check(ps, q) < 0)
		return -1;
	plan->kind = PLAN_QUERY;
	plan->tag = tags[q->cmd];
	plan->tag_rows = true;
	plan->returns_rows = q->cmd == CMD_SELECT || q->returning.n > 0;
	plan->cacheable = true;
	if (acl_check_query(ps, q) < 0)
		return -1;
	if (!parts_needed(q))
		content_use(ps, q);
	if (parts_needed(q) ? parts_plan(ps, q, plan) < 0 : !(plan->sql = plan_emit(ps, q)))
		return -1;
	plan->writes = q->cmd != CMD_SELECT || *ps->writes || programs.writes;
	plan->may_write = plan->writes && q->cmd == CMD_SELECT && !*ps->writes;
	plan->volatile_fn = *ps->volatile_fn || programs.writes;
	plan->only_temp = q->result && q->result->rel->persistence == 't' && !plan->volatile_fn && !plan->nsteps;
	plan->nowait = *ps->nowait;
	plan->skip_locked = *ps->skip_locked && q->cmd == CMD_SELECT && !plan->nsteps && !plan->volatile_fn;
	plan->target_oid = q->result ? q->result->rel->oid : 0;
	return 0;
}

int plan_query(ParseState *ps, const PgNode *stmt, Plan *plan, Query **out)
{
	Query *q = an_query(ps, stmt);
	if (q && ps->env->wants)
		q = vars_want(ps, q);
	if (!q || plan_columns(ps, q, plan) < 0 || plan_analysed(ps, q, plan) < 0)
		return -1;
	if (out)
		*out = q;
	return 0;
}

static int plan_params(ParseState *ps, Plan *plan)
{
	plan->nparams = ps->params->n;
	plan->param_types = arena_dup(ps->a, ps->params->types, (ps->params->n + !ps->params->n) * sizeof *ps->params->types);
	for (size_t i = 0; i < plan->nparams; i++)
		if (!plan->param_types[i] || plan->param_types[i] == 705)
			return err_set(ps->err, "42P18", "could not determine data type of parameter $%zu", i + 1);
	return 0;
}

static bool has_into(const PgQuery__SelectStmt *s)
{
	while (s->larg)
		s = s->larg;
	return s->into_clause != NULL;
}

static int plan_node(ParseState *ps, const RawStmt *raw, Plan *plan)
{
	const PgNode *n = raw->node;
	switch (n->node_case) {
	case PG_QUERY__NODE__NODE_SELECT_STMT:
		if (has_into(n->select_stmt))
			return plan_other(ps, raw, plan);
		return plan_query(ps, n, plan, NULL);
	case PG_QUERY__NODE__NODE_INSERT_STMT:
	case PG_QUERY__NODE__NODE_UPDATE_STMT:
	case PG_QUERY__NODE__NODE_DELETE_STMT:
	case PG_QUERY__NODE__NODE_MERGE_STMT:
		return plan_query(ps, n, plan, NULL);
	case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
		return plan_explain(ps, n->explain_stmt, raw, plan);
	case PG_QUERY__NODE__NODE_COPY_STMT:
		return plan_copy(ps, n->copy_stmt, plan);
	default:
		return plan_other(ps, raw, plan);
	}
}

int sql_plan(const SqlEnv *env, const ParsedSql *parsed, size_t which, const uint32_t *param_types, size_t nparams, Arena *a, Plan **out,
	     Error *err)
{
	ParseState *ps = plan_state(env, a, parsed->source, err);
	ps->params->types = arena_array(a, uint32_t, nparams + 1);
	ps->params->n = ps->params->cap = nparams;
	if (nparams)
		memcpy(ps->params->types, param_types, nparams * sizeof *param_types);
	Plan *plan = arena_new_of(a, Plan);
	plan->catalog_version = env->cat->version;
	ps->vars = env->vars;
	const RawStmt *raw = &parsed->stmts[which];
	if (fields_check(ps, raw) < 0 || plan_node(ps, raw, plan) < 0 || plan_params(ps, plan) < 0)
		return -1;
	*out = plan;
	return 0;
}
