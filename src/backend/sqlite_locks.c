#include "backend/sqlite_locks.h"

#include "backend/sqlite_internal.h"
#include "base/clock.h"
#include "catalog/sessionvars.h"

#include <stdio.h>

enum { LONGEST_CIRCLE = 100 };

/* One transaction's or session's hold on a lock, as often as it was taken at this savepoint level. All under Database.lock. */
struct LockHold {
	ListNode node; /* in Database.locks */
	SqliteTxn *owner;
	LockRequest what;
	int level; /* savepoints, for what belongs to the transaction */
	int64_t count;
	int64_t taken;	/* by the statement that runs; part of count */
	int64_t handed; /* part of count that the statement, when it runs again, has not asked for yet */
};

static bool same_key(const LockKey *x, const LockKey *y)
{
	return x->hi == y->hi && x->lo == y->lo && x->kind == y->kind;
}

static bool conflict(const LockRequest *x, const LockRequest *y)
{
	return same_key(&x->key, &y->key) && !(x->shared && y->shared);
}

/* A hold of somebody else that keeps `r` from being given to t; the search goes on behind `from`. */
static LockHold *blocked_by(const SqliteTxn *t, const LockRequest *r, const LockHold *from)
{
	const List *l = &t->db->locks;
	for (ListNode *n = from ? list_after(l, &from->node) : list_first(l); n; n = list_after(l, n)) {
		LockHold *h = list_item(n, LockHold, node);
		if (h->owner != t && conflict(&h->what, r))
			return h;
	}
	return NULL;
}

static LockHold *find_hold(const SqliteTxn *t, const LockRequest *r, int level)
{
	for (ListNode *n = list_first(&t->db->locks); n; n = list_after(&t->db->locks, n)) {
		LockHold *h = list_item(n, LockHold, node);
		bool same = h->owner == t && same_key(&h->what.key, &r->key) && h->what.shared == r->shared;
		if (same && h->what.in_transaction == r->in_transaction && (level < 0 || h->level == level))
			return h;
	}
	return NULL;
}

static bool holds_any(const SqliteTxn *t, const LockKey *key)
{
	for (ListNode *n = list_first(&t->db->locks); n; n = list_after(&t->db->locks, n)) {
		const LockHold *h = list_item(n, LockHold, node);
		if (h->owner == t && same_key(&h->what.key, key))
			return true;
	}
	return false;
}

/* Somebody who came earlier waits for what this one wants. */
static bool others_first(const SqliteTxn *t, const LockRequest *r)
{
	const List *l = &t->db->lock_waiters;
	for (ListNode *n = list_first(l); n && n != &t->wait_node; n = list_after(l, n))
		if (conflict(&list_item(n, SqliteTxn, wait_node)->lock_wanted, r))
			return true;
	return false;
}

static bool is_free(const SqliteTxn *t, const LockRequest *r)
{
	return !blocked_by(t, r, NULL) && (holds_any(t, &r->key) || !others_first(t, r));
}

static LockHold *hold(SqliteTxn *t, const LockRequest *r)
{
	int level = r->in_transaction ? t->nsavepoints : 0;
	LockHold *h = find_hold(t, r, level);
	if (!h) {
		h = mem_alloc(sizeof *h);
		*h = (LockHold){ .owner = t, .what = *r, .level = level };
		list_append(&t->db->locks, &h->node);
		t->nlocks++;
	}
	h->count++;
	return h;
}

static void let_go(Database *d, LockHold *h)
{
	list_remove(&d->locks, &h->node);
	h->owner->nlocks--;
	free(h);
}

/* Gives what has become free to those who wait. */
static void serve(Database *d)
{
	bool threads = false;
	for (ListNode *n = list_first(&d->lock_waiters), *next; n; n = next) {
		next = list_after(&d->lock_waiters, n);
		SqliteTxn *t = list_item(n, SqliteTxn, wait_node);
		if (!is_free(t, &t->lock_wanted))
			continue;
		hold(t, &t->lock_wanted)->handed++;
		list_remove(&d->lock_waiters, n);
		t->waiting = false;
		t->lock_deadline_us = 0;
		if (t->wait_task.fn)
			loop_post(d->set->loop, &t->wait_task);
		else
			threads = true;
	}
	if (threads)
		pthread_cond_broadcast(&d->writer_given);
}

bool locks_try(SqliteTxn *t, const LockRequest *r)
{
	Database *d = t->db;
	pthread_mutex_lock(&d->lock);
	LockHold *h = find_hold(t, r, -1);
	bool got = true;
	if (h && h->handed > 0) {
		h->handed--;
		h->taken++;
	} else if (is_free(t, r)) {
		hold(t, r)->taken++;
	} else {
		t->lock_wanted = *r;
		got = false;
	}
	pthread_mutex_unlock(&d->lock);
	return got;
}

