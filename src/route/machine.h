/*
 * The decisions of a route, without threads, sockets or clocks: what was observed and when goes in, the state and what is to be done come
 * out. Times are monotonic microseconds given by the caller.
 */
#ifndef US_ROUTE_MACHINE_H
#define US_ROUTE_MACHINE_H

#include "route/route.h"

typedef enum ProbeResult {
	PROBE_OK,
	PROBE_REFUSED,	/* nobody listens, or the connection was reset: down without doubt */
	PROBE_STARTING, /* 57P03 */
	PROBE_MISS,	/* no answer in time, or not a primary */
	PROBE_UNUSABLE, /* alive, but it does not let us in (53300, class 28, 3D000): reported, never an outage */
} ProbeResult;

typedef enum MachineDo {
	DO_NOTHING,
	DO_FIRST,   /* the primary was reached for the first time */
	DO_LEAVE,   /* bring SQLite up to date, then machine_left */
	DO_RECOVER, /* the primary is back: replay, or machine_returned when there is nothing that replays */
} MachineDo;

typedef struct Machine {
	RouteConfig cfg;
	RouteState state;
	int64_t since;	      /* of the state */
	int64_t lost_at;      /* when the present outage began, 0 = none */
	int64_t forced_until; /* 0 = for ever */
	int64_t retry_at;     /* no return before */
	int64_t returned_at;
	int misses, good;
	bool contacted; /* DO_FIRST has been asked for */
	bool servable;	/* SQLite may be served */
	bool leaving;	/* DO_LEAVE has been asked for and not yet answered */
	uint64_t failovers, recoveries, flaps;
	int64_t outage_us; /* of outages that are over */
	char reason[256];
} Machine;

void machine_init(Machine *m, const RouteConfig *cfg, bool serving_sqlite, int64_t now);
MachineDo machine_probe(Machine *m, int64_t now, ProbeResult result, const char *why);
/* Time has passed. */
MachineDo machine_tick(Machine *m, int64_t now);
/* DO_LEAVE is done; `ok` says whether SQLite may be served. */
void machine_left(Machine *m, int64_t now, bool ok);
/* The return has succeeded; false when the route is no longer RETURNING. */
bool machine_returned(Machine *m, int64_t now);
void machine_return_failed(Machine *m, int64_t now, const char *why);
/* The operator. machine_force is followed by what DO_LEAVE asks for, then machine_forced. */
void machine_forced(Machine *m, int64_t now, int64_t ttl_us, bool ok);
MachineDo machine_retry(Machine *m, int64_t now);
/* Microseconds until the next probe or tick is due, counted from the last one. */
int64_t machine_delay(const Machine *m, int64_t now);
RouteGo machine_go(const Machine *m, bool fenced);

#endif
