/*
 * A client that does not read its result keeps the statement's snapshot open, and with it the WAL from starting anew. When the WAL has
 * grown long the rest of the result goes to a file, so that the snapshot can end; the client gets it from there whenever it reads.
 */
#include "session/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOK_US = 1000 * 1000, BLOCK = RUN_OUT_HIGH };

typedef struct Spool {
	int fd;	      /* the file has no name: it ends with the session, however that ends */
	bool filling; /* until the statement at hand has ended */
	off_t written, sent;
} Spool;

static int open_file(const Session *s)
{
	const char *dir = s->server->opt.data_dir;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	_cleanup_(mem_freep) char *path = mem_printf("%s/spool-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static void on_stalled(LoopTimer *timer)
{
	Session *s = timer->owner;
	if (!database_wal_is_long(s->txn.db)) {
		spool_watch(s);
		return;
	}
	int fd = open_file(s);
	if (fd < 0) {
		log_error("database %s: no file for the result of a client that does not read: %s", s->database, strerror(errno));
		return;
	}
	s->spool = mem_alloc(sizeof *s->spool);
	*s->spool = (Spool){ .fd = fd, .filling = true };
	s->park = PARK_NONE;
	session_continue(s);
}

void spool_watch(Session *s)
{
	if (!s->again || s->spool || !s->txn.db)
		return;
	s->idle_timer.fn = on_stalled;
	s->idle_timer.owner = s;
	loop_timer_set(s->server->loop, &s->idle_timer, clock_mono_us() + LOOK_US);
}

bool spool_filling(const Session *s)
{
	return s->spool && s->spool->filling;
}

int spool_take(Session *s)
{
	Spool *p = s->spool;
	while (s->out_sent < s->out.len) {
		ssize_t n = pwrite(p->fd, s->out.data + s->out_sent, s->out.len - s->out_sent, p->written);
		if (n <= 0) {
			log_error("database %s: the result of a client that does not read cannot be kept: %s", s->database,
				  strerror(errno));
			return -1;
		}
		s->out_sent += (size_t)n;
		p->written += n;
	}
	buf_clear(&s->out);
	s->out_sent = 0;
	p->filling = s->again;
	return 0;
}

int spool_give(Session *s)
{
	Spool *p = s->spool;
	if (p->sent == p->written) {
		spool_free(s);
		return 0;
	}
	size_t want = p->written - p->sent < BLOCK ? (size_t)(p->written - p->sent) : BLOCK;
	ssize_t n = pread(p->fd, buf_reserve(&s->out, want), want, p->sent);
	if (n <= 0)
		return -1;
	s->out.len += (size_t)n;
	p->sent += n;
	return 0;
}

void spool_free(Session *s)
{
	if (!s->spool)
		return;
	close(s->spool->fd);
	free(s->spool);
	s->spool = NULL;
}
