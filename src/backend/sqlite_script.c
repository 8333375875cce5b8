/* Plans made of steps: DDL, and statements accepted without effect. */
#include "backend/sqlite_internal.h"

#include "catalog/sequence.h"
#include "sqlite/row_store.h"
#include "wire/proto.h"

#include <stdio.h>

static int put_notice(const SqliteTxn *t, const PlanStep *s, Buf *out, Error *err)
{
	Error e;
	err_set(&e, s->code ? s->code : "00000", "%s", s->message);
	if (s->detail)
		err_detail(&e, "%s", s->detail);
	return run_notice(t, &e, s->value ? "WARNING" : "NOTICE", out, err);
}

/* PRAGMA foreign_keys does nothing inside a transaction; this does. Rows that ALTER TABLE copies need not fulfil a check that is NOT VALID.
 */
static int set_constraints(SqliteTxn *t, int on, Error *err)
{
	Db *db = t->conn->db;
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_FKEY, on, NULL);
	return db_exec(db, on ? "PRAGMA ignore_check_constraints = OFF" : "PRAGMA ignore_check_constraints = ON", err);
}

static int reload_catalog(SqliteTxn *t, Error *err)
{
	Catalog *cat;
	if (catalog_load(t->conn->db, t->db->name, &cat, err) != 0)
		return -1;
	if (t->status == 'T')
		catalog_mark_labels(cat, t->cat);
	catalog_unref(t->cat);
	t->cat = cat;
	t->conn->db->env.catalog = cat;
	t->ddl = true;
	return 0;
}

static int run_step(SqliteTxn *t, SqliteRun *r, const PlanStep *s, Buf *out, Error *err)
{
	switch (s->kind) {
	case STEP_NOTICE:
		return put_notice(t, s, out, err);
	case STEP_RESTART_SEQUENCE:
	case STEP_SET_SEQUENCE:
		return txn_restart_sequence(t, s, err);
	case STEP_RELOAD:
		return reload_catalog(t, err);
	case STEP_FK_OFF:
		t->constraints_off = true;
		return set_constraints(t, 0, err);
	default:
		return step_run(t, t->conn, r, s, err);
	}
}

/* *done: no step behind this one is needed. */
static int set_keys(SqliteTxn *t, KeysMode mode, bool *done, Error *err)
{
	Db *db = t->conn->db;
	if (mode != KEYS_CHECK)
		t->keys_immediate = mode == KEYS_IMMEDIATE;
	*done = (mode != KEYS_IMMEDIATE && mode != KEYS_CHECK) || !has_open_keys(db);
	return mode == KEYS_DEFER ? db_exec(db, "PRAGMA defer_foreign_keys = ON", err) : 0;
}

static bool needs_writer(const Plan *plan)
{
	if (plan->writes || plan->is_ddl)
		return true;
	for (size_t i = 0; i < plan->nsteps; i++)
		if (plan->steps[i].kind != STEP_NOTICE)
			return true;
	return false;
}

static bool keeps_rows(const Plan *plan)
{
	for (size_t i = 0; i < plan->nsteps; i++)
		if (plan->steps[i].kind == STEP_STORE)
			return true;
	return false;
}

static void leave(SqliteTxn *t)
{
	if (!t->conn)
		return;
	if (t->writer && t->constraints_off)
		set_constraints(t, 1, NULL);
	t->constraints_off = false;
	conn_leave(t->conn);
}

RunResult script_execute(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	const Plan *plan = r->plan->plan;
	r->rows = 0;
	if (plan->is_ddl && !plan->only_temp && t->db->hooks && t->db->hooks->refuse_ddl) {
		err_set(err, "0A000", "%s is not available while SQLite stands in for the primary", plan->tag);
		err_hint(err, "A change of structure made here could not be brought to the primary. Run it when the primary is back; it is "
			      "then copied by itself.");
		return RUN_ERROR;
	}
	if (needs_writer(plan)) {
		RunResult rc = txn_need_writer_for(t, plan, plan->tag, err);
		if (rc != RUN_DONE)
			return rc;
		if (r->plan->cat != t->cat)
			return RUN_STALE;
		t->wrote = true;
	}
	bool done = false;
	/* What a script that failed has left. */
	if (keeps_rows(plan))
		row_store_clear(&t->conn->db->env);
	for (size_t i = 0; i < plan->nsteps && !done; i++)
		if (plan->steps[i].kind == STEP_KEYS ? set_keys(t, (KeysMode)plan->steps[i].value, &done, err) != 0
						     : run_step(t, r, &plan->steps[i], out, err) != 0)
			goto fail;
	if (plan->is_ddl && reload_catalog(t, err) != 0)
		goto fail;
	leave(t);
	if (plan->makes_temp && t->vars && !t->vars->has_temp) {
		t->vars->has_temp = true;
		if (t->vars->temp_made)
			t->vars->temp_made(t->vars->arg);
	}
	r->finished = r->open = true;
	return RUN_DONE;
fail:
	steps_forget_events(r);
	leave(t);
	return RUN_ERROR;
}
