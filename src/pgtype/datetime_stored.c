#include "pgtype/datetime.h"

#include <stdio.h>

/* ---- reading ---- */

typedef struct Cursor {
	const char *p, *end;
} Cursor;

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool eat(Cursor *c, char ch)
{
	if (c->p == c->end || *c->p != ch)
		return false;
	c->p++;
	return true;
}

/* Digits, at least `min` and at most `max` of them. */
static bool number(Cursor *c, int min, int max, int64_t *out)
{
	int n = 0;
	int64_t v = 0;
	while (n < max && c->p < c->end && digit(*c->p)) {
		v = v * 10 + (*c->p++ - '0');
		n++;
	}
	*out = v;
	return n >= min;
}

static bool fraction(Cursor *c, int64_t *us)
{
	int64_t scale = 100000, v = 0;
	if (!eat(c, '.'))
		return true;
	while (c->p < c->end && digit(*c->p)) {
		v += (*c->p++ - '0') * scale;
		scale /= 10;
	}
	*us += v;
	return true;
}

/* HH:MM:SS[.ffffff]; hours may be many in intervals */
static bool clock_time(Cursor *c, int hour_digits, int64_t *us)
{
	int64_t h, m, s;
	if (!number(c, 2, hour_digits, &h) || !eat(c, ':') || !number(c, 2, 2, &m) || !eat(c, ':') || !number(c, 2, 2, &s))
		return false;
	if (h > INT64_MAX / US_PER_HOUR || m > 59 || s > 60)
		return false;
	uint64_t total = (uint64_t)h * US_PER_HOUR + (uint64_t)(m * US_PER_MIN + s * US_PER_SEC);
	*us = (int64_t)total;
	return fraction(c, us);
}

static bool calendar_date(Cursor *c, int64_t *y, int64_t *m, int64_t *d)
{
	return number(c, 4, 7, y) && eat(c, '-') && number(c, 2, 2, m) && eat(c, '-') && number(c, 2, 2, d) && *m >= 1 && *m <= 12 &&
	       *d >= 1 && *d <= 31;
}

static int bad(Error *err, const char *type, Str s)
{
	return err_set(err, "22007", "invalid input syntax for type %s: \"%.*s\"", type, STR_ARG(s));
}

/* Drops the ordering prefix of rare years; *bc tells whether " BC" was there and has been cut. */
static Str plain(Str s, bool *bc)
{
	*bc = false;
	if (s.n > 9 && (s.p[0] == ':' || s.p[0] == '/') && s.p[8] == '|') {
		s.p += 9;
		s.n -= 9;
	}
	if (s.n > 3 && memcmp(s.p + s.n - 3, " BC", 3) == 0) {
		*bc = true;
		s.n -= 3;
	}
	return s;
}

int date_from_stored(Str s, int32_t *out, Error *err)
{
	bool bc;
	int64_t y, m, d;
	Str t = plain(s, &bc);
	if (str_is(t, "infinity") || str_is(t, "-infinity")) {
		*out = t.p[0] == '-' ? DATE_NEG_INF : DATE_POS_INF;
		return 0;
	}
	Cursor c = { t.p, t.p + t.n };
	if (!calendar_date(&c, &y, &m, &d) || c.p != c.end)
		return bad(err, "date", s);
	int64_t days = cal_days(bc ? 1 - y : y, (int)m, (int)d);
	if (!date_in_range(days))
		return bad(err, "date", s);
	*out = (int32_t)days;
	return 0;
}

int timestamp_from_stored(Str s, int64_t *out, Error *err)
{
	bool bc;
	int64_t y, m, d, us;
	Str t = plain(s, &bc);
	if (str_is(t, "infinity") || str_is(t, "-infinity")) {
		*out = t.p[0] == '-' ? TS_NEG_INF : TS_POS_INF;
		return 0;
	}
	Cursor c = { t.p, t.p + t.n };
	if (!calendar_date(&c, &y, &m, &d) || !eat(&c, ' ') || !clock_time(&c, 2, &us))
		return bad(err, "timestamp", s);
	if (c.end - c.p == 3 && memcmp(c.p, "+00", 3) == 0)
		c.p = c.end;
	int64_t days = cal_days(bc ? 1 - y : y, (int)m, (int)d);
	if (c.p != c.end || __builtin_mul_overflow(days, US_PER_DAY, &days) || __builtin_add_overflow(days, us, &days) ||
	    !ts_in_range(days))
		return bad(err, "timestamp", s);
	*out = days;
	return 0;
}

int time_from_stored(Str s, int64_t *out, Error *err)
{
	Cursor c = { s.p, s.p + s.n };
	if (!clock_time(&c, 2, out) || c.p != c.end || *out > US_PER_DAY)
		return bad(err, "time", s);
	return 0;
}

