#include "backend/redo.h"

#include <pthread.h>

/* The stream may deliver a transaction before the session has read its acknowledgement: the newest deliveries are remembered. */
enum { SEEN = 8192 };

struct RedoList {
	pthread_mutex_t lock;
	List entries;
	Map by_xid; /* low half of the xid -> Redo */
	size_t max_count, max_bytes, bytes;
	uint64_t forgotten, added;
	uint32_t seen[SEEN];
	size_t seen_at;
	Map seen_set; /* xid -> itself */
};

RedoList *redo_list_new(size_t max_count, size_t max_bytes)
{
	RedoList *l = mem_alloc(sizeof *l);
	pthread_mutex_init(&l->lock, NULL);
	list_init(&l->entries);
	l->max_count = max_count;
	l->max_bytes = max_bytes;
	return l;
}

void redo_free(Redo *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nbinds; i++)
		prep_unref(r->binds[i]);
	free(r->binds);
	free(r->messages);
	free(r->settings);
	free(r->user);
	free(r);
}

static uint64_t xid_key(uint64_t xid)
{
	return (uint32_t)xid;
}

static void unlink_redo(RedoList *l, Redo *r)
{
	uint64_t key = xid_key(r->xid);
	list_remove(&l->entries, &r->node);
	map_remove(&l->by_xid, map_u64_key(&key));
	l->bytes -= r->len;
}

void redo_list_free(RedoList *l)
{
	if (!l)
		return;
	for (ListNode *n; (n = list_pop(&l->entries));)
		redo_free(list_item(n, Redo, node));
	map_free(&l->by_xid);
	map_free(&l->seen_set);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void redo_add(RedoList *l, Redo *r)
{
	uint64_t key = xid_key(r->xid);
	pthread_mutex_lock(&l->lock);
	bool known = map_get(&l->seen_set, map_u64_key(&key)) || map_get(&l->by_xid, map_u64_key(&key));
	if (!known) {
		r->number = ++l->added;
		list_append(&l->entries, &r->node);
		map_put(&l->by_xid, map_u64_key(&key), r);
		l->bytes += r->len;
	}
	Redo *old = NULL;
	while (l->entries.count > l->max_count || l->bytes > l->max_bytes) {
		old = list_item(list_first(&l->entries), Redo, node);
		unlink_redo(l, old);
		redo_free(old);
		l->forgotten++;
	}
	pthread_mutex_unlock(&l->lock);
	if (known)
		redo_free(r);
}

void redo_mirrored(RedoList *l, uint32_t xid)
{
	uint64_t key = xid;
	pthread_mutex_lock(&l->lock);
	Redo *r = map_get(&l->by_xid, map_u64_key(&key));
	if (r) {
		unlink_redo(l, r);
	} else if (!map_get(&l->seen_set, map_u64_key(&key))) {
		uint64_t old = l->seen[l->seen_at];
		if (old)
			map_remove(&l->seen_set, map_u64_key(&old));
		l->seen[l->seen_at] = xid;
		l->seen_at = (l->seen_at + 1) % SEEN;
		map_put(&l->seen_set, map_u64_key(&key), l);
	}
	pthread_mutex_unlock(&l->lock);
	redo_free(r);
}

uint64_t redo_mark(RedoList *l)
{
	pthread_mutex_lock(&l->lock);
	uint64_t mark = l->added;
	pthread_mutex_unlock(&l->lock);
	return mark;
}

void redo_settle(RedoList *l, uint64_t mark)
{
	pthread_mutex_lock(&l->lock);
	for (ListNode *n; (n = list_first(&l->entries));) {
		Redo *r = list_item(n, Redo, node);
		if (r->number > mark)
			break;
		unlink_redo(l, r);
		redo_free(r);
	}
	pthread_mutex_unlock(&l->lock);
}

int64_t redo_waiting_since(RedoList *l)
{
	pthread_mutex_lock(&l->lock);
	ListNode *n = list_first(&l->entries);
	int64_t since = n ? list_item(n, Redo, node)->acked_us : 0;
	pthread_mutex_unlock(&l->lock);
	return since;
}

void redo_take(RedoList *l, List *out)
{
	list_init(out);
	pthread_mutex_lock(&l->lock);
	for (ListNode *n; (n = list_first(&l->entries));) {
		unlink_redo(l, list_item(n, Redo, node));
		list_append(out, n);
	}
	pthread_mutex_unlock(&l->lock);
}

size_t redo_count(RedoList *l, uint64_t *forgotten)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->entries.count;
	if (forgotten)
		*forgotten = l->forgotten;
	pthread_mutex_unlock(&l->lock);
	return n;
}

