#include "catalog/acl.h"

#include <stdio.h>
#include <stdlib.h>

enum { PG_DATABASE_OWNER = 6171, PG_READ_ALL_DATA = 6181, PG_WRITE_ALL_DATA = 6182, BOOTSTRAP = 10 };
enum { DEEPEST_MEMBERSHIP = 50 };

AclObject acl_of_rel(const CatRel *r)
{
	return (AclObject){ r->kind == REL_SEQUENCE ? 'S' : 'r', CLASS_RELATION, r->oid, r->kind == REL_VIRTUAL ? BOOTSTRAP : r->owner, 0 };
}

AclObject acl_of_column(const CatRel *r, int attnum)
{
	AclObject o = acl_of_rel(r);
	o.kind = 'c';
	o.objsubid = attnum;
	return o;
}

AclObject acl_of_schema(const CatSchema *s)
{
	return (AclObject){ 'n', CLASS_SCHEMA, s->oid, s->owner, 0 };
}

AclObject acl_of_database(const Catalog *c)
{
	return (AclObject){ 'd', CLASS_DATABASE, c->db_oid, BOOTSTRAP, 0 };
}

AclObject acl_of_function(const Catalog *c, uint32_t oid)
{
	const CatFunction *f = catalog_function(c, oid);
	return (AclObject){ 'f', CLASS_FUNCTION, oid, f ? f->owner : BOOTSTRAP, 0 };
}

AclObject acl_of_type(const PgType *t)
{
	return (AclObject){ 'T', CLASS_TYPE, t->oid, t->oid < FIRST_USER_OID ? BOOTSTRAP : t->owner, 0 };
}

AclObject acl_of_language(uint32_t oid)
{
	return (AclObject){ 'l', CLASS_LANGUAGE, oid, BOOTSTRAP, 0 };
}

uint32_t acl_all(char kind)
{
	switch (kind) {
	case 'r':
		return ACL_INSERT | ACL_SELECT | ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | ACL_REFERENCES | ACL_TRIGGER;
	case 'c':
		return ACL_INSERT | ACL_SELECT | ACL_UPDATE | ACL_REFERENCES;
	case 'S':
		return ACL_SELECT | ACL_UPDATE | ACL_USAGE;
	case 'n':
		return ACL_USAGE | ACL_CREATE;
	case 'd':
		return ACL_CREATE | ACL_TEMP | ACL_CONNECT;
	case 'f':
		return ACL_EXECUTE;
	default:
		return ACL_USAGE;
	}
}

uint32_t acl_privilege(const char *word)
{
	static const struct {
		const char *word;
		uint32_t bit;
	} words[] = { { "insert", ACL_INSERT },	  { "select", ACL_SELECT },	{ "update", ACL_UPDATE },
		      { "delete", ACL_DELETE },	  { "truncate", ACL_TRUNCATE }, { "references", ACL_REFERENCES },
		      { "trigger", ACL_TRIGGER }, { "execute", ACL_EXECUTE },	{ "usage", ACL_USAGE },
		      { "create", ACL_CREATE },	  { "temp", ACL_TEMP },		{ "temporary", ACL_TEMP },
		      { "connect", ACL_CONNECT } };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(words[i].word, word) == 0)
			return words[i].bit;
	return 0;
}

AclItem *acl_default(char kind, uint32_t owner, Arena *a, size_t *n)
{
	AclItem *items = arena_array(a, AclItem, 3);
	uint32_t of_public = kind == 'd' ? ACL_TEMP | ACL_CONNECT : kind == 'f' ? ACL_EXECUTE : strchr("Tl", kind) ? ACL_USAGE : 0;
	*n = 0;
	if (kind == 'c')
		return items;
	if (of_public)
		items[(*n)++] = (AclItem){ 0, owner, of_public, 0 };
	items[(*n)++] = (AclItem){ owner, owner, acl_all(kind), 0 };
	return items;
}

