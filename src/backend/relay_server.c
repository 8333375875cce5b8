/* The relay's other direction: what the server answers. */
#include "backend/relay.h"
#include "backend/relay_ops.h"

#include "base/clock.h"

#include <stdio.h>

/* --- the end of a transaction --- */

static void drop_sets(Relay *r, bool apply)
{
	for (size_t i = 0; i < r->nsets; i++) {
		RelaySet *s = &r->sets[i];
		if (apply && s->kind == STMT_SET)
			settings_note(r->settings, str_of(s->text));
		else if (apply)
			settings_note_prepare(r->settings, s->kind, str_of(s->text));
		free(s->text);
	}
	r->nsets = 0;
}

void relay_transaction_reset(Relay *r)
{
	drop_sets(r, false);
	for (size_t i = 0; i < r->nbinds; i++)
		prep_unref(r->binds[i]);
	r->nbinds = 0;
	buf_clear(&r->record);
	r->record_full = !ops_empty(r); /* what follows is already mixed with what ended */
	r->xid = 0;
	r->failed = r->errors = r->rolled_back = r->mixed = false;
}

static void hand_over(Relay *r)
{
	Redo *d = mem_alloc(sizeof *d);
	d->xid = r->xid;
	d->session = r->session;
	d->acked_us = clock_wall_us();
	d->errors = r->errors;
	if (!r->record_full && !r->mixed) {
		d->messages = r->record.data;
		d->len = r->record.len;
		d->binds = r->binds;
		d->nbinds = r->nbinds;
		r->record = (Buf){ 0 };
		r->binds = NULL;
		r->nbinds = r->binds_cap = 0;
	}
	Buf text = { 0 };
	settings_text(r->settings, &text);
	buf_put_u8(&text, 0);
	d->settings = (char *)text.data;
	r->hooks->committed(r->ctx, d);
}

static void see_ready(Relay *r, char status)
{
	if (op_ends_group(ops_head(r)))
		ops_pop(r);
	r->ask.open = false;
	r->status = status;
	r->answered = false;
	bool committed = r->commit_done, mixed = r->mixed;
	r->began = false;
	r->commit_done = false;
	r->copy_in = false;
	if (ops_empty(r))
		r->commit_sent = r->rollback_sent = false;
	/* COMMIT AND CHAIN, or a BEGIN behind the COMMIT, leaves another transaction open. */
	if (status != 'I' && !committed)
		return;
	bool done = !r->failed && !r->rolled_back;
	drop_sets(r, done);
	if (done && r->xid && r->hooks && r->hooks->committed)
		hand_over(r);
	relay_transaction_reset(r);
	r->record_full |= status != 'I' && mixed;
}

/* --- errors --- */

Str relay_error_field(const uint8_t *p, const uint8_t *end, char field)
{
	while (p < end && *p) {
		const uint8_t *nul = memchr(p, 0, (size_t)(end - p));
		if (!nul)
			break;
		if (*p == (uint8_t)field)
			return (Str){ (const char *)p + 1, (size_t)(nul - p - 1) };
		p = nul + 1;
	}
	return (Str){ NULL, 0 };
}

static bool ends_connection(Relay *r, const uint8_t *p, const uint8_t *end)
{
	Str severity = relay_error_field(p, end, 'V'), state = relay_error_field(p, end, 'C'), message = relay_error_field(p, end, 'M');
	if (!str_is(severity, "FATAL") && !str_is(severity, "PANIC"))
		return false;
	r->gone = true;
	snprintf(r->gone_state, sizeof r->gone_state, "%.*s", STR_ARG(state));
	snprintf(r->gone_message, sizeof r->gone_message, "%.*s", STR_ARG(message));
	return true;
}

static void skip_to_sync(Relay *r)
{
	bool ours = (ops_head(r) & OP_OURS) != 0;
	while (!ops_empty(r) && ops_head(r) != OP_SYNC) {
		if (ours && ops_head(r) == OP_QUERY) {
			/* A Query behind our failed messages is skipped too, and no Sync of the client's will come. */
			ops_pop(r);
			r->need_send = true;
			r->skipping = true;
			return;
		}
		ops_pop(r);
	}
	if (ops_empty(r))
		r->skipping = true;
}

/* True when the message must not reach the client. */
static bool see_error(Relay *r, const uint8_t *p, const uint8_t *end)
{
	r->failed = true;
	if (ends_connection(r, p, end)) {
		Str state = str_of(r->gone_state);
		return str_starts(state, "08") || str_is(state, "57P01") || str_is(state, "57P02") || str_is(state, "57P03");
	}
	uint8_t head = ops_head(r);
	r->copy_in = false;
	if (head != OP_NONE && !op_ends_group(head))
		skip_to_sync(r);
	return false;
}

/* --- other answers --- */

static void see_tag(Relay *r, Str tag)
{
	r->mixed |= r->commit_done && !str_is(tag, "BEGIN");
	if (str_is(tag, "ROLLBACK"))
		r->rolled_back = true;
	if (str_is(tag, "COMMIT")) {
		/* It is the server that says so: what had failed was left by way of a savepoint. */
		r->errors |= r->failed;
		r->failed = r->rolled_back = false;
		r->commit_done = true;
	}
	bool all = str_is(tag, "DISCARD ALL");
	if (!all && !str_is(tag, "DEALLOCATE ALL"))
		return;
	r->gen += 0x10000;
	r->xid_prepared = false;
	stmts_clear(r->stmts);
	if (all)
		settings_clear(r->settings);
}

