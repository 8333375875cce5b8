/* xid8, tid and pg_lsn. Stored: the text that PostgreSQL prints; collations of their names give the order. */
#ifndef US_PGTYPE_SYSID_H
#define US_PGTYPE_SYSID_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

typedef struct Tid {
	uint32_t block;
	uint16_t offset;
} Tid;

uint64_t xid8_read(Str stored);
Tid tid_read(Str stored);
int lsn_parse(Str text, uint64_t *out, Error *err); /* 22P02 */
void lsn_print(uint64_t lsn, Buf *out);

#endif
