/*
 * Changes of a tree of tables (tree.h): UPDATE and DELETE are done to each member by itself, as if the statement had named it. The rows of
 * an INSERT into a partitioned table are computed once, with the partition of each behind them; then each partition takes its own.
 * An UPDATE that sets a column of a partition key computes whole rows: those that stay are updated, the others are deleted where they
 * were and inserted where they belong.
 */
#include "sql/parts_rows.h"
#include "sql/tree.h"
#include "sql/triggers.h"

bool query_changes_tree(const Query *q)
{
	if (!q->result || !rte_is_tree(q->result))
		return false;
	return q->cmd == CMD_INSERT ? q->result->rel->part != NULL : q->cmd != CMD_SELECT;
}

bool part_is_tree(const Part *part)
{
	return part->nmembers || (!part->member && query_changes_tree(part->q));
}

void parts_only_for(Parts *p, size_t from, int store, uint32_t part)
{
	for (size_t i = from; i < p->plan->nsteps; i++) {
		p->plan->steps[i].only_for = part;
		p->plan->steps[i].only_store = store;
	}
}

static bool sets_key(ParseState *ps, const Query *q)
{
	for (size_t i = 0; q->cmd == CMD_UPDATE && q->result->rel->part && i < q->targets.n; i++)
		if (tree_key_has(ps, q->result->rel, q->targets.items[i].attnum))
			return true;
	return false;
}

static bool note_tableoid(Expr *x, void *arg)
{
	*(bool *)arg |= is_tableoid(x);
	return true;
}

static int check_member(ParseState *ps, const Part *part, const CatRel *r)
{
	const Query *q = part->q;
	enum { ANY = TRIGGER_INSERT | TRIGGER_UPDATE | TRIGGER_DELETE };
	if (part->moves && has_row_triggers(r, ANY))
		return an_refuse(ps, q->result->location,
				 "an UPDATE of the partition key of a table with row triggers is not available in SQLite mode");
	if (q->conflict && has_row_triggers(r, TRIGGER_INSERT | TRIGGER_UPDATE))
		return an_refuse(ps, q->result->location, "ON CONFLICT on a table with triggers is not available in SQLite mode");
	const CatRel *child = cascades_to_triggers(ps->env->cat, r, part_event(q));
	if (!child)
		return 0;
	return an_refuse(ps, q->result->location,
			 "a change that the actions of foreign keys bring to table \"%s\", which has triggers, is not available in SQLite "
			 "mode",
			 child->name);
}

static int check_tree(ParseState *ps, const Part *part)
{
	const Query *q = part->q;
	bool oid = false;
	if (q->cmd == CMD_MERGE)
		return an_refuse(ps, q->result->location, "MERGE into a table with partitions or children is not available in SQLite mode");
	for (size_t i = 0; part->moves && i < q->returning.n; i++)
		expr_walk(q->returning.items[i].expr, note_tableoid, &oid);
	if (oid)
		return an_refuse(ps, q->result->location,
				 "tableoid in RETURNING of an UPDATE of the partition key is not available in SQLite mode");
	for (size_t i = 0; i < part->nmembers; i++)
		if (check_member(ps, part, part->tables[i]) < 0)
			return -1;
	return 0;
}

int tree_begin(Parts *p, Part *part)
{
	ParseState *ps = p->ps;
	const CatRel *root = part->q->result->rel;
	const int event = part_event(part->q);
	bool fires = has_triggers(root, event);
	part->tables = tree_members(root, ps->a, &part->nmembers);
	part->members = arena_array(ps->a, Part, part->nmembers + 1);
	part->moves = sets_key(ps, part->q);
	if (check_tree(ps, part) < 0)
		return -1;
	for (size_t i = 0; i < part->nmembers; i++) {
		Part *m = &part->members[i];
		*m = (Part){ .q = part->q, .cte = part->cte, .uses = part->uses, .rows = p->nstores++, .out = -1, .member = true };
		m->moves = part->moves;
		if (has_row_triggers(part->tables[i], event))
			m->write = part_write(p, part, part->tables[i]);
		fires |= m->write != NULL;
	}
	if (!fires)
		return 0;
	part->write = part_write(p, part, root);
	parts_add_step(p, STEP_FIRE_BEFORE)->write = part->write;
	return 1;
}

typedef struct Layout {
	ParseState *ps;
	const Part *part;
	Rte *store;
} Layout;