int timetz_from_stored(Str s, TimeTz *out, Error *err)
{
	Cursor c = { s.p, s.p + s.n };
	int64_t h, m = 0, sec = 0;
	if (!clock_time(&c, 2, &out->us) || c.p == c.end || (*c.p != '+' && *c.p != '-'))
		return bad(err, "time with time zone", s);
	int sign = *c.p++ == '-' ? 1 : -1;
	bool ok = number(&c, 2, 2, &h);
	if (ok && eat(&c, ':'))
		ok = number(&c, 2, 2, &m);
	if (ok && eat(&c, ':'))
		ok = number(&c, 2, 2, &sec);
	if (!ok || c.p != c.end || out->us > US_PER_DAY)
		return bad(err, "time with time zone", s);
	out->zone = sign * (int32_t)(h * 3600 + m * 60 + sec);
	return 0;
}

static bool interval_unit(Cursor *c, int64_t v, Interval *iv)
{
	const char *start = c->p;
	while (c->p < c->end && *c->p != ' ')
		c->p++;
	Str unit = { start, (size_t)(c->p - start) };
	int64_t months = iv->months, days = iv->days;
	if (str_starts(unit, "year"))
		months += v * 12;
	else if (str_starts(unit, "mon"))
		months += v;
	else if (str_starts(unit, "day"))
		days += v;
	else
		return false;
	if (months != (int32_t)months || days != (int32_t)days)
		return false;
	iv->months = (int32_t)months;
	iv->days = (int32_t)days;
	return true;
}

int interval_from_stored(Str s, Interval *out, Error *err)
{
	Cursor c = { s.p, s.p + s.n };
	*out = (Interval){ 0 };
	if (s.n == 0)
		return bad(err, "interval", s);
	while (c.p < c.end) {
		bool neg = *c.p == '-';
		if (neg || *c.p == '+')
			c.p++;
		const char *start = c.p;
		int64_t v;
		if (!number(&c, 1, 12, &v))
			return bad(err, "interval", s);
		if (c.p < c.end && *c.p == ':') {
			c.p = start;
			if (!clock_time(&c, 12, &v) || c.p != c.end)
				return bad(err, "interval", s);
			out->us = neg ? (int64_t) - (uint64_t)v : v;
		} else if (!eat(&c, ' ') || !interval_unit(&c, neg ? -v : v, out)) {
			return bad(err, "interval", s);
		}
		eat(&c, ' ');
	}
	return 0;
}

/* ---- writing ---- */

static char *put2(char *p, int v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
	return p + 2;
}

static char *put_date(char *p, int year, int month, int day)
{
	p += snprintf(p, 16, "%04d-", year);
	p = put2(p, month);
	*p++ = '-';
	return put2(p, day);
}

static char *put_time(char *p, const DateFields *f)
{
	p = put2(p, f->hour);
	*p++ = ':';
	p = put2(p, f->min);
	*p++ = ':';
	p = put2(p, f->sec);
	if (f->us) {
		p += snprintf(p, 16, ".%06d", f->us);
		while (p[-1] == '0')
			p--;
	}
	return p;
}

static char *put_prefix(char *p, int year)
{
	if (year > 9999)
		p += snprintf(p, 32, ":%07d|", year);
	else if (year <= 0)
		p += snprintf(p, 32, "/%07d|", 9999999 - (1 - year));
	return p;
}

static char *put_common(char *p, DateFields *f, bool with_time, bool with_zone)
{
	p = put_prefix(p, f->year);
	p = put_date(p, f->year > 0 ? f->year : 1 - f->year, f->month, f->day);
	if (with_time) {
		*p++ = ' ';
		p = put_time(p, f);
	}
	if (with_zone) {
		memcpy(p, "+00", 3);
		p += 3;
	}
	if (f->year <= 0) {
		memcpy(p, " BC", 3);
		p += 3;
	}
	*p = '\0';
	return p;
}

static size_t put_infinity(char *buf, bool negative)
{
	const char *s = negative ? "-infinity" : "infinity";
	size_t n = strlen(s);
	memcpy(buf, s, n + 1);
	return n;
}

size_t date_to_stored(int32_t d, char *buf)
{
	DateFields f = { 0 };
	if (date_is_infinite(d))
		return put_infinity(buf, d == DATE_NEG_INF);
	cal_date(d, &f.year, &f.month, &f.day);
	return (size_t)(put_common(buf, &f, false, false) - buf);
}

static size_t put_timestamp(int64_t ts, char *buf, bool with_zone)
{
	DateFields f;
	if (ts_is_infinite(ts))
		return put_infinity(buf, ts == TS_NEG_INF);
	ts_to_fields(ts, &f);
	return (size_t)(put_common(buf, &f, true, with_zone) - buf);
}

size_t timestamp_to_stored(int64_t ts, char *buf)
{
	return put_timestamp(ts, buf, false);
}

size_t timestamptz_to_stored(int64_t ts, char *buf)
{
	return put_timestamp(ts, buf, true);
}

size_t time_to_stored(int64_t us, char *buf)
{
	DateFields f;
	time_to_fields(us, &f);
	char *p = put_time(buf, &f);
	*p = '\0';
	return (size_t)(p - buf);
}

size_t timetz_to_stored(TimeTz t, char *buf)
{
	return timetz_out(t, buf);
}

size_t interval_to_stored(const Interval *iv, char *buf)
{
	return interval_out(iv, INTERVALSTYLE_POSTGRES, buf);
}
