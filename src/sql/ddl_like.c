/* CREATE TABLE (LIKE ...): the columns of another relation, and with INCLUDING what belongs to them. */
#include "sql/ddl.h"

enum { LIKE_COMMENTS = 1, LIKE_CONSTRAINTS = 4, LIKE_DEFAULTS = 8, LIKE_GENERATED = 16, LIKE_IDENTITY = 32, LIKE_INDEXES = 64 };
enum { CLASS_REL = 1259, CLASS_CONSTRAINT = 2606 };

static const CatRel *like_source(Ddl *d, const PgQuery__TableLikeClause *s)
{
	const CatRel *r = an_relation(d->ps, s->relation, false);
	if (r && r->kind != REL_TABLE && r->kind != REL_VIEW && r->kind != REL_MATVIEW && r->kind != REL_COMPOSITE) {
		an_error(d->ps, s->relation->location, "42809", "relation \"%s\" is invalid in LIKE clause", r->name);
		return NULL;
	}
	return r;
}

/* The attribute that the copy of a column has. */
static int16_t copied_attnum(const CatRel *from, const CatRel *r, int16_t attnum)
{
	const CatColumn *c = attnum > 0 ? catrel_attnum(from, attnum) : NULL;
	const CatColumn *mine = c ? catrel_column(r, c->name) : NULL;
	return mine ? mine->attnum : 0;
}

static int copy_identity(Ddl *d, CatRel *r, CatColumn *c, const CatColumn *from)
{
	const CatSequence *old = catalog_sequence(d->cat, from->sequence);
	if (!old)
		return an_error(d->ps, -1, "XX000", "sequence with OID %u is not in the catalog", from->sequence);
	CatSequence *q = ddl_new_sequence(d, r->schema, ddl_choose_name(d, r->schema, r->name, c->name, "seq", NULL), old->type_oid);
	q->start = old->start;
	q->increment = old->increment;
	q->min = old->min;
	q->max = old->max;
	q->cache = old->cache;
	q->cycle = old->cycle;
	q->owner_table = r->oid;
	q->owner_attnum = c->attnum;
	c->sequence = q->oid;
	c->identity = from->identity;
	ddl_save_sequence(d, q);
	return 0;
}

static int copy_column(Ddl *d, CatRel *r, const CatColumn *from, uint32_t options)
{
	if (catrel_column(r, from->name))
		return an_error(d->ps, -1, "42701", "column \"%s\" specified more than once", from->name);
	CatColumn *c = ddl_append_column(d, r, from->name);
	c->type = from->type;
	c->typmod = from->typmod;
	c->not_null = from->not_null;
	if (from->generated && (options & LIKE_GENERATED))
		c->generated = from->generated, c->default_sql = from->default_sql;
	else if (!from->generated && !from->identity && (options & LIKE_DEFAULTS))
		c->default_sql = from->default_sql;
	return from->identity && (options & LIKE_IDENTITY) ? copy_identity(d, r, c, from) : 0;
}

int ddl_like_columns(Ddl *d, CatRel *r, const PgQuery__TableLikeClause *s)
{
	const CatRel *from = like_source(d, s);
	if (!from)
		return -1;
	for (size_t i = 0; i < from->ncols; i++)
		if (!from->cols[i].dropped && copy_column(d, r, &from->cols[i], s->options))
			return -1;
	return 0;
}

static void copy_comment(Ddl *d, uint32_t from, uint32_t to, uint32_t class, int from_sub, int to_sub)
{
	const char *text = catalog_comment(d->cat, from, class, from_sub);
	if (text)
		ddl_sql(d, "INSERT OR REPLACE INTO _understudy_comment VALUES (%u, %u, %d, %s)", to, class, to_sub, ddl_lit(d, text));
}

static void copy_checks(Ddl *d, CatRel *r, const CatRel *from, uint32_t options)
{
	for (size_t i = 0; i < from->nconstraints; i++) {
		const CatConstraint *k = from->constraints[i];
		if (k->type != 'c')
			continue;
		CatConstraint *c = ddl_new_constraint(d, r, 'c', k->name, k->ncols);
		for (size_t n = 0; n < k->ncols; n++)
			c->cols[n] = copied_attnum(from, r, k->cols[n]);
		c->check_sql = k->check_sql;
		c->no_inherit = k->no_inherit;
		if (options & LIKE_COMMENTS)
			copy_comment(d, k->oid, c->oid, CLASS_CONSTRAINT, 0, 0);
	}
}

