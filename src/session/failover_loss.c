/* What the client is told when its server connection is lost, and the life of a session whose transaction is gone. */
#include "session/failover_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

/* --- telling --- */

static void put_error(Cross *x, const char *state, const char *message, const char *hint)
{
	Error e;
	err_set(&e, state, "%s", message);
	if (hint)
		err_hint(&e, "%s", hint);
	wire_put_error(&x->s->out, &e, "ERROR");
}

static void put_lost_transaction(Cross *x)
{
	x->told = true;
	atomic_fetch_add(&x->f->aborted, 1);
	put_error(x, "40001", "the primary was lost during this transaction",
		  "Nothing of it was kept. Roll back and run the transaction again.");
}

static void put_poisoned(Cross *x)
{
	put_error(x, "25P02", "current transaction is aborted, commands ignored until end of transaction block", NULL);
}

static void put_unknown(Cross *x)
{
	put_error(x, "08007", "connection to the primary was lost; the outcome of the statement is unknown",
		  "It is settled when the primary is back. It is listed in understudy.in_doubt on the SQLite side and counted in GET "
		  "/db/status.");
}

/* --- what is kept of it --- */

static const char *last_statement(const Relay *r, Arena *a)
{
	Redo d = { .messages = r->record.data, .len = r->record_full ? 0 : r->record.len, .binds = r->binds, .nbinds = r->nbinds };
	RedoStmt *v;
	size_t n;
	Error err;
	Buf b = { 0 };
	if (redo_decode(&d, a, &v, &n, &err) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(&b, "; ");
		buf_put_str(&b, v[i].text);
	}
	const char *text = arena_strndup(a, b.data ? (const char *)b.data : "", b.len);
	buf_free(&b);
	return text;
}

static void note_in_doubt(Cross *x)
{
	Session *s = x->s;
	const Relay *r = pglink_relay(x->link);
	_cleanup_(arena_freep) Arena *a = arena_new();
	InDoubt d = { .xid = r->xid,
		      .session = s->pid,
		      .at_us = clock_wall_us(),
		      .user = s->user,
		      .database = s->database,
		      .application_name = s->application_name,
		      .statement = last_statement(r, a) };
	atomic_fetch_add(&x->f->in_doubt, 1);
	log_warn("%s: the outcome of a statement is in doubt (transaction %llu)", s->database ? s->database : "?",
		 (unsigned long long)d.xid);
	if (x->f->cfg.in_doubt)
		x->f->cfg.in_doubt(x->f->cfg.in_doubt_ctx, &d);
}

/* The server's own last words, said while it waited for input, prove that it had not read what is unanswered; so does a failed send when
 * nothing else was under way. */
static bool never_executed(const Cross *x)
{
	const Relay *r = pglink_relay(x->link);
	return !r->commit_done && (x->undelivered || (r->gone && streq(r->gone_state, "57P01")));
}

static bool can_run_again(const Cross *x)
{
	const Relay *r = pglink_relay(x->link);
	if (r->answered || r->record_full || r->record.len == 0)
		return false;
	/* Without its COMMIT a transaction that has just begun has left nothing behind. */
	if (never_executed(x) || relay_loss(r) == LOSS_STATEMENT)
		return true;
	_cleanup_(arena_freep) Arena *a = arena_new();
	Redo d = { .messages = r->record.data, .len = r->record.len, .binds = r->binds, .nbinds = r->nbinds };
	RedoStmt *v;
	size_t n;
	Error err;
	if (redo_decode(&d, a, &v, &n, &err) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!sql_text_is_read_only(v[i].text))
			return false;
	return true;
}

/* Puts bytes in front of what the client has sent and nobody has handled. */
static void give_back(Session *s, Str bytes)
{
	if (bytes.n == 0)
		return;
	Buf b = { 0 };
	buf_put_str(&b, bytes);
	buf_put(&b, s->in.data, s->in.len);
	buf_free(&s->in);
	s->in = b;
}

/* Statements that will be parsed once more must not be known already. */
static void run_again(Cross *x)
{
	const Relay *r = pglink_relay(x->link);
	const uint8_t *p = r->record.data, *end = p + r->record.len;
	WireParse parse;
	Error err;
	for (; end - p >= 5 && (size_t)(end - p - 1) >= get_u32(p + 1); p += 1 + get_u32(p + 1))
		if (*p == 'P' && wire_read_parse((Str){ (const char *)p + 5, get_u32(p + 1) - 4 }, &parse, &err) == 0)
			stmts_remove(&x->stmts, parse.name);
	give_back(x->s, buf_str(&r->record));
	atomic_fetch_add(&x->f->retried, 1);
}

/* --- the loss --- */

/* Answers every Sync and Query that the client waits for, the first with the error already written. */
static void answer_owed(Cross *x, size_t owed, bool open_group, char status, void (*complain)(Cross *x))
{
	for (size_t i = 0; i < owed; i++) {
		if (i)
			complain(x);
		wire_put_ready(&x->s->out, status);
	}
	x->skip = open_group;
	if (open_group && owed)
		complain(x);
}

static void lose_running(Cross *x, RelayLoss loss)
{
	const Relay *r = pglink_relay(x->link);
	bool open_group;
	size_t owed = relay_owed(r, &open_group);
	if (loss == LOSS_STATEMENT) {
		x->aborted = true;
		put_lost_transaction(x);
		answer_owed(x, owed, open_group, 'E', put_poisoned);
		return;
	}
	if (never_executed(x)) {
		put_lost_transaction(x);
		answer_owed(x, owed, open_group, 'I', put_lost_transaction);
		return;
	}
	note_in_doubt(x);
	put_unknown(x);
	answer_owed(x, owed, open_group, 'I', put_unknown);
}

