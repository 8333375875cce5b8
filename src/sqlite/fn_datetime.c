#include "base/clock.h"
#include "sqlite/fn_datetime.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

Error *dt_err(sqlite3_context *ctx)
{
	return &fn_env(ctx)->error;
}

const TimeZone *dt_zone(sqlite3_context *ctx)
{
	return fn_env(ctx)->types->tz;
}

bool dt_ok(sqlite3_context *ctx, int rc)
{
	if (rc < 0)
		fn_fail(ctx);
	return rc >= 0;
}

bool dt_arg_date(sqlite3_context *ctx, sqlite3_value *v, int32_t *out)
{
	return dt_ok(ctx, date_from_stored(fn_arg_str(v), out, dt_err(ctx)));
}
bool dt_arg_ts(sqlite3_context *ctx, sqlite3_value *v, int64_t *out)
{
	return dt_ok(ctx, timestamp_from_stored(fn_arg_str(v), out, dt_err(ctx)));
}
bool dt_arg_time(sqlite3_context *ctx, sqlite3_value *v, int64_t *out)
{
	return dt_ok(ctx, time_from_stored(fn_arg_str(v), out, dt_err(ctx)));
}
bool dt_arg_timetz(sqlite3_context *ctx, sqlite3_value *v, TimeTz *out)
{
	return dt_ok(ctx, timetz_from_stored(fn_arg_str(v), out, dt_err(ctx)));
}
bool dt_arg_interval(sqlite3_context *ctx, sqlite3_value *v, Interval *out)
{
	return dt_ok(ctx, interval_from_stored(fn_arg_str(v), out, dt_err(ctx)));
}
double dt_arg_double(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_TEXT ? NAN : sqlite3_value_double(v);
}

static void result_text(sqlite3_context *ctx, const char *s, size_t n)
{
	sqlite3_result_text(ctx, s, (int)n, SQLITE_TRANSIENT);
}
void dt_result_date(sqlite3_context *ctx, int64_t d)
{
	char buf[DT_BUF];
	if (d != DATE_NEG_INF && d != DATE_POS_INF && !date_in_range(d))
		fn_raise(ctx, "22008", "date out of range");
	else
		result_text(ctx, buf, date_to_stored((int32_t)d, buf));
}
void dt_result_ts(sqlite3_context *ctx, int64_t ts)
{
	char buf[DT_BUF];
	result_text(ctx, buf, timestamp_to_stored(ts, buf));
}
void dt_result_tstz(sqlite3_context *ctx, int64_t ts)
{
	char buf[DT_BUF];
	result_text(ctx, buf, timestamptz_to_stored(ts, buf));
}
void dt_result_time(sqlite3_context *ctx, int64_t us)
{
	char buf[DT_BUF];
	result_text(ctx, buf, time_to_stored(us, buf));
}
void dt_result_timetz(sqlite3_context *ctx, TimeTz t)
{
	char buf[DT_BUF];
	result_text(ctx, buf, timetz_to_stored(t, buf));
}
void dt_result_interval(sqlite3_context *ctx, const Interval *iv)
{
	char buf[DT_BUF];
	result_text(ctx, buf, interval_to_stored(iv, buf));
}

/* ---- now ---- */

static int64_t wall_ts(void)
{
	return clock_wall_us() - PG_EPOCH_UNIX * US_PER_SEC;
}
static int64_t local_now(sqlite3_context *ctx)
{
	int64_t now = fn_env(ctx)->types->xact_start_us;
	return now + tz_offset_at(dt_zone(ctx), now, NULL, NULL) * US_PER_SEC;
}
static int arg_precision(int argc, sqlite3_value **argv)
{
	return argc > 0 && sqlite3_value_type(argv[0]) != SQLITE_NULL ? sqlite3_value_int(argv[0]) : -1;
}

