/* Row triggers of partitioned tables. Every table below has one of its own under the same name, which comes and goes with it. */
#include "catalog/partition.h"
#include "sql/ddl.h"

static bool is_cloned(const CatTrigger *t)
{
	return t->row && t->table->part;
}

static void clone(Ddl *d, const CatRel *r, const CatTrigger *from)
{
	const uint32_t oid = ddl_oid(d);
	const char *cols = "";
	for (size_t i = 0; i < from->ncols; i++) {
		const CatColumn *c = catrel_column(r, catrel_attnum(from->table, from->cols[i])->name);
		cols = arena_printf(d->a, "%s%s%d", cols, i ? " " : "", c ? c->attnum : 0);
	}
	ddl_sql(d,
		"INSERT INTO _understudy_trigger (oid, rel, name, function, timing, is_row, events, cols, when_sql, enabled, "
		"is_constraint, "
		"is_deferrable, is_deferred, old_table, new_table) VALUES (%u, %u, %s, %u, '%c', 1, %d, '%s', %s, '%c', %d, %d, %d, %s, "
		"%s)",
		oid, r->oid, ddl_lit(d, from->name), from->function, from->timing, from->events, cols, ddl_lit(d, from->when_sql),
		from->enabled ? from->enabled : 'O', from->constraint, from->deferrable, from->deferred, ddl_lit(d, from->old_table),
		ddl_lit(d, from->new_table));
	for (size_t i = 0; i < from->nargs; i++)
		ddl_sql(d, "INSERT INTO _understudy_trigger_arg VALUES (%u, %zu, %s)", oid, i + 1, ddl_lit(d, from->args[i]));
}

int ddl_spread_trigger(Ddl *d, const CatTrigger *t)
{
	size_t n;
	const CatRel **all = partition_tree(t->table, d->a, &n);
	for (size_t i = 1; i < n && is_cloned(t); i++) {
		const CatTrigger *old = ddl_find_trigger(all[i], t->name), *up = old ? catalog_trigger_parent(old) : NULL;
		if (old && !up)
			return an_error(d->ps, -1, "42710", "trigger \"%s\" for relation \"%s\" already exists", t->name, all[i]->name);
		if (old)
			ddl_forget_trigger(d, old->oid);
		clone(d, all[i], t);
	}
	return 0;
}

void ddl_each_clone(Ddl *d, const CatTrigger *t, void (*fn)(Ddl *d, const CatTrigger *t, const char *arg), const char *arg)
{
	size_t n;
	const CatRel **all = partition_tree(t->table, d->a, &n);
	for (size_t i = 1; i < n && is_cloned(t); i++) {
		const CatTrigger *c = ddl_find_trigger(all[i], t->name);
		if (c)
			fn(d, c, arg);
	}
}

int ddl_clone_triggers(Ddl *d, const CatRel *r, const CatRel *parent)
{
	for (size_t i = 0; i < parent->ntriggers; i++) {
		if (!is_cloned(parent->triggers[i]))
			continue;
		if (ddl_find_trigger(r, parent->triggers[i]->name))
			return an_error(d->ps, -1, "42710", "trigger \"%s\" for relation \"%s\" already exists", parent->triggers[i]->name,
					r->name);
		clone(d, r, parent->triggers[i]);
	}
	return 0;
}

void ddl_forget_clones(Ddl *d, const CatRel *r, const CatRel *parent)
{
	for (size_t i = 0; i < r->ntriggers; i++) {
		const CatTrigger *up = ddl_find_trigger(parent, r->triggers[i]->name);
		if (up && is_cloned(up))
			ddl_forget_trigger(d, r->triggers[i]->oid);
	}
}

int ddl_check_clone(Ddl *d, const CatTrigger *t)
{
	const CatTrigger *up = catalog_trigger_parent(t);
	if (!up)
		return 0;
	an_error(d->ps, -1, "2BP01", "cannot drop trigger %s on table %s because trigger %s on table %s requires it", t->name,
		 t->table->name, up->name, up->table->name);
	return err_hint(d->err, "You can drop trigger %s on table %s instead.", up->name, up->table->name);
}
