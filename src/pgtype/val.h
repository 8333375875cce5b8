/*
 * A value in its *stored form*: exactly what the SQLite file holds for a PostgreSQL value.
 *
 *   bool                 INT 0 or 1
 *   int2 int4 int8 oid   INT (oid is unsigned 32 bit; regclass and its kin likewise)
 *   money                INT, cents
 *   float4 float8        REAL; NaN is TEXT 'NaN' (SQLite has no NaN, and TEXT sorts after every number). The column is declared BLOB:
 *                        with a declared type REAL SQLite turns -0 into 0
 *   numeric              TEXT as PostgreSQL prints it, scale kept; collation pgnumeric
 *   text varchar name json jsonb jsonpath uuid enum tsvector tsquery     TEXT
 *   char(n)              TEXT filled with blanks; SQLite's collation RTRIM, which does not see them
 *   bit, bit varying     TEXT of 0s and 1s; their order as bytes is PostgreSQL's
 *   "char"               TEXT of one character, U+0080 to U+00FF for the bytes that are not ASCII
 *   xid8 tid pg_lsn      TEXT as PostgreSQL prints it; collations pgxid8, pgtid, pgpg_lsn
 *   inet cidr            TEXT as PostgreSQL prints it; collation pginet
 *   point lseg path box polygon line circle     TEXT as PostgreSQL prints it; they have no order
 *   macaddr macaddr8     TEXT as PostgreSQL prints it
 *   bytea                BLOB
 *   date time timetz timestamp timestamptz interval   TEXT as PostgreSQL prints it with DateStyle ISO,
 *                        TimeZone UTC and IntervalStyle postgres; rare years are escaped, see datetime.h
 *   ranges, multiranges  TEXT as PostgreSQL prints them under the settings above; collations pgint4range ...
 *   arrays               TEXT, PostgreSQL's array literal over the elements' stored text
 *
 * A Val does not own the bytes it points to.
 */
#ifndef US_PGTYPE_VAL_H
#define US_PGTYPE_VAL_H

#include "base/str.h"

#include <stdint.h>

typedef enum ValKind { VAL_NULL, VAL_INT, VAL_REAL, VAL_TEXT, VAL_BLOB } ValKind;

typedef struct Val {
	ValKind kind;
	union {
		int64_t i;
		double r;
		Str s; /* TEXT and BLOB */
	};
} Val;

static inline Val val_null(void)
{
	return (Val){ .kind = VAL_NULL };
}
static inline Val val_int(int64_t i)
{
	return (Val){ .kind = VAL_INT, .i = i };
}
static inline Val val_real(double r)
{
	return (Val){ .kind = VAL_REAL, .r = r };
}
static inline Val val_text(Str s)
{
	return (Val){ .kind = VAL_TEXT, .s = s };
}
static inline Val val_blob(Str s)
{
	return (Val){ .kind = VAL_BLOB, .s = s };
}

/* The same stored value, to the last bit: NaN equals NaN and -0 differs from 0. */
static inline bool val_identical(const Val *x, const Val *y)
{
	uint64_t a, b;
	if (x->kind != y->kind)
		return false;
	switch (x->kind) {
	case VAL_NULL:
		return true;
	case VAL_INT:
		return x->i == y->i;
	case VAL_REAL:
		memcpy(&a, &x->r, sizeof a);
		memcpy(&b, &y->r, sizeof b);
		return a == b;
	default:
		return str_eq(x->s, y->s);
	}
}

#endif
