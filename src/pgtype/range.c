/* Range types: what they are, making ranges, binary form. */
#include "pgtype/range.h"
#include "pgtype/datetime.h"
#include "pgtype/family.h"

enum { OID_INT4 = 23, OID_INT8 = 20, OID_DATE = 1082 };
enum { WIRE_EMPTY = 1, WIRE_LO_INC = 2, WIRE_HI_INC = 4, WIRE_LO_INF = 8, WIRE_HI_INF = 16 };

static const RangeType kinds[] = {
	{ 3904, 4451, OID_INT4, true }, { 3926, 4536, OID_INT8, true }, { 3906, 4532, 1700, false },
	{ 3908, 4533, 1114, false },	{ 3910, 4534, 1184, false },	{ 3912, 4535, OID_DATE, true },
};

const RangeType *range_type_of(const PgType *t)
{
	for (size_t i = 0; t && !t->range && i < ARRAY_LEN(kinds); i++)
		if (kinds[i].range == t->oid || kinds[i].multirange == t->oid)
			return &kinds[i];
	return t ? t->range : NULL;
}

const PgType *range_subtype(const RangeType *k)
{
	return k->user_subtype ? k->user_subtype : pgtype_builtin(k->subtype);
}

/* The next value of a discrete type. *last is set when there is none and the bound stays as it is: an infinite date. */
static int next_value(const RangeType *k, Val *v, bool *last, Arena *a, Error *err)
{
	int32_t d;
	*last = false;
	if (k->subtype != OID_DATE) {
		if (v->i == (k->subtype == OID_INT4 ? INT32_MAX : INT64_MAX))
			return err_set(err, "22003", "%s out of range", k->subtype == OID_INT4 ? "integer" : "bigint");
		v->i++;
		return 0;
	}
	if (date_from_stored(v->s, &d, err))
		return -1;
	*last = date_is_infinite(d);
	if (*last)
		return 0;
	if (!date_in_range((int64_t)d + 1))
		return err_set(err, "22008", "date out of range");
	char *text = arena_alloc(a, DT_BUF);
	*v = val_text((Str){ text, date_to_stored(d + 1, text) });
	return 0;
}

/* Both included, both not, or as [): what is one form of all that mean the same. */
static int to_canonical(const RangeType *k, PgRange *r, Arena *a, Error *err)
{
	bool last;
	if (!r->lo.infinite && !r->lo.inclusive) {
		if (next_value(k, &r->lo.v, &last, a, err))
			return -1;
		r->lo.inclusive = !last;
	}
	if (!r->hi.infinite && r->hi.inclusive) {
		if (next_value(k, &r->hi.v, &last, a, err))
			return -1;
		r->hi.inclusive = last;
	}
	return 0;
}

static bool holds_nothing(const RangeType *k, const PgRange *r, int *order)
{
	*order = -1;
	if (r->lo.infinite || r->hi.infinite)
		return false;
	*order = type_compare(range_subtype(k), &r->lo.v, &r->hi.v);
	return *order == 0 && !(r->lo.inclusive && r->hi.inclusive);
}

int range_make(const RangeType *k, RangeBound lo, RangeBound hi, Arena *a, PgRanges *out, Error *err)
{
	PgRange r = { lo, hi };
	int order;
	*out = (PgRanges){ .items = arena_array(a, PgRange, 2) };
	r.lo.inclusive &= !r.lo.infinite;
	r.hi.inclusive &= !r.hi.infinite;
	bool nothing = holds_nothing(k, &r, &order);
	if (order > 0)
		return err_set(err, "22000", "range lower bound must be less than or equal to range upper bound");
	if (!nothing && k->discrete) {
		if (to_canonical(k, &r, a, err))
			return -1;
		nothing = holds_nothing(k, &r, &order);
	}
	if (!nothing)
		out->items[out->n++] = r;
	return 0;
}

static bool is_multi(const PgType *t)
{
	return t->typtype == 'm';
}

static int store(const PgType *t, const PgRanges *x, Arena *a, Val *out, Error *err)
{
	Buf b = { 0 };
	int rc = range_print(range_type_of(t), is_multi(t), x, &type_env_stored, &b, err);
	*out = val_text((Str){ arena_strndup(a, b.len ? (const char *)b.data : "", b.len), b.len });
	buf_free(&b);
	return rc;
}

static int read_stored(const PgType *t, const Val *v, Arena *a, PgRanges *out, Error *err)
{
	return range_parse(range_type_of(t), is_multi(t), v->s, &type_env_stored, a, out, err);
}

static int range_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgRanges x;
	return range_parse(range_type_of(t), is_multi(t), text, env, a, &x, err) ? -1 : store(t, &x, a, out, err);
}

static int range_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgRanges x;
	return read_stored(t, v, a, &x, err) ? -1 : range_print(range_type_of(t), is_multi(t), &x, env, out, err);
}

static int short_of_data(Error *err)
{
	return err_set(err, "08P01", "insufficient data left in message");
}

