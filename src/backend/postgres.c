#include "backend/libpq.h"
#include "backend/postgres.h"

#include "base/sysio.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

struct PgLink {
	PGconn *conn; /* kept for its SSL handle and for cancelling; never used for queries after login */
	SSL *ssl;
	int fd;
	Buf unsent;
	size_t unsent_at;
	Map parameters; /* name -> char *value, as reported */
	Relay relay;
	RelayHooks hooks; /* ours, in front of the session's */
	const RelayHooks *session_hooks;
	void *session_ctx;
	bool broken;
};

/* --- login --- */

static void set_parameter(PgLink *l, const char *name, const char *value)
{
	free(map_put(&l->parameters, str_of(name), mem_strdup(value)));
}

static void hear_parameter(void *ctx, const char *name, const char *value)
{
	PgLink *l = ctx;
	set_parameter(l, name, value);
	if (l->session_hooks && l->session_hooks->parameter)
		l->session_hooks->parameter(l->session_ctx, name, value);
}

static void hear_commit(void *ctx, Redo *r)
{
	PgLink *l = ctx;
	l->session_hooks->committed(l->session_ctx, r);
}

static const char *const reported[] = {
	"server_version",
	"server_encoding",
	"client_encoding",
	"application_name",
	"default_transaction_read_only",
	"in_hot_standby",
	"is_superuser",
	"session_authorization",
	"DateStyle",
	"IntervalStyle",
	"TimeZone",
	"integer_datetimes",
	"standard_conforming_strings",
};

static const char *wanted_param(const PgLogin *login, const char *name)
{
	const char *found = NULL;
	for (size_t i = 0; i + 1 < login->nparams; i += 2)
		if (streq(login->params[i], name))
			found = login->params[i + 1];
	return found;
}

/* Startup parameters that libpq has no keyword for go into `options`, as libpq's users write them. */
static char *startup_options(const PgLogin *login)
{
	static const char *const own[] = { "user", "database", "application_name", "client_encoding", "replication", "options" };
	Buf b = { 0 };
	const char *options = wanted_param(login, "options");
	/* A setting of ours, so that SHOW understudy.source has an answer on either side. */
	buf_puts(&b, "-c understudy.source=postgres");
	if (options) {
		buf_put_u8(&b, ' ');
		buf_puts(&b, options);
	}
	for (size_t i = 0; i + 1 < login->nparams; i += 2) {
		const char *name = login->params[i], *value = login->params[i + 1];
		bool skip = strncmp(name, "_pq_.", 5) == 0;
		for (size_t k = 0; k < ARRAY_LEN(own); k++)
			skip = skip || streq(name, own[k]);
		if (skip)
			continue;
		buf_puts(&b, " -c ");
		buf_puts(&b, name);
		buf_put_u8(&b, '=');
		for (const char *c = value; *c; c++) {
			if (*c == ' ' || *c == '\\')
				buf_put_u8(&b, '\\');
			buf_put_u8(&b, (uint8_t)*c);
		}
	}
	buf_put_u8(&b, 0);
	return (char *)b.data;
}

static bool names_user(const char *conninfo)
{
	bool found = false;
	PQconninfoOption *o = PQconninfoParse(conninfo, NULL);
	for (PQconninfoOption *p = o; p && p->keyword; p++)
		if (streq(p->keyword, "user") && p->val && *p->val)
			found = true;
	PQconninfoFree(o);
	return found;
}

static PGconn *connect_primary(const PgLogin *login)
{
	const char *keys[12], *values[12];
	char timeout[16];
	int n = 0;
	_cleanup_(mem_freep) char *options = startup_options(login);
#define PUT(k, v) (keys[n] = (k), values[n++] = (v))
	bool own_user = names_user(login->conninfo);
	if (!own_user && login->user)
		PUT("user", login->user);
	PUT("dbname", login->conninfo); /* expanded: what stands in it wins over what stands before it */
	const char *app = wanted_param(login, "application_name"), *encoding = wanted_param(login, "client_encoding");
	PUT("application_name", app ? app : "");
	PUT("client_encoding", encoding ? encoding : "UTF8");
	PUT("options", options);
	if (login->connect_timeout_s > 0) {
		snprintf(timeout, sizeof timeout, "%d", login->connect_timeout_s);
		PUT("connect_timeout", timeout);
	}
	PUT(NULL, NULL);
#undef PUT
	return PQconnectdbParams(keys, values, 1);
}

