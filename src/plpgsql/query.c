/* SQL statements, EXECUTE, cursors, RETURN, GET DIAGNOSTICS. */
#include "plpgsql/parse.h"

#include <pg_query/pg_query.pb-c.h>
#include <strings.h>

static const char *const semicolon[] = { ";", NULL };

static void add_arg(Parser *p, PlStmt *s, PlExpr *e, const char *name)
{
	if ((s->nargs & (s->nargs - 1)) == 0) {
		size_t cap = s->nargs ? s->nargs * 2 : 1;
		PlExpr **more = arena_array(p->a, PlExpr *, cap);
		const char **names = arena_array(p->a, const char *, cap);
		if (s->nargs) {
			memcpy(more, s->args, s->nargs * sizeof *more);
			memcpy(names, s->arg_names, s->nargs * sizeof *names);
		}
		s->args = more;
		s->arg_names = names;
	}
	s->arg_names[s->nargs] = name;
	s->args[s->nargs++] = e;
}

/* The items of USING, or of a cursor's arguments in parentheses. */
int pl_using(Parser *p, PlStmt *s, const char *const *stop)
{
	static const char *const paren[] = { ")", NULL };
	const char *ends[8] = { "," };
	bool parens = pl_take(p, "(");
	const char *const *last = parens ? paren : stop;
	for (size_t i = 0; i < 6 && last[i]; i++)
		ends[i + 1] = last[i];
	do {
		const char *name = NULL;
		if (parens && pl_is_name(p, p->at) && pl_is(p, p->at + 1, ":=")) {
			name = pl_name(p);
			p->at++;
		}
		PlExpr *e = pl_expr(p, ends);
		if (!e)
			return -1;
		add_arg(p, s, e, name);
	} while (pl_take(p, ","));
	return parens ? pl_need(p, ")") : 0;
}

/* INTO of SELECT and of RETURNING; that of INSERT and MERGE is SQL's own. */
static size_t find_into(const Parser *p, size_t to)
{
	int depth = 0;
	for (size_t i = p->at; i < to; i++) {
		depth += pl_is(p, i, "(");
		depth -= pl_is(p, i, ")");
		bool own = i > p->at && (pl_is(p, i - 1, "insert") || pl_is(p, i - 1, "merge") || pl_is(p, i - 1, "."));
		if (depth == 0 && pl_is(p, i, "into") && !own)
			return i;
	}
	return 0;
}

PlStmt *pl_sql(Parser *p)
{
	PlStmt *s = pl_stmt_new(p, PL_SQL, pl_now(p)->line);
	size_t from = p->at, to = pl_find(p, from, semicolon), into = find_into(p, to);
	bool data = pl_is(p, from, "select") || pl_is(p, from, "insert") || pl_is(p, from, "update") || pl_is(p, from, "delete") ||
		    pl_is(p, from, "with") || pl_is(p, from, "merge") || pl_is(p, from, "(") || pl_is(p, from, "values") ||
		    pl_is(p, from, "show") || pl_is(p, from, "explain");
	if (!data && !pl_is_name(p, from + 1) && !pl_is(p, from + 1, ";"))
		return pl_syntax_error(p), NULL;
	if (!pl_is(p, to, ";"))
		return p->at = to, pl_syntax_error(p), NULL;
	s->expr = pl_expr_range(p, from, to, true);
	if (!s->expr)
		return NULL;
	if (into && data) {
		p->at = into + 1;
		if (pl_into(p, s, &s->strict) < 0)
			return NULL;
		size_t base = (size_t)p->tokens[from].start, a = (size_t)p->tokens[into].start - base,
		       b = (size_t)p->tokens[p->at - 1].end - base;
		char *sql = arena_strdup(p->a, s->expr->text);
		memset(sql + a, ' ', b - a);
		s->expr->sql = sql;
	}
	p->at = to;
	return pl_need(p, ";") < 0 ? NULL : s;
}

PlStmt *pl_execute(Parser *p)
{
	static const char *const stop[] = { "into", "using", ";", NULL }, *const tail[] = { "into", ";", NULL };
	PlStmt *s = pl_stmt_new(p, PL_EXECUTE, pl_now(p)->line);
	p->at++;
	s->dynamic = true;
	s->expr = pl_expr(p, stop);
	if (!s->expr)
		return NULL;
	while (!pl_is(p, p->at, ";")) {
		int rc;
		if (!s->into && pl_take(p, "into"))
			rc = pl_into(p, s, &s->strict);
		else if (!s->nargs && pl_take(p, "using"))
			rc = pl_using(p, s, tail);
		else
			rc = pl_syntax_error(p);
		if (rc < 0)
			return NULL;
	}
	return pl_need(p, ";") < 0 ? NULL : s;
}

