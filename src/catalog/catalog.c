/* Snapshots of a file's catalog: reference count and look-ups. */
#include "catalog/catalog.h"
#include "catalog/builtin.h"
#include "catalog/load.h"
#include "catalog/views.h"
#include "catalog/vtab.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

Str catalog_name_key(char *buf, size_t cap, uint32_t schema, const char *name)
{
	int n = snprintf(buf, cap, "%u.%s", schema, name);
	return (Str){ buf, (size_t)n < cap ? (size_t)n : cap - 1 };
}

/* pg_catalog's relations are the same for every file: made once, never freed. */
static struct {
	pthread_once_t once;
	Arena *arena;
	CatRel *rels;
	size_t n;
	Map by_name, by_oid; /* by_name: views of other schemas under "schemaoid.name" */
} builtin = { .once = PTHREAD_ONCE_INIT };

static void builtin_fill(Arena *a, CatRel *r, const PgCatRel *src)
{
	r->oid = src->oid;
	r->schema = NS_PG_CATALOG;
	r->owner = 10;
	r->name = arena_strdup(a, src->name);
	r->kind = REL_VIRTUAL;
	r->sqlite_name = arena_printf(a, "pg_catalog.%s", src->name);
	r->rowtype = src->rowtype;
	r->ncols = src->ncols;
	r->cols = arena_array(a, CatColumn, src->ncols);
	for (size_t i = 0; i < src->ncols; i++) {
		CatColumn *c = &r->cols[i];
		c->name = c->sqlite_name = arena_strdup(a, src->cols[i].name);
		c->attnum = (int16_t)(i + 1);
		c->type = pgtype_builtin(src->cols[i].type);
		c->typmod = -1;
		c->not_null = src->cols[i].not_null;
		assert(c->type);
	}
}

enum { FIRST_VIEW_OID = 13900 };

/* A relation of pg_catalog that is a view over others, or a view of another schema. */
static void builtin_add_view(Arena *a, const BuiltinView *v, uint32_t oid)
{
	char key[128];
	bool system = v->schema == NS_PG_CATALOG;
	CatRel *r = system ? map_get(&builtin.by_name, str_of(v->name)) : arena_new_of(a, CatRel);
	assert(r);
	r->kind = REL_VIEW;
	r->view_sql = arena_strdup(a, v->sql);
	if (system)
		return;
	r->oid = oid;
	r->schema = v->schema;
	r->owner = 10;
	r->name = arena_strdup(a, v->name);
	map_put(&builtin.by_name, catalog_name_key(key, sizeof key, r->schema, r->name), r);
	uint64_t k = oid;
	map_put(&builtin.by_oid, map_u64_key(&k), r);
}

static void builtin_make(void)
{
	Arena *a = builtin.arena = arena_new();
	const PgCatRel *src = pgcatrel_all(&builtin.n);
	builtin.rels = arena_array(a, CatRel, builtin.n);
	for (size_t i = 0; i < builtin.n; i++) {
		builtin_fill(a, &builtin.rels[i], &src[i]);
		uint64_t oid = src[i].oid;
		map_put(&builtin.by_name, str_of(src[i].name), &builtin.rels[i]);
		map_put(&builtin.by_oid, map_u64_key(&oid), &builtin.rels[i]);
	}
	for (const BuiltinView *v = catalog_views; v->name; v++)
		builtin_add_view(a, v, FIRST_VIEW_OID + (uint32_t)(v - catalog_views));
}

enum { UNNAMED_DATABASE = 16384 }; /* what every new file says */

uint32_t catalog_database_oid(const char *name)
{
	static const struct {
		const char *name;
		uint32_t oid;
	} known[] = { { "template1", 1 }, { "template0", 4 }, { "postgres", 5 } };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (streq(name, known[i].name))
			return known[i].oid;
	uint32_t hash = 2166136261U;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return 0x40000000U | (hash & 0x3fffffffU);
}

int catalog_load(Db *db, const char *db_name, Catalog **out, Error *err)
{
	Catalog *c = mem_alloc(sizeof *c);
	c->refs = 1;
	c->arena = arena_new();
	c->rows = catalog_rows_new();
	c->db_name = arena_strdup(c->arena, db_name);
	if (catalog_load_tables(c, db, err)) {
		catalog_unref(c);
		return -1;
	}
	if (c->db_oid == 0 || c->db_oid == UNNAMED_DATABASE)
		c->db_oid = catalog_database_oid(db_name);
	*out = c;
	return 0;
}

