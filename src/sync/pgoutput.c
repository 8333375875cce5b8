#include "sync/pgoutput.h"

#include "base/buf.h"

typedef struct In {
	const uint8_t *p, *end;
	bool bad;
} In;

static const uint8_t *take(In *in, size_t n)
{
	static const uint8_t zeros[8];
	if (in->bad || (size_t)(in->end - in->p) < n) {
		in->bad = true;
		return zeros;
	}
	const uint8_t *p = in->p;
	in->p += n;
	return p;
}

static uint8_t take_u8(In *in)
{
	return *take(in, 1);
}
static uint16_t take_u16(In *in)
{
	return get_u16(take(in, 2));
}
static uint32_t take_u32(In *in)
{
	return get_u32(take(in, 4));
}
static uint64_t take_u64(In *in)
{
	return get_u64(take(in, 8));
}

static const char *take_cstr(In *in)
{
	const uint8_t *nul = in->bad ? NULL : memchr(in->p, 0, (size_t)(in->end - in->p));
	if (!nul) {
		in->bad = true;
		return "";
	}
	const char *s = (const char *)in->p;
	in->p = nul + 1;
	return s;
}

static void take_tuple(In *in, Arena *a, OutTuple *t)
{
	t->ncols = take_u16(in);
	t->cols = arena_array(a, OutValue, t->ncols);
	for (size_t i = 0; i < t->ncols && !in->bad; i++) {
		OutValue *v = &t->cols[i];
		v->kind = (char)take_u8(in);
		if (v->kind == 't' || v->kind == 'b') {
			uint32_t n = take_u32(in);
			if ((size_t)(in->end - in->p) < n) {
				in->bad = true;
				return;
			}
			v->bytes = (Str){ (const char *)in->p, n };
			in->p += n;
		} else if (v->kind != 'n' && v->kind != 'u') {
			in->bad = true;
		}
	}
}

static void take_relation(In *in, Arena *a, OutRelation *r)
{
	r->oid = take_u32(in);
	r->schema = take_cstr(in);
	if (!*r->schema)
		r->schema = "pg_catalog";
	r->name = take_cstr(in);
	r->identity = (char)take_u8(in);
	r->ncols = take_u16(in);
	r->cols = arena_array(a, OutColumn, r->ncols);
	for (size_t i = 0; i < r->ncols && !in->bad; i++) {
		r->cols[i].key = take_u8(in) & 1;
		r->cols[i].name = take_cstr(in);
		r->cols[i].type = take_u32(in);
		r->cols[i].typmod = (int32_t)take_u32(in);
	}
}

static void take_change(In *in, Arena *a, OutMessage *m)
{
	m->rel = take_u32(in);
	char kind = (char)take_u8(in);
	if (m->type != 'I' && (kind == 'K' || kind == 'O')) {
		m->old_kind = kind;
		take_tuple(in, a, &m->old);
		if (m->type == 'D')
			return;
		kind = (char)take_u8(in);
	}
	if (kind != 'N' || m->type == 'D') {
		in->bad = true;
		return;
	}
	take_tuple(in, a, &m->row);
}

static void take_truncate(In *in, Arena *a, OutMessage *m)
{
	m->nrels = take_u32(in);
	uint8_t flags = take_u8(in);
	m->cascade = flags & 1;
	m->restart_identity = flags & 2;
	if (m->nrels > (size_t)(in->end - in->p) / 4) {
		in->bad = true;
		return;
	}
	m->rels = arena_array(a, uint32_t, m->nrels);
	for (size_t i = 0; i < m->nrels; i++)
		m->rels[i] = take_u32(in);
}

static void take_message(In *in, OutMessage *m)
{
	m->transactional = take_u8(in) & 1;
	m->lsn = take_u64(in);
	m->prefix = take_cstr(in);
	m->content.n = take_u32(in);
	m->content.p = (const char *)take(in, m->content.n);
}

int pgoutput_decode(Str bytes, Arena *a, OutMessage *m, Error *err)
{
	In in = { (const uint8_t *)bytes.p, (const uint8_t *)bytes.p + bytes.n, false };
	memset(m, 0, sizeof *m);
	m->type = (char)take_u8(&in);
	switch (m->type) {
	case 'B':
		m->lsn = take_u64(&in);
		m->commit_us = (int64_t)take_u64(&in);
		m->xid = take_u32(&in);
		break;
	case 'C':
		take_u8(&in);
		m->lsn = take_u64(&in);
		m->end_lsn = take_u64(&in);
		m->commit_us = (int64_t)take_u64(&in);
		break;
	case 'R':
		take_relation(&in, a, &m->relation);
		break;
	case 'I':
	case 'U':
	case 'D':
		take_change(&in, a, m);
		break;
	case 'T':
		take_truncate(&in, a, m);
		break;
	case 'M':
		take_message(&in, m);
		break;
	case 'O':
	case 'Y':
		return in.bad ? err_set(err, "08P01", "empty message in the replication stream") : 0;
	default:
		return err_set(err, "08P01", "unexpected message type %d in the replication stream", m->type);
	}
	if (in.bad || in.p != in.end)
		return err_set(err, "08P01", "malformed message of type %c in the replication stream", m->type);
	return 0;
}
