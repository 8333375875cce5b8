/* The one virtual table implementation behind all relations of pg_catalog. */
#include "catalog/vtab.h"
#include "catalog/sequence.h"
#include "pgtype/datetime.h"

#include <stdatomic.h>

const SqliteFn *const catalog_fn_tables[] = {
	catalog_fn_sequence, catalog_fn_system,	 catalog_fn_info,    catalog_fn_index,	   catalog_fn_acl,
	catalog_fn_random,   catalog_fn_trigram, catalog_fn_session, catalog_fn_partition, NULL
};

typedef struct Module {
	FnEnv *env;
	const PgCatRel *rel;
	RowProducer produce;
	bool empty, lasting;
	size_t number; /* of rel */
} Module;

typedef struct Vtab {
	sqlite3_vtab base;
	const Module *mod;
} Vtab;

typedef struct Cursor {
	sqlite3_vtab_cursor base;
	Catalog *cat; /* referenced */
	const RowSink *sink;
	RowSink own; /* rows that nobody else can use */
	size_t at;
	int column; /* filtered column, -1 = none */
	int64_t key;
} Cursor;

struct CatalogRows {
	size_t n;
	_Atomic(RowSink *) sinks[];
};

struct CatalogRows *catalog_rows_new(void)
{
	size_t n;
	pgcatrel_all(&n);
	struct CatalogRows *r = mem_alloc(sizeof *r + n * sizeof r->sinks[0]);
	r->n = n;
	return r;
}

void catalog_rows_free(struct CatalogRows *r)
{
	for (size_t i = 0; r && i < r->n; i++) {
		RowSink *s = atomic_load(&r->sinks[i]);
		if (s)
			arena_free(s->a);
	}
	free(r);
}

static void make_rows(const Module *m, const Catalog *cat, RowSink *s)
{
	*s = (RowSink){ .a = s->a, .rel = m->rel, .cat = cat, .session = m->lasting ? NULL : m->env->session };
	if (m->produce && cat)
		m->produce(s);
}

static const RowSink *lasting_rows(const Module *m, const Catalog *cat)
{
	RowSink *found = atomic_load(&cat->rows->sinks[m->number]);
	if (found)
		return found;
	Arena *a = arena_new();
	RowSink *made = arena_new_of(a, RowSink);
	made->a = a;
	make_rows(m, cat, made);
	/* Another thread may have made them meanwhile. */
	if (atomic_compare_exchange_strong(&cat->rows->sinks[m->number], &found, made))
		return made;
	arena_free(a);
	return found;
}

void row_new(RowSink *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		Val **more = arena_array(s->a, Val *, cap);
		if (s->n)
			memcpy(more, s->rows, s->n * sizeof *more);
		s->rows = more;
		s->cap = cap;
	}
	s->rows[s->n++] = arena_array(s->a, Val, s->rel->ncols);
	s->next = 0;
}

static Val *cell(RowSink *s, const char *column)
{
	for (size_t i = 0; i < s->rel->ncols; i++) {
		size_t k = (s->next + i) % s->rel->ncols;
		if (streq(s->rel->cols[k].name, column)) {
			s->next = k + 1;
			return &s->rows[s->n - 1][k];
		}
	}
	return NULL;
}

void row_int(RowSink *s, const char *column, int64_t v)
{
	Val *c = cell(s, column);
	if (c)
		*c = val_int(v);
}

void row_text(RowSink *s, const char *column, const char *v)
{
	Val *c = cell(s, column);
	if (c && v)
		*c = val_text(str_of(v));
}

void row_char(RowSink *s, const char *column, char ch)
{
	char text[2] = { ch, 0 };
	row_text(s, column, arena_strdup(s->a, text));
}

void row_time(RowSink *s, const char *column, int64_t us)
{
	char buf[DT_BUF];
	if (!us)
		return;
	timestamptz_to_stored(us, buf);
	row_text(s, column, arena_strdup(s->a, buf));
}

static int vt_connect(sqlite3 *h, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **msg)
{
	const Module *m = aux;
	Buf b = { 0 };
	buf_puts(&b, "CREATE TABLE x(");
	for (size_t i = 0; i < m->rel->ncols; i++)
		buf_printf(&b, "%s\"%s\" %s", i ? ", " : "", m->rel->cols[i].name, type_storage(pgtype_builtin(m->rel->cols[i].type)));
	buf_puts(&b, ")");
	int rc = sqlite3_declare_vtab(h, buf_cstr(&b));
	buf_free(&b);
	if (rc != SQLITE_OK)
		return rc;
	Vtab *v = sqlite3_malloc(sizeof *v);
	if (!v)
		return SQLITE_NOMEM;
	*v = (Vtab){ .mod = m };
	*out = &v->base;
	return SQLITE_OK;
}

static int vt_disconnect(sqlite3_vtab *v)
{
	sqlite3_free(v);
	return SQLITE_OK;
}

