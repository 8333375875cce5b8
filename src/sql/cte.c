/* WITH: plain and recursive common table expressions. */
#include "sql/query.h"

/* The queries of one WITH. With RECURSIVE one may refer to those after it: they are analysed when they are met. */
typedef struct WithItems {
	const PgQuery__WithClause *clause;
	Cte **ctes;
	char *state;	/* 0 not begun, 'b' begun, 'd' done */
	size_t current; /* the one being analysed */
	int nested;	/* how many have begun and not ended */
	Query *query;
} WithItems;

static int analyse_item(ParseState *ps, WithItems *w, size_t i);

static Cte *newest_named(const ParseState *ps, const char *name)
{
	for (size_t i = ps->nctes; i-- > 0;)
		if (streq(ps->ctes[i]->name, name))
			return ps->ctes[i];
	return NULL;
}

/* The place of a query of WITH RECURSIVE that is not analysed yet; -1 when there is none of the name. */
static int item_named(const ParseState *ps, const char *name)
{
	for (size_t i = 0; ps->with && i < ps->with->clause->n_ctes; i++)
		if (streq(ps->with->ctes[i]->name, name))
			return (int)i;
	return -1;
}

static int find_recursive(ParseState *l, size_t i, Cte **out)
{
	WithItems *w = l->with;
	*out = w->ctes[i];
	if (w->state[i] == 'd' || (w->state[i] == 'b' && w->current == i))
		return 0;
	if (w->state[i] == 'b')
		return an_error(l, w->ctes[i]->location, "0A000",
				"mutual recursion between WITH items is not "
				"implemented");
	return analyse_item(l, w, i);
}

int cte_find(ParseState *ps, const char *name, Cte **out)
{
	for (ParseState *l = ps; l; l = l->parent) {
		int later = item_named(l, name);
		if (later >= 0)
			return find_recursive(l, (size_t)later, out);
		*out = newest_named(l, name);
		if (*out)
			return 0;
	}
	return 0;
}

static int cte_columns(ParseState *ps, Cte *cte, const Query *q, const PgQuery__CommonTableExpr *def)
{
	if (def->n_aliascolnames > q->ncols)
		return an_error(ps, def->location, "42P10", "WITH query \"%s\" has %zu columns available but %zu columns specified",
				cte->name, q->ncols, def->n_aliascolnames);
	cte->ncols = q->ncols;
	cte->cols = arena_dup_more(ps->a, q->cols, q->ncols * sizeof *q->cols, sizeof *q->cols);
	for (size_t i = 0; i < def->n_aliascolnames; i++)
		cte->cols[i].name = arena_strdup(ps->a, def->aliascolnames[i]->string->sval);
	return 0;
}

static bool has_cte(const FromItem *f, const Cte *cte)
{
	if (f->rte)
		return f->rte->kind == RTE_CTE && f->rte->cte == cte;
	return has_cte(f->left, cte) || has_cte(f->right, cte);
}

/* SQLite runs the recursive term for one row after the other, PostgreSQL for all rows of the last step at once. It is the same when the
 * term does nothing with several rows together, and SQLite wants to see the reference in the FROM itself. */
static bool is_row_by_row(const Query *q, const Cte *cte)
{
	bool found = false;
	if (q->setop != SETOP_NONE || q->distinct || q->distinct_on.n || q->group_by.n || q->has_grouping_sets || q->has_windows ||
	    q->limit || q->offset || q->norder || q->nvalues || q->having)
		return false;
	for (size_t i = 0; i < q->nfrom; i++)
		found |= has_cte(q->from[i], cte);
	return found;
}

static int not_recursive(ParseState *ps, const PgQuery__CommonTableExpr *def)
{
	return an_error(ps, def->location, "42601", "WITH query is not recursive");
}

static int recursive_body(ParseState *ps, Cte *cte, const PgQuery__CommonTableExpr *def, const PgQuery__SelectStmt *s)
{
	if (s->n_sort_clause)
		return an_error(ps, def->location, "0A000", "ORDER BY in a recursive query is not available in SQLite mode");
	if (s->limit_count || s->limit_offset)
		return an_error(ps, def->location, "0A000", "LIMIT in a recursive query is not available in SQLite mode");
	ParseState *body = level_new(ps);
	body->recursive_cte = cte;
	body->recursive_def = def;
	cte->query = an_setop(body, s);
	if (!cte->query)
		return -1;
	cte->phase = 0;
	cte->recursive = cte->refs > 0;
	cte->loops = cte->recursive && !is_row_by_row(cte->query->rarg, cte);
	if (cte->loops && ps->depth > 1)
		return an_refuse(ps, def->location, "this form of a recursive query is not available in SQLite mode inside another query");
	if (def->search_clause || def->cycle_clause) {
		if (!cte->recursive)
			return not_recursive(ps, def);
		if (cte_path_apply(ps, cte, def) < 0)
			return -1;
	}
	cte->refs = 0;
	return cte_columns(ps, cte, cte->query, def);
}

