/* The text side of to_date and to_timestamp: the fields of a template are read one after another. */
#include "pgtype/format_date_in.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Reader {
	const char *s; /* NUL-terminated */
	bool exact;    /* after FX: blanks count */
	int extra;     /* blanks and separators skipped beyond what the template has */
	FormatRead *r;
	const FormatNode *nodes;
	size_t n, i;
	Error *err;
} Reader;

static const FormatNode *node_of(const Reader *rd)
{
	return &rd->nodes[rd->i];
}

static const char *name_of(const Reader *rd)
{
	return node_of(rd)->key->name;
}

static bool is_separator(char c)
{
	return c > 0x20 && c < 0x7F && !isalnum((unsigned char)c);
}

static void skip_char(Reader *rd)
{
	if (*rd->s)
		rd->s++;
	while (((unsigned char)*rd->s & 0xC0) == 0x80)
		rd->s++;
}

static void skip_blanks(Reader *rd)
{
	for (; isspace((unsigned char)*rd->s); rd->s++)
		rd->extra++;
}

/* A field may be given twice only with the same value. */
static int set_field(Reader *rd, int *dest, int value)
{
	if (*dest != 0 && *dest != value) {
		err_set(rd->err, "22007", "conflicting values for \"%s\" field in formatting string", name_of(rd));
		return err_detail(rd->err, "This value contradicts a previous setting for the same field type.");
	}
	*dest = value;
	return 0;
}

/* True when the number ends where the digits end, because no digit can follow it. */
static bool number_is_open(const Reader *rd)
{
	if (node_of(rd)->flags & (FORMAT_TH_UPPER | FORMAT_TH_LOWER))
		return true;
	if (rd->i + 1 == rd->n)
		return true;
	const FormatNode *next = node_of(rd) + 1;
	if (next->kind == FORMAT_FIELD)
		return !next->key->digits;
	return !(next->text.n == 1 && isdigit((unsigned char)next->text.p[0]));
}

static int short_field(Reader *rd, const char *copy, int len, int used, bool whole)
{
	if (whole) {
		err_set(rd->err, "22007", "source string too short for \"%s\" formatting field", name_of(rd));
		err_detail(rd->err, "Field requires %d characters, but only %d remain.", len, used);
	} else {
		err_set(rd->err, "22007", "invalid value \"%s\" for \"%s\"", copy, name_of(rd));
		err_detail(rd->err, "Field requires %d characters, but only %d could be parsed.", len, used);
	}
	return err_hint(rd->err, "If your source string is not fixed-width, try using the \"FM\" modifier.");
}

/* A number of `len` digits, or of any length where that is clear. Returns the characters used; *dest may be NULL. */
static int read_number(Reader *rd, int *dest, int len)
{
	char copy[16], *end;
	const char *start = rd->s;
	long v;
	while (isspace((unsigned char)*rd->s))
		rd->s++;
	snprintf(copy, sizeof copy, "%.*s", len, rd->s);
	errno = 0;
	if (node_of(rd)->flags & FORMAT_FM || number_is_open(rd)) {
		v = strtol(start, &end, 10);
		rd->s = end;
	} else {
		int got = (int)strlen(copy);
		if (got < len)
			return short_field(rd, copy, len, got, true);
		v = strtol(copy, &end, 10);
		int used = (int)(end - copy);
		if (used > 0 && used < len)
			return short_field(rd, copy, len, used, false);
		rd->s += used;
	}
	if (rd->s == start) {
		err_set(rd->err, "22007", "invalid value \"%s\" for \"%s\"", copy, name_of(rd));
		return err_detail(rd->err, "Value must be an integer.");
	}
	if (errno == ERANGE || v < INT_MIN || v > INT_MAX) {
		err_set(rd->err, "22008", "value for \"%s\" in source string is out of range", name_of(rd));
		return err_detail(rd->err, "Value must be in the range %d to %d.", INT_MIN, INT_MAX);
	}
	if (dest && set_field(rd, dest, (int)v) < 0)
		return -1;
	return (int)(rd->s - start);
}

static int read_own_width(Reader *rd, int *dest)
{
	return read_number(rd, dest, (int)strlen(name_of(rd)));
}

/* The first of the names that the text starts with, letter case ignored. `cut` compares only that many letters of each. */
static int read_name(Reader *rd, const char *const *names, int n, size_t cut)
{
	for (int i = 0; i < n; i++) {
		size_t len = strlen(names[i]), k = 0;
		if (cut && len > cut)
			len = cut;
		while (k < len && tolower((unsigned char)rd->s[k]) == tolower((unsigned char)names[i][k]))
			k++;
		if (k == len) {
			rd->s += len;
			return i;
		}
	}
	int word = (int)strcspn(rd->s, " \t\n\r\f\v");
	err_set(rd->err, "22007", "invalid value \"%.*s\" for \"%s\"", word, rd->s, name_of(rd));
	return err_detail(rd->err, "The given value did not match any of the allowed values for this field.");
}

