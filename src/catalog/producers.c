/* Rows of pg_catalog's relations about the objects in the file. */
#include "catalog/acl.h"
#include "pgtype/collation.h"
#include "catalog/vtab.h"

#include <stdio.h>

static void class_row(RowSink *s, uint32_t oid, const char *name, uint32_t ns, uint32_t rowtype, uint32_t owner, char kind,
		      char persistence, size_t natts)
{
	row_new(s);
	row_int(s, "oid", oid);
	row_text(s, "relname", name);
	row_int(s, "relnamespace", ns);
	row_int(s, "reltype", rowtype);
	row_int(s, "reloftype", 0);
	row_int(s, "relowner", owner);
	row_int(s, "relam", kind == 'r' || kind == 'm' ? 2 : kind == 'i' ? 403 : 0);
	row_int(s, "relfilenode", kind == 'v' ? 0 : oid);
	static const char *const zeros[] = { "reltablespace",	    "relpages",	      "relallvisible",	"reltoastrelid",
					     "relhasrules",	    "relhastriggers", "relhassubclass", "relrowsecurity",
					     "relforcerowsecurity", "relispartition", "relrewrite",	"relfrozenxid",
					     "relminmxid",	    "relchecks",      "relisshared",	"relhasindex" };
	for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
		row_int(s, zeros[i], 0);
	row_int(s, "reltuples", kind == 'S' ? 1 : kind == 'i' ? 0 : -1);
	row_char(s, "relpersistence", persistence);
	row_char(s, "relkind", kind);
	row_int(s, "relnatts", (int64_t)natts);
	row_int(s, "relispopulated", 1);
	row_char(s, "relreplident", kind == 'r' || kind == 'm' ? 'd' : 'n');
}

/* A foreign key puts triggers on both of its tables. */
static bool is_referenced(const Catalog *cat, const CatRel *r)
{
	for (size_t i = 0; i < cat->nrels; i++) {
		for (size_t k = 0; k < cat->rels[i]->nconstraints; k++) {
			if (cat->rels[i]->constraints[k]->ref == r)
				return true;
		}
	}
	return false;
}

static void user_class(RowSink *s, const CatRel *r)
{
	int checks = 0, keys = 0;
	for (size_t i = 0; i < r->nconstraints; i++) {
		checks += r->constraints[i]->type == 'c';
		keys += r->constraints[i]->type == 'f';
	}
	class_row(s, r->oid, r->name, r->schema, r->rowtype, r->owner, catrel_kind(r), r->persistence ? r->persistence : 'p',
		  r->kind == REL_SEQUENCE ? 3 : r->ncols);
	AclObject o = acl_of_rel(r);
	row_text(s, "relacl", acl_text(s->cat, &o, s->a));
	row_int(s, "relispopulated", r->kind != REL_MATVIEW || r->populated);
	row_int(s, "relhasindex", r->nindexes > 0);
	row_int(s, "relchecks", checks);
	row_int(s, "relhastriggers", keys > 0 || r->ntriggers > 0 || is_referenced(s->cat, r));
	row_int(s, "relhasrules", r->kind == REL_VIEW);
	row_int(s, "relhassubclass", catrel_is_tree(r));
	row_int(s, "relispartition", r->bound != NULL);
	row_text(s, "relpartbound", r->bound ? arena_printf(s->a, "{BOUND %u}", r->oid) : NULL);
	row_int(s, "reloftype", r->of_type);
	if (r->part)
		row_int(s, "relfilenode", 0);
	if (r->check_option)
		row_text(s, "reloptions", r->check_option == 'l' ? "{check_option=local}" : "{check_option=cascaded}");
	for (size_t i = 0; i < r->nindexes; i++) {
		const CatIndex *x = r->indexes[i];
		class_row(s, x->oid, x->name, r->schema, 0, r->owner, r->part ? 'I' : 'i', r->persistence, x->nkeys);
		row_int(s, "relam", catalog_method_oid(x->method ? x->method : "btree"));
		row_int(s, "relispartition", x->parent != NULL);
		row_int(s, "relhassubclass", r->part && r->nchildren);
	}
}

static void produce_class(RowSink *s)
{
	size_t n;
	const PgCatRel *rels = pgcatrel_all(&n);
	for (size_t i = 0; i < n; i++)
		class_row(s, rels[i].oid, rels[i].name, NS_PG_CATALOG, rels[i].rowtype, 10, rels[i].kind, 'p', rels[i].ncols);
	for (size_t i = 0; i < s->cat->nrels; i++)
		user_class(s, s->cat->rels[i]);
}

