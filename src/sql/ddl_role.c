/* CREATE, ALTER and DROP ROLE, and membership. Rules and messages are those of PostgreSQL's user.c. */
#include "catalog/acl.h"
#include "sql/ddl.h"
#include "sql/program.h"

#define NODE(x) PG_QUERY__NODE__NODE_##x

uint32_t ddl_current_role(const Ddl *d)
{
	const char *user = d->ps->env->user;
	return user ? catalog_role_oid(d->cat, user) : 0;
}

const char *ddl_role_name(Ddl *d, const PgQuery__RoleSpec *s)
{
	switch (s->roletype) {
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING:
		return s->rolename;
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
		return d->ps->env->session_user ? d->ps->env->session_user : d->ps->env->user;
	case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC:
		return "public";
	default:
		return d->ps->env->user;
	}
}

uint32_t ddl_role_oid(Ddl *d, const PgQuery__RoleSpec *s)
{
	const char *name = ddl_role_name(d, s);
	uint32_t oid = catalog_role_oid(d->cat, name);
	if (oid)
		return oid;
	if (d->ps->env->user && streq(name, d->ps->env->user))
		return d->owner;
	an_error(d->ps, -1, "42704", "role \"%s\" does not exist", name);
	return 0;
}

int ddl_must_own(Ddl *d, uint32_t owner, const char *what, const char *name)
{
	if (role_has(d->cat, ddl_current_role(d), owner))
		return 0;
	return an_error(d->ps, -1, "42501", "must be owner of %s %s", what, name);
}

/* --- options --- */

typedef struct RoleOptions {
	bool given[9], value[9];
	const char *connlimit, *password, *valid_until;
	bool has_password, has_limit, has_until;
	const PgNode *in_roles, *members, *admins;
} RoleOptions;

/* Columns of _understudy_role, in the order of RoleOptions.given. */
static const struct {
	const char *option, *column;
} flags[] = { { "superuser", "super" }, { "inherit", "inherit" },	    { "createrole", "createrole" }, { "createdb", "createdb" },
	      { "canlogin", "login" },	{ "isreplication", "replication" }, { "bypassrls", "bypassrls" } };
enum { OPT_SUPER, OPT_INHERIT, OPT_CREATEROLE, OPT_CREATEDB, OPT_LOGIN, OPT_REPLICATION, OPT_BYPASSRLS };

static bool option_is_on(const PgNode *n)
{
	return n && ((n->node_case == NODE(BOOLEAN) && n->boolean->boolval) || (n->node_case == NODE(INTEGER) && n->integer->ival));
}

static int read_option(Ddl *d, const PgQuery__DefElem *e, RoleOptions *o)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (!streq(e->defname, flags[i].option))
			continue;
		if (o->given[i])
			return an_error(d->ps, e->location, "42601", "conflicting or redundant options");
		o->given[i] = true;
		o->value[i] = option_is_on(e->arg);
		return 0;
	}
	const PgNode *list = e->arg;
	if (streq(e->defname, "password")) {
		o->has_password = true;
		o->password = node_string(e->arg);
	} else if (streq(e->defname, "connectionlimit")) {
		o->has_limit = true;
		o->connlimit = arena_printf(d->a, "%d", e->arg->integer->ival);
		if (e->arg->integer->ival < -1)
			return an_error(d->ps, -1, "22023", "invalid connection limit: %d", e->arg->integer->ival);
	} else if (streq(e->defname, "validUntil")) {
		o->has_until = true;
		o->valid_until = node_string(e->arg);
	} else if (streq(e->defname, "addroleto")) {
		o->in_roles = list;
	} else if (streq(e->defname, "rolemembers")) {
		o->members = list;
	} else if (streq(e->defname, "adminmembers")) {
		o->admins = list;
	} else if (streq(e->defname, "sysid")) {
		ddl_notice(d, "00000", "SYSID can no longer be specified");
	} else {
		return an_refuse(d->ps, e->location, "the role option %s", e->defname);
	}
	return 0;
}

static int read_options(Ddl *d, PgQuery__Node *const *opts, size_t n, RoleOptions *o)
{
	for (size_t i = 0; i < n; i++)
		if (read_option(d, opts[i]->def_elem, o))
			return -1;
	return 0;
}

