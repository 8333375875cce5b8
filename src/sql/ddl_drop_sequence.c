/* Dropping a sequence: the defaults that call it, and the identity column that cannot be without it. */
#include "sql/ddl.h"
#include "sql/ddl_alter.h"

static bool note_regclass(Expr *x, void *arg)
{
	uint32_t *oid = arg;
	enum { OID_REGCLASS = 2205 };
	if (x->kind == X_CONST && x->type == OID_REGCLASS && x->val.kind == VAL_INT && x->val.i == *oid)
		*oid = 0;
	return true;
}

/* The name of a relation stands in a text between quotes; what has none need not be analysed. */
static bool default_names(Ddl *d, const CatColumn *c, uint32_t oid)
{
	if (c->dropped || c->generated || !c->default_sql || !strchr(c->default_sql, '\''))
		return false;
	Error ignored;
	Expr *x = an_expr_text(d->ps->env, d->a, c->default_sql, NULL, AT_DEFAULT, c->type->oid, c->typmod, &ignored);
	expr_walk(x, note_regclass, &oid);
	return x && !oid;
}

static bool is_leaving(const CatRel *r, const CatRel *const *leaving, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (leaving[i] == r)
			return true;
	return false;
}

static int refuse_identity(Ddl *d, const CatRel *seq, const CatRel *const *leaving, size_t n)
{
	const CatSequence *q = catalog_sequence(d->cat, seq->oid);
	const CatRel *t = q && q->owner_table ? catalog_rel_by_oid(d->cat, q->owner_table) : NULL;
	const CatColumn *c = t && !is_leaving(t, leaving, n) ? &t->cols[q->owner_attnum - 1] : NULL;
	if (!c || !c->identity)
		return 0;
	an_error(d->ps, -1, "2BP01", "cannot drop sequence %s because column %s of table %s requires it", seq->name, c->name, t->name);
	return err_hint(d->err, "You can drop column %s of table %s instead.", c->name, t->name);
}

static int drop_defaults(Ddl *d, const CatRel *t, const CatColumn *const *cols, size_t n)
{
	PgQuery__AlterTableCmd *cmds = arena_array(d->a, PgQuery__AlterTableCmd, n);
	for (size_t i = 0; i < n; i++) {
		pg_query__alter_table_cmd__init(&cmds[i]);
		cmds[i].subtype = PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault;
		cmds[i].name = (char *)cols[i]->name;
		ddl_notice(d, "00000", "drop cascades to default value for column %s of table %s", cols[i]->name, t->name);
	}
	return ddl_alter_within(d, t, cmds, n);
}

/* The columns of a table whose defaults call the sequence: they lose them, or are listed in *detail. */
static int release_table(Ddl *d, const CatRel *seq, const CatRel *t, bool cascade, const char **detail)
{
	const CatColumn **cols = arena_array(d->a, const CatColumn *, t->ncols);
	size_t n = 0;
	for (size_t i = 0; i < t->ncols; i++) {
		const CatColumn *c = &t->cols[i];
		if (!default_names(d, c, seq->oid))
			continue;
		cols[n++] = c;
		*detail = arena_printf(d->a, "%s%sdefault value for column %s of table %s depends on sequence %s", *detail,
				       **detail ? "\n" : "", c->name, t->name, seq->name);
	}
	return n && cascade ? drop_defaults(d, t, cols, n) : 0;
}

int ddl_drop_sequence(Ddl *d, const CatRel *seq, const char *what, const CatRel *const *leaving, size_t n, bool cascade)
{
	const char *detail = "";
	if (refuse_identity(d, seq, leaving, n))
		return -1;
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *t = d->cat->rels[i];
		if (catrel_has_rows(t) && !is_leaving(t, leaving, n) && release_table(d, seq, t, cascade, &detail))
			return -1;
	}
	if (*detail && !cascade)
		return ddl_depend_error(d, what, detail);
	ddl_sql(d, "UPDATE _understudy_column SET sequence = 0 WHERE sequence = %u", seq->oid);
	ddl_sql(d, "DELETE FROM _understudy_sequence WHERE oid = %u", seq->oid);
	ddl_forget_rel(d, seq);
	return 0;
}
