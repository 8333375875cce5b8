/*
 * GROUP BY in a hash table: one pass over the rows, where SQLite alone would sort them all first.
 *
 *   SELECT g.k1, g.a1, g.a2 FROM pg_groups((SELECT pg_group('bn count sum.int4', key, key, x, y) FROM ...)) AS g
 *
 * pg_group is an aggregate whose result is the table of groups, handed as a pointer to the table-valued function pg_groups. Its first
 * argument says what the others are: a letter per key ('b' equal when their bytes are, 'n' numeric), then a word per aggregate, as
 * group_agg_word gives it; an aggregate without an argument has a NULL there.
 */
#ifndef US_SQLITE_GROUP_H
#define US_SQLITE_GROUP_H

#include "sqlite/fn.h"
#include "sqlite/totals.h"

enum {
	GROUP_KEYS = 16,
	GROUP_AGGS = 40,
	GROUP_WORD = 48,
};
/* More than this in one table of groups fails the statement with GROUP_FULL; it can then run in SQLite's way. */
#define GROUP_MEMORY ((size_t)256 << 20)
#define GROUP_FULL "53400"

/* The word for an aggregate of that name over an argument of that type (0 for none: count(*)); false when groups cannot compute it. */
bool group_agg_word(const char *proname, const PgType *arg, char word[GROUP_WORD]);
/* The letter for a key of that type, 0 when groups cannot tell its values apart. */
char group_key_letter(const PgType *type);

/* pg_groups on a connection; an SQLite result code. */
int group_register(sqlite3 *db, FnEnv *env);
extern const SqliteAgg agg_table_group[]; /* pg_group; ends with a NULL name */

/* --- between group.c and vtab_group.c --- */

typedef struct GroupState {
	union {
		int64_t n;
		IntTotal ints;
		FloatTotal floats;
		NumTotal *nums;
		struct {
			Val best;
			size_t cap; /* of the buffer that holds its bytes */
		};
	};
} GroupState;

typedef struct GroupAgg GroupAgg;
struct GroupAgg {
	const char *word;
	bool sees_null;
	int (*step)(GroupState *s, sqlite3_value *v, const PgType *type, Error *err);
	int (*result)(const GroupState *s, Arena *a, Val *out, Error *err);
	void (*clear)(GroupState *s);
};
const GroupAgg *group_agg_find(Str word);

typedef struct Group {
	uint64_t hash;
	Val *keys;
	GroupState *states;
} Group;

typedef struct GroupTable {
	FnEnv *env;
	Arena *a; /* groups and the bytes of their keys */
	int nkeys, naggs;
	char letters[GROUP_KEYS];
	const GroupAgg *aggs[GROUP_AGGS];
	const PgType *types[GROUP_AGGS];
	Group **list; /* in the order in which they appeared */
	size_t n, cap;
	uint32_t *slots; /* index in list + 1; 0 is free */
	size_t nslots;
} GroupTable;

#define GROUP_POINTER "pg_groups"

#endif
