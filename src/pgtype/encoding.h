/* PostgreSQL's character sets of one byte per character, to and from UTF-8. The file itself knows only UTF-8. */
#ifndef US_PGTYPE_ENCODING_H
#define US_PGTYPE_ENCODING_H

#include "base/buf.h"
#include "base/err.h"

enum { ENCODING_NONE = -1, ENCODING_SQL_ASCII = 0, ENCODING_UTF8 = 6, ENCODING_COUNT = 42 };

/* The number of an encoding by any of its names (case and punctuation do not matter), or ENCODING_NONE. */
int encoding_named(Str name);
/* "" when there is no such number. */
const char *encoding_name(int encoding);
/* False for those that have several bytes per character, UTF-8 among them, and for SQL_ASCII. */
bool encoding_is_single_byte(int encoding);
/* What iconv calls one of those; NULL for the others. */
const char *encoding_libc_name(int encoding);

/* 22021 for a zero byte, 22P05 for what has no equivalent. */
int encoding_to_utf8(int encoding, Str s, Buf *out, Error *err);
/* `s` is valid UTF-8. */
int encoding_from_utf8(int encoding, Str s, Buf *out, Error *err);

#endif
