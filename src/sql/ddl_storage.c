/* What PostgreSQL says of how things are stored: tablespaces, access methods, parameters, operator classes. The file has one way of storing
 * rows and indexes, so these have no effect; but names that do not exist are the errors that they are in PostgreSQL. */
#include "pgtype/collation.h"
#include "sql/ddl.h"
#include "sql/expr.h"

#include "catalog/extension.h"

int ddl_check_tablespace(Ddl *d, const char *name)
{
	if (!*name || streq(name, "pg_default"))
		return 0;
	if (streq(name, "pg_global"))
		return an_error(d->ps, -1, "22023", "only shared relations can be placed in pg_global tablespace");
	return an_error(d->ps, -1, "42704", "tablespace \"%s\" does not exist", name);
}

int ddl_check_table_method(Ddl *d, const char *name)
{
	if (!*name || streq(name, "heap"))
		return 0;
	return an_error(d->ps, -1, "42704", "access method \"%s\" does not exist", name);
}

/* The names that each kind of relation takes, with a blank on both sides. */
static const char table_parameters[] =
	" fillfactor toast_tuple_target parallel_workers user_catalog_table vacuum_index_cleanup vacuum_truncate "
	"log_autovacuum_min_duration "
	"autovacuum_enabled autovacuum_vacuum_threshold autovacuum_vacuum_scale_factor autovacuum_vacuum_insert_threshold "
	"autovacuum_vacuum_insert_scale_factor autovacuum_analyze_threshold autovacuum_analyze_scale_factor autovacuum_vacuum_cost_delay "
	"autovacuum_vacuum_cost_limit autovacuum_freeze_min_age autovacuum_freeze_max_age autovacuum_freeze_table_age "
	"autovacuum_multixact_freeze_min_age autovacuum_multixact_freeze_max_age autovacuum_multixact_freeze_table_age ";
static const char index_parameters[] =
	" fillfactor deduplicate_items fastupdate gin_pending_list_limit pages_per_range autosummarize buffering ";

static bool is_word_of(const char *words, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = words; (p = strstr(p, name)); p++)
		if (p > words && p[-1] == ' ' && p[n] == ' ')
			return true;
	return false;
}

static bool is_false(const PgNode *arg)
{
	return arg && ((arg->node_case == PG_QUERY__NODE__NODE_STRING && str_iis(str_of(arg->string->sval), "false")) ||
		       (arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN && !arg->boolean->boolval));
}

int ddl_check_parameters(Ddl *d, PgQuery__Node *const *opts, size_t n, bool index)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__DefElem *e = opts[i]->def_elem;
		const PgNode *arg = e->arg;
		if (*e->defnamespace && (index || !streq(e->defnamespace, "toast")))
			return an_error(d->ps, -1, "22023", "unrecognized parameter namespace \"%s\"", e->defnamespace);
		if (!index && streq(e->defname, "oids") && is_false(arg))
			continue;
		if (!index && streq(e->defname, "oids"))
			return an_error(d->ps, -1, "0A000", "tables declared WITH OIDS are not supported");
		if (!is_word_of(index ? index_parameters : table_parameters, e->defname))
			return an_error(d->ps, -1, "22023", "unrecognized parameter \"%s\"", e->defname);
		if (streq(e->defname, "fillfactor") && arg && arg->node_case == PG_QUERY__NODE__NODE_INTEGER &&
		    (arg->integer->ival < 10 || arg->integer->ival > 100)) {
			an_error(d->ps, -1, "22023", "value %d out of bounds for option \"fillfactor\"", arg->integer->ival);
			return err_detail(d->err, "Valid values are between \"10\" and \"100\".");
		}
	}
	return 0;
}

typedef struct OpClass {
	const char *method, *name;
	uint32_t type;
	const char *extension; /* that has it, or NULL */
	const char *own_type;  /* of the extension, when `type` is 0 */
} OpClass;

