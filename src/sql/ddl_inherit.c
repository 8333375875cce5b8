/* What a new table has from its parents: INHERITS (...) and PARTITION OF. */
#include "sql/ddl.h"

static int type_conflict(Ddl *d, const CatColumn *c, const PgType *t, int32_t typmod, bool inherited)
{
	if (c->type == t && c->typmod == typmod)
		return 0;
	an_error(d->ps, -1, "42804", inherited ? "inherited column \"%s\" has a type conflict" : "column \"%s\" has a type conflict",
		 c->name);
	return err_detail(d->err, "%s versus %s", type_format(c->type, c->typmod, d->a), type_format(t, typmod, d->a));
}

static int inherit_column(Ddl *d, CatRel *r, const CatColumn *from)
{
	CatColumn *c = (CatColumn *)(uintptr_t)catrel_column(r, from->name);
	const char *value = from->identity ? NULL : from->default_sql;
	if (c) {
		ddl_notice(d, "00000", "merging multiple inherited definitions of column \"%s\"", c->name);
		if (type_conflict(d, c, from->type, from->typmod, true))
			return -1;
		c->not_null |= from->not_null;
		if (c->generated != from->generated)
			return an_error(d->ps, -1, "42611", "inherited column \"%s\" has a generation conflict", c->name);
		if (value && c->default_sql && !streq(value, c->default_sql)) {
			an_error(d->ps, -1, "42611", "column \"%s\" inherits conflicting default values", c->name);
			return err_hint(d->err, "To resolve the conflict, specify a default explicitly.");
		}
		if (value)
			c->default_sql = arena_strdup(d->a, value);
		return 0;
	}
	c = ddl_append_column(d, r, from->name);
	c->type = from->type;
	c->typmod = from->typmod;
	c->not_null = from->not_null;
	c->generated = from->generated;
	c->default_sql = value ? arena_strdup(d->a, value) : NULL;
	c->inherited = true;
	return 0;
}

static CatConstraint *find_check(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->nconstraints; i++)
		if (r->constraints[i]->type == 'c' && streq(r->constraints[i]->name, name))
			return r->constraints[i];
	return NULL;
}

static int16_t attnum_here(const CatRel *r, const CatRel *from, int16_t attnum)
{
	const CatColumn *c = attnum > 0 ? catrel_attnum(from, attnum) : NULL, *own = c ? catrel_column(r, c->name) : NULL;
	return own ? own->attnum : 0;
}

static int inherit_check(Ddl *d, CatRel *r, const CatConstraint *from)
{
	const CatConstraint *there = find_check(r, from->name);
	if (there && streq(there->check_sql, from->check_sql))
		return 0;
	if (there)
		return an_error(d->ps, -1, "42710", "check constraint name \"%s\" appears multiple times but with different expressions",
				from->name);
	CatConstraint *k = ddl_new_constraint(d, r, 'c', from->name, from->ncols);
	for (size_t i = 0; i < from->ncols; i++)
		k->cols[i] = attnum_here(r, from->table, from->cols[i]);
	k->check_sql = from->check_sql;
	k->inherited = true;
	return 0;
}

static int check_parent(Ddl *d, const CatRel *r, const CatRel *p, const PgQuery__CreateStmt *s)
{
	if (p->kind != REL_TABLE)
		return an_error(d->ps, -1, "42809", "inherited relation \"%s\" is not a table or foreign table", p->name);
	if (ddl_check_owner(d, p, -1))
		return -1;
	if (s->partbound && !p->part)
		return an_error(d->ps, -1, "42P17", "\"%s\" is not partitioned", p->name);
	if (!s->partbound && p->part)
		return an_error(d->ps, -1, "42809", "cannot inherit from partitioned table \"%s\"", p->name);
	if (!s->partbound && p->bound)
		return an_error(d->ps, -1, "42809", "cannot inherit from partition \"%s\"", p->name);
	if (!s->partbound && s->partspec)
		return an_error(d->ps, -1, "42P16", "cannot create partitioned table as inheritance child");
	if (r->persistence != 't' && p->persistence == 't')
		return an_error(d->ps, -1, "42809",
				s->partbound ? "cannot create a permanent relation as partition of temporary relation \"%s\""
					     : "cannot inherit from temporary relation \"%s\"",
				p->name);
	if (s->partbound && r->persistence == 't' && p->persistence != 't')
		return an_error(d->ps, -1, "42809", "cannot create a temporary relation as partition of permanent relation \"%s\"",
				p->name);
	for (size_t i = 0; i < r->nparents; i++)
		if (r->parents[i] == p)
			return an_error(d->ps, -1, "42P07", "relation \"%s\" would be inherited from more than once", p->name);
	return 0;
}

