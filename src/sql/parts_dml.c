/* One part of a statement: the query that computes what it will write and return, and the statement that writes it. See parts.h. */
#include "sql/parts_rows.h"
#include "sql/rewrite.h"
#include "sql/tree.h"
#include "sql/triggers.h"
#include "sqlite/row_store.h"

bool part_returns_late(const Part *part)
{
	return part->q->conflict || (part->write && part->q->returning.n);
}

bool part_returns_early(const Part *part)
{
	return part->q->returning.n && (!part->cte || part->cte->refs) && !part_returns_late(part);
}

int rows_add_output(Rows *r, Expr *e, int attnum)
{
	ParseState *ps = r->p->ps;
	if (r->sel->targets.n >= STORE_COLUMNS)
		return an_refuse(ps, e->location, "a change of more than %d columns in this form is not available in SQLite mode",
				 STORE_COLUMNS);
	if (target_add(ps, &r->sel->targets, e, "") < 0)
		return -1;
	r->sel->targets.items[r->sel->targets.n - 1].attnum = attnum;
	return 0;
}

Expr *rows_store_var(ParseState *ps, Rte *store, size_t column, const Expr *like)
{
	Expr *v = expr_new(ps, X_VAR, like->type, like->location);
	v->typmod = like->typmod;
	v->collation = like->collation;
	v->rte = store;
	v->column = (int)column;
	return v;
}

static Expr *stored_value(Expr *x, void *arg);

static Expr *generated_value(Expr *x, void *arg)
{
	Rows *r = arg;
	if (x->kind != X_VAR)
		return NULL;
	Expr v = *x;
	v.rte = r->part->q->result;
	return stored_value(&v, r);
}

/* A generated column, from the new values of the others. */
static Expr *generated_column(Rows *r, const CatColumn *col)
{
	ParseState *ps = r->p->ps;
	Expr *e = an_expr_text(ps->env, ps->a, col->default_sql, r->part->q->result->rel, AT_DEFAULT, col->type->oid, col->typmod, ps->err);
	r->failed |= !e;
	return expr_rewrite(ps->a, e, generated_value, r);
}

/* What was not kept yet goes to the store now. */
static Expr *kept_value(Rows *r, Expr *x)
{
	if (rows_add_output(r, expr_copy(r->p->ps, x), 0) < 0) {
		r->failed = true;
		return x;
	}
	return rows_store_var(r->p->ps, r->store, r->sel->targets.n, x);
}

static Expr *no_row_number(Rows *r, Expr *x)
{
	r->failed = true;
	an_refuse(r->p->ps, x->location, "the system column \"%s\" of new rows is not available here in SQLite mode", x->name);
	return x;
}

/* A column of the target as it will be, or of another table as it is, read from the store. */
static Expr *stored_value(Expr *x, void *arg)
{
	Rows *r = arg;
	ParseState *ps = r->p->ps;
	const Query *q = r->part->q;
	if (is_tableoid(x) && x->rte == q->result)
		return rte_is_tree(x->rte) ? rows_store_var(ps, r->store, r->part->nattnums + 1, x) : NULL;
	if (r->part->write && is_upserted_xmax(x))
		return rows_store_var(ps, r->store, r->part->write->n, x);
	if (x->kind == X_ROWID && (x->rte == q->result ? q->cmd == CMD_INSERT : !query_has_rte(q, x->rte)))
		return x->rte == q->result ? no_row_number(r, x) : NULL;
	if (x->kind == X_ROWID)
		return kept_value(r, x);
	bool own = x->kind == X_VAR && x->rte == q->result && x->column > 0;
	if (!own && !(x->kind == X_VAR && x->column > 0 && x->rte && query_has_rte(q, x->rte)))
		return NULL;
	const CatColumn *col = own ? &q->result->rel->cols[x->column - 1] : NULL;
	if (own && col->generated && q->cmd != CMD_DELETE && q->cmd != CMD_MERGE)
		return generated_column(r, col);
	const TargetList *t = &r->sel->targets;
	for (size_t i = 0; i < t->n; i++) {
		const Expr *e = t->items[i].expr;
		bool same = own && t->items[i].attnum == x->column;
		bool kept = !t->items[i].attnum && e->kind == X_VAR && e->rte == x->rte && e->column == x->column;
		if (same || kept)
			return rows_store_var(ps, r->store, i + 1, x);
	}
	if (own && q->cmd == CMD_INSERT)
		return expr_const(ps, x->type, val_null());
	return kept_value(r, x);
}

