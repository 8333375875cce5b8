/* PostgreSQL text -> SQLite text over a small catalog made in code. Every SQLite text is also compiled by SQLite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sqlite/group.h"
#include "sql/plan.h"

typedef struct ColumnSpec {
	const char *name;
	uint32_t type;
	int32_t typmod;
	bool not_null;
	const char *def;
} ColumnSpec;

static Arena *world;
static Catalog cat;
static sqlite3 *db;

static CatRel *make_table(uint32_t oid, const char *name, const ColumnSpec *cols, size_t n, int pk)
{
	CatRel *r = arena_new_of(world, CatRel);
	*r = (CatRel){ .oid = oid,
		       .schema = NS_PUBLIC,
		       .name = arena_strdup(world, name),
		       .kind = REL_TABLE,
		       .sqlite_name = arena_strdup(world, name) };
	r->cols = arena_array(world, CatColumn, n);
	r->ncols = n;
	for (size_t i = 0; i < n; i++)
		r->cols[i] = (CatColumn){ .name = arena_strdup(world, cols[i].name),
					  .attnum = (int16_t)(i + 1),
					  .type = pgtype_builtin(cols[i].type),
					  .typmod = cols[i].typmod,
					  .not_null = cols[i].not_null,
					  .default_sql = arena_strdup(world, cols[i].def),
					  .sqlite_name = arena_strdup(world, cols[i].name) };
	CatIndex *ix = arena_new_of(world, CatIndex);
	*ix = (CatIndex){
		.oid = oid + 1, .name = arena_printf(world, "%s_pkey", name), .table = r, .unique = true, .primary = true, .nkeys = 1
	};
	ix->keys = arena_array(world, int16_t, 1);
	ix->keys[0] = (int16_t)pk;
	CatConstraint *con = arena_new_of(world, CatConstraint);
	*con = (CatConstraint){ .oid = oid + 2, .name = ix->name, .type = 'p', .table = r, .cols = ix->keys, .ncols = 1, .index = ix };
	r->indexes = arena_dup(world, &ix, sizeof ix);
	r->constraints = arena_dup(world, &con, sizeof con);
	r->nindexes = r->nconstraints = 1;
	char *key = arena_printf(world, "%u.%s", (unsigned)NS_PUBLIC, name);
	map_put(&cat.rel_by_name, str_of(key), r);
	uint64_t k = oid;
	map_put(&cat.rel_by_oid, map_u64_key(&k), r);
	return r;
}

static int ignore_collation(void *arg, int n1, const void *a, int n2, const void *b)
{
	return n1 - n2;
}

static void need_collation(void *arg, sqlite3 *h, int rep, const char *name)
{
	sqlite3_create_collation(h, name, SQLITE_UTF8, NULL, ignore_collation);
}

static void no_function(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	sqlite3_result_null(ctx);
}

static int make_world(void **state)
{
	world = arena_new();
	static CatSchema schemas[] = { { NS_PG_CATALOG, 10, (char *)"pg_catalog" }, { NS_PUBLIC, 10, (char *)"public" } };
	cat = (Catalog){ .refs = 1, .schemas = schemas, .nschemas = 2 };
	static const ColumnSpec accounts[] = { { "aid", 23, -1, true, NULL },
					       { "bid", 23, -1, false, NULL },
					       { "abalance", 23, -1, false, NULL },
					       { "filler", 1042, 84 + 4, false, NULL } };
	static const ColumnSpec items[] = { { "id", 20, -1, true, NULL },
					    { "name", 25, -1, false, "'none'::text" },
					    { "price", 1700, -1, false, NULL },
					    { "made", 1184, -1, true, NULL } };
	static const ColumnSpec orders[] = { { "id", 20, -1, true, NULL }, { "item", 20, -1, false, NULL }, { "n", 23, -1, false, NULL } };
	make_table(20000, "pgbench_accounts", accounts, 4, 1);
	make_table(20010, "items", items, 4, 1);
	make_table(20020, "orders", orders, 3, 1);
	if (sqlite3_open(":memory:", &db))
		return -1;
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_collation_needed(db, NULL, need_collation);
	static FnEnv env;
	group_register(db, &env);
	return sqlite3_exec(
		db,
		"create table pgbench_accounts(aid integer primary key not null, bid integer, abalance integer, filler text);"
		"create table items(id integer primary key not null, name text, price text collate pgnumeric, made text not null);"
		"create table orders(id integer primary key not null, item integer, n integer)",
		NULL, NULL, NULL);
}

static int end_world(void **state)
{
	sqlite3_close(db);
	map_free(&cat.rel_by_name);
	map_free(&cat.rel_by_oid);
	arena_free(world);
	return 0;
}

/* Functions of this program stand in as ones that give NULL: only names and shapes are checked here. */
static void compile(const char *sql)
{
	for (int tries = 0; tries < 50; tries++) {
		sqlite3_stmt *st = NULL;
		int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
		sqlite3_finalize(st);
		if (rc == SQLITE_OK)
			return;
		char name[64];
		if (sscanf(sqlite3_errmsg(db), "no such function: %63s", name) != 1)
			fail_msg("%s\n  %s", sqlite3_errmsg(db), sql);
		sqlite3_create_function(db, name, -1, SQLITE_UTF8, NULL, no_function, NULL, NULL);
	}
	fail_msg("too many unknown functions: %s", sql);
}

