#include "sync/follower.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/applier.h"
#include "sync/resync.h"
#include "sync/schema_copy.h"
#include "sync/state.h"
#include "sync/stream.h"

#include <assert.h>

enum {
	GROUP_ROWS = 1000,
	GROUP_US = 50000,
	SEQUENCE_POLL_US = 2000000,
	SCHEMA_POLL_US = 1000000,
	LEVEL_POLL_US = 1000000,
	IDLE_MS = 250,
	DRAIN_US = 20000000, /* without a word from the stream; SQLite's writers wait meanwhile */
	ANSWER_MS = 10,	     /* while an answer is awaited on the other connection */
	SCHEMA_SHARE = 20,   /* at most one part in so many of the primary's time goes into the question */
};

typedef struct Follower {
	const FollowConfig *cfg;
	Stream stream;
	Applier ap;
	Arena *arena;
	bool group;
	uint64_t group_rows;
	int64_t group_since_us;
	uint32_t *xids; /* whole transactions of the open group */
	size_t nxids, cap_xids;
	PGconn *sql; /* for what the stream does not carry: sequences */
	int64_t polled_us, schema_due_us, asked_us;
	char asked; /* a question is under way: s(equences), t(ables) or l(evel) */
	/* Where the primary stood when the redo list stood at `mark`; 0 = not asked for. */
	uint64_t target, mark;
	bool level; /* the file has been there */
} Follower;

static int group_begin(Follower *f, Error *err)
{
	if (f->group)
		return 0;
	if (f->cfg->db)
		database_borrow_writer(f->cfg->db);
	if (db_exec(f->ap.db, "BEGIN IMMEDIATE", err) < 0) {
		if (f->cfg->db)
			database_return_writer(f->cfg->db, false);
		return -1;
	}
	f->group = true;
	f->group_rows = apply_rows(f->ap.apply);
	f->group_since_us = clock_mono_us();
	return 0;
}

static void group_release(Follower *f, bool wrote)
{
	f->group = false;
	if (f->cfg->db)
		database_return_writer(f->cfg->db, wrote);
}

static void report(Follower *f)
{
	for (size_t i = 0; f->cfg->redo && i < f->nxids; i++)
		redo_mirrored(f->cfg->redo, f->xids[i]);
	FollowProgress *p = f->cfg->progress;
	if (p) {
		p->applied_lsn = f->ap.applied;
		p->server_lsn = f->stream.server_lsn;
		p->commit_us = f->ap.commit_us;
		p->tx += f->nxids;
		p->rows = apply_rows(f->ap.apply);
	}
	f->nxids = 0;
}

static int group_commit(Follower *f, Error *err)
{
	if (!f->group)
		return 0;
	int rc = applier_drop_unfinished(&f->ap, err);
	if (rc == 0)
		rc = state_put_int(f->ap.db, "lsn", (int64_t)f->ap.applied, err);
	if (rc == 0)
		rc = state_put_int(f->ap.db, "commit_us", f->ap.commit_us, err);
	if (rc == 0)
		rc = db_exec(f->ap.db, "COMMIT", err);
	Error ignored;
	if (rc < 0)
		db_exec(f->ap.db, "ROLLBACK", &ignored);
	group_release(f, rc == 0);
	if (rc == 0)
		report(f);
	return rc;
}

static bool group_is_full(const Follower *f)
{
	return apply_rows(f->ap.apply) - f->group_rows >= GROUP_ROWS || clock_mono_us() - f->group_since_us >= GROUP_US;
}

/* Between transactions. Nothing pending: what the server says it has sent is as good as applied. */
static int when_idle(Follower *f, Error *err)
{
	uint64_t known = f->ap.applied;
	if (!f->group && !f->ap.in_tx && f->stream.idle_lsn > known)
		known = f->stream.idle_lsn;
	if (f->cfg->progress)
		f->cfg->progress->server_lsn = f->stream.server_lsn;
	return stream_confirm(&f->stream, f->group ? 0 : known, false, err);
}

static int on_message(Follower *f, const OutMessage *m, Error *err)
{
	if (group_begin(f, err) < 0)
		return -1;
	int rc = applier_take(&f->ap, m, err);
	if (rc < 0)
		return -1;
	if (rc == 1) {
		f->xids = mem_grow(f->xids, &f->cap_xids, f->nxids + 1, sizeof *f->xids);
		f->xids[f->nxids++] = f->ap.xid;
		if (group_is_full(f) && group_commit(f, err) < 0)
			return -1;
	}
	return f->group ? stream_confirm(&f->stream, 0, false, err) : stream_confirm(&f->stream, f->ap.applied, true, err);
}

