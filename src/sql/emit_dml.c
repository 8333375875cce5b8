/* INSERT, UPDATE, DELETE. */
#include "sql/emit_internal.h"
#include "sql/query.h"

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

enum { MAX_STASH = 100 }; /* SQLite allows 127 arguments */

typedef struct Outside {
	Emitter *e;
	const Query *q;
	bool sublink, xmax, rowid;
} Outside;

static bool note_outside(Expr *x, void *arg)
{
	Outside *o = arg;
	Emitter *e = o->e;
	o->sublink |= x->kind == X_SUBLINK;
	o->xmax |= is_upserted_xmax(x);
	o->rowid |= x->kind == X_ROWID && x->rte != o->q->result && query_has_rte(o->q, x->rte);
	if (x->kind != X_VAR || x->rte == o->q->result || !query_has_rte(o->q, x->rte))
		return true;
	for (size_t i = 0; i < e->nstash; i++)
		if (e->stash[i]->rte == x->rte && e->stash[i]->column == x->column)
			return true;
	if (e->nstash < MAX_STASH)
		e->stash[e->nstash] = x;
	e->nstash++;
	return true;
}

static bool assigns_rowid(const Query *q)
{
	const TargetList *set = q->cmd == CMD_UPDATE ? &q->targets : q->conflict && q->conflict->do_update ? &q->conflict->set : NULL;
	for (size_t i = 0; set && i < set->n; i++)
		if (set->items[i].attnum == q->result->rel->rowid_col)
			return true;
	return false;
}

/* The columns of other tables that RETURNING wants, into `vars`; none when there is no RETURNING. */
static int find_stash(Emitter *e, const Query *q, Outside *o)
{
	*o = (Outside){ .e = e, .q = q };
	e->stash = arena_array(e->a, Expr *, MAX_STASH);
	for (size_t i = 0; i < q->returning.n; i++)
		expr_walk(q->returning.items[i].expr, note_outside, o);
	if (e->nstash > MAX_STASH || ((e->nstash || o->xmax) && assigns_rowid(q)) || o->rowid) {
		e->nstash = 0;
		return emit_refuse(e, -1, "these columns of other tables in RETURNING are not available in SQLite mode");
	}
	return 0;
}

