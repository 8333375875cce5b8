/* Rows of pg_catalog about partitions and inheritance. */
#include "catalog/partition.h"
#include "catalog/vtab.h"

static void inherits_row(RowSink *s, uint32_t child, uint32_t parent, int seq)
{
	row_new(s);
	row_int(s, "inhrelid", child);
	row_int(s, "inhparent", parent);
	row_int(s, "inhseqno", seq);
	row_int(s, "inhdetachpending", 0);
}

void catalog_produce_inherits(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nrels; i++) {
		const CatRel *r = s->cat->rels[i];
		for (size_t k = 0; k < r->nparents; k++)
			inherits_row(s, r->oid, r->parents[k]->oid, (int)k + 1);
		for (size_t k = 0; k < r->nindexes; k++)
			if (r->indexes[k]->parent)
				inherits_row(s, r->indexes[k]->oid, r->indexes[k]->parent->oid, 1);
	}
}

void catalog_produce_partitioned(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nrels; i++) {
		const CatRel *r = s->cat->rels[i];
		const CatPartKey *k = r->part;
		if (!k)
			continue;
		const char *attrs = "", *collations = "";
		bool exprs = false;
		for (size_t n = 0; n < k->n; n++) {
			attrs = arena_printf(s->a, "%s%s%d", attrs, n ? " " : "", k->cols[n]);
			collations = arena_printf(s->a, "%s%s%u", collations, n ? " " : "", k->types[n]->collation);
			exprs |= !k->cols[n];
		}
		const CatRel *rest = partition_default(r);
		row_new(s);
		row_int(s, "partrelid", r->oid);
		row_char(s, "partstrat", k->strategy);
		row_int(s, "partnatts", (int64_t)k->n);
		row_int(s, "partdefid", rest ? rest->oid : 0);
		row_text(s, "partattrs", attrs);
		row_text(s, "partcollation", collations);
		row_text(s, "partexprs", exprs ? arena_printf(s->a, "{PARTITION %u}", r->oid) : NULL);
	}
}
