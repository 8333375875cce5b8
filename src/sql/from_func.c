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
	if (list->list->n_items > 1 && list->list->items[1]->node_case == PG_QUERY__NODE__NODE_LIST && list->list->items[1]->list->n_items)
		return an_refuse(ps, -1, "a column definition list in ROWS FROM is not available in SQLite mode"), NULL;
	Expr *f = an_expr(ps, list->list->items[0], AT_FROM_FUNCTION);
	return f ? coerce_unknown_to_text(ps, f) : NULL;
}

/* The columns of a value of a composite type. */
static void row_columns(ParseState *ps, Rte *r, const PgType *t)
{
	r->row_type = t->oid;
	r->cols = arena_array(ps->a, Column, t->nfields + 2);
	for (size_t i = 0; i < t->nfields; i++) {
		const PgField *f = &t->fields[i];
		r->cols[r->ncols++] = (Column){ f->name, f->type->oid, f->typmod, f->type->collation };
	}
}

/* AS name(column type, ...) */
static int defined_columns(ParseState *ps, Rte *r, const PgQuery__RangeFunction *rf)
{
	r->row_type = 2249;
	r->cols = arena_array(ps->a, Column, rf->n_coldeflist + 2);
	for (size_t i = 0; i < rf->n_coldeflist; i++) {
		const PgQuery__ColumnDef *def = rf->coldeflist[i]->column_def;
		int32_t typmod = -1;
		const PgType *t = an_typename(ps, def->type_name, &typmod);
		if (!t)
			return -1;
		if (!type_is_supported(t) || t->typtype == 'p')
			return an_refuse(ps, def->location, "a column of type %s here is not available in SQLite mode", t->name);
		for (size_t k = 0; k < i; k++)
			if (streq(r->cols[k].name, def->colname))
				return an_error(ps, -1, "42701", "column name \"%s\" specified more than once", def->colname);
		r->cols[r->ncols++] = (Column){ arena_strdup(ps->a, def->colname), t->oid, typmod, t->collation };
	}
	return 0;
}

static bool is_call(const Expr *f, const char *json, const char *jsonb)
{
	return f->kind == X_FUNC && (streq(f->proc->src, json) || streq(f->proc->src, jsonb));
}

/* Objects that fill rows: the function in FROM becomes its document, or the elements of that. */
static int json_rows(ParseState *ps, Rte *r, bool set, size_t doc)
{
	Expr *arg = r->func->args.items[doc];
	bool binary = arg->type == 3802;
	r->json_rows = binary ? 2 : 1;
	r->func = set ? make_func(ps, "pg_catalog", binary ? "jsonb_array_elements" : "json_array_elements", &arg, 1, -1) : arg;
	return r->func ? 0 : -1;
}

static int row_function(ParseState *ps, Rte *r, const PgQuery__RangeFunction *rf)
{
	const Expr *f = r->func;
	bool to_set = is_call(f, "json_to_recordset", "jsonb_to_recordset"), to_one = is_call(f, "json_to_record", "jsonb_to_record");
	bool populate = is_call(f, "json_populate_recordset", "jsonb_populate_recordset");
	const PgType *t = catalog_type(ps->env->cat, f->type);
	if (rf->n_coldeflist && f->type != 2249)
		return an_error(ps, f->location, "42601", "a column definition list is only allowed for functions returning \"record\"");
	if (rf->n_coldeflist && !to_set && !to_one)
		return an_refuse(ps, f->location, "a column definition list of this function is not available in SQLite mode");
	if (rf->n_coldeflist)
		return defined_columns(ps, r, rf) < 0 ? -1 : json_rows(ps, r, to_set, 0);
	row_columns(ps, r, t);
	if (!populate)
		return 0;
	r->row_base = f->args.items[0];
	return json_rows(ps, r, true, 1);
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
	const PgType *t = catalog_type(ps->env->cat, f->type);
	bool rows = rf->n_coldeflist || (t && t->typtype == 'c' && t->fields);
	if (f->type == 2249 && !returns_record(f) && !rows)
		return an_error(ps, f->location, "42601", "a column definition list is required for functions returning \"record\""), NULL;
	const char *name = figure_colname(rf->functions[0]->list->items[0]);
	Rte *r = rte_new(ps, RTE_FUNCTION, rf->alias ? rf->alias->aliasname : name, f->location);
	r->func = f;
	r->lateral = lateral;
	r->with_ordinality = rf->ordinality;
	if ((rows ? row_function(ps, r, rf) : function_columns(ps, r, r->alias)) < 0)
		return NULL;
	if (rows && r->with_ordinality)
		r->cols[r->ncols++] = (Column){ "ordinality", 20, -1, 0 };
	if (rte_apply_alias(ps, r, rf->alias, f->location) < 0)
		return NULL;
	return from_leaf(ps, r);
}
