/*
 * The way back: what was written on SQLite is put on the primary, each transaction exactly once, and the file is then brought level with
 * it.
 *
 * The primary keeps understudy.replay(node, epoch, last_tx): last_tx is changed in the same transaction as the rows, under a row lock that
 * is taken first. So whatever is killed, and wherever, the number there says what has been done.
 *
 * A journal transaction that the primary refuses, or whose rows are not as they were when it was made, is kept in _understudy_conflict with
 * base, local and remote images. Later transactions that touch the same rows are kept there too; the rest goes on.
 */
#ifndef US_SYNC_REPLAY_H
#define US_SYNC_REPLAY_H

#include "backend/sqlite.h"

typedef struct Replay Replay;

/* Kept right by all who write the journal and by the replay; read from any thread. */
typedef struct ReplayCounts {
	_Atomic int64_t backlog;   /* transactions to be replayed */
	_Atomic int64_t conflicts; /* transactions kept that wait for a decision */
} ReplayCounts;

typedef struct ReplayConfig {
	const char *conninfo, *path, *database;
	Database *db;	      /* NULL when nobody else has the file open */
	ReplayCounts *counts; /* may be NULL */
} ReplayConfig;

/* Connects, makes sure that the server is the one the file came from (58P01-like refusals carry a hint and write nothing), and reads how
 * far an earlier replay came. */
int replay_open(const ReplayConfig *config, Replay **out, Error *err);
void replay_close(Replay *r);

/* Replays what is in the journal now. */
int replay_run(Replay *r, Error *err);
/* Transactions in the journal still to be replayed. */
int replay_backlog(Replay *r, int64_t *n, Error *err);
/* Reads the stream up to the present, so that less of it is left for replay_finish. Changes nothing in the file. */
int replay_read_ahead(Replay *r, Error *err);
/* With writers fenced off: sets the primary's sequences, drains the stream past the replay and empties the journal, all in one
 * SQLite transaction. Afterwards the file equals the primary at *lsn. */
int replay_finish(Replay *r, uint64_t *lsn, Error *err);

uint64_t replay_count(const Replay *r);
uint64_t replay_conflicts(const Replay *r);

#endif
