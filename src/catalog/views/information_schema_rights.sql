-- information_schema: routines, roles and privileges.

@define ROUTINE(prefix)
$DB AS {prefix}catalog, n.nspname AS {prefix}schema, (p.proname::text || '_' || p.oid::text) AS {prefix}name
@define ROUTINES
pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
@define MAY_CALL
(pg_catalog.pg_has_role(p.proowner, 'USAGE') OR pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))

@view information_schema.routines
specific_catalog n, specific_schema n, specific_name n, routine_catalog n, routine_schema n, routine_name n, routine_type c, module_catalog n,
module_schema n, module_name n, udt_catalog n, udt_schema n, udt_name n, data_type c, $SIZE_COLUMNS, type_udt_catalog n, type_udt_schema n,
type_udt_name n, scope_catalog n, scope_schema n, scope_name n, maximum_cardinality i, dtd_identifier n, routine_body c, routine_definition c,
external_name c, external_language c, parameter_style c, is_deterministic y, sql_data_access c, is_null_call y, sql_path c, schema_level_routine y,
max_dynamic_result_sets i, is_user_defined_cast y, is_implicitly_invocable y, security_type c, to_sql_specific_catalog n, to_sql_specific_schema n,
to_sql_specific_name n, as_locator y, created s, last_altered s, new_savepoint_level y, is_udt_dependent y, result_cast_from_data_type c,
result_cast_as_locator y, result_cast_char_max_length i, result_cast_char_octet_length i, result_cast_char_set_catalog n, result_cast_char_set_schema n,
result_cast_char_set_name n, result_cast_collation_catalog n, result_cast_collation_schema n, result_cast_collation_name n,
result_cast_numeric_precision i, result_cast_numeric_precision_radix i, result_cast_numeric_scale i, result_cast_datetime_precision i,
result_cast_interval_type c, result_cast_interval_precision i, result_cast_type_udt_catalog n, result_cast_type_udt_schema n,
result_cast_type_udt_name n, result_cast_scope_catalog n, result_cast_scope_schema n, result_cast_scope_name n, result_cast_maximum_cardinality i,
result_cast_dtd_identifier n
SELECT $ROUTINE(specific_), $DB AS routine_catalog, n.nspname AS routine_schema, p.proname AS routine_name,
CASE p.prokind WHEN 'f' THEN 'FUNCTION' WHEN 'p' THEN 'PROCEDURE' END AS routine_type,
CASE WHEN p.prokind = 'p' THEN NULL WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
WHEN tn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.oid, NULL) ELSE 'USER-DEFINED' END AS data_type,
CASE WHEN tn.nspname IS NOT NULL THEN $DB END AS type_udt_catalog, tn.nspname AS type_udt_schema, t.typname AS type_udt_name,
CASE WHEN p.prokind <> 'p' THEN '0' END AS dtd_identifier, CASE WHEN l.lanname = 'sql' THEN 'SQL' ELSE 'EXTERNAL' END AS routine_body,
CASE WHEN pg_catalog.pg_has_role(p.proowner, 'USAGE') THEN p.prosrc END AS routine_definition,
CASE WHEN l.lanname = 'c' THEN p.prosrc END AS external_name, pg_catalog.upper(l.lanname::text) AS external_language, 'GENERAL' AS parameter_style,
$YES(p.provolatile = 'i') AS is_deterministic, 'MODIFIES' AS sql_data_access, CASE WHEN p.prokind <> 'p' THEN $YES(p.proisstrict) END AS is_null_call,
'YES' AS schema_level_routine, 0 AS max_dynamic_result_sets, CASE WHEN p.prosecdef THEN 'DEFINER' ELSE 'INVOKER' END AS security_type,
'NO' AS as_locator, 'NO' AS is_udt_dependent
FROM $ROUTINES JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN (pg_catalog.pg_type t JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace) ON t.oid = p.prorettype AND p.prokind <> 'p'
WHERE $MAY_CALL

@view information_schema.parameters
specific_catalog n, specific_schema n, specific_name n, ordinal_position i, parameter_mode c, is_result y, as_locator y, parameter_name n, data_type c,
$SIZE_COLUMNS, udt_catalog n, udt_schema n, udt_name n, scope_catalog n, scope_schema n, scope_name n, maximum_cardinality i, dtd_identifier n,
parameter_default c
SELECT $ROUTINE(specific_), x.n AS ordinal_position,
CASE coalesce(p.proargmodes[x.n], 'i') WHEN 'i' THEN 'IN' WHEN 'o' THEN 'OUT' WHEN 'b' THEN 'INOUT' WHEN 'v' THEN 'IN' WHEN 't' THEN 'OUT' END AS parameter_mode,
'NO' AS is_result, 'NO' AS as_locator, nullif(p.proargnames[x.n], '') AS parameter_name,
CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN tn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.oid, NULL) ELSE 'USER-DEFINED' END AS data_type,
$DB AS udt_catalog, tn.nspname AS udt_schema, t.typname AS udt_name, x.n::text AS dtd_identifier,
CASE WHEN pg_catalog.pg_has_role(p.proowner, 'USAGE') THEN pg_catalog.pg_get_function_arg_default(p.oid, x.n::int4) END AS parameter_default
FROM $ROUTINES CROSS JOIN LATERAL pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY x (typ, n)
JOIN pg_catalog.pg_type t ON t.oid = x.typ JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
WHERE $MAY_CALL

