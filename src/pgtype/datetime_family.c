#include "pgtype/datetime.h"
#include "pgtype/family.h"

/* The types differ in how a value is held; this is any of them between two of its forms. */
typedef union Moment {
	int32_t date;
	int64_t us; /* time, timestamp, timestamptz */
	TimeTz timetz;
	Interval interval;
} Moment;

enum { OID_DATE = 1082, OID_TIME = 1083, OID_TIMESTAMP = 1114, OID_TIMESTAMPTZ = 1184, OID_INTERVAL = 1186, OID_TIMETZ = 1266 };

/* A zone may lie at most this many seconds from UTC, exclusive. */
#define ZONE_LIMIT (16 * 3600)

static int moment_from_stored(uint32_t oid, Str s, Moment *m, Error *err)
{
	switch (oid) {
	case OID_DATE:
		return date_from_stored(s, &m->date, err);
	case OID_TIME:
		return time_from_stored(s, &m->us, err);
	case OID_TIMETZ:
		return timetz_from_stored(s, &m->timetz, err);
	case OID_INTERVAL:
		return interval_from_stored(s, &m->interval, err);
	default:
		return timestamp_from_stored(s, &m->us, err);
	}
}

static void moment_to_val(uint32_t oid, const Moment *m, Arena *a, Val *out)
{
	char buf[DT_BUF];
	size_t n;
	switch (oid) {
	case OID_DATE:
		n = date_to_stored(m->date, buf);
		break;
	case OID_TIME:
		n = time_to_stored(m->us, buf);
		break;
	case OID_TIMETZ:
		n = timetz_to_stored(m->timetz, buf);
		break;
	case OID_INTERVAL:
		n = interval_to_stored(&m->interval, buf);
		break;
	case OID_TIMESTAMP:
		n = timestamp_to_stored(m->us, buf);
		break;
	default:
		n = timestamptz_to_stored(m->us, buf);
		break;
	}
	*out = val_text((Str){ arena_strndup(a, buf, n), n });
}

static int moment_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Moment m;
	int rc;
	switch (t->oid) {
	case OID_DATE:
		rc = date_in(text, env, &m.date, err);
		break;
	case OID_TIME:
		rc = time_in(text, env, typmod, &m.us, err);
		break;
	case OID_TIMETZ:
		rc = timetz_in(text, env, typmod, &m.timetz, err);
		break;
	case OID_INTERVAL:
		rc = interval_in(text, env, typmod, &m.interval, err);
		break;
	case OID_TIMESTAMP:
		rc = timestamp_in(text, env, typmod, &m.us, err);
		break;
	default:
		rc = timestamptz_in(text, env, typmod, &m.us, err);
		break;
	}
	if (rc == 0)
		moment_to_val(t->oid, &m, a, out);
	return rc;
}

/* True when the stored text, less its ordering prefix, is what the session wants to see. */
static bool stored_is_text(uint32_t oid, const TypeEnv *env)
{
	switch (oid) {
	case OID_TIME:
	case OID_TIMETZ:
		return true;
	case OID_INTERVAL:
		return env->interval_style == INTERVALSTYLE_POSTGRES;
	case OID_TIMESTAMPTZ:
		return env->date_style == DATESTYLE_ISO && env->tz == &tz_utc;
	default:
		return env->date_style == DATESTYLE_ISO;
	}
}

static int moment_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	char buf[DT_BUF];
	Moment m;
	size_t n;
	Str s = v->s;
	if (stored_is_text(t->oid, env)) {
		size_t skip = s.n > 9 && (s.p[0] == ':' || s.p[0] == '/') ? 9 : 0;
		buf_put(out, s.p + skip, s.n - skip);
		return 0;
	}
	if (moment_from_stored(t->oid, s, &m, err) < 0)
		return -1;
	switch (t->oid) {
	case OID_DATE:
		n = date_out(m.date, env, buf);
		break;
	case OID_INTERVAL:
		n = interval_out(&m.interval, env->interval_style, buf);
		break;
	case OID_TIMESTAMP:
		n = timestamp_out(m.us, env, buf);
		break;
	default:
		n = timestamptz_out(m.us, env, buf);
		break;
	}
	buf_put(out, buf, n);
	return 0;
}

static int apply_precision(uint32_t oid, int32_t typmod, Moment *m, Error *err)
{
	switch (oid) {
	case OID_DATE:
		return 0;
	case OID_TIME:
		m->us = us_round(m->us, typmod);
		return 0;
	case OID_TIMETZ:
		m->timetz.us = us_round(m->timetz.us, typmod);
		return 0;
	case OID_INTERVAL:
		return interval_apply_typmod(&m->interval, typmod, err);
	default:
		if (!ts_is_infinite(m->us))
			m->us = us_round(m->us, typmod);
		if (!ts_is_infinite(m->us) && !ts_in_range(m->us))
			return err_set(err, "22008", "timestamp out of range");
		return 0;
	}
}

