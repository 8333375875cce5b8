/* Which casts exist, and applying them: PostgreSQL's parse_coerce rules. */
#include "sql/expr.h"

static bool is_composite(const Catalog *cat, uint32_t oid)
{
	const PgType *t = type_base_of(type_lookup(cat, oid));

	return t && t->typtype == 'c';
}

static bool context_allows(char castcontext, CoerceContext ctx)
{
	return castcontext == 'i' || (castcontext == 'a' && ctx >= COERCE_ASSIGNMENT) || ctx == COERCE_EXPLICIT;
}

static CoercePath implied_path(const Catalog *cat, uint32_t from, uint32_t to, CoerceContext ctx)
{
	uint32_t to_elem = type_element(cat, to), from_elem = type_element(cat, from);
	const PgProc *func;
	bool preferred;

	if (to != T_OIDVECTOR && to != T_INT2VECTOR && to_elem && from_elem &&
	    coercion_path(cat, from_elem, to_elem, ctx, &func) != PATH_NONE)
		return PATH_ARRAY;
	if (ctx >= COERCE_ASSIGNMENT && type_category(cat, to, &preferred) == 'S')
		return PATH_VIA_IO;
	if (ctx >= COERCE_EXPLICIT && type_category(cat, from, &preferred) == 'S')
		return PATH_VIA_IO;
	return PATH_NONE;
}

CoercePath coercion_path(const Catalog *cat, uint32_t from, uint32_t to, CoerceContext ctx, const PgProc **func)
{
	*func = NULL;
	from = type_base(cat, from);
	to = type_base(cat, to);
	if (from == to)
		return PATH_RELABEL;
	const PgCast *c = catalog_cast(cat, from, to);
	if (!c)
		return implied_path(cat, from, to, ctx);
	if (!context_allows(c->context, ctx))
		return PATH_NONE;
	if (c->method == 'f') {
		*func = catalog_proc(cat, c->func);
		return PATH_FUNC;
	}
	return c->method == 'i' ? PATH_VIA_IO : PATH_RELABEL;
}

bool is_binary_coercible(const Catalog *cat, uint32_t from, uint32_t to)
{
	const PgType *t = type_base_of(type_lookup(cat, from));

	if (from == to || to == T_ANY || to == T_ANYELEMENT || to == T_ANYCOMPATIBLE)
		return true;
	from = type_base(cat, from);
	if (from == to)
		return true;
	if (to == T_ANYARRAY || to == T_ANYCOMPATIBLEARRAY)
		return type_element(cat, from) != 0;
	if (to == T_ANYNONARRAY || to == T_ANYCOMPATIBLENONARRAY)
		return type_element(cat, from) == 0;
	if (to == T_ANYENUM)
		return t && t->typtype == 'e';
	if (to == T_ANYRANGE || to == T_ANYCOMPATIBLERANGE)
		return t && t->typtype == 'r';
	if (to == T_ANYMULTIRANGE || to == T_ANYCOMPATIBLEMULTIRANGE)
		return t && t->typtype == 'm';
	if (to == T_RECORD)
		return is_composite(cat, from);
	if (to == T_RECORD_ARRAY)
		return is_composite(cat, type_element(cat, from));
	const PgCast *c = catalog_cast(cat, from, to);
	return c && c->method == 'b' && c->context == 'i';
}

static bool can_coerce_one(const Catalog *cat, uint32_t from, uint32_t to, CoerceContext ctx)
{
	const PgProc *func;

	if (from == to || to == T_ANY || from == T_UNKNOWN || is_polymorphic(to))
		return true;
	if (coercion_path(cat, from, to, ctx, &func) != PATH_NONE)
		return true;
	if (ctx == COERCE_EXPLICIT && is_range_to_multirange(cat, from, to))
		return true;
	if ((from == T_RECORD && is_composite(cat, to)) || (to == T_RECORD && is_composite(cat, from)))
		return true;
	return to == T_RECORD_ARRAY && is_composite(cat, type_element(cat, from));
}

bool can_coerce_args(const Catalog *cat, const uint32_t *from, const uint32_t *to, size_t n, CoerceContext ctx)
{
	bool poly = false;

	for (size_t i = 0; i < n; i++) {
		if (!can_coerce_one(cat, from[i], to[i], ctx))
			return false;
		poly = poly || is_polymorphic(to[i]);
	}
	return !poly || polymorphic_ok(cat, from, to, n);
}

