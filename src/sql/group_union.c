/*
 * GROUPING SETS for SQLite, which has none: the rows to be grouped are computed once, grouped once for each set, and the results put
 * together with UNION ALL. What stands above the groups (HAVING, windows, ORDER BY) works on their union:
 *
 *   WITH s AS MATERIALIZED (the columns that keys and aggregates use)
 *   SELECT ... FROM (SELECT keys or NULL, aggregates, GROUPING() values FROM s GROUP BY one set UNION ALL ...) WHERE having ...
 */
#include "sql/rewrite.h"

enum { MAX_BRANCHES = 400 }; /* SQLite's limit is 500 */

typedef struct GroupUnion {
	ParseState *ps;
	Query *q;
	Rte *source; /* s */
	TargetList source_cols;
	Rte *rte; /* the union */
	ExprList aggs, groupings;
	bool below; /* inside a subquery: an aggregate there is not this query's */
	bool failed;
} GroupUnion;

static Expr *output(GroupUnion *g, size_t at, const Expr *like)
{
	Expr *v = expr_new(g->ps, X_VAR, like->type, like->location);
	v->typmod = like->typmod;
	v->collation = like->collation;
	v->rte = g->rte;
	v->column = (int)at;
	return v;
}

static size_t place_of(GroupUnion *g, ExprList *l, Expr *x)
{
	for (size_t i = 0; i < l->n; i++)
		if (expr_equal(l->items[i], x))
			return i;
	expr_list_add(g->ps->a, l, x);
	return l->n - 1;
}

static Expr *above_groups(Expr *x, void *arg);

/* The tested expressions stand beside the subquery, not inside it. */
static Expr *above_sublink(GroupUnion *g, Expr *x)
{
	Expr *out = arena_dup(g->ps->a, x, sizeof *x), inner = { .kind = X_SUBLINK, .query = x->query };
	for (size_t i = 0; i < x->args.n; i++) {
		if (i == 0)
			out->args = (ExprList){ 0 };
		expr_list_add(g->ps->a, &out->args, expr_rewrite(g->ps->a, x->args.items[i], above_groups, g));
	}
	g->below = true;
	expr_rewrite(g->ps->a, &inner, above_groups, g);
	g->below = false;
	return out;
}

/* Aggregates come after the keys, GROUPING after these; places are settled when all are known, so they are counted in halves. */
static Expr *above_groups(Expr *x, void *arg)
{
	GroupUnion *g = arg;
	for (size_t i = 0; i < g->q->group_by.n; i++)
		if (expr_equal(g->q->group_by.items[i], x))
			return output(g, i + 1, x);
	if (x->kind == X_SUBLINK && !g->below)
		return above_sublink(g, x);
	if (g->below)
		return NULL;
	size_t keys = g->q->group_by.n;
	if (x->kind == X_AGG)
		return output(g, keys + 1 + 2 * place_of(g, &g->aggs, x), x);
	if (x->kind == X_GROUPING)
		return output(g, keys + 2 + 2 * place_of(g, &g->groupings, x), x);
	return NULL;
}

static Expr *from_source(Expr *x, void *arg)
{
	GroupUnion *g = arg;
	if (x->kind == X_ROWID && query_has_rte(g->q, x->rte))
		g->failed = an_refuse(g->ps, x->location, "the system column \"%s\" is not available with GROUPING SETS in SQLite mode",
				      x->name);
	if (x->kind != X_VAR || x->column < 1 || !query_has_rte(g->q, x->rte))
		return NULL;
	TargetList *l = &g->source_cols;
	size_t at = 0;
	while (at < l->n && !(l->items[at].expr->rte == x->rte && l->items[at].expr->column == x->column))
		at++;
	if (at == l->n && target_add(g->ps, l, expr_copy(g->ps, x), "") < 0)
		g->failed = true;
	Expr *v = expr_copy(g->ps, x);
	v->rte = g->source;
	v->column = (int)at + 1;
	return v;
}

