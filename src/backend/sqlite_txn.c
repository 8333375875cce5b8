/* A session's transaction on SQLite. The states and messages are those of PostgreSQL's xact.c. */
#include "backend/sqlite_internal.h"

#include "backend/large_object.h"
#include "backend/sqlite_locks.h"
#include "base/clock.h"
#include "base/log.h"
#include "catalog/keys.h"
#include "catalog/sequence.h"
#include "catalog/sessionvars.h"
#include "wire/proto.h"

#include <assert.h>
#include <stdio.h>

void txn_init(SqliteTxn *t, Database *db, TypeEnv *types, struct SessionVars *vars)
{
	/* What the startup packet has said is kept. */
	*t = (SqliteTxn){ .db = db,
			  .types = types,
			  .vars = vars,
			  .status = 'I',
			  .default_read_only = t->default_read_only,
			  .default_deferrable = t->default_deferrable,
			  .default_isolation = t->default_isolation };
	types->reg_name = row_reg_name;
	types->reg_oid = row_reg_oid;
	types->reg_names = t;
	t->cat = database_catalog(db);
	atomic_fetch_add(&db->users, 1);
	if (vars)
		snprintf(vars->temp_schema, sizeof vars->temp_schema, "%s%u", TEMP_SCHEMA_PREFIX,
			 atomic_fetch_add(&db->sessions_begun, 1) + 1);
}

void txn_refresh_catalog(SqliteTxn *t)
{
	/* t->cat is referenced, so an equal pointer is the same catalog. */
	if (t->ddl || t->cat == atomic_load(&t->db->cat))
		return;
	catalog_unref(t->cat);
	t->cat = database_catalog(t->db);
}

static void drop_savepoints(SqliteTxn *t, TxnSavepoint *down_to)
{
	while (t->savepoints != down_to) {
		TxnSavepoint *s = t->savepoints;
		t->savepoints = s->older;
		t->nsavepoints--;
		catalog_unref(s->cat);
		free(s->name);
		free(s);
	}
}

int txn_restart_sequence(SqliteTxn *t, const PlanStep *s, Error *err)
{
	const CatSequence *q = catalog_sequence(t->cat, s->oid);
	if (!q)
		return err_set(err, "XX000", "sequence with OID %u is not in the catalog", s->oid);
	SeqUndo *u = mem_alloc(sizeof *u);
	*u = (SeqUndo){ .older = t->restarted, .oid = s->oid, .level = t->nsavepoints };
	sequence_state(t->db->sequences, q, &u->last_value, &u->is_called);
	t->restarted = u;
	if (s->kind == STEP_SET_SEQUENCE)
		return sequence_set(t->db->sequences, q, s->value, false, err);
	return sequence_restart(t->db->sequences, q, err);
}

/* Forgets the restarts made since there were `level` savepoints, and undoes them. */
static void drop_restarts(SqliteTxn *t, int level, bool undo)
{
	while (t->restarted && t->restarted->level >= level) {
		SeqUndo *u = t->restarted;
		t->restarted = u->older;
		if (undo)
			sequence_restore(t->db->sequences, u->oid, u->last_value, u->is_called);
		free(u);
	}
}

/* The transaction is over on SQLite; forgets everything about it. */
static void forget(SqliteTxn *t)
{
	drop_savepoints(t, NULL);
	drop_restarts(t, 0, false);
	locks_end_transaction(t);
	lo_end_transaction(t);
	if (t->vars)
		t->vars->txid = 0;
	t->status = 'I';
	t->implicit = t->ddl = t->broken = t->wrote = t->keys_immediate = false;
	t->writer = t->granted = false;
	t->conn = NULL;
	txn_refresh_catalog(t);
}

/* Of the transaction that writes; it keeps the connection. */
static void rollback_file(SqliteTxn *t)
{
	Database *d = t->db;
	Db *db = d->writer->db;
	Error err;
	if (!sqlite3_get_autocommit(db->h) && db_exec(db, "ROLLBACK", &err) != 0)
		log_error("database %s: ROLLBACK failed: %s", d->name, err.message);
	if (d->hooks && d->hooks->after_rollback)
		d->hooks->after_rollback(d->hooks->ctx, db);
	if (t->ddl && sequence_store_load(d->sequences, db, false, &err) != 0)
		log_error("database %s: sequences could not be read: %s", d->name, err.message);
}

