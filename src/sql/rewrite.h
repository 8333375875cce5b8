/* Inside the sql room: replacing parts of analysed trees. */
#ifndef US_SQL_REWRITE_H
#define US_SQL_REWRITE_H

#include "sql/query.h"

/* What stands in place of x, or NULL: a copy of it, with what is below it rewritten. */
typedef Expr *(*RewriteFn)(Expr *x, void *arg);

/* A copy of the expression with parts replaced. The queries of subqueries in it are changed in place. NULL gives NULL. */
Expr *expr_rewrite(Arena *a, Expr *x, RewriteFn fn, void *arg);

#endif
