/* Variables of programs. See vars.h. */
#include "sql/vars.h"

#include "sql/expr.h"
#include "sql/fields.h"
#include "sql/plan_internal.h"

static Expr *param_of(ParseState *ps, int index, int location)
{
	SqlVar *v = &ps->vars->vars[index];
	Expr *e = expr_new(ps, X_PARAM, v->type, location);
	e->typmod = v->typmod;
	e->param = index + 1;
	v->used = true;
	return e;
}

static bool is_row(ParseState *ps, const SqlVar *v)
{
	const PgType *t = type_lookup(ps->env->cat, v->type);
	return v->type == T_RECORD || (t && t->typtype == 'c');
}

static int field_of(ParseState *ps, int index, const char *var, const char *name, int location, Expr **out)
{
	const SqlVar *v = &ps->vars->vars[index];
	Expr *row = param_of(ps, index, location);
	size_t n = 0;
	if (v->unassigned) {
		an_error(ps, -1, "55000", "record \"%s\" is not assigned yet", var);
		return err_detail(ps->err, "The tuple structure of a not-yet-assigned record is indeterminate.");
	}
	Column *cols = row_shape(ps, row, &n);
	for (size_t i = 0; i < n; i++)
		if (streq(cols[i].name, name)) {
			*out = row_field(ps, row, cols, i, location);
			return 1;
		}
	return an_error(ps, location, "42703", "record \"%s\" has no field \"%s\"", var, name);
}

int vars_find(ParseState *ps, const char *const *names, size_t n, int location, Expr **out)
{
	const SqlVars *vs = ps->vars;
	if (!vs || n < 1 || n > 3)
		return 0;
	int at = n < 3 ? vs->find(vs->ctx, NULL, names[0]) : -1;
	if (n == 1 && at >= 0) {
		*out = param_of(ps, at, location);
		return 1;
	}
	if (n == 2 && at >= 0 && is_row(ps, &vs->vars[at]))
		return field_of(ps, at, names[0], names[1], location, out);
	at = n > 1 ? vs->find(vs->ctx, names[0], names[1]) : -1;
	if (at < 0)
		return 0;
	if (n == 3)
		return is_row(ps, &vs->vars[at]) ? field_of(ps, at, names[1], names[2], location, out) : 0;
	*out = param_of(ps, at, location);
	return 1;
}

Expr *vars_param(ParseState *ps, int number, int location)
{
	if (number >= 1 && (size_t)number <= ps->vars->nparams)
		return param_of(ps, number - 1, location);
	return an_error(ps, location, "42P02", "there is no parameter $%d", number), NULL;
}

Column *vars_shape(ParseState *ps, const Expr *e, size_t *n)
{
	if (!ps->vars || e->kind != X_PARAM || e->type != T_RECORD || (size_t)e->param > ps->vars->nvars)
		return NULL;
	const SqlVar *v = &ps->vars->vars[e->param - 1];
	Column *cols = arena_array(ps->a, Column, v->nfields + 1);
	for (size_t i = 0; i < v->nfields; i++) {
		const PgField *f = &v->fields[i];
		cols[i] = (Column){ f->name, f->type->oid, f->typmod, f->type->collation };
	}
	*n = v->nfields;
	return v->unassigned ? NULL : cols;
}

int vars_ambiguous(ParseState *ps, const char *name, int location)
{
	an_error(ps, location, "42702", "column reference \"%s\" is ambiguous", name);
	return err_detail(ps->err, "It could refer to either a PL/pgSQL variable or a table column.");
}

static Expr *convert(ParseState *ps, Expr *e, uint32_t type, int32_t typmod)
{
	const SqlWants *w = ps->env->wants;
	const PgType *t = type_lookup(ps->env->cat, type), *from = type_lookup(ps->env->cat, e->type);
	if (e->type == T_UNKNOWN || can_coerce(ps->env->cat, e->type, type, COERCE_ASSIGNMENT))
		return coerce_to(ps, e, type, typmod, COERCE_ASSIGNMENT, -1);
	if (w->returns) {
		an_error(ps, -1, "42P13", "return type mismatch in function declared to return %s", type_name(ps, type));
		err_detail(ps->err, "Actual return type is %s.", type_name(ps, e->type));
		return NULL;
	}
	bool rows = !t || !from || t->typtype == 'c' || from->typtype == 'c' || t->oid == T_RECORD || from->oid == T_RECORD;
	if (rows)
		return e; /* the interpreter takes rows apart */
	Expr *io = expr_new(ps, X_VIA_IO, type, -1);
	expr_list_add(ps->a, &io->args, e);
	return coerce_to(ps, io, type, typmod, COERCE_ASSIGNMENT, -1);
}

static bool is_wanted(const Query *q, const SqlWants *w)
{
	if (w->row && q->ncols == 1 && q->cols[0].type == w->row)
		return false;
	for (size_t i = 0; i < q->ncols && i < w->n; i++)
		if (w->types[i] && (w->types[i] != q->cols[i].type || (w->typmods[i] >= 0 && w->typmods[i] != q->cols[i].typmod)))
			return true;
	return false;
}

static int convert_targets(ParseState *ps, Query *q, TargetList *l)
{
	const SqlWants *w = ps->env->wants;
	size_t at = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].junk)
			continue;
		if (at < w->n && w->types[at] && !(l->items[i].expr = convert(ps, l->items[i].expr, w->types[at], w->typmods[at])))
			return -1;
		at++;
	}
	query_set_columns(ps, q, l);
	return 0;
}