static bool is_broken(const Relay *r)
{
	return r->client.rest > 0 || (r->server.rest > 0 && !r->server.drop_rest);
}

bool cross_may_forgo(const Cross *x)
{
	const Relay *r = pglink_relay(x->link);
	if (is_broken(r))
		return false;
	switch (relay_loss(r)) {
	case LOSS_NOTHING:
	case LOSS_TRANSACTION:
	case LOSS_STATEMENT:
		return true;
	case LOSS_AUTOCOMMIT:
		return can_run_again(x);
	case LOSS_COMMIT:
		break;
	}
	return false;
}

void cross_lost(Cross *x, const char *sqlstate, const char *why)
{
	Session *s = x->s;
	Relay *r = pglink_relay(x->link);
	RelayLoss loss = relay_loss(r);
	bool is_loss = route_report_loss(x->f->cfg.route, sqlstate, why);
	bool broken = is_broken(r);
	give_back(s, relay_held(r));
	x->told = false;
	x->skip = false;
	if (!is_loss || broken) {
		/* The server ended this one session by its own decision, or a message is cut in its middle: there is no honest way on. */
		if (broken)
			s->doomed = true;
		if (loss == LOSS_COMMIT || loss == LOSS_AUTOCOMMIT)
			note_in_doubt(x);
		cross_detach(x);
		session_fatal(s, is_loss ? "08006" : sqlstate, "%s", why);
		return;
	}
	if (loss == LOSS_TRANSACTION) {
		x->aborted = true;
	} else if ((loss == LOSS_AUTOCOMMIT || (loss == LOSS_STATEMENT && r->status == 'I')) && can_run_again(x)) {
		run_again(x);
	} else if (loss != LOSS_NOTHING) {
		lose_running(x, loss);
	}
	cross_detach(x);
}

/* --- a session whose transaction is gone --- */

static void finish_aborted(Cross *x, StmtKind kind)
{
	if (kind == STMT_COMMIT && !x->told)
		put_lost_transaction(x);
	else
		wire_put_command_complete(&x->s->out, "ROLLBACK");
	x->aborted = false;
}

static void complain(Cross *x)
{
	if (x->told)
		put_poisoned(x);
	else
		put_lost_transaction(x);
}

static bool ends_transaction(StmtKind k)
{
	return k == STMT_COMMIT || k == STMT_ROLLBACK;
}

static void aborted_query(Cross *x, Str body)
{
	Str text;
	Error err;
	StmtKind kind = wire_read_query(body, &text, &err) == 0 ? stmt_classify(text, NULL) : STMT_OTHER;
	if (ends_transaction(kind))
		finish_aborted(x, kind);
	else
		complain(x);
	wire_put_ready(&x->s->out, x->aborted ? 'E' : 'I');
}

static void fail_group(Cross *x)
{
	complain(x);
	x->skip = true;
}

static void aborted_describe(Cross *x, Str body)
{
	WireTarget t;
	Error err;
	if (wire_read_target(body, &t, &err) == 0 && t.kind == 'S')
		wire_put_parameter_description(&x->s->out, NULL, 0);
	wire_put_no_data(&x->s->out);
}

static void aborted_extended(Cross *x, const WireFrame *f)
{
	Session *s = x->s;
	WireParse p;
	WireBind b;
	Error err;
	PrepStmt *st;
	switch (f->type) {
	case 'P':
		if (wire_read_parse(f->body, &p, &err) == 0 && ends_transaction(stmt_classify(p.text, NULL)))
			wire_put_parse_complete(&s->out);
		else
			fail_group(x);
		break;
	case 'B':
		st = wire_read_bind(f->body, &b, &err) == 0 ? stmts_get(&x->stmts, b.statement) : NULL;
		x->portal = st ? st->kind : STMT_OTHER;
		if (ends_transaction(x->portal))
			wire_put_bind_complete(&s->out);
		else
			fail_group(x);
		break;
	case 'D':
		aborted_describe(x, f->body);
		break;
	case 'E':
		if (x->aborted && ends_transaction(x->portal)) {
			bool fails = x->portal == STMT_COMMIT && !x->told;
			finish_aborted(x, x->portal);
			x->ending = true;
			x->skip = fails;
		} else {
			fail_group(x);
		}
		break;
	case 'C':
		wire_put_close_complete(&s->out);
		break;
	default:
		break;
	}
}

bool cross_aborted_message(Cross *x, const WireFrame *f)
{
	Session *s = x->s;
	if (f->type == 'X')
		return false;
	if (f->type == 'S') {
		x->skip = x->ending = false;
		wire_put_ready(&s->out, x->aborted ? 'E' : 'I');
		return true;
	}
	if (x->skip || f->type == 'H')
		return true;
	if (f->type == 'Q')
		aborted_query(x, f->body);
	else
		aborted_extended(x, f);
	return true;
}

/* Neither side can be used. */
void cross_refuse(Cross *x, const WireFrame *f)
{
	if (f->type == 'S' || f->type == 'H') {
		if (f->type == 'S')
			wire_put_ready(&x->s->out, 'I');
		return;
	}
	put_error(x, "57P03", "the primary is unavailable and SQLite may not take its place",
		  "The connection stays open. Try again later; see /db/status for the reason.");
	if (f->type == 'Q' || f->type == 'F')
		wire_put_ready(&x->s->out, 'I');
	else
		x->skip = true;
}
