/*
 * Running plans on SQLite: database files and their connections, transactions, executions, COPY.
 *
 * Three objects. A Database is one file, shared by all sessions. A SqliteTxn is one session's transaction state on it and lives as
 * long as the session. A SqliteRun is one execution of a plan (a portal).
 *
 * Nothing here blocks on another session. What must wait says so (RUN_WANT_WRITER, a sync ticket); the session then parks itself
 * with database_wait_writer or database_wait_sync as the last thing it does, and is called on the leading thread when it may go on.
 */
#ifndef US_BACKEND_SQLITE_H
#define US_BACKEND_SQLITE_H

#include "base/list.h"
#include "catalog/catalog.h"
#include "catalog/sessionvars.h"
#include "net/loop.h"
#include "sql/plan.h"

#include <stdatomic.h>

struct SequenceStore; /* catalog/sequence.h */
struct SessionVars;   /* catalog/sessionvars.h */

typedef struct Database Database;
typedef struct DbConn DbConn; /* a Db and who uses it (backend/sqlite_database.h) */
typedef struct CachedPlan CachedPlan;
typedef struct SqliteTxn SqliteTxn;
typedef struct SqliteRun SqliteRun;

/* --- the data directory --- */

typedef struct DbSet DbSet;

/* Makes the functions of all rooms known to the connections of this process. dbset_open does it. */
void dbset_add_functions(void);
/* The directory must exist and be writable. `loop` receives grants and sync completions. */
int dbset_open(const char *dir, Loop *loop, DbSet **out, Error *err);
/* Saves sequences, syncs, checkpoints and closes every file. */
void dbset_close(DbSet *set);
/* The database, opened if necessary, made when `create` and its name is valid. 3D000 when it does not exist, XX001 with a hint when
 * its file is damaged. Lives until dbset_close. From any thread. */
Database *dbset_get(DbSet *set, const char *name, bool create, Error *err);
/* The same for a session, which keeps it from being dropped until database_leave; a transaction state that refers to it does so, too. */
Database *dbset_enter(DbSet *set, const char *name, bool create, Error *err);
void database_leave(Database *d);
/* CREATE, DROP and ALTER … RENAME. `own` is the caller's database. 55006 while others use the database at hand: try again. They work on
 * files and take their time. `template` NULL: an empty one. */
int dbset_create(DbSet *set, const char *name, const char *template, const Database *own, Error *err);
int dbset_drop(DbSet *set, const char *name, Error *err);
int dbset_rename(DbSet *set, const char *name, const char *to, Error *err);
/* All databases, from `a`. */
const DatabaseRow *dbset_list(DbSet *set, Arena *a, size_t *n);
/* The database of this name comes from a primary: no session may make its file. Once, before sessions. */
void dbset_reserve(DbSet *set, const char *name);
/* A name that may become a file: letters, digits, _ and - (not first), at most 63. */
bool database_name_valid(const char *name);

const char *database_name(const Database *d);
const char *database_path(const Database *d);
/* The catalog that new statements see; the caller gives it back with catalog_unref. */
Catalog *database_catalog(Database *d);
/* Loads the catalog again from the file: after somebody else (the follower) changed the file's structure. */
int database_reload(Database *d, Error *err);
struct SequenceStore *database_sequences(Database *d);

/* The journal's hold on write transactions. `level` counts savepoints from 1; rollback_to(level) undoes what was done after
 * savepoint(level). before_commit may write to the connection and may fail, which rolls the transaction back. */
typedef struct CommitHooks {
	void *ctx;
	bool refuse_ddl; /* 0A000: the journal holds rows, not structure */
	int (*begin)(void *ctx, Db *db, Error *err);
	void (*savepoint)(void *ctx, int level);
	void (*rollback_to)(void *ctx, int level);
	int (*before_commit)(void *ctx, Db *db, Error *err);
	void (*after_commit)(void *ctx, Db *db);
	void (*after_rollback)(void *ctx, Db *db);
} CommitHooks;
/* NULL removes them. Takes effect with the next write transaction. The struct must outlive its use. */
void database_set_hooks(Database *d, const CommitHooks *hooks);

