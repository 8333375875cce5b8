#include "pgtype/datetime_parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* The field bits of an interval typmod, as pg_attribute.atttypmod holds them. */
enum { F_MONTH = 1 << 1, F_YEAR = 1 << 2, F_DAY = 1 << 3, F_HOUR = 1 << 10, F_MINUTE = 1 << 11, F_SECOND = 1 << 12, F_ALL = 0x7FFF };

typedef struct IvDecode {
	int64_t years, months, days, us;
	unsigned seen;
	bool negative; /* SQL standard: a leading sign counts for all fields */
	bool ago;
} IvDecode;

static DtStatus add(int64_t *to, int64_t v, int64_t scale)
{
	int64_t r;
	return __builtin_mul_overflow(v, scale, &r) || __builtin_add_overflow(*to, r, to) ? DT_INTERVAL_RANGE : DT_OK;
}

static DtStatus add_us_fraction(IvDecode *d, double frac, int64_t scale)
{
	frac *= (double)scale;
	int64_t whole = (int64_t)frac;
	frac -= (double)whole;
	if (frac > 0.5)
		whole++;
	else if (frac < -0.5)
		whole--;
	return add(&d->us, whole, 1);
}

static DtStatus add_day_fraction(IvDecode *d, double frac, int scale)
{
	frac *= scale;
	int whole = (int)frac;
	DtStatus st = add(&d->days, whole, 1);
	return st ? st : add_us_fraction(d, frac - whole, US_PER_DAY);
}

static DtStatus add_years(IvDecode *d, int64_t v, double frac, int scale)
{
	DtStatus st = add(&d->years, v, scale);
	return st ? st : add(&d->months, (int64_t)rint(frac * scale * 12), 1);
}

static DtStatus add_time(IvDecode *d, int64_t v, double frac, int64_t scale)
{
	DtStatus st = add(&d->us, v, scale);
	return st ? st : add_us_fraction(d, frac, scale);
}

static DtStatus add_unit(IvDecode *d, DtUnit unit, int64_t v, double frac)
{
	DtStatus st;
	switch (unit) {
	case DTU_MICROSEC:
		return add_time(d, v, frac, 1);
	case DTU_MILLISEC:
		return add_time(d, v, frac, 1000);
	case DTU_SECOND:
		return add_time(d, v, frac, US_PER_SEC);
	case DTU_MINUTE:
		return add_time(d, v, frac, US_PER_MIN);
	case DTU_HOUR:
		return add_time(d, v, frac, US_PER_HOUR);
	case DTU_DAY:
		st = add(&d->days, v, 1);
		return st ? st : add_us_fraction(d, frac, US_PER_DAY);
	case DTU_WEEK:
		st = add(&d->days, v, 7);
		return st ? st : add_day_fraction(d, frac, 7);
	case DTU_MONTH:
		st = add(&d->months, v, 1);
		return st ? st : add_day_fraction(d, frac, 30);
	case DTU_YEAR:
		return add_years(d, v, frac, 1);
	case DTU_DECADE:
		return add_years(d, v, frac, 10);
	case DTU_CENTURY:
		return add_years(d, v, frac, 100);
	case DTU_MILLENNIUM:
		return add_years(d, v, frac, 1000);
	default:
		return DT_BAD;
	}
}

/* Seconds, milliseconds and microseconds may follow one another; any other unit may come once. */
static DtStatus see(IvDecode *d, DtUnit unit, bool subsecond)
{
	unsigned mask = 1u << unit;
	if (unit == DTU_SECOND && subsecond)
		mask |= 1u << DTU_MILLISEC | 1u << DTU_MICROSEC;
	if (d->seen & mask)
		return DT_BAD;
	d->seen |= mask;
	return DT_OK;
}

/* The unit of a bare number, from the type's fields: '5' in interval day is five days. */
static DtUnit default_unit(int32_t typmod)
{
	int fields = typmod < 0 ? F_ALL : typmod >> 16 & F_ALL;
	switch (fields) {
	case F_YEAR:
		return DTU_YEAR;
	case F_MONTH:
	case F_YEAR | F_MONTH:
		return DTU_MONTH;
	case F_DAY:
		return DTU_DAY;
	case F_HOUR:
	case F_DAY | F_HOUR:
		return DTU_HOUR;
	case F_MINUTE:
	case F_HOUR | F_MINUTE:
	case F_DAY | F_HOUR | F_MINUTE:
		return DTU_MINUTE;
	default:
		return DTU_SECOND;
	}
}

