/*
 * Memory, the one idiom of this program.
 *
 * - mem_alloc and friends never return NULL: when the machine has no memory left the process says so and aborts.
 *   Every acknowledged write is on disk by then, so a restart loses nothing.
 * - An Arena frees many small allocations at once. Whoever creates an arena frees it; functions that
 *   take one allocate their results from it and say so by taking it.
 * - `_cleanup_(fn)` runs fn(&variable) when the variable leaves its scope.
 */
#ifndef US_BASE_MEM_H
#define US_BASE_MEM_H

#include "base/err.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

void *mem_alloc(size_t n); /* zeroed */
void *mem_realloc(void *p, size_t n);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) US_PRINTF(1, 2);

/* Grows an array so that it can hold `want` items of `size` bytes; *cap is updated. */
void *mem_grow(void *p, size_t *cap, size_t want, size_t size);

static inline void mem_freep(void *pp)
{
	void **p = pp;
	free(*p);
	*p = NULL;
}

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *a);
void arena_freep(Arena **a);
/* Frees everything allocated, keeps the first block for reuse. */
void arena_reset(Arena *a);
/* Bytes held from the system, for limits and metrics. */
size_t arena_size(const Arena *a);

void *arena_alloc(Arena *a, size_t n); /* zeroed, aligned for any type */
void *arena_dup(Arena *a, const void *p, size_t n);
void *arena_dup_more(Arena *a, const void *p, size_t n, size_t more); /* and `more` zero bytes behind them */
char *arena_strdup(Arena *a, const char *s);			      /* NULL gives NULL */
char *arena_strndup(Arena *a, const char *s, size_t n);		      /* always NUL-terminated */
char *arena_printf(Arena *a, const char *fmt, ...) US_PRINTF(2, 3);

#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

#endif