static Expr *from_layout(Expr *x, void *arg)
{
	const Layout *l = arg;
	for (size_t i = 0; x->kind == X_VAR && x->rte == l->part->q->result && i < l->part->nattnums; i++)
		if (l->part->attnums[i] == x->column)
			return rows_store_var(l->ps, l->store, i + 1, x);
	return NULL;
}

static const Expr like_oid = { .type = 26, .typmod = -1, .location = -1 };

/* The rows of a part once more, with the partition that each belongs to behind them. */
static int route_rows(Parts *p, Part *part, Expr *leaf)
{
	ParseState *ps = p->ps;
	Query q = { .cmd = CMD_SELECT };
	Layout l = { ps, part, rte_store(ps, part->rows) };
	query_from_rte(ps, &q, l.store);
	for (size_t i = 0; i < part->nattnums; i++)
		if (target_add(ps, &q.targets, rows_store_var(ps, l.store, i + 1, &like_oid), "") < 0)
			return -1;
	if (target_add(ps, &q.targets, expr_rewrite(ps->a, leaf, from_layout, &l), "") < 0)
		return -1;
	return parts_store(p, &q, part->routed, part->q->result->rel->oid);
}

/* Of the routed rows of a part those of one partition, or all but those. */
static Expr *in_partition(ParseState *ps, const Part *part, Rte *store, uint32_t oid, bool in)
{
	return make_op(ps, in ? "=" : "<>", NULL, rows_store_var(ps, store, part->nattnums + 1, &like_oid),
		       expr_const(ps, 26, val_int(oid)), -1);
}

/* INSERT INTO partition SELECT its rows: `store` has the columns of part->attnums, from which `skip` are left out, then the partition. */
static int partition_insert(ParseState *ps, const Part *part, int from, size_t skip, uint32_t oid, Query *out)
{
	Rte *store = rte_store(ps, from);
	const CatRel *rel = part->q->result->rel;
	Query *sel = arena_new_of(ps->a, Query);
	*out = *part->q;
	out->cmd = CMD_INSERT;
	out->values = NULL;
	out->nvalues = 0;
	out->source = NULL;
	out->where = NULL;
	out->targets = (TargetList){ 0 };
	out->insert_attnums = arena_array(ps->a, int, part->nattnums + 1);
	out->ninsert = 0;
	query_from_rte(ps, sel, store);
	for (size_t i = skip; i < part->nattnums; i++) {
		if (!part->attnums[i])
			continue;
		out->insert_attnums[out->ninsert++] = part->attnums[i];
		if (target_add(ps, &sel->targets, part_column_from(ps, store, rel, part->attnums[i], i + 1 - skip), "") < 0)
			return -1;
	}
	sel->where = make_op(ps, "=", NULL, rows_store_var(ps, store, part->nattnums + 1 - skip, &like_oid),
			     expr_const(ps, 26, val_int(oid)), -1);
	query_set_columns(ps, sel, &sel->targets);
	Rte *rows = rte_subquery(ps, sel, "", -1);
	query_from_rte(ps, out, rows);
	for (size_t i = 0; i < out->ninsert; i++)
		if (target_add(ps, &out->targets, var_new(ps, rows, (int)i + 1, -1), "") < 0)
			return -1;
	return sel->where ? 0 : -1;
}

static int compute_insert(Parts *p, Part *part, Expr *leaf)
{
	Query ret;
	part->routed = p->nstores++;
	if (part_compute_rows(p, part, &ret) < 0 || route_rows(p, part, leaf) < 0)
		return -1;
	const bool returns = part_returns_early(part);
	if (returns) {
		part->out = p->nstores++;
		if (parts_store(p, &ret, part->out, 0) < 0)
			return -1;
	}
	for (size_t i = 0; i < part->nmembers; i++) {
		Query *q = arena_new_of(p->ps->a, Query);
		if (partition_insert(p->ps, part, part->routed, 0, part->tables[i]->oid, q) < 0)
			return -1;
		if (returns)
			q->returning = (TargetList){ 0 };
		part->members[i].q = q;
	}
	return 0;
}

/* Does something to each member, whose name the target has meanwhile. */
static int each_member(Parts *p, Part *part, int (*fn)(Parts *p, Part *member))
{
	Rte *target = part->q->result;
	const Rte whole = *target;
	int rc = 0;
	for (size_t i = 0; i < part->nmembers && rc == 0; i++) {
		Part *m = &part->members[i];
		const size_t from = p->plan->nsteps;
		tree_narrow(p->ps, target, tree_member(whole.rel, part->tables[i], p->ps->a));
		m->out = part->out;
		rc = fn(p, m);
		part->out = m->out;
		part->rowid_at = m->rowid_at;
		if (part->q->cmd == CMD_INSERT)
			parts_only_for(p, from, part->routed, part->tables[i]->oid);
		*target = whole;
	}
	return rc;
}

