/*
 * date, time, timetz, timestamp, timestamptz and interval: their internal and stored forms, and time zones.
 *
 * Internal forms are PostgreSQL's: timestamps are microseconds since 2000-01-01 00:00:00 (UTC for timestamptz), dates are days since
 * 2000-01-01, times are microseconds since midnight. Infinity is the smallest and the largest integer.
 *
 * Stored forms are what PostgreSQL prints with DateStyle ISO, TimeZone UTC and IntervalStyle postgres:
 *
 *   date         2024-02-29
 *   timestamp    2024-02-29 12:00:00.5
 *   timestamptz  2024-02-29 12:00:00.5+00     always +00
 *   time         12:00:00.5
 *   timetz       12:00:00.5+02                compared by collation pgtimetz
 *   interval     1 mon -1 days +02:03:04      compared by collation pginterval
 *
 * Bytewise order is the order of the type for the first four. Rare years carry a prefix that keeps it so:
 *   years from 10000 on   ':' year in seven digits '|' PostgreSQL's text
 *   years before Christ   '/' 9999999 minus year, in seven digits '|' PostgreSQL's text
 *   infinities            'infinity' and '-infinity'     ('-' < '/' < digits < ':' < 'i')
 */
#ifndef US_PGTYPE_DATETIME_H
#define US_PGTYPE_DATETIME_H

#include "pgtype/pgtype.h"

#define US_PER_SEC 1000000LL
#define US_PER_MIN 60000000LL
#define US_PER_HOUR 3600000000LL
#define US_PER_DAY 86400000000LL
#define SECS_PER_DAY 86400
#define TS_NEG_INF INT64_MIN
#define TS_POS_INF INT64_MAX
#define TS_MIN (-211813488000000000LL) /* 4714-11-24 BC */
#define TS_END 9223371331200000000LL   /* 294277-01-01, exclusive */
#define DATE_NEG_INF INT32_MIN
#define DATE_POS_INF INT32_MAX
#define DATE_MIN (-2451545)
#define DATE_END 2145031949	  /* 5874898-01-01, exclusive */
#define PG_EPOCH_JDATE 2451545	  /* Julian day of 2000-01-01 */
#define PG_EPOCH_UNIX 946684800LL /* seconds from 1970 to 2000 */
#define DT_BUF 128		  /* holds any text form of these types */

typedef struct Interval {
	int64_t us;
	int32_t days, months;
} Interval;

typedef struct TimeTz {
	int64_t us;
	int32_t zone; /* seconds WEST of UTC, as PostgreSQL keeps it */
} TimeTz;

/* A broken-down moment. year is astronomical: 0 is 1 BC. */
typedef struct DateFields {
	int year, month, day, hour, min, sec, us;
} DateFields;

static inline bool ts_is_infinite(int64_t ts)
{
	return ts == TS_NEG_INF || ts == TS_POS_INF;
}
static inline bool date_is_infinite(int32_t d)
{
	return d == DATE_NEG_INF || d == DATE_POS_INF;
}
static inline bool ts_in_range(int64_t ts)
{
	return ts >= TS_MIN && ts < TS_END;
}
static inline bool date_in_range(int64_t d)
{
	return d >= DATE_MIN && d < DATE_END;
}

/* ---- calendar (datetime_cal.c) ---- */

/* Days since 2000-01-01 of a proleptic Gregorian date; month and day may lie outside their ranges by any int. */
int64_t cal_days(int64_t year, int month, int day);
void cal_date(int64_t days, int *year, int *month, int *day);
int cal_month_days(int year, int month);
bool cal_is_leap(int year);
int cal_iso_week(int year, int month, int day);
int cal_iso_year(int year, int month, int day);
/* Days since 2000-01-01 of Monday of ISO week `week` of ISO year `year`. */
int64_t cal_iso_week_start(int year, int week);
/* 0 = Sunday. */
int cal_weekday(int64_t days);
/* Floor division with its remainder. */
int64_t cal_floor_div(int64_t a, int64_t b, int64_t *rem);
void ts_to_fields(int64_t ts, DateFields *f);
void time_to_fields(int64_t us, DateFields *f);
/* -1 when out of range (err not involved: callers name the value). */
int ts_from_fields(const DateFields *f, int64_t *out);
/* Rounds microseconds to `precision` (0..6) digits as PostgreSQL does; -1 leaves it. */
int64_t us_round(int64_t us, int precision);

/* ---- stored form (datetime_stored.c). Failures are 22007; a correct file gives none. ---- */

int date_from_stored(Str s, int32_t *out, Error *err);
int timestamp_from_stored(Str s, int64_t *out, Error *err); /* timestamp and timestamptz */
int time_from_stored(Str s, int64_t *out, Error *err);
int timetz_from_stored(Str s, TimeTz *out, Error *err);
int interval_from_stored(Str s, Interval *out, Error *err);
/* Each writes at most DT_BUF bytes, NUL-terminated, and returns the length. */
size_t date_to_stored(int32_t d, char *buf);
size_t timestamp_to_stored(int64_t ts, char *buf);
size_t timestamptz_to_stored(int64_t ts, char *buf);
size_t time_to_stored(int64_t us, char *buf);
size_t timetz_to_stored(TimeTz t, char *buf);
size_t interval_to_stored(const Interval *iv, char *buf);

/* ---- text (datetime_in.c, interval_in.c, datetime_out.c); PostgreSQL's input and output functions ---- */

