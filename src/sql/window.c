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

/* Types whose rows can be in RANGE of each other, and the types of the offset, the key's own or preferred one first. */
static const struct {
	uint32_t key, offsets[3];
} ranges[] = {
	{ 20, { 20 } },	    { 23, { 23, 20, 21 } }, { 21, { 21, 20, 23 } }, { 700, { 701 } },	{ 701, { 701 } },   { 1700, { 1700 } },
	{ 1082, { 1186 } }, { 1114, { 1186 } },	    { 1184, { 1186 } },	    { 1083, { 1186 } }, { 1266, { 1186 } }, { 1186, { 1186 } },
};

/* The type that the offset is converted to; 0 and an error when there is none. */
static uint32_t range_offset_type(ParseState *ps, uint32_t key, const Expr *e)
{
	const Catalog *cat = ps->env->cat;
	const uint32_t *offsets = NULL;
	uint32_t found = 0;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (ranges[i].key == key)
			offsets = ranges[i].offsets;
	const char *key_name = type_format(catalog_type(cat, key), -1, ps->a);
	if (!offsets) {
		an_error(ps, e->location, "0A000", "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", key_name);
		return 0;
	}
	for (size_t i = 0; i < 3 && offsets[i] && !found; i++)
		if (offsets[i] == e->type || (e->type == 705 && i == 0))
			found = offsets[i];
	for (size_t i = 0; i < 3 && offsets[i] && !found; i++)
		if (can_coerce(cat, e->type, offsets[i], COERCE_IMPLICIT))
			found = offsets[i];
	if (!found) {
		an_error(ps, e->location, "0A000",
			 "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s", key_name,
			 type_format(catalog_type(cat, e->type), -1, ps->a));
		err_hint(ps->err, "Cast the offset value to an appropriate type.");
	}
	return found;
}

static int frame_offset(ParseState *ps, const PgNode *node, const WindowDef *w, Expr **out)
{
	if (!node)
		return 0;
	const char *word = w->mode == 'r' ? "ROWS" : w->mode == 'g' ? "GROUPS" : "RANGE";
	Expr *e = an_expr(ps, node, AT_WINDOW);
	if (!e)
		return -1;
	if (w->mode == 'n') {
		uint32_t type = range_offset_type(ps, w->order[0].expr->type, e);
		*out = type ? coerce_to(ps, e, type, -1, COERCE_IMPLICIT, e->location) : NULL;
	} else {
		*out = coerce_to_int8(ps, e, word);
	}
	return *out ? check_no_vars(ps, *out, word) : -1;
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
	if (w->mode == 'n' && (def->start_offset || def->end_offset) && w->norder != 1)
		return an_error(ps, def->location, "42P20", "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column");
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
