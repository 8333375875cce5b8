/*
 * Statements that differ only in their integer literals share one plan: the literals become parameters of type integer.
 *
 * A literal is replaced only where a parameter of type integer means the same: beside a comparison, + or -, or in the rows of VALUES.
 * Everything whose meaning could depend on the literal being one (ORDER BY 1, LIMIT, type modifiers, GROUP BY) stays as it is, and so does
 * the whole text when it is not a single plain SELECT, INSERT, UPDATE or DELETE.
 */
#ifndef US_SESSION_LITERALS_H
#define US_SESSION_LITERALS_H

#include "base/buf.h"
#include "pgtype/val.h"

enum { LITERALS_MAX = 16, LITERALS_TEXT_MAX = 4096 };

/* Writes the text with $1, $2, ... to `out` and the values to `vals`; returns how many there are. 0: the text is to be used as it is. */
size_t literals_lift(Str text, Buf *out, Val vals[LITERALS_MAX]);

#endif
