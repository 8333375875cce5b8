/* Whether a condition implies a partial index's predicate: the part of PostgreSQL's predtest.c that applications meet. */
#include "sql/analyze.h"

/* IN (a, b) and = ANY (ARRAY[a, b]) are the same to PostgreSQL. */
static const Expr *as_list(ParseState *ps, const Expr *x)
{
	const Expr *list = x->kind == X_SCALAR_ARRAY ? expr_array_as_list(ps->a, ps->env->cat, x, true) : NULL;
	return list ? list : x;
}

static bool has_element(const Expr *list, const Expr *x)
{
	for (size_t i = 1; i < list->args.n; i++)
		if (expr_equal(list->args.items[i], x))
			return true;
	return false;
}

/* x IN (a) implies x IN (a, b). */
static bool list_implies(const Expr *x, const Expr *y)
{
	if (x->kind != X_IN_LIST || y->kind != X_IN_LIST || x->proc != y->proc || !x->use_or || !y->use_or ||
	    !expr_equal(x->args.items[0], y->args.items[0]))
		return false;
	for (size_t i = 1; i < x->args.n; i++)
		if (!has_element(y, x->args.items[i]))
			return false;
	return true;
}

/* x = a implies x IN (a, b). */
static bool equality_implies(const Expr *x, const Expr *y)
{
	return x->kind == X_FUNC && y->kind == X_IN_LIST && y->use_or && x->proc == y->proc && x->args.n == 2 &&
	       expr_equal(x->args.items[0], y->args.items[0]) && has_element(y, x->args.items[1]);
}

/* An operator that is strict, as those for comparing are, is not true of a NULL. */
static bool excludes_null(const Expr *x, const Expr *y)
{
	if (y->kind != X_NULLTEST || !y->negated || y->row_test)
		return false;
	bool strict = (x->kind == X_FUNC && x->op && x->proc->strict) || (x->kind == X_IN_LIST && x->use_or);
	for (size_t i = 0; strict && i < x->args.n; i++)
		if ((i == 0 || x->kind == X_FUNC) && expr_equal(x->args.items[i], y->args.items[0]))
			return true;
	return false;
}

static bool is_bool(const Expr *x, BoolOp op)
{
	return x->kind == X_BOOL && x->boolop == op;
}

bool predicate_implied(ParseState *ps, const Expr *pred, const Expr *where)
{
	if (expr_equal(where, pred))
		return true;
	if (is_bool(pred, BOOL_AND)) {
		for (size_t i = 0; i < pred->args.n; i++)
			if (!predicate_implied(ps, pred->args.items[i], where))
				return false;
		return true;
	}
	if (is_bool(where, BOOL_AND)) {
		for (size_t i = 0; i < where->args.n; i++)
			if (predicate_implied(ps, pred, where->args.items[i]))
				return true;
		return false;
	}
	if (is_bool(where, BOOL_OR)) {
		for (size_t i = 0; i < where->args.n; i++)
			if (!predicate_implied(ps, pred, where->args.items[i]))
				return false;
		return true;
	}
	if (is_bool(pred, BOOL_OR)) {
		for (size_t i = 0; i < pred->args.n; i++)
			if (predicate_implied(ps, pred->args.items[i], where))
				return true;
		return false;
	}
	const Expr *x = as_list(ps, where), *y = as_list(ps, pred);
	return list_implies(x, y) || equality_implies(x, y) || excludes_null(x, y);
}
