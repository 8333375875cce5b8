/* Inside the sql room: how sql_plan hands a statement to the file that plans its kind. */
#ifndef US_SQL_PLAN_INTERNAL_H
#define US_SQL_PLAN_INTERNAL_H

#include "sql/analyze.h"

/* Every statement that is not SELECT, VALUES, INSERT, UPDATE, DELETE, COPY or EXPLAIN: transactions, SET, PREPARE, DDL ...
 * The state given is fresh (no query, no names). Fills `plan` (zeroed; catalog_version is set, cacheable is false);
 * -1 with an error. What is unknown is refused with 0A000. Implemented beside the DDL planners. */
int plan_other(ParseState *ps, const RawStmt *raw, Plan *plan);

/* Analyses a SELECT, INSERT, UPDATE or DELETE and fills sql, cols, tag, writes ... of `plan`. For CREATE TABLE AS, PREPARE's
 * and COPY's inner queries too. `tag_rows`, `tag` and kind are set as for the statement on its own.
 * When `out` is not NULL it receives the analysed query. Parameter types are left in ps->params. */
int plan_query(ParseState *ps, const PgNode *stmt, Plan *plan, Query **out);

/* The two halves of plan_query, for a query that was analysed: what its columns are, and everything else. */
int plan_columns(ParseState *ps, const Query *q, Plan *plan);
int plan_analysed(ParseState *ps, Query *q, Plan *plan);

/* plan_explain.c */
int plan_explain(ParseState *ps, const PgQuery__ExplainStmt *s, const RawStmt *raw, Plan *plan);

/* plan_cursor.c */
int plan_declare(ParseState *ps, const PgQuery__DeclareCursorStmt *s, Plan *plan);
/* CREATE, DROP and ALTER … RENAME of a database. 1 = not one of them. */
int plan_database(ParseState *ps, const PgNode *n, Plan *plan);
int plan_fetch(ParseState *ps, const PgQuery__FetchStmt *s, Plan *plan);
int plan_close_cursor(const PgQuery__ClosePortalStmt *s, Plan *plan);

/* SQLite text of an analysed query, NUL-terminated, in ps->a. NULL on error. */
const char *plan_emit(ParseState *ps, const Query *q);

/* A fresh root state; *params, *next_id and the flags are allocated from the arena. */
ParseState *plan_state(const SqlEnv *env, Arena *a, Str source, Error *err);

#endif
