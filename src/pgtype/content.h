/*
 * Indexes for what values contain: of a tsvector its lexemes, of an array its elements, of a jsonb document its keys and scalars, of a text
 * its trigrams. Here is what such an index holds for a value, and which of it a search needs. Where the rows are kept is content_search.c's
 * matter (room sqlite).
 *
 * An index names candidates only: every row that satisfies the condition, and perhaps others.
 */
#ifndef US_PGTYPE_CONTENT_H
#define US_PGTYPE_CONTENT_H

#include "pgtype/pgtype.h"

typedef enum ContentKind {
	CONTENT_NONE = 0,
	CONTENT_TSVECTOR = 't', /* keys are lexemes, as text */
	CONTENT_ARRAY = 'a',	/* the others have hashes, as integers */
	CONTENT_NUMERIC_ARRAY = 'n',
	CONTENT_JSONB = 'j',
	CONTENT_JSONB_PATH = 'p',
	CONTENT_TRIGRAM = 'g',
	CONTENT_HSTORE = 'h',
} ContentKind;

typedef struct ContentKeys {
	Val *items; /* ascending, unique */
	size_t n, cap;
} ContentKeys;

/* What the index holds for a stored value. */
int content_keys(ContentKind kind, Str value, Arena *a, ContentKeys *out, Error *err);

typedef enum { SEARCH_ALL, SEARCH_KEY, SEARCH_PREFIX, SEARCH_SOME } SearchKind;

typedef struct ContentSearch ContentSearch;
struct ContentSearch {
	SearchKind kind; /* ALL: every row is a candidate */
	Val key;	 /* KEY, PREFIX */
	ContentSearch **parts;
	size_t n, need; /* SOME: rows that at least `need` of the parts find; need 0 is nothing said, n 0 no row */
};

/* The search for "indexed value OP value"; `op` is the operator's name. */
ContentSearch *content_search(ContentKind kind, const char *op, Str value, Arena *a, Error *err);

/* trigram.c: "  w", " wo", "wor", "ord", "rd " of each word of the text in lower case; ascending and unique when `sorted` */
typedef struct Trigrams {
	Str *items;
	size_t n, cap;
} Trigrams;
void trigrams_of(Str text, bool sorted, Arena *a, Trigrams *out);
/* Those that every text matched by a LIKE pattern has. */
void trigrams_of_pattern(Str pattern, Arena *a, Trigrams *out);

#endif
