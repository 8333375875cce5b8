/*
 * ALTER TABLE of a table with partitions or children: what is done to it is done to those below it. Columns and constraints that it has got
 * or lost are found by comparing it with what it was; commands about columns that stay are run again.
 */
#include "catalog/partition.h"
#include "sql/ddl_alter.h"

#define HINT_ONLY "Do not specify the ONLY keyword."

static int only_error(Ddl *d, const char *what)
{
	an_error(d->ps, -1, "42P16", "%s", what);
	return err_hint(d->err, HINT_ONLY);
}

static bool has_column(const CatRel *r, const char *name)
{
	return name && catrel_column(r, name);
}

/* Some parent has the column, so that it cannot be changed here alone. */
static bool is_inherited(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->nparents; i++)
		if (has_column(r->parents[i], name))
			return true;
	return false;
}

static bool in_partition_key(Ddl *d, const CatRel *r, const char *name)
{
	const CatColumn *c = catrel_column(r, name);
	for (size_t i = 0; c && r->part && i < r->part->n; i++)
		if (r->part->cols[i] == c->attnum ||
		    (!r->part->cols[i] && ddl_expr_uses(d, r, r->part->exprs[i], AT_INDEX_EXPR, c->attnum)))
			return true;
	return false;
}

static int check_column_change(Ddl *d, const CatRel *r, const char *name, bool drop, bool only)
{
	if (!has_column(r, name))
		return 0;
	if (is_inherited(r, name))
		return an_error(d->ps, -1, "42P16", drop ? "cannot drop inherited column \"%s\"" : "cannot alter inherited column \"%s\"",
				name);
	if (in_partition_key(d, r, name))
		return an_error(d->ps, -1, "42P16", "cannot %s column \"%s\" because it is part of the partition key of relation \"%s\"",
				drop ? "drop" : "alter", name, r->name);
	if (!only || !r->nchildren)
		return 0;
	if (!drop)
		return an_error(d->ps, -1, "42P16", "type of inherited column \"%s\" must be changed in child tables too", name);
	return r->part ? only_error(d, "cannot drop column from only the partitioned table when partitions exist") : 0;
}

static int check_add_column(Ddl *d, const CatRel *r, const PgQuery__ColumnDef *def, bool only)
{
	if (r->bound)
		return an_error(d->ps, -1, "42809", "cannot add column to a partition");
	if (only && r->nchildren)
		return an_error(d->ps, -1, "42P16", "column must be added to child tables too");
	for (size_t i = 0; r->nchildren && i < def->n_constraints; i++)
		if (def->constraints[i]->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY)
			return an_error(d->ps, -1, "42P16", "cannot recursively add identity column to table that has child tables");
	return 0;
}

static const CatConstraint *find_constraint(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->nconstraints; i++)
		if (streq(r->constraints[i]->name, name))
			return r->constraints[i];
	return NULL;
}

static const CatConstraint *parent_check(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->nparents; i++) {
		const CatConstraint *k = find_constraint(r->parents[i], name);
		if (k && k->type == 'c' && !k->no_inherit)
			return k;
	}
	return NULL;
}

static int check_drop_constraint(Ddl *d, const CatRel *r, const char *name, bool only)
{
	const CatConstraint *k = find_constraint(r, name);
	if (!k)
		return 0;
	if (k->parent || (k->type == 'c' && parent_check(r, name)))
		return an_error(d->ps, -1, "42P16", "cannot drop inherited constraint \"%s\" of relation \"%s\"", name, r->name);
	return only && r->part && r->nchildren
		       ? only_error(d, "cannot remove constraint from only the partitioned table when partitions exist")
		       : 0;
}

static int check_not_null(Ddl *d, const CatRel *r, const char *name, bool set, bool only)
{
	for (size_t i = 0; !set && r->bound && i < r->nparents; i++) {
		const CatColumn *c = catrel_column(r->parents[i], name);
		if (c && c->not_null)
			return an_error(d->ps, -1, "42P16", "column \"%s\" is marked NOT NULL in parent table", name);
	}
	if (!only || !r->part || !r->nchildren)
		return 0;
	return only_error(d, set ? "constraint must be added to child tables too"
				 : "cannot remove constraint from only the partitioned table when partitions exist");
}

