#include "sync/redo_run.h"

#include "catalog/sessionvars.h"
#include "session/guc.h"

#include <unistd.h>

/* What a session is to the statements of its transactions. */
struct RedoRun {
	Database *db;
	SqliteTxn txn;
	TypeEnv types;
	SessionVars vars;
	SqlEnv env;
	Guc *guc;
	char *user, *settings; /* of whom this stands for; NULL = nobody yet */
	const char **path;
	Arena *arena; /* for one transaction */
};

static void on_changed(void *ctx, const char *name, const char *value)
{
	RedoRun *run = ctx;
	if (!streq(name, "search_path"))
		return;
	free(run->path);
	run->path = guc_search_path(value, run->user, &run->vars.nsearch_path);
	run->vars.search_path = run->env.search_path = run->path;
	run->env.nsearch_path = run->vars.nsearch_path;
}

static void on_report(void *ctx, const char *name, const char *value)
{
}

static const char *get_setting(void *arg, const char *name)
{
	return guc_get(((RedoRun *)arg)->guc, name, NULL);
}

static int set_setting(void *arg, const char *name, const char *value, bool local, Error *err)
{
	return guc_set(((RedoRun *)arg)->guc, name, value, local, err);
}

static int run_set(RedoRun *run, const Plan *plan, Error *err)
{
	if (plan->isolation || !plan->name || strstr(plan->name, "TRANSACTION"))
		return plan->name || plan->isolation ? 0 : guc_reset_all(run->guc, err);
	if (plan->nvalues == 0 || plan->is_default)
		return guc_set(run->guc, plan->name, NULL, plan->local, err);
	Buf value = { 0 };
	guc_plan_value(plan, &value);
	int rc = guc_set(run->guc, plan->name, buf_cstr(&value), plan->local, err);
	buf_free(&value);
	return rc;
}

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
		Str v = s->params[i];
		if (!s->formats[i] && type_recv_text(v, &run->types, run->arena, &v, err) < 0)
			return -1;
		int rc = s->formats[i] ? type_recv(t, -1, v, run->txn.types, run->arena, &out[i], err)
				       : type_in(t, -1, v, run->txn.types, run->arena, &out[i], err);
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

static const Plan begin_block = { .kind = PLAN_BEGIN, .tag = "BEGIN", .read_only = -1 };
static const Plan commit_block = { .kind = PLAN_COMMIT, .tag = "COMMIT" };
static const Plan rollback_all = { .kind = PLAN_ROLLBACK, .tag = "ROLLBACK" };

/* BEGIN and kin, without a client to be told. */
static int control(RedoRun *run, const Plan *plan, Error *err)
{
	Buf out = { 0 };
	const char *tag;
	if (txn_start_statement(&run->txn, plan, err) < 0)
		return -1;
	int rc = txn_statement(&run->txn, plan, &out, &tag, err);
	buf_free(&out);
	return rc;
}

static int run_planned(RedoRun *run, CachedPlan *plan, const RedoStmt *s, Error *err)
{
	if (!plan->plan || plan->plan->kind == PLAN_BEGIN || plan->plan->kind == PLAN_COMMIT || plan->plan->kind == PLAN_SHOW ||
	    plan->plan->kind == PLAN_NOTHING)
		return 0;
	if (plan->plan->kind == PLAN_ROLLBACK)
		return control(run, &rollback_all, err) < 0 ? -1 : control(run, &begin_block, err);
	if (plan->plan->kind == PLAN_SET)
		return run_set(run, plan->plan, err);
	if (txn_start_statement(&run->txn, plan->plan, err) < 0)
		return -1;
	if (plan->plan->kind == PLAN_SAVEPOINT || plan->plan->kind == PLAN_RELEASE || plan->plan->kind == PLAN_ROLLBACK_TO)
		return control(run, plan->plan, err);
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
	Str text;
	if (type_recv_text(s->text, &run->types, run->arena, &text, err) < 0)
		return -1;
	txn_refresh_catalog(&run->txn);
	run->env.cat = run->txn.cat;
	if (!s->simple) {
		CachedPlan *p = database_plan(&run->txn, text, s->oids, s->noids, &run->env, guc_plan_key(run->guc), err);
		int rc = p ? run_planned(run, p, s, err) : -1;
		plan_unref(p);
		return rc;
	}
	if (sql_parse(text, run->arena, &parsed, err) < 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; i < parsed.n && rc == 0; i++) {
		run->env.cat = run->txn.cat;
		CachedPlan *p = database_plan_one(&run->txn, &parsed, i, &run->env, guc_plan_key(run->guc), err);
		rc = p ? run_planned(run, p, s, err) : -1;
		plan_unref(p);
	}
	sql_parsed_free(&parsed);
	return rc;
}

