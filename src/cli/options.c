#include "cli/options.h"

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
	[OPT_AUTO_CREATE_DATABASE] = { "auto_create_database", OPTION_BOOL, "", 0, 0, "make unknown databases at first connection" },
	[OPT_AUTH_TYPE] = { "auth_type", OPTION_STRING, "", 0, 0, "how clients prove who they are (trust)" },
	[OPT_AUTH_FILE] = { "auth_file", OPTION_STRING, "", 0, 0, "file of users and passwords" },
	[OPT_MAX_CLIENT_CONN] = { "max_client_conn", OPTION_INT, "1000", 1, 1000000, "clients allowed at once" },
	[OPT_LOGFILE] = { "logfile", OPTION_STRING, "", 0, 0, "file to log to (default: standard error)" },
	[OPT_LOG_LEVEL] = { "log_level", OPTION_STRING, "info", 0, 0, "debug, info, warn or error" },
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

static int check(int id, const char *value, Error *err)
{
	const OptionDef *d = &option_defs[id];
	if (d->kind == OPTION_BOOL && *value && parse_bool(value) < 0)
		return err_set(err, "22023", "%s: \"%s\" is neither on nor off", d->name, value);
	if (d->kind != OPTION_INT)
		return 0;
	char *end;
	errno = 0;
	long n = strtol(value, &end, 10);
	if (errno || end == value || *end || n < d->min || n > d->max)
		return err_set(err, "22023", "%s: \"%s\" is not a number from %d to %d", d->name, value, d->min, d->max);
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
		const char *value = eq ? eq + 1 : option_defs[id].kind == OPTION_BOOL ? "on" : i + 1 < argc ? argv[++i] : NULL;
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
			o->value[i] = mem_strdup(i == OPT_AUTO_CREATE_DATABASE ? (production ? "off" : "on") : option_defs[i].value);
	return 0;
}

int options_load(Options *o, int argc, char **argv, Error *err)
{
	int rc = read_flags(o, argc, argv, err);
	if (rc == 0)
		rc = read_environment(o, err);
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
	return atoi(o->value[id]);
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
		printf("  %-24s %s%s%s%s\n", flag, d->help, *d->value ? " (" : "", d->value, *d->value ? ")" : "");
	}
}
