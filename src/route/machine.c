#include "route/machine.h"

#include <stdio.h>
#include <string.h>

/* While the primary is away it is asked this often: a refused connection costs nothing. */
enum { AWAY_PROBE_US = 150 * 1000, AWAY_PROBE_MAX_US = 1000 * 1000, FLAP_US = 60 * 1000 * 1000 };

static void enter(Machine *m, RouteState s, int64_t now, const char *why)
{
	m->state = s;
	m->since = now;
	m->misses = m->good = 0;
	snprintf(m->reason, sizeof m->reason, "%s", why ? why : "");
}

void machine_init(Machine *m, const RouteConfig *cfg, bool serving_sqlite, int64_t now)
{
	*m = (Machine){ .cfg = *cfg, .servable = true };
	if (!cfg->primary)
		enter(m, ROUTE_OFF, now, "no primary is configured");
	else if (serving_sqlite)
		enter(m, ROUTE_SQLITE, now, "writes made on SQLite wait for their return");
	else
		enter(m, ROUTE_STARTING, now, "starting");
	if (serving_sqlite)
		m->lost_at = now;
}

static MachineDo leave(Machine *m)
{
	if (m->leaving)
		return DO_NOTHING;
	m->leaving = true;
	return DO_LEAVE;
}

static MachineDo lose(Machine *m, int64_t now, const char *why)
{
	if (m->lost_at == 0)
		m->lost_at = now;
	if (m->returned_at && now - m->returned_at < FLAP_US)
		m->flaps++;
	enter(m, ROUTE_HOLD, now, why);
	return m->cfg.hold_ms <= 0 ? leave(m) : DO_NOTHING;
}

static bool is_down(Machine *m, ProbeResult result)
{
	if (result == PROBE_OK || result == PROBE_UNUSABLE) {
		m->misses = 0;
		return false;
	}
	m->misses++;
	return result != PROBE_MISS || m->misses >= m->cfg.trip_after;
}

static void be_primary(Machine *m, int64_t now, const char *why)
{
	if (m->lost_at)
		m->outage_us += now - m->lost_at;
	m->lost_at = 0;
	enter(m, ROUTE_PRIMARY, now, why);
}

static MachineDo first_contact(Machine *m)
{
	if (m->contacted)
		return DO_NOTHING;
	m->contacted = true;
	return DO_FIRST;
}

static MachineDo probe_away(Machine *m, int64_t now, ProbeResult result)
{
	m->good = result == PROBE_OK ? m->good + 1 : 0;
	if (m->good < m->cfg.return_after || now < m->retry_at || now - m->since < m->cfg.min_dwell_ms * 1000LL)
		return DO_NOTHING;
	enter(m, ROUTE_RETURNING, now, "the primary answers again");
	return DO_RECOVER;
}

MachineDo machine_probe(Machine *m, int64_t now, ProbeResult result, const char *why)
{
	switch (m->state) {
	case ROUTE_STARTING:
		if (result == PROBE_OK) {
			be_primary(m, now, "connected");
			return first_contact(m);
		}
		return is_down(m, result) ? lose(m, now, why) : DO_NOTHING;
	case ROUTE_PRIMARY:
		return is_down(m, result) ? lose(m, now, why) : DO_NOTHING;
	case ROUTE_HOLD:
		if (result == PROBE_OK && !m->leaving) {
			be_primary(m, now, "the primary answered within the hold");
			return first_contact(m);
		}
		return machine_tick(m, now);
	case ROUTE_SQLITE:
		return probe_away(m, now, result);
	case ROUTE_RETURNING:
		if (is_down(m, result))
			machine_return_failed(m, now, why);
		return DO_NOTHING;
	case ROUTE_FORCED:
		return machine_tick(m, now);
	case ROUTE_OFF:
		break;
	}
	return DO_NOTHING;
}

