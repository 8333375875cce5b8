#include "wire/proto.h"

#include <assert.h>
#include <stdio.h>

size_t wire_begin(Buf *b, char type)
{
	uint8_t *p = buf_reserve(b, 5);
	p[0] = (uint8_t)type;
	b->len += 5;
	return b->len - 4;
}

void wire_end(Buf *b, size_t at)
{
	assert(b->len - at <= UINT32_MAX);
	buf_set_u32(b, at, (uint32_t)(b->len - at));
}

static void put_empty(Buf *b, char type)
{
	wire_end(b, wire_begin(b, type));
}

void wire_put_auth_ok(Buf *b)
{
	size_t at = wire_begin(b, 'R');
	buf_put_u32(b, 0);
	wire_end(b, at);
}

void wire_put_negotiate(Buf *b, uint32_t newest_minor, const Str *unknown_options, size_t n)
{
	size_t at = wire_begin(b, 'v');
	buf_put_u32(b, newest_minor);
	buf_put_u32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		buf_put_str(b, unknown_options[i]);
		buf_put_u8(b, 0);
	}
	wire_end(b, at);
}

void wire_put_parameter_status(Buf *b, const char *name, const char *value)
{
	size_t at = wire_begin(b, 'S');
	buf_put_cstr(b, name);
	buf_put_cstr(b, value);
	wire_end(b, at);
}

void wire_put_backend_key(Buf *b, uint32_t pid, uint32_t key)
{
	size_t at = wire_begin(b, 'K');
	buf_put_u32(b, pid);
	buf_put_u32(b, key);
	wire_end(b, at);
}

void wire_put_ready(Buf *b, char status)
{
	assert(status == 'I' || status == 'T' || status == 'E');
	size_t at = wire_begin(b, 'Z');
	buf_put_u8(b, (uint8_t)status);
	wire_end(b, at);
}

static void put_field(Buf *b, char code, const char *value)
{
	if (!value || !*value)
		return;
	buf_put_u8(b, (uint8_t)code);
	buf_put_cstr(b, value);
}

static void put_report(Buf *b, char type, const Error *err, const char *severity, const char *context)
{
	size_t at = wire_begin(b, type);
	put_field(b, 'S', severity);
	put_field(b, 'V', severity);
	put_field(b, 'C', err->sqlstate[0] ? err->sqlstate : "XX000");
	put_field(b, 'M', err->message[0] ? err->message : "missing error text");
	put_field(b, 'D', err->detail);
	put_field(b, 'H', err->hint);
	if (err->position > 0) {
		char position[16];
		snprintf(position, sizeof position, "%d", err->position);
		put_field(b, 'P', position);
	}
	put_field(b, 'W', context ? context : err->context);
	put_field(b, 's', err->schema);
	put_field(b, 't', err->table);
	put_field(b, 'c', err->column);
	put_field(b, 'd', err->datatype);
	put_field(b, 'n', err->constraint);
	put_field(b, 'R', err->routine);
	buf_put_u8(b, 0);
	wire_end(b, at);
}

void wire_put_error(Buf *b, const Error *err, const char *severity)
{
	put_report(b, 'E', err, severity, NULL);
}

void wire_put_error_context(Buf *b, const Error *err, const char *severity, const char *context)
{
	put_report(b, 'E', err, severity, context);
}

void wire_put_notice(Buf *b, const Error *err, const char *severity)
{
	put_report(b, 'N', err, severity, NULL);
}

const char *wire_severity(const char *sqlstate)
{
	if (strncmp(sqlstate, "57P0", 4) == 0 || strncmp(sqlstate, "28", 2) == 0)
		return "FATAL";
	return "ERROR";
}

void wire_put_command_complete(Buf *b, const char *tag)
{
	size_t at = wire_begin(b, 'C');
	buf_put_cstr(b, tag);
	wire_end(b, at);
}

void wire_put_command_rows(Buf *b, const char *tag, uint64_t rows)
{
	char digits[24];
	char *end = digits + sizeof digits, *p = end;
	do
		*--p = (char)('0' + rows % 10);
	while (rows /= 10);
	size_t at = wire_begin(b, 'C');
	buf_puts(b, tag);
	buf_put_u8(b, ' ');
	buf_put(b, p, (size_t)(end - p));
	buf_put_u8(b, 0);
	wire_end(b, at);
}

void wire_put_call_response(Buf *b, const Str *value)
{
	size_t at = wire_begin(b, 'V');
	if (value)
		wire_put_value(b, value->p, value->n);
	else
		wire_put_null(b);
	wire_end(b, at);
}

void wire_put_empty_query(Buf *b)
{
	put_empty(b, 'I');
}

void wire_put_parse_complete(Buf *b)
{
	put_empty(b, '1');
}

void wire_put_bind_complete(Buf *b)
{
	put_empty(b, '2');
}

void wire_put_close_complete(Buf *b)
{
	put_empty(b, '3');
}

void wire_put_no_data(Buf *b)
{
	put_empty(b, 'n');
}

void wire_put_portal_suspended(Buf *b)
{
	put_empty(b, 's');
}

void wire_put_parameter_description(Buf *b, const uint32_t *types, size_t n)
{
	assert(n <= WIRE_PARAMS_MAX);
	size_t at = wire_begin(b, 't');
	buf_put_u16(b, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		buf_put_u32(b, types[i]);
	wire_end(b, at);
}

void wire_put_notification(Buf *b, uint32_t pid, const char *channel, const char *payload)
{
	size_t at = wire_begin(b, 'A');
	buf_put_u32(b, pid);
	buf_put_cstr(b, channel);
	buf_put_cstr(b, payload);
	wire_end(b, at);
}

size_t wire_row_description_begin(Buf *b, size_t n)
{
	assert(n <= UINT16_MAX);
	size_t at = wire_begin(b, 'T');
	buf_put_u16(b, (uint16_t)n);
	return at;
}

void wire_put_field(Buf *b, const WireField *f)
{
	buf_put_cstr(b, f->name);
	buf_put_u32(b, f->table_oid);
	buf_put_u16(b, (uint16_t)f->attnum);
	buf_put_u32(b, f->type_oid);
	buf_put_u16(b, (uint16_t)f->type_len);
	buf_put_u32(b, (uint32_t)f->typmod);
	buf_put_u16(b, (uint16_t)f->format);
}

size_t wire_data_row_begin(Buf *b, size_t n)
{
	assert(n <= UINT16_MAX);
	size_t at = wire_begin(b, 'D');
	buf_put_u16(b, (uint16_t)n);
	return at;
}

void wire_put_null(Buf *b)
{
	buf_put_u32(b, UINT32_MAX);
}

void wire_put_value(Buf *b, const void *p, size_t n)
{
	buf_put_u32(b, (uint32_t)n);
	buf_put(b, p, n);
}

size_t wire_value_begin(Buf *b)
{
	buf_put_u32(b, 0);
	return b->len;
}

void wire_value_end(Buf *b, size_t at)
{
	buf_set_u32(b, at - 4, (uint32_t)(b->len - at));
}

void wire_put_copy_response(Buf *b, char type, int format, size_t ncols)
{
	assert(type == 'G' || type == 'H');
	size_t at = wire_begin(b, type);
	buf_put_u8(b, (uint8_t)format);
	buf_put_u16(b, (uint16_t)ncols);
	for (size_t i = 0; i < ncols; i++)
		buf_put_u16(b, (uint16_t)format);
	wire_end(b, at);
}

size_t wire_copy_data_begin(Buf *b)
{
	return wire_begin(b, 'd');
}

void wire_put_copy_done(Buf *b)
{
	put_empty(b, 'c');
}
