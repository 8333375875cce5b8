#include "base/clock.h"
#include "base/log.h"
#include "sync/replay_internal.h"
#include "sync/state.h"

static int parked_marker; /* its address stands for "parked" */

static const char *park_key(const ReplayRel *rel, const Val *row, Arena *a)
{
	return arena_printf(a, "%s\001%s", rel->rel->sqlite_name, replay_key_text(rel, row, a));
}

typedef bool (*RowVisitor)(Replay *r, const char *key);

/* Calls fn for the keys of every row a transaction touches; true when one call returned true. */
static bool visit_rows(Replay *r, const JournalTx *tx, Arena *a, RowVisitor fn)
{
	Error ignored;
	bool any = false;
	for (size_t i = 0; i < tx->n; i++) {
		const JournalChange *c = &tx->changes[i];
		const ReplayRel *rel = c->op == 'S' ? NULL : replay_find_rel(r, c->table, &ignored);
		if (!rel || rel->ncols != c->ncols)
			continue;
		if (c->before)
			any |= fn(r, park_key(rel, c->before, a));
		if (c->after)
			any |= fn(r, park_key(rel, c->after, a));
	}
	return any;
}

static bool is_parked(Replay *r, const char *key)
{
	return map_get(&r->parked, str_of(key)) != NULL;
}

static bool park(Replay *r, const char *key)
{
	map_put(&r->parked, str_of(key), &parked_marker);
	return false;
}

bool conflict_is_parked(Replay *r, const JournalTx *tx, Arena *a)
{
	return r->parked.count > 0 && visit_rows(r, tx, a, is_parked);
}

/* What the primary has for the row now; NULL when nothing, or when it cannot be asked. */
static const char *remote_image(Replay *r, const ReplayRel *rel, const Val *row, Arena *a)
{
	ReplayCommand cmd;
	Error ignored;
	if (!rel->has_key || replay_select(rel, row, true, a, &cmd, &ignored) < 0)
		return NULL;
	_cleanup_(source_clearp) PGresult *res = replay_query(r, &cmd, &ignored);
	return res && PQntuples(res) ? arena_strdup(a, PQgetvalue(res, 0, 0)) : NULL;
}

typedef struct Image {
	const char *tbl, *key, *base, *local, *remote;
	char op[2];
} Image;

static void take_image(Replay *r, const JournalChange *c, Arena *a, Image *out)
{
	Error ignored;
	*out = (Image){ .tbl = c->table, .op = { c->op } };
	const ReplayRel *rel = replay_find_rel(r, c->table, &ignored);
	if (!rel || rel->ncols != c->ncols)
		return;
	const Val *row = c->before ? c->before : c->after;
	out->key = replay_key_text(rel, row, a);
	out->base = c->before ? replay_row_json(rel, c->before, a) : NULL;
	out->local = c->after ? replay_row_json(rel, c->after, a) : NULL;
	out->remote = remote_image(r, rel, row, a);
}

static Val text_or_null(const char *s)
{
	return s ? val_text(str_of(s)) : val_null();
}

static int store(Replay *r, const JournalTx *tx, const Image *images, size_t n, const Error *why, Error *err)
{
	Val id = val_int(tx->txid);
	for (size_t i = 0; i < n; i++) {
		Val v[9] = { id,
			     text_or_null(images[i].tbl),
			     text_or_null(images[i].op),
			     text_or_null(images[i].key),
			     text_or_null(images[i].base),
			     text_or_null(images[i].local),
			     text_or_null(images[i].remote),
			     text_or_null(why->message),
			     val_int(clock_wall_us()) };
		if (state_run(r->db,
			      "INSERT INTO _understudy_conflict(txid, tbl, op, key, base, local, remote, reason, at_us)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
			      v, 9, err) < 0)
			return -1;
	}
	return state_run(r->db, "UPDATE _understudy_journal SET state = 'conflict' WHERE txid = ?1", &id, 1, err);
}

int conflict_keep(Replay *r, const JournalTx *tx, const Error *why, Arena *a, Error *err)
{
	Image *images = arena_array(a, Image, tx->n);
	size_t n = 0;
	for (size_t i = 0; i < tx->n; i++)
		if (tx->changes[i].op != 'S' && tx->changes[i].depth == 0)
			take_image(r, &tx->changes[i], a, &images[n++]);
	log_warn("conflict: journal transaction %lld (%zu rows) is kept and not replayed: %s", (long long)tx->txid, n, why->message);
	if (replay_lock(r, err) < 0)
		return -1;
	if (replay_unlock(r, store(r, tx, images, n, why, err), err) < 0)
		return -1;
	visit_rows(r, tx, a, park);
	return 0;
}

int conflict_load(Replay *r, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	JournalTx tx;
	int rc;
	for (int64_t after = 0; (rc = journal_next(r->db->h, after, a, &tx, err)) == 1; after = tx.txid) {
		if (streq(tx.state, "conflict"))
			visit_rows(r, &tx, a, park);
		arena_reset(a);
	}
	return rc;
}
