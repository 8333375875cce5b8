/*
 * Set-returning functions in the select list: moved to FROM, where they multiply the rows just the same. Several of them run side by side,
 * as in ROWS FROM. What comes before them in PostgreSQL (groups, windows) is computed in a subquery first.
 */
#include "sql/rewrite.h"

enum { MAX_SETS = 50 };

typedef struct Srf {
	ParseState *ps;
	Query *q;
	Expr *calls[MAX_SETS];
	size_t n;
	Rte *rte; /* of the functions, then of the subquery below them */
	TargetList pieces;
	int nested, conditional; /* locations of what cannot be moved, or -1 */
	bool in_call, failed;
} Srf;

static bool is_set(const Expr *x)
{
	return x->kind == X_FUNC && x->proc->retset;
}

static bool note_set(Expr *x, void *arg)
{
	bool *found = arg;
	*found |= is_set(x);
	return !*found && x->kind != X_SUBLINK;
}

static bool has_set(Expr *x)
{
	bool found = false;
	expr_walk(x, note_set, &found);
	return found;
}

static bool collect(Expr *x, void *arg)
{
	Srf *s = arg;
	if ((x->kind == X_CASE || x->kind == X_COALESCE) && has_set(x))
		s->conditional = x->kind;
	if (!is_set(x))
		return x->kind != X_SUBLINK;
	for (size_t i = 0; i < x->args.n; i++)
		if (has_set(x->args.items[i]))
			s->nested = x->location;
	for (size_t i = 0; i < s->n; i++)
		if (s->calls[i] == x)
			return false;
	if (x->proc->nout || s->n == MAX_SETS)
		s->nested = x->location;
	else
		s->calls[s->n++] = x;
	return false;
}

static Expr *stand_in(Srf *s, size_t column, const Expr *like)
{
	Expr *v = expr_new(s->ps, X_VAR, like->type, like->location);
	v->typmod = like->typmod;
	v->collation = like->collation;
	v->rte = s->rte;
	v->column = (int)column;
	return v;
}

static void rewrite_targets(Srf *s, RewriteFn fn)
{
	Query *q = s->q;
	for (size_t i = 0; i < q->targets.n; i++)
		q->targets.items[i].expr = expr_rewrite(s->ps->a, q->targets.items[i].expr, fn, s);
	for (size_t i = 0; i < q->group_by.n; i++)
		q->group_by.items[i] = expr_rewrite(s->ps->a, q->group_by.items[i], fn, s);
	for (size_t i = 0; i < q->norder; i++)
		q->order[i].expr = q->targets.items[q->order[i].target - 1].expr;
}

/* What needs no set-returning function is an output of the subquery. */
static Expr *below(Expr *x, void *arg)
{
	Srf *s = arg;
	if (x->kind == X_CONST || x->kind == X_PARAM)
		return x;
	if (has_set(x))
		return NULL;
	if (target_add(s->ps, &s->pieces, x, "") < 0)
		s->failed = true;
	return stand_in(s, s->pieces.n, x);
}

/* Groups, aggregates and windows go into a subquery; this query keeps DISTINCT, ORDER BY and LIMIT. */
static int split(Srf *s)
{
	ParseState *ps = s->ps;
	Query *q = s->q, *inner = arena_dup(ps->a, q, sizeof *q);
	int *on = arena_array(ps->a, int, q->distinct_on.n + 1);
	for (size_t i = 0; i < q->distinct_on.n; i++)
		for (size_t k = q->targets.n; k-- > 0;)
			if (expr_equal(q->targets.items[k].expr, q->distinct_on.items[i]))
				on[i] = (int)k;
	s->rte = rte_new(ps, RTE_SUBQUERY, "", -1);
	q->group_by = (ExprList){ 0 };
	rewrite_targets(s, below);
	for (size_t i = 0; i < q->distinct_on.n; i++)
		q->distinct_on.items[i] = q->targets.items[on[i]].expr;
	if (!s->pieces.n && target_add(ps, &s->pieces, expr_const(ps, 23, val_null()), "") < 0)
		s->failed = true;
	inner->targets = s->pieces;
	inner->distinct = inner->with_ties = inner->has_srfs = false;
	inner->distinct_on = (ExprList){ 0 };
	inner->norder = inner->nctes = 0;
	inner->limit = inner->offset = NULL;
	query_set_columns(ps, inner, &inner->targets);
	s->rte->query = inner;
	s->rte->cols = inner->cols;
	s->rte->ncols = inner->ncols;
	query_from_rte(ps, q, s->rte);
	q->where = q->having = NULL;
	q->has_aggs = q->has_windows = false;
	return s->failed ? -1 : 0;
}

static Expr *use_function(Expr *x, void *arg)
{
	Srf *s = arg;
	for (size_t i = 0; i < s->n; i++)
		if (s->calls[i] == x)
			return stand_in(s, i + 1, x);
	return NULL;
}

static bool note_own_column(Expr *x, void *arg)
{
	Srf *s = arg;
	s->in_call |= x->kind == X_VAR && query_has_rte(s->q, x->rte);
	return true;
}

static int join_functions(Srf *s)
{
	ParseState *ps = s->ps;
	Query *q = s->q;
	for (size_t i = 0; i < s->n; i++)
		expr_walk(s->calls[i], note_own_column, s);
	s->rte = from_calls(ps, s->calls, s->n);
	if (!s->rte)
		return -1;
	s->rte->lateral = s->in_call;
	FromItem **from = arena_array(ps->a, FromItem *, q->nfrom + 1);
	if (q->nfrom)
		memcpy(from, q->from, q->nfrom * sizeof *from);
	from[q->nfrom] = arena_new_of(ps->a, FromItem);
	from[q->nfrom++]->rte = s->rte;
	q->from = from;
	rewrite_targets(s, use_function);
	q->has_srfs = false;
	return 0;
}

static void collect_all(Srf *s)
{
	s->n = 0;
	for (size_t i = 0; i < s->q->targets.n; i++)
		expr_walk(s->q->targets.items[i].expr, collect, s);
}

bool groups_by_srf(const Query *q)
{
	for (size_t i = 0; i < q->group_by.n; i++)
		if (has_set(q->group_by.items[i]))
			return true;
	return false;
}

/* When the rows are grouped by what the functions give, all functions come before the groups. */
static void check_grouped(Srf *s)
{
	Srf keys = { .nested = -1, .conditional = -1 };
	for (size_t i = 0; i < s->q->group_by.n; i++)
		expr_walk(s->q->group_by.items[i], collect, &keys);
	for (size_t k = 0; k < s->n; k++) {
		size_t i = 0;
		while (i < keys.n && keys.calls[i] != s->calls[k])
			i++;
		if (i == keys.n)
			s->nested = s->calls[k]->location;
	}
}

int move_srf_to_from(ParseState *ps, Query *q)
{
	Srf s = { .ps = ps, .q = q, .nested = -1, .conditional = -1 };
	collect_all(&s);
	if (s.conditional >= 0)
		return an_error(ps, s.n ? s.calls[0]->location : -1, "0A000", "set-returning functions are not allowed in %s",
				s.conditional == X_CASE ? "CASE" : "COALESCE");
	bool grouped = groups_by_srf(q);
	if (grouped)
		check_grouped(&s);
	if (s.nested >= 0)
		return an_refuse(ps, s.nested, "this use of a set-returning function is not available in SQLite mode");
	if (!grouped && (q->has_aggs || q->has_windows || q->group_by.n || q->having) && split(&s) < 0)
		return -1;
	collect_all(&s);
	return join_functions(&s);
}
