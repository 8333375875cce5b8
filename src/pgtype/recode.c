/*
 * Between UTF-8 and other encodings. The C library converts, one character at a time, so that the one which cannot be converted is known;
 * what is a character, and the few that PostgreSQL's tables have otherwise, is decided here.
 */
#include "pgtype/encoding.h"

#include <iconv.h>
#include <stdio.h>

typedef enum {
	FORM_SINGLE,
	FORM_EUC,    /* two bytes from 0xa1 on */
	FORM_EUC_JP, /* the same, and 0x8e for one more, 0x8f for two more bytes */
	FORM_SJIS,
	FORM_PAIR, /* a byte from 0x80 on and any other */
	FORM_GB18030,
} Form;

struct Recoder {
	int encoding;
	Form form;
	iconv_t in, out; /* to and from UTF-8 */
	const EncodingRun *runs;
	size_t nruns;
};

static Form form_of(int encoding)
{
	static const struct {
		const char *name;
		Form form;
	} forms[] = { { "EUC_JP", FORM_EUC_JP }, { "EUC_CN", FORM_EUC }, { "EUC_KR", FORM_EUC },     { "SJIS", FORM_SJIS },
		      { "GBK", FORM_PAIR },	 { "UHC", FORM_PAIR },	 { "GB18030", FORM_GB18030 } };
	const char *name = encoding_name(encoding);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (streq(forms[i].name, name))
			return forms[i].form;
	return FORM_SINGLE;
}

static bool is_in(char c, int from, int to)
{
	return (uint8_t)c >= from && (uint8_t)c <= to;
}

/* Bytes of the character at p, by its beginning. */
static size_t announced(Form form, const char *p, size_t left)
{
	if (is_in(*p, 0, 0x7f))
		return 1;
	switch (form) {
	case FORM_SINGLE:
		return 1;
	case FORM_EUC_JP:
		return (uint8_t)*p == 0x8f ? 3 : 2;
	case FORM_SJIS:
		return is_in(*p, 0xa1, 0xdf) ? 1 : 2;
	case FORM_GB18030:
		return left > 1 && is_in(p[1], '0', '9') ? 4 : 2;
	default:
		return 2;
	}
}

static bool all_high(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_in(p[i], 0xa1, 0xfe))
			return false;
	return true;
}

/* n bytes at p, as many as were announced, are a character. */
static bool well_formed(const Recoder *r, const char *p, size_t n)
{
	if (n == 1)
		return *p != '\0';
	switch (r->form) {
	case FORM_EUC:
		return all_high(p, n);
	case FORM_EUC_JP:
		if ((uint8_t)*p == 0x8e)
			return is_in(p[1], 0xa1, 0xdf);
		return all_high(p + (n == 3), n - (n == 3));
	case FORM_SJIS:
		return (is_in(p[0], 0x81, 0x9f) || is_in(p[0], 0xe0, 0xfc)) && (is_in(p[1], 0x40, 0x7e) || is_in(p[1], 0x80, 0xfc));
	case FORM_GB18030:
		if (n == 4)
			return is_in(p[0], 0x81, 0xfe) && is_in(p[2], 0x81, 0xfe) && is_in(p[3], '0', '9');
		return is_in(p[0], 0x81, 0xfe) && (is_in(p[1], 0x40, 0x7e) || is_in(p[1], 0x80, 0xfe));
	default:
		return p[1] != '\0';
	}
}

static int convert_failed(const char *sqlstate, const char *p, size_t n, int from, int to, Error *err)
{
	Buf b = { 0 };
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s0x%02x", i ? " " : "", (uint8_t)p[i]);
	if (streq(sqlstate, "22021"))
		err_set(err, sqlstate, "invalid byte sequence for encoding \"%s\": %s", encoding_name(from), buf_cstr(&b));
	else
		err_set(err, sqlstate, "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"",
			buf_cstr(&b), encoding_name(from), encoding_name(to));
	buf_free(&b);
	return -1;
}

