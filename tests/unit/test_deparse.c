/* Expressions shown as PostgreSQL 15's pg_get_expr shows them; the expected texts come from it. */
#include "sql/analyze.h"
#include "sql/deparse.h"
#include "sql/fn_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct World {
	Db *db;
	Catalog *cat;
	char path[64];
} World;

static int set_up(void **state)
{
	static World w;
	Error err;
	snprintf(w.path, sizeof w.path, "/tmp/us-deparse-%d.db", (int)getpid());
	unlink(w.path);
	assert_int_equal(db_create(w.path, catalog_schema_sql, &err), 0);
	assert_int_equal(db_open(w.path, DB_WRITE, &w.db, &err), 0);
	assert_int_equal(catalog_load(w.db, "t", &w.cat, &err), 0);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	World *w = *state;
	catalog_unref(w->cat);
	db_close(w->db);
	unlink(w->path);
	return 0;
}

static void check(const World *w, const char *text, uint32_t type, int32_t typmod, const char *plain, const char *pretty)
{
	static const char *const path[] = { "public" };
	SqlEnv env = {
		.cat = w->cat, .types = &type_env_stored, .search_path = path, .nsearch_path = 1, .user = "postgres", .database = "t"
	};
	Arena *a = arena_new();
	Error err = { 0 };
	const Expr *x = an_expr_text(&env, a, text, NULL, AT_DEFAULT, type, typmod, &err);
	if (!x)
		fail_msg("%s: %s", text, err.message);
	assert_string_equal(deparse_expr(&env, x, false, a, &err), plain);
	assert_string_equal(deparse_expr(&env, x, true, a, &err), pretty);
	arena_free(a);
}

static void test_constants(void **state)
{
	check(*state, "1", 23, -1, "1", "1");
	check(*state, "-1", 23, -1, "'-1'::integer", "'-1'::integer");
	check(*state, "5", 20, -1, "5", "5");
	check(*state, "0.00", 1700, 524294, "0.00", "0.00");
	check(*state, "0", 1700, 524294, "0", "0");
	check(*state, "'x''y'", 25, -1, "'x''y'::text", "'x''y'::text");
	check(*state, "'abc'", 1043, 9, "'abc'::character varying", "'abc'::character varying");
	check(*state, "'{}'", 3802, -1, "'{}'::jsonb", "'{}'::jsonb");
	check(*state, "true", 16, -1, "true", "true");
	check(*state, "'2020-01-01'", 1082, -1, "'2020-01-01'::date", "'2020-01-01'::date");
}

static void test_calls_and_operators(void **state)
{
	check(*state, "now()", 1184, -1, "now()", "now()");
	check(*state, "current_timestamp", 1184, -1, "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP");
	check(*state, "1+2*3", 23, -1, "(1 + (2 * 3))", "1 + 2 * 3");
	check(*state, "(1+2)*3", 23, -1, "((1 + 2) * 3)", "(1 + 2) * 3");
	check(*state, "1.5 > 1", 16, -1, "(1.5 > (1)::numeric)", "1.5 > 1::numeric");
	check(*state, "coalesce(1, 2)", 23, -1, "COALESCE(1, 2)", "COALESCE(1, 2)");
	check(*state, "not (true and false)", 16, -1, "(NOT (true AND false))", "NOT (true AND false)");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_constants), cmocka_unit_test(test_calls_and_operators) };
	fn_add_table(fn_table_sql);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
