/* generate_series over whole numbers, numeric, timestamp and timestamptz. */
#include "sqlite/vtab_set.h"

#include "pgtype/datetime.h"
#include "pgtype/numeric.h"

static int zero_step(SetCall *c)
{
	return err_set(&c->env->error, "22023", "step size cannot equal zero");
}

typedef struct IntSeries {
	int64_t at, stop, step;
	bool done;
} IntSeries;

static int int_start(SetCall *c)
{
	IntSeries *s = arena_new_of(c->a, IntSeries);
	*s = (IntSeries){ .at = set_arg_int(c, 0), .stop = set_arg_int(c, 1), .step = c->argc > 2 ? set_arg_int(c, 2) : 1 };
	c->state = s;
	return s->step == 0 ? zero_step(c) : 0;
}

static int int_next(SetCall *c)
{
	IntSeries *s = c->state;
	if (s->done || (s->step > 0 ? s->at > s->stop : s->at < s->stop))
		return 0;
	c->value = val_int(s->at);
	/* A next value that does not fit ends the series. */
	s->done = __builtin_add_overflow(s->at, s->step, &s->at);
	return 1;
}

typedef struct NumericSeries {
	Numeric at, stop, step;
	bool first;
	Buf text;
} NumericSeries;

static int check_numeric(SetCall *c, const Numeric *n, const char *what)
{
	if (n->kind == NUM_FINITE)
		return 0;
	return err_set(&c->env->error, "22023", "%s cannot be %s", what, n->kind == NUM_NAN ? "NaN" : "infinity");
}

static int numeric_start(SetCall *c)
{
	NumericSeries *s = arena_new_of(c->a, NumericSeries);
	c->state = s;
	numeric_init(&s->at);
	numeric_init(&s->stop);
	numeric_init(&s->step);
	s->first = true;
	numeric_read(set_arg_text(c, 0), &s->at);
	numeric_read(set_arg_text(c, 1), &s->stop);
	if (c->argc > 2)
		numeric_read(set_arg_text(c, 2), &s->step);
	else
		numeric_from_int8(1, &s->step);
	if (check_numeric(c, &s->at, "start value") || check_numeric(c, &s->stop, "stop value") || check_numeric(c, &s->step, "step size"))
		return -1;
	return numeric_sign(&s->step) == 0 ? zero_step(c) : 0;
}

static int numeric_next(SetCall *c)
{
	NumericSeries *s = c->state;
	if (!s->first && numeric_add(&s->at, &s->step, &s->at, &c->env->error))
		return -1;
	s->first = false;
	int order = numeric_compare(&s->at, &s->stop);
	if (numeric_sign(&s->step) > 0 ? order > 0 : order < 0)
		return 0;
	buf_clear(&s->text);
	numeric_print(&s->at, &s->text);
	c->value = val_text(buf_str(&s->text));
	return 1;
}

static void numeric_finish(SetCall *c)
{
	NumericSeries *s = c->state;
	if (!s)
		return;
	numeric_clear(&s->at);
	numeric_clear(&s->stop);
	numeric_clear(&s->step);
	buf_free(&s->text);
}

typedef struct TimeSeries {
	int64_t at, stop;
	Interval step;
	int sign;
	char text[DT_BUF];
} TimeSeries;

static int time_start(SetCall *c)
{
	TimeSeries *s = arena_new_of(c->a, TimeSeries);
	Error *err = &c->env->error;
	c->state = s;
	if (timestamp_from_stored(set_arg_text(c, 0), &s->at, err) || timestamp_from_stored(set_arg_text(c, 1), &s->stop, err) ||
	    interval_from_stored(set_arg_text(c, 2), &s->step, err))
		return -1;
	s->sign = interval_sign(&s->step);
	return s->sign == 0 ? zero_step(c) : 0;
}

/* The step after a value is computed when the value is handed out: an overflow fails the row before it, as in PostgreSQL. */
static int time_next(SetCall *c, bool with_zone)
{
	TimeSeries *s = c->state;
	if (s->sign > 0 ? s->at > s->stop : s->at < s->stop)
		return 0;
	size_t n = with_zone ? timestamptz_to_stored(s->at, s->text) : timestamp_to_stored(s->at, s->text);
	c->value = val_text((Str){ s->text, n });
	int rc = with_zone ? timestamptz_add_interval(s->at, &s->step, c->env->types->tz, &s->at, &c->env->error)
			   : timestamp_add_interval(s->at, &s->step, &s->at, &c->env->error);
	return rc ? -1 : 1;
}

static int timestamp_next(SetCall *c)
{
	return time_next(c, false);
}

static int timestamptz_next(SetCall *c)
{
	return time_next(c, true);
}

const SetFn set_fns_series[] = {
	{ "pg_generate_series_int4", 2, 3, int_start, int_next, NULL },
	{ "pg_generate_series_int8", 2, 3, int_start, int_next, NULL },
	{ "pg_generate_series_numeric", 2, 3, numeric_start, numeric_next, numeric_finish },
	{ "pg_generate_series_timestamp", 3, 3, time_start, timestamp_next, NULL },
	{ "pg_generate_series_timestamptz", 3, 3, time_start, timestamptz_next, NULL },
	{ NULL },
};
