/*
 * PostgreSQL's types: what they are, and how their values go between PostgreSQL's text form, its binary
 * form and the stored form (val.h). Pure functions, no I/O, no globals that change after start.
 *
 * Each type family has its own file and header (numeric.h, datetime.h, json.h, array.h, ...), where its
 * arithmetic lives; this header is the dispatcher that the other rooms use.
 */
#ifndef US_PGTYPE_PGTYPE_H
#define US_PGTYPE_PGTYPE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "pgtype/val.h"

struct TimeZone; /* datetime.h */
struct Recoder;	 /* encoding.h */

/* Settings of a session that input and output of types depend on. */
typedef enum { DATESTYLE_ISO, DATESTYLE_SQL, DATESTYLE_POSTGRES, DATESTYLE_GERMAN } DateStyle;
typedef enum { DATEORDER_MDY, DATEORDER_DMY, DATEORDER_YMD } DateOrder;
typedef enum { INTERVALSTYLE_POSTGRES, INTERVALSTYLE_VERBOSE, INTERVALSTYLE_SQL, INTERVALSTYLE_ISO } IntervalStyle;

typedef struct TypeEnv {
	const struct TimeZone *tz; /* never NULL */
	DateStyle date_style;
	DateOrder date_order;
	IntervalStyle interval_style;
	int extra_float_digits; /* PostgreSQL's setting, default 1: shortest exact form */
	bool bytea_escape;	/* bytea_output = escape */
	int64_t xact_start_us;	/* microseconds since 2000-01-01 00:00:00 UTC, as PostgreSQL counts */
	int64_t stmt_start_us;
	struct Recoder *client; /* what type_recv and type_send read and write text in; NULL: UTF-8 */
	/* The names of regclass and its kin, which only a session knows; without it they are numbers. Puts nothing and gives false for
	 * other types. */
	bool (*reg_name)(void *reg_names, uint32_t type, uint32_t oid, Buf *out);
	int (*reg_oid)(void *reg_names, uint32_t type, Str name, uint32_t *oid, Error *err);
	void *reg_names;
} TypeEnv;

/* ISO, MDY, postgres, 1, hex, and UTC. The form in which values are stored. */
extern const TypeEnv type_env_stored;

/* A column of a composite type. */
typedef struct PgType PgType;
typedef struct PgField {
	const char *name;
	const PgType *type;
	int32_t typmod;
} PgField;

/* CHECK of a domain. `test` is SQLite text of it in which ?1 is the value. */
typedef struct PgDomainCheck {
	uint32_t oid;
	const char *name;
	const char *sql; /* PostgreSQL expression text over VALUE */
	const char *test;
	bool validated;
} PgDomainCheck;

/* What a domain adds to the type it is over. */
typedef struct PgDomain {
	int32_t typmod; /* of the type below */
	bool not_null;
	const char *default_sql; /* PostgreSQL expression text, or NULL */
	PgDomainCheck *checks;	 /* by name */
	size_t nchecks;
} PgDomain;

/* What a range type and its multirange type are made of: range.h. */
typedef struct RangeType RangeType;

/* One row of pg_type, builtin (gen_types.c, generated) or of a user's type. */
struct PgType {
	uint32_t oid;
	const char *name, *schema;
	int16_t len; /* typlen */
	bool byval;
	char typtype;  /* b c d e p r m */
	char category; /* typcategory */
	bool preferred;
	char delim;
	char align, storage;
	uint32_t relid, elem_oid, array_oid, base_oid, collation;
	const char *input, *output, *receive, *send; /* function names in pg_type */
	const PgType *elem;			     /* for true array types, otherwise NULL */
	const PgType *base;			     /* users' domains: the type below, which may be a domain too */
	const PgDomain *domain;			     /* users' domains */
	const RangeType *range;			     /* users' ranges and multiranges */
	uint32_t owner;				     /* of users' types */
	bool checked;				     /* a value of it is or holds a value of a user's domain */
	const char *const *labels;		     /* enums: labels in declared order */
	size_t nlabels;
	const PgField *fields; /* row types: columns that are not dropped */
	size_t nfields;
	const uint32_t *label_oids; /* pg_enum.oid and enumsortorder, as many */
	const double *label_sorts;
	const bool *label_unsafe;	 /* added by the transaction that is open: cannot be used yet. NULL: all can */
	const struct TypeFamily *family; /* of an extension's type; NULL: by OID and shape */
};

