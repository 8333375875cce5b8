#include "session/failover.h"
#include "session/failover_internal.h"
#include "session/guc.h"

#include "base/log.h"

#include <assert.h>

enum { FENCE_LOOK_US = 2000 };

/* --- counting for the route's fences --- */

void cross_count(Cross *x, RouteGo side)
{
	assert(!x->counted);
	x->counted = true;
	x->side = side;
}

void cross_uncount(Cross *x)
{
	if (!x->counted)
		return;
	x->counted = false;
	route_leave(x->f->cfg.route, x->side);
}

/* At a boundary on SQLite: nothing open, nothing half done. */
static bool sqlite_idle(const Cross *x)
{
	const Session *s = x->s;
	return !s->off_loop && s->source == SOURCE_SQLITE && s->park == PARK_NONE && !s->in_extended && s->state == SESSION_READY &&
	       (s->txn.db == NULL || s->txn.status == 'I');
}

/* --- what clients are told of the side --- */

void cross_tell_source(Cross *x, char source)
{
	if (x->told_source == source)
		return;
	x->told_source = source;
	wire_put_parameter_status(&x->s->out, "understudy.source", source == 'p' ? "postgres" : "sqlite");
}

/* What the statements were read under: the server's own defaults may differ from SQLite's, and what was set comes last. */
static void add_server_settings(Cross *x, Redo *r)
{
	static const char *const names[] = { "DateStyle", "IntervalStyle", "TimeZone" };
	Buf b = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = x->link ? pglink_parameter(x->link, names[i]) : NULL;
		if (value && !strchr(value, '\''))
			buf_printf(&b, "SET %s = '%s'; ", names[i], value);
	}
	for (size_t i = 0; i + 1 < x->nparams; i += 2)
		if (streq(x->params[i], "search_path"))
			buf_printf(&b, "SET search_path = %s; ", x->params[i + 1]);
		else if (streq(x->params[i], "client_encoding") && !strchr(x->params[i + 1], '\''))
			buf_printf(&b, "SET client_encoding = '%s'; ", x->params[i + 1]);
	buf_puts(&b, r->settings);
	buf_put_u8(&b, 0);
	free(r->settings);
	r->settings = (char *)b.data;
}

static void hear_commit(void *ctx, Redo *r)
{
	Cross *x = ctx;
	if (!x->f->cfg.redo) {
		redo_free(r);
		return;
	}
	r->user = mem_strdup(x->user);
	add_server_settings(x, r);
	redo_add(x->f->cfg.redo, r);
}

const RelayHooks cross_hooks = { .committed = hear_commit };

/* --- waiting --- */

void cross_park(Cross *x)
{
	x->waiting = true;
	x->s->park = PARK_ROUTE;
	loop_want(x->s->server->loop, &x->s->io, 0);
}

static void unpark(Cross *x)
{
	Session *s = x->s;
	x->waiting = false;
	s->park = PARK_NONE;
	loop_want(s->server->loop, &s->io, EPOLLIN);
	if (s->state == SESSION_LOGIN) {
		RouteGo go = route_enter(x->f->cfg.route);
		Error err = { 0 };
		if (go == GO_WAIT) {
			cross_park(x);
			return;
		}
		if (go == GO_PRIMARY) {
			cross_count(x, go);
			cross_login_begin(x);
			return;
		}
		if (go == GO_SQLITE)
			route_leave(x->f->cfg.route, go);
		x->welcomed = true;
		x->told_source = 's'; /* the welcome says so */
		s->state = SESSION_READY;
		if (go == GO_REFUSE)
			session_fatal(s, "57P03", "the primary is unavailable and SQLite may not take its place");
		else if (session_welcome_sqlite(s, &err) < 0)
			session_error(s, &err);
	}
	session_continue(s);
}

/* The route has changed, or it is time to look again. */
static void look_again(Failover *f)
{
	Route *r = f->cfg.route;
	RouteGo go = route_go(r);
	ListNode *next;
	for (ListNode *n = list_first(&f->crosses); n; n = next) {
		next = list_after(&f->crosses, n);
		Cross *x = list_item(n, Cross, node);
		Session *s = x->s;
		if (s->off_loop || x->logging_in)
			continue;
		if (x->counted && x->side == GO_SQLITE && sqlite_idle(x))
			cross_uncount(x);
		if (x->waiting && go != GO_WAIT) {
			unpark(x); /* may free x */
			continue;
		}
		bool quiet = x->link ? relay_idle(pglink_relay(x->link)) : sqlite_idle(x) && !x->aborted;
		if (x->welcomed && quiet && s->park == PARK_NONE && (go == GO_PRIMARY || go == GO_SQLITE)) {
			cross_tell_source(x, go == GO_PRIMARY ? 'p' : 's');
			if (!session_flush(s))
				session_free(s);
		}
	}
	if (go == GO_WAIT && route_state(r) == ROUTE_RETURNING)
		loop_timer_set(f->server->loop, &f->timer, loop_now_us(f->server->loop) + FENCE_LOOK_US);
}

