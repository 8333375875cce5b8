#include "sync/apply.h"

#include "base/log.h"
#include "sync/state.h"

#include <assert.h>
#include <stdio.h>

typedef struct ApplyRel {
	uint32_t oid;
	char *full_name;
	const CatRel *rel;
	bool skip;
	uint64_t valid_from; /* the copy of the table is newer than transactions before this position */
	bool has_key;	     /* some columns, but not the whole row, identify a row */
	bool whole;	     /* REPLICA IDENTITY FULL */
	size_t ncols;
	bool *key;
	const CatColumn **cols;
	char *insert_sql, *delete_sql, *update_sql;
} ApplyRel;

struct Apply {
	Db *db;
	Catalog *cat;
	Map rels; /* by primary's OID */
	Arena *scratch;
	uint64_t tx_lsn; /* where the transaction at hand commits */
	uint64_t rows;
};

static const PgType *lookup_type(void *catalog, uint32_t oid)
{
	const PgType *t = pgtype_builtin(oid);
	return t ? t : catalog_type(catalog, oid);
}

int apply_db_open(const char *path, Db **out, Error *err)
{
	if (db_open(path, DB_WRITE, out, err) < 0)
		return -1;
	sqlite3_db_config((*out)->h, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	/* Another connection may be at its checkpoint or give the lock back a moment later. */
	sqlite3_busy_timeout((*out)->h, 10000);
	/* The primary has checked its rows, perhaps by functions that run in a session only. */
	if (db_exec(*out, "PRAGMA ignore_check_constraints = ON", err) == 0 && state_create(*out, err) == 0)
		return 0;
	db_close(*out);
	*out = NULL;
	return -1;
}

int apply_new(Db *db, const char *database, Apply **out, Error *err)
{
	Catalog *cat;
	if (catalog_load(db, database, &cat, err) < 0)
		return -1;
	Apply *p = mem_alloc(sizeof *p);
	p->db = db;
	p->cat = cat;
	p->scratch = arena_new();
	db->env.types = &type_env_stored;
	db->env.catalog = cat;
	db->env.type_lookup = lookup_type;
	if (!db->env.scratch)
		db->env.scratch = p->scratch;
	*out = p;
	return 0;
}

static void free_rel(ApplyRel *r)
{
	free(r->full_name);
	free(r->key);
	free(r->cols);
	free(r->insert_sql);
	free(r->delete_sql);
	free(r->update_sql);
	free(r);
}

void apply_free(Apply *p)
{
	if (!p)
		return;
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&p->rels, &at));)
		free_rel(e->value);
	map_free(&p->rels);
	if (p->db->env.catalog == p->cat)
		p->db->env.catalog = NULL;
	if (p->db->env.scratch == p->scratch)
		p->db->env.scratch = NULL;
	catalog_unref(p->cat);
	arena_free(p->scratch);
	free(p);
}

const Catalog *apply_catalog(const Apply *p)
{
	return p->cat;
}

uint64_t apply_rows(const Apply *p)
{
	return p->rows;
}

void apply_put_ident(Buf *b, const char *name)
{
	buf_put_u8(b, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_put_u8(b, '"');
		buf_put_u8(b, (uint8_t)*name);
	}
	buf_put_u8(b, '"');
}

static char *take_text(Buf *b)
{
	char *s = mem_strdup(buf_cstr(b));
	buf_free(b);
	return s;
}

/* " WHERE ..." that finds a row by its key, or by all of its values; parameters start at `param`. */
static void put_where(Buf *b, const ApplyRel *r, int param)
{
	if (r->whole) {
		buf_puts(b, " WHERE rowid = (SELECT rowid FROM ");
		apply_put_ident(b, r->rel->sqlite_name);
	}
	const char *sep = " WHERE ";
	for (size_t i = 0; i < r->ncols; i++) {
		if (!r->whole && !r->key[i])
			continue;
		buf_puts(b, sep);
		apply_put_ident(b, r->cols[i]->sqlite_name);
		buf_printf(b, r->whole ? " IS ?%d" : " = ?%d", param++);
		sep = " AND ";
	}
	if (r->whole)
		buf_puts(b, " LIMIT 1)");
}

