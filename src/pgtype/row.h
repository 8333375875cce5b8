/*
 * Rows: values of composite types and of the anonymous type record.
 *
 * A value of a named type is stored as PostgreSQL's literal over the stored text of its fields: (1,"a b",). A record knows its own
 * columns; its value never reaches a table, and has them in front of the literal:
 *
 *   R2;23,-1,1:a25,-1,1:b(1,"a b")     count; then type OID, typmod, length and bytes of the name of each column
 */
#ifndef US_PGTYPE_ROW_H
#define US_PGTYPE_ROW_H

#include "pgtype/pgtype.h"

enum { OID_RECORD = 2249 };
/* The typmod of a column of a named type whose values are written as records, so that they can be read without the catalog. */
enum { ROW_DESCRIBED = -2 };

typedef struct PgRow {
	size_t n;
	const PgField *fields;
	Val *vals;
} PgRow;

/* Where types of the user are found; `find` NULL: only builtin ones are known, others pass as text. */
typedef struct TypeSource {
	const PgType *(*find)(void *arg, uint32_t oid);
	void *arg;
} TypeSource;

bool type_is_row(const PgType *t);
/* A client's literal of a composite type: 22P02, or the fields' errors. */
int row_parse(const PgType *t, Str text, const TypeEnv *env, Arena *a, PgRow *out, Error *err);
/* A stored value, named or record. */
int row_read(const PgType *t, Str stored, TypeSource src, Arena *a, PgRow *out, Error *err);
/* The columns that stand before a record's literal; moves *s behind them. */
int row_read_columns(Str *s, TypeSource src, Arena *a, PgRow *out, Error *err);
void row_print_columns(const PgRow *r, Buf *out);
/* The stored form, as a record or as a value of a named type. */
Val row_val(const PgRow *r, bool record, Arena *a);
/* One column of a literal, in quotes when it needs them. */
void row_print_text(Str s, Buf *out);
/* PostgreSQL's order of rows; 42804 when they are not alike. */
int row_compare(const PgRow *x, const PgRow *y, int *order, Error *err);

#endif
