/* FunctionCall, PostgreSQL's "fast path": a function by its OID, without SQL. libpq's large objects come this way. */
#include "session/internal.h"

#include "catalog/builtin.h"
#include "sqlite/fn_text.h"

/* No client can name its own so: 0xff stands in no UTF-8 text. */
static const Str call_portal = { "\xff", 1 };

static const PgProc *find_function(const Session *s, uint32_t oid, const char **schema, Error *err)
{
	const PgProc *proc = pgproc_by_oid(oid);
	*schema = "pg_catalog";
	if (!proc) {
		const CatFunction *f = catalog_function(s->txn.cat, oid);
		const CatSchema *home = f ? catalog_schema_by_oid(s->txn.cat, f->schema) : NULL;
		if (!home) {
			err_set(err, "42883", "function with OID %u does not exist", oid);
			return NULL;
		}
		*schema = home->name;
		proc = &f->proc;
	}
	if (proc->kind != 'f' || proc->retset) {
		err_set(err, "0A000", "cannot call function \"%s\" via fastpath interface", proc->name);
		return NULL;
	}
	return proc;
}

static int check_message(const WireBind *m, const PgProc *proc, Error *err)
{
	if (m->nparams != proc->nargs)
		return err_set(err, "08P01", "function call message contains %zu arguments but function requires %d", m->nparams,
			       proc->nargs);
	if (m->nparam_formats > 1 && m->nparam_formats != m->nparams)
		return err_set(err, "08P01", "function call message contains %zu argument formats but %zu arguments", m->nparam_formats,
			       m->nparams);
	for (size_t i = 0; i < m->nparam_formats; i++)
		if (get_u16(m->param_formats + 2 * i) > 1)
			return err_set(err, "22023", "unsupported format code: %d", (int)get_u16(m->param_formats + 2 * i));
	if (get_u16(m->result_formats) > 1)
		return err_set(err, "22023", "unsupported format code: %d", (int)get_u16(m->result_formats));
	return 0;
}

/* The call as a query: its plan is kept like any other, so a function that is called again is not planned again. */
static CachedPlan *call_plan(Session *s, const PgProc *proc, const char *schema, Error *err)
{
	Buf text = { 0 };
	buf_puts(&text, "SELECT ");
	text_quote_ident(str_of(schema), &text);
	buf_puts(&text, ".");
	text_quote_ident(str_of(proc->name), &text);
	for (int i = 0; i < proc->nargs; i++)
		buf_printf(&text, "%s$%d", i ? ", " : "(", i + 1);
	buf_puts(&text, proc->nargs ? ")" : "()");
	SqlEnv env = settings_env(s);
	CachedPlan *plan = database_plan(&s->txn, buf_str(&text), proc->args, proc->nargs, &env, guc_plan_key(s->guc), err);
	buf_free(&text);
	return plan;
}

static Portal *open_call(Session *s, const WireFrame *f, Error *err)
{
	WireBind m;
	uint32_t oid;
	const char *schema;
	if (wire_read_call(f->body, &oid, &m, err) != 0)
		return NULL;
	if (s->txn.status == 'E') {
		err_set(err, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
		return NULL;
	}
	m.portal = call_portal;
	txn_refresh_catalog(&s->txn);
	const PgProc *proc = find_function(s, oid, &schema, err);
	if (!proc || check_message(&m, proc, err) != 0)
		return NULL;
	CachedPlan *plan = call_plan(s, proc, schema, err);
	Portal *p = plan ? portal_open(s, &m, plan, err) : NULL;
	if (p)
		activity_begin(s, plan->text);
	plan_unref(plan);
	return p;
}

/* What the query has written, a row and its CommandComplete, becomes the answer; notices stay. */
static void answer(Session *s, const Buf *written)
{
	WireFrame f;
	Error err;
	Str value = { NULL, 0 };
	for (size_t at = 0; wire_frame(written->data + at, written->len - at, WIRE_MESSAGE_MAX, &f, &err) > 0; at += f.size) {
		if (f.type == 'D') {
			Str values = { f.body.p + 2, f.body.n - 2 };
			if (!wire_next_value(&values, &value))
				value.p = NULL;
		} else if (f.type != 'C') {
			buf_put(&s->out, written->data + at, f.size);
		}
	}
	wire_put_call_response(&s->out, value.p ? &value : NULL);
}

/* One row, however long it is: nothing leaves before it is complete. */
static RunResult run_call(Session *s, Portal *p, Error *err)
{
	RunResult rc;
	Buf before = s->out;
	s->out = (Buf){ 0 };
	p->running = true;
	while ((rc = exec_run(s, &p->exec, 0, err)) == RUN_FULL)
		s->again = true;
	p->running = false;
	Buf written = s->out;
	s->out = before;
	if (rc == RUN_DONE)
		answer(s, &written);
	else
		buf_put(&s->out, written.data, written.len);
	buf_free(&written);
	return rc;
}

static void end_call(Session *s)
{
	Portal *p = portal_find(s, call_portal);
	if (p)
		portal_close(s, p);
}

bool function_call(Session *s, const WireFrame *f)
{
	Error err;
	Portal *p = s->again ? portal_find(s, call_portal) : open_call(s, f, &err);
	RunResult rc = p ? run_call(s, p, &err) : RUN_ERROR;
	if (rc == RUN_WANT_WRITER || rc == RUN_WANT_LOCK || rc == RUN_WANT_OTHERS_GONE) {
		s->park = rc == RUN_WANT_WRITER ? PARK_WRITER : rc == RUN_WANT_LOCK ? PARK_LOCK : PARK_OTHERS;
		return false;
	}
	end_call(s);
	if (rc != RUN_DONE)
		exec_failed(s, &err);
	else if (exec_end_implicit(s, &err) != 0)
		session_error(s, &err);
	session_ready(s);
	return true;
}
