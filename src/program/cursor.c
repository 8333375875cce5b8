/* Cursors of programs: they are the session's, named by the value of a variable. */
#include "program/internal.h"

#include "backend/sqlite_cursor.h"

static int cursor_type(Frame *f, const PlVar *v, Error *err)
{
	const PgType *t = f->p->vars[v->index].type;
	if (!t || t->oid != T_REFCURSOR)
		return err_set(err, "42804", "variable \"%s\" must be of type cursor or refcursor", v->name);
	return f->t->cursors ? 0 : err_refuse(err, 0, "a cursor in a program is not available here in SQLite mode");
}

/* The name that the variable holds. */
static int cursor_name(Frame *f, int var, Str *out, Error *err)
{
	const PlVar *v = f->p->pl->vars[var];
	if (cursor_type(f, v, err) != 0)
		return -1;
	if (f->vals[var].kind == VAL_NULL)
		return err_set(err, "22004", "cursor variable \"%s\" is null", v->name);
	*out = frame_keep(f->scratch, f->vals[var]).s;
	return 0;
}

static int set_arguments(Frame *f, const PlStmt *s, const PlVar *cursor, Error *err)
{
	for (size_t i = 0; i < cursor->nargs; i++) {
		const ProgramVar *pv = &f->p->vars[cursor->args[i]];
		const PlTarget target = { .var = cursor->args[i] };
		const PgType *type;
		Val v;
		if (frame_eval(f, s->args[i], pv->type, pv->typmod, &v, &type, err) != 0 ||
		    frame_assign(f, &target, v, pv->type ? pv->type : type, pv->typmod, err) != 0)
			return -1;
	}
	return 0;
}

/* The query as a DECLARE, and its parameters. */
static int make_plan(Frame *f, const PlStmt *s, const PlVar *cursor, CachedPlan **plan, const Val **params, size_t *n, Error *err)
{
	*params = f->vals;
	*n = f->p->pl->nvars;
	if (!cursor->query && s->dynamic)
		*plan = frame_plan_cursor(f, s, params, n, err);
	else if (!cursor->query)
		*plan = frame_plan(f, s->expr, 0, -1, err);
	else
		*plan = set_arguments(f, s, cursor, err) == 0 ? frame_plan(f, cursor->query, 0, -1, err) : NULL;
	if (!*plan)
		return -1;
	/* The program keeps its plans; that of EXECUTE is the caller's already. */
	if (cursor->query || !s->dynamic)
		plan_ref(*plan);
	if (!((*plan)->plan && (*plan)->plan->kind == PLAN_DECLARE)) {
		plan_unref(*plan);
		*plan = NULL;
		return err_set(err, "42P11", "cannot open multi-query plan as cursor");
	}
	return 0;
}

static int open_cursor(Frame *f, const PlStmt *s, Error *err)
{
	const PlVar *cursor = f->p->pl->vars[s->var];
	CachedPlan *plan = NULL;
	const Val *params;
	size_t n;
	if (cursor_type(f, cursor, err) != 0)
		return -1;
	const CursorHooks *h = f->t->cursors;
	const Val named = frame_keep(f->keep, f->vals[s->var]);
	if (named.kind != VAL_NULL && h->find(f->t->session, named.s))
		return err_set(err, "42P03", "cursor \"%.*s\" already in use", STR_ARG(named.s));
	if (named.kind == VAL_NULL && cursor->constant)
		return err_set(err, "22005", "variable \"%s\" is declared CONSTANT", cursor->name);
	if (make_plan(f, s, cursor, &plan, &params, &n, err) != 0)
		return -1;
	SqliteCursor *c = cursor_new(plan, params, n);
	int rc = cursor_fill(f->t, c, err);
	if (rc == 0) {
		Str name = named.kind == VAL_NULL ? str_of(h->new_name(f->t->session, f->keep)) : named.s;
		h->add(f->t->session, name, c, plan);
		frame_set(f, s->var, val_text(name));
	} else {
		cursor_free(c);
	}
	plan_unref(plan);
	return rc;
}

