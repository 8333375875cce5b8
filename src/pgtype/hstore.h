/* hstore: text keys with text values. Stored as PostgreSQL prints it: "a"=>"1", "bb"=>NULL; shorter keys first, then by bytes. */
#ifndef US_PGTYPE_HSTORE_H
#define US_PGTYPE_HSTORE_H

#include "pgtype/pgtype.h"

typedef struct HPair {
	Str key, value;
	bool null;
} HPair;

typedef struct HStore {
	HPair *pairs; /* in order, keys unique, once hstore_finish was called */
	size_t n, cap;
} HStore;

/* A client's text or a stored value. */
int hstore_parse(Str text, Arena *a, HStore *out, Error *err);
void hstore_add(HStore *h, Str key, const Str *value, Arena *a); /* value NULL: NULL */
/* Sorts; of equal keys the first stays. */
void hstore_finish(HStore *h);
const HPair *hstore_find(const HStore *h, Str key);
bool hstore_same(const HPair *x, const HPair *y);
void hstore_print(const HStore *h, Buf *out);
/* As a JSON object of strings; loose: t and f become booleans, and what looks like a number one. */
void hstore_print_json(const HStore *h, bool loose, Buf *out);
bool hstore_is_number(Str s);

#endif
