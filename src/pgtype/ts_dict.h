/* Dictionaries and configurations of full-text search: those that initdb makes, with PostgreSQL's OIDs. */
#ifndef US_PGTYPE_TS_DICT_H
#define US_PGTYPE_TS_DICT_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "pgtype/ts_parse.h"

typedef struct TsStopList {
	const char *language;
	const char *const *words; /* ascending */
	size_t n;
} TsStopList;
extern const TsStopList ts_stop_lists[]; /* generated */
extern const size_t ts_stop_lists_count;

/* "simple", or a Snowball stemmer with its stop words. */
typedef struct TsDict {
	uint32_t oid;
	const char *name;
	const char *language; /* NULL for simple */
} TsDict;

typedef struct TsConfig {
	uint32_t oid;
	const char *name;
	const TsDict *word, *ascii; /* the dictionaries of words, and of words of ASCII letters */
} TsConfig;

size_t ts_config_count(void);
/* By number; the first is simple. */
TsConfig ts_config_at(size_t i);
/* False when there is none. */
bool ts_config_by_oid(uint32_t oid, TsConfig *out);
bool ts_config_by_name(Str name, TsConfig *out);
const TsDict *ts_dict_by_oid(uint32_t oid);
const TsDict *ts_dict_by_name(Str name);
/* The dictionary for tokens of this type; NULL: they are not indexed. */
const TsDict *ts_config_dict(const TsConfig *c, TsTokenType type);

/* Before words go to the dictionary. 58P01 when the library of its stemmer is not there. */
int ts_dict_load(const TsDict *d, Error *err);

/* Stemmers in use; zero-initialised is empty. Not shared between threads. */
typedef struct TsStemmers {
	const TsDict *dict[2];
	void *stemmer[2];
} TsStemmers;
void ts_stemmers_clear(TsStemmers *s);

/* The lexeme of a word; p == NULL for a stop word. */
Str ts_lexize(TsStemmers *s, const TsDict *d, Str word, Arena *a);

#endif
