/* JOIN of every kind: ON, USING and NATURAL with their merged columns. */
#include "sql/query.h"

typedef struct Side {
	NsItem **items;
	size_t n;
} Side;

typedef struct Join {
	ParseState *ps;
	FromItem *f;
	Side left, right;
	NsItem out; /* columns of the join: merged ones, rest of the left, rest of the right */
	const char **merged;
	size_t nmerged;
} Join;

static void mark_nullable(FromItem *f)
{
	if (f->rte) {
		f->rte->nullable = true;
		return;
	}
	mark_nullable(f->left);
	mark_nullable(f->right);
}

/* The unqualified column of one side; 42702 when it appears twice. */
static int side_column(ParseState *ps, const Side *s, const char *name, const char *side, NsColumn **out)
{
	*out = NULL;
	for (size_t i = 0; i < s->n; i++) {
		if (!s->items[i]->cols_visible)
			continue;
		for (size_t k = 0; k < s->items[i]->ncols; k++) {
			NsColumn *c = &s->items[i]->cols[k];
			if (c->hidden || !streq(c->name, name))
				continue;
			if (*out)
				return an_error(ps, -1, "42702", "common column name \"%s\" appears more than once in %s table", name,
						side);
			*out = c;
		}
	}
	return 0;
}

static Expr *merged_column(Join *j, const Expr *l, const Expr *r)
{
	ParseState *ps = j->ps;
	Expr *sides[2] = { expr_copy(ps, l), expr_copy(ps, r) };
	uint32_t type = common_type(ps, sides, 2, "JOIN/USING", -1);
	if (!type)
		return NULL;
	int32_t typmod = l->typmod == r->typmod && l->type == r->type ? l->typmod : -1;
	for (int i = 0; i < 2; i++)
		if (sides[i]->type != type && !(sides[i] = coerce_to(ps, sides[i], type, -1, COERCE_IMPLICIT, -1)))
			return NULL;
	if (j->f->join == JOIN_RIGHT)
		return sides[1];
	if (j->f->join != JOIN_FULL)
		return l->type != type && r->type == type && j->f->join == JOIN_INNER ? sides[1] : sides[0];
	Expr *e = expr_new(ps, X_COALESCE, type, -1);
	e->typmod = typmod;
	e->collation = sides[0]->collation;
	expr_list_add(ps->a, &e->args, sides[0]);
	expr_list_add(ps->a, &e->args, sides[1]);
	return e;
}

static int add_condition(Join *j, Expr *cond)
{
	if (!cond)
		return -1;
	if (!j->f->on) {
		j->f->on = cond;
		return 0;
	}
	if (j->f->on->kind != X_BOOL || j->f->on->boolop != BOOL_AND) {
		Expr *both = expr_new(j->ps, X_BOOL, 16, -1);
		both->boolop = BOOL_AND;
		expr_list_add(j->ps->a, &both->args, j->f->on);
		j->f->on = both;
	}
	expr_list_add(j->ps->a, &j->f->on->args, cond);
	return 0;
}

static int add_using(Join *j, const char *name)
{
	ParseState *ps = j->ps;
	for (size_t i = 0; i < j->nmerged; i++)
		if (streq(j->merged[i], name))
			return an_error(ps, -1, "42701", "column name \"%s\" appears more than once in USING clause", name);
	NsColumn *l, *r;
	if (side_column(ps, &j->left, name, "left", &l) < 0 || side_column(ps, &j->right, name, "right", &r) < 0)
		return -1;
	if (!l || !r)
		return an_error(ps, -1, "42703", "column \"%s\" specified in USING clause does not exist in %s table", name,
				l ? "right" : "left");
	if (add_condition(j, make_op(ps, "=", NULL, expr_copy(ps, l->expr), expr_copy(ps, r->expr), -1)) < 0)
		return -1;
	Expr *e = merged_column(j, l->expr, r->expr);
	if (!e)
		return -1;
	j->merged[j->nmerged++] = l->name;
	j->out.cols[j->out.ncols++] = (NsColumn){ .name = l->name, .expr = e };
	return 0;
}

static size_t count_columns(const Side *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->items[i]->ncols;
	return n;
}

static int add_natural(Join *j)
{
	for (size_t i = 0; i < j->left.n; i++) {
		NsItem *it = j->left.items[i];
		for (size_t k = 0; it->cols_visible && k < it->ncols; k++) {
			NsColumn *r;
			if (it->cols[k].hidden)
				continue;
			if (side_column(j->ps, &j->right, it->cols[k].name, "right", &r) < 0 || (r && add_using(j, it->cols[k].name) < 0))
				return -1;
		}
	}
	return 0;
}

static bool is_merged(const Join *j, const char *name)
{
	for (size_t i = 0; i < j->nmerged; i++)
		if (streq(j->merged[i], name))
			return true;
	return false;
}

static void add_rest(Join *j, const Side *s)
{
	for (size_t i = 0; i < s->n; i++) {
		NsItem *it = s->items[i];
		for (size_t k = 0; it->cols_visible && k < it->ncols; k++)
			if (!it->cols[k].hidden && !is_merged(j, it->cols[k].name))
				j->out.cols[j->out.ncols++] = it->cols[k];
		it->cols_visible = false;
	}
}

