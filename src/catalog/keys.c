/* Rows compared with those that are there. See keys.h. */
#include "catalog/keys.h"

#include "catalog/constraint.h"
#include "catalog/vtab.h"

#include <stddef.h>

typedef struct Noted {
	uint32_t index;
	int64_t rowid;
} Noted;

typedef struct Mode {
	uint32_t index; /* 0 = all */
	bool deferred;
} Mode;

/* The text that finds what is in the way of a row, for the catalog it was made from. */
typedef struct Search {
	uint64_t version;
	uint32_t index;
	char *sql;
} Search;

struct KeyChecks {
	Noted *noted;
	size_t n, cap;
	Mode *modes; /* the last one that is about a constraint counts */
	size_t nmodes, modes_cap;
	Search *searches;
	size_t nsearches, searches_cap;
};

static KeyChecks *checks_of(Db *db)
{
	if (!db->env.keys)
		db->env.keys = mem_alloc(sizeof(KeyChecks));
	return db->env.keys;
}

void keys_forget(Db *db)
{
	if (db->env.keys)
		db->env.keys->n = db->env.keys->nmodes = 0;
}

void keys_free(KeyChecks *k)
{
	for (size_t i = 0; k && i < k->nsearches; i++)
		free(k->searches[i].sql);
	if (k) {
		free(k->searches);
		free(k->noted);
		free(k->modes);
	}
	free(k);
}

void keys_set_mode(Db *db, uint32_t index, bool deferred)
{
	KeyChecks *k = checks_of(db);
	if (!index)
		k->nmodes = 0;
	k->modes = mem_grow(k->modes, &k->modes_cap, k->nmodes + 1, sizeof *k->modes);
	k->modes[k->nmodes++] = (Mode){ index, deferred };
}

static bool is_deferred(const KeyChecks *k, const CatIndex *x)
{
	bool deferred = x->deferred;
	for (size_t i = 0; i < k->nmodes; i++)
		if (!k->modes[i].index || k->modes[i].index == x->oid)
			deferred = k->modes[i].deferred;
	return deferred;
}

static char *ask_sql(Db *db, uint32_t index, Error *err)
{
	sqlite3_stmt *st;
	char *sql = NULL;
	if (db_prepare(db, str_of("SELECT pg_index_conflict_sql(?1)"), &st, err) != 0)
		return NULL;
	sqlite3_bind_int64(st, 1, index);
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
		sql = mem_strdup((const char *)sqlite3_column_text(st, 0));
	db_done(db, st);
	if (!sql)
		err_set(err, "XX000", "index %u cannot be checked", index);
	return sql;
}

static const char *search_of(const Catalog *cat, Db *db, const CatIndex *x, Error *err)
{
	KeyChecks *k = checks_of(db);
	for (size_t i = 0; i < k->nsearches; i++) {
		Search *s = &k->searches[i];
		if (s->index != x->oid)
			continue;
		if (s->version == cat->version)
			return s->sql;
		free(s->sql);
		*s = k->searches[--k->nsearches];
		break;
	}
	char *sql = ask_sql(db, x->oid, err);
	if (!sql)
		return NULL;
	k->searches = mem_grow(k->searches, &k->searches_cap, k->nsearches + 1, sizeof *k->searches);
	k->searches[k->nsearches++] = (Search){ cat->version, x->oid, sql };
	return sql;
}

