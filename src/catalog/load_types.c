/* Types of the user: from the rows of the file to PgType, and what they say of each other. */
#include "catalog/load.h"

#include "pgtype/range.h"

static PgType *type_row(Catalog *c, uint32_t oid)
{
	return oid < FIRST_USER_OID ? NULL : (PgType *)(uintptr_t)catalog_type(c, oid);
}

int load_enum_label(Catalog *c, sqlite3_stmt *s, Error *err)
{
	PgType *t = type_row(c, load_oid(s, 0));
	if (!t)
		return load_damaged(err, "label of enum", load_oid(s, 0));
	const char **labels = (const char **)t->labels;
	labels = load_grow(c, labels, t->nlabels, sizeof *labels);
	uint32_t *oids = load_grow(c, (uint32_t *)t->label_oids, t->nlabels, sizeof *oids);
	double *sorts = load_grow(c, (double *)t->label_sorts, t->nlabels, sizeof *sorts);
	labels[t->nlabels] = load_text(c, s, 1);
	oids[t->nlabels] = load_oid(s, 2);
	sorts[t->nlabels++] = sqlite3_column_double(s, 3);
	t->labels = labels;
	t->label_oids = oids;
	t->label_sorts = sorts;
	return 0;
}

static void type_shape(PgType *t, char kind)
{
	static const struct {
		char kind, category, align, storage;
		int16_t len;
		const char *input, *output, *receive, *send;
	} shapes[] = {
		{ 'e', 'E', 'i', 'p', 4, "enum_in", "enum_out", "enum_recv", "enum_send" },
		{ 'a', 'A', 'i', 'x', -1, "array_in", "array_out", "array_recv", "array_send" },
		{ 'c', 'C', 'd', 'x', -1, "record_in", "record_out", "record_recv", "record_send" },
		{ 'r', 'R', 'i', 'x', -1, "range_in", "range_out", "range_recv", "range_send" },
		{ 'm', 'R', 'i', 'x', -1, "multirange_in", "multirange_out", "multirange_recv", "multirange_send" },
		{ 'd', 'U', 'i', 'x', -1, "domain_in", "record_out", "domain_recv", "record_send" },
	};
	t->typtype = kind == 'a' ? 'b' : kind;
	t->delim = ',';
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		if (shapes[i].kind != kind)
			continue;
		t->category = shapes[i].category;
		t->align = shapes[i].align;
		t->storage = shapes[i].storage;
		t->len = shapes[i].len;
		t->byval = kind == 'e';
		t->input = shapes[i].input;
		t->output = shapes[i].output;
		t->receive = shapes[i].receive;
		t->send = shapes[i].send;
	}
}

void catalog_add_type(Catalog *c, PgType *t, uint32_t schema)
{
	load_note_oid(c, t->oid);
	*APPEND(c, c->types, c->ntypes) = t;
	char key[128];
	map_put(&c->type_by_name, catalog_name_key(key, sizeof key, schema, t->name), t);
	uint64_t oid = t->oid;
	map_put(&c->type_by_oid, map_u64_key(&oid), t);
}

int load_type(Catalog *c, sqlite3_stmt *s, Error *err)
{
	PgType *t = arena_new_of(c->arena, PgType);
	uint32_t schema = load_oid(s, 1);
	const CatSchema *ns = catalog_schema_by_oid(c, schema);
	t->oid = load_oid(s, 0);
	if (!ns)
		return load_damaged(err, "type", t->oid);
	t->schema = ns->name;
	t->name = load_text(c, s, 2);
	type_shape(t, load_char(s, 3));
	t->owner = load_oid(s, 4);
	t->array_oid = load_oid(s, 5);
	t->elem_oid = load_oid(s, 6);
	t->relid = load_oid(s, 7);
	catalog_add_type(c, t, schema);
	return 0;
}

int load_domain(Catalog *c, sqlite3_stmt *s, Error *err)
{
	PgType *t = type_row(c, load_oid(s, 0));
	const PgType *base = catalog_type(c, load_oid(s, 1));
	if (!t || !base)
		return load_damaged(err, "domain", load_oid(s, 0));
	PgDomain *d = arena_new_of(c->arena, PgDomain);
	*d = (PgDomain){ .typmod = sqlite3_column_int(s, 2), .not_null = sqlite3_column_int(s, 3), .default_sql = load_text(c, s, 4) };
	t->base = base;
	t->collation = load_oid(s, 5);
	t->base_oid = base->oid;
	t->domain = d;
	return 0;
}

