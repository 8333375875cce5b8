/* What statements are translated against: an empty file with the tables of a schema, or a database of a data directory, only read. */
#ifndef US_CLI_TRANSLATE_SCHEMA_H
#define US_CLI_TRANSLATE_SCHEMA_H

#include "sql/plan.h"
#include "sqlite/db.h"

typedef struct Schema {
	Db *db;
	Catalog *cat;
	char *database;
	bool scratch; /* DDL is carried out in it */
	const char **search_path;
	size_t nsearch_path;
	Arena *a; /* of search_path */
} Schema;

/* A file of its own, deleted at the end. */
int schema_open_scratch(Schema *s, Error *err);
/* The file of a database, read-only. */
int schema_open_database(Schema *s, const char *dir, const char *name, Error *err);
void schema_close(Schema *s);
SqlEnv schema_env(const Schema *s);
/* Plans one statement; SQLite compiles what comes out. NULL on error. */
Plan *schema_plan(Schema *s, const ParsedSql *parsed, size_t which, Arena *a, Error *err);
/* Carries out what later statements can see: DDL (in a scratch file) and SET search_path. */
int schema_apply(Schema *s, const Plan *plan, Error *err);

#endif
