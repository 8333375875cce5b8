/*
 * Putting the primary's changes into the file. The connection is the applier's own: foreign keys are off and nothing is recorded in the
 * journal on it. The caller brackets groups of whole source transactions with BEGIN IMMEDIATE and COMMIT.
 *
 * Changes may come twice (after a crash, or as the echo of our own replay): a row is put where its key is, whatever was there.
 */
#ifndef US_SYNC_APPLY_H
#define US_SYNC_APPLY_H

#include "catalog/catalog.h"
#include "sync/pgoutput.h"

typedef struct Apply Apply;

/* Opens the applier's connection on an existing file. */
int apply_db_open(const char *path, Db **out, Error *err);

/* `db` and its catalog stay the caller's; the catalog is read when it is made. */
int apply_new(Db *db, const char *database, Apply **out, Error *err);
void apply_free(Apply *p);
/* The catalog as it was at apply_new. */
const Catalog *apply_catalog(const Apply *p);

/* Takes R, I, U, D and T; other messages change nothing. Inside the caller's transaction. A table whose structure is not the file's is
 * marked stale (state.h) and left out from then on; that is not an error. */
int apply_message(Apply *p, const OutMessage *m, Error *err);
uint64_t apply_rows(const Apply *p);

/* Puts one row given as text values (column names of the primary, p == NULL is NULL) over what has its key; used to repair single rows. */
int apply_put_row(Apply *p, const CatRel *rel, const char *const *names, const char *const *texts, size_t n, Error *err);

/* "name" quoted for SQLite. */
void apply_put_ident(Buf *b, const char *name);

#endif
