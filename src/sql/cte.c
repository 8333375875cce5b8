/* WITH: plain and recursive common table expressions. */
#include "sql/query.h"

Cte *cte_find(ParseState *ps, const char *name)
{
	for (ParseState *l = ps; l; l = l->parent)
		for (size_t i = l->nctes; i-- > 0;)
			if (streq(l->ctes[i]->name, name))
				return l->ctes[i];
	return NULL;
}

bool cte_comes_later(const ParseState *ps, const char *name)
{
	for (; ps; ps = ps->parent)
		for (size_t i = 0; ps->with && i < ps->with->n_ctes; i++)
			if (streq(ps->with->ctes[i]->common_table_expr->ctename, name))
				return true;
	return false;
}

static int cte_columns(ParseState *ps, Cte *cte, const Query *q, const PgQuery__CommonTableExpr *def)
{
	if (def->n_aliascolnames > q->ncols)
		return an_error(ps, def->location, "42P10", "WITH query \"%s\" has %zu columns available but %zu columns specified",
				cte->name, q->ncols, def->n_aliascolnames);
	cte->ncols = q->ncols;
	cte->cols = arena_dup(ps->a, q->cols, (q->ncols + 1) * sizeof *q->cols);
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

static int recursive_body(ParseState *ps, Cte *cte, const PgQuery__CommonTableExpr *def, const PgQuery__SelectStmt *s)
{
	if (s->n_sort_clause)
		return an_error(ps, def->location, "0A000", "ORDER BY in a recursive query is not available in SQLite mode");
	if (s->limit_count || s->limit_offset)
		return an_error(ps, def->location, "0A000", "LIMIT in a recursive query is not available in SQLite mode");
	ParseState *body = level_new(ps);
	body->recursive_cte = cte;
	body->recursive_names = arena_array(ps->a, const char *, def->n_aliascolnames + 1);
	for (size_t i = 0; i < def->n_aliascolnames; i++)
		body->recursive_names[body->n_recursive_names++] = arena_strdup(ps->a, def->aliascolnames[i]->string->sval);
	cte->query = an_setop(body, s);
	if (!cte->query)
		return -1;
	cte->phase = 0;
	cte->recursive = cte->refs > 0;
	cte->loops = cte->recursive && !is_row_by_row(cte->query->rarg, cte);
	if (cte->loops && ps->depth > 1)
		return an_refuse(ps, def->location, "this form of a recursive query is not available in SQLite mode inside another query");
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

/* Which of the CTEs before it does the newest one refer to? */
static void note_uses(ParseState *ps, Cte *cte, const int *refs, size_t n)
{
	cte->uses = arena_array(ps->a, bool, n + 1);
	for (size_t i = 0; i < n; i++)
		cte->uses[i] = ps->ctes[i]->refs > refs[i];
}

static int one_cte(ParseState *ps, const PgQuery__CommonTableExpr *def, bool recursive, Cte *cte)
{
	if (def->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return modifying_cte(ps, def, cte);
	if (def->search_clause || def->cycle_clause)
		return an_refuse(ps, def->location, "SEARCH and CYCLE clauses are not available in SQLite mode");
	const PgQuery__SelectStmt *s = def->ctequery->select_stmt;
	if (recursive && s->op == PG_QUERY__SET_OPERATION__SETOP_UNION && s->larg)
		return recursive_body(ps, cte, def, s);
	cte->query = an_query(ps, def->ctequery);
	return cte->query ? cte_columns(ps, cte, cte->query, def) : -1;
}

int an_with(ParseState *ps, const PgQuery__WithClause *w, Query *q)
{
	ps->with = w->recursive ? w : NULL;
	ps->ctes = arena_array(ps->a, Cte *, w->n_ctes + 1);
	int *refs = arena_array(ps->a, int, w->n_ctes + 1);
	for (size_t i = 0; i < w->n_ctes; i++) {
		const PgQuery__CommonTableExpr *def = w->ctes[i]->common_table_expr;
		for (size_t k = 0; k < ps->nctes; k++)
			if (streq(ps->ctes[k]->name, def->ctename))
				return an_error(ps, def->location, "42712", "WITH query name \"%s\" specified more than once",
						def->ctename);
		Cte *cte = arena_new_of(ps->a, Cte);
		cte->name = arena_strdup(ps->a, def->ctename);
		cte->id = ++*ps->next_id;
		cte->location = def->location;
		cte->materialized = def->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways  ? 'm'
				    : def->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever ? 'n'
													    : 0;
		for (size_t k = 0; k < i; k++)
			refs[k] = ps->ctes[k]->refs;
		if (w->recursive) /* visible to itself */
			ps->ctes[ps->nctes++] = cte;
		if (one_cte(ps, def, w->recursive, cte) < 0)
			return -1;
		if (!w->recursive)
			ps->ctes[ps->nctes++] = cte;
		note_uses(ps, cte, refs, i);
		q->has_modifying |= cte->modifying;
	}
	for (size_t i = 0; i < ps->nctes; i++)
		ps->ctes[i]->refs_within = ps->ctes[i]->refs;
	ps->with = NULL;
	q->ctes = ps->ctes;
	q->nctes = ps->nctes;
	q->with_recursive = w->recursive;
	return 0;
}