static void rollback_writer(SqliteTxn *t)
{
	if (t->writer)
		rollback_file(t);
	writer_release(t->db);
}

static void rollback(SqliteTxn *t)
{
	drop_restarts(t, 0, true);
	if (t->writer || t->granted) {
		rollback_writer(t);
	} else if (t->conn) {
		db_exec(t->conn->db, "ROLLBACK", NULL);
		conn_give_back(t->conn);
	}
	forget(t);
}

void txn_close(SqliteTxn *t)
{
	if (!t->db)
		return;
	rollback(t);
	locks_unlock_all(t);
	free(t->deadlock);
	temp_end_session(t);
	catalog_unref(t->cat);
	programs_forget(t);
	if (t->scratch)
		arena_free(t->scratch);
	buf_free(&t->plan_key);
	database_leave(t->db);
	*t = (SqliteTxn){ 0 };
}

/* The same: it keeps the connection. */
static int commit_file(SqliteTxn *t, Error *err)
{
	Database *d = t->db;
	Db *db = d->writer->db;
	const CommitHooks *h = d->hooks;
	int rc = t->broken ? err_set(err, "40000", "the transaction was rolled back by an earlier error of the file") : 0;
	if (rc == 0)
		rc = temp_before_commit(t, err);
	if (rc == 0 && h && h->before_commit)
		rc = h->before_commit(h->ctx, db, err);
	bool flush = rc == 0 && sequence_dirty(d->sequences);
	if (flush)
		rc = sequence_flush(d->sequences, db, err);
	if (t->ddl)
		atomic_fetch_add(&d->ddl_seq, 1);
	if (rc == 0)
		rc = db_exec(db, "COMMIT", err);
	if (rc == 0 && t->ddl) {
		catalog_mark_labels(t->cat, NULL);
		database_publish_catalog(d, t->cat);
	}
	if (t->ddl)
		atomic_fetch_add(&d->ddl_seq, 1);
	if (rc != 0) {
		if (flush)
			sequence_flush_failed(d->sequences);
		return -1;
	}
	if (h && h->after_commit)
		h->after_commit(h->ctx, db);
	if (t->ddl && sequence_store_load(d->sequences, db, false, err) != 0)
		log_error("database %s: sequences could not be read: %s", d->name, err->message);
	if (t->wrote || flush)
		t->sync_ticket = syncer_note_commit(d);
	return 0;
}

static int commit_writer(SqliteTxn *t, Error *err)
{
	if (commit_file(t, err) != 0)
		return -1;
	writer_release(t->db);
	return 0;
}

static int commit(SqliteTxn *t, Error *err)
{
	if (!t->writer) {
		rollback(t);
		return 0;
	}
	conn_enter(t->conn, t);
	int rc = keys_check(t->cat, t->conn->db, true, err);
	conn_leave(t->conn);
	if (rc != 0) {
		rollback(t);
		return -1;
	}
	if (commit_writer(t, err) != 0) {
		if (strncmp(err->sqlstate, "23", 2) == 0)
			conn_error(t->conn, t, sqlite3_extended_errcode(t->conn->db->h), 0, err);
		rollback(t);
		return -1;
	}
	forget(t);
	return 0;
}

bool plan_ends_transaction(const Plan *plan)
{
	return plan->kind == PLAN_COMMIT || plan->kind == PLAN_ROLLBACK || plan->kind == PLAN_ROLLBACK_TO ||
	       (plan->kind == PLAN_TWO_PHASE && !plan->name);
}

