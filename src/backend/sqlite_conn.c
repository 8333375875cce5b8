/* Connections of a database: the free list of read connections, and the queue for the one that writes. */
#include "backend/sqlite_internal.h"
#include "catalog/keys.h"

#include "base/clock.h"
#include "catalog/constraint.h"
#include "catalog/vtab.h"

#include <stdio.h>

static int on_progress(void *arg)
{
	DbConn *c = arg;
	SqliteTxn *t = c->user;
	if (!t)
		return 0;
	if (atomic_load_explicit(&t->cancel, memory_order_relaxed)) {
		c->end = 'c';
		return 1;
	}
	if (loop_stopping(c->home->set->loop)) {
		c->end = 's';
		return 1;
	}
	int64_t now = clock_mono_us();
	if (t->run_since_us == 0)
		t->run_since_us = now;
	if (t->deadline_us && now > t->deadline_us) {
		c->end = 't';
		return 1;
	}
	if (!t->long_told && t->long_running && now - t->run_since_us > LONG_RUNNING_US) {
		t->long_told = true;
		t->long_running(t->long_ctx);
	}
	return 0;
}

static bool may_wait(void *arg)
{
	return on_progress(arg) == 0;
}

static int on_wal(void *arg, sqlite3 *h, const char *schema, int frames)
{
	Database *d = arg;
	(void)h, (void)schema;
	atomic_store(&d->wal_frames, frames);
	return SQLITE_OK;
}

int conn_open(Database *d, DbMode mode, DbConn **out, Error *err)
{
	Db *db;
	if (db_open(d->path, mode, &db, err) != 0)
		return -1;
	char setup[128];
	snprintf(setup, sizeof setup, "PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=%d",
		 WAL_KEPT_FRAMES * 4096);
	if (db_exec(db, setup, err) != 0 || catalog_register(db->h, &db->env, err) != 0) {
		db_close(db);
		return -1;
	}
	DbConn *c = mem_alloc(sizeof *c);
	c->db = db;
	c->home = d;
	sqlite3_progress_handler(db->h, PROGRESS_OPS, on_progress, c);
	db->env.draws.keep = mode == DB_WRITE;
	if (mode == DB_WRITE)
		sqlite3_wal_hook(db->h, on_wal, d);
	*out = c;
	return 0;
}

void conn_close(DbConn *c)
{
	if (!c)
		return;
	keys_free(c->db->env.keys);
	db_close(c->db);
	free(c);
}

int conn_checkout(Database *d, DbConn **out, Error *err)
{
	pthread_mutex_lock(&d->lock);
	DbConn *c = d->idle;
	if (c) {
		d->idle = c->next;
		d->nidle--;
	}
	pthread_mutex_unlock(&d->lock);
	if (!c)
		return conn_open(d, DB_READ, out, err);
	*out = c;
	return 0;
}

void conn_give_back(DbConn *c)
{
	Database *d = c->home;
	c->user = NULL;
	pthread_mutex_lock(&d->lock);
	bool keep = d->nidle < READ_CONNS_KEPT;
	if (keep) {
		c->next = d->idle;
		d->idle = c;
		d->nidle++;
	}
	pthread_mutex_unlock(&d->lock);
	if (!keep)
		conn_close(c);
}

static const PgType *lookup_type(void *catalog, uint32_t oid)
{
	return catalog_type(catalog, oid);
}

void conn_enter(DbConn *c, SqliteTxn *t)
{
	FnEnv *env = &c->db->env;
	c->user = t;
	c->end = 0;
	env->types = t->types;
	env->type_lookup = lookup_type;
	env->text_search_config = sessionvars_text_search_config;
	env->rows_taken = t->rows_taken;
	env->may_wait = may_wait;
	env->waiter = c;
	env->catalog = t->cat;
	env->session = t->vars;
	env->txn = t;
	env->in_session = true;
	t->active = c;
	env->scratch = t->scratch;
	env->error.sqlstate[0] = '\0';
	fn_draws_begin(env);
	t->run_since_us = 0;
	t->long_told = false;
}

void conn_leave(DbConn *c)
{
	c->user = NULL;
	c->db->env.in_session = false;
}

static int interrupted(char why, Error *err)
{
	if (why == 't')
		return err_set(err, "57014", "canceling statement due to statement timeout");
	if (why == 's')
		return err_set(err, "57P01", "terminating connection due to administrator command");
	return err_set(err, "57014", "canceling statement due to user request");
}

int conn_error(DbConn *c, SqliteTxn *t, int rc, uint32_t target, Error *err)
{
	if ((rc & 0xff) == SQLITE_INTERRUPT && c->end) {
		if (c->end == 'c')
			atomic_store(&t->cancel, false);
		interrupted(c->end, err);
	} else {
		db_error(c->db, rc, err);
		if ((rc & 0xff) == SQLITE_CONSTRAINT && !c->db->env.error.sqlstate[0])
			constraint_error(t->cat, c->db, sqlite3_extended_errcode(c->db->h), sqlite3_errmsg(c->db->h), target, NULL,
					 t->types, err);
	}
	c->db->env.error.sqlstate[0] = '\0';
	/* A full disk or a lost file makes SQLite roll back by itself. */
	if (t->writer && c == t->conn && sqlite3_get_autocommit(c->db->h))
		t->broken = true;
	return -1;
}

int nested_check(SqliteTxn *t, Error *err)
{
	DbConn *c = t->active;
	if (!on_progress(c))
		return 0;
	return conn_error(c, t, SQLITE_INTERRUPT, 0, err);
}

