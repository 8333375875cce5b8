/*
 * The rows behind a constraint's error.
 *
 * SQLite does not tell the values of the row that violated a constraint. The failed statement, which SQLite has undone, runs once more
 * in its transaction with TEMP triggers on the tables it writes, which hand over each row before SQLite checks it. It draws the same
 * values from sequences and random functions again, and what it changes is undone.
 */
#include "backend/sqlite_internal.h"

#include "catalog/constraint.h"

#include <stdio.h>

enum {
	PROBE_COLUMNS = 100,		/* SQLite allows 127 arguments */
	PROBE_BYTES = 64 * 1024 * 1024, /* of rows kept */
	PROBE_TABLES = 100,
};

typedef struct Probe {
	SqliteTxn *t;
	Db *db;
	Arena *arena;
	const CatRel *rels[PROBE_TABLES];
	size_t nrels;
	bool keep_all; /* else the last row only */
	bool too_many;
	bool null_rowid; /* the last row has no row number: pg_notnull's error */
	bool changed;	 /* a row was updated or deleted */
	FailedRow *rows;
	size_t n, cap;
} Probe;

static const CatRel *probe_rel(const Probe *p, uint32_t oid)
{
	for (size_t i = 0; i < p->nrels; i++)
		if (p->rels[i]->oid == oid)
			return p->rels[i];
	return NULL;
}

/* Values in the order of the columns that are not dropped. */
static Val *take_values(Arena *a, const CatRel *rel, sqlite3_value **argv)
{
	Val *vals = arena_array(a, Val, rel->ncols + 1);
	for (size_t i = 0, k = 0; i < rel->ncols; i++) {
		vals[i] = val_null();
		if (rel->cols[i].dropped)
			continue;
		Val v = fn_arg(argv[k++]);
		if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
			v.s.p = arena_strndup(a, v.s.p, v.s.n);
		vals[i] = v;
	}
	return vals;
}

static size_t live_columns(const CatRel *rel)
{
	size_t n = 0;
	for (size_t i = 0; i < rel->ncols; i++)
		n += !rel->cols[i].dropped;
	return n;
}

/* understudy_probe(relation, op, value ...): 'o' begins a row with its old values, 'u' completes it with the new ones, 'n' is a new row. */
static void on_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Probe *p = sqlite3_user_data(ctx);
	const CatRel *rel = probe_rel(p, (uint32_t)sqlite3_value_int64(argv[0]));
	const char *op = (const char *)sqlite3_value_text(argv[1]);
	if (!rel || !op || (size_t)argc != live_columns(rel) + 2)
		return;
	bool completes = op[0] == 'u';
	p->changed |= op[0] == 'o';
	if (!completes && !p->keep_all) {
		arena_reset(p->arena);
		p->n = 0;
	}
	p->too_many |= arena_size(p->arena) > PROBE_BYTES;
	if (p->too_many)
		return;
	Val *vals = take_values(p->arena, rel, argv + 2);
	if (!completes) {
		p->rows = mem_grow(p->rows, &p->cap, p->n + 1, sizeof *p->rows);
		p->rows[p->n++] = (FailedRow){ .rel = rel, .ncols = rel->ncols, .only_inserts = !p->changed };
	}
	FailedRow *row = p->n ? &p->rows[p->n - 1] : NULL;
	if (row && op[0] == 'o')
		row->old = vals;
	else if (row)
		row->vals = vals;
	int at = rel->rowid_col;
	if (op[0] != 'o' && at && vals[at - 1].kind == VAL_INT && vals[at - 1].i == FN_NULL_ROWID) {
		vals[at - 1] = val_null();
		p->null_rowid = true;
		sqlite3_result_error(ctx, "the row number is NULL", -1);
	}
}

static void put_ident(Buf *b, const char *name)
{
	buf_puts(b, "\"");
	for (; *name; name++)
		buf_printf(b, *name == '"' ? "\"\"" : "%c", *name);
	buf_puts(b, "\"");
}

