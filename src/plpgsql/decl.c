/* DECLARE. */
#include "base/buf.h"
#include "plpgsql/parse.h"

#include <pg_query/pg_query.pb-c.h>
#include <strings.h>

/* The last two tokens before `to` are %word. */
static bool ends_with(const Parser *p, size_t from, size_t to, const char *word)
{
	return to >= from + 3 && pl_is(p, to - 1, word) && pl_is(p, to - 2, "%");
}

int pl_type(Parser *p, PlType *out, const char *const *stop)
{
	size_t from = p->at, to = pl_find(p, from, stop);
	if (from >= to)
		return pl_error(p, pl_now(p), "42601", "missing data type declaration");
	int start = p->tokens[from].start;
	p->at = to;
	*out = (PlType){ .kind = PL_TYPE_SQL, .text = pl_slice(p, start, p->tokens[to - 1].end) };
	if (ends_with(p, from, to, "rowtype")) {
		*out = (PlType){ .kind = PL_TYPE_OF_ROW, .text = pl_slice(p, start, p->tokens[to - 3].end) };
		const PlVar *v = to == from + 3 ? pl_find_var(p, NULL, pl_peek_name(p, from)) : NULL;
		if (v)
			*out = (PlType){ .kind = PL_TYPE_OF_VAR, .var = v->index };
	} else if (ends_with(p, from, to, "type")) {
		const char *name = pl_peek_name(p, from);
		const PlVar *v = !name		  ? NULL
				 : to == from + 3 ? pl_find_var(p, NULL, name)
				 : to == from + 5 ? pl_find_var(p, name, pl_peek_name(p, from + 2))
						  : NULL;
		if (v)
			*out = (PlType){ .kind = PL_TYPE_OF_VAR, .var = v->index };
		else
			*out = (PlType){ .kind = PL_TYPE_OF_NAME, .text = pl_slice(p, start, p->tokens[to - 3].end) };
	} else if (to == from + 1 && pl_is(p, from, "record")) {
		out->kind = PL_TYPE_RECORD;
	}
	return 0;
}

static int declare_alias(Parser *p, const char *name)
{
	if (pl_need(p, "for") < 0)
		return -1;
	const Token *t = pl_now(p);
	PlVar *v = NULL;
	if (t->kind == PG_QUERY__TOKEN__PARAM) {
		long n = strtol(p->body.p + t->start + 1, NULL, 10);
		v = n > 0 && (size_t)n <= p->sig->nargs ? p->fn->vars[n - 1] : NULL;
		p->at++;
	} else {
		const char *of = pl_name(p);
		v = of ? pl_find_var(p, NULL, of) : NULL;
	}
	if (!v)
		return pl_error(p, t, "42601", "variable \"%s\" does not exist", pl_slice(p, t->start, t->end));
	pl_scope_add(p, v, name);
	return pl_need(p, ";");
}

static int cursor_args(Parser *p, PlVar *cursor)
{
	static const char *const stop[] = { ",", ")", NULL };
	int args[100];
	do {
		PlType type;
		int line = pl_now(p)->line;
		const char *name = pl_name(p);
		if (!name || pl_type(p, &type, stop) < 0)
			return -1;
		if (cursor->nargs == 100)
			return pl_syntax_error(p);
		args[cursor->nargs++] = pl_var_new(p, name, type, line)->index;
	} while (pl_take(p, ","));
	cursor->args = arena_dup(p->a, args, cursor->nargs * sizeof *args);
	return pl_need(p, ")");
}

/* name [NO] SCROLL CURSOR (args) FOR query */
static int declare_cursor(Parser *p, PlStmt *block, const char *name, int line)
{
	static const char *const stop[] = { ";", NULL };
	char scroll = 0;
	if (pl_take(p, "no"))
		scroll = 'n';
	if (pl_take(p, "scroll") && !scroll)
		scroll = 's';
	if (pl_need(p, "cursor") < 0)
		return -1;
	PlVar *v = pl_var_new(p, name, (PlType){ .kind = PL_TYPE_SQL, .text = "refcursor" }, line);
	block->vars[block->nvars++] = v;
	v->scroll = scroll;
	pl_scope_push(p, name);
	int rc = pl_take(p, "(") ? cursor_args(p, v) : 0;
	if (rc == 0 && !pl_take(p, "for") && pl_need(p, "is") < 0)
		rc = -1;
	if (rc == 0) {
		size_t from = p->at;
		p->at = pl_find(p, from, stop);
		v->query = pl_expr_range(p, from, p->at, true);
		rc = v->query ? pl_need(p, ";") : -1;
		if (v->query)
			pl_declare_query(p, v->query, scroll);
	}
	pl_scope_pop(p);
	/* the cursor has its own name until it is told otherwise */
	Buf quoted = { 0 };
	for (const char *c = name; *c; c++)
		buf_printf(&quoted, *c == '\'' ? "''" : "%c", *c);
	v->init = pl_expr_new(p, arena_printf(p->a, "SELECT '%s'", buf_cstr(&quoted)), name, line, 0);
	buf_free(&quoted);
	return rc;
}

static int declare_one(Parser *p, PlStmt *block)
{
	static const char *const stop[] = { ";", ":=", "=", "default", "not", "collate", NULL };
	static const char *const end[] = { ";", NULL };
	int line = pl_now(p)->line;
	const Token *first = pl_now(p);
	const char *name = pl_name(p);
	if (!name)
		return -1;
	for (size_t i = 0; i < p->scope->n; i++)
		if (streq(p->scope->names[i], name))
			return pl_error(p, first, "42601", "duplicate declaration at or near \"%s\"", name);
	if (pl_take(p, "alias"))
		return declare_alias(p, name);
	bool is_cursor = pl_is(p, p->at, "cursor") || ((pl_is(p, p->at, "scroll") || pl_is(p, p->at, "no")) && !pl_is(p, p->at + 1, ";"));
	if (is_cursor)
		return declare_cursor(p, block, name, line);
	bool constant = pl_take(p, "constant");
	PlType type;
	if (pl_type(p, &type, stop) < 0)
		return -1;
	if (pl_take(p, "collate") && !pl_name(p))
		return -1;
	bool not_null = pl_take(p, "not");
	if (not_null && pl_need(p, "null") < 0)
		return -1;
	PlExpr *init = NULL;
	if (pl_take(p, ":=") || pl_take(p, "=") || pl_take(p, "default")) {
		init = pl_expr(p, end);
		if (!init)
			return -1;
	}
	if (not_null && !init)
		return pl_error(p, first, "22004", "variable \"%s\" must have a default value, since it's declared NOT NULL", name);
	PlVar *v = pl_var_new(p, name, type, line);
	v->constant = constant;
	v->not_null = not_null;
	v->init = init;
	block->vars[block->nvars++] = v;
	return pl_need(p, ";");
}

int pl_declare(Parser *p, PlStmt *block)
{
	enum { MAX_DECLARED = 1000 };
	block->vars = arena_array(p->a, PlVar *, MAX_DECLARED);
	while (!pl_is(p, p->at, "begin")) {
		if (block->nvars == MAX_DECLARED || !pl_now(p)->kind)
			return pl_syntax_error(p);
		if (pl_take(p, "declare"))
			continue;
		if (declare_one(p, block) < 0)
			return -1;
	}
	return 0;
}