Catalog *catalog_ref(Catalog *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

void catalog_unref(Catalog *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	catalog_rows_free(c->rows);
	map_free(&c->rel_by_name);
	map_free(&c->rel_by_oid);
	map_free(&c->type_by_oid);
	map_free(&c->type_by_name);
	arena_free(c->arena);
	free(c);
}

static const CatSchema schema_pg_catalog = { .oid = NS_PG_CATALOG, .owner = 10, .name = (char[]){ "pg_catalog" } };
static const CatSchema schema_information = { .oid = NS_INFORMATION_SCHEMA, .owner = 10, .name = (char[]){ "information_schema" } };
static const CatSchema schema_toast = { .oid = NS_PG_TOAST, .owner = 10, .name = (char[]){ "pg_toast" } };
static const CatSchema *const builtin_schemas[] = { &schema_pg_catalog, &schema_information, &schema_toast };

const CatSchema *catalog_schema(const Catalog *c, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(builtin_schemas); i++) {
		if (streq(builtin_schemas[i]->name, name))
			return builtin_schemas[i];
	}
	for (size_t i = 0; i < c->nschemas; i++) {
		if (streq(c->schemas[i].name, name))
			return &c->schemas[i];
	}
	return NULL;
}

const CatSchema *catalog_schema_by_oid(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; i < ARRAY_LEN(builtin_schemas); i++) {
		if (builtin_schemas[i]->oid == oid)
			return builtin_schemas[i];
	}
	for (size_t i = 0; i < c->nschemas; i++) {
		if (c->schemas[i].oid == oid)
			return &c->schemas[i];
	}
	return NULL;
}

const CatRel *catalog_rel(const Catalog *c, uint32_t schema, const char *name)
{
	pthread_once(&builtin.once, builtin_make);
	if (schema == NS_PG_CATALOG)
		return map_get(&builtin.by_name, str_of(name));
	char key[128];
	if (schema == NS_INFORMATION_SCHEMA)
		return map_get(&builtin.by_name, catalog_name_key(key, sizeof key, schema, name));
	return map_get(&c->rel_by_name, catalog_name_key(key, sizeof key, schema, name));
}

CatRel *catalog_find_rel(const Catalog *c, uint32_t oid)
{
	uint64_t k = oid;
	return oid ? map_get(&c->rel_by_oid, map_u64_key(&k)) : NULL;
}

const CatRel *catalog_rel_by_oid(const Catalog *c, uint32_t oid)
{
	pthread_once(&builtin.once, builtin_make);
	uint64_t k = oid;
	const CatRel *r = oid && oid < FIRST_USER_OID ? map_get(&builtin.by_oid, map_u64_key(&k)) : NULL;
	return r ? r : catalog_find_rel(c, oid); /* the views of schema understudy are in the file, below FIRST_USER_OID */
}

const CatSequence *catalog_sequence(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; i < c->nseqs; i++) {
		if (c->seqs[i]->oid == oid)
			return c->seqs[i];
	}
	return NULL;
}

const PgType *catalog_type(const Catalog *c, uint32_t oid)
{
	uint64_t k = oid;
	if (oid < FIRST_USER_OID)
		return pgtype_builtin(oid);
	return map_get(&c->type_by_oid, map_u64_key(&k));
}

const PgType *catalog_type_lookup(void *catalog, uint32_t oid)
{
	return catalog ? catalog_type(catalog, oid) : pgtype_builtin(oid);
}

const PgType *catalog_type_named(const Catalog *c, uint32_t schema, const char *name)
{
	if (schema == NS_PG_CATALOG)
		return pgtype_builtin_named(name);
	char key[128];
	return map_get(&c->type_by_name, catalog_name_key(key, sizeof key, schema, name));
}

#define ROLE(oid, name)                                                                                                                    \
	{                                                                                                                                  \
		oid, (char[])                                                                                                              \
		{                                                                                                                          \
			name                                                                                                               \
		}                                                                                                                          \
	}
static const CatRole builtin_roles[] = {
	ROLE(6171, "pg_database_owner"),     ROLE(6181, "pg_read_all_data"),
	ROLE(6182, "pg_write_all_data"),     ROLE(3373, "pg_monitor"),
	ROLE(3374, "pg_read_all_settings"),  ROLE(3375, "pg_read_all_stats"),
	ROLE(3377, "pg_stat_scan_tables"),   ROLE(4569, "pg_read_server_files"),
	ROLE(4570, "pg_write_server_files"), ROLE(4571, "pg_execute_server_program"),
	ROLE(4200, "pg_signal_backend"),     ROLE(4544, "pg_checkpoint"),
};
#undef ROLE

const CatRole *catalog_builtin_roles(size_t *n)
{
	*n = ARRAY_LEN(builtin_roles);
	return builtin_roles;
}

