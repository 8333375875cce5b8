#include "admin/status.h"

#include "base/clock.h"

#include <jansson.h>
#include <math.h>

/* Everything the answers are made of, read once per request. */
typedef struct View {
	const AdminTarget *target;
	RouteStatus route;
	SyncStatus sync;
	bool has_primary; /* a primary is configured */
	bool primary_up;
	bool sqlite_ok;	    /* SQLite can answer now */
	const char *source; /* postgres, redshift, sqlite or unavailable */
} View;

static const char *primary_key(const AdminTarget *t)
{
	return t->redshift ? "redshift" : "postgres";
}

static const char *primary_name(const AdminTarget *t)
{
	return t->redshift ? "Redshift" : "PostgreSQL";
}

static const char *view_source(const View *v)
{
	if (!v->has_primary)
		return "sqlite";
	switch (v->route.state) {
	case ROUTE_PRIMARY:
		return primary_key(v->target);
	case ROUTE_SQLITE:
	case ROUTE_FORCED:
	case ROUTE_RETURNING:
		return v->route.go == GO_REFUSE ? "unavailable" : "sqlite";
	default:
		return v->route.go == GO_REFUSE ? "unavailable" : v->sqlite_ok ? "sqlite" : "unavailable";
	}
}

static View view_of(const AdminTarget *t)
{
	View v = { .target = t, .has_primary = t->route != NULL };
	if (t->route)
		route_status(t->route, &v.route);
	if (t->sync)
		sync_status(t->sync, &v.sync);
	v.primary_up = v.has_primary && strcmp(v.route.last_probe, "ok") == 0;
	v.sqlite_ok = !v.has_primary || v.sync.has_copy;
	v.source = view_source(&v);
	return v;
}

static const char *state_text(const View *v)
{
	if (!v->has_primary)
		return "STANDALONE";
	switch (v->route.state) {
	case ROUTE_PRIMARY:
		return "PRIMARY";
	case ROUTE_HOLD:
		return "HOLD";
	case ROUTE_SQLITE:
		return "SQLITE";
	case ROUTE_RETURNING:
		return "RETURNING";
	case ROUTE_FORCED:
		return "FORCED";
	case ROUTE_STARTING:
		return "STARTING";
	case ROUTE_OFF:
		break;
	}
	return "STANDALONE";
}

static bool on_fallback(const View *v)
{
	return v->has_primary && strcmp(v->source, primary_key(v->target)) != 0;
}

static json_t *message_text(const View *v)
{
	if (!v->has_primary)
		return json_string("💾 Running on SQLite");
	const char *name = primary_name(v->target);
	if (strcmp(v->source, "unavailable") == 0)
		return json_sprintf("❌ %s unavailable and SQLite cannot be served", name);
	if (!on_fallback(v))
		return json_sprintf("☁️ Running on %s", name);
	if (v->route.state == ROUTE_FORCED)
		return json_string("💾 Switched to SQLite backup database by an operator");
	if (v->route.state == ROUTE_RETURNING)
		return json_sprintf("🔄 %s is back; replaying %lld transactions", name, (long long)v->sync.backlog);
	return json_sprintf("⚠️ Running on local backup - %s unavailable", name);
}

static json_t *side_json(bool available, const char *message, bool emoji)
{
	json_t *o = json_pack("{s:b,s:s}", "available", available, "message", message);
	if (emoji)
		json_object_set_new(o, "emoji", json_string(available ? "✅" : "❌"));
	return o;
}

static json_t *databases_json(const View *v, bool emoji)
{
	json_t *o = json_object();
	json_object_set_new(o, "activeSource", json_string(v->source));
	const char *probe = !v->has_primary	     ? "Not configured"
			    : v->primary_up	     ? "Connected"
			    : v->route.last_probe[0] ? v->route.last_probe
						     : "Not reached yet";
	json_object_set_new(o, primary_key(v->target), side_json(v->primary_up, probe, emoji));
	json_object_set_new(o, "sqlite", side_json(v->sqlite_ok, v->sqlite_ok ? "Connected" : "No complete copy yet", emoji));
	return o;
}

