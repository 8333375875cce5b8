#include "admin/http.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct AdminHttp {
	struct MHD_Daemon *daemon;
	AdminTargets targets;
	char *token; /* NULL: loopback peers may act */
	char *host;  /* as configured, for the Host check */
};

typedef struct Reply {
	unsigned status;
	const char *type;
	Buf body;
} Reply;

typedef struct Endpoint {
	const char *path;
	const char *method;
	void (*answer)(AdminHttp *h, struct MHD_Connection *c, Reply *r);
} Endpoint;

static void reply_error(Reply *r, unsigned status, const char *message)
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

static void get_ok(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	(void)h, (void)c;
	buf_puts(&r->body, "{\"status\":\"ok\"}\n");
}

static void get_status(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	(void)c;
	status_json(&h->targets, &r->body);
}

static void get_healthz(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	(void)c;
	if (!health_json(&h->targets, &r->body))
		r->status = MHD_HTTP_SERVICE_UNAVAILABLE;
}

static void get_health_database(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	(void)c;
	health_database_json(&h->targets, &r->body);
}

static void get_metrics(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	(void)c;
	r->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_text(&h->targets, &r->body);
}

/* The database that a request names by ?database=, the first one otherwise. NULL when there is none of that name or it has no primary. */
static const AdminTarget *wanted_target(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	const char *name = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "database");
	for (size_t i = 0; i < h->targets.n; i++) {
		const AdminTarget *t = &h->targets.items[i];
		if (name && !streq(name, t->database))
			continue;
		if (t->route)
			return t;
		reply_error(r, MHD_HTTP_CONFLICT, "this database has no primary: it is served by SQLite alone");
		return NULL;
	}
	reply_error(r, MHD_HTTP_NOT_FOUND, "no such database");
	return NULL;
}

static void put_pair(Reply *r, const char *message, const char *key, const char *source)
{
	json_t *o = json_pack("{s:s,s:s}", "message", message, key, source);
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	buf_puts(&r->body, text ? text : "{}");
	buf_puts(&r->body, "\n");
	free(text);
	json_decref(o);
}

static void post_force(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	const AdminTarget *t = wanted_target(h, c, r);
	if (!t)
		return;
	const char *ttl = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "ttl");
	int64_t ttl_ms = ttl ? duration_ms(ttl) : 0;
	if (ttl_ms < 0) {
		reply_error(r, MHD_HTTP_BAD_REQUEST, "ttl must be a duration such as 10m or 30s");
		return;
	}
	Error err;
	if (route_force_sqlite(t->route, ttl_ms, &err)) {
		reply_error(r, MHD_HTTP_CONFLICT, err.message);
		return;
	}
	put_pair(r, "Switched to SQLite backup database", "source", route_source(t->route));
}

static void post_retry(AdminHttp *h, struct MHD_Connection *c, Reply *r)
{
	const AdminTarget *t = wanted_target(h, c, r);
	if (!t)
		return;
	Error err;
	if (route_retry_primary(t->route, &err)) {
		reply_error(r, MHD_HTTP_CONFLICT, err.message);
		return;
	}
	const char *source = route_source(t->route);
	if (t->redshift && streq(source, "postgres"))
		source = "redshift";
	put_pair(r, t->redshift ? "Retrying Redshift connection" : "Retrying PostgreSQL connection", "currentSource", source);
}

static const Endpoint endpoints[] = {
	{ "/db/status", "GET", get_status },
	{ "/db/healthz", "GET", get_healthz },
	{ "/health/database", "GET", get_health_database },
	{ "/health", "GET", get_ok },
	{ "/livez", "GET", get_ok },
	{ "/readyz", "GET", get_healthz },
	{ "/metrics", "GET", get_metrics },
	{ "/db/force-sqlite", "POST", post_force },
	{ "/db/retry-primary", "POST", post_retry },
	{ "/db/retry-redshift", "POST", post_retry },
};

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr) >> 24) == 127;
	return sa->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
}

