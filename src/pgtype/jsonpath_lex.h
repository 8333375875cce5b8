/* Tokens of jsonpath. Internal to the parser. */
#ifndef US_PGTYPE_JSONPATH_LEX_H
#define US_PGTYPE_JSONPATH_LEX_H

#include "pgtype/jsonpath.h"

typedef enum JpToken {
	TOK_END = 256,
	TOK_IDENT,
	TOK_STRING,
	TOK_VARIABLE,
	TOK_NUMERIC,
	TOK_INT,
	TOK_AND,
	TOK_OR,
	TOK_EQ,
	TOK_NE,
	TOK_LE,
	TOK_GE,
	TOK_ANY,
	TOK_NULL,
	TOK_TRUE,
	TOK_FALSE,
	TOK_IS,
	TOK_UNKNOWN,
	TOK_EXISTS,
	TOK_STRICT,
	TOK_LAX,
	TOK_LAST,
	TOK_TO,
	TOK_STARTS,
	TOK_WITH,
	TOK_LIKE_REGEX,
	TOK_FLAG,
	TOK_METHOD /* method: its kind */
} JpToken;

typedef struct JpLexer {
	const char *p, *end;
	Arena *a;
	Error *err;
	int token; /* a JpToken or a character */
	JpKind method;
	Str value; /* decoded: strings, names, variables, numbers, and the text of keywords */
	Str raw;   /* as written */
} JpLexer;

/* Reads the next token into the lexer. */
int jp_next(JpLexer *lx);
int jp_syntax_error(JpLexer *lx);

#endif
