/* FROM: relations, views, subqueries, VALUES and CTE references. Joins are in joins.c, functions in from_func.c. */
#include "sql/query.h"

Rte *rte_new(ParseState *ps, RteKind kind, const char *alias, int location)
{
	Rte *r = arena_new_of(ps->a, Rte);
	r->kind = kind;
	r->id = ++*ps->next_id;
	r->alias = arena_strdup(ps->a, alias);
	r->location = location;
	return r;
}

Rte *rte_relation(ParseState *ps, const CatRel *rel, const char *alias, int location)
{
	Rte *r = rte_new(ps, RTE_RELATION, alias, location);
	const CatViewName *then = view_name_of(ps, rel->oid);
	r->rel = rel;
	r->ncols = rel->ncols;
	r->cols = arena_array(ps->a, Column, rel->ncols + 1);
	for (size_t i = 0; i < rel->ncols; i++) {
		const CatColumn *c = &rel->cols[i];
		const char *name = !then ? c->name : i < then->ncols ? then->cols[i] : NULL;
		if (!c->dropped && name)
			r->cols[i] = (Column){ arena_strdup(ps->a, name), c->type->oid, c->typmod, c->type->collation };
	}
	return r;
}

Rte *rte_subquery(ParseState *ps, Query *q, const char *alias, int location)
{
	Rte *r = rte_new(ps, RTE_SUBQUERY, alias, location);
	r->query = q;
	r->ncols = q->ncols;
	r->cols = arena_dup_more(ps->a, q->cols, q->ncols * sizeof *q->cols, sizeof *q->cols);
	return r;
}

Rte *rte_store(ParseState *ps, int store)
{
	Rte *r = rte_new(ps, RTE_STORE, "", -1);
	r->store = store;
	return r;
}

/* AS name(column, ...): the names replace those of the first columns. */
int rte_apply_alias(ParseState *ps, Rte *rte, const PgQuery__Alias *alias, int location)
{
	if (!alias || !alias->n_colnames)
		return 0;
	size_t k = 0;
	for (size_t i = 0; i < rte->ncols && k < alias->n_colnames; i++)
		if (rte->cols[i].name)
			rte->cols[i].name = arena_strdup(ps->a, alias->colnames[k++]->string->sval);
	if (k == alias->n_colnames)
		return 0;
	return an_error(ps, location, "42P10", "table \"%s\" has %zu columns available but %zu columns specified", rte->alias, k,
			alias->n_colnames);
}

/* A leaf and its names, visible both as alias.column and as column. */
FromItem *from_leaf(ParseState *ps, Rte *rte)
{
	for (size_t i = 0; i < ps->nns; i++)
		if (ps->ns[i]->rel_visible && ps->ns[i]->alias && *rte->alias && streq(ps->ns[i]->alias, rte->alias) &&
		    !(ps->ns[i]->schema && rte->kind == RTE_RELATION && rte->rel != ps->ns[i]->rte->rel &&
		      streq(rte->alias, rte->rel->name)))
			return an_error(ps, -1, "42712", "table name \"%s\" specified more than once", rte->alias), NULL;
	ns_add_rte(ps, rte, *rte->alias != 0, true);
	FromItem *f = arena_new_of(ps->a, FromItem);
	f->rte = rte;
	return f;
}

void query_from_rte(ParseState *ps, Query *q, Rte *rte)
{
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[0] = arena_new_of(ps->a, FromItem);
	q->from[0]->rte = rte;
	q->nfrom = 1;
}

ParseState *an_state_apart(ParseState *ps, const ParsedSql *parsed)
{
	ParseState *own = arena_new_of(ps->a, ParseState);
	*own = (ParseState){ .env = ps->env,
			     .a = ps->a,
			     .err = ps->err,
			     .source = parsed->source,
			     .params = ps->params,
			     .next_id = ps->next_id,
			     .volatile_fn = ps->volatile_fn,
			     .writes = ps->writes,
			     .nowait = ps->nowait,
			     .skip_locked = ps->skip_locked,
			     .depth = ps->depth + 1,
			     .chained = ps->chained };
	return own;
}

