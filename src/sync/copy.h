/*
 * The initial copy: a complete SQLite file made from the primary, consistent with the position at which its new logical slot starts.
 */
#ifndef US_SYNC_COPY_H
#define US_SYNC_COPY_H

#include "backend/sqlite.h"
#include "sync/schema_copy.h"
#include "sync/source.h"

#include <stdatomic.h>

/* Who the server at the other end is. */
typedef struct SourceIdentity {
	char system_id[32];
	int timeline;
	uint64_t lsn;
} SourceIdentity;

int source_identity(PGconn *replication, SourceIdentity *out, Error *err);

/* Copies into PATH.new and renames it to `path` when it is complete and on disk; an older PATH.new is removed. A file that is already at
 * `path` is replaced, so the caller must have made sure that it holds nothing of its own. Makes publications understudy_<node> and
 * understudy_<node>_ins and the slot understudy_<node>. Progress goes to the log. `stop` (may be NULL) ends it early with 57014. */
int copy_initial(const char *conninfo, const char *path, const char *database, atomic_bool *stop, Error *err);

/* The same for a file that is in use as `d`, when its slot is gone: the new contents take the place of the old ones in one SQLite
 * transaction; what is known of conflicts, doubts and events stays. The caller has made sure that the journal is empty, and reloads `d`. */
int copy_again(const char *conninfo, Database *d, atomic_bool *stop, Error *err);

/* 1: the slot of the node is there and can be used. 0: it is gone, or the primary has thrown away what it needs. */
int copy_slot_usable(PGconn *conn, const char *node, Error *err);

/* Copies the rows of tables that have just been made, inside the transaction that is open on `db`. */
int copy_some_rows(PGconn *sql, Db *db, const char *database, const Schema *tables, Arena *a, Error *err);

/* Drops slot and publications of a node; those that do not exist are passed over. */
int copy_drop_slot(PGconn *replication, const char *node, Error *err);

#endif