bool locks_unlock(SqliteTxn *t, const LockRequest *r)
{
	Database *d = t->db;
	pthread_mutex_lock(&d->lock);
	LockHold *h = find_hold(t, r, 0);
	if (h && --h->count <= 0) {
		let_go(d, h);
		serve(d);
	}
	pthread_mutex_unlock(&d->lock);
	return h != NULL;
}

/* Lets go of this transaction's holds that `which` says. */
static void release(SqliteTxn *t, bool (*which)(const LockHold *h, int level), int level)
{
	Database *d = t->db;
	bool any = false;
	if (!t->nlocks)
		return;
	pthread_mutex_lock(&d->lock);
	for (ListNode *n = list_first(&d->locks), *next; n; n = next) {
		next = list_after(&d->locks, n);
		LockHold *h = list_item(n, LockHold, node);
		if (h->owner != t || !which(h, level))
			continue;
		let_go(d, h);
		any = true;
	}
	if (any)
		serve(d);
	pthread_mutex_unlock(&d->lock);
}

static bool of_session(const LockHold *h, int level)
{
	return !h->what.in_transaction;
}

static bool of_transaction(const LockHold *h, int level)
{
	return h->what.in_transaction && h->level >= level;
}

static bool never_asked_for(const LockHold *h, int level)
{
	return h->count <= 0;
}

void locks_unlock_all(SqliteTxn *t)
{
	release(t, of_session, 0);
}

void locks_end_transaction(SqliteTxn *t)
{
	release(t, of_transaction, 0);
}

void locks_rollback_to(SqliteTxn *t, int level)
{
	release(t, of_transaction, level);
}

/* Runs over the holds of t. */
static void each_hold(SqliteTxn *t, void (*fn)(LockHold *h, int level), int level)
{
	if (!t->nlocks)
		return;
	pthread_mutex_lock(&t->db->lock);
	for (ListNode *n = list_first(&t->db->locks); n; n = list_after(&t->db->locks, n)) {
		LockHold *h = list_item(n, LockHold, node);
		if (h->owner == t)
			fn(h, level);
	}
	pthread_mutex_unlock(&t->db->lock);
}

static void move_level(LockHold *h, int level)
{
	h->level = h->level > level ? level : h->level;
}

void locks_release_savepoint(SqliteTxn *t, int level)
{
	each_hold(t, move_level, level);
}

static void forget_handed(LockHold *h, int level)
{
	h->count -= h->handed;
	h->handed = h->taken = 0;
}

static void hand_taken(LockHold *h, int level)
{
	h->handed += h->taken;
	h->taken = 0;
}

void locks_end_statement(SqliteTxn *t)
{
	if (!t->nlocks)
		return;
	each_hold(t, forget_handed, 0);
	release(t, never_asked_for, 0);
}

/* --- who waits for whom --- */

typedef struct Circle {
	const SqliteTxn *start;
	const SqliteTxn *path[LONGEST_CIRCLE];
	size_t n;
} Circle;

static bool waits_for(const SqliteTxn *t, Circle *c);

static bool leads_back(const SqliteTxn *blocker, Circle *c)
{
	return blocker && (blocker == c->start || waits_for(blocker, c));
}

/* True when following those that t waits for comes back to the start. */
static bool waits_for(const SqliteTxn *t, Circle *c)
{
	const Database *d = t->db;
	if (!t->waiting || c->n == LONGEST_CIRCLE)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->path[i] == t)
			return false;
	c->path[c->n++] = t;
	if (t->wait_list == &d->waiters && leads_back(d->writer_owner, c))
		return true;
	if (t->wait_list == &d->lock_waiters)
		for (LockHold *h = NULL; (h = blocked_by(t, &t->lock_wanted, h));)
			if (leads_back(h->owner, c))
				return true;
	c->n--;
	return false;
}

static void say_wait(const SqliteTxn *t, const SqliteTxn *blocker, char *out, size_t cap)
{
	const LockRequest *r = &t->lock_wanted;
	int32_t pid = t->vars ? t->vars->backend_pid : 0, by = blocker->vars ? blocker->vars->backend_pid : 0;
	if (t->wait_list == &t->db->waiters)
		snprintf(out, cap, "Process %d waits for the write connection of database \"%s\"; blocked by process %d.", pid, t->db->name,
			 by);
	else
		snprintf(out, cap, "Process %d waits for %s on advisory lock [%u,%u,%u,%d]; blocked by process %d.", pid,
			 r->shared ? "ShareLock" : "ExclusiveLock", t->cat->db_oid, r->key.hi, r->key.lo, r->key.kind, by);
}

