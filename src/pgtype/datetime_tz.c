#include "base/map.h"
#include "pgtype/datetime_tz.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>

#define ZONE_DIR "/usr/share/zoneinfo"
#define MAX_ZONE_FILE (1 << 20)

const TimeZone tz_utc = { .name = "UTC", .has_footer = true, .footer = { .std = { 0, false, "UTC" } } };

/* Zones loaded so far, by lower-case name. They are never freed. */
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static Map cache;

/* ---- reading a TZif file ---- */

typedef struct TzHeader {
	uint32_t isutc, isstd, leap, times, types, chars;
} TzHeader;

static int read_header(const uint8_t *p, size_t n, TzHeader *h)
{
	if (n < 44 || memcmp(p, "TZif", 4) != 0)
		return -1;
	*h = (TzHeader){ get_u32(p + 20), get_u32(p + 24), get_u32(p + 28), get_u32(p + 32), get_u32(p + 36), get_u32(p + 40) };
	const uint32_t limit = 100000;
	if (h->isutc > limit || h->isstd > limit || h->leap > limit || h->times > limit || h->types > 256 || h->types == 0 ||
	    h->chars > limit)
		return -1;
	return 0;
}

static size_t body_size(const TzHeader *h, size_t time_size)
{
	return h->times * (time_size + 1) + h->types * 6 + h->chars + h->leap * (time_size + 4) + h->isstd + h->isutc;
}

static int read_types(TimeZone *tz, const TzHeader *h, const uint8_t *p)
{
	const char *chars = (const char *)p + h->types * 6;
	for (size_t i = 0; i < h->types; i++, p += 6) {
		TzType *t = &tz->types[i];
		t->east = (int32_t)get_u32(p);
		t->is_dst = p[4] != 0;
		if (p[5] >= h->chars)
			return -1;
		size_t len = strnlen(chars + p[5], h->chars - p[5]);
		if (len >= TZ_ABBREV_MAX)
			return -1;
		memcpy(t->abbrev, chars + p[5], len);
	}
	return 0;
}

static int read_footer(TimeZone *tz, const uint8_t *p, size_t n)
{
	char rule[128];
	if (n < 2 || p[0] != '\n')
		return -1;
	const uint8_t *end = memchr(p + 1, '\n', n - 1);
	size_t len = end ? (size_t)(end - p - 1) : 0;
	if (!end || len >= sizeof rule)
		return -1;
	if (len == 0)
		return 0;
	memcpy(rule, p + 1, len);
	rule[len] = '\0';
	tz->has_footer = tz_posix_parse(rule, &tz->footer) == 0;
	return tz->has_footer ? 0 : -1;
}

/* Leap seconds do not exist in PostgreSQL's arithmetic: zones that count them are refused. */
static int read_zone(TimeZone *tz, const uint8_t *p, size_t n)
{
	TzHeader h;
	if (read_header(p, n, &h) < 0 || p[4] < '2' || body_size(&h, 4) + 44 > n)
		return -1;
	size_t skip = 44 + body_size(&h, 4);
	p += skip;
	n -= skip;
	if (read_header(p, n, &h) < 0 || h.leap != 0 || 44 + body_size(&h, 8) > n)
		return -1;
	tz->ntimes = h.times;
	tz->ntypes = h.types;
	tz->times = mem_alloc((h.times + 1) * sizeof *tz->times);
	tz->index = mem_alloc(h.times + 1);
	tz->types = mem_alloc(h.types * sizeof *tz->types);
	const uint8_t *body = p + 44;
	for (size_t i = 0; i < h.times; i++) {
		tz->times[i] = (int64_t)get_u64(body + i * 8);
		tz->index[i] = body[h.times * 8 + i];
		if (tz->index[i] >= h.types)
			return -1;
	}
	if (read_types(tz, &h, body + h.times * 9) < 0)
		return -1;
	return read_footer(tz, p + 44 + body_size(&h, 8), n - 44 - body_size(&h, 8));
}