/* The write connection for plain blocking threads (follower, replayer): waits its turn in the same queue. */
Db *database_borrow_writer(Database *d);
/* After the caller's own COMMIT or ROLLBACK. `wrote`: the WAL has to be synced; returns when it is. */
void database_return_writer(Database *d, bool wrote);

/* True when the WAL has become longer than it needs to be: somebody reads an old state of the file, so that it cannot start anew. */
bool database_wal_is_long(Database *d);

/* Pages in the WAL of a database; 0 when it is not open. From any thread. */
int dbset_wal_pages(DbSet *set, const char *name);

/* --- plans --- */

/* A parsed text with its plan. Immutable, shared by reference count. */
struct CachedPlan {
	atomic_int refs;
	uint64_t settings_key;
	Catalog *cat;	  /* what it was planned for; referenced */
	ParsedSql parsed; /* only while the plan needs it; an empty query has plan NULL */
	Str text;
	uint32_t *declared; /* parameter types the client gave */
	size_t ndeclared;
	Plan *plan;
	Arena *arena;
	uint64_t last_use;
};

CachedPlan *plan_ref(CachedPlan *p);
void plan_unref(CachedPlan *p);
/* The plan for a text that holds exactly one statement or none: from the cache, or made. 42601 when there are several.
 * `key` identifies the settings that planning depends on. */
CachedPlan *database_plan(SqliteTxn *t, Str text, const uint32_t *types, size_t ntypes, const SqlEnv *env, uint64_t key, Error *err);
/* The same, made anew and not kept: it depends on variables or wants something of its result. */
CachedPlan *database_plan_apart(SqliteTxn *t, Str text, const uint32_t *types, size_t ntypes, const SqlEnv *env, uint64_t key, Error *err);
/* A plan made from a parsed text by other means; `parsed` may go. */
CachedPlan *plan_adopt(SqliteTxn *t, uint64_t key);
/* The `which`th statement of a parsed string, not cached. Its own memory; the ParsedSql must outlive it. */
CachedPlan *database_plan_one(SqliteTxn *t, const ParsedSql *parsed, size_t which, const SqlEnv *env, uint64_t key, Error *err);
/* False when the catalog or the settings have changed since. */
bool plan_is_current(const SqliteTxn *t, const CachedPlan *p, uint64_t key);

/* --- transactions --- */

typedef struct LockHold LockHold;
typedef struct TxnSavepoint TxnSavepoint;
typedef struct SeqUndo SeqUndo;

typedef enum { READ_COMMITTED, READ_UNCOMMITTED, REPEATABLE_READ, SERIALIZABLE } IsolationLevel;
/* "read committed" and kin, and back; READ_COMMITTED for another word. */
const char *isolation_name(IsolationLevel level);
IsolationLevel isolation_named(const char *name);

