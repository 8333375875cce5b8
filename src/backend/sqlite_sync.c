/* The syncer: one thread per database that is written to. It syncs the WAL for all who wait, and checkpoints. */
#include "backend/sqlite_internal.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

static void empty_wal(Database *d, DbConn *c)
{
	if (c)
		sqlite3_wal_checkpoint_v2(c->db->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	writer_release(d);
}

/* Copies the WAL's pages into the file. Readers and the writer go on meanwhile. A WAL that grows faster than that is emptied when the write
 * connection is next free: SQLite needs its lock for that, and a session must never find it taken. */
static void checkpoint_if_large(Database *d, DbConn **conn, int *done)
{
	int frames = atomic_load(&d->wal_frames);
	if (frames < *done)
		*done = 0;
	if (frames - *done < CHECKPOINT_FRAMES)
		return;
	Error err;
	if (!*conn && conn_open(d, DB_WRITE, conn, &err) != 0) {
		log_error("database %s: no connection for checkpoints: %s", d->name, err.message);
		return;
	}
	DbConn *c = *conn;
	sqlite3_wal_checkpoint_v2(c->db->h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	*done = frames;
	if (frames >= TRUNCATE_FRAMES && writer_claim_for_syncer(d))
		empty_wal(d, c);
}

/* A failed sync may have lost pages for good; going on would acknowledge what is not there. */
static void sync_failed(const Database *d)
{
	log_error("cannot sync %s-wal: %s; stopping, so that nothing is acknowledged that could be lost", d->path, strerror(errno));
	_exit(1);
}

static void *syncer_main(void *arg)
{
	Database *d = arg;
	Syncer *s = &d->sync;
	DbConn *c = NULL;
	int checkpointed = 0;
	pthread_mutex_lock(&s->lock);
	while (!s->stop || s->wanted > s->synced) {
		if (s->has_writer) {
			s->has_writer = false;
			pthread_mutex_unlock(&s->lock);
			empty_wal(d, c);
			pthread_mutex_lock(&s->lock);
			continue;
		}
		if (s->wanted <= s->synced) {
			pthread_cond_wait(&s->work, &s->lock);
			continue;
		}
		uint64_t upto = s->written;
		pthread_mutex_unlock(&s->lock);
		if (s->wal_fd < 0)
			s->wal_fd = open_wal(d);
		if (s->wal_fd < 0 || fdatasync(s->wal_fd) != 0)
			sync_failed(d);
		pthread_mutex_lock(&s->lock);
		s->synced = upto;
		wake_waiters(d);
		pthread_mutex_unlock(&s->lock);
		checkpoint_if_large(d, &c, &checkpointed);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	if (c)
		sqlite3_wal_checkpoint_v2(c->db->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	conn_close(c);
	return NULL;
}

int syncer_start(Database *d, Error *err)
{
	Syncer *s = &d->sync;
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
	return ticket;
}

/* Under lock: asks for a sync that covers the ticket. */
static void want(Syncer *s, uint64_t ticket)
{
	if (s->wanted < ticket)
		s->wanted = ticket;
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

bool database_wait_sync(SqliteTxn *t, void (*synced)(LoopTask *task), void *owner)
{
	Syncer *s = &t->db->sync;
	t->wait_task = (LoopTask){ .fn = synced, .owner = owner };
	pthread_mutex_lock(&s->lock);
	bool done = t->sync_ticket <= s->synced;
	if (done) {
		t->sync_ticket = 0;
	} else {
		t->waiting = true;
		t->wait_list = &s->waiting;
		list_append(&s->waiting, &t->wait_node);
		want(s, t->sync_ticket);
	}
	pthread_mutex_unlock(&s->lock);
	return done;
}
