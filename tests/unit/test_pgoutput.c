/* The decoder, on bytes that PostgreSQL 15.20 sent for
 * INSERT (7,'grüß',1.50); UPDATE SET id = 8, note = NULL; DELETE; TRUNCATE on acct(id int PRIMARY KEY, note text, amt numeric(12,2)). */
#include "sync/pgoutput.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static Arena *arena;

static Str bytes_of(const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *out = arena_alloc(arena, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)strtol((char[]){ hex[2 * i], hex[2 * i + 1], 0 }, NULL, 16);
	return (Str){ out, n };
}

static OutMessage decode(const char *hex)
{
	OutMessage m;
	Error err;
	if (pgoutput_decode(bytes_of(hex), arena, &m, &err) < 0)
		fail_msg("%s", err.message);
	return m;
}

static void begin_and_commit(void **state)
{
	OutMessage b = decode("420000000001582808000303bdbbd3e4ed000002e0");
	assert_int_equal(b.type, 'B');
	assert_int_equal(b.lsn, 0x1582808);
	assert_int_equal(b.xid, 0x2e0);
	assert_int_equal(b.commit_us, 0x000303bdbbd3e4ed);
	OutMessage c = decode("430000000000015828080000000001582838000303bdbbd3e4ed");
	assert_int_equal(c.type, 'C');
	assert_int_equal(c.lsn, 0x1582808);
	assert_int_equal(c.end_lsn, 0x1582838);
}

static void relation(void **state)
{
	OutMessage m = decode(
		"52000040057075626c69630061636374006400030169640000000017ffffffff006e6f74650000000019ffffffff00616d7400000006a4000c0006");
	assert_int_equal(m.relation.oid, 0x4005);
	assert_string_equal(m.relation.schema, "public");
	assert_string_equal(m.relation.name, "acct");
	assert_int_equal(m.relation.identity, 'd');
	assert_int_equal(m.relation.ncols, 3);
	assert_true(m.relation.cols[0].key);
	assert_false(m.relation.cols[1].key);
	assert_string_equal(m.relation.cols[2].name, "amt");
	assert_int_equal(m.relation.cols[2].type, 1700);
	assert_int_equal(m.relation.cols[2].typmod, ((12 << 16) | 2) + 4);
}

static void rows(void **state)
{
	OutMessage i = decode("49000040054e000374000000013774000000066772c3bcc39f7400000004312e3530");
	assert_int_equal(i.rel, 0x4005);
	assert_int_equal(i.row.ncols, 3);
	assert_true(str_is(i.row.cols[1].bytes, "grüß"));
	assert_true(str_is(i.row.cols[2].bytes, "1.50"));
	OutMessage u = decode("55000040054b00037400000001376e6e4e00037400000001386e7400000004312e3530");
	assert_int_equal(u.old_kind, 'K');
	assert_true(str_is(u.old.cols[0].bytes, "7"));
	assert_int_equal(u.old.cols[1].kind, 'n');
	assert_true(str_is(u.row.cols[0].bytes, "8"));
	assert_int_equal(u.row.cols[1].kind, 'n');
	OutMessage d = decode("44000040054b00037400000001386e6e");
	assert_int_equal(d.old_kind, 'K');
	assert_true(str_is(d.old.cols[0].bytes, "8"));
	assert_null(d.row.cols);
	OutMessage t = decode("54000000010000004005");
	assert_int_equal(t.nrels, 1);
	assert_int_equal(t.rels[0], 0x4005);
	assert_false(t.cascade);
}

static void refuses_damage(void **state)
{
	static const char *const whole[] = {
		"420000000001582808000303bdbbd3e4ed000002e0",
		"52000040057075626c69630061636374006400030169640000000017ffffffff006e6f74650000000019ffffffff00616d7400000006a4000c0006",
		"49000040054e000374000000013774000000066772c3bcc39f7400000004312e3530",
		"55000040054b00037400000001376e6e4e00037400000001386e7400000004312e3530",
		"54000000010000004005",
	};
	OutMessage m;
	Error err;
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		Str s = bytes_of(whole[i]);
		for (size_t n = 0; n < s.n; n++) {
			/* A copy of exactly that length, so that a sanitizer sees every read past the end. */
			char *cut = mem_alloc(n + !n);
			memcpy(cut, s.p, n);
			assert_int_equal(pgoutput_decode((Str){ cut, n }, arena, &m, &err), -1);
			assert_string_equal(err.sqlstate, "08P01");
			free(cut);
		}
	}
	assert_int_equal(pgoutput_decode(bytes_of("530000"), arena, &m, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(begin_and_commit), cmocka_unit_test(relation), cmocka_unit_test(rows),
					    cmocka_unit_test(refuses_damage) };
	arena = arena_new();
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return rc;
}
