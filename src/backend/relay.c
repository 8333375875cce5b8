#include "backend/relay.h"
#include "backend/relay_ops.h"

#include <assert.h>

#define XID_NAME "_understudy_xid"

/* Parse "_understudy_xid", Bind it to a portal of that name, Execute that portal. A named portal leaves the client's unnamed one alone; it
 * ends with the transaction that it is used to end. */
static const uint8_t xid_parse[] = "P\0\0\0\x43" XID_NAME "\0SELECT pg_catalog.txid_current_if_assigned()\0\0";
static const uint8_t xid_bind[] = "B\0\0\0\x2a" XID_NAME "\0" XID_NAME "\0\0\0\0\0\0";
static const uint8_t xid_execute[] = "E\0\0\0\x18" XID_NAME "\0\0\0\0";

void relay_init(Relay *r, uint32_t gen, StmtTable *stmts, Settings *settings, const RelayHooks *hooks, void *ctx)
{
	static_assert(sizeof xid_parse == 1 + 0x43, "length of Parse");
	static_assert(sizeof xid_bind == 1 + 0x2a, "length of Bind");
	static_assert(sizeof xid_execute == 1 + 0x18, "length of Execute");
	assert(gen != 0);
	*r = (Relay){ .gen = gen, .stmts = stmts, .settings = settings, .hooks = hooks, .ctx = ctx, .status = 'I', .xid_works = true };
}

void relay_free(Relay *r)
{
	relay_transaction_reset(r);
	free(r->binds);
	free(r->sets);
	buf_free(&r->client.held);
	buf_free(&r->client.sent);
	buf_free(&r->server.held);
	buf_free(&r->server.sent);
	buf_free(&r->ops);
	buf_free(&r->record);
	buf_free(&r->ask.tag);
	prep_unref(r->portal);
	r->portal = NULL;
}

/* --- what is kept of a transaction --- */

static void record(Relay *r, const uint8_t *p, size_t n)
{
	if (r->record_full)
		return;
	if (r->record.len + n > RELAY_RECORD)
		r->record_full = true;
	else
		buf_put(&r->record, p, n);
}

static void record_bind(Relay *r, PrepStmt *st)
{
	if (!st)
		r->record_full = true;
	if (r->record_full)
		return;
	if (r->nbinds == r->binds_cap)
		r->binds = mem_grow(r->binds, &r->binds_cap, r->nbinds + 1, sizeof *r->binds);
	r->binds[r->nbinds++] = prep_ref(st);
}

static void note_statement(Relay *r, StmtKind kind, bool alone, Str text)
{
	r->statements++;
	if (kind == STMT_WRITE && (r->rollback_sent || stmt_prepares_transaction(text)))
		r->commit_sent = true;
	r->rollback_sent |= kind == STMT_ROLLBACK;
	if (kind == STMT_COMMIT || (!alone && stmt_may_end_transaction(text)))
		r->commit_sent = true;
	if (kind == STMT_BEGIN)
		r->began = true;
	if (kind == STMT_WRITE)
		r->group_wrote = true;
	if (!alone || (kind != STMT_SET && kind != STMT_PREPARE && kind != STMT_DEALLOCATE))
		return;
	r->sets = mem_grow(r->sets, &r->sets_cap, r->nsets + 1, sizeof *r->sets);
	r->sets[r->nsets++] = (RelaySet){ kind, mem_strndup(text.p, text.n) };
}

/* --- our own messages --- */

static void inject_xid(Relay *r, RelayOut *out)
{
	if (!r->xid_works || r->skipping)
		return;
	if (!r->xid_prepared) {
		relay_out_add(out, xid_parse, sizeof xid_parse);
		ops_push(r, OP_OURS | OP_PARSE);
		r->xid_prepared = true;
	}
	relay_out_add(out, xid_bind, sizeof xid_bind);
	relay_out_add(out, xid_execute, sizeof xid_execute);
	ops_push(r, OP_OURS | OP_BIND);
	ops_push(r, OP_OURS | OP_EXECUTE);
}

/* A statement that this server connection has not seen yet is parsed again before its use. */
static void inject_parse(Relay *r, PrepStmt *st, RelayOut *out)
{
	if (!st || st->link_gen == r->gen || r->skipping)
		return;
	relay_out_add(out, st->message, st->message_len);
	ops_push(r, OP_OURS | OP_PARSE);
	st->link_gen = r->gen;
}

