#include "catalog/builtin.h"

#include "catalog/builtin_tables.h"

#include "base/str.h"

#include <string.h>

const PgProc *pgproc_named(const char *name, size_t *n)
{
	size_t lo = 0, hi = pgproc_count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (strcmp(pgproc_table[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	size_t end = lo;
	while (end < pgproc_count && strcmp(pgproc_table[end].name, name) == 0)
		end++;
	*n = end - lo;
	return *n ? &pgproc_table[lo] : NULL;
}

const PgProc *pgproc_by_oid(uint32_t oid)
{
	size_t lo = 0, hi = pgproc_count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const PgProc *p = &pgproc_table[pgproc_oid_order[mid]];
		if (p->oid == oid)
			return p;
		if (p->oid < oid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const PgProc *pgproc_all(size_t *n)
{
	*n = pgproc_count;
	return pgproc_table;
}

const PgOperator *pgoperator_named(const char *name, size_t *n)
{
	size_t lo = 0, hi = pgoperator_count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (strcmp(pgoperator_table[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	size_t end = lo;
	while (end < pgoperator_count && strcmp(pgoperator_table[end].name, name) == 0)
		end++;
	*n = end - lo;
	return *n ? &pgoperator_table[lo] : NULL;
}

const PgOperator *pgoperator_by_oid(uint32_t oid)
{
	size_t lo = 0, hi = pgoperator_count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const PgOperator *o = &pgoperator_table[pgoperator_oid_order[mid]];
		if (o->oid == oid)
			return o;
		if (o->oid < oid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const PgOperator *pgoperator_all(size_t *n)
{
	*n = pgoperator_count;
	return pgoperator_table;
}

const PgCast *pgcast_find(uint32_t source, uint32_t target)
{
	size_t lo = 0, hi = pgcast_count;
	uint64_t want = (uint64_t)source << 32 | target;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const PgCast *c = &pgcast_table[mid];
		uint64_t have = (uint64_t)c->source << 32 | c->target;
		if (have == want)
			return c;
		if (have < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const PgCast *pgcast_all(size_t *n)
{
	*n = pgcast_count;
	return pgcast_table;
}

const PgAggregate *pgaggregate_of(uint32_t proc)
{
	size_t lo = 0, hi = pgaggregate_count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const PgAggregate *a = &pgaggregate_table[mid];
		if (a->proc == proc)
			return a;
		if (a->proc < proc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const PgCatRows *pgcatrows_of(const char *rel)
{
	for (size_t i = 0; i < pgcatrows_count; i++)
		if (streq(pgcatrows_table[i].rel, rel))
			return &pgcatrows_table[i];
	return NULL;
}

const PgCatRel *pgcatrel_all(size_t *n)
{
	*n = pgcatrel_count;
	return pgcatrel_table;
}
