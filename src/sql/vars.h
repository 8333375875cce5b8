/* Inside the sql room: variables of programs as parts of expressions, and results converted for them. */
#ifndef US_SQL_VARS_H
#define US_SQL_VARS_H

#include "sql/query.h"

/* A reference by its names, from left to right: 1 and *out, 0 when no variable is meant, -1 and an error. */
int vars_find(ParseState *ps, const char *const *names, size_t n, int location, Expr **out);
/* $n; NULL with 42P02. */
Expr *vars_param(ParseState *ps, int number, int location);
/* Columns of a record variable; NULL when it is none. */
Column *vars_shape(ParseState *ps, const Expr *e, size_t *n);
/* 42702: a name is a column and a variable. */
int vars_ambiguous(ParseState *ps, const char *name, int location);
/* The query with its columns converted as SqlEnv.wants says; NULL on error. */
Query *vars_want(ParseState *ps, Query *q);

#endif
