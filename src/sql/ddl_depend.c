/* Which views use a relation: they must go with it, or keep it from being dropped. */
#include "sql/ddl.h"

typedef struct Use {
	const CatRel *rel; /* NULL: any that is temporary */
	bool found;
} Use;

static bool is_used(const Use *u, const CatRel *r)
{
	return r && (u->rel ? r->oid == u->rel->oid : r->persistence == 't');
}

static void look_in_query(const Query *q, Use *u);

static void look_in_from(const FromItem *f, Use *u)
{
	const Rte *r = f->rte;
	if (!r) {
		look_in_from(f->left, u);
		look_in_from(f->right, u);
		return;
	}
	u->found = u->found || is_used(u, r->rel) || is_used(u, r->view);
	if (r->query && !r->view)
		look_in_query(r->query, u);
}

static bool look_in_sublink(Expr *x, void *arg)
{
	if (x->query)
		look_in_query(x->query, arg);
	return !x->query;
}

static void look_in_query(const Query *q, Use *u)
{
	for (size_t i = 0; i < q->nfrom && !u->found; i++)
		look_in_from(q->from[i], u);
	for (size_t i = 0; i < q->nctes && !u->found; i++)
		look_in_query(q->ctes[i]->query, u);
	if (q->larg && !u->found)
		look_in_query(q->larg, u);
	if (q->rarg && !u->found)
		look_in_query(q->rarg, u);
	if (!u->found)
		query_walk((Query *)q, look_in_sublink, u);
}

bool ddl_query_is_temp(const Query *q)
{
	Use u = { 0 };
	look_in_query(q, &u);
	return u.found;
}

bool ddl_view_uses(Ddl *d, const CatRel *view, const CatRel *rel)
{
	Error ignored;
	ParsedSql parsed;
	Use u = { .rel = rel };
	if (view == rel || sql_parse(str_of(view->view_sql), d->a, &parsed, &ignored) < 0)
		return false;
	const Query *q = parsed.n == 1 ? an_query(plan_state(d->ps->env, d->a, parsed.source, &ignored), parsed.stmts[0].node) : NULL;
	if (q)
		look_in_query(q, &u);
	sql_parsed_free(&parsed);
	return u.found;
}
