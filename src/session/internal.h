/* Inside the session room: what its files know of each other. */
#ifndef US_SESSION_INTERNAL_H
#define US_SESSION_INTERNAL_H

#include "session/guc.h"
#include "session/session.h"

#include "catalog/sessionvars.h"

struct Prepared {
	CachedPlan *plan; /* NULL when it was adopted and not used yet */
	char *text;	  /* of an adopted one, and its types */
	size_t text_len;
	uint32_t *types;
	size_t ntypes;
	bool from_sql; /* PREPARE: EXECUTE's text argument types are not the protocol's concern */
	char *shown;   /* the PREPARE statement; NULL: the text of the plan */
	int64_t made_us;
	int64_t uses;
};

/* One statement under way: the part that simple queries and portals share. */
typedef struct Exec {
	CachedPlan *plan; /* referenced */
	SqliteRun run;
	bool describe; /* RowDescription before the rows (simple queries) */
	bool described;
	CachedPlan *inner; /* EXECUTE: the prepared statement's plan, referenced */
	Val *args;
	Arena *arena;	   /* for args and the like; made when needed */
	bool plain_groups; /* its groups did not fit their table */
	uint64_t sent;	   /* rows delivered before the client had to be waited for */
	bool several;	   /* one of the statements of a simple query that has more than one */
	/* FETCH and MOVE that have begun */
	bool fetching, forward;
	uint64_t fetch_left;
} Exec;

struct Portal {
	Portal *next;
	char *name;
	Exec exec;
	Val *params;
	uint8_t *formats;
	Arena *arena;
	bool done, running;
};

/* exec.c */
/* The statement will take long: others need not wait for it. ctx is the session. */
void exec_leave_loop(void *ctx);
/* Runs a plan as far as it goes; CommandComplete is written with RUN_DONE. RUN_STALE is dealt with inside. */
RunResult exec_run(Session *s, Exec *x, uint64_t max_rows, Error *err);
void exec_close(Session *s, Exec *x);
/* The plan's rows as the client will see them (EXECUTE, SHOW and EXPLAIN included), or NULL when there are none. */
const Plan *exec_describe(Session *s, const CachedPlan *p, Error *err);
/* Ends the message's transaction work after an error. */
void exec_failed(Session *s, const Error *err);
int exec_end_implicit(Session *s, Error *err);

/* cursor.c */
typedef struct Cursor Cursor;
RunResult cursor_declare(Session *s, Exec *x, Error *err);
RunResult cursor_fetch(Session *s, Exec *x, uint64_t max_rows, Error *err);
RunResult cursor_close(Session *s, const Plan *plan, Error *err);
bool cursor_exists(const Session *s, Str name);
bool cursor_drop(Session *s, Str name);
/* The query's rows, and the format of all columns as in WireBind; NULL and 34000 when there is no such cursor. */
const Plan *cursor_shape(const Session *s, Str name, const uint8_t **formats, Error *err);
void cursors_drop_all(Session *s);
/* Before a commit: what WITH HOLD keeps is read. */
int cursors_hold(Session *s, Error *err);
void cursors_end_transaction(Session *s, bool committed);
void cursors_rollback_to(Session *s, int level);
void cursors_release(Session *s, int level);
/* For SessionVars; arg is the session. */
int cursor_current_row(void *arg, const char *name, uint32_t table, const char *table_name, int64_t *rowid, Error *err);
bool cursors_list(void *arg, size_t i, CursorRow *out);
extern const struct CursorHooks cursor_hooks; /* for programs */

/* advisory.c: for SessionVars; arg is the session */
int advisory_call(void *arg, LockOp op, const LockRequest *r, bool *result, Error *err);
const LockRow *advisory_list(void *arg, Arena *a, size_t *n);