static int route_member(Parts *p, Part *m)
{
	m->routed = p->nstores++;
	return part_compute(p, m) < 0 || route_rows(p, m, (Expr *)(uintptr_t)m->leaf) < 0 ? -1 : 0;
}

int tree_compute(Parts *p, Part *part)
{
	Expr *leaf = NULL;
	if (part->moves || part->q->cmd == CMD_INSERT)
		if (!(leaf = tree_leaf_expr(p->ps, part->q->result)))
			return -1;
	if (part->q->cmd == CMD_INSERT && compute_insert(p, part, leaf) < 0)
		return -1;
	for (size_t i = 0; i < part->nmembers; i++)
		part->members[i].leaf = leaf;
	return each_member(p, part, part->moves ? route_member : part_compute);
}

static PlanStep *counted_step(Parts *p, const Part *part, const Query *q)
{
	return parts_step(p, !part->cte && !p->plan->returns_rows ? STEP_ROWS : STEP_SQL, q);
}

/* What stays is updated; what goes is deleted, and kept in the store part->moved without its row number. */
static int update_staying(Parts *p, Part *part)
{
	ParseState *ps = p->ps;
	const uint32_t oid = part->q->result->rel->oid;
	Query w = *part->q;
	Rte *store = rte_store(ps, part->routed);
	w.ctes = NULL;
	w.nctes = 0;
	w.returning = w.targets = (TargetList){ 0 };
	query_from_rte(ps, &w, store);
	for (size_t i = 0; i < part->q->targets.n; i++) {
		int attnum = part->q->targets.items[i].attnum;
		if (target_add(ps, &w.targets, part_column_from(ps, store, w.result->rel, attnum, i + 2), "") < 0)
			return -1;
		w.targets.items[i].attnum = attnum;
	}
	Expr *both = expr_new(ps, X_BOOL, 16, -1);
	both->boolop = BOOL_AND;
	expr_list_add(ps->a, &both->args, part_rowid_test(ps, w.result, store, false));
	expr_list_add(ps->a, &both->args, in_partition(ps, part, store, oid, true));
	w.where = both;
	const size_t from = p->plan->nsteps;
	if (!counted_step(p, part, &w))
		return -1;
	parts_only_for(p, from, part->routed, oid);
	return 0;
}

static int delete_leaving(Parts *p, Part *part)
{
	ParseState *ps = p->ps;
	const uint32_t oid = part->q->result->rel->oid;
	Query gone = { .cmd = CMD_SELECT }, w = { .cmd = CMD_DELETE, .result = part->q->result };
	Rte *store = rte_store(ps, part->routed);
	query_from_rte(ps, &gone, store);
	gone.where = in_partition(ps, part, store, oid, false);
	for (size_t i = 1; i <= part->nattnums; i++)
		if (target_add(ps, &gone.targets, rows_store_var(ps, store, i + 1, &like_oid), "") < 0)
			return -1;
	w.where = part_rowid_test(ps, w.result, store, true);
	if (!w.where || !gone.where)
		return -1;
	w.where->query->where = gone.where;
	return parts_store(p, &gone, part->moved, oid) < 0 || !parts_step(p, STEP_SQL, &w) ? -1 : 0;
}

int tree_move(Parts *p, Part *part)
{
	return update_staying(p, part) < 0 || delete_leaving(p, part) < 0 ? -1 : 0;
}

static int insert_moved(Parts *p, Part *m)
{
	Query q;
	const uint32_t oid = m->q->result->rel->oid;
	const size_t from = p->plan->nsteps;
	if (partition_insert(p->ps, m, m->moved, 1, oid, &q) < 0)
		return -1;
	q.ctes = NULL;
	q.nctes = 0;
	q.returning = (TargetList){ 0 };
	if (!counted_step(p, m, &q))
		return -1;
	parts_only_for(p, from, m->moved, oid);
	return 0;
}

int tree_apply(Parts *p, Part *part)
{
	const int moved = part->moves ? p->nstores++ : -1;
	for (size_t i = 0; i < part->nmembers; i++)
		part->members[i].moved = moved;
	if (each_member(p, part, part_apply) < 0 || (part->moves && each_member(p, part, insert_moved) < 0))
		return -1;
	if (part->write)
		parts_add_step(p, STEP_FIRE_AFTER)->write = part->write;
	return 0;
}
