#include "admin/http_serve.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LIMIT_US = 10 * 1000 * 1000, LINGER_US = 500 * 1000, STACK_BYTES = 256 * 1024, PAUSE_MS = 100 };

typedef struct Connection {
	HttpServer *server;
	int fd; /* -1: the slot is free */
	struct sockaddr_storage peer;
} Connection;

struct HttpServer {
	int listen_fd, wake_fd;
	HttpAnswer *answer;
	void *ctx;
	pthread_t acceptor;
	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t idle;
	size_t active;
	Connection connections[HTTP_CONNECTIONS];
};

/* False when the time is up or the socket is broken. */
static bool wait_for(int fd, short events, int64_t until)
{
	for (;;) {
		int64_t left = until - clock_mono_us();
		if (left <= 0)
			return false;
		struct pollfd f = { fd, events, 0 };
		int n = poll(&f, 1, (int)((left + 999) / 1000));
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

/* Bytes received; 0 when the peer has ended, the time is up or the socket is broken. */
static size_t receive(int fd, void *p, size_t n, int64_t until)
{
	while (wait_for(fd, POLLIN, until)) {
		ssize_t got = recv(fd, p, n, 0);
		if (got >= 0)
			return (size_t)got;
		if (errno != EINTR && errno != EAGAIN)
			break;
	}
	return 0;
}

static void send_all(int fd, const uint8_t *p, size_t n, int64_t until)
{
	while (n && wait_for(fd, POLLOUT, until)) {
		ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
		if (put < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
	}
}

/* Until the head and the body are there. 200, another status to refuse with, or 0 when the client has gone. */
static int read_request(int fd, char head[HTTP_HEAD_MAX], HttpRequest *request)
{
	int64_t until = clock_mono_us() + LIMIT_US;
	size_t n = 0;
	int status;
	while ((status = http_parse(head, n, request)) == 0) {
		size_t got = receive(fd, head + n, HTTP_HEAD_MAX - n, until);
		if (got == 0)
			return clock_mono_us() < until ? 0 : 408;
		n += got;
	}
	if (status != 200)
		return status;
	char rest[1024];
	for (size_t body = n - request->head_size; body < request->body_size;) {
		size_t got = receive(fd, rest, sizeof rest, until);
		if (got == 0)
			return clock_mono_us() < until ? 0 : 408;
		body += got;
	}
	return 200;
}

static void send_reply(int fd, const HttpReply *r, bool with_body)
{
	Buf out = { 0 };
	buf_printf(&out,
		   "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\nCache-Control: no-store\r\n"
		   "X-Content-Type-Options: nosniff\r\n",
		   r->status, http_reason(r->status), r->type, r->body.len);
	if (r->allow)
		buf_printf(&out, "Allow: %s\r\n", r->allow);
	buf_puts(&out, "\r\n");
	if (with_body)
		buf_put(&out, r->body.data, r->body.len);
	send_all(fd, out.data, out.len, clock_mono_us() + LIMIT_US);
	buf_free(&out);
}

/* Closing a socket with unread bytes resets the connection, and the answer could be lost with it. */
static void linger(int fd)
{
	char rest[1024];
	int64_t until = clock_mono_us() + LINGER_US;
	shutdown(fd, SHUT_WR);
	for (size_t n = 0; n < 4 * HTTP_BODY_MAX;) {
		size_t got = receive(fd, rest, sizeof rest, until);
		if (got == 0)
			return;
		n += got;
	}
}

static void answer(const Connection *c)
{
	HttpRequest request = { 0 };
	char head[HTTP_HEAD_MAX];
	int status = read_request(c->fd, head, &request);
	if (status == 0)
		return;
	HttpReply reply = { .status = status, .type = "application/json; charset=utf-8" };
	c->server->answer(c->server->ctx, status == 200 ? &request : NULL, (const struct sockaddr *)&c->peer, &reply);
	send_reply(c->fd, &reply, request.method != HTTP_HEAD);
	buf_free(&reply.body);
	linger(c->fd);
}

static void *run_connection(void *arg)
{
	Connection *c = arg;
	HttpServer *s = c->server;
	answer(c);
	pthread_mutex_lock(&s->lock);
	close(c->fd);
	c->fd = -1;
	if (--s->active == 0)
		pthread_cond_signal(&s->idle);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool start_thread(pthread_t *thread, bool detached, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
	bool ok = pthread_create(thread, &attr, run, arg) == 0;
	pthread_attr_destroy(&attr);
	return ok;
}

/* True when a thread has the connection. */
static bool hand_over(HttpServer *s, int fd, const struct sockaddr_storage *peer)
{
	bool taken = false;
	pthread_t thread;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < HTTP_CONNECTIONS && !taken; i++) {
		Connection *c = &s->connections[i];
		if (c->fd >= 0)
			continue;
		*c = (Connection){ s, fd, *peer };
		taken = start_thread(&thread, true, run_connection, c);
		if (!taken) {
			c->fd = -1;
			break;
		}
		s->active++;
	}
	pthread_mutex_unlock(&s->lock);
	return taken;
}

static void accept_one(HttpServer *s)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t n = sizeof peer;
	int fd = accept4(s->listen_fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		/* Without descriptors the client stays in the queue: look again a little later. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			poll(&(struct pollfd){ s->wake_fd, POLLIN, 0 }, 1, PAUSE_MS);
		return;
	}
	if (hand_over(s, fd, &peer))
		return;
	static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL);
	close(fd);
}

static void *run_acceptor(void *arg)
{
	HttpServer *s = arg;
	for (;;) {
		struct pollfd f[] = { { s->listen_fd, POLLIN, 0 }, { s->wake_fd, POLLIN, 0 } };
		if (poll(f, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (f[1].revents)
			return NULL;
		if (f[0].revents)
			accept_one(s);
	}
}

static void free_server(HttpServer *s)
{
	close(s->listen_fd);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->idle);
	free(s);
}

int http_server_start(int listen_fd, HttpAnswer *answer_fn, void *ctx, HttpServer **out, Error *err)
{
	HttpServer *s = mem_alloc(sizeof *s);
	*s = (HttpServer){ .listen_fd = listen_fd, .wake_fd = eventfd(0, EFD_CLOEXEC), .answer = answer_fn, .ctx = ctx };
	for (size_t i = 0; i < HTTP_CONNECTIONS; i++)
		s->connections[i].fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->idle, NULL);
	if (s->wake_fd < 0 || fcntl(listen_fd, F_SETFL, O_NONBLOCK) < 0 || !start_thread(&s->acceptor, false, run_acceptor, s)) {
		err_set(err, "58000", "could not start the HTTP server: %s", strerror(errno));
		free_server(s);
		return -1;
	}
	*out = s;
	return 0;
}

void http_server_stop(HttpServer *s)
{
	uint64_t one = 1;
	ssize_t put = write(s->wake_fd, &one, sizeof one);
	(void)put;
	pthread_join(s->acceptor, NULL);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < HTTP_CONNECTIONS; i++)
		if (s->connections[i].fd >= 0)
			shutdown(s->connections[i].fd, SHUT_RDWR);
	while (s->active)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
	free_server(s);
}
