/* A counted string that somebody else owns. Not NUL-terminated unless its source says so. */
#ifndef US_BASE_STR_H
#define US_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
	const char *p;
	size_t n;
} Str;

/* For printf's %.*s */
#define STR_ARG(s) (int)(s).n, (s).p

static inline Str str_of(const char *s)
{
	return (Str){ s, s ? strlen(s) : 0 };
}

static inline bool str_eq(Str a, Str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(Str a, const char *s)
{
	return str_eq(a, str_of(s));
}

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* ASCII only, as PostgreSQL compares keywords. */
bool str_ieq(Str a, Str b);
bool str_iis(Str a, const char *s);
bool str_starts(Str a, const char *prefix);
Str str_trim(Str a);

/* Number of characters (not bytes) in valid UTF-8. */
size_t utf8_length(const char *p, size_t n);
/* True when the bytes are valid UTF-8 as PostgreSQL defines it (no surrogates, no overlong forms, no NUL, at most U+10FFFF). */
bool utf8_valid(const char *p, size_t n);

/* One code point from valid UTF-8; *len is its length in bytes. */
uint32_t utf8_decode(const char *p, size_t n, size_t *len);
/* Writes at most four bytes and returns how many. */
size_t utf8_encode(uint32_t c, char *out);

#endif
