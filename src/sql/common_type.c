/* The common type of several expressions: UNION, CASE, COALESCE, VALUES, ARRAY, IN. */
#include "sql/expr.h"

Expr *coerce_to_common(ParseState *ps, Expr *e, uint32_t type, const char *context)
{
	if (!can_coerce(ps->env->cat, e->type, type, COERCE_IMPLICIT)) {
		an_error(ps, expr_location(e), "42846", "%s could not convert type %s to %s", context, type_name(ps, e->type),
			 type_name(ps, type));
		return NULL;
	}
	return coerce_to(ps, e, type, -1, COERCE_IMPLICIT, -1);
}

uint32_t common_type(ParseState *ps, Expr *const *items, size_t n, const char *context, int location)
{
	const Catalog *cat = ps->env->cat;
	uint32_t type = items[0]->type;
	bool preferred, next_preferred, all_same = type != T_UNKNOWN;

	for (size_t i = 1; i < n && all_same; i++)
		all_same = items[i]->type == type;
	if (all_same)
		return type;
	type = type_base(cat, type);
	char category = type_category(cat, type, &preferred);
	for (size_t i = 1; i < n; i++) {
		uint32_t next = type_base(cat, items[i]->type);
		if (next == T_UNKNOWN || next == type)
			continue;
		char next_category = type_category(cat, next, &next_preferred);
		if (type != T_UNKNOWN && next_category != category) {
			if (context)
				an_error(ps, location >= 0 ? location : expr_location(items[i]), "42804",
					 "%s types %s and %s cannot be matched", context, type_name(ps, type), type_name(ps, next));
			return 0;
		}
		if (type == T_UNKNOWN ||
		    (!preferred && can_coerce(cat, type, next, COERCE_IMPLICIT) && !can_coerce(cat, next, type, COERCE_IMPLICIT))) {
			type = next;
			category = next_category;
			preferred = next_preferred;
		}
	}
	return type == T_UNKNOWN ? T_TEXT : type;
}
