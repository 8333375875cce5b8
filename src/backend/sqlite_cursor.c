#include "backend/sqlite_cursor.h"

#include "backend/sqlite_internal.h"
#include "sqlite/row_store.h"

struct SqliteCursor {
	CachedPlan *plan;
	Val *params;
	SqliteRun run; /* its parameters, connection and statement */
	Arena *arena;
	bool keep, exhausted; /* exhausted: the query has given its last row */
	uint64_t pos;
	uint64_t pulled; /* rows that the query has given */
	uint64_t first;	 /* rows before the first that is kept */
	Buf rows;	 /* kept rows one after the other; when none are kept, the current one */
	uint64_t *at;	 /* where each kept row begins */
	size_t nrows, at_cap;
};

static size_t width(const SqliteCursor *c)
{
	return c->plan->plan->ncols + c->plan->plan->cursor->ntables;
}

static Val copy_value(Arena *a, Val v)
{
	if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
		v.s.p = arena_strndup(a, v.s.p, v.s.n);
	return v;
}

SqliteCursor *cursor_new(CachedPlan *plan, const Val *params, size_t nparams)
{
	SqliteCursor *c = mem_alloc(sizeof *c);
	c->arena = arena_new();
	c->plan = plan_ref(plan);
	c->params = arena_array(c->arena, Val, nparams + 1);
	for (size_t i = 0; i < nparams; i++)
		c->params[i] = copy_value(c->arena, params[i]);
	c->run = (SqliteRun){ .plan = c->plan, .params = c->params, .nparams = nparams };
	c->keep = plan->plan->cursor->keep || plan->plan->volatile_fn || plan->plan->nsteps;
	return c;
}

static void finish_query(SqliteCursor *c)
{
	SqliteRun *r = &c->run;
	if (r->stmt)
		db_done(r->conn->db, r->stmt);
	r->stmt = NULL;
	if (!r->conn)
		return;
	if (c->plan->plan->nsteps)
		row_store_clear(&r->conn->db->env);
	conn_leave(r->conn);
	if (r->own_conn) {
		db_exec(r->conn->db, "ROLLBACK", NULL);
		conn_give_back(r->conn);
	}
	r->conn = NULL;
}

void cursor_free(SqliteCursor *c)
{
	finish_query(c);
	plan_unref(c->plan);
	buf_free(&c->rows);
	free(c->at);
	arena_free(c->arena);
	free(c);
}

const Plan *cursor_plan(const SqliteCursor *c)
{
	return c->plan->plan;
}

/* --- rows as bytes --- */

static void put_row(Buf *out, sqlite3_stmt *stmt, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		Val v = db_column(stmt, (int)i);
		buf_put_u8(out, (uint8_t)v.kind);
		if (v.kind == VAL_INT || v.kind == VAL_REAL)
			buf_put(out, &v.i, sizeof v.i);
		else if (v.kind != VAL_NULL)
			buf_put(out, &v.s.n, sizeof v.s.n);
		if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
			buf_put(out, v.s.p, v.s.n);
	}
}

static void get_row(const uint8_t *p, Val *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		Val *v = &row[i];
		v->kind = (ValKind)*p++;
		if (v->kind == VAL_INT || v->kind == VAL_REAL) {
			memcpy(&v->i, p, sizeof v->i);
			p += sizeof v->i;
		} else if (v->kind != VAL_NULL) {
			memcpy(&v->s.n, p, sizeof v->s.n);
			p += sizeof v->s.n;
			v->s.p = (const char *)p;
			p += v->s.n;
		}
	}
}

/* The row at `pos`, which is kept or the current one. */
static const uint8_t *row_at(const SqliteCursor *c, uint64_t pos)
{
	return c->keep ? c->rows.data + c->at[pos - c->first - 1] : c->rows.data;
}

/* --- the query --- */

