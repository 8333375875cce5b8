/*
 * RENAME, SET SCHEMA and OWNER TO of relations, their columns and constraints, and of schemas. Views keep the names of their own time
 * (view_names.c) and defaults name sequences by OID; expressions over a table's own columns are written anew.
 */
#include "catalog/partition.h"
#include "sql/ddl_alter.h"
#include "sql/deparse.h"

#define KIND(x) PG_QUERY__OBJECT_TYPE__OBJECT_##x

typedef struct NewName {
	const CatRel *r;
	int attnum;
	const char *name;
	bool found;
} NewName;

static bool rename_var(Expr *x, void *arg)
{
	NewName *n = arg;
	if (x->kind == X_VAR && x->column == n->attnum && x->rte->rel == n->r) {
		x->rte->cols[x->column - 1].name = n->name;
		n->found = true;
	}
	return true;
}

/* The text with the column's new name; it must mean the same over the renamed relation. */
static int rename_in(Ddl *d, char **text, ExprPlace place, uint32_t want, NewName *n)
{
	if (!*text)
		return 0;
	Expr *x = an_expr_text(d->ps->env, d->a, *text, n->r, place, want, -1, d->err);
	n->found = false;
	if (!x)
		return -1;
	expr_walk(x, rename_var, n);
	if (!n->found)
		return 0;
	const char *shown = deparse_expr(d->ps->env, x, false, d->a, d->err);
	*text = shown ? arena_strdup(d->a, shown) : NULL;
	return shown ? 0 : -1;
}

static int rename_in_relation(Ddl *d, CatRel *r, NewName *n)
{
	for (size_t i = 0; i < r->ncols; i++)
		if (r->cols[i].generated && rename_in(d, &r->cols[i].default_sql, AT_CHECK, 0, n))
			return -1;
	for (size_t i = 0; i < r->nconstraints; i++)
		if (r->constraints[i]->type == 'c' && rename_in(d, &r->constraints[i]->check_sql, AT_CHECK, 16, n))
			return -1;
	for (size_t i = 0; i < r->nindexes; i++) {
		CatIndex *x = r->indexes[i];
		x->exprs = arena_dup_more(d->a, x->exprs, x->nkeys * sizeof *x->exprs, sizeof *x->exprs);
		for (size_t k = 0; k < x->nkeys; k++)
			if (!x->keys[k] && rename_in(d, &x->exprs[k], AT_INDEX_EXPR, 0, n))
				return -1;
		if (rename_in(d, &x->predicate, AT_INDEX_WHERE, 16, n))
			return -1;
	}
	return 0;
}

static const char *file_name_of(Ddl *d, const CatRel *r, const CatColumn *c, const char *name)
{
	bool clash = strncasecmp(name, "_understudy_", 12) == 0;
	for (size_t i = 0; i < r->ncols; i++)
		clash = clash || (&r->cols[i] != c && str_ieq(str_of(r->cols[i].sqlite_name), str_of(name)));
	return clash ? arena_printf(d->a, "~%s~%d", name, c->attnum) : name;
}

static int rename_one(Ddl *d, const PgQuery__RenameStmt *s, const CatRel *r)
{
	Alter al;
	if (ddl_check_policies(d, s->subname))
		return -1;
	alter_begin(&al, d, r);
	CatColumn *c = (CatColumn *)catrel_column(al.r, s->subname);
	if (!c)
		return an_error(d->ps, -1, "42703", "column \"%s\" does not exist", s->subname);
	if (ddl_is_system_column(s->newname))
		return an_error(d->ps, -1, "42701", "column name \"%s\" conflicts with a system column name", s->newname);
	if (catrel_column(r, s->newname))
		return an_error(d->ps, -1, "42701", "column \"%s\" of relation \"%s\" already exists", s->newname, r->name);
	NewName n = { .r = r, .attnum = c->attnum, .name = s->newname };
	if (rename_in_relation(d, al.r, &n))
		return -1;
	const char *file = file_name_of(d, al.r, c, s->newname);
	if (catrel_has_rows(r) && !streq(file, c->sqlite_name))
		ddl_sql(d, "ALTER TABLE %s RENAME COLUMN %s TO %s", ddl_id(d, r->sqlite_name), ddl_id(d, c->sqlite_name), ddl_id(d, file));
	c->name = arena_strdup(d->a, s->newname);
	c->sqlite_name = arena_strdup(d->a, file);
	ddl_forget_rel(d, r);
	ddl_save_rel(d, al.r);
	return 0;
}

