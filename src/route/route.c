#include "route/route.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "route/machine.h"
#include "route/probe.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	LAST_WORDS_US = 500 * 1000, /* for what a lost primary is still doing */
	CUT_US = 1000 * 1000,
};

typedef struct Listener {
	struct Listener *next;
	RouteListener *fn;
	void *ctx;
} Listener;

struct Route {
	RouteConfig cfg;
	RouteSync sync;
	bool has_sync;
	pthread_mutex_t lock; /* machine, since_wall, last_probe, fence_until */
	Machine machine;
	int64_t since_wall, last_ok;
	char last_probe[256];
	atomic_int state, go;
	atomic_int busy[2]; /* by RouteGo: GO_PRIMARY, GO_SQLITE */
	atomic_bool fenced, fence_expired, came_from_sqlite;
	atomic_bool suspect; /* a session has lost its connection */
	atomic_int logins;
	pthread_mutex_t listen_lock;
	Listener *listeners;
	pthread_t thread;
	bool running;
	atomic_bool stop;
	int wake_fd;
	Probe *probe;
};

void route_config_defaults(RouteConfig *c)
{
	*c = (RouteConfig){
		.database = "postgres",
		.fallback = FALLBACK_READ_WRITE,
		.probe_interval_ms = 1000,
		.connect_timeout_ms = 5000,
		.trip_after = 3,
		.return_after = 3,
		.min_dwell_ms = 10000,
		.retry_delay_ms = 2000,
		.retry_delay_max_ms = 60000,
		.alert_after_ms = 300000,
		.hold_ms = 1000,
		.fence_ms = 5000,
		.slow_start = 8,
	};
}

const char *route_state_name(RouteState s)
{
	static const char *const names[] = { "off", "starting", "primary", "hold", "sqlite", "returning", "forced" };
	return names[s];
}

Route *route_new(const RouteConfig *config)
{
	Route *r = mem_alloc(sizeof *r);
	r->cfg = *config;
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->listen_lock, NULL);
	machine_init(&r->machine, config, false, clock_mono_us());
	atomic_init(&r->state, r->machine.state);
	atomic_init(&r->go, machine_go(&r->machine, false));
	atomic_init(&r->came_from_sqlite, config->primary == NULL);
	r->since_wall = clock_wall_us();
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return r;
}

void route_free(Route *r)
{
	if (!r)
		return;
	route_stop(r);
	for (Listener *l; (l = r->listeners);) {
		r->listeners = l->next;
		free(l);
	}
	close(r->wake_fd);
	pthread_mutex_destroy(&r->lock);
	pthread_mutex_destroy(&r->listen_lock);
	free(r);
}

void route_set_sync(Route *r, const RouteSync *sync)
{
	assert(!r->running);
	r->sync = *sync;
	r->has_sync = true;
}

/* --- telling --- */

void route_listen(Route *r, RouteListener *fn, void *ctx)
{
	Listener *l = mem_alloc(sizeof *l);
	*l = (Listener){ NULL, fn, ctx };
	pthread_mutex_lock(&r->listen_lock);
	l->next = r->listeners;
	r->listeners = l;
	pthread_mutex_unlock(&r->listen_lock);
}

void route_unlisten(Route *r, RouteListener *fn, void *ctx)
{
	pthread_mutex_lock(&r->listen_lock);
	for (Listener **at = &r->listeners; *at; at = &(*at)->next)
		if ((*at)->fn == fn && (*at)->ctx == ctx) {
			Listener *l = *at;
			*at = l->next;
			free(l);
			break;
		}
	pthread_mutex_unlock(&r->listen_lock);
}

static void notify(Route *r, RouteEvent event, RouteState from, RouteState to)
{
	pthread_mutex_lock(&r->listen_lock);
	for (Listener *l = r->listeners; l; l = l->next)
		l->fn(l->ctx, r, event, from, to);
	pthread_mutex_unlock(&r->listen_lock);
}

