/* Database files of the data directory: finding, making, opening and closing them. */
#include "backend/sqlite_internal.h"

#include "base/log.h"
#include "catalog/sequence.h"
#include "catalog/vtab.h"
#include "sql/fn_catdef.h"
#include "sql/fn_sql.h"
#include "sqlite/fn_jsonpath.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool database_name_valid(const char *name)
{
	size_t n = strlen(name);
	/* A leading - would make the file's name an option to every command of a shell. */
	if (n == 0 || n > 63 || name[0] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == n;
}

static void add_functions(void)
{
	for (size_t i = 0; catalog_fn_tables[i]; i++)
		fn_add_table(catalog_fn_tables[i]);
	jsonpath_set_regex(jsonpath_match_regex);
	fn_add_table(fn_table_sql);
	fn_add_table(fn_table_catdef);
	fn_add_table(fn_table_partdef);
	fn_add_table(fn_table_progdef);
	fn_add_table(fn_table_updatable);
	fn_add_table(fn_table_regname);
	fn_add_table(fn_table_privilege);
	fn_add_table(fn_table_rows);
}

void dbset_add_functions(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, add_functions);
}

int dbset_open(const char *dir, Loop *loop, DbSet **out, Error *err)
{
	struct stat st;
	if (stat(dir, &st) != 0) {
		err_set(err, "58P01", "data directory \"%s\" cannot be used: %s", dir, strerror(errno));
		return err_hint(err, "Make it with: mkdir -m 700 '%s', or name another one with --data-dir.", dir);
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(err, "58P01", "data directory \"%s\" is not a directory", dir);
	if (access(dir, R_OK | W_OK | X_OK) != 0) {
		err_set(err, "42501", "data directory \"%s\" is not writable: %s", dir, strerror(errno));
		return err_hint(err, "Give this user the right to write there, or name another directory with --data-dir.");
	}
	dbset_add_functions();
	DbSet *set = mem_alloc(sizeof *set);
	set->dir = mem_strdup(dir);
	set->loop = loop;
	pthread_mutex_init(&set->lock, NULL);
	dbset_clean(set);
	*out = set;
	return 0;
}

void database_free(Database *d)
{
	checkpointer_stop(d);
	syncer_stop(d);
	plans_clear(d);
	while (d->idle) {
		DbConn *c = d->idle;
		d->idle = c->next;
		conn_close(c);
	}
	conn_close(d->writer);
	Catalog *cat = atomic_load(&d->cat);
	if (cat)
		catalog_unref(cat);
	if (d->sequences)
		sequence_store_free(d->sequences);
	free(d->name);
	free(d->path);
	free(d);
}

int database_save_sequences(Database *d, Error *err)
{
	if (!sequence_dirty(d->sequences))
		return 0;
	Db *db = d->writer->db;
	if (db_exec(db, "BEGIN IMMEDIATE", err) != 0)
		return -1;
	if (sequence_flush(d->sequences, db, err) == 0 && db_exec(db, "COMMIT", err) == 0) {
		syncer_note_commit(d);
		return 0;
	}
	sequence_flush_failed(d->sequences);
	db_exec(db, "ROLLBACK", NULL);
	return -1;
}

void dbset_close(DbSet *set)
{
	if (!set)
		return;
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&set->databases, &at));) {
		Database *d = e->value;
		Error err;
		if (database_save_sequences(d, &err) != 0)
			log_error("database %s: sequences could not be saved: %s", d->name, err.message);
		database_free(d);
	}
	map_free(&set->databases);
	map_free(&set->going);
	free(set->dir);
	free(set->reserved);
	free(set);
}

static Database *database_new(DbSet *set, const char *name, const char *path)
{
	Database *d = mem_alloc(sizeof *d);
	d->set = set;
	d->name = mem_strdup(name);
	d->path = mem_strdup(path);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->writer_given, NULL);
	list_init(&d->waiters);
	list_init(&d->locks);
	list_init(&d->lock_waiters);
	return d;
}

static int damaged(const Database *d, Error *err)
{
	if (!err_is(err, "XX001"))
		return -1;
	Error why = *err;
	err_set(err, "XX001", "SQLite file \"%s\" is corrupt or not a database: %s", d->path, why.message);
	return err_hint(err,
			"The file was left as it is. Move it away with: mv %s %s.damaged -- and start again: with a primary the database "
			"is copied afresh; without one, "
			"read what can be read with: sqlite3 %s.damaged .recover",
			d->path, d->path, d->path);
}

