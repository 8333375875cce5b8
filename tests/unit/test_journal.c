/* The journal's capture: what a transaction did is in it, what was undone is not, and kill -9 leaves rows and journal equal. */
#include "sqlite/journal.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void run(sqlite3 *db, const char *sql)
{
	char *msg = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &msg) != SQLITE_OK)
		fail_msg("%s: %s", sql, msg);
}

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static sqlite3 *memory(Journal **j)
{
	sqlite3 *db;
	Error err;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(journal_create_table(db, &err), 0);
	*j = journal_attach(db);
	run(db, "PRAGMA foreign_keys = ON");
	return db;
}

static void commit(sqlite3 *db, Journal *j, JournalKind kind, uint64_t xid)
{
	Error err;
	if (journal_before_commit(j, kind, "s1", xid, NULL, &err) < 0)
		fail_msg("%s", err.message);
	run(db, "COMMIT");
	journal_reset(j);
}

static void records_rows(void **state)
{
	Journal *j;
	sqlite3 *db = memory(&j);
	run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, r REAL, b BLOB)");
	journal_set_capture(j, true);
	run(db, "BEGIN; INSERT INTO t VALUES (5, 'x', 1.5, x'00ff'); UPDATE t SET a = NULL WHERE id = 5; DELETE FROM t");
	journal_sequence(j, "t_id_seq", 9);
	journal_sequence(j, "t_id_seq", 10);
	commit(db, j, JOURNAL_LOCAL, 0);

	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	Error err;
	assert_int_equal(journal_next(db, 0, a, &tx, &err), 1);
	assert_int_equal(tx.txid, 1);
	assert_string_equal(tx.state, "new");
	assert_string_equal(tx.session, "s1");
	assert_int_equal(tx.n, 4);
	JournalChange *c = tx.changes;
	assert_int_equal(c[0].op, 'I');
	assert_string_equal(c[0].table, "t");
	assert_int_equal(c[0].new_rowid, 5);
	assert_int_equal(c[0].ncols, 4);
	assert_null(c[0].before);
	assert_int_equal(c[0].after[0].i, 5);
	assert_true(str_is(c[0].after[1].s, "x"));
	assert_true(c[0].after[2].r == 1.5);
	assert_int_equal(c[0].after[3].kind, VAL_BLOB);
	assert_memory_equal(c[0].after[3].s.p, "\0\xff", 2);
	assert_int_equal(c[1].op, 'U');
	assert_true(str_is(c[1].before[1].s, "x"));
	assert_int_equal(c[1].after[1].kind, VAL_NULL);
	assert_true(c[1].after[2].r == 1.5); /* unchanged, yet whole */
	assert_int_equal(c[2].op, 'D');	     /* DELETE without WHERE is seen row by row */
	assert_null(c[2].after);
	assert_int_equal(c[3].op, 'S');
	assert_int_equal(c[3].new_rowid, 10);
	assert_int_equal(journal_next(db, 1, a, &tx, &err), 0);
	journal_detach(j);
	sqlite3_close(db);
}

static void cuts_what_was_undone(void **state)
{
	Journal *j;
	sqlite3 *db = memory(&j);
	run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY)");
	journal_set_capture(j, true);
	run(db, "BEGIN; INSERT INTO t VALUES (1)");
	size_t mark = journal_mark(j);
	run(db, "SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO s");
	journal_cut(j, mark);
	mark = journal_mark(j);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO t VALUES (3), (4), (1)", NULL, NULL, NULL), SQLITE_CONSTRAINT);
	assert_true(journal_mark(j) > mark);
	journal_cut(j, mark);
	commit(db, j, JOURNAL_LOCAL, 0);
	run(db, "BEGIN; INSERT INTO t VALUES (9); ROLLBACK");
	journal_reset(j);
	run(db, "BEGIN");
	assert_false(journal_dirty(j));
	commit(db, j, JOURNAL_LOCAL, 0);

	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	Error err;
	assert_int_equal(journal_next(db, 0, a, &tx, &err), 1);
	assert_int_equal(tx.n, 1);
	assert_int_equal(number(db, "SELECT count(*) FROM _understudy_journal"), 1);
	journal_detach(j);
	sqlite3_close(db);
}

