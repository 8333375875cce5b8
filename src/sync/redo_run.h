/* Doing again, on SQLite, what the primary acknowledged and the stream did not deliver. */
#ifndef US_SYNC_REDO_RUN_H
#define US_SYNC_REDO_RUN_H

#include "backend/redo.h"
#include "backend/sqlite.h"

typedef struct RedoRun RedoRun;

RedoRun *redo_open(Database *d);
/* Runs the statements of one transaction through the SQLite backend, under the settings and as the user of its session, and commits. On
 * failure nothing of it remains. */
int redo_run(RedoRun *run, const Redo *r, Error *err);
void redo_close(RedoRun *run);

#endif
