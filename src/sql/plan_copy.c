/* COPY: columns, options, and the INSERT or SELECT behind it. */
#include "sql/plan_copy.h"
#include "sql/triggers.h"

#include "catalog/acl.h"
#include "sql/acl_check.h"

#include "sql/expr.h"
#include "sql/plan_internal.h"

static int find_columns(CopyParse *c)
{
	ParseState *ps = c->ps;
	size_t cap = c->rel->ncols > c->s->n_attlist ? c->rel->ncols : c->s->n_attlist;
	c->cols = arena_array(ps->a, const CatColumn *, cap + 1);
	for (size_t i = 0; !c->s->n_attlist && i < c->rel->ncols; i++)
		if (!c->rel->cols[i].dropped && !c->rel->cols[i].generated)
			c->cols[c->ncols++] = &c->rel->cols[i];
	for (size_t i = 0; i < c->s->n_attlist; i++) {
		const char *name = c->s->attlist[i]->string->sval;
		const CatColumn *col = catrel_column(c->rel, name);
		if (!col)
			return an_error(ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", name, c->rel->name);
		if (col->generated) {
			an_error(ps, -1, "42P10", "column \"%s\" is a generated column", name);
			return err_detail(ps->err, "Generated columns cannot be used in COPY.");
		}
		for (size_t k = 0; k < c->ncols; k++)
			if (c->cols[k] == col)
				return an_error(ps, -1, "42701", "column \"%s\" specified more than once", name);
		c->cols[c->ncols++] = col;
	}
	return 0;
}

static void describe_columns(CopyParse *c)
{
	c->plan->ncols = c->ncols;
	c->plan->cols = arena_array(c->ps->a, PlanColumn, c->ncols + 1);
	for (size_t i = 0; i < c->ncols; i++)
		c->plan->cols[i] = (PlanColumn){ arena_strdup(c->ps->a, c->cols[i]->name), c->cols[i]->type, c->cols[i]->typmod,
						 c->rel->oid, c->cols[i]->attnum };
}

static bool is_copied(const CopyParse *c, const CatColumn *col)
{
	for (size_t i = 0; i < c->ncols; i++)
		if (c->cols[i] == col)
			return true;
	return false;
}

/* The values of one row: a parameter per copied column, defaults for the rest. */
static int row_values(CopyParse *c, Query *q, ExprList *values)
{
	ParseState *ps = c->ps;
	q->insert_attnums = arena_array(ps->a, int, c->rel->ncols + 1);
	ps->params->types = arena_array(ps->a, uint32_t, c->ncols + 1);
	for (size_t i = 0; i < c->ncols; i++) {
		Expr *p = expr_new(ps, X_PARAM, c->cols[i]->type->oid, -1);
		p->param = (int)i + 1;
		p->typmod = c->cols[i]->typmod;
		p = domain_check_input(ps, p);
		ps->params->types[i] = c->cols[i]->type->oid;
		q->insert_attnums[q->ninsert++] = c->cols[i]->attnum;
		expr_list_add(ps->a, values, p);
	}
	ps->params->n = ps->params->cap = c->ncols;
	for (size_t i = 0; i < c->rel->ncols; i++) {
		const CatColumn *col = &c->rel->cols[i];
		if (is_copied(c, col) || (!catcolumn_fills(col) && col->attnum != c->rel->rowid_col))
			continue;
		Expr *e = column_default(ps, c->rel, col);
		if (!e)
			return -1;
		q->insert_attnums[q->ninsert++] = col->attnum;
		expr_list_add(ps->a, values, e);
	}
	return 0;
}

/* The row as a subquery with all columns of the relation under their names, and the condition over it. */
static int filtered_row(CopyParse *c, Query *q, const ExprList *values)
{
	ParseState *ps = level_new(c->ps);
	Query *row = query_new(ps, CMD_SELECT);
	for (size_t i = 0; i < c->rel->ncols; i++) {
		const CatColumn *col = &c->rel->cols[i];
		Expr *e = expr_const(ps, col->type->oid, val_null());
		for (size_t k = 0; k < q->ninsert; k++)
			if (q->insert_attnums[k] == col->attnum)
				e = values->items[k];
		if (!col->dropped && target_add(ps, &row->targets, e, col->name) < 0)
			return -1;
	}
	query_set_columns(ps, row, &row->targets);
	ParseState *where = level_new(c->ps);
	Query *filter = query_new(where, CMD_SELECT);
	FromItem *f = from_leaf(where, rte_subquery(where, row, c->rel->name, -1));
	filter->from = arena_array(ps->a, FromItem *, 1);
	filter->from[filter->nfrom++] = f;
	for (size_t k = 0; k < q->ninsert; k++) {
		size_t at = 0;
		while (!streq(row->cols[at].name, catrel_attnum(c->rel, q->insert_attnums[k])->name))
			at++;
		if (target_add(where, &filter->targets, var_new(where, f->rte, (int)at + 1, -1), row->cols[at].name) < 0)
			return -1;
	}
	if (an_where(where, c->s->where_clause, AT_COPY_WHERE, "WHERE", &filter->where) < 0)
		return -1;
	query_set_columns(where, filter, &filter->targets);
	q->source = filter;
	Rte *src = rte_subquery(c->ps, filter, "*SELECT*", -1);
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[0] = arena_new_of(ps->a, FromItem);
	q->from[q->nfrom++]->rte = src;
	for (size_t k = 0; k < q->ninsert; k++)
		if (target_add(c->ps, &q->targets, var_new(c->ps, src, (int)k + 1, -1), filter->cols[k].name) < 0)
			return -1;
	return 0;
}

/* The row that triggers are to see before it is written: all columns that are not computed from others. */
static int copy_row(CopyParse *c, const Query *insert, const ExprList *values)
{
	ParseState *ps = c->ps;
	Query *sel = query_new(ps, CMD_SELECT);
	struct PlanWrite *w = plan_write_new(ps->a, c->rel, TRIGGER_INSERT);
	int *attnums = arena_array(ps->a, int, c->rel->ncols + 1);
	sel->from = insert->from;
	sel->nfrom = insert->nfrom;
	for (size_t i = 0; i < c->rel->ncols; i++) {
		const CatColumn *col = &c->rel->cols[i];
		if (col->dropped || col->generated)
			continue;
		Expr *e = expr_const(ps, col->type->oid, val_null());
		for (size_t k = 0; k < insert->ninsert; k++)
			if (insert->insert_attnums[k] == col->attnum)
				e = insert->nfrom ? insert->targets.items[k].expr : values->items[k];
		if (target_add(ps, &sel->targets, e, col->name) < 0)
			return -1;
		attnums[w->n++] = col->attnum;
	}
	w->attnums = attnums;
	query_set_columns(ps, sel, &sel->targets);
	c->plan->copy_write = w;
	c->plan->sql = plan_emit(ps, sel);
	return c->plan->sql ? 0 : -1;
}

static int copy_insert(CopyParse *c)
{
	ParseState *ps = c->ps;
	Query *q = query_new(ps, CMD_INSERT);
	ExprList *values = arena_new_of(ps->a, ExprList);
	q->result = rte_relation(ps, c->rel, c->rel->name, -1);
	if (row_values(c, q, values) < 0 || (c->s->where_clause && filtered_row(c, q, values) < 0))
		return -1;
	if (writes_rows(c->rel, TRIGGER_INSERT))
		return copy_row(c, q, values);
	if (!c->s->where_clause) {
		q->values = values;
		q->nvalues = 1;
	}
	c->plan->sql = plan_emit(ps, q);
	return c->plan->sql ? 0 : -1;
}

static int copy_select(CopyParse *c)
{
	ParseState *ps = c->ps;
	Query *q = query_new(ps, CMD_SELECT);
	FromItem *f = from_leaf(ps, rte_relation(ps, c->rel, c->rel->name, -1));
	f->rte->only = true;
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[q->nfrom++] = f;
	for (size_t i = 0; i < c->ncols; i++)
		if (target_add(ps, &q->targets, var_new(ps, f->rte, c->cols[i]->attnum, -1), c->cols[i]->name) < 0)
			return -1;
	query_set_columns(ps, q, &q->targets);
	c->plan->sql = plan_emit(ps, q);
	return c->plan->sql ? 0 : -1;
}

static int copy_relation(CopyParse *c)
{
	ParseState *ps = c->ps;
	const PgQuery__CopyStmt *s = c->s;
	c->rel = an_relation(ps, s->relation, false);
	if (!c->rel)
		return err_at(ps->err, 0); /* PostgreSQL opens it without telling where it stands */
	if (s->is_from && !dml_target(ps, s->relation, "copying to"))
		return -1;
	if (catrel_is_view(c->rel)) {
		an_error(ps, -1, "42809", "cannot copy from view \"%s\"", c->rel->name);
		return err_hint(ps->err, "Try the COPY (SELECT ...) TO variant.");
	}
	if (c->rel->part && !s->is_from) {
		an_error(ps, -1, "42809", "cannot copy from partitioned table \"%s\"", c->rel->name);
		return err_hint(ps->err, "Try the COPY (SELECT ...) TO variant.");
	}
	if (c->rel->kind == REL_SEQUENCE || c->rel->kind == REL_INDEX)
		return an_error(ps, -1, "42809", "cannot copy from %s \"%s\"", c->rel->kind == REL_INDEX ? "index" : "sequence",
				c->rel->name);
	if (find_columns(c) < 0 || acl_check_rel(ps, c->rel, s->is_from ? ACL_INSERT : ACL_SELECT) < 0)
		return -1;
	describe_columns(c);
	/* an error of WHERE comes before those of options */
	if (s->is_from)
		return copy_insert(c) < 0 || copy_options(c) < 0 ? -1 : 0;
	return copy_options(c) < 0 || copy_select(c) < 0 ? -1 : 0;
}

static int copy_query(CopyParse *c)
{
	Query *q;
	if (plan_query(c->ps, c->s->query, c->plan, &q) < 0)
		return -1;
	if (c->plan->nsteps)
		return an_refuse(c->ps, -1, "COPY of a query that runs in several steps is not available in SQLite mode");
	if (!c->plan->returns_rows)
		return an_error(c->ps, -1, "0A000", "COPY query must have a RETURNING clause");
	c->ncols = c->plan->ncols;
	return copy_options(c);
}

int plan_copy(ParseState *ps, const PgQuery__CopyStmt *s, Plan *plan)
{
	CopyParse c = { .ps = ps, .s = s, .plan = plan, .o = &plan->copy };
	if (s->is_program || *s->filename) {
		an_error(ps, -1, "42501", "COPY %s %s is not available in SQLite mode", s->is_from ? "FROM" : "TO",
			 s->is_program ? "PROGRAM" : "a file");
		return err_hint(ps->err, "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.");
	}
	if ((s->relation ? copy_relation(&c) : copy_query(&c)) < 0)
		return -1;
	plan->kind = PLAN_COPY;
	plan->tag = "COPY";
	plan->tag_rows = true;
	plan->returns_rows = false;
	if (s->is_from && c.rel && c.rel->part)
		return an_refuse(ps, s->relation->location, "COPY FROM into a partitioned table");
	plan->copy_from = s->is_from;
	plan->writes |= *ps->writes;
	plan->volatile_fn = *ps->volatile_fn;
	if (s->is_from)
		plan->target_oid = c.rel->oid;
	return 0;
}
