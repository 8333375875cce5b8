/*
 * Partitioned tables: where a row belongs, and what bounds and keys look like. Also which tables a tree of inheritance has.
 *
 * The rows of a partition are in a table of its own in the file; that of the partitioned table stays empty. Every partition has a
 * CHECK that asks partition_child of each table above it, so that no way of writing can put a row where it does not belong.
 */
#ifndef US_CATALOG_PARTITION_H
#define US_CATALOG_PARTITION_H

#include "base/buf.h"
#include "catalog/catalog.h"

#define PARTITION_CHECK "~partition~" /* the name of that CHECK, before the OID of the table */

/* The partition of `r` for these values of its key, or NULL. */
const CatRel *partition_child(const CatRel *r, const Val *key);
/* Whether a partition whose table has this key could hold a row of that key; not for default ones. */
bool partition_holds(const CatPartKey *key, const CatBound *b, const Val *vals);
CatRel *partition_default(const CatRel *r); /* its default partition, or NULL */
/* The first partition of `r` but `not`, whose bound has values in common with `b`; NULL when there is none. */
const CatRel *partition_overlap(const CatRel *r, const CatBound *b, const CatRel * not );
/* Order of two bounds of a range; `upper` says of each that it is an upper one, which comes before a lower one of the same values. */
int partition_compare(const CatPartKey *key, const CatDatum *x, const CatDatum *y);

/* "FOR VALUES FROM (1) TO (2)", "DEFAULT"; values as PostgreSQL shows them. */
void partition_put_bound(const CatPartKey *key, const CatBound *b, const TypeEnv *types, Buf *out);
void partition_put_value(const PgType *t, const CatDatum *d, const TypeEnv *types, Buf *out);

/* `r` and everything below it, parents before their children; NULL-terminated. */
const CatRel **partition_tree(const CatRel *r, Arena *a, size_t *n);
/* The table at the top of a tree of partitions. */
const CatRel *partition_root(const CatRel *r);

#endif
