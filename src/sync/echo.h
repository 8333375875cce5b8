/*
 * The stream behind a replay, read ahead of the moment at which the file is brought level: the primary sends back what has been replayed,
 * and between it what others have done. What is our own is in the file already and is thrown away as it comes; the rest is kept in memory
 * and applied when nobody writes. Nothing here touches the file before echo_apply.
 */
#ifndef US_SYNC_ECHO_H
#define US_SYNC_ECHO_H

#include "sync/applier.h"

typedef struct Echo Echo;

/* `own`: transaction ids (low half, map_u64_key) of the primary that are ours; stays the caller's and may grow between reads. */
int echo_open(const char *conninfo, const char *node, uint64_t from, const Map *own, Echo **out, Error *err);
void echo_close(Echo *e);
/* Reads until the stream has passed `target`. */
int echo_read(Echo *e, uint64_t target, Error *err);
/* What was kept, in order; NULL when it was too much to be kept. */
const OutMessage *echo_kept(const Echo *e, size_t *n);
/* Applies it inside the transaction that is open on `db`, and stores the position that was reached there. */
int echo_apply(Echo *e, Db *db, Apply *apply, Error *err);

#endif