static char *make_insert(const ApplyRel *r)
{
	Buf b = { 0 };
	buf_puts(&b, "INSERT OR REPLACE INTO ");
	apply_put_ident(&b, r->rel->sqlite_name);
	for (size_t i = 0; i < r->ncols; i++) {
		buf_puts(&b, i ? ", " : "(");
		apply_put_ident(&b, r->cols[i]->sqlite_name);
	}
	buf_puts(&b, ") VALUES ");
	for (size_t i = 0; i < r->ncols; i++)
		buf_printf(&b, "%s?%zu", i ? ", " : "(", i + 1);
	buf_puts(&b, ")");
	return take_text(&b);
}

static char *make_delete(const ApplyRel *r)
{
	Buf b = { 0 };
	buf_puts(&b, "DELETE FROM ");
	apply_put_ident(&b, r->rel->sqlite_name);
	put_where(&b, r, 1);
	return take_text(&b);
}

/* `row` NULL: all columns are set. NULL when the tuple carries no column at all. */
static char *make_update(const ApplyRel *r, const OutTuple *row)
{
	Buf b = { 0 };
	int param = 1;
	buf_puts(&b, "UPDATE OR REPLACE ");
	apply_put_ident(&b, r->rel->sqlite_name);
	for (size_t i = 0; i < r->ncols; i++) {
		if (row && row->cols[i].kind == 'u')
			continue;
		buf_puts(&b, param == 1 ? " SET " : ", ");
		apply_put_ident(&b, r->cols[i]->sqlite_name);
		buf_printf(&b, " = ?%d", param++);
	}
	if (param == 1) {
		buf_free(&b);
		return NULL;
	}
	put_where(&b, r, param);
	return take_text(&b);
}

/* NULL when the column is the same in the file, otherwise what differs. */
static const char *match_column(const CatRel *rel, const OutColumn *out, const CatColumn **col)
{
	*col = catrel_column(rel, out->name);
	if (!*col)
		return "has a new column";
	if (out->type < FIRST_USER_OID && (*col)->type->oid != out->type)
		return "has a column of another type";
	if ((*col)->typmod != out->typmod)
		return "has a column of another length or precision";
	return NULL;
}

/* NULL when the relation has the file's structure. */
static const char *match_columns(ApplyRel *r, const OutRelation *o)
{
	size_t live = 0, keys = 0;
	for (size_t i = 0; i < o->ncols; i++) {
		const char *why = match_column(r->rel, &o->cols[i], &r->cols[i]);
		if (why)
			return why;
		r->key[i] = o->cols[i].key;
		keys += r->key[i];
	}
	for (size_t i = 0; i < r->rel->ncols; i++)
		live += !r->rel->cols[i].dropped && !r->rel->cols[i].generated;
	if (live != o->ncols)
		return "has lost a column";
	r->whole = o->identity == 'f';
	r->has_key = keys > 0 && !r->whole;
	return NULL;
}

static int set_stale(Apply *p, ApplyRel *r, const char *why, Error *err)
{
	r->skip = true;
	log_error("schema changed: table %s is stale: on the primary it %s. SQLite refuses it until it is copied again", r->full_name, why);
	return state_set_stale(p->db, r->rel ? r->rel->sqlite_name : r->full_name, why, err);
}

static const CatRel *find_table(const Catalog *cat, const char *schema, const char *name)
{
	const CatSchema *s = catalog_schema(cat, schema);
	const CatRel *rel = s ? catalog_rel(cat, s->oid, name) : NULL;
	return rel && rel->kind == REL_TABLE ? rel : NULL;
}

static uint64_t valid_from(Apply *p, uint32_t oid)
{
	char sql[96];
	snprintf(sql, sizeof sql, "SELECT valid_from FROM _understudy_mirror WHERE oid = %u", oid);
	return (uint64_t)state_count(p->db, sql);
}

