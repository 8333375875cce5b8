/*
 * What SQL functions may know of the session whose statement runs: FnEnv.session points to one of these.
 * It belongs to the session and is touched only by the thread that holds the session.
 */
#ifndef US_CATALOG_SESSIONVARS_H
#define US_CATALOG_SESSIONVARS_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct SequenceStore;

typedef struct SeqCurrent {
	uint32_t oid;
	int64_t value;
} SeqCurrent;

/* One setting as pg_settings shows it; enumvals is an array's text. */
typedef struct SettingRow {
	const char *name, *setting, *unit, *category, *short_desc, *extra_desc, *context, *vartype, *source, *boot_val, *reset_val;
	const char *min_val, *max_val, *enumvals;
} SettingRow;

/* One cursor as pg_cursors shows it. */
typedef struct CursorRow {
	const char *name;
	Str statement;
	bool holdable, binary, scrollable;
	int64_t made_us;
} CursorRow;

/* One prepared statement as pg_prepared_statements shows it. */
typedef struct PreparedRow {
	const char *name, *statement;
	int64_t made_us;
	const uint32_t *types;
	size_t ntypes;
	bool from_sql;
	int64_t uses;
} PreparedRow;

/* Advisory locks. */
typedef struct LockKey {
	uint32_t hi, lo;
	uint8_t kind; /* pg_locks.objsubid: 1 = one bigint, 2 = two integers */
} LockKey;

typedef struct LockRequest {
	LockKey key;
	bool shared, in_transaction;
} LockRequest;

typedef struct LockRow {
	LockKey key;
	bool shared, granted;
	int32_t pid;
	int64_t wait_since_us; /* since 2000-01-01; 0 = granted */
} LockRow;
typedef enum LockOp { LOCK_TAKE, LOCK_TRY, LOCK_GIVE_BACK, LOCK_GIVE_BACK_ALL } LockOp;

/* One session as pg_stat_activity shows it; times are 0 where there is none. */
typedef struct ActivityRow {
	int32_t pid, client_port;
	const char *user, *database, *application_name, *client_addr, *state, *query, *wait_type, *wait;
	int64_t session_start_us, xact_start_us, query_start_us, state_change_us;
} ActivityRow;

/* One database of the server. */
typedef struct DatabaseRow {
	const char *name;
	uint32_t oid;
	int64_t bytes;
} DatabaseRow;

typedef struct SessionVars {
	const char *user, *session_user, *database;
	const char *const *search_path; /* schemas in order, "$user" already resolved; as SqlEnv.search_path */
	size_t nsearch_path;
	char temp_schema[24]; /* of this session's temporary objects: pg_temp_N; "" when it cannot have any */
	bool has_temp;	      /* it has made some: the schema is in the search path */
	bool temp_named;      /* the search path begins with it by name */
	int32_t backend_pid;
	uint64_t txid;		  /* of the current transaction; 0 when none was assigned */
	int64_t session_start_us; /* microseconds since 2000-01-01 00:00:00 UTC */
	const char *application_name, *client_addr;
	int32_t client_port;
	struct SequenceStore *sequences; /* of the database; shared */

	/* currval and lastval: one entry per sequence used in this session. Owned; sessionvars_reset frees it. */
	SeqCurrent *current;
	size_t ncurrent, current_cap;
	uint32_t last_sequence; /* OID, 0 when lastval is not yet defined */

	uint64_t random[2]; /* state of random(), once setseed was called */
	bool random_seeded;

	/* Settings; `arg` is handed through. Any of them may be NULL. */
	void *arg;
	const char *(*get_setting)(void *arg, const char *name); /* NULL when there is no such setting */
	int (*set_setting)(void *arg, const char *name, const char *value, bool local, Error *err);
	/* As SHOW prints it; NULL when there is no such setting. */
	const char *(*show_setting)(void *arg, const char *name, Arena *a);
	const SettingRow *(*list_settings)(void *arg, Arena *a, size_t *n);
	void (*temp_made)(void *arg); /* has_temp has become true */

	/* Cursors: WHERE CURRENT OF, and the i-th one (false: there are no more). May be NULL. */
	int (*cursor_row)(void *arg, const char *name, uint32_t table, const char *table_name, int64_t *rowid, Error *err);
	bool (*list_cursors)(void *arg, size_t i, CursorRow *out);
	/* Prepared statements, from `a`; their number in *n. May be NULL. */
	const PreparedRow *(*list_prepared)(void *arg, Arena *a, size_t *n);
	/* All databases of the server, from `a`. May be NULL. */
	const DatabaseRow *(*list_databases)(void *arg, Arena *a, size_t *n);

	/* Advisory locks: false in *result when it was not free, or not held. Any of them may be NULL. */
	int (*lock)(void *arg, LockOp op, const LockRequest *r, bool *result, Error *err);
	const LockRow *(*list_locks)(void *arg, Arena *a, size_t *n);

	const ActivityRow *(*list_sessions)(void *arg, Arena *a, size_t *n);
	/* pg_cancel_backend and pg_terminate_backend; false when there is no such session. */
	bool (*signal)(void *arg, int32_t pid, bool terminate);

	/* pg_notify, and the i-th channel that is listened to (NULL: there are no more). */
	int (*notify)(void *arg, const char *channel, const char *payload, Error *err);
	const char *(*listening)(void *arg, size_t i);
} SessionVars;

/* Forgets currval and lastval (DISCARD SEQUENCES, end of the session). */
void sessionvars_reset(SessionVars *v);

/* For FnEnv.text_search_config: what default_text_search_config names. `vars` may be NULL. */
int sessionvars_text_search_config(void *vars, uint32_t *oid, Error *err);

#endif
