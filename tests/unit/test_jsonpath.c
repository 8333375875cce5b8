/* jsonpath: canonical text is a fixed point, bad text is refused, deep and long input ends in an error. */
#include "pgtype/jsonpath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int match_nothing(Str pattern, const char *letters, Str subject, Error *err)
{
	return 0;
}

static void expect_text(const char *text, const char *want)
{
	Arena *a = arena_new();
	Error err = { 0 };
	Buf b = { 0 };
	const JsonPath *p = jsonpath_parse(str_of(text), a, &err);
	if (!p) {
		assert_string_equal(err.sqlstate, want);
	} else {
		jsonpath_print(p, &b);
		assert_string_equal(buf_cstr(&b), want);
	}
	buf_free(&b);
	arena_free(a);
}

static void test_canonical(void **state)
{
	static const char *const paths[] = { "$",
					     "strict $.\"a\"[*]?(@ > 1)",
					     "$.**{1 to last}.\"b\"",
					     "($ + 1).\"abs\".abs()",
					     "exists ($.\"a\")",
					     "$[last - 1,0 to 2]",
					     "(-1).type()",
					     "!($.\"a\" == 1) && ($.\"b\" starts with $\"v\") is unknown",
					     "($.\"a\" like_regex \"x\" flag \"iq\")" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		expect_text(paths[i], i == 7 ? "(!($.\"a\" == 1) && ($.\"b\" starts with $\"v\") is unknown)" : paths[i]);
}

static void test_refused(void **state)
{
	static const char *const syntax[] = { "$.",	 "$ =",		  "last", "@",	      "$[",  "$[]", "1a",
					      "$ ? (@)", "$.a == 1 == 2", "!$.a", "$.**{-1}", "\"x", "+",   "()" };
	for (size_t i = 0; i < ARRAY_LEN(syntax); i++)
		expect_text(syntax[i], "42601");
	expect_text("", "22P02");
	expect_text("\"\\u0000\"", "22P05");
	expect_text("$.**{4294967295}", "22003");
}

/* Repeats a text around "$" or a 1. */
static void expect_deep(const char *before, const char *middle, const char *after, size_t n, const char *want)
{
	Arena *a = arena_new();
	Error err = { 0 };
	Buf b = { 0 };
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, before);
	buf_puts(&b, middle);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, after);
	const JsonPath *p = jsonpath_parse(buf_str(&b), a, &err);
	if (want)
		assert_string_equal(err.sqlstate, want);
	else
		assert_non_null(p);
	buf_free(&b);
	arena_free(a);
}

static void test_deep(void **state)
{
	expect_deep("(", "1", ")", 100000, "54001");
	expect_deep("-", "$", "", 100000, "54001");
	expect_deep("", "1", "+1", 100000, "54001");
	expect_deep("", "$", ".a", 100000, NULL);
	expect_deep("$[", "1", "]", 100000, "54001");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_canonical), cmocka_unit_test(test_refused), cmocka_unit_test(test_deep) };
	jsonpath_set_regex(match_nothing);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
