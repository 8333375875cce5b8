/* UPDATE: SET lists of one and several columns, FROM, RETURNING. */
#include "sql/query.h"

static int set_column(ParseState *ps, const CatRel *rel, const PgQuery__ResTarget *rt, const CatColumn **out)
{
	const CatColumn *col = catrel_column(rel, rt->name);
	if (ps->view_target)
		return view_dml_column(ps, ps->view_target, rt->name, "update", rt->location, out);
	if (!col)
		return an_error(ps, rt->location, "42703", "column \"%s\" of relation \"%s\" does not exist", rt->name, rel->name);
	*out = col;
	return 0;
}

static int reject_value(ParseState *ps, const CatColumn *col)
{
	an_error(ps, -1, "428C9", "column \"%s\" can only be updated to DEFAULT", col->name);
	if (col->generated)
		return err_detail(ps->err, "Column \"%s\" is a generated column.", col->name);
	return err_detail(ps->err, "Column \"%s\" is an identity column defined as GENERATED ALWAYS.", col->name);
}

/* SET column[subscript].field = value; several such assignments to one column work one after the other. */
static int set_part(ParseState *ps, Rte *target, const PgQuery__ResTarget *rt, const CatColumn *col, Expr *value, TargetList *out)
{
	Target *before = NULL;
	for (size_t i = 0; i < out->n; i++)
		if (out->items[i].attnum == col->attnum)
			before = &out->items[i];
	if (before && !before->part)
		return an_error(ps, -1, "42601", "multiple assignments to same column \"%s\"", col->name);
	Expr *e = assign_part(ps, before ? before->expr : var_new(ps, target, col->attnum, rt->location), col, rt, value);
	if (!e)
		return -1;
	if (before) {
		before->expr = e;
		return 0;
	}
	if (target_add(ps, out, e, col->name) < 0)
		return -1;
	out->items[out->n - 1].attnum = col->attnum;
	out->items[out->n - 1].part = true;
	return 0;
}

static int set_part_to(ParseState *ps, Rte *target, const PgQuery__ResTarget *rt, const CatColumn *col, const PgNode *val, TargetList *out)
{
	if (val->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT)
		return an_error(ps, rt->location, "0A000",
				rt->indirection[0]->node_case == PG_QUERY__NODE__NODE_STRING ? "cannot set a subfield to DEFAULT"
											     : "cannot set an array element to DEFAULT");
	Expr *value = an_expr(ps, val, AT_UPDATE);
	return value ? set_part(ps, target, rt, col, value, out) : -1;
}

static int set_one(ParseState *ps, Rte *target, const PgQuery__ResTarget *rt, const PgNode *val, TargetList *out)
{
	const CatRel *rel = target->rel;
	const CatColumn *col = NULL;
	if (set_column(ps, rel, rt, &col) < 0)
		return -1;
	if (rt->n_indirection && !col->generated)
		return set_part_to(ps, target, rt, col, val, out);
	for (size_t i = 0; i < out->n; i++)
		if (out->items[i].attnum == col->attnum)
			return an_error(ps, rt->location, "42601", "multiple assignments to same column \"%s\"", col->name);
	Expr *e;
	if (val->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT) {
		if (col->generated)
			return 0;
		e = column_default(ps, rel, col);
	} else if (col->generated || col->identity == 'a') {
		return reject_value(ps, col);
	} else {
		e = an_expr(ps, val, AT_UPDATE);
		e = e ? assign_to_column(ps, e, rel, col, rt->location) : NULL;
	}
	if (!e || target_add(ps, out, e, col->name) < 0)
		return -1;
	out->items[out->n - 1].attnum = col->attnum;
	return 0;
}

