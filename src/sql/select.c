/* SELECT: the clauses in PostgreSQL's order, targets and their names, limits and locks. */
#include "sql/query.h"

ParseState *level_new(ParseState *parent)
{
	ParseState *ps = arena_new_of(parent->a, ParseState);
	*ps = (ParseState){ .parent = parent,
			    .env = parent->env,
			    .a = parent->a,
			    .err = parent->err,
			    .source = parent->source,
			    .params = parent->params,
			    .next_id = parent->next_id,
			    .volatile_fn = parent->volatile_fn,
			    .writes = parent->writes,
			    .nowait = parent->nowait,
			    .vars = parent->vars,
			    .skip_locked = parent->skip_locked,
			    .depth = parent->depth + 1,
			    .chained = parent->chained,
			    .view = parent->view,
			    .record = parent->record };
	return ps;
}

Query *query_new(ParseState *ps, CmdKind cmd)
{
	Query *q = arena_new_of(ps->a, Query);
	q->cmd = cmd;
	ps->query = q;
	return q;
}

int target_add(ParseState *ps, TargetList *l, Expr *e, const char *name)
{
	if (l->n >= 1664)
		return an_error(ps, -1, "54011", "target lists can have at most 1664 entries");
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 8;
		Target *grown = arena_array(ps->a, Target, cap);
		if (l->n)
			memcpy(grown, l->items, l->n * sizeof *grown);
		l->items = grown;
		l->cap = cap;
	}
	Target *t = &l->items[l->n++];
	*t = (Target){ .expr = e, .name = arena_strdup(ps->a, name) };
	if (e && e->kind == X_VAR && e->column > 0 && e->rte && e->rte->kind == RTE_RELATION) {
		t->table_oid = e->rte->rel->oid;
		t->table_attnum = (int16_t)e->column;
	}
	return 0;
}

static bool is_star(const PgNode *n)
{
	return n && n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && n->column_ref->n_fields &&
	       n->column_ref->fields[n->column_ref->n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
}

int expand_star_item(ParseState *ps, const PgNode *node, ExprPlace place, TargetList *out)
{
	if (is_star(node))
		return expand_star(ps, node->column_ref, out) < 0 ? -1 : 1;
	if (node->node_case != PG_QUERY__NODE__NODE_A_INDIRECTION)
		return 0;
	const PgQuery__AIndirection *ai = node->a_indirection;
	if (ai->indirection[ai->n_indirection - 1]->node_case != PG_QUERY__NODE__NODE_A_STAR)
		return 0;
	Expr *row = an_expr(ps, node, place);
	return row && expand_row(ps, row, out) == 0 ? 1 : -1;
}

int an_targets(ParseState *ps, PgQuery__Node *const *nodes, size_t n, ExprPlace place, TargetList *out)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__ResTarget *rt = nodes[i]->res_target;
		int expanded = expand_star_item(ps, rt->val, place, out);
		if (expanded < 0)
			return -1;
		if (expanded)
			continue;
		Expr *e = an_expr(ps, rt->val, place);
		if (!e || target_add(ps, out, e, *rt->name ? rt->name : figure_colname(rt->val)) < 0)
			return -1;
	}
	return 0;
}

int resolve_unknown_targets(ParseState *ps, TargetList *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].expr->type == 705 && !(l->items[i].expr = coerce_unknown_to_text(ps, l->items[i].expr)))
			return -1;
	return 0;
}

int an_where(ParseState *ps, const PgNode *node, ExprPlace place, const char *construct, Expr **out)
{
	if (!node)
		return 0;
	Expr *e = an_expr(ps, node, place);
	*out = e ? coerce_to_boolean(ps, e, construct) : NULL;
	return *out ? 0 : -1;
}

void query_set_columns(ParseState *ps, Query *q, const TargetList *targets)
{
	q->cols = arena_array(ps->a, Column, targets->n + 1);
	q->ncols = 0;
	for (size_t i = 0; i < targets->n; i++) {
		const Target *t = &targets->items[i];
		if (!t->junk)
			q->cols[q->ncols++] = (Column){ t->name, t->expr->type, t->expr->typmod, t->expr->collation };
	}
}

typedef struct LocalVar {
	const ParseState *ps;
	int location; /* -2: none */
} LocalVar;

static bool note_local_var(Expr *x, void *arg)
{
	LocalVar *l = arg;
	for (size_t i = 0; x->kind == X_VAR && l->location == -2 && i < l->ps->nns; i++)
		if (l->ps->ns[i]->rte == x->rte)
			l->location = x->location;
	return l->location == -2;
}

