/* The protocol codec: what it accepts, what it refuses, and the exact bytes it writes (PostgreSQL's "Message Formats"). */
#include "wire/proto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define LIT(s) ((Str){ (s), sizeof(s) - 1 })

static void startup_parameters(void **state)
{
	static const char packet[] = "\0\0\0\x26\0\3\0\0user\0alice\0database\0shop\0x\0"
				     "1\0\0\0\0";
	WireFrame f;
	WireStartup st;
	Error err;
	assert_int_equal(wire_startup_frame((const uint8_t *)packet, 38, &f, &err), 1);
	assert_int_equal(f.size, 38);
	assert_int_equal(wire_read_startup(f.body, &st, &err), 0);
	assert_int_equal(st.kind, WIRE_STARTUP);
	assert_int_equal(st.minor, 0);
	assert_true(str_is(wire_startup_param(&st, "user"), "alice"));
	assert_true(str_is(wire_startup_param(&st, "database"), "shop"));
	assert_null(wire_startup_param(&st, "options").p);
}

static void startup_limits(void **state)
{
	WireFrame f;
	Error err;
	assert_int_equal(wire_startup_frame((const uint8_t *)"\0\0\0", 3, &f, &err), 0);
	assert_int_equal(wire_startup_frame((const uint8_t *)"\0\0\0\7", 4, &f, &err), -1);
	assert_string_equal(err.message, "invalid length of startup packet");
	assert_int_equal(wire_startup_frame((const uint8_t *)"\0\0\x27\x11", 4, &f, &err), -1);
	assert_int_equal(wire_startup_frame((const uint8_t *)"\0\0\x27\x10", 4, &f, &err), 0);
	assert_int_equal(f.size, 10000);
	assert_int_equal(wire_startup_frame((const uint8_t *)"\xff\xff\xff\xff", 4, &f, &err), -1);
}

static void startup_special(void **state)
{
	WireStartup st;
	Error err;
	assert_int_equal(wire_read_startup(LIT("\x04\xd2\x16\x2f"), &st, &err), 0);
	assert_int_equal(st.kind, WIRE_SSL_REQUEST);
	assert_int_equal(wire_read_startup(LIT("\x04\xd2\x16\x30"), &st, &err), 0);
	assert_int_equal(st.kind, WIRE_GSSENC_REQUEST);
	assert_int_equal(wire_read_startup(LIT("\x04\xd2\x16\x2e\0\0\0\7\0\0\0\x09"), &st, &err), 0);
	assert_int_equal(st.kind, WIRE_CANCEL_REQUEST);
	assert_int_equal(st.pid, 7);
	assert_int_equal(st.key, 9);
	assert_int_equal(wire_read_startup(LIT("\x04\xd2\x16\x2e\0\0\0\7"), &st, &err), -1);
	assert_int_equal(wire_read_startup(LIT("\0\2\0\0"), &st, &err), -1);
	assert_string_equal(err.sqlstate, "0A000");
	assert_string_equal(err.message, "unsupported frontend protocol 2.0: server supports 3.0 to 3.0");
	assert_int_equal(wire_read_startup(LIT("\0\3\0\0user\0bob"), &st, &err), -1);
	assert_string_equal(err.message, "invalid startup packet layout: expected terminator as last byte");
}

static void frames(void **state)
{
	WireFrame f;
	Error err;
	assert_int_equal(wire_frame((const uint8_t *)"Q\0\0\0", 4, WIRE_MESSAGE_MAX, &f, &err), 0);
	assert_int_equal(f.size, 0);
	assert_int_equal(wire_frame((const uint8_t *)"Q\0\0\0\x09"
						     "abc",
				    8, WIRE_MESSAGE_MAX, &f, &err),
			 0);
	assert_int_equal(f.size, 10);
	assert_int_equal(wire_frame((const uint8_t *)"Q\0\0\0\x03", 5, WIRE_MESSAGE_MAX, &f, &err), -1);
	assert_string_equal(err.sqlstate, "08P01");
	assert_int_equal(wire_frame((const uint8_t *)"Q\x40\0\0\0", 5, WIRE_MESSAGE_MAX, &f, &err), -1);
	assert_int_equal(wire_frame((const uint8_t *)"S\0\0\0\x04Q", 6, WIRE_MESSAGE_MAX, &f, &err), 1);
	assert_int_equal(f.type, 'S');
	assert_int_equal(f.body.n, 0);
}

