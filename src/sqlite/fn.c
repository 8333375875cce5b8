#include "sqlite/fn.h"
#include "sqlite/collation.h"
#include "sqlite/fn_array.h"
#include "sqlite/fn_float.h"
#include "sqlite/fn_geo.h"
#include "sqlite/fn_json.h"
#include "sqlite/fn_numeric_math.h"
#include "sqlite/fn_row.h"
#include "sqlite/fn_text.h"
#include "sqlite/group.h"
#include "sqlite/pack.h"

#include "sqlite/row_store.h"
#include "sqlite/sort_key.h"
#include "sqlite/vtab_set.h"

#include "base/map.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAX_EXTRA_TABLES = 24 };

static const SqliteFn *const fn_tables[] = { fn_table_text,
					     fn_table_chars,
					     fn_table_like,
					     fn_table_text_format,
					     fn_table_bytea,
					     fn_table_codec,
					     fn_table_regex,
					     fn_table_uuid,
					     fn_table_int,
					     fn_table_numeric,
					     fn_table_datetime,
					     fn_table_datetime_now,
					     fn_table_datetime_cast,
					     fn_table_datetime_compare,
					     fn_table_json,
					     fn_table_format,
					     fn_table_json_array,
					     fn_table_json_assign,
					     fn_table_jsonpath,
					     fn_table_ts_vector,
					     fn_table_ts_query,
					     fn_table_ts_text,
					     fn_table_misc,
					     fn_table_array,
					     fn_table_array_edit,
					     fn_table_array_search,
					     fn_table_array_text,
					     fn_table_float,
					     fn_table_float_trig,
					     fn_table_numeric_math,
					     fn_table_within,
					     fn_table_bits,
					     fn_table_inet,
					     fn_table_money,
					     fn_table_range,
					     fn_table_sysid,
					     fn_table_scram,
					     fn_table_geo,
					     fn_table_geo_box,
					     fn_table_geo_circle,
					     fn_table_geo_segment,
					     fn_table_geo_polygon,
					     fn_table_geo_path,
					     fn_table_compare,
					     fn_table_text_parse,
					     fn_table_array_assign,
					     fn_table_pack,
					     fn_table_row,
					     fn_table_json_row,
					     fn_table_ext_crypto,
					     fn_table_ext_fuzzy,
					     fn_table_ext_hstore,
					     fn_table_ext_hstore_row,
					     fn_table_ext_postgis,
					     fn_table_ext_unaccent,

					     fn_table_variadic,
					     fn_table_domain };
static const SqliteAgg *const agg_tables[] = { agg_table_math,	agg_table_text,	 agg_table_json,  agg_table_datetime, agg_table_ordered,
					       agg_table_array, agg_table_stat,	 agg_table_regr,  agg_table_within,   agg_table_window,
					       agg_table_bits,	agg_table_range, agg_table_group, agg_table_pack };

/* Filled at start only, read by every thread afterwards. */
static const SqliteFn *extra_tables[MAX_EXTRA_TABLES];
static size_t extra_count;
static Map fn_map, agg_map;
static pthread_once_t maps_once = PTHREAD_ONCE_INIT;

/* What SQLite hands back to the trampolines. */
typedef struct Bound {
	const SqliteFn *fn;
	const SqliteAgg *agg;
	FnEnv *env;
} Bound;

void fn_add_table(const SqliteFn *table)
{
	assert(extra_count < MAX_EXTRA_TABLES);
	extra_tables[extra_count++] = table;
}

static const SqliteFn *table_at(size_t i)
{
	if (i < ARRAY_LEN(fn_tables))
		return fn_tables[i];
	i -= ARRAY_LEN(fn_tables);
	return i < extra_count ? extra_tables[i] : NULL;
}

static void build_maps(void)
{
	for (size_t i = 0; table_at(i); i++)
		for (const SqliteFn *f = table_at(i); f->name; f++)
			map_put(&fn_map, str_of(f->name), (void *)(uintptr_t)f);
	for (size_t i = 0; i < ARRAY_LEN(agg_tables); i++)
		for (const SqliteAgg *g = agg_tables[i]; g->name; g++)
			map_put(&agg_map, str_of(g->name), (void *)(uintptr_t)g);
}

const SqliteFn *fn_find(const char *prosrc)
{
	pthread_once(&maps_once, build_maps);
	return map_get(&fn_map, str_of(prosrc));
}

const SqliteAgg *agg_find(const char *name)
{
	pthread_once(&maps_once, build_maps);
	return map_get(&agg_map, str_of(name));
}

FnEnv *fn_env(sqlite3_context *ctx)
{
	return ((Bound *)sqlite3_user_data(ctx))->env;
}

const char *fn_name(sqlite3_context *ctx)
{
	return ((Bound *)sqlite3_user_data(ctx))->fn->name;
}

void fn_fail(sqlite3_context *ctx)
{
	sqlite3_result_error(ctx, fn_env(ctx)->error.message, -1);
}

