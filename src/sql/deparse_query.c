/* SELECT as PostgreSQL prints a view's definition. */
#include "sql/deparse.h"

enum { INDENT_STD = 8, INDENT_VAR = 4, INDENT_JOIN = 4 };

const char *rte_shown_name(const Rte *r)
{
	return r->alias && *r->alias ? r->alias : r->kind == RTE_RELATION ? r->rel->name : "";
}

/* Expressions other than columns stand in parentheses, so that nobody takes them for output names. */
int dp_sort_key(Deparser *d, const Expr *x)
{
	if (x->kind == X_CONST && !x->cast)
		return dp_const(d, x, 1);
	bool need =
		(x->kind != X_VAR || x->cast) && (d->pretty || x->kind == X_AGG || x->kind == X_WINDOW || (x->kind == X_FUNC && !x->op));
	buf_puts(&d->out, need ? "(" : "");
	int rc = dp_expr(d, x, true);
	buf_puts(&d->out, need ? ")" : "");
	return rc;
}

static int dp_order(Deparser *d, const Query *q)
{
	for (size_t i = 0; i < q->norder; i++) {
		const SortItem *s = &q->order[i];
		buf_puts(&d->out, i ? ", " : "");
		if (q->setop && s->target)
			buf_printf(&d->out, "%d", s->target);
		else if (dp_sort_key(d, s->expr) < 0)
			return -1;
		buf_puts(&d->out, s->desc ? " DESC" : "");
		if (s->nulls_first != s->desc)
			buf_puts(&d->out, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
	return 0;
}

static void field_break(Deparser *d, bool first, bool own_line)
{
	if (!own_line && !first)
		dp_line(d, "", -INDENT_STD, INDENT_STD, INDENT_VAR);
}

static int dp_targets(Deparser *d, const Query *q, const char *const *names)
{
	size_t shown = 0;
	for (size_t i = 0; i < q->targets.n; i++) {
		const Target *t = &q->targets.items[i];
		if (t->junk)
			continue;
		bool own_line = t->expr->kind == X_CASE && !t->expr->cast, plain = t->expr->kind == X_VAR && !t->expr->cast;
		buf_puts(&d->out, shown ? ", " : " ");
		field_break(d, shown == 0, own_line);
		if (dp_expr(d, t->expr, true) < 0)
			return -1;
		const char *name = names ? names[shown] : t->name;
		const char *own = plain ? t->expr->rte->cols[t->expr->column - 1].name : NULL;
		if (!own || !streq(own, name))
			buf_printf(&d->out, " AS %s", quote_name(d->a, name));
		shown++;
	}
	return 0;
}

static int dp_rte(Deparser *d, const Rte *r, const DeparseLevel *level)
{
	switch (r->kind) {
	case RTE_RELATION:
		buf_printf(&d->out, "%s%s", r->only ? "ONLY " : "", relation_name(d->env, r->rel, d->a));
		if (r->alias && *r->alias && !streq(r->alias, r->rel->name))
			buf_printf(&d->out, " %s", quote_name(d->a, r->alias));
		return 0;
	case RTE_SUBQUERY:
		if (r->view) {
			buf_puts(&d->out, relation_name(d->env, r->view, d->a));
			if (!streq(r->alias, r->view->name))
				buf_printf(&d->out, " %s", quote_name(d->a, r->alias));
			return 0;
		}
		buf_puts(&d->out, r->lateral ? "LATERAL (" : "(");
		if (dp_query(d, r->query, NULL, level) < 0)
			return -1;
		buf_printf(&d->out, ") %s", quote_name(d->a, r->alias));
		return 0;
	default:
		return dp_refuse(d, "this kind of FROM item");
	}
}

static int dp_from_item(Deparser *d, const FromItem *f, const DeparseLevel *level)
{
	static const char *const words[] = { [JOIN_INNER] = " JOIN ",
					     [JOIN_LEFT] = " LEFT JOIN ",
					     [JOIN_RIGHT] = " RIGHT JOIN ",
					     [JOIN_FULL] = " FULL JOIN ",
					     [JOIN_CROSS] = " CROSS JOIN " };
	if (f->rte)
		return dp_rte(d, f->rte, level);
	bool nested = d->pretty && !f->right->rte;
	buf_puts(&d->out, d->pretty ? "" : "(");
	if (dp_from_item(d, f->left, level) < 0)
		return -1;
	dp_line(d, words[f->join], -INDENT_STD, INDENT_STD, INDENT_JOIN);
	buf_puts(&d->out, nested ? "(" : "");
	if (dp_from_item(d, f->right, level) < 0)
		return -1;
	buf_puts(&d->out, nested ? ")" : "");
	if (f->on) {
		buf_puts(&d->out, d->pretty ? " ON " : " ON (");
		if (dp_expr(d, f->on, false) < 0)
			return -1;
		buf_puts(&d->out, d->pretty ? "" : ")");
	}
	buf_puts(&d->out, d->pretty ? "" : ")");
	return 0;
}

static int dp_clause(Deparser *d, const char *word, const Expr *x, int plus)
{
	if (!x)
		return 0;
	dp_line(d, word, -INDENT_STD, INDENT_STD, plus);
	return dp_expr(d, x, false);
}

static int dp_group(Deparser *d, const Query *q)
{
	if (q->has_grouping_sets)
		return dp_refuse(d, "grouping sets");
	if (!q->group_by.n)
		return 0;
	dp_line(d, " GROUP BY ", -INDENT_STD, INDENT_STD, 1);
	for (size_t i = 0; i < q->group_by.n; i++) {
		buf_puts(&d->out, i ? ", " : "");
		if (dp_sort_key(d, q->group_by.items[i]) < 0)
			return -1;
	}
	return 0;
}

static int dp_select(Deparser *d, const Query *q, const char *const *names, const DeparseLevel *level)
{
	d->indent += INDENT_STD;
	buf_puts(&d->out, " SELECT");
	if (q->distinct_on.n)
		return dp_refuse(d, "DISTINCT ON");
	buf_puts(&d->out, q->distinct ? " DISTINCT" : "");
	if (dp_targets(d, q, names) < 0)
		return -1;
	for (size_t i = 0; i < q->nfrom; i++) {
		if (i)
			buf_puts(&d->out, ", ");
		dp_line(d, i ? "" : " FROM ", -INDENT_STD, INDENT_STD, i ? INDENT_VAR : 2);
		if (dp_from_item(d, q->from[i], level) < 0)
			return -1;
	}
	return dp_clause(d, " WHERE ", q->where, 1) < 0 || dp_group(d, q) < 0 ? -1 : dp_clause(d, " HAVING ", q->having, 0);
}

static int dp_setop(Deparser *d, const Query *q, const char *const *names, const DeparseLevel *level)
{
	static const char *const words[] = { [SETOP_UNION] = "UNION ", [SETOP_INTERSECT] = "INTERSECT ", [SETOP_EXCEPT] = "EXCEPT " };
	bool other = q->larg->setop && (q->larg->setop != q->setop || q->larg->setop_all != q->setop_all);
	if (other || q->rarg->setop || q->larg->norder || q->rarg->norder || q->larg->limit || q->rarg->limit)
		return dp_refuse(d, "nested set operations");
	int indent = d->indent;
	if (dp_query(d, q->larg, names, level) < 0)
		return -1;
	d->indent = indent;
	dp_line(d, words[q->setop], 0, 0, 0);
	buf_puts(&d->out, q->setop_all ? "ALL " : "");
	dp_line(d, "", 0, 0, 0);
	int rc = dp_query(d, q->rarg, names, level);
	d->indent = indent + INDENT_STD;
	return rc;
}

static int dp_tail(Deparser *d, const Query *q)
{
	if (q->norder) {
		dp_line(d, " ORDER BY ", -INDENT_STD, INDENT_STD, 1);
		if (dp_order(d, q) < 0)
			return -1;
	}
	if (dp_clause(d, " OFFSET ", q->offset, 0) < 0)
		return -1;
	if (q->with_ties)
		return dp_refuse(d, "WITH TIES");
	return dp_clause(d, " LIMIT ", q->limit, 0);
}

int dp_query(Deparser *d, const Query *q, const char *const *names, const DeparseLevel *outer)
{
	DeparseLevel level = { q, outer };
	const DeparseLevel *saved = d->level;
	bool prefix = d->prefix;
	int indent = d->indent;
	if (q->rewritten || q->nctes || q->nvalues || q->nwindows || q->lock)
		return dp_refuse(d, "this kind of query");
	d->level = &level;
	d->prefix = true;
	int rc = q->setop ? dp_setop(d, q, names, &level) : dp_select(d, q, names, &level);
	rc = rc < 0 ? -1 : dp_tail(d, q);
	d->level = saved;
	d->prefix = prefix;
	d->indent = indent;
	return rc;
}
