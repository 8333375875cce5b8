/* Names that mean objects of extensions. */
#include "sql/expr.h"

#include "catalog/extension.h"

/* Unqualified names find them whatever the search path is: what a default or an index says is read again under other paths. */
bool extension_visible(ParseState *ps, const CatExtension *x, const char *schema)
{
	const CatSchema *s = schema ? catalog_schema(ps->env->cat, schema) : NULL;
	return !schema || (s && s->oid == x->schema);
}

/* The function of information_schema that drivers call: the elements of an array with their numbers. */
static const uint32_t expand_args[] = { T_ANYARRAY }, expand_outs[] = { T_ANYELEMENT, T_INT4 };
static const char *const expand_names[] = { "x", "n" };
static const PgProc expand_array = { .oid = 13208,
				     .name = "_pg_expandarray",
				     .src = "_pg_expandarray",
				     .kind = 'f',
				     .strict = true,
				     .retset = true,
				     .volatility = 'i',
				     .rettype = T_RECORD,
				     .nargs = 1,
				     .args = expand_args,
				     .nout = 2,
				     .out_types = expand_outs,
				     .out_names = expand_names };

/* Those of the user behind them, in the order of the search path. */
static const PgProc *with_own(ParseState *ps, const char *schema, const char *name, const PgProc *all, size_t *n)
{
	const Catalog *cat = ps->env->cat;
	size_t npath = schema ? 1 : ps->env->nsearch_path, found = *n;
	PgProc *both = arena_array(ps->a, PgProc, *n + cat->nfunctions);
	if (*n)
		memcpy(both, all, *n * sizeof *both);
	for (size_t k = 0; k < npath; k++) {
		const CatSchema *ns = catalog_schema(cat, schema ? schema : ps->env->search_path[k]);
		for (size_t i = 0; ns && i < cat->nfunctions; i++)
			if (cat->functions[i]->schema == ns->oid && streq(cat->functions[i]->proc.name, name))
				both[found++] = cat->functions[i]->proc;
	}
	if (found == *n)
		return all;
	*n = found;
	return both;
}

const PgProc *procs_named(ParseState *ps, const char *schema, const char *name, size_t *n)
{
	const Catalog *cat = ps->env->cat;
	const PgProc *all = NULL;

	*n = 0;
	if (!schema || streq(schema, "pg_catalog"))
		all = pgproc_named(name, n);
	if (schema && streq(schema, "information_schema") && streq(name, expand_array.name)) {
		*n = 1;
		return &expand_array;
	}
	for (size_t i = 0; cat && i < cat->nextensions; i++) {
		size_t more;
		const PgProc *own = extension_procs(&cat->extensions[i], name, &more);
		if (!more || !extension_visible(ps, &cat->extensions[i], schema))
			continue;
		PgProc *both = arena_array(ps->a, PgProc, *n + more);
		if (*n)
			memcpy(both, all, *n * sizeof *both);
		memcpy(both + *n, own, more * sizeof *both);
		all = both;
		*n += more;
	}
	return cat && cat->nfunctions ? with_own(ps, schema, name, all, n) : all;
}
