/* The fields of a date or time text, put together by datetime_decode.c for the input functions. */
#ifndef US_PGTYPE_DATETIME_DECODE_H
#define US_PGTYPE_DATETIME_DECODE_H

#include "pgtype/datetime_parse.h"

/* Which parts a text has given so far. */
enum { DT_HAS_YEAR = 1, DT_HAS_MONTH = 2, DT_HAS_DAY = 4, DT_HAS_DATE = 7, DT_HAS_TIME = 8, DT_HAS_ZONE = 16, DT_HAS_DOY = 32 };

typedef enum { DT_MOMENT_DATE, DT_MOMENT_TIME_ONLY, DT_MOMENT_EPOCH, DT_MOMENT_EARLY, DT_MOMENT_LATE } DtMomentKind;

typedef struct DtDecode {
	const TypeEnv *env;
	Error *err;
	int has;
	int year, month, day, doy;
	bool year_short, text_month, bc, era, pm, am, julian;
	int64_t time;	  /* microseconds */
	bool iso_t;	  /* a T has announced the time */
	bool julian_next; /* a J has announced a Julian day */
	bool time_only;	  /* numbers are times, for types without date */
	bool zulu_now;	  /* 'now': zone known */
	int32_t east;
	const TimeZone *zone;
	const TzAbbrev *abbrev;
	DtMomentKind kind;
} DtDecode;

/* Reads and checks a text. `d` has env, err and time_only set; dt_fail names what is wrong. */
DtStatus dt_decode(DtDecode *d, Str text);
/* The start of the transaction as local time. */
int64_t dt_decode_now(const DtDecode *d);

#endif
