/* The replication connection: messages out, status updates in. */
#ifndef US_SYNC_STREAM_H
#define US_SYNC_STREAM_H

#include "sync/pgoutput.h"
#include "sync/source.h"

typedef struct Stream {
	PGconn *conn;
	uint64_t flushed;    /* what the server may forget */
	uint64_t server_lsn; /* end of WAL at the server, as last heard */
	uint64_t idle_lsn;   /* from a keepalive: everything before it has been delivered */
	int64_t told_us;
	bool reply_asked;
	int wake_fd; /* ends a wait when it becomes readable; -1 = none. Set it after stream_open */
} Stream;

/* Starts the slot understudy_<node> at `from`. */
int stream_open(Stream *s, const char *conninfo, const char *node, uint64_t from, Error *err);
void stream_close(Stream *s);
/* The next message, waiting at most timeout_ms: 1 = *out filled (its bytes and arena contents live until the next call with this arena
 * reset), 0 = nothing has arrived, -1 = the connection has ended and everything that had arrived was returned before. */
int stream_next(Stream *s, int timeout_ms, Arena *a, OutMessage *out, Error *err);
/* Sends a status update when one is due (10 s), asked for, or `now`. */
int stream_confirm(Stream *s, uint64_t flushed, bool now, Error *err);

#endif
