#include "pgtype/datetime_parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

int dt_fail(Error *err, DtStatus why, const char *type, Str text)
{
	switch (why) {
	case DT_ERROR_SET:
		return -1;
	case DT_RANGE:
		return err_set(err, "22008", "date/time field value out of range: \"%.*s\"", STR_ARG(text));
	case DT_RANGE_ORDER:
		err_set(err, "22008", "date/time field value out of range: \"%.*s\"", STR_ARG(text));
		return err_hint(err, "Perhaps you need a different \"datestyle\" setting.");
	case DT_INTERVAL_RANGE:
		return err_set(err, "22015", "interval field value out of range: \"%.*s\"", STR_ARG(text));
	case DT_ZONE_RANGE:
		return err_set(err, "22009", "time zone displacement out of range: \"%.*s\"", STR_ARG(text));
	default:
		return err_set(err, "22007", "invalid input syntax for type %s: \"%.*s\"", type, STR_ARG(text));
	}
}

/* Words that may be followed at once by a digit or '+': what follows is another field. All others then begin a date or zone name. */
static bool is_core_word(Str s)
{
	static const char *const words[] = { "t",	 "j",	     "jd",  "julian", "y",	  "m",	       "d",
					     "h",	 "mm",	     "s",   "am",     "pm",	  "ad",	       "bc",
					     "at",	 "on",	     "now", "today",  "tomorrow", "yesterday", "epoch",
					     "infinity", "allballs", "dow", "doy",    "isodow",	  "isoyear",   "dst" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(s, words[i]))
			return true;
	return dt_month_named(s) > 0 || dt_weekday_named(s) >= 0;
}

typedef struct Splitter {
	const char *p, *end;
	char *w;
	DtFields *out;
} Splitter;

static char peek(const Splitter *s)
{
	return s->p < s->end ? *s->p : '\0';
}

static void take(Splitter *s)
{
	*s->w++ = (char)tolower((unsigned char)*s->p++);
}

static bool is_digit(char c)
{
	return isdigit((unsigned char)c);
}
static bool is_alpha(char c)
{
	return isalpha((unsigned char)c);
}

static void take_while(Splitter *s, const char *also, bool alpha)
{
	for (char c; (c = peek(s)) && (is_digit(c) || (alpha && is_alpha(c)) || strchr(also, c));)
		take(s);
}

static DtFieldKind split_digits(Splitter *s)
{
	take_while(s, "", false);
	char delim = peek(s);
	if (delim == ':') {
		take_while(s, ":.", false);
		return DTF_TIME;
	}
	if (delim != '-' && delim != '/' && delim != '.')
		return DTF_NUMBER;
	char also[2] = { delim, '\0' };
	take(s);
	if (!is_digit(peek(s))) {
		take_while(s, also, true);
		return DTF_DATE;
	}
	take_while(s, "", false);
	if (peek(s) != delim)
		return delim == '.' ? DTF_NUMBER : DTF_DATE;
	take_while(s, also, false);
	return DTF_DATE;
}

static DtFieldKind split_word(Splitter *s)
{
	char *start = s->w;
	while (is_alpha(peek(s)))
		take(s);
	char c = peek(s);
	bool date = c == '-' || c == '/' || c == '.';
	if (c == '+' || is_digit(c))
		date = !is_core_word((Str){ start, (size_t)(s->w - start) });
	if (!date)
		return DTF_STRING;
	take_while(s, "+-/_.:", true);
	return DTF_DATE;
}

static int split_signed(Splitter *s)
{
	take(s);
	while (isspace((unsigned char)peek(s)))
		s->p++;
	if (is_digit(peek(s))) {
		take_while(s, ":.-", false);
		return DTF_TZ;
	}
	if (!is_alpha(peek(s)))
		return -1;
	while (is_alpha(peek(s)))
		take(s);
	return DTF_SPECIAL;
}

