-- information_schema. How a view is written here is said in scripts/gen_views.py.

@define DB
pg_catalog.current_database()
@define YES(condition)
CASE WHEN $condition THEN 'YES' ELSE 'NO' END
@define RELATIONS
pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
-- Whose relation it is, or who may do something with it.
@define MAY_USE(rel)
(pg_catalog.pg_has_role($rel.relowner, 'USAGE') OR pg_catalog.has_table_privilege($rel.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
OR pg_catalog.has_any_column_privilege($rel.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
@define MAY_WRITE(rel)
(pg_catalog.pg_has_role($rel.relowner, 'USAGE') OR pg_catalog.has_table_privilege($rel.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
OR pg_catalog.has_any_column_privilege($rel.oid, 'INSERT, UPDATE, REFERENCES'))

-- A type t in its schema tn; b below it when it is a domain.
@define TYPE_JOIN(oid)
JOIN pg_catalog.pg_type t ON t.oid = $oid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype LEFT JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
@define BASE_TYPES(oid, mod)
CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE $oid END AS typ, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE $mod END AS mod,
CASE WHEN coalesce(b.typelem, t.typelem) <> 0 AND coalesce(b.typlen, t.typlen) = -1 THEN 'ARRAY'
WHEN coalesce(bn.nspname, tn.nspname) = 'pg_catalog' THEN pg_catalog.format_type(coalesce(b.oid, t.oid), NULL) ELSE 'USER-DEFINED' END AS data_type
@define OWN_TYPES(oid)
$oid AS typ, -1 AS mod, CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
WHEN tn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.oid, NULL) ELSE 'USER-DEFINED' END AS data_type
@define UDT(prefix)
$DB AS {prefix}udt_catalog, coalesce(bn.nspname, tn.nspname) AS {prefix}udt_schema, coalesce(b.typname, t.typname) AS {prefix}udt_name
-- The sizes of a type, of typ and mod of x.
@define SIZES
CASE WHEN x.mod <> -1 AND x.typ IN (1042, 1043) THEN x.mod - 4 WHEN x.mod <> -1 AND x.typ IN (1560, 1562) THEN x.mod END AS character_maximum_length,
CASE WHEN x.typ IN (25, 1042, 1043) THEN CASE WHEN x.mod = -1 THEN 1073741824 ELSE (x.mod - 4) * 4 END END AS character_octet_length,
CASE x.typ WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
WHEN 1700 THEN CASE WHEN x.mod <> -1 THEN ((x.mod - 4) >> 16) & 65535 END END AS numeric_precision,
CASE WHEN x.typ IN (20, 21, 23, 700, 701) THEN 2 WHEN x.typ = 1700 THEN 10 END AS numeric_precision_radix,
CASE WHEN x.typ IN (20, 21, 23) THEN 0 WHEN x.typ = 1700 AND x.mod <> -1 THEN (x.mod - 4) & 65535 END AS numeric_scale,
CASE WHEN x.typ = 1082 THEN 0 WHEN x.typ IN (1083, 1114, 1184, 1266) THEN CASE WHEN x.mod < 0 THEN 6 ELSE x.mod END
WHEN x.typ = 1186 THEN CASE WHEN x.mod < 0 OR (x.mod & 65535) = 65535 THEN 6 ELSE x.mod & 65535 END END AS datetime_precision,
CASE WHEN x.typ = 1186 THEN pg_catalog.upper(pg_catalog.substring(pg_catalog.format_type(x.typ, x.mod), '^interval[()0-9]* (.*)$')) END AS interval_type
@define SIZE_COLUMNS
character_maximum_length i, character_octet_length i, character_set_catalog n, character_set_schema n, character_set_name n,
collation_catalog n, collation_schema n, collation_name n, numeric_precision i, numeric_precision_radix i, numeric_scale i,
datetime_precision i, interval_type c, interval_precision i
-- A collation that is not the type's default one: k in its schema kn.
@define COLLATION_JOIN(oid)
LEFT JOIN (pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace kn ON kn.oid = k.collnamespace)
ON $oid = k.oid AND (kn.nspname <> 'pg_catalog' OR k.collname <> 'default')
@define COLLATION
CASE WHEN kn.nspname IS NOT NULL THEN $DB END AS collation_catalog, kn.nspname AS collation_schema, k.collname AS collation_name

@view information_schema.information_schema_catalog_name
catalog_name n
SELECT $DB AS catalog_name

@view information_schema.schemata
catalog_name n, schema_name n, schema_owner n, default_character_set_catalog n, default_character_set_schema n, default_character_set_name n, sql_path c
SELECT $DB AS catalog_name, n.nspname AS schema_name, u.rolname AS schema_owner
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles u ON u.oid = n.nspowner
WHERE pg_catalog.pg_has_role(n.nspowner, 'USAGE') OR pg_catalog.has_schema_privilege(n.oid, 'CREATE, USAGE')

@view information_schema.tables
table_catalog n, table_schema n, table_name n, table_type c, self_referencing_column_name n, reference_generation c, user_defined_type_catalog n,
user_defined_type_schema n, user_defined_type_name n, is_insertable_into y, is_typed y, commit_action c
SELECT $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
CASE WHEN c.relpersistence = 't' THEN 'LOCAL TEMPORARY' WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'f' THEN 'FOREIGN' ELSE 'BASE TABLE' END AS table_type,
CASE WHEN t.typname IS NOT NULL THEN $DB END AS user_defined_type_catalog, tn.nspname AS user_defined_type_schema, t.typname AS user_defined_type_name,
$YES(c.relkind IN ('r', 'p') OR (c.relkind = 'v' AND pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 = 8)) AS is_insertable_into,
$YES(t.typname IS NOT NULL) AS is_typed
FROM $RELATIONS LEFT JOIN (pg_catalog.pg_type t JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace) ON c.reloftype = t.oid
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND $MAY_USE(c)

@view information_schema.views
table_catalog n, table_schema n, table_name n, view_definition c, check_option c, is_updatable y, is_insertable_into y, is_trigger_updatable y,
is_trigger_deletable y, is_trigger_insertable_into y
SELECT $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
CASE WHEN pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN pg_catalog.pg_get_viewdef(c.oid) END AS view_definition,
CASE WHEN 'check_option=cascaded' = ANY (c.reloptions) THEN 'CASCADED' WHEN 'check_option=local' = ANY (c.reloptions) THEN 'LOCAL' ELSE 'NONE' END AS check_option,
$YES(pg_catalog.pg_relation_is_updatable(c.oid, false) & 20 = 20) AS is_updatable,
$YES(pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 = 8) AS is_insertable_into,
$YES(EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 81 = 81)) AS is_trigger_updatable,
$YES(EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 73 = 73)) AS is_trigger_deletable,
$YES(EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 69 = 69)) AS is_trigger_insertable_into
FROM $RELATIONS WHERE c.relkind = 'v' AND $MAY_USE(c)

