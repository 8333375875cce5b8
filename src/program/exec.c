/* Statements: assignment, branches, SQL, EXECUTE. */
#include "program/internal.h"

#include "catalog/sessionvars.h"

#include <stdio.h>

Flow frame_body(Frame *f, const PlBody *b, Error *err)
{
	for (size_t i = 0; i < b->n; i++) {
		Flow flow = frame_exec(f, b->items[i], err);
		if (flow != FLOW_NEXT)
			return flow;
	}
	return FLOW_NEXT;
}

static Flow assign(Frame *f, const PlStmt *s, Error *err)
{
	const PlTarget *t = s->targets;
	const ProgramVar *pv = &f->p->vars[t->var];
	const PgType *type;
	Val v;
	bool row = !pv->type || pv->type->typtype == 'c';
	if (t->path && !(row && t->path[0] == '.' && !strpbrk(t->path + 1, ".["))) {
		CachedPlan *plan = frame_plan_assign(f, t->update, t->var, err);
		if (!plan)
			return FLOW_ERROR;
		Rows rows = { .a = f->scratch };
		if (frame_query(f, NULL, NULL, &rows, &plan, err) != 0)
			return FLOW_ERROR;
		frame_set(f, t->var, rows.n ? rows.items[0][0] : val_null());
		return FLOW_NEXT;
	}
	if (frame_eval(f, s->expr, t->path || !pv->type ? NULL : pv->type, t->path ? -1 : pv->typmod, &v, &type, err) != 0)
		return FLOW_ERROR;
	if (pv->type && !t->path)
		type = pv->type;
	return frame_assign(f, t, v, type, t->path ? -1 : pv->typmod, err) == 0 ? FLOW_NEXT : FLOW_ERROR;
}

static Flow branch(Frame *f, const PlStmt *s, Error *err)
{
	for (size_t i = 0; i < s->narms; i++) {
		bool yes;
		if (frame_eval_bool(f, s->arms[i].when, &yes, NULL, err) != 0)
			return FLOW_ERROR;
		if (yes)
			return frame_body(f, &s->arms[i].body, err);
	}
	return frame_body(f, &s->else_body, err);
}

static Flow choose(Frame *f, const PlStmt *s, Error *err)
{
	if (s->expr) {
		const PgType *type;
		Val v;
		if (frame_eval(f, s->expr, NULL, -1, &v, &type, err) != 0)
			return FLOW_ERROR;
		/* the hidden variable has the type of the value */
		f->p->vars[s->var] = (ProgramVar){ .type = type->oid == T_UNKNOWN ? pgtype_builtin(T_TEXT) : type, .typmod = -1 };
		frame_set(f, s->var, v);
	}
	for (size_t i = 0; i < s->narms; i++) {
		bool yes;
		if (frame_eval_bool(f, s->arms[i].when, &yes, NULL, err) != 0)
			return FLOW_ERROR;
		if (yes)
			return frame_body(f, &s->arms[i].body, err);
	}
	if (s->has_else)
		return frame_body(f, &s->else_body, err);
	err_set(err, "20000", "case not found");
	err_hint(err, "CASE statement is missing ELSE part.");
	return FLOW_ERROR;
}

static int take_row(void *ctx, sqlite3_stmt *st, Error *err)
{
	Rows *r = ctx;
	int width = sqlite3_column_count(st);
	if (!r->width)
		r->width = width;
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		Val **more = arena_array(r->a, Val *, r->cap);
		if (r->n)
			memcpy(more, r->items, r->n * sizeof *more);
		r->items = more;
	}
	Val *row = arena_array(r->a, Val, width + 1);
	for (int i = 0; i < width; i++)
		row[i] = frame_keep(r->a, db_column(st, i));
	r->items[r->n++] = row;
	return r->limit && r->n >= r->limit;
}

