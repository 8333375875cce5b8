/*
 * What PostgreSQL would know of the objects in one SQLite file: schemas, tables, columns, types, constraints, indexes,
 * sequences, views. A Catalog is an immutable snapshot, loaded from the file's _understudy_* tables on a connection (so
 * that a transaction sees its own DDL), shared by reference count.
 *
 * Builtin objects (pg_catalog's types, functions, operators, casts, relations) come from generated tables.
 */
#ifndef US_CATALOG_CATALOG_H
#define US_CATALOG_CATALOG_H

#include "base/map.h"
#include "catalog/builtin.h"
#include "pgtype/pgtype.h"
#include "sqlite/db.h"

enum {
	FIRST_USER_OID = 16384,
	NS_PG_CATALOG = 11,
	NS_PG_TOAST = 99,
	NS_PUBLIC = 2200,
	NS_INFORMATION_SCHEMA = 13000, /* as PostgreSQL 15 numbers it on a fresh cluster is checked by a test */
};

#define FIRST_TEMP_OID 0xE0000000u
#define TEMP_SCHEMA_PREFIX "pg_temp_" /* also of the file's names of what is in such a schema, and of nothing else */

typedef struct CatSchema {
	uint32_t oid, owner;
	char *name;
} CatSchema;

typedef struct CatRole {
	uint32_t oid;
	char *name;
	bool super, inherit, createrole, createdb, login, replication, bypassrls;
	int connlimit;
	char *password, *valid_until; /* NULL = none */
} CatRole;

typedef struct CatMember {
	uint32_t role, member, grantor;
	bool admin;
} CatMember;

/* Privileges on one object, as PostgreSQL's aclitem[]; see acl.h. */
typedef struct AclItem {
	uint32_t grantee, grantor, privs, options; /* grantee 0 = PUBLIC; options: those with the grant option */
} AclItem;

typedef struct CatAcl {
	uint32_t classoid, objoid;
	int32_t objsubid;
	AclItem *items;
	size_t n;
} CatAcl;

/* COMMENT ON: classoid is the OID of the pg_catalog table the object stands in. */
typedef struct CatComment {
	uint32_t objoid, classoid;
	int32_t objsubid;
	char *text;
} CatComment;

typedef struct CatColumn {
	char *name;
	int16_t attnum; /* 1-based; never reused after DROP COLUMN */
	const PgType *type;
	int32_t typmod;
	bool not_null, dropped;
	char identity;	   /* 0, 'a' always, 'd' by default */
	char generated;	   /* 0, 's' stored */
	char *default_sql; /* PostgreSQL expression text, or NULL */
	uint32_t sequence; /* OID of the owned sequence of serial and identity columns, else 0 */
	char *sqlite_name; /* name in the file, unquoted */
	bool inherited;	   /* only that: it was not declared for the table itself (pg_attribute.attislocal is false) */
} CatColumn;

/* How a partitioned table divides its rows. */
typedef struct CatPartKey {
	char strategy; /* r(ange), l(ist), h(ash) */
	size_t n;
	int16_t *cols;	  /* attnums; 0 = expression */
	char **exprs;	  /* PostgreSQL expression text where cols[i] == 0 */
	char **opclasses; /* as given; NULL = the type's default one */
	const PgType **types;
} CatPartKey;

/* One value of a partition's bound. */
typedef struct CatDatum {
	char kind; /* v(alue), n(ull), a MINVALUE, z MAXVALUE */
	Val val;
} CatDatum;

/* FOR VALUES ... of a partition. */
typedef struct CatBound {
	bool is_default;
	CatDatum *from, *to; /* range: one per key */
	CatDatum *list;
	size_t nlist;
	int64_t modulus, remainder; /* hash */
} CatBound;

typedef enum {
	REL_TABLE = 'r',
	REL_VIEW = 'v',
	REL_MATVIEW = 'm',
	REL_SEQUENCE = 'S',
	REL_INDEX = 'i',
	REL_VIRTUAL = 'V',
	REL_COMPOSITE = 'c'
} RelKind;

