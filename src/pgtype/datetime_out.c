#include "pgtype/datetime.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_ZONE_SHOWN 10

static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const day_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* Text appended to a caller's buffer of DT_BUF bytes. */
typedef struct Out {
	char *buf;
	size_t n;
} Out;

static void out_fmt(Out *o, const char *fmt, ...) US_PRINTF(2, 3);
static void out_fmt(Out *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(o->buf + o->n, DT_BUF - o->n, fmt, ap);
	va_end(ap);
	if (n > 0 && o->n + (size_t)n < DT_BUF)
		o->n += (size_t)n;
}

static void out_fraction(Out *o, int us)
{
	if (us == 0)
		return;
	out_fmt(o, ".%06d", abs(us));
	while (o->buf[o->n - 1] == '0')
		o->buf[--o->n] = '\0';
}

static void out_clock(Out *o, const DateFields *f)
{
	out_fmt(o, "%02d:%02d:%02d", f->hour, f->min, f->sec);
	out_fraction(o, f->us);
}

static void out_zone(Out *o, int32_t east)
{
	int a = abs(east), h = a / 3600, m = a / 60 % 60, s = a % 60;
	out_fmt(o, "%c%02d", east < 0 ? '-' : '+', h);
	if (m || s)
		out_fmt(o, ":%02d", m);
	if (s)
		out_fmt(o, ":%02d", s);
}

static size_t out_infinity(char *buf, bool negative)
{
	return (size_t)snprintf(buf, DT_BUF, "%s", negative ? "-infinity" : "infinity");
}

static int shown_year(const DateFields *f)
{
	return f->year > 0 ? f->year : 1 - f->year;
}

static void out_numeric_date(Out *o, const DateFields *f, const TypeEnv *env, char sep)
{
	bool day_first = env->date_order == DATEORDER_DMY || sep == '.';
	out_fmt(o, "%02d%c%02d%c%04d", day_first ? f->day : f->month, sep, day_first ? f->month : f->day, sep, shown_year(f));
}

size_t date_out(int32_t d, const TypeEnv *env, char *buf)
{
	Out o = { buf, 0 };
	DateFields f = { 0 };
	if (date_is_infinite(d))
		return out_infinity(buf, d == DATE_NEG_INF);
	cal_date(d, &f.year, &f.month, &f.day);
	switch (env->date_style) {
	case DATESTYLE_ISO:
		out_fmt(&o, "%04d-%02d-%02d", shown_year(&f), f.month, f.day);
		break;
	case DATESTYLE_SQL:
		out_numeric_date(&o, &f, env, '/');
		break;
	case DATESTYLE_GERMAN:
		out_numeric_date(&o, &f, env, '.');
		break;
	case DATESTYLE_POSTGRES:
		out_numeric_date(&o, &f, env, '-');
		break;
	}
	if (f.year <= 0)
		out_fmt(&o, " BC");
	return o.n;
}

static void out_postgres_style(Out *o, const DateFields *f, const TypeEnv *env)
{
	out_fmt(o, "%s ", day_names[cal_weekday(cal_days(f->year, f->month, f->day))]);
	if (env->date_order == DATEORDER_DMY)
		out_fmt(o, "%02d %s ", f->day, month_names[f->month - 1]);
	else
		out_fmt(o, "%s %02d ", month_names[f->month - 1], f->day);
	out_clock(o, f);
	out_fmt(o, " %04d", shown_year(f));
}

static size_t out_moment(int64_t local, const TypeEnv *env, const int32_t *east, const char *abbrev, char *buf)
{
	Out o = { buf, 0 };
	DateFields f;
	ts_to_fields(local, &f);
	if (env->date_style == DATESTYLE_ISO) {
		out_fmt(&o, "%04d-%02d-%02d ", shown_year(&f), f.month, f.day);
		out_clock(&o, &f);
		if (east)
			out_zone(&o, *east);
	} else {
		if (env->date_style == DATESTYLE_POSTGRES) {
			out_postgres_style(&o, &f, env);
		} else {
			out_numeric_date(&o, &f, env, env->date_style == DATESTYLE_SQL ? '/' : '.');
			out_fmt(&o, " ");
			out_clock(&o, &f);
		}
		if (east)
			out_fmt(&o, " %.*s", MAX_ZONE_SHOWN, abbrev);
	}
	if (f.year <= 0)
		out_fmt(&o, " BC");
	return o.n;
}

size_t timestamp_out(int64_t ts, const TypeEnv *env, char *buf)
{
	if (ts_is_infinite(ts))
		return out_infinity(buf, ts == TS_NEG_INF);
	return out_moment(ts, env, NULL, NULL, buf);
}

size_t timestamptz_out(int64_t ts, const TypeEnv *env, char *buf)
{
	const char *abbrev;
	if (ts_is_infinite(ts))
		return out_infinity(buf, ts == TS_NEG_INF);
	int32_t east = tz_offset_at(env->tz, ts, NULL, &abbrev);
	return out_moment(ts + east * US_PER_SEC, env, &east, abbrev, buf);
}

size_t time_out(int64_t us, char *buf)
{
	return time_to_stored(us, buf);
}

size_t timetz_out(TimeTz t, char *buf)
{
	Out o = { buf, time_to_stored(t.us, buf) };
	out_zone(&o, -t.zone);
	return o.n;
}

/* ---- intervals ---- */

typedef struct Parts {
	int64_t year, month, day, hour, min, sec, us;
} Parts;

static Parts interval_parts(const Interval *iv)
{
	return (Parts){ iv->months / 12,	  iv->months % 12,	    iv->days,		iv->us / US_PER_HOUR,
			iv->us / US_PER_MIN % 60, iv->us / US_PER_SEC % 60, iv->us % US_PER_SEC };
}

