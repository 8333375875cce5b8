/* Constants, parameters, casts, CASE, CURRENT_DATE and kin, COLLATE. */
#include "sql/expr.h"
#include "sql/vars.h"

#include "pgtype/collation.h"

#include "pgtype/bits.h"

#include <ctype.h>

static Expr *number(ParseState *ps, const char *text, int location)
{
	bool negative = text[0] == '-';
	const char *digits = text + negative;
	size_t n = strlen(digits);
	uint64_t v = 0;
	bool whole = n > 0 && n <= 19;

	for (size_t i = 0; i < n && whole; i++) {
		whole = isdigit((unsigned char)digits[i]);
		v = v * 10 + (uint64_t)(digits[i] - '0');
	}
	Expr *e = expr_new(ps, X_CONST, T_INT8, location);
	if (whole && v <= (uint64_t)INT64_MAX + negative) {
		e->val = val_int(negative ? (int64_t)-v : (int64_t)v);
		if (e->val.i >= INT32_MIN && e->val.i <= INT32_MAX)
			e->type = T_INT4; /* -2147483648: its digits alone are too many */
		return e;
	}
	e->type = T_NUMERIC;
	if (type_in(pgtype_builtin(T_NUMERIC), -1, str_of(text), ps->env->types, ps->a, &e->val, ps->err)) {
		err_at(ps->err, char_position(ps->source, location));
		return NULL;
	}
	if (e->val.kind == VAL_TEXT)
		e->val.s = (Str){ arena_strndup(ps->a, e->val.s.p, e->val.s.n), e->val.s.n };
	return e;
}

/* b'101' or x'1F', as the lexer leaves it: the letter, then the digits. */
static Expr *bit_string(ParseState *ps, const char *text, int location)
{
	Buf b = { 0 };

	if (bits_parse(str_of(text), &b, ps->err)) {
		buf_free(&b);
		return err_at(ps->err, char_position(ps->source, location)), NULL;
	}
	Expr *e = expr_new(ps, X_CONST, T_BIT, location);
	e->val = val_text((Str){ arena_strndup(ps->a, b.len ? (char *)b.data : "", b.len), b.len });
	buf_free(&b);
	return e;
}

Expr *an_const(ParseState *ps, const PgQuery__AConst *c)
{
	Expr *e = expr_new(ps, X_CONST, T_UNKNOWN, c->location);

	if (c->isnull) {
		e->val = val_null();
		return e;
	}
	switch (c->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		e->type = T_INT4;
		e->val = val_int(c->ival->ival);
		return e;
	case PG_QUERY__A__CONST__VAL_FVAL:
		return number(ps, c->fval->fval, c->location);
	case PG_QUERY__A__CONST__VAL_BOOLVAL:
		e->type = T_BOOL;
		e->val = val_int(c->boolval->boolval ? 1 : 0);
		return e;
	case PG_QUERY__A__CONST__VAL_SVAL:
		e->val = val_text(str_of(arena_strdup(ps->a, c->sval->sval)));
		return e;
	case PG_QUERY__A__CONST__VAL_BSVAL:
		return bit_string(ps, c->bsval->bsval, c->location);
	default:
		return an_refuse(ps, c->location, "this kind of constant is not supported in SQLite mode"), NULL;
	}
}

Expr *an_param(ParseState *ps, const PgQuery__ParamRef *r)
{
	ParamTypes *p = ps->params;

	if (ps->vars && ps->vars->nparams)
		return vars_param(ps, r->number, r->location);
	if (r->number <= 0 || r->number > UINT16_MAX || (ps->env->fixed_params && (size_t)r->number > p->n))
		return an_error(ps, r->location, "42P02", "there is no parameter $%d", r->number), NULL;
	size_t n = (size_t)r->number;
	if (n > p->cap) {
		uint32_t *types = arena_array(ps->a, uint32_t, n * 2);
		if (p->n)
			memcpy(types, p->types, p->n * sizeof *types);
		p->types = types;
		p->cap = n * 2;
	}
	if (n > p->n)
		p->n = n;
	uint32_t type = p->types[n - 1];
	Expr *e = expr_new(ps, X_PARAM, type ? type : T_UNKNOWN, r->location);
	e->param = r->number;
	return domain_check_input(ps, e);
}

