/* EXCLUDE: an index whose rows are compared by operators (catalog/keys.h). */
#include "sql/ddl.h"
#include "sql/expr.h"
#include "sql/query.h"

static const PgQuery__List *pair_of(const PgQuery__Constraint *k, size_t i)
{
	return k->exclusions[i]->list;
}

static const char *exclusion_name(Ddl *d, CatRel *r, const PgQuery__Constraint *k)
{
	const char *middle = "";
	if (k->conname && *k->conname) {
		for (size_t i = 0; i < r->nconstraints; i++)
			if (streq(r->constraints[i]->name, k->conname))
				return an_error(d->ps, -1, "42710", "constraint \"%s\" for relation \"%s\" already exists", k->conname,
						r->name),
				       NULL;
		if (ddl_name_taken(d, r->schema, k->conname))
			return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", k->conname), NULL;
		return k->conname;
	}
	for (size_t i = 0; i < k->n_exclusions; i++)
		middle = arena_printf(d->a, "%s%s%s", middle, i ? "_" : "", ddl_key_label(d, pair_of(k, i)->items[0]->index_elem));
	return ddl_choose_name(d, r->schema, r->name, middle, "excl", r);
}

static uint32_t key_type(Ddl *d, const CatIndex *x, size_t i)
{
	if (x->keys[i])
		return catrel_attnum(x->table, x->keys[i])->type->oid;
	const Expr *e = an_expr_text(d->ps->env, d->a, x->exprs[i], x->table, AT_INDEX_EXPR, 0, -1, d->err);
	return e ? e->type : 0;
}

static int take_operator(Ddl *d, CatIndex *x, size_t i, const PgQuery__List *names)
{
	const char *schema, *name;
	uint32_t type = key_type(d, x, i);
	if (!type || operator_name(d->ps, names->items, names->n_items, &schema, &name) < 0)
		return -1;
	const PgOperator *op = find_operator(d->ps, name, schema, type, type, -1);
	if (!op)
		return -1;
	if (op->commutator != op->oid) {
		an_error(d->ps, -1, "42809", "operator %s(%s,%s) is not commutative", op->name, type_name(d->ps, op->left),
			 type_name(d->ps, op->right));
		return err_detail(d->err, "Only commutative operators can be used in exclusion constraints.");
	}
	x->exclude[i] = op->oid;
	return 0;
}

int ddl_add_exclusion(Ddl *d, CatRel *r, const PgQuery__Constraint *k)
{
	static const char *const able[] = { "btree", "hash", "gist", "spgist" };
	const char *method = k->access_method && *k->access_method ? k->access_method : "btree";
	bool known = false;
	for (size_t i = 0; i < ARRAY_LEN(able); i++)
		known = known || streq(able[i], method);
	if (!known && (streq(method, "gin") || streq(method, "brin")))
		return an_error(d->ps, -1, "0A000", "access method \"%s\" does not support exclusion constraints", method);
	if (!known)
		return an_error(d->ps, -1, "42704", "access method \"%s\" does not exist", method);
	if (ddl_check_tablespace(d, k->indexspace) || ddl_check_parameters(d, k->options, k->n_options, true))
		return -1;
	const char *name = exclusion_name(d, r, k);
	if (!name)
		return -1;
	CatIndex *x = ddl_new_index(d, r, name, k->n_exclusions);
	CatConstraint *c = ddl_new_constraint(d, r, 'x', name, k->n_exclusions);
	x->method = arena_strdup(d->a, method);
	x->exclude = arena_array(d->a, uint32_t, k->n_exclusions + 1);
	x->deferrable = c->deferrable = k->deferrable;
	x->deferred = c->deferred = k->initdeferred;
	c->index = x;
	for (size_t i = 0; i < k->n_exclusions; i++) {
		const PgQuery__List *pair = pair_of(k, i);
		if (ddl_index_key(d, x, i, pair->items[0]->index_elem) || take_operator(d, x, i, pair->items[1]->list))
			return -1;
		c->cols[i] = x->keys[i];
	}
	if (ddl_include_columns(d, x, k->including, k->n_including, true))
		return -1;
	return k->where_clause ? ddl_index_predicate(d, x, k->where_clause) : 0;
}

/* Whether rows that were there before are in each other's way. */
int ddl_check_exclusion(Ddl *d, const CatIndex *x)
{
	const char *keys[2] = { "", "" }, *names = "", *pairs = index_conflict_sql(d->ps->env, d->a, x, true, d->err);
	if (!pairs)
		return -1;
	for (size_t i = 0; i < x->nkeys; i++) {
		const CatColumn *c = x->keys[i] ? catrel_attnum(x->table, x->keys[i]) : NULL;
		const char *id = c ? ddl_id(d, c->sqlite_name) : ddl_table_expr(d, x->table, x->exprs[i], AT_INDEX_EXPR, 0, -1);
		if (!id)
			return -1;
		names = arena_printf(d->a, "%s%s%s", names, i ? ", " : "", c ? c->name : x->exprs[i]);
		keys[0] = arena_printf(d->a, "%s%scoalesce(%s, 'null')", keys[0], i ? " || ', ' || " : "", id);
	}
	const char *table = ddl_id(d, x->table->sqlite_name);
	PlanStep *s = ddl_step(d, STEP_CHECK_EMPTY);
	s->sql = arena_printf(
		d->a,
		"WITH pair (other, mine) AS (%s) SELECT (SELECT %s FROM %s WHERE rowid = pair.mine) || ') conflicts with key (' || %s || "
		"')=(' || (SELECT %s FROM %s WHERE rowid = pair.other) FROM pair",
		pairs, keys[0], table, ddl_lit(d, names), keys[0], table);
	s->code = "23P01";
	s->message = arena_printf(d->a, "could not create exclusion constraint \"%s\"", x->name);
	s->detail = arena_printf(d->a, "Key (%s)=(%%s).", names);
	s->constraint = x->name;
	s->table = x->table->name;
	s->schema = ddl_schema_name(d, x->table->schema);
	return 0;
}
