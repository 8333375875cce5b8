/*
 * Replay without the primary's triggers. What the triggers of a table did on SQLite is in the journal as rows of its own, so a batch that
 * changes such a table is replayed with session_replication_role = replica: triggers and rules of the primary stay asleep (unless they are
 * ENABLE ALWAYS or REPLICA). Foreign keys and deferrable unique constraints are triggers, too; they sleep with them, and are asked for here
 * before the batch is committed.
 */
#ifndef US_SYNC_REPLAY_QUIET_H
#define US_SYNC_REPLAY_QUIET_H

#include "sync/replay_internal.h"

/* Reads what the primary has; in r->arena. Leaves the pipeline. */
int quiet_load(Replay *r, Error *err);
void quiet_free(Quiet *q);
/* A table with triggers or rules is among those changed. */
bool quiet_wanted(Replay *r, const JournalTx *txs, size_t n);

/* A question whose answer tells whether a constraint holds. */
typedef struct QuietCheck {
	ReplayCommand cmd;
	bool wants_row; /* it must find a row; otherwise it must find none */
} QuietCheck;

/* The questions for all rows changed, in `a`. */
int quiet_checks(Replay *r, const JournalTx *txs, size_t n, Arena *a, QuietCheck **out, size_t *nout, Error *err);

#endif