void fn_raise(sqlite3_context *ctx, const char *sqlstate, const char *fmt, ...)
{
	char message[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	err_set(&fn_env(ctx)->error, sqlstate, "%s", message);
	fn_fail(ctx);
}

const PgType *fn_type(sqlite3_context *ctx, uint32_t oid)
{
	FnEnv *env = fn_env(ctx);
	const PgType *t = pgtype_builtin(oid);
	return t || !env->type_lookup ? t : env->type_lookup(env->catalog, oid);
}

Str fn_arg_str(sqlite3_value *v)
{
	if (sqlite3_value_type(v) == SQLITE_BLOB) {
		const char *p = sqlite3_value_blob(v);
		return (Str){ p ? p : "", (size_t)sqlite3_value_bytes(v) };
	}
	const char *p = (const char *)sqlite3_value_text(v);
	return (Str){ p ? p : "", (size_t)sqlite3_value_bytes(v) };
}

Val fn_arg(sqlite3_value *v)
{
	switch (sqlite3_value_type(v)) {
	case SQLITE_INTEGER:
		return val_int(sqlite3_value_int64(v));
	case SQLITE_FLOAT:
		return val_real(sqlite3_value_double(v));
	case SQLITE_TEXT:
		return val_text(fn_arg_str(v));
	case SQLITE_BLOB:
		return val_blob(fn_arg_str(v));
	default:
		return val_null();
	}
}

void fn_result(sqlite3_context *ctx, const Val *v)
{
	switch (v->kind) {
	case VAL_INT:
		sqlite3_result_int64(ctx, v->i);
		return;
	case VAL_REAL:
		sqlite3_result_double(ctx, v->r);
		return;
	case VAL_TEXT:
		sqlite3_result_text64(ctx, v->s.n ? v->s.p : "", v->s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
		return;
	case VAL_BLOB:
		sqlite3_result_blob64(ctx, v->s.n ? v->s.p : "", v->s.n, SQLITE_TRANSIENT);
		return;
	case VAL_NULL:
		sqlite3_result_null(ctx);
	}
}

static bool any_null(unsigned flags, int argc, sqlite3_value **argv)
{
	if (!(flags & FN_STRICT))
		return false;
	for (int i = flags & FN_TYPED ? argc / 2 : 0; i < argc; i++)
		if (sqlite3_value_type(argv[i]) == SQLITE_NULL)
			return true;
	return false;
}

static void call_fn(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Bound *b = sqlite3_user_data(ctx);
	if (!any_null(b->fn->flags, argc, argv))
		b->fn->fn(ctx, argc, argv);
}

static void call_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Bound *b = sqlite3_user_data(ctx);
	if (!any_null(b->agg->flags, argc, argv))
		b->agg->step(ctx, argc, argv);
}

static void call_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Bound *b = sqlite3_user_data(ctx);
	if (!any_null(b->agg->flags, argc, argv))
		b->agg->inverse(ctx, argc, argv);
}

static Bound *new_bound(const SqliteFn *f, const SqliteAgg *g, FnEnv *env)
{
	Bound *b = mem_alloc(sizeof *b);
	*b = (Bound){ f, g, env };
	return b;
}

static int sqlite_nargs(int nargs, unsigned flags)
{
	return (nargs > 0 && flags & FN_TYPED ? nargs * 2 : nargs) + (flags & FN_RESULT ? 1 : 0);
}

static int register_fn(sqlite3 *db, const SqliteFn *f, FnEnv *env)
{
	char name[128];
	snprintf(name, sizeof name, "pg_%s", f->name);
	/* INNOCUOUS: views and triggers may call them although trusted_schema is off. */
	int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (f->flags & FN_IMMUTABLE ? SQLITE_DETERMINISTIC : 0);
	return sqlite3_create_function_v2(db, name, sqlite_nargs(f->nargs, f->flags), flags, new_bound(f, NULL, env), call_fn, NULL, NULL,
					  free);
}

static int register_agg(sqlite3 *db, const SqliteAgg *g, FnEnv *env)
{
	int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
	int n = sqlite_nargs(g->nargs, g->flags);
	Bound *b = new_bound(NULL, g, env);
	if (g->inverse && g->value)
		return sqlite3_create_window_function(db, g->name, n, flags, b, call_step, g->final, g->value, call_inverse, free);
	return sqlite3_create_function_v2(db, g->name, n, flags, b, NULL, call_step, g->final, free);
}

int fn_register_all(sqlite3 *db, FnEnv *env, Error *err)
{
	int rc = SQLITE_OK;
	for (size_t i = 0; rc == SQLITE_OK && table_at(i); i++)
		for (const SqliteFn *f = table_at(i); f->name && rc == SQLITE_OK; f++)
			rc = register_fn(db, f, env);
	for (size_t i = 0; rc == SQLITE_OK && i < ARRAY_LEN(agg_tables); i++)
		for (const SqliteAgg *g = agg_tables[i]; g->name && rc == SQLITE_OK; g++)
			rc = register_agg(db, g, env);
	if (rc == SQLITE_OK)
		rc = collations_register(db, env);
	if (rc == SQLITE_OK)
		rc = vtab_sets_register(db, env);
	if (rc == SQLITE_OK)
		rc = vtab_json_register(db, env);
	if (rc == SQLITE_OK)
		rc = vtab_rows_register(db, env) || vtab_call_register(db, env);
	if (rc == SQLITE_OK)
		rc = group_register(db, env);
	return rc == SQLITE_OK ? 0 : err_set(err, "XX000", "could not register functions: %s", sqlite3_errmsg(db));
}
