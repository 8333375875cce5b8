/*
 * Names in the text of a view. A view means the relations and columns that it named when it was made, whatever they are called now, whoever
 * asks, and whatever has been added to them. So the names of that time are kept with it (CatRel.view_names), and its text is read with
 * them.
 */
#include "sql/plan_internal.h"
#include "sql/query.h"

const CatViewName *view_name_of(const ParseState *ps, uint32_t oid)
{
	for (size_t i = 0; ps->view && i < ps->view->nview_names; i++)
		if (ps->view->view_names[i].oid == oid)
			return &ps->view->view_names[i];
	return NULL;
}

const CatViewName *view_name_find(const ParseState *ps, const PgQuery__RangeVar *rv)
{
	for (size_t i = 0; ps->view && i < ps->view->nview_names; i++) {
		const CatViewName *n = &ps->view->view_names[i];
		if (streq(n->name, rv->relname) && streq(n->schema, rv->schemaname))
			return n;
	}
	return NULL;
}

void view_name_record(ParseState *ps, const PgQuery__RangeVar *rv, const CatRel *r)
{
	ViewNames *v = ps->record;
	if (!v || r->oid < FIRST_USER_OID)
		return;
	for (size_t i = 0; i < v->n; i++)
		if (streq(v->items[i].name, rv->relname) && streq(v->items[i].schema, rv->schemaname))
			return;
	CatViewName *more = arena_array(ps->a, CatViewName, v->n + 1);
	if (v->n)
		memcpy(more, v->items, v->n * sizeof *more);
	CatViewName *n = &more[v->n++];
	v->items = more;
	*n = (CatViewName){ .schema = arena_strdup(ps->a, rv->schemaname), .name = arena_strdup(ps->a, rv->relname), .oid = r->oid };
	n->cols = arena_array(ps->a, const char *, r->ncols + 1);
	n->ncols = r->ncols;
	for (size_t i = 0; i < r->ncols; i++)
		n->cols[i] = r->cols[i].dropped ? NULL : r->cols[i].name;
}

Query *an_view(const SqlEnv *env, Arena *a, const CatRel *view, Error *err)
{
	ParsedSql parsed;
	if (sql_parse(str_of(view->view_sql), a, &parsed, err) < 0)
		return NULL;
	ParseState *ps = plan_state(env, a, parsed.source, err);
	ps->view = view;
	Query *q = parsed.n == 1 ? an_query(ps, parsed.stmts[0].node) : NULL;
	sql_parsed_free(&parsed);
	return q;
}

typedef struct Visit {
	void (*fn)(Rte *r, void *arg);
	void *arg;
} Visit;

static void visit_query(const Query *q, Visit *v);

static void visit_from(const FromItem *f, Visit *v)
{
	if (!f->rte) {
		visit_from(f->left, v);
		visit_from(f->right, v);
		return;
	}
	v->fn(f->rte, v->arg);
	if (f->rte->query && !f->rte->view)
		visit_query(f->rte->query, v);
}

static bool visit_sublink(Expr *x, void *arg)
{
	if (x->query)
		visit_query(x->query, arg);
	return !x->query;
}

static void visit_query(const Query *q, Visit *v)
{
	for (size_t i = 0; i < q->nctes; i++)
		visit_query(q->ctes[i]->query, v);
	for (size_t i = 0; i < q->nfrom; i++)
		visit_from(q->from[i], v);
	if (q->larg)
		visit_query(q->larg, v);
	if (q->rarg)
		visit_query(q->rarg, v);
	query_walk_own((Query *)q, visit_sublink, v);
}

void query_each_rte(const Query *q, void (*fn)(Rte *r, void *arg), void *arg)
{
	Visit v = { fn, arg };
	visit_query(q, &v);
}

typedef struct Rename {
	const CatRel *view;
	Arena *a;
} Rename;

static void rename_rte(Rte *r, void *arg)
{
	const Rename *n = arg;
	const CatRel *rel = r->view ? r->view : r->rel;
	if (!rel || (r->kind != RTE_RELATION && !r->view))
		return;
	for (size_t i = 0; i < n->view->nview_names; i++) {
		const CatViewName *then = &n->view->view_names[i];
		if (then->oid == rel->oid && r->alias && streq(r->alias, then->name))
			r->alias = rel->name;
	}
	for (size_t i = 0; i < r->ncols && i < rel->ncols; i++)
		if (r->cols[i].name)
			r->cols[i].name = rel->cols[i].name;
}

void view_rename_all(Query *q, const CatRel *view, Arena *a)
{
	Rename n = { view, a };
	query_each_rte(q, rename_rte, &n);
}
