/* bit and bit varying. Stored: a text of 0s and 1s, whose order is PostgreSQL's. */
#ifndef US_PGTYPE_BITS_H
#define US_PGTYPE_BITS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum { BITS_MAX = 0x7ffffff8 };

/* A literal: binary digits with b before them or nothing, hexadecimal ones with x. 22P02, 54000. */
int bits_parse(Str text, Buf *out, Error *err);
/* The `count` lowest bits of a number, its sign repeated in front. */
void bits_from_int(int64_t v, int count, Buf *out);
/* The number that at most `width` bits make; 22003 when there are more. */
int bits_to_int(Str bits, int width, int64_t *out, Error *err);
/* The part from place `start` (from 1) on; len < 0 takes all the rest. */
Str bits_part(Str bits, int64_t start, int64_t len);

#endif
