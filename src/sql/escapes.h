/*
 * standard_conforming_strings = off: a backslash escapes in ordinary strings, too. The parser does not know that mode, so the text is
 * written anew for it, each such string as a standard one. Blanks behind a string that has become shorter keep everything else in its
 * place.
 */
#ifndef US_SQL_ESCAPES_H
#define US_SQL_ESCAPES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

typedef void (*EscapeWarning)(void *ctx, const Error *e); /* 22P06 */

/* `warn` may be NULL. */
int sql_resolve_escapes(Str text, Buf *out, EscapeWarning warn, void *ctx, Error *err);

#endif
