/* Sockets: listening, accepting, sending and receiving without blocking. */
#ifndef US_NET_SOCK_H
#define US_NET_SOCK_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/socket.h>
#include <sys/types.h>

typedef struct SockPeer {
	char host[64]; /* address, or "[local]" for a Unix socket */
	int port;
	bool is_unix, is_loopback;
} SockPeer;

/* Non-blocking listening sockets; -1 with a message that says what to do. The SQLSTATE is 08000. */
int sock_listen_tcp(const char *addr, int port, Error *err);
/* A socket file nobody listens on is replaced; one that is served is an error. */
int sock_listen_unix(const char *path, Error *err);
/* -1 and EAGAIN when there is nothing to accept. The new socket is non-blocking, with TCP_NODELAY. */
int sock_accept(int listen_fd, SockPeer *peer);

/* Bytes received; 0 = closed or broken by the peer; -1 = nothing there now. */
ssize_t sock_recv(int fd, void *p, size_t n);
/* Sends what it can; returns bytes taken (0 when it would block), or -1 when the peer is gone. */
ssize_t sock_send(int fd, const void *p, size_t n);

#endif