static void attribute_row(RowSink *s, uint32_t rel, const char *name, const PgType *t, int attnum, int32_t typmod)
{
	row_new(s);
	row_int(s, "attrelid", rel);
	row_text(s, "attname", name);
	row_int(s, "atttypid", t->oid);
	row_int(s, "attstattarget", -1);
	row_int(s, "attlen", t->len);
	row_int(s, "attnum", attnum);
	row_int(s, "attndims", t->category == 'A');
	row_int(s, "attcacheoff", -1);
	row_int(s, "atttypmod", typmod);
	row_int(s, "attbyval", t->byval);
	row_char(s, "attalign", t->align);
	row_char(s, "attstorage", t->storage);
	row_text(s, "attcompression", "");
	static const char *const zeros[] = { "attnotnull", "atthasdef", "atthasmissing", "attisdropped", "attinhcount" };
	for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
		row_int(s, zeros[i], 0);
	row_text(s, "attidentity", "");
	row_text(s, "attgenerated", "");
	row_int(s, "attislocal", 1);
	row_int(s, "attcollation", t->collation);
}

static void sequence_attributes(RowSink *s, const CatRel *r)
{
	static const struct {
		const char *name;
		uint32_t type;
	} columns[] = { { "last_value", 20 }, { "log_cnt", 20 }, { "is_called", 16 } };
	for (int i = 0; i < (int)ARRAY_LEN(columns); i++) {
		attribute_row(s, r->oid, columns[i].name, pgtype_builtin(columns[i].type), i + 1, -1);
		row_int(s, "attnotnull", 1);
	}
}

/* How many of its parents have the column. */
static int inherited_from(const CatRel *r, const char *column)
{
	int n = 0;
	for (size_t i = 0; i < r->nparents; i++)
		n += catrel_column(r->parents[i], column) != NULL;
	return n;
}

static void user_attributes(RowSink *s, const CatRel *r)
{
	if (r->kind == REL_SEQUENCE)
		sequence_attributes(s, r);
	for (size_t i = 0; i < r->ncols; i++) {
		const CatColumn *c = &r->cols[i];
		attribute_row(s, r->oid, c->name, c->type, c->attnum, c->typmod);
		AclObject o = acl_of_column(r, c->attnum);
		row_text(s, "attacl", acl_text(s->cat, &o, s->a));
		row_int(s, "attnotnull", c->not_null);
		row_int(s, "attinhcount", inherited_from(r, c->name));
		row_int(s, "attislocal", !c->inherited);
		row_int(s, "atthasdef", c->default_sql != NULL);
		row_int(s, "attisdropped", c->dropped);
		if (c->dropped)
			row_int(s, "atttypid", 0);
		if (c->identity)
			row_char(s, "attidentity", c->identity);
		if (c->generated)
			row_char(s, "attgenerated", c->generated);
	}
	for (size_t i = 0; i < r->nindexes; i++) {
		const CatIndex *x = r->indexes[i];
		for (size_t k = 0; k < x->nkeys; k++) {
			const CatColumn *c = catrel_attnum(r, x->keys[k]);
			if (c)
				attribute_row(s, x->oid, c->name, c->type, (int)k + 1, c->typmod);
		}
	}
}

static void produce_attribute(RowSink *s)
{
	size_t n;
	const PgCatRel *rels = pgcatrel_all(&n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < rels[i].ncols; k++) {
			attribute_row(s, rels[i].oid, rels[i].cols[k].name, pgtype_builtin(rels[i].cols[k].type), (int)k + 1, -1);
			row_int(s, "attnotnull", rels[i].cols[k].not_null);
		}
	}
	for (size_t i = 0; i < s->cat->nrels; i++)
		user_attributes(s, s->cat->rels[i]);
}

static uint32_t proc_oid(const char *name)
{
	size_t n;
	const PgProc *p = pgproc_named(name, &n);
	return n ? p->oid : 0;
}

