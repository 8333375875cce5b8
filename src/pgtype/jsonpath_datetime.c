/* The moments of jsonpath: reading ISO forms, comparing, printing. */
#include "pgtype/datetime.h"
#include "pgtype/format_template.h"
#include "pgtype/jsonpath_exec.h"

#include <ctype.h>
#include <stdlib.h>

enum { OID_DATE = 1082, OID_TIME = 1083, OID_TIMESTAMP = 1114, OID_TIMESTAMPTZ = 1184, OID_TIMETZ = 1266, MAX_ZONE_HOUR = 15 };

typedef struct Reader {
	const char *p, *end;
} Reader;

static void blanks(Reader *r)
{
	while (r->p < r->end && *r->p == ' ')
		r->p++;
}

static bool character(Reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* PostgreSQL's templates let blanks and a plus stand before each number. */
static bool number(Reader *r, int max, int *out)
{
	blanks(r);
	character(r, '+');
	const char *start = r->p;
	int v = 0;
	while (r->p < r->end && isdigit((unsigned char)*r->p) && v <= max)
		v = v * 10 + (*r->p++ - '0');
	*out = v;
	return r->p > start && v <= max;
}

static bool read_date(Reader *r, int32_t *out)
{
	int y, m, d;
	blanks(r);
	bool bc = character(r, '-');
	if (!number(r, 9999999, &y) || !character(r, '-') || !number(r, 12, &m) || !character(r, '-') || !number(r, 31, &d))
		return false;
	if (bc && y)
		y = 1 - y;
	if (m < 1 || d < 1 || d > cal_month_days(y, m))
		return false;
	int64_t days = cal_days(y, m, d);
	*out = (int32_t)days;
	return date_in_range(days);
}

static bool read_time(Reader *r, int64_t *out)
{
	int h, m, s, us = 0;
	if (!number(r, 23, &h) || !character(r, ':') || !number(r, 59, &m) || !character(r, ':') || !number(r, 59, &s))
		return false;
	if (character(r, '.')) {
		const char *start = r->p;
		for (int unit = 100000; r->p < r->end && isdigit((unsigned char)*r->p) && unit; unit /= 10)
			us += (*r->p++ - '0') * unit;
		if (r->p == start)
			return false;
	}
	*out = h * US_PER_HOUR + m * US_PER_MIN + s * US_PER_SEC + us;
	return true;
}

/* +hours[:minutes], or nothing. */
static bool read_zone(Reader *r, bool *has, int32_t *east)
{
	int h, m = 0;
	*has = false;
	Reader rest = *r;
	blanks(&rest);
	if (rest.p == rest.end)
		return true;
	bool west = *r->p == '-';
	if (!west && *r->p != '+' && *r->p != ' ')
		return false;
	r->p++;
	if (!number(r, MAX_ZONE_HOUR, &h) || (character(r, ':') && !number(r, 59, &m)))
		return false;
	*has = true;
	*east = (h * 3600 + m * 60) * (west ? -1 : 1);
	blanks(r);
	return r->p == r->end;
}

static JpDate *moment(Arena *a, uint32_t type, int64_t value, int32_t east)
{
	JpDate *d = arena_new_of(a, JpDate);
	*d = (JpDate){ .base = { .kind = JSON_DATETIME }, .type = type, .value = value, .east = east };
	return d;
}

JpDate *jp_date_parse(Str text, const TypeEnv *env, Arena *a)
{
	Reader r = { text.p, text.p + text.n };
	int32_t days = 0, east = 0;
	int64_t us, ts;
	bool zone;
	bool has_date = read_date(&r, &days);
	Reader rest = r;
	blanks(&rest);
	if (has_date && rest.p == rest.end)
		return moment(a, OID_DATE, days, 0);
	if (!has_date)
		r.p = text.p;
	else if (!character(&r, 'T') && !(r.p < r.end && *r.p == ' '))
		return NULL;
	if (!read_time(&r, &us) || !read_zone(&r, &zone, &east))
		return NULL;
	if (!has_date)
		return moment(a, zone ? OID_TIMETZ : OID_TIME, us, east);
	if (date_to_timestamp(days, &ts, NULL) < 0)
		return NULL;
	ts += us - (zone ? east * US_PER_SEC : 0);
	return ts_in_range(ts) ? moment(a, zone ? OID_TIMESTAMPTZ : OID_TIMESTAMP, ts, east) : NULL;
}

JpDate *jp_date_parse_as(Str text, Str tpl, Arena *a, Error *err)
{
	FormatParsed p;
	int64_t ts = 0;
	if (format_parse_strict(text, tpl, a, &p, err) < 0)
		return NULL;
	int64_t us = p.f.hour * US_PER_HOUR + p.f.min * US_PER_MIN + p.f.sec * US_PER_SEC + p.f.us;
	int64_t days = p.dated ? cal_days(p.f.year, p.f.month, p.f.day) : 0;
	if (!p.dated)
		return moment(a, p.zoned ? OID_TIMETZ : OID_TIME, us, p.east);
	if (!date_in_range(days)) {
		err_set(err, "22008", "date out of range: \"%.*s\"", STR_ARG(text));
		return NULL;
	}
	if (!p.timed)
		return moment(a, OID_DATE, days, 0);
	bool fits = date_to_timestamp((int32_t)days, &ts, NULL) == 0;
	ts += us - (p.zoned ? p.east * US_PER_SEC : 0);
	if (fits && ts_in_range(ts))
		return moment(a, p.zoned ? OID_TIMESTAMPTZ : OID_TIMESTAMP, ts, p.east);
	err_set(err, "22008", p.zoned ? "timestamptz out of range" : "timestamp out of range");
	return NULL;
}

const char *jp_date_type(const JpDate *d)
{
	switch (d->type) {
	case OID_DATE:
		return "date";
	case OID_TIME:
		return "time without time zone";
	case OID_TIMETZ:
		return "time with time zone";
	case OID_TIMESTAMP:
		return "timestamp without time zone";
	default:
		return "timestamp with time zone";
	}
}

void jp_date_print(const JpDate *d, Buf *out)
{
	char buf[DT_BUF];
	bool zone = d->type == OID_TIMETZ || d->type == OID_TIMESTAMPTZ;
	if (d->type == OID_DATE) {
		date_out((int32_t)d->value, &type_env_stored, buf);
	} else if (d->type == OID_TIME || d->type == OID_TIMETZ) {
		time_out(d->value, buf);
	} else {
		timestamp_out(d->value + (zone ? d->east * US_PER_SEC : 0), &type_env_stored, buf);
		char *space = strchr(buf, ' ');
		if (space)
			*space = 'T';
	}
	buf_puts(out, buf);
	if (zone)
		buf_printf(out, "%c%02d:%02d", d->east < 0 ? '-' : '+', abs(d->east) / 3600, abs(d->east) / 60 % 60);
}

/* ---- comparing ---- */

static const char *short_name(uint32_t type)
{
	return pgtype_builtin(type)->name;
}

static bool use_zone(JpExec *x, uint32_t from, uint32_t to)
{
	if (x->call->use_tz)
		return true;
	jp_hard_error(x, "0A000", "cannot convert value from %s to %s without time zone usage", short_name(from), short_name(to));
	err_hint(x->err, "Use *_tz() function for time zone support.");
	return false;
}

/* date, timestamp and timestamptz as a timestamp, or as a timestamptz when the other side is one. */
static bool as_timestamp(JpExec *x, const JpDate *d, bool zoned, int64_t *out)
{
	*out = d->value;
	if (d->type == OID_DATE && date_to_timestamp((int32_t)d->value, out, NULL) < 0) {
		*out = d->value > 0 ? TS_POS_INF : TS_NEG_INF; /* a date beyond every timestamp */
		return true;
	}
	if (!zoned || d->type == OID_TIMESTAMPTZ)
		return true;
	if (!use_zone(x, d->type, OID_TIMESTAMPTZ))
		return false;
	return tz_local_to_utc(x->call->env->tz, *out, out, NULL) == 0;
}

static bool as_timetz(JpExec *x, const JpDate *d, TimeTz *out)
{
	*out = (TimeTz){ d->value, -d->east };
	if (d->type == OID_TIMETZ)
		return true;
	if (!use_zone(x, OID_TIME, OID_TIMETZ))
		return false;
	out->zone = -tz_offset_at(x->call->env->tz, x->call->env->xact_start_us, NULL, NULL);
	return true;
}

static bool is_time(const JpDate *d)
{
	return d->type == OID_TIME || d->type == OID_TIMETZ;
}

JpBool jp_date_compare(JpExec *x, const JpDate *p, const JpDate *q, int *cmp)
{
	int64_t a = p->value, b = q->value;
	if (is_time(p) != is_time(q))
		return JP_UNKNOWN;
	if (p->type == OID_TIMETZ || q->type == OID_TIMETZ) {
		TimeTz s, t;
		if (!as_timetz(x, p, &s) || !as_timetz(x, q, &t))
			return JP_UNKNOWN;
		*cmp = timetz_compare(&s, &t);
		return JP_TRUE;
	}
	bool zoned = p->type == OID_TIMESTAMPTZ || q->type == OID_TIMESTAMPTZ;
	if (p->type != q->type && (!as_timestamp(x, p, zoned, &a) || !as_timestamp(x, q, zoned, &b)))
		return JP_UNKNOWN;
	*cmp = (a > b) - (a < b);
	return JP_TRUE;
}