/* 1 and *other when a row is in the way, 0, or -1. */
static int in_the_way(const Catalog *cat, Db *db, const CatIndex *x, int64_t rowid, int64_t *other, Error *err)
{
	sqlite3_stmt *st;
	const char *sql = search_of(cat, db, x, err);
	if (!sql || db_prepare(db, str_of(sql), &st, err) != 0)
		return -1;
	sqlite3_bind_int64(st, 1, rowid);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*other = sqlite3_column_int64(st, 0);
	else if (rc != SQLITE_DONE)
		db_error(db, rc, err);
	db_done(db, st);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

/* "Key (a, b)=(1, 2)" of a row. */
static bool key_shown(const Catalog *cat, Db *db, const CatIndex *x, int64_t rowid, const TypeEnv *types, Buf *out)
{
	const CatRel *r = x->table;
	sqlite3_stmt *st = NULL;
	Buf sql = { 0 };
	bool known = false;
	_cleanup_(arena_freep) Arena *a = arena_new();
	FailedRow row = { .rel = r, .vals = arena_array(a, Val, r->ncols + 1), .ncols = r->ncols };
	buf_puts(&sql, "SELECT ");
	for (size_t i = 0; i < r->ncols; i++) {
		buf_puts(&sql, i ? ", " : "");
		if (r->cols[i].dropped)
			buf_puts(&sql, "NULL");
		else
			constraint_put_name(&sql, r->cols[i].sqlite_name);
	}
	buf_puts(&sql, " FROM ");
	constraint_put_name(&sql, r->sqlite_name);
	buf_puts(&sql, " WHERE rowid = ?1");
	if (sqlite3_prepare_v2(db->h, buf_cstr(&sql), -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, rowid);
		bool found = sqlite3_step(st) == SQLITE_ROW;
		for (size_t i = 0; found && i < r->ncols; i++)
			((Val *)(uintptr_t)row.vals)[i] = db_column(st, (int)i);
		known = found && constraint_index_key(cat, db, x, &row, types, out);
	}
	sqlite3_finalize(st);
	buf_free(&sql);
	return known;
}

static int conflict_error(const Catalog *cat, Db *db, const CatIndex *x, int64_t rowid, int64_t other, Error *err)
{
	const CatSchema *ns = catalog_schema_by_oid(cat, x->table->schema);
	const TypeEnv *types = db->env.types;
	Buf mine = { 0 }, theirs = { 0 };
	if (x->exclude)
		err_set(err, "23P01", "conflicting key value violates exclusion constraint \"%s\"", x->name);
	else
		err_set(err, "23505", "duplicate key value violates unique constraint \"%s\"", x->name);
	err_object(err, ns ? ns->name : NULL, x->table->name, NULL, x->name);
	if (key_shown(cat, db, x, rowid, types, &mine) && key_shown(cat, db, x, other, types, &theirs) &&
	    mine.len + theirs.len + 64 < sizeof err->detail) {
		if (x->exclude)
			err_detail(err, "%s conflicts with existing k%s.", buf_cstr(&mine), buf_cstr(&theirs) + 1);
		else
			err_detail(err, "%s already exists.", buf_cstr(&mine));
	}
	buf_free(&mine);
	buf_free(&theirs);
	return -1;
}

int keys_check(const Catalog *cat, Db *db, bool all, Error *err)
{
	KeyChecks *k = db->env.keys;
	size_t kept = 0, i = 0;
	int rc = 0;
	for (; k && i < k->n && rc == 0; i++) {
		const Noted n = k->noted[i];
		const CatIndex *x = catalog_index(cat, n.index);
		int64_t other;
		if (x && !all && is_deferred(k, x)) {
			k->noted[kept++] = n;
			continue;
		}
		rc = x ? in_the_way(cat, db, x, n.rowid, &other, err) : 0;
		if (rc > 0)
			rc = conflict_error(cat, db, x, n.rowid, other, err);
	}
	if (k && rc == 0)
		k->n = kept;
	return rc;
}

/* (index, row number): the row has been written. */
static void f_keys_written(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	const Catalog *cat = env->catalog;
	Db *db = (Db *)(uintptr_t)((char *)env - offsetof(Db, env));
	const CatIndex *x = env->in_session && cat ? catalog_index(cat, (uint32_t)sqlite3_value_int64(argv[0])) : NULL;
	int64_t rowid = sqlite3_value_int64(argv[1]), other;
	Error err;
	int rc = x ? in_the_way(cat, db, x, rowid, &other, &err) : 0;
	if (rc == 0)
		return;
	if (rc > 0 && x->deferrable) {
		KeyChecks *k = checks_of(db);
		k->noted = mem_grow(k->noted, &k->cap, k->n + 1, sizeof *k->noted);
		k->noted[k->n++] = (Noted){ x->oid, rowid };
		return;
	}
	if (rc > 0)
		conflict_error(cat, db, x, rowid, other, &err);
	env->error = err;
	fn_fail(ctx);
}

const SqliteFn catalog_fn_keys[] = {
	{ "keys_written", 2, 0, f_keys_written }, /* not PostgreSQL's: for SQLite's triggers */
	{ NULL },
};
