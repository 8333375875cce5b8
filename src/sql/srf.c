/* A set-returning function in the select list: moved to FROM where that means the same. */
#include "sql/query.h"

static bool count_sets(Expr *x, void *arg)
{
	if (x->kind == X_FUNC && x->proc->retset)
		++*(int *)arg;
	return x->kind != X_SUBLINK;
}

/* One such function as an output of its own multiplies the rows just as a join with it does. What is computed after the rows
 * (aggregates, windows) or several functions side by side is left as it is, and refused by the emitter. */
int move_srf_to_from(ParseState *ps, Query *q)
{
	int count = 0, at = -1;
	for (size_t i = 0; i < q->targets.n; i++) {
		const Expr *e = q->targets.items[i].expr;
		expr_walk(q->targets.items[i].expr, count_sets, &count);
		if (e->kind == X_FUNC && e->proc->retset && !e->proc->nout)
			at = (int)i;
	}
	if (count != 1 || at < 0 || q->has_aggs || q->has_windows || q->group_by.n || q->having || q->distinct_on.n)
		return 0;
	Expr *f = q->targets.items[at].expr;
	Rte *r = rte_new(ps, RTE_FUNCTION, "", f->location);
	const PgType *t = catalog_type(ps->env->cat, f->type);
	r->func = f;
	r->lateral = true;
	r->ncols = 1;
	r->cols = arena_new_of(ps->a, Column);
	r->cols[0] = (Column){ "", f->type, f->typmod, t ? t->collation : 0 };
	FromItem **from = arena_array(ps->a, FromItem *, q->nfrom + 1);
	if (q->nfrom)
		memcpy(from, q->from, q->nfrom * sizeof *from);
	from[q->nfrom] = arena_new_of(ps->a, FromItem);
	from[q->nfrom++]->rte = r;
	q->from = from;
	Expr *v = var_new(ps, r, 1, f->location);
	q->targets.items[at].expr = v;
	for (size_t i = 0; i < q->norder; i++)
		if (q->order[i].expr == f)
			q->order[i].expr = v;
	q->has_srfs = false;
	return 1;
}