FN(fn_now) { dt_result_tstz(ctx, fn_env(ctx)->types->xact_start_us); }
FN(fn_statement_timestamp) { dt_result_tstz(ctx, fn_env(ctx)->types->stmt_start_us); }
FN(fn_clock_timestamp) { dt_result_tstz(ctx, wall_ts()); }
FN(fn_timeofday)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	const char *abbrev;
	DateFields f;
	char buf[DT_BUF];
	int64_t now = wall_ts();
	int32_t east = tz_offset_at(dt_zone(ctx), now, NULL, &abbrev);
	ts_to_fields(now + east * US_PER_SEC, &f);
	int n = snprintf(buf, sizeof buf, "%s %s %02d %02d:%02d:%02d.%06d %d %s", days[cal_weekday(cal_days(f.year, f.month, f.day))], months[f.month - 1],
		f.day, f.hour, f.min, f.sec, f.us, f.year, abbrev);
	result_text(ctx, buf, (size_t)n);
}
FN(fn_current_date) { dt_result_date(ctx, cal_floor_div(local_now(ctx), US_PER_DAY, NULL)); }
FN(fn_current_timestamp) { dt_result_tstz(ctx, us_round(fn_env(ctx)->types->xact_start_us, arg_precision(argc, argv))); }
FN(fn_localtimestamp) { dt_result_ts(ctx, us_round(local_now(ctx), arg_precision(argc, argv))); }
FN(fn_localtime)
{
	int64_t us;
	cal_floor_div(local_now(ctx), US_PER_DAY, &us);
	dt_result_time(ctx, us_round(us, arg_precision(argc, argv)));
}
FN(fn_current_time)
{
	TimeTz t = { .zone = -tz_offset_at(dt_zone(ctx), fn_env(ctx)->types->xact_start_us, NULL, NULL) };
	cal_floor_div(local_now(ctx), US_PER_DAY, &t.us);
	t.us = us_round(t.us, arg_precision(argc, argv));
	dt_result_timetz(ctx, t);
}

/* ---- date arithmetic ---- */

static void date_shift(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	int32_t d;
	if (!dt_arg_date(ctx, argv[0], &d))
		return;
	int64_t r = date_is_infinite(d) ? d : d + sign * sqlite3_value_int64(argv[1]);
	if (!date_is_infinite(d) && !date_in_range(r))
		fn_raise(ctx, "22008", "date out of range");
	else
		dt_result_date(ctx, r);
}
FN(fn_date_pli) { date_shift(ctx, argv, 1); }
FN(fn_date_mii) { date_shift(ctx, argv, -1); }
FN(fn_date_mi)
{
	int32_t a, b;
	if (!dt_arg_date(ctx, argv[0], &a) || !dt_arg_date(ctx, argv[1], &b))
		return;
	if (date_is_infinite(a) || date_is_infinite(b))
		fn_raise(ctx, "22008", "cannot subtract infinite dates");
	else
		sqlite3_result_int64(ctx, (int64_t)a - b);
}
FN(fn_datetime_timestamp)
{
	int32_t d;
	int64_t ts, t;
	if (!dt_arg_date(ctx, argv[0], &d) || !dt_arg_time(ctx, argv[1], &t) || !dt_ok(ctx, date_to_timestamp(d, &ts, dt_err(ctx))))
		return;
	if (!ts_is_infinite(ts) && !ts_in_range(ts += t))
		fn_raise(ctx, "22008", "timestamp out of range");
	else
		dt_result_ts(ctx, ts);
}
FN(fn_datetimetz_timestamptz)
{
	int32_t d;
	int64_t ts;
	TimeTz t;
	if (!dt_arg_date(ctx, argv[0], &d) || !dt_arg_timetz(ctx, argv[1], &t) || !dt_ok(ctx, date_to_timestamp(d, &ts, dt_err(ctx))))
		return;
	if (!ts_is_infinite(ts) && !ts_in_range(ts += t.us + t.zone * US_PER_SEC))
		fn_raise(ctx, "22008", "timestamp out of range");
	else
		dt_result_tstz(ctx, ts);
}

static void add_to_date(sqlite3_context *ctx, sqlite3_value **argv, bool minus)
{
	int32_t d;
	int64_t ts;
	Interval iv;
	if (dt_arg_date(ctx, argv[0], &d) && dt_arg_interval(ctx, argv[1], &iv) && (!minus || dt_ok(ctx, interval_negate(&iv, &iv, dt_err(ctx)))) &&
	    dt_ok(ctx, date_to_timestamp(d, &ts, dt_err(ctx))) && dt_ok(ctx, timestamp_add_interval(ts, &iv, &ts, dt_err(ctx))))
		dt_result_ts(ctx, ts);
}
FN(fn_date_pl_interval) { add_to_date(ctx, argv, false); }
FN(fn_date_mi_interval) { add_to_date(ctx, argv, true); }