static int join_on(Join *j, const PgNode *quals, size_t start)
{
	ParseState *ps = j->ps;
	NsItem **saved = ps->ns;
	size_t saved_n = ps->nns, saved_cap = ps->ns_cap;
	ps->ns = saved + start;
	ps->nns = ps->ns_cap = saved_n - start;
	bool in_from = ps->in_from;
	ps->in_from = false;
	int rc = an_where(ps, quals, AT_JOIN_ON, "JOIN/ON", &j->f->on);
	ps->in_from = in_from;
	ps->ns = saved;
	ps->nns = saved_n;
	ps->ns_cap = saved_cap;
	return rc;
}

static int join_kind(Join *j, const PgQuery__JoinExpr *je)
{
	switch (je->jointype) {
	case PG_QUERY__JOIN_TYPE__JOIN_INNER:
		j->f->join = je->quals || je->n_using_clause || je->is_natural ? JOIN_INNER : JOIN_CROSS;
		return 0;
	case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
		j->f->join = JOIN_LEFT;
		mark_nullable(j->f->right);
		return 0;
	case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
		j->f->join = JOIN_RIGHT;
		mark_nullable(j->f->left);
		return 0;
	case PG_QUERY__JOIN_TYPE__JOIN_FULL:
		j->f->join = JOIN_FULL;
		mark_nullable(j->f->left);
		mark_nullable(j->f->right);
		return 0;
	default:
		return an_refuse(j->ps, -1, "this kind of join is not available in SQLite mode");
	}
}

/* JOIN ... USING (...) AS name: the merged columns, by that name only. */
static int using_alias(Join *j, const char *alias)
{
	ParseState *ps = j->ps;
	for (size_t i = 0; i < ps->nns; i++)
		if (ps->ns[i]->rel_visible && ps->ns[i]->alias && streq(ps->ns[i]->alias, alias))
			return an_error(ps, -1, "42712", "table name \"%s\" specified more than once", alias);
	NsItem item = { .alias = arena_strdup(ps->a, alias), .ncols = j->nmerged, .rel_visible = true };
	item.cols = arena_dup_more(ps->a, j->out.cols, j->nmerged * sizeof *item.cols, sizeof *item.cols);
	ns_add_item(ps, &item);
	return 0;
}

/* The names that the join shows: with an alias only its own, otherwise the tables' names stay usable in front of a column. */
static int join_names(Join *j, const PgQuery__JoinExpr *je, size_t start)
{
	ParseState *ps = j->ps;
	add_rest(j, &j->left);
	add_rest(j, &j->right);
	if (je->join_using_alias && using_alias(j, je->join_using_alias->aliasname) < 0)
		return -1;
	j->out.cols_visible = true;
	if (je->alias) {
		if (je->alias->n_colnames > j->out.ncols)
			return an_error(ps, -1, "42P10", "join expression \"%s\" has %zu columns available but %zu columns specified",
					je->alias->aliasname, j->out.ncols, je->alias->n_colnames);
		for (size_t i = start; i < ps->nns; i++)
			ps->ns[i]->rel_visible = false;
		j->out.alias = arena_strdup(ps->a, je->alias->aliasname);
		j->out.rel_visible = true;
		for (size_t i = 0; i < je->alias->n_colnames; i++)
			j->out.cols[i].name = arena_strdup(ps->a, je->alias->colnames[i]->string->sval);
	}
	ns_add_item(ps, &j->out);
	return 0;
}

static FromItem *join_side(ParseState *ps, const PgNode *node, bool nullable)
{
	const char *saved = ps->no_recursion;
	if (nullable)
		ps->no_recursion = "an outer join";
	FromItem *f = from_item(ps, node);
	ps->no_recursion = saved;
	return f;
}

FromItem *from_join(ParseState *ps, const PgQuery__JoinExpr *je)
{
	if (query_too_deep(ps))
		return an_error(ps, -1, "54001", "stack depth limit exceeded"), NULL;
	Join j = { .ps = ps, .f = arena_new_of(ps->a, FromItem) };
	size_t start = ps->nns;
	ps->depth++;
	ps->chained++;
	bool keeps_left = je->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT || je->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
	bool keeps_right = je->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT || je->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
	j.f->left = join_side(ps, je->larg, keeps_right);
	size_t middle = ps->nns;
	for (size_t i = start; i < middle; i++)
		ps->ns[i]->no_lateral |= keeps_right;
	j.f->right = j.f->left ? join_side(ps, je->rarg, keeps_left) : NULL;
	for (size_t i = start; i < middle; i++)
		ps->ns[i]->no_lateral = false;
	ps->depth--;
	ps->chained--;
	if (!j.f->right || join_kind(&j, je) < 0)
		return NULL;
	j.left = (Side){ ps->ns + start, middle - start };
	j.right = (Side){ ps->ns + middle, ps->nns - middle };
	size_t total = count_columns(&j.left) + count_columns(&j.right);
	j.out.cols = arena_array(ps->a, NsColumn, total + 1);
	j.merged = arena_array(ps->a, const char *, total + 1);
	for (size_t i = 0; i < je->n_using_clause; i++)
		if (add_using(&j, je->using_clause[i]->string->sval) < 0)
			return NULL;
	if (je->is_natural && add_natural(&j) < 0)
		return NULL;
	if (je->quals && join_on(&j, je->quals, start) < 0)
		return NULL;
	if (join_names(&j, je, start) < 0)
		return NULL;
	return j.f;
}
