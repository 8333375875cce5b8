#include "admin/http.h"

#include "admin/http_serve.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct AdminHttp {
	HttpServer *server;
	AdminTargets targets;
	char *token; /* NULL: loopback peers may act */
	char *host;  /* as configured, for the Host check */
};

typedef struct Endpoint {
	const char *path;
	HttpMethod method;
	void (*answer)(AdminHttp *h, const HttpRequest *q, HttpReply *r);
} Endpoint;

static void reply_error(HttpReply *r, int status, const char *message)
{
	r->status = status;
	json_t *o = json_pack("{s:s}", "error", message);
	char *text = json_dumps(o, JSON_COMPACT);
	buf_clear(&r->body);
	buf_puts(&r->body, text ? text : "{}");
	buf_puts(&r->body, "\n");
	free(text);
	json_decref(o);
}

static void get_ok(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	(void)h, (void)q;
	buf_puts(&r->body, "{\"status\":\"ok\"}\n");
}

static void get_status(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	(void)q;
	status_json(&h->targets, &r->body);
}

static void get_healthz(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	(void)q;
	if (!health_json(&h->targets, &r->body))
		r->status = 503;
}

static void get_health_database(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	(void)q;
	health_database_json(&h->targets, &r->body);
}

static void get_metrics(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	(void)q;
	r->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_text(&h->targets, &r->body);
}

/* The database that a request names by ?database=, the first one otherwise. NULL when there is none of that name or it has no primary. */
static const AdminTarget *wanted_target(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	const char *name = q->database.given ? q->database.value : NULL;
	for (size_t i = 0; i < h->targets.n; i++) {
		const AdminTarget *t = &h->targets.items[i];
		if (name && !streq(name, t->database))
			continue;
		if (t->route)
			return t;
		reply_error(r, 409, "this database has no primary: it is served by SQLite alone");
		return NULL;
	}
	reply_error(r, 404, "no such database");
	return NULL;
}

static void put_pair(HttpReply *r, const char *message, const char *key, const char *source)
{
	json_t *o = json_pack("{s:s,s:s}", "message", message, key, source);
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	buf_puts(&r->body, text ? text : "{}");
	buf_puts(&r->body, "\n");
	free(text);
	json_decref(o);
}

static void post_force(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	const AdminTarget *t = wanted_target(h, q, r);
	if (!t)
		return;
	int64_t ttl_ms = q->ttl.given ? duration_ms(q->ttl.value) : 0;
	if (ttl_ms < 0) {
		reply_error(r, 400, "ttl must be a duration such as 10m or 30s");
		return;
	}
	Error err;
	if (route_force_sqlite(t->route, ttl_ms, &err)) {
		reply_error(r, 409, err.message);
		return;
	}
	put_pair(r, "Switched to SQLite backup database", "source", route_source(t->route));
}

static void post_retry(AdminHttp *h, const HttpRequest *q, HttpReply *r)
{
	const AdminTarget *t = wanted_target(h, q, r);
	if (!t)
		return;
	Error err;
	if (route_retry_primary(t->route, &err)) {
		reply_error(r, 409, err.message);
		return;
	}
	const char *source = route_source(t->route);
	if (t->redshift && streq(source, "postgres"))
		source = "redshift";
	put_pair(r, t->redshift ? "Retrying Redshift connection" : "Retrying PostgreSQL connection", "currentSource", source);
}

static const Endpoint endpoints[] = {
	{ "/db/status", HTTP_GET, get_status },
	{ "/db/healthz", HTTP_GET, get_healthz },
	{ "/health/database", HTTP_GET, get_health_database },
	{ "/health", HTTP_GET, get_ok },
	{ "/livez", HTTP_GET, get_ok },
	{ "/readyz", HTTP_GET, get_healthz },
	{ "/metrics", HTTP_GET, get_metrics },
	{ "/db/force-sqlite", HTTP_POST, post_force },
	{ "/db/retry-primary", HTTP_POST, post_retry },
	{ "/db/retry-redshift", HTTP_POST, post_retry },
};

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr) >> 24) == 127;
	return sa->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
}

/* The host part of "host:port", "[v6]:port" or an Origin "http://host:port". */
static Str host_part(Str s)
{
	const char *slashes = s.n ? memmem(s.p, s.n, "://", 3) : NULL;
	if (slashes)
		s = (Str){ slashes + 3, s.n - (size_t)(slashes + 3 - s.p) };
	bool v6 = s.n && s.p[0] == '[';
	size_t n = v6, from = v6;
	while (n < s.n && (v6 ? s.p[n] != ']' : s.p[n] != ':' && s.p[n] != '/'))
		n++;
	return v6 && n == s.n ? str_of("") : (Str){ s.p + from, n - from };
}

/* DNS rebinding and cross-site requests name a host that is not ours. */
static bool host_is_ours(const AdminHttp *h, Str value)
{
	Str host = host_part(value);
	return str_iis(host, "localhost") || str_is(host, "127.0.0.1") || str_is(host, "::1") || str_eq(host, host_part(str_of(h->host)));
}

/* The time does not depend on where they differ. */
static bool same_secret(Str a, Str b)
{
	volatile unsigned char diff = 0;
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff = (unsigned char)(diff | (a.p[i] ^ b.p[i]));
	return diff == 0;
}

