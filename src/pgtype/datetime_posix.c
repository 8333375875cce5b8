#include "pgtype/datetime_tz.h"

#include <ctype.h>

#define US_RULES ",M3.2.0,M11.1.0"

static const char *posix_name(const char *s, char *out)
{
	size_t n = 0;
	if (*s == '<') {
		s++;
		while (s[n] && s[n] != '>')
			n++;
		if (s[n] != '>' || n >= TZ_ABBREV_MAX)
			return NULL;
		memcpy(out, s, n);
		out[n] = '\0';
		return s + n + 1;
	}
	while (s[n] && !isdigit((unsigned char)s[n]) && s[n] != ',' && s[n] != '-' && s[n] != '+')
		n++;
	if (n >= TZ_ABBREV_MAX)
		return NULL;
	memcpy(out, s, n);
	out[n] = '\0';
	return s + n;
}

static const char *posix_number(const char *s, int max, int *out)
{
	if (!isdigit((unsigned char)*s))
		return NULL;
	int v = 0;
	while (isdigit((unsigned char)*s)) {
		v = v * 10 + (*s++ - '0');
		if (v > max)
			return NULL;
	}
	*out = v;
	return s;
}

/* [+-]hh[:mm[:ss]] */
static const char *posix_time(const char *s, int32_t *out)
{
	int sign = 1, h, m = 0, sec = 0;
	if (*s == '-' || *s == '+')
		sign = *s++ == '-' ? -1 : 1;
	if (!(s = posix_number(s, 167, &h)))
		return NULL;
	if (*s == ':' && (s = posix_number(s + 1, 59, &m)) && *s == ':')
		s = posix_number(s + 1, 60, &sec);
	*out = sign * (h * 3600 + m * 60 + sec);
	return s;
}

static const char *posix_rule(const char *s, TzRule *r)
{
	r->time = 7200;
	if (*s == 'M') {
		r->kind = TZ_RULE_MONTH;
		if (!(s = posix_number(s + 1, 12, &r->month)) || *s != '.' || !(s = posix_number(s + 1, 5, &r->week)) || *s != '.')
			return NULL;
		s = posix_number(s + 1, 6, &r->day);
		if (r->month < 1 || r->week < 1)
			return NULL;
	} else if (*s == 'J') {
		r->kind = TZ_RULE_JULIAN;
		s = posix_number(s + 1, 365, &r->day);
		if (r->day < 1)
			return NULL;
	} else {
		r->kind = TZ_RULE_DAY;
		s = posix_number(s, 365, &r->day);
	}
	if (s && *s == '/')
		s = posix_time(s + 1, &r->time);
	return s;
}

int tz_posix_parse(const char *s, TzPosix *out)
{
	int32_t west;
	memset(out, 0, sizeof *out);
	if (!(s = posix_name(s, out->std.abbrev)) || !(s = posix_time(s, &west)))
		return -1;
	out->std.east = -west;
	if (!*s)
		return 0;
	out->has_dst = out->dst.is_dst = true;
	if (!(s = posix_name(s, out->dst.abbrev)) || !out->dst.abbrev[0])
		return -1;
	out->dst.east = out->std.east + 3600;
	if (*s && *s != ',') {
		if (!(s = posix_time(s, &west)))
			return -1;
		out->dst.east = -west;
	}
	if (!*s)
		s = US_RULES;
	if (*s != ',' || !(s = posix_rule(s + 1, &out->start)) || *s != ',' || !(s = posix_rule(s + 1, &out->end)) || *s)
		return -1;
	return 0;
}

static int64_t unix_days(int year, int month, int day)
{
	return cal_days(year, month, day) + PG_EPOCH_UNIX / SECS_PER_DAY;
}

/* The moment, in UTC, at which a rule strikes in a year; `east` is the offset in force before it. */
static int64_t rule_at(const TzRule *r, int year, int32_t east)
{
	int64_t day;
	if (r->kind == TZ_RULE_MONTH) {
		int first = cal_weekday(cal_days(year, r->month, 1));
		int d = 1 + (r->day - first + 7) % 7 + (r->week - 1) * 7;
		while (d > cal_month_days(year, r->month))
			d -= 7;
		day = unix_days(year, r->month, d);
	} else if (r->kind == TZ_RULE_JULIAN) {
		day = unix_days(year, 1, r->day) + (cal_is_leap(year) && r->day >= 60);
	} else {
		day = unix_days(year, 1, r->day + 1);
	}
	return day * SECS_PER_DAY + r->time - east;
}

static int year_of(int64_t unix_s)
{
	int y, m, d;
	cal_date(cal_floor_div(unix_s - PG_EPOCH_UNIX, SECS_PER_DAY, NULL), &y, &m, &d);
	return y;
}

const TzType *tz_posix_type_at(const TzPosix *p, int64_t unix_s)
{
	if (!p->has_dst)
		return &p->std;
	int year = year_of(unix_s + p->std.east);
	int64_t start = rule_at(&p->start, year, p->std.east), end = rule_at(&p->end, year, p->dst.east);
	bool dst = start < end ? unix_s >= start && unix_s < end : unix_s >= start || unix_s < end;
	return dst ? &p->dst : &p->std;
}

bool tz_posix_next(const TzPosix *p, int64_t unix_s, TzSpan *out)
{
	if (!p->has_dst)
		return false;
	int year = year_of(unix_s);
	bool found = false;
	for (int y = year - 1; y <= year + 1; y++) {
		int64_t at[2] = { rule_at(&p->start, y, p->std.east), rule_at(&p->end, y, p->dst.east) };
		for (int i = 0; i < 2; i++) {
			if (at[i] <= unix_s || (found && at[i] >= out->boundary))
				continue;
			found = true;
			*out = (TzSpan){ i ? &p->dst : &p->std, i ? &p->std : &p->dst, at[i] };
		}
	}
	return found;
}
