#include "pgtype/datetime_parse.h"

/* 22023 with PostgreSQL's words for a unit that date_trunc does not take. */
static int bad_unit(Error *err, DtUnit unit, Str name, const char *type)
{
	if (unit == DTU_NONE || unit == DTU_AGO || (unit >= DTU_EPOCH && unit <= DTU_JULIAN))
		return err_set(err, "22023", "unit \"%.*s\" not recognized for type %s", STR_ARG(name), type);
	return err_set(err, "0A000", "unit \"%.*s\" not supported for type %s", STR_ARG(name), type);
}

static Str lower(Str s, char *buf, size_t cap)
{
	size_t n = s.n < cap ? s.n : cap;
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
	return (Str){ buf, n };
}

/* Years have no zero: the first year of a period of n years ends in 1, before Christ as after. */
static int period_start(int year, int n)
{
	return year > 0 ? (year + n - 1) / n * n - (n - 1) : -((n - 1 - (year - 1)) / n) * n + 1;
}

static void cut_time(DateFields *f, DtUnit unit)
{
	switch (unit) {
	case DTU_MICROSEC:
		return;
	case DTU_MILLISEC:
		f->us -= f->us % 1000;
		return;
	default:
		f->us = 0;
	}
	if (unit == DTU_SECOND)
		return;
	f->sec = 0;
	if (unit == DTU_MINUTE)
		return;
	f->min = 0;
	if (unit != DTU_HOUR)
		f->hour = 0;
}

static int cut_date(DateFields *f, DtUnit unit)
{
	switch (unit) {
	case DTU_MICROSEC:
	case DTU_MILLISEC:
	case DTU_SECOND:
	case DTU_MINUTE:
	case DTU_HOUR:
	case DTU_DAY:
		return 0;
	case DTU_WEEK: {
		int64_t d = cal_days(f->year, f->month, f->day);
		cal_date(d - (cal_weekday(d) + 6) % 7, &f->year, &f->month, &f->day);
		return 0;
	}
	case DTU_MILLENNIUM:
		f->year = period_start(f->year, 1000);
		break;
	case DTU_CENTURY:
		f->year = period_start(f->year, 100);
		break;
	case DTU_DECADE:
		f->year = f->year > 0 ? f->year / 10 * 10 : -((8 - (f->year - 1)) / 10) * 10;
		break;
	case DTU_YEAR:
		break;
	case DTU_QUARTER:
		f->month = (f->month - 1) / 3 * 3 + 1;
		f->day = 1;
		return 0;
	case DTU_MONTH:
		f->day = 1;
		return 0;
	default:
		return -1;
	}
	f->month = f->day = 1;
	return 0;
}

static int trunc_local(Str name, const char *type, int64_t ts, int64_t *out, DtUnit *unit, Error *err)
{
	char buf[64];
	DateFields f;
	Str low = lower(name, buf, sizeof buf);
	*unit = dt_unit_named(low, true);
	ts_to_fields(ts, &f);
	if (*unit == DTU_NONE || cut_date(&f, *unit) < 0)
		return bad_unit(err, *unit, low, type);
	cut_time(&f, *unit);
	return ts_from_fields(&f, out) < 0 ? err_set(err, "22008", "timestamp out of range") : 0;
}

int timestamp_trunc(Str unit, int64_t ts, int64_t *out, Error *err)
{
	DtUnit u;
	if (ts_is_infinite(ts)) {
		*out = ts;
		return 0;
	}
	return trunc_local(unit, "timestamp without time zone", ts, out, &u, err);
}

/* From days upward the offset is that of the result; below it is that of the argument, so that an hour in an overlap stays what it is. */
int timestamptz_trunc(Str unit, int64_t ts, const TimeZone *tz, int64_t *out, Error *err)
{
	DtUnit u;
	int64_t local;
	if (ts_is_infinite(ts)) {
		*out = ts;
		return 0;
	}
	int32_t east = tz_offset_at(tz, ts, NULL, NULL);
	if (tz_utc_to_local(tz, ts, &local, err) < 0 || trunc_local(unit, "timestamp with time zone", local, &local, &u, err) < 0)
		return -1;
	if (u >= DTU_DAY)
		return tz_local_to_utc(tz, local, out, err);
	*out = local - east * US_PER_SEC;
	return 0;
}

int interval_trunc(Str name, const Interval *iv, Interval *out, Error *err)
{
	char buf[64];
	Str low = lower(name, buf, sizeof buf);
	DtUnit unit = dt_unit_named(low, true);
	static const int64_t time_step[] = {
		[DTU_MICROSEC] = 1, [DTU_MILLISEC] = 1000, [DTU_SECOND] = US_PER_SEC, [DTU_MINUTE] = US_PER_MIN, [DTU_HOUR] = US_PER_HOUR
	};
	static const int month_step[] = {
		[DTU_MONTH] = 1, [DTU_QUARTER] = 3, [DTU_YEAR] = 12, [DTU_DECADE] = 120, [DTU_CENTURY] = 1200, [DTU_MILLENNIUM] = 12000
	};
	*out = *iv;
	if (unit >= DTU_MICROSEC && unit <= DTU_HOUR) {
		out->us -= out->us % time_step[unit];
		return 0;
	}
	if (unit == DTU_WEEK) {
		err_set(err, "0A000", "unit \"%.*s\" not supported for type interval", STR_ARG(low));
		return err_detail(err, "Months usually have fractional weeks.");
	}
	if (unit < DTU_DAY || unit > DTU_MILLENNIUM)
		return bad_unit(err, unit, low, "interval");
	out->us = 0;
	if (unit != DTU_DAY) {
		out->days = 0;
		out->months -= out->months % month_step[unit];
	}
	return 0;
}
