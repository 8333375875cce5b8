/* The aggregate pg_group: rows into groups. */
#include "sqlite/group.h"

#include "pgtype/numeric.h"

#include <xxhash.h>

enum { FIRST_SLOTS = 64 };

static void table_free(void *arg)
{
	GroupTable *t = arg;
	for (size_t i = 0; i < t->n; i++)
		for (int k = 0; k < t->naggs; k++)
			if (t->aggs[k]->clear)
				t->aggs[k]->clear(&t->list[i]->states[k]);
	free(t->list);
	free(t->slots);
	arena_free(t->a);
	free(t);
}

/* --- the first argument --- */

static Str next_word(Str *s)
{
	size_t n = 0;
	while (n < s->n && s->p[n] != ' ')
		n++;
	Str w = { s->p, n };
	size_t skip = n < s->n ? n + 1 : n;
	*s = (Str){ s->p + skip, s->n - skip };
	return w;
}

static int read_agg(GroupTable *t, Str word)
{
	const char *colon = memchr(word.p, ':', word.n);
	Str name = { word.p, colon ? (size_t)(colon - word.p) : word.n };
	const GroupAgg *agg = t->naggs < GROUP_AGGS ? group_agg_find(name) : NULL;
	if (!agg)
		return -1;
	if (colon) {
		uint32_t oid = 0;
		for (const char *p = colon + 1; p < word.p + word.n; p++)
			oid = oid * 10 + (uint32_t)(*p - '0');
		t->types[t->naggs] = pgtype_builtin(oid);
		if (!t->types[t->naggs])
			return -1;
	}
	t->aggs[t->naggs++] = agg;
	return 0;
}

static int read_spec(GroupTable *t, Str spec)
{
	Str letters = next_word(&spec);
	if (letters.n == 0 || letters.n > GROUP_KEYS)
		return -1;
	memcpy(t->letters, letters.p, letters.n);
	t->nkeys = (int)letters.n;
	while (spec.n)
		if (read_agg(t, next_word(&spec)) != 0)
			return -1;
	return 0;
}

static GroupTable *table_new(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GroupTable *t = mem_alloc(sizeof *t);
	t->env = fn_env(ctx);
	t->a = arena_new();
	if (argc < 2 || read_spec(t, fn_arg_str(argv[0])) != 0 || argc != 1 + t->nkeys + t->naggs) {
		table_free(t);
		fn_raise(ctx, "XX000", "malformed call of pg_group");
		return NULL;
	}
	t->nslots = FIRST_SLOTS;
	t->slots = mem_alloc(sizeof *t->slots * t->nslots);
	return t;
}

/* --- keys --- */

/* 1.50 and 1.5 are one key. */
static Str significant(Str s)
{
	if (!memchr(s.p, '.', s.n))
		return s;
	while (s.n && s.p[s.n - 1] == '0')
		s.n--;
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

static uint64_t hash_key(char letter, const Val *v, uint64_t h)
{
	switch (v->kind) {
	case VAL_INT:
		return XXH3_64bits_withSeed(&v->i, sizeof v->i, h + 1);
	case VAL_REAL: {
		double r = v->r == 0 ? 0 : v->r; /* -0 is 0 */
		return XXH3_64bits_withSeed(&r, sizeof r, h + 2);
	}
	case VAL_TEXT:
	case VAL_BLOB: {
		Str s = letter == 'n' ? significant(v->s) : v->s;
		return XXH3_64bits_withSeed(s.p, s.n, h + 3);
	}
	default:
		return h * 31 + 4;
	}
}

static bool same_key(char letter, const Val *x, const Val *y)
{
	if (x->kind != y->kind)
		return false;
	switch (x->kind) {
	case VAL_INT:
		return x->i == y->i;
	case VAL_REAL:
		return x->r == y->r;
	case VAL_NULL:
		return true;
	default:
		if (letter == 'n')
			return numeric_compare_text(x->s, y->s) == 0;
		return str_eq(x->s, y->s);
	}
}

static bool same_keys(const GroupTable *t, const Group *g, const Val *keys)
{
	for (int i = 0; i < t->nkeys; i++)
		if (!same_key(t->letters[i], &g->keys[i], &keys[i]))
			return false;
	return true;
}

/* --- the table --- */

static void grow(GroupTable *t)
{
	free(t->slots);
	t->nslots *= 2;
	t->slots = mem_alloc(sizeof *t->slots * t->nslots);
	for (size_t i = 0; i < t->n; i++) {
		size_t at = t->list[i]->hash & (t->nslots - 1);
		while (t->slots[at])
			at = (at + 1) & (t->nslots - 1);
		t->slots[at] = (uint32_t)i + 1;
	}
}

static Group *add_group(GroupTable *t, const Val *keys, uint64_t hash, size_t slot)
{
	Group *g = arena_new_of(t->a, Group);
	g->hash = hash;
	g->keys = arena_array(t->a, Val, t->nkeys);
	g->states = arena_array(t->a, GroupState, t->naggs + 1);
	for (int i = 0; i < t->nkeys; i++) {
		g->keys[i] = keys[i];
		if (keys[i].kind == VAL_TEXT || keys[i].kind == VAL_BLOB)
			g->keys[i].s.p = arena_strndup(t->a, keys[i].s.p, keys[i].s.n);
	}
	t->list = mem_grow(t->list, &t->cap, t->n + 1, sizeof *t->list);
	t->list[t->n++] = g;
	t->slots[slot] = (uint32_t)t->n;
	if (t->n * 2 > t->nslots)
		grow(t);
	return g;
}

static Group *find_group(GroupTable *t, const Val *keys)
{
	uint64_t h = 0;
	for (int i = 0; i < t->nkeys; i++)
		h = hash_key(t->letters[i], &keys[i], h);
	size_t at = h & (t->nslots - 1);
	for (; t->slots[at]; at = (at + 1) & (t->nslots - 1)) {
		Group *g = t->list[t->slots[at] - 1];
		if (g->hash == h && same_keys(t, g, keys))
			return g;
	}
	return add_group(t, keys, h, at);
}

static bool is_full(const GroupTable *t)
{
	return (t->n & 0xfff) == 0 && arena_size(t->a) + t->nslots * sizeof *t->slots > GROUP_MEMORY;
}

static void group_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GroupTable **at = sqlite3_aggregate_context(ctx, sizeof *at);
	if (!at || (!*at && !(*at = table_new(ctx, argc, argv))))
		return;
	GroupTable *t = *at;
	Val keys[GROUP_KEYS];
	for (int i = 0; i < t->nkeys; i++)
		keys[i] = fn_arg(argv[1 + i]);
	Group *g = find_group(t, keys);
	if (is_full(t)) {
		fn_raise(ctx, GROUP_FULL, "the groups of this query do not fit the memory for groups");
		return;
	}
	sqlite3_value **args = argv + 1 + t->nkeys;
	for (int i = 0; i < t->naggs; i++) {
		const GroupAgg *agg = t->aggs[i];
		if (!agg->sees_null && sqlite3_value_type(args[i]) == SQLITE_NULL)
			continue;
		if (agg->step(&g->states[i], args[i], t->types[i], &t->env->error) != 0) {
			fn_fail(ctx);
			return;
		}
	}
}

static void group_final(sqlite3_context *ctx)
{
	GroupTable **at = sqlite3_aggregate_context(ctx, 0);
	if (at && *at)
		sqlite3_result_pointer(ctx, *at, GROUP_POINTER, table_free);
}

const SqliteAgg agg_table_group[] = {
	{ "pg_group", -1, 0, group_step, group_final, NULL, NULL },
	{ NULL },
};
