/* UNION, INTERSECT, EXCEPT: branches with common column types. */
#include "sql/query.h"

static const char *setop_word(SetOp op)
{
	return op == SETOP_UNION ? "UNION" : op == SETOP_INTERSECT ? "INTERSECT" : "EXCEPT";
}

static size_t nth_target(const Query *q, size_t column)
{
	size_t at = 0;
	while (q->targets.items[at].junk || column--)
		at++;
	return at;
}

static bool is_plain_select(const Query *q)
{
	return q->setop == SETOP_NONE && !q->values && !q->distinct && !q->distinct_on.n && !q->norder;
}

static Expr *output_expr(ParseState *ps, const Query *q, size_t column)
{
	if (q->setop == SETOP_NONE && !q->values)
		return q->targets.items[nth_target(q, column)].expr;
	Expr *e = expr_new(ps, X_VAR, q->cols[column].type, -1);
	e->typmod = q->cols[column].typmod;
	e->collation = q->cols[column].collation;
	return e;
}

void query_wrap(ParseState *ps, Query *q)
{
	Query *inner = arena_dup(ps->a, q, sizeof *q);
	*q = (Query){ .cmd = CMD_SELECT };
	Rte *rte = rte_subquery(ps, inner, "", -1);
	FromItem *f = arena_new_of(ps->a, FromItem);
	f->rte = rte;
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[q->nfrom++] = f;
	for (size_t i = 0; i < inner->ncols; i++)
		target_add(ps, &q->targets, var_new(ps, rte, (int)i + 1, -1), inner->cols[i].name);
	query_set_columns(ps, q, &q->targets);
}

static int coerce_value_rows(ParseState *ps, Query *q, size_t column, uint32_t type, int32_t typmod)
{
	for (size_t r = 0; r < q->nvalues; r++) {
		Expr **e = &q->values[r].items[column];
		if (!(*e = coerce_to(ps, *e, type, typmod, COERCE_IMPLICIT, (*e)->location)))
			return -1;
	}
	return 0;
}

int query_coerce_column(ParseState *ps, Query *q, size_t column, uint32_t type, int32_t typmod)
{
	if (q->cols[column].type == type)
		return 0;
	if (q->values && !q->norder) {
		if (coerce_value_rows(ps, q, column, type, typmod) < 0)
			return -1;
	} else {
		if (!is_plain_select(q) && q->cols[column].type != 705)
			query_wrap(ps, q);
		if (q->setop != SETOP_NONE)
			return an_refuse(ps, -1, "this untyped column of a set operation is not available in SQLite mode");
		Target *t = &q->targets.items[nth_target(q, column)];
		if (!(t->expr = coerce_to(ps, t->expr, type, typmod, COERCE_IMPLICIT, t->expr->location)))
			return -1;
		t->table_oid = 0;
		t->table_attnum = 0;
	}
	const PgType *pt = catalog_type(ps->env->cat, type);
	q->cols[column].type = type;
	q->cols[column].typmod = typmod;
	q->cols[column].collation = pt ? pt->collation : 0;
	return 0;
}

static int common_column(ParseState *ps, Query *q, size_t i)
{
	Expr *sides[2] = { output_expr(ps, q->larg, i), output_expr(ps, q->rarg, i) };
	uint32_t type = common_type(ps, sides, 2, setop_word(q->setop), -1);
	if (!type)
		return -1;
	const Column *l = &q->larg->cols[i], *r = &q->rarg->cols[i];
	int32_t typmod = l->type == r->type && l->typmod == r->typmod ? l->typmod : -1;
	if (ps->recursive_cte && (l->type != type || l->typmod != typmod) && l->type != 705)
		return an_error(ps, -1, "42804", "recursive query \"%s\" column %zu has type %s in non-recursive term but type %s overall",
				ps->recursive_cte->name, i + 1, type_format(catalog_type(ps->env->cat, l->type), l->typmod, ps->a),
				type_format(catalog_type(ps->env->cat, type), -1, ps->a));
	if (query_coerce_column(ps, q->larg, i, type, -1) < 0 || query_coerce_column(ps, q->rarg, i, type, -1) < 0)
		return -1;
	if (!(q->setop == SETOP_UNION && q->setop_all) && !equality_for(ps, type, -1))
		return -1;
	const PgType *t = catalog_type(ps->env->cat, type);
	q->cols[i] = (Column){ q->larg->cols[i].name, type, typmod, t ? t->collation : 0 };
	return 0;
}

