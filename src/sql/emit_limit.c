/* LIMIT, OFFSET, and FETCH FIRST ... WITH TIES. */
#include "sql/emit_internal.h"

/* A number of rows: NULL means no limit (-1, and 0 for OFFSET), a negative one is an error. */
static int emit_count(Emitter *e, const Expr *x, const char *checker)
{
	if (x->kind == X_CONST && x->val.kind == VAL_INT)
		return emit_expr(e, x);
	buf_printf(&e->out, "pg_%s(", checker);
	if (emit_expr(e, x) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

int emit_limits(Emitter *e, const Query *q)
{
	if (!q->limit && !q->offset)
		return 0;
	buf_puts(&e->out, " LIMIT ");
	if (!q->limit)
		buf_puts(&e->out, "-1");
	else if (emit_count(e, q->limit, "limit_count") < 0)
		return -1;
	if (!q->offset)
		return 0;
	buf_puts(&e->out, " OFFSET ");
	return emit_count(e, q->offset, "offset_count");
}

static void emit_order_keys(Emitter *e, const Query *q)
{
	for (size_t i = 0; i < q->norder; i++) {
		const SortItem *s = &q->order[i];
		buf_printf(&e->out, "%sc%d", i ? ", " : "", s->target);
		emit_collate(e, s->expr->type);
		buf_puts(&e->out, s->desc ? " DESC" : "");
		buf_puts(&e->out, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
}

/* The query without its limit, all targets named c1, c2 ..., also those that are only sorted by. */
static int emit_unlimited(Emitter *e, const Query *q)
{
	Query all = *q;
	all.limit = all.offset = NULL;
	all.with_ties = false;
	all.targets.items = arena_array(e->a, Target, q->targets.n + 1);
	for (size_t i = 0; i < q->targets.n; i++) {
		all.targets.items[i] = q->targets.items[i];
		all.targets.items[i].junk = false;
	}
	if (!q->distinct_on.n)
		all.norder = 0;
	return emit_ordered(e, &all, OUT_ALIAS);
}

/* A scalar subquery is computed once. */
static int emit_count_once(Emitter *e, const Expr *x, const char *checker)
{
	buf_puts(&e->out, "(SELECT ");
	if (emit_count(e, x, checker) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

static bool note_var(Expr *x, void *arg)
{
	*(bool *)arg |= x->kind == X_VAR;
	return true;
}

bool limits_need_count(const Query *q)
{
	bool var = false;
	expr_walk(q->limit, note_var, &var);
	expr_walk(q->offset, note_var, &var);
	return q->with_ties || var;
}

/* Rows up to the limit, by their number; WITH TIES also those that are equal to the last of them: their rank is not beyond it. */
int emit_counted(Emitter *e, const Query *q, unsigned flags)
{
	size_t n = 0;
	buf_puts(&e->out, "SELECT ");
	bool rows = q->setop != SETOP_NONE || q->values; /* these have columns, but no targets unless they are sorted */
	for (size_t i = 0; i < (rows ? q->ncols : q->targets.n); i++) {
		if (!rows && q->targets.items[i].junk)
			continue;
		buf_printf(&e->out, n++ ? ", c%zu" : "c%zu", i + 1);
		if (flags & OUT_COLLATE)
			emit_collate(e, q->cols[n - 1].type);
		if (flags & OUT_ALIAS)
			buf_printf(&e->out, " AS c%zu", n);
	}
	buf_puts(&e->out, n ? " FROM (SELECT *, row_number() OVER w AS place, " : "NULL FROM (SELECT *, row_number() OVER w AS place, ");
	buf_puts(&e->out, q->with_ties ? "rank() OVER w AS tied FROM (" : "row_number() OVER w AS tied FROM (");
	if (emit_unlimited(e, q) < 0)
		return -1;
	buf_puts(&e->out, q->norder ? ") WINDOW w AS (ORDER BY " : ") WINDOW w AS (");
	emit_order_keys(e, q);
	buf_puts(&e->out, ")) WHERE ");
	if (q->offset) {
		buf_puts(&e->out, "place > ");
		if (emit_count_once(e, q->offset, "offset_count") < 0)
			return -1;
		buf_puts(&e->out, " AND ");
	}
	if (!q->limit) {
		buf_puts(&e->out, "1 ORDER BY place");
		return 0;
	}
	buf_puts(&e->out, "CASE ");
	if (emit_count_once(e, q->limit, "limit_count") < 0)
		return -1;
	buf_puts(&e->out, " WHEN -1 THEN 1 WHEN 0 THEN 0 ELSE tied <= ");
	if (emit_count_once(e, q->limit, "limit_count") < 0)
		return -1;
	buf_puts(&e->out, q->offset ? " + " : "");
	if (q->offset && emit_count_once(e, q->offset, "offset_count") < 0)
		return -1;
	buf_puts(&e->out, " END ORDER BY place");
	return 0;
}