static void log_change(const Route *r, RouteState from, RouteState to, const char *why)
{
	const char *db = r->cfg.database;
	if (to == ROUTE_PRIMARY && from == ROUTE_STARTING)
		log_info("✅ %s: Connected to PostgreSQL: PostgreSQL is available - using default database", db);
	else if (to == ROUTE_PRIMARY && from == ROUTE_HOLD)
		log_info("✅ %s: PostgreSQL connection restored within the hold; nothing was switched", db);
	else if (to == ROUTE_PRIMARY)
		log_info("✅ %s: PostgreSQL connection restored - switching back from SQLite", db);
	else if (to == ROUTE_HOLD)
		log_warn("⚠️ %s: PostgreSQL connection lost: %s; clients wait up to %d ms", db, why, r->cfg.hold_ms);
	else if (to == ROUTE_SQLITE && from == ROUTE_RETURNING)
		log_warn("⚠️ %s: the return to PostgreSQL was broken off: %s; SQLite goes on", db, why);
	else if (to == ROUTE_SQLITE && atomic_load(&r->go) == GO_REFUSE)
		log_error("❌ %s: PostgreSQL unavailable: %s; SQLite must not be served (%s)", db, why,
			  r->cfg.fallback == FALLBACK_OFF ? "fallback=off" : "no complete copy");
	else if (to == ROUTE_SQLITE)
		log_warn("⚠️ %s: PostgreSQL unavailable - falling back to SQLite: %s", db, why);
	else if (to == ROUTE_RETURNING)
		log_info("🔄 %s: PostgreSQL answers again; bringing it what was written on SQLite", db);
	else if (to == ROUTE_FORCED)
		log_warn("💾 %s: SQLite is used by the operator's word", db);
}

/* Makes the machine's state visible. Called with the lock; returns whether notify must be called after it is released. */
static bool publish(Route *r, RouteState *from, RouteState *to, char *why, size_t size)
{
	*from = (RouteState)atomic_load(&r->state);
	*to = r->machine.state;
	if (*to != ROUTE_RETURNING) {
		atomic_store(&r->fenced, false);
		atomic_store(&r->fence_expired, false);
	}
	if (*to == ROUTE_SQLITE || *to == ROUTE_FORCED || *to == ROUTE_PRIMARY)
		atomic_store(&r->came_from_sqlite, *to != ROUTE_PRIMARY);
	atomic_store(&r->state, *to);
	atomic_store(&r->go, machine_go(&r->machine, atomic_load(&r->fenced)));
	if (*from == *to)
		return false;
	r->since_wall = clock_wall_us();
	snprintf(why, size, "%s", r->machine.reason);
	return true;
}

/* Ends a change: releases the lock, logs and tells. */
static void settle(Route *r)
{
	RouteState from, to;
	char why[256] = "";
	bool changed = publish(r, &from, &to, why, sizeof why);
	pthread_mutex_unlock(&r->lock);
	if (!changed)
		return;
	log_change(r, from, to, why);
	notify(r, ROUTE_EV_STATE, from, to);
}

static bool wait_idle(Route *r, RouteGo side, RouteState while_in, int64_t us)
{
	int64_t until = clock_mono_us() + us;
	while (atomic_load(&r->busy[side]) > 0) {
		if (clock_mono_us() >= until || route_state(r) != while_in || atomic_load(&r->stop))
			return false;
		usleep(500);
	}
	return route_state(r) == while_in;
}

/* --- the prober's thread --- */

/* A postmaster may be dead while its children still finish what they do, and answer. SQLite must know all that was acknowledged, so it
 * waits for the last of them; one that says nothing is given up. */
static void end_sessions_on_primary(Route *r, int64_t us)
{
	if (wait_idle(r, GO_PRIMARY, ROUTE_HOLD, us))
		return;
	notify(r, ROUTE_EV_CUT, ROUTE_HOLD, ROUTE_HOLD);
	if (!wait_idle(r, GO_PRIMARY, ROUTE_HOLD, CUT_US))
		log_warn("%s: a session still waits for the primary", r->cfg.database);
}

static bool leave_primary(Route *r, bool alive, Error *err)
{
	if (!r->has_sync)
		return false;
	if (r->sync.on_lost(r->sync.ctx, alive, err) < 0) {
		log_error("❌ %s: SQLite could not be brought up to date: %s", r->cfg.database, err->message);
		return false;
	}
	return r->sync.has_copy(r->sync.ctx);
}

static void act(Route *r, MachineDo what)
{
	Error err = { 0 };
	if (what == DO_FIRST && r->has_sync && r->sync.on_first_contact)
		r->sync.on_first_contact(r->sync.ctx);
	if (what == DO_LEAVE) {
		notify(r, ROUTE_EV_LEAVE, ROUTE_HOLD, ROUTE_HOLD);
		end_sessions_on_primary(r, LAST_WORDS_US);
		bool ok = leave_primary(r, false, &err);
		pthread_mutex_lock(&r->lock);
		machine_left(&r->machine, clock_mono_us(), ok);
		settle(r);
	}
	if (what == DO_RECOVER && r->has_sync) {
		r->sync.on_recovered(r->sync.ctx);
	} else if (what == DO_RECOVER) {
		pthread_mutex_lock(&r->lock);
		machine_returned(&r->machine, clock_mono_us());
		settle(r);
	}
}

