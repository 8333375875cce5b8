/* to_char, to_date, to_timestamp and to_number. */
#include "pgtype/format_template.h"
#include "sqlite/fn_datetime.h"

#include <math.h>

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

static void result_if(sqlite3_context *ctx, int rc, const Buf *b)
{
	if (dt_ok(ctx, rc))
		sqlite3_result_text64(ctx, b->len ? (const char *)b->data : "", b->len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void moment_to_char(sqlite3_context *ctx, const FormatMoment *m, Str tpl)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	result_if(ctx, format_moment(m, tpl, a, &b, dt_err(ctx)), &b);
}

FN(fn_timestamp_to_char)
{
	FormatMoment m;
	int64_t ts;
	Str tpl = fn_arg_str(argv[1]);
	if (!dt_arg_ts(ctx, argv[0], &ts) || ts_is_infinite(ts) || !tpl.n)
		return;
	format_moment_of_ts(ts, &m);
	moment_to_char(ctx, &m, tpl);
}

FN(fn_timestamptz_to_char)
{
	FormatMoment m;
	int64_t ts, local;
	const char *zone;
	Str tpl = fn_arg_str(argv[1]);
	if (!dt_arg_ts(ctx, argv[0], &ts) || ts_is_infinite(ts) || !tpl.n ||
	    !dt_ok(ctx, tz_utc_to_local(dt_zone(ctx), ts, &local, dt_err(ctx))))
		return;
	format_moment_of_ts(local, &m);
	m.east = tz_offset_at(dt_zone(ctx), ts, NULL, &zone);
	m.zone = zone;
	moment_to_char(ctx, &m, tpl);
}

FN(fn_interval_to_char)
{
	FormatMoment m;
	Interval iv;
	Str tpl = fn_arg_str(argv[1]);
	if (!dt_arg_interval(ctx, argv[0], &iv) || !tpl.n)
		return;
	format_moment_of_interval(&iv, &m);
	moment_to_char(ctx, &m, tpl);
}

FN(fn_numeric_to_char)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	_cleanup_(numeric_clear) Numeric v;
	numeric_init(&v);
	numeric_read(fn_arg_str(argv[0]), &v);
	result_if(ctx, format_numeric(&v, fn_arg_str(argv[1]), a, &b, dt_err(ctx)), &b);
}

static void int_to_char(sqlite3_context *ctx, sqlite3_value **argv, int bits)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	result_if(ctx, format_int(sqlite3_value_int64(argv[0]), bits, fn_arg_str(argv[1]), a, &b, dt_err(ctx)), &b);
}
FN(fn_int4_to_char)
{
	int_to_char(ctx, argv, 32);
}
FN(fn_int8_to_char)
{
	int_to_char(ctx, argv, 64);
}

static void float_to_char(sqlite3_context *ctx, sqlite3_value **argv, int digits)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	double v = dt_arg_double(argv[0]);
	result_if(ctx, format_float(v, digits, fn_arg_str(argv[1]), a, &b, dt_err(ctx)), &b);
}
FN(fn_float4_to_char)
{
	float_to_char(ctx, argv, 6);
}
FN(fn_float8_to_char)
{
	float_to_char(ctx, argv, 15);
}

static int parse_ts(sqlite3_context *ctx, const FormatParsed *p, int64_t *ts)
{
	Error *err = dt_err(ctx);
	if (!date_in_range(cal_days(p->f.year, p->f.month, p->f.day)) || ts_from_fields(&p->f, ts) < 0)
		return err_set(err, "22008", "timestamp out of range");
	if (!p->has_zone) {
		if (tz_local_to_utc(dt_zone(ctx), *ts, ts, err) < 0)
			return -1;
	} else {
		*ts -= p->east * US_PER_SEC;
		if (!ts_in_range(*ts))
			return err_set(err, "22008", "timestamp out of range");
	}
	if (p->precision)
		*ts = us_round(*ts, p->precision);
	return 0;
}

FN(fn_to_timestamp)
{
	ARENA(a);
	FormatParsed p;
	int64_t ts;
	if (dt_ok(ctx, format_parse_moment(fn_arg_str(argv[0]), fn_arg_str(argv[1]), a, &p, dt_err(ctx))) &&
	    dt_ok(ctx, parse_ts(ctx, &p, &ts)))
		dt_result_tstz(ctx, ts);
}

FN(fn_to_date)
{
	ARENA(a);
	FormatParsed p;
	Str text = fn_arg_str(argv[0]);
	if (!dt_ok(ctx, format_parse_moment(text, fn_arg_str(argv[1]), a, &p, dt_err(ctx))))
		return;
	int64_t d = cal_days(p.f.year, p.f.month, p.f.day);
	if (!date_in_range(d))
		fn_raise(ctx, "22008", "date out of range: \"%.*s\"", STR_ARG(text));
	else
		dt_result_date(ctx, d);
}

FN(fn_to_number)
{
	ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	_cleanup_(numeric_clear) Numeric v;
	Str tpl = fn_arg_str(argv[1]);
	numeric_init(&v);
	if (!tpl.n)
		return;
	int rc = format_parse_number(fn_arg_str(argv[0]), tpl, a, &v, dt_err(ctx));
	if (rc == 0)
		numeric_print(&v, &b);
	result_if(ctx, rc, &b);
}

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_format[] = {
	{ "timestamp_to_char", 2, PURE, fn_timestamp_to_char }, { "timestamptz_to_char", 2, FN_STRICT, fn_timestamptz_to_char },
	{ "interval_to_char", 2, PURE, fn_interval_to_char },	{ "numeric_to_char", 2, PURE, fn_numeric_to_char },
	{ "int4_to_char", 2, PURE, fn_int4_to_char },		{ "int8_to_char", 2, PURE, fn_int8_to_char },
	{ "float4_to_char", 2, PURE, fn_float4_to_char },	{ "float8_to_char", 2, PURE, fn_float8_to_char },
	{ "to_timestamp", 2, FN_STRICT, fn_to_timestamp },	{ "to_date", 2, PURE, fn_to_date },
	{ "numeric_to_number", 2, PURE, fn_to_number },		{ 0 },
};