/* Takes t, which has just begun to wait, out again when that closed a circle. */
static bool break_circle(SqliteTxn *t)
{
	Circle c = { .start = t };
	if (!waits_for(t, &c))
		return false;
	Buf detail = { 0 };
	for (size_t i = 0; i < c.n; i++) {
		char line[200];
		say_wait(c.path[i], c.path[(i + 1) % c.n], line, sizeof line);
		buf_printf(&detail, "%s%s", i ? "\n" : "", line);
	}
	free(t->deadlock);
	t->deadlock = mem_strdup(buf_cstr(&detail));
	buf_free(&detail);
	list_remove(t->wait_list, &t->wait_node);
	t->waiting = false;
	return true;
}

bool locks_closes_circle(SqliteTxn *t)
{
	return break_circle(t);
}

int locks_wait_failed(SqliteTxn *t, Error *err)
{
	int64_t now = clock_mono_us(), lock_deadline = t->lock_deadline_us;
	t->lock_deadline_us = 0;
	if (t->deadlock) {
		err_set(err, "40P01", "deadlock detected");
		err_detail(err, "%s", t->deadlock);
		err_hint(err, "See server log for query details.");
		free(t->deadlock);
		t->deadlock = NULL;
		return -1;
	}
	if (t->granted)
		return 0;
	if (lock_deadline && now >= lock_deadline)
		return err_set(err, "55P03", "canceling statement due to lock timeout");
	return 0;
}

/* --- waiting --- */

/* Under lock: true when there is nothing to wait for. */
static bool queue_up(SqliteTxn *t)
{
	if (is_free(t, &t->lock_wanted)) {
		hold(t, &t->lock_wanted)->handed++;
		return true;
	}
	t->waiting = true;
	t->wait_since_us = clock_wall_us() - POSTGRES_EPOCH_US;
	t->wait_list = &t->db->lock_waiters;
	list_append(t->wait_list, &t->wait_node);
	return break_circle(t);
}

bool locks_wait(SqliteTxn *t, void (*granted)(LoopTask *task), void *owner)
{
	Database *d = t->db;
	each_hold(t, hand_taken, 0);
	t->wait_task = (LoopTask){ .fn = granted, .owner = owner };
	pthread_mutex_lock(&d->lock);
	bool done = queue_up(t);
	if (!done)
		waiters_watch(d);
	pthread_mutex_unlock(&d->lock);
	return done;
}

static int64_t first_deadline(const SqliteTxn *t)
{
	int64_t due = INT64_MAX;
	due = t->deadline_us && t->deadline_us < due ? t->deadline_us : due;
	return t->lock_deadline_us && t->lock_deadline_us < due ? t->lock_deadline_us : due;
}

int locks_wait_here(SqliteTxn *t, Error *err)
{
	Database *d = t->db;
	t->wait_task.fn = NULL;
	pthread_mutex_lock(&d->lock);
	if (!queue_up(t)) {
		while (t->waiting && !atomic_load(&t->cancel) && clock_mono_us() < first_deadline(t) && !loop_stopping(d->set->loop)) {
			/* Short, because a stop of the loop wakes nobody here. */
			struct timespec until;
			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += 20 * 1000 * 1000;
			until.tv_sec += until.tv_nsec / 1000000000;
			until.tv_nsec %= 1000000000;
			pthread_cond_timedwait(&d->writer_given, &d->lock, &until);
		}
		if (t->waiting)
			list_remove(t->wait_list, &t->wait_node);
	}
	bool got = !t->waiting && !t->deadlock;
	t->waiting = false;
	LockHold *h = got ? find_hold(t, &t->lock_wanted, -1) : NULL;
	if (h && h->handed > 0) {
		h->handed--;
		h->taken++;
	}
	pthread_mutex_unlock(&d->lock);
	if (got)
		return 0;
	if (locks_wait_failed(t, err) != 0)
		return -1;
	bool timeout = t->deadline_us && clock_mono_us() >= t->deadline_us;
	return err_set(err, "57014", "canceling statement due to %s", timeout ? "statement timeout" : "user request");
}

/* --- pg_locks --- */

LockRow *locks_list(Database *d, Arena *a, size_t *n)
{
	pthread_mutex_lock(&d->lock);
	LockRow *rows = arena_array(a, LockRow, d->locks.count + d->lock_waiters.count + 1);
	*n = 0;
	for (ListNode *p = list_first(&d->locks); p; p = list_after(&d->locks, p)) {
		const LockHold *h = list_item(p, LockHold, node);
		rows[(*n)++] = (LockRow){ h->what.key, h->what.shared, true, h->owner->vars ? h->owner->vars->backend_pid : 0, 0 };
	}
	for (ListNode *p = list_first(&d->lock_waiters); p; p = list_after(&d->lock_waiters, p)) {
		const SqliteTxn *t = list_item(p, SqliteTxn, wait_node);
		rows[(*n)++] =
			(LockRow){ t->lock_wanted.key, t->lock_wanted.shared, false, t->vars ? t->vars->backend_pid : 0, t->wait_since_us };
	}
	pthread_mutex_unlock(&d->lock);
	return rows;
}
