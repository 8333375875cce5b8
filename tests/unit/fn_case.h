/* Runs SQL on an SQLite connection that has PostgreSQL's functions and compares its rows with what PostgreSQL 15 gave. */
#ifndef TESTS_FN_CASE_H
#define TESTS_FN_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pgtype/datetime.h"
#include "sqlite/fn.h"

/* `want`: "V:" and the rows (cells with | between, ~ for NULL, rows with ; between) or "E:" with SQLSTATE and message. */
typedef struct FnCase {
	const char *sql, *want;
} FnCase;

static void case_cell(sqlite3_stmt *st, int i, Buf *out)
{
	Error err;
	Val v;
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_NULL:
		buf_puts(out, "~");
		return;
	case SQLITE_FLOAT:
		v = val_real(sqlite3_column_double(st, i));
		assert_int_equal(type_out(pgtype_builtin(701), -1, &v, &type_env_stored, out, &err), 0);
		return;
	default:
		buf_puts(out, (const char *)sqlite3_column_text(st, i));
	}
}

static void case_run(sqlite3 *db, FnEnv *env, const char *sql, Buf *out)
{
	sqlite3_stmt *st;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	err_clear(&env->error);
	buf_clear(out);
	buf_puts(out, "V:");
	int rc;
	for (int row = 0; (rc = sqlite3_step(st)) == SQLITE_ROW; row++) {
		buf_puts(out, row ? ";" : "");
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			buf_puts(out, i ? "|" : "");
			case_cell(st, i, out);
		}
	}
	if (rc != SQLITE_DONE) {
		buf_clear(out);
		buf_printf(out, "E:%s %s", env->error.sqlstate, env->error.message);
	}
	sqlite3_finalize(st);
}

static void case_run_all(const FnCase *cases, size_t n)
{
	sqlite3 *db;
	Error err;
	FnEnv env = { .types = &type_env_stored, .scratch = arena_new() };
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(fn_register_all(db, &env, &err), 0);
	Buf out = { 0 };
	int bad = 0;
	for (size_t i = 0; i < n; i++) {
		case_run(db, &env, cases[i].sql, &out);
		if (strcmp(buf_cstr(&out), cases[i].want) != 0 && ++bad <= 20)
			print_error("%s\n  want %s\n  got  %s\n", cases[i].sql, cases[i].want, buf_cstr(&out));
	}
	buf_free(&out);
	arena_free(env.scratch);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(bad, 0);
}

#endif
