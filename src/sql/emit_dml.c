/* INSERT, UPDATE, DELETE. */
#include "sql/emit_internal.h"

static void emit_target(Emitter *e, const Rte *r, bool alias)
{
	emit_ident(&e->out, r->rel->sqlite_name);
	if (alias)
		buf_printf(&e->out, " AS t%d", r->id);
}

static void emit_column(Emitter *e, const CatRel *rel, int attnum)
{
	emit_ident(&e->out, rel->cols[attnum - 1].sqlite_name);
}

typedef struct Foreign {
	const Rte *target;
	const Expr *found;
	bool sublink;
} Foreign;

static bool find_foreign(Expr *x, void *arg)
{
	Foreign *f = arg;
	if (x->kind == X_VAR && x->rte != f->target)
		f->found = x;
	f->sublink |= x->kind == X_SUBLINK;
	return !f->sublink;
}

/* SQLite's RETURNING sees the columns of the changed row only, under their plain names. */
static int emit_returning(Emitter *e, const Query *q)
{
	for (size_t i = 0; i < q->returning.n; i++) {
		Foreign f = { .target = q->result };
		expr_walk(q->returning.items[i].expr, find_foreign, &f);
		if (f.sublink)
			return emit_refuse(e, q->returning.items[i].expr->location,
					   "subqueries in RETURNING are not available in SQLite mode");
		if (f.found)
			return emit_refuse(e, f.found->location, "columns of other tables in RETURNING are not available in SQLite mode");
		buf_puts(&e->out, i ? ", " : " RETURNING ");
		e->plain_rte = q->result;
		int rc = emit_expr(e, q->returning.items[i].expr);
		e->plain_rte = NULL;
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int emit_set(Emitter *e, const Query *q, const TargetList *set)
{
	for (size_t i = 0; i < set->n; i++) {
		buf_puts(&e->out, i ? ", " : " SET ");
		emit_column(e, q->result->rel, set->items[i].attnum);
		buf_puts(&e->out, " = ");
		if (emit_expr(e, set->items[i].expr) < 0)
			return -1;
	}
	return set->n ? 0 : emit_refuse(e, -1, "an UPDATE of generated columns only is not available in SQLite mode");
}

static int emit_conflict(Emitter *e, const Query *q)
{
	const OnConflict *oc = q->conflict;
	if (!oc)
		return 0;
	buf_puts(&e->out, " ON CONFLICT");
	if (oc->index) {
		buf_puts(&e->out, " (");
		e->plain_rte = q->result;
		int rc = emit_list(e, oc->targets.items, oc->targets.n);
		buf_puts(&e->out, ")");
		if (rc < 0 || emit_where(e, "WHERE", oc->target_where) < 0)
			return -1;
		e->plain_rte = NULL;
	}
	if (!oc->do_update) {
		buf_puts(&e->out, " DO NOTHING");
		return 0;
	}
	buf_puts(&e->out, " DO UPDATE");
	e->excluded = oc->excluded;
	int rc = emit_set(e, q, &oc->set) < 0 ? -1 : emit_where(e, "WHERE", oc->where);
	e->excluded = NULL;
	return rc;
}

static int emit_insert_rows(Emitter *e, const Query *q)
{
	for (size_t r = 0; r < q->nvalues; r++) {
		buf_puts(&e->out, r ? ", (" : " VALUES (");
		if (emit_list(e, q->values[r].items, q->values[r].n) < 0)
			return -1;
		buf_puts(&e->out, ")");
	}
	return 0;
}

static int emit_insert_source(Emitter *e, const Query *q)
{
	if (!q->ninsert) {
		if (q->nvalues > 1 || q->conflict)
			return emit_refuse(e, -1, "an INSERT without any value is not available in SQLite mode in this form");
		buf_puts(&e->out, " DEFAULT VALUES");
		return 0;
	}
	buf_puts(&e->out, " (");
	for (size_t i = 0; i < q->ninsert; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		emit_column(e, q->result->rel, q->insert_attnums[i]);
	}
	buf_puts(&e->out, ")");
	if (q->values)
		return emit_insert_rows(e, q);
	buf_puts(&e->out, " SELECT ");
	for (size_t i = 0; i < q->targets.n; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		if (emit_expr(e, q->targets.items[i].expr) < 0)
			return -1;
	}
	buf_puts(&e->out, " FROM ");
	if (emit_from(e, q->from, q->nfrom) < 0)
		return -1;
	buf_puts(&e->out, " WHERE 1"); /* keeps ON CONFLICT from being read as a join's ON */
	return 0;
}

int emit_insert(Emitter *e, const Query *q)
{
	if (emit_with(e, q) < 0)
		return -1;
	buf_puts(&e->out, "INSERT INTO ");
	emit_target(e, q->result, q->conflict && q->conflict->do_update);
	return emit_insert_source(e, q) < 0 || emit_conflict(e, q) < 0 ? -1 : emit_returning(e, q);
}

static bool find_sublink(Expr *x, void *arg)
{
	*(bool *)arg |= x->kind == X_SUBLINK;
	return true;
}

/* SQLite computes SET row after row while it changes the table, unless there is a FROM: then all new values come first. */
static bool needs_from(const Query *q)
{
	bool sublink = false;
	for (size_t i = 0; i < q->targets.n; i++)
		expr_walk(q->targets.items[i].expr, find_sublink, &sublink);
	return sublink && !q->nfrom;
}

int emit_update(Emitter *e, const Query *q)
{
	if (emit_with(e, q) < 0)
		return -1;
	buf_puts(&e->out, "UPDATE ");
	emit_target(e, q->result, true);
	if (emit_set(e, q, &q->targets) < 0)
		return -1;
	if (q->nfrom) {
		buf_puts(&e->out, " FROM ");
		if (emit_from(e, q->from, q->nfrom) < 0)
			return -1;
	} else if (needs_from(q)) {
		buf_printf(&e->out, " FROM (SELECT 1) AS x%d", ++e->next_tmp);
	}
	return emit_where(e, "WHERE", q->where) < 0 ? -1 : emit_returning(e, q);
}

int emit_delete(Emitter *e, const Query *q)
{
	if (emit_with(e, q) < 0)
		return -1;
	buf_puts(&e->out, "DELETE FROM ");
	emit_target(e, q->result, true);
	if (!q->nfrom)
		return emit_where(e, "WHERE", q->where) < 0 ? -1 : emit_returning(e, q);
	buf_puts(&e->out, " WHERE EXISTS (SELECT 1 FROM ");
	if (emit_from(e, q->from, q->nfrom) < 0 || emit_where(e, "WHERE", q->where) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return emit_returning(e, q);
}
