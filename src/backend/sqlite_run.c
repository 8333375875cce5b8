/* Running one plan: bind, step, encode. */
#include "backend/sqlite_internal.h"

#include "sqlite/row_store.h"
#include "base/clock.h"
#include "wire/proto.h"

#include <assert.h>
#include <stdio.h>

static const char *first_word(const char *tag, char *buf, size_t cap)
{
	/* "INSERT 0" is a tag; the command is INSERT. */
	size_t n = strlen(tag);
	if (n > 2 && tag[n - 1] == '0' && tag[n - 2] == ' ')
		n -= 2;
	snprintf(buf, cap, "%.*s", (int)n, tag);
	return buf;
}

static int prepare(SqliteTxn *t, SqliteRun *r, Error *err)
{
	const Plan *plan = r->plan->plan;
	conn_enter(r->conn, t);
	if (!plan->sql)
		return 0;
	if (db_prepare(r->conn->db, str_of(plan->sql), &r->stmt, err) != 0) {
		r->stmt = NULL;
		return -1;
	}
	return run_bind(r->conn, t, r, r->stmt, err);
}

/* Short writes of others are over sooner; a transaction that works on the rows it has taken is not. */
enum { SKIP_LOCKED_PATIENCE_US = 100000 };

/* The write connection is taken: a SELECT with SKIP LOCKED does not wait for long. */
static bool skips_locked(SqliteTxn *t, const Plan *plan)
{
	int64_t now = clock_mono_us();
	if (!plan->skip_locked)
		return false;
	if (!t->patience_us)
		t->patience_us = now + SKIP_LOCKED_PATIENCE_US;
	t->rows_taken = now >= t->patience_us;
	return t->rows_taken;
}

/* Chooses the connection and compiles. */
static RunResult open_run(SqliteTxn *t, SqliteRun *r, Error *err)
{
	const Plan *plan = r->plan->plan;
	r->own_conn = false;
	char command[64];
	bool writes = plan->writes && !(plan->may_write && t->read_only);
	RunResult rc = writes ? txn_need_writer_for(t, plan, first_word(plan->tag, command, sizeof command), err) : RUN_DONE;
	bool reads = !writes || (rc == RUN_WANT_WRITER && skips_locked(t, plan));
	if (!reads) {
		if (rc != RUN_DONE)
			return rc;
		r->conn = t->conn;
		/* DDL that was committed while this session waited for its turn. */
		if (r->plan->cat != t->cat)
			return RUN_STALE;
	} else if (txn_read_conn(t, &r->conn, &r->own_conn, err) != 0) {
		return RUN_ERROR;
	}
	r->open = true;
	r->finished = r->row_ready = false;
	return prepare(t, r, err) == 0 ? RUN_DONE : RUN_ERROR;
}

void run_close(SqliteTxn *t, SqliteRun *r)
{
	if (r->stmt) {
		db_done(r->conn->db, r->stmt);
		r->stmt = NULL;
	}
	if (r->conn) {
		if (r->plan->plan->nsteps)
			row_store_clear(&r->conn->db->env);
		conn_leave(r->conn);
		if (r->own_conn)
			conn_give_back(r->conn);
		r->conn = NULL;
	}
	if (r->stored.cap)
		buf_free(&r->stored);
	r->stored_at = 0;
	r->use_stored = r->open = r->row_ready = false;
}

static int step(SqliteTxn *t, SqliteRun *r, Error *err)
{
	int rc = sqlite3_step(r->stmt);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc;
	return conn_write_error(r->conn, t, rc, r->plan->plan->target_oid, r->stmt, err);
}

static int encode(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	int rc = row_encode(t, r->stmt, r->plan->plan, r->formats, r->nformats, out, err);
	if (arena_size(t->scratch) > 64 * 1024)
		arena_reset(t->scratch);
	return rc;
}

static RunResult finish(SqliteRun *r)
{
	/* The statement ends here, so that it holds no snapshot; the portal may live on. */
	db_done(r->conn->db, r->stmt);
	if (r->plan->plan->nsteps)
		row_store_clear(&r->conn->db->env);
	r->stmt = NULL;
	conn_leave(r->conn);
	if (r->own_conn)
		conn_give_back(r->conn);
	r->conn = NULL;
	r->finished = true;
	return RUN_DONE;
}

/* Rows of a statement that writes go to the end at once: SQLite makes all changes at the first step, and the write connection is
 * not kept for a client that takes its time. */
static RunResult write_rows(SqliteTxn *t, SqliteRun *r, Buf *to, Error *err)
{
	const Plan *plan = r->plan->plan;
	if (steps_run(t, r, err) != 0)
		return RUN_ERROR;
	if (!plan->sql)
		return finish(r);
	int64_t before = sqlite3_total_changes64(r->conn->db->h);
	uint64_t rows = 0;
	int rc;
	while ((rc = step(t, r, err)) == SQLITE_ROW) {
		if (!plan->returns_rows)
			continue;
		if (encode(t, r, to, err) != 0)
			return RUN_ERROR;
		rows++;
	}
	if (rc < 0)
		return RUN_ERROR;
	if (t->keys_immediate && has_open_keys(r->conn->db)) {
		err_set(err, "23503", "the statement violates a foreign key constraint");
		return RUN_ERROR;
	}
	int64_t changed = sqlite3_changes64(r->conn->db->h);
	if (sqlite3_total_changes64(r->conn->db->h) == before)
		changed = 0;
	r->rows = sqlite3_stmt_readonly(r->stmt) || plan->returns_rows ? rows : (uint64_t)changed;
	return finish(r);
}

