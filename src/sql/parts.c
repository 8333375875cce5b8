/* Statements of several parts: in which order they are computed and applied. See parts.h. */
#include "sql/parts_rows.h"
#include "sql/triggers.h"

enum { MAX_CHANGED = 100 };

static bool note_sublink(Expr *x, void *arg)
{
	*(bool *)arg |= x->kind == X_SUBLINK;
	return true;
}

/* What a function does while a row is written would be a part of that write: all is computed before. */
static bool note_user_call(Expr *x, void *arg)
{
	*(bool *)arg |= x->kind == X_FUNC && is_user_proc(x->proc);
	return true;
}

static bool calls_programs(const Query *q)
{
	bool calls = false;
	if (q->cmd != CMD_SELECT)
		query_walk((Query *)(uintptr_t)q, note_user_call, &calls);
	return calls;
}

int part_event(const Query *q)
{
	return q->cmd == CMD_INSERT ? TRIGGER_INSERT : q->cmd == CMD_UPDATE ? TRIGGER_UPDATE : q->cmd == CMD_DELETE ? TRIGGER_DELETE : 0;
}

static bool fires(const Query *q)
{
	int events = part_event(q) | (q->conflict && q->conflict->do_update ? TRIGGER_UPDATE : 0);
	return q->result && writes_rows(q->result->rel, events);
}

/* What a part with triggers cannot do. */
static int check_triggers(ParseState *ps, const Query *q)
{
	if (!q->result || q->cmd == CMD_SELECT)
		return 0;
	int event = q->cmd == CMD_MERGE ? TRIGGER_DELETE : part_event(q);
	const CatRel *child = cascades_to_triggers(ps->env->cat, q->result->rel, event);
	if (!child)
		return 0;
	return an_refuse(ps, q->result->location,
			 "a change that the actions of foreign keys bring to table \"%s\", which has triggers, is not available in SQLite "
			 "mode",
			 child->name);
}

int parts_check(ParseState *ps, const Query *q)
{
	return ps->env->cat && ps->env->cat->ntriggers ? check_triggers(ps, q) : 0;
}

bool parts_needed(const Query *q)
{
	if (query_changes_tree(q))
		return true;
	if (fires(q))
		return true;
	if (calls_programs(q))
		return true;
	if (q->has_modifying || q->cmd == CMD_MERGE)
		return true;
	for (size_t i = 0; i < q->nctes; i++)
		if (q->ctes[i]->loops)
			return true;
	bool sublink = false;
	for (size_t i = 0; i < q->returning.n; i++)
		expr_walk(q->returning.items[i].expr, note_sublink, &sublink);
	return sublink && !q->conflict;
}

const char *parts_text(Parts *p, const Query *q)
{
	ParseState *ps = p->ps;
	Emitter e = { .a = ps->a,
		      .cat = ps->env->cat,
		      .types = ps->env->types,
		      .source = ps->source,
		      .err = ps->err,
		      .plain_groups = ps->env->plain_groups,
		      .snapshots = p->snapshots,
		      .nsnapshots = p->nsnapshots,
		      .changed = p->changed,
		      .nchanged = p->nchanged };
	const char *text = emit_query(&e, q) < 0 ? NULL : arena_strndup(ps->a, (const char *)e.out.data, e.out.len);
	buf_free(&e.out);
	return text;
}

PlanStep *parts_add_step(Parts *p, StepKind kind)
{
	Plan *plan = p->plan;
	if (plan->nsteps == p->step_cap) {
		p->step_cap = p->step_cap ? p->step_cap * 2 : 16;
		PlanStep *grown = arena_array(p->ps->a, PlanStep, p->step_cap);
		if (plan->nsteps)
			memcpy(grown, plan->steps, plan->nsteps * sizeof *grown);
		plan->steps = grown;
	}
	PlanStep *s = &plan->steps[plan->nsteps++];
	*s = (PlanStep){ .kind = kind };
	return s;
}