/* Equality on an OID-like column is answered by skipping the other rows. */
static int vt_best_index(sqlite3_vtab *v, sqlite3_index_info *info)
{
	const Module *m = ((Vtab *)v)->mod;
	info->estimatedCost = 10000;
	info->estimatedRows = 1000;
	int best = -1;
	for (int i = 0; i < info->nConstraint; i++) {
		int col = info->aConstraint[i].iColumn;
		if (!info->aConstraint[i].usable || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ || col < 0)
			continue;
		uint32_t type = m->rel->cols[col].type;
		if (type != 26 && type != 24)
			continue;
		bool oid = streq(m->rel->cols[col].name, "oid");
		if (best >= 0 && !oid)
			continue;
		best = i;
		info->estimatedCost = oid ? 100 : 200;
		info->estimatedRows = oid ? 1 : 10;
	}
	if (best >= 0) {
		info->aConstraintUsage[best].argvIndex = 1;
		info->idxNum = info->aConstraint[best].iColumn + 1;
	}
	return SQLITE_OK;
}

static int vt_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	Cursor *c = mem_alloc(sizeof *c);
	*out = &c->base;
	return SQLITE_OK;
}

static int vt_close(sqlite3_vtab_cursor *cur)
{
	Cursor *c = (Cursor *)cur;
	if (c->own.a)
		arena_free(c->own.a);
	catalog_unref(c->cat);
	free(c);
	return SQLITE_OK;
}

static void skip_others(Cursor *c)
{
	while (c->column >= 0 && c->at < c->sink->n) {
		const Val *v = &c->sink->rows[c->at][c->column];
		if (v->kind == VAL_INT && v->i == c->key)
			break;
		c->at++;
	}
}

/* They point into the catalog, which another statement's DDL may replace while the cursor is open. */
static void open_rows(Cursor *c, const Module *m)
{
	if (m->env->catalog)
		c->cat = catalog_ref(m->env->catalog);
	if (m->lasting && c->cat) {
		c->sink = lasting_rows(m, c->cat);
		return;
	}
	c->own.a = arena_new();
	make_rows(m, c->cat, &c->own);
	c->sink = &c->own;
}

static int vt_filter(sqlite3_vtab_cursor *cur, int idx, const char *idx_str, int argc, sqlite3_value **argv)
{
	Cursor *c = (Cursor *)cur;
	Vtab *v = (Vtab *)cur->pVtab;
	const Module *m = v->mod;
	if (!m->produce && !m->empty) {
		sqlite3_free(v->base.zErrMsg);
		v->base.zErrMsg = sqlite3_mprintf("the rows of pg_catalog.%s are not served by SQLite mode", m->rel->name);
		err_refuse(&m->env->error, 0, "the rows of pg_catalog.%s", m->rel->name);
		return SQLITE_ERROR;
	}
	if (!c->sink)
		open_rows(c, m);
	c->at = 0;
	c->column = idx - 1;
	c->key = argc ? sqlite3_value_int64(argv[0]) : 0;
	if (argc && sqlite3_value_type(argv[0]) != SQLITE_INTEGER)
		c->at = c->sink->n; /* NULL or not a number: equal to no OID */
	skip_others(c);
	return SQLITE_OK;
}

static int vt_next(sqlite3_vtab_cursor *cur)
{
	Cursor *c = (Cursor *)cur;
	c->at++;
	skip_others(c);
	return SQLITE_OK;
}

static int vt_eof(sqlite3_vtab_cursor *cur)
{
	return ((Cursor *)cur)->at >= ((Cursor *)cur)->sink->n;
}

static int vt_column(sqlite3_vtab_cursor *cur, sqlite3_context *ctx, int i)
{
	Cursor *c = (Cursor *)cur;
	const Val *v = &c->sink->rows[c->at][i];
	if (v->kind == VAL_INT)
		sqlite3_result_int64(ctx, v->i);
	else if (v->kind == VAL_REAL)
		sqlite3_result_double(ctx, v->r);
	else if (v->kind == VAL_TEXT)
		sqlite3_result_text(ctx, v->s.p, (int)v->s.n, SQLITE_TRANSIENT);
	return SQLITE_OK;
}

static int vt_rowid(sqlite3_vtab_cursor *cur, sqlite3_int64 *rowid)
{
	*rowid = (sqlite3_int64)((Cursor *)cur)->at;
	return SQLITE_OK;
}

static const sqlite3_module methods = {
	.iVersion = 0,
	.xConnect = vt_connect,
	.xBestIndex = vt_best_index,
	.xDisconnect = vt_disconnect,
	.xOpen = vt_open,
	.xClose = vt_close,
	.xFilter = vt_filter,
	.xNext = vt_next,
	.xEof = vt_eof,
	.xColumn = vt_column,
	.xRowid = vt_rowid,
};

int catalog_register(sqlite3 *h, FnEnv *env, Error *err)
{
	size_t n;
	const PgCatRel *rels = pgcatrel_all(&n);
	for (size_t i = 0; i < n; i++) {
		Module *m = mem_alloc(sizeof *m);
		*m = (Module){ .env = env, .rel = &rels[i], .number = i };
		m->produce = catalog_producer(rels[i].name, &m->empty, &m->lasting);
		_cleanup_(mem_freep) char *name = mem_printf("pg_catalog.%s", rels[i].name);
		if (sqlite3_create_module_v2(h, name, &methods, m, free) != SQLITE_OK)
			return err_set(err, "XX000", "cannot register %s: %s", name, sqlite3_errmsg(h));
	}
	if (vtab_set_register(h, env, catalog_sets) != SQLITE_OK)
		return err_set(err, "XX000", "cannot register functions: %s", sqlite3_errmsg(h));
	return 0;
}
