/*
 * Sequences of one database: their current values live here, shared by all sessions, because nextval does not roll back.
 * The file is brought up to date by sequence_flush before each COMMIT; after a crash a value may be handed out again only
 * if no committed transaction has seen it. Behaviour of src/backend/commands/sequence.c.
 */
#ifndef US_CATALOG_SEQUENCE_H
#define US_CATALOG_SEQUENCE_H

#include "catalog/catalog.h"
#include "catalog/sessionvars.h"

typedef struct SequenceStore SequenceStore;

SequenceStore *sequence_store_new(void);
void sequence_store_free(SequenceStore *s);

/* Reads every sequence of the file that the store does not know yet, and forgets those that are gone. Known ones keep their
 * value unless `reread` (a restart from the file's own state). Call after opening, and
 * after every transaction with DDL, committed or not (an OID that was rolled back may be given again). */
int sequence_store_load(SequenceStore *s, Db *db, bool reread, Error *err);

/* Writes the values that changed since the last flush into _understudy_sequence; for the write connection inside the transaction
 * that is about to commit. When that transaction fails afterwards call sequence_flush_failed, so that they are written again. */
int sequence_flush(SequenceStore *s, Db *db, Error *err);
void sequence_flush_failed(SequenceStore *s);
bool sequence_dirty(SequenceStore *s);

/* nextval: 2200H at the end of a sequence that does not cycle. A sequence unknown to the store starts at its START value
 * (made by the transaction that is still running). */
int sequence_next(SequenceStore *s, const CatSequence *q, int64_t *value, Error *err);
/* setval: 22003 when out of bounds. */
int sequence_set(SequenceStore *s, const CatSequence *q, int64_t value, bool is_called, Error *err);
/* ALTER SEQUENCE RESTART and TRUNCATE RESTART IDENTITY. */
int sequence_restart(SequenceStore *s, const CatSequence *q, Error *err);
/* Back to what sequence_state told before: RESTART does roll back. */
void sequence_restore(SequenceStore *s, uint32_t oid, int64_t last_value, bool is_called);
/* last_value and is_called as SELECT * FROM seq shows them. */
void sequence_state(SequenceStore *s, const CatSequence *q, int64_t *last_value, bool *is_called);

/* A transaction's number: above every one that was given before. It comes from the clock, so nothing of it need be kept. */
uint64_t sequence_txid(SequenceStore *s);

/* Functions nextval_oid, currval_oid, setval_oid, setval3_oid, lastval, pg_sequence_last_value. */
extern const SqliteFn catalog_fn_sequence[];

#endif
