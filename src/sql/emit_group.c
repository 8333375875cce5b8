/*
 * GROUP BY in a hash table (sqlite/group.h) instead of SQLite's sort of all rows: the query is written over the table of its groups.
 *
 *   SELECT t9.c1, t9.c3 FROM (SELECT k1 AS c1, a1 AS c2, a2 AS c3 FROM pg_groups((SELECT pg_group(...) FROM ... WHERE ...))) AS t9
 *   WHERE having ORDER BY ...
 */
#include "sql/emit_internal.h"
#include "sql/rewrite.h"

#include "sqlite/group.h"

enum { FIRST_ID = 1000000 }; /* of the tables of groups: beyond those of the analyser */

typedef struct Grouping {
	Emitter *e;
	const Query *q;
	ExprList aggs;
	Rte *rte;
	bool unfit;
} Grouping;

static size_t find_expr(const ExprList *l, const Expr *x)
{
	size_t i = 0;
	while (i < l->n && !expr_equal(l->items[i], x))
		i++;
	return i;
}

/* --- whether a query can be written so --- */

static bool agg_word(Emitter *e, const Expr *x, char word[GROUP_WORD])
{
	if (x->is_distinct || x->norder || x->args2.n || x->args.n > 1 || x->variadic_array)
		return false;
	const PgType *t = x->args.n ? catalog_type(e->cat, emit_type_of(e, x->args.items[0])) : NULL;
	return (t || x->star) && group_agg_word(x->proc->name, x->star ? NULL : t, word);
}

static bool note_upper(Expr *x, void *arg)
{
	Grouping *g = arg;
	if (g->unfit || find_expr(&g->q->group_by, x) < g->q->group_by.n)
		return false;
	char word[GROUP_WORD];
	switch (x->kind) {
	case X_AGG:
		if (!agg_word(g->e, x, word))
			g->unfit = true;
		else if (find_expr(&g->aggs, x) == g->aggs.n)
			expr_list_add(g->e->a, &g->aggs, x);
		return false;
	case X_VAR:
	case X_ROWID:
		g->unfit = query_has_rte((Query *)g->q, x->rte); /* determined by a key, but no key itself */
		return false;
	case X_SUBLINK:
	case X_GROUPING:
		g->unfit = true;
		return false;
	default:
		return true;
	}
}

/* Rows that come in the order of the keys are grouped as they come, without any table. */
static bool index_orders(const Query *q)
{
	const FromItem *f = q->nfrom == 1 ? q->from[0] : NULL;
	if (!f || !f->rte || f->rte->kind != RTE_RELATION)
		return false;
	const CatRel *r = f->rte->rel;
	for (size_t i = 0; i < q->group_by.n; i++)
		if (q->group_by.items[i]->kind != X_VAR || q->group_by.items[i]->rte != f->rte)
			return false;
	if (q->group_by.n == 1 && r->rowid_col == q->group_by.items[0]->column)
		return true;
	for (size_t k = 0; k < r->nindexes; k++) {
		const CatIndex *x = r->indexes[k];
		size_t found = 0;
		for (size_t i = 0; i < x->nkeys && i < q->group_by.n && !x->predicate; i++)
			for (size_t j = 0; j < q->group_by.n; j++)
				found += q->group_by.items[j]->column == x->keys[i];
		if (found == q->group_by.n)
			return true;
	}
	return false;
}

static bool keys_fit(Emitter *e, const Query *q)
{
	if (q->group_by.n == 0 || q->group_by.n > GROUP_KEYS)
		return false;
	for (size_t i = 0; i < q->group_by.n; i++) {
		const PgType *t = catalog_type(e->cat, emit_type_of(e, q->group_by.items[i]));
		if (!t || !group_key_letter(t))
			return false;
	}
	return true;
}

static bool is_fit(Grouping *g)
{
	const Query *q = g->q;
	if (g->e->plain_groups || !q->nfrom || q->lock || q->distinct_on.n || !keys_fit(g->e, q) || index_orders(q))
		return false;
	for (size_t i = 0; i < q->targets.n; i++)
		expr_walk(q->targets.items[i].expr, note_upper, g);
	for (size_t i = 0; i < q->norder; i++)
		expr_walk(q->order[i].expr, note_upper, g);
	expr_walk(q->having, note_upper, g);
	return !g->unfit && g->aggs.n <= GROUP_AGGS;
}

/* --- the query over its groups --- */

