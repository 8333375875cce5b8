/* Full-text search: reading and printing, tokens, matching, deep and broken input. */
#include "pgtype/ts_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;
static Error err;

static const char *text_of(Buf *b)
{
	const char *s = arena_strdup(arena, buf_cstr(b));
	buf_free(b);
	return s;
}

static const char *vector(const char *text)
{
	TsVector v;
	Buf b = { 0 };
	if (ts_vector_parse(str_of(text), arena, &v, &err) < 0)
		return arena_strdup(arena, err.sqlstate);
	ts_vector_print(&v, &b);
	return text_of(&b);
}

static const char *query(const char *text)
{
	TsNode *q;
	Buf b = { 0 };
	if (ts_query_parse(str_of(text), arena, &q, &err) < 0)
		return arena_strdup(arena, err.sqlstate);
	ts_query_print(q, &b);
	return text_of(&b);
}

static void test_vectors(void **state)
{
	assert_string_equal(vector("b a:2,1A,2b"), "'a':1A,2B 'b'");
	assert_string_equal(vector("'it''s' \\'x"), "'''x' 'it''s'");
	assert_string_equal(vector("a:99999999999999999999"), "'a':16383");
	assert_string_equal(vector("a:0"), "42601");
	assert_string_equal(vector("'a"), "42601");
	assert_string_equal(vector("a\\"), "42601");
	assert_string_equal(vector(""), "");
}

static void test_queries(void **state)
{
	assert_string_equal(query("!a&(b|c)<->d:*AB"), "!'a' & ( 'b' | 'c' ) <-> 'd':*AB");
	assert_string_equal(query("a <-> (b <-> c)"), "'a' <-> ( 'b' <-> 'c' )");
	assert_string_equal(query("a &"), "42601");
	assert_string_equal(query(")"), "42601");
	assert_string_equal(query("a <99999> b"), "22023");
}

static void test_deep(void **state)
{
	Buf b = { 0 };
	TsNode *q;
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "(");
	assert_int_equal(ts_query_parse(buf_str(&b), arena, &q, &err), -1);
	assert_string_equal(err.sqlstate, "54001");
	buf_clear(&b);
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "a & ");
	assert_int_equal(ts_query_parse(buf_str(&b), arena, &q, &err), -1);
	assert_string_equal(err.sqlstate, "54000");
	TsConfig c;
	assert_true(ts_config_by_name(str_of("simple"), &c));
	buf_clear(&b);
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "-");
	buf_puts(&b, "a");
	assert_int_equal(ts_make_query(&c, TS_WEBSEARCH, buf_str(&b), arena, &q, &err), -1);
	buf_clear(&b);
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "a ");
	assert_int_equal(ts_make_query(&c, TS_PLAIN, buf_str(&b), arena, &q, &err), -1);
	assert_int_equal(ts_make_query(&c, TS_WEBSEARCH, buf_str(&b), arena, &q, &err), -1);
	buf_free(&b);
}

static void test_tokens(void **state)
{
	static const TsTokenType want[] = {
		TS_ASCIIHWORD, TS_HWORD_ASCIIPART, TS_BLANK, TS_HWORD_ASCIIPART, TS_BLANK, TS_URL, TS_HOST, TS_URL_PATH,
		TS_BLANK,      TS_EMAIL,	   TS_BLANK, TS_FLOAT,		 TS_BLANK, TS_TAG, TS_WORD, TS_BLANK
	};
	TsParser p;
	TsToken t;
	size_t n = 0;
	ts_parser_init(&p, str_of("e-mail x.org/a?b me@x.org -1.5 <b>caf\xc3\xa9!"));
	while (ts_parser_next(&p, &t)) {
		assert_true(n < ARRAY_LEN(want));
		assert_int_equal(t.type, want[n++]);
	}
	assert_int_equal(n, ARRAY_LEN(want));
}

/* Any bytes end: each token has at least one. */
static void test_any_bytes(void **state)
{
	static const char alphabet[] = "a1.-_/@:<>&;'\"#~ \xc3\xa9+e?=";
	unsigned seed = 7;
	for (int round = 0; round < 3000; round++) {
		char text[24];
		for (size_t i = 0; i < sizeof text; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
		}
		TsParser p;
		TsToken t;
		int tokens = 0;
		ts_parser_init(&p, (Str){ text, sizeof text });
		while (ts_parser_next(&p, &t)) {
			assert_true(t.s.n > 0);
			assert_true(++tokens < 100);
		}
	}
}

static int setup(void **state)
{
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_vectors), cmocka_unit_test(test_queries), cmocka_unit_test(test_deep),
					    cmocka_unit_test(test_tokens), cmocka_unit_test(test_any_bytes) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
