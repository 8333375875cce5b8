/* ON CONFLICT: which unique index arbitrates, and DO UPDATE with EXCLUDED. */
#include "sql/query.h"

static const CatIndex *index_of_constraint(ParseState *ps, const CatRel *rel, const char *name)
{
	for (size_t i = 0; i < rel->nconstraints; i++) {
		const CatConstraint *c = rel->constraints[i];
		if (!streq(c->name, name))
			continue;
		if (!c->index)
			return an_error(ps, -1, "42809", "constraint in ON CONFLICT clause has no associated index"), NULL;
		return c->index;
	}
	return an_error(ps, -1, "42704", "constraint \"%s\" for table \"%s\" does not exist", name, rel->name), NULL;
}

/* The expression of an index key over the target's columns; a plain column as a Var. */
static Expr *index_key(ParseState *ps, const CatIndex *ix, size_t k, Rte *rte)
{
	if (ix->keys[k])
		return var_new(ps, rte, ix->keys[k], -1);
	Expr *e = an_expr_text(ps->env, ps->a, ix->exprs[k], rte->rel, AT_INDEX_EXPR, 0, -1, ps->err);
	return e;
}

/* Expressions made by an_expr_text stand over a relation entry of their own; these compare as if it were the target's. */
typedef struct Rebind {
	Rte *to;
} Rebind;

static bool rebind_var(Expr *x, void *arg)
{
	Rebind *r = arg;
	if (x->kind == X_VAR && x->rte->kind == RTE_RELATION && x->rte->rel == r->to->rel)
		x->rte = r->to;
	return true;
}

static bool infer_matches(const ExprList *keys, const ExprList *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		bool found = false;
		for (size_t k = 0; k < keys->n; k++)
			found |= expr_equal(wanted->items[i], keys->items[k]);
		if (!found)
			return false;
	}
	for (size_t k = 0; k < keys->n; k++) {
		bool found = false;
		for (size_t i = 0; i < wanted->n; i++)
			found |= expr_equal(wanted->items[i], keys->items[k]);
		if (!found)
			return false;
	}
	return true;
}

/* 1 when the index arbitrates for these targets, 0 when not, -1 on error. Its keys and predicate go to oc. */
static int try_index(ParseState *ps, const CatIndex *ix, Rte *rte, const ExprList *wanted, const Expr *where, OnConflict *oc)
{
	ExprList keys = { 0 };
	Rebind rebind = { rte };
	if (!ix->unique)
		return 0;
	for (size_t k = 0; k < ix->nkeys; k++) {
		Expr *e = index_key(ps, ix, k, rte);
		if (!e)
			return -1;
		expr_walk(e, rebind_var, &rebind);
		expr_list_add(ps->a, &keys, e);
	}
	if (wanted && !infer_matches(&keys, wanted))
		return 0;
	Expr *pred = NULL;
	if (ix->predicate) {
		pred = an_expr_text(ps->env, ps->a, ix->predicate, rte->rel, AT_INDEX_WHERE, 16, -1, ps->err);
		if (!pred)
			return -1;
		expr_walk(pred, rebind_var, &rebind);
		if (wanted && !(where && predicate_implied(ps, pred, where)))
			return 0;
	}
	if (ix->nulls_not_distinct)
		return an_refuse(ps, -1, "ON CONFLICT with an index whose NULLs are not distinct");
	oc->index = ix;
	oc->targets = keys;
	oc->target_where = pred;
	return 1;
}

int conflict_arbiter(ParseState *ps, const CatIndex *ix, Rte *target, OnConflict *out)
{
	*out = (OnConflict){ 0 };
	return try_index(ps, ix, target, NULL, NULL, out);
}

Expr *index_key_conflict(ParseState *ps, const CatIndex *ix, size_t key, Expr *mine, Expr *other)
{
	return make_op(ps, "=", NULL, mine, other, -1);
}

static int infer_elements(ParseState *ps, const PgQuery__InferClause *ic, ExprList *wanted)
{
	for (size_t i = 0; i < ic->n_index_elems; i++) {
		const PgQuery__IndexElem *el = ic->index_elems[i]->index_elem;
		if (el->n_collation || el->n_opclass)
			return an_refuse(ps, -1, "COLLATE and operator classes in ON CONFLICT are not available in SQLite mode");
		Expr *e = NULL;
		if (*el->name) {
			int r = ns_find_column(ps, el->name, -1, &e);
			if (r <= 0)
				return r < 0 ? -1 : an_error(ps, -1, "42703", "column \"%s\" does not exist", el->name);
		} else if (!(e = an_expr(ps, el->expr, AT_INDEX_EXPR)))
			return -1;
		expr_list_add(ps->a, wanted, e);
	}
	return 0;
}

static int find_arbiter(ParseState *ps, const PgQuery__InferClause *ic, Rte *rte, OnConflict *oc)
{
	if (*ic->conname) {
		const CatIndex *ix = index_of_constraint(ps, rte->rel, ic->conname);
		return ix && try_index(ps, ix, rte, NULL, NULL, oc) > 0 ? 0 : -1;
	}
	ExprList wanted = { 0 };
	Expr *where = NULL;
	if (infer_elements(ps, ic, &wanted) < 0 || an_where(ps, ic->where_clause, AT_CONFLICT_WHERE, "WHERE", &where) < 0)
		return -1;
	for (size_t i = 0; i < rte->rel->nindexes; i++) {
		int r = try_index(ps, rte->rel->indexes[i], rte, &wanted, where, oc);
		if (r)
			return r < 0 ? -1 : 0;
	}
	return an_error(ps, -1, "42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification");
}

int an_on_conflict(ParseState *ps, const PgQuery__OnConflictClause *c, Query *q)
{
	OnConflict *oc = q->conflict = arena_new_of(ps->a, OnConflict);
	oc->do_update = c->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE;
	if (!c->infer && oc->do_update) {
		an_error(ps, c->location, "42601", "ON CONFLICT DO UPDATE requires inference specification or constraint name");
		return err_hint(ps->err, "For example, ON CONFLICT (column_name).");
	}
	if (c->infer && find_arbiter(ps, c->infer, q->result, oc) < 0)
		return -1;
	if (!oc->do_update)
		return 0;
	oc->excluded = rte_relation(ps, q->result->rel, "excluded", -1);
	size_t saved = ps->nns;
	ns_add_rte(ps, oc->excluded, true, true);
	int rc = an_set_list(ps, c->target_list, c->n_target_list, q->result, &oc->set);
	if (rc == 0)
		rc = an_where(ps, c->where_clause, AT_WHERE, "WHERE", &oc->where);
	ps->nns = saved;
	return rc;
}
