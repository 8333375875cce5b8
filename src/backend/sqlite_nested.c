/* Statements that run inside another statement of the same session: those of its functions, triggers and DO blocks. */
#include "backend/explain_tree.h"
#include "backend/sqlite_internal.h"
#include "base/clock.h"

#include "backend/sqlite_cursor.h"
#include "sqlite/row_store.h"

static const ProgramHooks *hooks;

void backend_set_programs(const ProgramHooks *h)
{
	hooks = h;
}

const ProgramHooks *program_hooks(void)
{
	return hooks;
}

void programs_forget(SqliteTxn *t)
{
	if (hooks && t->programs)
		hooks->free(t->programs);
	t->programs = NULL;
	buf_free(&t->notices);
}

/* The connection is the statement's again that was interrupted. */
static void resume(SqliteTxn *t, DbConn *c)
{
	FnEnv *env = &c->db->env;
	c->user = t;
	t->active = c;
	env->catalog = t->cat;
	env->txn = t;
}

/* A row is being written: SQLite must not be asked to write again from inside of that. */
static bool is_writing(const DbConn *c)
{
	for (sqlite3_stmt *s = sqlite3_next_stmt(c->db->h, NULL); s; s = sqlite3_next_stmt(c->db->h, s))
		if (sqlite3_stmt_busy(s) && !sqlite3_stmt_readonly(s))
			return true;
	return false;
}

static int may_write(SqliteTxn *t, const CachedPlan *p, Error *err)
{
	const Plan *plan = p->plan;
	if (t->read_only && (!plan->may_write || plan->kind == PLAN_SCRIPT))
		return err_set(err, "25006", "cannot execute %s in a read-only transaction", plan->tag);
	if (!t->writer && !plan->may_write)
		return err_set(err, "0A000", "%s is not allowed in a non-volatile function", plan->tag);
	if (t->writer && is_writing(t->active))
		return err_refuse(err, 0, "a function that writes while a row is being written is not available in SQLite mode");
	return 0;
}

typedef struct Nested {
	SqliteTxn *t;
	SqliteRun run;
	NestedRow fn;
	void *ctx;
	uint64_t rows;
} Nested;

static int run_rows(Nested *n, Error *err)
{
	SqliteTxn *t = n->t;
	const Plan *plan = n->run.plan->plan;
	DbConn *c = n->run.conn;
	sqlite3_stmt *st;
	if (db_prepare(c->db, str_of(plan->sql), &st, err) != 0)
		return -1;
	int64_t before = sqlite3_total_changes64(c->db->h);
	int rc = run_bind(c, t, &n->run, st, err), step = SQLITE_DONE;
	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW) {
		if (!plan->returns_rows)
			continue;
		n->rows++;
		rc = n->fn ? n->fn(n->ctx, st, err) : 0;
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = conn_write_error(c, t, step, plan->target_oid, st, err);
	if (rc >= 0 && !plan->returns_rows && sqlite3_total_changes64(c->db->h) != before)
		n->rows = (uint64_t)sqlite3_changes64(c->db->h);
	db_done(c->db, st);
	return rc < 0 ? -1 : 0;
}

static int run_query(Nested *n, Error *err)
{
	SqliteTxn *t = n->t;
	const Plan *plan = n->run.plan->plan;
	t->wrote |= plan->writes;
	if (plan->nsteps && steps_run(t, &n->run, err) != 0)
		return -1;
	n->rows = plan->returns_rows ? 0 : n->run.rows;
	return plan->sql ? run_rows(n, err) : 0;
}

static int run_script(Nested *n, Error *err)
{
	RunResult rc = script_execute(n->t, &n->run, &n->t->notices, err);
	if (rc == RUN_WANT_WRITER || rc == RUN_STALE)
		return err_set(err, "XX000", "a statement of a program could not be run where it stands");
	return rc == RUN_DONE ? 0 : -1;
}

/* The lines of EXPLAIN as rows. */
static int give_line(Nested *n, Str line, Error *err)
{
	Db *db = n->run.conn->db;
	sqlite3_stmt *st;
	Val v = { .kind = VAL_TEXT, .s = line };
	if (db_prepare(db, str_of("SELECT ?1"), &st, err) != 0)
		return -1;
	db_bind(st, 1, &v);
	int rc = sqlite3_step(st) == SQLITE_ROW ? 0 : db_error(db, sqlite3_errcode(db->h), err);
	n->rows++;
	if (rc == 0 && n->fn)
		rc = n->fn(n->ctx, st, err);
	db_done(db, st);
	return rc;
}

