/* CREATE DOMAIN and ALTER DOMAIN. */
#include "sql/ddl.h"
#include "sql/deparse.h"
#include "sql/expr.h"

#include "pgtype/range.h"

typedef struct NewDomain {
	uint32_t oid, schema;
	const char *name;
	const PgType *below;
	PgDomain is; /* without the checks */
	bool said_null, said_default;
} NewDomain;

static bool name_used(Ddl *d, uint32_t schema, const char *name)
{
	for (size_t i = 0; i < d->ntaken; i++)
		if (d->taken[i].schema == schema && streq(d->taken[i].name, name))
			return true;
	for (size_t i = 0; i < d->cat->nrels; i++)
		for (size_t k = 0; d->cat->rels[i]->schema == schema && k < d->cat->rels[i]->nconstraints; k++)
			if (streq(d->cat->rels[i]->constraints[k]->name, name))
				return true;
	for (size_t i = 0; i < d->cat->ntypes; i++) {
		const PgType *t = d->cat->types[i];
		for (size_t k = 0; t->domain && streq(t->schema, ddl_schema_name(d, schema)) && k < t->domain->nchecks; k++)
			if (streq(t->domain->checks[k].name, name))
				return true;
	}
	return false;
}

/* PostgreSQL's ChooseConstraintName: d_check, d_check1 ... that no constraint of the schema has. */
static const char *choose_name(Ddl *d, const NewDomain *n)
{
	for (int pass = 0;; pass++) {
		int room = pass ? 55 : 57;
		const char *name = arena_printf(d->a, pass ? "%.*s_check%d" : "%.*s_check", room, n->name, pass);
		if (!name_used(d, n->schema, name))
			return name;
	}
}

static bool has_check(const PgType *t, const char *name)
{
	for (size_t i = 0; t && i < t->domain->nchecks; i++)
		if (streq(t->domain->checks[i].name, name))
			return true;
	return false;
}

/* Adds a check to the file; its SQLite text is in *test. `t` is the domain as it is, NULL when it is being made. */
static int add_check(Ddl *d, const NewDomain *n, const PgType *t, const PgQuery__Constraint *k, const char **test)
{
	const char *text = ddl_expr_sql(d, k->raw_expr), *name = k->conname;
	if (k->is_no_inherit)
		return an_error(d->ps, -1, "42P17", "check constraints for domains cannot be marked NO INHERIT");
	if (!name || !*name)
		name = choose_name(d, n);
	else if (has_check(t, name))
		return an_error(d->ps, -1, "42710", "constraint \"%s\" for domain %s already exists", name, n->name);
	ddl_take_name(d, n->schema, name);
	Expr *x = text ? an_domain_check(d->ps->env, d->a, text, n->below, n->is.typmod, d->err) : NULL;
	const char *sql = x ? emit_table_expr(d->cat, d->ps->env->types, x, NULL, d->a, d->err) : NULL;
	if (!sql)
		return -1;
	*test = arena_printf(d->a, "SELECT %s", sql);
	ddl_sql(d, "INSERT INTO _understudy_domain_check VALUES (%u, %u, %s, %s, %s, %d)", ddl_oid(d), n->oid, ddl_lit(d, name),
		ddl_lit(d, text), ddl_lit(d, *test), !k->skip_validation);
	return 0;
}

static int set_default(Ddl *d, NewDomain *n, const PgNode *expr)
{
	const char *text = ddl_expr_sql(d, expr);
	const Expr *x = text ? an_expr_text(d->ps->env, d->a, text, NULL, AT_DEFAULT, n->below->oid, n->is.typmod, d->err) : NULL;
	if (!x)
		return -1;
	Error ignored;
	const char *shown = deparse_expr(d->ps->env, x, false, d->a, &ignored); /* as pg_type.typdefault has it */
	n->is.default_sql = is_null_const(x) ? NULL : shown ? shown : text;
	return 0;
}

