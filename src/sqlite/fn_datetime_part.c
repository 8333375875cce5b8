#include "pgtype/datetime_parse.h"
#include "pgtype/numeric.h"
#include "sqlite/fn_datetime.h"

#include <math.h>
#include <stdio.h>

/* A part of a moment: an integer scaled by a power of ten. */
typedef struct Part {
	__int128 value;
	int scale;
	bool infinite, negative, null;
	bool julian; /* value is microseconds since Julian day 0 */
} Part;

static int bad_unit(Error *err, DtUnit unit, Str name, const char *type)
{
	char low[64];
	size_t n = name.n < sizeof low ? name.n : sizeof low;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
	if (unit == DTU_NONE || unit == DTU_AGO)
		return err_set(err, "22023", "unit \"%.*s\" not recognized for type %s", (int)n, low, type);
	return err_set(err, "0A000", "unit \"%.*s\" not supported for type %s", (int)n, low, type);
}

static void result_numeric(sqlite3_context *ctx, const Part *p)
{
	char buf[96];
	if (p->infinite) {
		sqlite3_result_text(ctx, p->negative ? "-Infinity" : "Infinity", -1, SQLITE_STATIC);
		return;
	}
	__int128 v = p->value < 0 ? -p->value : p->value;
	static const long long pow10[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	long long whole = (long long)(v / pow10[p->scale]), frac = (long long)(v % pow10[p->scale]);
	int n = snprintf(buf, sizeof buf, "%s%lld", p->value < 0 ? "-" : "", whole);
	if (p->scale)
		n += snprintf(buf + n, sizeof buf - (size_t)n, ".%0*lld", p->scale, frac);
	sqlite3_result_text(ctx, buf, n, SQLITE_TRANSIENT);
}

/* A Julian day with its fraction: the scale is that of numeric division. */
static void result_julian(sqlite3_context *ctx, int64_t days, int64_t us)
{
	_cleanup_(numeric_clear) Numeric d, t, day;
	_cleanup_(buf_free) Buf b = { 0 };
	numeric_init(&d);
	numeric_init(&t);
	numeric_init(&day);
	numeric_from_int8(days, &d);
	numeric_from_int8(us, &t);
	numeric_from_int8(US_PER_DAY, &day);
	if (!dt_ok(ctx, numeric_div(&t, &day, &t, dt_err(ctx))) || !dt_ok(ctx, numeric_add(&d, &t, &d, dt_err(ctx))))
		return;
	numeric_print(&d, &b);
	sqlite3_result_text(ctx, (const char *)b.data, (int)b.len, SQLITE_TRANSIENT);
}

static void result_part(sqlite3_context *ctx, const Part *p, bool numeric)
{
	static const double pow10[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	if (p->null)
		return;
	int64_t days = (int64_t)(p->value / US_PER_DAY);
	if (p->julian && numeric)
		result_julian(ctx, days, (int64_t)(p->value % US_PER_DAY));
	else if (numeric)
		result_numeric(ctx, p);
	else if (p->infinite)
		sqlite3_result_double(ctx, p->negative ? -INFINITY : INFINITY);
	else if (p->julian)
		sqlite3_result_double(ctx, (double)days + (double)(p->value % US_PER_DAY) / (double)US_PER_DAY);
	else
		sqlite3_result_double(ctx, (double)p->value / pow10[p->scale]);
}

/* Parts of the time of day, common to all types. */
static bool clock_part(DtUnit unit, int64_t us, Part *p)
{
	int64_t in_minute = us % US_PER_MIN;
	switch (unit) {
	case DTU_MICROSEC:
		p->value = in_minute;
		return true;
	case DTU_MILLISEC:
		*p = (Part){ .value = in_minute, .scale = 3 };
		return true;
	case DTU_SECOND:
		*p = (Part){ .value = in_minute, .scale = 6 };
		return true;
	case DTU_MINUTE:
		p->value = us / US_PER_MIN % 60;
		return true;
	case DTU_HOUR:
		p->value = us / US_PER_HOUR;
		return true;
	default:
		return false;
	}
}

/* Years of a period of n, the first of which ends in 1; there is no year 0. */
static int period(int year, int n)
{
	return year > 0 ? (year + n - 1) / n : -((n - 1 - (year - 1)) / n);
}

static bool date_part(DtUnit unit, const DateFields *f, Part *p)
{
	int64_t days = cal_days(f->year, f->month, f->day);
	int y;
	switch (unit) {
	case DTU_DAY:
		p->value = f->day;
		return true;
	case DTU_MONTH:
		p->value = f->month;
		return true;
	case DTU_QUARTER:
		p->value = (f->month - 1) / 3 + 1;
		return true;
	case DTU_WEEK:
		p->value = cal_iso_week(f->year, f->month, f->day);
		return true;
	case DTU_YEAR:
		p->value = f->year > 0 ? f->year : f->year - 1;
		return true;
	case DTU_DECADE:
		p->value = f->year >= 0 ? f->year / 10 : -((8 - (f->year - 1)) / 10);
		return true;
	case DTU_CENTURY:
		p->value = period(f->year, 100);
		return true;
	case DTU_MILLENNIUM:
		p->value = period(f->year, 1000);
		return true;
	case DTU_ISOYEAR:
		y = cal_iso_year(f->year, f->month, f->day);
		p->value = y > 0 ? y : y - 1;
		return true;
	case DTU_DOW:
		p->value = cal_weekday(days);
		return true;
	case DTU_ISODOW:
		p->value = (cal_weekday(days) + 6) % 7 + 1;
		return true;
	case DTU_DOY:
		p->value = days - cal_days(f->year, 1, 1) + 1;
		return true;
	default:
		return false;
	}
}

/* Of an infinite moment, what grows with time is infinite too and what comes round is unknown. */
static bool infinite_part(DtUnit unit, bool negative, Part *p)
{
	switch (unit) {
	case DTU_YEAR:
	case DTU_DECADE:
	case DTU_CENTURY:
	case DTU_MILLENNIUM:
	case DTU_JULIAN:
	case DTU_ISOYEAR:
	case DTU_EPOCH:
		*p = (Part){ .infinite = true, .negative = negative };
		return true;
	default:
		p->null = true;
		return unit != DTU_NONE && unit != DTU_AGO;
	}
}

static bool zone_part(DtUnit unit, int32_t east, Part *p)
{
	if (unit == DTU_TZ)
		p->value = east;
	else if (unit == DTU_TZ_HOUR)
		p->value = east / 3600;
	else if (unit == DTU_TZ_MINUTE)
		p->value = east / 60 % 60;
	else
		return false;
	return true;
}

static bool moment_part(DtUnit unit, int64_t ts, const TimeZone *tz, Part *p)
{
	DateFields f;
	if (ts_is_infinite(ts))
		return (tz || unit < DTU_TZ) && infinite_part(unit, ts == TS_NEG_INF, p);
	int32_t east = tz ? tz_offset_at(tz, ts, NULL, NULL) : 0;
	int64_t local = ts + east * US_PER_SEC, us;
	if (tz && zone_part(unit, east, p))
		return true;
	if (unit == DTU_EPOCH) {
		*p = (Part){ .value = (__int128)ts + PG_EPOCH_UNIX * US_PER_SEC, .scale = 6 };
		return true;
	}
	if (unit == DTU_JULIAN) {
		*p = (Part){ .value = (__int128)local + PG_EPOCH_JDATE * US_PER_DAY, .julian = true };
		return true;
	}
	cal_floor_div(local, US_PER_DAY, &us);
	ts_to_fields(local, &f);
	return clock_part(unit, us, p) || date_part(unit, &f, p);
}

static void moment(sqlite3_context *ctx, sqlite3_value **argv, bool with_zone, bool numeric)
{
	int64_t ts;
	Part p = { 0 };
	Str name = fn_arg_str(argv[0]);
	DtUnit unit = dt_unit_named(name, true);
	if (!dt_arg_ts(ctx, argv[1], &ts))
		return;
	const char *type = with_zone ? "timestamp with time zone" : "timestamp without time zone";
	if (moment_part(unit, ts, with_zone ? dt_zone(ctx) : NULL, &p))
		result_part(ctx, &p, numeric);
	else
		dt_ok(ctx, bad_unit(dt_err(ctx), unit, name, type));
}

void dt_timestamp_part(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	moment(ctx, argv, false, false);
}
void dt_timestamptz_part(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	moment(ctx, argv, true, false);
}
void dt_extract_timestamp(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	moment(ctx, argv, false, true);
}
void dt_extract_timestamptz(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	moment(ctx, argv, true, true);
}

void dt_extract_date(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int32_t d;
	DateFields f = { 0 };
	Part p = { 0 };
	Str name = fn_arg_str(argv[0]);
	DtUnit unit = dt_unit_named(name, true);
	bool ok;
	if (!dt_arg_date(ctx, argv[1], &d))
		return;
	if (unit >= DTU_TZ || (unit >= DTU_MICROSEC && unit <= DTU_HOUR)) {
		ok = false;
	} else if (date_is_infinite(d)) {
		ok = infinite_part(unit, d == DATE_NEG_INF, &p);
	} else if (unit == DTU_EPOCH || unit == DTU_JULIAN) {
		p.value = unit == DTU_JULIAN ? d + (int64_t)PG_EPOCH_JDATE : d * (int64_t)SECS_PER_DAY + PG_EPOCH_UNIX;
		ok = true;
	} else {
		cal_date(d, &f.year, &f.month, &f.day);
		ok = date_part(unit, &f, &p);
	}
	if (ok)
		result_part(ctx, &p, true);
	else
		dt_ok(ctx, bad_unit(dt_err(ctx), unit, name, "date"));
}

static void time_of_day(sqlite3_context *ctx, sqlite3_value **argv, bool numeric)
{
	int64_t us;
	Part p = { 0 };
	Str name = fn_arg_str(argv[0]);
	DtUnit unit = dt_unit_named(name, true);
	if (!dt_arg_time(ctx, argv[1], &us))
		return;
	if (unit == DTU_EPOCH)
		p = (Part){ .value = us, .scale = 6 };
	else if (!clock_part(unit, us, &p)) {
		dt_ok(ctx, bad_unit(dt_err(ctx), unit, name, "time without time zone"));
		return;
	}
	result_part(ctx, &p, numeric);
}
void dt_time_part(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	time_of_day(ctx, argv, false);
}
void dt_extract_time(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	time_of_day(ctx, argv, true);
}

static void zoned_time(sqlite3_context *ctx, sqlite3_value **argv, bool numeric)
{
	TimeTz t;
	Part p = { 0 };
	Str name = fn_arg_str(argv[0]);
	DtUnit unit = dt_unit_named(name, true);
	if (!dt_arg_timetz(ctx, argv[1], &t))
		return;
	if (unit == DTU_EPOCH)
		p = (Part){ .value = t.us + t.zone * US_PER_SEC, .scale = 6 };
	else if (!clock_part(unit, t.us, &p) && !zone_part(unit, -t.zone, &p)) {
		dt_ok(ctx, bad_unit(dt_err(ctx), unit, name, "time with time zone"));
		return;
	}
	result_part(ctx, &p, numeric);
}
void dt_timetz_part(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	zoned_time(ctx, argv, false);
}
void dt_extract_timetz(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	zoned_time(ctx, argv, true);
}

static bool interval_part(DtUnit unit, const Interval *iv, Part *p)
{
	int years = iv->months / 12, months = iv->months % 12;
	switch (unit) {
	case DTU_DAY:
		p->value = iv->days;
		return true;
	case DTU_MONTH:
		p->value = months;
		return true;
	case DTU_QUARTER:
		p->value = months / 3 + 1;
		return true;
	case DTU_YEAR:
		p->value = years;
		return true;
	case DTU_DECADE:
		p->value = years / 10;
		return true;
	case DTU_CENTURY:
		p->value = years / 100;
		return true;
	case DTU_MILLENNIUM:
		p->value = years / 1000;
		return true;
	case DTU_EPOCH: /* a year has 365.25 days here, a month 30 */
		*p = (Part){ .value =
				     ((__int128)years * 1461 + (__int128)months * 120 + (__int128)iv->days * 4) * (US_PER_DAY / 4) + iv->us,
			     .scale = 6 };
		return true;
	default:
		return clock_part(unit, iv->us, p);
	}
}

static void interval(sqlite3_context *ctx, sqlite3_value **argv, bool numeric)
{
	Interval iv;
	Part p = { 0 };
	Str name = fn_arg_str(argv[0]);
	DtUnit unit = dt_unit_named(name, true);
	if (!dt_arg_interval(ctx, argv[1], &iv))
		return;
	if (interval_part(unit, &iv, &p))
		result_part(ctx, &p, numeric);
	else
		dt_ok(ctx, bad_unit(dt_err(ctx), unit, name, "interval"));
}
void dt_interval_part(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	interval(ctx, argv, false);
}
void dt_extract_interval(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	interval(ctx, argv, true);
}