/* libpq reports no SQLSTATE for a failed login; the server's own words tell the cases apart that matter. */
static const char *login_state(PGconn *c)
{
	static const struct {
		const char *words, *state;
	} known[] = {
		{ "the database system is ", "57P03" },
		{ "sorry, too many clients", "53300" },
		{ "remaining connection slots", "53300" },
		{ "too many connections for", "53300" },
		{ "password authentication failed", "28P01" },
		{ "no pg_hba.conf entry", "28000" },
		{ "authentication failed", "28000" },
		{ "is not permitted to log in", "28000" },
		{ "role \"", "28000" },
		{ "database \"", "3D000" },
		{ "no password supplied", "28P01" },
		{ "terminating connection due to", "57P01" },
	};
	const char *message = PQerrorMessage(c);
	if (strstr(message, "FATAL:"))
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (strstr(message, known[i].words))
				return known[i].state;
	if (strstr(message, "no password supplied"))
		return "28P01";
	return "08001";
}

static void take_over(PgLink *l)
{
	int on = 1;
	l->fd = PQsocket(l->conn);
	l->ssl = PQgetssl(l->conn);
	PQsetnonblocking(l->conn, 1);
	fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails on a Unix socket, which needs none */
	for (size_t i = 0; i < ARRAY_LEN(reported); i++) {
		const char *v = PQparameterStatus(l->conn, reported[i]);
		if (v)
			set_parameter(l, reported[i], v);
	}
}

/* Settings of the session are made again. One that fails here failed for a reason the client can see by asking; the session goes on. */
static int apply_settings(PGconn *c, const char *settings, Error *err)
{
	if (!settings || !*settings)
		return 0;
	PQclear(PQexec(c, settings));
	if (PQstatus(c) != CONNECTION_OK)
		return err_set(err, "08006", "connection to the primary was lost during login");
	return 0;
}

PgLink *pglink_open(const PgLogin *login, Error *err)
{
	PGconn *c = connect_primary(login);
	if (PQstatus(c) != CONNECTION_OK) {
		const char *m = PQerrorMessage(c);
		err_set(err, login_state(c), "%.*s", (int)strcspn(m, "\n"), m);
		PQfinish(c);
		return NULL;
	}
	if (apply_settings(c, login->settings, err) < 0) {
		PQfinish(c);
		return NULL;
	}
	PgLink *l = mem_alloc(sizeof *l);
	l->conn = c;
	l->session_hooks = login->hooks;
	l->session_ctx = login->ctx;
	l->hooks = (RelayHooks){ login->hooks && login->hooks->committed ? hear_commit : NULL, hear_parameter };
	take_over(l);
	relay_init(&l->relay, login->gen, login->stmts, login->session_settings, &l->hooks, l);
	l->relay.session = login->session;
	static const char *const told[] = { "standard_conforming_strings", "client_encoding" };
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		const char *value = pglink_parameter(l, told[i]);
		if (value)
			relay_note_parameter(&l->relay, told[i], value);
	}
	l->relay.xid_works = PQserverVersion(c) >= 100000;
	return l;
}

void pglink_close(PgLink *l)
{
	if (!l)
		return;
	if (!l->broken && pglink_unsent(l) == 0 && !l->relay.terminated && l->relay.client.rest == 0) {
		static const uint8_t bye[] = { 'X', 0, 0, 0, 4 };
		if (l->ssl)
			SSL_write(l->ssl, bye, sizeof bye);
		else
			send(l->fd, bye, sizeof bye, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	shutdown(l->fd, SHUT_RDWR); /* so that libpq's own goodbye cannot wait or reach a server that is in the middle of a message */
	PQfinish(l->conn);
	relay_free(&l->relay);
	buf_free(&l->unsent);
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&l->parameters, &at));)
		free(e->value);
	map_free(&l->parameters);
	free(l);
}

/* --- what others ask --- */

int pglink_fd(const PgLink *l)
{
	return l->fd;
}

Relay *pglink_relay(PgLink *l)
{
	return &l->relay;
}

const char *pglink_parameter(const PgLink *l, const char *name)
{
	return map_get(&l->parameters, str_of(name));
}

void pglink_put_parameters(PgLink *l, Buf *out)
{
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&l->parameters, &at));) {
		const char *value = e->value;
		buf_put_u8(out, 'S');
		buf_put_u32(out, (uint32_t)(4 + e->key_len + 1 + strlen(value) + 1));
		buf_put_cstr(out, e->key);
		buf_put_cstr(out, value);
	}
}

/* --- bytes --- */

static int lost(PgLink *l, Error *err, const char *why)
{
	l->broken = true;
	return err_set(err, "08006", "connection to the primary was lost: %s", why);
}

