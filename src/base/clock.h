/* Time. Durations are measured with the monotonic clock; only what is shown or stored uses the wall clock. */
#ifndef US_BASE_CLOCK_H
#define US_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_mono_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Microseconds since 1970-01-01 00:00:00 UTC. */
static inline int64_t clock_wall_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* "10m", "30s", "500ms", "2h"; a bare number is milliseconds. -1 when it is none of these. */
int64_t duration_ms(const char *text);

#endif
