/*
 * Where statements go: the state of one database's primary, watched by one prober.
 *
 * Any thread may ask; the answer is one atomic read. Only the prober's thread and the operator's calls change the state, under the route's
 * lock. Listeners are called on the thread that made the change, without the lock.
 */
#ifndef US_ROUTE_ROUTE_H
#define US_ROUTE_ROUTE_H

#include "base/err.h"

#include <stdint.h>

typedef enum RouteState {
	ROUTE_OFF,	/* no primary is configured: SQLite alone */
	ROUTE_STARTING, /* not yet known */
	ROUTE_PRIMARY,
	ROUTE_HOLD, /* lost a moment ago: clients wait */
	ROUTE_SQLITE,
	ROUTE_RETURNING, /* the primary is back; writes are being replayed */
	ROUTE_FORCED,	 /* SQLite by an operator's word */
} RouteState;

/* What a session does with a request that begins something new. */
typedef enum RouteGo { GO_PRIMARY, GO_SQLITE, GO_WAIT, GO_REFUSE } RouteGo;

typedef enum RouteFallback { FALLBACK_OFF, FALLBACK_READ_ONLY, FALLBACK_READ_WRITE } RouteFallback;

/* Names and meaning as in the configuration file; times in milliseconds, the rest in probes. */
typedef struct RouteConfig {
	const char *database; /* for messages */
	const char *primary;  /* URL or libpq string, NULL = none */
	RouteFallback fallback;
	int probe_interval_ms;	/* 1000 */
	int connect_timeout_ms; /* 5000 */
	int trip_after;		/* 3 */
	int return_after;	/* 3 */
	int min_dwell_ms;	/* 10000: shortest stay on SQLite */
	int retry_delay_ms,
		retry_delay_max_ms; /* between probes of a primary that has been away for longer than alert_after; at most 1 s is used */
	int alert_after_ms;	    /* 300000 */
	int hold_ms;		    /* 1000 */
	int fence_ms;		    /* how long transactions open on SQLite may take to finish at the return; 5000 */
	int slow_start;		    /* logins under way at once; 8 */
} RouteConfig;

void route_config_defaults(RouteConfig *c);

typedef struct Route Route;

/* What keeps SQLite in step. Called on the prober's or the operator's thread, never with the route's lock held. */
typedef struct RouteSync {
	void *ctx;
	/* The file holds a complete copy and may be served. */
	bool (*has_copy)(void *ctx);
	/* The primary is lost (or, when `alive`, is being left by an operator's word). Must bring the file up to everything acknowledged:
	 * drain the stream, redo what it did not deliver. Only then SQLite is announced. -1: SQLite must not be served. */
	int (*on_lost)(void *ctx, bool alive, Error *err);
	/* The primary answers again. Must return at once; the replay runs elsewhere, and ends with route_fence and
	 * route_unfence_to_primary, or with route_return_failed. */
	void (*on_recovered)(void *ctx);
	/* The first contact with the primary in this process. Returns at once: the initial copy and the follower start elsewhere. */
	void (*on_first_contact)(void *ctx);
} RouteSync;

Route *route_new(const RouteConfig *config);
void route_free(Route *r);
/* Before route_start; without it SQLite is served only when there is no primary. */
void route_set_sync(Route *r, const RouteSync *sync);
/* Begins probing. `serving_sqlite`: the last run ended while SQLite held writes that are not replayed: start on SQLite, and return only
 * through on_recovered. */
int route_start(Route *r, bool serving_sqlite, Error *err);
void route_stop(Route *r);

/* ROUTE_EV_LEAVE: the primary is lost and being left: sessions whose work there cannot have become lasting need not wait for it.
 * ROUTE_EV_CUT: it has had its time: sessions that still wait for it must give up now. */
typedef enum RouteEvent { ROUTE_EV_STATE, ROUTE_EV_FENCE, ROUTE_EV_LEAVE, ROUTE_EV_CUT } RouteEvent;
typedef void RouteListener(void *ctx, Route *r, RouteEvent event, RouteState from, RouteState to);
void route_listen(Route *r, RouteListener *fn, void *ctx);
void route_unlisten(Route *r, RouteListener *fn, void *ctx);

RouteState route_state(const Route *r);
const char *route_state_name(RouteState s); /* "primary", "hold", ... */
RouteGo route_go(const Route *r);
RouteFallback route_fallback(const Route *r);
const RouteConfig *route_config(const Route *r);
/* "postgres" or "sqlite": what a session attached now would use (HOLD keeps the side it came from). */
const char *route_source(const Route *r);

/* A session begins something on the side route_go names and tells when it is at a transaction boundary again. route_enter counts it before
 * it looks, so that a fence waits for it; it returns GO_WAIT or GO_REFUSE uncounted. */
RouteGo route_enter(Route *r);
void route_leave(Route *r, RouteGo side);

/* Live traffic lost its connection or could not log in; SQLSTATE as the server gave it, or 08xxx. Returns true when this counts as a loss
 * of the primary (class 08, 57P01-57P03) and a probe was asked for at once; false for what is only reported (53300, class 28, ...). */
bool route_report_loss(Route *r, const char *sqlstate, const char *reason);
bool route_is_loss(const char *sqlstate);

/* Slow start after the return: true when one more login may run now; each must be given back. */
bool route_login_begin(Route *r);
void route_login_end(Route *r);

/* For the thread that replays. route_fence: no transaction begins on either side; returns when those open on SQLite have ended, or after
 * fence_ms (then their sessions are told 40001 at their next statement: ROUTE_EV_FENCE has been announced). -1 when the route is not
 * RETURNING. */
int route_fence(Route *r, Error *err);
/* Clients go to the primary. -1 (and back to SQLite) when the primary was lost meanwhile. */
int route_unfence_to_primary(Route *r, Error *err);
/* Back to SQLite; tried again after retry_delay. */
void route_return_failed(Route *r, const char *reason);
/* True when transactions still open on SQLite are out of time: they must end with 40001. */
bool route_fence_expired(const Route *r);

/* The operator. ttl 0 = until told otherwise. */
int route_force_sqlite(Route *r, int64_t ttl_ms, Error *err);
int route_retry_primary(Route *r, Error *err);

typedef struct RouteStatus {
	RouteState state;
	RouteGo go;
	int64_t since_us;     /* wall clock */
	char reason[256];     /* of the last change */
	char last_probe[256]; /* "ok", or what went wrong */
	int64_t last_ok_us;   /* wall clock, 0 = never */
	uint64_t failovers, recoveries, flaps;
	int64_t outage_us; /* length of all outages, the present one included */
	int busy_primary, busy_sqlite;
	bool fenced;
} RouteStatus;
void route_status(const Route *r, RouteStatus *out);

#endif