/* Sequences and structure are not in the stream. A question is sent and its answer taken when it has come: a primary that hangs must not
 * hang us. */
/* Transactions of the redo list that have waited for long may be such as the stream never brings; so may any when tables have just been
 * copied. */
static bool wants_level(const Follower *f)
{
	if (f->cfg->until_level || !f->cfg->redo || f->target)
		return f->cfg->until_level && !f->target;
	int64_t since = redo_waiting_since(f->cfg->redo);
	return since && (!f->level || clock_wall_us() - since > LEVEL_POLL_US);
}

/* A position behind everything committed so far: a transaction's, so that the stream surely reaches it. */
static void ask_level(Follower *f)
{
	f->mark = f->cfg->redo ? redo_mark(f->cfg->redo) : 0;
	f->asked = PQsendQuery(f->sql, "SELECT pg_catalog.pg_logical_emit_message(true, 'understudy', 'level')") == 1 ? 'l' : 0;
}

static void see_level(Follower *f)
{
	uint64_t reached = f->stream.idle_lsn > f->ap.applied ? f->stream.idle_lsn : f->ap.applied;
	if (!f->target || f->group || f->ap.in_tx || reached < f->target)
		return;
	if (f->cfg->redo)
		redo_settle(f->cfg->redo, f->mark);
	f->target = 0;
	f->level = true;
}

static void ask(Follower *f)
{
	int64_t now = clock_mono_us();
	if (wants_level(f))
		ask_level(f);
	else if (f->cfg->until_level)
		return;
	else if (now >= f->schema_due_us)
		f->asked = PQsendQuery(f->sql, resync_query) == 1 ? 't' : 0;
	else if (now - f->polled_us >= SEQUENCE_POLL_US)
		f->asked = PQsendQuery(f->sql, schema_sequence_query) == 1 ? 's' : 0;
	f->asked_us = now;
}

static int take_sequences(Follower *f, const PGresult *r, Error *err)
{
	f->polled_us = clock_mono_us();
	int rc = PQresultStatus(r) == PGRES_TUPLES_OK ? group_begin(f, err) : 0;
	if (rc == 0 && f->group)
		rc = schema_apply_sequences(r, f->ap.db, err);
	return rc < 0 ? -1 : group_commit(f, err);
}

/* 1: tables were copied again, the stream has to begin anew, as it has after a failure. */
static int take_structure(Follower *f, const PGresult *r, Error *err)
{
	int64_t now = clock_mono_us(), pause = (now - f->asked_us) * SCHEMA_SHARE;
	f->schema_due_us = now + (pause > SCHEMA_POLL_US ? pause : SCHEMA_POLL_US);
	if (PQresultStatus(r) != PGRES_TUPLES_OK || !resync_needed(r, f->ap.db))
		return 0;
	char *node = state_get(f->ap.db, "node", f->arena);
	if (resync_run(f->cfg->conninfo, f->ap.db, f->cfg->db, f->cfg->database, node, err) == 0)
		return 1;
	if (!err_is(err, "57014") && !err_is(err, "55P03"))
		return -1;
	log_info("structure changed on the primary; the tables are in use and are looked at again: %s", err->message);
	return 0;
}

static int poll_sql(Follower *f, Error *err)
{
	if (!f->sql || f->group)
		return 0;
	if (!f->asked) {
		ask(f);
		return 0;
	}
	if (!PQconsumeInput(f->sql)) {
		source_closep(&f->sql);
		return 0;
	}
	if (PQisBusy(f->sql))
		return 0;
	PGresult *r = PQgetResult(f->sql), *more;
	while ((more = PQgetResult(f->sql)))
		PQclear(more);
	char what = f->asked;
	f->asked = 0;
	int rc = 0;
	if (what == 'l')
		f->target = PQresultStatus(r) == PGRES_TUPLES_OK ? source_lsn(PQgetvalue(r, 0, 0)) : 0;
	else
		rc = what == 's' ? take_sequences(f, r, err) : take_structure(f, r, err);
	PQclear(r);
	return rc;
}

static int follow_loop(Follower *f, Error *err)
{
	OutMessage m;
	for (;;) {
		bool stopping = atomic_load(f->cfg->stop);
		arena_reset(f->arena);
		/* Without anything more to read at once the open group is committed. */
		bool whole = f->group && !f->ap.in_tx;
		int rc = stream_next(&f->stream,
				     whole || stopping						? 0
				     : f->asked || f->schema_due_us == 0 || f->cfg->until_level ? ANSWER_MS
												: IDLE_MS,
				     f->arena, &m, err);
		if (rc < 0)
			return -1;
		if (rc == 1) {
			if (on_message(f, &m, err) < 0)
				return -1;
			continue;
		}
		if (whole && group_commit(f, err) < 0)
			return -1;
		if (whole && stream_confirm(&f->stream, f->ap.applied, true, err) < 0)
			return -1;
		see_level(f);
		if (stopping || (f->level && f->cfg->until_level))
			return 0;
		if (source_stopped())
			return err_set(err, "57014", "the primary could not be followed to its end in time");
		if (when_idle(f, err) < 0)
			return -1;
		rc = f->ap.in_tx ? 0 : poll_sql(f, err);
		if (rc != 0)
			return rc;
	}
}

