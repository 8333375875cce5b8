/*
 * The expression half of the analyser against PostgreSQL 15: types of expressions as \gdesc shows them, and SQLSTATE, position and
 * message of what it rejects.
 */
#include "sql/expr.h"
#include "sql/plan_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka wants the headers above first */
#include <cmocka.h>

static const struct {
	const char *expr, *type;
} typed[] = {
	{ "1", "integer" },
	{ "2147483648", "bigint" },
	{ "9223372036854775808", "numeric" },
	{ "-9223372036854775808", "bigint" },
	{ "1.5", "numeric" },
	{ "1e10", "numeric" },
	{ "'abc'", "text" },
	{ "null", "text" },
	{ "true", "boolean" },
	{ "1+1", "integer" },
	{ "1+1.5", "numeric" },
	{ "1+2147483648", "bigint" },
	{ "1/2.0", "numeric" },
	{ "2^10", "double precision" },
	{ "'1'+1", "integer" },
	{ "1+'1'", "integer" },
	{ "'a'||'b'", "text" },
	{ "'a'||1", "text" },
	{ "1||'a'", "text" },
	{ "'2020-01-01'::date+1", "date" },
	{ "'2020-01-01'::date-'2020-01-02'", "integer" },
	{ "'2020-01-01'::date+'1 day'::interval", "timestamp without time zone" },
	{ "now()-interval '1 day'", "timestamp with time zone" },
	{ "now()-now()", "interval" },
	{ "current_date", "date" },
	{ "current_timestamp", "timestamp with time zone" },
	{ "current_time(3)", "time(3) with time zone" },
	{ "localtimestamp(2)", "timestamp(2) without time zone" },
	{ "localtime", "time without time zone" },
	{ "current_user", "name" },
	{ "current_schema", "name" },
	{ "now()::date - 1", "date" },
	{ "interval '1 day' * 2", "interval" },
	{ "interval '1 day' * 1.5", "interval" },
	{ "interval '1 hour' / 2", "interval" },
	{ "date '2020-01-01' + time '10:00'", "timestamp without time zone" },
	{ "extract(year from now())", "numeric" },
	{ "date_part('year', now())", "double precision" },
	{ "date_trunc('day', now())", "timestamp with time zone" },
	{ "age(now())", "interval" },
	{ "length('abc')", "integer" },
	{ "upper('a')", "text" },
	{ "lower('A'::varchar)", "text" },
	{ "substring('abc' from 2 for 1)", "text" },
	{ "substring('abc' from 'b')", "text" },
	{ "trim(both ' ' from ' a ')", "text" },
	{ "position('a' in 'ba')", "integer" },
	{ "overlay('abc' placing 'x' from 2)", "text" },
	{ "coalesce(null,1)", "integer" },
	{ "coalesce(1,2.5)", "numeric" },
	{ "coalesce('a',null)", "text" },
	{ "coalesce(null,'x'::varchar)", "character varying" },
	{ "greatest(1,2.5,3)", "numeric" },
	{ "least('a','b')", "text" },
	{ "nullif(1,2)", "integer" },
	{ "nullif('a','b')", "text" },
	{ "case when true then 1 else 2.5 end", "numeric" },
	{ "case 1 when 1 then 'a' end", "text" },
	{ "case when true then null else now() end", "timestamp with time zone" },
	{ "case when false then 1::int2 else 2::int8 end", "bigint" },
	{ "array[1,2,3]", "integer[]" },
	{ "array[1,2.5]", "numeric[]" },
	{ "array['a','b']", "text[]" },
	{ "array[1,null]", "integer[]" },
	{ "array[[1,2],[3,4]]", "integer[]" },
	{ "array[]::int[]", "integer[]" },
	{ "'{1,2}'::int[]", "integer[]" },
	{ "'{1,2}'::int[] || 3", "integer[]" },
	{ "3 || '{1,2}'::int[]", "integer[]" },
	{ "array[1]||array[2]", "integer[]" },
	{ "(array[1,2])[1]", "integer" },
	{ "(array[1,2])[1:2]", "integer[]" },
	{ "array_append(array[1],2)", "integer[]" },
	{ "array_length(array[1],1)", "integer" },
	{ "1 = any(array[1,2])", "boolean" },
	{ "1 = any('{1,2}')", "boolean" },
	{ "'a' = any('{a,b}'::text[])", "boolean" },
	{ "1 < all(array[1,2])", "boolean" },
	{ "1 in (1,2,3)", "boolean" },
	{ "1 in (1,2.5)", "boolean" },
	{ "'a' in ('a','b')", "boolean" },
	{ "1 not in (1,2)", "boolean" },
	{ "(1,2) in ((1,2),(3,4))", "boolean" },
	{ "row(1,2) = row(1,2)", "boolean" },
	{ "row(1,2) < row(1,3)", "boolean" },
	{ "(1,'a') <> (2,'b')", "boolean" },
	{ "1 between 0 and 2", "boolean" },
	{ "1 not between 0 and 2.5", "boolean" },
	{ "1 between symmetric 2 and 0", "boolean" },
	{ "1 is distinct from 2", "boolean" },
	{ "null is distinct from 1", "boolean" },
	{ "1 is not distinct from 2.5", "boolean" },
	{ "1 is null", "boolean" },
	{ "'x' is not null", "boolean" },
	{ "true is true", "boolean" },
	{ "null is unknown", "boolean" },
	{ "not true", "boolean" },
	{ "true and null", "boolean" },
	{ "'abc' like 'a%'", "boolean" },
	{ "'abc' ilike 'A%'", "boolean" },
	{ "'abc' not like 'a%' escape '\\'", "boolean" },
	{ "'abc' similar to 'a%'", "boolean" },
	{ "'abc' ~ 'b'", "boolean" },
	{ "'abc' ~* 'B'", "boolean" },
	{ "'abc' operator(pg_catalog.~) 'b'", "boolean" },
	{ "'abc' collate \"C\"", "text" },
	{ "'abc' collate pg_catalog.\"default\"", "text" },
	{ "1::int8", "bigint" },
	{ "'1'::int4", "integer" },
	{ "'1.5'::numeric(5,2)", "numeric(5,2)" },
	{ "1.5::int", "integer" },
	{ "'abc'::varchar(2)", "character varying(2)" },
	{ "'abc'::char(5)", "character(5)" },
	{ "'abc'::text", "text" },
	{ "1::text", "text" },
	{ "1::varchar", "character varying" },
	{ "true::text", "text" },
	{ "'true'::bool", "boolean" },
	{ "'12'::text::int", "integer" },
	{ "1::bool", "boolean" },
	{ "1::numeric(10,2)", "numeric(10,2)" },
	{ "'2020-01-01 00:00:00'::timestamp(3)", "timestamp(3) without time zone" },
	{ "'2020-01-01'::timestamptz", "timestamp with time zone" },
	{ "'{\"a\":1}'::json", "json" },
	{ "'{\"a\":1}'::jsonb", "jsonb" },
	{ "'{\"a\":1}'::json->'a'", "json" },
	{ "'{\"a\":1}'::jsonb->>'a'", "text" },
	{ "'{\"a\":1}'::jsonb @> '{\"a\":1}'", "boolean" },
	{ "'{\"a\":1}'::jsonb #> '{a}'", "jsonb" },
	{ "'{\"a\":1}'::jsonb - 'a'", "jsonb" },
	{ "'{\"a\":1}'::jsonb ? 'a'", "boolean" },
	{ "jsonb_build_object('a',1)", "jsonb" },
	{ "json_build_array(1,'a')", "json" },
	{ "to_json(1)", "json" },
	{ "to_jsonb('a'::text)", "jsonb" },
	{ "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "uuid" },
	{ "gen_random_uuid()", "uuid" },
	{ "'\\x00'::bytea", "bytea" },
	{ "encode('\\x00'::bytea,'hex')", "text" },
	{ "md5('a')", "text" },
	{ "concat('a',1,null)", "text" },
	{ "concat_ws(',','a',1)", "text" },
	{ "format('%s',1)", "text" },
	{ "to_char(now(),'YYYY')", "text" },
	{ "to_char(1,'9')", "text" },
	{ "to_date('2020','YYYY')", "date" },
	{ "to_timestamp(1)", "timestamp with time zone" },
	{ "to_number('1','9')", "numeric" },
	{ "round(1.5)", "numeric" },
	{ "round(1.5,1)", "numeric" },
	{ "round(1.5::float8)", "double precision" },
	{ "round(2)", "double precision" },
	{ "ceil(1.5)", "numeric" },
	{ "floor(1.5::float8)", "double precision" },
	{ "abs(-1)", "integer" },
	{ "abs(-1.5)", "numeric" },
	{ "mod(5,2)", "integer" },
	{ "power(2,3)", "double precision" },
	{ "power(2.0,3)", "numeric" },
	{ "sqrt(2)", "double precision" },
	{ "sqrt(2.0)", "numeric" },
	{ "random()", "double precision" },
	{ "pi()", "double precision" },
	{ "sign(-1)", "double precision" },
	{ "trunc(1.5)", "numeric" },
	{ "trunc(1.567,2)", "numeric" },
	{ "ln(2.0)", "numeric" },
	{ "exp(1)", "double precision" },
	{ "5 % 3", "integer" },
	{ "5::int2 % 3", "integer" },
	{ "5::int2 + 3::int2", "smallint" },
	{ "5::int2 * 3", "integer" },
	{ "5::int8 / 3", "bigint" },
	{ "5.0 % 3", "numeric" },
	{ "1 << 2", "integer" },
	{ "~1", "integer" },
	{ "- 1.5", "numeric" },
	{ "@ -1", "integer" },
	{ "|/ 4", "double precision" },
	{ "1::float4+1::float8", "double precision" },
	{ "1::float4+1", "double precision" },
	{ "1::float4*2.5", "double precision" },
	{ "1::int2 = 1::int8", "boolean" },
	{ "1 = 1.5", "boolean" },
	{ "'a' = 'b'", "boolean" },
	{ "'a' < 'b'::varchar", "boolean" },
	{ "'a'::char(3) = 'a'", "boolean" },
	{ "now() > '2020-01-01'", "boolean" },
	{ "now() at time zone 'UTC'", "timestamp without time zone" },
	{ "timestamp '2020-01-01' at time zone 'UTC'", "timestamp with time zone" },
	{ "timezone('UTC', now())", "timestamp without time zone" },
	{ "make_date(2020,1,1)", "date" },
	{ "make_interval(days => 1)", "interval" },
	{ "make_interval(1,2)", "interval" },
	{ "generate_series(1,3)", "integer" },
	{ "generate_series(1,3::int8)", "bigint" },
	{ "generate_series(now(),now(),'1 day')", "timestamp with time zone" },
	{ "unnest(array[1,2])", "integer" },
	{ "unnest(array['a'])", "text" },
	{ "string_to_array('a,b',',')", "text[]" },
	{ "array_to_string(array[1],',')", "text" },
	{ "regexp_replace('a','b','c')", "text" },
	{ "regexp_matches('a','b')", "text[]" },
	{ "split_part('a,b',',',1)", "text" },
	{ "lpad('a',3)", "text" },
	{ "lpad('a',3,'x')", "text" },
	{ "left('abc',1)", "text" },
	{ "repeat('a',3)", "text" },
	{ "replace('a','b','c')", "text" },
	{ "reverse('abc')", "text" },
	{ "strpos('abc','b')", "integer" },
	{ "ascii('a')", "integer" },
	{ "chr(65)", "text" },
	{ "quote_ident('a')", "text" },
	{ "quote_literal(1)", "text" },
	{ "count(*)", "bigint" },
	{ "count(1)", "bigint" },
	{ "sum(1)", "bigint" },
	{ "sum(1::int8)", "numeric" },
	{ "sum(1.5)", "numeric" },
	{ "sum(1::float8)", "double precision" },
	{ "avg(1)", "numeric" },
	{ "avg(1::float8)", "double precision" },
	{ "min(1)", "integer" },
	{ "max('a'::text)", "text" },
	{ "max('a')", "text" },
	{ "max(now())", "timestamp with time zone" },
	{ "string_agg('a',',')", "text" },
	{ "array_agg(1)", "integer[]" },
	{ "array_agg('a'::text)", "text[]" },
	{ "bool_and(true)", "boolean" },
	{ "json_agg(1)", "json" },
	{ "jsonb_object_agg('a',1)", "jsonb" },
	{ "stddev(1)", "numeric" },
	{ "count(distinct 1)", "bigint" },
	{ "sum(1) filter (where true)", "bigint" },
	{ "row_number() over ()", "bigint" },
	{ "rank() over (order by 1)", "bigint" },
	{ "lag(1) over ()", "integer" },
	{ "lag('a'::text,1) over ()", "text" },
	{ "lead(1,1,2.5) over ()", "numeric" },
	{ "first_value(1.5) over ()", "numeric" },
	{ "sum(1) over ()", "bigint" },
	{ "ntile(2) over ()", "integer" },
	{ "percent_rank() over ()", "double precision" },
	{ "int4('5')", "integer" },
	{ "text(1)", "text" },
	{ "date('2020-01-01')", "date" },
	{ "float8(1)", "double precision" },
	{ "bool('t')", "boolean" },
	{ "'pg_class'::regclass", "regclass" },
	{ "'int4'::regtype", "regtype" },
	{ "'pg_catalog'::regnamespace", "regnamespace" },
	{ "'now'::regproc", "regproc" },
	{ "1259::regclass", "regclass" },
	{ "'pg_class'::regclass::text", "text" },
	{ "'pg_class'::regclass::oid", "oid" },
	{ "1259::oid = 'pg_class'::regclass", "boolean" },
	{ "pg_typeof(1)", "regtype" },
	{ "version()", "text" },
	{ "current_setting('a')", "text" },
	{ "set_config('a','b',false)", "text" },
	{ "pg_backend_pid()", "integer" },
	{ "obj_description(1)", "text" },
	{ "col_description(1,1)", "text" },
	{ "format_type(23,-1)", "text" },
	{ "has_table_privilege('a','b')", "boolean" },
	{ "lastval()", "bigint" },
	{ "1 is not null and 2 > 1", "boolean" },
	{ "1 = 1 or 2 = 2", "boolean" },
	{ "pg_sleep(1)", "void" },
	{ "row(1,'a')", "record" },
	{ "array[row(1,2)]", "record[]" },
	{ "'a'::name", "name" },
	{ "'a'::name = 'b'", "boolean" },
	{ "'a'::name || 'b'", "text" },
	{ "'a'::\"char\"", "\"char\"" },
	{ "1::oid", "oid" },
	{ "1::oid = 5", "boolean" },
	{ "'1 day'::interval(3)", "interval(3)" },
	{ "jsonb_set('{}'::jsonb,'{a}','1')", "jsonb" },
	{ "jsonb_set('{}','{a}','1',true)", "jsonb" },
	{ "width_bucket(1.0,0.0,5.0,3)", "integer" },
	{ "isfinite(now())", "boolean" },
	{ "justify_days('1 day'::interval)", "interval" },
	{ "array_position(array[1,2],2)", "integer" },
	{ "array_remove(array[1,2],2)", "integer[]" },
	{ "array_cat(array[1],array[2])", "integer[]" },
	{ "array_fill(0,array[2])", "integer[]" },
	{ "cardinality(array[1])", "integer" },
	{ "array[1,2] @> array[1]", "boolean" },
	{ "array[1,2] && array[1.5::int]", "boolean" },
	{ "array[1]::text[]", "text[]" },
	{ "array[1]::varchar(3)[]", "character varying(3)[]" },
	{ "'{a}'::varchar(3)[]", "character varying(3)[]" },
	{ "to_hex(255)", "text" },
	{ "translate('a','b','c')", "text" },
	{ "starts_with('a','b')", "boolean" },
	{ "initcap('a')", "text" },
	{ "octet_length('a')", "integer" },
	{ "bit_length('a')", "integer" },
	{ "char_length('a')", "integer" },
	{ "clock_timestamp()", "timestamp with time zone" },
	{ "statement_timestamp()", "timestamp with time zone" },
	{ "timeofday()", "text" },
	{ "num_nulls(1,2)", "integer" },
	{ "1 + null", "integer" },
	{ "null || 'a'", "text" },
	{ "generate_series(1,2) + 1", "integer" },
	{ "max(max(1)) over ()", "integer" },
	{ "'{1,2}'::int[] = '{1,2}'", "boolean" },
	{ "'a' < 'b'", "boolean" },
	{ "current_date - 1 > '2020-01-01'", "boolean" },
	{ "'a' || null || 1", "text" },
	{ "1.0 / 3", "numeric" },
	{ "'{}'::jsonb -> 1 -> 'a'", "jsonb" },
	{ "date_part('epoch', now() - now())", "double precision" },
	{ "5 / 2::numeric", "numeric" },
	{ "'x'::char = 'x'", "boolean" },
	{ "to_char(now(), 'a')::int", "integer" },
	{ "not null", "boolean" },
	{ "- null::int", "integer" },
	{ "sum(null::int)", "bigint" },
	{ "max(null)", "text" },
	{ "count(null)", "bigint" },
	{ "coalesce(null, null)", "text" },
	{ "case when null then null end", "text" },
	{ "nullif(null, null)", "text" },
	{ "greatest('a', null)", "text" },
};

static const struct {
	const char *expr, *code;
	int position; /* in "select " and the expression */
	const char *message;
} wrong[] = {
	{ "-'1'", "42725", 8, "operator is not unique: - unknown" },
	{ "nextval('s')", "42P01", 16, "relation \"s\" does not exist" },
	{ "currval('s')", "42P01", 16, "relation \"s\" does not exist" },
	{ "null + null", "42725", 13, "operator is not unique: unknown + unknown" },
	{ "-null", "42725", 8, "operator is not unique: - unknown" },
	{ "1 + 'a'", "22P02", 12, "invalid input syntax for type integer: \"a\"" },
	{ "1 || 2", "42883", 10, "operator does not exist: integer || integer" },
	{ "'a'::text + 1", "42883", 18, "operator does not exist: text + integer" },
	{ "true + 1", "42883", 13, "operator does not exist: boolean + integer" },
	{ "1 = 'a'", "22P02", 12, "invalid input syntax for type integer: \"a\"" },
	{ "1 = true", "42883", 10, "operator does not exist: integer = boolean" },
	{ "now() + 1", "42883", 14, "operator does not exist: timestamp with time zone + integer" },
	{ "current_date + now()", "42883", 21, "operator does not exist: date + timestamp with time zone" },
	{ "not 1", "42804", 12, "argument of NOT must be type boolean, not type integer" },
	{ "1 and true", "42804", 8, "argument of AND must be type boolean, not type integer" },
	{ "true or 'x'::text", "42804", 16, "argument of OR must be type boolean, not type text" },
	{ "case when 1 then 2 end", "42804", 18, "argument of CASE/WHEN must be type boolean, not type integer" },
	{ "case when true then 1 else 'a' end", "22P02", 35, "invalid input syntax for type integer: \"a\"" },
	{ "case when true then 1 else true end", "42804", 28, "CASE types boolean and integer cannot be matched" },
	{ "case 1 when 'a' then 2 end", "22P02", 20, "invalid input syntax for type integer: \"a\"" },
	{ "coalesce(1, true)", "42804", 20, "COALESCE types integer and boolean cannot be matched" },
	{ "greatest(1, 'a'::text)", "42804", 20, "GREATEST types integer and text cannot be matched" },
	{ "nullif(1, true)", "42883", 8, "operator does not exist: integer = boolean" },
	{ "array[1, true]", "42804", 17, "ARRAY types integer and boolean cannot be matched" },
	{ "array[1, 'a']", "22P02", 17, "invalid input syntax for type integer: \"a\"" },
	{ "array[]", "42P18", 8, "cannot determine type of empty array" },
	{ "1 in (1, true)", "42883", 10, "operator does not exist: integer = boolean" },
	{ "1 in ('a', 2)", "22P02", 14, "invalid input syntax for type integer: \"a\"" },
	{ "'a'::text in (1)", "42883", 18, "operator does not exist: text = integer" },
	{ "1 between 'a' and 2", "22P02", 18, "invalid input syntax for type integer: \"a\"" },
	{ "(1,2) = (1,2,3)", "42601", 14, "unequal number of entries in row expressions" },
	{ "row(1,2) < row(1,'a')", "22P02", 25, "invalid input syntax for type integer: \"a\"" },
	{ "foo(1)", "42883", 8, "function foo(integer) does not exist" },
	{ "lower(1)", "42883", 8, "function lower(integer) does not exist" },
	{ "lower('a', 'b')", "42883", 8, "function lower(unknown, unknown) does not exist" },
	{ "length(1)", "42883", 8, "function length(integer) does not exist" },
	{ "abs('a'::text)", "42883", 8, "function abs(text) does not exist" },
	{ "nosuch.foo(1)", "3F000", 8, "schema \"nosuch\" does not exist" },
	{ "substring(1 from 2)", "42883", 8, "function pg_catalog.substring(integer, integer) does not exist" },
	{ "upper(true)", "42883", 8, "function upper(boolean) does not exist" },
	{ "'abc'::int", "22P02", 8, "invalid input syntax for type integer: \"abc\"" },
	{ "'1.5'::int", "22P02", 8, "invalid input syntax for type integer: \"1.5\"" },
	{ "'99999999999'::int", "22003", 8, "value \"99999999999\" is out of range for type integer" },
	{ "'abc'::date", "22007", 8, "invalid input syntax for type date: \"abc\"" },
	{ "'abc'::bool", "22P02", 8, "invalid input syntax for type boolean: \"abc\"" },
	{ "'x'::uuid", "22P02", 8, "invalid input syntax for type uuid: \"x\"" },
	{ "'{'::json", "22P02", 8, "invalid input syntax for type json" },
	{ "1::date", "42846", 9, "cannot cast type integer to date" },
	{ "true::date", "42846", 12, "cannot cast type boolean to date" },
	{ "now()::int", "42846", 13, "cannot cast type timestamp with time zone to integer" },
	{ "'a'::nosuch", "42704", 13, "type \"nosuch\" does not exist" },
	{ "1::numeric(0)", "22023", 11, "NUMERIC precision 0 must be between 1 and 1000" },
	{ "'a'::varchar(0)", "22023", 13, "length for type varchar must be at least 1" },
	{ "'a'::int(4)", "42601", 16, "syntax error at or near \"(\"" },
	{ "'nosuch'::regclass", "42P01", 8, "relation \"nosuch\" does not exist" },
	{ "'nosuch'::regtype", "42704", 8, "type \"nosuch\" does not exist" },
	{ "'nosuch'::regnamespace", "3F000", 8, "schema \"nosuch\" does not exist" },
	{ "1 like 'a'", "42883", 10, "operator does not exist: integer ~~ unknown" },
	{ "1 ~ 'a'", "42883", 10, "operator does not exist: integer ~ unknown" },
	{ "sum('a'::text)", "42883", 8, "function sum(text) does not exist" },
	{ "sum(sum(1))", "42803", 12, "aggregate function calls cannot be nested" },
	{ "count()", "42809", 8, "count(*) must be used to call a parameterless aggregate function" },
	{ "lower(*)", "42883", 8, "function lower() does not exist" },
	{ "lower(distinct 'a')", "42809", 8, "DISTINCT specified, but lower is not an aggregate function" },
	{ "lower('a' order by 1)", "42809", 8, "ORDER BY specified, but lower is not an aggregate function" },
	{ "lower('a') filter (where true)", "42809", 8, "FILTER specified, but lower is not an aggregate function" },
	{ "lower('a') over ()", "42809", 8, "OVER specified, but lower is not a window function nor an aggregate function" },
	{ "row_number()", "42809", 8, "window function row_number requires an OVER clause" },
	{ "max(1) filter (where 1)", "42804", 29, "argument of FILTER must be type boolean, not type integer" },
	{ "sum(row_number() over ())", "42803", 12, "aggregate function calls cannot contain window function calls" },
	{ "row_number() over (order by rank() over ())", "42P20", 36, "window functions are not allowed in window definitions" },
	{ "(1)[1]", "42804", 9, "cannot subscript type integer because it does not support subscripting" },
	{ "('a'::text)[1]", "42804", 9, "cannot subscript type text because it does not support subscripting" },
	{ "(array[1])['a']", "22P02", 19, "invalid input syntax for type integer: \"a\"" },
	{ "(array[1])[now()]", "42804", 19, "array subscript must have type integer" },
	{ "1 = any(1)", "42809", 10, "op ANY/ALL (array) requires array on right side" },
	{ "1 = any(array['a','b'])", "42883", 10, "operator does not exist: integer = text" },
	{ "1 = all(array[true])", "42883", 10, "operator does not exist: integer = boolean" },
	{ "1 collate \"C\"", "42804", 10, "collations are not supported by type integer" },
	{ "'a' collate \"en_US\"", "42704", 12, "collation \"en_US\" for encoding \"UTF8\" does not exist" },
	{ "1 is true", "42804", 8, "argument of IS TRUE must be type boolean, not type integer" },
	{ "'a' is unknown", "22P02", 8, "invalid input syntax for type boolean: \"a\"" },
	{ "date_trunc('day', 1)", "42883", 8, "function date_trunc(unknown, integer) does not exist" },
	{ "round('a'::text, 1)", "42883", 8, "function round(text, integer) does not exist" },
	{ "jsonb_set(x => 1)", "42883", 8, "function jsonb_set(x => integer) does not exist" },
	{ "make_interval(days => 1, days => 2)", "42601", 33, "argument name \"days\" used more than once" },
	{ "make_interval(days => 1, 2)", "42601", 33, "positional argument cannot follow named argument" },
	{ "make_interval(foo => 1)", "42883", 8, "function make_interval(foo => integer) does not exist" },
	{ "array_append(array[1], 'a'::text)", "42883", 8, "function array_append(integer[], text) does not exist" },
	{ "array_append(1, 2)", "42883", 8, "function array_append(integer, integer) does not exist" },
	{ "array_cat(array[1], array['a'::text])", "42883", 8, "function array_cat(integer[], text[]) does not exist" },
	{ "unnest(1)", "42883", 8, "function unnest(integer) does not exist" },
	{ "generate_series(1, 'a'::text)", "42883", 8, "function generate_series(integer, text) does not exist" },
	{ "1 operator(nosuch.+) 2", "3F000", 10, "schema \"nosuch\" does not exist" },
	{ "1 +- true", "42883", 11, "operator does not exist: - boolean" },
	{ "@ 'a'::text", "42883", 8, "operator does not exist: @ text" },
	{ "interval '1 x'", "22007", 17, "invalid input syntax for type interval: \"1 x\"" },
	{ "timestamp 'foo'", "22007", 18, "invalid input syntax for type timestamp: \"foo\"" },
	{ "'é' + 1::text", "42883", 12, "operator does not exist: unknown + text" },
	{ "nullif('é', 1) + foo(2)", "22P02", 15, "invalid input syntax for type integer: \"é\"" },
	{ "min(null, 1)", "42883", 8, "function min(unknown, integer) does not exist" },
	{ "1 is distinct from 'a'", "22P02", 27, "invalid input syntax for type integer: \"a\"" },
	{ "lag(1, 'x') over ()", "22P02", 15, "invalid input syntax for type integer: \"x\"" },
	{ "case when true then generate_series(1,2) end", "0A000", 28, "set-returning functions are not allowed in CASE" },
	{ "coalesce(generate_series(1,2), 1)", "0A000", 17, "set-returning functions are not allowed in COALESCE" },
	{ "sum(generate_series(1,2))", "0A000", 12, "aggregate function calls cannot contain set-returning function calls" },
	{ "lag(generate_series(1,2)) over ()", "0A000", 12, "window function calls cannot contain set-returning function calls" },
	{ "(1,2) = any(select 1)", "42601", 14, "subquery has too few columns" },
	{ "1 = any(select 'a'::text)", "42883", 10, "operator does not exist: integer = text" },
	{ "(select 1 union select 'a'::text)", "42804", 31, "UNION types integer and text cannot be matched" },
	{ "array(select 1, 2)", "42601", 8, "subquery must return only one column" },
	{ "1 in (select relname from pg_class)", "42883", 10, "operator does not exist: integer = name" },
	{ "'2020-01-01' + 1", "22P02", 8, "invalid input syntax for type integer: \"2020-01-01\"" },
	{ "'1' + '2'", "42725", 12, "operator is not unique: unknown + unknown" },
	{ "'a' - 'b'", "42725", 12, "operator is not unique: unknown - unknown" },
	{ "now() - '1 day'", "22007", 16, "invalid input syntax for type timestamp with time zone: \"1 day\"" },
	{ "sum('1')", "42725", 8, "function sum(unknown) is not unique" },
	{ "avg('1')", "42725", 8, "function avg(unknown) is not unique" },
	{ "array_agg(null)", "42725", 8, "function array_agg(unknown) is not unique" },
};

static Catalog empty;
static const char *const search_path[] = { "public" };
static const SqlEnv env = {
	.cat = &empty,
	.types = &type_env_stored,
	.search_path = search_path,
	.nsearch_path = 1,
	.user = "u",
	.database = "d",
};

typedef struct Analysed {
	Arena *a;
	ParsedSql parsed;
	ParseState *ps;
	Expr *expr;
	Error err;
} Analysed;

static void analyse(Analysed *x, const char *expr)
{
	*x = (Analysed){ .a = arena_new() };
	const char *sql = arena_printf(x->a, "select %s", expr);
	if (sql_parse(str_of(sql), x->a, &x->parsed, &x->err))
		return;
	const PgNode *n = x->parsed.stmts[0].node;
	x->ps = plan_state(&env, x->a, x->parsed.source, &x->err);
	x->expr = an_expr(x->ps, n->select_stmt->target_list[0]->res_target->val, AT_SELECT);
	if (x->expr)
		x->expr = coerce_unknown_to_text(x->ps, x->expr);
}

static void done(Analysed *x)
{
	sql_parsed_free(&x->parsed);
	arena_free(x->a);
}

static void types_are_postgres(void **state)
{
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
		Analysed x;
		analyse(&x, typed[i].expr);
		const char *got = x.expr ? type_format(type_lookup(&empty, x.expr->type), x.expr->typmod, x.a) : x.err.message;
		if (!streq(got, typed[i].type)) {
			bad++;
			print_error("%s: want %s, got %s\n", typed[i].expr, typed[i].type, got);
		}
		done(&x);
	}
	assert_int_equal(bad, 0);
}

