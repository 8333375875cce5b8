/* The extended protocol: Parse, Bind, Describe, Execute, Close, Flush, Sync. */
#include "session/internal.h"

static Portal *portal_find(Session *s, Str name)
{
	Portal *p = s->portals;
	while (p && !str_is(name, p->name))
		p = p->next;
	return p;
}

bool portal_exists(Session *s, Str name)
{
	return portal_find(s, name) != NULL;
}

void portal_close(Session *s, Portal *p)
{
	Portal **at = &s->portals;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	exec_close(s, &p->exec);
	arena_free(p->arena);
}

void portals_close_all(Session *s)
{
	/* The portal whose COMMIT is running closes itself when its Execute ends; only its SQLite side goes now. */
	for (Portal *p = s->portals, *next; p; p = next) {
		next = p->next;
		run_close(&s->txn, &p->exec.run);
		p->done = true;
		if (!p->running)
			portal_close(s, p);
	}
}

static int no_portal(Str name, Error *err)
{
	return err_set(err, "34000", "portal \"%.*s\" does not exist", STR_ARG(name));
}

static int failed_block(const Session *s, const CachedPlan *p, Error *err)
{
	if (s->txn.status != 'E' || !p->plan || plan_ends_transaction(p->plan))
		return 0;
	return err_set(err, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
}

static int on_parse(Session *s, const WireFrame *f, Error *err)
{
	WireParse m;
	uint32_t few[16], *types = few;
	if (wire_read_parse(f->body, &m, err) != 0 || session_read_text(s, &m.name, err) != 0 || session_read_text(s, &m.text, err) != 0)
		return -1;
	if (m.nparams > ARRAY_LEN(few))
		types = mem_alloc(m.nparams * sizeof *types);
	for (size_t i = 0; i < m.nparams; i++)
		types[i] = wire_oid(m.types, i);
	txn_refresh_catalog(&s->txn);
	SqlEnv env = settings_env(s);
	CachedPlan *plan = database_plan(&s->txn, m.text, types, m.nparams, &env, guc_plan_key(s->guc), err);
	if (types != few)
		free(types);
	if (!plan) {
		if (s->txn.status == 'E' && !err_is(err, "42601"))
			err_set(err, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
		return -1;
	}
	int rc = failed_block(s, plan, err);
	if (rc == 0)
		rc = prepared_add(s, m.name, plan, (Str){ NULL, 0 }, err);
	plan_unref(plan);
	if (rc == 0)
		wire_put_parse_complete(&s->out);
	return rc;
}

static int check_formats(const WireBind *m, const CachedPlan *plan, Error *err)
{
	size_t want = plan->plan ? plan->plan->nparams : 0;
	if (m->nparam_formats > 1 && m->nparam_formats != m->nparams)
		return err_set(err, "08P01", "bind message has %zu parameter formats but %zu parameters", m->nparam_formats, m->nparams);
	if (m->nparams != want)
		return err_set(err, "08P01", "bind message supplies %zu parameters, but prepared statement \"%.*s\" requires %zu",
			       m->nparams, STR_ARG(m->statement), want);
	for (size_t i = 0; i < m->nparam_formats; i++)
		if (get_u16(m->param_formats + 2 * i) > 1)
			return err_set(err, "22023", "unsupported format code: %d", (int)get_u16(m->param_formats + 2 * i));
	return 0;
}

static int check_result_formats(Session *s, const WireBind *m, const CachedPlan *plan, Error *err)
{
	if (m->nresult_formats > 1) {
		const Plan *shape = exec_describe(s, plan, err);
		size_t ncols = shape ? shape->ncols : 0;
		if (m->nresult_formats != ncols)
			return err_set(err, "08P01", "bind message has %zu result formats but query has %zu columns", m->nresult_formats,
				       ncols);
	}
	for (size_t i = 0; i < m->nresult_formats; i++)
		if (get_u16(m->result_formats + 2 * i) > 1)
			return err_set(err, "22023", "unsupported format code: %d", (int)get_u16(m->result_formats + 2 * i));
	return 0;
}

/* Parameter values in stored form. The message's bytes are copied once, because a portal outlives its message. */
static int bind_values(Session *s, const WireBind *m, Portal *p, Error *err)
{
	const Plan *plan = p->exec.plan->plan;
	if (m->nparams == 0)
		return 0;
	Str values = { arena_dup(p->arena, m->values.p, m->values.n), m->values.n };
	p->params = arena_array(p->arena, Val, m->nparams);
	for (size_t i = 0; i < m->nparams; i++) {
		Str v;
		if (!wire_next_value(&values, &v))
			continue;
		const PgType *type = catalog_type(s->txn.cat, plan->param_types[i]);
		if (!type)
			return err_set(err, "42704", "type with OID %u does not exist", plan->param_types[i]);
		bool binary = wire_format_of(m->param_formats, m->nparam_formats, i) == 1;
		if (s->types.client && !binary && type_recv_text(v, &s->types, p->arena, &v, err) != 0)
			return -1;
		int rc = binary ? type_recv(type, -1, v, &s->types, p->arena, &p->params[i], err)
				: type_in_parameter(type, v, &s->types, p->arena, &p->params[i], err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static Portal *portal_new(Session *s, const WireBind *m, CachedPlan *plan)
{
	Arena *a = arena_new();
	Portal *p = arena_new_of(a, Portal);
	p->arena = a;
	p->name = arena_strndup(a, m->portal.p, m->portal.n);
	p->exec.plan = plan_ref(plan);
	p->formats = m->nresult_formats ? arena_dup(a, m->result_formats, 2 * m->nresult_formats) : NULL;
	p->exec.run.formats = p->formats;
	p->exec.run.nformats = m->nresult_formats;
	p->next = s->portals;
	s->portals = p;
	return p;
}

static int on_bind(Session *s, const WireFrame *f, Error *err)
{
	WireBind m;
	if (wire_read_bind(f->body, &m, err) != 0 || session_read_text(s, &m.portal, err) != 0 ||
	    session_read_text(s, &m.statement, err) != 0)
		return -1;
	Prepared *prepared = prepared_find(s, m.statement, err);
	CachedPlan *plan = prepared ? prepared_plan(s, prepared, err) : NULL;
	if (!plan || check_formats(&m, plan, err) != 0 || failed_block(s, plan, err) != 0 || check_result_formats(s, &m, plan, err) != 0)
		return -1;
	Portal *old = portal_find(s, m.portal);
	if ((old && m.portal.n) || cursor_exists(s, m.portal))
		return err_set(err, "42P03", "cursor \"%.*s\" already exists", STR_ARG(m.portal));
	if (old)
		portal_close(s, old);
	Portal *p = portal_new(s, &m, plan);
	if (bind_values(s, &m, p, err) != 0) {
		portal_close(s, p);
		return -1;
	}
	p->exec.run.params = p->params;
	p->exec.run.nparams = m.nparams;
	wire_put_bind_complete(&s->out);
	return 0;
}

static int describe_shape(Session *s, const CachedPlan *plan, const uint8_t *formats, size_t nformats, Error *err)
{
	const Plan *shape = exec_describe(s, plan, err);
	if (!shape && err->sqlstate[0])
		return -1;
	if (shape)
		return run_describe(&s->txn, shape, formats, nformats, &s->out, err);
	wire_put_no_data(&s->out);
	return 0;
}

static int describe_statement(Session *s, Str name, Error *err)
{
	Prepared *p = prepared_find(s, name, err);
	CachedPlan *plan = p ? prepared_plan(s, p, err) : NULL;
	if (!plan || (plan->plan && plan->plan->returns_rows && failed_block(s, plan, err) != 0))
		return -1;
	wire_put_parameter_description(&s->out, plan->plan ? plan->plan->param_types : NULL, plan->plan ? plan->plan->nparams : 0);
	return describe_shape(s, plan, NULL, 0, err);
}

static int describe_cursor(Session *s, Str name, Error *err)
{
	const uint8_t *formats;
	const Plan *shape = cursor_shape(s, name, &formats, err);
	return shape ? run_describe(&s->txn, shape, formats, 1, &s->out, err) : -1;
}

static int on_describe(Session *s, const WireFrame *f, Error *err)
{
	WireTarget m;
	if (wire_read_target(f->body, &m, err) != 0 || session_read_text(s, &m.name, err) != 0)
		return -1;
	if (m.kind == 'S')
		return describe_statement(s, m.name, err);
	if (m.kind != 'P')
		return err_set(err, "08P01", "invalid DESCRIBE message subtype %d", m.kind);
	Portal *p = portal_find(s, m.name);
	if (!p && cursor_exists(s, m.name))
		return describe_cursor(s, m.name, err);
	if (!p)
		return no_portal(m.name, err);
	return describe_shape(s, p->exec.plan, p->formats, p->exec.run.nformats, err);
}

static int on_close(Session *s, const WireFrame *f, Error *err)
{
	WireTarget m;
	if (wire_read_target(f->body, &m, err) != 0 || session_read_text(s, &m.name, err) != 0)
		return -1;
	if (m.kind == 'S') {
		prepared_drop(s, m.name);
	} else if (m.kind == 'P') {
		Portal *p = portal_find(s, m.name);
		if (p)
			portal_close(s, p);
		else
			cursor_drop(s, m.name);
	} else {
		return err_set(err, "08P01", "invalid CLOSE message subtype %d", m.kind);
	}
	wire_put_close_complete(&s->out);
	return 0;
}

/* A portal that has run to its end may be executed again; rows come only once, and only SELECT-like plans may be asked twice. */
static int run_again(Session *s, const Portal *p, Error *err)
{
	const Plan *plan = p->exec.plan->plan;
	if (!plan->returns_rows)
		return err_set(err, "55000", "portal \"%s\" cannot be run", p->name);
	if (plan->tag_rows)
		wire_put_command_rows(&s->out, plan->tag, 0);
	else
		wire_put_command_complete(&s->out, plan->tag);
	return 0;
}

static RunResult on_execute(Session *s, const WireFrame *f, Error *err)
{
	WireExecute m;
	if (wire_read_execute(f->body, &m, err) != 0 || session_read_text(s, &m.portal, err) != 0)
		return RUN_ERROR;
	Portal *p = portal_find(s, m.portal);
	if (!p) {
		no_portal(m.portal, err);
		return RUN_ERROR;
	}
	if (!p->exec.plan->plan) {
		wire_put_empty_query(&s->out);
		return RUN_DONE;
	}
	if (p->done && !s->again)
		return run_again(s, p, err) == 0 ? RUN_DONE : RUN_ERROR;
	if (!s->again)
		activity_begin(s, p->exec.plan->text);
	p->running = true;
	RunResult rc = exec_run(s, &p->exec, m.max_rows > 0 ? (uint64_t)m.max_rows : 0, err);
	p->running = false;
	if (rc == RUN_SUSPENDED && s->state == SESSION_COPY_IN)
		return RUN_DONE;
	if (rc == RUN_SUSPENDED)
		wire_put_portal_suspended(&s->out);
	if (rc == RUN_DONE || rc == RUN_ERROR)
		p->done = true;
	if (p->done && s->txn.status == 'I')
		portal_close(s, p);
	return rc;
}

static bool on_sync(Session *s)
{
	Error err;
	s->skip_to_sync = false;
	s->in_extended = false;
	if (exec_end_implicit(s, &err) != 0)
		session_error(s, &err);
	if (s->txn.status == 'I')
		portals_close_all(s);
	session_ready(s);
	return true;
}

bool extended_message(Session *s, const WireFrame *f)
{
	Error err;
	int rc;
	if (f->type == 'S')
		return on_sync(s);
	if (s->skip_to_sync || f->type == 'H')
		return true;
	s->in_extended = true;
	switch (f->type) {
	case 'P':
		rc = on_parse(s, f, &err);
		break;
	case 'B':
		rc = on_bind(s, f, &err);
		break;
	case 'D':
		rc = on_describe(s, f, &err);
		break;
	case 'C':
		rc = on_close(s, f, &err);
		break;
	case 'E':
		rc = on_execute(s, f, &err);
		if (rc == RUN_WANT_WRITER || rc == RUN_WANT_LOCK)
			s->park = rc == RUN_WANT_LOCK ? PARK_LOCK : PARK_WRITER;
		else if (rc == RUN_WANT_OTHERS_GONE)
			s->park = PARK_OTHERS;
		if (s->park != PARK_NONE || rc == RUN_FULL)
			return false;
		break;
	case 'F':
		rc = err_refuse(&err, 0, "the function call protocol is not supported on SQLite");
		break;
	default:
		session_fatal(s, "08P01", "invalid frontend message type %d", f->type);
		return true;
	}
	if (rc < 0) {
		exec_failed(s, &err);
		if (s->txn.status == 'I')
			portals_close_all(s);
		s->skip_to_sync = true;
	}
	return true;
}
