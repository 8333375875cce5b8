/* The collations of type_collation: pgnumeric, pginterval, pgtimetz, pgjsonb, pgarray_<element>, pgenum_<oid>. */
#ifndef US_SQLITE_COLLATION_H
#define US_SQLITE_COLLATION_H

#include "sqlite/fn.h"

/* Installs the hook by which SQLite asks for a collation when a statement first needs it. Returns an SQLite result code. */
int collations_register(sqlite3 *db, FnEnv *env);

#endif
