#include "sqlite/fn_datetime.h"

#include "pgtype/datetime_parse.h"

#include <math.h>

/* ---- AT TIME ZONE ---- */

static bool zone_offset(sqlite3_context *ctx, Str name, int64_t ts, bool is_local, int32_t *east)
{
	const TzAbbrev *ab;
	const TimeZone *tz;
	if (!dt_ok(ctx, tz_lookup(name, &ab, &tz, dt_err(ctx))))
		return false;
	if (ab)
		return dt_ok(ctx, tz_abbrev_offset(ab, ts, is_local, east, dt_err(ctx)));
	*east = is_local ? tz_offset_local(tz, ts) : tz_offset_at(tz, ts, NULL, NULL);
	return true;
}

static bool interval_offset(sqlite3_context *ctx, sqlite3_value *v, int32_t *east)
{
	Interval iv;
	if (!dt_arg_interval(ctx, v, &iv))
		return false;
	if (iv.months || iv.days) {
		fn_raise(ctx, "22023", "interval time zone \"%.*s\" must not include months or days", STR_ARG(fn_arg_str(v)));
		return false;
	}
	*east = (int32_t)(iv.us / US_PER_SEC);
	return true;
}

/* sign -1: local to UTC, +1: UTC to local */
static void shift_zone(sqlite3_context *ctx, sqlite3_value **argv, bool by_interval, int sign)
{
	int64_t ts;
	int32_t east = 0;
	if (!dt_arg_ts(ctx, argv[1], &ts))
		return;
	if (!ts_is_infinite(ts)) {
		bool ok = by_interval ? interval_offset(ctx, argv[0], &east) : zone_offset(ctx, fn_arg_str(argv[0]), ts, sign < 0, &east);
		if (!ok)
			return;
		ts += sign * (east * US_PER_SEC);
		if (!ts_in_range(ts)) {
			fn_raise(ctx, "22008", "timestamp out of range");
			return;
		}
	}
	if (sign < 0)
		dt_result_tstz(ctx, ts);
	else
		dt_result_ts(ctx, ts);
}

void dt_timestamp_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shift_zone(ctx, argv, false, -1);
}
void dt_timestamptz_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shift_zone(ctx, argv, false, 1);
}
void dt_timestamp_izone(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shift_zone(ctx, argv, true, -1);
}
void dt_timestamptz_izone(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	shift_zone(ctx, argv, true, 1);
}

static void move_timetz(sqlite3_context *ctx, TimeTz t, int32_t east)
{
	t.us = dt_wrap_day(t.us + (t.zone + (int64_t)east) * US_PER_SEC);
	t.zone = -east;
	dt_result_timetz(ctx, t);
}

/* A time alone has no date: the zone's offset is today's. */
void dt_timetz_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	TimeTz t;
	int32_t east;
	if (dt_arg_timetz(ctx, argv[1], &t) && zone_offset(ctx, fn_arg_str(argv[0]), fn_env(ctx)->types->xact_start_us, false, &east))
		move_timetz(ctx, t, east);
}
void dt_timetz_izone(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	TimeTz t;
	int32_t east;
	if (dt_arg_timetz(ctx, argv[1], &t) && interval_offset(ctx, argv[0], &east))
		move_timetz(ctx, t, east);
}

/* A zone that is an abbreviation is a constant offset here. */
static const TimeZone *zone_of(sqlite3_context *ctx, Str name, int64_t ts, bool is_local)
{
	const TzAbbrev *ab;
	const TimeZone *tz;
	int32_t east;
	if (tz_lookup(name, &ab, &tz, dt_err(ctx)) < 0)
		return NULL;
	if (tz)
		return tz;
	return tz_abbrev_offset(ab, ts, is_local, &east, dt_err(ctx)) < 0 ? NULL : tz_fixed(east, dt_err(ctx));
}

