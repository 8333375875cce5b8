#include "admin/http_parse.h"

#include "base/mem.h"

#include <stdint.h>

enum { MORE = 0, OK = 200, BAD = 400, TOO_LARGE = 413, EXPECTATION = 417, HEAD_TOO_LARGE = 431, NOT_KNOWN = 501, VERSION = 505 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9110's tchar. */
static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(Str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

/* Splits at the first `sep`: the part before it is returned, `rest` keeps the part after it. False when there is none. */
static bool cut(Str *rest, char sep, Str *before)
{
	const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!at)
		return false;
	size_t n = (size_t)(at - rest->p);
	*before = (Str){ rest->p, n };
	*rest = (Str){ at + 1, rest->n - n - 1 };
	return true;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a query, %-decoded; -1 when malformed. A NUL would end the C string early. */
static int decode_byte(Str s, size_t *i)
{
	char c = s.p[(*i)++];
	if (c == '+')
		return ' ';
	if (c != '%')
		return (uint8_t)c;
	if (s.n - *i < 2)
		return -1;
	int high = hex_value(s.p[*i]), low = hex_value(s.p[*i + 1]);
	*i += 2;
	return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

/* 0, or BAD when malformed or longer than a parameter may be. */
static int decode(Str s, char out[HTTP_PARAM_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < s.n;) {
		int c = decode_byte(s, &i);
		if (c < 0 || n + 1 >= HTTP_PARAM_MAX)
			return BAD;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

static int read_query(Str query, HttpRequest *out)
{
	while (query.n) {
		Str pair, name;
		if (!cut(&query, '&', &pair)) {
			pair = query;
			query.n = 0;
		}
		if (!cut(&pair, '=', &name)) {
			name = pair;
			pair = str_of("");
		}
		HttpParam *to = str_is(name, "ttl") ? &out->ttl : str_is(name, "database") ? &out->database : NULL;
		if (!to)
			continue;
		if (to->given || decode(pair, to->value))
			return BAD;
		to->given = true;
	}
	return 0;
}

static HttpMethod method_of(Str s)
{
	return str_is(s, "GET") ? HTTP_GET : str_is(s, "HEAD") ? HTTP_HEAD : str_is(s, "POST") ? HTTP_POST : HTTP_OTHER;
}

/* GET /path?query HTTP/1.1 */
static int read_request_line(Str line, HttpRequest *out, bool *host_needed)
{
	Str method, target, path;
	if (!cut(&line, ' ', &method) || !is_token(method) || !cut(&line, ' ', &target) || target.n == 0 || target.p[0] != '/')
		return BAD;
	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] <= ' ' || target.p[i] > '~' || target.p[i] == '#')
			return BAD;
	if (line.n != 8 || !str_starts(line, "HTTP/") || !is_digit(line.p[5]) || line.p[6] != '.' || !is_digit(line.p[7]))
		return BAD;
	if (line.p[5] != '1')
		return VERSION;
	*host_needed = line.p[7] != '0';
	out->method = method_of(method);
	if (!cut(&target, '?', &path)) {
		out->path = target;
		return 0;
	}
	out->path = path;
	return read_query(target, out);
}

static int read_length(Str value, HttpRequest *out)
{
	if (value.n == 0)
		return BAD;
	size_t n = 0;
	for (size_t i = 0; i < value.n; i++) {
		if (!is_digit(value.p[i]))
			return BAD;
		if (n <= HTTP_BODY_MAX)
			n = n * 10 + (size_t)(value.p[i] - '0');
	}
	out->body_size = n;
	return n > HTTP_BODY_MAX ? TOO_LARGE : 0;
}

/* A field that may appear once. */
static int keep(Str *field, Str value)
{
	if (field->p)
		return BAD;
	*field = value;
	return 0;
}

static int read_field(Str line, HttpRequest *out, Str *length)
{
	Str name;
	if (!cut(&line, ':', &name) || !is_token(name))
		return BAD;
	while (line.n && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = (Str){ line.p + 1, line.n - 1 };
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	for (size_t i = 0; i < line.n; i++)
		if (((uint8_t)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return BAD;
	if (str_iis(name, "transfer-encoding"))
		return NOT_KNOWN;
	if (str_iis(name, "expect"))
		return EXPECTATION;
	if (str_iis(name, "content-length"))
		return keep(length, line) ? BAD : read_length(line, out);
	if (str_iis(name, "host"))
		return keep(&out->host, line);
	if (str_iis(name, "origin"))
		return keep(&out->origin, line);
	if (str_iis(name, "authorization"))
		return keep(&out->authorization, line);
	return 0;
}

/* The line up to its CRLF. A CR or LF elsewhere is malformed. */
static bool next_line(Str *rest, Str *line)
{
	if (!cut(rest, '\n', line) || line->n == 0 || line->p[line->n - 1] != '\r')
		return false;
	line->n--;
	return line->n == 0 || !memchr(line->p, '\r', line->n);
}

int http_parse(const char *p, size_t n, HttpRequest *out)
{
	size_t seen = n < HTTP_HEAD_MAX ? n : HTTP_HEAD_MAX;
	const char *end = seen ? memmem(p, seen, "\r\n\r\n", 4) : NULL;
	if (!end)
		return n >= HTTP_HEAD_MAX ? HEAD_TOO_LARGE : MORE;
	memset(out, 0, sizeof *out);
	out->head_size = (size_t)(end - p) + 4;
	Str rest = { p, out->head_size }, line, length = { 0 };
	bool host_needed = false;
	if (!next_line(&rest, &line))
		return BAD;
	int rc = read_request_line(line, out, &host_needed);
	while (rc == 0) {
		if (!next_line(&rest, &line))
			return BAD;
		if (line.n == 0)
			return host_needed && !out->host.p ? BAD : OK;
		rc = read_field(line, out, &length);
	}
	return rc;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} known[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Transfer Coding Not Supported" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].status == status)
			return known[i].reason;
	return "Unknown";
}
