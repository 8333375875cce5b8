/*
 * Window functions whose frames SQLite does not have: RANGE with an offset over any type, and frames that begin to move under an aggregate
 * that cannot take a row back.
 *
 *   pg_window(name, frame, nargs, nkeys, key type, key flags, ..., filter, start, end, args, keys) OVER (... ROWS BETWEEN CURRENT ROW AND
 *   UNBOUNDED FOLLOWING)
 *
 * SQLite gives all rows of the partition in order, then asks for one value after the other, taking away the row whose turn is over: the
 * number of rows taken away is the place of the current one. `frame` is mode, start, end and exclusion as in WindowDef (sql/node.h), '-'
 * for none. `args` are those of the aggregate in SqliteAgg (type OIDs first when it is typed), or of the window function.
 */
#include "sqlite/in_range.h"
#include "sqlite/sort_key.h"

enum { FIXED_ARGS = 4, TAIL_ARGS = 3 };

typedef enum { DO_AGG, DO_COUNT, DO_MIN, DO_MAX, DO_FIRST, DO_LAST, DO_NTH, DO_LAG, DO_LEAD, DO_NTILE } What;

static const char *const window_names[] = {
	[DO_COUNT] = "count",	[DO_MIN] = "min", [DO_MAX] = "max",   [DO_FIRST] = "first_value", [DO_LAST] = "last_value",
	[DO_NTH] = "nth_value", [DO_LAG] = "lag", [DO_LEAD] = "lead", [DO_NTILE] = "ntile",
};

typedef struct Row {
	sqlite3_value **v; /* args, then keys */
	bool passes;	   /* FILTER */
	int64_t group;	   /* of peers */
} Row;

typedef struct Window {
	/* The aggregate finds its own state, zeroed, at the start of this one; see agg_ordered.c. */
	_Alignas(8) unsigned char state[AGG_STATE_MAX];
	What what;
	const SqliteAgg *agg;
	char mode, start, end, exclude;
	int nargs, nkeys;
	SortKey *keys;
	sqlite3_value *offset[2];
	int64_t step[2]; /* the offsets of ROWS and GROUPS */
	Row *rows;
	size_t n, cap, at;
	size_t head, tail;	   /* of the current frame */
	size_t acc_head, acc_tail; /* rows that the aggregate's state holds */
	bool checked, running;
} Window;

static bool find_function(Window *w, const char *name)
{
	for (size_t i = DO_COUNT; i < ARRAY_LEN(window_names); i++)
		if (streq(window_names[i], name)) {
			w->what = (What)i;
			return true;
		}
	w->what = DO_AGG;
	w->agg = agg_find(name);
	return w->agg != NULL;
}

static int begin(sqlite3_context *ctx, Window *w, int argc, sqlite3_value **argv)
{
	const char *frame = (const char *)sqlite3_value_text(argv[1]);
	int nargs = sqlite3_value_int(argv[2]), nkeys = sqlite3_value_int(argv[3]);
	if (!frame || strlen(frame) != 4 || nargs < 0 || nkeys < 0 || FIXED_ARGS + TAIL_ARGS + nargs + 3 * nkeys != argc ||
	    !find_function(w, (const char *)sqlite3_value_text(argv[0]))) {
		fn_raise(ctx, "XX000", "malformed call of pg_window");
		return -1;
	}
	w->mode = frame[0];
	w->start = frame[1];
	w->end = frame[2];
	w->exclude = frame[3];
	w->nargs = nargs;
	w->nkeys = nkeys;
	w->keys = mem_alloc(sizeof *w->keys * (size_t)(nkeys + 1));
	for (int i = 0; i < nkeys; i++) {
		w->keys[i].type = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[FIXED_ARGS + 2 * i]));
		w->keys[i].flags = (unsigned)sqlite3_value_int(argv[FIXED_ARGS + 2 * i + 1]);
	}
	for (int i = 0; i < 2; i++)
		w->offset[i] = sqlite3_value_dup(argv[FIXED_ARGS + 2 * nkeys + 1 + i]);
	return 0;
}