typedef struct CatIndex CatIndex;
typedef struct CatConstraint CatConstraint;

/* A relation that a view's text names, as it was called when the view was made. */
typedef struct CatViewName {
	const char *schema; /* as written; "" when it was found through the search path */
	const char *name;
	uint32_t oid;
	const char **cols; /* by attnum; NULL: it had no such column */
	size_t ncols;
} CatViewName;

typedef struct CatRel CatRel;
struct CatRel {
	uint32_t oid, schema, owner;
	char *name;
	char persistence; /* p(ermanent), u(nlogged), t(emporary): in the schema of one session */
	char on_commit;	  /* of a temporary table: 0, 'r' = DELETE ROWS, 'd' = DROP */
	RelKind kind; /* REL_COMPOSITE: a composite type's columns, without a table in the file. REL_VIRTUAL: a pg_catalog relation, served
			 by a SQLite virtual table of the same mangled name */
	char *sqlite_name; /* "t" in public, "schema.t" elsewhere; unquoted */
	CatColumn *cols;   /* in attnum order, dropped ones included */
	size_t ncols;
	CatIndex **indexes;
	size_t nindexes;
	CatConstraint **constraints;
	size_t nconstraints;
	struct CatTrigger **triggers; /* by name */
	size_t ntriggers;
	char *view_sql;	   /* views: the PostgreSQL SELECT, in the names of that time */
	char check_option; /* of a view: 0, l(ocal), c(ascaded) */
	bool populated;	   /* of a materialized view: it has been filled */
	CatViewName *view_names;
	size_t nview_names;
	int16_t rowid_col;	     /* attnum of the column that is SQLite's INTEGER PRIMARY KEY, else 0 */
	uint32_t rowtype, arraytype; /* pg_type OIDs of the row type */
	CatRel **parents;	     /* that it inherits from, in order; of a partition the partitioned table */
	size_t nparents;
	CatRel **children; /* by OID */
	size_t nchildren;
	CatPartKey *part; /* of a partitioned table: its own table in the file stays empty */
	CatBound *bound;  /* of a partition */
	uint32_t of_type; /* CREATE TABLE OF: the composite type */
	bool stale;	  /* its rows are known not to be those of the primary: statements on it are refused */
};

struct CatIndex {
	uint32_t oid;
	char *name, *sqlite_name;
	CatRel *table;
	bool unique, primary, nulls_not_distinct;
	size_t nkeys;
	int16_t *keys;	  /* attnums; 0 = expression */
	char **exprs;	  /* PostgreSQL expression text where keys[i] == 0 */
	char **opclasses; /* names as given; NULL = the type's default one */
	uint8_t *options; /* per key: 1 = DESC, 2 = NULLS FIRST (indoption) */
	char *contents;	  /* per key: the letter of its ContentKind (pgtype/content.h), or a blank */
	char storage;	  /* in the file: 'b' an index of SQLite's, 'c' tables of contents (sql/ddl_content.c), 0 nothing */
	char *predicate;  /* PostgreSQL expression text, or NULL */
	char *method;	  /* "btree", "gin", ... as declared */
	CatIndex *parent; /* the index of the partitioned table that it is a part of */
	bool only;	  /* of a partitioned table: not all partitions have one of it (pg_index.indisvalid is false) */
};

struct CatConstraint {
	uint32_t oid;
	char *name;
	char type; /* p u c f x (pg_constraint.contype) */
	CatRel *table;
	int16_t *cols;
	size_t ncols;
	CatIndex *index; /* p, u */
	CatRel *ref;	 /* f */
	int16_t *ref_cols;
	char on_update, on_delete, match; /* a r c n d ; s f */
	bool deferrable, deferred;
	bool not_valid; /* rows that were there have not been looked at */
	bool no_inherit;
	bool inherited;	       /* only that (pg_constraint.conislocal is false) */
	CatConstraint *parent; /* of p, u and f on a partition: the one of the partitioned table */
	char *check_sql;       /* c: PostgreSQL expression text */
};

