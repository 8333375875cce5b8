/* One key of an ORDER BY inside an aggregate. */
#ifndef US_SQLITE_SORT_KEY_H
#define US_SQLITE_SORT_KEY_H

#include "sqlite/fn.h"

enum { KEY_DESC = 1, KEY_NULLS_FIRST = 2 };

typedef struct SortKey {
	const PgType *type;
	unsigned flags;
} SortKey;

/* PostgreSQL's order of two values under the key. */
int sort_key_compare(const SortKey *k, sqlite3_value *x, sqlite3_value *y);

/* agg_within.c and agg_window.c, registered by fn.c; each ends with a NULL name. */
extern const SqliteFn fn_table_within[];
extern const SqliteAgg agg_table_within[], agg_table_window[];

#endif
