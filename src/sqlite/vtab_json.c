/*
 * json_each, json_array_elements, json_object_keys and their twins as table-valued functions: pg_json_each(document) with the columns
 * PostgreSQL names, `value` where it names none, and `ordinality`.
 */
#include "sqlite/fn_json.h"

typedef enum { SHAPE_EACH, SHAPE_ELEMENTS, SHAPE_KEYS } Shape;

typedef struct JsonTable {
	const char *name;
	Shape shape;
	bool canonical, as_text;
	const char *not_object, *not_array, *scalar; /* refusals of an array, an object, anything else */
} JsonTable;

#define CALL_REFUSALS(f) "cannot call " f " on a non-object", NULL, "cannot call " f " on a non-object"
#define EACH_REFUSALS "cannot deconstruct an array as an object", NULL, "cannot deconstruct a scalar"
#define KEYS_REFUSALS(f) "cannot call " f " on an array", NULL, "cannot call " f " on a scalar"
#define ELEMENTS_REFUSALS(f) NULL, "cannot call " f " on a non-array", "cannot call " f " on a scalar"
#define EXTRACT_REFUSALS NULL, "cannot extract elements from an object", "cannot extract elements from a scalar"

static const JsonTable tables[] = {
	{ "pg_json_each", SHAPE_EACH, false, false, EACH_REFUSALS },
	{ "pg_json_each_text", SHAPE_EACH, false, true, EACH_REFUSALS },
	{ "pg_jsonb_each", SHAPE_EACH, true, false, CALL_REFUSALS("jsonb_each") },
	{ "pg_jsonb_each_text", SHAPE_EACH, true, true, CALL_REFUSALS("jsonb_each_text") },
	{ "pg_json_array_elements", SHAPE_ELEMENTS, false, false, ELEMENTS_REFUSALS("json_array_elements") },
	{ "pg_json_array_elements_text", SHAPE_ELEMENTS, false, true, ELEMENTS_REFUSALS("json_array_elements_text") },
	{ "pg_jsonb_array_elements", SHAPE_ELEMENTS, true, false, EXTRACT_REFUSALS },
	{ "pg_jsonb_array_elements_text", SHAPE_ELEMENTS, true, true, EXTRACT_REFUSALS },
	{ "pg_json_object_keys", SHAPE_KEYS, false, true, KEYS_REFUSALS("json_object_keys") },
	{ "pg_jsonb_object_keys", SHAPE_KEYS, true, true, KEYS_REFUSALS("jsonb_object_keys") },
};

/* What sqlite3_create_module hands back. */
typedef struct Module {
	const JsonTable *table;
	FnEnv *env;
} Module;

typedef struct Table {
	sqlite3_vtab base;
	const Module *module;
} Table;

typedef struct Cursor {
	sqlite3_vtab_cursor base;
	const Module *module;
	Arena *arena;
	Json *doc; /* NULL: no rows */
	size_t at;
} Cursor;

enum { COL_KEY, COL_VALUE, COL_ORDINALITY, COL_DOCUMENT };

/* Only the pairs of an object have a key column. */
static int column_id(const Module *m, int column)
{
	return m->table->shape == SHAPE_EACH ? column : column + 1;
}

static int tab_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **err)
{
	const Module *m = aux;
	int rc = sqlite3_declare_vtab(db, m->table->shape == SHAPE_EACH ? "CREATE TABLE x(key, value, ordinality, document HIDDEN)"
									: "CREATE TABLE x(value, ordinality, document HIDDEN)");
	if (rc != SQLITE_OK)
		return rc;
	Table *t = mem_alloc(sizeof *t);
	t->module = m;
	*out = &t->base;
	return sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
}

static int tab_disconnect(sqlite3_vtab *t)
{
	free(t);
	return SQLITE_OK;
}

