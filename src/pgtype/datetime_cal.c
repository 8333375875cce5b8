#include "pgtype/datetime.h"

#include <assert.h>

/* Days from 0000-03-01 to 2000-01-01 in the proleptic Gregorian calendar. */
#define DAYS_BEFORE_EPOCH 730425

int64_t cal_floor_div(int64_t a, int64_t b, int64_t *rem)
{
	assert(b > 0);
	int64_t q = a / b, r = a % b;
	if (r < 0) {
		r += b;
		q--;
	}
	if (rem)
		*rem = r;
	return q;
}

/* Years start in March here, so that the leap day is the last of its year. */
int64_t cal_days(int64_t year, int month, int day)
{
	int64_t m, y = year + cal_floor_div((int64_t)month - 1, 12, &m);
	m = m >= 2 ? m - 2 : (y--, m + 10);
	int64_t yoe, era = cal_floor_div(y, 400, &yoe);
	int64_t doy = (153 * m + 2) / 5;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy + day - 1 - DAYS_BEFORE_EPOCH;
}

void cal_date(int64_t days, int *year, int *month, int *day)
{
	int64_t doe, era = cal_floor_div(days + DAYS_BEFORE_EPOCH, 146097, &doe);
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (int)((5 * doy + 2) / 153);
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

bool cal_is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int cal_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	assert(month >= 1 && month <= 12);
	return days[month - 1] + (month == 2 && cal_is_leap(year));
}

int cal_weekday(int64_t days)
{
	int64_t r;
	cal_floor_div(days + 6, 7, &r); /* 2000-01-01 was a Saturday */
	return (int)r;
}

int64_t cal_iso_week_start(int year, int week)
{
	int64_t day4 = cal_days(year, 1, 4); /* January 4 is always in week 1 */
	return day4 - (cal_weekday(day4) + 6) % 7 + (int64_t)(week - 1) * 7;
}

int cal_iso_year(int year, int month, int day)
{
	int64_t d = cal_days(year, month, day);
	if (d >= cal_iso_week_start(year + 1, 1))
		return year + 1;
	return d < cal_iso_week_start(year, 1) ? year - 1 : year;
}

int cal_iso_week(int year, int month, int day)
{
	int64_t start = cal_iso_week_start(cal_iso_year(year, month, day), 1);
	return (int)((cal_days(year, month, day) - start) / 7) + 1;
}

void time_to_fields(int64_t us, DateFields *f)
{
	f->hour = (int)(us / US_PER_HOUR);
	f->min = (int)(us / US_PER_MIN % 60);
	f->sec = (int)(us / US_PER_SEC % 60);
	f->us = (int)(us % US_PER_SEC);
}

void ts_to_fields(int64_t ts, DateFields *f)
{
	int64_t us, days = cal_floor_div(ts, US_PER_DAY, &us);
	cal_date(days, &f->year, &f->month, &f->day);
	time_to_fields(us, f);
}

int ts_from_fields(const DateFields *f, int64_t *out)
{
	int64_t ts = cal_days(f->year, f->month, f->day);
	int64_t time = f->hour * US_PER_HOUR + f->min * US_PER_MIN + f->sec * US_PER_SEC + f->us;
	if (__builtin_mul_overflow(ts, US_PER_DAY, &ts) || __builtin_add_overflow(ts, time, &ts) || !ts_in_range(ts))
		return -1;
	*out = ts;
	return 0;
}

int64_t us_round(int64_t us, int precision)
{
	static const int64_t scale[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };
	if (precision < 0 || precision >= 6)
		return us;
	int64_t s = scale[precision], half = s / 2, rem = us % s;
	if (us >= 0)
		return us - rem + (rem >= half ? s : 0);
	return us - rem - (-rem >= half ? s : 0);
}
