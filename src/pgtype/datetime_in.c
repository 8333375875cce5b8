/* PostgreSQL's input functions of the date and time types. */
#include "pgtype/datetime_decode.h"

/* The decoded local moment; DT_RANGE_ORDER never, DT_RANGE when it is beyond all timestamps. */
static int64_t local_moment(const DtDecode *d)
{
	return cal_days(d->year, d->month, d->day) * US_PER_DAY + d->time;
}

static int zone_east(DtDecode *d, int64_t local, int32_t *east)
{
	if (d->abbrev)
		return tz_abbrev_offset(d->abbrev, local, true, east, d->err);
	if (d->zone)
		*east = tz_offset_local(d->zone, local);
	else
		*east = d->has & DT_HAS_ZONE ? d->east : tz_offset_local(d->env->tz, local);
	return 0;
}

#define EPOCH_1970 (-PG_EPOCH_UNIX * US_PER_SEC)
/* Days beyond which the microseconds of a moment would not fit 64 bits. */
#define SAFE_DAYS 106751990

static int read_moment(Str text, const TypeEnv *env, bool with_zone, int precision, int64_t *out, Error *err)
{
	const char *type = with_zone ? "timestamp with time zone" : "timestamp";
	DtDecode d = { .env = env, .err = err };
	DtStatus st = dt_decode(&d, text);
	if (st)
		return dt_fail(err, st, type, text);
	if (d.kind != DT_MOMENT_DATE) {
		*out = d.kind == DT_MOMENT_EPOCH ? EPOCH_1970 : d.kind == DT_MOMENT_LATE ? TS_POS_INF : TS_NEG_INF;
		return 0;
	}
	int64_t days = cal_days(d.year, d.month, d.day);
	int32_t east = 0;
	if (days < DATE_MIN || days > SAFE_DAYS)
		return err_set(err, "22008", "timestamp out of range: \"%.*s\"", STR_ARG(text));
	int64_t local = local_moment(&d);
	if (with_zone && zone_east(&d, local, &east) < 0)
		return -1;
	*out = us_round(local - east * US_PER_SEC, precision);
	if (!ts_in_range(*out))
		return err_set(err, "22008", "timestamp out of range: \"%.*s\"", STR_ARG(text));
	return 0;
}

int timestamp_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err)
{
	return read_moment(text, env, false, precision, out, err);
}

int timestamptz_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err)
{
	return read_moment(text, env, true, precision, out, err);
}

int date_in(Str text, const TypeEnv *env, int32_t *out, Error *err)
{
	DtDecode d = { .env = env, .err = err };
	DtStatus st = dt_decode(&d, text);
	if (st)
		return dt_fail(err, st, "date", text);
	if (d.kind != DT_MOMENT_DATE) {
		*out = d.kind == DT_MOMENT_EPOCH  ? (int32_t)(EPOCH_1970 / US_PER_DAY)
		       : d.kind == DT_MOMENT_LATE ? DATE_POS_INF
						  : DATE_NEG_INF;
		return 0;
	}
	int64_t days = cal_days(d.year, d.month, d.day);
	if (!date_in_range(days))
		return err_set(err, "22008", "date out of range: \"%.*s\"", STR_ARG(text));
	*out = (int32_t)days;
	return 0;
}

int time_in(Str text, const TypeEnv *env, int precision, int64_t *out, Error *err)
{
	DtDecode d = { .env = env, .err = err, .time_only = true };
	DtStatus st = dt_decode(&d, text);
	if (!st && d.kind != DT_MOMENT_DATE)
		st = DT_BAD;
	if (!st && d.zone && (d.has & DT_HAS_DATE) != DT_HAS_DATE)
		st = DT_BAD;
	if (st)
		return dt_fail(err, st, "time", text);
	*out = us_round(d.time, precision);
	return 0;
}

int timetz_in(Str text, const TypeEnv *env, int precision, TimeTz *out, Error *err)
{
	DtDecode d = { .env = env, .err = err, .time_only = true };
	DtStatus st = dt_decode(&d, text);
	int32_t east;
	if (!st && d.kind != DT_MOMENT_DATE)
		st = DT_BAD;
	bool dated = (d.has & DT_HAS_DATE) == DT_HAS_DATE;
	if (!st && d.zone && !dated)
		st = DT_BAD;
	if (st)
		return dt_fail(err, st, "time with time zone", text);
	int64_t us, today = cal_floor_div(dt_decode_now(&d), US_PER_DAY, &us);
	int64_t local = dated ? local_moment(&d) : today * US_PER_DAY + d.time;
	if (zone_east(&d, local, &east) < 0)
		return -1;
	*out = (TimeTz){ us_round(d.time, precision), -east };
	return 0;
}
