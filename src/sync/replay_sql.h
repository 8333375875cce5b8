/* Inside replay: journal changes as SQL for the primary. */
#ifndef US_SYNC_REPLAY_SQL_H
#define US_SYNC_REPLAY_SQL_H

#include "catalog/catalog.h"
#include "sqlite/journal.h"

typedef struct ReplayCol {
	const CatColumn *col;
	char *name, *cast; /* quoted name; ::"schema"."type" */
	bool key, as_text; /* as_text: the type has no equality */
} ReplayCol;

typedef struct ReplayRel {
	const CatRel *rel;
	char *name; /* quoted, with schema */
	size_t ncols;
	ReplayCol *cols; /* in the order of the file's columns; col NULL = not the primary's business */
	bool has_key;
} ReplayRel;

/* Describes a table by its name in the file; in `a`. NULL with an error when the file's catalog does not know it. */
ReplayRel *replay_rel(Db *db, const Catalog *cat, const char *table, Arena *a, Error *err);

typedef struct ReplayCommand {
	const char *sql;
	const char **params; /* text or NULL */
	int nparams;
} ReplayCommand;

/* The statement for one change. *out->sql is NULL when there is nothing to do. */
int replay_command(const ReplayRel *rel, const JournalChange *c, Arena *a, ReplayCommand *out, Error *err);
/* SELECT of the row with the key of `row`: "row_to_json" for a report, or all columns as text. */
int replay_select(const ReplayRel *rel, const Val *row, bool json, Arena *a, ReplayCommand *out, Error *err);
/* A value as the primary reads it; NULL for NULL. */
const char *replay_value_text(const ReplayCol *c, const Val *v, Arena *a);
/* The key (or the whole row) as text, to compare and to show; JSON object of the row. */
const char *replay_key_text(const ReplayRel *rel, const Val *row, Arena *a);
const char *replay_row_json(const ReplayRel *rel, const Val *row, Arena *a);

#endif
