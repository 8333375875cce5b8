#include "pgtype/family.h"
#include "pgtype/json.h"

#define JSONB_VERSION 1

static int json_family_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (json_validate(text, err) < 0)
		return -1;
	*out = val_text(text);
	return 0;
}

static int jsonb_family_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tree = arena_new();
	_cleanup_(buf_free) Buf b = { 0 };
	const Json *j = json_parse(text, true, tree, err);
	if (!j)
		return -1;
	json_print(j, &b);
	*out = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	return 0;
}

static int json_family_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_utf8(bytes, err) < 0)
		return -1;
	return json_family_in(t, typmod, bytes, env, a, out, err);
}

static int jsonb_family_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (bytes.n == 0)
		return err_set(err, "08P01", "no data left in message");
	if (bytes.p[0] != JSONB_VERSION)
		return err_set(err, "XX000", "unsupported jsonb version number %d", (unsigned char)bytes.p[0]);
	Str text = { bytes.p + 1, bytes.n - 1 };
	if (family_check_utf8(text, err) < 0)
		return -1;
	return jsonb_family_in(t, typmod, text, env, a, out, err);
}

static int jsonb_family_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u8(out, JSONB_VERSION);
	buf_put_str(out, v->s);
	return 0;
}

/* A value that cannot be read, which only a damaged file has, is ordered by its bytes. */
static int jsonb_family_compare(const PgType *t, const Val *x, const Val *y)
{
	if (str_eq(x->s, y->s))
		return 0;
	_cleanup_(arena_freep) Arena *a = arena_new();
	const Json *jx = json_parse(x->s, true, a, NULL), *jy = json_parse(y->s, true, a, NULL);
	return jx && jy ? json_compare(jx, jy) : family_text_compare(t, x, y);
}

const TypeFamily family_json = {
	json_family_in, family_text_out, json_family_recv, family_text_out, family_text_compare, NULL, "TEXT", NULL
};
const TypeFamily family_jsonb = { jsonb_family_in, family_text_out, jsonb_family_recv, jsonb_family_send, jsonb_family_compare, NULL,
				  "TEXT",	   "pgjsonb" };