static int set_null(Ddl *d, NewDomain *n, bool not_null)
{
	if (n->said_null && n->is.not_null != not_null)
		return an_error(d->ps, -1, "42601", "conflicting NULL/NOT NULL constraints");
	n->said_null = true;
	n->is.not_null = not_null;
	return 0;
}

/* What no domain can have. */
static int refuse_constraint(Ddl *d, const PgQuery__Constraint *k)
{
	static const struct {
		PgQuery__ConstrType type;
		const char *what;
	} never[] = { { PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE, "unique" },
		      { PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY, "primary key" },
		      { PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION, "exclusion" },
		      { PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN, "foreign key" } };
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (k->contype == never[i].type)
			return an_error(d->ps, -1, "42601", "%s constraints not possible for domains", never[i].what);
	return an_error(d->ps, -1, "0A000", "specifying constraint deferrability not supported for domains");
}

static int domain_constraint(Ddl *d, NewDomain *n, const PgQuery__Constraint *k)
{
	const char *test;
	switch (k->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
		return set_null(d, n, false);
	case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
		return set_null(d, n, true);
	case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
		if (n->said_default)
			return an_error(d->ps, -1, "42601", "multiple default expressions");
		n->said_default = true;
		return set_default(d, n, k->raw_expr);
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
		return add_check(d, n, NULL, k, &test);
	default:
		return refuse_constraint(d, k);
	}
}

static int check_base(Ddl *d, const PgQuery__CreateDomainStmt *s, const NewDomain *n)
{
	const PgType *t = n->below;
	if (t->typtype == 'p')
		return an_error(d->ps, -1, "42804", "\"%s\" is not a valid base type for a domain", type_format(t, -1, d->a));
	if (!type_is_supported(t))
		return an_refuse(d->ps, s->type_name->location, "a domain over type %s", type_format(t, -1, d->a));
	if (!s->coll_clause)
		return 0;
	const PgType *base = type_base_of(t);
	if (!base->collation && !(base->elem && base->elem->collation))
		return an_error(d->ps, -1, "42804", "collations are not supported by type %s", type_format(t, -1, d->a));
	const PgQuery__CollateClause *c = s->coll_clause;
	return ddl_check_collation(d, c->collname, c->n_collname, c->location, "a domain");
}

int plan_create_domain(Ddl *d, const PgQuery__CreateDomainStmt *s)
{
	NewDomain n = { .is.typmod = -1 };
	uint32_t array;
	n.schema = ddl_names_schema(d, s->domainname, s->n_domainname, &n.name);
	if (!n.schema || ddl_check_new_type(d, n.schema, n.name))
		return -1;
	n.below = an_typename(d->ps, s->type_name, &n.is.typmod);
	if (!n.below || check_base(d, s, &n))
		return -1;
	n.oid = ddl_new_type(d, n.schema, n.name, 'd', &array);
	if (n.below->domain)
		n.is.default_sql = n.below->domain->default_sql;
	for (size_t i = 0; i < s->n_constraints; i++)
		if (domain_constraint(d, &n, s->constraints[i]->constraint))
			return -1;
	ddl_sql(d, "INSERT INTO _understudy_domain VALUES (%u, %u, %d, %d, %s, %u)", n.oid, n.below->oid, n.is.typmod, n.is.not_null,
		ddl_lit(d, n.is.default_sql),
		ddl_collation(s->coll_clause ? s->coll_clause->collname : NULL, s->coll_clause ? s->coll_clause->n_collname : 0, n.below));
	return ddl_finish(d, "CREATE DOMAIN");
}

static bool is_over(const PgType *t, const PgType *domain)
{
	for (; t && t->typtype == 'd'; t = t->base)
		if (t == domain)
			return true;
	return false;
}

static bool holds(const PgType *t, const PgType *domain)
{
	if (is_over(t, domain))
		return true;
	t = type_base_of(t);
	if (!t->checked)
		return false;
	if ((t->elem && holds(t->elem, domain)) || (t->range && holds(t->range->user_subtype, domain)))
		return true;
	for (size_t i = 0; i < t->nfields; i++)
		if (holds(t->fields[i].type, domain))
			return true;
	return false;
}

