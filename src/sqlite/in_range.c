#include "sqlite/in_range.h"

#include "sqlite/fn_datetime.h"
#include "sqlite/fn_float.h"
#include "sqlite/fn_numeric_math.h"

#include <math.h>

static int bad_offset(sqlite3_context *ctx)
{
	fn_raise(ctx, "22013", "invalid preceding or following size in window function");
	return -1;
}

/* A bound beyond the type's ends: everything is on one side of it. */
static int beyond(bool sub, bool less)
{
	return sub ? !less : less;
}

static int range_int(sqlite3_context *ctx, int64_t v, int64_t base, int64_t offset, bool sub, bool less)
{
	int64_t bound;
	if (offset < 0)
		return bad_offset(ctx);
	if (sub ? __builtin_sub_overflow(base, offset, &bound) : __builtin_add_overflow(base, offset, &bound))
		return beyond(sub, less);
	return less ? v <= bound : v >= bound;
}

static int range_float(sqlite3_context *ctx, double v, double base, double offset, bool sub, bool less)
{
	if (isnan(offset) || offset < 0)
		return bad_offset(ctx);
	if (isnan(v))
		return isnan(base) || !less;
	if (isnan(base))
		return less;
	if (isinf(offset) && isinf(base) && (sub ? base > 0 : base < 0))
		return 1;
	double bound = sub ? base - offset : base + offset;
	return less ? v <= bound : v >= bound;
}

static int range_numeric(sqlite3_context *ctx, sqlite3_value *v, sqlite3_value *base, sqlite3_value *offset, bool sub, bool less)
{
	_cleanup_(numeric_clear) Numeric x, b, o, bound;
	fn_numeric_arg(v, &x);
	fn_numeric_arg(base, &b);
	fn_numeric_arg(offset, &o);
	numeric_init(&bound);
	if (o.kind == NUM_NAN || numeric_sign(&o) < 0)
		return bad_offset(ctx);
	if (x.kind == NUM_NAN)
		return b.kind == NUM_NAN || !less;
	if (b.kind == NUM_NAN)
		return less;
	if (o.kind == NUM_PINF && b.kind == (sub ? NUM_PINF : NUM_NINF))
		return 1;
	if ((sub ? numeric_sub : numeric_add)(&b, &o, &bound, &fn_env(ctx)->error)) {
		fn_fail(ctx);
		return -1;
	}
	int c = numeric_compare(&x, &bound);
	return less ? c <= 0 : c >= 0;
}

static int64_t timestamp_arg(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, bool *ok)
{
	int64_t ts = 0;
	int32_t day;
	if (type != 1082)
		*ok &= dt_arg_ts(ctx, v, &ts);
	else if ((*ok &= dt_arg_date(ctx, v, &day)))
		*ok &= dt_ok(ctx, date_to_timestamp(day, &ts, dt_err(ctx)));
	return ts;
}

static int range_timestamp(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, sqlite3_value *base, const Interval *offset, bool sub,
			   bool less)
{
	bool ok = true;
	int64_t x = timestamp_arg(ctx, type, v, &ok), b = timestamp_arg(ctx, type, base, &ok), bound = 0;
	Interval iv = *offset;
	if (!ok)
		return -1;
	if (interval_sign(offset) < 0)
		return bad_offset(ctx);
	if (sub && !dt_ok(ctx, interval_negate(offset, &iv, dt_err(ctx))))
		return -1;
	int rc = type == 1184 ? timestamptz_add_interval(b, &iv, dt_zone(ctx), &bound, dt_err(ctx))
			      : timestamp_add_interval(b, &iv, &bound, dt_err(ctx));
	if (!dt_ok(ctx, rc))
		return -1;
	return less ? x <= bound : x >= bound;
}

/* Of the interval only the time counts; there is no midnight to wrap around. */
static int range_time(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, sqlite3_value *base, const Interval *offset, bool sub,
		      bool less)
{
	TimeTz x = { 0 }, b = { 0 };
	if (offset->us < 0)
		return bad_offset(ctx);
	if (type == 1083 ? !dt_arg_time(ctx, v, &x.us) || !dt_arg_time(ctx, base, &b.us)
			 : !dt_arg_timetz(ctx, v, &x) || !dt_arg_timetz(ctx, base, &b))
		return -1;
	if (sub ? __builtin_sub_overflow(b.us, offset->us, &b.us) : __builtin_add_overflow(b.us, offset->us, &b.us))
		return beyond(sub, less);
	int c = type == 1083 ? (x.us > b.us) - (x.us < b.us) : timetz_compare(&x, &b);
	return less ? c <= 0 : c >= 0;
}

static int range_interval(sqlite3_context *ctx, sqlite3_value *v, sqlite3_value *base, const Interval *offset, bool sub, bool less)
{
	Interval x, b, iv = *offset;
	if (interval_sign(offset) < 0)
		return bad_offset(ctx);
	if (!dt_arg_interval(ctx, v, &x) || !dt_arg_interval(ctx, base, &b) ||
	    (sub && !dt_ok(ctx, interval_negate(offset, &iv, dt_err(ctx)))) || !dt_ok(ctx, interval_add(&b, &iv, &b, dt_err(ctx))))
		return -1;
	int c = interval_compare(&x, &b);
	return less ? c <= 0 : c >= 0;
}

int in_range(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, sqlite3_value *base, sqlite3_value *offset, bool sub, bool less)
{
	Interval iv;
	switch (type) {
	case 20:
	case 21:
	case 23:
		return range_int(ctx, sqlite3_value_int64(v), sqlite3_value_int64(base), sqlite3_value_int64(offset), sub, less);
	case 700:
	case 701:
		return range_float(ctx, fn_float_arg(v), fn_float_arg(base), fn_float_arg(offset), sub, less);
	case 1700:
		return range_numeric(ctx, v, base, offset, sub, less);
	default:
		break;
	}
	if (!dt_arg_interval(ctx, offset, &iv))
		return -1;
	switch (type) {
	case 1082:
	case 1114:
	case 1184:
		return range_timestamp(ctx, type, v, base, &iv, sub, less);
	case 1083:
	case 1266:
		return range_time(ctx, type, v, base, &iv, sub, less);
	default:
		return range_interval(ctx, v, base, &iv, sub, less);
	}
}
