/*
 * The text of one Query message, read as far as it takes to know where its statements begin and end: quotes of every kind, comments and
 * identifiers, no grammar.
 */
#ifndef US_BACKEND_SCRIPT_H
#define US_BACKEND_SCRIPT_H

#include "base/str.h"

/* Where a question about the transaction that the text makes can stand: behind its last write, in front of its end. */
typedef struct ScriptPoint {
	size_t at;	 /* byte in the text */
	unsigned before; /* statements in front of it, each answered by one CommandComplete */
	bool commits;	 /* a COMMIT follows; otherwise the end of the text ends the transaction */
} ScriptPoint;

/* Finds it when the text is made of plain reads and writes that leave something to ask for: an implicit transaction of its own, or
 * BEGIN ... COMMIT, or, `in_transaction`, what ends an open one. False for everything else, and whenever a quote or a comment is left open.
 * `backslashes`: a backslash escapes in ordinary strings too (standard_conforming_strings is off). */
bool script_find_point(Str text, bool in_transaction, bool backslashes, ScriptPoint *out);

#endif