/* Every stored value of the domain must pass: `fails` is a condition over a column, %s. */
static int check_columns(Ddl *d, const PgType *t, const char *test, const char *code, const char *says)
{
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *r = d->cat->rels[i];
		for (size_t k = 0; r->kind == REL_TABLE && k < r->ncols; k++) {
			const CatColumn *c = &r->cols[k];
			if (c->dropped || !holds(c->type, t))
				continue;
			if (!is_over(c->type, t))
				return an_error(d->ps, -1, "0A000", "cannot alter type \"%s\" because column \"%s.%s\" uses it", t->name,
						r->name, c->name);
			const char *id = ddl_id(d, c->sqlite_name);
			const char *fails = test ? arena_printf(d->a, "NOT pg_domain_test(%s, %s)", ddl_lit(d, test), id)
						 : arena_printf(d->a, "%s IS NULL", id);
			PlanStep *step = ddl_step(d, STEP_CHECK_EMPTY);
			step->sql = arena_printf(d->a, "SELECT 1 FROM %s WHERE %s LIMIT 1", ddl_id(d, r->sqlite_name), fails);
			step->code = code;
			step->message = arena_printf(d->a, "column \"%s\" of table \"%s\" contains %s", c->name, r->name, says);
			step->table = r->name;
			step->schema = ddl_schema_name(d, r->schema);
		}
	}
	return 0;
}

static int check_rule(Ddl *d, const PgType *t, const char *test)
{
	return check_columns(d, t, test, "23514", "values that violate the new constraint");
}

static int missing_check(Ddl *d, const PgType *t, const char *name)
{
	return an_error(d->ps, -1, "42704", "constraint \"%s\" of domain \"%s\" does not exist", name, t->name);
}

static int add_constraint(Ddl *d, const PgType *t, const PgQuery__Constraint *k)
{
	NewDomain n = { .oid = t->oid, .schema = catalog_schema(d->cat, t->schema)->oid, .name = t->name, .below = t->base };
	const char *test;
	n.is.typmod = t->domain->typmod;
	if (k->contype != PG_QUERY__CONSTR_TYPE__CONSTR_CHECK)
		return refuse_constraint(d, k);
	if (add_check(d, &n, t, k, &test))
		return -1;
	return k->skip_validation ? 0 : check_rule(d, t, test);
}

static int drop_constraint(Ddl *d, const PgType *t, const PgQuery__AlterDomainStmt *s)
{
	if (has_check(t, s->name)) {
		const char *which = arena_printf(d->a, "domain = %u AND name = %s", t->oid, ddl_lit(d, s->name));
		ddl_sql(d,
			"DELETE FROM _understudy_comment WHERE classoid = 2606 AND objoid = (SELECT oid FROM _understudy_domain_check "
			"WHERE %s)",
			which);
		ddl_sql(d, "DELETE FROM _understudy_domain_check WHERE %s", which);
	} else if (!s->missing_ok) {
		return missing_check(d, t, s->name);
	} else {
		ddl_notice(d, "00000", "constraint \"%s\" of domain \"%s\" does not exist, skipping", s->name, t->name);
	}
	return 0;
}

static int validate_constraint(Ddl *d, const PgType *t, const char *name)
{
	for (size_t i = 0; i < t->domain->nchecks; i++) {
		const PgDomainCheck *c = &t->domain->checks[i];
		if (!streq(c->name, name))
			continue;
		ddl_sql(d, "UPDATE _understudy_domain_check SET validated = 1 WHERE oid = %u", c->oid);
		return c->validated ? 0 : check_rule(d, t, c->test);
	}
	return missing_check(d, t, name);
}

