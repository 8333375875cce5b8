/* Names: relations through the search path, columns through the levels of a query, stars. */
#include "catalog/acl.h"
#include "sql/acl_check.h"
#include "sql/query.h"
#include "sql/vars.h"

static const char *field_name(const PgNode *n)
{
	return n->node_case == PG_QUERY__NODE__NODE_STRING ? n->string->sval : NULL;
}

NsItem *ns_add_item(ParseState *ps, const NsItem *item)
{
	if (ps->nns == ps->ns_cap) {
		size_t cap = ps->ns_cap ? ps->ns_cap * 2 : 8;
		NsItem **grown = arena_array(ps->a, NsItem *, cap);
		if (ps->nns)
			memcpy(grown, ps->ns, ps->nns * sizeof *grown);
		ps->ns = grown;
		ps->ns_cap = cap;
	}
	NsItem *copy = arena_dup(ps->a, item, sizeof *item);
	ps->ns[ps->nns++] = copy;
	return copy;
}

Expr *var_new(ParseState *ps, Rte *rte, int column, int location)
{
	const Column *c = &rte->cols[column - 1];
	Expr *v = expr_new(ps, X_VAR, c->type, location);
	v->typmod = c->typmod;
	v->collation = c->collation;
	v->rte = rte;
	v->column = column;
	return v;
}

/* Defined by this very query's WITH: only there does a star mean the columns of SEARCH and CYCLE, too. */
static bool is_own_cte(const ParseState *ps, const Cte *cte)
{
	for (size_t i = 0; i < ps->nctes; i++)
		if (ps->ctes[i] == cte)
			return true;
	return false;
}

NsItem *ns_add_rte(ParseState *ps, Rte *rte, bool rel_visible, bool cols_visible)
{
	NsItem item = { .alias = rte->alias, .rte = rte, .rel_visible = rel_visible, .cols_visible = cols_visible };
	item.cols = arena_array(ps->a, NsColumn, rte->ncols ? rte->ncols : 1);
	if (rte->kind == RTE_RELATION && rte->rel && streq(rte->alias, rte->rel->name)) {
		const CatSchema *s = catalog_schema_by_oid(ps->env->cat, rte->rel->schema);
		item.schema = s ? s->name : NULL;
	}
	size_t starred = rte->kind == RTE_CTE && !is_own_cte(ps, rte->cte) ? rte->ncols - rte->cte->npath : rte->ncols;
	for (size_t i = 0; i < rte->ncols; i++) {
		if (!rte->cols[i].name)
			continue;
		item.cols[item.ncols++] =
			(NsColumn){ .name = rte->cols[i].name, .expr = var_new(ps, rte, (int)i + 1, -1), .unstarred = i >= starred };
	}
	return ns_add_item(ps, &item);
}

static Expr *use_column(ParseState *ps, const NsColumn *c, int location)
{
	Expr *e = expr_copy(ps, c->expr);
	e->location = location;
	return e;
}

/* 1 found, 0 not there, -1 ambiguous (error set). */
static int find_in_item(ParseState *ps, const NsItem *item, const char *name, bool plain, int location, Expr **out)
{
	int found = 0;
	for (size_t i = 0; i < item->ncols; i++) {
		const NsColumn *c = &item->cols[i];
		if ((plain && c->hidden) || !streq(c->name, name))
			continue;
		if (found++)
			return an_error(ps, location, "42702", "column reference \"%s\" is ambiguous", name);
		*out = use_column(ps, c, location);
	}
	return found;
}

