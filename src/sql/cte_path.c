/*
 * SEARCH and CYCLE of WITH RECURSIVE, as columns that the query computes besides its own:
 *
 *   SEARCH DEPTH FIRST BY c SET s      s = ARRAY[ROW(c)], then s || ROW(c)
 *   SEARCH BREADTH FIRST BY c SET s    s = ROW(0, c), then ROW(s.depth + 1, c)
 *   CYCLE c SET m TO v DEFAULT d USING p
 *                                      p = ARRAY[ROW(c)], then p || ROW(c)
 *                                      m = d, then CASE WHEN ROW(c) = ANY (p) THEN v ELSE d END, from rows with m <> v only
 */
#include "sql/expr.h"
#include "sql/query.h"

typedef struct Path {
	ParseState *ps;
	Cte *cte;
	const PgQuery__CTESearchClause *search;
	const PgQuery__CTECycleClause *cycle;
	Rte *self; /* the reference to itself */
} Path;

/* The columns that a clause names, by their numbers. */
static int *path_keys(ParseState *ps, const Cte *cte, PgQuery__Node *const *names, size_t n, const char *what, int location)
{
	int *keys = arena_array(ps->a, int, n + 1);
	size_t own = cte->ncols - cte->npath;
	for (size_t i = 0; i < n; i++) {
		const char *name = names[i]->string->sval;
		for (size_t c = own; c-- > 0;)
			if (streq(cte->cols[c].name, name))
				keys[i] = (int)c + 1;
		if (!keys[i])
			return an_error(ps, location, "42601", "%s column \"%s\" not in WITH query column list", what, name), NULL;
		for (size_t k = 0; k < i; k++)
			if (keys[k] == keys[i])
				return an_error(ps, location, "42701", "%s column \"%s\" specified more than once", what, name), NULL;
	}
	return keys;
}

static void add_column(ParseState *ps, Cte *cte, const char *name, uint32_t type)
{
	const PgType *t = catalog_type(ps->env->cat, type);
	cte->cols[cte->ncols++] = (Column){ arena_strdup(ps->a, name), type, -1, t ? t->collation : 0 };
	cte->npath++;
}

static int check_new(ParseState *ps, const Cte *cte, const char *name, const char *what, int location)
{
	for (size_t i = 0; i < cte->ncols - cte->npath; i++)
		if (streq(cte->cols[i].name, name))
			return an_error(ps, location, "42601", "%s column name \"%s\" already used in WITH query column list", what, name);
	return 0;
}

/* The values of the mark, with a common type. */
static int mark_values(ParseState *ps, const PgQuery__CTECycleClause *c, Expr **marks)
{
	marks[0] = an_expr(ps, c->cycle_mark_value, AT_SELECT);
	marks[1] = marks[0] ? an_expr(ps, c->cycle_mark_default, AT_SELECT) : NULL;
	uint32_t type = marks[1] ? common_type(ps, marks, 2, "CYCLE", c->location) : 0;
	for (int i = 0; type && i < 2; i++)
		if (!(marks[i] = coerce_to(ps, marks[i], type, -1, COERCE_IMPLICIT, marks[i]->location)))
			return -1;
	return type && equality_for(ps, type, -1) ? 0 : -1;
}

int cte_path_columns(ParseState *ps, Cte *cte, const PgQuery__CommonTableExpr *def)
{
	const PgQuery__CTESearchClause *s = def->search_clause;
	const PgQuery__CTECycleClause *c = def->cycle_clause;
	Column *cols = arena_array(ps->a, Column, cte->ncols + 4); /* one more than there can be, as everywhere */
	if (cte->ncols)
		memcpy(cols, cte->cols, cte->ncols * sizeof *cols);
	cte->cols = cols;
	if (s)
		add_column(ps, cte, s->search_seq_column, s->search_breadth_first ? T_RECORD : T_RECORD_ARRAY);
	if (!c)
		return 0;
	Expr *marks[2];
	if (mark_values(ps, c, marks) < 0)
		return -1;
	add_column(ps, cte, c->cycle_mark_column, marks[0]->type);
	add_column(ps, cte, c->cycle_path_column, T_RECORD_ARRAY);
	return 0;
}

