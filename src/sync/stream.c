#include "sync/stream.h"

#include "base/clock.h"

#include <poll.h>
#include <unistd.h>

enum {
	EPOCH_2000_S = 946684800, /* PostgreSQL counts microseconds from 2000-01-01 */
	SLOT_BUSY_US = 2000000,
	SLOT_LOOK_US = 20000,
};

static int try_open(Stream *s, const char *conninfo, const char *node, uint64_t from, Error *err)
{
	*s = (Stream){ .conn = source_connect(conninfo, true, err), .flushed = from, .wake_fd = -1 };
	if (!s->conn)
		return -1;
	char lsn[24];
	source_lsn_text(from, lsn);
	Buf b = { 0 };
	buf_printf(
		&b,
		"START_REPLICATION SLOT understudy_%s LOGICAL %s (proto_version '1', publication_names 'understudy_%s,understudy_%s_ins')",
		node, lsn, node, node);
	_cleanup_(source_clearp) PGresult *r = source_query(s->conn, buf_cstr(&b), err);
	buf_free(&b);
	if (r && PQresultStatus(r) == PGRES_COPY_BOTH)
		return 0;
	if (r)
		err_set(err, "08P01", "the primary did not start replication");
	stream_close(s);
	return -1;
}

int stream_open(Stream *s, const char *conninfo, const char *node, uint64_t from, Error *err)
{
	int64_t until = clock_mono_us() + SLOT_BUSY_US;
	for (;;) {
		int rc = try_open(s, conninfo, node, from, err);
		/* The server lets go of the slot a moment after our last connection has ended. */
		if (rc == 0 || !err_is(err, "55006") || clock_mono_us() > until || source_stopped())
			return rc;
		usleep(SLOT_LOOK_US);
	}
}

void stream_close(Stream *s)
{
	source_closep(&s->conn);
}

int stream_confirm(Stream *s, uint64_t flushed, bool now, Error *err)
{
	int64_t mono = clock_mono_us();
	if (flushed > s->flushed)
		s->flushed = flushed;
	if (!now && !s->reply_asked && mono - s->told_us < 10000000)
		return 0;
	Buf b = { 0 };
	buf_put_u8(&b, 'r');
	for (int i = 0; i < 3; i++)
		buf_put_u64(&b, s->flushed);
	buf_put_u64(&b, (uint64_t)(clock_wall_us() - EPOCH_2000_S * INT64_C(1000000)));
	buf_put_u8(&b, 0);
	int sent = PQputCopyData(s->conn, (const char *)b.data, (int)b.len);
	buf_free(&b);
	if (sent <= 0 || PQflush(s->conn) < 0)
		return source_error(s->conn, NULL, err);
	s->told_us = mono;
	s->reply_asked = false;
	return 0;
}

/* How the stream ended: an ErrorResponse of the server says more than the closed socket. */
static int ended(Stream *s, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = PQgetResult(s->conn);
	if (r && PQresultStatus(r) == PGRES_FATAL_ERROR)
		return source_error(s->conn, r, err);
	return err_set(err, "08006", "the primary closed the replication connection");
}

/* 1: a message is in *out. 0: it was a keepalive. */
static int take_data(Stream *s, Arena *a, char *data, int len, OutMessage *out, Error *err)
{
	const uint8_t *p = (const uint8_t *)data;
	if (len >= 18 && p[0] == 'k') {
		uint64_t end = get_u64(p + 1);
		if (end > s->server_lsn)
			s->server_lsn = end;
		s->idle_lsn = end;
		s->reply_asked |= p[17] != 0;
		return 0;
	}
	if (len < 25 || p[0] != 'w')
		return err_set(err, "08P01", "unexpected data in the replication stream");
	uint64_t end = get_u64(p + 9);
	if (end > s->server_lsn)
		s->server_lsn = end;
	size_t n = (size_t)len - 25;
	return pgoutput_decode((Str){ arena_dup(a, p + 25, n), n }, a, out, err) < 0 ? -1 : 1;
}

int stream_next(Stream *s, int timeout_ms, Arena *a, OutMessage *out, Error *err)
{
	bool waited = false;
	for (;;) {
		char *data = NULL;
		int len = PQgetCopyData(s->conn, &data, 1);
		if (len > 0) {
			int rc = take_data(s, a, data, len, out, err);
			PQfreemem(data);
			if (rc != 0)
				return rc;
			waited = false;
			continue;
		}
		if (len < 0)
			return ended(s, err);
		struct pollfd pfd[2] = { { PQsocket(s->conn), POLLIN, 0 }, { timeout_ms ? s->wake_fd : -1, POLLIN, 0 } };
		if (waited || pfd[0].fd < 0)
			return pfd[0].fd < 0 ? ended(s, err) : 0;
		if (poll(pfd, 2, timeout_ms) <= 0 || !pfd[0].revents)
			return 0;
		waited = timeout_ms == 0;
		/* At the end of the connection libpq still gives what is in its buffer; the next PQgetCopyData tells. */
		if (!PQconsumeInput(s->conn)) {
			len = PQgetCopyData(s->conn, &data, 1);
			if (len <= 0)
				return ended(s, err);
			int rc = take_data(s, a, data, len, out, err);
			PQfreemem(data);
			if (rc != 0)
				return rc;
		}
	}
}