/* pg_opclass of PostgreSQL 15 */
static const OpClass opclasses[] = {
	{ "brin", "bit_minmax_ops", 1560 },
	{ "brin", "box_inclusion_ops", 603 },
	{ "brin", "bpchar_bloom_ops", 1042 },
	{ "brin", "bpchar_minmax_ops", 1042 },
	{ "brin", "bytea_bloom_ops", 17 },
	{ "brin", "bytea_minmax_ops", 17 },
	{ "brin", "char_bloom_ops", 18 },
	{ "brin", "char_minmax_ops", 18 },
	{ "brin", "date_bloom_ops", 1082 },
	{ "brin", "date_minmax_multi_ops", 1082 },
	{ "brin", "date_minmax_ops", 1082 },
	{ "brin", "float4_bloom_ops", 700 },
	{ "brin", "float4_minmax_multi_ops", 700 },
	{ "brin", "float4_minmax_ops", 700 },
	{ "brin", "float8_bloom_ops", 701 },
	{ "brin", "float8_minmax_multi_ops", 701 },
	{ "brin", "float8_minmax_ops", 701 },
	{ "brin", "inet_bloom_ops", 869 },
	{ "brin", "inet_inclusion_ops", 869 },
	{ "brin", "inet_minmax_multi_ops", 869 },
	{ "brin", "inet_minmax_ops", 869 },
	{ "brin", "int2_bloom_ops", 21 },
	{ "brin", "int2_minmax_multi_ops", 21 },
	{ "brin", "int2_minmax_ops", 21 },
	{ "brin", "int4_bloom_ops", 23 },
	{ "brin", "int4_minmax_multi_ops", 23 },
	{ "brin", "int4_minmax_ops", 23 },
	{ "brin", "int8_bloom_ops", 20 },
	{ "brin", "int8_minmax_multi_ops", 20 },
	{ "brin", "int8_minmax_ops", 20 },
	{ "brin", "interval_bloom_ops", 1186 },
	{ "brin", "interval_minmax_multi_ops", 1186 },
	{ "brin", "interval_minmax_ops", 1186 },
	{ "brin", "macaddr8_bloom_ops", 774 },
	{ "brin", "macaddr8_minmax_multi_ops", 774 },
	{ "brin", "macaddr8_minmax_ops", 774 },
	{ "brin", "macaddr_bloom_ops", 829 },
	{ "brin", "macaddr_minmax_multi_ops", 829 },
	{ "brin", "macaddr_minmax_ops", 829 },
	{ "brin", "name_bloom_ops", 19 },
	{ "brin", "name_minmax_ops", 19 },
	{ "brin", "numeric_bloom_ops", 1700 },
	{ "brin", "numeric_minmax_multi_ops", 1700 },
	{ "brin", "numeric_minmax_ops", 1700 },
	{ "brin", "oid_bloom_ops", 26 },
	{ "brin", "oid_minmax_multi_ops", 26 },
	{ "brin", "oid_minmax_ops", 26 },
	{ "brin", "pg_lsn_bloom_ops", 3220 },
	{ "brin", "pg_lsn_minmax_multi_ops", 3220 },
	{ "brin", "pg_lsn_minmax_ops", 3220 },
	{ "brin", "range_inclusion_ops", 3831 },
	{ "brin", "text_bloom_ops", 25 },
	{ "brin", "text_minmax_ops", 25 },
	{ "brin", "tid_bloom_ops", 27 },
	{ "brin", "tid_minmax_multi_ops", 27 },
	{ "brin", "tid_minmax_ops", 27 },
	{ "brin", "time_bloom_ops", 1083 },
	{ "brin", "time_minmax_multi_ops", 1083 },
	{ "brin", "time_minmax_ops", 1083 },
	{ "brin", "timestamp_bloom_ops", 1114 },
	{ "brin", "timestamp_minmax_multi_ops", 1114 },
	{ "brin", "timestamp_minmax_ops", 1114 },
	{ "brin", "timestamptz_bloom_ops", 1184 },
	{ "brin", "timestamptz_minmax_multi_ops", 1184 },
	{ "brin", "timestamptz_minmax_ops", 1184 },
	{ "brin", "timetz_bloom_ops", 1266 },
	{ "brin", "timetz_minmax_multi_ops", 1266 },
	{ "brin", "timetz_minmax_ops", 1266 },
	{ "brin", "uuid_bloom_ops", 2950 },
	{ "brin", "uuid_minmax_multi_ops", 2950 },
	{ "brin", "uuid_minmax_ops", 2950 },
	{ "brin", "varbit_minmax_ops", 1562 },
	{ "btree", "array_ops", 2277 },
	{ "btree", "bit_ops", 1560 },
	{ "btree", "bool_ops", 16 },
	{ "btree", "bpchar_ops", 1042 },
	{ "btree", "bpchar_pattern_ops", 1042 },
	{ "btree", "bytea_ops", 17 },
	{ "btree", "char_ops", 18 },
	{ "btree", "cidr_ops", 869 },
	{ "btree", "date_ops", 1082 },
	{ "btree", "enum_ops", 3500 },
	{ "btree", "float4_ops", 700 },
	{ "btree", "float8_ops", 701 },
	{ "btree", "inet_ops", 869 },
	{ "btree", "int2_ops", 21 },
	{ "btree", "int4_ops", 23 },
	{ "btree", "int8_ops", 20 },
	{ "btree", "interval_ops", 1186 },
	{ "btree", "jsonb_ops", 3802 },
	{ "btree", "macaddr8_ops", 774 },
	{ "btree", "macaddr_ops", 829 },
	{ "btree", "money_ops", 790 },
	{ "btree", "multirange_ops", 4537 },
	{ "btree", "name_ops", 19 },
	{ "btree", "numeric_ops", 1700 },
	{ "btree", "oid_ops", 26 },
	{ "btree", "oidvector_ops", 30 },
	{ "btree", "pg_lsn_ops", 3220 },
	{ "btree", "range_ops", 3831 },
	{ "btree", "record_image_ops", 2249 },
	{ "btree", "record_ops", 2249 },
	{ "btree", "text_ops", 25 },
	{ "btree", "text_pattern_ops", 25 },
	{ "btree", "tid_ops", 27 },
	{ "btree", "time_ops", 1083 },
	{ "btree", "timestamp_ops", 1114 },
	{ "btree", "timestamptz_ops", 1184 },
	{ "btree", "timetz_ops", 1266 },
	{ "btree", "tsquery_ops", 3615 },
	{ "btree", "tsvector_ops", 3614 },
	{ "btree", "uuid_ops", 2950 },
	{ "btree", "varbit_ops", 1562 },
	{ "btree", "varchar_ops", 25 },
	{ "btree", "varchar_pattern_ops", 25 },
	{ "btree", "xid8_ops", 5069 },
	{ "btree", "citext_ops", 0, "citext", "citext" },
	{ "btree", "citext_pattern_ops", 0, "citext", "citext" },
	{ "btree", "btree_hstore_ops", 0, "hstore", "hstore" },
	{ "gin", "gin_trgm_ops", 25, "pg_trgm" },
	{ "gist", "gist_trgm_ops", 25, "pg_trgm" },
	{ "gin", "gin__int_ops", 1007, "intarray" },
	{ "gist", "gist__int_ops", 1007, "intarray" },
	{ "gist", "gist__intbig_ops", 1007, "intarray" },
	{ "gin", "gin_hstore_ops", 0, "hstore", "hstore" },
	{ "gist", "gist_hstore_ops", 0, "hstore", "hstore" },
	{ "hash", "citext_ops", 0, "citext", "citext" },
	{ "hash", "hash_hstore_ops", 0, "hstore", "hstore" },
	{ "brin", "brin_geometry_inclusion_ops_2d", 0, "postgis", "geometry" },
	{ "brin", "brin_geography_inclusion_ops", 0, "postgis", "geography" },
	{ "gist", "gist_geometry_ops_2d", 0, "postgis", "geometry" },
	{ "gist", "gist_geometry_ops_nd", 0, "postgis", "geometry" },
	{ "gist", "gist_geography_ops", 0, "postgis", "geography" },
	{ "spgist", "spgist_geometry_ops_2d", 0, "postgis", "geometry" },
	{ "spgist", "spgist_geography_ops_nd", 0, "postgis", "geography" },
	{ "gin", "array_ops", 2277 },
	{ "gin", "jsonb_ops", 3802 },
	{ "gin", "jsonb_path_ops", 3802 },
	{ "gin", "tsvector_ops", 3614 },
	{ "gist", "box_ops", 603 },
	{ "gist", "circle_ops", 718 },
	{ "gist", "inet_ops", 869 },
	{ "gist", "multirange_ops", 4537 },
	{ "gist", "point_ops", 600 },
	{ "gist", "poly_ops", 604 },
	{ "gist", "range_ops", 3831 },
	{ "gist", "tsquery_ops", 3615 },
	{ "gist", "tsvector_ops", 3614 },
	{ "hash", "aclitem_ops", 1033 },
	{ "hash", "array_ops", 2277 },
	{ "hash", "bool_ops", 16 },
	{ "hash", "bpchar_ops", 1042 },
	{ "hash", "bpchar_pattern_ops", 1042 },
	{ "hash", "bytea_ops", 17 },
	{ "hash", "char_ops", 18 },
	{ "hash", "cid_ops", 29 },
	{ "hash", "cidr_ops", 869 },
	{ "hash", "date_ops", 1082 },
	{ "hash", "enum_ops", 3500 },
	{ "hash", "float4_ops", 700 },
	{ "hash", "float8_ops", 701 },
	{ "hash", "inet_ops", 869 },
	{ "hash", "int2_ops", 21 },
	{ "hash", "int4_ops", 23 },
	{ "hash", "int8_ops", 20 },
	{ "hash", "interval_ops", 1186 },
	{ "hash", "jsonb_ops", 3802 },
	{ "hash", "macaddr8_ops", 774 },
	{ "hash", "macaddr_ops", 829 },
	{ "hash", "multirange_ops", 4537 },
	{ "hash", "name_ops", 19 },
	{ "hash", "numeric_ops", 1700 },
	{ "hash", "oid_ops", 26 },
	{ "hash", "oidvector_ops", 30 },
	{ "hash", "pg_lsn_ops", 3220 },
	{ "hash", "range_ops", 3831 },
	{ "hash", "record_ops", 2249 },
	{ "hash", "text_ops", 25 },
	{ "hash", "text_pattern_ops", 25 },
	{ "hash", "tid_ops", 27 },
	{ "hash", "time_ops", 1083 },
	{ "hash", "timestamp_ops", 1114 },
	{ "hash", "timestamptz_ops", 1184 },
	{ "hash", "timetz_ops", 1266 },
	{ "hash", "uuid_ops", 2950 },
	{ "hash", "varchar_ops", 25 },
	{ "hash", "varchar_pattern_ops", 25 },
	{ "hash", "xid8_ops", 5069 },
	{ "hash", "xid_ops", 28 },
	{ "spgist", "box_ops", 603 },
	{ "spgist", "inet_ops", 869 },
	{ "spgist", "kd_point_ops", 600 },
	{ "spgist", "poly_ops", 604 },
	{ "spgist", "quad_point_ops", 600 },
	{ "spgist", "range_ops", 3831 },
	{ "spgist", "text_ops", 25 },
};