/* The builtin type with this OID, or NULL. Every row of PostgreSQL 15's pg_type that initdb makes is there. */
const PgType *pgtype_builtin(uint32_t oid);
/* The builtin type of schema pg_catalog with this internal name (int4, not integer), or NULL. */
const PgType *pgtype_builtin_named(const char *name);
/* All of them, ascending by OID. */
const PgType *pgtype_builtins(size_t *n);

/* The family of an extension's type by its name, or NULL. */
const struct TypeFamily *pgtype_extension_family(const char *name);
/* The type below all domains: t itself when it is none. NULL only for a domain over a type that is not known. */
const PgType *type_base_of(const PgType *t);
/* Its typmod, when it is a domain's; otherwise the one given. */
int32_t type_base_typmod(const PgType *t, int32_t typmod);

/* True when values of this type can be stored and converted by this program today. */
bool type_is_supported(const PgType *t);

/* Text form as a client writes it -> stored form. typmod -1 = none; typmod rules are those of assignment
 * (22001 when too long). The result may point into `text` or be allocated from `a`. */
int type_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err);
/* regclass and its kin, whose text form is the name of an object. */
bool type_is_reg(const PgType *t);
/* type_in for a parameter of a plan. Names of objects stay text: the plan itself looks them up in the catalog. */
int type_in_parameter(const PgType *t, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err);
/* Stored form -> text form, appended to `out`. `v` must not be NULL-kind. */
int type_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err);
/* Binary form -> stored form. Wrong lengths and values are 22P03, malformed text inside is 22021 or the type's own. */
int type_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err);
/* Stored form -> binary form, appended to `out`. */
int type_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err);
/* Text as the client writes it -> UTF-8, checked, in `a` when it had to be converted; and the other way. */
int type_recv_text(Str bytes, const TypeEnv *env, Arena *a, Str *out, Error *err);
int type_send_text(Str text, const TypeEnv *env, Buf *out, Error *err);

/* Applies a length or precision to a value already stored: varchar(n), char(n), numeric(p,s), timestamp(p),
 * interval fields, bit(n), and arrays of them. An explicit cast cuts where PostgreSQL cuts; an assignment raises 22001 or 22003. */
/* The modifier of a type of an extension, from the words in its parentheses; false when the type is none that has its own. */
bool type_typmod_in(const PgType *t, const char *const *words, size_t n, int32_t *out, int *rc, Error *err);
bool type_has_own_typmod(const PgType *t);
/* "(Point,4326)", or "" */
const char *type_own_typmod_text(const PgType *t, int32_t typmod, Arena *a);
/* PostgreSQL can sort its values, this program only tells whether they are equal. */
bool type_lacks_order(const PgType *t);
int type_apply_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err);

/* Order of two stored values, neither NULL: <0, 0, >0, as PostgreSQL's btree operator class of the type. */
int type_compare(const PgType *t, const Val *x, const Val *y);

/* 55P04 when the label at this place was added by a transaction that is still open. */
int enum_check_label(const PgType *t, size_t at, Error *err);

/* "TEXT", "INTEGER", "REAL" or "BLOB": the declared type of a column in the file. */
const char *type_storage(const PgType *t);
/* The SQLite collation that a column of this type needs, or NULL when BINARY is right.
 * pgnumeric, pginterval, pgtimetz, pgjsonb, pginet, pg<range type>, pgarray_<element type's name>, pgenum_<oid>. */
const char *type_collation(const PgType *t, char *buf, size_t cap);

/* "character varying(20)", "timestamp(3) with time zone", "integer[]": PostgreSQL's format_type. */
const char *type_format(const PgType *t, int32_t typmod, Arena *a);

#endif
