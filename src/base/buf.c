#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void buf_free(Buf *b)
{
	free(b->data);
	*b = (Buf){ 0 };
}

uint8_t *buf_reserve(Buf *b, size_t n)
{
	if (b->cap - b->len < n) {
		size_t want = b->len + n;
		size_t cap = b->cap ? b->cap : 64;
		while (cap < want)
			cap *= 2;
		b->data = mem_realloc(b->data, cap);
		b->cap = cap;
	}
	return b->data + b->len;
}

void buf_put(Buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_reserve(b, n), p, n);
	b->len += n;
}

void buf_put_u8(Buf *b, uint8_t v)
{
	*buf_reserve(b, 1) = v;
	b->len++;
}

void buf_put_u16(Buf *b, uint16_t v)
{
	uint8_t *p = buf_reserve(b, 2);
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	b->len += 2;
}

static void write_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void buf_put_u32(Buf *b, uint32_t v)
{
	write_u32(buf_reserve(b, 4), v);
	b->len += 4;
}

void buf_put_u64(Buf *b, uint64_t v)
{
	buf_put_u32(b, (uint32_t)(v >> 32));
	buf_put_u32(b, (uint32_t)v);
}

void buf_puts(Buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_put_cstr(Buf *b, const char *s)
{
	buf_put(b, s, strlen(s) + 1);
}

void buf_put_str(Buf *b, Str s)
{
	buf_put(b, s.p, s.n);
}

void buf_printf(Buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	vsnprintf((char *)buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
}

void buf_set_u32(Buf *b, size_t at, uint32_t v)
{
	assert(at + 4 <= b->len);
	write_u32(b->data + at, v);
}

void buf_consume(Buf *b, size_t n)
{
	assert(n <= b->len);
	if (b->len > n)
		memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

const char *buf_cstr(Buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return (const char *)b->data;
}
