/*
 * pg_catalog's relations as eponymous SQLite virtual tables "pg_catalog.<name>". Each relation has a producer that puts its rows
 * into a RowSink; rows are made when a cursor opens, from the Catalog in FnEnv.
 */
#ifndef US_CATALOG_VTAB_H
#define US_CATALOG_VTAB_H

#include "catalog/builtin.h"
#include "catalog/catalog.h"
#include "catalog/sessionvars.h"
#include "sqlite/vtab_set.h"

typedef struct RowSink {
	Arena *a;
	const PgCatRel *rel;
	const Catalog *cat;
	const SessionVars *session; /* may be NULL */
	Val **rows;
	size_t n, cap;
	size_t next; /* where the next column by name is expected */
} RowSink;

/* The rows of the relations that follow from a catalog alone, made when they are first asked for; shared by all connections. */
struct CatalogRows *catalog_rows_new(void);
void catalog_rows_free(struct CatalogRows *rows);

typedef void (*RowProducer)(RowSink *s);

/* Starts a row: every cell NULL. */
void row_new(RowSink *s);
void row_int(RowSink *s, const char *column, int64_t v);
void row_text(RowSink *s, const char *column, const char *v); /* NULL gives NULL; copies nothing: must outlive the cursor or be in s->a */
void row_char(RowSink *s, const char *column, char c);
/* Microseconds since 2000-01-01 UTC; 0 gives NULL. */
void row_time(RowSink *s, const char *column, int64_t us);

typedef struct NamedProducer {
	const char *name;
	RowProducer fn;
} NamedProducer;
/* Ended by a NULL name: the objects in the file; the server and its builtin objects; text search; dependencies; extensions. */
extern const NamedProducer catalog_producers[], catalog_producers_server[], catalog_producers_ts[], catalog_producers_depend[],
	catalog_producers_extension[], catalog_producers_zone[];

/* producers_partition.c */
void catalog_produce_inherits(RowSink *s);
void catalog_produce_partitioned(RowSink *s);

/* The rows of builtin.h's PgCatRows. */
void catalog_produce_shown(RowSink *s);

/* pg_am.oid of an index access method; btree's for a name that is none. */
uint32_t catalog_method_oid(const char *name);

/* OIDs of what the file does not number: they stay the same and are unique in their relation. */
static inline uint32_t catalog_attrdef_oid(const CatRel *r, const CatColumn *c)
{
	return (uint32_t)(0x80000000u + r->oid * 64u + (uint32_t)c->attnum);
}
static inline uint32_t catalog_rewrite_oid(const CatRel *view)
{
	return 0x40000000u + view->oid;
}

/* The producer of a relation; *lasting when its rows follow from the catalog alone. NULL with *empty true: PostgreSQL 15 shows no rows for
 * what this program can hold. */
RowProducer catalog_producer(const char *relation, bool *empty, bool *lasting);

/* Registers every virtual table on a connection. `env` must outlive it. */
int catalog_register(sqlite3 *h, FnEnv *env, Error *err);

/* This room's tables of functions, NULL-terminated: to be added to the sqlite room's at start. */
extern const SqliteFn *const catalog_fn_tables[];
/* Set-returning functions. */
extern const SetFn catalog_sets[];
extern const SqliteFn catalog_fn_system[], catalog_fn_info[], catalog_fn_index[], catalog_fn_acl[], catalog_fn_random[],
	catalog_fn_trigram[], catalog_fn_session[], catalog_fn_partition[];

#endif
