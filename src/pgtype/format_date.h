/* The fields of date and time templates, shared by the files that print and read them. */
#ifndef US_PGTYPE_FORMAT_DATE_H
#define US_PGTYPE_FORMAT_DATE_H

#include "pgtype/format_template.h"

/* Upper, capitalised and lower case forms of a name follow one another where PostgreSQL has all three. */
typedef enum {
	FD_AD_DOTS,
	FD_AD,
	FD_AM_DOTS,
	FD_AM,
	FD_CC,
	FD_DAY,
	FD_DAY_CAP,
	FD_DAY_LOW,
	FD_DDD,
	FD_DD,
	FD_DY,
	FD_DY_CAP,
	FD_DY_LOW,
	FD_D,
	FD_FF1,
	FD_FF2,
	FD_FF3,
	FD_FF4,
	FD_FF5,
	FD_FF6,
	FD_FX,
	FD_HH24,
	FD_HH12,
	FD_IDDD,
	FD_ID,
	FD_IW,
	FD_IYYY,
	FD_IYY,
	FD_IY,
	FD_I,
	FD_J,
	FD_MI,
	FD_MM,
	FD_MONTH,
	FD_MONTH_CAP,
	FD_MONTH_LOW,
	FD_MON,
	FD_MON_CAP,
	FD_MON_LOW,
	FD_MS,
	FD_OF,
	FD_Q,
	FD_RM,
	FD_RM_LOW,
	FD_SSSS,
	FD_SS,
	FD_TZH,
	FD_TZM,
	FD_TZ,
	FD_TZ_LOW,
	FD_US,
	FD_WW,
	FD_W,
	FD_Y_YYY,
	FD_YYYY,
	FD_YYY,
	FD_YY,
	FD_Y
} FormatDateId;

extern const FormatKey format_date_keys[];
extern const char *const format_month_names[12], *const format_day_names[7];
/* Backwards, from December on, so that of two that fit the longer one comes first. */
extern const char *const format_roman_months[12];
/* Fields that are names: eras, months, days of the week. */
bool format_is_name(int id);
/* Fields that number years, months, weeks and days. */
bool format_is_date_number(int id);

#endif
