/* Doing again, on SQLite, what the primary acknowledged and the stream did not deliver. */
#ifndef US_SYNC_REDO_RUN_H
#define US_SYNC_REDO_RUN_H

#include "backend/redo.h"
#include "backend/sqlite.h"

/* Runs the statements of one transaction through the SQLite backend and commits. On failure nothing of it remains. */
int redo_run(Database *d, const Redo *r, Error *err);

#endif