static bool in_set(const GroupSet *s, size_t key)
{
	for (size_t i = 0; i < s->n; i++)
		if ((size_t)s->keys[i] == key)
			return true;
	return false;
}

/* The bits of GROUPING(...): 1 where the key is not in the set. */
static int64_t grouping_value(const GroupUnion *g, const Expr *x, const GroupSet *s)
{
	int64_t bits = 0;
	for (size_t i = 0; i < x->args.n; i++) {
		size_t k = 0;
		while (k < g->q->group_by.n && !expr_equal(g->q->group_by.items[k], x->args.items[i]))
			k++;
		bits = bits << 1 | !in_set(s, k);
	}
	return bits;
}

typedef struct OneSet {
	GroupUnion *g;
	const GroupSet *s;
	const ExprList *keys;
} OneSet;

static Expr *null_unless_in_set(Expr *x, void *arg)
{
	const OneSet *o = arg;
	for (size_t i = 0; i < o->keys->n; i++)
		if (expr_equal(o->keys->items[i], x))
			return in_set(o->s, i) ? x : expr_const(o->g->ps, x->type, val_null());
	return NULL;
}

/* Direct arguments see the keys as the output does. */
static Expr *aggregate_of_set(GroupUnion *g, const GroupSet *s, const ExprList *keys, Expr *agg)
{
	OneSet o = { g, s, keys };
	if (!agg->args2.n)
		return agg;
	Expr *out = arena_dup(g->ps->a, agg, sizeof *agg);
	out->args2 = (ExprList){ 0 };
	for (size_t i = 0; i < agg->args2.n; i++)
		expr_list_add(g->ps->a, &out->args2, expr_rewrite(g->ps->a, agg->args2.items[i], null_unless_in_set, &o));
	return out;
}

/* Keys, then aggregates and GROUPING values in turn; where one list is shorter, NULL. */
static Query *branch(GroupUnion *g, const GroupSet *s, const ExprList *keys, const ExprList *aggs)
{
	ParseState *ps = g->ps;
	Query *b = arena_new_of(ps->a, Query);
	b->has_aggs = true;
	query_from_rte(ps, b, g->source);
	for (size_t i = 0; i < keys->n; i++) {
		Expr *e = in_set(s, i) ? keys->items[i] : expr_const(ps, keys->items[i]->type, val_null());
		if (target_add(ps, &b->targets, e, "") < 0)
			return NULL;
		if (in_set(s, i))
			expr_list_add(ps->a, &b->group_by, keys->items[i]);
	}
	for (size_t i = 0; i < aggs->n || i < g->groupings.n; i++) {
		Expr *null = expr_const(ps, 23, val_null());
		Expr *value = i < g->groupings.n ? expr_const(ps, 23, val_int(grouping_value(g, g->groupings.items[i], s))) : null;
		Expr *agg = i < aggs->n ? aggregate_of_set(g, s, keys, aggs->items[i]) : null;
		if (target_add(ps, &b->targets, agg, "") < 0 || target_add(ps, &b->targets, value, "") < 0)
			return NULL;
	}
	query_set_columns(ps, b, &b->targets);
	return b;
}

static Query *put_together(GroupUnion *g, const ExprList *keys, const ExprList *aggs)
{
	Query *all = NULL;
	for (size_t i = 0; i < g->q->ngroup_sets; i++) {
		Query *b = branch(g, &g->q->group_sets[i], keys, aggs);
		if (!b || !all) {
			all = b;
			if (!b)
				return NULL;
			continue;
		}
		Query *both = arena_new_of(g->ps->a, Query);
		*both = (Query){ .setop = SETOP_UNION, .setop_all = true, .larg = all, .rarg = b, .cols = b->cols, .ncols = b->ncols };
		all = both;
	}
	return all;
}