static bool token_matches(const AdminHttp *h, Str header)
{
	static const char prefix[] = "Bearer ";
	size_t n = sizeof prefix - 1;
	return header.p && str_starts(header, prefix) && same_secret((Str){ header.p + n, header.n - n }, str_of(h->token));
}

/* NULL when the request may act, otherwise why not. */
static const char *refusal(const AdminHttp *h, const HttpRequest *q, const struct sockaddr *peer)
{
	if (!q->host.p || !host_is_ours(h, q->host))
		return "the Host header does not name this server";
	if (q->origin.p && !host_is_ours(h, q->origin))
		return "requests from other web sites are refused";
	if (h->token)
		return token_matches(h, q->authorization) ? NULL : "a bearer token is needed";
	return is_loopback(peer) ? NULL : "only loopback may do this without a token";
}

static const Endpoint *find_endpoint(Str path)
{
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++)
		if (str_is(path, endpoints[i].path))
			return &endpoints[i];
	return NULL;
}

static void handle(void *ctx, const HttpRequest *q, const struct sockaddr *peer, HttpReply *r)
{
	AdminHttp *h = ctx;
	if (!q) {
		reply_error(r, r->status, http_reason(r->status));
		return;
	}
	const Endpoint *e = find_endpoint(q->path);
	if (!e) {
		reply_error(r, 404, "no such path");
		return;
	}
	if ((q->method == HTTP_HEAD ? HTTP_GET : q->method) != e->method) {
		reply_error(r, 405, "wrong method");
		r->allow = e->method == HTTP_GET ? "GET, HEAD" : "POST";
		return;
	}
	const char *why = e->method == HTTP_POST ? refusal(h, q, peer) : NULL;
	if (why)
		reply_error(r, 403, why);
	else
		e->answer(h, q, r);
}

static int parse_addr(const char *addr, struct sockaddr_storage *ss, Error *err)
{
	const char *colon = strrchr(addr, ':');
	Str host = host_part(str_of(addr));
	char name[64], *end;
	long port = colon ? strtol(colon + 1, &end, 10) : -1;
	if (!colon || colon[1] == '\0' || *end || port < 0 || port > 65535 || host.n >= sizeof name)
		return err_set(err, "22023", "http_addr \"%s\" is not an address: use HOST:PORT, such as 127.0.0.1:6480", addr);
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	if (streq(name, "localhost"))
		memcpy(name, "127.0.0.1", sizeof "127.0.0.1");
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;
	memset(ss, 0, sizeof *ss);
	if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return 0;
	}
	if (inet_pton(AF_INET6, name, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return 0;
	}
	return err_set(err, "22023", "http_addr \"%s\": \"%s\" is not an IP address", addr, name);
}

static int read_token(const char *path, char **out, Error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, "58030", "could not open http_token_file \"%s\": %s", path, strerror(errno));
	struct stat st;
	char text[512];
	ssize_t n = fstat(fd, &st) ? -1 : read(fd, text, sizeof text - 1);
	close(fd);
	if (n < 0)
		return err_set(err, "58030", "could not read http_token_file \"%s\": %s", path, strerror(errno));
	if (st.st_mode & 077)
		return err_set(err, "58030", "http_token_file \"%s\" can be read by others; run: chmod 600 %s", path, path);
	Str token = str_trim((Str){ text, (size_t)n });
	if (token.n < 16)
		return err_set(err, "22023", "http_token_file \"%s\" must hold a token of at least 16 characters", path);
	*out = mem_strndup(token.p, token.n);
	return 0;
}

static int listen_on(const struct sockaddr_storage *ss, const char *addr, Error *err)
{
	int fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	if (fd < 0)
		return err_set(err, "58030", "could not make a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	socklen_t len = ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (bind(fd, (const struct sockaddr *)ss, len) || listen(fd, 64)) {
		int e = errno;
		close(fd);
		err_set(err, "58030", "could not listen for HTTP on %s: %s", addr, e == EADDRINUSE ? "the port is in use" : strerror(e));
		return err_hint(err, "Choose another address with --http-addr, or \"\" for none.");
	}
	return fd;
}

int admin_http_start(const AdminHttpConfig *config, AdminHttp **out, Error *err)
{
	*out = NULL;
	if (!config->addr || !*config->addr)
		return 0;
	struct sockaddr_storage ss;
	if (parse_addr(config->addr, &ss, err))
		return -1;
	char *token = NULL;
	if (config->token_file && *config->token_file && read_token(config->token_file, &token, err))
		return -1;
	if (!token && !is_loopback((const struct sockaddr *)&ss)) {
		err_set(err, "22023", "http_addr \"%s\" is not a loopback address and there is no http_token_file", config->addr);
		return err_hint(err, "Write a secret into a file of mode 0600 and name it with --http-token-file.");
	}
	int fd = listen_on(&ss, config->addr, err);
	if (fd < 0) {
		free(token);
		return -1;
	}
	AdminHttp *h = mem_alloc(sizeof *h);
	*h = (AdminHttp){ .targets = config->targets, .token = token, .host = mem_strdup(config->addr) };
	if (http_server_start(fd, handle, h, &h->server, err)) {
		admin_http_stop(h);
		return -1;
	}
	*out = h;
	return 0;
}

void admin_http_stop(AdminHttp *h)
{
	if (!h)
		return;
	if (h->server)
		http_server_stop(h->server);
	free(h->token);
	free(h->host);
	free(h);
}
