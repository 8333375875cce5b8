/* The name of an output column without AS. The strength of a name says whether an enclosing cast or CASE may replace it. */
#include "sql/query.h"

enum { NAME_NONE, NAME_WEAK, NAME_STRONG };

static int name_of(const PgNode *node, const char **name, int depth);

static int set_name(const char **name, const char *value, int strength)
{
	*name = value;
	return strength;
}

static const char *last_string(PgQuery__Node *const *list, size_t n)
{
	while (n-- > 0)
		if (list[n]->node_case == PG_QUERY__NODE__NODE_STRING)
			return list[n]->string->sval;
	return NULL;
}

static int name_of_list(PgQuery__Node *const *list, size_t n, const char **name)
{
	const char *last = last_string(list, n);
	return last ? set_name(name, last, NAME_STRONG) : NAME_NONE;
}

static int name_of_sublink(const PgQuery__SubLink *sl, const char **name, int depth)
{
	switch (sl->sub_link_type) {
	case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
		return set_name(name, "exists", NAME_STRONG);
	case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
		return set_name(name, "array", NAME_STRONG);
	case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
		break;
	default:
		return NAME_NONE;
	}
	const PgQuery__SelectStmt *s = sl->subselect->select_stmt;
	while (s->larg)
		s = s->larg;
	if (s->n_values_lists)
		return set_name(name, "column1", NAME_STRONG);
	if (!s->n_target_list)
		return NAME_NONE;
	const PgQuery__ResTarget *rt = s->target_list[0]->res_target;
	if (*rt->name)
		return set_name(name, rt->name, NAME_STRONG);
	if (name_of(rt->val, name, depth) == NAME_NONE)
		*name = "?column?";
	return NAME_STRONG;
}

static int name_of_sqlvalue(PgQuery__SQLValueFunctionOp op, const char **name)
{
	static const char *const names[] = { [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE] = "current_date",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME] = "current_time",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N] = "current_time",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP] = "current_timestamp",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N] = "current_timestamp",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME] = "localtime",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N] = "localtime",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP] = "localtimestamp",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N] = "localtimestamp",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE] = "current_role",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER] = "current_user",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER] = "user",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER] = "session_user",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG] = "current_catalog",
					     [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA] = "current_schema" };
	if ((size_t)op >= ARRAY_LEN(names) || !names[op])
		return NAME_NONE;
	return set_name(name, names[op], NAME_STRONG);
}

static int name_of_indirection(const PgQuery__AIndirection *ai, const char **name, int depth)
{
	int strength = name_of_list(ai->indirection, ai->n_indirection, name);
	return strength ? strength : name_of(ai->arg, name, depth);
}

static int name_or_weak(const PgNode *inner, const char *weak, const char **name, int depth)
{
	int strength = inner ? name_of(inner, name, depth) : NAME_NONE;
	return strength > NAME_WEAK || !weak ? strength : set_name(name, weak, NAME_WEAK);
}

static int name_of(const PgNode *node, const char **name, int depth)
{
	if (!node || depth > 200)
		return NAME_NONE;
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_COLUMN_REF:
		return name_of_list(node->column_ref->fields, node->column_ref->n_fields, name);
	case PG_QUERY__NODE__NODE_A_INDIRECTION:
		return name_of_indirection(node->a_indirection, name, depth + 1);
	case PG_QUERY__NODE__NODE_FUNC_CALL:
		return name_of_list(node->func_call->funcname, node->func_call->n_funcname, name);
	case PG_QUERY__NODE__NODE_A_EXPR:
		return node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF ? set_name(name, "nullif", NAME_STRONG) : NAME_NONE;
	case PG_QUERY__NODE__NODE_TYPE_CAST:
		return name_or_weak(node->type_cast->arg,
				    last_string(node->type_cast->type_name->names, node->type_cast->type_name->n_names), name, depth + 1);
	case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
		return name_of(node->collate_clause->arg, name, depth + 1);
	case PG_QUERY__NODE__NODE_GROUPING_FUNC:
		return set_name(name, "grouping", NAME_STRONG);
	case PG_QUERY__NODE__NODE_SUB_LINK:
		return name_of_sublink(node->sub_link, name, depth + 1);
	case PG_QUERY__NODE__NODE_CASE_EXPR:
		return name_or_weak(node->case_expr->defresult, "case", name, depth + 1);
	case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
		return set_name(name, "array", NAME_STRONG);
	case PG_QUERY__NODE__NODE_ROW_EXPR:
		return set_name(name, "row", NAME_STRONG);
	case PG_QUERY__NODE__NODE_COALESCE_EXPR:
		return set_name(name, "coalesce", NAME_STRONG);
	case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
		return set_name(name, node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_LEAST ? "least" : "greatest", NAME_STRONG);
	case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
		return name_of_sqlvalue(node->sqlvalue_function->op, name);
	default:
		return NAME_NONE;
	}
}

const char *figure_colname(const PgNode *node)
{
	const char *name = NULL;
	return name_of(node, &name, 0) ? name : "?column?";
}
