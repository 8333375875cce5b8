/* What the reader of date templates hands to the part that makes a moment of it. 0 everywhere means not given. */
#ifndef US_PGTYPE_FORMAT_DATE_IN_H
#define US_PGTYPE_FORMAT_DATE_IN_H

#include "pgtype/format_date.h"

typedef struct FormatRead {
	char calendar; /* as FormatKey */
	int hour, min, sec, day_sec, ms, us, precision;
	bool twelve_hours;
	int pm, bc;
	int year, year_width, century, month, day, yday, julian;
	int week, month_week, wday; /* 1 = Sunday */
	int zone_sign, zone_hour, zone_min;
} FormatRead;

int format_read_fields(const char *text, const FormatNode *nodes, size_t n, bool strict, FormatRead *r, Error *err);

#endif