bool writer_try(SqliteTxn *t)
{
	Database *d = t->db;
	pthread_mutex_lock(&d->lock);
	bool got = !d->writer_busy;
	if (got) {
		d->writer_busy = true;
		d->writer_owner = t;
	}
	pthread_mutex_unlock(&d->lock);
	t->granted = got;
	return got;
}

bool writer_claim_for_checkpoint(Database *d)
{
	pthread_mutex_lock(&d->lock);
	bool got = !d->writer_busy;
	d->writer_busy = true;
	d->restart_wal = !got;
	pthread_mutex_unlock(&d->lock);
	return got;
}

void writer_release(Database *d)
{
	LoopTask *task = NULL;
	pthread_mutex_lock(&d->lock);
	d->writer_owner = NULL;
	ListNode *n = d->restart_wal ? NULL : list_pop(&d->waiters);
	if (d->restart_wal) {
		d->restart_wal = false;
		checkpointer_take_writer(d);
	} else if (!n) {
		d->writer_busy = false;
	} else {
		SqliteTxn *next = list_item(n, SqliteTxn, wait_node);
		next->waiting = false;
		next->granted = true;
		d->writer_owner = next->wait_task.fn ? next : NULL;
		if (next->wait_task.fn)
			task = &next->wait_task;
		else
			pthread_cond_broadcast(&d->writer_given);
		/* Posted under the lock: database_stop_waiting must find it in one queue or the other. */
		if (task)
			loop_post(d->set->loop, task);
	}
	pthread_mutex_unlock(&d->lock);
}

static int64_t sooner(int64_t due, int64_t other)
{
	return other && other < due ? other : due;
}

/* When the wait ends without what was waited for; INT64_MAX = never. */
static int64_t wait_due(const SqliteTxn *t)
{
	return sooner(sooner(sooner(INT64_MAX, t->deadline_us), t->lock_deadline_us), t->patience_us);
}

/* Hands back to their sessions, without what they waited for, those whose time is over. The next deadline, or INT64_MAX. Under lock. */
static int64_t expire(Database *d, List *l, int64_t next_due)
{
	int64_t now = clock_mono_us();
	for (ListNode *n = list_first(l), *next; n; n = next) {
		next = list_after(l, n);
		SqliteTxn *t = list_item(n, SqliteTxn, wait_node);
		int64_t due = wait_due(t);
		if (due > now || !t->wait_task.fn) {
			next_due = due < next_due ? due : next_due;
			continue;
		}
		list_remove(l, n);
		t->waiting = false;
		loop_post(d->set->loop, &t->wait_task);
	}
	return next_due;
}

static void expire_waiters(Database *d)
{
	int64_t next_due = expire(d, &d->lock_waiters, expire(d, &d->waiters, INT64_MAX));
	if (next_due != INT64_MAX)
		loop_timer_set(d->set->loop, &d->wait_timer, next_due);
}

static void on_wait_timer(LoopTimer *timer)
{
	Database *d = timer->owner;
	pthread_mutex_lock(&d->lock);
	expire_waiters(d);
	pthread_mutex_unlock(&d->lock);
}

void waiters_watch(Database *d)
{
	d->wait_timer.fn = on_wait_timer;
	d->wait_timer.owner = d;
	expire_waiters(d);
}

void database_cancel_wait(SqliteTxn *t)
{
	Database *d = t->db;
	pthread_mutex_lock(&d->lock);
	pthread_mutex_lock(&d->sync.lock);
	if (t->waiting && t->wait_list != &d->sync.waiting && t->wait_task.fn) {
		list_remove(t->wait_list, &t->wait_node);
		t->waiting = false;
		loop_post(d->set->loop, &t->wait_task);
	}
	pthread_mutex_unlock(&d->sync.lock);
	pthread_mutex_unlock(&d->lock);
}

bool database_wait_writer(SqliteTxn *t, void (*granted)(LoopTask *task), void *owner)
{
	Database *d = t->db;
	t->wait_task = (LoopTask){ .fn = granted, .owner = owner };
	pthread_mutex_lock(&d->lock);
	bool got = !d->writer_busy;
	if (got) {
		d->writer_busy = true;
		d->writer_owner = t;
		t->granted = true;
	} else {
		t->waiting = true;
		t->wait_list = &d->waiters;
		list_append(&d->waiters, &t->wait_node);
		got = t->nlocks && locks_closes_circle(t);
		if (!got && wait_due(t) != INT64_MAX)
			waiters_watch(d);
	}
	pthread_mutex_unlock(&d->lock);
	return got;
}

bool database_stop_waiting(SqliteTxn *t)
{
	Database *d = t->db;
	bool found = false;
	pthread_mutex_lock(&d->lock);
	pthread_mutex_lock(&d->sync.lock);
	if (t->waiting && list_linked(&t->wait_node)) {
		list_remove(t->wait_list, &t->wait_node);
		t->waiting = false;
		found = true;
	}
	pthread_mutex_unlock(&d->sync.lock);
	pthread_mutex_unlock(&d->lock);
	return found;
}

Db *database_borrow_writer(Database *d)
{
	SqliteTxn me = { .db = d };
	pthread_mutex_lock(&d->lock);
	if (d->writer_busy) {
		list_append(&d->waiters, &me.wait_node);
		while (!me.granted)
			pthread_cond_wait(&d->writer_given, &d->lock);
	}
	d->writer_busy = true;
	pthread_mutex_unlock(&d->lock);
	return d->writer->db;
}

void database_return_writer(Database *d, bool wrote)
{
	uint64_t ticket = wrote ? syncer_note_commit(d) : 0;
	writer_release(d);
	if (ticket)
		syncer_wait_blocking(d, ticket);
}
