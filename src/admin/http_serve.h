/*
 * A small HTTP/1.x server: one request per connection, each on a short-lived thread, so that an answer may block. At most
 * HTTP_CONNECTIONS at once; others are told 503. A client has 10 s to send its request and 10 s to take the answer.
 */
#ifndef US_ADMIN_HTTP_SERVE_H
#define US_ADMIN_HTTP_SERVE_H

#include "admin/http_parse.h"
#include "base/buf.h"

#include <sys/socket.h>

enum { HTTP_CONNECTIONS = 32 };

typedef struct HttpReply {
	int status;
	const char *type;  /* Content-Type */
	const char *allow; /* for 405 */
	Buf body;	   /* freed by the server */
} HttpReply;

/* Fills the reply; called from several threads at once. The request is NULL when it was refused before: reply->status says why. */
typedef void HttpAnswer(void *ctx, const HttpRequest *request, const struct sockaddr *peer, HttpReply *reply);

typedef struct HttpServer HttpServer;

/* Takes over a socket that listens, in every case. */
int http_server_start(int listen_fd, HttpAnswer *answer, void *ctx, HttpServer **out, Error *err);
/* Cuts the connections off and waits until no answer is being made any more. */
void http_server_stop(HttpServer *s);

#endif
