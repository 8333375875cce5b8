/* Loops. */
#include "program/internal.h"

#include "pgtype/array.h"

bool frame_loop_ends(Frame *f, const PlStmt *s, Flow *flow)
{
	bool mine = !f->label || (s->label && streq(f->label, s->label));
	switch (*flow) {
	case FLOW_EXIT:
		if (mine) {
			f->label = NULL;
			*flow = FLOW_NEXT;
		}
		return true;
	case FLOW_CONTINUE:
		if (!mine)
			return true;
		f->label = NULL;
		*flow = FLOW_NEXT;
		return false;
	case FLOW_NEXT:
		return false;
	default:
		return true;
	}
}

static Flow plain(Frame *f, const PlStmt *s, Error *err)
{
	for (;;) {
		bool yes = true;
		f->at = s;
		if (nested_check(f->t, err) != 0 || (s->expr && frame_eval_bool(f, s->expr, &yes, NULL, err) != 0))
			return FLOW_ERROR;
		if (!yes)
			return FLOW_NEXT;
		arena_reset(f->scratch);
		Flow flow = frame_body(f, &s->body, err);
		if (frame_loop_ends(f, s, &flow))
			return flow;
	}
}

static int bound(Frame *f, const PlExpr *e, const char *what, int64_t *out, Error *err)
{
	Val v;
	if (frame_eval(f, e, pgtype_builtin(T_INT4), -1, &v, NULL, err) != 0)
		return -1;
	if (v.kind == VAL_NULL)
		return err_set(err, "22004", "%s of FOR loop cannot be null", what);
	*out = v.i;
	return 0;
}

static Flow integers(Frame *f, const PlStmt *s, Error *err)
{
	int64_t i, to, step = 1;
	bool any = false;
	Flow flow = FLOW_NEXT;
	if (bound(f, s->expr, "lower bound", &i, err) != 0 || bound(f, s->expr2, "upper bound", &to, err) != 0 ||
	    (s->step && bound(f, s->step, "BY value", &step, err) != 0))
		return FLOW_ERROR;
	if (step <= 0) {
		err_set(err, "22023", "BY value of FOR loop must be greater than zero");
		return FLOW_ERROR;
	}
	for (; s->reverse ? i >= to : i <= to; i += s->reverse ? -step : step) {
		any = true;
		f->at = s;
		if (nested_check(f->t, err) != 0)
			return FLOW_ERROR;
		frame_set(f, s->var, val_int(i));
		flow = frame_body(f, &s->body, err);
		if (frame_loop_ends(f, s, &flow))
			break;
	}
	if (flow != FLOW_ERROR)
		frame_set(f, f->p->pl->found, val_int(any));
	return flow;
}

static Flow rows(Frame *f, const PlStmt *s, Error *err)
{
	Rows r = { .a = arena_new() };
	CachedPlan *plan = NULL;
	Flow flow = frame_query(f, s, NULL, &r, &plan, err) == 0 ? FLOW_NEXT : FLOW_ERROR;
	if (flow == FLOW_NEXT && !(plan->plan && plan->plan->returns_rows)) {
		err_set(err, "42601", "cannot open %s query as cursor", plan->plan ? plan->plan->tag : "empty");
		flow = FLOW_ERROR;
	}
	for (size_t i = 0; flow == FLOW_NEXT && i < r.n; i++) {
		f->at = s;
		if (frame_assign_row(f, s->targets, s->ntargets, plan->plan, r.items[i], err) != 0) {
			flow = FLOW_ERROR;
			break;
		}
		flow = frame_body(f, &s->body, err);
		if (frame_loop_ends(f, s, &flow))
			break;
	}
	if (flow == FLOW_NEXT && !r.n && frame_assign_row(f, s->targets, s->ntargets, plan->plan, NULL, err) != 0)
		flow = FLOW_ERROR;
	if (flow != FLOW_ERROR)
		frame_set(f, f->p->pl->found, val_int(r.n > 0));
	plan_unref(plan);
	arena_free(r.a);
	return flow;
}

static int elements(Frame *f, const PlStmt *s, Arena *a, PgArray *out, const PgType **elem, Error *err)
{
	const PgType *type;
	Val v;
	if (frame_eval(f, s->expr, NULL, -1, &v, &type, err) != 0)
		return -1;
	if (v.kind == VAL_NULL)
		return err_set(err, "22004", "FOREACH expression must not be null");
	const PgType *t = catalog_type(f->t->cat, type->elem_oid);
	if (type->category != 'A' || !t)
		return err_set(err, "42804", "FOREACH expression must yield an array, not type %s", type_format(type, -1, f->scratch));
	if (s->slice)
		return err_refuse(err, 0, "FOREACH ... SLICE is not available in SQLite mode");
	*elem = t;
	v = frame_keep(a, v);
	return array_read(t, v.s, a, out, err);
}

static Flow foreach (Frame *f, const PlStmt *s, Error * err)
{
	Arena *a = arena_new();
	PgArray array = { 0 };
	const PgType *elem = NULL;
	size_t n = 0;
	Flow flow = elements(f, s, a, &array, &elem, err) == 0 ? FLOW_NEXT : FLOW_ERROR;
	if (flow == FLOW_NEXT)
		n = array.n;
	for (size_t i = 0; flow == FLOW_NEXT && i < n; i++) {
		f->at = s;
		if (frame_assign(f, s->targets, array.items[i], elem, -1, err) != 0) {
			flow = FLOW_ERROR;
			break;
		}
		flow = frame_body(f, &s->body, err);
		if (frame_loop_ends(f, s, &flow))
			break;
	}
	if (flow != FLOW_ERROR)
		frame_set(f, f->p->pl->found, val_int(n > 0));
	arena_free(a);
	return flow;
}

Flow frame_loop(Frame *f, const PlStmt *s, Error *err)
{
	switch (s->kind) {
	case PL_FOR_INT:
		return integers(f, s, err);
	case PL_FOR_QUERY:
		return rows(f, s, err);
	case PL_FOR_CURSOR:
		return frame_cursor_loop(f, s, err);
	case PL_FOREACH:
		return foreach (f, s, err);
	default:
		return plain(f, s, err);
	}
}
