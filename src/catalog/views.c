/* The text of builtin views. They are expanded like a user's view, so their columns have the types that PostgreSQL shows for its own. */
#include "catalog/views.h"

#include "catalog/catalog.h"

/* Tables and views that information_schema lists. */
#define RELATIONS "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
#define DB "pg_catalog.current_database()"
#define TABLE_TYPE "CASE WHEN c.relkind = 'v' THEN 'VIEW'::varchar ELSE 'BASE TABLE'::varchar END"

/* The declared type, without the typmod, as information_schema words it. */
#define DATA_TYPE                                                                                                                          \
	"CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'::varchar WHEN t.typnamespace = 11 THEN "                                  \
	"pg_catalog.format_type(a.atttypid, NULL)::varchar ELSE 'USER-DEFINED'::varchar END"
#define PRECISION                                                                                                                          \
	"CASE a.atttypid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53 WHEN 1700 THEN "                \
	"CASE WHEN a.atttypmod = -1 THEN NULL ELSE ((a.atttypmod - 4) >> 16) & 65535 END END"
#define SCALE "CASE WHEN a.atttypid IN (20, 21, 23) THEN 0 WHEN a.atttypid = 1700 AND a.atttypmod <> -1 THEN (a.atttypmod - 4) & 2047 END"
#define TIME_PRECISION                                                                                                                     \
	"CASE WHEN a.atttypid = 1082 THEN 0 WHEN a.atttypid IN (1083, 1114, 1184, 1266) THEN CASE WHEN a.atttypmod < 0 THEN 6 ELSE "       \
	"a.atttypmod END END"
#define CHAR_LENGTH "CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod <> -1 THEN a.atttypmod - 4 END"
#define LENGTH "CASE WHEN a.atttypid IN (1560, 1562) AND a.atttypmod <> -1 THEN a.atttypmod ELSE " CHAR_LENGTH " END"

#define CONSTRAINT_TYPE                                                                                                                    \
	"CASE k.contype WHEN 'c' THEN 'CHECK'::varchar WHEN 'f' THEN 'FOREIGN KEY'::varchar WHEN 'p' THEN 'PRIMARY KEY'::varchar "         \
	"WHEN 'u' THEN 'UNIQUE'::varchar END"
#define CONSTRAINTS                                                                                                                        \
	"pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = "           \
	"c.relnamespace"
#define RULE(column)                                                                                                                       \
	"CASE " column " WHEN 'c' THEN 'CASCADE'::varchar WHEN 'n' THEN 'SET NULL'::varchar WHEN 'd' THEN 'SET DEFAULT'::varchar "         \
	"WHEN 'r' THEN 'RESTRICT'::varchar WHEN 'a' THEN 'NO ACTION'::varchar END"
#define YES_NO(cond) "CASE WHEN " cond " THEN 'YES'::varchar(3) ELSE 'NO'::varchar(3) END"

