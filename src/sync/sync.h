/*
 * Keeping a SQLite file and its primary the same: initial copy, following, the loss of the primary, and the return.
 *
 * A Sync is the life of one database beside its primary. It owns three threads at most (one at a time works on the file): the
 * starter/follower, and the returner. It is driven by the route through sync_route_hooks, and ends a return by route_fence and
 * route_unfence_to_primary. The pieces are in their own headers: pgoutput.h (decoder), source.h (libpq), state.h (what the
 * file remembers), schema_copy.h, copy.h, apply.h, follower.h, replay.h.
 */
#ifndef US_SYNC_SYNC_H
#define US_SYNC_SYNC_H

#include "backend/redo.h"
#include "backend/sqlite.h"
#include "route/route.h"

typedef struct Sync Sync;

typedef struct SyncConfig {
	const char *primary;  /* URL or libpq string with a dbname; kept by the caller */
	const char *database; /* name of the SQLite database; its file is DIR/NAME.db */
	const char *dir;
	DbSet *set;
	Route *route;	/* may be NULL in tests */
	RedoList *redo; /* may be NULL */
	/* The primary is one that this file must never be synchronised with. Called on a thread of the Sync; may be NULL. */
	void (*fatal)(void *ctx, const Error *err);
	void *fatal_ctx;
} SyncConfig;

/* Looks at the file (it may be missing). Starts no thread and needs no primary. Fails when the file cannot be read. */
int sync_open(const SyncConfig *config, Sync **out, Error *err);
/* True when the file holds writes made on SQLite that the primary does not have yet: route_start's serving_sqlite. */
bool sync_has_unreplayed(const Sync *s);
/* What route_set_sync wants. */
void sync_route_hooks(Sync *s, RouteSync *out);
/* Stops the threads, leaves the slot where it is. */
void sync_close(Sync *s);

/* A commit whose answer was lost: kept in _understudy_in_doubt and settled by txid_status when the primary is back. `session` and `what`
 * are for people. From any thread; does not wait: it is written to the file before SQLite is served, or at the return. */
void sync_note_in_doubt(Sync *s, uint64_t xid, const char *session, const char *what);

typedef enum SyncPhase {
	SYNC_IDLE,
	SYNC_COPYING,
	SYNC_FOLLOWING,
	SYNC_OFFLINE, /* SQLite serves; changes are recorded */
	SYNC_REPLAYING,
	SYNC_FAILED, /* see message; nothing is being followed */
} SyncPhase;

typedef struct SyncStatus {
	SyncPhase phase;
	char message[1024]; /* last failure or event worth showing */
	bool has_copy;
	uint64_t applied_lsn; /* end of the last source transaction in the file */
	int64_t applied_us;   /* wall clock: commit time of that transaction on the primary */
	uint64_t server_lsn;  /* last position the primary reported */
	uint64_t applied_tx, applied_rows;
	int64_t backlog; /* journal transactions to be replayed */
	uint64_t replayed_tx, conflicts;
	uint64_t in_doubt;   /* commits whose answer was lost, all that were ever recorded */
	uint64_t unmirrored; /* objects of the primary that the file lacks: understudy.unmirrored names them */
} SyncStatus;
void sync_status(Sync *s, SyncStatus *out);

#endif