/* ---- timestamp arithmetic ---- */

static void add_to_ts(sqlite3_context *ctx, sqlite3_value **argv, bool minus, const TimeZone *tz)
{
	int64_t ts;
	Interval iv;
	if (!dt_arg_ts(ctx, argv[0], &ts) || !dt_arg_interval(ctx, argv[1], &iv) || (minus && !dt_ok(ctx, interval_negate(&iv, &iv, dt_err(ctx)))))
		return;
	if (!dt_ok(ctx, tz ? timestamptz_add_interval(ts, &iv, tz, &ts, dt_err(ctx)) : timestamp_add_interval(ts, &iv, &ts, dt_err(ctx))))
		return;
	if (tz)
		dt_result_tstz(ctx, ts);
	else
		dt_result_ts(ctx, ts);
}
FN(fn_timestamp_pl_interval) { add_to_ts(ctx, argv, false, NULL); }
FN(fn_timestamp_mi_interval) { add_to_ts(ctx, argv, true, NULL); }
FN(fn_timestamptz_pl_interval) { add_to_ts(ctx, argv, false, dt_zone(ctx)); }
FN(fn_timestamptz_mi_interval) { add_to_ts(ctx, argv, true, dt_zone(ctx)); }

FN(fn_timestamp_mi)
{
	int64_t a, b;
	Interval r;
	if (dt_arg_ts(ctx, argv[0], &a) && dt_arg_ts(ctx, argv[1], &b) && dt_ok(ctx, timestamp_diff(a, b, &r, dt_err(ctx))))
		dt_result_interval(ctx, &r);
}
static void age(sqlite3_context *ctx, sqlite3_value **argv, const TimeZone *tz)
{
	int64_t t[2];
	Interval r;
	for (int i = 0; i < 2; i++) {
		if (!dt_arg_ts(ctx, argv[i], &t[i]))
			return;
		if (tz && !ts_is_infinite(t[i]))
			t[i] += tz_offset_at(tz, t[i], NULL, NULL) * US_PER_SEC;
	}
	if (dt_ok(ctx, timestamp_age(t[0], t[1], &r, dt_err(ctx))))
		dt_result_interval(ctx, &r);
}
FN(fn_timestamp_age) { age(ctx, argv, NULL); }
FN(fn_timestamptz_age) { age(ctx, argv, dt_zone(ctx)); }

FN(fn_timestamp_trunc)
{
	int64_t ts;
	if (dt_arg_ts(ctx, argv[1], &ts) && dt_ok(ctx, timestamp_trunc(fn_arg_str(argv[0]), ts, &ts, dt_err(ctx))))
		dt_result_ts(ctx, ts);
}
FN(fn_timestamptz_trunc)
{
	int64_t ts;
	if (dt_arg_ts(ctx, argv[1], &ts) && dt_ok(ctx, timestamptz_trunc(fn_arg_str(argv[0]), ts, dt_zone(ctx), &ts, dt_err(ctx))))
		dt_result_tstz(ctx, ts);
}
FN(fn_interval_trunc)
{
	Interval iv;
	if (dt_arg_interval(ctx, argv[1], &iv) && dt_ok(ctx, interval_trunc(fn_arg_str(argv[0]), &iv, &iv, dt_err(ctx))))
		dt_result_interval(ctx, &iv);
}
FN(fn_finite)
{
	Str s = fn_arg_str(argv[0]);
	sqlite3_result_int(ctx, !str_is(s, "infinity") && !str_is(s, "-infinity"));
}
FN(fn_interval_finite) { sqlite3_result_int(ctx, 1); }

/* ---- interval arithmetic ---- */

