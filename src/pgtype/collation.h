/* The collations that are known: those of pg_catalog whose order is that of the bytes, and ICU's. */
#ifndef US_PGTYPE_COLLATION_H
#define US_PGTYPE_COLLATION_H

#include "pgtype/icu.h"

#include <stdint.h>

enum { COLL_DEFAULT = 100, COLL_C = 950, COLL_POSIX = 951, COLL_UCS_BASIC = 12340, COLL_C_UTF8 = 12341, COLL_FIRST_ICU = 12342 };

typedef struct Collation {
	uint32_t oid;
	const char *name;
	const char *locale; /* of the C library; NULL for "default" */
	int encoding;
} Collation;

extern const Collation collations_of_bytes[];
extern const size_t collations_of_bytes_count;

/* 0 when there is none of the name. */
uint32_t collation_named(const char *name);
static inline bool collation_is_icu(uint32_t oid)
{
	return oid >= COLL_FIRST_ICU;
}
/* Letters are those of ASCII only. */
static inline bool collation_is_ascii(uint32_t oid)
{
	return oid == COLL_C || oid == COLL_POSIX || oid == COLL_UCS_BASIC;
}
/* Its name in `a`, or NULL. */
const char *collation_name(uint32_t oid, Arena *a);

#endif
