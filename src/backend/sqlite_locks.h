/*
 * Advisory locks of a database, and who waits for whom.
 *
 * A lock is a number; PostgreSQL's rules decide who gets it (lock.c): shared and exclusive, held until it is given back as often as it was
 * taken or, of a transaction's, until its end. Those who wait are served in order.
 *
 * A statement that has to wait is abandoned (LOCKS_WAIT) and run again when it has its turn. What it had taken by then, and what it was
 * given while it waited, is "handed" to it: taking that again only counts what is there. Where a statement cannot be run again, its thread
 * waits.
 *
 * Waiting for the write connection is part of the same graph: whoever closes a circle gets 40P01.
 */
#ifndef US_BACKEND_SQLITE_LOCKS_H
#define US_BACKEND_SQLITE_LOCKS_H

#include "backend/sqlite.h"

/* The SQLSTATE that abandons a statement; never seen by a client. */
#define LOCKS_WAIT "UL001"

/* True when it was free. Otherwise the request is noted in the transaction for locks_wait. */
bool locks_try(SqliteTxn *t, const LockRequest *r);
/* pg_advisory_unlock: false when it was not held so. */
bool locks_unlock(SqliteTxn *t, const LockRequest *r);
void locks_unlock_all(SqliteTxn *t);
/* Joins the queue for what locks_try has noted; the statement was closed before. As database_wait_writer. */
bool locks_wait(SqliteTxn *t, void (*granted)(LoopTask *task), void *owner);
/* The same, waiting on this thread, which does not lead the loop. 0, or -1 with 40P01, 55P03 or 57014. */
int locks_wait_here(SqliteTxn *t, Error *err);
/* The statement has ended, however: nothing is handed any more. */
void locks_end_statement(SqliteTxn *t);
void locks_rollback_to(SqliteTxn *t, int level);
void locks_release_savepoint(SqliteTxn *t, int level);
void locks_end_transaction(SqliteTxn *t);
/* Why a wait ended without what was waited for: 0 when it did not, or -1 with 40P01, 55P03 or 57014. */
int locks_wait_failed(SqliteTxn *t, Error *err);

/* All locks of the database and who waits for one. Allocated from `a`. */
LockRow *locks_list(Database *d, Arena *a, size_t *n);

#endif
