/* Inside the catalog room: reading the _understudy_* tables into a Catalog. */
#ifndef US_CATALOG_LOAD_H
#define US_CATALOG_LOAD_H

#include "catalog/catalog.h"

/* Fills an empty Catalog (arena set) from the file; -1 with an error when a table cannot be read or does not fit the others. */
int catalog_load_tables(Catalog *c, Db *db, Error *err);
/* Columns of a row, copied into the catalog. */
char *load_text(Catalog *c, sqlite3_stmt *s, int i);
uint32_t load_oid(sqlite3_stmt *s, int i);
char load_char(sqlite3_stmt *s, int i);
void load_note_oid(Catalog *c, uint32_t oid);		      /* an OID of the file; temporary objects get those behind */
int load_damaged(Error *err, const char *what, uint32_t oid); /* -1 */
/* Room for one item more in an array in the arena; arrays grow by doubling at powers of two. */
void *load_grow(Catalog *c, void *items, size_t n, size_t size);
#define APPEND(c, arr, n) (((arr) = load_grow((c), (arr), (n), sizeof *(arr))), &(arr)[(n)++])

/* load_types.c: one row each; then what types say of each other, in this order */
typedef int (*RowFn)(Catalog *c, sqlite3_stmt *s, Error *err);
int load_type(Catalog *c, sqlite3_stmt *s, Error *err);
int load_enum_label(Catalog *c, sqlite3_stmt *s, Error *err);
int load_domain(Catalog *c, sqlite3_stmt *s, Error *err);
int load_domain_check(Catalog *c, sqlite3_stmt *s, Error *err);
int load_range(Catalog *c, sqlite3_stmt *s, Error *err);
void load_link_arrays(Catalog *c);
void load_link_rows(Catalog *c);   /* when the columns are there */
void load_shape_types(Catalog *c); /* at the end */

/* The row of an immutable map value behind a const Catalog: relation by OID, for the loader. */
CatRel *catalog_find_rel(const Catalog *c, uint32_t oid);
void catalog_add_type(Catalog *c, PgType *t, uint32_t schema);
/* The key of Catalog.rel_by_name and type_by_name, written into buf. */
Str catalog_name_key(char *buf, size_t cap, uint32_t schema, const char *name);

/* Attribute numbers, separated by blanks. */
int16_t *load_attnums(Catalog *c, const char *list, size_t *n);

/* load_inherit.c: what tables, indexes and constraints inherit from each other, and partitions */
int load_inherits(Catalog *c, sqlite3_stmt *s, Error *err);
int load_inherited(Catalog *c, sqlite3_stmt *s, Error *err);
int load_typed(Catalog *c, sqlite3_stmt *s, Error *err);
int load_partitioned(Catalog *c, sqlite3_stmt *s, Error *err);
int load_partition_key(Catalog *c, sqlite3_stmt *s, Error *err);
int load_partition_bound(Catalog *c, sqlite3_stmt *s, Error *err);

/* load_program.c: functions and triggers */
int load_function(Catalog *c, sqlite3_stmt *s, Error *err);
int load_function_arg(Catalog *c, sqlite3_stmt *s, Error *err);
void load_finish_functions(Catalog *c);
int load_trigger(Catalog *c, sqlite3_stmt *s, Error *err);
int load_trigger_arg(Catalog *c, sqlite3_stmt *s, Error *err);

#endif
