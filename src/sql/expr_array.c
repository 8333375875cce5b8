/* ARRAY[...] and subscripts. */
#include "sql/expr.h"

static int array_elements(ParseState *ps, const PgQuery__AArrayExpr *x, uint32_t array_type, uint32_t elem_type, int32_t typmod, Expr *e)
{
	for (size_t i = 0; i < x->n_elements; i++) {
		const PgNode *n = x->elements[i];
		bool nested = n->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR;
		Expr *item = nested ? an_array(ps, n->a_array_expr, array_type, elem_type, typmod) : an_expr(ps, n, ps->place);
		if (!item)
			return -1;
		const PgType *t = type_lookup(ps->env->cat, item->type);
		if (nested || (t && t->typtype != 'd' && type_element(ps->env->cat, item->type)))
			e->multidims = true;
		expr_list_add(ps->a, &e->args, item);
	}
	return 0;
}

/* The array type when none is asked for; *item is what every element must become. */
static uint32_t natural_type(ParseState *ps, const Expr *e, uint32_t *item, int location)
{
	if (e->args.n == 0) {
		an_error(ps, location, "42P18", "cannot determine type of empty array");
		err_hint(ps->err, "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
		return 0;
	}
	*item = common_type(ps, e->args.items, e->args.n, "ARRAY", -1);
	if (!*item || e->multidims)
		return *item;
	uint32_t array = type_array(ps->env->cat, *item);
	if (!array)
		an_error(ps, location, "42704", "could not find array type for data type %s", type_name(ps, *item));
	return array;
}

Expr *an_array(ParseState *ps, const PgQuery__AArrayExpr *x, uint32_t array_type, uint32_t elem_type, int32_t typmod)
{
	Expr *e = expr_new(ps, X_ARRAY, array_type, x->location);
	uint32_t item = 0;

	if (array_elements(ps, x, array_type, elem_type, typmod, e))
		return NULL;
	if (array_type) {
		item = e->multidims ? array_type : elem_type;
	} else {
		e->type = natural_type(ps, e, &item, x->location);
		if (!e->type)
			return NULL;
		const PgType *t = type_lookup(ps->env->cat, e->type);
		e->collation = t ? t->collation : 0;
	}
	for (size_t i = 0; i < e->args.n; i++) {
		Expr *arg =
			coerce_to(ps, e->args.items[i], item, array_type ? typmod : -1, array_type ? COERCE_EXPLICIT : COERCE_IMPLICIT, -1);
		if (!arg)
			return NULL;
		e->args.items[i] = arg;
	}
	return e;
}

static Expr *subscript(ParseState *ps, const PgNode *n)
{
	Expr *e = an_expr(ps, n, ps->place);

	if (!e)
		return NULL;
	if (!can_coerce(ps->env->cat, e->type, T_INT4, COERCE_ASSIGNMENT))
		return an_error(ps, expr_location(e), "42804", "array subscript must have type integer"), NULL;
	return coerce_type(ps, e, T_INT4, -1, COERCE_ASSIGNMENT, -1);
}

/* args2 has one upper bound per dimension; for slices args3 has the lower ones. An omitted bound is an X_DEFAULT. */
static int add_bounds(ParseState *ps, Expr *e, const PgQuery__AIndices *x, bool slice)
{
	Expr *upper = x->uidx ? subscript(ps, x->uidx) : expr_new(ps, X_DEFAULT, T_INT4, -1);

	if (!upper)
		return -1;
	expr_list_add(ps->a, &e->args2, upper);
	if (!slice)
		return 0;
	Expr *lower = !x->is_slice ? expr_const(ps, T_INT4, val_int(1))
		      : x->lidx	   ? subscript(ps, x->lidx)
				   : expr_new(ps, X_DEFAULT, T_INT4, -1);
	if (!lower)
		return -1;
	expr_list_add(ps->a, &e->args3, lower);
	return 0;
}

enum { MAX_DIMENSIONS = 6 };

/* All of them into e; how many dimensions an array has is limited. */
static int array_bounds(ParseState *ps, Expr *e, PgQuery__Node *const *nodes, size_t n, bool slice)
{
	if (n > MAX_DIMENSIONS)
		return an_error(ps, -1, "54000", "number of array dimensions (%zu) exceeds the maximum allowed (%d)", n, MAX_DIMENSIONS);
	for (size_t i = 0; i < n; i++)
		if (add_bounds(ps, e, nodes[i]->a_indices, slice))
			return -1;
	return 0;
}

/* Types of fixed length that are read like arrays: from 0, one dimension. */
static bool has_coordinates(uint32_t type)
{
	return type == T_POINT || type == T_LSEG || type == T_BOX || type == T_LINE || type == T_NAME;
}

static Expr *coordinate(ParseState *ps, Expr *arg, PgQuery__Node *const *nodes, size_t n, bool slice)
{
	if (slice || n != 1)
		return an_refuse(ps, expr_location(arg), "such a subscript of type %s is not supported in SQLite mode",
				 type_name(ps, arg->type)),
		       NULL;
	Expr *e = expr_new(ps, X_SUBSCRIPT, type_lookup(ps->env->cat, arg->type)->elem_oid, expr_location(arg));
	expr_list_add(ps->a, &e->args, arg);
	return add_bounds(ps, e, nodes[0]->a_indices, false) ? NULL : e;
}

Expr *an_subscripts(ParseState *ps, Expr *arg, PgQuery__Node *const *nodes, size_t n)
{
	bool slice = false;

	arg = domain_value(ps, arg);
	for (size_t i = 0; i < n; i++)
		slice = slice || nodes[i]->a_indices->is_slice;
	if (arg->type == T_JSONB)
		return an_jsonb_subscript(ps, arg, nodes, n);
	if (has_coordinates(arg->type))
		return coordinate(ps, arg, nodes, n, slice);
	uint32_t elem = type_element(ps->env->cat, arg->type);
	if (!elem)
		return an_error(ps, expr_location(arg), "42804", "cannot subscript type %s because it does not support subscripting",
				type_name(ps, arg->type)),
		       NULL;
	uint32_t type = !slice ? elem : arg->type == T_INT2VECTOR || arg->type == T_OIDVECTOR ? type_array(ps->env->cat, elem) : arg->type;
	Expr *e = expr_new(ps, X_SUBSCRIPT, type, expr_location(arg));
	expr_list_add(ps->a, &e->args, arg);
	if (array_bounds(ps, e, nodes, n, slice))
		return NULL;
	e->typmod = arg->typmod;
	e->collation = arg->collation;
	return e;
}

/* Subscripts and fields in turn; a star at the end is the row itself. */
Expr *an_indirection(ParseState *ps, const PgQuery__AIndirection *x)
{
	Expr *e = an_expr(ps, x->arg, ps->place);

	for (size_t i = 0, n; e && i < x->n_indirection; i += n) {
		n = 1;
		if (x->indirection[i]->node_case == PG_QUERY__NODE__NODE_STRING) {
			e = an_field(ps, e, x->indirection[i]->string->sval, expr_location(e));
		} else if (x->indirection[i]->node_case == PG_QUERY__NODE__NODE_A_INDICES) {
			while (i + n < x->n_indirection && x->indirection[i + n]->node_case == PG_QUERY__NODE__NODE_A_INDICES)
				n++;
			e = an_subscripts(ps, e, x->indirection + i, n);
		}
	}
	return e;
}
