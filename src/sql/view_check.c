/*
 * WITH CHECK OPTION: a row that is written through a view must be one of the view's own. The condition is looked at with the values that
 * are about to be written, in the place of the first of them.
 */
#include "sql/oids.h"
#include "sql/query.h"

typedef struct NewRow {
	ParseState *ps;
	const Query *q;
	const Rte *base;    /* whose columns the conditions name */
	Expr *const *given; /* values of the columns in `attnums` */
	const int *attnums;
	size_t n;
	bool failed;
} NewRow;

static Expr *new_value(NewRow *r, int attnum);

static bool put_new(Expr *x, void *arg)
{
	NewRow *r = arg;
	bool own = x->kind == X_VAR && x->rte && (x->rte == r->base || (x->rte->kind == RTE_RELATION && x->rte->rel == r->base->rel));
	if (!own || r->failed || x->column < 1)
		return true;
	const Expr *value = new_value(r, x->column);
	if (value)
		*x = *value;
	else
		r->failed = true;
	return false;
}

static Expr *new_value(NewRow *r, int attnum)
{
	ParseState *ps = r->ps;
	const CatColumn *c = catrel_attnum(r->base->rel, attnum);
	for (size_t i = 0; i < r->n; i++)
		if (r->attnums[i] == attnum)
			return r->given[i];
	if (c->generated) {
		Expr *e = an_expr_text(ps->env, ps->a, c->default_sql, r->base->rel, AT_CHECK, c->type->oid, c->typmod, ps->err);
		if (e)
			expr_walk(e, put_new, r);
		return e;
	}
	return r->q->cmd == CMD_UPDATE ? var_new(ps, r->q->result, attnum, -1) : expr_const(ps, c->type->oid, val_null());
}

/* The row as the error shows it. */
static int add_row_text(NewRow *r, ExprList *out)
{
	const CatRel *rel = r->base->rel;
	for (size_t i = 0; i < rel->ncols; i++) {
		if (rel->cols[i].dropped)
			continue;
		Expr *e = new_value(r, rel->cols[i].attnum);
		e = e ? coerce_to(r->ps, expr_copy(r->ps, e), T_TEXT, -1, COERCE_EXPLICIT, -1) : NULL;
		if (!e)
			return -1;
		expr_list_add(r->ps->a, out, e);
	}
	return 0;
}

/* The value, or the error when a condition does not hold. */
static Expr *checked(NewRow *r, const ViewDml *v, Expr *value)
{
	ParseState *ps = r->ps;
	for (size_t i = v->nchecks; i-- > 0;) {
		Expr *c = expr_new(ps, X_VIEW_CHECK, value->type, -1);
		c->typmod = value->typmod;
		c->collation = value->collation;
		c->name = v->checks[i].view->name;
		expr_walk(v->checks[i].where, put_new, r);
		if (r->failed)
			return NULL;
		expr_list_add(ps->a, &c->args, value);
		expr_list_add(ps->a, &c->args, v->checks[i].where);
		if (add_row_text(r, &c->args) < 0)
			return NULL;
		value = c;
	}
	return value;
}

/* Each row has conditions of its own: expressions are not copied. */
static int check_values(ParseState *ps, const ViewDml *v, Query *q, Expr **values, const int *attnums, size_t n)
{
	ViewDml *fresh = view_dml_open(ps, v->view, "updating", -1);
	if (!fresh || !n)
		return fresh ? 0 : -1;
	Expr **given = arena_dup(ps->a, values, n * sizeof *given);
	NewRow r = { .ps = ps, .q = q, .base = fresh->base, .given = given, .attnums = attnums, .n = n };
	Expr *e = checked(&r, fresh, values[0]);
	if (!e)
		return -1;
	values[0] = e;
	return 0;
}

static int check_targets(ParseState *ps, const ViewDml *v, Query *q)
{
	size_t n = q->targets.n;
	Expr **values = arena_array(ps->a, Expr *, n + 1);
	int *attnums = arena_array(ps->a, int, n + 1);
	for (size_t i = 0; i < n; i++) {
		values[i] = q->targets.items[i].expr;
		attnums[i] = q->cmd == CMD_UPDATE ? q->targets.items[i].attnum : q->insert_attnums[i];
	}
	if (check_values(ps, v, q, values, attnums, n) < 0)
		return -1;
	if (n)
		q->targets.items[0].expr = values[0];
	return 0;
}

int view_check_rows(ParseState *ps, const ViewDml *v, Query *q)
{
	if (!v->nchecks)
		return 0;
	if (q->cmd == CMD_INSERT && q->nvalues) {
		for (size_t i = 0; i < q->nvalues; i++)
			if (check_values(ps, v, q, q->values[i].items, q->insert_attnums, q->ninsert) < 0)
				return -1;
		return 0;
	}
	return check_targets(ps, v, q);
}
