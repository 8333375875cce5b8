#include "pgtype/datetime_parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Which parts a text has given so far. */
enum { HAS_YEAR = 1, HAS_MONTH = 2, HAS_DAY = 4, HAS_DATE = 7, HAS_TIME = 8, HAS_ZONE = 16, HAS_DOY = 32 };

typedef enum { MOMENT_DATE, MOMENT_TIME_ONLY, MOMENT_EPOCH, MOMENT_EARLY, MOMENT_LATE } MomentKind;

typedef struct Decode {
	const TypeEnv *env;
	Error *err;
	int has;
	int year, month, day, doy;
	bool year_short, text_month, bc, era, pm, am, julian;
	int64_t time;	  /* microseconds */
	bool iso_t;	  /* a T has announced the time */
	bool julian_next; /* a J has announced a Julian day */
	bool time_only;	  /* numbers are times, for types without date */
	bool zulu_now;	  /* 'now': zone known */
	int32_t east;
	const TimeZone *zone;
	const TzAbbrev *abbrev;
	MomentKind kind;
} Decode;

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

static DtStatus mark(Decode *d, int mask)
{
	if (d->has & mask)
		return DT_BAD;
	d->has |= mask;
	return DT_OK;
}

static DtStatus set_clock(Decode *d, int64_t h, int64_t m, int64_t s, double frac)
{
	if (h > 24 || m > 59 || s > 60)
		return DT_RANGE;
	d->time = h * US_PER_HOUR + m * US_PER_MIN + s * US_PER_SEC + (int64_t)rint(frac * 1e6);
	return d->time > US_PER_DAY ? DT_RANGE : mark(d, HAS_TIME);
}

/* Digits run together: YYMMDD, YYYYMMDD, HHMMSS, HHMM, each perhaps with a fraction. */
static DtStatus run_together(Decode *d, const char *s)
{
	const char *dot = strchr(s, '.');
	size_t n = dot ? (size_t)(dot - s) : strlen(s);
	double frac = 0;
	DtStatus st;
	int v[3];
	bool want_date = (d->has & HAS_DATE) != HAS_DATE && !d->time_only && !d->iso_t;
	if (dot && (st = dt_fraction(dot, &frac)))
		return st;
	if (!dot && want_date && n >= 6) {
		if ((st = integer(s, n - 4, &v[0])) || (st = integer(s + n - 4, 2, &v[1])) || (st = integer(s + n - 2, 2, &v[2])))
			return st;
		d->year = v[0];
		d->month = v[1];
		d->day = v[2];
		d->year_short = n == 6;
		return mark(d, HAS_DATE);
	}
	if (d->has & HAS_TIME)
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

static DtStatus set_year(Decode *d, int v, size_t n)
{
	d->year = v;
	d->year_short = n <= 2;
	return mark(d, HAS_YEAR);
}

/* One number of a date: which part it is follows from what is known and from DateStyle. */
static DtStatus date_number(Decode *d, const char *s)
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
	bool known_year = (d->has & HAS_DATE) == HAS_YEAR;
	if (n == 3 && known_year && v >= 1 && v <= 366) {
		d->doy = v;
		return mark(d, HAS_DOY | HAS_MONTH | HAS_DAY);
	}
	switch (d->has & HAS_DATE) {
	case 0:
		if (n >= 3 || order == DATEORDER_YMD)
			return set_year(d, v, n);
		if (order == DATEORDER_DMY) {
			d->day = v;
			return mark(d, HAS_DAY);
		}
		d->month = v;
		return mark(d, HAS_MONTH);
	case HAS_YEAR:
	case HAS_DAY:
		d->month = v;
		return mark(d, HAS_MONTH);
	case HAS_MONTH:
		if (d->text_month && (n >= 3 || order == DATEORDER_YMD))
			return set_year(d, v, n);
		d->day = v;
		return mark(d, HAS_DAY);
	case HAS_YEAR | HAS_MONTH:
		if (d->text_month && n >= 3 && d->year_short) {
			d->day = d->year;
			d->year = v;
			d->year_short = false;
		} else {
			d->day = v;
		}
		return mark(d, HAS_DAY);
	case HAS_MONTH | HAS_DAY:
		return set_year(d, v, n);
	case HAS_DATE:
		return run_together(d, s);
	default:
		return DT_BAD;
	}
}