bool can_coerce(const Catalog *cat, uint32_t from, uint32_t to, CoerceContext ctx)
{
	return from == to || can_coerce_args(cat, &from, &to, 1, ctx);
}

static Expr *wrap(ParseState *ps, ExprKind kind, Expr *e, uint32_t type)
{
	Expr *w = expr_new(ps, kind, type, e->location);

	expr_list_add(ps->a, &w->args, e);
	return w;
}

/* A parameter that has no type yet takes the one it is coerced to; every use must agree. */
static Expr *type_param(ParseState *ps, Expr *e, uint32_t type)
{
	uint32_t *have = &ps->params->types[e->param - 1];

	if (*have == 0 || *have == T_UNKNOWN) {
		*have = type;
	} else if (*have != type) {
		an_error(ps, e->location, "42P08", "inconsistent types deduced for parameter $%d", e->param);
		err_detail(ps->err, "%s versus %s", type_name(ps, *have), type_name(ps, type));
		return NULL;
	}
	Expr *p = expr_new(ps, X_PARAM, type, e->location);
	p->param = e->param;
	return domain_check_input(ps, p);
}

static bool is_reg(uint32_t t)
{
	return t == T_REGCLASS || t == T_REGTYPE || t == T_REGPROC || t == T_REGNAMESPACE || t == T_REGROLE || t == T_REGPROCEDURE ||
	       t == T_REGOPER || t == T_REGOPERATOR || t == T_REGCONFIG || t == T_REGDICTIONARY || t == T_REGCOLLATION;
}

/* The reg types' text form needs the catalog: their input and output functions are called by name. */
static Expr *reg_call(ParseState *ps, Expr *e, uint32_t type, const char *func, int location)
{
	size_t n;
	Expr *f = expr_new(ps, X_FUNC, type, location);

	f->proc = pgproc_named(func, &n);
	if (!f->proc)
		return an_refuse(ps, location, "a cast by function %s is not supported in SQLite mode", func), NULL;
	expr_list_add(ps->a, &f->args, e);
	return f;
}

static Expr *via_io(ParseState *ps, Expr *e, uint32_t type, int location)
{
	const PgType *from = type_lookup(ps->env->cat, e->type), *to = type_lookup(ps->env->cat, type);

	if (is_reg(type)) {
		Expr *text = e->type == T_TEXT ? e : wrap(ps, X_VIA_IO, e, T_TEXT);
		return reg_call(ps, text, type, to->input, location);
	}
	if (is_reg(e->type)) {
		Expr *text = reg_call(ps, e, T_TEXT, from->output, location);
		return !text || type == T_TEXT ? text : wrap(ps, X_VIA_IO, text, type);
	}
	return wrap(ps, X_VIA_IO, e, type);
}

/* Binary coercible in PostgreSQL; between int4 and OIDs the emitter changes the sign. */
static Expr *relabel(ParseState *ps, Expr *e, uint32_t type, CoerceContext ctx)
{
	/* What is only compared or computed with may stay a cidr: an index on it is of use then. */
	return wrap(ps, type == T_INET && ctx != COERCE_IMPLICIT ? X_VIA_IO : X_RELABEL, e, type);
}

/* Cast functions may also want the typmod and whether the cast is explicit. */
static Expr *cast_call(ParseState *ps, const PgProc *func, Expr *e, uint32_t type, int32_t typmod, CoerceContext ctx)
{
	Expr *f = wrap(ps, X_FUNC, e, type);

	if (func->volatility == 'v')
		*ps->volatile_fn = true;
	f->proc = func;
	if (e->type != func->args[0] && e->type != type && func->args[0] != T_ANY) {
		Expr *arg = wrap(ps, X_RELABEL, e, func->args[0]);
		f->args.items[0] = arg;
	}
	if (func->nargs >= 2)
		expr_list_add(ps->a, &f->args, expr_const(ps, T_INT4, val_int(typmod)));
	if (func->nargs >= 3)
		expr_list_add(ps->a, &f->args, expr_const(ps, T_BOOL, val_int(ctx == COERCE_EXPLICIT)));
	return f;
}