static void errors_are_postgres(void **state)
{
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		Analysed x;
		analyse(&x, wrong[i].expr);
		if (x.expr || !streq(x.err.sqlstate, wrong[i].code) || x.err.position != wrong[i].position ||
		    !streq(x.err.message, wrong[i].message)) {
			bad++;
			print_error("%s: want %s at %d %s, got %s at %d %s\n", wrong[i].expr, wrong[i].code, wrong[i].position,
				    wrong[i].message, x.err.sqlstate, x.err.position, x.err.message);
		}
		done(&x);
	}
	assert_int_equal(bad, 0);
}

static void parameters_are_inferred(void **state)
{
	static const struct {
		const char *expr;
		uint32_t type;
	} cases[] = {
		{ "$1 + 1", 23 },
		{ "$1::int8", 20 },
		{ "coalesce($1, 1.5)", 1700 },
		{ "$1 = 'a'::text", 25 },
		{ "1 in ($1, 2)", 23 },
		{ "now() > $1", 1184 },
		{ "$1 || 'a'", 25 },
		{ "$1::varchar(3)", 1043 },
		{ "upper($1)", 25 },
		{ "case when $1 then 1 end", 16 },
		{ "array[$1, 1]", 23 },
		{ "1 = any($1)", 1007 },
		{ "$1", 25 },
		{ "'a' like $1", 25 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Analysed x;
		analyse(&x, cases[i].expr);
		assert_non_null(x.expr);
		assert_int_equal(x.ps->params->n, 1);
		assert_int_equal(x.ps->params->types[0], cases[i].type);
		done(&x);
	}
}

static void parameter_types_must_agree(void **state)
{
	Analysed x;

	analyse(&x, "$1::int = $1::int");
	assert_non_null(x.expr);
	done(&x);
	analyse(&x, "array[$1, $1, 1] || $1");
	assert_true(x.expr || streq(x.err.sqlstate, "42883") || streq(x.err.sqlstate, "42725"));
	done(&x);
	analyse(&x, "coalesce($1, $1 + 1, 'a'::text)");
	assert_null(x.expr);
	assert_string_equal(x.err.sqlstate, "42804");
	done(&x);
}

static void refused_by_name(void **state)
{
	static const char *const exprs[] = { "xmlparse(document 'a')", "'1'::xml" };

	for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
		Analysed x;
		analyse(&x, exprs[i]);
		assert_null(x.expr);
		assert_string_equal(x.err.sqlstate, "0A000");
		assert_true(x.err.position > 0);
		done(&x);
	}
}

