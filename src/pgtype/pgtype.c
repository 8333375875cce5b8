#include "pgtype/pgtype.h"
#include "pgtype/encoding.h"
#include "pgtype/family.h"
#include "pgtype/gen_types.h"
#include "pgtype/range.h"

#include <assert.h>
#include <stdio.h>

const TypeEnv type_env_stored = { .tz = &tz_utc, .date_style = DATESTYLE_ISO, .date_order = DATEORDER_MDY, .extra_float_digits = 1 };

static const struct {
	uint32_t oid;
	const TypeFamily *family;
} families[] = {
	{ 16, &family_bool },	   { 17, &family_bytea },	{ 18, &family_char },	       { 19, &family_name },
	{ 20, &family_int8 },	   { 21, &family_int2 },	{ 22, &family_int2vector },    { 23, &family_int4 },
	{ 24, &family_oid },	   { 25, &family_text },	{ 26, &family_oid },	       { 27, &family_tid },
	{ 28, &family_oid },	   { 29, &family_oid },		{ 30, &family_oidvector },     { 114, &family_json },
	{ 194, &family_text },	   { 600, &family_geo },	{ 601, &family_geo },	       { 602, &family_geo },
	{ 603, &family_geo },	   { 604, &family_geo },	{ 628, &family_geo },	       { 650, &family_inet },
	{ 700, &family_float4 },   { 701, &family_float8 },	{ 705, &family_text },	       { 718, &family_geo },
	{ 774, &family_macaddr8 }, { 790, &family_money },	{ 829, &family_macaddr },      { 869, &family_inet },
	{ 1033, &family_text },	   { 1042, &family_bpchar },	{ 1043, &family_varchar },     { 1082, &family_date },
	{ 1083, &family_time },	   { 1114, &family_timestamp }, { 1184, &family_timestamptz }, { 1186, &family_interval },
	{ 1266, &family_timetz },  { 1560, &family_bits },	{ 1562, &family_bits },	       { 1700, &family_numeric },
	{ 1790, &family_text },	   { 2202, &family_oid },	{ 2203, &family_oid },	       { 2204, &family_oid },
	{ 2205, &family_oid },	   { 2206, &family_oid },	{ 2249, &family_record },      { 2275, &family_text },
	{ 2278, &family_void },	   { 2950, &family_uuid },	{ 3220, &family_lsn },	       { 3614, &family_tsvector },
	{ 3615, &family_tsquery }, { 3734, &family_regtext },	{ 3769, &family_regtext },     { 3802, &family_jsonb },
	{ 3904, &family_range },   { 3906, &family_range },	{ 3908, &family_range },       { 3910, &family_range },
	{ 3912, &family_range },   { 3926, &family_range },	{ 4072, &family_jsonpath },    { 4089, &family_oid },
	{ 4096, &family_oid },	   { 4191, &family_oid },	{ 4451, &family_range },       { 4532, &family_range },
	{ 4533, &family_range },   { 4534, &family_range },	{ 4535, &family_range },       { 4536, &family_range },
	{ 5069, &family_xid8 },
};