/* The value is a timestamptz in stored form; NULL on error. */
static const char *stored_time(Ddl *d, const char *text)
{
	const PgType *t = pgtype_builtin(1184);
	Val v;
	if (type_in(t, -1, str_of(text), d->ps->env->types, d->a, &v, d->err))
		return NULL;
	return ddl_lit(d, arena_strndup(d->a, v.s.p, v.s.n));
}

static int set_others(Ddl *d, uint32_t oid, const RoleOptions *o)
{
	if (o->has_limit)
		ddl_sql(d, "UPDATE _understudy_role SET connlimit = %s WHERE oid = %u", o->connlimit, oid);
	const char *until = o->has_until ? stored_time(d, o->valid_until) : NULL;
	if (o->has_until && !until)
		return -1;
	if (until)
		ddl_sql(d, "UPDATE _understudy_role SET valid_until = %s WHERE oid = %u", until, oid);
	if (o->has_password && !o->password)
		ddl_sql(d, "UPDATE _understudy_role SET password = NULL WHERE oid = %u", oid);
	else if (o->has_password)
		ddl_sql(d, "UPDATE _understudy_role SET password = pg_scram_secret(%s) WHERE oid = %u", ddl_lit(d, o->password), oid);
	return 0;
}

static int may_make_roles(Ddl *d, const RoleOptions *o, const char *what)
{
	uint32_t me = ddl_current_role(d);
	const CatRole *r = catalog_role(d->cat, me);
	if (role_is_super(d->cat, me))
		return 0;
	if (o->given[OPT_SUPER] && o->value[OPT_SUPER])
		return an_error(d->ps, -1, "42501", "must be superuser to create superusers");
	if (o->given[OPT_REPLICATION] && o->value[OPT_REPLICATION])
		return an_error(d->ps, -1, "42501", "must be superuser to create replication users");
	if (o->given[OPT_BYPASSRLS] && o->value[OPT_BYPASSRLS])
		return an_error(d->ps, -1, "42501", "must be superuser to create bypassrls users");
	return r && r->createrole ? 0 : an_error(d->ps, -1, "42501", "%s", what);
}

static void add_member(Ddl *d, uint32_t role, uint32_t member, bool admin)
{
	ddl_sql(d,
		"INSERT INTO _understudy_role_member VALUES (%u, %u, %u, %d) ON CONFLICT DO UPDATE SET admin = max(admin, excluded.admin)",
		role, member, d->owner, admin);
}

static int add_list(Ddl *d, const PgNode *list, uint32_t oid, bool oid_is_role, bool admin)
{
	for (size_t i = 0; list && i < list->list->n_items; i++) {
		uint32_t other = ddl_role_oid(d, list->list->items[i]->role_spec);
		if (!other)
			return -1;
		add_member(d, oid_is_role ? oid : other, oid_is_role ? other : oid, admin);
	}
	return 0;
}

int plan_create_role(Ddl *d, const PgQuery__CreateRoleStmt *s)
{
	RoleOptions o = { 0 };
	if (read_options(d, s->options, s->n_options, &o) || may_make_roles(d, &o, "permission denied to create role"))
		return -1;
	if (strncmp(s->role, "pg_", 3) == 0) {
		an_error(d->ps, -1, "42939", "role name \"%s\" is reserved", s->role);
		return err_detail(d->err, "Role names starting with \"pg_\" are reserved.");
	}
	if (catalog_role_oid(d->cat, s->role))
		return an_error(d->ps, -1, "42710", "role \"%s\" already exists", s->role);
	bool user = s->stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER;
	uint32_t oid = d->ps->env->user && streq(s->role, d->ps->env->user) ? d->owner : ddl_oid(d);
	bool defaults[ARRAY_LEN(flags)] = { [OPT_INHERIT] = true, [OPT_LOGIN] = user };
	ddl_sql(d, "INSERT OR IGNORE INTO _understudy_role (oid, name) VALUES (%u, %s)", oid, ddl_lit(d, s->role));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		ddl_sql(d, "UPDATE _understudy_role SET %s = %d WHERE oid = %u", flags[i].column, o.given[i] ? o.value[i] : defaults[i],
			oid);
	if (set_others(d, oid, &o) || add_list(d, o.in_roles, oid, false, false) || add_list(d, o.members, oid, true, false) ||
	    add_list(d, o.admins, oid, true, true))
		return -1;
	return ddl_finish(d, "CREATE ROLE");
}

