/* CREATE TYPE ... AS RANGE. */
#include "sql/ddl.h"
#include "sql/expr.h"

typedef struct NewRange {
	const PgType *sub;
	const PgQuery__TypeName *multi, *collation, *opclass, *diff;
	const PgQuery__DefElem *canonical;
} NewRange;

static const char *last_name(const PgQuery__TypeName *tn)
{
	return node_string(tn->names[tn->n_names - 1]);
}

static int read_options(Ddl *d, const PgQuery__CreateRangeStmt *s, NewRange *n)
{
	const PgQuery__TypeName *sub = NULL;
	const struct {
		const char *name;
		const PgQuery__TypeName **value;
	} known[] = { { "subtype", &sub },
		      { "subtype_opclass", &n->opclass },
		      { "collation", &n->collation },
		      { "subtype_diff", &n->diff },
		      { "multirange_type_name", &n->multi } };
	for (size_t i = 0; i < s->n_params; i++) {
		const PgQuery__DefElem *e = s->params[i]->def_elem;
		bool found = streq(e->defname, "canonical");
		if (found)
			n->canonical = e;
		for (size_t k = 0; k < ARRAY_LEN(known); k++) {
			if (!streq(known[k].name, e->defname))
				continue;
			found = true;
			if (*known[k].value)
				return an_error(d->ps, -1, "42601", "conflicting or redundant options");
			if (!e->arg || e->arg->node_case != PG_QUERY__NODE__NODE_TYPE_NAME)
				return an_error(d->ps, -1, "42601", "%s requires a parameter", e->defname);
			*known[k].value = e->arg->type_name;
		}
		if (!found)
			return an_error(d->ps, -1, "42601", "type attribute \"%s\" not recognized", e->defname);
	}
	int32_t typmod;
	if (!sub)
		return an_error(d->ps, -1, "42601", "type attribute \"subtype\" is required");
	n->sub = an_typename(d->ps, sub, &typmod);
	return n->sub ? 0 : -1;
}

/* f(subtype, subtype) returning double precision. */
static int check_diff(Ddl *d, const NewRange *n)
{
	if (!n->diff)
		return 0;
	size_t count;
	const char *name = last_name(n->diff), *sub = type_name(d->ps, n->sub->oid);
	const PgProc *p = pgproc_named(name, &count);
	for (size_t i = 0; i < count; i++)
		if (p[i].nargs == 2 && is_binary_coercible(d->cat, n->sub->oid, p[i].args[0]) &&
		    is_binary_coercible(d->cat, n->sub->oid, p[i].args[1]))
			return p[i].rettype == T_FLOAT8 ? 0
							: an_error(d->ps, -1, "42P17", "range subtype diff function %s must return type %s",
								   name, "double precision");
	return an_error(d->ps, -1, "42883", "function %s(%s, %s) does not exist", name, sub, sub);
}

static int check_range(Ddl *d, const NewRange *n)
{
	const PgType *t = n->sub;
	if (t->typtype == 'p')
		return an_error(d->ps, -1, "42804", "range subtype cannot be %s", type_format(t, -1, d->a));
	if (n->collation && !type_base_of(t)->collation)
		return an_error(d->ps, -1, "42809", "range collation specified but subtype does not support collation");
	if (n->canonical)
		return an_refuse(d->ps, n->canonical->location, "a canonical function of a range type");
	Error ignored;
	Error *err = d->ps->err;
	d->ps->err = &ignored;
	bool ordered = ordering_for(d->ps, t->oid, -1) != NULL;
	d->ps->err = err;
	if (!ordered) {
		an_error(d->ps, -1, "42704", "data type %s has no default operator class for access method \"btree\"",
			 type_format(t, -1, d->a));
		return err_hint(d->err, "You must specify an operator class for the range type or define a default operator class for the "
					"subtype.");
	}
	if (!type_is_supported(t))
		return an_refuse(d->ps, -1, "a range over type %s", type_format(t, -1, d->a));
	if (n->collation && ddl_check_collation(d, n->collation->names, n->collation->n_names, n->collation->location, "a range"))
		return -1;
	if (n->opclass) {
		PgQuery__IndexElem e;
		pg_query__index_elem__init(&e);
		e.n_opclass = n->opclass->n_names;
		e.opclass = n->opclass->names;
		if (ddl_check_opclass(d, "btree", &e, t->oid))
			return -1;
	}
	return check_diff(d, n);
}

/* PostgreSQL's makeMultirangeTypeName: "multi" before the first "range" of the name, or "_multirange" behind it. */
static const char *multirange_name(Ddl *d, const char *range)
{
	const char *at = strstr(range, "range");
	return at ? arena_printf(d->a, "%.*smulti%.*s", (int)(at - range), range, 58 - (int)(at - range), at)
		  : arena_printf(d->a, "%.52s_multirange", range);
}

static uint32_t name_multirange(Ddl *d, const NewRange *n, uint32_t schema, const char *range, const char **name)
{
	if (n->multi) {
		schema = ddl_names_schema(d, n->multi->names, n->multi->n_names, name);
		return schema && ddl_check_new_type(d, schema, *name) == 0 ? schema : 0;
	}
	*name = multirange_name(d, range);
	if (!catalog_type_named(d->cat, schema, *name))
		return schema;
	an_error(d->ps, -1, "42710", "type \"%s\" already exists", *name);
	err_detail(d->err, "Failed while creating a multirange type for type \"%s\".", range);
	err_hint(d->err, "You can manually specify a multirange type name using the \"multirange_type_name\" attribute.");
	return 0;
}

int plan_create_range(Ddl *d, const PgQuery__CreateRangeStmt *s)
{
	NewRange n = { 0 };
	const char *name, *multi;
	uint32_t schema = ddl_names_schema(d, s->type_name, s->n_type_name, &name), array, multi_schema;
	if (!schema || ddl_check_new_type(d, schema, name) || read_options(d, s, &n) || check_range(d, &n))
		return -1;
	multi_schema = name_multirange(d, &n, schema, name, &multi);
	if (!multi_schema)
		return -1;
	uint32_t oid = ddl_new_type(d, schema, name, 'r', &array);
	uint32_t multi_oid = ddl_new_type(d, multi_schema, multi, 'm', &array);
	uint32_t collation = ddl_collation(n.collation ? n.collation->names : NULL, n.collation ? n.collation->n_names : 0, n.sub);
	ddl_sql(d, "INSERT INTO _understudy_range VALUES (%u, %u, %u, %u, %s, %s)", oid, n.sub->oid, multi_oid, collation,
		ddl_lit(d, n.opclass ? last_name(n.opclass) : NULL), ddl_lit(d, n.diff ? last_name(n.diff) : NULL));
	return ddl_finish(d, "CREATE TYPE");
}
