#include "wire/proto.h"

static const Str no_str = { NULL, 0 };

WireReader wire_reader(Str body)
{
	const uint8_t *p = (const uint8_t *)body.p;
	return (WireReader){ p, p ? p + body.n : p, false };
}

static const uint8_t *take(WireReader *r, size_t n)
{
	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return NULL;
	}
	const uint8_t *p = r->p;
	r->p += n;
	return p;
}

uint8_t wire_get_u8(WireReader *r)
{
	const uint8_t *p = take(r, 1);
	return p ? *p : 0;
}

uint16_t wire_get_u16(WireReader *r)
{
	const uint8_t *p = take(r, 2);
	return p ? get_u16(p) : 0;
}

uint32_t wire_get_u32(WireReader *r)
{
	const uint8_t *p = take(r, 4);
	return p ? get_u32(p) : 0;
}

Str wire_get_bytes(WireReader *r, size_t n)
{
	const uint8_t *p = take(r, n);
	return p ? (Str){ (const char *)p, n } : (Str){ "", 0 };
}

Str wire_get_cstr(WireReader *r)
{
	size_t left = r->bad ? 0 : (size_t)(r->end - r->p);
	const uint8_t *nul = left ? memchr(r->p, 0, left) : NULL;
	if (!nul) {
		r->bad = true;
		return (Str){ "", 0 };
	}
	Str s = { (const char *)r->p, (size_t)(nul - r->p) };
	r->p = nul + 1;
	return s;
}

int wire_done(const WireReader *r, Error *err)
{
	if (r->bad)
		return err_set(err, "08P01", "insufficient data left in message");
	if (r->p != r->end)
		return err_set(err, "08P01", "invalid message format");
	return 0;
}

int wire_frame(const uint8_t *p, size_t n, size_t max, WireFrame *out, Error *err)
{
	*out = (WireFrame){ 0 };
	if (n < 5)
		return 0;
	uint64_t length = get_u32(p + 1);
	if (length < 4 || length > max)
		return err_set(err, "08P01", "invalid message length");
	out->type = p[0];
	out->size = (size_t)length + 1;
	if (n < out->size)
		return 0;
	out->body = (Str){ (const char *)p + 5, (size_t)length - 4 };
	return 1;
}

int wire_startup_frame(const uint8_t *p, size_t n, WireFrame *out, Error *err)
{
	*out = (WireFrame){ 0 };
	if (n < 4)
		return 0;
	uint64_t length = get_u32(p);
	if (length < 8 || length > WIRE_STARTUP_MAX)
		return err_set(err, "08P01", "invalid length of startup packet");
	out->size = (size_t)length;
	if (n < out->size)
		return 0;
	out->body = (Str){ (const char *)p + 4, (size_t)length - 4 };
	return 1;
}

static int read_cancel(WireReader *r, WireStartup *out, Error *err)
{
	out->kind = WIRE_CANCEL_REQUEST;
	out->pid = wire_get_u32(r);
	out->key = wire_get_u32(r);
	if (r->bad || r->p != r->end)
		return err_set(err, "08P01", "invalid length of startup packet");
	return 0;
}

int wire_read_startup(Str body, WireStartup *out, Error *err)
{
	*out = (WireStartup){ 0 };
	WireReader r = wire_reader(body);
	uint32_t code = wire_get_u32(&r);
	if (code == WIRE_CODE_CANCEL)
		return read_cancel(&r, out, err);
	if (code == WIRE_CODE_SSL || code == WIRE_CODE_GSSENC) {
		out->kind = code == WIRE_CODE_SSL ? WIRE_SSL_REQUEST : WIRE_GSSENC_REQUEST;
		if (r.bad || r.p != r.end)
			return err_set(err, "08P01", "invalid length of startup packet");
		return 0;
	}
	out->kind = WIRE_STARTUP;
	out->major = (uint16_t)(code >> 16);
	out->minor = (uint16_t)code;
	if (out->major != 3)
		return err_set(err, "0A000", "unsupported frontend protocol %u.%u: server supports 3.0 to 3.0", out->major, out->minor);
	const uint8_t *start = r.p;
	for (;;) {
		const uint8_t *at = r.p;
		Str name = wire_get_cstr(&r);
		if (r.bad)
			return err_set(err, "08P01", "invalid startup packet layout: expected terminator as last byte");
		if (name.n == 0) {
			out->params = (Str){ (const char *)start, (size_t)(at - start) };
			break;
		}
		wire_get_cstr(&r);
	}
	if (r.p != r.end)
		return err_set(err, "08P01", "invalid startup packet layout: expected terminator as last byte");
	return 0;
}

bool wire_startup_next(const WireStartup *st, size_t *at, Str *name, Str *value)
{
	if (*at >= st->params.n)
		return false;
	WireReader r = wire_reader((Str){ st->params.p + *at, st->params.n - *at });
	*name = wire_get_cstr(&r);
	*value = wire_get_cstr(&r);
	*at = (size_t)((const char *)r.p - st->params.p);
	return !r.bad;
}

Str wire_startup_param(const WireStartup *st, const char *want)
{
	Str name, value, found = no_str;
	for (size_t at = 0; wire_startup_next(st, &at, &name, &value);)
		if (str_is(name, want))
			found = value;
	return found;
}

