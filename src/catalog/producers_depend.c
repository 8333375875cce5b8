/* pg_depend: what belongs to what, and what needs what, among the objects in the file. */
#include "catalog/vtab.h"

enum { CLASS_TYPE = 1247, CLASS_RELATION = 1259, CLASS_DEFAULT = 2604, CLASS_CONSTRAINT = 2606, CLASS_SCHEMA = 2615, CLASS_RULE = 2618 };

typedef struct Object {
	uint32_t class, oid;
	int sub;
} Object;

static Object relation(uint32_t oid, int sub)
{
	return (Object){ CLASS_RELATION, oid, sub };
}

/* `type` is pg_depend.deptype: n(ormal), a(uto), i(nternal), P and S of partitions. */
static void depend(RowSink *s, Object what, Object on, char type)
{
	row_new(s);
	row_int(s, "classid", what.class);
	row_int(s, "objid", what.oid);
	row_int(s, "objsubid", what.sub);
	row_int(s, "refclassid", on.class);
	row_int(s, "refobjid", on.oid);
	row_int(s, "refobjsubid", on.sub);
	row_char(s, "deptype", type);
}

static void depend_on_schema(RowSink *s, Object what, uint32_t schema)
{
	if (schema >= FIRST_USER_OID || schema == NS_PUBLIC)
		depend(s, what, (Object){ CLASS_SCHEMA, schema, 0 }, 'n');
}

static void depend_on_type(RowSink *s, Object what, const PgType *t)
{
	const PgType *base = t->elem ? t->elem : t;
	if (base->oid >= FIRST_USER_OID)
		depend(s, what, (Object){ CLASS_TYPE, t->oid, 0 }, 'n');
}

static void columns(RowSink *s, const CatRel *r)
{
	for (size_t i = 0; i < r->nparents; i++)
		depend(s, relation(r->oid, 0), relation(r->parents[i]->oid, 0), r->bound ? 'a' : 'n');
	for (size_t i = 0; i < r->ncols; i++) {
		const CatColumn *c = &r->cols[i];
		if (c->dropped)
			continue;
		depend_on_type(s, relation(r->oid, c->attnum), c->type);
		if (!c->default_sql)
			continue;
		Object def = { CLASS_DEFAULT, catalog_attrdef_oid(r, c), 0 };
		depend(s, def, relation(r->oid, c->attnum), c->generated ? 'i' : 'a');
		if (c->sequence && !c->identity)
			depend(s, def, relation(c->sequence, 0), 'n');
	}
}

/* What a partition has because its table has one. */
static void partition(RowSink *s, Object what, Object parent, const CatRel *r)
{
	depend(s, what, parent, 'P');
	depend(s, what, relation(r->oid, 0), 'S');
}

static void constraints(RowSink *s, const CatRel *r)
{
	for (size_t k = 0; k < r->nconstraints; k++) {
		const CatConstraint *c = r->constraints[k];
		Object o = { CLASS_CONSTRAINT, c->oid, 0 };
		for (size_t i = 0; i < c->ncols; i++)
			depend(s, o, relation(r->oid, c->cols[i]), 'a');
		if (c->type == 'c')
			for (size_t i = 0; i < c->ncols; i++)
				depend(s, o, relation(r->oid, c->cols[i]), 'n');
		for (size_t i = 0; c->type == 'f' && i < c->ncols; i++)
			depend(s, o, relation(c->ref->oid, c->ref_cols[i]), 'n');
		const CatIndex *x = catalog_constraint_index(c);
		if (c->parent)
			partition(s, o, (Object){ CLASS_CONSTRAINT, c->parent->oid, 0 }, r);
		if (x && c->type == 'f')
			depend(s, o, relation(x->oid, 0), 'n');
		else if (x)
			depend(s, relation(x->oid, 0), o, 'i');
	}
}

static bool has_constraint(const CatRel *r, const CatIndex *x)
{
	for (size_t i = 0; i < r->nconstraints; i++)
		if (r->constraints[i]->index == x)
			return true;
	return false;
}