static DtStatus set_text_month(Decode *d, int month)
{
	/* "8 January" with month first: the number read as month was the day */
	if ((d->has & HAS_MONTH) && !d->text_month && !(d->has & HAS_DAY) && d->month >= 1 && d->month <= 31) {
		d->day = d->month;
		d->has |= HAS_DAY;
		d->has &= ~HAS_MONTH;
	}
	d->text_month = true;
	d->month = month;
	return mark(d, HAS_MONTH);
}

/* A field such as 2024-02-29, 29/02/2024, 8-Jan-1999. */
static DtStatus date_field(Decode *d, char *s)
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
		if ((st = mark(d, HAS_MONTH)))
			return st;
		part[i] = NULL;
	}
	for (int i = 0; i < n; i++)
		if (part[i] && (st = date_number(d, part[i])))
			return st;
	return (d->has & HAS_DATE) == HAS_DATE ? DT_OK : DT_BAD;
}

/* hhmmss-zz, or a zone name with punctuation */
static DtStatus late_date_field(Decode *d, char *s)
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
		return mark(d, HAS_ZONE);
	}
	d->zone = tz_load(s, d->err);
	return d->zone ? mark(d, HAS_ZONE) : DT_ERROR_SET;
}

static DtStatus julian_day(Decode *d, const char *s)
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
		d->has |= HAS_TIME;
	}
	return mark(d, HAS_DATE);
}

static DtStatus number_field(Decode *d, const char *s)
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
	if (dot && !(d->has & HAS_DATE)) {
		char copy[DT_MAX_TEXT + 1];
		memcpy(copy, s, n + 1);
		return date_field(d, copy);
	}
	if (dot && dot - s > 2)
		return run_together(d, s);
	if (n >= 6 && ((d->has & HAS_DATE) == 0 || !(d->has & HAS_TIME)))
		return run_together(d, s);
	return date_number(d, s);
}

/* The session's local now. */
static int64_t local_now(const Decode *d)
{
	int64_t now = d->env->xact_start_us;
	return now + tz_offset_at(d->env->tz, now, NULL, NULL) * US_PER_SEC;
}

static DtStatus relative_day(Decode *d, int shift, bool with_time)
{
	DateFields f;
	int64_t us, day = cal_floor_div(local_now(d), US_PER_DAY, &us) + shift;
	cal_date(day, &f.year, &f.month, &f.day);
	d->year = f.year;
	d->month = f.month;
	d->day = f.day;
	d->julian = true; /* years before Christ are already astronomical */
	if (with_time) {
		d->time = us;
		d->east = tz_offset_at(d->env->tz, d->env->xact_start_us, NULL, NULL);
		return mark(d, HAS_DATE | HAS_TIME | HAS_ZONE);
	}
	return mark(d, HAS_DATE);
}

static DtStatus special_moment(Decode *d, MomentKind kind)
{
	d->kind = kind;
	return mark(d, HAS_DATE | HAS_TIME | HAS_ZONE);
}

/* Words that are a whole moment. -1 when `s` is none of them. */
static int moment_word(Decode *d, Str s)
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
		return special_moment(d, MOMENT_EPOCH);
	if (str_is(s, "infinity"))
		return special_moment(d, MOMENT_LATE);
	if (str_is(s, "-infinity"))
		return special_moment(d, MOMENT_EARLY);
	if (str_is(s, "allballs")) {
		d->time = 0;
		d->east = 0;
		return mark(d, HAS_TIME | HAS_ZONE);
	}
	return -1;
}

