/* EXPLAIN: runs the statement when ANALYZE says so, and asks SQLite how it would. */
#include "backend/explain_tree.h"
#include "backend/sqlite_internal.h"
#include "base/clock.h"
#include "wire/proto.h"

/* ANALYZE. The rows go nowhere; what a script says goes to the client. */
static RunResult run_explained(SqliteTxn *t, SqliteRun *r, ExplainTimes *times, Buf *out, Error *err)
{
	const ExplainPlan *x = r->plan->plan->explain;
	CachedPlan statement = *r->plan;
	statement.plan = x->run;
	SqliteRun q = { .plan = &statement, .params = r->params, .nparams = r->nparams };
	bool script = x->run->kind == PLAN_SCRIPT || x->run->kind == PLAN_NOTHING;
	Buf rows = { 0 };
	int64_t start = clock_mono_us(), first = 0;
	RunResult rc;
	do {
		buf_clear(&rows);
		rc = run_execute(t, &q, 0, script ? out : &rows, err);
		first = first ? first : clock_mono_us();
	} while (rc == RUN_FULL);
	times->first_ms = (double)(first - start) / 1000;
	times->total_ms = (double)(clock_mono_us() - start) / 1000;
	times->rows = x->change && !x->run->returns_rows ? 0 : q.rows;
	run_close(t, &q);
	buf_free(&rows);
	return rc;
}

typedef struct Lines {
	EqpLine *items;
	size_t n, cap;
	int part, base; /* of the statement: the one at hand, and what is added to its numbers */
} Lines;

static void add_line(Lines *l, sqlite3_stmt *st, Arena *a)
{
	if (l->n == l->cap) {
		size_t cap = l->cap * 2 + 16;
		EqpLine *more = arena_array(a, EqpLine, cap);
		if (l->n)
			memcpy(more, l->items, l->n * sizeof *more);
		l->items = more;
		l->cap = cap;
	}
	int id = sqlite3_column_int(st, 0), parent = sqlite3_column_int(st, 1);
	const char *text = (const char *)sqlite3_column_text(st, 3);
	l->items[l->n++] = (EqpLine){ l->base + id, parent ? l->base + parent : -l->part, arena_strdup(a, text ? text : "") };
}

/* How many rows a table has is guessed from its largest row number, which SQLite finds at once. */
static int count_rows(Db *db, ExplainPlan *x, Arena *a, Error *err)
{
	for (size_t i = 0; i < x->nnames; i++) {
		sqlite3_stmt *st;
		if (!x->names[i].rel)
			continue;
		char *sql = sqlite3_mprintf("SELECT max(rowid) FROM \"%w\"", x->names[i].rel->sqlite_name);
		const char *text = arena_strdup(a, sql);
		sqlite3_free(sql);
		if (db_prepare(db, str_of(text), &st, err) != 0)
			return -1;
		if (sqlite3_step(st) == SQLITE_ROW)
			x->names[i].rows = sqlite3_column_int64(st, 0);
		db_done(db, st);
	}
	return 0;
}

/* SQLite compiles EXPLAIN by the schema that the connection has read last and never looks whether it has changed since: the statement
 * is compiled anew each time, after one that does look. */
static int explain_part(Db *db, const char *sql, Lines *l, Arena *a, Error *err)
{
	sqlite3_stmt *st;
	const char *text = arena_printf(a, "EXPLAIN QUERY PLAN %s", sql);
	if (db_prepare_once(db, str_of(text), &st, err) != 0)
		return -1;
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		add_line(l, st, a);
	sqlite3_finalize(st);
	l->base += 1 << 16;
	l->part++;
	return rc == SQLITE_DONE ? 0 : db_error(db, rc, err);
}

static int read_plan(Db *db, const Plan *shown, Lines *l, Arena *a, Error *err)
{
	if (db_exec(db, "SELECT 1 FROM sqlite_schema LIMIT 1", err) != 0)
		return -1;
	for (size_t i = 0; i < shown->nsteps; i++) {
		const PlanStep *s = &shown->steps[i];
		bool reads = s->kind == STEP_SQL || s->kind == STEP_ROWS || s->kind == STEP_STORE || s->kind == STEP_LOOP;
		if (reads && s->sql && explain_part(db, s->sql, l, a, err) != 0)
			return -1;
	}
	return shown->sql ? explain_part(db, shown->sql, l, a, err) : 0;
}

static int describe(Db *db, const ExplainPlan *plan, ExplainTimes *times, Buf *out, Error *err)
{
	Arena *a = arena_new();
	ExplainPlan x = *plan;
	Lines l = { 0 };
	PlanNode *top = NULL;
	int64_t start = clock_mono_us();
	x.names = arena_array(a, ExplainName, plan->nnames + 1);
	for (size_t i = 0; i < plan->nnames; i++)
		x.names[i] = plan->names[i];
	if (plan->target)
		x.target = x.names + (plan->target - plan->names);
	int rc = x.shown ? read_plan(db, x.shown, &l, a, err) : 0;
	times->planning_ms = (double)(clock_mono_us() - start) / 1000;
	if (rc == 0)
		rc = count_rows(db, &x, a, err);
	if (rc == 0 && x.shown)
		top = explain_tree(&x, l.items, l.n, l.part, a);
	if (rc == 0)
		explain_print(&x, top, times, out);
	arena_free(a);
	return rc;
}

/* On the connection given, whose user the transaction is. */
int explain_text(DbConn *c, const ExplainPlan *x, ExplainTimes *times, Buf *out, Error *err)
{
	return describe(c->db, x, times, out, err);
}

static void put_row(Buf *rows, Str text)
{
	size_t at = wire_data_row_begin(rows, 1);
	wire_put_value(rows, text.p, text.n);
	wire_end(rows, at);
}

/* Text is a row per line, the other formats one row. */
static void put_rows(const ExplainPlan *x, Str text, Buf *rows)
{
	while (x->format == EXPLAIN_TEXT) {
		const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
		size_t n = end ? (size_t)(end - text.p) : text.n;
		put_row(rows, (Str){ text.p, n });
		if (!end)
			return;
		text.p += n + 1;
		text.n -= n + 1;
	}
	put_row(rows, text);
}

RunResult explain_execute(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	const ExplainPlan *x = r->plan->plan->explain;
	ExplainTimes times = { 0 };
	Buf text = { 0 };
	DbConn *c;
	bool own;
	RunResult rc = x->analyze ? run_explained(t, r, &times, out, err) : RUN_DONE;
	if (rc != RUN_DONE)
		return rc;
	if (txn_read_conn(t, &c, &own, err) != 0)
		return RUN_ERROR;
	conn_enter(c, t);
	rc = explain_text(c, x, &times, &text, err) == 0 ? RUN_DONE : RUN_ERROR;
	conn_leave(c);
	if (own)
		conn_give_back(c);
	if (rc == RUN_DONE)
		put_rows(x, buf_str(&text), &r->stored);
	buf_free(&text);
	r->open = r->finished = r->use_stored = rc == RUN_DONE;
	return rc;
}
