/*
 * Full-text search: tsvector and tsquery. Their stored form is PostgreSQL's text: 'fat':2 'rat':3A and 'fat' & !'rat':*.
 *
 * ts_vector.c and ts_query.c read and print; ts_match.c is @@; ts_rank.c ranks; ts_parse.c splits text into tokens; ts_dict.c makes lexemes
 * of them; ts_make.c builds vectors and queries from text; ts_headline.c marks what matched.
 */
#ifndef US_PGTYPE_TS_H
#define US_PGTYPE_TS_H

#include "pgtype/pgtype.h"

enum {
	TS_MAX_POS = 16383,	 /* positions beyond count as this one */
	TS_MAX_POSITIONS = 255,	 /* per lexeme; further ones are dropped */
	TS_MAX_LEXEME = 2047,	 /* bytes, exclusive */
	TS_MAX_VECTOR = 1048575, /* bytes of all lexemes and positions */
	TS_MAX_DISTANCE = 16384,
};

/* A position and its weight: D 0, C 1, B 2, A 3. */
typedef struct TsPos {
	uint16_t pos;
	uint8_t weight;
} TsPos;

typedef struct TsLexeme {
	Str s;
	TsPos *pos;
	size_t npos;
} TsLexeme;

typedef struct TsVector {
	TsLexeme *items; /* ascending by bytes, unique */
	size_t n, cap;
} TsVector;

typedef enum { TSQ_VAL, TSQ_NOT, TSQ_AND, TSQ_OR, TSQ_PHRASE } TsqKind;

typedef struct TsNode TsNode;
struct TsNode {
	TsqKind kind;
	Str s;
	unsigned weights; /* bits: D 1, C 2, B 4, A 8; 0 = any */
	bool prefix;
	int distance;
	TsNode *left, *right; /* NOT has only the right one */
};

/* ---- vectors ---- */

int ts_vector_parse(Str text, Arena *a, TsVector *out, Error *err);
void ts_vector_print(const TsVector *v, Buf *out);
/* Adds an entry in any order; call ts_vector_finish when all are there. pos 0: without position. */
TsLexeme *ts_vector_add(TsVector *v, Str s, Arena *a);
void ts_lexeme_add(TsLexeme *l, int pos, int weight, Arena *a);
/* Sorts, joins equal lexemes, sorts and limits positions. */
void ts_vector_finish(TsVector *v, Arena *a);
const TsLexeme *ts_vector_find(const TsVector *v, Str s);
/* The first lexeme that is not less than `s`. */
size_t ts_vector_lower(const TsVector *v, Str s);
/* 0..3, or -1 for a letter that is no weight. */
int ts_weight(char letter);
int ts_compare_bytes(Str x, Str y);
int ts_vector_compare(const TsVector *x, const TsVector *y);

/* ---- queries ---- */

/* *out is NULL for a query without lexemes. */
int ts_query_parse(Str text, Arena *a, TsNode **out, Error *err);
void ts_query_print(const TsNode *q, Buf *out);
TsNode *ts_node(TsqKind kind, TsNode *left, TsNode *right, Arena *a);
/* Left or right may be NULL: the other is the result. */
TsNode *ts_join(TsqKind kind, int distance, TsNode *left, TsNode *right, Arena *a);
size_t ts_query_nodes(const TsNode *q);
int ts_query_compare(const TsNode *x, const TsNode *y);
/* What an index could search for: without NOT and what depends on it; "T" when that is everything. */
void ts_query_tree(const TsNode *q, Arena *a, Buf *out);
/* Error text for a distance outside 0..TS_MAX_DISTANCE. */
int ts_check_distance(int64_t distance, Error *err);

/* ---- searching ---- */

bool ts_match(const TsVector *v, const TsNode *q, Arena *a);
/* weights: D, C, B, A; NULL = the default ones. */
float ts_rank(const float *weights, const TsVector *v, const TsNode *q, int method, Arena *a);
float ts_rank_cd(const float *weights, const TsVector *v, const TsNode *q, int method, Arena *a);

/* One word of a quoted or plain form, shared by both parsers (ts_vector.c). */
typedef struct TsReader {
	const char *p, *end;
	bool query; /* operators end a word, and no positions follow it */
	Arena *a;
	Error *err;
	Str text; /* the whole, for messages */
} TsReader;
/* 1 a word, 0 the end, -1 error. */
int ts_read_word(TsReader *r, TsLexeme *out);

#endif
