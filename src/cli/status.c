#include "cli/status.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

typedef struct StatusOptions {
	const char *addr, *ttl, *token_file;
	bool json, watch, check;
} StatusOptions;

static const struct option long_options[] = {
	{ "http-addr", required_argument, NULL, 'a' },
	{ "http-token-file", required_argument, NULL, 'f' },
	{ "ttl", required_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' },
	{ "watch", no_argument, NULL, 'w' },
	{ "check", no_argument, NULL, 'c' },
	{ 0 },
};

/* Index of the first word that is no option, or -1 on a wrong one (getopt has said which). */
static int parse(int argc, char **argv, StatusOptions *o)
{
	const char *env = getenv("UNDERSTUDY_HTTP_ADDR");
	const char *env_file = getenv("UNDERSTUDY_HTTP_TOKEN_FILE");
	/* getopt skips the first word, which is the command's name. */
	argv--;
	argc++;
	*o = (StatusOptions){ .addr = env ? env : "127.0.0.1:6480", .token_file = env_file };
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		switch (c) {
		case 'a':
			o->addr = optarg;
			break;
		case 'f':
			o->token_file = optarg;
			break;
		case 't':
			o->ttl = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'w':
			o->watch = true;
			break;
		case 'c':
			o->check = true;
			break;
		default:
			return -1;
		}
	}
	return optind - 1;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "-";
}

static long long number_of(const json_t *o, const char *key)
{
	return (long long)json_number_value(json_object_get(o, key));
}

static void print_table(const json_t *status)
{
	printf("%s\n\n", text_of(status, "message"));
	printf("%-20s %-11s %-10s %-21s %9s %9s %9s %9s\n", "database", "state", "source", "since", "stale s", "pending", "conflicts",
	       "in doubt");
	size_t i;
	json_t *s;
	json_array_foreach(json_object_get(status, "services"), i, s)
	{
		printf("%-20s %-11s %-10s %-21s %9lld %9lld %9lld %9lld\n", text_of(s, "name"), text_of(s, "state"),
		       text_of(s, "currentSource"), text_of(s, "since"), number_of(s, "stalenessSeconds"), number_of(s, "pendingWrites"),
		       number_of(s, "conflicts"), number_of(s, "inDoubt"));
		const char *detail = text_of(s, "detail");
		if (*detail && strcmp(detail, "-") != 0)
			printf("  %s\n", detail);
	}
	fflush(stdout);
}

/* One request and its display. 0 healthy, 1 degraded or worse, or nobody answered. */
static int show_once(const StatusOptions *o)
{
	Error err;
	Buf body = { 0 };
	int code = http_request(o->addr, "GET", "/db/status", NULL, &body, &err);
	if (code < 0) {
		fprintf(stderr, "understudy: %s\n", err.message);
		if (err.hint[0])
			fprintf(stderr, "hint: %s\n", err.hint);
		buf_free(&body);
		return 1;
	}
	json_error_t je;
	json_t *status = json_loadb((const char *)body.data, body.len, 0, &je);
	if (!status) {
		fprintf(stderr, "understudy: http://%s answered something that is not a status (%d): %s\n", o->addr, code, je.text);
		buf_free(&body);
		return 1;
	}
	if (o->json)
		fwrite(body.data, 1, body.len, stdout);
	else
		print_table(status);
	Buf health = { 0 };
	code = http_request(o->addr, "GET", "/db/healthz", NULL, &health, &err);
	bool healthy = code == 200 && strstr(buf_cstr(&health), "\"status\": \"healthy\"") != NULL;
	buf_free(&health);
	buf_free(&body);
	json_decref(status);
	return healthy ? 0 : 1;
}

int status_command(int argc, char **argv)
{
	StatusOptions o;
	int at = parse(argc, argv, &o);
	if (at < 0 || at < argc) {
		fprintf(stderr, "usage: understudy status [--json] [--watch] [--check] [--http-addr HOST:PORT]\n");
		return 2;
	}
	for (;;) {
		if (o.watch && !o.json && isatty(STDOUT_FILENO))
			printf("\033[H\033[J");
		int rc = show_once(&o);
		if (!o.watch)
			return o.check ? rc : 0;
		sleep(1);
	}
}

static char *read_token(const char *path)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	if (!f)
		return NULL;
	char text[512];
	size_t n = fread(text, 1, sizeof text, f);
	fclose(f);
	Str token = str_trim((Str){ text, n });
	return mem_strndup(token.p, token.n);
}

int switch_command(int argc, char **argv)
{
	StatusOptions o;
	int at = parse(argc, argv, &o);
	const char *where = at > 0 && at < argc ? argv[at] : "";
	bool fallback = streq(where, "fallback");
	if (at < 0 || argc - at > 2 || !(fallback || streq(where, "primary") || streq(where, "auto"))) {
		fprintf(stderr, "usage: understudy switch fallback|primary|auto [DB] [--ttl 10m] [--http-addr HOST:PORT]\n");
		return 2;
	}
	Error err;
	Buf body = { 0 }, path = { 0 };
	buf_puts(&path, fallback ? "/db/force-sqlite?" : "/db/retry-primary?");
	if (at + 1 < argc)
		buf_printf(&path, "database=%s&", argv[at + 1]);
	if (fallback && o.ttl)
		buf_printf(&path, "ttl=%s", o.ttl);
	char *token = read_token(o.token_file);
	int code = http_request(o.addr, "POST", buf_cstr(&path), token, &body, &err);
	if (code < 0)
		fprintf(stderr, "understudy: %s\n", err.message);
	else
		fputs(buf_cstr(&body), code == 200 ? stdout : stderr);
	free(token);
	buf_free(&body);
	buf_free(&path);
	return code == 200 ? 0 : 1;
}
