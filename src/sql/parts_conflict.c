/* ON CONFLICT of rows that are written one by one: how the row that is in the way is found, and what becomes of it. See triggers.h. */
#include "sql/expr.h"
#include "sql/parts_rows.h"
#include "sql/rewrite.h"
#include "sql/triggers.h"

typedef struct Proposed {
	Parts *p;
	const Part *part;
	const CatRel *rel;
	const Rte *of; /* whose columns are those of the proposed row; NULL: of any entry of its relation */
	Rte *store;
	bool failed;
} Proposed;

static Expr *proposed_value(Expr *x, void *arg);

static Expr *proposed_column(Proposed *r, const Expr *x)
{
	ParseState *ps = r->p->ps;
	const struct PlanWrite *w = r->part->write;
	const CatColumn *c = catrel_attnum(r->rel, x->column);
	for (size_t i = 0; i < w->n; i++)
		if (w->attnums[i] == x->column)
			return rows_store_var(ps, r->store, i + 1, x);
	if (!c || !c->generated)
		return expr_const(ps, x->type, val_null());
	Expr *e = an_expr_text(ps->env, ps->a, c->default_sql, r->rel, AT_DEFAULT, c->type->oid, c->typmod, ps->err);
	Proposed any = *r;
	any.of = NULL;
	e = expr_rewrite(ps->a, e, proposed_value, &any);
	r->failed |= !e || any.failed;
	return e;
}

static Expr *proposed_value(Expr *x, void *arg)
{
	Proposed *r = arg;
	bool own = x->rte && (r->of ? x->rte == r->of : x->rte->kind == RTE_RELATION && x->rte->rel == r->rel);
	if (!own || r->failed || !(x->kind == X_ROWID || (x->kind == X_VAR && x->column > 0)))
		return NULL;
	if (x->kind == X_VAR)
		return proposed_column(r, x);
	r->failed = true;
	an_refuse(r->p->ps, x->location, "the system column \"%s\" of EXCLUDED is not available in SQLite mode", x->name);
	return NULL;
}

static Expr *proposed(Proposed *r, const Rte *of, Expr *x)
{
	r->of = of;
	Expr *e = expr_rewrite(r->p->ps->a, x, proposed_value, r);
	return r->failed ? NULL : e;
}

static int add_and(ParseState *ps, Expr **all, Expr *one)
{
	if (one)
		*all = *all ? make_bool(ps, BOOL_AND, *all, one, -1) : one;
	return one ? 0 : -1;
}

/* Key by key the row has what the proposed row has, and both are in the index. */
static Expr *same_key(Proposed *r, const OnConflict *oc)
{
	ParseState *ps = r->p->ps;
	const Rte *target = r->part->q->result;
	Expr *all = NULL;
	for (size_t i = 0; i < oc->targets.n; i++) {
		Expr *mine = oc->targets.items[i], *other = proposed(r, target, mine);
		if (!other || add_and(ps, &all, index_key_conflict(ps, oc->index, i, mine, other)) < 0)
			return NULL;
	}
	if (oc->target_where && (add_and(ps, &all, oc->target_where) < 0 || add_and(ps, &all, proposed(r, target, oc->target_where)) < 0))
		return NULL;
	return all;
}

static Expr *in_the_way(Proposed *r)
{
	ParseState *ps = r->p->ps;
	const Query *q = r->part->q;
	Expr *any = NULL;
	OnConflict each;
	if (q->conflict->index)
		return same_key(r, q->conflict);
	for (size_t i = 0; i < r->rel->nindexes; i++) {
		int rc = conflict_arbiter(ps, r->rel->indexes[i], q->result, &each);
		Expr *one = rc > 0 ? same_key(r, &each) : NULL;
		if (rc < 0 || (rc && !one))
			return NULL;
		if (one)
			any = any ? make_bool(ps, BOOL_OR, any, one, -1) : one;
	}
	return any ? any : expr_const(ps, T_BOOL, val_int(0));
}

static PlanStep *store_step(Parts *p, const Query *q)
{
	PlanStep *s = arena_new_of(p->ps->a, PlanStep);
	*s = (PlanStep){ .kind = STEP_STORE, .value = p->nstores++, .oid = 0 };
	s->sql = parts_text(p, q);
	return s->sql ? s : NULL;
}

static Expr *row_number(ParseState *ps, Rte *rte)
{
	Expr *e = expr_new(ps, X_ROWID, T_INT8, -1);
	e->rte = rte;
	return e;
}

static Query *over_both(Proposed *r)
{
	ParseState *ps = r->p->ps;
	Query *q = arena_new_of(ps->a, Query);
	q->from = arena_array(ps->a, FromItem *, 2);
	for (size_t i = 0; i < 2; i++) {
		q->from[i] = arena_new_of(ps->a, FromItem);
		q->from[i]->rte = i ? r->part->q->result : r->store;
	}
	q->nfrom = 2;
	return target_add(ps, &q->targets, row_number(ps, r->part->q->result), "") < 0 ? NULL : q;
}

static const PlanStep *find_step(Proposed *r)
{
	Query *q = over_both(r);
	if (!q || !(q->where = in_the_way(r)))
		return NULL;
	q->limit = expr_const(r->p->ps, T_INT8, val_int(1));
	return store_step(r->p, q);
}

static Expr *new_value(Proposed *r, const TargetList *set, const CatColumn *c)
{
	const Query *q = r->part->q;
	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].attnum == c->attnum)
			return proposed(r, q->conflict->excluded, set->items[i].expr);
	return var_new(r->p->ps, q->result, c->attnum, -1);
}

/* The row in the way with the values of SET, all columns, as the store of an UPDATE has it. */
static const PlanStep *change_step(Proposed *r, struct PlanWrite *w)
{
	ParseState *ps = r->p->ps;
	const Query *q = r->part->q;
	const OnConflict *oc = q->conflict;
	Query *sel = over_both(r);
	int *attnums = arena_array(ps->a, int, r->rel->ncols + 1);
	Expr like = { .type = T_INT8, .typmod = -1, .location = -1 };
	if (!sel)
		return NULL;
	w->n = 1;
	for (size_t i = 0; i < r->rel->ncols; i++) {
		const CatColumn *c = &r->rel->cols[i];
		if (c->dropped || c->generated)
			continue;
		Expr *e = new_value(r, &oc->set, c);
		if (!e || target_add(ps, &sel->targets, e, "") < 0)
			return NULL;
		attnums[w->n++] = c->attnum;
	}
	w->attnums = attnums;
	Expr *which = make_op(ps, "=", NULL, row_number(ps, q->result), rows_store_var(ps, r->store, r->part->write->n + 1, &like), -1);
	Expr *when = oc->where ? proposed(r, oc->excluded, oc->where) : NULL;
	if (!which || (oc->where && !when))
		return NULL;
	sel->where = when ? make_bool(ps, BOOL_AND, which, when, -1) : which;
	return store_step(r->p, sel);
}

int part_conflict(Parts *p, Part *part)
{
	struct PlanConflict *c = arena_new_of(p->ps->a, struct PlanConflict);
	Proposed r = { .p = p, .part = part, .rel = part->q->result->rel, .store = rte_store(p->ps, p->nstores++) };
	c->proposed = r.store->store;
	c->find = find_step(&r);
	if (!c->find)
		return -1;
	if (part->upsert) {
		c->change = change_step(&r, part->upsert);
		c->update = part->upsert;
		c->upserted = part->write->n;
		if (!c->change)
			return -1;
	}
	part->write->conflict = c;
	return 0;
}
