/* ALTER TABLE: the commands about columns. */
#include "sql/ddl_alter.h"

int alter_fill_column(Alter *al, const CatColumn *c)
{
	Ddl *d = al->d;
	alter_sources(al);
	const char **source = &al->source[c->attnum - 1];
	bool fills = (c->sequence && d->new_sequence) || catcolumn_fills(c);
	const char *user = fills ? ddl_type_user(d, al->old->rowtype, NULL, 0) : NULL;
	if (user)
		return an_error(d->ps, -1, "0A000", "cannot alter table \"%s\" because %s uses its row type", al->old->name, user);
	if (c->sequence && d->new_sequence)
		*source = arena_printf(d->a, "%lld + (row_number() OVER () - 1) * %lld", (long long)d->new_sequence->start,
				       (long long)d->new_sequence->increment);
	else if (catcolumn_fills(c))
		*source = alter_old_expr(al, catcolumn_default(c) ? catcolumn_default(c) : "NULL", AT_DEFAULT, c->type->oid, c->typmod);
	else
		return 0;
	return *source ? 0 : -1;
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
	if (ddl_add_column(d, al->r, def) || ddl_add_column_constraints(d, al->r, def))
		return -1;
	const CatColumn *c = &al->r->cols[al->r->ncols - 1];
	if (ddl_type_holds(c->type, al->old->rowtype))
		return an_error(d->ps, -1, "42P16", "composite type %s cannot be made a member of itself", al->old->name);
	/* SQLite can add a column that needs no value. */
	al->rebuild = al->rebuild || catcolumn_fills(c) || c->not_null || c->generated || c->sequence || al->r->nindexes > nx ||
		      al->r->nconstraints > nk;
	return alter_fill_column(al, c);
}

static bool uses_column(const int16_t *cols, size_t n, int attnum)
{
	for (size_t i = 0; i < n; i++)
		if (cols[i] == attnum)
			return true;
	return false;
}

static void drop_index_at(CatRel *r, size_t i)
{
	memmove(&r->indexes[i], &r->indexes[i + 1], (r->nindexes - i - 1) * sizeof *r->indexes);
	r->nindexes--;
}

static bool needs_index(const CatConstraint *k, void *index)
{
	return k->index && k->index->oid == ((const CatIndex *)index)->oid;
}

/* Foreign keys of other tables that need this index go with it, or keep it. */
static int release_index(Alter *al, CatIndex *x, const char *what, bool cascade)
{
	Ddl *d = al->d;
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *o = d->cat->rels[i];
		for (size_t k = 0; k < o->nconstraints && o != al->old && !cascade; k++) {
			const CatConstraint *c = o->constraints[k];
			if (c->type == 'f' && needs_index(c, x))
				return ddl_depend_error(
					d, what,
					arena_printf(d->a, "constraint %s on table %s depends on index %s", c->name, o->name, x->name));
		}
		if (cascade && o != al->old && ddl_drop_foreign_keys(d, o, needs_index, x))
			return -1;
	}
	return 0;
}

int alter_drop_constraint_at(Alter *al, size_t i, const char *what, bool cascade)
{
	CatRel *r = al->r;
	CatConstraint *k = r->constraints[i];
	bool key = k->type != 'f';
	for (size_t x = 0; key && k->index && x < r->nindexes; x++) {
		if (r->indexes[x]->oid != k->index->oid)
			continue;
		if (release_index(al, r->indexes[x], what, cascade))
			return -1;
		drop_index_at(r, x);
		break;
	}
	memmove(&r->constraints[i], &r->constraints[i + 1], (r->nconstraints - i - 1) * sizeof *r->constraints);
	r->nconstraints--;
	ddl_choose_rowid(r);
	ddl_forget_comments(al->d, k->oid, 2606);
	al->rebuild = true;
	return 0;
}

/* Values of the table's row type keep the columns that they were stored with. */
static int row_type_unused(Alter *al, const char *what)
{
	const char *user = ddl_type_user(al->d, al->old->rowtype, NULL, 0);
	return user ? an_refuse(al->d->ps, -1, "%s while %s uses the table's row type", what, user) : 0;
}

/* Views over the column go with it, or keep it. */
static int release_views(Alter *al, const CatColumn *c, const char *what, bool cascade)
{
	Ddl *d = al->d;
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *v = d->cat->rels[i];
		if (!catrel_is_view(v) || !ddl_view_uses_column(d, v, al->old, c->attnum))
			continue;
		if (!cascade)
			return ddl_depend_error(d, what, arena_printf(d->a, "view %s depends on %s", v->name, what));
		ddl_notice(d, "00000", "drop cascades to view %s", v->name);
		if (ddl_drop_view(d, v))
			return -1;
	}
	return 0;
}

