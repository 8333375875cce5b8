/* The functions of PostgreSQL that SQLite has in a form that means the same over stored values. */
#include "sql/emit_internal.h"

#include <stdio.h>

static const Native natives[] = {
	{ "textcat", NATIVE_INFIX, "||" },
	{ "int48", NATIVE_SAME, NULL },
	{ "i2toi4", NATIVE_SAME, NULL },
	{ "int28", NATIVE_SAME, NULL },
	{ "i4tod", NATIVE_CAST, "REAL" },
	{ "i2tod", NATIVE_CAST, "REAL" },
	{ "ftod", NATIVE_SAME, NULL },
	{ "int4_bool", NATIVE_PREFIX, "0 <> " },
	{ "bool_int4", NATIVE_SAME, NULL },
	{ "int4_numeric", NATIVE_CAST, "TEXT" },
	{ "int2_numeric", NATIVE_CAST, "TEXT" },
	{ "int8_numeric", NATIVE_CAST, "TEXT" },
	{ "textlen", NATIVE_CALL, "length" },
	{ "byteaoctetlen", NATIVE_CALL, "length" },
	{ "int4up", NATIVE_SAME, NULL },
	{ "int2up", NATIVE_SAME, NULL },
	{ "int8up", NATIVE_SAME, NULL },
	{ "int4and", NATIVE_INFIX, "&" },
	{ "int4or", NATIVE_INFIX, "|" },
	{ "int8and", NATIVE_INFIX, "&" },
	{ "int8or", NATIVE_INFIX, "|" },
	{ "int4not", NATIVE_PREFIX, "~" },
	{ "int8not", NATIVE_PREFIX, "~" },
	/* What is stored is canonical. */
	{ "int4range_canonical", NATIVE_SAME, NULL },
	{ "int8range_canonical", NATIVE_SAME, NULL },
	{ "daterange_canonical", NATIVE_SAME, NULL },
	{ "cideq", NATIVE_COMPARE, "=" },
	{ "hstore_eq", NATIVE_COMPARE, "=" },
	{ "hstore_ne", NATIVE_COMPARE, "<>" },
	{ "bitcat", NATIVE_INFIX, "||" },
	{ "bitlength", NATIVE_CALL, "length" },
	{ "nameeqtext", NATIVE_COMPARE, "=" },
	{ "texteqname", NATIVE_COMPARE, "=" },
	{ "namenetext", NATIVE_COMPARE, "<>" },
	{ "textnename", NATIVE_COMPARE, "<>" },
	{ "namelttext", NATIVE_COMPARE, "<" },
	{ "textltname", NATIVE_COMPARE, "<" },
	{ "text_pattern_lt", NATIVE_COMPARE, "<" },
	{ "bpchar_pattern_lt", NATIVE_COMPARE, "<" },
	{ "nameletext", NATIVE_COMPARE, "<=" },
	{ "textlename", NATIVE_COMPARE, "<=" },
	{ "text_pattern_le", NATIVE_COMPARE, "<=" },
	{ "bpchar_pattern_le", NATIVE_COMPARE, "<=" },
	{ "namegttext", NATIVE_COMPARE, ">" },
	{ "textgtname", NATIVE_COMPARE, ">" },
	{ "text_pattern_gt", NATIVE_COMPARE, ">" },
	{ "bpchar_pattern_gt", NATIVE_COMPARE, ">" },
	{ "namegetext", NATIVE_COMPARE, ">=" },
	{ "textgename", NATIVE_COMPARE, ">=" },
	{ "text_pattern_ge", NATIVE_COMPARE, ">=" },
	{ "bpchar_pattern_ge", NATIVE_COMPARE, ">=" },
};

