/* A_Expr: operators and the forms that PostgreSQL writes with them. */
#include "sql/expr.h"

Expr *make_bool(ParseState *ps, BoolOp op, Expr *x, Expr *y, int location)
{
	Expr *e = expr_new(ps, X_BOOL, T_BOOL, location);

	e->boolop = op;
	expr_list_add(ps->a, &e->args, x);
	if (y)
		expr_list_add(ps->a, &e->args, y);
	return e;
}

static bool is_row(const PgNode *n)
{
	return n && n->node_case == PG_QUERY__NODE__NODE_ROW_EXPR;
}

static Expr *plain_op(ParseState *ps, const PgQuery__AExpr *x, const char *schema, const char *name)
{
	Expr *left = x->lexpr ? an_expr(ps, x->lexpr, ps->place) : NULL;
	Expr *right = left || !x->lexpr ? an_expr(ps, x->rexpr, ps->place) : NULL;

	if (!right)
		return NULL;
	if (is_row(x->lexpr) && is_row(x->rexpr))
		return an_row_compare(ps, name, schema, &left->args, &right->args, x->location);
	if (left && left->kind == X_COLLATE && right->kind == X_COLLATE && !streq(left->name, right->name))
		return an_error(ps, right->location, "42P21", "collation mismatch between explicit collations \"%s\" and \"%s\"",
				left->name, right->name),
		       NULL;
	return make_op(ps, name, schema, left, right, x->location);
}

/* (a, b) = (SELECT ...): the parser has an operator here, PostgreSQL makes it a row comparison sublink. */
static Expr *row_sublink(ParseState *ps, const PgQuery__AExpr *x)
{
	PgQuery__SubLink s = *x->rexpr->sub_link;

	s.sub_link_type = PG_QUERY__SUB_LINK_TYPE__ROWCOMPARE_SUBLINK;
	s.testexpr = x->lexpr;
	s.n_oper_name = x->n_name;
	s.oper_name = x->name;
	s.location = x->location;
	return an_sublink(ps, &s);
}

static Expr *null_test_of(ParseState *ps, Expr *arg, bool negated, int location)
{
	Expr *e = expr_new(ps, X_NULLTEST, T_BOOL, location);

	e->negated = negated;
	arg = coerce_unknown_to_text(ps, arg);
	if (!arg)
		return NULL;
	expr_list_add(ps->a, &e->args, arg);
	return e;
}

static Expr *distinct_of(ParseState *ps, Expr *left, Expr *right, int location)
{
	Expr *op = make_op(ps, "=", NULL, left, right, location);

	if (!op)
		return NULL;
	if (op->type != T_BOOL)
		return an_error(ps, location, "42804", "IS DISTINCT FROM requires = operator to yield boolean"), NULL;
	op->kind = X_DISTINCT;
	return op;
}

static Expr *rows_distinct(ParseState *ps, Expr *left, Expr *right, int location)
{
	Expr *all = NULL;

	if (left->args.n != right->args.n)
		return an_error(ps, location, "42601", "unequal number of entries in row expressions"), NULL;
	for (size_t i = 0; i < left->args.n; i++) {
		Expr *one = distinct_of(ps, left->args.items[i], right->args.items[i], location);
		if (!one)
			return NULL;
		all = all ? make_bool(ps, BOOL_OR, all, one, location) : one;
	}
	return all ? all : expr_const(ps, T_BOOL, val_int(0));
}

static Expr *distinct_expr(ParseState *ps, const PgQuery__AExpr *x, bool negated)
{
	Expr *left = an_expr(ps, x->lexpr, ps->place), *right = left ? an_expr(ps, x->rexpr, ps->place) : NULL, *e;

	if (!right)
		return NULL;
	if (is_null_const(right) && right->type == T_UNKNOWN && left->kind != X_ROW)
		return null_test_of(ps, left, !negated, x->location);
	if (is_null_const(left) && left->type == T_UNKNOWN && right->kind != X_ROW)
		return null_test_of(ps, right, !negated, x->location);
	if (is_row(x->lexpr) && is_row(x->rexpr))
		e = rows_distinct(ps, left, right, x->location);
	else
		e = distinct_of(ps, left, right, x->location);
	return e && negated ? make_bool(ps, BOOL_NOT, e, NULL, x->location) : e;
}

