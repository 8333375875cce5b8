/* A type's name in SQL text -> the type and its typmod. */
#include "sql/expr.h"

#include <stdlib.h>

static const char *node_string(const PgQuery__Node *n)
{
	return n->node_case == PG_QUERY__NODE__NODE_STRING ? n->string->sval : "";
}

static const PgType *find_type(const SqlEnv *env, const char *schema, const char *name)
{
	if (schema && !streq(schema, "pg_catalog")) {
		const CatSchema *s = env_schema(env, schema);
		return s ? catalog_type_named(env->cat, s->oid, name) : NULL;
	}
	const PgType *t = pgtype_builtin_named(name);
	for (size_t i = 0; !schema && !t && env->cat && i < env->nsearch_path; i++) {
		const CatSchema *s = catalog_schema(env->cat, env->search_path[i]);
		t = s ? catalog_type_named(env->cat, s->oid, name) : NULL;
	}
	return t;
}

/* The typmod words of one TypeName as integers; interval(p) has its fields first. */
static int typmod_ints(ParseState *ps, const PgQuery__TypeName *tn, int32_t *v)
{
	for (size_t i = 0; i < tn->n_typmods; i++) {
		const PgQuery__Node *n = tn->typmods[i];
		if (n->node_case != PG_QUERY__NODE__NODE_A_CONST || n->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
			return an_error(ps, tn->location, "22023", "type modifiers must be simple constants or identifiers");
		v[i] = n->a_const->ival->ival;
	}
	return 0;
}

static int length_typmod(ParseState *ps, const PgType *t, int32_t n, int location, int32_t *out)
{
	bool bits = t->oid == T_BIT || t->oid == T_VARBIT;
	const char *name = t->oid == T_BPCHAR ? "char" : t->name;

	if (n < 1)
		return an_error(ps, location, "22023", "length for type %s must be at least 1", name);
	int32_t most = bits ? 83886080 : 10485760;
	if (n > most)
		return an_error(ps, location, "22023", "length for type %s cannot exceed %d", name, most);
	*out = bits ? n : n + 4;
	return 0;
}

static int numeric_typmod(ParseState *ps, const int32_t *v, size_t n, int location, int32_t *out)
{
	int32_t scale = n == 2 ? v[1] : 0;

	if (n > 2)
		return an_error(ps, location, "22023", "invalid NUMERIC type modifier");
	if (v[0] < 1 || v[0] > 1000)
		return an_error(ps, location, "22023", "NUMERIC precision %d must be between 1 and %d", v[0], 1000);
	if (scale < -1000 || scale > 1000)
		return an_error(ps, location, "22023", "NUMERIC scale %d must be between %d and %d", scale, -1000, 1000);
	*out = ((v[0] << 16) | (scale & 0x7ff)) + 4;
	return 0;
}

static int time_typmod(ParseState *ps, const PgType *t, int32_t n, int location, int32_t *out)
{
	const char *what = t->oid == T_TIME || t->oid == T_TIMETZ ? "TIME" : "TIMESTAMP";
	const char *tz = t->oid == T_TIMETZ || t->oid == T_TIMESTAMPTZ ? " WITH TIME ZONE" : "";

	if (n < 0)
		return an_error(ps, location, "22023", "%s(%d)%s precision must not be negative", what, n, tz);
	*out = n > 6 ? 6 : n;
	return 0;
}

static int interval_typmod(ParseState *ps, const int32_t *v, size_t n, int location, int32_t *out)
{
	int32_t precision = n == 2 ? v[1] : 0xffff;

	if (n > 2)
		return an_error(ps, location, "22023", "invalid INTERVAL type modifier");
	if (precision < 0)
		return an_error(ps, location, "22023", "INTERVAL(%d) precision must not be negative", precision);
	if (n == 2 && precision > 6)
		precision = 6;
	*out = (n == 1 && v[0] == 0x7fff) ? -1 : (int32_t)(((uint32_t)(v[0] & 0x7fff) << 16) | (uint32_t)precision);
	return 0;
}

/* geometry(Point, 4326): words, not only numbers. False when the type has none of these. */
static bool extension_typmod(ParseState *ps, const PgQuery__TypeName *tn, const PgType *t, int32_t *out, int *rc)
{
	const char **words = arena_array(ps->a, const char *, tn->n_typmods);
	for (size_t i = 0; i < tn->n_typmods; i++) {
		const PgQuery__Node *n = tn->typmods[i];
		const PgQuery__AConst *c = n->node_case == PG_QUERY__NODE__NODE_A_CONST ? n->a_const : NULL;
		words[i] = "";
		if (c && c->val_case == PG_QUERY__A__CONST__VAL_IVAL)
			words[i] = arena_printf(ps->a, "%d", c->ival->ival);
		else if (c && c->val_case == PG_QUERY__A__CONST__VAL_SVAL)
			words[i] = c->sval->sval;
		else if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && n->column_ref->n_fields == 1)
			words[i] = node_string(n->column_ref->fields[0]);
	}
	return type_typmod_in(t, words, tn->n_typmods, out, rc, ps->err);
}

