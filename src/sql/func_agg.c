/* Aggregates and window functions: what may stand where, and the clauses of their calls. */
#include "sql/expr.h"
#include "sql/query.h"

const char *place_name(ExprPlace place)
{
	static const char *const names[] = {
		[AT_SELECT] = "SELECT",
		[AT_FROM_FUNCTION] = "functions in FROM",
		[AT_JOIN_ON] = "JOIN conditions",
		[AT_WHERE] = "WHERE",
		[AT_GROUP_BY] = "GROUP BY",
		[AT_HAVING] = "HAVING",
		[AT_WINDOW] = "window definitions",
		[AT_ORDER_BY] = "ORDER BY",
		[AT_LIMIT] = "LIMIT",
		[AT_OFFSET] = "OFFSET",
		[AT_RETURNING] = "RETURNING",
		[AT_VALUES] = "VALUES",
		[AT_INSERT] = "INSERT",
		[AT_UPDATE] = "UPDATE",
		[AT_CHECK] = "check constraints",
		[AT_DEFAULT] = "DEFAULT expressions",
		[AT_INDEX_EXPR] = "index expressions",
		[AT_INDEX_WHERE] = "index predicates",
		[AT_FILTER] = "FILTER",
		[AT_CONFLICT_WHERE] = "WHERE",
		[AT_EXECUTE] = "EXECUTE parameters",
		[AT_DISTINCT_ON] = "DISTINCT ON",
		[AT_COPY_WHERE] = "COPY FROM WHERE conditions",
		[AT_MERGE_WHEN] = "MERGE WHEN conditions",
		[AT_POLICY] = "policy expressions",
	};

	return names[place];
}

bool aggregates_allowed(ExprPlace place)
{
	return place == AT_SELECT || place == AT_HAVING || place == AT_ORDER_BY || place == AT_WINDOW || place == AT_DISTINCT_ON;
}

static bool windows_allowed(ExprPlace place)
{
	return place == AT_SELECT || place == AT_ORDER_BY || place == AT_DISTINCT_ON;
}

/* Clauses that only aggregates or window functions may have. */
int check_call_form(ParseState *ps, const PgProc *proc, const PgQuery__FuncCall *c, const char *name)
{
	char kind = proc ? proc->kind : 'f';

	if (kind == 'a') {
		const PgAggregate *agg = pgaggregate_of(proc->oid);
		bool within = agg && agg->kind != 'n';
		if (within && !c->agg_within_group)
			return an_error(ps, c->location, "42809", "WITHIN GROUP is required for ordered-set aggregate %s", name);
		if (within && c->over)
			return an_error(ps, c->location, "0A000", "OVER is not supported for ordered-set aggregate %s", name);
		if (!within && c->agg_within_group)
			return an_error(ps, c->location, "42809", "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
					name);
		if (!within && c->n_args == 0 && !c->agg_star)
			return an_error(ps, c->location, "42809", "%s(*) must be used to call a parameterless aggregate function", name);
		return 0;
	}
	if (c->agg_star)
		return an_error(ps, c->location, "42809", "%s(*) specified, but %s is not an aggregate function", name, name);
	if (c->agg_within_group)
		return an_error(ps, c->location, "42809", "WITHIN GROUP specified, but %s is not an aggregate function", name);
	if (c->agg_distinct)
		return an_error(ps, c->location, "42809", "DISTINCT specified, but %s is not an aggregate function", name);
	if (c->n_agg_order)
		return an_error(ps, c->location, "42809", "ORDER BY specified, but %s is not an aggregate function", name);
	if (c->agg_filter)
		return an_error(ps, c->location, "42809", "FILTER specified, but %s is not an aggregate function", name);
	if (c->over && kind != 'w')
		return an_error(ps, c->location, "42809", "OVER specified, but %s is not a window function nor an aggregate function",
				name);
	if (kind == 'w' && !c->over)
		return an_error(ps, c->location, "42809", "window function %s requires an OVER clause", name);
	return 0;
}

static int add_filter(ParseState *ps, Expr *f, const PgQuery__FuncCall *c)
{
	if (!c->agg_filter)
		return 0;
	Expr *e = an_expr(ps, c->agg_filter, AT_FILTER);
	f->filter = e ? coerce_to_boolean(ps, e, "FILTER") : NULL;
	return f->filter ? 0 : -1;
}

typedef struct Levels {
	const ParseState *ps;
	bool local, outer;
} Levels;

static bool is_local(const ParseState *ps, const Rte *rte)
{
	for (size_t i = 0; i < ps->nns; i++)
		if (ps->ns[i]->rte == rte)
			return true;
	return ps->query && query_has_rte(ps->query, rte);
}

static bool note_level(Expr *x, void *arg)
{
	Levels *l = arg;

	if (x->kind == X_VAR && x->rte) {
		bool outer = false;
		for (const ParseState *p = l->ps->parent; p && !outer; p = p->parent)
			outer = is_local(p, x->rte);
		if (outer && !is_local(l->ps, x->rte))
			l->outer = true;
		else
			l->local = true;
	}
	return true;
}

/* PostgreSQL gives an aggregate whose arguments are all of an outer query to that query. */
static int check_level(ParseState *ps, Expr *f)
{
	Levels l = { .ps = ps };

	for (size_t i = 0; i < f->args.n; i++)
		expr_walk(f->args.items[i], note_level, &l);
	if (l.outer && !l.local)
		return an_refuse(ps, f->location, "an aggregate of an outer query is not supported in SQLite mode");
	return 0;
}

static bool note_srf(Expr *x, void *arg)
{
	int *location = arg;

	if (x->kind == X_FUNC && x->proc && x->proc->retset && *location < 0)
		*location = x->location;
	return x->kind != X_SUBLINK;
}

