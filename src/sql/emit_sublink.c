/* Subqueries in expressions, op ANY/ALL over arrays, IN lists. */
#include "sql/emit_internal.h"

static const char *compare_text(const PgProc *p)
{
	Native n = native_form(p->src);
	return n.form == NATIVE_COMPARE ? n.text : NULL;
}

static bool is_in(const PgProc *p, bool use_or)
{
	const char *op = compare_text(p);
	return op && streq(op, use_or ? "=" : "<>");
}

/* A stand-in for the column of a row source made by the emitter. */
static Expr *element_var(Emitter *e, uint32_t type, Rte **rte)
{
	Rte *r = arena_new_of(e->a, Rte);
	r->kind = RTE_SUBQUERY;
	r->id = 1000000 + ++e->next_tmp; /* no Rte of the analyser has such an id */
	Expr *v = arena_new_of(e->a, Expr);
	*v = (Expr){ .kind = X_VAR, .type = type, .typmod = -1, .location = -1, .rte = r, .column = 1 };
	*rte = r;
	return v;
}

/* Three-valued OR (or AND) over rows of one boolean: true if any is, else NULL if any is, else false. */
static void begin_quantifier(Emitter *e, bool use_or)
{
	buf_printf(&e->out, "(SELECT CASE WHEN %s(b) = %d THEN %d WHEN count(*) > count(b) THEN NULL ELSE %d END FROM (SELECT ",
		   use_or ? "max" : "min", use_or, use_or, !use_or);
}

static int emit_test(Emitter *e, const Expr *x, const PgProc *proc, Expr *element)
{
	Expr *args[2] = { x->args.items[0], element };
	if (emit_proc_call(e, proc, args, 2, false, x->location) < 0)
		return -1;
	buf_puts(&e->out, " AS b FROM ");
	return 0;
}

/* The rows of an array; a NULL array gives one NULL, which makes the whole test NULL as in PostgreSQL. */
static int emit_unnest(Emitter *e, const Expr *array)
{
	const PgType *t = catalog_type(e->cat, array->type);
	if (!t || !t->elem_oid)
		return emit_refuse(e, array->location, "this array test is not available in SQLite mode");
	buf_printf(&e->out, "pg_unnest(%u, ", t->elem_oid);
	bool null = array->kind != X_CONST || array->val.kind == VAL_NULL;
	buf_puts(&e->out, null ? "ifnull(" : "");
	if (emit_expr(e, array) < 0)
		return -1;
	buf_puts(&e->out, null ? ", '{NULL}'))" : ")");
	return 0;
}

