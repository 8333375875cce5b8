/* to_char of moments and intervals. */
#include "pgtype/format_date.h"

#include <stdio.h>
#include <stdlib.h>

enum { CASE_UPPER, CASE_CAP, CASE_LOW };

void format_moment_of_ts(int64_t local, FormatMoment *m)
{
	DateFields f;
	ts_to_fields(local, &f);
	int64_t d = cal_days(f.year, f.month, f.day);
	*m = (FormatMoment){ .year = f.year, .month = f.month, .day = f.day, .hour = f.hour, .min = f.min, .sec = f.sec, .us = f.us };
	m->wday = cal_weekday(d);
	m->yday = (int)(d - cal_days(f.year, 1, 1)) + 1;
}

void format_moment_of_interval(const Interval *iv, FormatMoment *m)
{
	int64_t us = iv->us;
	*m = (FormatMoment){ .is_interval = true, .year = iv->months / 12, .month = iv->months % 12, .day = iv->days };
	m->hour = us / US_PER_HOUR;
	us %= US_PER_HOUR;
	m->min = (int)(us / US_PER_MIN);
	us %= US_PER_MIN;
	m->sec = (int)(us / US_PER_SEC);
	m->us = (int)(us % US_PER_SEC);
	m->yday = (int)((unsigned)iv->months * 30U + (unsigned)iv->days); /* the days it spans, nearly */
}

static void put_cased(Buf *out, const char *s, int style, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool letter = (s[i] | 32) >= 'a' && (s[i] | 32) <= 'z';
		if (!letter)
			buf_put_u8(out, (uint8_t)s[i]);
		else
			buf_put_u8(out,
				   style == CASE_UPPER || (style == CASE_CAP && i == 0) ? (uint8_t)(s[i] & ~32) : (uint8_t)(s[i] | 32));
	}
}

/* Names are padded on the right unless FM or TM is there. */
static void put_name(Buf *out, const char *s, int style, unsigned flags, size_t width)
{
	size_t n = strlen(s);
	put_cased(out, s, style, n);
	for (; !(flags & (FORMAT_FM | FORMAT_TM)) && n < width; n++)
		buf_put_u8(out, ' ');
}

/* A number with leading zeros; the sign takes a place of its own. */
static void put_number(Buf *out, const FormatNode *node, int64_t v, int width)
{
	buf_printf(out, "%0*lld", node->flags & FORMAT_FM ? 0 : width + (v < 0), (long long)v);
	if (node->flags & (FORMAT_TH_UPPER | FORMAT_TH_LOWER))
		format_ordinal(out, node->flags & FORMAT_TH_UPPER);
}

/* The same, whatever FM says: fractions of a second. */
static void put_fraction(Buf *out, const FormatNode *node, int v, int width)
{
	FormatNode fixed = *node;
	fixed.flags &= ~(unsigned)FORMAT_FM;
	put_number(out, &fixed, v, width - (v < 0));
}

static void iso_week(const FormatMoment *m, int *year, int *week, int *day_of_year)
{
	int64_t d = cal_days(m->year, 1, 1) + (m->yday - 1);
	if (m->is_interval)
		d = cal_days(m->year, m->month, 1) + m->day - 1;
	*year = m->year + 1;
	while (*year >= m->year && cal_iso_week_start(*year, 1) > d) /* an interval may have any number of days */
		--*year;
	int64_t since = d - cal_iso_week_start(*year, 1);
	*week = (int)(since / 7) + 1;
	*day_of_year = (int)since + 1;
}

static int refuse_interval(Error *err)
{
	err_set(err, "22007", "invalid format specification for an interval value");
	return err_hint(err, "Intervals are not tied to specific calendar dates.");
}

static int century(const FormatMoment *m)
{
	if (m->is_interval)
		return m->year / 100;
	return m->year > 0 ? (m->year - 1) / 100 + 1 : m->year / 100 - 1;
}

static void put_roman_month(const FormatMoment *m, const FormatNode *node, bool upper, Buf *out)
{
	int at;
	if (!m->month && !m->year)
		return;
	if (m->month == 0)
		at = m->year >= 0 ? 0 : 11;
	else
		at = m->month < 0 ? -(m->month + 1) : 12 - m->month;
	put_name(out, format_roman_months[at], upper ? CASE_UPPER : CASE_LOW, node->flags & ~(unsigned)FORMAT_TM, 4);
}