static int bad_bytes(const Recoder *r, const char *p, size_t n, Error *err)
{
	return convert_failed("22021", p, n, r->encoding, r->encoding, err);
}

/* Bytes of the next character; 0 and 22021 when it is none. */
static size_t next_char(const Recoder *r, Str s, size_t at, Error *err)
{
	size_t left = s.n - at, n = announced(r->form, s.p + at, left);
	if (n <= left && well_formed(r, s.p + at, n))
		return n;
	bad_bytes(r, s.p + at, n < left ? n : left, err);
	return 0;
}

/* One character, from a state without memory. Bytes written, or 0. */
static size_t through_iconv(iconv_t cd, const char *p, size_t n, char *out, size_t cap)
{
	char *in = (char *)(uintptr_t)p, *o = out;
	size_t left = cap;
	iconv(cd, NULL, NULL, NULL, NULL);
	if (iconv(cd, &in, &n, &o, &left) != 0 || n)
		return 0;
	iconv(cd, NULL, NULL, &o, &left);
	return cap - left;
}

static uint32_t code_of(const char *p, size_t n)
{
	uint32_t code = 0;
	for (size_t i = 0; i < n; i++)
		code = code << 8 | (uint8_t)p[i];
	return code;
}

static const EncodingRun *run_of_char(const Recoder *r, uint32_t c)
{
	for (size_t i = 0; i < r->nruns; i++)
		if (c - r->runs[i].c < r->runs[i].n)
			return &r->runs[i];
	return NULL;
}

static const EncodingRun *run_of_code(const Recoder *r, uint32_t code)
{
	for (size_t i = 0; i < r->nruns; i++)
		if (r->runs[i].code && code - r->runs[i].code < r->runs[i].n)
			return &r->runs[i];
	return NULL;
}

static size_t decode_char(const Recoder *r, const char *p, size_t n, char out[16])
{
	uint32_t code = code_of(p, n);
	const EncodingRun *run = run_of_code(r, code);
	if (run)
		return run->c ? utf8_encode(run->c + (code - run->code), out) : 0;
	size_t len = through_iconv(r->in, p, n, out, 16), one = 0;
	if (!len)
		return 0;
	run = run_of_char(r, utf8_decode(out, len, &one));
	return one == len && !(run && !run->code) ? len : 0;
}

static size_t encode_char(const Recoder *r, const char *p, size_t n, char out[16])
{
	size_t len;
	uint32_t c = utf8_decode(p, n, &len);
	const EncodingRun *run = run_of_char(r, c);
	if (run) {
		uint32_t code = run->code ? run->code + (c - run->c) : 0;
		for (len = 0; len < sizeof code && code >> 8 * len; len++)
			;
		for (size_t i = 0; i < len; i++)
			out[i] = (char)(code >> 8 * (len - 1 - i));
		return len;
	}
	len = through_iconv(r->out, p, n, out, 16);
	return len && !is_in(*out, 0, 0x7f) && announced(r->form, out, len) == len ? len : 0;
}

int recoder_decode(Recoder *r, Str s, Buf *out, Error *err)
{
	for (size_t at = 0, n; at < s.n; at += n) {
		char c[16];
		n = next_char(r, s, at, err);
		if (!n)
			return -1;
		if (is_in(s.p[at], 1, 0x7f)) {
			buf_put_u8(out, (uint8_t)s.p[at]);
			continue;
		}
		size_t len = decode_char(r, s.p + at, n, c);
		if (!len)
			return convert_failed("22P05", s.p + at, n, r->encoding, ENCODING_UTF8, err);
		buf_put(out, c, len);
	}
	return 0;
}

