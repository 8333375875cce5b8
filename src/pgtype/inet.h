/* inet and cidr. Stored: the text that PostgreSQL prints; collations pginet and pgcidr give the order. */
#ifndef US_PGTYPE_INET_H
#define US_PGTYPE_INET_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

typedef struct Inet {
	bool v6;
	int bits; /* of the network part */
	uint8_t addr[16];
} Inet;

static inline int inet_max_bits(const Inet *x)
{
	return x->v6 ? 128 : 32;
}
static inline size_t inet_bytes(const Inet *x)
{
	return x->v6 ? 16 : 4;
}

/* Text as a client writes it. cidr allows missing octets, and no bits right of the mask. 22P02. */
int inet_parse(Str text, bool cidr, Inet *out, Error *err);
/* inet_parse for stored text, which is always valid. */
void inet_read(Str text, Inet *out);
/* The address alone, or with its length: always, or (inet) unless the length is full. */
void inet_print_host(const Inet *x, Buf *out);
void inet_print(const Inet *x, bool cidr, Buf *out);
/* abbrev(cidr): without the octets that are no part of the network. */
void inet_print_abbrev(const Inet *x, Buf *out);

int inet_compare(const Inet *x, const Inet *y);
/* Whether the first `bits` bits are the same; families are not looked at. */
bool inet_same_bits(const Inet *x, const Inet *y, int bits);
/* Sets all bits behind the first `bits` to 0 or 1. */
void inet_fill(Inet *x, int bits, bool ones);
/* 22003 when the result is no address, or the difference no bigint; 22023 for different families. */
int inet_add(const Inet *x, int64_t n, Inet *out, Error *err);
int inet_subtract(const Inet *x, const Inet *y, int64_t *out, Error *err);

#endif
