/* From the fields of to_date and to_timestamp to one moment. */
#include "pgtype/format_date_in.h"

#include <strings.h>
#include <limits.h>

static int range_error(Error *err, Str text)
{
	return err_set(err, "22008", "date/time field value out of range: \"%.*s\"", STR_ARG(text));
}

static int make_time(const FormatRead *r, DateFields *f, Error *err)
{
	if (r->day_sec) {
		f->hour = r->day_sec / 3600;
		f->min = r->day_sec % 3600 / 60;
		f->sec = r->day_sec % 60;
	}
	if (r->sec)
		f->sec = r->sec;
	if (r->min)
		f->min = r->min;
	if (r->hour)
		f->hour = r->hour;
	if (!r->twelve_hours)
		return 0;
	if (f->hour < 1 || f->hour > 12) {
		err_set(err, "22007", "hour \"%d\" is invalid for the 12-hour clock", f->hour);
		return err_hint(err, "Use the 24-hour clock, or give an hour between 1 and 12.");
	}
	f->hour = f->hour % 12 + (r->pm ? 12 : 0);
	return 0;
}

/* A year of one or two digits belongs to the century that is given. */
static int64_t year_in_century(int64_t year, int64_t century)
{
	int64_t y = year % 100;
	if (y == 0)
		return century * 100 + (century >= 0 ? 0 : 1);
	return century >= 0 ? y + (century - 1) * 100 : (century + 1) * 100 - y + 1;
}

/* False when no field names a year. */
static bool make_year(const FormatRead *r, int64_t *year)
{
	int64_t century = r->bc ? -(int64_t)r->century : r->century;
	if (r->year && r->century && r->year_width <= 2) {
		*year = year_in_century(r->year, century);
	} else if (r->year) {
		*year = r->bc ? -(int64_t)r->year : r->year;
		if (*year < 0)
			++*year;
	} else if (century) {
		*year = century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
	} else {
		return false;
	}
	return true;
}

enum { HAS_YEAR = 1, HAS_MONTH = 2, HAS_DAY = 4, HAS_DATE = 7 };

static void set_date(DateFields *f, int64_t days, unsigned *has)
{
	cal_date(days, &f->year, &f->month, &f->day);
	*has = HAS_DATE;
}

/* No other year has days that a date can hold. */
static bool year_fits(int64_t y)
{
	return y > -6000 && y < 6000000;
}

static int by_day_of_year(const FormatRead *r, int yday, DateFields *f, unsigned *has, Error *err)
{
	if (!f->year && !r->bc)
		return err_set(err, "22007", "cannot calculate day of year without year information");
	if (r->calendar == 'i') {
		set_date(f, cal_iso_week_start(f->year, 1) - 1 + yday, has);
		return 0;
	}
	int month = 1, before = 0;
	while (month < 12 && yday > before + cal_month_days(f->year, month))
		before += cal_month_days(f->year, month++);
	if (month == 12 && yday > before + 31)
		month = 13;
	if (f->month <= 1)
		f->month = month;
	if (f->day <= 1)
		f->day = yday - before;
	*has |= HAS_MONTH | HAS_DAY;
	return 0;
}

static int make_date(const FormatRead *r, Str text, DateFields *f, Error *err)
{
	unsigned has = 0;
	int64_t year = 0, yday = r->yday, day = r->day;
	if (make_year(r, &year))
		has |= HAS_YEAR;
	if (!year_fits(year) && r->calendar == 'i')
		return range_error(err, text);
	f->year = year > INT_MAX ? INT_MAX : year < -INT_MAX ? -INT_MAX : (int)year;
	if (r->julian)
		set_date(f, (int64_t)r->julian - PG_EPOCH_JDATE, &has);
	if (r->week && r->calendar == 'i')
		set_date(f,
			 cal_iso_week_start(f->year, 1) + ((int64_t)r->week - 1) * 7 +
				 (r->wday > 1 ? r->wday - 2
				  : r->wday   ? 6
					      : 0),
			 &has);
	else if (r->week)
		yday = ((int64_t)r->week - 1) * 7 + 1;
	if (r->month_week)
		day = ((int64_t)r->month_week - 1) * 7 + 1;
	if (day < INT_MIN / 2 || day > INT_MAX / 2 || yday < INT_MIN / 2 || yday > INT_MAX / 2)
		return range_error(err, text);
	if (day) {
		f->day = (int)day;
		has |= HAS_DAY;
	}
	if (r->month) {
		f->month = r->month;
		has |= HAS_MONTH;
	}
	if (yday && (f->month <= 1 || f->day <= 1) && by_day_of_year(r, (int)yday, f, &has, err) < 0)
		return -1;
	if ((has & HAS_MONTH && (f->month < 1 || f->month > 12)) || (has & HAS_DAY && (f->day < 1 || f->day > 31)) ||
	    (has == HAS_DATE && f->day > cal_month_days(f->year, f->month)))
		return range_error(err, text);
	return 0;
}

