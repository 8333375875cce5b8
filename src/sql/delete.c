/* DELETE: USING and RETURNING. */
#include "sql/query.h"

Query *an_delete(ParseState *ps, const PgQuery__DeleteStmt *s)
{
	Query *q = query_new(ps, CMD_DELETE);
	ViewDml *view = NULL;
	if (s->with_clause && an_with(ps, s->with_clause, q) < 0)
		return NULL;
	if (dml_open(ps, s->relation, "deleting from", q, &view) < 0)
		return NULL;
	if (an_from(ps, s->using_clause, s->n_using_clause) < 0 || an_where(ps, s->where_clause, AT_WHERE, "WHERE", &q->where) < 0 ||
	    an_returning(ps, s->returning_list, s->n_returning_list, q) < 0)
		return NULL;
	if (view)
		view_dml_where(ps, view, q);
	return q;
}
