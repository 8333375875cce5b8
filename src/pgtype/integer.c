#include "pgtype/integer.h"
#include "pgtype/family.h"

#include <errno.h>
#include <inttypes.h>

int integer_parse(Str text, const char *type_name, int64_t lo, int64_t hi, int64_t *out, Error *err)
{
	Str s = str_trim(text);
	bool negative = s.n && s.p[0] == '-';
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s.p++, s.n--;
	if (s.n == 0)
		return family_bad_text(err, type_name, text);
	int64_t value = 0;
	bool overflow = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return family_bad_text(err, type_name, text);
		/* Counted downwards: the negative range is the larger one. */
		overflow |= __builtin_mul_overflow(value, (int64_t)10, &value) ||
			    __builtin_sub_overflow(value, (int64_t)(s.p[i] - '0'), &value);
	}
	if (!overflow && !negative)
		overflow = __builtin_sub_overflow((int64_t)0, value, &value);
	if (overflow || value < lo || value > hi)
		return err_set(err, "22003", "value \"%.*s\" is out of range for type %s", STR_ARG(text), type_name);
	*out = value;
	return 0;
}

static int integer_in(Str text, const char *name, int64_t lo, int64_t hi, Val *out, Error *err)
{
	int64_t v;
	if (integer_parse(text, name, lo, hi, &v, err))
		return -1;
	*out = val_int(v);
	return 0;
}

static int int2_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return integer_in(text, "smallint", INT16_MIN, INT16_MAX, out, err);
}

static int int4_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return integer_in(text, "integer", INT32_MIN, INT32_MAX, out, err);
}

static int int8_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return integer_in(text, "bigint", INT64_MIN, INT64_MAX, out, err);
}

static int integer_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_printf(out, "%" PRId64, v->i);
	return 0;
}

static int int2_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 2, err))
		return -1;
	*out = val_int((int16_t)get_u16(bytes.p));
	return 0;
}

static int int4_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 4, err))
		return -1;
	*out = val_int((int32_t)get_u32(bytes.p));
	return 0;
}

static int int8_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 8, err))
		return -1;
	*out = val_int((int64_t)get_u64(bytes.p));
	return 0;
}

static int int2_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u16(out, (uint16_t)v->i);
	return 0;
}

static int int4_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u32(out, (uint32_t)v->i);
	return 0;
}

static int int8_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u64(out, (uint64_t)v->i);
	return 0;
}

static int integer_compare(const PgType *t, const Val *x, const Val *y)
{
	return (x->i > y->i) - (x->i < y->i);
}

/* A number as strtoul reads it: a sign is allowed, -1 is the largest. Returns the end of what was read. */
static const char *parse_unsigned(const char *s, int base, unsigned long long *out, bool *overflow)
{
	char *end;
	errno = 0;
	*out = strtoull(s, &end, base);
	*overflow = errno == ERANGE;
	return end;
}

static int oid_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	const char *s = arena_strndup(a, text.p, text.n);
	Str trimmed = str_trim(text);
	if (type_is_reg(t) && str_is(trimmed, "-")) {
		*out = val_int(0);
		return 0;
	}
	bool loose = streq(t->name, "xid") || streq(t->name, "cid");
	unsigned long long v;
	bool overflow;
	const char *end = parse_unsigned(s, loose ? 0 : 10, &v, &overflow);
	if (loose) {
		*out = val_int((uint32_t)v);
		return 0;
	}
	if (type_is_reg(t) && (end == s || str_trim(str_of(end)).n) && env && env->reg_oid) {
		uint32_t oid;
		if (env->reg_oid(env->reg_names, t->oid, text, &oid, err) < 0)
			return -1;
		*out = val_int(oid);
		return 0;
	}
	if (type_is_reg(t) && (end == s || str_trim(str_of(end)).n))
		return err_refuse(err, 0, "a name as value of type %s cannot be looked up here: \"%.*s\"", t->name, STR_ARG(text));
	if (end == s || str_trim(str_of(end)).n)
		return family_bad_text(err, "oid", text);
	if (overflow || (v > UINT32_MAX && (v < (unsigned long long)INT32_MIN)))
		return err_set(err, "22003", "value \"%.*s\" is out of range for type oid", STR_ARG(text));
	*out = val_int((uint32_t)v);
	return 0;
}

static int oid_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	bool reg = type_is_reg(t);
	if (reg && env && env->reg_name && env->reg_name(env->reg_names, t->oid, (uint32_t)v->i, out))
		return 0;
	if (v->i == 0 && reg)
		buf_puts(out, "-");
	else
		buf_printf(out, "%" PRIu32, (uint32_t)v->i);
	return 0;
}

static int oid_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 4, err))
		return -1;
	*out = val_int(get_u32(bytes.p));
	return 0;
}

const TypeFamily family_int2 = { int2_in, integer_out, int2_recv, int2_send, integer_compare, NULL, "INTEGER", NULL };
const TypeFamily family_int4 = { int4_in, integer_out, int4_recv, int4_send, integer_compare, NULL, "INTEGER", NULL };
const TypeFamily family_int8 = { int8_in, integer_out, int8_recv, int8_send, integer_compare, NULL, "INTEGER", NULL };
const TypeFamily family_oid = { oid_in, oid_out, oid_recv, int4_send, integer_compare, NULL, "INTEGER", NULL };