void relay_see_xid(Relay *r, const uint8_t *p, const uint8_t *end)
{
	if (end - p < 6 || get_u16(p) != 1)
		return;
	int32_t n = (int32_t)get_u32(p + 2);
	uint64_t v = 0;
	for (int32_t i = 0; i < n && p + 6 + i < end; i++)
		v = v * 10 + (uint64_t)(p[6 + i] - '0');
	r->xid = v;
}

static void see_copy_in(Relay *r)
{
	size_t w = r->ops_at + 1;
	bool ended = false;
	for (size_t i = w; i < r->ops.len; i++) {
		uint8_t op = r->ops.data[i];
		if (!ended && op == OP_SYNC)
			continue; /* read by the server while it waits for data, and ignored */
		if (!ended && op == OP_COPY_END) {
			ended = true;
			continue;
		}
		r->ops.data[w++] = op;
	}
	if (w <= r->ops.len)
		r->ops.len = w;
	r->copy_in = !ended;
}

/* Answers that belong to one request: true when it was one of ours. */
static bool finish(Relay *r, uint8_t op)
{
	uint8_t head = ops_head(r);
	if ((head & ~OP_OURS) != op)
		return false;
	ops_pop(r);
	return (head & OP_OURS) != 0;
}

static bool tell_parameter(Relay *r, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *nul = memchr(p, 0, (size_t)(end - p));
	if (!nul || end[-1] != 0 || nul + 1 >= end)
		return false;
	relay_note_parameter(r, (const char *)p, (const char *)nul + 1);
	if (r->hooks && r->hooks->parameter)
		r->hooks->parameter(r->ctx, (const char *)p, (const char *)nul + 1);
	return false;
}

/* Looks at one message (its first `have` bytes); true when it must be swallowed. */
static bool see_server(Relay *r, const uint8_t *msg, size_t have)
{
	const uint8_t *p = msg + 5, *end = msg + have;
	switch (msg[0]) {
	case '1':
		return finish(r, OP_PARSE);
	case '2':
		return finish(r, OP_BIND);
	case '3':
		return finish(r, OP_CLOSE);
	case 'n':
	case 'T':
		return finish(r, OP_DESCRIBE);
	case 's':
	case 'I':
		return finish(r, OP_EXECUTE);
	case 'C':
		see_tag(r, (Str){ (const char *)p, strnlen((const char *)p, (size_t)(end - p)) });
		return finish(r, OP_EXECUTE);
	case 'D':
		if (ops_head(r) != (OP_OURS | OP_EXECUTE))
			return false;
		relay_see_xid(r, p, end);
		return true;
	case 'Z':
		see_ready(r, end > p ? (char)*p : 'I');
		return false;
	case 'E':
		return see_error(r, p, end);
	case 'G':
		see_copy_in(r);
		return false;
	case 'S':
		return tell_parameter(r, p, end);
	default:
		return false;
	}
}

static uint64_t server_want(const Relay *r, uint8_t type, uint64_t total)
{
	switch (type) {
	case 'D':
		if (ops_head(r) != (OP_OURS | OP_EXECUTE) && !relay_ask_now(r))
			return 5;
		break;
	case 'C':
	case 'E':
	case 'S':
	case 'Z':
		break;
	default:
		return 5;
	}
	return total < RELAY_INSPECT ? total : RELAY_INSPECT;
}

static void server_message(Relay *r, const uint8_t *msg, size_t have, uint64_t total, RelayOut *out)
{
	r->server.drop_rest = (r->ask.open && relay_ask_takes(r, msg, have, out)) || see_server(r, msg, have);
	r->server.rest = total - have;
	if (r->server.drop_rest)
		return;
	relay_out_add(out, msg, have);
	if (msg[0] != 'Z' && msg[0] != 'N' && msg[0] != 'A' && msg[0] != 'S')
		r->answered = true;
}

static size_t server_held(Relay *r, const uint8_t *p, size_t n, RelayOut *out, Error *err)
{
	RelayWalk *w = &r->server;
	uint64_t total = 0, want = 5;
	if (w->held.len >= 5) {
		relay_take_header(w->held.data, &total);
		want = server_want(r, w->held.data[0], total);
	}
	size_t k = want - w->held.len < n ? want - w->held.len : n;
	buf_put(&w->held, p, k);
	if (w->held.len < want)
		return k;
	if (total == 0) {
		if (!relay_take_header(w->held.data, &total)) {
			err_set(err, "08P01", "the primary sent a message of an invalid length");
			return SIZE_MAX;
		}
		if (w->held.len < server_want(r, w->held.data[0], total))
			return k;
	}
	Buf held = w->held;
	w->held = w->sent;
	w->sent = held;
	server_message(r, held.data, held.len, total, out);
	return k;
}

int relay_from_server(Relay *r, const uint8_t *p, size_t n, RelayOut *out, Error *err)
{
	RelayWalk *w = &r->server;
	buf_free(&w->sent);
	while (n) {
		if (w->rest) {
			size_t k = w->rest < n ? w->rest : n;
			if (!w->drop_rest)
				relay_out_add(out, p, k);
			w->rest -= k, p += k, n -= k;
			continue;
		}
		if (w->held.len) {
			size_t k = server_held(r, p, n, out, err);
			if (k == SIZE_MAX)
				return -1;
			p += k, n -= k;
			continue;
		}
		uint64_t total;
		if (n < 5) {
			buf_put(&w->held, p, n);
			return 0;
		}
		if (!relay_take_header(p, &total))
			return err_set(err, "08P01", "the primary sent a message of an invalid length");
		size_t have = total < n ? total : n;
		if (have < server_want(r, p[0], total)) {
			buf_put(&w->held, p, n);
			return 0;
		}
		server_message(r, p, have, total, out);
		p += have, n -= have;
	}
	return 0;
}