/* The values of USING, and their types. */
static int using_values(Frame *f, const PlStmt *s, Val **vals, uint32_t **types, Error *err)
{
	*vals = arena_array(f->keep, Val, s->nargs + 1);
	*types = arena_array(f->keep, uint32_t, s->nargs + 1);
	for (size_t i = 0; i < s->nargs; i++) {
		const PgType *type;
		Val v;
		if (frame_eval(f, s->args[i], NULL, -1, &v, &type, err) != 0)
			return -1;
		(*vals)[i] = frame_keep(f->keep, v);
		(*types)[i] = type->oid == T_UNKNOWN ? T_TEXT : type->oid;
	}
	return 0;
}

static int note_statement(Frame *f, const char *text, Error *err)
{
	size_t n = strlen(err->context);
	snprintf(err->context + n, sizeof err->context - n, "%sSQL statement \"%s\"", n ? "\n" : "", text);
	err->internal = true;
	return -1;
}

CachedPlan *frame_plan_cursor(Frame *f, const PlStmt *s, const Val **params, size_t *n, Error *err)
{
	Val text, *vals;
	uint32_t *types;
	if (frame_eval_text(f, s->expr, &text, err) != 0)
		return NULL;
	if (text.kind == VAL_NULL) {
		err_set(err, "22004", "query string argument of EXECUTE is null");
		return NULL;
	}
	const char *scroll = s->scroll == 's' ? "SCROLL " : s->scroll == 'n' ? "NO SCROLL " : "";
	const char *sql = arena_printf(f->keep, "DECLARE c %sCURSOR FOR %.*s", scroll, STR_ARG(text.s));
	if (using_values(f, s, &vals, &types, err) != 0)
		return NULL;
	*params = vals;
	*n = s->nargs;
	return frame_plan_dynamic(f, str_of(sql), types, s->nargs, err);
}

static int dynamic_query(Frame *f, const PlStmt *s, Rows *out, CachedPlan **plan, uint64_t *rows, Error *err)
{
	Val text, *vals;
	uint32_t *types;
	if (frame_eval_text(f, s->expr, &text, err) != 0)
		return -1;
	if (text.kind == VAL_NULL)
		return err_set(err, "22004", "query string argument of EXECUTE is null");
	text = frame_keep(f->keep, text);
	if (using_values(f, s, &vals, &types, err) != 0)
		return -1;
	*plan = frame_plan_dynamic(f, text.s, types, s->nargs, err);
	if (!*plan)
		return note_statement(f, text.s.p, err);
	int rc = 0;
	if (!(*plan)->plan)
		rc = 0;
	else if ((*plan)->plan->kind == PLAN_QUERY || (*plan)->plan->kind == PLAN_SCRIPT || (*plan)->plan->kind == PLAN_NOTHING ||
		 (*plan)->plan->kind == PLAN_EXPLAIN)
		rc = nested_execute(f->t, *plan, vals, s->nargs, f->scratch, out ? take_row : NULL, out, rows, err);
	else
		rc = frame_utility(f, *plan, err);
	return rc == 0 ? 0 : note_statement(f, text.s.p, err);
}

int frame_query(Frame *f, const PlStmt *s, const SqlWants *wants, Rows *out, CachedPlan **plan, Error *err)
{
	if (s && s->dynamic) {
		*plan = NULL;
		if (dynamic_query(f, s, out, plan, NULL, err) == 0)
			return 0;
		plan_unref(*plan);
		*plan = NULL;
		return -1;
	}
	if (s && !(*plan = frame_plan_wants(f, s->expr, wants, err)))
		return -1;
	plan_ref(*plan);
	int rc = frame_run(f, *plan, take_row, out, NULL, err);
	if (rc != 0 && s)
		note_statement(f, s->expr->text, err);
	if (!s || rc != 0)
		plan_unref(*plan);
	if (rc != 0)
		*plan = NULL;
	return rc;
}

/* What SELECT INTO wants of its columns: the types of scalar targets. */
static SqlWants *wanted(Frame *f, const PlStmt *s, SqlWants *out)
{
	uint32_t *types = arena_array(f->scratch, uint32_t, s->ntargets + 1);
	int32_t *typmods = arena_array(f->scratch, int32_t, s->ntargets + 1);
	for (size_t i = 0; i < s->ntargets; i++) {
		const ProgramVar *pv = &f->p->vars[s->targets[i].var];
		bool plain = pv->type && pv->type->typtype != 'c' && !s->targets[i].path;
		types[i] = plain ? pv->type->oid : 0;
		typmods[i] = plain ? pv->typmod : -1;
	}
	*out = (SqlWants){ .types = types, .typmods = typmods, .n = s->ntargets };
	return out;
}

