/* What may stand beside GROUP BY and aggregates: 42803, with the functional dependency on a primary key. */
#include "sql/query.h"

typedef struct Check {
	ParseState *ps;
	Query *q;
	bool failed;
	bool own;  /* a column of this query was met */
	int depth; /* subqueries above the expression */
} Check;

static bool grouped_var(const Query *q, const Rte *rte, int column)
{
	for (size_t i = 0; i < q->group_by.n; i++) {
		const Expr *g = q->group_by.items[i];
		if (g->kind == X_VAR && g->rte == rte && g->column == column)
			return true;
	}
	return false;
}

/* Every column of the relation is determined when its whole primary key is grouped by. */
static bool determined_by_key(const Query *q, const Rte *rte)
{
	if (rte->kind != RTE_RELATION)
		return false;
	for (size_t i = 0; i < rte->rel->nconstraints; i++) {
		const CatConstraint *c = rte->rel->constraints[i];
		if (c->type != 'p' || c->deferrable)
			continue;
		size_t k = 0;
		while (k < c->ncols && grouped_var(q, rte, c->cols[k]) && !q->has_grouping_sets)
			k++;
		return k == c->ncols && k > 0;
	}
	return false;
}

static bool check_expr(Expr *x, void *arg);

static void check_var(Check *c, const Expr *x)
{
	if (!query_has_rte(c->q, x->rte) || (x->column && grouped_var(c->q, x->rte, x->column)) || determined_by_key(c->q, x->rte))
		return;
	const char *col = x->kind == X_ROWID ? x->name : x->column ? x->rte->cols[x->column - 1].name : "*";
	c->failed = true;
	if (c->depth)
		an_error(c->ps, x->location, "42803", "subquery uses ungrouped column \"%s.%s\" from outer query", x->rte->alias, col);
	else
		an_error(c->ps, x->location, "42803",
			 "column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function", x->rte->alias, col);
}

static bool note_own(Expr *x, void *arg)
{
	Check *c = arg;
	c->own |= (x->kind == X_VAR || x->kind == X_ROWID) && query_has_rte(c->q, x->rte);
	return true;
}

static void check_grouping_args(Check *c, Expr *x)
{
	expr_walk(x, note_own, c);
	if (!c->own) {
		c->failed = true;
		an_refuse(c->ps, x->location, "GROUPING of an outer query is not available in SQLite mode");
		return;
	}
	for (size_t i = 0; i < x->args.n && !c->failed; i++) {
		const ExprList *keys = &c->q->group_by;
		size_t k = 0;
		while (k < keys->n && !expr_equal(keys->items[k], x->args.items[i]))
			k++;
		c->failed = k == keys->n;
	}
	if (c->failed)
		an_error(c->ps, x->location, "42803", "arguments to GROUPING must be grouping expressions of the associated query level");
}

static bool check_expr(Expr *x, void *arg)
{
	Check *c = arg;
	if (c->failed)
		return false;
	for (size_t i = 0; i < c->q->group_by.n; i++)
		if (c->depth ? expr_equal(c->q->group_by.items[i], x) : expr_same(c->q->group_by.items[i], x))
			return false;
	if (x->kind == X_GROUPING && !c->depth) {
		check_grouping_args(c, x);
		return false;
	}
	if (x->kind == X_VAR || x->kind == X_ROWID)
		check_var(c, x);
	if (x->kind == X_AGG && !c->depth) {
		for (size_t i = 0; i < x->args2.n; i++)
			expr_walk(x->args2.items[i], check_expr, c);
		return false;
	}
	if (x->query) {
		for (size_t i = 0; i < x->args.n; i++)
			expr_walk(x->args.items[i], check_expr, c);
		c->depth++;
		query_walk(x->query, check_expr, c);
		c->depth--;
		return false;
	}
	return true;
}

static bool refers_to_itself(const FromItem *f)
{
	if (f->rte)
		return f->rte->kind == RTE_CTE && f->rte->cte->phase == 'r';
	return refers_to_itself(f->left) || refers_to_itself(f->right);
}

static bool note_aggregate(Expr *x, void *arg)
{
	int *location = arg;
	if (*location < 0 && x->kind == X_AGG)
		*location = x->location;
	return *location < 0 && !x->query;
}

static int first_aggregate(const Query *q)
{
	int location = -1;
	for (size_t i = 0; i < q->targets.n; i++)
		expr_walk(q->targets.items[i].expr, note_aggregate, &location);
	expr_walk(q->having, note_aggregate, &location);
	return location;
}

int check_grouping(ParseState *ps, Query *q)
{
	if (!q->has_aggs && !q->group_by.n && !q->having && !q->has_grouping_sets)
		return 0;
	Check c = { .ps = ps, .q = q };
	for (size_t i = 0; i < q->nfrom; i++)
		if (q->has_aggs && refers_to_itself(q->from[i]))
			return an_error(ps, first_aggregate(q), "42P19",
					"aggregate functions are not allowed in a recursive query's recursive term");
	for (size_t i = 0; i < q->targets.n && !c.failed; i++)
		expr_walk(q->targets.items[i].expr, check_expr, &c);
	expr_walk(q->having, check_expr, &c);
	return c.failed ? -1 : 0;
}
