#include "sync/views.h"

/* Relations of the catalog with an OID that PostgreSQL gives to nobody, over SQLite views of the _understudy_* tables. */
#define SCHEMA "15900"
#define RELATION "(oid, schema, name, kind, owner, sqlite_name, view_sql, rowid_col, rowtype, arraytype)"
#define AT "strftime('%Y-%m-%d %H:%M:%S+00', at_us / 1000000, 'unixepoch') AS at"

static const char views[] =
	"INSERT OR IGNORE INTO _understudy_schema VALUES (" SCHEMA ", 'understudy', 10);"
	"CREATE VIEW IF NOT EXISTS \"understudy.conflicts\" AS SELECT id, txid, tbl AS \"table\", op, key, base, local, remote, reason, "
	"state, " AT " FROM _understudy_conflict;"
	"INSERT OR IGNORE INTO _understudy_relation " RELATION " VALUES (15901, " SCHEMA
	", 'conflicts', 'V', 10, 'understudy.conflicts', NULL, 0, 0, 0);"
	"INSERT OR IGNORE INTO _understudy_column VALUES"
	" (15901, 1, 'id', 20, -1, 0, 0, NULL, NULL, NULL, 0, 'id'),"
	" (15901, 2, 'txid', 20, -1, 0, 0, NULL, NULL, NULL, 0, 'txid'),"
	" (15901, 3, 'table', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'table'),"
	" (15901, 4, 'op', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'op'),"
	" (15901, 5, 'key', 114, -1, 0, 0, NULL, NULL, NULL, 0, 'key'),"
	" (15901, 6, 'base', 114, -1, 0, 0, NULL, NULL, NULL, 0, 'base'),"
	" (15901, 7, 'local', 114, -1, 0, 0, NULL, NULL, NULL, 0, 'local'),"
	" (15901, 8, 'remote', 114, -1, 0, 0, NULL, NULL, NULL, 0, 'remote'),"
	" (15901, 9, 'reason', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'reason'),"
	" (15901, 10, 'state', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'state'),"
	" (15901, 11, 'at', 1184, -1, 0, 0, NULL, NULL, NULL, 0, 'at');"
	"CREATE VIEW IF NOT EXISTS \"understudy.in_doubt\" AS SELECT xid, session, what AS \"statement\", verdict, " AT
	" FROM _understudy_in_doubt;"
	"INSERT OR IGNORE INTO _understudy_relation " RELATION " VALUES (15902, " SCHEMA
	", 'in_doubt', 'V', 10, 'understudy.in_doubt', NULL, 0, 0, 0);"
	"INSERT OR IGNORE INTO _understudy_column VALUES"
	" (15902, 1, 'xid', 20, -1, 0, 0, NULL, NULL, NULL, 0, 'xid'),"
	" (15902, 2, 'session', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'session'),"
	" (15902, 3, 'statement', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'statement'),"
	" (15902, 4, 'verdict', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'verdict'),"
	" (15902, 5, 'at', 1184, -1, 0, 0, NULL, NULL, NULL, 0, 'at');"
	"CREATE VIEW IF NOT EXISTS \"understudy.events\" AS SELECT id, kind, text, " AT " FROM _understudy_events;"
	"INSERT OR IGNORE INTO _understudy_relation " RELATION " VALUES (15903, " SCHEMA
	", 'events', 'V', 10, 'understudy.events', NULL, 0, 0, 0);"
	"INSERT OR IGNORE INTO _understudy_column VALUES"
	" (15903, 1, 'id', 20, -1, 0, 0, NULL, NULL, NULL, 0, 'id'),"
	" (15903, 2, 'kind', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'kind'),"
	" (15903, 3, 'text', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'text'),"
	" (15903, 4, 'at', 1184, -1, 0, 0, NULL, NULL, NULL, 0, 'at');"
	"CREATE VIEW IF NOT EXISTS \"understudy.stale\" AS SELECT tbl AS \"table\", why AS \"reason\", " AT " FROM _understudy_stale;"
	"INSERT OR IGNORE INTO _understudy_relation " RELATION " VALUES (15904, " SCHEMA
	", 'stale', 'V', 10, 'understudy.stale', NULL, 0, 0, 0);"
	"INSERT OR IGNORE INTO _understudy_column VALUES"
	" (15904, 1, 'table', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'table'),"
	" (15904, 2, 'reason', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'reason'),"
	" (15904, 3, 'at', 1184, -1, 0, 0, NULL, NULL, NULL, 0, 'at');"
	"CREATE VIEW IF NOT EXISTS \"understudy.unmirrored\" AS SELECT kind, name, why AS \"reason\", " AT " FROM _understudy_unmirrored;"
	"INSERT OR IGNORE INTO _understudy_relation " RELATION " VALUES (15905, " SCHEMA
	", 'unmirrored', 'V', 10, 'understudy.unmirrored', NULL, 0, 0, 0);"
	"INSERT OR IGNORE INTO _understudy_column VALUES"
	" (15905, 1, 'kind', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'kind'),"
	" (15905, 2, 'name', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'name'),"
	" (15905, 3, 'reason', 25, -1, 0, 0, NULL, NULL, NULL, 0, 'reason'),"
	" (15905, 4, 'at', 1184, -1, 0, 0, NULL, NULL, NULL, 0, 'at');";

int views_create(Db *db, Error *err)
{
	return db_exec(db, views, err);
}