@view information_schema.columns
table_catalog n, table_schema n, table_name n, column_name n, ordinal_position i, column_default c, is_nullable y, data_type c, character_maximum_length i,
character_octet_length i, numeric_precision i, numeric_precision_radix i, numeric_scale i, datetime_precision i, interval_type c, interval_precision i,
character_set_catalog n, character_set_schema n, character_set_name n, collation_catalog n, collation_schema n, collation_name n, domain_catalog n,
domain_schema n, domain_name n, udt_catalog n, udt_schema n, udt_name n, scope_catalog n, scope_schema n, scope_name n, maximum_cardinality i,
dtd_identifier n, is_self_referencing y, is_identity y, identity_generation c, identity_start c, identity_increment c, identity_maximum c,
identity_minimum c, identity_cycle y, is_generated c, generation_expression c, is_updatable y
SELECT x.*, $SIZES, x.ordinal_position::text AS dtd_identifier, 'NO' AS is_self_referencing
FROM (SELECT $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name, a.attnum AS ordinal_position,
CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS column_default,
$YES(NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull))) AS is_nullable, $BASE_TYPES(a.atttypid, a.atttypmod), $COLLATION,
CASE WHEN t.typtype = 'd' THEN $DB END AS domain_catalog, CASE WHEN t.typtype = 'd' THEN tn.nspname END AS domain_schema,
CASE WHEN t.typtype = 'd' THEN t.typname END AS domain_name, $UDT(), $YES(a.attidentity IN ('a', 'd')) AS is_identity,
CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity_generation,
s.seqstart AS identity_start, s.seqincrement AS identity_increment, s.seqmax AS identity_maximum, s.seqmin AS identity_minimum,
$YES(s.seqcycle) AS identity_cycle, CASE WHEN a.attgenerated <> '' THEN 'ALWAYS' ELSE 'NEVER' END AS is_generated,
CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS generation_expression,
$YES(c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND pg_catalog.pg_column_is_updatable(c.oid, a.attnum, false))) AS is_updatable
FROM pg_catalog.pg_attribute a JOIN ($RELATIONS) ON c.oid = a.attrelid $TYPE_JOIN(a.atttypid) $COLLATION_JOIN(a.attcollation)
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN (pg_catalog.pg_depend sd JOIN pg_catalog.pg_sequence s ON sd.classid = 1259 AND sd.objid = s.seqrelid AND sd.deptype = 'i')
ON a.attidentity <> '' AND sd.refclassid = 1259 AND sd.refobjid = c.oid AND sd.refobjsubid = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p') AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'))) x

