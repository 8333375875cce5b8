/* DELETE: USING and RETURNING. */
#include "sql/query.h"

Query *an_delete(ParseState *ps, const PgQuery__DeleteStmt *s)
{
	Query *q = query_new(ps, CMD_DELETE);
	if (s->with_clause && an_with(ps, s->with_clause, q) < 0)
		return NULL;
	const CatRel *rel = dml_target(ps, s->relation, "deleting from");
	if (!rel)
		return NULL;
	q->result = rte_relation(ps, rel, s->relation->alias ? s->relation->alias->aliasname : rel->name, s->relation->location);
	ns_add_rte(ps, q->result, true, true);
	if (an_from(ps, s->using_clause, s->n_using_clause) < 0 || an_where(ps, s->where_clause, AT_WHERE, "WHERE", &q->where) < 0 ||
	    an_returning(ps, s->returning_list, s->n_returning_list, q) < 0)
		return NULL;
	return q;
}
