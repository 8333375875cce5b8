/* What columns a row value has, whole-row references, and taking a column out of a row. */
#include "sql/expr.h"
#include "sql/query.h"
#include "sql/vars.h"

static const Expr *query_output(const Query *q, int column)
{
	while (q->setop != SETOP_NONE)
		q = q->larg;
	if (q->values)
		return (size_t)column <= q->values[0].n ? q->values[0].items[column - 1] : NULL;
	const TargetList *l = q->cmd == CMD_SELECT ? &q->targets : &q->returning;
	for (size_t i = 0; i < l->n; i++)
		if (!l->items[i].junk && --column == 0)
			return l->items[i].expr;
	return NULL;
}

/* The expression that made a record, through subqueries. */
static const Expr *record_source(const Expr *e)
{
	const Query *q = NULL;
	int column = e->column;
	if (e->kind == X_VAR && e->rte && column > 0)
		q = e->rte->kind == RTE_SUBQUERY ? e->rte->query : e->rte->kind == RTE_CTE ? e->rte->cte->query : NULL;
	if (e->kind == X_SUBLINK && e->sublink == SUBLINK_EXPR) {
		q = e->query;
		column = 1;
	}
	if (q)
		return query_output(q, column);
	return e->kind == X_COALESCE ? e->args.items[0] : e->kind == X_CASE ? e->args.items[1] : NULL;
}

static Column *shape_of_type(ParseState *ps, const PgType *t, size_t *n)
{
	Column *cols = arena_array(ps->a, Column, t->nfields + 1);
	*n = t->nfields;
	for (size_t i = 0; i < *n; i++)
		cols[i] = (Column){ t->fields[i].name, t->fields[i].type->oid, t->fields[i].typmod, t->fields[i].type->collation };
	return cols;
}

static Column *shape_of_call(ParseState *ps, const PgProc *p, size_t *n)
{
	Column *cols = arena_array(ps->a, Column, p->nout + 1);
	*n = p->nout;
	for (size_t i = 0; i < *n; i++) {
		const PgType *t = type_lookup(ps->env->cat, p->out_types[i]);
		cols[i] = (Column){ p->out_names[i], p->out_types[i], -1, t ? t->collation : 0 };
	}
	return cols;
}

const char *row_column_name(Arena *a, const Expr *row, size_t i)
{
	return row->names ? row->names[i] : arena_printf(a, "f%zu", i + 1);
}

Column *row_shape(ParseState *ps, const Expr *e, size_t *n)
{
	const PgType *t = type_lookup(ps->env->cat, e->type);
	if (e->kind == X_PARAM && e->type == T_RECORD)
		return vars_shape(ps, e, n);
	while (t && t->typtype != 'c' && e && e->kind != X_ROW && !(e->kind == X_FUNC && e->proc->nout))
		e = record_source(e);
	if (t && t->typtype == 'c' && t->fields)
		return shape_of_type(ps, t, n);
	if (!e || !t || e->type != T_RECORD)
		return NULL;
	if (e->kind == X_FUNC)
		return shape_of_call(ps, e->proc, n);
	Column *cols = arena_array(ps->a, Column, e->args.n + 1);
	*n = e->args.n;
	for (size_t i = 0; i < *n; i++) {
		const Expr *x = e->args.items[i];
		cols[i] = (Column){ row_column_name(ps->a, e, i), x->type, x->typmod, x->collation };
	}
	return cols;
}

Expr *row_field(ParseState *ps, Expr *e, const Column *cols, size_t i, int location)
{
	if (e->kind == X_ROW) {
		Expr *x = expr_copy(ps, e->args.items[i]);
		x->location = location;
		return x;
	}
	Expr *f = expr_new(ps, X_FIELD, cols[i].type, location);
	expr_list_add(ps->a, &f->args, e);
	f->column = (int)i + 1;
	f->typmod = cols[i].typmod;
	f->collation = cols[i].collation;
	return f;
}

static bool is_row_type(ParseState *ps, uint32_t type)
{
	const PgType *t = type_lookup(ps->env->cat, type);
	return type == T_RECORD || (t && t->typtype == 'c');
}