/* The functions that no value passes through. */
static void type_methods(RowSink *s, const PgType *t, const PgType *base)
{
	static const char *const subscripted[] = { "int2vector", "oidvector", "point", "lseg", "box", "line", "name" };
	const char *scalar = base->elem ? base->elem->name : base->name;
	bool ranges = base->typtype == 'r', multi = base->typtype == 'm', domain = t->typtype == 'd';
	bool raw = false;
	for (size_t i = 0; i < ARRAY_LEN(subscripted); i++)
		raw = raw || streq(base->name, subscripted[i]);
	row_int(s, "typmodin", domain || ranges ? 0 : proc_oid(arena_printf(s->a, "%stypmodin", scalar)));
	row_int(s, "typmodout", domain || ranges ? 0 : proc_oid(arena_printf(s->a, "%stypmodout", scalar)));
	row_int(s, "typanalyze",
		proc_oid(base->elem			 ? "array_typanalyze"
			 : ranges			 ? "range_typanalyze"
			 : multi			 ? "multirange_typanalyze"
			 : streq(base->name, "tsvector") ? "ts_typanalyze"
							 : ""));
	row_int(s, "typsubscript",
		domain			     ? 0
		: base->elem		     ? proc_oid("array_subscript_handler")
		: raw			     ? proc_oid("raw_array_subscript_handler")
		: streq(base->name, "jsonb") ? proc_oid("jsonb_subscript_handler")
					     : 0);
}

/* A function that an extension's type may have of its own. */
static uint32_t type_proc(RowSink *s, const PgType *t, const char *name)
{
	size_t n = 0;
	const PgProc *p = NULL;
	for (size_t i = 0; t->family && !n && i < s->cat->nextensions; i++)
		p = extension_procs(&s->cat->extensions[i], name, &n);
	return n ? p->oid : proc_oid(name);
}

static void type_row(RowSink *s, const PgType *t, uint32_t ns)
{
	row_new(s);
	row_int(s, "oid", t->oid);
	row_text(s, "typname", t->name);
	row_int(s, "typnamespace", ns);
	row_int(s, "typowner", t->owner ? t->owner : 10);
	row_int(s, "typlen", t->len);
	row_int(s, "typbyval", t->byval);
	row_char(s, "typtype", t->typtype);
	row_char(s, "typcategory", t->category);
	row_int(s, "typispreferred", t->preferred);
	row_int(s, "typisdefined", 1);
	row_char(s, "typdelim", t->delim);
	row_int(s, "typrelid", t->relid);
	row_int(s, "typelem", t->elem_oid);
	row_int(s, "typarray", t->array_oid);
	static const struct {
		const char *column;
		size_t offset;
	} procs[] = { { "typinput", offsetof(PgType, input) },
		      { "typoutput", offsetof(PgType, output) },
		      { "typreceive", offsetof(PgType, receive) },
		      { "typsend", offsetof(PgType, send) } };
	for (size_t i = 0; i < ARRAY_LEN(procs); i++) {
		const char *name = *(const char *const *)((const char *)t + procs[i].offset);
		row_int(s, procs[i].column, name ? type_proc(s, t, name) : 0);
	}
	row_char(s, "typalign", t->align);
	row_char(s, "typstorage", t->storage);
	const PgType *base = type_base_of(t);
	row_int(s, "typnotnull", t->domain && t->domain->not_null);
	row_int(s, "typbasetype", t->base_oid);
	row_int(s, "typtypmod", t->domain ? t->domain->typmod : -1);
	row_int(s, "typndims", t->typtype == 'd' && base && base->elem);
	row_int(s, "typcollation", t->collation);
	row_text(s, "typdefault", t->domain ? t->domain->default_sql : NULL);
	if (t->domain && t->domain->default_sql)
		row_text(s, "typdefaultbin", arena_printf(s->a, "{TYPE %u}", t->oid));
	type_methods(s, t, base ? base : t);
}

static void produce_type(RowSink *s)
{
	size_t n;
	const PgType *t = pgtype_builtins(&n);
	for (size_t i = 0; i < n; i++)
		type_row(s, &t[i], streq(t[i].schema, "information_schema") ? NS_INFORMATION_SCHEMA : NS_PG_CATALOG);
	for (size_t i = 0; i < s->cat->ntypes; i++) {
		const CatSchema *ns = catalog_schema(s->cat, s->cat->types[i]->schema);
		type_row(s, s->cat->types[i], ns ? ns->oid : 0);
	}
}

static const char builtin_schema_acl[] = "{postgres=UC/postgres,=U/postgres}";

