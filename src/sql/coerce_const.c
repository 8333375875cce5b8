/* Constants: literals read by their type's input function, and casts that can be done at once. */
#include "sql/expr.h"

static bool reg_type(uint32_t oid)
{
	return oid == T_REGCLASS || oid == T_REGTYPE || oid == T_REGPROC || oid == T_REGNAMESPACE || oid == T_REGPROCEDURE ||
	       oid == T_REGOPER || oid == T_REGOPERATOR || oid == T_REGCOLLATION || oid == T_REGCONFIG || oid == T_REGDICTIONARY;
}

/* 'now' and its like depend on when the statement runs; a plan may outlive that, so they are read at run time. */
static bool moves_with_time(const PgType *t, Str text)
{
	static const char *const words[] = { "now", "today", "tomorrow", "yesterday" };
	Str s = str_trim(text);

	if (t->oid != T_DATE && t->oid != T_TIME && t->oid != T_TIMETZ && t->oid != T_TIMESTAMP && t->oid != T_TIMESTAMPTZ)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);
		if (s.n >= n && str_iis((Str){ s.p, n }, words[i]))
			return true;
	}
	return false;
}

static Expr *run_time_input(ParseState *ps, const Expr *literal, const PgType *t)
{
	Expr *text = expr_copy(ps, literal), *e = expr_new(ps, X_VIA_IO, t->oid, literal->location);

	text->type = T_TEXT;
	expr_list_add(ps->a, &e->args, text);
	return e;
}

Expr *const_of_type(ParseState *ps, const Expr *literal, const PgType *t, int32_t typmod)
{
	Expr *c = expr_new(ps, X_CONST, t->oid, literal->location);
	uint32_t oid;

	if (reg_type(t->oid)) {
		if (reg_lookup(ps, t->oid, literal->val.s, literal->location, &oid))
			return NULL;
		c->val = val_int(oid);
		return c;
	}
	if (t->oid == T_REGROLE) {
		size_t n;
		Expr *f = expr_new(ps, X_FUNC, t->oid, literal->location), *text = expr_copy(ps, literal);
		text->type = T_TEXT;
		f->proc = pgproc_named("regrolein", &n);
		expr_list_add(ps->a, &f->args, text);
		return f;
	}
	if (t->oid == T_RECORD || (t->typtype == 'c' && !t->fields) || (t->typtype == 'p' && t->oid != T_CSTRING))
		return an_refuse(ps, literal->location, "constants of type %s are not supported in SQLite mode", t->name), NULL;
	if (t->oid == T_PG_NODE_TREE)
		return an_error(ps, literal->location, "0A000", "cannot accept a value of type %s", t->name), NULL;
	if (t->oid == T_TEXT || t->oid == T_CSTRING) {
		c->val = literal->val;
		return c;
	}
	if (moves_with_time(t, literal->val.s))
		return run_time_input(ps, literal, t);
	if (!type_is_supported(t))
		return an_refuse(ps, literal->location, "type %s is not supported in SQLite mode", t->name), NULL;
	if (type_in(t, typmod, literal->val.s, ps->env->types, ps->a, &c->val, ps->err)) {
		err_at(ps->err, char_position(ps->source, literal->location));
		return NULL;
	}
	return c;
}

static bool is_integer(uint32_t t)
{
	return t == T_INT2 || t == T_INT4 || t == T_INT8;
}

Expr *fold_cast(ParseState *ps, const Expr *c, uint32_t type)
{
	Expr *r = expr_copy(ps, c);
	const PgType *t = type_lookup(ps->env->cat, type);

	r->type = type;
	r->typmod = -1;
	r->collation = t->collation;
	if (is_null_const(c))
		return r;
	if (is_integer(c->type) && c->val.kind == VAL_INT) {
		if (type == T_INT8 || (type == T_INT4 && c->type == T_INT2))
			return r;
		if (type == T_INT2 && c->val.i >= INT16_MIN && c->val.i <= INT16_MAX)
			return r;
		if (type == T_OID && c->val.i >= 0 && c->val.i <= UINT32_MAX)
			return r;
		if (type == T_NUMERIC) {
			r->val = val_text(str_of(arena_printf(ps->a, "%lld", (long long)c->val.i)));
			return r;
		}
		if (type == T_FLOAT8 && c->val.i >= -(1LL << 53) && c->val.i <= 1LL << 53) {
			r->val = val_real((double)c->val.i);
			return r;
		}
	}
	if ((c->type == T_TEXT && (type == T_VARCHAR)) || (c->type == T_VARCHAR && type == T_TEXT) || (c->type == T_NAME && type == T_TEXT))
		return r;
	return NULL;
}
