/* The operator classes of an index's keys, as pg_index.indclass has them. */
#include "catalog/vtab.h"

#include <stdlib.h>

enum { ANYARRAY = 2277, RECORD = 2249, ANYENUM = 3500, ANYRANGE = 3831, ANYMULTIRANGE = 4537 };

typedef struct Class {
	uint32_t oid, type;
	const char *name;
	size_t name_len;
	bool is_default;
} Class;

/* A row: oid, method, name, schema, owner, family, type, whether it is the default one, key type. */
static Class read_class(const char *row)
{
	const char *at[9] = { row };
	for (size_t i = 1; i < ARRAY_LEN(at); i++)
		at[i] = at[i - 1] + strcspn(at[i - 1], " ") + 1;
	return (Class){ .oid = (uint32_t)strtoul(at[0], NULL, 10),
			.type = (uint32_t)strtoul(at[6], NULL, 10),
			.name = at[2],
			.name_len = (size_t)(at[3] - at[2]) - 1,
			.is_default = *at[7] == 't' };
}

/* How well a class takes values of the type: 3 made for it, 2 and 1 by what PostgreSQL sees the values as, 0 not at all. */
static int fitness(const PgType *t, uint32_t class)
{
	if (t->oid == class)
		return 3;
	const PgCast *c = pgcast_find(t->oid, class);
	bool kind = (class == ANYARRAY && t->category == 'A') || (class == ANYENUM && t->typtype == 'e') ||
		    (class == ANYRANGE && t->typtype == 'r') || (class == ANYMULTIRANGE && t->typtype == 'm') ||
		    (class == RECORD && t->typtype == 'c');
	if (!kind && !(c && c->method == 'b' && c->context == 'i'))
		return 0;
	const PgType *seen = pgtype_builtin(class);
	return seen && seen->preferred ? 2 : 1;
}

uint32_t catalog_opclass(const char *method, const char *name, const PgType *t)
{
	const PgCatRows *rows = pgcatrows_of("pg_opclass");
	uint32_t am = catalog_method_oid(method), found = 0;
	int best = 0;
	for (size_t i = 0; rows && t && i < rows->n; i++) {
		if (strtoul(strchr(rows->rows[i], ' ') + 1, NULL, 10) != am)
			continue;
		Class c = read_class(rows->rows[i]);
		bool wanted = name ? strlen(name) == c.name_len && strncmp(name, c.name, c.name_len) == 0 : c.is_default;
		int fit = wanted ? fitness(t, c.type) : 0;
		if (fit > best) {
			best = fit;
			found = c.oid;
		}
	}
	return found;
}