static const CatAcl *stored_acl(const Catalog *c, const AclObject *o)
{
	for (size_t i = 0; i < c->nacls; i++) {
		const CatAcl *k = &c->acls[i];
		if (k->objoid == o->objoid && k->classoid == o->classoid && k->objsubid == o->objsubid)
			return k;
	}
	return NULL;
}

/* What initdb has granted beyond the defaults. */
static AclItem *initial_acl(const AclObject *o, Arena *a, size_t *n)
{
	bool system = o->classoid == CLASS_SCHEMA && (o->objoid == NS_PG_CATALOG || o->objoid == NS_INFORMATION_SCHEMA);
	bool public = o->classoid == CLASS_SCHEMA && o->objoid == NS_PUBLIC;
	bool relation = o->classoid == CLASS_RELATION && !o->objsubid && o->objoid < FIRST_USER_OID;
	if (!system && !public && !relation)
		return NULL;
	uint32_t owner = public ? PG_DATABASE_OWNER : BOOTSTRAP;
	AclItem *items = arena_array(a, AclItem, 2);
	items[0] = (AclItem){ owner, owner, acl_all(o->kind), 0 };
	items[1] = (AclItem){ 0, owner, relation ? ACL_SELECT : ACL_USAGE, 0 };
	*n = 2;
	return items;
}

AclItem *acl_items(const Catalog *c, const AclObject *o, Arena *a, size_t *n)
{
	const CatAcl *k = stored_acl(c, o);
	AclItem *items = k ? NULL : initial_acl(o, a, n);
	if (items)
		return items;
	if (!k)
		return acl_default(o->kind, o->owner, a, n);
	*n = k->n;
	items = arena_array(a, AclItem, k->n + 1);
	if (k->n)
		memcpy(items, k->items, k->n * sizeof *items);
	return items;
}

/* --- text --- */

static void put_role(Buf *b, const Catalog *c, uint32_t oid)
{
	const char *name = oid ? catalog_role_name(c, oid) : "";
	if (!name) {
		buf_printf(b, "%u", oid);
		return;
	}
	bool plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
	/* Quotes of the role's name, inside an element of an array that needs its own. */
	buf_puts(b, plain ? "" : "\\\"");
	for (; *name; name++)
		buf_printf(b, *name == '"' ? "\\\"\\\"" : *name == '\\' ? "\\\\" : "%c", *name);
	buf_puts(b, plain ? "" : "\\\"");
}

static void put_item(Buf *out, const Catalog *c, const AclItem *x)
{
	static const char letters[] = "arwdDxtXUCTc";
	Buf b = { 0 };
	put_role(&b, c, x->grantee);
	buf_puts(&b, "=");
	for (size_t i = 0; i < sizeof letters - 1; i++)
		if (x->privs & (1u << i))
			buf_printf(&b, x->options & (1u << i) ? "%c*" : "%c", letters[i]);
	buf_puts(&b, "/");
	put_role(&b, c, x->grantor);
	bool quoted = memchr(b.data, '\\', b.len) != NULL;
	buf_puts(out, quoted ? "\"" : "");
	buf_put(out, b.data, b.len);
	buf_puts(out, quoted ? "\"" : "");
	buf_free(&b);
}

const char *acl_text(const Catalog *c, const AclObject *o, Arena *a)
{
	size_t n = 0;
	const AclItem *items = stored_acl(c, o) ? acl_items(c, o, a, &n) : initial_acl(o, a, &n);
	return items ? acl_items_text(c, items, n, a) : NULL;
}

const char *acl_items_text(const Catalog *c, const AclItem *items, size_t n, Arena *a)
{
	Buf b = { 0 };
	buf_puts(&b, "{");
	for (size_t i = 0; i < n; i++) {
		buf_puts(&b, i ? "," : "");
		put_item(&b, c, &items[i]);
	}
	buf_puts(&b, "}");
	const char *text = arena_strdup(a, buf_cstr(&b));
	buf_free(&b);
	return text;
}