/* --- reading a recorded transaction --- */

typedef struct Cursor {
	const uint8_t *p, *end;
	bool bad;
} Cursor;

static const uint8_t *take(Cursor *c, size_t n)
{
	if (c->bad || (size_t)(c->end - c->p) < n) {
		c->bad = true;
		return NULL;
	}
	c->p += n;
	return c->p - n;
}

static uint16_t take_u16(Cursor *c)
{
	const uint8_t *p = take(c, 2);
	return p ? get_u16(p) : 0;
}

static Str take_cstr(Cursor *c)
{
	const uint8_t *nul = c->bad ? NULL : memchr(c->p, 0, (size_t)(c->end - c->p));
	if (!nul) {
		c->bad = true;
		return (Str){ NULL, 0 };
	}
	Str s = { (const char *)c->p, (size_t)(nul - c->p) };
	c->p = nul + 1;
	return s;
}

static bool decode_bind(Cursor c, const PrepStmt *st, Arena *a, RedoStmt *out)
{
	take_cstr(&c);
	take_cstr(&c);
	uint16_t nformats = take_u16(&c);
	const uint8_t *formats = take(&c, 2 * (size_t)nformats);
	uint16_t nparams = take_u16(&c);
	if (c.bad || (nformats > 1 && nformats != nparams))
		return false;
	Str *params = arena_array(a, Str, nparams ? nparams : 1);
	uint16_t *fmt = arena_array(a, uint16_t, nparams ? nparams : 1);
	for (uint16_t i = 0; i < nparams; i++) {
		const uint8_t *len = take(&c, 4);
		int32_t n = len ? (int32_t)get_u32(len) : -1;
		const uint8_t *v = n >= 0 ? take(&c, (size_t)n) : NULL;
		if (c.bad)
			return false;
		params[i] = (Str){ (const char *)v, v ? (size_t)n : 0 };
		fmt[i] = nformats == 0 ? 0 : get_u16(formats + 2 * (nformats == 1 ? 0 : i));
	}
	uint32_t *oids = arena_array(a, uint32_t, st->noids ? st->noids : 1);
	for (uint16_t i = 0; i < st->noids; i++)
		oids[i] = prep_oid(st, i);
	*out = (RedoStmt){ .text = st->text, .noids = st->noids, .oids = oids, .nparams = nparams, .params = params, .formats = fmt };
	return true;
}

int redo_decode(const Redo *r, Arena *a, RedoStmt **out, size_t *n, Error *err)
{
	const uint8_t *p = r->messages, *end = p + r->len;
	size_t cap = 0, bind = 0;
	for (const uint8_t *q = p; end - q >= 5 && get_u32(q + 1) >= 4 && (size_t)(end - q - 1) >= get_u32(q + 1); q += 1 + get_u32(q + 1))
		cap++;
	RedoStmt *v = arena_array(a, RedoStmt, cap + 1);
	RedoStmt bound = { 0 };
	bool have = false;
	*n = 0;
	while (p < end) {
		if (end - p < 5 || get_u32(p + 1) < 4 || (size_t)(end - p - 1) < get_u32(p + 1))
			return err_set(err, "XX000", "a recorded transaction ends in the middle of a message");
		Cursor c = { p + 5, p + 1 + get_u32(p + 1), false };
		if (*p == 'Q') {
			v[(*n)++] = (RedoStmt){ .text = take_cstr(&c), .simple = true };
		} else if (*p == 'B') {
			have = bind < r->nbinds && decode_bind(c, r->binds[bind++], a, &bound);
			if (!have)
				return err_set(err, "XX000", "a recorded transaction has a Bind that cannot be read");
		} else if (*p == 'E' && have) {
			v[(*n)++] = bound;
			have = false;
		}
		p += 1 + get_u32(p + 1);
	}
	*out = v;
	return 0;
}
