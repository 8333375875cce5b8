/* Splitting the text of a date, time or interval into fields; shared by the input functions of these types. */
#ifndef US_PGTYPE_DATETIME_PARSE_H
#define US_PGTYPE_DATETIME_PARSE_H

#include "pgtype/datetime.h"

#define DT_MAX_FIELDS 25
#define DT_MAX_TEXT 256

typedef enum { DTF_NUMBER, DTF_STRING, DTF_DATE, DTF_TIME, DTF_TZ, DTF_SPECIAL } DtFieldKind;

typedef struct DtField {
	DtFieldKind kind;
	char *s; /* lower case, NUL-terminated */
} DtField;

typedef struct DtFields {
	DtField f[DT_MAX_FIELDS];
	int n;
	char text[DT_MAX_TEXT + 2 * DT_MAX_FIELDS];
} DtFields;

/* Why a text is no date or interval; dt_fail turns it into PostgreSQL's error. 0 is success. */
typedef enum { DT_OK, DT_BAD, DT_RANGE, DT_RANGE_ORDER, DT_INTERVAL_RANGE, DT_ZONE_RANGE, DT_ERROR_SET } DtStatus;

int dt_fail(Error *err, DtStatus why, const char *type, Str text);
DtStatus dt_split(Str text, DtFields *out);

/* Units of intervals, date_trunc, extract. */
typedef enum {
	DTU_NONE,
	DTU_MICROSEC,
	DTU_MILLISEC,
	DTU_SECOND,
	DTU_MINUTE,
	DTU_HOUR,
	DTU_DAY,
	DTU_WEEK,
	DTU_MONTH,
	DTU_QUARTER,
	DTU_YEAR,
	DTU_DECADE,
	DTU_CENTURY,
	DTU_MILLENNIUM,
	DTU_AGO,
	/* only in extract */
	DTU_EPOCH,
	DTU_DOW,
	DTU_ISODOW,
	DTU_DOY,
	DTU_ISOYEAR,
	DTU_JULIAN,
	DTU_TZ,
	DTU_TZ_HOUR,
	DTU_TZ_MINUTE
} DtUnit;

/* Letter case ignored; DTU_NONE when unknown. `more` allows the units that only extract knows. */
DtUnit dt_unit_named(Str s, bool more);

/* HH:MM[:SS[.f]]; MM:SS.f where only two parts have a fraction. Microseconds; hours up to 2^31. */
DtStatus dt_clock(const char *s, int64_t *us);
/* [+-]HH[[:]MM[:SS]] to seconds east. */
DtStatus dt_zone_offset(const char *s, int32_t *east);
/* ".5" to microseconds, rounded. */
DtStatus dt_fraction(const char *s, double *out);

#endif
