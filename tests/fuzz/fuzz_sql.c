/*
 * Fuzz target of the translation: any text goes through the parser and the planner, and whatever SQLite text comes out is compiled
 * by SQLite over a file that holds the tables of the plan's catalog. A text that SQLite's parser rejects is a failure. Queries are run,
 * for a bounded number of steps and rows.
 * Built with libFuzzer it fuzzes; with -DREPLAY it runs the files named as arguments.
 */
#include "../world.h"
#include "catalog/sessionvars.h"
#include "sqlite/row_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const ddl[] = {
	"CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
	"CREATE TABLE dept (id int PRIMARY KEY, name varchar(20) UNIQUE, budget numeric(12,2), m mood)",
	"CREATE TABLE emp (id serial PRIMARY KEY, name text NOT NULL, dept int REFERENCES dept, salary numeric, hired date, seen "
	"timestamptz DEFAULT now(),"
	" tags text[], info jsonb, rate float8, active bool DEFAULT true, raw bytea, u uuid, code char(5), CHECK (salary > 0))",
	"CREATE TABLE item (a int, b text, c int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (a, b))",
	"CREATE UNIQUE INDEX emp_name ON emp (lower(name)) WHERE active",
	"CREATE VIEW staff AS SELECT e.id, e.name, d.name AS dept FROM emp e LEFT JOIN dept d ON d.id = e.dept",
	"CREATE SEQUENCE seq",
};
static const char *const rows[] = {
	"INSERT INTO dept VALUES (1, 'one', 10.50, 'ok'), (2, 'two', NULL, NULL)",
	"INSERT INTO emp (id, name, dept, salary, hired, seen, tags, info, rate, raw, u, code) VALUES (1, 'Ann', 1, 12.5, '2020-02-29', "
	"'2021-03-28 02:30:00', '{a,NULL}', '{\"a\": [1, null]}', 'NaN', '\\x00ff', '00000000-0000-0000-0000-000000000001', 'ab'), "
	"(2, 'Bob', NULL, NULL, '-infinity', 'infinity', '{}', '[]', 1e300, '', NULL, NULL)",
	"INSERT INTO item OVERRIDING SYSTEM VALUE VALUES (1, 'x', 1), (2147483647, '', 2)",
};

enum { MAX_ROWS = 200, MAX_TICKS = 200, TICK = 1000 };

static World world;
static SessionVars vars;
static int ticks;

static void make_table(const char *sql)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	Plan *plan;
	SqlEnv env = world_env(&world);
	if (sql_parse(str_of(sql), a, &parsed, &err) || sql_plan(&env, &parsed, 0, NULL, 0, a, &plan, &err) ||
	    world_apply(&world, plan, &err))
		world_die(sql, err.message);
	sql_parsed_free(&parsed);
}

static const PgType *lookup_type(void *catalog, uint32_t oid)
{
	return catalog_type(catalog, oid);
}

/* Queries that would run long are stopped. */
static int tick(void *arg)
{
	return ++ticks > MAX_TICKS;
}

static void insert_rows(const char *sql)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	Plan *plan;
	SqlEnv env = world_env(&world);
	if (sql_parse(str_of(sql), a, &parsed, &err) || sql_plan(&env, &parsed, 0, NULL, 0, a, &plan, &err) ||
	    db_exec(world.db, plan->sql, &err))
		world_die(sql, err.message);
	sql_parsed_free(&parsed);
}

static void close_world(void)
{
	world_close(&world);
}

static void make_world(void)
{
	world_open(&world);
	for (size_t i = 0; i < ARRAY_LEN(ddl); i++)
		make_table(ddl[i]);
	static const char *const path[] = { "public" };
	vars = (SessionVars){ .user = "postgres", .session_user = "postgres", .database = "test", .search_path = path, .nsearch_path = 1 };
	FnEnv *env = &world.db->env;
	env->types = &type_env_stored;
	env->type_lookup = lookup_type;
	env->text_search_config = sessionvars_text_search_config;
	env->catalog = world.cat;
	env->session = &vars;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		insert_rows(rows[i]);
	sqlite3_progress_handler(world.db->h, TICK, tick, NULL);
	sqlite3_limit(world.db->h, SQLITE_LIMIT_LENGTH, 10000000);
	atexit(close_world);
}

static void run(sqlite3_stmt *st)
{
	FnEnv *env = &world.db->env;
	env->scratch = arena_new();
	env->error.sqlstate[0] = '\0';
	ticks = 0;
	fn_draws_begin(env);
	for (int i = 0; i < MAX_ROWS && sqlite3_step(st) == SQLITE_ROW; i++)
		for (int c = 0; c < sqlite3_column_count(st); c++)
			(void)sqlite3_column_bytes(st, c);
	if (env->error.sqlstate[0] && (strlen(env->error.sqlstate) != 5 || !env->error.message[0]))
		world_die("an error without SQLSTATE or message", env->error.message);
	sqlite3_reset(st);
	arena_free(env->scratch);
	env->scratch = NULL;
}

/* Names may be missing (a step refers to what an earlier one makes) and limits may be hit; the grammar must hold. */
static void compile(const char *sql, bool query)
{
	sqlite3_stmt *st = NULL;
	if (sql && sqlite3_prepare_v2(world.db->h, sql, -1, &st, NULL) != SQLITE_OK) {
		const char *message = sqlite3_errmsg(world.db->h);
		if (strstr(message, "syntax error") || strstr(message, "unrecognized token") || strstr(message, "incomplete input"))
			world_die(message, sql);
	}
	if (st && query && sqlite3_stmt_readonly(st))
		run(st);
	sqlite3_finalize(st);
}

static void plan_one(const ParsedSql *parsed, size_t which)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	SqlEnv env = world_env(&world);
	Plan *plan = NULL;
	if (sql_plan(&env, parsed, which, NULL, 0, a, &plan, &err) != 0) {
		if (strlen(err.sqlstate) != 5 || !err.message[0])
			world_die("an error without SQLSTATE or message", err.message);
		return;
	}
	compile(plan->sql, plan->kind == PLAN_QUERY && !plan->nsteps);
	for (size_t i = 0; i < plan->nsteps; i++)
		compile(plan->steps[i].sql, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!world.db)
		make_world();
	if (memchr(data, 0, n))
		return 0; /* the protocol's strings hold no NUL */
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	char *text = arena_strndup(a, (const char *)data, n);
	if (sql_parse((Str){ text, n }, a, &parsed, &err) != 0)
		return 0;
	for (size_t i = 0; i < parsed.n; i++)
		plan_one(&parsed, i);
	sql_parsed_free(&parsed);
	return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
	static uint8_t all[1 << 20];
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		if (!file) {
			perror(argv[i]);
			return 1;
		}
		size_t n = fread(all, 1, sizeof all, file);
		fclose(file);
		uint8_t *own = malloc(n ? n : 1);
		memcpy(own, all, n);
		LLVMFuzzerTestOneInput(own, n);
		free(own);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
#endif