void relay_send_own(Relay *r, RelayOut *out)
{
	static const uint8_t sync[] = { 'S', 0, 0, 0, 4 };
	r->need_send = false;
	if (r->ask.again) {
		r->ask.again = false;
		relay_out_add(out, r->record.data + r->ask.record_at, r->ask.len);
		return;
	}
	relay_out_add(out, sync, sizeof sync);
	ops_push(r, OP_SYNC);
}

/* --- the client's messages --- */

static Str cstr_at(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;
	Str s = { (const char *)*p, (size_t)((nul ? nul : end) - *p) };
	*p = nul ? nul + 1 : end;
	return s;
}

/* True when the message was sent here, with our question in it. */
static bool see_query(Relay *r, const uint8_t *msg, size_t have, uint64_t total, RelayOut *out)
{
	bool alone, sent = false;
	const uint8_t *p = msg + 5;
	Str text = cstr_at(&p, msg + have);
	StmtKind kind = stmt_classify(text, &alone);
	if (kind == STMT_COMMIT && alone && r->status == 'T' && ops_empty(r))
		inject_xid(r, out);
	else if ((kind == STMT_WRITE || !alone) && have == total)
		sent = relay_ask_send(r, msg, have, text, out);
	ops_push(r, OP_QUERY);
	note_statement(r, kind, alone, text);
	r->group_wrote = false;
	return sent;
}

static void see_parse(Relay *r, const uint8_t *msg, size_t have, uint64_t total)
{
	const uint8_t *p = msg + 5;
	Str name = cstr_at(&p, msg + have);
	PrepStmt *st = have == total ? prep_new(msg, have) : NULL;
	ops_push(r, OP_PARSE);
	if (!st) {
		stmts_remove(r->stmts, name);
		return;
	}
	st->link_gen = r->gen;
	stmts_put(r->stmts, st);
}

static void see_bind(Relay *r, const uint8_t *p, const uint8_t *end, RelayOut *out)
{
	Str portal = cstr_at(&p, end), name = cstr_at(&p, end);
	PrepStmt *st = stmts_get(r->stmts, name);
	inject_parse(r, st, out);
	ops_push(r, OP_BIND);
	record_bind(r, st);
	if (portal.n || r->portal == st)
		return;
	prep_unref(r->portal);
	r->portal = prep_ref(st);
}

static void see_execute(Relay *r, const uint8_t *p, const uint8_t *end, RelayOut *out)
{
	Str portal = cstr_at(&p, end);
	PrepStmt *st = portal.n ? NULL : r->portal;
	if (!st) {
		r->statements++;
	} else {
		if (st->kind == STMT_COMMIT)
			inject_xid(r, out);
		note_statement(r, st->kind, st->alone, st->text);
		/* The data of a COPY stands between its Execute and its Sync: nothing may be put there. */
		if (st->kind == STMT_WRITE && st->text.n >= 4 && str_ieq((Str){ st->text.p, 4 }, str_of("copy")))
			r->group_wrote = false;
	}
	ops_push(r, OP_EXECUTE);
}

static void see_target(Relay *r, uint8_t type, const uint8_t *p, const uint8_t *end, RelayOut *out)
{
	uint8_t kind = p < end ? *p++ : 0;
	Str name = cstr_at(&p, end);
	if (type == 'D') {
		if (kind == 'S')
			inject_parse(r, stmts_get(r->stmts, name), out);
		ops_push(r, OP_DESCRIBE);
		return;
	}
	if (kind == 'S')
		stmts_remove(r->stmts, name);
	ops_push(r, OP_CLOSE);
}

static void see_sync(Relay *r, RelayOut *out)
{
	if (r->copy_in)
		return; /* the server ignores it */
	if (r->group_wrote && r->status == 'I' && !r->began)
		inject_xid(r, out);
	r->group_wrote = false;
	ops_push(r, OP_SYNC);
}

/* 1 when the message has been sent already. */
static int see_client(Relay *r, const uint8_t *msg, size_t have, uint64_t total, RelayOut *out, Error *err)
{
	const uint8_t *p = msg + 5, *end = msg + have;
	switch (msg[0]) {
	case 'Q':
		return see_query(r, msg, have, total, out);
	case 'P':
		see_parse(r, msg, have, total);
		return 0;
	case 'B':
		see_bind(r, p, end, out);
		return 0;
	case 'E':
		see_execute(r, p, end, out);
		return 0;
	case 'D':
	case 'C':
		see_target(r, msg[0], p, end, out);
		return 0;
	case 'S':
		see_sync(r, out);
		return 0;
	case 'F':
		ops_push(r, OP_FUNCTION);
		r->statements++;
		return 0;
	case 'c':
	case 'f':
		if (r->copy_in)
			r->copy_in = false;
		else
			ops_push(r, OP_COPY_END);
		return 0;
	case 'X':
		r->terminated = true;
		return 0;
	case 'H':
	case 'd':
		return 0;
	default:
		return err_set(err, "08P01", "invalid frontend message type %d", msg[0]);
	}
}

