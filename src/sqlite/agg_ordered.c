/*
 * ORDER BY and DISTINCT inside an aggregate: the rows are kept, sorted by PostgreSQL's order of the keys' types, and then given
 * to the aggregate itself.
 *
 *   pg_agg_ordered(name, distinct, nargs, nkeys, key type, key flags, ..., args, keys)
 *
 * `name` is that of the aggregate as in SqliteAgg.name; `args` are its arguments (type OIDs first when it is typed). Key flags: 1
 * descending, 2 nulls first. With `distinct`, of rows whose keys are all equal only the first is given.
 */
#include "sqlite/sort_key.h"

#include <stdlib.h>

enum { FIXED_ARGS = 4 };

typedef struct Ordered {
	/* SQLite gives one context to all who ask in a call: the aggregate finds its own state, zeroed, at the start of this one. */
	_Alignas(8) unsigned char state[AGG_STATE_MAX];
	const SqliteAgg *agg;
	bool distinct;
	int nargs, nkeys;
	SortKey *keys;
	sqlite3_value ***rows; /* each nargs + nkeys values */
	size_t n, cap;
} Ordered;

static int begin(sqlite3_context *ctx, Ordered *o, int argc, sqlite3_value **argv)
{
	int64_t nargs = sqlite3_value_int64(argv[2]), nkeys = sqlite3_value_int64(argv[3]);
	const SqliteAgg *agg = agg_find((const char *)sqlite3_value_text(argv[0]));
	if (!agg || nargs < 0 || nkeys < 0 || FIXED_ARGS + nargs + 3 * nkeys != argc) {
		fn_raise(ctx, "XX000", "malformed call of pg_agg_ordered");
		return -1;
	}
	SortKey *keys = mem_alloc(sizeof *keys * (size_t)(nkeys + 1));
	for (int64_t i = 0; i < nkeys; i++) {
		uint32_t oid = (uint32_t)sqlite3_value_int64(argv[FIXED_ARGS + 2 * i]);
		keys[i] = (SortKey){ fn_type(ctx, oid), (unsigned)sqlite3_value_int(argv[FIXED_ARGS + 2 * i + 1]) };
		if (!keys[i].type) {
			free(keys);
			fn_raise(ctx, "XX000", "cache lookup failed for type %u", oid);
			return -1;
		}
	}
	o->agg = agg;
	o->distinct = sqlite3_value_int(argv[1]) != 0;
	o->nargs = (int)nargs;
	o->nkeys = (int)nkeys;
	o->keys = keys;
	return 0;
}

static void ordered_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Ordered *o = argc < FIXED_ARGS ? NULL : sqlite3_aggregate_context(ctx, sizeof *o);
	if (!o || (!o->agg && begin(ctx, o, argc, argv) != 0))
		return;
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 16;
		o->rows = mem_realloc(o->rows, sizeof *o->rows * o->cap);
	}
	size_t width = (size_t)o->nargs + (size_t)o->nkeys;
	sqlite3_value **row = mem_alloc(sizeof *row * (width + 1));
	for (size_t i = 0; i < width; i++)
		row[i] = sqlite3_value_dup(argv[FIXED_ARGS + 2 * o->nkeys + (int)i]);
	o->rows[o->n++] = row;
}

int sort_key_compare(const SortKey *k, sqlite3_value *x, sqlite3_value *y)
{
	bool xnull = sqlite3_value_type(x) == SQLITE_NULL, ynull = sqlite3_value_type(y) == SQLITE_NULL;
	if (xnull || ynull)
		return xnull == ynull ? 0 : xnull == !!(k->flags & KEY_NULLS_FIRST) ? -1 : 1;
	Val a = fn_arg(x), b = fn_arg(y);
	int c = type_compare(k->type, &a, &b);
	return k->flags & KEY_DESC ? (c < 0) - (c > 0) : c;
}

static int compare_rows(const void *x, const void *y, void *arg)
{
	const Ordered *o = arg;
	sqlite3_value **a = *(sqlite3_value ***)x, **b = *(sqlite3_value ***)y;
	for (int i = 0; i < o->nkeys; i++) {
		int c = sort_key_compare(&o->keys[i], a[o->nargs + i], b[o->nargs + i]);
		if (c)
			return c;
	}
	return 0;
}

/* Stable, so that rows with equal keys stay in the order in which they came. */
static void merge_sort(Ordered *o, sqlite3_value ***v, sqlite3_value ***tmp, size_t n)
{
	if (n < 2)
		return;
	size_t half = n / 2, i = 0, j = half, k = 0;
	merge_sort(o, v, tmp, half);
	merge_sort(o, v + half, tmp, n - half);
	while (i < half && j < n)
		tmp[k++] = compare_rows(&v[j], &v[i], o) < 0 ? v[j++] : v[i++];
	while (i < half)
		tmp[k++] = v[i++];
	memcpy(v, tmp, k * sizeof *v);
}

static bool skipped(const Ordered *o, sqlite3_value **row)
{
	if (!(o->agg->flags & FN_STRICT))
		return false;
	for (int i = o->agg->flags & FN_TYPED ? o->nargs / 2 : 0; i < o->nargs; i++)
		if (sqlite3_value_type(row[i]) == SQLITE_NULL)
			return true;
	return false;
}

static void feed(sqlite3_context *ctx, Ordered *o)
{
	sqlite3_value ***tmp = mem_alloc(sizeof *tmp * (o->n + 1));
	merge_sort(o, o->rows, tmp, o->n);
	free(tmp);
	bool any = false;
	for (size_t i = 0; i < o->n; i++) {
		if (skipped(o, o->rows[i]) || (o->distinct && i && compare_rows(&o->rows[i - 1], &o->rows[i], o) == 0))
			continue;
		o->agg->step(ctx, o->nargs, o->rows[i]);
		any = true;
	}
	if (any)
		o->agg->final(ctx);
}

static void ordered_final(sqlite3_context *ctx)
{
	Ordered *o = sqlite3_aggregate_context(ctx, 0);
	if (!o || !o->agg)
		return;
	feed(ctx, o);
	for (size_t i = 0; i < o->n; i++) {
		for (int k = 0; k < o->nargs + o->nkeys; k++)
			sqlite3_value_free(o->rows[i][k]);
		free(o->rows[i]);
	}
	free(o->rows);
	free(o->keys);
	o->rows = NULL;
	o->keys = NULL;
	o->n = 0;
}

const SqliteAgg agg_table_ordered[] = {
	{ "pg_agg_ordered", -1, 0, ordered_step, ordered_final },
	{ NULL },
};