static bool are_peers(const Window *w, const Row *x, const Row *y)
{
	for (int i = 0; i < w->nkeys; i++)
		if (!w->keys[i].type || sort_key_compare(&w->keys[i], x->v[w->nargs + i], y->v[w->nargs + i]) != 0)
			return false;
	return true;
}

static void window_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Window *w = argc < FIXED_ARGS + TAIL_ARGS ? NULL : sqlite3_aggregate_context(ctx, sizeof *w);
	if (!w || (!w->keys && begin(ctx, w, argc, argv) != 0))
		return;
	sqlite3_value **from = argv + FIXED_ARGS + 2 * w->nkeys;
	int width = w->nargs + w->nkeys;
	w->rows = mem_grow(w->rows, &w->cap, w->n + 1, sizeof *w->rows);
	Row *r = &w->rows[w->n++];
	*r = (Row){ .v = mem_alloc(sizeof(sqlite3_value *) * (size_t)(width + 1)), .passes = sqlite3_value_int(from[0]) != 0 };
	for (int i = 0; i < width; i++)
		r->v[i] = sqlite3_value_dup(from[TAIL_ARGS + i]);
	if (w->n > 1)
		r->group = r[-1].group + !are_peers(w, r - 1, r);
}

static void window_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Window *w = sqlite3_aggregate_context(ctx, 0);
	if (w)
		w->at++;
}

static bool has_offset(char bound)
{
	return bound == 'p' || bound == 'f';
}

static int check_offsets(sqlite3_context *ctx, Window *w)
{
	static const char *const which[] = { "starting", "ending" };
	w->checked = true;
	for (int i = 0; i < 2; i++) {
		if (!has_offset(i ? w->end : w->start))
			continue;
		if (sqlite3_value_type(w->offset[i]) == SQLITE_NULL) {
			fn_raise(ctx, "22004", "frame %s offset must not be null", which[i]);
			return -1;
		}
		w->step[i] = w->mode == 'n' ? 0 : sqlite3_value_int64(w->offset[i]);
		if (w->step[i] < 0) {
			fn_raise(ctx, "22013", "frame %s offset must not be negative", which[i]);
			return -1;
		}
	}
	return 0;
}

/* at - step or at + step, not beyond 0 and n. */
static size_t moved(size_t at, int64_t step, bool back, size_t n)
{
	uint64_t s = (uint64_t)step;
	if (back)
		return s > at ? 0 : at - s;
	return s > n - at ? n : at + s;
}

/* First row of the group, or one past the last row of those up to it. */
static size_t group_edge(const Window *w, int64_t group, bool past, size_t from)
{
	size_t i = from;
	while (i < w->n && (past ? w->rows[i].group <= group : w->rows[i].group < group))
		i++;
	return i;
}

static int64_t group_moved(const Window *w, int64_t step, bool back)
{
	int64_t g = w->rows[w->at].group, r;
	if (back ? __builtin_sub_overflow(g, step, &r) : __builtin_add_overflow(g, step, &r))
		return back ? INT64_MIN : INT64_MAX;
	return r;
}

/* Whether row i is at or after the start (tail: beyond the end) that an offset gives to the current row's frame. */
static int range_reached(sqlite3_context *ctx, const Window *w, size_t i, bool tail)
{
	const SortKey *k = &w->keys[0];
	sqlite3_value *v = w->rows[i].v[w->nargs], *cur = w->rows[w->at].v[w->nargs];
	bool vnull = sqlite3_value_type(v) == SQLITE_NULL, cnull = sqlite3_value_type(cur) == SQLITE_NULL;
	bool nulls_first = k->flags & KEY_NULLS_FIRST, desc = k->flags & KEY_DESC;
	if (vnull || cnull) {
		if (tail)
			return nulls_first ? !vnull && cnull : vnull && !cnull;
		return nulls_first ? !vnull || cnull : vnull || !cnull;
	}
	bool sub = (tail ? w->end : w->start) == 'p';
	int in = in_range(ctx, k->type->oid, v, cur, w->offset[tail], sub != desc, tail != desc);
	return in < 0 ? -1 : tail ? !in : in;
}

