/* Inside the SQLite backend: what its files know of each other. */
#ifndef US_BACKEND_SQLITE_INTERNAL_H
#define US_BACKEND_SQLITE_INTERNAL_H

#include "backend/sqlite.h"

#include <pthread.h>

enum {
	READ_CONNS_KEPT = 8, /* idle read connections beyond this are closed */
	PLANS_KEPT = 512,    /* per database */
	PROGRESS_OPS = 2000, /* SQLite VM instructions between looks at the clock */
	LONG_RUNNING_US = 2000,
	CHECKPOINT_FRAMES = 4000, /* pages of the WAL */
	RESTART_FRAMES = 16000,
	WARN_FRAMES = 64000,
	WAL_KEPT_FRAMES = 32000, /* a WAL that grew beyond this is cut back when it starts anew */
};
#define POSTGRES_EPOCH_US 946684800000000LL /* 2000-01-01 in microseconds since 1970 */

struct DbConn {
	Db *db;
	Database *home;
	SqliteTxn *user; /* whose statement runs; seen by the progress handler */
	DbConn *next;	 /* in the free list */
	int running;	 /* open statements */
	char end;	 /* why the progress handler stopped it: 0, c(ancel), t(imeout), s(hutdown) */
};

/* Makes commits durable: one fdatasync of the WAL for all who wait. */
typedef struct Syncer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	bool running, stop;
	bool syncing; /* by its thread, or in place by the one who waits */
	int wal_fd;
	int64_t took_us;		  /* what a sync takes at most lately */
	uint64_t written, synced, wanted; /* commit numbers */
	List waiting;			  /* SqliteTxn.wait_node */
	bool gathering;			  /* its thread waits for company */
	size_t group;			  /* how many shall be in `waiting` then */
} Syncer;

/* Copies the WAL into the file, beside readers and the writer. */
typedef struct Checkpointer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool running, stop;
	bool has_writer; /* the write connection was handed over, to start the WAL anew */
	atomic_int next; /* the number of frames at which it is called */
	int warn_at;	 /* the number of frames that the log will be told of */
	DbConn *conn;
} Checkpointer;

struct Database {
	char *name, *path;
	DbSet *set;
	atomic_int users; /* transaction states that refer to it */
	int copied;	  /* copies of it under way; under the set's lock */
	pthread_mutex_t lock;
	_Atomic(Catalog *) cat; /* changed under lock */
	atomic_uint ddl_seq;	/* odd while a commit that changes the catalog is under way */
	atomic_ullong commits;	/* commits that changed something */
	DbConn *idle;
	int nidle;
	DbConn *writer;
	bool writer_busy;
	atomic_uint sessions_begun; /* numbers the schemas of temporary objects */
	SqliteTxn *writer_owner;    /* NULL: nobody, or a thread */
	bool restart_wal;	    /* the next release of the write connection hands it to the checkpointer */
	atomic_int wal_frames;	    /* after the last commit */
	LoopTimer wait_timer;	    /* the earliest deadline among the waiters */
	List waiters;		    /* SqliteTxn.wait_node; one without wait_task.fn is a blocked thread */
	List locks;		    /* LockHold.node */
	List lock_waiters;	    /* SqliteTxn.wait_node, as in waiters */
	pthread_cond_t writer_given;
	struct SequenceStore *sequences;
	const CommitHooks *hooks;
	Map plans;
	uint64_t plan_clock;
	Syncer sync;
	Checkpointer checkpoints;
};

struct DbSet {
	char *dir;
	Loop *loop;
	pthread_mutex_t lock;
	Map databases;
	Map going;	/* names of databases that are being dropped or renamed */
	unsigned made;	/* numbers the files in the making */
	char *reserved; /* NULL, or the database that only its copy may make */
};

struct TxnSavepoint {
	TxnSavepoint *older;
	char *name;
	int level;
	bool made;    /* exists on the write connection */
	Catalog *cat; /* referenced */
	bool ddl;
};

struct SeqUndo {
	SeqUndo *older;
	uint32_t oid;
	int64_t last_value;
	bool is_called;
	int level; /* savepoints at that time */
};

/* conn.c */
int conn_open(Database *d, DbMode mode, DbConn **out, Error *err);
void conn_close(DbConn *c);
int conn_checkout(Database *d, DbConn **out, Error *err);
void conn_give_back(DbConn *c);
/* Tells the functions of the connection whose statement runs. */
void conn_enter(DbConn *c, SqliteTxn *t);
void conn_leave(DbConn *c);
/* The error of a failed SQLite call in PostgreSQL's terms. `target`: relation written, or 0. */
int conn_error(DbConn *c, SqliteTxn *t, int rc, uint32_t target, Error *err);
/* probe.c: as conn_error for a step of `stmt`, which is still bound; a constraint's error gets PostgreSQL's DETAIL. */
int conn_write_error(DbConn *c, SqliteTxn *t, int rc, uint32_t target, sqlite3_stmt *stmt, Error *err);
/* Takes the write connection when it is free and nobody waits. */
bool writer_try(SqliteTxn *t);
/* True when the write connection is the checkpointer's now; otherwise it comes with Checkpointer.has_writer. */
bool writer_claim_for_checkpoint(Database *d);
void writer_release(Database *d);

