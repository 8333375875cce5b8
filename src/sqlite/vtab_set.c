/* Eponymous virtual tables over SetFn. Columns: value (or those of the function), ordinality, then the hidden arguments. */
#include "sqlite/vtab_set.h"

typedef struct Module {
	const SetFn *fn;
	FnEnv *env;
} Module;

typedef struct Vtab {
	sqlite3_vtab base;
	const Module *mod;
	sqlite3 *db;
} Vtab;

typedef struct Cursor {
	sqlite3_vtab_cursor base;
	SetCall call;
	int64_t row; /* 1-based */
	bool started, eof;
} Cursor;

static int columns_of(const SetFn *fn)
{
	return fn->columns ? fn->ncolumns : 1;
}

static int set_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **msg)
{
	/* Columns without a type: values and arguments keep the storage class they have. */
	const SetFn *fn = ((const Module *)aux)->fn;
	_cleanup_(mem_freep) char *table = mem_printf("CREATE TABLE x(%s, ordinality, a0 HIDDEN, a1 HIDDEN, a2 HIDDEN, a3 HIDDEN)",
						      fn->columns ? fn->columns : "value");
	int rc = sqlite3_declare_vtab(db, table);
	if (rc != SQLITE_OK)
		return rc;
	Vtab *v = mem_alloc(sizeof *v);
	v->mod = aux;
	v->db = db;
	sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS); /* triggers may read them although trusted_schema is off */
	*out = &v->base;
	return SQLITE_OK;
}

static int set_disconnect(sqlite3_vtab *v)
{
	free(v);
	return SQLITE_OK;
}

static int set_best_index(sqlite3_vtab *v, sqlite3_index_info *info)
{
	const SetFn *fn = ((Vtab *)v)->mod->fn;
	int at[SET_MAX_ARGS] = { -1, -1, -1, -1 };
	for (int i = 0; i < info->nConstraint; i++) {
		int k = info->aConstraint[i].iColumn - columns_of(fn) - 1;
		if (k < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT; /* this join order does not have the argument yet */
		at[k] = i;
	}
	int n = 0;
	while (n < SET_MAX_ARGS && at[n] >= 0) {
		info->aConstraintUsage[at[n]].argvIndex = n + 1;
		info->aConstraintUsage[at[n]].omit = 1;
		n++;
	}
	if (n < fn->min_args)
		return SQLITE_CONSTRAINT; /* a part of an OR is tried by itself, without the arguments */
	if (n > fn->max_args) {
		sqlite3_free(v->zErrMsg);
		v->zErrMsg = sqlite3_mprintf("%s takes %d to %d arguments", fn->name, fn->min_args, fn->max_args);
		return SQLITE_ERROR;
	}
	info->idxNum = n;
	info->estimatedCost = 20;
	info->estimatedRows = 20;
	return SQLITE_OK;
}

static int set_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	Cursor *c = mem_alloc(sizeof *c);
	c->call.env = ((Vtab *)v)->mod->env;
	c->call.db = ((Vtab *)v)->db;
	*out = &c->base;
	return SQLITE_OK;
}

static void finish_call(Cursor *c)
{
	const SetFn *fn = ((Vtab *)c->base.pVtab)->mod->fn;
	if (c->started && fn->finish)
		fn->finish(&c->call);
	c->started = false;
}

static int set_close(sqlite3_vtab_cursor *cur)
{
	Cursor *c = (Cursor *)cur;
	finish_call(c);
	if (c->call.a)
		arena_free(c->call.a);
	free(c);
	return SQLITE_OK;
}

static int fail(Cursor *c)
{
	sqlite3_vtab *v = c->base.pVtab;
	c->eof = true;
	sqlite3_free(v->zErrMsg);
	v->zErrMsg = sqlite3_mprintf("%s", c->call.env->error.message);
	return SQLITE_ERROR;
}

static int set_next(sqlite3_vtab_cursor *cur)
{
	Cursor *c = (Cursor *)cur;
	int rc = ((Vtab *)cur->pVtab)->mod->fn->next(&c->call);
	if (rc < 0)
		return fail(c);
	c->eof = rc == 0;
	c->row++;
	return SQLITE_OK;
}

