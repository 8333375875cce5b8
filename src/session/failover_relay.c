/* The two directions of an attached session. */
#include "session/failover_internal.h"

#include "base/sysio.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

/* Backpressure: one peer's bytes are taken only when the other has taken everything. */
static void choke(Cross *x)
{
	Session *s = x->s;
	x->choked = true;
	s->park = PARK_CLIENT;
	loop_want(s->server->loop, &s->io, EPOLLOUT);
	loop_want(s->server->loop, &x->io, x->stuffed ? EPOLLOUT : 0);
}

static void stuff(Cross *x)
{
	Session *s = x->s;
	x->stuffed = true;
	if (s->park == PARK_NONE)
		s->park = PARK_ROUTE;
	loop_want(s->server->loop, &s->io, x->choked ? EPOLLOUT : 0);
	loop_want(s->server->loop, &x->io, (x->choked ? 0 : EPOLLIN) | EPOLLOUT);
}

/* Both sockets as they are wanted now; the session goes on when nothing holds it. */
static void relieve(Cross *x)
{
	Session *s = x->s;
	Loop *loop = s->server->loop;
	if (x->link)
		loop_want(loop, &x->io, (x->choked ? 0 : EPOLLIN) | (x->stuffed ? EPOLLOUT : 0));
	loop_want(loop, &s->io, x->choked ? EPOLLOUT : x->stuffed ? 0 : EPOLLIN);
	if (x->choked) {
		s->park = PARK_CLIENT;
	} else if (x->stuffed) {
		s->park = PARK_ROUTE;
	} else {
		s->park = PARK_NONE;
		session_continue(s);
	}
}

/* In front of the session's own handler. */
void cross_client_ready(Io *io, uint32_t events)
{
	Session *s = io->owner;
	Cross *x = s->relay;
	if (!x || !x->choked) {
		void (*own)(Io *, uint32_t) = x ? x->client_handler : NULL;
		assert(own);
		own(io, events);
		return;
	}
	if (!session_flush(s)) {
		session_free(s);
		return;
	}
	if (s->out.len > s->out_sent)
		return;
	x->choked = false;
	relieve(x);
}

void cross_detach(Cross *x)
{
	if (!x->link)
		return;
	Session *s = x->s;
	loop_remove(s->server->loop, &x->io);
	pglink_close(x->link);
	x->link = NULL;
	s->source = SOURCE_SQLITE;
	if (x->stuffed && s->park == PARK_ROUTE)
		s->park = PARK_NONE;
	x->stuffed = false;
	cross_uncount(x);
}

/* --- client to server --- */

/* Whether the session, at a boundary, may begin something on the primary. */
static bool may_begin(Cross *x)
{
	RouteGo go = route_enter(x->f->cfg.route);
	if (go == GO_PRIMARY) {
		cross_count(x, go);
		return true;
	}
	if (go == GO_WAIT) {
		cross_park(x);
		return false;
	}
	if (go == GO_SQLITE)
		route_leave(x->f->cfg.route, go); /* counted again when the message is offered to that side */
	cross_detach(x);
	return false;
}

ssize_t cross_client_bytes(Session *s, const uint8_t *p, size_t n)
{
	Cross *x = s->relay;
	Error err; /* three kilobytes: not cleared for every message */
	if (!x->counted && relay_idle(pglink_relay(x->link)) && !may_begin(x))
		return 0;
	bool quiet = relay_quiet(pglink_relay(x->link)) && pglink_unsent(x->link) == 0;
	if (pglink_send(x->link, p, n, &err) < 0) {
		x->undelivered |= quiet;
		/* A lost connection is dealt with where the server's last words are read; epoll reports it at once. */
		if (err_is(&err, "08006"))
			return (ssize_t)n;
		session_fatal(s, err.sqlstate, "%s", err.message);
		return -1;
	}
	if (pglink_relay(x->link)->terminated)
		return -1;
	if (pglink_unsent(x->link) && !x->stuffed)
		stuff(x);
	return (ssize_t)n;
}

/* --- server to client --- */

static void send_client(RelayOut *o)
{
	Cross *x = o->ctx;
	Session *s = x->s;
	size_t done = 0;
	if (s->out.len == s->out_sent) {
		struct msghdr m = { .msg_iov = o->v, .msg_iovlen = (size_t)o->n };
		ssize_t put = o->n == 1 ? sysio_send(s->io.fd, o->v[0].iov_base, o->v[0].iov_len, MSG_NOSIGNAL)
					: sysio_sendmsg(s->io.fd, &m, MSG_NOSIGNAL);
		if (put < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			s->doomed = true;
		done = put > 0 ? (size_t)put : 0;
	}
	for (int i = 0; i < o->n && !s->doomed; i++) {
		size_t len = o->v[i].iov_len, skip = done < len ? done : len;
		done -= skip;
		if (len > skip)
			buf_put(&s->out, (uint8_t *)o->v[i].iov_base + skip, len - skip);
	}
	o->n = 0;
	o->bytes = 0;
}

/* After bytes of the server were passed on. */
static void settle(Cross *x)
{
	Session *s = x->s;
	Relay *r = pglink_relay(x->link);
	Error err;
	if (r->need_send)
		pglink_send(x->link, NULL, 0, &err); /* a failure shows at the next receive */
	if (pglink_unsent(x->link) && !x->stuffed)
		stuff(x);
	if (x->counted && relay_idle(r))
		cross_uncount(x);
	if (s->out.len > s->out_sent && !x->choked)
		choke(x);
}

static void receive(Cross *x)
{
	Session *s = x->s;
	Error err;
	uint8_t *buf = loop_rbuf(s->server->loop);
	bool pending;
	do {
		ssize_t n = pglink_recv(x->link, buf, LOOP_RBUF_SIZE, &pending, &err);
		if (n == 0)
			break;
		if (n < 0) {
			cross_lost(x, "08006", err.message);
			session_continue(s);
			return;
		}
		RelayOut out;
		out.n = 0;
		out.bytes = 0;
		out.flush = send_client;
		out.ctx = x;
		int rc = relay_from_server(pglink_relay(x->link), buf, (size_t)n, &out, &err);
		if (out.n)
			send_client(&out);
		if (rc < 0 || s->doomed) {
			session_free(s);
			return;
		}
		Relay *r = pglink_relay(x->link);
		if (r->gone) {
			char state[6], why[200];
			memcpy(state, r->gone_state, sizeof state);
			memcpy(why, r->gone_message, sizeof why);
			cross_lost(x, state, why);
			session_continue(s);
			return;
		}
	} while (pending);
	settle(x);
}

void cross_link_ready(Io *io, uint32_t events)
{
	Cross *x = io->owner;
	Session *s = x->s;
	Error err;
	if ((events & EPOLLOUT) && pglink_unsent(x->link)) {
		if (pglink_flush(x->link, &err) < 0) {
			cross_lost(x, "08006", err.message);
			session_continue(s);
			return;
		}
		if (!pglink_unsent(x->link)) {
			x->stuffed = false;
			relieve(x); /* may free the session; what the server has sent is reported again */
			return;
		}
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(x);
}
