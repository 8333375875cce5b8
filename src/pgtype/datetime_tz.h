/* The inside of a TimeZone; only the time zone files include it. */
#ifndef US_PGTYPE_DATETIME_TZ_H
#define US_PGTYPE_DATETIME_TZ_H

#include "pgtype/datetime.h"

#define TZ_ABBREV_MAX 32

typedef struct TzType {
	int32_t east;
	bool is_dst;
	char abbrev[TZ_ABBREV_MAX];
} TzType;

/* When daylight saving begins or ends: POSIX Mm.w.d, Jn or n. */
typedef struct TzRule {
	enum { TZ_RULE_MONTH, TZ_RULE_JULIAN, TZ_RULE_DAY } kind;
	int month, week, day;
	int32_t time; /* seconds of local time */
} TzRule;

typedef struct TzPosix {
	TzType std, dst;
	bool has_dst;
	TzRule start, end;
} TzPosix;

struct TimeZone {
	char name[256];
	int64_t *times; /* seconds since 1970, ascending */
	uint8_t *index; /* type from that time on */
	size_t ntimes;
	TzType *types;
	size_t ntypes;
	bool has_footer;
	TzPosix footer; /* after the last transition */
};

typedef struct TzSpan {
	const TzType *before, *after;
	int64_t boundary; /* seconds since 1970 */
} TzSpan;

/* Parses a POSIX rule. -1 when `s` is none; a daylight name without a rule gets the rule of the United States, as in PostgreSQL. */
int tz_posix_parse(const char *s, TzPosix *out);
const TzType *tz_posix_type_at(const TzPosix *p, int64_t unix_s);
/* First change after unix_s; false when there is none. */
bool tz_posix_next(const TzPosix *p, int64_t unix_s, TzSpan *out);

#endif
