/* Privileges on functions, types and languages; ALTER DEFAULT PRIVILEGES, and what new objects get by it. */
#include "sql/ddl_grant.h"
#include "sql/program.h"

#define OBJECT(x) PG_QUERY__OBJECT_TYPE__OBJECT_##x
#define NODE(x) PG_QUERY__NODE__NODE_##x

static char routine_kind(const Grant *g)
{
	return g->s->objtype == OBJECT(FUNCTION) ? 'f' : g->s->objtype == OBJECT(PROCEDURE) ? 'p' : 0;
}

static int on_function(Grant *g, const PgQuery__ObjectWithArgs *o)
{
	const CatFunction *f = NULL;
	size_t n;
	if (pgproc_named(node_string(o->objname[o->n_objname - 1]), &n) && n)
		return an_refuse(g->d->ps, -1, "%s on a function of PostgreSQL", g->s->is_grant ? "GRANT" : "REVOKE");
	if (ddl_find_function(g->d, o, routine_kind(g), false, &f) < 0)
		return -1;
	AclObject object = acl_of_function(g->d->cat, f->proc.oid);
	return grant_change(g, &object, g->all, f->proc.name);
}

static int on_functions_in(Grant *g, const CatSchema *s)
{
	const Catalog *c = g->d->cat;
	char kind = routine_kind(g);
	for (size_t i = 0; i < c->nfunctions; i++) {
		const CatFunction *f = c->functions[i];
		if (f->schema != s->oid || (kind && (f->proc.kind == 'p') != (kind == 'p')))
			continue;
		AclObject object = acl_of_function(c, f->proc.oid);
		if (grant_change(g, &object, g->all, f->proc.name))
			return -1;
	}
	return 0;
}

static int on_type(Grant *g, const PgNode *n)
{
	const PgType *t = n->node_case == NODE(LIST)	    ? ddl_find_type(g->d, n->list->items, n->list->n_items)
			  : n->node_case == NODE(TYPE_NAME) ? ddl_find_type(g->d, n->type_name->names, n->type_name->n_names)
							    : NULL;
	if (!t)
		return -1;
	if (g->s->objtype == OBJECT(DOMAIN) && t->typtype != 'd')
		return an_error(g->d->ps, -1, "42809", "\"%s\" is not a domain", t->name);
	if (t->elem && t->len == -1) {
		an_error(g->d->ps, -1, "0LP01", "cannot set privileges of array types");
		return err_hint(g->d->err, "Set the privileges of the element type instead.");
	}
	AclObject object = acl_of_type(t);
	return grant_change(g, &object, g->all, t->name);
}

static int on_language(Grant *g, const char *name)
{
	static const struct {
		const char *name;
		uint32_t oid;
		bool trusted;
	} all[] = { { "internal", 12 }, { "c", 13 }, { "sql", 14, true }, { "plpgsql", 13563, true } };
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		AclObject object = acl_of_language(all[i].oid);
		if (!streq(all[i].name, name))
			continue;
		if (all[i].trusted)
			return grant_change(g, &object, g->all, name);
		an_error(g->d->ps, -1, "42809", "language \"%s\" is not trusted", name);
		return err_detail(
			g->d->err,
			"GRANT and REVOKE are not allowed on untrusted languages, because only superusers can use untrusted languages.");
	}
	return an_error(g->d->ps, -1, "42704", "language \"%s\" does not exist", name);
}

int grant_on_others(Grant *g, char kind, bool in_schema)
{
	for (size_t i = 0; i < g->s->n_objects; i++) {
		const PgNode *n = g->s->objects[i];
		const CatSchema *s = in_schema ? grant_schema(g, n) : NULL;
		int rc = in_schema     ? s ? on_functions_in(g, s) : -1
			 : kind == 'f' ? on_function(g, n->object_with_args)
			 : kind == 'T' ? on_type(g, n)
				       : on_language(g, node_string(n));
		if (rc)
			return -1;
	}
	return 0;
}

/* --- default privileges --- */

static const CatDefaultAcl *stored_default(const Catalog *c, uint32_t role, uint32_t schema, char kind)
{
	for (size_t i = 0; i < c->ndefault_acls; i++)
		if (c->default_acls[i].role == role && c->default_acls[i].schema == schema && c->default_acls[i].kind == kind)
			return &c->default_acls[i];
	return NULL;
}

static bool holds(const AclItem *items, size_t n, const AclItem *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&items[i], wanted, sizeof *wanted) == 0)
			return true;
	return false;
}

static bool same_items(const AclItem *a, size_t na, const AclItem *b, size_t nb)
{
	bool same = na == nb;
	for (size_t i = 0; same && i < na; i++)
		same = holds(b, nb, &a[i]);
	return same;
}

static void copy_items(Grant *g, Items *x, const AclItem *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		grant_add(g, x, items[i].grantee, items[i].grantor, items[i].privs, items[i].options);
}