const BuiltinView catalog_views[] = {
	{ NS_PG_CATALOG, "pg_tables",
	  "SELECT n.nspname AS schemaname, c.relname AS tablename, pg_catalog.pg_get_userbyid(c.relowner) AS tableowner, "
	  "NULL::name AS tablespace, c.relhasindex AS hasindexes, c.relhasrules AS hasrules, c.relhastriggers AS hastriggers, "
	  "c.relrowsecurity AS rowsecurity FROM " RELATIONS " WHERE c.relkind = 'r'" },
	{ NS_PG_CATALOG, "pg_views",
	  "SELECT n.nspname AS schemaname, c.relname AS viewname, pg_catalog.pg_get_userbyid(c.relowner) AS viewowner, "
	  "pg_catalog.pg_get_viewdef(c.oid) AS definition FROM " RELATIONS " WHERE c.relkind = 'v'" },
	{ NS_PG_CATALOG, "pg_indexes",
	  "SELECT n.nspname AS schemaname, c.relname AS tablename, i.relname AS indexname, NULL::name AS tablespace, "
	  "pg_catalog.pg_get_indexdef(i.oid) AS indexdef FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indrelid "
	  "JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" },
	{ NS_PG_CATALOG, "pg_sequences",
	  "SELECT n.nspname AS schemaname, c.relname AS sequencename, pg_catalog.pg_get_userbyid(c.relowner) AS sequenceowner, "
	  "s.seqtypid::regtype AS data_type, s.seqstart AS start_value, s.seqmin AS min_value, s.seqmax AS max_value, "
	  "s.seqincrement AS increment_by, s.seqcycle AS cycle, s.seqcache AS cache_size, "
	  "pg_catalog.pg_sequence_last_value(c.oid) AS last_value FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c "
	  "ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" },
	{ NS_INFORMATION_SCHEMA, "schemata",
	  "SELECT " DB " AS catalog_name, n.nspname AS schema_name, pg_catalog.pg_get_userbyid(n.nspowner) AS schema_owner, "
	  "NULL::name AS default_character_set_catalog, NULL::name AS default_character_set_schema, NULL::name AS "
	  "default_character_set_name, NULL::varchar AS sql_path FROM pg_catalog.pg_namespace n" },
	{ NS_INFORMATION_SCHEMA, "tables",
	  "SELECT " DB " AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, " TABLE_TYPE " AS table_type, "
	  "NULL::name AS self_referencing_column_name, NULL::varchar AS reference_generation, NULL::name AS user_defined_type_catalog, "
	  "NULL::name AS user_defined_type_schema, NULL::name AS user_defined_type_name, " YES_NO(
		  "c.relkind = 'r'") " AS is_insertable_into, "
				     "'NO'::varchar(3) AS is_typed, NULL::varchar AS commit_action FROM " RELATIONS
				     " WHERE c.relkind IN ('r', 'v')" },
	{ NS_INFORMATION_SCHEMA, "views",
	  "SELECT " DB " AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, "
	  "pg_catalog.pg_get_viewdef(c.oid)::varchar AS view_definition, 'NONE'::varchar AS check_option, 'NO'::varchar(3) AS "
	  "is_updatable, "
	  "'NO'::varchar(3) AS is_insertable_into, 'NO'::varchar(3) AS is_trigger_updatable, 'NO'::varchar(3) AS is_trigger_deletable, "
	  "'NO'::varchar(3) AS is_trigger_insertable_into FROM " RELATIONS " WHERE c.relkind = 'v'" },
	{ NS_INFORMATION_SCHEMA, "columns",
	  "SELECT " DB " AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name, "
	  "a.attnum::int4 AS ordinal_position, CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid)::varchar END "
	  "AS "
	  "column_default, " YES_NO(
		  "NOT a.attnotnull") " AS is_nullable, " DATA_TYPE " AS data_type, " LENGTH " AS "
				      "character_maximum_length, CASE WHEN a.atttypid IN (25, 1042, 1043) THEN 4 * coalesce(" CHAR_LENGTH
				      ", 268435456) END AS "
				      "character_octet_length, " PRECISION
				      " AS numeric_precision, CASE WHEN a.atttypid IN (20, 21, 23, 700, 701) THEN 2 WHEN a.atttypid = "
				      "1700 THEN 10 END AS numeric_precision_radix, " SCALE " AS numeric_scale, " TIME_PRECISION
				      " AS datetime_precision, "
				      "NULL::varchar AS interval_type, NULL::int4 AS interval_precision, NULL::name AS "
				      "character_set_catalog, NULL::name AS "
				      "character_set_schema, NULL::name AS character_set_name, NULL::name AS collation_catalog, NULL::name "
				      "AS collation_schema, NULL::name "
				      "AS collation_name, NULL::name AS domain_catalog, NULL::name AS domain_schema, NULL::name AS "
				      "domain_name, " DB " AS udt_catalog, "
				      "tn.nspname AS udt_schema, t.typname AS udt_name, NULL::name AS scope_catalog, NULL::name AS "
				      "scope_schema, NULL::name AS scope_name, "
				      "NULL::int4 AS maximum_cardinality, a.attnum::text::name AS dtd_identifier, 'NO'::varchar(3) AS "
				      "is_self_referencing, " YES_NO(
					      "a.attidentity IN ('a', 'd')") " AS is_identity, CASE a.attidentity WHEN 'a' THEN "
									     "'ALWAYS'::varchar WHEN 'd' THEN "
									     "'BY DEFAULT'::varchar END AS identity_generation, "
									     "NULL::varchar AS identity_start, NULL::varchar AS "
									     "identity_increment, NULL::varchar "
									     "AS identity_maximum, NULL::varchar AS identity_minimum, "
									     "'NO'::varchar(3) AS identity_cycle, CASE WHEN a.attgenerated "
									     "<> '' THEN "
									     "'ALWAYS'::varchar ELSE 'NEVER'::varchar END AS is_generated, "
									     "CASE WHEN a.attgenerated <> '' THEN "
									     "pg_catalog.pg_get_expr(d.adbin, "
									     "d.adrelid)::varchar END AS generation_expression, " YES_NO(
										     "c.relkind = 'r'") " AS is_updatable FROM "
													"pg_catalog.pg_attribute a "
													"JOIN " RELATIONS
													" ON c.oid = a.attrelid JOIN "
													"pg_catalog.pg_type t ON t.oid = "
													"a.atttypid JOIN "
													"pg_catalog.pg_namespace tn ON "
													"tn.oid = "
													"t.typnamespace LEFT JOIN "
													"pg_catalog.pg_attrdef d ON "
													"d.adrelid = a.attrelid AND "
													"d.adnum = a.attnum "
													"WHERE a.attnum > 0 AND NOT "
													"a.attisdropped AND c.relkind IN "
													"('r', 'v')" },
	{ NS_INFORMATION_SCHEMA, "table_constraints",
	  "SELECT " DB " AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name, " DB " AS table_catalog, "
	  "n.nspname AS table_schema, c.relname AS table_name, " CONSTRAINT_TYPE " AS constraint_type, " YES_NO(
		  "k.condeferrable") " AS "
				     "is_deferrable, " YES_NO("k.condeferred") " AS initially_deferred, 'YES'::varchar(3) AS enforced, "
									       "CASE WHEN k.contype = 'u' THEN "
									       "'YES'::varchar(3) END AS nulls_distinct FROM " CONSTRAINTS
									       " WHERE k.contype IN ('c', 'f', 'p', 'u')" },
	{ NS_INFORMATION_SCHEMA, "key_column_usage",
	  "SELECT " DB " AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name, " DB " AS table_catalog, "
	  "n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name, pg_catalog.array_position(k.conkey, a.attnum) AS "
	  "ordinal_position, CASE WHEN k.contype = 'f' THEN pg_catalog.array_position(k.conkey, a.attnum) END AS "
	  "position_in_unique_constraint FROM " CONSTRAINTS " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY "
	  "(k.conkey) WHERE k.contype IN ('p', 'u', 'f')" },
	{ NS_INFORMATION_SCHEMA, "constraint_column_usage",
	  "SELECT " DB " AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name, " DB " AS "
	  "constraint_catalog, cn.nspname AS constraint_schema, k.conname AS constraint_name FROM pg_catalog.pg_constraint k JOIN "
	  "pg_catalog.pg_namespace cn ON cn.oid = k.connamespace JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN k.contype = 'f' THEN "
	  "k.confrelid ELSE k.conrelid END JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON "
	  "a.attrelid = c.oid AND a.attnum = ANY (CASE WHEN k.contype = 'f' THEN k.confkey ELSE k.conkey END) "
	  "WHERE k.contype IN ('c', 'f', 'p', 'u')" },
	{ NS_INFORMATION_SCHEMA, "referential_constraints",
	  "SELECT " DB " AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name, " DB " AS "
	  "unique_constraint_catalog, rn.nspname AS unique_constraint_schema, u.relname AS unique_constraint_name, CASE k.confmatchtype "
	  "WHEN 'f' "
	  "THEN 'FULL'::varchar WHEN 'p' THEN 'PARTIAL'::varchar ELSE 'NONE'::varchar END AS match_option, " RULE(
		  "k.confupdtype") " AS "
				   "update_rule, " RULE("k.confdeltype") " AS delete_rule FROM " CONSTRAINTS
									 " LEFT JOIN pg_catalog.pg_class u ON u.oid = k.conindid "
									 "LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = u.relnamespace "
									 "WHERE k.contype = 'f'" },
	{ NS_INFORMATION_SCHEMA, "sequences",
	  "SELECT " DB " AS sequence_catalog, n.nspname AS sequence_schema, c.relname AS sequence_name, pg_catalog.format_type(s.seqtypid, "
	  "NULL)::varchar AS data_type, CASE s.seqtypid WHEN 21 THEN 16 WHEN 23 THEN 32 ELSE 64 END AS numeric_precision, 2 AS "
	  "numeric_precision_radix, 0 AS numeric_scale, s.seqstart::text::varchar AS start_value, s.seqmin::text::varchar AS "
	  "minimum_value, "
	  "s.seqmax::text::varchar AS maximum_value, s.seqincrement::text::varchar AS increment, " YES_NO(
		  "s.seqcycle") " AS cycle_option FROM "
				"pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n "
				"ON n.oid = c.relnamespace" },
	{ 0, NULL, NULL },
};