static const CatConstraint *constraint_of(const CatRel *r, const CatIndex *x)
{
	for (size_t i = 0; i < r->nconstraints; i++)
		if (r->constraints[i]->index == x && r->constraints[i]->type != 'f')
			return r->constraints[i];
	return NULL;
}

/* As PostgreSQL names an index that nobody gave a name: by its columns. */
static const char *copied_name(Ddl *d, CatRel *r, const CatRel *from, const CatIndex *x, const CatConstraint *k)
{
	const char *middle = "";
	for (size_t i = 0; i < x->nkeys; i++) {
		const char *label = x->keys[i] ? catrel_attnum(from, x->keys[i])->name : ddl_expr_label(d, x->exprs[i]);
		middle = arena_printf(d->a, "%s%s%s", middle, i ? "_" : "", label);
	}
	for (size_t i = 0; i < x->nincluded; i++)
		middle = arena_printf(d->a, "%s_%s", middle, catrel_attnum(from, x->included[i])->name);
	if (x->primary)
		return ddl_choose_name(d, r->schema, r->name, NULL, "pkey", r);
	return ddl_choose_name(d, r->schema, r->name, middle, x->exclude ? "excl" : k ? "key" : "idx", r);
}

static int copy_index(Ddl *d, CatRel *r, const CatRel *from, const CatIndex *old, uint32_t options)
{
	const CatConstraint *k = constraint_of(from, old);
	if (old->primary && ddl_has_primary(r))
		return an_error(d->ps, -1, "42P16", "multiple primary keys for table \"%s\" are not allowed", r->name);
	CatIndex *x = ddl_new_index(d, r, copied_name(d, r, from, old, k), old->nkeys);
	x->unique = old->unique;
	x->primary = old->primary;
	x->nulls_not_distinct = old->nulls_not_distinct;
	x->method = old->method;
	x->predicate = old->predicate;
	x->exprs = old->exprs;
	x->options = old->options;
	x->opclasses = old->opclasses;
	x->exclude = old->exclude;
	x->deferrable = old->deferrable;
	x->deferred = old->deferred;
	x->included = arena_array(d->a, int16_t, old->nincluded + 1);
	for (size_t i = 0; i < old->nincluded; i++)
		x->included[x->nincluded++] = copied_attnum(from, r, old->included[i]);
	for (size_t i = 0; i < x->nkeys; i++)
		x->keys[i] = copied_attnum(from, r, old->keys[i]);
	if (!x->exclude && ddl_choose_index_storage(d, x))
		return -1;
	CatConstraint *c = k ? ddl_new_constraint(d, r, k->type, x->name, x->nkeys) : NULL;
	if (c) {
		memcpy(c->cols, x->keys, x->nkeys * sizeof *c->cols);
		c->index = x;
		c->deferrable = k->deferrable;
		c->deferred = k->deferred;
	}
	if (options & LIKE_COMMENTS)
		copy_comment(d, old->oid, x->oid, CLASS_REL, 0, 0);
	return 0;
}

int ddl_like_rest(Ddl *d, CatRel *r, const PgQuery__TableLikeClause *s)
{
	const CatRel *from = like_source(d, s);
	if (!from)
		return -1;
	if (s->options & LIKE_CONSTRAINTS)
		copy_checks(d, r, from, s->options);
	for (size_t i = 0; i < from->nindexes && (s->options & LIKE_INDEXES); i++)
		if (copy_index(d, r, from, from->indexes[i], s->options))
			return -1;
	for (size_t i = 0; i < from->ncols && (s->options & LIKE_COMMENTS); i++)
		if (!from->cols[i].dropped)
			copy_comment(d, from->oid, r->oid, CLASS_REL, from->cols[i].attnum, copied_attnum(from, r, from->cols[i].attnum));
	ddl_choose_rowid(r);
	return 0;
}
