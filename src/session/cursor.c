/* SQL's cursors of a session: DECLARE, FETCH, MOVE, CLOSE. How far a FETCH goes is PostgreSQL's DoPortalRunFetch. */
#include "session/internal.h"

#include "backend/sqlite_cursor.h"
#include "base/clock.h"

#include <assert.h>

struct Cursor {
	Cursor *next;
	char *name;
	SqliteCursor *rows;
	CachedPlan *plan;
	int64_t made_us;
	int level; /* savepoints open when it was declared */
	uint64_t number;
	bool held; /* its transaction is over */
};

static Cursor *find(const Session *s, Str name)
{
	Cursor *c = s->cursors;
	while (c && !str_is(name, c->name))
		c = c->next;
	return c;
}

static int no_cursor(Str name, Error *err)
{
	return err_set(err, "34000", "cursor \"%.*s\" does not exist", STR_ARG(name));
}

static void drop(Session *s, Cursor *c)
{
	Cursor **at = &s->cursors;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	cursor_free(c->rows);
	plan_unref(c->plan);
	free(c->name);
	free(c);
}

bool cursor_exists(const Session *s, Str name)
{
	return find(s, name) != NULL;
}

bool cursor_drop(Session *s, Str name)
{
	Cursor *c = find(s, name);
	if (c)
		drop(s, c);
	return c != NULL;
}

void cursors_drop_all(Session *s)
{
	while (s->cursors)
		drop(s, s->cursors);
}

static const uint8_t *cursor_formats(const Plan *plan)
{
	static const uint8_t text[] = { 0, 0 }, binary[] = { 0, 1 };
	return plan->cursor->binary ? binary : text;
}

const Plan *cursor_shape(const Session *s, Str name, const uint8_t **formats, Error *err)
{
	const Cursor *c = find(s, name);
	if (!c) {
		no_cursor(name, err);
		return NULL;
	}
	*formats = cursor_formats(c->plan->plan);
	return c->plan->plan;
}

static void add(void *session, Str name, SqliteCursor *rows, CachedPlan *plan)
{
	Session *s = session;
	Cursor *c = mem_alloc(sizeof *c);
	*c = (Cursor){ .next = s->cursors,
		       .name = mem_strndup(name.p, name.n),
		       .rows = rows,
		       .plan = plan_ref(plan),
		       .made_us = s->types.stmt_start_us,
		       .level = s->txn.nsavepoints,
		       .number = ++s->ncursors };
	s->cursors = c;
}

/* --- DECLARE and CLOSE --- */

static int check_declare(Session *s, const Exec *x, const Plan *plan, Error *err)
{
	if (!*plan->name)
		return err_set(err, "42P11", "invalid cursor name: must not be empty");
	if (s->txn.implicit && !plan->cursor->hold && !x->several)
		return err_set(err, "25P01", "DECLARE CURSOR can only be used in transaction blocks");
	if (find(s, str_of(plan->name)) || portal_exists(s, str_of(plan->name)))
		return err_set(err, "42P03", "cursor \"%s\" already exists", plan->name);
	return 0;
}

RunResult cursor_declare(Session *s, Exec *x, Error *err)
{
	const Plan *plan = x->plan->plan;
	if (check_declare(s, x, plan, err) != 0)
		return RUN_ERROR;
	SqliteCursor *rows = cursor_new(x->plan, x->run.params, x->run.nparams);
	RunResult rc = cursor_open(&s->txn, rows, err);
	if (rc != RUN_DONE) {
		cursor_free(rows);
		return rc;
	}
	add(s, str_of(plan->name), rows, x->plan);
	wire_put_command_complete(&s->out, plan->tag);
	return RUN_DONE;
}

RunResult cursor_close(Session *s, const Plan *plan, Error *err)
{
	if (!plan->name)
		cursors_drop_all(s);
	else if (!cursor_drop(s, str_of(plan->name)) && no_cursor(str_of(plan->name), err) != 0)
		return RUN_ERROR;
	wire_put_command_complete(&s->out, plan->tag);
	return RUN_DONE;
}

/* --- FETCH and MOVE --- */

static int skip(Session *s, Cursor *c, bool forward, uint64_t n, uint64_t *done, Error *err)
{
	CursorTake take = { .forward = forward, .left = n };
	if (cursor_take(&s->txn, c->rows, &take, err) != RUN_DONE)
		return -1;
	if (done)
		*done = take.done;
	return 0;
}

/* The rows that are left to give, after what lies before them was passed over. */
typedef struct Way {
	bool forward;
	uint64_t n;
} Way;

