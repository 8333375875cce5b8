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

typedef struct Walk {
	WalkFn fn;
	void (*query)(const Query *q, void *arg); /* may be NULL */
	void *arg;
} Walk;

static void walk_expr(Expr *x, const Walk *w);
static void walk_query(Query *q, const Walk *w);

static void walk_list(const ExprList *l, const Walk *w)
{
	for (size_t i = 0; i < l->n; i++)
		walk_expr(l->items[i], w);
}

static void walk_sort(const SortItem *s, size_t n, const Walk *w)
{
	for (size_t i = 0; i < n; i++)
		walk_expr(s[i].expr, w);
}

static void walk_window(const WindowDef *d, const Walk *w)
{
	walk_list(&d->partition, w);
	walk_sort(d->order, d->norder, w);
	walk_expr(d->start_offset, w);
	walk_expr(d->end_offset, w);
}

static void walk_expr(Expr *x, const Walk *w)
{
	if (!x || !w->fn(x, w->arg))
		return;
	walk_list(&x->args, w);
	walk_list(&x->args2, w);
	walk_list(&x->args3, w);
	walk_expr(x->arg, w);
	walk_expr(x->defresult, w);
	walk_expr(x->filter, w);
	walk_sort(x->order, x->norder, w);
	if (x->window)
		walk_window(x->window, w);
	if (x->query)
		walk_query(x->query, w);
}

void expr_walk(Expr *x, WalkFn fn, void *arg)
{
	Walk w = { fn, NULL, arg };
	walk_expr(x, &w);
}

static void walk_rte(Rte *r, const Walk *w)
{
	if (r->kind == RTE_SUBQUERY)
		walk_query(r->query, w);
	walk_expr(r->func, w);
	walk_list(&r->funcs, w);
	for (size_t i = 0; i < r->nrows; i++)
		walk_list(&r->rows[i], w);
}

static void walk_from(FromItem *f, const Walk *w)
{
	if (f->rte) {
		walk_rte(f->rte, w);
		return;
	}
	walk_from(f->left, w);
	walk_from(f->right, w);
	walk_expr(f->on, w);
}

static void walk_targets(const TargetList *l, const Walk *w)
{
	for (size_t i = 0; i < l->n; i++)
		walk_expr(l->items[i].expr, w);
}

static void walk_query(Query *q, const Walk *w)
{
	if (w->query)
		w->query(q, w->arg);
	for (size_t i = 0; i < q->nctes; i++)
		walk_query(q->ctes[i]->query, w);
	for (size_t i = 0; i < q->nfrom; i++)
		walk_from(q->from[i], w);
	walk_expr(q->where, w);
	walk_targets(&q->targets, w);
	walk_list(&q->distinct_on, w);
	walk_list(&q->group_by, w);
	walk_expr(q->having, w);
	walk_sort(q->order, q->norder, w);
	walk_expr(q->limit, w);
	walk_expr(q->offset, w);
	if (q->larg)
		walk_query(q->larg, w);
	if (q->rarg)
		walk_query(q->rarg, w);
	for (size_t i = 0; i < q->nvalues; i++)
		walk_list(&q->values[i], w);
	if (q->source)
		walk_query(q->source, w);
	walk_targets(&q->returning, w);
}

void query_walk(Query *q, WalkFn fn, void *arg)
{
	Walk w = { fn, NULL, arg };
	walk_query(q, &w);
}

/* What a query defines and what it uses: row sources and WITH queries, by address. */
typedef struct Names {
	const void **items;
	size_t n, cap;
} Names;

typedef struct Closure {
	Names defined, used;
} Closure;

static void names_add(Names *l, const void *p)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = mem_realloc(l->items, l->cap * sizeof *l->items);
	}
	l->items[l->n++] = p;
}

static bool note_use(Expr *x, void *arg)
{
	Closure *c = arg;
	if (x->rte)
		names_add(&c->used, x->rte);
	return true;
}

static void note_sources(const FromItem *f, Closure *c)
{
	if (f->rte) {
		names_add(&c->defined, f->rte);
		if (f->rte->kind == RTE_CTE)
			names_add(&c->used, f->rte->cte);
		return;
	}
	note_sources(f->left, c);
	note_sources(f->right, c);
}

static void note_query(const Query *q, void *arg)
{
	for (size_t i = 0; i < q->nctes; i++)
		names_add(&((Closure *)arg)->defined, q->ctes[i]);
	for (size_t i = 0; i < q->nfrom; i++)
		note_sources(q->from[i], arg);
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;
	return (x > y) - (x < y);
}

bool query_is_closed(const Query *q, Cte *const *known, size_t nknown)
{
	Closure c = { 0 };
	Walk w = { note_use, note_query, &c };
	walk_query((Query *)(uintptr_t)q, &w);
	for (size_t i = 0; i < nknown; i++)
		names_add(&c.defined, known[i]);
	if (c.defined.n)
		qsort(c.defined.items, c.defined.n, sizeof *c.defined.items, by_address);
	bool closed = true;
	for (size_t i = 0; i < c.used.n && closed; i++)
		closed = c.defined.n && bsearch(&c.used.items[i], c.defined.items, c.defined.n, sizeof *c.defined.items, by_address);
	free(c.defined.items);
	free(c.used.items);
	return closed;
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
		if (!expr_equal(x->order[i].expr, y->order[i].expr) || x->order[i].desc != y->order[i].desc)
			return false;
	return list_equal(&x->args, &y->args) && list_equal(&x->args2, &y->args2) && list_equal(&x->args3, &y->args3) &&
	       expr_equal(x->arg, y->arg) && expr_equal(x->defresult, y->defresult) && expr_equal(x->filter, y->filter);
}
