#include "sync/copy.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/apply.h"
#include "sync/resync.h"
#include "sync/schema_copy.h"
#include "sync/state.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

typedef struct Copy {
	PGconn *sql, *repl;
	Db *db;
	const char *database;
	const char *records; /* NULL, or the file whose records of what happened are taken over */
	char node[40];
	Arena *arena, *row_arena;
	atomic_bool *stop;
	Schema schema;
	uint64_t rows, bytes;
	int64_t started_us, told_us;
} Copy;

int source_identity(PGconn *replication, SourceIdentity *out, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(replication, "IDENTIFY_SYSTEM", err);
	if (!r)
		return -1;
	snprintf(out->system_id, sizeof out->system_id, "%s", PQgetvalue(r, 0, 0));
	out->timeline = (int)strtol(PQgetvalue(r, 0, 1), NULL, 10);
	out->lsn = source_lsn(PQgetvalue(r, 0, 2));
	return 0;
}

int copy_drop_slot(PGconn *replication, const char *node, Error *err)
{
	Buf b = { 0 };
	buf_printf(&b,
		   "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = "
		   "'understudy_%s'",
		   node);
	int rc = source_exec(replication, buf_cstr(&b), err);
	buf_clear(&b);
	buf_printf(&b, "DROP PUBLICATION IF EXISTS understudy_%s, understudy_%s_ins", node, node);
	if (rc == 0)
		rc = source_exec(replication, buf_cstr(&b), err);
	buf_free(&b);
	return rc;
}

/* One publication for tables whose rows can be identified, one for the others: a publication of updates would forbid the owner of a
 * table without a key to update it. */
static int make_publication(Copy *c, bool keyed, Error *err)
{
	Buf b = { 0 };
	buf_printf(&b, "CREATE PUBLICATION understudy_%s%s", c->node, keyed ? "" : "_ins");
	size_t n = 0;
	for (size_t i = 0; i < c->schema.n; i++) {
		const SchemaTable *t = &c->schema.tables[i];
		if (t->has_key != keyed)
			continue;
		buf_puts(&b, n++ ? ", " : " FOR TABLE ONLY ");
		if (n > 1)
			buf_puts(&b, "ONLY ");
		source_put_ident(&b, t->schema);
		buf_puts(&b, ".");
		source_put_ident(&b, t->name);
	}
	buf_printf(&b, " WITH (publish = '%s', publish_via_partition_root = true)",
		   keyed ? "insert, update, delete, truncate" : "insert, truncate");
	int rc = source_exec(c->sql, buf_cstr(&b), err);
	buf_free(&b);
	return rc;
}