/* SELECT of the converted columns FROM the query: its ORDER BY and DISTINCT mean the columns as they were. */
static Query *converted_around(ParseState *ps, Query *q)
{
	Query *out = arena_new_of(ps->a, Query);
	Rte *r = rte_subquery(ps, q, "*SELECT*", -1);
	query_from_rte(ps, out, r);
	for (size_t i = 0; i < r->ncols; i++)
		if (target_add(ps, &out->targets, var_new(ps, r, (int)i + 1, -1), r->cols[i].name) < 0)
			return NULL;
	return convert_targets(ps, out, &out->targets) < 0 ? NULL : out;
}

Query *vars_want(ParseState *ps, Query *q)
{
	if (!q->ncols || !is_wanted(q, ps->env->wants))
		return q;
	if (q->cmd != CMD_SELECT)
		return convert_targets(ps, q, &q->returning) < 0 ? NULL : q;
	bool plain = q->setop == SETOP_NONE && !q->values && !q->norder && !q->distinct && !q->distinct_on.n && !q->group_by.n &&
		     !q->has_grouping_sets && !q->has_modifying;
	if (plain)
		return convert_targets(ps, q, &q->targets) < 0 ? NULL : q;
	return q->has_modifying ? q : converted_around(ps, q);
}

/* --- types and assignments --- */

static const PgType *named_column(ParseState *ps, const PgQuery__ColumnRef *ref, int32_t *typmod)
{
	PgQuery__RangeVar rv;
	size_t k = ref->n_fields;
	pg_query__range_var__init(&rv);
	rv.location = -1;
	rv.relname = ref->fields[k - 2]->string->sval;
	if (k == 3)
		rv.schemaname = ref->fields[0]->string->sval;
	const CatRel *r = an_relation(ps, &rv, false);
	const char *name = ref->fields[k - 1]->string->sval;
	const CatColumn *c = r ? catrel_column(r, name) : NULL;
	if (r && !c)
		an_error(ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", name, r->name);
	*typmod = c ? c->typmod : -1;
	return c ? c->type : NULL;
}

/* The expression of "SELECT expression". */
static const PgNode *only_target(const ParsedSql *parsed)
{
	const PgNode *n = parsed->n == 1 ? parsed->stmts[0].node : NULL;
	bool one = n && n->node_case == PG_QUERY__NODE__NODE_SELECT_STMT && n->select_stmt->n_target_list == 1;
	return one ? n->select_stmt->target_list[0]->res_target->val : NULL;
}

const PgType *sql_type(const SqlEnv *env, Arena *a, const char *text, char kind, int32_t *typmod, Error *err)
{
	ParseState *ps = plan_state(env, a, str_of(text), err);
	ParsedSql parsed;
	*typmod = -1;
	Buf sql = { 0 };
	buf_puts(&sql, kind == 'c' ? "SELECT " : "SELECT NULL::");
	buf_puts(&sql, text);
	int rc = sql_parse(buf_str(&sql), a, &parsed, err);
	buf_free(&sql);
	if (rc < 0) {
		err->position = 0;
		return NULL;
	}
	const PgNode *val = only_target(&parsed);
	const PgType *t = NULL;
	bool column =
		val && val->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && val->column_ref->n_fields > 1 && val->column_ref->n_fields < 4;
	if (kind == 'c' && column)
		t = named_column(ps, val->column_ref, typmod);
	else if (kind != 'c' && val && val->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		t = an_typename(ps, val->type_cast->type_name, typmod);
	else
		an_error(ps, -1, "42601", "invalid type name \"%s\"", text);
	err->position = 0;
	if (!t && kind == 'r' && err_is(err, "42704"))
		err_set(err, "42P01", "relation \"%s\" does not exist", text);
	sql_parsed_free(&parsed);
	return t;
}

int sql_plan_assign(const SqlEnv *env, const ParsedSql *parsed, int var, Arena *a, Plan **out, Error *err)
{
	ParseState *ps = plan_state(env, a, parsed->source, err);
	Plan *plan = arena_new_of(a, Plan);
	SqlVar *v = &env->vars->vars[var];
	const PgNode *n = parsed->n == 1 ? parsed->stmts[0].node : NULL;
	ps->vars = env->vars;
	if (!n || n->node_case != PG_QUERY__NODE__NODE_UPDATE_STMT || fields_check(ps, &parsed->stmts[0]) < 0)
		return n ? -1 : an_error(ps, -1, "42601", "this is not an assignment");
	const PgQuery__ResTarget *rt = n->update_stmt->target_list[0]->res_target;
	Query *q = arena_new_of(a, Query);
	CatColumn col = { .name = arena_strdup(a, "v"), .attnum = 1, .type = catalog_type(env->cat, v->type), .typmod = v->typmod };
	Expr *doc = param_of(ps, var, -1), *value = an_expr(ps, rt->val, AT_UPDATE);
	Expr *e = value ? assign_part(ps, doc, &col, rt, value) : NULL;
	if (!e || target_add(ps, &q->targets, e, "v") < 0)
		return -1;
	query_set_columns(ps, q, &q->targets);
	plan->kind = PLAN_QUERY;
	plan->tag = "SELECT";
	plan->returns_rows = true;
	plan->ncols = 1;
	plan->cols = arena_new_of(a, PlanColumn);
	plan->cols[0] = (PlanColumn){ .name = "v", .type = catalog_type(env->cat, e->type), .typmod = e->typmod };
	plan->sql = plan_emit(ps, q);
	plan->writes = *ps->writes;
	if (!plan->sql)
		return -1;
	*out = plan;
	return 0;
}