int alter_check_tree(Ddl *d, const CatRel *r, const PgQuery__AlterTableCmd *cmd, bool only)
{
	switch ((int)cmd->subtype) {
	case AT(AddColumn):
		return check_add_column(d, r, cmd->def->column_def, only);
	case AT(DropColumn):
	case AT(AlterColumnType):
		return check_column_change(d, r, cmd->name, cmd->subtype == AT(DropColumn), only);
	case AT(DropConstraint):
		return check_drop_constraint(d, r, cmd->name, only);
	case AT(SetNotNull):
	case AT(DropNotNull):
		return check_not_null(d, r, cmd->name, cmd->subtype == AT(SetNotNull), only);
	case AT(AddConstraint):
		if (only && r->nchildren && cmd->def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK &&
		    !cmd->def->constraint->is_no_inherit)
			return an_error(d->ps, -1, "42P16", "constraint must be added to child tables too");
		if (only && r->nchildren && cmd->def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN && r->part)
			return an_refuse(d->ps, -1, "a foreign key of ONLY a partitioned table");
		return 0;
	case AT(DropExpression):
		return only && r->nchildren
			       ? an_error(d->ps, -1, "42P16", "ALTER TABLE / DROP EXPRESSION must be applied to child tables too")
			       : 0;
	default:
		return 0;
	}
}

/* --- what is done below --- */

static int add_column(Alter *al, const CatColumn *from)
{
	Ddl *d = al->d;
	CatColumn *c = (CatColumn *)(uintptr_t)catrel_column(al->r, from->name);
	if (c) {
		if (c->type != from->type || c->typmod != from->typmod)
			return an_error(d->ps, -1, "42804", "child table \"%s\" has different type for column \"%s\"", al->r->name,
					c->name);
		ddl_notice(d, "00000", "merging definition of column \"%s\" for child \"%s\"", c->name, al->r->name);
		return 0;
	}
	if (from->sequence)
		return an_refuse(d->ps, -1, "ADD COLUMN of a serial column to a table with partitions or children");
	c = ddl_append_column(d, al->r, from->name);
	c->type = from->type;
	c->typmod = from->typmod;
	c->not_null = from->not_null;
	c->generated = from->generated;
	c->default_sql = from->default_sql;
	c->inherited = true;
	al->rebuild |= catcolumn_fills(c) || c->not_null || c->generated;
	return alter_fill_column(al, c);
}

static int change_columns(Alter *al, const Alter *up)
{
	for (size_t i = 0; i < up->r->ncols; i++) {
		const CatColumn *now = &up->r->cols[i], *was = i < up->old->ncols ? &up->old->cols[i] : NULL;
		if (!was && !now->dropped && add_column(al, now))
			return -1;
		CatColumn *c = was && now->dropped && !was->dropped ? (CatColumn *)(uintptr_t)catrel_column(al->r, was->name) : NULL;
		if (!c)
			continue;
		bool other = false;
		for (size_t k = 0; k < al->r->nparents; k++)
			other |= al->r->parents[k]->oid != up->r->oid && has_column(al->r->parents[k], was->name);
		if (!c->inherited || other)
			continue;
		if (alter_drop_inherited(al, c))
			return -1;
	}
	return 0;
}

static bool has_oid(const CatRel *r, uint32_t oid)
{
	for (size_t i = 0; i < r->nconstraints; i++)
		if (r->constraints[i]->oid == oid)
			return true;
	for (size_t i = 0; i < r->nindexes; i++)
		if (r->indexes[i]->oid == oid)
			return true;
	return false;
}

static int drop_constraints(Alter *al, const Alter *up)
{
	for (size_t i = al->r->nconstraints; i-- > 0;) {
		CatConstraint *k = al->r->constraints[i];
		const CatConstraint *from = k->parent ? k->parent : k->type == 'c' ? find_constraint(up->old, k->name) : NULL;
		if (!from || has_oid(up->r, from->oid) || !has_oid(up->old, from->oid) || (from->type == 'c' && from->no_inherit))
			continue;
		if (k->type == 'c' && !k->inherited)
			continue;
		if (alter_drop_constraint_at(al, i, "", true))
			return -1;
	}
	for (size_t i = al->r->nindexes; i-- > 0;) {
		CatIndex *x = al->r->indexes[i];
		if (x->parent && !has_oid(up->r, x->parent->oid) && has_oid(up->old, x->parent->oid))
			x->parent = NULL;
	}
	return 0;
}

