#include "pgtype/datetime.h"
#include "pgtype/hstore.h"
#include "sqlite/fn_json.h"
#include "sqlite/fn_row.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_UNKNOWN = 705,
	OID_BPCHAR = 1042,
	OID_DATE = 1082,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_NUMERIC = 1700,
	OID_JSONB = 3802
};

static bool is_number(uint32_t oid)
{
	return oid == OID_INT2 || oid == OID_INT4 || oid == OID_INT8 || oid == OID_FLOAT4 || oid == OID_FLOAT8 || oid == OID_NUMERIC;
}

/* Dates in JSON are ISO 8601 whatever DateStyle says, with a T, and minutes in every offset. */
static int put_moment(FnEnv *env, uint32_t oid, Str s, Buf *out)
{
	static const TypeEnv iso = { .tz = &tz_utc, .date_style = DATESTYLE_ISO };
	char buf[DT_BUF];
	int64_t ts;
	int32_t east = 0;
	bool zone = oid == OID_TIMESTAMPTZ;
	if (timestamp_from_stored(s, &ts, &env->error) < 0)
		return -1;
	if (zone && !ts_is_infinite(ts))
		east = tz_offset_at(env->types->tz, ts, NULL, NULL);
	size_t n = timestamp_out(ts_is_infinite(ts) ? ts : ts + east * US_PER_SEC, &iso, buf);
	if (ts_is_infinite(ts)) {
		buf_printf(out, "\"%s\"", buf);
		return 0;
	}
	bool bc = n > 3 && memcmp(buf + n - 3, " BC", 3) == 0;
	if (bc)
		n -= 3;
	char *space = memchr(buf, ' ', n);
	if (space)
		*space = 'T';
	buf_printf(out, "\"%.*s", (int)n, buf);
	int32_t m = abs(east);
	if (zone)
		buf_printf(out, "%c%02d:%02d", east < 0 ? '-' : '+', m / 3600, m / 60 % 60);
	if (zone && m % 60)
		buf_printf(out, ":%02d", m % 60);
	buf_puts(out, bc ? " BC\"" : "\"");
	return 0;
}

static int put_as_text(FnEnv *env, const PgType *t, const TypeEnv *types, const Val *v, bool bare, Buf *out)
{
	_cleanup_(buf_free) Buf b = { 0 };
	if (type_out(t, -1, v, types, &b, &env->error) < 0)
		return -1;
	Str s = buf_str(&b);
	/* NaN and the infinities are no JSON numbers */
	if (bare && s.n && (s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9'))
		buf_put_str(out, s);
	else
		json_print_string(s, out);
	return 0;
}

static int bad_key(Error *err)
{
	return err_set(err, "22023", "key value must be scalar, not array, composite, or json");
}

static int put_bool(bool b, bool is_key, Buf *out)
{
	buf_printf(out, is_key ? "\"%s\"" : "%s", b ? "true" : "false");
	return 0;
}

/* A char(n) has its blanks here too. */
static int put_column(sqlite3_context *ctx, const PgField *f, const Val *v, Buf *out)
{
	_cleanup_(buf_free) Buf b = { 0 };
	if (f->type->oid != OID_BPCHAR || v->kind == VAL_NULL)
		return jf_put_val(ctx, f->type->oid, v, false, out);
	if (type_out(f->type, f->typmod, v, &type_env_stored, &b, &fn_env(ctx)->error) < 0)
		return -1;
	json_print_string(buf_str(&b), out);
	return 0;
}

static int put_row(sqlite3_context *ctx, uint32_t oid, Str stored, bool lines, Buf *out)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgRow r;
	if (fn_row_read(fn_env(ctx), oid, stored, a, &r))
		return -1;
	buf_put_u8(out, '{');
	for (size_t i = 0; i < r.n; i++) {
		if (i)
			buf_puts(out, lines ? ",\n " : ",");
		json_print_string(str_of(r.fields[i].name), out);
		buf_put_u8(out, ':');
		if (put_column(ctx, &r.fields[i], &r.vals[i], out) < 0)
			return -1;
	}
	buf_put_u8(out, '}');
	return 0;
}

/* The one type outside PostgreSQL's own that has a cast to json. */
static bool is_hstore(const PgType *t)
{
	return t->family && streq(t->name, "hstore");
}

static int put_hstore(FnEnv *env, Str stored, Buf *out)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	HStore h;
	if (hstore_parse(stored, a, &h, &env->error))
		return -1;
	hstore_print_json(&h, false, out);
	return 0;
}