/* Delivers stored DataRow messages one at a time, up to max_rows. */
static RunResult from_store(SqliteRun *r, uint64_t max_rows, Buf *out)
{
	uint64_t sent = 0;
	while (r->stored_at < r->stored.len) {
		if (max_rows && sent == max_rows)
			return RUN_SUSPENDED;
		const uint8_t *p = r->stored.data + r->stored_at;
		size_t n = 1 + (size_t)get_u32(p + 1);
		buf_put(out, p, n);
		r->stored_at += n;
		sent++;
		r->rows++;
	}
	return RUN_DONE;
}

static RunResult run_write(SqliteTxn *t, SqliteRun *r, uint64_t max_rows, Buf *out, Error *err)
{
	if (!max_rows || !r->plan->plan->returns_rows)
		return write_rows(t, r, out, err);
	RunResult rc = write_rows(t, r, &r->stored, err);
	if (rc != RUN_DONE)
		return rc;
	r->rows = 0;
	r->use_stored = true;
	return from_store(r, max_rows, out);
}

bool run_is_stale(const SqliteTxn *t, const CachedPlan *plan, bool own_conn, unsigned seq)
{
	return !t->ddl && own_conn && (seq % 2 || seq != atomic_load(&t->db->ddl_seq) || plan->cat != atomic_load(&t->db->cat));
}

static RunResult run_read(SqliteTxn *t, SqliteRun *r, uint64_t max_rows, Buf *out, Error *err)
{
	uint64_t sent = 0;
	for (;;) {
		if (!r->row_ready) {
			int rc = step(t, r, err);
			if (rc < 0)
				return RUN_ERROR;
			if (rc == SQLITE_DONE)
				return finish(r);
			r->row_ready = true;
		}
		if (max_rows && sent == max_rows)
			break;
		if (out->len >= RUN_OUT_HIGH)
			break;
		if (encode(t, r, out, err) != 0)
			return RUN_ERROR;
		r->row_ready = false;
		sent++;
		r->rows++;
	}
	conn_leave(r->conn);
	return max_rows && sent == max_rows ? RUN_SUSPENDED : RUN_FULL;
}

static RunResult first_read(SqliteTxn *t, SqliteRun *r, uint64_t max_rows, Buf *out, Error *err)
{
	unsigned seq = atomic_load(&t->db->ddl_seq);
	size_t mark = out->len;
	int rc = step(t, r, err);
	if (run_is_stale(t, r->plan, r->own_conn, seq)) {
		out->len = mark;
		return RUN_STALE;
	}
	if (rc < 0)
		return RUN_ERROR;
	if (rc == SQLITE_DONE)
		return finish(r);
	r->row_ready = true;
	return run_read(t, r, max_rows, out, err);
}

/* The rows that the steps keep are not kept for a client that takes its time. */
static RunResult read_steps(SqliteTxn *t, SqliteRun *r, uint64_t max_rows, Buf *out, Error *err)
{
	unsigned seq = atomic_load(&t->db->ddl_seq);
	size_t mark = out->len;
	RunResult rc = run_write(t, r, max_rows, out, err);
	if (!run_is_stale(t, r->plan, r->own_conn, seq))
		return rc;
	out->len = mark;
	return RUN_STALE;
}

static RunResult start(SqliteTxn *t, SqliteRun *r, uint64_t max_rows, Buf *out, Error *err)
{
	r->rows = 0;
	RunResult rc = open_run(t, r, err);
	if (rc == RUN_DONE && r->plan->plan->writes && !t->rows_taken)
		rc = run_write(t, r, max_rows, out, err);
	else if (rc == RUN_DONE && r->plan->plan->nsteps)
		rc = read_steps(t, r, max_rows, out, err);
	else if (rc == RUN_DONE)
		rc = first_read(t, r, max_rows, out, err);
	if (rc == RUN_STALE || rc == RUN_ERROR || rc == RUN_WANT_WRITER)
		run_close(t, r);
	return rc;
}

RunResult run_execute(SqliteTxn *t, SqliteRun *r, uint64_t max_rows, Buf *out, Error *err)
{
	if (r->plan->plan->kind == PLAN_SCRIPT || r->plan->plan->kind == PLAN_NOTHING)
		return script_execute(t, r, out, err);
	if (!r->open && r->plan->plan->kind == PLAN_EXPLAIN) {
		RunResult rc = explain_execute(t, r, out, err);
		return rc == RUN_DONE ? from_store(r, max_rows, out) : rc;
	}
	if (!r->open)
		return start(t, r, max_rows, out, err);
	if (r->finished) {
		if (r->use_stored)
			return from_store(r, max_rows, out);
		r->rows = 0;
		return RUN_DONE;
	}
	conn_enter(r->conn, t);
	RunResult rc = run_read(t, r, max_rows, out, err);
	if (rc == RUN_ERROR)
		run_close(t, r);
	return rc;
}

static Val keep(Arena *a, Val v)
{
	if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
		v.s.p = arena_strndup(a, v.s.p, v.s.n);
	return v;
}

RunResult run_values(SqliteTxn *t, CachedPlan *plan, Arena *a, Val **out, size_t *n, Error *err)
{
	SqliteRun r = { .plan = plan };
	RunResult rc = open_run(t, &r, err);
	if (rc == RUN_DONE) {
		*n = plan->plan->ncols;
		*out = arena_array(a, Val, *n);
		int st = step(t, &r, err);
		for (size_t i = 0; st == SQLITE_ROW && i < *n; i++)
			(*out)[i] = keep(a, db_column(r.stmt, (int)i));
		rc = st < 0 ? RUN_ERROR : RUN_DONE;
	}
	run_close(t, &r);
	return rc;
}