static int run_explain(Nested *n, Arena *scratch, Error *err)
{
	const ExplainPlan *x = n->run.plan->plan->explain;
	ExplainTimes times = { 0 };
	Buf text = { 0 };
	CachedPlan statement = *n->run.plan;
	statement.plan = x->run;
	int64_t start = clock_mono_us();
	if (x->execute)
		return err_refuse(err, 0, "EXPLAIN EXECUTE in a program is not available in SQLite mode");
	int rc = !x->analyze ? 0 : nested_execute(n->t, &statement, n->run.params, n->run.nparams, scratch, NULL, NULL, &times.rows, err);
	times.total_ms = (double)(clock_mono_us() - start) / 1000;
	if (rc == 0)
		rc = explain_text(n->run.conn, x, &times, &text, err);
	Str rest = buf_str(&text);
	for (bool more = true; rc == 0 && more;) {
		const char *end = x->format == EXPLAIN_TEXT && rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
		Str line = { rest.p, end ? (size_t)(end - rest.p) : rest.n };
		rc = give_line(n, line, err);
		more = end != NULL;
		rest = more ? (Str){ end + 1, rest.n - line.n - 1 } : rest;
	}
	buf_free(&text);
	return rc < 0 ? -1 : 0;
}

int nested_execute(SqliteTxn *t, CachedPlan *p, const Val *params, size_t nparams, Arena *scratch, NestedRow fn, void *ctx, uint64_t *rows,
		   Error *err)
{
	DbConn *c = t->active;
	FnEnv *env = &c->db->env;
	FnFrame frame;
	Nested n = { .t = t, .fn = fn, .ctx = ctx };
	n.run = (SqliteRun){ .plan = p, .params = params, .nparams = nparams, .conn = c };
	if (p->plan->writes && may_write(t, p, err) != 0)
		return -1;
	fn_frame_enter(env, &frame, scratch);
	int rc = p->plan->kind == PLAN_QUERY	 ? run_query(&n, err)
		 : p->plan->kind == PLAN_EXPLAIN ? run_explain(&n, scratch, err)
						 : run_script(&n, err);
	fn_frame_leave(env, &frame);
	resume(t, c);
	if (rows)
		*rows = n.rows;
	return rc;
}

int nested_move(SqliteTxn *t, Str name, const FetchPlan *f, uint64_t *done, Error *err)
{
	DbConn *c = t->active;
	FnEnv *env = &c->db->env;
	FnFrame frame;
	_cleanup_(arena_freep) Arena *a = arena_new();
	fn_frame_enter(env, &frame, a);
	int rc = t->cursors->move(t->session, name, f, done, err);
	fn_frame_leave(env, &frame);
	resume(t, c);
	return rc;
}

RunResult program_open(SqliteTxn *t, const CachedPlan *p, ProgramRun *r, Error *err)
{
	*r = (ProgramRun){ 0 };
	if (!t->read_only) {
		RunResult rc = txn_need_writer_for(t, p->plan, p->plan->tag, err);
		if (rc != RUN_DONE)
			return rc;
		r->conn = t->conn;
		if (p->cat != t->cat && p->plan->kind == PLAN_CALL)
			return RUN_STALE;
	} else if (txn_read_conn(t, &r->conn, &r->own, err) != 0) {
		return RUN_ERROR;
	}
	conn_enter(r->conn, t);
	return RUN_DONE;
}

void program_close(SqliteTxn *t, ProgramRun *r)
{
	if (!r->conn)
		return;
	conn_leave(r->conn);
	if (r->own)
		conn_give_back(r->conn);
	r->conn = NULL;
}

int program_put_row(SqliteTxn *t, const Plan *plan, const Val *vals, const uint8_t *formats, size_t nformats, Buf *out, Error *err)
{
	Db *db = t->active->db;
	sqlite3_stmt *st;
	Buf sql = { 0 };
	for (size_t i = 0; i < plan->ncols; i++)
		buf_printf(&sql, i ? ", ?%zu" : "SELECT ?%zu", i + 1);
	int rc = db_prepare(db, str_of(buf_cstr(&sql)), &st, err);
	if (rc == 0) {
		for (size_t i = 0; i < plan->ncols; i++)
			db_bind(st, (int)i + 1, &vals[i]);
		rc = sqlite3_step(st) == SQLITE_ROW ? row_encode(t, st, plan, formats, nformats, out, err)
						    : db_error(db, SQLITE_ERROR, err);
		db_done(db, st);
	}
	buf_free(&sql);
	return rc;
}

int nested_sql(SqliteTxn *t, const char *sql, const Val *params, size_t n, uint32_t target, NestedRow fn, void *ctx, int64_t *changes,
	       Error *err)
{
	DbConn *c = t->active;
	sqlite3_stmt *st;
	if (db_prepare(c->db, str_of(sql), &st, err) != 0)
		return -1;
	int64_t before = sqlite3_total_changes64(c->db->h);
	int rc = 0, step = SQLITE_DONE;
	for (size_t i = 0; i < n; i++)
		db_bind(st, (int)i + 1, &params[i]);
	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW)
		rc = fn ? fn(ctx, st, err) : 0;
	if (rc == 0 && step != SQLITE_DONE)
		rc = conn_write_error(c, t, step, target, st, err);
	if (changes)
		*changes = sqlite3_total_changes64(c->db->h) != before ? sqlite3_changes64(c->db->h) : 0;
	db_done(c->db, st);
	return rc < 0 ? -1 : 0;
}

int64_t nested_last_rowid(const SqliteTxn *t)
{
	return sqlite3_last_insert_rowid(t->active->db->h);
}
