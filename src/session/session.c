/* The straight line of a session: bytes in, messages one after another, bytes out. */
#include "session/internal.h"

#include "backend/sqlite_locks.h"
#include "base/clock.h"
#include "base/log.h"
#include "pgtype/encoding.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static void on_granted(LoopTask *task);
static void on_synced(LoopTask *task);
static void on_rest(LoopTask *task);
static void on_idle(LoopTimer *timer);
static void on_park(LoopTask *task);

/* pg_terminate_backend has interrupted what ran. */
static bool terminated(Session *s)
{
	if (!atomic_load(&s->terminated))
		return false;
	if (!s->doomed)
		session_fatal(s, "57P01", "terminating connection due to administrator command");
	return true;
}

void session_put_error(Session *s, const Error *err, const char *severity)
{
	if (s->types.client) {
		Error coded = *err;
		recoder_encode_error(s->types.client, &coded);
		wire_put_error(&s->out, &coded, severity);
	} else {
		wire_put_error(&s->out, err, severity);
	}
}

void session_error(Session *s, const Error *err)
{
	if (terminated(s))
		return;
	session_put_error(s, err, wire_severity(err->sqlstate));
	if (streq(wire_severity(err->sqlstate), "FATAL"))
		s->doomed = true;
}

void session_fatal(Session *s, const char *sqlstate, const char *fmt, ...)
{
	Error err;
	char message[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	err_set(&err, sqlstate, "%s", message);
	session_put_error(s, &err, "FATAL");
	s->doomed = true;
}

bool session_flush(Session *s)
{
	for (;;) {
		while (s->out_sent < s->out.len) {
			ssize_t n = sock_send(s->io.fd, s->out.data + s->out_sent, s->out.len - s->out_sent);
			if (n < 0)
				return false;
			if (n == 0)
				return true;
			s->out_sent += (size_t)n;
		}
		buf_clear(&s->out);
		s->out_sent = 0;
		if (!s->spool || spool_filling(s))
			return true;
		if (spool_give(s) != 0)
			return false;
	}
}

void session_ready(Session *s)
{
	activity_end(s);
	if (terminated(s))
		return;
	if (s->notify)
		notify_deliver(s);
	wire_put_ready(&s->out, s->txn.status);
}

void session_free(Session *s)
{
	notify_free(s);
	if (s->server->relay && s->server->relay->closed)
		s->server->relay->closed(s);
	server_unregister(s);
	if (s->txn.db) {
		database_stop_waiting(&s->txn);
		copy_abandon(s);
		simple_abandon(s);
		portals_close_all(s);
		cursors_drop_all(s);
		prepared_drop_all(s);
		txn_close(&s->txn);
	}
	loop_timer_cancel(s->server->loop, &s->idle_timer);
	spool_free(s);
	loop_remove(s->server->loop, &s->io);
	close(s->io.fd);
	guc_free(s->guc);
	if (s->read)
		arena_free(s->read);
	if (s->vars)
		sessionvars_reset(s->vars);
	free(s->vars);
	free(s->search_path);
	free(s->user);
	free(s->database);
	free(s->application_name);
	map_free(&s->prepared);
	buf_free(&s->in);
	buf_free(&s->out);
	buf_free(&s->activity.query);
	pthread_mutex_destroy(&s->activity.lock);
	free(s);
}

int session_read_text(Session *s, Str *text, Error *err)
{
	if (!s->types.client)
		return 0;
	if (!s->read)
		s->read = arena_new();
	return type_recv_text(*text, &s->types, s->read, text, err);
}

bool session_message_sqlite(Session *s, const WireFrame *f)
{
	if (s->read)
		arena_reset(s->read);
	if (s->state == SESSION_COPY_IN)
		return copy_message(s, f);
	Error err;
	Str text;
	switch (f->type) {
	case 'Q':
		s->skip_to_sync = false;
		if (wire_read_query(f->body, &text, &err) == 0)
			return simple_query(s, text);
		session_error(s, &err);
		wire_put_ready(&s->out, s->txn.status);
		return true;
	case 'X':
		s->doomed = true;
		return true;
	case 'c':
		/* The statements behind a COPY of a simple query, which had to wait; else left over from a COPY that failed. */
		return s->query ? simple_query(s, (Str){ "", 0 }) : true;
	case 'd':
	case 'f':
		return true;
	default:
		return extended_message(s, f);
	}
}

/* What PostgreSQL lets a message of this type hold (SocketBackend, PQ_SMALL_MESSAGE_LIMIT); 0 = there is no such message. */
static size_t message_max(uint8_t type)
{
	switch (type) {
	case 'Q':
	case 'F':
	case 'B':
	case 'P':
	case 'd':
		return WIRE_MESSAGE_MAX;
	case 'X':
	case 'C':
	case 'D':
	case 'E':
	case 'H':
	case 'S':
	case 'c':
	case 'f':
		return 10000;
	default:
		return 0;
	}
}

/* The next message, if it is whole. The type is judged before its length is waited for. */
static bool next_message(Session *s, const uint8_t *p, size_t n, WireFrame *f)
{
	Error err;
	size_t max = n ? message_max(p[0]) : 0;
	if (n && !max) {
		session_fatal(s, "08P01", "invalid frontend message type %d", p[0]);
		return false;
	}
	int rc = n ? wire_frame(p, n, max, f, &err) : 0;
	if (rc < 0)
		session_fatal(s, err.sqlstate, "%s", err.message);
	return rc > 0;
}

static bool one_message(Session *s, const WireFrame *f)
{
	const RelayOps *relay = s->server->relay;
	if (relay && relay->message && relay->message(s, f))
		return s->park == PARK_NONE;
	if (!s->again)
		atomic_store(&s->txn.cancel, false);
	bool done = session_message_sqlite(s, f);
	s->again = !done;
	return done;
}

/* Handles whole messages; returns how many bytes were dealt with. */
static size_t messages(Session *s, const uint8_t *p, size_t n)
{
	size_t used = 0;
	while (!s->doomed && s->park == PARK_NONE && s->out.len < RUN_OUT_HIGH) {
		if (s->state == SESSION_STARTUP) {
			size_t took = startup_bytes(s, p + used, n - used);
			used += took;
			if (!took)
				break;
			continue;
		}
		if (s->state != SESSION_READY && s->state != SESSION_COPY_IN)
			break;
		const RelayOps *relay = s->server->relay;
		if (s->source == SOURCE_PRIMARY && relay && relay->client_bytes) {
			ssize_t took = relay->client_bytes(s, p + used, n - used);
			if (took < 0)
				s->doomed = true;
			if (took == 0 && s->source != SOURCE_PRIMARY)
				continue; /* it changed sides: the same bytes are offered there */
			if (took <= 0)
				break;
			used += (size_t)took;
			continue;
		}
		WireFrame f;
		if (!next_message(s, p + used, n - used, &f) || !one_message(s, &f))
			break;
		used += f.size;
	}
	return used;
}

/* Keeps what was not dealt with. `p` is either the receive buffer or s->in itself. */
static void keep_rest(Session *s, const uint8_t *p, size_t used, size_t n)
{
	if (p == s->in.data)
		buf_consume(&s->in, used);
	else
		buf_put(&s->in, p + used, n - used);
	if (s->in.len == 0 && s->in.cap)
		buf_free(&s->in);
}

static bool waits_its_turn(const Session *s)
{
	return s->park == PARK_WRITER || s->park == PARK_LOCK;
}

/* Joins the queue for the write connection, or for an advisory lock. True: it was free, go on. False: the session is no longer ours.
 * It is done on the leading thread, where a client that goes away meanwhile will be noticed. */
static bool wait_turn(Session *s)
{
	Loop *loop = s->server->loop;
	if (!loop_leading(loop)) {
		s->task = (LoopTask){ .fn = on_park, .owner = s };
		loop_post(loop, &s->task);
		return false;
	}
	s->off_loop = false;
	s->txn.lock_deadline_us = s->lock_timeout_us ? clock_mono_us() + s->lock_timeout_us : 0;
	loop_want(loop, &s->io, EPOLLRDHUP);
	loop_attach(loop, &s->io);
	if (s->park == PARK_LOCK ? !locks_wait(&s->txn, on_granted, s) : !database_wait_writer(&s->txn, on_granted, s))
		return false;
	s->park = PARK_NONE;
	return true;
}

/* Sends. True: go on; false: parked until the client reads or the disk has it. Frees nothing; sets doomed when the peer is gone. */
typedef enum { SENT, WAIT_CLIENT, WAIT_SYNC, GONE } SendResult;

static SendResult send_out(Session *s)
{
	if (s->out.len == 0 && !s->spool)
		return SENT;
	if (s->txn.sync_ticket) {
		s->park = PARK_SYNC;
		if (!database_wait_sync(&s->txn, loop_alone(s->server->loop, &s->io), on_synced, s))
			return WAIT_SYNC;
		s->park = PARK_NONE;
	}
	if (spool_filling(s) ? spool_take(s) != 0 : !session_flush(s))
		return GONE;
	if (s->spool && !spool_filling(s) && s->out.len == 0 && !session_flush(s))
		return GONE;
	if (s->out.len == 0)
		return SENT;
	s->park = PARK_CLIENT;
	return WAIT_CLIENT;
}

/* How long the client may keep silent now; 0 = for ever. */
static int64_t idle_limit(const Session *s)
{
	if (s->park != PARK_NONE || s->state != SESSION_READY || s->in_extended || s->source != SOURCE_SQLITE)
		return 0;
	return s->txn.status == 'I' ? s->idle_timeout_us : s->idle_in_transaction_timeout_us;
}

/* A session that holds nothing open keeps no memory for statements. */
static void shrink(Session *s)
{
	if (s->out.cap && s->out.len == 0 && s->state != SESSION_COPY_IN && s->out.cap > 8192)
		buf_free(&s->out);
	if (s->park == PARK_NONE && s->txn.status == 'I' && s->txn.scratch && !s->portals && !s->cursors) {
		arena_free(s->txn.scratch);
		s->txn.scratch = NULL;
	}
}

/* Lets the session rest until its client says more. */
static void rest(Session *s)
{
	Loop *loop = s->server->loop;
	int64_t limit = idle_limit(s);
	bool watched = s->park == PARK_CLIENT && s->again;
	if ((limit || watched || s->notify) && !loop_leading(loop)) {
		s->task = (LoopTask){ .fn = on_rest, .owner = s };
		loop_post(loop, &s->task);
		return;
	}
	if (limit) {
		s->idle_timer.fn = on_idle;
		s->idle_timer.owner = s;
		loop_timer_set(loop, &s->idle_timer, clock_mono_us() + limit);
	}
	shrink(s);
	if (s->park == PARK_CLIENT)
		spool_watch(s);
	loop_want(loop, &s->io, s->park == PARK_CLIENT ? EPOLLOUT : EPOLLIN);
	if (s->park == PARK_NONE && s->source == SOURCE_SQLITE && s->state == SESSION_READY)
		loop_expect(loop);
	s->off_loop = false;
	if (s->notify)
		notify_rest(s);
	Io *ios[] = { &s->io };
	loop_resume(loop, ios, 1);
}

/* More of a large result is to come: the others need not wait for it. */
static void leave_loop(Session *s)
{
	Io *ios[] = { &s->io };
	if (!loop_leading(s->server->loop))
		return;
	s->off_loop = true;
	loop_promote(s->server->loop, ios, 1);
}

static void run(Session *s, const uint8_t *p, size_t n)
{
	if (s->notify)
		notify_wake(s);
	if (s->in.len) {
		buf_put(&s->in, p, n);
		p = s->in.data;
		n = s->in.len;
	}
	for (;;) {
		size_t used = n || s->again ? messages(s, p, n) : 0;
		keep_rest(s, p, used, n);
		bool whole = used > 0;
		if (waits_its_turn(s)) {
			if (!wait_turn(s))
				return;
		} else if (s->park == PARK_OTHERS) {
			database_look_again(s);
			return;
		} else if (s->park == PARK_ROUTE) {
			if (s->out.len && !session_flush(s))
				s->doomed = true;
			if (!s->doomed)
				return;
		} else {
			SendResult r = send_out(s);
			if (r == WAIT_SYNC)
				return;
			if (r == GONE || (s->doomed && r == SENT)) {
				session_free(s);
				return;
			}
			if (r == WAIT_CLIENT || (!s->again && (!whole || s->in.len == 0))) {
				rest(s);
				return;
			}
			if (s->again)
				leave_loop(s);
		}
		p = s->in.data;
		n = s->in.len;
	}
}

void session_continue(Session *s)
{
	run(s, NULL, 0);
}

static void on_posted(LoopTask *task)
{
	session_continue(task->owner);
}

void session_post(Session *s)
{
	s->task = (LoopTask){ .fn = on_posted, .owner = s };
	loop_post(s->server->loop, &s->task);
}

static void on_rest(LoopTask *task)
{
	rest(task->owner);
}

static void on_park(LoopTask *task)
{
	Session *s = task->owner;
	if (wait_turn(s))
		run(s, NULL, 0);
}

static void on_granted(LoopTask *task)
{
	Session *s = task->owner;
	s->park = PARK_NONE;
	if (s->doomed)
		session_free(s);
	else
		run(s, NULL, 0);
}

static void on_idle(LoopTimer *timer)
{
	Session *s = timer->owner;
	if (s->txn.status == 'I')
		session_fatal(s, "57P05", "terminating connection due to idle-session timeout");
	else
		session_fatal(s, "25P03", "terminating connection due to idle-in-transaction timeout");
	session_flush(s);
	session_free(s);
}

static void on_synced(LoopTask *task)
{
	Session *s = task->owner;
	s->park = PARK_NONE;
	run(s, NULL, 0);
}

/* The client is gone, or somebody has ended the session. */
static void end(Session *s)
{
	if (atomic_load(&s->terminated) && s->source == SOURCE_SQLITE) {
		session_fatal(s, "57P01", "terminating connection due to administrator command");
		session_flush(s);
	}
	session_free(s);
}

void session_on_io(Io *io, uint32_t events)
{
	Session *s = io->owner;
	Loop *loop = s->server->loop;
	if (s->park == PARK_CLIENT) {
		loop_timer_cancel(loop, &s->idle_timer);
		s->park = PARK_NONE;
		run(s, NULL, 0);
		return;
	}
	if (waits_its_turn(s) && database_stop_waiting(&s->txn)) {
		end(s);
		return;
	}
	if (s->park != PARK_NONE) {
		s->doomed = s->doomed || waits_its_turn(s);
		/* It comes back when the session goes on. */
		loop_detach(loop, io);
		return;
	}
	loop_timer_cancel(loop, &s->idle_timer);
	uint8_t *buf = loop_rbuf(loop);
	ssize_t n = sock_recv(io->fd, buf, LOOP_RBUF_SIZE);
	if (n < 0)
		return;
	if (n == 0)
		end(s);
	else
		run(s, buf, (size_t)n);
}
