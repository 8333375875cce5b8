/* The reader of HTTP requests: what it takes and what it refuses. */
#include "admin/http_parse.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int status_of(const char *text)
{
	HttpRequest q;
	return http_parse(text, strlen(text), &q);
}

static void a_plain_request(void **state)
{
	static const char text[] = "GET /db/status HTTP/1.1\r\nHost: localhost:6480\r\nUser-Agent: x\r\n\r\nmore";
	HttpRequest q;
	assert_int_equal(http_parse(text, sizeof text - 1, &q), 200);
	assert_int_equal(q.method, HTTP_GET);
	assert_true(str_is(q.path, "/db/status"));
	assert_true(str_is(q.host, "localhost:6480"));
	assert_null(q.origin.p);
	assert_null(q.authorization.p);
	assert_false(q.ttl.given);
	assert_int_equal(q.head_size, sizeof text - 1 - 4);
	assert_int_equal(q.body_size, 0);
}

static void every_prefix_waits_for_more(void **state)
{
	static const char text[] = "POST /db/force-sqlite?ttl=10m HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
	HttpRequest q;
	for (size_t n = 0; n < sizeof text - 1; n++)
		assert_int_equal(http_parse(text, n, &q), 0);
	assert_int_equal(http_parse(text, sizeof text - 1, &q), 200);
	assert_int_equal(q.method, HTTP_POST);
	assert_int_equal(q.body_size, 3);
	assert_string_equal(q.ttl.value, "10m");
}

static void methods_and_versions(void **state)
{
	HttpRequest q;
	static const char head[] = "HEAD / HTTP/1.0\r\n\r\n", other[] = "DELETE / HTTP/1.0\r\n\r\n", lower[] = "get / HTTP/1.0\r\n\r\n";
	assert_int_equal(http_parse(head, sizeof head - 1, &q), 200);
	assert_int_equal(q.method, HTTP_HEAD);
	assert_int_equal(http_parse(other, sizeof other - 1, &q), 200);
	assert_int_equal(q.method, HTTP_OTHER);
	assert_int_equal(http_parse(lower, sizeof lower - 1, &q), 200);
	assert_int_equal(q.method, HTTP_OTHER);
	assert_int_equal(status_of("GET / HTTP/2.0\r\n\r\n"), 505);
	assert_int_equal(status_of("GET / HTTP/1.10\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / http/1.0\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n\r\n"), 400); /* 1.1 must say Host */
}

static void parameters(void **state)
{
	static const char text[] = "POST /p?x=1&database=a%2Fb+c&&ttl HTTP/1.0\r\n\r\n";
	HttpRequest q;
	assert_int_equal(http_parse(text, sizeof text - 1, &q), 200);
	assert_true(str_is(q.path, "/p"));
	assert_string_equal(q.database.value, "a/b c");
	assert_true(q.ttl.given);
	assert_string_equal(q.ttl.value, "");
	assert_int_equal(status_of("GET /p?ttl=%4 HTTP/1.0\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /p?ttl=%zz HTTP/1.0\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /p?ttl=%00 HTTP/1.0\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /p?ttl=1&ttl=2 HTTP/1.0\r\n\r\n"), 400);
}

static void a_parameter_has_a_limit(void **state)
{
	char text[512] = "GET /p?ttl=";
	size_t start = strlen(text);
	static const char end[] = " HTTP/1.0\r\n\r\n";
	for (size_t n = HTTP_PARAM_MAX - 1; n <= HTTP_PARAM_MAX; n++) {
		memset(text + start, 'a', n);
		memcpy(text + start + n, end, sizeof end);
		assert_int_equal(status_of(text), n < HTTP_PARAM_MAX ? 200 : 400);
	}
}

static void malformed(void **state)
{
	static const char *const bad[] = {
		"\x01\x02 garbage\r\n\r\n",
		"\r\n\r\n",
		"GET  / HTTP/1.0\r\n\r\n",
		"GET http://a/ HTTP/1.0\r\n\r\n",
		"GET * HTTP/1.0\r\n\r\n",
		"GET /\x7f HTTP/1.0\r\n\r\n",
		"GET /a#b HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.0\nHost: a\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\rb\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\r\n folded\r\n\r\n",
		"GET / HTTP/1.0\r\nHost : a\r\n\r\n",
		"GET / HTTP/1.0\r\nno colon\r\n\r\n",
		"GET / HTTP/1.0\r\n: a\r\n\r\n",
		"GET / HTTP/1.0\r\nX: a\x01\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\r\nHOST: b\r\n\r\n",
		"GET / HTTP/1.0\r\nOrigin: a\r\nOrigin: a\r\n\r\n",
		"GET / HTTP/1.0\r\nAuthorization: a\r\nAuthorization: a\r\n\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(status_of(bad[i]), 400);
	static const char nul[] = "GET / HTTP/1.0\r\nX: a\0b\r\n\r\n", nul_in_path[] = "GET /\0 HTTP/1.0\r\n\r\n";
	HttpRequest q;
	assert_int_equal(http_parse(nul, sizeof nul - 1, &q), 400);
	assert_int_equal(http_parse(nul_in_path, sizeof nul_in_path - 1, &q), 400);
}

static void bodies(void **state)
{
	assert_int_equal(status_of("POST / HTTP/1.0\r\nContent-Length: 65536\r\n\r\n"), 200);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nContent-Length: 65537\r\n\r\n"), 413);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nContent-Length: 99999999999999999999999999\r\n\r\n"), 413);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nContent-Length: -1\r\n\r\n"), 400);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nContent-Length: \r\n\r\n"), 400);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nContent-Length: 1, 1\r\n\r\n"), 400);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
	assert_int_equal(status_of("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), 417);
}

static void the_head_has_a_limit(void **state)
{
	static char text[HTTP_HEAD_MAX + 64];
	HttpRequest q;
	static const char start[] = "GET / HTTP/1.0\r\nX: ";
	for (size_t size = HTTP_HEAD_MAX; size <= HTTP_HEAD_MAX + 1; size++) {
		memset(text, 'a', sizeof text);
		memcpy(text, start, sizeof start - 1);
		memcpy(text + size - 4, "\r\n\r\n", 4);
		assert_int_equal(http_parse(text, size, &q), size <= HTTP_HEAD_MAX ? 200 : 431);
	}
	memset(text, 'a', sizeof text);
	assert_int_equal(http_parse(text, HTTP_HEAD_MAX - 1, &q), 0);
	assert_int_equal(http_parse(text, HTTP_HEAD_MAX, &q), 431);
}

static void values_are_trimmed(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nhOsT: \t[::1]:80 \t\r\nOrigin:\r\nAuthorization:Bearer  x\r\n\r\n";
	HttpRequest q;
	assert_int_equal(http_parse(text, sizeof text - 1, &q), 200);
	assert_true(str_is(q.host, "[::1]:80"));
	assert_non_null(q.origin.p);
	assert_int_equal(q.origin.n, 0);
	assert_true(str_is(q.authorization, "Bearer  x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request), cmocka_unit_test(every_prefix_waits_for_more), cmocka_unit_test(methods_and_versions),
		cmocka_unit_test(parameters),	   cmocka_unit_test(a_parameter_has_a_limit),	  cmocka_unit_test(malformed),
		cmocka_unit_test(bodies),	   cmocka_unit_test(the_head_has_a_limit),	  cmocka_unit_test(values_are_trimmed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
