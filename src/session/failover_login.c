/* Logging in to the primary for a session, on a thread of its own while the session is parked. */
#include "session/failover_internal.h"

#include <pthread.h>

static void *login_thread(void *arg)
{
	Cross *x = arg;
	const RouteConfig *rc = route_config(x->f->cfg.route);
	PgLogin login = {
		.conninfo = rc->primary,
		.user = x->user,
		.connect_timeout_s = (rc->connect_timeout_ms + 999) / 1000,
		.params = (const char *const *)x->params,
		.nparams = x->nparams,
		.settings = x->login_settings,
		.gen = x->gen,
		.stmts = &x->stmts,
		.session_settings = &x->settings,
		.hooks = &cross_hooks,
		.ctx = x,
		.session = x->pid,
	};
	x->new_link = pglink_open(&login, &x->login_error);
	loop_post(x->f->server->loop, &x->login_task);
	return NULL;
}

void cross_welcome_primary(Cross *x)
{
	Session *s = x->s;
	wire_put_auth_ok(&s->out);
	pglink_put_parameters(x->link, &s->out);
	cross_tell_source(x, 'p');
	wire_put_backend_key(&s->out, s->pid, s->key);
	wire_put_ready(&s->out, 'I');
	x->welcomed = true;
	s->state = SESSION_READY;
}

static void login_failed(Cross *x)
{
	Session *s = x->s;
	cross_uncount(x);
	if (route_report_loss(x->f->cfg.route, x->login_error.sqlstate, x->login_error.message)) {
		/* The prober decides; until it has, the session waits like everybody. */
		cross_park(x);
		loop_timer_set(x->f->server->loop, &x->f->timer, loop_now_us(s->server->loop) + 50 * 1000);
		return;
	}
	session_fatal(s, x->login_error.sqlstate, "%s", x->login_error.message);
	session_continue(s);
}

static void report_settings(Cross *x)
{
	/* The client knows the parameters of the side it came from. */
	pglink_put_parameters(x->link, &x->s->out);
	cross_tell_source(x, 'p');
}

static void login_done(LoopTask *task)
{
	Cross *x = task->owner;
	Session *s = x->s;
	Error err;
	route_login_end(x->f->cfg.route);
	x->logging_in = false;
	free(x->login_settings);
	x->login_settings = NULL;
	if (!s) {
		pglink_close(x->new_link);
		x->new_link = NULL;
		cross_uncount(x);
		cross_free(x);
		return;
	}
	s->park = PARK_NONE;
	loop_attach(s->server->loop, &s->io);
	if (!x->new_link) {
		login_failed(x);
		return;
	}
	if (route_go(x->f->cfg.route) != GO_PRIMARY) {
		/* The primary was left meanwhile. */
		pglink_close(x->new_link);
		x->new_link = NULL;
		cross_uncount(x);
		cross_park(x);
		loop_timer_set(x->f->server->loop, &x->f->timer, loop_now_us(s->server->loop) + 2000);
		return;
	}
	x->undelivered = false;
	if (!x->counted) {
		/* Given up while it was under way, and wanted again since. */
		if (route_enter(x->f->cfg.route) == GO_PRIMARY)
			cross_count(x, GO_PRIMARY);
	}
	x->link = x->new_link;
	x->new_link = NULL;
	x->io = (Io){ .fd = pglink_fd(x->link), .events = EPOLLIN, .handler = cross_link_ready, .owner = x };
	if (loop_add(s->server->loop, &x->io, &err) < 0) {
		cross_detach(x);
		session_fatal(s, err.sqlstate, "%s", err.message);
		session_continue(s);
		return;
	}
	s->source = SOURCE_PRIMARY;
	x->sqlite_ready = false;
	atomic_fetch_add(&x->f->logins, 1);
	if (x->welcomed)
		report_settings(x);
	else
		cross_welcome_primary(x);
	if (s->in.len == 0)
		cross_uncount(x);
	session_continue(s);
}

/* The caller has been counted on the primary's side. The session is parked until login_done. */
void cross_login_begin(Cross *x)
{
	Session *s = x->s;
	pthread_t t;
	pthread_attr_t attr;
	Buf text = { 0 };
	if (!route_login_begin(x->f->cfg.route)) {
		cross_uncount(x);
		cross_park(x);
		loop_timer_set(s->server->loop, &x->f->timer, loop_now_us(s->server->loop) + 2000);
		return;
	}
	s->park = PARK_ROUTE;
	x->logging_in = true;
	x->pid = s->pid;
	x->gen++;
	settings_text(&x->settings, &text);
	buf_put_u8(&text, 0);
	x->login_settings = (char *)text.data;
	x->login_task = (LoopTask){ .fn = login_done, .owner = x };
	loop_detach(s->server->loop, &s->io);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int rc = pthread_create(&t, &attr, login_thread, x);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		err_set(&x->login_error, "53000", "could not start a thread for the login to the primary");
		loop_post(s->server->loop, &x->login_task);
	}
}