static Expr *above(Expr *x, void *arg)
{
	const Grouping *g = arg;
	size_t at = find_expr(&g->q->group_by, x);
	if (at == g->q->group_by.n) {
		if (x->kind != X_AGG)
			return NULL;
		at += find_expr(&g->aggs, x);
	}
	Expr *v = arena_new_of(g->e->a, Expr);
	*v = (Expr){ .kind = X_VAR,
		     .type = x->type,
		     .typmod = x->typmod,
		     .collation = x->collation,
		     .location = x->location,
		     .rte = g->rte,
		     .column = (int)at + 1 };
	return v;
}

static Query *over_groups(Grouping *g)
{
	Arena *a = g->e->a;
	Query *h = arena_dup(a, g->q, sizeof *h);
	FromItem *leaf = arena_new_of(a, FromItem);
	leaf->rte = g->rte;
	h->from = arena_dup(a, &leaf, sizeof(FromItem *));
	h->nfrom = 1;
	h->targets.items = arena_dup(a, g->q->targets.items, sizeof(Target) * g->q->targets.n);
	for (size_t i = 0; i < h->targets.n; i++)
		h->targets.items[i].expr = expr_rewrite(a, h->targets.items[i].expr, above, g);
	h->order = arena_dup(a, g->q->order, sizeof(SortItem) * h->norder);
	for (size_t i = 0; i < h->norder; i++)
		h->order[i].expr = expr_rewrite(a, h->order[i].expr, above, g);
	h->where = expr_rewrite(a, h->having, above, g);
	h->having = NULL;
	h->group_by = (ExprList){ 0 };
	h->has_aggs = false;
	return h;
}

int emit_hash_grouped(Emitter *e, const Query *q, unsigned flags, bool *done)
{
	Grouping g = { .e = e, .q = q };
	*done = is_fit(&g);
	if (!*done)
		return 0;
	g.rte = arena_new_of(e->a, Rte);
	*g.rte = (Rte){ .kind = RTE_GROUPS,
			.id = FIRST_ID + ++e->next_tmp,
			.alias = "",
			.grouped = q,
			.group_aggs = g.aggs,
			.ncols = q->group_by.n + g.aggs.n };
	return emit_ordered(e, over_groups(&g), flags);
}

/* --- the table of groups in FROM --- */

static int emit_argument(Emitter *e, const Expr *x)
{
	buf_puts(&e->out, ", ");
	if (x->filter) {
		if (emit_around(e, "CASE WHEN ", x->filter, " THEN ") < 0)
			return -1;
	} else if (x->star) {
		buf_puts(&e->out, "NULL");
		return 0;
	}
	if (x->star)
		buf_puts(&e->out, "1");
	else if (emit_expr(e, x->args.items[0]) < 0)
		return -1;
	buf_puts(&e->out, x->filter ? " END" : "");
	return 0;
}

static void emit_spec(Emitter *e, const Rte *r)
{
	buf_puts(&e->out, "'");
	for (size_t i = 0; i < r->grouped->group_by.n; i++)
		buf_put_u8(&e->out, (uint8_t)group_key_letter(catalog_type(e->cat, emit_type_of(e, r->grouped->group_by.items[i]))));
	for (size_t i = 0; i < r->group_aggs.n; i++) {
		const Expr *x = r->group_aggs.items[i];
		char word[GROUP_WORD];
		agg_word(e, x, word);
		/* count(*) with FILTER counts what the filter lets through. */
		buf_printf(&e->out, " %s", x->star && x->filter ? "count" : word);
	}
	buf_puts(&e->out, "'");
}

int emit_groups(Emitter *e, const Rte *r)
{
	const Query *q = r->grouped;
	buf_puts(&e->out, "(SELECT ");
	for (size_t i = 0; i < q->group_by.n; i++) {
		buf_printf(&e->out, i ? ", k%zu" : "k%zu", i + 1);
		emit_collate(e, q->group_by.items[i]->type);
		buf_printf(&e->out, " AS c%zu", i + 1);
	}
	for (size_t i = 0; i < r->group_aggs.n; i++) {
		buf_printf(&e->out, ", a%zu", i + 1);
		emit_collate(e, r->group_aggs.items[i]->type);
		buf_printf(&e->out, " AS c%zu", q->group_by.n + i + 1);
	}
	buf_puts(&e->out, " FROM pg_groups((SELECT pg_group(");
	emit_spec(e, r);
	if (emit_more(e, q->group_by.items, q->group_by.n) < 0)
		return -1;
	for (size_t i = 0; i < r->group_aggs.n; i++)
		if (emit_argument(e, r->group_aggs.items[i]) < 0)
			return -1;
	buf_puts(&e->out, ") FROM ");
	if (emit_from(e, q->from, q->nfrom) < 0 || emit_where(e, "WHERE", q->where) < 0)
		return -1;
	buf_puts(&e->out, ")))");
	return 0;
}
