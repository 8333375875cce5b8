/* Functions in FROM: set-returning ones, and plain ones as a single row. */
#include "sql/expr.h"
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
	else if (f->kind == X_FUNC && streq(f->proc->src, "pg_partition_ancestors"))
		column_name = "relid";
	else if (f->kind == X_FUNC && is_user_proc(f->proc) && f->proc->out_names)
		column_name = f->proc->out_names[0];
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
		if (t && t->typtype == 'p' && type != T_VOID)
			return an_refuse(ps, f->location, "the result of this function in FROM is not available in SQLite mode");
	}
	r->ncols = n;
	if (r->with_ordinality)
		r->cols[r->ncols++] = (Column){ "ordinality", 20, -1, 0 };
	return 0;
}

/* One of the functions of an item: a call, or one argument of unnest(a, b, ...), which stands for several. */
typedef struct FuncCall {
	Expr *expr;
	const char *name;
	PgQuery__Node *const *defs; /* AS (name type, ...) */
	size_t ndefs;
} FuncCall;

static bool is_plain_unnest(const PgNode *n)
{
	if (n->node_case != PG_QUERY__NODE__NODE_FUNC_CALL || n->func_call->func_variadic || n->func_call->n_args < 2)
		return false;
	const PgQuery__FuncCall *f = n->func_call;
	bool catalog = f->n_funcname == 1 || (f->n_funcname == 2 && streq(f->funcname[0]->string->sval, "pg_catalog"));
	return catalog && streq(f->funcname[f->n_funcname - 1]->string->sval, "unnest");
}

static int add_call(ParseState *ps, Expr *e, const PgNode *node, FuncCall *out, size_t *n)
{
	if (!e || !(e = coerce_unknown_to_text(ps, e)))
		return -1;
	FuncCall *c = &out[(*n)++];
	c->expr = e;
	c->name = figure_colname(node);
	if (e->type == 2249 && !returns_record(e) && !c->ndefs)
		return an_error(ps, e->location, "42601", "a column definition list is required for functions returning \"record\"");
	return 0;
}

static size_t count_calls(const PgQuery__RangeFunction *rf)
{
	size_t n = 0;
	for (size_t i = 0; i < rf->n_functions; i++) {
		const PgNode *node = rf->functions[i]->list->items[0];
		n += is_plain_unnest(node) ? node->func_call->n_args : 1;
	}
	return n;
}