Expr *an_field(ParseState *ps, Expr *e, const char *name, int location)
{
	size_t n = 0;
	e = domain_value(ps, e);
	Column *cols = is_row_type(ps, e->type) ? row_shape(ps, e, &n) : NULL;
	for (size_t i = 0; i < n; i++)
		if (streq(cols[i].name, name))
			return row_field(ps, e, cols, i, location);
	if (e->type == T_RECORD)
		an_error(ps, location, "42703", "could not identify column \"%s\" in record data type", name);
	else if (is_row_type(ps, e->type))
		an_error(ps, location, "42703", "column \"%s\" not found in data type %s", name, type_name(ps, e->type));
	else
		an_error(ps, location, "42809", "column notation .%s applied to type %s, which is not a composite type", name,
			 type_name(ps, e->type));
	return NULL;
}

int expand_row(ParseState *ps, Expr *e, TargetList *out)
{
	size_t n = 0;
	e = domain_value(ps, e);
	if (!is_row_type(ps, e->type))
		return an_error(ps, expr_location(e), "42809", "type %s is not composite", type_name(ps, e->type));
	Column *cols = row_shape(ps, e, &n);
	if (!cols)
		return an_error(ps, expr_location(e), "42P16", "record type has not been registered");
	for (size_t i = 0; i < n; i++)
		if (target_add(ps, out, row_field(ps, e, cols, i, expr_location(e)), cols[i].name) < 0)
			return -1;
	return 0;
}

static uint32_t row_type(const CatRel *rel, const Catalog *cat)
{
	const PgType *t = rel && rel->rowtype ? catalog_type(cat, rel->rowtype) : NULL;
	return t && t->fields ? t->oid : 0;
}

/* A row reference is the row of its columns, which is NULL where an outer join found none. */
Expr *whole_row(ParseState *ps, const NsItem *item, int location)
{
	Rte *r = item->rte;
	/* the row of a function that returns one value is that value */
	if (r && r->kind == RTE_FUNCTION && r->ncols == 1 && !r->row_type && !(r->func->kind == X_FUNC && r->func->proc->nout))
		return var_new(ps, r, 1, location);
	uint32_t type = r && r->row_type && !r->with_ordinality ? r->row_type : T_RECORD;
	if (r && (r->kind == RTE_RELATION || r->view))
		type = row_type(r->view ? r->view : r->rel, ps->env->cat);
	if (!type)
		return an_refuse(ps, location, "a whole-row reference to \"%s\" is not available in SQLite mode", item->alias), NULL;
	Expr *e = expr_new(ps, X_ROW, type, location);
	e->names = arena_array(ps->a, const char *, item->ncols + 1);
	e->rte = r;
	if (r)
		r->wants_presence = true;
	for (size_t i = 0; i < item->ncols; i++) {
		Expr *x = expr_copy(ps, item->cols[i].expr);
		x->location = location;
		e->names[i] = item->cols[i].name;
		expr_list_add(ps->a, &e->args, x);
	}
	return e;
}

/* ROW(...) as a value of a named type: column by column. */
Expr *row_to_type(ParseState *ps, Expr *e, const PgType *t, CoerceContext ctx, int location)
{
	if (e->args.n != t->nfields) {
		an_error(ps, location, "42846", "cannot cast type record to %s", t->name);
		err_detail(ps->err, "Input has too %s columns.", e->args.n < t->nfields ? "few" : "many");
		return NULL;
	}
	Expr *row = expr_copy(ps, e);
	row->type = t->oid;
	row->names = NULL;
	row->args = (ExprList){ 0 };
	for (size_t i = 0; i < t->nfields; i++) {
		const PgField *f = &t->fields[i];
		Expr *x = e->args.items[i];
		if (!can_coerce(ps->env->cat, x->type, f->type->oid, ctx)) {
			an_error(ps, location, "42846", "cannot cast type record to %s", t->name);
			err_detail(ps->err, "Cannot cast type %s to %s in column %zu.", type_name(ps, x->type), type_name(ps, f->type->oid),
				   i + 1);
			return NULL;
		}
		x = coerce_to(ps, x, f->type->oid, f->typmod, ctx, location);
		if (!x)
			return NULL;
		expr_list_add(ps->a, &row->args, x);
	}
	return row;
}
