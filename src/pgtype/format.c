#include "pgtype/family.h"

#include <stdio.h>

/* A few types have names in SQL that differ from their internal ones. */
static const struct {
	uint32_t oid;
	const char *name, *tail; /* the modifier stands between name and tail */
} sql_names[] = {
	{ 16, "boolean", "" },
	{ 18, "\"char\"", "" },
	{ 20, "bigint", "" },
	{ 21, "smallint", "" },
	{ 23, "integer", "" },
	{ 700, "real", "" },
	{ 701, "double precision", "" },
	{ 1042, "character", "" },
	{ 1043, "character varying", "" },
	{ 1083, "time", " without time zone" },
	{ 1114, "timestamp", " without time zone" },
	{ 1184, "timestamp", " with time zone" },
	{ 1266, "time", " with time zone" },
	{ 1560, "bit", "" },
	{ 1562, "bit varying", "" },
};

enum { OID_BPCHAR = 1042, OID_VARCHAR = 1043, OID_INTERVAL = 1186, OID_NUMERIC = 1700 };

static const char *interval_fields(int mask)
{
	enum { MONTH = 1 << 1, YEAR = 1 << 2, DAY = 1 << 3, HOUR = 1 << 10, MINUTE = 1 << 11, SECOND = 1 << 12 };
	switch (mask) {
	case YEAR:
		return " year";
	case MONTH:
		return " month";
	case DAY:
		return " day";
	case HOUR:
		return " hour";
	case MINUTE:
		return " minute";
	case SECOND:
		return " second";
	case YEAR | MONTH:
		return " year to month";
	case DAY | HOUR:
		return " day to hour";
	case DAY | HOUR | MINUTE:
		return " day to minute";
	case DAY | HOUR | MINUTE | SECOND:
		return " day to second";
	case HOUR | MINUTE:
		return " hour to minute";
	case HOUR | MINUTE | SECOND:
		return " hour to second";
	case MINUTE | SECOND:
		return " minute to second";
	default:
		return "";
	}
}

static const char *modifier(uint32_t oid, int32_t typmod, Arena *a)
{
	if (typmod < 0)
		return "";
	switch (oid) {
	case OID_BPCHAR:
	case OID_VARCHAR:
		return typmod > 4 ? arena_printf(a, "(%d)", typmod - 4) : "";
	case OID_NUMERIC:
		if (typmod < 4)
			return "";
		return arena_printf(a, "(%d,%d)", ((typmod - 4) >> 16) & 0xffff, (((typmod - 4) & 0x7ff) ^ 1024) - 1024);
	case OID_INTERVAL: {
		int precision = typmod & 0xffff;
		const char *fields = interval_fields((typmod >> 16) & 0x7fff);
		return precision == 0xffff ? fields : arena_printf(a, "%s(%d)", fields, precision);
	}
	case 16: /* bool, int8, int2, int4, float4, float8 */
	case 20:
	case 21:
	case 23:
	case 700:
	case 701:
		return "";
	default:
		return arena_printf(a, "(%d)", typmod);
	}
}

static bool plain_identifier(const char *s)
{
	if (!((*s >= 'a' && *s <= 'z') || *s == '_'))
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_' || *s == '$'))
			return false;
	return true;
}

static const char *quoted(const char *name, Arena *a)
{
	if (plain_identifier(name))
		return name;
	Buf b = { 0 };
	buf_put_u8(&b, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_put_u8(&b, '"');
		buf_put_u8(&b, (uint8_t)*name);
	}
	buf_put_u8(&b, '"');
	const char *s = arena_strdup(a, buf_cstr(&b));
	buf_free(&b);
	return s;
}

const char *type_own_typmod_text(const PgType *t, int32_t typmod, Arena *a)
{
	const TypeFamily *f = family_of(t);
	if (typmod < 0 || !f || !f->typmod_out)
		return "";
	Buf b = { 0 };
	f->typmod_out(typmod, &b);
	const char *s = arena_strdup(a, buf_cstr(&b));
	buf_free(&b);
	return s;
}

const char *type_format(const PgType *t, int32_t typmod, Arena *a)
{
	if (t->elem)
		return arena_printf(a, "%s[]", type_format(t->elem, typmod, a));
	const char *mod = type_has_own_typmod(t) ? type_own_typmod_text(t, typmod, a) : modifier(t->oid, typmod, a);
	for (size_t i = 0; i < ARRAY_LEN(sql_names); i++)
		if (sql_names[i].oid == t->oid)
			return arena_printf(a, "%s%s%s", sql_names[i].name, mod, sql_names[i].tail);
	const char *name = quoted(t->name, a);
	if (!streq(t->schema, "pg_catalog") && !streq(t->schema, "public"))
		name = arena_printf(a, "%s.%s", quoted(t->schema, a), name);
	return arena_printf(a, "%s%s", name, mod);
}
