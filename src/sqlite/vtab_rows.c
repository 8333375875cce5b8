/* The rows of a store as an eponymous virtual table; see row_store.h. */
#include "sqlite/row_store.h"

#include "base/buf.h"

typedef struct Store {
	Arena *a;
	Val **rows;
	size_t n, cap;
	int width;
} Store;

struct RowStores {
	Store *items;
	size_t n, cap;
};

typedef struct Vtab {
	sqlite3_vtab base;
	FnEnv *env;
} Vtab;

typedef struct Cursor {
	sqlite3_vtab_cursor base;
	int64_t store;
	size_t at, end;
} Cursor;

static Store *find(const FnEnv *env, int64_t store)
{
	struct RowStores *s = env->stores;
	return s && store >= 0 && (size_t)store < s->n ? &s->items[store] : NULL;
}

static Store *need(FnEnv *env, int store)
{
	if (!env->stores)
		env->stores = mem_alloc(sizeof *env->stores);
	struct RowStores *s = env->stores;
	s->items = mem_grow(s->items, &s->cap, (size_t)store + 1, sizeof *s->items);
	while (s->n <= (size_t)store)
		s->items[s->n++] = (Store){ .a = arena_new() };
	return &s->items[store];
}

static Val *add_row(Store *s)
{
	Val *row = arena_array(s->a, Val, s->width + 1);
	s->rows = mem_grow(s->rows, &s->cap, s->n + 1, sizeof *s->rows);
	s->rows[s->n++] = row;
	return row;
}

static Val keep(Arena *a, Val v)
{
	if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
		v.s.p = arena_strndup(a, v.s.p, v.s.n);
	return v;
}

void row_store_add(FnEnv *env, int store, sqlite3_stmt *stmt)
{
	Store *s = need(env, store);
	s->width = sqlite3_column_count(stmt);
	Val *row = add_row(s);
	for (int i = 0; i < s->width; i++)
		row[i] = keep(s->a, fn_arg(sqlite3_column_value(stmt, i)));
}

void row_store_set(FnEnv *env, int store, const Val *row, size_t n)
{
	Store *s = need(env, store);
	arena_reset(s->a);
	s->n = 0;
	s->width = (int)n;
	Val *kept = add_row(s);
	for (size_t i = 0; i < n; i++)
		kept[i] = keep(s->a, row[i]);
}

size_t row_store_append(FnEnv *env, int from, int to)
{
	need(env, from > to ? from : to); /* makes both */
	const Store *s = find(env, from);
	Store *d = find(env, to);
	if (s->n)
		d->width = s->width;
	for (size_t i = 0; i < s->n; i++) {
		Val *row = add_row(d);
		for (int k = 0; k < s->width; k++)
			row[k] = keep(d->a, s->rows[i][k]);
	}
	return s->n;
}

void row_store_move(FnEnv *env, int from, int to)
{
	need(env, from > to ? from : to);
	Store *s = find(env, from), *d = find(env, to);
	arena_free(d->a);
	free(d->rows);
	*d = *s;
	*s = (Store){ .a = arena_new() };
}

Val **row_store_rows(FnEnv *env, int store, size_t *n, Arena **a)
{
	Store *s = need(env, store);
	*n = s->n;
	*a = s->a;
	return s->rows;
}

void row_store_cut(FnEnv *env, int store, size_t n)
{
	need(env, store)->n = n;
}

bool row_store_ends_with(FnEnv *env, int store, int64_t number)
{
	const Store *s = find(env, store);
	for (size_t i = 0; s && s->width && i < s->n; i++) {
		const Val *v = &s->rows[i][s->width - 1];
		if (v->kind == VAL_INT && v->i == number)
			return true;
	}
	return false;
}

size_t row_store_bytes(FnEnv *env, int store)
{
	const Store *s = need(env, store);
	return arena_size(s->a) + s->cap * sizeof *s->rows;
}

void row_store_clear(FnEnv *env)
{
	struct RowStores *s = env->stores;
	for (size_t i = 0; s && i < s->n; i++) {
		arena_free(s->items[i].a);
		free(s->items[i].rows);
	}
	if (s)
		free(s->items);
	free(s);
	env->stores = NULL;
}

static int rows_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **msg)
{
	Buf sql = { 0 };
	buf_puts(&sql, "CREATE TABLE x(");
	for (int i = 1; i <= STORE_COLUMNS; i++)
		buf_printf(&sql, "c%d, ", i);
	buf_puts(&sql, "store HIDDEN)");
	int rc = sqlite3_declare_vtab(db, buf_cstr(&sql));
	buf_free(&sql);
	if (rc != SQLITE_OK)
		return rc;
	Vtab *v = mem_alloc(sizeof *v);
	v->env = aux;
	*out = &v->base;
	return SQLITE_OK;
}

static int rows_disconnect(sqlite3_vtab *v)
{
	free(v);
	return SQLITE_OK;
}

static int rows_best_index(sqlite3_vtab *v, sqlite3_index_info *info)
{
	for (int i = 0; i < info->nConstraint; i++) {
		if (info->aConstraint[i].iColumn != STORE_COLUMNS || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->idxNum = 1;
	}
	info->estimatedCost = 100;
	info->estimatedRows = 100;
	return SQLITE_OK;
}

static int rows_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	Cursor *c = mem_alloc(sizeof *c);
	*out = &c->base;
	return SQLITE_OK;
}

static int rows_close(sqlite3_vtab_cursor *cur)
{
	free(cur);
	return SQLITE_OK;
}

static const Store *of(const sqlite3_vtab_cursor *cur)
{
	return find(((Vtab *)cur->pVtab)->env, ((const Cursor *)cur)->store);
}

static int rows_filter(sqlite3_vtab_cursor *cur, int idx, const char *idx_str, int argc, sqlite3_value **argv)
{
	Cursor *c = (Cursor *)cur;
	c->store = argc ? sqlite3_value_int64(argv[0]) : -1;
	c->at = 0;
	c->end = of(cur) ? of(cur)->n : 0; /* rows added meanwhile are not this scan's */
	return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *cur)
{
	((Cursor *)cur)->at++;
	return SQLITE_OK;
}

static int rows_eof(sqlite3_vtab_cursor *cur)
{
	const Cursor *c = (const Cursor *)cur;
	return c->at >= c->end;
}

static int rows_column(sqlite3_vtab_cursor *cur, sqlite3_context *ctx, int i)
{
	const Cursor *c = (const Cursor *)cur;
	const Store *s = of(cur);
	if (i == STORE_COLUMNS)
		sqlite3_result_int64(ctx, c->store);
	else if (s && i < s->width)
		fn_result(ctx, &s->rows[c->at][i]);
	return SQLITE_OK;
}

static int rows_rowid(sqlite3_vtab_cursor *cur, sqlite3_int64 *rowid)
{
	*rowid = (sqlite3_int64)((Cursor *)cur)->at;
	return SQLITE_OK;
}

static const sqlite3_module methods = {
	.iVersion = 0,
	.xConnect = rows_connect,
	.xBestIndex = rows_best_index,
	.xDisconnect = rows_disconnect,
	.xOpen = rows_open,
	.xClose = rows_close,
	.xFilter = rows_filter,
	.xNext = rows_next,
	.xEof = rows_eof,
	.xColumn = rows_column,
	.xRowid = rows_rowid,
};

int vtab_rows_register(sqlite3 *db, FnEnv *env)
{
	return sqlite3_create_module_v2(db, "understudy_rows", &methods, env, NULL);
}
