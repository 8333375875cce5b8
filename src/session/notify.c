/*
 * LISTEN, NOTIFY and UNLISTEN. What a transaction says takes effect when it commits (PostgreSQL's async.c).
 *
 * Each session that has used them has a Notify, which other threads know as long as it listens: they put messages into its inbox and post
 * its task. The task runs on the leading thread, where a session that rests may be touched; one that does not rest looks into its inbox
 * itself before its next ReadyForQuery.
 */
#include "session/internal.h"

typedef struct Message {
	struct Message *next;
	uint32_t pid;
	char *channel, *payload;
} Message;

typedef enum { DO_LISTEN, DO_UNLISTEN, DO_NOTIFY } ActionKind;

typedef struct Action {
	struct Action *next;
	ActionKind kind;
	char *channel, *payload; /* channel NULL: UNLISTEN * */
	int level;		 /* savepoints open when it was said */
} Action;

typedef struct Notify {
	ListNode node; /* in server->listeners, when it listens; the rest of this group under server->lock */
	Server *server;
	Session *s; /* NULL: the session is gone, and the task frees this */
	bool resting, posted;
	char **channels;
	size_t nchannels, cap;
	Message *inbox, **inbox_end;
	LoopTask task;
	/* The session's own */
	Action *actions, **actions_end; /* of the open transaction */
} Notify;

enum { PAYLOAD_MAX = 8000, CHANNEL_MAX = 64 };

static void free_messages(Message *m)
{
	for (Message *next; m; m = next) {
		next = m->next;
		free(m->channel);
		free(m->payload);
		free(m);
	}
}

static void free_action(Action *a)
{
	free(a->channel);
	free(a->payload);
	free(a);
}

static void free_notify(Notify *n)
{
	for (size_t i = 0; i < n->nchannels; i++)
		free(n->channels[i]);
	free(n->channels);
	free_messages(n->inbox);
	free(n);
}

static Notify *notify_of(Session *s)
{
	if (!s->notify) {
		s->notify = mem_alloc(sizeof *s->notify);
		s->notify->s = s;
		s->notify->server = s->server;
		s->notify->inbox_end = &s->notify->inbox;
		s->notify->actions_end = &s->notify->actions;
	}
	return s->notify;
}

/* --- what the open transaction has said --- */

static void forget_actions(Notify *n, int level)
{
	Action **at = &n->actions;
	while (*at) {
		Action *a = *at;
		if (a->level < level) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		free_action(a);
	}
	n->actions_end = at;
}

static void add_action(Session *s, ActionKind kind, const char *channel, const char *payload)
{
	Notify *n = notify_of(s);
	Action *a = mem_alloc(sizeof *a);
	*a = (Action){ .kind = kind,
		       .channel = channel ? mem_strdup(channel) : NULL,
		       .payload = payload ? mem_strdup(payload) : NULL,
		       .level = s->txn.nsavepoints };
	*n->actions_end = a;
	n->actions_end = &a->next;
}

/* The same message again in one transaction is sent once. */
static bool said_already(const Notify *n, const char *channel, const char *payload)
{
	for (const Action *a = n->actions; a; a = a->next)
		if (a->kind == DO_NOTIFY && streq(a->channel, channel) && streq(a->payload, payload))
			return true;
	return false;
}

int notify_add(void *arg, const char *channel, const char *payload, Error *err)
{
	Session *s = arg;
	if (!*channel)
		return err_set(err, "22023", "channel name cannot be empty");
	if (strlen(channel) >= CHANNEL_MAX)
		return err_set(err, "22023", "channel name too long");
	if (strlen(payload) >= PAYLOAD_MAX)
		return err_set(err, "22023", "payload string too long");
	if (!said_already(notify_of(s), channel, payload))
		add_action(s, DO_NOTIFY, channel, payload);
	return 0;
}

RunResult notify_statement(Session *s, const Plan *plan, Error *err)
{
	if (plan->kind == PLAN_NOTIFY) {
		if (notify_add(s, plan->name, plan->nvalues ? plan->values[0] : "", err) != 0)
			return RUN_ERROR;
	} else if (plan->kind == PLAN_LISTEN) {
		add_action(s, DO_LISTEN, plan->name, NULL);
	} else {
		notify_unlisten(s, plan->name);
	}
	wire_put_command_complete(&s->out, plan->tag);
	return RUN_DONE;
}

void notify_unlisten(Session *s, const char *channel)
{
	if (s->notify)
		add_action(s, DO_UNLISTEN, channel, NULL);
}

void notify_rollback_to(Session *s, int level)
{
	if (s->notify)
		forget_actions(s->notify, level);
}

/* --- channels --- */

static bool listens(const Notify *n, const char *channel)
{
	for (size_t i = 0; i < n->nchannels; i++)
		if (streq(n->channels[i], channel))
			return true;
	return false;
}

const char *notify_listening(void *arg, size_t i)
{
	const Session *s = arg;
	return s->notify && i < s->notify->nchannels ? s->notify->channels[i] : NULL;
}