static void put_offset(const FormatMoment *m, const FormatNode *node, Buf *out)
{
	int east = abs(m->east);
	buf_printf(out, "%c%0*d", m->east >= 0 ? '+' : '-', node->flags & FORMAT_FM ? 0 : 2, east / 3600);
	if (east % 3600)
		buf_printf(out, ":%02d", east % 3600 / 60);
}

static void put_comma_year(const FormatNode *node, int year, Buf *out)
{
	buf_printf(out, "%d,%03d", year / 1000, year % 1000);
	if (node->flags & (FORMAT_TH_UPPER | FORMAT_TH_LOWER))
		format_ordinal(out, node->flags & FORMAT_TH_UPPER);
}

static void put_time_field(const FormatMoment *m, const FormatNode *node, Buf *out)
{
	switch (node->key->id) {
	case FD_HH12:
		put_number(out, node, m->hour % 12 == 0 ? 12 : m->hour % 12, m->hour < 0 && m->hour % 12 == 0 ? 3 : 2);
		break;
	case FD_HH24:
		put_number(out, node, m->hour, 2);
		break;
	case FD_MI:
		put_number(out, node, m->min, 2);
		break;
	case FD_SS:
		put_number(out, node, m->sec, 2);
		break;
	case FD_FF1:
		put_fraction(out, node, m->us / 100000, 1);
		break;
	case FD_FF2:
		put_fraction(out, node, m->us / 10000, 2);
		break;
	case FD_FF3:
	case FD_MS:
		put_fraction(out, node, m->us / 1000, 3);
		break;
	case FD_FF4:
		put_fraction(out, node, m->us / 100, 4);
		break;
	case FD_FF5:
		put_fraction(out, node, m->us / 10, 5);
		break;
	case FD_FF6:
	case FD_US:
		put_fraction(out, node, m->us, 6);
		break;
	case FD_SSSS:
		put_number(out, node, m->hour * 3600 + m->min * 60 + m->sec, 0);
		break;
	case FD_AM:
	case FD_AM_DOTS: {
		bool dots = node->key->id == FD_AM_DOTS, pm = m->hour % 24 >= 12;
		const char *s = dots ? (pm ? "p.m." : "a.m.") : pm ? "pm" : "am";
		put_cased(out, s, node->key->name[0] < 'a' ? CASE_UPPER : CASE_LOW, strlen(s));
		break;
	}
	default:
		break;
	}
}

static void put_zone_field(const FormatMoment *m, const FormatNode *node, Buf *out)
{
	switch (node->key->id) {
	case FD_TZ:
		buf_puts(out, m->zone ? m->zone : "");
		break;
	case FD_TZ_LOW:
		put_cased(out, m->zone ? m->zone : "", CASE_LOW, m->zone ? strlen(m->zone) : 0);
		break;
	case FD_TZH:
		buf_printf(out, "%c%02d", m->east >= 0 ? '+' : '-', abs(m->east) / 3600);
		break;
	case FD_TZM:
		buf_printf(out, "%02d", abs(m->east) % 3600 / 60);
		break;
	case FD_OF:
		put_offset(m, node, out);
		break;
	default:
		break;
	}
}

/* Names, eras and days of the week, of which an interval has none. */
static void put_calendar_name(const FormatMoment *m, const FormatNode *node, Buf *out)
{
	int id = node->key->id;
	switch (id) {
	case FD_AD:
	case FD_AD_DOTS: {
		const char *s = id == FD_AD ? (m->year <= 0 ? "bc" : "ad") : m->year <= 0 ? "b.c." : "a.d.";
		put_cased(out, s, node->key->name[0] < 'a' ? CASE_UPPER : CASE_LOW, strlen(s));
		break;
	}
	case FD_MONTH:
	case FD_MONTH_CAP:
	case FD_MONTH_LOW:
		put_name(out, format_month_names[m->month - 1], id - FD_MONTH, node->flags, 9);
		break;
	case FD_MON:
	case FD_MON_CAP:
	case FD_MON_LOW:
		put_cased(out, format_month_names[m->month - 1], id - FD_MON, 3);
		break;
	case FD_DAY:
	case FD_DAY_CAP:
	case FD_DAY_LOW:
		put_name(out, format_day_names[m->wday], id - FD_DAY, node->flags, 9);
		break;
	case FD_DY:
	case FD_DY_CAP:
	case FD_DY_LOW:
		put_cased(out, format_day_names[m->wday], id - FD_DY, 3);
		break;
	case FD_D:
		put_number(out, node, m->wday + 1, 0);
		break;
	case FD_ID:
		put_number(out, node, m->wday ? m->wday : 7, 0);
		break;
	default:
		break;
	}
}