/* Each one runs to its end exactly once, so a level that may run several times, or not at all, cannot have it. */
static int modifying_cte(ParseState *ps, const PgQuery__CommonTableExpr *def, Cte *cte)
{
	if (ps->depth > 1)
		return an_error(ps, def->location, "0A000", "WITH clause containing a data-modifying statement must be at the top level");
	cte->modifying = true;
	cte->query = an_query(ps, def->ctequery);
	if (!cte->query)
		return -1;
	return cte->query->returning.n ? cte_columns(ps, cte, cte->query, def) : 0;
}

static int one_cte(ParseState *ps, const PgQuery__CommonTableExpr *def, bool recursive, Cte *cte)
{
	if (def->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return modifying_cte(ps, def, cte);
	const PgQuery__SelectStmt *s = def->ctequery->select_stmt;
	if (recursive && s->op == PG_QUERY__SET_OPERATION__SETOP_UNION && s->larg)
		return recursive_body(ps, cte, def, s);
	if (def->search_clause || def->cycle_clause)
		return not_recursive(ps, def);
	cte->query = an_query(ps, def->ctequery);
	return cte->query ? cte_columns(ps, cte, cte->query, def) : -1;
}

static Cte *cte_new(ParseState *ps, const PgQuery__CommonTableExpr *def)
{
	Cte *cte = arena_new_of(ps->a, Cte);
	cte->name = arena_strdup(ps->a, def->ctename);
	cte->id = ++*ps->next_id;
	cte->location = def->location;
	cte->materialized = def->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways  ? 'm'
			    : def->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever ? 'n'
												    : 0;
	return cte;
}

/* The CTEs come in the order in which their analysis ends, so that each stands after those it refers to. */
static int analyse_item(ParseState *ps, WithItems *w, size_t i)
{
	Cte *cte = w->ctes[i];
	size_t before = ps->nctes, outer = w->current;
	int *refs = arena_array(ps->a, int, w->clause->n_ctes + 1);
	for (size_t k = 0; k < before; k++)
		refs[k] = ps->ctes[k]->refs;
	if (++w->nested > MAX_QUERY_DEPTH)
		return an_error(ps, -1, "54001", "stack depth limit exceeded");
	w->state[i] = 'b';
	w->current = i;
	if (one_cte(ps, w->clause->ctes[i]->common_table_expr, w->clause->recursive, cte) < 0)
		return -1;
	w->current = outer;
	w->nested--;
	w->state[i] = 'd';
	cte->uses = arena_array(ps->a, bool, w->clause->n_ctes + 1);
	for (size_t k = 0; k < ps->nctes; k++)
		cte->uses[k] = ps->ctes[k]->refs > (k < before ? refs[k] : 0);
	ps->ctes[ps->nctes++] = cte;
	w->query->has_modifying |= cte->modifying;
	return 0;
}

int an_with(ParseState *ps, const PgQuery__WithClause *clause, Query *q)
{
	WithItems w = { .clause = clause, .query = q };
	w.ctes = arena_array(ps->a, Cte *, clause->n_ctes + 1);
	w.state = arena_array(ps->a, char, clause->n_ctes + 1);
	ps->ctes = arena_array(ps->a, Cte *, clause->n_ctes + 1);
	for (size_t i = 0; i < clause->n_ctes; i++) {
		const PgQuery__CommonTableExpr *def = clause->ctes[i]->common_table_expr;
		for (size_t k = 0; k < i; k++)
			if (streq(w.ctes[k]->name, def->ctename))
				return an_error(ps, def->location, "42712", "WITH query name \"%s\" specified more than once",
						def->ctename);
		w.ctes[i] = cte_new(ps, def);
	}
	ps->with = clause->recursive ? &w : NULL;
	for (size_t i = 0; i < clause->n_ctes; i++)
		if (w.state[i] != 'd' && analyse_item(ps, &w, i) < 0)
			return -1;
	for (size_t i = 0; i < ps->nctes; i++)
		ps->ctes[i]->refs_within = ps->ctes[i]->refs;
	ps->with = NULL;
	q->ctes = ps->ctes;
	q->nctes = ps->nctes;
	q->with_recursive = clause->recursive;
	return 0;
}
