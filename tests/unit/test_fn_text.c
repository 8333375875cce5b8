/* The text, bytea, regular expression and quoting functions, compared with PostgreSQL 15's answers. */
#include "sqlite/fn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fn_text_cases.h"

static sqlite3 *db;
static FnEnv env;

static int open_db(void **state)
{
	Error err;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	env = (FnEnv){ .types = &type_env_stored, .scratch = arena_new() };
	if (fn_register_all(db, &env, &err))
		fail_msg("%s", err.message);
	return 0;
}

static int close_db(void **state)
{
	sqlite3_close(db);
	arena_free(env.scratch);
	return 0;
}

/* The answer as text in `out`; the kind as in the cases. */
static char answer(const char *sql, Buf *out)
{
	sqlite3_stmt *st;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	char kind = '=';
	buf_clear(out);
	if (sqlite3_step(st) != SQLITE_ROW) {
		kind = '!';
		buf_printf(out, "%s %s", env.error.sqlstate, env.error.message);
	} else if (sqlite3_column_type(st, 0) == SQLITE_NULL) {
		kind = 'N';
	} else if (sqlite3_column_type(st, 0) == SQLITE_BLOB) {
		const uint8_t *p = sqlite3_column_blob(st, 0);
		buf_puts(out, "\\x");
		for (int i = 0; i < sqlite3_column_bytes(st, 0); i++)
			buf_printf(out, "%02x", p[i]);
	} else {
		buf_puts(out, (const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	return kind;
}

static void expect(const char *call, char kind, const char *want)
{
	Buf got = { 0 };
	char *sql = mem_printf("SELECT %s", call);
	char k = answer(sql, &got);
	if (k != kind || !streq(buf_cstr(&got), want))
		fail_msg("%s\nwant %c %s\ngot  %c %s", call, kind, want, k, buf_cstr(&got));
	free(sql);
	buf_free(&got);
}

static void as_postgresql(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].call, cases[i].kind, cases[i].want);
}

static void refuses_lookbehind(void **state)
{
	expect("pg_textregexeq('ab', '(?<=a)b')", '!', "0A000 lookbehind in regular expressions is not available in SQLite mode");
	expect("pg_textregexeq('(?<=a)b', '\\(\\?<=a')", '=', "1");
}

/* More expressions than the cache holds, and the first again. */
static void many_expressions(void **state)
{
	char call[64];
	for (int i = 0; i < 200; i++) {
		snprintf(call, sizeof call, "pg_textregexeq('x%dy', '^x%dy$')", i % 90, i % 90);
		expect(call, '=', "1");
	}
}

static void nulls(void **state)
{
	expect("pg_textlike(NULL, 'a')", 'N', "");
	expect("pg_textregexeq('a', NULL)", 'N', "");
	expect("pg_text_concat_ws(25, 25, NULL, 'a')", 'N', "");
	expect("pg_quote_nullable(NULL)", '=', "NULL");
}

static void string_agg(void **state)
{
	expect("(SELECT \"string_agg.text,text\"(column1, ', ') FROM (VALUES ('a'), (NULL), ('b'), ('')))", '=', "a, b, ");
	expect("(SELECT \"string_agg.text,text\"(column1, NULL) FROM (VALUES ('a'), ('b')))", '=', "ab");
	expect("(SELECT \"string_agg.text,text\"(column1, ',') FROM (VALUES (NULL)))", 'N', "");
	expect("(SELECT \"string_agg.bytea,bytea\"(column1, x'00') FROM (VALUES (x'01'), (x'ff')))", '=', "\\x0100ff");
	expect("(SELECT group_concat(s, ' ') FROM (SELECT \"string_agg.text,text\"(column1, '-') OVER (ROWS BETWEEN 1 PRECEDING AND "
	       "CURRENT ROW) AS s "
	       "FROM (VALUES ('a'), (NULL), ('b'), ('cc'), ('d'))))",
	       '=', "a a b b-cc cc-d");
}

static void random_uuid(void **state)
{
	expect("pg_gen_random_uuid() LIKE '________-____-4___-____-____________'", '=', "1");
	expect("pg_gen_random_uuid() = pg_gen_random_uuid()", '=', "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_postgresql), cmocka_unit_test(refuses_lookbehind), cmocka_unit_test(many_expressions),
		cmocka_unit_test(nulls),	 cmocka_unit_test(string_agg),	       cmocka_unit_test(random_uuid),
	};
	return cmocka_run_group_tests(tests, open_db, close_db);
}