static int check_names(ParseState *ps, const Cte *cte, const PgQuery__CTESearchClause *s, const PgQuery__CTECycleClause *c)
{
	if (s && check_new(ps, cte, s->search_seq_column, "search sequence", s->location) < 0)
		return -1;
	if (!c)
		return 0;
	if (check_new(ps, cte, c->cycle_mark_column, "cycle mark", c->location) < 0 ||
	    check_new(ps, cte, c->cycle_path_column, "cycle path", c->location) < 0)
		return -1;
	if (streq(c->cycle_mark_column, c->cycle_path_column))
		return an_error(ps, c->location, "42601", "cycle mark column name and cycle path column name are the same");
	if (s && streq(s->search_seq_column, c->cycle_mark_column))
		return an_error(ps, s->location, "42601", "search sequence column name and cycle mark column name are the same");
	if (s && streq(s->search_seq_column, c->cycle_path_column))
		return an_error(ps, s->location, "42601", "search sequence column name and cycle path column name are the same");
	return 0;
}

static Expr *row_of(ParseState *ps, const int *keys, size_t n, Expr **outputs)
{
	Expr *row = expr_new(ps, X_ROW, T_RECORD, -1);
	for (size_t i = 0; i < n; i++)
		expr_list_add(ps->a, &row->args, expr_copy(ps, outputs[keys[i] - 1]));
	return row;
}

static Expr *array_of_row(ParseState *ps, Expr *row)
{
	Expr *array = expr_new(ps, X_ARRAY, T_RECORD_ARRAY, -1);
	expr_list_add(ps->a, &array->args, row);
	return array;
}

/* A path so far and the row that it comes to; without `self` it begins. */
static Expr *path_value(Path *p, size_t column, Expr *row)
{
	if (!p->self)
		return array_of_row(p->ps, row);
	return make_op(p->ps, "||", NULL, var_new(p->ps, p->self, (int)column, -1), row, -1);
}

/* The level of the row, in front of its keys. */
static Expr *breadth_value(Path *p, size_t column, Expr *row)
{
	ParseState *ps = p->ps;
	Expr *depth = expr_const(ps, T_INT8, val_int(p->self ? 1 : 0));
	if (p->self) {
		Expr *before = expr_new(ps, X_FIELD, T_INT8, -1);
		expr_list_add(ps->a, &before->args, var_new(ps, p->self, (int)column, -1));
		before->column = 1;
		depth = make_op(ps, "+", NULL, before, depth, -1);
	}
	Expr *e = expr_new(ps, X_ROW, T_RECORD, -1);
	if (!depth)
		return NULL;
	expr_list_add(ps->a, &e->args, depth);
	for (size_t i = 0; i < row->args.n; i++)
		expr_list_add(ps->a, &e->args, row->args.items[i]);
	return e;
}

static Expr *mark_value(Path *p, size_t path, Expr *row, Expr **marks)
{
	ParseState *ps = p->ps;
	if (!p->self)
		return marks[1];
	Expr *seen = make_scalar_array_op(ps, "=", true, row, var_new(ps, p->self, (int)path, -1), -1);
	if (!seen)
		return NULL;
	Expr *e = expr_new(ps, X_CASE, marks[0]->type, -1);
	expr_list_add(ps->a, &e->args, seen);
	expr_list_add(ps->a, &e->args, marks[0]);
	e->defresult = marks[1];
	return e;
}

/* A row that closes a cycle is the last of its path. */
static int stop_at_mark(Path *p, Query *q, size_t column, Expr *mark)
{
	ParseState *ps = p->ps;
	Expr *open = make_op(ps, "<>", NULL, var_new(ps, p->self, (int)column, -1), mark, -1);
	if (open && q->where) {
		Expr *both = expr_new(ps, X_BOOL, T_BOOL, -1);
		both->boolop = BOOL_AND;
		expr_list_add(ps->a, &both->args, q->where);
		expr_list_add(ps->a, &both->args, open);
		open = both;
	}
	q->where = open;
	return open ? 0 : -1;
}

