/* ALTER TABLE: the commands work on a copy of the relation; what SQLite cannot alter in place is rebuilt. */
#include "catalog/acl.h"
#include "sql/ddl.h"

typedef struct Alter {
	Ddl *d;
	const CatRel *old;
	CatRel *r;	     /* the copy */
	const char **source; /* per attnum: SQLite expression over the old table that fills the column */
	bool rebuild;
	bool catalog_only;
} Alter;

#define AT(x) PG_QUERY__ALTER_TABLE_TYPE__AT_##x

static void copy_relation(Alter *al)
{
	Ddl *d = al->d;
	CatRel *r = al->r = arena_dup(d->a, al->old, sizeof *r);
	r->cols = arena_dup(d->a, r->cols, (r->ncols ? r->ncols : 1) * sizeof *r->cols);
	r->indexes = arena_array(d->a, CatIndex *, r->nindexes + 1);
	r->constraints = arena_array(d->a, CatConstraint *, r->nconstraints + 1);
	for (size_t i = 0; i < r->nindexes; i++) {
		r->indexes[i] = arena_dup(d->a, al->old->indexes[i], sizeof **r->indexes);
		r->indexes[i]->table = r;
	}
	for (size_t i = 0; i < r->nconstraints; i++) {
		CatConstraint *k = r->constraints[i] = arena_dup(d->a, al->old->constraints[i], sizeof *k);
		k->table = r;
		k->ref = k->ref == al->old ? r : k->ref;
		for (size_t x = 0; x < r->nindexes; x++) {
			if (k->index && k->index->oid == r->indexes[x]->oid)
				k->index = r->indexes[x];
		}
	}
}

static void check_empty(Ddl *d, const char *sql, const char *code, const char *message, const char *detail, const char *constraint,
			const CatRel *r)
{
	PlanStep *s = ddl_step(d, STEP_CHECK_EMPTY);
	s->sql = sql;
	s->code = code;
	s->message = message;
	s->detail = detail;
	s->constraint = constraint;
	s->table = r->name;
	s->schema = ddl_schema_name(d, r->schema);
}

static bool in_old(const Alter *al, const CatColumn *c)
{
	return (size_t)c->attnum <= al->old->ncols;
}

static void check_not_null(Alter *al, const CatColumn *c)
{
	Ddl *d = al->d;
	if (!in_old(al, c) || al->old->cols[c->attnum - 1].not_null)
		return;
	check_empty(
		d,
		arena_printf(d->a, "SELECT 1 FROM %s WHERE %s IS NULL LIMIT 1", ddl_id(d, al->old->sqlite_name), ddl_id(d, c->sqlite_name)),
		"23502", arena_printf(d->a, "column \"%s\" of relation \"%s\" contains null values", c->name, al->r->name), NULL, NULL,
		al->r);
}

/* "Key (a, b)=(%s) is duplicated." and the SQL that finds such a key. */
static void check_unique(Alter *al, const CatIndex *x)
{
	Ddl *d = al->d;
	const char *cols = "", *names = "", *shown = "", *known = "";
	for (size_t i = 0; i < x->nkeys; i++) {
		const CatColumn *c = catrel_attnum(x->table, x->keys[i]);
		if (!in_old(al, c))
			return;
		const char *id = ddl_id(d, c->sqlite_name);
		cols = arena_printf(d->a, "%s%s%s", cols, i ? ", " : "", id);
		names = arena_printf(d->a, "%s%s%s", names, i ? ", " : "", c->name);
		shown = arena_printf(d->a, "%s%s%s", shown, i ? " || ', ' || " : "", id);
		known = arena_printf(d->a, "%s%s%s IS NOT NULL", known, i ? " AND " : "", id);
	}
	check_empty(d,
		    arena_printf(d->a, "SELECT %s FROM %s WHERE %s GROUP BY %s HAVING count(*) > 1 LIMIT 1", shown,
				 ddl_id(d, al->old->sqlite_name), known, cols),
		    "23505", arena_printf(d->a, "could not create unique index \"%s\"", x->name),
		    arena_printf(d->a, "Key (%s)=(%%s) is duplicated.", names), x->name, al->r);
}

