/* The primary's types in the file: enums, composite types, domains and ranges, under the OIDs that they have there. */
#ifndef US_SYNC_TYPE_COPY_H
#define US_SYNC_TYPE_COPY_H

#include "sync/source.h"
#include "sqlite/db.h"

/* OID, name, the statement that makes it, and what type_copy_made reads, in the order in which the types were made. */
extern const char type_copy_query[];
/* Gives the type that the statement of a row has just made its OIDs. */
int type_copy_made(Db *db, const PGresult *r, int row, Error *err);
/* What may have changed in types that the file has: labels, columns of composite types, rules of domains. */
int type_copy_changes(PGconn *c, Db *db, const char *database, Error *err);

/* Moves an object the file has just made from the OID it was given to the one it has on the primary. */
int type_move_oid(Db *db, uint32_t from, uint32_t to, bool type, Error *err);
uint32_t source_oid(const PGresult *r, int row, int col);

#endif
