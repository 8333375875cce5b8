/* VALUES as a query. */
#include "sql/query.h"

static int value_rows(ParseState *ps, const PgQuery__SelectStmt *s, Query *q)
{
	q->nvalues = s->n_values_lists;
	q->values = arena_array(ps->a, ExprList, q->nvalues);
	for (size_t r = 0; r < q->nvalues; r++) {
		const PgQuery__List *row = s->values_lists[r]->list;
		for (size_t i = 0; i < row->n_items; i++) {
			if (row->items[i]->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT)
				return an_error(ps, row->items[i]->set_to_default->location, "42601",
						"DEFAULT is not allowed in this context");
			Expr *e = an_expr(ps, row->items[i], AT_VALUES);
			if (!e)
				return -1;
			expr_list_add(ps->a, &q->values[r], e);
		}
		if (q->values[r].n != q->values[0].n)
			return an_error(ps, -1, "42601", "VALUES lists must all be the same length");
	}
	return 0;
}

static int value_column(ParseState *ps, Query *q, size_t i)
{
	Expr **col = arena_array(ps->a, Expr *, q->nvalues);
	bool all_unknown = true;
	for (size_t r = 0; r < q->nvalues; r++) {
		col[r] = q->values[r].items[i];
		all_unknown &= col[r]->type == 705;
	}
	uint32_t type = 705;
	if (!(all_unknown && ps->keep_unknown)) {
		type = common_type(ps, col, q->nvalues, "VALUES", -1);
		if (!type)
			return -1;
	}
	int32_t typmod = col[0]->typmod;
	for (size_t r = 0; r < q->nvalues; r++) {
		if (col[r]->type != type || col[r]->typmod != typmod)
			typmod = -1;
		if (type == 705)
			continue;
		q->values[r].items[i] = coerce_to(ps, col[r], type, -1, COERCE_IMPLICIT, col[r]->location);
		if (!q->values[r].items[i])
			return -1;
	}
	const PgType *t = catalog_type(ps->env->cat, type);
	q->cols[i] = (Column){ arena_printf(ps->a, "column%zu", i + 1), type, typmod, t ? t->collation : 0 };
	return 0;
}

static Query *values_query(ParseState *ps, const PgQuery__SelectStmt *s)
{
	Query *q = query_new(ps, CMD_SELECT);
	if (value_rows(ps, s, q) < 0)
		return NULL;
	q->ncols = q->values[0].n;
	q->cols = arena_array(ps->a, Column, q->ncols + 1);
	for (size_t i = 0; i < q->ncols; i++)
		if (value_column(ps, q, i) < 0)
			return NULL;
	return q;
}

/* With clauses around it, VALUES is a subquery that these clauses apply to. */
Query *an_values(ParseState *ps, const PgQuery__SelectStmt *s)
{
	if (!s->n_sort_clause && !s->limit_count && !s->limit_offset && !s->with_clause && !s->n_locking_clause)
		return values_query(ps, s);
	Query *q = query_new(ps, CMD_SELECT);
	if (s->n_locking_clause)
		return an_error(ps, -1, "0A000", "FOR UPDATE cannot be applied to VALUES"), NULL;
	if (s->with_clause && an_with(ps, s->with_clause, q) < 0)
		return NULL;
	Query *rows = values_query(level_new(ps), s);
	if (!rows)
		return NULL;
	FromItem *f = from_leaf(ps, rte_subquery(ps, rows, "*VALUES*", -1));
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[q->nfrom++] = f;
	for (size_t i = 0; i < rows->ncols; i++)
		if (target_add(ps, &q->targets, var_new(ps, f->rte, (int)i + 1, -1), rows->cols[i].name) < 0)
			return NULL;
	if (an_order_by(ps, s->sort_clause, s->n_sort_clause, q) < 0 || an_limits(ps, s, q) < 0)
		return NULL;
	query_set_columns(ps, q, &q->targets);
	return q;
}
