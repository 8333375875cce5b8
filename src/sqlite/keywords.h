/* PostgreSQL's key words. */
#ifndef US_SQLITE_KEYWORDS_H
#define US_SQLITE_KEYWORDS_H

#include "base/str.h"

typedef struct Keyword {
	const char *word;
	char kind; /* U unreserved, C no function or type can have this name, T only these can, R reserved */
	bool bare; /* may be an output name without AS */
} Keyword;

/* Sorted by bytes. */
extern const Keyword keywords[];
extern const size_t keywords_count;

const Keyword *keyword_find(Str word);
/* As a name it needs quotes. */
static inline bool keyword_needs_quotes(Str word)
{
	const Keyword *k = keyword_find(word);
	return k && k->kind != 'U';
}

#endif
