#include "session/guc_value.h"

#include "base/str.h"
#include "pgtype/datetime.h"
#include "pgtype/encoding.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

static int bad(const GucDef *d, const char *value, Error *err)
{
	return err_set(err, "22023", "invalid value for parameter \"%s\": \"%s\"", d->name, value);
}

/* PostgreSQL's parse_bool: unique prefixes of true, false, yes, no; on, off; 1, 0. */
static int parse_bool(const char *value)
{
	static const struct {
		const char *word;
		size_t least;
		int result;
	} words[] = { { "true", 1, 1 }, { "false", 1, 0 }, { "yes", 1, 1 }, { "no", 1, 0 },
		      { "on", 2, 1 },	{ "off", 2, 0 },   { "1", 1, 1 },   { "0", 1, 0 } };
	size_t n = strlen(value);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (n >= words[i].least && n <= strlen(words[i].word) && strncasecmp(value, words[i].word, n) == 0)
			return words[i].result;
	return -1;
}

typedef struct Unit {
	const char *name;
	double base; /* in ms, or in bytes */
} Unit;

static const Unit time_units[] = { { "d", 86400e3 }, { "h", 3600e3 }, { "min", 60e3 }, { "s", 1e3 }, { "ms", 1 }, { "us", 1e-3 } };
static const Unit size_units[] = { { "TB", 1099511627776.0 }, { "GB", 1073741824.0 }, { "MB", 1048576.0 }, { "kB", 1024 }, { "B", 1 } };

static double unit_base(const char *unit, bool *is_time)
{
	if (streq(unit, "8kB")) {
		*is_time = false;
		return 8192;
	}
	for (size_t i = 0; i < ARRAY_LEN(time_units); i++)
		if (streq(time_units[i].name, unit)) {
			*is_time = true;
			return time_units[i].base;
		}
	for (size_t i = 0; i < ARRAY_LEN(size_units); i++)
		if (streq(size_units[i].name, unit)) {
			*is_time = false;
			return size_units[i].base;
		}
	return 0;
}