@view information_schema.attributes
udt_catalog n, udt_schema n, udt_name n, attribute_name n, ordinal_position i, attribute_default c, is_nullable y, data_type c, $SIZE_COLUMNS,
attribute_udt_catalog n, attribute_udt_schema n, attribute_udt_name n, scope_catalog n, scope_schema n, scope_name n, maximum_cardinality i,
dtd_identifier n, is_derived_reference_attribute y
SELECT x.*, $SIZES, x.ordinal_position::text AS dtd_identifier, 'NO' AS is_derived_reference_attribute
FROM (SELECT $DB AS udt_catalog, n.nspname AS udt_schema, c.relname AS udt_name, a.attname AS attribute_name, a.attnum AS ordinal_position,
$YES(NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull))) AS is_nullable, $COLLATION, $BASE_TYPES(a.atttypid, a.atttypmod), $UDT(attribute_)
FROM pg_catalog.pg_attribute a JOIN ($RELATIONS) ON c.oid = a.attrelid $TYPE_JOIN(a.atttypid) $COLLATION_JOIN(a.attcollation)
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'c' AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_type_privilege(c.reltype, 'USAGE'))) x

@view information_schema.domains
domain_catalog n, domain_schema n, domain_name n, data_type c, $SIZE_COLUMNS, domain_default c, udt_catalog n, udt_schema n, udt_name n,
scope_catalog n, scope_schema n, scope_name n, maximum_cardinality i, dtd_identifier n
SELECT x.*, $SIZES, '1' AS dtd_identifier
FROM (SELECT $DB AS domain_catalog, tn.nspname AS domain_schema, t.typname AS domain_name, $COLLATION, t.typdefault AS domain_default,
t.typbasetype AS typ, t.typtypmod AS mod, CASE WHEN bn.nspname = 'pg_catalog' THEN pg_catalog.format_type(b.oid, NULL) ELSE 'USER-DEFINED' END AS data_type,
$DB AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace $COLLATION_JOIN(t.typcollation)
WHERE t.typtype = 'd' AND (pg_catalog.pg_has_role(t.typowner, 'USAGE') OR pg_catalog.has_type_privilege(t.oid, 'USAGE'))) x

@view information_schema.domain_udt_usage
udt_catalog n, udt_schema n, udt_name n, domain_catalog n, domain_schema n, domain_name n
SELECT $DB AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name, $DB AS domain_catalog, tn.nspname AS domain_schema, t.typname AS domain_name
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace WHERE t.typtype = 'd' AND pg_catalog.pg_has_role(b.typowner, 'USAGE')

