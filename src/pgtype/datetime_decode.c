#include "pgtype/datetime_decode.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

static DtStatus integer(const char *s, size_t n, int *out)
{
	int64_t v = 0;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return DT_BAD;
		v = v * 10 + (s[i] - '0');
		if (v > INT32_MAX)
			return DT_RANGE;
	}
	*out = (int)v;
	return n ? DT_OK : DT_BAD;
}

static DtStatus mark(DtDecode *d, int mask)
{
	if (d->has & mask)
		return DT_BAD;
	d->has |= mask;
	return DT_OK;
}

static DtStatus set_clock(DtDecode *d, int64_t h, int64_t m, int64_t s, double frac)
{
	if (h > 24 || m > 59 || s > 60)
		return DT_RANGE;
	d->time = h * US_PER_HOUR + m * US_PER_MIN + s * US_PER_SEC + (int64_t)rint(frac * 1e6);
	return d->time > US_PER_DAY ? DT_RANGE : mark(d, DT_HAS_TIME);
}

/* Digits run together: YYMMDD, YYYYMMDD, HHMMSS, HHMM, each perhaps with a fraction. */
static DtStatus run_together(DtDecode *d, const char *s)
{
	const char *dot = strchr(s, '.');
	size_t n = dot ? (size_t)(dot - s) : strlen(s);
	double frac = 0;
	DtStatus st;
	int v[3];
	bool want_date = (d->has & DT_HAS_DATE) != DT_HAS_DATE && !d->time_only && !d->iso_t;
	if (dot && (st = dt_fraction(dot, &frac)))
		return st;
	if (!dot && want_date && n >= 6) {
		if ((st = integer(s, n - 4, &v[0])) || (st = integer(s + n - 4, 2, &v[1])) || (st = integer(s + n - 2, 2, &v[2])))
			return st;
		d->year = v[0];
		d->month = v[1];
		d->day = v[2];
		d->year_short = n == 6;
		return mark(d, DT_HAS_DATE);
	}
	if (d->has & DT_HAS_TIME)
		return DT_BAD;
	if (n == 6) {
		if ((st = integer(s, 2, &v[0])) || (st = integer(s + 2, 2, &v[1])) || (st = integer(s + 4, 2, &v[2])))
			return st;
		return set_clock(d, v[0], v[1], v[2], frac);
	}
	if (n == 4) {
		if ((st = integer(s, 2, &v[0])) || (st = integer(s + 2, 2, &v[1])))
			return st;
		return set_clock(d, v[0], v[1], 0, frac);
	}
	return DT_BAD;
}

static DtStatus set_year(DtDecode *d, int v, size_t n)
{
	d->year = v;
	d->year_short = n <= 2;
	return mark(d, DT_HAS_YEAR);
}

/* One number of a date: which part it is follows from what is known and from DateStyle. */
static DtStatus date_number(DtDecode *d, const char *s)
{
	size_t n = strcspn(s, ".");
	int v;
	DtStatus st = integer(s, n, &v);
	DateOrder order = d->env->date_order;
	if (st)
		return st;
	if (s[n] == '.') {
		if (n > 2)
			return run_together(d, s);
		return DT_BAD;
	}
	bool known_year = (d->has & DT_HAS_DATE) == DT_HAS_YEAR;
	if (n == 3 && known_year && v >= 1 && v <= 366) {
		d->doy = v;
		return mark(d, DT_HAS_DOY | DT_HAS_MONTH | DT_HAS_DAY);
	}
	switch (d->has & DT_HAS_DATE) {
	case 0:
		if (n >= 3 || order == DATEORDER_YMD)
			return set_year(d, v, n);
		if (order == DATEORDER_DMY) {
			d->day = v;
			return mark(d, DT_HAS_DAY);
		}
		d->month = v;
		return mark(d, DT_HAS_MONTH);
	case DT_HAS_YEAR:
	case DT_HAS_DAY:
		d->month = v;
		return mark(d, DT_HAS_MONTH);
	case DT_HAS_MONTH:
		if (d->text_month && (n >= 3 || order == DATEORDER_YMD))
			return set_year(d, v, n);
		d->day = v;
		return mark(d, DT_HAS_DAY);
	case DT_HAS_YEAR | DT_HAS_MONTH:
		if (d->text_month && n >= 3 && d->year_short) {
			d->day = d->year;
			d->year = v;
			d->year_short = false;
		} else {
			d->day = v;
		}
		return mark(d, DT_HAS_DAY);
	case DT_HAS_MONTH | DT_HAS_DAY:
		return set_year(d, v, n);
	case DT_HAS_DATE:
		return run_together(d, s);
	default:
		return DT_BAD;
	}
}

