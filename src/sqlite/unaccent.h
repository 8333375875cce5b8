/* What unaccent writes for a character, by code point (generated). Room-internal. */
#ifndef US_SQLITE_UNACCENT_H
#define US_SQLITE_UNACCENT_H

#include <stddef.h>
#include <stdint.h>

typedef struct Unaccent {
	uint32_t code;
	const char *text;
} Unaccent;
extern const Unaccent unaccent_table[];
extern const size_t unaccent_count;

#endif