int plan_alter_role(Ddl *d, const PgQuery__AlterRoleStmt *s)
{
	RoleOptions o = { 0 };
	uint32_t oid = ddl_role_oid(d, s->role), me = ddl_current_role(d);
	if (!oid || read_options(d, s->options, s->n_options, &o))
		return -1;
	bool own_password = oid == me && s->n_options == 1 && o.has_password;
	if (role_is_super(d->cat, oid) && !role_is_super(d->cat, me))
		return an_error(d->ps, -1, "42501", "must be superuser to alter superuser roles or change superuser attribute");
	if (!own_password && may_make_roles(d, &o, "permission denied"))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (o.given[i])
			ddl_sql(d, "UPDATE _understudy_role SET %s = %d WHERE oid = %u", flags[i].column, o.value[i], oid);
	if (set_others(d, oid, &o))
		return -1;
	for (size_t i = 0; s->action < 0 && o.members && i < o.members->list->n_items; i++) {
		uint32_t member = ddl_role_oid(d, o.members->list->items[i]->role_spec);
		if (!member)
			return -1;
		ddl_sql(d, "DELETE FROM _understudy_role_member WHERE role = %u AND member = %u", oid, member);
	}
	if (s->action >= 0 && add_list(d, o.members, oid, true, false))
		return -1;
	return ddl_finish(d, "ALTER ROLE");
}

int plan_rename_role(Ddl *d, const PgQuery__RenameStmt *s)
{
	uint32_t oid = catalog_role_oid(d->cat, s->subname);
	RoleOptions none = { 0 };
	if (!oid || !catalog_role(d->cat, oid))
		return an_error(d->ps, -1, "42704", "role \"%s\" does not exist", s->subname);
	if (d->ps->env->user && streq(d->ps->env->user, s->subname))
		return an_error(d->ps, -1, "0A000", "current user cannot be renamed");
	if (catalog_role_oid(d->cat, s->newname))
		return an_error(d->ps, -1, "42710", "role \"%s\" already exists", s->newname);
	if (may_make_roles(d, &none, "permission denied to rename role"))
		return -1;
	ddl_sql(d, "UPDATE _understudy_role SET name = %s WHERE oid = %u", ddl_lit(d, s->newname), oid);
	return ddl_finish(d, "ALTER ROLE");
}

/* --- DROP --- */

static void depends(Buf *b, const char *fmt, const char *what, const char *name)
{
	if (b->len)
		buf_puts(b, "\n");
	buf_printf(b, fmt, what, name);
}

static const char *rel_word(const CatRel *r)
{
	return r->kind == REL_VIEW ? "view" : r->kind == REL_SEQUENCE ? "sequence" : "table";
}

static bool named_in(const CatAcl *k, uint32_t role)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->items[i].grantee == role || k->items[i].grantor == role)
			return true;
	return false;
}