PlanStep *parts_step(Parts *p, StepKind kind, const Query *q)
{
	const char *sql = parts_text(p, q);
	if (!sql)
		return NULL;
	PlanStep *s = parts_add_step(p, kind);
	s->sql = sql;
	s->oid = q->result ? q->result->rel->oid : 0;
	return s;
}

int parts_store(Parts *p, const Query *q, int store, uint32_t target)
{
	PlanStep *s = parts_step(p, STEP_STORE, q);
	if (!s)
		return -1;
	s->value = store;
	s->oid = target;
	return 0;
}

static Part *waits_for(Parts *p, const Part *part)
{
	for (size_t i = 0; i < p->n; i++)
		if (part->uses[i] && part_returns_late(&p->items[i]) && !p->items[i].applied)
			return &p->items[i];
	return NULL;
}

static bool can_compute(Parts *p, const Part *part)
{
	for (size_t i = 0; i < p->n; i++)
		if (part->uses[i] && !p->items[i].computed)
			return false;
	return !waits_for(p, part);
}

static bool is_read(const Part *part)
{
	return !part->cte || part->cte->modifying || part->cte->refs;
}

static int compute(Parts *p, Part *part)
{
	part->computed = true;
	if (!is_read(part))
		return 0;
	if (part_compute(p, part) < 0)
		return -1;
	if (part->cte && part->out >= 0) {
		part->cte->stored = true;
		part->cte->store = part->out;
	}
	return 0;
}

static int compute_ready(Parts *p)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < p->n; i++) {
			if (p->items[i].computed || !can_compute(p, &p->items[i]))
				continue;
			if (compute(p, &p->items[i]) < 0)
				return -1;
			more = true;
		}
	}
	return 0;
}

static void note_changed(Parts *p, const CatRel *rel)
{
	const CatRel **grown = arena_array(p->ps->a, const CatRel *, p->nchanged + 1);
	if (p->nchanged)
		memcpy(grown, p->changed, p->nchanged * sizeof *grown);
	grown[p->nchanged++] = rel;
	p->changed = grown;
}

/* What it reads was changed before it, as PostgreSQL does it while it pulls rows from one part into the next. */
static int apply(Parts *p, Part *part)
{
	if (part->applied)
		return 0;
	part->applied = true;
	for (size_t i = 0; i < p->n; i++)
		if (part->uses[i] && apply(p, &p->items[i]) < 0)
			return -1;
	if (part->q->cmd == CMD_SELECT)
		return 0;
	if (part_apply(p, part) < 0)
		return -1;
	for (size_t i = 0; i < part->nmembers; i++)
		note_changed(p, part->tables[i]);
	note_changed(p, part->q->result->rel);
	return 0;
}

/* The tables that a part will change, those changed by foreign keys' actions included. */
static void collect_changes(Parts *p, const CatRel *rel, struct Snapshot *out, size_t *n, size_t cap)
{
	for (size_t i = 0; i < *n; i++)
		if (out[i].rel == rel)
			return;
	if (*n == cap)
		return;
	out[(*n)++] = (struct Snapshot){ .rel = rel };
	const Catalog *cat = p->ps->env->cat;
	for (size_t i = 0; i < cat->nrels; i++)
		for (size_t k = 0; k < cat->rels[i]->nconstraints; k++) {
			const CatConstraint *c = cat->rels[i]->constraints[k];
			if (c->type == 'f' && c->ref == rel && c->on_delete && !strchr("ar", c->on_delete))
				collect_changes(p, c->table, out, n, cap);
		}
}

static void collect_parts(Parts *p, const Part *part, struct Snapshot *out, size_t *n, size_t cap)
{
	for (size_t i = 0; i < p->n; i++)
		if (part->uses[i] && !p->items[i].applied)
			collect_parts(p, &p->items[i], out, n, cap);
	if (part->q->cmd != CMD_SELECT)
		collect_changes(p, part->q->result->rel, out, n, cap);
}

static bool only_inserts(const Parts *p, const Part *part)
{
	if (!part->q->conflict || part->q->conflict->do_update || part->write)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (part->uses[i] && !p->items[i].applied && p->items[i].q->cmd != CMD_SELECT)
			return false;
	return true;
}

