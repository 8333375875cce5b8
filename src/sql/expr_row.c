/* ROW(...) and comparisons of rows. */
#include "sql/expr.h"
#include "sql/query.h"

Expr *an_row(ParseState *ps, const PgQuery__RowExpr *r)
{
	Expr *e = expr_new(ps, X_ROW, T_RECORD, r->location);

	for (size_t i = 0; i < r->n_args; i++) {
		TargetList star = { 0 };
		int expanded = expand_star_item(ps, r->args[i], ps->place, &star);
		Expr *arg = expanded ? NULL : an_expr(ps, r->args[i], ps->place);
		if (expanded < 0 || (!expanded && !arg))
			return NULL;
		for (size_t k = 0; k < star.n; k++)
			expr_list_add(ps->a, &e->args, star.items[k].expr);
		if (arg)
			expr_list_add(ps->a, &e->args, arg);
	}
	return e;
}

/* = is the AND, and <> the OR, of the columns' comparisons. */
static Expr *equality(ParseState *ps, const ExprList *ops, bool negated, int location)
{
	Expr *all = expr_new(ps, X_BOOL, T_BOOL, location);

	if (ops->n == 1)
		return ops->items[0];
	all->boolop = negated ? BOOL_OR : BOOL_AND;
	for (size_t i = 0; i < ops->n; i++)
		expr_list_add(ps->a, &all->args, ops->items[i]);
	return all;
}

static Expr *ordering(ParseState *ps, const char *op, const ExprList *ops, int location)
{
	Expr *e = expr_new(ps, X_ROW_COMPARE, T_BOOL, location);

	if (ops->n == 1)
		return ops->items[0];
	e->rowop = arena_strdup(ps->a, op);
	e->procs = arena_array(ps->a, const PgProc *, ops->n);
	for (size_t i = 0; i < ops->n; i++) {
		e->procs[i] = ops->items[i]->proc;
		expr_list_add(ps->a, &e->args, ops->items[i]->args.items[0]);
		expr_list_add(ps->a, &e->args2, ops->items[i]->args.items[1]);
	}
	return e;
}

Expr *an_row_compare(ParseState *ps, const char *op, const char *schema, ExprList *left, ExprList *right, int location)
{
	ExprList ops = { 0 };

	if (left->n != right->n)
		return an_error(ps, location, "42601", "unequal number of entries in row expressions"), NULL;
	if (left->n == 0)
		return an_error(ps, location, "0A000", "cannot compare rows of zero length"), NULL;
	for (size_t i = 0; i < left->n; i++) {
		Expr *one = make_op(ps, op, schema, left->items[i], right->items[i], location);
		if (!one)
			return NULL;
		if (one->type != T_BOOL)
			return an_error(ps, location, "42804", "row comparison operator must yield type boolean, not type %s",
					type_name(ps, one->type)),
			       NULL;
		expr_list_add(ps->a, &ops, one);
	}
	if (streq(op, "=") || streq(op, "<>"))
		return equality(ps, &ops, streq(op, "<>"), location);
	if (streq(op, "<") || streq(op, "<=") || streq(op, ">") || streq(op, ">="))
		return ordering(ps, op, &ops, location);
	if (ops.n == 1)
		return ops.items[0];
	an_error(ps, location, "0A000", "could not determine interpretation of row comparison operator %s", op);
	err_hint(ps->err, "Row comparison operators must be associated with btree operator families.");
	return NULL;
}
