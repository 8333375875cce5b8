/* Casts between the date and time types. */
#include "sqlite/fn_datetime.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

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
		dt_result_time(ctx, dt_wrap_day(ts));
}
FN(fn_timestamptz_time)
{
	int64_t ts;
	if (arg_local(ctx, argv[0], &ts) && !ts_is_infinite(ts))
		dt_result_time(ctx, dt_wrap_day(ts));
}
FN(fn_timestamptz_timetz)
{
	int64_t ts;
	if (!dt_arg_ts(ctx, argv[0], &ts) || ts_is_infinite(ts))
		return;
	int32_t east = tz_offset_at(dt_zone(ctx), ts, NULL, NULL);
	dt_result_timetz(ctx, (TimeTz){ dt_wrap_day(ts + east * US_PER_SEC), -east });
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
		dt_result_time(ctx, dt_wrap_day(iv.us));
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
	int64_t midnight = cal_floor_div(dt_local_now(ctx), US_PER_DAY, NULL) * US_PER_DAY;
	dt_result_timetz(ctx, (TimeTz){ t, -tz_offset_local(dt_zone(ctx), midnight + t) });
}

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_datetime_cast[] = {
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
	{ 0 },
};