int jf_put_val(sqlite3_context *ctx, uint32_t oid, const Val *v, bool is_key, Buf *out)
{
	FnEnv *env = fn_env(ctx);
	if (v->kind == VAL_NULL) {
		buf_puts(out, "null");
		return 0;
	}
	const PgType *t = fn_type(ctx, oid);
	if (!t)
		return err_set(&env->error, "0A000", "type %u in JSON is not supported on SQLite", oid);
	if (t->typtype == 'd' && type_base_of(t))
		return jf_put_val(ctx, type_base_of(t)->oid, v, is_key, out);
	bool composite = t->typtype == 'c' || oid == OID_RECORD, json = oid == OID_JSON || oid == OID_JSONB;
	if (is_key && (t->elem || composite || json || is_hstore(t)))
		return bad_key(&env->error);
	if (is_hstore(t))
		return put_hstore(env, v->s, out);
	if (composite)
		return put_row(ctx, oid, v->s, false, out);
	if (t->elem)
		return jf_put_array(ctx, t->elem, v->s, false, out);
	if (oid == OID_BOOL)
		return put_bool(v->i, is_key, out);
	if (json) {
		buf_put_str(out, v->s);
		return 0;
	}
	if (oid == OID_TIMESTAMP || oid == OID_TIMESTAMPTZ)
		return put_moment(env, oid, v->s, out);
	TypeEnv types = *env->types;
	if (oid == OID_DATE)
		types.date_style = DATESTYLE_ISO;
	return put_as_text(env, t, &types, v, is_number(oid) && !is_key, out);
}

int jf_put_typed(sqlite3_context *ctx, uint32_t oid, sqlite3_value *v, bool is_key, Buf *out)
{
	Val val = fn_arg(v);
	return jf_put_val(ctx, oid, &val, is_key, out);
}

/* Ends a function: the text as json, or brought to jsonb's form. */
static void finish(sqlite3_context *ctx, Buf *b, bool canonical)
{
	if (!canonical) {
		jf_result_str(ctx, buf_str(b));
		return;
	}
	_cleanup_(arena_freep) Arena *a = arena_new();
	Json *j = json_parse(buf_str(b), true, a, &fn_env(ctx)->error);
	if (j)
		jf_result(ctx, j);
	else
		fn_fail(ctx);
}

static void to_json(sqlite3_context *ctx, sqlite3_value **argv, bool canonical)
{
	_cleanup_(buf_free) Buf b = { 0 };
	if (jf_put_typed(ctx, (uint32_t)sqlite3_value_int64(argv[0]), argv[1], false, &b) < 0)
		fn_fail(ctx);
	else
		finish(ctx, &b, canonical);
}
JF(jf_to_json)
{
	to_json(ctx, argv, false);
}
JF(jf_to_jsonb)
{
	to_json(ctx, argv, true);
}

/* row_to_json(type, [bool,] row [, pretty]) */
static void row_to_json(sqlite3_context *ctx, sqlite3_value *type, sqlite3_value *row, bool lines)
{
	_cleanup_(buf_free) Buf b = { 0 };
	if (put_row(ctx, (uint32_t)sqlite3_value_int64(type), fn_arg_str(row), lines, &b) < 0)
		fn_fail(ctx);
	else
		jf_result_str(ctx, buf_str(&b));
}
JF(jf_row_to_json)
{
	row_to_json(ctx, argv[0], argv[1], false);
}
JF(jf_row_to_json_pretty)
{
	row_to_json(ctx, argv[0], argv[2], sqlite3_value_int(argv[3]));
}

static void build_array(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool canonical)
{
	_cleanup_(buf_free) Buf b = { 0 };
	int n = argc / 2;
	buf_put_u8(&b, '[');
	for (int i = 0; i < n; i++) {
		if (i)
			buf_puts(&b, ", ");
		if (jf_put_typed(ctx, (uint32_t)sqlite3_value_int64(argv[i]), argv[n + i], false, &b) < 0) {
			fn_fail(ctx);
			return;
		}
	}
	buf_put_u8(&b, ']');
	finish(ctx, &b, canonical);
}
JF(jf_build_array)
{
	build_array(ctx, argc, argv, false);
}
JF(jf_build_arrayb)
{
	build_array(ctx, argc, argv, true);
}

