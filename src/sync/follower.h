/*
 * Following: the primary's logical stream, applied to the file in groups of whole source transactions. The position is part of the same
 * SQLite transaction as the rows, and only positions that are on disk are acknowledged to the primary.
 */
#ifndef US_SYNC_FOLLOWER_H
#define US_SYNC_FOLLOWER_H

#include "backend/redo.h"
#include "backend/sqlite.h"
#include "sync/apply.h"
#include "sync/source.h"

#include <stdatomic.h>

typedef struct FollowProgress {
	_Atomic uint64_t applied_lsn, server_lsn, tx, rows;
	_Atomic int64_t commit_us;   /* since 2000-01-01 */
	_Atomic uint64_t unmirrored; /* objects of the primary that the file lacks */
} FollowProgress;

typedef struct FollowConfig {
	const char *conninfo, *path, *database;
	Database *db;		  /* its write connection is held while a group is applied; NULL when nobody else has the file open */
	RedoList *redo;		  /* told of each source transaction that is on disk; may be NULL */
	int wake_fd;		  /* readable when `stop` was set; -1 = none */
	atomic_bool *stop;	  /* when set: what has already arrived is applied, then following ends */
	FollowProgress *progress; /* may be NULL */
	bool until_level;	  /* look at the tables, then follow only until the file has all that the primary has committed now */
} FollowConfig;

/* Follows until `stop` or until the file is level (0), until tables were copied again (1: call it again), or until the connection ends or
 * fails (-1). Either way every whole transaction that had arrived is in the file. */
int follow_run(const FollowConfig *config, Error *err);

/* Applies the stream from `from` up to `target` inside a transaction that the caller has open on `db`, and stores the position reached
 * there; the caller commits. */
int follow_drain(const char *conninfo, Db *db, Apply *apply, const char *node, uint64_t from, uint64_t target, Error *err);

#endif
