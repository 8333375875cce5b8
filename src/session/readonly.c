/* Whether a statement may be run a second time: decided on PostgreSQL's own parse tree, and "no" whenever in doubt. */
#include "session/failover_internal.h"

#include "sql/plan.h"

#include <pg_query/pg_query.pb-c.h>

enum { MAX_DEPTH = 400 };

static const char *const harmless[] = {
	"abs",
	"age",
	"array_agg",
	"array_append",
	"array_length",
	"array_lower",
	"array_position",
	"array_to_string",
	"array_upper",
	"ascii",
	"avg",
	"bool_and",
	"bool_or",
	"btrim",
	"cardinality",
	"ceil",
	"ceiling",
	"char_length",
	"chr",
	"clock_timestamp",
	"col_description",
	"concat",
	"concat_ws",
	"corr",
	"count",
	"cume_dist",
	"current_database",
	"current_schema",
	"current_schemas",
	"current_setting",
	"date_bin",
	"date_part",
	"date_trunc",
	"decode",
	"dense_rank",
	"div",
	"encode",
	"every",
	"exp",
	"extract",
	"first_value",
	"floor",
	"format",
	"format_type",
	"gcd",
	"gen_random_uuid",
	"generate_series",
	"has_schema_privilege",
	"has_table_privilege",
	"initcap",
	"isfinite",
	"json_agg",
	"json_array_elements",
	"json_array_length",
	"json_build_object",
	"json_each",
	"json_extract_path_text",
	"json_object_agg",
	"jsonb_agg",
	"jsonb_array_elements",
	"jsonb_array_length",
	"jsonb_build_object",
	"jsonb_each",
	"jsonb_extract_path_text",
	"jsonb_object_agg",
	"justify_days",
	"justify_hours",
	"justify_interval",
	"lag",
	"last_value",
	"lcm",
	"lead",
	"left",
	"length",
	"ln",
	"log",
	"lower",
	"lpad",
	"ltrim",
	"make_date",
	"make_interval",
	"make_timestamp",
	"max",
	"md5",
	"min",
	"mod",
	"mode",
	"now",
	"nth_value",
	"ntile",
	"nullif",
	"obj_description",
	"octet_length",
	"overlay",
	"percent_rank",
	"percentile_cont",
	"percentile_disc",
	"pg_backend_pid",
	"pg_get_constraintdef",
	"pg_get_expr",
	"pg_get_indexdef",
	"pg_get_userbyid",
	"pg_get_viewdef",
	"pg_table_is_visible",
	"position",
	"power",
	"quote_ident",
	"quote_literal",
	"random",
	"rank",
	"regexp_match",
	"regexp_matches",
	"regexp_replace",
	"repeat",
	"replace",
	"reverse",
	"right",
	"round",
	"row_number",
	"row_to_json",
	"rpad",
	"rtrim",
	"sha256",
	"sign",
	"split_part",
	"sqrt",
	"starts_with",
	"statement_timestamp",
	"stddev",
	"string_agg",
	"string_to_array",
	"strpos",
	"substr",
	"substring",
	"sum",
	"timeofday",
	"to_char",
	"to_date",
	"to_json",
	"to_jsonb",
	"to_number",
	"to_regclass",
	"to_timestamp",
	"transaction_timestamp",
	"translate",
	"trim",
	"trunc",
	"unnest",
	"upper",
	"variance",
	"version",
	"width_bucket",
};

static bool known_function(const PgQuery__FuncCall *f)
{
	if (f->n_funcname == 0)
		return false;
	const PgQuery__Node *last = f->funcname[f->n_funcname - 1], *first = f->funcname[0];
	if (last->node_case != PG_QUERY__NODE__NODE_STRING || first->node_case != PG_QUERY__NODE__NODE_STRING)
		return false;
	if (f->n_funcname > 2 || (f->n_funcname == 2 && !streq(first->string->sval, "pg_catalog")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (streq(last->string->sval, harmless[i]))
			return true;
	return false;
}

static bool is_harmless(const ProtobufCMessage *m, int depth);

static bool field_harmless(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *fd, int depth)
{
	if (fd->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	const uint8_t *base = (const uint8_t *)m;
	if (fd->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t n = *(const size_t *)(const void *)(base + fd->quantifier_offset);
		ProtobufCMessage **v = *(ProtobufCMessage ***)(uintptr_t)(base + fd->offset);
		for (size_t i = 0; i < n; i++)
			if (v[i] && !is_harmless(v[i], depth + 1))
				return false;
		return true;
	}
	if ((fd->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(const uint32_t *)(const void *)(base + fd->quantifier_offset) != fd->id)
		return true;
	const ProtobufCMessage *child = *(ProtobufCMessage *const *)(const void *)(base + fd->offset);
	return !child || is_harmless(child, depth + 1);
}

static bool is_harmless(const ProtobufCMessage *m, int depth)
{
	static const char *const refused[] = { "LockingClause", "IntoClause", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt" };
	const char *name = m->descriptor->short_name;
	if (depth > MAX_DEPTH)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (streq(name, refused[i]))
			return false;
	if (streq(name, "FuncCall") && !known_function((const PgQuery__FuncCall *)m))
		return false;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++)
		if (!field_harmless(m, &m->descriptor->fields[i], depth))
			return false;
	return true;
}

static bool statement_harmless(const PgQuery__Node *n)
{
	if (n->node_case == PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT)
		return true;
	return n->node_case == PG_QUERY__NODE__NODE_SELECT_STMT && is_harmless(&n->base, 0);
}

bool sql_text_is_read_only(Str text)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	ParsedSql parsed;
	Error err;
	if (sql_parse(text, a, &parsed, &err) < 0)
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < parsed.n; i++)
		ok = statement_harmless(parsed.stmts[i].node);
	sql_parsed_free(&parsed);
	return ok;
}