static int add_target(Path *p, Query *q, size_t *column, Expr *e)
{
	return e ? target_add(p->ps, &q->targets, e, p->cte->cols[(*column)++ - 1].name) : -1;
}

static int add_cycle(Path *p, Query *q, size_t column, Expr **outputs)
{
	ParseState *ps = p->ps;
	const PgQuery__CTECycleClause *c = p->cycle;
	int *keys = path_keys(ps, p->cte, c->cycle_col_list, c->n_cycle_col_list, "cycle", c->location);
	Expr *marks[2];
	if (!keys || mark_values(ps, c, marks) < 0)
		return -1;
	Expr *row = row_of(ps, keys, c->n_cycle_col_list, outputs);
	if (p->self && stop_at_mark(p, q, column, marks[0]) < 0)
		return -1;
	Expr *mark = mark_value(p, column + 1, row, marks);
	return add_target(p, q, &column, mark) < 0 ? -1 : add_target(p, q, &column, path_value(p, column, row));
}

/* Adds the columns to one of the two terms. */
static int extend(Path *p, Query *q)
{
	ParseState *ps = p->ps;
	size_t own = p->cte->ncols - p->cte->npath, column = own + 1, n = 0;
	Expr **outputs = arena_array(ps->a, Expr *, own + 1);
	for (size_t i = 0; i < q->targets.n && n < own; i++)
		if (!q->targets.items[i].junk)
			outputs[n++] = q->targets.items[i].expr;
	const PgQuery__CTESearchClause *s = p->search;
	if (s) {
		int *keys = path_keys(ps, p->cte, s->search_col_list, s->n_search_col_list, "search", s->location);
		Expr *row = keys ? row_of(ps, keys, s->n_search_col_list, outputs) : NULL;
		if (!row || add_target(p, q, &column, (s->search_breadth_first ? breadth_value : path_value)(p, column, row)) < 0)
			return -1;
	}
	if (p->cycle && add_cycle(p, q, column, outputs) < 0)
		return -1;
	query_set_columns(ps, q, &q->targets);
	return 0;
}

static Rte *own_reference(FromItem *f, const Cte *cte)
{
	if (f->rte)
		return f->rte->kind == RTE_CTE && f->rte->cte == cte ? f->rte : NULL;
	Rte *r = own_reference(f->left, cte);
	return r ? r : own_reference(f->right, cte);
}

int cte_path_apply(ParseState *ps, Cte *cte, const PgQuery__CommonTableExpr *def)
{
	Path p = { .ps = ps, .cte = cte, .search = def->search_clause, .cycle = def->cycle_clause };
	Query *q = cte->query, *right = q->rarg;
	if (q->larg->setop != SETOP_NONE || right->setop != SETOP_NONE)
		return an_error(ps, -1, "42601", "with a SEARCH or CYCLE clause, the %s side of the UNION must be a SELECT",
				q->larg->setop != SETOP_NONE ? "left" : "right");
	query_wrap(ps, q->larg);
	if (check_names(ps, cte, p.search, p.cycle) < 0)
		return -1;
	if (extend(&p, q->larg) < 0)
		return -1;
	for (size_t i = 0; i < right->nfrom && !p.self; i++)
		p.self = own_reference(right->from[i], cte);
	if (!p.self)
		return an_error(
			ps, -1, "0A000",
			"with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level of its "
			"right-hand SELECT",
			cte->name);
	if (cte->loops)
		return an_refuse(ps, def->location, "SEARCH and CYCLE of this form of a recursive query are not available in SQLite mode");
	if (extend(&p, right) < 0)
		return -1;
	q->cols = arena_dup_more(ps->a, cte->cols, cte->ncols * sizeof *q->cols, sizeof *q->cols);
	q->ncols = cte->ncols;
	return 0;
}
