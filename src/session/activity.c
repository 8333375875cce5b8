/*
 * What other sessions may know of this one: pg_stat_activity, pg_cancel_backend, pg_terminate_backend.
 *
 * A session writes its line under its own lock; readers take the server's lock first, under which no session goes away.
 */
#include "session/internal.h"

#include "base/clock.h"

#include <sys/socket.h>

enum { QUERY_SHOWN = 1023 };
#define POSTGRES_EPOCH_US 946684800000000LL

void activity_begin(Session *s, Str text)
{
	Activity *a = &s->activity;
	size_t n = text.n < QUERY_SHOWN ? text.n : QUERY_SHOWN;
	/* Not in the middle of a character. */
	while (n < text.n && n > 0 && ((uint8_t)text.p[n] & 0xc0) == 0x80)
		n--;
	pthread_mutex_lock(&a->lock);
	buf_clear(&a->query);
	buf_put(&a->query, text.p, n);
	a->query_start_us = a->state_change_us = clock_wall_us() - POSTGRES_EPOCH_US;
	a->xact_start_us = s->txn.status == 'I' ? a->query_start_us : s->types.xact_start_us;
	a->state = 'a';
	pthread_mutex_unlock(&a->lock);
}

void activity_end(Session *s)
{
	Activity *a = &s->activity;
	pthread_mutex_lock(&a->lock);
	a->state = s->txn.status;
	a->xact_start_us = s->txn.status == 'I' ? 0 : s->types.xact_start_us;
	a->state_change_us = clock_wall_us() - POSTGRES_EPOCH_US;
	pthread_mutex_unlock(&a->lock);
}

/* application_name is about to change. */
void activity_set_application(Session *s, const char *name)
{
	pthread_mutex_lock(&s->activity.lock);
	free(s->application_name);
	s->application_name = mem_strdup(name);
	s->vars->application_name = s->application_name;
	pthread_mutex_unlock(&s->activity.lock);
}

static const char *state_name(char state)
{
	switch (state) {
	case 'a':
		return "active";
	case 'T':
		return "idle in transaction";
	case 'E':
		return "idle in transaction (aborted)";
	default:
		return "idle";
	}
}

static void fill_wait(const Session *s, ActivityRow *r)
{
	SessionPark park = s->park;
	r->wait_type = r->state[0] == 'i' ? "Client" : park == PARK_WRITER || park == PARK_LOCK ? "Lock" : park == PARK_SYNC ? "IO" : NULL;
	r->wait = r->state[0] == 'i'	? "ClientRead"
		  : park == PARK_WRITER ? "transactionid"
		  : park == PARK_LOCK	? "advisory"
		  : park == PARK_SYNC	? "WALSync"
					: NULL;
}

static const char *copy(Arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

static void fill_row(Session *s, Arena *a, ActivityRow *r)
{
	Activity *act = &s->activity;
	pthread_mutex_lock(&act->lock);
	*r = (ActivityRow){ .pid = (int32_t)s->pid,
			    .user = copy(a, s->user),
			    .database = copy(a, s->database),
			    .application_name = copy(a, s->application_name),
			    .client_addr = s->peer.is_unix ? NULL : copy(a, s->peer.host),
			    .client_port = s->peer.is_unix ? -1 : s->peer.port,
			    .state = state_name(act->state),
			    .query = act->query.len ? arena_strndup(a, (const char *)act->query.data, act->query.len) : "",
			    .session_start_us = s->vars->session_start_us,
			    .xact_start_us = act->xact_start_us,
			    .query_start_us = act->query_start_us,
			    .state_change_us = act->state_change_us };
	fill_wait(s, r);
	pthread_mutex_unlock(&act->lock);
}

const ActivityRow *activity_list(void *arg, Arena *a, size_t *n)
{
	Server *sv = ((Session *)arg)->server;
	pthread_mutex_lock(&sv->lock);
	ActivityRow *rows = arena_array(a, ActivityRow, sv->sessions.count + 1);
	*n = 0;
	for (ListNode *p = list_first(&sv->sessions); p; p = list_after(&sv->sessions, p)) {
		Session *s = list_item(p, Session, node);
		if (s->pid && s->vars)
			fill_row(s, a, &rows[(*n)++]);
	}
	pthread_mutex_unlock(&sv->lock);
	return rows;
}

bool activity_signal(void *arg, int32_t pid, bool terminate)
{
	Session *me = arg;
	Server *sv = me->server;
	uint64_t key = (uint32_t)pid;
	pthread_mutex_lock(&sv->lock);
	Session *s = map_get(&sv->by_pid, map_u64_key(&key));
	if (s) {
		if (terminate)
			atomic_store(&s->terminated, true);
		if (!(sv->relay && sv->relay->cancel && sv->relay->cancel(s))) {
			atomic_store(&s->txn.cancel, true);
			if (s->txn.db && s != me)
				database_cancel_wait(&s->txn);
		}
		/* One that rests hears of the end of its input. */
		if (terminate && s != me)
			shutdown(s->io.fd, SHUT_RD);
	}
	pthread_mutex_unlock(&sv->lock);
	if (!s) {
		Error e;
		err_set(&e, "01000", "PID %d is not a PostgreSQL server process", pid);
		notice_put(me->vars, &me->out, &e, "WARNING");
	}
	return s != NULL;
}
