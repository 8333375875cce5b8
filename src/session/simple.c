/* Simple queries: all statements of one Query message, one transaction unless they say otherwise. */
#include "session/internal.h"
#include "session/literals.h"

#include "sql/oids.h"

typedef struct SimpleQuery {
	Arena *arena; /* of the parse of several statements; NULL for one statement from the cache */
	ParsedSql parsed;
	size_t at, n;
	Exec exec;
	Val literals[LITERALS_MAX]; /* parameters that stand for the text's own numbers */
} SimpleQuery;

static void close_query(Session *s, SimpleQuery *q)
{
	exec_close(s, &q->exec);
	if (q->arena) {
		sql_parsed_free(&q->parsed);
		arena_free(q->arena);
		q->arena = NULL;
	}
}

void simple_abandon(Session *s)
{
	if (!s->query)
		return;
	close_query(s, s->query);
	free(s->query);
	s->query = NULL;
}

static int failed_block_error(Error *err)
{
	return err_set(err, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
}

/* Plans of simple queries are kept apart: they have no parameters but those that stand for their own numbers. */
static SqlEnv simple_env(Session *s)
{
	SqlEnv env = settings_env(s);
	env.fixed_params = true;
	return env;
}

static uint64_t simple_key(const Session *s)
{
	return ~guc_plan_key(s->guc);
}

static bool all_integers(const CachedPlan *p, size_t n)
{
	if (!p->plan || p->plan->kind != PLAN_QUERY || p->plan->nparams != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (p->plan->param_types[i] != T_INT4)
			return false;
	return true;
}

/* The plan that the statement shares with those that differ in their numbers only, or NULL: then the text itself decides, errors included.
 */
static CachedPlan *shared_plan(Session *s, SimpleQuery *q, Str text, const SqlEnv *env)
{
	Buf lifted = { 0 };
	uint32_t types[LITERALS_MAX];
	Error ignored;
	size_t n = literals_lift(text, &lifted, q->literals);
	if (n == 0) {
		buf_free(&lifted);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		types[i] = T_INT4;
	CachedPlan *p = database_plan(&s->txn, buf_str(&lifted), types, n, env, simple_key(s), &ignored);
	buf_free(&lifted);
	if (!p || !all_integers(p, n)) {
		plan_unref(p);
		return NULL;
	}
	q->exec.run.params = q->literals;
	q->exec.run.nparams = n;
	return p;
}

/* One statement or none comes from the cache; several are parsed here. */
static int open_query(Session *s, SimpleQuery *q, Str text, Error *err)
{
	SqlEnv env = simple_env(s);
	q->exec.plan = shared_plan(s, q, text, &env);
	if (q->exec.plan) {
		q->n = 1;
		return 0;
	}
	q->exec.plan = database_plan(&s->txn, text, NULL, 0, &env, simple_key(s), err);
	if (q->exec.plan) {
		q->n = q->exec.plan->plan ? 1 : 0;
		return 0;
	}
	if (!err_is(err, "42601") || !streq(err->message, "cannot insert multiple commands into a prepared statement"))
		return s->txn.status == 'E' && !err_is(err, "42601") ? failed_block_error(err) : -1;
	q->arena = arena_new();
	if (sql_parse((Str){ arena_strndup(q->arena, text.p, text.n), text.n }, q->arena, &q->parsed, err) != 0)
		return -1;
	q->n = q->parsed.n;
	return 0;
}

/* The plan of the statement at hand; statements are planned when their turn comes, because earlier ones may change the catalog. */
static int plan_next(Session *s, SimpleQuery *q, Error *err)
{
	if (q->exec.plan)
		return 0;
	txn_refresh_catalog(&s->txn);
	SqlEnv env = simple_env(s);
	q->exec.plan = database_plan_one(&s->txn, &q->parsed, q->at, &env, simple_key(s), err);
	if (q->exec.plan)
		return 0;
	return s->txn.status == 'E' ? failed_block_error(err) : -1;
}

/* RUN_DONE when every statement is through. */
static RunResult statements(Session *s, SimpleQuery *q, Error *err)
{
	for (; q->at < q->n; q->at++) {
		if (plan_next(s, q, err) != 0)
			return RUN_ERROR;
		q->exec.describe = true;
		q->exec.several = q->n > 1;
		RunResult rc = exec_run(s, &q->exec, 0, err);
		if (s->state == SESSION_COPY_IN) {
			/* What stands behind a COPY in the same message goes on after its data. */
			exec_close(s, &q->exec);
			q->at++;
			return RUN_SUSPENDED;
		}
		if (rc != RUN_DONE)
			return rc;
		exec_close(s, &q->exec);
		s->again = false;
	}
	return RUN_DONE;
}

static void park(Session *s, SimpleQuery *q, SessionPark why)
{
	if (!s->query) {
		s->query = mem_alloc(sizeof *q);
		*s->query = *q;
		if (q->exec.run.params == q->literals)
			s->query->exec.run.params = s->query->literals;
	}
	if (why != PARK_NONE)
		s->park = why;
}

static void finish(Session *s, SimpleQuery *q, bool ok)
{
	Error err;
	close_query(s, q);
	if (q == s->query) {
		free(s->query);
		s->query = NULL;
	}
	if (ok && exec_end_implicit(s, &err) != 0)
		session_error(s, &err);
	session_ready(s);
}

bool simple_query(Session *s, Str text)
{
	SimpleQuery own = { 0 }, *q = s->query ? s->query : &own;
	Error err;
	RunResult rc = s->query ? RUN_DONE : session_read_text(s, &text, &err) == 0 ? RUN_DONE : RUN_ERROR;
	if (!s->query && rc == RUN_DONE) {
		activity_begin(s, text);
		prepared_drop(s, (Str){ "", 0 });
		txn_refresh_catalog(&s->txn);
		if (open_query(s, q, text, &err) != 0)
			rc = RUN_ERROR;
		else if (q->n == 0)
			wire_put_empty_query(&s->out);
	}
	if (rc == RUN_DONE)
		rc = statements(s, q, &err);
	switch (rc) {
	case RUN_WANT_WRITER:
		park(s, q, PARK_WRITER);
		return false;
	case RUN_WANT_LOCK:
		park(s, q, PARK_LOCK);
		return false;
	case RUN_WANT_OTHERS_GONE:
		park(s, q, PARK_OTHERS);
		return false;
	case RUN_FULL:
		park(s, q, PARK_NONE);
		return false;
	case RUN_SUSPENDED:
		park(s, q, PARK_NONE);
		return true;
	case RUN_ERROR:
		run_close(&s->txn, &q->exec.run);
		exec_failed(s, &err);
		finish(s, q, false);
		return true;
	default:
		finish(s, q, true);
		return true;
	}
}