@view information_schema.column_domain_usage
domain_catalog n, domain_schema n, domain_name n, table_catalog n, table_schema n, table_name n, column_name n
SELECT $DB AS domain_catalog, tn.nspname AS domain_schema, t.typname AS domain_name, $DB AS table_catalog, n.nspname AS table_schema,
c.relname AS table_name, a.attname AS column_name
FROM pg_catalog.pg_attribute a JOIN ($RELATIONS) ON c.oid = a.attrelid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
WHERE t.typtype = 'd' AND c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND pg_catalog.pg_has_role(t.typowner, 'USAGE')

@view information_schema.column_udt_usage
udt_catalog n, udt_schema n, udt_name n, table_catalog n, table_schema n, table_name n, column_name n
SELECT $UDT(), $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name
FROM pg_catalog.pg_attribute a JOIN ($RELATIONS) ON c.oid = a.attrelid $TYPE_JOIN(a.atttypid)
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND pg_catalog.pg_has_role(coalesce(b.typowner, t.typowner), 'USAGE')

@view information_schema.column_column_usage
table_catalog n, table_schema n, table_name n, column_name n, dependent_column n
SELECT $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, ac.attname AS column_name, ad.attname AS dependent_column
FROM $RELATIONS JOIN pg_catalog.pg_attribute ad ON ad.attrelid = c.oid AND ad.attgenerated <> ''
JOIN pg_catalog.pg_attrdef f ON f.adrelid = c.oid AND f.adnum = ad.attnum
JOIN pg_catalog.pg_depend d ON d.classid = 2604 AND d.objid = f.oid AND d.refclassid = 1259 AND d.refobjid = c.oid
JOIN pg_catalog.pg_attribute ac ON ac.attrelid = c.oid AND ac.attnum = d.refobjsubid AND ac.attnum <> ad.attnum
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')

@define CONSTRAINED
pg_catalog.pg_constraint k JOIN ($RELATIONS) ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace

-- NOT NULL is a constraint here, without a row in pg_constraint.
@view information_schema.table_constraints
constraint_catalog n, constraint_schema n, constraint_name n, table_catalog n, table_schema n, table_name n, constraint_type c, is_deferrable y,
initially_deferred y, enforced y, nulls_distinct y
SELECT $DB AS constraint_catalog, kn.nspname AS constraint_schema, k.conname AS constraint_name, $DB AS table_catalog, n.nspname AS table_schema,
c.relname AS table_name, CASE k.contype WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END AS constraint_type,
$YES(k.condeferrable) AS is_deferrable, $YES(k.condeferred) AS initially_deferred, 'YES' AS enforced,
CASE WHEN k.contype = 'u' THEN (SELECT $YES(NOT i.indnullsnotdistinct) FROM pg_catalog.pg_index i WHERE i.indexrelid = k.conindid) END AS nulls_distinct
FROM $CONSTRAINED WHERE k.contype IN ('c', 'f', 'p', 'u') AND c.relkind IN ('r', 'p') AND $MAY_WRITE(c)
UNION ALL
SELECT $DB, n.nspname, (n.oid::text || '_' || c.oid::text || '_' || a.attnum::text || '_not_null')::name, $DB, n.nspname, c.relname, 'CHECK', 'NO', 'NO', 'YES', NULL
FROM pg_catalog.pg_attribute a JOIN ($RELATIONS) ON c.oid = a.attrelid
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND $MAY_WRITE(c)

@view information_schema.check_constraints
constraint_catalog n, constraint_schema n, constraint_name n, check_clause c
SELECT $DB AS constraint_catalog, kn.nspname AS constraint_schema, k.conname AS constraint_name,
pg_catalog.substring(pg_catalog.pg_get_constraintdef(k.oid), 7) AS check_clause
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid
WHERE k.contype = 'c' AND pg_catalog.pg_has_role(coalesce(c.relowner, t.typowner), 'USAGE')
UNION ALL
SELECT $DB, n.nspname, (n.oid::text || '_' || c.oid::text || '_' || a.attnum::text || '_not_null')::name, a.attname::text || ' IS NOT NULL'
FROM pg_catalog.pg_attribute a JOIN ($RELATIONS) ON c.oid = a.attrelid
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')

