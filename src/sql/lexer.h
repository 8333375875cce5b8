/* The lexical units of SQL, as far as they matter to whoever must not look into strings and comments. */
#ifndef US_SQL_LEXER_H
#define US_SQL_LEXER_H

#include "base/str.h"

/* One unit at p (a blank is one, too); returns the byte after it. *word is set when it is a bare word or number, else empty. */
const char *lex_token(const char *p, const char *end, Str *word);
/* The byte after a quoted string or identifier that begins at p. `escapes`: a backslash hides what follows. */
const char *lex_quote(const char *p, const char *end, bool escapes);

#endif
