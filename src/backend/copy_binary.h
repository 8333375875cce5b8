/* Inside COPY FROM: PostgreSQL's binary format -> fields. */
#ifndef US_BACKEND_COPY_BINARY_H
#define US_BACKEND_COPY_BINARY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

/* The header at the start of `data`: its length, 0 when more bytes are needed, -1 on error. */
ssize_t copy_binary_header(Str data, bool eof, Error *err);
/* One row at the start of `data`: its length, 0 when more bytes are needed, -1 on error. The trailer is a row with *last set. `fields[i].p`
 * is NULL for a null. An error in a field sets *column. */
ssize_t copy_binary_row(Str data, bool eof, Str *fields, size_t nfields, bool *last, int *column, Error *err);

#endif