static int absolute_way(Session *s, Cursor *c, int64_t n, Way *way, Error *err)
{
	uint64_t pos = cursor_position(c->rows);
	if (n == 0) {
		*way = (Way){ true, 0 };
		return cursor_rewind(&s->txn, c->rows, err);
	}
	if (n < 0) {
		*way = (Way){ false, 1 };
		if (skip(s, c, true, UINT64_MAX, NULL, err) != 0)
			return -1;
		return n < -1 ? skip(s, c, false, (uint64_t) - (n + 1), NULL, err) : 0;
	}
	*way = (Way){ true, 1 };
	uint64_t before = (uint64_t)n - 1;
	if (pos > before && cursor_rewind(&s->txn, c->rows, err) != 0)
		return -1;
	pos = cursor_position(c->rows);
	return before > pos ? skip(s, c, true, before - pos, NULL, err) : 0;
}

static int relative_way(Session *s, Cursor *c, int64_t n, Way *way, Error *err)
{
	*way = (Way){ n > 0, 1 };
	if (n > 1)
		return skip(s, c, true, (uint64_t)n - 1, NULL, err);
	return n < -1 ? skip(s, c, false, (uint64_t) - (n + 1), NULL, err) : 0;
}

/* The current row once more: one back, then forward. */
static int same_row(Session *s, Cursor *c, bool move, Way *way, Error *err)
{
	bool on_row = cursor_on_row(c->rows);
	*way = (Way){ true, on_row };
	return on_row && !move ? skip(s, c, false, 1, NULL, err) : 0;
}

static uint64_t row_count(int64_t n)
{
	return n == INT64_MAX ? UINT64_MAX : (uint64_t)n;
}

static int find_way(Session *s, Cursor *c, const FetchPlan *f, Way *way, Error *err)
{
	bool forward = f->direction == 'f';
	int64_t n = f->count;
	switch (f->direction) {
	case 'a':
		return absolute_way(s, c, n, way, err);
	case 'r':
		if (n == 0)
			return same_row(s, c, f->move, way, err);
		return relative_way(s, c, n, way, err);
	default:
		if (n == 0)
			return same_row(s, c, f->move, way, err);
		if (n < 0) {
			forward = !forward;
			n = n == INT64_MIN ? INT64_MAX : -n;
		}
		*way = (Way){ forward, row_count(n) };
		return 0;
	}
}

static bool stays(const FetchPlan *f)
{
	return f->count == 0 && f->direction != 'a';
}

static RunResult begin_fetch(Session *s, Exec *x, Cursor *c, const FetchPlan *f, Error *err)
{
	Way way;
	if (x->describe && !x->described && !f->move &&
	    run_describe(&s->txn, c->plan->plan, cursor_formats(c->plan->plan), 1, &s->out, err) != 0)
		return RUN_ERROR;
	x->described = true;
	if (find_way(s, c, f, &way, err) != 0)
		return RUN_ERROR;
	x->fetching = true;
	x->forward = way.forward;
	x->fetch_left = way.n;
	x->run.rows = 0;
	/* MOVE 0 only says whether there is a current row. */
	if (f->move && stays(f)) {
		x->run.rows = way.n;
		x->fetch_left = 0;
	}
	return RUN_DONE;
}

RunResult cursor_fetch(Session *s, Exec *x, uint64_t max_rows, Error *err)
{
	const Plan *plan = x->plan->plan;
	const FetchPlan *f = plan->fetch;
	Cursor *c = find(s, str_of(plan->name));
	if (!c && portal_exists(s, str_of(plan->name))) {
		err_refuse(err, 0, "%s from a portal of the extended protocol is not supported on SQLite", plan->tag);
		return RUN_ERROR;
	}
	if (!c) {
		no_cursor(str_of(plan->name), err);
		return RUN_ERROR;
	}
	if (!x->fetching && begin_fetch(s, x, c, f, err) != RUN_DONE)
		return RUN_ERROR;
	bool own_formats = !x->describe && x->run.nformats;
	uint64_t limit = max_rows ? max_rows - x->sent : UINT64_MAX;
	CursorTake take = { .forward = x->forward,
			    .left = x->fetch_left < limit ? x->fetch_left : limit,
			    .out = f->move ? NULL : &s->out,
			    .formats = own_formats ? x->run.formats : cursor_formats(c->plan->plan),
			    .nformats = own_formats ? x->run.nformats : 1 };
	RunResult rc = take.left ? cursor_take(&s->txn, c->rows, &take, err) : RUN_DONE;
	if (rc == RUN_ERROR)
		return rc;
	x->run.rows += take.done;
	x->fetch_left -= x->fetch_left == UINT64_MAX ? 0 : take.done;
	x->sent += take.done;
	if (rc == RUN_FULL)
		return rc;
	if (max_rows && x->sent == max_rows && x->fetch_left) {
		x->sent = 0;
		return RUN_SUSPENDED;
	}
	x->sent = 0;
	wire_put_command_rows(&s->out, plan->tag, x->run.rows);
	return RUN_DONE;
}