int date_in(Str text, const TypeEnv *env, int32_t *out, Error *err);
int time_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err);
int timetz_in(Str text, const TypeEnv *env, int precision, TimeTz *out, Error *err);
int timestamp_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err);
int timestamptz_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err);
int interval_in(Str text, const TypeEnv *env, int32_t typmod, Interval *out, Error *err);

size_t date_out(int32_t d, const TypeEnv *env, char *buf);
size_t time_out(int64_t us, char *buf);
size_t timetz_out(TimeTz t, char *buf);
size_t timestamp_out(int64_t ts, const TypeEnv *env, char *buf);
size_t timestamptz_out(int64_t ts, const TypeEnv *env, char *buf);
size_t interval_out(const Interval *iv, IntervalStyle style, char *buf);

/* Applies interval(p) and interval fields; 22023 for a typmod that is none. */
int interval_apply_typmod(Interval *iv, int32_t typmod, Error *err);

/* Month (1..12) or weekday (0 = Sunday) for a name that starts like an English one as PostgreSQL reads it; -1 = none. */
int dt_month_named(Str s);
int dt_weekday_named(Str s);

/* ---- time zones (datetime_tz.c, datetime_posix.c) ---- */

typedef struct TimeZone TimeZone;
extern const TimeZone tz_utc;

/* A zone by name from /usr/share/zoneinfo (letter case ignored), or a POSIX rule such as EST5EDT or <+03>-03. Zones are kept for the life
 * of the process; safe from any thread. NULL with 22023 `time zone "x" not recognized`. */
const TimeZone *tz_load(const char *name, Error *err);
/* What SET TimeZone accepts: also plain hours, '+2' or '-3.5', east of UTC. */
const TimeZone *tz_setting(const char *value, Error *err);
/* The zone with a constant offset in seconds east of UTC, named as PostgreSQL names it (<+02>-02). */
const TimeZone *tz_fixed(int32_t east, Error *err);
const char *tz_name(const TimeZone *tz);
/* Seconds east of UTC at a moment in UTC microseconds since 2000. `abbrev` (may be NULL) receives a string that lives as long as the zone.
 */
int32_t tz_offset_at(const TimeZone *tz, int64_t utc_us, bool *is_dst, const char **abbrev);
/* Offset in seconds east that applies to a local time; gaps and overlaps as PostgreSQL decides them. */
int32_t tz_offset_local(const TimeZone *tz, int64_t local_us);
/* Finite values only; -1 with 22008 when the result is out of range. */
int tz_local_to_utc(const TimeZone *tz, int64_t local_us, int64_t *utc, Error *err);
int tz_utc_to_local(const TimeZone *tz, int64_t utc_us, int64_t *local, Error *err);

/* An abbreviation of PostgreSQL's Default set. East of UTC in seconds, or a zone name when the meaning changes with time. */
typedef struct TzAbbrev {
	const char *name; /* lower case */
	int32_t east;
	bool is_dst;
	const char *zone; /* NULL for a fixed offset */
} TzAbbrev;
extern const TzAbbrev tz_abbrevs[]; /* ascending by name; generated */
extern const size_t tz_nabbrevs;
const TzAbbrev *tz_abbrev_find(Str name);
/* Offset in seconds east of an abbreviation at a local (is_local) or UTC moment; -1 with err for a broken zone. */
int tz_abbrev_offset(const TzAbbrev *ab, int64_t us, bool is_local, int32_t *east, Error *err);
/* The zone of AT TIME ZONE: abbreviation or name. Exactly one of *ab and *tz is set. 22023 when unknown. */
int tz_lookup(Str name, const TzAbbrev **ab, const TimeZone **tz, Error *err);

/* ---- arithmetic (datetime_arith.c); the named operators of PostgreSQL, infinities and limits included ---- */

int timestamp_add_interval(int64_t ts, const Interval *iv, int64_t *out, Error *err);
int timestamptz_add_interval(int64_t ts, const Interval *iv, const TimeZone *tz, int64_t *out, Error *err);
int interval_add(const Interval *a, const Interval *b, Interval *out, Error *err);
int interval_negate(const Interval *a, Interval *out, Error *err);
int interval_multiply(const Interval *a, double factor, Interval *out, Error *err);
int interval_divide(const Interval *a, double divisor, Interval *out, Error *err);
/* Order with 30-day months and 24-hour days. */
int interval_compare(const Interval *a, const Interval *b);
int timetz_compare(const TimeTz *a, const TimeTz *b);
int interval_sign(const Interval *iv);
int interval_justify_hours(Interval *iv, Error *err); /* 22008 */
int interval_justify_days(Interval *iv, Error *err);
int interval_justify(Interval *iv, Error *err);
int timestamp_diff(int64_t a, int64_t b, Interval *out, Error *err);
/* age(a, b) of two local times. */
int timestamp_age(int64_t a, int64_t b, Interval *out, Error *err);

int date_to_timestamp(int32_t d, int64_t *out, Error *err);
int date_to_timestamptz(int32_t d, const TimeZone *tz, int64_t *out, Error *err);
int timestamp_to_date(int64_t ts, int32_t *out, Error *err);
/* date_trunc on a local time; `tz` NULL or the zone in which a timestamptz is cut. */
int timestamp_trunc(Str unit, int64_t ts, int64_t *out, Error *err);
int timestamptz_trunc(Str unit, int64_t ts, const TimeZone *tz, int64_t *out, Error *err);
int interval_trunc(Str unit, const Interval *iv, Interval *out, Error *err);

#endif