int ddl_inherit(Ddl *d, CatRel *r, const PgQuery__CreateStmt *s)
{
	r->parents = arena_array(d->a, CatRel *, s->n_inh_relations + 1);
	for (size_t i = 0; i < s->n_inh_relations; i++) {
		const CatRel *p = an_relation(d->ps, s->inh_relations[i]->range_var, false);
		if (!p || check_parent(d, r, p, s))
			return -1;
		r->parents[r->nparents++] = (CatRel *)(uintptr_t)p;
		for (size_t k = 0; k < p->ncols; k++)
			if (!p->cols[k].dropped && inherit_column(d, r, &p->cols[k]))
				return -1;
	}
	for (size_t i = 0; i < r->nparents; i++)
		for (size_t k = 0; k < r->parents[i]->nconstraints; k++) {
			const CatConstraint *c = r->parents[i]->constraints[k];
			if (c->type == 'c' && !c->no_inherit && inherit_check(d, r, c))
				return -1;
		}
	if (!s->partbound)
		return 0;
	r->bound = ddl_partition_bound(d, r->parents[0], r->name, s->partbound);
	return r->bound ? 0 : -1;
}

static bool defines_default(const PgQuery__ColumnDef *def)
{
	for (size_t i = 0; i < def->n_constraints; i++)
		if (def->constraints[i]->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT ||
		    def->constraints[i]->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED)
			return true;
	return false;
}

int ddl_merge_column(Ddl *d, CatRel *r, const PgQuery__ColumnDef *def)
{
	CatColumn *c = (CatColumn *)(uintptr_t)catrel_column(r, def->colname);
	if (r->bound && !c)
		return an_error(d->ps, -1, "42703", "column \"%s\" does not exist", def->colname);
	if (!c || !r->nparents)
		return 1;
	if (!r->bound) {
		CatRel own = *r;
		own.cols = NULL;
		own.ncols = 0;
		if (!c->inherited)
			return 1; /* defined twice */
		ddl_notice(d, "00000", "merging column \"%s\" with inherited definition", c->name);
		if (ddl_add_column(d, &own, def) || type_conflict(d, c, own.cols[0].type, own.cols[0].typmod, false))
			return -1;
		c->not_null |= own.cols[0].not_null;
		c->inherited = false;
		if (own.cols[0].default_sql) {
			c->default_sql = own.cols[0].default_sql;
			c->sequence = own.cols[0].sequence;
		}
	}
	c->not_null |= def->is_not_null;
	if (defines_default(def)) {
		c->default_sql = NULL;
		c->generated = 0;
	}
	return 0;
}

int ddl_merge_check(Ddl *d, CatRel *r, const char *name, const char *text)
{
	CatConstraint *k = r->nparents ? find_check(r, name) : NULL;
	if (!k || !k->inherited)
		return 0;
	if (!streq(k->check_sql, text))
		return an_error(d->ps, -1, "42710", "constraint \"%s\" for relation \"%s\" already exists", name, r->name);
	ddl_notice(d, "00000", "merging constraint \"%s\" with inherited definition", name);
	k->inherited = false;
	return 1;
}

/* --- what only partitions inherit --- */

