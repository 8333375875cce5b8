/* WINDOW clauses and OVER (...): partitions, order, frames. Frame options are PostgreSQL's FRAMEOPTION bits. */
#include "sql/query.h"

enum {
	FRAME_NONDEFAULT = 0x1,
	FRAME_RANGE = 0x2,
	FRAME_ROWS = 0x4,
	FRAME_GROUPS = 0x8,
	FRAME_BETWEEN = 0x10,
	START_UNBOUNDED_PRECEDING = 0x20,
	END_UNBOUNDED_PRECEDING = 0x40,
	START_UNBOUNDED_FOLLOWING = 0x80,
	END_UNBOUNDED_FOLLOWING = 0x100,
	START_CURRENT_ROW = 0x200,
	END_CURRENT_ROW = 0x400,
	START_OFFSET_PRECEDING = 0x800,
	END_OFFSET_PRECEDING = 0x1000,
	START_OFFSET_FOLLOWING = 0x2000,
	END_OFFSET_FOLLOWING = 0x4000,
	EXCLUDE_CURRENT_ROW = 0x8000,
	EXCLUDE_GROUP = 0x10000,
	EXCLUDE_TIES = 0x20000,
};

static WindowDef *window_named(ParseState *ps, const char *name)
{
	for (size_t i = 0; i < ps->nwindows; i++)
		if (streq(ps->windows[i]->name, name))
			return ps->windows[i];
	return NULL;
}

static int frame_offset(ParseState *ps, const PgNode *node, const WindowDef *w, Expr **out)
{
	if (!node)
		return 0;
	if (w->mode == 'n')
		return an_refuse(ps, -1, "RANGE with an offset is not available in SQLite mode");
	Expr *e = an_expr(ps, node, AT_WINDOW);
	*out = e ? coerce_to_int8(ps, e, w->mode == 'r' ? "ROWS" : "GROUPS") : NULL;
	return *out ? 0 : -1;
}

static int window_frame(ParseState *ps, const PgQuery__WindowDef *def, WindowDef *w)
{
	int f = def->frame_options;
	w->has_frame = f & FRAME_NONDEFAULT;
	w->mode = f & FRAME_ROWS ? 'r' : f & FRAME_GROUPS ? 'g' : 'n';
	w->start = f & START_UNBOUNDED_PRECEDING ? 'u' : f & START_OFFSET_PRECEDING ? 'p' : f & START_OFFSET_FOLLOWING ? 'f' : 'c';
	w->end = f & END_UNBOUNDED_FOLLOWING ? 'U' : f & END_OFFSET_PRECEDING ? 'p' : f & END_OFFSET_FOLLOWING ? 'f' : 'c';
	w->exclude = f & EXCLUDE_CURRENT_ROW ? 'c' : f & EXCLUDE_GROUP ? 'g' : f & EXCLUDE_TIES ? 't' : 0;
	if (w->mode == 'g' && w->has_frame && !w->norder)
		return an_error(ps, def->location, "42P20", "GROUPS mode requires an ORDER BY clause");
	if (frame_offset(ps, def->start_offset, w, &w->start_offset) < 0)
		return -1;
	return frame_offset(ps, def->end_offset, w, &w->end_offset);
}

static int copy_base(ParseState *ps, const PgQuery__WindowDef *def, WindowDef *w)
{
	const WindowDef *base = window_named(ps, def->refname);
	if (!base)
		return an_error(ps, def->location, "42704", "window \"%s\" does not exist", def->refname);
	if (def->n_partition_clause)
		return an_error(ps, def->location, "42P20", "cannot override PARTITION BY clause of window \"%s\"", def->refname);
	if (def->n_order_clause && base->norder)
		return an_error(ps, def->location, "42P20", "cannot override ORDER BY clause of window \"%s\"", def->refname);
	if (base->has_frame)
		return an_error(ps, def->location, "42P20", "cannot copy window \"%s\" because it has a frame clause", def->refname);
	w->partition = base->partition;
	w->order = base->order;
	w->norder = base->norder;
	return 0;
}

WindowDef *an_window(ParseState *ps, const PgQuery__WindowDef *def)
{
	if (*def->name && !*def->refname && !def->n_partition_clause && !def->n_order_clause && !(def->frame_options & FRAME_NONDEFAULT)) {
		WindowDef *named = window_named(ps, def->name);
		if (!named)
			an_error(ps, def->location, "42704", "window \"%s\" does not exist", def->name);
		return named;
	}
	WindowDef *w = arena_new_of(ps->a, WindowDef);
	if (*def->refname && copy_base(ps, def, w) < 0)
		return NULL;
	for (size_t i = 0; i < def->n_partition_clause; i++) {
		Expr *e = an_expr(ps, def->partition_clause[i], AT_WINDOW);
		if (!e || !(e = coerce_unknown_to_text(ps, e)) || !equality_for(ps, e->type, e->location))
			return NULL;
		expr_list_add(ps->a, &w->partition, e);
	}
	if (def->n_order_clause && an_sort_exprs(ps, def->order_clause, def->n_order_clause, AT_WINDOW, &w->order, &w->norder) < 0)
		return NULL;
	return window_frame(ps, def, w) < 0 ? NULL : w;
}

int an_named_windows(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q)
{
	q->windows = ps->windows = arena_array(ps->a, WindowDef *, n + 1);
	for (size_t i = 0; i < n; i++) {
		PgQuery__WindowDef def = *nodes[i]->window_def;
		char *name = def.name;
		if (window_named(ps, name))
			return an_error(ps, def.location, "42P20", "window \"%s\" is already defined", name);
		def.name = (char *)"";
		WindowDef *w = an_window(ps, &def);
		if (!w)
			return -1;
		w->name = arena_strdup(ps->a, name);
		ps->windows[ps->nwindows++] = w;
		q->nwindows = ps->nwindows;
	}
	return 0;
}