/* PostgreSQL lets only the right side of INNER and LEFT joins look at the left one. */
static int check_lateral(ParseState *ps, const NsItem *item, int location)
{
	if (!item->no_lateral)
		return 0;
	an_error(ps, location, "42P10", "invalid reference to FROM-clause entry for table \"%s\"", item->alias ? item->alias : "");
	return err_detail(ps->err, "The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
}

int ns_find_column(ParseState *ps, const char *name, int location, Expr **out)
{
	bool found = false;
	Expr *e = NULL;
	for (size_t i = 0; i < ps->nns; i++) {
		if (!ps->ns[i]->cols_visible)
			continue;
		int r = find_in_item(ps, ps->ns[i], name, true, location, &e);
		if (r < 0 || (r && check_lateral(ps, ps->ns[i], location) < 0))
			return -1;
		if (r && found)
			return an_error(ps, location, "42702", "column reference \"%s\" is ambiguous", name);
		if (r) {
			found = true;
			*out = e;
		}
	}
	return found;
}

/* The item named so, from this level outwards; `level` is where it was found. */
static const NsItem *find_item(ParseState *ps, const char *schema, const char *alias, ParseState **level)
{
	for (ParseState *l = ps; l; l = l->parent) {
		for (size_t i = 0; i < l->nns; i++) {
			const NsItem *it = l->ns[i];
			if (!it->rel_visible || !it->alias || !streq(it->alias, alias))
				continue;
			if (schema && (!it->schema || !streq(it->schema, schema)))
				continue;
			*level = l;
			return it;
		}
	}
	return NULL;
}

static void mark_lateral(ParseState *level)
{
	if (level->in_from)
		level->lateral_ref = true;
}

static Expr *plain_column(ParseState *ps, const char *name, int location)
{
	Expr *e = NULL;
	for (ParseState *l = ps; l; l = l->parent) {
		int r = ns_find_column(l, name, location, &e);
		if (r < 0)
			return NULL;
		if (r) {
			mark_lateral(l);
			return e;
		}
	}
	for (ParseState *l = ps; l; l = l->parent)
		for (size_t i = 0; i < l->nns; i++) {
			int r = l->ns[i]->cols_visible ? an_system_column(ps, l->ns[i]->rte, name, location, &e) : 0;
			if (r)
				return r > 0 ? e : NULL;
		}
	ParseState *level;
	const NsItem *item = find_item(ps, NULL, name, &level);
	if (item && check_lateral(ps, item, location) < 0)
		return NULL;
	if (item) {
		mark_lateral(level);
		return whole_row(ps, item, location);
	}
	an_error(ps, location, "42703", "column \"%s\" does not exist", name);
	hint_near_column(ps, NULL, name);
	return NULL;
}

static int missing_from(ParseState *ps, const char *alias, int location)
{
	for (ParseState *l = ps; l; l = l->parent)
		for (size_t i = 0; i < l->nns; i++) {
			const NsItem *it = l->ns[i];
			if (!it->rte || it->rte->kind != RTE_RELATION || !streq(it->rte->rel->name, alias) || streq(it->rte->alias, alias))
				continue;
			an_error(ps, location, "42P01", "invalid reference to FROM-clause entry for table \"%s\"", alias);
			return err_hint(ps->err, "Perhaps you meant to reference the table alias \"%s\".", it->rte->alias);
		}
	return an_error(ps, location, "42P01", "missing FROM-clause entry for table \"%s\"", alias);
}

static Expr *qualified_column(ParseState *ps, const char *schema, const char *alias, const char *name, int location)
{
	ParseState *level;
	const NsItem *item = find_item(ps, schema, alias, &level);
	if (!item)
		return missing_from(ps, alias, location), NULL;
	if (check_lateral(ps, item, location) < 0)
		return NULL;
	Expr *e = NULL;
	int r = find_in_item(ps, item, name, false, location, &e);
	if (r == 0)
		r = an_system_column(ps, item->rte, name, location, &e);
	if (r > 0) {
		mark_lateral(level);
		return e;
	}
	if (r == 0) {
		an_error(ps, location, "42703", "column %s.%s does not exist", alias, name);
		hint_near_column(ps, alias, name);
	}
	return NULL;
}

/* t.* as a value. */
static Expr *star_row(ParseState *ps, const PgQuery__ColumnRef *ref)
{
	if (ref->n_fields == 1)
		return an_error(ps, ref->location, "42601", "row expansion via \"*\" is not supported here"), NULL;
	if (ref->n_fields > 3)
		return an_refuse(ps, ref->location, "a star with more than two qualifying names is not available"), NULL;
	const char *alias = field_name(ref->fields[ref->n_fields - 2]);
	ParseState *level;
	const NsItem *item = find_item(ps, ref->n_fields == 3 ? field_name(ref->fields[0]) : NULL, alias, &level);
	Expr *row = NULL;
	if (!item && vars_find(ps, &alias, 1, ref->location, &row) > 0)
		return row;
	if (!item)
		return missing_from(ps, alias, ref->location), NULL;
	if (check_lateral(ps, item, ref->location) < 0)
		return NULL;
	mark_lateral(level);
	return whole_row(ps, item, ref->location);
}

/* The value that a domain's CHECK is about. */
static Expr *domain_check_value(ParseState *ps, int location)
{
	Expr *e = expr_new(ps, X_PARAM, ps->value_type->oid, location);
	e->param = 1;
	e->name = "VALUE";
	e->typmod = ps->value_typmod;
	e->collation = ps->value_type->collation;
	return e;
}

static Expr *column_or_row(ParseState *ps, const char *const *names, size_t n, int location)
{
	switch (n) {
	case 1:
		return plain_column(ps, names[0], location);
	case 2:
		return qualified_column(ps, NULL, names[0], names[1], location);
	case 3:
		return qualified_column(ps, names[0], names[1], names[2], location);
	default:
		if (!streq(names[0], ps->env->database))
			return an_cross_database(ps, location, arena_printf(ps->a, "%s.%s.%s.%s", names[0], names[1], names[2], names[3])),
			       NULL;
		return qualified_column(ps, names[1], names[2], names[3], location);
	}
}

/* A column, or a variable of the program around. What cannot be a column may still be a variable. */
static Expr *column_or_variable(ParseState *ps, const char *const *names, size_t n, int location)
{
	Expr *v = NULL;
	int rc = ps->vars->conflict == 'v' ? vars_find(ps, names, n, location, &v) : 0;
	if (rc)
		return rc > 0 ? v : NULL;
	Expr *e = column_or_row(ps, names, n, location);
	bool missing = !e && (err_is(ps->err, "42703") || err_is(ps->err, "42P01"));
	if (!e && !missing)
		return NULL;
	if (ps->vars->conflict == 'v' || (e && ps->vars->conflict == 'c'))
		return e;
	Error *err = ps->err, ignored, before = *err;
	ps->err = e ? &ignored : err;
	rc = vars_find(ps, names, n, location, &v);
	ps->err = err;
	if (e)
		return rc == 1 ? (vars_ambiguous(ps, names[n - 1], location), NULL) : e;
	if (rc == 0)
		*err = before;
	return rc > 0 ? v : NULL;
}

Expr *an_column_ref(ParseState *ps, const PgQuery__ColumnRef *ref)
{
	const char *names[4];
	if (ref->n_fields > 4)
		return an_error(ps, ref->location, "42601", "improper qualified name (too many dotted names)"), NULL;
	if (ref->fields[ref->n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR)
		return star_row(ps, ref);
	for (size_t i = 0; i < ref->n_fields; i++)
		names[i] = field_name(ref->fields[i]);
	if (ps->value_type && ref->n_fields == 1 && streq(names[0], "value"))
		return domain_check_value(ps, ref->location);
	return ps->vars ? column_or_variable(ps, names, ref->n_fields, ref->location)
			: column_or_row(ps, names, ref->n_fields, ref->location);
}

static int add_star_columns(ParseState *ps, const NsItem *item, bool plain, int location, TargetList *out)
{
	for (size_t i = 0; i < item->ncols; i++) {
		if (item->cols[i].unstarred || (plain && item->cols[i].hidden))
			continue;
		if (target_add(ps, out, use_column(ps, &item->cols[i], location), item->cols[i].name) < 0)
			return -1;
	}
	return 0;
}

int expand_star(ParseState *ps, const PgQuery__ColumnRef *ref, TargetList *out)
{
	if (ref->n_fields == 1) {
		bool any = false;
		for (size_t i = 0; i < ps->nns; i++) {
			if (!ps->ns[i]->cols_visible)
				continue;
			any = true;
			if (add_star_columns(ps, ps->ns[i], true, ref->location, out) < 0)
				return -1;
		}
		return any ? 0 : an_error(ps, ref->location, "42601", "SELECT * with no tables specified is not valid");
	}
	if (ref->n_fields > 3)
		return an_refuse(ps, ref->location, "a star with more than two qualifying names is not available");
	const char *alias = field_name(ref->fields[ref->n_fields - 2]);
	const char *schema = ref->n_fields == 3 ? field_name(ref->fields[0]) : NULL;
	ParseState *level;
	const NsItem *item = find_item(ps, schema, alias, &level);
	Expr *row = NULL;
	if (!item && vars_find(ps, &alias, 1, ref->location, &row) > 0)
		return expand_row(ps, row, out);
	if (!item)
		return missing_from(ps, alias, ref->location);
	if (check_lateral(ps, item, ref->location) < 0)
		return -1;
	mark_lateral(level);
	return add_star_columns(ps, item, false, ref->location, out);
}

const CatSchema *env_schema(const SqlEnv *env, const char *name)
{
	if (streq(name, "pg_temp"))
		name = env->temp_schema;
	return name && env->cat ? catalog_schema(env->cat, name) : NULL;
}

static bool is_own_temp(const SqlEnv *env, uint32_t schema)
{
	const CatSchema *s = env_schema(env, "pg_temp");
	return s && s->oid == schema;
}

static const CatRel *rel_in_schema(ParseState *ps, const char *schema, const char *name)
{
	const CatSchema *s = env_schema(ps->env, schema);
	return s ? catalog_rel(ps->env->cat, s->oid, name) : NULL;
}

static bool may_look_into(ParseState *ps, const char *schema)
{
	const CatSchema *s = env_schema(ps->env, schema);
	Error ignored, *err = ps->err;
	ps->err = &ignored;
	bool may = !s || s->oid < NS_PUBLIC || acl_check_schema(ps, s, ACL_USAGE, -1) == 0;
	ps->err = err;
	return may;
}

static const CatRel *rel_in_path(ParseState *ps, const char *name)
{
	bool catalog_named = false;
	for (size_t i = 0; i < ps->env->nsearch_path; i++)
		catalog_named |= streq(ps->env->search_path[i], "pg_catalog");
	const SqlEnv *env = ps->env;
	bool temp_implied = env->nsearch_path && env->temp_schema && !env->temp_named && streq(env->search_path[0], env->temp_schema);
	const CatRel *r = temp_implied ? rel_in_schema(ps, "pg_temp", name) : NULL;
	if (!r && !catalog_named)
		r = catalog_rel(ps->env->cat, NS_PG_CATALOG, name);
	bool free = acl_is_super(ps);
	for (size_t i = 0; !r && i < ps->env->nsearch_path; i++)
		if (free || may_look_into(ps, ps->env->search_path[i]))
			r = rel_in_schema(ps, ps->env->search_path[i], name);
	return r;
}

int an_cross_database(ParseState *ps, int location, const char *name)
{
	return an_refuse(ps, location,
			 "cross-database references are not "
			 "implemented: %s",
			 name);
}

const char *an_qualified(ParseState *ps, const PgQuery__RangeVar *rv)
{
	return arena_printf(ps->a, "\"%s.%s.%s\"", rv->catalogname, rv->schemaname, rv->relname);
}

const CatRel *an_relation(ParseState *ps, const PgQuery__RangeVar *rv, bool missing_ok)
{
	if (*rv->catalogname && !streq(rv->catalogname, ps->env->database))
		return an_cross_database(ps, rv->location, an_qualified(ps, rv)), NULL;
	const CatViewName *then = view_name_find(ps, rv);
	const CatRel *r = then		    ? catalog_rel_by_oid(ps->env->cat, then->oid)
			  : *rv->schemaname ? streq(rv->schemaname, "pg_catalog") ? catalog_rel(ps->env->cat, NS_PG_CATALOG, rv->relname)
										  : rel_in_schema(ps, rv->schemaname, rv->relname)
					    : rel_in_path(ps, rv->relname);
	if (r && r->persistence == 't' && !is_own_temp(ps->env, r->schema)) {
		an_error(ps, -1, "0A000", "cannot access temporary tables of other sessions");
		return NULL;
	}
	if (r && r->stale) {
		an_error(ps, rv->location, "55000", "table \"%s\" has changed on the primary and has not been copied again yet", r->name);
		err_hint(ps->err, "Its rows on SQLite may be wrong. It can be used again when the primary is back.");
		return NULL;
	}
	const CatSchema *schema = r && *rv->schemaname ? catalog_schema_by_oid(ps->env->cat, r->schema) : NULL;
	if (schema && schema->oid >= NS_PUBLIC && r->persistence != 't' && acl_check_schema(ps, schema, ACL_USAGE, rv->location) < 0)
		return NULL;
	if (r)
		view_name_record(ps, rv, r);
	if (r || missing_ok)
		return r;
	if (*rv->schemaname)
		an_error(ps, rv->location, "42P01", "relation \"%s.%s\" does not exist", rv->schemaname, rv->relname);
	else
		an_error(ps, rv->location, "42P01", "relation \"%s\" does not exist", rv->relname);
	return NULL;
}