/* The primary is given up: whoever still waits for it is told so, or only those who lose nothing by it. */
static void cut_links(Failover *f, bool all)
{
	ListNode *next;
	for (ListNode *n = list_first(&f->crosses); n; n = next) {
		next = list_after(&f->crosses, n);
		Cross *x = list_item(n, Cross, node);
		if (x->logging_in) {
			cross_uncount(x); /* login_done sees that the primary is not wanted any more */
		} else if (x->link && x->counted && (all || cross_may_forgo(x))) {
			cross_lost(x, "08006", "the primary does not answer");
			session_continue(x->s); /* may free x */
		}
	}
}

static void timer_look(LoopTimer *t)
{
	look_again(t->owner);
}

static void task_look(LoopTask *t)
{
	Failover *f = t->owner;
	atomic_store(&f->changed_posted, false);
	bool leave = atomic_exchange(&f->leave, false), cut = atomic_exchange(&f->cut, false);
	if (leave || cut)
		cut_links(f, cut);
	look_again(f);
}

static void route_changed(void *ctx, Route *r, RouteEvent event, RouteState from, RouteState to)
{
	Failover *f = ctx;
	if (event == ROUTE_EV_LEAVE)
		atomic_store(&f->leave, true);
	if (event == ROUTE_EV_CUT)
		atomic_store(&f->cut, true);
	if (!atomic_exchange(&f->changed_posted, true))
		loop_post(f->server->loop, &f->changed);
}

/* --- the SQLite side --- */

static void adopt_statements(Cross *x)
{
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&x->stmts.named, &at));) {
		PrepStmt *st = e->value;
		_cleanup_(mem_freep) uint32_t *oids = mem_alloc(sizeof(uint32_t) * (st->noids + 1u));
		for (size_t i = 0; i < st->noids; i++)
			oids[i] = prep_oid(st, i);
		session_adopt_prepared(x->s, str_of(st->name), st->text, oids, st->noids);
	}
	PrepStmt *u = x->stmts.unnamed;
	if (!u)
		return;
	_cleanup_(mem_freep) uint32_t *oids = mem_alloc(sizeof(uint32_t) * (u->noids + 1u));
	for (size_t i = 0; i < u->noids; i++)
		oids[i] = prep_oid(u, i);
	session_adopt_prepared(x->s, str_of(""), u->text, oids, u->noids);
}

/* SET name = value, as far as its value is one word or one quoted string; what else was set keeps SQLite's default. */
static void adopt_settings(Cross *x)
{
	char name[128], value[512];
	Error err;
	for (size_t i = 0; i < x->settings.n; i++) {
		const char *text = map_get(&x->settings.by_name, str_of(x->settings.order[i]));
		if (strncmp(x->settings.order[i], "prepare ", 8) == 0)
			continue;
		if (stmt_setting(str_of(text), name, sizeof name, value, sizeof value) && session_set(x->s, name, value, &err) < 0)
			log_debug("a setting could not be made on SQLite: %s", err.message);
	}
}

static bool enter_sqlite(Cross *x, const WireFrame *f)
{
	Session *s = x->s;
	Error err = { 0 };
	if (!s->txn.db && session_attach_sqlite(s, &err) < 0) {
		session_error(s, &err);
		if (f->type == 'Q')
			wire_put_ready(&s->out, 'I');
		else
			x->skip = true;
		return true;
	}
	if (!x->sqlite_ready) {
		x->sqlite_ready = true;
		s->txn.default_read_only = route_fallback(x->f->cfg.route) == FALLBACK_READ_ONLY;
		adopt_statements(x);
		adopt_settings(x);
		atomic_fetch_add(&x->f->switched, 1);
	}
	cross_tell_source(x, 's');
	return false;
}

/* Statements prepared and settings made on SQLite are known when the session goes back. */
static void remember(Cross *x, const WireFrame *f)
{
	WireParse p;
	WireTarget t;
	Str text;
	Error err;
	bool alone;
	if (f->type == 'P' && wire_read_parse(f->body, &p, &err) == 0) {
		PrepStmt *st = prep_new((const uint8_t *)f->body.p - 5, f->body.n + 5);
		if (st)
			stmts_put(&x->stmts, st);
	} else if (f->type == 'C' && wire_read_target(f->body, &t, &err) == 0 && t.kind == 'S') {
		stmts_remove(&x->stmts, t.name);
	} else if (f->type == 'Q' && wire_read_query(f->body, &text, &err) == 0) {
		StmtKind kind = stmt_classify(text, &alone);
		if (alone && kind == STMT_SET)
			settings_note(&x->settings, text);
		else if (alone && (kind == STMT_PREPARE || kind == STMT_DEALLOCATE))
			settings_note_prepare(&x->settings, kind, text);
	}
}

/* A transaction open on SQLite has outlived the fence of the return. */
static void end_overdue(Cross *x)
{
	static const Plan rollback = { .kind = PLAN_ROLLBACK, .tag = "ROLLBACK" };
	Buf notices = { 0 };
	const char *tag;
	Error err;
	if (txn_statement(&x->s->txn, &rollback, &notices, &tag, &err) < 0)
		log_error("a transaction on SQLite could not be rolled back: %s", err.message);
	buf_free(&notices);
	x->aborted = true;
	x->told = false;
	cross_uncount(x);
}

