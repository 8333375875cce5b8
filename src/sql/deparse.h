/*
 * Analysed trees -> PostgreSQL text, in the form in which PostgreSQL 15 itself shows stored expressions and views (pg_get_expr,
 * pg_get_viewdef and kin, src/backend/utils/adt/ruleutils.c is the reference for the form).
 */
#ifndef US_SQL_DEPARSE_H
#define US_SQL_DEPARSE_H

#include "base/buf.h"
#include "sql/node.h"
#include "sql/plan.h"

typedef struct DeparseLevel DeparseLevel;
struct DeparseLevel {
	const Query *query;
	const DeparseLevel *outer;
};

typedef struct Deparser {
	Buf out;
	Arena *a;
	const SqlEnv *env; /* names outside of its search_path are qualified */
	Error *err;
	bool pretty; /* few parentheses, as with pg_get_expr(..., true) */
	bool prefix; /* columns with their table's name */
	int indent, depth;
	const DeparseLevel *level;
} Deparser;

/* Text in `a`, or NULL and an error (0A000 for what has no text form here). */
const char *deparse_expr(const SqlEnv *env, const Expr *x, bool pretty, Arena *a, Error *err);
/* A SELECT as a view's definition, starting with one blank, without the semicolon. `names`: output names, or NULL for the query's own. */
const char *deparse_query(const SqlEnv *env, const Query *q, const char *const *names, bool pretty, Arena *a, Error *err);

/* An identifier, quoted when PostgreSQL's quote_identifier quotes it. */
const char *quote_name(Arena *a, const char *name);
/* A relation's name, qualified when the search path does not find it. */
const char *relation_name(const SqlEnv *env, const CatRel *r, Arena *a);
const char *qualified_name(const SqlEnv *env, const char *schema, const char *name, bool force, Arena *a);
/* format_type, with the schema of types that the search path does not find. */
const char *type_text(const SqlEnv *env, uint32_t type, int32_t typmod, Arena *a);

/* Among the files of the deparser. */
int dp_refuse(Deparser *d, const char *fmt, ...) US_PRINTF(2, 3);
int dp_const(Deparser *d, const Expr *x, int showtype); /* -1 never, 0 when needed, 1 always with its type */
int dp_expr(Deparser *d, const Expr *x, bool show_implicit);
int dp_paren(Deparser *d, const Expr *x, bool show_implicit, const Expr *parent);
int dp_sort_key(Deparser *d, const Expr *x);
int dp_query(Deparser *d, const Query *q, const char *const *names, const DeparseLevel *outer);
void dp_line(Deparser *d, const char *text, int before, int after, int plus); /* on a new line */
const char *rte_shown_name(const Rte *r);

#endif
