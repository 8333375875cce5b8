/* Cutting SQL out of a body. */
#include "plpgsql/parse.h"

static bool stops(const Parser *p, size_t at, const char *const *stop)
{
	for (; *stop; stop++)
		if (pl_is(p, at, *stop))
			return true;
	return false;
}

size_t pl_find(const Parser *p, size_t from, const char *const *stop)
{
	int depth = 0;
	for (size_t i = from; i < p->ntokens; i++) {
		if (depth == 0 && stops(p, i, stop))
			return i;
		depth += pl_is(p, i, "(") || pl_is(p, i, "[");
		if (pl_is(p, i, ")") || pl_is(p, i, "]"))
			depth--;
		if (depth < 0 || pl_is(p, i, ";"))
			return i;
	}
	return p->ntokens;
}

PlExpr *pl_expr_range(Parser *p, size_t from, size_t to, bool statement)
{
	const Token *first = &p->tokens[from];
	if (from >= to) {
		if (first->kind)
			pl_error(p, first, "42601", "missing expression at or near \"%s\"", pl_slice(p, first->start, first->end));
		else
			pl_error(p, first, "42601", "missing expression at end of input");
		return NULL;
	}
	const char *text = pl_slice(p, first->start, p->tokens[to - 1].end);
	return pl_expr_new(p, statement ? text : arena_printf(p->a, "SELECT %s", text), text, first->line, first->start);
}

PlExpr *pl_expr(Parser *p, const char *const *stop)
{
	size_t from = p->at, to = pl_find(p, from, stop);
	p->at = to;
	if (to >= p->ntokens || !stops(p, to, stop)) {
		if (to < p->ntokens && pl_is(p, to, ";"))
			pl_error(p, &p->tokens[to], "42601", "missing \"%s\" at end of SQL expression", stop[0]);
		else
			pl_syntax_error(p);
		return NULL;
	}
	return pl_expr_range(p, from, to, false);
}