static int take_relation(Apply *p, const OutRelation *o, Error *err)
{
	uint64_t key = o->oid;
	ApplyRel *r = mem_alloc(sizeof *r);
	r->oid = o->oid;
	r->valid_from = valid_from(p, o->oid);
	r->full_name = mem_printf("%s.%s", o->schema, o->name);
	r->ncols = o->ncols;
	r->key = mem_alloc(o->ncols + 1);
	r->cols = mem_alloc(sizeof *r->cols * (o->ncols + 1));
	r->rel = find_table(p->cat, o->schema, o->name);
	ApplyRel *old = map_put(&p->rels, map_u64_key(&key), r);
	bool was_stale = old && old->skip;
	if (old)
		free_rel(old);
	if (was_stale || (r->rel && state_is_stale(p->db, r->rel->sqlite_name))) {
		r->skip = true;
		return 0;
	}
	if (p->tx_lsn < r->valid_from) {
		/* It may describe what the table was. Should it differ from what it is, the stream describes it again before the first
		 * change that counts. */
		r->skip = !r->rel || match_columns(r, o) != NULL;
		if (r->skip)
			return 0;
	}
	if (!r->rel && state_is_unmirrored(p->db, r->full_name)) {
		r->skip = true;
		return 0;
	}
	const char *why = r->rel ? match_columns(r, o) : "is unknown to the SQLite copy";
	if (why)
		return set_stale(p, r, why, err);
	r->insert_sql = make_insert(r);
	if (r->has_key || r->whole) {
		r->delete_sql = make_delete(r);
		r->update_sql = make_update(r, NULL);
	}
	return 0;
}

static int bind_value(Apply *p, sqlite3_stmt *st, int at, const CatColumn *c, const OutValue *v, Error *err)
{
	Val out = val_null();
	if (v->kind == 't' && type_in(c->type, c->typmod, v->bytes, &type_env_stored, p->scratch, &out, err) < 0)
		return -1;
	return db_bind(st, at, &out) == SQLITE_OK ? 0 : db_error(p->db, sqlite3_errcode(p->db->h), err);
}

/* Binds the values that identify a row. A column that was not sent in the old row is in the new one. */
static int bind_key(Apply *p, sqlite3_stmt *st, int at, const ApplyRel *r, const OutTuple *old, const OutTuple *row, Error *err)
{
	for (size_t i = 0; i < r->ncols; i++) {
		if (!r->whole && !r->key[i])
			continue;
		const OutValue *v = old->ncols && old->cols[i].kind != 'u' ? &old->cols[i] : row->ncols ? &row->cols[i] : &old->cols[i];
		if (bind_value(p, st, at++, r->cols[i], v, err) < 0)
			return -1;
	}
	return 0;
}

