/* Writes out what a table inherits and how it is divided, and the CHECK of partitions. See catalog/partition.h. */
#include "catalog/partition.h"
#include "sql/ddl.h"

static const char *datum_text(Ddl *d, const CatDatum *x)
{
	Buf b = { 0 };
	emit_val(&b, &x->val);
	const char *s = arena_strndup(d->a, (const char *)b.data, b.len);
	buf_free(&b);
	return s;
}

static void save_datum(Ddl *d, const CatRel *r, char side, size_t pos, const CatDatum *x)
{
	ddl_sql(d, "INSERT INTO _understudy_partition_bound VALUES (%u, '%c', %zu, '%c', %s)", r->oid, side, pos, x->kind,
		datum_text(d, x));
}

static void save_bound(Ddl *d, const CatRel *r)
{
	const CatBound *b = r->bound;
	const CatPartKey *key = r->parents[0]->part;
	const CatDatum modulus = { 'v', val_int(b->modulus) }, remainder = { 'v', val_int(b->remainder) }, none = { 'n', val_null() };
	if (b->is_default) {
		save_datum(d, r, 'd', 0, &none);
	} else if (key->strategy == 'h') {
		save_datum(d, r, 'h', 0, &modulus);
		save_datum(d, r, 'h', 1, &remainder);
	}
	for (size_t i = 0; i < b->nlist; i++)
		save_datum(d, r, 'l', i, &b->list[i]);
	for (size_t i = 0; key->strategy == 'r' && !b->is_default && i < key->n; i++) {
		save_datum(d, r, 'f', i, &b->from[i]);
		save_datum(d, r, 't', i, &b->to[i]);
	}
}

void ddl_save_inheritance(Ddl *d, const CatRel *r)
{
	for (size_t i = 0; i < r->nparents; i++)
		ddl_sql(d, "INSERT INTO _understudy_inherits VALUES (%u, %zu, %u)", r->oid, i + 1, r->parents[i]->oid);
	if (r->of_type)
		ddl_sql(d, "INSERT INTO _understudy_typed VALUES (%u, %u)", r->oid, r->of_type);
	if (r->bound)
		save_bound(d, r);
	if (!r->part)
		return;
	ddl_sql(d, "INSERT INTO _understudy_partitioned VALUES (%u, '%c')", r->oid, r->part->strategy);
	for (size_t i = 0; i < r->part->n; i++)
		ddl_sql(d, "INSERT INTO _understudy_partition_key VALUES (%u, %zu, %d, %s, %u, %s)", r->oid, i, r->part->cols[i],
			ddl_lit(d, r->part->exprs[i]), r->part->types[i]->oid, ddl_lit(d, r->part->opclasses[i]));
}

void ddl_forget_inheritance(Ddl *d, const CatRel *r)
{
	ddl_sql(d,
		"DELETE FROM _understudy_inherits WHERE child IN (SELECT %u UNION ALL SELECT oid FROM _understudy_index WHERE rel = %u "
		"UNION ALL SELECT oid FROM _understudy_constraint WHERE rel = %u)",
		r->oid, r->oid, r->oid);
	ddl_sql(d,
		"DELETE FROM _understudy_inherited WHERE obj IN (SELECT %u UNION ALL SELECT oid FROM _understudy_index WHERE rel = %u "
		"UNION ALL SELECT oid FROM _understudy_constraint WHERE rel = %u)",
		r->oid, r->oid, r->oid);
	ddl_sql(d, "DELETE FROM _understudy_partition_bound WHERE rel = %u", r->oid);
	ddl_sql(d, "DELETE FROM _understudy_partition_key WHERE rel = %u", r->oid);
	ddl_sql(d, "DELETE FROM _understudy_partitioned WHERE rel = %u", r->oid);
	ddl_sql(d, "DELETE FROM _understudy_typed WHERE rel = %u", r->oid);
}

/* pg_partition_holds over the columns that `r` has. */
const char *ddl_partition_test(Ddl *d, const CatRel *r, const CatRel *parent, const CatRel *child)
{
	const CatPartKey *key = parent->part;
	const char *sql = arena_printf(d->a, "pg_partition_holds(%u, %u", parent->oid, child->oid);
	for (size_t i = 0; i < key->n; i++) {
		const CatColumn *named = key->cols[i] ? catrel_attnum(parent, key->cols[i]) : NULL;
		const CatColumn *own = named ? catrel_column(r, named->name) : NULL;
		const char *x =
			own ? ddl_id(d, own->sqlite_name) : ddl_table_expr(d, r, named ? named->name : key->exprs[i], AT_CHECK, 0, -1);
		if (!x)
			return NULL;
		sql = arena_printf(d->a, "%s, %s", sql, x);
	}
	return arena_printf(d->a, "%s)", sql);
}

int ddl_put_partition_check(Ddl *d, const CatRel *r, Buf *b)
{
	if (r->part)
		return 0;
	for (const CatRel *child = r; child->bound; child = child->parents[0]) {
		const char *test = ddl_partition_test(d, r, child->parents[0], child);
		if (!test)
			return -1;
		buf_printf(b, ", CONSTRAINT \"" PARTITION_CHECK "%u%s\" CHECK (%s)", r->oid,
			   child == r ? "" : arena_printf(d->a, "~%u", child->oid), test);
	}
	return 0;
}