static ExprList on_source(GroupUnion *g, const ExprList *l)
{
	ExprList out = { 0 };
	for (size_t i = 0; i < l->n; i++)
		expr_list_add(g->ps->a, &out, expr_rewrite(g->ps->a, l->items[i], from_source, g));
	return out;
}

/* One that counts rows, so that the set without keys gives one row. */
static int add_count(GroupUnion *g)
{
	size_t n;
	const PgProc *p = pgproc_named("count", &n);
	Expr *x = expr_new(g->ps, X_AGG, 20, -1);
	while (n && p->nargs)
		p++, n--;
	x->proc = p;
	x->star = true;
	expr_list_add(g->ps->a, &g->aggs, x);
	return n ? 0 : an_error(g->ps, -1, "XX000", "no function count(*)");
}

static void rewrite_clauses(GroupUnion *g)
{
	Arena *a = g->ps->a;
	Query *q = g->q;
	for (size_t i = 0; i < q->targets.n; i++) {
		Expr **e = &q->targets.items[i].expr;
		size_t key = 0;
		while (key < q->group_by.n && q->group_targets[key] != (int)i + 1)
			key++;
		*e = key < q->group_by.n ? output(g, key + 1, *e) : expr_rewrite(a, *e, above_groups, g);
	}
	for (size_t i = 0; i < q->norder; i++)
		q->order[i].expr = q->targets.items[q->order[i].target - 1].expr;
	for (size_t i = 0; i < q->distinct_on.n; i++)
		q->distinct_on.items[i] = expr_rewrite(a, q->distinct_on.items[i], above_groups, g);
	q->having = expr_rewrite(a, q->having, above_groups, g);
}

/* The materialized source as one more WITH query of this level. */
static void add_source_cte(GroupUnion *g, Query *src)
{
	ParseState *ps = g->ps;
	Query *q = g->q;
	Cte *c = g->source->cte;
	c->query = src;
	c->cols = src->cols;
	c->ncols = src->ncols;
	c->materialized = 'm';
	c->refs = (int)q->ngroup_sets;
	g->source->cols = src->cols;
	g->source->ncols = src->ncols;
	Cte **grown = arena_array(ps->a, Cte *, q->nctes + 1);
	if (q->nctes)
		memcpy(grown, q->ctes, q->nctes * sizeof *grown);
	grown[q->nctes++] = c;
	q->ctes = grown;
}

int group_sets_to_union(ParseState *ps, Query *q)
{
	GroupUnion g = { .ps = ps, .q = q };
	if (q->ngroup_sets > MAX_BRANCHES)
		return an_refuse(ps, -1, "more than %d grouping sets are not available in SQLite mode", MAX_BRANCHES);
	g.source = rte_new(ps, RTE_CTE, "", -1);
	g.source->cte = arena_new_of(ps->a, Cte);
	g.source->cte->id = ++*ps->next_id;
	g.source->cte->name = "";
	g.rte = rte_new(ps, RTE_SUBQUERY, "", -1);
	rewrite_clauses(&g);
	if (!g.aggs.n && add_count(&g) < 0)
		return -1;
	ExprList keys = on_source(&g, &q->group_by), aggs = on_source(&g, &g.aggs);
	if (!g.source_cols.n && target_add(ps, &g.source_cols, expr_const(ps, 23, val_int(1)), "") < 0)
		g.failed = true;
	Query *src = arena_new_of(ps->a, Query);
	*src = (Query){ .from = q->from, .nfrom = q->nfrom, .where = q->where, .targets = g.source_cols };
	query_set_columns(ps, src, &src->targets);
	Query *all = g.failed ? NULL : put_together(&g, &keys, &aggs);
	if (!all)
		return -1;
	add_source_cte(&g, src);
	g.rte->query = all;
	g.rte->cols = all->cols;
	g.rte->ncols = all->ncols;
	query_from_rte(ps, q, g.rte);
	q->where = q->having;
	q->having = NULL;
	q->group_by = (ExprList){ 0 };
	q->has_aggs = false;
	return 0;
}
