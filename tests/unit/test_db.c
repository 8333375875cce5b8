/* A connection waits for SQLite's write lock: a reader of the same file can hold it for a moment. */
#include "sqlite/db.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void *release_later(void *arg)
{
	usleep(30000);
	if (db_exec(arg, "ROLLBACK", NULL) != 0)
		abort();
	return NULL;
}

static void begin_waits_for_the_lock(void **state)
{
	(void)state;
	char dir[] = "/tmp/test_db.XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/a.db", dir);
	Db *a, *b;
	Error err;
	assert_int_equal(db_create(path, "CREATE TABLE t(a)", &err), 0);
	assert_int_equal(db_open(path, DB_WRITE, &a, &err), 0);
	assert_int_equal(db_open(path, DB_READ, &b, &err), 0);
	pthread_t thread;
	assert_int_equal(db_exec(b, "BEGIN IMMEDIATE", &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, release_later, b), 0);
	if (db_exec(a, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1); COMMIT", &err) != 0)
		fail_msg("%s %s", err.sqlstate, err.message);
	pthread_join(thread, NULL);
	db_close(b);
	db_close(a);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_waits_for_the_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