FN(fn_interval_pl)
{
	Interval a, b;
	if (dt_arg_interval(ctx, argv[0], &a) && dt_arg_interval(ctx, argv[1], &b) && dt_ok(ctx, interval_add(&a, &b, &a, dt_err(ctx))))
		dt_result_interval(ctx, &a);
}
FN(fn_interval_mi)
{
	Interval a, b;
	if (dt_arg_interval(ctx, argv[0], &a) && dt_arg_interval(ctx, argv[1], &b) && dt_ok(ctx, interval_negate(&b, &b, dt_err(ctx))) &&
	    dt_ok(ctx, interval_add(&a, &b, &a, dt_err(ctx))))
		dt_result_interval(ctx, &a);
}
FN(fn_interval_um)
{
	Interval a;
	if (dt_arg_interval(ctx, argv[0], &a) && dt_ok(ctx, interval_negate(&a, &a, dt_err(ctx))))
		dt_result_interval(ctx, &a);
}
static void scale(sqlite3_context *ctx, sqlite3_value *interval, sqlite3_value *factor, bool divide)
{
	Interval a, r;
	double f = dt_arg_double(factor);
	if (!dt_arg_interval(ctx, interval, &a))
		return;
	if (dt_ok(ctx, divide ? interval_divide(&a, f, &r, dt_err(ctx)) : interval_multiply(&a, f, &r, dt_err(ctx))))
		dt_result_interval(ctx, &r);
}
FN(fn_interval_mul) { scale(ctx, argv[0], argv[1], false); }
FN(fn_mul_d_interval) { scale(ctx, argv[1], argv[0], false); }
FN(fn_interval_div) { scale(ctx, argv[0], argv[1], true); }
FN(fn_justify_hours)
{
	Interval a;
	if (!dt_arg_interval(ctx, argv[0], &a))
		return;
	interval_justify_hours(&a);
	dt_result_interval(ctx, &a);
}
FN(fn_justify_days)
{
	Interval a;
	if (!dt_arg_interval(ctx, argv[0], &a))
		return;
	interval_justify_days(&a);
	dt_result_interval(ctx, &a);
}
FN(fn_justify_interval)
{
	Interval a;
	if (dt_arg_interval(ctx, argv[0], &a) && dt_ok(ctx, interval_justify(&a, dt_err(ctx))))
		dt_result_interval(ctx, &a);
}

/* ---- time of day ---- */

static int64_t wrap_day(int64_t us)
{
	cal_floor_div(us, US_PER_DAY, &us);
	return us;
}
static void shift_time(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	int64_t t;
	Interval iv;
	if (dt_arg_time(ctx, argv[0], &t) && dt_arg_interval(ctx, argv[1], &iv))
		dt_result_time(ctx, wrap_day(t + sign * (iv.us % US_PER_DAY)));
}
FN(fn_time_pl_interval) { shift_time(ctx, argv, 1); }
FN(fn_time_mi_interval) { shift_time(ctx, argv, -1); }
static void shift_timetz(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	TimeTz t;
	Interval iv;
	if (!dt_arg_timetz(ctx, argv[0], &t) || !dt_arg_interval(ctx, argv[1], &iv))
		return;
	t.us = wrap_day(t.us + sign * (iv.us % US_PER_DAY));
	dt_result_timetz(ctx, t);
}
FN(fn_timetz_pl_interval) { shift_timetz(ctx, argv, 1); }
FN(fn_timetz_mi_interval) { shift_timetz(ctx, argv, -1); }
FN(fn_time_mi_time)
{
	int64_t a, b;
	if (dt_arg_time(ctx, argv[0], &a) && dt_arg_time(ctx, argv[1], &b))
		dt_result_interval(ctx, &(Interval){ a - b, 0, 0 });
}

/* ---- casts ---- */

