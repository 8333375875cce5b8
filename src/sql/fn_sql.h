/* SQLite functions that only the emitter calls: checks that PostgreSQL makes and SQLite does not.
 *   pg_limit_count(n), pg_offset_count(n)   the count of LIMIT and OFFSET: NULL means none; negative is 2201W or 2201X
 *   pg_not_null(v, schema, table, column)  v; NULL is 23502
 *   pg_single_row(count, value)             a scalar subquery's value; more than one row is 21000
 *   pg_rows_free()                          whether a query with SKIP LOCKED may take rows
 *   pg_upsert_begin, pg_upsert_once, pg_stash, pg_stashed: see fn_rows.c
 */
#ifndef US_SQL_FN_SQL_H
#define US_SQL_FN_SQL_H

#include "sqlite/fn.h"

/* Give them to fn_add_table at start. */
extern const SqliteFn fn_table_sql[], fn_table_rows[];

#endif