/* Within a CHECK or an index, which have no subqueries. */
static int emit_array_search(Emitter *e, const Expr *x)
{
	const Expr *array = x->args.items[1];
	if (!is_in(x->proc, x->use_or))
		return emit_refuse(e, x->location, "a comparison with the elements of an array here is not available in SQLite mode");
	buf_printf(&e->out, "%spg_array_holds(%u, ", x->use_or ? "" : "NOT ", array->type);
	if (emit_expr(e, array) < 0)
		return -1;
	buf_puts(&e->out, ", ");
	if (emit_expr(e, x->args.items[0]) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

int emit_scalar_array(Emitter *e, const Expr *x)
{
	const Expr *array = x->args.items[1];
	const Expr *list = e->alone || is_in(x->proc, x->use_or) ? expr_array_as_list(e->a, e->cat, x, e->alone) : NULL;
	if (list)
		return emit_in_list(e, list);
	if (e->alone)
		return emit_array_search(e, x);
	if (is_in(x->proc, x->use_or)) {
		buf_puts(&e->out, "(");
		if (emit_collated(e, x->args.items[0]) < 0)
			return -1;
		buf_puts(&e->out, x->use_or ? " IN (SELECT value FROM " : " NOT IN (SELECT value FROM ");
		if (emit_unnest(e, array) < 0)
			return -1;
		buf_puts(&e->out, "))");
		return 0;
	}
	const PgType *t = catalog_type(e->cat, array->type);
	Rte *r;
	Expr *v = element_var(e, t ? t->elem_oid : 25, &r);
	begin_quantifier(e, x->use_or);
	if (emit_test(e, x, x->proc, v) < 0)
		return -1;
	buf_puts(&e->out, "(SELECT value AS c1 FROM ");
	if (emit_unnest(e, array) < 0)
		return -1;
	buf_printf(&e->out, ") AS t%d))", r->id);
	return 0;
}

int emit_in_list(Emitter *e, const Expr *x)
{
	buf_puts(&e->out, "(");
	if (is_in(x->proc, x->use_or)) {
		if (emit_collated(e, x->args.items[0]) < 0)
			return -1;
		buf_puts(&e->out, x->use_or ? " IN (" : " NOT IN (");
		if (emit_list(e, x->args.items + 1, x->args.n - 1) < 0)
			return -1;
		buf_puts(&e->out, "))");
		return 0;
	}
	for (size_t i = 1; i < x->args.n; i++) {
		Expr *args[2] = { x->args.items[0], x->args.items[i] };
		if (i > 1)
			buf_puts(&e->out, x->use_or ? " OR " : " AND ");
		if (emit_proc_call(e, x->proc, args, 2, false, x->location) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	return 0;
}

static bool has_equality(const Expr *where, const Rte *rte, int attnum)
{
	if (!where)
		return false;
	if (where->kind == X_BOOL && where->boolop == BOOL_AND) {
		for (size_t i = 0; i < where->args.n; i++)
			if (has_equality(where->args.items[i], rte, attnum))
				return true;
		return false;
	}
	const char *op = where->kind == X_FUNC && where->args.n == 2 ? compare_text(where->proc) : NULL;
	if (!op || !streq(op, "="))
		return false;
	for (int i = 0; i < 2; i++) {
		const Expr *col = where->args.items[i], *other = where->args.items[1 - i];
		if (col->kind == X_VAR && col->rte == rte && col->column == attnum && !(other->kind == X_VAR && other->rte == rte) &&
		    (other->kind == X_VAR || other->kind == X_PARAM || other->kind == X_CONST))
			return true;
	}
	return false;
}

static bool unique_row(const Query *q)
{
	const Rte *r = q->nfrom == 1 ? q->from[0]->rte : NULL;
	if (!r || r->kind != RTE_RELATION)
		return q->nfrom == 0;
	for (size_t i = 0; i < r->rel->nindexes; i++) {
		const CatIndex *ix = r->rel->indexes[i];
		size_t k = 0;
		while (ix->unique && !ix->deferrable && !ix->predicate && k < ix->nkeys && ix->keys[k] &&
		       has_equality(q->where, r, ix->keys[k]))
			k++;
		if (k == ix->nkeys && k)
			return true;
	}
	return false;
}

/* Whether a query can be seen to return one row at most. */
static bool at_most_one(const Query *q)
{
	if (q->limit && q->limit->kind == X_CONST && q->limit->val.kind == VAL_INT && q->limit->val.i <= 1)
		return true;
	if (q->setop != SETOP_NONE)
		return false;
	if (q->values)
		return q->nvalues <= 1;
	if (q->has_aggs && !q->group_by.n)
		return true;
	if (q->nfrom == 1 && q->from[0]->rte && q->from[0]->rte->kind == RTE_SUBQUERY && at_most_one(q->from[0]->rte->query))
		return true;
	return unique_row(q);
}

static bool note_own_row(Expr *x, void *arg)
{
	if (x->kind == X_AGG || x->kind == X_WINDOW || (x->kind == X_FUNC && x->proc->volatility == 'v'))
		*(bool *)arg = true;
	return true;
}

/* (SELECT x), which is nothing but x. */
static bool is_bare_value(const Query *q)
{
	bool own_row = false;
	if (q->setop != SETOP_NONE || q->values || q->nfrom || q->where || q->having || q->group_by.n || q->limit || q->offset ||
	    q->nctes || q->targets.n != 1)
		return false;
	expr_walk(q->targets.items[0].expr, note_own_row, &own_row);
	return !own_row;
}

/* SQLite takes the first row of a scalar subquery; PostgreSQL raises 21000 when there are more. */
static int emit_scalar(Emitter *e, const Expr *x)
{
	if (e->flat && is_bare_value(x->query))
		return emit_expr(e, x->query->targets.items[0].expr);
	if (at_most_one(x->query)) {
		buf_puts(&e->out, "(");
		if (emit_select(e, x->query, 0) < 0)
			return -1;
		buf_puts(&e->out, ")");
		return 0;
	}
	if (!fn_find("single_row"))
		return emit_refuse(e, x->location, "a scalar subquery that might return several rows is not available in SQLite mode");
	buf_puts(&e->out, "(SELECT pg_single_row(count(*), max(c1)) FROM (SELECT c1 FROM (");
	if (emit_select(e, x->query, OUT_ALIAS) < 0)
		return -1;
	buf_puts(&e->out, ") LIMIT 2))");
	return 0;
}

static int emit_array_sublink(Emitter *e, const Expr *x)
{
	const PgType *t = catalog_type(e->cat, x->query->cols[0].type);
	const char *kind = t && t->elem ? "anyarray" : "anynonarray";
	buf_printf(&e->out, "(SELECT ifnull(\"array_agg.%s\"(%u, c1), '{}') FROM (", kind, x->query->cols[0].type);
	if (emit_select(e, x->query, OUT_ALIAS) < 0)
		return -1;
	buf_puts(&e->out, "))");
	return 0;
}

static int emit_in_subquery(Emitter *e, const Expr *x)
{
	bool row = x->args.n > 1;
	buf_puts(&e->out, row ? "((" : "(");
	for (size_t i = 0; i < x->args.n; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		if (emit_collated(e, x->args.items[i]) < 0)
			return -1;
	}
	buf_puts(&e->out, row ? ")" : "");
	buf_puts(&e->out, x->sublink == SUBLINK_ANY ? " IN (" : " NOT IN (");
	if (emit_select(e, x->query, 0) < 0)
		return -1;
	buf_puts(&e->out, "))");
	return 0;
}

static int emit_quantified(Emitter *e, const Expr *x)
{
	bool use_or = x->sublink == SUBLINK_ANY;
	if (is_in(x->proc, use_or))
		return emit_in_subquery(e, x);
	if (x->args.n != 1)
		return emit_refuse(e, x->location, "this comparison of rows with a subquery is not available in SQLite mode");
	Rte *r;
	Expr *v = element_var(e, x->query->cols[0].type, &r);
	begin_quantifier(e, use_or);
	if (emit_test(e, x, x->proc, v) < 0)
		return -1;
	buf_puts(&e->out, "(");
	if (emit_select(e, x->query, OUT_ALIAS) < 0)
		return -1;
	buf_printf(&e->out, ") AS t%d))", r->id);
	return 0;
}

int emit_sublink(Emitter *e, const Expr *x)
{
	switch (x->sublink) {
	case SUBLINK_EXISTS:
		buf_puts(&e->out, "EXISTS (");
		if (emit_select(e, x->query, 0) < 0)
			return -1;
		buf_puts(&e->out, ")");
		return 0;
	case SUBLINK_EXPR:
		return emit_scalar(e, x);
	case SUBLINK_ARRAY:
		return emit_array_sublink(e, x);
	case SUBLINK_ANY:
	case SUBLINK_ALL:
		return emit_quantified(e, x);
	default:
		return emit_row_sublink(e, x);
	}
}

/* Where the table is read as it was, the index, which is as the table is now, says nothing. */
int emit_content(Emitter *e, const Expr *x)
{
	const Expr *row = x->args.items[0];
	if (e->nsnapshots || e->nchanged || row->kind != X_ROWID) {
		buf_puts(&e->out, "1");
		return 0;
	}
	if (emit_around(e, "", row, " IN (SELECT value FROM pg_content(") < 0)
		return -1;
	emit_text(&e->out, str_of(row->rte->rel->sqlite_name));
	buf_puts(&e->out, ", ");
	emit_text(&e->out, str_of(x->name));
	buf_puts(&e->out, ", ");
	emit_text(&e->out, str_of(x->rowop));
	return emit_around(e, ", ", x->args.items[1], "))");
}
