/* The relations of pg_catalog about extensions. */
#include "catalog/extension.h"
#include "catalog/vtab.h"

static const Extension plpgsql = { .name = "plpgsql", .version = "1.0", .comment = "PL/pgSQL procedural language", .trusted = true };

static void installed_row(RowSink *s, uint32_t oid, const char *name, uint32_t owner, uint32_t schema, bool relocatable,
			  const char *version)
{
	row_new(s);
	row_int(s, "oid", oid);
	row_text(s, "extname", name);
	row_int(s, "extowner", owner);
	row_int(s, "extnamespace", schema);
	row_int(s, "extrelocatable", relocatable);
	row_text(s, "extversion", version);
}

/* Every PostgreSQL has plpgsql, and clients look for it. */
static void produce_extension(RowSink *s)
{
	installed_row(s, 13559, plpgsql.name, 10, NS_PG_CATALOG, false, plpgsql.version);
	for (size_t i = 0; i < s->cat->nextensions; i++) {
		const CatExtension *x = &s->cat->extensions[i];
		installed_row(s, x->oid, x->def->name, x->owner, x->schema, x->def->relocatable, x->version);
	}
}

static void available_row(RowSink *s, const Extension *x, const char *installed)
{
	row_new(s);
	row_text(s, "name", x->name);
	row_text(s, "default_version", x->version);
	row_text(s, "installed_version", installed);
	row_text(s, "comment", x->comment);
}

static void produce_available(RowSink *s)
{
	available_row(s, &plpgsql, plpgsql.version);
	for (size_t i = 0; i < extension_count; i++) {
		const CatExtension *x = catalog_extension(s->cat, extension_table[i].name);
		available_row(s, &extension_table[i], x ? x->version : NULL);
	}
}

static void version_row(RowSink *s, const Extension *x, bool installed, const char *schema)
{
	row_new(s);
	row_text(s, "name", x->name);
	row_text(s, "version", x->version);
	row_int(s, "installed", installed);
	row_int(s, "superuser", 1);
	row_int(s, "trusted", x->trusted);
	row_int(s, "relocatable", x->relocatable);
	row_text(s, "schema", schema);
	row_text(s, "comment", x->comment);
}

static void produce_versions(RowSink *s)
{
	version_row(s, &plpgsql, true, "pg_catalog");
	for (size_t i = 0; i < extension_count; i++)
		version_row(s, &extension_table[i], catalog_extension(s->cat, extension_table[i].name) != NULL, NULL);
}

const NamedProducer catalog_producers_extension[] = {
	{ "pg_extension", produce_extension },
	{ "pg_available_extensions", produce_available },
	{ "pg_available_extension_versions", produce_versions },
	{ NULL, NULL },
};
