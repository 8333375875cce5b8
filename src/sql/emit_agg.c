/* Aggregates and window functions. */
#include "sql/emit_internal.h"

#include <stdio.h>

enum { MAX_ORDERED_ARGS = 100 }; /* SQLite allows 127 arguments */

static bool order_matters(const PgProc *p)
{
	static const char *const free_of_order[] = { "count",	 "sum",	    "min",   "max",	"avg",
						     "bool_and", "bool_or", "every", "bit_and", "bit_or" };
	for (size_t i = 0; i < ARRAY_LEN(free_of_order); i++)
		if (streq(p->name, free_of_order[i]))
			return false;
	return true;
}

static bool leads_index(const Expr *x)
{
	if (x->kind != X_VAR || !x->rte->rel)
		return false;
	for (size_t i = 0; i < x->rte->rel->nindexes; i++) {
		const CatIndex *k = x->rte->rel->indexes[i];
		if (k->nkeys && k->keys[0] == x->column && !k->predicate && k->storage == 'b')
			return true;
	}
	return false;
}

/* SQLite's own min and max keep the first of equal values, PostgreSQL's the last; it matters where equal ones can look different. With
 * an index both take the one at its end. */
static bool keeps_last(const Expr *x)
{
	static const uint32_t types[] = { 700, 701, 1186, 1266, 1700 };
	const Expr *arg = x->args.n == 1 && !x->window && !x->is_distinct ? x->args.items[0] : NULL;
	if (!arg || (!streq(x->proc->name, "min") && !streq(x->proc->name, "max")) || (arg->type == 1700 && arg->typmod >= 0))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i] == x->proc->args[0])
			return !leads_index(arg);
	return false;
}

int emit_aggregate_name(Emitter *e, const Expr *x, char *name, size_t cap, bool *typed)
{
	*typed = false;
	if (x->proc->kind == 'w') {
		snprintf(name, cap, "%s", x->proc->name);
		return 0;
	}
	if (!native_aggregate(e->cat, x->proc, name, cap, typed))
		return emit_refuse(e, x->location, "the aggregate %s is not available in SQLite mode", x->proc->name);
	if (keeps_last(x)) {
		snprintf(name, cap, "%s.tied", x->proc->name);
		*typed = true;
	}
	return 0;
}