CatConstraint *ddl_inherit_foreign_key(Ddl *d, CatRel *r, const CatConstraint *from)
{
	const char *name = from->name;
	for (size_t i = 0; i < r->nconstraints; i++)
		if (streq(r->constraints[i]->name, name))
			name = ddl_choose_name(d, 0, r->name, catrel_attnum(from->table, from->cols[0])->name, "fkey", r);
	CatConstraint *k = ddl_new_constraint(d, r, 'f', name, from->ncols);
	for (size_t i = 0; i < from->ncols; i++)
		k->cols[i] = attnum_here(r, from->table, from->cols[i]);
	k->index = from->index;
	k->ref = from->ref;
	k->ref_cols = from->ref_cols;
	k->on_update = from->on_update;
	k->on_delete = from->on_delete;
	k->match = from->match;
	k->deferrable = from->deferrable;
	k->deferred = from->deferred;
	k->not_valid = from->not_valid;
	k->inherited = true;
	k->parent = (CatConstraint *)(uintptr_t)from;
	return k;
}

static const CatConstraint *key_of_index(const CatIndex *x)
{
	for (size_t i = 0; i < x->table->nconstraints; i++)
		if (x->table->constraints[i]->index == x && x->table->constraints[i]->type != 'f')
			return x->table->constraints[i];
	return NULL;
}

/* As PostgreSQL names an index that nobody gave a name: by its columns. */
static const char *index_name(Ddl *d, CatRel *r, const CatIndex *x, const CatConstraint *k)
{
	const char *middle = "";
	for (size_t i = 0; i < x->nkeys; i++) {
		const char *label = x->keys[i] ? catrel_attnum(x->table, x->keys[i])->name : ddl_expr_label(d, x->exprs[i]);
		middle = arena_printf(d->a, "%s%s%s", middle, i ? "_" : "", label);
	}
	if (k && x->primary)
		return ddl_choose_name(d, r->schema, r->name, NULL, "pkey", r);
	return ddl_choose_name(d, r->schema, r->name, middle, k ? "key" : "idx", k ? r : NULL);
}

CatIndex *ddl_inherit_index(Ddl *d, CatRel *r, const CatIndex *from)
{
	const CatConstraint *k = key_of_index(from);
	if (from->primary && ddl_has_primary(r))
		return an_error(d->ps, -1, "42P16", "multiple primary keys for table \"%s\" are not allowed", r->name), NULL;
	CatIndex *x = ddl_new_index(d, r, index_name(d, r, from, k), from->nkeys);
	x->unique = from->unique;
	x->primary = from->primary;
	x->nulls_not_distinct = from->nulls_not_distinct;
	x->method = from->method;
	x->predicate = from->predicate;
	x->exprs = from->exprs;
	x->options = from->options;
	x->opclasses = from->opclasses;
	x->parent = (CatIndex *)(uintptr_t)from;
	for (size_t i = 0; i < x->nkeys; i++)
		x->keys[i] = attnum_here(r, from->table, from->keys[i]);
	if (ddl_choose_index_storage(d, x))
		return NULL;
	CatConstraint *c = k ? ddl_new_constraint(d, r, k->type, x->name, x->nkeys) : NULL;
	if (c) {
		memcpy(c->cols, x->keys, x->nkeys * sizeof *c->cols);
		c->index = x;
		c->inherited = true;
		c->parent = (CatConstraint *)(uintptr_t)k;
	}
	for (size_t i = 0; from->primary && i < x->nkeys; i++)
		r->cols[x->keys[i] - 1].not_null = true;
	ddl_choose_rowid(r);
	return x;
}

int ddl_inherit_keys(Ddl *d, CatRel *r)
{
	const CatRel *p = r->bound ? r->parents[0] : NULL;
	for (size_t i = 0; p && i < p->nindexes; i++)
		if (!ddl_inherit_index(d, r, p->indexes[i]))
			return -1;
	for (size_t i = 0; p && i < p->nconstraints; i++)
		if (p->constraints[i]->type == 'f' && !ddl_inherit_foreign_key(d, r, p->constraints[i]))
			return -1;
	return 0;
}