Expr *rows_rewrite(Rows *r, Expr *x)
{
	Expr *e = expr_rewrite(r->p->ps->a, x, stored_value, r);
	return r->failed ? NULL : e;
}

static bool is_grouped(const Query *q)
{
	return q->cmd != CMD_INSERT && q->nfrom;
}

/* Target and FROM of an UPDATE or DELETE: its row numbers first; each row of the target once. */
static int select_changed(Rows *r)
{
	ParseState *ps = r->p->ps;
	const Query *q = r->part->q;
	Query *sel = r->sel;
	sel->from = arena_array(ps->a, FromItem *, q->nfrom + 1);
	sel->from[0] = arena_new_of(ps->a, FromItem);
	sel->from[0]->rte = q->result;
	memcpy(sel->from + 1, q->from, q->nfrom * sizeof *q->from);
	sel->nfrom = q->nfrom + 1;
	sel->where = q->where;
	Expr *rowid = expr_new(ps, X_ROWID, 20, -1);
	rowid->rte = q->result;
	if (is_grouped(q))
		expr_list_add(ps->a, &sel->group_by, rowid);
	if (rows_add_output(r, rowid, 0) < 0)
		return -1;
	for (size_t i = 0; q->cmd == CMD_UPDATE && i < q->targets.n; i++)
		if (rows_add_output(r, q->targets.items[i].expr, q->targets.items[i].attnum) < 0)
			return -1;
	return 0;
}

static int select_inserted(Rows *r)
{
	ParseState *ps = r->p->ps;
	const Query *q = r->part->q;
	Query *sel = r->sel;
	sel->from = q->from;
	sel->nfrom = q->nfrom;
	for (size_t i = 0; i < q->ninsert; i++) {
		Expr *e = q->values ? q->values[0].items[i] : q->targets.items[i].expr;
		if (rows_add_output(r, e, q->insert_attnums[i]) < 0)
			return -1;
	}
	if (!q->ninsert && rows_add_output(r, expr_const(ps, 23, val_null()), 0) < 0)
		return -1;
	if (q->nvalues <= 1)
		return 0;
	sel->values = q->values;
	sel->nvalues = q->nvalues;
	return 0;
}

static int returning_query(Rows *r, Query *out)
{
	ParseState *ps = r->p->ps;
	const Query *q = r->part->q;
	*out = (Query){ .cmd = CMD_SELECT };
	query_from_rte(ps, out, r->store);
	for (size_t i = 0; i < q->returning.n; i++) {
		Expr *e = rows_rewrite(r, q->returning.items[i].expr);
		if (!e || target_add(ps, &out->targets, e, q->returning.items[i].name) < 0)
			return -1;
	}
	return 0;
}

/* The attribute number that a column of a member of a tree (tree.h) has in the table itself. */
static int own_attnum(const CatRel *member, const CatRel *rel, int attnum)
{
	const CatColumn *own = attnum && member != rel ? catrel_column(rel, member->cols[attnum - 1].name) : NULL;
	return own ? own->attnum : attnum;
}

/* With triggers all columns are in the store, as they will be: the triggers see them, and may change any. So are those of a row whose
 * partition is not known yet. */
