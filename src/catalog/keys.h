/*
 * Constraints that this program checks itself: EXCLUDE, and UNIQUE or PRIMARY KEY that is DEFERRABLE.
 *
 * SQLite's triggers on their tables call pg_keys_written for every row that a session writes, whatever statement writes it. A row that is
 * in the way of another one is an error at once when the constraint is not deferrable. Otherwise it is noted, and looked at again when the
 * statement or the transaction ends. What the primary has accepted is taken as it is.
 */
#ifndef US_CATALOG_KEYS_H
#define US_CATALOG_KEYS_H

#include "catalog/catalog.h"

typedef struct KeyChecks KeyChecks;

/* Looks at the rows noted whose constraints may not be deferred any longer; `all`: the transaction ends. -1: 23505 or 23P01. */
int keys_check(const Catalog *cat, Db *db, bool all, Error *err);
/* SET CONSTRAINTS for the constraint of an index, or for all (0). */
void keys_set_mode(Db *db, uint32_t index, bool deferred);
/* A transaction begins. */
void keys_forget(Db *db);
void keys_free(KeyChecks *k);

#endif
