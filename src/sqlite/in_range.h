/* RANGE frames with an offset: PostgreSQL's in_range functions. */
#ifndef US_SQLITE_IN_RANGE_H
#define US_SQLITE_IN_RANGE_H

#include "sqlite/fn.h"

/* Whether v <= base - offset (sub) or base + offset; with `less` false, >=. None is NULL. -1 when an error was raised. */
int in_range(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, sqlite3_value *base, sqlite3_value *offset, bool sub, bool less);

#endif
