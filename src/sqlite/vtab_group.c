/* The table-valued function pg_groups: the rows of a table of groups. Columns: keys, aggregates, the hidden argument. */
#include "sqlite/group.h"

#include <stdio.h>

enum { COL_AGGS = GROUP_KEYS, COL_ARG = GROUP_KEYS + GROUP_AGGS };

typedef struct Cursor {
	sqlite3_vtab_cursor base;
	const GroupTable *t; /* NULL: no rows, so no group */
	size_t at;
	Arena *a; /* the results of the row at hand */
} Cursor;

static int group_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **msg)
{
	Buf b = { 0 };
	buf_puts(&b, "CREATE TABLE x(");
	for (int i = 0; i < GROUP_KEYS; i++)
		buf_printf(&b, "k%d, ", i + 1);
	for (int i = 0; i < GROUP_AGGS; i++)
		buf_printf(&b, "a%d, ", i + 1);
	buf_puts(&b, "groups HIDDEN)");
	buf_put_u8(&b, 0);
	int rc = sqlite3_declare_vtab(db, (const char *)b.data);
	buf_free(&b);
	if (rc == SQLITE_OK)
		*out = mem_alloc(sizeof **out);
	return rc;
}

static int group_disconnect(sqlite3_vtab *v)
{
	free(v);
	return SQLITE_OK;
}

static int group_best_index(sqlite3_vtab *v, sqlite3_index_info *info)
{
	for (int i = 0; i < info->nConstraint; i++) {
		if (info->aConstraint[i].iColumn != COL_ARG || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->estimatedCost = 1000;
		info->estimatedRows = 1000;
		return SQLITE_OK;
	}
	return SQLITE_CONSTRAINT;
}

static int group_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	Cursor *c = mem_alloc(sizeof *c);
	c->a = arena_new();
	*out = &c->base;
	return SQLITE_OK;
}

static int group_close(sqlite3_vtab_cursor *cur)
{
	Cursor *c = (Cursor *)cur;
	arena_free(c->a);
	free(c);
	return SQLITE_OK;
}

static int group_filter(sqlite3_vtab_cursor *cur, int idx, const char *idx_str, int argc, sqlite3_value **argv)
{
	Cursor *c = (Cursor *)cur;
	c->t = sqlite3_value_pointer(argv[0], GROUP_POINTER);
	c->at = 0;
	return SQLITE_OK;
}

static int group_next(sqlite3_vtab_cursor *cur)
{
	Cursor *c = (Cursor *)cur;
	c->at++;
	arena_reset(c->a);
	return SQLITE_OK;
}

static int group_eof(sqlite3_vtab_cursor *cur)
{
	const Cursor *c = (const Cursor *)cur;
	return !c->t || c->at >= c->t->n;
}

static int group_column(sqlite3_vtab_cursor *cur, sqlite3_context *ctx, int i)
{
	Cursor *c = (Cursor *)cur;
	const GroupTable *t = c->t;
	const Group *g = t->list[c->at];
	if (i < t->nkeys) {
		fn_result(ctx, &g->keys[i]);
	} else if (i >= COL_AGGS && i - COL_AGGS < t->naggs) {
		int k = i - COL_AGGS;
		Val v = val_null();
		if (t->aggs[k]->result(&g->states[k], c->a, &v, &t->env->error) != 0) {
			sqlite3_result_error(ctx, t->env->error.message, -1);
			return SQLITE_ERROR;
		}
		fn_result(ctx, &v);
	}
	return SQLITE_OK;
}

static int group_rowid(sqlite3_vtab_cursor *cur, sqlite3_int64 *rowid)
{
	*rowid = (sqlite3_int64)((const Cursor *)cur)->at;
	return SQLITE_OK;
}

static const sqlite3_module methods = {
	.iVersion = 0,
	.xConnect = group_connect,
	.xBestIndex = group_best_index,
	.xDisconnect = group_disconnect,
	.xOpen = group_open,
	.xClose = group_close,
	.xFilter = group_filter,
	.xNext = group_next,
	.xEof = group_eof,
	.xColumn = group_column,
	.xRowid = group_rowid,
};

int group_register(sqlite3 *db, FnEnv *env)
{
	return sqlite3_create_module_v2(db, "pg_groups", &methods, NULL, NULL);
}
