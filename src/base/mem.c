#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

enum { ARENA_FIRST = 4096, ARENA_MAX_BLOCK = 256 * 1024, ARENA_ALIGN = 16 };

typedef struct Block {
	struct Block *next;
	size_t cap, used;
	_Alignas(ARENA_ALIGN) unsigned char data[];
} Block;

struct Arena {
	Block *head;
	size_t size;
};

static void out_of_memory(size_t n)
{
	fprintf(stderr, "understudy: out of memory (wanted %zu bytes)\n", n);
	abort();
}

void *mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);
	if (!p)
		out_of_memory(n);
	return p;
}

void *mem_realloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);
	if (!q)
		out_of_memory(n);
	return q;
}

char *mem_strndup(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1);
	memcpy(p, s, n);
	return p;
}

char *mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *out = NULL;
	if (vasprintf(&out, fmt, ap) < 0)
		out_of_memory(0);
	va_end(ap);
	return out;
}

void *mem_grow(void *p, size_t *cap, size_t want, size_t size)
{
	if (want <= *cap)
		return p;
	size_t next = *cap ? *cap * 2 : 8;
	if (next < want)
		next = want;
	if (next > SIZE_MAX / size)
		out_of_memory(SIZE_MAX);
	p = mem_realloc(p, next * size);
	memset((char *)p + *cap * size, 0, (next - *cap) * size);
	*cap = next;
	return p;
}

static Block *block_new(Arena *a, size_t cap)
{
	Block *b = malloc(sizeof *b + cap);
	if (!b)
		out_of_memory(cap);
	b->next = a->head;
	b->cap = cap;
	b->used = 0;
	a->head = b;
	a->size += cap;
	return b;
}

Arena *arena_new(void)
{
	Arena *a = mem_alloc(sizeof *a);
	block_new(a, ARENA_FIRST);
	return a;
}

void arena_free(Arena *a)
{
	if (!a)
		return;
	for (Block *b = a->head; b;) {
		Block *next = b->next;
		free(b);
		b = next;
	}
	free(a);
}

void arena_freep(Arena **a)
{
	arena_free(*a);
	*a = NULL;
}

void arena_reset(Arena *a)
{
	while (a->head->next) {
		Block *b = a->head;
		a->head = b->next;
		a->size -= b->cap;
		free(b);
	}
	a->head->used = 0;
}

size_t arena_size(const Arena *a)
{
	return a->size;
}

void *arena_alloc(Arena *a, size_t n)
{
	if (n > SIZE_MAX - ARENA_ALIGN)
		out_of_memory(n);
	n = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	Block *b = a->head;
	if (b->cap - b->used < n) {
		size_t cap = b->cap * 2 > ARENA_MAX_BLOCK ? ARENA_MAX_BLOCK : b->cap * 2;
		b = block_new(a, n > cap ? n : cap);
	}
	void *p = b->data + b->used;
	b->used += n;
	memset(p, 0, n);
	return p;
}

void *arena_dup(Arena *a, const void *p, size_t n)
{
	return arena_dup_more(a, p, n, 0);
}

void *arena_dup_more(Arena *a, const void *p, size_t n, size_t more)
{
	char *q = arena_alloc(a, n + more ? n + more : 1);
	if (n)
		memcpy(q, p, n);
	memset(q + n, 0, more);
	return q;
}

char *arena_strndup(Arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);
	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_strdup(Arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(Arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}
