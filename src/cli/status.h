/*
 * `understudy status`: asks a running server over HTTP and shows the answer. Exit codes: 0 healthy, 1 the answer is no (degraded,
 * unhealthy, or nobody answers; only with --check for the first two), 2 wrong usage.
 */
#ifndef US_CLI_STATUS_H
#define US_CLI_STATUS_H

#include "base/buf.h"
#include "base/err.h"

/* One HTTP/1.0 request to "host:port". The body goes to `body`, the status code is returned, -1 when nobody answers. */
int http_request(const char *addr, const char *method, const char *path, const char *token, Buf *body, Error *err);

/* argv after the word "status". */
int status_command(int argc, char **argv);
/* argv after the word "switch": fallback | primary | auto, [DB], [--ttl 10m]. */
int switch_command(int argc, char **argv);

#endif