static DtStatus number_field(IvDecode *d, const char *s, DtUnit *unit, int32_t typmod)
{
	char *end;
	double frac = 0;
	DtStatus st;
	bool minus = s[0] == '-';
	if (*unit == DTU_NONE)
		*unit = default_unit(typmod);
	errno = 0;
	int64_t v = strtoll(s, &end, 10);
	if (errno == ERANGE)
		return DT_RANGE;
	if (*end == '-') {
		const char *second = end + 1;
		long v2 = strtol(second, &end, 10);
		if (v2 < 0 || v2 > 11)
			return DT_RANGE;
		if (*end || end == second)
			return DT_BAD;
		*unit = DTU_MONTH;
		if (__builtin_mul_overflow(v, 12, &v) || __builtin_add_overflow(v, minus ? -v2 : v2, &v))
			return DT_RANGE;
	} else if (*end == '.') {
		if ((st = dt_fraction(end, &frac)))
			return st;
		if (minus)
			frac = -frac;
	} else if (*end) {
		return DT_BAD;
	}
	if (d->negative) {
		v = v > 0 ? -v : v;
		frac = frac > 0 ? -frac : frac;
	}
	if ((st = see(d, *unit, frac != 0)) || (st = add_unit(d, *unit, v, frac)))
		return st;
	if (*unit == DTU_HOUR)
		*unit = DTU_DAY; /* of a bare number before it: '1 2' day to hour */
	return DT_OK;
}

static DtStatus clock_field(IvDecode *d, const char *s, bool minus, DtUnit *unit, int32_t typmod)
{
	int64_t us;
	DtStatus st = dt_clock(s, &us);
	if (st)
		return st;
	bool minutes = typmod >= 0 && (typmod >> 16 & F_ALL) == (F_MINUTE | F_SECOND);
	if (minutes && strchr(s, ':') == strrchr(s, ':') && !strchr(s, '.')) {
		us /= 60; /* '2:03' minute to second */
		if (us >= US_PER_HOUR)
			return DT_INTERVAL_RANGE;
	}
	const unsigned all = 1u << DTU_HOUR | 1u << DTU_MINUTE | 1u << DTU_SECOND | 1u << DTU_MILLISEC | 1u << DTU_MICROSEC;
	if (d->seen & all)
		return DT_BAD;
	d->seen |= all;
	*unit = DTU_DAY;
	return add(&d->us, minus || d->negative ? -us : us, 1);
}

static DtStatus word_field(IvDecode *d, Str s, DtUnit *unit)
{
	DtUnit u = dt_unit_named(s, false);
	if (u == DTU_NONE || u == DTU_QUARTER)
		return DT_BAD;
	if (u == DTU_AGO) {
		d->ago = true;
		u = DTU_NONE;
	}
	*unit = u;
	return DT_OK;
}

static bool sign_covers_all(const DtFields *f, const TypeEnv *env)
{
	if (env->interval_style != INTERVALSTYLE_SQL || f->n == 0 || f->f[0].s[0] != '-')
		return false;
	for (int i = 1; i < f->n; i++)
		if (f->f[i].s[0] == '-' || f->f[i].s[0] == '+')
			return false;
	return true;
}

/* From right to left, because a unit stands after its number. */
static DtStatus decode_fields(IvDecode *d, const DtFields *f, int32_t typmod)
{
	DtUnit unit = DTU_NONE;
	DtStatus st = DT_OK;
	for (int i = f->n; !st && i-- > 0;) {
		const char *s = f->f[i].s;
		switch (f->f[i].kind) {
		case DTF_TIME:
			st = clock_field(d, s, false, &unit, typmod);
			break;
		case DTF_TZ:
			if (strchr(s, ':'))
				st = clock_field(d, s + 1, s[0] == '-', &unit, typmod);
			else
				st = number_field(d, s, &unit, typmod);
			break;
		case DTF_NUMBER:
		case DTF_DATE:
			st = number_field(d, s, &unit, typmod);
			break;
		default:
			st = word_field(d, str_of(s), &unit);
			break;
		}
	}
	return st ? st : d->seen ? DT_OK : DT_BAD;
}

/* ---- ISO 8601: P1Y2M3DT4H5M6S, P0001-02-03T04:05:06 ---- */

static DtStatus iso_number(const char **s, int64_t *whole, double *frac)
{
	char *end;
	if (!isdigit((unsigned char)**s) && !strchr("-+.", **s))
		return DT_BAD;
	if (!**s)
		return DT_BAD;
	errno = 0;
	double v = strtod(*s, &end);
	if (end == *s || errno || v < -1e15 || v > 1e15)
		return end == *s ? DT_BAD : DT_RANGE;
	for (const char *p = *s; p < end; p++)
		if (isalpha((unsigned char)*p))
			return DT_BAD;
	*whole = (int64_t)v;
	*frac = v - (double)*whole;
	*s = end;
	return DT_OK;
}

static DtUnit iso_unit(char c, bool time)
{
	switch (c) {
	case 'Y':
		return time ? DTU_NONE : DTU_YEAR;
	case 'M':
		return time ? DTU_MINUTE : DTU_MONTH;
	case 'W':
		return time ? DTU_NONE : DTU_WEEK;
	case 'D':
		return time ? DTU_NONE : DTU_DAY;
	case 'H':
		return time ? DTU_HOUR : DTU_NONE;
	case 'S':
		return time ? DTU_SECOND : DTU_NONE;
	default:
		return DTU_NONE;
	}
}

/* Digits of the number that begins at s. */
static size_t iso_width(const char *s)
{
	return strspn(s + (*s == '-'), "0123456789");
}

