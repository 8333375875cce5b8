/*
 * Extensions that are built in: what PostgreSQL's contrib modules define, as tables (gen_extension.c). Making one in a file gives it a
 * block of OIDs; loading the file's catalog turns the table's numbers into them, so that each database has its own.
 */
#ifndef US_CATALOG_EXTENSION_H
#define US_CATALOG_EXTENSION_H

#include "catalog/catalog.h"

/* Objects of the extension itself have numbers with this bit in its tables. Type k has 2k and its array 2k+1. */
#define EXTENSION_OWN 0x80000000u

struct Extension {
	const char *name, *version, *comment;
	bool relocatable, trusted;
	uint32_t noids;
	const PgType *types;
	size_t ntypes;
	const PgProc *procs; /* by name */
	size_t nprocs;
	const PgOperator *operators; /* by name */
	size_t noperators;
	const PgCast *casts;
	size_t ncasts;
};
extern const Extension extension_table[];
extern const size_t extension_count;

/* The extension of that name that this program has, or NULL. plpgsql, which every database has, is none of them. */
const Extension *extension_named(const char *name);
/* Whether PostgreSQL's contrib modules or well-known packages have an extension of that name, which this program has not. */
bool extension_is_known(const char *name);

/* One of the rows "oid, name, schema, owner, version, first_oid, types" of _understudy_extension. */
int extension_load(Catalog *c, sqlite3_stmt *s, Error *err);

#endif
