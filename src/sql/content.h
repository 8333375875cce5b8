/* Inside the sql room: indexes for contents (pgtype/content.h), in queries and in DDL. */
#ifndef US_SQL_CONTENT_H
#define US_SQL_CONTENT_H

#include "sql/ddl.h"

/* content.c: adds to conditions that an index for contents can serve one that names its candidates (X_CONTENT). */
void content_use(ParseState *ps, Query *q);
/* The table beside the indexed one that has the contents of a key. */
const char *content_table(const CatIndex *x, size_t key, Arena *a);

#endif
