#include "base/log.h"
#include "sync/copy.h"
#include "sync/replay_internal.h"
#include "sync/replay_quiet.h"
#include "sync/state.h"

#include <assert.h>
#include <stdio.h>

enum {
	BATCH_CHANGES = 500,
	BATCH_TXS = 200,
	SINGLE_TRIES = 5,
};

/* What is sent in one pipeline, and what must come back. */
typedef enum { WANT_OK, WANT_ONE_ROW, WANT_MARKER, WANT_HELD, WANT_UNBROKEN } Want;

typedef struct Batch {
	JournalTx *txs;
	size_t n, cap;
	Want *wants;
	size_t nwants, cap_wants;
	Arena *arena;
} Batch;

int replay_lock(Replay *r, Error *err)
{
	if (r->cfg.db)
		database_borrow_writer(r->cfg.db);
	if (db_exec(r->db, "BEGIN IMMEDIATE", err) == 0)
		return 0;
	if (r->cfg.db)
		database_return_writer(r->cfg.db, false);
	return -1;
}

int replay_unlock(Replay *r, int rc, Error *err)
{
	Error ignored;
	if (rc == 0)
		rc = db_exec(r->db, "COMMIT", err);
	if (rc < 0)
		db_exec(r->db, "ROLLBACK", &ignored);
	if (r->cfg.db)
		database_return_writer(r->cfg.db, rc == 0);
	return rc;
}

const ReplayRel *replay_find_rel(Replay *r, const char *table, Error *err)
{
	ReplayRel *rel = map_get(&r->rels, str_of(table));
	if (rel)
		return rel;
	rel = replay_rel(r->db, apply_catalog(r->apply), table, r->arena, err);
	if (rel)
		map_put(&r->rels, str_of(table), rel);
	return rel;
}

PGresult *replay_query(Replay *r, const ReplayCommand *c, Error *err)
{
	if (replay_leave_pipeline(r, err) < 0)
		return NULL;
	return source_query_params(r->conn, c->sql, c->nparams, c->params, err);
}

/* ---- the pipeline ---- */

static int enter_pipeline(Replay *r, Error *err)
{
	if (!r->pipeline && !PQenterPipelineMode(r->conn))
		return source_error(r->conn, NULL, err);
	r->pipeline = true;
	return 0;
}

int replay_leave_pipeline(Replay *r, Error *err)
{
	if (r->pipeline && !PQexitPipelineMode(r->conn))
		return source_error(r->conn, NULL, err);
	r->pipeline = false;
	return 0;
}

static void want(Batch *b, Want w)
{
	b->wants = mem_grow(b->wants, &b->cap_wants, b->nwants + 1, sizeof *b->wants);
	b->wants[b->nwants++] = w;
}

static int send_text(Replay *r, Batch *b, const char *sql, int n, const char *const *params, Want w, Error *err)
{
	if (!PQsendQueryParams(r->conn, sql, n, NULL, params, NULL, NULL, 0))
		return source_error(r->conn, NULL, err);
	want(b, w);
	return 0;
}

static int send_prepared(Replay *r, Batch *b, const ReplayCommand *cmd, Want w, Error *err)
{
	char *name = map_get(&r->stmts, str_of(cmd->sql));
	if (!name) {
		name = arena_printf(r->arena, "r%zu", r->nstmts++);
		if (!PQsendPrepare(r->conn, name, cmd->sql, 0, NULL))
			return source_error(r->conn, NULL, err);
		map_put(&r->stmts, str_of(cmd->sql), name);
		want(b, WANT_OK);
	}
	if (!PQsendQueryPrepared(r->conn, name, cmd->nparams, cmd->params, NULL, NULL, 0))
		return source_error(r->conn, NULL, err);
	want(b, w);
	return 0;
}

static int send_change(Replay *r, Batch *b, const JournalChange *c, Error *err)
{
	ReplayCommand cmd;
	const ReplayRel *rel = replay_find_rel(r, c->table, err);
	if (!rel || replay_command(rel, c, b->arena, &cmd, err) < 0)
		return -1;
	return cmd.sql ? send_prepared(r, b, &cmd, WANT_ONE_ROW, err) : 0;
}

/* What a foreign key's action did the primary does by itself, and a row number may have been used twice: such rows are taken from the
 * stream. */