static Expr *nullif(ParseState *ps, const PgQuery__AExpr *x)
{
	Expr *left = an_expr(ps, x->lexpr, ps->place), *right = left ? an_expr(ps, x->rexpr, ps->place) : NULL;
	Expr *op = right ? make_op(ps, "=", NULL, left, right, x->location) : NULL;

	if (!op)
		return NULL;
	if (op->type != T_BOOL)
		return an_error(ps, x->location, "42804", "NULLIF requires = operator to yield boolean"), NULL;
	op->kind = X_NULLIF;
	op->type = op->args.items[0]->type;
	op->typmod = op->args.items[0]->typmod;
	op->collation = op->args.items[0]->collation;
	return op;
}

static bool note_var(Expr *x, void *arg)
{
	if (x->kind == X_VAR)
		*(bool *)arg = true;
	return true;
}

static bool contains_vars(Expr *e)
{
	bool found = false;

	expr_walk(e, note_var, &found);
	return found;
}

static Expr *in_join(ParseState *ps, Expr *all, Expr *one, bool use_or, int location)
{
	if (!all || !one)
		return one;
	if (all->kind == X_BOOL && all->boolop == (use_or ? BOOL_OR : BOOL_AND) && all->location == location) {
		expr_list_add(ps->a, &all->args, one);
		return all;
	}
	return make_bool(ps, use_or ? BOOL_OR : BOOL_AND, all, one, location);
}

static Expr *in_one(ParseState *ps, const char *op, Expr *left, Expr *item, int location)
{
	if (left->kind == X_ROW && !left->names && item->kind == X_ROW && !item->names)
		return an_row_compare(ps, op, NULL, &left->args, &item->args, location);
	Expr *e = make_op(ps, op, NULL, left, item, location);
	return e ? coerce_to_boolean(ps, e, "IN") : NULL;
}

/* Items without columns of one common type become one list; *done is how many of `items` were taken (all or none). */
static Expr *in_list(ParseState *ps, const char *name, bool use_or, Expr *left, const ExprList *items, int location, bool *done)
{
	ExprList all = { 0 };

	*done = false;
	expr_list_add(ps->a, &all, left);
	for (size_t i = 0; i < items->n; i++)
		expr_list_add(ps->a, &all, items->items[i]);
	uint32_t type = common_type(ps, all.items, all.n, NULL, -1);
	if (!type || type == T_RECORD || !type_array(ps->env->cat, type))
		return NULL;
	*done = true;
	const PgOperator *op = find_operator(ps, name, NULL, left->type, type, location);
	if (!op)
		return NULL;
	uint32_t actual[2] = { left->type, type }, declared[2] = { op->left, op->right };
	if (!polymorphic_resolve(ps, actual, declared, 2, op->result, location))
		return NULL;
	Expr *e = expr_new(ps, X_IN_LIST, T_BOOL, location);
	e->proc = catalog_proc(ps->env->cat, op->proc);
	e->op = op;
	e->use_or = use_or;
	left = coerce_type(ps, left, declared[0], -1, COERCE_IMPLICIT, -1);
	if (!left)
		return NULL;
	expr_list_add(ps->a, &e->args, left);
	for (size_t i = 0; i < items->n; i++) {
		Expr *item = coerce_to(ps, items->items[i], type, -1, COERCE_IMPLICIT, -1);
		item = item ? coerce_type(ps, item, declared[1], -1, COERCE_IMPLICIT, -1) : NULL;
		if (!item)
			return NULL;
		expr_list_add(ps->a, &e->args, item);
	}
	return e;
}