int load_domain_check(Catalog *c, sqlite3_stmt *s, Error *err)
{
	PgType *t = type_row(c, load_oid(s, 1));
	PgDomain *d = t ? (PgDomain *)(uintptr_t)t->domain : NULL;
	if (!d)
		return load_damaged(err, "check of domain", load_oid(s, 1));
	*APPEND(c, d->checks, d->nchecks) = (PgDomainCheck){ .oid = load_oid(s, 0),
							     .name = load_text(c, s, 2),
							     .sql = load_text(c, s, 3),
							     .test = load_text(c, s, 4),
							     .validated = sqlite3_column_int(s, 5) };
	return 0;
}

int load_range(Catalog *c, sqlite3_stmt *s, Error *err)
{
	PgType *t = type_row(c, load_oid(s, 0)), *multi = type_row(c, load_oid(s, 2));
	const PgType *sub = catalog_type(c, load_oid(s, 1));
	if (!t || !multi || !sub)
		return load_damaged(err, "range", load_oid(s, 0));
	RangeType *k = arena_new_of(c->arena, RangeType);
	*k = (RangeType){ .range = t->oid,
			  .multirange = multi->oid,
			  .subtype = sub->oid,
			  .user_subtype = sub,
			  .collation = load_oid(s, 3),
			  .opclass = load_text(c, s, 4),
			  .diff = load_text(c, s, 5) };
	t->range = multi->range = k;
	return 0;
}

void load_link_arrays(Catalog *c)
{
	for (size_t i = 0; i < c->ntypes; i++) {
		if (c->types[i]->elem_oid)
			c->types[i]->elem = catalog_type(c, c->types[i]->elem_oid);
	}
}

/* The row types of relations get their columns. */
void load_link_rows(Catalog *c)
{
	for (size_t i = 0; i < c->nrels; i++) {
		const CatRel *r = c->rels[i];
		PgType *t = r->rowtype ? type_row(c, r->rowtype) : NULL;
		if (!t || t->typtype != 'c')
			continue;
		PgField *fields = arena_array(c->arena, PgField, r->ncols + 1);
		for (size_t k = 0; k < r->ncols; k++)
			if (!r->cols[k].dropped)
				fields[t->nfields++] = (PgField){ r->cols[k].name, r->cols[k].type, r->cols[k].typmod };
		t->fields = fields;
	}
}

static bool holds_checked(const PgType *t)
{
	if (t->domain || (t->range && t->range->user_subtype->checked) || (t->base && t->base->checked) || (t->elem && t->elem->checked))
		return true;
	for (size_t i = 0; i < t->nfields; i++)
		if (t->fields[i].type->checked)
			return true;
	return false;
}

static void shape_of_base(PgType *t)
{
	const PgType *base = type_base_of(t);
	if (t->typtype != 'd' || !base)
		return;
	t->len = base->len;
	t->byval = base->byval;
	t->category = base->category;
	t->delim = base->delim;
	t->align = base->align;
	t->storage = base->storage;
	if (!t->collation)
		t->collation = base->collation;
	t->output = base->output;
	t->send = base->send;
}

/* Arrays and ranges stand in memory as their elements do. */
static void shape_of_parts(PgType *t)
{
	const PgType *part = t->elem ? t->elem : t->range ? t->range->user_subtype : NULL;
	if (part)
		t->align = part->align == 'd' ? 'd' : 'i';
	if (t->elem)
		t->collation = t->elem->collation;
}

/* A domain looks like the type below it. What holds a domain is found in rounds, for types name each other in any order. */
void load_shape_types(Catalog *c)
{
	for (size_t i = 0; i < c->ntypes; i++)
		shape_of_base(c->types[i]);
	for (size_t i = 0; i < c->ntypes; i++)
		shape_of_parts(c->types[i]);
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < c->ntypes; i++) {
			if (c->types[i]->checked || !holds_checked(c->types[i]))
				continue;
			c->types[i]->checked = more = true;
		}
	}
}

/* Whether the type had the label already and it could be used. */
static bool was_usable(const PgType *t, uint32_t oid)
{
	for (size_t i = 0; i < t->nlabels; i++)
		if (t->label_oids[i] == oid)
			return !t->label_unsafe || !t->label_unsafe[i];
	return false;
}

void catalog_mark_labels(Catalog *c, const Catalog *before)
{
	for (size_t i = 0; i < c->ntypes; i++) {
		PgType *t = c->types[i];
		const PgType *then = before && t->nlabels ? catalog_type(before, t->oid) : NULL;
		t->label_unsafe = NULL;
		if (!then)
			continue;
		bool *unsafe = arena_array(c->arena, bool, t->nlabels);
		for (size_t k = 0; k < t->nlabels; k++)
			unsafe[k] = !was_usable(then, t->label_oids[k]);
		t->label_unsafe = unsafe;
	}
}
