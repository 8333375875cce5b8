/* PostgreSQL's functions about the session and the catalog. */
#include "catalog/vtab.h"
#include "base/clock.h"
#include "pgtype/encoding.h"

#include <errno.h>
#include <math.h>
#include <time.h>

static const Catalog *fn_catalog(sqlite3_context *ctx)
{
	return fn_env(ctx)->catalog;
}

static const SessionVars *fn_session(sqlite3_context *ctx)
{
	return fn_env(ctx)->session;
}

static void result_text(sqlite3_context *ctx, const char *s)
{
	if (s)
		sqlite3_result_text(ctx, s, -1, SQLITE_TRANSIENT);
}

static void fn_get_userbyid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Catalog *cat = fn_catalog(ctx);
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[0]);
	const char *name = cat ? catalog_role_name(cat, oid) : NULL;
	_cleanup_(mem_freep) char *unknown = name ? NULL : mem_printf("unknown (OID=%u)", oid);
	result_text(ctx, name ? name : unknown);
}

typedef bool (*HasName)(const Catalog *c, uint32_t schema, const char *name);

static bool has_rel(const Catalog *c, uint32_t schema, const char *name)
{
	return catalog_rel(c, schema, name) != NULL;
}

static bool has_type(const Catalog *c, uint32_t schema, const char *name)
{
	return catalog_type_named(c, schema, name) != NULL;
}

/* Found by its bare name: its schema is in the search path, and none before it has the name. pg_catalog comes first unless it is named. */
static bool visible(sqlite3_context *ctx, const char *schema, const char *name, HasName has)
{
	const Catalog *cat = fn_catalog(ctx);
	const SessionVars *v = fn_session(ctx);
	bool catalog_named = false;
	for (size_t i = 0; v && i < v->nsearch_path; i++)
		catalog_named |= streq(v->search_path[i], "pg_catalog");
	const CatSchema *own = catalog_schema(cat, "pg_catalog");
	if (!catalog_named && (streq(schema, "pg_catalog") || (own && has(cat, own->oid, name))))
		return streq(schema, "pg_catalog");
	for (size_t i = 0; v && i < v->nsearch_path; i++) {
		const CatSchema *ns = catalog_schema(cat, v->search_path[i]);
		if (streq(v->search_path[i], schema))
			return true;
		if (ns && has(cat, ns->oid, name))
			return false;
	}
	return false;
}

static void fn_table_is_visible(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Catalog *cat = fn_catalog(ctx);
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[0]);
	const CatRel *r = cat ? catalog_rel_by_oid(cat, oid) : NULL;
	const CatIndex *x = cat && !r ? catalog_index(cat, oid) : NULL;
	const CatRel *home = x ? x->table : r;
	if (!home)
		return;
	const CatSchema *ns = catalog_schema_by_oid(cat, home->schema);
	sqlite3_result_int(ctx, ns && visible(ctx, ns->name, x ? x->name : r->name, has_rel));
}

static void fn_type_is_visible(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const PgType *t = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	if (t)
		sqlite3_result_int(ctx, visible(ctx, t->schema, t->name, has_type));
}

static void fn_current_schema(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	for (size_t i = 0; v && i < v->nsearch_path; i++) {
		bool implied = streq(v->search_path[i], v->temp_schema) && !v->temp_named;
		if (!implied && catalog_schema(fn_catalog(ctx), v->search_path[i])) {
			result_text(ctx, v->search_path[i]);
			return;
		}
	}
}

static void fn_current_database(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	result_text(ctx, v ? v->database : NULL);
}

static void fn_current_user(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	result_text(ctx, v ? v->user : NULL);
}

static void fn_session_user(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	result_text(ctx, v ? v->session_user : NULL);
}

static void fn_backend_pid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	sqlite3_result_int(ctx, v ? v->backend_pid : 0);
}

static void fn_in_recovery(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx, 0);
}

static void fn_encoding_to_char(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_text(ctx, encoding_name(sqlite3_value_int(argv[0])));
}

static void fn_char_to_encoding(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str name = { (const char *)sqlite3_value_text(argv[0]), (size_t)sqlite3_value_bytes(argv[0]) };
	sqlite3_result_int(ctx, encoding_named(name));
}