/* Numbers of two digits without anything between them: 00021015, 103020. */
static DtStatus iso_basic(IvDecode *d, const DtUnit *units, int64_t v, double frac)
{
	DtStatus st = add_unit(d, units[0], v / 10000, 0);
	if (!st)
		st = add_unit(d, units[1], v / 100 % 100, 0);
	return st ? st : add_unit(d, units[2], v % 100, frac);
}

/* The alternative form, where '-' and ':' take the place of letters. `first` begins at `start`; nothing of its part came before it. */
static DtStatus iso_alternative(IvDecode *d, const char *start, const char **s, bool time, int64_t first, double frac)
{
	static const DtUnit date_units[] = { DTU_YEAR, DTU_MONTH, DTU_DAY }, time_units[] = { DTU_HOUR, DTU_MINUTE, DTU_SECOND };
	const DtUnit *units = time ? time_units : date_units;
	char sep = time ? ':' : '-';
	if (**s != sep && iso_width(start) == (time ? 6 : 8))
		return iso_basic(d, units, first, frac);
	DtStatus st = add_unit(d, units[0], first, frac);
	for (int i = 1; !st && i < 3 && **s == sep; i++) {
		(*s)++;
		if (!(st = iso_number(s, &first, &frac)))
			st = add_unit(d, units[i], first, frac);
	}
	return st ? st : **s == '\0' || (!time && **s == 'T') ? DT_OK : DT_BAD;
}

static DtStatus decode_iso(IvDecode *d, const char *s)
{
	bool time = false, has_field = false;
	if (strlen(s) < 2 || *s++ != 'P')
		return DT_BAD;
	while (*s) {
		int64_t v;
		double frac;
		if (*s == 'T' && !time) {
			time = true;
			has_field = false;
			s++;
			continue;
		}
		const char *start = s;
		DtStatus st = iso_number(&s, &v, &frac);
		if (st)
			return st;
		DtUnit unit = iso_unit(*s, time);
		if (unit != DTU_NONE) {
			s++;
			if ((st = add_unit(d, unit, v, frac)))
				return st;
		} else if (has_field) {
			return DT_BAD;
		} else if ((st = iso_alternative(d, start, &s, time, v, frac))) {
			return st;
		}
		has_field = true;
	}
	return DT_OK;
}

static bool fits_int4(int64_t v)
{
	return v == (int32_t)v;
}

/* What was read, as an interval; each field has its own limit. */
static int finish(IvDecode *d, Str text, Interval *out, Error *err)
{
	bool ok = fits_int4(d->years) && fits_int4(d->months) && fits_int4(d->days);
	if (ok && d->ago) {
		d->years = -d->years;
		d->months = -d->months;
		d->days = -d->days;
		ok = !__builtin_sub_overflow(0, d->us, &d->us) && fits_int4(d->years) && fits_int4(d->months) && fits_int4(d->days);
	}
	if (!ok)
		return dt_fail(err, DT_INTERVAL_RANGE, "interval", text);
	int64_t months = d->years * 12 + d->months;
	if (!fits_int4(months))
		return err_set(err, "22008", "interval out of range");
	*out = (Interval){ d->us, (int32_t)d->days, (int32_t)months };
	return 0;
}

int interval_in(Str text, const TypeEnv *env, int32_t typmod, Interval *out, Error *err)
{
	DtFields f;
	IvDecode d = { 0 };
	DtStatus st = dt_split(text, &f);
	if (!st) {
		d.negative = sign_covers_all(&f, env);
		st = decode_fields(&d, &f, typmod);
	}
	if (st == DT_BAD && text.n > 0 && text.n < DT_MAX_TEXT) {
		char copy[DT_MAX_TEXT];
		memcpy(copy, text.p, text.n);
		copy[text.n] = '\0';
		d = (IvDecode){ 0 };
		st = decode_iso(&d, copy);
	}
	if (st == DT_RANGE)
		st = DT_INTERVAL_RANGE;
	if (st)
		return dt_fail(err, st, "interval", text);
	if (finish(&d, text, out, err))
		return -1;
	return typmod >= 0 ? interval_apply_typmod(out, typmod, err) : 0;
}

int interval_apply_typmod(Interval *iv, int32_t typmod, Error *err)
{
	int fields = typmod >> 16 & F_ALL, precision = typmod & 0xFFFF;
	const int time = F_HOUR | F_MINUTE | F_SECOND;
	if (typmod < 0)
		return 0;
	if (fields != F_ALL) {
		if (!(fields & (F_DAY | time))) {
			if (fields == F_YEAR)
				iv->months -= iv->months % 12;
			else if (!(fields & F_MONTH))
				return err_set(err, "22023", "unrecognized interval typmod: %d", typmod);
			iv->days = 0;
			iv->us = 0;
		} else if (!(fields & time)) {
			iv->us = 0;
		} else if (!(fields & (F_MINUTE | F_SECOND))) {
			iv->us -= iv->us % US_PER_HOUR;
		} else if (!(fields & F_SECOND)) {
			iv->us -= iv->us % US_PER_MIN;
		}
	}
	if (precision <= 6)
		iv->us = us_round(iv->us, precision);
	return 0;
}
