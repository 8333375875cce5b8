/* Rows kept between the steps of a statement. */
#include "sqlite/db.h"
#include "sqlite/row_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static Db *open_file(const char *path)
{
	Db *db;
	Error err;
	unlink(path);
	assert_int_equal(db_create(path, "CREATE TABLE t(a)", &err), 0);
	assert_int_equal(db_open(path, DB_WRITE, &db, &err), 0);
	return db;
}

static void keep_rows(Db *db, int store, const char *sql)
{
	sqlite3_stmt *st;
	Error err;
	assert_int_equal(db_prepare(db, str_of(sql), &st, &err), 0);
	while (sqlite3_step(st) == SQLITE_ROW)
		row_store_add(&db->env, store, st);
	db_done(db, st);
}

static void assert_rows(Db *db, const char *sql, const char *expected)
{
	sqlite3_stmt *st;
	Error err;
	assert_int_equal(db_prepare(db, str_of(sql), &st, &err), 0);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	const char *got = (const char *)sqlite3_column_text(st, 0);
	assert_string_equal(got ? got : "NULL", expected);
	db_done(db, st);
}

static void rows_are_kept_and_cleared(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "/tmp/us-row-store-%d", (int)getpid());
	Db *db = open_file(path);
	keep_rows(db, 3, "VALUES (1, 'one', NULL), (2, x'00ff', 2.5)");
	assert_rows(db, "SELECT group_concat(typeof(c1) || typeof(c2) || typeof(c3) || c1) FROM understudy_rows(3)",
		    "integertextnull1,integerblobreal2");
	assert_rows(db, "SELECT count(*) FROM understudy_rows(0)", "0");
	assert_rows(db, "SELECT count(*) FROM understudy_rows(99)", "0");
	assert_int_equal(row_store_append(&db->env, 3, 4), 2);
	assert_int_equal(row_store_append(&db->env, 3, 4), 2);
	assert_rows(db, "SELECT count(*) || hex(max(c2)) FROM understudy_rows(4)", "400FF");
	row_store_move(&db->env, 4, 1);
	assert_rows(db, "SELECT (SELECT count(*) FROM understudy_rows(4)) || (SELECT count(*) FROM understudy_rows(1))", "04");
	assert_rows(db, "SELECT group_concat(a.c1 || b.c1) FROM understudy_rows(3) a, understudy_rows(3) b WHERE a.c1 = b.c1", "11,22");
	row_store_clear(&db->env);
	assert_rows(db, "SELECT count(*) FROM understudy_rows(3)", "0");
	keep_rows(db, 0, "VALUES ('left for db_close')");
	db_close(db);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rows_are_kept_and_cleared) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