void dt_timestamptz_trunc_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t ts;
	if (!dt_arg_ts(ctx, argv[1], &ts))
		return;
	if (!ts_is_infinite(ts)) {
		const TimeZone *tz = zone_of(ctx, fn_arg_str(argv[2]), ts, false);
		if (!dt_ok(ctx, tz ? timestamptz_trunc(fn_arg_str(argv[0]), ts, tz, &ts, dt_err(ctx)) : -1))
			return;
	}
	dt_result_tstz(ctx, ts);
}

/* ---- make_* ---- */

static int make_days(int year, int month, int day, int64_t *out, Error *err)
{
	int y = year < 0 ? year + 1 : year; /* negative years are before Christ */
	if (year == 0 || month < 1 || month > 12 || day < 1 || day > cal_month_days(y, month))
		return err_set(err, "22008", "date field value out of range: %d-%02d-%02d", year, month, day);
	*out = cal_days(y, month, day);
	return date_in_range(*out) ? 0 : err_set(err, "22008", "date out of range: %d-%02d-%02d", year, month, day);
}

static int make_us(int h, int m, double s, int64_t *out, Error *err)
{
	bool ok = h >= 0 && h <= 24 && m >= 0 && m <= 59 && !isnan(s) && s >= 0 && s <= 60;
	if (ok) {
		*out = h * US_PER_HOUR + m * US_PER_MIN + (int64_t)rint(s * 1e6);
		ok = *out <= US_PER_DAY;
	}
	return ok ? 0 : err_set(err, "22008", "time field value out of range: %d:%02d:%02g", h, m, s);
}

void dt_make_date(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t d;
	if (dt_ok(ctx, make_days(sqlite3_value_int(argv[0]), sqlite3_value_int(argv[1]), sqlite3_value_int(argv[2]), &d, dt_err(ctx))))
		dt_result_date(ctx, d);
}
void dt_make_time(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t us;
	if (dt_ok(ctx, make_us(sqlite3_value_int(argv[0]), sqlite3_value_int(argv[1]), dt_arg_double(argv[2]), &us, dt_err(ctx))))
		dt_result_time(ctx, us);
}

static bool make_local(sqlite3_context *ctx, sqlite3_value **argv, int64_t *out)
{
	int64_t d, us;
	Error *err = dt_err(ctx);
	if (!dt_ok(ctx, make_days(sqlite3_value_int(argv[0]), sqlite3_value_int(argv[1]), sqlite3_value_int(argv[2]), &d, err)) ||
	    !dt_ok(ctx, make_us(sqlite3_value_int(argv[3]), sqlite3_value_int(argv[4]), dt_arg_double(argv[5]), &us, err)))
		return false;
	if (__builtin_mul_overflow(d, US_PER_DAY, out) || __builtin_add_overflow(*out, us, out) || !ts_in_range(*out)) {
		fn_raise(ctx, "22008", "timestamp out of range");
		return false;
	}
	return true;
}
void dt_make_timestamp(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t ts;
	if (make_local(ctx, argv, &ts))
		dt_result_ts(ctx, ts);
}
void dt_make_timestamptz(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t ts;
	if (make_local(ctx, argv, &ts) && dt_ok(ctx, tz_local_to_utc(dt_zone(ctx), ts, &ts, dt_err(ctx))))
		dt_result_tstz(ctx, ts);
}
/* The zone of make_timestamptz: signs mean what they mean in ISO 8601, not what they mean in zone names. */
static bool make_zone(sqlite3_context *ctx, Str name, int64_t ts, int32_t *east)
{
	_cleanup_(mem_freep) char *s = mem_strndup(name.p, name.n);
	if (*s >= '0' && *s <= '9') {
		err_set(dt_err(ctx), "22023", "invalid input syntax for type numeric time zone: \"%s\"", s);
		err_hint(dt_err(ctx), "Numeric time zones must have \"-\" or \"+\" as first character.");
		fn_fail(ctx);
		return false;
	}
	DtStatus st = dt_zone_offset(s, east);
	if (st == DT_ZONE_RANGE)
		fn_raise(ctx, "22023", "numeric time zone \"%s\" out of range", s);
	return st == DT_OK || (st == DT_BAD && zone_offset(ctx, name, ts, true, east));
}

