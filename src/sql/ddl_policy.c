/* CREATE, ALTER, DROP POLICY; ENABLE, DISABLE and FORCE ROW LEVEL SECURITY. PostgreSQL's policy.c. */
#include "catalog/acl.h"
#include "sql/ddl.h"
#include "sql/deparse.h"
#include "sql/row_security.h"

#include <ctype.h>

/* The condition's text with every name qualified, so that it means the same under any search path. NULL on error. */
static const char *condition_text(Ddl *d, const CatRel *r, const PgNode *node)
{
	ParseState *ps = plan_state(d->ps->env, d->a, d->ps->source, d->err);
	Expr *e = row_security_condition(ps, rte_relation(ps, r, r->name, -1), node);
	SqlEnv bare = *d->ps->env;
	bare.nsearch_path = 0;
	if (!e) {
		err_at(d->err, 0); /* PostgreSQL does not tell where, either */
		return NULL;
	}
	const char *text = deparse_expr(&bare, e, false, d->a, d->err);
	if (!text)
		an_refuse(d->ps, -1, "this expression of a policy");
	return text;
}

static int read_conditions(Ddl *d, const CatRel *r, const PgNode *qual, const PgNode *check, const char **using_sql, const char **check_sql)
{
	if (qual && !(*using_sql = condition_text(d, r, qual)))
		return -1;
	return check && !(*check_sql = condition_text(d, r, check)) ? -1 : 0;
}

/* OIDs of the roles, separated by blanks; NULL on error. */
static const char *role_list(Ddl *d, PgQuery__Node *const *roles, size_t n)
{
	const char *list = "";
	for (size_t i = 0; i < n; i++) {
		const PgQuery__RoleSpec *s = roles[i]->role_spec;
		if (s->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC) {
			if (n > 1) {
				ddl_warning(d, "22023", "ignoring specified roles other than PUBLIC");
				d->steps[d->n - 1].hint = "All roles are members of the PUBLIC role.";
			}
			return "0";
		}
		uint32_t oid = ddl_role_oid(d, s);
		if (!oid)
			return NULL;
		list = arena_printf(d->a, "%s%s%u", list, i ? " " : "", oid);
	}
	return list;
}

static const CatRel *policy_table(Ddl *d, const PgQuery__RangeVar *rv)
{
	const CatRel *r = an_relation(d->ps, rv, false);
	if (!r) {
		err_at(d->err, 0);
		return NULL;
	}
	if (r->kind != REL_TABLE)
		return an_error(d->ps, -1, "42809", "\"%s\" is not a table", r->name), NULL;
	return ddl_check_user_rel(d, r, rv->location) || ddl_check_owner(d, r, rv->location) ? NULL : r;
}

static const CatPolicy *find_policy(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->npolicies; i++)
		if (streq(r->policies[i]->name, name))
			return r->policies[i];
	return NULL;
}

static const CatPolicy *named_policy(Ddl *d, const CatRel *r, const char *name)
{
	const CatPolicy *p = find_policy(r, name);
	if (!p)
		an_error(d->ps, -1, "42704", "policy \"%s\" for table \"%s\" does not exist", name, r->name);
	return p;
}

static void touch(Ddl *d, const CatRel *r)
{
	ddl_touch(d, r->schema);
}

int plan_create_policy(Ddl *d, const PgQuery__CreatePolicyStmt *s)
{
	static const struct {
		const char *name;
		char command;
	} commands[] = { { "all", '*' }, { "select", 'r' }, { "insert", 'a' }, { "update", 'w' }, { "delete", 'd' } };
	const char *using_sql = NULL, *check_sql = NULL;
	char command = '*';
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		command = streq(s->cmd_name, commands[i].name) ? commands[i].command : command;
	if ((command == 'r' || command == 'd') && s->with_check)
		return an_error(d->ps, -1, "42601", "WITH CHECK cannot be applied to SELECT or DELETE");
	if (command == 'a' && s->qual)
		return an_error(d->ps, -1, "42601", "only WITH CHECK expression allowed for INSERT");
	const char *roles = role_list(d, s->roles, s->n_roles);
	const CatRel *r = roles ? policy_table(d, s->table) : NULL;
	if (!r || read_conditions(d, r, s->qual, s->with_check, &using_sql, &check_sql))
		return -1;
	if (find_policy(r, s->policy_name))
		return an_error(d->ps, -1, "42710", "policy \"%s\" for table \"%s\" already exists", s->policy_name, r->name);
	touch(d, r);
	ddl_sql(d, "INSERT INTO _understudy_policy VALUES (%u, %u, %s, '%c', %d, '%s', %s, %s)", ddl_oid(d), r->oid,
		ddl_lit(d, s->policy_name), command, s->permissive, roles, ddl_lit(d, using_sql), ddl_lit(d, check_sql));
	return ddl_finish(d, "CREATE POLICY");
}

