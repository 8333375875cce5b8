#include "sqlite/db.h"
#include "sqlite/fn_let.h"
#include "sqlite/row_store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

enum { MAX_CACHED = 500 };

typedef struct DbStmt {
	sqlite3_stmt *stmt;
	uint64_t used;
	bool busy;
} DbStmt;

static int authorize(void *arg, int action, const char *x, const char *y, const char *schema, const char *trigger)
{
	const Db *db = arg;
	if (!db->compiling)
		return SQLITE_OK;
	if (action == SQLITE_ATTACH || action == SQLITE_DETACH)
		return SQLITE_DENY;
	if (action == SQLITE_PRAGMA && y)
		return SQLITE_DENY;
	if (action == SQLITE_FUNCTION && y && sqlite3_stricmp(y, "load_extension") == 0)
		return SQLITE_DENY;
	return SQLITE_OK;
}

static const char *sqlstate_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return "53100";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "XX001";
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return "58030";
	case SQLITE_INTERRUPT:
		return "57014";
	case SQLITE_NOMEM:
		return "53200";
	case SQLITE_TOOBIG:
		return "54000";
	case SQLITE_READONLY:
		return "25006";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "55P03";
	case SQLITE_AUTH:
	case SQLITE_PERM:
		return "42501";
	default:
		return "XX000";
	}
}

/* What SQLite says of a statement that is too large for it, or that uses what depends on settings where nothing may. */
static const struct {
	const char *text, *sqlstate, *message;
} refusals[] = {
	{ "parser stack overflow", "54001", "stack depth limit exceeded" },
	{ "Expression tree is too large", "54001", "stack depth limit exceeded" },
	{ "at most 64 tables in a join", "0A000", "a join of more than 64 tables is not available in SQLite mode" },
	{ "too many arguments on function", "0A000", "a call with this many arguments is not available in SQLite mode" },
	{ "too many terms in compound SELECT", "0A000", "a set operation of this many queries is not available in SQLite mode" },
	{ "non-deterministic functions prohibited in generated", "42P17", "generation expression is not immutable" },
	{ "non-deterministic functions prohibited in index", "42P17", "functions in index expression must be marked IMMUTABLE" },
	{ "non-deterministic functions prohibited in partial", "42P17", "functions in index predicate must be marked IMMUTABLE" },
	{ "too many columns in result set", "54011", "target lists can have at most 1664 entries" },
};

static const char *constraint_state(int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_NOTNULL:
		return "23502";
	case SQLITE_CONSTRAINT_TRIGGER: /* ON DELETE RESTRICT and ON UPDATE RESTRICT */
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return "23503";
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return "23505";
	case SQLITE_CONSTRAINT_CHECK:
		return "23514";
	default:
		return "23000";
	}
}

int db_error(Db *db, int rc, Error *err)
{
	int extended = db->h ? sqlite3_extended_errcode(db->h) : rc;
	if ((extended & 0xff) != (rc & 0xff))
		extended = rc;
	if (db->env.error.sqlstate[0]) {
		if (err)
			*err = db->env.error;
		db->env.error.sqlstate[0] = '\0';
		return -1;
	}
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return err_set(err, constraint_state(extended), "%s", sqlite3_errmsg(db->h));
	if ((rc & 0xff) == SQLITE_INTERRUPT)
		return err_set(err, "57014", "canceling statement due to user request");
	const char *text = db->h ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (strncmp(text, refusals[i].text, strlen(refusals[i].text)) == 0)
			return err_set(err, refusals[i].sqlstate, "%s", refusals[i].message);
	return err_set(err, sqlstate_of(rc), "%s", text);
}

int db_exec(Db *db, const char *sql, Error *err)
{
	int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : db_error(db, rc, err);
}

enum { BUSY_YIELDS = 50, BUSY_SLEEP_US = 1000, BUSY_TRIES = BUSY_YIELDS + 2000 };

/* Who writes is agreed on before SQLite is asked, and yet its write lock can be taken: a reader that meets a half-written header of the
 * shared index takes it while it reads the header again (walIndexReadHdr in SQLite's wal.c). Microseconds, unless its thread has to wait
 * for a processor. */
static int on_busy(void *ctx, int tries)
{
	(void)ctx;
	if (tries >= BUSY_TRIES)
		return 0;
	if (tries < BUSY_YIELDS)
		sched_yield();
	else
		usleep(BUSY_SLEEP_US);
	return 1;
}

static int configure(Db *db, Error *err)
{
	sqlite3_extended_result_codes(db->h, 1);
	sqlite3_busy_handler(db->h, on_busy, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	/* Optimizations of SQLite 3.40 that give wrong rows. Leaving out a LEFT JOIN that nobody reads does, together with ORDER BY and
	 * LIMIT over another table; a Bloom filter hashes the length of a text, and equal ones of our collations differ in it (0.0 and
	 * 0.000). */
	enum { OMIT_NOOP_JOIN = 0x100, BLOOM_FILTER = 0x80000, BLOOM_PULLDOWN = 0x100000 };
	sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, db->h, OMIT_NOOP_JOIN | BLOOM_FILTER | BLOOM_PULLDOWN);
	if (fn_register_all(db->h, &db->env, err))
		return -1;
	/* The first statement reads the header and the schema, so a damaged file shows here. */
	if (db_exec(db, "SELECT count(*) FROM sqlite_schema", err) || db_exec(db, "PRAGMA journal_mode=WAL", err))
		return -1;
	return db_exec(db,
		       "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY;"
		       "PRAGMA cache_size=-16384; PRAGMA mmap_size=268435456; PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=NORMAL",
		       err);
}

