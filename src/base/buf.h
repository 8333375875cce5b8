/*
 * A growing byte buffer. Zero-initialised is empty; the owner frees it with buf_free.
 * Integers are written big-endian, as the PostgreSQL protocol has them.
 */
#ifndef US_BASE_BUF_H
#define US_BASE_BUF_H

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>

typedef struct Buf {
	uint8_t *data;
	size_t len, cap;
} Buf;

void buf_free(Buf *b);
/* Forgets the contents, keeps the memory. */
static inline void buf_clear(Buf *b)
{
	b->len = 0;
}
/* Makes room for n more bytes and returns where they go; the caller then adds to b->len. */
uint8_t *buf_reserve(Buf *b, size_t n);
void buf_put(Buf *b, const void *p, size_t n);
void buf_put_u8(Buf *b, uint8_t v);
void buf_put_u16(Buf *b, uint16_t v);
void buf_put_u32(Buf *b, uint32_t v);
void buf_put_u64(Buf *b, uint64_t v);
/* The string without, or with, its terminating NUL. */
void buf_puts(Buf *b, const char *s);
void buf_put_cstr(Buf *b, const char *s);
void buf_put_str(Buf *b, Str s);
void buf_printf(Buf *b, const char *fmt, ...) US_PRINTF(2, 3);
/* Overwrites four bytes at `at`; used to fill in a length afterwards. */
void buf_set_u32(Buf *b, size_t at, uint32_t v);
/* Drops the first n bytes. */
void buf_consume(Buf *b, size_t n);
/* Makes sure a NUL follows the contents (not counted) and returns them as a C string. */
const char *buf_cstr(Buf *b);

static inline Str buf_str(const Buf *b)
{
	return (Str){ (const char *)b->data, b->len };
}

static inline uint16_t get_u16(const void *p)
{
	const uint8_t *b = p;
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t get_u32(const void *p)
{
	const uint8_t *b = p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t get_u64(const void *p)
{
	return (uint64_t)get_u32(p) << 32 | get_u32((const uint8_t *)p + 4);
}

#endif
