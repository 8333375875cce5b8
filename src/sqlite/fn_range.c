/* Ranges and multiranges: constructors, parts, operators. */
#include "sqlite/fn_range.h"
#include "sqlite/fn_array.h"
#include "sqlite/fn_text.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

enum { PURE = FN_STRICT | FN_IMMUTABLE, TYPED = FN_TYPED | FN_IMMUTABLE, STRICT = TYPED | FN_STRICT };

/* Everything here is typed: the n types come before the n arguments. */
static uint32_t type_at(sqlite3_value **argv, int i)
{
	return (uint32_t)sqlite3_value_int64(argv[i]);
}

const RangeType *fn_range_type(sqlite3_context *ctx, uint32_t type)
{
	return range_type_of(fn_type(ctx, type));
}

int fn_ranges_arg(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, Arena *a, PgRanges *out)
{
	const RangeType *k = fn_range_type(ctx, type);
	Error *err = &fn_env(ctx)->error;
	if (!k)
		err_set(err, "XX000", "type %u is not a range type", type);
	if (!k || range_parse(k, k->multirange == type, fn_arg_str(v), &type_env_stored, a, out, err)) {
		fn_fail(ctx);
		return -1;
	}
	return 0;
}

void fn_ranges_result(sqlite3_context *ctx, const RangeType *k, bool multi, const PgRanges *x)
{
	Buf b = { 0 };
	if (range_print(k, multi, x, &type_env_stored, &b, &fn_env(ctx)->error)) {
		buf_free(&b);
		fn_fail(ctx);
		return;
	}
	fn_result_buf(ctx, &b);
}

/* ---- constructors: the type of the range comes first ---- */

static bool read_flags(sqlite3_context *ctx, sqlite3_value *v, bool *lo, bool *hi)
{
	Str s = fn_arg_str(v);
	Error *err = &fn_env(ctx)->error;
	if (sqlite3_value_type(v) == SQLITE_NULL) {
		fn_raise(ctx, "22000", "range constructor flags argument must not be null");
		return false;
	}
	*lo = s.n == 2 && s.p[0] == '[';
	*hi = s.n == 2 && s.p[1] == ']';
	if (s.n == 2 && (*lo || s.p[0] == '(') && (*hi || s.p[1] == ')'))
		return true;
	err_set(err, "42601", "invalid range bound flags");
	err_hint(err, "Valid values are \"[]\", \"[)\", \"(]\", and \"()\".");
	fn_fail(ctx);
	return false;
}

