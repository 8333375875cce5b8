#include "cli/options.h"

#include "base/clock.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <strings.h>

const OptionDef option_defs[OPT_COUNT] = {
	[OPT_PROFILE] = { "profile", OPTION_STRING, "", 0, 0, "development or production (default: from NODE_ENV and its like)" },
	[OPT_CONFIG] = { "config", OPTION_STRING, "", 0, 0, "configuration file (ini, sections [understudy] or [pgbouncer])" },
	[OPT_LISTEN_ADDR] = { "listen_addr", OPTION_STRING, "127.0.0.1", 0, 0, "address to listen on; empty: no TCP" },
	[OPT_LISTEN_PORT] = { "listen_port", OPTION_INT, "6432", 1, 65535, "port to listen on" },
	[OPT_UNIX_SOCKET_DIR] = { "unix_socket_dir", OPTION_STRING, "", 0, 0, "directory of the Unix socket; empty: none" },
	[OPT_DATA_DIR] = { "data_dir", OPTION_STRING, "./data", 0, 0, "directory of the SQLite files" },
	[OPT_PRIMARY] = { "primary", OPTION_STRING, "", 0, 0, "the PostgreSQL to stand in for (URL or libpq string)" },
	[OPT_AUTO_CREATE_DATABASE] = { "auto_create_database", OPTION_BOOL, "on", 0, 0, "make unknown databases at first connection",
				       "off" },
	[OPT_AUTH_TYPE] = { "auth_type", OPTION_STRING, "", 0, 0, "how clients prove who they are (trust)" },
	[OPT_AUTH_FILE] = { "auth_file", OPTION_STRING, "", 0, 0, "file of users and passwords" },
	[OPT_MAX_CLIENT_CONN] = { "max_client_conn", OPTION_INT, "1000", 1, 1000000, "clients allowed at once" },
	[OPT_LOGFILE] = { "logfile", OPTION_STRING, "", 0, 0, "file to log to (default: standard error)" },
	[OPT_LOG_LEVEL] = { "log_level", OPTION_CHOICE, "info", 0, 0, "how much to log", NULL, "debug|info|warn|error" },
	[OPT_FALLBACK] = { "fallback", OPTION_CHOICE, "read-write", 0, 0, "what SQLite may do while the primary is away", "off",
			   "read-write|read-only|off" },
	[OPT_FOLLOW] = { "follow", OPTION_CHOICE, "auto", 0, 0, "how SQLite is kept in step with the primary", NULL, "auto|logical|off" },
	[OPT_HOLD] = { "hold", OPTION_DURATION, "1s", 0, 0, "how long clients wait for a lost primary before SQLite takes over", "5s" },
	[OPT_PROBE_INTERVAL] = { "probe_interval", OPTION_DURATION, "1s", 10, 0, "time between probes of the primary" },
	[OPT_CONNECT_TIMEOUT] = { "connect_timeout", OPTION_DURATION, "5s", 100, 0,
				  "deadline for a connection to the primary, login included" },
	[OPT_TRIP_AFTER] = { "trip_after", OPTION_INT, "3", 1, 1000, "probes without an answer until the primary counts as lost" },
	[OPT_RETURN_AFTER] = { "return_after", OPTION_INT, "3", 1, 1000, "good probes until the return begins" },
	[OPT_MIN_DWELL] = { "min_dwell", OPTION_DURATION, "10s", 0, 0, "shortest stay on SQLite" },
	[OPT_RETRY_DELAY] = { "retry_delay", OPTION_DURATION, "2s", 0, 0, "wait after a return that failed" },
	[OPT_RETRY_DELAY_MAX] = { "retry_delay_max", OPTION_DURATION, "60s", 0, 0, "longest wait after returns that failed" },
	[OPT_ALERT_AFTER] = { "alert_after", OPTION_DURATION, "5m", 0, 0, "length of an outage that is worth an alert" },
	[OPT_FLAVOR] = { "flavor", OPTION_CHOICE, "postgres", 0, 0, "what the primary is", NULL, "postgres" },
	[OPT_HTTP_ADDR] = { "http_addr", OPTION_STRING, "127.0.0.1:6480", 0, 0, "address of status, health and metrics; empty: none" },
	[OPT_HTTP_TOKEN_FILE] = { "http_token_file", OPTION_STRING, "", 0, 0, "file with the bearer token that switching needs" },
};

static int find(Str name)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		const char *n = option_defs[i].name;
		size_t k = 0;
		while (k < name.n && n[k] && (n[k] == name.p[k] || (n[k] == '_' && name.p[k] == '-')))
			k++;
		if (k == name.n && !n[k])
			return i;
	}
	return -1;
}