DtStatus dt_split(Str text, DtFields *out)
{
	Splitter s = { text.p, text.p + text.n, out->text, out };
	out->n = 0;
	if (text.n > DT_MAX_TEXT || memchr(text.p ? text.p : "", '\0', text.n))
		return DT_BAD;
	while (s.p < s.end) {
		char c = *s.p;
		int kind;
		if (isspace((unsigned char)c)) {
			s.p++;
			continue;
		}
		char *start = s.w;
		if (is_digit(c)) {
			kind = split_digits(&s);
		} else if (c == '.') {
			take(&s);
			take_while(&s, "", false);
			kind = DTF_NUMBER;
		} else if (is_alpha(c)) {
			kind = split_word(&s);
		} else if (c == '+' || c == '-') {
			kind = split_signed(&s);
		} else if (ispunct((unsigned char)c)) {
			s.p++;
			continue;
		} else {
			return DT_BAD;
		}
		if (kind < 0 || out->n == DT_MAX_FIELDS)
			return DT_BAD;
		*s.w++ = '\0';
		out->f[out->n++] = (DtField){ (DtFieldKind)kind, start };
	}
	return DT_OK;
}

/* ---- words ---- */

static int name_index(Str s, const char *const *full, int n, const char *const *more, const int *more_index, size_t nmore)
{
	for (int i = 0; i < n; i++)
		if (str_ieq(s, str_of(full[i])) || (s.n == 3 && str_ieq(s, (Str){ full[i], 3 })))
			return i;
	for (size_t i = 0; i < nmore; i++)
		if (str_iis(s, more[i]))
			return more_index[i];
	return -1;
}

int dt_month_named(Str s)
{
	static const char *const full[] = { "january", "february", "march",	"april",   "may",      "june",
					    "july",    "august",   "september", "october", "november", "december" };
	static const char *const more[] = { "sept" };
	static const int more_index[] = { 8 };
	int i = name_index(s, full, 12, more, more_index, 1);
	return i < 0 ? -1 : i + 1;
}

int dt_weekday_named(Str s)
{
	static const char *const full[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };
	static const char *const more[] = { "tues", "weds", "thur", "thurs" };
	static const int more_index[] = { 2, 3, 4, 4 };
	return name_index(s, full, 7, more, more_index, ARRAY_LEN(more));
}

static const struct {
	const char *name;
	DtUnit unit;
} unit_words[] = {
	{ "ago", DTU_AGO },
	{ "c", DTU_CENTURY },
	{ "cent", DTU_CENTURY },
	{ "centuries", DTU_CENTURY },
	{ "century", DTU_CENTURY },
	{ "d", DTU_DAY },
	{ "day", DTU_DAY },
	{ "days", DTU_DAY },
	{ "dec", DTU_DECADE },
	{ "decade", DTU_DECADE },
	{ "decades", DTU_DECADE },
	{ "decs", DTU_DECADE },
	{ "h", DTU_HOUR },
	{ "hour", DTU_HOUR },
	{ "hours", DTU_HOUR },
	{ "hr", DTU_HOUR },
	{ "hrs", DTU_HOUR },
	{ "m", DTU_MINUTE },
	{ "microsecond", DTU_MICROSEC },
	{ "microseconds", DTU_MICROSEC },
	{ "mil", DTU_MILLENNIUM },
	{ "millennia", DTU_MILLENNIUM },
	{ "millennium", DTU_MILLENNIUM },
	{ "millisecond", DTU_MILLISEC },
	{ "milliseconds", DTU_MILLISEC },
	{ "mils", DTU_MILLENNIUM },
	{ "min", DTU_MINUTE },
	{ "mins", DTU_MINUTE },
	{ "minute", DTU_MINUTE },
	{ "minutes", DTU_MINUTE },
	{ "mon", DTU_MONTH },
	{ "mons", DTU_MONTH },
	{ "month", DTU_MONTH },
	{ "months", DTU_MONTH },
	{ "ms", DTU_MILLISEC },
	{ "msec", DTU_MILLISEC },
	{ "msecond", DTU_MILLISEC },
	{ "mseconds", DTU_MILLISEC },
	{ "msecs", DTU_MILLISEC },
	{ "qtr", DTU_QUARTER },
	{ "quarter", DTU_QUARTER },
	{ "s", DTU_SECOND },
	{ "sec", DTU_SECOND },
	{ "second", DTU_SECOND },
	{ "seconds", DTU_SECOND },
	{ "secs", DTU_SECOND },
	{ "us", DTU_MICROSEC },
	{ "usec", DTU_MICROSEC },
	{ "usecond", DTU_MICROSEC },
	{ "useconds", DTU_MICROSEC },
	{ "usecs", DTU_MICROSEC },
	{ "w", DTU_WEEK },
	{ "week", DTU_WEEK },
	{ "weeks", DTU_WEEK },
	{ "y", DTU_YEAR },
	{ "year", DTU_YEAR },
	{ "years", DTU_YEAR },
	{ "yr", DTU_YEAR },
	{ "yrs", DTU_YEAR },
	{ "epoch", DTU_EPOCH },
	{ "dow", DTU_DOW },
	{ "isodow", DTU_ISODOW },
	{ "doy", DTU_DOY },
	{ "isoyear", DTU_ISOYEAR },
	{ "julian", DTU_JULIAN },
	{ "jd", DTU_JULIAN },
	{ "j", DTU_JULIAN },
	{ "timezone", DTU_TZ },
	{ "timezone_h", DTU_TZ_HOUR },
	{ "timezone_hour", DTU_TZ_HOUR },
	{ "timezone_m", DTU_TZ_MINUTE },
	{ "timezone_minute", DTU_TZ_MINUTE },
};

