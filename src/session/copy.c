/* COPY on the wire. */
#include "session/internal.h"

#include <stdio.h>

static RunResult start_in(Session *s, Exec *x, Error *err)
{
	const Plan *plan = x->plan->plan;
	RunResult rc = copy_in_begin(&s->txn, x->plan, &s->copy, err);
	if (rc != RUN_DONE)
		return rc;
	wire_put_copy_response(&s->out, 'G', plan->copy.binary, plan->ncols ? plan->ncols : plan->nparams);
	s->state = SESSION_COPY_IN;
	return RUN_SUSPENDED;
}

RunResult copy_start(Session *s, Exec *x, Error *err)
{
	const Plan *plan = x->plan->plan;
	if (plan->copy_from)
		return start_in(s, x, err);
	x->run.plan = x->plan;
	RunResult rc = copy_out(&s->txn, &x->run, &s->out, err);
	if (rc == RUN_DONE)
		wire_put_command_rows(&s->out, "COPY", x->run.rows);
	return rc;
}

void copy_abandon(Session *s)
{
	if (s->copy) {
		copy_in_free(&s->txn, s->copy);
		s->copy = NULL;
	}
}

static void failed(Session *s, const Error *err, const char *context)
{
	Error e = *err;
	if (context)
		snprintf(e.context, sizeof e.context, "%s", context);
	session_put_error(s, &e, "ERROR");
	copy_abandon(s);
	bool implicit = s->txn.implicit;
	txn_fail(&s->txn);
	if (implicit)
		guc_rollback(s->guc);
	s->state = SESSION_READY;
	if (s->query) {
		simple_abandon(s);
		wire_put_ready(&s->out, s->txn.status);
	} else {
		s->skip_to_sync = true;
	}
}

static bool finish(Session *s)
{
	Error err;
	uint64_t rows;
	if (copy_in_finish(&s->txn, s->copy, &rows, &err) != 0) {
		failed(s, &err, copy_in_context(s->copy));
		return true;
	}
	copy_abandon(s);
	s->state = SESSION_READY;
	wire_put_command_rows(&s->out, "COPY", rows);
	if (!s->query)
		return true;
	return simple_query(s, (Str){ "", 0 });
}

bool copy_message(Session *s, const WireFrame *f)
{
	Error err;
	Str message;
	switch (f->type) {
	case 'd':
		if (copy_in_data(&s->txn, s->copy, f->body, &err) != 0)
			failed(s, &err, copy_in_context(s->copy));
		return true;
	case 'c':
		return finish(s);
	case 'f':
		if (wire_read_copy_fail(f->body, &message, &err) == 0 && session_read_text(s, &message, &err) == 0)
			err_set(&err, "57014", "COPY from stdin failed: %.*s", STR_ARG(message));
		failed(s, &err, copy_in_context(s->copy));
		return true;
	case 'H':
	case 'S':
		return true; /* as PostgreSQL: ignored while data is expected */
	case 'X':
		s->doomed = true;
		return true;
	default:
		err_set(&err, "08P01", "unexpected message type 0x%02X during COPY from stdin", f->type);
		failed(s, &err, copy_in_context(s->copy));
		return true;
	}
}
