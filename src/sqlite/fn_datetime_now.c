/* The clock, as transactions, statements and sessions see it. */
#include "base/clock.h"
#include "sqlite/fn_datetime.h"

#include <stdio.h>

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

static int64_t wall_ts(void)
{
	return clock_wall_us() - PG_EPOCH_UNIX * US_PER_SEC;
}
int64_t dt_local_now(sqlite3_context *ctx)
{
	int64_t now = fn_env(ctx)->types->xact_start_us;
	return now + tz_offset_at(dt_zone(ctx), now, NULL, NULL) * US_PER_SEC;
}
static int arg_precision(int argc, sqlite3_value **argv)
{
	return argc > 0 && sqlite3_value_type(argv[0]) != SQLITE_NULL ? sqlite3_value_int(argv[0]) : -1;
}

FN(fn_now)
{
	dt_result_tstz(ctx, fn_env(ctx)->types->xact_start_us);
}
FN(fn_statement_timestamp)
{
	dt_result_tstz(ctx, fn_env(ctx)->types->stmt_start_us);
}
FN(fn_clock_timestamp)
{
	char buf[DT_BUF];
	if (fn_drawn(ctx))
		return;
	timestamptz_to_stored(wall_ts(), buf);
	Val v = val_text(str_of(buf));
	fn_draw(ctx, &v);
}
FN(fn_timeofday)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	const char *abbrev;
	DateFields f;
	char buf[DT_BUF];
	if (fn_drawn(ctx))
		return;
	int64_t now = wall_ts();
	int32_t east = tz_offset_at(dt_zone(ctx), now, NULL, &abbrev);
	ts_to_fields(now + east * US_PER_SEC, &f);
	int n = snprintf(buf, sizeof buf, "%s %s %02d %02d:%02d:%02d.%06d %d %s", days[cal_weekday(cal_days(f.year, f.month, f.day))],
			 months[f.month - 1], f.day, f.hour, f.min, f.sec, f.us, f.year, abbrev);
	Val v = val_text((Str){ buf, (size_t)n });
	fn_draw(ctx, &v);
}
FN(fn_current_date)
{
	dt_result_date(ctx, cal_floor_div(dt_local_now(ctx), US_PER_DAY, NULL));
}
FN(fn_current_timestamp)
{
	dt_result_tstz(ctx, us_round(fn_env(ctx)->types->xact_start_us, arg_precision(argc, argv)));
}
FN(fn_localtimestamp)
{
	dt_result_ts(ctx, us_round(dt_local_now(ctx), arg_precision(argc, argv)));
}
FN(fn_localtime)
{
	int64_t us;
	cal_floor_div(dt_local_now(ctx), US_PER_DAY, &us);
	dt_result_time(ctx, us_round(us, arg_precision(argc, argv)));
}
FN(fn_current_time)
{
	TimeTz t = { .zone = -tz_offset_at(dt_zone(ctx), fn_env(ctx)->types->xact_start_us, NULL, NULL) };
	cal_floor_div(dt_local_now(ctx), US_PER_DAY, &t.us);
	t.us = us_round(t.us, arg_precision(argc, argv));
	dt_result_timetz(ctx, t);
}

const SqliteFn fn_table_datetime_now[] = {
	{ "now", 0, FN_STRICT, fn_now },
	{ "statement_timestamp", 0, FN_STRICT, fn_statement_timestamp },
	{ "clock_timestamp", 0, FN_STRICT, fn_clock_timestamp },
	{ "timeofday", 0, FN_STRICT, fn_timeofday },
	{ "current_date", 0, 0, fn_current_date },
	{ "current_time", -1, 0, fn_current_time },
	{ "current_timestamp", -1, 0, fn_current_timestamp },
	{ "localtime", -1, 0, fn_localtime },
	{ "localtimestamp", -1, 0, fn_localtimestamp },
	{ 0 },
};
