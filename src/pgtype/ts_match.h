/* Running a query over anything that knows where its lexemes stand. */
#ifndef US_PGTYPE_TS_MATCH_H
#define US_PGTYPE_TS_MATCH_H

#include "pgtype/ts.h"

typedef enum { TS_NO, TS_YES, TS_MAYBE } TsAnswer; /* TS_MAYBE: the lexeme is there, its positions are not known */

/* Where something matches; `negate` means everywhere but there. */
typedef struct TsPlaces {
	uint32_t *pos; /* ascending, unique */
	size_t n;
	bool negate;
	int width; /* how far its first word stands before the position */
} TsPlaces;

/* With out == NULL only whether the lexeme is there matters. */
typedef TsAnswer (*TsLookup)(void *arg, const TsNode *value, TsPlaces *out, Arena *a);
bool ts_execute(const TsNode *q, TsLookup lookup, void *arg, Arena *a);

/* The lexemes of a vector that a value of a query stands for: the first, and how many. */
const TsLexeme *ts_entries(const TsVector *v, const TsNode *value, size_t *n);
/* The values of a query, in the order in which PostgreSQL keeps them. */
size_t ts_values(const TsNode *q, const TsNode **out);

/* Positions in the vector, a lexeme without any counting as one. */
int ts_vector_length(const TsVector *v);

extern const float ts_default_weights[4];

#endif