Query *view_query(ParseState *ps, const CatRel *rel, int location)
{
	if (query_too_deep(ps))
		return an_error(ps, location, "54001", "stack depth limit exceeded"), NULL;
	ParsedSql parsed;
	if (sql_parse(str_of(rel->view_sql), ps->a, &parsed, ps->err) < 0)
		return NULL;
	ParseState *view = an_state_apart(ps, &parsed);
	view->view = rel;
	Query *q = parsed.n == 1 ? an_query(view, parsed.stmts[0].node) : NULL;
	if (parsed.n != 1)
		an_error(ps, location, "XX000", "the stored text of view \"%s\" is not one statement", rel->name);
	sql_parsed_free(&parsed);
	return q;
}

static Rte *view_rte(ParseState *ps, const CatRel *rel, const char *alias, int location)
{
	Query *q = view_query(ps, rel, location);
	if (!q)
		return NULL;
	Rte *r = rte_subquery(ps, q, alias, location);
	r->view = rel;
	const CatViewName *then = view_name_of(ps, rel->oid);
	for (size_t i = 0; i < rel->ncols && i < r->ncols; i++)
		r->cols[i].name = arena_strdup(ps->a, !then ? rel->cols[i].name : i < then->ncols ? then->cols[i] : NULL);
	return r;
}

static Rte *cte_rte(ParseState *ps, Cte *cte, const char *alias, int location)
{
	Rte *r = rte_new(ps, RTE_CTE, alias, location);
	r->cte = cte;
	r->ncols = cte->ncols;
	r->cols = arena_dup_more(ps->a, cte->cols, cte->ncols * sizeof *cte->cols, sizeof *cte->cols);
	cte->refs++;
	return r;
}

/* A sequence read like a table: its one row (emit_relation). */
static Rte *sequence_rte(ParseState *ps, const CatRel *seq, const char *alias, int location)
{
	static const struct {
		const char *name;
		uint32_t type;
	} columns[] = { { "last_value", 20 }, { "log_cnt", 20 }, { "is_called", 16 } };
	CatRel *r = arena_dup(ps->a, seq, sizeof *seq);
	r->ncols = ARRAY_LEN(columns);
	r->cols = arena_array(ps->a, CatColumn, r->ncols);
	for (size_t i = 0; i < r->ncols; i++) {
		char *name = arena_strdup(ps->a, columns[i].name);
		const PgType *t = pgtype_builtin(columns[i].type);
		r->cols[i] = (CatColumn){
			.name = name, .attnum = (int16_t)(i + 1), .type = t, .typmod = -1, .not_null = true, .sqlite_name = name
		};
	}
	return rte_relation(ps, r, alias, location);
}

static Rte *relation_by_kind(ParseState *ps, const PgQuery__RangeVar *rv, const CatRel *rel, const char *alias)
{
	switch (rel->kind) {
	case REL_MATVIEW:
		if (!rel->populated) {
			an_error(ps, -1, "55000", "materialized view \"%s\" has not been populated", rel->name);
			return err_hint(ps->err, "Use the REFRESH MATERIALIZED VIEW command."), NULL;
		}
		return rte_relation(ps, rel, alias, rv->location);
	case REL_VIEW:
		return view_rte(ps, rel, alias, rv->location);
	case REL_INDEX:
		return an_error(ps, rv->location, "42809", "\"%s\" is an index", rv->relname), NULL;
	case REL_COMPOSITE:
		return an_error(ps, rv->location, "42809", "\"%s\" is a composite type", rv->relname), NULL;
	case REL_SEQUENCE:
		return sequence_rte(ps, rel, alias, rv->location);
	default:
		return rte_relation(ps, rel, alias, rv->location);
	}
}