static ssize_t recv_tls(PgLink *l, void *p, size_t n, bool *pending, Error *err)
{
	ERR_clear_error();
	int got = SSL_read(l->ssl, p, (int)n);
	if (got > 0) {
		if (pending)
			*pending = SSL_pending(l->ssl) > 0;
		return got;
	}
	int why = SSL_get_error(l->ssl, got);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return 0;
	return lost(l, err, "closed");
}

ssize_t pglink_recv(PgLink *l, void *p, size_t n, bool *pending, Error *err)
{
	if (pending)
		*pending = false;
	if (l->ssl)
		return recv_tls(l, p, n, pending, err);
	ssize_t got;
	do
		got = sysio_recv(l->fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		return got;
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return lost(l, err, got == 0 ? "closed by the server" : strerror(errno));
}

/* Bytes taken, or -1. */
static ssize_t write_some(PgLink *l, const struct iovec *v, int n, Error *err)
{
	if (l->ssl) {
		ERR_clear_error();
		int put = SSL_write(l->ssl, v[0].iov_base, (int)v[0].iov_len);
		if (put > 0)
			return put;
		int why = SSL_get_error(l->ssl, put);
		return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : lost(l, err, "closed");
	}
	struct msghdr m = { .msg_iov = (struct iovec *)v, .msg_iovlen = (size_t)n };
	ssize_t put;
	do
		put = n == 1 ? sysio_send(l->fd, v[0].iov_base, v[0].iov_len, MSG_NOSIGNAL) : sysio_sendmsg(l->fd, &m, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return put;
	return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : lost(l, err, strerror(errno));
}

typedef struct Sending {
	PgLink *l;
	Error *err;
	bool failed;
} Sending;

static void keep(PgLink *l, const struct iovec *v, int n, size_t skip)
{
	for (int i = 0; i < n; i++) {
		size_t len = v[i].iov_len;
		if (skip >= len) {
			skip -= len;
			continue;
		}
		buf_put(&l->unsent, (uint8_t *)v[i].iov_base + skip, len - skip);
		skip = 0;
	}
}

static void send_out(RelayOut *o)
{
	Sending *s = o->ctx;
	PgLink *l = s->l;
	size_t done = 0;
	if (!s->failed && o->n && pglink_unsent(l) == 0) {
		int at = 0;
		do {
			ssize_t put = write_some(l, o->v + at, l->ssl ? 1 : o->n, s->err);
			if (put < 0)
				s->failed = true;
			if (put <= 0)
				break;
			done += (size_t)put;
			if (!l->ssl || (size_t)put < o->v[at].iov_len)
				break;
			at++;
		} while (at < o->n);
	}
	if (!s->failed && done < o->bytes)
		keep(l, o->v, o->n, done);
	o->n = 0;
	o->bytes = 0;
}

int pglink_send(PgLink *l, const uint8_t *p, size_t n, Error *err)
{
	Sending s = { l, err, false };
	RelayOut out;
	out.n = 0;
	out.bytes = 0;
	out.flush = send_out;
	out.ctx = &s;
	if (n == 0 && l->relay.need_send)
		relay_send_own(&l->relay, &out);
	else if (relay_from_client(&l->relay, p, n, &out, err) < 0)
		return -1;
	if (out.n)
		send_out(&out);
	return s.failed ? -1 : 0;
}

int pglink_flush(PgLink *l, Error *err)
{
	while (pglink_unsent(l)) {
		struct iovec v = { l->unsent.data + l->unsent_at, l->unsent.len - l->unsent_at };
		ssize_t put = write_some(l, &v, 1, err);
		if (put < 0)
			return -1;
		if (put == 0)
			return 0;
		l->unsent_at += (size_t)put;
	}
	buf_free(&l->unsent);
	l->unsent_at = 0;
	return 0;
}

size_t pglink_unsent(const PgLink *l)
{
	return l->unsent.len - l->unsent_at;
}

int pglink_cancel(PgLink *l, Error *err)
{
	char why[256];
	PGcancel *c = PQgetCancel(l->conn);
	int ok = c && PQcancel(c, why, sizeof why);
	PQfreeCancel(c);
	return ok ? 0 : err_set(err, "08006", "the primary could not be asked to cancel");
}

static void *cancel_thread(void *arg)
{
	char why[256];
	PQcancel(arg, why, sizeof why); /* when it fails the statement runs on, as with any server that cannot be reached */
	PQfreeCancel(arg);
	return NULL;
}

void pglink_cancel_later(PgLink *l)
{
	pthread_t t;
	PGcancel *c = PQgetCancel(l->conn);
	if (c && pthread_create(&t, NULL, cancel_thread, c) == 0)
		pthread_detach(t);
	else
		PQfreeCancel(c);
}