static void fn_client_encoding(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	const char *name = v && v->get_setting ? v->get_setting(v->arg, "client_encoding") : NULL;
	result_text(ctx, name ? name : "UTF8");
}

static void result_setting(sqlite3_context *ctx, const char *name, bool missing_ok)
{
	const SessionVars *v = fn_session(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	const char *value = v && v->show_setting ? v->show_setting(v->arg, name, a) : NULL;
	if (!value && !missing_ok)
		fn_raise(ctx, "42704", "unrecognized configuration parameter \"%s\"", name);
	else
		result_text(ctx, value);
}

static void fn_current_setting(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_setting(ctx, (const char *)sqlite3_value_text(argv[0]), argc > 1 && sqlite3_value_int(argv[1]));
}

/* A NULL value is the default. */
static void fn_set_config(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	const char *name = (const char *)sqlite3_value_text(argv[0]);
	const char *value = (const char *)sqlite3_value_text(argv[1]);
	if (!name)
		fn_raise(ctx, "22004", "SET requires parameter name");
	else if (!v || !v->set_setting)
		fn_raise(ctx, "0A000", "set_config is available only in a session");
	else if (v->set_setting(v->arg, name, value, sqlite3_value_int(argv[2]), &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		result_setting(ctx, name, false);
}

static void fn_true(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx, 1);
}

/* The row number that WHERE CURRENT OF means, for a cursor and a table. */
static void fn_cursor_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_session(ctx);
	const char *name = (const char *)sqlite3_value_text(argv[0]);
	uint32_t table = (uint32_t)sqlite3_value_int64(argv[1]);
	const CatRel *r = catalog_rel_by_oid(fn_catalog(ctx), table);
	int64_t rowid = 0;
	if (!v || !v->cursor_row || !r)
		fn_raise(ctx, "34000", "cursor \"%s\" does not exist", name);
	else if (v->cursor_row(v->arg, name, table, r->name, &rowid, &fn_env(ctx)->error) != 0)
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, rowid);
}

static void nap(int64_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* In short naps, so that the statement can be cancelled; the first one is over when other sessions have been let go on. */
static void fn_sleep(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	enum { FIRST_US = 3000, NAP_US = 20000 };
	const FnEnv *env = fn_env(ctx);
	double seconds = sqlite3_value_double(argv[0]);
	int64_t now = clock_mono_us(), end = seconds > 0 ? now + (int64_t)fmin(seconds * 1e6, 1e17) : now, most = FIRST_US;
	for (; now < end; now = clock_mono_us(), most = NAP_US) {
		if (env->may_wait && !env->may_wait(env->waiter)) {
			sqlite3_result_error_code(ctx, SQLITE_INTERRUPT);
			return;
		}
		nap(end - now < most ? end - now : most);
	}
	result_text(ctx, "");
}

const SqliteFn catalog_fn_system[] = {
	{ "pg_sleep", 1, FN_STRICT, fn_sleep },
	{ "cursor_row", 2, FN_STRICT, fn_cursor_row },
	{ "pg_get_userbyid", 1, FN_STRICT, fn_get_userbyid },
	{ "pg_table_is_visible", 1, FN_STRICT, fn_table_is_visible },
	{ "pg_type_is_visible", 1, FN_STRICT, fn_type_is_visible },
	{ "current_schema", 0, FN_STRICT, fn_current_schema },
	{ "current_database", 0, FN_STRICT, fn_current_database },
	{ "current_user", 0, FN_STRICT, fn_current_user },
	{ "session_user", 0, FN_STRICT, fn_session_user },
	{ "pg_backend_pid", 0, FN_STRICT, fn_backend_pid },
	{ "pg_is_in_recovery", 0, FN_STRICT, fn_in_recovery },
	{ "PG_encoding_to_char", 1, FN_STRICT, fn_encoding_to_char },
	{ "PG_char_to_encoding", 1, FN_STRICT, fn_char_to_encoding },
	{ "pg_client_encoding", 0, FN_STRICT, fn_client_encoding },
	{ "show_config_by_name", 1, FN_STRICT, fn_current_setting },
	{ "show_config_by_name_missing_ok", 2, FN_STRICT, fn_current_setting },
	{ "set_config_by_name", 3, 0, fn_set_config },
	/* There is no file of settings that could have changed. */
	{ "pg_reload_conf", 0, FN_STRICT, fn_true },
	{ NULL },
};
