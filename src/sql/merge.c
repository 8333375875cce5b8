/* MERGE: the join of source and target, and what is done with each of its rows. */
#include "sql/query.h"

static PgQuery__Node *node_of(ParseState *ps, PgQuery__Node__NodeCase kind, void *message)
{
	PgQuery__Node *n = arena_new_of(ps->a, PgQuery__Node);
	pg_query__node__init(n);
	n->node_case = kind;
	n->select_stmt = message; /* all members are pointers */
	return n;
}

/* The INSERT of an action as a statement of its own: INSERT INTO target (columns) VALUES (...). */
static const PgQuery__InsertStmt *insert_of(ParseState *ps, const PgQuery__MergeWhenClause *w)
{
	PgQuery__InsertStmt *s = arena_new_of(ps->a, PgQuery__InsertStmt);
	pg_query__insert_stmt__init(s);
	s->override = w->override;
	s->cols = w->target_list;
	s->n_cols = w->n_target_list;
	if (!w->n_values)
		return s;
	PgQuery__List *row = arena_new_of(ps->a, PgQuery__List);
	PgQuery__SelectStmt *values = arena_new_of(ps->a, PgQuery__SelectStmt);
	pg_query__list__init(row);
	pg_query__select_stmt__init(values);
	row->items = w->values;
	row->n_items = w->n_values;
	values->n_values_lists = 1;
	values->values_lists = arena_array(ps->a, PgQuery__Node *, 1);
	values->values_lists[0] = node_of(ps, PG_QUERY__NODE__NODE_LIST, row);
	s->select_stmt = node_of(ps, PG_QUERY__NODE__NODE_SELECT_STMT, values);
	return s;
}

/* The change that an action makes; *out stays NULL for DO NOTHING. */
static int action_change(ParseState *ps, const PgQuery__MergeWhenClause *w, const Query *q, Query **out)
{
	if (w->command_type == PG_QUERY__CMD_TYPE__CMD_NOTHING)
		return 0;
	Query *change = *out = arena_new_of(ps->a, Query);
	change->result = q->result;
	if (w->command_type == PG_QUERY__CMD_TYPE__CMD_DELETE) {
		change->cmd = CMD_DELETE;
		return 0;
	}
	if (w->command_type == PG_QUERY__CMD_TYPE__CMD_UPDATE) {
		change->cmd = CMD_UPDATE;
		return an_set_list(ps, w->target_list, w->n_target_list, q->result, &change->targets);
	}
	change->cmd = CMD_INSERT;
	return an_insert_row(ps, insert_of(ps, w), change);
}

static int one_action(ParseState *ps, const PgQuery__MergeWhenClause *w, Query *q, NsItem *target)
{
	MergeAction *m = &q->actions[q->nactions];
	bool seen[2] = { false, false };
	for (size_t i = 0; i < q->nactions; i++)
		seen[q->actions[i].matched] |= !q->actions[i].when;
	if (seen[w->matched])
		return an_error(ps, -1, "42601", "unreachable WHEN clause specified after unconditional WHEN clause");
	m->matched = w->matched;
	target->rel_visible = target->cols_visible = w->matched;
	if (an_where(ps, w->condition, AT_MERGE_WHEN, "WHEN", &m->when) < 0 || action_change(ps, w, q, &m->change) < 0)
		return -1;
	q->nactions++;
	return 0;
}

Query *an_merge(ParseState *ps, const PgQuery__MergeStmt *s)
{
	Query *q = query_new(ps, CMD_MERGE);
	if (s->with_clause && s->with_clause->recursive)
		return an_error(ps, s->with_clause->location, "42601", "WITH RECURSIVE is not supported for MERGE statement"), NULL;
	if (s->with_clause && an_with(ps, s->with_clause, q) < 0)
		return NULL;
	const CatRel *rel = dml_target(ps, s->relation, "MERGE into");
	if (!rel || an_from(ps, (PgQuery__Node **)&s->source_relation, 1) < 0)
		return NULL;
	const char *alias = s->relation->alias ? s->relation->alias->aliasname : rel->name;
	for (size_t i = 0; i < ps->nns; i++)
		if (ps->ns[i]->rel_visible && ps->ns[i]->alias && streq(ps->ns[i]->alias, alias)) {
			an_error(ps, -1, "42712", "name \"%s\" specified more than once", alias);
			err_detail(ps->err, "The name is used both as MERGE target table and data source.");
			return NULL;
		}
	q->result = rte_relation(ps, rel, alias, s->relation->location);
	NsItem *target = ns_add_rte(ps, q->result, true, true);
	if (an_where(ps, s->join_condition, AT_JOIN_ON, "JOIN/ON", &q->where) < 0)
		return NULL;
	q->actions = arena_array(ps->a, MergeAction, s->n_merge_when_clauses + 1);
	for (size_t i = 0; i < s->n_merge_when_clauses; i++)
		if (one_action(ps, s->merge_when_clauses[i]->merge_when_clause, q, target) < 0)
			return NULL;
	return q;
}
