/* ORDER BY, GROUP BY and DISTINCT: output names, positions, expressions. */
#include "sql/query.h"

static const char *single_name(const PgNode *node)
{
	if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || node->column_ref->n_fields != 1 ||
	    node->column_ref->fields[0]->node_case != PG_QUERY__NODE__NODE_STRING)
		return NULL;
	return node->column_ref->fields[0]->string->sval;
}

/* The output column with this name: its 1-based place, 0 when none, -1 when two different ones have it. */
static int target_named(ParseState *ps, const Query *q, const char *name, const char *clause, int location)
{
	int found = 0;
	for (size_t i = 0; i < q->targets.n; i++) {
		const Target *t = &q->targets.items[i];
		if (t->junk || !t->name || !streq(t->name, name))
			continue;
		if (found && !expr_equal(t->expr, q->targets.items[found - 1].expr))
			return an_error(ps, location, "42702", "%s \"%s\" is ambiguous", clause, name);
		if (!found)
			found = (int)i + 1;
	}
	return found;
}

static bool note_window(Expr *x, void *arg)
{
	if (x->kind == X_WINDOW && !*(Expr **)arg)
		*(Expr **)arg = x;
	return !*(Expr **)arg;
}

static int refuse_in_group(ParseState *ps, Expr *e)
{
	Expr *window = NULL;
	expr_walk(e, note_window, &window);
	return window ? an_error(ps, window->location, "42P20", "window functions are not allowed in GROUP BY") : 0;
}

static int target_at(ParseState *ps, const Query *q, const PgQuery__AConst *c, const char *clause)
{
	if (c->val_case != PG_QUERY__A__CONST__VAL_IVAL || c->isnull)
		return an_error(ps, c->location, "42601", "non-integer constant in %s", clause);
	int at = 0;
	for (size_t i = 0; i < q->targets.n; i++)
		if (!q->targets.items[i].junk && ++at == c->ival->ival)
			return streq(clause, "GROUP BY") && refuse_in_group(ps, q->targets.items[i].expr) ? -1 : (int)i + 1;
	return an_error(ps, c->location, "42P10", "%s position %d is not in select list", clause, c->ival->ival);
}

static int target_for_expr(ParseState *ps, Query *q, const PgNode *node, ExprPlace place)
{
	Expr *e = an_expr(ps, node, place);
	if (!e || (e->type == 705 && !(e = coerce_unknown_to_text(ps, e))))
		return -1;
	for (size_t i = 0; i < q->targets.n; i++)
		if (expr_equal(q->targets.items[i].expr, e))
			return (int)i + 1;
	if (target_add(ps, &q->targets, e, NULL) < 0)
		return -1;
	q->targets.items[q->targets.n - 1].junk = true;
	return (int)q->targets.n;
}

static int find_target(ParseState *ps, Query *q, const PgNode *node, ExprPlace place, const char *clause)
{
	const char *name = single_name(node);
	if (name) {
		Expr *col;
		int in_from = place == AT_GROUP_BY ? ns_find_column(ps, name, node->column_ref->location, &col) : 0;
		int at = in_from ? 0 : target_named(ps, q, name, clause, node->column_ref->location);
		if (in_from < 0 || at)
			return in_from < 0 ? -1 : at;
	}
	if (node->node_case == PG_QUERY__NODE__NODE_A_CONST)
		return target_at(ps, q, node->a_const, clause);
	return target_for_expr(ps, q, node, place);
}

int sort_direction(ParseState *ps, const PgQuery__SortBy *sb, SortItem *item)
{
	item->desc = sb->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
	if (sb->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING) {
		const char *op = sb->n_use_op ? sb->use_op[sb->n_use_op - 1]->string->sval : "";
		if (!streq(op, "<") && !streq(op, ">"))
			return an_error(ps, sb->location, "42809", "operator %s is not a valid ordering operator", op);
		item->desc = *op == '>';
	}
	item->nulls_first = sb->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
			    (sb->sortby_nulls != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST && item->desc);
	return 0;
}

static bool already_sorted(const Query *q, const Expr *e)
{
	for (size_t i = 0; i < q->norder; i++)
		if (expr_equal(q->order[i].expr, e))
			return true;
	return false;
}

int an_order_by(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q)
{
	q->order = arena_array(ps->a, SortItem, n + 1);
	for (size_t i = 0; i < n; i++) {
		const PgQuery__SortBy *sb = nodes[i]->sort_by;
		int at = find_target(ps, q, sb->node, AT_ORDER_BY, "ORDER BY");
		if (at < 0)
			return -1;
		Target *t = &q->targets.items[at - 1];
		if (t->expr->type == 705 && !(t->expr = coerce_unknown_to_text(ps, t->expr)))
			return -1;
		if (!ordering_for(ps, t->expr->type, t->expr->location))
			return -1;
		SortItem item = { .expr = t->expr, .target = at };
		if (sort_direction(ps, sb, &item) < 0)
			return -1;
		if (!already_sorted(q, t->expr))
			q->order[q->norder++] = item;
	}
	return 0;
}

int an_sort_exprs(ParseState *ps, PgQuery__Node *const *nodes, size_t n, ExprPlace place, SortItem **out, size_t *nout)
{
	*out = arena_array(ps->a, SortItem, n + 1);
	*nout = 0;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__SortBy *sb = nodes[i]->sort_by;
		SortItem item = { .expr = an_expr(ps, sb->node, place) };
		if (!item.expr || !(item.expr = coerce_unknown_to_text(ps, item.expr)) ||
		    !ordering_for(ps, item.expr->type, item.expr->location) || sort_direction(ps, sb, &item) < 0)
			return -1;
		(*out)[(*nout)++] = item;
	}
	return 0;
}

int group_key_target(ParseState *ps, Query *q, const PgNode *node)
{
	return find_target(ps, q, node, AT_GROUP_BY, "GROUP BY");
}

static int distinct_on(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q)
{
	for (size_t i = 0; i < n; i++) {
		int at = find_target(ps, q, nodes[i], AT_DISTINCT_ON, "SELECT DISTINCT ON");
		if (at < 0 || !equality_for(ps, q->targets.items[at - 1].expr->type, -1))
			return -1;
		expr_list_add(ps->a, &q->distinct_on, q->targets.items[at - 1].expr);
	}
	bool skipped = false;
	for (size_t i = 0; i < q->norder; i++) {
		bool in = false;
		for (size_t k = 0; k < q->distinct_on.n; k++)
			in |= expr_equal(q->order[i].expr, q->distinct_on.items[k]);
		if (in && skipped)
			return an_error(ps, q->order[i].expr->location, "42P10",
					"SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
		skipped |= !in;
	}
	size_t matched = 0;
	for (size_t k = 0; k < q->distinct_on.n; k++)
		matched += already_sorted(q, q->distinct_on.items[k]);
	if (skipped && matched < q->distinct_on.n)
		return an_error(ps, -1, "42P10", "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
	return 0;
}

int an_distinct(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q)
{
	if (!n)
		return 0;
	if (nodes[0] && nodes[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET)
		return distinct_on(ps, nodes, n, q);
	q->distinct = true;
	for (size_t i = 0; i < q->norder; i++)
		if (q->targets.items[q->order[i].target - 1].junk)
			return an_error(ps, q->order[i].expr->location, "42P10",
					"for SELECT DISTINCT, ORDER BY expressions must appear in select list");
	for (size_t i = 0; i < q->targets.n; i++) {
		Target *t = &q->targets.items[i];
		if (t->junk || t->expr->type == 705)
			continue;
		if (!equality_for(ps, t->expr->type, t->expr->location))
			return -1;
	}
	return 0;
}
