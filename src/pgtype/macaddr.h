/* macaddr and macaddr8. Stored: PostgreSQL's text, lower case with colons; its order as bytes is that of the addresses. */
#ifndef US_PGTYPE_MACADDR_H
#define US_PGTYPE_MACADDR_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum { MAC_BYTES = 6, MAC8_BYTES = 8 };

/* Text as a client writes it. 22P02, 22003. A macaddr8 of six bytes gets ff:fe in its middle. */
int mac_parse(Str text, uint8_t out[MAC_BYTES], Error *err);
int mac8_parse(Str text, uint8_t out[MAC8_BYTES], Error *err);
/* Stored text, to MAC8_BYTES at most; how many bytes there are. */
size_t mac_read(Str text, uint8_t *out);
void mac_print(const uint8_t *mac, size_t n, Buf *out);

#endif