int txn_start_statement(SqliteTxn *t, const Plan *plan, Error *err)
{
	if (t->status == 'E' && !plan_ends_transaction(plan))
		return err_set(err, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
	t->types->stmt_start_us = clock_wall_us() - POSTGRES_EPOCH_US;
	if (t->status == 'I') {
		t->types->xact_start_us = t->types->stmt_start_us;
		t->status = 'T';
		t->implicit = true;
		t->read_only = t->default_read_only;
		t->deferrable = t->default_deferrable;
		t->isolation = t->default_isolation;
		t->repeatable = t->isolation >= REPEATABLE_READ;
		t->queried = false;
	}
	if (!t->scratch)
		t->scratch = arena_new();
	t->patience_us = 0;
	t->rows_taken = false;
	return 0;
}

void txn_fail(SqliteTxn *t)
{
	if (t->status != 'T')
		return;
	if (t->implicit) {
		rollback(t);
		return;
	}
	if (!t->savepoints) {
		rollback(t);
	} else if (t->granted && !t->writer) {
		t->granted = false;
		writer_release(t->db);
	}
	t->status = 'E';
}

void txn_abort(SqliteTxn *t)
{
	rollback(t);
}

static int begin_file(SqliteTxn *t, Error *err)
{
	const CommitHooks *h = t->db->hooks;
	if (db_exec(t->conn->db, "BEGIN IMMEDIATE", err) != 0)
		return -1;
	return h && h->begin ? h->begin(h->ctx, t->conn->db, err) : 0;
}

int nested_end_transaction(SqliteTxn *t, bool undo, bool chain, Error *err)
{
	if (t->writer && !undo && commit_file(t, err) != 0) {
		if (strncmp(err->sqlstate, "23", 2) == 0)
			conn_error(t->conn, t, sqlite3_extended_errcode(t->conn->db->h), 0, err);
		return -1;
	}
	drop_restarts(t, 0, undo);
	if (t->writer && undo)
		rollback_file(t);
	locks_end_transaction(t);
	t->ddl = t->broken = t->wrote = t->keys_immediate = false;
	txn_refresh_catalog(t);
	t->types->xact_start_us = clock_wall_us() - POSTGRES_EPOCH_US;
	if (!chain) {
		t->isolation = t->default_isolation;
		t->repeatable = t->isolation >= REPEATABLE_READ;
	}
	return t->writer ? begin_file(t, err) : 0;
}

int txn_end_implicit(SqliteTxn *t, Error *err)
{
	return t->status == 'T' && t->implicit ? commit(t, err) : 0;
}

/* --- connections --- */

static int make_savepoints(SqliteTxn *t, TxnSavepoint *s, Error *err)
{
	if (!s || s->made)
		return 0;
	if (make_savepoints(t, s->older, err) != 0)
		return -1;
	char sql[40];
	snprintf(sql, sizeof sql, "SAVEPOINT s%d", s->level);
	const CommitHooks *h = t->db->hooks;
	if (h && h->savepoint)
		h->savepoint(h->ctx, s->level);
	s->made = true;
	return db_exec(t->conn->db, sql, err);
}

/* A repeatable transaction that writes must still see the newest state, or PostgreSQL's promise would be broken. */
static int leave_snapshot(SqliteTxn *t, Error *err)
{
	if (!t->conn)
		return 0;
	bool stale = t->snapshot_commits != atomic_load(&t->db->commits);
	db_exec(t->conn->db, "ROLLBACK", NULL);
	conn_give_back(t->conn);
	t->conn = NULL;
	if (!stale)
		return 0;
	err_set(err, "40001", "could not serialize access due to concurrent update");
	return -1;
}

static int begin_writing(SqliteTxn *t, Error *err)
{
	if (leave_snapshot(t, err) != 0) {
		t->granted = false;
		writer_release(t->db);
		return -1;
	}
	t->conn = t->db->writer;
	t->writer = true;
	keys_forget(t->conn->db);
	if (begin_file(t, err) != 0)
		return -1;
	txn_refresh_catalog(t);
	return make_savepoints(t, t->savepoints, err);
}

RunResult txn_need_writer(SqliteTxn *t, const char *command, Error *err)
{
	if (t->read_only) {
		err_set(err, "25006", "cannot execute %s in a read-only transaction", command);
		return RUN_ERROR;
	}
	if (t->broken) {
		err_set(err, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
		return RUN_ERROR;
	}
	if (t->writer)
		return RUN_DONE;
	if (!t->granted && !writer_try(t))
		return RUN_WANT_WRITER;
	return begin_writing(t, err) == 0 ? RUN_DONE : RUN_ERROR;
}

RunResult txn_need_writer_for(SqliteTxn *t, const Plan *plan, const char *command, Error *err)
{
	bool read_only = t->read_only;
	t->read_only = read_only && !(plan->kind == PLAN_QUERY && plan->only_temp);
	RunResult rc = txn_need_writer(t, command, err);
	t->read_only = read_only;
	if (rc != RUN_WANT_WRITER || !plan->nowait)
		return rc;
	err_set(err, "55P03", "could not obtain lock on %s", plan->nowait);
	return RUN_ERROR;
}

int txn_read_conn(SqliteTxn *t, DbConn **out, bool *own, Error *err)
{
	*own = false;
	if (t->conn) {
		*out = t->conn;
		return 0;
	}
	if (conn_checkout(t->db, out, err) != 0)
		return -1;
	if (!t->repeatable || t->implicit) {
		*own = true;
		return 0;
	}
	t->snapshot_commits = atomic_load(&t->db->commits);
	t->conn = *out;
	if (db_exec(t->conn->db, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", err) == 0)
		return 0;
	conn_give_back(t->conn);
	t->conn = NULL;
	return -1;
}

/* --- BEGIN and kin --- */

static void warn(const SqliteTxn *t, Buf *out, const char *sqlstate, const char *message)
{
	Error e;
	err_set(&e, sqlstate, "%s", message);
	notice_put(t->vars, out, &e, "WARNING");
}

static const char *const isolation_names[] = { "read committed", "read uncommitted", "repeatable read", "serializable" };

const char *isolation_name(IsolationLevel level)
{
	return isolation_names[level];
}

IsolationLevel isolation_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(isolation_names); i++)
		if (streq(isolation_names[i], name))
			return (IsolationLevel)i;
	return READ_COMMITTED;
}

static int set_isolation(SqliteTxn *t, IsolationLevel level, Error *err)
{
	if (level == t->isolation)
		return 0;
	if (t->queried)
		return err_set(err, "25001", "SET TRANSACTION ISOLATION LEVEL must be called before any query");
	if (t->savepoints)
		return err_set(err, "25001", "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
	t->isolation = level;
	t->repeatable = level >= REPEATABLE_READ;
	return 0;
}

int txn_set_modes(SqliteTxn *t, const char *isolation, int read_only, int deferrable, Error *err)
{
	if (isolation && set_isolation(t, isolation_named(isolation), err) != 0)
		return -1;
	if (read_only == 0 && t->read_only) {
		if (t->savepoints)
			return err_set(err, "25001", "cannot set transaction read-write mode inside a read-only transaction");
		if (t->queried)
			return err_set(err, "25001", "transaction read-write mode must be set before any query");
	}
	if (read_only >= 0)
		t->read_only = read_only;
	if (deferrable >= 0 && t->queried)
		return err_set(err, "25001", "SET TRANSACTION [NOT] DEFERRABLE must be called before any query");
	if (deferrable >= 0 && t->savepoints)
		return err_set(err, "25001", "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction");
	if (deferrable >= 0)
		t->deferrable = deferrable;
	return 0;
}

static int begin(SqliteTxn *t, const Plan *plan, Buf *out, Error *err)
{
	if (!t->implicit)
		warn(t, out, "25001", "there is already a transaction in progress");
	t->implicit = false;
	return txn_set_modes(t, plan->isolation, plan->read_only, plan->deferrable, err);
}

static int chain(SqliteTxn *t, bool read_only, bool deferrable, IsolationLevel isolation)
{
	t->status = 'T';
	t->implicit = t->queried = false;
	t->read_only = read_only;
	t->deferrable = deferrable;
	t->isolation = isolation;
	t->repeatable = isolation >= REPEATABLE_READ;
	t->types->xact_start_us = t->types->stmt_start_us;
	return 0;
}

static int end_block(SqliteTxn *t, const Plan *plan, Buf *out, const char **tag, Error *err)
{
	bool committing = plan->kind == PLAN_COMMIT;
	if (t->implicit && plan->chain)
		return err_set(err, "25P01", "%s AND CHAIN can only be used in transaction blocks", committing ? "COMMIT" : "ROLLBACK");
	if (t->implicit)
		warn(t, out, "25P01", "there is no transaction in progress");
	bool read_only = t->read_only, deferrable = t->deferrable, failed = t->status == 'E';
	IsolationLevel isolation = t->isolation;
	if (committing && !failed) {
		if (commit(t, err) != 0)
			return -1;
	} else {
		rollback(t);
		*tag = "ROLLBACK";
	}
	return plan->chain ? chain(t, read_only, deferrable, isolation) : 0;
}

static TxnSavepoint *find_savepoint(SqliteTxn *t, const char *name)
{
	TxnSavepoint *s = t->savepoints;
	while (s && !streq(s->name, name))
		s = s->older;
	return s;
}

static int run_level(SqliteTxn *t, const char *verb, int level, Error *err)
{
	char sql[64];
	snprintf(sql, sizeof sql, "%s s%d", verb, level);
	return db_exec(t->conn->db, sql, err);
}

static int savepoint(SqliteTxn *t, const Plan *plan, Error *err)
{
	TxnSavepoint *s = mem_alloc(sizeof *s);
	s->name = mem_strdup(plan->name);
	s->level = ++t->nsavepoints;
	s->cat = catalog_ref(t->cat);
	s->ddl = t->ddl;
	s->older = t->savepoints;
	t->savepoints = s;
	return t->writer ? make_savepoints(t, s, err) : 0;
}

static int rollback_to(SqliteTxn *t, TxnSavepoint *s, Error *err)
{
	if (t->broken)
		return err_set(err, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
	if (t->writer && s->made) {
		if (run_level(t, "ROLLBACK TO", s->level, err) != 0)
			return -1;
		const CommitHooks *h = t->db->hooks;
		if (h && h->rollback_to)
			h->rollback_to(h->ctx, s->level);
	}
	drop_restarts(t, s->level, true);
	drop_savepoints(t, s);
	locks_rollback_to(t, s->level);
	lo_rollback_to(t, s->level);
	if (t->ddl) {
		catalog_unref(t->cat);
		t->cat = catalog_ref(s->cat);
	}
	t->status = 'T';
	return 0;
}

static int on_savepoint(SqliteTxn *t, const Plan *plan, Error *err)
{
	static const char *const command[] = {
		[PLAN_SAVEPOINT] = "SAVEPOINT", [PLAN_RELEASE] = "RELEASE SAVEPOINT", [PLAN_ROLLBACK_TO] = "ROLLBACK TO SAVEPOINT"
	};
	if (t->implicit)
		return err_set(err, "25P01", "%s can only be used in transaction blocks", command[plan->kind]);
	if (plan->kind == PLAN_SAVEPOINT)
		return savepoint(t, plan, err);
	TxnSavepoint *s = find_savepoint(t, plan->name);
	if (!s)
		return err_set(err, "3B001", "savepoint \"%s\" does not exist", plan->name);
	if (plan->kind == PLAN_ROLLBACK_TO)
		return rollback_to(t, s, err);
	if (t->writer && s->made && run_level(t, "RELEASE", s->level, err) != 0)
		return -1;
	drop_savepoints(t, s->older);
	locks_release_savepoint(t, t->nsavepoints);
	lo_release_savepoint(t, t->nsavepoints);
	return 0;
}

int txn_statement(SqliteTxn *t, const Plan *plan, Buf *out, const char **tag, Error *err)
{
	assert(t->status != 'I');
	*tag = plan->tag;
	switch (plan->kind) {
	case PLAN_BEGIN:
		return begin(t, plan, out, err);
	case PLAN_COMMIT:
	case PLAN_ROLLBACK:
		return end_block(t, plan, out, tag, err);
	default:
		return on_savepoint(t, plan, err);
	}
}

int nested_begin(SqliteTxn *t, Error *err)
{
	return savepoint(t, &(Plan){ .name = "" }, err);
}

int nested_commit(SqliteTxn *t, Error *err)
{
	TxnSavepoint *s = t->savepoints;
	if (t->writer && s->made && run_level(t, "RELEASE", s->level, err) != 0)
		return -1;
	drop_savepoints(t, s->older);
	return 0;
}

int nested_rollback(SqliteTxn *t, Error *err)
{
	return rollback_to(t, t->savepoints, err) != 0 ? -1 : nested_commit(t, err);
}
