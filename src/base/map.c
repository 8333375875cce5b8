#include "base/map.h"

#include "base/mem.h"

#include <xxhash.h>

static size_t slot_of(const Map *m, Str key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);
	while (m->slots[i].key) {
		MapEntry *e = &m->slots[i];
		if (e->hash == hash && e->key_len == key.n && memcmp(e->key, key.p, key.n) == 0)
			break;
		i = (i + 1) & (m->cap - 1);
	}
	return i;
}

static void grow(Map *m)
{
	Map next = { .cap = m->cap ? m->cap * 2 : 8, .count = m->count };
	next.slots = mem_alloc(next.cap * sizeof *next.slots);
	for (size_t i = 0; i < m->cap; i++) {
		MapEntry *e = &m->slots[i];
		if (e->key)
			next.slots[slot_of(&next, (Str){ e->key, e->key_len }, e->hash)] = *e;
	}
	free(m->slots);
	*m = next;
}

void *map_get(const Map *m, Str key)
{
	if (m->count == 0)
		return NULL;
	return m->slots[slot_of(m, key, XXH3_64bits(key.p, key.n))].value;
}

void *map_put(Map *m, Str key, void *value)
{
	if (m->count * 4 >= m->cap * 3)
		grow(m);
	uint64_t hash = XXH3_64bits(key.p, key.n);
	MapEntry *e = &m->slots[slot_of(m, key, hash)];
	void *old = e->value;
	if (!e->key) {
		e->key = mem_strndup(key.p, key.n);
		e->key_len = key.n;
		e->hash = hash;
		m->count++;
	}
	e->value = value;
	return old;
}

/* Moves later members of the same run back into the hole, so that no tombstones are needed. */
static void close_gap(Map *m, size_t hole)
{
	size_t mask = m->cap - 1;
	for (size_t i = (hole + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (MapEntry){ 0 };
}

void *map_remove(Map *m, Str key)
{
	if (m->count == 0)
		return NULL;
	size_t i = slot_of(m, key, XXH3_64bits(key.p, key.n));
	MapEntry *e = &m->slots[i];
	if (!e->key)
		return NULL;
	void *old = e->value;
	free(e->key);
	m->count--;
	close_gap(m, i);
	return old;
}

void map_free(Map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (Map){ 0 };
}

MapEntry *map_next(const Map *m, size_t *at)
{
	while (*at < m->cap) {
		MapEntry *e = &m->slots[(*at)++];
		if (e->key)
			return e;
	}
	return NULL;
}
