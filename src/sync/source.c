#include "sync/source.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

/* What makes the text form of every type equal to its stored form. */
static const char session_options[] = "-c DateStyle=ISO,MDY -c TimeZone=UTC -c IntervalStyle=postgres -c extra_float_digits=1"
				      " -c bytea_output=hex -c statement_timeout=0 -c lock_timeout=0 -c search_path=pg_catalog"
				      " -c idle_in_transaction_session_timeout=0";

enum { CONNECT_US = 10 * 1000 * 1000, LOOK_MS = 50 };

static _Thread_local atomic_bool *thread_stop;
static _Thread_local int64_t thread_deadline;

void source_set_stop(atomic_bool *stop)
{
	thread_stop = stop;
}

void source_set_deadline(int64_t us)
{
	thread_deadline = us;
}

bool source_stopped(void)
{
	return (thread_stop && atomic_load(thread_stop)) || (thread_deadline && clock_mono_us() > thread_deadline);
}

/* Until the socket is ready, or for a moment. False when the thread is to stop. */
static bool wait_socket(PGconn *c, short events)
{
	struct pollfd p = { PQsocket(c), events, 0 };
	if (!source_stopped())
		poll(&p, 1, LOOK_MS);
	return !source_stopped();
}

/* "" when connected, otherwise what is wrong. */
static const char *finish_connecting(PGconn *c)
{
	int64_t until = clock_mono_us() + CONNECT_US;
	PostgresPollingStatusType st = PGRES_POLLING_WRITING;
	while (PQstatus(c) != CONNECTION_BAD && st != PGRES_POLLING_OK && st != PGRES_POLLING_FAILED) {
		struct pollfd p = { PQsocket(c), st == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0 };
		if (source_stopped())
			return "stopped";
		if (clock_mono_us() > until)
			return "no answer in time";
		if (poll(&p, 1, LOOK_MS) > 0)
			st = PQconnectPoll(c);
	}
	return PQstatus(c) == CONNECTION_OK ? "" : PQerrorMessage(c);
}

PGconn *source_connect(const char *conninfo, bool replication, Error *err)
{
	const char *keys[] = { "dbname",
			       "options",
			       "application_name",
			       "client_encoding",
			       "keepalives_idle",
			       "keepalives_interval",
			       "keepalives_count",
			       "tcp_user_timeout",
			       replication ? "replication" : NULL,
			       NULL };
	const char *values[] = { conninfo, session_options, "understudy", "UTF8", "5", "2", "3", "15000", "database", NULL };
	PGconn *c = PQconnectStartParams(keys, values, 1);
	const char *why = finish_connecting(c);
	if (!*why)
		return c;
	err_set(err, "08001", "could not connect to the primary: %s", why);
	PQfinish(c);
	return NULL;
}

/* The next PQgetResult will not wait any more. */
static void wait_result(PGconn *c)
{
	while (PQisBusy(c) && PQstatus(c) == CONNECTION_OK) {
		if (!wait_socket(c, POLLIN))
			shutdown(PQsocket(c), SHUT_RDWR);
		struct pollfd p = { PQsocket(c), POLLIN, 0 };
		if (poll(&p, 1, 0) > 0 && !PQconsumeInput(c))
			return;
	}
}

PGresult *source_get_result(PGconn *c)
{
	wait_result(c);
	return PQgetResult(c);
}

int source_get_copy(PGconn *c, char **data)
{
	int len;
	while ((len = PQgetCopyData(c, data, 1)) == 0) {
		if (!wait_socket(c, POLLIN))
			shutdown(PQsocket(c), SHUT_RDWR);
		struct pollfd p = { PQsocket(c), POLLIN, 0 };
		if (poll(&p, 1, 0) > 0 && !PQconsumeInput(c))
			return -2;
	}
	return len;
}

void source_closep(PGconn **c)
{
	PQfinish(*c);
	*c = NULL;
}

void source_clearp(PGresult **r)
{
	PQclear(*r);
	*r = NULL;
}

int source_error(PGconn *c, const PGresult *r, Error *err)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *text = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL;
	const char *hint = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_HINT) : NULL;
	err_set(err, state ? state : "08006", "%s", text ? text : PQerrorMessage(c));
	if (detail)
		err_detail(err, "%s", detail);
	if (hint)
		err_hint(err, "%s", hint);
	return -1;
}

bool source_is_lost(PGconn *c, const Error *err)
{
	return PQstatus(c) != CONNECTION_OK || strncmp(err->sqlstate, "08", 2) == 0 || strncmp(err->sqlstate, "57P", 3) == 0;
}

static PGresult *checked(PGconn *c, PGresult *r, Error *err)
{
	ExecStatusType s = PQresultStatus(r);
	if (s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH)
		return r;
	source_error(c, r, err);
	PQclear(r);
	return NULL;
}

/* The last result of what was sent, as PQexec gives it. */
static PGresult *last_result(PGconn *c)
{
	PGresult *last = NULL, *r;
	while ((r = source_get_result(c))) {
		PQclear(last);
		last = r;
		ExecStatusType s = PQresultStatus(r);
		if (s == PGRES_COPY_OUT || s == PGRES_COPY_IN || s == PGRES_COPY_BOTH || PQstatus(c) == CONNECTION_BAD)
			break;
	}
	return last;
}

PGresult *source_query(PGconn *c, const char *sql, Error *err)
{
	return checked(c, PQsendQuery(c, sql) ? last_result(c) : NULL, err);
}

PGresult *source_query_params(PGconn *c, const char *sql, int n, const char *const *params, Error *err)
{
	return checked(c, PQsendQueryParams(c, sql, n, NULL, params, NULL, NULL, 0) ? last_result(c) : NULL, err);
}

int source_exec(PGconn *c, const char *sql, Error *err)
{
	PGresult *r = source_query(c, sql, err);
	if (!r)
		return -1;
	PQclear(r);
	return 0;
}

void source_put_ident(Buf *b, const char *name)
{
	buf_put_u8(b, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_put_u8(b, '"');
		buf_put_u8(b, (uint8_t)*name);
	}
	buf_put_u8(b, '"');
}

void source_put_literal(Buf *b, const char *text)
{
	bool backslash = strchr(text, '\\') != NULL;
	buf_puts(b, backslash ? " E'" : "'");
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_put_u8(b, (uint8_t)*text);
		buf_put_u8(b, (uint8_t)*text);
	}
	buf_put_u8(b, '\'');
}

uint64_t source_lsn(const char *text)
{
	unsigned hi, lo;
	return sscanf(text, "%X/%X", &hi, &lo) == 2 ? (uint64_t)hi << 32 | lo : 0;
}

void source_lsn_text(uint64_t lsn, char out[24])
{
	snprintf(out, 24, "%X/%X", (unsigned)(lsn >> 32), (unsigned)lsn);
}
