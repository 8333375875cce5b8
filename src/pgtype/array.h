/*
 * Arrays: PostgreSQL's array literals, and arrays taken apart.
 *
 * Stored arrays hold the *stored* text of their elements (val.h), so they are read and printed without conversion;
 * array_parse and the family's output go through the element type's text form.
 */
#ifndef US_PGTYPE_ARRAY_H
#define US_PGTYPE_ARRAY_H

#include "pgtype/pgtype.h"

enum { ARRAY_MAX_DIMS = 6, ARRAY_MAX_ITEMS = 0x7ffffff };

typedef struct PgArray {
	const PgType *elem;
	int ndim; /* 0 = the empty array */
	int dims[ARRAY_MAX_DIMS], lower[ARRAY_MAX_DIMS];
	size_t n;   /* product of dims */
	Val *items; /* in row-major order; VAL_NULL for NULL */
} PgArray;

/* A client's literal. typmod is the elements'. Items live in `a` or in `text`. 22P02, 2202E, 54000, or the element's errors. */
int array_parse(const PgType *elem, int32_t typmod, Str text, const TypeEnv *env, Arena *a, PgArray *out, Error *err);
/* A stored array. */
int array_read(const PgType *elem, Str stored, Arena *a, PgArray *out, Error *err);
/* The stored form. */
Val array_val(const PgArray *x, Arena *a);
/* PostgreSQL's btree order of arrays. */
int array_compare(const PgArray *x, const PgArray *y);
/* A one-dimensional array with lower bound 1 (or empty) over `items`. */
PgArray array_of(const PgType *elem, Val *items, size_t n);
/* Compares stored arrays; text that does not parse compares as bytes. */
int array_compare_text(const PgType *elem, Str x, Str y);
/* The stored text of one element, and back. */
int array_elem_from_stored(const PgType *elem, Str text, Arena *a, Val *out, Error *err);

#endif
