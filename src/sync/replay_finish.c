#include "base/log.h"
#include "sync/copy.h"
#include "sync/follower.h"
#include "sync/replay_internal.h"
#include "sync/state.h"

#include <stdio.h>

enum { TOUCHED_ROWS = 2000 };

/* A row that others changed meanwhile. */
typedef struct Touched {
	const ReplayRel *rel;
	const Val *row;
} Touched;

/* What a table without a key received while the primary was away. The stream brings the inserts again, so the rows go first; what was done
 * to those rows afterwards is done again behind the stream. */
typedef struct Finish {
	Replay *r;
	Arena *arena;
	Map inserted; /* "table\1rowid" of rows inserted by the journal into tables without a key */
	uint64_t target;
	bool from_echo; /* what we replayed ourselves is not brought once more */
	Map relations;	/* of what others changed: descriptions by OID */
	Touched *touched;
	size_t ntouched, cap_touched;
} Finish;

static int marker; /* its address stands for "present" */

static const char *rowid_key(const JournalChange *c, int64_t rowid, Arena *a)
{
	return arena_printf(a, "%s\001%lld", c->table, (long long)rowid);
}

typedef int (*ChangeVisitor)(Finish *f, const JournalTx *tx, const JournalChange *c, const ReplayRel *rel, Arena *a, Error *err);

/* 1: *txid moves to the next transaction of the journal, without those whose echo is not brought once more. */
static int next_txid(Finish *f, int64_t *txid, Error *err)
{
	sqlite3_stmt *st;
	if (db_prepare(f->r->db,
		       str_of("SELECT min(txid) FROM _understudy_journal WHERE txid > ?1 AND (kind <> 'local' OR state <> 'replayed' OR "
			      "txid <= ?2)"),
		       &st, err) < 0)
		return -1;
	Val v[2] = { val_int(*txid), val_int(f->from_echo ? f->r->own_after : INT64_MAX) };
	db_bind(st, 1, &v[0]);
	db_bind(st, 2, &v[1]);
	bool found = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL;
	if (found)
		*txid = sqlite3_column_int64(st, 0);
	db_done(f->r->db, st);
	return found;
}

