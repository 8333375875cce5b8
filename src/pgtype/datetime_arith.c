#include "pgtype/datetime.h"

#include <math.h>

static int out_of_range(Error *err)
{
	return err_set(err, "22008", "timestamp out of range");
}
static int interval_range(Error *err)
{
	return err_set(err, "22008", "interval out of range");
}

/* Moves a local time by calendar months, keeping the day of the month where the month has it. */
static int add_months(int64_t ts, int32_t months, int64_t *out, Error *err)
{
	DateFields f;
	if (months == 0) {
		*out = ts;
		return 0;
	}
	ts_to_fields(ts, &f);
	int64_t rem, year = f.year + cal_floor_div((int64_t)f.month - 1 + months, 12, &rem);
	if (year < -5000 || year > 300000)
		return out_of_range(err);
	f.year = (int)year;
	f.month = (int)rem + 1;
	if (f.day > cal_month_days(f.year, f.month))
		f.day = cal_month_days(f.year, f.month);
	return ts_from_fields(&f, out) < 0 ? out_of_range(err) : 0;
}

static int add_us(int64_t ts, int64_t us, int64_t *out, Error *err)
{
	if (__builtin_add_overflow(ts, us, out) || !ts_in_range(*out))
		return out_of_range(err);
	return 0;
}

static int add_days(int64_t ts, int32_t days, int64_t *out, Error *err)
{
	__int128 sum = (__int128)days * US_PER_DAY + ts; /* days alone may be more than 64 bits of microseconds */
	*out = (int64_t)sum;
	return *out != sum || !ts_in_range(*out) ? out_of_range(err) : 0;
}

int timestamp_add_interval(int64_t ts, const Interval *iv, int64_t *out, Error *err)
{
	if (ts_is_infinite(ts)) {
		*out = ts;
		return 0;
	}
	if (add_months(ts, iv->months, &ts, err) < 0 || add_days(ts, iv->days, &ts, err) < 0)
		return -1;
	return add_us(ts, iv->us, out, err);
}

/* Months and days are counted on the local calendar, the rest in elapsed time. */
int timestamptz_add_interval(int64_t ts, const Interval *iv, const TimeZone *tz, int64_t *out, Error *err)
{
	int64_t local;
	if (ts_is_infinite(ts)) {
		*out = ts;
		return 0;
	}
	if (iv->months) {
		if (tz_utc_to_local(tz, ts, &local, err) < 0 || add_months(local, iv->months, &local, err) < 0 ||
		    tz_local_to_utc(tz, local, &ts, err) < 0)
			return -1;
	}
	if (iv->days) {
		if (tz_utc_to_local(tz, ts, &local, err) < 0 || add_days(local, iv->days, &local, err) < 0 ||
		    tz_local_to_utc(tz, local, &ts, err) < 0)
			return -1;
	}
	return add_us(ts, iv->us, out, err);
}

int interval_add(const Interval *a, const Interval *b, Interval *out, Error *err)
{
	Interval r;
	if (__builtin_add_overflow(a->months, b->months, &r.months) || __builtin_add_overflow(a->days, b->days, &r.days) ||
	    __builtin_add_overflow(a->us, b->us, &r.us))
		return interval_range(err);
	*out = r;
	return 0;
}

int interval_negate(const Interval *a, Interval *out, Error *err)
{
	if (a->months == INT32_MIN || a->days == INT32_MIN || a->us == INT64_MIN)
		return interval_range(err);
	*out = (Interval){ -a->us, -a->days, -a->months };
	return 0;
}

static bool fits_int32(double d)
{
	return d >= -2147483648.0 && d < 2147483648.0;
}

/* Hides the noise that floating point leaves below a microsecond. */
static double round_us(double seconds)
{
	return rint(seconds * 1e6) / 1e6;
}

/* What is left of months becomes days, what is left of days becomes time. `divide` selects the operation, whose rounding differs. */
static int scale_interval(const Interval *iv, double f, bool divide, Interval *out, Error *err)
{
	double m = divide ? iv->months / f : iv->months * f, d = divide ? iv->days / f : iv->days * f;
	if (isnan(m) || isnan(d) || !fits_int32(m) || !fits_int32(d))
		return interval_range(err);
	out->months = (int32_t)m;
	out->days = (int32_t)d;
	double month_rest = round_us((m - out->months) * 30);
	double sec_rest = round_us((d - out->days + month_rest - (int)month_rest) * SECS_PER_DAY);
	if (fabs(sec_rest) >= SECS_PER_DAY) {
		int32_t extra = (int32_t)(sec_rest / SECS_PER_DAY);
		if (__builtin_add_overflow(out->days, extra, &out->days))
			return interval_range(err);
		sec_rest -= (double)extra * SECS_PER_DAY;
	}
	if (__builtin_add_overflow(out->days, (int32_t)month_rest, &out->days))
		return interval_range(err);
	double us = rint((divide ? (double)iv->us / f : (double)iv->us * f) + sec_rest * 1e6);
	if (isnan(us) || us < -9223372036854775808.0 || us >= 9223372036854775808.0)
		return interval_range(err);
	out->us = (int64_t)us;
	return 0;
}

int interval_multiply(const Interval *a, double factor, Interval *out, Error *err)
{
	return scale_interval(a, factor, false, out, err);
}

int interval_divide(const Interval *a, double divisor, Interval *out, Error *err)
{
	if (divisor == 0)
		return err_set(err, "22012", "division by zero");
	return scale_interval(a, divisor, true, out, err);
}