/* The document must be known before the rows; without it this order of a join is no plan. */
static int tab_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	for (int i = 0; i < info->nConstraint; i++) {
		if (column_id(((Table *)t)->module, info->aConstraint[i].iColumn) != COL_DOCUMENT ||
		    info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->estimatedCost = 10;
		info->estimatedRows = 10;
		return SQLITE_OK;
	}
	return SQLITE_CONSTRAINT;
}

static int cur_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	Cursor *c = mem_alloc(sizeof *c);
	c->module = ((Table *)t)->module;
	c->arena = arena_new();
	*out = &c->base;
	return SQLITE_OK;
}

static int cur_close(sqlite3_vtab_cursor *base)
{
	Cursor *c = (Cursor *)base;
	arena_free(c->arena);
	free(c);
	return SQLITE_OK;
}

static int cur_fail(Cursor *c)
{
	sqlite3_free(c->base.pVtab->zErrMsg);
	c->base.pVtab->zErrMsg = sqlite3_mprintf("%s", c->module->env->error.message);
	c->doc = NULL;
	return SQLITE_ERROR;
}

static int cur_filter(sqlite3_vtab_cursor *base, int plan, const char *name, int argc, sqlite3_value **argv)
{
	Cursor *c = (Cursor *)base;
	const JsonTable *t = c->module->table;
	Error *err = &c->module->env->error;
	c->doc = NULL;
	c->at = 0;
	arena_reset(c->arena);
	if (argc < 1 || sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return SQLITE_OK;
	Str text = fn_arg_str(argv[0]);
	text.p = arena_strndup(c->arena, text.p, text.n);
	c->doc = json_parse(text, t->canonical, c->arena, err);
	if (!c->doc)
		return cur_fail(c);
	const char *refusal = c->doc->kind == JSON_ARRAY ? t->not_object : c->doc->kind == JSON_OBJECT ? t->not_array : t->scalar;
	if (!refusal)
		return SQLITE_OK;
	err_set(err, "22023", "%s", refusal);
	return cur_fail(c);
}

static int cur_next(sqlite3_vtab_cursor *base)
{
	((Cursor *)base)->at++;
	return SQLITE_OK;
}

static int cur_eof(sqlite3_vtab_cursor *base)
{
	const Cursor *c = (Cursor *)base;
	return !c->doc || c->at >= c->doc->n;
}

static int cur_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int column)
{
	const Cursor *c = (Cursor *)base;
	const JsonTable *t = c->module->table;
	column = column_id(c->module, column);
	if (column == COL_ORDINALITY) {
		sqlite3_result_int64(ctx, (int64_t)c->at + 1);
	} else if (column == COL_KEY) {
		jf_result_str(ctx, c->doc->pairs[c->at].key);
	} else if (column == COL_VALUE) {
		if (t->shape == SHAPE_KEYS)
			jf_result_str(ctx, c->doc->pairs[c->at].key);
		else
			jf_result_value(ctx, t->shape == SHAPE_EACH ? c->doc->pairs[c->at].value : c->doc->items[c->at], t->canonical,
					t->as_text);
	}
	return SQLITE_OK;
}

static int cur_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	*id = (sqlite3_int64)((Cursor *)base)->at + 1;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = tab_connect,
	.xBestIndex = tab_best_index,
	.xDisconnect = tab_disconnect,
	.xOpen = cur_open,
	.xClose = cur_close,
	.xFilter = cur_filter,
	.xNext = cur_next,
	.xEof = cur_eof,
	.xColumn = cur_column,
	.xRowid = cur_rowid,
};

int vtab_json_register(sqlite3 *db, FnEnv *env)
{
	int rc = SQLITE_OK;
	for (size_t i = 0; i < ARRAY_LEN(tables) && rc == SQLITE_OK; i++) {
		Module *m = mem_alloc(sizeof *m);
		*m = (Module){ &tables[i], env };
		rc = sqlite3_create_module_v2(db, tables[i].name, &module, m, free);
	}
	return rc;
}
