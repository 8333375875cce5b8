/* array_agg, and min and max of arrays, enums and other types of which equal values can look different. */
#include "sqlite/fn_array.h"

/* The values live in the arena. `head` moves on when a window loses its oldest row. */
typedef struct Items {
	Arena *a;
	Val *items;
	size_t head, n, cap;
	const PgType *elem;
	PgArray first; /* array_agg of arrays: the shape that every one must have */
} Items;

static Val keep(sqlite3_value *v, Arena *a)
{
	Val x = fn_arg(v);
	if (x.kind == VAL_TEXT || x.kind == VAL_BLOB)
		x.s.p = arena_strndup(a, x.s.p, x.s.n);
	return x;
}

/* Room for `more` items; NULL when an error was raised. */
static Items *room(sqlite3_context *ctx, size_t more)
{
	Items *s = sqlite3_aggregate_context(ctx, sizeof *s);
	if (!s)
		return NULL;
	if (!s->a)
		s->a = arena_new();
	if (s->n + more - s->head > ARRAY_MAX_ITEMS) {
		fn_raise(ctx, "54000", "array size exceeds the maximum allowed (%d)", ARRAY_MAX_ITEMS);
		return NULL;
	}
	s->items = mem_grow(s->items, &s->cap, s->n + more, sizeof *s->items);
	return s;
}

static void items_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Items *s = room(ctx, 1);
	if (!s)
		return;
	if (!s->elem)
		s->elem = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	if (s->elem)
		s->items[s->n++] = keep(argv[1], s->a);
	else
		fn_raise(ctx, "XX000", "cache lookup failed for type %u", (uint32_t)sqlite3_value_int64(argv[0]));
}

static void items_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Items *s = sqlite3_aggregate_context(ctx, 0);
	if (s && s->head < s->n)
		s->head++;
}

static void items_value(sqlite3_context *ctx)
{
	const Items *s = sqlite3_aggregate_context(ctx, 0);
	if (!s || s->n == s->head)
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x = array_of(s->elem, s->items + s->head, s->n - s->head);
	fn_array_result(ctx, &x, a);
}

static void items_free(sqlite3_context *ctx)
{
	Items *s = sqlite3_aggregate_context(ctx, 0);
	if (!s)
		return;
	arena_freep(&s->a);
	free(s->items);
	*s = (Items){ 0 };
}

static void items_final(sqlite3_context *ctx)
{
	items_value(ctx);
	items_free(ctx);
}

static int check_part(const Items *s, const PgArray *x, Error *err)
{
	if (x->ndim == 0)
		return err_set(err, "2202E", "cannot accumulate empty arrays");
	if (x->ndim >= ARRAY_MAX_DIMS)
		return err_set(err, "54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", x->ndim + 1,
			       ARRAY_MAX_DIMS);
	if (s->first.ndim && (x->ndim != s->first.ndim || !fn_array_same_shape(x, 0, &s->first, 0)))
		return err_set(err, "2202E", "cannot accumulate arrays of different dimensionality");
	return 0;
}

static void arrays_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (sqlite3_value_type(argv[1]) == SQLITE_NULL) {
		fn_raise(ctx, "22004", "cannot accumulate null arrays");
		return;
	}
	Items *s = room(ctx, 0);
	if (!s)
		return;
	FnEnv *env = fn_env(ctx);
	PgArray x;
	if (!s->elem)
		s->elem = fn_array_elem(env, (uint32_t)sqlite3_value_int64(argv[0]));
	Str copy = fn_arg_str(argv[1]);
	copy.p = arena_strndup(s->a, copy.p, copy.n);
	if (!s->elem || fn_array_read(s->elem, copy, s->a, &x, &env->error) || check_part(s, &x, &env->error)) {
		fn_fail(ctx);
		return;
	}
	if (!room(ctx, x.n))
		return;
	s->first = x;
	memcpy(s->items + s->n, x.items, x.n * sizeof *s->items);
	s->n += x.n;
}