const char *catalog_role_name(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; i < c->nroles; i++) {
		if (c->roles[i].oid == oid)
			return c->roles[i].name;
	}
	for (size_t i = 0; i < ARRAY_LEN(builtin_roles); i++) {
		if (builtin_roles[i].oid == oid)
			return builtin_roles[i].name;
	}
	return NULL;
}

uint32_t catalog_role_oid(const Catalog *c, const char *name)
{
	for (size_t i = 0; i < c->nroles; i++) {
		if (streq(c->roles[i].name, name))
			return c->roles[i].oid;
	}
	for (size_t i = 0; i < ARRAY_LEN(builtin_roles); i++) {
		if (streq(builtin_roles[i].name, name))
			return builtin_roles[i].oid;
	}
	return 0;
}

const char *catalog_comment(const Catalog *c, uint32_t objoid, uint32_t classoid, int32_t objsubid)
{
	for (size_t i = 0; i < c->ncomments; i++) {
		const CatComment *k = &c->comments[i];
		if (k->objoid == objoid && k->classoid == classoid && k->objsubid == objsubid)
			return k->text;
	}
	return NULL;
}

const CatIndex *catalog_index(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; oid && i < c->nrels; i++) {
		for (size_t k = 0; k < c->rels[i]->nindexes; k++) {
			if (c->rels[i]->indexes[k]->oid == oid)
				return c->rels[i]->indexes[k];
		}
	}
	return NULL;
}

bool catconstraint_acts(const CatConstraint *k, bool deletes)
{
	char action = deletes ? k->on_delete : k->on_update;
	if (k->type != 'f' || (action != 'n' && action != 'd'))
		return false;
	for (size_t i = 0; i < k->ncols; i++) {
		const PgDomain *d = catrel_attnum(k->table, k->cols[i])->type->domain;
		if (d && (d->not_null || d->nchecks))
			return true;
	}
	return deletes && k->nset_cols;
}

/* Whether a unique index is one of exactly these columns, in any order. */
static bool is_key_of(const CatIndex *x, const int16_t *cols, size_t n)
{
	size_t same = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < x->nkeys; k++)
			same += x->keys[k] == cols[i];
	return x->unique && !x->predicate && x->nkeys == n && same == n;
}

const CatIndex *catalog_constraint_index(const CatConstraint *k)
{
	if (k->type != 'f')
		return k->index;
	for (size_t i = 0; i < k->ref->nindexes; i++)
		if (is_key_of(k->ref->indexes[i], k->ref_cols, k->ncols))
			return k->ref->indexes[i];
	return NULL;
}

const CatConstraint *catalog_constraint(const Catalog *c, uint32_t oid)
{
	for (size_t i = 0; oid && i < c->nrels; i++) {
		for (size_t k = 0; k < c->rels[i]->nconstraints; k++) {
			if (c->rels[i]->constraints[k]->oid == oid)
				return c->rels[i]->constraints[k];
		}
	}
	return NULL;
}

const PgDomainCheck *catalog_domain_check(const Catalog *c, uint32_t oid, const PgType **domain)
{
	for (size_t i = 0; i < c->ntypes; i++) {
		const PgDomain *d = c->types[i]->domain;
		for (size_t k = 0; d && k < d->nchecks; k++) {
			if (d->checks[k].oid != oid)
				continue;
			*domain = c->types[i];
			return &d->checks[k];
		}
	}
	return NULL;
}

const CatColumn *catrel_column(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->ncols; i++) {
		if (!r->cols[i].dropped && streq(r->cols[i].name, name))
			return &r->cols[i];
	}
	return NULL;
}

const CatColumn *catrel_attnum(const CatRel *r, int attnum)
{
	return attnum >= 1 && (size_t)attnum <= r->ncols ? &r->cols[attnum - 1] : NULL;
}

const CatFunction *catalog_function(const Catalog *c, uint32_t oid)
{
	size_t lo = 0, hi = c ? c->nfunctions : 0;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (c->functions[mid]->proc.oid == oid)
			return c->functions[mid];
		if (c->functions[mid]->proc.oid < oid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const char *catcolumn_default(const CatColumn *c)
{
	return c->default_sql || !c->type->domain ? c->default_sql : c->type->domain->default_sql;
}

bool catcolumn_fills(const CatColumn *c)
{
	if (c->dropped || c->generated)
		return false;
	return catcolumn_default(c) || (c->identity && c->sequence) || c->type->domain;
}

const CatTrigger *catalog_trigger_parent(const CatTrigger *t)
{
	const CatRel *up = t->row && t->table->bound ? t->table->parents[0] : NULL;
	for (size_t i = 0; up && i < up->ntriggers; i++)
		if (up->triggers[i]->row && streq(up->triggers[i]->name, t->name))
			return up->triggers[i];
	return NULL;
}