static json_t *timestamp_json(int64_t wall_us)
{
	if (wall_us <= 0)
		return json_null();
	time_t s = (time_t)(wall_us / 1000000);
	struct tm tm;
	char text[40];
	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

/* Age of what SQLite shows: 0 where it is the only or the leading database. */
static double staleness_seconds(const View *v)
{
	if (!v->has_primary || !v->sync.has_copy || v->sync.applied_us <= 0)
		return 0;
	double age = (double)(clock_wall_us() - v->sync.applied_us) / 1e6;
	return age < 0 || (v->sync.phase == SYNC_FOLLOWING && v->sync.applied_lsn >= v->sync.server_lsn) ? 0 : age;
}

static json_t *capabilities_json(const View *v)
{
	json_t *a = json_array();
	bool primary = v->has_primary && !on_fallback(v);
	json_array_append_new(a, json_string("read"));
	if (primary || !v->has_primary || route_fallback(v->target->route) == FALLBACK_READ_WRITE)
		json_array_append_new(a, json_string("write"));
	json_array_append_new(a, json_string(primary ? "full-postgres" : "postgres-dialect-on-sqlite"));
	return a;
}

static void put_counts(const View *v, json_t *o)
{
	json_object_set_new(o, "state", json_string(state_text(v)));
	json_object_set_new(o, "since", timestamp_json(v->route.since_us));
	json_object_set_new(o, "reason", json_string(v->route.reason));
	json_object_set_new(o, "stalenessSeconds", json_real(floor(staleness_seconds(v) * 1000) / 1000));
	json_object_set_new(o, "pendingWrites", json_integer(v->sync.backlog));
	json_object_set_new(o, "conflicts", json_integer((json_int_t)v->sync.conflicts));
	json_object_set_new(o, "inDoubt", json_integer((json_int_t)v->sync.in_doubt));
	json_object_set_new(o, "unmirrored", json_integer((json_int_t)v->sync.unmirrored));
}

static void put_json(json_t *o, Buf *out)
{
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
	buf_puts(out, text ? text : "{}");
	buf_puts(out, "\n");
	free(text);
	json_decref(o);
}

static const char *source_emoji(const View *v)
{
	return strcmp(v->source, "sqlite") == 0 ? "💾" : strcmp(v->source, "unavailable") == 0 ? "❌" : "☁️";
}

static const char *source_name(const View *v)
{
	if (strcmp(v->source, "unavailable") == 0)
		return "Unavailable";
	if (strcmp(v->source, "sqlite") != 0)
		return primary_name(v->target);
	return v->has_primary ? "SQLite (Local Backup)" : "SQLite";
}

void status_json(const AdminTargets *t, Buf *out)
{
	View v = view_of(&t->items[0]);
	json_t *o = json_object();
	json_object_set_new(o, "currentSource", json_string(v.source));
	json_object_set_new(o, "sourceEmoji", json_string(source_emoji(&v)));
	json_object_set_new(o, "sourceName", json_string(source_name(&v)));
	json_object_set_new(o, "databases", databases_json(&v, false));
	json_object_set_new(o, "message", message_text(&v));
	put_counts(&v, o);
	json_object_set_new(o, "capabilities", capabilities_json(&v));
	json_t *services = json_array();
	for (size_t i = 0; i < t->n; i++) {
		View w = view_of(&t->items[i]);
		json_t *s = json_object();
		json_object_set_new(s, "name", json_string(w.target->database));
		json_object_set_new(s, "currentSource", json_string(w.source));
		put_counts(&w, s);
		json_object_set_new(s, "detail", json_string(w.sync.message));
		json_array_append_new(services, s);
	}
	json_object_set_new(o, "services", services);
	put_json(o, out);
}

bool health_json(const AdminTargets *t, Buf *out)
{
	bool degraded = false, dead = true;
	for (size_t i = 0; i < t->n; i++) {
		View w = view_of(&t->items[i]);
		degraded = degraded || on_fallback(&w);
		dead = dead && strcmp(w.source, "unavailable") == 0;
	}
	View v = view_of(&t->items[0]);
	json_t *o = json_object();
	json_object_set_new(o, "status", json_string(dead ? "unhealthy" : degraded ? "degraded" : "healthy"));
	json_object_set_new(o, "activeSource", json_string(v.source));
	json_object_set_new(o, "databases", databases_json(&v, true));
	json_object_set_new(o, "message", message_text(&v));
	put_json(o, out);
	return !dead;
}

void health_database_json(const AdminTargets *t, Buf *out)
{
	View v = view_of(&t->items[0]);
	bool fallback = on_fallback(&v);
	json_t *o = json_object();
	json_object_set_new(o, "connected", json_boolean(strcmp(v.source, "unavailable") != 0));
	json_object_set_new(o, "dialect", json_string(strcmp(v.source, "sqlite") == 0 ? "sqlite" : "postgres"));
	json_object_set_new(o, "fallback", json_boolean(fallback));
	json_object_set_new(o, "serviceName", json_string(v.target->database));
	json_object_set_new(o, "retryAttempts", json_integer((json_int_t)v.route.failovers));
	json_object_set_new(o, "warning", fallback ? message_text(&v) : json_null());
	put_json(o, out);
}

static void metric_head(Buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP understudy_%s %s\n# TYPE understudy_%s %s\n", name, help, name, type);
}

static double metric_fallback(const View *v)
{
	return on_fallback(v);
}
static double metric_failovers(const View *v)
{
	return (double)v->route.failovers;
}
static double metric_recoveries(const View *v)
{
	return (double)v->route.recoveries;
}
static double metric_flaps(const View *v)
{
	return (double)v->route.flaps;
}
static double metric_outage(const View *v)
{
	return (double)v->route.outage_us / 1e6;
}
static double metric_lag_bytes(const View *v)
{
	return v->sync.server_lsn > v->sync.applied_lsn ? (double)(v->sync.server_lsn - v->sync.applied_lsn) : 0;
}
static double metric_journal(const View *v)
{
	return (double)v->sync.backlog;
}
static double metric_conflicts(const View *v)
{
	return (double)v->sync.conflicts;
}
static double metric_in_doubt(const View *v)
{
	return (double)v->sync.in_doubt;
}
static double metric_unmirrored(const View *v)
{
	return (double)v->sync.unmirrored;
}
static double metric_busy(const View *v)
{
	return v->route.busy_primary + v->route.busy_sqlite;
}

static double metric_wal(const View *v)
{
	return v->target->files ? dbset_wal_pages(v->target->files, v->target->database) : 0;
}

static const struct {
	const char *name, *type, *help;
	double (*value)(const View *v);
} metrics[] = {
	{ "fallback_active", "gauge", "1 while SQLite or nothing answers in place of the primary.", metric_fallback },
	{ "failovers_total", "counter", "Switches to SQLite.", metric_failovers },
	{ "recoveries_total", "counter", "Returns to the primary.", metric_recoveries },
	{ "flaps_total", "counter", "Losses soon after a return.", metric_flaps },
	{ "outage_seconds", "counter", "Time without the primary, the present outage included.", metric_outage },
	{ "pool_active", "gauge", "Sessions inside a statement or transaction.", metric_busy },
	{ "replication_lag_bytes", "gauge", "WAL that the primary has and SQLite does not.", metric_lag_bytes },
	{ "replication_lag_seconds", "gauge", "Age of the last transaction applied to SQLite while it is behind.", staleness_seconds },
	{ "journal_pending", "gauge", "Transactions written on SQLite and not yet replayed.", metric_journal },
	{ "conflicts", "gauge", "Changes that could not be replayed and wait for a decision.", metric_conflicts },
	{ "in_doubt", "gauge", "Commits whose answer was lost.", metric_in_doubt },
	{ "unmirrored", "gauge", "Objects of the primary that SQLite lacks; understudy.unmirrored names them.", metric_unmirrored },
	{ "wal_pages", "gauge", "Pages in the WAL of the SQLite file; grows while a snapshot of an old state is kept open.", metric_wal },
};

void metrics_text(const AdminTargets *t, Buf *out)
{
	for (size_t m = 0; m < ARRAY_LEN(metrics); m++) {
		metric_head(out, metrics[m].name, metrics[m].type, metrics[m].help);
		for (size_t i = 0; i < t->n; i++) {
			View v = view_of(&t->items[i]);
			buf_printf(out, "understudy_%s{database=\"%s\"} %.10g\n", metrics[m].name, t->items[i].database,
				   metrics[m].value(&v));
		}
	}
}
