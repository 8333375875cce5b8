/*
 * Set-returning functions in the select list, as PostgreSQL's ProjectSet steps have them: evaluated after grouping and windows and
 * before DISTINCT and LIMIT, those of one nesting level side by side, the shorter ones padded with NULL. Here each level becomes an
 * item at the end of FROM whose functions refer to the items before it; what was computed by grouping becomes a subquery below.
 */
#include "sql/query.h"

static bool is_srf(const Expr *x)
{
	return x->kind == X_FUNC && x->proc->retset;
}

static bool note_srf(Expr *x, void *arg);

/* Below a subquery are the functions of another level. */
static void walk_level(Expr *x, bool (*fn)(Expr *x, void *arg), void *arg)
{
	for (size_t i = 0; i < x->args.n; i++)
		expr_walk(x->args.items[i], fn, arg);
}

static bool note_srf(Expr *x, void *arg)
{
	bool *found = arg;
	*found = *found || is_srf(x);
	if (x->kind == X_SUBLINK)
		walk_level(x, note_srf, arg);
	return !*found && x->kind != X_SUBLINK;
}

static bool contains_srf(Expr *x)
{
	bool found = false;
	expr_walk(x, note_srf, &found);
	return found;
}

typedef struct Level {
	Arena *a;
	ExprList srfs;
} Level;

/* The functions whose arguments call no other. */
static bool note_innermost(Expr *x, void *arg)
{
	Level *l = arg;
	if (x->kind == X_SUBLINK)
		walk_level(x, note_innermost, arg);
	if (!is_srf(x))
		return x->kind != X_SUBLINK;
	bool inner = false;
	for (size_t i = 0; i < x->args.n && !inner; i++)
		inner = contains_srf(x->args.items[i]);
	for (size_t i = 0; i < l->srfs.n && !inner; i++)
		if (l->srfs.items[i] == x)
			return false;
	if (!inner)
		expr_list_add(l->a, &l->srfs, x);
	return inner;
}

static void from_append(ParseState *ps, Query *q, Rte *r)
{
	FromItem **from = arena_array(ps->a, FromItem *, q->nfrom + 1);
	if (q->nfrom)
		memcpy(from, q->from, q->nfrom * sizeof *from);
	from[q->nfrom] = arena_new_of(ps->a, FromItem);
	from[q->nfrom++]->rte = r;
	q->from = from;
	q->rewritten = true;
}

/* The row that a function returning records fills. */
static Expr *record_of(ParseState *ps, Rte *r, Expr *f)
{
	size_t n;
	Column *cols = row_shape(ps, f, &n);
	Expr *row = expr_new(ps, X_ROW, f->type, f->location);
	row->rte = r;
	row->column = (int)r->funcs.n;
	row->names = arena_array(ps->a, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		row->names[i] = cols[i].name;
		r->cols[r->ncols++] = cols[i];
		expr_list_add(ps->a, &row->args, var_new(ps, r, (int)r->ncols, f->location));
	}
	return row;
}

/* Each call becomes, where it stands, the column that it fills: all who share the node see it. */
static void move_to_from(ParseState *ps, Query *q, const ExprList *srfs)
{
	Rte *r = rte_new(ps, RTE_SRFS, "", srfs->items[0]->location);
	r->lateral = true;
	size_t width = 0;
	for (size_t i = 0; i < srfs->n; i++)
		width += srfs->items[i]->proc->nout + 1;
	r->cols = arena_array(ps->a, Column, width);
	for (size_t i = 0; i < srfs->n; i++) {
		Expr *f = srfs->items[i];
		const PgType *t = catalog_type(ps->env->cat, f->type);
		expr_list_add(ps->a, &r->funcs, arena_dup(ps->a, f, sizeof *f));
		if (f->proc->nout) {
			*f = *record_of(ps, r, f);
			continue;
		}
		r->cols[r->ncols++] = (Column){ "", f->type, f->typmod, t ? t->collation : 0 };
		*f = *var_new(ps, r, (int)r->ncols, f->location);
	}
	from_append(ps, q, r);
}

static int move_levels(ParseState *ps, Query *q, Expr *const *roots, size_t n)
{
	for (;;) {
		Level l = { .a = ps->a };
		for (size_t i = 0; i < n; i++)
			expr_walk(roots[i], note_innermost, &l);
		if (!l.srfs.n)
			return 0;
		move_to_from(ps, q, &l.srfs);
	}
}

typedef struct Twins {
	Arena *a;
	Expr *group;
	ExprList found; /* other expressions equal to it */
} Twins;

static bool note_twin(Expr *x, void *arg)
{
	Twins *t = arg;
	if (x == t->group || !expr_equal(x, t->group))
		return x != t->group;
	expr_list_add(t->a, &t->found, x);
	return false;
}