/* One role's defaults for one kind, everywhere (schema 0) or in one schema. */
static int change_default(Grant *g, uint32_t role, uint32_t schema, char kind)
{
	Ddl *d = g->d;
	const CatDefaultAcl *old = stored_default(d->cat, role, schema, kind);
	Items x = { 0 };
	size_t nbase = 0;
	AclItem *base = schema ? NULL : acl_default(kind, role, d->a, &nbase);
	copy_items(g, &x, old ? old->items : base, old ? old->n : nbase);
	for (size_t i = 0; i < g->ngrantees; i++) {
		if (g->s->is_grant)
			grant_add(g, &x, g->grantees[i], role, g->all, g->s->grant_option ? g->all : 0);
		else if (grant_take(g, &x, g->grantees[i], role, g->all, g->s->grant_option, 0))
			return -1;
	}
	size_t kept = 0;
	for (size_t i = 0; i < x.n; i++)
		if (x.items[i].privs)
			x.items[kept++] = x.items[i];
	bool plain = same_items(x.items, kept, base, nbase);
	if (old)
		ddl_sql(d, "DELETE FROM _understudy_default_acl WHERE oid = %u", old->oid);
	if (!plain)
		ddl_sql(d, "INSERT INTO _understudy_default_acl VALUES (%u, %u, %u, '%c', '%s')", old ? old->oid : ddl_oid(d), role, schema,
			kind, acl_stored(x.items, kept, d->a));
	return 0;
}

static const PgNode *option_list(const PgQuery__AlterDefaultPrivilegesStmt *s, const char *name)
{
	for (size_t i = 0; i < s->n_options; i++)
		if (streq(s->options[i]->def_elem->defname, name))
			return s->options[i]->def_elem->arg;
	return NULL;
}

static int change_defaults_of(Grant *g, uint32_t role, const PgNode *schemas, char kind)
{
	if (!schemas)
		return change_default(g, role, 0, kind);
	for (size_t i = 0; i < schemas->list->n_items; i++) {
		const CatSchema *s = grant_schema(g, schemas->list->items[i]);
		if (!s || change_default(g, role, s->oid, kind))
			return -1;
	}
	return 0;
}

int plan_default_privileges(Ddl *d, const PgQuery__AlterDefaultPrivilegesStmt *s)
{
	static const struct {
		PgQuery__ObjectType type;
		const char *what;
		char kind;
	} kinds[] = { { OBJECT(TABLE), "relation", 'r' },   { OBJECT(SEQUENCE), "sequence", 'S' }, { OBJECT(FUNCTION), "function", 'f' },
		      { OBJECT(ROUTINE), "function", 'f' }, { OBJECT(TYPE), "type", 'T' },	   { OBJECT(SCHEMA), "schema", 'n' } };
	Grant g = { .d = d, .s = s->action };
	const PgNode *roles = option_list(s, "roles"), *schemas = option_list(s, "schemas");
	char kind = 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !kind; i++) {
		kind = kinds[i].type == s->action->objtype ? kinds[i].kind : 0;
		g.what = kinds[i].what;
	}
	if (!kind || s->action->targtype != PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_DEFAULTS)
		return an_refuse(d->ps, -1, "ALTER DEFAULT PRIVILEGES on this kind of object");
	if (grant_read_grantees(&g) || grant_read_privileges(&g, acl_all(kind)))
		return -1;
	if (kind == 'n' && schemas)
		return an_error(d->ps, -1, "0LP01", "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS");
	for (size_t i = 0; roles && i < roles->list->n_items; i++) {
		uint32_t role = ddl_role_oid(d, roles->list->items[i]->role_spec);
		if (!role)
			return -1;
		if (!role_has(d->cat, ddl_current_role(d), role))
			return an_error(d->ps, -1, "42501", "must be member of role \"%s\"",
					ddl_role_name(d, roles->list->items[i]->role_spec));
		if (change_defaults_of(&g, role, schemas, kind))
			return -1;
	}
	if (!roles && change_defaults_of(&g, d->owner, schemas, kind))
		return -1;
	return ddl_finish(d, "ALTER DEFAULT PRIVILEGES");
}

void ddl_give_defaults(Ddl *d, const AclObject *o, uint32_t schema)
{
	const CatDefaultAcl *everywhere = stored_default(d->cat, o->owner, 0, o->kind);
	const CatDefaultAcl *here = schema ? stored_default(d->cat, o->owner, schema, o->kind) : NULL;
	Grant g = { .d = d };
	Items x = { 0 };
	size_t nbase;
	if (!everywhere && !here)
		return;
	AclItem *base = acl_default(o->kind, o->owner, d->a, &nbase);
	copy_items(&g, &x, everywhere ? everywhere->items : base, everywhere ? everywhere->n : nbase);
	if (here)
		copy_items(&g, &x, here->items, here->n);
	if (!same_items(x.items, x.n, base, nbase))
		ddl_sql(d, "INSERT OR REPLACE INTO _understudy_acl VALUES (%u, %u, 0, '%s')", o->classoid, o->objoid,
			acl_stored(x.items, x.n, d->a));
}