static int emit_filter(Emitter *e, const Expr *x)
{
	if (!x->filter)
		return 0;
	if (emit_where(e, "FILTER (WHERE", x->filter) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

/* DISTINCT sorts by ORDER BY first, then by the arguments that are not in it. */
static size_t aggregate_keys(const Expr *x, SortItem *keys)
{
	size_t n = 0;
	for (size_t i = 0; i < x->norder; i++)
		keys[n++] = x->order[i];
	for (size_t i = 0; x->is_distinct && i < x->args.n; i++) {
		bool found = false;
		for (size_t k = 0; k < n; k++)
			found = found || expr_equal(keys[k].expr, x->args.items[i]);
		if (!found)
			keys[n++] = (SortItem){ .expr = x->args.items[i] };
	}
	return n;
}

void emit_key_types(Emitter *e, const SortItem *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(&e->out, ", %u, %d", emit_type_of(e, keys[i].expr), (keys[i].desc ? 1 : 0) | (keys[i].nulls_first ? 2 : 0));
}

int emit_more(Emitter *e, Expr *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (emit_around(e, ", ", items[i], "") < 0)
			return -1;
	return 0;
}

/* See sqlite/agg_ordered.c. */
static int emit_ordered_aggregate(Emitter *e, const Expr *x, const char *name, bool typed)
{
	SortItem *keys = arena_array(e->a, SortItem, x->norder + x->args.n + 1);
	size_t n = aggregate_keys(x, keys), nargs = x->args.n * (typed ? 2 : 1);
	if (!strchr(name, '.') || nargs + 3 * n > MAX_ORDERED_ARGS)
		return emit_refuse(e, x->location, "%s inside the aggregate %s is not available in SQLite mode",
				   x->is_distinct ? "DISTINCT" : "ORDER BY", x->proc->name);
	buf_puts(&e->out, "pg_agg_ordered(");
	emit_text(&e->out, str_of(name));
	buf_printf(&e->out, ", %d, %zu, %zu", x->is_distinct, nargs, n);
	emit_key_types(e, keys, n);
	for (size_t i = 0; typed && i < x->args.n; i++)
		buf_printf(&e->out, ", %u", emit_type_of(e, x->args.items[i]));
	if (emit_more(e, x->args.items, x->args.n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (emit_around(e, ", ", keys[i].expr, "") < 0)
			return -1;
	buf_puts(&e->out, ")");
	return emit_filter(e, x);
}

/* How a row compares with the hypothetical one; see sqlite/agg_within.c. */
static int emit_key_compare(Emitter *e, const Expr *x)
{
	buf_printf(&e->out, "pg_key_compare(%zu", x->norder);
	emit_key_types(e, x->order, x->norder);
	if (emit_more(e, x->args.items, x->args.n) < 0 || emit_more(e, x->args2.items, x->args2.n) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_hypothetical(Emitter *e, const Expr *x)
{
	bool dense = streq(x->proc->name, "dense_rank");
	if (4 * x->norder + 6 > MAX_ORDERED_ARGS)
		return emit_refuse(e, x->location, "so many keys in WITHIN GROUP are not available in SQLite mode");
	if (dense) {
		buf_printf(&e->out, "ifnull(pg_agg_ordered('hypothetical.dense_rank', 1, 1, %zu", x->norder);
		emit_key_types(e, x->order, x->norder);
		buf_puts(&e->out, ", ");
	} else {
		buf_printf(&e->out, "\"hypothetical.%s\"(", x->proc->name);
	}
	if (emit_key_compare(e, x) < 0 || (dense && emit_more(e, x->args.items, x->args.n) < 0))
		return -1;
	buf_puts(&e->out, ")");
	if (emit_filter(e, x) < 0)
		return -1;
	buf_puts(&e->out, dense ? ", 1)" : "");
	return 0;
}

/* The direct arguments and the value, sorted by the value. */
static int emit_ordered_set(Emitter *e, const Expr *x, const char *name)
{
	buf_puts(&e->out, "pg_agg_ordered(");
	emit_text(&e->out, str_of(name));
	buf_printf(&e->out, ", 0, %zu, %zu", 2 * (x->args2.n + x->args.n), x->norder);
	emit_key_types(e, x->order, x->norder);
	for (size_t i = 0; i < x->args2.n; i++)
		buf_printf(&e->out, ", %u", emit_type_of(e, x->args2.items[i]));
	for (size_t i = 0; i < x->args.n; i++)
		buf_printf(&e->out, ", %u", emit_type_of(e, x->args.items[i]));
	if (emit_more(e, x->args2.items, x->args2.n) < 0 || emit_more(e, x->args.items, x->args.n) < 0 ||
	    emit_more(e, x->args.items, x->args.n) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return emit_filter(e, x);
}

int emit_aggregate(Emitter *e, const Expr *x)
{
	char name[200];
	bool typed;
	const PgAggregate *agg = x->kind == X_AGG ? pgaggregate_of(x->proc->oid) : NULL;
	if (agg && agg->kind == 'h')
		return emit_hypothetical(e, x);
	if (x->window && needs_own_window(e->cat, x))
		return emit_own_window(e, x);
	if (emit_aggregate_name(e, x, name, sizeof name, &typed) < 0)
		return -1;
	if (agg && agg->kind == 'o')
		return emit_ordered_set(e, x, name);
	bool ordered = order_matters(x->proc);
	if ((x->norder && ordered) || (x->is_distinct && (ordered || typed || x->args.n != 1)))
		return emit_ordered_aggregate(e, x, name, typed);
	if (strchr(name, '.'))
		emit_ident(&e->out, name);
	else
		buf_puts(&e->out, name);
	buf_puts(&e->out, x->star ? "(*" : x->is_distinct ? "(DISTINCT " : "(");
	for (size_t i = 0; typed && i < x->args.n; i++)
		buf_printf(&e->out, "%u, ", emit_type_of(e, x->args.items[i]));
	for (size_t i = 0; i < x->args.n; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		bool plain = i || (is_icu_collated(x->args.items[i]) && !streq(name, "min") && !streq(name, "max"));
		if ((plain ? emit_expr : emit_collated)(e, x->args.items[i]) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	if (emit_filter(e, x) < 0)
		return -1;
	return x->window ? emit_over(e, x->window, window_uses_frame(x->proc)) : 0;
}
