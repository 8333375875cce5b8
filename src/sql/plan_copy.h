/* COPY. */
#ifndef US_SQL_PLAN_COPY_H
#define US_SQL_PLAN_COPY_H

#include "sql/query.h"

typedef struct CopyParse {
	ParseState *ps;
	const PgQuery__CopyStmt *s;
	Plan *plan;
	CopyOptions *o;	   /* of the plan */
	const CatRel *rel; /* NULL: a query */
	const CatColumn **cols;
	size_t ncols;
} CopyParse;

/* COPY table FROM STDIN, COPY table or query TO STDOUT. */
int plan_copy(ParseState *ps, const PgQuery__CopyStmt *s, Plan *plan);
/* copy_options.c: reads and checks them; plan->cols are the copied columns. */
int copy_options(CopyParse *c);

#endif
