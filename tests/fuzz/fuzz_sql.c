/*
 * Fuzz target of the translation: any text goes through the parser and the planner, and whatever SQLite text comes out is compiled
 * by SQLite over a file that holds the tables of the plan's catalog. A text that SQLite's parser rejects is a failure.
 * Built with libFuzzer it fuzzes; with -DREPLAY it runs the files named as arguments.
 */
#include "catalog/vtab.h"
#include "sql/fn_sql.h"
#include "sql/plan.h"

#include <stdio.h>
#include <unistd.h>

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

static Db *db;
static Catalog *cat;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	abort();
}

static int run_steps(const Plan *plan, Error *err)
{
	for (size_t i = 0; i < plan->nsteps; i++)
		if ((plan->steps[i].kind == STEP_SQL || plan->steps[i].kind == STEP_ROWS) && db_exec(db, plan->steps[i].sql, err) != 0)
			return -1;
	return 0;
}

static SqlEnv environment(void)
{
	static const char *const path[] = { "public" };
	return (SqlEnv){
		.cat = cat, .types = &type_env_stored, .search_path = path, .nsearch_path = 1, .user = "postgres", .database = "fuzz"
	};
}

static void make_table(const char *sql)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	Plan *plan;
	SqlEnv env = environment();
	if (sql_parse(str_of(sql), a, &parsed, &err) || sql_plan(&env, &parsed, 0, NULL, 0, a, &plan, &err) || run_steps(plan, &err))
		die(sql, err.message);
	sql_parsed_free(&parsed);
	catalog_unref(cat);
	if (catalog_load(db, "fuzz", &cat, &err) != 0)
		die(sql, err.message);
}

static void close_world(void)
{
	catalog_unref(cat);
	db_close(db);
}

static void make_world(void)
{
	char path[] = "/tmp/understudy-fuzz-XXXXXX";
	Error err = { 0 };
	int fd = mkstemp(path);
	if (fd < 0)
		die(path, "mkstemp");
	close(fd);
	unlink(path);
	for (size_t i = 0; catalog_fn_tables[i]; i++)
		fn_add_table(catalog_fn_tables[i]);
	fn_add_table(fn_table_sql);
	fn_add_table(fn_table_rows);
	if (db_create(path, catalog_schema_sql, &err) || db_open(path, DB_WRITE, &db, &err) || catalog_register(db->h, &db->env, &err) ||
	    catalog_load(db, "fuzz", &cat, &err))
		die(path, err.message);
	unlink(path);
	for (size_t i = 0; i < ARRAY_LEN(ddl); i++)
		make_table(ddl[i]);
	atexit(close_world);
}

/* Names may be missing (a step refers to what an earlier one makes) and limits may be hit; the grammar must hold. */
static void compile(const char *sql)
{
	sqlite3_stmt *st = NULL;
	if (sql && sqlite3_prepare_v2(db->h, sql, -1, &st, NULL) != SQLITE_OK) {
		const char *message = sqlite3_errmsg(db->h);
		if (strstr(message, "syntax error") || strstr(message, "unrecognized token") || strstr(message, "incomplete input"))
			die(message, sql);
	}
	sqlite3_finalize(st);
}

static void plan_one(const ParsedSql *parsed, size_t which)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	SqlEnv env = environment();
	Plan *plan = NULL;
	if (sql_plan(&env, parsed, which, NULL, 0, a, &plan, &err) != 0) {
		if (strlen(err.sqlstate) != 5 || !err.message[0])
			die("an error without SQLSTATE or message", err.message);
		return;
	}
	compile(plan->sql);
	for (size_t i = 0; i < plan->nsteps; i++)
		compile(plan->steps[i].sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!db)
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