static void zone_free(TimeZone *tz)
{
	free(tz->times);
	free(tz->index);
	free(tz->types);
	free(tz);
}

static int load_file(TimeZone *tz, const char *path)
{
	FILE *f = fopen(path, "rbe");
	if (!f)
		return -1;
	uint8_t *data = mem_alloc(MAX_ZONE_FILE);
	size_t n = fread(data, 1, MAX_ZONE_FILE, f);
	bool failed = ferror(f);
	fclose(f);
	int rc = failed ? -1 : read_zone(tz, data, n);
	free(data);
	return rc;
}

/* ---- finding a zone by name ---- */

static bool name_is_safe(const char *name)
{
	if (!*name || *name == '/' || strlen(name) >= sizeof((TimeZone *)0)->name || strstr(name, ".."))
		return false;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x21 || (unsigned char)*p > 0x7e)
			return false;
	return true;
}

/* Replaces the component of `path` that starts at `at` by the directory entry equal to it but for letter case. */
static bool fix_component(char *path, size_t at, size_t len)
{
	bool found = false;
	path[at - 1] = '\0';
	DIR *dir = opendir(path);
	path[at - 1] = '/';
	if (!dir)
		return false;
	for (struct dirent *e; !found && (e = readdir(dir));) {
		if (strlen(e->d_name) == len && strncasecmp(e->d_name, path + at, len) == 0) {
			memcpy(path + at, e->d_name, len);
			found = true;
		}
	}
	closedir(dir);
	return found;
}

static int load_named(TimeZone *tz, const char *name)
{
	char path[sizeof ZONE_DIR + sizeof tz->name + 1];
	snprintf(path, sizeof path, "%s/%s", ZONE_DIR, name);
	for (size_t at = sizeof ZONE_DIR; path[at];) {
		size_t len = strcspn(path + at, "/");
		if (len == 0 || !fix_component(path, at, len))
			return -1;
		at += len + (path[at + len] == '/');
	}
	if (load_file(tz, path) < 0)
		return -1;
	memcpy(tz->name, path + sizeof ZONE_DIR, strlen(name) + 1);
	return 0;
}

static TimeZone *zone_make(const char *name)
{
	TimeZone *tz = mem_alloc(sizeof *tz);
	snprintf(tz->name, sizeof tz->name, "%s", name);
	if (strcasecmp(name, "GMT") == 0) {
		tz_posix_parse("GMT0", &tz->footer);
		snprintf(tz->name, sizeof tz->name, "GMT");
		tz->has_footer = true;
		return tz;
	}
	if (load_named(tz, name) == 0)
		return tz;
	zone_free(tz);
	tz = mem_alloc(sizeof *tz);
	for (size_t i = 0; name[i]; i++)
		tz->name[i] = (char)toupper((unsigned char)name[i]);
	if (tz_posix_parse(tz->name, &tz->footer) == 0) {
		tz->has_footer = true;
		return tz;
	}
	zone_free(tz);
	return NULL;
}

const TimeZone *tz_load(const char *name, Error *err)
{
	char key[sizeof((TimeZone *)0)->name];
	const TimeZone *tz = NULL;
	if (!name_is_safe(name))
		goto unknown;
	for (size_t i = 0;; i++) {
		key[i] = (char)tolower((unsigned char)name[i]);
		if (!name[i])
			break;
	}
	if (streq(key, "utc"))
		return &tz_utc;
	pthread_mutex_lock(&cache_lock);
	tz = map_get(&cache, str_of(key));
	if (!tz) {
		TimeZone *made = zone_make(name);
		if (made)
			map_put(&cache, str_of(key), made);
		tz = made;
	}
	pthread_mutex_unlock(&cache_lock);
	if (tz)
		return tz;
unknown:
	err_set(err, "22023", "time zone \"%s\" not recognized", name);
	return NULL;
}

