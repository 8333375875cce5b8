/* x = ANY (ARRAY[a, b]), as PostgreSQL shows x IN (a, b), written as a list again: SQLite allows no subquery in a CHECK or an index. */
#include "sql/analyze.h"

#include "pgtype/array.h"

typedef struct Elements {
	Arena *a;
	const Catalog *cat;
	bool constants; /* those of a constant array too */
	ExprList out;
} Elements;

static void add(Elements *l, Expr *x)
{
	expr_list_add(l->a, &l->out, x);
}

static Expr *element(Elements *l, ExprKind kind, uint32_t type, const Expr *array)
{
	Expr *x = arena_new_of(l->a, Expr);
	*x = (Expr){ .kind = kind, .type = type, .typmod = -1, .location = array->location };
	return x;
}

static bool constant_elements(Elements *l, const Expr *array, const PgType *elem)
{
	PgArray items;
	Error ignored;
	if (!l->constants || array->val.kind == VAL_NULL || !elem || array_read(elem, array->val.s, l->a, &items, &ignored) < 0)
		return false;
	for (size_t i = 0; i < items.n; i++) {
		Expr *x = element(l, X_CONST, elem->oid, array);
		x->val = items.items[i];
		add(l, x);
	}
	return true;
}

/* The cast of one element, which is parameter 1 of it, over x. */
static Expr *cast_over(Arena *a, const Expr *cast, Expr *x)
{
	if (!cast)
		return NULL;
	if (cast->kind == X_PARAM && cast->param == 1)
		return x;
	Expr *c = arena_dup(a, cast, sizeof *cast);
	c->args = (ExprList){ 0 };
	for (size_t i = 0; i < cast->args.n; i++)
		expr_list_add(a, &c->args, cast_over(a, cast->args.items[i], x));
	c->arg = cast_over(a, cast->arg, x);
	return c;
}

static bool elements(Elements *l, const Expr *array)
{
	const PgType *t = catalog_type(l->cat, array->type);
	size_t first = l->out.n;
	switch (array->kind) {
	case X_CONST:
		return constant_elements(l, array, t ? catalog_type(l->cat, t->elem_oid) : NULL);
	case X_ARRAY:
		for (size_t i = 0; i < array->args.n; i++)
			add(l, array->args.items[i]);
		return !array->multidims;
	case X_RELABEL:
	case X_ARRAY_CAST:
		if (!t || !t->elem_oid || !elements(l, array->args.items[0]))
			return false;
		for (size_t i = first; i < l->out.n; i++) {
			if (array->kind == X_ARRAY_CAST) {
				l->out.items[i] = cast_over(l->a, array->arg, l->out.items[i]);
				continue;
			}
			Expr *x = element(l, X_RELABEL, t->elem_oid, array);
			expr_list_add(l->a, &x->args, l->out.items[i]);
			l->out.items[i] = x;
		}
		return true;
	default:
		return false;
	}
}

const Expr *expr_array_as_list(Arena *a, const Catalog *cat, const Expr *x, bool constants)
{
	Elements l = { .a = a, .cat = cat, .constants = constants };
	add(&l, x->args.items[0]);
	/* Without elements the answer does not depend on the other side, not even on its being NULL. */
	if (!elements(&l, x->args.items[1]) || l.out.n == 1)
		return NULL;
	Expr *list = arena_dup(a, x, sizeof *x);
	list->kind = X_IN_LIST;
	list->args = l.out;
	return list;
}