/* --- walking --- */

bool relay_take_header(const uint8_t *p, uint64_t *total)
{
	uint32_t len = get_u32(p + 1);
	*total = (uint64_t)len + 1;
	return len >= 4 && len <= 0x3fffffff;
}

static uint64_t client_want(uint8_t type, uint64_t total)
{
	if (type == 'd')
		return 5;
	/* A Query is not begun by the server before it is whole either. */
	return total < RELAY_INSPECT || (type == 'Q' && total < RELAY_RECORD) ? total : RELAY_INSPECT;
}

static int client_message(Relay *r, const uint8_t *msg, size_t have, uint64_t total, RelayOut *out, Error *err)
{
	int rc = see_client(r, msg, have, total, out, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		relay_out_add(out, msg, have);
	record(r, msg, have);
	r->client.rest = total - have;
	return 0;
}

/* Adds to the message that is held; returns how many bytes it took. */
static size_t client_held(Relay *r, const uint8_t *p, size_t n, RelayOut *out, Error *err)
{
	RelayWalk *w = &r->client;
	uint64_t total = 0, want = 5;
	if (w->held.len >= 5) {
		relay_take_header(w->held.data, &total);
		want = client_want(w->held.data[0], total);
	}
	size_t k = want - w->held.len < n ? want - w->held.len : n;
	buf_put(&w->held, p, k);
	if (w->held.len < want)
		return k;
	if (total == 0) {
		if (!relay_take_header(w->held.data, &total)) {
			err_set(err, "08P01", "invalid message length");
			return SIZE_MAX;
		}
		if (w->held.len < client_want(w->held.data[0], total))
			return k;
	}
	Buf held = w->held;
	w->held = w->sent;
	w->sent = held;
	return client_message(r, held.data, held.len, total, out, err) < 0 ? SIZE_MAX : k;
}

int relay_from_client(Relay *r, const uint8_t *p, size_t n, RelayOut *out, Error *err)
{
	RelayWalk *w = &r->client;
	buf_free(&w->sent);
	while (n) {
		if (w->rest) {
			size_t k = w->rest < n ? w->rest : n;
			relay_out_add(out, p, k);
			record(r, p, k);
			w->rest -= k, p += k, n -= k;
			continue;
		}
		if (w->held.len) {
			size_t k = client_held(r, p, n, out, err);
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
			return err_set(err, "08P01", "invalid message length");
		size_t have = total < n ? total : n;
		if (have < client_want(p[0], total)) {
			buf_put(&w->held, p, n);
			return 0;
		}
		if (client_message(r, p, have, total, out, err) < 0)
			return -1;
		p += have, n -= have;
	}
	return 0;
}

/* --- questions --- */

bool relay_quiet(const Relay *r)
{
	return ops_empty(r) && !r->skipping && r->client.rest == 0 && r->client.held.len == 0 && r->server.rest == 0 &&
	       r->server.held.len == 0;
}

bool relay_idle(const Relay *r)
{
	return relay_quiet(r) && r->status == 'I';
}

Str relay_held(const Relay *r)
{
	return buf_str(&r->client.held);
}

RelayLoss relay_loss(const Relay *r)
{
	bool busy = !ops_empty(r) || r->skipping || r->client.rest;
	if (!busy)
		return r->status == 'I' ? LOSS_NOTHING : LOSS_TRANSACTION;
	if (r->commit_sent)
		return LOSS_COMMIT;
	return r->status == 'I' && !r->began ? LOSS_AUTOCOMMIT : LOSS_STATEMENT;
}

size_t relay_owed(const Relay *r, bool *open_group)
{
	size_t owed = 0;
	uint8_t last = OP_NONE;
	for (size_t i = r->ops_at; i < r->ops.len; i++) {
		last = r->ops.data[i];
		owed += op_ends_group(last);
	}
	*open_group = r->skipping || (last != OP_NONE && !op_ends_group(last) && last != OP_COPY_END);
	return owed;
}
