/* Variables: where they are declared and found, and what is assigned. */
#include "plpgsql/parse.h"

#include <pg_query/pg_query.pb-c.h>

static void *grown(Arena *a, void *items, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	void *more = arena_alloc(a, *cap * size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

PlExpr *pl_expr_new(Parser *p, const char *sql, const char *text, int line, int offset)
{
	PlFunction *f = p->fn;
	PlExpr *e = arena_new_of(p->a, PlExpr);
	*e = (PlExpr){ .sql = sql, .text = text, .line = line, .offset = offset, .id = (int)f->nexprs, .scope = p->scope };
	e->visible = p->scope->n;
	f->exprs = grown(p->a, f->exprs, f->nexprs, &f->exprs_cap, sizeof *f->exprs);
	f->exprs[f->nexprs++] = e;
	return e;
}

PlScope *pl_scope_push(Parser *p, const char *label)
{
	PlScope *s = arena_new_of(p->a, PlScope);
	s->outer = p->scope;
	s->label = label;
	p->scope = s;
	return s;
}

void pl_scope_pop(Parser *p)
{
	p->scope = (PlScope *)(uintptr_t)p->scope->outer;
}

void pl_scope_add(Parser *p, PlVar *v, const char *name)
{
	PlScope *s = p->scope;
	size_t cap = s->cap;
	s->vars = grown(p->a, s->vars, s->n, &s->cap, sizeof *s->vars);
	s->names = grown(p->a, s->names, s->n, &cap, sizeof *s->names);
	s->names[s->n] = name;
	s->vars[s->n++] = v;
}

PlVar *pl_var_new(Parser *p, const char *name, PlType type, int line)
{
	PlFunction *f = p->fn;
	PlVar *v = arena_new_of(p->a, PlVar);
	*v = (PlVar){ .name = name, .index = (int)f->nvars, .type = type, .line = line };
	f->vars = grown(p->a, f->vars, f->nvars, &f->vars_cap, sizeof *f->vars);
	f->vars[f->nvars++] = v;
	if (name && *name)
		pl_scope_add(p, v, name);
	return v;
}

PlVar *pl_find_var(const Parser *p, const char *label, const char *name)
{
	for (const PlScope *s = p->scope; s; s = s->outer) {
		if (label && !(s->label && streq(s->label, label)))
			continue;
		for (size_t i = s->n; i-- > 0;)
			if (streq(s->names[i], name))
				return s->vars[i];
		if (label)
			return NULL;
	}
	return NULL;
}

bool pl_find_label(const Parser *p, const char *label)
{
	for (const PlScope *s = p->scope; s; s = s->outer)
		if (s->label && streq(s->label, label))
			return true;
	return false;
}

/* $1 and its kin. */
static PlVar *numbered(const Parser *p, size_t at)
{
	const Token *t = &p->tokens[at];
	if (t->kind != PG_QUERY__TOKEN__PARAM)
		return NULL;
	long n = strtol(p->body.p + t->start + 1, NULL, 10);
	return n > 0 && (size_t)n <= p->sig->nargs ? p->fn->vars[n - 1] : NULL;
}

/* The variable that stands here, with its label or without; *after is behind it. */
static PlVar *variable_here(const Parser *p, size_t *after)
{
	PlVar *v = numbered(p, p->at);
	*after = p->at + 1;
	if (v || !pl_is_name(p, p->at))
		return v;
	const char *name = pl_peek_name(p, p->at);
	v = pl_find_var(p, NULL, name);
	if (v || !pl_is(p, p->at + 1, ".") || !pl_is_name(p, p->at + 2))
		return v;
	*after = p->at + 3;
	return pl_find_var(p, name, pl_peek_name(p, p->at + 2));
}

PlVar *pl_cursor_variable(Parser *p)
{
	size_t after;
	const Token *t = pl_now(p);
	PlVar *v = variable_here(p, &after);
	if (!v) {
		if (pl_is_name(p, p->at))
			pl_error(p, t, "42601", "\"%s\" is not a known variable", pl_slice(p, t->start, t->end));
		else
			pl_syntax_error(p);
		return NULL;
	}
	p->at = after;
	return v;
}

bool pl_at_variable(const Parser *p)
{
	size_t after;
	return variable_here(p, &after) != NULL;
}

/* Fields and subscripts behind a variable's name. */
static int target_path(Parser *p, size_t *end)
{
	for (;;) {
		if (pl_is(p, p->at, ".")) {
			p->at++;
			if (!pl_name(p))
				return -1;
		} else if (pl_take(p, "[")) {
			int depth = 1;
			while (depth) {
				if (!pl_now(p)->kind)
					return pl_syntax_error(p);
				depth += pl_is(p, p->at, "[") - pl_is(p, p->at, "]");
				p->at++;
			}
		} else {
			*end = p->at;
			return 0;
		}
	}
}

int pl_target(Parser *p, PlTarget *out)
{
	size_t after, end = 0;
	const Token *first = pl_now(p);
	PlVar *v = variable_here(p, &after);
	if (!v && !pl_is_name(p, p->at))
		return pl_syntax_error(p);
	if (!v)
		return pl_error(p, first, "42601", "\"%s\" is not a known variable", pl_slice(p, first->start, first->end));
	if (v->constant)
		return pl_error(p, first, "22005", "variable \"%s\" is declared CONSTANT", v->name);
	p->at = after;
	if (target_path(p, &end) < 0)
		return -1;
	*out = (PlTarget){ .var = v->index };
	if (end == after)
		return 0;
	out->path = pl_slice(p, p->tokens[after].start, p->tokens[end - 1].end);
	out->update = pl_expr_new(p, NULL, out->path, first->line, first->start);
	return 0;
}

int pl_into(Parser *p, PlStmt *s, bool *strict)
{
	size_t cap = 0;
	if (strict)
		*strict = pl_take(p, "strict");
	do {
		s->targets = grown(p->a, s->targets, s->ntargets, &cap, sizeof *s->targets);
		if (pl_target(p, &s->targets[s->ntargets]) < 0)
			return -1;
		s->ntargets++;
	} while (pl_take(p, ","));
	s->into = true;
	return 0;
}