static Expr *in_expr(ParseState *ps, const PgQuery__AExpr *x, const char *name)
{
	bool use_or = streq(name, "="), done = false;
	ExprList consts = { 0 }, all = { 0 };
	Expr *left = an_expr(ps, x->lexpr, ps->place), *result = NULL;

	if (!left)
		return NULL;
	for (size_t i = 0; i < x->rexpr->list->n_items; i++) {
		Expr *item = an_expr(ps, x->rexpr->list->items[i], ps->place);
		if (!item)
			return NULL;
		expr_list_add(ps->a, &all, item);
		if (!contains_vars(item))
			expr_list_add(ps->a, &consts, item);
	}
	if (consts.n > 1) {
		result = in_list(ps, name, use_or, left, &consts, x->location, &done);
		if (done && !result)
			return NULL;
	}
	for (size_t i = 0; i < all.n; i++) {
		if (done && !contains_vars(all.items[i]))
			continue;
		result = in_join(ps, result, in_one(ps, name, left, all.items[i], x->location), use_or, x->location);
		if (!result)
			return NULL;
	}
	return result;
}

static Expr *compare_nodes(ParseState *ps, const char *op, const PgNode *left, const PgNode *right, int location)
{
	Expr *l = an_expr(ps, left, ps->place), *r = l ? an_expr(ps, right, ps->place) : NULL;

	if (!r)
		return NULL;
	if (is_row(left) && is_row(right))
		return an_row_compare(ps, op, NULL, &l->args, &r->args, location);
	return make_op(ps, op, NULL, l, r, location);
}

static Expr *range(ParseState *ps, const PgNode *v, const PgNode *low, const PgNode *high, bool negated, int location)
{
	Expr *x = compare_nodes(ps, negated ? "<" : ">=", v, low, location);
	Expr *y = x ? compare_nodes(ps, negated ? ">" : "<=", v, high, location) : NULL;

	if (!y || forbid_set(ps, x, negated ? "OR" : "AND") || forbid_set(ps, y, negated ? "OR" : "AND"))
		return NULL;
	return make_bool(ps, negated ? BOOL_OR : BOOL_AND, x, y, location);
}

static Expr *between(ParseState *ps, const PgQuery__AExpr *x, bool negated, bool symmetric)
{
	const PgNode *low = x->rexpr->list->items[0], *high = x->rexpr->list->items[1];
	Expr *e = range(ps, x->lexpr, low, high, negated, x->location);

	if (!e || !symmetric)
		return e;
	Expr *swapped = range(ps, x->lexpr, high, low, negated, x->location);
	return swapped ? make_bool(ps, negated ? BOOL_AND : BOOL_OR, e, swapped, x->location) : NULL;
}

static Expr *any_all(ParseState *ps, const PgQuery__AExpr *x, const char *schema, const char *name, bool use_or)
{
	Expr *left = an_expr(ps, x->lexpr, ps->place), *right = left ? an_expr(ps, x->rexpr, ps->place) : NULL;

	if (schema && !streq(schema, "pg_catalog"))
		return an_refuse(ps, x->location, "operators of other schemas are not supported in SQLite mode"), NULL;
	return right ? make_scalar_array_op(ps, name, use_or, left, right, x->location) : NULL;
}

Expr *an_a_expr(ParseState *ps, const PgQuery__AExpr *x)
{
	const char *schema, *name;

	if (operator_name(ps, x->name, x->n_name, &schema, &name))
		return NULL;
	switch (x->kind) {
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
		if (is_row(x->lexpr) && x->rexpr->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
		    x->rexpr->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK)
			return row_sublink(ps, x);
		return plain_op(ps, x, schema, name);
	case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
	case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
	case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
		return plain_op(ps, x, schema, name);
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
		return any_all(ps, x, schema, name, true);
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
		return any_all(ps, x, schema, name, false);
	case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
		return distinct_expr(ps, x, false);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
		return distinct_expr(ps, x, true);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
		return nullif(ps, x);
	case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
		return in_expr(ps, x, name);
	case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
		return between(ps, x, false, false);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
		return between(ps, x, true, false);
	case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
		return between(ps, x, false, true);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
		return between(ps, x, true, true);
	default:
		return an_refuse(ps, x->location, "this kind of operator expression is not supported in SQLite mode"), NULL;
	}
}