static bool index_uses(Alter *al, const CatIndex *x, int attnum)
{
	bool found = uses_column(x->keys, x->nkeys, attnum) || uses_column(x->included, x->nincluded, attnum) ||
		     (x->predicate && ddl_expr_uses(al->d, al->r, x->predicate, AT_INDEX_WHERE, attnum));
	for (size_t i = 0; i < x->nkeys && !found; i++)
		found = !x->keys[i] && ddl_expr_uses(al->d, al->r, x->exprs[i], AT_INDEX_EXPR, attnum);
	return found;
}

static int drop_objects_of(Alter *al, const CatColumn *c, const char *what, bool cascade)
{
	for (size_t i = al->r->nconstraints; i-- > 0;) {
		const CatConstraint *k = al->r->constraints[i];
		bool uses =
			uses_column(k->cols, k->ncols, c->attnum) || (k->index && k->type != 'f' && index_uses(al, k->index, c->attnum));
		if (uses && alter_drop_constraint_at(al, i, what, cascade))
			return -1;
	}
	for (size_t i = al->r->nindexes; i-- > 0;) {
		if (!index_uses(al, al->r->indexes[i], c->attnum))
			continue;
		if (release_index(al, al->r->indexes[i], what, cascade))
			return -1;
		ddl_forget_comments(al->d, al->r->indexes[i]->oid, 1259);
		drop_index_at(al->r, i);
	}
	return 0;
}

static void forget_sequence(Alter *al, CatColumn *c)
{
	Ddl *d = al->d;
	if (!c->sequence)
		return;
	ddl_sql(d, "DELETE FROM _understudy_sequence WHERE oid = %u", c->sequence);
	ddl_sql(d, "DELETE FROM _understudy_relation WHERE oid = %u", c->sequence);
	ddl_forget_comments(d, c->sequence, 1259);
	c->sequence = 0;
}

