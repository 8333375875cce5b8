/* ALTER TABLE that gives a table parents or takes them away: ATTACH and DETACH PARTITION, INHERIT and NO INHERIT. */
#include "catalog/partition.h"
#include "sql/ddl_alter.h"

static CatRel *loose(const CatRel *r)
{
	return (CatRel *)(uintptr_t)r;
}

/* --- joining --- */

static int check_columns(Ddl *d, const CatRel *parent, const CatRel *child, bool partition)
{
	for (size_t i = 0; partition && i < child->ncols; i++) {
		const CatColumn *c = &child->cols[i];
		if (c->dropped || catrel_column(parent, c->name))
			continue;
		an_error(d->ps, -1, "42804", "table \"%s\" contains column \"%s\" not found in parent \"%s\"", child->name, c->name,
			 parent->name);
		return err_detail(d->err, "The new partition may contain only the columns present in parent.");
	}
	for (size_t i = 0; i < parent->ncols; i++) {
		const CatColumn *p = &parent->cols[i], *c = p->dropped ? NULL : catrel_column(child, p->name);
		if (p->dropped)
			continue;
		if (!c)
			return an_error(d->ps, -1, "42804", "child table is missing column \"%s\"", p->name);
		if (c->type != p->type || c->typmod != p->typmod)
			return an_error(d->ps, -1, "42804", "child table \"%s\" has different type for column \"%s\"", child->name,
					p->name);
		if (p->not_null && !c->not_null)
			return an_error(d->ps, -1, "42804", "column \"%s\" in child table must be marked NOT NULL", p->name);
		if (!p->generated != !c->generated)
			return an_error(d->ps, -1, "42804",
					p->generated ? "column \"%s\" in child table must be a generated column"
						     : "column \"%s\" in child table must not be a generated column",
					p->name);
	}
	return 0;
}

static CatConstraint *find_check(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->nconstraints; i++)
		if (r->constraints[i]->type == 'c' && streq(r->constraints[i]->name, name))
			return r->constraints[i];
	return NULL;
}

static int check_checks(Ddl *d, const CatRel *parent, CatRel *child, bool partition)
{
	for (size_t i = 0; i < parent->nconstraints; i++) {
		const CatConstraint *k = parent->constraints[i];
		if (k->type != 'c' || k->no_inherit)
			continue;
		CatConstraint *c = find_check(child, k->name);
		if (!c)
			return an_error(d->ps, -1, "42804", "child table is missing constraint \"%s\"", k->name);
		if (!streq(c->check_sql, k->check_sql))
			return an_error(d->ps, -1, "42804", "child table \"%s\" has different definition for check constraint \"%s\"",
					child->name, k->name);
		if (c->no_inherit)
			return an_error(d->ps, -1, "42P17",
					"constraint \"%s\" conflicts with non-inherited constraint on child table \"%s\"", k->name,
					child->name);
		c->inherited |= partition;
	}
	return 0;
}

static bool is_below(Ddl *d, const CatRel *r, const CatRel *top)
{
	size_t n;
	const CatRel **all = partition_tree(top, d->a, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i] == r)
			return true;
	return false;
}

static int check_family(Ddl *d, const CatRel *parent, const CatRel *child)
{
	if (is_below(d, parent, child)) {
		an_error(d->ps, -1, "42P07", "circular inheritance not allowed");
		return err_detail(d->err, "\"%s\" is already a child of \"%s\".", parent->name, child->name);
	}
	if (parent->persistence == 't' && child->persistence != 't')
		return an_error(d->ps, -1, "42809", "cannot attach a permanent relation as partition of temporary relation \"%s\"",
				parent->name);
	if (parent->persistence != 't' && child->persistence == 't')
		return an_error(d->ps, -1, "42809", "cannot attach a temporary relation as partition of permanent relation \"%s\"",
				parent->name);
	return 0;
}

static bool same_foreign_key(const CatConstraint *x, const CatConstraint *y)
{
	bool same = x->type == 'f' && x->ref == y->ref && x->ncols == y->ncols && x->on_update == y->on_update &&
		    x->on_delete == y->on_delete && x->match == y->match && x->deferrable == y->deferrable && x->deferred == y->deferred;
	for (size_t i = 0; same && i < x->ncols; i++)
		same = x->ref_cols[i] == y->ref_cols[i] &&
		       streq(catrel_attnum(x->table, x->cols[i])->name, catrel_attnum(y->table, y->cols[i])->name);
	return same;
}

