/* tsvector and tsquery from text. */
#ifndef US_PGTYPE_TS_MAKE_H
#define US_PGTYPE_TS_MAKE_H

#include "pgtype/ts.h"
#include "pgtype/ts_dict.h"

typedef struct TsWord {
	Str s;
	int pos;
} TsWord;

/* Collects the lexemes of texts, with their positions. */
typedef struct TsMaker {
	TsConfig config;
	TsStemmers stemmers;
	Arena *a;
	TsWord *words;
	size_t n, cap;
	int pos;
} TsMaker;

void ts_maker_init(TsMaker *m, const TsConfig *c, Arena *a);
void ts_maker_clear(TsMaker *m);
/* Adds the words of a text. */
void ts_maker_text(TsMaker *m, Str text);
/* The same for one of several values: a gap in the positions follows it when it had words. */
void ts_maker_value(TsMaker *m, Str text);
int ts_maker_vector(TsMaker *m, TsVector *out, Error *err);

typedef enum { TS_TO_QUERY, TS_PLAIN, TS_PHRASE, TS_WEBSEARCH } TsQueryForm;
/* *out is NULL when nothing is left of the text. */
int ts_make_query(const TsConfig *c, TsQueryForm form, Str text, Arena *a, TsNode **out, Error *err);

/* ts_headline: `options` as PostgreSQL's, may be empty. */
int ts_headline(const TsConfig *c, Str text, const TsNode *q, Str options, Arena *a, Buf *out, Error *err);

#endif