@view information_schema.key_column_usage
constraint_catalog n, constraint_schema n, constraint_name n, table_catalog n, table_schema n, table_name n, column_name n, ordinal_position i,
position_in_unique_constraint i
SELECT $DB AS constraint_catalog, kn.nspname AS constraint_schema, k.conname AS constraint_name, $DB AS table_catalog, n.nspname AS table_schema,
c.relname AS table_name, a.attname AS column_name, pg_catalog.array_position(k.conkey, a.attnum) AS ordinal_position,
CASE WHEN k.contype = 'f' THEN (SELECT pg_catalog.array_position(i.indkey::int2[], k.confkey[pg_catalog.array_position(k.conkey, a.attnum)]) + 1
FROM pg_catalog.pg_index i WHERE i.indexrelid = k.conindid) END AS position_in_unique_constraint
FROM $CONSTRAINED JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
WHERE k.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'))

@define CONSTRAINED_TABLE
pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
JOIN ($RELATIONS) ON c.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END

@view information_schema.constraint_column_usage
table_catalog n, table_schema n, table_name n, column_name n, constraint_catalog n, constraint_schema n, constraint_name n
SELECT $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name, $DB AS constraint_catalog,
kn.nspname AS constraint_schema, k.conname AS constraint_name
FROM $CONSTRAINED_TABLE JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (CASE WHEN k.contype = 'f' THEN k.confkey ELSE k.conkey END)
WHERE k.contype IN ('c', 'f', 'p', 'u') AND c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')

@view information_schema.constraint_table_usage
table_catalog n, table_schema n, table_name n, constraint_catalog n, constraint_schema n, constraint_name n
SELECT $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, $DB AS constraint_catalog, kn.nspname AS constraint_schema,
k.conname AS constraint_name
FROM $CONSTRAINED_TABLE WHERE k.contype IN ('f', 'p', 'u') AND c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')

@view information_schema.referential_constraints
constraint_catalog n, constraint_schema n, constraint_name n, unique_constraint_catalog n, unique_constraint_schema n, unique_constraint_name n,
match_option c, update_rule c, delete_rule c
SELECT $DB AS constraint_catalog, kn.nspname AS constraint_schema, k.conname AS constraint_name,
CASE WHEN u.conname IS NOT NULL THEN $DB END AS unique_constraint_catalog, un.nspname AS unique_constraint_schema, u.conname AS unique_constraint_name,
CASE k.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' ELSE 'NONE' END AS match_option,
$RULE(k.confupdtype) AS update_rule, $RULE(k.confdeltype) AS delete_rule
FROM $CONSTRAINED LEFT JOIN (pg_catalog.pg_constraint u JOIN pg_catalog.pg_namespace un ON un.oid = u.connamespace)
ON u.conindid = k.conindid AND u.contype IN ('p', 'u') AND u.conrelid = k.confrelid
WHERE k.contype = 'f' AND $MAY_WRITE(c)
@define RULE(column)
CASE $column WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END

@view information_schema.domain_constraints
constraint_catalog n, constraint_schema n, constraint_name n, domain_catalog n, domain_schema n, domain_name n, is_deferrable y, initially_deferred y
SELECT $DB AS constraint_catalog, kn.nspname AS constraint_schema, k.conname AS constraint_name, $DB AS domain_catalog, tn.nspname AS domain_schema,
t.typname AS domain_name, $YES(k.condeferrable) AS is_deferrable, $YES(k.condeferred) AS initially_deferred
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace JOIN pg_catalog.pg_type t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
WHERE pg_catalog.pg_has_role(t.typowner, 'USAGE') OR pg_catalog.has_type_privilege(t.oid, 'USAGE')

