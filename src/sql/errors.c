/* Errors with a position, and the smallest constructors of expressions. */
#include "sql/expr.h"

#include <stdarg.h>
#include <stdio.h>

int char_position(Str source, int byte_offset)
{
	if (byte_offset < 0 || (size_t)byte_offset > source.n)
		return 0;
	return (int)utf8_length(source.p, (size_t)byte_offset) + 1;
}

int an_error(ParseState *ps, int location, const char *sqlstate, const char *fmt, ...)
{
	char msg[sizeof ps->err->message];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	err_set(ps->err, sqlstate, "%s", msg);
	return err_at(ps->err, char_position(ps->source, location));
}

int an_refuse(ParseState *ps, int location, const char *fmt, ...)
{
	char msg[sizeof ps->err->message];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	return err_refuse(ps->err, char_position(ps->source, location), "%s", msg);
}

Expr *expr_new(ParseState *ps, ExprKind kind, uint32_t type, int location)
{
	Expr *e = arena_new_of(ps->a, Expr);
	const PgType *t = type ? type_lookup(ps->env->cat, type) : NULL;

	e->kind = kind;
	e->type = type;
	e->typmod = -1;
	e->collation = t ? t->collation : 0;
	e->location = location;
	return e;
}

Expr *expr_const(ParseState *ps, uint32_t type, Val v)
{
	Expr *e = expr_new(ps, X_CONST, type, -1);

	e->val = v;
	return e;
}

Expr *expr_copy(ParseState *ps, const Expr *e)
{
	return arena_dup(ps->a, e, sizeof *e);
}

bool is_null_const(const Expr *e)
{
	return e->kind == X_CONST && e->val.kind == VAL_NULL;
}

bool is_unknown_param(const Expr *e)
{
	return e->kind == X_PARAM && e->type == T_UNKNOWN;
}

static int leftmost(int x, int y)
{
	return x < 0 ? y : y < 0 || x < y ? x : y;
}

int expr_location(const Expr *e)
{
	int at = e->location;

	if (e->kind == X_VIA_IO || e->kind == X_RELABEL || e->kind == X_TYPMOD || e->kind == X_DOMAIN || e->kind == X_ARRAY_CAST ||
	    e->kind == X_COLLATE || e->kind == X_NULLTEST || e->kind == X_BOOLTEST || e->kind == X_DISTINCT || e->kind == X_NULLIF ||
	    e->kind == X_SUBSCRIPT || e->kind == X_BOOL || e->kind == X_FUNC || e->kind == X_SCALAR_ARRAY || e->kind == X_IN_LIST ||
	    e->kind == X_SUBLINK)
		if (e->args.n > 0)
			at = leftmost(at, expr_location(e->args.items[0]));
	return at;
}

int32_t shared_typmod(const ExprList *l, uint32_t type)
{
	if (l->n == 0)
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i]->type != type || l->items[i]->typmod != l->items[0]->typmod)
			return -1;
	return l->items[0]->typmod;
}