static int emit_stash(Emitter *e, const Query *q, const Expr *value)
{
	buf_printf(&e->out, "pg_stash(0, t%d.rowid, ", q->result->id);
	if (!value)
		buf_puts(&e->out, "1");
	else if (emit_expr(e, value) < 0)
		return -1;
	for (size_t i = 0; i < e->nstash; i++) {
		buf_puts(&e->out, ", ");
		if (emit_expr(e, e->stash[i]) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	return 0;
}

/* SQLite's RETURNING sees the columns of the changed row only, under their plain names or that of the table. */
static int emit_returning(Emitter *e, const Query *q, const Outside *o)
{
	int rc = 0;
	e->plain_rte = q->result;
	e->returning_of = o->sublink || e->nstash ? q->result->rel : NULL;
	for (size_t i = 0; i < q->returning.n && rc == 0; i++) {
		const Expr *x = q->returning.items[i].expr;
		buf_puts(&e->out, i ? ", " : " RETURNING ");
		e->returning = x->kind != X_VAR;
		rc = emit_expr(e, x);
	}
	e->plain_rte = NULL;
	e->returning = false;
	e->returning_of = NULL;
	e->nstash = 0;
	return rc;
}

static bool may_be_null(const Expr *x)
{
	while ((x->kind == X_RELABEL || x->kind == X_FUNC) && x->args.n == 1 && !(x->proc && streq(x->proc->src, "nextval_oid")))
		x = x->args.items[0];
	if (x->kind == X_FUNC)
		return !(x->proc && streq(x->proc->src, "nextval_oid"));
	return x->kind != X_CONST || x->val.kind == VAL_NULL;
}

/* A NULL written to the column that is SQLite's row number would make SQLite invent a key: it is caught before. */
static int emit_assigned(Emitter *e, const CatRel *rel, int attnum, const Expr *x)
{
	if (rel->rowid_col != attnum || !may_be_null(x))
		return emit_expr(e, x);
	buf_printf(&e->out, "pg_notnull(%u, %d, ", rel->oid, attnum);
	if (emit_expr(e, x) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_set(Emitter *e, const Query *q, const TargetList *set)
{
	for (size_t i = 0; i < set->n; i++) {
		buf_puts(&e->out, i ? ", " : " SET ");
		emit_column(e, q->result->rel, set->items[i].attnum);
		buf_puts(&e->out, " = ");
		const Expr *value = set->items[i].expr;
		if ((i == 0 && (e->nstash || e->marks_updated) ? emit_stash(e, q, value)
							       : emit_assigned(e, q->result->rel, set->items[i].attnum, value)) < 0)
			return -1;
	}
	return set->n ? 0 : emit_refuse(e, -1, "an UPDATE of generated columns only is not available in SQLite mode");
}

static bool many_rows(const Query *q)
{
	return q->conflict && q->conflict->do_update && (!q->values || q->nvalues > 1);
}

static int emit_conflict_where(Emitter *e, const Query *q)
{
	const Expr *where = q->conflict->where;
	if (!many_rows(q))
		return emit_where(e, "WHERE", where);
	buf_puts(&e->out, " WHERE pg_upsert_once(");
	emit_text(&e->out, str_of(q->result->rel->sqlite_name));
	buf_printf(&e->out, ", t%d.rowid)", q->result->id);
	return emit_where(e, "AND", where);
}

static int emit_conflict(Emitter *e, const Query *q, const Outside *o)
{
	const OnConflict *oc = q->conflict;
	if (!oc)
		return 0;
	buf_puts(&e->out, " ON CONFLICT");
	if (oc->index) {
		buf_puts(&e->out, " (");
		e->plain_rte = q->result;
		e->alone = true; /* as the index was written, or SQLite does not find it */
		int rc = emit_list(e, oc->targets.items, oc->targets.n);
		buf_puts(&e->out, ")");
		if (rc < 0 || emit_where(e, "WHERE", oc->target_where) < 0)
			return -1;
		e->plain_rte = NULL;
		e->alone = false;
	}
	if (!oc->do_update) {
		buf_puts(&e->out, " DO NOTHING");
		return 0;
	}
	buf_puts(&e->out, " DO UPDATE");
	e->excluded = oc->excluded;
	e->marks_updated = o->xmax;
	int rc = emit_set(e, q, &oc->set) < 0 ? -1 : emit_conflict_where(e, q);
	e->marks_updated = false;
	e->excluded = NULL;
	return rc;
}

static int emit_insert_rows(Emitter *e, const Query *q)
{
	for (size_t r = 0; r < q->nvalues; r++) {
		bool begin = r == 0 && many_rows(q);
		buf_puts(&e->out, r ? ", (" : begin ? " VALUES (pg_upsert_begin(0, " : " VALUES (");
		for (size_t i = 0; i < q->values[r].n; i++) {
			buf_puts(&e->out, i ? ", " : "");
			if (emit_assigned(e, q->result->rel, q->insert_attnums[i], q->values[r].items[i]) < 0)
				return -1;
			buf_puts(&e->out, begin && i == 0 ? ")" : "");
		}
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
		if (emit_assigned(e, q->result->rel, q->insert_attnums[i], q->targets.items[i].expr) < 0)
			return -1;
	}
	buf_puts(&e->out, " FROM ");
	if (emit_from(e, q->from, q->nfrom) < 0)
		return -1;
	buf_puts(&e->out, many_rows(q) ? " WHERE (SELECT pg_upsert_begin(0, 1))"
				       : " WHERE 1"); /* a WHERE keeps ON CONFLICT from being read as a join's ON */
	return 0;
}

int emit_insert(Emitter *e, const Query *q)
{
	Outside o;
	if (emit_with(e, q) < 0 || find_stash(e, q, &o) < 0)
		return -1;
	buf_puts(&e->out, "INSERT INTO ");
	emit_target(e, q->result, q->conflict && q->conflict->do_update);
	return emit_insert_source(e, q) < 0 || emit_conflict(e, q, &o) < 0 ? -1 : emit_returning(e, q, &o);
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
	Outside o;
	if (emit_with(e, q) < 0 || find_stash(e, q, &o) < 0)
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
	return emit_where(e, "WHERE", q->where) < 0 ? -1 : emit_returning(e, q, &o);
}

int emit_delete(Emitter *e, const Query *q)
{
	Outside o;
	if (emit_with(e, q) < 0 || find_stash(e, q, &o) < 0)
		return -1;
	buf_puts(&e->out, "DELETE FROM ");
	emit_target(e, q->result, true);
	if (!q->nfrom)
		return emit_where(e, "WHERE", q->where) < 0 ? -1 : emit_returning(e, q, &o);
	buf_puts(&e->out, e->nstash ? " WHERE (SELECT " : " WHERE EXISTS (SELECT 1");
	if (e->nstash && emit_stash(e, q, NULL) < 0)
		return -1;
	buf_puts(&e->out, " FROM ");
	if (emit_from(e, q->from, q->nfrom) < 0 || emit_where(e, "WHERE", q->where) < 0)
		return -1;
	buf_puts(&e->out, e->nstash ? " LIMIT 1)" : ")");
	return emit_returning(e, q, &o);
}
