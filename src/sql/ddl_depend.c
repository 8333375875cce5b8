/* Which views use a relation, and which of its columns: they must go with it, or keep it from being dropped or changed. */
#include "sql/ddl.h"
#include "sql/query.h"

bool ddl_view_uses(Ddl *d, const CatRel *view, const CatRel *rel)
{
	for (size_t i = 0; i < view->nview_names; i++)
		if (view->view_names[i].oid == rel->oid)
			return true;
	return false;
}

static void note_temp(Rte *r, void *arg)
{
	const CatRel *rel = r->view ? r->view : r->rel;
	*(bool *)arg |= rel && rel->persistence == 't';
}

bool ddl_query_is_temp(const Query *q)
{
	bool found = false;
	query_each_rte(q, note_temp, &found);
	return found;
}

typedef struct ColumnUse {
	const CatRel *rel;
	int attnum; /* 0: any */
	const Rte *items[64];
	size_t n;
	bool found, unsure;
} ColumnUse;

static void note_rte(Rte *r, void *arg)
{
	ColumnUse *u = arg;
	const CatRel *rel = r->view ? r->view : r->kind == RTE_RELATION ? r->rel : NULL;
	if (!rel || rel->oid != u->rel->oid)
		return;
	if (u->n == ARRAY_LEN(u->items))
		u->unsure = true;
	else
		u->items[u->n++] = r;
}

static bool note_var(Expr *x, void *arg)
{
	ColumnUse *u = arg;
	for (size_t i = 0; x->kind == X_VAR && i < u->n; i++)
		u->found = u->found || (x->rte == u->items[i] && x->column && (!u->attnum || x->column == u->attnum));
	return true;
}

bool ddl_view_uses_column(Ddl *d, const CatRel *view, const CatRel *rel, int attnum)
{
	Error ignored;
	ColumnUse u = { .rel = rel, .attnum = attnum };
	if (!ddl_view_uses(d, view, rel))
		return false;
	Query *q = an_view(d->ps->env, d->a, view, &ignored);
	if (!q)
		return true;
	query_each_rte(q, note_rte, &u);
	query_walk(q, note_var, &u);
	return u.found || u.unsure;
}

typedef struct Wanted {
	int attnum;
	bool found;
} Wanted;

static bool note_wanted(Expr *x, void *arg)
{
	Wanted *w = arg;
	w->found = w->found || (x->kind == X_VAR && x->column == w->attnum);
	return true;
}

bool ddl_expr_uses(Ddl *d, const CatRel *r, const char *text, ExprPlace place, int attnum)
{
	Error ignored;
	Wanted w = { .attnum = attnum };
	Expr *x = an_expr_text(d->ps->env, d->a, text, r, place, 0, -1, &ignored);
	if (!x)
		return true;
	expr_walk(x, note_wanted, &w);
	return w.found;
}

bool ddl_any_view(const Catalog *cat)
{
	for (size_t i = 0; i < cat->nrels; i++) {
		if (catrel_is_view(cat->rels[i]))
			return true;
	}
	return false;
}
