/*
 * recv, send and epoll_wait as plain system calls, errno included.
 *
 * The C library's own are cancellation points: in a process with threads each of them takes two locked instructions more. No thread here is
 * ever cancelled, and a relayed statement makes six such calls. Sanitizers watch the library's functions, so they get those.
 */
#ifndef US_BASE_SYSIO_H
#define US_BASE_SYSIO_H

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)

static inline ssize_t sysio_recv(int fd, void *p, size_t n, int flags)
{
	return recv(fd, p, n, flags);
}

static inline ssize_t sysio_send(int fd, const void *p, size_t n, int flags)
{
	return send(fd, p, n, flags);
}

static inline ssize_t sysio_sendmsg(int fd, const struct msghdr *m, int flags)
{
	return sendmsg(fd, m, flags);
}

static inline int sysio_epoll_wait(int ep, struct epoll_event *events, int n, int timeout_ms)
{
	return epoll_wait(ep, events, n, timeout_ms);
}

#else

static inline ssize_t sysio_recv(int fd, void *p, size_t n, int flags)
{
	return syscall(SYS_recvfrom, fd, p, n, flags, NULL, NULL);
}

static inline ssize_t sysio_send(int fd, const void *p, size_t n, int flags)
{
	return syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}

static inline ssize_t sysio_sendmsg(int fd, const struct msghdr *m, int flags)
{
	return syscall(SYS_sendmsg, fd, m, flags);
}

static inline int sysio_epoll_wait(int ep, struct epoll_event *events, int n, int timeout_ms)
{
	return (int)syscall(SYS_epoll_pwait, ep, events, n, timeout_ms, NULL, (size_t)0);
}

#endif

#endif