const TimeZone *tz_fixed(int32_t east, Error *err)
{
	char shown[32], spec[80];
	int32_t a = abs(east), h = a / 3600, m = a / 60 % 60, s = a % 60;
	if (h >= 168) {
		err_set(err, "22023", "time zone displacement out of range");
		return NULL;
	}
	if (s)
		snprintf(shown, sizeof shown, "%02d:%02d:%02d", h, m, s);
	else if (m)
		snprintf(shown, sizeof shown, "%02d:%02d", h, m);
	else
		snprintf(shown, sizeof shown, "%02d", h);
	snprintf(spec, sizeof spec, "<%c%s>%c%s", east < 0 ? '-' : '+', shown, east < 0 ? '+' : '-', shown);
	return tz_load(spec, err);
}

/* What SET TIME ZONE INTERVAL '…' becomes: INTERVAL 'offset east'. */
static const TimeZone *interval_setting(const char *value, Str text, Error *err)
{
	TypeEnv env = { .tz = &tz_utc };
	Interval iv;
	if (interval_in(text, &env, -1, &iv, err) == 0) {
		int64_t seconds = iv.us / 1000000;
		if (iv.months == 0 && iv.days == 0 && seconds > -168 * 3600 && seconds < 168 * 3600)
			return tz_fixed((int32_t)seconds, err);
		err_set(err, "22023", "invalid value for parameter \"TimeZone\": \"%s\"", value);
		if (iv.months || iv.days)
			err_detail(err, "Cannot specify %s in time zone interval.", iv.months ? "months" : "days");
	}
	return NULL;
}

const TimeZone *tz_setting(const char *value, Error *err)
{
	char *end;
	if (strncasecmp(value, "interval", 8) == 0) {
		Str text = str_trim(str_of(value + 8));
		if (text.n >= 2 && text.p[0] == '\'' && text.p[text.n - 1] == '\'')
			return interval_setting(value, (Str){ text.p + 1, text.n - 2 }, err);
	}
	double hours = strtod(value, &end);
	if (end != value && *end == '\0' && isfinite(hours)) {
		if (fabs(hours) < 168)
			return tz_fixed((int32_t)(hours * 3600.0), err);
		err_set(err, "22023", "invalid value for parameter \"TimeZone\": \"%s\"", value);
		return NULL;
	}
	const TimeZone *tz = tz_load(value, err);
	if (!tz)
		err_set(err, "22023", "invalid value for parameter \"TimeZone\": \"%s\"", value);
	return tz;
}

const char *tz_name(const TimeZone *tz)
{
	return tz->name;
}

/* ---- what applies when ---- */