static int function_calls(ParseState *ps, const PgQuery__RangeFunction *rf, FuncCall *out, size_t *n)
{
	for (size_t i = 0; i < rf->n_functions; i++) {
		const PgQuery__List *l = rf->functions[i]->list;
		bool defined = l->n_items > 1 && l->items[1]->node_case == PG_QUERY__NODE__NODE_LIST && l->items[1]->list->n_items;
		if (defined) {
			out[*n].defs = l->items[1]->list->items;
			out[*n].ndefs = l->items[1]->list->n_items;
		} else if (rf->n_coldeflist) {
			out[*n].defs = rf->coldeflist;
			out[*n].ndefs = rf->n_coldeflist;
		}
		const PgNode *node = l->items[0];
		if (!is_plain_unnest(node)) {
			if (add_call(ps, an_expr(ps, node, AT_FROM_FUNCTION), node, out, n) < 0)
				return -1;
			continue;
		}
		for (size_t k = 0; k < node->func_call->n_args; k++) {
			Expr *arg = an_expr(ps, node->func_call->args[k], AT_FROM_FUNCTION);
			Expr *e = arg ? make_func(ps, "pg_catalog", "unnest", &arg, 1, node->func_call->location) : NULL;
			if (add_call(ps, e, node, out, n) < 0)
				return -1;
		}
	}
	return 0;
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
static int defined_columns(ParseState *ps, Rte *r, const FuncCall *c)
{
	r->row_type = 2249;
	r->cols = arena_array(ps->a, Column, c->ndefs + 2);
	for (size_t i = 0; i < c->ndefs; i++) {
		const PgQuery__ColumnDef *def = c->defs[i]->column_def;
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

static int row_function(ParseState *ps, Rte *r, const FuncCall *c)
{
	const Expr *f = r->func;
	bool to_set = is_call(f, "json_to_recordset", "jsonb_to_recordset"), to_one = is_call(f, "json_to_record", "jsonb_to_record");
	bool populate = is_call(f, "json_populate_recordset", "jsonb_populate_recordset");
	const PgType *t = catalog_type(ps->env->cat, f->type);
	if (c->ndefs && f->type != 2249)
		return an_error(ps, f->location, "42601", "a column definition list is only allowed for functions returning \"record\"");
	if (c->ndefs && !to_set && !to_one)
		return an_refuse(ps, f->location, "a column definition list of this function is not available in SQLite mode");
	if (c->ndefs)
		return defined_columns(ps, r, c) < 0 ? -1 : json_rows(ps, r, to_set, 0);
	row_columns(ps, r, t);
	if (!populate)
		return 0;
	r->row_base = f->args.items[0];
	return json_rows(ps, r, true, 1);
}

static Rte *function_rte(ParseState *ps, const FuncCall *c, const char *alias, bool ordinality)
{
	Rte *r = rte_new(ps, RTE_FUNCTION, alias, c->expr->location);
	r->func = c->expr;
	r->with_ordinality = ordinality;
	const PgType *t = catalog_type(ps->env->cat, c->expr->type);
	if (!c->ndefs && !(t && t->typtype == 'c' && t->fields))
		return function_columns(ps, r, alias) < 0 ? NULL : r;
	if (row_function(ps, r, c) < 0)
		return NULL;
	if (ordinality)
		r->cols[r->ncols++] = (Column){ "ordinality", 20, -1, 0 };
	return r;
}

/* SELECT all columns, the number of the row last, FROM the function. */
static Rte *numbered(ParseState *ps, const FuncCall *c)
{
	Query *q = arena_new_of(ps->a, Query);
	Rte *r = function_rte(ps, c, c->name, true);
	if (!r)
		return NULL;
	query_from_rte(ps, q, r);
	for (size_t i = 0; i < r->ncols; i++)
		if (target_add(ps, &q->targets, var_new(ps, r, (int)i + 1, -1), r->cols[i].name) < 0)
			return NULL;
	query_set_columns(ps, q, &q->targets);
	return rte_subquery(ps, q, "", -1);
}

static Expr *number_of(ParseState *ps, Rte *const *sides, size_t n)
{
	Expr *c = expr_new(ps, X_COALESCE, 20, -1);
	for (size_t i = 0; i < n; i++)
		expr_list_add(ps->a, &c->args, var_new(ps, sides[i], (int)sides[i]->ncols, -1));
	return c;
}

static FromItem *leaf(ParseState *ps, Rte *r)
{
	FromItem *f = arena_new_of(ps->a, FromItem);
	f->rte = r;
	return f;
}

/* Several functions side by side, row by row; the shorter ones are filled with NULL. */
static Rte *side_by_side(ParseState *ps, const FuncCall *calls, size_t n, const char *alias, bool ordinality)
{
	Query *q = arena_new_of(ps->a, Query);
	q->rewritten = true;
	Rte **sides = arena_array(ps->a, Rte *, n);
	FromItem *all = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!(sides[i] = numbered(ps, &calls[i])))
			return NULL;
		if (!i) {
			all = leaf(ps, sides[i]);
			continue;
		}
		FromItem *join = arena_new_of(ps->a, FromItem);
		Expr *on = make_op(ps, "=", NULL, number_of(ps, sides, i), var_new(ps, sides[i], (int)sides[i]->ncols, -1), -1);
		*join = (FromItem){ .join = JOIN_FULL, .left = all, .right = leaf(ps, sides[i]), .on = on };
		all = join;
	}
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[q->nfrom++] = all;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k + 1 < sides[i]->ncols; k++)
			if (target_add(ps, &q->targets, var_new(ps, sides[i], (int)k + 1, -1), sides[i]->cols[k].name) < 0)
				return NULL;
	Expr *number = number_of(ps, sides, n);
	if (target_add(ps, &q->targets, number, "ordinality") < 0)
		return NULL;
	q->targets.items[q->targets.n - 1].junk = !ordinality;
	q->order = arena_new_of(ps->a, SortItem);
	q->order[q->norder++] = (SortItem){ .expr = number, .target = (int)q->targets.n };
	query_set_columns(ps, q, &q->targets);
	return rte_subquery(ps, q, alias, -1);
}

FromItem *from_function(ParseState *ps, const PgQuery__RangeFunction *rf)
{
	bool saved_srfs = ps->has_srfs, saved_ref = ps->lateral_ref;
	FuncCall *calls = arena_array(ps->a, FuncCall, count_calls(rf) + 1);
	size_t n = 0;
	ps->lateral_ref = false;
	int rc = function_calls(ps, rf, calls, &n);
	bool lateral = ps->lateral_ref;
	ps->lateral_ref = saved_ref;
	ps->has_srfs = saved_srfs;
	if (rc < 0)
		return NULL;
	const char *alias = rf->alias ? rf->alias->aliasname : calls[0].name;
	Rte *r = n > 1 ? side_by_side(ps, calls, n, alias, rf->ordinality) : function_rte(ps, &calls[0], alias, rf->ordinality);
	if (!r)
		return NULL;
	r->lateral = lateral;
	if (rte_apply_alias(ps, r, rf->alias, calls[0].expr->location) < 0)
		return NULL;
	return from_leaf(ps, r);
}
