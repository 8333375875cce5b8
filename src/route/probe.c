#include "route/probe.h"

#include "backend/libpq.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

struct Probe {
	char *conninfo;
	PGconn *conn;
	bool connected;
	bool asked; /* an answer is outstanding */
};

Probe *probe_new(const char *conninfo)
{
	Probe *p = mem_alloc(sizeof *p);
	p->conninfo = mem_strdup(conninfo);
	return p;
}

void probe_reset(Probe *p)
{
	if (p->conn)
		PQfinish(p->conn);
	p->conn = NULL;
	p->connected = p->asked = false;
}

void probe_free(Probe *p)
{
	if (!p)
		return;
	probe_reset(p);
	free(p->conninfo);
	free(p);
}

/* True when the socket is ready before the deadline. */
static bool wait_fd(int fd, short events, int64_t until)
{
	for (;;) {
		int64_t left = until - clock_mono_us();
		struct pollfd f = { fd, events, 0 };
		int n = poll(&f, 1, left <= 0 ? 0 : (int)((left + 999) / 1000));
		if (n > 0)
			return true;
		if (n == 0 && clock_mono_us() >= until)
			return false;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static void say(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%.*s", (int)strcspn(text, "\n"), text);
}

static ProbeResult judge_connect(PGconn *c, char *why, size_t size)
{
	const char *m = PQerrorMessage(c);
	say(why, size, m);
	if (strstr(m, "the database system is "))
		return PROBE_STARTING;
	if (strstr(m, "FATAL:") || strstr(m, "password") || strstr(m, "authentication"))
		return strstr(m, "terminating connection") ? PROBE_REFUSED : PROBE_UNUSABLE;
	if (strstr(m, "timeout expired") || strstr(m, "could not translate host name"))
		return PROBE_MISS;
	return PROBE_REFUSED;
}

static ProbeResult make_connection(Probe *p, int64_t until, char *why, size_t size)
{
	static const char *const keys[] = { "dbname", "application_name", NULL };
	const char *values[] = { p->conninfo, "understudy probe", NULL };
	p->conn = PQconnectStartParams(keys, values, 1);
	PostgresPollingStatusType st = PGRES_POLLING_WRITING;
	while (PQstatus(p->conn) != CONNECTION_BAD && st != PGRES_POLLING_OK && st != PGRES_POLLING_FAILED) {
		if (!wait_fd(PQsocket(p->conn), st == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
			say(why, size, "no answer to a new connection in time");
			probe_reset(p);
			return PROBE_MISS;
		}
		st = PQconnectPoll(p->conn);
	}
	if (PQstatus(p->conn) == CONNECTION_OK) {
		p->connected = true;
		return PROBE_OK;
	}
	ProbeResult r = judge_connect(p->conn, why, size);
	probe_reset(p);
	return r;
}

static ProbeResult judge_answer(Probe *p, PGresult *res, char *why, size_t size)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	if (res && PQresultStatus(res) == PGRES_TUPLES_OK) {
		bool standby = PQgetvalue(res, 0, 0)[0] == 't';
		say(why, size, standby ? "the server is a standby, not a primary" : "ok");
		return standby ? PROBE_MISS : PROBE_OK;
	}
	say(why, size, res ? PQresultErrorMessage(res) : PQerrorMessage(p->conn));
	if (state && !route_is_loss(state))
		return streq(state, "42883") ? PROBE_OK : PROBE_UNUSABLE; /* a relative of PostgreSQL that has no standbys */
	return PROBE_REFUSED;
}

static ProbeResult ask(Probe *p, int64_t until, char *why, size_t size)
{
	if (!p->asked && !PQsendQuery(p->conn, "SELECT pg_catalog.pg_is_in_recovery()")) {
		say(why, size, PQerrorMessage(p->conn));
		return PROBE_REFUSED;
	}
	p->asked = true;
	while (PQisBusy(p->conn)) {
		if (!wait_fd(PQsocket(p->conn), POLLIN, until)) {
			say(why, size, "no answer in time");
			return PROBE_MISS;
		}
		if (!PQconsumeInput(p->conn))
			break;
	}
	PGresult *res = PQgetResult(p->conn);
	p->asked = false;
	ProbeResult r = judge_answer(p, res, why, size);
	PQclear(res);
	while (PQstatus(p->conn) == CONNECTION_OK && (res = PQgetResult(p->conn)))
		PQclear(res);
	return r;
}

ProbeResult probe_run(Probe *p, int64_t deadline_us, int64_t connect_us, char *why, size_t size)
{
	int64_t now = clock_mono_us();
	bool fresh = !p->connected;
	if (fresh) {
		probe_reset(p);
		ProbeResult r = make_connection(p, now + connect_us, why, size);
		if (r != PROBE_OK)
			return r;
	}
	ProbeResult r = ask(p, clock_mono_us() + deadline_us, why, size);
	if (r == PROBE_REFUSED) {
		/* The end of our own connection proves nothing about the server; a new one does. */
		probe_reset(p);
		if (!fresh)
			return probe_run(p, deadline_us, connect_us, why, size);
	} else if (r != PROBE_OK && !p->asked) {
		probe_reset(p); /* with several hosts the next connection may find the right one */
	}
	return r;
}

void probe_wait(Probe *p, int wake_fd, int64_t us)
{
	struct pollfd f[2] = { { wake_fd, POLLIN, 0 }, { p->connected ? PQsocket(p->conn) : -1, POLLIN, 0 } };
	if (us > 0 && poll(f, 2, (int)((us + 999) / 1000)) <= 0)
		return;
	uint64_t drained;
	if (f[0].revents && read(wake_fd, &drained, sizeof drained) < 0)
		return;
}
