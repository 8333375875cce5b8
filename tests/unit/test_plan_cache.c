/* The cache from a statement's text to its plan: what is used again, and what makes it be planned anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "backend/sqlite.h"
#include "catalog/sessionvars.h"
#include "session/guc.h"

#include <stdio.h>
#include <unistd.h>

typedef struct World {
	char dir[64];
	Loop *loop;
	DbSet *set;
	SqliteTxn txn;
	TypeEnv types;
	SessionVars vars;
	Guc *guc;
} World;

static World w;

static void ignore(void *ctx, const char *name, const char *value)
{
}

static int open_world(void **state)
{
	Error err;
	snprintf(w.dir, sizeof w.dir, "/tmp/understudy-cache-XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	assert_int_equal(loop_new(&w.loop, &err), 0);
	assert_int_equal(dbset_open(w.dir, w.loop, &w.set, &err), 0);
	w.types = type_env_stored;
	w.guc = guc_new(&w.types, (GucListener){ NULL, ignore, ignore });
	Database *d = dbset_get(w.set, "cache", true, &err);
	assert_non_null(d);
	txn_init(&w.txn, d, &w.types, &w.vars);
	return 0;
}

static int close_world(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	txn_close(&w.txn);
	guc_free(w.guc);
	dbset_close(w.set);
	loop_free(w.loop);
	for (size_t i = 0; i < 3; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/cache.db%s", w.dir, ends[i]);
		unlink(path);
	}
	rmdir(w.dir);
	return 0;
}

static CachedPlan *plan(const char *sql, const uint32_t *types, size_t ntypes)
{
	static const char *const path[] = { "public" };
	Error err = { 0 };
	txn_refresh_catalog(&w.txn);
	SqlEnv env = {
		.cat = w.txn.cat, .types = &w.types, .search_path = path, .nsearch_path = 1, .user = "postgres", .database = "cache"
	};
	CachedPlan *p = database_plan(&w.txn, str_of(sql), types, ntypes, &env, guc_plan_key(w.guc), &err);
	if (!p)
		fail_msg("%s: %s", sql, err.message);
	return p;
}

static void run(const char *sql)
{
	CachedPlan *p = plan(sql, NULL, 0);
	SqliteRun r = { .plan = p };
	Buf out = { 0 };
	Error err = { 0 };
	if (txn_start_statement(&w.txn, p->plan, &err) || run_execute(&w.txn, &r, 0, &out, &err) != RUN_DONE)
		fail_msg("%s: %s", sql, err.message);
	run_close(&w.txn, &r);
	assert_int_equal(txn_end_implicit(&w.txn, &err), 0);
	buf_free(&out);
	plan_unref(p);
}

/* Whether the second plan of the text is the first one. `between` runs in the meantime. */
static bool same_plan(const char *sql, void (*between)(const void *), const void *arg)
{
	CachedPlan *first = plan(sql, NULL, 0);
	if (between)
		between(arg);
	CachedPlan *second = plan(sql, NULL, 0);
	bool same = first == second;
	plan_unref(first);
	plan_unref(second);
	return same;
}

static void repeated_statements_are_not_planned_again(void **state)
{
	run("create table t (a int primary key, b text)");
	assert_true(same_plan("select * from t where a = $1", NULL, NULL));
	assert_true(same_plan("insert into t values (1, 'x') on conflict do nothing", NULL, NULL));
	assert_true(same_plan("update t set b = 'y' where a = 1", NULL, NULL));
}

static void declared_types_belong_to_the_key(void **state)
{
	static const uint32_t integer = 23, text = 25;
	CachedPlan *a = plan("select $1", &integer, 1), *b = plan("select $1", &text, 1), *c = plan("select $1", &integer, 1);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(a, c);
	plan_unref(a);
	plan_unref(b);
	plan_unref(c);
}

static void ddl(const void *arg)
{
	run(arg);
}

static void ddl_makes_plans_anew(void **state)
{
	assert_false(same_plan("select * from t", ddl, "alter table t add column c int"));
	assert_false(same_plan("select * from t", ddl, "create table u (a int)"));
	assert_true(same_plan("select * from t", ddl, "insert into t values (7, 'z', 1)"));
}

static void set(const void *arg)
{
	const char *const *pair = arg;
	Error err = { 0 };
	if (guc_set(w.guc, pair[0], pair[1], false, &err) != 0)
		fail_msg("%s: %s", pair[0], err.message);
	guc_commit(w.guc);
}

static void settings_make_plans_anew(void **state)
{
	static const char *const pairs[][2] = { { "search_path", "pg_catalog" }, { "TimeZone", "Europe/Berlin" },
						{ "DateStyle", "German" },	 { "IntervalStyle", "iso_8601" },
						{ "bytea_output", "escape" },	 { "extra_float_digits", "0" } };
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (same_plan("select '2020-01-01'::timestamptz", set, pairs[i]))
			fail_msg("%s does not make plans anew", pairs[i][0]);
}

static void other_settings_leave_plans_alone(void **state)
{
	static const char *const pairs[][2] = { { "application_name", "x" },
						{ "statement_timeout", "1000" },
						{ "client_min_messages", "warning" } };
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (!same_plan("select 1", set, pairs[i]))
			fail_msg("%s makes plans anew", pairs[i][0]);
}

static void the_way_back_finds_the_old_plan(void **state)
{
	static const char *const there[] = { "TimeZone", "Asia/Tokyo" }, *const back[] = { "TimeZone", "UTC" };
	set(back);
	CachedPlan *first = plan("select now()", NULL, 0);
	set(there);
	plan_unref(plan("select now()", NULL, 0));
	set(back);
	CachedPlan *again = plan("select now()", NULL, 0);
	assert_ptr_equal(first, again);
	plan_unref(first);
	plan_unref(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeated_statements_are_not_planned_again),
		cmocka_unit_test(declared_types_belong_to_the_key),
		cmocka_unit_test(ddl_makes_plans_anew),
		cmocka_unit_test(settings_make_plans_anew),
		cmocka_unit_test(other_settings_leave_plans_alone),
		cmocka_unit_test(the_way_back_finds_the_old_plan),
	};
	return cmocka_run_group_tests(tests, open_world, close_world);
}