static bool opclass_takes(const Catalog *cat, const OpClass *o, uint32_t type)
{
	const PgType *t = catalog_type(cat, type);
	if (!o->type)
		return t && t->family && streq(t->name, o->own_type);
	return type == o->type || is_binary_coercible(cat, type, o->type) ||
	       (is_polymorphic(o->type) && polymorphic_ok(cat, &type, &o->type, 1));
}

static bool is_default_opclass(const OpClass *o)
{
	static const char *const others[] = { "cidr_ops",	"record_image_ops", "varchar_ops",	   "kd_point_ops",
					      "jsonb_path_ops", "inet_minmax_ops",  "gin_trgm_ops",	   "gist_trgm_ops",
					      "gin__int_ops",	"gist__intbig_ops", "gist_geometry_ops_nd" };
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (streq(o->name, others[i]))
			return false;
	return !strstr(o->name, "_pattern_ops") && !strstr(o->name, "_bloom_ops") && !strstr(o->name, "_multi_ops") &&
	       !(streq(o->method, "gist") && streq(o->name, "inet_ops"));
}

/* btree_gin and btree_gist have classes for the types that B-trees take. */
static bool extension_has_default(const Ddl *d, const char *method, uint32_t type)
{
	const char *extension = streq(method, "gin") ? "btree_gin" : streq(method, "gist") ? "btree_gist" : NULL;
	const PgType *t = catalog_type(d->cat, type);
	return extension && catalog_extension(d->cat, extension) && t && !t->elem_oid && t->typtype != 'r' && t->typtype != 'm' &&
	       t->typtype != 'c' && type_has_ordering(d->ps, type);
}