static void produce_namespace(RowSink *s)
{
	static const char *const builtin[] = { "pg_toast", "pg_catalog", "information_schema" };
	for (size_t i = 0; i < ARRAY_LEN(builtin) + s->cat->nschemas; i++) {
		const CatSchema *ns =
			i < ARRAY_LEN(builtin) ? catalog_schema(s->cat, builtin[i]) : &s->cat->schemas[i - ARRAY_LEN(builtin)];
		row_new(s);
		row_int(s, "oid", ns->oid);
		row_text(s, "nspname", ns->name);
		row_int(s, "nspowner", ns->owner);
		AclObject o = acl_of_schema(ns);
		row_text(s, "nspacl", acl_text(s->cat, &o, s->a));
	}
}

/* What pg_dump takes for granted: the privileges that initdb gives. */
static void produce_init_privs(RowSink *s)
{
	static const uint32_t schemas[] = { NS_PG_CATALOG, NS_INFORMATION_SCHEMA };
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		row_new(s);
		row_int(s, "objoid", schemas[i]);
		row_int(s, "classoid", 2615);
		row_int(s, "objsubid", 0);
		row_char(s, "privtype", 'i');
		row_text(s, "initprivs", builtin_schema_acl);
	}
}

static const char *numbers(RowSink *s, const int16_t *v, size_t n, const char *open, const char *sep, const char *close)
{
	const char *t = open;
	for (size_t i = 0; i < n; i++)
		t = arena_printf(s->a, "%s%s%d", t, i ? sep : "", v[i]);
	return arena_printf(s->a, "%s%s", t, close);
}

static void index_row(RowSink *s, const CatIndex *x)
{
	row_new(s);
	row_int(s, "indexrelid", x->oid);
	row_int(s, "indrelid", x->table->oid);
	row_int(s, "indnatts", (int64_t)x->nkeys);
	row_int(s, "indnkeyatts", (int64_t)x->nkeys);
	row_int(s, "indisunique", x->unique);
	row_int(s, "indnullsnotdistinct", x->nulls_not_distinct);
	row_int(s, "indisprimary", x->primary);
	row_int(s, "indisexclusion", 0);
	row_int(s, "indimmediate", 1);
	row_int(s, "indisclustered", 0);
	row_int(s, "indisvalid", !x->only);
	row_int(s, "indcheckxmin", 0);
	row_int(s, "indisready", 1);
	row_int(s, "indislive", 1);
	row_int(s, "indisreplident", 0);
	row_text(s, "indkey", numbers(s, x->keys, x->nkeys, "", " ", ""));
	int16_t *opts = arena_array(s->a, int16_t, x->nkeys + 1);
	bool exprs = false;
	for (size_t i = 0; i < x->nkeys; i++) {
		opts[i] = x->options[i];
		exprs = exprs || x->exprs[i];
	}
	row_text(s, "indoption", numbers(s, opts, x->nkeys, "", " ", ""));
	/* Where PostgreSQL has a node tree, a reference that pg_get_expr understands. */
	row_text(s, "indexprs", exprs ? arena_printf(s->a, "{INDEX %u}", x->oid) : NULL);
	row_text(s, "indpred", x->predicate ? arena_printf(s->a, "{PREDICATE %u}", x->oid) : NULL);
}

static void produce_index(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nrels; i++) {
		for (size_t k = 0; k < s->cat->rels[i]->nindexes; k++)
			index_row(s, s->cat->rels[i]->indexes[k]);
	}
}

static int constraint_inherited_from(const CatConstraint *k)
{
	int n = k->parent != NULL;
	for (size_t i = 0; k->type == 'c' && i < k->table->nparents; i++) {
		const CatRel *p = k->table->parents[i];
		for (size_t c = 0; c < p->nconstraints; c++)
			n += p->constraints[c]->type == 'c' && !p->constraints[c]->no_inherit && streq(p->constraints[c]->name, k->name);
	}
	return n;
}

