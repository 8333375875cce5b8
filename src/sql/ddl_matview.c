/* Materialized views: tables that are filled from a view's query, when they are made and by REFRESH. */
#include "sql/ddl_alter.h"
#include "sql/query.h"

static int not_ready(Ddl *d, const char *message, const char *hint)
{
	an_error(d->ps, -1, "55000", "%s", message);
	return hint ? err_hint(d->err, "%s", hint) : -1;
}

/* CONCURRENTLY compares rows by a unique index, so there must be one over all rows. */
static int check_concurrently(Ddl *d, const CatRel *r, bool skip_data)
{
	if (skip_data)
		return an_error(d->ps, -1, "42601", "REFRESH options CONCURRENTLY and WITH NO DATA cannot be used together");
	if (!r->populated)
		return an_error(d->ps, -1, "0A000", "CONCURRENTLY cannot be used when the materialized view is not populated");
	for (size_t i = 0; i < r->nindexes; i++) {
		bool plain = r->indexes[i]->unique && !r->indexes[i]->predicate;
		for (size_t k = 0; k < r->indexes[i]->nkeys; k++)
			plain = plain && r->indexes[i]->keys[k];
		if (plain)
			return 0;
	}
	return not_ready(
		d, arena_printf(d->a, "cannot refresh materialized view \"%s.%s\" concurrently", ddl_schema_name(d, r->schema), r->name),
		"Create a unique index with no WHERE clause on one or more columns of the materialized view.");
}

void ddl_fill_table(Ddl *d, const CatRel *r, const Plan *q)
{
	const char *cols = "";
	for (size_t i = 0; i < r->ncols; i++)
		cols = arena_printf(d->a, "%s%s%s", cols, i ? ", " : "", ddl_id(d, r->cols[i].sqlite_name));
	for (size_t i = 0; i < q->nsteps; i++)
		*ddl_step(d, q->steps[i].kind) = q->steps[i];
	const char *into = r->ncols ? arena_printf(d->a, " (%s)", cols) : "";
	ddl_step(d, STEP_ROWS)->sql = arena_printf(d->a, "INSERT INTO %s%s %s", ddl_id(d, r->sqlite_name), into, q->sql);
}

int plan_refresh(Ddl *d, const PgQuery__RefreshMatViewStmt *s)
{
	const CatRel *r = an_relation(d->ps, s->relation, false);
	ParsedSql parsed;
	Plan q = { 0 };
	if (!r)
		return -1;
	if (r->kind != REL_MATVIEW)
		return an_error(d->ps, -1, "0A000", "\"%s\" is not a materialized view", r->name);
	if (s->concurrent && check_concurrently(d, r, s->skip_data))
		return -1;
	if (sql_parse(str_of(r->view_sql), d->a, &parsed, d->err) < 0)
		return -1;
	ParseState *ps = plan_state(d->ps->env, d->a, parsed.source, d->err);
	ps->view = r;
	int rc = plan_query(ps, parsed.stmts[0].node, &q, NULL);
	sql_parsed_free(&parsed);
	if (rc)
		return -1;
	ddl_touch(d, r->schema);
	ddl_sql(d, "DELETE FROM %s", ddl_id(d, r->sqlite_name));
	if (!s->skip_data)
		ddl_fill_table(d, r, &q);
	ddl_sql(d, "UPDATE _understudy_relation SET populated = %d WHERE oid = %u", !s->skip_data, r->oid);
	return ddl_finish(d, "REFRESH MATERIALIZED VIEW");
}