/* A length and as many bytes, cut off the front. */
static int take_part(Str *bytes, Str *part, Error *err)
{
	if (bytes->n < 4)
		return short_of_data(err);
	uint32_t n = get_u32(bytes->p);
	if (n > bytes->n - 4)
		return short_of_data(err);
	*part = (Str){ bytes->p + 4, n };
	*bytes = (Str){ bytes->p + 4 + n, bytes->n - 4 - n };
	return 0;
}

static int recv_one(const RangeType *k, Str bytes, const TypeEnv *env, Arena *a, PgRanges *out, Error *err)
{
	const PgType *sub = range_subtype(k);
	if (bytes.n < 1)
		return err_set(err, "08P01", "no data left in message");
	unsigned flags = (uint8_t)bytes.p[0] & (WIRE_EMPTY | WIRE_LO_INC | WIRE_HI_INC | WIRE_LO_INF | WIRE_HI_INF);
	Str rest = { bytes.p + 1, bytes.n - 1 }, part;
	bool empty = flags & WIRE_EMPTY;
	RangeBound lo = { .infinite = flags & WIRE_LO_INF, .inclusive = flags & WIRE_LO_INC };
	RangeBound hi = { .infinite = flags & WIRE_HI_INF, .inclusive = flags & WIRE_HI_INC };
	if (!empty && !lo.infinite && (take_part(&rest, &part, err) || type_recv(sub, -1, part, env, a, &lo.v, err)))
		return -1;
	if (!empty && !hi.infinite && (take_part(&rest, &part, err) || type_recv(sub, -1, part, env, a, &hi.v, err)))
		return -1;
	if (rest.n)
		return err_set(err, "08P01", "invalid message format");
	*out = (PgRanges){ .items = arena_array(a, PgRange, 2) };
	return empty ? 0 : range_make(k, lo, hi, a, out, err);
}

enum { ALLOC_MAX = 0x3fffffff };

static int recv_multi(const RangeType *k, Str bytes, const TypeEnv *env, Arena *a, PgRanges *out, Error *err)
{
	if (bytes.n < 4)
		return short_of_data(err);
	size_t n = get_u32(bytes.p);
	Str rest = { bytes.p + 4, bytes.n - 4 }, part;
	/* PostgreSQL makes room for pointers to as many first. */
	if (n * 8 > ALLOC_MAX)
		return err_set(err, "XX000", "invalid memory alloc request size %zu", n * 8);
	if (n > rest.n / 4)
		return short_of_data(err);
	*out = (PgRanges){ .items = arena_array(a, PgRange, n + 1) };
	for (size_t i = 0; i < n; i++) {
		PgRanges one;
		if (take_part(&rest, &part, err) || recv_one(k, part, env, a, &one, err))
			return -1;
		if (one.n)
			out->items[out->n++] = one.items[0];
	}
	return rest.n ? err_set(err, "08P01", "invalid message format") : ranges_normalize(k, out);
}

static int range_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgRanges x;
	const RangeType *k = range_type_of(t);
	if (is_multi(t) ? recv_multi(k, bytes, env, a, &x, err) : recv_one(k, bytes, env, a, &x, err))
		return -1;
	return store(t, &x, a, out, err);
}

static int send_value(const RangeType *k, const RangeBound *b, const TypeEnv *env, Buf *out, Error *err)
{
	size_t length_at = out->len;
	if (b->infinite)
		return 0;
	buf_put_u32(out, 0);
	if (type_send(range_subtype(k), -1, &b->v, env, out, err))
		return -1;
	buf_set_u32(out, length_at, (uint32_t)(out->len - length_at - 4));
	return 0;
}

static int send_one(const RangeType *k, const PgRange *r, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u8(out, (uint8_t)((r->lo.inclusive ? WIRE_LO_INC : 0) | (r->hi.inclusive ? WIRE_HI_INC : 0) |
				  (r->lo.infinite ? WIRE_LO_INF : 0) | (r->hi.infinite ? WIRE_HI_INF : 0)));
	return send_value(k, &r->lo, env, out, err) || send_value(k, &r->hi, env, out, err) ? -1 : 0;
}

static int range_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	const RangeType *k = range_type_of(t);
	PgRanges x;
	if (read_stored(t, v, a, &x, err))
		return -1;
	if (!is_multi(t)) {
		if (x.n)
			return send_one(k, &x.items[0], env, out, err);
		buf_put_u8(out, WIRE_EMPTY);
		return 0;
	}
	buf_put_u32(out, (uint32_t)x.n);
	for (size_t i = 0; i < x.n; i++) {
		size_t length_at = out->len;
		buf_put_u32(out, 0);
		if (send_one(k, &x.items[i], env, out, err))
			return -1;
		buf_set_u32(out, length_at, (uint32_t)(out->len - length_at - 4));
	}
	return 0;
}

static int range_compare(const PgType *t, const Val *x, const Val *y)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgRanges rx, ry;
	if (read_stored(t, x, a, &rx, NULL) || read_stored(t, y, a, &ry, NULL))
		return family_text_compare(t, x, y);
	return ranges_compare(range_type_of(t), &rx, &ry);
}

const TypeFamily family_range = { range_in, range_out, range_recv, range_send, range_compare, NULL, "TEXT", NULL };
