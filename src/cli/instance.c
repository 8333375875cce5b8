#include "cli/instance.h"

#include "admin/http.h"
#include "backend/libpq.h"
#include "base/log.h"
#include "base/mem.h"
#include "session/failover.h"
#include "sync/sync.h"

#include <pthread.h>

enum { REDO_COUNT = 20000, REDO_BYTES = 64 * 1024 * 1024 };

struct Instance {
	Loop *loop;
	char *primary, *database;
	Server *server;
	Route *route;
	RedoList *redo;
	Sync *sync;
	Failover *failover;
	AdminTarget target;
	AdminHttp *http;
	pthread_mutex_t lock;
	bool failed;
	Error failure;
};

/* The name of the database in the primary's conninfo: clients use the same. */
static int database_of(const char *conninfo, char **out, Error *err)
{
	char *why = NULL;
	PQconninfoOption *opts = PQconninfoParse(conninfo, &why);
	if (!opts) {
		err_set(err, "22023", "primary: %s", why ? why : "not a connection string");
		PQfreemem(why);
		return -1;
	}
	const char *dbname = NULL, *user = NULL;
	for (PQconninfoOption *p = opts; p->keyword; p++) {
		if (p->val && streq(p->keyword, "dbname"))
			dbname = p->val;
		if (p->val && streq(p->keyword, "user"))
			user = p->val;
	}
	const char *name = dbname && *dbname ? dbname : user ? user : "postgres";
	int rc = database_name_valid(name)
			 ? 0
			 : err_set(err, "22023",
				   "primary: the database name \"%s\" cannot be the name of a file: use letters, digits, _ and -", name);
	if (rc == 0)
		*out = mem_strdup(name);
	PQconninfoFree(opts);
	return rc;
}

static void route_options(const Options *o, const Instance *in, RouteConfig *c)
{
	route_config_defaults(c);
	c->database = in->database;
	c->primary = in->primary;
	const char *fallback = o->value[OPT_FALLBACK];
	c->fallback = streq(fallback, "off") ? FALLBACK_OFF : streq(fallback, "read-only") ? FALLBACK_READ_ONLY : FALLBACK_READ_WRITE;
	c->probe_interval_ms = option_ms(o, OPT_PROBE_INTERVAL);
	c->connect_timeout_ms = option_ms(o, OPT_CONNECT_TIMEOUT);
	c->trip_after = option_int(o, OPT_TRIP_AFTER);
	c->return_after = option_int(o, OPT_RETURN_AFTER);
	c->min_dwell_ms = option_ms(o, OPT_MIN_DWELL);
	c->retry_delay_ms = option_ms(o, OPT_RETRY_DELAY);
	c->retry_delay_max_ms = option_ms(o, OPT_RETRY_DELAY_MAX);
	c->alert_after_ms = option_ms(o, OPT_ALERT_AFTER);
	c->hold_ms = option_ms(o, OPT_HOLD);
}

static void note_in_doubt(void *ctx, const InDoubt *d)
{
	Instance *in = ctx;
	if (!in->sync)
		return;
	char *session = mem_printf("%llu %s@%s %s", (unsigned long long)d->session, d->user ? d->user : "", d->database ? d->database : "",
				   d->application_name ? d->application_name : "");
	sync_note_in_doubt(in->sync, d->xid, session, d->statement);
	free(session);
}

/* What must not be repaired by going on, such as a primary that is another cluster: stop, and say why. */
static void stop_with(void *ctx, const Error *err)
{
	Instance *in = ctx;
	pthread_mutex_lock(&in->lock);
	in->failed = true;
	in->failure = *err;
	pthread_mutex_unlock(&in->lock);
	loop_stop(in->loop);
}

static int open_sync(Instance *in, const Options *o, Error *err)
{
	SyncConfig sc = { .primary = in->primary,
			  .database = in->database,
			  .dir = o->value[OPT_DATA_DIR],
			  .set = in->server->dbs,
			  .route = in->route,
			  .redo = in->redo,
			  .fatal = stop_with,
			  .fatal_ctx = in };
	if (sync_open(&sc, &in->sync, err) != 0)
		return -1;
	RouteSync hooks;
	sync_route_hooks(in->sync, &hooks);
	route_set_sync(in->route, &hooks);
	return 0;
}

static int open_primary(Instance *in, const Options *o, Error *err)
{
	RouteConfig rc;
	route_options(o, in, &rc);
	in->route = route_new(&rc);
	bool follow = !streq(o->value[OPT_FOLLOW], "off");
	in->redo = follow ? redo_list_new(REDO_COUNT, REDO_BYTES) : NULL;
	if (follow && open_sync(in, o, err) != 0)
		return -1;
	FailoverConfig fc = {
		.route = in->route, .database = in->database, .redo = in->redo, .in_doubt = note_in_doubt, .in_doubt_ctx = in
	};
	in->failover = failover_install(in->server, &fc);
	return route_start(in->route, in->sync && sync_has_unreplayed(in->sync), err);
}

static int open_parts(Instance *in, const Options *o, bool trust, Error *err)
{
	if (*o->value[OPT_PRIMARY]) {
		in->primary = mem_strdup(o->value[OPT_PRIMARY]);
		if (libpq_load(err) != 0 || database_of(in->primary, &in->database, err) != 0)
			return -1;
	}
	ServerOptions so = { .listen_addr = o->value[OPT_LISTEN_ADDR],
			     .listen_port = option_int(o, OPT_LISTEN_PORT),
			     .unix_socket_dir = o->value[OPT_UNIX_SOCKET_DIR],
			     .data_dir = o->value[OPT_DATA_DIR],
			     .auto_create = option_bool(o, OPT_AUTO_CREATE_DATABASE),
			     .trust_loopback = trust,
			     .max_client_conn = option_int(o, OPT_MAX_CLIENT_CONN),
			     .primary_database = in->database };
	if (server_open(&so, in->loop, &in->server, err) != 0 || (in->primary && open_primary(in, o, err) != 0))
		return -1;
	in->target = (AdminTarget){
		.database = in->database ? in->database : "postgres", .route = in->route, .sync = in->sync, .files = in->server->dbs
	};
	AdminHttpConfig hc = { .addr = o->value[OPT_HTTP_ADDR],
			       .token_file = o->value[OPT_HTTP_TOKEN_FILE],
			       .targets = { &in->target, 1 } };
	return admin_http_start(&hc, &in->http, err);
}

int instance_open(const Options *o, bool trust, Loop *loop, Instance **out, Error *err)
{
	Instance *in = mem_alloc(sizeof *in);
	in->loop = loop;
	pthread_mutex_init(&in->lock, NULL);
	if (open_parts(in, o, trust, err) != 0) {
		instance_close(in);
		return -1;
	}
	*out = in;
	return 0;
}

bool instance_failed(Instance *in, Error *err)
{
	pthread_mutex_lock(&in->lock);
	bool failed = in->failed;
	if (failed)
		*err = in->failure;
	pthread_mutex_unlock(&in->lock);
	return failed;
}

/* The order matters: nobody may ask or act on what is being taken away. */
void instance_close(Instance *in)
{
	admin_http_stop(in->http);
	if (in->route)
		route_stop(in->route);
	if (in->server)
		server_end_sessions(in->server);
	if (in->sync)
		sync_close(in->sync);
	if (in->failover)
		failover_free(in->failover);
	if (in->server)
		server_close(in->server);
	if (in->redo)
		redo_list_free(in->redo);
	if (in->route)
		route_free(in->route);
	pthread_mutex_destroy(&in->lock);
	free(in->primary);
	free(in->database);
	free(in);
}