static void flags_cascades_and_kinds(void **state)
{
	Journal *j;
	sqlite3 *db = memory(&j);
	Error err;
	run(db,
	    "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p INTEGER REFERENCES p ON DELETE CASCADE); INSERT INTO p VALUES (1);"
	    "INSERT INTO c VALUES (1), (1)");
	journal_set_capture(j, true);
	run(db, "BEGIN; DELETE FROM p");
	commit(db, j, JOURNAL_REDO, 77);
	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	assert_int_equal(journal_next(db, 0, a, &tx, &err), 1);
	assert_int_equal(tx.kind, JOURNAL_REDO);
	assert_int_equal(tx.xid, 77);
	assert_int_equal(tx.n, 3);
	size_t top = 0, below = 0;
	for (size_t i = 0; i < tx.n; i++)
		*(tx.changes[i].depth ? &below : &top) += 1;
	assert_int_equal(top, 1);
	assert_int_equal(below, 2);
	int64_t left;
	assert_int_equal(journal_backlog(db, &left, &err), 0);
	assert_int_equal(left, 0);
	journal_set_capture(j, false);
	run(db, "BEGIN; INSERT INTO p VALUES (2)");
	assert_false(journal_dirty(j));
	commit(db, j, JOURNAL_LOCAL, 0);
	journal_detach(j);
	sqlite3_close(db);
}

static void numbers_are_not_reused(void **state)
{
	Journal *j;
	sqlite3 *db = memory(&j);
	run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY)");
	journal_set_capture(j, true);
	run(db, "BEGIN; INSERT INTO t VALUES (1)");
	commit(db, j, JOURNAL_LOCAL, 0);
	run(db, "DELETE FROM _understudy_journal");
	run(db, "BEGIN; INSERT INTO t VALUES (2)");
	commit(db, j, JOURNAL_LOCAL, 0);
	assert_int_equal(number(db, "SELECT txid FROM _understudy_journal"), 2);
	journal_detach(j);
	sqlite3_close(db);
}

static void finds_damage(void **state)
{
	Journal *j;
	sqlite3 *db = memory(&j);
	run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)");
	journal_set_capture(j, true);
	run(db, "BEGIN; INSERT INTO t VALUES (1, 'abc')");
	commit(db, j, JOURNAL_LOCAL, 0);
	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	Error err;
	assert_int_equal(journal_next(db, 0, a, &tx, &err), 1);
	run(db, "UPDATE _understudy_journal SET changes = changes || x'00'");
	assert_int_equal(journal_next(db, 0, a, &tx, &err), -1);
	assert_string_equal(err.sqlstate, "XX001");
	/* Every truncation is refused or shorter, never read past its end. */
	char bytes[] = "I\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1t\0\1\0\0\0\0\0\0\0\1\3\0\0\0\3abc";
	JournalChange *list;
	size_t n;
	assert_int_equal(journal_decode((Str){ bytes, sizeof bytes - 1 }, a, &list, &n, &err), 0);
	assert_int_equal(n, 1);
	for (size_t len = 1; len < sizeof bytes - 1; len++)
		assert_int_equal(journal_decode((Str){ bytes, len }, a, &list, &n, &err), -1);
	journal_detach(j);
	sqlite3_close(db);
}

static sqlite3 *open_file(const char *path)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
	return db;
}

/* Writes until it is killed. */
static void child(const char *path)
{
	sqlite3 *db = open_file(path);
	Journal *j = journal_attach(db);
	journal_set_capture(j, true);
	for (;;) {
		run(db, "BEGIN; INSERT INTO t(v) VALUES (1), (2), (3)");
		size_t mark = journal_mark(j);
		run(db, "SAVEPOINT s; INSERT INTO t(v) VALUES (4); ROLLBACK TO s; RELEASE s");
		journal_cut(j, mark);
		commit(db, j, JOURNAL_LOCAL, 0);
	}
}

static void survives_kills(void **state)
{
	char dir[] = "/tmp/us_journal_XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/f.db", dir);
	Error err;
	sqlite3 *db = open_file(path);
	run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER)");
	assert_int_equal(journal_create_table(db, &err), 0);
	sqlite3_close(db);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			child(path);
			_exit(0);
		}
		usleep(15000 + 1000 * i);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	db = open_file(path);
	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	int64_t rows = 0;
	for (int64_t at = 0; journal_next(db, at, a, &tx, &err) == 1; at = tx.txid) {
		assert_int_equal(tx.n, 3);
		rows += (int64_t)tx.n;
		arena_reset(a);
	}
	assert_true(rows > 0);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), rows);
	assert_int_equal(number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	sqlite3_close(db);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_rows),
		cmocka_unit_test(cuts_what_was_undone),
		cmocka_unit_test(flags_cascades_and_kinds),
		cmocka_unit_test(numbers_are_not_reused),
		cmocka_unit_test(finds_damage),
		cmocka_unit_test(survives_kills),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
