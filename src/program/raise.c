/* RAISE, ASSERT, GET DIAGNOSTICS, blocks with EXCEPTION, and the CONTEXT of errors. */
#include "program/internal.h"

#include "backend/sqlite_cursor.h"
#include "catalog/sessionvars.h"
#include "wire/proto.h"

#include <stdio.h>
#include <strings.h>

static const char *kind_name(const PlStmt *s)
{
	static const char *const names[] = {
		[PL_BLOCK] = "statement block",
		[PL_ASSIGN] = "assignment",
		[PL_IF] = "IF",
		[PL_CASE] = "CASE",
		[PL_LOOP] = "LOOP",
		[PL_WHILE] = "WHILE",
		[PL_FOR_INT] = "FOR with integer loop variable",
		[PL_FOR_QUERY] = "FOR over SELECT rows",
		[PL_FOR_CURSOR] = "FOR over cursor",
		[PL_FOREACH] = "FOREACH over array",
		[PL_EXIT] = "EXIT",
		[PL_RETURN] = "RETURN",
		[PL_RETURN_NEXT] = "RETURN NEXT",
		[PL_RETURN_QUERY] = "RETURN QUERY",
		[PL_RAISE] = "RAISE",
		[PL_ASSERT] = "ASSERT",
		[PL_SQL] = "SQL statement",
		[PL_EXECUTE] = "EXECUTE",
		[PL_PERFORM] = "PERFORM",
		[PL_DIAGNOSTICS] = "GET DIAGNOSTICS",
		[PL_OPEN] = "OPEN",
		[PL_FETCH] = "FETCH",
		[PL_CLOSE] = "CLOSE",
		[PL_NULL] = "NULL",
		[PL_TRANSACTION] = "COMMIT",
	};
	if (s->kind == PL_FOR_QUERY && s->dynamic)
		return "FOR over EXECUTE statement";
	if (s->kind == PL_DIAGNOSTICS && s->stacked)
		return "GET STACKED DIAGNOSTICS";
	return s->kind == PL_EXIT && s->is_continue ? "CONTINUE" : names[s->kind];
}

void frame_context(const Frame *f, Error *err)
{
	size_t n = strlen(err->context);
	char *out = err->context + n;
	size_t cap = sizeof err->context - n;
	const char *sep = n ? "\n" : "";
	if (!f->p->pl)
		snprintf(out, cap, "%sSQL function \"%s\" statement %zu", sep, f->p->fn->proc.name, (size_t)f->row_count);
	else if (f->phase)
		snprintf(out, cap, "%sPL/pgSQL function %s %s", sep, f->p->name, f->phase);
	else if (f->at)
		snprintf(out, cap, "%sPL/pgSQL function %s line %d at %s", sep, f->p->name, f->at->line, kind_name(f->at));
	else
		snprintf(out, cap, "%sPL/pgSQL function %s", sep, f->p->name);
}

/* --- RAISE --- */

static int format_message(Frame *f, const PlStmt *s, Buf *out, Error *err)
{
	size_t at = 0;
	for (const char *c = s->format; *c; c++) {
		Val v;
		if (*c != '%') {
			buf_put_u8(out, (uint8_t)*c);
		} else if (c[1] == '%') {
			buf_put_u8(out, '%');
			c++;
		} else {
			if (frame_eval_text(f, s->args[at++], &v, err) != 0)
				return -1;
			buf_put_str(out, v.kind == VAL_NULL ? str_of("<NULL>") : v.s);
		}
	}
	return 0;
}

static int set_option(Frame *f, const PlOption *o, Error *raised, bool *has_message, Error *err)
{
	Val v;
	if (frame_eval_text(f, o->expr, &v, err) != 0)
		return -1;
	if (v.kind == VAL_NULL)
		return err_set(err, "22004", "RAISE statement option cannot be null");
	const char *text = arena_strndup(f->scratch, v.s.p, v.s.n);
	if (streq(o->name, "errcode")) {
		size_t n;
		const char *state =
			strlen(text) == 5 && strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 ? text : pl_condition(text, &n);
		if (!state)
			return err_set(err, "42704", "unrecognized exception condition \"%s\"", text);
		snprintf(raised->sqlstate, sizeof raised->sqlstate, "%s", state);
		if (!*has_message)
			snprintf(raised->message, sizeof raised->message, "%s", text);
	} else if (streq(o->name, "message")) {
		if (*has_message)
			return err_set(err, "42601", "RAISE option already specified: MESSAGE");
		snprintf(raised->message, sizeof raised->message, "%s", text);
		*has_message = true;
	} else if (streq(o->name, "detail")) {
		err_detail(raised, "%s", text);
	} else if (streq(o->name, "hint")) {
		err_hint(raised, "%s", text);
	} else if (streq(o->name, "column")) {
		err_object(raised, NULL, NULL, text, NULL);
	} else if (streq(o->name, "constraint")) {
		err_object(raised, NULL, NULL, NULL, text);
	} else if (streq(o->name, "datatype")) {
		snprintf(raised->datatype, sizeof raised->datatype, "%s", text);
	} else if (streq(o->name, "table")) {
		err_object(raised, NULL, text, NULL, NULL);
	} else {
		err_object(raised, text, NULL, NULL, NULL);
	}
	return 0;
}