@view information_schema.user_defined_types
user_defined_type_catalog n, user_defined_type_schema n, user_defined_type_name n, user_defined_type_category c, is_instantiable y, is_final y,
ordering_form c, ordering_category c, ordering_routine_catalog n, ordering_routine_schema n, ordering_routine_name n, reference_type c, data_type c,
$SIZE_COLUMNS, source_dtd_identifier n, ref_dtd_identifier n
SELECT $DB AS user_defined_type_catalog, n.nspname AS user_defined_type_schema, c.relname AS user_defined_type_name,
'STRUCTURED' AS user_defined_type_category, 'YES' AS is_instantiable
FROM $RELATIONS JOIN pg_catalog.pg_type t ON t.oid = c.reltype
WHERE c.relkind = 'c' AND (pg_catalog.pg_has_role(t.typowner, 'USAGE') OR pg_catalog.has_type_privilege(t.oid, 'USAGE'))

@define ELEMENT_COLUMNS
object_catalog n, object_schema n, object_name n, object_type c, collection_type_identifier n, data_type c, $SIZE_COLUMNS, domain_default c,
udt_catalog n, udt_schema n, udt_name n, scope_catalog n, scope_schema n, scope_name n, maximum_cardinality i, dtd_identifier n
@define DESCRIBED
SELECT n.nspname AS nsp, c.relname::text AS object_name, CASE WHEN c.relkind = 'c' THEN 'USER-DEFINED TYPE' ELSE 'TABLE' END AS object_type, a.attnum::int4 AS number, a.atttypid AS typ
FROM $RELATIONS JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid WHERE c.relkind IN ('r', 'v', 'f', 'c', 'p') AND a.attnum > 0 AND NOT a.attisdropped
AND $MAY_USE(c)
UNION ALL SELECT n.nspname, t.typname::text, 'DOMAIN', 1, t.typbasetype FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd'
UNION ALL SELECT n.nspname, p.proname::text || '_' || p.oid::text, 'ROUTINE', x.n::int4, x.typ
FROM $ROUTINES CROSS JOIN LATERAL pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY x (typ, n) WHERE $MAY_CALL
UNION ALL SELECT n.nspname, p.proname::text || '_' || p.oid::text, 'ROUTINE', CASE WHEN p.prokind <> 'p' THEN 0 END, p.prorettype FROM $ROUTINES WHERE $MAY_CALL

@view information_schema.data_type_privileges
object_catalog n, object_schema n, object_name n, object_type c, dtd_identifier n
SELECT $DB AS object_catalog, o.nsp AS object_schema, o.object_name AS object_name, o.object_type AS object_type, o.number::text AS dtd_identifier FROM ($DESCRIBED) o

@view information_schema.element_types
$ELEMENT_COLUMNS
SELECT $DB AS object_catalog, o.nsp AS object_schema, o.object_name AS object_name, o.object_type AS object_type, o.number::text AS collection_type_identifier,
CASE WHEN en.nspname = 'pg_catalog' THEN pg_catalog.format_type(e.oid, NULL) ELSE 'USER-DEFINED' END AS data_type,
$DB AS udt_catalog, en.nspname AS udt_schema, e.typname AS udt_name, ('a' || o.number::text) AS dtd_identifier
FROM ($DESCRIBED) o JOIN pg_catalog.pg_type t ON t.oid = o.typ AND t.typelem <> 0 AND t.typlen = -1
JOIN pg_catalog.pg_type e ON e.oid = t.typelem JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace

@view information_schema.character_sets
character_set_catalog n, character_set_schema n, character_set_name n, character_repertoire n, form_of_use n, default_collate_catalog n,
default_collate_schema n, default_collate_name n
SELECT pg_catalog.getdatabaseencoding() AS character_set_name, CASE WHEN pg_catalog.getdatabaseencoding() = 'UTF8' THEN 'UCS' ELSE pg_catalog.getdatabaseencoding() END AS character_repertoire,
pg_catalog.getdatabaseencoding() AS form_of_use, $DB AS default_collate_catalog, k.nspname AS default_collate_schema, k.collname AS default_collate_name
FROM pg_catalog.pg_database d LEFT JOIN (SELECT n.nspname, c.collname, c.collcollate, c.collctype FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace WHERE c.collprovider = 'c') k ON k.collcollate = d.datcollate AND k.collctype = d.datctype
WHERE d.datname = $DB ORDER BY pg_catalog.length(k.collname::text) DESC, k.collname LIMIT 1

@view information_schema.collations
collation_catalog n, collation_schema n, collation_name n, pad_attribute c
SELECT $DB AS collation_catalog, n.nspname AS collation_schema, k.collname AS collation_name, 'NO PAD' AS pad_attribute
FROM pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace n ON n.oid = k.collnamespace WHERE k.collencoding IN (-1, 6)

@view information_schema.collation_character_set_applicability
collation_catalog n, collation_schema n, collation_name n, character_set_catalog n, character_set_schema n, character_set_name n
SELECT $DB AS collation_catalog, n.nspname AS collation_schema, k.collname AS collation_name, pg_catalog.getdatabaseencoding() AS character_set_name
FROM pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace n ON n.oid = k.collnamespace WHERE k.collencoding IN (-1, 6)

@view information_schema.enabled_roles
role_name n
SELECT r.rolname AS role_name FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role(r.oid, 'USAGE')

@view information_schema.applicable_roles
grantee n, role_name n, is_grantable y
SELECT g.rolname AS grantee, r.rolname AS role_name, $YES(m.admin_option) AS is_grantable
FROM (SELECT member, roleid, admin_option FROM pg_catalog.pg_auth_members UNION SELECT 10, oid, false FROM pg_catalog.pg_roles WHERE rolname = 'pg_database_owner') m
JOIN pg_catalog.pg_roles g ON g.oid = m.member JOIN pg_catalog.pg_roles r ON r.oid = m.roleid WHERE pg_catalog.pg_has_role(g.oid, 'USAGE')

@view information_schema.administrable_role_authorizations
grantee n, role_name n, is_grantable y
SELECT a.grantee AS grantee, a.role_name AS role_name, a.is_grantable AS is_grantable FROM information_schema.applicable_roles a WHERE a.is_grantable = 'YES'

-- Privileges g of an object: by whom (gr) to whom (ge).
@define GRANTED(acl, words)
CROSS JOIN LATERAL pg_catalog.aclexplode($acl) g JOIN pg_catalog.pg_roles gr ON gr.oid = g.grantor
JOIN (SELECT oid, rolname FROM pg_catalog.pg_roles UNION ALL SELECT 0::oid, 'PUBLIC') ge ON ge.oid = g.grantee
WHERE g.privilege_type IN $words AND (pg_catalog.pg_has_role(gr.oid, 'USAGE') OR ge.rolname = 'PUBLIC' OR pg_catalog.pg_has_role(ge.oid, 'USAGE'))
@define WHO(owner)
gr.rolname AS grantor, ge.rolname AS grantee, g.privilege_type AS privilege_type,
$YES(g.is_grantable OR (ge.oid <> 0 AND pg_catalog.pg_has_role(ge.oid, $owner, 'USAGE'))) AS is_grantable
@define ROLE_GRANT(view)
SELECT p.* FROM information_schema.$view p WHERE p.grantor IN (SELECT role_name FROM information_schema.enabled_roles)
OR p.grantee IN (SELECT role_name FROM information_schema.enabled_roles)

@view information_schema.table_privileges
grantor n, grantee n, table_catalog n, table_schema n, table_name n, privilege_type c, is_grantable y, with_hierarchy y
SELECT $WHO(c.relowner), $DB AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, $YES(g.privilege_type = 'SELECT') AS with_hierarchy
FROM $RELATIONS
$GRANTED(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)), ('INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'))
AND c.relkind IN ('r', 'v', 'f', 'p')
@view information_schema.role_table_grants
$ROLE_GRANT(table_privileges)

@view information_schema.column_privileges
grantor n, grantee n, table_catalog n, table_schema n, table_name n, column_name n, privilege_type c, is_grantable y
SELECT DISTINCT $WHO(c.relowner), $DB AS table_catalog, c.nspname AS table_schema, c.relname AS table_name, c.attname AS column_name
FROM (SELECT n.nspname, c.relname, c.relowner, a.attname, coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)) AS acl
FROM $RELATIONS JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT n.nspname, c.relname, c.relowner, a.attname, a.attacl FROM $RELATIONS JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL) c
$GRANTED(c.acl, ('INSERT', 'SELECT', 'UPDATE', 'REFERENCES'))
@view information_schema.role_column_grants
$ROLE_GRANT(column_privileges)