static DtStatus announce(Decode *d, Str s, const DtField *next)
{
	if (!next)
		return DT_BAD;
	if (str_is(s, "t")) {
		if (((d->has & HAS_DATE) != HAS_DATE && !d->time_only) || (next->kind != DTF_NUMBER && next->kind != DTF_TIME && next->kind != DTF_DATE))
			return DT_BAD;
		d->iso_t = true;
		return DT_OK;
	}
	d->julian_next = true;
	return next->kind == DTF_NUMBER ? DT_OK : DT_BAD;
}

static DtStatus word_field(Decode *d, char *text, const DtField *next)
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
		return mark(d, HAS_ZONE);
	}
	if ((i = dt_month_named(s)) > 0)
		return set_text_month(d, i);
	if (str_is(s, "dst")) {
		d->east += 3600;
		return d->has & HAS_ZONE ? DT_OK : DT_BAD;
	}
	d->zone = tz_load(text, NULL);
	return d->zone ? mark(d, HAS_ZONE) : DT_BAD;
}

static DtStatus time_field(Decode *d, const char *s)
{
	int64_t us;
	DtStatus st = dt_clock(s, &us);
	if (st)
		return st;
	if (us > US_PER_DAY || us < 0)
		return DT_RANGE;
	d->time = us;
	d->iso_t = false;
	return mark(d, HAS_TIME);
}

static DtStatus decode_field(Decode *d, const DtFields *fields, int i)
{
	char *s = fields->f[i].s;
	DtStatus st;
	switch (fields->f[i].kind) {
	case DTF_DATE:
		if (d->iso_t || (d->has & HAS_DATE) == HAS_DATE || (d->time_only && strcspn(s, "-/.") >= 6) ||
		    (isalpha((unsigned char)s[0]) && (strchr(s, '/') || (d->has & HAS_TIME))))
			return late_date_field(d, s);
		return date_field(d, s);
	case DTF_TIME:
		return time_field(d, s);
	case DTF_TZ:
		st = dt_zone_offset(s, &d->east);
		return st ? st : mark(d, HAS_ZONE);
	case DTF_NUMBER:
		return number_field(d, s);
	default:
		return word_field(d, s, i + 1 < fields->n ? &fields->f[i + 1] : NULL);
	}
}

