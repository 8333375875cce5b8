/*
 * MERGE in steps: the joined rows with the number of the action that is theirs; the values that each action writes; then the actions one by
 * one, deletions first, so that a key that is given up can be taken by another row.
 */
#include "sql/parts_rows.h"
#include "sql/triggers.h"

enum { ACTION = 1, ROWID = 2 }; /* columns of the store */

static Expr *action_test(ParseState *ps, Rte *store, size_t number)
{
	Expr like = { .type = 23, .typmod = -1, .location = -1 };
	return make_op(ps, "=", NULL, rows_store_var(ps, store, ACTION, &like), expr_const(ps, 23, val_int((int64_t)number)), -1);
}

/* CASE WHEN the row has a partner [AND condition] THEN 1 WHEN ... END */
static Expr *action_number(ParseState *ps, const Query *q)
{
	Expr *c = expr_new(ps, X_CASE, 23, -1);
	for (size_t i = 0; i < q->nactions; i++) {
		const MergeAction *m = &q->actions[i];
		Expr *rowid = expr_new(ps, X_ROWID, 20, -1), *test = expr_new(ps, X_NULLTEST, 16, -1);
		rowid->rte = q->result;
		expr_list_add(ps->a, &test->args, rowid);
		test->negated = m->matched;
		if (m->when) {
			Expr *both = expr_new(ps, X_BOOL, 16, -1);
			both->boolop = BOOL_AND;
			expr_list_add(ps->a, &both->args, test);
			expr_list_add(ps->a, &both->args, m->when);
			test = both;
		}
		expr_list_add(ps->a, &c->args, test);
		expr_list_add(ps->a, &c->args, expr_const(ps, 23, val_int((int64_t)i + 1)));
	}
	return c;
}

static void join_source(ParseState *ps, const Query *q, Query *sel)
{
	FromItem *join = arena_new_of(ps->a, FromItem), *target = arena_new_of(ps->a, FromItem);
	bool unmatched = false;
	for (size_t i = 0; i < q->nactions; i++)
		unmatched |= !q->actions[i].matched;
	target->rte = q->result;
	*join = (FromItem){ .join = unmatched ? JOIN_LEFT : JOIN_INNER, .left = q->from[0], .right = target, .on = q->where };
	sel->from = arena_array(ps->a, FromItem *, 1);
	sel->from[sel->nfrom++] = join;
}

/* With triggers all columns are written. */
static int all_values(Rows *r, size_t i, Query *out)
{
	ParseState *ps = r->p->ps;
	const Query *change = r->part->q->actions[i].change;
	struct PlanWrite *w = r->part->q->actions[i].write;
	const CatRel *rel = r->part->q->result->rel;
	int *attnums = arena_array(ps->a, int, rel->ncols + out->targets.n + 1);
	size_t given = change->cmd == CMD_INSERT ? change->ninsert : change->targets.n, first = change->cmd != CMD_INSERT;
	for (size_t k = 0; k < given; k++)
		attnums[first + k] = change->cmd == CMD_INSERT ? change->insert_attnums[k] : change->targets.items[k].attnum;
	w->n = first + given;
	for (size_t c = 0; c < rel->ncols && change->cmd != CMD_DELETE; c++) {
		const CatColumn *col = &rel->cols[c];
		bool there = col->dropped || col->generated;
		for (size_t k = 0; k < given && !there; k++)
			there = attnums[first + k] == col->attnum;
		if (there)
			continue;
		Expr *e = change->cmd == CMD_INSERT ? expr_const(ps, col->type->oid, val_null())
						    : rows_rewrite(r, var_new(ps, r->part->q->result, col->attnum, -1));
		if (!e || target_add(ps, &out->targets, e, "") < 0)
			return -1;
		attnums[w->n++] = col->attnum;
	}
	w->attnums = attnums;
	return 0;
}

/* The query for one action's values, over the store of the joined rows. */
static int action_values(Rows *r, size_t i, Query *out)
{
	ParseState *ps = r->p->ps;
	const Query *change = r->part->q->actions[i].change;
	Expr like = { .type = 20, .typmod = -1, .location = -1 };
	*out = (Query){ .cmd = CMD_SELECT };
	query_from_rte(ps, out, r->store);
	out->where = action_test(ps, r->store, i + 1);
	if (!out->where)
		return -1;
	bool insert = change->cmd == CMD_INSERT;
	if (!insert && target_add(ps, &out->targets, rows_store_var(ps, r->store, ROWID, &like), "") < 0)
		return -1;
	size_t n = insert ? change->values[0].n : change->targets.n;
	for (size_t k = 0; k < n; k++) {
		Expr *e = rows_rewrite(r, insert ? change->values[0].items[k] : change->targets.items[k].expr);
		if (!e || target_add(ps, &out->targets, e, "") < 0)
			return -1;
	}
	if (r->part->q->actions[i].write && all_values(r, i, out) < 0)
		return -1;
	if (!out->targets.n && target_add(ps, &out->targets, expr_const(ps, 23, val_null()), "") < 0)
		return -1;
	return 0;
}