int check_no_vars(ParseState *ps, Expr *e, const char *word)
{
	LocalVar var = { ps, -2 };
	expr_walk(e, note_local_var, &var);
	return var.location == -2 ? 0 : an_error(ps, var.location, "42P10", "argument of %s must not contain variables", word);
}

static int limit_expr(ParseState *ps, const PgNode *node, ExprPlace place, const char *word, Expr **out)
{
	if (!node || (node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull))
		return 0;
	Expr *e = an_expr(ps, node, place);
	*out = e ? coerce_to_int8(ps, e, word) : NULL;
	if (!*out)
		return -1;
	if (check_no_vars(ps, *out, word) < 0)
		return -1;
	if ((*out)->kind == X_CONST && (*out)->val.kind == VAL_INT && (*out)->val.i < 0)
		return an_error(ps, -1, place == AT_LIMIT ? "2201W" : "2201X", "%s must not be negative", word);
	return 0;
}

int an_limits(ParseState *ps, const PgQuery__SelectStmt *s, Query *q)
{
	const PgNode *count = s->limit_count;
	q->with_ties = s->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES && count;
	if (q->with_ties && count->node_case == PG_QUERY__NODE__NODE_A_CONST && count->a_const->isnull)
		return an_error(ps, -1, "2201W", "row count cannot be null in FETCH FIRST ... WITH TIES clause");
	if (limit_expr(ps, s->limit_offset, AT_OFFSET, "OFFSET", &q->offset) < 0)
		return -1;
	return limit_expr(ps, s->limit_count, AT_LIMIT, "LIMIT", &q->limit);
}

static const char *lock_words(PgQuery__LockClauseStrength s)
{
	switch (s) {
	case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORKEYSHARE:
		return "FOR KEY SHARE";
	case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORSHARE:
		return "FOR SHARE";
	case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORNOKEYUPDATE:
		return "FOR NO KEY UPDATE";
	default:
		return "FOR UPDATE";
	}
}

static int check_lock(ParseState *ps, const Query *q, const char *words)
{
	const char *with = q->setop != SETOP_NONE		   ? "UNION/INTERSECT/EXCEPT"
			   : q->distinct || q->distinct_on.n	   ? "DISTINCT clause"
			   : q->group_by.n || q->has_grouping_sets ? "GROUP BY clause"
			   : q->having				   ? "HAVING clause"
			   : ps->has_aggs			   ? "aggregate functions"
			   : ps->has_windows			   ? "window functions"
			   : q->has_srfs			   ? "set-returning functions in the target list"
								   : NULL;
	return with ? an_error(ps, -1, "0A000", "%s is not allowed with %s", words, with) : 0;
}

static int check_locked_name(ParseState *ps, const PgQuery__LockingClause *lc, const PgQuery__RangeVar *rv)
{
	for (size_t i = 0; i < ps->nns; i++)
		if (ps->ns[i]->alias && streq(ps->ns[i]->alias, rv->relname))
			return ps->ns[i]->rte
				       ? 0
				       : an_error(ps, rv->location, "0A000", "%s cannot be applied to a join", lock_words(lc->strength));
	return an_error(ps, rv->location, "42P01", "relation \"%s\" in %s clause not found in FROM clause", rv->relname,
			lock_words(lc->strength));
}

/* The relation that the error of NOWAIT names. */
static const char *locked_name(ParseState *ps, const PgQuery__LockingClause *lc)
{
	const char *alias = lc->n_locked_rels ? lc->locked_rels[0]->range_var->relname : NULL;
	for (size_t i = 0; i < ps->nns; i++)
		if (ps->ns[i]->rte && ps->ns[i]->rte->rel && (!alias || streq(ps->ns[i]->alias, alias)))
			return ps->ns[i]->rte->rel->name;
	return alias ? alias : "";
}

/* No row is locked by itself: while another session holds the write lock, its rows are not known and any could be among them. */
static void skip_locked(ParseState *ps, Query *q)
{
	static const PgProc rows_free = { .name = "rows_free", .src = "rows_free", .kind = 'f', .volatility = 'v', .rettype = 16 };
	Expr *f = expr_new(ps, X_FUNC, 16, -1), *both = expr_new(ps, X_BOOL, 16, -1);
	f->proc = &rows_free;
	both->boolop = BOOL_AND;
	expr_list_add(ps->a, &both->args, f);
	if (q->where)
		expr_list_add(ps->a, &both->args, q->where);
	q->where = both;
	*ps->skip_locked = true;
}