static DtStatus check_year(Decode *d)
{
	if (!(d->has & HAS_YEAR) || d->julian)
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

static DtStatus check_fields(Decode *d)
{
	DtStatus st = check_year(d);
	if (st)
		return st;
	if (d->has & HAS_DOY)
		cal_date(cal_days(d->year, 1, d->doy), &d->year, &d->month, &d->day);
	if ((d->has & HAS_MONTH) && (d->month < 1 || d->month > 12))
		return DT_RANGE_ORDER;
	if ((d->has & HAS_DAY) && (d->day < 1 || d->day > 31))
		return DT_RANGE_ORDER;
	if ((d->has & HAS_DATE) == HAS_DATE && d->day > cal_month_days(d->year, d->month))
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

static DtStatus decode(Decode *d, Str text)
{
	DtFields fields;
	DtStatus st = dt_split(text, &fields);
	for (int i = 0; !st && i < fields.n; i++)
		st = decode_field(d, &fields, i);
	if (st)
		return st;
	if (d->iso_t || d->julian_next || fields.n == 0)
		return DT_BAD;
	if (d->kind != MOMENT_DATE)
		return fields.n == 1 ? DT_OK : DT_BAD;
	if ((st = check_fields(d)))
		return st;
	if (d->time_only)
		return d->has & HAS_TIME ? DT_OK : DT_BAD;
	return (d->has & HAS_DATE) == HAS_DATE ? DT_OK : DT_BAD;
}

/* The decoded local moment; DT_RANGE_ORDER never, DT_RANGE when it is beyond all timestamps. */
static int64_t local_moment(const Decode *d)
{
	return cal_days(d->year, d->month, d->day) * US_PER_DAY + d->time;
}

static int zone_east(Decode *d, int64_t local, int32_t *east)
{
	if (d->abbrev)
		return tz_abbrev_offset(d->abbrev, local, true, east, d->err);
	if (d->zone)
		*east = tz_offset_local(d->zone, local);
	else
		*east = d->has & HAS_ZONE ? d->east : tz_offset_local(d->env->tz, local);
	return 0;
}

#define EPOCH_1970 (-PG_EPOCH_UNIX * US_PER_SEC)
/* Days beyond which the microseconds of a moment would not fit 64 bits. */
#define SAFE_DAYS 106751990

static int read_moment(Str text, const TypeEnv *env, bool with_zone, int precision, int64_t *out, Error *err)
{
	const char *type = with_zone ? "timestamp with time zone" : "timestamp";
	Decode d = { .env = env, .err = err };
	DtStatus st = decode(&d, text);
	if (st)
		return dt_fail(err, st, type, text);
	if (d.kind != MOMENT_DATE) {
		*out = d.kind == MOMENT_EPOCH ? EPOCH_1970 : d.kind == MOMENT_LATE ? TS_POS_INF : TS_NEG_INF;
		return 0;
	}
	int64_t days = cal_days(d.year, d.month, d.day);
	int32_t east = 0;
	if (days < DATE_MIN || days > SAFE_DAYS)
		return err_set(err, "22008", "timestamp out of range: \"%.*s\"", STR_ARG(text));
	int64_t local = local_moment(&d);
	if (with_zone && zone_east(&d, local, &east) < 0)
		return -1;
	*out = us_round(local - east * US_PER_SEC, precision);
	if (!ts_in_range(*out))
		return err_set(err, "22008", "timestamp out of range: \"%.*s\"", STR_ARG(text));
	return 0;
}

int timestamp_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err)
{
	return read_moment(text, env, false, precision, out, err);
}

int timestamptz_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err)
{
	return read_moment(text, env, true, precision, out, err);
}

int date_in(Str text, const TypeEnv *env, int32_t *out, Error *err)
{
	Decode d = { .env = env, .err = err };
	DtStatus st = decode(&d, text);
	if (st)
		return dt_fail(err, st, "date", text);
	if (d.kind != MOMENT_DATE) {
		*out = d.kind == MOMENT_EPOCH ? (int32_t)(EPOCH_1970 / US_PER_DAY) : d.kind == MOMENT_LATE ? DATE_POS_INF : DATE_NEG_INF;
		return 0;
	}
	int64_t days = cal_days(d.year, d.month, d.day);
	if (!date_in_range(days))
		return err_set(err, "22008", "date out of range: \"%.*s\"", STR_ARG(text));
	*out = (int32_t)days;
	return 0;
}

int time_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err)
{
	Decode d = { .env = env, .err = err, .time_only = true };
	DtStatus st = decode(&d, text);
	if (!st && d.kind != MOMENT_DATE)
		st = DT_BAD;
	if (!st && d.zone && (d.has & HAS_DATE) != HAS_DATE)
		st = DT_BAD;
	if (st)
		return dt_fail(err, st, "time", text);
	*out = us_round(d.time, precision);
	return 0;
}

int timetz_in(Str text, const TypeEnv *env, int precision, TimeTz *out, Error *err)
{
	Decode d = { .env = env, .err = err, .time_only = true };
	DtStatus st = decode(&d, text);
	int32_t east;
	if (!st && d.kind != MOMENT_DATE)
		st = DT_BAD;
	bool dated = (d.has & HAS_DATE) == HAS_DATE;
	if (!st && d.zone && !dated)
		st = DT_BAD;
	if (st)
		return dt_fail(err, st, "time with time zone", text);
	int64_t us, today = cal_floor_div(local_now(&d), US_PER_DAY, &us);
	int64_t local = dated ? local_moment(&d) : today * US_PER_DAY + d.time;
	if (zone_east(&d, local, &east) < 0)
		return -1;
	*out = (TimeTz){ us_round(d.time, precision), -east };
	return 0;
}
