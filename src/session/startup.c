/* From the first byte to ReadyForQuery. */
#include "session/internal.h"

#include "base/clock.h"
#include "catalog/acl.h"
#include "pgtype/datetime.h"

#include <stdio.h>
#include <sys/random.h>

static int negotiate(Session *s, const WireStartup *st)
{
	Str unknown[32], name, value;
	size_t n = 0;
	for (size_t at = 0; wire_startup_next(st, &at, &name, &value);)
		if (str_starts(name, "_pq_.") && n < ARRAY_LEN(unknown))
			unknown[n++] = name;
	if (st->minor > 0 || n > 0)
		wire_put_negotiate(&s->out, 0, unknown, n);
	return 0;
}

static bool may_enter(const Session *s)
{
	return s->server->opt.trust_loopback && s->peer.is_loopback;
}

static int check_names(Session *s, const WireStartup *st, Error *err)
{
	Str user = wire_startup_param(st, "user"), db = wire_startup_param(st, "database");
	if (user.n == 0)
		return err_set(err, "28000", "no PostgreSQL user name specified in startup packet");
	if (db.n == 0)
		db = user;
	s->user = mem_strndup(user.p, user.n);
	s->database = mem_strndup(db.p, db.n);
	/* PostgreSQL cuts names to 63 bytes. */
	if (user.n > 63)
		s->user[63] = '\0';
	if (db.n > 63)
		s->database[63] = '\0';
	Str replication = wire_startup_param(st, "replication");
	if (replication.n && !str_is(replication, "false") && !str_is(replication, "off") && !str_is(replication, "0"))
		return err_refuse(err, 0, "replication connections are not supported");
	if (may_enter(s))
		return 0;
	return err_set(err, "28000", "no authentication is configured for host \"%s\", user \"%s\", database \"%s\"", s->peer.host, s->user,
		       s->database);
}

/* "-c name=value -c name=value" of the options parameter; a backslash keeps the next character. */
static int set_options(Session *s, Str options, Error *err)
{
	Buf word = { 0 };
	bool expect = false;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i <= options.n; i++) {
		bool end = i == options.n || options.p[i] == ' ';
		if (!end) {
			if (options.p[i] == '\\' && i + 1 < options.n)
				i++;
			buf_put_u8(&word, (uint8_t)options.p[i]);
			continue;
		}
		if (word.len == 0)
			continue;
		char *w = (char *)(uintptr_t)buf_cstr(&word);
		char *setting = expect ? w : strncmp(w, "--", 2) == 0 || strncmp(w, "-c", 2) == 0 ? w + 2 : NULL;
		if (!setting)
			rc = err_set(err, "42601", "invalid command-line argument for server process: %s", w);
		else if (*setting) {
			char *eq = strchr(setting, '=');
			if (!eq)
				rc = err_set(err, "42601", "-c %s requires a value", setting);
			else {
				*eq = '\0';
				for (char *c = setting; *c; c++)
					if (*c == '-')
						*c = '_';
				rc = session_set(s, setting, eq + 1, err);
			}
		}
		expect = setting && !*setting;
		buf_clear(&word);
	}
	buf_free(&word);
	return rc;
}

static int set_from_startup(Session *s, const WireStartup *st, Error *err)
{
	Str name, value;
	for (size_t at = 0; wire_startup_next(st, &at, &name, &value);) {
		if (str_is(name, "user") || str_is(name, "database") || str_is(name, "replication") || str_starts(name, "_pq_."))
			continue;
		char *n = mem_strndup(name.p, name.n), *v = mem_strndup(value.p, value.n);
		int rc = str_is(name, "options") ? set_options(s, value, err) : session_set(s, n, v, err);
		free(n);
		free(v);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static bool database_may_be_made(const Session *s)
{
	const ServerOptions *o = &s->server->opt;
	return o->auto_create && !o->primary_database && database_name_valid(s->database);
}

int session_attach_sqlite(Session *s, Error *err)
{
	if (s->txn.db)
		return 0;
	Database *d = dbset_enter(s->server->dbs, s->database, database_may_be_made(s), err);
	if (!d)
		return -1;
	s->vars->sequences = database_sequences(d);
	/* A CancelRequest may look for this session already. */
	pthread_mutex_lock(&s->server->lock);
	txn_init(&s->txn, d, &s->types, s->vars);
	settings_programs(s);
	database_leave(d);
	pthread_mutex_unlock(&s->server->lock);
	/* The name of its temporary schema is known now. */
	s->vars->temp_made(s->vars->arg);
	const CatRole *role = catalog_role(s->txn.cat, catalog_role_oid(s->txn.cat, s->user));
	if (role && !role->login)
		return err_set(err, "28000", "role \"%s\" is not permitted to log in", s->user);
	return 0;
}

int session_welcome_sqlite(Session *s, Error *err)
{
	if (session_attach_sqlite(s, err) != 0)
		return -1;
	wire_put_auth_ok(&s->out);
	for (const GucDef *d = guc_defs; d->name; d++)
		if (d->report)
			wire_put_parameter_status(&s->out, d->name,
						  streq(d->name, "session_authorization") ? s->user : guc_get(s->guc, d->name, err));
	wire_put_parameter_status(&s->out, "understudy.source", "sqlite");
	wire_put_backend_key(&s->out, s->pid, s->key);
	wire_put_ready(&s->out, 'I');
	s->state = SESSION_READY;
	return 0;
}

static int login(Session *s, const WireStartup *st, Error *err)
{
	const RelayOps *relay = s->server->relay;
	negotiate(s, st);
	if (check_names(s, st, err) != 0 || settings_open(s, err) != 0 || set_from_startup(s, st, err) != 0)
		return -1;
	if (getrandom(&s->key, sizeof s->key, 0) != sizeof s->key)
		return err_set(err, "XX000", "could not generate random cancel key");
	server_register(s);
	s->vars->backend_pid = (int32_t)s->pid;
	if (relay && relay->login) {
		if (relay->login(s, st, err) != 0)
			return -1;
		if (s->state != SESSION_STARTUP)
			return 0;
	}
	return session_welcome_sqlite(s, err);
}

static void startup_packet(Session *s, Str body)
{
	Error err;
	WireStartup st;
	if (wire_read_startup(body, &st, &err) != 0) {
		session_fatal(s, err.sqlstate, "%s", err.message);
		return;
	}
	switch (st.kind) {
	case WIRE_SSL_REQUEST:
	case WIRE_GSSENC_REQUEST:
		buf_put_u8(&s->out, 'N');
		return;
	case WIRE_CANCEL_REQUEST:
		server_cancel(s->server, st.pid, st.key);
		s->doomed = true;
		return;
	default:
		break;
	}
	if (login(s, &st, &err) != 0) {
		session_put_error(s, &err, "FATAL");
		s->doomed = true;
	}
}

size_t startup_bytes(Session *s, const uint8_t *p, size_t n)
{
	Error err;
	WireFrame f;
	int rc = wire_startup_frame(p, n, &f, &err);
	/* Whoever sends no startup packet gets no answer, as with PostgreSQL: it may be a client that leaves before it begins. */
	s->doomed = s->doomed || rc < 0;
	if (rc <= 0)
		return 0;
	startup_packet(s, f.body);
	return f.size;
}
