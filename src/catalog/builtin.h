/*
 * PostgreSQL 15's own functions, operators, casts and aggregates, generated from its catalogs by scripts/gen_catalog.py
 * (gen_proc.c, gen_operator.c, gen_cast.c). Facts with PostgreSQL's OIDs; never edited by hand.
 */
#ifndef US_CATALOG_BUILTIN_H
#define US_CATALOG_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct PgProc {
	uint32_t oid;
	const char *name;
	const char *src; /* prosrc; for SQL-language functions the empty string */
	char kind;	 /* f function, a aggregate, w window, p procedure */
	bool strict, retset;
	char volatility; /* i s v */
	uint32_t rettype;
	uint32_t variadic; /* element type, or 0 */
	uint8_t nargs, ndefaults;
	const uint32_t *args;	     /* input argument types */
	const char *const *argnames; /* names of input arguments for name => value calls; may be NULL */
	uint8_t nout;		     /* output columns of functions that return record, else 0 */
	const uint32_t *out_types;
	const char *const *out_names;
	const char *const *defaults; /* PostgreSQL expression texts of the last ndefaults input arguments, or NULL */
} PgProc;

typedef struct PgOperator {
	uint32_t oid;
	const char *name;
	uint32_t left, right, result; /* left 0 = prefix */
	uint32_t proc;
	uint32_t commutator, negator;
	bool hashes, merges;
} PgOperator;

typedef struct PgCast {
	uint32_t oid, source, target, func; /* func 0: binary coercible or by I/O */
	char context;			    /* i implicit, a assignment, e explicit */
	char method;			    /* f function, b binary, i inout */
} PgCast;

typedef struct PgAggregate {
	uint32_t proc;
	char kind; /* n normal, o ordered set, h hypothetical */
	uint8_t ndirect;
} PgAggregate;

/* All rows with this name, contiguous in the table; *n = 0 when none. */
const PgProc *pgproc_named(const char *name, size_t *n);
const PgProc *pgproc_by_oid(uint32_t oid);
const PgProc *pgproc_all(size_t *n);
const PgOperator *pgoperator_named(const char *name, size_t *n);
const PgOperator *pgoperator_by_oid(uint32_t oid);
const PgOperator *pgoperator_all(size_t *n);
const PgCast *pgcast_find(uint32_t source, uint32_t target);
const PgCast *pgcast_all(size_t *n);
const PgAggregate *pgaggregate_of(uint32_t proc);

/* Columns of the pg_catalog relations, generated too. */
typedef struct PgCatColumn {
	const char *name;
	uint32_t type;
	bool not_null;
} PgCatColumn;
typedef struct PgCatRel {
	uint32_t oid, rowtype;
	const char *name;
	char kind; /* r table, v view */
	uint16_t ncols;
	const PgCatColumn *cols;
} PgCatRel;
const PgCatRel *pgcatrel_all(size_t *n);

/* Rows of a catalog relation that are only shown: the columns' text separated by blanks, "-" for NULL. */
typedef struct PgCatRows {
	const char *rel;
	const char *const *rows;
	size_t n;
} PgCatRows;
const PgCatRows *pgcatrows_of(const char *rel); /* NULL when there are none */

#endif
