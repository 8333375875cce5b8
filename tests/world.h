/* A real SQLite file with understudy's catalog in it, for tests that plan statements: DDL can be planned and carried out. */
#ifndef US_TESTS_WORLD_H
#define US_TESTS_WORLD_H

#include "catalog/vtab.h"
#include "sql/fn_sql.h"
#include "sql/plan.h"

#include <stdio.h>
#include <unistd.h>

typedef struct World {
	Db *db;
	Catalog *cat;
} World;

static inline void world_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	abort();
}

static inline SqlEnv world_env(const World *w)
{
	static const char *const path[] = { "public" };
	return (SqlEnv){ .cat = w->cat,
			 .types = &type_env_stored,
			 .search_path = path,
			 .nsearch_path = 1,
			 .temp_schema = "pg_temp_1",
			 .user = "postgres",
			 .database = "test" };
}

static inline void world_open(World *w)
{
	char path[] = "/tmp/understudy-world-XXXXXX";
	Error err = { 0 };
	int fd = mkstemp(path);
	if (fd < 0)
		world_die(path, "mkstemp");
	close(fd);
	unlink(path);
	for (size_t i = 0; catalog_fn_tables[i]; i++)
		fn_add_table(catalog_fn_tables[i]);
	fn_add_table(fn_table_sql);
	fn_add_table(fn_table_rows);
	if (db_create(path, catalog_schema_sql, &err) || db_open(path, DB_WRITE, &w->db, &err) ||
	    catalog_register(w->db->h, &w->db->env, &err) || catalog_load(w->db, "test", &w->cat, &err))
		world_die(path, err.message);
	unlink(path);
}

static inline void world_close(World *w)
{
	catalog_unref(w->cat);
	db_close(w->db);
}

/* Carries out a plan's changes of the catalog. */
static inline int world_apply(World *w, const Plan *plan, Error *err)
{
	for (size_t i = 0; i < plan->nsteps; i++)
		if ((plan->steps[i].kind == STEP_SQL || plan->steps[i].kind == STEP_ROWS) && db_exec(w->db, plan->steps[i].sql, err) != 0)
			return -1;
	catalog_unref(w->cat);
	return catalog_load(w->db, "test", &w->cat, err);
}

#endif