/* Creates the slot and puts the SQL connection into its snapshot. */
static int make_slot(Copy *c, Error *err)
{
	Buf b = { 0 };
	buf_printf(&b, "CREATE_REPLICATION_SLOT understudy_%s LOGICAL pgoutput (SNAPSHOT 'export')", c->node);
	_cleanup_(source_clearp) PGresult *r = source_query(c->repl, buf_cstr(&b), err);
	buf_clear(&b);
	if (!r) {
		buf_free(&b);
		return -1;
	}
	buf_puts(&b, "SET TRANSACTION SNAPSHOT ");
	source_put_literal(&b, PQgetvalue(r, 0, 2));
	int rc = source_exec(c->sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
	if (rc == 0)
		rc = source_exec(c->sql, buf_cstr(&b), err);
	if (rc == 0)
		rc = state_put_int(c->db, "lsn", (int64_t)source_lsn(PQgetvalue(r, 0, 1)), err);
	buf_free(&b);
	return rc;
}

static void put_column_list(Buf *b, const SchemaTable *t)
{
	for (size_t i = 0; i < t->ncols; i++) {
		buf_puts(b, i ? ", " : "");
		source_put_ident(b, t->cols[i]);
	}
}

static void make_copy_sql(Buf *b, const SchemaTable *t)
{
	buf_puts(b, t->partitioned ? "COPY (SELECT " : "COPY ");
	if (t->partitioned) {
		put_column_list(b, t);
		buf_puts(b, " FROM ");
	}
	source_put_ident(b, t->schema);
	buf_puts(b, ".");
	source_put_ident(b, t->name);
	if (!t->partitioned) {
		buf_puts(b, " (");
		put_column_list(b, t);
	}
	buf_puts(b, ") TO STDOUT (FORMAT binary)");
}

static sqlite3_stmt *make_insert(Copy *c, const SchemaTable *t, const CatRel *rel, const CatColumn **cols, Error *err)
{
	Buf b = { 0 };
	buf_puts(&b, "INSERT INTO ");
	apply_put_ident(&b, rel->sqlite_name);
	for (size_t i = 0; i < t->ncols; i++) {
		cols[i] = catrel_column(rel, t->cols[i]);
		if (!cols[i]) {
			buf_free(&b);
			err_set(err, "XX000", "column %s of table %s.%s is missing in the copy", t->cols[i], t->schema, t->name);
			return NULL;
		}
		buf_puts(&b, i ? ", " : "(");
		apply_put_ident(&b, cols[i]->sqlite_name);
	}
	buf_puts(&b, t->ncols ? ") VALUES (" : " DEFAULT VALUES");
	for (size_t i = 0; i < t->ncols; i++)
		buf_printf(&b, "%s?%zu", i ? ", " : "", i + 1);
	buf_puts(&b, t->ncols ? ")" : "");
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v3(c->db->h, buf_cstr(&b), -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		db_error(c->db, sqlite3_errcode(c->db->h), err);
	buf_free(&b);
	return st;
}

/* One COPY BINARY row. 1 = inserted, 0 = end of data. */
static int put_row(Copy *c, sqlite3_stmt *st, const CatColumn **cols, size_t ncols, const uint8_t *p, size_t len, Error *err)
{
	const uint8_t *end = p + len;
	if (len < 2)
		return err_set(err, "08P01", "COPY sent a short row");
	int16_t n = (int16_t)get_u16(p);
	p += 2;
	if (n == -1)
		return 0;
	if ((size_t)n != ncols)
		return err_set(err, "08P01", "COPY sent %d columns instead of %zu", n, ncols);
	arena_reset(c->row_arena);
	for (int i = 0; i < n; i++) {
		if (end - p < 4)
			return err_set(err, "08P01", "COPY sent a short row");
		int32_t size = (int32_t)get_u32(p);
		p += 4;
		Val v = val_null();
		if (size >= 0) {
			if (end - p < size)
				return err_set(err, "08P01", "COPY sent a short row");
			if (type_recv(cols[i]->type, cols[i]->typmod, (Str){ (const char *)p, (size_t)size }, &type_env_stored,
				      c->row_arena, &v, err) < 0)
				return -1;
			p += size;
		}
		db_bind(st, i + 1, &v);
	}
	int rc = sqlite3_step(st);
	if (rc != SQLITE_DONE)
		return db_error(c->db, rc, err);
	sqlite3_reset(st);
	return 1;
}

static void tell_progress(Copy *c, const SchemaTable *t, uint64_t table_rows)
{
	int64_t now = clock_mono_us();
	if (now - c->told_us < 2000000)
		return;
	c->told_us = now;
	log_info("initial copy: %s.%s, %llu rows; %llu rows, %.1f MB in all, %.0f s", t->schema, t->name, (unsigned long long)table_rows,
		 (unsigned long long)c->rows, (double)c->bytes / 1e6, (double)(now - c->started_us) / 1e6);
}

static int read_rows(Copy *c, const SchemaTable *t, sqlite3_stmt *st, const CatColumn **cols, Error *err)
{
	uint64_t rows = 0;
	char *data;
	int len;
	bool first = true;
	while ((len = source_get_copy(c->sql, &data)) > 0) {
		const uint8_t *p = (const uint8_t *)data;
		size_t n = (size_t)len, head = 0;
		if (first) {
			/* Signature, flags, length of an extension. */
			head = n >= 19 ? 19 + (size_t)get_u32(p + 15) : n;
			first = false;
		}
		int rc = 1;
		if (head < n)
			rc = put_row(c, st, cols, t->ncols, p + head, n - head, err);
		PQfreemem(data);
		if (rc < 0)
			return -1;
		rows += rc == 1 && head < n;
		c->rows += rc == 1 && head < n;
		c->bytes += n;
		if ((c->rows & 1023) == 0) {
			tell_progress(c, t, rows);
			if (c->stop && atomic_load(c->stop))
				return err_set(err, "57014", "initial copy stopped");
		}
	}
	return len == -1 ? 0 : source_error(c->sql, NULL, err);
}

static int end_copy(Copy *c, Error *err)
{
	int rc = 0;
	for (PGresult *r; (r = source_get_result(c->sql)); PQclear(r))
		if (PQresultStatus(r) != PGRES_COMMAND_OK && rc == 0)
			rc = source_error(c->sql, r, err);
	return rc;
}

static int copy_table(Copy *c, const Catalog *cat, const SchemaTable *t, Error *err)
{
	const CatSchema *ns = catalog_schema(cat, t->schema);
	const CatRel *rel = ns ? catalog_rel(cat, ns->oid, t->name) : NULL;
	if (!rel)
		return err_set(err, "XX000", "table %s.%s is missing in the copy", t->schema, t->name);
	const CatColumn **cols = arena_array(c->arena, const CatColumn *, t->ncols + 1);
	sqlite3_stmt *st = make_insert(c, t, rel, cols, err);
	if (!st)
		return -1;
	Buf b = { 0 };
	make_copy_sql(&b, t);
	int rc = source_exec(c->sql, buf_cstr(&b), err);
	buf_free(&b);
	if (rc == 0)
		rc = read_rows(c, t, st, cols, err);
	sqlite3_finalize(st);
	return rc == 0 ? end_copy(c, err) : -1;
}

int copy_some_rows(PGconn *sql, Db *db, const char *database, const Schema *tables, Arena *a, Error *err)
{
	_cleanup_(arena_freep) Arena *row_arena = arena_new();
	Copy c = { .sql = sql, .db = db, .database = database, .arena = a, .row_arena = row_arena, .started_us = clock_mono_us() };
	Apply *types;
	if (apply_new(db, database, &types, err) < 0)
		return -1;
	int rc = 0;
	c.told_us = c.started_us;
	for (size_t i = 0; i < tables->n && rc == 0; i++)
		rc = copy_table(&c, apply_catalog(types), &tables->tables[i], err);
	apply_free(types);
	return rc;
}

static int copy_rows(Copy *c, Error *err)
{
	Apply *types; /* for the catalog that collations look types up in */
	if (apply_new(c->db, c->database, &types, err) < 0)
		return -1;
	/* A copy that breaks off is thrown away whole, so nothing has to be undone. */
	int rc = db_exec(c->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN", err);
	for (size_t i = 0; i < c->schema.n && rc == 0; i++)
		rc = copy_table(c, apply_catalog(types), &c->schema.tables[i], err);
	if (rc == 0)
		rc = schema_copy_sequences(c->sql, c->db, err);
	if (rc == 0)
		rc = db_exec(c->db, "COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", err);
	apply_free(types);
	return rc;
}

static int start_state(Copy *c, Error *err)
{
	SourceIdentity id;
	sqlite3_stmt *st;
	if (source_identity(c->repl, &id, err) < 0 || state_create(c->db, err) < 0)
		return -1;
	if (db_prepare(c->db, str_of("SELECT replace(value, '-', '') FROM _understudy_meta WHERE key = 'node_uuid'"), &st, err) < 0)
		return -1;
	if (sqlite3_step(st) == SQLITE_ROW)
		snprintf(c->node, sizeof c->node, "%.32s", (const char *)sqlite3_column_text(st, 0));
	db_done(c->db, st);
	if (strlen(c->node) != 32)
		return err_set(err, "XX001", "the new file has no node id");
	if (state_put(c->db, "node", c->node, err) < 0 || state_put(c->db, "system_id", id.system_id, err) < 0)
		return -1;
	return state_put_int(c->db, "timeline", id.timeline, err) < 0 ? -1 : state_put_int(c->db, "epoch", 1, err);
}

/* All rows of a query on one file, put into the other by a command with as many parameters. */
static int carry(Db *from, const char *query, Db *to, const char *command, Error *err)
{
	sqlite3_stmt *in, *out;
	if (db_prepare(from, str_of(query), &in, err) < 0)
		return -1;
	int rc = db_prepare(to, str_of(command), &out, err);
	if (rc < 0) {
		db_done(from, in);
		return -1;
	}
	int step;
	while (rc == 0 && (step = sqlite3_step(in)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(in); i++)
			sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i));
		int put = sqlite3_step(out);
		rc = put == SQLITE_DONE ? 0 : db_error(to, put, err);
		sqlite3_reset(out);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = db_error(from, step, err);
	db_done(to, out);
	db_done(from, in);
	return rc;
}

/* Numbers of the journal go on, so that a conflict keeps its own. */
static int keep_records(Copy *c, Error *err)
{
	static const char *const what[][2] = {
		{ "SELECT * FROM _understudy_conflict", "INSERT INTO _understudy_conflict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
		{ "SELECT * FROM _understudy_in_doubt", "INSERT INTO _understudy_in_doubt VALUES (?, ?, ?, ?, ?)" },
		{ "SELECT * FROM _understudy_events", "INSERT INTO _understudy_events VALUES (?, ?, ?, ?)" },
		{ "SELECT * FROM sqlite_sequence WHERE name = '_understudy_journal'", "INSERT INTO sqlite_sequence VALUES (?, ?)" },
	};
	Db *from;
	if (apply_db_open(c->records, &from, err) < 0)
		return -1;
	int rc = db_exec(c->db, "BEGIN", err);
	for (size_t i = 0; i < ARRAY_LEN(what) && rc == 0; i++)
		rc = carry(from, what[i][0], c->db, what[i][1], err);
	db_close(from);
	return rc < 0 ? rc : db_exec(c->db, "COMMIT", err);
}

static int fill_file(Copy *c, Error *err)
{
	if (start_state(c, err) < 0)
		return -1;
	log_info("initial copy of database %s starts", c->database);
	if (schema_copy(c->sql, c->db, c->database, c->arena, &c->schema, err) < 0 || resync_remember(c->sql, c->db, err) < 0 ||
	    make_publication(c, true, err) < 0 || make_publication(c, false, err) < 0 || make_slot(c, err) < 0 || copy_rows(c, err) < 0)
		return -1;
	if (source_exec(c->sql, "COMMIT", err) < 0 || schema_copy_later(c->db, c->database, &c->schema, err) < 0)
		return -1;
	if (c->records && keep_records(c, err) < 0)
		return -1;
	if (state_put_int(c->db, "copied", 1, err) < 0)
		return -1;
	return db_exec(c->db, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}

static void remove_side_files(const char *path)
{
	char *wal = mem_printf("%s-wal", path), *shm = mem_printf("%s-shm", path);
	unlink(wal);
	unlink(shm);
	free(wal);
	free(shm);
}

static void remove_file(const char *path)
{
	unlink(path);
	remove_side_files(path);
}

static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int rc = fsync(fd);
	close(fd);
	return rc;
}

/* Puts the finished file in its place so that a power cut leaves a whole file, old or new. */
static int publish_file(const char *from, const char *to, Error *err)
{
	char *dir = mem_strdup(to);
	char *slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
	int rc = sync_path(from, O_RDWR);
	if (rc == 0) {
		remove_side_files(to); /* they belong to the file that is being replaced */
		rc = rename(from, to);
	}
	if (rc == 0)
		rc = sync_path(slash ? dir : ".", O_RDONLY | O_DIRECTORY);
	free(dir);
	return rc == 0 ? 0 : err_set(err, "58030", "could not put the new file in place: %m");
}

static int open_new(Copy *c, const char *path, Error *err)
{
	remove_file(path);
	if (db_create(path, catalog_schema_sql, err) < 0)
		return -1;
	if (apply_db_open(path, &c->db, err) < 0)
		return -1;
	Val name = val_text(str_of(c->database));
	return state_run(c->db, "UPDATE _understudy_meta SET value = ?1 WHERE key = 'database_name'", &name, 1, err);
}

/* Makes the file at new_path; what is left of an attempt that failed is removed. */
static int make_file(Copy *c, const char *conninfo, const char *new_path, Error *err)
{
	int rc = -1;
	c->started_us = clock_mono_us();
	if ((c->sql = source_connect(conninfo, false, err)) && (c->repl = source_connect(conninfo, true, err)))
		rc = open_new(c, new_path, err);
	if (rc == 0)
		rc = fill_file(c, err);
	if (c->db)
		db_close(c->db);
	c->db = NULL;
	schema_clear(&c->schema);
	source_closep(&c->sql);
	return rc;
}

static int finish_copy(Copy *c, const char *new_path, int rc)
{
	Error ignored;
	if (rc < 0 && c->repl && c->node[0])
		copy_drop_slot(c->repl, c->node, &ignored);
	source_closep(&c->repl);
	remove_file(new_path);
	if (rc == 0)
		log_info("initial copy complete: %zu tables, %llu rows, %.1f MB, %.1f s", c->schema.n, (unsigned long long)c->rows,
			 (double)c->bytes / 1e6, (double)(clock_mono_us() - c->started_us) / 1e6);
	return rc;
}

int copy_initial(const char *conninfo, const char *path, const char *database, atomic_bool *stop, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	_cleanup_(arena_freep) Arena *row_arena = arena_new();
	Copy c = { .database = database, .arena = arena, .row_arena = row_arena, .stop = stop };
	char *new_path = arena_printf(arena, "%s.new", path);
	int rc = make_file(&c, conninfo, new_path, err);
	if (rc == 0)
		rc = publish_file(new_path, path, err);
	return finish_copy(&c, new_path, rc);
}

/* Page by page, as one transaction of `to`: connections that have the file open see the old contents or the new. */
static int overwrite(const char *from, Db *to, Error *err)
{
	Db *db;
	if (db_open(from, DB_READ, &db, err) < 0)
		return -1;
	sqlite3_backup *b = sqlite3_backup_init(to->h, "main", db->h, "main");
	if (b)
		sqlite3_backup_step(b, -1);
	int rc = b ? sqlite3_backup_finish(b) : sqlite3_errcode(to->h);
	db_close(db);
	return rc == SQLITE_OK ? 0 : db_error(to, rc, err);
}

int copy_again(const char *conninfo, Database *d, atomic_bool *stop, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	_cleanup_(arena_freep) Arena *row_arena = arena_new();
	const char *path = database_path(d);
	Copy c = { .database = database_name(d), .records = path, .arena = arena, .row_arena = row_arena, .stop = stop };
	char *new_path = arena_printf(arena, "%s.new", path);
	Db *db;
	if (apply_db_open(path, &db, err) < 0)
		return -1;
	const char *old = state_get(db, "node", arena);
	int rc = make_file(&c, conninfo, new_path, err);
	if (rc == 0) {
		database_borrow_writer(d);
		rc = overwrite(new_path, db, err);
		database_return_writer(d, rc == 0);
	}
	db_close(db);
	Error ignored;
	if (rc == 0 && old && copy_drop_slot(c.repl, old, &ignored) < 0)
		log_warn("the lost slot and publications of %s are still on the primary: %s", old, ignored.message);
	return finish_copy(&c, new_path, rc);
}

int copy_slot_usable(PGconn *conn, const char *node, Error *err)
{
	Buf b = { 0 };
	buf_printf(&b,
		   "SELECT 1 FROM pg_catalog.pg_replication_slots WHERE slot_name = 'understudy_%s' AND wal_status IS DISTINCT FROM 'lost'",
		   node);
	_cleanup_(source_clearp) PGresult *r = source_query(conn, buf_cstr(&b), err);
	buf_free(&b);
	return r ? PQntuples(r) > 0 : -1;
}
