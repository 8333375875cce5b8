/* Bob Jenkins' lookup3 as PostgreSQL uses it for hashed partitions, over the bytes that its own values have. See hash.h. */
#include "pgtype/hash.h"

#include "pgtype/datetime.h"

#include <math.h>

enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_CHAR = 18,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_OID = 26,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_BPCHAR = 1042,
	OID_VARCHAR = 1043,
	OID_DATE = 1082,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_UUID = 2950,
};

typedef struct Jenkins {
	uint32_t a, b, c;
} Jenkins;

static uint32_t rot(uint32_t x, int k)
{
	return x << k | x >> (32 - k);
}

static void mix(Jenkins *j)
{
	static const int turns[] = { 4, 6, 8, 16, 19, 4 };
	uint32_t *const w[] = { &j->a, &j->b, &j->c };
	for (int i = 0; i < 6; i++) {
		uint32_t *x = w[i % 3], *y = w[(i + 1) % 3], *z = w[(i + 2) % 3];
		*x -= *z;
		*x ^= rot(*z, turns[i]);
		*z += *y;
	}
}

static uint64_t finish(Jenkins *j)
{
	static const int turns[] = { 14, 11, 25, 16, 4, 14, 24 };
	uint32_t *const w[] = { &j->c, &j->a, &j->b };
	for (int i = 0; i < 7; i++) {
		uint32_t *x = w[i % 3], *y = w[(i + 2) % 3];
		*x ^= *y;
		*x -= rot(*y, turns[i]);
	}
	return (uint64_t)j->b << 32 | j->c;
}

static Jenkins begin(size_t len, uint64_t seed)
{
	uint32_t start = 0x9e3779b9u + (uint32_t)len + 3923095u;
	Jenkins j = { start, start, start };
	if (seed) {
		j.a += (uint32_t)(seed >> 32);
		j.b += (uint32_t)seed;
		mix(&j);
	}
	return j;
}

static uint64_t hash_u32(uint32_t k, uint64_t seed)
{
	Jenkins j = begin(4, seed);
	j.a += k;
	return finish(&j);
}

/* Little endian words; the lowest byte of the third is left to the length. */
static uint64_t hash_bytes(const void *data, size_t n, uint64_t seed)
{
	const uint8_t *p = data;
	Jenkins j = begin(n, seed);
	for (; n >= 12; n -= 12, p += 12) {
		uint32_t *const w[] = { &j.a, &j.b, &j.c };
		for (int i = 0; i < 12; i++)
			*w[i / 4] += (uint32_t)p[i] << 8 * (i % 4);
		mix(&j);
	}
	for (size_t i = 0; i < n; i++) {
		if (i < 4)
			j.a += (uint32_t)p[i] << 8 * i;
		else if (i < 8)
			j.b += (uint32_t)p[i] << 8 * (i - 4);
		else
			j.c += (uint32_t)p[i] << 8 * (i - 7);
	}
	return finish(&j);
}

static uint64_t hash_i64(int64_t v, uint64_t seed)
{
	uint32_t low = (uint32_t)v, high = (uint32_t)((uint64_t)v >> 32);
	return hash_u32(low ^ (v >= 0 ? high : ~high), seed);
}

static uint64_t hash_float(const Val *v, uint64_t seed)
{
	double d = v->kind == VAL_REAL ? v->r : v->kind == VAL_INT ? (double)v->i : NAN;
	static const uint8_t nan_bytes[8] = { 0, 0, 0, 0, 0, 0, 0xf8, 0x7f };
	if (d == 0)
		return seed;
	return isnan(d) ? hash_bytes(nan_bytes, sizeof nan_bytes, seed) : hash_bytes(&d, sizeof d, seed);
}

static int hex_digit(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static uint64_t hash_uuid(Str s, uint64_t seed)
{
	uint8_t bytes[16] = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < 32; i++)
		if (s.p[i] != '-') {
			bytes[n / 2] = (uint8_t)(bytes[n / 2] << 4 | hex_digit(s.p[i]));
			n++;
		}
	return hash_bytes(bytes, sizeof bytes, seed);
}

bool type_is_hashable(const PgType *t)
{
	static const uint32_t known[] = { OID_BOOL,    OID_BYTEA, OID_CHAR,	 OID_NAME,	  OID_INT8,   OID_INT2,
					  OID_INT4,    OID_TEXT,  OID_OID,	 OID_FLOAT4,	  OID_FLOAT8, OID_BPCHAR,
					  OID_VARCHAR, OID_DATE,  OID_TIMESTAMP, OID_TIMESTAMPTZ, OID_UUID };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i] == t->oid)
			return true;
	return t->typtype == 'e';
}

static uint64_t hash_enum(const PgType *t, Str label, uint64_t seed)
{
	for (size_t i = 0; i < t->nlabels; i++)
		if (str_eq(str_of(t->labels[i]), label))
			return hash_u32(t->label_oids[i], seed);
	return seed;
}

static uint64_t hash_text(const PgType *t, Str s, uint64_t seed)
{
	int32_t day = 0;
	int64_t us = 0;
	Error ignored;
	switch (t->oid) {
	case OID_DATE:
		date_from_stored(s, &day, &ignored);
		return hash_u32((uint32_t)day, seed);
	case OID_TIMESTAMP:
	case OID_TIMESTAMPTZ:
		timestamp_from_stored(s, &us, &ignored);
		return hash_i64(us, seed);
	case OID_UUID:
		return hash_uuid(s, seed);
	case OID_BPCHAR:
		while (s.n && s.p[s.n - 1] == ' ')
			s.n--;
		break;
	case OID_CHAR:
		return hash_u32((uint32_t)(int32_t)(signed char)(s.n ? s.p[0] : 0), seed);
	default:
		break;
	}
	return t->typtype == 'e' ? hash_enum(t, s, seed) : hash_bytes(s.p, s.n, seed);
}

uint64_t type_hash(const PgType *t, const Val *v, uint64_t seed)
{
	if (t->oid == OID_FLOAT4 || t->oid == OID_FLOAT8)
		return hash_float(v, seed);
	if (v->kind == VAL_INT)
		return t->oid == OID_INT8 ? hash_i64(v->i, seed) : hash_u32((uint32_t)v->i, seed);
	return hash_text(t, v->s, seed);
}

uint64_t hash_combine(uint64_t a, uint64_t b)
{
	return a ^ (b + UINT64_C(0x49a0f4dd15e5a8e3) + (a << 54) + (a >> 7));
}