static void check_once(Parts *p, const Part *part)
{
	const Query *q = part->q;
	Buf b = { 0 };
	buf_printf(&b, "SELECT 1 FROM understudy_rows(%d) WHERE c%d IN (0", part->rows, ACTION);
	for (size_t i = 0; i < q->nactions; i++)
		if (q->actions[i].matched && q->actions[i].change)
			buf_printf(&b, ", %zu", i + 1);
	buf_printf(&b, ") GROUP BY c%d HAVING count(*) > 1", ROWID);
	PlanStep *s = parts_add_step(p, STEP_CHECK_EMPTY);
	s->sql = arena_strndup(p->ps->a, (const char *)b.data, b.len);
	s->code = "21000";
	s->message = "MERGE command cannot affect row a second time";
	s->hint = "Ensure that not more than one source row matches any one target row.";
	buf_free(&b);
}

int merge_compute(Parts *p, Part *part)
{
	ParseState *ps = p->ps;
	const Query *q = part->q;
	Query sel = { .cmd = CMD_SELECT };
	Rows r = { .p = p, .part = part, .sel = &sel, .store = rte_store(ps, part->rows) };
	Query *values = arena_array(ps->a, Query, q->nactions + 1);
	Expr *rowid = expr_new(ps, X_ROWID, 20, -1);
	rowid->rte = q->result;
	join_source(ps, q, &sel);
	if (rows_add_output(&r, action_number(ps, q), 0) < 0 || rows_add_output(&r, rowid, 0) < 0)
		return -1;
	for (size_t i = 0; i < q->nactions; i++)
		if (q->actions[i].change && action_values(&r, i, &values[i]) < 0)
			return -1;
	if (parts_store(p, &sel, part->rows, 0) < 0)
		return -1;
	check_once(p, part);
	for (size_t i = 0; i < q->nactions; i++) {
		MergeAction *m = &q->actions[i];
		if (!m->change)
			continue;
		m->store = p->nstores++;
		if (parts_store(p, &values[i], m->store, q->result->rel->oid) < 0)
			return -1;
	}
	return 0;
}

static const CmdKind apply_order[] = { CMD_DELETE, CMD_UPDATE, CMD_INSERT };
static const CmdKind fire_order[] = { CMD_INSERT, CMD_UPDATE, CMD_DELETE };

static int event_of(CmdKind cmd)
{
	return cmd == CMD_INSERT ? TRIGGER_INSERT : cmd == CMD_UPDATE ? TRIGGER_UPDATE : TRIGGER_DELETE;
}

/* All columns that actions of the kind set; NULL when there is no such action, or nothing fires. */
static struct PlanWrite *write_of(Parts *p, const Query *q, CmdKind cmd)
{
	const CatRel *rel = q->result->rel;
	bool any = false;
	int16_t *set = arena_array(p->ps->a, int16_t, rel->ncols * q->nactions + 1);
	size_t n = 0;
	for (size_t i = 0; i < q->nactions; i++) {
		const Query *change = q->actions[i].change;
		any |= change && change->cmd == cmd;
		for (size_t k = 0; change && change->cmd == CMD_UPDATE && k < change->targets.n; k++)
			set[n++] = (int16_t)change->targets.items[k].attnum;
	}
	if (!any || !writes_rows(rel, event_of(cmd)))
		return NULL;
	struct PlanWrite *w = plan_write_new(p->ps->a, rel, event_of(cmd));
	w->set = set;
	w->nset = cmd == CMD_UPDATE ? n : 0;
	w->counted = true;
	return w;
}

bool merge_begin(Parts *p, Part *part)
{
	const Query *q = part->q;
	bool any = false;
	for (size_t k = 0; k < ARRAY_LEN(fire_order); k++) {
		struct PlanWrite *w = write_of(p, q, fire_order[k]);
		if (!w)
			continue;
		any = true;
		parts_add_step(p, STEP_FIRE_BEFORE)->write = w;
		for (size_t i = 0; i < q->nactions; i++)
			if (q->actions[i].change && q->actions[i].change->cmd == fire_order[k])
				q->actions[i].write = arena_dup(p->ps->a, w, sizeof *w);
	}
	return any;
}

static void fire_after(Parts *p, const Query *q)
{
	for (size_t k = ARRAY_LEN(fire_order); k-- > 0;)
		for (size_t i = 0; i < q->nactions; i++)
			if (q->actions[i].write && q->actions[i].change->cmd == fire_order[k]) {
				parts_add_step(p, STEP_FIRE_AFTER)->write = q->actions[i].write;
				break;
			}
}

int merge_apply(Parts *p, Part *part)
{
	for (size_t k = 0; k < ARRAY_LEN(apply_order); k++)
		for (size_t i = 0; i < part->q->nactions; i++) {
			const MergeAction *m = &part->q->actions[i];
			Part one = { .q = m->change, .rows = m->store, .out = -1, .write = m->write, .apart = true };
			if (m->change && m->change->cmd == apply_order[k] && part_apply(p, &one) < 0)
				return -1;
		}
	fire_after(p, part->q);
	return 0;
}