static void indexes(RowSink *s, const CatRel *r)
{
	for (size_t i = 0; i < r->nindexes; i++) {
		const CatIndex *x = r->indexes[i];
		bool whole = x->predicate != NULL;
		if (x->parent)
			partition(s, relation(x->oid, 0), relation(x->parent->oid, 0), r);
		if (has_constraint(r, x))
			continue;
		for (size_t k = 0; k < x->nkeys; k++) {
			whole = whole || x->keys[k] == 0;
			if (x->keys[k])
				depend(s, relation(x->oid, 0), relation(r->oid, x->keys[k]), 'a');
		}
		for (size_t k = 0; k < x->nincluded; k++)
			depend(s, relation(x->oid, 0), relation(r->oid, x->included[k]), 'a');
		if (whole)
			depend(s, relation(x->oid, 0), relation(r->oid, 0), 'a');
	}
}

static void row_type(RowSink *s, const CatRel *r)
{
	Object rel = relation(r->oid, 0), type = { CLASS_TYPE, r->rowtype, 0 };
	if (!r->rowtype)
		return;
	if (r->kind == REL_COMPOSITE)
		depend(s, rel, type, 'i');
	else
		depend(s, type, rel, 'i');
	if (r->arraytype)
		depend(s, (Object){ CLASS_TYPE, r->arraytype, 0 }, type, 'i');
}

static void types(RowSink *s)
{
	for (size_t i = 0; i < s->cat->ntypes; i++) {
		const PgType *t = s->cat->types[i];
		const CatSchema *n = catalog_schema(s->cat, t->schema);
		Object o = { CLASS_TYPE, t->oid, 0 };
		const CatRel *r = t->relid ? catalog_rel_by_oid(s->cat, t->relid) : NULL;
		if (t->elem || (t->relid && (!r || r->kind != REL_COMPOSITE)))
			continue; /* goes with its element type or its table */
		if (n)
			depend_on_schema(s, o, n->oid);
		if (t->array_oid && t->typtype != 'c')
			depend(s, (Object){ CLASS_TYPE, t->array_oid, 0 }, o, 'i');
		if (t->typtype == 'd') {
			const PgType *base = catalog_type(s->cat, t->base_oid);
			if (base)
				depend_on_type(s, o, base);
		}
	}
}

/* Its sequences: 'a' of a serial column, 'i' of an identity column. */
static void sequences(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nseqs; i++) {
		const CatSequence *q = s->cat->seqs[i];
		const CatRel *r = q->owner_table ? catalog_rel_by_oid(s->cat, q->owner_table) : NULL;
		const CatColumn *c = r ? catrel_attnum(r, q->owner_attnum) : NULL;
		if (c)
			depend(s, relation(q->oid, 0), relation(r->oid, c->attnum), c->identity ? 'i' : 'a');
	}
}

/* A view needs what its text names. PostgreSQL knows it column by column, here it is the whole relation. */
static void view(RowSink *s, const CatRel *r)
{
	Object rule = { CLASS_RULE, catalog_rewrite_oid(r), 0 };
	depend(s, rule, relation(r->oid, 0), 'i');
	for (size_t i = 0; i < r->nview_names; i++)
		if (r->view_names[i].oid >= FIRST_USER_OID && r->view_names[i].oid != r->oid)
			depend(s, rule, relation(r->view_names[i].oid, 0), 'n');
}

static void produce_depend(RowSink *s)
{
	types(s);
	sequences(s);
	for (size_t i = 0; i < s->cat->nrels; i++) {
		const CatRel *r = s->cat->rels[i];
		if (r->kind != REL_COMPOSITE)
			depend_on_schema(s, relation(r->oid, 0), r->schema);
		row_type(s, r);
		columns(s, r);
		constraints(s, r);
		indexes(s, r);
		if (r->kind == REL_VIEW || r->kind == REL_MATVIEW)
			view(s, r);
	}
}

const NamedProducer catalog_producers_depend[] = {
	{ "pg_depend", produce_depend },
	{ NULL, NULL },
};
