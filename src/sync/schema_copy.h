/*
 * The primary's structure, read from its pg_catalog and made again in a SQLite file through this program's own DDL.
 * What cannot be mirrored is logged, listed in _understudy_unmirrored and left out.
 */
#ifndef US_SYNC_SCHEMA_COPY_H
#define US_SYNC_SCHEMA_COPY_H

#include "sync/source.h"
#include "sqlite/db.h"

typedef struct SchemaTable {
	uint32_t oid;
	const char *schema, *name;
	bool partitioned, has_key;
	size_t ncols; /* generated columns are not in it */
	const char **cols;
} SchemaTable;

typedef struct Schema {
	SchemaTable *tables; /* those that the file has */
	size_t n;
	const char **later; /* CREATE INDEX and CREATE VIEW, to be run after the rows, with `later_names` */
	const char **later_names;
	size_t nlater;
	PGresult *triggers, *rules; /* for schema_copy_later (sync/program_copy.h) */
} Schema;

/* Makes schemas, types, sequences, functions, tables and constraints in an empty file. What is returned is in `a`, but for what
 * schema_clear frees. */
int schema_copy(PGconn *c, Db *db, const char *database, Arena *a, Schema *out, Error *err);
void schema_clear(Schema *s);
/* Indexes, views and triggers. */
int schema_copy_later(Db *db, const char *database, const Schema *s, Error *err);
/* The same for some tables (OIDs, comma-separated) in a file that holds others: the tables must not be there. Schemas, enums and sequences
 * that are missing are made; `later` has the tables' indexes and all views. */
int schema_copy_some(PGconn *c, Db *db, const char *database, const char *oids, Arena *a, Schema *out, Error *err);
/* Values of the sequences, as the connection's transaction sees them. */
int schema_copy_sequences(PGconn *c, Db *db, Error *err);

/* The same in two steps, for those who must not wait: the query, and what to do with its result. */
extern const char schema_sequence_query[];
int schema_apply_sequences(const PGresult *r, Db *db, Error *err);

/* Plans one PostgreSQL statement and runs it with its steps in a transaction of its own. */
int schema_run_ddl(Db *db, const char *database, const char *sql, Error *err);
/* The same for CREATE FUNCTION without a look at the body, and in any language. */
int schema_run_unchecked(Db *db, const char *database, const char *sql, Error *err);

#endif