static Query *branch(ParseState *ps, const PgQuery__SelectStmt *s, const char *no_recursion)
{
	if (query_too_deep(ps))
		return an_error(ps, -1, "54001", "stack depth limit exceeded"), NULL;
	ParseState *level = level_new(ps);
	level->chained++;
	level->keep_unknown = true;
	level->no_recursion = no_recursion;
	return an_select(level, s);
}

/* The first branch of WITH RECURSIVE fixes the names and types that the second one sees. */
static int begin_recursion(ParseState *ps, Query *larg)
{
	for (size_t i = 0; i < larg->ncols; i++)
		if (larg->cols[i].type == 705 && query_coerce_column(ps, larg, i, 25, -1) < 0)
			return -1;
	Cte *cte = ps->recursive_cte;
	cte->phase = 'r';
	cte->ncols = larg->ncols;
	cte->cols = arena_dup_more(ps->a, larg->cols, larg->ncols * sizeof *larg->cols, sizeof *larg->cols);
	const PgQuery__CommonTableExpr *def = ps->recursive_def;
	for (size_t i = 0; i < cte->ncols && i < def->n_aliascolnames; i++)
		cte->cols[i].name = arena_strdup(ps->a, def->aliascolnames[i]->string->sval);
	return cte_path_columns(ps, cte, def);
}

static int order_columns(ParseState *ps, const PgQuery__SelectStmt *s, Query *q)
{
	if (!s->n_sort_clause)
		return 0;
	for (size_t i = 0; i < q->ncols; i++) {
		Expr *e = expr_new(ps, X_VAR, q->cols[i].type, -1);
		e->column = (int)i + 1;
		if (target_add(ps, &q->targets, e, q->cols[i].name) < 0)
			return -1;
	}
	size_t n = q->targets.n;
	if (an_order_by(ps, s->sort_clause, s->n_sort_clause, q) < 0)
		return -1;
	if (q->targets.n > n) {
		an_error(ps, q->targets.items[n].expr->location, "0A000", "invalid UNION/INTERSECT/EXCEPT ORDER BY clause");
		err_detail(ps->err, "Only result column names can be used, not expressions or functions.");
		return err_hint(ps->err, "Add the expression/function to every SELECT, or move the UNION into a FROM clause.");
	}
	return 0;
}

Query *an_setop(ParseState *ps, const PgQuery__SelectStmt *s)
{
	Query *q = query_new(ps, CMD_SELECT);
	q->setop = (SetOp)(s->op - 1);
	q->setop_all = s->all;
	if (s->with_clause && an_with(ps, s->with_clause, q) < 0)
		return NULL;
	if (ps->recursive_cte)
		ps->recursive_cte->phase = 'n';
	q->larg = branch(ps, s->larg, q->setop == SETOP_INTERSECT ? "INTERSECT" : NULL);
	if (!q->larg || (ps->recursive_cte && begin_recursion(ps, q->larg) < 0))
		return NULL;
	q->rarg = branch(ps, s->rarg, q->setop == SETOP_UNION ? NULL : setop_word(q->setop));
	if (!q->rarg)
		return NULL;
	if (q->larg->ncols != q->rarg->ncols)
		return an_error(ps, -1, "42601", "each %s query must have the same number of columns", setop_word(q->setop)), NULL;
	q->ncols = q->larg->ncols;
	q->cols = arena_array(ps->a, Column, q->ncols + 1);
	for (size_t i = 0; i < q->ncols; i++)
		if (common_column(ps, q, i) < 0)
			return NULL;
	if (order_columns(ps, s, q) < 0 || an_limits(ps, s, q) < 0 || an_locking(ps, s, q) < 0)
		return NULL;
	return q;
}