static PlStmt *return_query(Parser *p, PlStmt *s)
{
	static const char *const stop[] = { "using", ";", NULL };
	s->kind = PL_RETURN_QUERY;
	if (pl_take(p, "execute")) {
		s->dynamic = true;
		s->expr = pl_expr(p, stop);
		if (!s->expr || (pl_take(p, "using") && pl_using(p, s, semicolon) < 0))
			return NULL;
	} else {
		size_t from = p->at;
		p->at = pl_find(p, from, semicolon);
		s->expr = pl_expr_range(p, from, p->at, true);
		if (!s->expr)
			return NULL;
	}
	return pl_need(p, ";") < 0 ? NULL : s;
}

static int check_return(Parser *p, const Token *t, bool value)
{
	const PlSignature *sig = p->sig;
	if (!sig->checks_return)
		return value ? pl_error(p, t, "42804", "RETURN cannot have a parameter in function returning void") : 0;
	if (value && sig->returns_set)
		return pl_error(p, t, "42804", "RETURN cannot have a parameter in function returning set");
	if (value && sig->is_procedure)
		return pl_error(p, t, "42601", "RETURN cannot have a parameter in a procedure");
	if (value && sig->has_out)
		return pl_error(p, t, "42804", "RETURN cannot have a parameter in function with OUT parameters");
	if (value && sig->returns_void)
		return pl_error(p, t, "42804", "RETURN cannot have a parameter in function returning void");
	if (!value && !sig->returns_set && !sig->is_procedure && !sig->has_out && !sig->returns_void)
		return pl_error(p, t, "42601", "missing expression at or near \";\"");
	return 0;
}

PlStmt *pl_return(Parser *p)
{
	PlStmt *s = pl_stmt_new(p, PL_RETURN, pl_now(p)->line);
	p->at++;
	bool next = pl_is(p, p->at, "next"), query = pl_is(p, p->at, "query");
	if ((next || query) && !p->sig->returns_set) {
		pl_error(p, pl_now(p), "42804", "cannot use RETURN %s in a non-SETOF function", next ? "NEXT" : "QUERY");
		return NULL;
	}
	p->at += next || query;
	if (query)
		return return_query(p, s);
	if (next)
		s->kind = PL_RETURN_NEXT;
	const Token *t = pl_now(p);
	bool value = !pl_is(p, p->at, ";");
	if (next && value && p->sig->has_out)
		return pl_error(p, t, "42804", "RETURN NEXT cannot have a parameter in function with OUT parameters"), NULL;
	if (next && !value && !p->sig->has_out)
		return pl_error(p, t, "42601", "missing expression at or near \";\""), NULL;
	if (!next && check_return(p, t, value) < 0)
		return NULL;
	if (value && !(s->expr = pl_expr(p, semicolon)))
		return NULL;
	return pl_need(p, ";") < 0 ? NULL : s;
}

static int add_item(Parser *p, PlStmt *s, size_t *cap)
{
	if (s->noptions == *cap) {
		*cap = *cap ? *cap * 2 : 4;
		PlOption *more = arena_array(p->a, PlOption, *cap);
		if (s->noptions)
			memcpy(more, s->options, s->noptions * sizeof *more);
		s->options = more;
	}
	PlOption *o = &s->options[s->noptions++];
	if (pl_target(p, &o->target) < 0 || (!pl_take(p, ":=") && pl_need(p, "=") < 0))
		return -1;
	const Token *t = pl_now(p);
	o->name = pl_name(p);
	if (!o->name)
		return -1;
	static const char *const current[] = { "row_count", "pg_context", NULL };
	static const char *const stacked[] = { "returned_sqlstate",
					       "column_name",
					       "constraint_name",
					       "pg_datatype_name",
					       "message_text",
					       "table_name",
					       "schema_name",
					       "pg_exception_detail",
					       "pg_exception_hint",
					       "pg_exception_context",
					       NULL };
	for (size_t i = 0; current[i]; i++)
		if (streq(o->name, current[i]))
			return s->stacked ? pl_error(p, t, "42601", "diagnostics item %s is not allowed in GET STACKED DIAGNOSTICS",
						     i ? "PG_CONTEXT" : "ROW_COUNT")
					  : 0;
	for (size_t i = 0; stacked[i]; i++)
		if (streq(o->name, stacked[i]))
			return s->stacked ? 0
					  : pl_error(p, t, "42601", "diagnostics item %s is not allowed in GET CURRENT DIAGNOSTICS",
						     pl_slice(p, t->start, t->end));
	return pl_error(p, t, "42601", "unrecognized GET DIAGNOSTICS item at or near \"%s\"", pl_slice(p, t->start, t->end));
}

PlStmt *pl_diagnostics(Parser *p)
{
	PlStmt *s = pl_stmt_new(p, PL_DIAGNOSTICS, pl_now(p)->line);
	size_t cap = 0;
	p->at++;
	s->stacked = pl_take(p, "stacked");
	if (!s->stacked)
		pl_take(p, "current");
	if (pl_need(p, "diagnostics") < 0)
		return NULL;
	do
		if (add_item(p, s, &cap) < 0)
			return NULL;
	while (pl_take(p, ","));
	return pl_need(p, ";") < 0 ? NULL : s;
}
