/*
 * What the file remembers of its primary and of what happened: small tables named _understudy_*.
 *
 *   _understudy_sync(key, value)   node, system_id, timeline, slot, lsn (end of the last source transaction applied), commit_us,
 *                                  copied ('1' when the copy is complete), epoch, drain ('1' while a return is to be finished),
 *                                  slot_lost ('1' when changes of the primary can be missing: not to be served)
 *   _understudy_unmirrored         objects of the primary that the file does not have, and why
 *   _understudy_mirror            tables of the primary as they were copied: fingerprint of their structure, and the position of the copy
 *   _understudy_stale              tables whose contents are not known to be right, and why
 *   _understudy_conflict           changes that could not be replayed, with base, local and remote images (JSON text)
 *   _understudy_in_doubt           commits whose answer was lost, settled by txid_status
 *   _understudy_events             what went wrong and a person should see
 */
#ifndef US_SYNC_STATE_H
#define US_SYNC_STATE_H

#include "sqlite/db.h"

/* Creates the tables that are missing, the journal included. */
int state_create(Db *db, Error *err);
/* The value in `a`, or NULL when there is none or it cannot be read. */
char *state_get(Db *db, const char *key, Arena *a);
int64_t state_get_int(Db *db, const char *key, int64_t otherwise);
int state_put(Db *db, const char *key, const char *value, Error *err);
int state_put_int(Db *db, const char *key, int64_t value, Error *err);

int state_add_unmirrored(Db *db, const char *kind, const char *name, const char *why, Error *err);
int state_add_event(Db *db, const char *kind, const char *text, Error *err);
/* Marks a table (name in the file) as not to be trusted. */
int state_set_stale(Db *db, const char *table, const char *why, Error *err);
/* A table (schema.name) that the file cannot have. */
bool state_is_unmirrored(Db *db, const char *name);
bool state_is_stale(Db *db, const char *table);

/* The number that a query of one row and column gives; 0 when it fails. */
int64_t state_count(Db *db, const char *sql);
/* Runs one statement with parameters and without rows. */
int state_run(Db *db, const char *sql, const Val *params, size_t n, Error *err);

#endif
