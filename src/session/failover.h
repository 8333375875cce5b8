/*
 * Moving sessions between the primary and SQLite.
 *
 * A session that has a primary is in one of three conditions: attached (source PRIMARY, a PgLink of its own, bytes relayed), on SQLite, or
 * neither (its side is chosen by the route when its next message begins something). What a client sees at each loss is INTERFACE.md, 3.
 * All of it runs on the thread that holds the session; logging in to the primary blocks and has short-lived threads of its own.
 */
#ifndef US_SESSION_FAILOVER_H
#define US_SESSION_FAILOVER_H

#include "backend/postgres.h"
#include "route/route.h"
#include "session/session.h"

typedef struct Failover Failover;

/* A statement or commit whose answer was lost. Strings live during the call. */
typedef struct InDoubt {
	uint64_t xid; /* 0 = unknown */
	uint64_t session;
	int64_t at_us; /* wall clock */
	const char *user, *database, *application_name;
	const char *statement;
} InDoubt;

typedef struct FailoverConfig {
	Route *route;
	const char *database;			       /* the name under which clients reach it */
	RedoList *redo;				       /* may be NULL */
	void (*in_doubt)(void *ctx, const InDoubt *d); /* may be NULL; called on the loop's thread, must not block */
	void *in_doubt_ctx;
} FailoverConfig;

/* Installs RelayOps in the server. Before the loop runs. One primary per server. */
Failover *failover_install(Server *server, const FailoverConfig *config);
/* After the loop has stopped and the sessions are gone. */
void failover_free(Failover *f);

typedef struct FailoverCounts {
	uint64_t sessions, attached, on_sqlite, parked, logins, switched, aborted, in_doubt, retried;
} FailoverCounts;
/* From any thread; figures of different moments. */
void failover_counts(const Failover *f, FailoverCounts *out);

#endif
