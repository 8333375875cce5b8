/* Asks the primary whether it is there, over a connection of its own. One thread uses a Probe. */
#ifndef US_ROUTE_PROBE_H
#define US_ROUTE_PROBE_H

#include "route/machine.h"

#include <stddef.h>

typedef struct Probe Probe;

Probe *probe_new(const char *conninfo);
void probe_free(Probe *p);
/* One probe; takes at most `deadline_us`, and a new connection at most `connect_us`. An answer that came too late is waited for by the next
 * probe. `why` gets what went wrong, or "ok". */
ProbeResult probe_run(Probe *p, int64_t deadline_us, int64_t connect_us, char *why, size_t size);
/* Forgets the connection: the next probe makes a new one. */
void probe_reset(Probe *p);
/* Waits until the time is over, `wake_fd` is readable (it is drained), or the probe's connection is closed by the server. */
void probe_wait(Probe *p, int wake_fd, int64_t us);

#endif
