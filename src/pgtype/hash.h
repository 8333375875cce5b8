/* PostgreSQL's 64-bit hashes of values, by which partitions of hashed tables are chosen: the same value has the same hash there. */
#ifndef US_PGTYPE_HASH_H
#define US_PGTYPE_HASH_H

#include "pgtype/pgtype.h"

#define HASH_PARTITION_SEED UINT64_C(0x7A5B22367996DCFD)

/* Whether type_hash knows the type. */
bool type_is_hashable(const PgType *t);
/* Of a stored value that is not NULL. */
uint64_t type_hash(const PgType *t, const Val *v, uint64_t seed);
uint64_t hash_combine(uint64_t a, uint64_t b);

#endif
