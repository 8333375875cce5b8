/* Composite types: relations of kind 'c' that have columns and a row type, and no table in the file. */
#include "catalog/acl.h"
#include "sql/ddl.h"

#include "pgtype/range.h"
#include "sql/expr.h"

int ddl_check_new_type(Ddl *d, uint32_t schema, const char *name)
{
	if (catalog_type_named(d->cat, schema, name))
		return an_error(d->ps, -1, "42710", "type \"%s\" already exists", name);
	return 0;
}

uint32_t ddl_new_type(Ddl *d, uint32_t schema, const char *name, char kind, uint32_t *array)
{
	uint32_t oid = ddl_oid(d);
	const char *array_name = arena_printf(d->a, "_%.62s", name);
	while (catalog_type_named(d->cat, schema, array_name))
		array_name = arena_printf(d->a, "_%.62s", array_name);
	*array = ddl_oid(d);
	AclObject o = { 'T', CLASS_TYPE, oid, d->owner, 0 };
	ddl_give_defaults(d, &o, schema);
	ddl_sql(d, "INSERT INTO _understudy_type VALUES (%u, %u, %s, '%c', %u, %u, 0, 0)", oid, schema, ddl_lit(d, name), kind, d->owner,
		*array);
	ddl_sql(d, "INSERT INTO _understudy_type VALUES (%u, %u, %s, 'a', %u, 0, %u, 0)", *array, schema, ddl_lit(d, array_name), d->owner,
		oid);
	return oid;
}

int plan_create_composite(Ddl *d, const PgQuery__CompositeTypeStmt *s)
{
	const char *name = s->typevar->relname;
	uint32_t schema = ddl_target_schema(d, s->typevar);
	if (!schema || ddl_check_new_type(d, schema, name))
		return -1;
	if (ddl_name_taken(d, schema, name))
		return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", name);
	CatRel *r = arena_new_of(d->a, CatRel);
	*r = (CatRel){ .oid = ddl_oid(d), .rowtype = ddl_oid(d), .arraytype = ddl_oid(d), .schema = schema, .owner = d->owner };
	r->name = arena_strdup(d->a, name);
	r->kind = REL_COMPOSITE;
	r->sqlite_name = arena_strdup(d->a, "");
	for (size_t i = 0; i < s->n_coldeflist; i++)
		if (ddl_add_column(d, r, s->coldeflist[i]->column_def))
			return -1;
	ddl_save_rel(d, r);
	return ddl_finish(d, "CREATE TYPE");
}

static bool type_mentions(Ddl *d, const PgType *t, uint32_t oid)
{
	return t->oid == oid || t->elem_oid == oid || (t->base_oid && t->base_oid == oid);
}

static bool is_leaving(const CatRel *r, const CatRel *const *leaving, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (leaving[i] == r)
			return true;
	return false;
}

const char *ddl_type_user(Ddl *d, uint32_t oid, const CatRel *const *leaving, size_t n)
{
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *r = d->cat->rels[i];
		for (size_t k = 0; k < r->ncols && !is_leaving(r, leaving, n); k++) {
			const CatColumn *c = &r->cols[k];
			if (!c->dropped && type_mentions(d, c->type, oid))
				return arena_printf(d->a, "column %s of %s %s", c->name,
						    r->kind == REL_COMPOSITE ? "composite type"
						    : r->kind == REL_VIEW    ? "view"
									     : "table",
						    r->name);
		}
	}
	return NULL;
}

static int no_dependents(Ddl *d, const CatRel *r, const char *what)
{
	const char *user = ddl_type_user(d, r->rowtype, NULL, 0);
	return user ? an_refuse(d->ps, -1, "%s of type \"%s\", which %s uses,", what, r->name, user) : 0;
}

bool ddl_type_holds(const PgType *t, uint32_t row)
{
	t = type_base_of(t);
	if (!t || t->oid == row)
		return t != NULL;
	if ((t->elem && ddl_type_holds(t->elem, row)) || (t->range && ddl_type_holds(t->range->user_subtype, row)))
		return true;
	for (size_t i = 0; i < t->nfields; i++)
		if (ddl_type_holds(t->fields[i].type, row))
			return true;
	return false;
}

/* A domain over the type whose rule names the attribute. */
static int used_by_rule(Ddl *d, const CatRel *r, const char *attribute)
{
	for (size_t i = 0; i < d->cat->ntypes; i++) {
		const PgType *t = d->cat->types[i];
		for (size_t k = 0; t->domain && ddl_type_holds(t, r->rowtype) && k < t->domain->nchecks; k++) {
			if (!strstr(t->domain->checks[k].sql, attribute))
				continue;
			const char *what = arena_printf(d->a, "column %s of composite type %s", attribute, r->name);
			return ddl_depend_error(d, what,
						arena_printf(d->a, "constraint %s depends on %s", t->domain->checks[k].name, what));
		}
	}
	return 0;
}