/* SQLite's count of its memory, which nobody reads, takes a lock of the whole process for every allocation. Before the first connection. */
static void leave_memory_uncounted(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int db_open(const char *path, DbMode mode, Db **out, Error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, leave_memory_uncounted);
	Db *db = mem_alloc(sizeof *db);
	db->mode = mode;
	db->env.types = &type_env_stored;
	int rc = sqlite3_open_v2(path, &db->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	Error why;
	if (rc != SQLITE_OK ? db_error(db, rc, &why) : configure(db, &why)) {
		err_set(err, why.sqlstate, "could not open SQLite file \"%s\": %s", path, why.message);
		db_close(db);
		return -1;
	}
	sqlite3_set_authorizer(db->h, authorize, db);
	*out = db;
	return 0;
}

int db_create(const char *path, const char *script, Error *err)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, errno == EEXIST ? "42P04" : "58030", "could not create file \"%s\": %s", path, strerror(errno));
	close(fd);
	Db *db;
	if (db_open(path, DB_WRITE, &db, err)) {
		unlink(path);
		return -1;
	}
	int rc = db_exec(db, "BEGIN IMMEDIATE", err) || db_exec(db, script, err) || db_exec(db, "COMMIT", err) ? -1 : 0;
	db_close(db);
	if (rc)
		unlink(path);
	return rc;
}

void db_close(Db *db)
{
	if (!db)
		return;
	size_t at = 0;
	for (MapEntry *e = map_next(&db->stmts, &at); e; e = map_next(&db->stmts, &at)) {
		sqlite3_finalize(((DbStmt *)e->value)->stmt);
		free(e->value);
	}
	map_free(&db->stmts);
	sqlite3_close_v2(db->h);
	fn_draws_free(&db->env);
	fn_kept_free(&db->env);
	row_store_clear(&db->env);
	free(db);
}

/* Drops the statement that has not been used for longest. */
static void evict(Db *db)
{
	MapEntry *oldest = NULL;
	size_t at = 0;
	for (MapEntry *e = map_next(&db->stmts, &at); e; e = map_next(&db->stmts, &at)) {
		const DbStmt *s = e->value;
		if (!s->busy && (!oldest || s->used < ((DbStmt *)oldest->value)->used))
			oldest = e;
	}
	if (!oldest)
		return;
	DbStmt *s = oldest->value;
	map_remove(&db->stmts, (Str){ oldest->key, oldest->key_len });
	sqlite3_finalize(s->stmt);
	free(s);
}

static int compile(Db *db, Str sql, unsigned flags, sqlite3_stmt **out, Error *err)
{
	if (sql.n > INT32_MAX)
		return err_set(err, "54000", "statement is too long");
	db->compiling = true;
	int rc = sqlite3_prepare_v3(db->h, sql.p, (int)sql.n, flags, out, NULL);
	db->compiling = false;
	if (rc != SQLITE_OK)
		return db_error(db, rc, err);
	return *out ? 0 : err_set(err, "42601", "empty statement");
}

int db_prepare(Db *db, Str sql, sqlite3_stmt **out, Error *err)
{
	DbStmt *s = map_get(&db->stmts, sql);
	if (s && !s->busy) {
		s->used = ++db->clock;
		s->busy = true;
		*out = s->stmt;
		return 0;
	}
	if (compile(db, sql, SQLITE_PREPARE_PERSISTENT, out, err))
		return -1;
	if (s || !str_is(sql, sqlite3_sql(*out)))
		return 0; /* in use further up, or text that db_done would not find again: not cached, db_done finalizes it */
	if (db->stmts.count >= MAX_CACHED)
		evict(db);
	s = mem_alloc(sizeof *s);
	*s = (DbStmt){ *out, ++db->clock, true };
	map_put(&db->stmts, sql, s);
	return 0;
}

int db_prepare_once(Db *db, Str sql, sqlite3_stmt **out, Error *err)
{
	return compile(db, sql, 0, out, err);
}

void db_done(Db *db, sqlite3_stmt *stmt)
{
	if (!stmt)
		return;
	DbStmt *s = map_get(&db->stmts, str_of(sqlite3_sql(stmt)));
	if (!s || s->stmt != stmt) {
		sqlite3_finalize(stmt);
		return;
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	s->busy = false;
}

int db_bind(sqlite3_stmt *stmt, int index, const Val *v)
{
	switch (v->kind) {
	case VAL_INT:
		return sqlite3_bind_int64(stmt, index, v->i);
	case VAL_REAL:
		return sqlite3_bind_double(stmt, index, v->r);
	case VAL_TEXT:
		return sqlite3_bind_text64(stmt, index, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case VAL_BLOB:
		return v->s.n ? sqlite3_bind_blob64(stmt, index, v->s.p, v->s.n, SQLITE_STATIC) : sqlite3_bind_zeroblob(stmt, index, 0);
	default:
		return sqlite3_bind_null(stmt, index);
	}
}

Val db_column(sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		return val_int(sqlite3_column_int64(stmt, column));
	case SQLITE_FLOAT:
		return val_real(sqlite3_column_double(stmt, column));
	case SQLITE_TEXT: {
		const char *p = (const char *)sqlite3_column_text(stmt, column);
		return val_text((Str){ p, (size_t)sqlite3_column_bytes(stmt, column) });
	}
	case SQLITE_BLOB: {
		const char *p = sqlite3_column_blob(stmt, column);
		return val_blob((Str){ p ? p : "", (size_t)sqlite3_column_bytes(stmt, column) });
	}
	default:
		return val_null();
	}
}