/* Under lock. */
static void listen_to(Server *sv, Notify *n, const char *channel)
{
	if (listens(n, channel))
		return;
	n->channels = mem_grow(n->channels, &n->cap, n->nchannels + 1, sizeof *n->channels);
	n->channels[n->nchannels++] = mem_strdup(channel);
	if (!list_linked(&n->node))
		list_append(&sv->listeners, &n->node);
}

/* Under lock; NULL = all. */
static void unlisten(Server *sv, Notify *n, const char *channel)
{
	size_t kept = 0;
	for (size_t i = 0; i < n->nchannels; i++) {
		if (channel && !streq(n->channels[i], channel))
			n->channels[kept++] = n->channels[i];
		else
			free(n->channels[i]);
	}
	n->nchannels = kept;
	if (kept == 0 && list_linked(&n->node))
		list_remove(&sv->listeners, &n->node);
}

/* --- sending --- */

static void on_message(LoopTask *task)
{
	Notify *n = task->owner;
	pthread_mutex_lock(&n->server->lock);
	n->posted = false;
	Session *s = n->s;
	bool resting = n->resting;
	pthread_mutex_unlock(&n->server->lock);
	if (!s) {
		free_notify(n);
		return;
	}
	/* Of a session that rests nothing is under way; when the client does not read, the rest goes with its next answer. */
	if (resting && s->source == SOURCE_SQLITE && s->park == PARK_NONE && s->state == SESSION_READY && !s->in_extended) {
		notify_deliver(s);
		session_continue(s);
	}
}

/* Under lock. */
static void post(Server *sv, Notify *n)
{
	if (!n->resting || n->posted)
		return;
	n->posted = true;
	n->task = (LoopTask){ .fn = on_message, .owner = n };
	loop_post(sv->loop, &n->task);
}

/* Under lock. */
static void send_to(Server *sv, Notify *n, uint32_t pid, const Action *a)
{
	Message *m = mem_alloc(sizeof *m);
	*m = (Message){ .pid = pid, .channel = mem_strdup(a->channel), .payload = mem_strdup(a->payload) };
	*n->inbox_end = m;
	n->inbox_end = &m->next;
	post(sv, n);
}

static void notify_all(Session *s, const Action *a)
{
	Server *sv = s->server;
	for (ListNode *p = list_first(&sv->listeners); p; p = list_after(&sv->listeners, p)) {
		Notify *n = list_item(p, Notify, node);
		if (n->s->txn.db == s->txn.db && listens(n, a->channel))
			send_to(sv, n, s->pid, a);
	}
}

void notify_end_transaction(Session *s, bool committed)
{
	Notify *n = s->notify;
	if (!n || !n->actions)
		return;
	Server *sv = s->server;
	pthread_mutex_lock(&sv->lock);
	for (const Action *a = committed ? n->actions : NULL; a; a = a->next) {
		if (a->kind == DO_LISTEN)
			listen_to(sv, n, a->channel);
		else if (a->kind == DO_UNLISTEN)
			unlisten(sv, n, a->channel);
	}
	for (const Action *a = committed ? n->actions : NULL; a; a = a->next)
		if (a->kind == DO_NOTIFY)
			notify_all(s, a);
	pthread_mutex_unlock(&sv->lock);
	forget_actions(n, 0);
}

/* --- receiving --- */

static void put_message(Session *s, const Message *m)
{
	_cleanup_(buf_free) Buf channel = { 0 }, payload = { 0 };
	Error err;
	if (type_send_text(str_of(m->channel), &s->types, &channel, &err) != 0 ||
	    type_send_text(str_of(m->payload), &s->types, &payload, &err) != 0)
		session_put_error(s, &err, "ERROR");
	else
		wire_put_notification(&s->out, m->pid, buf_cstr(&channel), buf_cstr(&payload));
}

void notify_deliver(Session *s)
{
	Notify *n = s->notify;
	if (s->txn.status != 'I')
		return;
	pthread_mutex_lock(&s->server->lock);
	Message *all = n->inbox;
	n->inbox = NULL;
	n->inbox_end = &n->inbox;
	pthread_mutex_unlock(&s->server->lock);
	for (Message *m = all; m; m = m->next)
		put_message(s, m);
	free_messages(all);
}

void notify_rest(Session *s)
{
	Notify *n = s->notify;
	pthread_mutex_lock(&s->server->lock);
	n->resting = true;
	if (n->inbox && s->txn.status == 'I')
		post(s->server, n);
	pthread_mutex_unlock(&s->server->lock);
}

void notify_wake(Session *s)
{
	pthread_mutex_lock(&s->server->lock);
	s->notify->resting = false;
	pthread_mutex_unlock(&s->server->lock);
}

void notify_free(Session *s)
{
	Notify *n = s->notify;
	if (!n)
		return;
	forget_actions(n, 0);
	pthread_mutex_lock(&s->server->lock);
	unlisten(s->server, n, NULL);
	n->s = NULL;
	bool posted = n->posted;
	pthread_mutex_unlock(&s->server->lock);
	s->notify = NULL;
	if (!posted)
		free_notify(n);
}