static void arrays_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Items *s = sqlite3_aggregate_context(ctx, 0);
	if (s && s->head < s->n)
		s->head += s->first.n;
}

static void arrays_value(sqlite3_context *ctx)
{
	const Items *s = sqlite3_aggregate_context(ctx, 0);
	if (!s || s->n == s->head)
		return;
	PgArray x = { .elem = s->elem, .ndim = s->first.ndim + 1, .n = s->n - s->head, .items = s->items + s->head };
	x.dims[0] = (int)(x.n / s->first.n);
	x.lower[0] = 1;
	memcpy(x.dims + 1, s->first.dims, sizeof(int) * (size_t)s->first.ndim);
	memcpy(x.lower + 1, s->first.lower, sizeof(int) * (size_t)s->first.ndim);
	_cleanup_(arena_freep) Arena *a = arena_new();
	fn_array_result(ctx, &x, a);
}

static void arrays_final(sqlite3_context *ctx)
{
	arrays_value(ctx);
	items_free(ctx);
}

typedef struct Extreme {
	sqlite3_value *best;
} Extreme;

static int compare(sqlite3_context *ctx, const PgType *t, sqlite3_value *x, sqlite3_value *y)
{
	Val a = fn_arg(x), b = fn_arg(y);
	return t->elem ? array_compare_text(t->elem, a.s, b.s) : type_compare(t, &a, &b);
}

/* Of equal values that look different (1.5 and 1.50) PostgreSQL keeps the last. */
static void extreme_step(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	Extreme *s = sqlite3_aggregate_context(ctx, sizeof *s);
	const PgType *t = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	if (!s || !t) {
		fn_raise(ctx, "XX000", "cache lookup failed for type %u", (uint32_t)sqlite3_value_int64(argv[0]));
		return;
	}
	if (s->best && compare(ctx, t, argv[1], s->best) * sign < 0)
		return;
	sqlite3_value_free(s->best);
	s->best = sqlite3_value_dup(argv[1]);
}

static void min_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	extreme_step(ctx, argv, -1);
}

static void max_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	extreme_step(ctx, argv, 1);
}

static void extreme_value(sqlite3_context *ctx)
{
	const Extreme *s = sqlite3_aggregate_context(ctx, 0);
	if (s && s->best)
		sqlite3_result_value(ctx, s->best);
}

static void extreme_final(sqlite3_context *ctx)
{
	Extreme *s = sqlite3_aggregate_context(ctx, 0);
	extreme_value(ctx);
	if (s)
		sqlite3_value_free(s->best);
	if (s)
		s->best = NULL;
}

/* The value before the lost row became the best is not kept. */
static void extreme_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_raise(ctx, "0A000", "min and max of arrays and enums over a window frame whose start moves are not available in SQLite mode");
}

const SqliteAgg agg_table_array[] = {
	{ "array_agg.anynonarray", 1, FN_TYPED, items_step, items_final, items_value, items_inverse },
	{ "array_agg.anyarray", 1, FN_TYPED, arrays_step, arrays_final, arrays_value, arrays_inverse },
	{ "min.anyarray", 1, FN_TYPED | FN_STRICT, min_step, extreme_final, extreme_value, extreme_inverse },
	{ "max.anyarray", 1, FN_TYPED | FN_STRICT, max_step, extreme_final, extreme_value, extreme_inverse },
	{ "min.anyenum", 1, FN_TYPED | FN_STRICT, min_step, extreme_final, extreme_value, extreme_inverse },
	{ "max.anyenum", 1, FN_TYPED | FN_STRICT, max_step, extreme_final, extreme_value, extreme_inverse },
	{ "min.tied", 1, FN_TYPED | FN_STRICT, min_step, extreme_final, extreme_value, extreme_inverse },
	{ "max.tied", 1, FN_TYPED | FN_STRICT, max_step, extreme_final, extreme_value, extreme_inverse },
	{ NULL },
};
_Static_assert(sizeof(Items) <= AGG_STATE_MAX, "the state fits into an ordered aggregate");
