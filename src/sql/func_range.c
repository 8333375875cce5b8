/* What PostgreSQL makes together with a range type: its constructors and the cast to its multirange type. */
#include "sql/expr.h"

#include "pgtype/range.h"

static const PgType *range_named(ParseState *ps, const char *schema, const char *name)
{
	const SqlEnv *env = ps->env;
	const PgType *t = NULL;

	for (size_t i = 0; !t && env->cat && i < (schema ? 1 : env->nsearch_path); i++) {
		const CatSchema *s = env_schema(env, schema ? schema : env->search_path[i]);
		t = s && s->oid != NS_PG_CATALOG ? catalog_type_named(env->cat, s->oid, name) : NULL;
	}
	return t && t->range ? t : NULL;
}

static PgProc constructor(ParseState *ps, const PgType *t, const char *src, const uint32_t *args, uint8_t n)
{
	return (PgProc){ .name = t->name,
			 .src = src,
			 .kind = 'f',
			 .volatility = 'i',
			 .rettype = t->oid,
			 .nargs = n,
			 .args = arena_dup(ps->a, args, (n + 1u) * sizeof *args) };
}

const PgProc *range_constructors(ParseState *ps, const char *schema, const char *name, size_t *n)
{
	const PgType *t = range_named(ps, schema, name);
	PgProc *p = arena_array(ps->a, PgProc, 3);

	*n = 0;
	if (!t)
		return NULL;
	if (t->typtype == 'r') {
		const uint32_t args[] = { t->range->subtype, t->range->subtype, T_TEXT, 0 };
		p[(*n)++] = constructor(ps, t, "range_constructor2", args, 2);
		p[(*n)++] = constructor(ps, t, "range_constructor3", args, 3);
		return p;
	}
	const uint32_t range[] = { t->range->range, 0 }, ranges[] = { type_array(ps->env->cat, t->range->range), 0 };
	p[(*n)++] = constructor(ps, t, "multirange_constructor0", range, 0);
	p[(*n)++] = constructor(ps, t, "multirange_constructor1", range, 1);
	p[*n] = constructor(ps, t, "multirange_constructor2", ranges, 1);
	p[(*n)++].variadic = t->range->range;
	for (size_t i = 0; i < *n; i++)
		p[i].strict = true;
	return p;
}

bool is_range_to_multirange(const Catalog *cat, uint32_t from, uint32_t to)
{
	const PgType *f = type_base_of(type_lookup(cat, from)), *t = type_lookup(cat, to);

	return f && t && f->range && f->range == t->range && f->typtype == 'r' && t->typtype == 'm';
}

Expr *range_to_multirange(ParseState *ps, Expr *e, const PgType *t, int location)
{
	const uint32_t args[] = { t->range->range, 0 };
	PgProc *p = arena_new_of(ps->a, PgProc);

	*p = constructor(ps, t, "multirange_constructor1", args, 1);
	p->strict = true;
	Expr *f = expr_new(ps, X_FUNC, t->oid, location);
	f->proc = p;
	expr_list_add(ps->a, &f->args, e);
	return f;
}