static void note_change(Replay *r, const JournalChange *c)
{
	Error ignored;
	const ReplayRel *rel = c->op == 'S' ? NULL : replay_find_rel(r, c->table, &ignored);
	if (rel)
		r->not_as_sent |= c->depth > 0 || (!rel->has_key && c->op != 'I');
}

static int send_checks(Replay *r, Batch *b, Error *err)
{
	QuietCheck *checks;
	size_t n;
	if (quiet_checks(r, b->txs, b->n, b->arena, &checks, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (send_prepared(r, b, &checks[i].cmd, checks[i].wants_row ? WANT_HELD : WANT_UNBROKEN, err) < 0)
			return -1;
	return 0;
}

static int send_batch(Replay *r, Batch *b, Error *err)
{
	char last[24];
	const char *params[2] = { r->node, last };
	snprintf(last, sizeof last, "%lld", (long long)b->txs[b->n - 1].txid);
	if (send_text(r, b, "BEGIN", 0, NULL, WANT_OK, err) < 0 ||
	    send_text(r, b, "SET CONSTRAINTS ALL DEFERRED", 0, NULL, WANT_OK, err) < 0 ||
	    send_text(r, b, "SELECT last_tx, epoch, pg_current_xact_id()::text FROM understudy.replay WHERE node = $1::uuid FOR UPDATE", 1,
		      params, WANT_MARKER, err) < 0)
		return -1;
	bool quiet = quiet_wanted(r, b->txs, b->n);
	if (quiet && send_text(r, b, "SET LOCAL session_replication_role = replica", 0, NULL, WANT_OK, err) < 0)
		return -1;
	for (size_t t = 0; t < b->n; t++)
		for (size_t i = 0; i < b->txs[t].n; i++) {
			const JournalChange *c = &b->txs[t].changes[i];
			note_change(r, c);
			/* What a foreign key's action did here the primary does itself, unless its triggers sleep. */
			if (c->op != 'S' && (c->depth == 0 || quiet) && send_change(r, b, c, err) < 0)
				return -1;
		}
	if (quiet && send_checks(r, b, err) < 0)
		return -1;
	return send_text(r, b, "UPDATE understudy.replay SET last_tx = $2::bigint, at = now() WHERE node = $1::uuid", 2, params,
			 WANT_ONE_ROW, err);
}

static int check_result(Replay *r, const PGresult *res, Want w, Error *err)
{
	ExecStatusType s = PQresultStatus(res);
	if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK)
		return source_error(r->conn, res, err);
	if (w == WANT_ONE_ROW && strtol(PQcmdTuples((PGresult *)res), NULL, 10) != 1)
		return err_set(err, "40002", "the row is not as it was when it was changed on SQLite");
	if (w == WANT_MARKER && (PQntuples(res) != 1 || strtoll(PQgetvalue(res, 0, 0), NULL, 10) != r->last_tx ||
				 strtoll(PQgetvalue(res, 0, 1), NULL, 10) != r->epoch))
		return err_set(err, "55000", "understudy.replay was changed by somebody else");
	if (w == WANT_HELD && PQntuples(res) == 0)
		return err_set(err, "23503", "a row that it refers to is not there");
	if (w == WANT_UNBROKEN && PQntuples(res) != 0)
		return err_set(err, "23503", "a row that others refer to would be gone, or one that must be unique would not be");
	if (w == WANT_MARKER)
		r->batch_xid = (uint32_t)strtoull(PQgetvalue(res, 0, 2), NULL, 10);
	return 0;
}

/* Reads the results up to the synchronisation point; the first failure is the one reported. */
static int read_results(Replay *r, const Batch *b, Error *err)
{
	int rc = 0;
	size_t i = 0;
	for (;;) {
		_cleanup_(source_clearp) PGresult *res = source_get_result(r->conn);
		if (!res) {
			if (PQstatus(r->conn) != CONNECTION_OK)
				return rc < 0 ? rc : source_error(r->conn, NULL, err);
			continue; /* between two commands */
		}
		ExecStatusType s = PQresultStatus(res);
		if (s == PGRES_PIPELINE_SYNC)
			return rc;
		if (s == PGRES_PIPELINE_ABORTED || rc < 0)
			continue;
		rc = i < b->nwants ? check_result(r, res, b->wants[i], err) : err_set(err, "08P01", "the primary sent too many results");
		i++;
	}
}

static int pipeline_end(Replay *r, Batch *b, const char *sql, Error *err)
{
	b->nwants = 0;
	if (send_text(r, b, sql, 0, NULL, WANT_OK, err) < 0)
		return -1;
	if (!PQpipelineSync(r->conn))
		return source_error(r->conn, NULL, err);
	return read_results(r, b, err);
}

/* Statements prepared inside a transaction that was rolled back exist still, but those after the failure were never made. */
static int forget_statements(Replay *r, Error *err)
{
	map_free(&r->stmts);
	if (replay_leave_pipeline(r, err) < 0)
		return -1;
	return source_exec(r->conn, "DEALLOCATE ALL", err);
}

/* Everything in one transaction of the primary, or nothing. */
static int replay_batch(Replay *r, Batch *b, Error *err)
{
	Error ignored;
	b->nwants = 0;
	if ((!r->quiet && quiet_load(r, err) < 0) || enter_pipeline(r, err) < 0)
		return -1;
	int rc = send_batch(r, b, err);
	bool sent = rc == 0;
	if (!PQpipelineSync(r->conn))
		return rc < 0 ? rc : source_error(r->conn, NULL, err);
	Error *to = sent ? err : &ignored;
	if (read_results(r, b, to) < 0)
		rc = -1;
	if (rc == 0)
		rc = pipeline_end(r, b, "COMMIT", err);
	else if (PQstatus(r->conn) == CONNECTION_OK)
		pipeline_end(r, b, "ROLLBACK", &ignored);
	if (rc < 0 && PQstatus(r->conn) == CONNECTION_OK && forget_statements(r, &ignored) < 0)
		return -1;
	if (rc == 0) {
		r->last_tx = b->txs[b->n - 1].txid;
		r->replayed += b->n;
		map_put(&r->own, map_u64_key(&r->batch_xid), r);
	}
	return rc;
}

/* ---- the journal ---- */

static int mark_replayed(Replay *r, Error *err)
{
	if (replay_lock(r, err) < 0)
		return -1;
	Val v = val_int(r->last_tx);
	int rc = state_run(r->db, "UPDATE _understudy_journal SET state = 'replayed' WHERE txid <= ?1 AND kind = 'local' AND state = 'new'",
			   &v, 1, err);
	int64_t done = rc == 0 ? sqlite3_changes64(r->db->h) : 0;
	rc = replay_unlock(r, rc, err);
	if (rc == 0 && r->cfg.counts)
		atomic_fetch_sub(&r->cfg.counts->backlog, done);
	return rc;
}

static bool is_transient(const Error *e)
{
	return err_is(e, "40001") || err_is(e, "40P01") || err_is(e, "55P03") || err_is(e, "57014") || strncmp(e->sqlstate, "53", 2) == 0;
}

static int keep_as_conflict(Replay *r, Batch *one, const Error *why, Error *err)
{
	if (conflict_keep(r, &one->txs[0], why, one->arena, err) < 0)
		return -1;
	r->conflicts++;
	if (r->cfg.counts) {
		atomic_fetch_sub(&r->cfg.counts->backlog, 1);
		atomic_fetch_add(&r->cfg.counts->conflicts, 1);
	}
	return 0;
}

/* One transaction by itself: replayed, or kept as a conflict. */
static int replay_single(Replay *r, JournalTx *tx, Arena *a, Error *err)
{
	Batch one = { .txs = tx, .n = 1, .arena = a };
	Error why;
	int rc = 0;
	if (conflict_is_parked(r, tx, a)) {
		err_set(&why, "40002", "an earlier transaction that changed the same row could not be replayed");
		return keep_as_conflict(r, &one, &why, err);
	}
	for (int i = 0; i < SINGLE_TRIES; i++) {
		rc = replay_batch(r, &one, &why);
		if (rc == 0 || !is_transient(&why) || source_is_lost(r->conn, &why))
			break;
	}
	free(one.wants);
	if (rc == 0)
		return 0;
	if (source_is_lost(r->conn, &why) || is_transient(&why) || err_is(&why, "55000") || err_is(&why, "25006") ||
	    err_is(&why, "42501")) {
		*err = why;
		return -1;
	}
	one.wants = NULL;
	return keep_as_conflict(r, &one, &why, err);
}

static int replay_batch_or_singles(Replay *r, Batch *b, Error *err)
{
	Error why;
	bool parked = false;
	for (size_t i = 0; i < b->n; i++)
		parked |= conflict_is_parked(r, &b->txs[i], b->arena);
	if (!parked && replay_batch(r, b, &why) == 0)
		return mark_replayed(r, err);
	if (!parked && source_is_lost(r->conn, &why)) {
		*err = why;
		return -1;
	}
	for (size_t i = 0; i < b->n; i++)
		if (replay_single(r, &b->txs[i], b->arena, err) < 0)
			return -1;
	return mark_replayed(r, err);
}

/* Reads transactions until the batch is full. *after moves over all that were looked at; 1 = there may be more. */
static int fill_batch(Replay *r, Batch *b, int64_t *after, Error *err)
{
	size_t changes = 0;
	b->n = 0;
	while (b->n < BATCH_TXS && changes < BATCH_CHANGES) {
		JournalTx tx;
		int rc = journal_next(r->db->h, *after, b->arena, &tx, err);
		if (rc <= 0)
			return rc;
		*after = tx.txid;
		if (tx.kind != JOURNAL_LOCAL || !streq(tx.state, "new") || tx.txid <= r->last_tx)
			continue;
		b->txs = mem_grow(b->txs, &b->cap, b->n + 1, sizeof *b->txs);
		b->txs[b->n++] = tx;
		changes += tx.n;
	}
	return 1;
}

int replay_run(Replay *r, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	Batch b = { .arena = arena };
	int64_t after = r->last_tx;
	int more = 1, rc = 0;
	while (more == 1 && rc == 0) {
		arena_reset(arena);
		more = fill_batch(r, &b, &after, err);
		rc = more < 0 ? -1 : 0;
		if (rc == 0 && b.n)
			rc = replay_batch_or_singles(r, &b, err);
	}
	free(b.txs);
	free(b.wants);
	return rc;
}

int replay_backlog(Replay *r, int64_t *n, Error *err)
{
	return journal_backlog(r->db->h, n, err);
}

uint64_t replay_count(const Replay *r)
{
	return r->replayed;
}

uint64_t replay_conflicts(const Replay *r)
{
	return r->conflicts;
}

/* ---- opening ---- */

static int check_identity(Replay *r, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PGconn *repl = source_connect(r->cfg.conninfo, true, err);
	if (!repl)
		return -1;
	SourceIdentity id;
	int rc = source_identity(repl, &id, err);
	source_closep(&repl);
	if (rc < 0)
		return -1;
	const char *system_id = state_get(r->db, "system_id", a);
	if (!system_id || !streq(system_id, id.system_id)) {
		err_set(err, "55000", "the primary is another cluster (system identifier %s) than the one this file came from (%s)",
			id.system_id, system_id ? system_id : "none");
		return err_hint(err,
				"Nothing was written. Point understudy at the former primary, or move %s away to begin with a new copy.",
				r->cfg.path);
	}
	if (id.timeline < state_get_int(r->db, "timeline", 0))
		return err_set(err, "55000", "the primary is on timeline %d, older than the one this file followed", id.timeline);
	return 0;
}

static int make_schema(Replay *r, Error *err)
{
	_cleanup_(source_clearp) PGresult *have = source_query(r->conn, "SELECT to_regclass('understudy.replay') IS NOT NULL", err);
	if (!have)
		return -1;
	if (*PQgetvalue(have, 0, 0) == 't')
		return 0;
	return source_exec(
		r->conn,
		"CREATE SCHEMA IF NOT EXISTS understudy;"
		"CREATE TABLE IF NOT EXISTS understudy.replay(node uuid PRIMARY KEY, epoch bigint NOT NULL, last_tx bigint NOT NULL,"
		" at timestamptz NOT NULL)",
		err);
}

/* The row lock waits for an earlier backend of ours that may still be committing. */
static int read_marker(Replay *r, Error *err)
{
	char epoch[24];
	const char *params[2] = { r->node, epoch };
	snprintf(epoch, sizeof epoch, "%lld", (long long)r->epoch);
	_cleanup_(source_clearp) PGresult *ins = source_query_params(r->conn,
								     "INSERT INTO understudy.replay(node, epoch, last_tx, at) VALUES "
								     "($1::uuid, $2::bigint, 0, now()) ON CONFLICT (node) DO NOTHING",
								     2, params, err);
	if (!ins)
		return -1;
	_cleanup_(source_clearp) PGresult *row = source_query_params(
		r->conn, "SELECT last_tx, epoch FROM understudy.replay WHERE node = $1::uuid FOR UPDATE", 1, params, err);
	if (!row)
		return -1;
	if (PQntuples(row) != 1)
		return err_set(err, "55000", "understudy.replay has no row for this node");
	r->last_tx = strtoll(PQgetvalue(row, 0, 0), NULL, 10);
	if (strtoll(PQgetvalue(row, 0, 1), NULL, 10) == r->epoch)
		return 0;
	err_set(err, "55000", "the primary knows another epoch of this node (%s) than the file (%s)", PQgetvalue(row, 0, 1), epoch);
	return err_hint(err, "The file was restored from a backup or copied. Nothing was replayed.");
}

static int settle_in_doubt(Replay *r, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	sqlite3_stmt *st;
	if (db_prepare(r->db, str_of("SELECT DISTINCT xid FROM _understudy_in_doubt WHERE verdict IS NULL"), &st, err) < 0)
		return -1;
	size_t n = 0, cap = 0;
	int64_t *xids = NULL;
	while (sqlite3_step(st) == SQLITE_ROW) {
		xids = mem_grow(xids, &cap, n + 1, sizeof *xids);
		xids[n++] = sqlite3_column_int64(st, 0);
	}
	db_done(r->db, st);
	int rc = n ? replay_lock(r, err) : 0;
	bool locked = n && rc == 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *text = arena_printf(a, "%lld", (long long)xids[i]);
		Error why;
		_cleanup_(source_clearp) PGresult *res = source_query_params(r->conn, "SELECT pg_xact_status($1::xid8)", 1, &text, &why);
		const char *verdict = !res ? why.message : PQgetisnull(res, 0, 0) ? "too old to be known" : PQgetvalue(res, 0, 0);
		Val v[2] = { val_int(xids[i]), val_text(str_of(verdict)) };
		log_info("commit in doubt: transaction %s of the primary: %s", text, verdict);
		rc = state_run(r->db, "UPDATE _understudy_in_doubt SET verdict = ?2 WHERE xid = ?1 AND verdict IS NULL", v, 2, err);
	}
	if (locked)
		rc = replay_unlock(r, rc, err);
	free(xids);
	return rc;
}