void dt_make_timestamptz_at(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t ts;
	int32_t east;
	if (!make_local(ctx, argv, &ts) || !make_zone(ctx, fn_arg_str(argv[6]), ts, &east))
		return;
	ts -= east * US_PER_SEC;
	if (!ts_in_range(ts))
		fn_raise(ctx, "22008", "timestamp out of range");
	else
		dt_result_tstz(ctx, ts);
}

void dt_make_interval(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int v[6];
	for (int i = 0; i < 6; i++)
		v[i] = sqlite3_value_int(argv[i]);
	double s = dt_arg_double(argv[6]);
	Interval iv;
	int32_t weeks;
	if (!isfinite(s) || fabs(s) > 9e12 || __builtin_mul_overflow(v[0], 12, &iv.months) ||
	    __builtin_add_overflow(iv.months, v[1], &iv.months) || __builtin_mul_overflow(v[2], 7, &weeks) ||
	    __builtin_add_overflow(weeks, v[3], &iv.days)) {
		fn_raise(ctx, "22008", "interval out of range");
		return;
	}
	__int128 us = (__int128)v[4] * US_PER_HOUR + (__int128)v[5] * US_PER_MIN + (__int128)rint(s * 1e6);
	iv.us = (int64_t)us;
	if (iv.us != us)
		fn_raise(ctx, "22008", "interval out of range");
	else
		dt_result_interval(ctx, &iv);
}

void dt_float8_timestamptz(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	double s = dt_arg_double(argv[0]);
	if (isnan(s)) {
		fn_raise(ctx, "22008", "timestamp cannot be NaN");
		return;
	}
	if (isinf(s)) {
		dt_result_tstz(ctx, s < 0 ? TS_NEG_INF : TS_POS_INF);
		return;
	}
	double us = rint((s - (double)PG_EPOCH_UNIX) * 1e6);
	if (us < (double)TS_MIN || us >= (double)TS_END)
		fn_raise(ctx, "22008", "timestamp out of range: \"%g\"", s);
	else
		dt_result_tstz(ctx, (int64_t)us);
}

/* ---- date_bin ---- */

static bool bin(sqlite3_context *ctx, sqlite3_value **argv, int64_t *out)
{
	Interval iv;
	int64_t ts, origin, stride, diff, rem;
	if (!dt_arg_interval(ctx, argv[0], &iv) || !dt_arg_ts(ctx, argv[1], &ts) || !dt_arg_ts(ctx, argv[2], &origin))
		return false;
	*out = ts;
	if (ts_is_infinite(ts))
		return true;
	const char *wrong = NULL;
	if (ts_is_infinite(origin))
		wrong = "origin out of range";
	else if (iv.months) {
		fn_raise(ctx, "0A000", "timestamps cannot be binned into intervals containing months or years");
		return false;
	} else if (__builtin_mul_overflow(iv.days, US_PER_DAY, &stride) || __builtin_add_overflow(stride, iv.us, &stride) ||
		   __builtin_sub_overflow(ts, origin, &diff))
		wrong = "interval out of range";
	else if (stride <= 0)
		wrong = "stride must be greater than zero";
	if (wrong) {
		fn_raise(ctx, "22008", "%s", wrong);
		return false;
	}
	cal_floor_div(diff, stride, &rem);
	*out = ts - rem;
	return true;
}
void dt_bin(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t ts;
	if (bin(ctx, argv, &ts))
		dt_result_ts(ctx, ts);
}
void dt_bin_tz(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t ts;
	if (bin(ctx, argv, &ts))
		dt_result_tstz(ctx, ts);
}