static int follow_open(Follower *f, Error *err)
{
	const FollowConfig *cfg = f->cfg;
	if (apply_db_open(cfg->path, &f->ap.db, err) < 0)
		return -1;
	if (apply_new(f->ap.db, cfg->database, &f->ap.apply, err) < 0)
		return -1;
	if (db_exec(f->ap.db, "PRAGMA synchronous = FULL", err) < 0)
		return -1;
	char *node = state_get(f->ap.db, "node", f->arena);
	if (!node)
		return err_set(err, "XX001", "the file does not know its node id");
	f->ap.applied = (uint64_t)state_get_int(f->ap.db, "lsn", 0);
	if (cfg->progress)
		cfg->progress->applied_lsn = f->ap.applied;
	f->sql = source_connect(cfg->conninfo, false, err);
	if (!f->sql || stream_open(&f->stream, cfg->conninfo, node, f->ap.applied, err) < 0)
		return -1;
	f->stream.wake_fd = cfg->wake_fd;
	return 0;
}

/* Tables made or changed since the last look. */
static int check_structure(const FollowConfig *cfg, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	Db *db;
	if (apply_db_open(cfg->path, &db, err) < 0)
		return -1;
	PGconn *c = source_connect(cfg->conninfo, false, err);
	PGresult *r = c ? source_query(c, resync_query, err) : NULL;
	int rc = r ? 0 : -1;
	if (r && resync_needed(r, db))
		rc = resync_run(cfg->conninfo, db, cfg->db, cfg->database, state_get(db, "node", arena), err);
	PQclear(r);
	source_closep(&c);
	db_close(db);
	return rc;
}

int follow_run(const FollowConfig *config, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	Follower f = { .cfg = config, .arena = arena };
	if (config->until_level && check_structure(config, err) < 0)
		log_warn("the structure of the primary could not be looked at: %s", err->message);
	int rc = follow_open(&f, err);
	if (rc == 0 && config->progress)
		atomic_store(&config->progress->unmirrored, (uint64_t)state_count(f.ap.db, "SELECT count(*) FROM _understudy_unmirrored"));
	if (rc == 0)
		rc = follow_loop(&f, err);
	Error late;
	/* What arrived whole before the end is kept; after a failure to apply it, COMMIT fails too and nothing is. */
	if (f.group && group_commit(&f, &late) < 0)
		log_error("following: %s", late.message);
	else if (f.stream.conn && rc >= 0)
		stream_confirm(&f.stream, f.ap.applied, true, &late);
	stream_close(&f.stream);
	source_closep(&f.sql);
	apply_free(f.ap.apply);
	if (f.ap.db)
		db_close(f.ap.db);
	free(f.xids);
	return rc;
}

static int drain_loop(Stream *s, Applier *ap, uint64_t target, Arena *a, Error *err)
{
	OutMessage m;
	int64_t deadline = clock_mono_us() + DRAIN_US;
	while (ap->in_tx || (ap->applied < target && s->idle_lsn < target)) {
		arena_reset(a);
		int rc = stream_next(s, 250, a, &m, err);
		if (rc == 1) {
			rc = applier_take(ap, &m, err);
			deadline = clock_mono_us() + DRAIN_US;
		}
		if (rc < 0 || stream_confirm(s, 0, rc == 0 && s->reply_asked, err) < 0)
			return -1;
		if (source_stopped())
			return err_set(err, "57014", "stopped");
		if (clock_mono_us() > deadline)
			return err_set(err, "08006", "the replication stream did not reach the end of the replay");
	}
	return 0;
}

int follow_drain(const char *conninfo, Db *db, Apply *apply, const char *node, uint64_t from, uint64_t target, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	Applier ap = { .apply = apply, .db = db, .applied = from };
	Stream stream;
	if (stream_open(&stream, conninfo, node, from, err) < 0)
		return -1;
	int rc = drain_loop(&stream, &ap, target, arena, err);
	stream_close(&stream);
	if (rc == 0)
		rc = state_put_int(db, "lsn", (int64_t)ap.applied, err);
	return rc;
}