static int range_edge(sqlite3_context *ctx, const Window *w, size_t from, bool tail, size_t *out)
{
	size_t i = from;
	int r = 0;
	while (i < w->n && (r = range_reached(ctx, w, i, tail)) == 0)
		i++;
	*out = i;
	return r < 0 ? -1 : 0;
}

static int find_edge(sqlite3_context *ctx, const Window *w, bool tail, size_t from, size_t *out)
{
	char bound = tail ? w->end : w->start;
	if (bound == 'u' || bound == 'U') {
		*out = bound == 'u' ? 0 : w->n;
	} else if (bound == 'c') {
		*out = w->mode == 'r' ? w->at + tail : group_edge(w, w->rows[w->at].group, tail, from);
	} else if (w->mode == 'r') {
		*out = moved(w->at, w->step[tail], bound == 'p', w->n);
		if (tail && !(bound == 'p' && (uint64_t)w->step[1] > w->at) && *out < w->n)
			++*out;
	} else if (w->mode == 'g') {
		*out = group_edge(w, group_moved(w, w->step[tail], bound == 'p'), tail, from);
	} else {
		return range_edge(ctx, w, from, tail, out);
	}
	return 0;
}

static bool excluded(const Window *w, size_t i)
{
	const Row *cur = &w->rows[w->at];
	bool peer = w->rows[i].group == cur->group;
	return w->exclude == 'c' ? i == w->at : w->exclude == 'g' ? peer : w->exclude == 't' ? peer && i != w->at : false;
}

static bool skipped(const Window *w, size_t i)
{
	const Row *r = &w->rows[i];
	if (!r->passes || excluded(w, i))
		return true;
	if (w->what == DO_AGG && !(w->agg->flags & FN_STRICT))
		return false;
	int first = w->what == DO_AGG && w->agg->flags & FN_TYPED ? w->nargs / 2 : 0;
	for (int k = first; k < w->nargs; k++)
		if (sqlite3_value_type(r->v[k]) == SQLITE_NULL)
			return true;
	return false;
}

static void feed(sqlite3_context *ctx, Window *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (!skipped(w, i))
			w->agg->step(ctx, w->nargs, w->rows[i].v);
}

static void drop_state(sqlite3_context *ctx, Window *w)
{
	if (w->running)
		w->agg->final(ctx);
	w->running = false;
	memset(w->state, 0, sizeof w->state);
	sqlite3_result_null(ctx);
}

/* While the frame only grows, the rows that are new are added to the state; otherwise it is made again. */
static void aggregate(sqlite3_context *ctx, Window *w)
{
	bool grows = w->running && w->exclude == '-' && w->agg->value && w->head == w->acc_head && w->tail >= w->acc_tail;
	if (!grows) {
		drop_state(ctx, w);
		w->acc_tail = w->acc_head = w->head;
	}
	feed(ctx, w, w->acc_tail, w->tail);
	w->acc_tail = w->tail > w->acc_head ? w->tail : w->acc_head;
	w->running = true;
	if (w->agg->value)
		w->agg->value(ctx);
	else
		drop_state(ctx, w);
}

static void extreme(sqlite3_context *ctx, const Window *w)
{
	SortKey key = { fn_type(ctx, (uint32_t)sqlite3_value_int64(w->rows[0].v[0])), 0 };
	sqlite3_value *best = NULL;
	for (size_t i = w->head; key.type && i < w->tail; i++) {
		sqlite3_value *v = w->rows[i].v[1];
		if (skipped(w, i))
			continue;
		int c = best ? sort_key_compare(&key, v, best) : 1;
		if (!best || (w->what == DO_MIN ? c < 0 : c > 0))
			best = v;
	}
	if (best)
		sqlite3_result_value(ctx, best);
}

static void count(sqlite3_context *ctx, const Window *w)
{
	int64_t n = 0;
	for (size_t i = w->head; i < w->tail; i++)
		n += !skipped(w, i);
	sqlite3_result_int64(ctx, n);
}