static int all_columns(Rows *r)
{
	ParseState *ps = r->p->ps;
	const Query *q = r->part->q;
	struct PlanWrite *w = r->part->write;
	const CatRel *rel = q->result->rel;
	if (r->sel->nvalues)
		r->sel->values = arena_dup(ps->a, r->sel->values, r->sel->nvalues * sizeof *r->sel->values);
	for (size_t i = 0; i < rel->ncols && q->cmd != CMD_DELETE; i++) {
		const CatColumn *c = &rel->cols[i];
		bool there = c->dropped || c->generated;
		for (size_t k = 0; k < r->sel->targets.n && !there; k++)
			there = r->sel->targets.items[k].attnum == c->attnum;
		if (there)
			continue;
		Expr *e = q->cmd == CMD_INSERT ? expr_const(ps, c->type->oid, val_null()) : var_new(ps, q->result, c->attnum, -1);
		if (rows_add_output(r, e, c->attnum) < 0)
			return -1;
		for (size_t k = 0; k < r->sel->nvalues; k++)
			expr_list_add(ps->a, &r->sel->values[k], e);
	}
	if (w && q->conflict && q->conflict->do_update) {
		Expr *no = expr_const(ps, 28, val_int(0));
		if (rows_add_output(r, no, 0) < 0)
			return -1;
		for (size_t k = 0; k < r->sel->nvalues; k++)
			expr_list_add(ps->a, &r->sel->values[k], no);
	}
	const size_t n = r->sel->targets.n;
	int *attnums = arena_array(ps->a, int, n + 1);
	for (size_t i = 0; i < n; i++)
		attnums[i] = own_attnum(rel, w ? w->rel : rel, r->sel->targets.items[i].attnum);
	if (w) {
		w->n = n;
		w->attnums = attnums;
	}
	r->part->nattnums = n;
	r->part->attnums = attnums;
	return 0;
}

static int compute_written(Rows *r)
{
	Part *part = r->part;
	Query *ret = arena_new_of(r->p->ps->a, Query);
	if (all_columns(r) < 0)
		return -1;
	if (part->q->returning.n && (!part->cte || part->cte->refs)) {
		if (returning_query(r, ret) < 0)
			return -1;
		part->ret = ret;
	}
	return parts_store(r->p, r->sel, part->rows, part->q->result->rel->oid);
}

static int compute_changes(Parts *p, Part *part)
{
	Query sel = { .cmd = CMD_SELECT }, ret;
	const Query *q = part->q;
	Rows r = { .p = p, .part = part, .sel = &sel, .store = rte_store(p->ps, part->rows) };
	sel.ctes = q->ctes;
	sel.nctes = q->nctes;
	sel.with_recursive = q->with_recursive;
	if ((q->cmd == CMD_INSERT ? select_inserted(&r) : select_changed(&r)) < 0)
		return -1;
	if (part->write)
		return compute_written(&r);
	if (part->moves && all_columns(&r) < 0)
		return -1;
	const bool returns = part_returns_early(part);
	if (returns && returning_query(&r, &ret) < 0)
		return -1;
	if (parts_store(p, &sel, part->rows, q->result->rel->oid) < 0)
		return -1;
	if (!returns)
		return 0;
	if (part->out < 0)
		part->out = p->nstores++;
	return parts_store(p, &ret, part->out, 0);
}

int part_compute_rows(Parts *p, Part *part, Query *ret)
{
	Query sel = { .cmd = CMD_SELECT };
	Rows r = { .p = p, .part = part, .sel = &sel, .store = rte_store(p->ps, part->rows) };
	sel.ctes = part->q->ctes;
	sel.nctes = part->q->nctes;
	if (select_inserted(&r) < 0 || all_columns(&r) < 0)
		return -1;
	r.store = rte_store(p->ps, part->routed);
	if (part_returns_early(part) && returning_query(&r, ret) < 0)
		return -1;
	return parts_store(p, &sel, part->rows, part->q->result->rel->oid);
}

static Query *all_of(ParseState *ps, Rte *rte, const Query *like)
{
	Query *q = arena_new_of(ps->a, Query);
	rte->cols = like->cols;
	rte->ncols = like->ncols;
	query_from_rte(ps, q, rte);
	for (size_t i = 0; i < like->ncols; i++)
		if (target_add(ps, &q->targets, var_new(ps, rte, (int)i + 1, -1), "") < 0)
			return NULL;
	query_set_columns(ps, q, &q->targets);
	return q;
}