const char *acl_stored(const AclItem *items, size_t n, Arena *a)
{
	Buf b = { 0 };
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%u %u %u %u", i ? "," : "", items[i].grantee, items[i].grantor, items[i].privs, items[i].options);
	const char *text = arena_strdup(a, b.len ? buf_cstr(&b) : "");
	buf_free(&b);
	return text;
}

AclItem *acl_read(const char *stored, Arena *a, size_t *n)
{
	size_t max = 1;
	for (const char *p = stored; *p; p++)
		max += *p == ',';
	AclItem *items = arena_array(a, AclItem, max);
	*n = 0;
	for (char *p = (char *)(uintptr_t)stored; *p && *n < max; p += *p == ',') {
		uint32_t v[4];
		for (size_t i = 0; i < ARRAY_LEN(v); i++)
			v[i] = (uint32_t)strtoul(p, &p, 10);
		items[(*n)++] = (AclItem){ v[0], v[1], v[2], v[3] };
		if (*p && *p != ',')
			break;
	}
	return items;
}

/* --- who --- */

const CatRole *catalog_role(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; i < c->nroles; i++)
		if (c->roles[i].oid == oid)
			return &c->roles[i];
	return NULL;
}

bool role_is_super(const Catalog *c, uint32_t role)
{
	const CatRole *r = role ? catalog_role(c, role) : NULL;
	return role == 0 || (r && r->super);
}

static bool reaches(const Catalog *c, uint32_t role, uint32_t target, bool inherited_only, int depth)
{
	if (role == target)
		return true;
	const CatRole *r = catalog_role(c, role);
	if (depth > DEEPEST_MEMBERSHIP || (inherited_only && r && !r->inherit))
		return false;
	/* The owner of the database is a member of pg_database_owner. */
	if (target == PG_DATABASE_OWNER && role == BOOTSTRAP)
		return true;
	for (size_t i = 0; i < c->nmembers; i++)
		if (c->members[i].member == role && reaches(c, c->members[i].role, target, inherited_only, depth + 1))
			return true;
	return false;
}

bool role_has(const Catalog *c, uint32_t role, uint32_t target)
{
	return role_is_super(c, role) || reaches(c, role, target, true, 0);
}

bool role_is_member(const Catalog *c, uint32_t role, uint32_t target)
{
	return role_is_super(c, role) || reaches(c, role, target, false, 0);
}

/* What the predefined roles for data give. */
static uint32_t predefined(const Catalog *c, uint32_t role, const AclObject *o)
{
	uint32_t bits = 0;
	if (!strchr("rSn", o->kind) || !o->kind)
		return 0;
	if (reaches(c, role, PG_READ_ALL_DATA, true, 0))
		bits |= o->kind == 'n' ? ACL_USAGE : ACL_SELECT;
	if (reaches(c, role, PG_WRITE_ALL_DATA, true, 0))
		bits |= o->kind == 'n' ? ACL_USAGE : ACL_INSERT | ACL_UPDATE | ACL_DELETE;
	return bits;
}

uint32_t acl_held(const Catalog *c, uint32_t role, const AclObject *o, uint32_t wanted, bool options)
{
	if (role_is_super(c, role))
		return wanted;
	_cleanup_(arena_freep) Arena *a = arena_new();
	size_t n = 0;
	const AclItem *items = acl_items(c, o, a, &n);
	uint32_t held = options ? 0 : predefined(c, role, o);
	/* Whoever owns it may always grant. */
	if (options && reaches(c, role, o->owner, true, 0))
		held = wanted;
	for (size_t i = 0; i < n; i++)
		if (items[i].grantee == 0 || reaches(c, role, items[i].grantee, true, 0))
			held |= options ? items[i].options : items[i].privs;
	return held & wanted;
}

uint32_t acl_held_by_public(const Catalog *c, const AclObject *o, uint32_t wanted)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	size_t n = 0;
	const AclItem *items = acl_items(c, o, a, &n);
	uint32_t held = 0;
	for (size_t i = 0; i < n; i++)
		held |= items[i].grantee == 0 ? items[i].privs : 0;
	return held & wanted;
}
