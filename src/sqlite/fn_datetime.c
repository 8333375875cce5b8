#include "sqlite/fn_datetime.h"

#include <math.h>
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
FN(fn_date_pli)
{
	date_shift(ctx, argv, 1);
}
FN(fn_date_mii)
{
	date_shift(ctx, argv, -1);
}
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
	if (dt_arg_date(ctx, argv[0], &d) && dt_arg_interval(ctx, argv[1], &iv) &&
	    (!minus || dt_ok(ctx, interval_negate(&iv, &iv, dt_err(ctx)))) && dt_ok(ctx, date_to_timestamp(d, &ts, dt_err(ctx))) &&
	    dt_ok(ctx, timestamp_add_interval(ts, &iv, &ts, dt_err(ctx))))
		dt_result_ts(ctx, ts);
}
FN(fn_date_pl_interval)
{
	add_to_date(ctx, argv, false);
}
FN(fn_date_mi_interval)
{
	add_to_date(ctx, argv, true);
}

/* ---- timestamp arithmetic ---- */

static void add_to_ts(sqlite3_context *ctx, sqlite3_value **argv, bool minus, const TimeZone *tz)
{
	int64_t ts;
	Interval iv;
	if (!dt_arg_ts(ctx, argv[0], &ts) || !dt_arg_interval(ctx, argv[1], &iv) ||
	    (minus && !dt_ok(ctx, interval_negate(&iv, &iv, dt_err(ctx)))))
		return;
	if (!dt_ok(ctx, tz ? timestamptz_add_interval(ts, &iv, tz, &ts, dt_err(ctx)) : timestamp_add_interval(ts, &iv, &ts, dt_err(ctx))))
		return;
	if (tz)
		dt_result_tstz(ctx, ts);
	else
		dt_result_ts(ctx, ts);
}
FN(fn_timestamp_pl_interval)
{
	add_to_ts(ctx, argv, false, NULL);
}
FN(fn_timestamp_mi_interval)
{
	add_to_ts(ctx, argv, true, NULL);
}
FN(fn_timestamptz_pl_interval)
{
	add_to_ts(ctx, argv, false, dt_zone(ctx));
}
FN(fn_timestamptz_mi_interval)
{
	add_to_ts(ctx, argv, true, dt_zone(ctx));
}

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
FN(fn_timestamp_age)
{
	age(ctx, argv, NULL);
}
FN(fn_timestamptz_age)
{
	age(ctx, argv, dt_zone(ctx));
}

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
FN(fn_interval_finite)
{
	sqlite3_result_int(ctx, 1);
}

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
FN(fn_interval_mul)
{
	scale(ctx, argv[0], argv[1], false);
}
FN(fn_mul_d_interval)
{
	scale(ctx, argv[1], argv[0], false);
}
FN(fn_interval_div)
{
	scale(ctx, argv[0], argv[1], true);
}
FN(fn_justify_hours)
{
	Interval a;
	if (dt_arg_interval(ctx, argv[0], &a) && dt_ok(ctx, interval_justify_hours(&a, dt_err(ctx))))
		dt_result_interval(ctx, &a);
}
FN(fn_justify_days)
{
	Interval a;
	if (dt_arg_interval(ctx, argv[0], &a) && dt_ok(ctx, interval_justify_days(&a, dt_err(ctx))))
		dt_result_interval(ctx, &a);
}
FN(fn_justify_interval)
{
	Interval a;
	if (dt_arg_interval(ctx, argv[0], &a) && dt_ok(ctx, interval_justify(&a, dt_err(ctx))))
		dt_result_interval(ctx, &a);
}

/* ---- time of day ---- */

int64_t dt_wrap_day(int64_t us)
{
	cal_floor_div(us, US_PER_DAY, &us);
	return us;
}
static void shift_time(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	int64_t t;
	Interval iv;
	if (dt_arg_time(ctx, argv[0], &t) && dt_arg_interval(ctx, argv[1], &iv))
		dt_result_time(ctx, dt_wrap_day(t + sign * (iv.us % US_PER_DAY)));
}
FN(fn_time_pl_interval)
{
	shift_time(ctx, argv, 1);
}
FN(fn_time_mi_interval)
{
	shift_time(ctx, argv, -1);
}
static void shift_timetz(sqlite3_context *ctx, sqlite3_value **argv, int sign)
{
	TimeTz t;
	Interval iv;
	if (!dt_arg_timetz(ctx, argv[0], &t) || !dt_arg_interval(ctx, argv[1], &iv))
		return;
	t.us = dt_wrap_day(t.us + sign * (iv.us % US_PER_DAY));
	dt_result_timetz(ctx, t);
}
FN(fn_timetz_pl_interval)
{
	shift_timetz(ctx, argv, 1);
}
FN(fn_timetz_mi_interval)
{
	shift_timetz(ctx, argv, -1);
}
FN(fn_time_mi_time)
{
	int64_t a, b;
	if (dt_arg_time(ctx, argv[0], &a) && dt_arg_time(ctx, argv[1], &b))
		dt_result_interval(ctx, &(Interval){ a - b, 0, 0 });
}

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_datetime[] = {
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
	{ "timetz_zone", 2, FN_STRICT, dt_timetz_zone },
	{ "timetz_izone", 2, PURE, dt_timetz_izone },
	{ "timestamp_bin", 3, PURE, dt_bin },
	{ "timestamptz_bin", 3, PURE, dt_bin_tz },
	{ 0 },
};
