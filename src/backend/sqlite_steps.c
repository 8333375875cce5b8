/* One step of a plan that has several: SQL whose rows are kept for later steps, counted, or taken as a failure. */
#include "backend/sqlite_internal.h"

#include "sqlite/row_store.h"

/* Puts `value` where %s stands in the text of a step. */
static void fill_detail(const PlanStep *s, Str value, Error *err)
{
	const char *mark = s->detail ? strstr(s->detail, "%s") : NULL;
	if (mark)
		err_detail(err, "%.*s%.*s%s", (int)(mark - s->detail), s->detail, STR_ARG(value), mark + 2);
	else if (s->detail)
		err_detail(err, "%s", s->detail);
}

static int check_failed(const PlanStep *s, sqlite3_stmt *st, Error *err)
{
	err_set(err, s->code, "%s", s->message);
	err_object(err, s->schema, s->table, NULL, s->constraint);
	if (s->hint)
		err_hint(err, "%s", s->hint);
	const char *text = (const char *)sqlite3_column_text(st, 0);
	fill_detail(s, str_of(text ? text : ""), err);
	return -1;
}

int run_bind(DbConn *c, SqliteTxn *t, const SqliteRun *r, sqlite3_stmt *st, Error *err)
{
	int wanted = sqlite3_bind_parameter_count(st);
	for (int i = 0; i < wanted && (size_t)i < r->nparams; i++)
		if (db_bind(st, i + 1, &r->params[i]) != SQLITE_OK)
			return conn_error(c, t, sqlite3_errcode(c->db->h), 0, err);
	return 0;
}

int step_run(SqliteTxn *t, DbConn *c, SqliteRun *r, const PlanStep *s, Error *err)
{
	Db *db = c->db;
	sqlite3_stmt *st;
	conn_enter(c, t);
	if (db_prepare(db, str_of(s->sql), &st, err) != 0)
		return -1;
	int result = run_bind(c, t, r, st, err), rc = SQLITE_DONE;
	while (result == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (s->kind == STEP_CHECK_EMPTY)
			result = check_failed(s, st, err);
		else if (s->kind == STEP_STORE)
			row_store_add(&db->env, (int)s->value, st);
	}
	if (result == 0 && rc != SQLITE_DONE)
		result = conn_write_error(c, t, rc, s->oid ? s->oid : r->plan->plan->target_oid, st, err);
	if (result == 0 && s->kind == STEP_ROWS)
		r->rows += (uint64_t)sqlite3_changes64(db->h);
	db_done(db, st);
	return result;
}