@view information_schema.routine_privileges
grantor n, grantee n, specific_catalog n, specific_schema n, specific_name n, routine_catalog n, routine_schema n, routine_name n, privilege_type c, is_grantable y
SELECT $WHO(p.proowner), $ROUTINE(specific_), $DB AS routine_catalog, n.nspname AS routine_schema, p.proname AS routine_name
FROM $ROUTINES $GRANTED(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)), ('EXECUTE'))
@view information_schema.role_routine_grants
$ROLE_GRANT(routine_privileges)

@view information_schema.udt_privileges
grantor n, grantee n, udt_catalog n, udt_schema n, udt_name n, privilege_type c, is_grantable y
SELECT gr.rolname AS grantor, ge.rolname AS grantee, 'TYPE USAGE' AS privilege_type, $YES(g.is_grantable OR (ge.oid <> 0 AND pg_catalog.pg_has_role(ge.oid, t.typowner, 'USAGE'))) AS is_grantable,
$DB AS udt_catalog, n.nspname AS udt_schema, t.typname AS udt_name
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
$GRANTED(coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)), ('USAGE')) AND t.typtype = 'c'
@view information_schema.role_udt_grants
$ROLE_GRANT(udt_privileges)

@view information_schema.usage_privileges
grantor n, grantee n, object_catalog n, object_schema n, object_name n, object_type c, privilege_type c, is_grantable y
SELECT u.rolname AS grantor, 'PUBLIC' AS grantee, $DB AS object_catalog, n.nspname AS object_schema, k.collname AS object_name,
'COLLATION' AS object_type, 'USAGE' AS privilege_type, 'NO' AS is_grantable
FROM pg_catalog.pg_roles u JOIN pg_catalog.pg_collation k ON u.oid = k.collowner JOIN pg_catalog.pg_namespace n ON n.oid = k.collnamespace WHERE k.collencoding IN (-1, 6)
UNION ALL SELECT q.grantor, q.grantee, $DB, q.nspname, q.name, q.kind, q.privilege_type, q.is_grantable FROM (SELECT $WHO(t.typowner), n.nspname, t.typname AS name, 'DOMAIN' AS kind
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
$GRANTED(coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)), ('USAGE')) AND t.typtype = 'd') q
UNION ALL SELECT q.grantor, q.grantee, $DB, q.nspname, q.name, q.kind, q.privilege_type, q.is_grantable FROM (SELECT $WHO(c.relowner), n.nspname, c.relname AS name, 'SEQUENCE' AS kind
FROM $RELATIONS $GRANTED(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)), ('USAGE')) AND c.relkind = 'S') q
@view information_schema.role_usage_grants
$ROLE_GRANT(usage_privileges)

-- There is nothing foreign, and there are no transforms.
@view information_schema.transforms
udt_catalog n, udt_schema n, udt_name n, specific_catalog n, specific_schema n, specific_name n, group_name n, transform_type c
SELECT 1 WHERE false
@view information_schema.foreign_data_wrappers
foreign_data_wrapper_catalog n, foreign_data_wrapper_name n, authorization_identifier n, library_name c, foreign_data_wrapper_language c
SELECT 1 WHERE false
@view information_schema.foreign_data_wrapper_options
foreign_data_wrapper_catalog n, foreign_data_wrapper_name n, option_name n, option_value c
SELECT 1 WHERE false
@view information_schema.foreign_servers
foreign_server_catalog n, foreign_server_name n, foreign_data_wrapper_catalog n, foreign_data_wrapper_name n, foreign_server_type c,
foreign_server_version c, authorization_identifier n
SELECT 1 WHERE false
@view information_schema.foreign_server_options
foreign_server_catalog n, foreign_server_name n, option_name n, option_value c
SELECT 1 WHERE false
@view information_schema.foreign_tables
foreign_table_catalog n, foreign_table_schema n, foreign_table_name n, foreign_server_catalog n, foreign_server_name n
SELECT 1 WHERE false
@view information_schema.foreign_table_options
foreign_table_catalog n, foreign_table_schema n, foreign_table_name n, option_name n, option_value c
SELECT 1 WHERE false
@view information_schema.column_options
table_catalog n, table_schema n, table_name n, column_name n, option_name n, option_value c
SELECT 1 WHERE false
@view information_schema.user_mappings
authorization_identifier n, foreign_server_catalog n, foreign_server_name n
SELECT 1 WHERE false
@view information_schema.user_mapping_options
authorization_identifier n, foreign_server_catalog n, foreign_server_name n, option_name n, option_value c
SELECT 1 WHERE false
