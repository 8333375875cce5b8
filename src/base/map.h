/*
 * Hash maps from byte strings or 64-bit numbers to pointers. Keys are copied; values belong to the caller.
 * Zero-initialised is empty; the owner frees it with map_free.
 */
#ifndef US_BASE_MAP_H
#define US_BASE_MAP_H

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

typedef struct MapEntry {
	char *key; /* NUL-terminated copy; NULL marks a free slot */
	size_t key_len;
	uint64_t hash;
	void *value;
} MapEntry;

typedef struct Map {
	MapEntry *slots;
	size_t count, cap;
} Map;

void *map_get(const Map *m, Str key);
/* Sets or replaces; returns the value that was there before, or NULL. `value` must not be NULL. */
void *map_put(Map *m, Str key, void *value);
/* Removes; returns the value that was there, or NULL. */
void *map_remove(Map *m, Str key);
void map_free(Map *m);
/* Iterates in no particular order: start with *at = 0; returns NULL at the end. The map must not change meanwhile. */
MapEntry *map_next(const Map *m, size_t *at);

static inline Str map_u64_key(const uint64_t *k)
{
	return (Str){ (const char *)k, sizeof *k };
}

#endif