@view information_schema.sequences
sequence_catalog n, sequence_schema n, sequence_name n, data_type c, numeric_precision i, numeric_precision_radix i, numeric_scale i, start_value c,
minimum_value c, maximum_value c, increment c, cycle_option y
SELECT $DB AS sequence_catalog, n.nspname AS sequence_schema, c.relname AS sequence_name, pg_catalog.format_type(s.seqtypid, NULL) AS data_type,
CASE s.seqtypid WHEN 21 THEN 16 WHEN 23 THEN 32 ELSE 64 END AS numeric_precision, 2 AS numeric_precision_radix, 0 AS numeric_scale,
s.seqstart AS start_value, s.seqmin AS minimum_value, s.seqmax AS maximum_value, s.seqincrement AS increment, $YES(s.seqcycle) AS cycle_option
FROM pg_catalog.pg_sequence s JOIN ($RELATIONS) ON c.oid = s.seqrelid
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'i')
AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_sequence_privilege(c.oid, 'SELECT, UPDATE, USAGE'))

@view information_schema.view_table_usage
view_catalog n, view_schema n, view_name n, table_catalog n, table_schema n, table_name n
SELECT DISTINCT $DB AS view_catalog, vn.nspname AS view_schema, v.relname AS view_name, $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name
FROM pg_catalog.pg_class v JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid
JOIN pg_catalog.pg_depend d ON d.classid = 2618 AND d.objid = r.oid AND d.refclassid = 1259 AND d.refobjid <> v.oid
JOIN ($RELATIONS) ON c.oid = d.refobjid
WHERE v.relkind = 'v' AND c.relkind IN ('r', 'v', 'f', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')

@view information_schema.triggers
trigger_catalog n, trigger_schema n, trigger_name n, event_manipulation c, event_object_catalog n, event_object_schema n, event_object_table n,
action_order i, action_condition c, action_statement c, action_orientation c, action_timing c, action_reference_old_table n,
action_reference_new_table n, action_reference_old_row n, action_reference_new_row n, created s
SELECT $DB AS trigger_catalog, n.nspname AS trigger_schema, t.tgname AS trigger_name, e.word AS event_manipulation, $DB AS event_object_catalog,
n.nspname AS event_object_schema, c.relname AS event_object_table,
rank() OVER (PARTITION BY n.nspname, c.relname, e.bit, t.tgtype & 1, t.tgtype & 66 ORDER BY t.tgname) AS action_order,
CASE WHEN pg_catalog.pg_has_role(c.relowner, 'USAGE')
THEN pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid), ' WHEN \((.+)\) EXECUTE FUNCTION') END AS action_condition,
pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid), 'EXECUTE FUNCTION .*$') AS action_statement,
CASE WHEN t.tgtype & 1 = 1 THEN 'ROW' ELSE 'STATEMENT' END AS action_orientation,
CASE t.tgtype & 66 WHEN 2 THEN 'BEFORE' WHEN 64 THEN 'INSTEAD OF' ELSE 'AFTER' END AS action_timing,
t.tgoldtable AS action_reference_old_table, t.tgnewtable AS action_reference_new_table
FROM $RELATIONS JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid JOIN (VALUES (4, 'INSERT'), (8, 'DELETE'), (16, 'UPDATE')) e (bit, word) ON t.tgtype & e.bit <> 0
WHERE NOT t.tgisinternal AND $MAY_WRITE(c)

@view information_schema.triggered_update_columns
trigger_catalog n, trigger_schema n, trigger_name n, event_object_catalog n, event_object_schema n, event_object_table n, event_object_column n
SELECT $DB AS trigger_catalog, n.nspname AS trigger_schema, t.tgname AS trigger_name, $DB AS event_object_catalog, n.nspname AS event_object_schema,
c.relname AS event_object_table, a.attname AS event_object_column
FROM $RELATIONS JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (t.tgattr::int2[])
WHERE NOT t.tgisinternal AND $MAY_WRITE(c)
