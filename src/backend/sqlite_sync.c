/* The syncer: one thread per database. It syncs the WAL for all who wait. */
#include "backend/sqlite_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum {
	SYNC_IN_PLACE_US = 250, /* a slower disk is waited for by the syncer's own thread */
	GATHER_US = 300,
	GROUP_MAX = 8,
};

static int open_wal(const Database *d)
{
	char *path = mem_printf("%s-wal", d->path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	/* The directory entry of a new WAL must be durable before the first commit in it. */
	int dir = open(d->set->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		fsync(dir);
		close(dir);
	}
	return fd;
}

/* Hands every waiter whose commit is on disk back to the loop. Under lock. */
static void wake_waiters(Database *d)
{
	Syncer *s = &d->sync;
	for (ListNode *n = list_first(&s->waiting), *next; n; n = next) {
		next = list_after(&s->waiting, n);
		SqliteTxn *t = list_item(n, SqliteTxn, wait_node);
		if (t->sync_ticket > s->synced)
			continue;
		list_remove(&s->waiting, n);
		t->waiting = false;
		t->sync_ticket = 0;
		loop_post(d->set->loop, &t->wait_task);
	}
	pthread_cond_broadcast(&s->done);
}

/* A failed sync may have lost pages for good; going on would acknowledge what is not there. */
static void sync_failed(const Database *d)
{
	log_error("cannot sync %s-wal: %s; stopping, so that nothing is acknowledged that could be lost", d->path, strerror(errno));
	_exit(1);
}

/* Syncs all that is written, for whoever waits. Under lock, which is given away meanwhile; not while s->syncing. */
static void sync_written(Database *d)
{
	Syncer *s = &d->sync;
	uint64_t upto = s->written;
	s->syncing = true;
	if (s->wal_fd < 0)
		s->wal_fd = open_wal(d);
	pthread_mutex_unlock(&s->lock);
	int64_t start = clock_mono_us();
	if (s->wal_fd < 0 || fdatasync(s->wal_fd) != 0)
		sync_failed(d);
	int64_t took = clock_mono_us() - start;
	pthread_mutex_lock(&s->lock);
	s->syncing = false;
	/* A slow one is remembered for a while. */
	s->took_us = took > s->took_us ? took : s->took_us - (s->took_us - took) / 8;
	s->synced = upto;
	wake_waiters(d);
}

/* While writers queue, an answer that comes a little later costs nobody anything: waits until as many wait for the disk as for the write
 * connection. Under lock. */
static void gather(Syncer *s)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_US * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	s->gathering = true;
	while (!s->stop && s->waiting.count < s->group && pthread_cond_timedwait(&s->work, &s->lock, &until) == 0)
		continue;
	s->gathering = false;
	s->group = 0;
}

static void *syncer_main(void *arg)
{
	Database *d = arg;
	Syncer *s = &d->sync;
	pthread_mutex_lock(&s->lock);
	while (!s->stop || s->wanted > s->synced || s->syncing) {
		if (s->syncing || s->wanted <= s->synced) {
			pthread_cond_wait(s->syncing ? &s->done : &s->work, &s->lock);
			continue;
		}
		if (s->group > s->waiting.count)
			gather(s);
		if (!s->syncing)
			sync_written(d);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int syncer_start(Database *d, Error *err)
{
	Syncer *s = &d->sync;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, &monotonic);
	pthread_cond_init(&s->done, NULL);
	pthread_condattr_destroy(&monotonic);
	list_init(&s->waiting);
	s->wal_fd = -1;
	int rc = pthread_create(&s->thread, NULL, syncer_main, d);
	if (rc != 0)
		return err_set(err, "53000", "cannot start the thread that syncs %s: %s", d->path, strerror(rc));
	s->running = true;
	return 0;
}

void syncer_stop(Database *d)
{
	Syncer *s = &d->sync;
	if (!s->running)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	s->wanted = s->written;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	if (s->wal_fd >= 0)
		close(s->wal_fd);
	s->running = false;
}

uint64_t syncer_note_commit(Database *d)
{
	Syncer *s = &d->sync;
	atomic_fetch_add(&d->commits, 1);
	pthread_mutex_lock(&s->lock);
	uint64_t ticket = ++s->written;
	pthread_mutex_unlock(&s->lock);
	checkpointer_note_commit(d);
	return ticket;
}

/* Under lock: asks for a sync that covers the ticket. */
static void want(Syncer *s, uint64_t ticket)
{
	if (s->wanted < ticket)
		s->wanted = ticket;
	if (!s->gathering || s->waiting.count >= s->group)
		pthread_cond_signal(&s->work);
}

void syncer_wait_blocking(Database *d, uint64_t ticket)
{
	Syncer *s = &d->sync;
	pthread_mutex_lock(&s->lock);
	want(s, ticket);
	while (s->synced < ticket)
		pthread_cond_wait(&s->done, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static size_t writers_queued(Database *d)
{
	pthread_mutex_lock(&d->lock);
	size_t n = d->waiters.count;
	pthread_mutex_unlock(&d->lock);
	return n;
}

bool database_wait_sync(SqliteTxn *t, bool alone, void (*synced)(LoopTask *task), void *owner)
{
	Syncer *s = &t->db->sync;
	size_t queued = writers_queued(t->db);
	t->wait_task = (LoopTask){ .fn = synced, .owner = owner };
	pthread_mutex_lock(&s->lock);
	/* Another thread would have to be woken, and this one by it: that takes as long as a quick disk. */
	if (alone && !queued && !s->syncing && s->waiting.count == 0 && s->took_us < SYNC_IN_PLACE_US)
		sync_written(t->db);
	bool done = t->sync_ticket <= s->synced;
	if (done) {
		t->sync_ticket = 0;
	} else {
		t->waiting = true;
		t->wait_list = &s->waiting;
		list_append(&s->waiting, &t->wait_node);
		if (!s->syncing && s->wanted <= s->synced && queued > 1)
			s->group = queued < GROUP_MAX ? queued : GROUP_MAX;
		want(s, t->sync_ticket);
	}
	pthread_mutex_unlock(&s->lock);
	return done;
}
