/* GROUP BY: plain keys, GROUPING SETS, ROLLUP and CUBE, as a list of sets of keys. */
#include "sql/expr.h"
#include "sql/query.h"

enum { MAX_CUBE = 12, MAX_SETS = 4096 };

typedef struct SetList {
	GroupSet *items;
	size_t n, cap;
} SetList;

static int too_many(ParseState *ps)
{
	return an_error(ps, -1, "54001", "too many grouping sets present (maximum %d)", MAX_SETS);
}

static int set_list_add(ParseState *ps, SetList *l, const GroupSet *s)
{
	if (l->n >= MAX_SETS)
		return too_many(ps);
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		GroupSet *grown = arena_array(ps->a, GroupSet, l->cap);
		if (l->n)
			memcpy(grown, l->items, l->n * sizeof *grown);
		l->items = grown;
	}
	l->items[l->n++] = *s;
	return 0;
}

static bool set_has(const GroupSet *s, int key)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->keys[i] == key)
			return true;
	return false;
}

/* Keys of both; each once. */
static GroupSet set_union(ParseState *ps, const GroupSet *x, const GroupSet *y)
{
	GroupSet out = { arena_array(ps->a, int, x->n + y->n + 1), 0 };
	for (size_t i = 0; i < x->n; i++)
		out.keys[out.n++] = x->keys[i];
	for (size_t i = 0; i < y->n; i++)
		if (!set_has(&out, y->keys[i]))
			out.keys[out.n++] = y->keys[i];
	return out;
}

static bool set_equal(const GroupSet *x, const GroupSet *y)
{
	bool equal = x->n == y->n;
	for (size_t i = 0; equal && i < x->n; i++)
		equal = set_has(y, x->keys[i]);
	return equal;
}

/* The place of a key among those of the query, which it is added to. */
static int add_key(ParseState *ps, Query *q, const PgNode *node, int *key)
{
	int at = group_key_target(ps, q, node);
	if (at < 0)
		return -1;
	Target *t = &q->targets.items[at - 1];
	if (t->expr->type == 705 && !(t->expr = coerce_unknown_to_text(ps, t->expr)))
		return -1;
	if (!equality_for(ps, t->expr->type, t->expr->location))
		return -1;
	for (size_t i = 0; i < q->group_by.n; i++)
		if (q->group_targets[i] == at) {
			*key = (int)i;
			return 0;
		}
	*key = (int)q->group_by.n;
	int *grown = arena_array(ps->a, int, q->group_by.n + 1);
	if (q->group_by.n)
		memcpy(grown, q->group_targets, q->group_by.n * sizeof *grown);
	grown[*key] = at;
	q->group_targets = grown;
	expr_list_add(ps->a, &q->group_by, t->expr);
	return 0;
}

/* One key, or several in parentheses, which are taken together. */
static int plain_set(ParseState *ps, Query *q, const PgNode *node, GroupSet *out)
{
	bool row = node->node_case == PG_QUERY__NODE__NODE_ROW_EXPR &&
		   node->row_expr->row_format == PG_QUERY__COERCION_FORM__COERCE_IMPLICIT_CAST;
	size_t n = row ? node->row_expr->n_args : 1;
	*out = (GroupSet){ arena_array(ps->a, int, n + 1), 0 };
	for (size_t i = 0; i < n; i++) {
		int key;
		if (add_key(ps, q, row ? node->row_expr->args[i] : node, &key) < 0)
			return -1;
		if (!set_has(out, key))
			out->keys[out->n++] = key;
	}
	return 0;
}

static int rollup(ParseState *ps, const GroupSet *items, size_t n, SetList *out)
{
	for (size_t k = n + 1; k-- > 0;) {
		GroupSet s = { 0 };
		for (size_t i = 0; i < k; i++)
			s = set_union(ps, &s, &items[i]);
		if (set_list_add(ps, out, &s) < 0)
			return -1;
	}
	return 0;
}