/* --- RelayOps --- */

static bool choose(Cross *x, const WireFrame *f)
{
	RouteGo go = route_enter(x->f->cfg.route);
	switch (go) {
	case GO_PRIMARY:
		cross_count(x, go);
		cross_login_begin(x);
		return true;
	case GO_SQLITE:
		cross_count(x, go);
		return enter_sqlite(x, f);
	case GO_WAIT:
		cross_park(x);
		return true;
	case GO_REFUSE:
		break;
	}
	cross_refuse(x, f);
	return true;
}

static bool on_message(Session *s, const WireFrame *f)
{
	Cross *x = s->relay;
	if (!x || s->source == SOURCE_PRIMARY || s->again)
		return false;
	if (x->aborted || x->skip || x->ending) {
		remember(x, f);
		return cross_aborted_message(x, f);
	}
	if (f->type == 'X')
		return false;
	bool boundary = sqlite_idle(x);
	if (boundary && x->counted)
		cross_uncount(x);
	if (!boundary && x->counted && route_fence_expired(x->f->cfg.route) && !s->in_extended && s->txn.status != 'I') {
		end_overdue(x);
		return cross_aborted_message(x, f);
	}
	if (boundary && choose(x, f))
		return true;
	remember(x, f);
	return false;
}

static void copy_params(Cross *x, const WireStartup *st)
{
	Str name, value;
	size_t at = 0, cap = 0;
	while (wire_startup_next(st, &at, &name, &value)) {
		x->params = mem_grow(x->params, &cap, x->nparams + 2, sizeof *x->params);
		x->params[x->nparams++] = mem_strndup(name.p, name.n);
		x->params[x->nparams++] = mem_strndup(value.p, value.n);
	}
}

static int on_login(Session *s, const WireStartup *startup, Error *err)
{
	Failover *f = s->server->relay_ctx;
	if (!streq(s->database, f->cfg.database) || route_state(f->cfg.route) == ROUTE_OFF)
		return 0;
	RouteGo go = route_enter(f->cfg.route);
	if (go == GO_REFUSE)
		return err_set(err, "57P03", "the primary is unavailable and SQLite may not take its place");
	Cross *x = mem_alloc(sizeof *x);
	x->f = f;
	x->s = s;
	s->relay = x;
	x->user = mem_strdup(s->user);
	copy_params(x, startup);
	x->client_handler = s->io.handler;
	s->io.handler = cross_client_ready;
	list_append(&f->crosses, &x->node);
	if (go == GO_SQLITE) {
		route_leave(f->cfg.route, go);
		x->welcomed = true;
		x->told_source = 's'; /* the welcome says so */
		return 0;
	}
	s->state = SESSION_LOGIN;
	if (go == GO_WAIT) {
		cross_park(x);
		return 0;
	}
	cross_count(x, go);
	cross_login_begin(x);
	return 0;
}

static bool on_cancel(Session *s)
{
	Cross *x = s->relay;
	if (!x || !x->link)
		return false;
	pglink_cancel_later(x->link);
	return true;
}

static void on_closed(Session *s)
{
	Cross *x = s->relay;
	if (!x)
		return;
	s->relay = NULL;
	list_remove(&x->f->crosses, &x->node);
	s->io.handler = x->client_handler;
	if (x->logging_in) {
		x->s = NULL; /* login_done frees it */
		return;
	}
	cross_detach(x);
	cross_uncount(x);
	cross_free(x);
}

void cross_free(Cross *x)
{
	free(x->user);
	stmts_clear(&x->stmts);
	settings_clear(&x->settings);
	for (size_t i = 0; i < x->nparams; i++)
		free(x->params[i]);
	free(x->params);
	free(x);
}

static const RelayOps failover_ops = {
	.login = on_login,
	.message = on_message,
	.client_bytes = cross_client_bytes,
	.cancel = on_cancel,
	.closed = on_closed,
};

Failover *failover_install(Server *server, const FailoverConfig *config)
{
	Failover *f = mem_alloc(sizeof *f);
	f->cfg = *config;
	f->server = server;
	list_init(&f->crosses);
	f->changed = (LoopTask){ .fn = task_look, .owner = f };
	f->timer = (LoopTimer){ .fn = timer_look, .owner = f };
	server->relay = &failover_ops;
	server->relay_ctx = f;
	route_listen(config->route, route_changed, f);
	return f;
}

void failover_free(Failover *f)
{
	if (!f)
		return;
	route_unlisten(f->cfg.route, route_changed, f);
	f->server->relay = NULL;
	free(f);
}

void failover_counts(const Failover *f, FailoverCounts *out)
{
	*out = (FailoverCounts){
		.logins = f->logins, .switched = f->switched, .aborted = f->aborted, .in_doubt = f->in_doubt, .retried = f->retried
	};
}
