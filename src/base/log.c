#include "base/log.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static atomic_int min_level = LOG_INFO;
static atomic_int log_fd = STDERR_FILENO;

static const char *const names[] = { "DEBUG", "LOG", "WARNING", "ERROR" };

void log_set_level(LogLevel level)
{
	min_level = (int)level;
}

int log_set_file(const char *path, Error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, "58030", "could not open log file \"%s\": %s", path, strerror(errno));
	int old = atomic_exchange(&log_fd, fd);
	if (old != STDERR_FILENO)
		close(old);
	return 0;
}

void log_at(LogLevel level, const char *fmt, ...)
{
	if ((int)level < min_level)
		return;
	char line[4096];
	struct timespec ts;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	size_t n = strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof line - n, ".%03ld UTC [%d] %s: ", ts.tv_nsec / 1000000, (int)getpid(), names[level]);
	va_list ap;
	va_start(ap, fmt);
	int m = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
	va_end(ap);
	n += m < 0 ? 0 : (size_t)m;
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	/* One write per line keeps lines of several threads apart; a full disk must not stop the server. */
	if (write(log_fd, line, n) < 0)
		return;
}