static int read_binary(uint32_t oid, const char *p, Moment *m, Error *err)
{
	switch (oid) {
	case OID_DATE:
		m->date = (int32_t)get_u32(p);
		if (!date_is_infinite(m->date) && !date_in_range(m->date))
			return err_set(err, "22008", "date out of range");
		return 0;
	case OID_INTERVAL:
		m->interval = (Interval){ (int64_t)get_u64(p), (int32_t)get_u32(p + 8), (int32_t)get_u32(p + 12) };
		return 0;
	case OID_TIMETZ:
		m->timetz = (TimeTz){ (int64_t)get_u64(p), (int32_t)get_u32(p + 8) };
		if (m->timetz.zone <= -ZONE_LIMIT || m->timetz.zone >= ZONE_LIMIT)
			return err_set(err, "22009", "time zone displacement out of range");
		break;
	default:
		m->us = (int64_t)get_u64(p);
		break;
	}
	if ((oid == OID_TIME || oid == OID_TIMETZ) && (m->us < 0 || m->us > US_PER_DAY))
		return err_set(err, "22008", "time out of range");
	if ((oid == OID_TIMESTAMP || oid == OID_TIMESTAMPTZ) && !ts_is_infinite(m->us) && !ts_in_range(m->us))
		return err_set(err, "22008", "timestamp out of range");
	return 0;
}

static int moment_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Moment m;
	size_t want = t->oid == OID_DATE ? 4 : t->oid == OID_TIMETZ ? 12 : t->oid == OID_INTERVAL ? 16 : 8;
	if (family_check_length(bytes, want, err) < 0 || read_binary(t->oid, bytes.p, &m, err) < 0)
		return -1;
	if (typmod >= 0 && apply_precision(t->oid, typmod, &m, err) < 0)
		return -1;
	moment_to_val(t->oid, &m, a, out);
	return 0;
}

static int moment_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	Moment m;
	if (moment_from_stored(t->oid, v->s, &m, err) < 0)
		return -1;
	if (t->oid == OID_DATE) {
		buf_put_u32(out, (uint32_t)m.date);
	} else if (t->oid == OID_INTERVAL) {
		buf_put_u64(out, (uint64_t)m.interval.us);
		buf_put_u32(out, (uint32_t)m.interval.days);
		buf_put_u32(out, (uint32_t)m.interval.months);
	} else {
		buf_put_u64(out, (uint64_t)(t->oid == OID_TIMETZ ? m.timetz.us : m.us));
		if (t->oid == OID_TIMETZ)
			buf_put_u32(out, (uint32_t)m.timetz.zone);
	}
	return 0;
}

static int moment_apply_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	Moment m;
	if (moment_from_stored(t->oid, v->s, &m, err) < 0 || apply_precision(t->oid, typmod, &m, err) < 0)
		return -1;
	moment_to_val(t->oid, &m, a, out);
	return 0;
}

/* A value that cannot be read, which only a damaged file has, is ordered by its bytes. */
static int timetz_family_compare(const PgType *t, const Val *x, const Val *y)
{
	TimeTz a, b;
	if (timetz_from_stored(x->s, &a, NULL) < 0 || timetz_from_stored(y->s, &b, NULL) < 0)
		return family_text_compare(t, x, y);
	return timetz_compare(&a, &b);
}

static int interval_family_compare(const PgType *t, const Val *x, const Val *y)
{
	Interval a, b;
	if (interval_from_stored(x->s, &a, NULL) < 0 || interval_from_stored(y->s, &b, NULL) < 0)
		return family_text_compare(t, x, y);
	return interval_compare(&a, &b);
}

#define MOMENT_FAMILY(compare, typmod, collation)                                                                                          \
	{                                                                                                                                  \
		moment_in, moment_out, moment_recv, moment_send, compare, typmod, "TEXT", collation                                        \
	}

const TypeFamily family_date = MOMENT_FAMILY(family_text_compare, NULL, NULL);
const TypeFamily family_time = MOMENT_FAMILY(family_text_compare, moment_apply_typmod, NULL);
const TypeFamily family_timestamp = MOMENT_FAMILY(family_text_compare, moment_apply_typmod, NULL);
const TypeFamily family_timestamptz = MOMENT_FAMILY(family_text_compare, moment_apply_typmod, NULL);
const TypeFamily family_timetz = MOMENT_FAMILY(timetz_family_compare, moment_apply_typmod, "pgtimetz");
const TypeFamily family_interval = MOMENT_FAMILY(interval_family_compare, moment_apply_typmod, "pginterval");
