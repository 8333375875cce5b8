/*
 * The head of an HTTP/1.x request, read strictly (RFC 9112): what is ambiguous is refused, not guessed. Pure: bytes in, views of them out.
 */
#ifndef US_ADMIN_HTTP_PARSE_H
#define US_ADMIN_HTTP_PARSE_H

#include "base/str.h"

enum { HTTP_HEAD_MAX = 8192, HTTP_BODY_MAX = 65536, HTTP_PARAM_MAX = 128 };

typedef enum { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER } HttpMethod;

/* A query parameter, %-decoded. */
typedef struct HttpParam {
	bool given;
	char value[HTTP_PARAM_MAX];
} HttpParam;

/* The Strs point into the head; .p is NULL when the field is absent. */
typedef struct HttpRequest {
	HttpMethod method;
	Str path; /* as sent, without the query; starts with '/' */
	HttpParam ttl, database;
	Str host, origin, authorization;
	size_t head_size; /* the empty line included */
	size_t body_size; /* what follows the head; at most HTTP_BODY_MAX */
} HttpRequest;

/* Reads the n bytes received so far. 0: the head is not complete; 200: `out` is filled; otherwise the status to refuse the request with:
 * 400 malformed, 413 body too large, 417 an expectation, 431 head too large, 501 a transfer coding, 505 not HTTP/1.x. */
int http_parse(const char *p, size_t n, HttpRequest *out);

/* The reason phrase of a status that this server uses. */
const char *http_reason(int status);

#endif