Str set_arg_text(const SetCall *c, int i)
{
	const Val *v = &c->argv[i];
	if (v->kind == VAL_TEXT || v->kind == VAL_BLOB)
		return v->s;
	return str_of(v->kind == VAL_INT ? arena_printf(c->a, "%lld", (long long)v->i) : arena_printf(c->a, "%.17g", v->r));
}

int64_t set_arg_int(const SetCall *c, int i)
{
	return c->argv[i].kind == VAL_INT ? c->argv[i].i : 0;
}

/* The call's own copy: the arguments of SQLite do not outlive xFilter. */
static Val copy_arg(sqlite3_value *v, Arena *a)
{
	Val x = fn_arg(v);
	if (x.kind == VAL_TEXT || x.kind == VAL_BLOB)
		x.s.p = arena_strndup(a, x.s.p, x.s.n);
	return x;
}

static int set_filter(sqlite3_vtab_cursor *cur, int idx, const char *idx_str, int argc, sqlite3_value **argv)
{
	Cursor *c = (Cursor *)cur;
	SetCall *call = &c->call;
	finish_call(c);
	if (call->a)
		arena_reset(call->a);
	else
		call->a = arena_new();
	c->row = 0;
	c->eof = true;
	call->argc = argc;
	call->state = NULL;
	for (int i = 0; i < argc; i++) {
		if (sqlite3_value_type(argv[i]) == SQLITE_NULL)
			return SQLITE_OK;
		call->argv[i] = copy_arg(argv[i], call->a);
	}
	c->started = true;
	if (((Vtab *)cur->pVtab)->mod->fn->start(call))
		return fail(c);
	return set_next(cur);
}

static int set_eof(sqlite3_vtab_cursor *cur)
{
	return ((Cursor *)cur)->eof;
}

static int set_column(sqlite3_vtab_cursor *cur, sqlite3_context *ctx, int i)
{
	const Cursor *c = (const Cursor *)cur;
	const SetFn *fn = ((const Vtab *)cur->pVtab)->mod->fn;
	int n = columns_of(fn);
	if (i < n)
		fn_result(ctx, fn->columns ? &c->call.row[i] : &c->call.value);
	else if (i == n)
		sqlite3_result_int64(ctx, c->row);
	else if (i - n - 1 < c->call.argc)
		fn_result(ctx, &c->call.argv[i - n - 1]);
	return SQLITE_OK;
}

static int set_rowid(sqlite3_vtab_cursor *cur, sqlite3_int64 *rowid)
{
	*rowid = ((Cursor *)cur)->row;
	return SQLITE_OK;
}

static const sqlite3_module methods = {
	.iVersion = 0,
	.xConnect = set_connect,
	.xBestIndex = set_best_index,
	.xDisconnect = set_disconnect,
	.xOpen = set_open,
	.xClose = set_close,
	.xFilter = set_filter,
	.xNext = set_next,
	.xEof = set_eof,
	.xColumn = set_column,
	.xRowid = set_rowid,
};

int vtab_set_register(sqlite3 *db, FnEnv *env, const SetFn *table)
{
	int rc = SQLITE_OK;
	for (const SetFn *f = table; f->name && rc == SQLITE_OK; f++) {
		Module *m = mem_alloc(sizeof *m);
		*m = (Module){ f, env };
		rc = sqlite3_create_module_v2(db, f->name, &methods, m, free);
	}
	return rc;
}

int vtab_sets_register(sqlite3 *db, FnEnv *env)
{
	static const SetFn *const tables[] = { set_fns_series,	 set_fns_array,	  set_fns_lines, set_fns_range,
					       set_fns_jsonpath, set_fns_regexp,  set_fns_zip,	 set_fns_ts,
					       set_fns_keywords, set_fns_content, set_fns_hstore };
	int rc = SQLITE_OK;
	for (size_t i = 0; i < ARRAY_LEN(tables) && rc == SQLITE_OK; i++)
		rc = vtab_set_register(db, env, tables[i]);
	return rc;
}
