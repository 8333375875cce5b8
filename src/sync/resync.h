/*
 * Structure that changes on the primary while it is followed. The stream says nothing of it, so a fingerprint of every table is compared
 * with the one kept in the file; tables that are new or different are made and copied again, those that are gone are dropped.
 */
#ifndef US_SYNC_RESYNC_H
#define US_SYNC_RESYNC_H

#include "backend/sqlite.h"
#include "sync/source.h"

/* OID, schema, name and fingerprint of each table, and one row with OID 0 for what belongs to no table. */
extern const char resync_query[];

/* Keeps the fingerprints of a file that has just been filled. */
int resync_remember(PGconn *c, Db *db, Error *err);
/* True when the query's result differs from what the file remembers. */
bool resync_needed(const PGresult *r, Db *db);
/* Brings the changed tables in step, over a connection of its own. Writers of those tables on the primary wait while they are copied. Each
 * copied table is marked with the position from which the stream's changes count. The caller begins the stream anew afterwards. `d` may be
 * NULL. */
int resync_run(const char *conninfo, Db *db, Database *d, const char *database, const char *node, Error *err);

#endif
