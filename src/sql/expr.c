/* One node of the parse tree -> a typed expression. The parser has bounded the depth of the tree, so recursion is safe. */
#include "sql/expr.h"

#include "sql/vars.h"

static Expr *bool_expr(ParseState *ps, const PgQuery__BoolExpr *b)
{
	static const char *const names[] = { [BOOL_AND] = "AND", [BOOL_OR] = "OR", [BOOL_NOT] = "NOT" };
	BoolOp op = b->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? BOOL_AND
		    : b->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? BOOL_OR
								     : BOOL_NOT;
	Expr *e = expr_new(ps, X_BOOL, T_BOOL, b->location);

	e->boolop = op;
	for (size_t i = 0; i < b->n_args; i++) {
		Expr *arg = an_expr(ps, b->args[i], ps->place);
		arg = arg ? coerce_to_boolean(ps, arg, names[op]) : NULL;
		if (!arg)
			return NULL;
		expr_list_add(ps->a, &e->args, arg);
	}
	return e;
}

static Expr *null_test(ParseState *ps, const PgQuery__NullTest *t)
{
	Expr *arg = an_expr(ps, t->arg, ps->place), *e;

	if (!arg)
		return NULL;
	e = expr_new(ps, X_NULLTEST, T_BOOL, t->location);
	e->negated = t->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
	arg = domain_value(ps, arg);
	const PgType *type = type_lookup(ps->env->cat, arg->type);
	e->row_test = arg->type == T_RECORD || (type && type->typtype == 'c');
	if (arg->type == T_UNKNOWN && arg->kind == X_CONST && !(arg = coerce_unknown_to_text(ps, arg)))
		return NULL;
	expr_list_add(ps->a, &e->args, arg);
	return e;
}

static Expr *boolean_test(ParseState *ps, const PgQuery__BooleanTest *t)
{
	static const struct {
		BoolTest test;
		const char *name;
	} tests[] = {
		[PG_QUERY__BOOL_TEST_TYPE__IS_TRUE] = { TEST_TRUE, "IS TRUE" },
		[PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE] = { TEST_NOT_TRUE, "IS NOT TRUE" },
		[PG_QUERY__BOOL_TEST_TYPE__IS_FALSE] = { TEST_FALSE, "IS FALSE" },
		[PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE] = { TEST_NOT_FALSE, "IS NOT FALSE" },
		[PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN] = { TEST_UNKNOWN, "IS UNKNOWN" },
		[PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN] = { TEST_NOT_UNKNOWN, "IS NOT UNKNOWN" },
	};
	Expr *arg = an_expr(ps, t->arg, ps->place);

	if (!arg || (size_t)t->booltesttype >= ARRAY_LEN(tests) || !tests[t->booltesttype].name)
		return NULL;
	arg = coerce_to_boolean(ps, arg, tests[t->booltesttype].name);
	if (!arg)
		return NULL;
	Expr *e = expr_new(ps, X_BOOLTEST, T_BOOL, t->location);
	e->booltest = tests[t->booltesttype].test;
	expr_list_add(ps->a, &e->args, arg);
	return e;
}

/* COALESCE, GREATEST, LEAST: all arguments of one common type. */
static Expr *common_call(ParseState *ps, ExprKind kind, const char *name, PgQuery__Node *const *nodes, size_t n, int location)
{
	ExprList items = { 0 };

	for (size_t i = 0; i < n; i++) {
		Expr *arg = an_expr(ps, nodes[i], ps->place);
		if (!arg)
			return NULL;
		expr_list_add(ps->a, &items, arg);
	}
	uint32_t type = common_type(ps, items.items, items.n, name, -1);
	if (!type)
		return NULL;
	Expr *e = expr_new(ps, kind, type, location);
	for (size_t i = 0; i < n; i++) {
		Expr *arg = coerce_to_common(ps, items.items[i], type, name);
		if (!arg)
			return NULL;
		expr_list_add(ps->a, &e->args, arg);
	}
	e->typmod = shared_typmod(&e->args, type);
	if (kind == X_COALESCE && refuse_srf(ps, e, "set-returning functions are not allowed in COALESCE"))
		return NULL;
	return e;
}

static Expr *min_max(ParseState *ps, const PgQuery__MinMaxExpr *m)
{
	bool least = m->op == PG_QUERY__MIN_MAX_OP__IS_LEAST;
	Expr *e = common_call(ps, X_MINMAX, least ? "LEAST" : "GREATEST", m->args, m->n_args, m->location);

	if (!e)
		return NULL;
	e->is_least = least;
	e->proc = ordering_for(ps, e->type, m->location);
	return e->proc ? e : NULL;
}