static void probe_once(Route *r)
{
	char why[256] = "";
	RouteState s = route_state(r);
	int64_t deadline = r->cfg.probe_interval_ms * 1000LL, connect = r->cfg.connect_timeout_ms * 1000LL;
	/* The child that serves an old connection may outlive its postmaster: only a new connection proves something. */
	if (atomic_exchange(&r->suspect, false))
		probe_reset(r->probe);
	if (s == ROUTE_HOLD) {
		int64_t hold = r->cfg.hold_ms * 1000LL;
		connect = hold < connect ? hold : connect;
		probe_reset(r->probe);
	} else if (s == ROUTE_PRIMARY && deadline < connect) {
		connect = deadline;
	}
	ProbeResult result = probe_run(r->probe, deadline, connect, why, sizeof why);
	if (atomic_load(&r->stop))
		return;
	pthread_mutex_lock(&r->lock);
	snprintf(r->last_probe, sizeof r->last_probe, "%s", why);
	if (result == PROBE_OK)
		r->last_ok = clock_wall_us();
	MachineDo what = machine_probe(&r->machine, clock_mono_us(), result, why);
	settle(r);
	act(r, what);
}

static void *prober(void *arg)
{
	Route *r = arg;
	while (!atomic_load(&r->stop)) {
		probe_once(r);
		pthread_mutex_lock(&r->lock);
		int64_t delay = machine_delay(&r->machine, clock_mono_us());
		pthread_mutex_unlock(&r->lock);
		probe_wait(r->probe, r->wake_fd, delay);
		pthread_mutex_lock(&r->lock);
		MachineDo what = machine_tick(&r->machine, clock_mono_us());
		settle(r);
		act(r, what);
	}
	return NULL;
}

static void wake(Route *r)
{
	uint64_t one = 1;
	ssize_t n = write(r->wake_fd, &one, sizeof one);
	(void)n; /* it fails only when the prober is already woken */
}

int route_start(Route *r, bool serving_sqlite, Error *err)
{
	if (!r->cfg.primary)
		return 0;
	pthread_mutex_lock(&r->lock);
	machine_init(&r->machine, &r->cfg, serving_sqlite, clock_mono_us());
	settle(r);
	r->probe = probe_new(r->cfg.primary);
	atomic_store(&r->stop, false);
	int rc = pthread_create(&r->thread, NULL, prober, r);
	if (rc != 0)
		return err_set(err, "53000", "could not start the prober: %s", strerror(rc));
	r->running = true;
	return 0;
}

void route_stop(Route *r)
{
	if (!r->running)
		return;
	atomic_store(&r->stop, true);
	wake(r);
	pthread_join(r->thread, NULL);
	r->running = false;
	probe_free(r->probe);
	r->probe = NULL;
}

/* --- asking --- */

RouteState route_state(const Route *r)
{
	return (RouteState)atomic_load_explicit(&r->state, memory_order_acquire);
}

RouteGo route_go(const Route *r)
{
	return (RouteGo)atomic_load_explicit(&r->go, memory_order_acquire);
}

RouteFallback route_fallback(const Route *r)
{
	return r->cfg.fallback;
}

const RouteConfig *route_config(const Route *r)
{
	return &r->cfg;
}

const char *route_source(const Route *r)
{
	return atomic_load(&r->came_from_sqlite) ? "sqlite" : "postgres";
}

RouteGo route_enter(Route *r)
{
	for (;;) {
		RouteGo go = (RouteGo)atomic_load(&r->go);
		if (go == GO_WAIT || go == GO_REFUSE)
			return go;
		atomic_fetch_add(&r->busy[go], 1);
		if ((RouteGo)atomic_load(&r->go) == go)
			return go;
		atomic_fetch_sub(&r->busy[go], 1);
	}
}

void route_leave(Route *r, RouteGo side)
{
	assert(side == GO_PRIMARY || side == GO_SQLITE);
	int before = atomic_fetch_sub(&r->busy[side], 1);
	assert(before > 0);
	(void)before;
}

bool route_is_loss(const char *s)
{
	return strncmp(s, "08", 2) == 0 || streq(s, "57P01") || streq(s, "57P02") || streq(s, "57P03");
}

bool route_report_loss(Route *r, const char *sqlstate, const char *reason)
{
	if (!route_is_loss(sqlstate)) {
		log_warn("%s: the primary refuses a session: %s (%s)", r->cfg.database, reason, sqlstate);
		return false;
	}
	atomic_store(&r->suspect, true);
	wake(r);
	return true;
}

bool route_login_begin(Route *r)
{
	if (atomic_fetch_add(&r->logins, 1) < r->cfg.slow_start)
		return true;
	atomic_fetch_sub(&r->logins, 1);
	return false;
}

void route_login_end(Route *r)
{
	atomic_fetch_sub(&r->logins, 1);
}

/* --- the return --- */