/* Indexes and foreign keys that fit become parts of the parent's; the others are made. */
static int join_keys(Alter *al, const CatRel *parent)
{
	for (size_t i = 0; i < parent->nindexes; i++)
		if (alter_inherit_index(al, parent->indexes[i]))
			return -1;
	for (size_t i = 0; i < parent->nconstraints; i++) {
		CatConstraint *k = parent->constraints[i];
		bool there = false;
		for (size_t c = 0; k->type == 'f' && c < al->r->nconstraints && !there; c++)
			if (!al->r->constraints[c]->parent && same_foreign_key(al->r->constraints[c], k)) {
				al->r->constraints[c]->parent = k;
				there = true;
			}
		if (k->type == 'f' && !there)
			ddl_inherit_foreign_key(al->d, al->r, k);
	}
	return 0;
}

/* The tables below get the same keys, and all tables of the tree that hold rows another CHECK. */
static int alter_below(Alter *top, bool keys)
{
	Ddl *d = top->d;
	size_t n;
	const CatRel **all = partition_tree(top->old, d->a, &n);
	Alter *alters = arena_array(d->a, Alter, n);
	alters[0] = *top;
	for (size_t i = 1; i < n; i++) {
		alter_begin(&alters[i], d, all[i]);
		CatRel *r = alters[i].r;
		r->parents = arena_dup(d->a, r->parents, r->nparents * sizeof *r->parents);
		for (size_t k = 0; k < i; k++)
			for (size_t p = 0; p < r->nparents; p++)
				if (alters[k].old == all[i]->parents[p])
					r->parents[p] = alters[k].r;
		alters[i].rebuild = true;
		if (keys && join_keys(&alters[i], r->parents[0]))
			return -1;
		if (alter_finish(&alters[i]))
			return -1;
	}
	return 0;
}

static int join_triggers(Ddl *d, const CatRel *parent, const CatRel *child)
{
	size_t n;
	const CatRel **all = partition_tree(child, d->a, &n);
	for (size_t i = 0; i < n; i++)
		if (ddl_clone_triggers(d, all[i], parent))
			return -1;
	return 0;
}

static void leave_triggers(Ddl *d, const CatRel *parent, const CatRel *child)
{
	size_t n;
	const CatRel **all = partition_tree(child, d->a, &n);
	for (size_t i = 0; i < n; i++)
		ddl_forget_clones(d, all[i], parent);
}

static int check_rows(Ddl *d, const CatRel *parent, const CatRel *child)
{
	size_t n;
	const CatRel **all = partition_tree(child, d->a, &n);
	ddl_step(d, STEP_RELOAD);
	for (size_t i = 0; i < n; i++) {
		const char *test = all[i]->part ? NULL : ddl_partition_test(d, all[i], parent, child);
		if (all[i]->part)
			continue;
		if (!test)
			return -1;
		PlanStep *s = ddl_step(d, STEP_CHECK_EMPTY);
		s->sql = arena_printf(d->a, "SELECT 1 FROM %s WHERE NOT %s LIMIT 1", ddl_id(d, all[i]->sqlite_name), test);
		s->code = "23514";
		s->message = arena_printf(d->a, "partition constraint of relation \"%s\" is violated by some row", all[i]->name);
		s->table = all[i]->name;
		s->schema = ddl_schema_name(d, all[i]->schema);
	}
	return 0;
}

static int attach(Ddl *d, const CatRel *r, const PgQuery__PartitionCmd *cmd)
{
	if (!r->part)
		return an_error(d->ps, -1, "42809", "ALTER action ATTACH PARTITION cannot be performed on relation \"%s\"", r->name),
		       err_detail(d->err, "This operation is not supported for tables.");
	const CatRel *child = an_relation(d->ps, cmd->name, false);
	if (!child || ddl_check_owner(d, child, -1))
		return -1;
	if (child->kind != REL_TABLE)
		return an_error(d->ps, -1, "42809", "ALTER action ATTACH PARTITION cannot be performed on relation \"%s\"", child->name);
	if (child->bound)
		return an_error(d->ps, -1, "42809", "\"%s\" is already a partition", child->name);
	if (child->nparents)
		return an_error(d->ps, -1, "42809", "cannot attach inheritance child as partition");
	if (child->nchildren && !child->part)
		return an_error(d->ps, -1, "42809", "cannot attach inheritance parent as partition");
	Alter al;
	CatBound *b = ddl_partition_bound(d, r, child->name, cmd->bound);
	if (!b || check_family(d, r, child) || check_columns(d, r, child, true))
		return -1;
	alter_begin(&al, d, child);
	al.r->parents = arena_array(d->a, CatRel *, 1);
	al.r->parents[0] = loose(r);
	al.r->nparents = 1;
	al.r->bound = b;
	al.rebuild = true;
	for (size_t i = 0; i < al.r->ncols; i++)
		al.r->cols[i].inherited = !al.r->cols[i].dropped;
	if (check_checks(d, r, al.r, true) || join_keys(&al, r) || ddl_check_partition_keys(d, al.r) || alter_finish(&al) ||
	    alter_below(&al, true) || join_triggers(d, r, child))
		return -1;
	return check_rows(d, r, child) || ddl_check_default(d, r) ? -1 : 0;
}