static void constraint_row(RowSink *s, const CatConstraint *k)
{
	row_new(s);
	row_int(s, "oid", k->oid);
	row_text(s, "conname", k->name);
	row_int(s, "connamespace", k->table->schema);
	row_char(s, "contype", k->type);
	row_int(s, "condeferrable", k->deferrable);
	row_int(s, "condeferred", k->deferred);
	row_int(s, "convalidated", !k->not_valid);
	row_int(s, "conrelid", k->table->oid);
	row_int(s, "contypid", 0);
	const CatIndex *x = catalog_constraint_index(k);
	row_int(s, "conindid", x ? x->oid : 0);
	row_int(s, "conparentid", k->parent ? k->parent->oid : 0);
	row_int(s, "confrelid", k->ref ? k->ref->oid : 0);
	row_char(s, "confupdtype", k->type == 'f' ? k->on_update : ' ');
	row_char(s, "confdeltype", k->type == 'f' ? k->on_delete : ' ');
	row_char(s, "confmatchtype", k->type == 'f' ? k->match : ' ');
	row_int(s, "conislocal", !k->inherited);
	row_int(s, "coninhcount", constraint_inherited_from(k));
	row_int(s, "connoinherit", k->type == 'c' ? k->no_inherit : !k->table->part && !k->parent);
	row_text(s, "conkey", numbers(s, k->cols, k->ncols, "{", ",", "}"));
	if (k->type == 'f')
		row_text(s, "confkey", numbers(s, k->ref_cols, k->ncols, "{", ",", "}"));
	row_text(s, "conbin", k->check_sql ? arena_printf(s->a, "{CHECK %u}", k->oid) : NULL);
}

static void domain_check_row(RowSink *s, const PgType *t, const PgDomainCheck *k)
{
	const CatSchema *ns = catalog_schema(s->cat, t->schema);
	row_new(s);
	row_int(s, "oid", k->oid);
	row_text(s, "conname", k->name);
	row_int(s, "connamespace", ns ? ns->oid : 0);
	row_char(s, "contype", 'c');
	static const char *const zeros[] = { "condeferrable", "condeferred", "conrelid",    "conindid",
					     "conparentid",   "confrelid",   "coninhcount", "connoinherit" };
	for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
		row_int(s, zeros[i], 0);
	row_int(s, "convalidated", k->validated);
	row_int(s, "contypid", t->oid);
	row_char(s, "confupdtype", ' ');
	row_char(s, "confdeltype", ' ');
	row_char(s, "confmatchtype", ' ');
	row_int(s, "conislocal", 1);
	row_text(s, "conbin", arena_printf(s->a, "{CHECK %u}", k->oid));
}

static void produce_constraint(RowSink *s)
{
	for (size_t i = 0; i < s->cat->ntypes; i++) {
		const PgDomain *d = s->cat->types[i]->domain;
		for (size_t k = 0; d && k < d->nchecks; k++)
			domain_check_row(s, s->cat->types[i], &d->checks[k]);
	}
	for (size_t i = 0; i < s->cat->nrels; i++) {
		for (size_t k = 0; k < s->cat->rels[i]->nconstraints; k++)
			constraint_row(s, s->cat->rels[i]->constraints[k]);
	}
}

static void produce_attrdef(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nrels; i++) {
		const CatRel *r = s->cat->rels[i];
		for (size_t k = 0; k < r->ncols; k++) {
			if (!r->cols[k].default_sql)
				continue;
			row_new(s);
			row_int(s, "oid", catalog_attrdef_oid(r, &r->cols[k]));
			row_int(s, "adrelid", r->oid);
			row_int(s, "adnum", r->cols[k].attnum);
			row_text(s, "adbin", arena_printf(s->a, "{DEFAULT %u %d}", r->oid, r->cols[k].attnum));
		}
	}
}

static void produce_sequence(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nseqs; i++) {
		const CatSequence *q = s->cat->seqs[i];
		row_new(s);
		row_int(s, "seqrelid", q->oid);
		row_int(s, "seqtypid", q->type_oid);
		row_int(s, "seqstart", q->start);
		row_int(s, "seqincrement", q->increment);
		row_int(s, "seqmax", q->max);
		row_int(s, "seqmin", q->min);
		row_int(s, "seqcache", q->cache);
		row_int(s, "seqcycle", q->cycle);
	}
}

static void produce_enum(RowSink *s)
{
	for (size_t i = 0; i < s->cat->ntypes; i++) {
		const PgType *t = s->cat->types[i];
		for (size_t k = 0; k < t->nlabels; k++) {
			row_new(s);
			row_int(s, "oid", t->label_oids[k]);
			row_int(s, "enumtypid", t->oid);
			s->rows[s->n - 1][2] = val_real(t->label_sorts[k]);
			row_text(s, "enumlabel", t->labels[k]);
		}
	}
}

