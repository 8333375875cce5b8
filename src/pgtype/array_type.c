#include "pgtype/array.h"
#include "pgtype/family.h"
#include "pgtype/integer.h"

static int array_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgArray x;
	if (array_parse(t->elem, typmod, text, env, a, &x, err))
		return -1;
	*out = array_val(&x, a);
	return 0;
}

/* Prints through the element type's output: a session's DateStyle, and blanks of char(n), show in arrays too. */
static int array_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (array_read(t->elem, v->s, a, &x, err))
		return -1;
	for (size_t i = 0; i < x.n; i++) {
		if (x.items[i].kind == VAL_NULL)
			continue;
		Buf b = { 0 };
		int rc = type_out(t->elem, typmod, &x.items[i], env, &b, err);
		if (rc == 0)
			x.items[i] = val_text((Str){ arena_strndup(a, b.len ? (const char *)b.data : "", b.len), b.len });
		buf_free(&b);
		if (rc)
			return -1;
	}
	buf_put_str(out, array_val(&x, a).s);
	return 0;
}

enum { HEADER = 12 };

static int recv_header(const PgType *t, Str bytes, PgArray *x, Error *err)
{
	if (bytes.n < HEADER)
		return family_check_length(bytes, HEADER, err);
	uint32_t ndim = get_u32(bytes.p), flags = get_u32(bytes.p + 4), elem = get_u32(bytes.p + 8);
	if (ndim > ARRAY_MAX_DIMS)
		return err_set(err, "54000", "number of array dimensions (%u) exceeds the maximum allowed (%d)", ndim, ARRAY_MAX_DIMS);
	if (flags > 1)
		return err_set(err, "22P03", "invalid array flags");
	if (elem != t->elem->oid)
		return err_set(err, "42804", "binary data has array element type %u instead of expected %u", elem, t->elem->oid);
	if (bytes.n < HEADER + 8 * (size_t)ndim)
		return family_check_length(bytes, HEADER + 8 * (size_t)ndim, err);
	*x = (PgArray){ .elem = t->elem, .ndim = (int)ndim, .n = ndim ? 1 : 0 };
	for (uint32_t i = 0; i < ndim; i++) {
		x->dims[i] = (int32_t)get_u32(bytes.p + HEADER + 8 * i);
		x->lower[i] = (int32_t)get_u32(bytes.p + HEADER + 8 * i + 4);
		if (x->dims[i] < 0)
			return err_set(err, "22P03", "invalid array dimension");
		int upper;
		if (x->dims[i] && __builtin_add_overflow(x->lower[i], x->dims[i] - 1, &upper))
			return err_set(err, "54000", "array lower bound is too large: %d", x->lower[i]);
		if (__builtin_mul_overflow(x->n, (size_t)x->dims[i], &x->n) || x->n > ARRAY_MAX_ITEMS)
			return err_set(err, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
	}
	if (x->n == 0)
		x->ndim = 0;
	return 0;
}

static int array_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgArray x;
	if (recv_header(t, bytes, &x, err))
		return -1;
	size_t at = HEADER + 8 * (size_t)get_u32(bytes.p);
	/* Every element takes at least its length word: refuse absurd counts before memory is taken for them. */
	if (x.n > (bytes.n - at) / 4)
		return err_set(err, "22P03", "insufficient data left in array");
	x.items = arena_array(a, Val, x.n + 1);
	for (size_t i = 0; i < x.n; i++) {
		if (bytes.n - at < 4)
			return err_set(err, "22P03", "insufficient data left in array");
		int32_t len = (int32_t)get_u32(bytes.p + at);
		at += 4;
		if (len < -1 || (len > 0 && (size_t)len > bytes.n - at))
			return err_set(err, "22P03", "insufficient data left in array");
		x.items[i] = val_null();
		if (len < 0)
			continue;
		if (type_recv(t->elem, typmod, (Str){ bytes.p + at, (size_t)len }, env, a, &x.items[i], err))
			return -1;
		at += (size_t)len;
	}
	if (at != bytes.n)
		return family_check_length(bytes, at, err);
	*out = array_val(&x, a);
	return 0;
}

