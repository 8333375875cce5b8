/* The shared state of a database's sequences. */
#include "catalog/sequence.h"

#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>

typedef struct SeqState {
	uint32_t oid;
	int64_t last_value;
	bool is_called, dirty, seen;
} SeqState;

struct SequenceStore {
	pthread_mutex_t lock;
	SeqState *items;
	size_t n, cap;
	/* Written by the flush that is not yet known to be committed. */
	uint32_t *flushed;
	size_t nflushed, flushed_cap;
	uint64_t last_txid;
};

uint64_t sequence_txid(SequenceStore *s)
{
	uint64_t now = (uint64_t)clock_wall_us();
	pthread_mutex_lock(&s->lock);
	uint64_t txid = s->last_txid = now > s->last_txid ? now : s->last_txid + 1;
	pthread_mutex_unlock(&s->lock);
	return txid;
}

SequenceStore *sequence_store_new(void)
{
	SequenceStore *s = mem_alloc(sizeof *s);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void sequence_store_free(SequenceStore *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s->items);
	free(s->flushed);
	free(s);
}

static SeqState *state_find(SequenceStore *s, uint32_t oid)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].oid == oid)
			return &s->items[i];
	}
	return NULL;
}

static SeqState *state_add(SequenceStore *s, uint32_t oid)
{
	s->items = mem_grow(s->items, &s->cap, s->n + 1, sizeof *s->items);
	s->items[s->n] = (SeqState){ .oid = oid };
	return &s->items[s->n++];
}

static SeqState *state_get(SequenceStore *s, const CatSequence *q)
{
	SeqState *st = state_find(s, q->oid);
	if (st)
		return st;
	st = state_add(s, q->oid);
	st->last_value = q->start;
	return st;
}

static void forget_unseen(SequenceStore *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].seen)
			s->items[kept++] = s->items[i];
	}
	s->n = kept;
}

int sequence_store_load(SequenceStore *s, Db *db, bool reread, Error *err)
{
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(db->h, "SELECT oid, last_value, is_called FROM _understudy_sequence", -1, &st, NULL) != SQLITE_OK)
		return err_set(err, "XX001", "cannot read the sequences of the file: %s", sqlite3_errmsg(db->h));
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n; i++)
		s->items[i].seen = false;
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		uint32_t oid = (uint32_t)sqlite3_column_int64(st, 0);
		SeqState *q = state_find(s, oid);
		if (!q || reread) {
			q = q ? q : state_add(s, oid);
			q->last_value = sqlite3_column_int64(st, 1);
			q->is_called = sqlite3_column_int(st, 2);
			q->dirty = false;
		}
		q->seen = true;
	}
	if (rc == SQLITE_DONE)
		forget_unseen(s);
	pthread_mutex_unlock(&s->lock);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : err_set(err, "XX001", "cannot read the sequences of the file: %s", sqlite3_errmsg(db->h));
}

bool sequence_dirty(SequenceStore *s)
{
	bool dirty = false;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n && !dirty; i++)
		dirty = s->items[i].dirty;
	pthread_mutex_unlock(&s->lock);
	return dirty;
}

static int flush_one(sqlite3_stmt *st, const SeqState *q)
{
	sqlite3_bind_int64(st, 1, q->last_value);
	sqlite3_bind_int(st, 2, q->is_called);
	sqlite3_bind_int64(st, 3, q->oid);
	int rc = sqlite3_step(st);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int sequence_flush(SequenceStore *s, Db *db, Error *err)
{
	if (!sequence_dirty(s))
		return 0;
	sqlite3_stmt *st = NULL;
	if (db_prepare(db, str_of("UPDATE _understudy_sequence SET last_value = ?1, is_called = ?2 WHERE oid = ?3"), &st, err))
		return -1;
	int failed = 0;
	pthread_mutex_lock(&s->lock);
	s->nflushed = 0;
	for (size_t i = 0; i < s->n && !failed; i++) {
		SeqState *q = &s->items[i];
		if (!q->dirty)
			continue;
		failed = flush_one(st, q);
		q->dirty = failed != 0;
		s->flushed = mem_grow(s->flushed, &s->flushed_cap, s->nflushed + 1, sizeof *s->flushed);
		s->flushed[s->nflushed++] = q->oid;
	}
	pthread_mutex_unlock(&s->lock);
	db_done(db, st);
	if (!failed)
		return 0;
	sequence_flush_failed(s);
	return err_set(err, "58030", "cannot save the sequences: %s", sqlite3_errmsg(db->h));
}

void sequence_flush_failed(SequenceStore *s)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->nflushed; i++) {
		SeqState *q = state_find(s, s->flushed[i]);
		if (q)
			q->dirty = true;
	}
	s->nflushed = 0;
	pthread_mutex_unlock(&s->lock);
}

/* The value after `last`; false when the sequence is exhausted. */
static bool step_value(const CatSequence *q, int64_t last, int64_t *next)
{
	bool over = __builtin_add_overflow(last, q->increment, next) || *next > q->max || *next < q->min;
	if (!over)
		return true;
	if (!q->cycle)
		return false;
	*next = q->increment > 0 ? q->min : q->max;
	return true;
}

int sequence_next(SequenceStore *s, const CatSequence *q, int64_t *value, Error *err)
{
	pthread_mutex_lock(&s->lock);
	SeqState *st = state_get(s, q);
	bool ok = true;
	*value = st->last_value;
	if (st->is_called)
		ok = step_value(q, st->last_value, value);
	if (ok) {
		st->last_value = *value;
		st->is_called = st->dirty = true;
	}
	pthread_mutex_unlock(&s->lock);
	if (ok)
		return 0;
	bool up = q->increment > 0;
	return err_set(err, "2200H", "nextval: reached %s value of sequence \"%s\" (%" PRId64 ")", up ? "maximum" : "minimum", q->rel->name,
		       up ? q->max : q->min);
}

int sequence_set(SequenceStore *s, const CatSequence *q, int64_t value, bool is_called, Error *err)
{
	if (value < q->min || value > q->max)
		return err_set(err, "22003", "setval: value %" PRId64 " is out of bounds for sequence \"%s\" (%" PRId64 "..%" PRId64 ")",
			       value, q->rel->name, q->min, q->max);
	pthread_mutex_lock(&s->lock);
	SeqState *st = state_get(s, q);
	st->last_value = value;
	st->is_called = is_called;
	st->dirty = true;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int sequence_restart(SequenceStore *s, const CatSequence *q, Error *err)
{
	return sequence_set(s, q, q->start, false, err);
}

void sequence_restore(SequenceStore *s, uint32_t oid, int64_t last_value, bool is_called)
{
	pthread_mutex_lock(&s->lock);
	SeqState *st = state_find(s, oid);
	if (st) {
		st->last_value = last_value;
		st->is_called = is_called;
		st->dirty = true;
	}
	pthread_mutex_unlock(&s->lock);
}

void sequence_state(SequenceStore *s, const CatSequence *q, int64_t *last_value, bool *is_called)
{
	pthread_mutex_lock(&s->lock);
	SeqState *st = state_get(s, q);
	*last_value = st->last_value;
	*is_called = st->is_called;
	pthread_mutex_unlock(&s->lock);
}