static int cube(ParseState *ps, const GroupSet *items, size_t n, SetList *out)
{
	for (unsigned mask = 1u << n; mask-- > 0;) {
		GroupSet s = { 0 };
		for (size_t i = 0; i < n; i++)
			if (mask & 1u << (n - 1 - i))
				s = set_union(ps, &s, &items[i]);
		if (set_list_add(ps, out, &s) < 0)
			return -1;
	}
	return 0;
}

static int expand(ParseState *ps, Query *q, const PgNode *node, SetList *out);

static int expand_sets(ParseState *ps, Query *q, const PgQuery__GroupingSet *g, SetList *out)
{
	for (size_t i = 0; i < g->n_content; i++)
		if (expand(ps, q, g->content[i], out) < 0)
			return -1;
	return 0;
}

/* The sets that one item of GROUP BY stands for. */
static int expand(ParseState *ps, Query *q, const PgNode *node, SetList *out)
{
	GroupSet one = { 0 };
	if (node->node_case != PG_QUERY__NODE__NODE_GROUPING_SET)
		return plain_set(ps, q, node, &one) < 0 ? -1 : set_list_add(ps, out, &one);
	const PgQuery__GroupingSet *g = node->grouping_set;
	if (g->kind == PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_EMPTY)
		return set_list_add(ps, out, &one);
	if (g->kind == PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_SETS)
		return expand_sets(ps, q, g, out);
	GroupSet *items = arena_array(ps->a, GroupSet, g->n_content + 1);
	for (size_t i = 0; i < g->n_content; i++)
		if (plain_set(ps, q, g->content[i], &items[i]) < 0)
			return -1;
	if (g->kind == PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP)
		return rollup(ps, items, g->n_content, out);
	if (g->n_content > MAX_CUBE)
		return an_error(ps, g->location, "54011", "CUBE is limited to %d elements", MAX_CUBE);
	return cube(ps, items, g->n_content, out);
}

static int drop_duplicates(ParseState *ps, SetList *l)
{
	SetList kept = { 0 };
	for (size_t i = 0; i < l->n; i++) {
		bool seen = false;
		for (size_t k = 0; k < kept.n && !seen; k++)
			seen = set_equal(&kept.items[k], &l->items[i]);
		if (!seen && set_list_add(ps, &kept, &l->items[i]) < 0)
			return -1;
	}
	*l = kept;
	return 0;
}

int an_group_by(ParseState *ps, PgQuery__Node *const *nodes, size_t n, bool distinct, Query *q)
{
	GroupSet nothing = { 0 };
	SetList all = { 0 };
	if (set_list_add(ps, &all, &nothing) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		SetList next = { 0 }, product = { 0 };
		q->has_grouping_sets |= nodes[i]->node_case == PG_QUERY__NODE__NODE_GROUPING_SET;
		if (expand(ps, q, nodes[i], &next) < 0)
			return -1;
		for (size_t x = 0; x < all.n; x++)
			for (size_t y = 0; y < next.n; y++) {
				GroupSet s = set_union(ps, &all.items[x], &next.items[y]);
				if (set_list_add(ps, &product, &s) < 0)
					return -1;
			}
		all = product;
	}
	if (!q->has_grouping_sets)
		return 0;
	if (distinct && drop_duplicates(ps, &all) < 0)
		return -1;
	q->group_sets = all.items;
	q->ngroup_sets = all.n;
	return 0;
}

Expr *an_grouping(ParseState *ps, const PgQuery__GroupingFunc *g)
{
	ExprPlace place = ps->place;
	if (g->n_args > 31)
		return an_error(ps, g->location, "54023", "GROUPING must have fewer than 32 arguments"), NULL;
	if (!aggregates_allowed(place))
		return an_error(ps, g->location, "42803", "grouping operations are not allowed in %s", place_name(place)), NULL;
	Expr *x = expr_new(ps, X_GROUPING, 23, g->location);
	for (size_t i = 0; i < g->n_args; i++) {
		Expr *e = an_expr(ps, g->args[i], place);
		if (!e)
			return NULL;
		expr_list_add(ps->a, &x->args, e);
	}
	ps->has_aggs = true;
	return x;
}
