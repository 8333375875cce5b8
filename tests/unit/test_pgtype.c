/* Input and output of PostgreSQL's types, text and binary, compared with PostgreSQL 15's answers. */
#include "pgtype/pgtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "pgtype_cases.h"

static const char *const labels[] = { "sad", "ok", "very happy", "a'b" };
static const PgType mood = { .oid = 16400,
			     .name = "mood",
			     .schema = "public",
			     .len = 4,
			     .byval = true,
			     .typtype = 'e',
			     .category = 'E',
			     .delim = ',',
			     .align = 'i',
			     .labels = labels,
			     .nlabels = ARRAY_LEN(labels),
			     .array_oid = 16399 };
static const PgType moods = { .oid = 16399,
			      .name = "_mood",
			      .schema = "public",
			      .len = -1,
			      .typtype = 'b',
			      .category = 'A',
			      .delim = ',',
			      .align = 'i',
			      .elem_oid = 16400,
			      .elem = &mood };

static const PgType *type_named(uint32_t oid)
{
	const PgType *t = oid == MOOD ? &mood : oid == MOOD_ARRAY ? &moods : pgtype_builtin(oid);
	assert_non_null(t);
	return t;
}

static void from_hex(const char *hex, Buf *out)
{
	unsigned byte;
	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		buf_put_u8(out, (uint8_t)byte);
	}
}

static int differences;

static void differ(size_t i, const char *what, const char *got)
{
	differences++;
	print_error("%s of type %u(%d) '%.100s': want %c %.300s (%.100s), got %.300s\n", what, cases[i].type, cases[i].typmod,
		    cases[i].input, cases[i].kind, cases[i].text, cases[i].binary, got);
}

static void check_text(size_t i, const PgType *t, const Val *v, const char *what)
{
	Error err;
	Buf b = { 0 };
	if (type_out(t, cases[i].typmod, v, &type_env_stored, &b, &err))
		differ(i, what, err.message);
	else if (!streq(buf_cstr(&b), cases[i].text))
		differ(i, what, buf_cstr(&b));
	buf_free(&b);
}

/* Enum arrays name their element type by OID, which differs from one database to the next. */
static bool has_own_oid(size_t i)
{
	return cases[i].type == MOOD_ARRAY;
}

static void check_binary(size_t i, const PgType *t, const Val *v, Arena *a)
{
	Error err;
	Val back;
	Buf want = { 0 }, got = { 0 };
	from_hex(cases[i].binary, &want);
	if (type_send(t, cases[i].typmod, v, &type_env_stored, &got, &err)) {
		differ(i, "binary output", err.message);
	} else if (!has_own_oid(i) && !str_eq(buf_str(&got), buf_str(&want))) {
		Buf hex = { 0 };
		for (size_t k = 0; k < got.len; k++)
			buf_printf(&hex, "%02x", got.data[k]);
		differ(i, "binary output", buf_cstr(&hex));
		buf_free(&hex);
	}
	if (!has_own_oid(i) && type_recv(t, cases[i].typmod, buf_str(&want), &type_env_stored, a, &back, &err))
		differ(i, "binary input", err.message);
	else if (!has_own_oid(i))
		check_text(i, t, &back, "binary input");
	buf_free(&want);
	buf_free(&got);
}

static void check_error(size_t i, const Error *err)
{
	char got[1200];
	snprintf(got, sizeof got, "%s %s", err->sqlstate, err->message);
	if (!streq(got, cases[i].text))
		differ(i, "input error", got);
	else if (!streq(err->detail, cases[i].binary))
		differ(i, "input error's detail", err->detail);
}

static void as_postgresql(void **state)
{
	Arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const PgType *t = type_named(cases[i].type);
		Error err;
		Val v;
		int rc = type_in(t, cases[i].typmod, str_of(cases[i].input), &type_env_stored, a, &v, &err);
		if (rc && cases[i].kind == '!') {
			check_error(i, &err);
		} else if (rc || cases[i].kind == '!') {
			differ(i, "input", rc ? err.message : "a value");
		} else {
			check_text(i, t, &v, "text");
			if (*cases[i].binary || !*cases[i].text)
				check_binary(i, t, &v, a);
		}
		arena_reset(a);
	}
	arena_free(a);
	assert_int_equal(differences, 0);
}

/* Cut short or lengthened anywhere, binary input is an error or a value, never a crash. */
static void damaged_binary(void **state)
{
	Arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i += 3) {
		if (cases[i].kind != '=' || strlen(cases[i].binary) > 200)
			continue;
		const PgType *t = type_named(cases[i].type);
		Buf b = { 0 };
		from_hex(cases[i].binary, &b);
		for (size_t n = 0; n < b.len; n++) {
			char *cut = mem_strndup((const char *)b.data, b.len);
			Error err;
			Val v;
			(void)type_recv(t, -1, (Str){ cut, n }, &type_env_stored, a, &v, &err);
			cut[n] = (char)(cut[n] ^ 0xff);
			(void)type_recv(t, -1, (Str){ cut, b.len }, &type_env_stored, a, &v, &err);
			free(cut);
		}
		buf_free(&b);
		arena_reset(a);
	}
	arena_free(a);
}

static void expect_order(uint32_t type, const char *low, const char *high)
{
	const PgType *t = type_named(type);
	Arena *a = arena_new();
	Error err;
	Val x, y;
	assert_int_equal(type_in(t, -1, str_of(low), &type_env_stored, a, &x, &err), 0);
	assert_int_equal(type_in(t, -1, str_of(high), &type_env_stored, a, &y, &err), 0);
	assert_true(type_compare(t, &x, &y) < 0);
	assert_true(type_compare(t, &y, &x) > 0);
	assert_int_equal(type_compare(t, &x, &x), 0);
	arena_free(a);
}

static void orders(void **state)
{
	expect_order(16, "f", "t");
	expect_order(20, "-5", "7");
	expect_order(701, "1e300", "NaN");
	expect_order(701, "-Infinity", "-1e300");
	expect_order(1700, "9.9", "10");
	expect_order(1700, "Infinity", "NaN");
	expect_order(1700, "-Infinity", "-1e100");
	expect_order(25, "B", "a");
	expect_order(17, "\\x00", "\\x0000");
	expect_order(MOOD, "ok", "a'b");
	expect_order(MOOD, "very happy", "a'b");
	expect_order(1007, "{1,2}", "{1,10}");
	expect_order(1007, "{2}", "{2,1}");
	expect_order(1007, "{1}", "{NULL}");
	expect_order(2950, "00000000-0000-0000-0000-000000000001", "10000000-0000-0000-0000-000000000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_postgresql), cmocka_unit_test(damaged_binary), cmocka_unit_test(orders) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