static Expr *array_cast(ParseState *ps, Expr *e, uint32_t type, int32_t typmod, CoerceContext ctx)
{
	const PgProc *func;
	uint32_t from = type_element(ps->env->cat, e->type), elem_type = type_element(ps->env->cat, type), to;

	/* The elements become what is below the domain, then they are checked all at once, the NULLs with them. */
	to = type_base(ps->env->cat, elem_type);
	if (to != elem_type) {
		typmod = type_base_typmod(type_lookup(ps->env->cat, elem_type), typmod);
		from = type_base(ps->env->cat, from);
	}
	bool shorter = to != elem_type && typmod >= 0;
	if (!shorter && (from == to || coercion_path(ps->env->cat, from, to, ctx, &func) == PATH_RELABEL) &&
	    (from == to || (from != T_INT4 && to != T_INT4)))
		return domain_check_input(ps, wrap(ps, X_RELABEL, e, type));
	Expr *elem = expr_new(ps, X_PARAM, from, e->location);
	elem->param = 1;
	Expr *c = wrap(ps, X_ARRAY_CAST, e, type);
	c->typmod = typmod;
	c->arg = coerce_to(ps, elem, to, typmod, ctx, e->location);
	return c->arg ? domain_check_input(ps, c) : NULL;
}

/* An unknown literal, or a parameter of unknown type, becomes what is wanted. */
static Expr *coerce_unknown(ParseState *ps, Expr *e, uint32_t type, int32_t typmod, int location)
{
	const PgType *t = type_lookup(ps->env->cat, type);

	if (e->kind == X_PARAM)
		return type_param(ps, e, type);
	if (e->kind != X_CONST)
		return domain_check_input(ps, via_io(ps, wrap(ps, X_RELABEL, e, T_TEXT), type, location));
	if (is_null_const(e)) {
		Expr *c = expr_copy(ps, e);
		c->type = type;
		c->collation = t ? t->collation : 0;
		return c;
	}
	return domain_check_input(ps, const_of_type(ps, e, t, type == T_INTERVAL ? typmod : -1));
}

/* Remembers what was cast, for showing the expression as PostgreSQL does. An unknown literal becomes a constant without a cast. */
static Expr *note_cast(Expr *cast, const Expr *from, CoerceContext ctx)
{
	if (cast && cast != from && from->type != T_UNKNOWN) {
		cast->cast_from = from;
		cast->cast = ctx == COERCE_EXPLICIT ? 'e' : 'i';
	}
	return cast;
}

static Expr *convert(ParseState *ps, Expr *e, uint32_t type, int32_t typmod, CoerceContext ctx, int location)
{
	const PgType *t = type_lookup(ps->env->cat, type);
	const PgProc *func;

	if (e->type == type || type == T_ANY || is_polymorphic(type))
		return e;
	if (!t)
		return an_error(ps, location, "42704", "type with OID %u does not exist", type), NULL;
	if (t->typtype == 'd' && !(e->kind == X_PARAM && e->type == T_UNKNOWN))
		return domain_coerce(ps, e, t, ctx, location);
	e = domain_value(ps, e);
	if (e->type == type)
		return e;
	if (e->type == T_UNKNOWN)
		return coerce_unknown(ps, e, type, typmod, location);
	if (e->kind == X_CONST && type != T_RECORD && type != T_RECORD_ARRAY) {
		Expr *folded = fold_cast(ps, e, type);
		if (folded)
			return folded;
	}
	if (t->typtype == 'c' && t->fields && e->kind == X_ROW && e->type == T_RECORD)
		return row_to_type(ps, e, t, ctx, location);
	if (is_range_to_multirange(ps->env->cat, e->type, type))
		return range_to_multirange(ps, e, t, location);
	switch (coercion_path(ps->env->cat, e->type, type, ctx, &func)) {
	case PATH_RELABEL:
		return relabel(ps, e, type, ctx);
	case PATH_FUNC:
		return cast_call(ps, func, e, type, typmod, ctx);
	case PATH_VIA_IO:
		return domain_check_input(ps, via_io(ps, e, type, location));
	case PATH_ARRAY:
		return array_cast(ps, e, type, typmod, ctx);
	case PATH_NONE:
		break;
	}
	if (type == T_RECORD || type == T_RECORD_ARRAY)
		return e; /* keeps its own type, which says what its columns are */
	if (e->type == T_RECORD)
		return an_error(ps, location, "42846", "cannot cast type record to %s", type_name(ps, type)), NULL;
	return an_refuse(ps, location, "a cast from type %s to %s is not supported in SQLite mode", type_name(ps, e->type),
			 type_name(ps, type)),
	       NULL;
}