struct SqliteTxn {
	Database *db;
	TypeEnv *types; /* the session's; xact_start_us and stmt_start_us are set here */
	struct SessionVars *vars;
	char status;   /* I T E, as ReadyForQuery reports it */
	bool implicit; /* a transaction block that the client did not ask for */
	bool read_only, repeatable;
	IsolationLevel isolation; /* as it was asked for; `repeatable` is what it means here */
	bool deferrable, queried; /* queried: the transaction has had its first query */
	bool default_read_only;	  /* settings, kept by the session */
	bool default_deferrable;
	IsolationLevel default_isolation;
	bool ddl;    /* `cat` is private to this transaction */
	bool broken; /* SQLite has rolled the transaction back by itself */
	bool wrote;
	bool keys_immediate;	  /* SET CONSTRAINTS ALL IMMEDIATE: no statement may leave a foreign key open */
	bool constraints_off;	  /* for the rest of a script */
	DbConn *conn;		  /* write connection, or the read connection of a repeatable transaction */
	bool writer;		  /* conn is the write connection, BEGIN IMMEDIATE done */
	Catalog *cat;		  /* referenced: what statements of this transaction see now */
	TxnSavepoint *savepoints; /* newest first */
	int nsavepoints;
	SeqUndo *restarted;	   /* sequences as they were before RESTART; newest first */
	uint64_t snapshot_commits; /* commits of the database when the repeatable snapshot was taken */
	uint64_t sync_ticket;	   /* 0, or what must be synced before an answer may leave */
	Arena *scratch;		   /* for one statement */
	Buf plan_key;		   /* of database_plan; kept for its memory */
	/* Programs: functions, triggers and DO (program/) */
	DbConn *active;		   /* the connection of the statement that runs; its programs use it, too */
	Buf notices;		   /* messages of programs, to be sent before what follows */
	struct Programs *programs; /* compiled ones; made when there is one */
	void *session;		   /* for the two below, which the session sets */
	void (*plan_env)(void *session, SqlEnv *env, uint64_t *key);
	/* A statement of a program that belongs to the session: SET and its kin. */
	int (*utility)(void *session, const Plan *plan, Error *err);
	const struct CursorHooks *cursors;
	/* Long statements */
	atomic_bool cancel;  /* set from any thread: 57014 */
	int64_t deadline_us; /* statement_timeout: monotonic; 0 = none */
	int64_t patience_us; /* monotonic: until when a statement with SKIP LOCKED waits for the write connection; 0 = it has not waited */
	bool rows_taken;     /* it has waited in vain, and runs without */
	int64_t run_since_us;
	void (*long_running)(void *ctx); /* called once per statement, after ~2 ms */
	void *long_ctx;
	bool long_told;
	/* Waiting */
	ListNode wait_node;
	List *wait_list;
	LoopTask wait_task;
	bool waiting;		  /* in wait_list */
	bool granted;		  /* the write connection is ours, BEGIN not yet done */
	int64_t lock_deadline_us; /* lock_timeout of the wait under way: monotonic; 0 = none */
	int64_t wait_since_us;
	char *deadlock; /* the wait would have closed a circle: the error's DETAIL */
	/* Advisory locks (sqlite_locks.h) */
	LockRequest lock_wanted;
	size_t nlocks; /* held */
};

void txn_init(SqliteTxn *t, Database *db, TypeEnv *types, struct SessionVars *vars);
/* Rolls back whatever is open. The session's end. */
void txn_close(SqliteTxn *t);
/* Takes the database's newest catalog into t->cat, unless this transaction has made its own. Before planning. */
void txn_refresh_catalog(SqliteTxn *t);
/* COMMIT, ROLLBACK, ROLLBACK TO: what a failed transaction still takes. */
bool plan_ends_transaction(const Plan *plan);
/* Called before each statement: starts an implicit transaction when there is none, sets the clocks; renews the catalog. 25P02 in state E
 * unless the plan ends the transaction. */
int txn_start_statement(SqliteTxn *t, const Plan *plan, Error *err);
/* A statement failed: state T becomes E; an implicit transaction is rolled back at once. One without savepoints lets go of its connection:
 * nothing of it can be saved any more, so its statements must be closed before. */
void txn_fail(SqliteTxn *t);
/* Rolls back whatever is open; nothing of it is left. */
void txn_abort(SqliteTxn *t);
/* Ends an implicit transaction (Sync, or the end of a simple query). On failure it has been rolled back. */
int txn_end_implicit(SqliteTxn *t, Error *err);
/* BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK TO, with PostgreSQL's warnings written to `out`. The command tag is in *tag. */
int txn_statement(SqliteTxn *t, const Plan *plan, Buf *out, const char **tag, Error *err);
/* Applies the modes of SET TRANSACTION; NULL and -1: not said. */
int txn_set_modes(SqliteTxn *t, const char *isolation, int read_only, int deferrable, Error *err);

