/* Assigning to a part of a column: SET a[1].f = value, INSERT INTO t (a[1], a[2]). */
#include "sql/expr.h"
#include "sql/query.h"

typedef struct Assign {
	ParseState *ps;
	PgQuery__Node *const *nodes; /* fields and subscripts, from the outside */
	size_t n;
	Expr *value;
	int location;
} Assign;

/* The place that is left of the way to the value. */
typedef struct Place {
	Expr *before; /* what is there */
	uint32_t type;
	int32_t typmod;
	size_t at;	  /* of nodes: the next step */
	const char *name; /* column or field, for messages */
	bool subscripted;
} Place;

static Expr *assign_at(const Assign *as, Place p);

static Expr *final_value(const Assign *as, const Place *p)
{
	ParseState *ps = as->ps;
	Expr *v = as->value;
	if (v->type != T_UNKNOWN && !can_coerce(ps->env->cat, v->type, p->type, COERCE_ASSIGNMENT)) {
		an_error(ps, as->location, "42804",
			 p->subscripted ? "subscripted assignment to \"%s\" requires type %s but expression is of type %s"
					: "subfield \"%s\" is of type %s but expression is of type %s",
			 p->name, type_name(ps, p->type), type_name(ps, v->type));
		return err_hint(ps->err, "You will need to rewrite or cast the expression."), NULL;
	}
	return coerce_to(ps, v, p->type, p->typmod, COERCE_ASSIGNMENT, as->location);
}

static Expr *assign_field(const Assign *as, const Place *p, const PgType *t)
{
	ParseState *ps = as->ps;
	const char *field = as->nodes[p->at]->string->sval;
	bool found = false;
	if (t->typtype != 'c' || !t->fields)
		return an_error(ps, as->location, "42804",
				"cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type", field,
				p->name, type_name(ps, p->type)),
		       NULL;
	Expr *out = expr_new(ps, X_ROW, t->oid, as->location);
	size_t width;
	Column *cols = row_shape(ps, p->before, &width);
	for (size_t i = 0; i < width; i++) {
		const PgField *f = &t->fields[i];
		Expr *e = row_field(ps, p->before, cols, i, as->location);
		if (streq(f->name, field)) {
			found = true;
			e = assign_at(as, (Place){ e, f->type->oid, f->typmod, p->at + 1, f->name, false });
		}
		if (!e)
			return NULL;
		expr_list_add(ps->a, &out->args, e);
	}
	if (!found)
		return an_error(ps, as->location, "42703",
				"cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s", field,
				p->name, type_name(ps, p->type)),
		       NULL;
	return out;
}

/* How many of the next steps are subscripts. */
static size_t count_subscripts(const Assign *as, size_t at, bool *slice)
{
	size_t n = 0;
	*slice = false;
	for (; at + n < as->n && as->nodes[at + n]->node_case == PG_QUERY__NODE__NODE_A_INDICES; n++)
		*slice = *slice || as->nodes[at + n]->a_indices->is_slice;
	return n;
}

static Expr *assign_element(const Assign *as, const Place *p, const PgType *t)
{
	ParseState *ps = as->ps;
	bool slice;
	size_t n = count_subscripts(as, p->at, &slice);
	if (!t->elem && t->elem_oid)
		return an_refuse(ps, as->location, "assigning to an element of type %s", type_name(ps, p->type)), NULL;
	if (!t->elem)
		return an_error(ps, as->location, "42804", "cannot subscript type %s because it does not support subscripting",
				type_name(ps, p->type)),
		       NULL;
	Expr *old = an_subscripts(ps, p->before, as->nodes + p->at, n);
	if (!old)
		return NULL;
	Expr *e = expr_new(ps, X_ASSIGN_PART, t->oid, as->location);
	expr_list_add(ps->a, &e->args, p->before);
	e->args2 = old->args2;
	e->args3 = old->args3;
	e->typmod = p->typmod;
	e->collation = t->collation;
	e->arg = assign_at(as, (Place){ old, slice ? t->oid : t->elem->oid, p->typmod, p->at + n, p->name, true });
	return e->arg ? e : NULL;
}

static Expr *assign_jsonb(const Assign *as, const Place *p)
{
	ParseState *ps = as->ps;
	Expr *v = as->value;
	if (v->type != T_UNKNOWN && !can_coerce(ps->env->cat, v->type, T_JSONB, COERCE_ASSIGNMENT)) {
		an_error(ps, expr_location(v), "42804", "subscripted assignment to \"%s\" requires type jsonb but expression is of type %s",
			 p->name, type_name(ps, v->type));
		return err_hint(ps->err, "You will need to rewrite or cast the expression."), NULL;
	}
	v = coerce_type(ps, v, T_JSONB, -1, COERCE_ASSIGNMENT, -1);
	return v ? jsonb_assign(ps, p->before, as->nodes + p->at, as->n - p->at, v, as->location) : NULL;
}

/* A value that an earlier assignment made is taken before it was checked: the rules hold for all of them together. */
static Expr *below_domain(ParseState *ps, Expr *e)
{
	return e->kind == X_DOMAIN && !e->deep ? e->args.items[0] : domain_value(ps, e);
}

static Expr *assign_at(const Assign *as, Place p)
{
	ParseState *ps = as->ps;
	const PgType *t = type_lookup(ps->env->cat, p.type), *base = type_base_of(t);
	if (p.at == as->n)
		return final_value(as, &p);
	p.before = below_domain(ps, p.before);
	p.typmod = type_base_typmod(t, p.typmod);
	bool field = as->nodes[p.at]->node_case == PG_QUERY__NODE__NODE_STRING;
	Expr *e = field ? assign_field(as, &p, base) : base->oid == T_JSONB ? assign_jsonb(as, &p) : assign_element(as, &p, base);
	return !e || base == t ? e : domain_coerce(ps, e, t, COERCE_ASSIGNMENT, as->location);
}

Expr *assign_part(ParseState *ps, Expr *before, const CatColumn *col, const PgQuery__ResTarget *rt, Expr *value)
{
	Assign as = { ps, rt->indirection, rt->n_indirection, value, rt->location };
	if (!before)
		before = expr_const(ps, type_base_of(col->type)->oid, val_null());
	for (size_t i = 0; i < as.n; i++)
		if (as.nodes[i]->node_case == PG_QUERY__NODE__NODE_A_STAR)
			return an_error(ps, rt->location, "0A000", "row expansion via \"*\" is not supported here"), NULL;
	return assign_at(&as, (Place){ before, col->type->oid, col->typmod, 0, col->name, false });
}