MachineDo machine_tick(Machine *m, int64_t now)
{
	if (m->state == ROUTE_HOLD && now - m->since >= m->cfg.hold_ms * 1000LL)
		return leave(m);
	if (m->state == ROUTE_FORCED && m->forced_until && now >= m->forced_until)
		enter(m, ROUTE_SQLITE, now, "the operator's time has run out");
	return DO_NOTHING;
}

void machine_left(Machine *m, int64_t now, bool ok)
{
	char why[sizeof m->reason];
	snprintf(why, sizeof why, "%s", m->reason);
	m->leaving = false;
	m->servable = ok;
	m->failovers++;
	enter(m, ROUTE_SQLITE, now, why);
}

bool machine_returned(Machine *m, int64_t now)
{
	if (m->state != ROUTE_RETURNING)
		return false;
	m->recoveries++;
	m->returned_at = now;
	m->servable = true;
	be_primary(m, now, "returned");
	return true;
}

void machine_return_failed(Machine *m, int64_t now, const char *why)
{
	if (m->state != ROUTE_RETURNING)
		return;
	m->retry_at = now + m->cfg.retry_delay_ms * 1000LL;
	enter(m, ROUTE_SQLITE, now, why);
	m->since = now - m->cfg.min_dwell_ms * 1000LL; /* it has dwelt long enough; retry_at paces what follows */
}

void machine_forced(Machine *m, int64_t now, int64_t ttl_us, bool ok)
{
	if (m->state != ROUTE_SQLITE && m->state != ROUTE_FORCED)
		m->failovers++;
	if (m->lost_at == 0)
		m->lost_at = now;
	m->leaving = false;
	m->servable = ok;
	m->forced_until = ttl_us > 0 ? now + ttl_us : 0;
	enter(m, ROUTE_FORCED, now, "forced by the operator");
}

MachineDo machine_retry(Machine *m, int64_t now)
{
	if (m->state == ROUTE_FORCED)
		enter(m, ROUTE_SQLITE, now, "the operator asked for the primary");
	if (m->state == ROUTE_SQLITE) {
		m->since = now - m->cfg.min_dwell_ms * 1000LL;
		m->retry_at = 0;
		m->good = m->cfg.return_after > 0 ? m->cfg.return_after - 1 : 0;
	}
	return DO_NOTHING;
}

int64_t machine_delay(const Machine *m, int64_t now)
{
	int64_t interval = m->cfg.probe_interval_ms * 1000LL, left;
	switch (m->state) {
	case ROUTE_OFF:
		return 3600LL * 1000 * 1000;
	case ROUTE_PRIMARY:
	case ROUTE_RETURNING:
		return interval;
	case ROUTE_HOLD:
		left = m->since + m->cfg.hold_ms * 1000LL - now;
		return left < 0 ? 0 : left < AWAY_PROBE_US ? left : AWAY_PROBE_US;
	case ROUTE_STARTING:
	case ROUTE_SQLITE:
	case ROUTE_FORCED:
		break;
	}
	if (m->lost_at && now - m->lost_at > m->cfg.alert_after_ms * 1000LL) {
		int64_t slow = m->cfg.retry_delay_ms * 1000LL;
		return slow < AWAY_PROBE_US ? AWAY_PROBE_US : slow < AWAY_PROBE_MAX_US ? slow : AWAY_PROBE_MAX_US;
	}
	return AWAY_PROBE_US;
}

RouteGo machine_go(const Machine *m, bool fenced)
{
	if (fenced)
		return GO_WAIT;
	switch (m->state) {
	case ROUTE_OFF:
		return GO_SQLITE;
	case ROUTE_PRIMARY:
		return GO_PRIMARY;
	case ROUTE_STARTING:
	case ROUTE_HOLD:
		return GO_WAIT;
	case ROUTE_SQLITE:
	case ROUTE_RETURNING:
	case ROUTE_FORCED:
		break;
	}
	return m->servable && m->cfg.fallback != FALLBACK_OFF ? GO_SQLITE : GO_REFUSE;
}
