/* Whether a query stands on its own. */
#include "sql/query.h"

/* What a query defines and what it uses: row sources and WITH queries, by address. */
typedef struct Names {
	const void **items;
	size_t n, cap;
} Names;

typedef struct Closure {
	Names defined, used;
} Closure;

static void note_query(const Query *q, Closure *c);

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
	if (x->query)
		note_query(x->query, c);
	return true;
}

static void note_sources(const FromItem *f, Closure *c)
{
	if (!f->rte) {
		note_sources(f->left, c);
		note_sources(f->right, c);
		return;
	}
	names_add(&c->defined, f->rte);
	if (f->rte->kind == RTE_CTE)
		names_add(&c->used, f->rte->cte);
	if (f->rte->kind == RTE_SUBQUERY)
		note_query(f->rte->query, c);
}

/* The subqueries of its expressions come one by one, with these. */
static void note_query(const Query *q, Closure *c)
{
	for (size_t i = 0; i < q->nctes; i++) {
		names_add(&c->defined, q->ctes[i]);
		note_query(q->ctes[i]->query, c);
	}
	for (size_t i = 0; i < q->nfrom; i++)
		note_sources(q->from[i], c);
	if (q->larg)
		note_query(q->larg, c);
	if (q->rarg)
		note_query(q->rarg, c);
	if (q->source)
		note_query(q->source, c);
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;
	return (x > y) - (x < y);
}

bool query_is_closed(const Query *q, Cte *const *known, size_t nknown)
{
	Closure c = { 0 };
	bool closed = true;
	note_query(q, &c);
	query_walk((Query *)(uintptr_t)q, note_use, &c);
	for (size_t i = 0; i < nknown; i++)
		names_add(&c.defined, known[i]);
	if (c.defined.n)
		qsort(c.defined.items, c.defined.n, sizeof *c.defined.items, by_address);
	for (size_t i = 0; i < c.used.n && closed; i++)
		closed = c.defined.n && bsearch(&c.used.items[i], c.defined.items, c.defined.n, sizeof *c.defined.items, by_address);
	free(c.defined.items);
	free(c.used.items);
	return closed;
}
