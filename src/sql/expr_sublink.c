/* Subqueries in expressions: EXISTS, IN, ANY, ALL, scalar, ARRAY(...) and row comparisons. */
#include "sql/expr.h"
#include "sql/query.h"

static size_t shown_columns(const Query *q)
{
	return q->ncols;
}

static Expr *column_stand_in(ParseState *ps, const Column *c, int location)
{
	Expr *e = expr_new(ps, X_VAR, c->type, location);

	e->typmod = c->typmod;
	e->collation = c->collation;
	return e;
}

static int left_side(ParseState *ps, const PgQuery__SubLink *s, ExprList *out)
{
	Expr *test = an_expr(ps, s->testexpr, ps->place);

	if (!test)
		return -1;
	if (test->kind == X_ROW && s->testexpr->node_case == PG_QUERY__NODE__NODE_ROW_EXPR)
		*out = test->args;
	else
		expr_list_add(ps->a, out, test);
	return 0;
}

/* Test expressions against the query's columns: args, and the operator's function for each. */
static int compare_columns(ParseState *ps, Expr *e, const ExprList *left, Query *q, const char *op, const char *schema, int location)
{
	if (left->n < shown_columns(q))
		return an_error(ps, location, "42601", "subquery has too many columns");
	if (left->n > shown_columns(q))
		return an_error(ps, location, "42601", "subquery has too few columns");
	e->procs = arena_array(ps->a, const PgProc *, left->n);
	for (size_t i = 0; i < left->n; i++) {
		Expr *cmp = make_op(ps, op, schema, left->items[i], column_stand_in(ps, &q->cols[i], location), location);
		if (!cmp)
			return -1;
		if (cmp->type != T_BOOL)
			return an_error(ps, location, "42804", "row comparison operator must yield type boolean, not type %s",
					type_name(ps, cmp->type));
		e->procs[i] = cmp->proc;
		if (i == 0)
			e->op = cmp->op;
		expr_list_add(ps->a, &e->args, cmp->args.items[0]);
		if (query_coerce_column(ps, q, i, cmp->args.items[1]->type, -1))
			return -1;
	}
	e->proc = e->procs[0];
	return 0;
}

static Expr *test_sublink(ParseState *ps, const PgQuery__SubLink *s, Query *q, SubLinkKind kind)
{
	const char *schema = NULL, *op = "=";
	ExprList left = { 0 };
	Expr *e = expr_new(ps, X_SUBLINK, T_BOOL, s->location);

	e->sublink = kind;
	e->query = q;
	if ((s->n_oper_name && operator_name(ps, s->oper_name, s->n_oper_name, &schema, &op)) || left_side(ps, s, &left))
		return NULL;
	if (left.n > 1 && !streq(op, "=") && !streq(op, "<>") && !streq(op, "<") && !streq(op, "<=") && !streq(op, ">") && !streq(op, ">="))
		return an_error(ps, s->location, "0A000", "could not determine interpretation of row comparison operator %s", op), NULL;
	e->rowop = arena_strdup(ps->a, op);
	if (compare_columns(ps, e, &left, q, op, schema, s->location))
		return NULL;
	if (kind == SUBLINK_ANY && streq(op, "="))
		ctid_to_row_number(e);
	return e;
}

static Expr *one_column(ParseState *ps, const PgQuery__SubLink *s, Query *q, bool array)
{
	if (shown_columns(q) != 1)
		return an_error(ps, s->location, "42601", "subquery must return only one column"), NULL;
	uint32_t type = q->cols[0].type;
	if (array) {
		uint32_t array_type = type_element(ps->env->cat, type) ? type : type_array(ps->env->cat, type);
		if (!array_type)
			return an_error(ps, s->location, "42704", "could not find array type for data type %s", type_name(ps, type)), NULL;
		type = array_type;
	}
	Expr *e = expr_new(ps, X_SUBLINK, type, s->location);
	e->sublink = array ? SUBLINK_ARRAY : SUBLINK_EXPR;
	e->query = q;
	e->typmod = q->cols[0].typmod;
	e->collation = q->cols[0].collation;
	return e;
}

static int place_allows(ParseState *ps, const PgQuery__SubLink *s)
{
	switch (ps->place) {
	case AT_CHECK:
		return an_error(ps, s->location, "0A000", "cannot use subquery in check constraint");
	case AT_DEFAULT:
		return an_error(ps, s->location, "0A000", "cannot use subquery in DEFAULT expression");
	case AT_INDEX_EXPR:
		return an_error(ps, s->location, "0A000", "cannot use subquery in index expression");
	case AT_INDEX_WHERE:
		return an_error(ps, s->location, "0A000", "cannot use subquery in index predicate");
	case AT_EXECUTE:
		return an_error(ps, s->location, "0A000", "cannot use subquery in EXECUTE parameter");
	case AT_COPY_WHERE:
		return an_error(ps, s->location, "0A000", "cannot use subquery in COPY FROM WHERE condition");
	default:
		return 0;
	}
}

Expr *an_sublink(ParseState *ps, const PgQuery__SubLink *s)
{
	if (place_allows(ps, s))
		return NULL;
	ps->has_sublinks = true;
	const char *saved = ps->no_recursion;
	ps->no_recursion = "a subquery";
	Query *q = an_query(ps, s->subselect);
	ps->no_recursion = saved;
	if (!q)
		return NULL;
	q->parsed = s->subselect;
	switch (s->sub_link_type) {
	case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK: {
		Expr *e = expr_new(ps, X_SUBLINK, T_BOOL, s->location);
		e->sublink = SUBLINK_EXISTS;
		e->query = q;
		return e;
	}
	case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
		return one_column(ps, s, q, false);
	case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
		return one_column(ps, s, q, true);
	case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
		return test_sublink(ps, s, q, SUBLINK_ANY);
	case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK:
		return test_sublink(ps, s, q, SUBLINK_ALL);
	case PG_QUERY__SUB_LINK_TYPE__ROWCOMPARE_SUBLINK:
		return test_sublink(ps, s, q, SUBLINK_ROWCOMPARE);
	default:
		return an_refuse(ps, s->location, "this kind of subquery is not supported in SQLite mode"), NULL;
	}
}
