/*
 * Large objects: what a file holds of them, and the descriptors that a transaction has open.
 * They lie in pages of PostgreSQL's size; a page that was never written is a hole and reads as zeros.
 * Everything runs on the connection of the statement around (nested_sql).
 */
#ifndef US_BACKEND_LARGE_OBJECT_H
#define US_BACKEND_LARGE_OBJECT_H

#include "backend/sqlite.h"

enum { LO_PAGE = 2048 };
#define LO_MAX ((int64_t)INT32_MAX * LO_PAGE) /* bytes of one */

/* 42704 when there is no such object; 42501 when the user is neither its owner nor a superuser. */
int lo_check(SqliteTxn *t, uint32_t oid, Error *err);
/* *oid = 0 asks for a free number. */
int lo_make(SqliteTxn *t, uint32_t *oid, Error *err);
int lo_drop(SqliteTxn *t, uint32_t oid, Error *err);
int lo_size(SqliteTxn *t, uint32_t oid, int64_t *size, Error *err);
/* Appends up to n bytes to `out`; fewer at the end. */
int lo_read(SqliteTxn *t, uint32_t oid, int64_t at, int64_t n, Buf *out, Error *err);
int lo_write(SqliteTxn *t, uint32_t oid, int64_t at, Str data, Error *err);
/* Makes it `size` bytes long, shorter or longer. */
int lo_cut(SqliteTxn *t, uint32_t oid, int64_t size, Error *err);

typedef struct LoOpen {
	uint32_t oid; /* 0: this number is free */
	int64_t at;
	bool reads, writes;
	int level; /* savepoints when it was opened */
} LoOpen;

/* The transaction's ends: descriptors are closed by them, too. */
void lo_rollback_to(SqliteTxn *t, int level);
void lo_release_savepoint(SqliteTxn *t, int level);
void lo_end_transaction(SqliteTxn *t);

extern const SqliteFn fn_table_large_object[]; /* for fn_add_table */

#endif