int plan_alter_policy(Ddl *d, const PgQuery__AlterPolicyStmt *s)
{
	const char *using_sql = NULL, *check_sql = NULL, *roles = s->n_roles ? role_list(d, s->roles, s->n_roles) : "";
	const CatRel *r = roles ? policy_table(d, s->table) : NULL;
	if (!r || read_conditions(d, r, s->qual, s->with_check, &using_sql, &check_sql))
		return -1;
	const CatPolicy *p = named_policy(d, r, s->policy_name);
	if (!p)
		return -1;
	if ((p->command == 'r' || p->command == 'd') && s->with_check)
		return an_error(d->ps, -1, "42601", "only USING expression allowed for SELECT, DELETE");
	if (p->command == 'a' && s->qual)
		return an_error(d->ps, -1, "42601", "only WITH CHECK expression allowed for INSERT");
	touch(d, r);
	if (*roles)
		ddl_sql(d, "UPDATE _understudy_policy SET roles = '%s' WHERE oid = %u", roles, p->oid);
	if (using_sql)
		ddl_sql(d, "UPDATE _understudy_policy SET using_sql = %s WHERE oid = %u", ddl_lit(d, using_sql), p->oid);
	if (check_sql)
		ddl_sql(d, "UPDATE _understudy_policy SET check_sql = %s WHERE oid = %u", ddl_lit(d, check_sql), p->oid);
	return ddl_finish(d, "ALTER POLICY");
}

int plan_drop_policy(Ddl *d, const PgQuery__DropStmt *s)
{
	for (size_t i = 0; i < s->n_objects; i++) {
		const CatRel *r;
		const char *name;
		int rc = ddl_named_part(d, s, i, &r, &name);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		const CatPolicy *p = s->missing_ok ? find_policy(r, name) : named_policy(d, r, name);
		if (!p && !s->missing_ok)
			return -1;
		if (p && ddl_check_owner(d, r, -1))
			return -1;
		touch(d, r);
		if (p)
			ddl_sql(d, "DELETE FROM _understudy_policy WHERE oid = %u", p->oid);
		else
			ddl_notice(d, "00000", "policy \"%s\" for relation \"%s\" does not exist, skipping", name, r->name);
	}
	return ddl_finish(d, "DROP POLICY");
}

int plan_rename_policy(Ddl *d, const PgQuery__RenameStmt *s)
{
	const CatRel *r = policy_table(d, s->relation);
	if (!r)
		return -1;
	if (find_policy(r, s->newname))
		return an_error(d->ps, -1, "42710", "policy \"%s\" for table \"%s\" already exists", s->newname, r->name);
	const CatPolicy *p = named_policy(d, r, s->subname);
	if (!p)
		return -1;
	touch(d, r);
	ddl_sql(d, "UPDATE _understudy_policy SET name = %s WHERE oid = %u", ddl_lit(d, s->newname), p->oid);
	return ddl_finish(d, "ALTER POLICY");
}

void ddl_set_row_security(Ddl *d, const CatRel *r, PgQuery__AlterTableType what)
{
	bool forces = what == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity || what == PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity;
	bool on = what == PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity || what == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity;
	const char *column = forces ? "is_forced" : "is_enabled";
	ddl_sql(d, "INSERT INTO _understudy_row_security VALUES (%u, %d, %d) ON CONFLICT DO UPDATE SET %s = %d", r->oid, !forces && on,
		forces && on, column, on);
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = text; n && (at = strstr(at, word)); at += n) {
		bool begins = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
		bool ends = !(isalnum((unsigned char)at[n]) || at[n] == '_');
		if (begins && ends)
			return true;
	}
	return false;
}

/* Conditions are kept as texts: what they name keeps its name. */
int ddl_check_policies(Ddl *d, const char *name)
{
	const Catalog *c = d->cat;
	for (size_t i = 0; c->row_secured && i < c->nrels; i++) {
		for (size_t k = 0; k < c->rels[i]->npolicies; k++) {
			const CatPolicy *p = c->rels[i]->policies[k];
			if ((p->using_sql && has_word(p->using_sql, name)) || (p->check_sql && has_word(p->check_sql, name)))
				return an_refuse(d->ps, -1, "changing \"%s\", which policy \"%s\" of table \"%s\" names,", name, p->name,
						 c->rels[i]->name);
		}
	}
	return 0;
}
