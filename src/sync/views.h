/*
 * What clients see of the synchronisation, in SQL: understudy.conflicts, in_doubt, events, stale and unmirrored. They are relations of the
 * file's catalog that nobody can change.
 */
#ifndef US_SYNC_VIEWS_H
#define US_SYNC_VIEWS_H

#include "sqlite/db.h"

/* Makes those that are missing; the _understudy_* tables exist already. */
int views_create(Db *db, Error *err);

#endif
