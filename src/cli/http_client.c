#include "cli/status.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int dial(const char *addr, Error *err)
{
	char host[256];
	const char *colon = strrchr(addr, ':');
	if (!colon || (size_t)(colon - addr) >= sizeof host)
		return err_set(err, "22023", "\"%s\" is not an address: use HOST:PORT", addr);
	snprintf(host, sizeof host, "%.*s", (int)(colon - addr), addr);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int rc = getaddrinfo(host, colon + 1, &hints, &list);
	if (rc)
		return err_set(err, "08001", "could not find \"%s\": %s", addr, gai_strerror(rc));
	int fd = -1, saved = 0;
	for (struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);
		struct timeval limit = { .tv_sec = 30 };
		if (fd >= 0) {
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
		}
		if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen)) {
			saved = errno;
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd < 0) {
		err_set(err, "08001", "no understudy answers at http://%s: %s", addr, strerror(saved));
		return err_hint(err, "Is it running, and with this http_addr? Name another with --http-addr HOST:PORT.");
	}
	return fd;
}

static int exchange(int fd, Buf *request, Buf *answer, Error *err)
{
	for (size_t at = 0; at < request->len;) {
		ssize_t n = write(fd, request->data + at, request->len - at);
		if (n <= 0)
			return err_set(err, "08006", "could not send the request: %s", strerror(errno));
		at += (size_t)n;
	}
	for (;;) {
		uint8_t *p = buf_reserve(answer, 16384);
		ssize_t n = read(fd, p, 16384);
		if (n < 0)
			return err_set(err, "08006", "no answer: %s", strerror(errno));
		if (n == 0)
			return 0;
		answer->len += (size_t)n;
	}
}

int http_request(const char *addr, const char *method, const char *path, const char *token, Buf *body, Error *err)
{
	int fd = dial(addr, err);
	if (fd < 0)
		return -1;
	Buf request = { 0 }, answer = { 0 };
	buf_printf(&request, "%s %s HTTP/1.0\r\nHost: %s\r\nContent-Length: 0\r\n", method, path, addr);
	if (token)
		buf_printf(&request, "Authorization: Bearer %s\r\n", token);
	buf_puts(&request, "\r\n");
	int status = -1;
	if (exchange(fd, &request, &answer, err) == 0) {
		const char *text = buf_cstr(&answer);
		const char *end = strstr(text, "\r\n\r\n");
		char *stop = NULL;
		status = end && strncmp(text, "HTTP/1.", 7) == 0 ? (int)strtol(text + 9, &stop, 10) : -1;
		if (status < 100)
			status = err_set(err, "08P01", "http://%s answered something that is not HTTP", addr);
		else
			buf_puts(body, end + 4);
	}
	close(fd);
	buf_free(&request);
	buf_free(&answer);
	return status;
}
