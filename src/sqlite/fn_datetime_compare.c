/* Comparisons of dates, times and intervals. */
#include "sqlite/fn_datetime.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

/* ---- comparisons that SQLite's own operators do not cover ---- */

typedef enum { SIDE_DATE, SIDE_TS, SIDE_TSTZ } Side;

#define LATEST ((__int128)TS_POS_INF * 64) /* infinity: later than the last date */

/* A date beyond all timestamps is later than all of them but infinity. */
static bool moment_of(sqlite3_context *ctx, sqlite3_value *v, Side side, bool to_utc, __int128 *out)
{
	int64_t ts;
	int32_t d;
	if (side == SIDE_DATE) {
		if (!dt_arg_date(ctx, v, &d))
			return false;
		if (date_is_infinite(d)) {
			*out = d == DATE_NEG_INF ? TS_NEG_INF : LATEST;
			return true;
		}
		*out = (__int128)d * US_PER_DAY;
		if (*out >= TS_END || !to_utc)
			return true;
		ts = (int64_t)*out;
	} else {
		if (!dt_arg_ts(ctx, v, &ts))
			return false;
		if (ts_is_infinite(ts)) {
			*out = ts == TS_NEG_INF ? TS_NEG_INF : LATEST;
			return true;
		}
	}
	*out = ts - (to_utc && side != SIDE_TSTZ ? tz_offset_local(dt_zone(ctx), ts) * US_PER_SEC : 0);
	return true;
}
static bool cross_compare(sqlite3_context *ctx, sqlite3_value **argv, Side a, Side b, int *c)
{
	__int128 x, y;
	bool utc = a == SIDE_TSTZ || b == SIDE_TSTZ;
	if (!moment_of(ctx, argv[0], a, utc, &x) || !moment_of(ctx, argv[1], b, utc, &y))
		return false;
	*c = (x > y) - (x < y);
	return true;
}
#define CROSS_ONE(name, a, b, test)                                                                                                        \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		int c;                                                                                                                     \
		if (cross_compare(ctx, argv, SIDE_##a, SIDE_##b, &c))                                                                      \
			sqlite3_result_int(ctx, test);                                                                                     \
	}
#define CROSS(p, s, a, b)                                                                                                                  \
	CROSS_ONE(p##_eq_##s, a, b, c == 0)                                                                                                \
	CROSS_ONE(p##_ne_##s, a, b, c != 0)                                                                                                \
	CROSS_ONE(p##_lt_##s, a, b, c < 0)                                                                                                 \
	CROSS_ONE(p##_le_##s, a, b, c <= 0)                                                                                                \
	CROSS_ONE(p##_gt_##s, a, b, c > 0)                                                                                                 \
	CROSS_ONE(p##_ge_##s, a, b, c >= 0)                                                                                                \
	CROSS_ONE(p##_cmp_##s, a, b, c)
CROSS(date, timestamp, DATE, TS)
CROSS(date, timestamptz, DATE, TSTZ)
CROSS(timestamp, date, TS, DATE)
CROSS(timestamp, timestamptz, TS, TSTZ)
CROSS(timestamptz, date, TSTZ, DATE)
CROSS(timestamptz, timestamp, TSTZ, TS)

static bool compare_intervals(sqlite3_context *ctx, sqlite3_value **argv, int *c)
{
	Interval a, b;
	if (!dt_arg_interval(ctx, argv[0], &a) || !dt_arg_interval(ctx, argv[1], &b))
		return false;
	*c = interval_compare(&a, &b);
	return true;
}
static bool compare_timetz(sqlite3_context *ctx, sqlite3_value **argv, int *c)
{
	TimeTz a, b;
	if (!dt_arg_timetz(ctx, argv[0], &a) || !dt_arg_timetz(ctx, argv[1], &b))
		return false;
	*c = timetz_compare(&a, &b);
	return true;
}
#define SAME_ONE(name, compare, test)                                                                                                      \
	FN(name)                                                                                                                           \
	{                                                                                                                                  \
		int c;                                                                                                                     \
		if (compare(ctx, argv, &c))                                                                                                \
			sqlite3_result_int(ctx, test);                                                                                     \
	}
#define SAME(p, compare)                                                                                                                   \
	SAME_ONE(fn_##p##_eq, compare, c == 0)                                                                                             \
	SAME_ONE(fn_##p##_ne, compare, c != 0)                                                                                             \
	SAME_ONE(fn_##p##_lt, compare, c < 0)                                                                                              \
	SAME_ONE(fn_##p##_le, compare, c <= 0)                                                                                             \
	SAME_ONE(fn_##p##_gt, compare, c > 0)                                                                                              \
	SAME_ONE(fn_##p##_ge, compare, c >= 0)                                                                                             \
	SAME_ONE(fn_##p##_cmp, compare, c)
SAME(interval, compare_intervals)
SAME(timetz, compare_timetz)

/* ---- OVERLAPS ---- */

typedef bool (*Compare)(sqlite3_context *ctx, sqlite3_value *a, sqlite3_value *b, int *c);

static bool compare_ts_values(sqlite3_context *ctx, sqlite3_value *a, sqlite3_value *b, int *c)
{
	int64_t x, y;
	if (!dt_arg_ts(ctx, a, &x) || !dt_arg_ts(ctx, b, &y))
		return false;
	*c = (x > y) - (x < y);
	return true;
}

static bool compare_time_values(sqlite3_context *ctx, sqlite3_value *a, sqlite3_value *b, int *c)
{
	int64_t x, y;
	if (!dt_arg_time(ctx, a, &x) || !dt_arg_time(ctx, b, &y))
		return false;
	*c = (x > y) - (x < y);
	return true;
}

static bool compare_timetz_values(sqlite3_context *ctx, sqlite3_value *a, sqlite3_value *b, int *c)
{
	return compare_timetz(ctx, (sqlite3_value *[]){ a, b }, c);
}

typedef struct Period {
	sqlite3_value *from, *to; /* `to` is NULL when it is not known */
} Period;

static bool is_null(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_NULL;
}

/* The ends of a period in order. Of a period with one known end that end is the start. False: failed, or nothing is known. */
static bool period_of(sqlite3_context *ctx, sqlite3_value *a, sqlite3_value *b, Compare compare, Period *p)
{
	int c;
	*p = (Period){ a, is_null(b) ? NULL : b };
	if (is_null(a)) {
		*p = (Period){ b, NULL };
		return !is_null(b);
	}
	if (!p->to)
		return true;
	if (!compare(ctx, a, b, &c))
		return false;
	if (c > 0)
		*p = (Period){ b, a };
	return true;
}

/* NULL as long as the unknown end could decide. */
static void overlaps(sqlite3_context *ctx, sqlite3_value **argv, Compare compare)
{
	Period x, y;
	int c;
	if (!period_of(ctx, argv[0], argv[1], compare, &x) || !period_of(ctx, argv[2], argv[3], compare, &y) ||
	    !compare(ctx, x.from, y.from, &c))
		return;
	if (c == 0) {
		if (x.to && y.to)
			sqlite3_result_int(ctx, 1);
		return;
	}
	Period first = c < 0 ? x : y, second = c < 0 ? y : x;
	if (!first.to || !compare(ctx, second.from, first.to, &c))
		return;
	if (c < 0)
		sqlite3_result_int(ctx, 1);
	else if (second.to)
		sqlite3_result_int(ctx, 0);
}
FN(fn_overlaps_timestamp)
{
	overlaps(ctx, argv, compare_ts_values);
}
FN(fn_overlaps_time)
{
	overlaps(ctx, argv, compare_time_values);
}
FN(fn_overlaps_timetz)
{
	overlaps(ctx, argv, compare_timetz_values);
}

#define PURE (FN_STRICT | FN_IMMUTABLE)
#define CROSS_ROWS(p, s, flags)                                                                                                            \
	{ #p "_eq_" #s, 2, flags, p##_eq_##s }, { #p "_ne_" #s, 2, flags, p##_ne_##s }, { #p "_lt_" #s, 2, flags, p##_lt_##s },            \
		{ #p "_le_" #s, 2, flags, p##_le_##s }, { #p "_gt_" #s, 2, flags, p##_gt_##s }, { #p "_ge_" #s, 2, flags, p##_ge_##s },    \
	{                                                                                                                                  \
#p "_cmp_" #s, 2, flags, p##_cmp_##s                                                                                       \
	}
#define SAME_ROWS(p)                                                                                                                       \
	{ #p "_eq", 2, PURE, fn_##p##_eq }, { #p "_ne", 2, PURE, fn_##p##_ne }, { #p "_lt", 2, PURE, fn_##p##_lt },                        \
		{ #p "_le", 2, PURE, fn_##p##_le }, { #p "_gt", 2, PURE, fn_##p##_gt }, { #p "_ge", 2, PURE, fn_##p##_ge },                \
	{                                                                                                                                  \
#p "_cmp", 2, PURE, fn_##p##_cmp                                                                                           \
	}

const SqliteFn fn_table_datetime_compare[] = {
	CROSS_ROWS(date, timestamp, PURE),
	CROSS_ROWS(timestamp, date, PURE),
	CROSS_ROWS(date, timestamptz, FN_STRICT),
	CROSS_ROWS(timestamp, timestamptz, FN_STRICT),
	CROSS_ROWS(timestamptz, date, FN_STRICT),
	CROSS_ROWS(timestamptz, timestamp, FN_STRICT),
	SAME_ROWS(interval),
	SAME_ROWS(timetz),
	{ "overlaps_timestamp", 4, FN_IMMUTABLE, fn_overlaps_timestamp },
	{ "overlaps_time", 4, FN_IMMUTABLE, fn_overlaps_time },
	{ "overlaps_timetz", 4, FN_IMMUTABLE, fn_overlaps_timetz },
	{ 0 },
};
