/* Text of every kind; characters are UTF-8 characters. */
#ifndef US_PGTYPE_TEXT_H
#define US_PGTYPE_TEXT_H

#include "base/str.h"

/* Bytes in the UTF-8 character at p (n > 0 bytes left); never more than n. */
size_t utf8_char_bytes(const char *p, size_t n);
/* Byte offset of character number `chars` (0-based), or s.n when the string is shorter. */
size_t utf8_offset(Str s, size_t chars);
/* Without its trailing blanks. */
Str text_rtrim_blanks(Str s);

#endif