/* A parent of `r` that is not of the tree which is renamed as a whole. */
static bool has_other_parent(const CatRel *r, const CatRel *const *tree, size_t n, const char *column)
{
	for (size_t i = 0; i < r->nparents; i++) {
		bool in = false;
		for (size_t k = 0; k < n && !in; k++)
			in = tree[k] == r->parents[i];
		if (!in && catrel_column(r->parents[i], column))
			return true;
	}
	return false;
}

/* Of a table and of those that inherit the column from it. */
static int rename_column(Ddl *d, const PgQuery__RenameStmt *s, const CatRel *r, const char *tag)
{
	size_t n;
	const CatRel **all = partition_tree(r, d->a, &n);
	if (n > 1 && s->relation && !s->relation->inh && catrel_column(r, s->subname))
		return an_error(d->ps, -1, "42P16", "inherited column \"%s\" must be renamed in child tables too", s->subname);
	for (size_t i = 0; i < n; i++) {
		if (has_other_parent(all[i], all, n, s->subname))
			return an_error(d->ps, -1, "42P16", "cannot rename inherited column \"%s\"", s->subname);
		for (size_t k = 0; all[i]->part && k < all[i]->part->n; k++)
			if (all[i]->part->exprs[k])
				return an_refuse(d->ps, -1, "RENAME of a column of a table whose partition key has expressions");
		if (rename_one(d, s, all[i]))
			return -1;
	}
	return ddl_finish(d, tag);
}

/* Its row types have its name. */
static void name_relation(Ddl *d, const CatRel *r, uint32_t schema, const char *name)
{
	const char *file = ddl_sqlite_name(d, schema, name, r->oid);
	ddl_touch(d, r->schema);
	ddl_touch(d, schema);
	if (catrel_has_rows(r))
		ddl_sql(d, "ALTER TABLE %s RENAME TO %s", ddl_id(d, r->sqlite_name), ddl_id(d, file));
	ddl_sql(d, "UPDATE _understudy_relation SET schema = %u, name = %s, sqlite_name = %s WHERE oid = %u", schema, ddl_lit(d, name),
		ddl_lit(d, file), r->oid);
	if (!r->rowtype)
		return;
	ddl_sql(d, "UPDATE _understudy_type SET schema = %u, name = %s WHERE oid = %u", schema, ddl_lit(d, name), r->rowtype);
	ddl_sql(d, "UPDATE _understudy_type SET schema = %u, name = %s WHERE oid = %u", schema,
		ddl_lit(d, arena_printf(d->a, "_%.62s", name)), r->arraytype);
}

static int rename_relation(Ddl *d, const PgQuery__RenameStmt *s, const CatRel *r, const char *tag)
{
	if (ddl_check_policies(d, r->name))
		return -1;
	if (ddl_name_taken(d, r->schema, s->newname))
		return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", s->newname);
	if (r->rowtype && catalog_type_named(d->cat, r->schema, s->newname))
		return an_error(d->ps, -1, "42710", "type \"%s\" already exists", s->newname);
	name_relation(d, r, r->schema, s->newname);
	return ddl_finish(d, tag);
}

/* A primary key's or unique constraint's index has the same name. The index's name in the file stays: nobody sees it. A check has its name
 * in the table's text, from which its errors get it. */
