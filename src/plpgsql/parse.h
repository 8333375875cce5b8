/* Inside the plpgsql room: the reader's state, shared by its files. */
#ifndef US_PLPGSQL_PARSE_H
#define US_PLPGSQL_PARSE_H

#include "plpgsql/tree.h"

typedef struct Token {
	int kind; /* PgQuery__Token, or 0 at the end */
	int start, end, line;
} Token;

typedef struct Parser {
	Str body;
	Arena *a;
	Error *err;
	Token *tokens;
	size_t ntokens, at;
	PlFunction *fn;
	const PlSignature *sig;
	PlScope *scope;
	int depth;
} Parser;

/* lex.c */
int pl_lex(Parser *p);
static inline const Token *pl_now(const Parser *p)
{
	return &p->tokens[p->at];
}
/* The token is this word (an identifier without quotes, or a keyword) or this operator. */
bool pl_is(const Parser *p, size_t at, const char *word);
bool pl_take(Parser *p, const char *word);
int pl_need(Parser *p, const char *word);
bool pl_is_name(const Parser *p, size_t at);
/* The name at a token, folded as PostgreSQL folds it; moves on. NULL with an error when it is none. */
const char *pl_name(Parser *p);
const char *pl_peek_name(const Parser *p, size_t at);
/* A string constant's value; moves on. */
const char *pl_string(Parser *p);
int pl_syntax_error(Parser *p);
int pl_error(Parser *p, const Token *t, const char *state, const char *fmt, ...) US_PRINTF(4, 5);
const char *pl_slice(const Parser *p, int start, int end);

/* expr.c: SQL up to one of the words, outside parentheses; it stays there. `stop` ends with NULL. */
PlExpr *pl_expr(Parser *p, const char *const *stop);
PlExpr *pl_expr_range(Parser *p, size_t from, size_t to, bool statement);
size_t pl_find(const Parser *p, size_t from, const char *const *stop);
PlExpr *pl_expr_new(Parser *p, const char *sql, const char *text, int line, int offset);

/* scope.c */
PlScope *pl_scope_push(Parser *p, const char *label);
void pl_scope_pop(Parser *p);
PlVar *pl_var_new(Parser *p, const char *name, PlType type, int line);
void pl_scope_add(Parser *p, PlVar *v, const char *name);
PlVar *pl_find_var(const Parser *p, const char *label, const char *name);
bool pl_find_label(const Parser *p, const char *label);
/* A variable, field or element to be assigned; moves on. -1 with an error when there is no such variable. */
int pl_target(Parser *p, PlTarget *out);
/* The same, when a known variable stands here: 1, or 0. */
bool pl_at_variable(const Parser *p);
int pl_into(Parser *p, PlStmt *s, bool *strict);
/* The cursor variable that stands here; moves on. NULL with an error when there is none. */
PlVar *pl_cursor_variable(Parser *p);

/* decl.c */
int pl_declare(Parser *p, PlStmt *block);
int pl_type(Parser *p, PlType *out, const char *const *stop);

/* stmt.c */
int pl_statements(Parser *p, PlBody *out, const char *const *stop);
PlStmt *pl_statement(Parser *p);
PlStmt *pl_stmt_new(Parser *p, PlKind kind, int line);
PlStmt *pl_block(Parser *p, const char *label);
void pl_body_add(Parser *p, PlBody *b, PlStmt *s);

/* loop.c, raise.c, query.c */
PlStmt *pl_loop(Parser *p, const char *label);
PlStmt *pl_raise(Parser *p);
PlStmt *pl_sql(Parser *p);
PlStmt *pl_execute(Parser *p);
PlStmt *pl_return(Parser *p);
PlStmt *pl_diagnostics(Parser *p);
int pl_using(Parser *p, PlStmt *s, const char *const *stop);

/* cursor.c */
PlStmt *pl_cursor_statement(Parser *p);
/* The arguments of a bound cursor, in the order of its parameters. */
int pl_cursor_args(Parser *p, PlStmt *s, const PlVar *cursor);
/* The query of a cursor as a DECLARE. */
void pl_declare_query(Parser *p, PlExpr *query, char scroll);

#endif
