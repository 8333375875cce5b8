/*
 * One connection to the primary for one client session. libpq logs in; afterwards its socket (and SSL handle) carry raw protocol bytes.
 *
 * Owned by the session and used only by the thread that holds it. Nothing here blocks except pglink_open and pglink_cancel.
 */
#ifndef US_BACKEND_POSTGRES_H
#define US_BACKEND_POSTGRES_H

#include "backend/relay.h"

#include <sys/types.h>

typedef struct PgLink PgLink;

typedef struct PgLogin {
	const char *conninfo;  /* URL or libpq string of the primary */
	const char *user;      /* the client's; used when conninfo names none */
	int connect_timeout_s; /* at least 2 is meant by libpq, 0 = libpq's own */
	/* The client's startup parameters other than user and database, name and value alternating, n of them in all. */
	const char *const *params;
	size_t nparams;
	const char *settings; /* SET statements to run after login, or NULL */
	uint32_t gen;
	StmtTable *stmts;
	Settings *session_settings;
	const RelayHooks *hooks;
	void *ctx;
	uint64_t session;
} PgLogin;

/* Logs in: blocks up to the connect timeout. NULL with the server's SQLSTATE (08001 when there was none) on failure. */
PgLink *pglink_open(const PgLogin *login, Error *err);
void pglink_close(PgLink *l);

int pglink_fd(const PgLink *l);
Relay *pglink_relay(PgLink *l);
/* Parameters the server reported at login and since, NULL when it did not. */
const char *pglink_parameter(const PgLink *l, const char *name);
/* Appends ParameterStatus messages for all parameters that have been reported. */
void pglink_put_parameters(PgLink *l, Buf *out);

/* Bytes received (0 when there is nothing now), or -1 with 08006 when the connection has ended. `pending` (may be NULL) is set when TLS
 * holds more bytes that epoll will not report. */
ssize_t pglink_recv(PgLink *l, void *p, size_t n, bool *pending, Error *err);
/* Feeds client bytes through the relay to the server: what the socket does not take is kept. -1: 08P01 bad protocol, 08006 connection lost.
 */
int pglink_send(PgLink *l, const uint8_t *p, size_t n, Error *err);
/* Sends what was kept. */
int pglink_flush(PgLink *l, Error *err);
/* Bytes kept; when not 0 wait for writability, and read no more from the client. */
size_t pglink_unsent(const PgLink *l);

/* Asks the server to cancel what the connection runs. Blocks; call it from a thread that may. */
int pglink_cancel(PgLink *l, Error *err);
/* The same on a thread of its own; the answer is not waited for. */
void pglink_cancel_later(PgLink *l);

#endif