static int store_into(Frame *f, const PlStmt *s, const Plan *plan, const Rows *rows, Error *err)
{
	bool found = rows->n > 0;
	if (!found && s->strict)
		return err_set(err, "P0002", "query returned no rows");
	if (rows->n > 1 && (s->strict || (plan->tag && !streq(plan->tag, "SELECT")))) {
		err_set(err, "P0003", "query returned more than one row");
		return err_hint(err, "Make sure the query returns a single row, or use LIMIT 1.");
	}
	return frame_assign_row(f, s->targets, s->ntargets, plan, found ? rows->items[0] : NULL, err);
}

static void set_found(Frame *f, bool found)
{
	frame_set(f, f->p->pl->found, val_int(found));
}

static int run_sql(Frame *f, const PlStmt *s, CachedPlan *plan, Error *err)
{
	Rows rows = { .a = f->scratch };
	uint64_t n = 0;
	if (!plan->plan)
		return err_set(err, "42601", "query is empty");
	if (s->into && !plan->plan->returns_rows)
		return err_set(err, "42601", "INTO used with a command that cannot return data");
	if (!s->into && plan->plan->kind == PLAN_QUERY && plan->plan->returns_rows && streq(plan->plan->tag, "SELECT")) {
		err_set(err, "42601", "query has no destination for result data");
		return err_hint(err, "If you want to discard the results of a SELECT, use PERFORM instead.");
	}
	if (!s->into && plan->plan->kind == PLAN_QUERY && plan->plan->returns_rows)
		return err_set(err, "42601", "query has no destination for result data");
	bool select = plan->plan->kind == PLAN_QUERY && streq(plan->plan->tag, "SELECT");
	if (s->into && select)
		rows.limit = 2;
	if (frame_run(f, plan, s->into ? take_row : NULL, s->into ? &rows : NULL, &n, err) != 0)
		return note_statement(f, s->expr->text, err);
	if (s->into && rows.limit && !s->strict && rows.n > 1)
		n = rows.n = 1;
	if (plan->plan->kind == PLAN_QUERY) {
		f->row_count = n;
		set_found(f, n > 0);
	}
	return s->into ? store_into(f, s, plan->plan, &rows, err) : 0;
}

Flow frame_sql(Frame *f, const PlStmt *s, Error *err)
{
	SqlWants wants;
	CachedPlan *plan = frame_plan_wants(f, s->expr, s->into ? wanted(f, s, &wants) : NULL, err);
	if (!plan) {
		note_statement(f, s->expr->text, err);
		return FLOW_ERROR;
	}
	plan_ref(plan);
	int rc = plan->plan && plan->plan->kind == PLAN_CALL ? program_call_inside(f, plan, err) : run_sql(f, s, plan, err);
	plan_unref(plan);
	return rc == 0 ? FLOW_NEXT : FLOW_ERROR;
}

static Flow perform(Frame *f, const PlStmt *s, Error *err)
{
	CachedPlan *plan = frame_plan(f, s->expr, 0, -1, err);
	uint64_t n = 0;
	if (!plan)
		return FLOW_ERROR;
	plan_ref(plan);
	int rc = frame_run(f, plan, NULL, NULL, &n, err);
	plan_unref(plan);
	if (rc != 0) {
		note_statement(f, s->expr->sql, err);
		return FLOW_ERROR;
	}
	f->row_count = n;
	set_found(f, n > 0);
	return FLOW_NEXT;
}

