#include "base/log.h"
#include "sync/copy.h"
#include "sync/follower.h"
#include "sync/replay_internal.h"
#include "sync/state.h"

#include <stdio.h>

/* What a table without a key received while the primary was away. The stream brings the inserts again, so the rows go first; what was done
 * to those rows afterwards is done again behind the stream. */
typedef struct Finish {
	Replay *r;
	Arena *arena;
	Map inserted; /* "table\1rowid" of rows inserted by the journal into tables without a key */
	uint64_t target;
} Finish;

static int marker; /* its address stands for "present" */

static const char *rowid_key(const JournalChange *c, int64_t rowid, Arena *a)
{
	return arena_printf(a, "%s\001%lld", c->table, (long long)rowid);
}

typedef int (*ChangeVisitor)(Finish *f, const JournalTx *tx, const JournalChange *c, const ReplayRel *rel, Arena *a, Error *err);

static int visit_changes(Finish *f, ChangeVisitor fn, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	int rc;
	for (int64_t after = 0; (rc = journal_next(f->r->db->h, after, a, &tx, err)) == 1; after = tx.txid) {
		for (size_t i = 0; i < tx.n; i++) {
			const JournalChange *c = &tx.changes[i];
			const ReplayRel *rel = c->op == 'S' ? NULL : replay_find_rel(f->r, c->table, err);
			if (c->op != 'S' && (!rel || fn(f, &tx, c, rel, a, err) < 0))
				return -1;
		}
		arena_reset(a);
	}
	return rc;
}

static int delete_rowid(Finish *f, const ReplayRel *rel, int64_t rowid, Error *err)
{
	Buf b = { 0 };
	buf_puts(&b, "DELETE FROM ");
	apply_put_ident(&b, rel->rel->sqlite_name);
	buf_puts(&b, " WHERE rowid = ?1");
	Val v = val_int(rowid);
	int rc = state_run(f->r->db, buf_cstr(&b), &v, 1, err);
	buf_free(&b);
	return rc;
}

static int remove_keyless_insert(Finish *f, const JournalTx *tx, const JournalChange *c, const ReplayRel *rel, Arena *a, Error *err)
{
	if (rel->has_key || c->op != 'I')
		return 0;
	map_put(&f->inserted, str_of(rowid_key(c, c->new_rowid, a)), &marker);
	return delete_rowid(f, rel, c->new_rowid, err);
}

/* "c" IS ?n ... over the whole old row, and for an update the new values before it. */
static int redo_keyless(Finish *f, const JournalTx *tx, const JournalChange *c, const ReplayRel *rel, Arena *a, Error *err)
{
	if (rel->has_key || c->op == 'I' || streq(tx->state, "conflict") || !map_get(&f->inserted, str_of(rowid_key(c, c->old_rowid, a))))
		return 0;
	Buf b = { 0 };
	Val *v = arena_array(a, Val, 2 * rel->ncols + 1);
	size_t n = 0;
	buf_puts(&b, c->op == 'U' ? "UPDATE " : "DELETE FROM ");
	apply_put_ident(&b, rel->rel->sqlite_name);
	for (size_t i = 0; c->op == 'U' && i < rel->ncols; i++) {
		if (!rel->cols[i].col || rel->cols[i].col->generated)
			continue;
		buf_puts(&b, n ? ", " : " SET ");
		apply_put_ident(&b, rel->cols[i].col->sqlite_name);
		v[n++] = c->after[i];
		buf_printf(&b, " = ?%zu", n);
	}
	buf_puts(&b, " WHERE rowid = (SELECT rowid FROM ");
	apply_put_ident(&b, rel->rel->sqlite_name);
	const char *sep = " WHERE ";
	for (size_t i = 0; i < rel->ncols; i++) {
		if (!rel->cols[i].col || rel->cols[i].col->generated)
			continue;
		buf_puts(&b, sep);
		apply_put_ident(&b, rel->cols[i].col->sqlite_name);
		v[n++] = c->before[i];
		buf_printf(&b, " IS ?%zu", n);
		sep = " AND ";
	}
	buf_puts(&b, " LIMIT 1)");
	int rc = state_run(f->r->db, buf_cstr(&b), v, n, err);
	buf_free(&b);
	return rc;
}

static int delete_by_key(Finish *f, const ReplayRel *rel, const Val *row, Error *err)
{
	Buf b = { 0 };
	Val v[32];
	size_t n = 0;
	buf_puts(&b, "DELETE FROM ");
	apply_put_ident(&b, rel->rel->sqlite_name);
	for (size_t i = 0; i < rel->ncols && n < ARRAY_LEN(v); i++) {
		if (!rel->cols[i].key)
			continue;
		buf_puts(&b, n ? " AND " : " WHERE ");
		apply_put_ident(&b, rel->cols[i].col->sqlite_name);
		v[n++] = row[i];
		buf_printf(&b, " = ?%zu", n);
	}
	int rc = state_run(f->r->db, buf_cstr(&b), v, n, err);
	buf_free(&b);
	return rc;
}

