/* PostgreSQL's character sets, to and from UTF-8. The file itself knows only UTF-8. */
#ifndef US_PGTYPE_ENCODING_H
#define US_PGTYPE_ENCODING_H

#include "base/buf.h"
#include "base/err.h"

enum { ENCODING_NONE = -1, ENCODING_SQL_ASCII = 0, ENCODING_UTF8 = 6, ENCODING_MULE_INTERNAL = 7, ENCODING_COUNT = 42 };

/* The number of an encoding by any of its names (case and punctuation do not matter), or ENCODING_NONE. */
int encoding_named(Str name);
/* "" when there is no such number. */
const char *encoding_name(int encoding);
/* True for UTF-8 and for those that can be converted to it here. */
bool encoding_is_known(int encoding);
/* What iconv calls one of those; NULL for the others. */
const char *encoding_libc_name(int encoding);

/* Converts between UTF-8 and one other encoding; belongs to one thread at a time. */
typedef struct Recoder Recoder;

/* NULL and 0A000 when this encoding cannot be converted here. */
Recoder *recoder_new(int encoding, Error *err);
void recoder_free(Recoder *r); /* NULL does nothing */
int recoder_encoding(const Recoder *r);
/* To UTF-8, appended to `out`: 22021 for what is no character (and a zero byte), 22P05 for what has no equivalent. */
int recoder_decode(Recoder *r, Str s, Buf *out, Error *err);
/* From UTF-8, which `s` must be. */
int recoder_encode(Recoder *r, Str s, Buf *out, Error *err);
/* The texts of an error that is to be sent. When one has no equivalent, `e` becomes the error that says so. */
void recoder_encode_error(Recoder *r, Error *e);
/* How many bytes of `s` are whole characters: the last may have been cut off. */
size_t recoder_whole(const Recoder *r, Str s);

/* The same for one text. */
int encoding_to_utf8(int encoding, Str s, Buf *out, Error *err);
int encoding_from_utf8(int encoding, Str s, Buf *out, Error *err);
/* The number of characters; 22021 for what is none. */
int encoding_length(int encoding, Str s, size_t *chars, Error *err);

/* Where PostgreSQL's tables differ from the C library's (gen_encoding.c): `n` characters from `c` on are the codes from `code` on. Code 0:
 * they have none; character 0: the code is none. Sorted by encoding. */
typedef struct EncodingRun {
	uint8_t encoding;
	uint16_t n;
	uint32_t c, code;
} EncodingRun;

extern const EncodingRun encoding_runs[];
extern const size_t encoding_nruns;

#endif