static char *repeated(const char *before, const char *unit, int n, const char *middle, const char *close, const char *after)
{
	Buf b = { 0 };

	buf_puts(&b, before);
	for (int i = 0; i < n; i++)
		buf_puts(&b, unit);
	buf_puts(&b, middle);
	for (int i = 0; i < n; i++)
		buf_puts(&b, close);
	buf_puts(&b, after);
	return (char *)buf_cstr(&b);
}

static void deep_nesting_is_refused(void **state)
{
	static const char *const units[][4] = {
		{ "select ", "(", "1", ")" },	    { "select 1", "+1", "", "" },
		{ "select ", "- ", "1", "" },	    { "select 1", "::int", "", "" },
		{ "select 1", " is null", "", "" }, { "select ", "abs(", "1", ")" },
		{ "select ", "array[", "1", "]" },  { "select 1", " union select 1", "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		for (int n = 10000; n <= 100000; n *= 10) {
			Arena *a = arena_new();
			ParsedSql p = { 0 };
			Error err = { 0 };
			char *sql = repeated(units[i][0], units[i][1], n, units[i][2], units[i][3], "");
			int rc = sql_parse(str_of(sql), a, &p, &err);
			if (rc)
				assert_true(streq(err.sqlstate, "54001") || streq(err.sqlstate, "42601"));
			else
				sql_parsed_free(&p);
			free(sql);
			arena_free(a);
		}
	}
}

