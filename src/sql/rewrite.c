/* Replacing parts of analysed trees. */
#include "sql/rewrite.h"

typedef struct Rewrite {
	Arena *a;
	RewriteFn fn;
	void *arg;
} Rewrite;

static Expr *rewrite(const Rewrite *r, Expr *x);
static void rewrite_query(const Rewrite *r, Query *q);

static ExprList rewrite_list(const Rewrite *r, const ExprList *l)
{
	ExprList out = { 0 };
	for (size_t i = 0; i < l->n; i++)
		expr_list_add(r->a, &out, rewrite(r, l->items[i]));
	return out;
}

static SortItem *rewrite_sort(const Rewrite *r, const SortItem *items, size_t n)
{
	SortItem *out = arena_array(r->a, SortItem, n + 1);
	for (size_t i = 0; i < n; i++) {
		out[i] = items[i];
		out[i].expr = rewrite(r, items[i].expr);
	}
	return out;
}

static WindowDef *rewrite_window(const Rewrite *r, const WindowDef *w)
{
	WindowDef *out = arena_dup(r->a, w, sizeof *w);
	out->partition = rewrite_list(r, &w->partition);
	out->order = rewrite_sort(r, w->order, w->norder);
	out->start_offset = rewrite(r, w->start_offset);
	out->end_offset = rewrite(r, w->end_offset);
	return out;
}

static Expr *rewrite(const Rewrite *r, Expr *x)
{
	Expr *other = x ? r->fn(x, r->arg) : NULL;
	if (!x || other)
		return other;
	Expr *out = arena_dup(r->a, x, sizeof *x);
	out->args = rewrite_list(r, &x->args);
	out->args2 = rewrite_list(r, &x->args2);
	out->args3 = rewrite_list(r, &x->args3);
	out->arg = rewrite(r, x->arg);
	out->defresult = rewrite(r, x->defresult);
	out->filter = rewrite(r, x->filter);
	out->order = rewrite_sort(r, x->order, x->norder);
	if (x->window)
		out->window = rewrite_window(r, x->window);
	if (x->query)
		rewrite_query(r, x->query);
	return out;
}

static void rewrite_targets(const Rewrite *r, TargetList *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->items[i].expr = rewrite(r, l->items[i].expr);
}

static void rewrite_rows(const Rewrite *r, ExprList *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rows[i] = rewrite_list(r, &rows[i]);
}

static void rewrite_from(const Rewrite *r, FromItem *f)
{
	if (!f->rte) {
		rewrite_from(r, f->left);
		rewrite_from(r, f->right);
		f->on = rewrite(r, f->on);
		return;
	}
	if (f->rte->kind == RTE_SUBQUERY)
		rewrite_query(r, f->rte->query);
	f->rte->func = rewrite(r, f->rte->func);
	rewrite_rows(r, f->rte->rows, f->rte->nrows);
}

static void rewrite_query(const Rewrite *r, Query *q)
{
	for (size_t i = 0; i < q->nctes; i++)
		rewrite_query(r, q->ctes[i]->query);
	for (size_t i = 0; i < q->nfrom; i++)
		rewrite_from(r, q->from[i]);
	q->where = rewrite(r, q->where);
	rewrite_targets(r, &q->targets);
	q->distinct_on = rewrite_list(r, &q->distinct_on);
	q->group_by = rewrite_list(r, &q->group_by);
	q->having = rewrite(r, q->having);
	q->order = rewrite_sort(r, q->order, q->norder);
	q->limit = rewrite(r, q->limit);
	q->offset = rewrite(r, q->offset);
	if (q->larg)
		rewrite_query(r, q->larg);
	if (q->rarg)
		rewrite_query(r, q->rarg);
	rewrite_rows(r, q->values, q->nvalues);
	if (q->source)
		rewrite_query(r, q->source);
	rewrite_targets(r, &q->returning);
}

Expr *expr_rewrite(Arena *a, Expr *x, RewriteFn fn, void *arg)
{
	Rewrite r = { a, fn, arg };
	return rewrite(&r, x);
}