static void set_fence(Route *r, bool on)
{
	pthread_mutex_lock(&r->lock);
	atomic_store(&r->fenced, on && r->machine.state == ROUTE_RETURNING);
	settle(r);
	RouteState s = route_state(r);
	notify(r, ROUTE_EV_FENCE, s, s);
}

int route_fence(Route *r, Error *err)
{
	if (route_state(r) != ROUTE_RETURNING)
		return err_set(err, "57P03", "the primary was lost again");
	set_fence(r, true);
	if (wait_idle(r, GO_SQLITE, ROUTE_RETURNING, r->cfg.fence_ms * 1000LL))
		return 0;
	if (route_state(r) == ROUTE_RETURNING) {
		atomic_store(&r->fence_expired, true);
		notify(r, ROUTE_EV_FENCE, ROUTE_RETURNING, ROUTE_RETURNING);
		if (wait_idle(r, GO_SQLITE, ROUTE_RETURNING, r->cfg.fence_ms * 1000LL))
			return 0;
	}
	set_fence(r, false);
	return err_set(err, "57P03", "transactions on SQLite did not end, or the primary was lost again");
}

bool route_fence_expired(const Route *r)
{
	return atomic_load(&r->fence_expired);
}

int route_unfence_to_primary(Route *r, Error *err)
{
	pthread_mutex_lock(&r->lock);
	bool ok = machine_returned(&r->machine, clock_mono_us());
	settle(r);
	return ok ? 0 : err_set(err, "57P03", "the primary was lost again");
}

void route_return_failed(Route *r, const char *reason)
{
	pthread_mutex_lock(&r->lock);
	machine_return_failed(&r->machine, clock_mono_us(), reason);
	settle(r);
}

/* --- the operator --- */

/* Under the lock: why the route cannot be forced from where it is, or NULL. */
static const char *cannot_force(const Machine *m)
{
	if (m->state == ROUTE_OFF)
		return "there is no primary to switch away from";
	if (m->state == ROUTE_STARTING)
		return "the route is starting: try again in a moment";
	if (m->state == ROUTE_HOLD || m->leaving)
		return "the primary is being left already: try again in a moment";
	return NULL;
}

/* With the lock, which is given up meanwhile: PRIMARY is left by way of HOLD. Returns whether SQLite may be served. */
static bool force_off_primary(Route *r)
{
	Error why = { 0 };
	r->machine.leaving = true;
	r->machine.state = ROUTE_HOLD;
	r->machine.since = clock_mono_us();
	snprintf(r->machine.reason, sizeof r->machine.reason, "forced by the operator");
	settle(r);
	end_sessions_on_primary(r, r->cfg.fence_ms * 1000LL);
	bool ok = leave_primary(r, true, &why);
	pthread_mutex_lock(&r->lock);
	return ok;
}

int route_force_sqlite(Route *r, int64_t ttl_ms, Error *err)
{
	pthread_mutex_lock(&r->lock);
	const char *no = cannot_force(&r->machine);
	if (no) {
		pthread_mutex_unlock(&r->lock);
		return err_set(err, "55000", "%s", no);
	}
	/* A return that is under way is broken off: the file holds everything still. */
	bool ok = r->machine.state == ROUTE_PRIMARY ? force_off_primary(r) : r->machine.servable;
	machine_forced(&r->machine, clock_mono_us(), ttl_ms * 1000, ok);
	settle(r);
	wake(r);
	return ok ? 0 : err_set(err, "55000", "SQLite holds no complete copy: nothing is served until the primary is asked for again");
}

int route_retry_primary(Route *r, Error *err)
{
	if (route_state(r) == ROUTE_OFF)
		return err_set(err, "55000", "there is no primary");
	pthread_mutex_lock(&r->lock);
	machine_retry(&r->machine, clock_mono_us());
	settle(r);
	wake(r);
	return 0;
}

void route_status(const Route *rc, RouteStatus *out)
{
	Route *r = (Route *)rc;
	pthread_mutex_lock(&r->lock);
	const Machine *m = &r->machine;
	*out = (RouteStatus){ .state = m->state,
			      .go = route_go(r),
			      .since_us = r->since_wall,
			      .last_ok_us = r->last_ok,
			      .failovers = m->failovers,
			      .recoveries = m->recoveries,
			      .flaps = m->flaps,
			      .fenced = atomic_load(&r->fenced),
			      .busy_primary = atomic_load(&r->busy[GO_PRIMARY]),
			      .busy_sqlite = atomic_load(&r->busy[GO_SQLITE]) };
	out->outage_us = m->outage_us + (m->lost_at ? clock_mono_us() - m->lost_at : 0);
	snprintf(out->reason, sizeof out->reason, "%s", m->reason);
	snprintf(out->last_probe, sizeof out->last_probe, "%s", r->last_probe);
	pthread_mutex_unlock(&r->lock);
}