static void nth_value(sqlite3_context *ctx, const Window *w)
{
	const Row *cur = &w->rows[w->at];
	int64_t nth = 1;
	if (w->what == DO_NTH) {
		if (sqlite3_value_type(cur->v[1]) == SQLITE_NULL)
			return;
		nth = sqlite3_value_int64(cur->v[1]);
		if (nth <= 0) {
			fn_raise(ctx, "22016", "argument of nth_value must be greater than zero");
			return;
		}
	}
	for (size_t k = w->head; k < w->tail; k++) {
		size_t i = w->what == DO_LAST ? w->tail - 1 - (k - w->head) : k;
		if (excluded(w, i) || --nth)
			continue;
		sqlite3_result_value(ctx, w->rows[i].v[0]);
		return;
	}
}

static void lag_or_lead(sqlite3_context *ctx, const Window *w)
{
	const Row *cur = &w->rows[w->at];
	int64_t by = 1;
	if (w->nargs > 1) {
		if (sqlite3_value_type(cur->v[1]) == SQLITE_NULL)
			return;
		by = sqlite3_value_int64(cur->v[1]);
	}
	int64_t i = (int64_t)w->at + (w->what == DO_LAG ? -by : by);
	if (i >= 0 && i < (int64_t)w->n)
		sqlite3_result_value(ctx, w->rows[i].v[0]);
	else if (w->nargs > 2)
		sqlite3_result_value(ctx, cur->v[2]);
}

/* The first n % buckets of them have one row more than the others. */
static void ntile(sqlite3_context *ctx, const Window *w)
{
	sqlite3_value *arg = w->rows[0].v[0];
	if (sqlite3_value_type(arg) == SQLITE_NULL)
		return;
	int64_t buckets = sqlite3_value_int64(arg), n = (int64_t)w->n, at = (int64_t)w->at;
	if (buckets <= 0) {
		fn_raise(ctx, "22014", "argument of ntile must be greater than zero");
		return;
	}
	int64_t size = n / buckets, larger = n % buckets, in_larger = larger * (size + 1);
	sqlite3_result_int64(ctx, at < in_larger ? at / (size + 1) + 1 : larger + (at - in_larger) / size + 1);
}

static void window_value(sqlite3_context *ctx)
{
	Window *w = sqlite3_aggregate_context(ctx, 0);
	if (!w || w->at >= w->n)
		return;
	if (w->what == DO_NTILE) {
		ntile(ctx, w);
		return;
	}
	if (w->what == DO_LAG || w->what == DO_LEAD) {
		lag_or_lead(ctx, w);
		return;
	}
	if ((!w->checked && check_offsets(ctx, w) != 0) || find_edge(ctx, w, false, w->head, &w->head) != 0 ||
	    find_edge(ctx, w, true, w->tail, &w->tail) != 0)
		return;
	if (w->what == DO_AGG)
		aggregate(ctx, w);
	else if (w->what == DO_COUNT)
		count(ctx, w);
	else if (w->what == DO_MIN || w->what == DO_MAX)
		extreme(ctx, w);
	else
		nth_value(ctx, w);
}

static void window_final(sqlite3_context *ctx)
{
	Window *w = sqlite3_aggregate_context(ctx, 0);
	if (!w || !w->keys)
		return;
	if (w->what == DO_AGG)
		drop_state(ctx, w);
	for (size_t i = 0; i < w->n; i++) {
		for (int k = 0; k < w->nargs + w->nkeys; k++)
			sqlite3_value_free(w->rows[i].v[k]);
		free(w->rows[i].v);
	}
	free(w->rows);
	free(w->keys);
	sqlite3_value_free(w->offset[0]);
	sqlite3_value_free(w->offset[1]);
	*w = (Window){ 0 };
}

const SqliteAgg agg_table_window[] = {
	{ "pg_window", -1, 0, window_step, window_final, window_value, window_inverse },
	{ NULL },
};
