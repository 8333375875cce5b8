/* Subscripts of jsonb, read and assigned. */
#include "sql/query.h"

#include "sql/expr.h"

/* A subscript is text or an integer; the file's functions take both as text. */
static Expr *subscript_text(ParseState *ps, const PgNode *n, bool *whole)
{
	Expr *e = an_expr(ps, n, ps->place);
	if (!e)
		return NULL;
	uint32_t from = e->type;
	bool to_int = can_coerce(ps->env->cat, from, T_INT4, COERCE_IMPLICIT),
	     to_text = can_coerce(ps->env->cat, from, T_TEXT, COERCE_IMPLICIT);
	*whole = from != T_UNKNOWN && to_int;
	if (from != T_UNKNOWN && to_int == to_text) {
		an_error(ps, expr_location(e), "42804", "subscript type %s is not supported", type_name(ps, from));
		err_hint(ps->err, to_int ? "jsonb subscript must be coercible to only one type, integer or text."
					 : "jsonb subscript must be coercible to either integer or text.");
		return NULL;
	}
	e = coerce_type(ps, e, *whole ? T_INT4 : T_TEXT, -1, COERCE_IMPLICIT, -1);
	if (!e || !*whole)
		return e;
	Expr *text = expr_new(ps, X_VIA_IO, T_TEXT, e->location);
	expr_list_add(ps->a, &text->args, e);
	return text;
}

/* Adds the subscripts to args2; negated says that the first is an integer. */
static int add_subscripts(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Expr *e)
{
	for (size_t i = 0; i < n; i++) {
		if (nodes[i]->node_case != PG_QUERY__NODE__NODE_A_INDICES)
			return an_refuse(ps, e->location, "fields of a row value are not supported in SQLite mode");
		const PgQuery__AIndices *x = nodes[i]->a_indices;
		if (x->is_slice) {
			const PgNode *at = x->uidx ? x->uidx : x->lidx;
			Expr *bound = at ? an_expr(ps, at, ps->place) : NULL;
			return at && !bound ? -1
					    : an_error(ps, bound ? expr_location(bound) : e->location, "42804",
						       "jsonb subscript does not support slices");
		}
		bool whole;
		Expr *s = subscript_text(ps, x->uidx, &whole);
		if (!s)
			return -1;
		e->negated = i ? e->negated : whole;
		expr_list_add(ps->a, &e->args2, s);
	}
	return 0;
}

Expr *an_jsonb_subscript(ParseState *ps, Expr *doc, PgQuery__Node *const *nodes, size_t n)
{
	Expr *e = expr_new(ps, X_SUBSCRIPT, T_JSONB, expr_location(doc));
	expr_list_add(ps->a, &e->args, doc);
	return add_subscripts(ps, nodes, n, e) < 0 ? NULL : e;
}

Expr *jsonb_assign(ParseState *ps, Expr *doc, PgQuery__Node *const *nodes, size_t n, Expr *value, int location)
{
	Expr *e = expr_new(ps, X_ASSIGN_PART, T_JSONB, location);
	expr_list_add(ps->a, &e->args, doc);
	e->arg = value;
	return add_subscripts(ps, nodes, n, e) < 0 ? NULL : e;
}
