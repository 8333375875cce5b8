/*
 * A client: one connection from its first byte to its end.
 *
 * A session is touched only by the thread that holds it (net/loop.h). Its messages are handled one after another in straight-line code;
 * a message that cannot go on now (the write connection is taken, a sync is owed, the client reads slowly) leaves the session parked,
 * and the same message is taken up again later.
 *
 * Where statements run is s->source. With a primary, failover.c installs RelayOps and decides; without one everything is SQLite.
 */
#ifndef US_SESSION_SESSION_H
#define US_SESSION_SESSION_H

#include "backend/sqlite.h"
#include "base/buf.h"
#include "net/loop.h"
#include "net/sock.h"
#include "wire/proto.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Server Server;
typedef struct Session Session;
typedef struct Guc Guc; /* session/guc.h */
typedef struct Prepared Prepared;
typedef struct Portal Portal;

typedef enum SessionState {
	SESSION_STARTUP, /* waiting for a startup packet */
	SESSION_LOGIN,	 /* failover.c is logging in to the primary; client bytes wait */
	SESSION_READY,	 /* messages are handled */
	SESSION_COPY_IN, /* COPY FROM STDIN under way */
	SESSION_CLOSING, /* what is in `out` is sent, then the end */
} SessionState;

typedef enum SessionSource { SOURCE_SQLITE, SOURCE_PRIMARY } SessionSource;

/* Why a session handles no messages now. */
typedef enum SessionPark {
	PARK_NONE,
	PARK_WRITER, /* the write connection */
	PARK_LOCK,   /* an advisory lock */
	PARK_OTHERS, /* other sessions, which must leave a database */
	PARK_SYNC,   /* the WAL is being synced; `out` must not leave */
	PARK_CLIENT, /* the client must read first: EPOLLOUT */
	PARK_ROUTE,  /* failover.c holds it; it sets PARK_NONE and calls session_continue */
} SessionPark;

/* What pg_stat_activity shows: activity.c. */
typedef struct Activity {
	pthread_mutex_t lock; /* of this and application_name; taken under server->lock */
	Buf query;
	char state; /* a = active; otherwise the transaction's: I T E */
	int64_t xact_start_us, query_start_us, state_change_us;
} Activity;

struct Session {
	ListNode node; /* in server->sessions */
	Server *server;
	Io io; /* the client's socket */
	SockPeer peer;
	SessionState state;
	SessionSource source;
	SessionPark park;
	bool off_loop;	   /* promoted: io is detached until the work is done */
	bool skip_to_sync; /* an extended query message failed */
	bool in_extended;  /* messages since the last Sync */
	bool doomed;	   /* ends at the next opportunity (57P01, protocol violation, peer gone) */
	uint32_t pid, key; /* BackendKeyData */
	char *user, *database, *application_name;
	Buf in;	 /* what came before its message was whole; empty and freed when idle */
	Buf out; /* what was not sent yet; freed when idle */
	size_t out_sent;
	SqliteTxn txn;
	TypeEnv types;
	Guc *guc;
	struct SessionVars *vars;
	Map prepared;		   /* name -> Prepared; the unnamed one is "" */
	Portal *portals;	   /* list; few at a time */
	struct Cursor *cursors;	   /* the same; SQL's own */
	uint64_t ncursors;	   /* ever made */
	unsigned unnamed_cursors;  /* names given */
	struct SimpleQuery *query; /* a simple query that was parked */
	bool again;		   /* the message at hand was begun before the session was parked */
	int64_t statement_timeout_us, lock_timeout_us;
	int64_t wait_until_us;	/* PARK_OTHERS: not longer than this */
	atomic_bool terminated; /* by somebody else: ends when its client has nothing more to say (57P01). Set from any thread */
	bool may_rerun;		/* the statement at hand can be abandoned and run again: it has sent nothing */
	struct Notify *notify;
	Activity activity;
	struct Spool *spool;	  /* output that its client did not read in time; before everything new */
	Arena *read;		  /* of the message at hand: its texts, when the client's encoding is not UTF-8 */
	const char **search_path; /* one allocation; see settings.c */
	size_t nsearch_path;
	SqliteCopy *copy;
	LoopTask task;	      /* for session_post */
	LoopTimer idle_timer; /* set and cancelled on the leading thread, while the session rests */
	int64_t idle_timeout_us, idle_in_transaction_timeout_us;
	void *relay; /* failover.c's own */
};

