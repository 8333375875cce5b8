/* ALTER TABLE: its commands, and the rebuilding of a table. */
#include "catalog/acl.h"
#include "sql/ddl_alter.h"

void alter_begin(Alter *al, Ddl *d, const CatRel *old)
{
	*al = (Alter){ .d = d, .old = old };
	CatRel *r = al->r = arena_dup(d->a, old, sizeof *r);
	d->temp_oids = r->persistence == 't';
	r->cols = arena_dup(d->a, r->cols, r->ncols * sizeof *r->cols);
	r->indexes = arena_array(d->a, CatIndex *, r->nindexes + 1);
	r->constraints = arena_array(d->a, CatConstraint *, r->nconstraints + 1);
	al->source = arena_array(d->a, const char *, r->ncols + 1);
	for (size_t i = 0; i < r->nindexes; i++) {
		r->indexes[i] = arena_dup(d->a, old->indexes[i], sizeof **r->indexes);
		r->indexes[i]->table = r;
	}
	for (size_t i = 0; i < r->nconstraints; i++) {
		CatConstraint *k = r->constraints[i] = arena_dup(d->a, old->constraints[i], sizeof *k);
		k->table = r;
		k->ref = k->ref == old ? r : k->ref;
		for (size_t x = 0; x < r->nindexes; x++) {
			if (k->index && k->index->oid == r->indexes[x]->oid)
				k->index = r->indexes[x];
		}
	}
}

void alter_sources(Alter *al)
{
	const char **more = arena_array(al->d->a, const char *, al->r->ncols + 1);
	memcpy(more, al->source, (al->r->ncols - 1) * sizeof *more);
	al->source = more;
}

