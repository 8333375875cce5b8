/*
 * The journal: every row change made on the SQLite side while the primary is away, kept in the file it belongs to and
 * written in the same SQLite transaction as the rows, so that one cannot exist without the other.
 *
 * A Journal belongs to one write connection. journal_attach installs SQLite's preupdate hook, which puts each changed row
 * (all old and all new values) into a buffer. The owner of the connection then
 *   - takes journal_mark before a statement and a SAVEPOINT, and calls journal_cut with it when that statement failed or at
 *     ROLLBACK TO: SQLite tells nobody which rows it undid;
 *   - calls journal_before_commit right before COMMIT, and journal_reset after a ROLLBACK.
 * Attach before the first statement is compiled on the connection, and leave it attached: SQLite decides while it compiles
 * a DELETE whether rows may be dropped without telling the hook. journal_set_capture switches the recording.
 *
 * Rows of tables named _understudy_*, sqlite_* and pg_temp_* are never recorded, nor are sequences of the latter name.
 */
#ifndef US_SQLITE_JOURNAL_H
#define US_SQLITE_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "pgtype/val.h"

#include <sqlite3.h>

typedef struct Journal Journal;

typedef enum JournalKind {
	JOURNAL_LOCAL, /* written by a client of the SQLite side: to be replayed on the primary */
	JOURNAL_REDO,  /* already committed on the primary, done again here because the stream did not deliver it: never replayed */
} JournalKind;

/* Creates _understudy_journal when the file has none. */
int journal_create_table(sqlite3 *db, Error *err);

/* Never NULL; capture is off. Owned by the caller; detach before the connection is closed. */
Journal *journal_attach(sqlite3 *db);
void journal_detach(Journal *j);
void journal_set_capture(Journal *j, bool on);
bool journal_capturing(const Journal *j);

/* Position in the buffer; journal_cut forgets what was recorded after it. Sequence values stay: nextval does not roll back. */
size_t journal_mark(const Journal *j);
void journal_cut(Journal *j, size_t mark);
void journal_reset(Journal *j);
/* True when the transaction has recorded rows or sequence values. */
bool journal_dirty(const Journal *j);

/* A sequence's value as of this transaction: `name` is its name in the file. Only the last value for a name is kept. */
void journal_sequence(Journal *j, const char *name, int64_t last_value);

/* Writes the buffer as one row; call inside the transaction, right before COMMIT. `session` and `xid` are for the record
 * (xid 0 = none). Does nothing when there is nothing to record. *txid (may be NULL) gets the number or 0. The buffer stays until
 * journal_reset, which the caller calls after the COMMIT or ROLLBACK. 54000 when the transaction is larger than 512 MiB. */
int journal_before_commit(Journal *j, JournalKind kind, const char *session, uint64_t xid, int64_t *txid, Error *err);

/* One recorded change. Pointers live in the arena given to the reader. */
typedef struct JournalChange {
	char op;	   /* 'I' 'U' 'D'; 'S' = sequence value: table is its name, new_rowid its value */
	int depth;	   /* 0: the statement itself; > 0: a trigger or a foreign key's action did it */
	const char *table; /* name in the file */
	int64_t old_rowid, new_rowid;
	size_t ncols;
	Val *before, *after; /* NULL where there is none; for 'U' an unchanged column has the same value in both */
} JournalChange;

typedef struct JournalTx {
	int64_t txid, at_us;
	JournalKind kind;
	char state[16]; /* 'new', 'replayed', 'conflict' */
	const char *session;
	uint64_t xid;
	JournalChange *changes;
	size_t n;
} JournalTx;

/* The first transaction after `after_txid`: 1 and *out filled, 0 when there is none, -1 on error (XX001 when the checksum is wrong). */
int journal_next(sqlite3 *db, int64_t after_txid, Arena *a, JournalTx *out, Error *err);
/* Transactions of kind local still to be replayed. */
int journal_backlog(sqlite3 *db, int64_t *n, Error *err);

/* The encoding of _understudy_journal.changes, for tests and tools. -1 with XX001 when the bytes are not well-formed. */
int journal_decode(Str bytes, Arena *a, JournalChange **out, size_t *n, Error *err);
uint64_t journal_checksum(Str bytes, int64_t at_us);

#endif