static int check_number(const GucDef *d, const char *value, Buf *canon, Error *err)
{
	char *end;
	errno = 0;
	double v = strtod(value, &end);
	while (*end == ' ')
		end++;
	if (end == value || errno || isnan(v))
		return bad(d, value, err);
	if (*end) {
		bool value_time = false, own_time = false;
		Str unit = str_trim(str_of(end));
		char name[8] = "";
		snprintf(name, sizeof name, "%.*s", STR_ARG(unit));
		double base = unit_base(name, &value_time), own = d->unit ? unit_base(d->unit, &own_time) : 0;
		if (base == 0 || own == 0 || value_time != own_time) {
			bad(d, value, err);
			if (d->unit)
				err_hint(err,
					 own_time ? "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\"."
						  : "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".");
			return -1;
		}
		v = v * base / own;
	}
	if (d->type == GUC_INT)
		v = rint(v);
	if (v < d->min || v > d->max)
		return err_set(err, "22023",
			       d->type == GUC_INT ? "%.0f%s%s is outside the valid range for parameter \"%s\" (%.0f .. %.0f)"
						  : "%g%s%s is outside the valid range for parameter \"%s\" (%g .. %g)",
			       v, d->unit ? " " : "", d->unit ? d->unit : "", d->name, d->min, d->max);
	buf_printf(canon, d->type == GUC_INT ? "%.0f" : "%g", v);
	return 0;
}

static int check_enum(const GucDef *d, const char *value, Buf *canon, Error *err)
{
	for (const char *const *o = d->options; *o; o++)
		if (strcasecmp(*o, value) == 0) {
			buf_puts(canon, *o);
			return 0;
		}
	bad(d, value, err);
	char list[400] = "";
	size_t n = 0;
	for (const char *const *o = d->options; *o && n < sizeof list; o++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", *o);
	return err_hint(err, "Available values: %s.", list);
}

/* NULL, or the word that is none of them. */
static const char *parse_datestyle(const char *value, DateStyle *style, DateOrder *order, size_t *bad_len)
{
	static const struct {
		const char *word;
		int style, order;
	} words[] = { { "iso", DATESTYLE_ISO, -1 },
		      { "sql", DATESTYLE_SQL, -1 },
		      { "postgres", DATESTYLE_POSTGRES, -1 },
		      { "postgresql", DATESTYLE_POSTGRES, -1 },
		      { "german", DATESTYLE_GERMAN, DATEORDER_DMY },
		      { "ymd", -1, DATEORDER_YMD },
		      { "dmy", -1, DATEORDER_DMY },
		      { "euro", -1, DATEORDER_DMY },
		      { "european", -1, DATEORDER_DMY },
		      { "mdy", -1, DATEORDER_MDY },
		      { "us", -1, DATEORDER_MDY },
		      { "noneuro", -1, DATEORDER_MDY },
		      { "default", DATESTYLE_ISO, DATEORDER_MDY } };
	bool have_order = false;
	for (const char *p = value; *p;) {
		size_t n = strcspn(p, ",");
		Str word = str_trim((Str){ p, n });
		size_t i = 0;
		while (i < ARRAY_LEN(words) && !str_iis(word, words[i].word))
			i++;
		if (i == ARRAY_LEN(words)) {
			*bad_len = word.n;
			return word.p;
		}
		if (words[i].style >= 0)
			*style = (DateStyle)words[i].style;
		bool weak = words[i].style >= 0;
		if (words[i].order >= 0 && !(weak && have_order))
			*order = (DateOrder)words[i].order;
		if (!weak)
			have_order = true;
		p += n + (p[n] == ',');
	}
	return NULL;
}

static int check_datestyle(const GucDef *d, const char *value, const char *now, Buf *canon, Error *err)
{
	static const char *const styles[] = { "ISO", "SQL", "Postgres", "German" }, *const orders[] = { "MDY", "DMY", "YMD" };
	DateStyle style = DATESTYLE_ISO;
	DateOrder order = DATEORDER_MDY;
	size_t n;
	/* What the value does not name stays as it is. */
	const char *wrong = now ? parse_datestyle(now, &style, &order, &n) : NULL;
	wrong = wrong ? wrong : parse_datestyle(value, &style, &order, &n);
	if (wrong) {
		bad(d, value, err);
		return err_detail(err, "Unrecognized key word: \"%.*s\".", (int)n, wrong);
	}
	buf_printf(canon, "%s, %s", styles[style], orders[order]);
	return 0;
}

/* The client's encoding: one that can be converted, or bytes as they are. */
static int check_encoding(int encoding, const char *value, Error *err)
{
	if (encoding == ENCODING_UTF8 || encoding == ENCODING_SQL_ASCII)
		return 0;
	if (encoding == ENCODING_MULE_INTERNAL) {
		err_set(err, "0A000", "invalid value for parameter \"client_encoding\": \"%s\"", value);
		return err_detail(err, "Conversion between MULE_INTERNAL and UTF8 is not supported.");
	}
	Recoder *r = recoder_new(encoding, err);
	recoder_free(r);
	return r ? 0 : -1;
}

static int check_string(const GucDef *d, const char *value, const char *now, Buf *canon, Error *err)
{
	if (streq(d->name, "DateStyle"))
		return check_datestyle(d, value, now, canon, err);
	if (streq(d->name, "default_tablespace") && *value && !streq(value, "pg_default") && !streq(value, "pg_global")) {
		bad(d, value, err);
		return err_detail(err, "Tablespace \"%s\" does not exist.", value);
	}
	if (streq(d->name, "TimeZone")) {
		const TimeZone *tz = tz_setting(value, err);
		if (!tz)
			return -1;
		buf_puts(canon, tz_name(tz));
		return 0;
	}
	if (streq(d->name, "client_encoding")) {
		int encoding = encoding_named(str_of(value));
		if (encoding == ENCODING_NONE)
			return bad(d, value, err);
		buf_puts(canon, encoding_name(encoding));
		return check_encoding(encoding, value, err);
	}
	if (streq(d->name, "application_name")) {
		for (const char *p = value; *p && canon->len < 63; p++)
			buf_put_u8(canon, *p >= 32 && *p <= 126 ? (uint8_t)*p : '?');
		return 0;
	}
	buf_puts(canon, value);
	return 0;
}

int guc_check_value(const GucDef *d, const char *value, const char *now, Buf *canon, Error *err)
{
	switch (d->type) {
	case GUC_BOOL: {
		int b = parse_bool(value);
		if (b < 0)
			return err_set(err, "22023", "parameter \"%s\" requires a Boolean value", d->name);
		if (b && streq(d->name, "default_with_oids"))
			return err_set(err, "0A000", "tables declared WITH OIDS are not supported");
		if (!b && streq(d->name, "standard_conforming_strings"))
			return err_refuse(err, 0, "standard_conforming_strings = off is not available in SQLite mode");
		buf_puts(canon, b ? "on" : "off");
		return 0;
	}
	case GUC_INT:
	case GUC_REAL:
		return check_number(d, value, canon, err);
	case GUC_ENUM:
		return check_enum(d, value, canon, err);
	default:
		return check_string(d, value, now, canon, err);
	}
}

const char *guc_show_unit(const GucDef *d, const char *value, Arena *a)
{
	bool is_time = false;
	double base = unit_base(d->unit, &is_time), v = strtod(value, NULL) * base;
	const Unit *units = is_time ? time_units : size_units;
	size_t n = is_time ? ARRAY_LEN(time_units) : ARRAY_LEN(size_units);
	if (v <= 0)
		return value;
	for (size_t i = 0; i < n; i++)
		if (v >= units[i].base && fmod(v, units[i].base) == 0)
			return arena_printf(a, "%.0f%s", v / units[i].base, units[i].name);
	return value;
}

void guc_apply_types(TypeEnv *types, const char *name, const char *value)
{
	if (streq(name, "TimeZone")) {
		const TimeZone *tz = tz_setting(value, NULL);
		types->tz = tz ? tz : &tz_utc;
	} else if (streq(name, "DateStyle")) {
		size_t n;
		parse_datestyle(value, &types->date_style, &types->date_order, &n);
	} else if (streq(name, "IntervalStyle")) {
		static const char *const styles[] = { "postgres", "postgres_verbose", "sql_standard", "iso_8601" };
		for (size_t i = 0; i < ARRAY_LEN(styles); i++)
			if (streq(styles[i], value))
				types->interval_style = (IntervalStyle)i;
	} else if (streq(name, "client_encoding")) {
		int encoding = encoding_named(str_of(value));
		recoder_free(types->client);
		types->client = encoding == ENCODING_UTF8 || encoding == ENCODING_SQL_ASCII ? NULL : recoder_new(encoding, NULL);
	} else if (streq(name, "extra_float_digits")) {
		types->extra_float_digits = (int)strtol(value, NULL, 10);
	} else if (streq(name, "bytea_output")) {
		types->bytea_escape = streq(value, "escape");
	}
}