/* Under lock: sets the timer for the deadlines of those who wait. */
void waiters_watch(Database *d);
/* locks.c; under lock: t has just joined a queue. True when that closed a circle: it is out of the queue again, with t->deadlock set. */
bool locks_closes_circle(SqliteTxn *t);

/* txn.c */
/* The connection for a statement that writes: BEGIN IMMEDIATE and savepoints are done. RUN_DONE, RUN_WANT_WRITER or RUN_ERROR. */
RunResult txn_need_writer(SqliteTxn *t, const char *command, Error *err);
/* The same for a plan; one with NOWAIT fails (55P03) instead of RUN_WANT_WRITER. */
RunResult txn_need_writer_for(SqliteTxn *t, const Plan *plan, const char *command, Error *err);
/* The connection that reads of this transaction use, checked out; *own when the caller gives it back. */
int txn_read_conn(SqliteTxn *t, DbConn **out, bool *own, Error *err);

/* RESTART of a sequence, which is undone with the transaction, or with the savepoint. */
int txn_restart_sequence(SqliteTxn *t, const PlanStep *s, Error *err);

/* database.c */
/* The database, opened if it is not; under the set's lock. */
Database *dbset_find(DbSet *set, const char *name, bool create, Error *err);
void database_free(Database *d);
/* The caller has the write connection. */
int database_save_sequences(Database *d, Error *err);
/* databases.c: removes what a process that was killed left half made */
void dbset_clean(const DbSet *set);
/* database.c: what a committed transaction with DDL leaves for everybody */
void database_publish_catalog(Database *d, Catalog *cat);

/* sync.c */
int syncer_start(Database *d, Error *err);
void syncer_stop(Database *d);
uint64_t syncer_note_commit(Database *d);
void syncer_wait_blocking(Database *d, uint64_t ticket);

/* checkpoint.c */
int checkpointer_start(Database *d, Error *err);
void checkpointer_stop(Database *d);
/* After a commit. */
void checkpointer_note_commit(Database *d);
/* The write connection is the checkpointer's. Under the database's lock. */
void checkpointer_take_writer(Database *d);

/* rows.c */
/* TypeEnv.reg_name and reg_oid of a session; reg_names is its SqliteTxn. */
bool row_reg_name(void *txn, uint32_t type, uint32_t oid, Buf *out);
int row_reg_oid(void *txn, uint32_t type, Str name, uint32_t *oid, Error *err);
int row_encode(const SqliteTxn *t, sqlite3_stmt *stmt, const Plan *plan, const uint8_t *formats, size_t nformats, Buf *out, Error *err);

int row_encode_values(const SqliteTxn *t, const Val *v, const Plan *plan, const uint8_t *formats, size_t nformats, Buf *out, Error *err);

/* run.c: true when the file's structure may have changed between planning and the snapshot; `seq` is ddl_seq from before it was taken. */
bool run_is_stale(const SqliteTxn *t, const CachedPlan *plan, bool own_conn, unsigned seq);

/* steps.c */
/* Runs one step with SQL on a connection to its end; the parameters are those of the run. */
int step_run(SqliteTxn *t, DbConn *c, SqliteRun *r, const PlanStep *s, Error *err);
/* Of a run that has failed: triggers that will not be fired. */
void steps_forget_events(SqliteRun *r);
/* A foreign key that may be deferred refers to nothing. */
bool has_open_keys(const Db *db);
/* What comes before the statement itself. */
int steps_run(SqliteTxn *t, SqliteRun *r, Error *err);
int run_bind(DbConn *c, SqliteTxn *t, const SqliteRun *r, sqlite3_stmt *st, Error *err);

/* script.c */
RunResult script_execute(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err);

/* explain.c: fills r->stored */
struct ExplainPlan;
struct ExplainTimes;
RunResult explain_execute(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err);
/* The output without running anything, on a connection that the transaction has entered. */
int explain_text(DbConn *c, const struct ExplainPlan *x, struct ExplainTimes *times, Buf *out, Error *err);

/* nested.c */
void programs_forget(SqliteTxn *t);
const ProgramHooks *program_hooks(void);
/* temp.c */
/* What ON COMMIT says of this session's temporary tables; inside the transaction that is about to commit. */
int temp_before_commit(SqliteTxn *t, Error *err);
/* The session is over: its temporary objects go as soon as the write connection is free. */
void temp_end_session(SqliteTxn *t);
/* Those that a crash has left. Before any session. */
void temp_clean_file(Database *d);

/* plans.c */
void plans_clear(Database *d);

#endif
