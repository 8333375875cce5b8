/* bytea in text: hex and escape form. */
#ifndef US_PGTYPE_BYTEA_H
#define US_PGTYPE_BYTEA_H

#include "base/buf.h"
#include "base/err.h"

/* PostgreSQL's byteain; appends the bytes. 22P02, 22023. */
int bytea_parse(Str text, Buf *out, Error *err);
void bytea_print(Str bytes, bool escape, Buf *out);
/* Hex digits without the \x, blanks allowed between pairs. 22023. */
int hex_decode(Str text, Buf *out, Error *err);
void hex_encode(Str bytes, Buf *out);

#endif