/* --- for programs --- */

static SqliteCursor *hook_find(void *session, Str name)
{
	const Cursor *c = find(session, name);
	return c ? c->rows : NULL;
}

static const char *hook_new_name(void *session, Arena *a)
{
	Session *s = session;
	const char *name;
	do
		name = arena_printf(a, "<unnamed portal %u>", ++s->unnamed_cursors);
	while (find(s, str_of(name)));
	return name;
}

static int hook_move(void *session, Str name, const FetchPlan *f, uint64_t *done, Error *err)
{
	Session *s = session;
	Cursor *c = find(s, name);
	Way way;
	*done = 0;
	if (!c)
		return no_cursor(name, err);
	if (find_way(s, c, f, &way, err) != 0)
		return -1;
	return way.n ? skip(s, c, way.forward, way.n, done, err) : 0;
}

static bool hook_close(void *session, Str name)
{
	return cursor_drop(session, name);
}

static uint64_t hook_mark(void *session)
{
	return ((const Session *)session)->ncursors;
}

static void hook_drop_since(void *session, uint64_t mark)
{
	Session *s = session;
	for (Cursor *c = s->cursors, *next; c; c = next) {
		next = c->next;
		if (c->number > mark)
			drop(s, c);
	}
}

const CursorHooks cursor_hooks = { hook_find, add, hook_new_name, hook_move, hook_close, hook_mark, hook_drop_since };

/* --- ends of transactions --- */

int cursors_hold(Session *s, Error *err)
{
	for (Cursor *c = s->cursors; c; c = c->next)
		if (c->plan->plan->cursor->hold && !c->held && cursor_hold(&s->txn, c->rows, err) != 0)
			return -1;
	return 0;
}

void cursors_end_transaction(Session *s, bool committed)
{
	for (Cursor *c = s->cursors, *next; c; c = next) {
		next = c->next;
		if (committed && c->plan->plan->cursor->hold)
			c->held = true;
		else if (!c->held)
			drop(s, c);
	}
}

void cursors_rollback_to(Session *s, int level)
{
	for (Cursor *c = s->cursors, *next; c; c = next) {
		next = c->next;
		if (!c->held && c->level >= level)
			drop(s, c);
	}
}

void cursors_release(Session *s, int level)
{
	for (Cursor *c = s->cursors; c; c = c->next)
		if (!c->held && c->level > level)
			c->level = level;
}

/* --- for SQL functions --- */

int cursor_current_row(void *arg, const char *name, uint32_t table, const char *table_name, int64_t *rowid, Error *err)
{
	Session *s = arg;
	const Cursor *c = find(s, str_of(name));
	if (!c)
		return no_cursor(str_of(name), err);
	if (c->held)
		return err_set(err, "24000", "cursor \"%s\" is held from a previous transaction", name);
	if (!cursor_row_of(c->rows, table, rowid)) {
		if (c->plan->plan->cursor->locks)
			return err_set(err, "24000", "cursor \"%s\" does not have a FOR UPDATE/SHARE reference to table \"%s\"", name,
				       table_name);
		return err_set(err, "24000", "cursor \"%s\" is not a simply updatable scan of table \"%s\"", name, table_name);
	}
	if (!cursor_on_row(c->rows))
		return err_set(err, "24000", "cursor \"%s\" is not positioned on a row", name);
	return 0;
}

bool cursors_list(void *arg, size_t i, CursorRow *out)
{
	Session *s = arg;
	for (const Cursor *c = s->cursors; c; c = c->next) {
		const CursorPlan *p = c->plan->plan->cursor;
		*out = (CursorRow){ .name = c->name,
				    .statement = c->plan->text,
				    .holdable = p->hold,
				    .binary = p->binary,
				    .scrollable = p->scroll,
				    .made_us = c->made_us };
		if (i-- == 0)
			return true;
	}
	/* The portals of the protocol are shown among them. */
	for (const Portal *p = s->portals; p; p = p->next) {
		*out = (CursorRow){ .name = p->name, .statement = p->exec.plan->text, .made_us = s->types.stmt_start_us };
		if (i-- == 0)
			return true;
	}
	return false;
}