FN(fn_timestamp_date)
{
	int64_t ts;
	int32_t d;
	if (dt_arg_ts(ctx, argv[0], &ts) && dt_ok(ctx, timestamp_to_date(ts, &d, dt_err(ctx))))
		dt_result_date(ctx, d);
}
static bool arg_local(sqlite3_context *ctx, sqlite3_value *v, int64_t *ts)
{
	if (!dt_arg_ts(ctx, v, ts))
		return false;
	return ts_is_infinite(*ts) || dt_ok(ctx, tz_utc_to_local(dt_zone(ctx), *ts, ts, dt_err(ctx)));
}
FN(fn_timestamptz_date)
{
	int64_t ts;
	int32_t d;
	if (arg_local(ctx, argv[0], &ts) && dt_ok(ctx, timestamp_to_date(ts, &d, dt_err(ctx))))
		dt_result_date(ctx, d);
}
FN(fn_date_timestamp)
{
	int32_t d;
	int64_t ts;
	if (dt_arg_date(ctx, argv[0], &d) && dt_ok(ctx, date_to_timestamp(d, &ts, dt_err(ctx))))
		dt_result_ts(ctx, ts);
}
FN(fn_date_timestamptz)
{
	int32_t d;
	int64_t ts;
	if (dt_arg_date(ctx, argv[0], &d) && dt_ok(ctx, date_to_timestamptz(d, dt_zone(ctx), &ts, dt_err(ctx))))
		dt_result_tstz(ctx, ts);
}
FN(fn_timestamp_timestamptz)
{
	int64_t ts;
	if (dt_arg_ts(ctx, argv[0], &ts) && (ts_is_infinite(ts) || dt_ok(ctx, tz_local_to_utc(dt_zone(ctx), ts, &ts, dt_err(ctx)))))
		dt_result_tstz(ctx, ts);
}
FN(fn_timestamptz_timestamp)
{
	int64_t ts;
	if (arg_local(ctx, argv[0], &ts))
		dt_result_ts(ctx, ts);
}
FN(fn_timestamp_time)
{
	int64_t ts;
	if (dt_arg_ts(ctx, argv[0], &ts) && !ts_is_infinite(ts))
		dt_result_time(ctx, wrap_day(ts));
}
FN(fn_timestamptz_time)
{
	int64_t ts;
	if (arg_local(ctx, argv[0], &ts) && !ts_is_infinite(ts))
		dt_result_time(ctx, wrap_day(ts));
}
FN(fn_timestamptz_timetz)
{
	int64_t ts;
	if (!dt_arg_ts(ctx, argv[0], &ts) || ts_is_infinite(ts))
		return;
	int32_t east = tz_offset_at(dt_zone(ctx), ts, NULL, NULL);
	dt_result_timetz(ctx, (TimeTz){ wrap_day(ts + east * US_PER_SEC), -east });
}
FN(fn_time_interval)
{
	int64_t t;
	if (dt_arg_time(ctx, argv[0], &t))
		dt_result_interval(ctx, &(Interval){ t, 0, 0 });
}
FN(fn_interval_time)
{
	Interval iv;
	if (dt_arg_interval(ctx, argv[0], &iv))
		dt_result_time(ctx, wrap_day(iv.us));
}
FN(fn_timetz_time)
{
	TimeTz t;
	if (dt_arg_timetz(ctx, argv[0], &t))
		dt_result_time(ctx, t.us);
}
FN(fn_time_timetz)
{
	int64_t t;
	if (!dt_arg_time(ctx, argv[0], &t))
		return;
	int64_t midnight = cal_floor_div(local_now(ctx), US_PER_DAY, NULL) * US_PER_DAY;
	dt_result_timetz(ctx, (TimeTz){ t, -tz_offset_local(dt_zone(ctx), midnight + t) });
}

/* ---- comparisons that SQLite's own operators do not cover ---- */

typedef enum { SIDE_DATE, SIDE_TS, SIDE_TSTZ } Side;