/* Number of transitions at or before unix_s. */
static size_t transitions_until(const TimeZone *tz, int64_t unix_s)
{
	size_t lo = 0, hi = tz->ntimes;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (tz->times[mid] <= unix_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const TzType *type_at(const TimeZone *tz, int64_t unix_s)
{
	size_t n = transitions_until(tz, unix_s);
	if (n == tz->ntimes && tz->has_footer)
		return tz_posix_type_at(&tz->footer, unix_s);
	return n == 0 ? &tz->types[0] : &tz->types[tz->index[n - 1]];
}

static bool next_change(const TimeZone *tz, int64_t unix_s, TzSpan *out)
{
	size_t n = transitions_until(tz, unix_s);
	if (n == tz->ntimes)
		return tz->has_footer && tz_posix_next(&tz->footer, unix_s, out);
	out->before = n == 0 ? &tz->types[0] : &tz->types[tz->index[n - 1]];
	out->after = &tz->types[tz->index[n]];
	out->boundary = tz->times[n];
	return true;
}

static int64_t unix_of(int64_t us)
{
	return cal_floor_div(us, US_PER_SEC, NULL) + PG_EPOCH_UNIX;
}

int32_t tz_offset_at(const TimeZone *tz, int64_t utc_us, bool *is_dst, const char **abbrev)
{
	const TzType *t = type_at(tz, unix_of(utc_us));
	if (is_dst)
		*is_dst = t->is_dst;
	if (abbrev)
		*abbrev = t->abbrev;
	return t->east;
}

/* In a gap the time before the change counts, in an overlap the time after it: standard time both ways. */
int32_t tz_offset_local(const TimeZone *tz, int64_t local_us)
{
	int64_t local = unix_of(local_us);
	TzSpan span;
	if (!next_change(tz, local - SECS_PER_DAY, &span))
		return type_at(tz, local - SECS_PER_DAY)->east;
	int64_t by_before = local - span.before->east, by_after = local - span.after->east;
	if (by_before < span.boundary && by_after < span.boundary)
		return span.before->east;
	if (by_before > span.boundary && by_after >= span.boundary)
		return span.after->east;
	return by_before > by_after ? span.before->east : span.after->east;
}

int tz_local_to_utc(const TimeZone *tz, int64_t local_us, int64_t *utc, Error *err)
{
	int64_t r = local_us - tz_offset_local(tz, local_us) * US_PER_SEC;
	if (!ts_in_range(r))
		return err_set(err, "22008", "timestamp out of range");
	*utc = r;
	return 0;
}

int tz_utc_to_local(const TimeZone *tz, int64_t utc_us, int64_t *local, Error *err)
{
	int64_t r = utc_us + tz_offset_at(tz, utc_us, NULL, NULL) * US_PER_SEC;
	if (!ts_in_range(r))
		return err_set(err, "22008", "timestamp out of range");
	*local = r;
	return 0;
}

/* ---- abbreviations ---- */

const TzAbbrev *tz_abbrev_find(Str name)
{
	char key[16];
	if (name.n == 0 || name.n >= sizeof key)
		return NULL;
	for (size_t i = 0; i < name.n; i++)
		key[i] = (char)tolower((unsigned char)name.p[i]);
	key[name.n] = '\0';
	size_t lo = 0, hi = tz_nabbrevs;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(key, tz_abbrevs[mid].name);
		if (c == 0)
			return &tz_abbrevs[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* What `name` last meant in the zone at or before the moment, or else first meant after it. */
static const TzType *abbrev_in_zone(const TimeZone *tz, const char *name, int64_t unix_s)
{
	size_t n = transitions_until(tz, unix_s);
	if (n == tz->ntimes && tz->has_footer) {
		if (strcasecmp(tz->footer.std.abbrev, name) == 0)
			return &tz->footer.std;
		if (tz->footer.has_dst && strcasecmp(tz->footer.dst.abbrev, name) == 0)
			return &tz->footer.dst;
	}
	for (size_t i = n; i-- > 0;)
		if (strcasecmp(tz->types[tz->index[i]].abbrev, name) == 0)
			return &tz->types[tz->index[i]];
	if (tz->ntypes && strcasecmp(tz->types[0].abbrev, name) == 0)
		return &tz->types[0];
	for (size_t i = n; i < tz->ntimes; i++)
		if (strcasecmp(tz->types[tz->index[i]].abbrev, name) == 0)
			return &tz->types[tz->index[i]];
	return NULL;
}

int tz_abbrev_offset(const TzAbbrev *ab, int64_t us, bool is_local, int32_t *east, Error *err)
{
	if (!ab->zone) {
		*east = ab->east;
		return 0;
	}
	const TimeZone *tz = tz_load(ab->zone, err);
	if (!tz)
		return -1;
	int32_t zone_east = is_local ? tz_offset_local(tz, us) : tz_offset_at(tz, us, NULL, NULL);
	const TzType *t = abbrev_in_zone(tz, ab->name, unix_of(is_local ? us - zone_east * US_PER_SEC : us));
	*east = t ? t->east : zone_east;
	return 0;
}

int tz_lookup(Str name, const TzAbbrev **ab, const TimeZone **tz, Error *err)
{
	char buf[256];
	*tz = NULL;
	*ab = tz_abbrev_find(name);
	if (*ab)
		return 0;
	if (name.n >= sizeof buf || memchr(name.p, '\0', name.n))
		return err_set(err, "22023", "time zone \"%.*s\" not recognized", STR_ARG(name));
	memcpy(buf, name.p, name.n);
	buf[name.n] = '\0';
	*tz = tz_load(buf, err);
	return *tz ? 0 : -1;
}