static int read_named(Reader *rd, const char *const *names, int n, size_t cut, int first, int step, int *dest)
{
	int at = read_name(rd, names, n, cut);
	return at < 0 ? -1 : set_field(rd, dest, first + step * at);
}

/* Two-digit and three-digit years are near 2020. */
static int full_year(int y)
{
	if (y < 70)
		return y + 2000;
	if (y < 100)
		return y + 1900;
	if (y < 520)
		return y + 2000;
	return y < 1000 ? y + 1000 : y;
}

static int read_year(Reader *rd, int width)
{
	FormatRead *r = rd->r;
	int used = read_own_width(rd, &r->year);
	if (used < 0)
		return -1;
	if (width < 4 && used < 4)
		r->year = full_year(r->year);
	r->year_width = width;
	return 0;
}

static int read_comma_year(Reader *rd)
{
	int thousands, years, used = 0;
	if (sscanf(rd->s, "%d,%03d%n", &thousands, &years, &used) < 2)
		return err_set(rd->err, "22007", "invalid input string for \"Y,YYY\"");
	if (__builtin_mul_overflow(thousands, 1000, &thousands) || __builtin_add_overflow(years, thousands, &years)) {
		err_set(rd->err, "22008", "value for \"Y,YYY\" in source string is out of range");
		return -1;
	}
	rd->s += used;
	rd->r->year_width = 4;
	return set_field(rd, &rd->r->year, years);
}

static int read_fraction(Reader *rd, int *dest, int digits, int whole)
{
	int used = read_number(rd, dest, digits);
	for (int i = used < 1 ? 1 : used; used >= 0 && i < whole; i++)
		*dest *= 10;
	return used;
}

static int read_zone_hour(Reader *rd)
{
	FormatRead *r = rd->r;
	if (*rd->s == '+' || *rd->s == '-' || *rd->s == ' ')
		r->zone_sign = *rd->s++ == '-' ? -1 : 1;
	else /* the sign may have been taken for a separator */
		r->zone_sign = rd->extra > 0 && rd->s[-1] == '-' ? -1 : 1;
	return read_number(rd, &r->zone_hour, 2);
}

static int read_time_field(Reader *rd)
{
	static const char *const am[] = { "am", "pm" }, *const am_dots[] = { "a.m.", "p.m." };
	FormatRead *r = rd->r;
	int id = node_of(rd)->key->id;
	switch (id) {
	case FD_AM:
	case FD_AM_DOTS:
		r->twelve_hours = true;
		return read_named(rd, id == FD_AM ? am : am_dots, 2, 0, 0, 1, &r->pm);
	case FD_HH12:
		r->twelve_hours = true;
		return read_number(rd, &r->hour, 2);
	case FD_HH24:
		return read_number(rd, &r->hour, 2);
	case FD_MI:
		return read_number(rd, &r->min, 2);
	case FD_SS:
		return read_number(rd, &r->sec, 2);
	case FD_MS:
		return read_fraction(rd, &r->ms, 3, 3);
	case FD_FF1:
	case FD_FF2:
	case FD_FF3:
	case FD_FF4:
	case FD_FF5:
	case FD_FF6:
		r->precision = id - FD_FF1 + 1;
		return read_fraction(rd, &r->us, r->precision, 6);
	case FD_US:
		return read_fraction(rd, &r->us, 6, 6);
	case FD_SSSS:
		return read_own_width(rd, &r->day_sec);
	case FD_TZH:
		return read_zone_hour(rd);
	case FD_TZM:
		if (!r->zone_sign)
			r->zone_sign = 1;
		return read_number(rd, &r->zone_min, 2);
	default:
		return err_set(rd->err, "0A000", "formatting field \"%s\" is only supported in to_char", name_of(rd));
	}
}

static int read_name_field(Reader *rd)
{
	static const char *const era[] = { "ad", "bc" }, *const era_dots[] = { "a.d.", "b.c." };
	FormatRead *r = rd->r;
	int id = node_of(rd)->key->id;
	switch (id) {
	case FD_AD:
	case FD_AD_DOTS:
		return read_named(rd, id == FD_AD ? era : era_dots, 2, 0, 0, 1, &r->bc);
	case FD_MONTH:
	case FD_MONTH_CAP:
	case FD_MONTH_LOW:
		return read_named(rd, format_month_names, 12, 0, 1, 1, &r->month);
	case FD_MON:
	case FD_MON_CAP:
	case FD_MON_LOW:
		return read_named(rd, format_month_names, 12, 3, 1, 1, &r->month);
	case FD_RM:
	case FD_RM_LOW:
		return read_named(rd, format_roman_months, 12, 0, 12, -1, &r->month);
	default: {
		bool is_short = id >= FD_DY && id <= FD_DY_LOW;
		if (read_named(rd, format_day_names, 7, is_short ? 3 : 0, 0, 1, &r->wday) < 0)
			return -1;
		r->wday++;
		return 0;
	}
	}
}

