/* CREATE, DROP and ALTER … RENAME of a database, for a session. */
#include "session/internal.h"

#include "base/clock.h"

#include <sys/socket.h>

enum { WAIT_US = 5 * 1000 * 1000, LOOK_US = 10 * 1000 }; /* for others to leave the database */

static int check(const Session *s, const Exec *x, const Plan *plan, Error *err)
{
	if (!s->txn.implicit || x->several)
		return err_set(err, "25001", "%s cannot run inside a transaction block", plan->tag);
	if (s->txn.read_only)
		return err_set(err, "25006", "cannot execute %s in a read-only transaction", plan->tag);
	if (s->server->opt.primary_database)
		return err_refuse(err, 0, "%s while a primary is configured", plan->tag);
	const DatabasePlan *p = plan->database;
	if (p->what == 'd' && streq(p->name, s->database))
		return err_set(err, "55006", "cannot drop the currently open database");
	if (p->what == 'r' && streq(p->name, s->database))
		return err_set(err, "0A000", "current database cannot be renamed");
	return 0;
}

static int run(Session *s, const DatabasePlan *p, Error *err)
{
	DbSet *set = s->server->dbs;
	switch (p->what) {
	case 'c':
		return dbset_create(set, p->name, p->template, s->txn.db, err);
	case 'd':
		return dbset_drop(set, p->name, err);
	default:
		return dbset_rename(set, p->name, p->new_name, err);
	}
}

/* Ends the sessions of a database: each gets the end of its client's messages, and sees that it was meant. */
static void end_sessions(Server *sv, const char *database)
{
	pthread_mutex_lock(&sv->lock);
	for (ListNode *n = list_first(&sv->sessions); n; n = list_after(&sv->sessions, n)) {
		Session *other = list_item(n, Session, node);
		if (!other->txn.db || !streq(database_name(other->txn.db), database))
			continue;
		atomic_store(&other->txn.cancel, true);
		database_cancel_wait(&other->txn);
		if (!atomic_exchange(&other->terminated, true))
			shutdown(other->io.fd, SHUT_RD);
	}
	pthread_mutex_unlock(&sv->lock);
}

RunResult database_statement(Session *s, const Exec *x, Error *err)
{
	const Plan *plan = x->plan->plan;
	const DatabasePlan *p = plan->database;
	if (!s->again && check(s, x, plan, err) != 0)
		return RUN_ERROR;
	if (!s->again)
		s->wait_until_us = clock_mono_us() + WAIT_US;
	/* Files are made, copied and synced now: that takes a while. */
	exec_leave_loop(s);
	int rc = run(s, p, err);
	if (rc != 0 && err_is(err, "55006") && clock_mono_us() < s->wait_until_us) {
		if (p->force)
			end_sessions(s->server, p->name);
		return RUN_WANT_OTHERS_GONE;
	}
	if (rc != 0 && err_is(err, "3D000") && p->what == 'd' && p->missing_ok) {
		Error notice;
		err_set(&notice, "00000", "database \"%s\" does not exist, skipping", p->name);
		rc = run_notice(&s->txn, &notice, "NOTICE", &s->out, err);
	}
	if (rc != 0)
		return RUN_ERROR;
	wire_put_command_complete(&s->out, plan->tag);
	return RUN_DONE;
}

static void on_look(LoopTimer *timer)
{
	Session *s = timer->owner;
	s->park = PARK_NONE;
	session_continue(s);
}

void database_look_again(Session *s)
{
	s->idle_timer.fn = on_look;
	s->idle_timer.owner = s;
	loop_timer_set(s->server->loop, &s->idle_timer, clock_mono_us() + LOOK_US);
}

const DatabaseRow *database_list(void *arg, Arena *a, size_t *n)
{
	const Session *s = arg;
	return dbset_list(s->server->dbs, a, n);
}