/* Queue for the write connection; `granted` is called on the leading thread, with it (t->granted), or without it when t->deadline_us has
 * passed or the wait was cancelled. Returns true when it was free: it is taken then and `granted` will not be called. Otherwise the session
 * must not be touched after this call. */
bool database_wait_writer(SqliteTxn *t, void (*granted)(LoopTask *task), void *owner);
/* The same for t->sync_ticket; true when it is on disk. It may be brought there in place when the caller is `alone` (loop_alone). */
bool database_wait_sync(SqliteTxn *t, bool alone, void (*synced)(LoopTask *task), void *owner);
/* Leaves either queue (the client is gone); false when the call is already under way. */
bool database_stop_waiting(SqliteTxn *t);
/* Takes a session that waits for the write connection out of the queue and lets it go on without (t->cancel is set). From any thread, for a
 * transaction that cannot be closed meanwhile. */
void database_cancel_wait(SqliteTxn *t);

/* --- executions --- */

typedef enum RunResult {
	RUN_ERROR = -1,
	RUN_DONE = 0,
	RUN_SUSPENDED,	      /* max_rows reached */
	RUN_FULL,	      /* `out` holds RUN_OUT_HIGH bytes and more is to come: send, then call again */
	RUN_WANT_WRITER,      /* nothing was done; call again when the write connection is granted */
	RUN_WANT_LOCK,	      /* nothing was done; call again when the advisory lock is granted (sqlite_locks.h) */
	RUN_WANT_OTHERS_GONE, /* nothing was done; call again when other sessions may have left the database at hand */
	RUN_STALE,	      /* nothing was done: the catalog changed after planning; plan again */
} RunResult;

enum { RUN_OUT_HIGH = 256 * 1024 };

/* Zero it, then set the first group. It may be reused after run_close. */
struct SqliteRun {
	CachedPlan *plan;  /* referenced by the owner */
	const Val *params; /* stored forms; must live until run_close */
	size_t nparams;
	const uint8_t *formats; /* result formats as in WireBind */
	size_t nformats;

	DbConn *conn; /* while open: its own, or the transaction's */
	bool own_conn;
	sqlite3_stmt *stmt;
	bool open, finished, row_ready;
	uint64_t rows; /* sent or changed by this execution */
	uint64_t affected;
	Buf stored; /* rows of a write, kept because the client asked for some at a time */
	size_t stored_at;
	bool use_stored;
	struct ProgramEvents *events; /* triggers that come after, while the steps run */
};

/* Runs until done, `max_rows` (0 = all) more rows are in `out`, or out is full. DataRow messages only. */
RunResult run_execute(SqliteTxn *t, SqliteRun *r, uint64_t max_rows, Buf *out, Error *err);
/* Lets go of the statement and its connection. */
void run_close(SqliteTxn *t, SqliteRun *r);
/* CommandComplete for the plan and the rows counted. */
void run_command_complete(const SqliteRun *r, Buf *out);
/* Evaluates a one-row query (arguments of EXECUTE); values are allocated from `a`. */
RunResult run_values(SqliteTxn *t, CachedPlan *plan, Arena *a, Val **out, size_t *n, Error *err);
/* RowDescription of a plan with the given result formats. */
int run_describe(const SqliteTxn *t, const Plan *plan, const uint8_t *formats, size_t nformats, Buf *out, Error *err);
/* A notice in the client's encoding. */
int run_notice(const SqliteTxn *t, const Error *notice, const char *severity, Buf *out, Error *err);

/* --- statements of programs, inside a statement of the session --- */