static int change_default(Ddl *d, const PgType *t, const PgNode *expr)
{
	NewDomain n = { .below = t->base, .is.typmod = t->domain->typmod };
	if (expr && set_default(d, &n, expr))
		return -1;
	ddl_sql(d, "UPDATE _understudy_domain SET default_sql = %s WHERE type = %u", ddl_lit(d, n.is.default_sql), t->oid);
	return 0;
}

static int change_not_null(Ddl *d, const PgType *t, bool not_null)
{
	if (not_null == t->domain->not_null)
		return 0;
	ddl_sql(d, "UPDATE _understudy_domain SET not_null = %d WHERE type = %u", not_null, t->oid);
	return not_null ? check_columns(d, t, NULL, "23502", "null values") : 0;
}

/* `t` NULL: an error is set already. */
static const PgType *user_domain(Ddl *d, const PgType *t)
{
	if (t && t->typtype != 'd')
		an_error(d->ps, -1, "42809", "%s is not a domain", type_format(t, -1, d->a));
	else if (t && !t->domain)
		an_error(d->ps, -1, "42501", "must be owner of type %s", t->name);
	return t && t->domain ? t : NULL;
}

static const PgType *find_domain(Ddl *d, PgQuery__Node *const *names, size_t n)
{
	return user_domain(d, ddl_find_type(d, names, n));
}

uint32_t ddl_type_object(Ddl *d, const PgQuery__CommentStmt *s, uint32_t *class)
{
	enum { CLASS_TYPE = 1247, CLASS_CONSTRAINT = 2606 };
	bool constraint = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT;
	const PgQuery__TypeName *tn = constraint ? s->object->list->items[0]->type_name : s->object->type_name;
	int32_t typmod;
	const PgType *t = an_typename(d->ps, tn, &typmod);
	*class = constraint ? CLASS_CONSTRAINT : CLASS_TYPE;
	if (!t)
		return 0;
	if (s->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TYPE && !user_domain(d, t))
		return 0;
	if (t->oid < FIRST_USER_OID)
		return an_error(d->ps, -1, "42501", "must be owner of type %s", t->name), 0;
	for (size_t i = 0; constraint && i < t->domain->nchecks; i++)
		if (streq(t->domain->checks[i].name, node_string(s->object->list->items[1])))
			return t->domain->checks[i].oid;
	if (constraint)
		return an_error(d->ps, -1, "42704", "constraint \"%s\" for domain %s does not exist",
				node_string(s->object->list->items[1]), t->name),
		       0;
	return t->oid;
}

int plan_alter_domain(Ddl *d, const PgQuery__AlterDomainStmt *s)
{
	const PgType *t = find_domain(d, s->type_name, s->n_type_name);
	if (!t)
		return -1;
	int rc;
	switch (*s->subtype) {
	case 'T':
		rc = change_default(d, t, s->def);
		break;
	case 'N':
	case 'O':
		rc = change_not_null(d, t, *s->subtype == 'O');
		break;
	case 'C':
		rc = add_constraint(d, t, s->def->constraint);
		break;
	case 'X':
		rc = drop_constraint(d, t, s);
		break;
	default:
		rc = validate_constraint(d, t, s->name);
	}
	return rc ? -1 : ddl_finish(d, "ALTER DOMAIN");
}

int plan_rename_domain_constraint(Ddl *d, const PgQuery__RenameStmt *s)
{
	const PgQuery__List *names = s->object->list;
	const PgType *t = find_domain(d, names->items, names->n_items);
	if (!t)
		return -1;
	if (!has_check(t, s->subname))
		return an_error(d->ps, -1, "42704", "constraint \"%s\" for domain %s does not exist", s->subname, t->name);
	if (has_check(t, s->newname))
		return an_error(d->ps, -1, "42710", "constraint \"%s\" for domain %s already exists", s->newname, t->name);
	ddl_sql(d, "UPDATE _understudy_domain_check SET name = %s WHERE domain = %u AND name = %s", ddl_lit(d, s->newname), t->oid,
		ddl_lit(d, s->subname));
	return ddl_finish(d, "ALTER DOMAIN");
}