static void put_call(Buf *b, const CatRel *rel, char op, const char *row)
{
	buf_printf(b, "SELECT understudy_probe(%u, '%c'", rel->oid, op);
	for (size_t i = 0; i < rel->ncols; i++) {
		if (rel->cols[i].dropped)
			continue;
		buf_printf(b, ", %s.", row);
		put_ident(b, rel->cols[i].sqlite_name);
	}
	buf_puts(b, "); ");
}

static int add_trigger(Probe *p, const CatRel *rel, const char *event)
{
	Buf b = { 0 };
	Error ignored;
	buf_printf(&b, "CREATE TEMP TRIGGER understudy_probe_%u_%s BEFORE %s ON main.", rel->oid, event, event);
	put_ident(&b, rel->sqlite_name);
	buf_puts(&b, " BEGIN ");
	if (!streq(event, "INSERT"))
		put_call(&b, rel, 'o', "OLD");
	if (!streq(event, "DELETE"))
		put_call(&b, rel, streq(event, "UPDATE") ? 'u' : 'n', "NEW");
	buf_puts(&b, "END");
	int rc = db_exec(p->db, buf_cstr(&b), &ignored);
	buf_free(&b);
	return rc;
}

static const char *const events[] = { "INSERT", "UPDATE", "DELETE" };

static int add_triggers(Probe *p)
{
	for (size_t i = 0; i < p->nrels; i++)
		for (size_t k = 0; k < ARRAY_LEN(events); k++)
			if (add_trigger(p, p->rels[i], events[k]) != 0)
				return -1;
	return 0;
}

static int drop_triggers(Probe *p)
{
	int rc = 0;
	for (size_t i = 0; i < p->nrels; i++) {
		for (size_t k = 0; k < ARRAY_LEN(events); k++) {
			char sql[100];
			Error ignored;
			snprintf(sql, sizeof sql, "DROP TRIGGER IF EXISTS temp.understudy_probe_%u_%s", p->rels[i]->oid, events[k]);
			rc |= db_exec(p->db, sql, &ignored);
		}
	}
	return rc;
}

static bool add_rel(Probe *p, const CatRel *rel)
{
	if (probe_rel(p, rel->oid))
		return true;
	if (p->nrels == PROBE_TABLES || rel->kind != REL_TABLE || live_columns(rel) > PROBE_COLUMNS)
		return false;
	p->rels[p->nrels++] = rel;
	return true;
}

static bool acts(char action)
{
	return action == 'c' || action == 'n' || action == 'd';
}

/* The target, and the tables that foreign keys' actions change with it. */
static bool find_rels(Probe *p, uint32_t target)
{
	const Catalog *cat = p->t->cat;
	const CatRel *rel = target ? catalog_rel_by_oid(cat, target) : NULL;
	if (!rel || !add_rel(p, rel))
		return false;
	for (size_t before = 0; before != p->nrels;) {
		before = p->nrels;
		for (size_t i = 0; i < cat->nrels; i++) {
			for (size_t j = 0; j < cat->rels[i]->nconstraints; j++) {
				const CatConstraint *k = cat->rels[i]->constraints[j];
				if (k->type == 'f' && probe_rel(p, k->ref->oid) && (acts(k->on_update) || acts(k->on_delete)) &&
				    !add_rel(p, k->table))
					return false;
			}
		}
	}
	return true;
}

/* Open statements would see the file change under them. */
static bool alone(sqlite3 *h)
{
	for (sqlite3_stmt *s = sqlite3_next_stmt(h, NULL); s; s = sqlite3_next_stmt(h, s))
		if (sqlite3_stmt_busy(s))
			return false;
	return true;
}

/* What failed the first time, as SQLite put it. */
typedef struct Failure {
	uint32_t target;
	int extended; /* 0: a function raised the error */
	char *message;
} Failure;

/* Whether the second run ended as the first did, so that the last row is the one that failed. For a foreign key, which is checked at
 * the end and not by this run, it must have come to the end, or to a row that RESTRICT keeps. */
static bool ended_alike(const Probe *p, const Failure *f, int rc)
{
	if (p->keep_all)
		return rc == SQLITE_DONE || rc == SQLITE_CONSTRAINT_TRIGGER;
	if (p->null_rowid)
		return !f->extended;
	return f->extended && rc == f->extended && streq(sqlite3_errmsg(p->db->h), f->message);
}