static void put_year(const FormatMoment *m, const FormatNode *node, int year, Buf *out)
{
	static const int width[] = {
		[FD_YYYY] = 4, [FD_YYY] = 3, [FD_YY] = 2, [FD_Y] = 1, [FD_IYYY] = 4, [FD_IYY] = 3, [FD_IY] = 2, [FD_I] = 1
	};
	static const int power[] = { 1, 10, 100, 1000, 0 };
	if (!m->is_interval && year <= 0)
		year = 1 - year;
	if (node->key->id == FD_Y_YYY) {
		put_comma_year(node, year, out);
		return;
	}
	int n = width[node->key->id];
	if (year < 0 && m->year >= 0)
		n--; /* room for a sign is made for negative years only, not for an ISO year that begins before them */
	put_number(out, node, width[node->key->id] == 4 ? year : year % power[width[node->key->id]], n);
}

static void put_date_field(const FormatMoment *m, const FormatNode *node, Buf *out)
{
	int iso_year, iso_number, iso_day, c;
	iso_week(m, &iso_year, &iso_number, &iso_day);
	switch (node->key->id) {
	case FD_MM:
		put_number(out, node, m->month, 2);
		break;
	case FD_DDD:
		put_number(out, node, m->yday, 3 - (m->yday < 0));
		break;
	case FD_IDDD:
		put_number(out, node, iso_day, 3);
		break;
	case FD_DD:
		put_number(out, node, m->day, 2 - (m->day < 0));
		break;
	case FD_WW:
		c = (m->yday - 1) / 7 + 1;
		put_number(out, node, c, 2 - (c < 0));
		break;
	case FD_IW:
		put_number(out, node, iso_number, 2);
		break;
	case FD_W:
		put_number(out, node, (m->day - 1) / 7 + 1, 0);
		break;
	case FD_Q:
		if (m->month)
			put_number(out, node, (m->month - 1) / 3 + 1, 0);
		break;
	case FD_CC:
		c = century(m);
		put_number(out, node, c, c <= 99 && c >= -99 ? 2 : 0);
		break;
	case FD_RM:
	case FD_RM_LOW:
		put_roman_month(m, node, node->key->id == FD_RM, out);
		break;
	case FD_J:
		put_number(out, node,
			   (m->is_interval ? cal_days(m->year, m->month, 1) + m->day - 1 : cal_days(m->year, m->month, m->day)) +
				   PG_EPOCH_JDATE,
			   0);
		break;
	case FD_IYYY:
	case FD_IYY:
	case FD_IY:
	case FD_I:
		put_year(m, node, iso_year, out);
		break;
	default:
		put_year(m, node, m->year, out);
	}
}

int format_moment(const FormatMoment *m, Str tpl, Arena *a, Buf *out, Error *err)
{
	size_t n;
	const FormatNode *nodes = format_split(tpl, format_date_keys, true, a, &n);
	for (size_t i = 0; i < n; i++) {
		if (nodes[i].kind != FORMAT_FIELD) {
			buf_put_str(out, nodes[i].text);
			continue;
		}
		int id = nodes[i].key->id;
		/* day numbers of the week are of the calendar too */
		bool tied = id == FD_D || id == FD_ID || (format_is_name(id) && id != FD_RM && id != FD_RM_LOW);
		bool zone = id == FD_OF || (id >= FD_TZH && id <= FD_TZ_LOW);
		if (m->is_interval && (zone || tied))
			return refuse_interval(err);
		if (zone)
			put_zone_field(m, &nodes[i], out);
		else if (tied)
			put_calendar_name(m, &nodes[i], out);
		else if (format_is_date_number(id) || format_is_name(id))
			put_date_field(m, &nodes[i], out);
		else
			put_time_field(m, &nodes[i], out);
	}
	return 0;
}