Expr *coerce_type(ParseState *ps, Expr *e, uint32_t type, int32_t typmod, CoerceContext ctx, int location)
{
	return note_cast(convert(ps, e, type, typmod, ctx, location), e, ctx);
}

static bool takes_typmod(const Catalog *cat, uint32_t type)
{
	uint32_t elem = type_element(cat, type);

	switch (elem ? elem : type) {
	case T_BPCHAR:
	case T_VARCHAR:
	case T_BIT:
	case T_VARBIT:
	case T_NUMERIC:
	case T_TIME:
	case T_TIMETZ:
	case T_TIMESTAMP:
	case T_TIMESTAMPTZ:
	case T_INTERVAL:
		return true;
	default: {
		const PgType *t = type_lookup(cat, elem ? elem : type);
		return t && type_has_own_typmod(t);
	}
	}
}

static Expr *with_typmod(ParseState *ps, Expr *e, int32_t typmod, CoerceContext ctx)
{
	if (typmod < 0 || typmod == e->typmod)
		return e;
	if (!takes_typmod(ps->env->cat, e->type))
		return e;
	if (e->kind == X_CONST) {
		Expr *c = expr_copy(ps, e);
		Error scratch;
		c->typmod = typmod;
		const PgType *t = type_lookup(ps->env->cat, e->type);
		if (is_null_const(e) || type_apply_typmod(t, typmod, ctx == COERCE_EXPLICIT, &e->val, ps->a, &c->val, &scratch) == 0)
			return c;
	}
	Expr *w = wrap(ps, X_TYPMOD, e, e->type);
	w->collation = e->collation;
	w->typmod = typmod;
	w->is_explicit = ctx == COERCE_EXPLICIT;
	return w;
}

Expr *coerce_typmod(ParseState *ps, Expr *e, int32_t typmod, CoerceContext ctx)
{
	return note_cast(with_typmod(ps, e, typmod, ctx), e, ctx);
}

Expr *coerce_to(ParseState *ps, Expr *e, uint32_t type, int32_t typmod, CoerceContext ctx, int location)
{
	if (!can_coerce(ps->env->cat, e->type, type, ctx)) {
		const char *from = type_name(ps, e->type), *to = type_name(ps, type);
		int at = location >= 0 ? location : expr_location(e);
		if (ctx == COERCE_EXPLICIT)
			an_error(ps, at, "42846", "cannot cast type %s to %s", from, to);
		else
			an_error(ps, at, "42804", "expression is of type %s but type %s is needed", from, to);
		return NULL;
	}
	Expr *r = coerce_type(ps, e, type, typmod, ctx, location);
	return r ? coerce_typmod(ps, r, typmod, ctx) : NULL;
}

Expr *coerce_unknown_to_text(ParseState *ps, Expr *e)
{
	return e->type == T_UNKNOWN ? coerce_type(ps, e, T_TEXT, -1, COERCE_IMPLICIT, -1) : e;
}

Expr *coerce_to_boolean(ParseState *ps, Expr *e, const char *construct)
{
	if (!can_coerce(ps->env->cat, e->type, T_BOOL, COERCE_ASSIGNMENT)) {
		an_error(ps, expr_location(e), "42804", "argument of %s must be type boolean, not type %s", construct,
			 type_name(ps, e->type));
		return NULL;
	}
	return forbid_set(ps, e, construct) ? NULL : coerce_type(ps, e, T_BOOL, -1, COERCE_ASSIGNMENT, -1);
}

Expr *coerce_to_int8(ParseState *ps, Expr *e, const char *construct)
{
	if (!can_coerce(ps->env->cat, e->type, T_INT8, COERCE_ASSIGNMENT)) {
		an_error(ps, expr_location(e), "42804", "argument of %s must be type bigint, not type %s", construct,
			 type_name(ps, e->type));
		return NULL;
	}
	return coerce_type(ps, e, T_INT8, -1, COERCE_ASSIGNMENT, -1);
}
