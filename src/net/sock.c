#include "net/sock.h"

#include "base/sysio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 512 };

static int listen_at(const struct sockaddr *sa, socklen_t len, Error *err, const char *where)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, "08000", "cannot make a socket for %s: %s", where, strerror(errno));
	int on = 1;
	if (sa->sa_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, sa, len) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	int e = errno;
	close(fd);
	err_set(err, "08000", "cannot listen on %s: %s", where, strerror(e));
	if (e == EADDRINUSE)
		err_hint(err, "Another program uses this port. Stop it, or choose another one with --listen-port.");
	else if (e == EACCES)
		err_hint(err, "Choose a port above 1023, or a directory that this user may write to.");
	else if (e == EADDRNOTAVAIL)
		err_hint(err, "This machine has no such address. Check --listen-addr.");
	return -1;
}

int sock_listen_tcp(const char *addr, int port, Error *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found = NULL;
	char service[16], where[300];
	snprintf(service, sizeof service, "%d", port);
	snprintf(where, sizeof where, "%s port %d", addr, port);
	int rc = getaddrinfo(streq(addr, "*") ? NULL : addr, service, &hints, &found);
	if (rc != 0)
		return err_set(err, "08000", "cannot listen on %s: %s", where, gai_strerror(rc));
	int fd = listen_at(found->ai_addr, found->ai_addrlen, err, where);
	freeaddrinfo(found);
	return fd;
}

/* True when a server answers on the socket file. */
static bool is_served(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	bool served = connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0 || errno != ECONNREFUSED;
	close(fd);
	return served;
}

int sock_listen_unix(const char *path, Error *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof sa.sun_path) {
		err_set(err, "08000", "Unix socket path \"%s\" is too long (maximum %zu bytes)", path, sizeof sa.sun_path - 1);
		return err_hint(err, "Choose a shorter directory with --unix-socket-dir.");
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	struct stat st;
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return err_set(err, "08000", "cannot listen on %s: a file of this name exists that is not a socket", path);
		if (is_served(&sa)) {
			err_set(err, "08000", "cannot listen on %s: another server uses it", path);
			return err_hint(err, "Stop it, or choose another directory with --unix-socket-dir.");
		}
		unlink(path);
	}
	return listen_at((const struct sockaddr *)&sa, sizeof sa, err, path);
}

static void describe_peer(const struct sockaddr_storage *ss, SockPeer *peer)
{
	*peer = (SockPeer){ 0 };
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
		inet_ntop(AF_INET, &in->sin_addr, peer->host, sizeof peer->host);
		peer->port = ntohs(in->sin_port);
		peer->is_loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
		inet_ntop(AF_INET6, &in6->sin6_addr, peer->host, sizeof peer->host);
		peer->port = ntohs(in6->sin6_port);
		peer->is_loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
				    (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127);
	} else {
		snprintf(peer->host, sizeof peer->host, "[local]");
		peer->is_unix = peer->is_loopback = true;
	}
}

int sock_accept(int listen_fd, SockPeer *peer)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof ss;
	int fd = accept4(listen_fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -1;
	describe_peer(&ss, peer);
	if (!peer->is_unix) {
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	}
	return fd;
}

ssize_t sock_recv(int fd, void *p, size_t n)
{
	ssize_t got;
	do
		got = sysio_recv(fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
}

ssize_t sock_send(int fd, const void *p, size_t n)
{
	ssize_t sent;
	do
		sent = sysio_send(fd, p, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
}
