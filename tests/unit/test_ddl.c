/* DDL is planned, run on a file, and read back by catalog_load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog/vtab.h"
#include "sql/plan.h"

#include <stdio.h>

static Db db;
static Catalog *cat;

static int compare_numeric(void *arg, int n1, const void *p1, int n2, const void *p2)
{
	Val x = val_text((Str){ p1, (size_t)n1 }), y = val_text((Str){ p2, (size_t)n2 });
	return type_compare(pgtype_builtin(1700), &x, &y);
}

static int setup(void **state)
{
	Error err = { 0 };
	db = (Db){ 0 };
	assert_int_equal(sqlite3_open(":memory:", &db.h), SQLITE_OK);
	sqlite3_create_collation(db.h, "pgnumeric", SQLITE_UTF8, NULL, compare_numeric);
	assert_int_equal(catalog_register(db.h, &db.env, &err), 0);
	assert_int_equal(sqlite3_exec(db.h, catalog_schema_sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(catalog_load(&db, "app", &cat, &err), 0);
	return 0;
}

static int teardown(void **state)
{
	catalog_unref(cat);
	sqlite3_close(db.h);
	return 0;
}

/* Plans and runs one statement; returns the SQLSTATE of the first failure, or "". */
static const char *run(const char *sql)
{
	static const char *const path[] = { "public" };
	static Error err;
	static char state[6];
	_cleanup_(arena_freep) Arena *a = arena_new();
	ParsedSql parsed = { 0 };
	Plan *plan = NULL;
	SqlEnv env = {
		.cat = cat, .types = &type_env_stored, .search_path = path, .nsearch_path = 1, .user = "postgres", .database = "app"
	};
	err_clear(&err);
	state[0] = 0;
	int rc = sql_parse(str_of(sql), a, &parsed, &err);
	rc = rc ? rc : sql_plan(&env, &parsed, 0, NULL, 0, a, &plan, &err);
	for (size_t i = 0; !rc && i < plan->nsteps; i++) {
		const PlanStep *s = &plan->steps[i];
		if (s->kind == STEP_FK_OFF)
			sqlite3_db_config(db.h, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
		if (s->kind != STEP_SQL && s->kind != STEP_ROWS)
			continue;
		if (sqlite3_exec(db.h, s->sql, NULL, NULL, NULL) != SQLITE_OK)
			fail_msg("%s: %s", s->sql, sqlite3_errmsg(db.h));
	}
	if (rc)
		print_message("%s: %s %s\n", sql, err.sqlstate, err.message);
	if (rc)
		memcpy(state, err.sqlstate, sizeof state);
	sql_parsed_free(&parsed);
	if (!rc && plan->is_ddl) {
		catalog_unref(cat);
		assert_int_equal(catalog_load(&db, "app", &cat, &err), 0);
	}
	return state;
}

static void test_create_table(void **state)
{
	assert_string_equal(
		run("CREATE TABLE t (id serial PRIMARY KEY, a varchar(20) UNIQUE, n numeric(10,2) NOT NULL DEFAULT 0, CHECK (n >= 0))"),
		"");
	const CatRel *r = catalog_rel(cat, NS_PUBLIC, "t");
	assert_non_null(r);
	assert_int_equal(r->ncols, 3);
	assert_int_equal(r->rowid_col, 1);
	assert_int_equal(r->cols[1].typmod, 24);
	assert_int_equal(r->nindexes, 2);
	assert_string_equal(r->indexes[0]->name, "t_pkey");
	assert_string_equal(r->indexes[1]->name, "t_a_key");
	assert_int_equal(r->nconstraints, 3);
	assert_string_equal(r->constraints[2]->name, "t_n_check");
	assert_non_null(catalog_rel(cat, NS_PUBLIC, "t_id_seq"));
	assert_int_equal(r->cols[0].sequence, cat->seqs[0]->oid);
	assert_int_equal(cat->seqs[0]->max, 2147483647);
	assert_string_equal(run("CREATE TABLE t (a int)"), "42P07");
	assert_string_equal(run("CREATE TABLE IF NOT EXISTS t (a int)"), "");
	assert_string_equal(run("CREATE INDEX ON t (a, n DESC)"), "");
	r = catalog_rel(cat, NS_PUBLIC, "t");
	assert_string_equal(r->indexes[2]->name, "t_a_n_idx");
	assert_int_equal(r->indexes[2]->options[1], 3);
	assert_string_equal(run("DROP TABLE t"), "");
	assert_null(catalog_rel(cat, NS_PUBLIC, "t_id_seq"));
}

static void test_add_primary_key(void **state)
{
	assert_string_equal(run("create table pgbench_accounts(aid int not null, bid int, filler char(84)) with (fillfactor=100)"), "");
	assert_int_equal(sqlite3_exec(db.h, "INSERT INTO pgbench_accounts VALUES (7, 1, 'x')", NULL, NULL, NULL), SQLITE_OK);
	assert_string_equal(run("alter table pgbench_accounts add primary key (aid)"), "");
	assert_int_equal(catalog_rel(cat, NS_PUBLIC, "pgbench_accounts")->rowid_col, 1);
	sqlite3_stmt *s;
	assert_int_equal(sqlite3_prepare_v2(db.h, "SELECT rowid, filler FROM pgbench_accounts", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 7);
	sqlite3_finalize(s);
	assert_string_equal(run("truncate table pgbench_accounts"), "");
	assert_string_equal(run("drop table if exists pgbench_accounts, nothing_here"), "");
}

static void test_foreign_key(void **state)
{
	assert_string_equal(run("CREATE TABLE p (id int PRIMARY KEY)"), "");
	assert_string_equal(run("CREATE TABLE c (id int, p int REFERENCES p ON DELETE CASCADE)"), "");
	assert_string_equal(catalog_rel(cat, NS_PUBLIC, "c")->constraints[0]->name, "c_p_fkey");
	assert_string_equal(run("DROP TABLE p"), "2BP01");
	assert_string_equal(run("TRUNCATE p"), "0A000");
	assert_string_equal(run("TRUNCATE p, c"), "");
	assert_string_equal(run("CREATE TYPE mood AS ENUM ('sad', 'ok')"), "");
	assert_string_equal(run("ALTER TYPE mood ADD VALUE 'bad' BEFORE 'ok'"), "");
	const PgType *t = catalog_type_named(cat, NS_PUBLIC, "mood");
	assert_int_equal(t->nlabels, 3);
	assert_string_equal(t->labels[1], "bad");
}

static void test_alter(void **state)
{
	assert_string_equal(run("CREATE TABLE a (x int, y text)"), "");
	assert_int_equal(sqlite3_exec(db.h, "INSERT INTO a VALUES (1, 'one'), (2, 'two')", NULL, NULL, NULL), SQLITE_OK);
	assert_string_equal(run("ALTER TABLE a ADD COLUMN z int NOT NULL DEFAULT 5, ADD CONSTRAINT big CHECK (x > 0)"), "");
	assert_string_equal(run("ALTER TABLE a ALTER COLUMN y SET NOT NULL, ADD UNIQUE (y)"), "");
	assert_string_equal(run("ALTER TABLE a DROP COLUMN x"), "");
	assert_string_equal(run("ALTER TABLE a RENAME COLUMN y TO w"), "");
	assert_string_equal(run("ALTER TABLE a ADD COLUMN id serial"), "");
	const CatRel *r = catalog_rel(cat, NS_PUBLIC, "a");
	assert_int_equal(r->ncols, 4);
	assert_true(r->cols[0].dropped);
	assert_string_equal(r->cols[1].name, "w");
	assert_int_equal(r->nconstraints, 1);
	assert_string_equal(r->constraints[0]->name, "a_y_key");
	assert_string_equal(run("ALTER TABLE a DROP COLUMN nope"), "42703");
	assert_string_equal(run("ALTER TABLE a DROP CONSTRAINT a_y_key"), "");
	assert_string_equal(run("ALTER TABLE a RENAME TO b"), "");
	assert_non_null(catalog_rel(cat, NS_PUBLIC, "b"));
	assert_string_equal(run("CREATE SCHEMA s"), "");
	assert_string_equal(run("CREATE TABLE s.b (i int GENERATED ALWAYS AS IDENTITY)"), "");
	assert_string_equal(run("DROP SCHEMA s"), "2BP01");
	assert_string_equal(run("DROP SCHEMA s CASCADE"), "");
	assert_string_equal(run("CREATE SEQUENCE q INCREMENT -1"), "");
	assert_string_equal(run("COMMENT ON COLUMN b.w IS 'it''s'"), "");
	assert_string_equal(run("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'"), "");
	assert_int_equal(cat->nfunctions, 1);
}

static int count(const char *sql)
{
	sqlite3_stmt *s;
	db.env.catalog = cat;
	assert_int_equal(sqlite3_prepare_v2(db.h, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int n = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void test_pg_catalog(void **state)
{
	assert_string_equal(run("CREATE TABLE v (id int PRIMARY KEY, a text DEFAULT 'x')"), "");
	assert_int_equal(count("SELECT count(*) FROM \"pg_catalog.pg_class\" WHERE relname IN ('v', 'v_pkey')"), 2);
	assert_int_equal(count("SELECT count(*) FROM \"pg_catalog.pg_class\" c JOIN \"pg_catalog.pg_attribute\" a ON a.attrelid = c.oid "
			       "WHERE c.relname = 'v' AND a.attnum > 0"),
			 2);
	assert_int_equal(count("SELECT oid FROM \"pg_catalog.pg_type\" WHERE typname = 'jsonb'"), 3802);
	assert_int_equal(count("SELECT count(*) FROM \"pg_catalog.pg_policy\""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_add_primary_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pg_catalog, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