/* What failover.c installs when there is a primary; NULL members are not called. */
typedef struct RelayOps {
	/* After the startup packet was accepted: may set SESSION_LOGIN and take over, or leave SOURCE_SQLITE. 0, or -1 with the FATAL
	 * error. */
	int (*login)(Session *s, const WireStartup *startup, Error *err);
	/* Before a message runs, between messages, for any source. True when failover.c has dealt with the message (relayed it or parked
	 * the session); the bytes belong to the receive buffer. */
	bool (*message)(Session *s, const WireFrame *f);
	/* Raw client bytes while source == SOURCE_PRIMARY: returns how many were taken (whole or partial messages); what is left stays in
	 * s->in. -1 ends the session. When NULL, message() is used for every message. */
	ssize_t (*client_bytes)(Session *s, const uint8_t *p, size_t n);
	/* CancelRequest for this session: called on the leading thread under the key table's lock. True when it was dealt with. */
	bool (*cancel)(Session *s);
	void (*closed)(Session *s);
} RelayOps;

typedef struct ServerOptions {
	const char *listen_addr; /* NULL or "": no TCP */
	int listen_port;
	const char *unix_socket_dir; /* NULL or "": no Unix socket */
	const char *data_dir;
	const char *primary_database; /* NULL, or the database that is a copy of the primary's */
	bool auto_create, trust_loopback;
	int max_client_conn;
} ServerOptions;

struct Server {
	Loop *loop;
	DbSet *dbs;
	ServerOptions opt;
	const RelayOps *relay;
	void *relay_ctx;      /* failover.c's own, for all sessions */
	pthread_mutex_t lock; /* of the next three */
	List sessions;
	Map by_pid;	/* pid -> Session, for CancelRequest */
	List listeners; /* those who LISTEN; see notify.c */
	uint32_t next_pid;
	Io listen_tcp, listen_unix;
	char *unix_path;
	bool stopping;
};

/* --- server.c --- */
int server_open(const ServerOptions *opt, Loop *loop, Server **out, Error *err);
/* Stops listening, tells every session 57P01 and closes it; the loop has stopped before. */
void server_end_sessions(Server *sv);
/* After server_end_sessions, which it calls itself when nobody has. */
void server_close(Server *sv);

/* --- session.c: for failover.c and the other files of this room --- */

/* Handles what is waiting in s->in (and `p`), as far as it goes, then sends. Everything else calls this. May free the session. */
void session_continue(Session *s);
/* The same on the leading thread soon, from any thread that holds the session; the caller lets go of it. */
void session_post(Session *s);
/* Ends the session: frees everything, closes the socket. */
void session_free(Session *s);
/* Sends s->out as far as the client takes it. False when the peer is gone. */
bool session_flush(Session *s);
/* ErrorResponse into s->out. FATAL severities make the session close. */
void session_error(Session *s, const Error *err);
void session_fatal(Session *s, const char *sqlstate, const char *fmt, ...) US_PRINTF(3, 4);
/* Welcome of a session on SQLite: AuthenticationOk, ParameterStatus set, BackendKeyData, ReadyForQuery. */
int session_welcome_sqlite(Session *s, Error *err);
/* Opens the session's database on SQLite (txn, vars) without telling the client anything. */
int session_attach_sqlite(Session *s, Error *err);
/* Handles one message on SQLite. False: parked, the message must be offered again. */
bool session_message_sqlite(Session *s, const WireFrame *f);
/* Sets a setting as the startup packet or SET would. */
int session_set(Session *s, const char *name, const char *value, Error *err);

/* --- extended.c --- */
/* Makes a prepared statement on SQLite without telling the client: for statements that were prepared on the primary. The text is planned at
 * its first use. */
void session_adopt_prepared(Session *s, Str name, Str text, const uint32_t *types, size_t ntypes);

#endif