static int level_rank(const char *level)
{
	static const char *const order[] = { "debug5", "debug4", "debug3", "debug2",  "debug1", "debug",
					     "log",    "info",	 "notice", "warning", "error" };
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (strcasecmp(order[i], level) == 0)
			return (int)i;
	return 8;
}

static int send_notice(Frame *f, const PlStmt *s, Error *raised, Error *err)
{
	const SessionVars *v = f->t->vars;
	const char *min = v && v->get_setting ? v->get_setting(v->arg, "client_min_messages") : NULL;
	char severity[16];
	snprintf(severity, sizeof severity, "%s", s->level);
	for (char *c = severity; *c; c++)
		*c = (char)(*c - 32);
	if (streq(s->level, "debug"))
		snprintf(severity, sizeof severity, "DEBUG");
	bool shown = streq(s->level, "info") || level_rank(s->level) >= level_rank(min ? min : "notice");
	if (streq(s->level, "log") && level_rank(min ? min : "notice") > level_rank("log"))
		shown = false;
	if (!shown)
		return 0;
	for (const Frame *o = f; o; o = o->outer)
		frame_context(o, raised);
	return run_notice(f->t, raised, severity, &f->t->notices, err);
}

Flow frame_raise(Frame *f, const PlStmt *s, Error *err)
{
	Error raised;
	bool exception = streq(s->level, "exception"), has_message = false;
	if (streq(s->level, "again")) {
		for (const Frame *o = f; o; o = NULL)
			if (o->caught) {
				*err = *o->caught;
				return FLOW_ERROR;
			}
		err_set(err, "0Z002", "RAISE without parameters cannot be used outside an exception handler");
		return FLOW_ERROR;
	}
	err_set(&raised, s->state ? s->state : exception ? "P0001" : streq(s->level, "warning") ? "01000" : "00000", "%s", "");
	if (s->format) {
		Buf text = { 0 };
		int rc = format_message(f, s, &text, err);
		if (rc == 0)
			snprintf(raised.message, sizeof raised.message, "%s", buf_cstr(&text));
		buf_free(&text);
		if (rc != 0)
			return FLOW_ERROR;
		has_message = true;
	}
	for (size_t i = 0; i < s->noptions; i++)
		if (set_option(f, &s->options[i], &raised, &has_message, err) != 0)
			return FLOW_ERROR;
	if (!has_message && !raised.message[0])
		snprintf(raised.message, sizeof raised.message, "%s", s->condition ? s->condition : raised.sqlstate);
	if (exception) {
		*err = raised;
		return FLOW_ERROR;
	}
	return send_notice(f, s, &raised, err) == 0 ? FLOW_NEXT : FLOW_ERROR;
}

Flow frame_assert(Frame *f, const PlStmt *s, Error *err)
{
	const SessionVars *vars = f->t->vars;
	const char *on = vars && vars->get_setting ? vars->get_setting(vars->arg, "plpgsql.check_asserts") : NULL;
	bool yes, is_null;
	Val v = val_null();
	if (on && streq(on, "off"))
		return FLOW_NEXT;
	if (frame_eval_bool(f, s->expr, &yes, &is_null, err) != 0)
		return FLOW_ERROR;
	if (yes)
		return FLOW_NEXT;
	if (s->expr2 && frame_eval_text(f, s->expr2, &v, err) != 0)
		return FLOW_ERROR;
	if (v.kind == VAL_NULL)
		err_set(err, "P0004", "assertion failed");
	else
		err_set(err, "P0004", "%.*s", STR_ARG(v.s));
	return FLOW_ERROR;
}

/* --- GET DIAGNOSTICS --- */

static const char *stacked_item(const Error *e, const char *name)
{
	return streq(name, "returned_sqlstate")	    ? e->sqlstate
	       : streq(name, "column_name")	    ? e->column
	       : streq(name, "constraint_name")	    ? e->constraint
	       : streq(name, "pg_datatype_name")    ? e->datatype
	       : streq(name, "message_text")	    ? e->message
	       : streq(name, "table_name")	    ? e->table
	       : streq(name, "schema_name")	    ? e->schema
	       : streq(name, "pg_exception_detail") ? e->detail
	       : streq(name, "pg_exception_hint")   ? e->hint
						    : e->context;
}