/* What keeps the role from being dropped, one line each. */
static void dependents(const Ddl *d, uint32_t role, Buf *b)
{
	const Catalog *c = d->cat;
	for (size_t i = 0; i < c->nschemas; i++)
		if (c->schemas[i].owner == role)
			depends(b, "owner of %s %s", "schema", c->schemas[i].name);
	for (size_t i = 0; i < c->nrels; i++)
		if (c->rels[i]->owner == role && c->rels[i]->kind != REL_COMPOSITE && c->rels[i]->kind != REL_INDEX)
			depends(b, "owner of %s %s", rel_word(c->rels[i]), c->rels[i]->name);
	for (size_t i = 0; i < c->nfunctions; i++)
		if (c->functions[i]->owner == role)
			depends(b, "owner of %s %s", "function", sql_function_name(c, c->functions[i], true, d->a));
	for (size_t i = 0; i < c->ntypes; i++)
		if (c->types[i]->owner == role && !c->types[i]->relid && !c->types[i]->elem)
			depends(b, "owner of %s %s", "type", c->types[i]->name);
	for (size_t i = 0; i < c->nacls; i++) {
		const CatAcl *k = &c->acls[i];
		const CatRel *r = k->classoid == CLASS_RELATION ? catalog_rel_by_oid(c, k->objoid) : NULL;
		const CatSchema *s = k->classoid == CLASS_SCHEMA ? catalog_schema_by_oid(c, k->objoid) : NULL;
		const CatFunction *f = k->classoid == CLASS_FUNCTION ? catalog_function(c, k->objoid) : NULL;
		const PgType *t = k->classoid == CLASS_TYPE ? catalog_type(c, k->objoid) : NULL;
		bool owned = (r && r->owner == role) || (s && s->owner == role) || (f && f->owner == role) || (t && t->owner == role);
		if (owned || !named_in(k, role))
			continue;
		if (f)
			depends(b, "privileges for %s %s", "function", sql_function_name(c, f, true, d->a));
		else if (t)
			depends(b, "privileges for %s %s", "type", t->name);
		else if (k->classoid == CLASS_LANGUAGE)
			depends(b, "privileges for %s %s", "language", k->objoid == 14 ? "sql" : "plpgsql");
		else if (r)
			depends(b, "privileges for %s %s", rel_word(r), r->name);
		else if (s)
			depends(b, "privileges for %s %s", "schema", s->name);
		else
			depends(b, "privileges for %s %s", "database", d->ps->env->database);
	}
}

static void default_dependents(const Ddl *d, uint32_t role, Buf *b)
{
	const Catalog *c = d->cat;
	for (size_t i = 0; i < c->ndefault_acls; i++) {
		const CatDefaultAcl *k = &c->default_acls[i];
		const CatSchema *s = k->schema ? catalog_schema_by_oid(c, k->schema) : NULL;
		const char *what = k->kind == 'r'   ? "relations"
				   : k->kind == 'S' ? "sequences"
				   : k->kind == 'f' ? "functions"
				   : k->kind == 'T' ? "types"
						    : "schemas";
		const char *words = arena_printf(d->a, "default privileges on new %s belonging to role %s%s%s", what,
						 catalog_role_name(c, k->role), s ? " in schema " : "", s ? s->name : "");
		CatAcl items = { .items = k->items, .n = k->n };
		if (k->role == role)
			depends(b, "owner of %s%s", words, "");
		else if (named_in(&items, role))
			depends(b, "privileges for %s%s", words, "");
	}
}

static void policy_dependents(const Ddl *d, uint32_t role, Buf *b)
{
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *r = d->cat->rels[i];
		for (size_t k = 0; k < r->npolicies; k++)
			for (size_t j = 0; j < r->policies[k]->nroles; j++)
				if (r->policies[k]->roles[j] == role)
					depends(b, "target of policy %s on table %s", r->policies[k]->name, r->name);
	}
}

static int drop_role(Ddl *d, const char *name, uint32_t oid)
{
	const SqlEnv *env = d->ps->env;
	if (env->user && streq(env->user, name))
		return an_error(d->ps, -1, "55006", "current user cannot be dropped");
	if (env->session_user && streq(env->session_user, name))
		return an_error(d->ps, -1, "55006", "session user cannot be dropped");
	if (role_is_super(d->cat, oid) && !role_is_super(d->cat, ddl_current_role(d)))
		return an_error(d->ps, -1, "42501", "must be superuser to drop superusers");
	if (oid < FIRST_USER_OID)
		return an_error(d->ps, -1, "2BP01", "cannot drop role %s because it is required by the database system", name);
	Buf b = { 0 };
	dependents(d, oid, &b);
	default_dependents(d, oid, &b);
	policy_dependents(d, oid, &b);
	if (b.len) {
		an_error(d->ps, -1, "2BP01", "role \"%s\" cannot be dropped because some objects depend on it", name);
		err_detail(d->err, "%s", buf_cstr(&b));
		buf_free(&b);
		return -1;
	}
	buf_free(&b);
	ddl_sql(d, "DELETE FROM _understudy_role WHERE oid = %u", oid);
	ddl_sql(d, "DELETE FROM _understudy_role_member WHERE role = %u OR member = %u", oid, oid);
	return 0;
}