/* Types whose comparison functions are SQLite's comparison of the stored values, with the type's collation. */
static const char *const compared[] = {
	"int2",	       "int4",	  "int8",   "int24",  "int42", "int28",	   "int82",	 "int48",    "int84",	"float4",   "float8",
	"float48",     "float84", "text",   "bpchar", "name",  "nametext", "textname",	 "date",     "time",	"timetz",   "timestamp",
	"timestamptz", "bool",	  "uuid",   "bytea",  "oid",   "char",	   "numeric",	 "interval", "enum",	"jsonb",    "array",
	"bit",	       "network", "pg_lsn", "xid8",   "tid",   "range",	   "multirange", "cash",     "macaddr", "macaddr8", "citext",
};

static const char *compare_operator(const char *suffix)
{
	static const char *const ops[][2] = { { "eq", "=" }, { "ne", "<>" }, { "lt", "<" }, { "le", "<=" }, { "gt", ">" }, { "ge", ">=" } };
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (streq(suffix, ops[i][0]))
			return ops[i][1];
	return NULL;
}

static const char *comparison_of(const char *src)
{
	size_t n = strlen(src);
	if (n < 4)
		return NULL;
	const char *op = compare_operator(src + n - 2);
	if (!op)
		return NULL;
	n -= 2;
	if (src[n - 1] == '_')
		n--;
	for (size_t i = 0; i < ARRAY_LEN(compared); i++)
		if (str_eq((Str){ src, n }, str_of(compared[i])))
			return op;
	return NULL;
}

Native native_form(const char *src)
{
	for (size_t i = 0; i < ARRAY_LEN(natives); i++)
		if (streq(natives[i].src, src))
			return natives[i];
	const char *op = comparison_of(src);
	return op ? (Native){ src, NATIVE_COMPARE, op } : (Native){ src, NATIVE_NONE, NULL };
}

const char *sql_function_form(uint32_t oid)
{
	static const struct {
		uint32_t oid;
		const char *name;
	} forms[] = {
		{ 879, "lpad_blanks" },
		{ 880, "rpad_blanks" },
		{ 1285, "quote_literal_any" },
		{ 1290, "quote_nullable_any" },
		{ 1810, "bit_length_bytea" },
		{ 1811, "bit_length_text" },
		{ 2074, "textregexsubstr_similar" },
	};
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].oid == oid)
			return forms[i].name;
	return NULL;
}

static bool is_minmax_native(uint32_t type)
{
	static const uint32_t types[] = { 20,	21,   23,   25,	  26,	27,   700,  701,  790,	869,  1042,
					  1082, 1083, 1114, 1184, 1186, 1266, 1700, 2277, 3220, 3500, 5069 };
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i] == type)
			return true;
	return false;
}

static bool native_agg_name(const PgProc *p, const char **name)
{
	if (streq(p->name, "count"))
		*name = "count";
	else if (streq(p->name, "sum") && p->nargs == 1 && (p->args[0] == 21 || p->args[0] == 23))
		*name = "sum";
	else if ((streq(p->name, "min") || streq(p->name, "max")) && p->nargs == 1 && is_minmax_native(p->args[0]))
		*name = p->name;
	else
		return false;
	return true;
}

bool native_aggregate(const Catalog *cat, const PgProc *p, char *buf, size_t cap, bool *typed)
{
	const char *name;
	*typed = false;
	if (native_agg_name(p, &name)) {
		snprintf(buf, cap, "%s", name);
		return true;
	}
	const PgType *only = p->nargs == 1 ? catalog_type(cat, p->args[0]) : NULL;
	if (only && only->family && (streq(p->name, "min") || streq(p->name, "max"))) {
		snprintf(buf, cap, "%s", p->name);
		return true;
	}
	size_t n = (size_t)snprintf(buf, cap, "%s.", p->name);
	for (uint8_t i = 0; i < p->nargs && n < cap; i++) {
		const PgType *t = catalog_type(cat, p->args[i]);
		n += (size_t)snprintf(buf + n, cap - n, "%s%s", i ? "," : "", t ? t->name : "?");
	}
	const SqliteAgg *agg = n < cap ? agg_find(buf) : NULL;
	if (agg)
		*typed = agg->flags & FN_TYPED;
	return agg != NULL;
}
