#include "sync/echo.h"

#include "base/clock.h"
#include "sync/state.h"
#include "sync/stream.h"

enum {
	KEPT_MESSAGES = 200000,
	SILENCE_US = 20000000, /* without a word from the stream */
	LOOK_MS = 50,
};

struct Echo {
	Stream stream;
	const Map *own;
	Arena *kept_arena, *passing;
	OutMessage *kept;
	size_t n, cap;
	bool in_tx, ours, described, too_much;
	OutMessage begin; /* of the transaction at hand */
	uint64_t from, reached;
};

int echo_open(const char *conninfo, const char *node, uint64_t from, const Map *own, Echo **out, Error *err)
{
	Echo *e = mem_alloc(sizeof *e);
	e->own = own;
	e->from = e->reached = from;
	e->kept_arena = arena_new();
	e->passing = arena_new();
	*out = e;
	if (stream_open(&e->stream, conninfo, node, from, err) == 0)
		return 0;
	echo_close(e);
	*out = NULL;
	return -1;
}

void echo_close(Echo *e)
{
	if (!e)
		return;
	stream_close(&e->stream);
	arena_free(e->kept_arena);
	arena_free(e->passing);
	free(e->kept);
	free(e);
}

static void keep(Echo *e, const OutMessage *m)
{
	if (e->n >= KEPT_MESSAGES)
		e->too_much = true;
	if (e->too_much)
		return;
	e->kept = mem_grow(e->kept, &e->cap, e->n + 1, sizeof *e->kept);
	e->kept[e->n++] = *m;
}

/* A table is described once, wherever it comes first; a description outlives the transaction it came in. */
static OutMessage copy_relation(const OutMessage *m, Arena *a)
{
	OutMessage copy = *m;
	OutRelation *o = &copy.relation;
	o->schema = arena_strdup(a, o->schema);
	o->name = arena_strdup(a, o->name);
	o->cols = arena_dup(a, o->cols, sizeof *o->cols * o->ncols);
	for (size_t i = 0; i < o->ncols; i++)
		o->cols[i].name = arena_strdup(a, o->cols[i].name);
	return copy;
}

/* Of a transaction of ours only the descriptions are kept, between its beginning and its end. */
static void take_ours(Echo *e, const OutMessage *m)
{
	if (m->type == 'R') {
		if (!e->described)
			keep(e, &e->begin);
		e->described = true;
		OutMessage copy = copy_relation(m, e->kept_arena);
		keep(e, &copy);
	} else if (m->type == 'C' && e->described) {
		keep(e, m);
	}
}

static void take(Echo *e, const OutMessage *m)
{
	if (m->type == 'B') {
		uint64_t xid = m->xid;
		e->in_tx = true;
		e->ours = map_get(e->own, map_u64_key(&xid)) != NULL;
		e->described = false;
		e->begin = *m;
	}
	if (e->ours)
		take_ours(e, m);
	else
		keep(e, m);
	if (m->type == 'C') {
		e->in_tx = false;
		if (m->end_lsn > e->reached)
			e->reached = m->end_lsn;
	}
}

int echo_read(Echo *e, uint64_t target, Error *err)
{
	OutMessage m;
	int64_t deadline = clock_mono_us() + SILENCE_US;
	while (e->in_tx || (e->reached < target && e->stream.idle_lsn < target)) {
		bool passing = !e->in_tx || e->ours || e->too_much;
		arena_reset(e->passing);
		int rc = stream_next(&e->stream, LOOK_MS, passing ? e->passing : e->kept_arena, &m, err);
		if (rc == 1) {
			take(e, &m);
			deadline = clock_mono_us() + SILENCE_US;
		}
		if (rc < 0 || stream_confirm(&e->stream, 0, rc == 0 && e->stream.reply_asked, err) < 0)
			return -1;
		if (source_stopped())
			return err_set(err, "57014", "stopped");
		if (clock_mono_us() > deadline)
			return err_set(err, "08006", "the replication stream did not reach the end of the replay");
	}
	return 0;
}

const OutMessage *echo_kept(const Echo *e, size_t *n)
{
	static const OutMessage none;
	*n = e->n;
	return e->too_much ? NULL : e->n ? e->kept : &none;
}

int echo_apply(Echo *e, Db *db, Apply *apply, Error *err)
{
	Applier ap = { .apply = apply, .db = db, .applied = e->from };
	for (size_t i = 0; i < e->n; i++)
		if (applier_take(&ap, &e->kept[i], err) < 0)
			return -1;
	return state_put_int(db, "lsn", (int64_t)e->reached, err);
}