int plan_drop_role(Ddl *d, const PgQuery__DropRoleStmt *s)
{
	RoleOptions none = { 0 };
	if (may_make_roles(d, &none, "permission denied to drop role"))
		return -1;
	for (size_t i = 0; i < s->n_roles; i++) {
		const char *name = ddl_role_name(d, s->roles[i]->role_spec);
		uint32_t oid = catalog_role_oid(d->cat, name);
		if (oid ? drop_role(d, name, oid) : !s->missing_ok ? an_error(d->ps, -1, "42704", "role \"%s\" does not exist", name) : 0)
			return -1;
		if (!oid)
			ddl_notice(d, "00000", "role \"%s\" does not exist, skipping", name);
	}
	return ddl_finish(d, "DROP ROLE");
}

/* --- membership --- */

static int may_administer(Ddl *d, uint32_t role, const char *name)
{
	uint32_t me = ddl_current_role(d);
	const CatRole *r = catalog_role(d->cat, me);
	if (role_is_super(d->cat, me))
		return 0;
	if (role_is_super(d->cat, role))
		return an_error(d->ps, -1, "42501", "must be superuser to alter superusers");
	if (r && r->createrole)
		return 0;
	for (size_t i = 0; i < d->cat->nmembers; i++)
		if (d->cat->members[i].role == role && d->cat->members[i].admin && role_has(d->cat, me, d->cat->members[i].member))
			return 0;
	return an_error(d->ps, -1, "42501", "must have admin option on role \"%s\"", name);
}

static const CatMember *find_member(const Catalog *c, uint32_t role, uint32_t member)
{
	for (size_t i = 0; i < c->nmembers; i++)
		if (c->members[i].role == role && c->members[i].member == member)
			return &c->members[i];
	return NULL;
}

static int change_member(Ddl *d, const PgQuery__GrantRoleStmt *s, uint32_t role, const char *role_name, const PgQuery__RoleSpec *spec)
{
	const char *name = ddl_role_name(d, spec);
	uint32_t member = ddl_role_oid(d, spec);
	if (!member)
		return -1;
	const CatMember *old = find_member(d->cat, role, member);
	if (s->is_grant && (member == role || role_is_member(d->cat, role, member)) && !role_is_super(d->cat, role))
		return an_error(d->ps, -1, "0LP01", "role \"%s\" is a member of role \"%s\"", role_name, name);
	if (s->is_grant && old && (old->admin || !s->admin_opt)) {
		ddl_notice(d, "00000", "role \"%s\" is already a member of role \"%s\"", name, role_name);
	} else if (s->is_grant) {
		add_member(d, role, member, s->admin_opt);
	} else if (!old) {
		ddl_warning(d, "01000", "role \"%s\" is not a member of role \"%s\"", name, role_name);
	} else if (s->admin_opt) {
		ddl_sql(d, "UPDATE _understudy_role_member SET admin = 0 WHERE role = %u AND member = %u", role, member);
	} else {
		ddl_sql(d, "DELETE FROM _understudy_role_member WHERE role = %u AND member = %u", role, member);
	}
	return 0;
}

int plan_grant_role(Ddl *d, const PgQuery__GrantRoleStmt *s)
{
	if (s->grantor && !ddl_role_oid(d, s->grantor))
		return -1;
	for (size_t i = 0; i < s->n_granted_roles; i++) {
		const PgQuery__AccessPriv *p = s->granted_roles[i]->access_priv;
		if (p->n_cols)
			return an_error(d->ps, -1, "0LP01", "column names cannot be included in GRANT/REVOKE ROLE");
		uint32_t role = catalog_role_oid(d->cat, p->priv_name);
		if (!role)
			return an_error(d->ps, -1, "42704", "role \"%s\" does not exist", p->priv_name);
		if (may_administer(d, role, p->priv_name))
			return -1;
		for (size_t k = 0; k < s->n_grantee_roles; k++)
			if (change_member(d, s, role, p->priv_name, s->grantee_roles[k]->role_spec))
				return -1;
	}
	return ddl_finish(d, s->is_grant ? "GRANT ROLE" : "REVOKE ROLE");
}