/* PostgreSQL looks at the first ten characters of a unit only. */
#define UNIT_SIGNIFICANT 10

DtUnit dt_unit_named(Str s, bool more)
{
	Str key = { s.p, s.n > UNIT_SIGNIFICANT ? UNIT_SIGNIFICANT : s.n };
	for (size_t i = 0; i < ARRAY_LEN(unit_words); i++) {
		Str word = str_of(unit_words[i].name);
		if (word.n > UNIT_SIGNIFICANT && word.n != 13 && word.n != 15)
			word.n = UNIT_SIGNIFICANT;
		bool same = word.n > UNIT_SIGNIFICANT ? str_ieq(s, word) : str_ieq(key, word);
		if (same)
			return more || unit_words[i].unit < DTU_EPOCH ? unit_words[i].unit : DTU_NONE;
	}
	return DTU_NONE;
}

/* ---- numbers ---- */

DtStatus dt_fraction(const char *s, double *out)
{
	char *end;
	if (s[0] != '.')
		return DT_BAD;
	if (s[1] == '\0') {
		*out = 0;
		return DT_OK;
	}
	if (!is_digit(s[1]))
		return DT_BAD;
	*out = strtod(s, &end);
	return *end ? DT_BAD : DT_OK;
}

/* An unsigned run of digits; *s moves past it. */
static DtStatus small_number(const char **s, int64_t *out)
{
	char *end;
	errno = 0;
	if (!is_digit(**s))
		return DT_BAD;
	*out = strtoll(*s, &end, 10);
	*s = end;
	return errno || *out > INT32_MAX ? DT_RANGE : DT_OK;
}

DtStatus dt_clock(const char *s, int64_t *us)
{
	int64_t h, m, sec = 0;
	double frac = 0;
	DtStatus st;
	if ((st = small_number(&s, &h)) || *s++ != ':')
		return st ? st : DT_BAD;
	if (*s == '\0' || is_digit(*s)) {
		m = 0;
		if (is_digit(*s) && (st = small_number(&s, &m)))
			return st;
	} else {
		return DT_BAD;
	}
	if (*s == '.') {
		sec = m;
		m = h;
		h = 0;
	} else if (*s == ':') {
		s++;
		if ((st = small_number(&s, &sec)))
			return st;
	} else if (*s) {
		return DT_BAD;
	}
	if (*s && (st = dt_fraction(s, &frac)))
		return st;
	if (m > 59 || sec > 60)
		return DT_RANGE;
	*us = h * US_PER_HOUR + m * US_PER_MIN + sec * US_PER_SEC + (int64_t)rint(frac * 1e6);
	return DT_OK;
}

DtStatus dt_zone_offset(const char *s, int32_t *east)
{
	int64_t h, m = 0, sec = 0;
	DtStatus st;
	if (*s != '+' && *s != '-')
		return DT_BAD;
	int sign = *s == '-' ? -1 : 1;
	const char *digits = ++s;
	if ((st = small_number(&s, &h)))
		return st == DT_RANGE ? DT_ZONE_RANGE : st;
	if (*s == ':') {
		s++;
		if ((st = small_number(&s, &m)))
			return st == DT_RANGE ? DT_ZONE_RANGE : st;
		if (*s == ':') {
			s++;
			if ((st = small_number(&s, &sec)))
				return st == DT_RANGE ? DT_ZONE_RANGE : st;
		}
	} else if (*s == '\0' && strlen(digits) > 2) {
		m = h % 100;
		h /= 100;
	}
	if (h > 15 || m > 59 || sec > 59)
		return DT_ZONE_RANGE;
	*east = sign * (int32_t)(h * 3600 + m * 60 + sec);
	return *s ? DT_BAD : DT_OK;
}
