#include "cli/translate_schema.h"

#include "backend/sqlite.h"
#include "catalog/vtab.h"

#include <stdio.h>
#include <unistd.h>

static int use_file(Schema *s, const char *path, DbMode mode, Error *err)
{
	dbset_add_functions();
	s->a = arena_new();
	s->search_path = arena_array(s->a, const char *, 1);
	s->search_path[0] = "public";
	s->nsearch_path = 1;
	if (db_open(path, mode, &s->db, err) || catalog_register(s->db->h, &s->db->env, err))
		return -1;
	return catalog_load(s->db, s->database, &s->cat, err);
}

int schema_open_scratch(Schema *s, Error *err)
{
	const char *tmp = getenv("TMPDIR");
	char dir[512], path[540];
	*s = (Schema){ .scratch = true, .database = mem_strdup("postgres") };
	snprintf(dir, sizeof dir, "%s/understudy-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return err_set(err, "58P01", "a temporary directory cannot be made in %s", dir);
	snprintf(path, sizeof path, "%s/schema.db", dir);
	int rc = db_create(path, catalog_schema_sql, err);
	if (rc == 0)
		rc = use_file(s, path, DB_WRITE, err);
	unlink(path);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/schema.db%s", dir, i ? "-wal" : "-shm");
		unlink(path);
	}
	rmdir(dir);
	return rc;
}

int schema_open_database(Schema *s, const char *dir, const char *name, Error *err)
{
	*s = (Schema){ .database = mem_strdup(name) };
	char *path = mem_printf("%s/%s.db", dir, name);
	int rc;
	if (!database_name_valid(name) || access(path, R_OK) != 0)
		rc = err_set(err, "3D000", "database \"%s\" does not exist in %s", name, dir);
	else
		rc = use_file(s, path, DB_READ, err);
	free(path);
	return rc;
}

void schema_close(Schema *s)
{
	if (s->cat)
		catalog_unref(s->cat);
	if (s->db)
		db_close(s->db);
	if (s->a)
		arena_free(s->a);
	free(s->database);
	*s = (Schema){ 0 };
}

#define TEMP_SCHEMA TEMP_SCHEMA_PREFIX "1"

/* What a session does when it has made its first temporary object. */
static void use_temp_schema(Schema *s)
{
	if (s->nsearch_path && streq(s->search_path[0], TEMP_SCHEMA))
		return;
	const char **path = arena_array(s->a, const char *, s->nsearch_path + 1);
	memcpy(path + 1, s->search_path, s->nsearch_path * sizeof *path);
	path[0] = TEMP_SCHEMA;
	s->search_path = path;
	s->nsearch_path++;
}

SqlEnv schema_env(const Schema *s)
{
	return (SqlEnv){ .cat = s->cat,
			 .types = &type_env_stored,
			 .search_path = s->search_path,
			 .nsearch_path = s->nsearch_path,
			 .temp_schema = TEMP_SCHEMA,
			 .user = "postgres",
			 .database = s->database };
}

static int compile(Schema *s, const char *sql, Error *err)
{
	sqlite3_stmt *stmt;
	if (db_prepare(s->db, str_of(sql), &stmt, err) != 0)
		return -1;
	db_done(s->db, stmt);
	return 0;
}

Plan *schema_plan(Schema *s, const ParsedSql *parsed, size_t which, Arena *a, Error *err)
{
	SqlEnv env = schema_env(s);
	Plan *plan;
	if (sql_plan(&env, parsed, which, NULL, 0, a, &plan, err) != 0)
		return NULL;
	if (plan->kind == PLAN_LISTEN || plan->kind == PLAN_NOTIFY) {
		err_refuse(err, 0, "%s is not available in SQLite mode", plan->tag);
		return NULL;
	}
	return plan->sql && compile(s, plan->sql, err) != 0 ? NULL : plan;
}

static int run_steps(Schema *s, const Plan *plan, Error *err)
{
	for (size_t i = 0; i < plan->nsteps; i++)
		if ((plan->steps[i].kind == STEP_SQL || plan->steps[i].kind == STEP_ROWS) && db_exec(s->db, plan->steps[i].sql, err) != 0)
			return -1;
	return 0;
}

int schema_apply(Schema *s, const Plan *plan, Error *err)
{
	if (plan->kind == PLAN_SET && plan->name && streq(plan->name, "search_path")) {
		s->nsearch_path = plan->nvalues;
		s->search_path = arena_array(s->a, const char *, plan->nvalues + 1);
		for (size_t i = 0; i < plan->nvalues; i++)
			s->search_path[i] = arena_strdup(s->a, plan->values[i]);
		return 0;
	}
	if (plan->kind != PLAN_SCRIPT || !plan->is_ddl)
		return 0;
	if (!s->scratch)
		return 0;
	if (db_exec(s->db, "SAVEPOINT ddl", err) != 0)
		return -1;
	int rc = run_steps(s, plan, err);
	Error undo;
	db_exec(s->db, rc == 0 ? "RELEASE ddl" : "ROLLBACK TO ddl; RELEASE ddl", rc == 0 ? err : &undo);
	if (rc != 0)
		return -1;
	if (plan->makes_temp)
		use_temp_schema(s);
	catalog_unref(s->cat);
	s->cat = NULL;
	return catalog_load(s->db, s->database, &s->cat, err);
}