/* (a, b) = (SELECT x, y ...): each column gets the subquery narrowed to its own output. */
static int set_from_subquery(ParseState *ps, Rte *target, const PgQuery__ResTarget *rt, const PgQuery__MultiAssignRef *ref, TargetList *out)
{
	const CatRel *rel = target->rel;
	const CatColumn *col = NULL;
	if (set_column(ps, rel, rt, &col) < 0)
		return -1;
	if (col->generated || col->identity == 'a')
		return reject_value(ps, col);
	Query *sub = an_query(ps, ref->source->sub_link->subselect);
	if (!sub)
		return -1;
	if (sub->ncols != (size_t)ref->ncolumns)
		return an_error(ps, -1, "42601", "number of columns does not match number of values");
	Query *q = arena_new_of(ps->a, Query);
	Rte *rte = rte_subquery(ps, sub, "", -1);
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[0] = arena_new_of(ps->a, FromItem);
	q->from[q->nfrom++]->rte = rte;
	Expr *var = var_new(ps, rte, ref->colno, -1);
	target_add(ps, &q->targets, var, sub->cols[ref->colno - 1].name);
	query_set_columns(ps, q, &q->targets);
	Expr *e = expr_new(ps, X_SUBLINK, var->type, -1);
	e->sublink = SUBLINK_EXPR;
	e->query = q;
	e->typmod = var->typmod;
	e->collation = var->collation;
	if (rt->n_indirection)
		return set_part(ps, target, rt, col, e, out);
	if (!(e = assign_to_column(ps, e, rel, col, rt->location)) || target_add(ps, out, e, col->name) < 0)
		return -1;
	out->items[out->n - 1].attnum = col->attnum;
	return 0;
}

static int set_multi(ParseState *ps, Rte *target, const PgQuery__ResTarget *rt, const PgQuery__MultiAssignRef *ref, TargetList *out)
{
	if (ref->source->node_case == PG_QUERY__NODE__NODE_SUB_LINK)
		return set_from_subquery(ps, target, rt, ref, out);
	if (ref->source->node_case != PG_QUERY__NODE__NODE_ROW_EXPR)
		return an_error(ps, -1, "0A000", "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression");
	const PgQuery__RowExpr *row = ref->source->row_expr;
	if (row->n_args != (size_t)ref->ncolumns)
		return an_error(ps, row->location, "42601", "number of columns does not match number of values");
	return set_one(ps, target, rt, row->args[ref->colno - 1], out);
}

int an_set_list(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Rte *target, TargetList *out)
{
	const PgQuery__MultiAssignRef *multi = NULL;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__ResTarget *rt = nodes[i]->res_target;
		int rc;
		if (rt->val->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF) {
			/* Only the first column of a group carries the source. */
			PgQuery__MultiAssignRef ref = *rt->val->multi_assign_ref;
			if (ref.source && ref.colno == 1)
				multi = rt->val->multi_assign_ref;
			else if (!ref.source && multi)
				ref.source = multi->source;
			rc = set_multi(ps, target, rt, &ref, out);
		} else {
			rc = set_one(ps, target, rt, rt->val, out);
		}
		if (rc < 0)
			return -1;
	}
	return 0;
}

Query *an_update(ParseState *ps, const PgQuery__UpdateStmt *s)
{
	Query *q = query_new(ps, CMD_UPDATE);
	ViewDml *view = NULL;
	if (s->with_clause && an_with(ps, s->with_clause, q) < 0)
		return NULL;
	if (dml_open(ps, s->relation, "updating", q, &view) < 0)
		return NULL;
	ps->view_target = view;
	if (an_from(ps, s->from_clause, s->n_from_clause) < 0 || an_where(ps, s->where_clause, AT_WHERE, "WHERE", &q->where) < 0 ||
	    an_set_list(ps, s->target_list, s->n_target_list, q->result, &q->targets) < 0 ||
	    an_returning(ps, s->returning_list, s->n_returning_list, q) < 0)
		return NULL;
	if (view && view_check_rows(ps, view, q) < 0)
		return NULL;
	if (view)
		view_dml_where(ps, view, q);
	return q;
}
