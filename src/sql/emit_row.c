/* Row values: see sqlite/fn_row.h. */
#include "sql/emit_internal.h"
#include "sql/query.h"

enum { MAX_ROW_COLUMNS = 120 }; /* SQLite allows 127 arguments */

/* Something of the item that is NULL only when an outer join found no row of it. */
static void emit_presence(Emitter *e, const Rte *r)
{
	if (r->kind == RTE_SUBQUERY && r->lateral)
		buf_printf(&e->out, "t%d.value", r->id);
	else if (r->kind == RTE_SUBQUERY || r->kind == RTE_CTE || r->kind == RTE_STORE)
		buf_printf(&e->out, "t%d.c0", r->id);
	else
		buf_printf(&e->out, "t%d.rowid", r->id);
}

void emit_row_shape(Emitter *e, const Column *cols, size_t n)
{
	Buf b = { 0 };
	buf_printf(&b, "R%zu;", n);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%u,%d,%zu:%s", cols[i].type, cols[i].typmod, strlen(cols[i].name), cols[i].name);
	emit_text(&e->out, buf_str(&b));
	buf_free(&b);
}

int emit_row(Emitter *e, const Expr *x)
{
	if (x->args.n > MAX_ROW_COLUMNS)
		return emit_refuse(e, x->location, "a row value of more than %d columns is not available in SQLite mode", MAX_ROW_COLUMNS);
	bool srf = x->rte && x->rte->kind == RTE_SRFS, optional = srf ? x->rte->funcs.n > 1 : x->rte && x->rte->nullable;
	if (optional) {
		buf_puts(&e->out, "(CASE WHEN ");
		if (srf)
			buf_printf(&e->out, "pg_unpack(t%d.value, %d)", x->rte->id, x->column - 1);
		else
			emit_presence(e, x->rte);
		buf_puts(&e->out, " IS NULL THEN NULL ELSE ");
	}
	if (x->type == 2249) {
		Column *cols = arena_array(e->a, Column, x->args.n + 1);
		for (size_t i = 0; i < x->args.n; i++) {
			const Expr *arg = x->args.items[i];
			cols[i] = (Column){ row_column_name(e->a, x, i), arg->type, arg->typmod, 0 };
		}
		buf_puts(&e->out, "pg_row(");
		emit_row_shape(e, cols, x->args.n);
	} else {
		buf_printf(&e->out, "pg_composite(%u", x->type);
	}
	for (size_t i = 0; i < x->args.n; i++) {
		buf_puts(&e->out, ", ");
		if (emit_expr(e, x->args.items[i]) < 0)
			return -1;
	}
	buf_puts(&e->out, optional ? ") END)" : ")");
	return 0;
}

int emit_field(Emitter *e, const Expr *x)
{
	const Expr *row = x->args.items[0];
	if (row->kind == X_ROW)
		return emit_expr(e, row->args.items[x->column - 1]);
	buf_printf(&e->out, "pg_field(%u, ", row->type);
	if (emit_expr(e, row) < 0)
		return -1;
	buf_printf(&e->out, ", %d)", x->column - 1);
	return 0;
}

/* IS NULL of a value that is not written as ROW(...). */
int emit_row_null(Emitter *e, const Expr *x)
{
	buf_printf(&e->out, "pg_row_null(%u, ", x->args.items[0]->type);
	if (emit_expr(e, x->args.items[0]) < 0)
		return -1;
	buf_printf(&e->out, ", %d)", x->negated);
	return 0;
}

/* (a, b) op (SELECT ...): more than one row is an error. */
int emit_row_sublink(Emitter *e, const Expr *x)
{
	buf_puts(&e->out, "((");
	for (size_t i = 0; i < x->args.n; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		if (emit_collated(e, x->args.items[i]) < 0)
			return -1;
	}
	buf_printf(&e->out, ") %s (SELECT pg_single_row(count(*) OVER (), c1)", x->rowop);
	for (size_t i = 1; i < x->args.n; i++)
		buf_printf(&e->out, ", c%zu", i + 1);
	buf_puts(&e->out, " FROM (SELECT * FROM (");
	if (emit_select(e, x->query, OUT_ALIAS) < 0)
		return -1;
	buf_puts(&e->out, ") LIMIT 2) LIMIT 1))");
	return 0;
}