/* activity.c */
void activity_begin(Session *s, Str text);
void activity_end(Session *s);
void activity_set_application(Session *s, const char *name);
/* For SessionVars; arg is the session. */
const ActivityRow *activity_list(void *arg, Arena *a, size_t *n);
bool activity_signal(void *arg, int32_t pid, bool terminate);
/* database.c */
RunResult database_statement(Session *s, const Exec *x, Error *err);
/* Runs a session that is parked for RUN_WANT_OTHERS_GONE again soon; the caller lets go of it. */
void database_look_again(Session *s);
/* For SessionVars; arg is the session. */
const DatabaseRow *database_list(void *arg, Arena *a, size_t *n);

/* notify.c */
RunResult notify_statement(Session *s, const Plan *plan, Error *err);
void notify_unlisten(Session *s, const char *channel); /* NULL = all */
void notify_end_transaction(Session *s, bool committed);
void notify_rollback_to(Session *s, int level);
/* What others have sent, into s->out, unless a transaction is open. */
void notify_deliver(Session *s);
/* The session rests until its client says more (leading thread), or no longer does. */
void notify_rest(Session *s);
void notify_wake(Session *s);
void notify_free(Session *s);
int notify_add(void *arg, const char *channel, const char *payload, Error *err);
const char *notify_listening(void *arg, size_t i);

/* spool.c */
/* The session waits for its client to read, with a statement under way (leading thread). */
void spool_watch(Session *s);
/* True while output goes to the file. */
bool spool_filling(const Session *s);
/* Moves s->out into the file; the statement ends there. */
int spool_take(Session *s);
/* Brings what comes next from the file into the empty s->out. */
int spool_give(Session *s);
void spool_free(Session *s);

/* session.c */
/* Brings a text of the message at hand from the client's encoding into UTF-8. */
int session_read_text(Session *s, Str *text, Error *err);
/* An ErrorResponse in the client's encoding; nothing else happens. */
void session_put_error(Session *s, const Error *err, const char *severity);
/* ReadyForQuery, behind the notifications that have come. */
void session_ready(Session *s);

/* settings.c */
int settings_open(Session *s, Error *err);
SqlEnv settings_env(Session *s);
void settings_programs(Session *s); /* what programs want of the session, once the transaction is set up */
/* `several`: it is one of the statements of a simple query that has more. */
RunResult settings_set(Session *s, const Plan *plan, bool several, const char **tag, Error *err);
RunResult settings_show(Session *s, const Plan *plan, bool describe, Error *err);
const Plan *settings_show_plan(Session *s, const Plan *plan, Arena *a, Error *err);

/* prepared.c */
Prepared *prepared_find(Session *s, Str name, Error *err);
/* Its plan, valid now; referenced by the Prepared. NULL on error. */
CachedPlan *prepared_plan(Session *s, Prepared *p, Error *err);
/* `from_sql`: the PREPARE statement, with p = NULL for the protocol's. */
int prepared_add(Session *s, Str name, CachedPlan *plan, Str from_sql, Error *err);
/* SessionVars.list_prepared. */
const PreparedRow *prepared_list(void *session, Arena *a, size_t *n);
void prepared_drop(Session *s, Str name);
void prepared_drop_all(Session *s);

/* simple.c, extended.c, copy.c */
bool simple_query(Session *s, Str text);
void simple_abandon(Session *s);
bool extended_message(Session *s, const WireFrame *f);
void portals_close_all(Session *s);
bool portal_exists(Session *s, Str name);
void portal_close(Session *s, Portal *p);
RunResult copy_start(Session *s, Exec *x, Error *err);
bool copy_message(Session *s, const WireFrame *f);
void copy_abandon(Session *s);

/* startup.c */
/* Bytes taken from the front of what has come; 0 = more is needed. */
size_t startup_bytes(Session *s, const uint8_t *p, size_t n);

/* session.c */
void session_on_io(Io *io, uint32_t events);

/* server.c */
void server_register(Session *s);
void server_unregister(Session *s);
void server_cancel(Server *sv, uint32_t pid, uint32_t key);

#endif
