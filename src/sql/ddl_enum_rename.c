/*
 * ALTER TYPE ... RENAME VALUE. The file holds labels, so every stored one is written anew; indexes are ordered by what the catalog says of
 * labels, so they are taken away before and made again when the catalog and the rows agree.
 */
#include "sql/ddl.h"

typedef struct LabelRename {
	Ddl *d;
	const PgType *type;
	const char *old, *new; /* as literals */
} LabelRename;

static int in_text(const LabelRename *l, const char *text, bool uses, const char *where)
{
	if (!text || !strstr(text, l->old) || (!uses && !strstr(text, l->type->name)))
		return 0;
	return an_refuse(l->d->ps, -1, "RENAME VALUE of a label that %s names", where);
}

/* 'label' or 'label'::type as the default of a column of the type follows; the label inside of another expression is refused. */
static int rename_in_default(const LabelRename *l, const CatRel *r, const CatColumn *c)
{
	size_t n = strlen(l->old);
	bool is_label = c->default_sql && !c->dropped && strncmp(c->default_sql, l->old, n) == 0 && type_base_of(c->type) == l->type;
	if (is_label && (!c->default_sql[n] || strncmp(c->default_sql + n, "::", 2) == 0)) {
		ddl_sql(l->d, "UPDATE _understudy_column SET default_sql = %s WHERE rel = %u AND attnum = %d",
			ddl_lit(l->d, arena_printf(l->d->a, "%s%s", l->new, c->default_sql + n)), r->oid, c->attnum);
		return 0;
	}
	return in_text(l, c->default_sql, ddl_type_holds(c->type, l->type->oid),
		       arena_printf(l->d->a, "the default of column \"%s\"", c->name));
}

static bool uses_type(const LabelRename *l, const CatRel *r)
{
	for (size_t i = 0; i < r->ncols; i++)
		if (!r->cols[i].dropped && ddl_type_holds(r->cols[i].type, l->type->oid))
			return true;
	return false;
}

static int rename_in_texts(const LabelRename *l, const CatRel *r)
{
	bool uses = uses_type(l, r);
	const char *what = arena_printf(l->d->a, "relation \"%s\"", r->name);
	int rc = in_text(l, r->view_sql, true, what);
	for (size_t i = 0; rc == 0 && i < r->ncols; i++)
		rc = rename_in_default(l, r, &r->cols[i]);
	for (size_t i = 0; rc == 0 && i < r->nconstraints; i++)
		rc = in_text(l, r->constraints[i]->check_sql, uses, what);
	for (size_t i = 0; rc == 0 && i < r->nindexes; i++) {
		rc = in_text(l, r->indexes[i]->predicate, uses, what);
		for (size_t k = 0; rc == 0 && k < r->indexes[i]->nkeys; k++)
			rc = in_text(l, r->indexes[i]->exprs[k], uses, what);
	}
	return rc;
}

static int rename_in_domains(const LabelRename *l)
{
	for (size_t i = 0; i < l->d->cat->ntypes; i++) {
		const PgType *t = l->d->cat->types[i];
		bool uses = ddl_type_holds(t, l->type->oid);
		const char *what = arena_printf(l->d->a, "domain \"%s\"", t->name);
		if (t->range && uses)
			return an_refuse(l->d->ps, -1, "RENAME VALUE of an enum with the range type \"%s\"", t->name);
		if (!t->domain)
			continue;
		if (in_text(l, t->domain->default_sql, uses, what))
			return -1;
		for (size_t k = 0; k < t->domain->nchecks; k++)
			if (in_text(l, t->domain->checks[k].sql, uses, what))
				return -1;
	}
	return 0;
}

static void rename_in_rows(const LabelRename *l, const CatRel *r)
{
	Ddl *d = l->d;
	for (size_t i = 0; i < r->ncols; i++) {
		const CatColumn *c = &r->cols[i];
		const char *id = ddl_id(d, c->sqlite_name);
		if (c->dropped || c->generated || !ddl_type_holds(c->type, l->type->oid))
			continue;
		if (type_base_of(c->type) == l->type)
			ddl_sql(d, "UPDATE %s SET %s = %s WHERE %s = %s COLLATE BINARY", ddl_id(d, r->sqlite_name), id, l->new, id, l->old);
		else
			ddl_sql(d, "UPDATE %s SET %s = pg_enum_relabel(%u, %u, %s, %s, %s) WHERE %s IS NOT NULL", ddl_id(d, r->sqlite_name),
				id, c->type->oid, l->type->oid, l->old, l->new, id, id);
	}
}

/* The bounds of partitions have the label as a value. */
static void rename_in_bounds(const LabelRename *l, const CatRel *r)
{
	const CatPartKey *key = r->bound ? r->parents[0]->part : NULL;
	for (size_t i = 0; key && i < key->n; i++)
		if (key->types[i] == l->type)
			ddl_sql(l->d,
				"UPDATE _understudy_partition_bound SET value = %s WHERE rel = %u AND (side = 'l' OR pos = %zu) AND value "
				"= %s",
				l->new, r->oid, i, l->old);
}

int plan_rename_enum_value(Ddl *d, const PgQuery__AlterEnumStmt *s, const PgType *t)
{
	LabelRename l = { d, t, ddl_lit(d, s->old_val), ddl_lit(d, s->new_val) };
	const Catalog *cat = d->cat;
	if (rename_in_domains(&l))
		return -1;
	for (size_t i = 0; i < cat->nrels; i++)
		if (rename_in_texts(&l, cat->rels[i]))
			return -1;
	for (size_t i = 0; i < cat->nrels; i++)
		rename_in_bounds(&l, cat->rels[i]);
	ddl_fk_off(d);
	for (size_t i = 0; i < cat->nrels; i++)
		for (size_t k = 0; uses_type(&l, cat->rels[i]) && k < cat->rels[i]->nindexes; k++)
			if (index_has_sqlite(cat->rels[i]->indexes[k]))
				ddl_sql(d, "DROP INDEX %s", ddl_id(d, cat->rels[i]->indexes[k]->sqlite_name));
	ddl_sql(d, "UPDATE _understudy_enum SET label = %s WHERE type = %u AND label = %s", l.new, t->oid, l.old);
	ddl_step(d, STEP_RELOAD);
	for (size_t i = 0; i < cat->nrels; i++) {
		const CatRel *r = cat->rels[i];
		if (r->kind != REL_TABLE || !uses_type(&l, r))
			continue;
		rename_in_rows(&l, r);
		for (size_t k = 0; k < r->nindexes; k++)
			if (index_has_sqlite(r->indexes[k]) && ddl_make_index(d, r->indexes[k]))
				return -1;
	}
	return ddl_finish(d, "ALTER TYPE");
}