static int direction_of(Frame *f, const PlStmt *s, FetchPlan *out, Error *err)
{
	static const struct {
		const char *word;
		FetchPlan plan;
	} ways[] = { { "next", { 'f', 1 } },	    { "prior", { 'b', 1 } },
		     { "first", { 'a', 1 } },	    { "last", { 'a', -1 } },
		     { "absolute", { 'a', 1 } },    { "relative", { 'r', 1 } },
		     { "forward", { 'f', 1 } },	    { "backward", { 'b', 1 } },
		     { "all", { 'f', INT64_MAX } }, { "backward all", { 'b', INT64_MAX } } };
	size_t i = 0;
	while (i + 1 < ARRAY_LEN(ways) && !streq(ways[i].word, s->direction))
		i++;
	*out = ways[i].plan;
	out->move = s->is_move;
	if (!s->expr)
		return 0;
	Val v;
	if (frame_eval(f, s->expr, pgtype_builtin(T_INT4), -1, &v, NULL, err) != 0)
		return -1;
	if (v.kind == VAL_NULL)
		return err_set(err, "22004", "relative or absolute cursor position is null");
	out->count = v.i;
	return 0;
}

/* Moves, and gives the row stood upon to the targets: all NULL when there is none. */
static int fetch(Frame *f, const PlStmt *s, Str name, const FetchPlan *way, uint64_t *done, Error *err)
{
	const CursorHooks *h = f->t->cursors;
	SqliteCursor *c = h->find(f->t->session, name);
	if (!c)
		return err_set(err, "34000", "cursor \"%.*s\" does not exist", STR_ARG(name));
	if (nested_move(f->t, name, way, done, err) != 0)
		return -1;
	return s->ntargets ? frame_assign_row(f, s->targets, s->ntargets, cursor_plan(c), *done ? cursor_values(c, f->scratch) : NULL, err)
			   : 0;
}

static void count(Frame *f, uint64_t n)
{
	f->row_count = n;
	frame_set(f, f->p->pl->found, val_int(n > 0));
}

Flow frame_cursor(Frame *f, const PlStmt *s, Error *err)
{
	Str name;
	FetchPlan way;
	uint64_t done;
	if (s->kind == PL_OPEN)
		return open_cursor(f, s, err) == 0 ? FLOW_NEXT : FLOW_ERROR;
	if (s->kind == PL_FETCH && direction_of(f, s, &way, err) != 0)
		return FLOW_ERROR;
	if (cursor_name(f, s->var, &name, err) != 0)
		return FLOW_ERROR;
	if (s->kind == PL_CLOSE) {
		if (f->t->cursors->close(f->t->session, name))
			return FLOW_NEXT;
		err_set(err, "34000", "cursor \"%.*s\" does not exist", STR_ARG(name));
		return FLOW_ERROR;
	}
	if (fetch(f, s, name, &way, &done, err) != 0)
		return FLOW_ERROR;
	count(f, done);
	return FLOW_NEXT;
}

/* FOR record IN cursor LOOP: opens it, and closes it whatever comes. */
Flow frame_cursor_loop(Frame *f, const PlStmt *s, Error *err)
{
	const bool unnamed = f->vals[s->var].kind == VAL_NULL;
	const FetchPlan next = { 'f', 1, false };
	Flow flow = FLOW_NEXT;
	uint64_t n = 0, done;
	if (open_cursor(f, s, err) != 0)
		return FLOW_ERROR;
	Arena *a = arena_new();
	const Str name = frame_keep(a, f->vals[s->var]).s;
	f->t->cursors->pin(f->t->session, name);
	for (;;) {
		f->at = s;
		if (nested_check(f->t, err) != 0 || fetch(f, s, name, &next, &done, err) != 0) {
			flow = FLOW_ERROR;
			break;
		}
		if (!done)
			break;
		n++;
		flow = frame_body(f, &s->body, err);
		if (frame_loop_ends(f, s, &flow))
			break;
	}
	f->t->cursors->close(f->t->session, name);
	arena_free(a);
	if (flow == FLOW_ERROR)
		return flow;
	if (unnamed)
		frame_set(f, s->var, val_null());
	frame_set(f, f->p->pl->found, val_int(n > 0));
	return flow;
}