Expr *an_type_cast(ParseState *ps, const PgQuery__TypeCast *c)
{
	int32_t typmod = -1;
	const PgType *t = an_typename(ps, c->type_name, &typmod);
	Expr *arg;

	if (!t)
		return NULL;
	uint32_t elem = type_element(ps->env->cat, t->oid);
	if (c->arg->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR && elem)
		arg = an_array(ps, c->arg->a_array_expr, type_base(ps->env->cat, t->oid), elem, type_base_typmod(t, typmod));
	else
		arg = an_expr(ps, c->arg, ps->place);
	if (!arg)
		return NULL;
	return coerce_to(ps, arg, t->oid, typmod, COERCE_EXPLICIT, c->location);
}

typedef struct CaseTest {
	bool once; /* it is volatile, or holds a CASE itself */
	bool own;  /* it calls a function of the user's */
} CaseTest;

static bool note_calls(Expr *x, void *arg)
{
	CaseTest *t = arg;
	if (x->kind == X_FUNC && x->proc) {
		t->once |= x->proc->volatility == 'v';
		t->own |= x->proc->oid >= FIRST_USER_OID;
	}
	t->once |= x->kind == X_CASE;
	return true;
}

/* The condition of one WHEN: with a test value it is an equality, and the value is written into each. */
static Expr *case_condition(ParseState *ps, Expr *test, const PgQuery__CaseWhen *w)
{
	Expr *e = an_expr(ps, w->expr, ps->place);

	if (e && test)
		e = make_op(ps, "=", NULL, test, e, w->location);
	return e ? coerce_to_boolean(ps, e, "CASE/WHEN") : NULL;
}

/* *test is what the conditions compare with: the value itself, or X_CASE_TEST when it is in `arg`. */
static int case_test(ParseState *ps, const PgQuery__CaseExpr *x, Expr **test, Expr **arg)
{
	CaseTest t = { 0 };

	*test = NULL;
	if (!x->arg)
		return 0;
	Expr *e = an_expr(ps, x->arg, ps->place);
	*test = e ? coerce_unknown_to_text(ps, e) : NULL;
	if (!*test)
		return -1;
	expr_walk(*test, note_calls, &t);
	if (!t.once)
		return 0;
	if (t.own && x->n_args > 1)
		return an_refuse(ps, x->location, "CASE over a volatile function of this kind is not supported in SQLite mode");
	*arg = *test;
	*test = expr_new(ps, X_CASE_TEST, (*arg)->type, (*arg)->location);
	(*test)->typmod = (*arg)->typmod;
	(*test)->collation = (*arg)->collation;
	return 0;
}

Expr *an_case(ParseState *ps, const PgQuery__CaseExpr *x)
{
	Expr *e = expr_new(ps, X_CASE, T_UNKNOWN, x->location), *test;
	ExprList results = { 0 };

	if (case_test(ps, x, &test, &e->arg))
		return NULL;
	Expr *other = x->defresult ? NULL : expr_new(ps, X_CONST, T_UNKNOWN, -1);
	expr_list_add(ps->a, &results, other);
	for (size_t i = 0; i < x->n_args; i++) {
		const PgQuery__CaseWhen *w = x->args[i]->case_when;
		Expr *cond = case_condition(ps, test, w), *result = cond ? an_expr(ps, w->result, ps->place) : NULL;
		if (!result)
			return NULL;
		expr_list_add(ps->a, &e->args, cond);
		expr_list_add(ps->a, &e->args, result);
		expr_list_add(ps->a, &results, result);
	}
	if (x->defresult && !(results.items[0] = an_expr(ps, x->defresult, ps->place)))
		return NULL;
	uint32_t type = common_type(ps, results.items, results.n, "CASE", -1);
	if (!type)
		return NULL;
	for (size_t i = 0; i < results.n; i++) {
		Expr *r = coerce_to_common(ps, results.items[i], type, i ? "CASE/WHEN" : "CASE/ELSE");
		if (!r)
			return NULL;
		results.items[i] = r;
		if (i > 0)
			e->args.items[2 * i - 1] = r;
	}
	const PgType *t = type_lookup(ps->env->cat, type);
	e->defresult = results.items[0];
	if (refuse_srf(ps, e, "set-returning functions are not allowed in CASE"))
		return NULL;
	e->type = type;
	e->collation = t ? t->collation : 0;
	e->typmod = shared_typmod(&results, type);
	return e;
}