static int step_done(Apply *p, sqlite3_stmt *st, Error *err)
{
	int rc = sqlite3_step(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : db_error(p->db, rc, err);
}

static int apply_insert(Apply *p, const ApplyRel *r, const OutTuple *row, Error *err)
{
	sqlite3_stmt *st;
	if (db_prepare(p->db, str_of(r->insert_sql), &st, err) < 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; i < r->ncols && rc == 0; i++)
		rc = bind_value(p, st, (int)i + 1, r->cols[i], &row->cols[i], err);
	if (rc == 0)
		rc = step_done(p, st, err);
	db_done(p->db, st);
	return rc;
}

static int apply_delete(Apply *p, const ApplyRel *r, const OutTuple *old, Error *err)
{
	sqlite3_stmt *st;
	OutTuple none = { 0 };
	if (db_prepare(p->db, str_of(r->delete_sql), &st, err) < 0)
		return -1;
	int rc = bind_key(p, st, 1, r, old, &none, err);
	if (rc == 0)
		rc = step_done(p, st, err);
	db_done(p->db, st);
	return rc;
}

static int run_update(Apply *p, const ApplyRel *r, const char *sql, const OutMessage *m, Error *err)
{
	sqlite3_stmt *st;
	if (db_prepare(p->db, str_of(sql), &st, err) < 0)
		return -1;
	int rc = 0, at = 1;
	for (size_t i = 0; i < r->ncols && rc == 0; i++)
		if (m->row.cols[i].kind != 'u')
			rc = bind_value(p, st, at++, r->cols[i], &m->row.cols[i], err);
	if (rc == 0)
		rc = bind_key(p, st, at, r, &m->old, &m->row, err);
	if (rc == 0)
		rc = step_done(p, st, err);
	db_done(p->db, st);
	return rc;
}

static int apply_update(Apply *p, ApplyRel *r, const OutMessage *m, Error *err)
{
	bool partial = false;
	for (size_t i = 0; i < r->ncols; i++)
		partial |= m->row.cols[i].kind == 'u';
	char *special = partial ? make_update(r, &m->row) : NULL;
	if (partial && !special)
		return 0;
	int rc = run_update(p, r, partial ? special : r->update_sql, m, err);
	free(special);
	if (rc < 0 || sqlite3_changes(p->db->h) > 0)
		return rc;
	if (partial)
		return set_stale(p, r, "updated a row that the copy does not have", err);
	return apply_insert(p, r, &m->row, err);
}

static int apply_truncate(Apply *p, const OutMessage *m, Error *err)
{
	for (size_t i = 0; i < m->nrels; i++) {
		uint64_t key = m->rels[i];
		ApplyRel *r = map_get(&p->rels, map_u64_key(&key));
		if (!r || r->skip || p->tx_lsn < r->valid_from)
			continue;
		Buf b = { 0 };
		buf_puts(&b, "DELETE FROM ");
		apply_put_ident(&b, r->rel->sqlite_name);
		int rc = db_exec(p->db, buf_cstr(&b), err);
		buf_free(&b);
		if (rc < 0)
			return -1;
		p->rows++;
	}
	return 0;
}

static int check_tuples(const ApplyRel *r, const OutMessage *m, Error *err)
{
	if ((m->row.cols && m->row.ncols != r->ncols) || (m->old.cols && m->old.ncols != r->ncols))
		return err_set(err, "08P01", "row of table %s has another number of columns than its description", r->full_name);
	return 0;
}

int apply_message(Apply *p, const OutMessage *m, Error *err)
{
	if (m->type == 'B')
		p->tx_lsn = m->lsn;
	if (m->type == 'R')
		return take_relation(p, &m->relation, err);
	if (m->type == 'T')
		return apply_truncate(p, m, err);
	if (m->type != 'I' && m->type != 'U' && m->type != 'D')
		return 0;
	uint64_t key = m->rel;
	ApplyRel *r = map_get(&p->rels, map_u64_key(&key));
	if (!r)
		return err_set(err, "08P01", "change of a table that was not described (OID %u)", m->rel);
	if (r->skip || p->tx_lsn < r->valid_from)
		return 0;
	if (check_tuples(r, m, err) < 0)
		return -1;
	p->rows++;
	arena_reset(p->scratch);
	if (m->type == 'I')
		return apply_insert(p, r, &m->row, err);
	if (!r->has_key && !r->whole)
		return set_stale(p, r, "has lost its key", err);
	return m->type == 'U' ? apply_update(p, r, m, err) : apply_delete(p, r, &m->old, err);
}

int apply_put_row(Apply *p, const CatRel *rel, const char *const *names, const char *const *texts, size_t n, Error *err)
{
	const CatColumn **cols = arena_array(p->scratch, const CatColumn *, n);
	OutValue *values = arena_array(p->scratch, OutValue, n);
	ApplyRel r = { .rel = rel, .ncols = n, .cols = cols };
	OutTuple row = { n, values };
	for (size_t i = 0; i < n; i++) {
		cols[i] = catrel_column(rel, names[i]);
		if (!cols[i])
			return err_set(err, "42703", "column \"%s\" does not exist in the copy of table \"%s\"", names[i], rel->name);
		values[i] = (OutValue){ texts[i] ? 't' : 'n', str_of(texts[i]) };
	}
	r.insert_sql = make_insert(&r);
	int rc = apply_insert(p, &r, &row, err);
	free(r.insert_sql);
	return rc;
}
