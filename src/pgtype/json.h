/*
 * json and jsonb. The stored form of json is the text as given; that of jsonb is PostgreSQL's canonical text: keys ordered by length,
 * then bytes, the last of equal keys kept, numbers as numeric prints them, `{"a": 1, "b": [1, 2]}`.
 *
 * A document is a tree of Json nodes in an arena.
 */
#ifndef US_PGTYPE_JSON_H
#define US_PGTYPE_JSON_H

#include "pgtype/pgtype.h"

/* jsonb's order of kinds. JSON_DATETIME is only met while a jsonpath is evaluated (jsonpath_exec.h). */
typedef enum { JSON_NULL, JSON_STRING, JSON_NUMBER, JSON_BOOL, JSON_ARRAY, JSON_OBJECT, JSON_DATETIME } JsonKind;

typedef struct Json Json;
typedef struct JsonPair {
	Str key; /* decoded */
	Json *value;
} JsonPair;

struct Json {
	JsonKind kind;
	bool b;
	Str s;	 /* STRING decoded; NUMBER as text */
	Str raw; /* where the value stands in the text it was parsed from; empty for values made here */
	size_t n, cap;
	Json **items;	 /* ARRAY */
	JsonPair *pairs; /* OBJECT; in jsonb sorted and unique, in json as written */
};

/* Documents nested deeper are refused with 54001, as PostgreSQL does when its stack ends. */
#define JSON_MAX_DEPTH 4000

/* Parses. `canonical` gives jsonb: sorted unique keys, normal numbers, \u0000 refused with 22P05. Otherwise keys and numbers stay as
 * written and strings hold their decoded text where they can (raw always holds). Points into `text`, which must outlive the tree. NULL with
 * 22P02 on bad syntax. */
Json *json_parse(Str text, bool canonical, Arena *a, Error *err);
/* Syntax check only, no tree. */
int json_validate(Str text, Error *err);

Json *json_new(JsonKind kind, Arena *a);
Json *json_new_string(Str s, Arena *a);
Json *json_new_bool(bool b, Arena *a);
/* `s` is a number's text; it is brought to jsonb's form. 22003 when it is too large. */
Json *json_new_number(Str s, Arena *a, Error *err);
void json_append(Json *array, Json *item, Arena *a);
/* Adds at the end; call json_sort_keys when the object is complete. */
void json_add_pair(Json *object, Str key, Json *value, Arena *a);
void json_sort_keys(Json *object);
/* The value of a key; the last one in an unsorted object. NULL when there is none. */
Json *json_get(const Json *object, Str key);
/* Element by index, negative from the end. NULL when there is none. */
Json *json_at(const Json *array, int64_t index);

/* jsonb's canonical text. */
void json_print(const Json *j, Buf *out);
/* jsonb_pretty */
void json_print_pretty(const Json *j, Buf *out);
/* A JSON string literal with its quotes. */
void json_print_string(Str s, Buf *out);
/* The order of jsonb's btree operator class. */
int json_compare(const Json *x, const Json *y);
bool json_contains(const Json *x, const Json *y);
const char *json_kind_name(JsonKind k);

#endif
