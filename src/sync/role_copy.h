/*
 * The primary's roles, memberships, owners, grants and policies in the file, so that a role may do during an outage what it may do on
 * the primary.
 */
#ifndef US_SYNC_ROLE_COPY_H
#define US_SYNC_ROLE_COPY_H

#include "sync/source.h"
#include "sqlite/db.h"

enum { ROLE_RESULTS = 9 };

/* Reads all of it as the connection's transaction sees it. */
int role_copy_read(PGconn *c, PGresult *out[ROLE_RESULTS], Error *err);
/* Puts it in the place of what the file has; tables, views and functions are there. */
int role_copy_apply(PGresult *const in[ROLE_RESULTS], Db *db, Error *err);

#endif
