/* Default privileges, settings of roles and of the database, row-level security. */
#include "catalog/acl.h"
#include "catalog/load.h"

#include <stdlib.h>

int load_default_acl(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatDefaultAcl *k = APPEND(c, c->default_acls, c->ndefault_acls);
	*k = (CatDefaultAcl){ .oid = load_oid(s, 0), .role = load_oid(s, 1), .schema = load_oid(s, 2), .kind = load_char(s, 3) };
	k->items = acl_read(load_text(c, s, 4), c->arena, &k->n);
	return 0;
}

int load_setting(Catalog *c, sqlite3_stmt *s, Error *err)
{
	*APPEND(c, c->settings, c->nsettings) = (CatSetting){
		.role = load_oid(s, 0), .in_database = sqlite3_column_int(s, 1), .name = load_text(c, s, 2), .value = load_text(c, s, 3)
	};
	return 0;
}

int load_row_security(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 0));
	if (!r)
		return load_damaged(err, "row security", load_oid(s, 0));
	c->row_secured = true;
	r->row_security = sqlite3_column_int(s, 1);
	r->force_row_security = sqlite3_column_int(s, 2);
	return 0;
}

/* OIDs, separated by blanks. */
static uint32_t *read_oids(Catalog *c, const char *list, size_t *n)
{
	uint32_t *oids = arena_array(c->arena, uint32_t, strlen(list) / 2 + 1);
	*n = 0;
	for (char *p = (char *)(uintptr_t)list; *p; p += *p == ' ')
		oids[(*n)++] = (uint32_t)strtoul(p, &p, 10);
	return oids;
}

int load_policy(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 1));
	CatPolicy *p = arena_new_of(c->arena, CatPolicy);
	const char *roles = load_text(c, s, 5);
	if (!r || !roles)
		return load_damaged(err, "policy", load_oid(s, 0));
	*p = (CatPolicy){ .oid = load_oid(s, 0),
			  .name = load_text(c, s, 2),
			  .command = load_char(s, 3),
			  .permissive = sqlite3_column_int(s, 4),
			  .using_sql = load_text(c, s, 6),
			  .check_sql = load_text(c, s, 7) };
	c->row_secured = true;
	p->roles = read_oids(c, roles, &p->nroles);
	*APPEND(c, r->policies, r->npolicies) = p;
	return 0;
}
