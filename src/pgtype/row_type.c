/* The families of composite types and of record. */
#include "pgtype/family.h"
#include "pgtype/row.h"

static int composite_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgRow r;
	if (row_parse(t, text, env, a, &r, err))
		return -1;
	*out = row_val(&r, false, a);
	return 0;
}

static int record_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return err_set(err, "0A000",
		       "input of anonymous composite types is not "
		       "implemented");
}

static int row_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	_cleanup_(buf_free) Buf one = { 0 };
	PgRow r;
	if (row_read(t, v->s, (TypeSource){ 0 }, a, &r, err))
		return -1;
	buf_put_u8(out, '(');
	for (size_t i = 0; i < r.n; i++) {
		if (i)
			buf_put_u8(out, ',');
		if (r.vals[i].kind == VAL_NULL)
			continue;
		buf_clear(&one);
		if (type_out(r.fields[i].type, r.fields[i].typmod, &r.vals[i], env, &one, err))
			return -1;
		row_print_text(buf_str(&one), out);
	}
	buf_put_u8(out, ')');
	return 0;
}

static int row_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgRow r;
	if (row_read(t, v->s, (TypeSource){ 0 }, a, &r, err))
		return -1;
	buf_put_u32(out, (uint32_t)r.n);
	for (size_t i = 0; i < r.n; i++) {
		buf_put_u32(out, r.fields[i].type->oid);
		size_t length_at = out->len;
		buf_put_u32(out, UINT32_MAX);
		if (r.vals[i].kind == VAL_NULL)
			continue;
		if (type_send(r.fields[i].type, r.fields[i].typmod, &r.vals[i], env, out, err))
			return -1;
		buf_set_u32(out, length_at, (uint32_t)(out->len - length_at - 4));
	}
	return 0;
}

static int short_row(Error *err)
{
	return err_set(err, "22P03", "insufficient data left in message");
}

static int composite_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	PgRow r = { .n = t->nfields, .fields = t->fields, .vals = arena_array(a, Val, t->nfields + 1) };
	if (bytes.n < 4)
		return short_row(err);
	uint32_t n = get_u32(bytes.p);
	if (n != r.n)
		return err_set(err, "42804", "wrong number of columns: %u, expected %zu", n, r.n);
	size_t at = 4;
	for (size_t i = 0; i < r.n; i++) {
		if (bytes.n - at < 8)
			return short_row(err);
		uint32_t oid = get_u32(bytes.p + at);
		int32_t len = (int32_t)get_u32(bytes.p + at + 4);
		at += 8;
		if (oid != r.fields[i].type->oid)
			return err_set(err, "42804", "binary data has type %u instead of expected %u in record column %zu", oid,
				       r.fields[i].type->oid, i + 1);
		if (len < -1 || (len > 0 && (size_t)len > bytes.n - at))
			return short_row(err);
		r.vals[i] = val_null();
		if (len < 0)
			continue;
		if (type_recv(r.fields[i].type, r.fields[i].typmod, (Str){ bytes.p + at, (size_t)len }, env, a, &r.vals[i], err))
			return -1;
		at += (size_t)len;
	}
	if (at != bytes.n)
		return family_check_length(bytes, at, err);
	*out = row_val(&r, false, a);
	return 0;
}

static int compare_rows(const PgType *t, const Val *x, const Val *y)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgRow rx, ry;
	Error err;
	int order;
	if (row_read(t, x->s, (TypeSource){ 0 }, a, &rx, &err) || row_read(t, y->s, (TypeSource){ 0 }, a, &ry, &err) ||
	    row_compare(&rx, &ry, &order, &err))
		return family_text_compare(NULL, x, y);
	return order;
}

const TypeFamily family_composite = { composite_in, row_out, composite_recv, row_send, compare_rows, NULL, "TEXT", NULL };
const TypeFamily family_record = { record_in, row_out, record_in, row_send, compare_rows, NULL, "TEXT", "pgrecord" };
