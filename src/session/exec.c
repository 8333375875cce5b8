/* One statement of any kind, for simple queries and portals alike. */
#include "session/internal.h"

#include "backend/sqlite_locks.h"
#include "base/clock.h"
#include "program/program.h"
#include "sql/explain.h"
#include "sqlite/group.h"

#include <stdio.h>

void exec_leave_loop(void *ctx)
{
	Session *s = ctx;
	Io *ios[] = { &s->io };
	if (!loop_leading(s->server->loop))
		return;
	s->off_loop = true;
	loop_promote(s->server->loop, ios, 1);
}

void exec_failed(Session *s, const Error *err)
{
	session_error(s, err);
	bool implicit = s->txn.implicit;
	/* Statements that are still open would keep the transaction's connection. */
	if (s->txn.status == 'T' && !s->txn.savepoints) {
		portals_close_all(s);
		cursors_end_transaction(s, false);
	}
	txn_fail(&s->txn);
	/* In a failed block settings are undone only when the block ends, as PostgreSQL does it. */
	if (implicit || s->txn.status == 'I') {
		guc_rollback(s->guc);
		notify_end_transaction(s, false);
	}
}

static void end_transaction(Session *s, bool committed)
{
	portals_close_all(s);
	cursors_end_transaction(s, committed);
	notify_end_transaction(s, committed);
	if (committed)
		guc_commit(s->guc);
	else
		guc_rollback(s->guc);
}

/* What was to be done before a commit has failed. */
static void exec_rolled_back(Session *s)
{
	cursors_end_transaction(s, false);
	txn_abort(&s->txn);
	end_transaction(s, false);
}

int exec_end_implicit(Session *s, Error *err)
{
	if (s->txn.status != 'T' || !s->txn.implicit)
		return 0;
	portals_close_all(s);
	if (cursors_hold(s, err) != 0) {
		exec_rolled_back(s);
		return -1;
	}
	int rc = txn_end_implicit(&s->txn, err);
	end_transaction(s, rc == 0);
	return rc;
}

static int level_of(const SqliteTxn *t)
{
	return t->nsavepoints;
}

static void on_subtransaction(Session *s, PlanKind kind, int level)
{
	if (kind == PLAN_ROLLBACK_TO) {
		guc_rollback_to(s->guc, level);
		cursors_rollback_to(s, level);
		notify_rollback_to(s, level);
		return;
	}
	guc_savepoint(s->guc, level);
	if (kind == PLAN_RELEASE)
		cursors_release(s, level);
}

static RunResult on_transaction(Session *s, const Plan *plan, Error *err)
{
	const char *tag;
	bool ending = plan->kind == PLAN_COMMIT || plan->kind == PLAN_ROLLBACK;
	/* Open statements would keep SQLite from committing. */
	if (ending)
		portals_close_all(s);
	bool failed = s->txn.status == 'E';
	if (plan->kind == PLAN_COMMIT && !failed && cursors_hold(s, err) != 0) {
		exec_rolled_back(s);
		return RUN_ERROR;
	}
	if (txn_statement(&s->txn, plan, &s->out, &tag, err) != 0) {
		if (ending && s->txn.status == 'I')
			end_transaction(s, false);
		return RUN_ERROR;
	}
	if (ending)
		end_transaction(s, plan->kind == PLAN_COMMIT && !failed);
	else if (plan->kind != PLAN_BEGIN)
		on_subtransaction(s, plan->kind, level_of(&s->txn));
	wire_put_command_complete(&s->out, tag);
	return RUN_DONE;
}

/* Messages of programs come before what follows: rows that are complete, the end of the command, an error. */
static void put_notices(Session *s)
{
	Buf *notices = &s->txn.notices;
	if (notices->len)
		buf_put(&s->out, notices->data, notices->len);
	buf_clear(notices);
}

enum { LONGEST_GID = 200 };

