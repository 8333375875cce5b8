/*
 * What is told about the running server, as JSON and as Prometheus text. Built from memory only: no database is asked.
 * The field names of /db/status, /db/healthz and /health/database are a contract with monitoring that people already have.
 */
#ifndef US_ADMIN_STATUS_H
#define US_ADMIN_STATUS_H

#include "backend/sqlite.h"
#include "base/buf.h"
#include "route/route.h"
#include "sync/sync.h"

/* One database. `route` and `sync` are NULL when there is no primary. */
typedef struct AdminTarget {
	const char *database;
	Route *route;
	Sync *sync;
	DbSet *files;  /* where the database is, when it is open; may be NULL */
	bool redshift; /* flavor of the primary: its key in the answers */
} AdminTarget;

typedef struct AdminTargets {
	const AdminTarget *items;
	size_t n;
} AdminTargets;

/* Each appends its body to `out`. The databases' own lists are under services[]; the top level is the first database. */
void status_json(const AdminTargets *t, Buf *out);
/* False when nothing can be served at all: the answer is then 503. */
bool health_json(const AdminTargets *t, Buf *out);
void health_database_json(const AdminTargets *t, Buf *out);
void metrics_text(const AdminTargets *t, Buf *out);

#endif