typedef struct CatSequence {
	uint32_t oid;
	CatRel *rel;
	uint32_t type_oid; /* int2, int4, int8 */
	int64_t start, increment, min, max, cache;
	bool cycle;
	uint32_t owner_table; /* OID and attnum of the owning column, or 0 */
	int16_t owner_attnum;
} CatSequence;

/* A parameter of a function, or a column of RETURNS TABLE. */
typedef struct CatArg {
	char *name; /* "" for none */
	char mode;  /* i o b v t, as pg_proc.proargmodes */
	uint32_t type;
	char *default_sql; /* PostgreSQL expression text, or NULL */
} CatArg;

/* A function or procedure of the user. `proc` is what the analyser sees of it; its `src` is "user". */
typedef struct CatFunction {
	PgProc proc;
	uint32_t schema, owner;
	char *language; /* "sql" or "plpgsql" */
	char *body;
	bool sql_body; /* BEGIN ATOMIC ... END, or RETURN expression: `body` is that text */
	bool security_definer, leakproof;
	char parallel; /* s r u */
	double cost, rows;
	CatArg *args;
	size_t nargs;
	char *config; /* lines "name=value", or NULL */
} CatFunction;

enum { TRIGGER_INSERT = 1, TRIGGER_DELETE = 2, TRIGGER_UPDATE = 4, TRIGGER_TRUNCATE = 8 };

typedef struct CatTrigger {
	uint32_t oid;
	struct CatRel *table;
	char *name;
	uint32_t function;
	char timing; /* b a i */
	bool row;
	int events;
	int16_t *cols; /* UPDATE OF */
	size_t ncols;
	char *when_sql;
	char **args;
	size_t nargs;
	char enabled; /* O D R A */
	bool constraint, deferrable, deferred;
	char *old_table, *new_table; /* REFERENCING, or NULL */
} CatTrigger;
/* An extension made in the file. Its objects are those of the definition with the OIDs that they have here. */
typedef struct Extension Extension;
typedef struct CatExtension {
	uint32_t oid, schema, owner, first_oid;
	const Extension *def; /* catalog/extension.h */
	char *version;
	const uint32_t *type_oids; /* of type k and of its array at 2k and 2k+1 */
	PgProc *procs;
	PgOperator *operators;
	PgCast *casts;
} CatExtension;

typedef struct Catalog {
	int refs;
	struct CatalogRows *rows; /* of pg_catalog's relations, as far as they were asked for (vtab.h) */
	uint64_t version;	  /* grows with every committed DDL of this file */
	uint32_t next_oid;
	uint32_t next_temp_oid; /* of temporary objects: above all that a primary gives to its own */
	uint32_t db_oid;
	char *db_name;
	CatSchema *schemas;
	size_t nschemas;
	CatRel **rels;
	size_t nrels;
	CatSequence **seqs;
	size_t nseqs;
	CatRole *roles; /* owners of objects; OID 10 is the bootstrap superuser "postgres" */
	size_t nroles;
	CatMember *members;
	size_t nmembers;
	CatAcl *acls;
	size_t nacls;
	CatComment *comments;
	size_t ncomments;
	PgType **types; /* user types: enums, and arrays of them, and row types of tables */
	size_t ntypes;
	CatFunction **functions;
	size_t nfunctions;
	CatTrigger **triggers;
	size_t ntriggers;
	CatExtension *extensions;
	size_t nextensions;
	Map rel_by_name; /* "schemaoid.name" */
	Map rel_by_oid, type_by_oid, type_by_name;
	Arena *arena; /* everything above */
} Catalog;

/* The script that makes the _understudy_* tables of a new file. */
extern const char catalog_schema_sql[];

/* The OID of a database whose file does not say another one. */
uint32_t catalog_database_oid(const char *name);
int catalog_load(Db *db, const char *db_name, Catalog **out, Error *err);
Catalog *catalog_ref(Catalog *c); /* atomic */
void catalog_unref(Catalog *c);