static DtStatus set_text_month(DtDecode *d, int month)
{
	/* "8 January" with month first: the number read as month was the day */
	if ((d->has & DT_HAS_MONTH) && !d->text_month && !(d->has & DT_HAS_DAY) && d->month >= 1 && d->month <= 31) {
		d->day = d->month;
		d->has |= DT_HAS_DAY;
		d->has &= ~DT_HAS_MONTH;
	}
	d->text_month = true;
	d->month = month;
	return mark(d, DT_HAS_MONTH);
}

/* A field such as 2024-02-29, 29/02/2024, 8-Jan-1999. */
static DtStatus date_field(DtDecode *d, char *s)
{
	char *part[DT_MAX_FIELDS];
	int n = 0;
	DtStatus st;
	while (*s) {
		while (*s && !isalnum((unsigned char)*s))
			s++;
		if (!*s)
			break;
		if (n == DT_MAX_FIELDS)
			return DT_BAD;
		part[n++] = s;
		int (*same)(int) = isdigit((unsigned char)*s) ? isdigit : isalpha;
		while (same((unsigned char)*s))
			s++;
		if (*s && !isalnum((unsigned char)*s))
			*s++ = '\0';
		else if (*s)
			return DT_BAD;
	}
	for (int i = 0; i < n; i++) {
		if (!isalpha((unsigned char)part[i][0]))
			continue;
		int month = dt_month_named(str_of(part[i]));
		if (month < 0)
			return DT_BAD;
		d->text_month = true;
		d->month = month;
		if ((st = mark(d, DT_HAS_MONTH)))
			return st;
		part[i] = NULL;
	}
	for (int i = 0; i < n; i++)
		if (part[i] && (st = date_number(d, part[i])))
			return st;
	return (d->has & DT_HAS_DATE) == DT_HAS_DATE ? DT_OK : DT_BAD;
}

/* hhmmss-zz, or a zone name with punctuation */
static DtStatus late_date_field(DtDecode *d, char *s)
{
	if (isdigit((unsigned char)s[0])) {
		char *sign = strpbrk(s, "-+");
		DtStatus st;
		if (!sign)
			return DT_BAD;
		if ((st = dt_zone_offset(sign, &d->east)))
			return st;
		*sign = '\0';
		if ((st = run_together(d, s)))
			return st;
		return mark(d, DT_HAS_ZONE);
	}
	d->zone = tz_load(s, d->err);
	return d->zone ? mark(d, DT_HAS_ZONE) : DT_ERROR_SET;
}

static DtStatus julian_day(DtDecode *d, const char *s)
{
	size_t n = strcspn(s, ".");
	int v;
	double frac = 0;
	DtStatus st = integer(s, n, &v);
	if (st || (s[n] && (st = dt_fraction(s + n, &frac))))
		return st;
	cal_date((int64_t)v - PG_EPOCH_JDATE, &d->year, &d->month, &d->day);
	d->julian = true;
	d->julian_next = false;
	if (s[n]) {
		d->time = (int64_t)(frac * (double)US_PER_DAY);
		d->has |= DT_HAS_TIME;
	}
	return mark(d, DT_HAS_DATE);
}

