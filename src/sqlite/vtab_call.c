/*
 * Functions of the user in FROM: SELECT value, c2 FROM understudy_call(oid, types, pg_pack(arguments)). The interpreter gives all rows
 * at once.
 */
#include "sqlite/pack.h"
#include "sqlite/row_store.h"

#include "base/buf.h"

enum { OID = STORE_COLUMNS, TYPES, ARGS, MAX_ARGS = 100 };

static FnCallRows call_rows;

void fn_set_call_rows(FnCallRows fn)
{
	call_rows = fn;
}

typedef struct Vtab {
	sqlite3_vtab base;
	FnEnv *env;
} Vtab;

typedef struct Cursor {
	sqlite3_vtab_cursor base;
	FnRows rows;
	size_t at;
} Cursor;

void fn_rows_add(FnRows *r, const Val *row)
{
	r->rows = mem_grow(r->rows, &r->cap, r->n + 1, sizeof *r->rows);
	Val *copy = arena_array(r->a, Val, r->width + 1);
	for (int i = 0; i < r->width; i++) {
		copy[i] = row[i];
		if (row[i].kind == VAL_TEXT || row[i].kind == VAL_BLOB)
			copy[i].s.p = arena_strndup(r->a, row[i].s.p, row[i].s.n);
	}
	r->rows[r->n++] = copy;
}

static int call_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **msg)
{
	Buf sql = { 0 };
	buf_puts(&sql, "CREATE TABLE x(value");
	for (int i = 2; i <= STORE_COLUMNS; i++)
		buf_printf(&sql, ", c%d", i);
	buf_puts(&sql, ", oid HIDDEN, types HIDDEN, args HIDDEN, ordinality HIDDEN)");
	int rc = sqlite3_declare_vtab(db, buf_cstr(&sql));
	buf_free(&sql);
	if (rc != SQLITE_OK)
		return rc;
	Vtab *v = mem_alloc(sizeof *v);
	v->env = aux;
	*out = &v->base;
	return SQLITE_OK;
}

static int call_disconnect(sqlite3_vtab *v)
{
	free(v);
	return SQLITE_OK;
}

static int call_best_index(sqlite3_vtab *v, sqlite3_index_info *info)
{
	int found = 0;
	for (int i = 0; i < info->nConstraint; i++) {
		int column = info->aConstraint[i].iColumn;
		if (column < OID || column > ARGS || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		info->aConstraintUsage[i].argvIndex = column - OID + 1;
		info->aConstraintUsage[i].omit = 1;
		found++;
	}
	info->estimatedCost = 1000;
	info->estimatedRows = 1000;
	return found == 3 ? SQLITE_OK : SQLITE_CONSTRAINT;
}

static int call_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	Cursor *c = mem_alloc(sizeof *c);
	*out = &c->base;
	return SQLITE_OK;
}

static void forget(Cursor *c)
{
	if (c->rows.a)
		arena_free(c->rows.a);
	free(c->rows.rows);
	c->rows = (FnRows){ 0 };
	c->at = 0;
}

static int call_close(sqlite3_vtab_cursor *cur)
{
	forget((Cursor *)cur);
	free(cur);
	return SQLITE_OK;
}

static int call_filter(sqlite3_vtab_cursor *cur, int idx, const char *idx_str, int argc, sqlite3_value **argv)
{
	Cursor *c = (Cursor *)cur;
	FnEnv *env = ((Vtab *)cur->pVtab)->env;
	Val args[MAX_ARGS];
	size_t n = 0;
	char kind;
	forget(c);
	c->rows.a = arena_new();
	Str packed = fn_arg_str(argv[2]), body;
	while (n < MAX_ARGS && packed.n && pack_take(&packed, &kind, &body))
		args[n++] = pack_value(kind, body, c->rows.a);
	if (!call_rows || call_rows(env, (uint32_t)sqlite3_value_int64(argv[0]), fn_arg_str(argv[1]), args, n, &c->rows) < 0) {
		sqlite3_free(cur->pVtab->zErrMsg);
		cur->pVtab->zErrMsg = sqlite3_mprintf("%s", env->error.message);
		return SQLITE_ERROR;
	}
	return SQLITE_OK;
}

static int call_next(sqlite3_vtab_cursor *cur)
{
	((Cursor *)cur)->at++;
	return SQLITE_OK;
}

static int call_eof(sqlite3_vtab_cursor *cur)
{
	const Cursor *c = (const Cursor *)cur;
	return c->at >= c->rows.n;
}

static int call_column(sqlite3_vtab_cursor *cur, sqlite3_context *ctx, int i)
{
	const Cursor *c = (const Cursor *)cur;
	if (i == ARGS + 1)
		sqlite3_result_int64(ctx, (sqlite3_int64)c->at + 1);
	else if (i < c->rows.width)
		fn_result(ctx, &c->rows.rows[c->at][i]);
	return SQLITE_OK;
}

static int call_rowid(sqlite3_vtab_cursor *cur, sqlite3_int64 *rowid)
{
	*rowid = (sqlite3_int64)((Cursor *)cur)->at;
	return SQLITE_OK;
}

static const sqlite3_module methods = {
	.iVersion = 0,
	.xConnect = call_connect,
	.xBestIndex = call_best_index,
	.xDisconnect = call_disconnect,
	.xOpen = call_open,
	.xClose = call_close,
	.xFilter = call_filter,
	.xNext = call_next,
	.xEof = call_eof,
	.xColumn = call_column,
	.xRowid = call_rowid,
};

int vtab_call_register(sqlite3 *db, FnEnv *env)
{
	return sqlite3_create_module_v2(db, "understudy_call", &methods, env, NULL);
}

void fn_frame_enter(FnEnv *env, FnFrame *f, Arena *scratch)
{
	*f = (FnFrame){ .touched = env->touched, .stash = env->stash, .draws = env->draws, .stores = env->stores, .scratch = env->scratch };
	env->touched = env->stash = NULL;
	env->stores = NULL;
	env->draws = (FnDraws){ .keep = f->draws.keep };
	env->scratch = scratch;
}

void fn_frame_leave(FnEnv *env, FnFrame *f)
{
	row_store_clear(env);
	fn_draws_free(env);
	env->touched = f->touched;
	env->stash = f->stash;
	env->draws = f->draws;
	env->stores = f->stores;
	env->scratch = f->scratch;
}
