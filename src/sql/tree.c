/* Members of trees of inheritance and partitions as the planners see them. See tree.h. */
#include "sql/tree.h"

const CatRel **tree_members(const CatRel *r, Arena *a, size_t *n)
{
	size_t all, k = 0;
	const CatRel **members = partition_tree(r, a, &all);
	for (size_t i = 0; i < all; i++)
		if (!members[i]->part)
			members[k++] = members[i];
	*n = k;
	return members;
}

const CatRel *tree_member(const CatRel *root, const CatRel *member, Arena *a)
{
	if (root == member)
		return root;
	CatRel *r = arena_dup(a, member, sizeof *member);
	r->cols = arena_array(a, CatColumn, root->ncols + member->ncols + 1);
	r->ncols = root->ncols;
	r->rowid_col = 0;
	for (size_t i = 0; i < root->ncols; i++) {
		const CatColumn *own = root->cols[i].dropped ? NULL : catrel_column(member, root->cols[i].name);
		r->cols[i] = own ? *own : root->cols[i];
		r->cols[i].dropped = !own;
		r->cols[i].attnum = root->cols[i].attnum;
		if (own && own->attnum == member->rowid_col)
			r->rowid_col = r->cols[i].attnum;
	}
	for (size_t i = 0; i < member->ncols; i++) {
		const CatColumn *c = &member->cols[i];
		if (c->dropped || catrel_column(root, c->name))
			continue;
		r->cols[r->ncols++] = *c;
		r->cols[r->ncols - 1].attnum = (int16_t)r->ncols;
		if (c->attnum == member->rowid_col)
			r->rowid_col = (int16_t)r->ncols;
	}
	return r;
}

void tree_narrow(ParseState *ps, Rte *r, const CatRel *member)
{
	Column *cols = arena_array(ps->a, Column, member->ncols + 1);
	for (size_t i = 0; i < member->ncols; i++) {
		const CatColumn *c = &member->cols[i];
		if (i < r->ncols && r->cols[i].name)
			cols[i] = r->cols[i];
		else if (!c->dropped)
			cols[i] = (Column){ c->name, c->type->oid, c->typmod, c->type->collation };
	}
	r->rel = member;
	r->cols = cols;
	r->ncols = member->ncols;
	r->only = true;
}

typedef struct Columns {
	ParseState *ps;
	const CatRel *of;
	Rte *rte;
} Columns;

/* A column of a partitioned table below, as that of the table at the top. */
static Expr *top_column(Expr *x, void *arg)
{
	const Columns *c = arg;
	if (x->kind != X_VAR || x->column < 1)
		return NULL;
	const CatColumn *top = catrel_column(c->rte->rel, c->of->cols[x->column - 1].name);
	return top ? var_new(c->ps, c->rte, top->attnum, -1) : NULL;
}

static Expr *key_expr(ParseState *ps, const CatRel *r, size_t i, Rte *rte)
{
	Columns c = { ps, r, rte };
	Expr *x;
	if (r->part->cols[i])
		x = var_new(ps, rte_relation(ps, r, "", -1), r->part->cols[i], -1);
	else
		x = an_expr_text(ps->env, ps->a, r->part->exprs[i], r, AT_CHECK, 0, -1, ps->err);
	return x ? expr_rewrite(ps->a, x, top_column, &c) : NULL;
}

static const PgProc partition_leaf = { .name = "partition_leaf", .src = "partition_leaf", .kind = 'f', .volatility = 'v', .rettype = 26 };

Expr *tree_leaf_expr(ParseState *ps, Rte *rte)
{
	size_t n;
	const CatRel **all = partition_tree(rte->rel, ps->a, &n);
	Expr *f = expr_new(ps, X_FUNC, 26, -1);
	f->proc = &partition_leaf;
	expr_list_add(ps->a, &f->args, expr_const(ps, 26, val_int(rte->rel->oid)));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; all[i]->part && k < all[i]->part->n; k++) {
			Expr *x = key_expr(ps, all[i], k, rte);
			if (!x)
				return NULL;
			expr_list_add(ps->a, &f->args, x);
		}
	if (f->args.n > 100)
		return an_refuse(ps, -1, "a partitioned table with more than 100 keys in all is not available in SQLite mode"), NULL;
	return f;
}

typedef struct UsesColumn {
	int attnum;
	bool found;
} UsesColumn;

static bool note_use(Expr *x, void *arg)
{
	UsesColumn *u = arg;
	u->found |= x->kind == X_VAR && x->column == u->attnum;
	return true;
}

bool tree_key_has(ParseState *ps, const CatRel *root, int attnum)
{
	size_t n;
	const CatRel **all = partition_tree(root, ps->a, &n);
	Rte *rte = rte_relation(ps, root, "", -1);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; all[i]->part && k < all[i]->part->n; k++) {
			Expr *x = key_expr(ps, all[i], k, rte);
			UsesColumn u = { attnum, false };
			if (x)
				expr_walk(x, note_use, &u);
			if (u.found)
				return true;
		}
	return false;
}