CatColumn *alter_column(Alter *al, const char *name)
{
	CatColumn *c = (CatColumn *)catrel_column(al->r, name);
	if (!c)
		an_error(al->d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", name, al->r->name);
	return c;
}

const char *alter_old_expr(Alter *al, const char *text, ExprPlace place, uint32_t type, int32_t typmod)
{
	return ddl_table_expr(al->d, al->old, text, place, type, typmod);
}

static CatConstraint *find_constraint(Alter *al, const char *name, size_t *at)
{
	for (*at = 0; *at < al->r->nconstraints; ++*at)
		if (streq(al->r->constraints[*at]->name, name))
			return al->r->constraints[*at];
	an_error(al->d->ps, -1, "42704", "constraint \"%s\" of relation \"%s\" does not exist", name, al->r->name);
	return NULL;
}

static int drop_constraint(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	Ddl *d = al->d;
	size_t at;
	if (!find_constraint(al, cmd->name, &at)) {
		if (!cmd->missing_ok)
			return -1;
		err_clear(d->err);
		ddl_notice(d, "00000", "constraint \"%s\" of relation \"%s\" does not exist, skipping", cmd->name, al->r->name);
		return 0;
	}
	const char *what = arena_printf(d->a, "constraint %s on table %s", cmd->name, al->r->name);
	return alter_drop_constraint_at(al, at, what, cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}

static int add_constraint(Alter *al, const PgQuery__Constraint *k)
{
	size_t before = al->r->nconstraints;
	if (ddl_add_constraint(al->d, al->r, k, NULL))
		return -1;
	const CatConstraint *c = al->r->nconstraints > before ? al->r->constraints[before] : NULL;
	al->rebuild = al->rebuild || !c || c->type == 'c' || c->type == 'f' || c->type == 'p';
	return 0;
}

static int validate_constraint(Alter *al, const char *name)
{
	size_t at;
	CatConstraint *k = find_constraint(al, name, &at);
	if (!k)
		return -1;
	if (k->type != 'c' && k->type != 'f')
		return an_error(al->d->ps, -1, "42809", "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint",
				name, al->r->name);
	k->not_valid = false;
	return 0;
}

static int alter_constraint(Alter *al, const PgQuery__Constraint *to)
{
	size_t at;
	CatConstraint *k = find_constraint(al, to->conname, &at);
	if (!k)
		return -1;
	if (k->type != 'f')
		return an_error(al->d->ps, -1, "42809", "constraint \"%s\" of relation \"%s\" is not a foreign key constraint", to->conname,
				al->r->name);
	k->deferrable = to->deferrable;
	k->deferred = to->initdeferred;
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

static int set_logged(Alter *al, char persistence)
{
	if (al->r->persistence == 't')
		return an_error(al->d->ps, -1, "42P16", "cannot change logged status of table \"%s\" because it is temporary", al->r->name);
	al->r->persistence = persistence;
	return 0;
}

static int check_parameters(Ddl *d, const PgQuery__AlterTableCmd *cmd, bool index)
{
	if (!cmd->def || cmd->def->node_case != PG_QUERY__NODE__NODE_LIST)
		return an_refuse(d->ps, -1, "these storage parameters");
	return ddl_check_parameters(d, cmd->def->list->items, cmd->def->list->n_items, index);
}

static int alter_command(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	int rc = alter_column_command(al, cmd);
	if (rc <= 0)
		return rc;
	switch ((int)cmd->subtype) {
	case AT(AddConstraint):
		return add_constraint(al, cmd->def->constraint);
	case AT(DropConstraint):
		return drop_constraint(al, cmd);
	case AT(ValidateConstraint):
		return validate_constraint(al, cmd->name);
	case AT(AlterConstraint):
		return alter_constraint(al, cmd->def->constraint);
	case AT(ChangeOwner):
		return change_owner(al, cmd->newowner);
	case AT(SetRelOptions):
	case AT(ResetRelOptions):
		return check_parameters(al->d, cmd, false);
	case AT(SetTableSpace):
		return ddl_check_tablespace(al->d, cmd->name);
	case AT(SetAccessMethod):
		return ddl_check_table_method(al->d, cmd->name);
	case AT(ClusterOn):
		return check_own_index(al, cmd->name);
	case AT(ReplicaIdentity):
		return *cmd->def->replica_identity_stmt->name ? check_own_index(al, cmd->def->replica_identity_stmt->name) : 0;
	case AT(SetLogged):
		return set_logged(al, 'p');
	case AT(SetUnLogged):
		return set_logged(al, 'u');
	case AT(EnableTrig):
		return ddl_enable_triggers(al->d, al->old, cmd->name, 'O');
	case AT(EnableAlwaysTrig):
		return ddl_enable_triggers(al->d, al->old, cmd->name, 'A');
	case AT(EnableReplicaTrig):
		return ddl_enable_triggers(al->d, al->old, cmd->name, 'R');
	case AT(DisableTrig):
		return ddl_enable_triggers(al->d, al->old, cmd->name, 'D');
	case AT(EnableTrigAll):
	case AT(EnableTrigUser):
		return ddl_enable_triggers(al->d, al->old, NULL, 'O');
	case AT(DisableTrigAll):
	case AT(DisableTrigUser):
		return ddl_enable_triggers(al->d, al->old, NULL, 'D');
	case AT(DropCluster):
	case AT(DisableRowSecurity):
	case AT(NoForceRowSecurity):
		return 0;
	case AT(EnableRowSecurity):
	case AT(ForceRowSecurity):
		return an_refuse(al->d->ps, -1, "row-level security");
	default:
		return an_refuse(al->d->ps, al->old->oid ? -1 : 0, "this form of ALTER TABLE");
	}
}

/* The sequence of a column that was added goes on behind the numbers that the rows have been given. */
static void advance_sequences(Alter *al)
{
	Ddl *d = al->d;
	for (size_t i = al->old->ncols; i < al->r->ncols; i++) {
		const CatColumn *c = &al->r->cols[i];
		if (c->sequence)
			ddl_sql(d,
				"UPDATE _understudy_sequence SET last_value = m, is_called = 1 FROM (SELECT CASE WHEN (SELECT increment "
				"FROM "
				"_understudy_sequence WHERE oid = %u) > 0 THEN max(%s) ELSE min(%s) END AS m FROM %s) WHERE oid = %u AND m "
				"IS NOT NULL",
				c->sequence, ddl_id(d, c->sqlite_name), ddl_id(d, c->sqlite_name), ddl_id(d, al->r->sqlite_name),
				c->sequence);
	}
}

static void copy_rows(Alter *al, const char *to)
{
	Ddl *d = al->d;
	const char *into = "", *from = "", *old = ddl_id(d, al->old->sqlite_name);
	size_t n = 0;
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
	if (n)
		ddl_sql(d, "INSERT INTO %s (%s) SELECT %s FROM %s", ddl_id(d, to), into, from, old);
	else
		ddl_sql(d, "INSERT INTO %s (rowid) SELECT rowid FROM %s", ddl_id(d, to), old);
}

/* New table, rows copied, old one dropped, renamed. */
static int rebuild(Alter *al)
{
	Ddl *d = al->d;
	/* The journal knows what is temporary by its name. */
	const char *tmp = arena_printf(d->a, "%s~rebuild~%u", ddl_is_temp(d, al->r->schema) ? TEMP_SCHEMA_PREFIX : "", al->r->oid);
	ddl_fk_off(d);
	if (ddl_make_table(d, al->r, tmp))
		return -1;
	copy_rows(al, tmp);
	for (size_t i = 0; i < al->old->nindexes; i++)
		ddl_drop_content(d, al->old->indexes[i]);
	ddl_sql(d, "DROP TABLE %s", ddl_id(d, al->old->sqlite_name));
	ddl_sql(d, "ALTER TABLE %s RENAME TO %s", ddl_id(d, tmp), ddl_id(d, al->r->sqlite_name));
	for (size_t i = 0; i < al->r->nindexes; i++) {
		if (ddl_make_index(d, al->r->indexes[i]))
			return -1;
	}
	advance_sequences(al);
	return 0;
}

static int in_place(Alter *al)
{
	for (size_t i = al->old->ncols; i < al->r->ncols; i++)
		if (!al->r->cols[i].dropped && ddl_add_file_column(al->d, al->r, &al->r->cols[i]))
			return -1;
	for (size_t i = 0; i < al->r->nindexes; i++) {
		bool had = false;
		for (size_t k = 0; k < al->old->nindexes; k++)
			had = had || al->old->indexes[k]->oid == al->r->indexes[i]->oid;
		if (!had && ddl_make_index(al->d, al->r->indexes[i]))
			return -1;
	}
	return 0;
}

int alter_finish(Alter *al)
{
	Ddl *d = al->d;
	if (!catrel_has_rows(al->old)) {
		ddl_forget_rel(d, al->old);
		ddl_save_rel(d, al->r);
		return 0;
	}
	if (alter_check_rows(al) || (al->rebuild ? rebuild(al) : in_place(al)))
		return -1;
	ddl_forget_rel(d, al->old);
	ddl_save_rel(d, al->r);
	return 0;
}

/* ALTER INDEX: storage only. */
static int alter_index(Ddl *d, const PgQuery__AlterTableStmt *s)
{
	for (size_t i = 0; i < s->n_cmds; i++) {
		const PgQuery__AlterTableCmd *cmd = s->cmds[i]->alter_table_cmd;
		bool options = cmd->subtype == AT(SetRelOptions) || cmd->subtype == AT(ResetRelOptions);
		if (options				? check_parameters(d, cmd, true)
		    : cmd->subtype == AT(SetTableSpace) ? ddl_check_tablespace(d, cmd->name)
		    : cmd->subtype == AT(SetStatistics) ? 0
							: an_refuse(d->ps, s->relation->location, "this form of ALTER INDEX"))
			return -1;
	}
	return ddl_finish(d, "ALTER INDEX");
}

static const char *alter_tag(const PgQuery__AlterTableStmt *s)
{
	switch ((int)s->objtype) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
		return "ALTER INDEX";
	case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
		return "ALTER VIEW";
	case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
		return "ALTER MATERIALIZED VIEW";
	case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
		return "ALTER SEQUENCE";
	default:
		return "ALTER TABLE";
	}
}

/* What can be said of a view or a sequence: its owner, and a view's defaults. */
static bool fits_kind(const CatRel *r, const PgQuery__AlterTableCmd *cmd)
{
	bool owner = cmd->subtype == AT(ChangeOwner), logged = cmd->subtype == AT(SetLogged) || cmd->subtype == AT(SetUnLogged);
	bool kept = cmd->subtype == AT(SetStatistics) || cmd->subtype == AT(SetStorage) || cmd->subtype == AT(SetRelOptions) ||
		    cmd->subtype == AT(ResetRelOptions) || cmd->subtype == AT(ClusterOn) || cmd->subtype == AT(SetTableSpace);
	return r->kind == REL_TABLE || owner || (r->kind == REL_MATVIEW && kept) ||
	       (r->kind == REL_VIEW && cmd->subtype == AT(ColumnDefault)) || (r->kind == REL_SEQUENCE && logged);
}

/* What would have to be done to the children, too. */
static int alter_refuse_tree(Ddl *d, const CatRel *r, const PgQuery__AlterTableCmd *cmd)
{
	static const int alone[] = { AT(ChangeOwner),	 AT(SetRelOptions),  AT(ResetRelOptions), AT(SetTableSpace),   AT(ClusterOn),
				     AT(DropCluster),	 AT(SetLogged),	     AT(SetUnLogged),	  AT(ReplicaIdentity), AT(SetStatistics),
				     AT(SetStorage),	 AT(EnableTrig),     AT(DisableTrig),	  AT(EnableTrigAll),   AT(DisableTrigAll),
				     AT(EnableTrigUser), AT(DisableTrigUser) };
	for (size_t i = 0; i < ARRAY_LEN(alone); i++)
		if (alone[i] == (int)cmd->subtype)
			return 0;
	if (catrel_is_tree(r) || r->nparents)
		return an_refuse(d->ps, -1, "this form of ALTER TABLE on a table with partitions, children or parents");
	return 0;
}

int plan_alter_table(Ddl *d, const PgQuery__AlterTableStmt *s)
{
	const char *tag = alter_tag(s);
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX && ddl_find_index(d, s->relation->schemaname, s->relation->relname))
		return alter_index(d, s);
	const CatRel *r = an_relation(d->ps, s->relation, s->missing_ok);
	if (!r && s->missing_ok) {
		ddl_notice(d, "00000", "relation \"%s\" does not exist, skipping", s->relation->relname);
		return ddl_finish(d, tag);
	}
	if (!r || ddl_check_owner(d, r, s->relation->location))
		return -1;
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW && r->kind != REL_VIEW)
		return an_error(d->ps, -1, "42809", "\"%s\" is not a view", r->name);
	for (size_t i = 0; i < s->n_cmds; i++)
		if (alter_refuse_tree(d, r, s->cmds[i]->alter_table_cmd))
			return -1;
	Alter al;
	alter_begin(&al, d, r);
	for (size_t i = 0; i < s->n_cmds; i++) {
		if (!fits_kind(r, s->cmds[i]->alter_table_cmd)) {
			an_error(d->ps, -1, "42809", "ALTER action cannot be performed on relation \"%s\"", r->name);
			return err_detail(d->err, "This operation is not supported for %s.",
					  r->kind == REL_VIEW	     ? "views"
					  : r->kind == REL_SEQUENCE  ? "sequences"
					  : r->kind == REL_COMPOSITE ? "composite types"
								     : "materialized views");
		}
		if (alter_command(&al, s->cmds[i]->alter_table_cmd))
			return -1;
	}
	return alter_finish(&al) ? -1 : ddl_finish(d, tag);
}