/* Becomes the session that ran the transaction, unless it is that already. */
static int become(RedoRun *run, const Redo *r, Error *err)
{
	const char *user = r->user ? r->user : "postgres", *settings = r->settings ? r->settings : "";
	if (run->guc && streq(run->user, user) && streq(run->settings, settings))
		return 0;
	if (run->guc)
		guc_free(run->guc);
	free(run->user);
	free(run->settings);
	run->user = mem_strdup(user);
	run->settings = mem_strdup(settings);
	run->vars.user = run->vars.session_user = run->env.user = run->user;
	run->types = type_env_stored;
	run->guc = guc_new(&run->types, (GucListener){ run, on_changed, on_report });
	on_changed(run, "search_path", guc_get(run->guc, "search_path", NULL));
	RedoStmt set = { .text = str_of(settings), .simple = true };
	if (*settings && run_stmt(run, &set, err) < 0)
		return -1;
	guc_commit(run->guc);
	return 0;
}

RedoRun *redo_open(Database *d)
{
	RedoRun *run = mem_alloc(sizeof *run);
	run->db = d;
	run->arena = arena_new();
	run->types = type_env_stored;
	run->vars = (SessionVars){ .database = database_name(d),
				   .sequences = database_sequences(d),
				   .arg = run,
				   .get_setting = get_setting,
				   .set_setting = set_setting };
	run->env = (SqlEnv){ .types = &run->types, .database = database_name(d) };
	txn_init(&run->txn, d, &run->types, &run->vars);
	return run;
}

void redo_close(RedoRun *run)
{
	if (run->guc)
		guc_free(run->guc);
	txn_close(&run->txn);
	sessionvars_reset(&run->vars);
	free(run->user);
	free(run->settings);
	free(run->path);
	arena_free(run->arena);
	free(run);
}

/* Always in a block, so that savepoints are known. What failed on the primary fails here, and is left in the same way: by going back to a
 * savepoint. When nothing failed there, nothing may here. */
static int run_all(RedoRun *run, const RedoStmt *stmts, size_t n, bool errors, Error *err)
{
	Error again;
	bool failed = false;
	int rc = control(run, &begin_block, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (run_stmt(run, &stmts[i], failed ? &again : err) < 0) {
			txn_fail(&run->txn);
			failed = true;
			rc = errors ? 0 : -1;
		}
		failed = failed && run->txn.status == 'E';
	}
	if (rc == 0 && !failed)
		return control(run, &commit_block, err);
	if (run->txn.status != 'I')
		control(run, &rollback_all, &again);
	return -1;
}

int redo_run(RedoRun *run, const Redo *r, Error *err)
{
	RedoStmt *stmts;
	size_t n;
	arena_reset(run->arena);
	if (r->len == 0)
		return err_set(err, "54000", "its messages were too long to be kept");
	if (redo_decode(r, run->arena, &stmts, &n, err) < 0 || become(run, r, err) < 0)
		return -1;
	int rc = run_all(run, stmts, n, r->errors, err);
	guc_rollback(run->guc);
	return rc;
}
