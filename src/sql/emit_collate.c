/* Collations: which one SQLite compares with. */
#include "sql/emit_internal.h"

#include "pgtype/collation.h"

bool is_icu_collated(const Expr *x)
{
	return x->kind == X_COLLATE && collation_is_icu(x->collation);
}

bool carries_collation(const Expr *x)
{
	return x->kind == X_VAR && x->rte && x->rte->kind == RTE_RELATION && x->rte->rel->kind == REL_TABLE;
}

bool emit_collate(Emitter *e, uint32_t type)
{
	char buf[80];
	const PgType *t = catalog_type(e->cat, type);
	const char *c = t ? type_collation(t, buf, sizeof buf) : NULL;
	if (c) {
		buf_puts(&e->out, " COLLATE ");
		emit_ident(&e->out, c);
	}
	return c;
}

static bool has_inner_collate(const Emitter *e, size_t from)
{
	return memmem(e->out.data + from, e->out.len - from, " COLLATE ", 9) != NULL;
}

/* SQLite hands a COLLATE inside of an expression, even one in a function's argument, on to the whole. */
static void emit_own_collation(Emitter *e, const Expr *x, size_t from)
{
	bool inner = has_inner_collate(e, from);
	if (!emit_collate(e, x->type) && inner)
		buf_puts(&e->out, " COLLATE BINARY");
}

int emit_collated(Emitter *e, const Expr *x)
{
	if (is_icu_collated(x) && (x->type == 25 || x->type == 1043)) {
		if (emit_around(e, "(", x->args.items[0], " COLLATE ") < 0)
			return -1;
		emit_ident(&e->out, arena_printf(e->a, "pgicu_%s", icu_language(x->name, e->a)));
		buf_puts(&e->out, ")");
		return 0;
	}
	size_t from = e->out.len;
	if (emit_expr(e, x) < 0)
		return -1;
	if (!carries_collation(x) || (e->returning && x->rte == e->plain_rte))
		emit_own_collation(e, x, from);
	return 0;
}

int emit_right_side(Emitter *e, const Expr *x)
{
	if (is_icu_collated(x))
		return emit_collated(e, x);
	size_t from = e->out.len;
	if (emit_expr(e, x) < 0)
		return -1;
	if (has_inner_collate(e, from))
		emit_own_collation(e, x, from);
	return 0;
}

/* SQLite takes an explicit COLLATE of either side first, then the left column's collation. */
int emit_compare(Emitter *e, const char *op, const Expr *l, const Expr *r)
{
	buf_puts(&e->out, "(");
	if (emit_collated(e, l) < 0)
		return -1;
	buf_printf(&e->out, " %s ", op);
	if (emit_right_side(e, r) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}