static int put_pair(sqlite3_context *ctx, int n, int i, sqlite3_value **argv, bool canonical, Buf *b)
{
	Error *err = &fn_env(ctx)->error;
	if (sqlite3_value_type(argv[n + i]) == SQLITE_NULL) {
		if (canonical)
			return err_set(err, "22023", "argument %d: key must not be null", i + 1);
		err_set(err, "22023", "argument %d cannot be null", i + 1);
		return err_hint(err, "Object keys should be text.");
	}
	if (i)
		buf_puts(b, ", ");
	if (jf_put_typed(ctx, (uint32_t)sqlite3_value_int64(argv[i]), argv[n + i], true, b) < 0)
		return -1;
	buf_puts(b, " : ");
	return jf_put_typed(ctx, (uint32_t)sqlite3_value_int64(argv[i + 1]), argv[n + i + 1], false, b);
}

static void build_object(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool canonical)
{
	_cleanup_(buf_free) Buf b = { 0 };
	int n = argc / 2;
	if (n % 2) {
		Error *err = &fn_env(ctx)->error;
		err_set(err, "22023", "argument list must have even number of elements");
		err_hint(err, "The arguments of %s() must consist of alternating keys and values.",
			 canonical ? "jsonb_build_object" : "json_build_object");
		fn_fail(ctx);
		return;
	}
	buf_put_u8(&b, '{');
	for (int i = 0; i < n; i += 2) {
		if (put_pair(ctx, n, i, argv, canonical, &b) < 0) {
			fn_fail(ctx);
			return;
		}
	}
	buf_put_u8(&b, '}');
	finish(ctx, &b, canonical);
}
JF(jf_build_object)
{
	build_object(ctx, argc, argv, false);
}
JF(jf_build_objectb)
{
	build_object(ctx, argc, argv, true);
}

/* ---- aggregates: the text grows in the aggregate's context ---- */

static void agg_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf *b = sqlite3_aggregate_context(ctx, sizeof *b);
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[0]);
	const PgType *t = fn_type(ctx, oid);
	bool structured = t && (t->elem || t->typtype == 'c' || oid == OID_RECORD) && sqlite3_value_type(argv[1]) != SQLITE_NULL;
	buf_puts(b, b->len ? structured ? ", \n " : ", " : "[");
	if (jf_put_typed(ctx, oid, argv[1], false, b) < 0)
		fn_fail(ctx);
}

static void object_step(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool canonical)
{
	Buf *b = sqlite3_aggregate_context(ctx, sizeof *b);
	if (sqlite3_value_type(argv[2]) == SQLITE_NULL) {
		fn_raise(ctx, "22023", "field name must not be null");
		return;
	}
	buf_puts(b, b->len ? ", " : canonical ? "{" : "{ ");
	int rc = jf_put_typed(ctx, (uint32_t)sqlite3_value_int64(argv[0]), argv[2], true, b);
	buf_puts(b, " : ");
	if (rc < 0 || jf_put_typed(ctx, (uint32_t)sqlite3_value_int64(argv[1]), argv[3], false, b) < 0)
		fn_fail(ctx);
}
static void object_step_json(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	object_step(ctx, argc, argv, false);
}
static void object_step_jsonb(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	object_step(ctx, argc, argv, true);
}

/* The context may be NULL when SQLite could not make one or no row came; the result is NULL then, as in PostgreSQL. */
static void agg_end(sqlite3_context *ctx, const char *close, bool canonical, bool last)
{
	Buf *b = sqlite3_aggregate_context(ctx, 0);
	if (!b || !b->len)
		return;
	size_t len = b->len;
	buf_puts(b, close);
	finish(ctx, b, canonical);
	b->len = len;
	if (last)
		buf_free(b);
}
#define AGG_END(name, close, canonical, last)                                                                                              \
	static void name(sqlite3_context *ctx)                                                                                             \
	{                                                                                                                                  \
		agg_end(ctx, close, canonical, last);                                                                                      \
	}
AGG_END(json_agg_final, "]", false, true)
AGG_END(json_agg_value, "]", false, false)
AGG_END(jsonb_agg_final, "]", true, true)
AGG_END(jsonb_agg_value, "]", true, false)
AGG_END(json_object_final, " }", false, true)
AGG_END(json_object_value, " }", false, false)
AGG_END(jsonb_object_final, "}", true, true)
AGG_END(jsonb_object_value, "}", true, false)

const SqliteAgg agg_table_json[] = {
	{ "json_agg.anyelement", 1, FN_TYPED, agg_step, json_agg_final, json_agg_value, NULL },
	{ "jsonb_agg.anyelement", 1, FN_TYPED, agg_step, jsonb_agg_final, jsonb_agg_value, NULL },
	{ "json_object_agg.any,any", 2, FN_TYPED, object_step_json, json_object_final, json_object_value, NULL },
	{ "jsonb_object_agg.any,any", 2, FN_TYPED, object_step_jsonb, jsonb_object_final, jsonb_object_value, NULL },
	{ 0 },
};