/* --- leaving --- */

/* Columns and checks that no other parent has are the table's own from now on. */
static void keep_own(CatRel *r)
{
	for (size_t i = 0; i < r->ncols; i++) {
		bool other = false;
		for (size_t p = 0; p < r->nparents && !other; p++)
			other = catrel_column(r->parents[p], r->cols[i].name) != NULL;
		r->cols[i].inherited &= other;
	}
	for (size_t i = 0; i < r->nconstraints; i++) {
		CatConstraint *k = r->constraints[i];
		bool other = false;
		for (size_t p = 0; k->type == 'c' && p < r->nparents && !other; p++)
			other = find_check(r->parents[p], k->name) != NULL;
		k->inherited &= other;
	}
}

static size_t parent_at(const CatRel *child, const CatRel *parent)
{
	size_t i = 0;
	while (i < child->nparents && child->parents[i] != parent)
		i++;
	return i;
}

static void remove_parent(Ddl *d, CatRel *r, size_t at)
{
	CatRel **rest = arena_array(d->a, CatRel *, r->nparents);
	for (size_t i = 0, n = 0; i < r->nparents; i++)
		if (i != at)
			rest[n++] = r->parents[i];
	r->parents = rest;
	r->nparents--;
	keep_own(r);
}

static int detach(Ddl *d, const CatRel *r, const PgQuery__PartitionCmd *cmd)
{
	if (!r->part)
		return an_error(d->ps, -1, "42809", "ALTER action DETACH PARTITION cannot be performed on relation \"%s\"", r->name),
		       err_detail(d->err, "This operation is not supported for tables.");
	const CatRel *child = an_relation(d->ps, cmd->name, false);
	if (!child)
		return -1;
	if (!child->bound || child->parents[0] != r)
		return an_error(d->ps, -1, "42P01", "relation \"%s\" is not a partition of relation \"%s\"", child->name, r->name);
	if (cmd->concurrent && partition_default(r))
		return an_error(d->ps, -1, "55000", "cannot detach partitions concurrently when a default partition exists");
	Alter al;
	alter_begin(&al, d, child);
	al.r->bound = NULL;
	al.rebuild = true;
	leave_triggers(d, r, child);
	remove_parent(d, al.r, 0);
	for (size_t i = 0; i < al.r->nconstraints; i++)
		al.r->constraints[i]->parent = NULL;
	for (size_t i = 0; i < al.r->nindexes; i++)
		al.r->indexes[i]->parent = NULL;
	return alter_finish(&al) || alter_below(&al, false) ? -1 : 0;
}

static int inherit(Ddl *d, const CatRel *r, const PgQuery__RangeVar *rv)
{
	const CatRel *parent = an_relation(d->ps, rv, false);
	if (!parent || ddl_check_owner(d, parent, -1))
		return -1;
	if (r->bound)
		return an_error(d->ps, -1, "42809", "cannot change inheritance of a partition");
	if (r->part)
		return an_error(d->ps, -1, "42809", "cannot change inheritance of partitioned table");
	if (parent->kind != REL_TABLE)
		return an_error(d->ps, -1, "42809", "ALTER action INHERIT cannot be performed on relation \"%s\"", parent->name);
	if (parent->part)
		return an_error(d->ps, -1, "42809", "cannot inherit from partitioned table \"%s\"", parent->name);
	if (parent->bound)
		return an_error(d->ps, -1, "42809", "cannot inherit from a partition");
	if (parent_at(r, parent) < r->nparents)
		return an_error(d->ps, -1, "42P07", "relation \"%s\" would be inherited from more than once", parent->name);
	Alter al;
	if (check_family(d, parent, r) || check_columns(d, parent, r, false))
		return -1;
	alter_begin(&al, d, r);
	al.r->parents = arena_array(d->a, CatRel *, r->nparents + 1);
	for (size_t i = 0; i < r->nparents; i++)
		al.r->parents[i] = r->parents[i];
	al.r->parents[al.r->nparents++] = loose(parent);
	return check_checks(d, parent, al.r, false) || alter_finish(&al) ? -1 : 0;
}

