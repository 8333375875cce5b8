/* The emitter's own SQLite functions. */
#include "sql/fn_sql.h"

#include "catalog/catalog.h"

static void row_count(sqlite3_context *ctx, sqlite3_value *v, int64_t when_null, const char *sqlstate, const char *word)
{
	int64_t n = sqlite3_value_type(v) == SQLITE_NULL ? when_null : sqlite3_value_int64(v);
	if (sqlite3_value_type(v) != SQLITE_NULL && n < 0)
		fn_raise(ctx, sqlstate, "%s must not be negative", word);
	else
		sqlite3_result_int64(ctx, n);
}

static void limit_count(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	row_count(ctx, argv[0], -1, "2201W", "LIMIT");
}

static void offset_count(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	row_count(ctx, argv[0], 0, "2201X", "OFFSET");
}

static void single_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (sqlite3_value_int64(argv[0]) > 1)
		fn_raise(ctx, "21000", "more than one row returned by a subquery used as an expression");
	else
		sqlite3_result_value(ctx, argv[1]);
}

/* pg_notnull(relation, attnum, value) */
static void not_null(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (sqlite3_value_type(argv[2]) != SQLITE_NULL) {
		sqlite3_result_value(ctx, argv[2]);
		return;
	}
	if (fn_env(ctx)->draws.again) {
		sqlite3_result_int64(ctx, FN_NULL_ROWID);
		return;
	}
	const Catalog *cat = fn_env(ctx)->catalog;
	const CatRel *r = cat ? catalog_rel_by_oid(cat, (uint32_t)sqlite3_value_int64(argv[0])) : NULL;
	const CatColumn *c = r ? catrel_attnum(r, sqlite3_value_int(argv[1])) : NULL;
	const CatSchema *s = r ? catalog_schema_by_oid(cat, r->schema) : NULL;
	Error *err = &fn_env(ctx)->error;
	err_set(err, "23502", "null value in column \"%s\" of relation \"%s\" violates not-null constraint", c ? c->name : "",
		r ? r->name : "");
	err_object(err, s ? s->name : NULL, r ? r->name : NULL, c ? c->name : NULL, NULL);
	fn_fail(ctx);
}

static void rows_free(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx, !fn_env(ctx)->rows_taken);
}

const SqliteFn fn_table_sql[] = {
	{ "rows_free", 0, 0, rows_free },
	{ "notnull", 3, 0, not_null },
	{ "limit_count", 1, FN_IMMUTABLE, limit_count },
	{ "offset_count", 1, FN_IMMUTABLE, offset_count },
	{ "single_row", 2, FN_IMMUTABLE, single_row },
	{ NULL },
};