Flow frame_diagnostics(Frame *f, const PlStmt *s, Error *err)
{
	if (s->stacked && !f->caught) {
		err_set(err, "0Z002", "GET STACKED DIAGNOSTICS cannot be used outside an exception handler");
		return FLOW_ERROR;
	}
	for (size_t i = 0; i < s->noptions; i++) {
		const PlOption *o = &s->options[i];
		Error context;
		Val v;
		const PgType *type = pgtype_builtin(T_TEXT);
		if (s->stacked) {
			v = val_text(str_of(stacked_item(f->caught, o->name)));
		} else if (streq(o->name, "row_count")) {
			v = val_int((int64_t)f->row_count);
			type = pgtype_builtin(T_INT8);
		} else {
			err_set(&context, "00000", "%s", "");
			for (const Frame *at = f; at; at = at->outer)
				frame_context(at, &context);
			v = val_text(str_of(context.context));
		}
		if (frame_assign(f, &o->target, v, type, -1, err) != 0)
			return FLOW_ERROR;
	}
	return FLOW_NEXT;
}

/* --- blocks --- */

static int start_variable(Frame *f, const PlVar *v, Error *err)
{
	const ProgramVar *pv = &f->p->vars[v->index];
	const PgType *type;
	const PlTarget target = { .var = v->index };
	Val value;
	frame_set(f, v->index, val_null());
	if (!v->init)
		return 0;
	if (frame_eval(f, v->init, pv->type, pv->typmod, &value, &type, err) != 0)
		return -1;
	return frame_assign(f, &target, value, pv->type ? pv->type : type, pv->typmod, err);
}

static int start_variables(Frame *f, const PlStmt *s, Error *err)
{
	for (size_t i = 0; i < s->nvars; i++) {
		f->phase = "during statement block local variable initialization";
		if (start_variable(f, s->vars[i], err) != 0)
			return -1;
	}
	f->phase = NULL;
	f->at = s;
	return 0;
}

static bool handles(const PlArm *arm, const char *state)
{
	for (size_t i = 0; i < arm->nstates; i++) {
		const char *want = arm->states[i];
		if (streq(want, "OTHERS")) {
			if (!streq(state, "57014") && !streq(state, "P0004"))
				return true;
			continue;
		}
		bool class = streq(want + 2, "000");
		if (streq(want, state) || (class && strncmp(want, state, 2) == 0))
			return true;
	}
	return false;
}

/* The transaction itself is lost, or the session is to end. */
static bool is_fatal(const Frame *f, const Error *err)
{
	return f->t->broken || strncmp(err->sqlstate, "57P0", 4) == 0 || streq(err->sqlstate, "53200");
}

static Flow handle(Frame *f, const PlStmt *s, const PlArm *arm, Error *err)
{
	Error caught = *err, *outer = f->caught;
	frame_context(f, &caught);
	for (const Frame *o = f->outer; o; o = o->outer)
		frame_context(o, &caught);
	f->phase = NULL;
	arena_reset(f->scratch);
	frame_set(f, s->sqlstate_var, val_text(str_of(caught.sqlstate)));
	frame_set(f, s->sqlerrm_var, val_text(str_of(caught.message)));
	f->caught = &caught;
	Flow flow = frame_body(f, &arm->body, err);
	f->caught = outer;
	return flow;
}

static Flow guarded(Frame *f, const PlStmt *s, Error *err)
{
	const CursorHooks *cursors = f->t->cursors;
	uint64_t before = cursors ? cursors->mark(f->t->session) : 0;
	if (nested_begin(f->t, err) != 0)
		return FLOW_ERROR;
	Flow flow = start_variables(f, s, err) == 0 ? frame_body(f, &s->body, err) : FLOW_ERROR;
	if (flow != FLOW_ERROR)
		return nested_commit(f->t, err) == 0 ? flow : FLOW_ERROR;
	if (is_fatal(f, err))
		return flow;
	Error why = *err;
	if (cursors)
		cursors->drop_since(f->t->session, before);
	if (nested_rollback(f->t, err) != 0)
		return FLOW_ERROR;
	*err = why;
	for (size_t i = 0; i < s->narms; i++)
		if (handles(&s->arms[i], err->sqlstate))
			return handle(f, s, &s->arms[i], err);
	return FLOW_ERROR;
}

Flow frame_block(Frame *f, const PlStmt *s, Error *err)
{
	Flow flow;
	if (s->has_handlers)
		flow = guarded(f, s, err);
	else if (start_variables(f, s, err) != 0)
		return FLOW_ERROR;
	else
		flow = frame_body(f, &s->body, err);
	if (flow == FLOW_EXIT && f->label && s->label && streq(f->label, s->label)) {
		f->label = NULL;
		return FLOW_NEXT;
	}
	return flow;
}
