/* Reads what tables, indexes and constraints inherit from each other, and how partitioned tables divide their rows. */
#include "catalog/load.h"

#include "sqlite/db.h"

static CatConstraint *find_constraint(const Catalog *c, uint32_t oid)
{
	return (CatConstraint *)(uintptr_t)catalog_constraint(c, oid);
}

static int link_index(Catalog *c, uint32_t child, uint32_t parent, Error *err)
{
	CatIndex *x = (CatIndex *)(uintptr_t)catalog_index(c, child), *of = (CatIndex *)(uintptr_t)catalog_index(c, parent);
	if (x && of) {
		x->parent = of;
		return 0;
	}
	CatConstraint *k = find_constraint(c, child), *up = find_constraint(c, parent);
	if (!k || !up)
		return load_damaged(err, "inheritance of", child);
	k->parent = up;
	return 0;
}

int load_inherits(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *child = catalog_find_rel(c, load_oid(s, 0)), *parent = catalog_find_rel(c, load_oid(s, 1));
	if (!child || !parent)
		return link_index(c, load_oid(s, 0), load_oid(s, 1), err);
	*APPEND(c, child->parents, child->nparents) = parent;
	*APPEND(c, parent->children, parent->nchildren) = child;
	return 0;
}

/* Columns have their attribute number behind the table, constraints 0; an index that not all partitions have, -1. */
int load_inherited(Catalog *c, sqlite3_stmt *s, Error *err)
{
	uint32_t oid = load_oid(s, 0);
	int sub = sqlite3_column_int(s, 1);
	CatRel *r = sub > 0 ? catalog_find_rel(c, oid) : NULL;
	if (r && (size_t)sub <= r->ncols) {
		r->cols[sub - 1].inherited = true;
		return 0;
	}
	CatIndex *x = sub < 0 ? (CatIndex *)(uintptr_t)catalog_index(c, oid) : NULL;
	CatConstraint *k = sub ? NULL : find_constraint(c, oid);
	if (x)
		x->only = true;
	if (k)
		k->inherited = true;
	return x || k ? 0 : load_damaged(err, "inheritance of", oid);
}

int load_typed(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 0));
	if (!r)
		return load_damaged(err, "type of table", load_oid(s, 0));
	r->of_type = load_oid(s, 1);
	return 0;
}

int load_partitioned(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 0));
	if (!r)
		return load_damaged(err, "partitioned table", load_oid(s, 0));
	r->part = arena_new_of(c->arena, CatPartKey);
	r->part->strategy = load_char(s, 1);
	return 0;
}

int load_partition_key(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 0));
	CatPartKey *k = r ? r->part : NULL;
	const PgType *t = catalog_type(c, load_oid(s, 3));
	if (!k || !t)
		return load_damaged(err, "partition key of table", load_oid(s, 0));
	size_t n = k->n++;
	k->cols = load_grow(c, k->cols, n, sizeof *k->cols);
	k->exprs = load_grow(c, k->exprs, n, sizeof *k->exprs);
	k->types = load_grow(c, (void *)k->types, n, sizeof *k->types);
	k->opclasses = load_grow(c, k->opclasses, n, sizeof *k->opclasses);
	k->cols[n] = (int16_t)sqlite3_column_int(s, 1);
	k->exprs[n] = load_text(c, s, 2);
	k->types[n] = t;
	k->opclasses[n] = load_text(c, s, 4);
	return 0;
}

static Val load_val(Catalog *c, sqlite3_stmt *s, int i)
{
	Val v = db_column(s, i);
	if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
		v.s.p = arena_strndup(c->arena, v.s.p, v.s.n);
	return v;
}

int load_partition_bound(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 0));
	const CatPartKey *key = r && r->nparents ? r->parents[0]->part : NULL;
	size_t pos = (size_t)sqlite3_column_int(s, 4);
	if (!key)
		return load_damaged(err, "bound of partition", load_oid(s, 0));
	CatBound *b = r->bound;
	if (!b) {
		b = r->bound = arena_new_of(c->arena, CatBound);
		b->from = arena_array(c->arena, CatDatum, key->n + 1);
		b->to = arena_array(c->arena, CatDatum, key->n + 1);
	}
	const CatDatum d = { load_char(s, 2), load_val(c, s, 3) };
	switch (load_char(s, 1)) {
	case 'd':
		b->is_default = true;
		return 0;
	case 'h':
		*(pos ? &b->remainder : &b->modulus) = d.val.i;
		return 0;
	case 'l':
		*APPEND(c, b->list, b->nlist) = d;
		return 0;
	default:
		if (pos >= key->n)
			return load_damaged(err, "bound of partition", r->oid);
		(load_char(s, 1) == 'f' ? b->from : b->to)[pos] = d;
		return 0;
	}
}