static void construct(sqlite3_context *ctx, sqlite3_value **argv, int n)
{
	ARENA(a);
	const RangeType *k = fn_range_type(ctx, type_at(argv, 0));
	PgRanges r;
	RangeBound lo = { .inclusive = true }, hi = { 0 };
	if (n > 2 && !read_flags(ctx, argv[3], &lo.inclusive, &hi.inclusive))
		return;
	lo.v = fn_arg(argv[1]);
	hi.v = fn_arg(argv[2]);
	lo.infinite = lo.v.kind == VAL_NULL;
	hi.infinite = hi.v.kind == VAL_NULL;
	if (!k)
		fn_raise(ctx, "XX000", "type %u is not a range type", type_at(argv, 0));
	else if (range_make(k, lo, hi, a, &r, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		fn_ranges_result(ctx, k, false, &r);
}

FN(construct2)
{
	construct(ctx, argv, 2);
}

FN(construct3)
{
	construct(ctx, argv, 3);
}

FN(multi_empty)
{
	sqlite3_result_text(ctx, "{}", -1, SQLITE_STATIC);
}

FN(multi_of_range)
{
	ARENA(a);
	PgRanges x;
	if (fn_ranges_arg(ctx, type_at(argv, 0), argv[1], a, &x) == 0)
		fn_ranges_result(ctx, fn_range_type(ctx, type_at(argv, 0)), true, &x);
}

FN(multi_of_array)
{
	ARENA(a);
	FnEnv *env = fn_env(ctx);
	const PgType *elem = fn_array_elem(env, type_at(argv, 0));
	const RangeType *k = range_type_of(elem);
	PgArray x;
	if (!k || fn_array_read(elem, fn_arg_str(argv[1]), a, &x, &env->error)) {
		fn_fail(ctx);
		return;
	}
	PgRanges all = { .items = arena_array(a, PgRange, x.n + 1) }, one;
	if (x.ndim > 1) {
		fn_raise(ctx, "21000", "multiranges cannot be constructed from multidimensional arrays");
		return;
	}
	for (size_t i = 0; i < x.n; i++) {
		if (x.items[i].kind == VAL_NULL) {
			fn_raise(ctx, "22004", "multirange values cannot contain null members");
			return;
		}
		if (range_parse(k, false, x.items[i].s, &type_env_stored, a, &one, &env->error)) {
			fn_fail(ctx);
			return;
		}
		if (one.n)
			all.items[all.n++] = one.items[0];
	}
	ranges_normalize(k, &all);
	fn_ranges_result(ctx, k, true, &all);
}

/* ---- parts ---- */

/* The first or last bound, NULL when there are no ranges. */
static const RangeBound *bound(sqlite3_context *ctx, sqlite3_value **argv, bool lower, Arena *a)
{
	PgRanges x;
	if (fn_ranges_arg(ctx, type_at(argv, 0), argv[1], a, &x) || x.n == 0)
		return NULL;
	return lower ? &x.items[0].lo : &x.items[x.n - 1].hi;
}

static void bound_value(sqlite3_context *ctx, sqlite3_value **argv, bool lower)
{
	ARENA(a);
	const RangeBound *b = bound(ctx, argv, lower, a);
	if (b && !b->infinite)
		fn_result(ctx, &b->v);
}

FN(lower)
{
	bound_value(ctx, argv, true);
}

FN(upper)
{
	bound_value(ctx, argv, false);
}

static void bound_flag(sqlite3_context *ctx, sqlite3_value **argv, bool is_lower, bool of_infinity)
{
	ARENA(a);
	sqlite3_result_int(ctx, 0);
	const RangeBound *b = bound(ctx, argv, is_lower, a);
	if (b)
		sqlite3_result_int(ctx, of_infinity ? b->infinite : b->inclusive);
}

FN(lower_inc)
{
	bound_flag(ctx, argv, true, false);
}

FN(upper_inc)
{
	bound_flag(ctx, argv, false, false);
}

FN(lower_inf)
{
	bound_flag(ctx, argv, true, true);
}

FN(upper_inf)
{
	bound_flag(ctx, argv, false, true);
}

FN(is_empty)
{
	ARENA(a);
	PgRanges x;
	if (fn_ranges_arg(ctx, type_at(argv, 0), argv[1], a, &x) == 0)
		sqlite3_result_int(ctx, x.n == 0);
}

/* ---- operators that answer yes or no ---- */

typedef bool Question(const RangeType *k, const PgRanges *x, const PgRanges *y);

static void ask(sqlite3_context *ctx, sqlite3_value **argv, Question *question, bool swapped)
{
	ARENA(a);
	PgRanges x, y;
	if (fn_ranges_arg(ctx, type_at(argv, 0), argv[2], a, &x) || fn_ranges_arg(ctx, type_at(argv, 1), argv[3], a, &y))
		return;
	const RangeType *k = fn_range_type(ctx, type_at(argv, 0));
	sqlite3_result_int(ctx, swapped ? question(k, &y, &x) : question(k, &x, &y));
}

FN(overlaps)
{
	ask(ctx, argv, ranges_overlap, false);
}

FN(contains)
{
	ask(ctx, argv, ranges_hold, false);
}

FN(contained_by)
{
	ask(ctx, argv, ranges_hold, true);
}

FN(before)
{
	ask(ctx, argv, ranges_before, false);
}

FN(after)
{
	ask(ctx, argv, ranges_before, true);
}

FN(overleft)
{
	ask(ctx, argv, ranges_overleft, false);
}

FN(overright)
{
	ask(ctx, argv, ranges_overright, false);
}

FN(adjacent)
{
	ask(ctx, argv, ranges_adjacent, false);
}

static void holds_value(sqlite3_context *ctx, sqlite3_value **argv, int range, int value)
{
	ARENA(a);
	PgRanges x;
	Val v = fn_arg(argv[2 + value]);
	if (fn_ranges_arg(ctx, type_at(argv, range), argv[2 + range], a, &x) == 0)
		sqlite3_result_int(ctx, ranges_hold_value(fn_range_type(ctx, type_at(argv, range)), &x, &v));
}

FN(contains_value)
{
	holds_value(ctx, argv, 0, 1);
}

FN(value_contained)
{
	holds_value(ctx, argv, 1, 0);
}

FN(compare)
{
	ARENA(a);
	PgRanges x, y;
	if (fn_ranges_arg(ctx, type_at(argv, 0), argv[2], a, &x) || fn_ranges_arg(ctx, type_at(argv, 1), argv[3], a, &y))
		return;
	int order = ranges_compare(fn_range_type(ctx, type_at(argv, 0)), &x, &y);
	sqlite3_result_int(ctx, (order > 0) - (order < 0));
}

/* ---- operators that make ranges ---- */

static void combine(sqlite3_context *ctx, sqlite3_value **argv, RangesRule *how, const char *name)
{
	ARENA(a);
	uint32_t type = type_at(argv, 0);
	const RangeType *k = fn_range_type(ctx, type);
	PgRanges x, y, r;
	if (fn_ranges_arg(ctx, type, argv[2], a, &x) || fn_ranges_arg(ctx, type_at(argv, 1), argv[3], a, &y))
		return;
	how(k, &x, &y, a, &r);
	if (type == k->range && r.n > 1)
		fn_raise(ctx, "22000", "result of range %s would not be contiguous", name);
	else
		fn_ranges_result(ctx, k, type == k->multirange, &r);
}

FN(unite)
{
	combine(ctx, argv, ranges_union, "union");
}

FN(intersect)
{
	combine(ctx, argv, ranges_intersect, "intersection");
}

FN(minus)
{
	combine(ctx, argv, ranges_minus, "difference");
}

static void joined_span(const RangeType *k, const PgRanges *x, const PgRanges *y, Arena *a, PgRanges *out)
{
	PgRanges all;
	ranges_union(k, x, y, a, &all);
	ranges_span(&all, a, out);
}

FN(merge)
{
	combine(ctx, argv, joined_span, "merge");
}

FN(merge_multi)
{
	ARENA(a);
	PgRanges x, r;
	if (fn_ranges_arg(ctx, type_at(argv, 0), argv[1], a, &x))
		return;
	ranges_span(&x, a, &r);
	fn_ranges_result(ctx, fn_range_type(ctx, type_at(argv, 0)), false, &r);
}

/* The combinations of range (r) and multirange (m) of one operator. */
#define COMBINATIONS(rr, rm, mr, mm, fn)                                                                                                   \
	{ rr, 2, STRICT, fn }, { rm, 2, STRICT, fn }, { mr, 2, STRICT, fn },                                                               \
	{                                                                                                                                  \
		mm, 2, STRICT, fn                                                                                                          \
	}
#define BOTH(part, fn)                                                                                                                     \
	{ "range_" part, 1, STRICT, fn },                                                                                                  \
	{                                                                                                                                  \
		"multirange_" part, 1, STRICT, fn                                                                                          \
	}

const SqliteFn fn_table_range[] = {
	{ "range_constructor2", 2, FN_RESULT | FN_IMMUTABLE, construct2 },
	{ "range_constructor3", 3, FN_RESULT | FN_IMMUTABLE, construct3 },
	{ "multirange_constructor0", 0, PURE, multi_empty },
	{ "multirange_constructor1", 1, STRICT, multi_of_range },
	{ "multirange_constructor2", 1, STRICT, multi_of_array },
	BOTH("lower", lower),
	BOTH("upper", upper),
	BOTH("lower_inc", lower_inc),
	BOTH("upper_inc", upper_inc),
	BOTH("lower_inf", lower_inf),
	BOTH("upper_inf", upper_inf),
	BOTH("empty", is_empty),
	COMBINATIONS("range_overlaps", "range_overlaps_multirange", "multirange_overlaps_range", "multirange_overlaps_multirange",
		     overlaps),
	COMBINATIONS("range_contains", "range_contains_multirange", "multirange_contains_range", "multirange_contains_multirange",
		     contains),
	COMBINATIONS("range_contained_by", "range_contained_by_multirange", "multirange_contained_by_range",
		     "multirange_contained_by_multirange", contained_by),
	COMBINATIONS("range_before", "range_before_multirange", "multirange_before_range", "multirange_before_multirange", before),
	COMBINATIONS("range_after", "range_after_multirange", "multirange_after_range", "multirange_after_multirange", after),
	COMBINATIONS("range_overleft", "range_overleft_multirange", "multirange_overleft_range", "multirange_overleft_multirange",
		     overleft),
	COMBINATIONS("range_overright", "range_overright_multirange", "multirange_overright_range", "multirange_overright_multirange",
		     overright),
	COMBINATIONS("range_adjacent", "range_adjacent_multirange", "multirange_adjacent_range", "multirange_adjacent_multirange",
		     adjacent),
	{ "range_contains_elem", 2, STRICT, contains_value },
	{ "multirange_contains_elem", 2, STRICT, contains_value },
	{ "elem_contained_by_range", 2, STRICT, value_contained },
	{ "elem_contained_by_multirange", 2, STRICT, value_contained },
	{ "range_cmp", 2, STRICT, compare },
	{ "multirange_cmp", 2, STRICT, compare },
	{ "range_union", 2, STRICT, unite },
	{ "multirange_union", 2, STRICT, unite },
	{ "range_intersect", 2, STRICT, intersect },
	{ "multirange_intersect", 2, STRICT, intersect },
	{ "range_minus", 2, STRICT, minus },
	{ "multirange_minus", 2, STRICT, minus },
	{ "range_merge", 2, STRICT, merge },
	{ "range_merge_from_multirange", 1, STRICT, merge_multi },
	{ NULL },
};
