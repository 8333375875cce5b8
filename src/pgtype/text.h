/* Text of every kind; characters are UTF-8 characters. */
#ifndef US_PGTYPE_TEXT_H
#define US_PGTYPE_TEXT_H

#include "base/str.h"

#include <stdint.h>

/* Bytes in the UTF-8 character at p (n > 0 bytes left); never more than n. */
size_t utf8_char_bytes(const char *p, size_t n);
/* Byte offset of character number `chars` (0-based), or s.n when the string is shorter. */
size_t utf8_offset(Str s, size_t chars);
/* Without its trailing blanks. */
Str text_rtrim_blanks(Str s);

/* "char" is one byte, 0 for none. Its text: the character, or a backslash and three octal digits. Its stored form: see val.h. */
uint8_t char_parse(Str text);
uint8_t char_byte(Str stored);
size_t char_store(uint8_t c, char out[2]);
size_t char_print(uint8_t c, char out[4]);

#endif