static int parse_bool(const char *v)
{
	static const char *const yes[] = { "1", "on", "true", "yes" }, *const no[] = { "0", "off", "false", "no" };
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcasecmp(v, yes[i]) == 0)
			return 1;
		if (strcasecmp(v, no[i]) == 0)
			return 0;
	}
	return -1;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);
	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	return false;
}

static int check_int(const OptionDef *d, const char *value, Error *err)
{
	char *end;
	errno = 0;
	long n = strtol(value, &end, 10);
	if (errno || end == value || *end || n < d->min || n > d->max)
		return err_set(err, "22023", "%s: \"%s\" is not a number from %d to %d", d->name, value, d->min, d->max);
	return 0;
}

static int check(int id, const char *value, Error *err)
{
	const OptionDef *d = &option_defs[id];
	int64_t ms;
	switch (d->kind) {
	case OPTION_BOOL:
		return parse_bool(value) < 0 ? err_set(err, "22023", "%s: \"%s\" is neither on nor off", d->name, value) : 0;
	case OPTION_INT:
		return check_int(d, value, err);
	case OPTION_DURATION:
		ms = duration_ms(value);
		return ms < d->min || ms > INT32_MAX ? err_set(err, "22023", "%s: \"%s\" is not a duration such as 500ms, 2s or 5m%s",
							       d->name, value, d->min ? " (or too short)" : "")
						     : 0;
	case OPTION_CHOICE:
		return is_choice(d->choices, value) ? 0 : err_set(err, "22023", "%s: \"%s\" is none of %s", d->name, value, d->choices);
	case OPTION_STRING:
		break;
	}
	return 0;
}

/* Takes a value unless a stronger source has given one. */
static int take(Options *o, int id, const char *value, OptionSource source, Error *err)
{
	if (o->value[id] && o->source[id] > source)
		return 0;
	if (check(id, value, err) != 0)
		return -1;
	free(o->value[id]);
	o->value[id] = mem_strdup(value);
	o->source[id] = source;
	return 0;
}

static int read_flags(Options *o, int argc, char **argv, Error *err)
{
	for (int i = 0; i < argc; i++) {
		const char *arg = argv[i];
		if (streq(arg, "--help") || streq(arg, "-h"))
			return -2;
		if (strncmp(arg, "--", 2) != 0)
			return err_set(err, "42601", "unexpected argument \"%s\"", arg);
		const char *eq = strchr(arg, '=');
		Str name = { arg + 2, eq ? (size_t)(eq - arg) - 2 : strlen(arg) - 2 };
		int id = find(name);
		if (id < 0)
			return err_set(err, "42601", "unknown option --%.*s", STR_ARG(name));
		const char *value = eq ? eq + 1 : NULL, *next = i + 1 < argc ? argv[i + 1] : NULL;
		/* A switch may stand alone: --auto-create-database. */
		if (!value && option_defs[id].kind == OPTION_BOOL && (!next || parse_bool(next) < 0))
			value = "on";
		else if (!value && next)
			value = argv[++i];
		if (!value)
			return err_set(err, "42601", "option --%.*s needs a value", STR_ARG(name));
		if (take(o, id, value, FROM_FLAG, err) != 0)
			return -1;
	}
	return 0;
}

static int read_environment(Options *o, Error *err)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		char name[80] = "UNDERSTUDY_";
		size_t n = strlen(name);
		for (const char *p = option_defs[i].name; *p && n + 1 < sizeof name; p++)
			name[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
		name[n] = '\0';
		const char *value = getenv(name);
		if (value && take(o, i, value, FROM_ENVIRONMENT, err) != 0)
			return -1;
	}
	return 0;
}

/* Names that applications already have in their environment. Bare numbers are milliseconds. */
static const struct {
	const char *name;
	int id;
} aliases[] = {
	{ "DATABASE_URL", OPT_PRIMARY },       { "DB_HEALTH_CHECK_INTERVAL", OPT_PROBE_INTERVAL },
	{ "DB_RETRY_DELAY", OPT_RETRY_DELAY }, { "DB_MAX_RETRIES", OPT_TRIP_AFTER },
	{ "SQLITE_DIR", OPT_DATA_DIR },
};

static bool is_postgres_url(const char *v)
{
	return strncmp(v, "postgres://", 11) == 0 || strncmp(v, "postgresql://", 13) == 0;
}

static void put_conninfo(Buf *b, const char *key, const char *env, const char *otherwise)
{
	const char *v = getenv(env);
	if (!v || !*v)
		v = otherwise;
	if (!v)
		return;
	buf_printf(b, "%s='", key);
	for (; *v; v++) {
		if (*v == '\'' || *v == '\\')
			buf_put_u8(b, '\\');
		buf_put_u8(b, (uint8_t)*v);
	}
	buf_puts(b, "' ");
}