static CatIndex *fitting_index(CatRel *r, const CatIndex *parent)
{
	for (size_t i = 0; i < r->nindexes; i++)
		if (ddl_index_fits(r->indexes[i], parent))
			return r->indexes[i];
	return NULL;
}

int alter_inherit_index(Alter *al, const CatIndex *from)
{
	CatIndex *x = fitting_index(al->r, from);
	const CatConstraint *up = ddl_index_constraint(from);
	CatConstraint *k = x ? (CatConstraint *)(uintptr_t)ddl_index_constraint(x) : NULL;
	if (x && !up == !k) {
		x->parent = (CatIndex *)(uintptr_t)from;
		if (k)
			k->parent = (CatConstraint *)(uintptr_t)up;
		return 0;
	}
	al->rebuild |= from->primary;
	return ddl_inherit_index(al->d, al->r, from) ? 0 : -1;
}

static int add_constraints(Alter *al, const Alter *up)
{
	for (size_t i = 0; up->r->part && i < up->r->nindexes; i++)
		if (!has_oid(up->old, up->r->indexes[i]->oid) && alter_inherit_index(al, up->r->indexes[i]))
			return -1;
	for (size_t i = 0; i < up->r->nconstraints; i++) {
		const CatConstraint *k = up->r->constraints[i];
		if (has_oid(up->old, k->oid) || (k->type == 'c' && k->no_inherit))
			continue;
		if (k->type == 'c' && ddl_inherit_check(al->d, al->r, k))
			return -1;
		if (k->type == 'f' && up->r->part)
			ddl_inherit_foreign_key(al->d, al->r, k);
		al->rebuild |= k->type == 'c' || (k->type == 'f' && up->r->part);
	}
	return 0;
}

/* Commands that are done to each table in the same way. */
static bool is_repeated(const PgQuery__AlterTableCmd *cmd)
{
	static const int repeated[] = { AT(ColumnDefault), AT(SetNotNull), AT(DropNotNull),	   AT(AlterColumnType), AT(DropExpression),
					AT(SetStatistics), AT(SetStorage), AT(ValidateConstraint), AT(AlterConstraint) };
	for (size_t i = 0; i < ARRAY_LEN(repeated); i++)
		if (repeated[i] == (int)cmd->subtype)
			return true;
	return false;
}

/* A constraint that the table above has for itself alone. */
static bool is_absent(const CatRel *r, const PgQuery__AlterTableCmd *cmd)
{
	return cmd->subtype == AT(ValidateConstraint) ? !find_constraint(r, cmd->name)
	       : cmd->subtype == AT(AlterConstraint)  ? !find_constraint(r, cmd->def->constraint->conname)
						      : false;
}

static int alter_member(Alter *al, const Alter *up, const PgQuery__AlterTableStmt *s)
{
	for (size_t i = 0; i < s->n_cmds; i++)
		if (is_repeated(s->cmds[i]->alter_table_cmd) && !is_absent(al->r, s->cmds[i]->alter_table_cmd) &&
		    alter_command(al, s->cmds[i]->alter_table_cmd))
			return -1;
	return change_columns(al, up) || drop_constraints(al, up) || add_constraints(al, up) ? -1 : alter_finish(al);
}

int alter_children(Alter *top, const PgQuery__AlterTableStmt *s)
{
	Ddl *d = top->d;
	size_t n;
	const CatRel **all = partition_tree(top->old, d->a, &n);
	Alter *alters = arena_array(d->a, Alter, n);
	alters[0] = *top;
	if (!s->relation->inh) {
		for (size_t i = 0; top->r->part && n > 1 && i < top->r->nindexes; i++)
			top->r->indexes[i]->only |= !has_oid(top->old, top->r->indexes[i]->oid);
		return 0;
	}
	for (size_t i = 1; i < n; i++) {
		const Alter *up = NULL;
		alter_begin(&alters[i], d, all[i]);
		for (size_t k = 0; k < i && !up; k++)
			for (size_t p = 0; p < all[i]->nparents && !up; p++)
				up = alters[k].old == all[i]->parents[p] ? &alters[k] : NULL;
		if (alter_member(&alters[i], up, s))
			return -1;
	}
	return 0;
}
