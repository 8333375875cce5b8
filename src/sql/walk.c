/* Walking over analysed trees. */
#include "sql/query.h"

typedef bool (*WalkFn)(Expr *x, void *arg);

void expr_list_add(Arena *a, ExprList *l, Expr *e)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 4;
		Expr **grown = arena_array(a, Expr *, cap);
		if (l->n)
			memcpy(grown, l->items, l->n * sizeof *grown);
		l->items = grown;
		l->cap = cap;
	}
	l->items[l->n++] = e;
}

static void walk_list(const ExprList *l, WalkFn fn, void *arg)
{
	for (size_t i = 0; i < l->n; i++)
		expr_walk(l->items[i], fn, arg);
}

static void walk_sort(const SortItem *s, size_t n, WalkFn fn, void *arg)
{
	for (size_t i = 0; i < n; i++)
		expr_walk(s[i].expr, fn, arg);
}

static void walk_window(const WindowDef *w, WalkFn fn, void *arg)
{
	walk_list(&w->partition, fn, arg);
	walk_sort(w->order, w->norder, fn, arg);
	expr_walk(w->start_offset, fn, arg);
	expr_walk(w->end_offset, fn, arg);
}

void expr_walk(Expr *x, WalkFn fn, void *arg)
{
	if (!x || !fn(x, arg))
		return;
	walk_list(&x->args, fn, arg);
	walk_list(&x->args2, fn, arg);
	walk_list(&x->args3, fn, arg);
	expr_walk(x->arg, fn, arg);
	expr_walk(x->defresult, fn, arg);
	expr_walk(x->filter, fn, arg);
	walk_sort(x->order, x->norder, fn, arg);
	if (x->window)
		walk_window(x->window, fn, arg);
	if (x->query)
		query_walk(x->query, fn, arg);
}

static void walk_rte(Rte *r, WalkFn fn, void *arg)
{
	if (r->kind == RTE_SUBQUERY)
		query_walk(r->query, fn, arg);
	expr_walk(r->func, fn, arg);
	expr_walk(r->filter, fn, arg);
	walk_list(&r->funcs, fn, arg);
	for (size_t i = 0; i < r->nrows; i++)
		walk_list(&r->rows[i], fn, arg);
}

static void walk_from(FromItem *f, WalkFn fn, void *arg)
{
	if (f->rte) {
		walk_rte(f->rte, fn, arg);
		return;
	}
	walk_from(f->left, fn, arg);
	walk_from(f->right, fn, arg);
	expr_walk(f->on, fn, arg);
}

static void walk_targets(const TargetList *l, WalkFn fn, void *arg)
{
	for (size_t i = 0; i < l->n; i++)
		expr_walk(l->items[i].expr, fn, arg);
}

static void walk_clauses(Query *q, WalkFn fn, void *arg)
{
	expr_walk(q->where, fn, arg);
	walk_targets(&q->targets, fn, arg);
	walk_list(&q->distinct_on, fn, arg);
	walk_list(&q->group_by, fn, arg);
	expr_walk(q->having, fn, arg);
	walk_sort(q->order, q->norder, fn, arg);
	expr_walk(q->limit, fn, arg);
	expr_walk(q->offset, fn, arg);
	for (size_t i = 0; i < q->nvalues; i++)
		walk_list(&q->values[i], fn, arg);
	walk_targets(&q->returning, fn, arg);
}

static void walk_joins(FromItem *f, WalkFn fn, void *arg)
{
	if (!f->rte) {
		walk_joins(f->left, fn, arg);
		walk_joins(f->right, fn, arg);
		expr_walk(f->on, fn, arg);
	} else if (!f->rte->query) {
		walk_rte(f->rte, fn, arg);
	}
}

void query_walk_own(Query *q, WalkFn fn, void *arg)
{
	for (size_t i = 0; i < q->nfrom; i++)
		walk_joins(q->from[i], fn, arg);
	walk_clauses(q, fn, arg);
}

void query_walk(Query *q, WalkFn fn, void *arg)
{
	for (size_t i = 0; i < q->nctes; i++)
		query_walk(q->ctes[i]->query, fn, arg);
	for (size_t i = 0; i < q->nfrom; i++)
		walk_from(q->from[i], fn, arg);
	walk_clauses(q, fn, arg);
	if (q->larg)
		query_walk(q->larg, fn, arg);
	if (q->rarg)
		query_walk(q->rarg, fn, arg);
	if (q->source)
		query_walk(q->source, fn, arg);
}

static bool from_has(const FromItem *f, const Rte *rte)
{
	if (f->rte)
		return f->rte == rte;
	return from_has(f->left, rte) || from_has(f->right, rte);
}

bool query_has_rte(const Query *q, const Rte *rte)
{
	for (size_t i = 0; i < q->nfrom; i++)
		if (from_has(q->from[i], rte))
			return true;
	return false;
}

static bool list_equal(const ExprList *x, const ExprList *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!expr_equal(x->items[i], y->items[i]))
			return false;
	return true;
}

static bool name_equal(const char *x, const char *y)
{
	return x == y || (x && y && streq(x, y));
}

static bool scalars_equal(const Expr *x, const Expr *y)
{
	return x->kind == y->kind && x->type == y->type && x->typmod == y->typmod && x->param == y->param && x->rte == y->rte &&
	       x->column == y->column && x->proc == y->proc && x->boolop == y->boolop && x->booltest == y->booltest &&
	       x->negated == y->negated && x->use_or == y->use_or && x->star == y->star && x->is_distinct == y->is_distinct &&
	       x->is_least == y->is_least && x->query == y->query && x->window == y->window && name_equal(x->name, y->name) &&
	       name_equal(x->rowop, y->rowop) && val_identical(&x->val, &y->val);
}

bool expr_equal(const Expr *x, const Expr *y)
{
	if (x == y)
		return true;
	if (!x || !y || !scalars_equal(x, y) || x->norder != y->norder)
		return false;
	for (size_t i = 0; i < x->norder; i++)
		if (!expr_equal(x->order[i].expr, y->order[i].expr) || x->order[i].desc != y->order[i].desc ||
		    x->order[i].nulls_first != y->order[i].nulls_first)
			return false;
	return list_equal(&x->args, &y->args) && list_equal(&x->args2, &y->args2) && list_equal(&x->args3, &y->args3) &&
	       expr_equal(x->arg, y->arg) && expr_equal(x->defresult, y->defresult) && expr_equal(x->filter, y->filter);
}
