/* The statements of a file: a script of SQL, or a log of a PostgreSQL server (plain, csvlog or jsonlog). */
#ifndef US_CLI_SCRIPT_H
#define US_CLI_SCRIPT_H

#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>

typedef struct ScriptStatement {
	Str text; /* without the semicolon; in the arena */
	int line; /* of the file, from 1 */
} ScriptStatement;

typedef struct Script {
	ScriptStatement *items;
	size_t n, cap;
	const char *form; /* "script", "log", "csvlog", "jsonlog" */
} Script;

/* psql's commands and the rows that follow COPY ... FROM STDIN are skipped. Of a log, the statements that were executed are taken. */
void script_read(Str file, Arena *a, Script *out);

#endif
