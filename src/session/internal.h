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
/* Runs a plan as far as it goes; CommandComplete is written with RUN_DONE. RUN_STALE is dealt with inside. */
RunResult exec_run(Session *s, Exec *x, uint64_t max_rows, Error *err);
void exec_close(Session *s, Exec *x);
/* The plan's rows as the client will see them (EXECUTE, SHOW and EXPLAIN included), or NULL when there are none. */
const Plan *exec_describe(Session *s, const CachedPlan *p, Error *err);
/* Ends the message's transaction work after an error. */
void exec_failed(Session *s, const Error *err);
int exec_end_implicit(Session *s, Error *err);

/* settings.c */
int settings_open(Session *s, Error *err);
SqlEnv settings_env(Session *s);
void settings_programs(Session *s); /* what programs want of the session, once the transaction is set up */
RunResult settings_set(Session *s, const Plan *plan, const char **tag, Error *err);
RunResult settings_show(Session *s, const Plan *plan, bool describe, Error *err);
const Plan *settings_show_plan(Session *s, const Plan *plan, Arena *a, Error *err);

/* prepared.c */
Prepared *prepared_find(Session *s, Str name, Error *err);
/* Its plan, valid now; referenced by the Prepared. NULL on error. */
CachedPlan *prepared_plan(Session *s, Prepared *p, Error *err);
int prepared_add(Session *s, Str name, CachedPlan *plan, bool from_sql, Error *err);
void prepared_drop(Session *s, Str name);
void prepared_drop_all(Session *s);

/* simple.c, extended.c, copy.c */
bool simple_query(Session *s, Str text);
void simple_abandon(Session *s);
bool extended_message(Session *s, const WireFrame *f);
void portals_close_all(Session *s);
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