static int rename_constraint(Ddl *d, const PgQuery__RenameStmt *s, const CatRel *r)
{
	Alter al;
	CatConstraint *found = NULL;
	alter_begin(&al, d, r);
	for (size_t i = 0; i < al.r->nconstraints; i++) {
		CatConstraint *k = al.r->constraints[i];
		if (streq(k->name, s->newname))
			return an_error(d->ps, -1, "42710", "constraint \"%s\" for relation \"%s\" already exists", s->newname, r->name);
		found = streq(k->name, s->subname) ? k : found;
	}
	if (!found)
		return an_error(d->ps, -1, "42704", "constraint \"%s\" for table \"%s\" does not exist", s->subname, r->name);
	bool key = found->type == 'p' || found->type == 'u' || found->type == 'x';
	if (key && ddl_name_taken(d, r->schema, s->newname))
		return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", s->newname);
	found->name = arena_strdup(d->a, s->newname);
	if (key)
		found->index->name = found->name;
	if (found->type == 'c' && (r->nchildren || r->nparents) && !found->no_inherit)
		return an_refuse(d->ps, -1, "RENAME of a check constraint of a table with partitions, children or parents");
	al.rebuild = found->type == 'c';
	return alter_finish(&al) ? -1 : ddl_finish(d, "ALTER TABLE");
}

static int rename_index(Ddl *d, const PgQuery__RenameStmt *s, const CatIndex *x)
{
	if (ddl_name_taken(d, x->table->schema, s->newname))
		return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", s->newname);
	ddl_touch(d, x->table->schema);
	ddl_sql(d, "UPDATE _understudy_index SET name = %s WHERE oid = %u", ddl_lit(d, s->newname), x->oid);
	ddl_sql(d, "UPDATE _understudy_constraint SET name = %s WHERE idx = %u AND type IN ('p', 'u')", ddl_lit(d, s->newname), x->oid);
	return ddl_finish(d, "ALTER INDEX");
}

static int rename_schema(Ddl *d, const PgQuery__RenameStmt *s)
{
	const CatSchema *ns = catalog_schema(d->cat, s->subname);
	if (!ns || (ns->oid < FIRST_USER_OID && ns->oid != NS_PUBLIC))
		return an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", s->subname);
	if (catalog_schema(d->cat, s->newname))
		return an_error(d->ps, -1, "42P06", "schema \"%s\" already exists", s->newname);
	if (strncmp(s->newname, "pg_", 3) == 0) {
		an_error(d->ps, -1, "42939", "unacceptable schema name \"%s\"", s->newname);
		return err_detail(d->err, "The prefix \"pg_\" is reserved for system schemas.");
	}
	ddl_touch(d, ns->oid);
	ddl_sql(d, "UPDATE _understudy_schema SET name = %s WHERE oid = %u", ddl_lit(d, s->newname), ns->oid);
	return ddl_finish(d, "ALTER SCHEMA");
}

static const struct {
	PgQuery__ObjectType type;
	char kind; /* 0: any */
	const char *tag, *noun;
} kinds[] = {
	{ KIND(TABLE), 0, "ALTER TABLE", "a table" },
	{ KIND(VIEW), REL_VIEW, "ALTER VIEW", "a view" },
	{ KIND(MATVIEW), REL_MATVIEW, "ALTER MATERIALIZED VIEW", "a materialized view" },
	{ KIND(SEQUENCE), REL_SEQUENCE, "ALTER SEQUENCE", "a sequence" },
	{ KIND(INDEX), 0, "ALTER INDEX", "an index" },
};

static int kind_of(int type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if ((int)kinds[i].type == type)
			return (int)i;
	return -1;
}

/* The relation that ALTER names: 1 found, 0 missing and skipped with a notice, -1. */
static int find_target(Ddl *d, const PgQuery__RangeVar *rv, bool missing_ok, int kind, const CatRel **r)
{
	*r = an_relation(d->ps, rv, missing_ok);
	if (!*r && missing_ok) {
		ddl_notice(d, "00000", "relation \"%s\" does not exist, skipping", rv->relname);
		return 0;
	}
	if (!*r || ddl_check_owner(d, *r, rv->location))
		return -1;
	if (kinds[kind].kind && (char)(*r)->kind != kinds[kind].kind)
		return an_error(d->ps, -1, "42809", "\"%s\" is not %s", (*r)->name, kinds[kind].noun);
	return 1;
}

