/* LOOP, WHILE, FOR and FOREACH. */
#include "plpgsql/parse.h"

#include <pg_query/pg_query.pb-c.h>
#include <strings.h>

static const char *const loop[] = { "loop", NULL };

static int loop_body(Parser *p, PlStmt *s)
{
	static const char *const end[] = { "end", NULL };
	if (pl_need(p, "loop") < 0 || pl_statements(p, &s->body, end) < 0 || pl_need(p, "end") < 0 || pl_need(p, "loop") < 0)
		return -1;
	if (pl_is_name(p, p->at)) {
		const Token *t = pl_now(p);
		const char *name = pl_name(p);
		if (!s->label)
			return pl_error(p, t, "42601", "end label \"%s\" specified for unlabeled block", name);
		if (!streq(s->label, name))
			return pl_error(p, t, "42601", "end label \"%s\" differs from block's label \"%s\"", name, s->label);
	}
	return pl_need(p, ";");
}

/* The two dots of an integer loop, outside parentheses; 0 when there are none. */
static size_t find_dots(const Parser *p, size_t to)
{
	int depth = 0;
	for (size_t i = p->at; i < to; i++) {
		depth += pl_is(p, i, "(") || pl_is(p, i, "[");
		depth -= pl_is(p, i, ")") || pl_is(p, i, "]");
		if (depth == 0 && p->tokens[i].kind == PG_QUERY__TOKEN__DOT_DOT)
			return i;
	}
	return 0;
}

static int integer_loop(Parser *p, PlStmt *s, const char *name, size_t dots)
{
	static const char *const stop[] = { "by", "loop", NULL };
	s->kind = PL_FOR_INT;
	s->expr = pl_expr_range(p, p->at, dots, false);
	p->at = dots + 1;
	if (!s->expr || !(s->expr2 = pl_expr(p, stop)) || (pl_take(p, "by") && !(s->step = pl_expr(p, loop))))
		return -1;
	s->var = pl_var_new(p, name, (PlType){ .kind = PL_TYPE_SQL, .text = "integer" }, s->line)->index;
	return 0;
}

static int query_loop(Parser *p, PlStmt *s)
{
	static const char *const stop[] = { "using", "loop", NULL };
	s->kind = PL_FOR_QUERY;
	const PlVar *cursor = pl_is_name(p, p->at) ? pl_find_var(p, NULL, pl_peek_name(p, p->at)) : NULL;
	if (cursor && cursor->query && (pl_is(p, p->at + 1, "loop") || pl_is(p, p->at + 1, "("))) {
		s->kind = PL_FOR_CURSOR;
		s->var = cursor->index;
		p->at++;
		return pl_cursor_args(p, s, cursor);
	}
	if (pl_take(p, "execute")) {
		s->dynamic = true;
		s->expr = pl_expr(p, stop);
		return !s->expr ? -1 : pl_take(p, "using") ? pl_using(p, s, loop) : 0;
	}
	size_t from = p->at;
	p->at = pl_find(p, from, loop);
	s->expr = pl_expr_range(p, from, p->at, true);
	return s->expr ? 0 : -1;
}

static int for_loop(Parser *p, PlStmt *s)
{
	const char *name = pl_peek_name(p, p->at);
	size_t start = p->at, in = p->at;
	while (p->tokens[in].kind && !pl_is(p, in, "in") && !pl_is(p, in, ";"))
		in++;
	if (!name || !pl_is(p, in, "in"))
		return pl_syntax_error(p);
	p->at = in + 1;
	s->reverse = pl_take(p, "reverse");
	size_t to = pl_find(p, p->at, loop), dots = find_dots(p, to);
	bool executes = pl_is(p, p->at, "execute") || pl_is(p, p->at, "select");
	if (dots && !executes) {
		pl_scope_push(p, s->label);
		return integer_loop(p, s, name, dots);
	}
	const PlVar *known = pl_find_var(p, NULL, name);
	const PlVar *cursor = pl_is_name(p, p->at) ? pl_find_var(p, NULL, pl_peek_name(p, p->at)) : NULL;
	size_t after = p->at;
	p->at = start;
	if (!known && !(cursor && cursor->query)) {
		return pl_error(p, pl_now(p), "42601",
				"loop variable of loop over rows must be a record variable or list of scalar variables");
	}
	/* a loop over a cursor declares its record itself */
	if (cursor && cursor->query) {
		pl_scope_push(p, s->label);
		s->targets = arena_new_of(p->a, PlTarget);
		s->targets->var = pl_var_new(p, name, (PlType){ .kind = PL_TYPE_RECORD }, s->line)->index;
		s->ntargets = 1;
	} else {
		if (pl_into(p, s, NULL) < 0)
			return -1;
		pl_scope_push(p, s->label);
	}
	p->at = after;
	return query_loop(p, s);
}

static int foreach_loop(Parser *p, PlStmt *s)
{
	s->kind = PL_FOREACH;
	if (pl_into(p, s, NULL) < 0)
		return -1;
	pl_scope_push(p, s->label);
	if (pl_take(p, "slice")) {
		s->slice = (int)strtol(p->body.p + pl_now(p)->start, NULL, 10);
		p->at++;
	}
	if (pl_need(p, "in") < 0 || pl_need(p, "array") < 0)
		return -1;
	s->expr = pl_expr(p, loop);
	return s->expr ? 0 : -1;
}

PlStmt *pl_loop(Parser *p, const char *label)
{
	PlStmt *s = pl_stmt_new(p, PL_LOOP, pl_now(p)->line);
	int rc = 0;
	s->label = label;
	if (pl_is(p, p->at, "loop")) {
		pl_scope_push(p, label);
	} else if (pl_take(p, "while")) {
		s->kind = PL_WHILE;
		pl_scope_push(p, label);
		s->expr = pl_expr(p, loop);
		rc = s->expr ? 0 : -1;
	} else if (pl_take(p, "foreach")) {
		rc = foreach_loop(p, s);
	} else {
		p->at++;
		rc = for_loop(p, s);
	}
	if (rc < 0 || loop_body(p, s) < 0)
		return NULL;
	pl_scope_pop(p);
	return s;
}
