#include "sync/state.h"

#include "base/clock.h"
#include "sqlite/journal.h"
#include "sync/views.h"

#include <stdio.h>

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS _understudy_sync(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS _understudy_unmirrored(kind TEXT NOT NULL, name TEXT NOT NULL, why TEXT NOT NULL, at_us INTEGER NOT "
	"NULL,"
	" PRIMARY KEY(kind, name));"
	"CREATE TABLE IF NOT EXISTS _understudy_stale(tbl TEXT PRIMARY KEY, why TEXT NOT NULL, at_us INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS _understudy_conflict(id INTEGER PRIMARY KEY AUTOINCREMENT, txid INTEGER NOT NULL, tbl TEXT NOT NULL,"
	" op TEXT NOT NULL, key TEXT, base TEXT, local TEXT, remote TEXT, reason TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open',"
	" at_us INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS _understudy_in_doubt(xid INTEGER NOT NULL, session TEXT, at_us INTEGER NOT NULL, what TEXT, verdict "
	"TEXT);"
	"CREATE TABLE IF NOT EXISTS _understudy_mirror(oid INTEGER PRIMARY KEY, name TEXT NOT NULL, fingerprint TEXT NOT NULL, valid_from "
	"INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS _understudy_events(id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, kind TEXT NOT NULL,"
	" text TEXT NOT NULL)";

int state_create(Db *db, Error *err)
{
	if (db_exec(db, tables, err) < 0)
		return -1;
	/* A read first: only a file that lacks them is written. */
	if (!state_count(db, "SELECT count(*) FROM _understudy_relation WHERE oid = 15905") && views_create(db, err) < 0)
		return -1;
	return journal_create_table(db->h, err);
}

int state_run(Db *db, const char *sql, const Val *params, size_t n, Error *err)
{
	sqlite3_stmt *st;
	if (db_prepare(db, str_of(sql), &st, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		db_bind(st, (int)i + 1, &params[i]);
	int rc;
	do
		rc = sqlite3_step(st);
	while (rc == SQLITE_ROW);
	int result = rc == SQLITE_DONE ? 0 : db_error(db, rc, err);
	db_done(db, st);
	return result;
}

int64_t state_count(Db *db, const char *sql)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db, str_of(sql), &st, &ignored) < 0)
		return 0;
	int64_t n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	db_done(db, st);
	return n;
}

static sqlite3_stmt *get(Db *db, const char *key)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db, str_of("SELECT value FROM _understudy_sync WHERE key = ?1"), &st, &ignored) < 0)
		return NULL;
	Val k = val_text(str_of(key));
	db_bind(st, 1, &k);
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
		return st;
	db_done(db, st);
	return NULL;
}

char *state_get(Db *db, const char *key, Arena *a)
{
	sqlite3_stmt *st = get(db, key);
	if (!st)
		return NULL;
	char *s = arena_strdup(a, (const char *)sqlite3_column_text(st, 0));
	db_done(db, st);
	return s;
}

int64_t state_get_int(Db *db, const char *key, int64_t otherwise)
{
	sqlite3_stmt *st = get(db, key);
	if (!st)
		return otherwise;
	int64_t n = sqlite3_column_int64(st, 0);
	db_done(db, st);
	return n;
}

int state_put(Db *db, const char *key, const char *value, Error *err)
{
	Val v[2] = { val_text(str_of(key)), value ? val_text(str_of(value)) : val_null() };
	return state_run(db,
			 "INSERT INTO _understudy_sync(key, value) VALUES (?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
			 v, 2, err);
}

int state_put_int(Db *db, const char *key, int64_t value, Error *err)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)value);
	return state_put(db, key, text, err);
}

int state_add_unmirrored(Db *db, const char *kind, const char *name, const char *why, Error *err)
{
	Val v[4] = { val_text(str_of(kind)), val_text(str_of(name)), val_text(str_of(why)), val_int(clock_wall_us()) };
	return state_run(db, "INSERT OR REPLACE INTO _understudy_unmirrored(kind, name, why, at_us) VALUES (?1, ?2, ?3, ?4)", v, 4, err);
}

int state_add_event(Db *db, const char *kind, const char *text, Error *err)
{
	Val v[3] = { val_int(clock_wall_us()), val_text(str_of(kind)), val_text(str_of(text)) };
	return state_run(db, "INSERT INTO _understudy_events(at_us, kind, text) VALUES (?1, ?2, ?3)", v, 3, err);
}

int state_set_stale(Db *db, const char *table, const char *why, Error *err)
{
	Val v[3] = { val_text(str_of(table)), val_text(str_of(why)), val_int(clock_wall_us()) };
	return state_run(db, "INSERT OR REPLACE INTO _understudy_stale(tbl, why, at_us) VALUES (?1, ?2, ?3)", v, 3, err);
}

static bool has_row(Db *db, const char *sql, const char *param)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db, str_of(sql), &st, &ignored) < 0)
		return false;
	Val t = val_text(str_of(param));
	db_bind(st, 1, &t);
	bool found = sqlite3_step(st) == SQLITE_ROW;
	db_done(db, st);
	return found;
}

bool state_is_stale(Db *db, const char *table)
{
	return has_row(db, "SELECT 1 FROM _understudy_stale WHERE tbl = ?1", table);
}

bool state_is_unmirrored(Db *db, const char *name)
{
	return has_row(db, "SELECT 1 FROM _understudy_unmirrored WHERE kind = 'table' AND name = ?1", name);
}