/* One row: 0 to go on, 1 when it is enough, -1 with an error. */
typedef int (*NestedRow)(void *ctx, sqlite3_stmt *row, Error *err);
/* Runs a query or a script on the connection of the statement around. `scratch` is for temporary values of its functions. */
/* FETCH and MOVE of a program (CursorHooks.move). */
int nested_move(SqliteTxn *t, Str name, const FetchPlan *f, uint64_t *done, Error *err);
int nested_execute(SqliteTxn *t, CachedPlan *p, const Val *params, size_t nparams, Arena *scratch, NestedRow fn, void *ctx, uint64_t *rows,
		   Error *err);
/* The interpreter's own SQL; `target` is the relation it writes, or 0. *changes: rows changed. */
int nested_sql(SqliteTxn *t, const char *sql, const Val *params, size_t n, uint32_t target, NestedRow fn, void *ctx, int64_t *changes,
	       Error *err);
int64_t nested_last_rowid(const SqliteTxn *t);
/* A subtransaction: EXCEPTION. nested_rollback undoes and ends it. */
int nested_begin(SqliteTxn *t, Error *err);
int nested_commit(SqliteTxn *t, Error *err);
int nested_rollback(SqliteTxn *t, Error *err);
/* Cancelled, out of time: for loops of programs. -1 with 57014 and kin. */
int nested_check(SqliteTxn *t, Error *err);
/* A statement that is nothing but a program: the connection it needs. RUN_WANT_WRITER as in run_execute. */
typedef struct ProgramRun {
	DbConn *conn;
	bool own;
} ProgramRun;
/* One row of values as the plan's columns, a DataRow. */
int program_put_row(SqliteTxn *t, const Plan *plan, const Val *vals, const uint8_t *formats, size_t nformats, Buf *out, Error *err);
RunResult program_open(SqliteTxn *t, const CachedPlan *p, ProgramRun *r, Error *err);
void program_close(SqliteTxn *t, ProgramRun *r);

/* What program/ does for this room; set once, at start. */
struct ProgramEvents;
/* Asked between the triggers before an INSERT and the write itself: 1 when the row is not to be inserted, 0, or -1. NULL: never. */
typedef struct RowInTheWay {
	int (*find)(void *ctx, Val *row, Error *err);
	void *ctx;
} RowInTheWay;
typedef struct ProgramHooks {
	void (*free)(struct Programs *p);
	/* Triggers (sql/triggers.h). A row of a store: 1 written, 0 left out. `timing` is b or a; what comes after waits in *events. */
	int (*write_row)(SqliteTxn *t, const struct PlanWrite *w, Val *row, Arena *store, const RowInTheWay *way,
			 struct ProgramEvents **events, Error *err);
	int (*fire_statement)(SqliteTxn *t, const struct PlanWrite *w, char timing, struct ProgramEvents **events, Error *err);
	int (*fire_queue)(SqliteTxn *t, struct ProgramEvents **events, Error *err);
	void (*free_events)(struct ProgramEvents *e);
} ProgramHooks;
void backend_set_programs(const ProgramHooks *hooks);
/* DISCARD TEMP. RUN_WANT_WRITER as in run_execute. */
RunResult temp_discard(SqliteTxn *t, Error *err);

/* --- COPY --- */

typedef struct SqliteCopy SqliteCopy;

/* COPY FROM STDIN. RUN_WANT_WRITER as in run_execute. */
RunResult copy_in_begin(SqliteTxn *t, CachedPlan *plan, SqliteCopy **out, Error *err);
/* Takes bytes as they arrive, in any pieces. On error `err` is filled; copy_in_context then tells PostgreSQL's CONTEXT. */
int copy_in_data(SqliteTxn *t, SqliteCopy *c, Str data, Error *err);
int copy_in_finish(SqliteTxn *t, SqliteCopy *c, uint64_t *rows, Error *err);
const char *copy_in_context(const SqliteCopy *c);
void copy_in_free(SqliteTxn *t, SqliteCopy *c);
/* COPY TO STDOUT: CopyData messages; like run_execute. Starts with CopyOutResponse, ends with CopyDone. */
RunResult copy_out(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err);

#endif
