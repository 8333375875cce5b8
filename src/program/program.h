/*
 * Running programs on SQLite: functions and procedures in SQL and PL/pgSQL, DO blocks, triggers.
 *
 * A call inside a SQL expression reaches call.c through a SQLite function, one in FROM through the table understudy_call. The
 * interpreter's own statements are planned like everybody else's (backend/sqlite.h), with the program's variables as parameters, and
 * run on the connection and in the transaction of the statement around (nested_execute). Compiled programs belong to a session and are
 * made anew when the catalog or the settings have changed.
 */
#ifndef US_PROGRAM_PROGRAM_H
#define US_PROGRAM_PROGRAM_H

#include "backend/sqlite.h"

/* Once, at start, before a file is opened. */
void program_install(void);

/* A DO statement. RUN_WANT_WRITER as in run_execute. */
RunResult program_do(SqliteTxn *t, CachedPlan *p, Error *err);
/* CALL: the row of what comes out goes to `out`, when the procedure has any. */
RunResult program_call(SqliteTxn *t, CachedPlan *p, const Val *params, size_t nparams, const uint8_t *formats, size_t nformats, Buf *out,
		       Error *err);

#endif
