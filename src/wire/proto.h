/*
 * PostgreSQL's wire protocol 3.0: each message's reader and writer. No sockets, no state.
 *
 * Readers work on bytes that somebody else owns and never read past them; what they hand out points into those bytes.
 * Writers append whole messages to a Buf. Names and codes are those of PostgreSQL's "Message Formats".
 */
#ifndef US_WIRE_PROTO_H
#define US_WIRE_PROTO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WIRE_CODE_CANCEL = 80877102,
	WIRE_CODE_SSL = 80877103,
	WIRE_CODE_GSSENC = 80877104,
	WIRE_STARTUP_MAX = 10000,	/* bytes of a startup packet, as PostgreSQL's MAX_STARTUP_PACKET_LENGTH */
	WIRE_LOGIN_MESSAGE_MAX = 65536, /* bytes of a message before login is complete */
	WIRE_MESSAGE_MAX = 0x3fffffff,	/* bytes of any message afterwards */
	WIRE_PARAMS_MAX = 65535,
};

/* A cursor over bytes. After a read past the end `bad` is set and every further read gives zero or empty. */
typedef struct WireReader {
	const uint8_t *p, *end;
	bool bad;
} WireReader;

WireReader wire_reader(Str body);
uint8_t wire_get_u8(WireReader *r);
uint16_t wire_get_u16(WireReader *r);
uint32_t wire_get_u32(WireReader *r);
Str wire_get_bytes(WireReader *r, size_t n);
Str wire_get_cstr(WireReader *r); /* without its NUL, which does follow in the bytes */
/* 0 when everything was read and nothing is left over, else -1 with 08P01. */
int wire_done(const WireReader *r, Error *err);

/* One message as it stands in a byte stream. */
typedef struct WireFrame {
	uint8_t type; /* 0 for a startup packet */
	Str body;     /* what follows the length */
	size_t size;  /* bytes of the whole message; set as soon as its length is known, else 0 */
} WireFrame;

/* 1: a whole message stands at p. 0: more bytes are needed. -1: its length is impossible or above `max` (08P01). */
int wire_frame(const uint8_t *p, size_t n, size_t max, WireFrame *out, Error *err);
int wire_startup_frame(const uint8_t *p, size_t n, WireFrame *out, Error *err);

/* --- what clients send --- */

typedef enum { WIRE_STARTUP, WIRE_SSL_REQUEST, WIRE_GSSENC_REQUEST, WIRE_CANCEL_REQUEST } WireStartupKind;

typedef struct WireStartup {
	WireStartupKind kind;
	uint16_t major, minor;
	uint32_t pid, key; /* CancelRequest */
	Str params;	   /* name NUL value NUL ..., without the terminator */
} WireStartup;

int wire_read_startup(Str body, WireStartup *out, Error *err);
/* Walks the parameters: start with *at = 0; false at the end. */
bool wire_startup_next(const WireStartup *st, size_t *at, Str *name, Str *value);
/* The last value given for a parameter, or an empty Str with p == NULL. */
Str wire_startup_param(const WireStartup *st, const char *name);

typedef struct WireParse {
	Str name, text;
	size_t nparams;
	const uint8_t *types; /* big-endian OIDs; see wire_oid */
} WireParse;

typedef struct WireBind {
	Str portal, statement;
	size_t nparam_formats, nparams, nresult_formats;
	const uint8_t *param_formats, *result_formats; /* big-endian int16 */
	Str values;				       /* nparams times: int32 length (-1 = NULL), bytes; lengths already checked */
} WireBind;

typedef struct WireTarget { /* Describe and Close */
	char kind;	    /* 'S' or 'P' */
	Str name;
} WireTarget;

typedef struct WireExecute {
	Str portal;
	int32_t max_rows; /* <= 0: all */
} WireExecute;

int wire_read_query(Str body, Str *text, Error *err);
int wire_read_parse(Str body, WireParse *out, Error *err);
int wire_read_bind(Str body, WireBind *out, Error *err);
/* FunctionCall: a Bind to a function, with one result. */
int wire_read_call(Str body, uint32_t *function, WireBind *out, Error *err);
int wire_read_target(Str body, WireTarget *out, Error *err);
int wire_read_execute(Str body, WireExecute *out, Error *err);
int wire_read_copy_fail(Str body, Str *message, Error *err);
int wire_read_password(Str body, Str *password, Error *err);