static void long_lists_are_parsed(void **state)
{
	Arena *a = arena_new();
	ParsedSql p = { 0 };
	Error err = { 0 };
	char *sql = repeated("insert into t values (1)", ", (1, 'a', -2, now() + '1 day', (3))", 20000, "", "", "; select 2 ;");

	assert_int_equal(sql_parse(str_of(sql), a, &p, &err), 0);
	assert_int_equal(p.n, 2);
	assert_true(str_is(p.stmts[1].text, "select 2"));
	sql_parsed_free(&p);
	free(sql);
	sql = repeated("select 1 where 1 = 1", " or 1 = 2", 20000, "", "", "");
	assert_int_equal(sql_parse(str_of(sql), a, &p, &err), 0);
	sql_parsed_free(&p);
	free(sql);
	arena_free(a);
}

static void syntax_errors_have_positions(void **state)
{
	static const struct {
		const char *sql, *code;
		int position;
		const char *message;
	} cases[] = {
		{ "select 1 +", "42601", 11, "syntax error at end of input" },
		{ "select '\xc3\xa9' , foo bar baz qux", "42601", 22, "syntax error at or near \"baz\"" },
		{ "selec", "42601", 1, "syntax error at or near \"selec\"" },
		{ "select 'abc", "42601", 8, "unterminated quoted string at or near \"'abc\"" },
		{ "select 1e", "42601", 8, "trailing junk after numeric literal at or near \"1e\"" },
		{ "select '\xff'", "22021", 0, "invalid byte sequence for encoding \"UTF8\": 0xff" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Arena *a = arena_new();
		ParsedSql p = { 0 };
		Error err = { 0 };
		assert_int_equal(sql_parse(str_of(cases[i].sql), a, &p, &err), -1);
		assert_string_equal(err.sqlstate, cases[i].code);
		assert_int_equal(err.position, cases[i].position);
		if (i != 3)
			assert_string_equal(err.message, cases[i].message);
		arena_free(a);
	}
}

static void catalog_names_resolve(void **state)
{
	Analysed x;

	analyse(&x, "'pg_class'::regclass");
	assert_non_null(x.expr);
	assert_int_equal(x.expr->val.i, 1259);
	done(&x);
	analyse(&x, "'character varying(10)[]'::regtype");
	assert_non_null(x.expr);
	assert_int_equal(x.expr->val.i, 1015);
	done(&x);
	analyse(&x, "'pg_catalog.now'::regproc");
	assert_non_null(x.expr);
	assert_int_equal(x.expr->val.i, 1299);
	done(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_postgres),	   cmocka_unit_test(errors_are_postgres),
		cmocka_unit_test(parameters_are_inferred), cmocka_unit_test(parameter_types_must_agree),
		cmocka_unit_test(refused_by_name),	   cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(long_lists_are_parsed),   cmocka_unit_test(syntax_errors_have_positions),
		cmocka_unit_test(catalog_names_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