/* A recursion that SQLite cannot run: the rows of each step are the input of the next; with UNION only those that are new. */
static int compute_loop(Parts *p, Part *part)
{
	ParseState *ps = p->ps;
	const Query *q = part->q;
	Cte *cte = part->cte;
	Query *first = all_of(ps, rte_subquery(ps, q->larg, "", -1), q), *seen = all_of(ps, rte_store(ps, part->rows), q), *next = q->rarg;
	if (!first || !seen)
		return -1;
	first->distinct = !q->setop_all;
	first->ctes = q->ctes;
	first->nctes = q->nctes;
	if (parts_store(p, first, part->rows, 0) < 0)
		return -1;
	if (!q->setop_all) {
		next = arena_new_of(ps->a, Query);
		*next = (Query){ .setop = SETOP_EXCEPT, .larg = q->rarg, .rarg = seen, .cols = q->cols, .ncols = q->ncols };
		next->ctes = q->ctes;
		next->nctes = q->nctes;
	}
	cte->stored = true;
	cte->store = p->nstores;
	p->nstores += 2;
	PlanStep *s = parts_step(p, STEP_LOOP, next);
	if (!s)
		return -1;
	s->value = part->rows;
	s->work = cte->store;
	return 0;
}

static int compute_select(Parts *p, Part *part)
{
	ParseState *ps = p->ps;
	part->out = part->rows;
	if (part->q->ncols > STORE_COLUMNS)
		return an_refuse(ps, -1, "more than %d columns beside a data-modifying WITH are not available in SQLite mode",
				 STORE_COLUMNS);
	if (part->cte && part->cte->loops)
		return compute_loop(p, part);
	if (!part->cte || !part->cte->recursive)
		return parts_store(p, part->q, part->rows, 0);
	Query q = { .cmd = CMD_SELECT, .nctes = 1, .with_recursive = true };
	q.ctes = arena_array(ps->a, Cte *, 1);
	q.ctes[0] = part->cte;
	Rte *rte = rte_new(ps, RTE_CTE, part->cte->name, -1);
	rte->cte = part->cte;
	rte->cols = part->cte->cols;
	rte->ncols = part->cte->ncols;
	query_from_rte(ps, &q, rte);
	for (size_t i = 0; i < rte->ncols; i++)
		if (target_add(ps, &q.targets, var_new(ps, rte, (int)i + 1, -1), "") < 0)
			return -1;
	return parts_store(p, &q, part->rows, 0);
}

int part_compute(Parts *p, Part *part)
{
	return part_is_tree(part)	    ? tree_compute(p, part)
	       : part->q->cmd == CMD_SELECT ? compute_select(p, part)
	       : part->q->cmd == CMD_MERGE  ? merge_compute(p, part)
					    : compute_changes(p, part);
}

Expr *part_rowid_test(ParseState *ps, Rte *result, Rte *store, bool in)
{
	Expr *rowid = expr_new(ps, X_ROWID, 20, -1), like = { .type = 20, .typmod = -1, .location = -1 };
	rowid->rte = result;
	Expr *c1 = rows_store_var(ps, store, 1, &like), *test = make_op(ps, "=", NULL, rowid, c1, -1);
	if (!test || !in)
		return test;
	Query *q = arena_new_of(ps->a, Query);
	query_from_rte(ps, q, store);
	if (target_add(ps, &q->targets, c1, "") < 0)
		return NULL;
	query_set_columns(ps, q, &q->targets);
	Expr *any = expr_new(ps, X_SUBLINK, 16, -1);
	any->sublink = SUBLINK_ANY;
	any->query = q;
	any->proc = test->proc;
	expr_list_add(ps->a, &any->args, rowid);
	return any;
}