int refuse_srf(ParseState *ps, Expr *e, const char *what)
{
	int location = -1;

	expr_walk(e, note_srf, &location);
	if (location < 0)
		return 0;
	an_error(ps, location, "0A000", "%s", what);
	return err_hint(ps->err, "You might be able to move the set-returning function into a LATERAL FROM item.");
}

int forbid_set(ParseState *ps, Expr *e, const char *construct)
{
	int location = -1;

	expr_walk(e, note_srf, &location);
	return location < 0 ? 0 : an_error(ps, expr_location(e), "42804", "argument of %s must not return a set", construct);
}

typedef struct Inner {
	ExprKind kind;
	int location;
} Inner;

static bool note_inner(Expr *x, void *arg)
{
	Inner *in = arg;

	if (x->kind == in->kind && in->location < 0)
		in->location = x->location;
	return in->location < 0;
}

int inner_location(const Expr *f, ExprKind kind)
{
	Inner in = { kind, -1 };

	for (size_t i = 0; i < f->args.n; i++)
		expr_walk(f->args.items[i], note_inner, &in);
	return in.location >= 0 ? in.location : f->location;
}

/* PostgreSQL looks at the fraction even when there is no row; here only a constant is known then. */
static int check_fraction(ParseState *ps, const Expr *f)
{
	const Expr *x = f->args2.n == 1 ? f->args2.items[0] : NULL;
	if (!x || strncmp(f->proc->name, "percentile_", 11) != 0 || x->kind != X_CONST || x->type != T_FLOAT8 || x->val.kind != VAL_REAL ||
	    (x->val.r >= 0 && x->val.r <= 1))
		return 0;
	return an_error(ps, -1, "22003", "percentile value %g is not between 0 and 1", x->val.r);
}

/* Of the arguments, the last ones are the sort keys; those before are the direct ones. */
static int within_order(ParseState *ps, Expr *f, const PgQuery__FuncCall *c)
{
	size_t ndirect = f->args.n - c->n_agg_order;
	ExprList all = f->args;
	f->args = (ExprList){ 0 };
	f->order = arena_array(ps->a, SortItem, c->n_agg_order + 1);
	for (size_t i = 0; i < all.n; i++) {
		Expr *e = all.items[i];
		expr_list_add(ps->a, i < ndirect ? &f->args2 : &f->args, e);
		if (i < ndirect)
			continue;
		SortItem *item = &f->order[f->norder++];
		*item = (SortItem){ .expr = e };
		if (!ordering_for(ps, e->type, e->location) || sort_direction(ps, c->agg_order[i - ndirect]->sort_by, item))
			return -1;
	}
	return check_fraction(ps, f);
}

/* What was written, without the conversions that PostgreSQL adds. */
static const Expr *strip_implicit(const Expr *e)
{
	while (e->cast == 'i' && e->cast_from)
		e = e->cast_from;
	return e;
}

int finish_aggregate(ParseState *ps, Expr *f, const PgQuery__FuncCall *c, bool nested_agg, bool nested_window)
{
	f->kind = X_AGG;
	f->star = c->agg_star;
	f->is_distinct = c->agg_distinct;
	if (nested_agg)
		return an_error(ps, inner_location(f, X_AGG), "42803", "aggregate function calls cannot be nested");
	for (size_t i = 0; i < f->args.n; i++)
		if (refuse_srf(ps, f->args.items[i], "aggregate function calls cannot contain set-returning function calls"))
			return -1;
	if (nested_window)
		return an_error(ps, inner_location(f, X_WINDOW), "42803", "aggregate function calls cannot contain window function calls");
	if (check_level(ps, f))
		return -1;
	if (!aggregates_allowed(ps->place))
		return an_error(ps, c->location, "42803", "aggregate functions are not allowed in %s", place_name(ps->place));
	if ((c->agg_within_group ? within_order(ps, f, c)
				 : an_sort_exprs(ps, c->agg_order, c->n_agg_order, ps->place, &f->order, &f->norder)) ||
	    add_filter(ps, f, c))
		return -1;
	if (c->agg_distinct) {
		for (size_t i = 0; i < f->args.n; i++)
			if (!equality_for(ps, f->args.items[i]->type, f->args.items[i]->location))
				return -1;
		for (size_t i = 0; i < f->norder; i++) {
			bool found = false;
			for (size_t k = 0; k < f->args.n && !found; k++)
				if ((found = expr_equal(strip_implicit(f->order[i].expr), strip_implicit(f->args.items[k]))))
					f->order[i].expr = f->args.items[k];
			if (!found)
				return an_error(ps, expr_location(f->order[i].expr), "42P10",
						"in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list");
		}
	}
	ps->has_aggs = true;
	return 0;
}

int finish_window(ParseState *ps, Expr *f, const PgQuery__FuncCall *c)
{
	if (!windows_allowed(ps->place))
		return an_error(ps, c->location, "42P20", "window functions are not allowed in %s", place_name(ps->place));
	if (c->agg_distinct)
		return an_error(ps, c->location, "0A000", "DISTINCT is not supported for window functions");
	if (c->n_agg_order)
		return an_error(ps, c->location, "0A000", "aggregate ORDER BY is not available for window functions");
	if (f->proc->retset)
		return an_error(ps, c->location, "42P20", "window functions cannot return sets");
	for (size_t i = 0; i < f->args.n; i++)
		if (refuse_srf(ps, f->args.items[i], "window function calls cannot contain set-returning function calls"))
			return -1;
	f->kind = X_WINDOW;
	f->star = c->agg_star;
	if (add_filter(ps, f, c))
		return -1;
	f->window = an_window(ps, c->over);
	if (!f->window)
		return -1;
	ps->has_windows = true;
	return 0;
}
