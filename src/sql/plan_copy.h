/* COPY. */
#ifndef US_SQL_PLAN_COPY_H
#define US_SQL_PLAN_COPY_H

#include "sql/query.h"

/* COPY table FROM STDIN, COPY table or query TO STDOUT, in text and CSV format. */
int plan_copy(ParseState *ps, const PgQuery__CopyStmt *s, Plan *plan);

#endif