Expr *part_column_from(ParseState *ps, Rte *store, const CatRel *rel, int attnum, size_t at)
{
	const CatColumn *c = &rel->cols[attnum - 1];
	Expr like = { .type = c->type->oid, .typmod = c->typmod, .collation = c->type->collation, .location = -1 };
	return rows_store_var(ps, store, at, &like);
}

static int apply_insert(Parts *p, const Part *part, Rte *store, Query *w)
{
	ParseState *ps = p->ps;
	w->source = NULL;
	if (!w->ninsert)
		return 0;
	w->values = NULL;
	w->nvalues = 0;
	query_from_rte(ps, w, store);
	w->targets = (TargetList){ 0 };
	for (size_t i = 0; i < w->ninsert; i++)
		if (target_add(ps, &w->targets, part_column_from(ps, store, w->result->rel, w->insert_attnums[i], i + 1), "") < 0)
			return -1;
	return 0;
}

static int apply_update(Parts *p, const Part *part, Rte *store, Query *w)
{
	ParseState *ps = p->ps;
	query_from_rte(ps, w, store);
	w->targets = (TargetList){ 0 };
	for (size_t i = 0; i < part->q->targets.n; i++) {
		int attnum = part->q->targets.items[i].attnum;
		if (target_add(ps, &w->targets, part_column_from(ps, store, w->result->rel, attnum, i + 2), "") < 0)
			return -1;
		w->targets.items[i].attnum = attnum;
	}
	w->where = part_rowid_test(ps, w->result, store, false);
	return w->where ? 0 : -1;
}

static int apply_delete(Parts *p, Rte *store, Query *w)
{
	w->from = NULL;
	w->nfrom = 0;
	w->where = part_rowid_test(p->ps, w->result, store, true);
	return w->where ? 0 : -1;
}

/* INSERT ... ON CONFLICT returns by itself; the row numbers come last, for those who must not see the new rows. */
static int apply_returning(Parts *p, Part *part, Query *w)
{
	Expr *rowid = expr_new(p->ps, X_ROWID, 20, -1);
	rowid->rte = w->result;
	if (part->out < 0)
		part->out = p->nstores++;
	if (target_add(p->ps, &w->returning, rowid, "") < 0)
		return -1;
	part->rowid_at = (int)w->returning.n;
	return parts_store(p, w, part->out, w->result->rel->oid);
}

static int apply_written(Parts *p, Part *part)
{
	if (part->q->conflict && part_conflict(p, part) < 0)
		return -1;
	PlanStep *s = parts_add_step(p, STEP_WRITE);
	s->value = part->rows;
	s->oid = part->q->result->rel->oid;
	s->write = part->write;
	if (part->ret) {
		if (part->out < 0)
			part->out = p->nstores++;
		if (parts_store(p, part->ret, part->out, 0) < 0)
			return -1;
	}
	if (part->upsert)
		parts_add_step(p, STEP_FIRE_AFTER)->write = part->upsert;
	if (!part->apart && !part->member)
		parts_add_step(p, STEP_FIRE_AFTER)->write = part->write;
	return 0;
}

int part_apply(Parts *p, Part *part)
{
	if (part_is_tree(part))
		return tree_apply(p, part);
	if (part->q->cmd == CMD_MERGE)
		return merge_apply(p, part);
	if (part->write)
		return apply_written(p, part);
	Query w = *part->q;
	Rte *store = rte_store(p->ps, part->rows);
	w.ctes = NULL;
	w.nctes = 0;
	if (part->moves)
		return tree_move(p, part);
	bool late = part_returns_late(part) && w.returning.n && (!part->cte || part->cte->refs);
	if (!late)
		w.returning = (TargetList){ 0 };
	int rc = w.cmd == CMD_INSERT   ? apply_insert(p, part, store, &w)
		 : w.cmd == CMD_UPDATE ? apply_update(p, part, store, &w)
				       : apply_delete(p, store, &w);
	if (rc < 0)
		return -1;
	if (late)
		return apply_returning(p, part, &w);
	return parts_step(p, !part->cte && !p->plan->returns_rows ? STEP_ROWS : STEP_SQL, &w) ? 0 : -1;
}
