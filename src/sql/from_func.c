/* Functions in FROM: set-returning ones, and plain ones as a single row. */
#include "sql/query.h"

static bool returns_record(const Expr *f)
{
	return f->kind == X_FUNC && f->proc->nout > 0;
}

/* The result parameter of these functions has a name, which an alias of the table does not replace. */
static bool has_value_column(const Expr *f)
{
	return f->kind == X_FUNC && (streq(f->proc->name, "json_array_elements") || streq(f->proc->name, "json_array_elements_text") ||
				     streq(f->proc->name, "jsonb_array_elements") || streq(f->proc->name, "jsonb_array_elements_text"));
}

static int function_columns(ParseState *ps, Rte *r, const char *column_name)
{
	const Expr *f = r->func;
	if (has_value_column(f))
		column_name = "value";
	size_t n = returns_record(f) ? f->proc->nout : 1;
	r->cols = arena_array(ps->a, Column, n + 2);
	for (size_t i = 0; i < n; i++) {
		uint32_t type = returns_record(f) ? f->proc->out_types[i] : f->type;
		const PgType *t = catalog_type(ps->env->cat, type);
		r->cols[i] = (Column){ column_name, type, -1, t ? t->collation : 0 };
		if (returns_record(f))
			r->cols[i].name = f->proc->out_names[i];
		else
			r->cols[i].typmod = f->typmod;
		if (t && t->typtype == 'p')
			return an_refuse(ps, f->location, "the result of this function in FROM is not available in SQLite mode");
	}
	r->ncols = n;
	if (r->with_ordinality)
		r->cols[r->ncols++] = (Column){ "ordinality", 20, -1, 0 };
	return 0;
}

static Expr *function_expr(ParseState *ps, const PgQuery__RangeFunction *rf)
{
	const PgNode *list = rf->functions[0];
	if (rf->is_rowsfrom || rf->n_functions != 1)
		return an_refuse(ps, -1, "ROWS FROM is not available in SQLite mode"), NULL;
	if (rf->n_coldeflist || (list->list->n_items > 1 && list->list->items[1]->node_case == PG_QUERY__NODE__NODE_LIST &&
				 list->list->items[1]->list->n_items))
		return an_refuse(ps, -1, "a column definition list is not available in SQLite mode"), NULL;
	Expr *f = an_expr(ps, list->list->items[0], AT_FROM_FUNCTION);
	return f ? coerce_unknown_to_text(ps, f) : NULL;
}

FromItem *from_function(ParseState *ps, const PgQuery__RangeFunction *rf)
{
	bool saved_srfs = ps->has_srfs, saved_ref = ps->lateral_ref;
	ps->lateral_ref = false;
	Expr *f = function_expr(ps, rf);
	bool lateral = ps->lateral_ref;
	ps->lateral_ref = saved_ref;
	ps->has_srfs = saved_srfs;
	if (!f)
		return NULL;
	if (f->type == 2249 && !returns_record(f))
		return an_error(ps, f->location, "42601", "a column definition list is required for functions returning \"record\""), NULL;
	const char *name = figure_colname(rf->functions[0]->list->items[0]);
	Rte *r = rte_new(ps, RTE_FUNCTION, rf->alias ? rf->alias->aliasname : name, f->location);
	r->func = f;
	r->lateral = lateral;
	r->with_ordinality = rf->ordinality;
	if (function_columns(ps, r, r->alias) < 0 || rte_apply_alias(ps, r, rf->alias, f->location) < 0)
		return NULL;
	return from_leaf(ps, r);
}
