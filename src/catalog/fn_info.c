/* PostgreSQL's functions that describe the server and its objects: version, sizes, privileges, visibility, comments. */
#include "catalog/builtin.h"
#include "catalog/sequence.h"
#include "catalog/vtab.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

static const Catalog *the_catalog(sqlite3_context *ctx)
{
	return fn_env(ctx)->catalog;
}

static uint32_t arg_oid(sqlite3_value *v)
{
	return (uint32_t)sqlite3_value_int64(v);
}

static void result_text(sqlite3_context *ctx, const char *s)
{
	if (s)
		sqlite3_result_text(ctx, s, -1, SQLITE_TRANSIENT);
}

static void f_version(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	const char *number = v && v->get_setting ? v->get_setting(v->arg, "server_version") : NULL;
	_cleanup_(mem_freep) char *text =
		mem_printf("PostgreSQL %s (understudy, on SQLite %s)", number ? number : "15.0", sqlite3_libversion());
	result_text(ctx, text);
}

static void f_database_encoding(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_text(ctx, "UTF8");
}

static void f_true(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx, 1);
}

static void f_function_visible(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (catalog_proc(fn_env(ctx)->catalog, arg_oid(argv[0])))
		sqlite3_result_int(ctx, 1);
}

static void f_operator_visible(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (catalog_operator(fn_env(ctx)->catalog, arg_oid(argv[0])))
		sqlite3_result_int(ctx, 1);
}

static void f_null(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
}