static int make_typmod(ParseState *ps, const PgQuery__TypeName *tn, const PgType *t, int32_t *out)
{
	*out = tn->typemod ? tn->typemod : -1;
	if (tn->n_typmods == 0)
		return 0;
	int rc;
	if (extension_typmod(ps, tn, t, out, &rc))
		return rc;
	int32_t *v = arena_array(ps->a, int32_t, tn->n_typmods);
	if (typmod_ints(ps, tn, v))
		return -1;
	switch (t->oid) {
	case T_BPCHAR:
	case T_VARCHAR:
	case T_BIT:
	case T_VARBIT:
		if (tn->n_typmods != 1)
			return an_error(ps, tn->location, "22023", "invalid type modifier");
		return length_typmod(ps, t, v[0], tn->location, out);
	case T_NUMERIC:
		return numeric_typmod(ps, v, tn->n_typmods, tn->location, out);
	case T_TIME:
	case T_TIMETZ:
	case T_TIMESTAMP:
	case T_TIMESTAMPTZ:
		if (tn->n_typmods != 1)
			return an_error(ps, tn->location, "22023", "invalid type modifier");
		return time_typmod(ps, t, v[0], tn->location, out);
	case T_INTERVAL:
		return interval_typmod(ps, v, tn->n_typmods, tn->location, out);
	default:
		return an_error(ps, tn->location, "42601", "type modifier is not allowed for type \"%s\"", t->name);
	}
}

static const char *full_name(ParseState *ps, const PgQuery__TypeName *tn)
{
	return tn->n_names > 1
		       ? arena_printf(ps->a, "%s.%s", node_string(tn->names[tn->n_names - 2]), node_string(tn->names[tn->n_names - 1]))
		       : node_string(tn->names[0]);
}

static int type_missing(ParseState *ps, const PgQuery__TypeName *tn, const char *schema)
{
	if (schema && ps->env->cat && !streq(schema, "pg_catalog") && !catalog_schema(ps->env->cat, schema))
		return an_error(ps, tn->location, "3F000", "schema \"%s\" does not exist", schema);
	return an_error(ps, tn->location, "42704", "type \"%s%s\" does not exist", full_name(ps, tn), tn->n_array_bounds ? "[]" : "");
}

const PgType *an_typename(ParseState *ps, const PgQuery__TypeName *tn, int32_t *typmod)
{
	const char *schema = NULL;

	if (tn->pct_type)
		return an_refuse(ps, tn->location, "%%TYPE is not supported in SQLite mode"), NULL;
	if (tn->setof)
		return an_error(ps, tn->location, "42804", "cannot cast to or declare a set of a type here"), NULL;
	if (tn->n_names == 0)
		return an_error(ps, tn->location, "42704", "type name is missing"), NULL;
	if (tn->n_names > 2)
		return an_refuse(ps, tn->location, "a type name with a database is not supported in SQLite mode"), NULL;
	if (tn->n_names == 2)
		schema = node_string(tn->names[0]);
	const PgType *t = find_type(ps->env, schema, node_string(tn->names[tn->n_names - 1]));
	if (!t)
		return type_missing(ps, tn, schema), NULL;
	if (make_typmod(ps, tn, t, typmod))
		return NULL;
	if (tn->n_array_bounds == 0)
		return t;
	uint32_t array = t->category == 'A' && t->len == -1 && t->typtype != 'd' ? t->oid : t->array_oid;
	if (!array)
		return type_missing(ps, tn, schema), NULL;
	return type_lookup(ps->env->cat, array);
}
