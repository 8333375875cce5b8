/* COPY: columns, options, and the INSERT or SELECT behind it. */
#include "sql/row_security.h"
#include "sql/plan_copy.h"
#include "sql/emit.h"
#include "sql/tree.h"
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
static Query *row_query(CopyParse *c, const Query *q, const ExprList *values, Rte **rte)
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
			return NULL;
	}
	query_set_columns(ps, row, &row->targets);
	ParseState *where = level_new(c->ps);
	Query *filter = query_new(where, CMD_SELECT);
	FromItem *f = from_leaf(where, rte_subquery(where, row, c->rel->name, -1));
	filter->from = arena_array(ps->a, FromItem *, 1);
	filter->from[filter->nfrom++] = f;
	*rte = f->rte;
	if (c->s->where_clause && an_where(where, c->s->where_clause, AT_COPY_WHERE, "WHERE", &filter->where) < 0)
		return NULL;
	return filter;
}

static Expr *row_column(CopyParse *c, Rte *row, int attnum)
{
	size_t at = 0;
	while (!streq(row->cols[at].name, catrel_attnum(c->rel, attnum)->name))
		at++;
	return var_new(c->ps, row, (int)at + 1, -1);
}

static int filtered_row(CopyParse *c, Query *q, const ExprList *values)
{
	ParseState *ps = c->ps;
	Rte *row;
	Query *filter = row_query(c, q, values, &row);
	for (size_t k = 0; filter && k < q->ninsert; k++)
		if (target_add(ps, &filter->targets, row_column(c, row, q->insert_attnums[k]),
			       catrel_attnum(c->rel, q->insert_attnums[k])->name) < 0)
			return -1;
	if (!filter)
		return -1;
	query_set_columns(ps, filter, &filter->targets);
	q->source = filter;
	Rte *src = rte_subquery(ps, filter, "*SELECT*", -1);
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[0] = arena_new_of(ps->a, FromItem);
	q->from[q->nfrom++]->rte = src;
	for (size_t k = 0; k < q->ninsert; k++)
		if (target_add(c->ps, &q->targets, var_new(c->ps, src, (int)k + 1, -1), filter->cols[k].name) < 0)
			return -1;
	return 0;
}

typedef struct Routed {
	CopyParse *c;
	Rte *target, *row;
} Routed;

static Expr *routed_column(Expr *x, void *arg)
{
	const Routed *r = arg;
	return x->kind == X_VAR && x->rte == r->target ? row_column(r->c, r->row, x->column) : NULL;
}

/* INSERT of all columns as parameters into one partition. */
static const char *part_insert(CopyParse *c, const CatRel *member)
{
	Buf b = { 0 }, values = { 0 };
	const CatRel *m = tree_member(c->rel, member, c->ps->a);
	buf_puts(&b, "INSERT INTO ");
	emit_ident(&b, m->sqlite_name);
	for (size_t i = 0, n = 0; i < c->rel->ncols; i++) {
		if (c->rel->cols[i].dropped || c->rel->cols[i].generated)
			continue;
		buf_puts(&b, n ? ", " : " (");
		emit_ident(&b, m->cols[i].sqlite_name);
		buf_printf(&values, n++ ? ", " : " VALUES (");
		if (m->rowid_col == m->cols[i].attnum)
			buf_printf(&values, "pg_notnull(%u, %d, ?%zu)", member->oid, member->rowid_col, n);
		else
			buf_printf(&values, "?%zu", n);
	}
	buf_printf(&b, ")%s)", buf_cstr(&values));
	const char *sql = arena_strndup(c->ps->a, (const char *)b.data, b.len);
	buf_free(&b);
	buf_free(&values);
	return sql;
}

/* How the row is written into a partition with triggers. */
static struct PlanWrite *part_write_rows(CopyParse *c, const CatRel *member)
{
	struct PlanWrite *w = plan_write_new(c->ps->a, member, TRIGGER_INSERT);
	int *attnums = arena_array(c->ps->a, int, c->rel->ncols + 1);
	for (size_t i = 0; i < c->rel->ncols; i++)
		if (!c->rel->cols[i].dropped && !c->rel->cols[i].generated)
			attnums[w->n++] = catrel_column(member, c->rel->cols[i].name)->attnum;
	w->attnums = attnums;
	return w;
}

/* The row with the partition that it goes to behind it; and how each of them is written. */
static int copy_to_parts(CopyParse *c, Query *q, const ExprList *values)
{
	ParseState *ps = c->ps;
	Routed r = { .c = c, .target = q->result };
	Query *row = row_query(c, q, values, &r.row);
	Expr *leaf = row ? tree_leaf_expr(ps, q->result) : NULL;
	if (!leaf)
		return -1;
	for (size_t i = 0; i < c->rel->ncols; i++)
		if (!c->rel->cols[i].dropped && !c->rel->cols[i].generated &&
		    target_add(ps, &row->targets, row_column(c, r.row, (int)i + 1), "") < 0)
			return -1;
	if (target_add(ps, &row->targets, expr_rewrite(ps->a, leaf, routed_column, &r), "") < 0)
		return -1;
	query_set_columns(ps, row, &row->targets);
	size_t n;
	bool fires = has_triggers(c->rel, TRIGGER_INSERT);
	const CatRel **members = tree_members(c->rel, ps->a, &n);
	c->plan->ncopy_parts = n;
	c->plan->copy_parts = arena_array(ps->a, struct CopyPart, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct PlanWrite *w = has_row_triggers(members[i], TRIGGER_INSERT) ? part_write_rows(c, members[i]) : NULL;
		c->plan->copy_parts[i] = (struct CopyPart){ members[i]->oid, part_insert(c, members[i]), w };
		fires |= w != NULL;
	}
	if (fires)
		c->plan->copy_write = plan_write_new(ps->a, c->rel, TRIGGER_INSERT);
	c->plan->sql = plan_emit(ps, row);
	return c->plan->sql ? 0 : -1;
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
	if (row_values(c, q, values) < 0)
		return -1;
	if (c->rel->part)
		return copy_to_parts(c, q, values);
	if (c->s->where_clause && filtered_row(c, q, values) < 0)
		return -1;
	if (writes_rows(ps->env->cat, c->rel, TRIGGER_INSERT, NULL))
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
	c->plan->sql = row_security_apply(ps, q) < 0 ? NULL : plan_emit(ps, q);
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
	int limited = s->is_from ? row_security_limits(ps, c->rel) : 0;
	if (limited < 0)
		return -1;
	if (limited) {
		an_error(ps, -1, "0A000", "COPY FROM not supported with row-level security");
		return err_hint(ps->err, "Use INSERT statements instead.");
	}
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
	plan->copy_from = s->is_from;
	plan->writes |= *ps->writes;
	plan->volatile_fn = *ps->volatile_fn;
	if (s->is_from)
		plan->target_oid = c.rel->oid;
	return 0;
}
