/* ALTER ROLE and ALTER DATABASE … SET: settings that a session begins with. REASSIGN OWNED and DROP OWNED. */
#include "catalog/acl.h"
#include "sql/ddl.h"
#include "sql/deparse.h"

#define NODE(x) PG_QUERY__NODE__NODE_##x

/* A list of values is one text, as SHOW prints it. */
const char *ddl_setting_text(Ddl *d, const Plan *set)
{
	Buf b = { 0 };
	bool list = streq(set->name, "search_path");
	for (size_t i = 0; i < set->nvalues; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", list ? quote_name(d->a, set->values[i]) : set->values[i]);
	const char *text = arena_strdup(d->a, b.len ? buf_cstr(&b) : "");
	buf_free(&b);
	return text;
}

/* In the letters of its definition. */
static const char *setting_name(Ddl *d, const char *name)
{
	static const char *const mixed[] = { "DateStyle", "IntervalStyle", "TimeZone" };
	for (size_t i = 0; i < ARRAY_LEN(mixed); i++)
		if (str_iis(str_of(name), mixed[i]))
			return mixed[i];
	char *lower = arena_strdup(d->a, name);
	for (char *p = lower; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	return lower;
}

static int change_setting(Ddl *d, uint32_t role, bool in_database, const PgQuery__VariableSetStmt *v)
{
	Plan set = { 0 };
	if (v->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) {
		ddl_sql(d, "DELETE FROM _understudy_setting WHERE role = %u AND in_database = %d", role, in_database);
		return 0;
	}
	if (plan_variable_set(d->ps, v, &set))
		return -1;
	if (!set.name || streq(set.name, "TRANSACTION") || streq(set.name, "SESSION CHARACTERISTICS"))
		return an_refuse(d->ps, -1, "this form of SET for a role or a database");
	const char *name = setting_name(d, set.name);
	if (!set.nvalues) {
		ddl_sql(d, "DELETE FROM _understudy_setting WHERE role = %u AND in_database = %d AND name = %s", role, in_database,
			ddl_lit(d, name));
	} else {
		const char *text = ddl_setting_text(d, &set);
		ddl_sql(d, "INSERT INTO _understudy_setting VALUES (%u, %d, %s, %s) ON CONFLICT DO UPDATE SET value = excluded.value", role,
			in_database, ddl_lit(d, name), ddl_lit(d, text));
		d->plan->values = arena_array(d->a, const char *, 1);
		d->plan->values[d->plan->nvalues++] = text;
	}
	d->plan->name = name;
	d->plan->checks_setting = true;
	return 0;
}

static bool is_this_database(const Ddl *d, const char *name)
{
	return d->ps->env->database && streq(name, d->ps->env->database);
}

int plan_role_setting(Ddl *d, const PgQuery__AlterRoleSetStmt *s)
{
	uint32_t role = s->role ? ddl_role_oid(d, s->role) : 0, me = ddl_current_role(d);
	const CatRole *own = catalog_role(d->cat, me);
	if (s->role && !role)
		return -1;
	if (role && role_is_super(d->cat, role) && !role_is_super(d->cat, me))
		return an_error(d->ps, -1, "42501", "must be superuser to alter superusers");
	if (role && role != me && !role_is_super(d->cat, me) && !(own && own->createrole))
		return an_error(d->ps, -1, "42501", "permission denied");
	if (!role && !role_is_super(d->cat, me))
		return an_error(d->ps, -1, "42501", "must be superuser to alter settings globally");
	if (*s->database && !is_this_database(d, s->database))
		return an_refuse(d->ps, -1, "ALTER ROLE ... IN DATABASE of another database than the current one");
	return change_setting(d, role, *s->database != 0, s->setstmt) ? -1 : ddl_finish(d, "ALTER ROLE");
}

int plan_database_setting(Ddl *d, const PgQuery__AlterDatabaseSetStmt *s)
{
	AclObject o = acl_of_database(d->cat);
	if (!is_this_database(d, s->dbname))
		return an_refuse(d->ps, -1, "ALTER DATABASE ... SET of another database than the current one");
	if (ddl_must_own(d, o.owner, "database", s->dbname))
		return -1;
	return change_setting(d, 0, true, s->setstmt) ? -1 : ddl_finish(d, "ALTER DATABASE");
}

/* --- what a role owns --- */

static void own_acl(Ddl *d, AclObject o, uint32_t from, uint32_t to)
{
	if (o.owner == from)
		ddl_change_owner(d, &o, to);
}

static void reassign(Ddl *d, uint32_t from, uint32_t to)
{
	static const char *const tables[] = { "relation", "schema", "type", "function", "extension" };
	const Catalog *c = d->cat;
	for (size_t i = 0; i < c->nrels; i++)
		own_acl(d, acl_of_rel(c->rels[i]), from, to);
	for (size_t i = 0; i < c->nschemas; i++)
		own_acl(d, acl_of_schema(&c->schemas[i]), from, to);
	for (size_t i = 0; i < c->nfunctions; i++)
		own_acl(d, acl_of_function(c, c->functions[i]->proc.oid), from, to);
	for (size_t i = 0; i < c->ntypes; i++)
		own_acl(d, acl_of_type(c->types[i]), from, to);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		ddl_sql(d, "UPDATE _understudy_%s SET owner = %u WHERE owner = %u", tables[i], to, from);
}

static bool owns_anything(const Catalog *c, uint32_t role)
{
	for (size_t i = 0; i < c->nrels; i++)
		if (c->rels[i]->owner == role)
			return true;
	for (size_t i = 0; i < c->nschemas; i++)
		if (c->schemas[i].owner == role)
			return true;
	for (size_t i = 0; i < c->nfunctions; i++)
		if (c->functions[i]->owner == role)
			return true;
	for (size_t i = 0; i < c->ntypes; i++)
		if (c->types[i]->owner == role)
			return true;
	return false;
}

/* Everything that was granted to the role, and default privileges of it. */
static void revoke_all(Ddl *d, uint32_t role)
{
	const Catalog *c = d->cat;
	for (size_t i = 0; i < c->nacls; i++) {
		const CatAcl *k = &c->acls[i];
		AclItem *items = arena_array(d->a, AclItem, k->n + 1);
		size_t n = 0;
		for (size_t j = 0; j < k->n; j++)
			if (k->items[j].grantee != role)
				items[n++] = k->items[j];
		if (n != k->n)
			ddl_sql(d, "UPDATE _understudy_acl SET items = '%s' WHERE classoid = %u AND objoid = %u AND objsubid = %d",
				acl_stored(items, n, d->a), k->classoid, k->objoid, k->objsubid);
	}
	ddl_sql(d, "DELETE FROM _understudy_default_acl WHERE role = %u", role);
}

static int check_member(Ddl *d, uint32_t role)
{
	return role_has(d->cat, ddl_current_role(d), role) ? 0 : an_error(d->ps, -1, "42501", "permission denied to reassign objects");
}

static int plan_reassign(Ddl *d, const PgQuery__ReassignOwnedStmt *s)
{
	uint32_t to = ddl_role_oid(d, s->newrole);
	for (size_t i = 0; to && i < s->n_roles; i++) {
		uint32_t from = ddl_role_oid(d, s->roles[i]->role_spec);
		if (!from || check_member(d, from))
			return -1;
		if (from < FIRST_USER_OID)
			return an_error(
				d->ps, -1, "2BP01",
				"cannot reassign ownership of objects owned by role %s because they are required by the database system",
				ddl_role_name(d, s->roles[i]->role_spec));
		reassign(d, from, to);
	}
	return to && check_member(d, to) == 0 ? ddl_finish(d, "REASSIGN OWNED") : -1;
}

static int plan_drop_owned(Ddl *d, const PgQuery__DropOwnedStmt *s)
{
	for (size_t i = 0; i < s->n_roles; i++) {
		uint32_t role = ddl_role_oid(d, s->roles[i]->role_spec);
		if (!role)
			return -1;
		if (!role_has(d->cat, ddl_current_role(d), role))
			return an_error(d->ps, -1, "42501", "permission denied to drop objects");
		if (owns_anything(d->cat, role))
			return an_refuse(d->ps, -1, "DROP OWNED BY a role that owns objects");
		revoke_all(d, role);
	}
	return ddl_finish(d, "DROP OWNED");
}

int plan_owned(Ddl *d, const PgNode *n)
{
	return n->node_case == NODE(REASSIGN_OWNED_STMT) ? plan_reassign(d, n->reassign_owned_stmt)
							 : plan_drop_owned(d, n->drop_owned_stmt);
}