/* As PostgreSQL answers with max_prepared_transactions = 0. */
static RunResult two_phase(Session *s, const Exec *x, Error *err)
{
	const Plan *plan = x->plan->plan;
	if (plan->name) {
		if (!s->txn.implicit || x->several)
			err_set(err, "25001", "%s cannot run inside a transaction block", plan->tag);
		else
			err_set(err, "42704", "prepared transaction with identifier \"%s\" does not exist", plan->name);
		return RUN_ERROR;
	}
	bool failed = s->txn.status == 'E';
	if (s->txn.implicit) {
		Error e;
		err_set(&e, "25P01", "there is no transaction in progress");
		wire_put_notice(&s->out, &e, "WARNING");
	} else {
		portals_close_all(s);
		txn_abort(&s->txn);
		end_transaction(s, false);
	}
	if (s->txn.status == 'I' && !failed && strlen(plan->values[0]) >= LONGEST_GID) {
		err_set(err, "22023", "transaction identifier \"%s\" is too long", plan->values[0]);
		return RUN_ERROR;
	}
	if (s->txn.status == 'I' && !failed) {
		err_set(err, "55000", "prepared transactions are disabled");
		err_hint(err, "Set max_prepared_transactions to a nonzero value.");
		return RUN_ERROR;
	}
	wire_put_command_complete(&s->out, "ROLLBACK");
	return RUN_DONE;
}

static RunResult run_rows(Session *s, Exec *x, CachedPlan *plan, uint64_t max_rows, Error *err)
{
	x->run.plan = plan;
	if (x->describe && !x->described && plan->plan->returns_rows) {
		if (run_describe(&s->txn, plan->plan, x->run.formats, x->run.nformats, &s->out, err) != 0)
			return RUN_ERROR;
		x->described = true;
	}
	/* Each Execute of a portal counts its own rows. */
	if (!s->again)
		x->run.rows = 0;
	s->txn.queried = true;
	s->may_rerun = plan->plan->kind == PLAN_QUERY && !plan->plan->nsteps && !x->run.open;
	uint64_t before = x->run.open ? x->run.rows : 0;
	size_t mark = s->out.len;
	RunResult rc = run_execute(&s->txn, &x->run, max_rows ? max_rows - x->sent : 0, &s->out, err);
	if (rc == RUN_WANT_WRITER || rc == RUN_STALE || rc == RUN_ERROR)
		s->out.len = s->out.len < mark ? s->out.len : mark;
	put_notices(s);
	if (rc == RUN_FULL)
		x->sent += x->run.rows - before;
	else
		x->sent = 0;
	if (rc == RUN_DONE)
		run_command_complete(&x->run, &s->out);
	return rc;
}