/* Puts the primary's row, or its absence, in the place of what SQLite has. */
static int repair_row(Finish *f, const ReplayRel *rel, const Val *row, Arena *a, Error *err)
{
	ReplayCommand cmd;
	if (delete_by_key(f, rel, row, err) < 0 || replay_select(rel, row, false, a, &cmd, err) < 0)
		return -1;
	_cleanup_(source_clearp) PGresult *res = replay_query(f->r, &cmd, err);
	if (!res)
		return -1;
	if (PQntuples(res) == 0)
		return 0;
	size_t n = (size_t)PQnfields(res);
	const char **names = arena_array(a, const char *, n), **texts = arena_array(a, const char *, n);
	for (size_t i = 0; i < n; i++) {
		names[i] = PQfname(res, (int)i);
		texts[i] = PQgetisnull(res, 0, (int)i) ? NULL : PQgetvalue(res, 0, (int)i);
	}
	return apply_put_row(f->r->apply, rel->rel, names, texts, n, err);
}

static int repair_conflict(Finish *f, const JournalTx *tx, const JournalChange *c, const ReplayRel *rel, Arena *a, Error *err)
{
	/* What was done again here may have come out otherwise than on the primary: numbers of sequences, times. */
	bool redone = tx->kind == JOURNAL_REDO;
	if (!redone && !streq(tx->state, "conflict"))
		return 0;
	if (!rel->has_key)
		return c->op == 'I' || redone
			       ? 0
			       : state_set_stale(f->r->db, rel->rel->sqlite_name, "a conflict in a table without a key", err);
	if (c->before && repair_row(f, rel, c->before, a, err) < 0)
		return -1;
	return c->after ? repair_row(f, rel, c->after, a, err) : 0;
}

/* setval is not transactional and only ever forward, so doing it twice is harmless. */
static int set_sequences(Finish *f, Error *err)
{
	const Catalog *cat = apply_catalog(f->r->apply);
	for (size_t i = 0; i < cat->nseqs; i++) {
		const CatSequence *q = cat->seqs[i];
		const CatSchema *ns = catalog_schema_by_oid(cat, q->rel->schema);
		sqlite3_stmt *st;
		if (db_prepare(f->r->db, str_of("SELECT last_value FROM _understudy_sequence WHERE oid = ?1 AND is_called <> 0"), &st,
			       err) < 0)
			return -1;
		Val oid = val_int(q->oid);
		db_bind(st, 1, &oid);
		bool called = sqlite3_step(st) == SQLITE_ROW;
		const char *value = called ? arena_strdup(f->arena, (const char *)sqlite3_column_text(st, 0)) : NULL;
		db_done(f->r->db, st);
		if (!called || !ns)
			continue;
		const char *params[3] = { ns->name, q->rel->name, value };
		ReplayCommand cmd = {
			q->increment > 0
				? "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, $3::bigint) FROM pg_sequences WHERE"
				  " schemaname = $1 AND sequencename = $2 AND coalesce(last_value < $3::bigint, true)"
				: "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, $3::bigint) FROM pg_sequences WHERE"
				  " schemaname = $1 AND sequencename = $2 AND coalesce(last_value > $3::bigint, true)",
			params, 3
		};
		_cleanup_(source_clearp) PGresult *res = replay_query(f->r, &cmd, err);
		if (!res)
			return -1;
	}
	return 0;
}

/* A position behind everything that has been replayed. */
static int take_target(Finish *f, Error *err)
{
	ReplayCommand cmd = { "SELECT pg_logical_emit_message(true, 'understudy', 'drain')", NULL, 0 };
	_cleanup_(source_clearp) PGresult *res = replay_query(f->r, &cmd, err);
	if (!res)
		return -1;
	f->target = source_lsn(PQgetvalue(res, 0, 0));
	return 0;
}

static int level_file(Finish *f, Error *err)
{
	Replay *r = f->r;
	uint64_t from = (uint64_t)state_get_int(r->db, "lsn", 0);
	int64_t left;
	/* The fence may have been lifted since the last look; now nobody else can write. */
	if (replay_backlog(r, &left, err) < 0)
		return -1;
	if (left)
		return err_set(err, "57P03", "the return was broken off");
	int usable = copy_slot_usable(r->conn, r->node, err);
	if (usable < 0)
		return -1;
	if (!usable) {
		/* Nothing brings the file level any more. Everything of its own is on the primary, so it may be copied again. */
		log_warn("the replication slot of %s is gone or lost: the file is left as it is", r->cfg.path);
		return state_put_int(r->db, "slot_lost", 1, err) < 0 ? -1 : db_exec(r->db, "DELETE FROM _understudy_journal", err);
	}
	if (visit_changes(f, remove_keyless_insert, err) < 0)
		return -1;
	if (follow_drain(r->cfg.conninfo, r->db, r->apply, r->node, from, f->target, err) < 0)
		return -1;
	if (visit_changes(f, redo_keyless, err) < 0 || visit_changes(f, repair_conflict, err) < 0)
		return -1;
	return db_exec(r->db, "DELETE FROM _understudy_journal", err);
}

int replay_finish(Replay *r, uint64_t *lsn, Error *err)
{
	_cleanup_(arena_freep) Arena *arena = arena_new();
	Finish f = { .r = r, .arena = arena };
	int64_t left;
	if (replay_run(r, err) < 0 || replay_backlog(r, &left, err) < 0)
		return -1;
	if (left)
		return err_set(err, "55000", "%lld journal transactions are not replayed yet", (long long)left);
	if (set_sequences(&f, err) < 0 || take_target(&f, err) < 0 || replay_lock(r, err) < 0)
		return -1;
	int rc = replay_unlock(r, level_file(&f, err), err);
	map_free(&f.inserted);
	if (rc == 0 && lsn)
		*lsn = (uint64_t)state_get_int(r->db, "lsn", 0);
	return rc;
}