/* SELECT of the row number and all columns. */
static int copy_table(Parts *p, const struct Snapshot *s)
{
	ParseState *ps = p->ps;
	Query q = { .cmd = CMD_SELECT };
	Rte *rte = rte_relation(ps, s->rel, s->rel->name, -1);
	query_from_rte(ps, &q, rte);
	Expr *rowid = expr_new(ps, X_ROWID, 20, -1);
	rowid->rte = rte;
	if (target_add(ps, &q.targets, rowid, "") < 0)
		return -1;
	for (size_t i = 0; i < s->rel->ncols; i++)
		if (!s->rel->cols[i].dropped && target_add(ps, &q.targets, var_new(ps, rte, (int)i + 1, -1), "") < 0)
			return -1;
	return parts_store(p, &q, s->store, 0);
}

/* Copies that turned out to be needed are made before the changes, at the steps noted. */
static int insert_copies(Parts *p)
{
	struct Snapshot *all = p->snapshots;
	size_t n = p->nsnapshots;
	p->nsnapshots = p->nchanged = 0;
	for (size_t i = n; i-- > 0;) {
		if (!all[i].used || all[i].new_rowid)
			continue;
		if (copy_table(p, &all[i]) < 0)
			return -1;
		PlanStep *steps = p->plan->steps, copy = steps[p->plan->nsteps - 1];
		memmove(steps + all[i].at + 1, steps + all[i].at, (p->plan->nsteps - 1 - all[i].at) * sizeof *steps);
		steps[all[i].at] = copy;
	}
	return 0;
}

/* Applies a part whose result others wait for, and computes these on the tables as they were. */
static int apply_early(Parts *p, Part *part)
{
	struct Snapshot *all = arena_array(p->ps->a, struct Snapshot, p->nsnapshots + MAX_CHANGED);
	size_t before = p->nsnapshots, n = before;
	if (before)
		memcpy(all, p->snapshots, before * sizeof *all);
	collect_parts(p, part, all, &n, before + MAX_CHANGED);
	for (size_t i = 0; i < n; i++)
		if (catrel_is_tree(all[i].rel))
			return an_refuse(p->ps, -1,
					 "a WITH whose changes of a partitioned table others read is not available in SQLite mode");
	for (size_t i = 0; i < before; i++)
		if (all[i].new_rowid && all[i].rel == part->q->result->rel)
			return an_refuse(p->ps, -1, "this order of changes of one table in WITH is not available in SQLite mode");
	if (n == before + MAX_CHANGED)
		return an_refuse(p->ps, -1, "a WITH that changes more than %d tables is not available in SQLite mode", MAX_CHANGED);
	bool inserts = only_inserts(p, part);
	size_t at = p->plan->nsteps;
	if (apply(p, part) < 0)
		return -1;
	for (size_t i = before; i < n; i++) {
		all[i].at = at;
		all[i].store = inserts ? part->out : p->nstores++;
		all[i].new_rowid = inserts ? part->rowid_at : 0;
	}
	p->snapshots = all;
	p->nsnapshots = n;
	if (part->cte && part->out >= 0) {
		part->cte->stored = true;
		part->cte->store = part->out;
	}
	return compute_ready(p);
}

static Part *first_blocked(Parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		Part *w = p->items[i].computed ? NULL : waits_for(p, &p->items[i]);
		if (w && w->computed)
			return w;
	}
	return NULL;
}

static void make_parts(Parts *p, Query *q)
{
	ParseState *ps = p->ps;
	p->n = q->nctes + 1;
	p->items = arena_array(ps->a, Part, p->n);
	for (size_t i = 0; i < q->nctes; i++) {
		bool *uses = arena_array(ps->a, bool, p->n);
		memcpy(uses, q->ctes[i]->uses, i * sizeof *uses);
		p->items[i] = (Part){ .q = q->ctes[i]->query, .cte = q->ctes[i], .uses = uses, .rows = p->nstores++, .out = -1 };
	}
	Query *main = arena_dup(ps->a, q, sizeof *q);
	main->ctes = NULL;
	main->nctes = 0;
	bool *uses = arena_array(ps->a, bool, p->n);
	for (size_t i = 0; i < q->nctes; i++)
		uses[i] = q->ctes[i]->refs > q->ctes[i]->refs_within;
	p->items[q->nctes] = (Part){ .q = main, .uses = uses, .rows = p->nstores++, .out = -1 };
}

