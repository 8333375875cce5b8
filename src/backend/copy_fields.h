/* Inside COPY FROM: one record's text -> fields. Behaviour of PostgreSQL's copyfromparse.c. */
#ifndef US_BACKEND_COPY_FIELDS_H
#define US_BACKEND_COPY_FIELDS_H

#include "base/buf.h"
#include "base/err.h"
#include "sql/plan.h"

typedef struct CopyField {
	size_t at, n; /* in CopyFields.text */
	bool is_null, quoted;
} CopyField;

typedef struct CopyFields {
	Buf text; /* the fields' bytes, unescaped, each followed by a NUL */
	CopyField *items;
	size_t n, cap;
} CopyFields;

/* Splits a record (without its line end). Whether a field is NULL is settled by its raw text. */
int copy_split_text(const CopyOptions *o, Str line, CopyFields *out, Error *err);
int copy_split_csv(const CopyOptions *o, Str line, CopyFields *out, Error *err);
void copy_fields_free(CopyFields *f);

#endif
