/* Questions about types that PostgreSQL answers from pg_type. */
#include "sql/expr.h"

const PgType *type_lookup(const Catalog *cat, uint32_t oid)
{
	const PgType *t = pgtype_builtin(oid);

	return t || !cat ? t : catalog_type(cat, oid);
}

const char *type_name(ParseState *ps, uint32_t oid)
{
	const PgType *t = type_lookup(ps->env->cat, oid);

	return t ? type_format(t, -1, ps->a) : "???";
}

char type_category(const Catalog *cat, uint32_t oid, bool *preferred)
{
	const PgType *t = type_lookup(cat, oid);

	*preferred = t && t->preferred;
	return t ? t->category : 'X';
}

uint32_t type_element(const Catalog *cat, uint32_t oid)
{
	const PgType *t = type_base_of(type_lookup(cat, oid));

	return t && (t->category == 'A' || oid == T_RECORD_ARRAY) && t->len == -1 ? t->elem_oid : 0;
}

uint32_t type_base(const Catalog *cat, uint32_t oid)
{
	const PgType *t = type_base_of(type_lookup(cat, oid));

	return t ? t->oid : oid;
}

uint32_t type_array(const Catalog *cat, uint32_t oid)
{
	const PgType *t = type_lookup(cat, oid);

	return t ? t->array_oid : 0;
}