static int array_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (array_read(t->elem, v->s, a, &x, err))
		return -1;
	bool nulls = false;
	for (size_t i = 0; i < x.n; i++)
		nulls |= x.items[i].kind == VAL_NULL;
	buf_put_u32(out, (uint32_t)x.ndim);
	buf_put_u32(out, nulls);
	buf_put_u32(out, t->elem->oid);
	for (int i = 0; i < x.ndim; i++) {
		buf_put_u32(out, (uint32_t)x.dims[i]);
		buf_put_u32(out, (uint32_t)x.lower[i]);
	}
	for (size_t i = 0; i < x.n; i++) {
		size_t length_at = out->len;
		buf_put_u32(out, UINT32_MAX);
		if (x.items[i].kind == VAL_NULL)
			continue;
		if (type_send(t->elem, typmod, &x.items[i], env, out, err))
			return -1;
		buf_set_u32(out, length_at, (uint32_t)(out->len - length_at - 4));
	}
	return 0;
}

static int array_compare_vals(const PgType *t, const Val *x, const Val *y)
{
	return array_compare_text(t->elem, x->s, y->s);
}

static int array_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	PgArray x;
	if (array_read(t->elem, v->s, a, &x, err))
		return -1;
	for (size_t i = 0; i < x.n; i++)
		if (type_apply_typmod(t->elem, typmod, is_explicit, &x.items[i], a, &x.items[i], err))
			return -1;
	*out = array_val(&x, a);
	return 0;
}

const TypeFamily family_array = { array_in, array_out, array_recv, array_send, array_compare_vals, array_typmod, "TEXT", NULL };

/* int2vector and oidvector: numbers with a blank between. */
static int read_vector(const PgType *t, Str text, Arena *a, PgArray *x, Error *err)
{
	const PgType *elem = pgtype_builtin(t->elem_oid);
	Val *items = arena_array(a, Val, text.n / 2 + 1);
	size_t n = 0;
	for (size_t i = 0; i < text.n;) {
		size_t start = i;
		while (i < text.n && text.p[i] != ' ')
			i++;
		if (i > start && type_in(elem, -1, (Str){ text.p + start, i - start }, &type_env_stored, a, &items[n++], err))
			return -1;
		i++;
	}
	*x = array_of(elem, items, n);
	return 0;
}

static Val vector_val(const PgArray *x, Arena *a)
{
	Buf b = { 0 };
	for (size_t i = 0; i < x->n; i++) {
		if (i)
			buf_put_u8(&b, ' ');
		type_out(x->elem, -1, &x->items[i], &type_env_stored, &b, NULL);
	}
	Val v = val_text((Str){ arena_strndup(a, b.len ? (const char *)b.data : "", b.len), b.len });
	buf_free(&b);
	return v;
}

static int vector_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgArray x;
	if (read_vector(t, text, a, &x, err))
		return -1;
	*out = vector_val(&x, a);
	return 0;
}

static int vector_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x;
	if (read_vector(t, v->s, a, &x, err))
		return -1;
	buf_put_u32(out, 1);
	buf_put_u32(out, 0);
	buf_put_u32(out, x.elem->oid);
	buf_put_u32(out, (uint32_t)x.n);
	buf_put_u32(out, 0);
	for (size_t i = 0; i < x.n; i++) {
		size_t length_at = out->len;
		buf_put_u32(out, 0);
		if (type_send(x.elem, -1, &x.items[i], env, out, err))
			return -1;
		buf_set_u32(out, length_at, (uint32_t)(out->len - length_at - 4));
	}
	return 0;
}

static int vector_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgType array = { .oid = t->oid, .name = t->name, .elem = pgtype_builtin(t->elem_oid) };
	Val literal;
	PgArray x;
	if (array_recv(&array, -1, bytes, env, a, &literal, err) || array_read(array.elem, literal.s, a, &x, err))
		return -1;
	for (size_t i = 0; i < x.n; i++)
		if (x.ndim != 1 || x.items[i].kind == VAL_NULL)
			return err_set(err, "22P03", "invalid %s data", t->name);
	*out = vector_val(&x, a);
	return 0;
}

static int vector_compare(const PgType *t, const Val *x, const Val *y)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray ax, ay;
	if (read_vector(t, x->s, a, &ax, NULL) || read_vector(t, y->s, a, &ay, NULL))
		return family_text_compare(t, x, y);
	/* The length decides first, as in PostgreSQL. */
	return ax.n != ay.n ? (ax.n < ay.n ? -1 : 1) : array_compare(&ax, &ay);
}

const TypeFamily family_int2vector = { vector_in, family_text_out, vector_recv, vector_send, vector_compare, NULL, "TEXT", NULL };
const TypeFamily family_oidvector = { vector_in, family_text_out, vector_recv, vector_send, vector_compare, NULL, "TEXT", NULL };