static void bind_values(void **state)
{
	/* portal "p", statement "s", one format (binary), three parameters: NULL, empty, "ab"; one result format. */
	static const char body[] = "p\0s\0\0\1\0\1\0\3\xff\xff\xff\xff\0\0\0\0\0\0\0\2ab\0\1\0\0";
	WireBind m;
	Error err;
	assert_int_equal(wire_read_bind(LIT(body), &m, &err), 0);
	assert_true(str_is(m.portal, "p"));
	assert_int_equal(m.nparams, 3);
	assert_int_equal(wire_format_of(m.param_formats, m.nparam_formats, 2), 1);
	assert_int_equal(wire_format_of(NULL, 0, 2), 0);
	Str values = m.values, v;
	assert_false(wire_next_value(&values, &v));
	assert_true(wire_next_value(&values, &v));
	assert_int_equal(v.n, 0);
	assert_true(wire_next_value(&values, &v));
	assert_true(str_is(v, "ab"));
	assert_int_equal(values.n, 0);
	/* Every shorter prefix is refused, never read past. */
	for (size_t n = 0; n < sizeof body - 1; n++) {
		char *copy = malloc(n ? n : 1);
		memcpy(copy, body, n);
		assert_int_equal(wire_read_bind((Str){ copy, n }, &m, &err), -1);
		assert_string_equal(err.sqlstate, "08P01");
		free(copy);
	}
	assert_int_equal(wire_read_bind(LIT("\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"), &m, &err), -1);
}

static void call_message(void **state)
{
	/* function 7, one format (binary), two arguments: NULL, "ab"; the result binary. */
	static const char body[] = "\0\0\0\7\0\1\0\1\0\2\xff\xff\xff\xff\0\0\0\2ab\0\1";
	WireBind m;
	Error err;
	uint32_t function;
	assert_int_equal(wire_read_call(LIT(body), &function, &m, &err), 0);
	assert_int_equal(function, 7);
	assert_int_equal(m.nparams, 2);
	assert_int_equal(wire_format_of(m.param_formats, m.nparam_formats, 1), 1);
	assert_int_equal(wire_format_of(m.result_formats, m.nresult_formats, 0), 1);
	Str values = m.values, v;
	assert_false(wire_next_value(&values, &v));
	assert_true(wire_next_value(&values, &v));
	assert_true(str_is(v, "ab"));
	for (size_t n = 0; n < sizeof body - 1; n++) {
		char *copy = malloc(n ? n : 1);
		memcpy(copy, body, n);
		assert_int_equal(wire_read_call((Str){ copy, n }, &function, &m, &err), -1);
		assert_string_equal(err.sqlstate, "08P01");
		free(copy);
	}
}

static void error_fields(void **state)
{
	Buf b = { 0 };
	Error err, back;
	err_set(&err, "23505", "duplicate key value violates unique constraint \"%s\"", "t_pkey");
	err_detail(&err, "Key (a)=(1) already exists.");
	err_object(&err, "public", "t", NULL, "t_pkey");
	err_at(&err, 12);
	wire_put_error(&b, &err, "ERROR");
	static const char expect[] = "SERROR\0VERROR\0C23505\0Mduplicate key value violates unique constraint \"t_pkey\"\0"
				     "DKey (a)=(1) already exists.\0P12\0spublic\0tt\0nt_pkey\0";
	assert_int_equal(b.data[0], 'E');
	assert_int_equal(get_u32(b.data + 1), b.len - 1);
	assert_int_equal(b.len - 5, sizeof expect);
	assert_memory_equal(b.data + 5, expect, sizeof expect);
	Str body = { (char *)b.data + 5, b.len - 5 };
	wire_read_error(body, &back);
	assert_string_equal(back.message, err.message);
	assert_string_equal(back.constraint, "t_pkey");
	assert_int_equal(back.position, 12);
	assert_null(wire_error_field(body, 'H').p);
	buf_free(&b);
}

static void rows(void **state)
{
	Buf b = { 0 };
	size_t at = wire_data_row_begin(&b, 3);
	wire_put_null(&b);
	wire_put_value(&b, "xy", 2);
	size_t v = wire_value_begin(&b);
	buf_puts(&b, "123");
	wire_value_end(&b, v);
	wire_end(&b, at);
	static const char expect[] = "D\0\0\0\x17\0\3\xff\xff\xff\xff\0\0\0\2xy\0\0\0\3"
				     "123";
	assert_int_equal(b.len, sizeof expect - 1);
	assert_memory_equal(b.data, expect, b.len);
	buf_clear(&b);
	wire_put_command_rows(&b, "INSERT 0", 18446744073709551615ull);
	assert_string_equal((char *)b.data + 5, "INSERT 0 18446744073709551615");
	buf_clear(&b);
	wire_put_ready(&b, 'T');
	assert_memory_equal(b.data, "Z\0\0\0\5T", 6);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(startup_parameters), cmocka_unit_test(startup_limits),
		cmocka_unit_test(startup_special),    cmocka_unit_test(frames),
		cmocka_unit_test(bind_values),	      cmocka_unit_test(call_message),
		cmocka_unit_test(error_fields),	      cmocka_unit_test(rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