const PgType *pgtype_builtin(uint32_t oid)
{
	size_t lo = 0, hi = gen_types_count;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (gen_types[mid].oid == oid)
			return &gen_types[mid];
		if (gen_types[mid].oid < oid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const PgType *pgtype_builtin_named(const char *name)
{
	for (size_t i = 0; i < gen_types_count; i++)
		if (streq(gen_types[i].name, name) && streq(gen_types[i].schema, "pg_catalog"))
			return &gen_types[i];
	return NULL;
}

const PgType *pgtype_builtins(size_t *n)
{
	*n = gen_types_count;
	return gen_types;
}

static const PgType *below(const PgType *domain)
{
	return domain->base ? domain->base : pgtype_builtin(domain->base_oid);
}

/* A domain behaves as the type below it. */
const PgType *type_base_of(const PgType *t)
{
	while (t && t->typtype == 'd')
		t = below(t);
	return t;
}

int32_t type_base_typmod(const PgType *t, int32_t typmod)
{
	for (; t && t->typtype == 'd'; t = below(t))
		typmod = t->domain ? t->domain->typmod : -1;
	return typmod;
}

const TypeFamily *family_of(const PgType *type)
{
	const PgType *t = type_base_of(type);
	if (!t)
		return NULL;
	if (t->family)
		return t->family;
	if (t->elem)
		return family_of(t->elem) && !t->elem->elem ? &family_array : NULL;
	if (t->typtype == 'e')
		return &family_enum;
	if (t->range)
		return family_of(range_subtype(t->range)) ? &family_range : NULL;
	if (t->typtype == 'c' && t->fields)
		return &family_composite;
	size_t lo = 0, hi = ARRAY_LEN(families);
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (families[mid].oid == t->oid)
			return families[mid].family;
		if (families[mid].oid < t->oid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const TypeFamily *pgtype_extension_family(const char *name)
{
	static const struct {
		const char *name;
		const TypeFamily *family;
	} own[] = { { "citext", &family_citext },
		    { "hstore", &family_hstore },
		    { "geometry", &family_geopoint },
		    { "geography", &family_geopoint } };
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (streq(own[i].name, name))
			return own[i].family;
	return NULL;
}

bool type_is_supported(const PgType *t)
{
	return family_of(t) != NULL;
}

static const TypeFamily *family_or_refuse(const PgType *t, Error *err)
{
	const TypeFamily *f = family_of(t);
	if (!f)
		err_refuse(err, 0, "type %s is not supported in SQLite mode", t->name);
	return f;
}

bool type_is_reg(const PgType *t)
{
	return t->oid < 16384 && strncmp(t->name, "reg", 3) == 0;
}

int type_in_parameter(const PgType *t, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (!type_is_reg(t))
		return type_in(t, -1, text, env, a, out, err);
	*out = val_text(text);
	return 0;
}

int type_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	const TypeFamily *f = family_or_refuse(t, err);
	return f ? f->in(type_base_of(t), type_base_typmod(t, typmod), text, env, a, out, err) : -1;
}

int type_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	assert(v->kind != VAL_NULL);
	const TypeFamily *f = family_or_refuse(t, err);
	return f ? f->out(type_base_of(t), typmod, v, env, out, err) : -1;
}

int type_recv_text(Str bytes, const TypeEnv *env, Arena *a, Str *out, Error *err)
{
	*out = bytes;
	if (!env->client)
		return family_check_utf8(bytes, err);
	Buf text = { 0 };
	int rc = recoder_decode(env->client, bytes, &text, err);
	if (rc == 0)
		*out = (Str){ arena_strndup(a, buf_cstr(&text), text.len), text.len };
	buf_free(&text);
	return rc;
}

int type_send_text(Str text, const TypeEnv *env, Buf *out, Error *err)
{
	if (env->client)
		return recoder_encode(env->client, text, out, err);
	buf_put_str(out, text);
	return 0;
}

/* Types whose binary form is text, maybe behind a byte that says which version of it. */
static bool sends_text(const TypeFamily *f)
{
	static const TypeFamily *const all[] = { &family_text, &family_varchar, &family_bpchar, &family_name,	 &family_enum,
						 &family_json, &family_jsonb,	&family_citext, &family_jsonpath };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (f == all[i])
			return true;
	return false;
}

/* What was added to `out` since `from`, in the client's encoding. */
static int recode_sent(const TypeEnv *env, size_t from, Buf *out, Error *err)
{
	Buf text = { 0 };
	buf_put(&text, out->data + from, out->len - from);
	out->len = from;
	int rc = recoder_encode(env->client, buf_str(&text), out, err);
	buf_free(&text);
	return rc;
}

int type_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	const TypeFamily *f = family_or_refuse(t, err);
	if (f && env->client && sends_text(f) && type_recv_text(bytes, env, a, &bytes, err) != 0)
		return -1;
	return f ? f->recv(type_base_of(t), type_base_typmod(t, typmod), bytes, env, a, out, err) : -1;
}

int type_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	assert(v->kind != VAL_NULL);
	const TypeFamily *f = family_or_refuse(t, err);
	size_t from = out->len;
	if (!f || f->send(type_base_of(t), typmod, v, env, out, err) != 0)
		return -1;
	return env->client && sends_text(f) ? recode_sent(env, from, out, err) : 0;
}

bool type_typmod_in(const PgType *t, const char *const *words, size_t n, int32_t *out, int *rc, Error *err)
{
	const TypeFamily *f = family_of(t);
	if (!f || !f->typmod_in)
		return false;
	*rc = f->typmod_in(t, words, n, out, err);
	return true;
}

bool type_has_own_typmod(const PgType *t)
{
	const TypeFamily *f = family_of(t);
	return f && f->typmod_in;
}

bool type_lacks_order(const PgType *t)
{
	const TypeFamily *f = family_of(t);
	return f && f->no_order;
}

int type_apply_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	const TypeFamily *f = family_or_refuse(t, err);
	if (!f)
		return -1;
	if (!f->apply_typmod || typmod < 0 || v->kind == VAL_NULL) {
		*out = *v;
		return 0;
	}
	return f->apply_typmod(type_base_of(t), typmod, is_explicit, v, a, out, err);
}

int type_compare(const PgType *t, const Val *x, const Val *y)
{
	const TypeFamily *f = family_of(t);
	assert(f);
	return f->compare(type_base_of(t), x, y);
}

const char *type_storage(const PgType *t)
{
	const TypeFamily *f = family_of(t);
	return f ? f->storage : "TEXT";
}

const char *type_collation(const PgType *type, char *buf, size_t cap)
{
	const TypeFamily *f = family_of(type);
	const PgType *t = type_base_of(type), *elem = t && t->elem ? type_base_of(t->elem) : NULL;
	if (!f)
		return NULL;
	if (f == &family_enum)
		snprintf(buf, cap, "pgenum_%u", t->oid);
	else if (f == &family_composite)
		snprintf(buf, cap, "pgrow_%u", t->oid);
	else if (t->range)
		snprintf(buf, cap, "pgrange_%u", t->oid);
	else if (f == &family_range)
		snprintf(buf, cap, "pg%s", t->name);
	else if (f == &family_array && pgtype_builtin(elem->oid))
		snprintf(buf, cap, "pgarray_%s", elem->name);
	else if (f == &family_array)
		snprintf(buf, cap, "pgarray_%u", elem->oid);
	else
		return f->collation;
	return buf;
}