static int database_start(Database *d, Error *err)
{
	Catalog *cat;
	if (conn_open(d, DB_WRITE, &d->writer, err) != 0)
		return damaged(d, err);
	if (catalog_load(d->writer->db, d->name, &cat, err) != 0)
		return damaged(d, err);
	atomic_store(&d->cat, cat);
	d->sequences = sequence_store_new();
	if (sequence_store_load(d->sequences, d->writer->db, false, err) != 0)
		return damaged(d, err);
	if (syncer_start(d, err) != 0)
		return -1;
	if (checkpointer_start(d, err) != 0)
		return -1;
	temp_clean_file(d);
	return 0;
}

static int unknown_database(const char *name, Error *err)
{
	return err_set(err, "3D000", "database \"%s\" does not exist", name);
}

static Database *open_or_create(DbSet *set, const char *name, bool create, Error *err)
{
	if (!database_name_valid(name)) {
		unknown_database(name, err);
		return NULL;
	}
	char *path = mem_printf("%s/%s.db", set->dir, name);
	Database *d = NULL;
	if (access(path, F_OK) != 0) {
		if (set->reserved && streq(name, set->reserved))
			err_set(err, "57P03", "database \"%s\" has not been copied from its primary yet", name);
		else if (!create && !streq(name, "postgres"))
			unknown_database(name, err);
		else if (db_create(path, catalog_schema_sql, err) == 0)
			d = database_new(set, name, path);
	} else {
		d = database_new(set, name, path);
	}
	free(path);
	if (d && database_start(d, err) != 0) {
		database_free(d);
		d = NULL;
	}
	if (d)
		map_put(&set->databases, str_of(name), d);
	return d;
}

void dbset_reserve(DbSet *set, const char *name)
{
	pthread_mutex_lock(&set->lock);
	set->reserved = mem_strdup(name);
	pthread_mutex_unlock(&set->lock);
}

Database *dbset_find(DbSet *set, const char *name, bool create, Error *err)
{
	Database *d = map_get(&set->databases, str_of(name));
	if (d)
		return d;
	if (!map_get(&set->going, str_of(name)))
		return open_or_create(set, name, create, err);
	unknown_database(name, err);
	err_detail(err, "It seems to have just been dropped or renamed.");
	return NULL;
}

Database *dbset_get(DbSet *set, const char *name, bool create, Error *err)
{
	pthread_mutex_lock(&set->lock);
	Database *d = dbset_find(set, name, create, err);
	pthread_mutex_unlock(&set->lock);
	return d;
}

Database *dbset_enter(DbSet *set, const char *name, bool create, Error *err)
{
	pthread_mutex_lock(&set->lock);
	Database *d = dbset_find(set, name, create, err);
	if (d && d->copied) {
		err_set(err, "57P03", "database \"%s\" is being copied", name);
		d = NULL;
	}
	if (d)
		atomic_fetch_add(&d->users, 1);
	pthread_mutex_unlock(&set->lock);
	return d;
}

void database_leave(Database *d)
{
	atomic_fetch_sub(&d->users, 1);
}

const char *database_name(const Database *d)
{
	return d->name;
}

const char *database_path(const Database *d)
{
	return d->path;
}

struct SequenceStore *database_sequences(Database *d)
{
	return d->sequences;
}

Catalog *database_catalog(Database *d)
{
	pthread_mutex_lock(&d->lock);
	Catalog *cat = catalog_ref(atomic_load(&d->cat));
	pthread_mutex_unlock(&d->lock);
	return cat;
}

static void publish(Database *d, Catalog *cat)
{
	pthread_mutex_lock(&d->lock);
	Catalog *old = atomic_exchange(&d->cat, cat);
	pthread_mutex_unlock(&d->lock);
	catalog_unref(old);
	plans_clear(d);
}

void database_publish_catalog(Database *d, Catalog *cat)
{
	publish(d, catalog_ref(cat));
}

int database_reload(Database *d, Error *err)
{
	DbConn *c;
	Catalog *cat;
	if (conn_checkout(d, &c, err) != 0)
		return -1;
	int rc = catalog_load(c->db, d->name, &cat, err);
	if (rc == 0)
		rc = sequence_store_load(d->sequences, c->db, true, err);
	conn_give_back(c);
	if (rc == 0) {
		atomic_fetch_add(&d->ddl_seq, 1);
		publish(d, cat);
		atomic_fetch_add(&d->ddl_seq, 1);
	}
	return rc;
}

void database_set_hooks(Database *d, const CommitHooks *hooks)
{
	pthread_mutex_lock(&d->lock);
	d->hooks = hooks;
	pthread_mutex_unlock(&d->lock);
}
