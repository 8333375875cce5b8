/*
 * Inside the sql room, and for program/: which triggers a statement can fire.
 *
 * A statement that fires triggers is planned in steps (parts.h): its rows are computed first, then written one by one by STEP_WRITE,
 * between the triggers of each row; STEP_FIRE fires those of the statement, and at the end what is to come AFTER.
 */
#ifndef US_SQL_TRIGGERS_H
#define US_SQL_TRIGGERS_H

#include "sql/plan.h"

struct PlanWrite;

/* ON CONFLICT of rows that are written one by one. `find` and `change` are run for a row, which is in the store `proposed`. */
struct PlanConflict {
	int proposed;			/* behind the row's columns stands the number of the row that is in the way */
	const PlanStep *find;		/* into its store: that number */
	const PlanStep *change;		/* into its store: that row as `update` writes it; none when WHERE does not hold */
	const struct PlanWrite *update; /* NULL: DO NOTHING */
	size_t upserted;		/* the column of the row, 1-based, that says that it was updated; 0 = none */
};

/* What STEP_WRITE writes, and with which triggers. */
struct PlanWrite {
	const CatRel *rel;
	int event;	    /* TRIGGER_INSERT ... */
	const int *attnums; /* of the store's columns; 0 = none. UPDATE and DELETE: the first column is the row number */
	size_t n;
	const int16_t *set; /* UPDATE: the columns of SET, for UPDATE OF */
	size_t nset;
	bool counted; /* for the command tag */
	/* SQLite text: writes one row, all its columns as parameters (then the row number); reads all columns of a row number */
	const char *write_sql, *read_sql;
	const int16_t *written; /* the columns of write_sql's parameters */
	size_t nwritten;
	const struct PlanConflict *conflict; /* INSERT, or NULL */
};

/* Whether changes of these events are written one by one. */
bool writes_rows(const CatRel *r, int events);
/* Any trigger of these events, whether it is enabled or not. */
bool has_triggers(const CatRel *r, int events);
bool has_row_triggers(const CatRel *r, int events);
/* Foreign keys whose actions write tables that have row triggers for that: the table's name, or NULL. */
const CatRel *cascades_to_triggers(const Catalog *cat, const CatRel *r, int event);
/* NEW and OLD, as variables 0 and 1, for the condition of WHEN. */
void trigger_when_vars(const CatTrigger *t, Arena *a, SqlVars *out);
struct PlanWrite *plan_write_new(Arena *a, const CatRel *r, int event);

#endif