/* Row locks: here the statement takes the write lock of the whole file, which is stronger. */
int an_locking(ParseState *ps, const PgQuery__SelectStmt *s, Query *q)
{
	for (size_t i = 0; i < s->n_locking_clause; i++) {
		const PgQuery__LockingClause *lc = s->locking_clause[i]->locking_clause;
		if (check_lock(ps, q, lock_words(lc->strength)) < 0)
			return -1;
		for (size_t k = 0; k < lc->n_locked_rels; k++)
			if (check_locked_name(ps, lc, lc->locked_rels[k]->range_var) < 0)
				return -1;
		LockStrength strength = lc->strength > 1 ? (LockStrength)(lc->strength - 1) : LOCK_NONE;
		if (strength > q->lock)
			q->lock = strength;
		if (lc->wait_policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitSkip)
			skip_locked(ps, q);
		if (lc->wait_policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitError)
			*ps->nowait = arena_printf(ps->a, "row in relation \"%s\"", locked_name(ps, lc));
		*ps->writes = true;
	}
	return 0;
}

static int select_clauses(ParseState *ps, const PgQuery__SelectStmt *s, Query *q)
{
	if (an_from(ps, s->from_clause, s->n_from_clause) < 0 || an_named_windows(ps, s->window_clause, s->n_window_clause, q) < 0 ||
	    an_targets(ps, s->target_list, s->n_target_list, AT_SELECT, &q->targets) < 0 ||
	    an_where(ps, s->where_clause, AT_WHERE, "WHERE", &q->where) < 0 ||
	    an_where(ps, s->having_clause, AT_HAVING, "HAVING", &q->having) < 0 ||
	    an_order_by(ps, s->sort_clause, s->n_sort_clause, q) < 0 ||
	    an_group_by(ps, s->group_clause, s->n_group_clause, s->group_distinct, q) < 0 ||
	    an_distinct(ps, s->distinct_clause, s->n_distinct_clause, q) < 0)
		return -1;
	if ((!ps->keep_unknown || s->n_distinct_clause) && resolve_unknown_targets(ps, &q->targets) < 0)
		return -1;
	if (an_limits(ps, s, q) < 0)
		return -1;
	q->has_aggs = ps->has_aggs;
	q->has_windows = ps->has_windows;
	q->has_srfs = ps->has_srfs;
	q->has_sublinks = ps->has_sublinks;
	if (q->has_srfs && pull_grouped_srfs(ps, q) < 0)
		return -1;
	if (check_grouping(ps, q) < 0 || an_locking(ps, s, q) < 0)
		return -1;
	/* HAVING alone makes one group of all rows, as GROUP BY () does. */
	if (q->having && !q->group_by.n && !q->has_aggs && !q->has_grouping_sets) {
		q->has_grouping_sets = true;
		q->group_sets = arena_new_of(ps->a, GroupSet);
		q->ngroup_sets = 1;
	}
	if (q->has_srfs && pull_srfs(ps, q) < 0)
		return -1;
	return q->has_grouping_sets ? group_sets_to_union(ps, q) : 0;
}

Query *an_select(ParseState *ps, const PgQuery__SelectStmt *s)
{
	if (s->into_clause)
		return an_refuse(ps, -1, "SELECT INTO is not available here"), NULL;
	if (s->n_values_lists)
		return an_values(ps, s);
	if (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE && s->larg)
		return an_setop(ps, s);
	Query *q = query_new(ps, CMD_SELECT);
	if ((s->with_clause && an_with(ps, s->with_clause, q) < 0) || select_clauses(ps, s, q) < 0)
		return NULL;
	query_set_columns(ps, q, &q->targets);
	return q;
}

Query *an_query(ParseState *parent, const PgNode *stmt)
{
	if (query_too_deep(parent))
		return an_error(parent, -1, "54001", "stack depth limit exceeded"), NULL;
	ParseState *ps = level_new(parent);
	switch (stmt->node_case) {
	case PG_QUERY__NODE__NODE_SELECT_STMT:
		return an_select(ps, stmt->select_stmt);
	case PG_QUERY__NODE__NODE_INSERT_STMT:
		return an_insert(ps, stmt->insert_stmt);
	case PG_QUERY__NODE__NODE_UPDATE_STMT:
		return an_update(ps, stmt->update_stmt);
	case PG_QUERY__NODE__NODE_DELETE_STMT:
		return an_delete(ps, stmt->delete_stmt);
	case PG_QUERY__NODE__NODE_MERGE_STMT:
		return an_merge(ps, stmt->merge_stmt);
	default:
		return an_refuse(ps, -1, "this statement is not available here in SQLite mode"), NULL;
	}
}