static int no_inherit(Ddl *d, const CatRel *r, const PgQuery__RangeVar *rv)
{
	const CatRel *parent = an_relation(d->ps, rv, false);
	if (!parent)
		return -1;
	if (r->bound)
		return an_error(d->ps, -1, "42809", "cannot change inheritance of a partition");
	size_t at = parent_at(r, parent);
	if (at == r->nparents)
		return an_error(d->ps, -1, "42P01", "relation \"%s\" is not a parent of relation \"%s\"", parent->name, r->name);
	Alter al;
	alter_begin(&al, d, r);
	remove_parent(d, al.r, at);
	return alter_finish(&al);
}

int alter_attach(Ddl *d, const CatRel *r, const PgQuery__AlterTableCmd *cmd)
{
	switch ((int)cmd->subtype) {
	case AT(AttachPartition):
		return attach(d, r, cmd->def->partition_cmd);
	case AT(DetachPartition):
		return detach(d, r, cmd->def->partition_cmd);
	case AT(AddInherit):
		return inherit(d, r, cmd->def->range_var);
	case AT(DropInherit):
		return no_inherit(d, r, cmd->def->range_var);
	default:
		return 1;
	}
}

/* --- indexes --- */

/* The index of a partitioned table is whole when every partition has a part of it. */
static bool is_whole(const CatIndex *x, const CatIndex *added)
{
	for (size_t i = 0; i < x->table->nchildren; i++) {
		const CatRel *c = x->table->children[i];
		bool has = false;
		for (size_t k = 0; k < c->nindexes && !has; k++)
			has = c->indexes[k] == added || (c->indexes[k]->parent == x && !c->indexes[k]->only);
		if (!has)
			return false;
	}
	return true;
}

int alter_attach_index(Ddl *d, const CatIndex *x, const PgQuery__PartitionCmd *cmd)
{
	const CatIndex *part = ddl_find_index(d, cmd->name->schemaname, cmd->name->relname);
	if (!part)
		return an_error(d->ps, -1, "42P01", "relation \"%s\" does not exist", cmd->name->relname);
	if (part->parent == x)
		return 0;
	const char *why = NULL;
	const CatConstraint *k = ddl_index_constraint(part), *up = ddl_index_constraint(x);
	if (part->parent)
		why = arena_printf(d->a, "Index \"%s\" is already attached to another index.", part->name);
	else if (!part->table->bound || part->table->parents[0] != x->table)
		why = arena_printf(d->a, "Index \"%s\" is not an index on any partition of table \"%s\".", part->name, x->table->name);
	else if (!ddl_index_fits(part, x))
		why = "The index definitions do not match.";
	else if (up && !k)
		why = arena_printf(d->a,
				   "The index \"%s\" belongs to a constraint in table \"%s\" but no constraint exists for index \"%s\".",
				   x->name, x->table->name, part->name);
	for (size_t i = 0; !why && i < part->table->nindexes; i++)
		if (part->table->indexes[i]->parent == x)
			why = arena_printf(d->a, "Another index is already attached for partition \"%s\".", part->table->name);
	if (why) {
		an_error(d->ps, -1, strncmp(why, "Index", 5) == 0 || strncmp(why, "Another", 7) == 0 ? "55000" : "42P17",
			 "cannot attach index \"%s\" as a partition of index \"%s\"", part->name, x->name);
		return err_detail(d->err, "%s", why);
	}
	ddl_touch(d, x->table->schema);
	ddl_sql(d, "INSERT INTO _understudy_inherits VALUES (%u, 1, %u)", part->oid, x->oid);
	if (k && up) {
		ddl_sql(d, "INSERT INTO _understudy_inherits VALUES (%u, 1, %u)", k->oid, up->oid);
		ddl_sql(d, "INSERT OR IGNORE INTO _understudy_inherited VALUES (%u, 0)", k->oid);
	}
	if (x->only && is_whole(x, part))
		ddl_sql(d, "DELETE FROM _understudy_inherited WHERE obj = %u AND sub = -1", x->oid);
	return 0;
}
