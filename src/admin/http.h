/*
 * The HTTP face: status, health, metrics, and the operator's two levers. Answered from memory, one short-lived thread per connection.
 *
 * Mutating requests are POST only, need the bearer token when there is one, otherwise a loopback peer, and must carry a Host (and, from
 * a browser, an Origin) that is this server's own: a web page must not be able to switch databases.
 */
#ifndef US_ADMIN_HTTP_H
#define US_ADMIN_HTTP_H

#include "admin/status.h"

typedef struct AdminHttp AdminHttp;

typedef struct AdminHttpConfig {
	const char *addr;	/* "127.0.0.1:6480", "[::1]:6480"; "" or NULL: no HTTP */
	const char *token_file; /* NULL = none; must not be readable by others */
	AdminTargets targets;	/* must outlive the server */
} AdminHttpConfig;

/* Listens and answers from then on. Refuses an address that is not loopback when there is no token; says so when the port is in use. */
int admin_http_start(const AdminHttpConfig *config, AdminHttp **out, Error *err);
void admin_http_stop(AdminHttp *h);

#endif