int recoder_encode(Recoder *r, Str s, Buf *out, Error *err)
{
	for (size_t at = 0, n; at < s.n; at += n) {
		char c[16];
		n = 1;
		if (is_in(s.p[at], 0, 0x7f)) {
			buf_put_u8(out, (uint8_t)s.p[at]);
			continue;
		}
		utf8_decode(s.p + at, s.n - at, &n);
		size_t len = encode_char(r, s.p + at, n, c);
		if (!len)
			return convert_failed("22P05", s.p + at, n, ENCODING_UTF8, r->encoding, err);
		buf_put(out, c, len);
	}
	return 0;
}

static int encode_field(Recoder *r, char *text, size_t cap, Error *err)
{
	Buf b = { 0 };
	int rc = recoder_encode(r, str_of(text), &b, err);
	if (rc == 0)
		snprintf(text, cap, "%s", buf_cstr(&b));
	buf_free(&b);
	return rc;
}

void recoder_encode_error(Recoder *r, Error *e)
{
	Error bad;
#define ENCODE(field) encode_field(r, e->field, sizeof e->field, &bad)
	if (ENCODE(message) || ENCODE(detail) || ENCODE(hint) || ENCODE(context) || ENCODE(schema) || ENCODE(table) || ENCODE(column) ||
	    ENCODE(datatype) || ENCODE(constraint))
		*e = bad;
#undef ENCODE
}

size_t recoder_whole(const Recoder *r, Str s)
{
	size_t at = 0;
	if (r->form == FORM_SINGLE)
		return s.n;
	while (at < s.n) {
		size_t n = announced(r->form, s.p + at, s.n - at);
		bool unsure = r->form == FORM_GB18030 && s.n - at == 1 && !is_in(s.p[at], 0, 0x7f);
		if (n > s.n - at || unsure)
			break;
		at += n;
	}
	return at;
}

Recoder *recoder_new(int encoding, Error *err)
{
	const char *libc = encoding_libc_name(encoding);
	iconv_t in = libc ? iconv_open("UTF-8", libc) : (iconv_t)-1, out = libc ? iconv_open(libc, "UTF-8") : (iconv_t)-1;
	if (in == (iconv_t)-1 || out == (iconv_t)-1) {
		if (in != (iconv_t)-1)
			iconv_close(in);
		if (out != (iconv_t)-1)
			iconv_close(out);
		err_refuse(err, 0, "conversion between %s and UTF8 is not available in SQLite mode", encoding_name(encoding));
		return NULL;
	}
	Recoder *r = mem_alloc(sizeof *r);
	*r = (Recoder){ .encoding = encoding, .form = form_of(encoding), .in = in, .out = out, .runs = encoding_runs };
	while (r->runs < encoding_runs + encoding_nruns && r->runs->encoding < encoding)
		r->runs++;
	while (r->runs + r->nruns < encoding_runs + encoding_nruns && r->runs[r->nruns].encoding == encoding)
		r->nruns++;
	return r;
}

void recoder_free(Recoder *r)
{
	if (!r)
		return;
	iconv_close(r->in);
	iconv_close(r->out);
	free(r);
}

int recoder_encoding(const Recoder *r)
{
	return r->encoding;
}

int encoding_to_utf8(int encoding, Str s, Buf *out, Error *err)
{
	Recoder *r = recoder_new(encoding, err);
	int rc = r ? recoder_decode(r, s, out, err) : -1;
	recoder_free(r);
	return rc;
}

int encoding_from_utf8(int encoding, Str s, Buf *out, Error *err)
{
	Recoder *r = recoder_new(encoding, err);
	int rc = r ? recoder_encode(r, s, out, err) : -1;
	recoder_free(r);
	return rc;
}

int encoding_length(int encoding, Str s, size_t *chars, Error *err)
{
	Recoder r = { .encoding = encoding, .form = form_of(encoding) };
	*chars = 0;
	for (size_t at = 0, n; at < s.n; at += n, ++*chars) {
		n = next_char(&r, s, at, err);
		if (!n)
			return -1;
	}
	return 0;
}