static void out_seconds(Out *o, const Parts *p, bool two_digits)
{
	out_fmt(o, "%0*lld", two_digits ? 2 : 1, llabs((long long)p->sec));
	out_fraction(o, (int)p->us);
}

static void out_postgres_interval(Out *o, const Parts *p)
{
	const struct {
		int64_t v;
		const char *unit;
	} part[] = { { p->year, "year" }, { p->month, "mon" }, { p->day, "day" } };
	bool before = false;
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (part[i].v == 0)
			continue;
		out_fmt(o, "%s%s%lld %s%s", o->n ? " " : "", before && part[i].v > 0 ? "+" : "", (long long)part[i].v, part[i].unit,
			part[i].v == 1 ? "" : "s");
		before = part[i].v < 0;
	}
	if (o->n && !p->hour && !p->min && !p->sec && !p->us)
		return;
	bool minus = p->hour < 0 || p->min < 0 || p->sec < 0 || p->us < 0;
	out_fmt(o, "%s%s%02lld:%02lld:", o->n ? " " : "",
		minus	 ? "-"
		: before ? "+"
			 : "",
		llabs((long long)p->hour), llabs((long long)p->min));
	out_seconds(o, p, true);
}

static void out_verbose_part(Out *o, int64_t v, const char *unit, bool *zero, bool *before)
{
	if (v == 0)
		return;
	if (*zero) {
		*before = v < 0;
		v = llabs((long long)v);
	} else if (*before) {
		v = -v;
	}
	*zero = false;
	out_fmt(o, " %lld %s%s", (long long)v, unit, v == 1 ? "" : "s");
}

static void out_verbose_interval(Out *o, const Parts *p)
{
	bool zero = true, before = false;
	out_fmt(o, "@");
	out_verbose_part(o, p->year, "year", &zero, &before);
	out_verbose_part(o, p->month, "mon", &zero, &before);
	out_verbose_part(o, p->day, "day", &zero, &before);
	out_verbose_part(o, p->hour, "hour", &zero, &before);
	out_verbose_part(o, p->min, "min", &zero, &before);
	if (p->sec || p->us) {
		bool minus = p->sec < 0 || p->us < 0;
		if (zero)
			before = minus;
		out_fmt(o, " %s", !zero && minus != before ? "-" : "");
		out_seconds(o, p, false);
		out_fmt(o, " sec%s", llabs((long long)p->sec) != 1 || p->us ? "s" : "");
		zero = false;
	}
	if (zero)
		out_fmt(o, " 0");
	if (before)
		out_fmt(o, " ago");
}

static char sign_of(bool negative)
{
	return negative ? '-' : '+';
}

static void out_sql_interval(Out *o, Parts p)
{
	int64_t *all[] = { &p.year, &p.month, &p.day, &p.hour, &p.min, &p.sec, &p.us };
	bool neg = false, pos = false;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		neg |= *all[i] < 0;
		pos |= *all[i] > 0;
	}
	bool months = p.year || p.month, time = p.hour || p.min || p.sec || p.us;
	if (!neg && !pos) {
		out_fmt(o, "0");
		return;
	}
	if ((neg && pos) || (months && (p.day || time))) {
		out_fmt(o, "%c%lld-%lld %c%lld %c%lld:%02lld:", sign_of(p.year < 0 || p.month < 0), llabs((long long)p.year),
			llabs((long long)p.month), sign_of(p.day < 0), llabs((long long)p.day),
			sign_of(p.hour < 0 || p.min < 0 || p.sec < 0 || p.us < 0), llabs((long long)p.hour), llabs((long long)p.min));
		out_seconds(o, &p, true);
		return;
	}
	if (neg) {
		out_fmt(o, "-");
		for (size_t i = 0; i < ARRAY_LEN(all); i++)
			*all[i] = -*all[i];
	}
	if (months) {
		out_fmt(o, "%lld-%lld", (long long)p.year, (long long)p.month);
		return;
	}
	if (p.day)
		out_fmt(o, "%lld ", (long long)p.day);
	out_fmt(o, "%lld:%02lld:", (long long)p.hour, (long long)p.min);
	out_seconds(o, &p, true);
}

static void out_iso_part(Out *o, int64_t v, char unit)
{
	if (v)
		out_fmt(o, "%lld%c", (long long)v, unit);
}

static void out_iso_interval(Out *o, const Parts *p)
{
	bool time = p->hour || p->min || p->sec || p->us;
	if (!time && !p->year && !p->month && !p->day) {
		out_fmt(o, "PT0S");
		return;
	}
	out_fmt(o, "P");
	out_iso_part(o, p->year, 'Y');
	out_iso_part(o, p->month, 'M');
	out_iso_part(o, p->day, 'D');
	if (time)
		out_fmt(o, "T");
	out_iso_part(o, p->hour, 'H');
	out_iso_part(o, p->min, 'M');
	if (p->sec || p->us) {
		out_fmt(o, "%s", p->sec < 0 || p->us < 0 ? "-" : "");
		out_seconds(o, p, false);
		out_fmt(o, "S");
	}
}

size_t interval_out(const Interval *iv, IntervalStyle style, char *buf)
{
	Out o = { buf, 0 };
	Parts p = interval_parts(iv);
	switch (style) {
	case INTERVALSTYLE_POSTGRES:
		out_postgres_interval(&o, &p);
		break;
	case INTERVALSTYLE_VERBOSE:
		out_verbose_interval(&o, &p);
		break;
	case INTERVALSTYLE_SQL:
		out_sql_interval(&o, p);
		break;
	case INTERVALSTYLE_ISO:
		out_iso_interval(&o, &p);
		break;
	}
	return o.n;
}
