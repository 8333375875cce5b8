/* Inside replay: shared by replay.c (batches), replay_conflict.c and replay_finish.c. */
#ifndef US_SYNC_REPLAY_INTERNAL_H
#define US_SYNC_REPLAY_INTERNAL_H

#include "sync/apply.h"
#include "sync/echo.h"
#include "sync/replay.h"
#include "sync/replay_sql.h"
#include "sync/source.h"

typedef struct Quiet Quiet; /* sync/replay_quiet.h */

struct Replay {
	ReplayConfig cfg;
	PGconn *conn;
	bool pipeline;
	Db *db;	      /* our own connection to the file; writes only while the writer is borrowed */
	Apply *apply; /* holds the catalog */
	char *node;
	int64_t epoch, last_tx; /* as on the primary */
	Map rels;		/* name in the file -> ReplayRel */
	Map stmts;		/* SQL -> name of a prepared statement */
	size_t nstmts;
	Map parked;   /* "table\1key" */
	Arena *arena; /* as long as the Replay */
	uint64_t replayed, conflicts;
	/* Transactions of the primary that this object has made (low half of the id), the first journal transaction among them, and the
	 * stream that brings them back. */
	Map own;
	uint64_t batch_xid;
	int64_t own_after;
	bool not_as_sent; /* some of it may be otherwise on the primary than in the file */
	Echo *echo;
	Quiet *quiet; /* NULL until the first batch */
};

/* BEGIN IMMEDIATE with the database's writer held; replay_unlock commits when rc == 0 and gives the writer back. Returns rc or -1. */
int replay_lock(Replay *r, Error *err);
int replay_unlock(Replay *r, int rc, Error *err);

const ReplayRel *replay_find_rel(Replay *r, const char *table, Error *err);
/* Runs one command outside the pipeline. */
PGresult *replay_query(Replay *r, const ReplayCommand *c, Error *err);
int replay_leave_pipeline(Replay *r, Error *err);

/* True when a change of the transaction touches a row that is parked. */
bool conflict_is_parked(Replay *r, const JournalTx *tx, Arena *a);
/* Keeps a transaction that cannot be replayed, with images, and parks its rows. */
int conflict_keep(Replay *r, const JournalTx *tx, const Error *why, Arena *a, Error *err);
/* Parks what earlier runs kept. */
int conflict_load(Replay *r, Error *err);

#endif