static void check_foreign_key(Alter *al, const CatConstraint *k)
{
	Ddl *d = al->d;
	const char *names = "", *shown = "", *known = "", *match = "";
	const CatRel *ref = k->ref == al->r ? al->old : k->ref;
	for (size_t i = 0; i < k->ncols; i++) {
		const CatColumn *c = catrel_attnum(al->r, k->cols[i]);
		if (!in_old(al, c))
			return;
		const char *id = ddl_id(d, c->sqlite_name);
		names = arena_printf(d->a, "%s%s%s", names, i ? ", " : "", c->name);
		shown = arena_printf(d->a, "%s%sc.%s", shown, i ? " || ', ' || " : "", id);
		known = arena_printf(d->a, "%s%sc.%s IS NOT NULL", known, i ? " AND " : "", id);
		match = arena_printf(d->a, "%s%sp.%s = c.%s", match, i ? " AND " : "",
				     ddl_id(d, catrel_attnum(k->ref, k->ref_cols[i])->sqlite_name), id);
	}
	check_empty(d,
		    arena_printf(d->a, "SELECT %s FROM %s AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s AS p WHERE %s) LIMIT 1", shown,
				 ddl_id(d, al->old->sqlite_name), known, ddl_id(d, ref->sqlite_name), match),
		    "23503",
		    arena_printf(d->a, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", al->r->name, k->name),
		    arena_printf(d->a, "Key (%s)=(%%s) is not present in table \"%s\".", names, k->ref->name), k->name, al->r);
}

static bool find_rte(Expr *x, void *arg)
{
	const Rte **rte = arg;
	if (x->kind == X_VAR && !*rte)
		*rte = x->rte;
	return !*rte;
}

static const char *old_expr(Alter *al, const char *text, ExprPlace place, uint32_t type, int32_t typmod)
{
	Ddl *d = al->d;
	Expr *x = an_expr_text(d->ps->env, d->a, text, al->old, place, type, typmod, d->err);
	if (!x)
		return NULL;
	const Rte *rte = NULL;
	expr_walk(x, find_rte, &rte);
	if (!rte) {
		Rte *none = arena_new_of(d->a, Rte);
		none->rel = al->old;
		rte = none;
	}
	return emit_table_expr(d->cat, d->ps->env->types, x, rte, d->a, d->err);
}

static int check_check(Alter *al, const CatConstraint *k)
{
	Ddl *d = al->d;
	for (size_t i = 0; i < k->ncols; i++) {
		if ((size_t)k->cols[i] > al->old->ncols)
			return 0;
	}
	const char *sql = old_expr(al, k->check_sql, AT_CHECK, 16, -1);
	if (!sql)
		return -1;
	check_empty(d, arena_printf(d->a, "SELECT 1 FROM %s WHERE NOT (%s) LIMIT 1", ddl_id(d, al->old->sqlite_name), sql), "23514",
		    arena_printf(d->a, "check constraint \"%s\" of relation \"%s\" is violated by some row", k->name, al->r->name), NULL,
		    k->name, al->r);
	return 0;
}

/* Looks at what the last command added: checks the rows that are there. */
static int check_new_objects(Alter *al, size_t nindexes, size_t nconstraints)
{
	for (size_t i = nindexes; i < al->r->nindexes; i++) {
		const CatIndex *x = al->r->indexes[i];
		check_unique(al, x);
		for (size_t k = 0; x->primary && k < x->nkeys; k++)
			check_not_null(al, catrel_attnum(al->r, x->keys[k]));
		if (x->primary)
			al->rebuild = true;
	}
	for (size_t i = nconstraints; i < al->r->nconstraints; i++) {
		const CatConstraint *k = al->r->constraints[i];
		al->rebuild = al->rebuild || k->type == 'c' || k->type == 'f';
		if (k->type == 'f')
			check_foreign_key(al, k);
		if (k->type == 'c' && check_check(al, k))
			return -1;
	}
	return 0;
}

static int fill_new_column(Alter *al, const CatColumn *c)
{
	Ddl *d = al->d;
	const char **source = arena_array(d->a, const char *, al->r->ncols + 1);
	memcpy(source, al->source, (al->r->ncols - 1) * sizeof *source);
	al->source = source;
	if (c->sequence) {
		source[c->attnum - 1] = "row_number() OVER ()";
	} else if (catcolumn_fills(c)) {
		const char *text = catcolumn_default(c);
		source[c->attnum - 1] = old_expr(al, text ? text : "NULL", AT_DEFAULT, c->type->oid, c->typmod);
		return source[c->attnum - 1] ? 0 : -1;
	} else if (c->not_null && !c->generated) {
		check_empty(d, arena_printf(d->a, "SELECT 1 FROM %s LIMIT 1", ddl_id(d, al->old->sqlite_name)), "23502",
			    arena_printf(d->a, "column \"%s\" of relation \"%s\" contains null values", c->name, al->r->name), NULL, NULL,
			    al->r);
	}
	return 0;
}

static int add_column(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	Ddl *d = al->d;
	const PgQuery__ColumnDef *def = cmd->def->column_def;
	if (catrel_column(al->r, def->colname)) {
		if (!cmd->missing_ok)
			return an_error(d->ps, -1, "42701", "column \"%s\" of relation \"%s\" already exists", def->colname, al->r->name);
		ddl_notice(d, "42701", "column \"%s\" of relation \"%s\" already exists, skipping", def->colname, al->r->name);
		return 0;
	}
	size_t nx = al->r->nindexes, nk = al->r->nconstraints;
	if (ddl_add_column(d, al->r, def) || ddl_add_column_constraints(d, al->r, def) || check_new_objects(al, nx, nk))
		return -1;
	al->rebuild = true;
	return fill_new_column(al, &al->r->cols[al->r->ncols - 1]);
}

static CatColumn *find_column(Alter *al, const char *name)
{
	CatColumn *c = (CatColumn *)catrel_column(al->r, name);
	if (!c)
		an_error(al->d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", name, al->r->name);
	return c;
}

/* Which columns a view reads is not known, so every view over the table counts. */
static int refuse_views(Alter *al, const char *what)
{
	for (size_t i = 0; i < al->d->cat->nrels; i++) {
		const CatRel *v = al->d->cat->rels[i];
		if (v->kind == REL_VIEW && ddl_view_uses(al->d, v, al->old))
			return an_refuse(al->d->ps, -1, "%s of a table that view \"%s\" uses", what, v->name);
	}
	return 0;
}

static bool uses_column(const int16_t *cols, size_t n, int attnum)
{
	for (size_t i = 0; i < n; i++) {
		if (cols[i] == attnum)
			return true;
	}
	return false;
}

static void drop_index_at(CatRel *r, size_t i)
{
	memmove(&r->indexes[i], &r->indexes[i + 1], (r->nindexes - i - 1) * sizeof *r->indexes);
	r->nindexes--;
}

/* Foreign keys of other tables that need this index. */
static int check_dependents(Alter *al, const CatIndex *x, const char *what, bool cascade)
{
	Ddl *d = al->d;
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *o = d->cat->rels[i];
		for (size_t k = 0; k < o->nconstraints; k++) {
			const CatConstraint *c = o->constraints[k];
			if (c->type != 'f' || o == al->old || !c->index || c->index->oid != x->oid)
				continue;
			if (cascade)
				return an_refuse(d->ps, -1, "CASCADE to foreign keys of other tables in ALTER TABLE");
			an_error(d->ps, -1, "2BP01", "cannot drop %s because other objects depend on it", what);
			err_detail(d->err, "constraint %s on table %s depends on index %s", c->name, o->name, x->name);
			return err_hint(d->err, "Use DROP ... CASCADE to drop the dependent objects too.");
		}
	}
	return 0;
}

static int drop_constraint_at(Alter *al, size_t i, const char *what, bool cascade)
{
	CatRel *r = al->r;
	CatConstraint *k = r->constraints[i];
	for (size_t x = 0; (k->type == 'p' || k->type == 'u') && k->index && x < r->nindexes; x++) {
		if (r->indexes[x]->oid != k->index->oid)
			continue;
		if (check_dependents(al, r->indexes[x], what, cascade))
			return -1;
		drop_index_at(r, x);
		break;
	}
	memmove(&r->constraints[i], &r->constraints[i + 1], (r->nconstraints - i - 1) * sizeof *r->constraints);
	r->nconstraints--;
	ddl_choose_rowid(r);
	al->rebuild = true;
	return 0;
}

/* Values of the table's row type keep the columns that they were stored with. */
static int row_type_unused(Alter *al, const char *what)
{
	const char *user = ddl_type_user(al->d, al->old->rowtype, NULL, 0);
	return user ? an_refuse(al->d->ps, -1, "%s while %s uses the table's row type", what, user) : 0;
}

static int drop_column(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	Ddl *d = al->d;
	bool cascade = cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	if (cmd->missing_ok && !catrel_column(al->r, cmd->name)) {
		ddl_notice(d, "00000", "column \"%s\" of relation \"%s\" does not exist, skipping", cmd->name, al->r->name);
		return 0;
	}
	CatColumn *c = find_column(al, cmd->name);
	if (!c || row_type_unused(al, "DROP COLUMN") || refuse_views(al, "DROP COLUMN"))
		return -1;
	const char *what = arena_printf(d->a, "column %s of table %s", c->name, al->r->name);
	for (size_t i = al->r->nconstraints; i-- > 0;) {
		if (uses_column(al->r->constraints[i]->cols, al->r->constraints[i]->ncols, c->attnum) &&
		    drop_constraint_at(al, i, what, cascade))
			return -1;
	}
	for (size_t i = al->r->nindexes; i-- > 0;) {
		CatIndex *x = al->r->indexes[i];
		bool expression = x->predicate != NULL;
		for (size_t k = 0; k < x->nkeys; k++)
			expression = expression || !x->keys[k];
		if (uses_column(x->keys, x->nkeys, c->attnum))
			drop_index_at(al->r, i);
		else if (expression)
			return an_refuse(d->ps, -1, "DROP COLUMN of a table with an index on expressions or a WHERE clause (\"%s\")",
					 x->name);
	}
	for (size_t i = 0; i < al->r->ncols; i++) {
		if (al->r->cols[i].generated && i + 1 != (size_t)c->attnum)
			return an_refuse(d->ps, -1, "DROP COLUMN of a table with generated columns");
	}
	if (c->sequence) {
		ddl_sql(d, "DELETE FROM _understudy_sequence WHERE oid = %u", c->sequence);
		ddl_sql(d, "DELETE FROM _understudy_relation WHERE oid = %u", c->sequence);
	}
	c->dropped = true;
	c->not_null = false;
	c->default_sql = NULL;
	c->identity = c->generated = 0;
	c->sequence = 0;
	c->name = c->sqlite_name = arena_printf(d->a, "........pg.dropped.%d........", c->attnum);
	al->rebuild = true;
	return 0;
}

static int drop_constraint(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	Ddl *d = al->d;
	for (size_t i = 0; i < al->r->nconstraints; i++) {
		if (!streq(al->r->constraints[i]->name, cmd->name))
			continue;
		const char *what = arena_printf(d->a, "constraint %s on table %s", cmd->name, al->r->name);
		return drop_constraint_at(al, i, what, cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
	}
	if (!cmd->missing_ok)
		return an_error(d->ps, -1, "42704", "constraint \"%s\" of relation \"%s\" does not exist", cmd->name, al->r->name);
	ddl_notice(d, "00000", "constraint \"%s\" of relation \"%s\" does not exist, skipping", cmd->name, al->r->name);
	return 0;
}

static int alter_default(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	CatColumn *c = find_column(al, cmd->name);
	if (!c)
		return -1;
	if (c->identity)
		return an_error(al->d->ps, -1, "42601", "column \"%s\" of relation \"%s\" is an identity column", c->name, al->r->name);
	if (c->generated)
		return an_error(al->d->ps, -1, "42601", "column \"%s\" of relation \"%s\" is a generated column", c->name, al->r->name);
	c->default_sql = NULL;
	return cmd->def ? ddl_set_default(al->d, al->r, c, cmd->def) : 0;
}

static int alter_not_null(Alter *al, const PgQuery__AlterTableCmd *cmd, bool set)
{
	CatColumn *c = find_column(al, cmd->name);
	if (!c)
		return -1;
	for (size_t i = 0; !set && i < al->r->nindexes; i++) {
		if (al->r->indexes[i]->primary && uses_column(al->r->indexes[i]->keys, al->r->indexes[i]->nkeys, c->attnum))
			return an_error(al->d->ps, -1, "42P16", "column \"%s\" is in a primary key", c->name);
	}
	if (!set && c->identity)
		return an_error(al->d->ps, -1, "42601", "column \"%s\" of relation \"%s\" is an identity column", c->name, al->r->name);
	if (c->not_null == set)
		return 0;
	if (set)
		check_not_null(al, c);
	c->not_null = set;
	al->rebuild = true;
	return 0;
}

static int alter_type(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	Ddl *d = al->d;
	const PgQuery__ColumnDef *def = cmd->def->column_def;
	CatColumn *c = find_column(al, cmd->name);
	int32_t typmod;
	const PgType *t = c ? an_typename(d->ps, def->type_name, &typmod) : NULL;
	if (!t || row_type_unused(al, "ALTER COLUMN TYPE") || refuse_views(al, "ALTER COLUMN TYPE"))
		return -1;
	if (t->typtype == 'p')
		return an_error(d->ps, -1, "42P16", "column \"%s\" has pseudo-type %s", c->name, t->name);
	if (!type_is_supported(t))
		return an_refuse(d->ps, def->type_name->location, "type %s", t->name);
	if (c->generated || !in_old(al, c))
		return an_refuse(d->ps, def->type_name->location, "ALTER TYPE of this column");
	const char *text = def->raw_default ? ddl_expr_sql(d, def->raw_default) : ddl_id(d, c->name);
	const char *sql = text ? old_expr(al, text, AT_UPDATE, t->oid, typmod) : NULL;
	if (!sql)
		return -1;
	c->type = t;
	c->typmod = typmod;
	al->source[c->attnum - 1] = sql;
	if (c->default_sql && !c->sequence && !an_expr_text(d->ps->env, d->a, c->default_sql, NULL, AT_DEFAULT, t->oid, typmod, d->err))
		return an_error(d->ps, -1, "42804", "default for column \"%s\" cannot be cast automatically to type %s", c->name,
				type_format(t, -1, d->a));
	ddl_choose_rowid(al->r);
	al->rebuild = true;
	return 0;
}

static int change_owner(Alter *al, const PgQuery__RoleSpec *role)
{
	Ddl *d = al->d;
	uint32_t oid = ddl_role_oid(d, role);
	if (!oid)
		return -1;
	AclObject o = acl_of_rel(al->r);
	ddl_change_owner(d, &o, oid);
	for (size_t i = 0; i < al->r->ncols; i++) {
		AclObject column = acl_of_column(al->r, al->r->cols[i].attnum);
		if (acl_text(d->cat, &column, d->a))
			ddl_change_owner(d, &column, oid);
	}
	al->r->owner = oid;
	return 0;
}

/* Storage parameters, statistics and clustering have no effect on results; what they name must exist. */
static int check_own_index(Alter *al, const char *name)
{
	for (size_t i = 0; i < al->r->nindexes; i++)
		if (streq(al->r->indexes[i]->name, name))
			return 0;
	return an_error(al->d->ps, -1, "42704", "index \"%s\" for table \"%s\" does not exist", name, al->r->name);
}

static int alter_command(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	size_t nx = al->r->nindexes, nk = al->r->nconstraints;
	switch ((int)cmd->subtype) {
	case AT(AddColumn):
		return add_column(al, cmd);
	case AT(DropColumn):
		return drop_column(al, cmd);
	case AT(AddConstraint):
		return ddl_add_constraint(al->d, al->r, cmd->def->constraint, NULL) ? -1 : check_new_objects(al, nx, nk);
	case AT(DropConstraint):
		return drop_constraint(al, cmd);
	case AT(ColumnDefault):
		return alter_default(al, cmd);
	case AT(SetNotNull):
	case AT(DropNotNull):
		return alter_not_null(al, cmd, cmd->subtype == AT(SetNotNull));
	case AT(AlterColumnType):
		return alter_type(al, cmd);
	case AT(ChangeOwner):
		return change_owner(al, cmd->newowner);
	case AT(SetRelOptions):
	case AT(ResetRelOptions):
		return ddl_check_parameters(al->d, cmd->def->list->items, cmd->def->list->n_items, false);
	case AT(SetStatistics):
	case AT(SetStorage):
		return find_column(al, cmd->name) ? 0 : -1;
	case AT(ClusterOn):
		return check_own_index(al, cmd->name);
	case AT(ReplicaIdentity):
		return *cmd->def->replica_identity_stmt->name ? check_own_index(al, cmd->def->replica_identity_stmt->name) : 0;
	case AT(SetLogged):
	case AT(SetUnLogged):
	case AT(DropCluster):
		return 0;
	default:
		return an_refuse(al->d->ps, al->old->oid ? -1 : 0, "this form of ALTER TABLE");
	}
}

/* New table, rows copied, old one dropped, renamed. */
static int rebuild(Alter *al)
{
	Ddl *d = al->d;
	/* The journal knows what is temporary by its name. */
	const char *tmp = arena_printf(d->a, "%s~rebuild~%u", ddl_is_temp(d, al->r->schema) ? TEMP_SCHEMA_PREFIX : "", al->r->oid);
	const char *into = "", *from = "";
	size_t n = 0;
	ddl_fk_off(d);
	if (ddl_make_table(d, al->r, tmp))
		return -1;
	for (size_t i = 0; i < al->r->ncols; i++) {
		const CatColumn *c = &al->r->cols[i];
		if (c->dropped || c->generated)
			continue;
		const char *source = al->source[i] ? al->source[i] : i < al->old->ncols ? ddl_id(d, al->old->cols[i].sqlite_name) : NULL;
		if (!source)
			continue;
		into = arena_printf(d->a, "%s%s%s", into, n ? ", " : "", ddl_id(d, c->sqlite_name));
		from = arena_printf(d->a, "%s%s%s", from, n++ ? ", " : "", source);
	}
	const char *old = ddl_id(d, al->old->sqlite_name);
	if (n)
		ddl_sql(d, "INSERT INTO %s (%s) SELECT %s FROM %s", ddl_id(d, tmp), into, from, old);
	else
		ddl_sql(d, "INSERT INTO %s (rowid) SELECT rowid FROM %s", ddl_id(d, tmp), old);
	ddl_sql(d, "DROP TABLE %s", old);
	ddl_sql(d, "ALTER TABLE %s RENAME TO %s", ddl_id(d, tmp), ddl_id(d, al->r->sqlite_name));
	for (size_t i = 0; i < al->r->nindexes; i++) {
		if (ddl_make_index(d, al->r->indexes[i]))
			return -1;
	}
	for (size_t i = al->old->ncols; i < al->r->ncols; i++) {
		const CatColumn *c = &al->r->cols[i];
		if (c->sequence)
			ddl_sql(d,
				"UPDATE _understudy_sequence SET last_value = m, is_called = 1 FROM (SELECT max(%s) AS m FROM %s) "
				"WHERE oid = %u AND m IS NOT NULL",
				ddl_id(d, c->sqlite_name), ddl_id(d, al->r->sqlite_name), c->sequence);
	}
	return 0;
}

static int in_place(Alter *al)
{
	for (size_t i = al->old->nindexes; i < al->r->nindexes; i++) {
		if (ddl_make_index(al->d, al->r->indexes[i]))
			return -1;
	}
	return 0;
}

/* ALTER INDEX: storage only. */
static int alter_index(Ddl *d, const PgQuery__AlterTableStmt *s)
{
	for (size_t i = 0; i < s->n_cmds; i++) {
		const PgQuery__AlterTableCmd *cmd = s->cmds[i]->alter_table_cmd;
		if (cmd->subtype != AT(SetRelOptions) && cmd->subtype != AT(ResetRelOptions))
			return an_refuse(d->ps, s->relation->location, "this form of ALTER INDEX");
		if (ddl_check_parameters(d, cmd->def->list->items, cmd->def->list->n_items, true))
			return -1;
	}
	return ddl_finish(d, "ALTER INDEX");
}

int plan_alter_table(Ddl *d, const PgQuery__AlterTableStmt *s)
{
	const char *tag = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX	 ? "ALTER INDEX"
			  : s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW	 ? "ALTER VIEW"
			  : s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE ? "ALTER SEQUENCE"
										 : "ALTER TABLE";
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX && ddl_find_index(d, s->relation->schemaname, s->relation->relname))
		return alter_index(d, s);
	const CatRel *r = an_relation(d->ps, s->relation, s->missing_ok);
	if (!r && s->missing_ok) {
		ddl_notice(d, "00000", "relation \"%s\" does not exist, skipping", s->relation->relname);
		return ddl_finish(d, tag);
	}
	if (!r || ddl_check_owner(d, r, s->relation->location))
		return -1;
	bool owner_only = s->n_cmds == 1 && s->cmds[0]->alter_table_cmd->subtype == AT(ChangeOwner);
	if (r->kind != REL_TABLE && !owner_only)
		return an_refuse(d->ps, s->relation->location, "this form of %s", tag);
	Alter al = { .d = d, .old = r };
	d->temp_oids = r->persistence == 't';
	copy_relation(&al);
	al.source = arena_array(d->a, const char *, r->ncols + 1);
	for (size_t i = 0; i < s->n_cmds; i++) {
		if (alter_command(&al, s->cmds[i]->alter_table_cmd))
			return -1;
	}
	if (owner_only) {
		ddl_sql(d, "UPDATE _understudy_relation SET owner = %u WHERE oid = %u", al.r->owner, r->oid);
		return ddl_finish(d, tag);
	}
	if (al.rebuild ? rebuild(&al) : in_place(&al))
		return -1;
	ddl_forget_rel(d, r);
	ddl_save_rel(d, al.r);
	return ddl_finish(d, tag);
}
