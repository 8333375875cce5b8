/* A lone expression from its text, over the columns of one relation: CHECK, DEFAULT, index expressions and predicates. */
#include "sql/expr.h"
#include "sql/plan_internal.h"
#include "sql/query.h"

static const char prefix[] = "SELECT ";

static const PgNode *only_expression(const ParsedSql *p)
{
	const PgNode *n = p->n == 1 ? p->stmts[0].node : NULL;
	const PgQuery__SelectStmt *s = n && n->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? n->select_stmt : NULL;

	if (!s || s->n_target_list != 1 || s->n_from_clause || s->where_clause || s->n_sort_clause || s->limit_count || s->larg)
		return NULL;
	const char *alias = s->target_list[0]->res_target->name;
	return alias && *alias ? NULL : s->target_list[0]->res_target->val;
}

static Expr *analyse(ParseState *ps, const PgNode *node, const CatRel *rel, ExprPlace place, uint32_t want_type, int32_t typmod)
{
	if (rel) {
		Rte *rte = rte_relation(ps, rel, rel->name, -1);
		if (!rte || !ns_add_rte(ps, rte, true, true))
			return NULL;
	}
	Expr *e = an_expr(ps, node, place);
	if (!e)
		return NULL;
	if (want_type)
		return coerce_to(ps, e, want_type, typmod, COERCE_ASSIGNMENT, -1);
	return coerce_unknown_to_text(ps, e);
}

/* Positions count from the expression's own first character. */
static void shift_position(Error *err)
{
	int before = (int)sizeof prefix - 1;

	if (err->position > before)
		err->position -= before;
	else
		err->position = 0;
}

/* ps has all but the source. */
static Expr *analyse_text(ParseState *ps, const char *text, const CatRel *rel, ExprPlace place, uint32_t want_type, int32_t typmod)
{
	ParsedSql parsed;
	Expr *e = NULL;
	Str sql = str_of(arena_printf(ps->a, "%s%s", prefix, text));

	if (sql_parse(sql, ps->a, &parsed, ps->err)) {
		shift_position(ps->err);
		return NULL;
	}
	const PgNode *node = only_expression(&parsed);
	ps->source = parsed.source;
	if (!node)
		err_set(ps->err, "42601", "\"%s\" is not an expression", text);
	else
		e = analyse(ps, node, rel, place, want_type, typmod);
	if (!e)
		shift_position(ps->err);
	sql_parsed_free(&parsed);
	return e;
}

Expr *an_domain_check(const SqlEnv *env, Arena *a, const char *text, const PgType *below, int32_t typmod, Error *err)
{
	ParseState *ps = plan_state(env, a, (Str){ 0 }, err);

	ps->value_type = below;
	ps->value_typmod = typmod;
	return analyse_text(ps, text, NULL, AT_CHECK, T_BOOL, -1);
}

Expr *an_expr_text(const SqlEnv *env, Arena *a, const char *text, const CatRel *rel, ExprPlace place, uint32_t want_type, int32_t typmod,
		   Error *err)
{
	return analyse_text(plan_state(env, a, (Str){ 0 }, err), text, rel, place, want_type, typmod);
}
