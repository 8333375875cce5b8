/* Extensions of a file: their types, functions, operators and casts with the OIDs that they have there. */
#include "catalog/extension.h"

#include "catalog/load.h"

#include <stdlib.h>

const Extension *extension_named(const char *name)
{
	for (size_t i = 0; i < extension_count; i++)
		if (streq(extension_table[i].name, name))
			return &extension_table[i];
	return NULL;
}

bool extension_is_known(const char *name)
{
	static const char *const names[] = { "adminpack",
					     "amcheck",
					     "autoinc",
					     "bloom",
					     "cube",
					     "dblink",
					     "dict_int",
					     "dict_xsyn",
					     "earthdistance",
					     "file_fdw",
					     "hypopg",
					     "insert_username",
					     "intagg",
					     "isn",
					     "lo",
					     "ltree",
					     "moddatetime",
					     "pageinspect",
					     "pg_buffercache",
					     "pg_cron",
					     "pg_freespacemap",
					     "pg_partman",
					     "pg_prewarm",
					     "pg_repack",
					     "pg_stat_statements",
					     "pg_visibility",
					     "pg_walinspect",
					     "pgaudit",
					     "pgrouting",
					     "pgrowlocks",
					     "pgstattuple",
					     "plperl",
					     "plpython3u",
					     "plv8",
					     "postgis_raster",
					     "postgis_tiger_geocoder",
					     "postgis_topology",
					     "postgres_fdw",
					     "refint",
					     "seg",
					     "sslinfo",
					     "tablefunc",
					     "tcn",
					     "timescaledb",
					     "tsm_system_rows",
					     "tsm_system_time",
					     "vector",
					     "xml2" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (streq(names[i], name))
			return true;
	return false;
}

/* The OID in the file of a number in the extension's tables. */
static uint32_t placed(const CatExtension *x, uint32_t oid)
{
	if (!(oid & EXTENSION_OWN))
		return oid;
	uint32_t n = oid & ~EXTENSION_OWN;
	return n < 2 * x->def->ntypes ? x->type_oids[n] : x->first_oid + n;
}

static const uint32_t *placed_list(Catalog *c, const CatExtension *x, const uint32_t *list, size_t n)
{
	uint32_t *out = n ? arena_array(c->arena, uint32_t, n) : NULL;
	for (size_t i = 0; i < n; i++)
		out[i] = placed(x, list[i]);
	return out;
}

static void load_procs(Catalog *c, CatExtension *x)
{
	PgProc *procs = x->procs = arena_array(c->arena, PgProc, x->def->nprocs + 1);
	for (size_t i = 0; i < x->def->nprocs; i++) {
		PgProc *p = &procs[i];
		*p = x->def->procs[i];
		p->oid = placed(x, p->oid);
		p->rettype = placed(x, p->rettype);
		p->variadic = placed(x, p->variadic);
		p->args = placed_list(c, x, p->args, p->nargs);
		p->out_types = placed_list(c, x, p->out_types, p->nout);
	}
}

static void load_operators(Catalog *c, CatExtension *x)
{
	PgOperator *ops = x->operators = arena_array(c->arena, PgOperator, x->def->noperators + 1);
	for (size_t i = 0; i < x->def->noperators; i++) {
		const PgOperator *o = &x->def->operators[i];
		ops[i] = *o;
		ops[i].oid = placed(x, o->oid);
		ops[i].left = placed(x, o->left);
		ops[i].right = placed(x, o->right);
		ops[i].result = placed(x, o->result);
		ops[i].proc = placed(x, o->proc);
		ops[i].commutator = placed(x, o->commutator);
		ops[i].negator = placed(x, o->negator);
	}
	PgCast *casts = x->casts = arena_array(c->arena, PgCast, x->def->ncasts + 1);
	for (size_t i = 0; i < x->def->ncasts; i++) {
		const PgCast *k = &x->def->casts[i];
		casts[i] = *k;
		casts[i].oid = placed(x, k->oid);
		casts[i].source = placed(x, k->source);
		casts[i].target = placed(x, k->target);
		casts[i].func = placed(x, k->func);
	}
}

static void load_types(Catalog *c, const CatExtension *x, const char *schema)
{
	for (size_t i = 0; i < x->def->ntypes; i++) {
		PgType *t = arena_dup(c->arena, &x->def->types[i], sizeof *t), *array = arena_new_of(c->arena, PgType);
		t->oid = x->type_oids[2 * i];
		t->array_oid = x->type_oids[2 * i + 1];
		t->schema = schema;
		t->family = pgtype_extension_family(t->name);
		*array = *pgtype_builtin(1009);
		array->oid = t->array_oid;
		array->name = arena_printf(c->arena, "_%s", t->name);
		array->schema = schema;
		array->elem_oid = t->oid;
		array->elem = t;
		array->align = t->align;
		array->delim = t->delim;
		array->collation = t->collation;
		catalog_add_type(c, t, x->schema);
		catalog_add_type(c, array, x->schema);
	}
}

int extension_load(Catalog *c, sqlite3_stmt *s, Error *err)
{
	const char *name = (const char *)sqlite3_column_text(s, 1), *types = (const char *)sqlite3_column_text(s, 6);
	CatExtension *all = arena_array(c->arena, CatExtension, c->nextensions + 1), *x = &all[c->nextensions];
	if (c->nextensions)
		memcpy(all, c->extensions, c->nextensions * sizeof *all);
	uint32_t schema = (uint32_t)sqlite3_column_int64(s, 2);
	const CatSchema *ns = catalog_schema_by_oid(c, schema);
	const Extension *def = name ? extension_named(name) : NULL;
	if (!def || !ns)
		return err_set(err, "XX001", "the file has an extension \"%s\" that this program does not know", name ? name : "");
	*x = (CatExtension){ .oid = (uint32_t)sqlite3_column_int64(s, 0),
			     .schema = schema,
			     .owner = (uint32_t)sqlite3_column_int64(s, 3),
			     .first_oid = (uint32_t)sqlite3_column_int64(s, 5),
			     .def = def,
			     .version = arena_strdup(c->arena, (const char *)sqlite3_column_text(s, 4)) };
	uint32_t *oids = arena_array(c->arena, uint32_t, 2 * def->ntypes + 1);
	char *at = (char *)(uintptr_t)(types ? types : "");
	for (size_t i = 0; i < 2 * def->ntypes; i++)
		oids[i] = (uint32_t)strtoul(at, &at, 10);
	x->type_oids = oids;
	load_note_oid(c, x->first_oid + def->noids);
	c->extensions = all;
	c->nextensions++;
	load_types(c, x, ns->name);
	load_procs(c, x);
	load_operators(c, x);
	return 0;
}

/* ---- look-ups over the extensions of a catalog ---- */

const CatExtension *catalog_extension(const Catalog *c, const char *name)
{
	for (size_t i = 0; i < c->nextensions; i++)
		if (streq(c->extensions[i].def->name, name))
			return &c->extensions[i];
	return NULL;
}

const PgProc *extension_procs(const CatExtension *x, const char *name, size_t *n)
{
	size_t at = 0, end;
	while (at < x->def->nprocs && !streq(x->procs[at].name, name))
		at++;
	for (end = at; end < x->def->nprocs && streq(x->procs[end].name, name);)
		end++;
	*n = end - at;
	return &x->procs[at];
}

const PgOperator *extension_operators(const CatExtension *x, const char *name, size_t *n)
{
	size_t at = 0, end;
	while (at < x->def->noperators && !streq(x->operators[at].name, name))
		at++;
	for (end = at; end < x->def->noperators && streq(x->operators[end].name, name);)
		end++;
	*n = end - at;
	return &x->operators[at];
}

const PgProc *extension_proc(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; c && i < c->nextensions; i++)
		for (size_t k = 0; k < c->extensions[i].def->nprocs; k++)
			if (c->extensions[i].procs[k].oid == oid)
				return &c->extensions[i].procs[k];
	return NULL;
}

const PgOperator *extension_operator(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; c && i < c->nextensions; i++)
		for (size_t k = 0; k < c->extensions[i].def->noperators; k++)
			if (c->extensions[i].operators[k].oid == oid)
				return &c->extensions[i].operators[k];
	return NULL;
}

const PgProc *catalog_proc(const Catalog *c, uint32_t oid)
{
	const PgProc *p = pgproc_by_oid(oid);
	const CatFunction *f = p || !c ? NULL : catalog_function(c, oid);
	return p || !c ? p : f ? &f->proc : extension_proc(c, oid);
}

const PgOperator *catalog_operator(const Catalog *c, uint32_t oid)
{
	const PgOperator *o = pgoperator_by_oid(oid);
	return o ? o : extension_operator(c, oid);
}

const PgCast *catalog_cast(const Catalog *c, uint32_t source, uint32_t target)
{
	const PgCast *found = pgcast_find(source, target);
	for (size_t i = 0; c && !found && i < c->nextensions; i++)
		for (size_t k = 0; k < c->extensions[i].def->ncasts; k++)
			if (c->extensions[i].casts[k].source == source && c->extensions[i].casts[k].target == target)
				return &c->extensions[i].casts[k];
	return found;
}