static int visit_changes(Finish *f, ChangeVisitor fn, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	int rc;
	for (int64_t txid = 0; (rc = next_txid(f, &txid, err)) == 1;) {
		if ((rc = journal_next(f->r->db->h, txid - 1, a, &tx, err)) != 1)
			break;
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

/* ---- what the stream brought while SQLite still served ---- */

int replay_read_ahead(Replay *r, Error *err)
{
	Finish f = { .r = r };
	Error why;
	if (!r->echo && echo_open(r->cfg.conninfo, r->node, (uint64_t)state_get_int(r->db, "lsn", 0), &r->own, &r->echo, &why) < 0) {
		log_debug("the stream is not read ahead: %s", why.message);
		return 0;
	}
	return take_target(&f, err) < 0 ? -1 : echo_read(r->echo, f.target, err);
}

/* Triggers and rules that run even as a replica may have made something else of what we replayed. */
static int has_own_mind(Replay *r, Error *err)
{
	ReplayCommand cmd = {
		"SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('R', 'A')) OR EXISTS (SELECT 1 "
		"FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class WHERE c.relkind IN ('r', 'p') AND w.ev_enabled IN ('R', 'A'))",
		NULL, 0
	};
	_cleanup_(source_clearp) PGresult *res = replay_query(r, &cmd, err);
	return res ? *PQgetvalue(res, 0, 0) == 't' : -1;
}

static const ReplayRel *find_described(Finish *f, const OutRelation *o)
{
	Error ignored;
	const Catalog *cat = apply_catalog(f->r->apply);
	const CatSchema *s = catalog_schema(cat, o->schema);
	const CatRel *rel = s ? catalog_rel(cat, s->oid, o->name) : NULL;
	return rel && rel->kind == REL_TABLE ? replay_find_rel(f->r, rel->sqlite_name, &ignored) : NULL;
}

/* Putting a row in the place of whatever is unique with it could take away a row of ours that nobody brings again. */
static bool has_other_unique(Replay *r, const ReplayRel *rel)
{
	Error ignored;
	sqlite3_stmt *st;
	if (db_prepare(r->db, str_of("SELECT 1 FROM pragma_index_list(?1) WHERE \"unique\" AND origin <> 'pk'"), &st, &ignored) < 0)
		return true;
	Val name = val_text(str_of(rel->rel->sqlite_name));
	db_bind(st, 1, &name);
	bool found = sqlite3_step(st) != SQLITE_DONE;
	db_done(r->db, st);
	return found;
}

/* The key of a row as the journal's rows have it. */
static bool touch_row(Finish *f, const OutRelation *o, const ReplayRel *rel, const OutTuple *row, Arena *a)
{
	Val *v = arena_array(a, Val, rel->ncols + 1);
	Error ignored;
	for (size_t i = 0; i < rel->ncols; i++)
		v[i] = val_null();
	for (size_t k = 0; k < o->ncols && k < row->ncols; k++)
		for (size_t i = 0; i < rel->ncols; i++) {
			const CatColumn *c = rel->cols[i].col;
			if (!rel->cols[i].key || !streq(c->name, o->cols[k].name))
				continue;
			if (row->cols[k].kind != 't' ||
			    type_in(c->type, c->typmod, row->cols[k].bytes, &type_env_stored, a, &v[i], &ignored) < 0)
				return false;
		}
	f->touched = mem_grow(f->touched, &f->cap_touched, f->ntouched + 1, sizeof *f->touched);
	f->touched[f->ntouched++] = (Touched){ rel, v };
	return f->ntouched <= TOUCHED_ROWS;
}

/* False when it cannot be told which rows of ours it concerns. */
static bool touch(Finish *f, const OutMessage *m, Arena *a)
{
	uint64_t oid = m->type == 'R' ? m->relation.oid : m->rel;
	if (m->type == 'R') {
		map_put(&f->relations, map_u64_key(&oid), (void *)&m->relation);
		return true;
	}
	if (m->type != 'I' && m->type != 'U' && m->type != 'D')
		return m->type != 'T';
	const OutRelation *o = map_get(&f->relations, map_u64_key(&oid));
	const ReplayRel *rel = o ? find_described(f, o) : NULL;
	if (!rel)
		return o != NULL;
	if (m->type != 'D' && has_other_unique(f->r, rel))
		return false;
	if (!rel->has_key)
		return m->type == 'I';
	if (o->identity != 'd')
		return false;
	return (m->type == 'D' || touch_row(f, o, rel, &m->row, a)) && (!m->old_kind || touch_row(f, o, rel, &m->old, a));
}

static int look_for_keyless(Finish *f, const JournalTx *tx, const JournalChange *c, const ReplayRel *rel, Arena *a, Error *err)
{
	f->from_echo &= rel->has_key || c->op == 'I';
	return 0;
}

/* Reads the rest of the stream and decides whether it is enough to apply what others did. If not, all of it is read once more and applied.
 */
static int use_echo(Finish *f, Error *err)
{
	Replay *r = f->r;
	size_t n = 0;
	if (!r->echo)
		return 0;
	int minded = has_own_mind(r, err);
	if (minded < 0 || echo_read(r->echo, f->target, err) < 0)
		return -1;
	const OutMessage *kept = echo_kept(r->echo, &n);
	f->from_echo = kept && !minded && !r->not_as_sent;
	for (size_t i = 0; i < n && f->from_echo; i++)
		f->from_echo = touch(f, &kept[i], f->arena);
	if (f->from_echo && visit_changes(f, look_for_keyless, err) < 0)
		return -1;
	if (f->from_echo)
		return 0;
	echo_close(r->echo);
	r->echo = NULL;
	return 0;
}

/* A row that others changed is as the primary has it, whatever became of it here before or afterwards. */
static int repair_touched(Finish *f, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	for (size_t i = 0; i < f->ntouched; i++) {
		if (repair_row(f, f->touched[i].rel, f->touched[i].row, a, err) < 0)
			return -1;
		arena_reset(a);
	}
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
	if (f->from_echo ? echo_apply(r->echo, r->db, r->apply, err) < 0
			 : follow_drain(r->cfg.conninfo, r->db, r->apply, r->node, from, f->target, err) < 0)
		return -1;
	if (visit_changes(f, redo_keyless, err) < 0 || visit_changes(f, repair_conflict, err) < 0)
		return -1;
	if (f->from_echo && repair_touched(f, err) < 0)
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
	if (set_sequences(&f, err) < 0 || take_target(&f, err) < 0 || use_echo(&f, err) < 0 || replay_lock(r, err) < 0)
		return -1;
	int rc = replay_unlock(r, level_file(&f, err), err);
	map_free(&f.inserted);
	map_free(&f.relations);
	free(f.touched);
	if (rc == 0 && lsn)
		*lsn = (uint64_t)state_get_int(r->db, "lsn", 0);
	return rc;
}