static int open_all(Replay *r, Error *err)
{
	if (apply_db_open(r->cfg.path, &r->db, err) < 0 || apply_new(r->db, r->cfg.database, &r->apply, err) < 0)
		return -1;
	char *node = state_get(r->db, "node", r->arena);
	if (!node)
		return err_set(err, "XX001", "the file does not know its node id");
	r->node = node;
	r->epoch = state_get_int(r->db, "epoch", 1);
	if (check_identity(r, err) < 0)
		return -1;
	r->conn = source_connect(r->cfg.conninfo, false, err);
	if (!r->conn || make_schema(r, err) < 0 || read_marker(r, err) < 0)
		return -1;
	return settle_in_doubt(r, err) < 0 || mark_replayed(r, err) < 0 ? -1 : conflict_load(r, err);
}

int replay_open(const ReplayConfig *config, Replay **out, Error *err)
{
	Replay *r = mem_alloc(sizeof *r);
	r->cfg = *config;
	r->arena = arena_new();
	if (open_all(r, err) < 0) {
		replay_close(r);
		return -1;
	}
	r->own_after = r->last_tx;
	*out = r;
	return 0;
}

void replay_close(Replay *r)
{
	if (!r)
		return;
	echo_close(r->echo);
	source_closep(&r->conn);
	apply_free(r->apply);
	if (r->db)
		db_close(r->db);
	map_free(&r->rels);
	map_free(&r->stmts);
	map_free(&r->parked);
	map_free(&r->own);
	quiet_free(r->quiet);
	arena_free(r->arena);
	free(r);
}
