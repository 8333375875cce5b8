/*
 * PostgreSQL's errors for SQLite's constraint failures.
 *
 * SQLite names the table and columns (UNIQUE, NOT NULL) or the constraint (CHECK) but not the values, and nothing at all for a foreign
 * key. The key values for DETAIL come from the row that was being written when the caller knows it (`row`), otherwise DETAIL is
 * left out: nothing is invented.
 */
#ifndef US_CATALOG_CONSTRAINT_H
#define US_CATALOG_CONSTRAINT_H

#include "catalog/catalog.h"

/* A row that the failed statement was writing, or wanted to: stored values by attnum - 1. */
typedef struct FailedRow {
	const CatRel *rel;
	const Val *vals; /* new values; NULL when the row was deleted */
	const Val *old;	 /* values before; NULL when the row was inserted */
	size_t ncols;
	bool only_inserts; /* the statement has not updated or deleted any row so far */
} FailedRow;

/* Fills `err` (23505, 23502, 23514, 23503) from the result code and text that SQLite gave for a statement that writes `target_oid`
 * (0 = unknown). Call before the failed statement is rolled back: a foreign key's rows are looked for in the file. Always -1. */
int constraint_error(const Catalog *cat, Db *db, int extended_rc, const char *sqlite_message, uint32_t target_oid, const FailedRow *row,
		     const TypeEnv *types, Error *err);

/* The violation of a foreign key among `rows`, in the order PostgreSQL finds it, in a file that holds the rows as the statement leaves
 * them. When `refused`, SQLite has undone the statement at the last row: its key must not go (RESTRICT). -1 with `err` filled, or 0
 * when none was found. */
int constraint_foreign_key_rows(const Catalog *cat, Db *db, const FailedRow *rows, size_t n, bool refused, const TypeEnv *types,
				Error *err);

/* "Key (a, lower(b))=(1, x)": the columns and expressions of an index with their values in a row, as PostgreSQL writes them. False when
 * they are not known. Inside a statement of a session: the functions of the connection show the expressions. */
bool constraint_index_key(const Catalog *cat, Db *db, const CatIndex *x, const FailedRow *row, const TypeEnv *types, Buf *out);

/* A name in SQLite text. */
void constraint_put_name(Buf *b, const char *name);

/* Adds DETAIL "Failing row contains (...)" to a 23502 or 23514 when the row belongs to the relation that `err` names. */
void constraint_failing_row(const FailedRow *row, const TypeEnv *types, Error *err);

#endif