static void read_result(Parts *p, const Query *q)
{
	Buf b = { 0 };
	buf_puts(&b, "SELECT ");
	for (size_t i = 0; i < q->ncols; i++)
		buf_printf(&b, i ? ", c%zu" : "c%zu", i + 1);
	buf_printf(&b, q->ncols ? " FROM understudy_rows(%d)" : "1 FROM understudy_rows(%d)", p->items[p->n - 1].out);
	p->plan->sql = arena_strndup(p->ps->a, (const char *)b.data, b.len);
	buf_free(&b);
}

/* `named` has the columns that `set` names; rel's own are found by their names. */
static struct PlanWrite *new_write(Parts *p, const CatRel *named, const CatRel *rel, int event, const TargetList *set)
{
	struct PlanWrite *w = plan_write_new(p->ps->a, rel, event);
	int16_t *cols = arena_array(p->ps->a, int16_t, set->n + 1);
	for (size_t k = 0; event == TRIGGER_UPDATE && k < set->n; k++) {
		int attnum = set->items[k].attnum;
		const CatColumn *own = catrel_column(rel, named->cols[attnum - 1].name);
		cols[w->nset++] = own ? own->attnum : (int16_t)attnum;
	}
	w->set = cols;
	return w;
}

struct PlanWrite *part_write(Parts *p, const Part *part, const CatRel *rel)
{
	struct PlanWrite *w = new_write(p, part->q->result->rel, rel, part_event(part->q), &part->q->targets);
	w->counted = !part->cte && !p->plan->returns_rows;
	return w;
}

static int begin_write(Parts *p, Part *part)
{
	const CatRel *rel = part->q->result->rel;
	const OnConflict *oc = part->q->conflict;
	part->write = part_write(p, part, rel);
	parts_add_step(p, STEP_FIRE_BEFORE)->write = part->write;
	if (!oc || !oc->do_update)
		return 1;
	part->upsert = new_write(p, rel, rel, TRIGGER_UPDATE, &oc->set);
	parts_add_step(p, STEP_FIRE_BEFORE)->write = part->upsert;
	return 1;
}

/* The triggers of the statements come before anything is computed. */
static int begin_writes(Parts *p)
{
	bool any = false;
	for (size_t i = 0; i < p->n; i++) {
		Part *part = &p->items[i];
		if (check_triggers(p->ps, part->q) < 0)
			return -1;
		if (part_is_tree(part)) {
			int rc = tree_begin(p, part);
			if (rc < 0)
				return -1;
			any |= rc;
		} else if (part->q->cmd == CMD_MERGE) {
			any |= merge_begin(p, part);
		} else if (fires(part->q)) {
			any |= begin_write(p, part);
		}
	}
	return any;
}

int parts_plan(ParseState *ps, Query *q, Plan *plan)
{
	Parts p = { .ps = ps, .plan = plan };
	make_parts(&p, q);
	int writes = begin_writes(&p);
	if (writes < 0)
		return -1;
	if (compute_ready(&p) < 0)
		return -1;
	for (Part *w; (w = first_blocked(&p));)
		if (apply_early(&p, w) < 0)
			return -1;
	for (size_t i = p.n; i-- > 0;)
		if (apply(&p, &p.items[i]) < 0)
			return -1;
	plan->defer_fk = p.nchanged > 1 || query_changes_tree(q) || q->cmd == CMD_MERGE || writes;
	if (insert_copies(&p) < 0)
		return -1;
	if (writes)
		parts_add_step(&p, STEP_FIRE_QUEUE);
	if (plan->returns_rows)
		read_result(&p, q);
	return 0;
}