static int mark_dropped(Alter *al, CatColumn *c)
{
	forget_sequence(al, c);
	c->dropped = true;
	c->not_null = false;
	c->default_sql = NULL;
	c->identity = c->generated = 0;
	c->name = c->sqlite_name = arena_printf(al->d->a, "........pg.dropped.%d........", c->attnum);
	al->rebuild = true;
	ddl_sql(al->d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = 1259 AND objsubid = %d", al->r->oid, c->attnum);
	return 0;
}

static int drop_one_column(Alter *al, CatColumn *c, bool cascade)
{
	Ddl *d = al->d;
	const char *what = arena_printf(d->a, "column %s of table %s", c->name, al->r->name);
	if (release_views(al, c, what, cascade))
		return -1;
	for (size_t i = 0; i < al->r->ncols; i++) {
		CatColumn *g = &al->r->cols[i];
		if (!g->generated || g == c || !ddl_expr_uses(d, al->r, g->default_sql, AT_CHECK, c->attnum))
			continue;
		if (!cascade)
			return ddl_depend_error(d, what,
						arena_printf(d->a, "column %s of table %s depends on %s", g->name, al->r->name, what));
		ddl_notice(d, "00000", "drop cascades to column %s of table %s", g->name, al->r->name);
		if (drop_one_column(al, g, true))
			return -1;
	}
	return drop_objects_of(al, c, what, cascade) ? -1 : mark_dropped(al, c);
}

int alter_drop_inherited(Alter *al, CatColumn *c)
{
	return row_type_unused(al, "DROP COLUMN") ? -1 : drop_one_column(al, c, true);
}

static int drop_column(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	if (cmd->missing_ok && !catrel_column(al->r, cmd->name)) {
		ddl_notice(al->d, "00000", "column \"%s\" of relation \"%s\" does not exist, skipping", cmd->name, al->r->name);
		return 0;
	}
	CatColumn *c = alter_column(al, cmd->name);
	if (!c || row_type_unused(al, "DROP COLUMN") || ddl_check_policies(al->d, c->name))
		return -1;
	return drop_one_column(al, c, cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}

static int alter_default(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	CatColumn *c = alter_column(al, cmd->name);
	if (!c)
		return -1;
	if (c->identity) {
		an_error(al->d->ps, -1, "42601", "column \"%s\" of relation \"%s\" is an identity column", c->name, al->r->name);
		return cmd->def ? -1 : err_hint(al->d->err, "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.");
	}
	if (c->generated) {
		an_error(al->d->ps, -1, "42601", "column \"%s\" of relation \"%s\" is a generated column", c->name, al->r->name);
		return cmd->def ? -1 : err_hint(al->d->err, "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.");
	}
	c->default_sql = NULL;
	return cmd->def ? ddl_set_default(al->d, al->r, c, cmd->def) : 0;
}

static int alter_not_null(Alter *al, const PgQuery__AlterTableCmd *cmd, bool set)
{
	CatColumn *c = alter_column(al, cmd->name);
	if (!c)
		return -1;
	for (size_t i = 0; !set && i < al->r->nindexes; i++)
		if (al->r->indexes[i]->primary && uses_column(al->r->indexes[i]->keys, al->r->indexes[i]->nkeys, c->attnum))
			return an_error(al->d->ps, -1, "42P16", "column \"%s\" is in a primary key", c->name);
	if (!set && c->identity)
		return an_error(al->d->ps, -1, "42601", "column \"%s\" of relation \"%s\" is an identity column", c->name, al->r->name);
	al->rebuild = al->rebuild || c->not_null != set;
	c->not_null = set;
	return 0;
}

static int type_is_free(Alter *al, const CatColumn *c)
{
	Ddl *d = al->d;
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *v = d->cat->rels[i];
		if (!catrel_is_view(v) || !ddl_view_uses_column(d, v, al->old, c->attnum))
			continue;
		an_error(d->ps, -1, "0A000", "cannot alter type of a column used by a view or rule");
		return err_detail(d->err, "rule _RETURN on view %s depends on column \"%s\"", v->name, c->name);
	}
	for (size_t i = 0; i < al->r->ncols; i++) {
		const CatColumn *g = &al->r->cols[i];
		if (!g->generated || g == c || !ddl_expr_uses(d, al->r, g->default_sql, AT_CHECK, c->attnum))
			continue;
		an_error(d->ps, -1, "0A000", "cannot alter type of a column used by a generated column");
		return err_detail(d->err, "Column \"%s\" is used by generated column \"%s\".", c->name, g->name);
	}
	return row_type_unused(al, "ALTER COLUMN TYPE");
}

static int cannot_cast(Alter *al, const CatColumn *c, const PgType *t, int32_t typmod, bool has_using)
{
	Ddl *d = al->d;
	an_error(d->ps, -1, "42804",
		 has_using ? "result of USING clause for column \"%s\" cannot be cast automatically to type %s"
			   : "column \"%s\" cannot be cast automatically to type %s",
		 c->name, type_format(t, -1, d->a));
	return err_hint(d->err, has_using ? "You might need to add an explicit cast." : "You might need to specify \"USING %s::%s\".",
			c->name, type_format(t, typmod, d->a));
}

static int check_default_type(Alter *al, const CatColumn *c)
{
	Ddl *d = al->d;
	Error ignored;
	if (!c->default_sql || c->generated ||
	    an_expr_text(d->ps->env, d->a, c->default_sql, NULL, AT_DEFAULT, c->type->oid, c->typmod, &ignored))
		return 0;
	return an_error(d->ps, -1, "42804", "default for column \"%s\" cannot be cast automatically to type %s", c->name,
			type_format(c->type, -1, d->a));
}

static int alter_type(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	Ddl *d = al->d;
	const PgQuery__ColumnDef *def = cmd->def->column_def;
	CatColumn *c = alter_column(al, cmd->name);
	int32_t typmod;
	const PgType *t = c ? an_typename(d->ps, def->type_name, &typmod) : NULL;
	if (!t || type_is_free(al, c))
		return -1;
	if (t->typtype == 'p')
		return an_error(d->ps, -1, "42P16", "column \"%s\" has pseudo-type %s", c->name, t->name);
	if (!type_is_supported(t))
		return an_refuse(d->ps, def->type_name->location, "type %s", t->name);
	if (def->coll_clause &&
	    ddl_check_collation(d, def->coll_clause->collname, def->coll_clause->n_collname, def->coll_clause->location, "a column"))
		return -1;
	if ((size_t)c->attnum > al->old->ncols)
		return an_refuse(d->ps, def->type_name->location, "ALTER TYPE of a column that the same statement adds");
	if (c->generated) {
		c->type = t;
		c->typmod = typmod;
		al->rebuild = true;
		return 0;
	}
	const char *text = def->raw_default ? ddl_expr_sql(d, def->raw_default) : ddl_id(d, al->old->cols[c->attnum - 1].name);
	const char *sql = text ? alter_old_expr(al, text, AT_UPDATE, t->oid, typmod) : NULL;
	if (!sql)
		return text && err_is(d->err, "42804") ? cannot_cast(al, c, t, typmod, def->raw_default != NULL) : -1;
	c->type = t;
	c->typmod = typmod;
	al->source[c->attnum - 1] = sql;
	ddl_choose_rowid(al->r);
	al->rebuild = true;
	for (size_t i = 0; i < al->r->nindexes; i++) {
		CatIndex *x = al->r->indexes[i];
		x->contents = arena_dup(d->a, x->contents, x->nkeys + 1);
		if (uses_column(x->keys, x->nkeys, c->attnum) && ddl_choose_index_storage(d, x))
			return -1;
	}
	return check_default_type(al, c);
}

static int add_identity(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	Ddl *d = al->d;
	CatColumn *c = alter_column(al, cmd->name);
	if (!c)
		return -1;
	if (!c->not_null)
		return an_error(d->ps, -1, "55000",
				"column \"%s\" of relation \"%s\" must be declared NOT NULL before identity can be added", c->name,
				al->r->name);
	if (c->identity)
		return an_error(d->ps, -1, "55000", "column \"%s\" of relation \"%s\" is already an identity column", c->name, al->r->name);
	if (c->default_sql)
		return an_error(d->ps, -1, "55000", "column \"%s\" of relation \"%s\" already has a default value", c->name, al->r->name);
	return ddl_set_identity(d, al->r, c, cmd->def->constraint);
}

static int no_identity(Alter *al, const CatColumn *c)
{
	return an_error(al->d->ps, -1, "55000", "column \"%s\" of relation \"%s\" is not an identity column", c->name, al->r->name);
}

static int set_identity(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	CatColumn *c = alter_column(al, cmd->name);
	if (!c || !c->identity)
		return c ? no_identity(al, c) : -1;
	const PgQuery__List *l = cmd->def->list;
	PgQuery__Node **rest = arena_array(al->d->a, PgQuery__Node *, l->n_items + 1);
	size_t n = 0;
	for (size_t i = 0; i < l->n_items; i++) {
		const PgQuery__DefElem *e = l->items[i]->def_elem;
		if (streq(e->defname, "generated"))
			c->identity = (char)e->arg->integer->ival;
		else
			rest[n++] = l->items[i];
	}
	return n ? ddl_change_sequence(al->d, c->sequence, rest, n) : 0;
}

static int drop_identity(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	CatColumn *c = alter_column(al, cmd->name);
	if (!c)
		return -1;
	if (c->identity) {
		c->identity = 0;
		forget_sequence(al, c);
		return 0;
	}
	if (!cmd->missing_ok)
		return no_identity(al, c);
	ddl_notice(al->d, "00000", "column \"%s\" of relation \"%s\" is not an identity column, skipping", c->name, al->r->name);
	return 0;
}

static int drop_expression(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	CatColumn *c = alter_column(al, cmd->name);
	if (!c)
		return -1;
	if (c->generated) {
		c->generated = 0;
		c->default_sql = NULL;
		al->rebuild = true;
		return 0;
	}
	if (!cmd->missing_ok)
		return an_error(al->d->ps, -1, "55000", "column \"%s\" of relation \"%s\" is not a stored generated column", c->name,
				al->r->name);
	ddl_notice(al->d, "00000", "column \"%s\" of relation \"%s\" is not a stored generated column, skipping", c->name, al->r->name);
	return 0;
}

static int set_storage(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	static const char *const kinds[] = { "plain", "external", "extended", "main" };
	const CatColumn *c = alter_column(al, cmd->name);
	const char *kind = c ? node_string(cmd->def) : NULL;
	if (!kind)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!str_ieq(str_of(kind), str_of(kinds[i])))
			continue;
		if (i == 0 || c->type->storage != 'p')
			return 0;
		return an_error(al->d->ps, -1, "0A000", "column data type %s can only have storage PLAIN",
				type_format(c->type, -1, al->d->a));
	}
	return an_error(al->d->ps, -1, "22023", "invalid storage type \"%s\"", kind);
}

int alter_column_command(Alter *al, const PgQuery__AlterTableCmd *cmd)
{
	switch ((int)cmd->subtype) {
	case AT(AddColumn):
		return add_column(al, cmd);
	case AT(DropColumn):
		return drop_column(al, cmd);
	case AT(ColumnDefault):
		return alter_default(al, cmd);
	case AT(SetNotNull):
	case AT(DropNotNull):
		return alter_not_null(al, cmd, cmd->subtype == AT(SetNotNull));
	case AT(AlterColumnType):
		return alter_type(al, cmd);
	case AT(AddIdentity):
		return add_identity(al, cmd);
	case AT(SetIdentity):
		return set_identity(al, cmd);
	case AT(DropIdentity):
		return drop_identity(al, cmd);
	case AT(DropExpression):
		return drop_expression(al, cmd);
	case AT(SetStorage):
		return set_storage(al, cmd);
	case AT(SetStatistics):
	case AT(SetCompression):
	case AT(SetOptions):
	case AT(ResetOptions):
		/* Without effect on results; the column must exist. */
		return !*cmd->name || alter_column(al, cmd->name) ? 0 : -1;
	default:
		return 1;
	}
}
