/*
 * Rows of a query that are read some at a time, in both directions: SQL's cursors.
 *
 * The rows are those of the moment of cursor_open. Outside a transaction that writes, a cursor has a read connection of its own whose
 * snapshot lasts until everything was read; rows are read when they are asked for. They are kept only when they may be asked for again:
 * SCROLL was said, or the query's functions would give others the second time. Otherwise going back starts the query again, once, and keeps
 * them then. In a transaction that writes (or is REPEATABLE READ), all rows are read and kept at once, because the connection is needed for
 * other things.
 */
#ifndef US_BACKEND_SQLITE_CURSOR_H
#define US_BACKEND_SQLITE_CURSOR_H

#include "backend/sqlite.h"

typedef struct SqliteCursor SqliteCursor;

/* For a PLAN_DECLARE; the plan is referenced, the parameters are copied. */
SqliteCursor *cursor_new(CachedPlan *plan, const Val *params, size_t nparams);
/* Takes the snapshot. RUN_DONE, RUN_WANT_WRITER, RUN_STALE or RUN_ERROR. */
RunResult cursor_open(SqliteTxn *t, SqliteCursor *c, Error *err);
void cursor_free(SqliteCursor *c);
const Plan *cursor_plan(const SqliteCursor *c);

typedef struct CursorTake {
	bool forward;
	uint64_t left; /* rows still wanted; UINT64_MAX = all */
	uint64_t done; /* rows passed so far */
	Buf *out;      /* DataRow messages; NULL = the rows are only passed over */
	const uint8_t *formats;
	size_t nformats;
} CursorTake;

/* Moves over up to `left` rows. RUN_DONE, RUN_FULL (call again) or RUN_ERROR; 55000 when a cursor that only goes forward shall go back. */
RunResult cursor_take(SqliteTxn *t, SqliteCursor *c, CursorTake *take, Error *err);
/* Before the first row again. */
int cursor_rewind(SqliteTxn *t, SqliteCursor *c, Error *err);
/* 0 before the first row, otherwise the number of the current row, or one more than there are. */
uint64_t cursor_position(const SqliteCursor *c);
bool cursor_on_row(const SqliteCursor *c);
/* The row number of the table in the current row; false when the query does not give it, once or at all. */
bool cursor_row_of(const SqliteCursor *c, uint32_t table, int64_t *rowid);
/* Reads everything that is left, so that the cursor needs no connection any more: WITH HOLD at the end of its transaction. */
int cursor_hold(SqliteTxn *t, SqliteCursor *c, Error *err);

/* --- cursors of programs --- */

/* All rows read and kept, inside the statement that runs; the plan is a PLAN_DECLARE. */
int cursor_fill(SqliteTxn *t, SqliteCursor *c, Error *err);
/* The values of the current row: as many as the plan has columns. In `a`. */
Val *cursor_values(const SqliteCursor *c, Arena *a);

/* The cursors of the session, for programs. */
typedef struct CursorHooks {
	SqliteCursor *(*find)(void *session, Str name);
	/* Takes it over; `name` is free. */
	void (*add)(void *session, Str name, SqliteCursor *rows, CachedPlan *plan);
	/* "<unnamed portal 1>" and so on; in `a`. */
	const char *(*new_name)(void *session, Arena *a);
	/* Moves, and says over how many rows. 34000. */
	int (*move)(void *session, Str name, const FetchPlan *f, uint64_t *done, Error *err);
	bool (*close)(void *session, Str name);
	/* What a block has opened goes with it when it is rolled back. */
	uint64_t (*mark)(void *session);
	void (*drop_since)(void *session, uint64_t mark);
} CursorHooks;

#endif
