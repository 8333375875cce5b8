/*
 * How a type family plugs into the dispatcher of pgtype.h. A family fills one TypeFamily; pgtype.c has the table from type
 * OID to family. Arguments have the meaning that pgtype.h gives them; arrays and enums have families of their own here, and
 * arrays come back through the dispatcher for their elements.
 */
#ifndef US_PGTYPE_FAMILY_H
#define US_PGTYPE_FAMILY_H

#include "pgtype/pgtype.h"

typedef struct TypeFamily {
	int (*in)(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err);
	int (*out)(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err);
	int (*recv)(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err);
	int (*send)(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err);
	int (*compare)(const PgType *t, const Val *x, const Val *y);
	/* NULL when the type has no type modifier. Never called with typmod -1. */
	int (*apply_typmod)(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err);
	const char *storage;   /* "TEXT", "INTEGER", "REAL" or "BLOB" */
	const char *collation; /* SQLite collation, NULL when BINARY is right; arrays and enums build theirs per type */
	/* For types whose modifier is not of PostgreSQL's own: from the words in parentheses, and as text with them. */
	int (*typmod_in)(const PgType *t, const char *const *words, size_t n, int32_t *out, Error *err);
	void (*typmod_out)(int32_t typmod, Buf *out);
	bool no_order; /* only compared for equality, although PostgreSQL has an order */
} TypeFamily;

extern const TypeFamily family_bool, family_int2, family_int4, family_int8, family_oid, family_xid8, family_float4, family_float8,
	family_numeric, family_text, family_varchar, family_bpchar, family_name, family_char, family_bytea, family_uuid, family_void,
	family_enum, family_array, family_int2vector, family_oidvector;

/* datetime*.c */
extern const TypeFamily family_date, family_time, family_timetz, family_timestamp, family_timestamptz, family_interval;
extern const struct TimeZone tz_utc;

/* row_type.c */
extern const TypeFamily family_composite, family_record;

/* bits.c, inet.c, macaddr.c, money.c, range.c, sysid.c, geo.c */
extern const TypeFamily family_money, family_geo, family_tid, family_lsn, family_range, family_bits, family_inet, family_macaddr,
	family_macaddr8;

/* json*.c */
extern const TypeFamily family_json, family_jsonb, family_jsonpath, family_tsvector, family_tsquery, family_regtext;

/* Types of extensions: citext.c, hstore.c, geopoint.c */
extern const TypeFamily family_citext, family_hstore, family_geopoint;

/* The family of a type, or NULL when the program has none for it. */
const TypeFamily *family_of(const PgType *t);

/* Helpers that several families share (family.c). */

/* 22P02 with PostgreSQL's words: invalid input syntax for type <type_name>: "<text>". Always returns -1. */
int family_bad_text(Error *err, const char *type_name, Str text);
/* 22P03 when `bytes` does not have the length `want`. */
int family_check_length(Str bytes, size_t want, Error *err);
/* 22021 when the text is not valid UTF-8 or holds a NUL byte. */
int family_check_utf8(Str text, Error *err);
/* The families of types whose stored form is their text form: copies `text` through, sends it as it is. */
int family_text_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err);
int family_text_compare(const PgType *t, const Val *x, const Val *y);

#endif
