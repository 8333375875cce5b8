/*
 * Inside the sql room: row-level security, PostgreSQL's rules (rowsecurity.c).
 *
 * What a role may read of a table becomes a filter of the table in FROM (Rte.filter) or a part of WHERE, for the target of a change. What
 * it may write is looked at when the row is in the table, behind its BEFORE triggers (PlanWrite.check_sql).
 */
#ifndef US_SQL_ROW_SECURITY_H
#define US_SQL_ROW_SECURITY_H

#include "sql/query.h"

/* Puts the policies into an analysed query, and into what they read themselves. Before it is emitted. */
int row_security_apply(ParseState *ps, Query *q);
/* Whether policies limit the current role: 1 yes, 0 no, -1 and an error when row_security is off. */
int row_security_limits(ParseState *ps, const CatRel *r);

struct Ddl;
int plan_create_policy(struct Ddl *d, const PgQuery__CreatePolicyStmt *s);
int plan_alter_policy(struct Ddl *d, const PgQuery__AlterPolicyStmt *s);
int plan_drop_policy(struct Ddl *d, const PgQuery__DropStmt *s);
int plan_rename_policy(struct Ddl *d, const PgQuery__RenameStmt *s);
/* An expression of a policy over the columns of the table at `rte`. NULL on error. */
Expr *row_security_expr(ParseState *ps, Rte *rte, const char *text);
/* The same from the tree of a statement. */
Expr *row_security_condition(ParseState *ps, Rte *rte, const PgNode *node);

#endif
