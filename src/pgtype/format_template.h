/*
 * Templates of to_char, to_date, to_timestamp and to_number, and what is done with them. Behaviour, limits and messages are PostgreSQL's
 * with lc_time and lc_numeric C.
 */
#ifndef US_PGTYPE_FORMAT_TEMPLATE_H
#define US_PGTYPE_FORMAT_TEMPLATE_H

#include "pgtype/datetime.h"
#include "pgtype/numeric.h"

/* A field of a template. */
typedef struct FormatKey {
	const char *name;
	int id;
	bool digits;   /* reads a number: a field before it knows where its own digits end only by counting */
	char calendar; /* 'g' Gregorian, 'i' ISO week dates, 0 either */
} FormatKey;

typedef enum { FORMAT_FIELD, FORMAT_TEXT, FORMAT_SEPARATOR, FORMAT_SPACE } FormatKind;
enum { FORMAT_FM = 1, FORMAT_TM = 2, FORMAT_TH_UPPER = 4, FORMAT_TH_LOWER = 8 };

typedef struct FormatNode {
	FormatKind kind;
	unsigned flags;
	const FormatKey *key; /* FIELD */
	Str text;	      /* one character otherwise */
} FormatNode;

/* Splits a template. `keys` ends with a NULL name; of two that fit the earlier one is taken. `dates` allows FM, TM, TH and SP around fields
 * and tells separators from text. */
FormatNode *format_split(Str tpl, const FormatKey *keys, bool dates, Arena *a, size_t *n);
/* Appends the English ordinal ending of the number that ends at the end of `out`. */
void format_ordinal(Buf *out, bool upper);

/* ---- dates and times (format_date_*.c) ---- */

/* What a template shows; for an interval the parts may be negative. */
typedef struct FormatMoment {
	bool is_interval;
	int year, month, day; /* year is astronomical */
	int64_t hour;
	int min, sec, us;
	int yday, wday;
	const char *zone; /* NULL: none */
	int32_t east;
} FormatMoment;

void format_moment_of_ts(int64_t local, FormatMoment *m);
void format_moment_of_interval(const Interval *iv, FormatMoment *m);
int format_moment(const FormatMoment *m, Str tpl, Arena *a, Buf *out, Error *err);

typedef struct FormatParsed {
	DateFields f;
	bool has_zone;
	int32_t east;
	int precision;		  /* of FF1 to FF6, 0 = none given */
	bool dated, timed, zoned; /* what the template has fields for */
} FormatParsed;

/* The fields of to_date and to_timestamp, checked. 22007, 22008. */
int format_parse_moment(Str text, Str tpl, Arena *a, FormatParsed *out, Error *err);
/* As the SQL standard wants it for jsonpath: separators and the length must be those of the template. */
int format_parse_strict(Str text, Str tpl, Arena *a, FormatParsed *out, Error *err);

/* ---- numbers (format_number*.c) ---- */

int format_numeric(const Numeric *v, Str tpl, Arena *a, Buf *out, Error *err);
/* `bits` is 32 or 64. */
int format_int(int64_t v, int bits, Str tpl, Arena *a, Buf *out, Error *err);
/* `digits` is 15 for double precision, 6 for real. */
int format_float(double v, int digits, Str tpl, Arena *a, Buf *out, Error *err);
/* to_number. */
int format_parse_number(Str text, Str tpl, Arena *a, Numeric *out, Error *err);

#endif