static DtStatus number_field(DtDecode *d, const char *s)
{
	if (d->julian_next)
		return julian_day(d, s);
	if (d->iso_t || d->time_only) {
		DtStatus st = run_together(d, s);
		d->iso_t = false;
		return st;
	}
	const char *dot = strchr(s, '.');
	size_t n = strlen(s);
	if (dot && !(d->has & DT_HAS_DATE)) {
		char copy[DT_MAX_TEXT + 1];
		memcpy(copy, s, n + 1);
		return date_field(d, copy);
	}
	if (dot && dot - s > 2)
		return run_together(d, s);
	if (n >= 6 && ((d->has & DT_HAS_DATE) == 0 || !(d->has & DT_HAS_TIME)))
		return run_together(d, s);
	return date_number(d, s);
}

/* The session's local now. */
int64_t dt_decode_now(const DtDecode *d)
{
	int64_t now = d->env->xact_start_us;
	return now + tz_offset_at(d->env->tz, now, NULL, NULL) * US_PER_SEC;
}

static DtStatus relative_day(DtDecode *d, int shift, bool with_time)
{
	DateFields f;
	int64_t us, day = cal_floor_div(dt_decode_now(d), US_PER_DAY, &us) + shift;
	cal_date(day, &f.year, &f.month, &f.day);
	d->year = f.year;
	d->month = f.month;
	d->day = f.day;
	d->julian = true; /* years before Christ are already astronomical */
	if (with_time) {
		d->time = us;
		d->east = tz_offset_at(d->env->tz, d->env->xact_start_us, NULL, NULL);
		return mark(d, DT_HAS_DATE | DT_HAS_TIME | DT_HAS_ZONE);
	}
	return mark(d, DT_HAS_DATE);
}

static DtStatus special_moment(DtDecode *d, DtMomentKind kind)
{
	d->kind = kind;
	return mark(d, DT_HAS_DATE | DT_HAS_TIME | DT_HAS_ZONE);
}

/* Words that are a whole moment. -1 when `s` is none of them. */
static int moment_word(DtDecode *d, Str s)
{
	if (str_is(s, "now"))
		return relative_day(d, 0, true);
	if (str_is(s, "today"))
		return relative_day(d, 0, false);
	if (str_is(s, "tomorrow"))
		return relative_day(d, 1, false);
	if (str_is(s, "yesterday"))
		return relative_day(d, -1, false);
	if (str_is(s, "epoch"))
		return special_moment(d, DT_MOMENT_EPOCH);
	if (str_is(s, "infinity"))
		return special_moment(d, DT_MOMENT_LATE);
	if (str_is(s, "-infinity"))
		return special_moment(d, DT_MOMENT_EARLY);
	if (str_is(s, "allballs")) {
		d->time = 0;
		d->east = 0;
		return mark(d, DT_HAS_TIME | DT_HAS_ZONE);
	}
	return -1;
}

static DtStatus announce(DtDecode *d, Str s, const DtField *next)
{
	if (!next)
		return DT_BAD;
	if (str_is(s, "t")) {
		if (((d->has & DT_HAS_DATE) != DT_HAS_DATE && !d->time_only) ||
		    (next->kind != DTF_NUMBER && next->kind != DTF_TIME && next->kind != DTF_DATE))
			return DT_BAD;
		d->iso_t = true;
		return DT_OK;
	}
	d->julian_next = true;
	return next->kind == DTF_NUMBER ? DT_OK : DT_BAD;
}

static DtStatus word_field(DtDecode *d, char *text, const DtField *next)
{
	Str s = str_of(text);
	int i;
	if ((i = moment_word(d, s)) >= 0)
		return (DtStatus)i;
	if (str_is(s, "am") || str_is(s, "pm")) {
		d->am = text[0] == 'a';
		d->pm = !d->am;
		return DT_OK;
	}
	if (str_is(s, "ad") || str_is(s, "bc")) {
		d->bc = text[0] == 'b';
		return DT_OK;
	}
	if (str_is(s, "t") || str_is(s, "j") || str_is(s, "jd") || str_is(s, "julian"))
		return announce(d, s, next);
	if (str_is(s, "at") || str_is(s, "on") || dt_weekday_named(s) >= 0)
		return DT_OK;
	const TzAbbrev *ab = tz_abbrev_find(s);
	if (ab) {
		d->abbrev = ab;
		return mark(d, DT_HAS_ZONE);
	}
	if ((i = dt_month_named(s)) > 0)
		return set_text_month(d, i);
	if (str_is(s, "dst")) {
		d->east += 3600;
		return d->has & DT_HAS_ZONE ? DT_OK : DT_BAD;
	}
	d->zone = tz_load(text, NULL);
	return d->zone ? mark(d, DT_HAS_ZONE) : DT_BAD;
}