static void explain(const Probe *p, const Failure *f, int rc, Error *err)
{
	const TypeEnv *types = p->t->types;
	Error found;
	if (p->too_many || !p->n || !ended_alike(p, f, rc))
		return;
	const FailedRow *last = &p->rows[p->n - 1];
	if (p->keep_all) {
		if (constraint_foreign_key_rows(p->t->cat, p->db, p->rows, p->n, rc != SQLITE_DONE, types, &found) != 0)
			*err = found;
		return;
	}
	if (f->extended)
		constraint_error(p->t->cat, p->db, f->extended, f->message, f->target, last, types, err);
	constraint_failing_row(last, types, err);
}

static int step_all(sqlite3_stmt *stmt)
{
	int rc;
	do
		rc = sqlite3_step(stmt);
	while (rc == SQLITE_ROW);
	return rc;
}

/* Leaves the connection as it was, whether or not the statement's time is over. */
static void clean_up(Probe *p, DbConn *c, int rc)
{
	SqliteTxn *user = c->user;
	Error ignored;
	if ((rc & 0xff) == SQLITE_INTERRUPT && c->end == 'c')
		atomic_store(&p->t->cancel, false);
	c->end = 0;
	c->user = NULL;
	bool undo = drop_triggers(p) != 0 || rc == SQLITE_DONE;
	if (undo)
		db_exec(p->db, "ROLLBACK TO understudy_probe", &ignored);
	db_exec(p->db, "RELEASE understudy_probe", &ignored);
	if (p->keep_all)
		db_exec(p->db, "PRAGMA defer_foreign_keys = OFF", &ignored);
	/* A full disk or a lost file makes SQLite roll back by itself. */
	if (sqlite3_get_autocommit(p->db->h))
		p->t->broken = true;
	c->user = user;
}

/* Runs the statement again and looks at its rows while the file is as it leaves it. */
static void run_again(Probe *p, DbConn *c, sqlite3_stmt *stmt, const Failure *f, Error *err)
{
	Error ignored;
	int rc = SQLITE_ERROR;
	if (db_exec(p->db, "SAVEPOINT understudy_probe", &ignored) != 0)
		return;
	if (p->keep_all)
		db_exec(p->db, "PRAGMA defer_foreign_keys = ON", &ignored);
	if (add_triggers(p) == 0) {
		rc = step_all(stmt);
		explain(p, f, rc, err);
		sqlite3_reset(stmt);
	}
	clean_up(p, c, rc);
}

static void probe(DbConn *c, SqliteTxn *t, sqlite3_stmt *stmt, const Failure *f, Error *err)
{
	Probe p = { .t = t, .db = c->db, .keep_all = err_is(err, "23503") };
	sqlite3 *h = c->db->h;
	sqlite3_reset(stmt);
	if (sqlite3_get_autocommit(h) || !alone(h) || !find_rels(&p, f->target) || !fn_draws_repeat(&c->db->env))
		return;
	p.arena = arena_new();
	int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
	if (sqlite3_create_function_v2(h, "understudy_probe", -1, flags, &p, on_row, NULL, NULL, NULL) == SQLITE_OK)
		run_again(&p, c, stmt, f, err);
	sqlite3_create_function_v2(h, "understudy_probe", -1, flags, NULL, NULL, NULL, NULL, NULL);
	c->db->env.draws.again = false;
	c->db->env.error.sqlstate[0] = '\0';
	arena_free(p.arena);
	free(p.rows);
}

int conn_write_error(DbConn *c, SqliteTxn *t, int rc, uint32_t target, sqlite3_stmt *stmt, Error *err)
{
	bool constraint = (rc & 0xff) == SQLITE_CONSTRAINT;
	Failure f = { target, constraint ? sqlite3_extended_errcode(c->db->h) : 0, mem_strdup(sqlite3_errmsg(c->db->h)) };
	conn_error(c, t, rc, target, err);
	if (t->writer && c == t->conn && !t->broken && strncmp(err->sqlstate, "23", 2) == 0)
		probe(c, t, stmt, &f, err);
	free(f.message);
	return -1;
}