static RunResult take_connection(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	SqliteRun *r = &c->run;
	const Plan *plan = c->plan->plan;
	if (plan->writes) {
		RunResult rc = txn_need_writer_for(t, plan, "SELECT FOR UPDATE", err);
		if (rc != RUN_DONE)
			return rc;
	}
	unsigned seq = atomic_load(&t->db->ddl_seq);
	r->own_conn = !t->conn && (!t->repeatable || t->implicit);
	bool ignored;
	int rc = r->own_conn ? conn_checkout(t->db, &r->conn, err) : txn_read_conn(t, &r->conn, &ignored, err);
	if (rc == 0 && r->own_conn)
		rc = db_exec(r->conn->db, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", err);
	if (rc != 0)
		return RUN_ERROR;
	return run_is_stale(t, c->plan, r->own_conn, seq) || c->plan->cat != t->cat ? RUN_STALE : RUN_DONE;
}

static int begin_query(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	SqliteRun *r = &c->run;
	conn_enter(r->conn, t);
	if (c->plan->plan->nsteps && steps_run(t, r, err) != 0)
		return -1;
	if (db_prepare(r->conn->db, str_of(c->plan->plan->sql), &r->stmt, err) != 0)
		return -1;
	return run_bind(r->conn, t, r, r->stmt, err);
}

/* The next row of the query: 1, 0 at the end, or -1. */
static int pull(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	SqliteRun *r = &c->run;
	if (c->exhausted)
		return 0;
	if (!r->stmt && begin_query(t, c, err) != 0)
		return -1;
	conn_enter(r->conn, t);
	int rc = sqlite3_step(r->stmt);
	if (rc == SQLITE_DONE) {
		c->exhausted = true;
		/* One that may still go back begins again from the same snapshot. */
		if (c->keep || !c->plan->plan->cursor->scroll)
			finish_query(c);
		else
			sqlite3_reset(r->stmt);
		return 0;
	}
	if (rc != SQLITE_ROW)
		return conn_error(r->conn, t, rc, 0, err);
	c->pulled++;
	if (c->keep) {
		c->at = mem_grow(c->at, &c->at_cap, c->nrows + 1, sizeof *c->at);
		c->at[c->nrows++] = c->rows.len;
	} else {
		buf_clear(&c->rows);
	}
	put_row(&c->rows, r->stmt, width(c));
	conn_leave(r->conn);
	return 1;
}

static int keep_rest(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	int rc;
	while ((rc = pull(t, c, err)) > 0)
		;
	return rc;
}

/* From here on rows are kept: those passed already come once more. */
static int keep_from_start(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	if (c->keep)
		return 0;
	uint64_t had = c->pulled;
	bool was_exhausted = c->exhausted;
	c->keep = true;
	c->exhausted = false;
	c->pulled = 0;
	buf_clear(&c->rows);
	if (c->run.stmt)
		sqlite3_reset(c->run.stmt);
	while (c->pulled < had) {
		int rc = pull(t, c, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
	}
	return was_exhausted ? keep_rest(t, c, err) : 0;
}

RunResult cursor_open(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	RunResult rc = take_connection(t, c, err);
	if (rc == RUN_DONE && (!c->run.own_conn || c->plan->plan->nsteps)) {
		c->keep = true;
		rc = keep_rest(t, c, err) < 0 ? RUN_ERROR : RUN_DONE;
	}
	if (rc != RUN_DONE)
		finish_query(c);
	return rc;
}

static int keep_row(void *ctx, sqlite3_stmt *st, Error *err)
{
	SqliteCursor *c = ctx;
	c->at = mem_grow(c->at, &c->at_cap, c->nrows + 1, sizeof *c->at);
	c->at[c->nrows++] = c->rows.len;
	c->pulled++;
	put_row(&c->rows, st, width(c));
	return 0;
}

int cursor_fill(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	Plan query = *c->plan->plan;
	CachedPlan around = { .cat = c->plan->cat, .plan = &query };
	query.kind = PLAN_QUERY;
	query.returns_rows = true;
	_cleanup_(arena_freep) Arena *a = arena_new();
	c->keep = c->exhausted = true;
	return nested_execute(t, &around, c->params, c->run.nparams, a, keep_row, c, NULL, err);
}

Val *cursor_values(const SqliteCursor *c, Arena *a)
{
	Val *row = arena_array(a, Val, width(c) + 1);
	get_row(row_at(c, c->pos), row, width(c));
	for (size_t i = 0; i < width(c); i++)
		row[i] = copy_value(a, row[i]);
	return row;
}

/* --- moving --- */

static int only_forward(Error *err)
{
	err_set(err, "55000", "cursor can only scan forward");
	return err_hint(err, "Declare it with SCROLL option to enable backward scan.");
}

uint64_t cursor_position(const SqliteCursor *c)
{
	return c->pos;
}

bool cursor_on_row(const SqliteCursor *c)
{
	return c->pos > 0 && c->pos <= c->pulled;
}

static int put_current(SqliteTxn *t, const SqliteCursor *c, CursorTake *take, Error *err)
{
	Arena *a = t->scratch;
	Val *row = arena_array(a, Val, width(c));
	get_row(row_at(c, c->pos), row, width(c));
	int rc = row_encode_values(t, row, c->plan->plan, take->formats, take->nformats, take->out, err);
	if (arena_size(a) > 64 * 1024)
		arena_reset(a);
	return rc;
}

/* One row on: 1, 0 when there is none, or -1. */
static int step_forward(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	if (c->pos > c->pulled)
		return 0;
	if (c->pos == c->pulled) {
		int rc = pull(t, c, err);
		if (rc < 0)
			return -1;
		c->pos++;
		return rc;
	}
	c->pos++;
	return 1;
}

static int step_back(SqliteCursor *c)
{
	if (c->pos == 0)
		return 0;
	c->pos--;
	return c->pos > 0;
}

RunResult cursor_take(SqliteTxn *t, SqliteCursor *c, CursorTake *take, Error *err)
{
	if (!take->forward && !c->plan->plan->cursor->scroll) {
		only_forward(err);
		return RUN_ERROR;
	}
	if (!take->forward && keep_from_start(t, c, err) < 0)
		return RUN_ERROR;
	while (take->left > 0) {
		if (take->out && take->out->len >= RUN_OUT_HIGH)
			return RUN_FULL;
		int rc = take->forward ? step_forward(t, c, err) : step_back(c);
		if (rc > 0 && take->out)
			rc = put_current(t, c, take, err) < 0 ? -1 : 1;
		if (rc < 0)
			return RUN_ERROR;
		if (rc == 0)
			break;
		take->done++;
		take->left -= take->left != UINT64_MAX;
	}
	take->left = 0;
	return RUN_DONE;
}

int cursor_rewind(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	if (c->pos == 0)
		return 0;
	if (!c->plan->plan->cursor->scroll)
		return only_forward(err);
	if (keep_from_start(t, c, err) < 0)
		return -1;
	c->pos = 0;
	return 0;
}

bool cursor_row_of(const SqliteCursor *c, uint32_t table, int64_t *rowid)
{
	const CursorPlan *p = c->plan->plan->cursor;
	size_t found = 0, which = 0;
	for (size_t i = 0; i < p->ntables; i++) {
		found += p->tables[i] == table;
		which = p->tables[i] == table ? i : which;
	}
	if (found != 1)
		return false;
	if (!cursor_on_row(c))
		return true;
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val *row = arena_array(a, Val, width(c));
	get_row(row_at(c, c->pos), row, width(c));
	const Val *v = &row[c->plan->plan->ncols + which];
	*rowid = v->kind == VAL_INT ? v->i : INT64_MIN;
	return true;
}

int cursor_hold(SqliteTxn *t, SqliteCursor *c, Error *err)
{
	if (!c->keep && c->plan->plan->cursor->scroll && keep_from_start(t, c, err) < 0)
		return -1;
	if (!c->keep) {
		/* What was passed is never asked for again, but for the current row. */
		bool current = cursor_on_row(c);
		c->keep = true;
		c->first = c->pulled - current;
		if (current) {
			c->at = mem_grow(c->at, &c->at_cap, 1, sizeof *c->at);
			c->at[c->nrows++] = 0;
		} else {
			buf_clear(&c->rows);
		}
	}
	return keep_rest(t, c, err);
}
