/*
 * SQLite connections: opened with the pragmas this program relies on, with PostgreSQL's functions and collations,
 * and with a cache of compiled statements.
 *
 * A Db is used by one thread at a time; whoever has checked it out owns it.
 */
#ifndef US_SQLITE_DB_H
#define US_SQLITE_DB_H

#include "base/map.h"
#include "sqlite/fn.h"

typedef enum { DB_READ, DB_WRITE } DbMode;

typedef struct Db {
	sqlite3 *h;
	DbMode mode;
	FnEnv env;
	Map stmts; /* SQLite text -> DbStmt; least recently used ones are dropped beyond the limit */
	uint64_t clock;
	bool compiling; /* a translated statement is being compiled: the authorizer is strict */
} Db;

/* Opens an existing file (or creates one with db_create). WAL, foreign_keys=ON, synchronous as given, double-quoted strings off,
 * DEFENSIVE on, trusted_schema off, recursive_triggers on, mmap, secure_delete off. A lock that is taken is waited for, up to two seconds.
 * An authorizer denies ATTACH, PRAGMA writes and load_extension to translated statements. */
int db_open(const char *path, DbMode mode, Db **out, Error *err);
/* Creates a new file (0600) with the _understudy_* tables (catalog/ gives the script). Fails if it exists. */
int db_create(const char *path, const char *script, Error *err);
void db_close(Db *db);

/* Runs SQL text without parameters or rows, several statements allowed. For our own statements only. */
int db_exec(Db *db, const char *sql, Error *err);
/* A compiled statement from the cache, reset and with bindings cleared. Give it back with db_done. */
int db_prepare(Db *db, Str sql, sqlite3_stmt **out, Error *err);
void db_done(Db *db, sqlite3_stmt *stmt);
/* Compiled anew and not kept; the caller finalizes it. */
int db_prepare_once(Db *db, Str sql, sqlite3_stmt **out, Error *err);

/* Turns the error of the last SQLite call into ours: env.error when a function raised it, otherwise by SQLite's result code
 * (SQLITE_FULL 53100, CORRUPT/NOTADB XX001, IOERR 58030, INTERRUPT 57014, NOMEM 53200, TOOBIG 54000, READONLY 25006, ...).
 * Constraint failures (23xxx) get their raw SQLite text as message; catalog/constraint.h makes PostgreSQL's of it. */
int db_error(Db *db, int rc, Error *err);

int db_bind(sqlite3_stmt *stmt, int index, const Val *v); /* 1-based; copies nothing: bytes must live until reset */
Val db_column(sqlite3_stmt *stmt, int column);		  /* 0-based */

#endif
