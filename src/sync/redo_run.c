#include "sync/redo_run.h"

#include "catalog/sessionvars.h"

#include <unistd.h>

typedef struct RedoRun {
	SqliteTxn txn;
	TypeEnv types;
	SessionVars vars;
	SqlEnv env;
	Arena *arena;
} RedoRun;

static const PgType *param_type(const Catalog *cat, uint32_t oid)
{
	const PgType *t = pgtype_builtin(oid);
	return t ? t : catalog_type(cat, oid);
}

static int bind_params(RedoRun *run, const RedoStmt *s, const Plan *plan, Val *out, Error *err)
{
	if (s->nparams != plan->nparams)
		return err_set(err, "08P01", "recorded statement has %u parameters, its plan %zu", s->nparams, plan->nparams);
	for (size_t i = 0; i < plan->nparams; i++) {
		const PgType *t = param_type(run->txn.cat, plan->param_types[i]);
		out[i] = val_null();
		if (!s->params[i].p)
			continue;
		if (!t)
			return err_set(err, "42704", "type with OID %u does not exist", plan->param_types[i]);
		int rc = s->formats[i] ? type_recv(t, -1, s->params[i], run->txn.types, run->arena, &out[i], err) :
					 type_in(t, -1, s->params[i], run->txn.types, run->arena, &out[i], err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int run_query(RedoRun *run, CachedPlan *plan, const Val *params, size_t n, Error *err)
{
	SqliteRun r = { .plan = plan, .params = params, .nparams = n };
	Buf out = { 0 };
	RunResult rc;
	/* Nobody else writes while the primary is being left; a moment's wait is for a checkpoint at most. */
	int waits = 2000;
	do {
		buf_clear(&out);
		rc = run_execute(&run->txn, &r, 0, &out, err);
		if (rc == RUN_WANT_WRITER)
			usleep(1000);
	} while (rc == RUN_FULL || (rc == RUN_WANT_WRITER && waits-- > 0));
	run_close(&run->txn, &r);
	buf_free(&out);
	if (rc == RUN_DONE)
		return 0;
	return rc == RUN_ERROR ? -1 : err_set(err, "55000", "a recorded statement could not be run (%d)", rc);
}

static int run_planned(RedoRun *run, CachedPlan *plan, const RedoStmt *s, Error *err)
{
	if (!plan->plan || plan->plan->kind == PLAN_BEGIN || plan->plan->kind == PLAN_COMMIT || plan->plan->kind == PLAN_SET ||
	    plan->plan->kind == PLAN_SHOW || plan->plan->kind == PLAN_NOTHING)
		return 0;
	if (txn_start_statement(&run->txn, plan->plan, err) < 0)
		return -1;
	if (plan->plan->kind == PLAN_SAVEPOINT || plan->plan->kind == PLAN_RELEASE || plan->plan->kind == PLAN_ROLLBACK_TO) {
		Buf out = { 0 };
		const char *tag;
		int rc = txn_statement(&run->txn, plan->plan, &out, &tag, err);
		buf_free(&out);
		return rc;
	}
	if (plan->plan->kind != PLAN_QUERY && plan->plan->kind != PLAN_SCRIPT)
		return err_refuse(err, 0, "%s in a transaction to be done again is not supported", plan->plan->tag);
	if (plan->plan->kind == PLAN_QUERY && !plan->plan->writes)
		return 0;
	Val *params = arena_array(run->arena, Val, plan->plan->nparams + 1);
	if (bind_params(run, s, plan->plan, params, err) < 0)
		return -1;
	return run_query(run, plan, params, plan->plan->nparams, err);
}

static int run_stmt(RedoRun *run, const RedoStmt *s, Error *err)
{
	ParsedSql parsed;
	if (!s->simple) {
		CachedPlan *p = database_plan(&run->txn, s->text, s->oids, s->noids, &run->env, 0, err);
		int rc = p ? run_planned(run, p, s, err) : -1;
		plan_unref(p);
		return rc;
	}
	if (sql_parse(s->text, run->arena, &parsed, err) < 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; i < parsed.n && rc == 0; i++) {
		run->env.cat = run->txn.cat;
		CachedPlan *p = database_plan_one(&run->txn, &parsed, i, &run->env, 0, err);
		rc = p ? run_planned(run, p, s, err) : -1;
		plan_unref(p);
	}
	sql_parsed_free(&parsed);
	return rc;
}

static void start(RedoRun *run, Database *d)
{
	static const char *const path[] = { "public" };
	run->types = type_env_stored;
	run->vars = (SessionVars){ .user = "postgres", .session_user = "postgres", .database = database_name(d), .search_path = path, .nsearch_path = 1,
				   .sequences = database_sequences(d) };
	txn_init(&run->txn, d, &run->types, &run->vars);
	run->env = (SqlEnv){ .types = &run->types, .search_path = path, .nsearch_path = 1, .user = "postgres", .database = database_name(d) };
}

static int run_all(RedoRun *run, Database *d, const RedoStmt *stmts, size_t n, Error *err)
{
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		Catalog *cat = run->txn.cat ? NULL : database_catalog(d);
		run->env.cat = cat ? cat : run->txn.cat;
		rc = run_stmt(run, &stmts[i], err);
		if (cat)
			catalog_unref(cat);
	}
	if (rc == 0)
		return txn_end_implicit(&run->txn, err);
	txn_fail(&run->txn);
	return -1;
}

int redo_run(Database *d, const Redo *r, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	RedoStmt *stmts;
	size_t n;
	if (redo_decode(r, arena, &stmts, &n, err) < 0)
		return -1;
	if (r->settings && *r->settings)
		return err_refuse(err, 0, "transactions made under changed settings are not done again: %s", r->settings);
	RedoRun *run = arena_new_of(arena, RedoRun);
	run->arena = arena;
	start(run, d);
	int rc = run_all(run, d, stmts, n, err);
	txn_close(&run->txn);
	sessionvars_reset(&run->vars);
	return rc;
}
