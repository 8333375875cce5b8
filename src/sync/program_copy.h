/*
 * The primary's functions, procedures and triggers, made again in a SQLite file with their OIDs, so that a write during an outage fires
 * what it would have fired. What SQLite cannot run is listed in _understudy_unmirrored; a write that would have fired such a trigger, or a
 * rule, is refused: program/trigger.c finds a trigger without a function.
 */
#ifndef US_SYNC_PROGRAM_COPY_H
#define US_SYNC_PROGRAM_COPY_H

#include "sync/source.h"
#include "sqlite/db.h"

/* Functions and procedures that are not there yet. Those that name the type of a table's rows need the table first, others are needed by
 * tables: so this is called before and after the tables are made, and only the `last` call says what could not be made. */
int program_copy_functions(PGconn *c, Db *db, const char *database, bool last, Error *err);
/* Triggers and rules, read while the connection's snapshot lasts, and made when tables and views are there. */
int program_read_triggers(PGconn *c, PGresult **triggers, PGresult **rules, Error *err);
int program_copy_triggers(const PGresult *triggers, const PGresult *rules, Db *db, const char *database, Error *err);
/* Rows are applied outside of any session, where functions of the user cannot run: a table with a generated column that calls one cannot be
 * followed, an index over one cannot be kept. */
bool program_copy_computes(Db *db, const char *schema, const char *table);
int program_copy_drop_indexes(Db *db, const char *database, Error *err);
/* Takes all of them out of the file, but for what temporary schemas have. */
int program_copy_forget(Db *db, Error *err);

#endif
