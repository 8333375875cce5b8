/*
 * Rows as one text. SQLite lets only the arguments of a table-valued function refer to other items of a FROM, so what LATERAL and
 * set-returning functions side by side need travels through such an argument; JSON would round REAL and cannot hold BLOB.
 *
 *   pg_pack(v1, ...)              the values as one text
 *   pg_unpack(text, i)            v<i+1>; NULL for a NULL text
 *   pack_rows(v)                  aggregate: the values of all rows as one text
 *   pack_rows(v1, ...)            the same, each row packed
 *   pg_array_packed(element type, pg_pack(...), ...)    an array of more elements than SQLite takes arguments
 *   pg_zip(pg_pack(list, ...))    table: row i is the i-th value of each list, packed; NULL where a list is shorter
 *
 * Each value is a letter and what belongs to it: N, I<digits>; R<16 hex digits> T<length>:<bytes> B<length>:<hex digits>.
 */
#ifndef US_SQLITE_PACK_H
#define US_SQLITE_PACK_H

#include "sqlite/fn.h"

/* Takes one value off the front: its letter and its body. False when the text is not one of pg_pack's, or is at its end. */
bool pack_take(Str *s, char *kind, Str *body);

/* The value; bytes point into the body, those of a BLOB are in `a`. */
Val pack_value(char kind, Str body, Arena *a);

extern const SqliteFn fn_table_pack[];
extern const SqliteAgg agg_table_pack[];

#endif