Expr *an_sqlvalue(ParseState *ps, const PgQuery__SQLValueFunction *f)
{
	static const struct {
		const char *name;
		uint32_t type;
	} values[] = {
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE] = { "CURRENT_DATE", T_DATE },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME] = { "CURRENT_TIME", T_TIMETZ },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N] = { "CURRENT_TIME", T_TIMETZ },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP] = { "CURRENT_TIMESTAMP", T_TIMESTAMPTZ },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N] = { "CURRENT_TIMESTAMP", T_TIMESTAMPTZ },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME] = { "LOCALTIME", T_TIME },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N] = { "LOCALTIME", T_TIME },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP] = { "LOCALTIMESTAMP", T_TIMESTAMP },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N] = { "LOCALTIMESTAMP", T_TIMESTAMP },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE] = { "CURRENT_ROLE", T_NAME },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER] = { "CURRENT_USER", T_NAME },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER] = { "USER", T_NAME },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER] = { "SESSION_USER", T_NAME },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG] = { "CURRENT_CATALOG", T_NAME },
		[PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA] = { "CURRENT_SCHEMA", T_NAME },
	};
	size_t op = (size_t)f->op;

	if (op >= ARRAY_LEN(values) || !values[op].name)
		return an_refuse(ps, f->location, "this value function is not supported in SQLite mode"), NULL;
	Expr *e = expr_new(ps, X_SQLVALUE, values[op].type, f->location);
	e->name = values[op].name;
	switch (f->op) {
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N:
	case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N:
		e->typmod = f->typmod > 6 ? 6 : f->typmod;
		break;
	default:
		break;
	}
	return e;
}

Expr *an_collate(ParseState *ps, const PgQuery__CollateClause *c)
{
	Expr *arg = an_expr(ps, c->arg, ps->place);
	const char *name = c->n_collname ? c->collname[c->n_collname - 1]->string->sval : "";
	const char *schema = c->n_collname == 2 ? c->collname[0]->string->sval : "pg_catalog";

	arg = arg ? coerce_unknown_to_text(ps, arg) : NULL;
	if (!arg)
		return NULL;
	const PgType *t = type_lookup(ps->env->cat, arg->type);
	if (!t || !t->collation)
		return an_error(ps, c->location, "42804", "collations are not supported by type %s", type_name(ps, arg->type)), NULL;
	if (!streq(schema, "pg_catalog") && ps->env->cat && !catalog_schema(ps->env->cat, schema))
		return an_error(ps, c->location, "3F000", "schema \"%s\" does not exist", schema), NULL;
	uint32_t oid = streq(schema, "pg_catalog") ? collation_named(name) : 0;
	if (!oid)
		return an_error(ps, c->location, "42704", "collation \"%s\" for encoding \"UTF8\" does not exist",
				c->n_collname == 2 ? arena_printf(ps->a, "%s.%s", schema, name) : name),
		       NULL;
	Expr *e = expr_new(ps, X_COLLATE, arg->type, c->location);
	e->name = arena_strdup(ps->a, name);
	e->collation = oid;
	e->typmod = arg->typmod;
	expr_list_add(ps->a, &e->args, arg);
	return e;
}