/* A date beyond all timestamps is later than all of them but infinity. */
static bool moment_of(sqlite3_context *ctx, sqlite3_value *v, Side side, bool to_utc, __int128 *out)
{
	int64_t ts;
	int32_t d;
	if (side == SIDE_DATE) {
		if (!dt_arg_date(ctx, v, &d))
			return false;
		if (date_is_infinite(d)) {
			*out = d == DATE_NEG_INF ? TS_NEG_INF : (__int128)TS_POS_INF * 4;
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
			*out = ts == TS_NEG_INF ? TS_NEG_INF : (__int128)TS_POS_INF * 4;
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
#define CROSS_ONE(name, a, b, test)                                   \
	FN(name)                                                      \
	{                                                             \
		int c;                                                \
		if (cross_compare(ctx, argv, SIDE_##a, SIDE_##b, &c)) \
			sqlite3_result_int(ctx, test);                \
	}
#define CROSS(p, s, a, b)                      \
	CROSS_ONE(p##_eq_##s, a, b, c == 0)    \
	CROSS_ONE(p##_ne_##s, a, b, c != 0)    \
	CROSS_ONE(p##_lt_##s, a, b, c < 0)     \
	CROSS_ONE(p##_le_##s, a, b, c <= 0)    \
	CROSS_ONE(p##_gt_##s, a, b, c > 0)     \
	CROSS_ONE(p##_ge_##s, a, b, c >= 0)    \
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
#define SAME_ONE(name, compare, test)                  \
	FN(name)                                       \
	{                                              \
		int c;                                 \
		if (compare(ctx, argv, &c))            \
			sqlite3_result_int(ctx, test); \
	}
#define SAME(p, compare)                       \
	SAME_ONE(fn_##p##_eq, compare, c == 0) \
	SAME_ONE(fn_##p##_ne, compare, c != 0) \
	SAME_ONE(fn_##p##_lt, compare, c < 0)  \
	SAME_ONE(fn_##p##_le, compare, c <= 0) \
	SAME_ONE(fn_##p##_gt, compare, c > 0)  \
	SAME_ONE(fn_##p##_ge, compare, c >= 0) \
	SAME_ONE(fn_##p##_cmp, compare, c)
SAME(interval, compare_intervals)
SAME(timetz, compare_timetz)

#define PURE (FN_STRICT | FN_IMMUTABLE)
#define CROSS_ROWS(p, s, flags)                                                                                          \
	{ #p "_eq_" #s, 2, flags, p##_eq_##s }, { #p "_ne_" #s, 2, flags, p##_ne_##s }, { #p "_lt_" #s, 2, flags, p##_lt_##s }, \
		{ #p "_le_" #s, 2, flags, p##_le_##s }, { #p "_gt_" #s, 2, flags, p##_gt_##s },                          \
		{ #p "_ge_" #s, 2, flags, p##_ge_##s }, { #p "_cmp_" #s, 2, flags, p##_cmp_##s }
#define SAME_ROWS(p)                                                                                                      \
	{ #p "_eq", 2, PURE, fn_##p##_eq }, { #p "_ne", 2, PURE, fn_##p##_ne }, { #p "_lt", 2, PURE, fn_##p##_lt },       \
		{ #p "_le", 2, PURE, fn_##p##_le }, { #p "_gt", 2, PURE, fn_##p##_gt }, { #p "_ge", 2, PURE, fn_##p##_ge }, \
		{ #p "_cmp", 2, PURE, fn_##p##_cmp }

const SqliteFn fn_table_datetime[] = {
	{ "now", 0, FN_STRICT, fn_now },
	{ "statement_timestamp", 0, FN_STRICT, fn_statement_timestamp },
	{ "clock_timestamp", 0, FN_STRICT, fn_clock_timestamp },
	{ "timeofday", 0, FN_STRICT, fn_timeofday },
	{ "current_date", 0, 0, fn_current_date },
	{ "current_time", -1, 0, fn_current_time },
	{ "current_timestamp", -1, 0, fn_current_timestamp },
	{ "localtime", -1, 0, fn_localtime },
	{ "localtimestamp", -1, 0, fn_localtimestamp },
	{ "date_pli", 2, PURE, fn_date_pli },
	{ "date_mii", 2, PURE, fn_date_mii },
	{ "date_mi", 2, PURE, fn_date_mi },
	{ "date_pl_interval", 2, PURE, fn_date_pl_interval },
	{ "date_mi_interval", 2, PURE, fn_date_mi_interval },
	{ "datetime_timestamp", 2, PURE, fn_datetime_timestamp },
	{ "datetimetz_timestamptz", 2, PURE, fn_datetimetz_timestamptz },
	{ "timestamp_pl_interval", 2, PURE, fn_timestamp_pl_interval },
	{ "timestamp_mi_interval", 2, PURE, fn_timestamp_mi_interval },
	{ "timestamptz_pl_interval", 2, FN_STRICT, fn_timestamptz_pl_interval },
	{ "timestamptz_mi_interval", 2, FN_STRICT, fn_timestamptz_mi_interval },
	{ "timestamp_mi", 2, PURE, fn_timestamp_mi },
	{ "timestamp_age", 2, PURE, fn_timestamp_age },
	{ "timestamptz_age", 2, FN_STRICT, fn_timestamptz_age },
	{ "timestamp_trunc", 2, PURE, fn_timestamp_trunc },
	{ "timestamptz_trunc", 2, FN_STRICT, fn_timestamptz_trunc },
	{ "timestamptz_trunc_zone", 3, FN_STRICT, dt_timestamptz_trunc_zone },
	{ "interval_trunc", 2, PURE, fn_interval_trunc },
	{ "date_finite", 1, PURE, fn_finite },
	{ "timestamp_finite", 1, PURE, fn_finite },
	{ "interval_finite", 1, PURE, fn_interval_finite },
	{ "interval_pl", 2, PURE, fn_interval_pl },
	{ "interval_mi", 2, PURE, fn_interval_mi },
	{ "interval_um", 1, PURE, fn_interval_um },
	{ "interval_mul", 2, PURE, fn_interval_mul },
	{ "mul_d_interval", 2, PURE, fn_mul_d_interval },
	{ "interval_div", 2, PURE, fn_interval_div },
	{ "interval_justify_hours", 1, PURE, fn_justify_hours },
	{ "interval_justify_days", 1, PURE, fn_justify_days },
	{ "interval_justify_interval", 1, PURE, fn_justify_interval },
	{ "time_pl_interval", 2, PURE, fn_time_pl_interval },
	{ "time_mi_interval", 2, PURE, fn_time_mi_interval },
	{ "timetz_pl_interval", 2, PURE, fn_timetz_pl_interval },
	{ "timetz_mi_interval", 2, PURE, fn_timetz_mi_interval },
	{ "time_mi_time", 2, PURE, fn_time_mi_time },
	{ "timestamp_date", 1, PURE, fn_timestamp_date },
	{ "timestamptz_date", 1, FN_STRICT, fn_timestamptz_date },
	{ "date_timestamp", 1, PURE, fn_date_timestamp },
	{ "date_timestamptz", 1, FN_STRICT, fn_date_timestamptz },
	{ "timestamp_timestamptz", 1, FN_STRICT, fn_timestamp_timestamptz },
	{ "timestamptz_timestamp", 1, FN_STRICT, fn_timestamptz_timestamp },
	{ "timestamp_time", 1, PURE, fn_timestamp_time },
	{ "timestamptz_time", 1, FN_STRICT, fn_timestamptz_time },
	{ "timestamptz_timetz", 1, FN_STRICT, fn_timestamptz_timetz },
	{ "time_interval", 1, PURE, fn_time_interval },
	{ "interval_time", 1, PURE, fn_interval_time },
	{ "timetz_time", 1, PURE, fn_timetz_time },
	{ "time_timetz", 1, FN_STRICT, fn_time_timetz },
	CROSS_ROWS(date, timestamp, PURE),
	CROSS_ROWS(timestamp, date, PURE),
	CROSS_ROWS(date, timestamptz, FN_STRICT),
	CROSS_ROWS(timestamp, timestamptz, FN_STRICT),
	CROSS_ROWS(timestamptz, date, FN_STRICT),
	CROSS_ROWS(timestamptz, timestamp, FN_STRICT),
	SAME_ROWS(interval),
	SAME_ROWS(timetz),
	{ "timestamp_part", 2, PURE, dt_timestamp_part },
	{ "timestamptz_part", 2, FN_STRICT, dt_timestamptz_part },
	{ "time_part", 2, PURE, dt_time_part },
	{ "timetz_part", 2, PURE, dt_timetz_part },
	{ "interval_part", 2, PURE, dt_interval_part },
	{ "extract_timestamp", 2, PURE, dt_extract_timestamp },
	{ "extract_timestamptz", 2, FN_STRICT, dt_extract_timestamptz },
	{ "extract_date", 2, PURE, dt_extract_date },
	{ "extract_time", 2, PURE, dt_extract_time },
	{ "extract_timetz", 2, PURE, dt_extract_timetz },
	{ "extract_interval", 2, PURE, dt_extract_interval },
	{ "timestamp_zone", 2, PURE, dt_timestamp_zone },
	{ "timestamptz_zone", 2, PURE, dt_timestamptz_zone },
	{ "timestamp_izone", 2, PURE, dt_timestamp_izone },
	{ "timestamptz_izone", 2, PURE, dt_timestamptz_izone },
	{ "make_date", 3, PURE, dt_make_date },
	{ "make_time", 3, PURE, dt_make_time },
	{ "make_timestamp", 6, PURE, dt_make_timestamp },
	{ "make_timestamptz", 6, FN_STRICT, dt_make_timestamptz },
	{ "make_timestamptz_at_timezone", 7, FN_STRICT, dt_make_timestamptz_at },
	{ "make_interval", 7, PURE, dt_make_interval },
	{ "float8_timestamptz", 1, PURE, dt_float8_timestamptz },
	{ "timestamp_bin", 3, PURE, dt_bin },
	{ "timestamptz_bin", 3, PURE, dt_bin_tz },
	{ 0 },
};

const SqliteAgg agg_table_datetime[] = { { 0 } };
