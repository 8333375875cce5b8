/*
 * The protocol between one client and one server connection, followed message by message without touching a socket.
 *
 * Bytes go in as they were received; what goes out is a list of slices that point into them, with our own messages put between and the
 * answers to those taken out. Only headers are read, and the bodies of the few types that matter; long messages pass through in parts.
 */
#ifndef US_BACKEND_RELAY_H
#define US_BACKEND_RELAY_H

#include "backend/redo.h"
#include "backend/stmts.h"

#include <sys/uio.h>

enum { RELAY_IOV = 24 };
/* A message that must be looked at is waited for until it is complete or this many bytes of it have come. */
#define RELAY_INSPECT (32 * 1024)
/* A transaction whose messages are longer cannot be redone. */
#define RELAY_RECORD (1024 * 1024)

typedef struct RelayOut {
	struct iovec v[RELAY_IOV];
	int n;
	size_t bytes;
	/* Called when v is full and at no other time; must send or copy the slices and set n and bytes to 0. */
	void (*flush)(struct RelayOut *out);
	void *ctx;
} RelayOut;

/* One direction: where in a message the stream stands. */
typedef struct RelayWalk {
	Buf held;	/* beginning of a message that is not yet complete enough */
	Buf sent;	/* what `held` was, while slices of the current call still point to it */
	uint64_t rest;	/* bytes of the current message still to pass */
	bool drop_rest; /* those bytes are swallowed instead */
} RelayWalk;

typedef struct Relay Relay;

typedef struct RelaySet {
	StmtKind kind;
	char *text;
} RelaySet;

/* Our question for the transaction's id, put into the text of a Query: there is no other place for it when the text commits by itself. */
typedef struct RelayAsk {
	bool open;	       /* the oldest outstanding request carries it */
	bool again;	       /* the text could not be parsed with it: it is sent once more as the client wrote it */
	bool commits;	       /* a COMMIT of the client's follows it */
	unsigned before, done; /* statements in front of it, and how many statements have been answered */
	size_t chars;	       /* of the text in front of it, at the most */
	size_t record_at, len; /* the client's message in `record` */
	uint8_t head[5];
	Buf tag; /* of the statement before it: the client may have that when the transaction has committed */
} RelayAsk;

/* What the owner is told. Called on the thread that feeds the relay; may be NULL. */
typedef struct RelayHooks {
	/* A transaction (or autocommit statement) that wrote was acknowledged. `r` is now the hook's. */
	void (*committed)(void *ctx, Redo *r);
	/* The server reported a parameter; both NUL-terminated, valid during the call. */
	void (*parameter)(void *ctx, const char *name, const char *value);
} RelayHooks;

struct Relay {
	RelayWalk client, server;
	Buf ops; /* requests whose answers are outstanding, oldest at ops_at; values in relay_ops.h */
	size_t ops_at;
	char status;   /* of the last ReadyForQuery: I, T, E */
	bool skipping; /* the server ignores everything until Sync */
	bool copy_in;  /* the server is reading CopyData */
	bool xid_prepared;
	bool xid_works;	  /* the server knows txid_current_if_assigned */
	bool group_wrote; /* an autocommit write was executed since the last Sync */
	bool answered;	  /* a byte of the answer to the oldest outstanding request has gone to the client */
	bool commit_done; /* the answer to a COMMIT has come, its ReadyForQuery has not */
	bool commit_sent; /* a COMMIT is among the outstanding requests */
	bool failed;	  /* an error was answered since the transaction began */
	bool errors;	  /* and yet it was committed */
	bool rolled_back;
	bool rollback_sent; /* a ROLLBACK is among the outstanding requests: a write behind it stands alone */
	bool mixed;	    /* something else was answered behind a COMMIT, in the same group */
	bool began;	    /* BEGIN was sent since the last ReadyForQuery */
	bool terminated;    /* the client said goodbye */
	bool gone;	    /* the server said it is terminating this connection */
	bool need_send;	    /* the owner must send what relay_send_own gives */
	bool backslashes;   /* standard_conforming_strings is off */
	bool odd_encoding;  /* the client's encoding has characters with ASCII bytes in them */
	RelayAsk ask;
	char gone_state[6], gone_message[200];
	uint64_t xid; /* of the transaction being ended, 0 = none or unknown */
	uint64_t session;
	uint32_t gen; /* of this server connection, for PrepStmt.link_gen; never 0 */
	uint64_t statements;
	PrepStmt *portal;   /* what the unnamed portal runs; counted */
	StmtTable *stmts;   /* the session's */
	Settings *settings; /* the session's */
	RelaySet *sets;	    /* SET statements sent and not yet known to have taken effect */
	size_t nsets, sets_cap;
	Buf record; /* the current transaction's client messages, when the hook `committed` is set */
	bool record_full;
	PrepStmt **binds;
	size_t nbinds, binds_cap;
	const RelayHooks *hooks;
	void *ctx;
};

/* `gen` must differ from that of every earlier server connection of the session. */
void relay_init(Relay *r, uint32_t gen, StmtTable *stmts, Settings *settings, const RelayHooks *hooks, void *ctx);
void relay_free(Relay *r);

/* Bytes from the client. -1 (08P01) when they are no protocol; the session must then end. */
int relay_from_client(Relay *r, const uint8_t *p, size_t n, RelayOut *out, Error *err);
/* Bytes from the server. After it, look at `gone` and `need_send`. */
int relay_from_server(Relay *r, const uint8_t *p, size_t n, RelayOut *out, Error *err);
/* What need_send asks for: the Sync that ends our own failed messages, or a Query without our question. (pglink_send with no bytes sends
 * it.) */
void relay_send_own(Relay *r, RelayOut *out);
/* A parameter of the server, as reported at login; later ones are seen in its answers. */
void relay_note_parameter(Relay *r, const char *name, const char *value);

/* True when nothing is outstanding, no message is half way, and no transaction is open: the session may change sides here. */
bool relay_idle(const Relay *r);
/* Nothing is outstanding, though a transaction may be open. */
bool relay_quiet(const Relay *r);
/* The bytes after the last complete message that were held back and not yet sent to the server. */
Str relay_held(const Relay *r);

/* What was lost with the server connection. Call once, after the connection has ended. */
typedef enum RelayLoss {
	LOSS_NOTHING,	  /* idle */
	LOSS_TRANSACTION, /* open transaction, no statement under way */
	LOSS_STATEMENT,	  /* statement(s) in an open transaction under way */
	LOSS_AUTOCOMMIT,  /* statement(s) outside a transaction under way: `record` has the messages */
	LOSS_COMMIT,	  /* a COMMIT under way */
} RelayLoss;
RelayLoss relay_loss(const Relay *r);
/* How many ReadyForQuery the client still waits for, and whether it is in the middle of an extended group that it has not yet ended by
 * Sync. */
size_t relay_owed(const Relay *r, bool *open_group);

static inline void relay_out_add(RelayOut *o, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (o->n && (const uint8_t *)o->v[o->n - 1].iov_base + o->v[o->n - 1].iov_len == (const uint8_t *)p) {
		o->v[o->n - 1].iov_len += n;
		o->bytes += n;
		return;
	}
	if (o->n == RELAY_IOV)
		o->flush(o);
	o->v[o->n].iov_base = (void *)p;
	o->v[o->n].iov_len = n;
	o->n++;
	o->bytes += n;
}

#endif