/* The predefined roles that PostgreSQL 15 has beside the bootstrap superuser: pg_database_owner, pg_monitor ... */
const CatRole *catalog_builtin_roles(size_t *n);
/* Name of a role, or NULL; OID of a role, or 0. */
const char *catalog_role_name(const Catalog *c, uint32_t oid);
uint32_t catalog_role_oid(const Catalog *c, const char *name);
const char *catalog_comment(const Catalog *c, uint32_t objoid, uint32_t classoid, int32_t objsubid);
/* Index or constraint by OID, or NULL. */
const CatIndex *catalog_index(const Catalog *c, uint32_t oid);
const CatConstraint *catalog_constraint(const Catalog *c, uint32_t oid);
/* The index that a constraint rests on; of a foreign key, the unique index of the referenced columns. NULL when there is none. */
const CatIndex *catalog_constraint_index(const CatConstraint *k);
/* Marks the labels that the enums of `before`, the catalog of the open transaction until now, did not have or had marked: they cannot
 * be used before it commits. `before` NULL: all can.
 * Only for a catalog that nobody else has. */
void catalog_mark_labels(Catalog *c, const Catalog *before);
/* Check of a domain by OID, or NULL; *domain is whose. */
const PgDomainCheck *catalog_domain_check(const Catalog *c, uint32_t oid, const PgType **domain);
/* FnEnv.type_lookup over a Catalog. */
const PgType *catalog_type_lookup(void *catalog, uint32_t oid);

/* A function of the user by OID, or NULL. */
const CatFunction *catalog_function(const Catalog *c, uint32_t oid);

const CatSchema *catalog_schema(const Catalog *c, const char *name);
const CatSchema *catalog_schema_by_oid(const Catalog *c, uint32_t oid);
/* User relation or pg_catalog relation of that schema, or NULL. */
const CatRel *catalog_rel(const Catalog *c, uint32_t schema, const char *name);
const CatRel *catalog_rel_by_oid(const Catalog *c, uint32_t oid);
const CatSequence *catalog_sequence(const Catalog *c, uint32_t oid);
const PgType *catalog_type(const Catalog *c, uint32_t oid);
const PgType *catalog_type_named(const Catalog *c, uint32_t schema, const char *name);
const CatExtension *catalog_extension(const Catalog *c, const char *name);
/* What an extension has under a name, side by side; *n is their number. */
const PgProc *extension_procs(const CatExtension *x, const char *name, size_t *n);
const PgOperator *extension_operators(const CatExtension *x, const char *name, size_t *n);
/* By OID among the objects of extensions, or NULL. */
const PgProc *extension_proc(const Catalog *c, uint32_t oid);
const PgOperator *extension_operator(const Catalog *c, uint32_t oid);
/* PostgreSQL's own or an extension's. */
const PgProc *catalog_proc(const Catalog *c, uint32_t oid);
const PgOperator *catalog_operator(const Catalog *c, uint32_t oid);
const PgCast *catalog_cast(const Catalog *c, uint32_t source, uint32_t target);
const CatColumn *catrel_column(const CatRel *r, const char *name); /* not dropped */
/* PostgreSQL text of what a new row has where nothing is said: the column's default or that of its domain; NULL when there is none. */
const char *catcolumn_default(const CatColumn *c);
/* Whether a new row's value must be computed where nothing is said: a default, identity, a domain that may not be NULL. */
bool catcolumn_fills(const CatColumn *c);
/* A table in the file holds its rows. */
static inline bool catrel_has_rows(const CatRel *r)
{
	return r->kind == REL_TABLE || r->kind == REL_MATVIEW;
}
/* pg_class.relkind */
static inline char catrel_kind(const CatRel *r)
{
	return r->kind == REL_VIRTUAL ? 'v' : r->part ? 'p' : (char)r->kind;
}
/* Reading it without ONLY reads other tables, too. */
static inline bool catrel_is_tree(const CatRel *r)
{
	return r->nchildren || r->part;
}
/* Its text names other relations. */
static inline bool catrel_is_view(const CatRel *r)
{
	return r->kind == REL_VIEW || r->kind == REL_MATVIEW;
}
const CatColumn *catrel_attnum(const CatRel *r, int attnum);

#endif
