/*
 * Rows kept while a statement of several steps runs, and read again by its later steps: SELECT c1, c2 FROM understudy_rows(3).
 *
 * The stores belong to a connection. They are numbered from 0; a store that nothing was put into is empty.
 */
#ifndef US_SQLITE_ROW_STORE_H
#define US_SQLITE_ROW_STORE_H

#include "sqlite/fn.h"

enum { STORE_COLUMNS = 400 }; /* c1 ... c400 */

/* Appends the statement's current row to a store. */
void row_store_add(FnEnv *env, int store, sqlite3_stmt *stmt);
/* The store's only row. */
void row_store_set(FnEnv *env, int store, const Val *row, size_t n);
/* Appends copies of a store's rows to another; how many there are. */
size_t row_store_append(FnEnv *env, int from, int to);
/* `to` gets the rows of `from`, which is empty then. */
void row_store_move(FnEnv *env, int from, int to);
/* The rows of a store, which may be changed in place: values that are put there belong into *a. row_store_cut forgets those from n on. */
Val **row_store_rows(FnEnv *env, int store, size_t *n, Arena **a);
void row_store_cut(FnEnv *env, int store, size_t n);
/* Whether the last column of some row is this number. */
bool row_store_ends_with(FnEnv *env, int store, int64_t number);
/* Bytes that a store holds. */
size_t row_store_bytes(FnEnv *env, int store);
/* Empties all stores: the statement has ended. */
void row_store_clear(FnEnv *env);

/* Registers the table on a connection; an SQLite result code. */
int vtab_rows_register(sqlite3 *db, FnEnv *env);

#endif
