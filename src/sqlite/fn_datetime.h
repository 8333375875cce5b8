/* What the files of the date and time functions share. Arguments that cannot be read fail the statement. */
#ifndef US_SQLITE_FN_DATETIME_H
#define US_SQLITE_FN_DATETIME_H

#include "pgtype/datetime.h"
#include "sqlite/fn.h"

/* Each returns false after it has failed the statement. */
bool dt_arg_date(sqlite3_context *ctx, sqlite3_value *v, int32_t *out);
bool dt_arg_ts(sqlite3_context *ctx, sqlite3_value *v, int64_t *out);
bool dt_arg_time(sqlite3_context *ctx, sqlite3_value *v, int64_t *out);
bool dt_arg_timetz(sqlite3_context *ctx, sqlite3_value *v, TimeTz *out);
bool dt_arg_interval(sqlite3_context *ctx, sqlite3_value *v, Interval *out);
double dt_arg_double(sqlite3_value *v);

void dt_result_date(sqlite3_context *ctx, int64_t d);
void dt_result_ts(sqlite3_context *ctx, int64_t ts);
void dt_result_tstz(sqlite3_context *ctx, int64_t ts);
void dt_result_time(sqlite3_context *ctx, int64_t us);
void dt_result_timetz(sqlite3_context *ctx, TimeTz t);
void dt_result_interval(sqlite3_context *ctx, const Interval *iv);

/* True when rc is 0; otherwise fails the statement with the error that the callee left in dt_err(ctx). */
bool dt_ok(sqlite3_context *ctx, int rc);
Error *dt_err(sqlite3_context *ctx);
const TimeZone *dt_zone(sqlite3_context *ctx);
/* The start of the transaction in the session's zone. */
int64_t dt_local_now(sqlite3_context *ctx);
/* A time of day: what is left of whole days. */
int64_t dt_wrap_day(int64_t us);

/* fn_datetime_part.c */
void dt_timestamp_part(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timestamptz_part(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_time_part(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timetz_part(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_interval_part(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_extract_timestamp(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_extract_timestamptz(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_extract_date(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_extract_time(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_extract_timetz(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_extract_interval(sqlite3_context *ctx, int argc, sqlite3_value **argv);

/* fn_datetime_zone.c */
void dt_timestamp_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timestamptz_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timestamp_izone(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timestamptz_izone(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timetz_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timetz_izone(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_timestamptz_trunc_zone(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_make_date(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_make_time(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_make_timestamp(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_make_timestamptz(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_make_timestamptz_at(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_make_interval(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_float8_timestamptz(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_bin(sqlite3_context *ctx, int argc, sqlite3_value **argv);
void dt_bin_tz(sqlite3_context *ctx, int argc, sqlite3_value **argv);

#endif
