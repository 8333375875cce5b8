/*
 * Temporary objects. They live in the file, in a schema of their session (pg_temp_N), so that every connection finds them and they are as
 * transactional as any other; the session's search path begins with that schema once it has made something in it. What ON COMMIT says is
 * done before each COMMIT, and the schema goes with its session. After a crash it goes when the file is opened.
 */
#include "backend/sqlite_internal.h"

#include "base/log.h"
#include "catalog/sessionvars.h"

#include <stdio.h>

typedef struct Cleaner {
	SqliteTxn txn;
	TypeEnv types;
	SessionVars vars;
} Cleaner;

/* Plans and runs one statement about temporary objects inside the session's write transaction. */
static int run_text(SqliteTxn *t, const char *sql, Error *err)
{
	static const char *const path[] = { "pg_catalog" };
	SqlEnv env = { .cat = t->cat,
		       .types = t->types,
		       .search_path = path,
		       .nsearch_path = 1,
		       .user = "postgres",
		       .database = t->db->name,
		       .temp_schema = t->vars->temp_schema };
	Arena *a = arena_new();
	ParsedSql parsed;
	CachedPlan *p = NULL;
	Buf ignored = { 0 };
	int rc = sql_parse(str_of(sql), a, &parsed, err);
	if (rc == 0) {
		p = database_plan_one(t, &parsed, 0, &env, 0, err);
		rc = -1;
	}
	if (p) {
		SqliteRun r = { .plan = p };
		rc = script_execute(t, &r, &ignored, err) == RUN_DONE ? 0 : -1;
		plan_unref(p);
	}
	if (parsed.tree)
		sql_parsed_free(&parsed);
	buf_free(&ignored);
	arena_free(a);
	return rc;
}

static uint32_t own_schema(const SqliteTxn *t)
{
	const CatSchema *s = t->vars && t->vars->has_temp ? catalog_schema(t->cat, t->vars->temp_schema) : NULL;
	return s ? s->oid : 0;
}

/* The next relation of the schema that ON COMMIT has to do with, after `*at`. */
static const CatRel *next_of(const SqliteTxn *t, uint32_t schema, char action, size_t *at)
{
	for (; *at < t->cat->nrels; ++*at) {
		const CatRel *r = t->cat->rels[*at];
		if (r->schema == schema && r->on_commit == action)
			return t->cat->rels[(*at)++];
	}
	return NULL;
}

/* A table that keeps its rows cannot refer to one that loses them. */
static int check_references(const SqliteTxn *t, const CatRel *emptied, Error *err)
{
	for (size_t i = 0; i < t->cat->nrels; i++) {
		const CatRel *r = t->cat->rels[i];
		for (size_t k = 0; k < r->nconstraints; k++) {
			if (r->constraints[k]->ref != emptied || r->on_commit == 'r')
				continue;
			err_set(err, "0A000", "unsupported ON COMMIT and foreign key combination");
			return err_detail(err, "Table \"%s\" references \"%s\", but they do not have the same ON COMMIT setting.", r->name,
					  emptied->name);
		}
	}
	return 0;
}

static int empty_table(SqliteTxn *t, const CatRel *r, Error *err)
{
	if (check_references(t, r, err) != 0)
		return -1;
	char *sql = sqlite3_mprintf("DELETE FROM \"%w\"", r->sqlite_name);
	int rc = db_exec(t->conn->db, sql, err);
	sqlite3_free(sql);
	return rc;
}

int temp_before_commit(SqliteTxn *t, Error *err)
{
	uint32_t schema = own_schema(t);
	size_t at = 0;
	int rc = 0;
	if (!schema)
		return 0;
	sqlite3 *h = t->conn->db->h;
	sqlite3_db_config(h, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	for (const CatRel *r; rc == 0 && (r = next_of(t, schema, 'r', &at));)
		rc = empty_table(t, r, err);
	sqlite3_db_config(h, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	/* Each DROP makes a new catalog. */
	for (const CatRel *r; rc == 0 && (at = 0, r = next_of(t, schema, 'd', &at));) {
		char *sql = sqlite3_mprintf("DROP TABLE pg_temp.\"%w\" CASCADE", r->name);
		rc = run_text(t, sql, err);
		sqlite3_free(sql);
	}
	return rc;
}

static int drop_schema(SqliteTxn *t, Error *err)
{
	char sql[64];
	snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS %s CASCADE", t->vars->temp_schema);
	return run_text(t, sql, err);
}

RunResult temp_discard(SqliteTxn *t, Error *err)
{
	if (!own_schema(t))
		return RUN_DONE;
	RunResult rc = txn_need_writer(t, "DISCARD", err);
	if (rc != RUN_DONE)
		return rc;
	return drop_schema(t, err) == 0 ? RUN_DONE : RUN_ERROR;
}

/* The write connection is granted. */
static void clean(Cleaner *c)
{
	static const Plan script = { .kind = PLAN_SCRIPT };
	SqliteTxn *t = &c->txn;
	Error err;
	bool done = txn_start_statement(t, &script, &err) == 0 && txn_need_writer(t, "DROP SCHEMA", &err) == RUN_DONE &&
		    drop_schema(t, &err) == 0 && txn_end_implicit(t, &err) == 0;
	if (!done)
		log_error("database %s: temporary objects could not be dropped: %s", t->db->name, err.message);
	txn_close(t);
	free(c);
}

static void on_granted(LoopTask *task)
{
	clean(task->owner);
}

static Cleaner *cleaner_new(Database *d, const char *schema)
{
	Cleaner *c = mem_alloc(sizeof *c);
	c->types = type_env_stored;
	txn_init(&c->txn, d, &c->types, &c->vars);
	snprintf(c->vars.temp_schema, sizeof c->vars.temp_schema, "%s", schema);
	return c;
}

void temp_end_session(SqliteTxn *t)
{
	if (!own_schema(t))
		return;
	Cleaner *c = cleaner_new(t->db, t->vars->temp_schema);
	t->vars->has_temp = false;
	if (database_wait_writer(&c->txn, on_granted, c))
		clean(c);
}

void temp_clean_file(Database *d)
{
	Catalog *cat = database_catalog(d);
	for (size_t i = 0; i < cat->nschemas; i++) {
		const char *name = cat->schemas[i].name;
		if (strncmp(name, TEMP_SCHEMA_PREFIX, strlen(TEMP_SCHEMA_PREFIX)) == 0)
			clean(cleaner_new(d, name));
	}
	catalog_unref(cat);
}