static Expr *set_to_default(ParseState *ps, const PgQuery__SetToDefault *d)
{
	if (ps->place != AT_INSERT && ps->place != AT_VALUES && ps->place != AT_UPDATE)
		return an_error(ps, d->location, "42601", "DEFAULT is not allowed in this context"), NULL;
	return expr_new(ps, X_DEFAULT, T_UNKNOWN, d->location);
}

static Expr *current_of(ParseState *ps, const PgQuery__CurrentOfExpr *c)
{
	Expr *e = expr_new(ps, X_CURRENT_OF, T_BOOL, -1);
	e->name = c->cursor_name;
	if (ps->vars) {
		const char *const name[] = { c->cursor_name };
		Expr *var = NULL;
		if (vars_find(ps, name, 1, -1, &var) < 0)
			return NULL;
		if (var && var->type == T_REFCURSOR)
			expr_list_add(ps->a, &e->args, var);
	}
	e->rte = ps->query->result;
	return e;
}

static Expr *refused(ParseState *ps, const PgNode *n)
{
	switch (n->node_case) {
	case PG_QUERY__NODE__NODE_GROUPING_FUNC:
		return an_grouping(ps, n->grouping_func);
	case PG_QUERY__NODE__NODE_XML_EXPR:
		an_refuse(ps, n->xml_expr->location, "XML functions are not supported in SQLite mode");
		return NULL;
	case PG_QUERY__NODE__NODE_XML_SERIALIZE:
		an_refuse(ps, n->xml_serialize->location, "XMLSERIALIZE is not supported in SQLite mode");
		return NULL;
	case PG_QUERY__NODE__NODE_CURRENT_OF_EXPR:
		return current_of(ps, n->current_of_expr);
	case PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF:
		an_refuse(ps, -1, "an assignment of several columns from one row is not supported here in SQLite mode");
		return NULL;
	case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
		an_error(ps, n->named_arg_expr->location, "42601", "a named argument stands outside a function call");
		return NULL;
	default:
		an_refuse(ps, -1, "expression node %d of the parse tree is not supported in SQLite mode", (int)n->node_case);
		return NULL;
	}
}

static Expr *expr_at(ParseState *ps, const PgNode *n)
{
	switch (n->node_case) {
	case PG_QUERY__NODE__NODE_A_CONST:
		return an_const(ps, n->a_const);
	case PG_QUERY__NODE__NODE_PARAM_REF:
		return an_param(ps, n->param_ref);
	case PG_QUERY__NODE__NODE_COLUMN_REF:
		return an_column_ref(ps, n->column_ref);
	case PG_QUERY__NODE__NODE_A_EXPR:
		return an_a_expr(ps, n->a_expr);
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		return bool_expr(ps, n->bool_expr);
	case PG_QUERY__NODE__NODE_NULL_TEST:
		return null_test(ps, n->null_test);
	case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
		return boolean_test(ps, n->boolean_test);
	case PG_QUERY__NODE__NODE_CASE_EXPR:
		return an_case(ps, n->case_expr);
	case PG_QUERY__NODE__NODE_COALESCE_EXPR:
		return common_call(ps, X_COALESCE, "COALESCE", n->coalesce_expr->args, n->coalesce_expr->n_args,
				   n->coalesce_expr->location);
	case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
		return min_max(ps, n->min_max_expr);
	case PG_QUERY__NODE__NODE_FUNC_CALL:
		return an_func_call(ps, n->func_call);
	case PG_QUERY__NODE__NODE_SUB_LINK:
		return an_sublink(ps, n->sub_link);
	case PG_QUERY__NODE__NODE_TYPE_CAST:
		return an_type_cast(ps, n->type_cast);
	case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
		return an_array(ps, n->a_array_expr, 0, 0, -1);
	case PG_QUERY__NODE__NODE_A_INDIRECTION:
		return an_indirection(ps, n->a_indirection);
	case PG_QUERY__NODE__NODE_ROW_EXPR:
		return an_row(ps, n->row_expr);
	case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
		return an_sqlvalue(ps, n->sqlvalue_function);
	case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
		return an_collate(ps, n->collate_clause);
	case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
		return set_to_default(ps, n->set_to_default);
	default:
		return refused(ps, n);
	}
}

Expr *an_expr(ParseState *ps, const PgNode *node, ExprPlace place)
{
	ExprPlace before = ps->place;

	ps->place = place;
	Expr *e = expr_at(ps, node);
	ps->place = before;
	return e;
}