static bool begins_with_any(const char *name, const char *const *words)
{
	for (; *words; words++)
		if (strncasecmp(name, *words, strlen(*words)) == 0)
			return true;
	return false;
}

static void note_parts(const FormatNode *nodes, size_t n, FormatParsed *out)
{
	static const char *const times[] = { "A.M", "AM", "P.M", "PM", "FF", "HH", "MI", "MS", "SS", "US", NULL };
	static const char *const zones[] = { "TZ", "OF", NULL };
	for (size_t i = 0; i < n; i++) {
		const char *name = nodes[i].kind == FORMAT_FIELD ? nodes[i].key->name : "FX";
		if (begins_with_any(name, zones))
			out->zoned = true;
		else if (begins_with_any(name, times))
			out->timed = true;
		else if (strcasecmp(name, "FX") != 0)
			out->dated = true;
	}
}

/* Text that is no separator must be in double quotes. */
static int check_separators(Str tpl, const FormatNode *nodes, size_t n, Error *err)
{
	const char *at = tpl.p;
	bool quoted = false;
	for (size_t i = 0; i < n; i++) {
		Str s = nodes[i].text;
		if (nodes[i].kind == FORMAT_FIELD)
			continue;
		for (; at < s.p && at < tpl.p + tpl.n; at++)
			quoted ^= *at == '"';
		if (!quoted && !memchr("-./,':; ", s.p[0], 8))
			return err_set(err, "22007", "invalid datetime format separator: \"%.*s\"", STR_ARG(s));
	}
	return 0;
}

static int parse_moment(Str text, Str tpl, bool strict, Arena *a, FormatParsed *out, Error *err)
{
	FormatRead r = { 0 };
	size_t n;
	DateFields *f = &out->f;
	const FormatNode *nodes = format_split(tpl, format_date_keys, true, a, &n);
	*out = (FormatParsed){ .f = { .month = 1, .day = 1 } };
	note_parts(nodes, n, out);
	if (strict && check_separators(tpl, nodes, n, err) < 0)
		return -1;
	if (format_read_fields(arena_strndup(a, text.p, text.n), nodes, n, strict, &r, err) < 0 || make_time(&r, f, err) < 0 ||
	    make_date(&r, text, f, err) < 0)
		return -1;
	int64_t us = (int64_t)r.ms * 1000 + r.us;
	if (f->hour < 0 || f->hour >= 24 || f->min < 0 || f->min >= 60 || f->sec < 0 || f->sec >= 60 || us < 0 || us >= US_PER_SEC)
		return range_error(err, text);
	f->us = (int)us;
	out->precision = r.precision;
	if (!r.zone_sign)
		return 0;
	if (r.zone_hour < 0 || r.zone_hour > 15 || r.zone_min < 0 || r.zone_min >= 60)
		return err_set(err, "22009", "time zone displacement out of range: \"%.*s\"", STR_ARG(text));
	out->has_zone = true;
	out->east = r.zone_sign * (r.zone_hour * 3600 + r.zone_min * 60);
	return 0;
}

int format_parse_moment(Str text, Str tpl, Arena *a, FormatParsed *out, Error *err)
{
	return parse_moment(text, tpl, false, a, out, err);
}

int format_parse_strict(Str text, Str tpl, Arena *a, FormatParsed *out, Error *err)
{
	if (parse_moment(text, tpl, true, a, out, err) < 0)
		return -1;
	if (!out->dated && !out->timed)
		return err_set(err, "22007", "datetime format is not dated and not timed");
	if (out->zoned && !out->timed)
		return err_set(err, "22007", "datetime format is zoned but not timed");
	return 0;
}