static __int128 interval_total(const Interval *iv)
{
	return (__int128)iv->us + ((__int128)iv->months * 30 + iv->days) * US_PER_DAY;
}

int interval_compare(const Interval *a, const Interval *b)
{
	__int128 x = interval_total(a), y = interval_total(b);
	return (x > y) - (x < y);
}

int interval_sign(const Interval *iv)
{
	return interval_compare(iv, &(Interval){ 0 });
}

int timetz_compare(const TimeTz *a, const TimeTz *b)
{
	int64_t x = a->us + a->zone * US_PER_SEC, y = b->us + b->zone * US_PER_SEC;
	if (x != y)
		return x < y ? -1 : 1;
	return (a->zone > b->zone) - (a->zone < b->zone);
}

/* ---- justify ---- */

static void equal_signs(int64_t *us, int32_t *days)
{
	if (*days > 0 && *us < 0) {
		*us += US_PER_DAY;
		(*days)--;
	} else if (*days < 0 && *us > 0) {
		*us -= US_PER_DAY;
		(*days)++;
	}
}

int interval_justify_hours(Interval *iv, Error *err)
{
	if (__builtin_add_overflow(iv->days, iv->us / US_PER_DAY, &iv->days))
		return interval_range(err);
	iv->us %= US_PER_DAY;
	equal_signs(&iv->us, &iv->days);
	return 0;
}

int interval_justify_days(Interval *iv, Error *err)
{
	if (__builtin_add_overflow(iv->months, iv->days / 30, &iv->months))
		return interval_range(err);
	iv->days %= 30;
	if (iv->months > 0 && iv->days < 0) {
		iv->days += 30;
		iv->months--;
	} else if (iv->months < 0 && iv->days > 0) {
		iv->days -= 30;
		iv->months++;
	}
	return 0;
}

int interval_justify(Interval *iv, Error *err)
{
	int64_t days = iv->days + iv->us / US_PER_DAY, us = iv->us % US_PER_DAY;
	int64_t months = iv->months + days / 30;
	days %= 30;
	if (months != (int32_t)months)
		return interval_range(err);
	if (months > 0 && (days < 0 || (days == 0 && us < 0))) {
		days += 30;
		months--;
	} else if (months < 0 && (days > 0 || (days == 0 && us > 0))) {
		days -= 30;
		months++;
	}
	*iv = (Interval){ us, (int32_t)days, (int32_t)months };
	equal_signs(&iv->us, &iv->days);
	return 0;
}

/* ---- differences ---- */

int timestamp_diff(int64_t a, int64_t b, Interval *out, Error *err)
{
	if (ts_is_infinite(a) || ts_is_infinite(b))
		return err_set(err, "22008", "cannot subtract infinite timestamps");
	/* PostgreSQL 15 does not look whether the difference fits */
	*out = (Interval){ (int64_t)((uint64_t)a - (uint64_t)b), 0, 0 };
	return interval_justify_hours(out, err);
}

int timestamp_age(int64_t a, int64_t b, Interval *out, Error *err)
{
	/* PostgreSQL 15 takes infinity for the last of all moments, and cannot take -infinity apart */
	if (a == TS_NEG_INF || b == TS_NEG_INF)
		return out_of_range(err);
	bool swapped = a < b;
	DateFields x, y;
	ts_to_fields(swapped ? b : a, &x);
	ts_to_fields(swapped ? a : b, &y);
	int64_t ux = x.hour * US_PER_HOUR + x.min * US_PER_MIN + x.sec * US_PER_SEC + x.us;
	int64_t uy = y.hour * US_PER_HOUR + y.min * US_PER_MIN + y.sec * US_PER_SEC + y.us;
	int64_t us = ux - uy;
	int days = x.day - y.day, months = (x.year - y.year) * 12 + x.month - y.month;
	if (us < 0) {
		us += US_PER_DAY;
		days--;
	}
	/* the month that is borrowed is that of the earlier moment */
	while (days < 0) {
		days += cal_month_days(y.year, y.month);
		months--;
	}
	*out = (Interval){ us, days, months };
	return swapped ? interval_negate(out, out, err) : 0;
}

/* ---- between date and timestamp ---- */

int date_to_timestamp(int32_t d, int64_t *out, Error *err)
{
	if (date_is_infinite(d))
		*out = d == DATE_NEG_INF ? TS_NEG_INF : TS_POS_INF;
	else if (d >= TS_END / US_PER_DAY)
		return err_set(err, "22008", "date out of range for timestamp");
	else
		*out = d * US_PER_DAY;
	return 0;
}

int date_to_timestamptz(int32_t d, const TimeZone *tz, int64_t *out, Error *err)
{
	int64_t ts;
	if (date_to_timestamp(d, &ts, err) < 0)
		return -1;
	if (ts_is_infinite(ts)) {
		*out = ts;
		return 0;
	}
	if (tz_local_to_utc(tz, ts, out, NULL) < 0)
		return err_set(err, "22008", "date out of range for timestamp");
	return 0;
}

int timestamp_to_date(int64_t ts, int32_t *out, Error *err)
{
	if (ts_is_infinite(ts))
		*out = ts == TS_NEG_INF ? DATE_NEG_INF : DATE_POS_INF;
	else
		*out = (int32_t)cal_floor_div(ts, US_PER_DAY, NULL);
	return 0;
}
