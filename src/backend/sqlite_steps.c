/* One step of a plan that has several: SQL whose rows are kept for later steps, counted, or taken as a failure. */
#include "backend/sqlite_internal.h"

#include "sql/triggers.h"
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

/* Runs the step's SQL once. */
static int run_sql(SqliteTxn *t, DbConn *c, SqliteRun *r, const PlanStep *s, int store, Error *err)
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
		else if (store >= 0)
			row_store_add(&db->env, store, st);
	}
	if (result == 0 && rc != SQLITE_DONE)
		result = conn_write_error(c, t, rc, s->oid ? s->oid : r->plan->plan->target_oid, st, err);
	if (result == 0 && s->kind == STEP_ROWS)
		r->rows += (uint64_t)sqlite3_changes64(db->h);
	db_done(db, st);
	return result;
}

/* The rows of each round are the input of the next. */
/* What a recursion may keep; one that never ends must end here. PostgreSQL would write files until temp_file_limit. */
enum { LOOP_MAX_MB = 1024 };

static int run_loop(SqliteTxn *t, DbConn *c, SqliteRun *r, const PlanStep *s, Error *err)
{
	FnEnv *env = &c->db->env;
	int rows = (int)s->value, input = s->work, output = s->work + 1;
	for (size_t n = row_store_append(env, rows, input); n;
	     n = row_store_append(env, output, rows), row_store_move(env, output, input)) {
		if (row_store_bytes(env, rows) > (size_t)LOOP_MAX_MB << 20)
			return err_set(err, "53400", "the rows of a recursive query exceed %d MB", LOOP_MAX_MB);
		if (run_sql(t, c, r, s, output, err) != 0)
			return -1;
	}
	return 0;
}

/* Rows that are written one by one. */
typedef struct Writer {
	SqliteTxn *t;
	DbConn *c;
	SqliteRun *r;
	const struct PlanWrite *w;
	Arena *store; /* of the rows */
	Map touched;  /* row numbers that this statement has inserted or updated */
	bool updated;
} Writer;

static void note_touched(Writer *x, int64_t rowid)
{
	const uint64_t key = (uint64_t)rowid;
	map_put(&x->touched, map_u64_key(&key), x);
}

static bool was_touched(const Writer *x, int64_t rowid)
{
	const uint64_t key = (uint64_t)rowid;
	return map_get(&x->touched, map_u64_key(&key)) != NULL;
}

/* Runs a step about the proposed row; the first row that it gives, or NULL. */
static int ask(Writer *x, const PlanStep *s, Val *row, const Val *in_the_way, Val **out, Error *err)
{
	FnEnv *env = &x->c->db->env;
	size_t n;
	Arena *ignored;
	Val *given = arena_array(x->store, Val, x->w->n + 1);
	memcpy(given, row, x->w->n * sizeof *given);
	given[x->w->n] = *in_the_way;
	row_store_set(env, x->w->conflict->proposed, given, x->w->n + 1);
	row_store_cut(env, (int)s->value, 0);
	if (run_sql(x->t, x->c, x->r, s, (int)s->value, err) != 0)
		return -1;
	Val **rows = row_store_rows(env, (int)s->value, &n, &ignored);
	*out = n ? rows[0] : NULL;
	return 0;
}

/* The values of the updated row, for RETURNING. */
static void take_update(Writer *x, Val *row, const Val *changed)
{
	const struct PlanWrite *w = x->w, *u = w->conflict->update;
	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < u->n; k++)
			if (w->attnums[i] && u->attnums[k] == w->attnums[i])
				row[i] = changed[k];
	if (w->conflict->upserted)
		row[w->conflict->upserted - 1] = val_int(1);
	x->updated = true;
}

static int find_in_the_way(void *ctx, Val *row, Error *err)
{
	Writer *x = ctx;
	const struct PlanConflict *c = x->w->conflict;
	const Val none = val_null();
	Val *found, *changed;
	if (ask(x, c->find, row, &none, &found, err) != 0)
		return -1;
	if (!found || !c->update)
		return found != NULL;
	const Val rowid = found[0];
	if (was_touched(x, rowid.i)) {
		err_set(err, "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time");
		return err_hint(err,
				"Ensure that no rows proposed for insertion within the same command have duplicate constrained values.");
	}
	if (ask(x, c->change, row, &rowid, &changed, err) != 0)
		return -1;
	if (!changed)
		return 1;
	changed = arena_dup(x->store, changed, c->update->n * sizeof *changed);
	for (size_t i = 0; i < c->update->n; i++)
		if (changed[i].kind == VAL_TEXT || changed[i].kind == VAL_BLOB)
			changed[i].s.p = arena_strndup(x->store, changed[i].s.p, changed[i].s.n);
	int rc = program_hooks()->write_row(x->t, c->update, changed, x->store, NULL, &x->r->events, err);
	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	note_touched(x, rowid.i);
	take_update(x, row, changed);
	return 1;
}

