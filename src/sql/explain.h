/*
 * EXPLAIN: what was asked for, and the words that the statement has for what SQLite's plan calls t1, cte1 ...
 *
 * The sql room fills an ExplainPlan; backend/sqlite_explain.c runs the statement when ANALYZE says so, asks SQLite for its plan and
 * prints it in PostgreSQL's terms.
 */
#ifndef US_SQL_EXPLAIN_H
#define US_SQL_EXPLAIN_H

#include "sql/plan.h"

typedef enum { EXPLAIN_TEXT, EXPLAIN_JSON, EXPLAIN_YAML } ExplainFormat;

typedef struct ExplainName {
	const char *key;	   /* in SQLite's plan */
	char kind;		   /* r(elation), f(unction), v(alues), c(te), s(ubquery) */
	const char *name, *schema; /* of the relation, function or CTE */
	const char *alias;	   /* NULL: none was given */
	const CatRel *rel;	   /* of a relation that has rows in the file */
	const char *key_column;	   /* the column that is the row's number, or NULL */
	const char *key_index;	   /* and the name of its index */
	int width;		   /* bytes of a row, about */
	int64_t rows;		   /* 0: not known */
} ExplainName;

typedef struct ExplainPlan {
	bool analyze, verbose, costs, buffers, timing, summary, settings, wal;
	ExplainFormat format;
	Plan *execute;	   /* EXPLAIN EXECUTE: that EXECUTE; what follows is not set */
	Plan *run;	   /* the statement: what ANALYZE runs */
	const Plan *shown; /* the query in it whose plan is shown; NULL: it has none */
	ExplainName *names;
	size_t nnames;
	const char *change;	   /* "Insert", "Update", "Delete", "Merge", or NULL */
	const ExplainName *target; /* of the change */
	bool aggregates, grouped, windows, limited;
	int width; /* of a row of the result */
} ExplainPlan;

/* Where in the text of an EXPLAIN EXECUTE the word EXECUTE stands; NULL: nowhere. */
const char *explain_execute_word(Str text);

#endif