/* The rules of domains over it would have to be read again. */
static int no_rules(Ddl *d, const CatRel *r)
{
	for (size_t i = 0; i < d->cat->ntypes; i++) {
		const PgType *t = d->cat->types[i];
		if (t->domain && t->domain->nchecks && ddl_type_holds(t, r->rowtype))
			return an_refuse(d->ps, -1, "ALTER ATTRIBUTE of type \"%s\", which the rules of domain \"%s\" use,", r->name,
					 t->name);
	}
	return 0;
}

static int drop_attribute(Ddl *d, CatRel *r, const PgQuery__AlterTableCmd *cmd)
{
	CatColumn *c = (CatColumn *)(uintptr_t)catrel_column(r, cmd->name);
	if (!c && cmd->missing_ok) {
		ddl_notice(d, "00000", "column \"%s\" of relation \"%s\" does not exist, skipping", cmd->name, r->name);
		return 0;
	}
	if (!c)
		return an_error(d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", cmd->name, r->name);
	if (used_by_rule(d, r, cmd->name) || no_dependents(d, r, "DROP ATTRIBUTE"))
		return -1;
	c->dropped = true;
	c->name = arena_printf(d->a, "........pg.dropped.%d........", c->attnum);
	return 0;
}

static int alter_attribute(Ddl *d, CatRel *r, const PgQuery__AlterTableCmd *cmd)
{
	CatColumn *c = (CatColumn *)(uintptr_t)catrel_column(r, cmd->name);
	if (!c)
		return an_error(d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", cmd->name, r->name);
	if (no_rules(d, r) || no_dependents(d, r, "ALTER ATTRIBUTE"))
		return -1;
	c->type = an_typename(d->ps, cmd->def->column_def->type_name, &c->typmod);
	return c->type ? 0 : -1;
}

static int add_attribute(Ddl *d, CatRel *r, const PgQuery__AlterTableCmd *cmd)
{
	const PgQuery__ColumnDef *def = cmd->def->column_def;
	int32_t typmod;
	const PgType *t = an_typename(d->ps, def->type_name, &typmod);
	if (!t)
		return -1;
	if (ddl_type_holds(t, r->rowtype))
		return an_error(d->ps, -1, "42P16", "composite type %s cannot be made a member of itself", r->name);
	if (catrel_column(r, def->colname))
		return an_error(d->ps, -1, "42701", "column \"%s\" of relation \"%s\" already exists", def->colname, r->name);
	return ddl_add_column(d, r, def);
}

int plan_alter_composite(Ddl *d, const PgQuery__AlterTableStmt *s)
{
	const CatRel *old = an_relation(d->ps, s->relation, false);
	if (!old)
		return -1;
	if (old->kind != REL_COMPOSITE)
		return an_error(d->ps, -1, "42809", "\"%s\" is not a composite type", old->name);
	CatRel *r = arena_dup(d->a, old, sizeof *old);
	r->cols = arena_dup_more(d->a, old->cols, old->ncols * sizeof *old->cols, sizeof *old->cols);
	for (size_t i = 0; i < s->n_cmds; i++) {
		const PgQuery__AlterTableCmd *cmd = s->cmds[i]->alter_table_cmd;
		int rc = cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn	  ? add_attribute(d, r, cmd)
			 : cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn	  ? drop_attribute(d, r, cmd)
			 : cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType ? alter_attribute(d, r, cmd)
											  : an_refuse(d->ps, -1, "this form of ALTER TYPE");
		if (rc < 0)
			return -1;
	}
	ddl_forget_rel(d, old);
	ddl_save_rel(d, r);
	return ddl_finish(d, "ALTER TYPE");
}

/* Of DROP TYPE; the row type of a table goes with its table only. */
int ddl_drop_composite(Ddl *d, const PgType *t)
{
	const CatRel *r = catalog_rel_by_oid(d->cat, t->relid);
	if (r && r->kind != REL_COMPOSITE) {
		an_error(d->ps, -1, "2BP01", "cannot drop type %s because table %s requires it", t->name, r->name);
		return err_hint(d->err, "You can drop table %s instead.", r->name);
	}
	if (r)
		ddl_forget_rel(d, r);
	return 0;
}

/* A type that ALTER TYPE or ALTER DOMAIN may rename or move; NULL and an error for others. */
static const PgType *alterable(Ddl *d, const PgQuery__List *names, bool domain)
{
	const PgType *t = ddl_find_type(d, names->items, names->n_items);
	const CatRel *r = t && t->relid ? catalog_rel_by_oid(d->cat, t->relid) : NULL;
	if (!t)
		return NULL;
	const char *name = type_format(t, -1, d->a);
	if (domain && t->typtype != 'd')
		return an_error(d->ps, -1, "42809", "%s is not a domain", name), NULL;
	if (t->oid < FIRST_USER_OID)
		return an_error(d->ps, -1, "42501", "must be owner of type %s", name), NULL;
	if (r && r->kind != REL_COMPOSITE) {
		an_error(d->ps, -1, "42809", "%s is a table's row type", name);
		return err_hint(d->err, "Use ALTER TABLE instead."), NULL;
	}
	if (t->elem) {
		an_error(d->ps, -1, "42809", "cannot alter array type %s", name);
		return err_hint(d->err, "You can alter type %s, which will alter the array type as well.", type_format(t->elem, -1, d->a)),
		       NULL;
	}
	return t;
}

static void name_type(Ddl *d, const PgType *t, uint32_t schema, const char *name)
{
	ddl_sql(d, "UPDATE _understudy_type SET schema = %u, name = %s WHERE oid = %u", schema, ddl_lit(d, name), t->oid);
	ddl_sql(d, "UPDATE _understudy_type SET schema = %u, name = %s WHERE oid = %u", schema,
		ddl_lit(d, arena_printf(d->a, "_%.62s", name)), t->array_oid);
	if (t->relid)
		ddl_sql(d, "UPDATE _understudy_relation SET schema = %u, name = %s WHERE oid = %u", schema, ddl_lit(d, name), t->relid);
}

int plan_rename_type(Ddl *d, const PgQuery__RenameStmt *s)
{
	bool domain = s->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
	const PgType *t = alterable(d, s->object->list, domain);
	uint32_t schema = t ? catalog_schema(d->cat, t->schema)->oid : 0;
	if (!t || ddl_check_new_type(d, schema, s->newname) || ddl_rename_in_texts(d, t, s->newname, NULL))
		return -1;
	name_type(d, t, schema, s->newname);
	return ddl_finish(d, domain ? "ALTER DOMAIN" : "ALTER TYPE");
}

int plan_set_type_schema(Ddl *d, const PgQuery__AlterObjectSchemaStmt *s)
{
	bool domain = s->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
	const PgType *t = alterable(d, s->object->list, domain);
	const CatSchema *to = t ? env_schema(d->ps->env, s->newschema) : NULL;
	if (!to)
		return t ? an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", s->newschema) : -1;
	if (to->oid < FIRST_USER_OID && to->oid != NS_PUBLIC)
		return an_error(d->ps, -1, "42501", "permission denied for schema %s", to->name);
	if (!streq(to->name, t->schema)) {
		if (catalog_type_named(d->cat, to->oid, t->name))
			return an_error(d->ps, -1, "42710", "type \"%s\" already exists in schema \"%s\"", t->name, to->name);
		if (ddl_rename_in_texts(d, t, t->name, to->name))
			return -1;
		name_type(d, t, to->oid, t->name);
	}
	return ddl_finish(d, domain ? "ALTER DOMAIN" : "ALTER TYPE");
}

int plan_set_type_owner(Ddl *d, const PgQuery__AlterOwnerStmt *s)
{
	bool domain = s->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
	const PgType *t = alterable(d, s->object->list, domain);
	uint32_t role = t ? ddl_role_oid(d, s->newowner) : 0;
	if (!role)
		return -1;
	AclObject o = acl_of_type(t);
	ddl_change_owner(d, &o, role);
	ddl_sql(d, "UPDATE _understudy_type SET owner = %u WHERE oid IN (%u, %u)", role, t->oid, t->array_oid);
	if (t->relid)
		ddl_sql(d, "UPDATE _understudy_relation SET owner = %u WHERE oid = %u", role, t->relid);
	return ddl_finish(d, domain ? "ALTER DOMAIN" : "ALTER TYPE");
}

int plan_rename_attribute(Ddl *d, const PgQuery__RenameStmt *s)
{
	const CatRel *r = an_relation(d->ps, s->relation, false);
	if (!r)
		return -1;
	const CatColumn *c = catrel_column(r, s->subname);
	if (r->kind != REL_COMPOSITE)
		return an_error(d->ps, -1, "42809", "\"%s\" is not a composite type", r->name);
	if (!c)
		return an_error(d->ps, -1, "42703", "column \"%s\" does not exist", s->subname);
	if (catrel_column(r, s->newname))
		return an_error(d->ps, -1, "42701", "column \"%s\" of relation \"%s\" already exists", s->newname, r->name);
	if (ddl_in_texts(d, s->subname))
		return an_refuse(d->ps, -1, "RENAME ATTRIBUTE where views, defaults or constraints may name it");
	ddl_sql(d, "UPDATE _understudy_column SET name = %s WHERE rel = %u AND attnum = %d", ddl_lit(d, s->newname), r->oid, c->attnum);
	return ddl_finish(d, "ALTER TYPE");
}