int plan_rename(Ddl *d, const PgQuery__RenameStmt *s)
{
	int type = (int)s->rename_type;
	if (type == KIND(TYPE) || type == KIND(DOMAIN))
		return plan_rename_type(d, s);
	if (type == KIND(TRIGGER))
		return plan_rename_trigger(d, s);
	if (ddl_is_routine(type))
		return plan_rename_function(d, s);
	if (type == KIND(DOMCONSTRAINT))
		return plan_rename_domain_constraint(d, s);
	if (type == KIND(ATTRIBUTE))
		return plan_rename_attribute(d, s);
	if (type == KIND(SCHEMA))
		return rename_schema(d, s);
	bool column = type == KIND(COLUMN), constraint = type == KIND(TABCONSTRAINT);
	int kind = kind_of(column ? (int)s->relation_type : constraint ? (int)KIND(TABLE) : type);
	if (kind < 0)
		return an_refuse(d->ps, -1, "RENAME of this kind of object");
	const CatIndex *x = column || constraint ? NULL : ddl_find_index(d, s->relation->schemaname, s->relation->relname);
	if (x)
		return rename_index(d, s, x);
	const CatRel *r;
	int rc = find_target(d, s->relation, s->missing_ok, kind, &r);
	if (rc <= 0)
		return rc < 0 ? -1 : ddl_finish(d, kinds[kind].tag);
	return column	    ? rename_column(d, s, r, kinds[kind].tag)
	       : constraint ? rename_constraint(d, s, r)
			    : rename_relation(d, s, r, kinds[kind].tag);
}

static int move_to_schema(Ddl *d, const CatRel *r, const CatSchema *to)
{
	if (ddl_name_taken(d, to->oid, r->name))
		return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists in schema \"%s\"", r->name, to->name);
	for (size_t i = 0; i < r->nindexes; i++)
		if (ddl_name_taken(d, to->oid, r->indexes[i]->name))
			return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists in schema \"%s\"", r->indexes[i]->name,
					to->name);
	name_relation(d, r, to->oid, r->name);
	for (size_t i = 0; i < d->cat->nseqs; i++) {
		const CatSequence *q = d->cat->seqs[i];
		if (q->owner_table == r->oid && q->rel != r && move_to_schema(d, q->rel, to))
			return -1;
	}
	return 0;
}

int plan_set_schema(Ddl *d, const PgQuery__AlterObjectSchemaStmt *s)
{
	if (s->object_type == KIND(TYPE) || s->object_type == KIND(DOMAIN))
		return plan_set_type_schema(d, s);
	int kind = kind_of((int)s->object_type);
	if (ddl_is_routine((int)s->object_type))
		return plan_function_schema(d, s);
	if (kind < 0 || s->object_type == KIND(INDEX))
		return 1;
	const CatRel *r;
	int rc = find_target(d, s->relation, s->missing_ok, kind, &r);
	if (rc <= 0)
		return rc < 0 ? -1 : ddl_finish(d, kinds[kind].tag);
	if (ddl_check_policies(d, r->name))
		return -1;
	const CatSchema *to = env_schema(d->ps->env, s->newschema);
	if (!to)
		return an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", s->newschema);
	if (ddl_is_temp(d, to->oid) || ddl_is_temp(d, r->schema))
		return an_error(d->ps, -1, "0A000", "cannot move objects into or out of temporary schemas");
	if (to->oid < FIRST_USER_OID && to->oid != NS_PUBLIC)
		return an_error(d->ps, -1, "42501", "permission denied for schema %s", to->name);
	const CatSequence *q = r->kind == REL_SEQUENCE ? catalog_sequence(d->cat, r->oid) : NULL;
	if (q && q->owner_table) {
		an_error(d->ps, -1, "0A000", "cannot move an owned sequence into another schema");
		return err_detail(d->err, "Sequence \"%s\" is linked to table \"%s\".", r->name,
				  catalog_rel_by_oid(d->cat, q->owner_table)->name);
	}
	if (to->oid != r->schema && move_to_schema(d, r, to))
		return -1;
	return ddl_finish(d, kinds[kind].tag);
}