int wire_read_query(Str body, Str *text, Error *err)
{
	WireReader r = wire_reader(body);
	*text = wire_get_cstr(&r);
	return wire_done(&r, err);
}

int wire_read_parse(Str body, WireParse *out, Error *err)
{
	WireReader r = wire_reader(body);
	out->name = wire_get_cstr(&r);
	out->text = wire_get_cstr(&r);
	out->nparams = wire_get_u16(&r);
	out->types = (const uint8_t *)wire_get_bytes(&r, 4 * out->nparams).p;
	return wire_done(&r, err);
}

/* Walks over the values once, so that whoever takes them later needs no checks. */
static void check_values(WireReader *r, WireBind *out)
{
	const char *start = (const char *)r->p;
	for (size_t i = 0; i < out->nparams && !r->bad; i++) {
		int32_t n = (int32_t)wire_get_u32(r);
		if (n < -1)
			r->bad = true;
		else if (n > 0)
			wire_get_bytes(r, (size_t)n);
	}
	out->values = r->bad ? (Str){ "", 0 } : (Str){ start, (size_t)((const char *)r->p - start) };
}

int wire_read_bind(Str body, WireBind *out, Error *err)
{
	WireReader r = wire_reader(body);
	out->portal = wire_get_cstr(&r);
	out->statement = wire_get_cstr(&r);
	out->nparam_formats = wire_get_u16(&r);
	out->param_formats = (const uint8_t *)wire_get_bytes(&r, 2 * out->nparam_formats).p;
	out->nparams = wire_get_u16(&r);
	check_values(&r, out);
	out->nresult_formats = wire_get_u16(&r);
	out->result_formats = (const uint8_t *)wire_get_bytes(&r, 2 * out->nresult_formats).p;
	return wire_done(&r, err);
}

int wire_read_call(Str body, uint32_t *function, WireBind *out, Error *err)
{
	WireReader r = wire_reader(body);
	*out = (WireBind){ .portal = { "", 0 }, .statement = { "", 0 }, .nresult_formats = 1 };
	*function = wire_get_u32(&r);
	out->nparam_formats = wire_get_u16(&r);
	out->param_formats = (const uint8_t *)wire_get_bytes(&r, 2 * out->nparam_formats).p;
	out->nparams = wire_get_u16(&r);
	check_values(&r, out);
	out->result_formats = (const uint8_t *)wire_get_bytes(&r, 2).p;
	return wire_done(&r, err);
}

int wire_read_target(Str body, WireTarget *out, Error *err)
{
	WireReader r = wire_reader(body);
	out->kind = (char)wire_get_u8(&r);
	out->name = wire_get_cstr(&r);
	return wire_done(&r, err);
}

int wire_read_execute(Str body, WireExecute *out, Error *err)
{
	WireReader r = wire_reader(body);
	out->portal = wire_get_cstr(&r);
	out->max_rows = (int32_t)wire_get_u32(&r);
	return wire_done(&r, err);
}

int wire_read_copy_fail(Str body, Str *message, Error *err)
{
	return wire_read_query(body, message, err);
}

int wire_read_password(Str body, Str *password, Error *err)
{
	return wire_read_query(body, password, err);
}

int wire_format_of(const uint8_t *formats, size_t nformats, size_t i)
{
	if (nformats == 0)
		return 0;
	return get_u16(formats + (nformats == 1 ? 0 : 2 * i));
}

bool wire_next_value(Str *values, Str *out)
{
	int32_t n = (int32_t)get_u32(values->p);
	values->p += 4;
	values->n -= 4;
	*out = (Str){ values->p, n > 0 ? (size_t)n : 0 };
	if (n < 0)
		return false;
	values->p += n;
	values->n -= (size_t)n;
	return true;
}

Str wire_error_field(Str body, char field)
{
	WireReader r = wire_reader(body);
	for (;;) {
		char code = (char)wire_get_u8(&r);
		if (code == 0)
			return no_str;
		Str value = wire_get_cstr(&r);
		if (r.bad)
			return no_str;
		if (code == field)
			return value;
	}
}

static void copy_field(char *to, size_t cap, Str body, char field)
{
	Str s = wire_error_field(body, field);
	size_t n = s.n < cap - 1 ? s.n : cap - 1;
	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

void wire_read_error(Str body, Error *out)
{
	err_clear(out);
	copy_field(out->sqlstate, sizeof out->sqlstate, body, 'C');
	copy_field(out->message, sizeof out->message, body, 'M');
	copy_field(out->detail, sizeof out->detail, body, 'D');
	copy_field(out->hint, sizeof out->hint, body, 'H');
	copy_field(out->schema, sizeof out->schema, body, 's');
	copy_field(out->table, sizeof out->table, body, 't');
	copy_field(out->column, sizeof out->column, body, 'c');
	copy_field(out->datatype, sizeof out->datatype, body, 'd');
	copy_field(out->constraint, sizeof out->constraint, body, 'n');
	char position[16];
	copy_field(position, sizeof position, body, 'P');
	out->position = (int)strtol(position, NULL, 10);
}
