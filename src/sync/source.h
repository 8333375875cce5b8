/*
 * The primary as the sync room sees it: libpq connections with the session settings that make PostgreSQL's text equal the stored form
 * (pgtype/val.h), and errors in this program's idiom. A connection is used by one thread at a time. Waits are bounded: TCP keepalives and
 * tcp_user_timeout are set, and a silent server ends with 08006.
 */
#ifndef US_SYNC_SOURCE_H
#define US_SYNC_SOURCE_H

#include "backend/libpq.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdatomic.h>

/* Connects; `replication` opens a logical walsender. NULL with SQLSTATE 08001 or the server's own. */
PGconn *source_connect(const char *conninfo, bool replication, Error *err);
void source_closep(PGconn **c);

/* Every wait of the calling thread on a primary ends (its connection is shut down, 08006) once *stop is true. Kept per thread; NULL =
 * never. */
void source_set_stop(atomic_bool *stop);
/* The same at a moment of clock_mono_us; 0 = never. */
void source_set_deadline(int64_t us);
bool source_stopped(void);
/* PQgetResult and PQgetCopyData with such waits. */
PGresult *source_get_result(PGconn *c);
int source_get_copy(PGconn *c, char **data);

/* Runs a command or query. NULL on failure. The caller clears the result. */
PGresult *source_query(PGconn *c, const char *sql, Error *err);
PGresult *source_query_params(PGconn *c, const char *sql, int n, const char *const *params, Error *err);
int source_exec(PGconn *c, const char *sql, Error *err);
void source_clearp(PGresult **r);

/* Fills `err` from a failed result, or from the connection when `r` is NULL. Always -1. */
int source_error(PGconn *c, const PGresult *r, Error *err);
/* True when the failure means that the connection or the server is gone. */
bool source_is_lost(PGconn *c, const Error *err);

/* "name" with quotes as needed always; appended to b. */
void source_put_ident(Buf *b, const char *name);
void source_put_literal(Buf *b, const char *text);
/* "16/B374D848" <-> 64 bits; 0 when malformed. */
uint64_t source_lsn(const char *text);
void source_lsn_text(uint64_t lsn, char out[24]);

#endif