Flow frame_execute(Frame *f, const PlStmt *s, Error *err)
{
	Rows rows = { .a = f->scratch };
	CachedPlan *plan = NULL;
	uint64_t n = 0;
	int rc = dynamic_query(f, s, &rows, &plan, &n, err);
	if (rc == 0 && plan->plan)
		f->row_count = n;
	if (rc == 0 && s->into && !(plan->plan && plan->plan->returns_rows))
		rc = err_set(err, "42601", "INTO used with a command that cannot return data");
	if (rc == 0 && s->into)
		rc = store_into(f, s, plan->plan, &rows, err);
	plan_unref(plan);
	return rc == 0 ? FLOW_NEXT : FLOW_ERROR;
}

int frame_utility(Frame *f, CachedPlan *plan, Error *err)
{
	const Plan *p = plan->plan;
	switch (p->kind) {
	case PLAN_SET:
		return f->t->utility ? f->t->utility(f->t->session, p, err)
				     : err_refuse(err, 0, "SET in a program is not available here in SQLite mode");
	case PLAN_CALL:
		return program_call_inside(f, plan, err);
	case PLAN_DO: {
		Program *inner = program_inline(f->t, p->inner_text, err);
		int rc = inner ? program_run(f->t, inner, NULL, 0, NULL, NULL, NULL, f->scratch, NULL, err) : -1;
		program_unref(inner);
		return rc;
	}
	case PLAN_BEGIN:
	case PLAN_COMMIT:
	case PLAN_ROLLBACK:
	case PLAN_SAVEPOINT:
	case PLAN_RELEASE:
	case PLAN_ROLLBACK_TO:
		err_set(err, "0A000", "unsupported transaction command in PL/pgSQL");
		return err_hint(err, "Use a BEGIN block with an EXCEPTION clause instead.");
	default:
		return err_refuse(err, 0, "%s in a program is not available in SQLite mode", p->tag ? p->tag : "this statement");
	}
}

static Flow leave(Frame *f, const PlStmt *s, Error *err)
{
	bool yes = true;
	if (s->expr && frame_eval_bool(f, s->expr, &yes, NULL, err) != 0)
		return FLOW_ERROR;
	if (!yes)
		return FLOW_NEXT;
	f->label = s->label;
	return s->is_continue ? FLOW_CONTINUE : FLOW_EXIT;
}

static Flow run_statement(Frame *f, const PlStmt *s, Error *err)
{
	switch (s->kind) {
	case PL_BLOCK:
		return frame_block(f, s, err);
	case PL_ASSIGN:
		return assign(f, s, err);
	case PL_IF:
		return branch(f, s, err);
	case PL_CASE:
		return choose(f, s, err);
	case PL_LOOP:
	case PL_WHILE:
	case PL_FOR_INT:
	case PL_FOR_QUERY:
	case PL_FOR_CURSOR:
	case PL_FOREACH:
		return frame_loop(f, s, err);
	case PL_EXIT:
		return leave(f, s, err);
	case PL_RETURN:
	case PL_RETURN_NEXT:
	case PL_RETURN_QUERY:
		return frame_return(f, s, err);
	case PL_RAISE:
		return frame_raise(f, s, err);
	case PL_ASSERT:
		return frame_assert(f, s, err);
	case PL_SQL:
		return frame_sql(f, s, err);
	case PL_EXECUTE:
		return frame_execute(f, s, err);
	case PL_PERFORM:
		return perform(f, s, err);
	case PL_DIAGNOSTICS:
		return frame_diagnostics(f, s, err);
	case PL_NULL:
		return FLOW_NEXT;
	case PL_TRANSACTION:
		err_refuse(err, 0, "%s in a program is not available in SQLite mode", s->is_rollback ? "ROLLBACK" : "COMMIT");
		return FLOW_ERROR;
	default:
		return frame_cursor(f, s, err);
	}
}

Flow frame_exec(Frame *f, const PlStmt *s, Error *err)
{
	f->at = s;
	f->phase = NULL;
	if (nested_check(f->t, err) != 0)
		return FLOW_ERROR;
	Flow flow = run_statement(f, s, err);
	if (flow == FLOW_ERROR)
		return flow;
	/* the values of the statement are gone with it; a loop around keeps its rows elsewhere */
	arena_reset(f->scratch);
	return flow;
}
