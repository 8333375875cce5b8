/*
 * PostgreSQL's regular expressions. PostgreSQL's engine is Henry Spencer's, and so is Tcl's: libtcl does the matching.
 * Compiled expressions are kept per thread, the 64 used last. Room-internal.
 *
 * What Tcl 8.6's engine lacks is refused: lookbehind constraints. Characters beyond U+FFFF, which Tcl would see as two,
 * are given stand-ins from the private use area.
 */
#ifndef US_SQLITE_FN_REGEX_H
#define US_SQLITE_FN_REGEX_H

#include "sqlite/fn.h"

enum { REGEX_MAX_GROUPS = 100 };

typedef struct Regex Regex;

typedef struct RegexFlags {
	int tcl; /* TCL_REG_* */
	bool global;
} RegexFlags;

/* A subject prepared for matching. */
typedef struct RegexText {
	Str text;
	void *obj; /* Tcl_Obj */
	int chars;
	uint32_t *offset; /* byte offset of each character and of the end; NULL when all are one byte */
} RegexText;

/* Character offsets, end exclusive; -1 when the group took no part. Entry 0 is the whole match. */
typedef struct RegexMatch {
	int start[REGEX_MAX_GROUPS], end[REGEX_MAX_GROUPS];
} RegexMatch;

/* PostgreSQL's option letters; ARE without newline sensitivity is the default. 22023. */
int regex_flags(Str letters, RegexFlags *out, Error *err);
/* Belongs to the thread's cache: valid until 64 others were compiled. 2201B; 0A000 for what the engine lacks. */
const Regex *regex_compile(Str pattern, RegexFlags flags, Error *err);
int regex_groups(const Regex *re);

void regex_text_init(RegexText *t, Str text);
void regex_text_clear(RegexText *t);
Str regex_slice(const RegexText *t, int start, int end);
/* The leftmost match that starts at `from` or later: 1 found, 0 none, -1 error. */
int regex_search(const Regex *re, const RegexText *t, int from, RegexMatch *m, Error *err);

#endif
