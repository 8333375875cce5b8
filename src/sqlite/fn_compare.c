/* Functions that compare values of any type: the btree support functions, larger and smaller, width_bucket over thresholds, and the
 * functions of enums that look at the order of labels. */
#include "sqlite/fn_array.h"

enum { PURE = FN_STRICT | FN_IMMUTABLE, TYPED = PURE | FN_TYPED };

/* argv: type OIDs of both, then both. Cross-type functions compare whole numbers or floating point values, whose order is one. */
static int order(sqlite3_context *ctx, sqlite3_value **argv)
{
	Val x = fn_arg(argv[2]), y = fn_arg(argv[3]);
	const PgType *t = fn_type(ctx, (uint32_t)sqlite3_value_int64(argv[0]));
	if (x.kind == VAL_INT && y.kind == VAL_INT)
		return (x.i > y.i) - (x.i < y.i);
	int c = t ? type_compare(t, &x, &y) : 0;
	return (c > 0) - (c < 0);
}

static void compare(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx, order(ctx, argv));
}

static void difference(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int64(ctx, sqlite3_value_int64(argv[2]) - sqlite3_value_int64(argv[3]));
}

static void larger(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_value(ctx, argv[order(ctx, argv) > 0 ? 2 : 3]);
}

static void smaller(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_value(ctx, argv[order(ctx, argv) < 0 ? 2 : 3]);
}

/* width_bucket(operand, thresholds): how many thresholds are not above the operand. */
static void bucket(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	const PgType *elem = fn_array_elem(env, (uint32_t)sqlite3_value_int64(argv[1]));
	Val v = fn_arg(argv[2]);
	PgArray x;
	if (!elem || fn_array_read(elem, fn_arg_str(argv[3]), a, &x, &env->error)) {
		fn_fail(ctx);
		return;
	}
	if (x.ndim > 1) {
		fn_raise(ctx, "2202E", "thresholds must be one-dimensional array");
		return;
	}
	for (size_t i = 0; i < x.n; i++)
		if (x.items[i].kind == VAL_NULL) {
			fn_raise(ctx, "22004", "thresholds array must not contain NULLs");
			return;
		}
	size_t low = 0, high = x.n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (type_compare(elem, &v, &x.items[mid]) < 0)
			high = mid;
		else
			low = mid + 1;
	}
	sqlite3_result_int64(ctx, (int64_t)low);
}

static void count_nulls(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int n = 0;
	for (int i = 0; i < argc; i++)
		n += sqlite3_value_type(argv[i]) == SQLITE_NULL;
	sqlite3_result_int(ctx, n);
}

static void count_values(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int n = 0;
	for (int i = 0; i < argc; i++)
		n += sqlite3_value_type(argv[i]) != SQLITE_NULL;
	sqlite3_result_int(ctx, n);
}

/* ---- enums; the value may be NULL, its type counts ---- */

static const PgType *enum_type(sqlite3_context *ctx, sqlite3_value *oid)
{
	const PgType *t = fn_type(ctx, (uint32_t)sqlite3_value_int64(oid));
	if (!t || t->typtype != 'e') {
		fn_raise(ctx, "0A000", "could not determine actual enum type");
		return NULL;
	}
	return t;
}

static void enum_end(sqlite3_context *ctx, sqlite3_value *oid, bool first)
{
	const PgType *t = enum_type(ctx, oid);
	if (!t)
		return;
	if (t->nlabels == 0)
		fn_raise(ctx, "55000", "enum %s contains no values", t->name);
	else if (enum_check_label(t, first ? 0 : t->nlabels - 1, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		sqlite3_result_text(ctx, t->labels[first ? 0 : t->nlabels - 1], -1, SQLITE_TRANSIENT);
}

static void enum_first(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	enum_end(ctx, argv[0], true);
}

static void enum_last(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	enum_end(ctx, argv[0], false);
}

/* The labels from `low` to `high`; NULL is the end of the type. */
static void enum_between(sqlite3_context *ctx, const PgType *t, sqlite3_value *low, sqlite3_value *high)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val *items = arena_array(a, Val, t->nlabels + 1);
	size_t n = 0;
	bool open_low = !low || sqlite3_value_type(low) == SQLITE_NULL, open_high = !high || sqlite3_value_type(high) == SQLITE_NULL;
	Val from = open_low ? val_null() : fn_arg(low), to = open_high ? val_null() : fn_arg(high);
	for (size_t i = 0; i < t->nlabels; i++) {
		Val v = val_text(str_of(t->labels[i]));
		if ((!open_low && type_compare(t, &v, &from) < 0) || (!open_high && type_compare(t, &v, &to) > 0))
			continue;
		if (enum_check_label(t, i, &fn_env(ctx)->error)) {
			fn_fail(ctx);
			return;
		}
		items[n++] = v;
	}
	PgArray x = array_of(t, items, n);
	fn_array_result(ctx, &x, a);
}

static void enum_all(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const PgType *t = enum_type(ctx, argv[0]);
	if (t)
		enum_between(ctx, t, NULL, NULL);
}

static void enum_bounds(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const PgType *t = enum_type(ctx, argv[0]);
	if (t)
		enum_between(ctx, t, argv[2], argv[3]);
}

#define ENDS(type)                                                                                                                         \
	{ type "larger", 2, TYPED, larger },                                                                                               \
	{                                                                                                                                  \
		type "smaller", 2, TYPED, smaller                                                                                          \
	}
#define ENDS_(type)                                                                                                                        \
	{ type "_larger", 2, TYPED, larger },                                                                                              \
	{                                                                                                                                  \
		type "_smaller", 2, TYPED, smaller                                                                                         \
	}

const SqliteFn fn_table_compare[] = {
	{ "btboolcmp", 2, TYPED, difference },
	{ "btint2cmp", 2, TYPED, difference },
	{ "btint4cmp", 2, TYPED, compare },
	{ "btint8cmp", 2, TYPED, compare },
	{ "btint24cmp", 2, TYPED, compare },
	{ "btint28cmp", 2, TYPED, compare },
	{ "btint42cmp", 2, TYPED, compare },
	{ "btint48cmp", 2, TYPED, compare },
	{ "btint82cmp", 2, TYPED, compare },
	{ "btint84cmp", 2, TYPED, compare },
	{ "btoidcmp", 2, TYPED, compare },
	{ "btfloat4cmp", 2, TYPED, compare },
	{ "btfloat8cmp", 2, TYPED, compare },
	{ "btfloat48cmp", 2, TYPED, compare },
	{ "btfloat84cmp", 2, TYPED, compare },
	{ "date_cmp", 2, TYPED, compare },
	{ "time_cmp", 2, TYPED, compare },
	{ "timestamp_cmp", 2, TYPED, compare },
	{ "enum_cmp", 2, TYPED, compare },
	ENDS("int2"),
	ENDS("int4"),
	ENDS("int8"),
	ENDS("oid"),
	ENDS_("date"),
	ENDS_("time"),
	ENDS_("timetz"),
	ENDS_("timestamp"),
	ENDS_("interval"),
	ENDS_("enum"),
	{ "width_bucket_array", 2, TYPED, bucket },
	{ "pg_num_nulls", -1, FN_IMMUTABLE, count_nulls },
	{ "pg_num_nonnulls", -1, FN_IMMUTABLE, count_values },
	{ "enum_first", 1, FN_TYPED, enum_first },
	{ "enum_last", 1, FN_TYPED, enum_last },
	{ "enum_range_all", 1, FN_TYPED, enum_all },
	{ "enum_range_bounds", 2, FN_TYPED, enum_bounds },
	{ NULL },
};
