/*
 * Inside the relay: the queue of outstanding requests, one byte each. What a client sends is answered in order, and each kind of request
 * has its own last answer; after an error everything up to the next Sync is skipped by the server.
 */
#ifndef US_BACKEND_RELAY_OPS_H
#define US_BACKEND_RELAY_OPS_H

#include "backend/relay.h"

enum {
	OP_NONE,
	OP_PARSE,    /* '1' */
	OP_BIND,     /* '2' */
	OP_DESCRIBE, /* 'T' or 'n' */
	OP_EXECUTE,  /* 'C', 's' or 'I' */
	OP_CLOSE,    /* '3' */
	OP_SYNC,     /* 'Z' */
	OP_QUERY,    /* 'Z' */
	OP_FUNCTION, /* 'Z' */
	OP_COPY_END, /* no answer of its own: CopyDone or CopyFail sent before the server had asked for data */
	OP_OURS = 0x80,
};

static inline bool ops_empty(const Relay *r)
{
	return r->ops_at == r->ops.len;
}

static inline uint8_t ops_head(const Relay *r)
{
	return ops_empty(r) ? OP_NONE : r->ops.data[r->ops_at];
}

static inline void ops_push(Relay *r, uint8_t op)
{
	if (r->skipping) {
		if (op != OP_SYNC)
			return;
		r->skipping = false;
	}
	buf_put_u8(&r->ops, op);
}

static inline void ops_pop(Relay *r)
{
	do
		r->ops_at++;
	while (ops_head(r) == OP_COPY_END);
	if (ops_empty(r)) {
		buf_clear(&r->ops);
		r->ops_at = 0;
	}
}

static inline bool op_ends_group(uint8_t op)
{
	return op == OP_SYNC || op == OP_QUERY || op == OP_FUNCTION;
}

/* relay_server.c */
void relay_transaction_reset(Relay *r);
void relay_see_xid(Relay *r, const uint8_t *p, const uint8_t *end);
Str relay_error_field(const uint8_t *p, const uint8_t *end, char field);
/* relay_ask.c */
/* Sends a Query with our question in it, or gives false: then nothing was sent. `msg` is the whole message, `text` its text. */
bool relay_ask_send(Relay *r, const uint8_t *msg, size_t total, Str text, RelayOut *out);
/* For each message of the server while ask.open: true when the client must not have it, or not yet. */
bool relay_ask_takes(Relay *r, const uint8_t *msg, size_t have, RelayOut *out);
static inline bool relay_ask_now(const Relay *r)
{
	return r->ask.open && r->ask.done == r->ask.before;
}
/* relay.c */
bool relay_take_header(const uint8_t *p, uint64_t *total);

#endif