static DtStatus time_field(DtDecode *d, const char *s)
{
	int64_t us;
	DtStatus st = dt_clock(s, &us);
	if (st)
		return st;
	if (us > US_PER_DAY || us < 0)
		return DT_RANGE;
	d->time = us;
	d->iso_t = false;
	return mark(d, DT_HAS_TIME);
}

static DtStatus decode_field(DtDecode *d, const DtFields *fields, int i)
{
	char *s = fields->f[i].s;
	DtStatus st;
	switch (fields->f[i].kind) {
	case DTF_DATE:
		if (d->iso_t || (d->has & DT_HAS_DATE) == DT_HAS_DATE || (d->time_only && strcspn(s, "-/.") >= 6) ||
		    (isalpha((unsigned char)s[0]) && (strchr(s, '/') || (d->has & DT_HAS_TIME))))
			return late_date_field(d, s);
		return date_field(d, s);
	case DTF_TIME:
		return time_field(d, s);
	case DTF_TZ:
		st = dt_zone_offset(s, &d->east);
		return st ? st : mark(d, DT_HAS_ZONE);
	case DTF_NUMBER:
		return number_field(d, s);
	default:
		return word_field(d, s, i + 1 < fields->n ? &fields->f[i + 1] : NULL);
	}
}

static DtStatus check_year(DtDecode *d)
{
	if (!(d->has & DT_HAS_YEAR) || d->julian)
		return DT_OK;
	if (d->bc) {
		if (d->year <= 0)
			return DT_RANGE;
		d->year = 1 - d->year;
	} else if (d->year_short) {
		d->year += d->year < 70 ? 2000 : d->year < 100 ? 1900 : 0;
	} else if (d->year <= 0) {
		return DT_RANGE;
	}
	return DT_OK;
}

static DtStatus check_fields(DtDecode *d)
{
	DtStatus st = check_year(d);
	if (st)
		return st;
	if (d->has & DT_HAS_DOY)
		cal_date(cal_days(d->year, 1, d->doy), &d->year, &d->month, &d->day);
	if ((d->has & DT_HAS_MONTH) && (d->month < 1 || d->month > 12))
		return DT_RANGE_ORDER;
	if ((d->has & DT_HAS_DAY) && (d->day < 1 || d->day > 31))
		return DT_RANGE_ORDER;
	if ((d->has & DT_HAS_DATE) == DT_HAS_DATE && d->day > cal_month_days(d->year, d->month))
		return DT_RANGE;
	if (d->am || d->pm) {
		int64_t hour = d->time / US_PER_HOUR;
		if (hour > 12)
			return DT_RANGE;
		if (d->am && hour == 12)
			d->time -= 12 * US_PER_HOUR;
		else if (d->pm && hour != 12)
			d->time += 12 * US_PER_HOUR;
	}
	return DT_OK;
}

DtStatus dt_decode(DtDecode *d, Str text)
{
	DtFields fields;
	DtStatus st = dt_split(text, &fields);
	for (int i = 0; !st && i < fields.n; i++)
		st = decode_field(d, &fields, i);
	if (st)
		return st;
	if (d->iso_t || d->julian_next || fields.n == 0)
		return DT_BAD;
	if (d->kind != DT_MOMENT_DATE)
		return fields.n == 1 ? DT_OK : DT_BAD;
	if ((st = check_fields(d)))
		return st;
	if (d->time_only)
		return d->has & DT_HAS_TIME ? DT_OK : DT_BAD;
	return (d->has & DT_HAS_DATE) == DT_HAS_DATE ? DT_OK : DT_BAD;
}