static void produce_am(RowSink *s)
{
	static const struct {
		uint32_t oid;
		const char *name;
		char type;
	} ams[] = { { 2, "heap", 't' },	  { 403, "btree", 'i' },   { 405, "hash", 'i' }, { 783, "gist", 'i' },
		    { 2742, "gin", 'i' }, { 4000, "spgist", 'i' }, { 3580, "brin", 'i' } };
	for (size_t i = 0; i < ARRAY_LEN(ams); i++) {
		row_new(s);
		row_int(s, "oid", ams[i].oid);
		row_text(s, "amname", ams[i].name);
		row_char(s, "amtype", ams[i].type);
	}
}

static void produce_description(RowSink *s)
{
	static const struct {
		uint32_t oid, class;
		const char *text;
	} builtin[] = { { 12, 2612, "built-in functions" },
			{ 13, 2612, "dynamically-loaded C functions" },
			{ 14, 2612, "SQL-language functions" },
			{ 13563, 2612, "PL/pgSQL procedural language" },
			{ 13559, 3079, "PL/pgSQL procedural language" },
			{ 11, 2615, "system catalog schema" },
			{ 99, 2615, "reserved schema for TOAST tables" } };
	for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
		row_new(s);
		row_int(s, "objoid", builtin[i].oid);
		row_int(s, "classoid", builtin[i].class);
		row_int(s, "objsubid", 0);
		row_text(s, "description", builtin[i].text);
	}
	for (size_t i = 0; i < s->cat->ncomments; i++) {
		row_new(s);
		row_int(s, "objoid", s->cat->comments[i].objoid);
		row_int(s, "classoid", s->cat->comments[i].classoid);
		row_int(s, "objsubid", s->cat->comments[i].objsubid);
		row_text(s, "description", s->cat->comments[i].text);
	}
}

static void put_collation(RowSink *s, uint32_t oid, const char *name, char provider, int encoding)
{
	row_new(s);
	row_int(s, "oid", oid);
	row_text(s, "collname", name);
	row_int(s, "collnamespace", NS_PG_CATALOG);
	row_int(s, "collowner", 10);
	row_char(s, "collprovider", provider);
	row_int(s, "collisdeterministic", 1);
	row_int(s, "collencoding", encoding);
}

typedef struct Languages {
	RowSink *sink;
	uint32_t oid;
} Languages;

static void put_language(void *arg, const char *language)
{
	Languages *l = arg;
	Arena *a = l->sink->a;
	put_collation(l->sink, l->oid++, arena_printf(a, "%s-x-icu", language), 'i', -1);
	row_text(l->sink, "colliculocale", arena_strdup(a, language));
	row_text(l->sink, "collversion", icu_version(language, a));
}

static void produce_collation(RowSink *s)
{
	for (size_t i = 0; i < collations_of_bytes_count; i++) {
		const Collation *c = &collations_of_bytes[i];
		put_collation(s, c->oid, c->name, c->locale ? 'c' : 'd', c->encoding);
		row_text(s, "collcollate", c->locale);
		row_text(s, "collctype", c->locale);
	}
	Languages l = { s, COLL_FIRST_ICU };
	icu_each_language(put_language, &l);
}

/* PostgreSQL keeps a view's query as a rule. */
static void produce_rewrite(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nrels; i++) {
		const CatRel *r = s->cat->rels[i];
		if (r->kind != REL_VIEW && r->kind != REL_MATVIEW)
			continue;
		row_new(s);
		row_int(s, "oid", catalog_rewrite_oid(r));
		row_text(s, "rulename", "_RETURN");
		row_int(s, "ev_class", r->oid);
		row_char(s, "ev_type", '1');
		row_char(s, "ev_enabled", 'O');
		row_int(s, "is_instead", 1);
		row_text(s, "ev_qual", "<>");
		row_text(s, "ev_action", "<>");
	}
}

const NamedProducer catalog_producers[] = {
	{ "pg_class", produce_class },
	{ "pg_attribute", produce_attribute },
	{ "pg_type", produce_type },
	{ "pg_namespace", produce_namespace },
	{ "pg_index", produce_index },
	{ "pg_constraint", produce_constraint },
	{ "pg_attrdef", produce_attrdef },
	{ "pg_init_privs", produce_init_privs },
	{ "pg_sequence", produce_sequence },
	{ "pg_enum", produce_enum },
	{ "pg_am", produce_am },
	{ "pg_description", produce_description },
	{ "pg_collation", produce_collation },
	{ "pg_rewrite", produce_rewrite },
	{ "pg_inherits", catalog_produce_inherits },
	{ "pg_partitioned_table", catalog_produce_partitioned },
	{ NULL, NULL },
};
