/* OVER (...): windows and their frames, SQLite's own and ours. */
#include "sql/emit_internal.h"

#include <stdio.h>

bool window_uses_frame(const PgProc *p)
{
	return p->kind != 'w' || streq(p->name, "first_value") || streq(p->name, "last_value") || streq(p->name, "nth_value");
}

static bool has_offset(char bound)
{
	return bound == 'p' || bound == 'f';
}

static bool is_positive_const(const Expr *x)
{
	return x->kind == X_CONST && x->val.kind == VAL_INT && x->val.i > 0;
}

/* Sums that SQLite would make by taking values away, which rounds otherwise than adding them up again. */
static bool adds_up_floats(const PgProc *p)
{
	static const char *const names[] = { "sum", "avg", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop" };
	if (p->nargs < 1 || (p->args[0] != 700 && p->args[0] != 701))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (streq(p->name, names[i]))
			return true;
	return p->nargs == 2; /* regression functions */
}

/* Their state does not let go of a row. */
static bool keeps_extreme(const PgProc *p)
{
	return (streq(p->name, "min") || streq(p->name, "max")) && p->nargs == 1 && (p->args[0] == 2277 || p->args[0] == 3500);
}

bool needs_own_window(const Catalog *cat, const Expr *x)
{
	const WindowDef *w = x->window;
	if (x->proc->kind == 'w' && (streq(x->proc->name, "ntile") || streq(x->proc->name, "nth_value")) &&
	    !is_positive_const(x->args.items[x->args.n - 1]))
		return true;
	if (x->proc->kind == 'w' && (streq(x->proc->name, "lag") || streq(x->proc->name, "lead")))
		return x->args.n > 1 && !is_positive_const(x->args.items[1]);
	if (!window_uses_frame(x->proc))
		return false;
	char name[200];
	bool typed;
	const SqliteAgg *agg = x->proc->kind == 'a' && native_aggregate(cat, x->proc, name, sizeof name, &typed) ? agg_find(name) : NULL;
	if (agg && !agg->inverse) /* SQLite does not take it as a window function at all */
		return true;
	if (!w->has_frame)
		return false;
	bool offset = has_offset(w->start) || has_offset(w->end);
	bool constant =
		(!has_offset(w->start) || is_positive_const(w->start_offset)) && (!has_offset(w->end) || is_positive_const(w->end_offset));
	bool moves = w->start != 'u' || w->exclude;
	return (offset && (w->mode == 'n' || !constant)) || (moves && (adds_up_floats(x->proc) || keeps_extreme(x->proc)));
}

static int emit_bound(Emitter *e, char bound, const Expr *offset)
{
	switch (bound) {
	case 'u':
		buf_puts(&e->out, "UNBOUNDED PRECEDING");
		return 0;
	case 'U':
		buf_puts(&e->out, "UNBOUNDED FOLLOWING");
		return 0;
	case 'c':
		buf_puts(&e->out, "CURRENT ROW");
		return 0;
	default:
		return emit_around(e, "", offset, bound == 'p' ? " PRECEDING" : " FOLLOWING");
	}
}

static int emit_frame(Emitter *e, const WindowDef *w)
{
	buf_puts(&e->out, w->mode == 'r' ? " ROWS BETWEEN " : w->mode == 'g' ? " GROUPS BETWEEN " : " RANGE BETWEEN ");
	if (emit_bound(e, w->start, w->start_offset) < 0)
		return -1;
	buf_puts(&e->out, " AND ");
	if (emit_bound(e, w->end, w->end_offset) < 0)
		return -1;
	buf_puts(&e->out, w->exclude == 'c'   ? " EXCLUDE CURRENT ROW"
			  : w->exclude == 'g' ? " EXCLUDE GROUP"
			  : w->exclude == 't' ? " EXCLUDE TIES"
					      : "");
	return 0;
}

static int emit_partition(Emitter *e, const WindowDef *w)
{
	buf_puts(&e->out, " OVER (");
	for (size_t i = 0; i < w->partition.n; i++) {
		buf_puts(&e->out, i ? ", " : "PARTITION BY ");
		if (emit_collated(e, w->partition.items[i]) < 0)
			return -1;
	}
	if (!w->norder)
		return 0;
	buf_puts(&e->out, w->partition.n ? " ORDER BY " : "ORDER BY ");
	return emit_sort(e, w->order, w->norder, NULL);
}

int emit_over(Emitter *e, const WindowDef *w, bool with_frame)
{
	if (emit_partition(e, w) < 0 || (with_frame && w->has_frame && emit_frame(e, w) < 0))
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_optional(Emitter *e, const Expr *x, const char *when_absent)
{
	buf_puts(&e->out, ", ");
	if (x)
		return emit_expr(e, x);
	buf_puts(&e->out, when_absent);
	return 0;
}

int emit_own_window(Emitter *e, const Expr *x)
{
	const WindowDef *w = x->window;
	char name[200];
	bool typed;
	if (emit_aggregate_name(e, x, name, sizeof name, &typed) < 0)
		return -1;
	if (streq(name, "sum")) /* SQLite's own */
		snprintf(name, sizeof name, "sum.%s", x->proc->args[0] == 21 ? "int2" : "int4");
	typed |= streq(name, "min") || streq(name, "max");
	size_t nargs = x->args.n * (typed ? 2 : 1);
	if (nargs + 3 * w->norder > 100)
		return emit_refuse(e, x->location, "so many arguments of a window function are not available in SQLite mode");
	buf_puts(&e->out, "pg_window(");
	emit_text(&e->out, str_of(name));
	buf_printf(&e->out, ", '%c%c%c%c', %zu, %zu", w->has_frame ? w->mode : 'n', w->has_frame ? w->start : 'u',
		   w->has_frame ? w->end : 'c', w->exclude ? w->exclude : '-', nargs, w->norder);
	emit_key_types(e, w->order, w->norder);
	if (emit_optional(e, x->filter, "1") < 0 || emit_optional(e, w->start_offset, "NULL") < 0 ||
	    emit_optional(e, w->end_offset, "NULL") < 0)
		return -1;
	for (size_t i = 0; typed && i < x->args.n; i++)
		buf_printf(&e->out, ", %u", emit_type_of(e, x->args.items[i]));
	if (emit_more(e, x->args.items, x->args.n) < 0)
		return -1;
	for (size_t i = 0; i < w->norder; i++) {
		buf_puts(&e->out, ", ");
		if (emit_expr(e, w->order[i].expr) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	if (emit_partition(e, w) < 0)
		return -1;
	buf_puts(&e->out, " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)");
	return 0;
}
