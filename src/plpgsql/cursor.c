/* OPEN, FETCH, MOVE and CLOSE. */
#include "plpgsql/parse.h"

#include <pg_query/pg_query.pb-c.h>

static const char *const semicolon[] = { ";", NULL };

void pl_declare_query(Parser *p, PlExpr *query, char scroll)
{
	query->sql = arena_printf(p->a, "DECLARE c %sCURSOR FOR %s",
				  scroll == 's'	  ? "SCROLL "
				  : scroll == 'n' ? "NO SCROLL "
						  : "",
				  query->text);
}

static int place_args(Parser *p, PlStmt *s, const PlVar *cursor, const Token *t)
{
	PlExpr **placed = arena_array(p->a, PlExpr *, cursor->nargs + 1);
	for (size_t i = 0; i < s->nargs; i++) {
		size_t at = i;
		if (s->arg_names[i]) {
			for (at = 0; at < cursor->nargs && !streq(p->fn->vars[cursor->args[at]]->name, s->arg_names[i]);)
				at++;
			if (at == cursor->nargs)
				return pl_error(p, t, "42601", "cursor \"%s\" has no argument named \"%s\"", cursor->name, s->arg_names[i]);
		}
		if (at >= cursor->nargs)
			return pl_error(p, t, "42601", "too many arguments for cursor \"%s\"", cursor->name);
		if (placed[at])
			return pl_error(p, t, "42601", "value for parameter \"%s\" of cursor \"%s\" specified more than once",
					p->fn->vars[cursor->args[at]]->name, cursor->name);
		placed[at] = s->args[i];
	}
	if (s->nargs < cursor->nargs)
		return pl_error(p, t, "42601", "not enough arguments for cursor \"%s\"", cursor->name);
	s->args = placed;
	return 0;
}

int pl_cursor_args(Parser *p, PlStmt *s, const PlVar *cursor)
{
	const Token *t = pl_now(p);
	bool given = pl_is(p, p->at, "(");
	if (given && !cursor->nargs)
		return pl_error(p, t, "42601", "cursor \"%s\" has no arguments", cursor->name);
	if (!given && cursor->nargs)
		return pl_error(p, t, "42601", "cursor \"%s\" has arguments", cursor->name);
	return !given ? 0 : pl_using(p, s, semicolon) < 0 ? -1 : place_args(p, s, cursor, t);
}

static int open_cursor(Parser *p, PlStmt *s)
{
	static const char *const stop[] = { "using", ";", NULL };
	const PlVar *cursor = pl_cursor_variable(p);
	char scroll = 0;
	s->kind = PL_OPEN;
	if (!cursor)
		return -1;
	s->var = cursor->index;
	if (cursor->query)
		return pl_cursor_args(p, s, cursor);
	if (pl_take(p, "no"))
		scroll = 'n';
	if (scroll ? pl_need(p, "scroll") < 0 : false)
		return -1;
	if (!scroll && pl_take(p, "scroll"))
		scroll = 's';
	s->scroll = scroll;
	if (pl_need(p, "for") < 0)
		return -1;
	if (pl_take(p, "execute")) {
		s->dynamic = true;
		s->expr = pl_expr(p, stop);
		return !s->expr ? -1 : pl_take(p, "using") ? pl_using(p, s, semicolon) : 0;
	}
	size_t from = p->at;
	p->at = pl_find(p, from, semicolon);
	s->expr = pl_expr_range(p, from, p->at, true);
	if (!s->expr)
		return -1;
	pl_declare_query(p, s->expr, scroll);
	return 0;
}

/* A number of rows up to FROM or IN. */
static int fetch_count(Parser *p, PlStmt *s, bool several)
{
	static const char *const stop[] = { "from", "in", NULL };
	const Token *t = pl_now(p);
	s->expr = pl_expr(p, stop);
	if (s->expr && several && !s->is_move)
		return pl_error(p, t, "0A000", "FETCH statement cannot return multiple rows");
	return s->expr ? 0 : -1;
}

static int fetch_direction(Parser *p, PlStmt *s)
{
	static const char *const words[] = { "next", "prior", "first", "last", "absolute", "relative", "forward", "backward", "all", NULL };
	const Token *t = pl_now(p);
	s->direction = "next";
	if (pl_at_variable(p))
		return 0;
	size_t i = 0;
	while (words[i] && !pl_take(p, words[i]))
		i++;
	bool from = pl_is(p, p->at, "from") || pl_is(p, p->at, "in");
	s->direction = words[i] ? words[i] : "forward";
	if (words[i] && streq(words[i], "all") && !s->is_move)
		return pl_error(p, t, "0A000", "FETCH statement cannot return multiple rows");
	if (!from && (i == 6 || i == 7) && pl_is(p, p->at, "all")) {
		if (!s->is_move)
			return pl_error(p, t, "0A000", "FETCH statement cannot return multiple rows");
		p->at++;
		s->direction = i == 6 ? "all" : "backward all";
	} else if (!from && (i >= 4 && i <= 7)) {
		if (fetch_count(p, s, i >= 6) < 0)
			return -1;
	} else if (!words[i] && !from && fetch_count(p, s, true) < 0) {
		return -1;
	}
	if (!pl_take(p, "from") && !pl_take(p, "in"))
		return pl_error(p, pl_now(p), "42601", "expected FROM or IN at or near \"%s\"",
				pl_slice(p, pl_now(p)->start, pl_now(p)->end));
	return 0;
}

static int fetch(Parser *p, PlStmt *s)
{
	if (fetch_direction(p, s) < 0)
		return -1;
	const PlVar *cursor = pl_cursor_variable(p);
	if (!cursor)
		return -1;
	s->var = cursor->index;
	return s->is_move ? 0 : pl_need(p, "into") < 0 ? -1 : pl_into(p, s, NULL);
}

PlStmt *pl_cursor_statement(Parser *p)
{
	PlStmt *s = pl_stmt_new(p, PL_CLOSE, pl_now(p)->line);
	int rc = 0;
	if (pl_take(p, "open")) {
		rc = open_cursor(p, s);
	} else if (pl_take(p, "close")) {
		const PlVar *cursor = pl_cursor_variable(p);
		if (!cursor)
			return NULL;
		s->var = cursor->index;
	} else {
		s->is_move = pl_is(p, p->at++, "move");
		s->kind = PL_FETCH;
		rc = fetch(p, s);
	}
	return rc < 0 || pl_need(p, ";") < 0 ? NULL : s;
}
