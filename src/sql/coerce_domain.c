/* Domains in expressions: taken as the type below them by everything that computes, checked where a value becomes one. */
#include "sql/expr.h"

Expr *domain_value(ParseState *ps, Expr *e)
{
	const PgType *t = type_lookup(ps->env->cat, e->type), *base = type_base_of(t);

	if (!t || t->typtype != 'd' || !base)
		return e;
	Expr *r = expr_new(ps, X_RELABEL, base->oid, e->location);
	r->typmod = type_base_typmod(t, -1);
	r->collation = e->collation;
	expr_list_add(ps->a, &r->args, e);
	return r;
}

static Expr *checked(ParseState *ps, Expr *e, const PgType *t, bool deep)
{
	Expr *c = expr_new(ps, X_DOMAIN, t->oid, e->location);

	c->collation = t->collation;
	c->deep = deep;
	expr_list_add(ps->a, &c->args, e);
	return c;
}

Expr *domain_coerce(ParseState *ps, Expr *e, const PgType *domain, CoerceContext ctx, int location)
{
	const PgType *base = type_base_of(domain);
	int32_t typmod = type_base_typmod(domain, -1);

	if (!base)
		return an_refuse(ps, location, "a cast to type %s is not supported in SQLite mode", domain->name), NULL;
	e = coerce_type(ps, e, base->oid, typmod, ctx, location);
	e = e ? coerce_typmod(ps, e, typmod, ctx) : NULL;
	if (!e)
		return NULL;
	Expr *c = checked(ps, e, domain, false);
	c->cast_from = e; /* for a literal, which is shown with the type below; coerce_type puts any other expression here */
	c->cast = ctx == COERCE_EXPLICIT ? 'e' : 'i';
	return c;
}

Expr *domain_check_input(ParseState *ps, Expr *e)
{
	const PgType *t = e ? type_lookup(ps->env->cat, e->type) : NULL;

	return t && t->checked && !is_null_const(e) ? checked(ps, e, t, true) : e;
}
