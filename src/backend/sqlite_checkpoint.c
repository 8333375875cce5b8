/* The checkpointer: one thread per database that copies the WAL's pages into the file. */
#include "backend/sqlite_internal.h"

#include "base/log.h"

/* Readers and the writer go on meanwhile. */
static void copy_pages(Database *d)
{
	Checkpointer *k = &d->checkpoints;
	Error err;
	if (!k->conn) {
		if (conn_open(d, DB_WRITE, &k->conn, &err) != 0) {
			log_error("database %s: no connection for checkpoints: %s", d->name, err.message);
			return;
		}
		/* A reader of old pages is not waited for: sessions that want to write stand in line meanwhile. */
		sqlite3_busy_handler(k->conn->db->h, NULL, NULL);
	}
	sqlite3_wal_checkpoint_v2(k->conn->db->h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* Makes the next transaction write at the WAL's beginning. The file keeps its size: writing over what is there costs the disk less than
 * growing. Readers of the old pages prevent it; it is tried again later. */
static void restart_wal(Database *d)
{
	Checkpointer *k = &d->checkpoints;
	if (k->conn)
		sqlite3_wal_checkpoint_v2(k->conn->db->h, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	writer_release(d);
}

/* Somebody keeps a snapshot open while others write. */
static void warn_of_length(Database *d, int frames)
{
	Checkpointer *k = &d->checkpoints;
	if (frames < RESTART_FRAMES)
		k->warn_at = WARN_FRAMES;
	if (frames < k->warn_at)
		return;
	k->warn_at *= 2;
	log_warn("database %s: its WAL has %d pages; it starts anew when no cursor or REPEATABLE READ transaction reads an old state",
		 d->name, frames);
}

static void checkpoint(Database *d)
{
	int frames = atomic_load(&d->wal_frames);
	copy_pages(d);
	warn_of_length(d, frames);
	/* A WAL that grows faster than it is copied starts anew when the write connection is next free: SQLite needs its lock for that, and
	 * a session must never find it taken. */
	if (frames >= RESTART_FRAMES && writer_claim_for_checkpoint(d))
		restart_wal(d);
}

bool database_wal_is_long(Database *d)
{
	return atomic_load(&d->wal_frames) >= RESTART_FRAMES + CHECKPOINT_FRAMES;
}

static bool is_due(Database *d)
{
	Checkpointer *k = &d->checkpoints;
	int frames = atomic_load(&d->wal_frames), next = atomic_load(&k->next);
	/* It has started anew. */
	if (next - frames > CHECKPOINT_FRAMES)
		atomic_store(&k->next, next = frames - frames % CHECKPOINT_FRAMES + CHECKPOINT_FRAMES);
	return frames >= next;
}

static void *checkpointer_main(void *arg)
{
	Database *d = arg;
	Checkpointer *k = &d->checkpoints;
	pthread_mutex_lock(&k->lock);
	while (!k->stop || k->has_writer) {
		bool restart = k->has_writer;
		k->has_writer = false;
		if (!restart && !is_due(d)) {
			pthread_cond_wait(&k->work, &k->lock);
			continue;
		}
		pthread_mutex_unlock(&k->lock);
		if (restart) {
			restart_wal(d);
		} else {
			atomic_fetch_add(&k->next, CHECKPOINT_FRAMES);
			checkpoint(d);
		}
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	conn_close(k->conn);
	return NULL;
}

int checkpointer_start(Database *d, Error *err)
{
	Checkpointer *k = &d->checkpoints;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->work, NULL);
	atomic_store(&k->next, CHECKPOINT_FRAMES);
	k->warn_at = WARN_FRAMES;
	int rc = pthread_create(&k->thread, NULL, checkpointer_main, d);
	if (rc != 0)
		return err_set(err, "53000", "cannot start the thread that checkpoints %s: %s", d->path, strerror(rc));
	k->running = true;
	return 0;
}

void checkpointer_stop(Database *d)
{
	Checkpointer *k = &d->checkpoints;
	if (!k->running)
		return;
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->work);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	k->running = false;
}

void checkpointer_note_commit(Database *d)
{
	Checkpointer *k = &d->checkpoints;
	if (!is_due(d))
		return;
	pthread_mutex_lock(&k->lock);
	pthread_cond_signal(&k->work);
	pthread_mutex_unlock(&k->lock);
}

void checkpointer_take_writer(Database *d)
{
	Checkpointer *k = &d->checkpoints;
	pthread_mutex_lock(&k->lock);
	k->has_writer = true;
	pthread_cond_signal(&k->work);
	pthread_mutex_unlock(&k->lock);
}