/* GROUP BY multiplies the rows before it groups them. */
int pull_grouped_srfs(ParseState *ps, Query *q)
{
	Twins *twins = arena_array(ps->a, Twins, q->group_by.n + 1);
	bool any = false;
	for (size_t i = 0; i < q->group_by.n; i++) {
		twins[i] = (Twins){ .a = ps->a, .group = q->group_by.items[i] };
		if (!contains_srf(twins[i].group))
			continue;
		any = true;
		for (size_t k = 0; k < q->targets.n; k++)
			expr_walk(q->targets.items[k].expr, note_twin, &twins[i]);
	}
	if (!any)
		return 0;
	if (move_levels(ps, q, q->group_by.items, q->group_by.n) < 0)
		return -1;
	for (size_t i = 0; i < q->group_by.n; i++)
		for (size_t k = 0; k < twins[i].found.n; k++)
			*twins[i].found.items[k] = *twins[i].group;
	return 0;
}

typedef struct Push {
	ParseState *ps;
	Query *inner;
	Rte *rte;
} Push;

static bool note_inner(Expr *x, void *arg)
{
	Push *p = arg;
	bool inner = x->kind == X_AGG || x->kind == X_WINDOW || x->kind == X_GROUPING || x->kind == X_SUBLINK ||
		     ((x->kind == X_VAR || x->kind == X_ROWID) && x->rte && query_has_rte(p->inner, x->rte));
	if (inner)
		p->rte = NULL;
	return p->rte != NULL;
}

static bool refers_to(Expr *x, const Query *inner)
{
	Rte none;
	Push p = { .inner = (Query *)(uintptr_t)inner, .rte = &none };
	expr_walk(x, note_inner, &p);
	return !p.rte;
}

/* The largest parts that call no set-returning function and need the grouped rows are computed below. */
static bool push_down(Expr *x, void *arg)
{
	Push *p = arg;
	if (contains_srf(x) || !refers_to(x, p->inner))
		return true;
	TargetList *l = &p->inner->targets;
	size_t at = 0;
	while (at < l->n && !expr_equal(l->items[at].expr, x))
		at++;
	if (at == l->n) {
		target_add(p->ps, l, arena_dup(p->ps->a, x, sizeof *x), "");
		p->rte->cols[p->rte->ncols++] = (Column){ "", x->type, x->typmod, x->collation };
	}
	*x = *var_new(p->ps, p->rte, (int)at + 1, x->location);
	return false;
}

static bool count_node(Expr *x, void *arg)
{
	++*(size_t *)arg;
	return true;
}

static int push_grouping(ParseState *ps, Query *q)
{
	Query *in = arena_dup(ps->a, q, sizeof *q);
	in->group_by.items = arena_array(ps->a, Expr *, q->group_by.n + 1);
	for (size_t i = 0; i < q->group_by.n; i++) /* the select list shares these, and is about to change */
		in->group_by.items[i] = arena_dup(ps->a, q->group_by.items[i], sizeof(Expr));
	in->ctes = NULL;
	in->nctes = 0;
	in->targets = (TargetList){ 0 };
	in->distinct = in->with_ties = in->has_srfs = false;
	in->distinct_on = (ExprList){ 0 };
	in->norder = 0;
	in->limit = in->offset = NULL;
	in->lock = LOCK_NONE;
	Rte *r = rte_new(ps, RTE_SUBQUERY, "", -1);
	size_t nodes = 0;
	for (size_t i = 0; i < q->targets.n; i++)
		expr_walk(q->targets.items[i].expr, count_node, &nodes);
	r->query = in;
	r->cols = arena_array(ps->a, Column, nodes + 1);
	Push p = { ps, in, r };
	for (size_t i = 0; i < q->targets.n; i++)
		expr_walk(q->targets.items[i].expr, push_down, &p);
	query_set_columns(ps, in, &in->targets);
	q->from = NULL;
	q->nfrom = 0;
	from_append(ps, q, r);
	q->where = q->having = NULL;
	q->group_by = (ExprList){ 0 };
	q->has_aggs = q->has_windows = q->has_grouping_sets = false;
	q->nwindows = 0;
	return in->has_grouping_sets ? group_sets_to_union(ps, in) : 0;
}

int pull_srfs(ParseState *ps, Query *q)
{
	Expr **roots = arena_array(ps->a, Expr *, q->targets.n + 1);
	bool any = false;
	for (size_t i = 0; i < q->targets.n; i++) {
		roots[i] = q->targets.items[i].expr;
		any = any || contains_srf(roots[i]);
	}
	q->has_srfs = false;
	if (!any)
		return 0;
	bool ordered = q->distinct_on.n && q->norder;
	for (size_t i = 0; i < q->norder; i++)
		ordered = ordered && !contains_srf(q->order[i].expr);
	if (ordered) /* PostgreSQL computes the sets of the rows that are left */
		return an_refuse(ps, -1,
				 "DISTINCT ON with set-returning functions that ORDER BY does not name is not available in SQLite mode");
	if ((q->has_aggs || q->has_windows || q->group_by.n || q->having || q->has_grouping_sets) && push_grouping(ps, q) < 0)
		return -1;
	return move_levels(ps, q, roots, q->targets.n);
}