static int translate(const char *sql, Arena *a, Plan **plan, Error *err)
{
	static const char *const path[] = { "public" };
	SqlEnv env = {
		.cat = &cat, .types = &type_env_stored, .search_path = path, .nsearch_path = 1, .user = "postgres", .database = "postgres"
	};
	ParsedSql parsed;
	if (sql_parse(str_of(sql), a, &parsed, err) < 0)
		return -1;
	int rc = sql_plan(&env, &parsed, 0, NULL, 0, a, plan, err);
	sql_parsed_free(&parsed);
	return rc;
}

static const struct {
	const char *pg, *sqlite, *types; /* types: of the result columns, and after a slash of the parameters */
} good[] = {
#include "translate_cases.h"
};

static void types_text(const Plan *p, char *buf, size_t cap)
{
	size_t n = 0;
	buf[0] = 0;
	for (size_t i = 0; i < p->ncols; i++)
		n += (size_t)snprintf(buf + n, cap - n, i ? " %s" : "%s", p->cols[i].type->name);
	for (size_t i = 0; i < p->nparams; i++)
		n += (size_t)snprintf(buf + n, cap - n, i ? " %s" : "/%s", pgtype_builtin(p->param_types[i])->name);
}

static void test_translation(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		_cleanup_(arena_freep) Arena *a = arena_new();
		Error err = { 0 };
		Plan *p;
		if (translate(good[i].pg, a, &p, &err) < 0)
			fail_msg("%s\n  %s %s", good[i].pg, err.sqlstate, err.message);
		char types[500];
		types_text(p, types, sizeof types);
		assert_string_equal(p->sql, good[i].sqlite);
		assert_string_equal(types, good[i].types);
		compile(p->sql);
	}
}

static const struct {
	const char *pg, *sqlstate, *message;
	int position;
} bad[] = {
	{ "SELECT nope FROM items", "42703", "column \"nope\" does not exist", 8 },
	{ "SELECT i.nope FROM items i", "42703", "column i.nope does not exist", 8 },
	{ "SELECT x.id FROM items", "42P01", "missing FROM-clause entry for table \"x\"", 8 },
	{ "SELECT * FROM nothing", "42P01", "relation \"nothing\" does not exist", 15 },
	{ "SELECT id FROM items, orders", "42702", "column reference \"id\" is ambiguous", 8 },
	{ "SELECT name, count(*) FROM orders o JOIN items i ON i.id = o.item GROUP BY o.id", "42803",
	  "column \"i.name\" must appear in the GROUP BY clause or be used in an aggregate function", 8 },
	{ "SELECT name FROM items ORDER BY 3", "42P10", "ORDER BY position 3 is not in select list", 33 },
	{ "SELECT DISTINCT name FROM items ORDER BY id", "42P10", "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
	  42 },
	{ "SELECT 1 FROM items, items", "42712", "table name \"items\" specified more than once", 0 },
	{ "SELECT 1 UNION SELECT 1, 2", "42601", "each UNION query must have the same number of columns", 0 },
	{ "INSERT INTO items (id, nope) VALUES (1, 2)", "42703", "column \"nope\" of relation \"items\" does not exist", 24 },
	{ "INSERT INTO items (id, id) VALUES (1, 2)", "42701", "column \"id\" specified more than once", 24 },
	{ "INSERT INTO items (id) VALUES (1, 2)", "42601", "INSERT has more expressions than target columns", 0 },
	{ "UPDATE items SET id = true", "42804", "column \"id\" is of type bigint but expression is of type boolean", 18 },
	{ "INSERT INTO items (id, made) VALUES (1, now()) ON CONFLICT (name) DO NOTHING", "42P10",
	  "there is no unique or exclusion constraint matching the ON CONFLICT specification", 0 },
};

static void test_refusals(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_(arena_freep) Arena *a = arena_new();
		Error err = { 0 };
		Plan *p;
		if (translate(bad[i].pg, a, &p, &err) == 0)
			fail_msg("accepted: %s", bad[i].pg);
		assert_string_equal(err.message, bad[i].message);
		assert_string_equal(err.sqlstate, bad[i].sqlstate);
		if (bad[i].position)
			assert_int_equal(err.position, bad[i].position);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_translation), cmocka_unit_test(test_refusals) };
	return cmocka_run_group_tests(tests, make_world, end_world);
}