/* DB_HOST and its companions describe a primary when DATABASE_URL does not. */
static int read_db_variables(Options *o, Error *err)
{
	const char *host = getenv("DB_HOST");
	if (!host || !*host)
		return 0;
	Buf b = { 0 };
	put_conninfo(&b, "host", "DB_HOST", NULL);
	put_conninfo(&b, "port", "DB_PORT", "5432");
	put_conninfo(&b, "dbname", "DB_NAME", "postgres");
	put_conninfo(&b, "user", "DB_USER", NULL);
	put_conninfo(&b, "password", "DB_PASSWORD", NULL);
	int rc = o->value[OPT_PRIMARY] ? 0 : take(o, OPT_PRIMARY, buf_cstr(&b), FROM_ENVIRONMENT, err);
	buf_free(&b);
	return rc;
}

static int read_aliases(Options *o, Error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		const char *v = getenv(aliases[i].name);
		if (!v || !*v || o->source[aliases[i].id] >= FROM_ENVIRONMENT)
			continue;
		/* A DATABASE_URL of another kind is not ours to judge: it is the application's. */
		if (aliases[i].id == OPT_PRIMARY && !is_postgres_url(v))
			continue;
		if (take(o, aliases[i].id, v, FROM_ENVIRONMENT, err) != 0)
			return -1;
	}
	return read_db_variables(o, err);
}

typedef struct FileReader {
	Options *o;
	Error *err;
	const char *path;
} FileReader;

static int on_key(void *ctx, const char *section, const char *name, const char *value)
{
	FileReader *r = ctx;
	if (!streq(section, "understudy") && !streq(section, "pgbouncer"))
		return 1;
	int id = find(str_of(name));
	if (id < 0) {
		fprintf(stderr, "understudy: %s: key \"%s\" is not known and has no effect\n", r->path, name);
		return 1;
	}
	return take(r->o, id, value, FROM_FILE, r->err) == 0;
}

static int read_file(Options *o, Error *err)
{
	const char *path = o->value[OPT_CONFIG];
	if (!path || !*path)
		return 0;
	FileReader r = { o, err, path };
	err_clear(err);
	int rc = ini_parse(path, on_key, &r);
	if (rc == 0)
		return 0;
	if (rc < 0)
		return err_set(err, "58P01", "configuration file \"%s\" cannot be read: %s", path, strerror(errno));
	return err->message[0] ? -1 : err_set(err, "F0000", "configuration file \"%s\", line %d: this is not \"key = value\"", path, rc);
}

static const char *profile_from_environment(void)
{
	static const char *const names[] = { "UNDERSTUDY_ENV", "NODE_ENV", "RAILS_ENV", "APP_ENV", "DJANGO_ENV" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);
		if (v && *v)
			return strcasecmp(v, "production") == 0 ? "production" : "development";
	}
	return "development";
}

static int fill_defaults(Options *o, Error *err)
{
	if (!o->value[OPT_PROFILE] || !*o->value[OPT_PROFILE])
		take(o, OPT_PROFILE, profile_from_environment(), FROM_DEFAULT, err);
	const char *profile = o->value[OPT_PROFILE];
	bool production = streq(profile, "production");
	if (!production && !streq(profile, "development"))
		return err_set(err, "22023", "profile: \"%s\" is neither development nor production", profile);
	for (int i = 0; i < OPT_COUNT; i++)
		if (!o->value[i])
			o->value[i] =
				mem_strdup(production && option_defs[i].production ? option_defs[i].production : option_defs[i].value);
	return 0;
}

int options_load(Options *o, int argc, char **argv, Error *err)
{
	int rc = read_flags(o, argc, argv, err);
	if (rc == 0)
		rc = read_environment(o, err);
	if (rc == 0)
		rc = read_aliases(o, err);
	if (rc == 0)
		rc = read_file(o, err);
	return rc == 0 ? fill_defaults(o, err) : rc;
}

void options_free(Options *o)
{
	for (int i = 0; i < OPT_COUNT; i++)
		free(o->value[i]);
	*o = (Options){ 0 };
}

bool option_bool(const Options *o, OptionId id)
{
	return parse_bool(o->value[id]) == 1;
}

int option_int(const Options *o, OptionId id)
{
	return (int)strtol(o->value[id], NULL, 10);
}

int option_ms(const Options *o, OptionId id)
{
	return (int)duration_ms(o->value[id]);
}

void options_print_help(void)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		const OptionDef *d = &option_defs[i];
		char flag[40];
		size_t n = (size_t)snprintf(flag, sizeof flag, "--%s", d->name);
		for (size_t k = 2; k < n; k++)
			if (flag[k] == '_')
				flag[k] = '-';
		printf("  %-24s %s", flag, d->help);
		if (d->choices)
			printf(": %s", d->choices);
		if (*d->value)
			printf(" (%s%s%s)", d->value, d->production ? "; production " : "", d->production ? d->production : "");
		printf("\n");
	}
}
