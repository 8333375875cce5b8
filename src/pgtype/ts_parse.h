/* Splitting text into tokens: PostgreSQL's default parser. */
#ifndef US_PGTYPE_TS_PARSE_H
#define US_PGTYPE_TS_PARSE_H

#include "base/str.h"

/* PostgreSQL's numbers. */
typedef enum TsTokenType {
	TS_ASCIIWORD = 1,
	TS_WORD,
	TS_NUMWORD,
	TS_EMAIL,
	TS_URL,
	TS_HOST,
	TS_SFLOAT,
	TS_VERSION,
	TS_HWORD_NUMPART,
	TS_HWORD_PART,
	TS_HWORD_ASCIIPART,
	TS_BLANK,
	TS_TAG,
	TS_PROTOCOL,
	TS_NUMHWORD,
	TS_ASCIIHWORD,
	TS_HWORD,
	TS_URL_PATH,
	TS_FILE,
	TS_FLOAT,
	TS_INT,
	TS_UINT,
	TS_ENTITY
} TsTokenType;

typedef struct TsToken {
	TsTokenType type;
	Str s;
} TsToken;

typedef struct TsParser {
	const char *p, *end;
	const char *part, *part_end; /* what is still to be given of a compound: its parts, or host and path of a URL */
	bool url, after_compound;
	bool silent; /* inside <script> or <style>: nothing but tags is seen */
} TsParser;

void ts_parser_init(TsParser *ps, Str text);
/* False at the end. */
bool ts_parser_next(TsParser *ps, TsToken *out);

/* Lower case as PostgreSQL's C.UTF-8 databases change it, appended to `out` (a Buf). */
struct Buf;
void ts_lower(Str s, struct Buf *out);
/* Whether the character at p is a letter or a digit, and its length. */
bool ts_in_word(const char *p, const char *end, size_t *len);

#endif