static int write_one(Writer *x, Val *row, Error *err)
{
	const RowInTheWay way = { find_in_the_way, x };
	const bool conflict = x->w->conflict != NULL;
	x->updated = false;
	int rc = program_hooks()->write_row(x->t, x->w, row, x->store, conflict ? &way : NULL, &x->r->events, err);
	if (rc > 0 && conflict)
		note_touched(x, sqlite3_last_insert_rowid(x->c->db->h));
	return rc == 0 && x->updated ? 1 : rc;
}

/* The rows of a store, with the triggers of each; the store keeps those that were written. */
static int run_write(SqliteTxn *t, DbConn *c, SqliteRun *r, const PlanStep *s, Error *err)
{
	FnEnv *env = &c->db->env;
	Writer x = { .t = t, .c = c, .r = r, .w = s->write };
	size_t n, kept = 0;
	int rc = 0;
	Val **rows = row_store_rows(env, (int)s->value, &n, &x.store);
	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = write_one(&x, rows[i], err);
		if (rc > 0)
			rows[kept++] = rows[i];
	}
	map_free(&x.touched);
	if (rc < 0)
		return -1;
	row_store_cut(env, (int)s->value, kept);
	if (s->write->counted)
		r->rows += kept;
	return 0;
}

static int run_triggers(SqliteTxn *t, DbConn *c, SqliteRun *r, const PlanStep *s, Error *err)
{
	const ProgramHooks *h = program_hooks();
	FnEnv *env = &c->db->env;
	if (!h)
		return err_refuse(err, 0, "a table with triggers cannot be written here in SQLite mode");
	conn_enter(c, t);
	Arena *scratch = env->scratch;
	int rc = s->kind == STEP_WRITE	      ? run_write(t, c, r, s, err)
		 : s->kind == STEP_FIRE_QUEUE ? h->fire_queue(t, &r->events, err)
					      : h->fire_statement(t, s->write, s->kind == STEP_FIRE_BEFORE ? 'b' : 'a', &r->events, err);
	env->scratch = scratch;
	return rc;
}

int step_run(SqliteTxn *t, DbConn *c, SqliteRun *r, const PlanStep *s, Error *err)
{
	if (s->only_for && !row_store_ends_with(&c->db->env, s->only_store, s->only_for))
		return 0;
	if (s->kind == STEP_WRITE || s->kind == STEP_FIRE_QUEUE || s->kind == STEP_FIRE_BEFORE || s->kind == STEP_FIRE_AFTER)
		return run_triggers(t, c, r, s, err);
	if (s->kind == STEP_LOOP)
		return run_loop(t, c, r, s, err);
	return run_sql(t, c, r, s, s->kind == STEP_STORE ? (int)s->value : -1, err);
}

void steps_forget_events(SqliteRun *r)
{
	if (r->events)
		program_hooks()->free_events(r->events);
	r->events = NULL;
}

static int run_all(SqliteTxn *t, SqliteRun *r, Error *err)
{
	const Plan *plan = r->plan->plan;
	row_store_clear(&r->conn->db->env);
	r->rows = 0;
	for (size_t i = 0; i < plan->nsteps; i++)
		if (step_run(t, r->conn, r, &plan->steps[i], err) != 0) {
			steps_forget_events(r);
			return -1;
		}
	return 0;
}

bool has_open_keys(const Db *db)
{
	int open = 0, ignored;
	sqlite3_db_status(db->h, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &ignored, 0);
	return open != 0;
}

/* PostgreSQL looks at foreign keys when the whole statement is done, SQLite when each step is. When something is left open at the end, all
 * is undone and done again the other way, so that the step that fails tells its error. */
static int run_deferred_at(SqliteTxn *t, SqliteRun *r, int level, Error *err)
{
	Db *db = r->conn->db;
	const CommitHooks *h = t->db->hooks;
	Error ignored;
	if (h && h->savepoint)
		h->savepoint(h->ctx, level);
	if (db_exec(db, "SAVEPOINT understudy_steps; PRAGMA defer_foreign_keys = ON", err) != 0)
		return -1;
	size_t notices = t->notices.len;
	int rc = run_all(t, r, err);
	bool again = rc == 0 && has_open_keys(db);
	db_exec(db, "PRAGMA defer_foreign_keys = OFF", &ignored);
	if (again) {
		t->notices.len = notices;
		if (db_exec(db, "ROLLBACK TO understudy_steps", err) != 0)
			return -1;
		if (h && h->rollback_to)
			h->rollback_to(h->ctx, level);
		rc = run_all(t, r, err);
	}
	return rc == 0 ? db_exec(db, "RELEASE understudy_steps", err) : -1;
}

static int run_deferred(SqliteTxn *t, SqliteRun *r, Error *err)
{
	/* programs make their savepoints above this one */
	int rc = run_deferred_at(t, r, ++t->nsavepoints, err);
	t->nsavepoints--;
	return rc;
}

int steps_run(SqliteTxn *t, SqliteRun *r, Error *err)
{
	const Plan *plan = r->plan->plan;
	t->wrote |= plan->writes;
	int rc = plan->defer_fk && !has_open_keys(r->conn->db) ? run_deferred(t, r, err) : run_all(t, r, err);
	conn_enter(r->conn, t);
	return rc;
}