static int read_iso_day(Reader *rd)
{
	if (read_number(rd, &rd->r->wday, 1) < 0)
		return -1;
	rd->r->wday = rd->r->wday >= 7 || rd->r->wday == INT_MAX ? 1 : rd->r->wday + 1;
	return 0;
}

static int read_date_field(Reader *rd)
{
	FormatRead *r = rd->r;
	switch (node_of(rd)->key->id) {
	case FD_MM:
		return read_own_width(rd, &r->month);
	case FD_DDD:
		return read_own_width(rd, &r->yday);
	case FD_IDDD:
		return read_number(rd, &r->yday, 3);
	case FD_DD:
		return read_own_width(rd, &r->day);
	case FD_D:
		return read_own_width(rd, &r->wday);
	case FD_ID:
		return read_iso_day(rd);
	case FD_WW:
	case FD_IW:
		return read_own_width(rd, &r->week);
	case FD_W:
		return read_own_width(rd, &r->month_week);
	case FD_Q: /* a quarter says nothing about the day; it is read and dropped */
		return read_own_width(rd, NULL);
	case FD_CC:
		return read_own_width(rd, &r->century);
	case FD_J:
		return read_own_width(rd, &r->julian);
	case FD_Y_YYY:
		return read_comma_year(rd);
	case FD_YYYY:
	case FD_IYYY:
		return read_year(rd, 4);
	case FD_YYY:
	case FD_IYY:
		return read_year(rd, 3);
	case FD_YY:
	case FD_IY:
		return read_year(rd, 2);
	default:
		return read_year(rd, 1);
	}
}

static int read_field(Reader *rd)
{
	const FormatKey *key = node_of(rd)->key;
	if (key->calendar && rd->r->calendar && key->calendar != rd->r->calendar) {
		err_set(rd->err, "22007", "invalid combination of date conventions");
		return err_hint(rd->err, "Do not mix Gregorian and ISO week date conventions in a formatting template.");
	}
	if (key->calendar)
		rd->r->calendar = key->calendar;
	if (key->id == FD_FX) {
		rd->exact = true;
		return 0;
	}
	int rc = format_is_date_number(key->id) ? read_date_field(rd) : format_is_name(key->id) ? read_name_field(rd) : read_time_field(rd);
	if (rc >= 0 && key->digits && key->id != FD_TZM && node_of(rd)->flags & (FORMAT_TH_UPPER | FORMAT_TH_LOWER)) {
		skip_char(rd);
		skip_char(rd);
	}
	return rc;
}

/* Text of the template takes up characters of the input, whatever they are. */
static void pass_text(Reader *rd)
{
	if (rd->exact) {
		skip_char(rd);
	} else if (node_of(rd)->kind == FORMAT_TEXT) {
		if (rd->extra > 0)
			rd->extra--;
		else
			skip_char(rd);
	} else {
		rd->extra--;
		if (isspace((unsigned char)*rd->s) || is_separator(*rd->s)) {
			rd->s++;
			rd->extra++;
		}
	}
}

static int match_text(Reader *rd)
{
	const FormatNode *node = node_of(rd);
	if (strncmp(rd->s, node->text.p, node->text.n) == 0) {
		rd->s += node->text.n;
		return 0;
	}
	return err_set(rd->err, "22007",
		       node->kind == FORMAT_TEXT ? "unmatched format character \"%.*s\"" : "unmatched format separator \"%.*s\"",
		       STR_ARG(node->text));
}

/* All fields have been found, and nothing is left. */
static int match_end(Reader *rd)
{
	if (rd->i < rd->n)
		return err_set(rd->err, "22007", "input string is too short for datetime format");
	skip_blanks(rd);
	return *rd->s ? err_set(rd->err, "22007", "trailing characters remain in input string after datetime format") : 0;
}

int format_read_fields(const char *text, const FormatNode *nodes, size_t n, bool strict, FormatRead *r, Error *err)
{
	Reader rd = { .s = text, .r = r, .nodes = nodes, .n = n, .exact = strict, .err = err };
	for (; rd.i < n && *rd.s; rd.i++) {
		bool field = nodes[rd.i].kind == FORMAT_FIELD;
		if (!rd.exact && (field ? nodes[rd.i].key->id != FD_FX : rd.i == 0))
			skip_blanks(&rd);
		if (!field && strict && match_text(&rd) < 0)
			return -1;
		if (!field && !strict)
			pass_text(&rd);
		if (!field)
			continue;
		if (read_field(&rd) < 0)
			return -1;
		if (!rd.exact) {
			rd.extra = 0;
			skip_blanks(&rd);
		}
	}
	return strict ? match_end(&rd) : 0;
}
