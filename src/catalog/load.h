/* Inside the catalog room: reading the _understudy_* tables into a Catalog. */
#ifndef US_CATALOG_LOAD_H
#define US_CATALOG_LOAD_H

#include "catalog/catalog.h"

/* Fills an empty Catalog (arena set) from the file; -1 with an error when a table cannot be read or does not fit the others. */
int catalog_load_tables(Catalog *c, Db *db, Error *err);
/* The row of an immutable map value behind a const Catalog: relation by OID, for the loader. */
CatRel *catalog_find_rel(const Catalog *c, uint32_t oid);
void catalog_add_type(Catalog *c, PgType *t, uint32_t schema);
/* The key of Catalog.rel_by_name and type_by_name, written into buf. */
Str catalog_name_key(char *buf, size_t cap, uint32_t schema, const char *name);

#endif