/* One number from the file itself. */
static int64_t file_number(sqlite3_context *ctx, const char *sql, const char *arg)
{
	sqlite3_stmt *st;
	int64_t n = 0;
	if (sqlite3_prepare_v2(sqlite3_context_db_handle(ctx), sql, -1, &st, NULL) != SQLITE_OK)
		return 0;
	if (arg)
		sqlite3_bind_text(st, 1, arg, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static int64_t btree_size(sqlite3_context *ctx, const char *name)
{
	return file_number(ctx, "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?1", name);
}

static int64_t indexes_size(sqlite3_context *ctx, const CatRel *r)
{
	int64_t n = 0;
	for (size_t i = 0; i < r->nindexes; i++)
		n += btree_size(ctx, r->indexes[i]->sqlite_name);
	return n;
}

typedef enum SizeOf { SIZE_MAIN, SIZE_INDEXES, SIZE_ALL } SizeOf;

static void relation_size(sqlite3_context *ctx, sqlite3_value *v, SizeOf what)
{
	const Catalog *cat = the_catalog(ctx);
	const CatRel *r = cat ? catalog_rel_by_oid(cat, arg_oid(v)) : NULL;
	const CatIndex *x = cat && !r ? catalog_index(cat, arg_oid(v)) : NULL;
	if (!r && !x)
		return;
	int64_t main = what == SIZE_INDEXES ? 0
		       : x		    ? btree_size(ctx, x->sqlite_name)
		       : catrel_has_rows(r) ? btree_size(ctx, r->sqlite_name)
					    : 0;
	sqlite3_result_int64(ctx, main + (r && what != SIZE_MAIN ? indexes_size(ctx, r) : 0));
}

static void f_relation_size(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char *fork = argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : "main";
	if (streq(fork, "fsm") || streq(fork, "vm") || streq(fork, "init"))
		sqlite3_result_int(ctx, 0);
	else if (!streq(fork, "main"))
		fn_raise(ctx, "22023", "invalid fork name");
	else
		relation_size(ctx, argv[0], SIZE_MAIN);
}

static void f_indexes_size(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	relation_size(ctx, argv[0], SIZE_INDEXES);
}

static void f_total_size(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	relation_size(ctx, argv[0], SIZE_ALL);
}

static void f_database_size(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, file_number(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", NULL));
}

/* By name or OID. */
static void f_named_database_size(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	const Catalog *cat = the_catalog(ctx);
	bool by_name = sqlite3_value_type(argv[0]) == SQLITE_TEXT;
	const char *name = by_name ? (const char *)sqlite3_value_text(argv[0]) : NULL;
	uint32_t oid = by_name ? 0 : arg_oid(argv[0]);
	_cleanup_(arena_freep) Arena *a = arena_new();
	size_t n = 0;
	const DatabaseRow *all = v && v->list_databases ? v->list_databases(v->arg, a, &n) : NULL;
	const char *own = v && v->database ? v->database : cat->db_name;
	static const char *const templates[] = { "template0", "template1" };
	if (by_name ? streq(name, own) : oid == cat->db_oid) {
		f_database_size(ctx, argc, argv);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (by_name ? streq(name, all[i].name) : oid == all[i].oid) {
			sqlite3_result_int64(ctx, all[i].bytes);
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(templates); i++)
		if (by_name ? streq(name, templates[i]) : oid == catalog_database_oid(templates[i]))
			sqlite3_result_int64(ctx, 0);
	if (by_name && !streq(name, templates[0]) && !streq(name, templates[1]))
		fn_raise(ctx, "3D000", "database \"%s\" does not exist", name);
}

/* Each unit is taken when the number does not exceed ten thousand of it; halves round away from zero. */
static void f_size_pretty(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB" };
	int64_t v = sqlite3_value_int64(argv[0]);
	uint64_t n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	uint64_t shown = n;
	size_t unit = 0;
	for (int shift = 9; unit + 1 < ARRAY_LEN(units) && (unit == 0 ? n >= 10240 : shown >= 10240); shift += 10) {
		unit++;
		shown = ((n >> shift) + 1) / 2;
	}
	_cleanup_(mem_freep) char *text = mem_printf("%s%llu %s", v < 0 ? "-" : "", (unsigned long long)shown, units[unit]);
	result_text(ctx, text);
}

static void comment(sqlite3_context *ctx, uint32_t oid, uint32_t class, int sub)
{
	const Catalog *cat = the_catalog(ctx);
	result_text(ctx, cat ? catalog_comment(cat, oid, class, sub) : NULL);
}

static uint32_t class_by_name(const Catalog *cat, const char *name)
{
	const CatRel *r = cat ? catalog_rel(cat, NS_PG_CATALOG, name) : NULL;
	return r ? r->oid : 0;
}

static void f_obj_description(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	comment(ctx, arg_oid(argv[0]), class_by_name(the_catalog(ctx), (const char *)sqlite3_value_text(argv[1])), 0);
}

static void f_obj_description_any(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Catalog *cat = the_catalog(ctx);
	for (size_t i = 0; cat && i < cat->ncomments; i++) {
		if (cat->comments[i].objoid == arg_oid(argv[0]) && cat->comments[i].objsubid == 0)
			result_text(ctx, cat->comments[i].text);
	}
}

static void f_col_description(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	comment(ctx, arg_oid(argv[0]), 1259, sqlite3_value_int(argv[1]));
}

/* As bigint (txid_current) or xid8 (pg_current_xact_id), whose stored form is text. */
static void result_txid(sqlite3_context *ctx, sqlite3_value *type, uint64_t txid)
{
	enum { OID_XID8 = 5069 };
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, txid);
	if (arg_oid(type) == OID_XID8)
		result_text(ctx, text);
	else
		sqlite3_result_int64(ctx, (int64_t)txid);
}

static void f_txid_current(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v = fn_env(ctx)->session;
	if (!v || !v->sequences) {
		fn_raise(ctx, "0A000", "transactions have numbers only in a session");
		return;
	}
	if (!v->txid)
		v->txid = sequence_txid(v->sequences);
	result_txid(ctx, argv[0], v->txid);
}

static void f_txid_if_assigned(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	if (v && v->txid)
		result_txid(ctx, argv[0], v->txid);
}

static void f_tablespace_location(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	uint32_t oid = arg_oid(argv[0]);
	if (oid == 0 || oid == 1663 || oid == 1664)
		result_text(ctx, "");
	else
		fn_raise(ctx, "42704", "tablespace with OID %u does not exist", oid);
}

static void put_array_item(Buf *b, const char *name)
{
	bool quote = name[strcspn(name, "{},\\\" \t\n")] || !*name || strcasecmp(name, "null") == 0;
	buf_puts(b, b->len > 1 ? "," : "");
	buf_puts(b, quote ? "\"" : "");
	for (; *name; name++) {
		buf_puts(b, *name == '"' || *name == '\\' ? "\\" : "");
		buf_put(b, name, 1);
	}
	buf_puts(b, quote ? "\"" : "");
}

/* The schemas that are implied come first: the session's temporary one, then pg_catalog. */
static void f_current_schemas(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	const Catalog *cat = the_catalog(ctx);
	Buf b = { 0 };
	bool named = false, implied = sqlite3_value_int(argv[0]);
	size_t first = v && v->nsearch_path && streq(v->search_path[0], v->temp_schema) && !v->temp_named;
	for (size_t i = 0; v && i < v->nsearch_path; i++)
		named = named || streq(v->search_path[i], "pg_catalog");
	buf_puts(&b, "{");
	if (implied && first && cat && catalog_schema(cat, v->temp_schema))
		put_array_item(&b, v->temp_schema);
	if (implied && !named)
		put_array_item(&b, "pg_catalog");
	for (size_t i = first; v && cat && i < v->nsearch_path; i++)
		if (catalog_schema(cat, v->search_path[i]))
			put_array_item(&b, v->search_path[i]);
	buf_puts(&b, "}");
	result_text(ctx, buf_cstr(&b));
	buf_free(&b);
}

static void f_my_temp_schema(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	const Catalog *cat = the_catalog(ctx);
	const CatSchema *s = v && cat ? catalog_schema(cat, v->temp_schema) : NULL;
	sqlite3_result_int64(ctx, s ? s->oid : 0);
}

static void f_other_temp_schema(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	const Catalog *cat = the_catalog(ctx);
	const CatSchema *s = cat ? catalog_schema_by_oid(cat, (uint32_t)sqlite3_value_int64(argv[0])) : NULL;
	bool temp = s && strncmp(s->name, TEMP_SCHEMA_PREFIX, strlen(TEMP_SCHEMA_PREFIX)) == 0;
	sqlite3_result_int(ctx, temp && !(v && streq(s->name, v->temp_schema)));
}

/* No publication is made here, but clients ask whether a table could be in one. */
static void f_publishable(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Catalog *cat = the_catalog(ctx);
	const CatRel *r = cat ? catalog_rel_by_oid(cat, arg_oid(argv[0])) : NULL;
	if (r)
		sqlite3_result_int(ctx, r->kind == REL_TABLE);
}

const SqliteFn catalog_fn_info[] = {
	{ "pgsql_version", 0, 0, f_version },
	{ "pg_relation_size", 2, FN_STRICT, f_relation_size },
	{ "sql_pg_relation_size_1", 1, FN_STRICT, f_relation_size },
	{ "pg_table_size", 1, FN_STRICT, f_relation_size },
	{ "pg_indexes_size", 1, FN_STRICT, f_indexes_size },
	{ "pg_total_relation_size", 1, FN_STRICT, f_total_size },
	{ "pg_database_size_name", 1, FN_STRICT, f_named_database_size },
	{ "pg_database_size_oid", 1, FN_STRICT, f_named_database_size },
	{ "pg_tablespace_size_oid", 1, FN_STRICT, f_database_size },
	{ "pg_tablespace_size_name", 1, FN_STRICT, f_database_size },
	{ "pg_size_pretty", 1, FN_STRICT | FN_IMMUTABLE, f_size_pretty },
	{ "sql_obj_description_2", 2, FN_STRICT, f_obj_description },
	{ "sql_obj_description_1", 1, FN_STRICT, f_obj_description_any },
	{ "sql_shobj_description_2", 2, FN_STRICT, f_obj_description },
	{ "sql_col_description_2", 2, FN_STRICT, f_col_description },
	{ "pg_current_xact_id", 0, FN_RESULT, f_txid_current },
	{ "pg_current_xact_id_if_assigned", 0, FN_RESULT, f_txid_if_assigned },
	{ "pg_tablespace_location", 1, FN_STRICT, f_tablespace_location },
	{ "current_schemas", 1, FN_STRICT, f_current_schemas },
	{ "getdatabaseencoding", 0, 0, f_database_encoding },
	{ "pg_my_temp_schema", 0, 0, f_my_temp_schema },
	{ "pg_is_other_temp_schema", 1, FN_STRICT, f_other_temp_schema },
	{ "pg_relation_is_publishable", 1, FN_STRICT, f_publishable },
	{ "pg_function_is_visible", 1, FN_STRICT, f_function_visible },
	{ "pg_operator_is_visible", 1, FN_STRICT, f_operator_visible },
	{ "pg_opclass_is_visible", 1, FN_STRICT, f_true },
	{ "pg_opfamily_is_visible", 1, FN_STRICT, f_true },
	{ "pg_collation_is_visible", 1, FN_STRICT, f_true },
	{ "pg_conversion_is_visible", 1, FN_STRICT, f_true },
	{ "pg_ts_config_is_visible", 1, FN_STRICT, f_true },
	{ "pg_ts_dict_is_visible", 1, FN_STRICT, f_true },
	{ "pg_ts_parser_is_visible", 1, FN_STRICT, f_true },
	{ "pg_ts_template_is_visible", 1, FN_STRICT, f_true },
	{ "pg_statistics_obj_is_visible", 1, FN_STRICT, f_true },
	{ "pg_get_partkeydef", 1, FN_STRICT, f_null },
	{ "pg_get_statisticsobjdef_columns", 1, FN_STRICT, f_null },
	{ "pg_get_ruledef", 1, FN_STRICT, f_null },
	{ "pg_get_ruledef_ext", 2, FN_STRICT, f_null },
	{ "pg_get_function_sqlbody", 1, FN_STRICT, f_null },
	{ "inet_server_addr", 0, 0, f_null },
	{ "inet_client_addr", 0, 0, f_null },
	{ "inet_server_port", 0, 0, f_null },
	{ NULL },
};