/* Where PostgreSQL lets a recursive query refer to itself. */
static int check_recursion(ParseState *ps, const Cte *cte, int location)
{
	if (cte->cols && !cte->phase)
		return 0;
	if (!cte->phase)
		return an_error(ps, cte->location, "42P19",
				"recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", cte->name);
	if (cte->phase == 'n')
		return an_error(ps, location, "42P19", "recursive reference to query \"%s\" must not appear within its non-recursive term",
				cte->name);
	for (const ParseState *l = ps; l; l = l->recursive_cte == cte ? NULL : l->parent)
		if (l->no_recursion)
			return an_error(ps, location, "42P19", "recursive reference to query \"%s\" must not appear within %s", cte->name,
					l->no_recursion);
	if (cte->refs)
		return an_error(ps, location, "42P19", "recursive reference to query \"%s\" must not appear more than once", cte->name);
	return 0;
}

static FromItem *from_range_var(ParseState *ps, const PgQuery__RangeVar *rv)
{
	const char *alias = rv->alias ? rv->alias->aliasname : rv->relname;
	Cte *cte = NULL;
	Rte *r;
	if (!*rv->schemaname && cte_find(ps, rv->relname, &cte) < 0)
		return NULL;
	if (cte) {
		if (cte->modifying && !cte->query)
			return an_error(ps, cte->location, "42P19", "recursive query \"%s\" must not contain data-modifying statements",
					cte->name),
			       NULL;
		if (cte->modifying && !cte->query->returning.n)
			return an_error(ps, rv->location, "0A000", "WITH query \"%s\" does not have a RETURNING clause", cte->name), NULL;
		if (check_recursion(ps, cte, rv->location) < 0)
			return NULL;
		r = cte_rte(ps, cte, alias, rv->location);
	} else {
		const CatRel *rel = an_relation(ps, rv, false);
		r = rel ? relation_by_kind(ps, rv, rel, alias) : NULL;
	}
	if (!r || rte_apply_alias(ps, r, rv->alias, rv->location) < 0)
		return NULL;
	r->only = !rv->inh;
	return from_leaf(ps, r);
}

/* A subquery sees the other items of its FROM only when it is LATERAL. */
static FromItem *from_subselect(ParseState *ps, const PgQuery__RangeSubselect *rs)
{
	if (!rs->alias)
		return an_error(ps, -1, "42601", "subquery in FROM must have an alias"), NULL;
	size_t saved = ps->nns;
	bool saved_ref = ps->lateral_ref;
	if (!rs->lateral)
		ps->nns = 0;
	ps->lateral_ref = false;
	Query *q = an_query(ps, rs->subquery);
	ps->nns = saved;
	bool lateral = ps->lateral_ref;
	ps->lateral_ref = saved_ref;
	if (!q)
		return NULL;
	Rte *r = rte_subquery(ps, q, rs->alias->aliasname, -1);
	r->lateral = lateral;
	if (rte_apply_alias(ps, r, rs->alias, -1) < 0)
		return NULL;
	return from_leaf(ps, r);
}

FromItem *from_item(ParseState *ps, const PgNode *node)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_RANGE_VAR:
		return from_range_var(ps, node->range_var);
	case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
		return from_subselect(ps, node->range_subselect);
	case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
		return from_function(ps, node->range_function);
	case PG_QUERY__NODE__NODE_JOIN_EXPR:
		return from_join(ps, node->join_expr);
	case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
		return an_refuse(ps, node->range_table_sample->location, "TABLESAMPLE is not available in SQLite mode"), NULL;
	default:
		return an_refuse(ps, -1, "this FROM item is not available in SQLite mode"), NULL;
	}
}

int an_from(ParseState *ps, PgQuery__Node **items, size_t n)
{
	Query *q = ps->query;
	FromItem **grown = arena_array(ps->a, FromItem *, q->nfrom + n + 1);
	if (q->nfrom)
		memcpy(grown, q->from, q->nfrom * sizeof *grown);
	q->from = grown;
	ps->in_from = true;
	for (size_t i = 0; i < n; i++) {
		FromItem *f = from_item(ps, items[i]);
		if (!f) {
			ps->in_from = false;
			return -1;
		}
		q->from[q->nfrom++] = f;
	}
	ps->in_from = false;
	return 0;
}
