/* CREATE, DROP and RENAME DATABASE: the files of the data directory come and go while others are served. */
#include "backend/sqlite_internal.h"

#include "base/log.h"
#include "catalog/vtab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAKING ".making-" /* NAME.db.making-N: not a database yet */

static char *path_of(const DbSet *set, const char *name)
{
	return mem_printf("%s/%s.db", set->dir, name);
}

static void sync_directory(const DbSet *set)
{
	int fd = open(set->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static void remove_files(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		_cleanup_(mem_freep) char *file = mem_printf("%s%s", path, ends[i]);
		unlink(file);
	}
}

static bool exists(const DbSet *set, const char *name)
{
	_cleanup_(mem_freep) char *path = path_of(set, name);
	return access(path, F_OK) == 0;
}

/* --- under the set's lock --- */

static int check_name(const DbSet *set, const char *name, Error *err)
{
	if (!database_name_valid(name))
		return err_refuse(err, 0, "a database name with other characters than letters, digits, _ and - (\"%s\")", name);
	if (set->reserved && streq(name, set->reserved))
		return err_refuse(err, 0, "CREATE, DROP or ALTER DATABASE of a database that is copied from a primary");
	return 0;
}

static int check_new(const DbSet *set, const char *name, Error *err)
{
	if (check_name(set, name, err) != 0)
		return -1;
	if (exists(set, name) || streq(name, "template0") || streq(name, "template1"))
		return err_set(err, "42P04", "database \"%s\" already exists", name);
	return 0;
}

static int in_use(const char *what, const char *name, int others, Error *err)
{
	err_set(err, "55006", "%s \"%s\" is being accessed by other users", what, name);
	if (others == 1)
		return err_detail(err, "There is 1 other session using the database.");
	return err_detail(err, "There are %d other sessions using the database.", others);
}

/* The database goes: nobody finds it any more. *out is NULL when it was not open. */
static int take_out(DbSet *set, const char *name, Database **out, Error *err)
{
	if (check_name(set, name, err) != 0)
		return -1;
	if (!exists(set, name) || map_get(&set->going, str_of(name)))
		return err_set(err, "3D000", "database \"%s\" does not exist", name);
	Database *d = map_get(&set->databases, str_of(name));
	int others = d ? atomic_load(&d->users) + d->copied : 0;
	if (others)
		return in_use("database", name, others, err);
	map_remove(&set->databases, str_of(name));
	map_put(&set->going, str_of(name), set);
	*out = d;
	return 0;
}

/* --- without it --- */

static void release_name(DbSet *set, const char *name)
{
	pthread_mutex_lock(&set->lock);
	map_remove(&set->going, str_of(name));
	pthread_mutex_unlock(&set->lock);
}

/* What the WAL holds is wanted no more. */
static void forget_wal(Database *d)
{
	for (DbConn *c = d->idle; c; c = c->next)
		sqlite3_db_config(c->db->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(d->writer->db->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

static void close_database(Database *d)
{
	loop_timer_cancel(d->set->loop, &d->wait_timer);
	database_free(d);
}

int dbset_drop(DbSet *set, const char *name, Error *err)
{
	Database *d = NULL;
	pthread_mutex_lock(&set->lock);
	bool template = streq(name, "template0") || streq(name, "template1");
	int rc = template ? err_set(err, "42809", "cannot drop a template database") : take_out(set, name, &d, err);
	pthread_mutex_unlock(&set->lock);
	if (rc != 0)
		return -1;
	if (d) {
		forget_wal(d);
		close_database(d);
	}
	_cleanup_(mem_freep) char *path = path_of(set, name);
	remove_files(path);
	sync_directory(set);
	release_name(set, name);
	return 0;
}

int dbset_rename(DbSet *set, const char *name, const char *to, Error *err)
{
	Database *d = NULL;
	pthread_mutex_lock(&set->lock);
	int rc = exists(set, name) ? check_new(set, to, err) : err_set(err, "3D000", "database \"%s\" does not exist", name);
	if (rc == 0)
		rc = take_out(set, name, &d, err);
	pthread_mutex_unlock(&set->lock);
	if (rc != 0)
		return -1;
	_cleanup_(mem_freep) char *from_path = path_of(set, name), *to_path = path_of(set, to);
	/* It may not have been open: then its WAL is still to be copied into it. */
	Db *db = NULL;
	if (d)
		close_database(d);
	else if (db_open(from_path, DB_WRITE, &db, err) != 0)
		rc = -1;
	db_close(db);
	/* link fails where somebody has made a database of that name meanwhile. */
	if (rc == 0 && link(from_path, to_path) != 0)
		rc = errno == EEXIST ? err_set(err, "42P04", "database \"%s\" already exists", to)
				     : err_set(err, "58030", "could not rename file \"%s\": %s", from_path, strerror(errno));
	if (rc == 0)
		unlink(from_path);
	sync_directory(set);
	release_name(set, name);
	return rc;
}

static int copy_range(int from, int to, Error *err)
{
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	char block[64 * 1024];
	ssize_t n;
	while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
		continue;
	/* A file system that does not know the call */
	while (n < 0 && (n = read(from, block, sizeof block)) != 0) {
		if (n < 0 || write(to, block, (size_t)n) != n)
			return err_set(err, "58030", "could not copy the database's file: %s", strerror(errno));
		n = -1;
	}
	return 0;
}

static int copy_file(const char *from, const char *to, Error *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = in < 0 || out < 0 ? err_set(err, "58030", "could not copy file \"%s\" to \"%s\": %s", from, to, strerror(errno))
				   : copy_range(in, out, err);
	if (rc == 0 && fdatasync(out) != 0)
		rc = err_set(err, "58030", "could not fsync file \"%s\": %s", to, strerror(errno));
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

/* Nobody uses the template: with the write connection in hand nothing changes its file. */
static int copy_template(Database *from, const char *path, Error *err)
{
	Db *db = database_borrow_writer(from);
	int rc = database_save_sequences(from, err);
	if (rc == 0 && sqlite3_wal_checkpoint_v2(db->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		rc = err_set(err, "55006", "source database \"%s\" is being accessed by other users", from->name);
	if (rc == 0)
		rc = copy_file(from->path, path, err);
	database_return_writer(from, false);
	return rc;
}

/* The database to copy; *out is NULL when an empty one is wanted. */
static int find_template(DbSet *set, const char *template, const Database *own, Database **out, Error *err)
{
	*out = NULL;
	if (streq(template, "template0") || (streq(template, "template1") && !exists(set, template)))
		return 0;
	if (!exists(set, template))
		return err_set(err, "3D000", "template database \"%s\" does not exist", template);
	if (check_name(set, template, err) != 0)
		return -1;
	Database *d = dbset_find(set, template, false, err);
	if (!d)
		return -1;
	int others = atomic_load(&d->users) - (d == own);
	if (others)
		return in_use("source database", template, others, err);
	d->copied++;
	*out = d;
	return 0;
}

int dbset_create(DbSet *set, const char *name, const char *template, const Database *own, Error *err)
{
	Database *from = NULL;
	pthread_mutex_lock(&set->lock);
	int rc = check_new(set, name, err);
	if (rc == 0)
		rc = find_template(set, template ? template : "template1", own, &from, err);
	unsigned number = ++set->made;
	pthread_mutex_unlock(&set->lock);
	if (rc != 0)
		return -1;
	_cleanup_(mem_freep) char *path = path_of(set, name);
	_cleanup_(mem_freep) char *making = mem_printf("%s" MAKING "%u", path, number);
	rc = from ? copy_template(from, making, err) : db_create(making, catalog_schema_sql, err);
	if (rc == 0 && link(making, path) != 0)
		rc = errno == EEXIST ? err_set(err, "42P04", "database \"%s\" already exists", name)
				     : err_set(err, "58030", "could not create file \"%s\": %s", path, strerror(errno));
	remove_files(making);
	sync_directory(set);
	pthread_mutex_lock(&set->lock);
	if (from)
		from->copied--;
	pthread_mutex_unlock(&set->lock);
	return rc;
}

void dbset_clean(const DbSet *set)
{
	DIR *dir = opendir(set->dir);
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		if (!strstr(e->d_name, ".db" MAKING))
			continue;
		_cleanup_(mem_freep) char *path = mem_printf("%s/%s", set->dir, e->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
}

int dbset_wal_pages(DbSet *set, const char *name)
{
	pthread_mutex_lock(&set->lock);
	Database *d = map_get(&set->databases, str_of(name));
	int pages = d ? atomic_load(&d->wal_frames) : 0;
	pthread_mutex_unlock(&set->lock);
	return pages;
}

static uint32_t oid_of(DbSet *set, const char *name)
{
	pthread_mutex_lock(&set->lock);
	Database *d = map_get(&set->databases, str_of(name));
	Catalog *cat = d ? database_catalog(d) : NULL;
	pthread_mutex_unlock(&set->lock);
	uint32_t oid = cat ? cat->db_oid : catalog_database_oid(name);
	if (cat)
		catalog_unref(cat);
	return oid;
}

const DatabaseRow *dbset_list(DbSet *set, Arena *a, size_t *n)
{
	size_t cap = 16;
	DatabaseRow *rows = arena_array(a, DatabaseRow, cap);
	*n = 0;
	DIR *dir = opendir(set->dir);
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		size_t len = strlen(e->d_name);
		struct stat st;
		if (len < 4 || !streq(e->d_name + len - 3, ".db") || fstatat(dirfd(dir), e->d_name, &st, 0) != 0)
			continue;
		char *name = arena_strndup(a, e->d_name, len - 3);
		if (!database_name_valid(name))
			continue;
		if (*n == cap) {
			rows = memcpy(arena_array(a, DatabaseRow, 2 * cap), rows, cap * sizeof *rows);
			cap *= 2;
		}
		rows[(*n)++] = (DatabaseRow){ name, oid_of(set, name), st.st_size };
	}
	if (dir)
		closedir(dir);
	return rows;
}