/* Values of EXECUTE's argument list in the parameter types of the statement. */
static int convert_args(Session *s, const Plan *from, const Plan *to, Val *args, size_t n, Arena *a, Error *err)
{
	for (size_t i = 0; i < n; i++) {
		const PgType *have = from->cols[i].type, *want = catalog_type(s->txn.cat, to->param_types[i]);
		if (args[i].kind == VAL_NULL || !want || have->oid == want->oid)
			continue;
		Buf text = { 0 };
		int rc = type_out(have, from->cols[i].typmod, &args[i], &s->types, &text, err);
		Str copy = { rc == 0 ? arena_strndup(a, (char *)text.data, text.len) : "", text.len };
		if (rc == 0)
			rc = type_in_parameter(want, copy, &s->types, a, &args[i], err);
		buf_free(&text);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* EXECUTE, in `call`: finds the statement and computes its parameters. */
static RunResult open_execute(Session *s, Exec *x, CachedPlan *call, Error *err)
{
	const Plan *plan = call->plan;
	Prepared *p = prepared_find(s, str_of(plan->name), err);
	CachedPlan *inner = p ? prepared_plan(s, p, err) : NULL;
	size_t n = 0;
	if (!inner)
		return RUN_ERROR;
	if (!x->arena)
		x->arena = arena_new();
	if (plan->sql) {
		RunResult rc = run_values(&s->txn, call, x->arena, &x->args, &n, err);
		if (rc != RUN_DONE)
			return rc;
	}
	size_t want = inner->plan ? inner->plan->nparams : 0;
	if (n != want) {
		err_set(err, "42601", "wrong number of parameters for prepared statement \"%s\"", plan->name);
		err_detail(err, "Expected %zu parameters but got %zu.", want, n);
		return RUN_ERROR;
	}
	if (inner->plan && convert_args(s, plan, inner->plan, x->args, n, x->arena, err) != 0)
		return RUN_ERROR;
	x->inner = plan_ref(inner);
	x->run.params = x->args;
	x->run.nparams = n;
	return RUN_DONE;
}

static RunResult refuse(const char *what, Error *err)
{
	err_refuse(err, 0, "%s is not supported on SQLite", what);
	return RUN_ERROR;
}

/* EXPLAIN EXECUTE: the same options with the statement itself. */
static RunResult open_explain(Session *s, Exec *x, Error *err)
{
	const Plan *plan = x->plan->plan;
	CachedPlan call = *x->plan;
	call.plan = plan->explain->execute;
	RunResult rc = open_execute(s, x, &call, err);
	if (rc != RUN_DONE)
		return rc;
	CachedPlan *statement = x->inner;
	x->inner = NULL;
	Str own = x->plan->text;
	const char *execute = statement->plan ? explain_execute_word(own) : NULL;
	SqlEnv env = settings_env(s);
	if (execute) {
		const char *text = arena_printf(x->arena, "%.*s%.*s", (int)(execute - own.p), own.p, STR_ARG(statement->text));
		x->inner = database_plan(&s->txn, str_of(text), statement->plan->param_types, statement->plan->nparams, &env,
					 guc_plan_key(s->guc), err);
	} else {
		refuse("EXPLAIN EXECUTE of this statement", err);
	}
	plan_unref(statement);
	return x->inner ? RUN_DONE : RUN_ERROR;
}

static RunResult prepare_sql(Session *s, const Plan *plan, Str text, Error *err)
{
	SqlEnv env = settings_env(s);
	CachedPlan *inner =
		database_plan(&s->txn, plan->inner_text, plan->inner_types, plan->ninner_types, &env, guc_plan_key(s->guc), err);
	if (!inner)
		return RUN_ERROR;
	int rc = prepared_add(s, str_of(plan->name), inner, text, err);
	plan_unref(inner);
	if (rc != 0)
		return RUN_ERROR;
	wire_put_command_complete(&s->out, "PREPARE");
	return RUN_DONE;
}

static RunResult deallocate(Session *s, const Plan *plan, Error *err)
{
	if (plan->name) {
		if (!prepared_find(s, str_of(plan->name), err))
			return RUN_ERROR;
		prepared_drop(s, str_of(plan->name));
	} else {
		prepared_drop_all(s);
	}
	wire_put_command_complete(&s->out, plan->tag ? plan->tag : plan->name ? "DEALLOCATE" : "DEALLOCATE ALL");
	return RUN_DONE;
}

static RunResult discard(Session *s, const Plan *plan, Error *err)
{
	char tag[64];
	bool all = strcasecmp(plan->name, "ALL") == 0;
	if (all && !s->txn.implicit) {
		err_set(err, "25001", "DISCARD ALL cannot run inside a transaction block");
		return RUN_ERROR;
	}
	if (all || strcasecmp(plan->name, "TEMP") == 0) {
		RunResult rc = temp_discard(&s->txn, err);
		if (rc != RUN_DONE)
			return rc;
	}
	if (all && (guc_set(s->guc, "session_authorization", NULL, false, err) != 0 || guc_set(s->guc, "role", NULL, false, err) != 0))
		return RUN_ERROR;
	if (all && guc_reset_all(s->guc, err) != 0)
		return RUN_ERROR;
	if (all)
		prepared_drop_all(s);
	if (all) {
		cursors_drop_all(s);
		locks_unlock_all(&s->txn);
		notify_unlisten(s, NULL);
	}
	if (all || strcasecmp(plan->name, "SEQUENCES") == 0)
		sessionvars_reset(s->vars);
	snprintf(tag, sizeof tag, "DISCARD %s", plan->name);
	wire_put_command_complete(&s->out, plan->tag && strlen(plan->tag) > 7 ? plan->tag : tag);
	return RUN_DONE;
}

static RunResult run_program(Session *s, Exec *x, Error *err)
{
	const Plan *plan = x->plan->plan;
	if (x->describe && !x->described && plan->returns_rows) {
		if (run_describe(&s->txn, plan, x->run.formats, x->run.nformats, &s->out, err) != 0)
			return RUN_ERROR;
		x->described = true;
	}
	Buf row = { 0 };
	RunResult rc = plan->kind == PLAN_DO
			       ? program_do(&s->txn, x->plan, err)
			       : program_call(&s->txn, x->plan, x->run.params, x->run.nparams, x->run.formats, x->run.nformats, &row, err);
	put_notices(s);
	if (rc == RUN_DONE) {
		buf_put(&s->out, row.data, row.len);
		wire_put_command_complete(&s->out, plan->tag);
	}
	buf_free(&row);
	return rc;
}

static RunResult dispatch(Session *s, Exec *x, uint64_t max_rows, Error *err)
{
	const Plan *plan = x->plan->plan;
	const char *tag;
	RunResult rc;
	switch (plan->kind) {
	case PLAN_QUERY:
	case PLAN_SCRIPT:
	case PLAN_NOTHING:
		return run_rows(s, x, x->plan, max_rows, err);
	case PLAN_EXPLAIN:
		if (plan->explain->execute && !x->inner && (rc = open_explain(s, x, err)) != RUN_DONE)
			return rc;
		return run_rows(s, x, x->inner ? x->inner : x->plan, max_rows, err);
	case PLAN_BEGIN:
	case PLAN_COMMIT:
	case PLAN_ROLLBACK:
	case PLAN_SAVEPOINT:
	case PLAN_RELEASE:
	case PLAN_ROLLBACK_TO:
		return on_transaction(s, plan, err);
	case PLAN_TWO_PHASE:
		return two_phase(s, x, err);
	case PLAN_SET:
		rc = settings_set(s, plan, x->several, &tag, err);
		if (rc == RUN_DONE)
			wire_put_command_complete(&s->out, tag);
		return rc;
	case PLAN_SHOW:
		return settings_show(s, plan, x->describe, err);
	case PLAN_COPY:
		return copy_start(s, x, err);
	case PLAN_PREPARE:
		return prepare_sql(s, plan, x->plan->text, err);
	case PLAN_EXECUTE:
		if (!x->inner && (rc = open_execute(s, x, x->plan, err)) != RUN_DONE)
			return rc;
		if (!x->inner->plan)
			return refuse("EXECUTE of an empty statement", err);
		if (x->inner->plan->kind != PLAN_QUERY && x->inner->plan->kind != PLAN_SCRIPT)
			return refuse("EXECUTE of this kind of statement", err);
		return run_rows(s, x, x->inner, max_rows, err);
	case PLAN_DECLARE:
		return cursor_declare(s, x, err);
	case PLAN_FETCH:
		return cursor_fetch(s, x, max_rows, err);
	case PLAN_CLOSE:
		return cursor_close(s, plan, err);
	case PLAN_DATABASE:
		return database_statement(s, x, err);
	case PLAN_DEALLOCATE:
		return deallocate(s, plan, err);
	case PLAN_DISCARD:
		return discard(s, plan, err);
	case PLAN_DO:
	case PLAN_CALL:
		return run_program(s, x, err);
	case PLAN_LISTEN:
	case PLAN_UNLISTEN:
	case PLAN_NOTIFY:
		return notify_statement(s, plan, err);
	}
	return refuse("this statement", err);
}

enum { PLAIN_GROUPS_KEY = 0x5055 }; /* keeps plans with plain_groups apart */

/* The catalog changed under a plan, or its groups did not fit: plans it again. */
static int renew(Session *s, Exec *x, Error *err)
{
	txn_refresh_catalog(&s->txn);
	SqlEnv env = settings_env(s);
	env.plain_groups = x->plain_groups;
	uint64_t key = guc_plan_key(s->guc) ^ (x->plain_groups ? PLAIN_GROUPS_KEY : 0);
	CachedPlan **which = x->inner ? &x->inner : &x->plan, *old = *which;
	CachedPlan *plan = database_plan(&s->txn, old->text, old->declared, old->ndeclared, &env, key, err);
	if (!plan)
		return -1;
	*which = plan;
	plan_unref(old);
	return 0;
}

/* Plans again as often as it is needed. */
static RunResult run_planned(Session *s, Exec *x, uint64_t max_rows, Error *err)
{
	for (;;) {
		s->may_rerun = false;
		RunResult rc = dispatch(s, x, max_rows, err);
		bool too_many_groups = rc == RUN_ERROR && err_is(err, GROUP_FULL) && !x->plain_groups;
		if (rc != RUN_STALE && !too_many_groups)
			return rc;
		if (too_many_groups) {
			x->plain_groups = true;
			run_close(&s->txn, &x->run);
		}
		if (renew(s, x, err) != 0)
			return RUN_ERROR;
	}
}

RunResult exec_run(Session *s, Exec *x, uint64_t max_rows, Error *err)
{
	SqliteTxn *t = &s->txn;
	if (!s->again) {
		if (txn_start_statement(t, x->plan->plan, err) != 0)
			return RUN_ERROR;
		t->deadline_us = s->statement_timeout_us ? clock_mono_us() + s->statement_timeout_us : 0;
		t->long_running = exec_leave_loop;
		t->long_ctx = s;
	}
	if (atomic_load(&t->cancel)) {
		atomic_store(&t->cancel, false);
		err_set(err, "57014", "canceling statement due to user request");
		return RUN_ERROR;
	}
	if (s->again && locks_wait_failed(t, err) != 0)
		return RUN_ERROR;
	/* It has waited: for the write connection, or for a client that reads slowly. */
	if (s->again && t->deadline_us && clock_mono_us() > t->deadline_us) {
		err_set(err, "57014", "canceling statement due to statement timeout");
		return RUN_ERROR;
	}
	RunResult rc = run_planned(s, x, max_rows, err);
	if (rc == RUN_ERROR && err_is(err, LOCKS_WAIT)) {
		run_close(t, &x->run);
		return RUN_WANT_LOCK;
	}
	if (rc == RUN_DONE || rc == RUN_ERROR)
		locks_end_statement(t);
	return rc;
}

void exec_close(Session *s, Exec *x)
{
	run_close(&s->txn, &x->run);
	plan_unref(x->plan);
	plan_unref(x->inner);
	if (x->arena)
		arena_free(x->arena);
	*x = (Exec){ 0 };
}

const Plan *exec_describe(Session *s, const CachedPlan *p, Error *err)
{
	const Plan *plan = p->plan;
	err_clear(err);
	if (!plan)
		return NULL;
	if (plan->kind == PLAN_SHOW) {
		if (!s->txn.scratch)
			s->txn.scratch = arena_new();
		return settings_show_plan(s, plan, s->txn.scratch, err);
	}
	if (plan->kind == PLAN_FETCH) {
		const uint8_t *formats;
		return plan->returns_rows ? cursor_shape(s, str_of(plan->name), &formats, err) : NULL;
	}
	if (plan->kind == PLAN_EXECUTE) {
		Prepared *inner = prepared_find(s, str_of(plan->name), err);
		CachedPlan *ip = inner ? prepared_plan(s, inner, err) : NULL;
		return ip && ip->plan && ip->plan->returns_rows ? ip->plan : NULL;
	}
	return plan->returns_rows && plan->ncols ? plan : plan->returns_rows ? plan : NULL;
}
