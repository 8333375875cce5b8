/* One source transaction at a time, inside an open SQLite transaction. */
#ifndef US_SYNC_APPLIER_H
#define US_SYNC_APPLIER_H

#include "sync/apply.h"

typedef struct Applier {
	Apply *apply;
	Db *db;
	uint64_t applied; /* end of the last whole transaction in the file or in the open group */
	int64_t commit_us;
	bool in_tx, skip;
	uint32_t xid;
} Applier;

/* 1: a source transaction is complete. A transaction cut off later is undone to the savepoint. */
int applier_take(Applier *ap, const OutMessage *m, Error *err);
int applier_drop_unfinished(Applier *ap, Error *err);

#endif
