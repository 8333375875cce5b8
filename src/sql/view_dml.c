/*
 * INSERT, UPDATE and DELETE of simple views: the statement is about the view's base table. The view's columns are names for expressions
 * over its columns, and its condition is added to the statement's. A view over such a view is one, too.
 */
#include "sql/oids.h"
#include "sql/query.h"

typedef struct Replacement {
	const Rte *view;
	const ViewDml *base;
} Replacement;

static const char *why_not_simple(const Query *q)
{
	if (q->nctes)
		return "Views containing WITH are not automatically updatable.";
	if (q->distinct || q->distinct_on.n)
		return "Views containing DISTINCT are not automatically updatable.";
	if (q->group_by.n || q->has_grouping_sets)
		return "Views containing GROUP BY are not automatically updatable.";
	if (q->having)
		return "Views containing HAVING are not automatically updatable.";
	if (q->setop)
		return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.";
	if (q->limit || q->offset)
		return "Views containing LIMIT or OFFSET are not automatically updatable.";
	if (q->has_aggs)
		return "Views that return aggregate functions are not automatically updatable.";
	if (q->has_windows)
		return "Views that return window functions are not automatically updatable.";
	if (q->has_srfs || q->rewritten)
		return "Views that return set-returning functions are not automatically updatable.";
	if (q->nvalues || q->nfrom != 1 || !q->from[0]->rte)
		return "Views that do not select from a single table or view are not automatically updatable.";
	const Rte *r = q->from[0]->rte;
	if (!r->view && !(r->kind == RTE_RELATION && r->rel->kind == REL_TABLE))
		return "Views that do not select from a single table or view are not automatically updatable.";
	return NULL;
}

static int not_updatable(ParseState *ps, const CatRel *view, const char *verb, const char *why)
{
	const char *what = streq(verb, "inserting into") ? "insert into" : streq(verb, "updating") ? "update" : "delete from";
	const char *event = streq(verb, "inserting into") ? "INSERT" : streq(verb, "updating") ? "UPDATE" : "DELETE";
	const char *gerund = streq(verb, "deleting from") ? "deleting from" : verb;
	an_error(ps, -1, "55000", "cannot %s view \"%s\"", what, view->name);
	err_detail(ps->err, "%s", why);
	return err_hint(ps->err, "To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.",
			gerund, event, event);
}

static bool replace_var(Expr *x, void *arg)
{
	const Replacement *r = arg;
	if (x->kind != X_VAR || x->rte != r->view || x->column < 1 || (size_t)x->column > r->base->ncols)
		return true;
	*x = *r->base->cols[x->column - 1];
	return false;
}

static Expr *both(ParseState *ps, Expr *a, Expr *b)
{
	if (!a || !b)
		return a ? a : b;
	Expr *e = expr_new(ps, X_BOOL, T_BOOL, -1);
	e->boolop = BOOL_AND;
	expr_list_add(ps->a, &e->args, a);
	expr_list_add(ps->a, &e->args, b);
	return e;
}

static int open_view(ParseState *ps, const CatRel *view, Query *q, const char *verb, bool cascaded, ViewDml *out)
{
	const char *why = why_not_simple(q);
	if (why)
		return not_updatable(ps, view, verb, why);
	Rte *r = q->from[0]->rte;
	ViewDml inner = { 0 };
	cascaded = cascaded || view->check_option == 'c';
	if (r->view && open_view(ps, r->view, r->query, verb, cascaded, &inner) < 0)
		return -1;
	out->base = r->view ? inner.base : r;
	out->where = q->where;
	out->cols = arena_array(ps->a, Expr *, q->targets.n + 1);
	for (size_t i = 0; i < q->targets.n; i++)
		if (!q->targets.items[i].junk)
			out->cols[out->ncols++] = q->targets.items[i].expr;
	bool check = q->where && (cascaded || view->check_option);
	out->checks = arena_array(ps->a, struct ViewCheck, inner.nchecks + 1);
	if (inner.nchecks)
		memcpy(out->checks, inner.checks, inner.nchecks * sizeof *out->checks);
	out->nchecks = inner.nchecks;
	if (check)
		out->checks[out->nchecks++] = (struct ViewCheck){ view, q->where };
	if (!r->view)
		return 0;
	Replacement rep = { r, &inner };
	for (size_t i = 0; i < out->ncols; i++)
		expr_walk(out->cols[i], replace_var, &rep);
	expr_walk(out->where, replace_var, &rep);
	out->where = both(ps, inner.where, out->where);
	return 0;
}

ViewDml *view_dml_open(ParseState *ps, const CatRel *view, const char *verb, int location)
{
	ViewDml *v = arena_new_of(ps->a, ViewDml);
	Query *q = view_query(ps, view, location);
	if (!q || open_view(ps, view, q, verb, false, v) < 0)
		return NULL;
	v->view = view;
	*ps->writes = true;
	return v;
}

void view_dml_namespace(ParseState *ps, const ViewDml *v, const char *alias)
{
	NsItem item = { .alias = alias, .rel_visible = true, .cols_visible = true };
	item.cols = arena_array(ps->a, NsColumn, v->ncols + 1);
	for (size_t i = 0; i < v->ncols && i < v->view->ncols; i++)
		item.cols[item.ncols++] = (NsColumn){ .name = v->view->cols[i].name, .expr = v->cols[i] };
	ns_add_item(ps, &item);
}

int view_dml_column(ParseState *ps, const ViewDml *v, const char *name, const char *verb, int location, const CatColumn **out)
{
	const CatColumn *c = catrel_column(v->view, name);
	if (!c)
		return an_error(ps, location, "42703", "column \"%s\" of relation \"%s\" does not exist", name, v->view->name);
	const Expr *x = v->cols[c->attnum - 1];
	if (x->kind == X_VAR && x->rte == v->base && x->column > 0) {
		*out = catrel_attnum(v->base->rel, x->column);
		return 0;
	}
	an_error(ps, -1, "0A000", "cannot %s column \"%s\" of view \"%s\"", verb, name, v->view->name);
	return err_detail(ps->err, "View columns that are not columns of their base relation are not updatable.");
}

void view_dml_where(ParseState *ps, const ViewDml *v, Query *q)
{
	q->where = both(ps, v->where, q->where);
}

int dml_open(ParseState *ps, const PgQuery__RangeVar *rv, const char *verb, Query *q, ViewDml **view)
{
	const CatRel *rel = dml_target_or_view(ps, rv, verb, view);
	const char *alias = rv->alias ? rv->alias->aliasname : rv->relname;
	if (!rel)
		return -1;
	q->result = *view ? (*view)->base : rte_relation(ps, rel, alias, rv->location);
	if (!*view)
		q->result->only = !rv->inh;
	if (*view)
		view_dml_namespace(ps, *view, alias);
	else
		ns_add_rte(ps, q->result, true, true);
	return 0;
}