static inline uint32_t wire_oid(const uint8_t *types, size_t i)
{
	return get_u32(types + 4 * i);
}
/* The format of parameter or column i under PostgreSQL's rule: none = text, one = for all, else one each. */
int wire_format_of(const uint8_t *formats, size_t nformats, size_t i);
/* Takes the next parameter value off `values`; false for NULL (then *out is empty). */
bool wire_next_value(Str *values, Str *out);

/* --- what servers send --- */

/* Any message: wire_begin notes where the length goes, wire_end fills it in. */
size_t wire_begin(Buf *b, char type);
void wire_end(Buf *b, size_t at);

void wire_put_auth_ok(Buf *b);
void wire_put_negotiate(Buf *b, uint32_t newest_minor, const Str *unknown_options, size_t n);
void wire_put_parameter_status(Buf *b, const char *name, const char *value);
void wire_put_backend_key(Buf *b, uint32_t pid, uint32_t key);
void wire_put_ready(Buf *b, char status); /* I T E */
void wire_put_error(Buf *b, const Error *err, const char *severity /* ERROR FATAL PANIC */);
void wire_put_notice(Buf *b, const Error *err, const char *severity /* WARNING NOTICE INFO LOG DEBUG */);
/* The same with a context line (field W); NULL = none. */
void wire_put_error_context(Buf *b, const Error *err, const char *severity, const char *context);
void wire_put_command_complete(Buf *b, const char *tag);
/* "SELECT 5": the tag followed by a count. */
void wire_put_command_rows(Buf *b, const char *tag, uint64_t rows);
void wire_put_empty_query(Buf *b);
/* FunctionCallResponse; NULL when `value` is none. */
void wire_put_call_response(Buf *b, const Str *value);
void wire_put_parse_complete(Buf *b);
void wire_put_bind_complete(Buf *b);
void wire_put_close_complete(Buf *b);
void wire_put_no_data(Buf *b);
void wire_put_portal_suspended(Buf *b);
void wire_put_parameter_description(Buf *b, const uint32_t *types, size_t n);
void wire_put_notification(Buf *b, uint32_t pid, const char *channel, const char *payload);

/* RowDescription: wire_row_description_begin, then one wire_put_field for each of n columns, then wire_end. */
typedef struct WireField {
	const char *name;
	uint32_t table_oid;
	int16_t attnum;
	uint32_t type_oid;
	int16_t type_len;
	int32_t typmod;
	int16_t format;
} WireField;
size_t wire_row_description_begin(Buf *b, size_t n);
void wire_put_field(Buf *b, const WireField *f);

/* DataRow: wire_data_row_begin(n), then for each column wire_put_null, wire_put_value, or
 * wire_value_begin ... bytes ... wire_value_end; then wire_end. */
size_t wire_data_row_begin(Buf *b, size_t n);
void wire_put_null(Buf *b);
void wire_put_value(Buf *b, const void *p, size_t n);
size_t wire_value_begin(Buf *b);
void wire_value_end(Buf *b, size_t at);

/* CopyInResponse ('G') and CopyOutResponse ('H'): all columns in the same format. */
void wire_put_copy_response(Buf *b, char type, int format, size_t ncols);
size_t wire_copy_data_begin(Buf *b); /* then bytes, then wire_end */
void wire_put_copy_done(Buf *b);

/* Severity for an SQLSTATE when nothing else is said: "FATAL" for 57P01-57P05 and 28xxx, "ERROR" otherwise. */
const char *wire_severity(const char *sqlstate);

/* --- what servers send, read: for the relay --- */

/* The text of one field ('C', 'M', ...) of an ErrorResponse or NoticeResponse body; an empty Str with p == NULL when absent. */
Str wire_error_field(Str body, char field);
/* A whole ErrorResponse as an Error. */
void wire_read_error(Str body, Error *out);

#endif
