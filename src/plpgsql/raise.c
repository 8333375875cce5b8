/* RAISE in all its forms. */
#include "plpgsql/parse.h"

#include <pg_query/pg_query.pb-c.h>
#include <strings.h>

static const char *const ends[] = { ",", "using", ";", NULL };

static int raise_options(Parser *p, PlStmt *s)
{
	static const char *const names[] = { "errcode",	   "message",  "detail", "hint",   "column",
					     "constraint", "datatype", "table",	 "schema", NULL };
	static const char *const stop[] = { ",", ";", NULL };
	s->options = arena_array(p->a, PlOption, ARRAY_LEN(names));
	do {
		const Token *t = pl_now(p);
		const char *name = pl_name(p);
		size_t i = 0;
		if (!name)
			return -1;
		while (names[i] && !streq(names[i], name))
			i++;
		if (!names[i])
			return pl_error(p, t, "42601", "unrecognized RAISE statement option at or near \"%s\"", name);
		if (!pl_take(p, "=") && !pl_take(p, ":="))
			return pl_syntax_error(p);
		PlExpr *e = pl_expr(p, stop);
		if (!e)
			return -1;
		if (s->noptions + 1 == ARRAY_LEN(names))
			return pl_error(p, NULL, "42601", "RAISE option already specified: %s", name);
		s->options[s->noptions++] = (PlOption){ .name = name, .expr = e };
	} while (pl_take(p, ","));
	return 0;
}

static int raise_args(Parser *p, PlStmt *s)
{
	size_t wanted = 0, cap = 0;
	for (const char *c = s->format; *c; c++) {
		if (*c != '%')
			continue;
		if (c[1] == '%')
			c++;
		else
			wanted++;
	}
	while (pl_take(p, ",")) {
		PlExpr *e = pl_expr(p, ends);
		if (!e)
			return -1;
		if (s->nargs == cap) {
			cap = cap ? cap * 2 : 4;
			PlExpr **more = arena_array(p->a, PlExpr *, cap);
			if (s->nargs)
				memcpy(more, s->args, s->nargs * sizeof *more);
			s->args = more;
		}
		s->args[s->nargs++] = e;
	}
	if (s->nargs != wanted)
		return pl_error(p, NULL, "42601", "too %s parameters specified for RAISE", s->nargs > wanted ? "many" : "few");
	return 0;
}

static int raise_what(Parser *p, PlStmt *s)
{
	size_t n;
	if (pl_now(p)->kind == PG_QUERY__TOKEN__SCONST) {
		s->format = pl_string(p);
		return raise_args(p, s);
	}
	if (pl_is(p, p->at, "using"))
		return 0;
	const Token *t = pl_now(p);
	const char *name = pl_name(p);
	if (!name)
		return -1;
	if (streq(name, "sqlstate")) {
		s->state = pl_string(p);
		if (s->state && strlen(s->state) != 5)
			return pl_error(p, t, "42601", "invalid SQLSTATE code");
		return s->state ? 0 : -1;
	}
	s->state = pl_condition(name, &n);
	if (!s->state)
		return pl_error(p, NULL, "42704", "unrecognized exception condition \"%s\"", name);
	s->condition = name;
	return 0;
}

PlStmt *pl_raise(Parser *p)
{
	static const char *const levels[] = { "exception", "warning", "notice", "info", "log", "debug", NULL };
	PlStmt *s = pl_stmt_new(p, PL_RAISE, pl_now(p)->line);
	p->at++;
	s->level = "exception";
	bool any = false;
	for (size_t i = 0; levels[i] && !any; i++)
		if (pl_take(p, levels[i])) {
			s->level = levels[i];
			any = true;
		}
	if (!any && pl_take(p, ";")) {
		s->level = "again";
		return s;
	}
	if (raise_what(p, s) < 0 || (pl_take(p, "using") && raise_options(p, s) < 0))
		return NULL;
	return pl_need(p, ";") < 0 ? NULL : s;
}
