/* SET CONSTRAINTS: when the foreign keys that may be deferred are looked at. */
#include "sql/ddl.h"

static const CatConstraint *find_constraint(Ddl *d, const PgQuery__RangeVar *rv)
{
	const CatSchema *s = *rv->schemaname ? env_schema(d->ps->env, rv->schemaname) : NULL;
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *r = d->cat->rels[i];
		for (size_t k = 0; k < r->nconstraints; k++)
			if (streq(r->constraints[k]->name, rv->relname) && (!*rv->schemaname || (s && s->oid == r->schema)))
				return r->constraints[k];
	}
	return NULL;
}

static int check_named(Ddl *d, const PgQuery__ConstraintsSetStmt *s, bool *any_immediate)
{
	for (size_t i = 0; i < s->n_constraints; i++) {
		const PgQuery__RangeVar *rv = s->constraints[i]->range_var;
		const CatConstraint *k = find_constraint(d, rv);
		if (!k)
			return an_error(d->ps, -1, "42704", "constraint \"%s\" does not exist", rv->relname);
		if (!k->deferrable)
			return an_error(d->ps, -1, "42809", "constraint \"%s\" is not deferrable", rv->relname);
		*any_immediate |= k->type == 'f' && !k->deferred;
	}
	return 0;
}

/* One that is open makes its error; the steps are skipped when SQLite knows of none. */
static void check_open(Ddl *d, const CatConstraint *k)
{
	const char *names = "", *shown = "", *known = "", *match = "";
	for (size_t i = 0; i < k->ncols; i++) {
		const CatColumn *c = catrel_attnum(k->table, k->cols[i]);
		const char *id = ddl_id(d, c->sqlite_name);
		names = arena_printf(d->a, "%s%s%s", names, i ? ", " : "", c->name);
		shown = arena_printf(d->a, "%s%sc.%s", shown, i ? " || ', ' || " : "", id);
		known = arena_printf(d->a, "%s%sc.%s IS NOT NULL", known, i ? " AND " : "", id);
		match = arena_printf(d->a, "%s%sp.%s = c.%s", match, i ? " AND " : "",
				     ddl_id(d, catrel_attnum(k->ref, k->ref_cols[i])->sqlite_name), id);
	}
	PlanStep *s = ddl_step(d, STEP_CHECK_EMPTY);
	s->sql = arena_printf(d->a, "SELECT %s FROM %s AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s AS p WHERE %s) LIMIT 1", shown,
			      ddl_id(d, k->table->sqlite_name), known, ddl_id(d, k->ref->sqlite_name), match);
	s->code = "23503";
	s->message = arena_printf(d->a, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", k->table->name, k->name);
	s->detail = arena_printf(d->a, "Key (%s)=(%%s) is not present in table \"%s\".", names, k->ref->name);
	s->constraint = k->name;
	s->table = k->table->name;
	s->schema = ddl_schema_name(d, k->table->schema);
}

/* SQLite defers the foreign keys of a transaction all together. */
static int defer_all(Ddl *d)
{
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *r = d->cat->rels[i];
		for (size_t k = 0; k < r->nconstraints; k++)
			if (r->constraints[k]->type == 'f' && !r->constraints[k]->deferrable)
				return an_refuse(d->ps, -1, "SET CONSTRAINTS DEFERRED beside foreign keys that cannot be deferred (\"%s\")",
						 r->constraints[k]->name);
	}
	return 0;
}

/* Those that this program checks itself. */
static void set_checked(Ddl *d, const PgQuery__ConstraintsSetStmt *s)
{
	for (size_t i = 0; i < s->n_constraints; i++) {
		const CatConstraint *k = find_constraint(d, s->constraints[i]->range_var);
		if (k->type == 'f')
			continue;
		PlanStep *step = ddl_step(d, STEP_KEY_MODE);
		step->oid = k->index->oid;
		step->value = s->deferred;
	}
	if (!s->n_constraints)
		ddl_step(d, STEP_KEY_MODE)->value = s->deferred;
}

/* SQLite has one mode for all: a single constraint that becomes IMMEDIATE is checked now, and from then on at COMMIT again. */
int plan_set_constraints(Ddl *d, const PgQuery__ConstraintsSetStmt *s)
{
	bool any_immediate = false;
	if (check_named(d, s, &any_immediate))
		return -1;
	for (size_t i = 0; i < d->cat->nrels && !s->n_constraints; i++) {
		const CatRel *r = d->cat->rels[i];
		for (size_t k = 0; k < r->nconstraints; k++)
			any_immediate |= r->constraints[k]->type == 'f' && r->constraints[k]->deferrable && !r->constraints[k]->deferred;
	}
	if (s->deferred && any_immediate && defer_all(d))
		return -1;
	set_checked(d, s);
	PlanStep *mode = ddl_step(d, STEP_KEYS);
	KeysMode immediate = s->n_constraints ? KEYS_CHECK : KEYS_IMMEDIATE;
	mode->value = !s->deferred ? immediate : any_immediate ? KEYS_DEFER : KEYS_AS_DECLARED;
	for (size_t i = 0; i < s->n_constraints && !s->deferred; i++) {
		const CatConstraint *k = find_constraint(d, s->constraints[i]->range_var);
		if (k && k->type == 'f')
			check_open(d, k);
	}
	for (size_t i = 0; i < d->cat->nrels && immediate == KEYS_IMMEDIATE && !s->deferred; i++)
		for (size_t k = 0; k < d->cat->rels[i]->nconstraints; k++)
			if (d->cat->rels[i]->constraints[k]->type == 'f')
				check_open(d, d->cat->rels[i]->constraints[k]);
	d->plan->kind = PLAN_SCRIPT;
	d->plan->tag = "SET CONSTRAINTS";
	d->plan->steps = d->steps;
	d->plan->nsteps = d->n;
	return 0;
}
