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

/* A row the failed statement was writing: stored values by attnum - 1; ncols 0 = unknown. */
typedef struct FailedRow {
	const Val *vals;
	size_t ncols;
} FailedRow;

/* Fills `err` (23505, 23502, 23514, 23503) from the result code and text that SQLite gave for a statement that writes `target_oid`
 * (0 = unknown). Call before the failed statement is rolled back: a foreign key's rows are looked for in the file. Always -1. */
int constraint_error(const Catalog *cat, Db *db, int extended_rc, const char *sqlite_message, uint32_t target_oid, const FailedRow *row,
		     const TypeEnv *types, Error *err);

#endif