/* The host part of "host:port", "[v6]:port" or an Origin "http://host:port". */
static Str host_part(const char *s)
{
	const char *slashes = strstr(s, "://");
	if (slashes)
		s = slashes + 3;
	if (*s == '[') {
		const char *end = strchr(s, ']');
		return end ? (Str){ s + 1, (size_t)(end - s - 1) } : str_of("");
	}
	return (Str){ s, strcspn(s, ":/") };
}

/* DNS rebinding and cross-site requests name a host that is not ours. */
static bool host_is_ours(const AdminHttp *h, const char *value)
{
	Str host = host_part(value);
	return str_iis(host, "localhost") || str_is(host, "127.0.0.1") || str_is(host, "::1") || str_eq(host, host_part(h->host));
}

static bool token_matches(const AdminHttp *h, const char *header)
{
	static const char prefix[] = "Bearer ";
	if (!header || strncmp(header, prefix, sizeof prefix - 1) != 0)
		return false;
	const char *given = header + sizeof prefix - 1;
	size_t n = strlen(h->token);
	return strlen(given) == n && CRYPTO_memcmp(given, h->token, n) == 0;
}

/* NULL when the request may act, otherwise why not. */
static const char *refusal(AdminHttp *h, struct MHD_Connection *c)
{
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
	const char *origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
	if (!host || !host_is_ours(h, host))
		return "the Host header does not name this server";
	if (origin && !host_is_ours(h, origin))
		return "requests from other web sites are refused";
	if (h->token)
		return token_matches(h, MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization")) ? NULL
													  : "a bearer token is needed";
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info && is_loopback(info->client_addr) ? NULL : "only loopback may do this without a token";
}

static enum MHD_Result send_reply(struct MHD_Connection *c, Reply *r, const char *allow)
{
	struct MHD_Response *resp = MHD_create_response_from_buffer(r->body.len, r->body.data, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(resp, "Content-Type", r->type);
	MHD_add_response_header(resp, "Cache-Control", "no-store");
	MHD_add_response_header(resp, "X-Content-Type-Options", "nosniff");
	if (allow)
		MHD_add_response_header(resp, "Allow", allow);
	enum MHD_Result res = MHD_queue_response(c, r->status, resp);
	MHD_destroy_response(resp);
	buf_free(&r->body);
	return res;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url, const char *method, const char *version,
			      const char *upload, size_t *upload_size, void **state)
{
	static int seen;
	AdminHttp *h = cls;
	(void)version, (void)upload;
	if (!*state) { /* headers only; the answer comes after the body, which is thrown away */
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	Reply r = { .status = MHD_HTTP_OK, .type = "application/json; charset=utf-8" };
	const char *asked = streq(method, "HEAD") ? "GET" : method;
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		const Endpoint *e = &endpoints[i];
		if (!streq(url, e->path))
			continue;
		if (!streq(asked, e->method)) {
			reply_error(&r, MHD_HTTP_METHOD_NOT_ALLOWED, "wrong method");
			return send_reply(c, &r, e->method);
		}
		const char *why = streq(e->method, "POST") ? refusal(h, c) : NULL;
		if (why)
			reply_error(&r, MHD_HTTP_FORBIDDEN, why);
		else
			e->answer(h, c, &r);
		return send_reply(c, &r, NULL);
	}
	reply_error(&r, MHD_HTTP_NOT_FOUND, "no such path");
	return send_reply(c, &r, NULL);
}

static int parse_addr(const char *addr, struct sockaddr_storage *ss, Error *err)
{
	const char *colon = strrchr(addr, ':');
	Str host = host_part(addr);
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
	h->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, handle,
				     h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, 64U, MHD_OPTION_CONNECTION_TIMEOUT, 15U,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_THREAD_STACK_SIZE, (size_t)256 * 1024,
				     MHD_OPTION_END);
	if (!h->daemon) {
		close(fd);
		admin_http_stop(h);
		return err_set(err, "58000", "could not start the HTTP server on %s", config->addr);
	}
	*out = h;
	return 0;
}

void admin_http_stop(AdminHttp *h)
{
	if (!h)
		return;
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	free(h->token);
	free(h->host);
	free(h);
}
