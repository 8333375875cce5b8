/* Inside the catalog room: reading the _understudy_* tables into a Catalog. */
#ifndef US_CATALOG_LOAD_H
#define US_CATALOG_LOAD_H

#include "catalog/catalog.h"

/* Fills an empty Catalog (arena set) from the file; -1 with an error when a table cannot be read or does not fit the others. */
int catalog_load_tables(Catalog *c, Db *db, Error *err);
/* The row of an immutable map value behind a const Catalog: relation by OID, for the loader. */
CatRel *catalog_find_rel(const Catalog *c, uint32_t oid);
/* The key of Catalog.rel_by_name and type_by_name, written into buf. */
Str catalog_name_key(char *buf, size_t cap, uint32_t schema, const char *name);

/* load.c, for the other loaders: the error of tables that do not fit together; an array in the arena with room for one more; attnums. */
int catalog_damaged(Error *err, const char *what, uint32_t oid);
void *catalog_grow(Catalog *c, void *items, size_t n, size_t size);
int16_t *catalog_attnums(Catalog *c, const char *list, size_t *n);

/* load_program.c: functions and triggers */
int catalog_load_function(Catalog *c, sqlite3_stmt *s, Error *err);
int catalog_load_function_arg(Catalog *c, sqlite3_stmt *s, Error *err);
void catalog_finish_functions(Catalog *c);
int catalog_load_trigger(Catalog *c, sqlite3_stmt *s, Error *err);
int catalog_load_trigger_arg(Catalog *c, sqlite3_stmt *s, Error *err);

#endif