int ddl_check_key_type(Ddl *d, uint32_t type, const char *method)
{
	const PgType *t = type_base_of(catalog_type(d->cat, type));
	uint32_t base = !t ? type : t->typtype == 'c' ? T_RECORD : t->oid;
	if (streq(method, "btree") ? type_has_ordering(d->ps, type) : extension_has_default(d, method, base))
		return 0;
	for (size_t i = 0; !streq(method, "btree") && i < ARRAY_LEN(opclasses); i++) {
		const OpClass *o = &opclasses[i];
		if (streq(o->method, method) && is_default_opclass(o) && (!o->extension || catalog_extension(d->cat, o->extension)) &&
		    opclass_takes(d->cat, o, base))
			return 0;
	}
	an_error(d->ps, -1, "42704", "data type %s has no default operator class for access method \"%s\"", type_name(d->ps, type), method);
	return err_hint(d->err, "You must specify an operator class for the index or define a default operator class for the data type.");
}

int ddl_check_opclass(Ddl *d, const char *method, const PgQuery__IndexElem *e, uint32_t type)
{
	if (!e->n_opclass)
		return ddl_check_key_type(d, type, method);
	const char *name = node_string(e->opclass[e->n_opclass - 1]);
	bool exists = false;
	for (size_t i = 0; i < ARRAY_LEN(opclasses); i++) {
		if (!streq(opclasses[i].method, method) || !streq(opclasses[i].name, name) ||
		    (opclasses[i].extension && !catalog_extension(d->cat, opclasses[i].extension)))
			continue;
		exists = true;
		if (opclass_takes(d->cat, &opclasses[i], type))
			return 0;
	}
	if (exists)
		return an_error(d->ps, -1, "42804", "operator class \"%s\" does not accept data type %s", name, type_name(d->ps, type));
	return an_error(d->ps, -1, "42704", "operator class \"%s\" does not exist for access method \"%s\"", name, method);
}

const Extension *ddl_opclass_extension(const char *method, const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(opclasses); i++)
		if (streq(opclasses[i].method, method) && streq(opclasses[i].name, name))
			return opclasses[i].extension ? extension_named(opclasses[i].extension) : NULL;
	return NULL;
}

int ddl_check_collation(Ddl *d, PgQuery__Node *const *names, size_t n, int location, const char *what)
{
	const char *name = n ? node_string(names[n - 1]) : "C";
	uint32_t oid = collation_named(name);
	if (oid && !collation_is_icu(oid))
		return 0;
	return an_refuse(d->ps, location, "collation \"%s\" of %s", name, what);
}

uint32_t ddl_collation(PgQuery__Node *const *names, size_t n, const PgType *t)
{
	static const struct {
		const char *name;
		uint32_t oid;
	} known[] = { { "default", 100 }, { "C", 950 }, { "POSIX", 951 } };
	for (size_t i = 0; n && i < ARRAY_LEN(known); i++)
		if (streq(node_string(names[n - 1]), known[i].name))
			return known[i].oid;
	return t->collation;
}
